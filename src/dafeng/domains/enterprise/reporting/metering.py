"""Meters that fill the form: what the measuring points of a facility (`points`) that stand in the readings store used in a month.

What a meter fills says so (way `meter`, the points of the readings store and how much of the month was measured), and never writes over
what a person told. A point counts on the days on which it is in use. The days behind a value are what the checks of holidays and first
digits look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl
from django.utils import timezone

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Facility, MeasuringPoint, MonthlyValue
from dafeng.domains.enterprise.reporting import clock, entry, points, sectoral
from dafeng.domains.enterprise.reporting.refusing import refusing
from dafeng.kernel.quantities import units
from dafeng.kernel.series.models import Point

# The platform's own limit: of a month that was measured less than this a person has to say what was used.
LEAST_COVERED = 0.9
_DIGITS = 6


@dataclass(frozen=True)
class Assignment:
    """An item and the measuring points whose use together is its value."""

    item: str
    stream: str
    points: tuple[MeasuringPoint, ...]

    @property
    def readings(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.reading for each in self.points))

    def on(self, day: date) -> int:
        """How many of the points are in use on a day."""
        return sum(points.in_use(each, day, day) for each in self.points)


def assigned(facility: Facility, period: str) -> list[Assignment]:
    """The items that meters fill in a month or a year, in their order."""
    return _assigned(points.of([facility]).get(facility.pk, ()), period)


def _assigned(known: Iterable[MeasuringPoint], period: str) -> list[Assignment]:
    first, last = clock.bounds(period)
    found: dict[tuple[str, str], list[MeasuringPoint]] = {}
    for each in known:
        if each.reading and points.in_use(each, first, last):
            found.setdefault((each.item, each.stream), []).append(each)
    return [Assignment(*key, tuple(held)) for key, held in sorted(found.items())]


@dataclass(frozen=True)
class Reading:
    """What the points of an assignment used in a month, in the item's unit, and the part of the month that was measured.

    A day on which no point was in use was not measured.
    """

    value: float
    coverage: float


def read(facility: Facility, month: str, each: Assignment) -> Reading | None:
    """None where the points read nothing at all in the month, or one of them is no longer the enterprise's."""
    first, last = clock.bounds(month)
    days = _days(facility, [each], first, last)
    if days is None or days.is_empty():
        return None
    month_days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    whole = sum(max(each.on(day), 1) for day in month_days)  # days without a reading have no row
    return Reading(round(float(days["value"].sum()), _DIGITS), float(days["coverage"].sum()) / whole)


def _days(facility: Facility, chosen: Sequence[Assignment], first: date, last: date) -> pl.DataFrame | None:
    """`item stream point at day value coverage`, a row a day and point in use, in the items' units."""
    from dafeng.kernel.series import queries

    codes = {code for each in chosen for code in each.readings}
    owner = facility.enterprise.organisation
    known = {each.code: each for each in Point.objects.filter(code__in=codes, organisation=owner)} if owner else {}
    if not codes or codes - set(known):
        return None
    begin, end = (timezone.make_aware(datetime.combine(day, time.min)) for day in (first, last + timedelta(days=1)))
    used = queries.used([each.pk for each in known.values()], begin, end, "1d")
    rows = [
        (
            known[point.reading].pk, each.item, each.stream,
            units.conversion(known[point.reading].unit, sectoral.unit_of(facility.sector, each.item, each.stream)),
            point.since, point.until or last,
        )
        for each in chosen
        for point in each.points
    ]  # fmt: skip
    schema = {
        "point": used.schema["point"], "item": pl.String, "stream": pl.String, "scale": pl.Float64, "since": pl.Date, "until": pl.Date,
    }  # fmt: skip
    table = pl.DataFrame(rows, schema=schema, orient="row")
    found = used.drop_nulls("value").join(table, on="point", how="inner", maintain_order="left")
    day = pl.col("at").dt.convert_time_zone(str(timezone.get_default_timezone())).dt.date()
    used_days = found.with_columns(pl.col("value") * pl.col("scale"), day.alias("day"))
    return used_days.filter(pl.col("day").is_between("since", "until"))


