"""Plans over HTTP: what is in force, versions, hand a document in, its items, corrections, accept, compare, questions."""

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
from dafeng.domains.plan.models import Correction, Plan, Question, Version
from dafeng.domains.plan.plan_forms import FORMS
from dafeng.domains.plan.reading.intake import MAX_BYTES
from dafeng.domains.plan.services import corrections, plans, questions
from dafeng.domains.plan.services.acceptance import accept
from dafeng.domains.plan.services.city import city_of, first_city
from dafeng.domains.plan.services.comparison import Change, compare
from dafeng.domains.plan.services.content import content_of, corrections_of, found_in, seen_digest
from dafeng.domains.plan.services.items import Item
from dafeng.domains.plan.views.outline import as_json, plan_of, questions_of
from dafeng.domains.plan.views.review import version_of
from dafeng.kernel.actions import asks, may
from dafeng.kernel.api import words
from dafeng.kernel.api.freshness import answer_headers
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.errors import NotFound, PlanError
from dafeng.kernel.jobs.models import Job

router = Router(tags=["plans"])
Kind = Literal["section", "task", "target", "project", "enterprise", "platform", "defect"]


class PlanOut(Schema):
    key: str
    city: str
    title: str
    issuer: str
    issued_on: date | None
    first_year: int | None
    last_year: int | None
    current_version: int | None


class PlanVersion(Schema):
    number: int
    state: str
    current: bool
    file: str
    created_by: str
    created_at: datetime
    counts: dict[str, int]


class PlanVersionCard(PlanVersion):
    plan: str
    document: UUID | None
    seen: str
    lost: list[int]


class PlanItem(Schema):
    ref: str
    kind: str
    state: str
    name: str
    path: str
    start: int | None
    end: int | None
    quote: str
    values: dict[str, Any]
    corrections: list[int]


class PlanUpload(Schema):
    plan: str = Field("", max_length=60)
    title: str = Field("", max_length=200)


class PlanReading(Schema):
    version: int | None
    plan: str
    job: UUID | None


class CorrectionIn(Schema):
    do: Literal["change", "drop", "add"]
    ref: str = Field("", max_length=80)
    kind: Kind | None = None
    quote: str = Field("", max_length=2000)
    fields: dict[str, Any] = Field(default_factory=dict)
    reason: str = Field("", max_length=1000)


class CorrectionOut(Schema):
    id: int | None


class PlanAcceptIn(Schema):
    seen: str = Field(min_length=1, max_length=64)
    alongside: bool = False


class PlanReasonIn(Schema):
    reason: str = Field(min_length=1, max_length=1000)


class PlanChange(Schema):
    kind: str
    state: Literal["added", "dropped", "changed", "moved"]
    key: str
    name: str
    old_path: str
    new_path: str
    fields: dict[str, list[Any]]


class PlanCompareQuery(Paging):
    old: int = Field(ge=1, le=32000)
    new: int = Field(ge=1, le=32000)


class PlanItemQuery(Paging):
    kind: Kind | None = None


class QuestionOut(Schema):
    id: int
    plan: str
    code: str
    path: str
    quote: str
    question: str
    state: str
    answer: str
    ask: list[str]
    targets: list[str]


class QuestionQuery(Paging):
    plan: str = ""
    state: Literal["", "open", "answered", "closed"] = ""


class QuestionMoveIn(Schema):
    state: str = Field(min_length=1, max_length=40)
    text: str = Field(min_length=1, max_length=5000)


