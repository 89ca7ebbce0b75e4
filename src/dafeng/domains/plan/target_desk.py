"""What targets and warnings lay on people's desks: warnings to answer, pages of their records, and the search for targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, time
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.plan.permissions import SEE, WARN, subjects_of
from dafeng.kernel.actions import may
from dafeng.kernel.desk.registry import Hit, Rows, Task, register_page, register_search, register_tasks


def register() -> None:
    register_tasks(warning_tasks)
    register_search(find_targets)
    register_page("plan.value", lambda record: reverse("plan:value", args=[record.pk]))
    register_page("plan.warning", _warning_page, related=("plan_warning",))


def _warning_page(record: Any) -> str:
    return reverse("plan:warning", args=[record.plan_warning.pk])


def warning_tasks(user: Any, now: datetime) -> Iterator[Task]:
    """Open warnings of the departments and places that a person answers for, until their measures are in."""
    from dafeng.domains.plan.models import Warning

    if not may(user, WARN):
        return
    due = Warning.objects.filter(owner__in=subjects_of(user), record__state__in=("raised", "acknowledged"))
    for each in due.select_related("record").order_by("due_on")[:50]:
        why = _("请签收预警") if each.record.state == "raised" else _("请报送措施")
        end = timezone.make_aware(datetime.combine(each.due_on, time(23, 59, 59)))
        yield Task(each.record.title, why, reverse("plan:warning", args=[each.pk]), each.record.created_at, end, _("预警"))  # fmt: skip


ASKED = ("kind", "operator", "year", "low", "high", "unit", "direction", "baseline_year", "strength")


def find_targets(user: Any, text: str, limit: int) -> Iterator[Rows]:
    """Targets of plans that hold, by name or quote."""
    from django.db.models import Q

    from dafeng.domains.plan.models import Target
    from dafeng.domains.plan.services import targets
    from dafeng.domains.plan.services.city import first_city

    code = first_city()
    if not code or not may(user, SEE):
        return
    found = targets.holding(code).filter(Q(indicator__icontains=text) | Q(quote__icontains=text))

    def hit(row: Mapping[str, Any]) -> Hit:
        asked = targets.asked(Target(**{name: row[name] for name in ASKED}))
        address = reverse("plan:target", args=[row["id"]])
        return Hit(row["indicator"], f"{asked} · {row['plan__title']}", address, _("目标"))

    yield Rows(found.order_by("pk"), ("id", "indicator", "plan__title", *ASKED), hit)
