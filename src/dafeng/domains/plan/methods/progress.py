"""Where a target stands on a day: gap, share of the way, late or not, and a final verdict once its year has passed.

Late means: the latest value lies behind the path at its own date, in the direction of travel. Like is compared with
like: an old value is judged against its own date and its age is told. A verdict needs the value of the target's year;
without it nothing is concluded, and the reason is given. `now` is an argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from dafeng.domains.plan.methods.observations import (
    Observation,
    Point,
    Said,
    Series,
    moment,
    series_of,
    total_of,
    yearly,
)
from dafeng.domains.plan.methods.targets import (
    DECREASE,
    HOLD,
    INCREASE,
    Implied,
    Milestone,
    Requirement,
    Target,
    Trajectory,
    imply,
)
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import PlanError


class Outcome(StrEnum):
    MET = "met"
    MISSED = "missed"
    OPEN = "open"
    CANNOT = "cannot_be_judged"

    @property
    def label(self) -> str:
        return {"met": "已完成", "missed": "未完成", "open": "进行中", "cannot_be_judged": "无法判定"}[str(self)]


@dataclass(frozen=True)
class Verdict:
    """`provisional`: it rests on a value that is not complete and confirmed, and may not be published as final."""

    outcome: Outcome
    why: Said
    value: float | None = None
    period: str = ""
    provisional: bool = False


@dataclass(frozen=True)
class Progress:
    """One target on one day, in the indicator's `unit`. Fields are None where `missing` says why.

    `share` and `share_required` of the way from base to goal (1 is arrived); `lag` is what lacks, in percent of the way
    (negative: ahead); `gap` is what still lacks to the goal; `pace` is the change a year that is needed from the latest
    value on. `achieved` is the latest value in the target's own terms, such as the fall since the base year in percent.
    """

    target: Target
    implied: Implied
    now: date
    latest: Point | None
    required: float | None
    required_now: float | None
    gap: float | None
    share: float | None
    share_required: float | None
    lag: float | None
    late: bool | None
    milestone: Milestone | None
    next_milestone: Milestone | None
    pace: float | None
    achieved: float | None
    data_age: float | None
    verdict: Verdict
    status: Status
    estimated: float
    missing: tuple[Said, ...]
    notes: tuple[Said, ...]
    members: Mapping[str, Progress] | None = None

    @property
    def unit(self) -> str:
        return self.implied.unit

    @property
    def goal(self) -> float | None:
        return self.implied.goal

    @property
    def requirement(self) -> Requirement | None:
        return self.implied.requirement

    @property
    def trajectory(self) -> Trajectory | None:
        return self.implied.trajectory

    @property
    def reached(self) -> bool | None:
        """Whether the latest value already meets the target, whatever its year."""
        need = self.requirement
        return need.met(self.latest.value) if need and self.latest else None


def assess(target: Target, history: Iterable[Observation], *, now: date) -> Progress:
    """Where one target stands on the day `now`. Observations that end after it are not seen.

    Raises `UnitError` for a value whose unit does not fit, `PlanError` for a period given twice.
    """
    if target.members:
        raise PlanError(f"目标“{target.indicator}”要求各成员全部达到", mend="请用 assess_all，按成员给出数值")
    series = followed(target, history, now=now)
    implied = imply(target, series)
    latest = series.latest
    missing, notes = list(implied.missing), list(implied.notes)
    if latest is None:
        missing.append(Said("还没有任何数值", "no value yet"))
    if series.missing and target.adds_up:
        named = "、".join(series.missing)
        missing.append(Said(f"累计中缺 {named}，合计是下限", f"the total lacks {named} and is a lower bound"))
    return _measured(implied, series, latest, now, missing, notes)


def followed(target: Target, history: Iterable[Observation], *, now: date) -> Series:
    """The series that a target is followed on: running total, values of whole years, or values as they come."""
    unit = target.series_unit
    if target.adds_up:
        whole = total_of(history, unit=unit, since=target.origin_year)
    elif target.how != "end" and target.kind != "milestone":
        whole = yearly(history, unit=unit, how=target.how)
    else:
        whole = series_of(history, unit=unit)
    return whole.until(moment(now))


def _measured(
    implied: Implied, series: Series, latest: Point | None, now: date, missing: list[Said], notes: list[Said]
) -> Progress:
    target, path, need = implied.target, implied.trajectory, implied.requirement
    at = latest.at if latest else None
    required = path.at(at) if path and at is not None else None
    share, share_required, lag = _shares(implied, latest, required)
    age = moment(now) - at if at is not None else None
    if path and at is not None and (due := path.nearest(moment(now))).year > at + 1e-9:
        notes.append(Said(f"{due.year:.0f} 年的节点已到，还没有该年的数值；按 {latest.period if latest else ''} 的数值判断进度",
                          f"the milestone of {due.year:.0f} is due and has no value yet; judged by the latest value"))  # fmt: skip
    base_status = implied.base.status if implied.base else Status.INCOMPLETE if implied.missing else Status.OK
    status = max(base_status, latest.status if latest else Status.INCOMPLETE)
    estimates = [implied.base.estimated if implied.base else 0.0, latest.estimated if latest else 0.0]
    return Progress(
        target=target, implied=implied, now=now, latest=latest, required=required,
        required_now=path.at(moment(now)) if path else None,
        gap=need.shortfall(latest.value) if need and latest else None,
        share=share, share_required=share_required, lag=lag, late=None if lag is None else lag > 0,
        milestone=path.nearest(at) if path and at is not None else None,
        next_milestone=path.next(moment(now)) if path else None,
        pace=_pace(implied, latest), achieved=_achieved(implied, latest), data_age=age,
        verdict=_verdict(implied, series, now), status=Status(status), estimated=max(estimates),
        missing=tuple(missing), notes=tuple(notes),
    )  # fmt: skip


def _shares(
    implied: Implied, latest: Point | None, required: float | None
) -> tuple[float | None, float | None, float | None]:
    """(share of the way, share required, lag in percent of the way)."""
    path, base, goal = implied.trajectory, implied.base, implied.goal
    if path is None or base is None or goal is None or latest is None or required is None:
        return None, None, None
    if implied.requirement is not None and (path.direction == HOLD or goal == base.value):
        lacking = implied.requirement.shortfall(latest.value)
        return None, None, round(100 * lacking / (abs(goal) or 1.0), 9)
    way = goal - base.value
    share, wanted = (latest.value - base.value) / way, (required - base.value) / way
    lag = round(100 * (wanted - share), 9)
    if (
        lag > 0
        and latest.at >= path.milestones[-1].year - 1e-9
        and implied.requirement
        and implied.requirement.met(latest.value)
    ):
        lag = 0.0  # at the end the operator decides: 左右 allows what the straight path does not
    return share, wanted, lag


def _pace(implied: Implied, latest: Point | None) -> float | None:
    last = implied.target.deadline
    if latest is None or implied.goal is None or implied.requirement is None or last is None or last <= latest.at:
        return None
    if implied.requirement.met(latest.value):
        return 0.0
    return (implied.goal - latest.value) / (last - latest.at)


def _achieved(implied: Implied, latest: Point | None) -> float | None:
    """The latest value in the target's own terms."""
    target, base = implied.target, implied.base
    if latest is None:
        return None
    if target.from_zero or target.kind == "level":
        return latest.value
    if base is None or (target.kind == "relative_change" and base.value == 0):
        return None
    sign = -1.0 if target.direction == DECREASE else 1.0
    change = sign * (latest.value - base.value)
    return 100 * change / base.value if target.kind == "relative_change" else change


