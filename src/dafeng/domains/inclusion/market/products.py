"""The merchants' goods: drafted and kept by the merchant, listed by the operator; stock, campaign prices, what is on sale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import F, Prefetch, QuerySet
from django.utils.translation import gettext as _

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.market import rules
from dafeng.domains.inclusion.market.refusals import refusal
from dafeng.domains.inclusion.models import MarketOffer, Partner, Product, Programme, Sponsorship
from dafeng.kernel.actions import demand
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence

KIND = "inclusion.product"
FIELDS = (
    "title",
    "title_en",
    "summary",
    "terms",
    "price",
    "stock",
    "per_person",
    "starts_on",
    "ends_on",
    "coupon_days",
)
_SIGNS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


def _payload(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(values[name]) if isinstance(values[name], date) else values[name] for name in FIELDS}


def _sound(values: Mapping[str, Any]) -> None:
    if values["ends_on"] < values["starts_on"]:
        raise InclusionError(_("截止日期早于开始日期"), mend=_("请改正日期"))
    if values["price"] < 1 or values["coupon_days"] < 1:
        raise InclusionError(_("积分价和券有效天数应大于 0"))


def draft(
    partner: Partner, values: Mapping[str, Any], *, by: Any, now: datetime, pictures: Iterable[Evidence] = (), demo: bool = False
) -> Product:  # fmt: skip
    """A new product of a merchant, as a draft."""
    if by is not None:
        demand(by, permissions.SELL, partner)
    if partner.kind != Partner.Kind.MERCHANT:
        raise InclusionError(_("只有商户可以上架商品"))
    _sound(values)
    with ledger.durable():
        record = records.open_record(
            KIND, title=values["title"], payload=_payload(values), by=by, now=now, key=partner.code, evidence=pictures
        )
        return Product.objects.create(
            partner=partner, record=record, demo=demo, **{name: values[name] for name in FIELDS}
        )


def amend(
    product: Product, values: Mapping[str, Any], *, by: Any, now: datetime, pictures: Iterable[Evidence] | None = None
) -> Product:
    """Change a draft."""
    demand(by, permissions.SELL, product.partner)
    _sound(values)
    with ledger.durable():
        records.amend(product.record, by=by, now=now, title=values["title"], payload=_payload(values), evidence=pictures)  # fmt: skip
        Product.objects.filter(pk=product.pk).update(**{name: values[name] for name in FIELDS})
    product.refresh_from_db()
    return product


def step(product: Product, action: str, *, by: Any, now: datetime, reason: str = "") -> Product:
    """Take a step of the workflow: submit, list, return, delist, revise."""
    demand(by, permissions.SELL, product.partner)
    records.move(product.record, action, by=by, now=now, reason=reason)
    return product


def restock(product: Product, change: int, *, by: Any, now: datetime) -> Product:
    """More or fewer goods, also while the product is listed."""
    demand(by, permissions.SELL, product.partner)
    with ledger.durable():
        changed = Product.objects.filter(pk=product.pk, stock__gte=max(0, -change)).update(stock=F("stock") + change)
        if not changed:
            raise refusal("stock_short")
        records.audit(by, "inclusion.stock", "inclusion-product", str(product.pk), {"change": change}, now=now)
    product.refresh_from_db()
    return product


def offer(
    product: Product, *, title: str, price: int, starts_on: date, ends_on: date, by: Any, now: datetime
) -> MarketOffer:
    """A campaign price: lower than the listed one, at least 1."""
    demand(by, permissions.SELL, product.partner)
    if not 0 < price < product.price or ends_on < starts_on:
        raise InclusionError(_("活动价应低于原价且大于 0，截止日期不早于开始日期"))
    with ledger.durable():
        made = MarketOffer.objects.create(product=product, title=title, price=price, starts_on=starts_on, ends_on=ends_on)  # fmt: skip
        detail = {"price": price, "from": str(starts_on), "to": str(ends_on)}
        records.audit(by, "inclusion.offer", "inclusion-product", str(product.pk), detail, now=now)
    return made


def withdraw_offer(made: MarketOffer, *, by: Any, now: datetime) -> None:
    demand(by, permissions.SELL, made.product.partner)
    with ledger.durable():
        if MarketOffer.objects.filter(pk=made.pk, withdrawn_at=None).update(withdrawn_at=now):
            records.audit(by, "inclusion.offer.end", "inclusion-product", str(made.product_id), {"offer": made.pk}, now=now)  # fmt: skip


def store_picture(content: bytes, *, name: str, by: Any, now: datetime) -> Evidence:
    """A picture of a product. Raises `Refused` (`picture_bad`) for what is no JPG or PNG, or too large."""
    media = next((kind for sign, kind in _SIGNS.items() if content.startswith(sign)), "")
    if not media or len(content) > rules.rule("pictures", "bytes"):
        raise refusal("picture_bad", name[:60])
    return records.store_evidence(content, name=name, media_type=media, by=by, now=now, source=_("商品图片"))


# ---------------------------------------------------------------- what is on sale


def offers_of(today: date) -> QuerySet[MarketOffer]:
    return MarketOffer.objects.filter(withdrawn_at=None, starts_on__lte=today, ends_on__gte=today).order_by("price")


def sponsorships_of(today: date) -> QuerySet[Sponsorship]:
    """Running, in their days, with a budget for one piece more."""
    return Sponsorship.objects.filter(
        record__state="running", starts_on__lte=today, ends_on__gte=today, promised__lte=F("budget") - F("each")
    ).order_by("-each", "pk")


def live_offers(today: date) -> Prefetch[Any]:
    return Prefetch("offers", offers_of(today), to_attr="live")


def live_sponsorships(today: date) -> Prefetch[Any]:
    return Prefetch("sponsorships", sponsorships_of(today), to_attr="paid_by")


def listed(today: date) -> QuerySet[Product]:
    """What can be had today: listed, in its days, of active merchants."""
    return Product.objects.filter(
        partner__state=Partner.State.ACTIVE, record__state="listed", starts_on__lte=today, ends_on__gte=today
    )


def on_sale(programme: Programme, today: date) -> QuerySet[Product]:
    """A programme's goods of today, with their offers and sponsors."""
    return (
        listed(today)
        .filter(partner__programme=programme)
        .select_related("partner", "record")
        .prefetch_related(live_offers(today), live_sponsorships(today))
    )


class Price:
    """What one piece costs today: its price, and who pays which part of it."""

    def __init__(self, product: Product, today: date) -> None:
        offers = product.live if hasattr(product, "live") else offers_of(today).filter(product=product)[:1]
        sponsors = (
            product.paid_by if hasattr(product, "paid_by") else sponsorships_of(today).filter(product=product)[:1]
        )
        self.listed = product.price
        self.offer: MarketOffer | None = next((each for each in offers if each.price < product.price), None)
        self.full = self.offer.price if self.offer else product.price
        self.sponsorship: Sponsorship | None = sponsors[0] if sponsors else None
        self.sponsored = min(self.sponsorship.each, self.full) if self.sponsorship else 0

    @property
    def own(self) -> int:
        """What the member pays."""
        return self.full - self.sponsored
