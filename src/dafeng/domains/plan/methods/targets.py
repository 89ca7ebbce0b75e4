"""A target and what it implies: which values meet it, and the path from its start to its year.

The one idea: a target is said in its own terms (15 % below 2020, 200 万千瓦 more than before, 30 % or more) and observed
in the indicator's unit. `Terms` holds the line between the two; all else (met, late, share of the way) follows from it.
Where a part is missing (base value, base year, year) nothing is assumed: what can be said is said, the rest is named in
words. Reading of operators: docs/dev/plan-methods.md.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dafeng.domains.plan.methods.observations import HOW, Point, Said, Series, scale
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import PlanError

KINDS = ("level", "relative_change", "absolute_change", "cumulative", "milestone")
OPERATORS = ("=", ">=", "<=", ">", "<", "~", "range")
MEASURED = ("value", "change", "flow")
INCREASE, DECREASE, HOLD = "increase", "decrease", "hold"
ABOUT = 0.05  # 左右, 约: no official width exists; 5 % of the number is ours and can be set per target
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Step:
    """An intermediate milestone, in the target's own terms, due at the end of its year."""

    year: int
    value: float


@dataclass(frozen=True)
class Target:
    """A promise as printed. `value` in the target's own terms: percent as 15 for 15 %, always positive for a change.

    `measured` says what is observed: the indicator's `value`, the `change` since the base (a fall of 8 % is 8), or a
    `flow` that adds up (capacity added a year); `how` makes years of months: `end` (a stock, followed by the month), `sum`,
    `mean`. `level_unit` is the unit of the indicator where the target's own is that
    of a change. `on` is the target that stands for a base value which is itself still a promise. `members`: all of these
    must meet it. `start_year`: the path begins at its end, where no base year is named.
    """

    id: str
    indicator: str
    kind: str
    operator: str
    value: float | tuple[float, float]
    unit: str
    year: int | None
    direction: str = ""
    baseline_year: int | None = None
    baseline_inferred: bool = False
    strength: str = "must"
    measured: str = "value"
    how: str = "end"
    level_unit: str = ""
    start_year: int | None = None
    steps: tuple[Step, ...] = ()
    shape: str = "linear"
    on: Target | None = None
    members: tuple[str, ...] = ()
    about: float = ABOUT

    def __post_init__(self) -> None:
        for name, given, known in (
            ("种类", self.kind, KINDS),
            ("比较方式", self.operator, OPERATORS),
            ("观测方式", self.measured, MEASURED),
            ("汇总方式", self.how, HOW),
            ("方向", self.direction, ("", INCREASE, DECREASE)),
            ("轨迹", self.shape, ("linear", "steps")),
        ):
            if given not in known:
                raise PlanError(f"目标“{self.indicator}”的{name}是“{given}”", expected="、".join(filter(None, known)))
        numbers = self.value if isinstance(self.value, tuple) else (self.value,)
        if not all(math.isfinite(number) for number in numbers):
            raise PlanError(f"目标“{self.indicator}”的数值不是有限的数")
        if (self.operator == "range") != isinstance(self.value, tuple) or (
            len(numbers) == 2 and numbers[0] > numbers[1]
        ):
            raise PlanError(f"目标“{self.indicator}”的范围不对", expected="range 配 [小, 大]，其余配一个数")
        if self.kind in ("relative_change", "absolute_change") and not self.direction:
            raise PlanError(f"目标“{self.indicator}”没有写明是上升还是下降", expected="increase 或 decrease")
        years = [step.year for step in self.steps]
        if years != sorted(set(years)) or (self.year is not None and any(year >= self.year for year in years)):
            raise PlanError(f"目标“{self.indicator}”的中间节点年份不对", expected="从早到晚，各年一个，早于目标年")

    @property
    def low(self) -> float:
        return self.value[0] if isinstance(self.value, tuple) else self.value

    @property
    def high(self) -> float:
        return self.value[1] if isinstance(self.value, tuple) else self.value

    @property
    def series_unit(self) -> str:
        """The unit in which the indicator is followed."""
        if self.kind == "milestone":
            return "1"
        if self.measured == "value" and self.level_unit:
            return self.level_unit
        return self.unit

    @property
    def from_zero(self) -> bool:
        """Whether what is observed counts from nothing at the start: a total, or a change since the base."""
        return self.measured != "value" or self.kind in ("cumulative", "milestone")

    @property
    def adds_up(self) -> bool:
        """Whether observations are flows to be summed: said so, or a total over a period that is not already one."""
        return self.measured == "flow" or (self.kind == "cumulative" and self.measured == "value")

    @property
    def origin_year(self) -> int | None:
        return self.baseline_year if self.baseline_year is not None else self.start_year

    @property
    def deadline(self) -> int | None:
        """The year whose end is the last moment. 2030年前 (operator `<`) means by the end of 2029."""
        if self.kind == "milestone" and self.operator == "<" and self.year is not None:
            return self.year - 1
        return self.year