words.describe(
    {"key": "xinyang-2024"},
    within="PlanOut",
    key=_("方案代码"),
    issuer=_("发布机关"),
    issued_on=_("发布日期"),
    first_year=_("起始年"),
    last_year=_("结束年"),
    current_version=_("现行的版次；还没有采纳的版本时为空"),
)
words.describe(
    within="PlanVersionCard",
    seen=_("看到的内容的摘要；采纳时附上，表示看过的就是这些"),
    lost=_("失效的更正：所指的原文在这一版里找不到"),
    document=_("上传的文件（证据）"),
)
words.describe(
    within="PlanItem",
    ref=_("在这一版里的编号"),
    state=_("read 读出、changed 已更正、added 补充、dropped 已剔除"),
    start=_("在正文中的起点，按字数"),
    end=_("在正文中的终点"),
    quote=_("原文，一字不差"),
    values=_("各字段"),
    corrections=_("对它的更正"),
)
words.describe(within="PlanReading", version=_("读出的版次"), job=_("较长的文件由后台任务读取"))
words.describe(within="PlanUpload", plan=_("作为哪个方案的新版；空为新的方案"))
words.describe(
    within="CorrectionIn",
    do=_("change 更正、drop 剔除、add 补充"),
    quote=_("补充时：正文中的原话"),
    fields=_("字段和更正后的值"),
)
words.describe(within="PlanAcceptIn", alongside=_("同一时期另有方案时，两个方案同时有效"))
words.describe(within="PlanChange", fields=_("字段：旧值和新值"), old_path=_("旧章节"), new_path=_("新章节"))
words.describe(within="PlanCompareQuery", old=_("旧的版次"), new=_("新的版次"))
words.describe(
    within="QuestionOut",
    code=_("疑问的种类或编号"),
    question=_("问题"),
    answer=_("回答"),
    ask=_("问哪些部门"),
    targets=_("有关的目标"),
)
words.describe(within="QuestionMoveIn", state=_("看到的状态；已被他人办理时回答 409"), text=_("回答或理由"))


def _plan(plan: Plan) -> dict[str, Any]:
    names = ("key", "city", "title", "issuer", "issued_on", "first_year", "last_year")
    current = next((each.number for each in plan.versions.all() if each.current), None)
    return {name: getattr(plan, name) for name in names} | {"current_version": current}


def _version(version: Version) -> dict[str, Any]:
    record, counts = version.record, ("sections", "tasks", "targets", "projects", "defects")
    return {
        "number": version.number,
        "state": record.state,
        "current": version.current,
        "file": record.payload.get("file", ""),
        "created_by": record.created_by.get_username() if record.created_by else "system",
        "created_at": record.created_at,
        "counts": {name: record.payload[name] for name in counts if name in record.payload},
    }


def _card(version: Version) -> dict[str, Any]:
    said = corrections_of(version.plan)
    more = {"plan": version.plan.key, "document": version.document_id, "seen": seen_digest(version, said)}
    return _version(version) | more | {"lost": [each.pk for each in found_in(version, said).lost]}


def _item(item: Item) -> dict[str, Any]:
    names = ("ref", "kind", "state", "name", "path", "start", "end", "quote", "values")
    return {name: getattr(item, name) for name in names} | {"corrections": [each.pk for each in item.corrections]}


@router.get("/plans", response=Page[PlanOut], summary=_("方案"))
@asks(permissions.SEE)
def list_plans(request: HttpRequest, query: Query[Paging]) -> Any:
    found = plans.visible_plans(offices=may(request.user, permissions.SEE_WORK))
    return page(request, found.prefetch_related("versions"), query, _plan)


@router.get("/plans/{key}", response=dict[str, Any], summary=_("现行方案的任务、责任单位、目标和疑问"))
@asks(permissions.SEE)
def show_plan(request: HttpRequest, key: str) -> Any:
    """The content in force; questions only for the offices."""
    plan = plan_of(request, key)
    version = plans.current_version(plan)
    if version is None:
        raise NotFound(str(_("这个方案还没有采纳的版本")))
    return as_json(plan, version, questions_of(plan) if may(request.user, permissions.SEE_WORK) else [])


