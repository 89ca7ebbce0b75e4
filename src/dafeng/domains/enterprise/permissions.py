"""Who may see and do what: the one place that decides. Objects that a person may not see are 404.

An enterprise sees itself, a county its own, the offices all; a verifier the reports that its body is assigned to, and those only.
Each room has its actions, and the visibility of its records (`register`), in its own `permissions.py`; here is what they share.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from dafeng.domains.enterprise.rooms import brought
from dafeng.kernel.enterprises.access import enterprises_seen
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records.access import organisations_of, roles_of
from dafeng.kernel.records.services import register_visibility

OFFICES = frozenset({"leader", "ndrc", "ecology", "statistics", "department", "county", "admin"})
BUREAU = frozenset({"ecology"})


def own_enterprise(user: Any, enterprise: Enterprise) -> bool:
    """A rule of actions: an enterprise's people for their enterprise, never for another."""
    return bool(enterprise.organisation) and enterprise.organisation in organisations_of(user)


def reports_seen(user: Any) -> Q:
    """A condition on `Report`. What verification assigns is added to it by `verification` (`assigned_to` below)."""
    seen = enterprises_seen(user, at="enterprise")
    if "verifier" in roles_of(user):
        seen |= assigned_to(user)
    return seen


def assigned_to(user: Any) -> Q:
    """The reports whose verification a verifier's body was given; once it is revoked, no more."""
    return Q(verifications__in=_held_by(user))


def _held_by(user: Any) -> Any:
    from dafeng.domains.enterprise.models import Verification

    mine = Verification.objects.filter(body__organisation__in=organisations_of(user) - {""})
    return mine.exclude(record__state="revoked")


def report_records(user: Any, roles: Any) -> Q:
    """Records of reports: as their reports."""
    seen = enterprises_seen(user, at="enterprise_report__enterprise")
    if "verifier" in roles:
        seen |= Q(enterprise_report__verifications__in=_held_by(user))
    return seen


def control_plan_records(user: Any, roles: Any) -> Q:
    return enterprises_seen(user, at="enterprise_control_plan__enterprise")


def register() -> None:
    """Tell the ground floor who sees the records of this domain."""
    register_visibility("enterprise.report", report_records)
    register_visibility("enterprise.control-plan", control_plan_records)
    for room in brought("permissions", "register"):
        room()
