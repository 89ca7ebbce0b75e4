"""The assessments: the list, one with its ranking and steps, one subject line by line, self-assessment, review, objections."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import polars as pl
from django.contrib import messages
from django.core.cache import cache
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.plan import permissions
from dafeng.domains.plan.models import Assessment, Mark
from dafeng.domains.plan.services import assessments as services
from dafeng.domains.plan.services import marking, rubrics
from dafeng.domains.plan.services.assessments import FINAL, OBJECTION, REVIEW, SELF
from dafeng.domains.plan.services.city import first_city
from dafeng.domains.plan.views import assessment_forms
from dafeng.domains.plan.views import rubrics as rubric_views
from dafeng.domains.plan.views.assessment_words import english, named, sources, until, worded
from dafeng.kernel import scoring
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import DafengError, NotFound, PlanError
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records.models import Move
from dafeng.kernel.scoring.explanation import explain

STEPS = {
    SELF: [("review", False)],
    REVIEW: [("announce", False)],
    OBJECTION: [("finalise", False), ("rework", True)],
    FINAL: [],
}


# ---------------------------------------------------------------- list and opening


@require_safe
@asks(permissions.SEE)
def assessments(request: HttpRequest) -> HttpResponse:
    """All assessments that this person may know of; the office opens a new one here."""
    city = first_city()
    table = Table(
        request,
        Assessment.objects.select_related("record", "rubric").filter(services.visible(request.user), city=city),
        [
            Column("record.title", _("考核"), sort="year", link=_page, wide=True),
            Column("year", _("年度"), numeric=True, show=lambda a: str(a.year)),
            Column("kind", _("对象"), show=lambda a: rubrics.KINDS[a.kind]),
            Column("record.state", _("状态"), show=lambda a: _(a.record.state_title)),
            Column("rubric.number", _("评分规则"), show=lambda a: _("第 %(number)s 版") % {"number": a.rubric.number},
                   link=lambda a: f"{reverse('plan:rubric', kwargs={'kind': a.kind})}?edition={a.rubric.number}"),
            Column("record.changed_at", _("变动时间"), show=lambda a: timezone.localtime(a.record.changed_at).strftime("%Y-%m-%d %H:%M")),
        ],
        _("各年考核"),
        choices=[Choice("kind", _("对象"), rubrics.KINDS)],
        order="-year",
        empty=_("还没有考核。"),
        file="assessments",
    )  # fmt: skip
    if answer := table.download():
        return answer
    return _list(request, table)


def _page(assessment: Assessment) -> str:
    return reverse("plan:assessment", kwargs={"id": assessment.pk})


def _list(request: HttpRequest, table: Table, error: DafengError | None = None) -> HttpResponse:
    context = {
        "table": table,
        "kinds": rubrics.KINDS,
        "year": timezone.localdate().year,
        "may_assess": may(request.user, permissions.ASSESS),
        "error": error.as_dict() if error else None,
    }
    return render(request, "plan/assessments/list.html", context)


@require_POST
@asks(permissions.ASSESS)
def open_year(request: HttpRequest) -> HttpResponse:
    """Begin the assessment of a year."""
    year = request.POST.get("year", "").strip()
    if not (year.isascii() and year.isdigit() and len(year) == 4):
        raise PlanError(_("年度“%(year)s”写法不对") % {"year": year[:12]}, expected=_("四位数字，如 2026"))
    made = services.open_year(
        first_city(), request.POST.get("kind", ""), int(year), by=request.user, now=timezone.now()
    )
    messages.success(request, _("考核已发起，已向各单位发出自评通知"))
    return redirect("plan:assessment", id=made.pk)


# ---------------------------------------------------------------- one assessment


@require_safe
@asks(permissions.SEE)
def assessment(request: HttpRequest, id: int) -> HttpResponse:
    """Ranking, where it stands, what may be done next, objections."""
    found = services.assessment_of(request.user, id)
    marks = list(found.marks.all())
    scores = services.scores(found, marks)
    told = {each["code"]: each for each in services.seen_subjects(request.user, found)}
    everybody = len(told) == len(found.record.payload["subjects"])
    frame = scores.frame.filter(pl.col("subject").is_in(list(told)))
    if not everybody:  # a place among others tells of the others
        frame = frame.with_columns(pl.lit(None, dtype=pl.UInt32).alias("rank"))
    table = _ranking(request, found, frame, told)
    if answer := table.download():
        return answer
    office = may(request.user, permissions.ASSESS)
    working = found.record.state in (SELF, REVIEW)
    context = {
        "assessment": found,
        "kind": rubrics.KINDS[found.kind],
        "table": table,
        "everybody": everybody,
        "open_to_all": services.open_to_all(found),
        "status": int(scores.status),
        "filled": _filled(marks, told),
        "until": until(found),
        "steps": _steps(request, found) if office else [],
        "token": marking.token(marks) if office else "",
        "outdated": services.outdated(found, marks) if office and working else 0,
        "may_collect": office and working,
        "objections": _objections(request, found),
        "mine": [each for code, each in told.items() if code in permissions.subjects_of(request.user)],
        "events": _events(found) if may(request.user, permissions.SEE_WORK) else [],
    }
    return render(request, "plan/assessments/assessment.html", context)


def _ranking(
    request: HttpRequest, found: Assessment, frame: pl.DataFrame, told: Mapping[str, Mapping[str, str]]
) -> Table:
    vetoes = {each.code: each.title for each in scoring.Rubric.from_dict(found.rubric.content).vetoes}
    frame = frame.with_columns(
        pl.Series("shown", [named(told[code]) for code in frame["subject"]], dtype=pl.String),
        pl.col("grade_title_en" if english() else "grade_title").alias("grade_shown"),
        pl.Series("vetoed", ["、".join(vetoes[c] for c in row) for row in frame["vetoes"]], dtype=pl.String),
    )
    return Table(
        request,
        frame,
        [
            Column("shown", _("对象"), sort=None, link=lambda r: reverse("plan:assessed", kwargs={"id": found.pk, "subject": r["subject"]})),
            Column("rank", _("名次"), numeric=True, show=lambda r: "–" if r["rank"] is None else r["rank"]),
            Column("score", _("得分"), numeric=True, show=lambda r: "–" if r["score"] is None else f"{r['score']:.2f}"),
            Column("grade_shown", _("等级"), sort=None, show=lambda r: _unbroken(r["grade_shown"] or "–")),
            Column("bonus", _("加分"), numeric=True, show=lambda r: f"{r['bonus']:.2f}"),
            Column("deduction", _("扣分"), numeric=True, show=lambda r: f"{r['deduction']:.2f}"),
            Column("coverage", _("数据覆盖率"), numeric=True, show=lambda r: f"{r['coverage'] * 100:.0f}%"),
            Column("vetoed", _("否决"), sort=None, show=lambda r: r["vetoed"] or "–"),
        ],
        _("得分与名次"),
        order="rank",
        size=50,
        file=f"assessment-{found.kind}-{found.year}",
    )  # fmt: skip


def _unbroken(text: str) -> str:
    """A short word that a narrow column must not break between its signs."""
    return format_html('<span class="nowrap">{}</span>', text)


def _filled(marks: Sequence[Mark], told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """How far each subject is: lines, with a figure, self-assessed, settled."""
    found = {
        code: {"subject": each, "name": named(each), "lines": 0, "known": 0, "own": 0, "settled": 0, "held_by": ""}
        for code, each in told.items()
    }
    for mark in marks:
        if mark.subject in found:
            row = found[mark.subject]
            row["lines"] += 1
            row["known"] += marking.value_of(mark) is not None
            row["own"] += mark.own is not None
            row["settled"] += mark.settled is not None
            row["held_by"] = mark.held_by
    return list(found.values())


def _steps(request: HttpRequest, found: Assessment) -> list[dict[str, Any]]:
    titles = {each.action: each.title for each in found.record.workflow.transitions}
    return [
        {"action": action, "title": titles[action], "reason": reason} for action, reason in STEPS[found.record.state]
    ]


def _objections(request: HttpRequest, found: Assessment, subject: str = "") -> list[dict[str, Any]]:
    if not services.open_to_all(found) or not may(request.user, permissions.SEE_WORK):
        return []
    chosen = found.objections.select_related("record__created_by")
    chosen = chosen.filter(subject=subject) if subject else chosen
    names = {each["code"]: named(each) for each in found.record.payload["subjects"]}
    titles = {each.indicator: each for each in marking.lines_of(scoring.Rubric.from_dict(found.rubric.content))}
    return [
        {
            "objection": each,
            "name": names.get(each.subject, each.subject),
            "line": titles[each.indicator].name if each.indicator in titles else "",
            "unit": titles[each.indicator].unit if each.indicator in titles else "",
            "open": each.record.state == "open",
            "may_answer": may(request.user, permissions.ASSESS) and each.record.created_by_id != request.user.pk,
            "may_withdraw": each.record.created_by_id == request.user.pk,
        }
        for each in chosen
    ]


def _events(found: Assessment) -> list[dict[str, Any]]:
    titles = {each.action: each.title for each in found.record.workflow.transitions}
    moves = Move.objects.filter(record=found.record_id).select_related("by").order_by("-seq")
    return [
        {"title": titles.get(each.action, _("发起")), "at": each.at, "by": each.by, "text": each.reason, "bad": each.action == "rework"}
        for each in moves
    ]  # fmt: skip


@require_POST
@asks(permissions.ASSESS)
def step(request: HttpRequest, id: int) -> HttpResponse:
    """One step on; refused when somebody has changed a figure since the page was opened."""
    found = services.assessment_of(request.user, id)
    action = request.POST.get("action", "")
    if action not in {each for steps in STEPS.values() for each, _reason in steps}:
        raise NotFound(_("没有这一步"))
    services.step(
        found,
        action,
        seen=request.POST.get("seen", ""),
        by=request.user,
        now=timezone.now(),
        reason=request.POST.get("reason", ""),
    )
    messages.success(request, _("已办理：%(state)s") % {"state": _(found.record.state_title)})
    return redirect("plan:assessment", id=id)


@require_POST
@asks(permissions.ASSESS)
def collect(request: HttpRequest, id: int) -> HttpResponse:
    """Take the blackboard's figures anew."""
    found = services.assessment_of(request.user, id)
    changed = services.collect(found, by=request.user, now=timezone.now())
    messages.success(request, _("已重新汇总，%(count)s 个数有变动") % {"count": changed})
    return redirect("plan:assessment", id=id)


