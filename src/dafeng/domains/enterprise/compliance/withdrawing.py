"""What the bureau entered wrongly it withdraws with a reason: a row of a year's list, a cut of the next allocation.

The row stays, marked, and is in the audit chain. What has already moved allowances is not undone behind anybody's back: a row of the
list is kept while anything was issued or surrendered on it; a cut that an allocation has used goes only together with a new allocation.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.compliance import allocations, holdings, owing, permissions
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Allocation, AllocationCut, Covered, Surrender
from dafeng.kernel.actions import demand
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import NotFound, StaleError
from dafeng.kernel.records import services as records


def entry(enterprise: Enterprise, year: int, *, reason: str, by: Any, now: datetime) -> Covered:
    """Take a firm off a year's list, because it should never have stood there; its duty of that year goes with it.

    Raises `NotFound`; `Refused`: reason_missing, surrendered, allocation_stands, cut_stands.
    """
    demand(by, permissions.DECIDE)
    with holdings.told(by, "unlist", enterprise, now=now):
        found = Covered.objects.select_for_update().filter(enterprise=enterprise, year=year).first()
        if found is None:
            raise NotFound(_("%(year)s 年度名录里没有这家企业") % {"year": year})
        _mark(found, reason, by, now)
        _demand_unused(enterprise, year)
        gone = owing.release(enterprise, year, reason=found.withdrawn_why, by=by, now=now)
        detail = {"year": year, "sector": found.sector, "source": found.source, "reason": found.withdrawn_why, "duty": bool(gone)}  # fmt: skip
        records.audit(by, "enterprise.compliance.uncover", "enterprise", enterprise.code, detail, now=now)
    return found


def _demand_unused(enterprise: Enterprise, year: int) -> None:
    mine = {"enterprise": enterprise, "year": year}
    states = set(Surrender.objects.filter(**mine).values_list("state", flat=True))
    if Surrender.State.DONE in states:
        raise Refused("surrendered", _("%(year)s 年度已有清缴，名录登记不能撤回") % {"year": year}, mend=_("清缴不能撤销；请与国家注册登记机构核对"))  # fmt: skip
    if Surrender.State.APPLIED in states:
        raise Refused("surrendered", _("%(year)s 年度有清缴申请还没有办理") % {"year": year}, mend=_("请先在看板上驳回清缴申请，再撤回"))  # fmt: skip
    issued = Allocation.objects.filter(**mine).aggregate(n=Sum("issued"))["n"] or 0
    if issued:
        raise Refused("allocation_stands", _("%(year)s 年度已经发放 %(t)s 吨配额，名录登记不能撤回") % {"year": year, "t": issued}, mend=_("请先在“核定配额”里把各机组的产量改为 0 重新核定，收回已发放的配额，再撤回"))  # fmt: skip
    if AllocationCut.objects.filter(Q(year=year) | Q(from_year=year), enterprise=enterprise).exists():
        raise Refused("cut_stands", _("%(year)s 年度还有配额核减") % {"year": year}, mend=_("请先撤回核减，再撤回名录登记"))  # fmt: skip


def used_by(cut: AllocationCut) -> tuple[Allocation, int] | None:
    """The allocation that stands in the cut's year and the t that it takes from it by this cut."""
    stands = (
        Allocation.objects.filter(enterprise=cut.enterprise_id, year=cut.from_year).order_by("-stage", "number").last()
    )
    taken = stands.cuts.get(str(cut.pk), 0) if stands else 0
    return (stands, taken) if stands and taken else None


def cut(given: AllocationCut, *, reason: str, reissue: bool = False, by: Any, now: datetime) -> AllocationCut:
    """A cut no longer counts. Where an allocation has used it, only with `reissue`: the same units once more, and what was cut is issued.

    Raises `StaleError` for a cut that was withdrawn; `Refused`: reason_missing, cut_used.
    """
    demand(by, permissions.DECIDE)
    with holdings.told(by, "uncut", given.enterprise, now=now):
        found = AllocationCut.every.select_for_update().select_related("enterprise").get(pk=given.pk)
        if found.withdrawn_at:
            raise StaleError(_("这项核减已经撤回"), mend=_("请刷新页面"))
        _mark(found, reason, by, now)
        used = used_by(found)
        if used and not reissue:
            raise Refused("cut_used", _("%(year)s 年度的配额分配已扣除这项核减 %(t)s 吨") % {"year": found.from_year, "t": used[1]}, mend=_("请选“同时重新核定并补发”，再撤回"))  # fmt: skip
        made = allocations.reissue(used[0], by=by, now=now) if used else None
        detail = {"cut": str(found.pk), "year": found.year, "from_year": found.from_year, "tonnes": found.tonnes, "reason": found.withdrawn_why, "issued": made.issued if made else 0}  # fmt: skip
        records.audit(by, "enterprise.compliance.uncut", "enterprise", found.enterprise.code, detail, now=now)
    return found


def _mark(row: Covered | AllocationCut, reason: str, by: Any, now: datetime) -> None:
    if not reason.strip():
        raise Refused("reason_missing", _("撤回要写明理由"))
    row.withdrawn_at, row.withdrawn_by, row.withdrawn_why = now, by, reason.strip()[:300]
    row.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_why"])
