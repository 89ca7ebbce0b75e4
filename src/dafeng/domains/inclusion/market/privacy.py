"""What the market must do when a member goes, and what it tells a member of themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dafeng.domains.inclusion.market.refusals import refusal
from dafeng.domains.inclusion.models import Donation, MarketRefusal, Member, Order


def forget(member: Member, *, now: datetime) -> None:
    """Blank what could tell who a member is: names on gifts, sealed codes, refusals. Open coupons must be settled first."""
    if Order.objects.filter(member=member, state=Order.State.HELD).exists():
        raise refusal("orders_open")
    Order.objects.filter(member=member).update(sealed=b"", reason="")
    Donation.objects.filter(member=member).update(name="")
    MarketRefusal.objects.filter(sender=member.holder).delete()


def about(member: Member) -> dict[str, list[dict[str, Any]]]:
    """The member's orders, gifts and refusals, for their own export."""
    orders = Order.objects.filter(member=member).order_by("ordered_at")
    gifts = Donation.objects.filter(member=member).order_by("at")
    return {
        "orders": _rows(orders.values("id", "product__title", "partner__name", "quantity", "points", "sponsored", "state", "ordered_at", "expires_at", "used_at", "closed_at", "reason")),
        "gifts": _rows(gifts.values("number", "cause__title", "points", "name", "at")),
        "refused": _rows(MarketRefusal.objects.filter(sender=member.holder).order_by("at").values("action", "reason", "text", "at")),
    }  # fmt: skip


def _rows(found: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in found]
