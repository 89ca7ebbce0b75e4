"""Any sequence of orders, uses, cancellations, refunds, gifts and expiries, against a plain model of lots; the ledger's audit passes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.market import coupons, expiry, giving, orders
from dafeng.domains.inclusion.models import Cause, Member, Order, Partner, Product
from dafeng.kernel.ledger import services as ledger

from .conftest import NOW, build_member, grant, listed, points

pytestmark = pytest.mark.django_db

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("earn"), st.sampled_from(["2024-11", "2024-12", "2026-11"]), st.integers(1, 200)),
        st.tuples(st.just("redeem"), st.integers(1, 3), st.just(0)),
        st.tuples(st.sampled_from(["use", "cancel", "refund"]), st.integers(0, 5), st.just(0)),
        st.tuples(st.just("give"), st.integers(1, 150), st.just(0)),
        st.tuples(st.just("wait"), st.integers(1, 12), st.just(0)),
    ),
    max_size=25,
)  # fmt: skip
# first moment without use: 24 months after the month's end
ENDS = {
    month: datetime.fromtimestamp(bookkeeping._end_of(month, 24), tz=NOW.tzinfo)
    for month in ("2024-11", "2024-12", "2026-11")
}


def answer(act: Callable[[], object]) -> tuple[str, object]:
    """("", what it gave), or the code of its refusal."""
    try:
        return "", act()
    except Refused as error:
        return error.code, None


class Model:
    """Points by month: free, held by order, at the merchant, given, expired."""

    def __init__(self) -> None:
        self.now, self.free, self.orders, self.shop = NOW, dict.fromkeys(ENDS, 0), [], dict.fromkeys(ENDS, 0)
        self.given = self.expired = self.issued = 0

    def take(self, wanted: int) -> dict[str, int] | None:
        """What ends first goes first; nothing where it does not suffice."""
        parts, left = {}, wanted
        for month in sorted(self.free):
            if self.now < ENDS[month]:
                part = min(left, self.free[month])
                parts[month] = part
                left -= part
        if left:
            return None
        for month, part in parts.items():
            self.free[month] -= part
        return parts

    def give_back(self, parts: dict[str, int]) -> None:
        for month, part in parts.items():
            self.free[month] += part

    def sweep(self) -> None:
        for order in self.orders:
            if order["state"] == "held" and self.now >= order["ends"]:
                order["state"] = "expired"
                self.give_back(order["parts"])
        for month, end in ENDS.items():
            if self.now >= end:
                self.expired += self.free[month] + self.shop[month]
                self.free[month] = self.shop[month] = 0


class World:
    """The real thing beside the model; each step is done to both and must end alike."""

    def __init__(self, who: Member, goods: Product, cause: Cause) -> None:
        self.who, self.goods, self.cause, self.model, self.count = who, goods, cause, Model(), 0
        self.made: list[Order] = []

    def step(self, act: str, first: object, second: object) -> None:
        self.count += 1
        getattr(self, act)(first, second)
        m = self.model
        held = sum(sum(o["parts"].values()) for o in m.orders if o["state"] == "held")
        usable = sum(v for month, v in m.free.items())
        assert points(self.who.account) == (usable, held)
        assert points("merchant:tea/main")[0] == sum(m.shop.values())
        self.goods.refresh_from_db()
        assert self.goods.stock == 1000 - sum(o["n"] for o in m.orders if o["state"] in ("held", "used"))

    def earn(self, month: str, amount: int) -> None:
        m = self.model
        if m.now >= ENDS[month]:
            return
        grant(self.who, amount, month=month, at=m.now)
        m.free[month] += amount
        m.issued += amount

    def redeem(self, quantity: int, _none: object) -> None:
        m = self.model
        parts = m.take(100 * quantity)
        code, order = answer(lambda: orders.redeem(self.who, self.goods, quantity, key=f"k{self.count}", now=m.now))
        assert code == ("" if parts is not None else "points_short")
        if isinstance(order, Order):
            self.made.append(order)
            kept = {
                "state": "held",
                "parts": parts,
                "ends": order.expires_at,
                "n": quantity,
                "code": coupons.shown(order),
            }
            m.orders.append(kept)

    def chosen(self, place: int) -> tuple[dict, Order] | None:
        return (self.model.orders[place % len(self.made)], self.made[place % len(self.made)]) if self.made else None

    def use(self, place: int, _none: object) -> None:
        found = self.chosen(place)
        if not found:
            return
        order, row = found
        code, _used = answer(
            lambda: orders.use(row.partner, order["code"], counter_key=f"c{self.count}", by=None, now=self.model.now)
        )
        wanted = {"used": "coupon_used", "expired": "coupon_expired", "held": ""}
        assert code == wanted.get(order["state"], "coupon_cancelled")
        if not code:
            order["state"] = "used"
            for month, part in order["parts"].items():
                self.model.shop[month] += part

    def cancel(self, place: int, _none: object) -> None:
        found = self.chosen(place)
        if not found or found[0]["state"] == "cancelled":
            return
        order, row = found
        code, _gone = answer(lambda: orders.cancel(row, now=self.model.now))
        assert code == ("" if order["state"] == "held" else "order_not_open")
        if not code:
            order["state"] = "cancelled"
            self.model.give_back(order["parts"])

    def refund(self, place: int, _none: object) -> None:
        found = self.chosen(place)
        if not found or found[0]["state"] == "refunded":
            return
        order, row = found
        late = any(part and self.model.now >= ENDS[month] for month, part in order["parts"].items())
        code, _back = answer(lambda: orders.refund(row, reason="x", by=None, now=self.model.now))
        if order["state"] == "used":
            assert code == ("refund_after_expiry" if late else "")
        else:
            assert code == ("refund_not_used" if order["state"] == "held" else "order_not_open")
        if not code:
            order["state"] = "refunded"
            for month, part in order["parts"].items():
                self.model.shop[month] -= part
            self.model.give_back(order["parts"])

    def give(self, amount: int, _none: object) -> None:
        m = self.model
        parts = m.take(amount)
        code, _made = answer(lambda: giving.give(self.who, self.cause, amount, key=f"g{self.count}", now=m.now))
        assert code == ("" if parts is not None else "points_short")
        m.given += amount if not code else 0

    def wait(self, days: int, _none: object) -> None:
        self.model.now += timedelta(days=days)
        expiry.sweep(now=self.model.now)
        self.model.sweep()


@given(steps=STEPS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_points_are_conserved(programme, steps) -> None:
    from django.db import transaction

    with transaction.atomic():
        bookkeeping._made_lots.cache_clear()
        partner = Partner.objects.create(
            programme=programme, code="tea", kind="merchant", name="示例茶舍", state="active"
        )
        cause = Cause.objects.create(
            programme=programme, code="c", title="公益林", text="", keeper="林场", goal=1, opens_on=NOW.date()
        )
        goods = listed(partner, stock=1000, coupon_days=9, ends_on=NOW.date() + timedelta(days=900))
        world = World(build_member(programme), goods, cause)
        for step in steps:
            world.step(*step)
        m, total = world.model, ledger.city_total("points")
        assert (total.issued, total.retired, total.expired) == (m.issued, m.given, m.expired)
        assert ledger.audit().ok
        transaction.set_rollback(True)
    bookkeeping._made_lots.cache_clear()
