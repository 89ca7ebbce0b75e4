"""Energy in physical units to tonnes of standard coal, both ways that GB/T 2589 knows, and to CO2.

*Equivalent* (当量): the heat that an energy carries, 29.3076 GJ a tce. *Equal* (等价): the primary energy that it took to make it; for
electricity the year's coal for a kWh supplied. They differ for electricity only (0.1229 against about 0.3 kgce/kWh); which of them
counts is the rule of the question asked, so both are always given.
Source: GB/T 2589-2020, annexes A and B, by the copies named in each row; CO2 by the NDRC guides of 2013–2015 (one set, never mixed).
A coefficient that is not known is a gap: the row has no value, never a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import polars as pl

GJ_PER_TCE = 29.3076
_HERE = Path(__file__).parent

# One of these units is so many of the unit that the table of coefficients uses.
UNITS: Mapping[str, tuple[str, float]] = {
    "kWh": ("kWh", 1.0), "MWh": ("kWh", 1e3), "GWh": ("kWh", 1e6), "万kWh": ("kWh", 1e4),
    "t": ("t", 1.0), "kg": ("t", 1e-3), "万t": ("t", 1e4),
    "m3": ("m3", 1.0), "m³": ("m3", 1.0), "Nm3": ("m3", 1.0), "万m3": ("m3", 1e4),
    "GJ": ("GJ", 1.0), "MJ": ("GJ", 1e-3), "TJ": ("GJ", 1e3),
}  # fmt: skip
COAL = ("raw_coal", "washed_coal", "middlings")
TO_CONFIRM = frozenset({"memory", "gap", "conflict"})
"""Standings that keep a figure from being published."""


@lru_cache(maxsize=1)
def coefficients() -> pl.DataFrame:
    """The coefficients of equivalent value: `item name name_en unit tce low high set source standing note`."""
    return pl.read_csv(
        _HERE / "coefficients.csv", schema_overrides={"tce": pl.Float64, "low": pl.Float64, "high": pl.Float64}
    )


@lru_cache(maxsize=1)
def equal_values() -> pl.DataFrame:
    """Coefficients of equal value by region and year."""
    return pl.read_csv(_HERE / "equal_values.csv", schema_overrides={"region": pl.String})


@lru_cache(maxsize=1)
def carbon_factors() -> pl.DataFrame:
    """CO2 of a unit, by region and year where it depends on them (year 0: does not)."""
    return pl.read_csv(_HERE / "carbon_factors.csv", schema_overrides={"region": pl.String, "co2": pl.Float64})


def name_of(item: str, *, english: bool = False) -> str:
    """What an item is called; the item itself where it is not known."""
    row = coefficients().filter(pl.col("item") == item)
    return str(row["name_en" if english else "name"][0]) if row.height else item


def _dated(table: pl.DataFrame, item: str, region: str, year: int, value: str) -> dict[str, object] | None:
    """The row of the region, or of no region, of the year or the nearest earlier one."""
    found = table.filter(
        (pl.col("item") == item)
        & (pl.col("year") <= year)
        & (pl.col("region").is_null() | (pl.col("region") == region))
    ).sort("year", descending=True)
    return found.row(0, named=True) if found.height and found[value][0] is not None else None


def to_tce(frame: pl.DataFrame, *, region: str = "410000") -> pl.DataFrame:
    """`item year amount unit` with what it amounts to: `equivalent equal` (tce), `co2` (t), how it was found, and its standing.

    Added: `coefficient equal_coefficient equal_year carbon_factor set source equal_source carbon_source standing gap`. `gap` names what is missing in words
    (`item`, `unit`, `equal`, `co2`), empty when all is there; a missing part leaves its column null. `standing` is the weakest used.
    Further columns are kept.
    """
    rows = []
    for row in frame.select("item", "year", "unit").unique().iter_rows(named=True):
        rows.append(row | _coefficient(str(row["item"]), int(row["year"]), str(row["unit"]), region))
    schema = {
        "item": pl.String, "year": frame.schema.get("year", pl.Int64), "unit": pl.String, "coefficient": pl.Float64, "equal_coefficient": pl.Float64,
        "equal_year": pl.Int64, "carbon_factor": pl.Float64, "set": pl.String, "source": pl.String,
        "equal_source": pl.String, "carbon_source": pl.String, "standing": pl.String, "gap": pl.String,
    }  # fmt: skip
    found = pl.DataFrame(rows, schema=schema)
    return frame.join(found, on=["item", "year", "unit"], how="left", maintain_order="left").with_columns(
        (pl.col("amount") * pl.col("coefficient")).alias("equivalent"),
        (pl.col("amount") * pl.col("equal_coefficient")).alias("equal"),
        (pl.col("amount") * pl.col("carbon_factor")).alias("co2"),
    )


def _coefficient(item: str, year: int, unit: str, region: str) -> dict[str, object]:
    empty: dict[str, object] = {"coefficient": None, "equal_coefficient": None, "equal_year": None, "carbon_factor": None, "set": "", "source": "", "equal_source": "", "carbon_source": "", "standing": "gap"}  # fmt: skip
    table = coefficients().filter(pl.col("item") == item)
    if not table.height:
        return empty | {"gap": "item"}
    base = table.row(0, named=True)
    given, scale = UNITS.get(unit, ("", 0.0))
    if given != base["unit"]:
        return empty | {"gap": "unit"}
    gaps, standings = [], [str(base["standing"])]
    equal, equal_year, equal_source = float(base["tce"]), year, str(base["source"])
    if item == "electricity":
        dated = _dated(equal_values(), item, region, year, "tce")
        if dated is None:
            gaps.append("equal")
        else:
            equal, equal_year = float(str(dated["tce"])), int(str(dated["year"]))
            equal_source = str(dated["source"])
            standings.append(str(dated["standing"]))
    carbon = _dated(carbon_factors(), item, region, year, "co2")
    if carbon is None:
        gaps.append("co2")
    else:
        standings.append(str(carbon["standing"]))
    return {
        "coefficient": float(base["tce"]) * scale,
        "equal_coefficient": None if "equal" in gaps else equal * scale,
        "equal_year": None if "equal" in gaps else equal_year,
        "carbon_factor": None if carbon is None else float(str(carbon["co2"])) * scale,
        "set": str(base["set"]),
        "source": str(base["source"]),
        "equal_source": "" if "equal" in gaps else equal_source,
        "carbon_source": "" if carbon is None else str(carbon["source"]),
        "standing": weakest(standings),
        "gap": " ".join(gaps),
    }


_ORDER = ("confirmed", "one_copy", "memory", "conflict", "gap")


def weakest(standings: list[str]) -> str:
    """The standing of what was made of several."""
    return max(standings, key=_ORDER.index, default="gap")
