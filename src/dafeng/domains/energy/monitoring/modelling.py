"""Building a firm's flow model: nodes, the points bound to them, the links between them, products, the contract.

Every change is tried on the whole model (`methods.flows.faults`) before it is kept, and written to the audit trail under the firm's
code. Nothing is deleted: a part that is no more gets the day from which it no longer holds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from dafeng.domains.energy.errors import EnergyError
from dafeng.domains.energy.models import FlowLink, FlowNode, Meter, MonitoredFirm, Product
from dafeng.domains.energy.monitoring import permissions, words
from dafeng.domains.energy.monitoring.methods import conversion, flows
from dafeng.kernel.actions import demand
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records
from dafeng.kernel.series.models import Point

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
AUDITED = "energy.flow"
MAKING = (FlowNode.Stage.PROCESS, FlowNode.Stage.PRODUCT)
CONTRACT = (
    "flat_price",
    "coal_price",
    "gas_price",
    "heat_price",
    "capacity",
    "per_kva",
    "per_kw",
    "movable",
    "pressure_margin",
    "rests",
)


@dataclass(frozen=True)
class Model:
    """What holds of a firm's flow model on a day, and what is wrong with it or missing."""

    nodes: list[FlowNode]
    meters: list[Meter]
    links: list[FlowLink]
    faults: list[flows.Fault] = field(default_factory=list)


def model_of(enterprise: Enterprise, day: date | None = None) -> Model:
    """The parts that hold on a day; without one, all parts that were ever entered, with the faults of none."""
    nodes, meters, links = (
        found.holding(day) if day else found
        for found in (
            FlowNode.objects.filter(enterprise=enterprise),
            Meter.objects.filter(enterprise=enterprise).select_related("point", "node", "parent__point"),
            FlowLink.objects.filter(enterprise=enterprise).select_related("source", "target", "meter__point"),
        )
    )
    made = Model(list(nodes), list(meters), list(links))
    return Model(made.nodes, made.meters, made.links, _faults(made)) if day else made


def _faults(model: Model) -> list[flows.Fault]:
    """Faults of the links whose ends hold too: a link to a retired node is no longer drawn."""
    codes = {node.pk: node.code for node in model.nodes}
    links = [
        flows.Link(
            codes[link.source_id], codes[link.target_id], link.item, None, link.meter_id is not None, link.recovered
        )
        for link in model.links
        if link.source_id in codes and link.target_id in codes
    ]
    nodes = [flows.Node(node.code, node.name, node.stage, node.tolerance) for node in model.nodes]
    metered = {codes[meter.node_id] for meter in model.meters if meter.node_id in codes}
    return flows.faults(nodes, links, metered)


def said(model: Model) -> list[dict[str, Any]]:
    """The faults in words: `title`, `text` (what it concerns), `mend`, `node` (code), `wrong`."""
    names = {node.code: node.called(english=words.english()) for node in model.nodes}
    told = []
    for fault in model.faults:
        where = names[fault.node]
        if fault.link is not None:
            where = f"{where} → {names[fault.link.target]}（{words.item_name(fault.link.item)}）"
        title, mend = words.FAULTS[fault.kind]
        told.append({"kind": fault.kind, "title": title, "text": where, "mend": mend, "node": fault.node, "wrong": fault.wrong})  # fmt: skip
    return told


def demand_sound(enterprise: Enterprise, *, strict: Collection[str] = ()) -> None:
    """Raises `EnergyError` when on some day energy runs where it cannot; `strict` names further faults that are refused."""
    whole = model_of(enterprise)
    parts = (*whole.nodes, *whole.links)
    for day in sorted({date.min, *(part.since for part in parts if part.since)}):
        held = Model(*([part for part in kind if part.holds(day)] for kind in (whole.nodes, whole.meters, whole.links)))
        held = Model(held.nodes, held.meters, held.links, _faults(held))
        for fault, told in zip(held.faults, said(held), strict=True):
            if fault.wrong or fault.kind in strict:
                raise EnergyError(f"{told['title']}：{told['text']}", expected=_("购入 → 转换 → 分配 → 使用 → 产品"), mend=str(told["mend"]))  # fmt: skip


# ---------------------------------------------------------------- writing


def _audit(enterprise: Enterprise, action: str, detail: Mapping[str, Any], *, by: Any, now: datetime) -> None:
    told = {name: value for name, value in detail.items() if value not in (None, "")}
    records.audit(by, f"{AUDITED}.{action}", AUDITED, enterprise.code, told, now=now)


def _demand(by: Any, enterprise: Enterprise) -> None:
    """Whoever writes must be allowed to; the demonstration is written by nobody."""
    if by is not None:
        demand(by, permissions.MODEL, enterprise)


