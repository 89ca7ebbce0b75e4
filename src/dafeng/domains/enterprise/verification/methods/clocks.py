"""The clocks of a verification: from what was done, until when the next step is due, and whether a done step was in time.

Each clock: what starts it, what stops it, how many working days, whose it is. Deadlines are never stored: they follow from the
dates of what happened and the dated rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from dafeng.domains.enterprise.verification.methods.days import Due, after

# clock: starts at the first of these that happened, stops at, whose
CLOCKS: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("site_list", ("reviewed",), "site_list", "body"),
    ("list", ("visited",), "listed", "body"),
    ("answer", ("listed",), "answered", "unit"),
    ("conclude", ("answered", "visited"), "concluded", "body"),
    ("objection", ("told",), "objected", "unit"),
    ("decide", ("objected",), "decided", "bureau"),
)


@dataclass(frozen=True)
class Clock:
    """`stopped` None: it runs. `late`: working beyond the due day, as of `today` where it runs."""

    code: str
    whose: str
    started: date
    due: Due
    stopped: date | None
    late: bool

    @property
    def runs(self) -> bool:
        return self.stopped is None


def clocks(happened: Mapping[str, date], days: Mapping[str, Any], *, today: date, ended: bool = False) -> list[Clock]:
    """What runs and what ran. `happened`: event → day. `ended`: nothing more is awaited but objection and decision.

    The list for the site is due from the day when the review's last line was filled in; where the visit is left out none is owed.
    Where there is a list of non-conformities the conclusion is due after the answer, or after the day when the answer was due.
    """
    found = []
    for code, starts, stops, whose in CLOCKS:
        start = _start(code, starts, happened, days)
        stopped = happened.get(stops)
        if code == "list" and stopped is None and "concluded" in happened:
            stopped = happened["concluded"]  # nothing was found: no list was owed
        if start is None or (stopped is None and ended and code not in ("objection", "decide")):
            continue
        if code == "site_list" and stopped is None and "visited" in happened:
            continue  # no visit: nothing is sent to a site group
        due = after(start, int(days[code]))
        if code == "answer" and stopped is None and "concluded" in happened:
            stopped = None if due.day >= happened["concluded"] else happened["concluded"]
        if code == "objection" and stopped is None and today > due.day:
            continue  # nobody objected: the term is over
        found.append(Clock(code, whose, start, due, stopped, (stopped or today) > due.day))
    return found


def _start(code: str, starts: tuple[str, ...], happened: Mapping[str, date], days: Mapping[str, Any]) -> date | None:
    if code == "conclude" and "listed" in happened and "answered" not in happened:
        return after(happened["listed"], int(days["answer"])).day
    return next((happened[each] for each in starts if each in happened), None)
