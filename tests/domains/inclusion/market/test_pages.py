"""The market's pages: each role's path through them, double clicks, and what one may not see."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dafeng.domains.inclusion.market import coupons, findings, giving, orders, purchases, settlement
from dafeng.domains.inclusion.models import Certificate, MarketReport, NeutralEvent, Order, Product, Purchase

from .conftest import NOW, VALUES, points
from .test_settlement_and_report import DECEMBER, _cause

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The views read the clock by `timezone.now`; it stands where a test puts it."""
    state = {"now": NOW}
    monkeypatch.setattr("django.utils.timezone.now", lambda: state["now"])
    return state


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def hidden(page: str, name: str = "key") -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def test_a_citizen_orders_sees_the_code_and_cancels(person, member, product) -> None:
    user = person()
    who, goods = member(user, points=250), product()
    client = signed_in(user)
    assert goods.title in client.get("/inclusion/mall/").content.decode()
    page = client.get(f"/inclusion/mall/{goods.pk}/").content.decode()
    form = {"key": hidden(page), "expected": hidden(page, "expected"), "quantity": "2"}
    first = client.post(f"/inclusion/mall/{goods.pk}/redeem/", form)
    second = client.post(f"/inclusion/mall/{goods.pk}/redeem/", form)  # a double click
    assert first.status_code == 302
    assert first.headers["Location"] == second.headers["Location"]
    order = Order.objects.get()
    coupon = client.get(first.headers["Location"]).content.decode()
    assert coupons.shown(order) in coupon
    assert order.product.title in client.get("/inclusion/mall/coupons/").content.decode()
    stranger = signed_in(person())
    assert stranger.get(f"/inclusion/mall/coupons/{order.pk}/").status_code == 404
    assert stranger.post(f"/inclusion/mall/coupons/{order.pk}/cancel/").status_code == 404
    client.post(f"/inclusion/mall/coupons/{order.pk}/cancel/")
    assert points(who.account) == (250, 0)
    answer = client.post(f"/inclusion/mall/{goods.pk}/redeem/", {"quantity": "3", "key": "x"})
    assert answer.status_code == 422
    assert "可用积分不够" in answer.content.decode()
    assert "可用积分不够" in client.get("/inclusion/mall/coupons/").content.decode()
    assert Client().get("/inclusion/mall/").status_code == 200


def test_a_gift_has_a_page_and_a_paper(person, member, programme) -> None:
    user = person()
    member(user, points=250)
    cause = giving.open_cause(programme, _cause(), by=None, now=NOW)
    client = signed_in(user)
    assert cause.title in client.get("/inclusion/causes/").content.decode()
    page = client.get("/inclusion/causes/forest/").content.decode()
    answer = client.post("/inclusion/causes/forest/give/", {"key": hidden(page), "points": "100", "name": "甲"})
    assert "谢谢您" in client.get(answer.headers["Location"]).content.decode()
    assert client.post("/inclusion/causes/forest/give/", {"points": "999"}).status_code == 422
    assert signed_in(person()).get(answer.headers["Location"]).status_code == 404
    assert Client().get("/inclusion/causes/forest/").status_code == 200
    assert Client().get("/inclusion/mall/rules/").status_code == 200


def test_the_counter_says_green_or_red(person, member, product) -> None:
    seller = person("merchant", "teahouse")
    who, goods = member(points=100), product()
    order = orders.redeem(who, goods, 1, key="k", now=NOW)
    client, code = signed_in(seller), coupons.shown(order)
    key = hidden(client.get("/inclusion/counter/").content.decode())
    answer = client.post("/inclusion/counter/", {"code": code, "key": key})
    assert answer.status_code == 200
    assert "核销成功" in answer.content.decode()
    assert (
        "核销成功" in client.post("/inclusion/counter/", {"code": code, "key": key}).content.decode()
    )  # a double click
    red = client.post("/inclusion/counter/", {"code": code, "key": "another"})
    assert red.status_code == 422
    assert "这张券已经用过" in red.content.decode()
    order_page = f"/inclusion/counter/orders/{order.pk}/"
    assert who.pseudonym not in client.get(order_page).content.decode()
    other = signed_in(person("merchant", "noodles"))
    assert other.get(order_page).status_code == 404
    assert client.post(order_page, {"reason": ""}).status_code == 422
    client.post(order_page, {"reason": "退货"})
    assert points(who.account) == (100, 0)
    assert client.get("/inclusion/counter/orders/?export=csv").status_code == 200
    assert signed_in(person("citizen")).get("/inclusion/counter/").status_code == 403


