"""Early warnings: raised when a light turns, with owner and due date; acknowledged, acted on, closed; overdue ones go to the leaders.

A target's light raises one warning for each rule and period of the number it rests on, however often it is judged. A county
whose energy intensity was red two months in a row is reminded, from the third month on it is limited (`methods/dual_control`).
Days are dated rules in `warning_rules.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.plan.methods.dual_control import consequences, monthly_lights
from dafeng.domains.plan.methods.lights import title_in
from dafeng.domains.plan.models import PlanCity, Target, Warning, said
from dafeng.domains.plan.permissions import DEPARTMENTS, WARN, subjects_of
from dafeng.domains.plan.services.reported import FALL, REQUIRED
from dafeng.kernel.actions import demand
from dafeng.kernel.desk import services as desk
from dafeng.kernel.errors import NotFound, PlanError, StaleError
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.indicators.models import Indicator
from dafeng.kernel.records import services as records

KIND = "plan.warning"
DUAL = "plan.dual_control"
MEASURES = {"提醒": "reminder", "节能审查区域限批": "regional limit on energy reviews"}
OPEN = ("raised", "acknowledged", "measured")
RAISES = ("red", "yellow")


@dataclass(frozen=True)
class Rule:
    valid_from: date
    red_days: int
    yellow_days: int
    remind_days_before: int
    escalate_after_days: int
    standing: str

    def due(self, light: str, day: date) -> date:
        return day + timedelta(days=self.red_days if light == "red" else self.yellow_days)

    def words(self) -> list[str]:
        return [
            _("红灯 %(red)s 天内、黄灯 %(yellow)s 天内签收、报送措施并办结。") % {"red": self.red_days, "yellow": self.yellow_days},
            _("到期前 %(days)s 天提醒责任单位；到期后 %(after)s 天仍未办结，报告市领导。") % {"days": self.remind_days_before, "after": self.escalate_after_days},
            _("同一目标、同一条灯的规则、同一期数值只发一次；责任单位先签收，再报送措施，由双碳办核实后解除。"),
            _("县区能耗强度连续两个月红灯提醒，连续三个月起区域限批（河南省文件）。"),
            _("自 %(date)s 起执行；%(standing)s。") % {"date": self.valid_from, "standing": self.standing},
        ]  # fmt: skip


@cache
def rules() -> tuple[Rule, ...]:
    text = files("dafeng.domains.plan").joinpath("warning_rules.toml").read_text("utf-8")
    return tuple(sorted((Rule(**row) for row in tomllib.loads(text)["rule"]), key=lambda rule: rule.valid_from))


def rule_on(day: date) -> Rule:
    """The rule in force on a day. Raises `PlanError` before the first one."""
    for each in reversed(rules()):
        if each.valid_from <= day:
            return each
    raise PlanError(_("%(day)s 还没有预警办理的规则") % {"day": day})


# ---------------------------------------------------------------- raising


def raise_for(target: Target, *, indicator: str, light: str, title: str, period: str, why: str, now: datetime, today: date) -> Warning | None:  # fmt: skip
    """The warning of a target's light; None where it was raised before."""
    if Warning.objects.filter(target=target, period=period, rule=title[:120]).exists():
        return None
    subject = target.subject or target.place
    return _open(
        target=target, subject=subject, indicator=indicator, period=period, light=light, rule=title[:120], why=why,
        owner=owner_of(target), place=target.place, name=target.indicator, now=now, today=today,
    )  # fmt: skip


def owner_of(target: Target) -> str:
    """A county answers for its own targets; else the department named for it."""
    return target.place if target.place != target.plan.city else target.owner


@transaction.atomic
def _open(*, target: Target | None, subject: str, indicator: str, period: str, light: str, rule: str, why: str, owner: str, place: str, name: str, now: datetime, today: date, words: str = "") -> Warning:  # fmt: skip
    due = rule_on(today).due(light, today)
    payload = {"target": target.pk if target else None, "subject": subject, "indicator": indicator, "period": period, "light": light, "rule": rule, "owner": owner, "due_on": due.isoformat()}  # fmt: skip
    title = f"{name}：{words or rule}"[:200]
    record = records.open_record(KIND, title=title, payload=payload, by=None, now=now, place=place, key=f"{indicator}|{subject}|{period}")  # fmt: skip
    made = Warning.objects.create(
        target=target, record=record, subject=subject, indicator=indicator, period=period, light=light, rule=rule, why=why, owner=owner, due_on=due
    )  # fmt: skip
    _tell(made, _("预警：%(title)s") % {"title": title}, now=now)
    return made


