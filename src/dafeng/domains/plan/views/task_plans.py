"""任务 seen as a whole: by place, field and industry; as a Gantt chart; as a calendar; as the road to the plan's last year."""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dafeng.domains.plan import gantt, permissions
from dafeng.domains.plan.models import Milestone, Plan, Project, Target, Task, Version
from dafeng.domains.plan.services import supervision
from dafeng.domains.plan.views import task_words as words
from dafeng.kernel.actions import asks, may
from dafeng.kernel.pages import asked

MONTHS = 12


@cache
def industries() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(
        files("dafeng.domains.plan").joinpath("industries.toml").read_text("utf-8")
    )["industry"]
    return found


def industry_of(title: str) -> str:
    """The industry that a title names; empty where it names none."""
    return next((each["title"] for each in industries() if any(word in title for word in each["words"])), "")


def field_of(path: str) -> str:
    """The field of a task: the first two headings of its path."""
    return "/".join(path.split("/")[:2])


def _plan(request: HttpRequest) -> tuple[Plan | None, list[dict[str, Any]]]:
    """The plan asked for, by default the newest, and the tabs of all."""
    plans = list(Plan.objects.order_by("-last_year", "-issued_on", "key"))
    if not plans:
        return None, []
    tabs = asked.tabs(request, "plan", {plan.key: plan.title for plan in plans})
    chosen = next(tab["value"] for tab in tabs if tab["current"])
    return next(plan for plan in plans if plan.key == chosen), tabs


def _tasks(plan: Plan, day: date) -> QuerySet[Task]:
    return supervision.with_state(supervision.in_force().filter(plan=plan), day=day)


# ---------------------------------------------------------------- three cuts


@require_safe
@asks(permissions.SEE_WORK)
def cuts(request: HttpRequest) -> HttpResponse:
    """The same tasks counted three ways: by place, by field, by industry where the title names one."""
    day = supervision.day_of(timezone.now())
    plan, plans = _plan(request)
    by = asked.tabs(request, "by", {"place": _("按地区"), "field": _("按领域"), "industry": _("按行业")})
    chosen = next(tab["value"] for tab in by if tab["current"])
    lines: list[dict[str, Any]] = []
    if plan:
        rows = list(_tasks(plan, day).values("pk", "title", "path", "place", "state", "percent"))
        names = words.place_names()
        headings = _headings(plan)
        key: dict[str, Callable[[Mapping[str, Any]], str]] = {
            "place": lambda row: names.get(row["place"], row["place"]),
            "field": lambda row: _field_title(field_of(row["path"]), headings),
            "industry": lambda row: industry_of(row["title"]) or _("未写明行业"),
        }
        known = [name for code, name in names.items() if code[:4] == plan.city[:4]] if chosen == "place" else []
        lines = _cut(rows, key[chosen], known)
    context = {"plan": plan, "plans": plans, "by": by, "chosen": chosen, "lines": lines, "states": [(state, supervision.TITLES[state]) for state in supervision.STATES], "rule": supervision.rule_at(day).words()}  # fmt: skip
    return render(request, "plan/tasks/cuts.html", context)


def _cut(
    rows: Iterable[Mapping[str, Any]], key: Callable[[Mapping[str, Any]], str], known: Iterable[str]
) -> list[dict[str, Any]]:
    counted: dict[str, Counter[str]] = {name: Counter() for name in known}
    percents: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        name = key(row)
        counted.setdefault(name, Counter())[row["state"]] += 1
        if row["percent"] is not None:
            percents[name].append(row["percent"])
    return [
        {
            "name": name,
            "total": found.total(),
            "cells": [found[state] for state in supervision.STATES],
            "mean": round(sum(percents[name]) / len(percents[name])) if percents[name] else None,
            "reported": len(percents[name]),
        }
        for name, found in counted.items()
    ]


def _headings(plan: Plan) -> dict[str, str]:
    """Path → title of the plan's headings, where its reading has a text."""
    reading = Version.objects.filter(plan=plan, current=True).values_list("accepted", flat=True).first() or {}
    return {str(each.get("path", "")): str(each.get("title", "")) for each in reading.get("sections", [])}


def _field_title(field: str, headings: Mapping[str, str]) -> str:
    return f"{field} {headings.get(field, '')}".strip()


# ---------------------------------------------------------------- Gantt


@require_safe
@asks(permissions.SEE_WORK)
def chart(request: HttpRequest) -> HttpResponse:
    """Tasks with a date, as bars; those without one are counted, not drawn."""
    day = supervision.day_of(timezone.now())
    plan, plans = _plan(request)
    departments: dict[str, str] = {}
    drawn, undated = None, 0
    wanted = request.GET.get("department", "")
    if plan:
        rows = _tasks(plan, day).prefetch_related("owners", "milestones", "after").order_by("due_on", "order")
        departments = words.department_names(supervision.in_force().filter(plan=plan))
        if wanted in departments:
            rows = supervision.owned_by(rows, [wanted])
        every = list(rows)
        undated = sum(each.due_on is None for each in every)
        drawn = gantt.draw([_bar(each, plan) for each in every if each.due_on], today=day)
    context = {"plan": plan, "plans": plans, "gantt": drawn, "undated": undated, "departments": departments, "wanted": wanted, "shown": gantt.SHOWN, "titles": supervision.TITLES}  # fmt: skip
    return render(request, "plan/tasks/gantt.html", context)


