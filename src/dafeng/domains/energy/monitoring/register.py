"""Keeping a firm's contract, flow model, meters, output, measures and equipment: who writes these goes through here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from dafeng.domains.energy.errors import EnergyError
from dafeng.domains.energy.models import (
    Anomaly,
    FlowLink,
    FlowNode,
    Measure,
    Meter,
    MonitoredFirm,
    Output,
    Product,
    Replacement,
)
from dafeng.domains.energy.monitoring import permissions
from dafeng.domains.energy.monitoring.methods import conversion, flows
from dafeng.kernel.actions import demand
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import NotFound
from dafeng.kernel.records import services as records
from dafeng.kernel.series.models import Point

MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def monitored_for(user: Any, code: str) -> MonitoredFirm:
    """The firm, if this person may see it. Raises `NotFound` as for one that does not exist."""
    found = MonitoredFirm.objects.for_user(user).select_related("enterprise").filter(enterprise__code=code).first()
    if found is None:
        raise NotFound(_("没有这家重点用能单位"), mend=_("请从重点用能单位名单进入"))
    return found


def ensure_firm(enterprise: Enterprise, **contract: Any) -> MonitoredFirm:
    """Make the firm a key energy user, or bring its contract up to date."""
    return MonitoredFirm.objects.update_or_create(enterprise=enterprise, defaults=contract)[0]


def ensure_node(
    enterprise: Enterprise, code: str, *, name: str, stage: str, name_en: str = "", tolerance: float = flows.TOLERANCE
) -> FlowNode:
    if stage not in flows.STAGES:
        raise EnergyError(f"没有“{stage}”这个环节", expected="、".join(flows.STAGES))
    words = {"name": name, "name_en": name_en, "stage": stage, "tolerance": tolerance}
    return FlowNode.objects.update_or_create(enterprise=enterprise, code=code, defaults=words)[0]


def ensure_meter(
    node: FlowNode, point: Point, *, item: str, role: str = Meter.Role.LOAD, parent: Meter | None = None
) -> Meter:
    """Place a point in the flow model. Raises `EnergyError` for an item that no coefficient knows, or a point of another firm."""
    _known_item(item)
    if point.subject != node.enterprise.subject:
        raise EnergyError(f"计量点“{point.name}”不是这家企业的", expected=node.enterprise.subject)
    words = {"enterprise": node.enterprise, "node": node, "item": item, "role": role, "parent": parent}
    return Meter.objects.update_or_create(point=point, defaults=words)[0]


def ensure_link(source: FlowNode, target: FlowNode, *, item: str, meter: Meter | None = None) -> FlowLink:
    """Lead an energy from one node to a later one. Raises `EnergyError` when it would run back."""
    _known_item(item)
    if source.enterprise_id != target.enterprise_id:
        raise EnergyError("流向的两端不是同一家企业")
    if flows.STAGES.index(source.stage) > flows.STAGES.index(target.stage) or source.pk == target.pk:
        raise EnergyError(f"流向不能从“{source.name}”回到“{target.name}”", expected="购入 → 转换 → 分配 → 使用 → 产品")
    return FlowLink.objects.update_or_create(
        source=source, target=target, item=item, defaults={"enterprise": source.enterprise, "meter": meter}
    )[0]


def _known_item(item: str) -> None:
    if item not in conversion.coefficients()["item"].to_list():
        raise EnergyError(f"没有能源品种“{item}”的折标准煤系数", mend="请按 GB/T 2589 的品种填写")


def ensure_product(enterprise: Enterprise, code: str, *, name: str, unit: str, name_en: str = "") -> Product:
    return Product.objects.update_or_create(
        enterprise=enterprise, code=code, defaults={"name": name, "name_en": name_en, "unit": unit}
    )[0]


def state_output(product: Product, month: str, amount: float, *, source: str, by: Any, now: datetime) -> Output:
    """State the output of a month; the same once more changes nothing. Raises `EnergyError`, `PermissionDenied`."""
    if by is not None:
        demand(by, permissions.KEEP, product.enterprise)
    if not MONTH.fullmatch(month):
        raise EnergyError(_("月份“%(month)s”写法不对") % {"month": month[:10]}, expected=_("如 2026-05"))
    if month > f"{now:%Y-%m}":
        raise EnergyError(_("%(month)s 还没有到") % {"month": month}, mend=_("请填写已经过去的月份"))
    if amount < 0:
        raise EnergyError(_("产量不能为负"))
    last = product.outputs.filter(month=month).last()
    if last and last.amount == amount and last.source == source:
        return last
    with records.serial():
        made = Output.objects.create(product=product, month=month, amount=amount, source=source, stated_at=now, by=by)
        detail = {"month": month, "amount": amount}
        records.audit(
            by, "energy.output", "energy.product", f"{product.enterprise.code}/{product.code}", detail, now=now
        )
    return made


def outputs_of(product: Product) -> dict[str, Output]:
    """The output that counts of each month."""
    return {each.month: each for each in product.outputs.all()}


def plan_measure(
    enterprise: Enterprise, *, title: str, due: date, by: Any, now: datetime, anomaly: Anomaly | None = None, advice: str = "", kwh: float | None = None
) -> Measure:  # fmt: skip
    """Add a line to the firm's saving plan."""
    demand(by, permissions.KEEP, enterprise)
    if not title.strip():
        raise EnergyError(_("请写明做什么"))
    if anomaly is not None and anomaly.enterprise_id != enterprise.pk:
        raise EnergyError(_("这条异常不是这家企业的"))
    with records.serial():
        made = Measure.objects.create(
            enterprise=enterprise,
            title=title.strip()[:120],
            due=due,
            anomaly=anomaly,
            advice=advice,
            kwh=kwh,
            made_at=now,
            by=by,
        )
        records.audit(
            by, "energy.measure", "energy.measure", str(made.pk), {"title": made.title, "due": due.isoformat()}, now=now
        )
    return made


