"""The control plan of a year over HTTP: opened, written and filed as on its page; and in which order the sources of a parameter are admitted."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema, Status
from pydantic import Field

from dafeng.domains.enterprise.models import ControlPlan
from dafeng.domains.enterprise.reporting import permissions, plans, sectoral, sources
from dafeng.domains.enterprise.reporting.views.places import clock, firm_of
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.api import words
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import NotFound

router = Router(tags=["enterprise"])
words.describe(
    within="PlannedSourceOut",
    item=_("项目代码"),
    stream=_("源流；不分源流为空"),
    title=_("项目"),
    source=_("方案规定的数据来源的代码；没有选定为空"),
    how=_("取得方式"),
    admitted=_("指南许可的来源，次序从高到低"),
    rule=_("指南的规定"),
    before=_("以前的方案用过的最高来源；低于它不能备案，没有为空"),
    lowered=_("是否低于以前的方案"),
)
_LINE = {
    "item": _("项目代码"),
    "stream": _("源流；不分源流为空"),
    "source": _("数据来源的代码，须是许可的来源之一；指南没有规定次序的为空"),
    "how": _("取得方式"),
    "meter": _("计量器具或检测机构；有测点的参数取自测点"),
    "frequency": _("频次"),
    "accuracy": _("准确度；有测点的参数取自测点"),
    "calibration": _("检定周期；有测点的参数取自测点"),
    "missing": _("缺失时的处理"),
}
_GENERAL = {
    "unit_data": _("设施信息和边界说明"),
    "quality": _("内部质量控制和质量保证"),
    "people": _("负责部门和人员"),
}
_SEEN = _("读取时得到的令牌；其间有人改过的，回答 409")
words.describe(within="PlanLineIn", **_LINE)
words.describe(
    within="PlanLineOut",
    title=_("项目"),
    required=_("是否必填"),
    measured=_("是否有测点：有的，器具、准确度和检定取自测点"),
    untold=_("是否还没有写全，写全才能备案"),
    **_LINE,
)
words.describe(
    within="PlanNumberOut",
    number=_("版本"),
    plan_state=_("办理状态的代码：draft 编制中，filed 已备案，replaced 已被新版代替"),
    plan_state_title=_("办理状态"),
    reason=_("修订理由；第一版为空"),
    opened_at=_("开始编制的时间"),
)
words.describe(
    within="ControlPlanOut",
    number=_("版本"),
    plan_state=_("办理状态的代码：draft 编制中，filed 已备案，replaced 已被新版代替"),
    plan_state_title=_("办理状态"),
    reason=_("修订理由；第一版为空"),
    seen=_("令牌，保存和备案时附上"),
    lines=_("这一年每个核算单元的每个参数"),
    numbers=_("这一年的各版，新的在前"),
    **_GENERAL,
)
words.describe(within="ControlPlanIn", seen=_SEEN, lines=_("各参数；没有列出的清空"), **_GENERAL)
words.describe(within="ControlPlanOpenIn", reason=_("修订理由；已有备案的方案时必填"))
words.describe(within="ControlPlanFilingIn", seen=_SEEN)
words.describe(within="AdmittedSourceOut", code=_("来源代码"), title=_("来源"))


class AdmittedSourceOut(Schema):
    code: str
    title: str


class PlannedSourceOut(Schema):
    facility_code: str
    item: str
    stream: str
    title: str
    source: str
    how: str
    admitted: list[AdmittedSourceOut]
    rule: str
    before: str
    lowered: bool


class PlanLineIn(Schema):
    facility_code: str = Field(max_length=60)
    item: str = Field(max_length=60)
    stream: str = Field("", max_length=60)
    source: str = Field("", max_length=200)
    how: str = Field("", max_length=200)
    meter: str = Field("", max_length=200)
    frequency: str = Field("", max_length=200)
    accuracy: str = Field("", max_length=200)
    calibration: str = Field("", max_length=200)
    missing: str = Field("", max_length=200)


class PlanLineOut(Schema):
    facility_code: str
    item: str
    stream: str
    title: str
    required: bool
    source: str
    how: str
    meter: str
    frequency: str
    accuracy: str
    calibration: str
    missing: str
    measured: bool
    untold: bool


class PlanNumberOut(Schema):
    number: int
    plan_state: str
    plan_state_title: str
    reason: str
    opened_at: datetime


class ControlPlanOut(Schema):
    enterprise_code: str
    year: int
    number: int
    plan_state: str
    plan_state_title: str
    reason: str
    seen: str
    unit_data: str
    quality: str
    people: str
    lines: list[PlanLineOut]
    numbers: list[PlanNumberOut]


class ControlPlanOpenIn(Schema):
    year: int = Field(ge=2000, le=2100)
    reason: str = Field("", max_length=300)


class ControlPlanIn(Schema):
    seen: str = Field(max_length=64)
    unit_data: str = Field("", max_length=2000)
    quality: str = Field("", max_length=2000)
    people: str = Field("", max_length=2000)
    lines: Annotated[list[PlanLineIn], Field(max_length=2000)]


class ControlPlanFilingIn(Schema):
    seen: str = Field(max_length=64)


def _plan_of(enterprise: Enterprise, year: int) -> ControlPlan:
    found = plans.current(enterprise, year)
    if found is None:
        raise NotFound(_("这一年还没有控制方案。"))
    return found


def _number(plan: ControlPlan) -> dict[str, Any]:
    return {
        "number": plan.number,
        "plan_state": plan.record.state,
        "plan_state_title": plan.record.state_title,
        "reason": plan.content.get("reason", ""),
        "opened_at": plan.record.created_at,
    }


def _plan(plan: ControlPlan) -> dict[str, Any]:
    told = plans.lines(plan.enterprise, plan.content, plan.year)
    of_year = ControlPlan.objects.filter(enterprise=plan.enterprise, year=plan.year).select_related("record")
    return {
        **_number(plan),
        "enterprise_code": plan.enterprise.code,
        "year": plan.year,
        "seen": plans.seen_of(plan),
        **{name: plan.content.get(name, "") for name in plans.GENERAL},
        "lines": [
            {
                "facility_code": line["facility"].code,
                "item": line["wanted"].item,
                "stream": line["wanted"].stream,
                "title": line["wanted"].title,
                "required": line["wanted"].required,
                **{name: line["said"].get(name, "") for name in plans.FIELDS},
                "measured": bool(line["points"]),
                "untold": plans.untold(line),
            }
            for line in told
        ],
        "numbers": [_number(each) for each in of_year.order_by("-number")],
    }


def _line(line: dict[str, Any], former: dict[str, list[str]]) -> dict[str, Any]:
    order, wanted = line["order"], line["wanted"]
    return {
        "facility_code": line["facility"].code,
        "item": wanted.item,
        "stream": wanted.stream,
        "title": wanted.title,
        "source": line["said"].get("source", ""),
        "how": line["said"].get("how", ""),
        "admitted": [{"code": code, "title": title} for code, title in sectoral.source_titles(order).items()],
        "rule": order.rule_en if sectoral.english() else order.rule,
        "before": sources.best(order, former.get(line["key"], ())),
        "lowered": bool(sources.lowered(line, former)),
    }


@router.get(
    "/enterprise/reporting/firms/{slug:firm}/plans/{int:year}",
    response=ControlPlanOut,
    summary=_("一年的控制方案：最新的一版，各参数和令牌"),
)
@asks(permissions.SEE)
def show_control_plan(request: HttpRequest, firm: str, year: int) -> Any:
    return _plan(_plan_of(firm_of(request.user, firm, what="api-plan"), year))


@router.post(
    "/enterprise/reporting/firms/{slug:firm}/plans",
    response={201: ControlPlanOut},
    summary=_("开始编制一年的控制方案，或为已备案的另立新版"),
)
@asks(permissions.KEEP)
def open_control_plan(request: HttpRequest, firm: str, given: ControlPlanOpenIn) -> Any:
    enterprise, (now, _today) = _own(request, firm), clock()
    return Status(201, _plan(plans.open_plan(enterprise, given.year, by=request.user, now=now, reason=given.reason)))


@router.put(
    "/enterprise/reporting/firms/{slug:firm}/plans/{int:year}",
    response=ControlPlanOut,
    summary=_("写一年的控制方案，备案之前：整体保存或整体拒绝"),
)
@asks(permissions.KEEP)
def put_control_plan(request: HttpRequest, firm: str, year: int, given: ControlPlanIn) -> Any:
    enterprise, (now, _today) = _own(request, firm), clock()
    told: dict[str, Any] = {name: getattr(given, name) for name in plans.GENERAL}
    told["items"] = {
        sources.key_of(line.facility_code, line.item, line.stream): line.dict(include=set(plans.FIELDS))
        for line in given.lines
    }
    return _plan(plans.save(_plan_of(enterprise, year), told, seen=given.seen, by=request.user, now=now))


@router.post(
    "/enterprise/reporting/firms/{slug:firm}/plans/{int:year}/filing",
    response=ControlPlanOut,
    summary=_("备案控制方案"),
)
@asks(permissions.KEEP)
def file_control_plan(request: HttpRequest, firm: str, year: int, given: ControlPlanFilingIn) -> Any:
    enterprise, (now, _today) = _own(request, firm), clock()
    return _plan(plans.file(_plan_of(enterprise, year), by=request.user, now=now, seen=given.seen))


def _own(request: HttpRequest, firm: str) -> Enterprise:
    enterprise = firm_of(request.user, firm, what="api-plan")
    demand(request.user, permissions.KEEP, enterprise)
    return enterprise


@router.get(
    "/enterprise/reporting/firms/{slug:firm}/plans/{int:year}/sources",
    response=Page[PlannedSourceOut],
    summary=_("一年控制方案的数据来源：指南规定了次序的参数"),
)
@asks(permissions.SEE)
def list_planned_sources(request: HttpRequest, firm: str, year: int, asked: Query[Paging]) -> Any:
    enterprise = firm_of(request.user, firm, what="api-plan")
    plan = plans.current(enterprise, year)
    former = sources.before(plan) if plan else {}
    lines = [each for each in plans.lines(enterprise, plan.content if plan else {}, year) if each["order"]]
    return page(request, lines, asked, lambda line: _line(line, former))
