"""What this domain asks about people: for which organisations they act, and which offices there are.

The one place that knows how the user model names its memberships; the portal's accounts stay out of the other modules.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

OFFICES = frozenset({"ndrc", "ecology", "statistics", "department", "county"})


def members_of(organisations: Iterable[str]) -> QuerySet[Any]:
    """Active people who act for an organisation."""
    return get_user_model().objects.filter(is_active=True, memberships__organisation__code__in=organisations).distinct()  # type: ignore[misc]


def with_role(role: str) -> QuerySet[Any]:
    return get_user_model().objects.filter(is_active=True, memberships__role=role).distinct()  # type: ignore[misc]


def offices() -> dict[str, str]:
    """Code → name of the offices that have somebody who can answer."""
    rows = (
        get_user_model()
        .objects.filter(is_active=True, memberships__role__in=OFFICES)
        .order_by("memberships__organisation__code")
        .values_list("memberships__organisation__code", "memberships__organisation__name", "memberships__role")
    )
    return {code: name for code, name, role in rows if code and role in OFFICES}