# From which state a measure may come to which.
MEASURE_STEPS: Mapping[str, tuple[str, ...]] = {
    "planned": ("doing", "done", "dropped"),
    "doing": ("done", "dropped"),
    "done": (),
    "dropped": (),
}


def move_measure(measure: Measure, state: str, *, by: Any, now: datetime) -> Measure:
    demand(by, permissions.KEEP, measure.enterprise)
    with transaction.atomic():
        locked = Measure.objects.select_for_update().get(pk=measure.pk)
        if state not in MEASURE_STEPS[locked.state]:
            raise EnergyError(
                _("这项措施现为“%(state)s”，不能这样改") % {"state": locked.get_state_display()},
                mend=_("请刷新看最新情况"),
            )
        before, locked.state = locked.state, state
        locked.save(update_fields=["state"])
        records.audit(
            by, "energy.measure.move", "energy.measure", str(locked.pk), {"from": before, "to": state}, now=now
        )
    return locked


def replace_equipment(enterprise: Enterprise, *, by: Any, now: datetime, **told: Any) -> Replacement:
    """Enter retired equipment, once and for all: a nameplate that anyone has retired before is refused."""
    if by is not None:
        demand(by, permissions.KEEP, enterprise)
    plate = re.sub(r"\s+", "", str(told["nameplate"])).upper()
    if not plate:
        raise EnergyError(_("请填写淘汰设备的出厂编号"))
    try:
        with records.serial():
            made = Replacement.objects.create(
                enterprise=enterprise, stated_at=now, by=by, **(told | {"nameplate": plate})
            )
            records.audit(
                by,
                "energy.replacement",
                "energy.replacement",
                plate,
                {"kwh": made.kwh, "on": made.on.isoformat()},
                now=now,
            )
    except IntegrityError:
        raise EnergyError(
            _("出厂编号“%(plate)s”的设备已登记淘汰，不能再算一次节能量") % {"plate": plate},
            mend=_("请核对编号；如登记有误请联系发改部门"),
        ) from None
    return made
