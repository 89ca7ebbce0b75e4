"""Assessments over HTTP: the rules and their editions, years, one subject line by line, self-assessment, review, objections, the result."""

from datetime import datetime
from typing import Any, Literal

import polars as pl
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema, Status
from pydantic import Field

from dafeng.domains.plan import permissions
from dafeng.domains.plan.models import Assessment, Mark, Objection
from dafeng.domains.plan.models import Rubric as Row
from dafeng.domains.plan.services import assessments as services
from dafeng.domains.plan.services import marking, rubrics
from dafeng.domains.plan.services.assessments import Said
from dafeng.domains.plan.services.city import first_city
from dafeng.kernel import scoring
from dafeng.kernel.actions import asks, demand, may
from dafeng.kernel.api import words
from dafeng.kernel.api.freshness import answer_headers
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.errors import NotFound

router = Router(tags=["assessments"])
Kind = Literal["counties", "departments"]


class RubricEdition(Schema):
    kind: Kind
    number: int
    digest: str
    valid_from: str
    reason: str
    by: str
    at: datetime


class RubricEditionCard(RubricEdition):
    content: dict[str, Any]


class RubricEditionIn(Schema):
    seen: int = Field(ge=0)
    reason: str = Field(min_length=1, max_length=2000)
    content: dict[str, Any]


class AssessmentOut(Schema):
    id: int
    title: str
    kind: Kind
    year: int
    state: str
    rubric: int
    until: str
    digest: str


class AssessedScore(Schema):
    subject: str
    name: str
    score: float | None
    grade: str | None
    rank: int | None
    coverage: float
    confidence: float
    vetoes: list[str]
    status: int


class AssessmentCard(AssessmentOut):
    seen: str
    scores: list[AssessedScore]


class AssessmentIn(Schema):
    kind: Kind
    year: int = Field(ge=2000, le=2100)


class AssessedLine(Schema):
    kind: str
    code: str
    title: str
    title_en: str
    value: float | None
    unit: str | None
    mark: float | None
    weight: float | None
    points: float | None
    reason: str | None
    reason_en: str | None


class AssessedFigure(Schema):
    indicator: str
    title: str
    unit: str
    computed: float | None
    notation: str
    own: float | None
    own_note: str
    settled: float | None
    settled_note: str
    files: list[str]


class AssessedCard(AssessedScore):
    seen: str
    held_by: str
    lines: list[AssessedLine]
    advice: list[str]
    figures: list[AssessedFigure]


class AssessedFigureIn(Schema):
    value: float | None = Field(None, ge=-1e12, le=1e12)
    note: str = Field("", max_length=2000)


class SelfAssessmentIn(Schema):
    seen: str
    figures: dict[str, AssessedFigureIn]


class AssessmentReviewIn(SelfAssessmentIn):
    held_by: str = Field("", max_length=60)


class AssessmentStepIn(Schema):
    action: Literal["review", "announce", "rework", "finalise"]
    seen: str
    reason: str = Field("", max_length=2000)


class AssessmentCollected(Schema):
    changed: int


class ObjectionOut(Schema):
    id: int
    subject: str
    indicator: str
    text: str
    answer: str
    state: str
    raised_by: str
    raised_at: datetime


class ObjectionIn(Schema):
    subject: str
    indicator: str = ""
    text: str = Field(min_length=1, max_length=5000)


class ObjectionAnswerIn(Schema):
    action: Literal["uphold", "reject"]
    text: str = Field(min_length=1, max_length=5000)
    value: float | None = Field(None, ge=-1e12, le=1e12)


