"""Orders: what is held, used, cancelled, refunded, refused; and the points in the ledger after each step."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.market import coupons, expiry, findings, orders, products, refusals, rules, sponsoring
from dafeng.domains.inclusion.models import MarketRefusal, MerchantFinding, Order, Partner
from dafeng.kernel.desk.models import Notice
from dafeng.kernel.ledger import services as ledger

from .conftest import NOW, VALUES, grant, points

pytestmark = pytest.mark.django_db


class refused:
    """A block that must be refused with a code."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, trace: object) -> bool:
        assert kind is Refused, f"{self.code} expected, got {error!r}"
        assert error.code == self.code
        return True


def test_an_order_holds_points_and_its_coupon_pays_the_merchant(member, product) -> None:
    who, goods = member(points=250), product()
    order = orders.redeem(who, goods, 2, key="k1", now=NOW)
    assert (order.state, order.points, points(who.account)) == ("held", 200, (50, 200))
    goods.refresh_from_db()
    assert goods.stock == 8
    code = coupons.shown(order)
    assert len(code) == 11
    assert code.replace("-", "") not in (order.code_key, bytes(order.sealed).decode())
    # 30 whole days after today: the end of 21 December in Xinyang
    assert order.expires_at.isoformat() == "2026-12-22T00:00:00+08:00"
    used = orders.use(goods.partner, f" {code.lower()} ", counter_key="c1", by=None, now=NOW)
    assert used.state == "used"
    assert coupons.shown(used) == ""
    assert points(who.account) == (50, 0)
    assert points("merchant:tea/main") == (200, 0)
    assert used.lots == {"member": [["points/2026-11", 200]]}
    assert ledger.audit().ok


def test_the_same_form_twice_is_one_order_and_other_content_is_refused(member, product) -> None:
    who, goods = member(points=500), product()
    first = orders.redeem(who, goods, 1, key="k", now=NOW)
    assert orders.redeem(who, goods, 1, key="k", now=NOW).pk == first.pk
    assert points(who.account) == (400, 100)
    with refused("key_reused"):
        orders.redeem(who, goods, 2, key="k", now=NOW)


def test_what_cannot_be_ordered_is_refused_and_kept_for_the_member(member, product, merchant) -> None:
    who, goods = member(points=150), product(per_person=1, stock=3)
    with refused("points_short"):
        orders.redeem(who, product(price=151), 1, key="a", now=NOW)
    with refused("stock_short"):
        orders.redeem(who, goods, 4, key="b", now=NOW)
    with refused("quantity_bad"):
        orders.redeem(who, goods, 0, key="c", now=NOW)
    with refused("quantity_bad"):
        orders.redeem(who, goods, 21, key="c", now=NOW)
    with refused("person_limit"):
        orders.redeem(who, goods, 2, key="d", now=NOW)
    with refused("price_changed"):
        orders.redeem(who, goods, 1, key="e", now=NOW, expected=99)
    with refused("product_period"):
        orders.redeem(who, goods, 1, key="f", now=NOW + timedelta(days=60))
    Partner.objects.update(state="suspended")
    with refused("merchant_inactive"):
        orders.redeem(who, goods, 1, key="g", now=NOW)
    Partner.objects.update(state="active")
    products.step(goods, "delist", by=_merchant_user(), now=NOW, reason="换季")
    with refused("product_unlisted"):
        orders.redeem(who, goods, 1, key="h", now=NOW)
    assert [each.reason for each in MarketRefusal.objects.filter(sender=who.holder).order_by("pk")] == [
        "points_short", "stock_short", "quantity_bad", "quantity_bad", "person_limit", "price_changed", "product_period",
        "merchant_inactive", "product_unlisted",
    ]  # fmt: skip
    goods.refresh_from_db()
    assert (goods.stock, points(who.account), Order.objects.count()) == (3, (150, 0), 0)


def _merchant_user():
    from dafeng.portal.accounts.models import Membership, Organisation, User

    user = User.objects.create_user("seller", password="a-long-test-password")
    office, _made = Organisation.objects.get_or_create(code="teahouse", defaults={"name": "teahouse"})
    Membership.objects.create(user=user, organisation=office, role="merchant", place="411500")
    return user


