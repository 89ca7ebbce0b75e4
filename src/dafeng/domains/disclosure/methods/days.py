"""Working days: Monday to Friday. Public holidays and the exchanged weekends around them are not known here, and pages say so."""

from __future__ import annotations

from datetime import date, timedelta


def working_days_after(start: date, count: int) -> date:
    """The day that is `count` working days after `start`; the day itself does not count. `count` is at least 1."""
    if count < 1:
        raise ValueError("count must be at least 1")
    day = start
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day
