"""Forecasts: textbook values by hand, properties, refusals, back-tests, the combination."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from dafeng.domains.plan.methods.forecast import (
    COMBINED,
    DAMPED,
    LINEAR,
    PATHWAY,
    Forecast,
    Pathway,
    forecast,
)
from dafeng.domains.plan.methods.observations import Observation
from dafeng.domains.plan.methods.targets import Requirement
from dafeng.domains.plan.methods.trends import damped, line
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import PlanError

WAVY = [10.0, 12.0, 11.5, 13.5, 13.0, 15.5, 15.0, 17.0, 16.0, 18.5]
LEAST = Requirement("万吨", 20.0, None)


def years(values: list[float | None], first: int = 2012, unit: str = "万吨") -> list[Observation]:
    return [Observation(str(first + number), value, unit) for number, value in enumerate(values)]


def one(values: list[float | None], method: str, year: int = 2025, **options: object) -> Forecast:
    found = forecast(years(values), year=year, unit="万吨", **options).by(method)  # type: ignore[arg-type]
    assert found is not None
    return found


# ---------------------------------------------------------------- straight line


def test_the_line_and_its_interval_are_those_of_hand_arithmetic() -> None:
    # x 1 2 3 4, y 1 3 2 4: mean 2.5 and 2.5, Sxx 5, Sxy 4, slope 0.8; residuals −0.3 0.9 −0.9 0.3, squares 1.8, s² = 0.9.
    # At x = 6: 2.5 + 0.8·3.5 = 5.3; scale √0.9·√(1 + 1/4 + 3.5²/5) = √(0.9·3.7) = √3.33; t(0.9, 2) = 1.886
    ahead = line([1, 2, 3, 4], [1, 3, 2, 4])(6)
    assert ahead.point == pytest.approx(5.3)
    assert ahead.scale == pytest.approx(math.sqrt(3.33))
    low, high = ahead.interval(0.8)
    assert high - low == pytest.approx(2 * 1.8856 * math.sqrt(3.33), rel=1e-4)


def test_the_line_is_that_of_scipy() -> None:
    x = np.arange(2014, 2022, dtype=float)
    y = np.array(WAVY[2:])
    found = one(list(WAVY), LINEAR, last=8)
    fit = scipy.stats.linregress(x, y)
    point = fit.intercept + fit.slope * 2025
    s = math.sqrt(((y - fit.intercept - fit.slope * x) ** 2).sum() / 6)
    scale = s * math.sqrt(1 + 1 / 8 + (2025 - x.mean()) ** 2 / ((x - x.mean()) ** 2).sum())
    assert found.point == pytest.approx(point)
    assert found.low == pytest.approx(point + scale * scipy.stats.t.ppf(0.1, 6))
    need = one(list(WAVY), LINEAR, last=8, requirement=LEAST)
    assert need.probability == pytest.approx(1 - scipy.stats.t.cdf((20 - point) / scale, 6))


def test_an_exact_line_leaves_no_error() -> None:
    found = one([5.0 + 2 * n for n in range(10)], LINEAR)
    assert (found.point, found.low, found.high) == (pytest.approx(31), found.point, found.point)  # 5 + 2·13
    assert found.back_test is not None
    assert (found.back_test.mean_absolute, found.back_test.coverage) == (0, 1)


def test_only_the_last_years_count_and_a_gap_keeps_its_place() -> None:
    values: list[float | None] = [100, 50, 0, 10, None, 14, 16, 18, None, 22]
    found = one(values, LINEAR, last=7)
    assert found.used == 5  # 2015 to 2021, two of them missing
    assert found.point == pytest.approx(30)  # 10 in 2015 and 2 a year


def test_zero_is_a_value() -> None:
    assert one([0.0] * 10, LINEAR).point == 0
    assert one([0.0] * 10, DAMPED).point == 0


# ---------------------------------------------------------------- damped trend


def by_hand(
    y: list[float], alpha: float, beta: float, phi: float, level: float, trend: float
) -> tuple[float, float, float]:
    """The recursion as the book writes it: sum of squares, last level, last trend."""
    squares = 0.0
    for value in y:
        error = value - (level + phi * trend)
        level, trend = level + phi * trend + alpha * error, phi * trend + beta * error
        squares += error**2
    return squares, level, trend


def test_the_damped_trend_is_no_worse_than_any_recursion_by_hand() -> None:
    """Sum of squares of the fit, read back from its one-step scale, against a search written the plain way."""
    ahead = damped(range(10), WAVY)(1)
    squares = ahead.scale**2 * (10 - 5)
    best = min(
        scipy.optimize.minimize(
            lambda first, a=a, b=b, p=p: by_hand(WAVY, a, b, p, first[0], first[1])[0], [WAVY[0], 1.0], method="BFGS"
        ).fun
        for a in (0.05, 0.2, 0.5, 0.99)
        for b in (0.0, 0.05)
        for p in (0.8, 0.9, 0.98)
        if b <= a
    )
    assert squares <= best * (1 + 1e-6)


def test_the_damped_forecast_bends_towards_a_ceiling() -> None:
    ahead = damped(range(10), WAVY)
    steps = np.diff([ahead(h).point for h in range(1, 30)])
    assert (np.abs(steps[1:]) <= np.abs(steps[:-1]) + 1e-12).all()


def test_its_interval_grows_with_the_horizon() -> None:
    ahead = damped(range(10), WAVY)
    scales = [ahead(h).scale for h in range(1, 15)]
    assert scales == sorted(scales)


def test_a_gap_is_passed_over_without_an_error() -> None:
    full = one([*WAVY], DAMPED)
    gap = one([*WAVY[:4], None, *WAVY[5:]], DAMPED)
    assert gap.refused is None
    assert gap.used == 9
    assert gap.point == pytest.approx(full.point, rel=0.15)


# ---------------------------------------------------------------- refusals, status, bounds


@pytest.mark.parametrize(
    ("count", "linear", "smooth"), [(0, False, False), (3, False, False), (4, True, False), (8, True, True)]
)
def test_too_few_values_are_refused_in_words(count: int, linear: bool, smooth: bool) -> None:
    values: list[float | None] = list(WAVY[:count])
    for method, able in ((LINEAR, linear), (DAMPED, smooth)):
        found = one(values, method)
        assert (found.refused is None) == able
        if not able:
            assert found.point is None
            assert found.refused is not None
            assert found.refused.zh in (
                "没有历史数值",
                f"只有 {count} 个数值，至少要 {4 if method == LINEAR else 8} 个",
            )


def test_a_year_that_has_a_value_is_not_forecast() -> None:
    found = one(list(WAVY), LINEAR, year=2021)
    assert found.refused is not None
    assert "无需预测" in found.refused.zh


def test_the_worst_status_and_the_share_of_estimates_travel() -> None:
    history = years(list(WAVY))
    history[-1] = Observation("2021", 18.5, "万吨", Status.DEGRADED, "", 1.0)
    found = forecast(history, year=2025, unit="万吨", last=8)
    assert {each.status for each in found.each} == {Status.DEGRADED}
    linear = found.by(LINEAR)
    assert linear is not None
    assert linear.estimated == pytest.approx(1 / 8)


def test_a_share_does_not_leave_its_bounds_and_it_is_said() -> None:
    found = one([60.0 + 5 * n for n in range(10)], LINEAR, bounds=(0, 100))
    assert found.point == 100
    assert any("边界" in said.zh for said in found.notes)


def test_far_ahead_of_short_data_is_called_indicative() -> None:
    found = one(list(WAVY), LINEAR, year=2035, last=8)
    assert any("仅供参考" in said.zh for said in found.notes)


def test_months_of_a_stock_keep_their_own_grid_and_months_of_a_flow_make_years() -> None:
    months = [Observation(f"{2022 + n // 12}-{n % 12 + 1:02d}", 100.0 + n, "万千瓦") for n in range(30)]
    stock = forecast(months, year=2025, unit="万千瓦").by(LINEAR)
    assert stock is not None
    assert stock.point == pytest.approx(147, rel=1e-3)  # 129 in 2024-06 and 18 months more
    flow = forecast(months, year=2025, unit="万千瓦", how="sum").by(LINEAR)
    assert flow is not None
    assert flow.refused is not None  # two whole years only


def test_wrong_options_are_refused() -> None:
    with pytest.raises(PlanError, match="预测选项不对"):
        forecast([], year=2030, unit="万吨", level=1.0)


# ---------------------------------------------------------------- back-test


def test_the_back_test_of_a_line_is_that_of_hand_arithmetic() -> None:
    # 0 1 2 3 5: from the first four (an exact line) 4 is forecast for the fifth: error −1; "no change" errs by −2
    found = one([0.0, 1.0, 2.0, 3.0, 5.0], LINEAR)
    test = found.back_test
    assert test is not None
    assert (test.count, test.mean_absolute, test.bias, test.scaled) == (
        1,
        pytest.approx(1),
        pytest.approx(-1),
        pytest.approx(0.5),
    )
    assert test.by_horizon == {1: pytest.approx(1)}
    assert test.coverage == 0


def test_a_back_test_never_sees_the_future() -> None:
    first = one(list(WAVY), LINEAR).back_test
    assert first is not None
    later = one([*WAVY[:-1], 1000.0], LINEAR).back_test
    assert later is not None
    assert later.count == first.count
    # without the last value the errors up to the year before are the same
    short = one(list(WAVY[:-1]), LINEAR, year=2024).back_test
    assert short is not None
    assert short.mean_absolute < later.mean_absolute


# ---------------------------------------------------------------- pathway and combination


def test_the_pathway_stands_beside_and_counts_only_with_a_weight() -> None:
    path = Pathway({2025: 0.2, 2030: 0.3}, "Mt", "情景甲@3", {2025: (0.18, 0.22)})
    beside = forecast(years(list(WAVY)), year=2025, unit="万吨", pathway=path, requirement=LEAST)
    shown = beside.by(PATHWAY)
    assert shown is not None
    assert (shown.point, shown.probability) == (pytest.approx(20), pytest.approx(0.5))
    assert beside.combined.weights is not None
    assert beside.combined.weights[PATHWAY] == 0
    half = forecast(years(list(WAVY)), year=2025, unit="万吨", pathway=path, pathway_weight=0.5)
    assert half.combined.point == pytest.approx((beside.combined.point + 20) / 2)  # type: ignore[operator]


def test_a_pathway_without_interval_has_no_probability() -> None:
    found = forecast([], year=2030, unit="万吨", pathway=Pathway({2030: 30.0}, "万吨", "情景甲"), requirement=LEAST)
    assert found.combined.point == 30
    assert found.combined.probability is None
    assert found.combined.low is None


def test_a_pathway_without_the_year_is_refused() -> None:
    found = forecast([], year=2028, unit="万吨", pathway=Pathway({2030: 30.0}, "万吨", "情景甲"))
    shown = found.by(PATHWAY)
    assert shown is not None
    assert shown.refused is not None
    assert found.combined.refused is not None


def test_weights_are_the_inverse_of_past_squared_errors_and_are_stated() -> None:
    found = forecast(years(list(WAVY)), year=2025, unit="万吨")
    linear, smooth = found.by(LINEAR), found.by(DAMPED)
    assert linear is not None
    assert smooth is not None
    assert linear.back_test is not None
    assert smooth.back_test is not None
    common = max(set(linear.back_test.by_horizon) & set(smooth.back_test.by_horizon))
    a, b = (1 / test.back_test.by_horizon[common] ** 2 for test in (linear, smooth))  # type: ignore[union-attr]
    assert found.combined.weights == {LINEAR: pytest.approx(a / (a + b)), DAMPED: pytest.approx(b / (a + b))}
    assert any(said.zh.startswith("权重（按回测误差）") for said in found.combined.notes)


def test_the_combination_is_not_surer_than_past_errors_allow() -> None:
    sudden: list[float | None] = [10, 11, 12, 13, 14, 15, 16, 30, 31, 32, 33, 34]
    found = forecast(years(sudden, first=2010), year=2025, unit="万吨")
    combined, linear = found.combined, found.by(LINEAR)
    assert linear is not None
    assert linear.back_test is not None
    assert combined.high is not None
    assert combined.low is not None
    assert any("放宽" in said.zh for said in combined.notes)


# ---------------------------------------------------------------- properties

series = st.lists(st.floats(min_value=1, max_value=1000).map(lambda v: round(v, 3)), min_size=8, max_size=14)


@settings(max_examples=25, deadline=None)
@given(values=series)
def test_an_interval_holds_its_point_and_grows_with_its_level(values: list[float]) -> None:
    narrow = forecast(years(list(values), first=2005), year=2025, unit="万吨", level=0.5)
    wide = forecast(years(list(values), first=2005), year=2025, unit="万吨", level=0.95)
    for small, large in zip(narrow.each, wide.each, strict=True):
        assert None not in (small.low, small.point, small.high, large.low, large.high)
        assert large.low <= small.low <= small.point <= small.high <= large.high  # type: ignore[operator]


@settings(max_examples=25, deadline=None)
@given(values=series, goals=st.tuples(st.floats(-500, 1500), st.floats(-500, 1500)))
def test_a_harder_target_is_never_likelier(values: list[float], goals: tuple[float, float]) -> None:
    easy, hard = sorted(goals)
    for make in (_least, _most):
        one_, other = (
            forecast(years(list(values), first=2005), year=2025, unit="万吨", requirement=make(goal))
            for goal in (easy, hard)
        )
        for a, b in zip(one_.each, other.each, strict=True):
            assert a.probability is not None
            assert b.probability is not None
            assert 0 <= min(a.probability, b.probability) <= max(a.probability, b.probability) <= 1
            assert (
                (a.probability >= b.probability - 1e-12) if make is _least else (a.probability <= b.probability + 1e-12)
            )


def _least(goal: float) -> Requirement:
    return Requirement("万吨", goal, None)


def _most(goal: float) -> Requirement:
    return Requirement("万吨", None, goal)


@settings(max_examples=25, deadline=None)
@given(values=series, factor=st.sampled_from([0.01, 2.0, 1000.0]), shift=st.sampled_from([0.0, 100.0]))
def test_forecasts_follow_a_change_of_scale_and_of_zero(values: list[float], factor: float, shift: float) -> None:
    changed: list[float | None] = [value * factor + shift for value in values]
    plain = forecast(years(list(values), first=2005), year=2023, unit="万吨")
    moved = forecast(years(changed, first=2005), year=2023, unit="万吨")
    width = max(values) * factor + shift
    follow: Callable[[float], float] = lambda value: value * factor + shift  # noqa: E731
    for a, b in zip(plain.each, moved.each, strict=True):
        if a.method == COMBINED:
            continue  # its weights may tip where both ways err by rounding only
        for mine, theirs in ((a.point, b.point), (a.low, b.low), (a.high, b.high)):
            assert mine is not None
            assert theirs == pytest.approx(follow(mine), rel=1e-5, abs=1e-5 * width)