def test_a_merchant_keeps_goods_and_the_operator_lists_them(person, merchant) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    seller, operator, partner = person("merchant", "teahouse"), person("operator"), merchant()
    client, desk = signed_in(seller), signed_in(operator)
    fields = {name: str(value) for name, value in VALUES.items()}
    bad = client.post("/inclusion/counter/goods/new/", fields | {"pictures": SimpleUploadedFile("a.png", b"<svg/>")})
    assert bad.status_code == 422
    assert "图片不能用" in bad.content.decode()
    client.post("/inclusion/counter/goods/new/", fields | {"pictures": SimpleUploadedFile("a.png", PNG)})
    made = Product.objects.get(partner=partner)
    edit = f"/inclusion/counter/goods/{made.pk}/"
    client.post(edit, fields | {"price": "90"})
    picture = made.record.evidence.get()
    assert Client().get(f"/inclusion/mall/pictures/{picture.pk}/").status_code == 404  # not listed yet
    client.post(f"{edit}step/", {"action": "submit", "state": "draft"})
    assert made.title in desk.get("/inclusion/desk/market/").content.decode()
    stale = desk.post(f"{edit}step/", {"action": "list", "state": "draft"})
    assert stale.status_code == 409
    desk.post(f"{edit}step/", {"action": "list", "state": "submitted"})
    shown = Client().get(f"/inclusion/mall/pictures/{picture.pk}/")
    assert shown.headers["Content-Type"] == "image/png"
    assert b"".join(shown.streaming_content) == PNG
    client.post(f"{edit}stock/", {"change": "+5"})
    client.post(f"{edit}offer/", {"title": "周末", "price": "60", "starts_on": "2026-11-20", "ends_on": "2026-11-30"})
    page = Client().get(f"/inclusion/mall/{made.pk}/").content.decode()
    assert "60" in page
    assert "周末" in page
    offer = made.offers.get()
    client.post(f"{edit}offer/", {"end": str(offer.pk)})
    made.refresh_from_db()
    assert made.stock == 15
    assert "周末" not in Client().get(f"/inclusion/mall/{made.pk}/").content.decode()
    assert signed_in(person("merchant", "noodles")).get(edit).status_code == 404
    assert client.post(f"{edit}stock/", {"change": "many"}).status_code == 422


def test_a_statement_goes_its_way(person, member, product, programme, clock) -> None:
    seller, operator = person("merchant", "teahouse"), person("operator")
    goods = product()
    order = orders.redeem(member(points=100), goods, 1, key="k", now=NOW)
    orders.use(goods.partner, coupons.shown(order), counter_key="c", by=None, now=NOW)
    clock["now"] = DECEMBER
    client, desk = signed_in(seller), signed_in(operator)
    desk.post("/inclusion/desk/market/statements/", {"month": "2026-11"})
    made = goods.partner.statements.get()
    address = f"/inclusion/counter/statements/{made.record_id}/"
    assert "2026-11" in client.get("/inclusion/counter/statements/").content.decode()
    client.post(f"{address}step/", {"action": "agree", "state": "prepared"})
    desk.post(f"{address}step/", {"action": "confirm", "state": "agreed"})
    desk.post(f"{address}step/", {"action": "pay", "state": "confirmed", "reason": "回单 1"})
    made.refresh_from_db()
    assert (made.retired, made.payment_reference) == (100, "回单 1")
    assert "回单 1" in client.get(address).content.decode()
    assert client.get(f"{address}?export=csv").headers["Content-Type"].startswith("text/csv")
    assert signed_in(person("merchant", "noodles")).get(address).status_code == 404
    assert desk.post("/inclusion/desk/market/statements/", {"month": "soon"}).status_code == 422
    assert settlement.orders_of(goods.partner, "2026-11").count() == 1


