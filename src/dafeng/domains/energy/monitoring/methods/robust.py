"""Robust measures of loads that all rules share: medians and MAD of a meter's own earlier days, runs, and which days judge a day."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dafeng.domains.energy.monitoring.methods.calendar import DayFacts
from dafeng.domains.energy.monitoring.methods.profiles import Floats

SIGMA = 1.4826
LOOK_BACK = 42
"""Days that judge a day."""
LEAST = 5
"""Days alike that are needed; with fewer the days of every kind judge, with fewer than that nobody does."""
MOST_ALIKE = 12


def judges_of(day: int, known: DayFacts) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(earlier, alike): the days before a day, and of them the last ones of its kind. The day itself is never among them."""
    earlier = np.arange(max(0, day - LOOK_BACK), day)
    alike = earlier[known.group[earlier] == known.group[day]]
    if alike.size < LEAST and known.group[day] > 0:
        alike = earlier[known.group[earlier] > 0]
    if alike.size < LEAST:
        alike = earlier
    return earlier, alike[-MOST_ALIKE:]


def runs(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """How long each place of the last axis has been true without a break; its largest is the longest run."""
    found = np.zeros(flags.shape, dtype=np.int64)
    run = np.zeros(flags.shape[:-1], dtype=np.int64)
    for at in range(flags.shape[-1]):
        run = np.where(flags[..., at], run + 1, 0)
        found[..., at] = run
    return found


def flat(values: Floats) -> npt.NDArray[np.bool_]:
    """(meters, days, slots): the slot shows exactly what the one before it on its day showed."""
    size = size_of(values)
    found = np.zeros_like(values, dtype=bool)
    found[:, :, 1:] = np.abs(np.diff(values, axis=2)) <= 1e-9 * np.maximum(size, 1e-12)[:, None, None]
    return found


def size_of(values: Floats) -> Floats:
    """The usual size of each meter's load, of all its slots on these days: the median of what it showed, whatever its sign."""
    return median(np.abs(values).reshape(len(values), -1), 1)


def median(values: Floats, axis: int) -> Floats:
    """Median of what is there; NaN where nothing is (numpy would warn)."""
    empty = ~np.isfinite(values).any(axis=axis, keepdims=True)
    return np.where(np.squeeze(empty, axis=axis), np.nan, np.nanmedian(np.where(empty, 0.0, values), axis=axis))


def out(now: Floats, before: Floats, floor: Floats) -> Floats:
    """How far `now` lies above the earlier values (meters, n), in robust deviations; negative below."""
    middle = median(before, 1)
    spread = SIGMA * median(np.abs(before - middle[:, None]), 1)
    return (now - middle) / np.maximum(np.nan_to_num(spread), floor)


def mean_of(values: Floats) -> Floats:
    """Mean along the last axis of what is there; NaN where less than half is."""
    there = np.isfinite(values)
    count = there.sum(axis=-1)
    total = np.where(there, values, 0.0).sum(axis=-1)
    return np.where(2 * count >= values.shape[-1], total / np.maximum(count, 1), np.nan)


def left_out(before: Floats) -> Floats:
    """For each of n days the median of the other days, by slot: (meters, n, slots)."""
    count = before.shape[1]
    return np.stack([median(np.delete(before, each, axis=1), 1) for each in range(count)], axis=1)


def usual(counts: npt.NDArray[np.int64]) -> Floats:
    """What is usual at most: the ninth decile of the earlier days."""
    return np.quantile(counts, 0.9, axis=1)


def smooth(scale: Floats) -> Floats:
    """The largest of a slot and its neighbours, for a load that comes an hour early is no fault."""
    left, right = np.roll(scale, 1, axis=-1), np.roll(scale, -1, axis=-1)
    return np.fmax(np.fmax(left, right), scale)


def largest(scaled: Floats) -> Floats:
    return np.max(np.nan_to_num(scaled, nan=0.0), axis=-1)
