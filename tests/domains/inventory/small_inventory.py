"""A small inventory whose numbers can be worked out by hand, for the tests of the analyses.

Fuel: 1 t burnt → 20 GJ × 0.025 t C/GJ × 0.98 × 44/12 = 1.796667 t CO2. Cattle: 50 kg CH4 a head. Sewage: COD × 0.5
× (0.6 t CH4/t BOD × 0.2) − recovered. Electricity: 0.5 kg CO2/kWh, indirect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from dafeng.domains.inventory import library
from dafeng.domains.inventory.library import Category
from dafeng.domains.inventory.methods.inventory import Inventory
from dafeng.kernel.accounting import compile_emissions, factor_frame
from dafeng.kernel.accounting.factors import sign
from dafeng.kernel.accounting.recipes import Recipe

CITY, EAST, WEST = "411500", "411502", "411503"
CO2_PER_TONNE = 20 * 0.025 * 0.98 * 44 / 12

FACTORS: list[dict[str, Any]] = [
    {"factor_id": "coal.ncv", "parameter": "ncv", "item": "bituminous", "value": 20.0, "unit": "GJ/t"},
    {"factor_id": "coal.cc", "parameter": "carbon_content", "item": "bituminous", "value": 25.0, "unit": "t C/TJ"},
    {"factor_id": "coal.of", "parameter": "oxidation", "item": "bituminous", "value": 98.0, "unit": "%"},
    {"factor_id": "cattle", "parameter": "enteric_ch4_ef", "item": "cattle", "value": 50.0, "unit": "kg CH4/head"},
    {"factor_id": "ratio", "parameter": "bod_cod_ratio", "value": 0.5, "unit": "t BOD/t COD"},
    {"factor_id": "b0", "parameter": "b0_bod", "value": 0.6, "unit": "t CH4/t BOD"},
    {"factor_id": "mcf", "parameter": "mcf_wastewater", "value": 0.2, "unit": "1"},
    {"factor_id": "grid", "parameter": "grid_ef", "value": 0.5, "unit": "kg CO2/kWh"},
]
RECIPES = (
    Recipe("1A1", "CO2", "energy.combustion.co2.mass"),
    Recipe("3A1", "CH4", "agriculture.enteric.ch4"),
    Recipe("5D1", "CH4", "wastewater.domestic.cod.ch4"),
    Recipe("ID1", "CO2", "energy.electricity.net_import.co2", kind="indirect"),
)


def category(code: str, gases: Sequence[str] = (), parent: str = "") -> Category:
    return Category(code, parent, f"类别{code}", f"category {code}", tuple(gases), "", "", "")


CATEGORIES = {
    each.code: each
    for each in (
        category("1"),
        category("1A", parent="1"),
        category("1A1", ["CO2"], "1A"),
        category("1M", ["CO2"], "1"),
        category("2"),
        category("2F", ["HFC"], "2"),
        category("3"),
        category("3A1", ["CH4"], "3"),
        category("4"),
        category("4A1", ["CO2"], "4"),
        category("5"),
        category("5D1", ["CH4", "N2O"], "5"),
        category("ID1", ["CO2"]),
    )
}


def fuel(value: float | None, *, year: int = 2020, place: str = CITY, **more: Any) -> dict[str, Any]:
    row = {"category": "1A1", "item": "bituminous", "variable": "fuel", "unit": "t", "place": place, "year": year}
    return row | {"value": value} | more


def cattle(value: float | None, *, year: int = 2020, place: str = CITY, **more: Any) -> dict[str, Any]:
    row = {"category": "3A1", "item": "cattle", "variable": "head", "unit": "head", "place": place, "year": year}
    return row | {"value": value} | more


def electricity(value: float | None, *, year: int = 2020, **more: Any) -> dict[str, Any]:
    row = {"category": "ID1", "item": "electricity", "variable": "imported_electricity", "unit": "kWh", "place": CITY}
    return row | {"year": year, "value": value} | more


def sewage(cod: float | None, recovered: float | None = None, *, year: int = 2020, **more: Any) -> list[dict[str, Any]]:
    row = {"category": "5D1", "item": "domestic", "unit": "t COD", "place": CITY, "year": year} | more
    rows = [row | {"variable": "cod", "value": cod}]
    return rows + ([row | {"variable": "recovered", "unit": "t", "value": recovered}] if recovered is not None else [])


def factors(*changes: Mapping[str, Any], without: Sequence[str] = ()) -> pl.DataFrame:
    """The small table; a change replaces the row of its id or adds one."""
    rows = {row["factor_id"]: {"set": "test", "place": "100000"} | row for row in FACTORS}
    for change in changes:
        name = change["factor_id"]
        rows[name] = rows.get(name, {"set": "test", "place": "100000"}) | dict(change)
    return factor_frame([row for name, row in rows.items() if name not in without])


def compile_rows(
    activities: Sequence[Mapping[str, Any]],
    table: pl.DataFrame | None = None,
    *,
    recipes: Sequence[Recipe] = RECIPES,
    gwp: str = "AR5",
    tiers: Mapping[str, str] | None = None,
    signed: Sequence[str] = (),
) -> Inventory:
    library.methods()
    emissions = compile_emissions(
        pl.DataFrame([dict(row) for row in activities], infer_schema_length=None),
        sign(factors() if table is None else table, signed),
        recipes,
        tiers=tiers,
        coherent=library.COHERENT,
        series=library.series(),
    )
    return Inventory(emissions, library.edition("gl2011"), gwp, ("test",), dict(tiers or {}))
