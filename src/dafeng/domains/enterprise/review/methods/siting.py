"""Where a project may stand: 15 km around existing heat units for coal back-pressure CHP; chemicals in parks only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

from dafeng.domains.enterprise.review.methods.rules import Rules, rules

EARTH = 6371.0088  # km, mean radius (IUGG)


@dataclass(frozen=True)
class HeatUnitPlace:
    code: str
    name: str
    longitude: float
    latitude: float


@dataclass(frozen=True)
class Near:
    unit: HeatUnitPlace
    kilometres: float
    inside: bool


def kilometres(longitude: float, latitude: float, other_longitude: float, other_latitude: float) -> float:
    """Great-circle distance (haversine)."""
    rise = radians(other_latitude - latitude) / 2
    turn = radians(other_longitude - longitude) / 2
    a = sin(rise) ** 2 + cos(radians(latitude)) * cos(radians(other_latitude)) * sin(turn) ** 2
    return 2 * EARTH * asin(sqrt(a))


def near(longitude: float, latitude: float, units: Iterable[HeatUnitPlace], known: Rules | None = None) -> list[Near]:
    """Every unit with its distance, nearest first; `inside` the 15 km."""
    limit = (known or rules()).number("heat", "kilometres")
    found = [
        Near(unit, distance, distance <= limit)
        for unit in units
        for distance in (kilometres(longitude, latitude, unit.longitude, unit.latitude),)
    ]
    return sorted(found, key=lambda each: each.kilometres)


def outside_park(industry: str, park: str) -> bool:
    """Whether a chemicals project (GB/T 4754 division 26) stands outside a park."""
    return industry.startswith("26") and not park.strip()
