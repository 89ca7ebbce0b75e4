"""Organisations and their members: add, change, grant, end, shut out. Every write is audited and asks who does it.

`by` None is the system (the shell). A write takes the head of the audit chain first, so that two administrators who
remove each other at the same moment queue, and the second is told that one must stay.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from dafeng.kernel.actions import demand
from dafeng.kernel.errors import DafengError, PermissionDenied, StaleError
from dafeng.kernel.quantities import places
from dafeng.kernel.records.services import audit, serial
from dafeng.portal.accounts import permissions
from dafeng.portal.accounts.models import Membership, Organisation, Role, User

FIELDS = ("name", "name_en", "place")
RESERVED = frozenset({"new", "system"})  # an address of ours; the audit chain's own name


class MemberError(DafengError):
    """A change to organisations or members that would break a rule of theirs."""

    code = "member"


def add_organisation(
    code: str, name: str, *, name_en: str = "", place: str = "", by: User | None, now: datetime
) -> Organisation:
    """A new organisation. Raises `MemberError` when the code is taken or reserved."""
    if by is not None:
        demand(by, permissions.KEEP_ORGANISATIONS)
    _check_place(place)
    with serial():
        if code in RESERVED or Organisation.objects.filter(code=code).exists():
            raise MemberError(_("代码“%(code)s”已经有组织在用") % {"code": code}, mend=_("请换一个代码"))
        made = Organisation.objects.create(code=code, name=name, name_en=name_en, place=place)
        audit(by, "organisation.add", "organisation", code, {"name": name, "name_en": name_en, "place": place}, now=now)
    return made


def save_organisation(
    organisation: Organisation, changes: dict[str, str], *, version: int, by: User | None, now: datetime
) -> Organisation:
    """Change name or place, if nobody else has since `version` was read. Raises `StaleError`."""
    if by is not None:
        demand(by, permissions.KEEP_ORGANISATIONS)
    wanted = {name: changes[name] for name in FIELDS if name in changes}
    _check_place(wanted.get("place", ""))
    with serial():
        row = Organisation.objects.get(pk=organisation.pk)
        if row.version != version:
            raise StaleError(
                _("“%(name)s”在您打开之后被别人修改过，您的修改还没有保存") % {"name": row.name},
                mend=_("请对照两边的内容，决定保留哪一个"),
            )
        before = {name: getattr(row, name) for name in wanted if getattr(row, name) != wanted[name]}
        if before:
            Organisation.objects.filter(pk=row.pk).update(**wanted, version=version + 1)
            changed = {name: {"before": old, "after": wanted[name]} for name, old in before.items()}
            audit(by, "organisation.change", "organisation", row.code, changed, now=now)
    organisation.refresh_from_db()
    return organisation


def grant(
    user: User, organisation: Organisation, role: str, *, place: str = "", manager: bool = False,
    by: User | None, now: datetime, via: str = "",
) -> Membership:  # fmt: skip
    """Give a person a role in an organisation. Whoever holds it already keeps it; `manager` is only ever added."""
    role = Role(role).value
    if by is not None and not permissions.may_grant(by, organisation, role, place):
        raise PermissionDenied(
            _("您不能分派角色“%(role)s”") % {"role": Role(role).label},
            mend=_("成员管理人只能分派自己在本组织持有的角色；其他角色请联系系统管理员"),
        )
    _check_place(place)
    with serial():
        held, made = Membership.objects.get_or_create(
            user=user, organisation=organisation, role=role, place=place, defaults={"manager": manager}
        )
        if not made and manager and not held.manager:
            held.manager, made = True, True
            held.save(update_fields=["manager"])
        if made:
            _audit(by, "membership.grant", held, now, via=via)
    return held


def set_manager(membership: Membership, manager: bool, *, by: User | None, now: datetime) -> None:
    """Make a member a manager of the organisation's members, or no longer."""
    _demand_grant(by, membership)
    with serial():
        if Membership.objects.filter(pk=membership.pk, manager=not manager).update(manager=manager):
            membership.manager = manager
            _audit(by, "membership.manager", membership, now)


def end(membership: Membership, *, by: User | None, now: datetime) -> None:
    """Take a role away; it is gone with the person's next request. Raises `MemberError` for the last administrator."""
    _demand_grant(by, membership)
    with serial():
        if not Membership.objects.filter(pk=membership.pk).exists():  # somebody else was first
            return
        if membership.role == Role.ADMIN and not membership.user.is_superuser:
            others = Q(memberships__role=Role.ADMIN) & ~Q(memberships__pk=membership.pk)
            _check_admin_stays(others)
        _audit(by, "membership.end", membership, now)
        membership.delete()


def shut_out(user: User, *, by: User | None, now: datetime) -> None:
    """Deactivate a person: no login, and every open session is over with its next request."""
    if by is not None:
        demand(by, permissions.KEEP_PEOPLE)
    with serial():
        if user.is_superuser or user.memberships.filter(role=Role.ADMIN).exists():
            _check_admin_stays(Q(memberships__role=Role.ADMIN) & ~Q(pk=user.pk), besides=user)
        if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
            user.is_active = False
            audit(by, "person.shut_out", "person", user.get_username(), {}, now=now)


def let_in(user: User, *, by: User | None, now: datetime) -> None:
    """Undo `shut_out`."""
    if by is not None:
        demand(by, permissions.KEEP_PEOPLE)
    with serial():
        if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
            user.is_active = True
            audit(by, "person.let_in", "person", user.get_username(), {}, now=now)


def reset_mfa(user: User, *, by: User | None, now: datetime) -> int:
    """Remove a person's second factors (a lost phone); returns how many there were."""
    from allauth.mfa.models import Authenticator

    if by is not None:
        demand(by, permissions.KEEP_PEOPLE)
    with serial():
        count, _rows = Authenticator.objects.filter(user=user).delete()
        if count:
            audit(by, "person.reset_mfa", "person", user.get_username(), {"removed": count}, now=now)
    return count


def free_username(username: str) -> bool:
    """Whether a new person may have it."""
    return username.lower() not in RESERVED and not User.objects.filter(username__iexact=username).exists()


def _check_admin_stays(others: Q, *, besides: User | None = None) -> None:
    """Inside `serial`: an active administrator, or superuser, must be left."""
    superusers = Q(is_superuser=True) & (~Q(pk=besides.pk) if besides else Q())
    if not User.objects.filter(others | superusers, is_active=True).exists():
        raise MemberError(_("这是最后一位系统管理员，不能移除"), mend=_("请先把系统管理员分派给另一个人，再移除这一位"))


def _demand_grant(by: User | None, membership: Membership) -> None:
    if by is not None and not permissions.may_grant(by, membership.organisation, membership.role, membership.place):
        raise PermissionDenied(
            _("您不能改动角色“%(role)s”") % {"role": membership.get_role_display()}, mend=_("请联系系统管理员")
        )


def _check_place(place: str) -> None:
    if place:
        places.level(place)


def _audit(by: Any, what: str, membership: Membership, now: datetime, *, via: str = "") -> None:
    detail = {
        "person": membership.user.get_username(),
        "role": membership.role,
        "place": membership.place,
        "manager": membership.manager,
    }
    audit(by, what, "organisation", membership.organisation.code, {**detail, **({"via": via} if via else {})}, now=now)
