"""Providers of tasks and search results, and the entries of the navigation.

A provider gets the person and answers for that person alone: what they may not see, it does not return.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import prefetch_related_objects

from dafeng.kernel.actions import Action, may
from dafeng.kernel.desk.finding import Hit, Rows, Searcher, gather

__all__ = ["Entry", "Hit", "Rows", "Task"]


@dataclass(frozen=True)
class Task:
    """Something that waits for this person. `due` None: no date is set."""

    title: str
    why: str
    href: str
    since: datetime
    due: datetime | None = None
    kind: str = ""

    def overdue(self, now: datetime) -> bool:
        return self.due is not None and self.due < now


@dataclass(frozen=True)
class Entry:
    """A place in the navigation, shown to those who may do its action. `href` is asked at each page."""

    group: str
    title: Any
    href: Callable[[], str]
    action: Action
    order: int = 50


PageOf = Callable[[Any], str]
DueOf = Callable[[Any], datetime | None]
TaskProvider = Callable[[Any, datetime], Iterable[Task]]

_tasks: list[TaskProvider] = []
_searchers: list[Searcher] = []
_entries: list[Entry] = []
_pages: dict[str, PageOf] = {}
_dues: dict[str, DueOf] = {}
_related: dict[str, tuple[str, ...]] = {}


def register_tasks(provider: TaskProvider) -> None:
    """`provider(user, now) -> tasks` of a signed-in person."""
    _tasks.append(provider)


def register_search(searcher: Searcher) -> None:
    """`searcher(user, text, limit)` yields hits, or rows to be asked; `user` may be anonymous; `text` is trimmed, not empty."""
    _searchers.append(searcher)


def register_entry(entry: Entry) -> None:
    _entries.append(entry)


def tasks_of(user: Any, *, now: datetime) -> list[Task]:
    """The inbox: overdue first, then by due date, then the oldest."""
    found = [each for provider in _tasks for each in provider(user, now)]
    far = datetime.max.replace(tzinfo=now.tzinfo)
    return sorted(found, key=lambda each: (each.due or far, each.since))


def search(user: Any, text: str, *, limit: int = 8) -> list[Hit]:
    """What all domains find, each up to `limit`."""
    wanted = " ".join(text.split())[:80]
    return gather(_searchers, user, wanted, limit) if wanted else []


def entries_for(user: Any) -> list[Entry]:
    """The navigation of a person, in order."""
    return [each for each in sorted(_entries, key=lambda e: (e.order, str(e.title))) if may(user, each.action)]


def register_page(kind: str, page_of: PageOf, *, due: DueOf | None = None, related: Sequence[str] = ()) -> None:
    """Records of a kind have a page of their own: `page_of(record)` is its address. Without one the portal's serves.

    `due(record)`: until when it is to be handled, for the inbox. `related`: what these two read beside the record
    (`prefetch_related` paths), so that a list of records asks for it once.
    """
    _pages[kind] = page_of
    _related[kind] = tuple(related)
    if due is not None:
        _dues[kind] = due


def with_related(records: Iterable[Any]) -> list[Any]:
    """The records with what their pages and dates are told from: one query a kind and relation, not one a record."""
    found = list(records)
    for kind, paths in _related.items():
        if paths and (these := [each for each in found if each.kind == kind]):
            prefetch_related_objects(these, *paths)
    return found


def due_of(record: Any) -> datetime | None:
    """Until when a record is to be handled, where its kind knows that."""
    return _dues[record.kind](record) if record.kind in _dues else None


def page_of(record: Any) -> str:
    """The address of the domain's own page of a record; empty where the portal's general page is the one."""
    return _pages[record.kind](record) if record.kind in _pages else ""
