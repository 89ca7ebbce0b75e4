"""Two firms, people of every role, and a locked report on demand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

NOW = datetime(2026, 5, 20, 2, 0, tzinfo=UTC)  # before the last day of carrying over

# 300 MW class, water cooled, no heat, F = 86 %: every factor of 2019 is 1.
COAL: dict[str, Any] = {"unit": "u1", "class": "coal_small", "cooling": "water", "output": 1_000_000, "heat": 0, "heat_ratio": 0, "load_factor": 0.86}  # fmt: skip


@pytest.fixture
def firms(db):
    from dafeng.kernel.enterprises import services

    made = services.ensure(
        "411500",
        [
            {"code": "plant", "name": "试验电厂", "place": "411503", "organisation": "plant-people"},
            {"code": "sister", "name": "试验二厂", "place": "411503", "organisation": "plant-people"},
            {"code": "stranger", "name": "别家水泥", "place": "411522", "organisation": "stranger-people"},
        ],
    )
    return {each.code: each for each in made}


@pytest.fixture
def person(db):
    """Makes a person with a role; their organisation and place unless told."""
    from dafeng.portal.accounts.models import Membership, Organisation, User

    def make(role: str, username: str = "", organisation: str = "", place: str = "411500") -> Any:
        user = User.objects.create_user(username or role, password="a-long-test-password")
        office, _made = Organisation.objects.get_or_create(code=organisation or role, defaults={"name": organisation or role})  # fmt: skip
        Membership.objects.create(user=user, organisation=office, role=role, place=place)
        return user

    return make


@pytest.fixture
def bureau(person):
    return person("ecology")


@pytest.fixture
def clerk(person):
    return person("enterprise", "clerk", "plant-people", "411503")


@pytest.fixture
def lock(db):
    """A locked report of a firm and year, as reporting leaves it behind."""
    from dafeng.domains.enterprise.models import Report
    from dafeng.kernel.records.models import Record

    def make(enterprise: Any, year: int, tonnes: float, content: dict[str, Any] | None = None) -> Report:
        record = Record.objects.create(kind="enterprise.report", title=f"{enterprise} {year}", state="locked", created_at=NOW, changed_at=NOW, payload={}, seq=Record.objects.count() + 1, schema_version=1)  # fmt: skip
        return Report.objects.create(enterprise=enterprise, record=record, year=year, version=1, content=content or {}, emissions=tonnes, emissions_compliance=tonnes, locked_at=NOW)  # fmt: skip

    return make


@pytest.fixture
def covered(firms, bureau):
    """The plant on the lists of 2019 to 2024, as power."""
    from dafeng.domains.enterprise.compliance import listing

    for year in range(2019, 2026):
        listing.cover(firms["plant"], year, "power", source="试验名录", by=bureau, now=NOW)
    return firms["plant"]


@pytest.fixture
def stocked(covered, bureau, lock):
    """2019 settled up to the surrender: 979,000 t allocated (1e6 MWh × 0.979), 1,000,000 t verified, the duty recorded."""
    from dafeng.domains.enterprise.compliance import allocations, owing

    allocations.allocate_firm(covered, 2019, "final", [COAL], by=bureau, now=NOW)
    lock(covered, 2019, 1_000_000)
    owing.register_duty(covered, 2019, by=bureau, now=NOW)
    return covered


@pytest.fixture
def offsets(stocked, bureau):
    """60,000 t of eligible CCER in the plant's registry account."""
    from dafeng.domains.enterprise.compliance import trading
    from dafeng.domains.enterprise.models import CcerBatch

    batch = CcerBatch(code="wind-1", project="试验风电", started=date(2015, 1, 1), reduced_from=date(2021, 1, 1), reduced_to=date(2022, 12, 31), source="试验")  # fmt: skip
    trading.add_ccer(batch, 60_000, to=stocked, by=bureau, now=NOW)
    trading.move(stocked, "CCER", "registry", 60_000, key="m", by=None, now=NOW)
    return stocked


@pytest.fixture
def paper(bureau):
    """A filed paper with its number, date and content."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from dafeng.domains.enterprise.compliance import papers

    def make(document: str = "试验文件 1 号", dated: date = date(2026, 1, 5)) -> Any:
        file = SimpleUploadedFile("paper.pdf", b"%PDF-1.4 " + document.encode())
        return papers.keep(file, document=document, dated=dated, by=bureau, now=NOW)

    return make
