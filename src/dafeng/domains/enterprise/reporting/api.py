"""Reporting over HTTP: sectors, facilities, a month's values with the token of what was seen, findings, reports, what is disclosed."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema
from pydantic import Field

from dafeng.domains.enterprise.models import CheckFinding, Facility, MonthlyValue, Report
from dafeng.domains.enterprise.reporting import (
    clock,
    disclosing,
    entry,
    findings,
    lineage,
    permissions,
    reports,
    sectoral,
)
from dafeng.domains.enterprise.reporting.findings_words import words_of
from dafeng.domains.enterprise.reporting.views.places import clock as now_and_today
from dafeng.domains.enterprise.reporting.views.places import facility_of, firm_of, report_of
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.api import words
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.errors import NotFound
from dafeng.kernel.records.models import Evidence

router = Router(tags=["enterprise"])

words.describe(
    facility=_("核算单元代码"),
    finding=_("检查发现的编号"),
    month=_("月份，如 2025-03；年度项目为 2025"),
    enterprise_code=_("企业代码"),
    enterprise_name=_("企业名称"),
    facility_code=_("核算单元代码"),
    sector_title=_("行业方法的名称"),
    compliance_inside=_("是否计入履约边界"),
    reporting_t=_("报告边界排放量，t CO2e；还没有报送为空"),
    compliance_t=_("履约边界排放量，t CO2e；还没有报送为空"),
    report_state=_("办理状态的代码"),
    report_state_title=_("办理状态"),
    month_due=_("存证期限"),
    month_filed=_("存证时间；还没有存证为空"),
    evidence_sha256=_("凭证的 SHA-256"),
    finding_state=_("open 待处理，explained 已说明，mended 已更正，dismissed 不成立"),
    finding_what=_("发现了什么"),
    finding_why=_("为什么要紧"),
    t_co2e=_("排放量，t CO2e；没有算出为空"),
)
words.describe(
    within="ReportingSectorOut", code=_("行业方法代码"), title=_("名称"), source=_("依据"), standing=_("依据的等级")
)
words.describe(
    within="FacilityOut",
    id=_("编号"),
    name=_("名称"),
    sector=_("行业方法代码"),
    since=_("投产"),
    until=_("关停；在产为空"),
)
words.describe(
    within="MonthCell",
    item=_("项目代码"),
    stream=_("源流；不分源流为空"),
    title=_("项目"),
    value=_("数值；没有为空"),
    notation=_("符号：NO、NE、NA、IE；没有为空"),
    unit=_("单位"),
    way=_("取得方式：measured 实测，invoice 结算凭证，meter 在线计量，default 缺省值"),
    source=_("来源"),
    revision=_("第几次修订；没有填过为 0"),
    required=_("是否必填"),
)
words.describe(
    within="MonthOut",
    month=_("月份，如 2025-03；年度项目为 2025"),
    seen=_("这个月的令牌，保存时原样带回"),
    cells=_("各项"),
)
words.describe(
    within="MonthIn",
    seen=_("读取时得到的令牌；其间有人改过就拒绝"),
    reason=_("修改理由；存证之后必填"),
    cells=_("要保存的各项；没有列出的不变"),
)
words.describe(
    within="CellIn",
    item=_("项目代码"),
    stream=_("源流；不分源流为空"),
    value=_("数值；清空为空"),
    notation=_("符号：NO、NE、NA、IE"),
    unit=_("单位；须与行业方法一致，可不填"),
    way=_("取得方式"),
    source=_("来源"),
    evidence=_("凭证编号；不写则凭证不变"),
)
words.describe(within="MonthSaved", saved=_("改动了几项"), seen=_("新的令牌"))
words.describe(within="MonthFiledOut", digest=_("存证内容的 SHA-256"), late=_("是否逾期"))
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


class ReportingSectorOut(Schema):
    code: str
    title: str
    source: str
    standing: str


class FacilityOut(Schema):
    id: int
    enterprise_code: str
    enterprise_name: str
    facility_code: str
    name: str
    sector: str
    sector_title: str
    since: date
    until: date | None
    compliance_inside: bool


class MonthCell(Schema):
    item: str
    stream: str
    title: str
    value: float | None
    notation: str
    unit: str
    way: str
    source: str
    revision: int
    required: bool
    evidence_sha256: list[str]


class MonthOut(Schema):
    month: str
    seen: str
    month_due: date
    month_filed: datetime | None
    cells: list[MonthCell]


class CellIn(Schema):
    item: str = Field(max_length=60)
    stream: str = Field("", max_length=60)
    value: float | None = None
    notation: str = Field("", max_length=4)
    unit: str = Field("", max_length=30)
    way: Literal["measured", "invoice", "default"] = "measured"
    source: str = Field("", max_length=160)
    evidence: Annotated[list[Annotated[int, Field(ge=1, le=2**53)]] | None, Field(max_length=50)] = None


class MonthIn(Schema):
    seen: str = Field(max_length=64)
    reason: str = Field("", max_length=300)
    cells: list[CellIn] = Field(max_length=500)


class MonthSaved(Schema):
    saved: int
    seen: str


class MonthFiledOut(Schema):
    digest: str
    month_due: date
    late: bool


class MonthFilingIn(Schema):
    seen: str = Field(max_length=64)


words.describe(within="MonthFilingIn", seen=_("读取时得到的令牌"))


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


class DisclosedOut(Schema):
    enterprise_code: str
    enterprise_name: str
    year: int
    reporting_t: float | None
    compliance_t: float | None
    digest: str


words.describe(within="DisclosedOut", year=_("年度"), digest=_("内容的 SHA-256"))


class YearAsked(Paging):
    year: Annotated[int | None, Field(ge=2000, le=2100)] = None


@router.get("/enterprise/reporting/sectors", response=Page[ReportingSectorOut], summary=_("行业方法"))
@asks(permissions.PUBLIC_SEE)
def list_reporting_sectors(request: HttpRequest, asked: Query[Paging]) -> Any:
    rows = [
        {"code": code, "title": sectoral.sector_title(code), "source": each.source, "standing": each.standing}
        for code in sectoral.sector_titles()
        for each in [sectoral.sector_of(code)]
    ]
    return page(request, rows, asked)


@router.get("/enterprise/reporting/facilities", response=Page[FacilityOut], summary=_("可以查看的核算单元"))
@asks(permissions.SEE)
def list_reporting_facilities(request: HttpRequest, asked: Query[Paging]) -> Any:
    seen = Facility.objects.for_user(request.user).select_related("enterprise").distinct()
    return page(request, seen.order_by("enterprise__code", "code"), asked, _facility)


def _facility(row: Facility) -> dict[str, Any]:
    return {
        "id": row.pk,
        "enterprise_code": row.enterprise.code,
        "enterprise_name": row.enterprise.name,
        "facility_code": row.code,
        "name": row.name,
        "sector": row.sector,
        "sector_title": sectoral.sector_title(row.sector),
        "since": row.since,
        "until": row.until,
        "compliance_inside": row.compliance,
    }


def _month(month: str) -> str:
    if not clock.is_month(month):
        raise NotFound("没有这个月份", expected="2025-03")
    return month


@router.get(
    "/enterprise/reporting/facilities/{int:facility}/months/{month}",
    response=MonthOut,
    summary=_("一个月的全部项目与令牌"),
)
@asks(permissions.SEE)
def show_facility_month(request: HttpRequest, facility: int, month: str) -> Any:
    held_by = facility_of(request.user, facility, what="api-month")
    values = entry.current(held_by, _month(month))
    held = {(each.item, each.stream): each for each in values}
    filing = held_by.filings.filter(month=month).first()
    return {
        "month": month,
        "seen": entry.seen_of(values),
        "month_due": clock.month_due(month),
        "month_filed": filing.at if filing else None,
        "cells": [_cell(each, held.get(each.key)) for each in sectoral.fields(held_by, month)],
    }


def _cell(cell: sectoral.Wanted, held: MonthlyValue | None) -> dict[str, Any]:
    return {
        "item": cell.item,
        "stream": cell.stream,
        "title": cell.title,
        "value": held.value if held else None,
        "notation": held.notation if held else "",
        "unit": cell.unit,
        "way": held.way if held else "",
        "source": held.source if held else "",
        "revision": held.revision if held else 0,
        "required": cell.required,
        "evidence_sha256": [each.sha256 for each in held.evidence.all()] if held else [],
    }


@router.put(
    "/enterprise/reporting/facilities/{int:facility}/months/{month}",
    response=MonthSaved,
    summary=_("保存一个月的数：整体保存或整体拒绝"),
)
@asks(permissions.KEEP)
def put_facility_month(request: HttpRequest, facility: int, month: str, given: MonthIn) -> Any:
    held_by = facility_of(request.user, facility, what="api-values")
    demand(request.user, permissions.KEEP, held_by)
    now, _today = now_and_today()
    mine = {
        each.pk: each
        for each in Evidence.objects.for_user(request.user).filter(
            pk__in=[pk for cell in given.cells for pk in cell.evidence or ()]
        )
    }
    cells = []
    for cell in given.cells:
        if cell.evidence is not None and any(pk not in mine for pk in cell.evidence):
            raise NotFound("没有这份凭证")
        files = None if cell.evidence is None else tuple(mine[pk] for pk in cell.evidence)
        cells.append(entry.Cell(cell.item, cell.stream, cell.value, cell.notation, cell.unit, cell.way, cell.source, files))  # fmt: skip
    made = entry.save_month(held_by, month, cells, seen=given.seen, by=request.user, now=now, reason=given.reason)
    return {"saved": len(made), "seen": entry.seen(held_by, month)}


@router.post(
    "/enterprise/reporting/facilities/{int:facility}/months/{month}/filing",
    response={201: MonthFiledOut},
    summary=_("月度存证"),
)
@asks(permissions.KEEP)
def file_facility_month(request: HttpRequest, facility: int, month: str, given: MonthFilingIn) -> Any:
    held_by = facility_of(request.user, facility, what="api-filing")
    demand(request.user, permissions.KEEP, held_by)
    now, today = now_and_today()
    made = entry.file_month(held_by, month, seen=given.seen, by=request.user, now=now)
    return 201, {"digest": made.digest, "month_due": made.due, "late": today > made.due}


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


@router.get(
    "/enterprise/reporting/disclosed", response=Page[DisclosedOut], summary=_("公开的企业排放信息：已锁定的报告")
)
@asks(permissions.PUBLIC_SEE)
def list_disclosed_reports(request: HttpRequest, asked: Query[YearAsked]) -> Any:
    found = disclosing.disclosed().select_related("enterprise").defer("content")
    if asked.year is not None:
        found = found.filter(year=asked.year)
    return page(request, found, asked, _public)


def _public(row: Report) -> dict[str, Any]:
    return {
        "enterprise_code": row.enterprise.code,
        "enterprise_name": row.enterprise.name,
        "year": row.year,
        "reporting_t": row.emissions,
        "compliance_t": row.emissions_compliance,
        "digest": row.digest,
    }