@router.post("/plans", response={201: PlanReading, 202: PlanReading}, summary=_("上传方案文件，读成待校核的一版"))
@asks(permissions.KEEP)
def upload_plan(request: HttpRequest, file: File[UploadedFile], given: Form[PlanUpload]) -> Any:
    """201 with the version, or 202 with the job that reads a long document."""
    plan = Plan.objects.filter(key=given.plan).first() if given.plan else None
    if given.plan and plan is None:
        raise NotFound(str(_("没有这个方案")))
    city = city_of(plan.city if plan else first_city())
    name = (file.name or "plan")[-200:]
    made = plans.upload(
        city, file.read(MAX_BYTES + 1), name=name, plan=plan, title=given.title, by=request.user, now=timezone.now()
    )
    if isinstance(made, Job):
        answer_headers(request)["Location"] = f"/api/jobs/{made.pk}"
        return Status(202, {"version": None, "plan": given.plan, "job": made.pk})
    answer_headers(request)["Location"] = f"/api/plans/{made.plan.key}/versions/{made.number}"
    return Status(201, {"version": made.number, "plan": made.plan.key, "job": None})


@router.get("/plans/{key}/versions", response=Page[PlanVersion], summary=_("方案的各版，新的在前"))
@asks(permissions.SEE_WORK)
def list_plan_versions(request: HttpRequest, key: str, query: Query[Paging]) -> Any:
    rows = plan_of(request, key).versions.select_related("record__created_by").defer("text", "reading", "accepted")
    return page(request, rows, query, _version)


@router.get("/plans/{key}/compare", response=Page[PlanChange], summary=_("两版之间的不同"))
@asks(permissions.SEE_WORK)
def compare_plan_versions(request: HttpRequest, key: str, query: Query[PlanCompareQuery]) -> Any:
    old, new = (content_of(version_of(key, number)) for number in (query.old, query.new))
    return page(request, list(compare(old, new)), query, _change)


def _change(each: Change) -> dict[str, Any]:
    found = {name: getattr(each, name) for name in ("kind", "state", "key", "name", "old_path", "new_path")}
    return found | {"fields": {name: list(pair) for name, pair in each.fields.items()}}


@router.get("/plans/{key}/versions/{int:number}", response=PlanVersionCard, summary=_("方案的一版"))
@asks(permissions.SEE_WORK)
def show_plan_version(request: HttpRequest, key: str, number: int) -> Any:
    return _card(version_of(key, number))


@router.get(
    "/plans/{key}/versions/{int:number}/items", response=Page[PlanItem], summary=_("一版里读出的各项，按原文次序")
)
@asks(permissions.SEE_WORK)
def list_plan_items(request: HttpRequest, key: str, number: int, query: Query[PlanItemQuery]) -> Any:
    found = found_in(version_of(key, number)).items
    return page(request, [each for each in found if query.kind in (None, each.kind)], query, _item)


@router.post(
    "/plans/{key}/versions/{int:number}/corrections",
    response={201: CorrectionOut},
    summary=_("更正、剔除或补充一项"),
    description=_("更正跟着方案保存，文件重新上传后仍然有效。没有改动时 id 为空。"),
)
@asks(permissions.KEEP)
def correct_plan(request: HttpRequest, key: str, number: int, given: CorrectionIn) -> Any:
    version = version_of(key, number)
    how: dict[str, Any] = {"reason": given.reason, "by": request.user, "now": timezone.now()}
    made: Correction | None
    if given.do == "drop":
        made = corrections.drop(version, given.ref, **how)
    elif given.do == "add":
        if given.kind is None:
            raise PlanError(str(_("没有说是哪一种")), expected="kind")
        made = corrections.add(version, given.kind, given.quote, _checked(given.kind, {}, given.fields), **how)
    else:
        item = found_in(version).get(given.ref)
        if item is None:
            raise NotFound(str(_("没有这一项")))
        made = corrections.change(version, given.ref, _checked(item.kind, item.values, given.fields), **how)
    return Status(201, {"id": made.pk if made else None})


