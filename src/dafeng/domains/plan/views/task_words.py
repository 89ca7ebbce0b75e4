"""How tasks are said on pages: owners, places, states, and the table that lists them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dafeng.domains.plan.models import Owner, PlanCity, Task
from dafeng.domains.plan.services import supervision
from dafeng.kernel.pages.tables import Table


def english() -> bool:
    return (get_language() or "").startswith("en")


def place_names() -> dict[str, str]:
    """Code to name in the reader's language, of every city with plans and its counties."""
    found: dict[str, str] = {}
    for city in PlanCity.objects.defer("boundary"):
        found[city.code] = city.name_en if english() else city.name
        found |= {code: names[int(english())] for code, names in sorted(city.counties.items())}
    return found


def state_tag(state: str) -> SafeString:
    """Sign and word, never colour alone."""
    kind, sign = supervision.SIGNS[state]
    return format_html(
        '<span class="tag {}"><span aria-hidden="true">{}</span> {}</span>', kind, sign, supervision.TITLES[state]
    )


def public_state(task: Any) -> SafeString:
    """What the public sees of a task: whether it is done."""
    done = task.done_on is not None
    return format_html('<span class="tag {}">{}</span>', "ok" if done else "", _("已完成") if done else _("推进中"))


def owners_text(owners: Iterable[Any]) -> SafeString | str:
    """Those who answer today, the leading ones first. `owners`: rows of `Owner`, or their name, role, until and pk."""
    order = {Owner.Role.LEAD.value: 0, Owner.Role.SUPPORT.value: 1, Owner.Role.COUNTIES.value: 2}
    now = sorted((each for each in owners if each.until is None), key=lambda each: (order.get(each.role, 3), each.pk))
    if not now:
        return _("未写明责任单位")
    names = [each.name for each in now]
    return "、".join(names[:4]) + (_(" 等 %(count)s 家") % {"count": len(names)} if len(names) > 4 else "")


def whole(value: Any) -> SafeString:
    """A date or a name that must not be broken over two lines."""
    return format_html('<span class="nowrap">{}</span>', "–" if value in (None, "") else value)


class TaskTable(Table):
    """A table of tasks that can also be filtered by an owning department."""

    departments: Mapping[str, str]
    left_out = ""
    known_total: int | None = None  # where the counts by state have told it already

    @cached_property
    def page(self) -> Page[Any]:
        paginator = Paginator(self.chosen, self.size)
        if self.known_total is not None:
            paginator.count = self.known_total
        return paginator.get_page(self.asked("page"))

    def but(self, name: str) -> QuerySet[Any]:
        """What the table would hold without one of its filters."""
        self.left_out = name
        found = self._of_query(self.rows)
        self.left_out = ""
        return found

    def _of_query(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.asked("department")
        if wanted and wanted in self.departments:
            rows = supervision.owned_by(rows, [wanted])
        return super()._of_query(rows)

    def _filters(self) -> Iterable[tuple[str, str]]:
        return ((column, value) for column, value in super()._filters() if column not in ("department", self.left_out))


def department_names(tasks: QuerySet[Task]) -> dict[str, str]:
    """Department id → its name, of those that answer for one of the tasks today."""
    rows = Owner.objects.filter(task__in=tasks, until=None).exclude(department="").exclude(role=Owner.Role.COUNTIES)
    return dict(rows.values_list("department", "name").distinct().order_by("name"))
