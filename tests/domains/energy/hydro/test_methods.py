"""The pure methods: hand-computed power, ecological-flow days and spells, rivers, pumped storage, forecasts that beat the plain ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafeng.domains.energy.hydro.methods import basin, ecoflow, inflow, power, pumped, river

RULE = ecoflow.Rule(1.0, 0.5, 18, 0.9, 0.9, 0.5, 2, (2, 6, 24), (0.8, 0.5), (3, 24, 72))
WORKS = power.Works(capacity=500.0, head=20.0, design_flow=3.0, efficiency=0.8, release=0.5)


def test_power_by_hand() -> None:
    """P = 9.81 × 2.5 m³/s × 20 m × 0.8 = 392.4 kW."""
    assert power.power(2.5, 20.0, 0.8) == pytest.approx(392.4)
    assert power.efficiency(392.4, 2.5, 20.0) == pytest.approx(0.8)
    assert power.efficiency(10.0, 0.0, 20.0) is None


@pytest.mark.parametrize(
    ("inflow_", "kw"),
    [
        (0.4, 0.0),  # all of it is the ecological release
        (1.5, 156.96),  # (1.5 − 0.5) × 9.81 × 20 × 0.8
        (3.5, 470.88),  # the design flow of 3.0
        (50.0, 470.88),  # a flood does not pass the turbines
    ],
)
def test_output_is_limited_by_release_and_design_flow(inflow_: float, kw: float) -> None:
    assert float(power.output(inflow_, WORKS)) == pytest.approx(kw)


def test_output_is_limited_by_capacity() -> None:
    assert float(power.output(50.0, power.Works(300.0, 20.0, 3.0, 0.8))) == 300.0


@given(st.lists(st.floats(0, 1e4), min_size=2, max_size=30))
def test_output_rises_with_the_inflow_and_stays_within_the_works(flows: list[float]) -> None:
    made = power.output(np.sort(np.array(flows)), WORKS)
    assert (np.diff(made) >= -1e-9).all()
    assert ((made >= 0) & (made <= WORKS.capacity)).all()


def test_utilisation_and_water_by_hand() -> None:
    assert power.utilisation_hours(120_000.0, 500.0) == 240.0
    assert power.water_per_kwh(9000.0, 450.0) == 20.0  # one kWh at 20 m and 0.92 needs about 20 m³
    assert power.water_per_kwh(9000.0, 0.0) is None


def _codes(flow: list[float], coverage: float | list[float] = 1.0, threshold: float = 1.0) -> ecoflow.Codes:
    covered = np.full(len(flow), coverage) if isinstance(coverage, float) else np.array(coverage)
    return ecoflow.judge_hours(np.array(flow), covered, np.full(len(flow), threshold), RULE)


def test_a_day_by_hand() -> None:
    """20 hours at 1.1 (met), 2 at 0.9 (short), 2 unknown: 20 of 22 known are 90.9 %, above 90 %: met. One more short hour: 19/22."""
    codes = _codes([1.1] * 20 + [0.9] * 2 + [np.nan] * 2)
    hours = ecoflow.tally(codes)
    assert (hours.met, hours.short, hours.missing) == (20, 2, 2)
    assert hours.share == pytest.approx(20 / 22)
    assert ecoflow.judge_day(hours, RULE) == "met"
    assert ecoflow.judge_day(ecoflow.tally(_codes([1.1] * 19 + [0.9] * 3 + [np.nan] * 2)), RULE) == "short"


def test_missing_is_never_met_and_a_day_of_it_is_not_judged() -> None:
    assert ecoflow.judge_day(ecoflow.tally(_codes([1.1] * 17 + [np.nan] * 7)), RULE) == "unknown"
    assert ecoflow.tally(_codes([5.0] * 24, coverage=0.4)).missing == 24, "an hour of which less than half was measured"
    unset = ecoflow.judge_hours(np.ones(24), np.ones(24), np.full(24, np.nan), RULE)
    assert ecoflow.judge_day(ecoflow.tally(unset), RULE) == "unset"


@given(st.lists(st.sampled_from([np.nan, 0.2, 0.99, 1.0, 3.0]), min_size=24, max_size=24))
def test_every_hour_is_counted_once_and_no_missing_hour_helps(flow: list[float]) -> None:
    hours = ecoflow.tally(_codes(flow))
    assert hours.met + hours.short + hours.missing + hours.unset == 24
    assert hours.missing == sum(each != each for each in flow)
    fewer = [each for each in flow if each == each]
    assert hours.met == sum(each >= 1.0 for each in fewer)


def test_a_month_needs_enough_judged_days() -> None:
    assert ecoflow.judge_month(["met"] * 27 + ["short"] * 3, RULE) == "met"
    assert ecoflow.judge_month(["met"] * 26 + ["short"] * 4, RULE) == "short"
    assert ecoflow.judge_month(["met"] * 10 + ["unknown"] * 20, RULE) == "unknown"
    assert ecoflow.judge_month(["unset"] * 30, RULE) == "unset"


def test_spells_by_hand() -> None:
    """3 hours short, 2 met, 4 short: one spell of 7 short hours (level 2: six or more); lowest 0.85 of 1.0. Four hours missing: a gap."""
    flow = np.array([1.2] * 5 + [0.9] * 3 + [1.2] * 2 + [0.85] * 4 + [1.2] * 3 + [np.nan] * 4 + [1.2] * 3)
    threshold = np.ones(len(flow))
    codes = ecoflow.judge_hours(flow, np.ones(len(flow)), threshold, RULE)
    short, gap = ecoflow.spells(codes, flow, threshold, RULE)
    assert (short.kind, short.first, short.last, short.hours, short.level) == ("short", 5, 13, 7, 2)
    assert (short.lowest, short.threshold) == (0.85, 1.0)
    assert (gap.kind, gap.first, gap.last, gap.level) == ("gap", 17, 20, 1)


def test_depth_raises_the_level_and_one_short_hour_is_no_spell() -> None:
    flow = np.array([1.2, 0.4, 0.4, 1.2, 1.2, 1.2, 1.2, 0.1, 1.2])
    codes = ecoflow.judge_hours(flow, np.ones(9), np.ones(9), RULE)
    found = ecoflow.spells(codes, flow, np.ones(9), RULE)
    assert [(each.first, each.level) for each in found] == [(1, 3)], (
        "below half; the single hour at 7 is not long enough"
    )


def test_what_lies_below_follows_the_rivers() -> None:
    rivers = {"brook": ("main", 50.0), "main": None, "ring": ("ring", 1.0)}
    below = river.stretches_below(rivers, ("brook", 9.0))
    assert below == {"brook": 9.0, "main": 50.0}
    assert river.is_below(below, ("main", 49.0))
    assert not river.is_below(below, ("main", 51.0)), "above where the brook comes in"
    assert not river.is_below(below, ("brook", 9.0)), "the place itself"
    assert river.stretches_below(rivers, ("ring", 5.0)) == {"ring": 5.0}, "a circle ends the walk"


def test_pumped_storage_by_hand() -> None:
    """Unit 1 pumps 4 quarter hours at 100 kW (100 kWh), unit 2 generates 3 at 100 (75 kWh) and is unknown for one: η 75 %."""
    told = np.array([[-100.0] * 4 + [0.0] * 4, [0.5] * 4 + [100.0] * 3 + [np.nan]])
    found = pumped.operation(told, np.array([100.0, 100.0]), hours=0.25)
    assert (found.pumping, found.generating, found.standby, found.unknown) == (1.0, 0.75, 2.0, 0.25)
    assert (found.pumped, found.generated) == (100.0, 75.0)
    assert found.efficiency == pytest.approx(0.75)
    assert [pumped.state_of(each, 100.0) for each in (-50.0, 0.9, 60.0, None)] == ["pumping", "standby", "generating", "unknown"]  # fmt: skip


def _world(seed: int, days: int = 700) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rain = basin.rain(days, 100, seed=seed)
    flow = basin.inflow(rain, 100, square_km=150, seed=seed + 90)
    return flow, rain, np.array([(100 + number) % 365 for number in range(days)], dtype=float)


def test_the_forecast_beats_both_plain_ones_over_a_year_of_origins() -> None:
    """Over four rivers; on one river in a dry season persistence may win, which is why its error stands beside on the page."""
    own, plain, usual = [], [], []
    for seed in (1, 2, 3, 4):
        flow, rain, of_year = _world(seed, days=1000)
        found = inflow.forecast(flow, rain, of_year, back=500, every=5)
        assert found.score is not None
        own.append(np.mean(found.score.error))
        plain.append(np.mean(found.score.persistence))
        usual.append(np.mean(found.score.climatology))
        assert all(low <= value <= high for low, value, high in zip(found.low, found.value, found.high, strict=True))
        assert 0.6 <= np.mean(found.score.inside) <= 1.0
    assert np.mean(own) < 0.95 * np.mean(plain)
    assert np.mean(own) < np.mean(usual)


def test_nothing_of_the_future_is_known_at_an_origin() -> None:
    """What comes after an origin changes no forecast made at it."""
    flow, rain, of_year = _world(4, days=400)
    first = inflow._told("rain", flow, {"rain": inflow._features(flow, rain, of_year)}, 300, 7)
    flow[301:], rain[301:] = 99.0, 50.0
    again = inflow._told("rain", flow, {"rain": inflow._features(flow, rain, of_year)}, 300, 7)
    assert first is not None
    assert np.array_equal(first, again)


def test_the_ladder_goes_down_to_nothing() -> None:
    flow, _rain, of_year = _world(5, days=700)
    short = inflow.forecast(flow[-20:], None, of_year[-20:])
    assert (short.rung, short.score) == ("persistence", None)
    assert short.value == (flow[-1],) * 7
    assert inflow.forecast(np.full(40, np.nan), None, np.arange(40.0)).rung == "none"
    assert inflow.forecast(np.array([]), None, np.array([])).rung == "none"
    gap = flow.copy()
    gap[-1] = np.nan
    told = inflow.forecast(gap, None, of_year, back=60, every=3)
    assert len(told.value) == 7, "a missing last day is stepped over"
    assert np.isfinite(told.value).all()


def test_a_constant_river_is_forecast_as_it_is() -> None:
    flow = np.full(300, 2.0)
    found = inflow.forecast(flow, None, np.arange(300.0) % 365)
    assert found.value == pytest.approx((2.0,) * 7)
    assert found.low == pytest.approx((2.0,) * 7)
