"""Who may see and do what with parks: offices all, a county its own, the operating company its park, a firm itself and its matches."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Q

from dafeng.domains.energy.models.parks import Park, ParkFirm, firms_seen, matches_seen
from dafeng.kernel.actions import action, may
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records.access import is_superuser
from dafeng.kernel.records.services import organisations_of, places_of, register_visibility, roles_of

OFFICES = frozenset({"leader", "ndrc", "ecology", "statistics", "department", "county", "admin"})
WHOLE = frozenset({"ndrc", "department"})


def own_place(user: Any, place: str) -> bool:
    return is_superuser(user) or bool(WHOLE & roles_of(user)) or place in places_of(user)


def sees_whole(user: Any, park: Park) -> bool:
    """Whether a person sees the sums of a park and the rows of all its firms."""
    if is_superuser(user) or (OFFICES - {"county"}) & roles_of(user):
        return True
    return ("county" in roles_of(user) and park.place in places_of(user)) or operates(user, park)


def operates(user: Any, park: Park) -> bool:
    return bool(park.organisation) and park.organisation in organisations_of(user)


def own_park(user: Any, park: Park) -> bool:
    """The carbon office and the departments for any; a county for its own; the operating company for its park."""
    if WHOLE & roles_of(user) or ("county" in roles_of(user) and park.place in places_of(user)):
        return True
    return operates(user, park)


def own_side(user: Any, subject: tuple[Park | None, Enterprise]) -> bool:
    """For a firm's offers and needs: the firm itself, and whoever keeps its park; outside parks the carbon office, the departments
    and the firm's county."""
    park, firm = subject
    if park is None:
        roles = roles_of(user)
        keeps = bool(WHOLE & roles) or ("county" in roles and firm.place in places_of(user))
    else:
        keeps = own_park(user, park)
    return keeps or (bool(firm.organisation) and firm.organisation in organisations_of(user))


SEE = action("energy.parks.see", "查看园区、供能、余热与物料匹配", {*OFFICES, "enterprise"})
KEEP = action(
    "energy.parks.keep", "登记、导入园区和锅炉", {"ndrc", "department", "county"}, writes=True, rule=own_place
)
FILE = action(
    "energy.parks.file", "填报园区的企业、供能、改造和年度数", {"ndrc", "department", "county", "enterprise"}, writes=True, rule=own_park
)  # fmt: skip
OFFER = action(
    "energy.parks.offer", "登记余热、副产物的供需和匹配", {"ndrc", "department", "county", "enterprise"}, writes=True, rule=own_side
)  # fmt: skip
CHECK = action(
    "energy.parks.check", "办理园区记录：评定、改造、匹配、交换、锅炉", {"ndrc", "ecology", "department", "enterprise"}, writes=True
)  # fmt: skip
PUBLISH = action("energy.parks.publish", "发布园区用能与改造指标", {"ndrc", "admin"}, writes=True)


def firms_outside(user: Any, city: str) -> list[Enterprise]:
    """Firms in no park for which a person may tell heat: the carbon office and the departments any, a county its own, a firm itself."""
    if not may(user, OFFER):
        return []
    seated = ParkFirm.objects.filter(until=None).values("enterprise_id")
    firms = (
        Enterprise.objects.for_user(user).filter(city=city, until=None).exclude(pk__in=seated).order_by("place", "code")
    )
    return [each for each in firms if is_superuser(user) or own_side(user, (None, each))]


def tells_outside(user: Any, city: str) -> bool:
    """Whether there is any firm in no park for which the person may tell heat; for the carbon office and the departments not asked."""
    return may(user, OFFER) and (bool(WHOLE & roles_of(user)) or bool(firms_outside(user, city)))


def records_of(relation: str, *firms: str) -> Any:
    """Records about a park: whoever sees it whole; with `firms`, the people of those firms too."""

    def seen(user: Any, roles: Collection[str]) -> Q:
        return firms_seen(
            user, park=f"{relation}__park", firms=tuple(f"{relation}__{each}__enterprise" for each in firms)
        )

    return seen


def boilers_of(user: Any, roles: Collection[str]) -> Q:
    at = "energy_boiler_replacement__boiler"
    found = firms_seen(user, park=f"{at}__park", firms=(f"{at}__enterprise",))
    if found and "county" in roles:
        found |= Q(**{f"{at}__place__in": places_of(user) - {""}})
    return found


def imports_of(user: Any, roles: Collection[str]) -> Q:
    """The carbon office and the departments see every import, a county its own."""
    if {*WHOLE, "leader", "admin"} & set(roles):
        return Q()
    return Q(created_by=user) if "county" in roles else Q(pk__in=[])


def heat_imports_of(user: Any, roles: Collection[str]) -> Q:
    """As imports of the register; a firm's people see what they sent."""
    found = imports_of(user, roles)
    return found | Q(created_by=user) if found and "enterprise" in roles else found


def register() -> None:
    register_visibility("park.qualification", records_of("energy_park_qualification"))
    register_visibility("park.stage", records_of("energy_park_stage"))
    register_visibility("park.match", lambda user, roles: matches_seen(user, at="energy_heat_match"))
    register_visibility("park.exchange", records_of("energy_material_exchange", "offer", "need"))
    register_visibility("park.boiler", boilers_of)
    register_visibility("park.import", imports_of)
    register_visibility("park.heat.import", heat_imports_of)
