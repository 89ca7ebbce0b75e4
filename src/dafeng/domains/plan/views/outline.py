"""方案: the plans of the city, the outline of each in the text's order, its versions and what changed between them."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from dafeng.domains.plan import permissions, plan_outline
from dafeng.domains.plan.models import Plan, Question, Target, Task, Version
from dafeng.domains.plan.plan_forms import DescribeForm
from dafeng.domains.plan.plan_workbook import workbook
from dafeng.domains.plan.services import plans
from dafeng.domains.plan.services.comparison import Change, compare
from dafeng.domains.plan.services.content import content_of
from dafeng.domains.plan.services.corrections import DIRECTIONS, OPERATORS, STRENGTHS, TARGET_KINDS
from dafeng.domains.plan.views import questions, review
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.pages import asked
from dafeng.kernel.records.services import is_person

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
AT_ONCE = 300  # blocks of an outline on one page; a longer plan is shown chapter by chapter
CHANGES = {"added": ("＋", "ok"), "dropped": ("－", "bad"), "changed": ("≠", "warn"), "moved": ("→", "")}


def plan_of(request: HttpRequest, key: str) -> Plan:
    """A plan that the person may see; one without an accepted version is there for the offices alone."""
    offices = is_person(request.user) and may(request.user, permissions.SEE_WORK)
    found = plans.visible_plans(offices=offices).filter(key=key).first()
    if found is None:
        raise NotFound(_("没有这个方案"), mend=_("请从“方案”页面重新进入"))
    return found


@require_safe
@asks(permissions.SEE)
def plan_list(request: HttpRequest) -> HttpResponse:
    """The city's plans, and for the offices what waits for review."""
    offices = is_person(request.user) and may(request.user, permissions.SEE_WORK)
    found = list(plans.visible_plans(offices=offices))
    # Three counts by themselves: joined in one query they would multiply each other's rows.
    tasks = _count(Task.objects.filter(parent=None, dropped_in=None))
    targets = _count(Target.objects.filter(dropped_in=None))
    open_questions = _count(Question.objects.filter(record__state="open"))
    versions: dict[int, list[Version]] = {}
    light = Version.objects.select_related("record").defer("text", "reading", "accepted")
    for version in light.filter(plan__in=[each.pk for each in found]):
        versions.setdefault(version.plan_id, []).append(version)
    rows = [
        {
            "plan": plan,
            "tasks": tasks.get(plan.pk, 0),
            "targets": targets.get(plan.pk, 0),
            "questions": open_questions.get(plan.pk, 0),
            "current": next((each for each in versions.get(plan.pk, []) if each.current), None),
            "waiting": [each for each in versions.get(plan.pk, []) if each.record.state == "read"] if offices else [],
        }
        for plan in found
    ]
    context = {"rows": rows, "offices": offices, "may_keep": may(request.user, permissions.KEEP)}
    return render(request, "plan/outline/list.html", context)


def _count(rows: QuerySet[Any]) -> dict[int, int]:
    """Plan → number of rows."""
    return dict(rows.order_by().values_list("plan").annotate(Count("pk")))


# ---------------------------------------------------------------- the outline


