"""Uncertainty of an inventory of two thousand rows, by both approaches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks import city
from benchmarks.figures import Figure, apart, medians, seconds
from dafeng.kernel.accounting import compile_emissions, propagate, simulate

ROWS, DRAWS = 2_000, 10_000


def _inventory() -> Any:
    rows = city.activities(ROWS, spread=0.05)
    return compile_emissions(rows, city.factors(), city.CO2_RECIPES, sets=["national", "older"], coherent=city.COHERENT)


def measure(*, quick: bool = False) -> Iterator[Figure]:
    drawn = apart("uncertainty", "draw")
    yield Figure(f"Monte Carlo, {DRAWS} draws × {ROWS} rows, 20 categories", drawn["seconds"], "s", 5.0)
    yield Figure("Monte Carlo: peak memory of the whole process", drawn["peak_gib"], "GiB", 1.0)
    found = apart("uncertainty", "propagated")
    yield Figure(f"error propagation, {ROWS} rows, first time", found["first"], "s", None, None, "with SymPy's start")
    yield Figure(f"error propagation, {ROWS} rows, again", found["again"], "s", 0.5)


def draw() -> dict[str, float]:
    found = _inventory()
    return {"seconds": medians(lambda: simulate(found, seed=1, draws=DRAWS, by=("category",)), repetitions=3)[0]}


def propagated() -> dict[str, float]:
    found = _inventory()
    first = seconds(lambda: propagate(found, by=("category",)))
    return {"first": first, "again": medians(lambda: propagate(found, by=("category",)), repetitions=5)[0]}
