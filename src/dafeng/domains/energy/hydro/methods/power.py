"""Water to power: P = ρ g Q H η, limited by what the river leaves, by the turbines' design flow and by the rated capacity.

ρ = 1000 kg/m³ and g = 9.81 m/s², as in the design of small stations (GB 50071 writes P = 9.81 η Q H, kW).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DENSITY, GRAVITY = 1000.0, 9.81  # kg/m³, m/s²


def power(flow: Floats | float, head: Floats | float, efficiency: float) -> Floats:
    """kW of `flow` m³/s through `head` m at `efficiency` (0–1)."""
    return np.asarray(
        DENSITY * GRAVITY * np.asarray(flow, dtype=np.float64) * head * efficiency / 1000.0, dtype=np.float64
    )


def efficiency(power_kw: float, flow: float, head: float) -> float | None:
    """η = P ÷ (ρ g Q H); None without flow or head. Above 1 it cannot be: a meter is wrong, and the caller says so."""
    hydraulic = DENSITY * GRAVITY * flow * head / 1000.0
    return power_kw / hydraulic if hydraulic > 0 else None


@dataclass(frozen=True)
class Works:
    """What limits a station: kW, m, m³/s, η in use, and the ecological release that never passes the turbines (m³/s)."""

    capacity: float
    head: float
    design_flow: float
    efficiency: float
    release: float = 0.0


def usable(inflow: Floats | float, works: Works) -> Floats:
    """m³/s for the turbines: the inflow less the ecological release, at most the design flow, never below zero."""
    left = np.asarray(inflow, dtype=np.float64) - works.release
    return np.asarray(np.clip(left, 0.0, works.design_flow), dtype=np.float64)


def output(inflow: Floats | float, works: Works) -> Floats:
    """kW that an inflow of m³/s gives: rises with the inflow, so that quantiles of the one are quantiles of the other."""
    return np.asarray(
        np.minimum(power(usable(inflow, works), works.head, works.efficiency), works.capacity), dtype=np.float64
    )


def utilisation_hours(kwh: float, capacity_kw: float) -> float | None:
    """Hours at full load that would have given `kwh`."""
    return kwh / capacity_kw if capacity_kw > 0 else None


def water_per_kwh(cubic_metres: float, kwh: float) -> float | None:
    """m³ a kWh; None where nothing was generated."""
    return cubic_metres / kwh if kwh > 0 else None
