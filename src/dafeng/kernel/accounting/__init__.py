"""method × factor × activity → emissions, with lineage, status and uncertainty. Pure: no Django, no I/O but its tables.

Words: *method* (one formula, read four ways), *factor* (a dated, sourced row), *factor set* (parameters that belong
together), *activity* (what happened, as reported), *recipe* (which method answers for which activity), *resolution*
(the factors chosen once for a distinct key), *ledger of emissions* (rows that name activity and resolution).
Sources: 省级温室气体清单编制指南, GB/T 32150, IPCC 2006/2019.

Names are loaded at first use, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dafeng.kernel.accounting.activity import activity_frame
    from dafeng.kernel.accounting.engine import Emissions, compile_emissions
    from dafeng.kernel.accounting.expression import constant, exp, log, maximum, minimum, power, where
    from dafeng.kernel.accounting.factors import factor_frame, read_factors
    from dafeng.kernel.accounting.recipes import Recipe, read_recipes
    from dafeng.kernel.accounting.registry import Method, all_methods, find_method, method
    from dafeng.kernel.accounting.resolution import resolve
    from dafeng.kernel.accounting.status import Notation, Status
    from dafeng.kernel.accounting.uncertainty import propagate, simulate

_HOME = {
    "Method": "registry",
    "method": "registry",
    "find_method": "registry",
    "all_methods": "registry",
    "constant": "expression",
    "exp": "expression",
    "log": "expression",
    "minimum": "expression",
    "maximum": "expression",
    "power": "expression",
    "where": "expression",
    "Status": "status",
    "Notation": "status",
    "activity_frame": "activity",
    "factor_frame": "factors",
    "read_factors": "factors",
    "resolve": "resolution",
    "Recipe": "recipes",
    "read_recipes": "recipes",
    "compile_emissions": "engine",
    "Emissions": "engine",
    "propagate": "uncertainty",
    "simulate": "uncertainty",
}
__all__ = [
    "Emissions",
    "Method",
    "Notation",
    "Recipe",
    "Status",
    "activity_frame",
    "all_methods",
    "compile_emissions",
    "constant",
    "exp",
    "factor_frame",
    "find_method",
    "log",
    "maximum",
    "method",
    "minimum",
    "power",
    "propagate",
    "read_factors",
    "read_recipes",
    "resolve",
    "simulate",
    "where",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