def _checked(kind: str, values: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """The same checks as the page's form: what is not said stays as it is."""
    initial = FORMS[kind].initial_of(values)
    form = FORMS[kind]({"operator": "=", "kind": "level", "strength": "must", "is_task": True, **initial, **said})
    unknown = sorted(set(said) - set(form.fields))
    if unknown:
        raise PlanError(
            str(_("不认识的字段：%(names)s")) % {"names": "、".join(unknown)}, expected="、".join(form.fields)
        )
    if not form.is_valid():
        name, faults = next(iter(form.errors.items()))
        raise PlanError(f"{form.fields[name].label if name in form.fields else name}：{faults[0]}")
    return form.value()


@router.post("/plans/corrections/{int:id}/withdraw", response=CorrectionOut, summary=_("撤回更正"))
@asks(permissions.KEEP)
def withdraw_plan_correction(request: HttpRequest, id: int) -> Any:
    found = Correction.objects.filter(pk=id).first()
    if found is None:
        raise NotFound(str(_("没有这条更正")))
    return {"id": corrections.withdraw(found, by=request.user, now=timezone.now()).pk}


@router.post(
    "/plans/{key}/versions/{int:number}/accept",
    response=PlanVersionCard,
    summary=_("采纳一版"),
    description=_("seen 取自这一版；其间有人更正或采纳过，回答 409。同一时期另有方案而没有写 alongside，回答 422。"),
)
@asks(permissions.KEEP)
def accept_plan_version(request: HttpRequest, key: str, number: int, given: PlanAcceptIn) -> Any:
    version = version_of(key, number)
    accept(version, seen=given.seen, alongside=given.alongside, by=request.user, now=timezone.now())
    return _card(version_of(key, number))


@router.post("/plans/{key}/versions/{int:number}/discard", response=PlanVersionCard, summary=_("放弃一版"))
@asks(permissions.KEEP)
def discard_plan_version(request: HttpRequest, key: str, number: int, given: PlanReasonIn) -> Any:
    plans.discard(version_of(key, number), reason=given.reason, by=request.user, now=timezone.now())
    return _card(version_of(key, number))


# ---------------------------------------------------------------- questions


def _question(question: Question) -> dict[str, Any]:
    payload = question.record.payload
    return {
        "id": question.pk,
        "plan": question.plan.key,
        "code": question.code,
        "path": question.path,
        "quote": question.quote,
        "question": question.question,
        "state": question.record.state,
        "answer": question.answer,
        "ask": payload.get("ask", []),
        "targets": payload.get("targets", []),
    }


def _question_of(id: int) -> Question:
    found = Question.objects.select_related("plan", "record").filter(pk=id).first()
    if found is None:
        raise NotFound(str(_("没有这个问题")))
    return found


@router.get("/plan-questions", response=Page[QuestionOut], summary=_("对方案的疑问"))
@asks(permissions.SEE_WORK)
def list_plan_questions(request: HttpRequest, query: Query[QuestionQuery]) -> Any:
    rows = Question.objects.select_related("plan", "record").order_by("pk")
    if query.plan:
        rows = rows.filter(plan__key=query.plan)
    if query.state:
        rows = rows.filter(record__state=query.state)
    return page(request, rows, query, _question)


@router.get("/plan-questions/{int:id}", response=QuestionOut, summary=_("一个疑问"))
@asks(permissions.SEE_WORK)
def show_plan_question(request: HttpRequest, id: int) -> Any:
    return _question(_question_of(id))


@router.post("/plan-questions/{int:id}/answer", response=QuestionOut, summary=_("回答疑问"))
@asks(permissions.ANSWER)
def answer_plan_question(request: HttpRequest, id: int, given: QuestionMoveIn) -> Any:
    questions.answer(_question_of(id), text=given.text, seen=given.state, by=request.user, now=timezone.now())
    return _question(_question_of(id))


@router.post("/plan-questions/{int:id}/{action}", response=QuestionOut, summary=_("了结或重新提出疑问"))
@asks(permissions.KEEP)
def move_plan_question(request: HttpRequest, id: int, action: Literal["close", "reopen"], given: QuestionMoveIn) -> Any:
    questions.move(_question_of(id), action, reason=given.text, seen=given.state, by=request.user, now=timezone.now())
    return _question(_question_of(id))
