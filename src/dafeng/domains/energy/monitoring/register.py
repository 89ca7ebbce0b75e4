"""Keeping a firm's output, measures and equipment: who writes these goes through here. Its flow model is kept by `modelling`."""

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
    Measure,
    MonitoredFirm,
    Output,
    Product,
    Replacement,
)
from dafeng.domains.energy.monitoring import permissions
from dafeng.kernel.actions import demand
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import NotFound
from dafeng.kernel.records import services as records

MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def monitored_for(user: Any, code: str) -> MonitoredFirm:
    """The firm, if this person may see it. Raises `NotFound` as for one that does not exist."""
    found = MonitoredFirm.objects.for_user(user).select_related("enterprise").filter(enterprise__code=code).first()
    if found is None:
        raise NotFound(_("没有这家重点用能单位"), mend=_("请从重点用能单位名单进入"))
    return found


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
