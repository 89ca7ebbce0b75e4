"""A city of three counties, two firms, and people at each desk."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

CITY, SHIHE, GUSHI, XIN = "411500", "411502", "411525", "411523"
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)  # ten in the morning in Xinyang
SQUARE = (
    '{{"type":"Feature","properties":{{"adcode":"{code}","name":"{name}","cp":[{x}.5,32.5]}},'
    '"geometry":{{"type":"Polygon","coordinates":[[[{x},32],[{y},32],[{y},33],[{x},33],[{x},32]]]}}}}'
)
BOUNDARY = '{"type":"FeatureCollection","features":[' + ",".join(
    SQUARE.format(code=code, name=name, x=114 + at, y=115 + at)
    for at, (code, name) in enumerate(((SHIHE, "浉河区"), (GUSHI, "固始县"), (XIN, "新县")))
) + "]}"  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in Path(item.fspath).parents and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The views read the clock by `timezone.now`; it stands at NOW."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def city() -> Any:
    from dafeng.domains.energy.control.city import ensure_city

    counties = {SHIHE: ["浉河区", "Shihe"], GUSHI: ["固始县", "Gushi"], XIN: ["新县", "Xin"]}
    return ensure_city(CITY, "信阳市", "Xinyang", counties=counties, boundary=BOUNDARY)


@pytest.fixture
def person() -> Any:
    """Makes a person with a role at a place, of an organisation."""
    from dafeng.portal.accounts.models import Membership, Organisation, User

    def make(role: str, place: str = CITY, organisation: str = "", username: str = "") -> Any:
        code = organisation or role
        user = User.objects.create_user(username or f"{role}-{place}-{code}", password="a-long-test-password")
        office, _ = Organisation.objects.get_or_create(code=code, defaults={"name": code})
        Membership.objects.create(user=user, organisation=office, role=role, place=place)
        return user

    return make


@pytest.fixture
def ndrc(person: Any) -> Any:
    return person("ndrc")


@pytest.fixture
def ecology(person: Any) -> Any:
    return person("ecology")


@pytest.fixture
def firm(city: Any) -> Any:
    from dafeng.kernel.enterprises.models import Enterprise

    return Enterprise.objects.create(
        code="kiln", name="试验窑厂", name_en="Test Kiln", place=GUSHI, city=CITY, organisation="kiln-office"
    )


@pytest.fixture
def decide(city: Any, ndrc: Any, ecology: Any) -> Any:
    """A signed decision."""
    from dafeng.domains.energy.control import quotas
    from dafeng.kernel.records import services as records

    def make(
        place: str, amount: float, *, period: str = "2026", quantity: str = "energy", sign: bool = True, **more: Any
    ) -> Any:
        given = {"document": "试验文件", "decided_on": date(2026, 1, 5)} | more
        made = quotas.draft(
            CITY, place=place, quantity=quantity, period=period, amount=amount, by=ndrc, now=NOW, **given
        )
        if sign:
            records.move(made.record, "sign", by=ecology, now=NOW)
        return made

    return make


@pytest.fixture
def tell(city: Any) -> Any:
    """Months of a county, from January on."""
    from dafeng.domains.energy.control import readings

    def make(place: str, year: int, values: Any, *, quantity: str = "energy", **more: Any) -> None:
        for month, value in enumerate(values, 1):
            if value is not None:
                readings.file(
                    CITY, place=place, quantity=quantity, month=f"{year}-{month:02d}", value=value, basis="reported", source="台账",
                    by=None, now=NOW, **more,
                )  # fmt: skip

    return make
