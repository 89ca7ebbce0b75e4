"""Who may see a point and its readings: the one place that decides."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import Q

from dafeng.kernel.enterprises.access import OFFICES
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records.access import is_superuser, organisations_of, places_of, roles_of


def subjects_of(user: Any) -> dict[str, tuple[str, str]]:
    """What the people of an organisation may register points for (its enterprises, what has points): subject → organisation and place."""
    mine = organisations_of(user) - {""}
    points = apps.get_model("series", "Point").objects.filter(organisation__in=mine)
    found = {
        subject: (organisation, place)
        for subject, organisation, place in points.values_list("subject", "organisation", "place")
    }
    firms = Enterprise.objects.filter(organisation__in=mine)
    return found | {firm.subject: (firm.organisation, firm.place) for firm in firms}


def points_seen(user: Any, *, at: str = "") -> Q:
    """A condition on `Point`, or on what has `organisation` and `place` under `at`: offices all, a county its own, people theirs."""
    prefix = f"{at}__" if at else ""
    roles = roles_of(user)
    if is_superuser(user) or OFFICES & roles:
        return Q()
    seen = Q(**{f"{prefix}organisation__in": organisations_of(user) - {""}})
    if "county" in roles:
        seen |= Q(**{f"{prefix}place__in": places_of(user) - {""}})
    return seen
