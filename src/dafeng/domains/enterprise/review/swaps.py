"""Swaps (产能置换 and 污染物排放减量替代, H1): retired capacity or cut pollutants are a source that can be used once only.

A pollutant's code stands where a product's does. Coal has its own ledger in dual control (煤炭替代), so that a tonne is never in two.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import CapacitySource, CapacitySwap, Project
from dafeng.kernel.records import services as records

POLLUTANTS: dict[str, Any] = {
    "so2": gettext_lazy("二氧化硫减排量"), "nox": gettext_lazy("氮氧化物减排量"), "pm": gettext_lazy("颗粒物减排量"), "vocs": gettext_lazy("挥发性有机物减排量"),
}  # fmt: skip


def sources() -> QuerySet[CapacitySource]:
    """Sources with `used`, the sum of their live swaps."""
    used = Sum("swaps__capacity", filter=Q(swaps__released_at=None))
    return CapacitySource.objects.annotate(used=used).order_by("-retired_on", "pk")


def retire(
    *, enterprise: str, city: str, place: str, product: str, capacity: Decimal, unit: str, retired_on: date, document: str, by: Any, now: datetime, demo: bool = False
) -> CapacitySource:  # fmt: skip
    """Put retired capacity on the register."""
    if capacity <= 0:
        raise Refused("capacity", _("产能应大于零"))
    if retired_on > timezone.localdate(now):
        raise Refused("in_future", _("退出日期在将来：没有退出的产能不能用于置换"))
    if not document.strip():
        raise Refused("figure_source", _("退出产能没有写认定文件"))
    with records.serial():
        if CapacitySource.objects.filter(enterprise=enterprise, product=product, document=document).exists():
            raise Refused("source_again", _("同一文件认定的这项产能已登记"))
        made = CapacitySource.objects.create(
            enterprise=enterprise, city=city, place=place, product=product, capacity=capacity, unit=unit, retired_on=retired_on,
            document=document, by=by, at=now, demo=demo,
        )  # fmt: skip
        records.audit(by, "enterprise.capacity", "review-capacity", str(made.pk), {"enterprise": enterprise, "capacity": str(capacity), "document": document}, now=now)  # fmt: skip
    return made


def use(source: CapacitySource, project: Project, capacity: Decimal, *, by: Any, now: datetime) -> CapacitySwap:
    """Give a project capacity of a source. Raises `Refused` `used_up` for more than is left, `other_product` for another product."""
    if capacity <= 0:
        raise Refused("capacity", _("产能应大于零"))
    with records.serial():
        locked = CapacitySource.objects.select_for_update().get(pk=source.pk)
        product = project.content.get("output", {}).get("product", "")
        asked_for = project.content.get("basics", {}).get(f"replace_{locked.product}")
        if locked.product in POLLUTANTS and not asked_for:
            raise Refused("other_product", _("项目没有申报这种污染物的替代量"))
        if locked.product not in POLLUTANTS and product != locked.product:
            raise Refused("other_product", _("退出产能与项目的产品不同，不能置换"))
        used = locked.swaps.filter(released_at=None).aggregate(sum=Sum("capacity"))["sum"] or Decimal(0)
        left = locked.capacity - used
        if capacity > left:
            raise Refused(
                "used_up",
                _("这项退出产能只剩 %(left)s %(unit)s") % {"left": left.normalize(), "unit": locked.unit},
                mend=_("同一产能只能用一次"),
            )
        made = CapacitySwap.objects.create(source=locked, project=project, capacity=capacity, by=by, at=now)
        records.audit(by, "enterprise.swap", "review-capacity", str(locked.pk), {"project": project.number, "capacity": str(capacity)}, now=now)  # fmt: skip
    return made
