"""Terms in working days and months."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from dafeng.kernel.quantities.workdays import is_working


def after_working_days(day: date, count: int) -> date:
    """The last day of a term of `count` working days that begins on the day after."""
    while count:
        day += timedelta(days=1)
        count -= is_working(day)
    return day


def after_months(day: date, count: int) -> date:
    """The same day of a later month, or its last."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
