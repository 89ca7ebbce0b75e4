"""Approved projects in a county's forecast: each tonne once, by hand arithmetic."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from dafeng.domains.energy.control import balance, warnings
from dafeng.domains.energy.control.methods.coming import Part, Why, added
from dafeng.kernel.indicators import services as indicators
from tests.domains.energy.control.conftest import CITY, GUSHI, NOW, XIN

SUBJECT = f"place:{GUSHI}"
PAGE = f"/energy/control/subjects/{SUBJECT}/"
PART = {"number": "JN-1", "name": "新厂", "approved": "2026-02", "planned": "2026-11", "since": "", "building": True}


def review(
    parts: list[dict[str, Any]],
    *,
    place: str = GUSHI,
    code: str = "review.energy.new",
    unit: str = "tce",
    year: str = "2026",
) -> None:
    """What the energy review publishes of a county."""
    indicators.ensure_indicator(code, name=code, unit=unit)
    run = indicators.start_run(domain="enterprise", kind="review", subject=CITY, now=NOW)
    lineage = {"projects": [each["number"] for each in parts], "parts": parts}
    value = sum(each["amount"] for each in parts)
    indicators.publish(run, [{"indicator": code, "subject": place, "period": year, "value": value, "unit": unit, "status": 0, "lineage": lineage}])  # fmt: skip
    indicators.finish_run(run, NOW)


@pytest.mark.parametrize(
    ("more", "month", "amount", "first", "why"),
    [
        ({"planned": "2026-11"}, 10, 200.0, 11, Why.COMING),  # November and December: 2 of 12 months of 1200
        ({"planned": "2026-11"}, 3, 200.0, 11, Why.COMING),  # as seen from March as well
        (
            {"planned": "2026-11"},
            11,
            100.0,
            12,
            Why.LATE,
        ),  # November is over and it does not run: December at the earliest
        ({"planned": "2026-12"}, 12, 0.0, 0, Why.AFTER),  # the year is over
        ({"planned": "2026-09", "building": False}, 10, 0.0, 0, Why.IDLE),
        ({"planned": ""}, 10, 0.0, 0, Why.UNPLACED),
        ({"planned": "", "year": 2027}, 10, 0.0, 0, Why.AFTER),
        ({"planned": "2027-01"}, 10, 0.0, 0, Why.AFTER),
        ({"since": "2026-10"}, 10, 0.0, 0, Why.RUNS),  # in October's month already
        ({"since": "2026-10"}, 9, 300.0, 10, Why.COMING),  # September's forecast had it coming: October to December
        ({"since": "2025-03"}, 10, 0.0, 0, Why.RUNS),
    ],
)
def test_a_project_is_added_from_its_month_and_never_once_it_runs(more, month, amount, first, why) -> None:
    given = {"year": 2026, "planned": "2026-11", "building": True} | more
    found = added(Part("JN-1", "新厂", 1200.0, approved="2026-02", **given), 2026, month)
    assert found is not None
    assert (found.amount, found.first, found.why) == (pytest.approx(amount), first, why)


def test_a_project_is_not_in_the_forecast_of_months_before_its_opinion() -> None:
    part = Part("JN-1", "新厂", 1200.0, 2026, approved="2026-05", planned="2026-11")
    assert added(part, 2026, 4) is None
    assert added(part, 2026, 5) is not None


def test_the_county_and_the_city_expect_the_project_and_publish_what_they_added(tell: Any, decide: Any) -> None:
    """10 months of 110 against 100: the season says 2 × 110, the project of 1200 a year 2 × 100. 1100 + 220 + 200 = 1520 of 1200."""
    for place in (GUSHI, CITY):
        tell(place, 2025, [100.0] * 12)
        decide(place, 1200)
        tell(place, 2026, [110.0] * 10)
    review([PART | {"amount": 1200.0}])
    for subject in (SUBJECT, f"place:{CITY}"):
        state = balance.state(subject, 2026, 10)
        assert state is not None
        assert (state.coming, state.year_forecast) == (pytest.approx(200.0), pytest.approx(1520.0))
        assert state.year_ratio == pytest.approx(1520 / 12)
    warnings.publish(CITY, by=None, now=NOW)
    told = {
        code: indicators.values(code, subject=SUBJECT, period="2026-10", key="quantity=energy")["value"].item()
        for code in ("energy.quota.forecast", "energy.quota.coming")
    }
    assert told == {"energy.quota.forecast": pytest.approx(1520 / 12), "energy.quota.coming": pytest.approx(200 / 12)}


def test_a_project_that_runs_other_counties_and_quantities_add_nothing(tell: Any, decide: Any) -> None:
    tell(GUSHI, 2025, [100.0] * 12)
    decide(GUSHI, 1200)
    tell(GUSHI, 2026, [110.0] * 10)
    review([PART | {"amount": 600.0, "since": "2026-06"}, PART | {"number": "JN-2", "amount": 600.0, "planned": ""}])
    state = balance.state(SUBJECT, 2026, 10)
    assert state is not None
    assert (state.coming, state.year_forecast) == (0.0, pytest.approx(1320.0))
    review([PART | {"amount": 1200.0}], place=XIN)
    assert balance.state(SUBJECT, 2026, 10).coming == 0.0  # type: ignore[union-attr]


def test_carbon_moves_the_carbon_forecast_and_a_missing_month_leaves_none(tell: Any, decide: Any) -> None:
    tell(GUSHI, 2025, [10.0] * 12, quantity="co2")
    decide(GUSHI, 120, quantity="co2")
    tell(GUSHI, 2026, [10.0] * 10, quantity="co2")
    review([PART | {"amount": 24.0}], code="review.carbon.new", unit="t CO2")
    state = balance.state(SUBJECT, 2026, 10, quantity="co2")
    assert state is not None
    assert state.year_forecast == pytest.approx(100 + 20 + 2 * 2)
    gap = balance.state(SUBJECT, 2026, 11, quantity="co2")
    assert gap is not None
    assert (gap.year_forecast, gap.coming) == (None, 0.0)


def test_the_page_says_what_was_added_from_which_project(tell: Any, decide: Any, ndrc: Any) -> None:
    tell(GUSHI, 2025, [100.0] * 12)
    decide(GUSHI, 1200)
    tell(GUSHI, 2026, [110.0] * 10)
    review([PART | {"amount": 1200.0}, PART | {"number": "JN-2", "name": "旧线", "amount": 60.0, "since": "2026-06"}])
    client = Client()
    client.force_login(ndrc)
    page = client.get(f"{PAGE}?quantity=energy").content.decode()
    for words in ("已批项目对预测的影响", "新厂", "自 11 月起计入", "已投产或已有计量读数", "共加 200"):
        assert words in page, words
    assert "已批项目对预测的影响" not in client.get(f"{PAGE}?quantity=water").content.decode()
