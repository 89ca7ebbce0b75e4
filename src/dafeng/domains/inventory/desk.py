"""What the inventory lays on people's desks: its places in the navigation, and what the search finds in it."""

from __future__ import annotations

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from dafeng.domains.inventory import permissions
from dafeng.kernel.actions import Action
from dafeng.kernel.desk.registry import Entry, register_entry, register_search

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


def register() -> None:
    from dafeng.domains.inventory import quality_jobs, searchers  # noqa: F401  (declares a kind of job)

    for order, (room, title, wanted) in enumerate(ROOMS):
        register_entry(Entry("inventory", title, lambda room=room: _address(room), wanted, 10 + order))
    for searcher in searchers.ALL:
        register_search(searcher)