@require_safe
@asks(permissions.SEE)
def plan_page(request: HttpRequest, key: str) -> HttpResponse:
    """The version in force in the text's order: headings, tasks with owners, targets, and for the offices the questions."""
    plan = plan_of(request, key)
    version = plans.current_version(plan)
    if version is None:
        return redirect("plan:versions", key=key)
    offices = may(request.user, permissions.SEE_WORK)
    content = version.accepted
    asked_questions = questions_of(plan) if offices else []
    every = plan_outline.blocks(content, asked_questions)
    departments = plan_outline.departments_in(content)
    department = asked.one_of(request, "department", departments)
    text = request.GET.get("q", "").replace("\0", "").strip()[:80]
    found = plan_outline.chosen(every, department=department, text=text)
    chapters = list(dict.fromkeys(block.path.partition("/")[0] for block in found if block.path))
    chapter = asked.one_of(request, "chapter", chapters)
    if not chapter and len(found) > AT_ONCE and chapters:
        chapter = chapters[0]
    if chapter:
        found = [block for block in found if block.path.partition("/")[0] == chapter]
    context = {
        "plan": plan,
        "version": version,
        "lines": _lines(plan, found),
        "departments": departments,
        "department": department,
        "query": text,
        "chapters": chapters,
        "chapter": chapter,
        "offices": offices,
        "may_keep": may(request.user, permissions.KEEP),
        "counts": {
            "tasks": len(content["tasks"]),
            "targets": len(content["targets"]),
            "questions": sum(each.record.state == "open" for each in asked_questions),
        },
        "categories": content.get("categories", []),
        "general": [each for each in asked_questions if not any(each in block.questions for block in every)],
        "filtered": bool(department or text),
    }
    return render(request, "plan/outline/plan.html", context)


def questions_of(plan: Plan) -> list[Question]:
    return list(plan.questions.select_related("record").order_by("pk"))


def _lines(plan: Plan, found: list[plan_outline.Block]) -> list[dict[str, Any]]:
    """The blocks with the rows that live on: the task's card, and whether a target is bound."""
    tasks = dict(Task.objects.filter(plan=plan, parent=None).values_list("key", "pk"))
    bound = {key: (pk, binding) for key, pk, binding in Target.objects.filter(plan=plan, place=plan.city).values_list("key", "pk", "binding")}  # fmt: skip
    return [
        {
            "block": block,
            "task": tasks.get(block.key),
            "targets": [
                {"row": row, "printed": plan_outline.printed(row), "pk": bound.get(row["key"], (None, ""))[0], "bound": bound.get(row["key"], (None, ""))[1]}
                for row in block.targets
            ],
        }
        for block in found
    ]  # fmt: skip


@require_safe
@asks(permissions.SEE)
def export(request: HttpRequest, key: str, format: str) -> HttpResponse:
    """The version in force as a workbook or as JSON; questions only for the offices."""
    plan = plan_of(request, key)
    version = plans.current_version(plan)
    if version is None:
        raise NotFound(_("这个方案还没有采纳的版本"))
    asked_questions = questions_of(plan) if may(request.user, permissions.SEE_WORK) else []
    if format == "xlsx":
        answer = HttpResponse(workbook(plan, version, asked_questions), content_type=XLSX)
    else:
        answer = HttpResponse(
            json.dumps(as_json(plan, version, asked_questions), ensure_ascii=False, indent=1), content_type="application/json"
        )  # fmt: skip
    answer["Content-Disposition"] = f'attachment; filename="{plan.key}-{version.number}.{format}"'
    return answer


def as_json(plan: Plan, version: Version, asked_questions: list[Question]) -> dict[str, Any]:
    """The content of an accepted version, without the reader's own notes."""
    own = ("sections", "tasks", "targets", "projects", "enterprises", "platforms", "categories")
    return {
        "plan": plan.key,
        "title": plan.title,
        "issuer": plan.issuer,
        "issued_on": plan.issued_on.isoformat() if plan.issued_on else None,
        "first_year": plan.first_year,
        "last_year": plan.last_year,
        "version": version.number,
        **{name: [_without(row) for row in version.accepted.get(name, [])] for name in own},
        "questions": [
            {"code": each.code, "path": each.path, "quote": each.quote, "question": each.question, "state": each.record.state, "answer": each.answer, "ask": each.record.payload.get("ask", [])}
            for each in asked_questions
        ],
    }  # fmt: skip


def _without(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("ref", "id", "fact", "binding")}