def _verdict(implied: Implied, series: Series, now: date) -> Verdict:
    target, need, last = implied.target, implied.requirement, implied.target.deadline
    if last is None:
        return Verdict(Outcome.CANNOT, Said("原文没有写完成年份，不能定论", "no year is named, so nothing falls due"))
    if now <= date(last, 12, 31):
        return Verdict(Outcome.OPEN, Said(f"{last} 年底到期", f"due at the end of {last}"))
    if target.kind == "milestone":
        return _milestone_verdict(series, last)
    if need is None:
        why = implied.missing[0] if implied.missing else Said("不知道要求的数值", "the required value is not known")
        return Verdict(Outcome.CANNOT, Said(f"已到期，无法判定：{why.zh}", f"due, cannot be judged: {why.en}"))
    point = series.at(last)
    if point is None:
        known = series.latest
        have = f"，最近为 {known.period}" if known else ""
        have_en = f"; the latest is {known.period}" if known else ""
        return Verdict(Outcome.CANNOT, Said(f"没有 {last} 年的数值{have}", f"no value for {last}{have_en}"))
    unsure = point.status != Status.OK or (implied.base is not None and implied.base.status != Status.OK)
    met = need.met(point.value)
    if target.adds_up and point.status == Status.INCOMPLETE and not met:
        why = Said(f"{last} 年累计缺项，合计只是下限", f"the total to {last} has gaps and is only a lower bound")
        return Verdict(Outcome.CANNOT, why, point.value, point.period, True)
    compared = f"{last} 年为 {point.value:.6g} {implied.unit}，要求 {need}"
    return Verdict(
        Outcome.MET if met else Outcome.MISSED,
        Said(compared, f"{point.value:.6g} in {last}, required {need}"),
        point.value,
        point.period,
        unsure,
    )