def _span(since: date | None, until: date | None) -> None:
    if since and until and until <= since:
        raise EnergyError(_("停用日期须在起用日期之后"))


def enrol(enterprise: Enterprise, contract: Mapping[str, Any], *, by: Any, now: datetime) -> MonitoredFirm:
    """Make a firm a key energy user. Raises `EnergyError` when it is one, `PermissionDenied`."""
    if by is not None:
        demand(by, permissions.ENROL)
    if MonitoredFirm.objects.filter(enterprise=enterprise).exists():
        raise EnergyError(_("“%(name)s”已是重点用能单位") % {"name": enterprise.name}, mend=_("请从名单进入后修改合同"))
    with records.serial():
        made = MonitoredFirm.objects.create(enterprise=enterprise, demo=enterprise.demo, **_contract(contract))
        _audit(enterprise, "enrol", _plain(contract), by=by, now=now)
    return made


def save_contract(firm: MonitoredFirm, contract: Mapping[str, Any], *, by: Any, now: datetime) -> MonitoredFirm:
    """Bring the firm's prices and habits up to date."""
    _demand(by, firm.enterprise)
    with records.serial():
        for name, value in _contract(contract).items():
            setattr(firm, name, value)
        firm.save()
        _audit(firm.enterprise, "contract", _plain(contract), by=by, now=now)
    return firm


def _contract(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in CONTRACT if name in given}


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value if isinstance(value, bool) else str(value) for name, value in given.items() if value is not None
    }


def save_node(
    enterprise: Enterprise, *, code: str, name: str, stage: str, by: Any, now: datetime, name_en: str = "",
    tolerance: float = flows.TOLERANCE, since: date | None = None, until: date | None = None,
) -> FlowNode:  # fmt: skip
    """Enter a node, or change the one with this code. Raises `EnergyError`, `PermissionDenied`."""
    _demand(by, enterprise)
    if not CODE.fullmatch(code):
        raise EnergyError(_("代码“%(code)s”写法不对") % {"code": code[:20]}, expected=_("字母、数字、短横线，不超过 40 个"))  # fmt: skip
    if not name.strip():
        raise EnergyError(_("没有写名称"))
    if stage not in flows.STAGES:
        raise EnergyError(_("没有“%(stage)s”这个环节") % {"stage": stage[:20]}, expected="、".join(flows.STAGES))
    if not 0 <= tolerance <= 0.5:
        raise EnergyError(_("允许差 %(value)s 不对") % {"value": tolerance}, expected=_("0 到 0.5，如 0.05"))
    _span(since, until)
    words_ = {"name": name.strip()[:80], "name_en": name_en.strip()[:120], "stage": stage, "tolerance": tolerance, "since": since, "until": until}  # fmt: skip
    with records.serial():
        made = FlowNode.objects.update_or_create(enterprise=enterprise, code=code, defaults=words_)[0]
        demand_sound(enterprise)
        _audit(enterprise, "node", {"code": code, **_dated(words_)}, by=by, now=now)
    return made


def bind(
    node: FlowNode, point: Point, *, item: str, by: Any, now: datetime, role: str = Meter.Role.LOAD,
    parent: Meter | None = None, since: date | None = None, until: date | None = None,
) -> Meter:  # fmt: skip
    """Bind a point of the firm to a node, or change how it is bound. Raises `EnergyError`, `PermissionDenied`."""
    enterprise = node.enterprise
    _demand(by, enterprise)
    demand_item(item)
    if point.subject != enterprise.subject:
        raise EnergyError(_("计量点“%(point)s”不是这家企业的") % {"point": point.name}, expected=enterprise.subject)
    if role not in Meter.Role.values:
        raise EnergyError(_("没有“%(role)s”这种用途") % {"role": role[:20]}, expected="、".join(Meter.Role.values))
    _demand_unit(point, item, role)
    _span(since, until)
    with records.serial():
        former = Meter.objects.filter(point=point).first()
        if parent is not None:
            _demand_parent(former, parent, enterprise, item)
        words_ = {"enterprise": enterprise, "node": node, "item": item, "role": role, "parent": parent, "since": since, "until": until}  # fmt: skip
        made = Meter.objects.update_or_create(point=point, defaults=words_)[0]
        detail = {"point": point.code, "node": node.code, "item": item, "role": role, "parent": parent.point.code if parent else "", **_dated(words_)}  # fmt: skip
        _audit(enterprise, "meter", {name: detail[name] for name in detail if name != "enterprise"}, by=by, now=now)
    return made