def test_a_suspended_or_closed_account_spends_nothing(member, product) -> None:
    who, goods = member(points=150), product()
    who.suspended_at = NOW
    who.save()
    with refused("account_suspended"):
        orders.redeem(who, goods, 1, key="a", now=NOW)
    who.suspended_at, who.closed_at = None, NOW
    who.save()
    with refused("account_closed"):
        orders.redeem(who, goods, 1, key="a", now=NOW)


def test_a_coupon_is_used_once_at_its_own_merchant_and_in_time(member, product, merchant) -> None:
    who, goods, other = member(points=500), product(), merchant("noodles", "noodles")
    order = orders.redeem(who, goods, 1, key="k", now=NOW)
    code = coupons.shown(order)
    with refused("coupon_unknown"):
        orders.use(goods.partner, "22222-22222", counter_key="x", by=None, now=NOW)
    with refused("coupon_other_merchant"):
        orders.use(other, code, counter_key="x", by=None, now=NOW)
    orders.use(goods.partner, code, counter_key="form-1", by=None, now=NOW)
    assert orders.use(goods.partner, code, counter_key="form-1", by=None, now=NOW).pk == order.pk  # a double click
    with refused("coupon_used"):
        orders.use(goods.partner, code, counter_key="form-2", by=None, now=NOW)
    late = orders.redeem(who, goods, 1, key="k2", now=NOW)
    late_code = coupons.shown(late)
    with refused("coupon_expired"):
        orders.use(goods.partner, late_code, counter_key="y", by=None, now=late.expires_at)
    gone = orders.redeem(who, goods, 1, key="k3", now=NOW)
    gone_code = coupons.shown(gone)
    orders.cancel(gone, now=NOW)
    with refused("coupon_cancelled"):
        orders.use(goods.partner, gone_code, counter_key="z", by=None, now=NOW)
    assert points("merchant:tea/main") == (100, 0)
    assert MarketRefusal.objects.filter(sender="merchant:tea").count() == 4


def test_guessing_codes_shuts_the_counter_for_a_while(member, product) -> None:
    who, goods = member(points=100), product()
    code = coupons.shown(orders.redeem(who, goods, 1, key="k", now=NOW))
    for guess in range(rules.rule("counter", "wrong_codes")):
        with refused("coupon_unknown"):
            orders.use(goods.partner, f"2222{guess}", counter_key="x", by=None, now=NOW)
    with refused("counter_locked"):
        orders.use(goods.partner, code, counter_key="x", by=None, now=NOW + timedelta(seconds=5))
    later = NOW + timedelta(minutes=rules.rule("counter", "minutes"), seconds=1)
    assert orders.use(goods.partner, code, counter_key="x", by=None, now=later).state == "used"


def test_cancelling_gives_points_and_stock_back_once(member, product) -> None:
    who, goods = member(points=100), product()
    order = orders.redeem(who, goods, 1, key="k", now=NOW)
    orders.cancel(order, now=NOW)
    orders.cancel(order, now=NOW)
    goods.refresh_from_db()
    assert (points(who.account), goods.stock) == ((100, 0), 10)
    used = orders.redeem(who, goods, 1, key="k2", now=NOW)
    orders.use(goods.partner, coupons.shown(used), counter_key="c", by=None, now=NOW)
    with refused("order_not_open"):
        orders.cancel(used, now=NOW)


def test_coupons_that_ran_out_are_closed_by_the_sweep(member, product) -> None:
    who, goods = member(points=300), product()
    order = orders.redeem(who, goods, 3, key="k", now=NOW)
    assert expiry.sweep(now=order.expires_at - timedelta(seconds=1)) == (0, 0)
    assert expiry.sweep(now=order.expires_at) == (1, 0)
    assert expiry.sweep(now=order.expires_at) == (0, 0)
    order.refresh_from_db()
    goods.refresh_from_db()
    assert (order.state, points(who.account), goods.stock) == ("expired", (300, 0), 10)
    assert ledger.audit().ok