def _milestone_verdict(series: Series, last: int) -> Verdict:
    """Done is done: an earlier 1 counts, a later 0 tells that it was missed; a later 1 alone tells neither."""
    in_time = [point for point in series.points if point.at <= last + 1e-9 and point.value >= 1]
    if in_time:
        point = in_time[0]
        said = Said(f"{point.period} 已完成", f"done by {point.period}")
        return Verdict(Outcome.MET, said, 1.0, point.period, point.status != Status.OK)
    after = [point for point in series.points if point.at >= last - 1e-9]
    if after and after[0].value < 1:
        point = after[0]
        said = Said(f"到 {point.period} 仍未完成", f"not done by {point.period}")
        return Verdict(Outcome.MISSED, said, point.value, point.period, point.status != Status.OK)
    if after:
        said = Said(
            f"{after[0].period} 已完成，但不知道是否在 {last} 年底前",
            f"done by {after[0].period}, in time or not is not known",
        )
        return Verdict(Outcome.CANNOT, said, 1.0, after[0].period, True)
    return Verdict(
        Outcome.CANNOT, Said(f"没有 {last} 年底是否完成的记录", f"no record of whether it was done by {last}")
    )


def assess_all(target: Target, histories: Mapping[str, Iterable[Observation]], *, now: date) -> Progress:
    """An all-of target: every member (a monitoring station, a park) has to meet it by itself.

    The result follows the share of members that meet it, required 100 %. A member without a value is not counted as
    meeting; while one is missing the share is a lower bound, but one that fails decides.
    """
    strangers = sorted(set(histories) - set(target.members))
    if not target.members or strangers:
        raise PlanError(
            f"目标“{target.indicator}”没有成员“{strangers[0]}”" if strangers else f"目标“{target.indicator}”没有成员",
            expected="、".join(target.members) or "members = 各成员名称",
        )
    single = replace(target, members=())
    each = {name: assess(single, histories.get(name, ()), now=now) for name in target.members}
    share = _share_series(each, {name: list(histories.get(name, ())) for name in target.members}, single)
    whole = replace(single, kind="level", operator=">=", value=100.0, unit="%", level_unit="%", direction=INCREASE,
                    measured="value", steps=(), on=None)  # fmt: skip
    progress = assess(whole, share, now=now)
    lacking = [name for name, one in each.items() if one.latest is None]
    missing = list(progress.missing)
    if lacking:
        missing.append(Said(f"{'、'.join(lacking)} 没有数值", f"no value for {', '.join(lacking)}"))
    verdict = _all_verdict(each, progress.verdict, target)
    return replace(progress, target=target, members=each, verdict=verdict, missing=tuple(missing))


def _share_series(
    each: Mapping[str, Progress], given: Mapping[str, list[Observation]], single: Target
) -> list[Observation]:
    """The share of members that meet the target, for each period that at least one of them reports."""
    periods = sorted({one.period for history in given.values() for one in history if one.value is not None})
    found = []
    for period in periods:
        good, status, estimated = 0, Status.OK, 0.0
        for name, progress in each.items():
            one = next((o for o in given[name] if o.period == period and o.value is not None), None)
            need = progress.requirement
            if one is None or need is None:
                status = max(status, Status.INCOMPLETE)
                continue
            point = series_of([one], unit=single.series_unit).points[0]
            good += need.met(point.value)
            status, estimated = max(status, one.status), estimated + one.estimated / len(each)
        found.append(Observation(period, 100 * good / len(each), "%", Status(status), "", estimated))
    return found


def _all_verdict(each: Mapping[str, Progress], whole: Verdict, target: Target) -> Verdict:
    if whole.outcome is Outcome.OPEN or target.deadline is None:
        return whole
    failed = [name for name, one in each.items() if one.verdict.outcome is Outcome.MISSED]
    unknown = [name for name, one in each.items() if one.verdict.outcome is Outcome.CANNOT]
    unsure = any(one.verdict.provisional for one in each.values())
    if failed:
        said = Said(f"{'、'.join(failed)} 未达到", f"{', '.join(failed)} fell short")
        return Verdict(Outcome.MISSED, said, whole.value, whole.period, unsure)
    if unknown:
        said = Said(
            f"{'、'.join(unknown)} 没有 {target.deadline} 年的数值",
            f"no value of {target.deadline} for {', '.join(unknown)}",
        )
        return Verdict(Outcome.CANNOT, said, whole.value, whole.period, True)
    return Verdict(Outcome.MET, Said("全部达到", "all meet it"), whole.value, whole.period, unsure)
