"""The demonstration: quick, once, everything marked, and what was planted is found."""

from __future__ import annotations

from typing import Any

from dafeng.domains.energy.hydro.demo import ensure_demo
from dafeng.domains.energy.models import EcoWarning, HydroStation, InflowForecast
from dafeng.kernel.indicators import services as indicators
from tests.domains.energy.control.conftest import CITY, NOW


def test_the_demo_finds_what_it_planted(demo: Any) -> None:
    assert not ensure_demo(CITY, now=NOW), "the second time makes nothing"
    found = {(each.station.code, each.kind): each for each in EcoWarning.objects.select_related("station")}
    assert set(found) == {("demo-hydro-2", "short"), ("demo-hydro-4", "short"), ("demo-hydro-5", "gap"), ("demo-hydro-3", "short")}  # fmt: skip
    assert found["demo-hydro-2", "short"].level == 3, "two days in a row"
    assert found["demo-hydro-4", "short"].level == 3, "below half of what was decided"
    assert found["demo-hydro-3", "short"].going_on
    assert 30 <= found["demo-hydro-5", "gap"].hours <= 34
    assert all(each.demo for each in HydroStation.objects.exclude(code__in=("daping", "jingangshan", "wuyue")))


def test_named_pumped_storage_has_no_number_that_the_plan_does_not_have(demo: Any) -> None:
    named = HydroStation.objects.get(code="daping")
    assert (named.capacity, named.units, named.stage, named.demo) == (None, None, "unknown", False)
    assert "没有写装机" in named.source


def test_forecasts_carry_their_score_and_the_month_is_published(demo: Any) -> None:
    rows = list(InflowForecast.objects.all())
    assert len(rows) == 6
    for row in rows:
        assert row.score["origins"] >= 10
        assert len(row.days) == 7
    share = indicators.values("energy.hydro.ecoflow", subject=f"place:{CITY}", period="2026-10")
    assert share["status"].to_list() == [2], "the rule is a draft of ours"
    output = indicators.values("energy.hydro.output", subject=f"place:{CITY}", period="2026-10")
    assert output["value"].item() > 0
