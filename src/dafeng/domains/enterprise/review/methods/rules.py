"""The shipped rules and parameters, read once."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

_HOME = Path(__file__).parents[1]


@dataclass(frozen=True)
class Energy:
    """A kind of energy. `tce` per unit (equivalent value); CO2 per unit either told (`co2`) or from heat, carbon, oxidation."""

    code: str
    unit: str
    tce: float
    standing: str
    coal: bool = False
    fossil: bool = False
    ncv: float | None = None
    carbon: float | None = None
    oxidation: float | None = None
    co2: float | None = None
    co2_source: str = ""

    @property
    def fuel(self) -> bool:
        return self.ncv is not None


@dataclass(frozen=True)
class Rules:
    """The tables of `rules.toml`, and the energies and levels of `parameters.toml`."""

    tables: dict[str, Any]
    energies: dict[str, Energy]
    levels: tuple[dict[str, Any], ...]
    tce_gj: float

    @property
    def since(self) -> date:
        day: date = self.tables["measures"]["since"]
        return day

    @property
    def title(self) -> str:
        return f"{self.tables['measures']['title']}（{self.tables['measures']['number']}）"

    def number(self, table: str, name: str) -> float:
        return float(self.tables[table][name])

    def days(self, table: str, name: str) -> int:
        return int(self.tables[table][name])


@lru_cache(maxsize=1)
def rules() -> Rules:
    """The rule set in force: the measures of 2025."""
    tables = tomllib.loads((_HOME / "rules.toml").read_text("utf-8"))
    given = tomllib.loads((_HOME / "parameters.toml").read_text("utf-8"))
    energies = {code: Energy(code=code, **row) for code, row in given["energies"].items()}
    return Rules(tables, energies, tuple(given["levels"]), float(given["sets"]["tce_gj"]))
