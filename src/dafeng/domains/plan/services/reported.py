"""Numbers that no domain computes and a department hands in: proposed by one person, taken by another, then on the blackboard.

A value is a record `plan.value` about one cell (indicator, subject, member, period). A correction is a new record for the same
cell; when it is taken, the former one is replaced. All taken values of a subject are one run of kind `reported`, so that the
blackboard never holds two answers; each value's lineage names its record and its evidence.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.plan import bindings
from dafeng.domains.plan.methods.observations import scale
from dafeng.domains.plan.models import Target
from dafeng.domains.plan.permissions import REPORT_VALUE, own_subject
from dafeng.domains.plan.services.computed import publish
from dafeng.kernel.accounting.status import Notation, Status
from dafeng.kernel.actions import demand, may
from dafeng.kernel.errors import NotFound, PermissionDenied, PlanError, StaleError, UnitError
from dafeng.kernel.indicators.models import Run
from dafeng.kernel.quantities import units
from dafeng.kernel.quantities.periods import Period
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence, Record

KIND = "plan.value"
BASES = {"statistic": gettext_lazy("统计"), "metered": gettext_lazy("计量"), "estimated": gettext_lazy("估算")}
FALL, REQUIRED = "plan.dual_control.fall", "plan.dual_control.required"


@dataclass(frozen=True)
class Item:
    """An indicator that is handed in. `owner` is the department that owes it; `why` helps the clerk."""

    code: str
    name: str
    unit: str
    owner: str
    period: str
    bounds: tuple[float | None, float | None] = (None, None)
    why: str = ""

    @property
    def stored_unit(self) -> str:
        """The blackboard knows no 延米 and no 款: such counts lie there as plain numbers."""
        return self.unit if _known(self.unit) else "1"


@cache
def _known(unit: str) -> bool:
    try:
        units.parse(unit)
    except UnitError:
        return False
    return True


@cache
def items() -> dict[str, Item]:
    """Code → what can be handed in: reported bindings, inputs of computed ones, and the months of dual control."""
    found = bindings.register()
    made = [
        Item(each.indicator, each.name, each.unit, each.owner, each.period, each.bounds, each.formula)
        for each in found.bindings
        if each.state == bindings.REPORTED and not each.key
    ]
    made += [
        Item(each.code, each.name, each.unit, each.owner, each.period, (None, None), each.note)
        for each in found.inputs
        if each.code.startswith("plan.reported.")
    ]
    made += [
        Item(FALL, "能耗强度累计降低率（县区月度）", "%", "statistics", "month", (-100, 100), "本年累计，与上年同期比；上升为负"),
        Item(REQUIRED, "能耗强度序时进度要求（县区月度）", "%", "ndrc", "month", (-100, 100), "到该月应累计降低多少"),
    ]  # fmt: skip
    return {each.code: each for each in made}


def item_of(code: str) -> Item:
    """Raises `NotFound`."""
    try:
        return items()[code]
    except KeyError:
        raise NotFound(_("没有“%(code)s”这个填报指标") % {"code": code}, mend=_("请从填报清单里选")) from None


def may_report(user: Any, item: Item, subject: str) -> bool:
    """The department that owes the indicator; a county for its own place and the enterprises there; the carbon office for all."""
    if not may(user, REPORT_VALUE):
        return False
    if own_subject(user, item.owner) or own_subject(user, subject):
        return True
    return "county" in records.roles_of(user) and subject in measured_at(records.places_of(user))


def measured_at(places: Iterable[str]) -> set[str]:
    """Those who have a target of their own there: enterprises that a target was broken down to."""
    held = Target.objects.filter(place__in=list(places), dropped_in=None).exclude(subject="")
    return set(held.values_list("subject", flat=True))


def owed_by(user: Any) -> list[Item]:
    """What a person could hand in for the departments they act for; all for the carbon office; all for a county (its own place)."""
    if not may(user, REPORT_VALUE):
        return []
    own = [each for each in items().values() if own_subject(user, each.owner)]
    if own or "county" not in records.roles_of(user):
        return own
    return list(items().values())


@dataclass(frozen=True)
class Reported:
    """One value as handed in, checked. `value` None goes with a `notation`."""

    item: Item
    subject: str
    period: str
    value: float | None
    notation: str
    unit: str
    basis: str
    source: str
    member: str = ""

    @property
    def cell(self) -> str:
        return "|".join((self.item.code, self.subject, self.member, self.period))

    def payload(self) -> dict[str, Any]:
        return {
            "indicator": self.item.code, "name": self.item.name, "subject": self.subject, "member": self.member,
            "period": self.period, "value": self.value, "notation": self.notation, "unit": self.unit, "basis": self.basis,
            "source": self.source,
        }  # fmt: skip


def checked(
    code: str, *, subject: str, period: str, today: date, value: float | None = None, notation: str = "", unit: str = "",
    basis: str = "statistic", source: str = "", member: str = "", subjects: Mapping[str, str] | None = None,
) -> Reported:  # fmt: skip
    """A value that could be handed in. `subjects`: codes that may be named, where that is limited. Raises `PlanError`."""
    item = item_of(code)
    when = Period.parse(period)
    if when.end >= today:
        raise PlanError(_("%(period)s 还没有结束") % {"period": when}, expected=_("已结束的时期"), mend=_("预计数不是完成数，请到期后再报"))  # fmt: skip
    if item.period == "month" and when.month is None:
        raise PlanError(_("“%(name)s”按月填报") % {"name": item.name}, expected="2026-03")
    if subjects is not None and subject not in subjects:
        raise PlanError(_("对象“%(subject)s”不是本市或所辖县区") % {"subject": subject}, expected="、".join(subjects.values()))  # fmt: skip
    if (value is None) == (not notation):
        raise PlanError(_("要么填数值，要么填符号"), expected=_("数值，或 NO、NE、NA、IE、C"), mend=_("缺数不能填 0"))
    if notation and notation not in {str(each) for each in Notation}:
        raise PlanError(_("符号“%(sign)s”不认识") % {"sign": notation}, expected="NO、NE、NA、IE、C")
    if basis not in BASES:
        raise PlanError(_("数据性质“%(basis)s”不认识") % {"basis": basis}, expected="、".join(str(b) for b in BASES.values()))  # fmt: skip
    if not source.strip():
        raise PlanError(_("没有写数据来源"), expected=_("如统计年报、台账名称和文号"))
    factor = scale(unit or item.unit, item.unit)
    if value is not None:
        if not math.isfinite(value):
            raise PlanError(_("数值不是有限的数"))
        low, high = item.bounds
        own = value * factor
        if (low is not None and own < low - 1e-9) or (high is not None and own > high + 1e-9):
            ends = f"{'' if low is None else f'{low:g}'}–{'' if high is None else f'{high:g}'} {item.unit}"
            raise PlanError(_("数值 %(value)g %(unit)s 超出可能的范围") % {"value": value, "unit": unit or item.unit}, expected=ends, mend=_("请检查单位和小数点"))  # fmt: skip
    return Reported(item, subject, str(when), value, notation, unit or item.unit, basis, source.strip(), member.strip())


@transaction.atomic
def submit(given: Reported, *, by: Any, now: datetime, evidence: Iterable[Evidence] = ()) -> Record:
    """Hand a value in. Raises `PermissionDenied`, and `StaleError` where another value of the cell already waits."""
    demand(by, REPORT_VALUE)
    if not may_report(by, given.item, given.subject):
        raise PermissionDenied(_("“%(name)s”不由您的单位填报") % {"name": given.item.name}, mend=_("请由责任单位填报"))
    with records.serial():
        waiting = records.latest(KIND, given.cell, "submitted")
        if waiting is not None:
            raise StaleError(
                _("%(name)s %(period)s 已有一个数等待采用：%(value)s（%(who)s 填报），您填的是 %(mine)s")
                % {"name": given.item.name, "period": given.period, "value": shown(waiting.payload), "who": waiting.created_by, "mine": shown(given.payload())},
                mend=_("请先由双碳办采用或退回前一个数"),
            )  # fmt: skip
        return records.open_record(
            KIND, title=f"{given.item.name} {given.member or ''} {given.period}".replace("  ", " ")[:200], payload=given.payload(),
            by=by, now=now, place=given.subject if given.subject.isdigit() and len(given.subject) == 6 else "", key=given.cell, evidence=evidence,
        )  # fmt: skip


def shown(payload: Mapping[str, Any]) -> str:
    """A value with its unit, or the sign in its place."""
    return str(payload["notation"]) if payload["value"] is None else f"{payload['value']:g} {payload['unit']}"


@transaction.atomic
def accept(record: Record, *, by: Any, now: datetime) -> Record:
    """Take a value: it goes onto the blackboard, a former one of its cell is replaced. Another person than the one who handed it in."""
    former = Record.objects.of_kind(KIND).in_state("accepted").filter(key=record.key).exclude(pk=record.pk)
    taken = records.move(record, "accept", by=by, now=now)
    for each in former:
        records.move(each, "replace", by=by, now=now, reason=_("由新的填报更正"))
    bring_up(record.payload["subject"], by=by, now=now)
    return taken


def send_back(record: Record, *, by: Any, now: datetime, reason: str) -> Record:
    return records.move(record, "return", by=by, now=now, reason=reason)


def bring_up(subject: str, *, now: datetime, by: Any = None) -> Run | None:
    """All taken values of a subject as its current run; no new run where nothing changed."""
    taken = Record.objects.of_kind(KIND).in_state("accepted").filter(key__contains=f"|{subject}|")
    newest: dict[str, Record] = {}
    for record in taken.order_by("seq").prefetch_related("evidence").select_related("created_by"):
        if record.payload["indicator"] in items() and record.payload["subject"] == subject:
            newest[record.key] = record
    rows = [_row(record) for _key, record in sorted(newest.items())]
    used = {items()[record.payload["indicator"]] for record in newest.values()}
    names = {item.code: (item.name, item.stored_unit) for item in used}
    return publish("reported", subject, rows, names=names, now=now, by=by)


def bring_up_all(*, now: datetime, by: Any = None) -> None:
    """Every subject for which anything was ever taken: a value taken on the general page of records gets there as well."""
    keys = Record.objects.of_kind(KIND).exclude(state="submitted").values_list("key", flat=True)
    for subject in sorted({key.split("|")[1] for key in keys}):
        bring_up(subject, now=now, by=by)


def _row(record: Record) -> dict[str, Any]:
    said, item = record.payload, items()[record.payload["indicator"]]
    factor = scale(said["unit"], item.unit)
    return {
        "indicator": item.code,
        "subject": said["subject"],
        "period": said["period"],
        "key": f"member={said['member']}" if said["member"] else "",
        "value": None if said["value"] is None else said["value"] * factor,
        "notation": said["notation"],
        "unit": item.stored_unit,
        "status": int(Status.OK if said["value"] is not None else Status.INCOMPLETE),
        "estimated": 1.0 if said["basis"] == "estimated" else 0.0,
        "lineage": {
            "record": str(record.pk), "reported_by": str(record.created_by), "at": record.created_at.isoformat(),
            "source": said["source"], "evidence": sorted(each.sha256 for each in record.evidence.all()),
        },
    }  # fmt: skip
