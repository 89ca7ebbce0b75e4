"""Sums over an account's rows: both boundaries, weighted annual means, and figures per month and year."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from dafeng.domains.enterprise.reporting.methods import weighting
from dafeng.kernel.quantities import units

if TYPE_CHECKING:
    from dafeng.domains.enterprise.reporting.methods.frames import Wide
    from dafeng.domains.enterprise.reporting.methods.sectors import Indicator, Item, Sector
    from dafeng.kernel.accounting import Method


@dataclass(frozen=True)
class Sums:
    """What the sums are made of."""

    sector: Sector
    told: pl.DataFrame
    wide: dict[str, Wide]
    rows: pl.DataFrame
    open: pl.DataFrame


def totals(sums: Sums) -> pl.DataFrame:
    """`facility, year, boundary, category, scope, t_co2e, status`: by category and `all`.

    A sum with anything open in it is what is known so far, and `incomplete`; it may be looked at, not published.
    """
    found = []
    year = pl.col("month").str.slice(0, 4).alias("year")
    base = sums.told.select("facility", year).unique(maintain_order=True)
    categories = {each.code: each.category for each in sums.sector.formulas}
    for boundary in sums.sector.boundaries:
        rows, lacking = sums.rows, sums.open
        if boundary == "compliance":
            rows, lacking = rows.filter("compliance"), lacking.filter("compliance")
        known = rows.with_columns(year).group_by("facility", "year", "category", "scope", maintain_order=True)
        parts = known.agg(pl.col("t_co2e").sum())
        open_parts = lacking.select(
            "facility",
            year,
            pl.col("formula").replace_strict(categories, default="", return_dtype=pl.String).alias("category"),
        ).unique()
        parts = parts.join(
            open_parts.with_columns(pl.lit(True).alias("lacks")),
            on=["facility", "year", "category"],
            how="left",
            maintain_order="left",
        ).with_columns(pl.col("lacks").fill_null(False))
        whole = parts.group_by("facility", "year", maintain_order=True).agg(pl.col("t_co2e").sum())
        gone = lacking.select("facility", year).unique().with_columns(pl.lit(True).alias("lacks"))
        whole = base.join(whole, on=["facility", "year"], how="left", maintain_order="left").join(
            gone, on=["facility", "year"], how="left", maintain_order="left"
        )
        whole = whole.with_columns(
            pl.lit("all").alias("category"), pl.lit("all").alias("scope"),
            # A facility of which nothing could be computed has no sum, not one of zero that looks complete.
            (pl.col("lacks").fill_null(False) | pl.col("t_co2e").is_null()).alias("lacks"), pl.col("t_co2e").fill_null(0.0),
        )  # fmt: skip
        columns = ["facility", "year", "category", "scope", "t_co2e", "lacks"]
        found.append(
            pl.concat([parts.select(columns), whole.select(columns)]).with_columns(pl.lit(boundary).alias("boundary"))
        )
    status = pl.when("lacks").then(pl.lit("incomplete")).otherwise(pl.lit("ok")).alias("status")
    return pl.concat(found).select("facility", "year", "boundary", "category", "scope", "t_co2e", status)


def means(sums: Sums) -> pl.DataFrame:
    """`facility, year, stream, item, value, unit, weight`: annual means weighted as the guideline says."""
    index = ("facility", "year", "stream", "group")
    facility = sums.told.schema["facility"]
    schema: dict[str, Any] = {
        "facility": facility,
        **dict.fromkeys((*index[1:], "item"), pl.String),
        "value": pl.Float64,
    }
    found, said = [pl.DataFrame(schema=schema)], []
    for code, wide in sums.wide.items():
        wanted = {item.code: mean for item in sums.sector.items_of[code] if (mean := _mean(item, wide)) is not None}
        if not wanted or wide.frame.is_empty():
            continue
        months = wide.frame.filter(~pl.col("yearly"))
        made = months.group_by(index, maintain_order=True).agg(**wanted)
        found.append(made.unpivot(list(wanted), index=list(index), variable_name="item")[list(schema)])
        groups = {choice.group for choice in sums.sector.streams[code].kinds.values()} if code else {""}
        said += [(item, group, *_said(sums.sector, item, group)) for item in wanted for group in groups]
    words = pl.DataFrame(
        said,
        schema={"item": pl.String, "group": pl.String, "order": pl.UInt32, "unit": pl.String, "weight": pl.String},
        orient="row",
    )
    rows = pl.concat(found).drop_nulls("value").join(words, on=["item", "group"], how="left", maintain_order="left")
    return rows.sort("order", maintain_order=True)[["facility", "year", "stream", "item", "value", "unit", "weight"]]


def _mean(item: Item, wide: Wide) -> pl.Expr | None:
    """The annual mean of an item, where it is one and was told with its weight."""
    if item.annual not in {"mass", "heat"} or not wide.has(item.code) or not wide.has(item.weight):
        return None
    if item.annual == "mass":
        return weighting.by_mass(item.code, item.weight)
    return weighting.by_heat(item.code, item.weight, "ncv") if wide.has("ncv") else None


def _said(sector: Sector, code: str, group: str) -> tuple[int, str, str]:
    """An item's place in the schema, its unit in a group of streams, and how its mean is weighted."""
    item = sector.items[code]
    return list(sector.items).index(code), item.unit_of(group), item.annual