words.describe(
    within="RubricEdition",
    number=_("版次"),
    digest=_("规则的摘要（SHA-256）"),
    valid_from=_("生效日期"),
    reason=_("修改理由"),
    by=_("修改人"),
    at=_("修改时间"),
)
words.describe(within="RubricEditionCard", content=_("规则全文，可用 dafeng score 重算"))
words.describe(within="RubricEditionIn", seen=_("从第几版改起；已有更新的版时回答 409"), content=_("改后的规则全文"), reason=_("修改理由"))  # fmt: skip
words.describe(
    within="AssessmentOut",
    state=_("self 自评、review 审核、objection 公示与异议、final 已定稿"),
    rubric=_("评分规则的版次"),
    until=_("自评或异议的最后一天；没有期限时为空"),
    digest=_("结果所依据数值的摘要；公示以前为空"),
)
words.describe(
    within="AssessmentCard",
    seen=_("看到的全部数的摘要；办理下一步时附上"),
    scores=_("各对象的得分；公示以前只有本单位"),
)
words.describe(
    within="AssessedScore",
    score=_("得分；没有任何数时为空"),
    grade=_("等级的代码"),
    rank=_("名次；公示以前为空"),
    coverage=_("有数的权重占比"),
    confidence=_("完整且非估算的权重占比"),
    vetoes=_("触发的否决"),
)
words.describe(
    within="AssessedCard",
    seen=_("看到的这一对象的数的摘要；自评或审定时附上"),
    held_by=_("时任负责人"),
    lines=_("逐项：得分和理由"),
    advice=_("最能提分的几项"),
    figures=_("每个数的来历；只给本单位和考核人"),
)
words.describe(within="AssessedLine", mark=_("得分率，百分比"), weight=_("权重"), points=_("得分"), reason=_("理由"))
words.describe(
    within="AssessedFigure", computed=_("平台汇总的数"), own=_("自评的数"), own_note=_("自评依据"), settled=_("审定的数"),
    settled_note=_("审定理由"), files=_("证明文件的名称"),
)  # fmt: skip
words.describe(within="SelfAssessmentIn", seen=_("看到的数的摘要；被别人改过时回答 409"), figures=_("指标代码到所填的数；不写的不变"))  # fmt: skip
words.describe(
    within="AssessmentStepIn", seen=_("看到的全部数的摘要；被别人改过时回答 409"), reason=_("退回审核的理由")
)
words.describe(within="AssessmentCollected", changed=_("有几个数变了"))
words.describe(
    within="ObjectionOut", text=_("异议"), answer=_("答复"), raised_by=_("提出人"), raised_at=_("提出时间"),
    state=_("open 待答复、upheld 采纳、rejected 不采纳、withdrawn 已撤回"),
)  # fmt: skip
words.describe(within="ObjectionAnswerIn", value=_("采纳对某一项的异议时，改正后的数"), text=_("答复"))
words.describe(within="ObjectionIn", text=_("异议的理由"), indicator=_("对哪个指标；空为整体结果"))


def _edition(row: Row) -> dict[str, Any]:
    return {
        "kind": row.kind, "number": row.number, "digest": row.digest, "valid_from": row.content["valid_from"],
        "reason": row.reason, "by": row.by.get_username() if row.by else "system", "at": row.at, "content": row.content,
    }  # fmt: skip


def _until(found: Assessment) -> str:
    if found.record.state == services.SELF:
        return str(found.record.payload["self_until"])
    return str(services.objections_until(found)) if found.record.state == services.OBJECTION else ""


def _row(found: Assessment) -> dict[str, Any]:
    return {
        "id": found.pk, "title": found.record.title, "kind": found.kind, "year": found.year, "state": found.record.state,
        "rubric": found.rubric.number, "until": _until(found), "digest": found.result.get("values_digest", ""),
    }  # fmt: skip


def _objection(each: Objection) -> dict[str, Any]:
    by = each.record.created_by
    return {
        "id": each.pk, "subject": each.subject, "indicator": each.indicator, "text": each.text, "answer": each.answer,
        "state": each.record.state, "raised_by": by.get_username() if by else "system", "raised_at": each.record.created_at,
    }  # fmt: skip


def _scores(request: HttpRequest, found: Assessment, scores: scoring.Scores) -> list[dict[str, Any]]:
    told = services.seen_subjects(request.user, found)
    frame = scores.frame.filter(pl.col("subject").is_in([each["code"] for each in told]))
    if len(told) < len(found.record.payload["subjects"]):
        frame = frame.with_columns(pl.lit(None, dtype=pl.UInt32).alias("rank"))
    return frame.to_dicts()


def _figures(found: Assessment, marks: dict[str, Mark]) -> list[dict[str, Any]]:
    return [
        {
            "indicator": line.indicator, "title": line.name, "unit": line.unit,
            **{name: getattr(marks[line.indicator], name) for name in ("computed", "notation", "own", "own_note", "settled", "settled_note")},
            "files": [each.name for each in marks[line.indicator].evidence.all()],
        }
        for line in marking.lines_of(scoring.Rubric.from_dict(found.rubric.content))
    ]  # fmt: skip


