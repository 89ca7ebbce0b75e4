"""What was observed of an indicator, as a series in one unit.

A stock or a ratio holds at the end of its period, a flow over it. Time is a number: the end of year Y is exactly Y, so
that 2023-06 is about 2022.5. Missing stays missing: it is never zero, and a sum across it says that it is a lower bound.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import polars as pl

from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import PlanError, UnitError
from dafeng.kernel.quantities import units
from dafeng.kernel.quantities.periods import Period

HOW = ("end", "sum", "mean")
_MAGNITUDES = {"十": 1e1, "百": 1e2, "千": 1e3, "万": 1e4, "亿": 1e8}
_POINTS = {"个百分点": "%", "百分点": "%"}


class Said(NamedTuple):
    """One sentence in Chinese and in English."""

    zh: str
    en: str


@dataclass(frozen=True)
class Observation:
    """One value of the blackboard. `value` None is missing; `estimated` is the share that rests on estimates, 0–1."""

    period: str
    value: float | None
    unit: str
    status: Status = Status.OK
    notation: str = ""
    estimated: float = 0.0


@dataclass(frozen=True)
class Point:
    """A known value at a time, in the unit of its series."""

    at: float
    value: float
    period: str
    status: Status = Status.OK
    estimated: float = 0.0


@dataclass(frozen=True)
class Series:
    """Known points in order of time. `step` is the length of a period in years; `missing` names periods without a value."""

    unit: str
    points: tuple[Point, ...]
    step: float = 1.0
    missing: tuple[str, ...] = ()

    def at(self, year: float) -> Point | None:
        """The point at the end of a year, if it is known."""
        return next((point for point in self.points if abs(point.at - year) < 1e-9), None)

    def until(self, moment: float) -> Series:
        kept = tuple(point for point in self.points if point.at <= moment + 1e-9)
        return Series(self.unit, kept, self.step, self.missing)

    @property
    def latest(self) -> Point | None:
        return self.points[-1] if self.points else None


def moment(day: date) -> float:
    """A day as a number: the last day of year Y is Y."""
    length = date(day.year, 12, 31).timetuple().tm_yday
    return day.year - 1 + day.timetuple().tm_yday / length


def moment_of(period: str | int) -> float:
    return moment(Period.parse(period).end)


def from_blackboard(frame: pl.DataFrame, *, subject: str | None = None, key: str = "") -> list[Observation]:
    """Observations out of `kernel.indicators.services.values`, in order of period."""
    chosen = frame.filter(pl.col("key") == key)
    if subject is not None:
        chosen = chosen.filter(pl.col("subject") == subject)
    return [
        Observation(
            row["period"],
            row["value"],
            row["unit"],
            Status(row["status"]),
            row["notation"] or "",
            row["basis_share_estimated"] or 0.0,
        )
        for row in chosen.sort("period").iter_rows(named=True)
    ]


def series_of(history: Iterable[Observation], *, unit: str) -> Series:
    """Values at the ends of their periods, in `unit`. A year's own value stands before its December's.

    Raises `PlanError` for a period given twice and for a number that is not finite, `UnitError` for a unit that does
    not fit.
    """
    found: dict[float, tuple[int, Point]] = {}
    missing, steps = [], []
    for each, period in _checked(history):
        if each.value is None:
            missing.append(str(period))
            continue
        steps.append(_length(period))
        at = moment(period.end)
        point = Point(at, _in(each, unit), str(period), each.status, each.estimated)
        rank = _length(period) * 12
        if at not in found or found[at][0] < rank:
            found[at] = (int(rank), point)
    points = tuple(found[at][1] for at in sorted(found))
    known = {point.period for point in points}
    return Series(unit, points, min(steps, default=1.0), tuple(name for name in sorted(missing) if name not in known))


def total_of(history: Iterable[Observation], *, unit: str, since: int | None) -> Series:
    """The running total of a flow from the first day after year `since`; all that is known where `since` is None.

    A year's value stands before its quarters and months. After a missing period the total is a lower bound: INCOMPLETE.
    """
    given = sorted(_without_parts(_checked(history)), key=lambda pair: pair[1].end)
    points: list[Point] = []
    missing: list[str] = []
    total, mass, status, expected = 0.0, 0.0, Status.OK, None if since is None else float(since)
    for each, period in given:
        if since is not None and period.start <= date(since, 12, 31):
            continue
        begin, end = moment(period.end) - _length(period), moment(period.end)
        if expected is not None and begin > expected + 0.02:
            missing.append(f"{period} 以前")
            status = Status.INCOMPLETE
        expected = end
        if each.value is None:
            missing.append(str(period))
            status = Status.INCOMPLETE
            continue
        value = _in(each, unit)
        total += value
        mass += value * each.estimated
        status = max(status, each.status)
        points.append(Point(end, total, str(period), status, mass / total if total > 0 else each.estimated))
    return Series(unit, tuple(points), min((_length(p) for _, p in given), default=1.0), tuple(missing))


def yearly(history: Iterable[Observation], *, unit: str, how: str) -> Series:
    """One value a year: the year's own, else made of its months or quarters when all are there (`end` needs the last)."""
    if how not in HOW:
        raise PlanError(f"不认识的汇总方式“{how}”", expected="、".join(HOW))
    whole: dict[int, Observation] = {}
    parts: dict[int, list[tuple[Observation, Period]]] = {}
    missing: list[str] = []
    for each, period in _checked(history):
        if each.value is None:
            missing.append(str(period))
        elif _length(period) == 1:
            whole[period.year] = each
        else:
            parts.setdefault(period.year, []).append((each, period))
    for year, inside in parts.items():
        if year not in whole and (made := _year_from(inside, year, unit, how)):
            whole[year] = made
    points = tuple(Point(float(y), _in(o, unit), str(y), o.status, o.estimated) for y, o in sorted(whole.items()))
    return Series(unit, points, 1.0, tuple(sorted(missing)))


