"""The outdoor temperature at a place: a point of the series store whose subject is the county, else the city, and no firm's own.

A weather station is a point with `quantity = temperature`, `subject = place:<code>` and a kind of moments. Where there is none, nothing
is assumed: baseline and forecast do without, and the page says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np
import polars as pl

from dafeng.domains.energy.monitoring import reading
from dafeng.domains.energy.monitoring.methods.calendar import span
from dafeng.domains.energy.monitoring.methods.profiles import Floats
from dafeng.kernel.series.models import Point

QUANTITY = "temperature"
LEAST_HOURS = 12
"""Hours of a day that must be measured before it has a mean temperature."""


def stations(places: Iterable[str]) -> dict[str, Point]:
    """The station that speaks for each place: its own, else its city's; a place without either is left out."""
    wanted = set(places)
    subjects = {f"place:{code}" for place in wanted for code in (place, f"{place[:4]}00")}
    known: dict[str, Point] = {}
    for point in Point.objects.filter(subject__in=subjects, quantity=QUANTITY, kind=Point.Kind.INSTANT).order_by("-pk"):
        known[point.subject] = point  # of several the first that was entered
    found = {place: known.get(f"place:{place}") or known.get(f"place:{place[:4]}00") for place in wanted}
    return {place: point for place, point in found.items() if point is not None}


def hours(places: Sequence[str], first: date, last: date) -> Floats | None:
    """°C by (place, day, hour) in the order asked, NaN where not measured; None when no place has a station."""
    speaking = stations(places)
    if not speaking:
        return None
    points = {point.pk: point for point in speaking.values()}
    measured = reading.hours_of(list(points.values()), first, last)
    blocks = {pk: _block(point, measured, first, last) for pk, point in points.items()}
    nothing = np.full((len(span(first, last)), reading.SLOTS), np.nan)
    return np.stack([blocks[speaking[place].pk] if place in speaking else nothing for place in places])


def station_days(place: str, first: date, last: date) -> tuple[Point | None, Floats | None]:
    """The station of a place and the mean temperature of each day; None twice without one."""
    station, warm = stations([place]).get(place), hours([place], first, last)
    return station, None if warm is None else daily(warm[0])


def days_of(station: Point, first: date, last: date) -> Floats:
    """Mean temperature of each day at one station, NaN where not measured."""
    return daily(_block(station, reading.hours_of([station], first, last), first, last))


def _block(station: Point, measured: pl.DataFrame, first: date, last: date) -> Floats:
    """°C by (day, hour) of one station, of what was measured for at least half the hour."""
    found = np.full((len(span(first, last)), reading.SLOTS), np.nan)
    mine = measured.filter((pl.col("point") == station.pk) & (pl.col("coverage") >= reading.HALF))
    for row in mine.iter_rows(named=True):
        found[(row["at"].date() - first).days, row["at"].hour] = row["value"]
    return found


def daily(values: Floats) -> Floats:
    """Mean temperature of each day from its hours, (days, hours) → (days,); NaN with fewer than `LEAST_HOURS`."""
    count = np.isfinite(values).sum(axis=1)
    return np.where(count >= LEAST_HOURS, np.nansum(values, axis=1) / np.maximum(count, 1), np.nan)


def known_before(values: Floats, lead: int) -> Floats:
    """What was known of the weather `lead` days before each day: the last measured day, (…, days, hours).

    Nobody sends us a weather forecast; to let a forecast see the temperature of its own day would be to look ahead.
    """
    moved = np.full_like(values, np.nan)
    if lead < values.shape[-2]:
        moved[..., lead:, :] = values[..., : values.shape[-2] - lead, :]
    return moved
