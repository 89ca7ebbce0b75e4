"""The room's data, read once a process: carriers and their coal equivalents, the target, the rubric of the rating."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dafeng.domains.energy.control.rules import english
from dafeng.kernel.scoring import Rubric, read_rubric

HOME = Path(__file__).parent
KGCE_PER_KWH = 0.1229  # GB/T 2589-2020, equivalent value
WATER, SUN = "water", "photovoltaic"


@dataclass(frozen=True)
class Carrier:
    """`kgce`: kilograms of coal equivalent a unit; None for water."""

    code: str
    zh: str
    en: str
    unit: str
    standing: str
    kgce: float | None = None

    @property
    def name(self) -> str:
        return self.en if english() else self.zh


@dataclass(frozen=True)
class Target:
    square_metres: float
    year: int
    standing: str
    source: str


@cache
def _data() -> Mapping[str, Any]:
    return tomllib.loads((HOME / "rules.toml").read_text("utf-8"))


@cache
def carriers() -> Mapping[str, Carrier]:
    return {code: Carrier(code, **row) for code, row in _data()["carriers"].items()}


@cache
def kwh_per_unit() -> Mapping[str, float]:
    """Carrier → kWh a unit at the equivalent value: its coal equivalent over that of a kilowatt hour."""
    return {code: each.kgce / KGCE_PER_KWH for code, each in carriers().items() if each.kgce is not None}


@cache
def target() -> Target:
    return Target(**_data()["target"])


def least_peers() -> int:
    return int(_data()["peers"])


@cache
def rubric() -> Rubric:
    return read_rubric(HOME / "rubric.toml")