@pytest.mark.fonts
def test_an_enterprise_buys_offsets_and_shows_its_certificate(person, member, programme, spared) -> None:
    boss, operator, office = person("enterprise", "mill"), person("operator"), person("ecology")
    firm = member(kind="firm", organisation="mill", points=500)
    spared("bus", 2_000_000, datetime(2026, 10, 10, tzinfo=UTC), member())
    client, desk, decider = signed_in(boss), signed_in(operator), signed_in(office)
    desk.post("/inclusion/desk/market/aggregate/", {"month": "2026-10"})
    assert "2" in client.get("/inclusion/firm/market/").content.decode()
    client.post("/inclusion/firm/market/purchases/new/", {"tonnes": "1.5", "purpose": "年会"})
    bought = Purchase.objects.get()
    address = f"/inclusion/firm/market/purchases/{bought.record_id}/"
    desk.post(
        f"{address}step/", {"action": "offer", "state": "requested", "yuan": "60.00", "valid_until": "2026-12-01"}
    )
    client.post(f"{address}step/", {"action": "accept", "state": "offered"})
    desk.post(f"{address}step/", {"action": "pay", "state": "accepted", "reason": "回单 2"})
    assert desk.post(f"{address}step/", {"action": "deliver", "state": "paid"}).status_code == 403
    decider.post(f"{address}step/", {"action": "deliver", "state": "paid"})
    assert "90.00" in client.get(address).content.decode()
    assert signed_in(person("enterprise", "other")).get(address).status_code == 404
    event = {
        "title": "茶文化节", "organiser": "示例企业", "venue": "浉河区", "starts_on": "2026-11-01", "ends_on": "2026-11-02", "people": "800",
        "plan": "优先公交", "assessor": "", "rows-TOTAL_FORMS": "1", "rows-INITIAL_FORMS": "0", "rows-0-factor": "grid", "rows-0-amount": "1000",
    }  # fmt: skip
    assert client.get("/inclusion/neutral/new/").status_code == 200
    client.post("/inclusion/neutral/new/", event)
    made = NeutralEvent.objects.get()
    where = f"/inclusion/neutral/{made.record_id}/"
    assert Client().get(where).status_code == 404  # a draft is the firm's own
    assert client.get(f"{where}edit/").status_code == 200
    client.post(f"{where}edit/", event | {"rows-0-amount": "2000"})
    client.post(f"{where}step/", {"action": "submit", "state": "draft"})
    decider.post(f"{where}step/", {"action": "register", "state": "submitted"})
    assert "1.1794" in Client().get(where).content.decode()  # 2000 kWh × 589.7 g
    client.post(f"{where}step/", {"action": "offset", "state": "registered", "key": "k"})
    paper = Certificate.objects.get()
    shown = Client().get(f"/inclusion/certificates/{paper.number}/").content.decode()
    assert "证书有效" in shown
    assert paper.digest in shown
    assert "offset/bus/2026-10" in shown
    assert Client().get(f"/inclusion/certificates/{paper.number}/paper/").content.startswith(b"%PDF")
    assert Client().get("/inclusion/certificates/XTT-0/").status_code == 404
    assert paper.number in Client().get("/inclusion/certificates/").content.decode()
    assert "茶文化节" in Client().get("/inclusion/neutral/").content.decode()
    form = client.get("/inclusion/firm/market/retire/").content.decode()
    key = hidden(form)
    retire = {"tonnes": "0.1", "beneficiary": "示例企业", "period": "2026", "key": key}
    assert client.post("/inclusion/firm/market/retire/", retire).headers["Location"] == client.post("/inclusion/firm/market/retire/", retire).headers["Location"]  # fmt: skip
    assert client.post("/inclusion/firm/market/retire/", retire | {"tonnes": "9", "key": "z"}).status_code == 422
    assert "可售的减排量不够" in client.get("/inclusion/firm/market/").content.decode()
    assert firm.certificates.count() == 2


def test_sponsoring_by_pages(person, member, product) -> None:
    boss, operator = person("enterprise", "mill"), person("operator")
    firm, goods = member(kind="firm", organisation="mill", points=100), product()
    client, desk = signed_in(boss), signed_in(operator)
    given = {
        "product": goods.pk,
        "title": "消费月",
        "name": "示例企业",
        "each": 30,
        "budget": 60,
        "starts_on": "2026-11-01",
        "ends_on": "2026-11-30",
    }
    assert client.get("/inclusion/firm/market/sponsorships/new/").status_code == 200
    client.post("/inclusion/firm/market/sponsorships/new/", given)
    made = firm.sponsorships.get()
    step = f"/inclusion/firm/market/sponsorships/{made.record_id}/step/"
    desk.post(step, {"action": "start", "state": "proposed"})
    assert "示例企业 赞助 30 积分" in Client().get(f"/inclusion/mall/{goods.pk}/").content.decode()
    client.post(step, {"action": "stop", "state": "running", "reason": "预算"})
    assert "赞助 30" not in Client().get(f"/inclusion/mall/{goods.pk}/").content.decode()


