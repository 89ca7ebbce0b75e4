"""Judge every target of a city: where it stands, where it is heading, its light. By the clock each day, or when asked.

Numbers are read from the blackboard; results go back to it as `plan.target.*` (key: plan and target), one current run a city, and
into `Standing`, from which the pages draw. A light that is red or yellow raises a warning. Judging again changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from dafeng.domains.plan.bindings import Binding
from dafeng.domains.plan.methods.events import event_observations
from dafeng.domains.plan.methods.forecast import Forecasts, Pathway
from dafeng.domains.plan.methods.lights import rules_on
from dafeng.domains.plan.methods.observations import Observation, Said, from_blackboard
from dafeng.domains.plan.methods.outlook import Outlook, lit, outlook
from dafeng.domains.plan.methods.progress import Outcome, Progress, assess_all
from dafeng.domains.plan.models import Standing, Target, said
from dafeng.domains.plan.services import assessed, computed, reported, targets, warnings
from dafeng.domains.plan.services.targets import Bound
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import DafengError
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.indicators.keys import dimensions_of
from dafeng.kernel.indicators.keys import key_of as key_text
from dafeng.kernel.indicators.models import Indicator
from dafeng.kernel.records import services as records
from dafeng.kernel.scoring.lighting import UNKNOWN

UNBOUND = "unbound"
RANK = {"red": 0, "yellow": 1, UNKNOWN: 2, UNBOUND: 3, "green": 4}
LIGHT_VALUES = {"red": 1.0, "yellow": 2.0, "green": 3.0}
PUBLISHED = {
    "plan.target.light": ("目标亮灯（3 绿，2 黄，1 红）", "1"),
    "plan.target.lag": ("目标滞后程度（全程的百分比）", "%"),
    "plan.target.share": ("目标完成进度（全程的百分比）", "%"),
    "plan.target.probability": ("目标按期完成的概率", "%"),
    "plan.target.met": ("到期目标是否完成（1 是）", "1"),
}  # fmt: skip


@dataclass
class Judged:
    """What a round of judging found."""

    lights: Counter[str] = field(default_factory=Counter)
    raised: int = 0
    reminded: int = 0
    escalated: int = 0


@dataclass(frozen=True)
class _Read:
    """What the blackboard says of a target's indicator; `fault` where it cannot be used, `pathway` where a model has run."""

    bound: Bound
    history: list[Observation]
    members: dict[str, list[Observation]]
    sources: list[dict[str, Any]]
    fault: str = ""
    pathway: Pathway | None = None


def judge(city: str, *, now: datetime, by: Any = None, step: Callable[[str, int, int], None] | None = None) -> Judged:
    """Bring everything of a city's targets up to date: derived numbers, lights, warnings, inputs of the assessment."""
    today = timezone.localdate(now)
    reported.bring_up_all(now=now, by=by)
    computed.refresh(city, now=now, by=by)
    all_targets = list(targets.holding(city).order_by("plan_id", "start", "pk"))
    read = _Reader([each.binding for each in all_targets if each.binding])
    done = Judged()
    standings = []
    for number, target in enumerate(all_targets):
        if step:
            step(target.indicator, number, len(all_targets))
        standings.append(_standing(target, read.of(target), all_targets, now=now, today=today))
        done.lights[standings[-1].light] += 1
    with transaction.atomic():
        _store(standings)
        _publish(city, standings, now=now, today=today, by=by)
        before = _warned(city)
        for standing in standings:
            _warn(standing, now=now, today=today)
        warnings.county_warnings(city, now=now, today=today)
        done.raised = _warned(city) - before
        done.reminded, done.escalated = warnings.remind_and_escalate(city, now=now, today=today)
        assessed.publish(city, standings, now=now, today=today, by=by)
        records.audit(by, "plan.judge", "plan.city", city, {"lights": dict(sorted(done.lights.items())), "raised": done.raised}, now=now)  # fmt: skip
    return done


def _warned(city: str) -> int:
    return warnings.of_city(city).count()


def pathway_code(indicator: str) -> str:
    """Under which code a pathway model publishes an indicator's years to come: `pathway.energy.coal_share`."""
    return f"pathway.{indicator}"


