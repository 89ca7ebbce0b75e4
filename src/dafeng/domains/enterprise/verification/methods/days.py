"""Working days of China: weekends, public holidays and the exchanged weekends around them (`chinese_calendar`, State Council notices).

The calendar of a year is announced in the autumn before it. Beyond what is announced Monday to Friday are taken, and a deadline
that rests on that says so (`provisional`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from dafeng.kernel.quantities.workdays import working


@dataclass(frozen=True)
class Due:
    """The last day. `provisional`: the calendar of one of the days counted is not announced yet."""

    day: date
    provisional: bool = False


def after(start: date, count: int) -> Due:
    """The day that is `count` working days after `start`; the day itself does not count. Raises `ValueError` below 1."""
    if count < 1:
        raise ValueError("count must be at least 1")
    day, sure, left = start, True, count
    while left:
        day += timedelta(days=1)
        works, certain = working(day)
        sure, left = sure and certain, left - works
    return Due(day, not sure)


def between(start: date, end: date) -> int:
    """Working days after `start` up to and including `end`; negative where `end` lies before."""
    if end < start:
        return -between(end, start)
    return sum(working(start + timedelta(days=step))[0] for step in range(1, (end - start).days + 1))
