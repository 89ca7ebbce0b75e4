"""Wrong points are taken back by the opposite entries of the command that paid them: one person proposes, an office approves.

When the points are spent the ledger refuses. The refusal stays in the ledger and in the record; the operator may then hold what
is left (`dispute`), and an office may take that and close the matter. What was held is never more than the event's points.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.models import Correction, Event, RewardUse
from dafeng.domains.inclusion.operations.words import clerk, people_of_member, refused, tell
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger import verbs
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence, Record

KIND = "inclusion.correction"
OPEN = ("proposed", "short", "disputed")


@transaction.atomic
def propose(event: Event, *, reason: str, by: Any, now: datetime, evidence: Iterable[Evidence] = ()) -> Correction:
    """Raises `Refused`: not_posted, correction_open, paid_as_reward, reason_missing, own_event."""
    if not reason.strip():
        raise refused("reason_missing")
    with records.serial():
        event.refresh_from_db()
        if event.state != Event.State.POSTED or not event.points or event.member is None:
            raise refused("not_posted")
        if event.member.user_id == by.pk:
            raise refused("own_event")
        if RewardUse.objects.filter(event=event).exists():
            raise refused("paid_as_reward")
        if event.corrections.filter(record__state__in=OPEN).exists():
            raise refused("correction_open")
        record = records.open_record(
            KIND, title=_("更正行为 %(number)s 的 %(points)s 积分") % {"number": event.pk, "points": event.points}, payload={},
            by=by, now=now, place=event.member.programme_id, key=str(event.pk), evidence=evidence,
        )  # fmt: skip
        return Correction.objects.create(event=event, record=record, reason=reason.strip()[:300])


def approve(correction: Correction, *, by: Any, now: datetime) -> Correction:
    """Reverse the command that paid the event, by two persons.

    Where the points are spent the ledger refuses: the refusal is kept (`refusal`), and the record is `short`. Raises `Refused`
    (not_posted, own_event) and what the record's step raises.
    """
    from dafeng.domains.inclusion.scenes import processing

    with ledger.durable(), records.serial():
        event = _locked(correction, by)
        if "approve" not in {each.action for each in records.actions(correction.record, by)}:
            records.move(correction.record, "approve", by=by, now=now)  # says why not
        refusal = _reverse(correction, event, approver=by, now=now)
        if refusal:
            if correction.record.state == "proposed":
                records.move(correction.record, "fall_short", by=None, now=now, reason=refusal, system=True)
        else:
            records.move(correction.record, "approve", by=by, now=now)
            processing.taken_back(event)
            _reversed(correction, event, recovered=event.points, now=now)
        Correction.objects.filter(pk=correction.pk).update(tries=F("tries") + 1, refusal=refusal[:200])
    correction.refresh_from_db()
    return correction


def _locked(correction: Correction, by: Any) -> Event:
    correction.refresh_from_db()
    event = Event.objects.select_for_update(of=("self",)).select_related("member", "scene").get(pk=correction.event_id)
    if event.state != Event.State.POSTED or event.member is None:
        raise refused("not_posted")
    if event.member.user_id == by.pk:
        raise refused("own_event")
    return event


def _reverse(correction: Correction, event: Event, *, approver: Any, now: datetime) -> str:
    """Post the reversal; the ledger's sentence where it refuses. Points in dispute are freed for it, and held again if it fails."""
    key = f"{correction.key}:{correction.tries + 1}"
    proposer = Record.objects.select_related("created_by").get(pk=correction.record_id).created_by
    act = verbs.reverse(
        key=key,
        actor=clerk(proposer),
        command=event.ledger_key or bookkeeping.event_key(event.pk),
        note=correction.reason[:100],
    )
    commands = [
        verbs.propose(act, key=key, actor=clerk(proposer)),
        verbs.approve(key=f"{key}:approve", actor=clerk(approver), proposal=key),
    ]
    if correction.hold:
        commands.insert(0, verbs.release(key=f"{key}:release", actor=clerk(proposer), hold=correction.hold))
    reply = bookkeeping.post(commands, now=now)[-1]
    if reply.ok:
        return ""
    refuse = verbs.decline(key=f"{key}:decline", actor=clerk(approver), proposal=key, note=reply.text("zh")[:100])
    bookkeeping.post_all([refuse], now=now)
    if correction.hold:
        _hold(correction, event, correction.held, by=proposer, name=f"{key}:hold", now=now)
    return reply.text("zh")


def _reversed(correction: Correction, event: Event, *, recovered: int, now: datetime) -> None:
    Event.objects.filter(pk=event.pk).update(state=Event.State.REVERSED, reason="corrected")
    Correction.objects.filter(pk=correction.pk).update(hold="", held=0, recovered=recovered)
    href = reverse("inclusion:appeal", kwargs={"event": event.pk})
    title = _("一次行为已更正，收回 %(points)s 积分") % {"points": recovered}
    tell(people_of_member(event.member), title, href=href, now=now, text=correction.reason)


def dispute(correction: Correction, *, reason: str, by: Any, now: datetime) -> Correction:
    """Hold what the member has left, at most the event's points. Raises `Refused` (nothing_left)."""
    with ledger.durable(), records.serial():
        event = _locked(correction, by)
        left = min(bookkeeping.points_of(event.member.account).available, event.points)
        if left <= 0:
            raise refused("nothing_left")
        records.move(correction.record, "dispute", by=by, now=now, reason=reason)
        _hold(correction, event, left, by=by, name=f"{correction.key}:{correction.tries + 1}:dispute", now=now)
        href = reverse("inclusion:appeal", kwargs={"event": event.pk})
        title = _("%(points)s 积分因更正争议暂时冻结") % {"points": left}
        tell(people_of_member(event.member), title, href=href, now=now, text=reason)
    correction.refresh_from_db()
    return correction


def _hold(correction: Correction, event: Event, amount: int, *, by: Any, name: str, now: datetime) -> None:
    command = verbs.hold(
        key=name,
        actor=clerk(by),
        asset=bookkeeping.POINTS,
        account=event.member.account,
        amount=amount,
        kind="dispute",
        hold=name,
    )
    bookkeeping.post_all([command], now=now)
    Correction.objects.filter(pk=correction.pk).update(hold=name, held=amount)


def recover(correction: Correction, *, reason: str, by: Any, now: datetime) -> Correction:
    """Take what is held out of use and close the matter; what is missing is written off, and the record says so."""
    from dafeng.domains.inclusion.scenes import processing

    with ledger.durable(), records.serial():
        event = _locked(correction, by)
        records.move(correction.record, "recover", by=by, now=now, reason=reason)
        taken = verbs.retire(
            key=f"{correction.key}:recover", actor=clerk(by), hold=correction.hold, purpose="clawback",
            beneficiary=event.member.holder, period=bookkeeping.month_of(event.happened_at),
        )  # fmt: skip
        bookkeeping.post_all([taken], now=now)
        processing.taken_back(event)
        _reversed(correction, event, recovered=correction.held, now=now)
    correction.refresh_from_db()
    return correction


def decline(correction: Correction, *, reason: str, by: Any, now: datetime) -> Correction:
    """The points stay; what was held is free again."""
    with ledger.durable(), records.serial():
        correction.refresh_from_db()
        records.move(correction.record, "decline", by=by, now=now, reason=reason)
        if correction.hold:
            free = verbs.release(key=f"{correction.key}:decline", actor=clerk(by), hold=correction.hold)
            bookkeeping.post_all([free], now=now)
        Correction.objects.filter(pk=correction.pk).update(hold="", held=0)
    correction.refresh_from_db()
    return correction