def test_a_refund_returns_the_same_lots(member, product) -> None:
    who, goods, another = member(), product(price=100), member(points=1000)
    grant(who, 60, month="2026-10")
    grant(who, 90, month="2026-11")
    # Somebody else's points of November lie at the merchant's too: they must not be taken for the refund.
    orders.use(goods.partner, coupons.shown(orders.redeem(another, goods, 5, key="o", now=NOW)), counter_key="1", by=None, now=NOW)  # fmt: skip
    order = orders.redeem(who, goods, 1, key="k", now=NOW)
    with refused("refund_not_used"):
        orders.refund(order, reason="x", by=None, now=NOW)
    order = orders.use(goods.partner, coupons.shown(order), counter_key="c", by=None, now=NOW)
    # The lot that ends first goes first: 60 of October, then 40 of November.
    assert order.lots == {"member": [["points/2026-10", 60], ["points/2026-11", 40]]}
    orders.refund(order, reason="茶没有了", by=None, now=NOW)
    lots = {lot.lot: lot.total for lot in ledger.balance(who.account, "points").lots}
    assert lots == {"points/2026-10": 60, "points/2026-11": 90}
    assert points("merchant:tea/main") == (500, 0)
    assert orders.refund(order, reason="again", by=None, now=NOW).state == "refunded"
    assert points("merchant:tea/main") == (500, 0)


def test_a_refund_after_the_lot_ended_is_refused(member, product) -> None:
    who, goods = member(), product(coupon_days=30)
    grant(who, 100, month="2024-11", at=NOW)  # usable until the end of November 2026
    order = orders.redeem(who, goods, 1, key="k", now=NOW)
    december = NOW + timedelta(days=12)
    order = orders.use(goods.partner, coupons.shown(order), counter_key="c", by=None, now=december)  # held in time
    with refused("refund_after_expiry"):
        orders.refund(order, reason="x", by=None, now=december)
    expiry.sweep(now=december)
    with refused("refund_after_expiry"):
        orders.refund(order, reason="x", by=None, now=december)
    order.refresh_from_db()
    assert order.state == "used"
    assert points(who.account) == (0, 0)


def test_the_sweep_expires_lots_and_warns_a_month_before(member, product, person) -> None:
    user = person()
    who = member(user)
    grant(who, 70, month="2024-11", at=NOW)
    assert expiry.warn(now=NOW) == 1  # ends on 1 December, ten days away
    assert expiry.warn(now=NOW) == 0
    assert [each.title for each in Notice.objects.filter(user=user)] == ["70 个碳积分将在 2026-11-30 之后失效"]
    assert expiry.sweep(now=NOW) == (0, 0)
    assert expiry.sweep(now=NOW + timedelta(days=10)) == (0, 1)
    assert points(who.account) == (0, 0)
    assert ledger.city_total("points").expired == 70


def test_campaign_prices_and_sponsors_lower_what_the_member_pays(member, product, person) -> None:
    seller, operator = person("merchant", "teahouse"), person("operator")
    boss = person("enterprise", "mill")
    firm, who, goods = member(kind="firm", organisation="mill", points=100), member(points=500), product(price=100)
    products.offer(goods, title="周末价", price=80, starts_on=date(2026, 11, 20), ends_on=date(2026, 11, 22), by=seller, now=NOW)  # fmt: skip
    made = sponsoring.propose(firm, goods, title="绿色消费月", name="示例企业", each=30, budget=70, starts_on=date(2026, 11, 1), ends_on=date(2026, 11, 30), by=boss, now=NOW)  # fmt: skip
    assert products.Price(goods, date(2026, 11, 21)).own == 80
    sponsoring.step(made, "start", by=operator, now=NOW)
    price = products.Price(goods, date(2026, 11, 21))
    assert (price.listed, price.full, price.sponsored, price.own) == (100, 80, 30, 50)
    order = orders.redeem(who, goods, 2, key="k", now=NOW, expected=100)
    assert (points(who.account), points(firm.account)) == ((400, 100), (40, 60))
    # 10 of the budget of 70 are left: less than one piece's 30, so the sponsor no longer counts.
    assert products.Price(goods, date(2026, 11, 21)).own == 80
    order = orders.use(goods.partner, coupons.shown(order), counter_key="c", by=None, now=NOW)
    assert points("merchant:tea/main") == (160, 0)
    orders.refund(order, reason="x", by=None, now=NOW)
    assert (points(who.account), points(firm.account), points("merchant:tea/main")) == ((500, 0), (100, 0), (0, 0))
    made.refresh_from_db()
    assert made.promised == 0


