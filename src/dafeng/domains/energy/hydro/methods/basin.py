"""A made-up river for demonstrations: rain in spells, two stores that empty at their own pace. Nothing here is an observation.

The stores (a fast and a slow linear reservoir with losses in summer) are not what the forecast is made of, so that the demo's score
says at least something.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def rain(days: int, first_day_of_year: int, *, seed: int) -> Floats:
    """mm a day: wet and dry spells, more and heavier from May to August."""
    random = np.random.default_rng(seed)
    found, wet = np.zeros(days), False
    for number in range(days):
        season = 0.5 - 0.5 * np.cos(2 * np.pi * (first_day_of_year + number - 20) / 365.25)
        wet = random.random() < (0.58 if wet else 0.12 + 0.16 * season)
        if wet:
            found[number] = random.gamma(0.8, 6 + 16 * season)
    return found


def inflow(rain_mm: Floats, first_day_of_year: int, *, square_km: float, seed: int) -> Floats:
    """m³/s of a basin of so many km², a value a day."""
    random = np.random.default_rng(seed)
    fast, slow = 2.0, 30.0  # mm in store
    found = np.zeros(len(rain_mm))
    for number, fallen in enumerate(rain_mm):
        season = 0.5 - 0.5 * np.cos(2 * np.pi * (first_day_of_year + number - 20) / 365.25)
        lost = 0.35 + 0.25 * season
        wetness = min(slow / 60.0, 1.0)
        fast += fallen * (1 - lost) * (0.25 + 0.5 * wetness)
        slow += fallen * (1 - lost) * (0.75 - 0.5 * wetness)
        quick, base = fast * 0.45, slow * 0.035
        fast, slow = fast - quick, slow - base
        found[number] = (quick + base) * square_km / 86.4
    return np.asarray(found * np.exp(random.normal(0, 0.05, len(found))), dtype=np.float64)