def _bar(task: Any, plan: Plan) -> gantt.Bar:
    begins = task.begun_on or date(plan.first_year or task.due_on.year, 1, 1)
    return gantt.Bar(
        key=task.pk,
        title=task.title,
        begins=min(begins, task.due_on),
        ends=task.due_on,
        state=task.state,
        address=reverse("plan:task", args=[task.pk]),
        owner=str(words.owners_text(task.owners.all())),
        steps=[(each.title, each.due_on, each.done_on) for each in task.milestones.all()],
        after=[each.pk for each in task.after.all()],
    )


# ---------------------------------------------------------------- calendar


@require_safe
@asks(permissions.SEE_WORK)
def calendar(request: HttpRequest) -> HttpResponse:
    """What falls due in the coming months, day by day."""
    day = supervision.day_of(timezone.now())
    first, last = supervision.month(day), supervision.month(day, back=1 - MONTHS)
    between = {"due_on__gte": first.start, "due_on__lte": last.end}
    found: dict[str, list[dict[str, Any]]] = {str(supervision.month(day, back=-number)): [] for number in range(MONTHS)}

    def put(on: date, kind: str, title: str, href: str, more: str = "", *, late: bool = False) -> None:
        found[str(supervision.month(on))].append(
            {"on": on, "kind": kind, "title": title, "href": href, "more": more, "late": late}
        )

    names = words.place_names()
    for task in supervision.in_force().filter(done_on=None, **between).prefetch_related("owners"):
        put(task.due_on, _("任务期限"), task.title, reverse("plan:task", args=[task.pk]), f"{names.get(task.place, '')} {words.owners_text(task.owners.all())}", late=task.due_on < day)  # fmt: skip
    for step in Milestone.objects.filter(done_on=None, task__dropped_in=None, **between).select_related("task"):
        put(
            step.due_on,
            _("节点"),
            step.title,
            reverse("plan:task", args=[step.task_id]),
            step.task.title,
            late=step.due_on < day,
        )
    ending = Project.objects.filter(ends_on__gte=first.start, ends_on__lte=last.end).exclude(stage="done")
    for project in ending:
        put(
            project.ends_on,
            _("项目竣工"),
            project.name,
            reverse("plan:project", args=[project.pk]),
            names.get(project.place, ""),
        )  # type: ignore[arg-type]
    rule = supervision.rule_at(day)
    for number in range(MONTHS):
        period = supervision.month(day, back=1 - number)  # it closes in the month after it
        put(rule.closes_on(period), _("填报截止"), _("%(period)s 的进展") % {"period": period}, reverse("plan:tasks"))
    months = [
        {"name": name, "days": sorted(days, key=lambda line: (line["on"], line["kind"]))}
        for name, days in found.items()
    ]
    return render(request, "plan/tasks/calendar.html", {"months": months, "today": day})


# ---------------------------------------------------------------- roadmap


@require_safe
@asks(permissions.SEE)
def roadmap(request: HttpRequest) -> HttpResponse:
    """Year by year to the plan's end: its targets, and for the offices the tasks, steps and projects that fall due."""
    plan, plans = _plan(request)
    office = may(request.user, permissions.SEE_WORK)
    years: dict[int, dict[str, list[Any]]] = {}
    if plan and (office or Version.objects.filter(plan=plan, current=True).exists()):
        last = plan.last_year or date.max.year
        for target in Target.objects.filter(plan=plan, dropped_in=None, year__isnull=False).order_by(
            "year", "start", "pk"
        ):
            years.setdefault(target.year or last, _year())["targets"].append(target)
        if office:
            _due(plan, years)
    rows = [{"year": year, **found} for year, found in sorted(years.items())]
    return render(request, "plan/tasks/roadmap.html", {"plan": plan, "plans": plans, "years": rows, "office": office})


def _year() -> dict[str, list[Any]]:
    return {"targets": [], "tasks": [], "steps": [], "projects": []}


def _due(plan: Plan, years: dict[int, dict[str, list[Any]]]) -> None:
    for task in supervision.in_force().filter(plan=plan, parent=None, due_on__isnull=False).order_by("due_on", "order"):
        years.setdefault(task.due_on.year, _year())["tasks"].append(task)  # type: ignore[union-attr]
    for step in (
        Milestone.objects.filter(task__plan=plan, task__dropped_in=None).select_related("task").order_by("due_on")
    ):
        years.setdefault(step.due_on.year, _year())["steps"].append(step)
    for project in Project.objects.filter(Q(plan=plan), ends_on__isnull=False).order_by("ends_on"):
        years.setdefault(project.ends_on.year, _year())["projects"].append(project)  # type: ignore[union-attr]


urlpatterns = [
    path("tasks/cuts/", cuts, name="tasks-cuts"),
    path("tasks/gantt/", chart, name="tasks-gantt"),
    path("tasks/calendar/", calendar, name="tasks-calendar"),
    path("tasks/roadmap/", roadmap, name="tasks-roadmap"),
]
