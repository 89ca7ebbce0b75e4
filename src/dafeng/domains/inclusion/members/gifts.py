"""Points given inside a family: a transfer of the ledger under the form's key, within the yearly cap of `rules.toml`.

Each attempt is a row, the refused one with its reason, so that who sent it can see it; the same key gives the same answer.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import IntegrityError
from django.db.models import Sum
from django.utils import timezone

from dafeng.domains.inclusion.bookkeeping import POINTS
from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.members import words
from dafeng.domains.inclusion.members.summaries import bounds
from dafeng.domains.inclusion.models import Circle, CircleMember, Consent, Gift, Member
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger import verbs
from dafeng.kernel.records import services as records

MOST = 10**9  # a larger number is no gift but a mistake
_ANSWERS = {"insufficient": "points_short", "held": "points_short", "frozen": "points_short", "account_closed": "account_closed"}  # fmt: skip


def given_in(member: Member, year: int) -> int:
    """Points that a member gave in a calendar year."""
    start, end = bounds(date(year, 1, 1), date(year, 12, 31))
    rows = Gift.objects.filter(giver=member, reason="", at__gte=start, at__lt=end)
    return int(rows.aggregate(points=Sum("points"))["points"] or 0)


def give(giver: Member, receiver: Member, points: int, *, key: str, now: datetime) -> Gift:
    """Give points. Raises `Refused` with the reason, which is written down; `key_reused` for other content under a used key."""
    earlier = Gift.objects.filter(giver=giver, key=key).first()
    if earlier is not None:
        return _again(earlier, receiver, points)
    reason = ""
    try:
        with ledger.durable(), records.serial():
            # The giver's row is the lock: two gifts at once are decided one after the other.
            list(Member.objects.select_for_update().filter(pk=giver.pk))
            reason = _refusal(giver, receiver, points, now=now)
            made = _write(giver, receiver, points, key=key, reason=reason, now=now)
            if not reason:
                reason = _transfer(giver, receiver, points, key=key, now=now)
                if reason:
                    Gift.objects.filter(pk=made.pk).update(reason=reason)
    except IntegrityError:  # the same click again, a moment ago
        return _again(Gift.objects.get(giver=giver, key=key), receiver, points)
    if reason:
        raise _sentence(reason)
    return made


def _again(earlier: Gift, receiver: Member, points: int) -> Gift:
    if (earlier.receiver_id, earlier.points) != (receiver.pk, _bounded(points)):
        raise words.refused("key_reused")
    if earlier.reason:
        raise _sentence(earlier.reason)
    return earlier


def _bounded(points: int) -> int:
    return max(-MOST, min(MOST, points))


def _write(giver: Member, receiver: Member, points: int, *, key: str, reason: str, now: datetime) -> Gift:
    return Gift.objects.create(
        giver=giver, receiver=receiver, points=_bounded(points), key=key, reason=reason, at=now
    )  # fmt: skip


def _transfer(giver: Member, receiver: Member, points: int, *, key: str, now: datetime) -> str:
    """The ledger's answer as one of our reasons; empty when it was done."""
    command = verbs.transfer(
        key=f"inclusion:gift:{giver.pseudonym}:{key}", actor=giver.holder, asset=POINTS, source=giver.account,
        to=receiver.account, amount=points,
    )  # fmt: skip
    reply = ledger.post([command], now=now)[0]
    return "" if reply.ok else _ANSWERS.get(reply.answer, "points_short")


def _refusal(giver: Member, receiver: Member, points: int, *, now: datetime) -> str:
    """The first rule that forbids it; the giver's and receiver's rows are read anew."""
    people = {each.pk: each for each in Member.objects.filter(pk__in=(giver.pk, receiver.pk))}
    if giver.pk == receiver.pk:
        return "gift_self"
    if not words.rule("family", "gift_least") <= points <= MOST:
        return "gift_amount"
    if any(each.closed_at is not None for each in people.values()):
        return "account_closed"
    if any(each.suspended_at is not None for each in people.values()):
        return "account_suspended"
    if Consent.objects.filter(member__in=people, purpose="join", withdrawn_at=None).count() < 2:
        return "consent_missing"
    places = list(
        CircleMember.objects.filter(
            circle__kind=Circle.Kind.FAMILY, circle__places__member=giver.pk, member__in=people
        )
    )  # fmt: skip
    together = [place for place in places if place.member_id == receiver.pk]
    if not together:
        return "not_in_family"
    since = now - timedelta(days=words.rule("family", "gift_after_days"))
    if any(place.joined_at > since for place in places):
        return "gift_early"
    if given_in(giver, timezone.localdate(now).year) + points > words.rule("family", "gift_yearly"):
        return "gift_cap"
    return ""


def _sentence(reason: str) -> Refused:
    expected = str(words.rule("family", "gift_yearly")) if reason == "gift_cap" else ""
    return words.refused(reason, expected=expected)
