"""What some firms together would have bought of electricity: a baseline of the year before the last four weeks, beside those weeks.

One firm and the firms of a park are compared in the same way (`methods.baseline`). A day counts when every meter was measured in each of
its hours: a sum of fewer meters would look like a saving.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from dafeng.domains.energy.models import Meter
from dafeng.domains.energy.monitoring import reading, weather
from dafeng.domains.energy.monitoring.methods import baseline
from dafeng.domains.energy.monitoring.methods.profiles import Floats
from dafeng.kernel.series.models import Point
from dafeng.kernel.series.points import factor_of

YEAR, LATELY = 364, 28
"""Days that are read, and how many of them, the last ones, are compared."""
UNIT = "kWh"


@dataclass(frozen=True)
class Comparison:
    """`actual`, `expected`: kWh of each of `days`, NaN where not measured or not to be told. `first`, `last`: of the days behind `fit`."""

    fit: baseline.Baseline
    first: date
    last: date
    days: tuple[date, ...]
    actual: Floats
    expected: Floats
    station: Point | None

    @property
    def compared(self) -> int:
        """Days on which both are known."""
        return int((np.isfinite(self.actual) & np.isfinite(self.expected)).sum())

    @property
    def saved(self) -> float | None:
        """kWh less than the baseline; below zero when more was used. None without a day to compare."""
        there = np.isfinite(self.actual) & np.isfinite(self.expected)
        return float((self.expected - self.actual)[there].sum()) if there.any() else None

    @property
    def share(self) -> float | None:
        """`saved` in percent of the baseline."""
        there = np.isfinite(self.actual) & np.isfinite(self.expected)
        told = float(self.expected[there].sum())
        return None if self.saved is None or not told else 100 * self.saved / told


@dataclass(frozen=True)
class Lack:
    """Why there is no baseline: whole days that are there, and the meter that has the fewest of its own; no meter, no days."""

    days: int = 0
    meter: Meter | None = None
    own: int = 0


def compare(meters: Sequence[Meter], place: str, last: date) -> Comparison | Lack:
    """The last four weeks of these meters together, beside what the time before tells of the kind of day and the place's weather."""
    if not meters:
        return Lack()
    block = reading.profiles_of(meters, last - timedelta(days=YEAR - 1), last)
    scales = {meter.pk: factor_of(meter.point.unit, UNIT) for meter in meters}
    by_meter = block.values.sum(axis=2) * np.array([scales[each] for each in block.meters])[:, None]
    use = by_meter.sum(axis=0)
    split = len(block.days) - LATELY
    station, warm = weather.station_days(place, block.days[0], last)
    fit = None if warm is None else baseline.fit(block.days[:split], use[:split], warm[:split])
    if fit is None:  # no station, or too few days of it
        station, warm = None, None
        fit = baseline.fit(block.days[:split], use[:split])
    if fit is None:
        own = np.isfinite(by_meter[:, :split]).sum(axis=1)
        least = int(np.argmin(own))
        found = next(meter for meter in meters if meter.pk == block.meters[least])
        return Lack(int(np.isfinite(use[:split]).sum()), found, int(own[least]))
    spoken = np.flatnonzero(np.isfinite(use[:split]))
    expected = fit.expected(block.days[split:], None if warm is None else warm[split:])
    return Comparison(
        fit, block.days[spoken[0]], block.days[spoken[-1]], block.days[split:], use[split:], expected, station
    )
