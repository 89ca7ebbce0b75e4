"""Close, erase, and tell everything: what a person may ask for their data (Personal Information Protection Law art. 45, 47).

Erasure deletes who somebody is and everything that could lead to them; the ledger keeps a number that means nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat, TruncDay

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.bookkeeping import MONEY, OFFSET, POINTS, SYSTEM
from dafeng.domains.inclusion.members import words
from dafeng.domains.inclusion.members.accounts import audit, identity_of
from dafeng.domains.inclusion.members.circles import leave, places_of
from dafeng.domains.inclusion.models import Binding, CircleMember, Consent, Event, Export, Gift, Identity, Member
from dafeng.domains.inclusion.rooms import brought
from dafeng.kernel.desk.models import Notice
from dafeng.kernel.jobs.models import Job
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger import verbs
from dafeng.kernel.ledger.queries import HoldView
from dafeng.kernel.ledger.verbs import Command
from dafeng.kernel.records import services as records

_WAITS = {"order": "orders_open", "dispute": "account_frozen", "freeze": "account_frozen"}


# ---------------------------------------------------------------- closing


def close(member: Member, *, now: datetime) -> Member:
    """End an account: bindings and consents end, points that are left are void, the ledger takes nothing more.

    Raises `Refused`: orders_open, account_frozen, money_open; account_closed when it is closed already.
    """
    with ledger.durable(), records.serial():
        return _close(member, now=now)


def _close(member: Member, *, now: datetime) -> Member:
    locked = Member.objects.select_for_update().get(pk=member.pk)
    if locked.closed_at is not None:
        raise words.refused("account_closed")
    accounts = {asset for account, asset, closed in ledger.accounts_of(locked.holder) if not closed}
    if MONEY in accounts and ledger.balance(locked.account, MONEY).total:
        raise words.refused("money_open")
    for demand_closable in brought("privacy", "demand_closable"):
        demand_closable(locked)
    _give_up(locked, accounts, now=now)
    Event.objects.filter(member=locked, state__in=(Event.State.RECEIVED, Event.State.HELD)).update(
        state=Event.State.REFUSED, reason="member_erased"
    )
    Consent.objects.filter(member=locked, withdrawn_at=None).update(withdrawn_at=now)
    Binding.objects.filter(member=locked, until=None).update(until=now)
    for place in places_of(locked):
        leave(place, now=now)
    locked.closed_at = now
    locked.save(update_fields=["closed_at"])
    audit(locked, "close", {}, now=now)
    return locked


def _give_up(member: Member, accounts: set[str], *, now: datetime) -> None:
    """Points and reductions out of use for nothing, and the accounts closed, so that nothing can come in any more."""
    holds = [hold for asset in accounts & {POINTS, OFFSET} for hold in ledger.open_holds(member.account, asset)]
    for hold in holds:
        if hold.kind in _WAITS:
            raise words.refused(_WAITS[hold.kind])
    for asset in sorted(accounts & {POINTS, OFFSET}):
        _sweep_expired(member, asset, now=now)
    bookkeeping.post_all([_forfeit_held(member, hold, now=now) for hold in holds], now=now)
    commands = []
    for asset, purpose in ((POINTS, "forfeit"), (OFFSET, "voluntary")):
        total = ledger.balance(member.account, asset).total if asset in accounts else 0
        if total:
            commands.append(_retired(member, asset, purpose, total, now=now))
        if asset == POINTS and asset not in accounts:
            # Opened only to be closed: an account opens by itself with the first points that somebody sends.
            commands.append(
                verbs.open_account(key=_key(member, "open"), actor=SYSTEM, asset=asset, account=member.account)
            )
    commands += [
        verbs.close_account(key=_key(member, f"close:{asset}"), actor=SYSTEM, asset=asset, account=member.account)
        for asset in sorted(accounts | {POINTS})
    ]
    bookkeeping.post_all(commands, now=now)


def _key(member: Member, what: str) -> str:
    return f"inclusion:close:{member.pseudonym}:{what}"


def _retired(member: Member, asset: str, purpose: str, amount: int, *, now: datetime) -> Command:
    return verbs.retire(
        key=_key(member, f"{purpose}:{asset}"), actor=SYSTEM, asset=asset, source=member.account, amount=amount,
        purpose=purpose, beneficiary=member.holder, period=bookkeeping.month_of(now),
    )  # fmt: skip


def _forfeit_held(member: Member, hold: HoldView, *, now: datetime) -> Command:
    """Points under review: who leaves does not wait for the judgement, and nobody gets them."""
    return verbs.retire(
        key=_key(member, f"hold:{hold.hold}"), actor=SYSTEM, hold=hold.hold, purpose="forfeit", beneficiary=member.holder,
        period=bookkeeping.month_of(now),
    )  # fmt: skip


def _sweep_expired(member: Member, asset: str, *, now: datetime) -> None:
    """Lots past their last day cannot be retired, only expired: sweep them until this account has none."""
    stamp = int(now.timestamp())
    for lot in ledger.balance(member.account, asset).lots:
        turn = 0
        while 0 < lot.usable_until <= stamp and _left(member, asset, lot.lot):
            command = verbs.expire_lot(key=_key(member, f"expire:{lot.lot}:{turn}"), actor=SYSTEM, asset=asset, lot=lot.lot)  # fmt: skip
            bookkeeping.post_all([command], now=now)
            turn += 1


def _left(member: Member, asset: str, lot: str) -> int:
    return sum(each.available for each in ledger.balance(member.account, asset).lots if each.lot == lot)


# ---------------------------------------------------------------- erasing


def erase(member: Member, *, now: datetime) -> Member:
    """Close the account and delete who it was: identity, bindings, consents, circles, files, and the fine data of events.

    What stays: the row with its pseudonym and county, events with day, grams and points, and the ledger. Raises as `close` does.
    """
    with ledger.durable(), records.serial():
        locked = Member.objects.select_for_update().get(pk=member.pk)
        if locked.closed_at is None:
            locked = _close(locked, now=now)
        elif locked.user_id is None:
            raise words.refused("account_closed")
        for room_forgets in brought("privacy", "forget"):
            room_forgets(locked, now=now)
        locked.user, locked.suspended_for = None, ""
        locked.save(update_fields=["user", "suspended_for"])
        audit(locked, "erase", {}, now=now)
    return locked


def forget(member: Member, *, now: datetime) -> None:
    """What this room and the events hold. The scene's own number of a trip would lead its partner back to the person."""
    Identity.objects.filter(member=member).delete()
    Export.objects.filter(member=member).delete()
    Binding.objects.filter(member=member).delete()
    Consent.objects.filter(member=member).delete()
    CircleMember.objects.filter(member=member).delete()
    Event.objects.filter(member=member).update(
        data={},
        digest="",
        happened_at=TruncDay("happened_at"),
        received_at=TruncDay("received_at"),
        source_id=Concat(Value("erased-"), Cast(F("pk"), CharField())),
    )
    if member.user_id is not None:
        Notice.objects.filter(user=member.user_id, kind__startswith="inclusion").delete()
        Job.objects.filter(by=member.user_id, kind__startswith="inclusion.me").delete()