@pytest.mark.fonts
def test_the_report_is_public_when_published(person, member, product, clock) -> None:
    order = orders.redeem(member(points=100), product(), 1, key="k", now=NOW)
    office, operator = person("statistics"), person("operator")
    assert "还没有公布" in Client().get("/inclusion/market/report/").content.decode()
    assert "实时数" in signed_in(office).get("/inclusion/market/report/").content.decode()
    clock["now"] = datetime(2027, 1, 10, tzinfo=UTC)
    signed_in(operator).post("/inclusion/market/report/publish/", {"year": "2026"})
    assert MarketReport.objects.get().content["points"]["issued"] == 100
    page = Client().get("/inclusion/market/report/?year=2026").content.decode()
    assert "已公布" in page
    assert "期末结存" in page
    for kind in ("pdf", "docx", "xlsx"):
        assert Client().get(f"/inclusion/market/report/{kind}/?year=2026").status_code == 200
    assert Client().get("/inclusion/market/report/pdf/?year=1999").status_code == 404
    assert signed_in(operator).post("/inclusion/market/report/publish/", {"year": "2027"}).status_code == 422
    assert order.state == "held"


def test_the_operators_desk(person, member, product, programme, spared) -> None:
    operator = person("operator")
    desk, goods = signed_in(operator), product()
    made = findings._raise(goods.partner, 30, 100, now=NOW)
    assert "核销异常" in desk.get("/inclusion/desk/market/").content.decode()
    desk.post(f"/inclusion/desk/market/findings/{made.record_id}/", {"action": "clear", "reason": "促销"})
    cause = {name: str(value) for name, value in _cause().items()}
    assert desk.post("/inclusion/desk/market/causes/new/", cause).status_code == 302
    assert desk.post("/inclusion/desk/market/causes/new/", cause).status_code == 422
    desk.post("/inclusion/desk/market/causes/forest/", {"text": "第一批种下了", "units": "3"})
    assert "第一批种下了" in Client().get("/inclusion/causes/forest/").content.decode()
    desk.post("/inclusion/desk/market/causes/forest/", {"close": "1"})
    assert "项目已结束" in Client().get("/inclusion/causes/forest/").content.decode()
    assert desk.get("/inclusion/desk/market/sinks/new/").status_code == 200
    spared("bus", 5, datetime(2026, 10, 10, tzinfo=UTC), member())
    purchases.aggregate(programme, "2026-10", now=NOW)
    office = signed_in(person("county")).get("/inclusion/desk/market/")
    assert office.status_code == 200
    assert '<form method="post" action="/inclusion/desk/market/aggregate/"' not in office.content.decode()


def test_pages_ask_few_questions(person, member, product, programme) -> None:
    user, seller, operator = person(), person("merchant", "teahouse"), person("operator")
    who = member(user, points=5000)
    goods = [product(title=f"商品{n}") for n in range(8)]
    for number, each in enumerate(goods):
        order = orders.redeem(who, each, 1, key=f"k{number}", now=NOW)
        if number % 2:
            orders.use(each.partner, coupons.shown(order), counter_key="c", by=None, now=NOW)
    for n in range(5):
        giving.open_cause(programme, _cause() | {"code": f"c{n}"}, by=None, now=NOW)
    told = {}
    for who_asks, addresses in (
        (user, ["mall/", f"mall/{goods[0].pk}/", "mall/coupons/", "causes/", "causes/c1/", f"mall/coupons/{order.pk}/"]),
        (seller, ["counter/", "counter/goods/", f"counter/goods/{goods[0].pk}/", "counter/orders/", "counter/statements/"]),
        (operator, ["desk/market/", "market/report/", "certificates/", "neutral/", "firm/market/"]),
    ):  # fmt: skip
        client = signed_in(who_asks)
        for address in addresses:
            client.get(f"/inclusion/{address}")
            with CaptureQueriesContext(connection) as asked:
                assert client.get(f"/inclusion/{address}").status_code == 200
            if len(asked) > 12:
                told[address] = len(asked)
    assert told == {}
