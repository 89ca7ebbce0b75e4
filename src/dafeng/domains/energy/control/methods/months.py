"""A year's budget by month, and what the rest of the year will use if it goes on like this. Plain numbers, no I/O."""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

MONTHS = range(1, 13)


@dataclass(frozen=True)
class Shares:
    """Each month's part of the year (adds up to 1), and how it was found: `pattern` of last year, or `days`."""

    of: Mapping[int, float]
    way: Literal["pattern", "days"]


def shares(year: int, last_year: Mapping[int, float]) -> Shares:
    """By last year's months where all twelve are known and their sum is positive, else by the days of the months."""
    total = sum(last_year.values())
    if set(last_year) == set(MONTHS) and total > 0 and min(last_year.values()) >= 0:
        return Shares({month: last_year[month] / total for month in MONTHS}, "pattern")
    days = 366 if isleap(year) else 365
    return Shares({month: monthrange(year, month)[1] / days for month in MONTHS}, "days")


def monthly_budget(year_budget: float, explicit: Mapping[int, float], part: Shares) -> dict[int, float]:
    """The budget of each month: what was decided for the month itself, and for the others their part of what is left."""
    if set(explicit) == set(MONTHS):
        return dict(explicit)
    left = max(year_budget - sum(explicit.values()), 0.0)
    weight = sum(part.of[month] for month in MONTHS if month not in explicit)
    return {
        month: explicit[month] if month in explicit else left * part.of[month] / weight if weight else 0.0
        for month in MONTHS
    }


@dataclass(frozen=True)
class Forecast:
    """The months not yet told. `way`: `seasonal` (last year's month × this year's growth so far), `mean`, or `none`."""

    values: Mapping[int, float]
    way: Literal["seasonal", "mean", "none"]
    growth: float | None = None


def forecast(known: Mapping[int, float], last_year: Mapping[int, float]) -> Forecast:
    """Forecast the months after the last known one. Nothing is forecast from a year with a gap, or with no month at all."""
    last = max(known, default=0)
    if not last or set(known) != set(range(1, last + 1)):
        return Forecast({}, "none")
    rest = [month for month in MONTHS if month > last]
    before = sum(last_year.get(month, 0.0) for month in known)
    if set(last_year) == set(MONTHS) and before > 0:
        growth = sum(known.values()) / before
        return Forecast({month: last_year[month] * growth for month in rest}, "seasonal", growth)
    mean = sum(known.values()) / len(known)
    return Forecast(dict.fromkeys(rest, mean), "mean")
