"""A firm buys reductions: request, the operator's offer, payment outside, a second person's approval, delivery.

From the offer on the units are held in the pool, so that no two offers sell the same. Money is only told here: the price in
fen a ton, and the reference of a payment that was made elsewhere.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from dafeng.domains.inclusion import bookkeeping, permissions
from dafeng.domains.inclusion.bookkeeping import OFFSET, SYSTEM
from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.market.refusals import done, refusal, told
from dafeng.domains.inclusion.models import Member, Programme, Purchase
from dafeng.kernel.actions import demand
from dafeng.kernel.errors import LedgerError
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger import verbs
from dafeng.kernel.records import services as records

KIND = "inclusion.purchase"


def for_sale(programme: Programme) -> int:
    """Grams in the pool that are not offered to anybody."""
    try:
        return ledger.balance(bookkeeping.pool(programme.pk), OFFSET).available
    except LedgerError:
        return 0


def held(firm: Member) -> int:
    """Grams that a firm holds and may retire."""
    try:
        return ledger.balance(firm.account, OFFSET).available
    except LedgerError:
        return 0


def request(firm: Member, grams: int, purpose: str, *, by: Any, now: datetime, demo: bool = False) -> Purchase:
    """Ask for reductions."""
    if by is not None:
        demand(by, permissions.BUY_REDUCTIONS)
        demand(by, permissions.KEEP_FIRM, firm)
    if grams <= 0:
        raise refusal("grams_bad")
    with ledger.durable():
        title = _("购买碳普惠减排量 %(tonnes)s 吨") % {"tonnes": f"{grams / 1e6:g}"}
        payload = {"grams": grams, "purpose": purpose}
        record = records.open_record(KIND, title=title, payload=payload, by=by, now=now, key=firm.pseudonym)
        return Purchase.objects.create(
            programme=firm.programme, firm=firm, record=record, grams=grams, purpose=purpose, demo=demo
        )


def offer(purchase: Purchase, *, price: int, valid_until: datetime, by: Any, now: datetime) -> Purchase:
    """The operator names a price (fen a ton) and holds the units until the offer ends."""
    demand(by, permissions.KEEP_MARKET)
    if price <= 0 or valid_until <= now:
        raise InclusionError(_("价格应大于 0，有效期应晚于现在"))
    sender = purchase.firm.holder
    with told(sender, "offer", now=now), ledger.durable():
        records.move(purchase.record, "offer", by=by, now=now)
        command = verbs.hold(
            key=f"{purchase.hold}:hold", actor=SYSTEM, asset=OFFSET, account=bookkeeping.pool(purchase.programme_id),
            amount=purchase.grams, kind="order", hold=purchase.hold,
        )  # fmt: skip
        done([command], now=now, short="reductions_short")
        purchase.price, purchase.valid_until = price, valid_until
        purchase.save(update_fields=["price", "valid_until"])
    return purchase


def accept(purchase: Purchase, *, by: Any, now: datetime) -> Purchase:
    demand(by, permissions.KEEP_FIRM, purchase.firm)
    with told(purchase.firm.holder, "accept", now=now), ledger.durable():
        if purchase.valid_until is None or now >= purchase.valid_until:
            raise refusal("offer_expired")
        records.move(purchase.record, "accept", by=by, now=now)
    return purchase


def pay(purchase: Purchase, *, reference: str, by: Any, now: datetime) -> Purchase:
    """The operator has seen the payment."""
    demand(by, permissions.KEEP_MARKET)
    if not reference.strip():
        raise InclusionError(_("请填写付款凭证号"))
    with ledger.durable():
        records.move(purchase.record, "pay", by=by, now=now, reason=reference)
        purchase.payment_reference = reference.strip()[:80]
        purchase.save(update_fields=["payment_reference"])
    return purchase


def deliver(purchase: Purchase, *, by: Any, now: datetime) -> Purchase:
    """A second person approves, and the held units go to the firm."""
    demand(by, permissions.DECIDE_MARKET)
    with ledger.durable():
        records.move(purchase.record, "deliver", by=by, now=now)
        command = verbs.settle(
            key=f"{purchase.hold}:deliver", actor=SYSTEM, hold=purchase.hold, to=purchase.firm.account, code="deliver"
        )
        done([command], now=now, short="reductions_short")
        purchase.delivered_at = now
        purchase.save(update_fields=["delivered_at"])
    return purchase


def end(purchase: Purchase, action: str, *, by: Any, now: datetime, reason: str) -> Purchase:
    """`end` or `refuse`: the units are free for others."""
    if action == "refuse":
        demand(by, permissions.DECIDE_MARKET)
    with ledger.durable():
        was_held = purchase.record.state in ("offered", "accepted", "paid")
        records.move(purchase.record, action, by=by, now=now, reason=reason)
        if was_held:
            done([verbs.release(key=f"{purchase.hold}:release", actor=SYSTEM, hold=purchase.hold)], now=now)
    return purchase
