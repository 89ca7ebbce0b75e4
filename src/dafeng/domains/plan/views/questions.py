"""疑问: what is printed but cannot be right or is unclear, asked of its owner. An owner answers, the carbon office closes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from dafeng.domains.plan import permissions
from dafeng.domains.plan.models import Plan, Question, Target
from dafeng.domains.plan.plan_outline import printed
from dafeng.domains.plan.services import questions
from dafeng.domains.plan.services.content import as_value
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.errors import DafengError, NotFound, PermissionDenied, StaleError
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records import services as records

STATES = {"open": "warn", "answered": "ok", "closed": ""}


@require_safe
@asks(permissions.SEE_WORK)
def question_list(request: HttpRequest) -> HttpResponse:
    """The queue: open first; `mine` shows what is asked of the person's own department."""
    names = questions.department_names()
    rows = Question.objects.select_related("plan", "record").order_by("plan__key", "pk")
    own = permissions.subjects_of(request.user)
    mine = request.GET.get("mine") == "1"
    if mine:
        wanted = [each.pk for each in rows if own & set(each.record.payload.get("ask") or [each.owner])]
        rows = rows.filter(pk__in=wanted)
    table = Table(
        request,
        rows,
        [
            Column("question", _("问题"), wide=True, sort=None, link=lambda q: reverse("plan:question", kwargs={"pk": q.pk})),
            Column("record.state", _("状态"), show=_state),
            Column("owner", _("问谁"), show=lambda q: asked_names(q, names)),
            Column("plan.title", _("方案"), sort="plan__key", wide=True, show=lambda q: q.plan.title),
            Column("path", _("章节"), wide=True),
            Column("quote", _("原文"), sort=None, wide=True, show=lambda q: q.quote or "–"),
        ],
        _("对方案的疑问"),
        search=("question", "quote", "answer", "path"),
        choices=(
            Choice("state", _("状态"), {"open": _("待回答"), "answered": _("已回答"), "closed": _("已了结")}, column="record__state"),
            Choice("plan", _("方案"), {key: title if len(title) <= 14 else f"{title[:13]}…" for key, title in Plan.objects.values_list("key", "title")}, column="plan__key"),
        ),
        order="",
        size=50,
        empty=_("没有疑问。"),
        file="questions",
    )  # fmt: skip
    tabs = [
        {"title": _("全部"), "address": "?", "current": not mine},
        {"title": _("问我单位的"), "address": "?mine=1", "current": mine},
    ]
    return table.download() or render(request, "plan/outline/questions.html", {"table": table, "tabs": tabs})


def _state(question: Question) -> Any:
    return format_html('<span class="tag {}">{}</span>', STATES.get(question.record.state, ""), question.record.state_title)  # fmt: skip


def asked_names(question: Question, names: dict[str, str]) -> str:
    return "、".join(names.get(each, each) for each in question.record.payload.get("ask") or [question.owner])


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.SEE_WORK)
def question_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One question: the places it is about, the targets, the answer, and what one may do now."""
    found = Question.objects.select_related("plan", "record").filter(pk=pk).first()
    if found is None:
        raise NotFound(_("没有这个问题"))
    error = None
    if request.method == "POST":
        try:
            return _act(request, found)
        except PermissionDenied:
            raise
        except DafengError as refused:
            error = refused
            found = Question.objects.select_related("plan", "record").get(pk=pk)
    payload = found.record.payload
    titles = dict(Plan.objects.filter(city=found.plan.city).values_list("key", "title"))
    workflow = found.record.workflow
    steps = {each.action: each for each in records.actions(found.record, request.user)}
    context = {
        "question": found,
        "tag": STATES.get(found.record.state, ""),
        "asked": asked_names(found, questions.department_names()),
        "places": [{"key": key, "title": titles.get(key, key), "path": path} for key, path in payload.get("paths", [])],
        "targets": [
            {"target": each, "printed": printed({"value": as_value(each.low, each.high), "operator": each.operator, "direction": each.direction, "baseline_year": each.baseline_year, "kind": each.kind, "unit": each.unit})}
            for each in Target.objects.select_related("plan").filter(key__in=payload.get("targets", []), plan__city=found.plan.city)
        ],
        "may_answer": "answer" in steps and questions.may_answer(request.user, found),
        "steps": [steps[name] for name in ("close", "reopen") if name in steps],
        "events": [
            {"title": _("提出") if each.action == "open" else workflow.title_of(each.action), "at": each.at, "by": each.by or _("系统"), "text": each.reason}
            for each in found.record.moves.select_related("by")
        ],
        "error": error.as_dict() if error else None,
        "kept": request.POST.get("text", "") if error else "",
    }  # fmt: skip
    status = 200 if error is None else 409 if isinstance(error, StaleError) else 422
    return render(request, "plan/outline/question.html", context, status=status)


def _act(request: HttpRequest, found: Question) -> HttpResponse:
    given: dict[str, Any] = {"seen": request.POST.get("state", ""), "by": request.user, "now": timezone.now()}
    wanted = request.POST.get("do", "")
    if wanted == "answer":
        questions.answer(found, text=request.POST.get("text", "")[:5000], **given)
        messages.success(request, _("已回答"))
    elif wanted in ("close", "reopen"):
        demand(request.user, permissions.KEEP)
        questions.move(found, wanted, reason=request.POST.get("text", "")[:5000], **given)
        messages.success(request, _("已办理"))
    else:
        raise NotFound(_("不认识的动作"))
    return redirect("plan:question", pk=found.pk)


urlpatterns: list[URLPattern] = [
    path("questions/", question_list, name="questions"),
    path("questions/<int:pk>/", question_page, name="question"),
]
