"""Who may see and do what with the monitoring of key energy users. Firms see themselves, counties theirs, the city's offices all."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Q

from dafeng.kernel.actions import action
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records.access import organisations_of, register_visibility, roles_of

OFFICES = frozenset({"leader", "ndrc", "ecology", "statistics", "department", "county", "admin"})
KEEPERS = frozenset({"ndrc", "department"})


def may_keep(user: Any, enterprise: Enterprise) -> bool:
    """A firm for itself; the offices that supervise for any."""
    return bool(KEEPERS & roles_of(user)) or (
        bool(enterprise.organisation) and enterprise.organisation in organisations_of(user)
    )


SEE = action("energy.monitoring.see", "查看重点用能单位监测", {"enterprise", *OFFICES})
KEEP = action(
    "energy.monitoring.keep",
    "登记产量、节能措施、设备更新，处理用能异常",
    {"enterprise", *KEEPERS},
    writes=True,
    rule=may_keep,
)
MODEL = action(
    "energy.monitoring.model",
    "建立和修改用能流程模型",
    {"enterprise", *KEEPERS},
    writes=True,
    rule=may_keep,
)
ENROL = action("energy.monitoring.enrol", "列入重点用能单位", KEEPERS, writes=True)
RUN = action("energy.monitoring.run", "重新识别异常、预测、汇总能耗", {"ndrc", "admin"}, writes=True)


MODEL_IMPORT = "energy.flow.import"


def imports_of(user: Any, roles: Collection[str]) -> Q:
    """The offices that supervise see every import of a flow model, a firm's people what was imported for their firm."""
    if {*KEEPERS, "leader", "admin"} & set(roles):
        return Q()
    firms = Enterprise.objects.filter(organisation__in=organisations_of(user) - {""}).values("code")
    return Q(key__in=firms) if "enterprise" in roles else Q(pk__in=[])


def register() -> None:
    register_visibility(MODEL_IMPORT, imports_of)
