"""Orders: points held for a product, used at the merchant's counter, cancelled, refunded.

An order's points are held under `inclusion:order:<id>:<payer>`; each step is one transaction with the ledger's. Stock is
taken by a conditional update, which also holds the product's row until the order stands, so that the limit a person is
counted right when two orders come at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.utils import timezone

from dafeng.domains.inclusion.bookkeeping import POINTS
from dafeng.domains.inclusion.market import coupons, rules
from dafeng.domains.inclusion.market.products import Price
from dafeng.domains.inclusion.market.refusals import done, refusal, told
from dafeng.domains.inclusion.members.accounts import audit, demand_active
from dafeng.domains.inclusion.models import MarketRefusal, Member, Order, Partner, Product, Sponsorship
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger import verbs
from dafeng.kernel.ledger.engine import Reply
from dafeng.kernel.records import services as records

State = Order.State
COUNTED = (State.HELD, State.USED)


def merchant_account(partner: Partner) -> str:
    return f"merchant:{partner.code}/main"


def payers(order: Order) -> list[tuple[str, str, int]]:
    """(payer, account, points) of those who pay something."""
    found = [("member", order.member.account, order.points)]
    if order.sponsorship is not None:
        found.append(("sponsor", order.sponsorship.firm.account, order.sponsored))
    return [each for each in found if each[2]]


def hold_of(order: Order, payer: str) -> str:
    return f"inclusion:order:{order.pk}:{payer}"


# ---------------------------------------------------------------- redeem


def redeem(
    member: Member, product: Product, quantity: int, *, key: str, now: datetime, expected: int | None = None
) -> Order:
    """Hold the points of an order and give a coupon. `key` is the form's: sent again it gives the same order.

    `expected`: the points that the member was shown. Raises `Refused` with the reason, and keeps the refusal for the member.
    """
    with told(member.holder, "redeem", now=now):
        if again := _again(member, product, quantity, key):
            return again
        try:
            with ledger.durable():
                return _redeem(member, product, quantity, key=key, now=now, expected=expected)
        except IntegrityError:
            # The same form came twice in one moment; the other was first.
            if again := _again(member, product, quantity, key):
                return again
            raise


def _again(member: Member, product: Product, quantity: int, key: str) -> Order | None:
    found = Order.objects.filter(member=member, key=key).first()
    if found and (found.product_id, found.quantity) != (product.pk, quantity):
        raise refusal("key_reused")
    return found


def _redeem(member: Member, product: Product, quantity: int, *, key: str, now: datetime, expected: int | None) -> Order:
    today = timezone.localdate(now)
    if not 1 <= quantity <= rules.rule("order", "most"):
        raise refusal("quantity_bad")
    demand_active(Member.objects.get(pk=member.pk))
    if not Product.objects.filter(pk=product.pk, stock__gte=quantity).update(stock=F("stock") - quantity):
        raise refusal("stock_short")
    product = Product.objects.select_related("partner", "record").get(pk=product.pk)
    _check_product(product, today)
    _check_limit(member, product, quantity)
    price = Price(product, today)
    if expected is not None and expected != price.own * quantity:
        raise refusal("price_changed")
    sponsorship = _promise(price, quantity)
    _code, code_key, sealed = coupons.made()
    order = Order.objects.create(
        member=member, product=product, partner=product.partner, key=key, quantity=quantity, unit_price=price.full,
        points=price.own * quantity, sponsorship=sponsorship, sponsored=price.sponsored * quantity, ordered_at=now,
        expires_at=_end_of(today, product.coupon_days), code_key=code_key, sealed=sealed,
    )  # fmt: skip
    done([_holding(order)], now=now)
    return order


def _check_product(product: Product, today: date) -> None:
    if product.record.state != "listed":
        raise refusal("product_unlisted")
    if not product.starts_on <= today <= product.ends_on:
        raise refusal("product_period")
    if product.partner.state != Partner.State.ACTIVE:
        raise refusal("merchant_inactive")


def _check_limit(member: Member, product: Product, quantity: int) -> None:
    if not product.per_person:
        return
    had = Order.objects.filter(member=member, product=product, state__in=COUNTED).aggregate(n=Sum("quantity"))["n"] or 0
    if had + quantity > product.per_person:
        raise refusal("person_limit", str(product.per_person))


def _promise(price: Price, quantity: int) -> Sponsorship | None:
    if price.sponsorship is None:
        return None
    wanted = price.sponsored * quantity
    room = Sponsorship.objects.filter(pk=price.sponsorship.pk, promised__lte=F("budget") - wanted)
    if not room.update(promised=F("promised") + wanted):
        raise refusal("sponsor_short")
    return price.sponsorship


def _end_of(day: date, days: int) -> datetime:
    """The first moment after `days` whole days from today."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=days + 1), time()))


def _holding(order: Order) -> Any:
    ends = int(order.expires_at.timestamp())
    steps = [
        verbs.hold(key="-", actor=order.member.holder, asset=POINTS, account=account, amount=points, kind="order",
                   hold=hold_of(order, payer), expires=ends)
        for payer, account, points in payers(order)
    ]  # fmt: skip
    return verbs.linked(steps, key=f"inclusion:order:{order.pk}", actor=order.member.holder)


# ---------------------------------------------------------------- the counter


def use(partner: Partner, code: str, *, counter_key: str, by: Any, now: datetime) -> Order:
    """A coupon is used at a merchant's counter: its points go to the merchant. Raises `Refused`.

    The counter's own form sent twice is one use; any other second use is `coupon_used`.
    """
    sender = f"merchant:{partner.code}"
    with told(sender, "use", now=now):
        _check_counter(sender, now)
        with ledger.durable():
            order = _open_coupon(partner, code, counter_key, now=now)
            if order.state == State.USED:
                return order
            settled = done([_settling(order)], now=now)[0]
            order.state, order.used_at, order.counter_key = State.USED, now, counter_key
            order.lots = {payer: parts_of(account, settled) for payer, account, _points in payers(order)}
            order.sealed = b""
            order.save(update_fields=["state", "used_at", "counter_key", "lots", "sealed"])
            records.audit(by, "inclusion.coupon.use", "inclusion-order", str(order.pk), {"points": order.total}, now=now)  # fmt: skip
    return order


