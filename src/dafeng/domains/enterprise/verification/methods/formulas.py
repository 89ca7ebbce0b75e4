"""The verifier's own formulas: written from the guideline, not from the reporting code, and read by their name in a result row.

Sources: facts/mrv/power_guideline.md (1)-(3), (A.1)-(A.3) and facts/mrv/sector_methods.md. A formula that is not here is not
recomputed, and the comparison says so: it never passes for agreement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

CO2_PER_C = 44 / 12
Arithmetic = Callable[[Mapping[str, float]], float]


def _burning(given: Mapping[str, float]) -> float:
    """Fuel x net calorific value x carbon per heat x oxidised share x 44/12."""
    carbon = given["fuel"] * given["ncv"] * given["carbon"]
    return carbon * given["oxidation"] * 44 / 12


def _burning_by_carbon(given: Mapping[str, float]) -> float:
    """Fuel x carbon per mass x oxidised share x 44/12: where elemental carbon of the fuel as received is tested."""
    return given["fuel"] * given["carbon_mass"] * given["oxidation"] * 44 / 12


def _times(*names: str) -> Arithmetic:
    return lambda given: prod(given[name] for name in names)


def _carbon_balance(given: Mapping[str, float]) -> float:
    """Carbon in, less carbon out, as CO2."""
    return (given["carbon_in"] - given["carbon_out"]) * 44 / 12


def _recovered(given: Mapping[str, float]) -> float:
    return given["produced"] * given["factor"] * given["gwp"] - given.get("recovered", 0.0) * given["gwp"]


# Signature → arithmetic: a row is recomputed by the formula whose inputs it has, all of them and no others.
SIGNATURES: tuple[tuple[frozenset[str], Arithmetic], ...] = (
    (frozenset({"fuel", "ncv", "carbon", "oxidation"}), _burning),
    (frozenset({"fuel", "carbon_mass", "oxidation"}), _burning_by_carbon),
    (frozenset({"activity", "factor"}), _times("activity", "factor")),
    (frozenset({"activity", "factor", "share"}), _times("activity", "factor", "share")),
    (frozenset({"activity", "factor", "gwp"}), _times("activity", "factor", "gwp")),
    (frozenset({"electricity", "factor"}), _times("electricity", "factor")),
    (frozenset({"heat", "factor"}), _times("heat", "factor")),
    (frozenset({"carbon_in", "carbon_out"}), _carbon_balance),
    (frozenset({"produced", "factor", "gwp"}), _recovered),
    (frozenset({"produced", "factor", "gwp", "recovered"}), _recovered),
)


def own_value(formula: str, inputs: Mapping[str, float]) -> float | None:
    """The verifier's result of a row in t CO2e; None where no own formula fits."""
    names = frozenset(inputs)
    for wanted, arithmetic in SIGNATURES:
        if names == wanted:
            return arithmetic(inputs)
    return None
