"""Tasks over HTTP: the list with states, a card, the month's report from draft to accepted, assigning, matters of weight."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema, Status
from pydantic import Field

from dafeng.domains.plan import permissions
from dafeng.domains.plan.models import Progress, Task
from dafeng.domains.plan.services import escalations, progress, supervision, tasks
from dafeng.domains.plan.views.task_card import tasks_for
from dafeng.kernel.actions import asks, demand, may
from dafeng.kernel.api import words
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.records.models import Record

router = Router(tags=["tasks"])
TaskState = Literal["", "done", "overdue", "silent", "soon", "good"]


class TaskOwner(Schema):
    id: int
    department: str
    name: str
    role: str
    since: date | None
    until: date | None


class PlanTaskOut(Schema):
    id: int
    plan: str
    key: str
    path: str
    title: str
    place: str
    parent: int | None
    done: bool
    owners: list[TaskOwner]
    due_on: date | None
    done_on: date | None
    last_period: str
    percent: int | None
    state: str


class TaskStep(Schema):
    id: int | None = None
    title: str = Field(max_length=200)
    due_on: date
    done_on: date | None = None


class ProgressOut(Schema):
    id: UUID
    task: int
    period: str
    reporter: str
    text: str
    percent: int | None
    value: float | None
    unit: str
    next_step: str
    state: str
    seen: str
    changed_at: datetime
    evidence: list[UUID]


class PlanTaskCard(PlanTaskOut):
    seen: str
    milestones: list[TaskStep]
    after: list[int]
    parts: list[int]
    progress: list[ProgressOut]


class TaskQuery(Paging):
    plan: str = Field("", max_length=60)
    department: str = Field("", max_length=40)
    place: str = Field("", max_length=6)
    state: TaskState = ""
    q: str = Field("", max_length=80)


class TaskAssignIn(Schema):
    seen: str = Field(max_length=64)
    due_on: date | None = None
    done_on: date | None = None
    milestones: list[TaskStep] = Field(default_factory=list, max_length=40)
    after: list[int] = Field(default_factory=list, max_length=200)


class ProgressIn(Schema):
    period: str = Field(max_length=7)
    reporter: str = Field(max_length=40)
    text: str = Field(max_length=4000)
    percent: int | None = Field(None, ge=0, le=100)
    value: float | None = None
    unit: str = Field("", max_length=40)
    next_step: str = Field("", max_length=4000)
    seen: str = Field("", max_length=64)
    submit: bool = False


class ProgressMoveIn(Schema):
    action: Literal["submit", "accept", "return"]
    state: str = Field(max_length=40)
    reason: str = Field("", max_length=1000)


class TaskPartsIn(Schema):
    places: list[str] = Field(max_length=200)


class MatterIn(Schema):
    matter: str = Field(max_length=2000)
    asks: str = Field(max_length=1000)


class MatterOut(Schema):
    id: UUID
    task: int
    state: str
    matter: str
    asks: str


words.describe(
    {"reporter": "industry"},
    within="PlanTaskOut",
    key=_("任务在方案里的代码，换版时不变"),
    path=_("章节"),
    parent=_("县区分解任务所属的市级任务"),
    done=_("是否已完成；公众只看到这一项"),
    owners=_("责任单位，含已移交的"),
    due_on=_("期限"),
    done_on=_("完成日期"),
    last_period=_("最近报送的月份"),
    percent=_("最近审核通过的完成百分比"),
    state=_("done 已完成、overdue 逾期、silent 未更新、soon 即将到期、good 正常；公众为空"),
)
words.describe(
    within="PlanTaskCard",
    seen=_("看到的安排的摘要；安排时附上，他人改过则回答 409"),
    milestones=_("节点"),
    after=_("须先完成的任务"),
    parts=_("各县区的分解任务"),
    progress=_("各月进展"),
)
words.describe(within="TaskOwner", department=_("部门登记表里的代码"), role=_("lead 牵头、support 配合、all-counties 各县区"), since=_("自哪天起负责"), until=_("移交的日期"))  # fmt: skip
words.describe(within="TaskStep", due_on=_("期限"), done_on=_("完成日期"))
words.describe(
    within="ProgressOut",
    reporter=_("填报单位：部门代码或县区代码"),
    text=_("进展"),
    percent=_("完成百分比"),
    next_step=_("下一步"),
    seen=_("看到的版本；修改时附上"),
    changed_at=_("最后变动时间"),
)
words.describe(within="ProgressIn", reporter=_("填报单位：部门代码或县区代码"), text=_("进展"), percent=_("完成百分比"), next_step=_("下一步"), seen=_("改已有的草稿时附上看到的版本；空为新写"), submit=_("写好即报送"))  # fmt: skip
words.describe(
    within="ProgressMoveIn",
    action=_("submit 报送、accept 审核通过、return 退回"),
    state=_("看到的状态；已被他人办理时回答 409"),
)
words.describe(within="TaskAssignIn", seen=_("看到的安排的摘要"), due_on=_("期限"), done_on=_("完成日期"), milestones=_("节点；没有列出的将被删去"), after=_("须先完成的任务"))  # fmt: skip
words.describe(within="TaskPartsIn", places=_("县区代码"))
words.describe(within="TaskQuery", department=_("责任部门代码"))
words.describe(within="MatterIn", matter=_("情况"), asks=_("请示的事"))
words.describe(within="MatterOut", task=_("任务"), matter=_("情况"), asks=_("请示的事"))


def _rows(request: HttpRequest) -> Any:
    rows = supervision.with_state(tasks_for(request), day=supervision.day_of(timezone.now()))
    return rows.select_related("plan").prefetch_related("owners")


def _task(task: Any, *, office: bool) -> dict[str, Any]:
    """What the public sees, and for the offices the work as well."""
    owners = [
        {name: getattr(each, "pk" if name == "id" else name) for name in TaskOwner.model_fields}
        for each in task.owners.all()
    ]
    shown = {
        "id": task.pk, "plan": task.plan.key, "key": task.key, "path": task.path, "title": task.title, "place": task.place,
        "parent": task.parent_id, "done": task.done_on is not None, "owners": owners,
    }  # fmt: skip
    hidden = {"due_on": None, "done_on": None, "last_period": "", "percent": None, "state": ""}
    work = {"due_on": task.due_on, "done_on": task.done_on, "last_period": task.last_period or "", "percent": task.percent, "state": task.state}  # fmt: skip
    return shown | (work if office else hidden)


def _report(each: Progress) -> dict[str, Any]:
    names = ("period", "reporter", "text", "percent", "value", "unit", "next_step")
    return {name: getattr(each, name) for name in names} | {
        "id": each.record_id, "task": each.task_id, "state": each.record.state, "seen": progress.stamp(each),
        "changed_at": each.record.changed_at, "evidence": [file.pk for file in each.record.evidence.all()],
    }  # fmt: skip


@router.get("/plan-tasks", response=Page[PlanTaskOut], summary=_("任务，可按方案、责任部门、地区和状态筛选"))
@asks(permissions.SEE)
def list_tasks(request: HttpRequest, query: Query[TaskQuery]) -> Any:
    rows, office = _rows(request), may(request.user, permissions.SEE_WORK)
    if query.department:
        rows = supervision.owned_by(rows, [query.department])
    for name, value in (("plan__key", query.plan), ("place", query.place), ("state", query.state if office else "")):
        if value:
            rows = rows.filter(**{name: value})
    if query.q:
        rows = rows.filter(title__icontains=query.q)
    return page(request, rows.order_by("order", "pk"), query, lambda task: _task(task, office=office))


@router.get("/plan-tasks/{int:id}", response=PlanTaskCard, summary=_("一项任务和它的进展"))
@asks(permissions.SEE)
def show_task(request: HttpRequest, id: int) -> Any:
    return _card(request, id)


def _card(request: HttpRequest, id: int) -> dict[str, Any]:
    task, office = get_object_or_404(_rows(request), pk=min(id, 2**62)), may(request.user, permissions.SEE_WORK)
    reports = progress.visible(request.user, Progress.objects.filter(task=task))
    reports = reports.select_related("record").prefetch_related("record__evidence").order_by("-period", "reporter")
    steps = [
        {"id": each.pk, "title": each.title, "due_on": each.due_on, "done_on": each.done_on}
        for each in task.milestones.all()
    ]
    work = {
        "seen": tasks.digest(task), "milestones": steps, "after": [each.pk for each in task.after.all()],
        "parts": [each.pk for each in task.parts.all()], "progress": [_report(each) for each in reports],
    }  # fmt: skip
    return _task(task, office=office) | (
        work if office else {"seen": "", "milestones": [], "after": [], "parts": [], "progress": []}
    )


@router.put("/plan-tasks/{int:id}/arrangement", response=PlanTaskCard, summary=_("安排期限、节点和前置任务"))
@asks(permissions.ASSIGN)
def assign_task(request: HttpRequest, id: int, given: TaskAssignIn) -> Any:
    """A circle of dependencies is refused and shown."""
    task = get_object_or_404(tasks_for(request), pk=min(id, 2**62))
    tasks.assign(
        task, due_on=given.due_on, done_on=given.done_on, after=given.after, seen=given.seen, by=request.user, now=timezone.now(),
        milestones=[tasks.Step(each.title, each.due_on, each.done_on, each.id) for each in given.milestones],
    )  # fmt: skip
    return _card(request, id)


@router.post("/plan-tasks/{int:id}/parts", response={201: PlanTaskCard}, summary=_("把市级任务分解到县区"))
@asks(permissions.ASSIGN)
def break_task_down(request: HttpRequest, id: int, given: TaskPartsIn) -> Any:
    task = get_object_or_404(tasks_for(request), pk=min(id, 2**62))
    tasks.break_down(task, given.places, by=request.user, now=timezone.now())
    return Status(201, _card(request, id))


@router.post("/plan-tasks/{int:id}/progress", response={201: ProgressOut}, summary=_("填写或修改一个月的进展"))
@asks(permissions.REPORT)
def report_progress(request: HttpRequest, id: int, given: ProgressIn) -> Any:
    """409 when somebody wrote the same month since `seen`; 422 for a month that is closed."""
    task = get_object_or_404(Task.objects.select_related("plan").prefetch_related("owners"), pk=min(id, 2**62))
    demand(request.user, permissions.REPORT, task)
    values = given.model_dump(exclude={"seen", "submit", "reporter"})
    made = progress.write(
        task, values, reporter=given.reporter, seen=given.seen, by=request.user, now=timezone.now(), submit=given.submit
    )
    return Status(201, _report(made))


@router.post("/plan-progress/{uuid:record}/steps", response=ProgressOut, summary=_("报送、审核或退回进展"))
@asks(permissions.REPORT)
def move_progress(request: HttpRequest, record: UUID, given: ProgressMoveIn) -> Any:
    rows = progress.visible(request.user, Progress.objects.select_related("task", "task__plan", "record"))
    found = get_object_or_404(rows, record=record)
    progress.move(found, given.action, state=given.state, by=request.user, now=timezone.now(), reason=given.reason)
    return _report(Progress.objects.select_related("record").get(pk=found.pk))


@router.post("/plan-tasks/{int:id}/matters", response={201: MatterOut}, summary=_("把重大事项报领导小组"))
@asks(permissions.ESCALATE)
def escalate_matter(request: HttpRequest, id: int, given: MatterIn) -> Any:
    task = get_object_or_404(Task.objects.select_related("plan").prefetch_related("owners"), pk=min(id, 2**62))
    record: Record = escalations.escalate(
        task, matter=given.matter, asks=given.asks, by=request.user, now=timezone.now()
    )
    return Status(
        201, {"id": record.pk, "task": task.pk, "state": record.state, "matter": given.matter, "asks": given.asks}
    )
