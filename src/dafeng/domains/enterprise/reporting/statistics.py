"""碳排放基础统计报表: the forms, their calendar with what was handed in, and the yearly table by industry.

The forms are dated data (`statistics.toml`); as long as no official form is known they show what the reports hold, and say so. The
numbers are those of the reports that count (`feed.counting`), summed once a firm.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from dafeng.domains.enterprise.models import Facility, MonthFiling, Report
from dafeng.domains.enterprise.reporting import clock, publishing
from dafeng.domains.enterprise.reporting.sectoral import english

PATH = Path(__file__).with_name("statistics.toml")
NUMBERS = ("firms", "fuel", "electricity", "heat", "direct", "indirect")
HANDED, LATE, DUE, AHEAD = "handed", "late", "due", "ahead"


@dataclass(frozen=True)
class Form:
    """A version of a form, in force from a year of data on. `number` is that of the authority's text, empty where none is known."""

    code: str
    title: str
    title_en: str
    since: int
    period: str
    due: str
    supplier: str
    supplier_en: str
    number: str

    def called(self) -> str:
        return self.title_en if english() else self.title


@dataclass(frozen=True)
class Entry:
    """A form of one period in the calendar: how many of those that owe it have handed it in."""

    form: Form
    period: str
    due: date
    handed: int
    owed: int
    state: str


@lru_cache(maxsize=1)
def _told() -> dict[str, Any]:
    with PATH.open("rb") as stream:
        return tomllib.load(stream)


def forms(year: int) -> list[Form]:
    """The version of each form that is in force for a year of data."""
    found: dict[str, Form] = {}
    for each in sorted((Form(**row) for row in _told()["form"]), key=lambda form: form.since):
        if each.since <= year:
            found[each.code] = each
    return list(found.values())


def columns() -> list[dict[str, str]]:
    """The columns of the yearly table in the reader's language: code, title, unit."""
    return [
        {"code": row["code"], "title": row["title_en"] if english() else row["title"], "unit": row["unit"]}
        for row in _told()["column"]
    ]


def calendar(facilities: Iterable[Facility], reports: Iterable[Report], year: int, *, today: date) -> list[Entry]:
    """Every period of every form of a year, by the day it is due; months are owed by facility, the year by enterprise."""
    living = list(facilities)
    filed = Counter(
        MonthFiling.objects.filter(facility__in=[each.pk for each in living], month__startswith=f"{year}-")
        .order_by("facility", "month")
        .values_list("month", "facility")
        .distinct()
        .values_list("month", flat=True)
    )
    firms = {each.enterprise_id for each in living}
    handed = len({each.enterprise_id for each in reports} & firms)
    found = []
    for form in forms(year):
        if form.period == "year":
            found.append(_entry(form, str(year), clock.report_due(year), handed, len(firms), today))
            continue
        for month in clock.months_of(year):
            first, last = clock.bounds(month)
            owed = sum(each.since <= last and (each.until is None or each.until >= first) for each in living)
            found.append(_entry(form, month, clock.month_due(month), filed[month], owed, today))
    return sorted(found, key=lambda each: (each.due, each.period))


def _entry(form: Form, period: str, due: date, handed: int, owed: int, today: date) -> Entry:
    ended = clock.bounds(period)[1] < today
    state = AHEAD if not ended else HANDED if handed >= owed else LATE if today > due else DUE
    return Entry(form, period, due, handed, owed, state)


def table(reports: Iterable[Report]) -> pl.DataFrame:
    """`industry firms fuel electricity heat direct indirect`: the yearly table by division of GB/T 4754 (two digits, empty: not told)."""
    rows = [
        (report.enterprise.industry[:2], number, column, value)
        for number, report in enumerate(reports)
        for column, value in _parts(report)
    ]
    schema = {"industry": pl.String, "firm": pl.UInt32, "column": pl.String, "value": pl.Float64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return (
        frame.group_by("industry")
        .agg(
            pl.col("firm").n_unique().alias("firms"),
            *(pl.col("value").filter(pl.col("column") == name).sum().alias(name) for name in NUMBERS[1:]),
        )
        .sort("industry")
    )


def _parts(report: Report) -> list[tuple[str, float]]:
    sums = publishing.sums_of(report)
    return [
        *(("fuel", row[-1]) for row in sums["heat"]),
        *((row[1], row[-1]) for row in sums["bought"]),
        *((row[3], row[-1]) for row in sums["emissions"]),
        ("fuel", 0.0),  # a firm that burnt nothing is still one of the firms
    ]
