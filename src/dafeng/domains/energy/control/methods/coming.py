"""What approved projects will add to the months that nobody has told yet: each tonne once. Plain data, no I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Why(StrEnum):
    """Why a project adds what it adds to a year's forecast."""

    COMING = "coming"  # begins in a month not told yet: added from then on
    LATE = "late"  # under construction, its planned month has passed: added from the month after the last told one
    RUNS = "runs"  # runs, or its meters read: in the told months already
    IDLE = "idle"  # its planned month has passed and building has not begun: not added
    UNPLACED = "unplaced"  # only its year is known: not added
    AFTER = "after"  # begins in a later year


@dataclass(frozen=True)
class Part:
    """A project in force. `year_amount` is what a whole year counts in dual control, in the quantity's unit; `gross` all it uses. Months are `YYYY-MM`, empty where not known.

    `firm`: subject of who builds it, empty where it is secret. `approved`: month of its opinion; `planned`: in which it is to begin to run; `since`: in which it began, or its meters first read.
    """

    number: str
    name: str
    year_amount: float
    year: int
    approved: str = ""
    planned: str = ""
    since: str = ""
    building: bool = False
    firm: str = ""
    gross: float | None = None


@dataclass(frozen=True)
class Added:
    """What a part adds to the year's forecast as of a month, from which month (1–12, 0: none) and why."""

    part: Part
    amount: float
    first: int
    why: Why


def added(part: Part, year: int, month: int) -> Added | None:
    """As of the end of `month`, the last that was told; None for a project that had no opinion then."""
    now = f"{year}-{month:02d}"
    if part.approved > now:
        return None
    if part.since and part.since <= now:
        return Added(part, 0.0, 0, Why.RUNS)
    begins = part.since or part.planned
    if not begins:
        return Added(part, 0.0, 0, Why.UNPLACED if part.year <= year else Why.AFTER)
    if begins > f"{year}-12":
        return Added(part, 0.0, 0, Why.AFTER)
    if begins <= now and not part.building:
        return Added(part, 0.0, 0, Why.IDLE)
    late = begins <= now
    first = month + 1 if late else int(begins[5:])
    if first > 12:
        return Added(part, 0.0, 0, Why.AFTER)
    return Added(part, part.year_amount * (13 - first) / 12, first, Why.LATE if late else Why.COMING)


def total(parts: Iterable[Part], year: int, month: int) -> float:
    """What all parts add to the year's forecast as of a month."""
    return sum(found.amount for part in parts if (found := added(part, year, month)) is not None)
