"""A small city, compiled once for all portal tests: pages and API are about showing, not about computing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
ROWS = [
    # Shihe burns gas; Pingqiao keeps rice; the city at large is unknown for the rest.
    {"category": "1A4b1", "item": "natural_gas", "place": "411502", "year": 2020, "value": 100.0, "unit": "万立方米"},
    {"category": "1A4b1", "item": "natural_gas", "place": "411502", "year": 2021, "value": 120.0, "unit": "万立方米"},
    {
        "category": "3C7",
        "item": "rice",
        "technology": "single",
        "place": "411503",
        "year": 2021,
        "value": 2.0,
        "unit": "万公顷",
    },
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in Path(item.fspath).parents and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db)


@pytest.fixture
def city():
    from dafeng import cities
    from dafeng.domains.inventory import services

    pack = cities.load_pack("xinyang")
    return services.ensure_city(
        "411500", "信阳市", "Xinyang", "xinyang",
        counties={code: list(names) for code, names in pack.counties.items()},
        boundary=pack.boundary,
    )  # fmt: skip


@pytest.fixture
def run(city):
    from dafeng.domains.inventory import services

    rows = pl.DataFrame(ROWS, infer_schema_length=None).with_columns(
        pl.col("technology").fill_null(""), pl.lit("statistic").alias("basis"), pl.lit("试验数据").alias("source")
    )
    services.load_batch(city, rows, title="试验批次", source="pack", by=None, now=NOW)
    return services.compile_city(city, edition="gl2025", gwp="AR5", by=None, now=NOW)


@pytest.fixture
def person(city):
    """Makes a person with a role at the city."""
    from dafeng.portal.accounts.models import Membership, Organisation, User

    def make(role: str, username: str = ""):
        user = User.objects.create_user(username or role, password="a-long-test-password")
        office, _ = Organisation.objects.get_or_create(code=role, defaults={"name": role})
        Membership.objects.create(user=user, organisation=office, role=role, place=city.code)
        return user

    return make
