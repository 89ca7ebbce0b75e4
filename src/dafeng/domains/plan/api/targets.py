"""Targets over HTTP: the register with lights, one target, its binding, values handed in and taken, warnings, judging."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import File, Form, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field

from dafeng.domains.plan import permissions
from dafeng.domains.plan.judge_jobs import judge_soon
from dafeng.domains.plan.models import Target, Warning
from dafeng.domains.plan.services import judging, reported, targets, value_sheets, warnings
from dafeng.domains.plan.services.city import city_of, first_city
from dafeng.domains.plan.views.values import subjects_of
from dafeng.kernel.actions import asks
from dafeng.kernel.api import words
from dafeng.kernel.api.freshness import answer_headers
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.errors import NotFound
from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

router = Router(tags=["targets"])
Light = Literal["", "red", "yellow", "green", "unknown", "unbound"]
State = Literal["", "submitted", "accepted", "returned", "replaced"]


class TargetOut(Schema):
    id: int
    plan: str
    key: str
    indicator: str
    kind: str
    direction: str
    operator: str
    low: float | None
    high: float | None
    unit: str
    year: int | None
    baseline_year: int | None
    baseline_inferred: bool
    strength: str
    place: str
    subject: str
    owner: str
    binding: str
    reason: str
    light: str
    light_title: str
    light_rule: str
    judged_at: datetime | None
    observed: float | None
    observed_period: str
    observed_unit: str
    expected_value: float | None
    goal: float | None
    gap: float | None
    lag: float | None
    share: float | None
    probability: float | None
    outcome: str
    why: str
    status: int


class TargetCard(TargetOut):
    quote: str
    members: list[str]
    settled: dict[str, Any]
    judgement: dict[str, Any]
    history: list[dict[str, Any]]


class TargetQuery(Paging):
    plan: str = Field("", max_length=60)
    light: Light = ""
    owner: str = Field("", max_length=40)
    kind: str = Field("", max_length=20)
    bound: Literal["", "yes", "no"] = ""
    year: int | None = Field(None, ge=1900, le=2200)
    place: str = Field("", max_length=6)


class TargetBind(Schema):
    code: str = Field("", max_length=120)
    seen: str = Field("", max_length=120)


class ValueIn(Schema):
    indicator: str = Field(max_length=120)
    subject: str = Field(max_length=160)
    period: str = Field(max_length=7)
    value: float | None = None
    notation: Literal["", "NO", "NE", "NA", "IE", "C"] = ""
    unit: str = Field("", max_length=40)
    basis: Literal["statistic", "metered", "estimated"] = "statistic"
    source: str = Field(max_length=300)
    member: str = Field("", max_length=60)


class PlanValueOut(Schema):
    id: UUID
    state: str
    indicator: str
    name: str
    subject: str
    member: str
    period: str
    value: float | None
    notation: str
    unit: str
    basis: str
    source: str
    created_by: str
    created_at: datetime


class PlanValueQuery(Paging):
    state: State = ""
    indicator: str = Field("", max_length=120)


class ValueReturn(Schema):
    reason: str = Field(max_length=2000)


class WarningOut(Schema):
    id: int
    state: str
    target: int | None
    subject: str
    indicator: str
    period: str
    light: str
    rule: str
    why: str
    owner: str
    due_on: date
    overdue: bool
    escalated_on: date | None
    measures: str


class WarningQuery(Paging):
    scope: Literal["open", "mine", "overdue", "all"] = "open"


class WarningStep(Schema):
    action: Literal["acknowledge", "measure", "close"]
    seen: str = Field(max_length=40)
    text: str = Field("", max_length=4000)


class JudgeOut(Schema):
    job: UUID


words.describe(
    light=_("亮灯：red 红，yellow 黄，green 绿，unknown 无法判断，unbound 未绑定"),
    light_title=_("亮灯的说法"),
    light_rule=_("亮灯的规则，文字"),
    judged_at=_("研判时间；尚未研判为空"),
    observed=_("现值"),
    observed_period=_("现值的时期"),
    observed_unit=_("现值的单位"),
    expected_value=_("按轨迹在现值时点应达到的数"),
    goal=_("目标值，按指标的单位"),
    gap=_("离目标还差多少"),
    lag=_("滞后程度，全程的百分比；负数为超前"),
    outcome=_("结论：met、missed、open、cannot_be_judged"),
    settled=_("双碳办确定的口径"),
    judgement=_("研判的全部：历史、轨迹、预测、来历"),
    seen=_("您看到的那一版；已被别人改动时拒绝"),
    measures=_("措施"),
    due_on=_("期限"),
    escalated_on=_("何时报告市领导"),
)
words.describe(within="WarningOut", overdue=_("是否逾期"))


def _shown(target: Target) -> dict[str, Any]:
    standing = getattr(target, "standing", None)
    names = (
        "id", "key", "indicator", "kind", "direction", "operator", "low", "high", "unit", "year", "baseline_year", "baseline_inferred",
        "strength", "place", "subject", "owner", "binding",
    )  # fmt: skip
    found = {name: getattr(target, name) for name in names} | {
        "plan": target.plan.key, "reason": "", "light": "", "light_title": "", "light_rule": "", "judged_at": None, "observed": None,
        "observed_period": "", "observed_unit": "", "expected_value": None, "outcome": "", "why": "", "status": 1,
        **dict.fromkeys(("goal", "gap", "lag", "share", "probability")),
    }  # fmt: skip
    if standing is None:
        return found
    same = ("judged_at", "goal", "gap", "lag", "share", "probability", "outcome", "status", "light")
    return found | {name: getattr(standing, name) for name in same} | {
        "reason": standing.said_why if standing.light == judging.UNBOUND else "", "light_title": standing.said_title, "light_rule": standing.said_rule, "why": standing.said_why,
        "observed": standing.value, "observed_period": standing.value_period, "observed_unit": standing.unit, "expected_value": standing.expected,
    }  # fmt: skip


@router.get("/plan-targets", response=Page[TargetOut], summary=_("方案的目标：亮灯、现值、差距、预测和结论"))
@asks(permissions.SEE)
def list_targets(request: HttpRequest, query: Query[TargetQuery]) -> Any:
    rows = targets.holding(first_city()).select_related("standing").order_by("standing__rank", "pk")
    for name, field in (("plan", "plan__key"), ("light", "standing__light"), ("owner", "owner"), ("kind", "kind"), ("year", "year"), ("place", "place")):  # fmt: skip
        if (wanted := getattr(query, name)) not in ("", None):
            rows = rows.filter(**{field: wanted})
    if query.bound:
        rows = rows.filter(binding="") if query.bound == "no" else rows.exclude(binding="")
    return page(request, rows, query, _shown)


@router.get("/plan-targets/{int:id}", response=TargetCard, summary=_("一个目标：原文、口径、研判的全部和亮灯的经过"))
@asks(permissions.SEE)
def show_target(request: HttpRequest, id: int) -> Any:
    found = targets.target_of(_small(id))
    standing = getattr(found, "standing", None)
    history = [
        {"since": each["at"], "light": each["light"], "title": each["title"]} for each in judging.light_history(found)
    ]
    return _shown(found) | {
        "quote": found.quote, "members": found.members, "settled": found.settled, "judgement": standing.data if standing else {}, "history": history,
    }  # fmt: skip


def _small(id: int) -> int:
    """A number that no database holds names nothing."""
    if id > 2**62:
        raise NotFound(_("没有这个编号"))
    return id


@router.put("/plan-targets/{int:id}/binding", response=TargetOut, summary=_("绑定目标；代码为空即解除绑定"))
@asks(permissions.BIND)
def bind_target(request: HttpRequest, id: int, given: TargetBind) -> Any:
    targets.bind(targets.target_of(_small(id)), given.code, seen=given.seen, by=request.user, now=timezone.now())
    return _shown(targets.target_of(id))


@router.post("/plan-judgements", response={202: JudgeOut}, summary=_("立即研判所有目标，在后台进行"))
@asks(permissions.JUDGE)
def judge_targets(request: HttpRequest) -> Any:
    code = first_city()
    started = jobs.start("plan.judge", by=request.user, now=timezone.now(), parameters={"city": code}, key=f"plan.judge:{code}")  # fmt: skip
    answer_headers(request)["Location"] = f"/api/jobs/{started.pk}"
    return Status(202, {"job": started.pk})


# ---------------------------------------------------------------- values


def _value(record: Record) -> dict[str, Any]:
    return record.payload | {"id": record.pk, "state": record.state, "created_by": str(record.created_by), "created_at": record.created_at}  # fmt: skip


def _found(request: HttpRequest, id: UUID) -> Record:
    found = Record.objects.for_user(request.user).of_kind(reported.KIND).select_related("created_by").filter(pk=id).first()  # fmt: skip
    if found is None:
        raise NotFound(_("没有这条填报"))
    return found


@router.get("/plan-values", response=Page[PlanValueOut], summary=_("为目标填报的数值，新的在前"))
@asks(permissions.SEE_WORK)
def list_plan_values(request: HttpRequest, query: Query[PlanValueQuery]) -> Any:
    rows = Record.objects.for_user(request.user).of_kind(reported.KIND).select_related("created_by").newest_first()
    if query.state:
        rows = rows.filter(state=query.state)
    if query.indicator:
        rows = rows.filter(key__startswith=f"{query.indicator}|")
    return page(request, rows, query, _value)


@router.post("/plan-values", response={201: PlanValueOut}, summary=_("填报一个数值，可附依据文件"))
@asks(permissions.REPORT_VALUE)
def report_plan_value(request: HttpRequest, given: Form[ValueIn], file: File[UploadedFile | None] = None) -> Any:
    now, subjects = timezone.now(), subjects_of(request.user, city_of(first_city()))
    fields = given.dict()
    checked = reported.checked(fields.pop("indicator"), today=timezone.localdate(now), subjects=subjects, **fields)
    with records.serial():
        evidence = []
        if file is not None:
            media = file.content_type or "application/octet-stream"
            evidence = [records.store_evidence(file, name=file.name or "", media_type=media, by=request.user, now=now, source=checked.source)]  # fmt: skip
        made = reported.submit(checked, by=request.user, now=now, evidence=evidence)
    return Status(201, _value(made))


@router.post("/plan-values/import", response={201: list[PlanValueOut]}, summary=_("从表格填报：有一行不对就一行也不写"))
@asks(permissions.REPORT_VALUE)
def import_plan_values(request: HttpRequest, file: File[UploadedFile]) -> Any:
    now, subjects = timezone.now(), subjects_of(request.user, city_of(first_city()))
    with records.serial():
        kept = records.store_evidence(file, name=file.name or "", media_type=file.content_type or "application/octet-stream", by=request.user, now=now)  # fmt: skip
        made = value_sheets.commit(kept, subjects=subjects, by=request.user, now=now)
    return Status(201, [_value(each) for each in made])


@router.post("/plan-values/{uuid:id}/accept", response=PlanValueOut, summary=_("采用一个数值；须由填报人以外的人"))
@asks(permissions.REPORT_VALUE)
def accept_plan_value(request: HttpRequest, id: UUID) -> Any:
    now = timezone.now()
    taken = reported.accept(_found(request, id), by=request.user, now=now)
    judge_soon(first_city(), now=now)
    return _value(taken)


@router.post("/plan-values/{uuid:id}/return", response=PlanValueOut, summary=_("退回一个数值，写明理由"))
@asks(permissions.REPORT_VALUE)
def return_plan_value(request: HttpRequest, id: UUID, given: ValueReturn) -> Any:
    return _value(reported.send_back(_found(request, id), by=request.user, now=timezone.now(), reason=given.reason))


# ---------------------------------------------------------------- warnings


def _warning(warning: Warning) -> dict[str, Any]:
    names = (
        "id",
        "subject",
        "indicator",
        "period",
        "light",
        "rule",
        "why",
        "owner",
        "due_on",
        "escalated_on",
        "measures",
    )
    overdue = warnings.is_overdue(warning, timezone.localdate(timezone.now()))
    return {name: getattr(warning, name) for name in names} | {"state": warning.record.state, "target": warning.target_id, "overdue": overdue}  # fmt: skip


@router.get("/plan-warnings", response=Page[WarningOut], summary=_("预警：未解除的、我单位的、逾期的或全部"))
@asks(permissions.SEE_WORK)
def list_warnings(request: HttpRequest, query: Query[WarningQuery]) -> Any:
    rows = warnings.of_city(first_city()).order_by("due_on", "pk")
    if query.scope == "mine":
        rows = warnings.mine(rows, request.user)
    if query.scope in ("open", "overdue"):
        rows = rows.filter(record__state__in=warnings.OPEN)
    if query.scope == "overdue":
        rows = rows.filter(due_on__lt=timezone.localdate(timezone.now()))
    return page(request, rows, query, _warning)


@router.post("/plan-warnings/{int:id}/steps", response=WarningOut, summary=_("签收预警、报送措施或解除"))
@asks(permissions.WARN)
def step_warning(request: HttpRequest, id: int, given: WarningStep) -> Any:
    found, now = warnings.warning_of(_small(id)), timezone.now()
    if given.action == "acknowledge":
        warnings.acknowledge(found, seen=given.seen, by=request.user, now=now)
    elif given.action == "measure":
        warnings.measure(found, given.text, seen=given.seen, by=request.user, now=now)
    else:
        warnings.close(found, given.text, seen=given.seen, by=request.user, now=now)
    return _warning(warnings.warning_of(id))
