"""重大事项: what an owner cannot solve goes to the leading group, comes back as an instruction, and is closed by the office.

A matter is a record (`plan.escalation`) about a task; the instruction and the closing are reasons of its moves.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.plan import permissions
from dafeng.domains.plan.models import Task
from dafeng.kernel.actions import demand
from dafeng.kernel.desk.services import notify
from dafeng.kernel.errors import PlanError, StaleError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

KIND = "plan.escalation"


@transaction.atomic
def escalate(task: Task, *, matter: str, asks: str, by: Any, now: datetime) -> Record:
    """Bring a matter before the leading group; its members are told at once. Raises `PlanError`, `PermissionDenied`."""
    demand(by, permissions.ESCALATE, task)
    if not matter.strip() or not asks.strip():
        raise PlanError(_("重大事项要写明情况和请示的事"), mend=_("请把两栏都填上"))
    payload = {"task": task.pk, "matter": matter.strip(), "asks": asks.strip()}
    record = records.open_record(
        KIND,
        title=f"{_('重大事项')}：{task.title[:150]}",
        payload=payload,
        by=by,
        now=now,
        place=task.place,
        key=str(task.pk),
    )
    leaders = records.people_of(roles=["leader"], places=[task.plan.city])
    href = reverse("plan:task", args=[task.pk]) + "#matters"
    notify(leaders, kind=KIND, title=record.title, text=matter.strip()[:200], href=href, now=now)
    return record


@transaction.atomic
def answer(record: Record, action: str, *, state: str, reason: str, by: Any, now: datetime) -> Record:
    """`decide` (the leader's instruction) or `close` (what came of it). Raises `StaleError`, `TransitionError`, `PermissionDenied`."""
    demand(by, permissions.DECIDE)
    fresh = Record.objects.get(pk=record.pk)
    if fresh.state != state:
        raise StaleError(
            _("“%(title)s”现为“%(state)s”") % {"title": fresh.title, "state": fresh.state_title}, mend=_("请刷新页面")
        )
    moved = records.move(fresh, action, by=by, now=now, reason=reason)
    if moved.created_by:
        href = reverse("plan:task", args=[int(moved.key)]) + "#matters"
        notify(
            [moved.created_by],
            kind=KIND,
            title=f"{moved.state_title}：{moved.title}"[:200],
            text=reason[:200],
            href=href,
            now=now,
        )
    return moved
