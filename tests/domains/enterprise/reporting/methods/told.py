"""Shorthand of the tests: rows of one facility, and the account of a sector in a year."""

from datetime import date
from typing import Any

import polars as pl

from dafeng.domains.enterprise.reporting.methods import SECTORS, Result, calculate
from dafeng.domains.enterprise.reporting.methods.parameters import load

SCHEMA = ["facility", "month", "item", "stream", "value", "way"]


def told(*rows: tuple[str, str, str, float], facility: str = "f") -> pl.DataFrame:
    """Rows of (month, item, stream, value), all measured."""
    return pl.DataFrame([(facility, *row, "measured") for row in rows], schema=SCHEMA, orient="row")


def account(sector: str, *rows: tuple[str, str, str, float], signed: Any = None) -> Result:
    """The account of one facility under the parameters of its latest year."""
    year = max(int(row[0][:4]) for row in rows)
    return calculate(SECTORS[sector], told(*rows), parameters=load(date(year, 12, 31), signed))


def emitted(result: Result, formula: str) -> float:
    """What one formula gave, over all its rows."""
    return float(result.rows.filter(pl.col("formula") == formula)["t_co2e"].sum())


def indicator(result: Result, name: str, month: str) -> float:
    found = result.indicators.filter((pl.col("indicator") == name) & (pl.col("month") == month))
    assert found.height == 1, name
    return float(found["value"][0])
