"""Verification over HTTP: the register of bodies for everybody; cases, their steps, findings and numbers for whom they concern."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Field, Query, Router, Schema

from dafeng.domains.enterprise.models import Report, SpotCheck, Verification
from dafeng.domains.enterprise.verification import (
    assigning,
    bodies,
    findings,
    permissions,
    rating,
    shown,
    words,
    working,
)
from dafeng.kernel.actions import asks
from dafeng.kernel.api import words as descriptions
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.errors import NotFound

router = Router(tags=["enterprise"])

descriptions.describe(body=_("机构的代码"))


class BodyOut(Schema):
    code: str = Field(description=_("机构的代码"))
    name: str = Field(description=_("机构名称"))
    kinds: list[str] = Field(
        description=_("业务的代码：verification 核查，audit 审计，assessment 评估，consulting 咨询")
    )
    sectors: list[str] = Field(description=_("行业能力，行业的代码"))
    state: str = Field(description=_("registered 已登记，suspended 已暂停，removed 已移出名录"))
    grade: str = Field(description=_("最近一次公布的评价等级；没有为空"))
    score: float | None = Field(description=_("最近一次公布的评价得分；没有为空"))
    year: int | None = Field(description=_("评价的年度；没有为空"))
    demo: bool = Field(description=_("是否演示数据"))


class VerificationOut(Schema):
    id: UUID = Field(description=_("核查的编号"))
    enterprise: str = Field(description=_("企业的代码"))
    enterprise_name: str = Field(description=_("企业名称"))
    year: int = Field(description=_("报告年度"))
    version: int = Field(description=_("报告版次"))
    digest: str = Field(description=_("报告内容的 SHA-256"))
    body: str = Field(description=_("机构的代码"))
    state: str = Field(description=_("核查的状态代码"))
    state_title: str = Field(description=_("核查的状态"))
    conclusion: str = Field(description=_("passed 符合要求，conservative 按保守测算确定；还没有结论为空"))
    emissions: float | None = Field(description=_("核查确定的报告边界排放量，t CO₂e；还没有结论为空"))
    emissions_compliance: float | None = Field(description=_("核查确定的履约边界排放量，t CO₂e；还没有结论为空"))
    opened_at: datetime = Field(description=_("委派时间"))
    demo: bool = Field(description=_("是否演示数据"))


class TermOut(Schema):
    code: str = Field(description=_("期限的代码：site_list、list、answer、conclude、objection、decide"))
    title: str = Field(description=_("期限的名称"))
    whose: str = Field(description=_("谁办：body 核查机构，unit 企业，bureau 主管部门"))
    started: date = Field(description=_("起算日期"))
    due: date = Field(description=_("截止日期，按工作日计算"))
    provisional: bool = Field(description=_("放假安排未公布，暂按周一至周五计算"))
    stopped: date | None = Field(description=_("办结日期；还在办为空"))
    late: bool = Field(description=_("是否逾期"))


class VerificationFindingOut(Schema):
    number: int = Field(description=_("不符合项的序号"))
    item: str = Field(description=_("核查条目的代码"))
    where: str = Field(description=_("核算单元、月份、源流、参数"))
    facts: str = Field(description=_("事实"))
    asks: str = Field(description=_("整改要求"))
    state: str = Field(description=_("draft 拟开出，sent 待整改，answered 已答复，closed 已整改，unresolved 未整改"))
    answer: str = Field(description=_("整改说明；没有为空"))
    verdict: str = Field(description=_("核查意见；没有为空"))


class VerificationDifferenceOut(Schema):
    level: str = Field(
        description=_(
            "value 填报值，factor 缺省值，row 一行的计算，figure 生产数据，facility 核算单元合计，total 边界合计"
        )
    )
    facility: str = Field(description=_("核算单元的代码"))
    month: str = Field(description=_("月份"))
    stream: str = Field(description=_("源流"))
    name: str = Field(description=_("项目、公式或边界"))
    reported: float | None = Field(description=_("报告的数"))
    own: float | None = Field(description=_("独立复算的数"))


class VerificationFigureOut(Schema):
    facility: str = Field(description=_("核算单元的代码"))
    year: str = Field(description=_("年度"))
    name: str = Field(
        description=_("power_supplied 供电量，heat_supplied 供热量，heat_ratio 供热比，load_factor 负荷系数")
    )
    unit: str = Field(description=_("单位；1 为比值"))
    reported: float | None = Field(description=_("报告的数"))
    own: float | None = Field(description=_("独立复算的数"))


class ComparisonOut(Schema):
    agrees: bool = Field(description=_("是否全部复算且一致"))
    rows: int = Field(description=_("结果行数"))
    digest: str = Field(description=_("复算的那一版报告内容的 SHA-256"))
    stale: bool = Field(description=_("复算之后报告又有新的报送"))
    figures: list[VerificationFigureOut] = Field(default=[], description=_("决定配额的生产数据，并列"))
    differences: list[VerificationDifferenceOut] = Field(description=_("不同之处，来历最下层的在前"))
    unchecked: list[list[str]] = Field(description=_("没有独立复算的行：核算单元、月份、源流、公式"))


class VerificationWhole(VerificationOut):
    terms: list[TermOut] = Field(description=_("各项期限"))
    findings: list[VerificationFindingOut] = Field(description=_("不符合项；企业只见已开出的"))
    comparison: ComparisonOut | None = Field(description=_("独立复算；还没有为空"))


class SpotCheckOut(Schema):
    id: UUID = Field(description=_("抽查的编号"))
    enterprise: str = Field(description=_("企业的代码"))
    year: int = Field(description=_("报告年度"))
    body: str = Field(description=_("核查机构的代码"))
    state: str = Field(
        description=_("drawn 已抽中，inspecting 检查中，concluded 待复核，returned 复核退回，confirmed 已确认")
    )
    outcome: str = Field(description=_("sound 属实，adjust 调整核查排放量，return 退回企业重新报告；还没有结论为空"))
    tonnes: float | None = Field(description=_("调整后的履约边界排放量（吨）；没有调整为空"))
    facilities: dict[str, float] = Field(
        description=_("调整了的核算单元：代码对履约边界排放量（吨）；只调整全厂的为空")
    )
    seed: str = Field(description=_("抽取的种子：抽取前审计链的链头"))
    demo: bool = Field(description=_("是否演示数据"))


class AssignIn(Schema):
    report: UUID = Field(description=_("排放报告的编号"))


class DrawOut(Schema):
    id: UUID = Field(description=_("核查的编号"))
    body: str = Field(description=_("抽中机构的代码"))
    seed: str = Field(description=_("种子：抽取前审计链的链头"))
    order: list[str] = Field(description=_("抽取的次序，机构的代码"))
    kept_out: dict[str, list[str]] = Field(description=_("不能委派的机构及原因代码"))


class CasesAsked(Paging):
    state: str = Field("", max_length=20, description=_("核查的状态代码；空为全部"))
    year: int | None = Field(None, ge=2000, le=2200, description=_("报告年度；空为全部"))


def _body(row: Any, grades: dict[int, Any]) -> dict[str, Any]:
    found = grades.get(row.pk)
    return {
        "code": row.code, "name": row.called(english=words.english()), "kinds": row.kinds, "sectors": row.sectors,
        "state": row.record.state, "grade": found.grade if found else "", "score": found.score if found else None,
        "year": found.year if found else None, "demo": row.demo,
    }  # fmt: skip


def _case(row: Verification) -> dict[str, Any]:
    return {
        "id": row.pk, "enterprise": row.report.enterprise.code, "enterprise_name": row.report.enterprise.called(english=words.english()),
        "year": row.report.year, "version": row.report.version, "digest": row.report.digest, "body": row.body.code,
        "state": row.record.state, "state_title": row.record.state_title, "conclusion": row.conclusion, "emissions": row.emissions,
        "emissions_compliance": row.emissions_compliance, "opened_at": row.opened_at, "demo": row.demo,
    }  # fmt: skip


@router.get("/enterprise/bodies", response=Page[BodyOut], summary=_("第三方机构名录"))
@asks(permissions.SEE_BODIES)
def list_bodies(request: HttpRequest, asked: Query[Paging]) -> Any:
    grades = rating.published()
    return page(request, bodies.seen(request.user).order_by("code"), asked, lambda row: _body(row, grades))


@router.get("/enterprise/bodies/{slug:body}", response=BodyOut, summary=_("一家第三方机构"))
@asks(permissions.SEE_BODIES)
def show_body(request: HttpRequest, body: str) -> Any:
    found = bodies.seen(request.user).filter(code=body).first()
    if found is None:
        raise NotFound(_("没有这个机构"))
    return _body(found, rating.published())


@router.get("/enterprise/verifications", response=Page[VerificationOut], summary=_("可见的核查，新的在前"))
@asks(permissions.SEE)
def list_verifications(request: HttpRequest, asked: Query[CasesAsked]) -> Any:
    rows = Verification.objects.for_user(request.user).select_related("record", "body", "report__enterprise")
    if asked.state:
        rows = rows.filter(record__state=asked.state)
    if asked.year:
        rows = rows.filter(report__year=asked.year)
    return page(request, rows.order_by("-opened_at", "pk"), asked, _case)


def _spot(row: SpotCheck) -> dict[str, Any]:
    return {
        "id": row.pk, "enterprise": row.report.enterprise.code, "year": row.report.year, "body": row.verification.body.code, "state": row.record.state,
        "outcome": row.outcome, "tonnes": row.tonnes, "facilities": row.facilities, "seed": row.draw.seed, "demo": row.demo,
    }  # fmt: skip


@router.get("/enterprise/spot-checks", response=Page[SpotCheckOut], summary=_("可见的核查数据抽查，新的在前"))
@asks(permissions.SEE)
def list_spot_checks(request: HttpRequest, asked: Query[Paging]) -> Any:
    rows = SpotCheck.objects.for_user(request.user).select_related("record", "report__enterprise", "verification__body", "draw")  # fmt: skip
    return page(request, rows.order_by("-draw__at", "pk"), asked, _spot)


@router.get(
    "/enterprise/verifications/{uuid:id}", response=VerificationWhole, summary=_("一件核查：期限、不符合项、数字并列")
)
@asks(permissions.SEE)
def show_verification(request: HttpRequest, id: UUID) -> Any:
    now = timezone.now()
    found = working.found_for(request.user, id, now=now)
    kept = found.content.get("comparison")
    terms = [
        {
            "code": each.code, "title": str(words.CLOCKS[each.code]), "whose": each.whose, "started": each.started,
            "due": each.due.day, "provisional": each.due.provisional, "stopped": each.stopped, "late": each.late,
        }
        for each in findings.clocks_of(found, now=now)
    ]  # fmt: skip
    rows = shown.finding_rows(found, drafts=shown.party(request.user, found) != "unit")
    names = ("number", "item", "facts", "asks", "state", "answer", "verdict")
    return _case(found) | {
        "terms": terms,
        "findings": [
            {name: getattr(each, name) for name in names}
            | {"where": " · ".join(filter(None, (each.facility, each.month, each.stream, each.parameter)))}
            for each in rows
        ],
        "comparison": dict(kept) | {"stale": kept["digest"] != found.report.digest} if kept else None,
    }


@router.post("/enterprise/verifications", response={201: DrawOut}, summary=_("抽取机构并委派核查"))
@asks(permissions.ASSIGN)
def assign_verification(request: HttpRequest, asked: AssignIn) -> Any:
    report = Report.objects.for_user(request.user).filter(pk=asked.report).first()
    if report is None:
        raise NotFound(_("没有这份报告"))
    made = assigning.assign(report, by=request.user, now=timezone.now())
    draw = made.content["draw"]
    told = {
        "id": made.pk,
        "body": made.body.code,
        "seed": draw["seed"],
        "order": draw["order"],
        "kept_out": draw["kept_out"],
    }
    return 201, told


@router.post("/enterprise/verifications/{uuid:id}/recompute", response=ComparisonOut, summary=_("独立复算"))
@asks(permissions.WORK)
def recompute_verification(request: HttpRequest, id: UUID) -> Any:
    now = timezone.now()
    found = working.found_for(request.user, id, now=now)
    working.compare(found, by=request.user, now=now)
    return dict(found.content["comparison"]) | {"stale": False}
