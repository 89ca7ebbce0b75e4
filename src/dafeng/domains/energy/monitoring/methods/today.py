"""What is wrong with a meter today, before the day is over, judged hour by hour by what was known when the hour was over.

The measures are those of the night (`anomalies`), of the day so far: the same value hour after hour, nothing where something usually
runs, less than nothing, an hour far above its usual, a day so far beyond its usual. The night's run judges the whole day again, by all
its rules. That a meter fell silent is told by the time of its last reading (`silent_after`), whatever the hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from dafeng.domains.energy.monitoring.methods.calendar import Calendar, chinese, facts
from dafeng.domains.energy.monitoring.methods.profiles import Floats, Profiles
from dafeng.domains.energy.monitoring.methods.robust import (
    SIGMA,
    flat,
    judges_of,
    largest,
    left_out,
    mean_of,
    median,
    out,
    runs,
    size_of,
    smooth,
    usual,
)

SILENT, STUCK, STILL, REVERSED, RUNAWAY, AMISS = "silent", "stuck", "still", "reversed", "runaway", "amiss"
DATA_KINDS = (SILENT, STUCK, STILL, REVERSED)
"""A broken meter or line explains every other oddity of the load."""
KINDS = (*DATA_KINDS, RUNAWAY, AMISS)
LIMITS = {STUCK: 4.0, STILL: 3.0, REVERSED: 1.0, RUNAWAY: 7.0, AMISS: 7.0}
"""Hours beyond the usual for the first three, robust deviations for the load. Chosen on every other real profile, judged on the rest."""
LATE_PERIODS, LATE_LEAST = 3, timedelta(hours=3)
LEAST_DAYS = 14
"""Stored days without which nothing but the meter's rating judges it."""
SETTLED = 3
"""Hours of the day before the day so far is judged."""


def silent_after(period: timedelta, delay: timedelta = timedelta(0)) -> timedelta:
    """The age of its last reading at which a meter counts as silent: three of its periods, three hours at least, and the time its
    readings usually take to arrive. A meter that is read once a day is late when its next day is."""
    return max(LATE_PERIODS * period, LATE_LEAST) + delay


@dataclass(frozen=True)
class Call:
    """`first`, `last`: hours of today, the last one exclusive. `actual`, `expected`: sums over those hours; `limit`: of a runaway load."""

    kind: str
    first: int
    last: int
    score: float
    actual: float
    expected: float
    limit: float | None = None


@dataclass(frozen=True)
class Hours:
    """Scores of each kind but silence in parts of its limit, (meters, days, hours); what was expected, and the load that runs away above."""

    profiles: Profiles
    scores: dict[str, Floats]
    expected: Floats
    bound: Floats

    @property
    def alarms(self) -> npt.NDArray[np.bool_]:
        """(meters, days): whether any hour of the day would have called."""
        return np.any([each.max(axis=2) >= 1.0 for each in self.scores.values()], axis=0)

    def calls(self, meter: int, day: int, finished: int) -> list[Call]:
        """What holds of a meter when so many hours of the day are over; a fault of the data stands alone."""
        if not finished:
            return []
        found = {kind: each[meter, day, :finished] for kind, each in self.scores.items()}
        kinds = [kind for kind in found if found[kind][-1] >= 1.0]
        if any(kind in DATA_KINDS for kind in kinds):
            kinds = [kind for kind in kinds if kind in DATA_KINDS and not (kind == STUCK and STILL in kinds)]
        return [self._call(kind, meter, day, found[kind]) for kind in kinds]

    def _call(self, kind: str, meter: int, day: int, scores: Floats) -> Call:
        finished = first = len(scores)
        while first and (scores[first - 1] > 0 if kind in DATA_KINDS else scores[first - 1] >= 1.0):
            first -= 1
        if kind == AMISS:
            first = 0
        hours = slice(first, finished)
        actual, expected = (float(np.nansum(each[meter, day, hours])) for each in (self.profiles.values, self.expected))
        limit = float(self.bound[meter, day, hours].sum()) if kind == RUNAWAY else None
        return Call(kind, first, finished, float(scores[-1]), actual, expected, limit)


