"""Periods as text that sorts: `2023`, `2023Q1`, `2023-05`. An inventory lives in years, meters in months.

A period never carries a time zone; the statistics it stands for are Chinese civil time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from dafeng.kernel.errors import PeriodError

_PATTERN = re.compile(r"(?P<year>(19|20|21)\d\d)(?:Q(?P<quarter>[1-4])|-(?P<month>0[1-9]|1[0-2]))?")


@dataclass(frozen=True, order=True)
class Period:
    """A year, a quarter or a month; `start` and `end` are inclusive dates."""

    year: int
    quarter: int | None = None
    month: int | None = None

    @classmethod
    def parse(cls, text: str | int) -> Period:
        match = _PATTERN.fullmatch(str(text).strip().removesuffix("年"))
        if not match:
            raise PeriodError(f"不认识的时期“{text}”", expected="2023、2023Q1 或 2023-05 这样的写法")
        quarter, month = match["quarter"], match["month"]
        return cls(int(match["year"]), int(quarter) if quarter else None, int(month) if month else None)

    @property
    def start(self) -> date:
        return date(self.year, self.month or ((self.quarter or 1) - 1) * 3 + 1, 1)

    @property
    def end(self) -> date:
        last = self.month or (self.quarter * 3 if self.quarter else 12)
        following = date(self.year + last // 12, last % 12 + 1, 1)
        return following - timedelta(days=1)

    def __str__(self) -> str:
        if self.quarter:
            return f"{self.year}Q{self.quarter}"
        return f"{self.year}-{self.month:02d}" if self.month else str(self.year)
