"""Who may see and do what with the monitoring of key energy users. Firms see themselves, counties theirs, the city's offices all."""

from __future__ import annotations

from typing import Any

from dafeng.kernel.actions import action
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records.access import organisations_of, roles_of

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
RUN = action("energy.monitoring.run", "重新识别异常、预测、汇总能耗", {"ndrc", "admin"}, writes=True)
