"""Allowances of a firm as they are issued, and what is cut from the next."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema
from pydantic import Field

from dafeng.domains.enterprise.compliance import (
    allocations,
    cutting,
    papers,
    permissions,
    withdrawing,
)
from dafeng.domains.enterprise.compliance.api.words import UnitIn, WithdrawIn, WithdrawnAsked, rows_of
from dafeng.domains.enterprise.compliance.views.duty_page import firm_of
from dafeng.domains.enterprise.compliance.views.withdrawing import cut_of
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import (
    Allocation,
    AllocationCut,
)
from dafeng.kernel.actions import asks
from dafeng.kernel.api import words as described
from dafeng.kernel.api.paging import Page, Paging, page

router = Router(tags=["enterprise"])

described.describe(
    within="AllocationOut", id=_("编号"), year=_("年度"), stage=_("pre 预分配，final 核定"), number=_("版次"), rule_set=_("规则代码"), signed=_("凭签认使用的值"),
    tonnes=_("配额（吨）"), issued=_("本次发放（吨），负数为收回"), rows=_("各机组的步骤"), at=_("核定时间"),
)  # fmt: skip
described.describe(within="AllocationOut", cuts=_("从这一版扣除的核减：编号对吨数"))
described.describe(
    within="IssueIn",
    year=_("年度"),
    stage=_("pre 预分配，final 核定"),
    units=_("企业的全部机组或产线；不写则取锁定的报告"),
)
CUT_WORDS = {
    "kind": _("arrears 欠缴，false_data 清缴后查明的虚报"), "year": _("违规所在年度"), "tonnes": _("核减（吨）；欠缴的由平台算出"), "reason": _("查明的事实"),
    "paper": _("依据文件编号"),
}  # fmt: skip
described.describe(within="CutIn", **CUT_WORDS)
described.describe(
    within="CutOut",
    **CUT_WORDS,
    id=_("编号"),
    from_year=_("核减年度"),
    standing=_("规则的可信程度 A–D"),
    source=_("规则的出处"),
)


class IssueIn(Schema):
    year: int = Field(ge=2000, le=2200)
    stage: Literal["pre", "final"]
    units: list[UnitIn] | None = Field(None, min_length=1, max_length=200)


class CutIn(Schema):
    kind: Literal["arrears", "false_data"]
    year: int = Field(ge=2000, le=2200)
    tonnes: int | None = Field(None, gt=0, le=10**9)
    reason: str = Field("", max_length=300)
    paper: UUID


class CutWithdrawIn(WithdrawIn):
    reissue: bool = False


described.describe(within="CutWithdrawIn", reason=_("撤回的理由"), reissue=_("配额分配已扣除这项核减时：是否同时重新核定并补发"))  # fmt: skip


class CutOut(Schema):
    id: UUID
    kind: str
    year: int
    from_year: int
    tonnes: int
    reason: str
    standing: str
    source: str
    paper: UUID
    withdrawn_at: datetime | None
    withdrawn_why: str


class AllocationOut(Schema):
    id: UUID
    year: int
    stage: str
    number: int
    rule_set: str
    signed: list[str]
    tonnes: int
    cuts: dict[str, int]
    issued: int
    rows: list[dict[str, Any]]
    at: Any


@router.get("/enterprise/compliance/firms/{firm}/allocations", response=Page[AllocationOut], summary=_("一家企业的配额分配，含每一步"))  # fmt: skip
@asks(permissions.SEE)
def list_firm_allocations(request: HttpRequest, firm: str, asked: Query[Paging]) -> Any:
    found = Allocation.objects.filter(enterprise=firm_of(request, firm)).order_by("-year", "-at")
    return page(request, found, asked)


@router.post("/enterprise/compliance/firms/{firm}/allocations", response={201: AllocationOut}, summary=_("核定一家企业的配额并发放：全部机组，或取锁定的报告"))  # fmt: skip
@asks(permissions.DECIDE)
def issue_allocation(request: HttpRequest, firm: str, given: IssueIn) -> Any:
    enterprise = firm_of(request, firm)
    report, units = allocations.units_of_report(enterprise, given.year, given.stage) if given.units is None else (None, rows_of(given.units))  # fmt: skip
    return 201, allocations.allocate_firm(enterprise, given.year, given.stage, units, report=report, by=request.user, now=timezone.now())  # fmt: skip


@router.get("/enterprise/compliance/firms/{firm}/cuts", response=Page[CutOut], summary=_("一家企业的配额核减"))
@asks(permissions.SEE)
def list_allocation_cuts(request: HttpRequest, firm: str, asked: Query[WithdrawnAsked]) -> Any:
    found = AllocationCut.every.filter(enterprise=firm_of(request, firm), withdrawn_at__isnull=not asked.withdrawn)
    return page(request, found, asked, _cut)


def _cut(each: AllocationCut) -> dict[str, Any]:
    names = ("kind", "year", "from_year", "tonnes", "reason", "standing", "source", "withdrawn_at", "withdrawn_why")
    return {"id": each.pk, "paper": each.paper_id} | {name: getattr(each, name) for name in names}


@router.post("/enterprise/compliance/firms/{firm}/cuts", response={201: CutOut}, summary=_("登记一项配额核减：欠缴，或清缴后查明的虚报"))  # fmt: skip
@asks(permissions.DECIDE)
def cut_allocation(request: HttpRequest, firm: str, given: CutIn) -> Any:
    enterprise, paper, now = firm_of(request, firm), papers.found(given.paper), timezone.now()
    if given.kind == "arrears":
        if given.tonnes is not None:
            raise Refused("amount_told", str(_("欠缴的核减数量由平台算出，不填")))
        return 201, _cut(cutting.for_arrears(enterprise, given.year, paper=paper, by=request.user, now=now))
    return 201, _cut(cutting.for_false_data(enterprise, given.year, given.tonnes or 0, reason=given.reason, paper=paper, by=request.user, now=now))  # fmt: skip


@router.post("/enterprise/compliance/cuts/{uuid:id}/withdrawal", response=CutOut, summary=_("撤回登记错了的配额核减"))
@asks(permissions.DECIDE)
def withdraw_allocation_cut(request: HttpRequest, id: UUID, given: CutWithdrawIn) -> Any:
    return _cut(withdrawing.cut(cut_of(request, id), reason=given.reason, reissue=given.reissue, by=request.user, now=timezone.now()))  # fmt: skip
