"""Where a duty to disclose stands on a day. The day is an argument; nothing here reads a clock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum


class DutyState(StrEnum):
    DUE = "due"
    CHECKING = "checking"
    FILED = "filed"
    LATE = "late"
    MISSING = "missing"
    VOLUNTARY = "voluntary"


DISCLOSED = frozenset({DutyState.FILED, DutyState.LATE})


def state_of(*, due: date, binding: bool, disclosed_on: date | None, in_check: bool, today: date) -> DutyState:
    """The state of a duty.

    `disclosed_on`: the day of disclosure of a filing that the office has published; None without one. `in_check`: a
    filing has been handed in and not been answered yet, so that nobody is called late for the office's own delay.
    Who is not bound is never late or missing.
    """
    if disclosed_on is not None:
        return DutyState.LATE if binding and disclosed_on > due else DutyState.FILED
    if in_check:
        return DutyState.CHECKING
    if not binding:
        return DutyState.VOLUNTARY
    return DutyState.MISSING if today > due else DutyState.DUE


def share_disclosed(states: Iterable[DutyState]) -> float | None:
    """Percent of the duties that are disclosed, in time or late; None where there is no duty."""
    found = list(states)
    return 100.0 * sum(each in DISCLOSED for each in found) / len(found) if found else None
