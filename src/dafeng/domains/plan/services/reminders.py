"""Who is told what, and when: dates of tasks and milestones that come near, reports that are not handed in, duties that are late.

Said once: a notice has a key in its address and title, and the same one is not sent to the same person twice in a day. `now` is
an argument, so that a test can turn the clock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.plan import permissions
from dafeng.domains.plan.models import Milestone, Owner, Progress, Task
from dafeng.domains.plan.services import supervision
from dafeng.kernel.desk.models import Notice
from dafeng.kernel.desk.services import notify
from dafeng.kernel.records import services as records

KIND = "plan.remind"
_ORGANISATIONS = {department: code for code, department in permissions.DEPARTMENTS.items()}


def people_behind(subjects: Iterable[str], city: str) -> dict[str, list[Any]]:
    """Subject (department id or place code) → the persons who act for it."""
    found: dict[str, list[Any]] = {}
    for subject in sorted(set(subjects)):
        if subject.isdigit():
            found[subject] = records.people_of(roles=["county"], places=[subject])
        else:
            found[subject] = records.people_of([subject, _ORGANISATIONS.get(subject, subject)])
    return found


def answering(task: Task) -> list[str]:
    """The subjects that answer for a task today: its departments, or the county of a part."""
    if task.parent_id:
        return [task.place]
    owners = [each for each in task.owners.all() if each.until is None and each.role != Owner.Role.COUNTIES]
    return [each.department for each in owners if each.department]


def remind(city: str, *, now: datetime) -> int:
    """Tell the owners of a city's tasks what comes near and what is late. Returns the number of notices."""
    day = supervision.day_of(now)
    rule = supervision.rule_at(day)
    near = {day + timedelta(days=ahead): ahead for ahead in rule.remind_days_before}
    tasks = supervision.in_force(city).filter(done_on=None).prefetch_related("owners")
    lines: dict[str, list[tuple[str, str, str]]] = defaultdict(list)  # subject → (title, text, address)
    for task in tasks.filter(due_on__in=[*near, day - timedelta(days=1)]):
        late = task.due_on < day
        title = _("任务已逾期：%(title)s") if late else _("任务还有 %(days)s 天到期：%(title)s")
        for subject in answering(task):
            words = {"title": task.title, "days": (task.due_on - day).days}
            lines[subject].append(
                (title % words, _("期限 %(day)s") % {"day": task.due_on}, reverse("plan:task", args=[task.pk]))
            )
    steps = Milestone.objects.filter(
        due_on__in=near, done_on=None, task__dropped_in=None, task__plan__city=city, task__done_on=None
    )
    for step in steps.select_related("task").prefetch_related("task__owners"):
        for subject in answering(step.task):
            title = _("节点还有 %(days)s 天：%(title)s") % {"days": near[step.due_on], "title": step.title}
            lines[subject].append((title, step.task.title, reverse("plan:task", args=[step.task_id])))
    for subject, period, count, closes in _unreported(city, tasks, day, near):
        title = _("%(period)s 的任务进展还有 %(count)s 项未报") % {"period": period, "count": count}
        lines[subject].append((title, _("填报截止 %(day)s") % {"day": closes}, f"{reverse('plan:tasks')}?mine=1"))
    return _send(lines, city, day=day, now=now)


def _unreported(city: str, tasks: Any, day: date, near: dict[date, int]) -> list[tuple[str, str, int, date]]:
    """(subject, month, how many of its tasks have no report, closing day) for months that close on a day of `near`."""
    found = []
    rule = supervision.rule_at(day)
    for period in supervision.open_periods(day):
        if (closes := rule.closes_on(period)) not in near:
            continue
        handed = set(
            Progress.objects.filter(task__plan__city=city, period=str(period), record__state__in=supervision.HANDED_IN)
            .values_list("task", "reporter")
        )  # fmt: skip
        missing: dict[str, int] = defaultdict(int)
        for task in tasks:
            for subject in answering(task):
                missing[subject] += (task.pk, subject) not in handed
        found += [(subject, str(period), count, closes) for subject, count in sorted(missing.items()) if count]
    return found


def _send(lines: dict[str, list[tuple[str, str, str]]], city: str, *, day: date, now: datetime) -> int:
    people = people_behind(lines, city)
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    said = set(Notice.objects.filter(kind=KIND, created_at__gte=midnight).values_list("user", "title", "href"))
    count = 0
    for subject, told in lines.items():
        for title, text, href in told:
            new = [person for person in people[subject] if (person.pk, title[:200], href) not in said]
            said |= {(person.pk, title[:200], href) for person in new}
            count += len(notify(new, kind=KIND, title=title, text=text, href=href, now=now))
    return count
