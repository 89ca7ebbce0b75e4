"""Who looks after whom: the one place that decides about people, organisations and roles.

An administrator does everything. A member manager looks after the members of the organisations that they manage, and
hands on only what they hold there themselves, at their own place or below; the roles that answer for the city's
numbers are handed out by an administrator alone.
"""

from __future__ import annotations

from typing import Any

from dafeng.kernel.actions import ANYONE, PUBLIC, action
from dafeng.kernel.errors import PlaceError
from dafeng.kernel.quantities import places
from dafeng.kernel.records.access import is_person, is_superuser, roles_of
from dafeng.portal.accounts.models import MANAGER, Membership, Organisation, Role

ADMIN = Role.ADMIN.value
GUARDED = frozenset(role.value for role in (Role.LEADER, Role.NDRC, Role.ECOLOGY, Role.STATISTICS, Role.ADMIN))


def sees_everybody(user: Any) -> bool:
    return is_superuser(user) or ADMIN in roles_of(user)


def manages(user: Any, organisation: Organisation) -> bool:
    """An administrator, or a manager of this organisation."""
    if sees_everybody(user):
        return True
    return is_person(user) and Membership.objects.filter(user=user, organisation=organisation, manager=True).exists()


def within(place: str, area: str) -> bool:
    """Whether a place is the area or lies in it; no place at all lies only in no area."""
    if place == area:
        return True
    try:
        return bool(place and area) and area in places.ancestors(place)
    except PlaceError:
        return False


def grantable(user: Any, organisation: Organisation) -> list[tuple[str, str]]:
    """(role, area) pairs that a person may hand out in an organisation. An administrator has every role everywhere."""
    if sees_everybody(user):
        return [(role.value, "*") for role in Role]
    held = list(Membership.objects.filter(user=user, organisation=organisation).values_list("role", "place", "manager"))
    if not is_person(user) or not any(manager for _role, _place, manager in held):
        return []
    return [(role, place) for role, place, _manager in held if role not in GUARDED]


def may_grant(user: Any, organisation: Organisation, role: str, place: str) -> bool:
    return any(role == held and (area == "*" or within(place, area)) for held, area in grantable(user, organisation))


ENTER = action("account.enter", "登录、退出、找回密码、接受邀请", {PUBLIC}, writes=True)
LANGUAGE = action("account.language", "切换语言", {PUBLIC}, writes=True)
PROFILE = action("account.profile", "查看和修改自己的资料", {ANYONE}, writes=True)
SECURE = action("account.security", "管理自己的密码、邮箱、两步验证和登录设备", {ANYONE}, writes=True)
SEE_MEMBERS = action("members.see", "查看组织与成员", {ADMIN, MANAGER}, rule=manages)
MANAGE = action("members.manage", "邀请成员、分派和收回角色", {ADMIN, MANAGER}, writes=True, rule=manages)
KEEP_ORGANISATIONS = action("members.organisations", "新建和修改组织", {ADMIN}, writes=True)
KEEP_PEOPLE = action("members.people", "查看全部人员，停用和恢复账户", {ADMIN}, writes=True)
