"""Compile an inventory: activity data in, five sectors out. A library call; no database needed.

    inventory = compile_inventory(activities, edition="gl2011", gwp="AR5")
    inventory.totals("sector", "year")

Source: 省级温室气体清单编制指南. One inventory uses one GWP set and one order of factor sets; biogenic CO2, bunkers and
stored carbon are memo items and electricity and heat are indirect: neither enters the total.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from dafeng.domains.inventory import library
from dafeng.kernel.accounting import Emissions, compile_emissions
from dafeng.kernel.accounting.factors import sign
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import GasError
from dafeng.kernel.quantities import gases, places

CELL = ("category", "item", "gas", "kind", "origin", "place", "year", "basis", "mark")


@dataclass(frozen=True)
class Inventory:
    """A compiled inventory: the emission rows, and every reading of them that pages and reports need."""

    emissions: Emissions
    edition: library.Edition
    gwp_set: str
    sets: tuple[str, ...]
    tiers: Mapping[str, str]

    @cached_property
    def cells(self) -> pl.DataFrame:
        """One row per category, item, gas, kind, place, year and basis.

        Columns: those of `CELL`, sector, emission (t of the gas), co2e (t), parts, missing, status, notation.
        """
        totals = self.emissions.totals(*CELL).filter(pl.col("gas") != "")
        weights = _weights(totals, self.gwp_set)
        return totals.join(weights, on=["gas", "origin"], how="left", maintain_order="left").select(
            _sector().alias("sector"),
            *CELL,
            "emission",
            (pl.col("emission") * pl.col("weight")).alias("co2e"),
            "parts",
            "missing",
            # A gas without a potential in this set leaves the CO2e total incomplete.
            pl.when(pl.col("weight").is_null() & pl.col("emission").is_not_null())
            .then(pl.max_horizontal("status", pl.lit(int(Status.INCOMPLETE), dtype=pl.UInt8)))
            .otherwise(pl.col("status"))
            .alias("status"),
            "notation",
        )

    def select(
        self,
        *,
        kinds: Iterable[str] = ("direct",),
        within: str | None = None,
        years: Iterable[int] | None = None,
        sectors: Iterable[str] | None = None,
    ) -> pl.DataFrame:
        """Cells of the given kinds, inside a place and years."""
        chosen = self.cells.filter(pl.col("kind").is_in(list(kinds)))
        if within is not None:
            inside = [place for place in chosen["place"].unique() if within in places.ancestors(place)]
            chosen = chosen.filter(pl.col("place").is_in(inside))
        if years is not None:
            chosen = chosen.filter(pl.col("year").is_in(list(years)))
        if sectors is not None:
            chosen = chosen.filter(pl.col("sector").is_in(list(sectors)))
        return chosen

    def totals(self, *by: str, **which: Any) -> pl.DataFrame:
        """Sum of CO2e in t by any cell columns, `sector` or `county`; `which` as in `select`.

        Columns: the asked ones, co2e (null when nothing has a number), emission (t of gas, only meaningful by gas),
        estimated (part of co2e on estimated or assumed activity), parts, missing, status.
        """
        cells = self.select(**which)
        if "county" in by:
            cells = cells.with_columns(pl.col("place").str.split("/").list.first().alias("county"))
        known = pl.col("co2e").is_not_null()
        summed = cells.group_by(*(by or [pl.lit("all").alias("all")])).agg(
            pl.when(known.any()).then(pl.col("co2e").sum()).alias("co2e"),
            pl.col("emission").sum().alias("emission"),
            pl.col("co2e").filter(pl.col("basis").is_in(["estimated", "assumed"])).sum().alias("estimated"),
            pl.col("parts").sum(),
            pl.col("missing").sum(),
            pl.col("status").max(),
        )
        return summed.sort(*by) if by else summed.drop("all")

    def indirect(self) -> pl.DataFrame:
        """Indirect CO2e by year, as `totals("year")`: net import of electricity and heat (ID1, ID2) where the year has it, else
        what final users drew (ID3, ID4). The two are views of the same energy and are never added.
        """
        lines = self.totals("category", "year", kinds=("indirect",)).with_columns(
            pl.col("category").is_in(["ID1", "ID2"]).alias("imported")
        )
        known = lines.filter(pl.col("co2e").is_not_null() & pl.col("imported"))["year"].unique()
        chosen = lines.filter(pl.col("imported") == pl.col("year").is_in(known.to_list()))
        return (
            chosen.group_by("year")
            .agg(
                pl.when(pl.col("co2e").is_not_null().any()).then(pl.col("co2e").sum()).alias("co2e"),
                pl.col("emission", "estimated", "parts", "missing").sum(),
                pl.col("status").max(),
            )
            .sort("year")
        )

    @cached_property
    def unsigned(self) -> pl.DataFrame:
        """Factors in use that keep the inventory from being published: factor_id, standing, parameter, set, source, rows."""
        from dafeng.kernel.accounting.status import UNSIGNED

        used = self.emissions.terms.filter(pl.col("standing").is_in(list(UNSIGNED)))
        rows = self.emissions.results.filter(pl.col("emission").is_not_null()).group_by("resolution").len("rows")
        return (
            used.join(rows, on="resolution")
            .group_by("factor_id")
            .agg(pl.col("rows").sum())
            .join(self.emissions.factors, on="factor_id")
            .select(
                "factor_id",
                "set",
                "parameter",
                "item",
                "technology",
                "value",
                "unit",
                "standing",
                "source",
                "note",
                "rows",
            )
            .sort("rows", "factor_id", descending=[True, False])
        )

    @property
    def issues(self) -> pl.DataFrame:
        """What was not estimated and why; see `Emissions.issues`."""
        return self.emissions.issues


def _sector() -> pl.Expr:
    return (
        pl.when(pl.col("category").str.starts_with("ID")).then(pl.lit("ID")).otherwise(pl.col("category").str.head(1))
    )


def _weights(totals: pl.DataFrame, gwp_set: str) -> pl.DataFrame:
    rows: list[tuple[str, str, float | None]] = []
    for gas, origin in totals.select("gas", "origin").unique().rows():
        try:
            rows.append((gas, origin, gases.gwp(gas, gwp_set, origin)))
        except GasError:
            rows.append((gas, origin, None))
    return pl.DataFrame(rows, schema={"gas": pl.String, "origin": pl.String, "weight": pl.Float64}, orient="row")


def compile_inventory(
    activities: pl.DataFrame | list[dict[str, Any]],
    factors: pl.DataFrame | None = None,
    *,
    edition: str = "gl2011",
    gwp: str | None = None,
    sets: Sequence[str] | None = None,
    tiers: Mapping[str, str] | None = None,
    signed: Iterable[str] = (),
) -> Inventory:
    """Compile activity rows (see `activity_frame`) into an inventory.

    `factors` adds rows to the package's tables, such as a city's own (see `factor_frame`; set `municipal`). `gwp` and `sets`
    override the edition's. `tiers` maps category prefixes to a tier. `signed` are ids of factors that a reviewer vouches for.
    Raises `MethodError` for an unknown edition and `GasError` for an unknown GWP set.
    """
    guideline = library.edition(edition)
    gwp_set = gwp or guideline.gwp
    gases.gwp("CO2", gwp_set)
    table = library.factors() if factors is None else pl.concat([library.factors(), factors])
    order = tuple(sets) if sets is not None else guideline.sets
    emissions = compile_emissions(
        activities,
        sign(table, signed),
        library.recipes(),
        sets=order,
        tiers=tiers,
        coherent=library.COHERENT,
        series=library.series(),
    )
    return Inventory(emissions, guideline, gwp_set, order, dict(tiers or {}))
