"""Who may see and do what with small hydro: the one place that decides.

Offices see all, a county its stations, an owner its own, in full. Of the other stations on a river on which they have one, counties
and owners see what is shared: level, flow, ecological flow, state, notices; power and generation where the owner agreed; income never.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from dafeng.domains.energy.models.hydro import EcoWarning, HydroGauge, HydroStation, River, hydro_full
from dafeng.kernel.actions import action
from dafeng.kernel.enterprises.access import OFFICES as SEE_ALL
from dafeng.kernel.records.access import is_superuser
from dafeng.kernel.records.services import organisations_of, places_of, register_visibility, roles_of

OFFICES = frozenset({"leader", "ndrc", "ecology", "statistics", "department", "county", "admin"})
WHOLE = frozenset({"ndrc", "department"})
JUDGES = frozenset({"ndrc", "ecology", "department"})


def sees_in_full(user: Any, station: HydroStation) -> bool:
    """The rule of `hydro_full`, of one station at hand."""
    if is_superuser(user) or SEE_ALL & roles_of(user) or own_station(user, station):
        return True
    return "county" in roles_of(user) and station.place in places_of(user)


def sees_power(user: Any, station: HydroStation) -> bool:
    """Power and generation: who sees it in full, and whoever shares the river where the owner agreed."""
    return station.shares_power or sees_in_full(user, station)


def own_station(user: Any, station: HydroStation) -> bool:
    """The people of its owner."""
    return bool(station.organisation) and station.organisation in organisations_of(user)


def own_place(user: Any, place: str) -> bool:
    return (
        is_superuser(user) or bool(WHOLE & roles_of(user)) or ("county" in roles_of(user) and place in places_of(user))
    )


def rivers_kept(user: Any) -> QuerySet[River]:
    """The rivers whose words a person may change: a county those on which nothing of another county stands."""
    if is_superuser(user) or WHOLE & roles_of(user):
        return River.objects.all()
    if "county" not in roles_of(user):
        return River.objects.none()
    away = [model.objects.filter(river=OuterRef("pk")).exclude(place__in=places_of(user)) for model in (HydroStation, HydroGauge)]  # fmt: skip
    return River.objects.exclude(Exists(away[0])).exclude(Exists(away[1]))


def own_river(user: Any, river: River) -> bool:
    return rivers_kept(user).filter(pk=river.pk).exists()


def runs(user: Any, station: HydroStation) -> bool:
    """Its owner, the county it lies in, and the offices that supervise."""
    return own_station(user, station) or own_place(user, station.place)


def judges(user: Any, warning: EcoWarning) -> bool:
    """Whoever judges what was found: not the owner, who explains."""
    return bool(JUDGES & roles_of(user)) or ("county" in roles_of(user) and warning.station.place in places_of(user))


def settles(user: Any, warning: EcoWarning) -> bool:
    return judges(user, warning) or own_station(user, warning.station)


WRITERS = frozenset({"enterprise", "county", *WHOLE})
SEE = action("energy.hydro.see", "查看小水电与流域", {*OFFICES, "enterprise"})
KEEP = action(
    "energy.hydro.keep",
    "登记、导入水电站、水文测站和测点，起草生态流量核定",
    {"ndrc", "department", "county"},
    writes=True,
    rule=own_place,
)
KEEP_RIVERS = action(
    "energy.hydro.rivers", "登记、导入河流", {"ndrc", "department", "county"}, writes=True, rule=own_river
)
DECIDE = action("energy.hydro.decide", "签发生态流量核定", JUDGES, writes=True)
SETTLE = action("energy.hydro.settle", "办理生态流量预警", {"enterprise", "county", *JUDGES}, writes=True, rule=settles)
JUDGE = action("energy.hydro.judge", "核实、销号生态流量预警", {"county", *JUDGES}, writes=True, rule=judges)
TELL = action("energy.hydro.tell", "发布水情通告", WRITERS, writes=True, rule=runs)
CONSENT = action("energy.hydro.consent", "同意或停止共享出力与发电量", {"enterprise"}, writes=True, rule=own_station)
LOG = action("energy.hydro.log", "填报抽水蓄能运行日志", WRITERS, writes=True, rule=runs)
RUN = action("energy.hydro.run", "识别生态流量预警、预测来水、发布水电指标", {"ndrc", "admin"}, writes=True)


def decisions_of(user: Any, roles: Collection[str]) -> Q:
    return hydro_full(user, at="energy_eco_decision__station") if roles else Q(pk__in=[])


def imports_of(user: Any, roles: Collection[str]) -> Q:
    """The carbon office and the departments see every import, a county its own."""
    if {*WHOLE, "leader", "admin"} & set(roles):
        return Q()
    return Q(created_by=user) if "county" in roles else Q(pk__in=[])


def register() -> None:
    register_visibility("hydro.threshold", decisions_of)
    register_visibility("hydro.import", imports_of)
