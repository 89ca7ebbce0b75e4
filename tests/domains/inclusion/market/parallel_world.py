"""Run as a program by `test_parallel.py`, in a database of its own: two at once, scene by scene. Prints what happened as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import django

django.setup()

from django.db import connections  # noqa: E402

from dafeng.domains.inclusion import bookkeeping  # noqa: E402
from dafeng.domains.inclusion.errors import Refused  # noqa: E402
from dafeng.domains.inclusion.market import certificates, coupons, giving, orders  # noqa: E402
from dafeng.domains.inclusion.models import Cause, MarketRefusal, Member, Order, Partner, Product  # noqa: E402
from dafeng.kernel.ledger import services as ledger  # noqa: E402
from dafeng.kernel.ledger import verbs  # noqa: E402
from tests.domains.inclusion.market.conftest import NOW, build_member, build_programme, grant, listed, points  # noqa: E402

PROGRAMME = build_programme()
SHOP = Partner.objects.create(programme=PROGRAMME, code="tea", kind="merchant", name="示例茶舍", state="active")


def citizen(amount: int = 0) -> Member:
    made = build_member(PROGRAMME)
    if amount:
        grant(made, amount)
    return made


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Acts at the same moment, each on a connection of its own; what they gave, or the code of their refusal."""
    gate = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return act()
        except Refused as error:
            return error.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def words(found: list[Any]) -> dict[str, int]:
    return dict(Counter(each if isinstance(each, str) else "ok" for each in found))


def last_points() -> dict[str, Any]:
    goods, who = listed(SHOP), citizen(100)
    found = together(*(lambda n=n: orders.redeem(who, goods, 1, key=f"k{n}", now=NOW) for n in range(6)))
    refused = MarketRefusal.objects.filter(sender=who.holder, reason="points_short").count()
    stock = Product.objects.get(pk=goods.pk).stock
    return {"answers": words(found), "points": points(who.account), "stock": stock, "told": refused}


def last_piece() -> dict[str, Any]:
    goods, people = listed(SHOP, stock=1), [citizen(100) for _ in range(6)]
    found = together(*(lambda who=who: orders.redeem(who, goods, 1, key="k", now=NOW) for who in people))
    held = sum(points(each.account)[1] for each in people)
    return {"answers": words(found), "stock": Product.objects.get(pk=goods.pk).stock, "held": held}


def limit_a_person() -> dict[str, Any]:
    goods, who = listed(SHOP, per_person=2), citizen(1000)
    return {
        "answers": words(together(*(lambda n=n: orders.redeem(who, goods, 1, key=f"k{n}", now=NOW) for n in range(6))))
    }


def one_form() -> dict[str, Any]:
    goods, who = listed(SHOP), citizen(1000)
    made = together(*[lambda: orders.redeem(who, goods, 1, key="same", now=NOW)] * 4)
    cause = Cause.objects.create(
        programme=PROGRAMME, code="c", title="公益林", text="种树", keeper="林场", goal=1000, opens_on=date(2026, 1, 1)
    )
    gifts = together(*[lambda: giving.give(who, Cause.objects.get(pk=cause.pk), 50, key="same", now=NOW)] * 4)
    return {
        "orders": len({str(each.pk) for each in made}),
        "gifts": len({str(each.pk) for each in gifts}),
        "points": points(who.account),
    }


def one_coupon() -> dict[str, Any]:
    goods, who, before = listed(SHOP), citizen(100), points("merchant:tea/main")[0]
    code = coupons.shown(orders.redeem(who, goods, 1, key="k", now=NOW))
    found = together(
        *(lambda n=n: orders.use(goods.partner, code, counter_key=f"c{n}", by=None, now=NOW) for n in range(4))
    )
    return {"answers": words(found), "taken": points("merchant:tea/main")[0] - before}


def use_and_cancel() -> dict[str, Any]:
    goods, who, before = listed(SHOP), citizen(100), points("merchant:tea/main")[0]
    order = orders.redeem(who, goods, 1, key="k", now=NOW)
    code = coupons.shown(order)
    found = together(
        lambda: orders.use(SHOP, code, counter_key="c", by=None, now=NOW), lambda: orders.cancel(order, now=NOW)
    )
    kept = points(who.account)[0] + points("merchant:tea/main")[0] - before
    return {"winners": words(found).get("ok", 0), "kept": kept, "state": Order.objects.get(pk=order.pk).state}


def one_tonne() -> dict[str, Any]:
    firm = build_member(PROGRAMME, kind="firm", organisation="mill")
    lot = bookkeeping.open_offset_lot("bus", "2026-10", now=NOW)
    claims = [("tCO2e", lot, "2026-10", 0, 100)]
    bookkeeping.post_all(
        [verbs.issue(key="i", actor="x", asset="offset", lot=lot, to=firm.account, amount=100, claims=claims)], now=NOW
    )
    found = together(
        *(
            lambda n=n: certificates.retire(firm, 100, beneficiary="甲", period="2026", key=f"k{n}", by=None, now=NOW)
            for n in range(4)
        )
    )
    return {"answers": words(found)}


scenes = (last_points, last_piece, limit_a_person, one_form, one_coupon, use_and_cancel, one_tonne)
told = {scene.__name__: scene() for scene in scenes}
audit = ledger.audit()
print(json.dumps({**told, "audit": audit.ok}))