def target_from(data: Mapping[str, Any], **more: Any) -> Target:
    """A target out of the JSON of a reading, an annotation or the register; `more` sets what those do not say."""
    value = data["value"]
    if value is None:
        raise PlanError(f"目标“{data['indicator']}”没有数值", mend="数值被隐去或未写，请先补充")
    given = {
        "id": str(data["id"]),
        "indicator": data["indicator"],
        "kind": data["kind"],
        "operator": data["operator"],
        "value": (float(value[0]), float(value[1])) if isinstance(value, list | tuple) else float(value),
        "unit": data.get("unit") or "1",
        "year": data.get("year"),
        "direction": data.get("direction") or "",
        "baseline_year": data.get("baseline_year"),
        "baseline_inferred": bool(data.get("baseline_inferred")),
        "strength": data.get("strength") or "must",
    }
    return Target(**(given | more))


@dataclass(frozen=True)
class Requirement:
    """Which values meet the target: not below `low`, not above `high`; `strict` where the number itself is not enough."""

    unit: str
    low: float | None = None
    high: float | None = None
    strict: bool = False

    def met(self, value: float) -> bool:
        return self.shortfall(value) == 0 and not (self.strict and value in (self.low, self.high))

    def shortfall(self, value: float) -> float:
        """How far the value is from the nearest one that meets it; 0 where it does."""
        size = TOLERANCE * max(1.0, abs(value))
        below = self.low - value if self.low is not None else 0.0
        above = value - self.high if self.high is not None else 0.0
        worst = max(below, above)
        return worst if worst > size else 0.0

    def __str__(self) -> str:
        low = f"{'＞' if self.strict else '≥'} {self.low:.6g}" if self.low is not None else ""
        high = f"{'＜' if self.strict else '≤'} {self.high:.6g}" if self.high is not None else ""
        return f"{'，'.join(filter(None, (low, high)))} {self.unit}".strip()


@dataclass(frozen=True)
class Base:
    """Where the path begins. `source`: observed, planned (another target's number) or definition (a total begins at 0)."""

    year: int
    value: float
    source: str
    status: Status = Status.OK
    estimated: float = 0.0


@dataclass(frozen=True)
class Milestone:
    year: float
    value: float


@dataclass(frozen=True)
class Trajectory:
    """The path that the target implies, from its base to its year, in the indicator's unit.

    `shape` linear: straight between milestones; steps: the last milestone holds until the next. Before the base and after
    the target year the path is level.
    """

    unit: str
    milestones: tuple[Milestone, ...]
    shape: str
    direction: str

    def at(self, year: float) -> float:
        """The value required at a moment; the end of year Y is Y."""
        marks = self.milestones
        place = bisect_right([mark.year for mark in marks], year + TOLERANCE)
        if place == 0:
            return marks[0].value
        if place == len(marks) or self.shape == "steps":
            return marks[place - 1].value
        before, after = marks[place - 1], marks[place]
        share = max(year - before.year, 0.0) / (after.year - before.year)
        return before.value + share * (after.value - before.value)

    def yearly(self) -> tuple[Milestone, ...]:
        """The required value at the end of each year from base to target year."""
        first, last = math.ceil(self.milestones[0].year), math.floor(self.milestones[-1].year)
        return tuple(Milestone(year, self.at(year)) for year in range(first, last + 1))

    def nearest(self, year: float) -> Milestone:
        """The last milestone that is due by then, whole years counting as milestones on a straight path."""
        marks = self.milestones if self.shape == "steps" else self._marks
        place = bisect_right([mark.year for mark in marks], year + TOLERANCE)
        return marks[max(place - 1, 0)]

    def next(self, year: float) -> Milestone | None:
        """The first milestone after then; None when there is none left."""
        marks = self.milestones if self.shape == "steps" else self._marks
        place = bisect_right([mark.year for mark in marks], year + TOLERANCE)
        return marks[place] if place < len(marks) else None

    @property
    def _marks(self) -> tuple[Milestone, ...]:
        return tuple(sorted({*self.milestones, *self.yearly()}, key=lambda mark: mark.year))


