"""What would change: coal quality, testing instead of the default, output; emissions, allowances and cost before and after.

E = fuel · NCV · carbon · oxidation · 44/12 (环办气候〔2021〕9号 附件2, (1), A.1-A.3). Physics is float64; allowances and money are exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import polars as pl

from dafeng.domains.enterprise.compliance.methods.allocation import allocate
from dafeng.domains.enterprise.compliance.methods.rulesets import RuleSet
from dafeng.domains.enterprise.errors import Refused

CO2_PER_C = 44 / 12


@dataclass(frozen=True)
class Unit:
    """A coal unit of a year. `fuel` t, `ncv` GJ/t, `carbon` t C/GJ (None: not tested), `oxidation` share."""

    unit: str
    class_: str
    cooling: str
    output: float
    heat: float
    heat_ratio: float
    load_factor: float
    fuel: float
    ncv: float
    carbon: float | None
    oxidation: float


@dataclass(frozen=True)
class Outcome:
    """Emissions in t, allowances in whole t (None: the set cannot say), gap in t, cost in yuan at the price given."""

    emissions: float
    carbon: float
    quota: int | None
    gap: float | None
    cost: Decimal | None
    intensity: float | None
    status: str


@dataclass(frozen=True)
class Change:
    """`ncv` and `carbon`: new values; `tested` False: the default stands for carbon; `output`: factor on power, heat and fuel."""

    ncv: float | None = None
    carbon: float | None = None
    tested: bool = True
    output: float = 1.0
    load_factor: float | None = None


def outcome(unit: Unit, rules: RuleSet, *, price: Decimal, default_carbon: float) -> Outcome:
    """A unit under a rule set. Untested carbon is the default that the caller chose."""
    for name, value in (("fuel", unit.fuel), ("ncv", unit.ncv), ("oxidation", unit.oxidation)):
        if value <= 0 or (name == "oxidation" and value > 1):
            raise Refused("value_out_of_range", f"{name} 为 {value}", expected="正数；氧化率不超过 1")
    carbon = default_carbon if unit.carbon is None else unit.carbon
    if not 0.01 < carbon < 0.05:
        raise Refused("value_out_of_range", f"单位热值含碳量为 {carbon}", expected="0.01 至 0.05 tC/GJ")
    emissions = unit.fuel * unit.ncv * carbon * unit.oxidation * CO2_PER_C
    row = {
        "unit": [unit.unit], "class": [unit.class_], "cooling": [unit.cooling], "output": [float(unit.output)], "heat": [float(unit.heat)],
        "heat_ratio": [float(unit.heat_ratio)], "load_factor": [float(unit.load_factor)], "emissions": [emissions],
    }  # fmt: skip
    made = allocate(pl.DataFrame(row), rules).row(0, named=True)
    quota = made["tonnes"]
    gap = None if quota is None else emissions - quota
    cost = None if gap is None else (Decimal(str(round(gap, 3))) * price).quantize(Decimal("0.01"))
    return Outcome(
        emissions, carbon, quota, gap, cost, emissions / unit.output if unit.output else None, made["status"]
    )


def changed(unit: Unit, change: Change) -> Unit:
    """The unit after a change. With more output more fuel burns; the same heat from poorer coal needs more of it."""
    ncv = change.ncv if change.ncv is not None else unit.ncv
    if ncv <= 0 or change.output <= 0:
        raise Refused("value_out_of_range", "热值和产量系数应为正数")
    carbon = None if not change.tested else change.carbon if change.carbon is not None else unit.carbon
    return replace(
        unit, ncv=ncv, carbon=carbon, fuel=unit.fuel * unit.ncv / ncv * change.output, output=unit.output * change.output,
        heat=unit.heat * change.output, load_factor=change.load_factor if change.load_factor is not None else unit.load_factor,
    )  # fmt: skip


def compare(unit: Unit, change: Change, rules: RuleSet, *, price: Decimal, default_carbon: float) -> Mapping[str, Any]:
    """Before, after, and the difference of each figure."""
    before = outcome(unit, rules, price=price, default_carbon=default_carbon)
    after = outcome(changed(unit, change), rules, price=price, default_carbon=default_carbon)
    lines = {}
    for name in ("emissions", "quota", "gap", "cost", "intensity"):
        a, b = getattr(before, name), getattr(after, name)
        lines[name] = (a, b, None if a is None or b is None else b - a)
    return {"before": before, "after": after, "lines": lines}
