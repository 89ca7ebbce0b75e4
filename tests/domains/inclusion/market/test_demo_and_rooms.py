"""The demo, the jobs, and what other rooms ask of the market: words of the statement, erasure, a firm's credit facts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dafeng.domains.inclusion.bookkeeping import POINTS
from dafeng.domains.inclusion.market import coupons, credit, demo, giving, jobs, orders, privacy, receipts
from dafeng.domains.inclusion.models import (
    Aggregate,
    Cause,
    Certificate,
    MarketRefusal,
    NeutralEvent,
    Product,
    Purchase,
)
from dafeng.kernel.ledger import services as ledger

from .conftest import NOW
from .test_orders import refused
from .test_settlement_and_report import _cause

pytestmark = pytest.mark.django_db


def counts() -> list[int]:
    kinds = (Product, Cause, NeutralEvent, Purchase, Certificate, Aggregate)
    return [kind.objects.count() for kind in kinds]


def test_the_demo_is_loaded_once(programme, person, member, spared) -> None:
    demo.ensure_demo(programme, now=NOW)
    assert counts() == [0, 1, 0, 0, 0, 0]  # without the logins only what needs nobody
    person("operator", "inclusion-operator", "operator")
    person("merchant", "teahouse-demo", "merchant")
    person("enterprise", "enterprise-demo", "enterprise")
    person("ecology", "ecology", "ecology")
    firm = member(kind="firm", organisation="enterprise-demo")
    spared("bus", 5_000_000, datetime(2026, 10, 10, tzinfo=UTC), member())
    demo.ensure_demo(programme, now=NOW)
    assert counts() == [3, 1, 1, 1, 1, 1]
    demo.ensure_demo(programme, now=NOW)
    assert counts() == [3, 1, 1, 1, 1, 1]
    assert Product.objects.filter(demo=True, record__state="listed").count() == 3
    assert Certificate.objects.get().demo
    kinds = [fact.kind for fact in credit.facts(firm)]
    assert kinds == ["certificate", "neutral_event"]
    assert ledger.audit().ok


def test_lines_of_the_statement_are_told(programme, member, product) -> None:
    who, goods = member(points=1000), product()
    order = orders.redeem(who, goods, 1, key="a", now=NOW)
    orders.use(goods.partner, coupons.shown(order), counter_key="c", by=None, now=NOW)
    orders.refund(order, reason="x", by=None, now=NOW)
    orders.cancel(orders.redeem(who, goods, 1, key="b", now=NOW), now=NOW)
    giving.give(who, giving.open_cause(programme, _cause(), by=None, now=NOW), 10, key="g", now=NOW)
    lines = ledger.statement(who.account, POINTS).lines
    told = receipts.told(who, lines)
    assert [told[line.seq][0] for line in lines if line.seq in told] == [
        "捐给“公益林”", "“毛尖一杯”取消或过期，积分退回", "兑换“毛尖一杯”，积分占用", "“毛尖一杯”退款", "兑换“毛尖一杯”", "兑换“毛尖一杯”，积分占用",
    ]  # fmt: skip


def test_who_goes_is_forgotten_but_not_with_open_coupons(programme, member, product) -> None:
    who, goods = member(points=200), product()
    order = orders.redeem(who, goods, 1, key="a", now=NOW)
    with refused("points_short"):
        orders.redeem(who, goods, 2, key="b", now=NOW)
    giving.give(who, giving.open_cause(programme, _cause(), by=None, now=NOW), 10, key="g", now=NOW, name="王某")
    assert {name: len(rows) for name, rows in privacy.about(who).items()} == {"orders": 1, "gifts": 1, "refused": 1}
    with refused("orders_open"):
        privacy.forget(who, now=NOW)
    orders.cancel(order, now=NOW)
    privacy.forget(who, now=NOW)
    assert who.donations.get().name == ""
    assert not MarketRefusal.objects.exists()


def test_the_jobs_do_their_work(programme, member, spared) -> None:
    class Running:
        def clock(self) -> datetime:
            return NOW

        def step(self, *_told: object) -> None:
            return None

    spared("bus", 500, datetime(2026, 10, 10, tzinfo=UTC), member())
    assert jobs.month(Running()).text == "2026-10：归集 1 项，结算单 0 张"
    assert jobs.sweep(Running()).text == "0 张券到期退回，0 批积分到期，提醒 0 人"
