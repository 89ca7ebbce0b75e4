"""Who holds which role where, and the demo city's logins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from dafeng.portal.accounts.models import Membership, Organisation, Role, User

DEMO_PASSWORD = "dafeng-demo-2026"


def roles_of(user: Any) -> frozenset[str]:
    """The roles of a person anywhere; empty for the public."""
    if not getattr(user, "is_authenticated", False):
        return frozenset()
    return frozenset(Membership.objects.filter(user=user).values_list("role", flat=True))


def places_of(user: Any) -> frozenset[str]:
    """The places at which a person holds a role."""
    if not getattr(user, "is_authenticated", False):
        return frozenset()
    return frozenset(Membership.objects.filter(user=user).exclude(place="").values_list("place", flat=True))


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
            username=fields["username"], defaults={"display_name": fields["display_name"]}
        )
        if made:
            user.set_password(password)
            user.save(update_fields=["password"])
        Membership.objects.get_or_create(
            user=user,
            organisation=known[fields["organisation"]],
            role=Role(fields["role"]).value,
            place=fields.get("place", ""),
        )
        found.append(user)
    return found
