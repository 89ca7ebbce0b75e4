"""Real load that nobody here made: 27 profiles of households, farms, trade and industry of SimBench (2016, quarter-hours).

Data: SimBench, Open Database License 1.0, contents under the Database Contents License 1.0; fetched by `make profiles`, never kept here.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from dafeng.domains.energy.monitoring.methods import anomalies, faults, today
from dafeng.domains.energy.monitoring.methods.calendar import Calendar, weekdays_with
from dafeng.domains.energy.monitoring.methods.profiles import Profiles
from dafeng.domains.energy.monitoring.methods.robust import runs

ROOT = Path(os.environ.get("DAFENG_PROFILES", Path(__file__).parents[4] / ".profiles"))
FILE = ROOT / "simbench/networks/1-complete_data-mixed-all-0-sw/LoadProfile.csv"
_HOLIDAYS = ((1, 1), (3, 25), (3, 28), (5, 1), (5, 5), (5, 16), (10, 3), (12, 25), (12, 26))


def calendar() -> Calendar:
    """Nationwide holidays of Germany, 2016."""
    return weekdays_with([date(2016, month, day) for month, day in _HOLIDAYS])


def load(slots: int = 24) -> Profiles:
    """All base-load, trade, household, farm and band profiles (not vehicles, heat pumps or sums of grids)."""
    table = pl.read_csv(FILE, separator=";", infer_schema_length=None)
    names = [
        name
        for name in table.columns
        if name.endswith("_pload") and (name[:2] in ("BL", "WB") or (name[0] in "GHL" and name[1].isdigit()))
    ]
    values = (
        table.select(names).to_numpy().astype(np.float64).T.reshape(len(names), 366, slots, 96 // slots).mean(axis=3)
    )
    days = tuple(date(2016, 1, 1) + timedelta(days=number) for number in range(366))
    return Profiles(tuple(name.removesuffix("_pload") for name in names), days, values)


FIRST = 56
"""The first day that is judged."""


def watched(block: Profiles) -> npt.NDArray[np.bool_]:
    """(meters, days): whether the hourly watch would have called on a day. Of hourly meters, a third hour without a reading is silence."""
    missing = ~np.isfinite(block.values)
    silent = runs(missing.reshape(len(block.meters), -1)).reshape(missing.shape) * timedelta(
        hours=1
    ) >= today.silent_after(timedelta(hours=1))
    return today.judge(block, calendar=calendar(), first=FIRST).alarms | silent.any(axis=2)


def marks(seed: int) -> dict[str, faults.Mark]:
    """What the night finds, what today's rules find, and what both find, of the same faults.

    Today's rules are judged on every other profile only: on the rest their limits were chosen.
    """
    planted, key = faults.plant(load(), seed=seed, first=FIRST, calendar=calendar())
    night, day = anomalies.judge(planted, calendar=calendar(), first=50).alarms, watched(planted)
    rest = [replace(each, meter=each.meter // 2) for each in key if each.meter % 2]
    return {
        "night": faults.mark(night, key, first=FIRST),
        "today": faults.mark(day[1::2], rest, first=FIRST),
        "together": faults.mark((night | day)[1::2], rest, first=FIRST),
        "soon": faults.mark(day[1::2], [replace(each, last=each.first) for each in rest], first=FIRST),
    }
