"""What a building's smart meters measured: month by month with its coverage, and finished years filed as use.

A point counts when it is named in the building's register entry and is the building's own (its subject) or of the same organisation:
a code that somebody typed opens no other's readings. What was reported stands before what was metered (rule `precedence` of control).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl
from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.energy.buildings import rules, store
from dafeng.domains.energy.models import Building, BuildingUse
from dafeng.kernel.errors import UnitError
from dafeng.kernel.series import points, queries
from dafeng.kernel.series.models import Point

CARRIERS = {"electricity": "electricity", "gas": "natural_gas", "heat": "heat", "water": rules.WATER}
"""Quantity of a point → carrier of the register."""
FULL = 0.98
"""Measured part of a year from which its sum is filed; below it, nothing is made up to fill the year."""


@dataclass(frozen=True)
class Month:
    """What the points of a carrier measured in a month, in the carrier's unit; `coverage` is the worst of them."""

    month: str
    carrier: str
    value: float
    coverage: float


def points_of(building: Building) -> list[Point]:
    """The points that count, in the order of the register."""
    own = Q(subject=building.subject)
    if building.organisation:
        own |= Q(organisation=building.organisation)
    found = Point.objects.filter(own, code__in=building.meters, quantity__in=CARRIERS).exclude(kind=Point.Kind.INSTANT)
    return sorted(found, key=lambda point: building.meters.index(point.code))


def unknown(building: Building, found: Iterable[Point]) -> list[str]:
    """Codes in the register that are no point of the building."""
    known = {point.code for point in found}
    return [code for code in building.meters if code not in known]


def months(found: Iterable[Point], year: int) -> list[Month]:
    """Months of a year of the points of a building, summed by carrier. A point whose unit does not fit is left out."""
    factors = {point.pk: factor for point in found if (factor := _factor(point)) is not None}
    carriers = {point.pk: CARRIERS[point.quantity] for point in found}
    if not factors:
        return []
    begin, end = (timezone.make_aware(datetime(each, 1, 1)).astimezone(UTC) for each in (year, year + 1))
    frame = queries.used(list(factors), begin, end, "1mo").filter(pl.col("coverage") > 0)
    if frame.is_empty():
        return []
    told = frame.with_columns(
        pl.col("at").dt.convert_time_zone(settings.TIME_ZONE).dt.strftime("%Y-%m").alias("month"),
        pl.col("point").replace_strict(carriers, return_dtype=pl.String).alias("carrier"),
        pl.col("value") * pl.col("point").replace_strict(factors, return_dtype=pl.Float64),
    )
    sums = (
        told.group_by("month", "carrier").agg(pl.col("value").sum(), pl.col("coverage").min()).sort("carrier", "month")
    )
    return [Month(*row) for row in sums.select("month", "carrier", "value", "coverage").iter_rows()]


def _factor(point: Point) -> float | None:
    try:
        return points.factor_of(point.unit, rules.carriers()[CARRIERS[point.quantity]].unit)
    except UnitError:
        return None


def file_year(building: Building, year: int, *, by: Any, now: datetime) -> list[BuildingUse]:
    """File what the meters say of a finished year, carrier by carrier; the same once more files nothing.

    Left alone: a carrier that somebody reported, and one whose year was not wholly measured (`FULL`).
    """
    if year >= timezone.localdate(now).year:
        return []
    found = points_of(building)
    told = months(found, year)
    made = []
    for carrier in sorted({each.carrier for each in told}):
        rows = [each for each in told if each.carrier == carrier]
        coverage = sum(each.coverage for each in rows) / 12
        last = building.uses.filter(year=year, carrier=carrier, end_use=BuildingUse.EndUse.TOTAL).order_by("revision").last()  # fmt: skip
        value = round(sum(each.value for each in rows), 3)
        if coverage < FULL or (last and last.value is not None and (last.basis != "metered" or last.value == value)):
            continue
        codes = "、".join(point.code for point in found if CARRIERS[point.quantity] == carrier)
        source = _("计量点 %(points)s，覆盖率 %(share)s%%") % {"points": codes[:140], "share": f"{coverage * 100:.1f}"}
        made.append(store.file_use(building, year=year, carrier=carrier, value=value, basis="metered", source=source, by=by, now=now))  # fmt: skip
    return made
