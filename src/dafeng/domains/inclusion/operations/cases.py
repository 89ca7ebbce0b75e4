"""The risk desk: held events of a member as one case, a decision on each event, an appeal to another person, and its answer.

What is cleared or rejected moves in the ledger with the record's step, in one durable transaction. An appeal that is right pays
the points that were taken: they went out of use, so they are issued anew, once, under a key of the event.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.models import Case, CaseEvent, Event, Member, MonthUse, SceneDay
from dafeng.domains.inclusion.operations.words import clerk, people_of_member, refused, rule, tell
from dafeng.kernel.errors import StaleError
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger import verbs
from dafeng.kernel.records import services as records

KIND = "inclusion.case"
LIMIT = 2_000  # held events that one gathering takes
A_CASE = 50  # events of a case: what a person can look at


def gather(*, now: datetime, limit: int = LIMIT) -> int:
    """Put held events that are in no case yet into their member's open case; a new one where there is none. Returns the events."""
    with transaction.atomic(), records.serial():
        waiting = Event.objects.filter(state=Event.State.HELD, case_place=None, member__isnull=False).order_by("pk")
        found = list(waiting.select_related("member")[:limit])
        room: dict[int, tuple[Case, int]] = {}
        for case in Case.objects.filter(record__state="open", member__in={each.member_id for each in found}):
            room[case.member_id] = (case, case.places.count())
        places = []
        for event in found:
            case, used = room.get(event.member_id, (None, 0))
            if case is None or used >= A_CASE:
                case, used = _open(event.member, now=now), 0
            room[event.member_id] = (case, used + 1)
            places.append(CaseEvent(case=case, event=event))
        CaseEvent.objects.bulk_create(places)
    return len(places)


def _open(member: Member, *, now: datetime) -> Case:
    number = Case.objects.count() + 1
    record = records.open_record(
        KIND, title=_("案件 %(number)s") % {"number": f"{now:%Y}-{number:05d}"}, payload={}, by=None, now=now,
        place=member.programme_id,
    )  # fmt: skip
    return Case.objects.create(member=member, record=record)


def decide(
    case: Case, *, seen: Collection[int], rejected: Collection[int], reason: str, by: Any, now: datetime
) -> Case:
    """Clear each event of the case that is not in `rejected`, reject the others; `seen`: the events the desk looked at.

    Raises `StaleError` when events joined the case meanwhile, and `Refused` (own_event, reason_missing).
    """
    from dafeng.domains.inclusion.scenes import processing

    with ledger.durable(), records.serial():
        places = list(case.places.select_related("event__member").order_by("event_id"))
        if {each.event_id for each in places} != set(seen):
            raise StaleError(_("案件里又来了新的行为"), mend=_("请看过新的行为再决定"))
        if case.member.user_id == by.pk:
            raise refused("own_event")
        bad = set(rejected) & set(seen)
        if bad and not reason.strip():
            raise refused("reason_missing")
        records.move(case.record, "reject" if bad else "clear", by=by, now=now, reason=reason)
        for place in places:
            place.rejected = place.event_id in bad
            place.save(update_fields=["rejected"])
            if place.event.state != Event.State.HELD:
                continue  # decided elsewhere, or erased, before anybody looked
            if place.rejected:
                processing.reject(place.event, by=by, now=now, reason="review_rejected")
            else:
                processing.clear(place.event, by=by, now=now)
        Case.objects.filter(pk=case.pk).update(reason=reason[:300], decided_at=now)
        _tell(
            case,
            _("审核结果：%(count)s 次行为未予采信，可以申诉") % {"count": len(bad)}
            if bad
            else _("审核通过，积分已到账"),
            now=now,
        )
    case.refresh_from_db()
    return case


def appeal_until(case: Case) -> datetime | None:
    """The last moment of an appeal."""
    return case.decided_at and case.decided_at + timedelta(days=rule("days", "appeal"))


def appeal(case: Case, member: Member, text: str, *, now: datetime) -> Case:
    """The member objects, once. Raises `Refused` (appeal_not_open, appeal_late, reason_missing)."""
    with transaction.atomic(), records.serial():
        case.refresh_from_db()
        if case.member_id != member.pk or case.record.state != "rejected" or case.appealed_at:
            raise refused("appeal_not_open")
        until = appeal_until(case)
        if until is None or now > until:
            raise refused("appeal_late")
        if not text.strip():
            raise refused("reason_missing")
        # By the system: the record must not keep the name of a person who may ask to be forgotten.
        records.move(case.record, "appeal", by=None, now=now, system=True)
        Case.objects.filter(pk=case.pk).update(appeal=text.strip()[:1000], appealed_at=now)
        records.audit(member.holder, "inclusion.case.appealed", "inclusion.case", str(case.pk), {}, now=now)
    case.refresh_from_db()
    return case


def answer(case: Case, *, overturn: bool, reason: str, by: Any, now: datetime) -> Case:
    """Another person decides the appeal. Overturning pays the points of the rejected events."""
    with ledger.durable(), records.serial():
        if case.member.user_id == by.pk:
            raise refused("own_event")
        records.move(case.record, "overturn" if overturn else "uphold", by=by, now=now, reason=reason)
        if overturn:
            if case.member.closed_at:
                raise refused("account_closed")
            wrong = case.places.filter(rejected=True, event__state=Event.State.REFUSED)
            for place in wrong.select_related("event__member", "event__scene"):
                _pay_again(place.event, by=by, now=now)
        Case.objects.filter(pk=case.pk).update(answer=reason[:300])
        _tell(case, _("申诉成立，积分已补发") if overturn else _("申诉未获支持"), now=now)
    case.refresh_from_db()
    return case


def _pay_again(event: Event, *, by: Any, now: datetime) -> None:
    """Issue what was taken, into a lot of this month: the member could not spend it before."""
    from dafeng.domains.inclusion.scenes import store
    from dafeng.domains.inclusion.scenes.processing import TURN

    store.take_turn(TURN, store.turn(TURN))  # a chunk that has read the caps begins again
    key = f"{bookkeeping.event_key(event.pk)}:restore"
    lot = bookkeeping.open_points_lot(bookkeeping.month_of(now), now=now)
    bookkeeping.post_all(
        [
            verbs.issue(
                key=key, actor=clerk(by), asset=bookkeeping.POINTS, lot=lot, to=event.member.account, amount=event.points, code="reward",
            )
        ],
        now=now,
    )  # fmt: skip
    Event.objects.filter(pk=event.pk).update(state=Event.State.POSTED, reason="", ledger_key=key)
    local = timezone.localtime(event.happened_at)
    use, _made = MonthUse.objects.get_or_create(member=event.member, scene=event.scene, month=f"{local:%Y-%m}")
    MonthUse.objects.filter(pk=use.pk).update(points=F("points") + event.points)
    SceneDay.objects.filter(scene=event.scene, day=local.date(), refused__gt=0).update(
        refused=F("refused") - 1,
        posted=F("posted") + 1,
        grams=F("grams") + event.grams,
        points=F("points") + event.points,
    )


def _tell(case: Case, title: str, *, now: datetime) -> None:
    first = case.places.order_by("event_id").first()
    href = reverse("inclusion:appeal", kwargs={"event": first.event_id}) if first else ""
    tell(people_of_member(case.member), title, href=href, now=now)