class _Reader:
    """Reads each indicator of the blackboard once, and hands out its rows by subject."""

    def __init__(self, codes: Sequence[str]) -> None:
        plain = {code.partition("|")[0] for code in codes}
        plain |= {pathway_code(code) for code in plain}
        self.known = {each.code: each for each in Indicator.objects.filter(code__in=plain)}
        self.frames: dict[str, Any] = {}
        self.faults: dict[str, str] = {}
        for code in self.known:
            try:
                self.frames[code] = indicators.values(code)
            except DafengError as error:
                self.faults[code] = str(error)

    def of(self, target: Target) -> _Read:
        bound = targets.bound(target, self.known)
        binding = bound.binding
        if binding is None or binding.indicator not in self.known:
            return _Read(bound, [], {}, [])
        if binding.indicator in self.faults:
            return _Read(bound, [], {}, [], self.faults[binding.indicator])
        frame = self.frames[binding.indicator]
        subject = target.subject or target.place
        try:
            history = _observed(from_blackboard(frame, subject=subject, key=binding.key), binding)
            members = {name: _observed(from_blackboard(frame, subject=subject, key=f"member={name}"), binding) for name in target.members}  # fmt: skip
        except DafengError as error:
            return _Read(bound, [], {}, [], str(error))
        keys = [f"member={name}" for name in target.members] if target.members else [binding.key]
        own = frame.filter((frame["subject"] == subject) & frame["key"].is_in(keys))
        sources = own.select("period", "key", "value", "unit", "status", "notation", "basis_share_estimated", "lineage", "run").to_dicts()  # fmt: skip
        return _Read(bound, history, members, sources, pathway=self.pathway(binding, subject))

    def pathway(self, binding: Binding, subject: str) -> Pathway | None:
        """What a pathway model says of the indicator: its years and where it comes from; None while no model has run.

        The path that the city goes by is the run without a variant; scenarios beside it have one. An interval is published beside
        the middle under the keys `bound=low` and `bound=high`.
        """
        frame = self.frames.get(pathway_code(binding.indicator))
        if frame is None:
            return None
        by_key: dict[str, dict[int, float]] = {}
        status, runs = Status.OK, set()
        for row in frame.filter((frame["subject"] == subject) & frame["value"].is_not_null()).iter_rows(named=True):
            if row["period"].isdigit():
                by_key.setdefault(row["key"], {})[int(row["period"])] = row["value"]
                status, runs = max(status, Status(row["status"])), runs | {row["run"][:8]}
        middle = by_key.get(binding.key, {})
        if not middle:
            return None
        low, high = (by_key.get(indicator_key(binding.key, bound=end), {}) for end in ("low", "high"))
        between = {year: (low[year], high[year]) for year in middle if year in low and year in high}
        unit = self.known[pathway_code(binding.indicator)].unit
        unit = binding.unit if unit == "1" else unit
        return Pathway(middle, unit, "、".join(sorted(runs)), intervals=between or None, status=status)


def indicator_key(key: str, **more: str) -> str:
    """A key with further dimensions."""
    return key_text(dimensions_of(key) | more)


def _observed(history: list[Observation], binding: Binding) -> list[Observation]:
    """Counts that lie on the blackboard as plain numbers get their own unit back; events are told from emissions."""
    found = [
        Observation(o.period, o.value, binding.unit, o.status, o.notation, o.estimated) if o.unit == "1" and binding.unit != "1" else o
        for o in history
    ]  # fmt: skip
    return event_observations(found, event=binding.event, unit=binding.unit) if binding.event else found


# ---------------------------------------------------------------- one target


def _standing(target: Target, read: _Read, everybody: Sequence[Target], *, now: datetime, today: date) -> Standing:
    binding = read.bound.binding
    if binding is None:
        why = _both(lambda: targets.bound(target).reason)
        return _without(target, UNBOUND, _both(lambda: _("未绑定")), why, now)
    if target.low is None and target.kind != "milestone":
        why = _both(lambda: _("原文没有写数值，或数值被隐去；已向责任单位提出疑问"))
        return _without(target, UNKNOWN, _both(lambda: _("原文没有数值")), why, now)
    if read.fault:
        return _without(target, UNKNOWN, _both(lambda: _("数据有矛盾")), Said(read.fault, ""), now)
    own = [each for each in everybody if each.plan_id == target.plan_id]
    try:
        followed = targets.follow(target, binding, base_year=targets.base_year_of(own, target.plan), others=own)
        if target.members:
            seen = _all_of(assess_all(followed, read.members, now=today))
        else:
            seen = outlook(followed, read.history, now=today, bounds=binding.bounds, pathway=read.pathway)
    except DafengError as error:
        return _without(target, UNKNOWN, _both(lambda: _("不能计算")), Said(str(error), ""), now)
    return _told(target, seen, read, now=now, today=today)


