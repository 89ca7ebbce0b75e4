"""任务: the list, a task's card, and what the office does there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.plan import permissions
from dafeng.domains.plan.models import Owner, Plan, Task
from dafeng.domains.plan.services import escalations, supervision, tasks
from dafeng.domains.plan.task_forms import AssignForm
from dafeng.domains.plan.views import task_plans, task_reports, task_sheets
from dafeng.domains.plan.views import task_words as words
from dafeng.domains.plan.views.drawn import drawn
from dafeng.domains.plan.views.task_card import card_page, task_of, tasks_for
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import PlanError, StaleError
from dafeng.kernel.pages.kept import kept
from dafeng.kernel.pages.tables import Choice, Column
from dafeng.kernel.records.models import Record

_SHORT = 22  # as much of a plan's title as a list of choices shows


@require_safe
@asks(permissions.SEE)
def task_list(request: HttpRequest) -> HttpResponse:
    """Every task with its state; the public sees whether it is done."""
    day = supervision.day_of(timezone.now())
    office, seen = may(request.user, permissions.SEE_WORK), tasks_for(request)
    names, departments, plans = kept("plan.task-choices", office, make=lambda: _named(seen), seconds=60)
    rows = supervision.with_state(seen, day=day) if office else seen
    rows = rows.only("title", "path", "order", "place", "due_on", "done_on").order_by(
        "-plan__last_year", "plan", "order", "pk"
    )
    if request.GET.get("mine") and office:
        rows = _mine(request, rows)
    elif not request.GET.get("place"):
        rows = rows.filter(parent=None)  # the counties' parts are asked for by county
    table = words.TaskTable(
        request,
        rows,
        _columns(names) if office else _public_columns(),
        _("任务"),
        search=("title", "path"),
        choices=_choices(names, departments, plans, office=office),
        size=50,
        empty=_("还没有任务。方案采纳之后，各项任务会列在这里。"),
        file="tasks",
    )
    table.departments = departments
    if request.GET.get("export"):
        table.rows = rows.prefetch_related("owners")
    if answer := table.download():
        return answer
    numbers = supervision.counts(table.but("state")) if office else {}
    if office:
        table.known_total = numbers.get(table.asked("state"), sum(numbers.values()))
    context = {
        "table": drawn(table, _shown(table.page), names),
        "office": office,
        "states": [{"tag": words.state_tag(state), "count": count, "address": table.address(state=state)} for state, count in numbers.items()],
        "rule": supervision.rule_at(day).words(),
        "mine": bool(request.GET.get("mine")),
        "reports": may(request.user, permissions.REPORT),
    }  # fmt: skip
    return render(request, "plan/tasks/list.html", context)


def _named(seen: QuerySet[Task]) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Names of places, departments and plans: what the filters offer."""
    plans = Plan.objects.values_list("pk", "title")
    short = {str(pk): title if len(title) <= _SHORT else f"{title[:_SHORT]}…" for pk, title in plans}
    return words.place_names(), words.department_names(seen), short


def _shown(page: Iterable[Any]) -> list[tuple[Any, ...]]:
    """All that the list shows of its tasks. Owners are asked for as plain values: there are several to a task."""
    rows = list(page)
    for task in rows:
        task.owning = []
    by_pk = {task.pk: task for task in rows}
    fields = ("task_id", "pk", "name", "role", "until")
    for owner in Owner.objects.filter(task__in=list(by_pk), until=None).values_list(*fields, named=True):
        by_pk[owner.task_id].owning.append(owner)
    names = ("pk", "title", "path", "place", "due_on", "done_on", "last_period", "percent", "state")
    return [(*(getattr(task, name, None) for name in names), [tuple(each) for each in task.owning]) for task in rows]


def _owners(task: Any) -> Any:
    return words.owners_text(task.owning if hasattr(task, "owning") else task.owners.all())


def _mine(request: HttpRequest, rows: QuerySet[Task]) -> QuerySet[Task]:
    subjects = permissions.subjects_of(request.user)
    owner = Owner.objects.filter(task=OuterRef("pk"), until=None, department__in=subjects)
    return rows.filter(Exists(owner) | Q(place__in=subjects))


def _columns(names: Mapping[str, str]) -> list[Column]:
    address = reverse("plan:task", args=[0])
    return [
        Column("title", _("任务"), link=lambda t: address.replace("/0/", f"/{t.pk}/"), wide=True),
        Column("path", _("章节"), sort="order", wide=True),
        Column("who", _("责任单位"), sort=None, show=_owners, wide=True),
        Column("place", _("地区"), show=lambda t: words.whole(names.get(t.place, t.place))),
        Column("due_on", _("期限"), show=lambda t: words.whole(t.due_on)),
        Column("last_period", _("最近报送"), show=lambda t: words.whole(t.last_period)),
        Column("percent", _("完成 %"), numeric=True),
        Column("state", _("状态"), show=lambda t: words.state_tag(t.state)),
    ]


def _public_columns() -> list[Column]:
    address = reverse("plan:task", args=[0])
    return [
        Column("title", _("任务"), link=lambda t: address.replace("/0/", f"/{t.pk}/"), wide=True),
        Column("path", _("章节"), sort="order", wide=True),
        Column("who", _("责任单位"), sort=None, show=_owners, wide=True),
        Column("done_on", _("状态"), show=words.public_state),
    ]


def _choices(names: Mapping[str, str], departments: Mapping[str, str], plans: Mapping[str, str], *, office: bool) -> list[Choice]:  # fmt: skip
    found = [Choice("plan", _("方案"), plans), Choice("department", _("责任单位"), departments)]
    if office:
        found.append(Choice("place", _("地区"), names))
        found.append(Choice("state", _("状态"), supervision.TITLES))
    return found


