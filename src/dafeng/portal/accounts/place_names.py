"""The names of the places that this installation knows: its cities and their counties."""

from __future__ import annotations

from django.utils.translation import get_language

from dafeng.domains.inventory.models import City
from dafeng.portal.accounts.models import Membership, User


def place_names(*, indent: str = "") -> dict[str, str]:
    """Code to name in the reader's language, each city before its counties; `indent` goes before a county."""
    english = (get_language() or "").startswith("en")
    found: dict[str, str] = {}
    for city in City.objects.only("code", "name", "name_en", "counties").order_by("code"):
        found[city.code] = city.name_en if english else city.name
        found |= {code: indent + names[-1 if english else 0] for code, names in sorted(city.counties.items())}
    return found


def memberships_of(user: User) -> list[Membership]:
    """A person's memberships with their organisations, each with `place_name`."""
    names = place_names()
    found = list(user.memberships.select_related("organisation").order_by("organisation__name", "role"))
    for each in found:
        each.place_name = names.get(each.place, each.place)  # type: ignore[attr-defined]
    return found
