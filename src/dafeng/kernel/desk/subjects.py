"""What the subjects of points and indicators are called: `building:demo-1` is 信阳市示范医院, and has a page.

Each domain tells the kinds that it keeps (`register_subjects`); whoever shows a list asks for all of it at once, which costs
one question a kind, not one a row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Subject:
    """A name in the reader's language, and the address of its page; empty where it has none for this person."""

    name: str
    href: str = ""


Namer = Callable[[Any, Collection[str]], Mapping[str, Subject]]

_namers: dict[str, Namer] = {}


def register_subjects(kind: str, namer: Namer) -> None:
    """`namer(user, codes)` answers code → `Subject` for those of its kind that this person may see."""
    _namers[kind] = namer


def called(user: Any, subjects: Iterable[str]) -> dict[str, Subject]:
    """Subject → what it is called. One that nobody keeps, or that this person may not see, keeps its own code for a name."""
    codes: dict[str, set[str]] = defaultdict(set)
    wanted = set(subjects)
    for kind, _sign, code in (each.partition(":") for each in wanted):
        codes[kind].add(code)
    found = {
        f"{kind}:{code}": told
        for kind, these in codes.items()
        if kind in _namers
        for code, told in _namers[kind](user, these).items()
    }
    return {each: found.get(each) or Subject(each) for each in wanted}