def indicators(sums: Sums, method_of: Callable[[str], Method]) -> pl.DataFrame:
    """`facility, month, indicator, value, unit, method` for every month and, from the sums of the months, for the year."""
    base = _periods(sums) if sums.sector.indicators else pl.DataFrame()
    facility = sums.told.schema["facility"]
    found: list[pl.DataFrame] = [
        pl.DataFrame(
            schema={
                "facility": facility,
                "month": pl.String,
                "indicator": pl.String,
                "value": pl.Float64,
                "unit": pl.String,
                "method": pl.String,
            }
        )
    ]
    for code in dict.fromkeys(each.code for each in sums.sector.indicators):
        ways = [each for each in sums.sector.indicators if each.code == code]
        value, way = pl.lit(None, dtype=pl.Float64), pl.lit(None, dtype=pl.String)
        for each in reversed(ways):
            method = method_of(each.method)
            applies, made = _one(sums.sector, each, method, base)
            value = pl.when(applies).then(made).otherwise(value)
            way = pl.when(applies).then(pl.lit(method.reference)).otherwise(way)
        if code in base.columns:
            value = pl.coalesce(code, value)
        base = base.with_columns(value.alias(code), way.alias("made by"))
        made_rows = base.filter(pl.col("made by").is_not_null() & pl.col(code).is_not_null())
        found.append(
            made_rows.select(
                "facility",
                "month",
                pl.lit(code).alias("indicator"),
                pl.col(code).alias("value"),
                pl.lit(ways[0].unit).alias("unit"),
                pl.col("made by").alias("method"),
            )
        )
    return pl.concat(found)


def _one(sector: Sector, each: Indicator, method: Method, base: pl.DataFrame) -> tuple[pl.Expr, pl.Expr]:
    columns, applies = {}, pl.lit(True)
    for name, unit in method.inputs.items():
        spec = each.inputs.get(name, name)
        if spec not in base.columns:
            return pl.lit(False), pl.lit(None, dtype=pl.Float64)
        item = sector.items.get(spec)
        scale = (
            units.conversion(item.unit, unit)
            if item
            else units.conversion(_UNITS.get(spec, _unit_of(sector, spec, unit)), unit)
        )
        columns[name] = pl.col(spec) * scale
        applies &= pl.col(spec).is_not_null()
    for spec in each.positive:
        applies &= (pl.col(spec) > 0).fill_null(False) if spec in base.columns else pl.lit(False)
    for spec in each.absent:
        if spec in base.columns:
            applies &= pl.col(spec).fill_null(0.0) == 0
    made = method.columns(columns) * units.conversion(method.unit, each.unit)
    return applies & made.is_finite().fill_null(False), made


