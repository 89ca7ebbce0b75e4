"""Meters that fill the form: which points of the readings store stand for which item of a facility, and what they read.

An assignment is in the facility's facts (`meters`: item, stream, points). What a meter fills says so (way `meter`, the points and how
much of the month was measured), and never writes over what a person told. The days behind it are what the checks of holidays and first
digits look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

import polars as pl
from django.utils import timezone

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Facility, MonthlyValue
from dafeng.domains.enterprise.reporting import clock, entry, sectoral
from dafeng.domains.enterprise.reporting.refusing import refusing
from dafeng.kernel.quantities import units
from dafeng.kernel.records import services as records
from dafeng.kernel.series.models import Point

MOST_POINTS = 40
# The platform's own limit: of a month that was measured less than this a person has to say what was used.
LEAST_COVERED = 0.9
_DIGITS = 6


@dataclass(frozen=True)
class Assignment:
    """An item and the points whose use together is its value."""

    item: str
    stream: str
    points: tuple[str, ...]


def assigned(facility: Facility) -> list[Assignment]:
    """What the facility's facts say."""
    told = facility.facts.get("meters", []) if isinstance(facility.facts, Mapping) else []
    return [Assignment(each["item"], each["stream"], tuple(each["points"])) for each in told]


def assign(facility: Facility, item: str, stream: str, codes: Iterable[str], *, by: Any, now: datetime) -> Facility:
    """Let these points stand for an item; none of them takes the assignment away, also of an item that the facility has no longer.

    Raises `Refused`: `no_such_item`, `unknown_point` (also of another organisation), `point_moment`, `point_unit`, `too_many_points`.
    """
    points = tuple(dict.fromkeys(code.strip() for code in codes if code.strip()))
    with refusing("meters", "facility", facility.pk, by=by, now=now), records.serial():
        fresh = Facility.objects.select_for_update().select_related("enterprise").get(pk=facility.pk)
        month = f"{timezone.localdate(now):%Y-%m}"
        kept = [each for each in assigned(fresh) if (each.item, each.stream) != (item, stream)]
        held = len(kept) < len(assigned(fresh))
        if (points or not held) and (faults := sectoral.cell_faults(fresh, month, item, stream)):
            raise Refused("no_such_item", faults[0].what, mend="请选本单元的月度项目")
        if points:
            _demand_points(fresh, points, sectoral.unit_of(fresh.sector, item, stream))
        if points:
            kept.append(Assignment(item, stream, points))
        told = [{"item": e.item, "stream": e.stream, "points": list(e.points)} for e in sorted(kept, key=lambda e: (e.item, e.stream))]  # fmt: skip
        fresh.facts = {**fresh.facts, "meters": told}
        fresh.save(update_fields=["facts"])
        detail = {"item": item, "stream": stream, "points": list(points)}
        records.audit(by, "enterprise.meters", "facility", str(fresh.pk), detail, now=now)
    facility.refresh_from_db()
    return facility


def _demand_points(facility: Facility, codes: tuple[str, ...], unit: str) -> None:
    if len(codes) > MOST_POINTS:
        raise Refused("too_many_points", f"一次最多 {MOST_POINTS} 个计量点", mend="请先在能源监测中建一个合计点")
    owner = facility.enterprise.organisation
    known = {each.code: each for each in Point.objects.filter(code__in=codes, organisation=owner)} if owner else {}
    if unknown := [code for code in codes if code not in known]:
        raise Refused("unknown_point", f"本企业没有计量点“{unknown[0][:40]}”", mend="请核对能源监测中的计量点代码")
    for code in codes:
        point = known[code]
        if point.kind == Point.Kind.INSTANT:
            raise Refused("point_moment", f"“{code}”是瞬时值，没有用量", mend="请选累计表底或区间用量的计量点")
        if not units.convertible(point.unit, unit):
            raise Refused("point_unit", f"“{code}”的单位 {point.unit} 不能换算为 {unit}", mend="请选同一种量的计量点")


@dataclass(frozen=True)
class Reading:
    """What the points of an assignment used in a month, in the item's unit, and the part of the month that was measured."""

    value: float
    coverage: float


def read(facility: Facility, month: str, each: Assignment) -> Reading | None:
    """None where the points read nothing at all in the month, or one of them is no longer the enterprise's."""
    first, last = clock.bounds(month)
    days = _days(facility, [each], first, last)
    if days is None or days.is_empty():
        return None
    whole = len(each.points) * ((last - first).days + 1)  # days without a reading have no row
    return Reading(round(float(days["value"].sum()), _DIGITS), float(days["coverage"].sum()) / whole)


def _days(facility: Facility, chosen: list[Assignment], first: Any, last: Any) -> pl.DataFrame | None:
    """`item stream point at value coverage`, a row a day and point, in the items' units."""
    from dafeng.kernel.series import queries

    codes = {code for each in chosen for code in each.points}
    owner = facility.enterprise.organisation
    points = {each.code: each for each in Point.objects.filter(code__in=codes, organisation=owner)} if owner else {}
    if not codes or codes - set(points):
        return None
    begin, end = (timezone.make_aware(datetime.combine(day, time.min)) for day in (first, last + timedelta(days=1)))
    used = queries.used([each.pk for each in points.values()], begin, end, "1d")
    rows = [
        (
            points[code].pk, each.item, each.stream,
            units.conversion(points[code].unit, sectoral.unit_of(facility.sector, each.item, each.stream)),
        )
        for each in chosen
        for code in each.points
    ]  # fmt: skip
    schema = {"point": used.schema["point"], "item": pl.String, "stream": pl.String, "scale": pl.Float64}
    table = pl.DataFrame(rows, schema=schema, orient="row")
    found = used.drop_nulls("value").join(table, on="point", how="inner", maintain_order="left")
    return found.with_columns(pl.col("value") * pl.col("scale"))


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
    chosen = assigned(facility)
    with refusing("metered", "facility-month", f"{facility.pk}:{month}", by=by, now=now):
        if not chosen:
            raise Refused("no_meters", f"“{facility.name}”没有对应的计量点", mend="请在“核算单元与边界”登记计量点")
        if not clock.is_month(month) or len(month) != len("2025-03"):
            raise Refused("unknown_month", f"月份“{month[:12]}”读不出来", expected="如 2025-03")
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
            points=each.points, coverage=found.coverage, stream=each.stream, by=by, now=now,
        )  # fmt: skip
    except Refused as error:
        if error.code != "told_otherwise":
            raise
        return Outcome(each, found.coverage, left=error)
    return Outcome(each, found.coverage, value)


def daily(facilities: Iterable[Facility], year: int) -> pl.DataFrame:
    """The days of a year behind metered items, as rows for the checks: `month` is a day."""
    found = []
    for facility in facilities:
        months = clock.months_of(year)
        days = _days(facility, assigned(facility), clock.bounds(months[0])[0], clock.bounds(months[-1])[1])
        if days is None or days.is_empty():
            continue
        local = pl.col("at").dt.convert_time_zone(str(timezone.get_default_timezone())).dt.strftime("%Y-%m-%d")
        found.append(
            days.with_columns(local.alias("month"))
            .group_by("item", "stream", "month")
            .agg(pl.col("value").sum())
            .sort("item", "stream", "month")
            .select(
                pl.lit(facility.code).alias("facility"), "month", "item", "stream", "value",
                pl.lit("meter").alias("way"), pl.lit("").alias("notation"),
            )
        )  # fmt: skip
    return pl.concat([pl.DataFrame(schema=sectoral.FRAME), *found])
