"""What the inventory lays on people's desks: its places in the navigation, and what the search finds in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dafeng.domains.inventory import permissions, taken
from dafeng.domains.inventory.models import City
from dafeng.kernel.actions import Action, may
from dafeng.kernel.desk.registry import Entry, Task, register_entry, register_search, register_tasks

ROOMS: tuple[tuple[str, object, Action], ...] = (
    ("account", _("碳账户"), permissions.SEE),
    ("data", _("活动水平数据"), permissions.SEE_DATA),
    ("factors", _("因子库"), permissions.SEE_FACTORS),
    ("quality", _("质量与完整性"), permissions.SEE_QUALITY),
    ("reports", _("编制与报告"), permissions.REPORT),
)


def _address(room: str) -> str:
    """The room of the installation's first city; nowhere while there is none."""
    from dafeng.domains.inventory.services import first_city

    code = first_city()
    try:
        return reverse(f"inventory:{room}", kwargs={"code": code}) if code else ""
    except NoReverseMatch:
        return ""


def _lapsed(user: Any, now: datetime) -> Iterator[Task]:
    """Figures taken from reports that no longer count: someone takes again, or undoes the batch."""
    if not may(user, permissions.TAKE_REPORTED):
        return
    for city in City.objects.order_by("pk"):
        gone = taken.lapsed(city)
        for year in sorted({each.year for each in gone}):
            firms = [each.firm for each in gone if each.year == year]
            yield Task(
                title=gettext("清单 %(year)s 年取用的企业报告已失效，请重新取数") % {"year": year},
                why=gettext("%(names)s 等 %(count)s 份报告已退回、撤回或更正") % {"names": "、".join(firms[:3]), "count": len(firms)},
                href=f"{reverse('inventory:reported', kwargs={'code': city.pk})}?year={year}",
                since=now,
                kind="inventory.lapsed",
            )  # fmt: skip


def register() -> None:
    from dafeng.domains.inventory import quality_jobs, searchers  # noqa: F401  (declares a kind of job)

    for order, (room, title, wanted) in enumerate(ROOMS):
        register_entry(Entry("inventory", title, lambda room=room: _address(room), wanted, 10 + order))
    register_tasks(_lapsed)
    for searcher in searchers.ALL:
        register_search(searcher)
