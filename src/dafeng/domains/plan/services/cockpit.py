"""What the home page shows of the plan: lights, what is late and whose, warnings, the next deadlines.

At most three queries, of plain values: one for everybody, two more for the offices.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from dafeng.domains.plan.models import Owner, Standing, Task, Warning, said
from dafeng.domains.plan.permissions import SEE_WORK
from dafeng.domains.plan.services import warnings
from dafeng.domains.plan.services.names import department_name
from dafeng.kernel.actions import may

SHOWN, MOST, AHEAD = 6, 60, timedelta(days=90)
SEEN = ("light", "judged_at", "title", "title_en", "target_id", "target__indicator", "target__year", "target__plan__title")  # fmt: skip


def cockpit(city: str, user: Any, now: datetime) -> dict[str, Any]:
    """`city` is its code. Keys: lights (light → count), judged_at, worst (targets), late, next (tasks), warnings, overdue, may_work.

    The public sees lights and targets; tasks and warnings are for the offices (the lists are then empty).
    """
    today = timezone.localdate(now)
    standings = list(
        Standing.objects.filter(target__plan__city=city, target__plan__versions__current=True, target__dropped_in=None)
        .order_by("rank", "-lag", "pk")
        .values_list(*SEEN, named=True)
    )
    found: dict[str, Any] = {
        "lights": Counter(each.light for each in standings),
        "judged_at": max((each.judged_at for each in standings), default=None),
        "worst": [_worst(each) for each in standings if each.light in warnings.RAISES][:SHOWN],
        "late": [], "next": [], "warnings": [], "overdue": 0, "open": 0, "may_work": may(user, SEE_WORK), "count": len(standings),
    }  # fmt: skip
    if not found["may_work"]:
        return found
    issued = list(_open_warnings(city).values_list("pk", "record__title", "owner", "due_on"))
    found |= {"open": len(issued), "overdue": sum(due_on < today for *_rest, due_on in issued)}
    found["warnings"] = [
        {"pk": pk, "title": warnings.in_words(title), "owner_name": department_name(owner), "due_on": due_on}
        for pk, title, owner, due_on in issued[:SHOWN]
    ]
    return found | _deadlines(city, today)


def _worst(row: Any) -> dict[str, Any]:
    return {
        "target_id": row.target_id, "indicator": row.target__indicator, "year": row.target__year, "plan": row.target__plan__title,
        "light": row.light, "title": said(row.title, row.title_en),
    }  # fmt: skip


def _deadlines(city: str, today: date) -> dict[str, Any]:
    """Tasks that are late, and those that fall due soon, each with the one that leads it."""
    lead = Owner.objects.filter(task=OuterRef("pk"), until=None).order_by("role", "pk")
    tasks = (
        Task.objects.filter(plan__city=city, dropped_in=None, done_on=None, due_on__lte=today + AHEAD)
        .annotate(owner_name=Subquery(lead.values("name")[:1]))
        .only("title", "due_on")
        .order_by("due_on", "order")
    )
    rows = list(tasks[:MOST])
    late = [task for task in rows if task.due_on and task.due_on < today]
    ahead = [task for task in rows if task.due_on and task.due_on >= today]
    return {"late": late[:SHOWN], "late_count": len(late), "next": ahead[:SHOWN]}


def _open_warnings(city: str) -> QuerySet[Warning]:
    """Open warnings of the city without asking for its counties first."""
    own = Q(target__plan__city=city) | Q(target=None, subject__startswith=city[:4])
    return Warning.objects.filter(own, record__state__in=warnings.OPEN).order_by("due_on", "pk")
