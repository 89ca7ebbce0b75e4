"""What is wrong with a meter today, before the day is over: it fell silent, or its load runs beyond every usual bound.

Only the finished hours of today are judged, against the meter's own stored days. The night's run judges the whole day again by its
better rules. Limits are ours, and set wide: a call during the day disturbs somebody. A meter that is read once a day tells whole days,
to the last hour: its silence today is no fault.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dafeng.domains.energy.monitoring.methods.anomalies import SIGMA
from dafeng.domains.energy.monitoring.methods.profiles import Floats

SILENT, RUNAWAY = "silent", "runaway"
KINDS = (SILENT, RUNAWAY)
SILENT_HOURS = 3
SPEAKS = 0.8
"""Part of the stored days on which these hours were measured: the meter usually speaks."""
LEAST_DAYS = 14
SPREADS = 8.0
"""Robust deviations above the median of the same hour …"""
ABOVE = 1.3
"""… and above the highest usual use (98th percentile) of the hour and its neighbours, both at once."""


@dataclass(frozen=True)
class Call:
    """`first`, `last`: hours of today, the last one exclusive. `actual`, `expected`, `limit`: sums over those hours."""

    kind: str
    first: int
    last: int
    actual: float
    expected: float
    limit: float


def usual(history: Floats) -> tuple[Floats, Floats]:
    """(median, limit) by hour of stored days (days, 24); NaN where fewer than `LEAST_DAYS` were measured."""
    middle, limit = np.full(24, np.nan), np.full(24, np.nan)
    for hour in range(24):
        own = history[:, hour][np.isfinite(history[:, hour])]
        if own.size < LEAST_DAYS:
            continue
        around = history[:, max(hour - 1, 0) : hour + 2]
        middle[hour] = float(np.median(own))
        spread = SIGMA * float(np.median(np.abs(own - middle[hour])))
        highest = float(np.quantile(around[np.isfinite(around)], 0.98))
        if highest <= 0:
            continue  # never ran at this hour: nothing says how much would be too much
        limit[hour] = max(middle[hour] + SPREADS * spread, ABOVE * highest)
    return middle, limit


def silent(history: Floats, today: Floats, finished: int) -> Call | None:
    """No reading for `SILENT_HOURS` and more until now, of a meter that spoke today, or fell silent within yesterday.

    `history`: (days, 24) up to yesterday; `today`: 24 hours, NaN where nothing was measured; `finished`: how many of them are over.
    """
    heard = np.flatnonzero(np.isfinite(today[:finished]))
    first = int(heard[-1]) + 1 if heard.size else 0
    if finished - first < SILENT_HOURS or len(history) < LEAST_DAYS:
        return None
    if not heard.size and (np.isfinite(history[-1, -1]) or not np.isfinite(history[-1]).any()):
        return None  # whole days are read at once, or it has long been silent and the night has said so
    before = history[:-1] if not heard.size else history
    if np.isfinite(before[:, first:finished]).mean() < SPEAKS:
        return None
    return Call(SILENT, first, finished, 0.0, float(np.nansum(usual(history)[0][first:finished])), float(SILENT_HOURS))


def runaway(history: Floats, today: Floats, finished: int, *, rated: float | None) -> Call | None:
    """The hours until now in which more was used than the meter is rated for (per hour), or far more than is usual at that hour."""
    if not finished or not np.isfinite(today[finished - 1]):
        return None
    middle, limit = usual(history)
    if rated is not None:
        limit = np.fmin(limit, rated)
    above = np.isfinite(limit) & (np.nan_to_num(today) > limit)
    first = finished
    while first and above[first - 1]:
        first -= 1
    if first == finished:
        return None
    hours = slice(first, finished)
    expected = np.where(np.isfinite(middle[hours]), middle[hours], limit[hours])
    return Call(RUNAWAY, first, finished, float(today[hours].sum()), float(expected.sum()), float(limit[hours].sum()))