@require_safe
@asks(permissions.SEE)
def task_card(request: HttpRequest, pk: int) -> HttpResponse:
    return card_page(request, task_of(request, pk))


# ---------------------------------------------------------------- assigning


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.ASSIGN)
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    task, error = task_of(request, pk), None
    others = supervision.in_force(task.plan.city).filter(parent=None).exclude(pk=pk).values_list("pk", "path", "title")
    given = request.POST if request.method == "POST" else None
    initial = {
        "due_on": task.due_on,
        "done_on": task.done_on,
        "after": [str(key) for key in task.after.values_list("pk", flat=True)],
    }
    form = AssignForm(
        given, task=task, others=[(key, f"{path} {title}") for key, path, title in others], initial=initial
    )
    if given is not None and form.is_valid():
        try:
            tasks.assign(
                task, due_on=form.cleaned_data["due_on"], done_on=form.cleaned_data["done_on"], milestones=form.milestones,
                after=map(int, form.cleaned_data["after"]), seen=given.get("seen", ""), by=request.user, now=timezone.now(),
            )  # fmt: skip
        except (PlanError, StaleError) as refused:
            error = refused
        else:
            messages.success(request, _("安排已保存"))
            return redirect("plan:task", pk=pk)
    stale = isinstance(error, StaleError)
    context = {"task": task, "form": form, "seen": given.get("seen", "") if given and not stale else tasks.digest(task), "error": error.as_dict() if error else None}  # fmt: skip
    status = 409 if stale else 422 if error or form.errors else 200
    return render(request, "plan/tasks/assign.html", context, status=status)


@require_POST
@asks(permissions.ASSIGN)
def break_down(request: HttpRequest, pk: int) -> HttpResponse:
    task = task_of(request, pk)
    try:
        made = tasks.break_down(task, request.POST.getlist("place"), by=request.user, now=timezone.now())
    except PlanError as error:
        return card_page(request, task, error=error)
    messages.success(request, _("已分解到 %(count)s 个县区") % {"count": len(made)})
    return redirect("plan:task", pk=pk)


@require_POST
@asks(permissions.ASSIGN)
def hand_over(request: HttpRequest, pk: int, owner: int) -> HttpResponse:
    task = task_of(request, pk)
    found = get_object_or_404(Owner, pk=owner, task=pk)
    try:
        on = parse_date(request.POST.get("on", ""))
    except ValueError:
        on = None
    try:
        if on is None:
            raise PlanError(_("没有填移交日期，或不是日期"), expected="2026-12-01")
        new = tasks.hand_over(
            found, department=request.POST.get("department", ""), on=on, reason=request.POST.get("reason", ""),
            by=request.user, now=timezone.now(),
        )  # fmt: skip
    except (PlanError, StaleError) as error:
        return card_page(request, task, error=error)
    messages.success(request, _("已移交给%(name)s") % {"name": new.name})
    return redirect("plan:task", pk=pk)


@require_POST
@asks(permissions.COMMENT)
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    task = task_of(request, pk)
    try:
        tasks.remark(task, request.POST.get("text", ""), by=request.user, now=timezone.now())
    except PlanError as error:
        return card_page(request, task, error=error)
    return redirect(f"{reverse('plan:task', args=[pk])}#talk")


# ---------------------------------------------------------------- matters


@require_POST
@asks(permissions.ESCALATE)
def escalate(request: HttpRequest, pk: int) -> HttpResponse:
    task = task_of(request, pk)
    try:
        escalations.escalate(task, matter=request.POST.get("matter", ""), asks=request.POST.get("asks", ""), by=request.user, now=timezone.now())  # fmt: skip
    except PlanError as error:
        return card_page(request, task, error=error)
    messages.success(request, _("已报领导小组"))
    return redirect(f"{reverse('plan:task', args=[pk])}#matters")


@require_POST
@asks(permissions.DECIDE)
def answer(request: HttpRequest, record: UUID) -> HttpResponse:
    found = get_object_or_404(Record.objects.for_user(request.user).of_kind(escalations.KIND), pk=record)
    escalations.answer(
        found, request.POST.get("action", ""), state=request.POST.get("state", ""), reason=request.POST.get("reason", ""),
        by=request.user, now=timezone.now(),
    )  # fmt: skip
    return redirect(f"{reverse('plan:task', args=[int(found.key)])}#matters")


@require_safe
@asks(permissions.SEE_WORK)
def matter(request: HttpRequest, record: UUID) -> HttpResponse:
    found = get_object_or_404(Record.objects.for_user(request.user).of_kind(escalations.KIND), pk=record)
    return redirect(f"{reverse('plan:task', args=[int(found.key)])}#matters")


urlpatterns = [
    path("tasks/", task_list, name="tasks"),
    *task_plans.urlpatterns,
    *task_sheets.urlpatterns,
    *task_reports.urlpatterns,
    path("tasks/<int:pk>/", task_card, name="task"),
    path("tasks/<int:pk>/assign/", assign, name="task-assign"),
    path("tasks/<int:pk>/parts/", break_down, name="task-parts"),
    path("tasks/<int:pk>/owners/<int:owner>/", hand_over, name="task-hand-over"),
    path("tasks/<int:pk>/comment/", comment, name="task-comment"),
    path("tasks/<int:pk>/escalate/", escalate, name="task-escalate"),
    path("tasks/matters/<uuid:record>/", matter, name="matter"),
    path("tasks/matters/<uuid:record>/answer/", answer, name="matter-answer"),
]
