"""Where an indicator is heading: forecasts to a year, with interval, probability of meeting the target, and past errors.

Three ways, side by side: a straight line through the last years (ordinary least squares), a damped trend (exponential
smoothing in state-space form), and the pathway's number where there is one. Every forecast says how wrong it would have
been (rolling origin); the combined one states its weights. Too few points are refused in words, never padded.
The models themselves are in `trends`. Source of the back-test: Hyndman & Athanasopoulos, Forecasting: Principles and
Practice, 3rd ed., 5.10.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dafeng.domains.plan.methods.distributions import quantile
from dafeng.domains.plan.methods.observations import Observation, Said, Series, scale, series_of, yearly
from dafeng.domains.plan.methods.targets import Requirement
from dafeng.domains.plan.methods.trends import EXACT, Ahead, Fit, damped, line
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import PlanError

LINEAR, DAMPED, PATHWAY, COMBINED = "linear", "damped", "pathway", "combined"
TITLES = {
    LINEAR: Said("近年直线外推", "Straight line through the last years"),
    DAMPED: Said("阻尼趋势指数平滑", "Damped trend"),
    PATHWAY: Said("路径情景", "Pathway"),
    COMBINED: Said("组合预测", "Combined"),
}
LINEAR_POINTS, DAMPED_POINTS = 4, 8  # the fewest that leave two and three degrees of freedom
LONGEST = 60  # years ahead


@dataclass(frozen=True)
class BackTest:
    """Errors of forecasts made from the past with what was known then. Units of the series; `coverage` of the interval.

    `bias` is forecast less truth; `scaled` is the mean absolute error over that of "no change" at the same origins (below
    1: better), None where nothing ever changed; `by_horizon` is the root mean square by periods ahead.
    """

    count: int
    mean_absolute: float
    root_mean_square: float
    bias: float
    scaled: float | None
    coverage: float | None
    by_horizon: Mapping[int, float]


@dataclass(frozen=True)
class Forecast:
    """One way's answer, or `refused` in words. `path` has a row (moment, point, low, high) a period up to the year."""

    method: str
    unit: str
    year: int
    point: float | None = None
    low: float | None = None
    high: float | None = None
    level: float = 0.8
    probability: float | None = None
    path: tuple[tuple[float, float, float, float], ...] = ()
    used: int = 0
    back_test: BackTest | None = None
    status: Status = Status.OK
    estimated: float = 0.0
    weights: Mapping[str, float] | None = None
    refused: Said | None = None
    notes: tuple[Said, ...] = ()

    @property
    def title(self) -> Said:
        return TITLES[self.method]


@dataclass(frozen=True)
class Pathway:
    """The slot for a scenario: its value by year, an interval where the scenario has one, and where it comes from."""

    values: Mapping[int, float]
    unit: str
    source: str
    intervals: Mapping[int, tuple[float, float]] | None = None
    level: float = 0.8
    status: Status = Status.OK


@dataclass(frozen=True)
class Forecasts:
    """All ways, in the order linear, damped, pathway (where given), combined."""

    each: tuple[Forecast, ...]

    def by(self, method: str) -> Forecast | None:
        return next((one for one in self.each if one.method == method), None)

    @property
    def combined(self) -> Forecast:
        return self.each[-1]

    @property
    def probability(self) -> float | None:
        return self.combined.probability


def forecast(
    history: Iterable[Observation] | Series,
    *,
    year: int,
    unit: str,
    requirement: Requirement | None = None,
    how: str = "end",
    last: int = 8,
    level: float = 0.8,
    pathway: Pathway | None = None,
    pathway_weight: float = 0.0,
    bounds: tuple[float | None, float | None] = (None, None),
) -> Forecasts:
    """Forecasts of an indicator to the end of `year`.

    `how` makes years of months or quarters: `end` (stocks; their own grid is kept), `sum` (flows), `mean` (ratios); `last`
    is the years of the straight line; `level` the probability of the interval; `bounds` what the indicator cannot leave
    (0 and 100 of a share): points and intervals are cut there. A pathway counts in the combination only with a weight.
    Raises `PlanError` for wrong options, `UnitError` for values that do not fit `unit`.
    """
    if not 0 < level < 1 or not 0 <= pathway_weight <= 1 or last < 1:
        raise PlanError("预测选项不对", expected="level 在 0 与 1 之间，pathway_weight 在 0 至 1，last 至少 1")
    series = history if isinstance(history, Series) else _prepared(list(history), unit, how)
    settings = _Settings(year, unit, requirement, level, bounds)
    ways: list[tuple[Forecast, Ahead | None]] = [_linear_way(series, settings, last), _damped_way(series, settings)]
    if pathway is not None:
        ways.append(_pathway_way(pathway, settings))
    ways.append((_combined(ways, settings, pathway_weight), None))
    return Forecasts(tuple(one for one, _ in ways))