def _both(words: Callable[[], str]) -> Said:
    """A sentence in both languages: a judging has no reader."""
    spoken = []
    for language in ("zh-hans", "en"):
        with translation.override(language):
            spoken.append(words())
    return Said(*spoken)


def _all_of(progress: Progress) -> Outlook:
    """An all-of target has no forecast: the share of stations that meet it is no quantity with a trend."""
    return lit(progress, None, Said("要求各成员全部达到，不作预测", "all members have to meet it: no forecast"))


def _without(target: Target, light: str, title: Said, why: Said, now: datetime) -> Standing:
    return Standing(
        target=target, judged_at=now, light=light, rank=RANK[light], title=title.zh[:60], title_en=title.en[:120], rule="",
        unit=target.unit, why=why.zh, why_en=why.en, status=int(Status.INCOMPLETE), data={},
    )  # fmt: skip


def _told(target: Target, seen: Outlook, read: _Read, *, now: datetime, today: date) -> Standing:
    progress, verdict = seen.progress, seen.progress.verdict
    latest = progress.latest
    due = verdict.outcome is not Outcome.OPEN
    probability = None if due or seen.forecasts is None or seen.forecasts.probability is None else 100 * seen.forecasts.probability  # fmt: skip
    title = seen.said_title if seen.light != UNKNOWN or latest is not None else _both(lambda: _("还没有数值"))
    combined = seen.forecasts.combined if seen.forecasts else None
    return Standing(
        target=target, judged_at=now, light=seen.light, rank=RANK[seen.light], title=title.zh[:60], title_en=title.en[:120],
        rule=seen.said_rule.zh, rule_en=seen.said_rule.en,
        value=latest.value if latest else None, value_period=latest.period if latest else "", expected=progress.required,
        goal=progress.goal, gap=progress.gap, lag=progress.lag, share=None if progress.share is None else 100 * progress.share,
        probability=probability, unit=progress.unit, outcome=str(verdict.outcome), why=verdict.why.zh, why_en=verdict.why.en,
        status=int(progress.status), provisional=verdict.provisional, data=_data(progress, seen, read, today),
        forecast=combined.point if combined else None, forecast_low=combined.low if combined else None,
        forecast_high=combined.high if combined else None,
    )  # fmt: skip


def _data(progress: Progress, seen: Outlook, read: _Read, today: date) -> dict[str, Any]:
    """What the card draws and says; plain JSON."""
    from dafeng.domains.plan.methods.progress import followed as followed_series

    members = progress.members or {}
    series = () if members else followed_series(progress.target, read.history, now=today).points
    path = progress.trajectory
    return {
        "history": [[p.period, p.at, p.value, int(p.status), p.estimated] for p in series],
        "path": [[m.year, m.value] for m in path.yearly()] if path else [],
        "required": str(progress.requirement or ""),
        "expected_now": progress.required_now,
        "next": [progress.next_milestone.year, progress.next_milestone.value] if progress.next_milestone else None,
        "pace": progress.pace,
        "achieved": progress.achieved,
        "age": progress.data_age,
        "base": [progress.implied.base.year, progress.implied.base.value, progress.implied.base.source] if progress.implied.base else None,
        "provisional": progress.verdict.provisional,
        "missing": [list(each) for each in progress.missing],
        "notes": [list(each) for each in progress.notes],
        "forecasts": _ways(seen.forecasts),
        "no_forecast": list(seen.why) if seen.why else None,
        "members": [[name, one.latest.period if one.latest else "", one.latest.value if one.latest else None, bool(one.reached)] for name, one in members.items()],
        "sources": read.sources,
        "rules": rules_on(today).in_words(),
        "pathway": {"code": pathway_code(read.bound.binding.indicator) if read.bound.binding else "", "present": read.pathway is not None},
    }  # fmt: skip


