"""Findings: alarms put into episodes with what is at stake, meters that should add up, and patterns of use that waste.

A finding names the meter, the time, the rule and its measure; where it lies in the firm's flows, what probably caused it and what to
check is said by the page (`words.py`), for that is language. `kwh` is the amount in question: used beyond the expected for a load,
not (rightly) measured for a broken meter; None where a rule has no amount.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from dafeng.domains.energy.monitoring.methods.anomalies import DATA_RULES, LIMITS, Judged
from dafeng.domains.energy.monitoring.methods.calendar import Calendar, chinese, facts
from dafeng.domains.energy.monitoring.methods.power_factor import surcharge
from dafeng.domains.energy.monitoring.methods.profiles import Floats, Profiles
from dafeng.domains.energy.monitoring.methods.robust import SIGMA
from dafeng.domains.energy.monitoring.methods.tariffs import PEAK, SHARP, Tariff

POINT, GROUP, PATTERN = "point", "group", "pattern"

# Limits of the patterns: ours, shown beside each finding.
NIGHT_EXCESS = 0.25
IDLE_SHARE = 0.4
BOTH_SHARE = 0.1
BOTH_HOURS = 2.0
POWER_FACTOR = 0.9
PEAK_SHARE = 0.42
SUM_TOLERANCE = 0.05


@dataclass(frozen=True)
class Finding:
    """`kind`: the rule; `family`: point, group or pattern; `facts`: the measures that the page puts into words."""

    kind: str
    family: str
    meter: Any
    first: datetime
    last: datetime
    kwh: float | None
    score: float
    facts: dict[str, float] = field(default_factory=dict)
    slots: Floats | None = field(default=None, repr=False)
    """By slot of the days concerned, (days, slots), what a tariff is put on: the excess, or what adds to the bill like it."""


def _begin(profiles: Profiles, day: int) -> datetime:
    return profiles.at(day, 0)


def _end(profiles: Profiles, day: int) -> datetime:
    return profiles.at(day, 0) + timedelta(days=1)


def points(judged: Judged, *, first: int) -> list[Finding]:
    """Alarms from day `first` on; days that follow each other with the same cause are one finding."""
    found = []
    alarms, together = judged.alarms, judged.together
    for meter in range(len(judged.profiles.meters)):
        day = first
        while day < alarms.shape[1]:
            if not alarms[meter, day]:
                day += 1
                continue
            cause, last = judged.cause(meter, day), day
            while last + 1 < alarms.shape[1] and alarms[meter, last + 1] and judged.cause(meter, last + 1) == cause:
                last += 1
            found.append(_point(judged, meter, cause, day, last, float(together[meter, day : last + 1].max())))
            day = last + 1
    return found


def _point(judged: Judged, meter: int, cause: str, day: int, last: int, score: float) -> Finding:
    profiles = judged.profiles
    actual, hope = profiles.values[meter, day : last + 1], judged.expected[meter, day : last + 1]
    missing = ~np.isfinite(actual)
    hope0 = np.nan_to_num(hope)
    if cause in DATA_RULES:
        wrong = missing | (np.abs(np.nan_to_num(actual) - hope0) > 0.2 * np.abs(hope0))
        excess = np.where(wrong, np.abs(hope0), 0.0)
    else:
        excess = np.where(missing, 0.0, np.nan_to_num(actual) - hope0)
    facts_of = {
        "expected": float(hope0[~missing].sum()), "actual": float(np.nansum(actual)), "limit": LIMITS[cause],
        "measure": float(np.nan_to_num(judged.scores[cause][meter, day : last + 1]).max() * LIMITS[cause]),
    }  # fmt: skip
    return Finding(
        cause,
        POINT,
        profiles.meters[meter],
        _begin(profiles, day),
        _end(profiles, last),
        float(excess.sum()),
        score,
        facts_of,
        excess,
    )


def sums(
    parent: Profiles, children: Sequence[Profiles], *, first: int, tolerance: float = SUM_TOLERANCE
) -> list[Finding]:
    """Days on which a meter and those below it do not add up: beyond the tolerance and beyond what is usual between them.

    `parent` has one meter; every block the same days. What is usual (lines, unmetered use) is the median of the 42 days before.
    """
    below = np.sum([each.values[0] for each in children], axis=0)
    whole, parts = parent.values[0].sum(axis=1), below.sum(axis=1)
    share = np.where(whole > 0, (whole - parts) / np.where(whole > 0, whole, 1.0), np.nan)
    found = []
    for day in range(max(first, 7), len(parent.days)):
        before = share[max(0, day - 42) : day]
        before = before[np.isfinite(before)]
        if before.size < 7 or not np.isfinite(share[day]):
            continue
        usual = float(np.median(before))
        spread = SIGMA * float(np.median(np.abs(before - usual)))
        limit = max(tolerance, 4 * spread)
        if abs(share[day] - usual) <= limit:
            continue
        gap = (parent.values[0, day] - below[day]) - usual * parent.values[0, day]
        facts_of = {"share": float(share[day]), "usual": usual, "limit": limit}
        found.append(
            Finding("sum", GROUP, parent.meters[0], _begin(parent, day), _end(parent, day), float(abs(gap.sum())), abs(share[day] - usual) / limit, facts_of, np.abs(gap)[None])
        )  # fmt: skip
    return _joined(found)


def _joined(found: list[Finding]) -> list[Finding]:
    """Findings of one meter and kind on days that follow each other, as one."""
    whole: list[Finding] = []
    for each in found:
        if whole and whole[-1].last == each.first and whole[-1].kind == each.kind and whole[-1].meter == each.meter:
            before = whole.pop()
            slots = None if before.slots is None or each.slots is None else np.concatenate([before.slots, each.slots])
            loud = max(before, each, key=lambda one: one.score)
            each = Finding(
                each.kind,
                each.family,
                each.meter,
                before.first,
                each.last,
                (before.kwh or 0.0) + (each.kwh or 0.0),
                loud.score,
                loud.facts,
                slots,
            )
        whole.append(each)
    return whole


def night_load(profiles: Profiles, *, days: int = 14) -> list[Finding]:
    """Meters whose nights (0–5 h) lately lie well above their own best nights: load that could be off."""
    night = slice(0, profiles.slots * 5 // 24)
    found = []
    for row, meter in enumerate(profiles.meters):
        nights = np.nanmean(np.where(np.isfinite(profiles.values[row]), profiles.values[row], 0.0)[:, night], axis=1)
        mean = float(np.nanmean(profiles.values[row]))
        if len(nights) < 2 * days or mean <= 0:
            continue
        best = float(np.quantile(nights[:-days], 0.1))
        lately = float(np.median(nights[-days:]))
        if (lately - best) / mean <= NIGHT_EXCESS:
            continue
        excess = np.zeros((days, profiles.slots))
        excess[:, night] = np.maximum(np.nan_to_num(profiles.values[row, -days:, night]) - best, 0.0)
        found.append(
            _pattern(
                profiles,
                "night_load",
                meter,
                days,
                excess,
                (lately - best) / mean / NIGHT_EXCESS,
                {"best": best, "lately": lately, "limit": NIGHT_EXCESS},
            )
        )
    return found


def idle_running(profiles: Profiles, *, days: int = 28, calendar: Calendar = chinese) -> list[Finding]:
    """Meters that hardly rest on days off. Only for meters that the firm says are switched off then."""
    works = facts(profiles.days, calendar).works
    found = []
    for row, meter in enumerate(profiles.meters):
        load = np.nan_to_num(profiles.values[row, -days:])
        worked, rest = load[works[-days:]], load[~works[-days:]]
        if not len(worked) or not len(rest) or worked.mean() <= 0:
            continue
        share = float(rest.mean() / worked.mean())
        if share <= IDLE_SHARE:
            continue
        excess = np.where(works[-days:, None], 0.0, load)
        found.append(
            _pattern(
                profiles, "idle_running", meter, days, excess, share / IDLE_SHARE, {"share": share, "limit": IDLE_SHARE}
            )
        )
    return found


def heating_and_cooling(heating: Profiles, cooling: Profiles, *, days: int = 14) -> list[Finding]:
    """Hours in which both run: the smaller of the two is wasted against the other. One meter each, same days."""
    hot, cold = np.nan_to_num(heating.values[0, -days:]), np.nan_to_num(cooling.values[0, -days:])
    tops = (
        float(np.quantile(np.nan_to_num(heating.values[0]), 0.95)),
        float(np.quantile(np.nan_to_num(cooling.values[0]), 0.95)),
    )
    both = (
        (hot > BOTH_SHARE * tops[0]) & (cold > BOTH_SHARE * tops[1])
        if min(tops) > 0
        else np.zeros_like(hot, dtype=bool)
    )
    hours = float(both.sum(axis=1).mean() * heating.hours)
    if hours < BOTH_HOURS:
        return []
    excess = np.where(both, np.minimum(hot, cold), 0.0)
    return [
        _pattern(
            cooling,
            "both",
            cooling.meters[0],
            hot.shape[0],
            excess,
            hours / BOTH_HOURS,
            {"hours": hours, "limit": BOTH_HOURS},
        )
    ]


def power_factor(
    active: Profiles, reactive: Profiles, *, days: int = 28, standard: Decimal | None = None
) -> list[Finding]:
    """cos φ = P / √(P² + Q²) of the sums of the last days, below the standard, or our limit where none holds. One meter each, same days.

    With a standard `slots` is the part of each hour's use by which the bill rises.
    """
    real, blind = float(np.nansum(active.values[0, -days:])), float(np.nansum(reactive.values[0, -days:]))
    if real <= 0:
        return []
    factor = real / float(np.hypot(real, blind))
    limit = POWER_FACTOR if standard is None else float(standard)
    if factor >= limit:
        return []
    last = len(active.days) - 1
    first = max(0, last + 1 - days)
    facts_of, slots = {"factor": factor, "limit": limit}, None
    if standard is not None:
        facts_of["surcharge"] = float(surcharge(factor, standard))
        slots = np.nan_to_num(active.values[0, first : last + 1]) * facts_of["surcharge"] / 100
    return [
        Finding(
            "power_factor",
            PATTERN,
            active.meters[0],
            _begin(active, first),
            _end(active, last),
            None,
            limit / factor,
            facts_of,
            slots,
        )
    ]


def peak_valley(profiles: Profiles, tariff: Tariff, *, days: int = 28) -> list[Finding]:
    """Meters that use an unusual part in the peak. `kwh`: what lies in the peak beyond the limit."""
    periods = tariff.periods(profiles.days[-days:], profiles.slots)
    dear = np.isin(periods, (SHARP, PEAK))
    found = []
    for row, meter in enumerate(profiles.meters):
        load = np.nan_to_num(profiles.values[row, -days:])
        if load.sum() <= 0:
            continue
        share = float(load[dear].sum() / load.sum())
        if share <= PEAK_SHARE:
            continue
        excess = np.where(dear, load * (1 - PEAK_SHARE / share), 0.0)
        found.append(
            _pattern(
                profiles, "peak_valley", meter, days, excess, share / PEAK_SHARE, {"share": share, "limit": PEAK_SHARE}
            )
        )
    return found


def _pattern(
    profiles: Profiles, kind: str, meter: Any, days: int, excess: Floats, score: float, facts_of: dict[str, float]
) -> Finding:
    last = len(profiles.days) - 1
    first = max(0, last + 1 - days)
    return Finding(
        kind,
        PATTERN,
        meter,
        _begin(profiles, first),
        _end(profiles, last),
        float(excess.sum()),
        score,
        facts_of,
        excess,
    )


def cost(finding: Finding, prices: Floats) -> float | None:
    """Yuan of the amount in question at the prices of its slots, (days, slots) of the finding's own days."""
    if finding.slots is None:
        return None
    return float((finding.slots * prices[: finding.slots.shape[0]]).sum())