@dataclass(frozen=True)
class _Settings:
    year: int
    unit: str
    requirement: Requirement | None
    level: float
    bounds: tuple[float | None, float | None]


def _prepared(history: list[Observation], unit: str, how: str) -> Series:
    return series_of(history, unit=unit) if how == "end" else yearly(history, unit=unit, how=how)


# ---------------------------------------------------------------- straight line


def _linear_way(series: Series, settings: _Settings, last: int) -> tuple[Forecast, Ahead | None]:
    latest = series.latest
    chosen = [p for p in series.points if latest and p.at > latest.at - last + 1e-9]
    if refusal := _refusal(series, settings.year, len(chosen), LINEAR_POINTS):
        return _refused(LINEAR, settings, refusal), None
    fit = line([p.at for p in chosen], [p.value for p in chosen])

    def past(known: Series) -> Fit | None:
        ends = known.points[-1].at
        near = [p for p in known.points if p.at > ends - last + 1e-9]
        return line([p.at for p in near], [p.value for p in near]) if len(near) >= LINEAR_POINTS else None

    return _told(LINEAR, fit, series, settings, used=len(chosen), past=past, span=chosen[-1].at - chosen[0].at)


# ---------------------------------------------------------------- damped trend


def _damped_way(series: Series, settings: _Settings) -> tuple[Forecast, Ahead | None]:
    if refusal := _refusal(series, settings.year, len(series.points), DAMPED_POINTS):
        return _refused(DAMPED, settings, refusal), None

    def fitted(known: Series) -> Fit | None:
        if len(known.points) < DAMPED_POINTS:
            return None
        steps = [round(p.at / known.step) for p in known.points]
        inner = damped(steps, [p.value for p in known.points])

        def ahead(at: float) -> Ahead:
            return replace(inner(max(round(at / known.step) - steps[-1], 1)), at=at)

        return ahead

    fit = fitted(series)
    assert fit is not None
    span = series.points[-1].at - series.points[0].at
    return _told(DAMPED, fit, series, settings, used=len(series.points), past=fitted, span=span)


# ---------------------------------------------------------------- pathway, combination


def _pathway_way(pathway: Pathway, settings: _Settings) -> tuple[Forecast, Ahead | None]:
    if settings.year not in pathway.values:
        why = Said(
            f"路径（{pathway.source}）没有 {settings.year} 年的数值", f"the pathway has no value for {settings.year}"
        )
        return _refused(PATHWAY, settings, why), None
    factor = scale(pathway.unit, settings.unit)
    width = 2 * quantile(0.5 + pathway.level / 2, math.inf)
    path = []
    for year in sorted(pathway.values):
        low, high = (pathway.intervals or {}).get(year, (pathway.values[year], pathway.values[year]))
        path.append((float(year), pathway.values[year] * factor, low * factor, high * factor))
    at, point, low, high = next(row for row in path if row[0] == settings.year)
    if not low <= point <= high:
        raise PlanError(f"路径 {settings.year} 年的数值不在它的区间内", expected="下限 ≤ 数值 ≤ 上限")
    ahead = Ahead(at, point, (high - low) / width, math.inf)
    has_interval = high > low
    shown = _cut(ahead, settings)
    need = settings.requirement
    notes = [Said(f"来源：{pathway.source}", f"source: {pathway.source}")]
    if not has_interval:
        notes.append(Said("路径没有给出区间，不计概率", "the pathway gives no interval, hence no probability"))
    return Forecast(
        PATHWAY, settings.unit, settings.year, point=shown[0], low=shown[1] if has_interval else None,
        high=shown[2] if has_interval else None, level=settings.level,
        probability=ahead.probability(need) if need and has_interval else None, path=tuple(path), status=pathway.status,
        notes=tuple(notes),
    ), ahead  # fmt: skip


