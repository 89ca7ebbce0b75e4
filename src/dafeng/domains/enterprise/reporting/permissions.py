"""Who may see and do what in reporting: an enterprise its own, a county its own, the offices all; the public what is disclosed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Q

from dafeng.domains.enterprise.permissions import OFFICES
from dafeng.kernel.actions import PUBLIC, action
from dafeng.kernel.enterprises.access import enterprises_seen
from dafeng.kernel.records.access import is_superuser, organisations_of, roles_of
from dafeng.kernel.records.services import register_visibility

KEEPERS = frozenset({"enterprise"})
BUREAU = frozenset({"ecology"})
READERS = OFFICES | KEEPERS | {"verifier"}


def facilities_seen(user: Any) -> Q:
    """A condition on `Facility`: as the enterprise; a verifier those of a report that its body was given."""
    seen = enterprises_seen(user, at="enterprise")
    if not is_superuser(user) and "verifier" in roles_of(user):
        mine = organisations_of(user) - {""}
        seen |= Q(enterprise__carbon_reports__verifications__body__organisation__in=mine)
    return seen


def firms_seen(user: Any) -> Q:
    """The same as a condition on `Enterprise`."""
    seen = enterprises_seen(user)
    if not is_superuser(user) and "verifier" in roles_of(user):
        seen |= Q(carbon_reports__verifications__body__organisation__in=organisations_of(user) - {""})
    return seen


def own_subject(user: Any, subject: Any) -> bool:
    """A rule of actions: `subject` has an enterprise, and the person acts for it."""
    enterprise = getattr(subject, "enterprise", subject)
    return is_superuser(user) or (bool(enterprise.organisation) and enterprise.organisation in organisations_of(user))


SEE = action("enterprise.reporting", "查看企业排放数据与报告", READERS)
KEEP = action("enterprise.values", "填报月度数据、边界与控制方案", KEEPERS, writes=True, rule=own_subject)
ANSWER = action("enterprise.answer", "说明检查发现", KEEPERS, writes=True, rule=own_subject)
JUDGE = action("enterprise.judge", "判定检查发现不成立", BUREAU, writes=True)
MOVE = action("enterprise.report", "报送、退回、锁定排放报告", KEEPERS | BUREAU, writes=True)
DESK = action("enterprise.desk", "查看报告工作台与统计供数", OFFICES)
DIRECT = action("enterprise.direct", "催报、准予补报、发布统计供数", BUREAU, writes=True)
PUBLIC_SEE = action("enterprise.disclosure", "查看企业排放信息公开", {PUBLIC})


def imports_of(user: Any, roles: Collection[str]) -> Q:
    return enterprises_seen(user, at="enterprise_import__facility__enterprise")


def register() -> None:
    register_visibility("enterprise.import", imports_of)
