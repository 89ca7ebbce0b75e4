"""Complaints and disputes: received with a term, assigned, answered, closed; raised again once.

The text and the person stand in the row and can be forgotten; the record keeps only that there was a complaint.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.inclusion.models import Complaint, Event, Order, Programme, Scene
from dafeng.domains.inclusion.operations.words import refused, rule, tell
from dafeng.kernel.records import services as records
from dafeng.kernel.records.services import is_person

KIND = "inclusion.complaint"
OPEN = ("received", "assigned", "reopened")


def of(user: Any) -> QuerySet[Complaint]:
    """A person's own complaints."""
    return Complaint.objects.filter(user=user) if is_person(user) else Complaint.objects.none()


def receive(
    programme: Programme,
    *,
    about: str,
    text: str,
    key: str,
    by: Any,
    now: datetime,
    scene: Scene | None = None,
    order: Order | None = None,
    event: Event | None = None,
    demo: bool = False,
) -> Complaint:
    """The same `key` again is the same complaint. `order` and `event` must be the person's own: the caller has looked them up so.

    Raises `Refused` (text_missing, complaints_many).
    """
    if len(text.strip()) < 5:
        raise refused("text_missing")
    with transaction.atomic(), records.serial():
        earlier = of(by).filter(key=key).first()
        if earlier is not None:
            return earlier
        if of(by).filter(received_at__gt=now - timedelta(days=1)).count() >= rule("texts", "complaints_a_day"):
            raise refused("complaints_many")
        today = timezone.localdate(now)
        number = Complaint.objects.filter(received_at__year=today.year).count() + 1
        what = Complaint.About(about).label
        record = records.open_record(
            KIND, title=_("投诉 %(number)s（%(what)s）") % {"number": f"{today.year}-{number:04d}", "what": what}, payload={},
            by=None, now=now, place=programme.code,
        )  # fmt: skip
        return Complaint.objects.create(
            programme=programme, record=record, user=by, key=key, about=about, scene=scene, order=order, event=event,
            text=text.strip()[:2000], received_at=now, due=today + timedelta(days=rule("days", "complaint")), demo=demo,
        )  # fmt: skip


@transaction.atomic
def assign(complaint: Complaint, *, desk: str, by: Any, now: datetime) -> None:
    records.move(complaint.record, "assign", by=by, now=now, reason=str(Complaint.Desk(desk).label))
    Complaint.objects.filter(pk=complaint.pk).update(desk=desk)
    complaint.refresh_from_db()


@transaction.atomic
def answer(complaint: Complaint, *, text: str, by: Any, now: datetime) -> None:
    """By somebody of the desk that it was assigned to. Raises `Refused` (not_your_desk, text_missing)."""
    if complaint.desk not in records.roles_of(by) and not by.is_superuser:
        raise refused("not_your_desk")
    if len(text.strip()) < 5:
        raise refused("text_missing")
    records.move(complaint.record, "answer", by=by, now=now)
    Complaint.objects.filter(pk=complaint.pk).update(answer=text.strip()[:2000], answered_at=now)
    complaint.refresh_from_db()
    if complaint.user:
        href = reverse("inclusion:complaint", kwargs={"id": complaint.pk})
        tell([complaint.user], _("您的投诉已有答复"), href=href, now=now)


@transaction.atomic
def close(complaint: Complaint, *, reason: str, by: Any, now: datetime) -> None:
    records.move(complaint.record, "close", by=by, now=now, reason=reason)
    complaint.refresh_from_db()


@transaction.atomic
def reopen(complaint: Complaint, *, why: str, by: Any, now: datetime) -> None:
    """The person is not content: once, with a new term. Raises `Refused` (reopened_once, text_missing)."""
    complaint.refresh_from_db()
    if complaint.user_id != by.pk or complaint.reopened_at:
        raise refused("reopened_once")
    if len(why.strip()) < 5:
        raise refused("text_missing")
    records.move(complaint.record, "reopen", by=None, now=now, system=True)
    due = timezone.localdate(now) + timedelta(days=rule("days", "complaint"))
    Complaint.objects.filter(pk=complaint.pk).update(again=why.strip()[:500], reopened_at=now, due=due)
    complaint.refresh_from_db()


@transaction.atomic
def accept(complaint: Complaint, *, by: Any, now: datetime) -> None:
    """The person is content."""
    if complaint.user_id != by.pk:
        raise refused("reopened_once")
    records.move(complaint.record, "accept", by=None, now=now, system=True)
    complaint.refresh_from_db()


def is_late(complaint: Complaint, today: date) -> bool:
    return complaint.record.state in OPEN and complaint.due < today
