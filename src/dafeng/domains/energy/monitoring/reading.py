"""A firm's meters read from the series store, as blocks of day × hour on the city's clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
from django.conf import settings
from django.utils import timezone

from dafeng.domains.energy.models import Meter
from dafeng.domains.energy.monitoring.methods.calendar import span
from dafeng.domains.energy.monitoring.methods.profiles import Profiles, of_frame
from dafeng.kernel.series import queries
from dafeng.kernel.series.models import Point

SLOTS = 24
HALF = 0.5
"""An hour of which less was measured counts as missing: what is filled is no evidence of a fault, and none of its absence."""


def midnight(day: date) -> datetime:
    """The beginning of a day on the city's clock, in UTC."""
    return timezone.make_aware(datetime.combine(day, datetime.min.time())).astimezone(UTC)


def hours_of(points: Sequence[Point], first: date, last: date, *, known_at: datetime | None = None) -> pl.DataFrame:
    """`point at value coverage` of each hour from the first to the last day; `at` naive, on the city's clock."""
    start, end = midnight(first), midnight(last + timedelta(days=1))
    moments = [point.pk for point in points if point.kind == Point.Kind.INSTANT]
    amounts = [point.pk for point in points if point.kind != Point.Kind.INSTANT]
    parts = []
    for asked, question in ((amounts, queries.used), (moments, queries.mean)):
        if asked:
            parts.append(
                question(asked, start, end, "1h", known_at=known_at).select("point", "at", "value", "coverage")
            )
    found = (
        pl.concat(parts)
        if parts
        else pl.DataFrame(
            schema={"point": pl.Int64, "at": pl.Datetime("us", "UTC"), "value": pl.Float64, "coverage": pl.Float64}
        )
    )
    return found.with_columns(pl.col("at").dt.convert_time_zone(settings.TIME_ZONE).dt.replace_time_zone(None))


def profiles_of(meters: Sequence[Meter], first: date, last: date, *, known_at: datetime | None = None) -> Profiles:
    """Hours of the meters, keyed by meter number; NaN where less than half an hour was measured or no step was made.

    `known_at`: as they were told then, so that a forecast or a finding can be made again as it was.
    """
    frame = hours_of([meter.point for meter in meters], first, last, known_at=known_at)
    by_point = {meter.point_id: meter.pk for meter in meters}
    days = tuple(span(first, last))
    keys = tuple(by_point.values())
    if frame.is_empty():
        return Profiles(keys, days, np.full((len(keys), len(days), SLOTS), np.nan))
    measured = frame.filter(pl.col("coverage") >= HALF).with_columns(
        pl.col("point").replace_strict(by_point, return_dtype=pl.Int64)
    )
    # One row on either edge, so that the block spans all the days that were asked for.
    edges = pl.DataFrame({"point": [keys[0]] * 2, "at": [datetime.combine(days[0], datetime.min.time()), datetime.combine(days[-1], datetime.min.time())], "value": [None, None]}, schema={"point": pl.Int64, "at": pl.Datetime("us"), "value": pl.Float64})  # fmt: skip
    return of_frame(
        pl.concat([edges, measured.select("point", pl.col("at").cast(pl.Datetime("us")), "value")]),
        slots=SLOTS,
        meters=keys,
    )
