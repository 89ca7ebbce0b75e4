"""What time does to points: coupons that ran out, lots that ended, and the notice a month before."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.bookkeeping import POINTS, SYSTEM
from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.market import orders, rules
from dafeng.domains.inclusion.models import ExpiryNotice, Member, Order
from dafeng.kernel.desk import services as desk
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger import verbs
from dafeng.kernel.ledger.verbs import Command

CHUNK = 500


def sweep(*, now: datetime) -> tuple[int, int]:
    """Let go of what ran out: coupons (with their holds), then lots. Returns coupons closed and lots swept.

    Cut anywhere, it can begin again: each chunk is one transaction, and what is done is no longer due.
    """
    closed = _coupons(now=now)
    lots = ledger.ended_lots(POINTS, now)
    for lot in lots:
        _repeat(f"inclusion:expire:{lot}", now, lambda key, lot=lot: verbs.expire_lot(key=key, actor=SYSTEM, asset=POINTS, lot=lot))  # fmt: skip
    return closed, len(lots)


def _coupons(*, now: datetime) -> int:
    closed = 0
    while True:
        with ledger.durable():
            _repeat("inclusion:holds", now, lambda key: verbs.expire_holds(key=key, actor=SYSTEM))
            due = orders.due(now, CHUNK)
            orders.close(due, Order.State.EXPIRED, now=now)
        closed += len(due)
        if len(due) < CHUNK:
            return closed


def _repeat(stem: str, now: datetime, make: object) -> None:
    """Post sweeps until nothing is due. The keys go on from the ledger's own count, so that no sweep gets an old answer."""
    while True:
        with ledger.ledger().database.reading() as store:
            at = store.head().command
        command: Command = make(f"{stem}:{at}")  # type: ignore[operator]
        reply = bookkeeping.post([command], now=now)[0]
        if reply.answer == "nothing_due":
            return
        if not reply.ok:
            raise InclusionError(f"账本没有办理：{reply.text('zh')}")


def warn(*, now: datetime) -> int:
    """Tell members of points that end within the notice period: once a lot. Returns how many were told."""
    until = now + timedelta(days=rules.rule("expiry", "notice_days"))
    told = 0
    for lot in ledger.ending_lots(POINTS, now, until):
        with ledger.durable():
            notice, made = ExpiryNotice.objects.get_or_create(lot=lot, defaults={"at": now})
            if made:
                notice.told = _warn(lot, now=now)
                notice.save(update_fields=["told"])
                told += notice.told
    return told


def _warn(lot: str, *, now: datetime) -> int:
    """One notice for each amount, so that many people are told by few statements."""
    found = ledger.holders(POINTS, lot)
    if not found:
        return 0
    day = timezone.localdate(datetime.fromtimestamp(found[0][2] - 1, tz=timezone.get_default_timezone()))
    points = {account.partition(":")[2].partition("/")[0]: free for account, free, _end in found if account.startswith("person:")}  # fmt: skip
    names, count = sorted(points), 0
    for start in range(0, len(names), CHUNK):
        rows = Member.objects.filter(pseudonym__in=names[start : start + CHUNK], closed_at=None, user__isnull=False)
        by_amount: dict[int, list[int]] = defaultdict(list)
        for pseudonym, user in rows.values_list("pseudonym", "user_id"):
            by_amount[points[pseudonym]].append(user)
        for amount, users in by_amount.items():
            people = get_user_model().objects.filter(pk__in=users)
            title = _("%(points)s 个碳积分将在 %(day)s 之后失效") % {"points": amount, "day": day}
            text = _("可以在商城兑换，或者捐给公益项目。")
            count += len(desk.notify(people, kind="inclusion", title=title, text=text, href=reverse("inclusion:mall"), now=now))  # fmt: skip
    return count
