"""Terms in working days and months. Holidays and make-up days as the State Council's notices say (package chinesecalendar)."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

import chinese_calendar


def is_working(day: date) -> bool:
    """Weekends where the notice of a year is not out yet."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


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
