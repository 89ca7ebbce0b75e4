"""Statements of merchants, gifts, and the yearly report: what they say is what the ledger says."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from dafeng.domains.inclusion.bookkeeping import OFFSET, POINTS
from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.market import (
    coupons,
    expiry,
    giving,
    orders,
    paperwork,
    products,
    purchases,
    report_words,
    reporting,
    settlement,
)
from dafeng.domains.inclusion.models import Order
from dafeng.kernel.errors import PermissionDenied
from dafeng.kernel.ledger import services as ledger

from .conftest import NOW, grant, points
from .test_orders import refused

pytestmark = pytest.mark.django_db
DECEMBER = NOW + timedelta(days=12)


def bought(who, goods, key: str, *, now=NOW, quantity: int = 1) -> Order:
    order = orders.redeem(who, goods, quantity, key=key, now=now)
    return orders.use(goods.partner, coupons.shown(order), counter_key=key, by=None, now=now)


def test_a_month_with_a_merchant(member, product, person, programme) -> None:
    seller, operator = person("merchant", "teahouse"), person("operator")
    who, goods = member(points=1000), product()
    bought(who, goods, "a")
    back = bought(who, goods, "b")
    kept = bought(who, goods, "c", quantity=2)
    with pytest.raises(InclusionError, match="没有结束"):
        settlement.prepare(programme, "2026-11", by=None, now=NOW)
    (made,) = settlement.prepare(programme, "2026-11", by=None, now=DECEMBER)
    assert settlement.prepare(programme, "2026-11", by=None, now=DECEMBER) == []
    assert (made.count, made.points) == (3, 400)
    orders.refund(back, reason="错点", by=None, now=DECEMBER)  # after the statement was made
    with refused("statement_changed"):
        settlement.step(made, "agree", by=seller, now=DECEMBER)
    settlement.step(made, "object", by=seller, now=DECEMBER, reason="有一笔退款")
    settlement.step(made, "again", by=operator, now=DECEMBER, reason="已扣除")
    assert (made.count, made.points) == (2, 300)
    with pytest.raises(PermissionDenied):
        settlement.step(made, "agree", by=operator, now=DECEMBER)
    settlement.step(made, "agree", by=seller, now=DECEMBER)
    with pytest.raises(PermissionDenied):
        settlement.step(made, "confirm", by=seller, now=DECEMBER)
    settlement.step(made, "confirm", by=operator, now=DECEMBER)
    assert (made.retired, made.expired, points("merchant:tea/main")) == (300, 0, (0, 0))
    assert ledger.city_total("points").retired == 300
    with refused("refund_settled"):
        orders.refund(kept, reason="x", by=None, now=DECEMBER)
    with pytest.raises(InclusionError, match="凭证号"):
        settlement.step(made, "pay", by=operator, now=DECEMBER)
    settlement.step(made, "pay", by=operator, now=DECEMBER, reference="回单 7")
    text = settlement.as_csv(made)
    assert text.splitlines()[0].endswith("合计积分")
    assert len(text.splitlines()) == 3
    assert who.pseudonym not in text


def test_points_that_ran_out_at_the_merchants_are_told_apart(member, product, person, programme) -> None:
    seller, operator = person("merchant", "teahouse"), person("operator")
    who, goods = member(), product()
    grant(who, 100, month="2024-11", at=NOW)  # ends with November 2026
    grant(who, 100, month="2026-11")
    bought(who, goods, "a")
    bought(who, goods, "b")
    (made,) = settlement.prepare(programme, "2026-11", by=None, now=DECEMBER)
    settlement.step(made, "agree", by=seller, now=DECEMBER)
    expiry.sweep(now=DECEMBER)
    settlement.step(made, "confirm", by=operator, now=DECEMBER)
    assert (made.points, made.retired, made.expired) == (200, 100, 100)
    total = ledger.city_total("points")
    assert (total.retired, total.expired, total.in_accounts) == (100, 100, 0)


def test_gifts_are_retired_at_once(member, programme) -> None:
    who = member(points=300)
    cause = giving.open_cause(programme, _cause(), by=None, now=NOW)
    made = giving.give(who, cause, 120, key="k", now=NOW, name="一位市民")
    assert giving.give(who, cause, 120, key="k", now=NOW).pk == made.pk
    with refused("key_reused"):
        giving.give(who, cause, 121, key="k", now=NOW)
    with refused("points_bad"):
        giving.give(who, cause, 0, key="z", now=NOW)
    with refused("points_short"):
        giving.give(who, cause, 181, key="y", now=NOW)
    assert (points(who.account), points(cause.account)) == ((180, 0), (0, 0))
    assert giving.progress(cause) == {"points": 120, "gifts": 1, "units": 0, "earned_units": 2, "percent": 12}
    assert reporting.total("points").retired == {"donate": 120}


def test_a_closed_cause_takes_nothing(member, programme, person) -> None:
    who, operator = member(points=300), person("operator")
    cause = giving.open_cause(programme, _cause(), by=operator, now=NOW)
    giving.tell(cause, text="种下第一批", units=2, by=operator, now=NOW)
    giving.close_cause(cause, by=operator, now=NOW)
    with refused("cause_closed"):
        giving.give(who, cause, 1, key="k", now=NOW)
    assert giving.progress(cause)["units"] == 2


def _cause() -> dict:
    return {
        "code": "forest", "title": "公益林", "title_en": "Forest", "text": "种树", "keeper": "示例林场", "unit": "棵树",
        "unit_points": 50, "goal": 1000, "opens_on": datetime(2026, 11, 1).date(),
    }  # fmt: skip


def same_as_the_ledger(asset: str) -> None:
    ours, total = reporting.total(asset), ledger.city_total(asset)
    cancelled = sum(v for k, v in ours.retired.items() if k in ("clawback", "forfeit", "correction"))
    assert ours.issued == total.issued
    assert ours.expired == total.expired
    assert sum(ours.retired.values()) - cancelled == total.retired
    assert ours.reversed + cancelled == total.cancelled
    assert ours.outstanding == total.in_accounts


def test_the_report_is_the_ledger(member, product, person, programme, spared) -> None:
    """Two years; every kind of end that a point can have; the years add up to the ledger's totals."""
    seller, operator = person("merchant", "teahouse"), person("operator")
    who, goods = member(), product(ends_on=datetime(2027, 12, 31).date())
    grant(who, 70, month="2024-11", at=NOW)
    grant(who, 900, month="2026-11")
    bought(who, goods, "a", quantity=3)
    orders.refund(bought(who, goods, "b"), reason="x", by=seller, now=NOW)
    giving.give(who, giving.open_cause(programme, _cause(), by=None, now=NOW), 90, key="g", now=NOW)
    orders.redeem(who, goods, 1, key="open", now=NOW)
    spared("bus", 2_000_000, datetime(2026, 10, 10, tzinfo=UTC), who)
    purchases.aggregate(programme, "2026-10", now=NOW)
    january = datetime(2027, 1, 5, tzinfo=UTC)
    expiry.sweep(now=january)
    grant(who, 40, month="2027-01", at=january)
    (made,) = settlement.prepare(programme, "2026-11", by=None, now=january)
    settlement.step(made, "agree", by=seller, now=january)
    settlement.step(made, "confirm", by=operator, now=january)
    for asset in (POINTS, OFFSET):
        same_as_the_ledger(asset)
    first, second = (reporting.content_of(programme, year, now=january) for year in (2026, 2027))
    # 2026: 970 came, 90 given away. The first 70 paid the merchant (they end first) and ended there in 2027.
    assert first["points"] == {
        "opening": 0,
        "issued": 970,
        "retired": {"donate": 90},
        "expired": 0,
        "reversed": 0,
        "closing": 880,
    }
    assert second["points"]["opening"] == 880
    assert second["points"]["issued"] == 40
    assert second["points"]["closing"] == ledger.city_total(POINTS).in_accounts
    for content in (first, second):
        p = content["points"]
        assert p["opening"] + p["issued"] - sum(p["retired"].values()) - p["expired"] - p["reversed"] == p["closing"]
    assert first["mall"] == {"orders": 2, "points": 400, "sponsored": 0, "merchants": 1, "refunds": 1, "refunded": 100}
    assert first["offset"]["issued"] == 2_000_000
    with pytest.raises(InclusionError, match="没有结束"):
        reporting.publish(programme, 2027, by=operator, now=january)
    published = reporting.publish(programme, 2026, by=operator, now=january)
    assert published.content == first
    assert published.number == 1


@pytest.mark.fonts
def test_the_report_as_files(member, product, programme) -> None:
    bought(member(points=100), product(), "a")
    content = reporting.content_of(programme, 2026, now=NOW)
    title = report_words.title(content)
    assert title == "信阳市信碳通 2026 年度消纳报告"
    made = {kind: paperwork.report_file(content, kind)[0] for kind in ("pdf", "docx", "xlsx")}
    assert made["pdf"].startswith(b"%PDF")
    assert all(paperwork.report_file(content, kind)[0] == made[kind] for kind in made)
    with zipfile.ZipFile(io.BytesIO(made["docx"])) as parts:
        text = parts.read("word/document.xml").decode()
    assert title in text
    assert "核销积分" in text
    assert report_words.tonnes(1_234_500_000) == "1,234.5"
    assert report_words.yuan(9_002) == "90.02"


def test_what_is_on_sale_says_price_today(product) -> None:
    goods = product()
    assert products.Price(goods, datetime(2026, 11, 21).date()).own == 100