def _demand_parent(former: Meter | None, parent: Meter, enterprise: Enterprise, item: str) -> None:
    if parent.enterprise_id != enterprise.pk or parent.item != item:
        raise EnergyError(_("总表须是本企业同一能源品种的表"), mend=_("请另选总表"))
    above: Meter | None = parent
    while former is not None and above is not None:
        if above.pk == former.pk:
            raise EnergyError(_("总表不能是它自己或它下面的分表"), mend=_("请另选总表"))
        above = above.parent


def _demand_unit(point: Point, item: str, role: str) -> None:
    """An amount in a unit that the item's coefficient does not know could never be added up."""
    if role == Meter.Role.REACTIVE or point.kind == Point.Kind.INSTANT:
        return
    unit = conversion.coefficients().row(by_predicate=conversion.pl.col("item") == item, named=True)["unit"]
    known = [given for given, (base, _scale) in conversion.UNITS.items() if base == unit]
    if point.unit not in known:
        raise EnergyError(
            _("计量点“%(point)s”的单位是 %(unit)s，不能计量%(item)s") % {"point": point.name, "unit": point.unit, "item": words.item_name(item)},
            expected="、".join(known), mend=_("请核对能源品种，或请管理员登记单位变更"),
        )  # fmt: skip


def save_link(
    source: FlowNode, target: FlowNode, *, item: str, by: Any, now: datetime, meter: Meter | None = None,
    recovered: bool = False, since: date | None = None, until: date | None = None,
) -> FlowLink:  # fmt: skip
    """Lead an energy from one node to another, or change the link of these three. Raises `EnergyError`, `PermissionDenied`."""
    enterprise = source.enterprise
    _demand(by, enterprise)
    demand_item(item)
    if source.enterprise_id != target.enterprise_id:
        raise EnergyError(_("流向的两端不是同一家企业"))
    if meter is not None and (meter.enterprise_id != enterprise.pk or meter.item != item):
        raise EnergyError(_("这条流向的表须是本企业同一能源品种的表"), mend=_("请另选表计，或留空按差额推算"))
    _span(since, until)
    words_ = {"enterprise": enterprise, "meter": meter, "recovered": recovered, "since": since, "until": until}
    with records.serial():
        made = FlowLink.objects.update_or_create(source=source, target=target, item=item, defaults=words_)[0]
        demand_sound(enterprise)
        detail = {"from": source.code, "to": target.code, "item": item, "meter": meter.point.code if meter else "", "recovered": recovered, **_dates(since, until)}  # fmt: skip
        _audit(enterprise, "link", detail, by=by, now=now)
    return made


def save_product(
    enterprise: Enterprise, *, code: str, name: str, unit: str, by: Any, now: datetime, name_en: str = "",
    node: FlowNode | None = None,
) -> Product:  # fmt: skip
    """Enter a product, or change its words. Its unit is fixed once output was stated in it. Raises `EnergyError`, `PermissionDenied`."""
    _demand(by, enterprise)
    if not CODE.fullmatch(code) or not name.strip() or not unit.strip():
        raise EnergyError(_("产品的代码、名称、单位都要填"), expected=_("代码用字母、数字、短横线"))
    if node is not None and (node.enterprise_id != enterprise.pk or node.stage not in MAKING):
        raise EnergyError(_("产品要在本企业的终端使用或产品环节制造"), mend=_("请改选环节，或空着按全厂计"))
    with records.serial():
        former = Product.objects.filter(enterprise=enterprise, code=code).first()
        if former and former.unit != unit.strip() and former.outputs.exists():
            raise EnergyError(_("已登记过产量，不能改单位"), mend=_("请另登记一个产品"))
        words_ = {"name": name.strip()[:80], "name_en": name_en.strip()[:120], "unit": unit.strip()[:20]}
        made = Product.objects.update_or_create(enterprise=enterprise, code=code, defaults=words_ | {"node": node})[0]
        _audit(enterprise, "product", {"code": code, **words_, "node": node.code if node else ""}, by=by, now=now)
    return made


def demand_item(item: str) -> None:
    if item not in conversion.coefficients()["item"].to_list():
        raise EnergyError(_("没有能源品种“%(item)s”的折标准煤系数") % {"item": item[:20]}, mend=_("请按 GB/T 2589 的品种填写"))  # fmt: skip


def _dates(since: date | None, until: date | None) -> dict[str, str | None]:
    return {"since": since.isoformat() if since else None, "until": until.isoformat() if until else None}


def _dated(words_: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in words_.items() if isinstance(value, (str, float, int))}
    return plain | _dates(words_["since"], words_["until"])