def in_words(title: str) -> str:
    """A warning's title (whose light, which rule) in the reader's language; it is stored in Chinese."""
    if said("zh", "en") == "zh" or "：" not in title:
        return title
    name, _mark, rule = title.rpartition("：")
    return f"{name}: {MEASURES.get(rule) or title_in('en', rule)}"


def county_warnings(city: str, *, now: datetime, today: date) -> list[Warning]:
    """Two red months in a row: a reminder; from the third on, a regional limit. From the blackboard's monthly falls."""
    counties = county_names(city)
    known = set(Indicator.objects.filter(code__in=(FALL, REQUIRED)).values_list("code", flat=True))
    if len(known) < 2 or not counties:
        return []
    made = []
    for each in consequences(county_lights(city)):
        rule = f"{DUAL}:{each.measure}"
        if Warning.objects.filter(target=None, indicator=FALL, subject=each.county, period=each.period, rule=rule).exists():  # fmt: skip
            continue
        why = _("%(county)s能耗强度到 %(period)s 连续 %(count)s 个月红灯：%(measure)s。依据：%(rule)s（%(source)s）") % {
            "county": counties[each.county], "period": each.period, "count": each.streak, "measure": each.title.zh, "rule": each.rule.text.zh, "source": each.rule.source,
        }  # fmt: skip
        made.append(
            _open(
                target=None, subject=each.county, indicator=FALL, period=each.period, light="red", rule=rule, why=why, owner=each.county,
                place=each.county, name=_("%(county)s能耗强度") % {"county": counties[each.county]}, words=each.title.zh, now=now, today=today,
            )
        )  # fmt: skip
    return made


def county_names(city: str) -> dict[str, str]:
    counties = PlanCity.objects.filter(pk=city).values_list("counties", flat=True).first() or {}
    return {code: names[0] for code, names in counties.items()}


def county_values(city: str) -> dict[tuple[str, str], dict[str, float | None]]:
    """(county, month) → the fall and what is required, by indicator, in order."""
    counties = county_names(city)
    codes = list(Indicator.objects.filter(code__in=(FALL, REQUIRED)).values_list("code", flat=True))
    if not counties or not codes:
        return {}
    found: dict[tuple[str, str], dict[str, float | None]] = {}
    for row in indicators.values(codes, subject=list(counties), key="").iter_rows(named=True):
        found.setdefault((row["subject"], row["period"]), {})[row["indicator"]] = row["value"]
    return dict(sorted(found.items()))


def lights_of(values: Mapping[tuple[str, str], Mapping[str, float | None]]) -> pl.DataFrame:
    """Monthly lights of counties; columns as `monthly_lights`."""
    months = [(county, period, each.get(FALL), each.get(REQUIRED)) for (county, period), each in values.items()]
    if not months:
        return pl.DataFrame(schema={"subject": pl.String, "period": pl.String, "light": pl.String, "streak": pl.Int64})
    return monthly_lights(months)


def county_lights(city: str) -> pl.DataFrame:
    """The lights of all months that were handed in for the city's counties."""
    return lights_of(county_values(city))


# ---------------------------------------------------------------- reading


def of_city(city: str, counties: Iterable[str] | None = None) -> QuerySet[Warning]:
    """The city's warnings: of its plans' targets, and of its counties (asked for where they are not given)."""
    return Warning.objects.filter(
        Q(target__plan__city=city)
        | Q(target=None, subject__in=[city, *(county_names(city) if counties is None else counties)])
    ).select_related("record", "target", "target__plan")


def mine(warnings: QuerySet[Warning], user: Any) -> QuerySet[Warning]:
    return warnings.filter(owner__in=subjects_of(user))


