"""Allocation: 5,000 units under every rule set, with all steps, exactly."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import polars as pl

from benchmarks.figures import Figure, medians

UNITS = 5_000


def units(classes: list[str]) -> pl.DataFrame:
    """Units of every class of a set, every third with heat."""
    dice = random.Random(1)
    heated = [number % 3 == 0 for number in range(UNITS)]
    columns: dict[str, list[Any]] = {
        "unit": [f"u{number}" for number in range(UNITS)],
        "class": [classes[number % len(classes)] for number in range(UNITS)],
        "cooling": [("water", "air")[number % 2] for number in range(UNITS)],
        "output": [round(dice.uniform(1e4, 5e6), 3) for _ in range(UNITS)],
        "heat": [round(dice.uniform(0, 5e6), 3) if each else 0.0 for each in heated],
        "heat_ratio": [round(dice.random(), 4) if each else 0.0 for each in heated],
        "load_factor": [round(dice.uniform(0.4, 1), 4) for _ in range(UNITS)],
        "emissions": [round(dice.uniform(1e4, 5e6), 3) for _ in range(UNITS)],
        "capacity": [1e6] * UNITS, "balance": [0.8] * UNITS, "reduction": [0.98] * UNITS, "history": [0.8] * UNITS,
    }  # fmt: skip
    return pl.DataFrame(columns)


def measure(*, quick: bool = False) -> Iterator[Figure]:
    from dafeng.domains.enterprise.compliance import library
    from dafeng.domains.enterprise.compliance.methods import allocate

    sets = [each for each in library.rule_sets().values() if not each.empty]
    frames = [(units(list(each.classes)), each) for each in sets]

    def all_of_them() -> None:
        for frame, rules in frames:
            allocate(frame, rules)

    (taken,) = medians(all_of_them, repetitions=3 if quick else 7)
    yield Figure(f"allocate {UNITS} units under {len(sets)} rule sets", taken, "s", 1.0)
