"""Points of stations and gauges read from the series store as rows of steps on the city's clock; NaN where too little was measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
from django.db.models import Q
from django.utils import timezone
from numpy.typing import NDArray

from dafeng.domains.energy.hydro.store import ROLES
from dafeng.domains.energy.models import HydroGauge, HydroPoint, HydroStation
from dafeng.kernel.series import points, queries
from dafeng.kernel.series.models import Point

Floats = NDArray[np.float64]
HALF = 0.5
SECONDS = {"15m": 900, "1h": 3600, "1d": 86_400}


def midnight(day: date) -> datetime:
    """The beginning of a day on the city's clock, in UTC."""
    return timezone.make_aware(datetime.combine(day, datetime.min.time())).astimezone(UTC)


def points_of(
    *, stations: Iterable[HydroStation] = (), gauges: Iterable[HydroGauge] = (), roles: Sequence[str] = ()
) -> list[HydroPoint]:
    """What is bound to them, in one question; `roles` empty: all."""
    station_keys, gauge_keys = [each.pk for each in stations], [each.pk for each in gauges]
    found = HydroPoint.objects.filter(Q(station__in=station_keys) | Q(gauge__in=gauge_keys)).select_related("point")
    return list(found.filter(role__in=roles) if roles else found)


def by_station(found: Iterable[HydroPoint]) -> dict[int, dict[str, HydroPoint]]:
    """Station → role → the point of the whole station (or of its first machine)."""
    sorted_: dict[int, dict[str, HydroPoint]] = defaultdict(dict)
    for each in found:
        if each.station_id is not None and (each.unit == 0 or each.role not in sorted_[each.station_id]):
            sorted_[each.station_id][each.role] = each
    return sorted_


@dataclass(frozen=True)
class Block:
    """Values and coverage of points in equal steps: a row by the number of the `HydroPoint`, in the unit of its role."""

    start: datetime
    step: str
    count: int
    values: dict[int, Floats]
    coverage: dict[int, Floats]

    def of(self, bound: HydroPoint | None, *, least: float = HALF) -> Floats:
        """Steps of a point; NaN where less than `least` was measured. All NaN for a point that is not there."""
        if bound is None or bound.pk not in self.values:
            return np.full(self.count, np.nan)
        return np.where(self.coverage[bound.pk] >= least, self.values[bound.pk], np.nan)

    def covered(self, bound: HydroPoint | None) -> Floats:
        return np.zeros(self.count) if bound is None or bound.pk not in self.coverage else self.coverage[bound.pk]


def block(found: Sequence[HydroPoint], start: datetime, end: datetime, step: str) -> Block:
    """Steps of `start <= at < end` (both at the start of a step of the city's clock), in two questions to the store at most."""
    count = int((end - start).total_seconds()) // SECONDS[step]
    values = {each.pk: np.full(count, np.nan) for each in found}
    coverage = {each.pk: np.zeros(count) for each in found}
    factors = {each.point_id: (each.pk, points.factor_of(each.point.unit, ROLES[each.role][0])) for each in found}
    moments = [each.point_id for each in found if each.point.kind == Point.Kind.INSTANT]
    amounts = [each.point_id for each in found if each.point.kind != Point.Kind.INSTANT]
    for asked, question in ((moments, queries.mean), (amounts, queries.used)):
        if not asked or count <= 0:
            continue
        frame = question(asked, start, end, step).select("point", "at", "value", "coverage")
        place = ((frame["at"] - start).dt.total_seconds() // SECONDS[step]).rename("place")
        for (point,), part in frame.with_columns(place).partition_by("point", as_dict=True).items():
            key, factor = factors[point]
            inside = part.filter(pl.col("place").is_between(0, count - 1) & pl.col("value").is_not_null())
            at = inside["place"].to_numpy()
            values[key][at] = inside["value"].to_numpy() * factor
            coverage[key][at] = inside["coverage"].to_numpy()
    return Block(start, step, count, values, coverage)


def days(found: Sequence[HydroPoint], first: date, last: date) -> Block:
    """Days `first` to `last`, both within."""
    return block(found, midnight(first), midnight(last + timedelta(days=1)), "1d")


def hours(found: Sequence[HydroPoint], first: date, last: date, *, now: datetime) -> Block:
    """Whole hours from the first day on, up to the end of the last day or the last hour that is over."""
    end = min(midnight(last + timedelta(days=1)), now.astimezone(UTC).replace(minute=0, second=0, microsecond=0))
    return block(found, midnight(first), max(end, midnight(first)), "1h")


@dataclass(frozen=True)
class Latest:
    """The newest reading of a point in the unit of its role; `late`: it is older than three of its periods and an hour."""

    value: float
    at: datetime
    late: bool


def latest(found: Sequence[HydroPoint], *, now: datetime) -> dict[int, Latest]:
    """By number of the `HydroPoint`; points without any reading are not in it."""
    if not found:
        return {}
    of = {each.point_id: each for each in found}
    told = {}
    for row in queries.latest(list(of), now=now).iter_rows(named=True):
        bound = of[row["point"]]
        factor = points.factor_of(bound.point.unit, ROLES[bound.role][0])
        late = row["age_seconds"] > 3 * bound.point.period + 3600
        told[bound.pk] = Latest(row["value"] * factor, row["at"], late)
    return told


def hour_labels(block_: Block) -> list[str]:
    """Day and hour, as every other axis of hours writes them."""
    start = timezone.localtime(block_.start)
    return [f"{start + timedelta(hours=number):%m-%d %H}" for number in range(block_.count)]