def _said(given: dict[str, AssessedFigureIn]) -> dict[str, Said]:
    return {name: Said(each.value, each.note.strip()) for name, each in given.items()}


# ---------------------------------------------------------------- rules


@router.get("/rubrics/{kind}", response=Page[RubricEdition], summary=_("考核评分规则的各版，新的在前"))
@asks(permissions.SEE)
def list_rubrics(request: HttpRequest, kind: Kind, query: Query[Paging]) -> Any:
    return page(request, rubrics.rows(first_city(), kind), query, _edition)


@router.get("/rubrics/{kind}/{int:number}", response=RubricEditionCard, summary=_("一版评分规则的全文"))
@asks(permissions.SEE)
def show_rubric(request: HttpRequest, kind: Kind, number: int) -> Any:
    for row in rubrics.rows(first_city(), kind):
        if row.number == number:
            return _edition(row)
    raise NotFound(str(_("没有这一版评分规则")))


@router.post("/rubrics/{kind}", response={201: RubricEdition}, summary=_("修改评分规则，存为新的一版"))
@asks(permissions.RUBRIC)
def add_rubric(request: HttpRequest, kind: Kind, given: RubricEditionIn) -> Any:
    made = rubrics.new_edition(
        first_city(), kind, given.content, seen=given.seen, reason=given.reason, by=request.user, now=timezone.now()
    )
    answer_headers(request)["Location"] = f"/api/rubrics/{kind}/{made.number}"
    return Status(201, _edition(made))


# ---------------------------------------------------------------- years


@router.get("/assessments", response=Page[AssessmentOut], summary=_("各年考核"))
@asks(permissions.SEE)
def list_assessments(request: HttpRequest, query: Query[Paging]) -> Any:
    rows = Assessment.objects.select_related("record", "rubric").filter(
        services.visible(request.user), city=first_city()
    )
    return page(request, rows, query, _row)


@router.post("/assessments", response={201: AssessmentOut}, summary=_("发起一年的考核"))
@asks(permissions.ASSESS)
def open_assessment(request: HttpRequest, given: AssessmentIn) -> Any:
    made = services.open_year(first_city(), given.kind, given.year, by=request.user, now=timezone.now())
    answer_headers(request)["Location"] = f"/api/assessments/{made.pk}"
    return Status(201, _row(made))


@router.get("/assessments/{int:id}", response=AssessmentCard, summary=_("一次考核的得分和名次"))
@asks(permissions.SEE)
def show_assessment(request: HttpRequest, id: int) -> Any:
    found = services.assessment_of(request.user, id)
    marks = list(found.marks.all())
    seen = marking.token(marks) if may(request.user, permissions.ASSESS) else ""
    return _row(found) | {"seen": seen, "scores": _scores(request, found, services.scores(found, marks))}


@router.get("/assessments/{int:id}/result", response=dict[str, Any], summary=_("公示或定稿的结果，任何人可以重算"))
@asks(permissions.SEE)
def show_result(request: HttpRequest, id: int) -> Any:
    found = services.assessment_of(request.user, id)
    if not found.result:
        raise NotFound(str(_("结果还没有公示")))
    return found.result


@router.post("/assessments/{int:id}/collect", response=AssessmentCollected, summary=_("重新汇总平台的数"))
@asks(permissions.ASSESS)
def collect_figures(request: HttpRequest, id: int) -> Any:
    found = services.assessment_of(request.user, id)
    return {"changed": services.collect(found, by=request.user, now=timezone.now())}


@router.post("/assessments/{int:id}/step", response=AssessmentOut, summary=_("办理下一步"))
@asks(permissions.ASSESS)
def step_assessment(request: HttpRequest, id: int, given: AssessmentStepIn) -> Any:
    found = services.assessment_of(request.user, id)
    services.step(found, given.action, seen=given.seen, by=request.user, now=timezone.now(), reason=given.reason)
    return _row(found)


# ---------------------------------------------------------------- subjects


