"""What is wrong with a meter's load, judged day by day by what was known before: one rule per kind of fault, and a vote.

Each rule measures one thing of a day (the largest residual of a slot, the night's load, the level, the shape, the longest flat run
…) and compares it with the same measure of the meter's own earlier days of the kind: median and MAD, never mean and deviation, for
of n values none can lie more than (n − 1)/√n deviations from the mean, so that a plain z of 8 days never fires at 3. A day judged
is never among those that judge it (leave-one-out). One rule far out, or several somewhat out, make an alarm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dafeng.domains.energy.monitoring.methods.calendar import Calendar, chinese, facts
from dafeng.domains.energy.monitoring.methods.profiles import Floats, Profiles
from dafeng.domains.energy.monitoring.methods.robust import (
    LEAST,
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

NIGHT = (0.0, 5.0)

DATA_RULES = ("gap", "frozen", "negative", "unit", "zero")
LOAD_RULES = ("point", "night", "level", "shape", "idle")
RULES = DATA_RULES + LOAD_RULES
LIMITS = {"gap": 1.0, "frozen": 1.0, "negative": 1.0, "unit": 1.0, "zero": 1.0, "point": 7.0, "night": 6.0, "level": 6.0, "shape": 5.0, "idle": 4.0}  # fmt: skip
"""The score at which a rule alone gives the alarm. Found on the first half of the real profiles, judged on the second."""
VOTE = 1.6
"""So much of the limits together gives the alarm, too: two rules at four fifths of theirs."""


@dataclass(frozen=True)
class Judged:
    """Scores of each rule (in parts of its limit) and what was expected; NaN where nothing can be said."""

    profiles: Profiles
    scores: dict[str, Floats]
    expected: Floats

    @property
    def together(self) -> Floats:
        """What the load rules say together, the strongest of data rules beside them."""
        load = np.stack([np.nan_to_num(self.scores[name]) for name in LOAD_RULES])
        two = np.sort(np.clip(load, 0, None), axis=0)[-2:].sum(axis=0)
        data = np.max(np.stack([np.nan_to_num(self.scores[name]) for name in DATA_RULES]), axis=0)
        return np.maximum.reduce([data, load.max(axis=0), two / VOTE])

    @property
    def alarms(self) -> npt.NDArray[np.bool_]:
        """(meters, days)."""
        return self.together >= 1.0

    def cause(self, meter: int, day: int) -> str:
        """The rule that speaks loudest; data rules first, for a broken meter explains every other oddity."""
        for name in DATA_RULES:
            if self.scores[name][meter, day] >= LIMITS[name]:
                return name
        return max(LOAD_RULES, key=lambda name: float(np.nan_to_num(self.scores[name][meter, day])))


def judge(profiles: Profiles, *, calendar: Calendar = chinese, first: int = 0) -> Judged:
    """Scores of every day from number `first` on."""
    values = profiles.values
    meters, days, slots = values.shape
    known = facts(profiles.days, calendar)
    expected = np.full_like(values, np.nan)
    scores = {name: np.full((meters, days), np.nan) for name in RULES}
    missing = ~np.isfinite(values)
    counts = {
        "frozen": runs(flat(values)).max(axis=2),
        "gap": missing.sum(axis=2),
        "negative": (values < 0).sum(axis=2),
    }
    per_hour = slots / 24.0
    night = slice(int(NIGHT[0] * per_hour), int(NIGHT[1] * per_hour))
    for day in range(max(first, LEAST), days):
        earlier, alike = judges_of(day, known)
        _one_day(
            values,
            day,
            earlier,
            alike,
            night,
            counts,
            expected,
            scores,
            bool(known.works[day]),
            known.works[earlier],
        )
    return Judged(profiles, {name: each / LIMITS[name] for name, each in scores.items()}, expected)


def _one_day(
    values: Floats, day: int, earlier: npt.NDArray[np.int64], alike: npt.NDArray[np.int64], night: slice,
    counts: dict[str, Any], expected: Floats, scores: dict[str, Floats], works: bool, worked: npt.NDArray[np.bool_],
) -> None:  # fmt: skip
    now, before = values[:, day], values[:, alike]
    size = size_of(values[:, earlier])
    mean = np.maximum(median(_day_mean(values[:, earlier]), 1), 1e-12)
    hope = median(before, 1)
    expected[:, day] = hope
    residual, residuals = now - hope, before - left_out(before)
    # The data themselves.
    scores["gap"][:, day] = (counts["gap"][:, day] - usual(counts["gap"][:, earlier])) / 2.0
    scores["frozen"][:, day] = (counts["frozen"][:, day] - 1.2 * usual(counts["frozen"][:, earlier])) / 4.0
    scores["negative"][:, day] = (counts["negative"][:, day] - usual(counts["negative"][:, earlier])) / 1.0
    middle = np.nan_to_num(median(np.abs(now), 1))
    factor = middle / np.maximum(median(np.abs(hope), 1), 0.02 * size + 1e-12)
    scores["unit"][:, day] = (
        np.abs(np.log(np.maximum(factor, 1e-6))) / np.log(5.0) * (counts["gap"][:, day] < now.shape[1] / 2)
    )
    zero = 0.01 * size[:, None]
    down = runs((now < zero) & np.isfinite(now)).max(axis=-1)
    downs = runs((before < zero[:, None]) & np.isfinite(before)).max(axis=-1)
    scores["zero"][:, day] = (down - 1.2 * usual(downs)) / 3.0
    # The load.
    floor = 0.04 * mean
    wide = SIGMA * smooth(median(np.abs(residuals), 1))
    scaled = np.abs(residual) / np.maximum(wide, floor[:, None])
    then = np.abs(residuals) / np.maximum(wide, floor[:, None])[:, None]
    peak, peaks = largest(scaled), largest(then)
    scores["point"][:, day] = np.minimum(peak, 3.0 * np.maximum(out(peak, peaks, np.full(len(peak), 0.8)), 0.0))
    scores["night"][:, day] = out(mean_of(now[:, night]), mean_of(before[:, :, night]), floor)
    scores["level"][:, day] = np.abs(out(mean_of(now), mean_of(before), floor))
    moved, moves = _distance(now, hope), _distance(before, hope[:, None])
    scores["shape"][:, day] = out(moved, moves, np.full(len(moved), 0.02))
    if not works and worked.any() and not worked.all():
        rest = earlier[~worked]
        scores["idle"][:, day] = out(mean_of(now), mean_of(values[:, rest]), floor)


def _day_mean(values: Floats) -> Floats:
    return mean_of(np.abs(values))


def _distance(day: Floats, hope: Floats) -> Floats:
    """Half the distance between two days' shapes: the part of the day's use that lies at other hours."""
    there = np.isfinite(day) & np.isfinite(hope)
    one, two = np.where(there, np.abs(day), 0.0), np.where(there, np.abs(hope), 0.0)
    one = one / np.maximum(one.sum(axis=-1, keepdims=True), 1e-12)
    two = two / np.maximum(two.sum(axis=-1, keepdims=True), 1e-12)
    return 0.5 * np.abs(one - two).sum(axis=-1)
