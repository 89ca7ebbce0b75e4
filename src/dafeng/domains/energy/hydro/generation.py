"""What stations generate: kWh by day from the energy meter or else from power, hours at full load, water a kWh, efficiency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from dafeng.domains.energy.hydro import reading, rules
from dafeng.domains.energy.hydro.methods import power
from dafeng.domains.energy.hydro.reading import Block, Floats
from dafeng.domains.energy.models import HydroPoint, HydroStation

ROLES = ("power", "energy", "turbine", "level", "tail")


@dataclass(frozen=True)
class Generated:
    """Days `first` … of a station: kWh (NaN: less than half the day was measured) and how much of each day was measured.

    `kwh` of a day partly measured is filled to the whole day, and so far an estimate: `estimated` says how much of the sum.
    `efficiency` None where flow, head or power is not measured; `rated_head`: the head of the register stood in for levels.
    """

    station: HydroStation
    first: date
    kwh: Floats
    coverage: Floats
    water: Floats  # m³ through the turbines
    efficiency: float | None = None
    rated_head: bool = False
    metered: str = ""

    @property
    def total(self) -> float | None:
        return float(np.nansum(self.kwh)) if np.isfinite(self.kwh).any() else None

    @property
    def known_days(self) -> int:
        return int(np.isfinite(self.kwh).sum())

    @property
    def estimated(self) -> float:
        known = np.isfinite(self.kwh)
        if not known.any() or not np.nansum(self.kwh):
            return 0.0
        return float(1.0 - np.nansum(self.kwh[known] * self.coverage[known]) / np.nansum(self.kwh[known]))

    @property
    def hours(self) -> float | None:
        """At full load; None without capacity or generation."""
        return None if self.total is None or not self.station.capacity else power.utilisation_hours(self.total, self.station.capacity)  # fmt: skip

    @property
    def water_per_kwh(self) -> float | None:
        """m³/kWh of the days on which both are known."""
        both = np.isfinite(self.kwh) & np.isfinite(self.water)
        return power.water_per_kwh(float(self.water[both].sum()), float(self.kwh[both].sum())) if both.any() else None

    @property
    def doubtful(self) -> bool:
        """An efficiency that no machine has: a meter, a head or a multiplier is wrong."""
        low, high = rules.efficiency_bounds()
        return self.efficiency is not None and not low <= self.efficiency <= high


def generated(
    stations: Sequence[HydroStation], first: date, last: date, *, points: Sequence[HydroPoint] | None = None
) -> dict[int, Generated]:
    """Days `first` to `last` of each station. `points`: theirs, where they are at hand."""
    found = reading.points_of(stations=stations, roles=ROLES) if points is None else [each for each in points if each.role in ROLES]  # fmt: skip
    block = reading.days(found, first, last)
    mine: dict[int, list[HydroPoint]] = {}
    for each in found:
        mine.setdefault(each.station_id or 0, []).append(each)
    return {station.pk: _of(station, mine.get(station.pk, []), block, first) for station in stations}


def _whole(mine: Sequence[HydroPoint], role: str) -> list[HydroPoint]:
    """The point of the whole station; where there is none, those of its machines, which add up."""
    of_role = [each for each in mine if each.role == role]
    return [each for each in of_role if each.unit == 0] or of_role


def _sum(block: Block, chosen: Sequence[HydroPoint]) -> tuple[Floats, Floats]:
    """Sum of the points and the least coverage among them; a day on which one is not known is not known."""
    if not chosen:
        return np.full(block.count, np.nan), np.zeros(block.count)
    return sum(block.of(each) for each in chosen), np.min([block.covered(each) for each in chosen], axis=0)  # type: ignore[return-value]


def _of(station: HydroStation, mine: Sequence[HydroPoint], block: Block, first: date) -> Generated:
    meters, gauges = _whole(mine, "energy"), _whole(mine, "power")
    if meters:
        kwh, coverage = _sum(block, meters)
    else:
        mean, coverage = _sum(block, gauges)
        kwh = mean * 24.0
    turbine = _sum(block, _whole(mine, "turbine"))[0]
    level, tail = (_sum(block, _whole(mine, role))[0] for role in ("level", "tail"))
    measured = np.isfinite(level) & np.isfinite(tail)
    rated = station.head if station.head is not None else np.nan
    head = np.where(measured, level - tail, rated)
    both = np.isfinite(kwh) & np.isfinite(turbine) & np.isfinite(head) & (turbine > 0)
    efficiency = None
    if both.any():
        hydraulic = float((power.power(turbine[both], head[both], 1.0) * 24.0).sum())
        efficiency = float(kwh[both].sum()) / hydraulic if hydraulic > 0 else None
    return Generated(
        station, first, kwh, coverage, turbine * 86_400.0, efficiency, bool((both & ~measured).any()),
        "energy" if meters else "power" if gauges else "",
    )  # fmt: skip


def month_span(month: date) -> tuple[date, date]:
    """First and last day of a month."""
    first = month.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
