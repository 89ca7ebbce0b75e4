"""Assess an inventory of one year: uncertainty by both approaches, with trend, and the key categories.

Source: IPCC 2006, volume 1, chapters 3 and 4. Totals are in t CO2e; inputs without an uncertainty of their own take the
default of their parameter or category (default_uncertainty.csv), and what has neither is counted and said.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from dafeng.domains.inventory.methods.inventory import Inventory
from dafeng.domains.inventory.methods.key_categories import default_uncertainty, estimates, key_categories, potentials
from dafeng.kernel.accounting import propagate, simulate
from dafeng.kernel.accounting.uncertainty import Uncertainty


@dataclass(frozen=True)
class Assessment:
    """`propagated` is approach 1, `simulated` approach 2; `key_categories` as in `methods.key_categories`."""

    year: int
    base_year: int
    propagated: Uncertainty
    simulated: Uncertainty
    key_categories: pl.DataFrame


def assess(inventory: Inventory, *, year: int, base_year: int, draws: int = 10_000, seed: int = 2026) -> Assessment:
    """Uncertainty of the year's direct total and of its trend since the base year, and the key categories of both.

    A base year equal to the year leaves the trend out.
    """
    since = base_year if base_year != year else None
    weights, defaults = potentials(inventory), default_uncertainty()
    propagated = propagate(
        inventory.emissions,
        weights=weights,
        by=("category", "gas"),
        year=year,
        base_year=since,
        default_uncertainty=defaults,
    )
    simulated = simulate(
        inventory.emissions,
        seed=seed,
        draws=draws,
        weights=weights,
        year=year,
        base_year=since,
        default_uncertainty=defaults,
    )
    table = estimates(inventory, years=[year] if since is None else [base_year, year])
    keys = key_categories(table, year=year, base_year=since, uncertainty=propagated.groups)
    return Assessment(year, base_year, propagated, simulated, keys)
