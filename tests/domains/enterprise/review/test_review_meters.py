"""What the meters of a project used, read from the series store."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from dafeng.domains.enterprise.review.meters import metered

pytest.importorskip("dafeng.kernel.series.queries", reason="the store of readings is not in this tree")
pytestmark = pytest.mark.django_db
CITY = ZoneInfo("Asia/Shanghai")
SINCE, UNTIL = date(2026, 3, 2), date(2026, 3, 4)


@pytest.fixture
def points(db, settings, tmp_path):
    """Two electricity registers, of two owners, read at the beginning of each day, and a pressure gauge."""
    from dafeng.kernel.series import ingest, services

    usual = {"subject": "enterprise:tea", "name": "表", "organisation": "tea", "period": 86_400}
    services.ensure_point("power", **usual, quantity="electricity", unit="kWh", kind="register")
    services.ensure_point("foreign", **{**usual, "organisation": "other"}, quantity="electricity", unit="kWh", kind="register")  # fmt: skip
    services.ensure_point("load", **usual, quantity="power", unit="kW", kind="instant")
    days = [datetime(2026, 3, day, tzinfo=CITY) for day in (2, 3, 4)]
    told = pl.DataFrame(
        {
            "point": ["power"] * 3 + ["foreign"] * 3,
            "at": [*days, *days],
            "value": [1000.0, 6000.0, 13_000.0, 0.0, 1.0, 2.0],
        }
    )
    ingest.receive(told, source="http", now=datetime(2026, 3, 5, tzinfo=CITY))


def test_a_register_is_differenced_and_told_in_the_units_of_the_form(points) -> None:
    """From 1000 to 13,000 kWh in two days: 12 MWh. Of another owner's meter and of a moment nothing is taken."""
    read = metered(["power", "foreign", "load"], "tea", SINCE, UNTIL)
    assert read.amounts == {"electricity": pytest.approx(12.0)}
    assert read.passed_over == ("foreign", "load")


def test_without_points_nothing_is_metered(points) -> None:
    assert metered([], "tea", SINCE, UNTIL).amounts == {}
    assert metered(["load"], "tea", SINCE, UNTIL).amounts == {}


def test_the_first_month_with_use_is_told(points) -> None:
    """Readings of 2 to 4 March: used in March. Another owner's point and a gauge tell nothing."""
    from dafeng.domains.enterprise.review.meters import first_month

    now = datetime(2026, 6, 1, tzinfo=CITY)
    assert first_month(["power"], "tea", now) == "2026-03"
    assert first_month(["foreign", "load"], "tea", now) == ""