def _year_from(inside: list[tuple[Observation, Period]], year: int, unit: str, how: str) -> Observation | None:
    chosen = list(_without_parts(inside))
    values = [_in(each, unit) for each, _ in chosen]
    if how == "end":
        last = [pair for pair in chosen if pair[1].end == date(year, 12, 31)]
        return (
            Observation(str(year), _in(last[0][0], unit), unit, last[0][0].status, "", last[0][0].estimated)
            if last
            else None
        )
    if abs(sum(_length(period) for _, period in chosen) - 1) > 1e-9:
        return None
    total = sum(values) if how == "sum" else sum(v * _length(p) for v, (_, p) in zip(values, chosen, strict=True))
    status = max(each.status for each, _ in chosen)
    return Observation(str(year), total, unit, status, "", sum(each.estimated * _length(p) for each, p in chosen))


def _without_parts(given: Sequence[tuple[Observation, Period]]) -> Iterable[tuple[Observation, Period]]:
    """Periods that do not lie inside another one with a value of its own."""
    known = {period for each, period in given if each.value is not None}
    for each, period in given:
        year, quarter = Period(period.year), Period(period.year, quarter=((period.month or 1) - 1) // 3 + 1)
        inside = (period != year and year in known) or (period.month is not None and quarter in known)
        if not inside:
            yield each, period


def _checked(history: Iterable[Observation]) -> list[tuple[Observation, Period]]:
    found: dict[Period, Observation] = {}
    for each in history:
        period = Period.parse(each.period)
        if period in found:
            raise PlanError(f"{period} 有两个数值", expected="每个时期一个数", mend="请指明用哪一次计算或哪一次填报")
        if each.value is not None and not math.isfinite(each.value):
            raise PlanError(f"{period} 的数值不是有限的数", expected="一个数；没有数请留空")
        found[period] = each
    return [(each, period) for period, each in found.items()]


def _length(period: Period) -> float:
    return 1 / 12 if period.month else 1 / 4 if period.quarter else 1.0


def _in(each: Observation, unit: str) -> float:
    assert each.value is not None
    return each.value * scale(each.unit, unit)


def scale(source: str, target: str) -> float:
    """How many `target` one `source` is.

    Plans also count in words that the registry of units does not know (款, 星, 延米): the same word converts by its
    magnitude (万个 to 个), different words do not.
    """
    one, other = (_POINTS.get(text.strip(), text.strip()) for text in (source, target))
    if one == other:
        return 1.0
    try:
        return units.conversion(one, other)
    except UnitError:
        (size, counted), (size_other, counted_other) = _counted(one), _counted(other)
        if counted != counted_other:
            raise
        return size / size_other


def _counted(unit: str) -> tuple[float, str]:
    """Magnitude and what is counted: 万个 is 10 000 个."""
    size, rest = 1.0, unit
    while len(rest) > 1 and rest[0] in _MAGNITUDES:
        size, rest = size * _MAGNITUDES[rest[0]], rest[1:]
    return size, rest