@require_safe
@asks(permissions.SEE)
def result(request: HttpRequest, id: int) -> HttpResponse:
    """The frozen result as a file, from which anyone can compute it again (`dafeng score verify`)."""
    found = services.assessment_of(request.user, id)
    if not found.result:
        raise NotFound(_("结果还没有公示"), mend=_("公示以后可以下载"))
    answer = JsonResponse(found.result, json_dumps_params={"ensure_ascii": False, "indent": 1})
    name = f"{found.kind}-{found.year}-{found.result['stage']}.json"
    answer["Content-Disposition"] = content_disposition_header(True, name) or ""
    return answer


# ---------------------------------------------------------------- one subject


@require_safe
@asks(permissions.SEE)
def assessed(request: HttpRequest, id: int, subject: str) -> HttpResponse:
    """A subject's score line by line, in words; what would raise it most; against the year before."""
    found = services.assessment_of(request.user, id)
    told = services.subject_of(request.user, found, subject)
    state = found.record.state
    marks = list(found.marks.prefetch_related("evidence"))
    basis = marking.OWN if state == SELF else marking.SETTLED
    scores = services.scores(found, marks, basis)
    row = scores.frame.row(by_predicate=pl.col("subject") == subject, named=True)
    working = services.sees_working(request.user, subject)
    mine = [mark for mark in marks if mark.subject == subject]
    context = {
        "assessment": found,
        "subject": told,
        "name": named(told),
        "row": row,
        "grade": worded(row, "grade_title"),
        "coverage": f"{row['coverage'] * 100:.0f}%",
        "confidence": f"{row['confidence'] * 100:.0f}%",
        "ranked": services.open_to_all(found) or services.sees_all(request.user),
        "self": state == SELF,
        "held_by": next((mark.held_by for mark in mine if mark.held_by), "") if working else found.result.get("held_by", {}).get(subject, ""),
        "sources": sources(found, mine) if working else [],
        "may_self": state == SELF and may(request.user, permissions.SELF_ASSESS, subject),
        "may_review": state == REVIEW and may(request.user, permissions.ASSESS),
        "may_object": state == OBJECTION and may(request.user, permissions.SELF_ASSESS, subject),
        "until": until(found),
        "objections": _objections(request, found, subject),
        "lines": marking.lines_of(scores.rubric),
        **_told(found, scores, subject, f"{basis}-{marking.token(marks)}"),
    }  # fmt: skip
    return render(request, "plan/assessments/subject.html", context)