@router.get(
    "/assessments/{int:id}/subjects/{subject}", response=AssessedCard, summary=_("一个对象的逐项得分、理由和数的来历")
)
@asks(permissions.SEE)
def show_assessed(request: HttpRequest, id: int, subject: str) -> Any:
    found = services.assessment_of(request.user, id)
    services.subject_of(request.user, found, subject)
    marks = list(found.marks.prefetch_related("evidence"))
    scores = services.scores(found, marks)
    mine = [mark for mark in marks if mark.subject == subject]
    working = services.sees_working(request.user, subject)
    row = next(each for each in _scores(request, found, scores) if each["subject"] == subject)
    return row | {
        "seen": marking.token(mine) if working else "",
        "held_by": next((mark.held_by for mark in mine if mark.held_by), "") if working or found.record.state == services.FINAL else "",
        "lines": scores.explain([subject]).to_dicts(),
        "advice": scoring.advice(scores, [subject], limit=6)["reason"].to_list(),
        "figures": _figures(found, {mark.indicator: mark for mark in mine}) if working else [],
    }  # fmt: skip


@router.put("/assessments/{int:id}/subjects/{subject}/self", response=AssessedCard, summary=_("自评"))
@asks(permissions.SELF_ASSESS)
def put_self_assessment(request: HttpRequest, id: int, subject: str, given: SelfAssessmentIn) -> Any:
    found = services.assessment_of(request.user, id)
    services.subject_of(request.user, found, subject)
    demand(request.user, permissions.SELF_ASSESS, subject)
    services.self_assess(found, subject, _said(given.figures), {}, seen=given.seen, by=request.user, now=timezone.now())
    return show_assessed(request, id, subject)


@router.put("/assessments/{int:id}/subjects/{subject}/review", response=AssessedCard, summary=_("审定"))
@asks(permissions.ASSESS)
def put_review(request: HttpRequest, id: int, subject: str, given: AssessmentReviewIn) -> Any:
    found = services.assessment_of(request.user, id)
    services.subject_of(request.user, found, subject)
    services.review(
        found, subject, _said(given.figures), held_by=given.held_by, seen=given.seen, by=request.user, now=timezone.now()
    )  # fmt: skip
    return show_assessed(request, id, subject)


# ---------------------------------------------------------------- objections


def _objection_of(request: HttpRequest, id: int, number: int) -> Objection:
    found = services.assessment_of(request.user, id)
    chosen = found.objections.select_related("record__created_by").filter(pk=number).first()
    if chosen is None:
        raise NotFound(str(_("没有这件异议")))
    return chosen


@router.get("/assessments/{int:id}/objections", response=Page[ObjectionOut], summary=_("一次考核的异议"))
@asks(permissions.SEE_WORK)
def list_objections(request: HttpRequest, id: int, query: Query[Paging]) -> Any:
    found = services.assessment_of(request.user, id)
    return page(request, found.objections.select_related("record__created_by").order_by("pk"), query, _objection)


@router.post("/assessments/{int:id}/objections", response={201: ObjectionOut}, summary=_("提出异议"))
@asks(permissions.SELF_ASSESS)
def add_objection(request: HttpRequest, id: int, given: ObjectionIn) -> Any:
    found = services.assessment_of(request.user, id)
    demand(request.user, permissions.SELF_ASSESS, given.subject)
    made = services.object_to(
        found, given.subject, indicator=given.indicator, text=given.text, by=request.user, now=timezone.now()
    )
    answer_headers(request)["Location"] = f"/api/assessments/{id}/objections"
    return Status(201, _objection(made))


@router.post("/assessments/{int:id}/objections/{int:number}/answer", response=ObjectionOut, summary=_("答复异议"))
@asks(permissions.ASSESS)
def answer_objection(request: HttpRequest, id: int, number: int, given: ObjectionAnswerIn) -> Any:
    objection = _objection_of(request, id, number)
    services.answer(objection, given.action, text=given.text, value=given.value, by=request.user, now=timezone.now())
    return _objection(objection)


@router.post("/assessments/{int:id}/objections/{int:number}/withdraw", response=ObjectionOut, summary=_("撤回异议"))
@asks(permissions.SELF_ASSESS)
def withdraw_objection(request: HttpRequest, id: int, number: int) -> Any:
    return _objection(services.withdraw(_objection_of(request, id, number), by=request.user, now=timezone.now()))
