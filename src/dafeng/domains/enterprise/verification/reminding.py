"""Clocks that run out: whoever has the step is told some working days ahead, once, and again on the day after it was due."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.models import Objection, Verification
from dafeng.domains.enterprise.verification import findings, known, telling
from dafeng.domains.enterprise.verification.methods import days
from dafeng.domains.enterprise.verification.words import CLOCKS

TELLERS = {"body": telling.body, "unit": telling.unit, "bureau": telling.bureau}


def remind(*, now: datetime) -> int:
    """Returns the number of clocks that somebody was reminded of. Begun again on one day it tells nobody twice."""
    today, told = timezone.localdate(now), 0
    cases = Verification.objects.filter(record__state__in=known.RUNNING).select_related(
        "record", "body", "report__enterprise"
    )
    for case in cases:
        house = known.rules_of(case.report)["house"]
        for clock in findings.clocks_of(case, now=now):
            if not clock.runs:
                continue
            left = days.between(today, clock.due.day)
            if left not in (int(house["remind_days"]), -1):
                continue
            key = f"{clock.code} {clock.due.day.isoformat()} {left}"
            if key in case.content.get("reminded", ()):
                continue
            words = {"what": str(CLOCKS[clock.code]), "title": case.record.title, "day": clock.due.day.isoformat()}
            title = (
                _("%(what)s的期限是 %(day)s：%(title)s") if left > 0 else _("%(what)s已逾期（期限 %(day)s）：%(title)s")
            )
            TELLERS[clock.whose](case, title % words, now=now)
            case.content["reminded"] = [*case.content.get("reminded", ()), key]
            Verification.objects.filter(pk=case.pk).update(content=case.content)
            told += 1
    return told + _objections(now=now)


def _objections(*, now: datetime) -> int:
    """Decisions that the bureau owes by tomorrow or the day after, or that are late by one day."""
    today, told = timezone.localdate(now), 0
    for each in Objection.objects.filter(record__state="filed", kind="objection").select_related(
        "verification__report__enterprise"
    ):
        left = days.between(today, each.due)
        key = f"{each.due.isoformat()} {left}"
        kept = each.verification.content.get("reminded", []) if each.verification else []
        if each.verification is None or left not in (2, -1) or f"decide {key}" in kept:
            continue
        telling.bureau(each.verification, _("复核申请应于 %(day)s 前决定") % {"day": each.due.isoformat()}, now=now)
        each.verification.content["reminded"] = [*kept, f"decide {key}"]
        Verification.objects.filter(pk=each.verification_id).update(content=each.verification.content)
        told += 1
    return told
