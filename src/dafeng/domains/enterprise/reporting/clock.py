"""Until when a month and a year are due, and how many working days are left. Pure: dates in, dates out.

`rules.toml` holds the dated rules. The day itself is a calendar day (the guideline counts 40 calendar days after the month);
reminders and "days left" are told in working days of the official calendar (`chinesecalendar`), because people work on those.
"""

from __future__ import annotations

import calendar
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from dafeng.kernel.quantities.workdays import is_working, working

PATH = Path(__file__).with_name("rules.toml")


@dataclass(frozen=True)
class Rule:
    """One dated rule: `value` in `unit`, in force from `since` (a year of data) on, with its source and letter."""

    code: str
    value: Any
    unit: str
    since: int
    source: str
    letter: str


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    with PATH.open("rb") as stream:
        return tuple(Rule(**row) for row in tomllib.load(stream)["rule"])


def rule_of(code: str, year: int) -> Rule:
    """The rule in force for a year of data: the latest that began by then, else the earliest there is."""
    known = sorted((each for each in rules() if each.code == code), key=lambda each: each.since)
    return next((each for each in reversed(known) if each.since <= year), known[0])


def months_of(year: int) -> list[str]:
    return [f"{year}-{month:02d}" for month in range(1, 13)]


def bounds(month: str) -> tuple[date, date]:
    """First and last day of `2025-03`, or of the year `2025`."""
    year = int(month[:4])
    if len(month) == 4:
        return date(year, 1, 1), date(year, 12, 31)
    number = int(month[5:])
    return date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1])


def is_month(text: str) -> bool:
    """Whether a text is a month of the years that can be told, or such a year."""
    year, _sep, number = text.partition("-")
    if not (text.isascii() and len(year) == 4 and year.isdigit() and 2000 <= int(year) <= 2100):
        return False
    return len(text) == 4 or (len(number) == 2 and number.isdigit() and 1 <= int(number) <= 12)


def month_of(text: str) -> str | None:
    """The month, or the year, that a person wrote: 2025-01, 2025/1, 2025年1月, 202501, 2025-01-01, 2025, 2025年; None for anything else."""
    found = re.fullmatch(r"(\d{4})(?:[-/.年]\s*(\d{1,2})(?:月|[-/.](?:0?1))?|(\d{2}))", text) or re.fullmatch(r"(\d{4})年?()()", text)  # fmt: skip
    if found is None:
        return None
    number = found[2] or found[3]
    month = f"{found[1]}-{int(number):02d}" if number else found[1]
    return month if is_month(month) else None


def day_of(text: str) -> date | None:
    """The day that a person wrote: 2025-03-12, 2025/3/12, 2025.3.12, 2025年3月12日, 20250312; None for anything else, and for 30 February."""
    found = re.fullmatch(r"(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{2})(\d{2}))", text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2] or found[4]), int(found[3] or found[5]))
    except ValueError:
        return None


def beside(month: str, step: int) -> str:
    """The month that many months on; of a year, the year."""
    if len(month) == 4:
        return str(int(month) + step)
    count = int(month[:4]) * 12 + int(month[5:]) - 1 + step
    return f"{count // 12}-{count % 12 + 1:02d}"


def span(months: Iterable[str]) -> str:
    """Months in words, those that follow each other as one run: `2025-01 – 2025-03、2025-07`."""
    runs: list[list[str]] = []
    for each in sorted(set(months)):
        if runs and beside(runs[-1][-1], 1) == each:
            runs[-1].append(each)
        else:
            runs.append([each])
    return "、".join(run[0] if len(run) == 1 else f"{run[0]} – {run[-1]}" for run in runs)


def month_due(month: str) -> date:
    """The last day for a month's ledgers and laboratory reports; annual items go with the report."""
    if len(month) == 4:
        return report_due(int(month))
    return bounds(month)[1] + timedelta(days=int(rule_of("month_days", int(month[:4])).value))


def report_due(year: int) -> date:
    """The last day for the report on `year`."""
    month, day = map(int, str(rule_of("report_due", year).value).split("-"))
    return date(year + 1, month, day)


def announced(year: int) -> bool:
    """Whether the calendar knows the holidays of a year; where not, days left count Monday to Friday and pages say so."""
    return working(date(year, 1, 1))[1]


def working_days_left(today: date, due: date) -> int:
    """Working days after `today` up to and with `due`; negative: working days that have passed since `due`."""
    if due < today:
        return -sum(is_working(due + timedelta(days=step)) for step in range(1, (today - due).days + 1))
    return sum(is_working(today + timedelta(days=step)) for step in range(1, (due - today).days + 1))


def working_days_after(start: date, count: int) -> date:
    """The day that is `count` working days after `start`; the day itself does not count. `count` is at least 1."""
    if count < 1:
        raise ValueError("count must be at least 1")
    day = start
    while count:
        day += timedelta(days=1)
        count -= is_working(day)
    return day


def stage(today: date, due: date) -> str:
    """late, or the reminder that is due (`10`, `5`, `1` working days before), or empty."""
    if due < today:
        return "late"
    left = working_days_left(today, due)
    return next((str(days) for days in sorted(rule_of("remind_days", due.year).value) if left <= days), "")
