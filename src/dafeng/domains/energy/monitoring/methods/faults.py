"""Faults planted in load profiles, with their key: what the detection is judged by. Seeded, so that a judgement can be repeated."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dafeng.domains.energy.monitoring.methods.calendar import Calendar, chinese, facts
from dafeng.domains.energy.monitoring.methods.profiles import Floats, Profiles

KINDS = ("spike", "outage", "frozen", "gap", "night", "idle", "level", "unit", "clock", "negative")


@dataclass(frozen=True)
class Fault:
    """What was done to which meter from one day to another (both included, as numbers of days)."""

    meter: int
    kind: str
    first: int
    last: int


def plant(
    profiles: Profiles, *, seed: int, first: int, every: int = 20, calendar: Calendar = chinese
) -> tuple[Profiles, list[Fault]]:
    """A copy with one fault per meter about every `every` days from day `first` on, and the key."""
    draw = np.random.default_rng(seed)
    values = profiles.values.copy()
    works = facts(profiles.days, calendar).works
    key: list[Fault] = []
    for meter in range(len(values)):
        order = list(draw.permutation(len(KINDS)))
        for number, start in enumerate(range(first, len(profiles.days) - every, every)):
            day = start + int(draw.integers(0, max(every - 8, 1)))
            kind = KINDS[order[number % len(KINDS)]]
            fault = _one(values, meter, kind, day, works, draw)
            if fault is not None:
                key.append(fault)
    return replace(profiles, values=values), key


def _one(values: Floats, meter: int, kind: str, day: int, works: np.ndarray, draw: np.random.Generator) -> Fault | None:
    load, slots = values[meter], values.shape[2]
    hour = slots / 24.0
    mean = float(np.nanmean(np.abs(load[max(0, day - 28) : day])))
    start = int(draw.integers(0, max(1, int(slots - 12 * hour))))
    last = day
    if kind == "spike":
        wide = max(1, int(draw.integers(1, 4) * hour))
        load[day, start : start + wide] += mean * draw.uniform(1.5, 4.0)
    elif kind == "outage":
        load[day, start : start + int(draw.integers(5, 13) * hour)] = 0.0
    elif kind == "frozen":
        load[day, start : start + int(draw.integers(8, 13) * hour)] = load[day, start]
    elif kind == "gap":
        load[day, start : start + int(draw.integers(3, 13) * hour)] = np.nan
    elif kind == "night":
        last = day + int(draw.integers(2, 5))
        raised = mean * draw.uniform(0.4, 1.0)
        load[day : last + 1, : int(6 * hour)] += raised
    elif kind == "idle":
        rest = [each for each in range(day, min(day + 7, len(load))) if not works[each]]
        workdays = [each for each in range(max(0, day - 14), day) if works[each]]
        if not rest or not workdays or np.nanmean(load[rest]) > 0.75 * np.nanmean(load[workdays]):
            return None
        last = rest[-1]
        day = rest[0]
        for each in rest:
            load[each] = load[workdays[-1]]
    elif kind == "level":
        last = day + int(draw.integers(3, 7))
        load[day : last + 1] *= draw.uniform(1.4, 1.8)
    elif kind == "unit":
        last = day + int(draw.integers(0, 2))
        load[day : last + 1] *= draw.choice([0.1, 10.0, 1000.0])
    elif kind == "clock":
        last = day + int(draw.integers(2, 5))
        moved = np.roll(load[day : last + 1].ravel(), int(draw.integers(5, 9) * hour)).reshape(last + 1 - day, slots)
        load[day : last + 1] = moved
    else:
        load[day, start : start + int(draw.integers(2, 6) * hour)] *= -1.0
    return Fault(meter, kind, day, last)


@dataclass(frozen=True)
class Mark:
    """Recall of events, and days of false alarm per meter and month (30 days)."""

    recall: float
    false_days: float
    events: int
    by_kind: dict[str, tuple[int, int]]


def mark(alarms: np.ndarray, key: list[Fault], *, first: int) -> Mark:
    """`alarms`: (meters, days). An event is found when an alarm falls on one of its days; the day after it is nobody's."""
    false = alarms.copy()
    false[:, :first] = False
    by_kind: dict[str, tuple[int, int]] = {}
    for fault in key:
        found = bool(alarms[fault.meter, fault.first : fault.last + 1].any())
        hits, count = by_kind.get(fault.kind, (0, 0))
        by_kind[fault.kind] = (hits + found, count + 1)
        false[fault.meter, fault.first : fault.last + 2] = False
    months = alarms.shape[0] * (alarms.shape[1] - first) / 30.0
    hits = sum(each[0] for each in by_kind.values())
    return Mark(hits / max(len(key), 1), float(false.sum() / months), len(key), by_kind)
