"""Who may see and do what in dual control: the one place that decides.

The carbon office (ndrc) decides and sees all, ecology decides on CO2 too; a county keeps and sees its own; a firm sees itself.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Q

from dafeng.kernel.actions import action
from dafeng.kernel.records.access import is_superuser
from dafeng.kernel.records.services import organisations_of, places_of, register_visibility, roles_of

OFFICES = frozenset({"leader", "ndrc", "ecology", "statistics", "department", "county", "admin"})
WHOLE = OFFICES - {"county"}
DECIDERS = frozenset({"ndrc", "ecology"})


def own_place(user: Any, place: str) -> bool:
    """The city's offices for any county; a county for its own."""
    return is_superuser(user) or bool(WHOLE & roles_of(user)) or place in places_of(user)


SEE = action("energy.control.see", "查看双控指标、预算与预警", OFFICES)
SEE_SUBJECT = action("energy.control.subject", "查看一个县区或企业的用能与预警", {*OFFICES, "enterprise"})
OWN = action("energy.control.own", "查看本企业的用能指标与预警", {"enterprise"})
DECIDE = action("energy.control.decide", "起草用能与碳排放指标及调整", DECIDERS, writes=True)
FILE = action(
    "energy.control.file", "填报、导入县区月度用量", {"ndrc", "statistics", "county"}, writes=True, rule=own_place
)
FOLLOW = action("energy.control.follow", "登记预警后的处置", {"ndrc", "ecology", "county"}, writes=True, rule=own_place)
ASSESS = action("energy.control.assess", "判定预警并发布指标", {"ndrc", "admin"}, writes=True)
KEEP_PROJECTS = action("energy.control.projects", "登记两高项目", {"ndrc", "county"}, writes=True, rule=own_place)
KEEP_COAL = action(
    "energy.control.coal", "登记煤炭削减与替代", {"ndrc", "ecology", "county"}, writes=True, rule=own_place
)
KEEP_LIMITS = action("energy.control.limits", "录入能耗限额标准值与企业单耗", {"ndrc", "department"}, writes=True)
PATROL = action("energy.control.patrol", "登记散煤巡查", {"ndrc", "ecology", "county"}, writes=True, rule=own_place)


def decisions_of(relation: str) -> Any:
    """The city's offices see all; a county what concerns it; a firm what concerns it, once it is signed."""

    def seen(user: Any, roles: Collection[str]) -> Q:
        if WHOLE & set(roles):
            return Q()
        own = Q(pk__in=[])
        if "county" in roles:
            own |= Q(**{f"{relation}__place__in": places_of(user) - {""}})
        if "enterprise" in roles:
            mine = organisations_of(user) - {""}
            own |= Q(**{f"{relation}__enterprise__organisation__in": mine}) & ~Q(
                state__in=("draft", "claimed", "dropped")
            )
        return own

    return seen


def limits_of(user: Any, roles: Collection[str]) -> Q:
    return Q() if OFFICES & set(roles) else Q(state="compared")


def months_of(user: Any, roles: Collection[str]) -> Q:
    """The city's offices see every import, a county its own."""
    if WHOLE & set(roles):
        return Q()
    return Q(created_by=user) if "county" in roles else Q(pk__in=[])


def register() -> None:
    register_visibility("energy.quota", decisions_of("energy_quota"))
    register_visibility("energy.coal", decisions_of("energy_coal_cut"))
    register_visibility("energy.limit", limits_of)
    register_visibility("energy.months", months_of)