def test_sudden_redemption_is_a_finding_once_an_hour(member, product, person) -> None:
    watcher = person("operator")
    least = rules.rule("sudden", "least")
    who, goods = member(points=10_000), product(stock=1000, price=10)
    for number in range(least - 1):
        order = orders.redeem(who, goods, 1, key=f"k{number}", now=NOW)
        orders.use(goods.partner, coupons.shown(order), counter_key="c", by=None, now=NOW)
    assert findings.watch(goods.partner, now=NOW) is None
    order = orders.redeem(who, goods, 1, key="last", now=NOW)
    orders.use(goods.partner, coupons.shown(order), counter_key="c", by=None, now=NOW)
    found = findings.watch(goods.partner, now=NOW)
    assert found is not None
    assert (found.seen, found.usual) == (least, 0)
    assert findings.watch(goods.partner, now=NOW) is None
    assert MerchantFinding.objects.count() == 1
    assert Notice.objects.filter(user=watcher).count() == 1
    findings.decide(found, "clear", by=watcher, now=NOW, reason="开业促销")
    # A merchant whose usual hour is as busy is not odd: 28 days × 24 h × 3 = 2016 coupons before.
    Order.objects.bulk_create(
        Order(member=who, product=goods, partner=goods.partner, key=f"u{n}", quantity=1, unit_price=10, points=10, state="used",
              ordered_at=NOW, expires_at=NOW, used_at=NOW - timedelta(days=1), code_key=f"u{n}")
        for n in range(2016)
    )  # fmt: skip
    assert findings.watch(goods.partner, now=NOW + timedelta(minutes=30)) is None


def test_products_need_the_merchant_and_another_person(person, merchant) -> None:
    seller, operator = person("merchant", "teahouse"), person("operator")
    partner = merchant()
    goods = products.draft(partner, VALUES, by=seller, now=NOW)
    goods = products.amend(goods, VALUES | {"price": 90}, by=seller, now=NOW)
    assert goods.price == 90
    products.step(goods, "submit", by=seller, now=NOW)
    products.step(goods, "list", by=operator, now=NOW)
    assert [each.pk for each in products.on_sale(partner.programme, date(2026, 11, 21))] == [goods.pk]
    assert products.restock(goods, 5, by=seller, now=NOW).stock == 15
    with refused("stock_short"):
        products.restock(goods, -16, by=seller, now=NOW)
    own = products.draft(partner, VALUES, by=operator, now=NOW)
    products.step(own, "submit", by=operator, now=NOW)
    with pytest.raises(Exception, match="另一人"):
        products.step(own, "list", by=operator, now=NOW)
    stranger = person("merchant", "noodles")
    with pytest.raises(Exception, match="角色"):
        products.draft(partner, VALUES, by=stranger, now=NOW)


def test_a_picture_must_be_one(person) -> None:
    seller = person("merchant", "teahouse")
    kept = products.store_picture(b"\x89PNG\r\n\x1a\n0123", name="a.png", by=seller, now=NOW)
    assert kept.media_type == "image/png"
    with refused("picture_bad"):
        products.store_picture(b"<svg/>", name="a.svg", by=seller, now=NOW)


def test_every_reason_of_the_room_has_its_words() -> None:
    for code, words in refusals.sentences().items():
        assert {"zh", "en", "mend_zh", "mend_en"} <= set(words), code