def _combined(ways: Sequence[tuple[Forecast, Ahead | None]], settings: _Settings, pathway_weight: float) -> Forecast:
    """Weights by past errors (the inverse of the mean square at the longest common horizon), after the pathway's share.

    A model knows only its own noise; the combination is at least as uncertain as the models were wrong in the past.
    """
    able = [(one, ahead) for one, ahead in ways if ahead is not None]
    statistical = [(one, ahead) for one, ahead in able if one.method != PATHWAY]
    chosen = {one.method: weight for (one, _), weight in zip(statistical, _inverse_errors(statistical), strict=True)}
    if any(one.method == PATHWAY for one, _ in able):
        share = pathway_weight if statistical else 1.0
        chosen = {method: weight * (1 - share) for method, weight in chosen.items()} | {PATHWAY: share}
    if not chosen:
        why = "；".join(one.refused.zh for one, _ in ways if one.refused)
        why_en = "; ".join(one.refused.en for one, _ in ways if one.refused)
        return _refused(COMBINED, settings, Said(f"没有可组合的预测：{why}", f"nothing to combine: {why_en}"))
    parts = [(one, ahead, chosen[one.method]) for one, ahead in able if chosen[one.method] > 0]
    point = sum(weight * ahead.point for _, ahead, weight in parts)
    variance = sum(weight * (ahead.scale**2 + (ahead.point - point) ** 2) for _, ahead, weight in parts)
    past = sum(weight * _past_error(one) ** 2 for one, _, weight in parts)
    mixed = Ahead(
        float(settings.year), point, math.sqrt(max(variance, past)), min(ahead.degrees for _, ahead, _ in parts)
    )
    shown = _cut(mixed, settings)
    need = settings.requirement
    certain = mixed.scale == 0 and all(one.method == PATHWAY for one, _, _ in parts)
    widened = [Said("区间已按过去的预测误差放宽", "interval widened to past errors")] if past > variance else []
    words = "、".join(f"{one.title.zh} {weight:.0%}" for one, _, weight in parts)
    words_en = ", ".join(f"{one.title.en} {weight:.0%}" for one, _, weight in parts)
    return Forecast(
        COMBINED, settings.unit, settings.year, point=shown[0], low=None if certain else shown[1],
        high=None if certain else shown[2], level=settings.level,
        probability=mixed.probability(need) if need and not certain else None,
        used=max(one.used for one, _, _ in parts), status=Status(max(one.status for one, _, _ in parts)),
        estimated=sum(weight * one.estimated for one, _, weight in parts), weights=chosen,
        notes=(Said(f"权重（按回测误差）：{words}", f"weights (by past errors): {words_en}"), *widened),
    )  # fmt: skip


def _past_error(one: Forecast) -> float:
    """The largest root mean square error of a way, over the horizons that could be tested."""
    return max(one.back_test.by_horizon.values(), default=0.0) if one.back_test else 0.0


def _inverse_errors(ways: Sequence[tuple[Forecast, Ahead]]) -> list[float]:
    tests = [one.back_test for one, _ in ways]
    if not ways or any(test is None or not test.by_horizon for test in tests):
        return [1 / len(ways)] * len(ways) if ways else []
    common = max(set.intersection(*(set(test.by_horizon) for test in tests if test)), default=None)
    errors = [test.by_horizon[common] if test and common else math.inf for test in tests]
    if min(errors) == 0 or math.isinf(max(errors)):
        best = [float(error == min(errors)) for error in errors]
        return [one / sum(best) for one in best]
    inverse = [1 / error**2 for error in errors]
    return [one / sum(inverse) for one in inverse]


# ---------------------------------------------------------------- shared


def _refusal(series: Series, year: int, count: int, least: int) -> Said | None:
    if not series.points:
        return Said("没有历史数值", "no past values")
    if year <= series.points[-1].at:
        return Said(f"{year} 年已有数值或早于最新数值，无需预测", f"{year} is not ahead of the latest value")
    if year - series.points[-1].at > LONGEST:
        return Said(f"离最新数值 {year - series.points[-1].at:.0f} 年，超出可预测的范围", "too far ahead")
    if count < least:
        return Said(f"只有 {count} 个数值，至少要 {least} 个", f"{count} values, at least {least} are needed")
    return None


