"""The desk of ecological flow: spells found in the hours become warnings, people say what they were."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.hydro import compliance, permissions, rules
from dafeng.domains.energy.hydro.methods import ecoflow
from dafeng.domains.energy.models import EcoMove, EcoWarning, HydroStation
from dafeng.kernel.actions import demand
from dafeng.kernel.records import services as records

WINDOW = 35
"""Days gone over again each time: readings that came late change what was found."""
# step → from which states, to which; whether the judging side alone may take it; whether it must say why.
STEPS: dict[str, tuple[tuple[str, ...], str, bool, bool]] = {
    "confirm": (("new", "explained"), "confirmed", True, False),
    "explain": (("new", "confirmed"), "explained", False, True),
    "solve": (("new", "confirmed", "explained"), "solved", True, True),
    "reopen": (("solved",), "new", True, True),
}


def detect(stations: Sequence[HydroStation], *, now: datetime) -> int:
    """Find spells of the last weeks of running stations and bring the desk up to date. Returns how many are new."""
    running = [each for each in stations if each.stage == HydroStation.Stage.RUNNING]
    today = timezone.localdate(now)
    judged = compliance.judge(running, today - timedelta(days=WINDOW - 1), today, now=now)
    return sum(_brought(each, now=now) for each in judged.values())


@transaction.atomic
def _brought(judged: compliance.Judged, *, now: datetime) -> int:
    rule = rules.rule_of(timezone.localdate(now))
    found = ecoflow.spells(judged.codes, judged.flow, judged.threshold, rule.rule)
    hour, end = timedelta(hours=1), judged.start + timedelta(hours=len(judged.codes))
    known = list(EcoWarning.objects.select_for_update().filter(station=judged.station, last__gt=judged.start))
    left, made = {each.pk for each in known}, 0
    for spell in found:
        first, last = judged.start + spell.first * hour, judged.start + (spell.last + 1) * hour
        words = {
            "last": last, "hours": spell.hours, "level": spell.level, "lowest": spell.lowest, "threshold": spell.threshold, "stands": True,
            "going_on": last >= end, "rule": rule.id,
        }  # fmt: skip
        same = [
            each
            for each in known
            if each.kind == spell.kind and each.pk in left and each.first <= last and each.last >= first
        ]
        if not same:
            EcoWarning.objects.create(station=judged.station, kind=spell.kind, first=first, found_at=now, **words)
            made += 1
            continue
        row = min(same, key=lambda each: each.first)
        left.discard(row.pk)
        _updated(row, words, first, judged.start, rule.rule, now=now)
    # What no spell tells any more was taken back by readings that came late.
    EcoWarning.objects.filter(pk__in=left).update(stands=False, going_on=False)
    return made


def _updated(
    row: EcoWarning, words: dict[str, Any], first: datetime, window: datetime, rule: ecoflow.Rule, *, now: datetime
) -> None:
    """A warning that began before the window keeps its beginning and its hours before it; a solved one that went on is new again."""
    if row.first < window:
        words = words | {"hours": max(row.hours, words["hours"]), "level": max(row.level, words["level"])}
    elif row.first != first:
        row.first = first
    longer = words["last"] - row.last >= timedelta(hours=rule.short_hours[0])
    if row.state == EcoWarning.State.SOLVED and longer:
        EcoMove.objects.create(
            warning=row, before=row.state, after="new", note=_("办结后仍在持续，自动重新打开"), by=None, at=now
        )
        row.state = EcoWarning.State.NEW
    for name, value in words.items():
        setattr(row, name, value)
    row.save()


def settle(warning: EcoWarning, step: str, *, by: Any, now: datetime, note: str = "") -> EcoWarning:
    """Take a step with a note. The owner explains; another person, of the supervising side, confirms and solves.

    Raises `Refused` (`no_step`, `no_note`, `wrong_state`, `same_person`), `PermissionDenied`.
    """
    if step not in STEPS:
        raise Refused("no_step", _("没有这一步"), expected="、".join(STEPS))
    before, after, judged, noted = STEPS[step]
    demand(by, permissions.JUDGE if judged else permissions.SETTLE, warning)
    note = " ".join(note.split())[:300]
    if noted and not note:
        raise Refused("no_note", _("请写明原因或做了什么"))
    with records.serial():
        row = EcoWarning.objects.select_for_update().select_related("station").get(pk=warning.pk)
        if row.state not in before:
            raise Refused(
                "wrong_state", _("这条预警现为“%(state)s”，不能这样办") % {"state": row.get_state_display()},
                mend=_("请刷新看最新情况"),
            )  # fmt: skip
        if step == "solve" and row.moves.filter(after="explained", by=by).exists():
            raise Refused("same_person", _("作说明的人不能自己办结"), mend=_("请由另一人核实后办结"))
        EcoMove.objects.create(warning=row, before=row.state, after=after, note=note, by=by, at=now)
        row.state = after
        row.save(update_fields=["state"])
        records.audit(by, f"energy.hydro.{step}", "energy.eco_warning", str(row.pk), {"state": after}, now=now)
    return row


def what_to_do(warning: EcoWarning) -> str:
    """Advice by kind; a sentence for the desk."""
    if warning.kind == EcoWarning.Kind.GAP:
        return _("先查现场电源、通信和流量计；人工观测并补报读数；修复前按缺测计，不算达标。")
    return _("核对泄放设施是否打开、有无堵塞；加大泄放到核定值；来水不足的，附入库流量说明，由主管部门核实。")