@dataclass(frozen=True)
class Outcome:
    """What became of one assignment when a month was filled: a new revision, or why it was left; neither where nothing has changed.

    `coverage`: the part of the month that was measured; None where nothing was.
    """

    assignment: Assignment
    coverage: float | None
    value: MonthlyValue | None = None
    left: Refused | None = None


def fill(facility: Facility, month: str, *, by: Any, now: datetime) -> list[Outcome]:
    """Fill a month that has ended from its meters. Left is what a person had told (`told_otherwise`), of which nothing was read
    (`nothing_read`), or too little of the month was measured (`little_read`).

    Raises `Refused` (`no_meters`, `future_month`, and as `entry.save_month`).
    """
    with refusing("metered", "facility-month", f"{facility.pk}:{month}", by=by, now=now):
        if not clock.is_month(month) or len(month) != len("2025-03"):
            raise Refused("unknown_month", f"月份“{month[:12]}”读不出来", expected="如 2025-03")
        chosen = assigned(facility, month)
        if not chosen:
            raise Refused("no_meters", f"“{facility.name}”在 {month} 没有接入能源监测的测点", mend="请在“核算单元与边界”登记测点，并写明能源监测的计量点")  # fmt: skip
        if clock.bounds(month)[1] >= timezone.localdate(now):
            raise Refused("future_month", f"{month} 还没有结束", mend="月份结束后再由计量填入")
    return [_filled(facility, month, each, by=by, now=now) for each in chosen]


def _filled(facility: Facility, month: str, each: Assignment, *, by: Any, now: datetime) -> Outcome:
    title = sectoral.title_of(facility.sector, each.item, each.stream)
    found = read(facility, month, each)
    if found is None:
        what = f"“{title}”的计量点在 {month} 没有读数"
        return Outcome(each, None, left=Refused("nothing_read", what, mend="请检查采集，或由人填报"))
    if found.coverage < LEAST_COVERED:
        what = f"“{title}”的计量点在 {month} 只测到 {found.coverage:.1%}"
        wanted = f"不低于 {LEAST_COVERED:.0%}"
        left = Refused("little_read", what, expected=wanted, mend="请补传读数，或由人填报")
        return Outcome(each, found.coverage, left=left)
    try:
        value = entry.take_metered(
            facility, month, each.item, found.value, sectoral.unit_of(facility.sector, each.item, each.stream),
            points=each.readings, coverage=found.coverage, stream=each.stream, by=by, now=now,
        )  # fmt: skip
    except Refused as error:
        if error.code != "told_otherwise":
            raise
        return Outcome(each, found.coverage, left=error)
    return Outcome(each, found.coverage, value)


def daily(facilities: Iterable[Facility], year: int) -> pl.DataFrame:
    """The days of a year behind metered items, as rows for the checks: `month` is a day."""
    living, found = list(facilities), []
    known, months = points.of(living), clock.months_of(year)
    for facility in living:
        chosen = _assigned(known.get(facility.pk, ()), str(year))
        days = _days(facility, chosen, clock.bounds(months[0])[0], clock.bounds(months[-1])[1])
        if days is None or days.is_empty():
            continue
        found.append(
            days.with_columns(pl.col("day").dt.strftime("%Y-%m-%d").alias("month"))
            .group_by("item", "stream", "month")
            .agg(pl.col("value").sum())
            .sort("item", "stream", "month")
            .select(
                pl.lit(facility.code).alias("facility"), "month", "item", "stream", "value",
                pl.lit("meter").alias("way"), pl.lit("").alias("notation"),
            )
        )  # fmt: skip
    return pl.concat([pl.DataFrame(schema=sectoral.FRAME), *found])
