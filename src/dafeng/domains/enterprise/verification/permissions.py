"""Who may see and do what in verification. Objects that a person may not see are 404.

The bureau assigns, reviews, decides and keeps the register; a body's people work on what their body was given, and on nothing else;
an enterprise sees and answers its own; everybody sees the register of bodies.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from dafeng.domains.enterprise.models import Body
from dafeng.domains.enterprise.permissions import BUREAU, OFFICES
from dafeng.kernel.actions import ANYONE, PUBLIC, action
from dafeng.kernel.enterprises.access import OFFICES as CITY_OFFICES
from dafeng.kernel.enterprises.access import enterprises_seen
from dafeng.kernel.records.access import is_superuser, organisations_of, roles_of
from dafeng.kernel.records.services import register_visibility


def own_body(user: Any, body: Body) -> bool:
    """A body's people for their body."""
    return bool(body.organisation) and body.organisation in organisations_of(user)


SEE_BODIES = action("enterprise.bodies", "查看第三方机构名录", {PUBLIC})
KEEP_BODIES = action("enterprise.bodies.keep", "登记与监管第三方机构", BUREAU, writes=True)
APPLY_BODY = action("enterprise.bodies.apply", "申请登记第三方机构、登记核查人员", {"verifier", *BUREAU}, writes=True)
RATE_BODIES = action("enterprise.bodies.rate", "评价第三方机构", BUREAU, writes=True)
COMPLAIN = action("enterprise.bodies.complain", "投诉第三方机构", {ANYONE}, writes=True)
SEE = action("enterprise.verification", "查看排放报告核查", {"verifier", "enterprise", *OFFICES})
WORK = action("enterprise.verification.work", "办理核查", {"verifier"}, writes=True)
ASSIGN = action("enterprise.verification.assign", "委派核查、复核核查结论", BUREAU, writes=True)
SUPERVISE = action("enterprise.verification.desk", "查看核查进度与机构排名", OFFICES)
SPOT = action("enterprise.verification.spot", "抽查核查数据", BUREAU, writes=True)
ANSWER = action("enterprise.verification.answer", "答复不符合项、申请复核", {"enterprise"}, writes=True)
REMIND = action("enterprise.verification.remind", "发送核查期限提醒", {"admin"}, writes=True)


def _seen(user: Any, roles: Any, at: str) -> Q:
    """`at`: the way from what is asked to the verification, ending in `__`, or empty."""
    if is_superuser(user) or CITY_OFFICES & set(roles):
        return Q()
    seen = Q(pk__in=[])
    if {"county", "enterprise"} & set(roles):
        seen |= enterprises_seen(user, at=f"{at}report__enterprise")
    if "verifier" in roles:
        seen |= Q(**{f"{at}body__organisation__in": organisations_of(user) - {""}})
    return seen


def verifications_seen(user: Any) -> Q:
    return _seen(user, roles_of(user), "")


def verification_records(user: Any, roles: Any) -> Q:
    return _seen(user, roles, "enterprise_verification__")


def body_records(user: Any, roles: Any) -> Q:
    """Everybody sees whom the register lists; the offices and a body's own people its application too."""
    if CITY_OFFICES & set(roles) or "county" in roles:
        return Q()
    listed = Q(state__in=("registered", "suspended", "removed"))
    return listed | Q(enterprise_body__organisation__in=organisations_of(user) - {""})


def objection_records(user: Any, roles: Any) -> Q:
    """Objections and complaints: the offices, who made it, and for objections the body that it is about."""
    if CITY_OFFICES & set(roles):
        return Q()
    seen = Q(enterprise_objection__organisation__in=organisations_of(user) - {""})
    if "verifier" in roles:
        seen |= Q(
            enterprise_objection__kind="objection",
            enterprise_objection__body__organisation__in=organisations_of(user) - {""},
        )
    return seen


def _spots(user: Any, roles: Any, at: str) -> Q:
    """Nobody is warned: a firm hears of the check when it begins, the body when it is over."""
    if is_superuser(user) or CITY_OFFICES & set(roles):
        return Q()
    seen = Q(pk__in=[])
    state = "state" if at else "record__state"
    if {"county", "enterprise"} & set(roles):
        seen |= enterprises_seen(user, at=f"{at}report__enterprise") & ~Q(**{state: "drawn"})
    if "verifier" in roles:
        mine = organisations_of(user) - {""}
        seen |= Q(**{f"{at}verification__body__organisation__in": mine, state: "confirmed"})
    return seen


def spots_seen(user: Any) -> Q:
    return _spots(user, roles_of(user), "")


def spot_records(user: Any, roles: Any) -> Q:
    return _spots(user, roles, "enterprise_spot_check__")


def register() -> None:
    register_visibility("enterprise.spot-check", spot_records)
    register_visibility("enterprise.verification", verification_records)
    register_visibility("enterprise.body", body_records)
    register_visibility("enterprise.objection", objection_records)
    register_visibility("enterprise.body-complaint", objection_records)
