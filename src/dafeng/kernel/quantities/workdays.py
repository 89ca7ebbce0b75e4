"""Working days by the State Council's yearly notices: holidays and make-up days (package chinesecalendar)."""

from __future__ import annotations

from datetime import date
from functools import lru_cache


@lru_cache(maxsize=4096)  # a page that counts the days of many months asks for the same days again and again
def working(day: date) -> tuple[bool, bool]:
    """Whether it is a working day, and whether that is certain: by weekday alone where the notice of a year is not out yet."""
    import chinese_calendar

    try:
        return bool(chinese_calendar.is_workday(day)), True
    except NotImplementedError:
        return day.weekday() < 5, False


def is_working(day: date) -> bool:
    """Whether it is a working day, certain or not."""
    return working(day)[0]


def holiday(day: date) -> str:
    """The public holiday that a day off, or a day worked for one, belongs to ("Spring Festival"); "" for none or no notice yet."""
    import chinese_calendar

    try:
        return chinese_calendar.get_holiday_detail(day)[1] or ""
    except NotImplementedError:
        return ""