def _refused(method: str, settings: _Settings, why: Said) -> Forecast:
    return Forecast(method, settings.unit, settings.year, level=settings.level, refused=why, status=Status.INCOMPLETE)


def _cut(ahead: Ahead, settings: _Settings) -> tuple[float, float, float]:
    low, high = ahead.interval(settings.level)
    return _within(ahead.point, settings), _within(low, settings), _within(high, settings)


def _within(value: float, settings: _Settings) -> float:
    floor, ceiling = settings.bounds
    value = value if floor is None else max(value, floor)
    return value if ceiling is None else min(value, ceiling)


def _told(
    method: str,
    fit: Fit,
    series: Series,
    settings: _Settings,
    *,
    used: int,
    past: Callable[[Series], Fit | None],
    span: float,
) -> tuple[Forecast, Ahead]:
    latest = series.points[-1]
    count = round((settings.year - latest.at) / series.step)
    moments = [latest.at + series.step * number for number in range(1, count)] + [float(settings.year)]
    path = [(at, *_cut(fit(at), settings)) for at in moments]
    ahead = fit(float(settings.year))
    shown = _cut(ahead, settings)
    chosen = series.points[-used:]
    notes = []
    if settings.year - latest.at > span:
        notes.append(Said(f"外推 {settings.year - latest.at:.0f} 年，超过所用数据的跨度 {span:.0f} 年，仅供参考",
                          f"{settings.year - latest.at:.0f} years ahead, longer than the {span:.0f} years of data: indicative only"))  # fmt: skip
    if shown[0] != ahead.point:
        notes.append(Said("预测值超出该指标可能的范围，已截到边界", "cut at what the indicator cannot leave"))
    test = back_test(series, past, horizon=count, level=settings.level)
    if test is None:
        notes.append(Said("数值太少，不能回测", "too few values for a back-test"))
    return Forecast(
        method, settings.unit, settings.year, point=shown[0], low=shown[1], high=shown[2], level=settings.level,
        probability=ahead.probability(settings.requirement) if settings.requirement else None, path=tuple(path),
        used=used, back_test=test, status=Status(max(p.status for p in chosen)),
        estimated=sum(p.estimated for p in chosen) / len(chosen), notes=tuple(notes),
    ), ahead  # fmt: skip


def back_test(
    series: Series, past: Callable[[Series], Fit | None], *, horizon: int, level: float = 0.8, origins: int = 24
) -> BackTest | None:
    """Rolling origin: at each of the last origins, forecast with what was known, up to `horizon` periods; None if none."""
    points = series.points
    found: list[tuple[int, float, float, bool | None]] = []  # horizon, error, error of "no change", inside the interval
    for number in range(max(len(points) - 1 - origins, 0), len(points) - 1):
        known = Series(series.unit, points[: number + 1], series.step)
        fit = past(known)
        if fit is None:
            continue
        for later in points[number + 1 :]:
            h = round((later.at - points[number].at) / series.step)
            if h > horizon:
                break
            ahead = fit(later.at)
            low, high = ahead.interval(level)
            rounding = EXACT * max(1.0, abs(later.value))
            error = ahead.point - later.value
            inside = low - rounding <= later.value <= high + rounding
            found.append((h, 0.0 if abs(error) <= rounding else error, points[number].value - later.value, inside))
    if not found:
        return None
    errors = np.array([row[1] for row in found])
    naive = float(np.abs([row[2] for row in found]).mean())
    hs = sorted({row[0] for row in found})
    return BackTest(
        count=len(found),
        mean_absolute=float(np.abs(errors).mean()),
        root_mean_square=float(math.sqrt((errors**2).mean())),
        bias=float(errors.mean()),
        scaled=float(np.abs(errors).mean()) / naive if naive > 0 else None,
        coverage=float(np.mean([row[3] for row in found])),
        by_horizon={h: float(np.sqrt(np.mean([row[1] ** 2 for row in found if row[0] == h]))) for h in hs},
    )
