"""What enterprises reported beside what the inventory holds, activity by activity, and which of the two may count.

A report is a part of what a statistic of its category counts, so where a number of record stands only the difference is shown.
An estimate may give way, and gives way as a whole (`precedence`). Fuels are compared by their heat, net calorific, in GJ, as the
combustion methods take it; processes, output and bought energy in the unit of the feed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from dafeng.domains.inventory.methods.precedence import ELSEWHERE, ESTIMATES, covers, one_activity
from dafeng.kernel.accounting.recipes import Recipe
from dafeng.kernel.accounting.resolution import resolve
from dafeng.kernel.quantities import units

HEAT = "GJ"
UNMAPPED, HELD, ESTIMATED, NOTHING = "unmapped", "held", "estimated", "nothing"
_BY_NCV = tuple(Recipe("1", "CO2", f"energy.heat.{way}") for way in ("mass", "volume", "volume_20c"))
_KEY = ("category", "item", "technology", "variable", "unit", "place", "year")


@dataclass(frozen=True)
class Fed:
    """One figure of the feed: a year's amount of an activity in a category, and the reports it is the sum of.

    `name`: the fuel as the reports call it (`burnt`, in GJ), or an item of the inventory with its `variable`. `technologies`: the parts
    of the amount by technology, empty where it is one.
    """

    category: str
    name: str
    year: int
    value: float
    status: int
    reports: tuple[Mapping[str, Any], ...]
    unit: str = HEAT
    variable: str = ""
    technologies: tuple[tuple[str, float], ...] = ()
    burnt: bool = True

    @property
    def key(self) -> str:
        """What is taken or left as one: all variables of an item, because a method reads them together."""
        return f"{self.category}.{self.name}"


@dataclass(frozen=True)
class Compared:
    """A figure of the feed beside the inventory's own rows of that activity, in the feed's unit.

    `own` is None where the inventory's number cannot be told in that unit (no calorific value, another measure of the same emission).
    `gives_way`: the estimates, of whatever item, that would no longer count if the figure were taken. `tiers`: those whose methods count
    such an activity; empty for fuels, which every tier counts.
    """

    fed: Fed
    item: str
    state: str
    rows: tuple[Mapping[str, Any], ...]
    own: float | None
    gives_way: tuple[Mapping[str, Any], ...]
    tiers: tuple[str, ...] = ()

    @property
    def difference(self) -> float | None:
        return None if self.own is None or not self.rows else self.own - self.fed.value

    @property
    def share(self) -> float | None:
        """How much of the inventory's number the reports cover."""
        return None if not self.own or not self.rows else self.fed.value / self.own

    @property
    def takeable(self) -> bool:
        return self.state in (ESTIMATED, NOTHING)

    @property
    def counted(self) -> bool:
        """Whether a compile counts it without being asked for another tier."""
        return not self.tiers or "1" in self.tiers


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


def compare(
    fed: Sequence[Fed],
    items: Mapping[str, str],
    tiers: Mapping[tuple[str, str, str], tuple[str, ...]],
    rows: Sequence[Mapping[str, Any]],
) -> list[Compared]:
    """Each figure of the feed beside `rows`: those in force of the same year without what was taken before, with their heat.

    `items`: fuel of the reports → item of the inventory, or empty. `tiers`: (category, item, variable) of the inventory → the tiers that
    count it. Largest amount first within a category, the variables of an item together.
    """
    largest: dict[str, float] = {}
    for each in fed:
        largest[each.key] = max(each.value, largest.get(each.key, 0.0))
    found = []
    for each in sorted(fed, key=lambda one: (one.category, -largest[one.key], one.name, -one.value, one.variable)):
        here = [row for row in rows if row["year"] == each.year]
        if each.burnt:
            known = items.get(each.name, "") if each.category.startswith("1") else ""
            found.append(_compared(each, known, here, ()))
        else:
            asked = tiers.get((each.category, each.name, each.variable))
            found.append(_compared(each, "" if asked is None else each.name, here, asked or ()))
    return found


def _compared(fed: Fed, item: str, rows: Sequence[Mapping[str, Any]], tiers: tuple[str, ...]) -> Compared:
    if not item:
        return Compared(fed, item, UNMAPPED, (), None, ())
    near = [row for row in rows if covers(fed.category, row["category"])]
    same = [row for row in near if one_activity(fed.category, item, row["item"])]
    own = tuple(row for row in same if row["value"] is not None or row["notation"] in ELSEWHERE)
    yields = tuple(row for row in near if _yields(row) and row["value"] is not None)
    state = HELD if any(not _yields(row) for row in own) else ESTIMATED if yields else NOTHING
    return Compared(fed, item, state, own, _amount(fed, item, own), yields, tiers)


def _amount(fed: Fed, item: str, own: Sequence[Mapping[str, Any]]) -> float | None:
    """The inventory's own rows in the unit of the feed; None where one of them cannot be told in it, or all say something else."""
    if fed.burnt:
        amounts = [row["heat"] for row in own]
    else:
        told = [row for row in own if row["item"] == item and row["variable"] in ("", fed.variable)]
        if own and not told:
            return None
        amounts = [None if row["value"] is None else in_unit(row["value"], row["unit"], fed.unit) for row in told]
    return None if any(each is None for each in amounts) else math.fsum(amounts)


def in_unit(value: float, unit: str, wanted: str) -> float | None:
    """An amount in another unit; of which gas or matter a mass is (`t HFC`, `t COD`) is left out of account. None where it does not fit."""
    plain, target = unit.partition(" ")[0], wanted.partition(" ")[0]
    return value * units.conversion(plain, target) if units.convertible(plain, target) else None


def _yields(row: Mapping[str, Any]) -> bool:
    """An estimate of the pack; what an office uploaded stands, whatever it calls it."""
    return row["basis"] in ESTIMATES and row["batch_source"] == "pack"
