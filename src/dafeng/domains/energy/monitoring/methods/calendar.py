"""Which days people work: Chinese public holidays and the weekends worked instead, from the yearly State Council notices.

Source: the package `chinesecalendar` (MIT), which carries the notices year by year. A year that it does not know yet (the next
year's notice comes in November) is taken by weekday alone, and says so: `known` is False.
One idea to know: for a load, a make-up Saturday is a workday and the eve of Spring Festival is no common holiday.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt

from dafeng.kernel.quantities import workdays

Kind = Literal["work", "makeup", "rest", "holiday", "spring"]
"""Workday, weekend day worked instead, day off, public holiday, Spring Festival."""

# Groups of days that load alike: what `group` returns.
WORK, SATURDAY, OFF, SPRING = 0, 1, 2, 3
SPRING_FESTIVAL = "Spring Festival"  # as `workdays.holiday` names it


@dataclass(frozen=True)
class Day:
    """What a day is. `known`: whether the year's notice was there to read."""

    on: date
    kind: Kind
    name: str = ""
    known: bool = True

    @property
    def works(self) -> bool:
        return self.kind in ("work", "makeup")

    @property
    def group(self) -> int:
        """Days of a group load alike: workdays, Saturdays, Sundays with holidays, Spring Festival."""
        if self.works:
            return WORK
        if self.kind == "spring":
            return SPRING
        return SATURDAY if self.kind == "rest" and self.on.weekday() == 5 else OFF


Calendar = Callable[[date], Day]


def chinese(on: date) -> Day:
    """The day by the State Council's notice; by weekday alone where the notice of its year is not known."""
    works, known = workdays.working(on)
    if not known:
        return Day(on, "work" if works else "rest", known=False)
    name = workdays.holiday(on)
    if works:
        return Day(on, "makeup" if on.weekday() > 4 else "work", name)
    if name == SPRING_FESTIVAL:
        return Day(on, "spring", name)
    return Day(on, "holiday" if name else "rest", name)


def weekdays_with(holidays: Sequence[date]) -> Calendar:
    """A calendar of another country: weekends, and these holidays."""
    closed = frozenset(holidays)

    def day(on: date) -> Day:
        if on in closed:
            return Day(on, "holiday")
        return Day(on, "rest" if on.weekday() > 4 else "work")

    return day


def span(first: date, last: date) -> list[date]:
    """Every day from the first to the last, both included."""
    return [first + timedelta(days=count) for count in range((last - first).days + 1)]


@dataclass(frozen=True)
class DayFacts:
    """What a calendar says of consecutive days, as arrays of one row a day."""

    days: tuple[date, ...]
    group: npt.NDArray[np.int64]
    weekday: npt.NDArray[np.int64]
    works: npt.NDArray[np.bool_]
    before_off: npt.NDArray[np.bool_]
    after_off: npt.NDArray[np.bool_]


def facts(days: Sequence[date], calendar: Calendar = chinese) -> DayFacts:
    """The facts of consecutive days; the neighbours outside are asked of the calendar, too."""
    asked = [calendar(each) for each in (days[0] - timedelta(days=1), *days, days[-1] + timedelta(days=1))]
    works = np.array([each.works for each in asked])
    inner = asked[1:-1]
    return DayFacts(
        tuple(days),
        np.array([each.group for each in inner]),
        np.array([each.on.weekday() for each in inner]),
        works[1:-1],
        works[1:-1] & ~works[2:],
        works[1:-1] & ~works[:-2],
    )