def warning_of(id: int) -> Warning:
    found = Warning.objects.select_related("record", "target", "target__plan", "target__standing").filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这条预警"), mend=_("请从预警清单重新进入"))
    return found


def is_overdue(warning: Warning, today: date) -> bool:
    return warning.record.state in OPEN and warning.due_on < today


# ---------------------------------------------------------------- handling


def _seen(warning: Warning, seen: str) -> None:
    """The person must have seen the state that holds: two tabs, two persons. Raises `StaleError`."""
    state = type(warning.record).objects.values_list("state", flat=True).get(pk=warning.record_id)
    if state != seen:
        title = warning.record.workflow.states[state].title
        raise StaleError(_("这条预警已被办理，现为“%(state)s”") % {"state": title}, mend=_("请刷新页面，看过经过再办"))


@transaction.atomic
def acknowledge(warning: Warning, *, seen: str, by: Any, now: datetime) -> Warning:
    demand(by, WARN, warning.owner)
    _seen(warning, seen)
    records.move(warning.record, "acknowledge", by=by, now=now)
    return warning


@transaction.atomic
def measure(warning: Warning, text: str, *, seen: str, by: Any, now: datetime) -> Warning:
    """What the owner does about it. It may be said again; the newest stands, all are in the trail."""
    demand(by, WARN, warning.owner)
    _seen(warning, seen)
    if not text.strip():
        raise PlanError(_("没有写措施"), expected=_("做什么、谁做、何时做完"))
    records.move(warning.record, "measure", by=by, now=now, reason=text)
    warning.measures = text.strip()
    warning.save(update_fields=["measures"])
    return warning


@transaction.atomic
def close(warning: Warning, reason: str, *, seen: str, by: Any, now: datetime) -> Warning:
    """The carbon office ends it, and says why. What was never answered cannot be said to be solved: the reason tells."""
    demand(by, WARN)
    _seen(warning, seen)
    records.move(warning.record, "close", by=by, now=now, reason=reason)
    _tell(warning, _("预警已解除：%(title)s") % {"title": warning.record.title}, now=now)
    return warning


# ---------------------------------------------------------------- by the clock


def organisations(owner: str) -> list[str]:
    """Codes of the organisations behind an owner: a department's code in the register, or its own."""
    return [owner, *(code for code, department in DEPARTMENTS.items() if department == owner)]


def people(owner: str) -> list[Any]:
    """Who answers for an owner: the department's people, or the officers of a county."""
    if not owner:
        return []
    if owner.isdigit():
        return records.people_of(roles=["county"], places=[owner])
    return records.people_of(organisations(owner))


def _tell(warning: Warning, title: str, *, now: datetime, to: Iterable[Any] | None = None) -> None:
    people_told = list(people(warning.owner) if to is None else to)
    desk.notify(people_told, kind="warning", title=title, text=warning.why, href=reverse("plan:warning", args=[warning.pk]), now=now)  # fmt: skip


def remind_and_escalate(city: str, *, now: datetime, today: date) -> tuple[int, int]:
    """Remind owners shortly before the date, tell the leaders once after it. Returns (reminded, escalated)."""
    rule, reminded, escalated = rule_on(today), 0, 0
    for each in of_city(city).filter(record__state__in=OPEN):
        if each.due_on - timedelta(days=rule.remind_days_before) == today:
            _tell(each, _("预警即将到期（%(date)s）：%(title)s") % {"date": each.due_on, "title": each.record.title}, now=now)  # fmt: skip
            reminded += 1
        late = today > each.due_on + timedelta(days=rule.escalate_after_days)
        if late and each.escalated_on is None:
            leaders = records.people_of(roles=["leader"], places=[city])
            title = _("预警逾期未办结：%(title)s") % {"title": each.record.title}
            with transaction.atomic():
                _tell(each, title, now=now, to=leaders)
                _tell(each, title, now=now)
                each.escalated_on = today
                each.save(update_fields=["escalated_on"])
                records.audit(None, "plan.warning.escalate", "record", str(each.record_id), {"due_on": each.due_on.isoformat()}, now=now)  # fmt: skip
            escalated += 1
    return reminded, escalated
