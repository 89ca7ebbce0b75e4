"""Pumped storage from the signed power of its units: hours of each state, kWh both ways, round-trip efficiency."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
STILL = 0.01  # of a unit's rated power: within it the unit stands by


@dataclass(frozen=True)
class Operation:
    """Hours of unit states (summed over units) and kWh. `unknown`: hours without a reading, in no state."""

    generating: float
    pumping: float
    standby: float
    unknown: float
    generated: float
    pumped: float

    @property
    def efficiency(self) -> float | None:
        """kWh generated a kWh pumped: of a stretch in which the reservoir came back to its level, else not a machine's number."""
        return self.generated / self.pumped if self.pumped > 0 else None


def state_of(power_kw: float | None, rated_kw: float) -> str:
    """`generating` (positive power), `pumping` (negative), `standby`, or `unknown`."""
    if power_kw is None or power_kw != power_kw:
        return "unknown"
    if abs(power_kw) <= STILL * rated_kw:
        return "standby"
    return "generating" if power_kw > 0 else "pumping"


def operation(power_kw: Floats, rated_kw: Floats, *, hours: float) -> Operation:
    """Of mean powers, units × steps of `hours` each (NaN: not measured); generating is positive. kW in, kWh out."""
    known = np.isfinite(power_kw)
    still = STILL * rated_kw[:, None]
    value = np.where(known, power_kw, 0.0)
    up, down = known & (value > still), known & (value < -still)
    return Operation(
        generating=float(up.sum() * hours), pumping=float(down.sum() * hours),
        standby=float((known & ~up & ~down).sum() * hours), unknown=float((~known).sum() * hours),
        generated=float(value[up].sum() * hours), pumped=float(-value[down].sum() * hours),
    )  # fmt: skip
