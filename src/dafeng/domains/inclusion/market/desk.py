"""What the market lays on people's desks: its places in the navigation, pages of its records, goods in the search."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.market import products
from dafeng.domains.inclusion.models import Certificate
from dafeng.kernel.desk.registry import Entry, Hit, Rows, register_entry, register_page, register_search
from dafeng.kernel.records.models import Record

PLACES = (
    (gettext_lazy("积分商城"), "mall", permissions.SEE_MALL, 30),
    (gettext_lazy("我的券"), "coupons", permissions.OWN, 31),
    (gettext_lazy("公益捐赠"), "causes", permissions.SEE_MALL, 32),
    (gettext_lazy("商户柜台"), "counter", permissions.SELL, 33),
    (gettext_lazy("减排量与碳中和"), "firm-market", permissions.BUY_REDUCTIONS, 34),
    (gettext_lazy("碳中和活动登记"), "neutral", permissions.SEE, 35),
    (gettext_lazy("注销证书登记"), "certificates", permissions.SEE, 36),
    (gettext_lazy("年度消纳报告"), "market-report", permissions.SEE, 37),
    (gettext_lazy("市场办理"), "market-desk", permissions.SEE_MARKET, 38),
)


def _search(user: Any, text: str, limit: int) -> Iterator[Rows]:
    """Goods on sale, and certificates by number or beneficiary."""
    yield Rows(
        products.listed(timezone.localdate()).filter(title__icontains=text),
        ("id", "title", "partner__name"),
        lambda row: Hit(
            row["title"], row["partner__name"], reverse("inclusion:product", kwargs={"id": row["id"]}), _("积分商城")
        ),
    )
    yield Rows(
        Certificate.objects.filter(Q(number__icontains=text) | Q(beneficiary__icontains=text)),
        ("number", "beneficiary"),
        lambda row: Hit(
            row["number"],
            row["beneficiary"],
            reverse("inclusion:certificate", kwargs={"number": row["number"]}),
            _("注销证书"),
        ),
    )


def _product(record: Record) -> str:
    return reverse("inclusion:product-edit", kwargs={"id": record.inclusion_product.pk})


def _by_record(name: str) -> Callable[[Record], str]:
    def page(record: Record) -> str:
        return reverse(f"inclusion:{name}", kwargs={"id": record.pk})

    return page


def _desk(record: Record) -> str:
    return reverse("inclusion:market-desk")


def register() -> None:
    for title, name, wanted, order in PLACES:
        register_entry(Entry("inclusion", title, partial(reverse, f"inclusion:{name}"), wanted, order))
    register_search(_search)
    register_page(products.KIND, _product, related=("inclusion_product",))
    register_page("inclusion.statement", _by_record("merchant-statement"))
    register_page("inclusion.purchase", _by_record("purchase"))
    register_page("inclusion.neutral-event", _by_record("neutral-event"))
    register_page("inclusion.sink-measurement", _by_record("sink"))
    register_page("inclusion.sponsorship", _desk)
    register_page("inclusion.merchant-finding", _desk)
