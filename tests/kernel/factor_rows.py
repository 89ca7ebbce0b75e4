"""Factor rows of known arithmetic for the tests of the compile."""

from typing import Any

import polars as pl
from hypothesis import HealthCheck, settings

COHERENT = ("ncv", "ncv_gas", "carbon_content", "oxidation")
QUICK = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def factor(name: str, parameter: str, value: float | None, unit: str, **more: Any) -> dict[str, Any]:
    return {"factor_id": name, "parameter": parameter, "value": value, "unit": unit, **more}


EF = factor("ef", "simple_ef", 2.0, "t CO2/t")
CH4 = factor("ch4", "simple_ch4_ef", 20.0, "kg CH4/t")
COAL = [
    factor("coal.ncv", "ncv", 20.908, "GJ/t"),
    factor("coal.carbon", "carbon_content", 26.37, "t C/TJ"),
    factor("coal.oxidation", "oxidation", 93, "%"),
]
GAS = factor("gas.ncv", "ncv_gas", 389.31, "GJ/1e4Nm3")


def emission(found: Any, gas: str | None = None) -> float:
    table = found.totals("gas") if gas else found.totals()
    return float((table.filter(pl.col("gas") == gas) if gas else table)["emission"][0])