def _told(found: Assessment, scores: scoring.Scores, subject: str, state: str) -> dict[str, Any]:
    """Lines, advice and comparison in words. They follow from the figures and the rules alone, and take half a second: kept by those."""
    before = services.former(found)
    rests_on = found.result.get("values_digest", state), found.result.get("stage", ""), found.rubric.digest, subject, get_language(), str(before and before.result["values_digest"])  # fmt: skip
    key = f"plan-assessed-{hashlib.sha256('|'.join(map(str, rests_on)).encode()).hexdigest()}"
    kept = cache.get(key)
    if kept is None:
        kept = {
            "groups": _groups(scores, subject),
            "advice": [worded(each, "reason") for each in scoring.advice(scores, [subject], limit=6).to_dicts()],
            "compared": _compared(before, scores, subject),
        }
        cache.set(key, kept, 3600)
    return kept


def _groups(scores: scoring.Scores, subject: str) -> list[dict[str, Any]]:
    """The lines under their groups with subtotals; then bonuses, deductions, vetoes and the grade's reason."""
    lines = explain(scores, scores.rows([subject]), languages=("en" if english() else "zh",)).to_dicts()
    sums = {each["code"]: each for each in scores.groups().filter(pl.col("subject") == subject).to_dicts()}
    found = []
    for group in scores.rubric.groups:
        rows = [each for each in lines if each["kind"] == "item" and each["group"] == group.code]
        found.append({"title": worded(vars(group), "title") or group.title, "sum": sums[group.code], "rows": rows})
    loose = [each for each in lines if each["kind"] == "item" and not each["group"]]
    rest = [each for each in lines if each["kind"] != "item"]
    for title, rows in ((_("评分项"), loose), (_("加分、扣分、否决与等级"), rest)):
        if rows:
            found.append({"title": title, "sum": None, "rows": rows})
    for each in lines:
        each["title"], each["reason"] = worded(each, "title"), worded(each, "reason")
    return found