def _ways(found: Forecasts | None) -> list[dict[str, Any]]:
    return [
        {
            "method": one.method, "title": list(one.title), "year": one.year, "point": one.point, "low": one.low, "high": one.high,
            "level": one.level, "probability": one.probability, "path": [list(each) for each in one.path],
            "refused": list(one.refused) if one.refused else None, "notes": [list(each) for each in one.notes],
        }
        for one in (found.each if found else ())
    ]  # fmt: skip


# ---------------------------------------------------------------- keeping and telling


def _store(standings: Sequence[Standing]) -> None:
    names = [each.name for each in Standing._meta.concrete_fields if each.name not in ("id", "target")]
    Standing.objects.bulk_create(standings, update_conflicts=True, unique_fields=["target"], update_fields=names)
    Standing.objects.filter(target__dropped_in__isnull=False).delete()


def _publish(city: str, standings: Sequence[Standing], *, now: datetime, today: date, by: Any) -> None:
    rows: list[dict[str, Any]] = []
    for each in standings:
        met = {str(Outcome.MET): 1.0, str(Outcome.MISSED): 0.0}.get(each.outcome)
        found = {
            "plan.target.light": LIGHT_VALUES.get(each.light), "plan.target.lag": each.lag, "plan.target.share": each.share,
            "plan.target.probability": each.probability, "plan.target.met": met,
        }  # fmt: skip
        for code, value in found.items():
            if value is None and code != "plan.target.light":
                continue
            rows.append(
                {
                    "indicator": code, "subject": each.target.subject or each.target.place, "period": f"{today:%Y-%m}", "key": targets.key_of(each.target),
                    "value": value, "notation": "" if value is not None else "NE", "unit": PUBLISHED[code][1],
                    "status": each.status if value is not None else int(Status.INCOMPLETE),
                    "lineage": {"target": each.target_id, "rule": each.rule, "title": each.title, "title_en": each.title_en, "binding": each.target.binding},
                }
            )  # fmt: skip
    computed.publish("targets", city, rows, names=PUBLISHED, now=now, by=by)


def _warn(standing: Standing, *, now: datetime, today: date) -> None:
    if standing.light not in warnings.RAISES:
        return
    target = standing.target
    due = standing.outcome in (str(Outcome.MISSED), str(Outcome.CANNOT)) and target.year is not None
    period = str(target.year) if due else standing.value_period or str(today.year)
    warnings.raise_for(
        target, indicator=target.binding.partition("|")[0], light=standing.light, title=standing.title, period=period,
        why=_why(standing), now=now, today=today,
    )  # fmt: skip


def _why(standing: Standing) -> str:
    """The numbers, then the rule: what an officer reads on a phone."""
    said = [standing.why]
    if standing.value is not None and standing.target.kind != "milestone":
        said.append(_("%(period)s 为 %(value).4g %(unit)s") % {"period": standing.value_period, "value": standing.value, "unit": standing.unit})  # fmt: skip
        if standing.expected is not None:
            said.append(_("按轨迹应到 %(value).4g") % {"value": standing.expected})
        if standing.goal is not None:
            said.append(_("目标 %(value).4g") % {"value": standing.goal})
    numbers = "，".join(each for each in said if each)
    return f"{numbers}。{standing.rule}" if standing.rule else numbers


def light_history(target: Target) -> list[dict[str, Any]]:
    """The lights that a target had, newest first: one entry a judging that changed something on the blackboard."""
    from dafeng.kernel.indicators.models import Value

    rows = Value.objects.filter(
        indicator__code="plan.target.light", subject=target.subject or target.place, key=targets.key_of(target),
        run__domain="plan", run__kind="targets", run__state__in=("done", "superseded"),
    ).order_by("-run__finished_at").values_list("run__finished_at", "value", "lineage")[:200]  # fmt: skip
    words = {value: light for light, value in LIGHT_VALUES.items()}
    found: list[dict[str, Any]] = []
    for at, value, lineage in rows:
        entry = {
            "at": at,
            "light": UNKNOWN if value is None else words[value],
            "title": said(lineage.get("title", ""), lineage.get("title_en", "")),
        }
        if found and (found[-1]["light"], found[-1]["title"]) == (entry["light"], entry["title"]):
            found[-1]["at"] = at  # the same light: since when
        else:
            found.append(entry)
    return found
