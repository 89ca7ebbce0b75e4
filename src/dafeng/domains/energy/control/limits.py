"""Energy limits per unit of product: the national efficiency levels, what the city entered from the standards, each firm's place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from dafeng.domains.energy.control import rules
from dafeng.domains.energy.control.methods.limits import Limits, Place, place_of, to_save
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import FirmIndex, LimitValue
from dafeng.kernel.enterprises.access import enterprises_seen
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence

KIND = "energy.limit"


@dataclass(frozen=True)
class Line:
    """A firm's unit consumption of a product in a year, among the values known for the product. `save` is per unit of product."""

    index: FirmIndex
    product: rules.Product
    limits: Limits
    document: str
    place: Place
    save: float | None
    level: str


def limits_in_force(on: date) -> Mapping[str, LimitValue]:
    """Product → the newest values that two persons have compared with the standard's text."""
    rows = LimitValue.objects.filter(record__state="compared", valid_from__lte=on).select_related("record")
    return {each.product: each for each in rows.order_by("valid_from", "pk")}


def enter(
    *, product: str, limit: float | None, access: float | None, advanced: float | None, document: str, valid_from: date, by: Any,
    now: datetime, evidence: Iterable[Evidence] = (),
) -> LimitValue:  # fmt: skip
    """Enter a product's values from the standard. Raises `Refused`: `unknown_product`, `no_document`, `order`, `amount`."""
    if product not in rules.products():
        raise Refused("unknown_product", _("没有“%(product)s”这种产品") % {"product": product})
    if not document.strip():
        raise Refused("no_document", _("没有写标准号与条款"))
    known = [each for each in (advanced, access, limit) if each is not None]
    if not known:
        raise Refused("amount", _("没有填任何值"), expected=_("限定值、准入值、先进值至少一个"))
    if known != sorted(known):
        raise Refused("order", _("三个值的大小次序不对"), expected=_("先进值 ≤ 准入值 ≤ 限定值"))
    payload = {
        "product": product,
        "limit": limit,
        "access": access,
        "advanced": advanced,
        "document": document,
        "valid_from": valid_from,
    }
    with records.serial():
        title = _("%(product)s 限额：%(document)s") % {"product": rules.products()[product].name, "document": document}
        record = records.open_record(KIND, title=title[:200], payload=payload, by=by, now=now, evidence=evidence)
        return LimitValue.objects.create(
            record=record, product=product, limit=limit, access=access, advanced=advanced, document=document.strip(), valid_from=valid_from
        )  # fmt: skip


def tell(
    firm: Enterprise, *, product: str, year: int, value: float, source: str, by: Any, now: datetime, evidence: Evidence | None = None, demo: bool = False
) -> FirmIndex:  # fmt: skip
    """Tell a firm's unit consumption of a year. Raises `Refused`: `unknown_product`, `no_source`, `amount`, `future_year`."""
    if product not in rules.products():
        raise Refused("unknown_product", _("没有“%(product)s”这种产品") % {"product": product})
    if not source.strip():
        raise Refused("no_source", _("没有写数据来源"), mend=_("请写明台账、账单或统计表的名称"))
    if abs(value) > 1e6:
        raise Refused("amount", _("数量 %(value)s 不对") % {"value": value})
    if year > now.year:
        raise Refused("future_year", _("%(year)s 年还没有到") % {"year": year})
    with records.serial():
        same = FirmIndex.objects.filter(enterprise=firm, product=product, year=year)
        last = same.aggregate(last=Max("revision"))["last"] or 0
        made = FirmIndex(
            enterprise=firm, place=firm.place, city=firm.city, product=product, year=year, value=value, source=source.strip(),
            evidence=evidence, revision=last + 1, by=by, at=now, demo=demo,
        )  # fmt: skip
        made.save()
        records.audit(
            by,
            "energy.index.tell",
            "firm-index",
            str(made.pk),
            {"firm": firm.code, "product": product, "year": year, "value": value},
            now=now,
        )
    return made


def lines_for(user: Any, city: str, *, on: date) -> list[Line]:
    """Every firm's newest year of every product that this person may see, worst first."""
    rows = FirmIndex.objects.filter(enterprises_seen(user, at="enterprise"), city=city).select_related("enterprise")
    newest: dict[tuple[int, str], FirmIndex] = {}
    for row in rows.order_by("year", "revision"):
        newest[row.enterprise_id, row.product] = row
    stated = limits_in_force(on)
    found = [_line(row, stated.get(row.product)) for row in newest.values() if row.product in rules.products()]
    order = {"over": 0, "unknown": 1, "within": 2, "access": 3, "advanced": 4}
    return sorted(found, key=lambda each: (order[each.place], each.product.code, -each.index.value))


def _line(row: FirmIndex, stated: LimitValue | None) -> Line:
    product = rules.products()[row.product]
    limits = Limits(stated.limit, stated.access, stated.advanced) if stated else Limits(None, None, None)
    return Line(
        row, product, limits, stated.document if stated else "", place_of(row.value, limits), to_save(row.value, limits),
        _level(row.value, product),
    )  # fmt: skip


def _level(value: float, product: rules.Product) -> str:
    """Among the national efficiency levels: benchmark, between, below the baseline; empty where they are not known."""
    if product.baseline is None or product.benchmark is None or not product.confirmed:
        return ""
    return "benchmark" if value <= product.benchmark else "between" if value <= product.baseline else "below"
