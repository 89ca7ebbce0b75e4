"""What the review lays on people's desks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.enterprise.models import Project, ProjectInvitation
from dafeng.domains.enterprise.review import joint, orders, permissions, projects, works
from dafeng.kernel.actions import may
from dafeng.kernel.bodies import tell_works
from dafeng.kernel.desk.registry import (
    Entry,
    Hit,
    Rows,
    Task,
    register_entry,
    register_page,
    register_search,
    register_tasks,
)
from dafeng.kernel.records.access import is_person, roles_of
from dafeng.kernel.records.models import Record

ENTRIES = (
    (gettext_lazy("节能审查"), "review-board", permissions.SEE, 60),
    (gettext_lazy("节能审查台账"), "review-register", permissions.STATISTICS, 61),
    (gettext_lazy("节能审查统计"), "review-statistics", permissions.STATISTICS, 62),
    (gettext_lazy("审查参数与名录"), "review-keep", permissions.KEEP, 63),
)


def _end_of(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.max))


def _tasks(user: Any, now: datetime) -> Iterator[Task]:
    """Joint reviews of a person's office, and an expert's invitations; what a record's workflow awaits the inbox knows itself."""
    roles = roles_of(user)
    if {"department", "ecology", "county"} & roles:
        for each in joint.waiting_for(user):
            yield Task(
                title=_("会审：%(name)s") % {"name": each.project.name}, why=each.matter,
                href=reverse("enterprise:review-join", kwargs={"opinion": each.pk}), since=each.asked_at, due=_end_of(each.due), kind="review.join",
            )  # fmt: skip
    if {"enterprise", "ndrc", "county"} & roles:
        for order in orders.orders_for(user).exclude(outcome=orders.Outcome.DONE):
            owner = permissions.owns(user, order.project) and "enterprise" in roles
            told = order.outcome == orders.Outcome.TOLD
            if owner is told or (told and not may(user, permissions.ORDER, order.project)) or (not told and not owner):
                continue
            yield Task(
                title=(_("核查整改：%(name)s") if told else _("整改：%(name)s")) % {"name": order.project.name}, why=order.document,
                href=f"{projects.address(order.project)}?tab=after", since=order.told_at or order.at, due=_end_of(order.due), kind="review.order",
            )  # fmt: skip
    if "verifier" in roles:
        waiting = ProjectInvitation.objects.filter(
            expert__person=user, state__in=("invited", "declared"), project__record__state="in_review"
        )
        for invitation in waiting.select_related("project"):
            yield Task(
                title=_("评审：%(name)s") % {"name": invitation.project.name}, why=invitation.get_state_display(),
                href=reverse("enterprise:review-expert", kwargs={"id": invitation.project_id}), since=invitation.asked_at, kind="review.expert",
            )  # fmt: skip


def _search(user: Any, text: str, limit: int) -> Iterator[Rows]:
    if not is_person(user):
        return
    yield Rows(
        Project.objects.for_user(user).filter(Q(name__icontains=text) | Q(number__icontains=text)),
        ("id", "name", "enterprise__name"),
        lambda row: Hit(
            row["name"],
            row["enterprise__name"],
            reverse("enterprise:review-project", kwargs={"id": row["id"]}),
            _("节能审查项目"),
        ),
    )


def _page(record: Record) -> str:
    return projects.address(record.enterprise_project)


def _due(record: Record) -> datetime | None:
    due = projects.answer_due(record.enterprise_project) if record.state == "submitted" else None
    return _end_of(due) if due else None


def _change_page(record: Record) -> str:
    return f"{projects.address(record.enterprise_project_change.project)}?tab=after"


def register() -> None:
    tell_works("energy_report", works.of_body)
    for title, name, wanted, order in ENTRIES:
        register_entry(
            Entry("enterprise", title, lambda name=name: reverse(f"enterprise:{name}"), wanted, order)  # type: ignore[misc]
        )
    register_tasks(_tasks)
    register_search(_search)
    register_page(projects.KIND, _page, due=_due, related=("enterprise_project",))
    register_page("enterprise.project-change", _change_page, related=("enterprise_project_change__project",))
