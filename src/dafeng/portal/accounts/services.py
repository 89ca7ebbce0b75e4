"""Who holds which role where, and the demo city's logins. Changes to members are in `members` and `invitations`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q

from dafeng.portal.accounts.models import MANAGER, Membership, Organisation, Role, User

DEMO_PASSWORD = "dafeng-demo-2026"


def roles_of(user: Any) -> frozenset[str]:
    """The roles of a person anywhere, and `manager` if they look after members; empty for the public."""
    if not getattr(user, "is_authenticated", False):
        return frozenset()
    held = _held(user)
    return frozenset(each[0] for each in held) | {MANAGER for each in held if each[2]}


def affiliations_of(user: Any) -> list[tuple[str, str]]:
    """(organisation code, place) of what a person belongs to."""
    return [(organisation, place) for _role, place, _manager, organisation in _held(user)]


def people_of(organisations: frozenset[str], roles: frozenset[str], places: frozenset[str]) -> list[User]:
    """Who acts for one of the organisations, and who holds one of the roles at one of the places."""
    held = Q(memberships__organisation__code__in=organisations)
    held |= Q(memberships__role__in=roles, memberships__place__in=places)
    return list(User.objects.filter(held, is_active=True).distinct().order_by("pk"))


def all_organisations() -> list[tuple[str, str]]:
    """(code, name) of every organisation."""
    return list(Organisation.objects.order_by("code").values_list("code", "name"))


def _held(user: Any) -> list[tuple[str, str, bool, str]]:
    """(role, place, manager, organisation code) of a person's memberships; kept on the user object where a request says so (`middleware`)."""
    held: list[tuple[str, str, bool, str]] | None = getattr(user, "roles_held", None)
    if held is None:
        held = list(Membership.objects.filter(user=user).values_list("role", "place", "manager", "organisation__code"))
        if getattr(user, "remembers_roles", False):
            user.roles_held = held
    return held


@transaction.atomic
def ensure_demo(
    organisations: Iterable[Mapping[str, str]], users: Iterable[Mapping[str, str]], *, password: str = DEMO_PASSWORD
) -> list[User]:
    """Make the demo organisations and one login a role, unless they exist; a changed password stays changed."""
    known = {}
    for fields in organisations:
        known[fields["code"]], _made = Organisation.objects.get_or_create(
            code=fields["code"],
            defaults={name: fields.get(name, "") for name in ("name", "name_en", "place")},
        )
    found = []
    for fields in users:
        user, made = User.objects.get_or_create(
            username=fields["username"], defaults={"display_name": fields["display_name"], "demo": True}
        )
        if made:
            user.set_password(password)
            user.save(update_fields=["password"])
        elif not user.demo and user.check_password(password):  # made before demo logins were marked
            user.demo = True
            user.save(update_fields=["demo"])
        role = Role(fields["role"])
        Membership.objects.get_or_create(
            user=user,
            organisation=known[fields["organisation"]],
            role=role.value,
            place=fields.get("place", ""),
            # The one login of a demo organisation also shows how members are looked after.
            defaults={"manager": role not in (Role.CITIZEN, Role.ADMIN)},
        )
        found.append(user)
    return found
