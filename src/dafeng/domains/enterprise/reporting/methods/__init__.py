"""Sector methods of enterprise reporting: schemas, dated parameters, formulas, calculation, checks. Pure: no Django.

`calculate(sector, values, parameters=…)` gives an account with its lineage; `checks.run(frame, rules)` gives findings. The one idea
to know: a sector is data (`../sectors/<code>.toml`) that names registered methods (`kernel.accounting`), so form, template, check,
calculation and printed formula are one text. docs/dev/enterprise-sectors.md tells the schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dafeng.domains.enterprise.reporting.methods.calculation import Result, calculate
    from dafeng.domains.enterprise.reporting.methods.sectors import SECTORS, Sector

# Importing these registers the formulas.
MODULES = tuple(
    f"{__name__}.{family}"
    for family in (
        "combustion",
        "power",
        "minerals",
        "metals",
        "chemicals",
        "processes",
        "manufacture",
        "mines",
    )
)
_HOME = {"calculate": "calculation", "Result": "calculation", "SECTORS": "sectors", "Sector": "sectors"}
__all__ = ["MODULES", "SECTORS", "Result", "Sector", "calculate"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