@dataclass(frozen=True)
class Implied:
    """What a target comes to, with all that could not be told in `missing`."""

    target: Target
    unit: str
    base: Base | None
    goal: float | None
    requirement: Requirement | None
    direction: str
    trajectory: Trajectory | None
    missing: tuple[Said, ...]
    notes: tuple[Said, ...]


def imply(target: Target, series: Series) -> Implied:
    """What the target asks of an indicator observed as `series` (already a running total for a flow)."""
    missing: list[Said] = []
    notes: list[Said] = []
    base = _base(target, series, missing, notes)
    towards = _towards(target, base)
    goal = _level(target, target.low if towards >= 0 else target.high, base)
    requirement = _requirement(target, towards, base)
    if towards == 0 and target.operator in ("=", "~"):
        requirement = None
        missing.append(Said("不知道是要升到还是降到这个数：没有起点数值，原文也没有写方向",
                            "not known whether to rise or to fall to it: no starting value and no direction in words"))  # fmt: skip
    if target.baseline_inferred and target.baseline_year:
        notes.append(Said(f"原文没有写基准年，按规划期推定为 {target.baseline_year} 年",
                          f"the text names no base year; {target.baseline_year} is inferred from the period"))  # fmt: skip
    if target.operator == "~":
        notes.append(Said(f"“左右”按 {target.about:.0%} 的宽度理解（平台约定）",
                          f"“about” is taken as {target.about:.0%} (a convention of the platform)"))  # fmt: skip
    if target.deadline is None:
        missing.append(Said("原文没有写完成年份", "the text names no year"))
    trajectory = _trajectory(target, base, goal, requirement, series.unit)
    heading = trajectory.direction if trajectory else {1: INCREASE, -1: DECREASE}.get(_sign(target, towards), "")
    return Implied(target, series.unit, base, goal, requirement, heading, trajectory, tuple(missing), tuple(notes))


def _base(target: Target, series: Series, missing: list[Said], notes: list[Said]) -> Base | None:
    year = target.origin_year
    if target.from_zero:
        if year is None:
            missing.append(Said("没有写从哪一年算起，不能画出轨迹", "no starting year, so no path can be drawn"))
            return None
        return Base(year, 0.0, "definition")
    point = series.at(year) if year is not None else None
    if point is not None and year is not None:
        return Base(year, point.value, "observed", point.status, point.estimated)
    if target.kind == "level":
        return _first_known(target, series, year, missing, notes)
    if year is None:
        missing.append(
            Said("没有写与哪一年相比，也没有可推定的基准年", "no base year is named and none can be inferred")
        )
        return None
    if target.on is not None and target.on.year == year:
        planned = imply(replace(target.on, level_unit=target.on.level_unit or series.unit), series)
        if planned.goal is not None and not target.on.from_zero:
            notes.append(Said(f"{year} 年还没有数值，基数暂取该年的目标 {planned.goal:.6g} {series.unit}",
                              f"no value for {year} yet: that year's target {planned.goal:.6g} stands in"))  # fmt: skip
            return Base(year, planned.goal, "planned", Status.INCOMPLETE)
        missing.append(Said(f"{year} 年的目标是新增量，不知道起点存量，不能作为基数",
                            f"the target for {year} is an addition; without the stock before it, it is no base"))  # fmt: skip
    missing.append(Said(f"没有基准年 {year} 年的数值", f"no value for the base year {year}"))
    return None