# ---------------------------------------------------------------- what a plan says of itself, versions, compare


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def describe(request: HttpRequest, key: str) -> HttpResponse:
    """Title, issuer, date and years."""
    plan = plan_of(request, key)
    initial = {name: getattr(plan, name) for name in ("title", "issuer", "issued_on", "first_year", "last_year")}
    form = DescribeForm(request.POST or None, initial=initial)
    error = None
    if request.method == "POST" and form.is_valid():
        try:
            plans.describe(plan, **form.cleaned_data, by=request.user, now=timezone.now())
        except DafengError as refused:
            error = refused.as_dict()
        else:
            messages.success(request, _("已保存"))
            return redirect("plan:versions", key=key)
    status = 422 if request.method == "POST" else 200
    return render(request, "plan/outline/describe.html", {"plan": plan, "form": form, "error": error}, status=status)


@require_safe
@asks(permissions.SEE_WORK)
def versions(request: HttpRequest, key: str) -> HttpResponse:
    """Every version with its state, who did what, and a choice of two to compare."""
    plan = plan_of(request, key)
    found = list(plan.versions.select_related("record__created_by", "document").defer("text", "reading", "accepted"))
    context = {
        "plan": plan,
        "versions": found,
        "comparable": [each for each in found if each.record.state != "discarded"],
        "may_keep": may(request.user, permissions.KEEP),
    }
    return render(request, "plan/outline/versions.html", context)


@require_safe
@asks(permissions.SEE_WORK)
def compare_page(request: HttpRequest, key: str) -> HttpResponse:
    """Two versions task by task, target by target."""
    plan = plan_of(request, key)
    numbers = {str(each): each for each in plan.versions.values_list("number", flat=True)}
    old = asked.one_of(request, "old", numbers)
    new = asked.one_of(request, "new", numbers)
    if not old or not new:
        return redirect("plan:versions", key=key)
    both = {
        each.number: each for each in plan.versions.select_related("record").filter(number__in=(int(old), int(new)))
    }
    changes = compare(content_of(both[int(old)]), content_of(both[int(new)]))
    groups = [
        {"title": title, "changes": [_shown(each) for each in changes if each.kind == kind]}
        for kind, title in (("task", _("任务")), ("target", _("目标")))
    ]
    context = {"plan": plan, "old": both[int(old)], "new": both[int(new)], "groups": groups, "total": len(changes)}
    return render(request, "plan/outline/compare.html", context)


def _shown(change: Change) -> dict[str, Any]:
    titles = {
        "title": _("标题"), "owners": _("责任单位"), "indicator": _("指标"), "kind": _("种类"), "direction": _("方向"), "operator": _("关系"),
        "value": _("数值"), "unit": _("单位"), "year": _("目标年"), "baseline_year": _("基准年"), "strength": _("要求"), "scope": _("范围"),
    }  # fmt: skip
    words = {"added": _("新增"), "dropped": _("删去"), "changed": _("修改"), "moved": _("移位")}
    sign, tag = CHANGES[change.state]
    return {
        "change": change,
        "sign": sign,
        "tag": tag,
        "word": words[change.state],
        "fields": [(titles[name], _said(name, old), _said(name, new)) for name, (old, new) in change.fields.items()],
    }


def _said(name: str, value: Any) -> str:
    words: dict[str, Any] = {
        "kind": TARGET_KINDS,
        "operator": OPERATORS,
        "strength": STRENGTHS,
        "direction": DIRECTIONS,
    }
    if value in (None, "", []):
        return "–"
    if name in words:
        return str(words[name].get(value, value))
    if name == "value":
        return "～".join(f"{each:g}" for each in value) if isinstance(value, list) else f"{value:g}"
    return "、".join(value) if isinstance(value, list) else str(value)


urlpatterns: list[URLPattern] = [
    path("plans/", plan_list, name="outline"),
    *review.urlpatterns,
    path("plans/<slug:key>/", plan_page, name="plan"),
    path("plans/<slug:key>/export.xlsx", export, {"format": "xlsx"}, name="plan-xlsx"),
    path("plans/<slug:key>/export.json", export, {"format": "json"}, name="plan-json"),
    path("plans/<slug:key>/describe/", describe, name="plan-describe"),
    path("plans/<slug:key>/versions/", versions, name="versions"),
    path("plans/<slug:key>/compare/", compare_page, name="plan-compare"),
    *questions.urlpatterns,
]