def judge(
    profiles: Profiles, *, calendar: Calendar = chinese, first: int | None = None, rated: Floats | None = None
) -> Hours:
    """Every hour of the days from number `first` on (without it: of the last day alone) by what was known when it was over.

    `rated`: the most that each meter may use in an hour, NaN where it is not told. Slots must be hours.
    """
    values = profiles.values
    known = facts(profiles.days, calendar)
    scores = {kind: np.zeros_like(values) for kind in LIMITS}
    expected, bound = np.full_like(values, np.nan), np.full_like(values, np.nan)
    there = np.isfinite(values)
    level = flat(values)
    for day in range(len(profiles.days) - 1 if first is None else first, len(profiles.days)):
        earlier, alike = judges_of(day, known)
        ready = there[:, earlier].any(axis=2).sum(axis=1) >= LEAST_DAYS
        if ready.any():
            told = _one_day(values, day, earlier, alike, level)
            for kind, each in told.scores.items():
                scores[kind][:, day] = np.where(ready[:, None], np.nan_to_num(each) / LIMITS[kind], 0.0)
            expected[:, day] = told.hope
            bound[:, day] = np.where(ready[:, None], told.bound, np.nan)
        if rated is not None:
            bound[:, day] = np.fmin(bound[:, day], rated[:, None])
        above = values[:, day] / np.where(bound[:, day] > 0, bound[:, day], np.nan)
        scores[RUNAWAY][:, day] = np.where(above > 1.0, above, 0.0)
    return Hours(profiles, scores, expected, bound)


@dataclass(frozen=True)
class _Day:
    scores: dict[str, Floats]
    hope: Floats
    bound: Floats


def _one_day(
    values: Floats, day: int, earlier: npt.NDArray[np.int64], alike: npt.NDArray[np.int64], level: npt.NDArray[np.bool_]
) -> _Day:
    now, before = values[:, day], values[:, alike]
    size = size_of(values[:, earlier])
    mean = median(mean_of(np.abs(values[:, earlier])), 1)
    # A machine that usually does not run has no usual load: only its rating says how much would be too much.
    floor = np.where(np.nan_to_num(mean) > 0, 0.04 * mean, np.inf)[:, None]
    hope = median(before, 1)
    scores = {}
    stuck = runs(level[:, day])
    scores[STUCK] = stuck - 1.2 * usual(runs(level[:, earlier]).max(axis=-1))[:, None]
    zero = 0.01 * size[:, None]
    down = runs(now < zero)
    scores[STILL] = down - 1.2 * usual(runs(before < zero[:, None]).max(axis=-1))[:, None]
    below = (now < 0).cumsum(axis=-1) - usual((values[:, earlier] < 0).sum(axis=-1))[:, None]
    scores[REVERSED] = np.where(now < 0, below, 0.0)
    scores[AMISS] = np.abs(out(so_far(now), so_far(before), floor))
    scores[AMISS][:, : SETTLED - 1] = 0.0
    # An hour runs away when the day's largest residual would be an alarm of the night's, upward.
    residuals = np.abs(before - left_out(before))
    wide = np.maximum(SIGMA * smooth(median(residuals, 1)), floor)
    peaks = largest(residuals / wide[:, None])
    middle = median(peaks, 1)
    spread = np.maximum(SIGMA * median(np.abs(peaks - middle[:, None]), 1), 0.8)
    limit = np.maximum(LIMITS[RUNAWAY], middle + LIMITS[RUNAWAY] / 3.0 * spread)
    return _Day(scores, hope, hope + limit[:, None] * wide)


def so_far(values: Floats) -> Floats:
    """Mean of the day until each hour, (…, hours); NaN where less than half of them was measured."""
    there = np.isfinite(values)
    count = there.cumsum(axis=-1)
    total = np.where(there, values, 0.0).cumsum(axis=-1)
    return np.where(2 * count >= np.arange(1, values.shape[-1] + 1), total / np.maximum(count, 1), np.nan)
