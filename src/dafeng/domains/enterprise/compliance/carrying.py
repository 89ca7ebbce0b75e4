"""Carry-over of old vintages into the new one, and their end."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.compliance import (
    holdings,
    library,
    owing,
    permissions,
    surrendering,
    trading,
)
from dafeng.domains.enterprise.compliance.methods import duty as duties
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import (
    CarbonTrade,
)
from dafeng.kernel.actions import demand
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records


def net_sold(enterprise: Enterprise) -> int:
    """Sold less bought of the old vintages, by the trades that were registered."""
    old = library.cycle_rules()["carry_over"]["vintages"]
    mine = CarbonTrade.objects.filter(asset=holdings.CEA, vintage__in=old)
    found = mine.aggregate(sold=Sum("tonnes", filter=Q(seller=enterprise)), bought=Sum("tonnes", filter=Q(buyer=enterprise)))  # fmt: skip
    return (found["sold"] or 0) - (found["bought"] or 0)


def carry_cap(enterprise: Enterprise) -> dict[str, int]:
    """net, held (free old vintages), cap, best: what to sell first so that all the rest may be carried over."""
    rules = library.cycle_rules()
    old = rules["carry_over"]["vintages"]
    held = sum(n for v, n in holdings.free_by_vintage(holdings.of(enterprise)).items() if v in old)
    net = net_sold(enterprise)
    return {"net": net, "held": held, "cap": duties.carry_over_cap(net, held, rules), "best": duties.best_sale(net, held, rules)}  # fmt: skip


def carry_over(enterprise: Enterprise, tonnes: int, *, key: str, by: Any, now: datetime, day: date | None = None) -> dict[str, int]:  # fmt: skip
    """Turn old allowances of the registry account into the new vintage, up to the cap. `day`: of the application, today by default."""
    if by is not None:
        demand(by, permissions.ACT, enterprise)
    with holdings.told(by, "carry-over", enterprise, now=now):
        rule, when = library.cycle_rules()["carry_over"], day or timezone.localdate(now)
        if when > rule["apply_by"]:
            raise Refused("carry_over_late", _("结转申请已于 %(day)s 截止") % {"day": rule["apply_by"]})
        late = [y for y in rule["vintages"] if (owed := owing.duty_of(enterprise, y)) and sum(surrendering.surrendered(enterprise, y)) < owed.tonnes]  # fmt: skip
        if late:
            raise Refused("duty_open", _("%(year)s 年度还没有清缴完，不能结转") % {"year": late[0]})
        numbers = carry_cap(enterprise)
        cap = rule["base"] + int(max(0, numbers["net"]) * Decimal(rule["times"]))  # the ledger counts what went before
        basis = f"{rule['base']} + {rule['times']} × max(0, {numbers['net']})"
        holdings.carry_over(enterprise, tonnes, bucket=holdings.REGISTRY, cap=cap, basis=basis, key=trading.form_key(enterprise, "carry", key), now=now)  # fmt: skip
        records.audit(by, "enterprise.compliance.carry-over", "enterprise", enterprise.code, {"tonnes": tonnes, "cap": cap, "basis": basis}, now=now)  # fmt: skip
    return numbers


def lapse(enterprise: Enterprise, *, by: Any, now: datetime) -> int:
    """Old allowances that were not carried over go out of use. Only after the last day of applying, and with nothing owed on old years."""
    if by is not None:
        demand(by, permissions.DECIDE)
    with holdings.told(by, "lapse", enterprise, now=now):
        rule = library.cycle_rules()["carry_over"]
        if timezone.localdate(now) <= rule["apply_by"]:
            raise Refused("lapse_early", _("%(day)s 之前还可以结转") % {"day": rule["apply_by"]})
        open_years = [y for y in rule["vintages"] if (owed := owing.duty_of(enterprise, y)) and sum(surrendering.surrendered(enterprise, y)) < owed.tonnes]  # fmt: skip
        if open_years:
            raise Refused("duty_open", _("%(year)s 年度还有欠缴，旧配额仍可用于清缴") % {"year": open_years[0]})
        total = holdings.lapse(enterprise, key=f"enterprise:lapse:{enterprise.code}:{timezone.localdate(now)}", now=now)
        records.audit(by, "enterprise.compliance.lapse", "enterprise", enterprise.code, {"tonnes": total}, now=now)
    return total
