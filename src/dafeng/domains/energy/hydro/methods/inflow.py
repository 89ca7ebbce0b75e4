"""Daily inflow of the days to come: recession with rain, scored on a rolling origin, with an interval from its own errors.

The ladder, best first; each rung stands only where its data reach and where it beat the one below on the first half of the origins:

- `rain`: log Q(t+h) on log Q(t), its last change, the rain of the last days (three sums) and the year's sine, one ridge regression a lead;
- `recession`: the same without rain;
- `climatology`: the median of the same fortnight in earlier years;
- `persistence`: tomorrow is as today;
- `none`: there is no recent inflow.

Rain that has not fallen yet is not known to any rung. Scores are told of the second half of the origins, which chose nothing.
The band is split-conformal: quantiles of the absolute log errors of the first half, so it is as wide as its own past errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEADS = 7
BAND = 0.8
RUNGS = ("rain", "recession", "climatology", "persistence")
LEAST_DAYS = 60  # of inflow before a regression is tried
LEAST_ORIGINS = 20
RIDGE = 1.0
FLOOR = 1e-3  # m³/s: a dry bed has no logarithm
HALF_WINDOW = 7  # days on either side of the same day in earlier years
YEAR = 365.2425


@dataclass(frozen=True)
class Score:
    """Of the origins that chose nothing, a value a lead: mean absolute error in m³/s, and the share of days in the 80 % band.

    `persistence` and `climatology`: errors of the plain forecasts on the very same days; NaN where there is none.
    """

    origins: int
    error: tuple[float, ...]
    persistence: tuple[float, ...]
    climatology: tuple[float, ...]
    inside: tuple[float, ...]


@dataclass(frozen=True)
class Forecast:
    """`value low high` of each day to come in m³/s; `rung` is the method, `why` the rungs that were passed over and the reason.

    `past`: what the rung told at each origin that is scored (position of the day → leads), for scores of what follows from it.
    """

    rung: str
    value: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    score: Score | None
    why: dict[str, str] = field(default_factory=dict)
    past: dict[int, Floats] = field(default_factory=dict, repr=False)


def _logs(inflow: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(inflow, FLOOR)), dtype=np.float64)


def _sums(rain: Floats) -> Floats:
    """Rain of the day, of the three days and of the ten days before it, as columns; NaN where a day of them is not known."""
    whole = np.concatenate([[0.0], np.cumsum(np.nan_to_num(rain))])
    gaps = np.concatenate([[0], np.cumsum(~np.isfinite(rain))])
    columns = []
    for last, first in ((1, 0), (4, 1), (14, 4)):
        ends = np.arange(len(rain)) + 1 - first
        starts = ends - (last - first)
        fits = starts >= 0
        ends, starts = np.where(fits, ends, 0), np.where(fits, starts, 0)
        total = whole[ends] - whole[starts]
        columns.append(np.where(fits & (gaps[ends] == gaps[starts]), total, np.nan))
    return np.log1p(np.stack(columns, axis=1))


def _features(inflow: Floats, rain: Floats | None, day_of_year: Floats) -> Floats:
    logs = _logs(inflow)
    change = np.concatenate([[np.nan], np.diff(logs)])
    angle = 2 * np.pi * day_of_year / YEAR
    parts = [np.ones_like(logs), logs, change, np.sin(angle), np.cos(angle)]
    found = np.stack(parts, axis=1)
    return found if rain is None else np.concatenate([found, _sums(rain)], axis=1)


def _ridge(features: Floats, wanted: Floats) -> Floats:
    penalty = RIDGE * np.eye(features.shape[1])
    penalty[0, 0] = 0.0
    return np.asarray(np.linalg.solve(features.T @ features + penalty, features.T @ wanted), dtype=np.float64)


def _regression(inflow: Floats, features: Floats, until: int, leads: int) -> Floats | None:
    """Forecasts in logs for the leads after day `until` (its position; it is the last that is known), of days up to it only."""
    logs = _logs(inflow)
    if not np.isfinite(features[until]).all():
        return None
    told = np.full(leads, np.nan)
    fits: NDArray[np.bool_] = np.all(np.isfinite(features[: until + 1]), axis=1)
    for lead in range(1, leads + 1):
        rows = np.flatnonzero(fits[: until + 1 - lead] & np.isfinite(logs[lead : until + 1]))
        if len(rows) < LEAST_DAYS:
            return None
        # What is learnt is the change from today, so that a poor fit falls back to today and not to the mean of the years.
        weights = _ridge(features[rows], logs[rows + lead] - logs[rows])
        told[lead - 1] = logs[until] + features[until] @ weights
    ceiling, floor = np.nanmax(logs[: until + 1]), np.nanmin(logs[: until + 1])
    return np.clip(told, floor - 1.0, ceiling + 1.0)


def climatology(inflow: Floats, until: int, lead: int) -> float:
    """Median of the inflow within a week of the same day in earlier years; NaN where no year before is known."""
    found: list[float] = []
    day = until + lead
    for back in range(1, int(len(inflow) / YEAR) + 2):
        centre = day - round(back * YEAR)
        part = inflow[max(centre - HALF_WINDOW, 0) : max(centre + HALF_WINDOW + 1, 0)]
        found += [float(each) for each in part if np.isfinite(each)]
    return float(np.median(found)) if found else float("nan")


def _told(rung: str, inflow: Floats, features: dict[str, Floats], until: int, leads: int) -> Floats | None:
    """Forecasts of a rung in m³/s for the leads after `until`; None where its data do not reach."""
    if rung == "persistence":
        return np.full(leads, inflow[until]) if np.isfinite(inflow[until]) else None
    if rung == "climatology":
        found = np.array([climatology(inflow[: until + 1], until, lead) for lead in range(1, leads + 1)])
        return found if np.isfinite(found).all() else None
    if rung not in features:
        return None
    logs = _regression(inflow, features[rung], until, leads)
    return None if logs is None else np.exp(logs)


def _errors(told: dict[int, Floats], inflow: Floats, origins: Sequence[int], leads: int) -> Floats:
    """Absolute errors, origins × leads; NaN where nothing was told or nothing came."""
    found = np.full((len(origins), leads), np.nan)
    for row, origin in enumerate(origins):
        if origin in told:
            found[row] = np.abs(told[origin] - inflow[origin + 1 : origin + 1 + leads])
    return found


def _mean(values: Floats) -> tuple[float, ...]:
    return tuple(float(np.nanmean(column)) if np.isfinite(column).any() else float("nan") for column in values.T)


def _width(told: dict[int, Floats], inflow: Floats, origins: Sequence[int], lead: int) -> float:
    """Half the band in logs: the conformal quantile of the absolute log errors of these origins (rank ⌈(n+1)·80 %⌉)."""
    logs = _logs(inflow)
    found = sorted(
        abs(float(np.log(max(told[o][lead - 1], FLOOR)) - logs[o + lead]))
        for o in origins
        if o in told and np.isfinite(inflow[o + lead])
    )
    if not found:
        return float("inf")
    return found[min(int(np.ceil((len(found) + 1) * BAND)), len(found)) - 1]


def _chosen(told: dict[str, dict[int, Floats]], inflow: Floats, choosing: Sequence[int]) -> tuple[str, dict[str, str]]:
    """The best rung that stands: one that does not beat the rungs below on days both told of is passed over."""
    why: dict[str, str] = {}
    reach = {name: _errors(told[name], inflow, choosing, LEADS) for name in RUNGS}
    for number, name in enumerate(RUNGS):
        if np.isfinite(reach[name]).any(axis=1).sum() < LEAST_ORIGINS // 2:
            why[name] = "short"
            continue
        for other in RUNGS[number + 1 :]:
            both = np.isfinite(reach[name]) & np.isfinite(reach[other])
            if both.any() and reach[name][both].mean() > reach[other][both].mean():
                why[name] = "worse"
                break
        else:
            return name, why
    return "persistence", why


def forecast(
    inflow: Floats, rain: Floats | None, day_of_year: Floats, *, back: int = 90, every: int = 1, leads: int = LEADS
) -> Forecast:
    """The days after the last of `inflow` (m³/s, one a day, NaN where unknown). `rain` in mm of the same days, or None.

    `back` origins are gone over again, every `every` days, each with what was known then.
    """
    last = len(inflow) - 1
    nothing = (float("nan"),) * leads
    if last < 0 or not np.isfinite(inflow[max(last - 2, 0) :]).any():
        return Forecast("none", nothing, nothing, nothing, None, {"persistence": "short"})
    features = {"recession": _features(inflow, None, day_of_year)}
    if rain is not None and np.isfinite(rain).sum() >= LEAST_DAYS:
        features["rain"] = _features(inflow, rain, day_of_year)
    origins = [at for at in range(max(last - leads - back + 1, 1), last - leads + 1, every) if np.isfinite(inflow[at])]
    told = {
        name: {at: made for at in origins if (made := _told(name, inflow, features, at, leads)) is not None}
        for name in RUNGS
    }
    half = len(origins) // 2
    # A week between the halves: the errors of the first must be over when the second begins.
    choosing, judging = (
        origins[:half],
        [at for at in origins[half:] if at > (origins[half - 1] if half else -1) + leads],
    )
    if len(choosing) >= LEAST_ORIGINS // 2:
        rung, why = _chosen(told, inflow, choosing)
    else:
        rung, why = "persistence", dict.fromkeys(RUNGS[:3], "short")
    ladder = [rung, *RUNGS[RUNGS.index(rung) + 1 :]]
    known = last if np.isfinite(inflow[last]) else int(np.flatnonzero(np.isfinite(inflow))[-1])
    for name in ladder:
        made = _told(name, inflow, features, known, leads + last - known)
        if made is not None:
            value = made[last - known :]
            return _banded(name, value, told[name], told, inflow, origins, choosing, judging, why)
        why[name] = "short"
    return Forecast("none", nothing, nothing, nothing, None, why)


def _banded(
    rung: str, value: Floats, own: dict[int, Floats], told: dict[str, dict[int, Floats]], inflow: Floats,
    origins: Sequence[int], choosing: Sequence[int], judging: Sequence[int], why: dict[str, str],
) -> Forecast:  # fmt: skip
    leads = len(value)
    now = [_width(own, inflow, origins, lead) for lead in range(1, leads + 1)]
    spread = np.exp(np.where(np.isfinite(now), now, np.log(4.0)))  # no error known yet: a quarter to four times
    score = None
    if judging and own:
        then = [_width(own, inflow, choosing, lead) for lead in range(1, leads + 1)]
        inside = np.full((len(judging), leads), np.nan)
        for row, origin in enumerate(judging):
            came = inflow[origin + 1 : origin + 1 + leads]
            if origin in own:
                off = np.abs(_logs(own[origin]) - _logs(came))
                inside[row] = np.where(np.isfinite(came), off <= np.array(then), np.nan)
        parts = {name: _errors(told[name], inflow, judging, leads) for name in RUNGS}
        # The same days for all: a plain forecast is not judged on days on which the other told nothing.
        there = np.isfinite(parts[rung])
        score = Score(
            int(there.any(axis=1).sum()), _mean(parts[rung]), _mean(np.where(there, parts["persistence"], np.nan)),
            _mean(np.where(there, parts["climatology"], np.nan)), _mean(inside),
        )  # fmt: skip
    return Forecast(
        rung, tuple(value.tolist()), tuple((value / spread).tolist()), tuple((value * spread).tolist()), score, why,
        {origin: own[origin] for origin in judging if origin in own},
    )  # fmt: skip


def score_of(past: dict[int, Floats], came: Floats, leads: int = LEADS) -> tuple[Floats, Floats, Floats]:
    """Mean absolute errors a lead of what was told, of persistence, and of the same days of earlier years, on the same days.

    For what follows from the inflow (kWh): `past` as told, `came` as it came; NaN where a plain forecast has nothing to go by.
    """
    rows = [(origin, told) for origin, told in past.items() if np.isfinite(came[origin])]
    found = np.full((3, max(len(rows), 1), leads), np.nan)
    for row, (origin, told) in enumerate(rows):
        actual = came[origin + 1 : origin + 1 + leads]
        found[0, row] = np.abs(told - actual)
        found[1, row] = np.where(np.isfinite(actual), np.abs(came[origin] - actual), np.nan)
        usual = [climatology(came[: origin + 1], origin, lead) for lead in range(1, leads + 1)]
        found[2, row] = np.abs(np.array(usual) - actual)
    own, plain, usual_ = (np.array(_mean(part)) for part in found)
    return own, plain, usual_
