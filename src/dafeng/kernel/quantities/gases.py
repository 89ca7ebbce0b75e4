"""Greenhouse gases and the 100-year global warming potentials of AR2, AR4, AR5 and AR6.

A GWP set is an argument of a compile, never a global: one inventory uses one set. `AR6` uses 27.9 for all methane;
`AR6-split` uses 29.8 for methane of fossil origin and 27.0 for the rest, as the national factor database does.
Source of the values: gwp.csv beside this file, each row with its report and table.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from importlib.resources import files

from dafeng.kernel.errors import GasError

SETS = ("AR2", "AR4", "AR5", "AR6", "AR6-split")


@lru_cache(maxsize=1)
def _table() -> dict[tuple[str, str, str], float]:
    with files(__package__).joinpath("gwp.csv").open(encoding="utf-8") as stream:
        return {(row["set"], row["gas"], row["origin"]): float(row["value"]) for row in csv.DictReader(stream)}


@lru_cache(maxsize=1)
def gases() -> tuple[str, ...]:
    """Every gas that at least one set knows, in the table's order."""
    return tuple(dict.fromkeys(gas for _, gas, _ in _table()))


@lru_cache(maxsize=1024)
def gwp(gas: str, gwp_set: str, origin: str = "") -> float:
    """kg CO2e per kg of `gas` over 100 years. `origin` is `fossil`, `nonfossil` or empty; only `AR6-split` asks for it.

    Raises `GasError` for an unknown set, or for a gas that the set does not list: a potential is never borrowed.
    """
    if gwp_set not in SETS:
        raise GasError(f"不认识的 GWP 版本“{gwp_set}”", expected="、".join(SETS))
    if gas == "CO2e":
        return 1.0
    report, kind = ("AR6", origin or "nonfossil") if gwp_set == "AR6-split" else (gwp_set, "")
    value = _table().get((report, gas, kind if gas == "CH4" else ""))
    if value is None:
        raise GasError(f"{gwp_set} 没有气体“{gas}”的全球变暖潜势", mend="请换用列有该气体的 GWP 版本")
    return value
