"""A task's monthly report: its form, handing in, accepting, returning."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.plan import permissions
from dafeng.domains.plan.models import Progress
from dafeng.domains.plan.services import progress, supervision
from dafeng.domains.plan.task_forms import EVIDENCE_KINDS, ReportForm, kept_evidence
from dafeng.domains.plan.views.task_card import card_page, places_of, reporter_name, task_of
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.errors import DafengError, PlanError, StaleError


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.REPORT)
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """The month's report: an empty form, or the draft that is there. Two texts of one month are shown side by side."""
    task, now = task_of(request, pk), timezone.now()
    demand(request.user, permissions.REPORT, task)
    places = places_of(task)
    reporters = {code: reporter_name(code, places) for code in progress.reporters_of(request.user, task)}
    periods = [str(each) for each in supervision.open_periods(supervision.day_of(now))]
    if request.method == "POST":
        return _write(request, task, reporters, periods)
    asked = request.GET.get("period", "")
    chosen = request.GET.get("reporter") or next(iter(reporters), "")
    existing = list(Progress.objects.filter(task=task, reporter=chosen).select_related("record"))
    found = next((each for each in existing if each.period == asked), None)
    if not asked:
        taken = {each.period: each for each in existing}
        asked = next((each for each in periods if each not in taken), periods[0])
        found = taken.get(asked)
    initial: dict[str, Any] = {"period": asked, "reporter": chosen}
    if found:
        initial |= {name: getattr(found, name) for name in ("text", "percent", "value", "unit", "next_step")}
    form = ReportForm(periods=periods, reporters=reporters, initial=initial)
    locked = found is not None and found.record.state not in ("draft", "returned")
    return _form(request, task, form, seen=progress.stamp(found), found=found, locked=locked)


def _form(
    request: HttpRequest, task: Any, form: ReportForm, *, seen: str, found: Progress | None, locked: bool = False,
    error: DafengError | None = None, other: Progress | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    day = supervision.day_of(timezone.now())
    context = {
        "task": task, "form": form, "seen": seen, "found": found, "locked": locked, "other": other,
        "error": error.as_dict() if error else None, "accept": ",".join(EVIDENCE_KINDS),
        "others": [(code, name) for code, name in form.fields["reporter"].choices if code != form["reporter"].value()],
        "closing": [(str(each), supervision.rule_at(day).closes_on(each)) for each in supervision.open_periods(day)],
    }  # fmt: skip
    return render(request, "plan/tasks/report.html", context, status=status)


def _write(request: HttpRequest, task: Any, reporters: dict[str, str], periods: list[str]) -> HttpResponse:
    now, seen = timezone.now(), request.POST.get("seen", "")
    form = ReportForm(
        request.POST, periods=[*periods, *filter(None, [request.POST.get("period")])], reporters=reporters
    )
    if not form.is_valid():
        return _form(request, task, form, seen=seen, found=None, status=422)
    given = form.cleaned_data
    try:
        made = progress.write(
            task, given, reporter=given["reporter"], seen=seen, by=request.user, now=now,
            evidence=kept_evidence(request, now=now), submit=request.POST.get("do") == "submit",
        )  # fmt: skip
    except StaleError as error:
        other = Progress.objects.filter(task=task, period=given["period"], reporter=given["reporter"]).select_related("record", "record__created_by").first()  # fmt: skip
        return _form(request, task, form, seen=progress.stamp(other), found=other, other=other, error=error, status=409)
    except DafengError as error:
        return _form(request, task, form, seen=seen, found=None, error=error, status=422)
    messages.success(
        request, _("%(period)s 的进展已%(done)s") % {"period": made.period, "done": made.record.state_title}
    )
    return redirect(f"{reverse('plan:task', args=[task.pk])}#progress")


@require_safe
@asks(permissions.SEE_WORK)
def progress_page(request: HttpRequest, record: UUID) -> HttpResponse:
    """A report has its place on its task's card."""
    found = get_object_or_404(progress.visible(request.user, Progress.objects.all()), record=record)
    return redirect(f"{reverse('plan:task', args=[found.task_id])}#r{found.pk}")


@require_POST
@asks(permissions.REPORT)
def progress_move(request: HttpRequest, record: UUID) -> HttpResponse:
    """Hand in, accept, return."""
    found = get_object_or_404(
        progress.visible(request.user, Progress.objects.select_related("task", "task__plan", "record")), record=record
    )
    action = request.POST.get("action", "")
    try:
        moved = progress.move(
            found, action, state=request.POST.get("state", ""), by=request.user, now=timezone.now(),
            reason=request.POST.get("reason", ""),
        )  # fmt: skip
    except PlanError as error:
        return card_page(request, task_of(request, found.task_id), error=error)
    messages.success(request, _("已办理：%(state)s") % {"state": moved.state_title})
    return redirect(f"{reverse('plan:task', args=[found.task_id])}#r{found.pk}")


urlpatterns = [
    path("tasks/<int:pk>/report/", report, name="task-report"),
    path("tasks/progress/<uuid:record>/", progress_page, name="progress"),
    path("tasks/progress/<uuid:record>/move/", progress_move, name="progress-move"),
]
