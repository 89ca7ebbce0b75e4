"""Who may see and do what with buildings: offices all, a county its own, the people of a building's user theirs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Q

from dafeng.domains.energy.models.buildings import Building, buildings_seen
from dafeng.kernel.actions import action
from dafeng.kernel.records.access import is_superuser
from dafeng.kernel.records.services import organisations_of, places_of, register_visibility, roles_of

OFFICES = frozenset({"leader", "ndrc", "ecology", "statistics", "department", "county", "admin"})
WHOLE = frozenset({"ndrc", "department"})


def own_building(user: Any, building: Building) -> bool:
    """The carbon office and the departments for any; a county for its own; the people of its user for theirs."""
    if WHOLE & roles_of(user) or ("county" in roles_of(user) and building.place in places_of(user)):
        return True
    return bool(building.organisation) and building.organisation in organisations_of(user)


def own_place(user: Any, place: str) -> bool:
    return is_superuser(user) or bool(WHOLE & roles_of(user)) or place in places_of(user)


SEE = action("energy.buildings.see", "查看建筑名录与能耗", {*OFFICES, "enterprise"})
KEEP = action("energy.buildings.keep", "登记、导入建筑", {"ndrc", "department", "county"}, writes=True, rule=own_place)
FILE = action(
    "energy.buildings.file", "填报建筑用能、改造与碳审计", {"ndrc", "department", "county", "enterprise"}, writes=True, rule=own_building
)  # fmt: skip
CHECK = action("energy.buildings.check", "验收改造、审核碳审计", {"ndrc", "ecology", "department"}, writes=True)
PUBLISH = action("energy.buildings.publish", "发布建筑能耗与改造面积指标", {"ndrc", "admin"}, writes=True)


def records_of(relation: str) -> Any:
    def seen(user: Any, roles: Collection[str]) -> Q:
        return buildings_seen(user, at=f"{relation}__building")

    return seen


def imports_of(user: Any, roles: Collection[str]) -> Q:
    """The carbon office and the departments see every import, a county its own."""
    if {*WHOLE, "leader", "admin"} & set(roles):
        return Q()
    return Q(created_by=user) if "county" in roles else Q(pk__in=[])


def register() -> None:
    register_visibility("building.retrofit", records_of("energy_retrofit"))
    register_visibility("building.audit", records_of("energy_building_audit"))
    register_visibility("building.import", imports_of)