_UNITS = {"emissions": "t CO2e", "emissions_direct": "t CO2e", "fuel_heat": "GJ"}


def _unit_of(sector: Sector, code: str, unit: str) -> str:
    return next((each.unit for each in sector.indicators if each.code == code), unit)


def _periods(sums: Sums) -> pl.DataFrame:
    """Every facility's months and years with its own items, its emissions and the heat of its fuels."""
    monthly = sums.wide[""].frame
    items = [item for item in sums.sector.items_of[""] if item.code in monthly.columns]
    frame = monthly.select("facility", "month", "year", *(item.code for item in items))
    year_rows = frame.filter(pl.col("month").str.len_chars() == 4)
    months = frame.filter(pl.col("month").str.len_chars() == 7)
    summed = months.group_by("facility", "year", maintain_order=True).agg(
        _annual(item) for item in items if item.annual != "mass" or item.weight in monthly.columns
    )
    yearly = year_rows.join(
        summed, on=["facility", "year"], how="left", maintain_order="left", suffix=".sum"
    ).with_columns(
        pl.coalesce(item.code, f"{item.code}.sum").alias(item.code) for item in items if item.code in summed.columns
    )
    base = pl.concat([months, yearly.select(frame.columns)])
    emitted = sums.rows.group_by("facility", "month", maintain_order=True).agg(
        pl.when(pl.col("t_co2e").is_not_null().all()).then(pl.col("t_co2e").sum()).alias("emissions"),
        pl.when(pl.col("t_co2e").is_not_null().all())
        .then(pl.col("t_co2e").filter(pl.col("scope") == "direct").sum())
        .alias("emissions_direct"),
    )
    base = _with_years(base, emitted, ["emissions", "emissions_direct"])
    fuels = sums.wide.get("fuel")
    if fuels is None or fuels.frame.is_empty():
        return base
    return _with_years(base, _fuel_heat(fuels, sums.open), ["fuel_heat"])


def _fuel_heat(fuels: Wide, open_: pl.DataFrame) -> pl.DataFrame:
    """`facility, month, fuel_heat` in GJ of all fuels; unknown where the amount or the calorific value of one is."""
    burnt = fuels.frame.filter(fuels.value("fuel_use").is_not_null()).select(
        "facility", "month", (fuels.value("fuel_use") * fuels.value("ncv")).alias("heat")
    )
    untold = open_.filter(pl.col("item") == "fuel_use").select(
        "facility", "month", pl.lit(None, dtype=pl.Float64).alias("heat")
    )
    heat = pl.when(pl.col("heat").is_not_null().all()).then(pl.col("heat").sum()).alias("fuel_heat")
    return pl.concat([burnt, untold]).group_by("facility", "month", maintain_order=True).agg(heat)


def _annual(item: Item) -> pl.Expr:
    code, how = item.code, item.annual
    if how == "mass":
        return pl.when(pl.col(code).is_not_null().all()).then(weighting.by_mass(code, item.weight)).alias(code)
    if how == "sum":
        return pl.when(pl.col(code).is_not_null().all()).then(pl.col(code).sum()).alias(code)
    if how == "last":
        return pl.col(code).drop_nulls().last().alias(code)
    return pl.col(code).mean().alias(code)


def _with_years(base: pl.DataFrame, found: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """Months as found; a year is what was told for it plus its months, and nothing where a part is unknown."""
    yearly = (
        found.with_columns(pl.col("month").str.slice(0, 4))
        .group_by("facility", "month", maintain_order=True)
        .agg(pl.when(pl.col(name).is_not_null().all()).then(pl.col(name).sum()).alias(name) for name in names)
    )
    months = found.filter(pl.col("month").str.len_chars() == 7)
    return base.join(pl.concat([months, yearly]), on=["facility", "month"], how="left", maintain_order="left")
