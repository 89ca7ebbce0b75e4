"""Third-party bodies for every domain that names one: chosen from the register, or named freely with the reason.

The domain that keeps the register offers it here; a domain that judges what a body made (an energy report, an audit) tells the works
here, so that the register can grade the body by them. Domains never import each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Listed:
    """A registered body. `organisation`: whose people act for it."""

    code: str
    name: str
    organisation: str = ""


@dataclass(frozen=True)
class Work:
    """Something that a body made for a unit and that was judged: sent back or refused, and how many points were found wrong."""

    kind: str
    judged: date
    returned: bool
    faults: int


@dataclass(frozen=True)
class Named:
    """A body as it was named. `code` is empty for one that is not on the register; `note` then says why it was taken."""

    name: str
    code: str = ""
    organisation: str = ""
    note: str = ""


@dataclass(frozen=True)
class Fault:
    """Why a body cannot be named so: `field` is `body`, `name` or `note`."""

    code: str
    field: str
    what: str
    mend: str


Listing = Callable[[Sequence[str]], Sequence[Listed]]
Works = Callable[[str, int], Iterable[Work]]
_listings: list[Listing] = []
_works: dict[str, Works] = {}


def offer(listing: Listing) -> None:
    """Tell which bodies of given kinds of service are registered. Called once, by the domain that keeps the register."""
    _listings[:] = [listing]


def tell_works(matter: str, works: Works) -> None:
    """Tell the works of a body (its code) that were judged in a year. `matter` names whose: told again, it is replaced."""
    _works[matter] = works


def listed(*kinds: str) -> list[Listed]:
    """Registered bodies that offer one of these services, by code; none where nobody keeps a register."""
    return [each for listing in _listings for each in listing(kinds)]


def choices(*kinds: str) -> list[tuple[str, Any]]:
    """For a form: the registered bodies, and none of them."""
    return [("", _("不在名录")), *((each.code, each.name) for each in listed(*kinds))]


def named(code: str, name: str, note: str, *kinds: str) -> Named | Fault:
    """A body of the register under its own name, or one named freely with the reason why."""
    if code:
        found = next((each for each in listed(*kinds) if each.code == code), None)
        if found is None:
            return Fault("no_such_body", "body", _("名录里没有这家机构，或它不提供这项服务"), _("请从名录中选"))
        return Named(found.name, found.code, found.organisation)
    if not name.strip():
        return Fault("no_body", "name", _("没有写机构"), _("请从名录中选，或写明机构名称和理由"))
    if len(note.strip()) < 2:
        return Fault(
            "no_note", "note", _("机构不在名录，没有写明理由"), _("请写明为什么委托名录以外的机构，或从名录中选")
        )
    return Named(name.strip(), "", "", note.strip())


def works_of(code: str, year: int) -> list[Work]:
    """What was judged of a body in a year, in every domain that judges."""
    return [each for works in _works.values() for each in works(code, year)]
