"""What a firm could do, on its own curve and prices."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
from django.utils import timezone

from dafeng.domains.energy.models import Meter, MonitoredFirm
from dafeng.domains.energy.monitoring import detecting, reading
from dafeng.domains.energy.monitoring.methods import advice
from dafeng.domains.energy.monitoring.methods.advice import Advice
from dafeng.domains.energy.monitoring.methods.profiles import Floats
from dafeng.domains.energy.monitoring.methods.tariffs import Tariff, tariff_of

DAYS = 56


def curve(
    firm: MonitoredFirm, meters: list[Meter], *, now: datetime, days: int = DAYS
) -> tuple[Floats, tuple[date, ...], Floats]:
    """Hours of all the electricity bought and of the compressors in the last days, whole measured days only: (load, days, compressors)."""
    last = timezone.localdate(now) - timedelta(days=1)
    electric = [
        meter
        for meter in meters
        if meter.item == "electricity"
        and ((meter.parent_id is None and meter.role == Meter.Role.LOAD) or meter.role == Meter.Role.COMPRESSOR)
    ]
    if not electric:
        return np.empty((0, reading.SLOTS)), (), np.empty((0, reading.SLOTS))
    block = reading.profiles_of(electric, last - timedelta(days=days - 1), last)
    main = [row for row, meter in enumerate(electric) if meter.role == Meter.Role.LOAD]
    air = [row for row, meter in enumerate(electric) if meter.role == Meter.Role.COMPRESSOR]
    load = block.values[main].sum(axis=0)
    whole = np.isfinite(load).all(axis=1)
    compressors = np.nan_to_num(block.values[air]).sum(axis=0)[whole] if air else np.empty((0, reading.SLOTS))
    return load[whole], tuple(day for day, good in zip(block.days, whole, strict=True) if good), compressors


def advise(firm: MonitoredFirm, load: Floats, days: tuple[date, ...], compressors: Floats) -> list[Advice]:
    """What would save, the most money first. Empty without a price or with less than two weeks of whole days."""
    if firm.flat_price is None or len(days) < 14:
        return []
    flat, tariff = float(firm.flat_price), tariff_in_force(firm, days[-1])
    found: list[Advice | None] = [advice.night_shutdown(load, days, tariff, flat)]
    if tariff is not None:
        found.append(
            advice.valley_shift(
                load, days, tariff, flat, movable=advice.MOVABLE if firm.movable is None else float(firm.movable)
            )
        )
    if firm.per_kw is not None:
        found.append(advice.peak_shaving(load, 1.0, per_kw=float(firm.per_kw)))
        if firm.capacity and firm.per_kva is not None:
            found.append(
                advice.demand_charge(
                    load, 1.0, per_kw=float(firm.per_kw), capacity=float(firm.capacity), per_kva=float(firm.per_kva)
                )
            )
    if firm.pressure_margin and len(compressors):
        found.append(advice.compressor_pressure(compressors, flat, lower_by=float(firm.pressure_margin)))
    return sorted((each for each in found if each is not None), key=lambda each: -each.yuan)


def tariff_in_force(firm: MonitoredFirm, on: date) -> Tariff | None:
    return tariff_of(detecting.province(firm.enterprise.place), on)
