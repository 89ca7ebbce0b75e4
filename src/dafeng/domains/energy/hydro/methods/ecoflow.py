"""Ecological flow: hours against a threshold, days of hours, and spells of hours that are worth a warning.

One idea to know: an hour is met, short, missing (too little of it was measured) or unset (no threshold was decided). Missing is
never met, and is never short: it is counted apart, and is a finding of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int8]
MET, SHORT, MISSING, UNSET = 0, 1, 2, 3
DAY = 24


@dataclass(frozen=True)
class Rule:
    """How a day, a month and a warning are judged; the values are data (`rules.toml`)."""

    tolerance: float  # an hour is met from this share of the threshold on
    least_coverage: float  # an hour of which a smaller share was measured is missing
    day_hours: int  # a day with fewer known hours is not judged
    day_share: float  # share of the known hours that must be met
    month_share: float  # share of the judged days that must be met
    month_days: float  # share of the days that must be judged for the month to be
    bridge: int  # spells with at most so many hours between are one
    short_hours: tuple[int, int, int]  # length of a spell from which on it is of level 1, 2, 3
    short_depth: tuple[float, float]  # lowest flow ÷ threshold below which a spell is of level 2, 3 whatever its length
    gap_hours: tuple[int, int, int]


def judge_hours(flow: Floats, coverage: Floats, threshold: Floats, rule: Rule) -> Codes:
    """A code an hour. `flow` and `threshold` in m³/s (NaN: unknown, not decided), `coverage` 0–1, all of one shape."""
    known = np.isfinite(flow) & (coverage >= rule.least_coverage)
    met = flow >= threshold * rule.tolerance
    found = np.where(known, np.where(met, MET, SHORT), MISSING)
    return np.asarray(np.where(np.isfinite(threshold), found, UNSET), dtype=np.int8)


@dataclass(frozen=True)
class Tally:
    """Hours of a day, or of any stretch. `share`: of the hours that are known; None where none is."""

    met: int = 0
    short: int = 0
    missing: int = 0
    unset: int = 0

    @property
    def known(self) -> int:
        return self.met + self.short

    @property
    def share(self) -> float | None:
        return self.met / self.known if self.known else None

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.met + other.met, self.short + other.short, self.missing + other.missing, self.unset + other.unset
        )


def tally(codes: Codes) -> Tally:
    counts = np.bincount(codes.astype(np.int64), minlength=4)
    return Tally(int(counts[MET]), int(counts[SHORT]), int(counts[MISSING]), int(counts[UNSET]))


def judge_day(hours: Tally, rule: Rule) -> str:
    """`met`, `short`, `unknown` (too few hours were measured) or `unset` (no threshold was decided for the day)."""
    if hours.unset and not hours.known and not hours.missing:
        return "unset"
    if hours.known < rule.day_hours or hours.share is None:
        return "unknown"
    return "met" if hours.share >= rule.day_share else "short"


def judge_month(days: list[str], rule: Rule) -> str:
    """Of the days' verdicts; days without a decision are left out. `unknown` where too few days could be judged."""
    counted = [day for day in days if day != "unset"]
    if not counted:
        return "unset"
    judged = [day for day in counted if day != "unknown"]
    if len(judged) < rule.month_days * len(counted) or not judged:
        return "unknown"
    return "met" if judged.count("met") >= rule.month_share * len(judged) else "short"


@dataclass(frozen=True)
class Spell:
    """Hours `first` to `last` (positions, both within). `hours` counts those of its kind; `level` 1 notice, 2 warning, 3 severe."""

    kind: str
    first: int
    last: int
    hours: int
    level: int
    lowest: float | None = None
    threshold: float | None = None


def _runs(hit: NDArray[np.bool_], bridge: int) -> list[tuple[int, int]]:
    """First and last position of each run; runs with at most `bridge` positions between are one."""
    at = np.flatnonzero(hit)
    if not len(at):
        return []
    breaks = np.flatnonzero(np.diff(at) > bridge + 1)
    return list(zip(at[np.r_[0, breaks + 1]].tolist(), at[np.r_[breaks, len(at) - 1]].tolist(), strict=True))


def _level(hours: int, limits: tuple[int, int, int]) -> int:
    return sum(hours >= limit for limit in limits)


def spells(codes: Codes, flow: Floats, threshold: Floats, rule: Rule) -> list[Spell]:
    """What is worth a warning: stretches below the threshold, and stretches without telemetry."""
    found = []
    for first, last in _runs(codes == SHORT, rule.bridge):
        inside = np.flatnonzero(codes[first : last + 1] == SHORT) + first
        lowest = int(inside[np.argmin(flow[inside] / threshold[inside])])
        depth = float(flow[lowest] / threshold[lowest]) if threshold[lowest] > 0 else 1.0
        level = _level(len(inside), rule.short_hours)
        if level:
            level = max(level, 1 + sum(depth < limit for limit in rule.short_depth))
            found.append(Spell("short", first, last, len(inside), level, float(flow[lowest]), float(threshold[lowest])))
    for first, last in _runs(codes == MISSING, 0):
        level = _level(last - first + 1, rule.gap_hours)
        if level:
            found.append(Spell("gap", first, last, last - first + 1, level))
    return sorted(found, key=lambda spell: (spell.first, spell.kind))
