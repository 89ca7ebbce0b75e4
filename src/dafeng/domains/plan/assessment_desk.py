"""What assessments and bulletins lay on people's desks: self-assessments that are due, objections to answer, a bulletin to make."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.plan import permissions
from dafeng.domains.plan.models import Assessment
from dafeng.domains.plan.services import bulletins
from dafeng.domains.plan.services.city import first_city
from dafeng.kernel.actions import may
from dafeng.kernel.desk.registry import Hit, Rows, Task, register_page, register_search, register_tasks
from dafeng.kernel.records import workflows
from dafeng.kernel.records.models import Record
from dafeng.kernel.records.services import roles_of


def register() -> None:
    register_page("plan.assessment", _assessment_page, related=("plan_assessment",))
    register_page("plan.objection", _objection_page)
    register_tasks(self_assessments)
    register_tasks(bulletin_due)
    register_search(found)


def _assessment_page(record: Record) -> str:
    return reverse("plan:assessment", kwargs={"id": record.plan_assessment.pk})


def _objection_page(record: Record) -> str:
    told = record.payload
    return reverse("plan:assessed", kwargs={"id": told["assessment"], "subject": told["subject"]})


def _evening(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(23, 59)))


def self_assessments(user: Any, now: datetime) -> Iterator[Task]:
    """For whoever acts for a subject, while the self-assessment is open and nothing has been said yet."""
    if not may(user, permissions.SELF_ASSESS) or "ndrc" in roles_of(user):
        return
    mine = permissions.subjects_of(user)
    untouched = Q(marks__subject__in=mine) & (Q(marks__own__isnull=False) | ~Q(marks__own_note=""))
    waiting = Assessment.objects.filter(record__state="self", marks__subject__in=mine).exclude(
        pk__in=Assessment.objects.filter(untouched).values("pk")
    )
    for each in waiting.select_related("record").distinct():
        for subject in each.record.payload["subjects"]:
            if subject["code"] in mine:
                yield Task(
                    title=_("%(title)s：%(name)s自评") % {"title": each.record.title, "name": subject["name"]},
                    why=_("考核已发起，等待自评"),
                    href=reverse("plan:self-assess", kwargs={"id": each.pk, "subject": subject["code"]}),
                    since=each.record.created_at,
                    due=_evening(date.fromisoformat(each.record.payload["self_until"])),
                    kind="plan.assessment",
                )


def bulletin_due(user: Any, now: datetime) -> Iterator[Task]:
    """For the office, while last month lacks its bulletin."""
    if "ndrc" not in roles_of(user):
        return
    city = first_city()
    lacking = bulletins.due(city, now=now) if city else None
    if lacking is not None:
        yield Task(
            title=_("编发 %(period)s 调度通报") % {"period": lacking[0]},
            why=_("上月的通报还没有编发"),
            href=reverse("plan:bulletins"),
            since=_evening(timezone.localdate(now).replace(day=1)),
            due=_evening(lacking[1]),
            kind="plan.bulletin",
        )


def found(user: Any, text: str, limit: int) -> Iterator[Rows]:
    """Assessments by their title."""
    from dafeng.domains.plan.services import assessments

    yield Rows(
        Assessment.objects.filter(assessments.visible(user), record__title__icontains=text),
        ("id", "record__title", "record__kind", "record__state"),
        lambda row: Hit(
            row["record__title"],
            _(workflows.state_title(row["record__kind"], row["record__state"])),
            reverse("plan:assessment", kwargs={"id": row["id"]}),
            _("考核"),
        ),
    )
