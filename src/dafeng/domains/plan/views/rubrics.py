"""The rules of assessment: an edition in words, two editions compared, and the form that makes the next one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from dafeng.domains.plan import permissions, rubric_form, rubric_words
from dafeng.domains.plan.models import Rubric as Row
from dafeng.domains.plan.services import rubrics
from dafeng.domains.plan.services.city import first_city
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import DafengError, NotFound, StaleError

TABLES = {
    "": gettext_lazy("总则"), "groups": gettext_lazy("分组"), "items": gettext_lazy("评分项"),
    "inputs": gettext_lazy("用到的数值"), "bonuses": gettext_lazy("加分"), "deductions": gettext_lazy("扣分"),
    "vetoes": gettext_lazy("否决"), "levels": gettext_lazy("等级"),
}  # fmt: skip
FIELDS = {
    "weight": gettext_lazy("权重"), "base": gettext_lazy("基准"), "lead": gettext_lazy("引领"), "cap": gettext_lazy("上限"),
    "from": gettext_lazy("起分"), "to": gettext_lazy("止分"), "minimum_coverage": gettext_lazy("最低覆盖率"),
    "title": gettext_lazy("名称"), "standing": gettext_lazy("性质"), "valid_from": gettext_lazy("生效日期"),
    "bonus_cap": gettext_lazy("加分合计上限"), "deduction_cap": gettext_lazy("扣分合计上限"), "version": gettext_lazy("版本"),
}  # fmt: skip


def _numbered(known: list[Row], asked: str, kind: str) -> rubrics.Edition:
    """The edition asked for, or the newest. Raises `NotFound`."""
    if not asked:
        return rubrics.newest(first_city(), kind, known=known)
    for row in known:
        if str(row.number) == asked:
            return rubrics.edition_of(row)
    if asked == "0":
        return rubrics.Edition(0, rubrics.default(kind), "")
    raise NotFound(_("没有第 %(number)s 版评分规则") % {"number": asked[:12]})


@require_safe
@asks(permissions.SEE)
def rubric(request: HttpRequest, kind: str) -> HttpResponse:
    """An edition in words; what it changed against another; all editions with their reasons."""
    known = rubrics.rows(first_city(), kind)
    shown = _numbered(known, request.GET.get("edition", ""), kind)
    if request.GET.get("export") == "json":
        answer = JsonResponse(shown.rubric.as_dict(), json_dumps_params={"ensure_ascii": False, "indent": 1})
        answer["Content-Disposition"] = content_disposition_header(True, f"rubric-{kind}-{shown.number}.json") or ""
        return answer
    earlier = next((row for row in known if row.number == shown.number - 1), None)
    asked = request.GET.get("with", "")
    other = _numbered(known, asked, kind) if asked else rubrics.edition_of(earlier) if earlier else None
    context = {
        "kind": kind,
        "kind_title": rubrics.KINDS[kind],
        "shown": shown,
        "other": other,
        "changes": _changes(other, shown) if other else [],
        "editions": known,
        "blocks": rubric_words.blocks(shown.rubric, "en" if (get_language() or "").startswith("en") else "zh"),
        "may_edit": may(request.user, permissions.RUBRIC),
    }
    return render(request, "plan/assessments/rubric.html", context)


def _changes(before: rubrics.Edition, after: rubrics.Edition) -> list[dict[str, Any]]:
    return [
        {
            "table": TABLES[each.table],
            "title": each.title,
            "field": FIELDS.get(each.field, each.field),
            "before": _said(each.before),
            "after": _said(each.after),
            "state": each.state,
        }
        for each in rubrics.changes(before.rubric.as_dict(), after.rubric.as_dict())
    ]


def _said(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, dict):
        return _("权重 %(weight)s") % {"weight": value["weight"]} if "weight" in value else str(value["title"])
    return f"{value:g}" if isinstance(value, int | float) else str(value)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.RUBRIC)
def edit(request: HttpRequest, kind: str) -> HttpResponse:
    """Change weights, cuts and which lines count; every fault stands at its field, and nothing is stored until all is sound."""
    city = first_city()
    known = rubrics.rows(city, kind)
    start = rubrics.newest(city, kind, known=known)
    content = start.rubric.as_dict()
    lines = rubric_form.known_lines([content, *(row.content for row in known), rubrics.default(kind).as_dict()])
    if request.method != "POST":
        return _page(request, kind, rubric_form.unbound(content, lines), start.number)
    form = rubric_form.bound(content, lines, request.POST)
    seen = request.POST.get("seen", "")
    if not form.sound:
        return _page(request, kind, form, seen, status=422)
    try:
        row = rubrics.new_edition(
            city, kind, form.content, seen=int(seen) if seen.isdigit() else -1, reason=request.POST.get("reason", ""),
            by=request.user, now=timezone.now(),
        )  # fmt: skip
    except DafengError as error:
        return _page(request, kind, form, seen, error=error, status=409 if isinstance(error, StaleError) else 422)
    messages.success(request, _("已存为第 %(number)s 版；已发起和已定稿的考核仍用原来的版本") % {"number": row.number})
    return redirect("plan:rubric", kind=kind)


def _page(
    request: HttpRequest, kind: str, form: rubric_form.Form, seen: Any, *, error: DafengError | None = None, status: int = 200
) -> HttpResponse:  # fmt: skip
    context = {
        "kind": kind,
        "kind_title": rubrics.KINDS[kind],
        "form": form,
        "seen": seen,
        "reason": request.POST.get("reason", ""),
        "error": error.as_dict() if error else None,
        "titles": FIELDS,
        "rest": [(TABLES[table], table, form.tables[table]) for table in ("bonuses", "deductions", "vetoes", "levels")],
    }
    return render(request, "plan/assessments/rubric_edit.html", context, status=status)


urlpatterns = [
    path("assessments/rules/<str:kind>/", rubric, name="rubric"),
    path("assessments/rules/<str:kind>/edit/", edit, name="rubric-edit"),
]
