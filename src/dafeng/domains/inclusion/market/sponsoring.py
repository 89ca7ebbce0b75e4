"""A firm pays a part of a product's price for citizens, out of its own points. The operator confirms; each order takes its part."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.models import Member, Product, Sponsorship
from dafeng.kernel.actions import demand
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.records import services as records

KIND = "inclusion.sponsorship"


def propose(
    firm: Member, product: Product, *, title: str, name: str, each: int, budget: int, starts_on: date, ends_on: date, by: Any, now: datetime
) -> Sponsorship:  # fmt: skip
    """Ask to pay `each` points of a product's price, `budget` points in all."""
    demand(by, permissions.KEEP_FIRM, firm)
    if firm.kind != Member.Kind.FIRM:
        raise InclusionError(_("只有企业可以赞助"))
    if not 0 < each <= min(budget, product.price) or ends_on < starts_on:
        raise InclusionError(
            _("每件赞助积分应大于 0、不超过商品价格和预算，截止日期不早于开始日期"), mend=_("请改正后再提交")
        )
    with ledger.durable():
        payload = {"product": product.pk, "each": each, "budget": budget, "from": str(starts_on), "to": str(ends_on)}
        record = records.open_record(KIND, title=title, payload=payload, by=by, now=now, key=firm.pseudonym)
        return Sponsorship.objects.create(
            firm=firm, product=product, record=record, title=title, name=name, each=each, budget=budget,
            starts_on=starts_on, ends_on=ends_on,
        )  # fmt: skip


def step(sponsorship: Sponsorship, action: str, *, by: Any, now: datetime, reason: str = "") -> Sponsorship:
    """Start (operator, not who proposed) or stop; what was promised to open coupons stays promised."""
    if action == "start":
        demand(by, permissions.KEEP_MARKET)
    records.move(sponsorship.record, action, by=by, now=now, reason=reason)
    return sponsorship
