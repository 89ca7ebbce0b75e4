"""Projects over HTTP: the register, its check against the printed numbers, a card with the lineage of its reduction, a month."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema, Status
from pydantic import Field

from dafeng.domains.plan import permissions
from dafeng.domains.plan.models import Plan, Project, ProjectMonth, Version
from dafeng.domains.plan.services import projects
from dafeng.kernel.actions import asks, demand, may
from dafeng.kernel.api import words
from dafeng.kernel.api.paging import Page, Paging, page

router = Router(tags=["projects"])


class PlanProjectOut(Schema):
    id: int
    plan: str
    key: str
    name: str
    category: str
    place: str
    owner: str
    enterprise: str
    investment: Decimal | None
    stage: str
    begins_on: date | None
    ends_on: date | None
    capacity: float | None
    capacity_unit: str
    longitude: float | None
    latitude: float | None
    reduction: float | None
    method: str
    named: str
    source: str
    version: int


class ProjectMonthOut(Schema):
    id: UUID
    period: str
    invested: Decimal | None
    stage: str
    text: str
    state: str
    seen: str


class PlanProjectCard(PlanProjectOut):
    lineage: dict[str, Any]
    missing: list[str]
    months: list[ProjectMonthOut]


class ProjectQuery(Paging):
    plan: str = Field("", max_length=60)
    category: str = Field("", max_length=40)
    place: str = Field("", max_length=6)
    stage: str = Field("", max_length=12)
    q: str = Field("", max_length=80)


class ProjectCheckOut(Schema):
    code: str
    name: str
    printed: int | None
    registered: int
    difference: int | None
    printed_investment: Decimal | None
    investment: Decimal | None
    without_investment: int


class ProjectMonthIn(Schema):
    period: str = Field(max_length=7)
    invested: Decimal | None = Field(None, ge=0, max_digits=18, decimal_places=4)
    stage: str = Field(max_length=12)
    text: str = Field("", max_length=4000)
    seen: str = Field("", max_length=64)


words.describe(
    within="PlanProjectOut",
    key=_("编号"),
    owner=_("责任部门代码"),
    enterprise=_("建设单位"),
    investment=_("总投资，万元；空为没有填"),
    stage=_("planned 谋划、approved 已批复、building 在建、done 已投产、stopped 停建"),
    begins_on=_("开工"),
    ends_on=_("竣工"),
    capacity=_("规模"),
    capacity_unit=_("规模单位"),
    longitude=_("经度"),
    latitude=_("纬度"),
    reduction=_("预计年减排，t CO₂；空为没有估算"),
    method=_("预计减排的算法"),
    named=_("方案正文里的名称"),
    version=_("第几版；修改时附上"),
)
words.describe(
    within="PlanProjectCard", lineage=_("预计减排怎样算出"), missing=_("没有估算时缺什么"), months=_("各月进展")
)
words.describe(
    within="ProjectMonthOut", invested=_("本月完成投资，万元"), text=_("进展"), seen=_("看到的版本；修改时附上")
)
words.describe(within="ProjectMonthIn", invested=_("本月完成投资，万元；没有统计请留空"), text=_("进展"), seen=_("改已退回的月份时附上看到的版本"))  # fmt: skip
words.describe(
    within="ProjectCheckOut",
    printed=_("方案印的项数"),
    registered=_("登记的项数"),
    difference=_("登记减印出；只列出，不改"),
    printed_investment=_("方案印的投资，万元"),
    investment=_("登记的投资，万元"),
    without_investment=_("没有填投资的项数"),
)


def _visible(request: HttpRequest) -> Any:
    rows = Project.objects.select_related("plan")
    if not may(request.user, permissions.SEE_WORK):
        rows = rows.filter(plan__in=Version.objects.filter(current=True).values("plan"))
    return rows


def _project(project: Project) -> dict[str, Any]:
    found = {name: getattr(project, "pk" if name == "id" else name) for name in PlanProjectOut.model_fields}
    return found | {"plan": project.plan.key}


def _month(month: ProjectMonth) -> dict[str, Any]:
    return {
        "id": month.record_id, "period": month.period, "invested": month.invested, "stage": month.stage, "text": month.text,
        "state": month.record.state, "seen": month.record.changed_at.isoformat(),
    }  # fmt: skip


@router.get("/plan-projects", response=Page[PlanProjectOut], summary=_("重大项目"))
@asks(permissions.SEE)
def list_projects(request: HttpRequest, query: Query[ProjectQuery]) -> Any:
    rows = _visible(request)
    for name, value in (("plan__key", query.plan), ("category", query.category), ("place", query.place), ("stage", query.stage), ("name__icontains", query.q)):  # fmt: skip
        if value:
            rows = rows.filter(**{name: value})
    return page(request, rows.order_by("category", "key"), query, _project)


@router.get("/plan-projects/{int:id}", response=PlanProjectCard, summary=_("一个项目、它的月报和预计减排的来历"))
@asks(permissions.SEE)
def show_project(request: HttpRequest, id: int) -> Any:
    project = get_object_or_404(_visible(request), pk=min(id, 2**62))
    months = (
        project.months.select_related("record").order_by("-period") if may(request.user, permissions.SEE_WORK) else []
    )
    lineage = project.inputs.get("lineage") or {}
    return _project(project) | {
        "lineage": lineage,
        "missing": project.inputs.get("missing", []),
        "months": [_month(each) for each in months],
    }


@router.get("/plans/{slug:key}/project-check", response=Page[ProjectCheckOut], summary=_("登记与方案印出的数核对"))
@asks(permissions.SEE)
def check_projects(request: HttpRequest, key: str, query: Query[Paging]) -> Any:
    """A line a category, the total last; differences are listed and nothing is repaired."""
    plans = Plan.objects.filter(key=key)
    if not may(request.user, permissions.SEE_WORK):
        plans = plans.filter(versions__current=True)
    return page(request, projects.check(get_object_or_404(plans)), query, _check)


def _check(line: projects.Category) -> dict[str, Any]:
    return {
        "code": line.code, "name": line.name, "printed": line.printed, "registered": line.registered, "difference": line.difference,
        "printed_investment": line.printed_money, "investment": line.money, "without_investment": line.without_money,
    }  # fmt: skip


@router.post("/plan-projects/{int:id}/months", response={201: ProjectMonthOut}, summary=_("填报项目一个月的进展"))
@asks(permissions.REPORT_PROJECT)
def report_project_month(request: HttpRequest, id: int, given: ProjectMonthIn) -> Any:
    project = get_object_or_404(Project, pk=min(id, 2**62))
    demand(request.user, permissions.REPORT_PROJECT, project)
    made = projects.report_month(project, **given.model_dump(), by=request.user, now=timezone.now())
    return Status(201, _month(made))
