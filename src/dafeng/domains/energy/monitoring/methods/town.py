"""Made-up firms of a town like Xinyang, hour by hour, by trade: for demonstrations and tests, always marked as such.

Shapes follow the trade (a mill runs day and night, a school by terms, a cold store by the weather), Chinese holidays and a made-up
temperature; the noise is seeded. Nothing here is a measurement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from dafeng.domains.energy.monitoring.methods.calendar import SPRING, WORK, Calendar, chinese, facts
from dafeng.domains.energy.monitoring.methods.profiles import Floats


@dataclass(frozen=True)
class Trade:
    """Parts of the highest load: base, what work adds from one hour to another, rest days' part of that, per °C of heat and cold."""

    base: float
    work: float
    start: int
    end: int
    rest: float
    cooling: float = 0.0
    heating: float = 0.0


TRADES = {
    "steel": Trade(0.62, 0.25, 0, 24, 0.96),
    "cement": Trade(0.35, 0.5, 0, 24, 0.9),
    "textile": Trade(0.3, 0.55, 6, 22, 0.55, 0.006),
    "food": Trade(0.22, 0.55, 7, 19, 0.35, 0.008),
    "tea": Trade(0.12, 0.65, 8, 18, 0.3),
    "data": Trade(0.7, 0.05, 8, 20, 0.9, 0.009),
    "hospital": Trade(0.35, 0.35, 7, 19, 0.75, 0.012, 0.006),
    "school": Trade(0.1, 0.5, 7, 21, 0.15, 0.012, 0.01),
    "cold": Trade(0.4, 0.2, 8, 18, 0.8, 0.014),
}


def temperature(days: Sequence[date], *, seed: int = 1, slots: int = 24) -> Floats:
    """A made-up temperature of a town at 32° N, °C, (days, slots)."""
    draw = np.random.default_rng(seed)
    season = np.array([16.0 - 13.0 * np.cos(2 * np.pi * (each.timetuple().tm_yday - 20) / 365.25) for each in days])
    spell = np.zeros(len(days))
    for day in range(1, len(days)):
        spell[day] = 0.75 * spell[day - 1] + draw.normal(0, 2.0)
    hours = np.arange(slots) * 24.0 / slots
    return season[:, None] + spell[:, None] + 4.5 * np.sin((hours - 9.0) / 24.0 * 2 * np.pi)[None]


def load(
    trade: str, days: Sequence[date], warm: Floats, *, peak: float, seed: int, calendar: Calendar = chinese
) -> Floats:
    """kWh of each slot for a highest load of about `peak` kW, (days, slots)."""
    kind = TRADES[trade]
    slots = warm.shape[1]
    known = facts(days, calendar)
    hours = np.arange(slots) * 24.0 / slots
    shape = (
        np.clip(np.minimum(hours - kind.start + 1.0, kind.end - hours) / 1.5, 0.0, 1.0)
        if kind.end - kind.start < 24
        else np.ones(slots)
    )
    level = np.where(known.group == WORK, 1.0, np.where(known.group == SPRING, 0.4 * kind.rest, kind.rest))
    draw = np.random.default_rng(seed)
    noise = draw.normal(0, 0.02, (len(days), slots)) + draw.normal(0, 0.02, (len(days), 1))
    weather = kind.cooling * np.maximum(warm - 24.0, 0.0) + kind.heating * np.maximum(10.0 - warm, 0.0)
    part = kind.base + kind.work * shape[None] * level[:, None] + weather
    return np.maximum(part * (1 + noise), 0.0) * peak * 24.0 / slots
