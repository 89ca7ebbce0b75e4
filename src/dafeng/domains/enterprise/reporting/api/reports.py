"""Reports of a year, their rows and steps, and the findings of the checks."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema
from pydantic import Field

from dafeng.domains.enterprise.models import CheckFinding, Report
from dafeng.domains.enterprise.reporting import (
    findings,
    lineage,
    permissions,
    reports,
    sectoral,
)
from dafeng.domains.enterprise.reporting.api.words import YearAsked
from dafeng.domains.enterprise.reporting.findings_words import words_of
from dafeng.domains.enterprise.reporting.views.places import clock as now_and_today
from dafeng.domains.enterprise.reporting.views.places import firm_of, report_of
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.api import words
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.errors import NotFound

router = Router(tags=["enterprise"])

words.describe(
    within="CarbonReportOut", id=_("编号"), year=_("年度"), version=_("版本"), digest=_("内容的 SHA-256"), submitted_at=_("报送时间")
)  # fmt: skip
words.describe(within="CarbonReportIn", year=_("年度"), reason=_("改版理由；第一版可空"))
words.describe(
    within="ReportStepIn",
    action=_("submit 报送，return 退回，lock 锁定"),
    state=_("读取时的状态"),
    reason=_("理由；退回时必填"),
)
words.describe(
    within="ReportRow",
    facility=_("核算单元代码"),
    month=_("月份"),
    stream=_("源流"),
    formula=_("公式代码"),
    title=_("公式"),
    category=_("排放类别"),
    scope=_("direct 直接，indirect 间接"),
    gas=_("气体"),
    standing=_("所用参数中最低的等级"),
    in_reporting=_("计入报告边界"),
    in_compliance=_("计入履约边界"),
)
words.describe(
    within="ReportFindingOut",
    id=_("编号"),
    rule=_("规则代码"),
    month=_("月份"),
    item=_("项目代码"),
    severity=_("级别"),
    answer=_("说明"),
)
words.describe(within="FindingAnswer", text=_("说明"), seen=_("读取时的状态"))


class CarbonReportOut(Schema):
    id: UUID
    enterprise_code: str
    enterprise_name: str
    year: int
    version: int
    report_state: str
    report_state_title: str
    reporting_t: float | None
    compliance_t: float | None
    digest: str
    submitted_at: datetime | None


class CarbonReportIn(Schema):
    year: int = Field(ge=2000, le=2100)
    reason: str = Field("", max_length=300)


class ReportStepIn(Schema):
    action: Literal["submit", "return", "lock"]
    state: str = Field(max_length=40)
    reason: str = Field("", max_length=300)


class ReportRow(Schema):
    facility: str
    month: str
    stream: str
    formula: str
    title: str
    category: str
    scope: str
    gas: str
    standing: str
    in_reporting: bool
    in_compliance: bool
    t_co2e: float | None


class ReportFindingOut(Schema):
    id: int
    facility_code: str
    rule: str
    month: str
    item: str
    severity: str
    finding_state: str
    finding_what: str
    finding_why: str
    answer: str


class FindingAnswer(Schema):
    text: str = Field(max_length=1000)
    seen: str = Field(max_length=10)


@router.get("/enterprise/reporting/reports", response=Page[CarbonReportOut], summary=_("可以查看的年度报告，新的在前"))
@asks(permissions.SEE)
def list_carbon_reports(request: HttpRequest, asked: Query[YearAsked]) -> Any:
    seen = Report.objects.for_user(request.user).select_related("enterprise", "record").defer("content").distinct()
    if asked.year is not None:
        seen = seen.filter(year=asked.year)
    return page(request, seen.order_by("-year", "enterprise__code", "-version"), asked, _report)


def _report(row: Report) -> dict[str, Any]:
    return {
        "id": row.pk,
        "enterprise_code": row.enterprise.code,
        "enterprise_name": row.enterprise.name,
        "year": row.year,
        "version": row.version,
        "report_state": row.record.state,
        "report_state_title": row.record.state_title,
        "reporting_t": row.emissions,
        "compliance_t": row.emissions_compliance,
        "digest": row.digest,
        "submitted_at": row.submitted_at,
    }


@router.post(
    "/enterprise/reporting/firms/{slug:firm}/reports",
    response={201: CarbonReportOut},
    summary=_("建立年度报告的草稿，或已锁定报告的新版"),
)
@asks(permissions.OPEN)
def open_carbon_report(request: HttpRequest, firm: str, given: CarbonReportIn) -> Any:
    enterprise = firm_of(request.user, firm, what="api-open-report")
    demand(request.user, permissions.OPEN, enterprise)
    now, _today = now_and_today()
    return 201, _report(reports.open_draft(enterprise, given.year, by=request.user, now=now, reason=given.reason))


@router.get("/enterprise/reporting/reports/{uuid:id}", response=CarbonReportOut, summary=_("一份年度报告"))
@asks(permissions.SEE)
def show_carbon_report(request: HttpRequest, id: UUID) -> Any:
    return _report(report_of(request.user, id, what="api-report"))


@router.get("/enterprise/reporting/reports/{uuid:id}/rows", response=Page[ReportRow], summary=_("报告的计算结果，逐行"))
@asks(permissions.SEE)
def list_report_rows(request: HttpRequest, id: UUID, asked: Query[Paging]) -> Any:
    content = reports.draft_content(report_of(request.user, id, what="api-rows"))
    return page(request, content["rows"], asked, _row)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return row | {
        "title": sectoral.formula_title(row["sector"], row["formula"]),
        "category": lineage.category_title(row["category"]),
        "in_reporting": row["reporting"],
        "in_compliance": row["compliance"],
        "stream": row["stream"] or "",
    }


@router.post(
    "/enterprise/reporting/reports/{uuid:id}/steps", response=CarbonReportOut, summary=_("报送、退回或锁定报告")
)
@asks(permissions.MOVE)
def step_carbon_report(request: HttpRequest, id: UUID, given: ReportStepIn) -> Any:
    report = report_of(request.user, id, what="api-step")
    now, _today = now_and_today()
    reports.step(report, given.action, by=request.user, now=now, reason=given.reason, seen=given.state)
    return _report(report)


@router.get(
    "/enterprise/reporting/firms/{slug:firm}/findings", response=Page[ReportFindingOut], summary=_("一家企业的检查发现")
)
@asks(permissions.SEE)
def list_check_findings(request: HttpRequest, firm: str, asked: Query[YearAsked]) -> Any:
    enterprise = firm_of(request.user, firm, what="api-findings")
    found = CheckFinding.objects.filter(facility__enterprise=enterprise).select_related("facility")
    if asked.year is not None:
        found = found.filter(month__startswith=str(asked.year))
    return page(request, found.order_by("month", "rule", "pk"), asked, _finding)


def _finding(row: CheckFinding) -> dict[str, Any]:
    said = words_of(row)
    return {
        "id": row.pk,
        "facility_code": row.facility.code,
        "rule": row.rule,
        "month": row.month,
        "item": row.item,
        "severity": row.severity,
        "finding_state": row.state,
        "finding_what": said["what"],
        "finding_why": said["why"],
        "answer": row.answer,
    }


@router.post(
    "/enterprise/reporting/findings/{int:finding}/answer", response=ReportFindingOut, summary=_("说明一条检查发现")
)
@asks(permissions.ANSWER)
def answer_check_finding(request: HttpRequest, finding: int, given: FindingAnswer) -> Any:
    found = CheckFinding.objects.select_related("facility__enterprise").filter(pk=finding).first()
    if found is None:
        raise NotFound("没有这条发现")
    enterprise = firm_of(request.user, found.facility.enterprise.code, what="api-finding")
    demand(request.user, permissions.ANSWER, enterprise)
    now, _today = now_and_today()
    return _finding(findings.answer(found, given.text, seen=given.seen, by=request.user, now=now))