# ---------------------------------------------------------------- telling


def about(member: Member) -> dict[str, list[dict[str, Any]]]:
    """This room's tables of a member's own export."""
    identity = identity_of(member)
    account = {"pseudonym": member.pseudonym, "county": member.county, "joined_at": member.joined_at}
    consents = Consent.objects.filter(member=member).order_by("pk")
    bindings = Binding.objects.filter(member=member).order_by("pk")
    gifts = Gift.objects.filter(giver=member).order_by("pk")
    return {
        "account": [account | identity],
        "consents": _rows(consents.values("purpose", "text_version", "given_at", "withdrawn_at")),
        "bindings": _rows(bindings.values("partner__code", "token", "since", "until")),
        "circles": _rows(places_of(member).values("circle__kind", "circle__name", "nickname", "joined_at")),
        "gifts": _rows(gifts.values("points", "at", "reason")),
        "events": list(_events(member)),
        "statement": list(_lines(member)),
    }


def _rows(values: Iterable[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in values]


def _events(member: Member) -> Iterator[dict[str, Any]]:
    fields = (
        "id", "scene__code", "source_id", "happened_at", "received_at", "data", "state", "reason", "grams", "points",
    )  # fmt: skip
    titles = dict(Event.State.choices)
    for row in Event.objects.filter(member=member).order_by("pk").values(*fields).iterator(chunk_size=2000):
        yield row | {"state": str(titles[row["state"]])}


def _lines(member: Member) -> Iterator[dict[str, Any]]:
    from dafeng.domains.inclusion.members.receipts import tell
    from dafeng.domains.inclusion.members.summaries import lines_of

    for receipt in tell(member, lines_of(member)):
        yield {
            "number": receipt.seq, "at": receipt.at, "text": receipt.text, "change": receipt.change, "held": receipt.held,
            "balance": receipt.balance,
        }  # fmt: skip