def _compared(before: Assessment | None, scores: scoring.Scores, subject: str) -> dict[str, Any] | None:
    """Against the final result of the year before; None where there is none or the subject was not in it."""
    if before is None or all(each["subject"] != subject for each in before.result["subjects"]):
        return None
    told = scoring.compare(scoring.recompute(before.result), scores)
    row = told.subjects.row(by_predicate=pl.col("subject") == subject, named=True)
    lines = [
        {**each, "title": worded(each, "title"), "reason": worded(each, "reason")}
        for each in told.lines.filter(pl.col("subject") == subject).to_dicts()
        if abs(each["difference"]) >= 0.005
    ]
    return {"year": before.year, "row": row, "lines": lines, "same": told.same_rubric}


@require_safe
@asks(permissions.SEE_WORK)
def evidence(request: HttpRequest, id: int, subject: str, file: UUID) -> FileResponse:
    """A subject's evidence, for itself and for those who assess."""
    found = services.assessment_of(request.user, id)
    services.subject_of(request.user, found, subject)
    mark = found.marks.filter(subject=subject, evidence=file).first()
    if mark is None or not services.sees_working(request.user, subject):
        raise NotFound(_("没有这个文件"))
    kept = mark.evidence.get(pk=file)
    return FileResponse(kept.file.open("rb"), as_attachment=True, filename=kept.name, content_type=kept.media_type)


urlpatterns = [
    path("assessments/", assessments, name="assessments"),
    path("assessments/open/", open_year, name="assessment-open"),
    *rubric_views.urlpatterns,
    path("assessments/<int:id>/", assessment, name="assessment"),
    path("assessments/<int:id>/step/", step, name="assessment-step"),
    path("assessments/<int:id>/collect/", collect, name="assessment-collect"),
    path("assessments/<int:id>/result.json", result, name="assessment-result"),
    *assessment_forms.urlpatterns,
    path("assessments/<int:id>/<str:subject>/", assessed, name="assessed"),
    path("assessments/<int:id>/<str:subject>/evidence/<uuid:file>/", evidence, name="assessment-evidence"),
]
