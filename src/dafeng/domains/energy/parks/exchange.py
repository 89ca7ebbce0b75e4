"""By-products and wastes offered and needed, their matching, and exchanges that happened, with proof."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _

from dafeng.domains.energy.control.readings import month_of
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import Material, MaterialExchange, Park
from dafeng.domains.energy.parks import rules, store
from dafeng.domains.energy.parks.methods import materials
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence

KIND = "park.exchange"
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{1,39}")


def enter(
    park: Park, firm: Enterprise, *, given: Mapping[str, Any], by: Any, now: datetime, demo: bool = False
) -> Material:
    """Offer a by-product, or say what can be taken. Raises `Refused`: `not_member`, `material`, `name`, `tonnes`, `quality`."""
    code = str(given["code"]).strip().upper()
    if not CODE.fullmatch(code):
        raise Refused(
            "material",
            _("物料代码“%(code)s”写法不对") % {"code": code[:20]},
            expected=_("字母、数字、点、短横线，如 900-099-S59"),
        )
    if not str(given["name"]).strip():
        raise Refused("name", _("没有写名称"))
    if not (math.isfinite(given["tonnes"]) and 0 < given["tonnes"] < 1e9):
        raise Refused("tonnes", _("数量 %(value)s 不对") % {"value": given["tonnes"]}, expected=_("大于 0 的吨数"))
    if given.get("quality") is not None and not 0 <= given["quality"] <= 100:
        raise Refused("quality", _("含量 %(value)s 不对") % {"value": given["quality"]}, expected="0–100")
    store.member(park, firm)
    words = {each: given.get(each) for each in ("side", "tonnes", "quality", "since")}
    more = {
        "hazardous": bool(given.get("hazardous")),
        "permit": str(given.get("permit") or "").strip(),
        "name": str(given["name"]).strip(),
    }
    with records.serial():
        made = Material.objects.create(park=park, enterprise=firm, code=code, by=by, demo=demo, **words, **more)
        detail = {"firm": firm.code, "code": code, "side": given["side"], "tonnes": given["tonnes"]}
        records.audit(by, "energy.park.material", "park", park.code, detail, now=now)
    return made


def listed(park: Park, *, on: date) -> list[Material]:
    return list(Material.objects.filter(park=park, since__lte=on, withdrawn_on=None).select_related("enterprise"))


def solve(rows: Iterable[Material], at: Mapping[int, tuple[float, float]]) -> list[materials.Pair]:
    """The matching of these; the code of a lot is its number."""
    lots = [
        (row.side, materials.Lot(str(row.pk), row.enterprise.code, row.code, row.tonnes, row.quality, row.hazardous, row.permit, at.get(row.enterprise_id)))
        for row in rows
    ]  # fmt: skip
    return materials.match(
        [lot for side, lot in lots if side == Material.Side.OFFER], [lot for side, lot in lots if side == Material.Side.NEED],
        detour=rules.detour(),
    )  # fmt: skip


def realise(
    offer: Material, need: Material, *, month: str, tonnes: float, by: Any, now: datetime, evidence: Sequence[Evidence], demo: bool = False
) -> MaterialExchange:  # fmt: skip
    """That a by-product went to its taker in a month. Raises `Refused`: `sides`, `other_material`, `no_permit`, `quality`, `tonnes`, `too_much`, `future_month`, `no_proof`."""
    if offer.side != Material.Side.OFFER or need.side != Material.Side.NEED or offer.park_id != need.park_id:
        raise Refused("sides", _("要选同一园区的一个供给和一个需求"))
    if offer.code != need.code:
        raise Refused("other_material", _("两边的物料代码不同"), expected=offer.code)
    verdict = solve([offer, need], {})[0].verdict if offer.enterprise_id != need.enterprise_id else "sides"
    if verdict == "no_permit":
        raise Refused(
            "no_permit", _("危险废物的接收方没有许可证编号，不能交换"), mend=_("请先在需求里登记危险废物经营许可证编号")
        )
    if verdict == "quality":
        raise Refused("quality", _("主成分含量低于接收方的要求"))
    if verdict == "sides":
        raise Refused("sides", _("供方和用方是同一家"))
    if not (math.isfinite(tonnes) and tonnes > 0):
        raise Refused("tonnes", _("数量 %(value)s 不对") % {"value": tonnes}, expected=_("大于 0 的吨数"))
    period = month_of(month)
    if period.start > now.date():
        raise Refused("future_month", _("%(month)s 还没有到") % {"month": period}, mend=_("请核对月份"))
    if not evidence:
        raise Refused("no_proof", _("没有附证明"), mend=_("请附上过磅单或转移联单"))
    payload = {"park": offer.park.code, "offer": offer.pk, "need": need.pk, "month": str(period), "tonnes": tonnes}
    with records.serial():
        Material.objects.select_for_update().get(pk=offer.pk)
        gone = MaterialExchange.objects.filter(offer=offer, month__startswith=str(period)[:4]).exclude(
            record__state="refused"
        )
        before = gone.aggregate(all=Sum("tonnes"))["all"] or 0.0
        if before + tonnes > offer.tonnes * (1 + 1e-9):
            raise Refused(
                "too_much", _("全年已交换 %(before)s t，加上这次超过所报的 %(most)s t") % {"before": f"{before:g}", "most": f"{offer.tonnes:g}"},
                mend=_("请核对数量，或先更新供给量"),
            )  # fmt: skip
        record = records.open_record(
            KIND, title=_("%(name)s %(month)s 交换 %(tonnes)s t") % {"name": offer.name, "month": period, "tonnes": f"{tonnes:g}"},
            payload=payload, by=by, now=now, place=offer.park.place, key=offer.park.code, evidence=evidence,
        )  # fmt: skip
        return MaterialExchange.objects.create(
            record=record, park=offer.park, offer=offer, need=need, month=str(period), tonnes=tonnes, demo=demo
        )


def realised(park: Park, year: int) -> float:
    """Tonnes of a year that a second person accepted."""
    rows = MaterialExchange.objects.filter(park=park, month__startswith=str(year), record__state="accepted")
    return float(rows.aggregate(all=Sum("tonnes"))["all"] or 0.0)
