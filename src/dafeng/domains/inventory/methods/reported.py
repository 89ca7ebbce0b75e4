"""What enterprises reported beside what the inventory holds: the heat of each category and fuel, and which of the two may count.

A report is a part of what a statistic of its category counts, so where a number of record stands only the difference is shown.
An estimate may give way, and gives way as a whole (`precedence`). Heat is net calorific, in GJ, as the combustion methods take it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from dafeng.domains.inventory.methods.precedence import ELSEWHERE, ESTIMATES, covers, one_fuel
from dafeng.kernel.accounting.recipes import Recipe
from dafeng.kernel.accounting.resolution import resolve
from dafeng.kernel.quantities import units

HEAT = "GJ"
UNMAPPED, HELD, ESTIMATED, NOTHING = "unmapped", "held", "estimated", "nothing"
_BY_NCV = tuple(Recipe("1", "CO2", f"energy.heat.{way}") for way in ("mass", "volume", "volume_20c"))
_KEY = ("category", "item", "technology", "variable", "unit", "place", "year")


@dataclass(frozen=True)
class Fed:
    """One figure of the feed: GJ of a fuel burnt in a category and year, and the reports it is the sum of."""

    category: str
    fuel: str
    year: int
    heat: float
    status: int
    reports: tuple[Mapping[str, Any], ...]

    @property
    def key(self) -> str:
        return f"{self.category}.{self.fuel}"


@dataclass(frozen=True)
class Compared:
    """A figure of the feed beside the inventory's own rows of that fuel; GJ, `own` None where a calorific value is lacking.

    `gives_way`: the estimates, of whatever fuel, that would no longer count if the figure were taken.
    """

    fed: Fed
    item: str
    state: str
    rows: tuple[Mapping[str, Any], ...]
    own: float | None
    gives_way: tuple[Mapping[str, Any], ...]

    @property
    def difference(self) -> float | None:
        return None if self.own is None or not self.rows else self.own - self.fed.heat

    @property
    def takeable(self) -> bool:
        return self.state in (ESTIMATED, NOTHING)


def with_heat(rows: pl.DataFrame, factors: pl.DataFrame, sets: Sequence[str]) -> list[dict[str, Any]]:
    """The rows with `heat` in GJ and `ncv`, the id of the factor used: by unit, else by the calorific value of the item.

    `heat` is None where a row has no number, measures no fuel, or its item has no calorific value among `sets`.
    """
    found = rows.with_columns(pl.col(*_KEY[:-1]).cast(pl.String).fill_null(""), pl.col("year").cast(pl.Int16))
    keys = found.select(*_KEY).unique(maintain_order=True).with_row_index("key")
    chosen = {}
    if keys.height:
        resolutions = resolve(keys, factors, _BY_NCV, sets=sets).resolutions
        for row in resolutions.filter(pl.col("coefficient").is_not_null()).iter_rows(named=True):
            chosen[row["key"]] = (row["coefficient"], "、".join(row["factor_ids"]))
    numbered = found.join(keys, on=list(_KEY), how="left", maintain_order="left")
    told = []
    for row in numbered.iter_rows(named=True):
        plain = units.convertible(row["unit"], HEAT)
        scale, ncv = (units.conversion(row["unit"], HEAT), "") if plain else chosen.get(row["key"], (None, ""))
        heat = None if scale is None or row["value"] is None else row["value"] * scale
        told.append(row | {"heat": heat, "ncv": ncv})
    return told


def compare(fed: Sequence[Fed], items: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> list[Compared]:
    """Each figure of the feed beside `rows`: those in force of the same year without what was taken before, with their heat.

    `items`: fuel of the reports → item of the inventory, or empty. Largest heat first within a category.
    """
    return [
        _compared(each, items.get(each.fuel, ""), [row for row in rows if row["year"] == each.year])
        for each in sorted(fed, key=lambda one: (one.category, -one.heat, one.fuel))
    ]


def _compared(fed: Fed, item: str, rows: Sequence[Mapping[str, Any]]) -> Compared:
    if not item or not fed.category.startswith("1"):
        return Compared(fed, item, UNMAPPED, (), None, ())
    near = [row for row in rows if covers(fed.category, row["category"])]
    same = [row for row in near if one_fuel(item, row["item"])]
    own = tuple(row for row in same if row["value"] is not None or row["notation"] in ELSEWHERE)
    yields = tuple(row for row in near if _yields(row) and row["value"] is not None)
    heats = [row["heat"] for row in own]
    heat = None if any(each is None for each in heats) else math.fsum(heats)
    state = HELD if any(not _yields(row) for row in own) else ESTIMATED if yields else NOTHING
    return Compared(fed, item, state, own, heat, yields)


def _yields(row: Mapping[str, Any]) -> bool:
    """An estimate of the pack; what an office uploaded stands, whatever it calls it."""
    return row["basis"] in ESTIMATES and row["batch_source"] == "pack"
