"""Who may see and do what with the inventory: the one place that decides."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from dafeng.domains.inventory.models import Batch, City, InventoryRun
from dafeng.kernel.actions import PUBLIC, action
from dafeng.kernel.records.access import is_superuser
from dafeng.kernel.records.services import is_person, roles_of

# Offices that work on the inventory see drafts; everybody else sees what is published.
SEES_DRAFTS = frozenset({"leader", "ndrc", "ecology", "statistics", "department", "county", "admin"})
ENTERS_DATA = frozenset({"ndrc", "ecology", "statistics", "department", "county", "admin"})


def may_see(user: Any, run: InventoryRun) -> bool:
    """A published run is public; a draft is for the city's offices, and for anyone in a demo installation."""
    return run.published_at is not None or settings.DEMO or bool(SEES_DRAFTS & set(roles_of(user)))


def batches_of(user: Any, roles: Collection[str]) -> Q:
    """Which batches of activity data a person sees: the city's offices see all, a county what it sent in itself."""
    if (SEES_DRAFTS - {"county"}) & set(roles):
        return Q()
    return Q(created_by=user) if is_person(user) else Q(pk__in=[])


def may_undo(user: Any, batch: Batch) -> bool:
    """Whoever sent a batch in, and the offices that answer for the inventory."""
    return batch.record.created_by_id == user.pk or bool({"ndrc", "ecology", "statistics"} & roles_of(user))


SEE = action("inventory.see", "查看清单与数字的来历", {PUBLIC}, rule=may_see)
SEE_DATA = action("inventory.data", "查看活动水平数据", SEES_DRAFTS)
IMPORT = action("inventory.import", "填报活动水平数据", ENTERS_DATA, writes=True)
UNDO = action("inventory.undo", "撤销一批活动水平数据", ENTERS_DATA, writes=True, rule=may_undo)
# A feed may hold a single firm's heat: a county sees only what is its own, so it does not see this.
SEE_REPORTED = action("inventory.reported", "查看企业报告与清单的对账", SEES_DRAFTS - {"county"})
TAKE_REPORTED = action("inventory.take-reported", "从企业报告取数", {"ndrc", "ecology", "statistics"}, writes=True)
SEE_FACTORS = action("inventory.factors", "查看因子库与核算方法", {PUBLIC})
SET_FACTOR = action("inventory.factor-set", "录入本市因子", {"ecology", "statistics"}, writes=True)
SIGN_FACTOR = action("inventory.factor-sign", "签认因子", {"ecology"}, writes=True)
SEE_QUALITY = action("inventory.quality", "查看质量检查与完整性", SEES_DRAFTS)
ANALYSE = action("inventory.analyse", "计算关键类别与不确定性", {"ndrc", "ecology", "statistics"}, writes=True)
COMPILE = action("inventory.compile", "编制清单", {"ndrc", "ecology", "statistics"}, writes=True)
CLEAR = action("inventory.clear", "清理过期的上传文件", {"admin"}, writes=True)
REPORT = action("inventory.report", "生成清单报告与数据文件", {PUBLIC}, rule=may_see)
PUBLISH = action("inventory.publish", "发布清单", {"ecology"}, writes=True)


def places_of(user: Any, city: City) -> frozenset[str] | None:
    """The places that a person may report for; None stands for all of the city. A county reports for itself alone."""
    if (ENTERS_DATA - {"county"}) & roles_of(user) or is_superuser(user):
        return None
    held = frozenset(user.memberships.filter(role="county").values_list("place", flat=True))
    return None if city.pk in held else held


def page_of(batch: Batch) -> str:
    return reverse("inventory:batch", kwargs={"code": batch.city_id, "id": batch.pk})