def _first_known(
    target: Target, series: Series, year: int | None, missing: list[Said], notes: list[Said]
) -> Base | None:
    """A level needs no base to be judged; its path begins at the first value from its starting year on."""
    last = target.deadline if target.deadline is not None else math.inf
    later = [point for point in series.points if point.at < last and (year is None or point.at > year)]
    point: Point | None = later[0] if later else None
    if point is None or point.at != math.floor(point.at):
        whole = [each for each in later if abs(each.at - round(each.at)) < TOLERANCE]
        point = whole[0] if whole else None
    if point is None:
        missing.append(Said("没有起点数值，不能画出轨迹", "no starting value, so no path can be drawn"))
        return None
    if year is not None:
        notes.append(Said(f"{year} 年没有数值，轨迹从 {point.period} 年起画",
                          f"no value for {year}: the path begins in {point.period}"))  # fmt: skip
    return Base(round(point.at), point.value, "observed", point.status, point.estimated)


def _towards(target: Target, base: Base | None) -> int:
    """Which way is better in the target's own terms: 1 more, −1 less, 0 not known or a closed range."""
    if target.operator in (">=", ">") or (target.kind == "milestone"):
        return 1
    if target.operator in ("<=", "<"):
        return -1
    if target.kind != "level":
        return 1
    if target.direction:
        return 1 if target.direction == INCREASE else -1
    if target.unit == "%" and target.operator != "range" and target.low in (0.0, 100.0):
        return 1 if target.low == 100.0 else -1
    if base is not None and (base.value < target.low or base.value > target.high):
        return 1 if base.value < target.low else -1
    return 0


def _sign(target: Target, towards: int) -> int:
    """Better in the indicator's own values: a larger fall is a smaller value."""
    falls = target.kind in ("relative_change", "absolute_change") and target.direction == DECREASE
    return -towards if falls and target.measured == "value" else towards


def _level(target: Target, own: float, base: Base | None) -> float | None:
    """A number in the target's own terms as a value of the indicator; None without the base that it needs."""
    if target.kind == "milestone":
        return 1.0
    if target.from_zero:
        return own
    if target.kind == "level":
        return own * scale(target.unit, target.series_unit)
    if base is None:
        return None
    sign = -1.0 if target.direction == DECREASE else 1.0
    if target.kind == "relative_change":
        return base.value * (1 + sign * own * scale(target.unit, "1"))
    return base.value + sign * own * scale(target.unit, target.series_unit)


def _requirement(target: Target, towards: int, base: Base | None) -> Requirement | None:
    unit, strict = target.series_unit, target.operator in (">", "<") and target.kind != "milestone"
    low, high = target.low, target.high
    if target.operator == "~":
        low, high = low - abs(low) * target.about, high + abs(high) * target.about
    least = _level(target, low, base) if towards >= 0 else None
    most = _level(target, high, base) if towards <= 0 else None
    if least is None and most is None:
        return None
    if _sign(target, 1) < 0:
        least, most = most, least
    return Requirement(unit, least, most, strict)


def _trajectory(
    target: Target, base: Base | None, goal: float | None, requirement: Requirement | None, unit: str
) -> Trajectory | None:
    """From base over the steps to the goal; level where the base already meets it: then it only has to be held."""
    last = target.deadline
    if base is None or goal is None or requirement is None or last is None or last <= base.year:
        return None
    if requirement.met(base.value):
        return Trajectory(unit, (Milestone(base.year, goal), Milestone(last, goal)), target.shape, HOLD)
    steps = [step for step in target.steps if base.year < step.year < last]
    between = [Milestone(step.year, _level(target, step.value, base) or 0.0) for step in steps]
    marks = (Milestone(base.year, base.value), *between, Milestone(last, goal))
    return Trajectory(unit, marks, target.shape, INCREASE if goal > base.value else DECREASE)
