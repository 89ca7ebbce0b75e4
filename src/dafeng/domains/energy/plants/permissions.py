"""Who may see and do what with plants: offices and the grid all, a county its own, an owner's people theirs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Exists, OuterRef, Q

from dafeng.domains.energy.models.plants import WHOLE as SEE_ALL
from dafeng.domains.energy.models.plants import CapacityChange, Plant, plants_seen
from dafeng.kernel.actions import action
from dafeng.kernel.records.access import is_superuser
from dafeng.kernel.records.services import organisations_of, places_of, register_visibility, roles_of

OFFICES = frozenset({"leader", "ndrc", "ecology", "statistics", "department", "county", "admin"})
WHOLE = frozenset({"ndrc", "department"})


def own_place(user: Any, place: str) -> bool:
    """The carbon office, the departments and superusers anywhere; a county in its own."""
    return is_superuser(user) or bool(WHOLE & roles_of(user)) or place in places_of(user)


def own_plant(user: Any, plant: Plant) -> bool:
    """Whose figures a person may file: any for the offices and the grid, its own for a county, theirs for an owner's people."""
    roles = roles_of(user)
    if is_superuser(user) or {*WHOLE, "grid"} & roles or ("county" in roles and plant.place in places_of(user)):
        return True
    return bool(plant.organisation) and plant.organisation in organisations_of(user)


def own_total(user: Any, place: str) -> bool:
    return "grid" in roles_of(user) or own_place(user, place)


SEE = action("energy.plants.see", "查看电源台账", {*OFFICES, "grid", "enterprise"})
KEEP = action("energy.plants.keep", "登记、导入电站", {"ndrc", "department", "county"}, writes=True, rule=own_place)
FILE = action(
    "energy.plants.file", "填报容量变动、月度电量与储能租赁", {"ndrc", "department", "county", "grid", "enterprise"}, writes=True, rule=own_plant
)  # fmt: skip
TOTAL = action(
    "energy.plants.total", "申报县区分布式总量", {"ndrc", "department", "county", "grid"}, writes=True, rule=own_total
)
CHECK = action("energy.plants.check", "核准容量变动与储能租赁", {"ndrc", "department", "county"}, writes=True)
RULE = action("energy.plants.rule", "录入配储规定", {"ndrc", "department"}, writes=True)
PUBLISH = action("energy.plants.publish", "发布电源装机与发电指标", {"ndrc", "admin"}, writes=True)


def _changes(user: Any, roles: Collection[str]) -> Q:
    return Q(Exists(CapacityChange.objects.filter(plants_seen(user, at="plant"), record=OuterRef("pk"))))


def _leases(user: Any, roles: Collection[str]) -> Q:
    """Both sides of a contract see it."""
    return plants_seen(user, at="energy_lease__plant") | plants_seen(user, at="energy_lease__station")


def _of_places(user: Any, roles: Collection[str]) -> Q:
    """Totals and imports: who sees all plants, and the county that they are about."""
    if is_superuser(user) or SEE_ALL & set(roles):
        return Q()
    return Q(place__in=places_of(user) - {""}) if "county" in roles else Q(pk__in=[])


def _duties(user: Any, roles: Collection[str]) -> Q:
    return Q() if {*SEE_ALL, "county", "enterprise"} & set(roles) else Q(pk__in=[])


def register() -> None:
    register_visibility("plant.capacity", _changes)
    register_visibility("plant.lease", _leases)
    register_visibility("plant.total", _of_places)
    register_visibility("plant.import", _of_places)
    register_visibility("plant.duty", _duties)
