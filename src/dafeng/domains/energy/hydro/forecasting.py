"""Inflow and generation of the week to come, each forecast kept as it was made, with what such forecasts were worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.utils import timezone

from dafeng.domains.energy.hydro import compliance, generation, reading, rules
from dafeng.domains.energy.hydro.methods import inflow, power
from dafeng.domains.energy.hydro.methods.inflow import LEADS, Forecast
from dafeng.domains.energy.hydro.reading import Floats
from dafeng.domains.energy.models import EcoDecision, HydroGauge, HydroPoint, HydroStation, InflowForecast

HISTORY = 1200
BACK = 360
"""Origins that are gone over again: half choose the method and the band, half are scored."""


def works_of(station: HydroStation, decisions: Sequence[EcoDecision], day: date) -> power.Works | None:
    """What limits a station on a day; None where capacity, head or design flow is not registered: then there is no forecast of kWh."""
    if station.capacity is None or station.head is None or station.design_flow is None:
        return None
    own = station.efficiency if station.efficiency is not None else rules.stand_in_efficiency()
    release = compliance.threshold_on(decisions, day) or 0.0
    return power.Works(station.capacity, station.head, station.design_flow, own, release)


def rain_gauges(stations: Sequence[HydroStation]) -> dict[int, HydroPoint]:
    """Station → the rain gauge that stands for its basin: on its river, the nearest at or above it, else the nearest below."""
    rivers = {each.river_id for each in stations if each.river_id}
    gauges = {each.pk: each for each in HydroGauge.objects.filter(river__in=rivers)}
    bound = reading.points_of(gauges=gauges.values(), roles=("rain",))
    found = {}
    for station in stations:
        near = [
            (gauges[each.gauge_id].km < (station.km or 0.0), abs(gauges[each.gauge_id].km - (station.km or 0.0)), each.pk, each)
            for each in bound
            if each.gauge_id is not None and gauges[each.gauge_id].river_id == station.river_id
        ]  # fmt: skip
        if near:
            found[station.pk] = min(near, key=lambda each: each[:3])[3]
    return found


def run(stations: Sequence[HydroStation], *, now: datetime, back: int = BACK, every: int = 1) -> int:
    """Forecast every running small station that has an inflow point; returns how many. The same day once more replaces its forecast."""
    small = [each for each in stations if each.kind == HydroStation.Kind.SMALL and each.stage == "running"]
    inflows = {each.station_id: each for each in reading.points_of(stations=small, roles=("inflow",))}
    small = [each for each in small if each.pk in inflows]
    if not small:
        return 0
    today = timezone.localdate(now)
    first, last = today - timedelta(days=HISTORY), today - timedelta(days=1)
    rain = rain_gauges(small)
    block = reading.days([*inflows.values(), *{each.pk: each for each in rain.values()}.values()], first, last)
    made = generation.generated(small, first, last)
    decisions = compliance.decisions_of(small)
    days = [first + timedelta(days=number) for number in range(block.count)]
    for station in small:
        series = block.of(inflows[station.pk])
        known = np.flatnonzero(np.isfinite(series))
        begun = int(known[0]) if len(known) else len(series)
        fallen = block.of(rain[station.pk])[begun:] if station.pk in rain else None
        of_year = np.array([day.timetuple().tm_yday for day in days[begun:]], dtype=np.float64)
        told = inflow.forecast(series[begun:], fallen, of_year, back=back, every=every)
        row = _row(station, told, decisions.get(station.pk, []), today, days[begun:], made[station.pk].kwh[begun:])
        row["score"]["rain"] = rain[station.pk].point.code if station.pk in rain else ""
        InflowForecast.objects.update_or_create(station=station, made_on=today, defaults=row | {"made_at": now})
    return len(small)


def _kwh(values: Floats, station: HydroStation, decisions: Sequence[EcoDecision], after: date) -> Floats | None:
    """kWh of the days after a day, from their inflow."""
    found = np.full(len(values), np.nan)
    for number, value in enumerate(values):
        works = works_of(station, decisions, after + timedelta(days=number + 1))
        if works is None:
            return None
        found[number] = float(power.output(value, works)) * 24.0
    return found


def _number(value: float) -> float | None:
    return round(float(value), 4) if math.isfinite(value) else None


def _numbers(values: Sequence[float] | Floats) -> list[float | None]:
    return [_number(float(each)) for each in values]


def _row(
    station: HydroStation, told: Forecast, decisions: Sequence[EcoDecision], today: date, days: Sequence[date], kwh: Floats
) -> dict[str, Any]:  # fmt: skip
    last = today - timedelta(days=1)
    parts = [np.array(each) for each in (told.value, told.low, told.high)]
    energy = [_kwh(part, station, decisions, last) for part in parts]
    rows = []
    for number in range(LEADS):
        row: dict[str, Any] = {"day": str(today + timedelta(days=number))}
        for name, part in zip(("inflow", "low", "high"), parts, strict=True):
            row[name] = _number(part[number])
        for name, own in zip(("kwh", "kwh_low", "kwh_high"), energy, strict=True):
            row[name] = None if own is None else _number(own[number])
        rows.append(row)
    score: dict[str, Any] = {"why": told.why, "stand_in": station.efficiency is None}
    if told.score is not None:
        score |= {
            "origins": told.score.origins, "error": _numbers(told.score.error), "persistence": _numbers(told.score.persistence),
            "climatology": _numbers(told.score.climatology), "inside": _numbers(told.score.inside),
        }  # fmt: skip
        past = {at: _kwh(values, station, decisions, days[at]) for at, values in told.past.items()}
        if all(each is not None for each in past.values()):
            found = inflow.score_of({at: each for at, each in past.items() if each is not None}, kwh)
            score["kwh"] = {name: _numbers(each) for name, each in zip(("error", "persistence", "climatology"), found, strict=True)}  # fmt: skip
    return {"rung": told.rung, "days": rows, "score": score}
