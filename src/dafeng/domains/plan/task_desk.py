"""What tasks and projects lay on people's desks: the inbox, the search, and where a record of theirs is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, time
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.plan import permissions
from dafeng.domains.plan.models import Owner, Progress, Project, Version
from dafeng.domains.plan.services import supervision
from dafeng.kernel.actions import may
from dafeng.kernel.desk.registry import Hit, Rows, Task, register_page, register_search, register_tasks

AT_MOST = 30


def register() -> None:
    register_tasks(waiting)
    register_search(search_tasks)
    register_search(search_projects)
    for kind, name in (
        ("plan.progress", "progress"), ("plan.escalation", "matter"), ("plan.sheet", "sheet"), ("plan.project-month", "project-month-page"),
    ):  # fmt: skip
        register_page(kind, lambda record, name=name: reverse(f"plan:{name}", args=[record.pk]))


def waiting(user: Any, now: datetime) -> Iterator[Task]:
    """A person's own tasks that are late or nearly due, and one line for the month's reports that are missing."""
    if not may(user, permissions.REPORT):
        return
    subjects, day = permissions.subjects_of(user), supervision.day_of(now)
    if not subjects:
        return
    owner = Owner.objects.filter(task=OuterRef("pk"), until=None, department__in=subjects).exclude(
        role=Owner.Role.COUNTIES
    )
    own = (
        supervision.in_force().filter(done_on=None).filter(Exists(owner) | Q(place__in=subjects, parent__isnull=False))
    )
    for task in (
        supervision.with_state(own, day=day)
        .filter(state__in=(supervision.OVERDUE, supervision.SOON))
        .order_by("due_on")[:AT_MOST]
    ):
        why = _("您负责的任务：%(state)s") % {"state": supervision.TITLES[task.state]}
        yield Task(
            task.title,
            why,
            reverse("plan:task", args=[task.pk]),
            _at(task.begun_on or task.due_on),
            _at(task.due_on),
            "plan.task",
        )
    period = supervision.open_periods(day)[0]
    handed = Progress.objects.filter(
        task=OuterRef("pk"), period=str(period), reporter__in=subjects, record__state__in=supervision.HANDED_IN
    )
    if missing := own.exclude(Exists(handed)).count():
        title = _("%(period)s 的任务进展还有 %(count)s 项未报") % {"period": period, "count": missing}
        closes = supervision.rule_at(day).closes_on(period)
        yield Task(
            title, _("按月填报"), f"{reverse('plan:tasks')}?mine=1", _at(period.start), _at(closes), "plan.progress"
        )


def _at(day: Any) -> datetime:
    """The end of a day on the city's clock."""
    return timezone.make_aware(datetime.combine(day, time(23, 59)))


def search_tasks(user: Any, text: str, limit: int) -> Iterable[Rows]:
    found = supervision.in_force().filter(parent=None, title__icontains=text)
    if not may(user, permissions.SEE_WORK):
        found = supervision.published(found)
    yield Rows(
        found,
        ("id", "title", "path", "plan__title"),
        lambda row: Hit(
            row["title"], f"{row['plan__title']} {row['path']}", reverse("plan:task", args=[row["id"]]), _("任务")
        ),
    )


def search_projects(user: Any, text: str, limit: int) -> Iterable[Rows]:
    found = Project.objects.filter(name__icontains=text)
    if not may(user, permissions.SEE_WORK):
        found = found.filter(plan__in=Version.objects.filter(current=True).values("plan"))
    yield Rows(
        found,
        ("id", "name", "enterprise"),
        lambda row: Hit(row["name"], row["enterprise"], reverse("plan:project", args=[row["id"]]), _("重大项目")),
    )
