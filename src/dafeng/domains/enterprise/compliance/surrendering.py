"""Surrender for a year: the firm applies and the units are held, the bureau decides and they leave or are free again."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.compliance import (
    holdings,
    library,
    owing,
    permissions,
    publishing,
)
from dafeng.domains.enterprise.compliance.methods import duty as duties
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import (
    CarbonDuty,
    Surrender,
)
from dafeng.kernel.actions import demand
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import StaleError
from dafeng.kernel.records import services as records


def surrendered(enterprise: Enterprise, year: int) -> tuple[int, int]:
    """(allowances, offsets) that were surrendered for a year."""
    found = Surrender.objects.filter(enterprise=enterprise, year=year, state=Surrender.State.DONE).aggregate(cea=Sum("tonnes"), ccer=Sum("ccer"))  # fmt: skip
    return found["cea"] or 0, found["ccer"] or 0


def apply_surrender(
    enterprise: Enterprise, year: int, tonnes: int, ccer: int, *, key: str, by: Any, now: datetime, demo: bool = False
) -> Surrender:
    """Apply; the units are held at once. `key` is the form's: sent again it is the same application."""
    if by is not None:
        demand(by, permissions.ACT, enterprise)
    number = uuid.uuid5(uuid.NAMESPACE_URL, f"{enterprise.code}/{year}/{key}")
    with holdings.told(by, "surrender", enterprise, now=now):
        if again := Surrender.objects.filter(pk=number).first():
            if (again.tonnes, again.ccer) != (tonnes, ccer):
                raise Refused("conflict", _("同一申请的数量不同"))
            return again
        owed = owing.duty_of(enterprise, year)
        if owed is None:
            raise Refused("no_duty", _("还没有登记 %(year)s 年度的应清缴量") % {"year": year})
        if tonnes < 0 or ccer < 0 or tonnes + ccer == 0:
            raise Refused("amount_bad", _("清缴数量应为正数"))
        _demand_within(enterprise, owed, tonnes, ccer)
        taken = holdings.hold_for_surrender(enterprise, year, tonnes, ccer, name=f"enterprise:surrender:{number}", now=now)  # fmt: skip
        made = Surrender.objects.create(
            pk=number, enterprise=enterprise, year=year, tonnes=tonnes, ccer=ccer, vintages={str(v): n for v, n in taken.items()},
            applied_by=by, applied_at=now, demo=demo,
        )  # fmt: skip
        records.audit(by, "enterprise.compliance.surrender.apply", "enterprise", enterprise.code, {"year": year, "tonnes": tonnes, "ccer": ccer}, now=now)  # fmt: skip
    return made


def _demand_within(enterprise: Enterprise, owed: CarbonDuty, tonnes: int, ccer: int) -> None:
    """Not more than is owed, and of offsets not more than 5 %, over all applications that stand."""
    standing = Surrender.objects.filter(enterprise=enterprise, year=owed.year).exclude(state=Surrender.State.REFUSED)
    told = standing.aggregate(cea=Sum("tonnes"), ccer=Sum("ccer"))
    cea_before, ccer_before = told["cea"] or 0, told["ccer"] or 0
    limit = duties.offset_limit(owed.tonnes, library.cycle_rules())
    if ccer_before + ccer > limit:
        raise Refused("over_share", _("抵销不能超过应清缴量的 5%%，即 %(limit)s 吨；已用 %(used)s 吨") % {"limit": limit, "used": ccer_before})  # fmt: skip
    rest = owed.tonnes - cea_before - ccer_before
    if tonnes + ccer > rest:
        raise Refused("over_duty", _("只欠 %(rest)s 吨，申请了 %(asked)s 吨") % {"rest": rest, "asked": tonnes + ccer})


def decide_surrender(applied: Surrender, *, grant: bool, reason: str = "", by: Any, now: datetime) -> Surrender:
    """The bureau confirms or sends back; what was held leaves, or is free again. The applicant may not decide."""
    if by is not None:
        demand(by, permissions.DECIDE)
    with holdings.told(by, "decide", applied.enterprise, now=now):
        fresh = Surrender.objects.select_for_update().select_related("enterprise").get(pk=applied.pk)
        if fresh.state != Surrender.State.APPLIED:
            raise StaleError(_("这份申请已经办结：%(state)s") % {"state": fresh.get_state_display()}, mend=_("请刷新页面"))  # fmt: skip
        if by is not None and fresh.applied_by_id == by.pk:
            raise Refused("same_person", _("申请人不能办理自己的申请"))
        if not grant and not reason.strip():
            raise Refused("reason_missing", _("驳回要写明理由"))
        name = f"enterprise:surrender:{fresh.pk}"
        if grant:
            holdings.retire_for_surrender(fresh.enterprise, fresh.year, fresh.tonnes, fresh.ccer, name=name, now=now)
        else:
            holdings.release_surrender(fresh.tonnes, fresh.ccer, name=name, now=now)
        fresh.state = Surrender.State.DONE if grant else Surrender.State.REFUSED
        fresh.reason, fresh.decided_by, fresh.decided_at = reason.strip()[:300], by, now
        fresh.save(update_fields=["state", "reason", "decided_by", "decided_at"])
        act = "enterprise.compliance.surrender.done" if grant else "enterprise.compliance.surrender.return"
        records.audit(by, act, "enterprise", fresh.enterprise.code, {"year": fresh.year, "tonnes": fresh.tonnes, "ccer": fresh.ccer, "reason": fresh.reason}, now=now)  # fmt: skip
        if grant:
            publishing.publish(fresh.enterprise, by=by, now=now)
    return fresh
