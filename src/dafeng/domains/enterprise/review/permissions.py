"""Who may see and do what in the review of projects: the one place that decides.

The owner is `enterprise`, the review authority `ndrc` (the leader may sign), experts are people of role `verifier` in the register of
experts, the offices of the joint review are `department`, `ecology` and `county`, which also accepts projects after trial run.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Q

from dafeng.kernel.actions import action
from dafeng.kernel.enterprises.access import OFFICES
from dafeng.kernel.records.access import is_superuser, organisations_of, places_of, register_visibility, roles_of

HIDDEN = ("draft",)


def projects_seen(user: Any, *, at: str = "") -> Q:
    """A condition on `Project`, or on what has a relation to it under the name `at`."""
    prefix = f"{at}__" if at else ""
    roles = roles_of(user)
    if is_superuser(user):
        return Q()
    told = ~Q(**{f"{prefix}record__state__in": HIDDEN})
    seen = Q(**{f"{prefix}enterprise__organisation__in": organisations_of(user) - {""}}) & Q(
        **{f"{prefix}isnull": False} if at else {}
    )
    if OFFICES & roles:
        # An officer who enters a paper opinion sees the draft that they are making.
        return seen | told | Q(**{f"{prefix}record__created_by": user})
    if "county" in roles:
        seen |= told & Q(**{f"{prefix}place__in": places_of(user) - {""}})
    if "verifier" in roles:
        seen |= Q(**{f"{prefix}invitations__expert__person": user}) & ~Q(
            **{f"{prefix}invitations__state": "recused", f"{prefix}invitations__expert__person": user}
        )
    return seen


def owns(user: Any, project: Any) -> bool:
    """Its enterprise's people, never another's."""
    code = project.enterprise.organisation
    return bool(code) and code in organisations_of(user)


def of_county(user: Any, project: Any) -> bool:
    """The bureau for all; a county for what lies in it."""
    return "ndrc" in roles_of(user) or project.place in places_of(user)


SEE = action("review.see", "查看节能审查项目", {"enterprise", "verifier", "county", *OFFICES})
STATISTICS = action("review.statistics", "查看节能审查统计", {"county", *OFFICES})
APPLY = action("review.apply", "申报节能审查、变更与验收", {"enterprise"}, writes=True, rule=owns)
HANDLE = action("review.handle", "办理节能审查", {"ndrc"}, writes=True)
DECIDE = action("review.decide", "出具节能审查意见", {"ndrc", "leader"}, writes=True)
ACCEPT = action("review.accept", "节能验收", {"ndrc", "county"}, writes=True, rule=of_county)
ORDER = action("review.order", "责令节能整改与核查", {"ndrc", "county"}, writes=True, rule=of_county)
JOIN = action("review.join", "会商联审答复", {"department", "ecology", "county"}, writes=True)
EXPERT = action("review.expert", "专家评审", {"verifier"}, writes=True)
KEEP = action("review.keep", "维护审查参数、限额、专家、产能与供热机组", {"ndrc"}, writes=True)
RUN_DAILY = action("review.daily", "节能审查每日办理", {"admin"}, writes=True)


def project_records(user: Any, roles: Collection[str]) -> Q:
    return projects_seen(user, at="enterprise_project")


def change_records(user: Any, roles: Collection[str]) -> Q:
    return projects_seen(user, at="enterprise_project_change__project")


def register() -> None:
    """Tell the ground floor who sees the records of this room."""
    register_visibility("enterprise.project", project_records)
    register_visibility("enterprise.project-change", change_records)
