"""The demo's made-up goods, cause, event and purchase (`demo.toml`), loaded once through the use-cases that people use."""

from __future__ import annotations

import tomllib
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone

from dafeng.domains.inclusion.market import giving, neutrality, products, purchases, sales
from dafeng.domains.inclusion.models import Cause, Member, NeutralEvent, Partner, Product, Programme, Purchase
from dafeng.kernel.ledger import services as ledger

PATH = Path(__file__).with_name("demo.toml")
MERCHANT, FIRM = "teahouse-demo", "enterprise-demo"
LOGINS = ("operator", "merchant", "enterprise", "ecology")


def ensure_demo(programme: Programme, *, now: datetime) -> None:
    """Calling it again changes nothing. What needs two persons needs the demo logins; without them it is left out."""
    with PATH.open("rb") as stream:
        table = tomllib.load(stream)
    users = {user.get_username(): user for user in get_user_model().objects.filter(username__in=LOGINS)}
    today = timezone.localdate(now)
    with ledger.durable():
        partner = _merchant(programme)
        if len(users) == len(LOGINS) and not Product.objects.filter(partner=partner).exists():
            for row in table["product"]:
                _product(partner, row, users, today=today, now=now)
        if not Cause.objects.filter(code=table["cause"]["code"]).exists():
            giving.open_cause(programme, table["cause"] | {"opens_on": today - timedelta(days=30)}, by=None, now=now, demo=True)  # fmt: skip
        year, month = divmod(today.year * 12 + today.month - 2, 12)
        purchases.aggregate(programme, f"{year}-{month + 1:02d}", now=now)
        firm = Member.objects.filter(
            programme=programme, kind=Member.Kind.FIRM, organisation=FIRM, closed_at=None
        ).first()
        if firm is not None and len(users) == len(LOGINS):
            _firm(firm, table, users, today=today, now=now)


def _merchant(programme: Programme) -> Partner:
    words = {
        "programme": programme, "kind": Partner.Kind.MERCHANT, "name": "示例茶舍（演示）", "name_en": "Example Tea House (demo)",
        "organisation": MERCHANT, "state": Partner.State.ACTIVE, "demo": True,
    }  # fmt: skip
    return Partner.objects.get_or_create(code=MERCHANT, defaults=words)[0]


def _product(partner: Partner, row: dict[str, Any], users: dict[str, Any], *, today: date, now: datetime) -> None:
    values = {name: value for name, value in row.items() if name != "offer"} | {
        "starts_on": today, "ends_on": today + timedelta(days=365), "coupon_days": 30,
    }  # fmt: skip
    made = products.draft(partner, values, by=users["merchant"], now=now, demo=True)
    products.step(made, "submit", by=users["merchant"], now=now)
    products.step(made, "list", by=users["operator"], now=now)
    if given := row.get("offer"):
        products.offer(
            made, **given, starts_on=today, ends_on=today + timedelta(days=60), by=users["merchant"], now=now
        )


def _firm(firm: Member, table: dict[str, Any], users: dict[str, Any], *, today: date, now: datetime) -> None:
    boss, operator = users["enterprise"], users["operator"]
    if not NeutralEvent.objects.filter(firm=firm, demo=True).exists():
        values = {name: value for name, value in table["event"].items() if name != "rows"}
        values |= {"starts_on": today - timedelta(days=10), "ends_on": today - timedelta(days=9), "assessor": ""}
        rows = [{"factor": row["factor"], "amount": Decimal(row["amount"]), "note": "", "own_factor": None, "own_source": ""} for row in table["event"]["rows"]]  # fmt: skip
        event = neutrality.draft(firm, values, rows, by=boss, now=now, demo=True)
        neutrality.submit(event, by=boss, now=now)
        neutrality.decide(event, "register", by=operator, now=now)
    if not Purchase.objects.filter(firm=firm, demo=True).exists():
        _purchase(firm, table["purchase"], users, now=now)


def _purchase(firm: Member, row: dict[str, Any], users: dict[str, Any], *, now: datetime) -> None:
    """As much of the event as the pool can give; only a request where the pool is empty."""
    event = NeutralEvent.objects.filter(firm=firm, demo=True).first()
    wanted = event.grams if event else 1_000_000
    can = sales.for_sale(firm.programme) >= wanted
    made = sales.request(firm, wanted, row["purpose"], by=users["enterprise"], now=now, demo=True)
    if not can:
        return
    sales.offer(made, price=row["price_fen"], valid_until=now + timedelta(days=30), by=users["operator"], now=now)
    sales.accept(made, by=users["enterprise"], now=now)
    sales.pay(made, reference="演示回单", by=users["operator"], now=now)
    sales.deliver(made, by=users["ecology"], now=now)
    if event is not None and event.record.state == "registered":
        neutrality.offset(event, key="demo", by=users["enterprise"], now=now)