def _check_counter(sender: str, now: datetime) -> None:
    since = now - timedelta(minutes=rules.rule("counter", "minutes"))
    wrong = MarketRefusal.objects.filter(sender=sender, reason="coupon_unknown", at__gt=since, at__lte=now).count()
    if wrong >= rules.rule("counter", "wrong_codes"):
        raise refusal("counter_locked")


def _open_coupon(partner: Partner, code: str, counter_key: str, *, now: datetime) -> Order:
    keys = coupons.keys_of(code)
    order = (
        Order.objects.select_for_update(of=("self",))
        .select_related("member", "product", "partner", "sponsorship__firm")
        .filter(code_key__in=keys)
        .first()
    )
    if order is None:
        raise refusal("coupon_unknown")
    if order.partner_id != partner.pk:
        raise refusal("coupon_other_merchant", order.partner.name)
    if order.state == State.USED:
        if counter_key and order.counter_key == counter_key:
            return order
        raise refusal("coupon_used", timezone.localtime(order.used_at).strftime("%Y-%m-%d %H:%M"))
    if order.state in (State.CANCELLED, State.REFUNDED):
        raise refusal("coupon_cancelled")
    if order.state == State.EXPIRED or now >= order.expires_at:
        raise refusal("coupon_expired")
    return order


def _settling(order: Order) -> Any:
    actor, to = f"merchant:{order.partner.code}", merchant_account(order.partner)
    steps = [
        verbs.settle(key="-", actor=actor, hold=hold_of(order, payer), to=to, code="redeem")
        for payer, _account, _points in payers(order)
    ]
    return verbs.linked(steps, key=f"inclusion:order:{order.pk}:use", actor=actor)


def parts_of(account: str, reply: Reply) -> list[list[Any]]:
    """Lot and points of what a command took from an account."""
    page = ledger.statement(account, POINTS, limit=reply.entries, after=(reply.first + reply.entries, 0))
    return [[line.lot, line.amount] for line in reversed(page.lines) if line.seq >= reply.first and line.change < 0]


# ---------------------------------------------------------------- back again


def cancel(order: Order, *, now: datetime) -> Order:
    """The member gives the coupon back before it was used: the points are free again at once."""
    with told(order.member.holder, "cancel", now=now), ledger.durable():
        order = _locked(order)
        if order.state == State.CANCELLED:
            return order
        if order.state != State.HELD:
            raise refusal("order_not_open")
        if now < order.expires_at:
            actor = order.member.holder
            steps = [verbs.release(key="-", actor=actor, hold=hold_of(order, payer)) for payer, *_ in payers(order)]
            done([verbs.linked(steps, key=f"inclusion:order:{order.pk}:cancel", actor=actor)], now=now)
            close([order], State.CANCELLED, now=now)
        else:
            raise refusal("coupon_expired")
        audit(order.member, "order.cancel", {"order": str(order.pk)}, now=now)
    return order


def close(orders: Iterable[Order], state: str, *, now: datetime, reason: str = "") -> None:
    """Orders that end without the goods: stock and the sponsor's promise come back. Inside the caller's transaction."""
    for order in orders:
        order.state, order.closed_at, order.reason, order.sealed = state, now, reason, b""
        order.save(update_fields=["state", "closed_at", "reason", "sealed"])
        Product.objects.filter(pk=order.product_id).update(stock=F("stock") + order.quantity)
        if order.sponsorship_id:
            Sponsorship.objects.filter(pk=order.sponsorship_id).update(promised=F("promised") - order.sponsored)


def _locked(order: Order) -> Order:
    return (
        Order.objects.select_for_update(of=("self",))
        .select_related("member", "product", "partner", "sponsorship__firm")
        .get(pk=order.pk)
    )


def refund(order: Order, *, reason: str, by: Any, now: datetime) -> Order:
    """The merchant takes the goods back after use: the same points of the same lots return to who paid them."""
    sender = f"merchant:{order.partner.code}"
    with told(sender, "refund", now=now), ledger.durable():
        order = _locked(order)
        if order.state == State.REFUNDED:
            return order
        if order.state == State.HELD:
            raise refusal("refund_not_used")
        if order.state != State.USED:
            raise refusal("order_not_open")
        if order.statement_id:
            raise refusal("refund_settled")
        source = merchant_account(order.partner)
        accounts = {payer: account for payer, account, _points in payers(order)}
        steps = [
            verbs.transfer(key="-", actor=sender, asset=POINTS, source=source, to=accounts[payer], amount=points, lots=[lot], code="refund")
            for payer, parts in order.lots.items()
            for lot, points in parts
        ]  # fmt: skip
        done([verbs.linked(steps, key=f"inclusion:order:{order.pk}:refund", actor=sender)], now=now, short="refund_after_expiry")  # fmt: skip
        close([order], State.REFUNDED, now=now, reason=reason[:200])
        records.audit(by, "inclusion.order.refund", "inclusion-order", str(order.pk), {"reason": reason}, now=now)
    return order


def due(now: datetime, limit: int) -> list[Order]:
    """Open orders whose coupon has run out, locked."""
    with transaction.atomic():
        return list(
            Order.objects.select_for_update(of=("self",))
            .filter(state=State.HELD, expires_at__lte=now)
            .order_by("expires_at")[:limit]
        )
