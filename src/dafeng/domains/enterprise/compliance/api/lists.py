"""The papers on which entries rest, and the published lists."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import File, Form, Query, Router, Schema, UploadedFile
from pydantic import Field

from dafeng.domains.enterprise.compliance import (
    listing,
    papers,
    permissions,
    positions,
    withdrawing,
    words,
)
from dafeng.domains.enterprise.compliance.api.words import FirmsAsked, WithdrawIn, WithdrawnAsked
from dafeng.domains.enterprise.compliance.views.duty_page import firm_of
from dafeng.domains.enterprise.models import (
    Covered,
)
from dafeng.kernel.actions import asks
from dafeng.kernel.api import words as described
from dafeng.kernel.api.paging import Page, page

router = Router(tags=["enterprise"])

described.describe(
    within="PaperOut", id=_("编号"), document=_("文件名称、文号"), dated=_("文件日期"), sha256=_("文件的 SHA-256")
)
described.describe(within="PaperIn", document=_("文件名称、文号"), dated=_("文件日期"))
described.describe(within="ListedFirm", firm=_("企业代码"), sector=_("power 发电，industry 钢铁、水泥、铝冶炼"))
described.describe(
    within="OfficialListIn",
    year=_("名录年度"),
    paper=_("依据文件编号"),
    entries=_("名录里的企业；有一家不对就都不登记"),
)
described.describe(
    within="CoveredOut", firm=_("企业代码"), name=_("企业名称"), year=_("年度"), sector=_("行业"), source=_("依据"),
    paper=_("公布文件编号；空为筛查列入、还没有公布文件"),
)  # fmt: skip


class PaperOut(Schema):
    id: UUID
    document: str
    dated: date
    sha256: str


class ListedFirm(Schema):
    firm: str = Field(max_length=60)
    sector: str = Field(max_length=40)


class OfficialListIn(Schema):
    year: int = Field(ge=2000, le=2200)
    paper: UUID
    entries: list[ListedFirm] = Field(min_length=1, max_length=2000)


class CoveredOut(Schema):
    firm: str
    name: str
    year: int
    sector: str
    source: str
    paper: UUID | None
    withdrawn_at: datetime | None
    withdrawn_why: str


class ListsAsked(FirmsAsked, WithdrawnAsked):
    pass


class PaperIn(Schema):
    document: str = Field(min_length=1, max_length=200)
    dated: date


@router.post("/enterprise/compliance/papers", response={201: PaperOut}, summary=_("登记一份依据文件，供名录、应清缴量、批次和核减引用"))  # fmt: skip
@asks(permissions.DECIDE)
def file_compliance_paper(request: HttpRequest, given: Form[PaperIn], file: File[UploadedFile]) -> Any:
    made = papers.keep(file, document=given.document, dated=given.dated, by=request.user, now=timezone.now())
    return 201, {"id": made.pk, "document": made.document, "dated": made.dated, "sha256": made.evidence.sha256}


@router.get("/enterprise/compliance/lists", response=Page[CoveredOut], summary=_("一个年度的重点排放单位名录"))
@asks(permissions.SEE_CITY)
def list_covered_firms(request: HttpRequest, asked: Query[ListsAsked]) -> Any:
    year = asked.compliance_year or positions.current_year(timezone.localdate())
    found = Covered.every.filter(year=year, withdrawn_at__isnull=not asked.withdrawn).select_related("enterprise").order_by("enterprise__code", "pk")  # fmt: skip
    return page(request, found, asked, _covered)


def _covered(each: Covered) -> dict[str, Any]:
    return {"firm": each.enterprise.code, "name": each.enterprise.called(english=words.english()), "year": each.year, "sector": each.sector, "source": each.source, "paper": each.paper_id, "withdrawn_at": each.withdrawn_at, "withdrawn_why": each.withdrawn_why}  # fmt: skip


@router.post("/enterprise/compliance/lists", response={201: list[CoveredOut]}, summary=_("登记公布的名录：有一家不对就都不登记"))  # fmt: skip
@asks(permissions.DECIDE)
def enter_official_list(request: HttpRequest, given: OfficialListIn) -> Any:
    entries = [(each.firm, each.sector) for each in given.entries]
    made = listing.enter(given.year, entries, paper=papers.found(given.paper), by=request.user, now=timezone.now())
    return 201, [_covered(each) for each in made]


@router.post("/enterprise/compliance/firms/{firm}/lists/{compliance_year}/withdrawal", response=CoveredOut, summary=_("撤回登记错了的名录；那一年度的应清缴量随之取消"))  # fmt: skip
@asks(permissions.DECIDE)
def withdraw_list_entry(request: HttpRequest, firm: str, compliance_year: int, given: WithdrawIn) -> Any:
    return _covered(withdrawing.entry(firm_of(request, firm), compliance_year, reason=given.reason, by=request.user, now=timezone.now()))  # fmt: skip
