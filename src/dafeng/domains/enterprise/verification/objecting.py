"""Objections to a conclusion (seven working days to apply, ten to decide), and complaints about a body.

An objection that is upheld takes the verification back: another body verifies the report anew, the locked version stays as it is.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.models import Body, Objection, Verification
from dafeng.domains.enterprise.verification import findings, known, telling
from dafeng.domains.enterprise.verification.methods import days, rules
from dafeng.domains.enterprise.verification.refusing import refused, refusing
from dafeng.domains.enterprise.verification.working import happened, keep
from dafeng.kernel.records import services as records
from dafeng.kernel.records.access import is_superuser, organisations_of, roles_of

KIND, COMPLAINT = "enterprise.objection", "enterprise.body-complaint"


def seen(user: Any) -> QuerySet[Objection]:
    from dafeng.domains.enterprise.verification.permissions import objection_records

    rows = Objection.objects.select_related(
        "record", "body", "verification__record", "verification__report__enterprise"
    )
    if is_superuser(user):
        return rows
    return rows.filter(Q(record__in=records.Record.objects.filter(objection_records(user, roles_of(user)))))


def object_to(verification: Verification, *, text: str, by: Any, now: datetime) -> Objection:
    """The unit applies for a review. Raises `Refused` (objection_early, objection_late, objection_open, text_missing)."""
    with refusing("object", verification.pk, by=by, now=now), records.serial():
        fresh = (
            Verification.objects.select_for_update()
            .select_related("record", "report__enterprise", "body")
            .get(pk=verification.pk)
        )
        if len(text.strip()) < 2:
            raise refused("text_missing")
        if fresh.record.state != "confirmed":
            raise refused("objection_early")
        if fresh.objections.filter(record__state="filed").exists():
            raise refused("objection_open")
        running = findings.clock_of(fresh, "objection", now=now)
        if running is None or (running.runs and running.late):
            raise refused("objection_late")
        today = timezone.localdate(now)
        due = days.after(today, int(known.rules_of(fresh.report)["days"]["decide"]))
        title = _("%(title)s：复核申请") % {"title": fresh.record.title}
        record = records.open_record(
            KIND, title=title, payload={}, by=by, now=now, place=fresh.report.enterprise.place, key=str(fresh.pk)
        )
        made = Objection.objects.create(
            kind="objection", body=fresh.body, verification=fresh, record=record, text=text.strip()[:3000], by=by, at=now,
            organisation=fresh.report.enterprise.organisation, due=due.day, provisional=due.provisional, demo=fresh.demo,
        )  # fmt: skip
        keep(
            fresh,
            "objected",
            {"objection": str(made.pk)},
            by=by,
            now=now,
            happened=happened(fresh, "objected", day=today),
        )
    verification.refresh_from_db()
    telling.bureau(verification, _("企业申请复核：%(title)s") % {"title": verification.record.title}, now=now)
    return made


def complain(body: Body, *, text: str, by: Any, now: datetime, place: str = "", demo: bool = False) -> Objection:
    """By anybody who is signed in and does not belong to the body. Raises `Refused` (complaint_own, text_missing)."""
    with refusing("complain", body.code, by=by, now=now, kind="enterprise.body"), records.serial():
        if body.organisation and body.organisation in organisations_of(by):
            raise refused("complaint_own")
        if len(text.strip()) < 2:
            raise refused("text_missing")
        today = timezone.localdate(now)
        due = days.after(today, int(rules.of_year(today.year)["days"]["decide"]))
        title = _("对%(body)s的投诉") % {"body": body.name}
        record = records.open_record(COMPLAINT, title=title, payload={}, by=by, now=now, place=place, key=body.code)
        return Objection.objects.create(
            kind="complaint", body=body, record=record, text=text.strip()[:3000], by=by, at=now, demo=demo,
            organisation=min(organisations_of(by) - {""}, default=""), due=due.day, provisional=due.provisional,
        )  # fmt: skip


def decide(objection: Objection, *, uphold: bool, text: str, by: Any, now: datetime) -> None:
    """The bureau's decision with its reasons. An objection upheld takes the verification back."""
    with refusing("decide", objection.pk, by=by, now=now, kind=KIND), records.serial():
        fresh = Objection.objects.select_for_update().get(pk=objection.pk)
        records.move(fresh.record, "uphold" if uphold else "reject", by=by, now=now, reason=text)
        Objection.objects.filter(pk=fresh.pk).update(answer=text.strip()[:3000], decided_at=now)
        if fresh.verification is not None:
            case = Verification.objects.select_for_update().select_related("record").get(pk=fresh.verification_id)
            told = happened(case, "decided", day=timezone.localdate(now))
            keep(case, "decided", {"upheld": uphold}, by=by, now=now, happened=told)
            if uphold:
                records.move(case.record, "overturn", by=by, now=now, reason=text)
    objection.refresh_from_db()
    if objection.verification is not None:
        telling.unit(
            objection.verification, _("复核申请已有决定：%(state)s") % {"state": objection.record.state_title}, now=now
        )


def withdraw(objection: Objection, *, by: Any, now: datetime) -> None:
    records.move(objection.record, "withdraw", by=by, now=now)
    objection.refresh_from_db()
