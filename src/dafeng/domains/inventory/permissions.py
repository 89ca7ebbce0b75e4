"""Who may see and do what with the inventory: the one place that decides."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db.models import Q

from dafeng.domains.inventory.models import InventoryRun
from dafeng.kernel.records.services import is_person, roles_of

# Offices that work on the inventory see drafts; everybody else sees what is published.
SEES_DRAFTS = frozenset({"leader", "ndrc", "ecology", "statistics", "department", "county", "admin"})
ENTERS_DATA = frozenset({"ndrc", "ecology", "statistics", "department", "county", "admin"})


def may_see(user: Any, run: InventoryRun) -> bool:
    """A published run is public; a draft is for the city's offices, and for anyone in a demo installation."""
    return run.published_at is not None or settings.DEMO or bool(SEES_DRAFTS & set(roles_of(user)))


def batches_of(user: Any, roles: Collection[str]) -> Q:
    """Which batches of activity data a person sees: the city's offices see all, a county what it sent in itself."""
    if (SEES_DRAFTS - {"county"}) & set(roles):
        return Q()
    return Q(created_by=user) if is_person(user) else Q(pk__in=[])


def may_enter_data(user: Any) -> bool:
    return bool(ENTERS_DATA & set(roles_of(user)))
