"""What the account pages show of a stored run, as plain values: figures, the tree of categories, charts, the map.

Reads the run's tables and computes nothing that a compile has not: only sums of cells. A run never changes, so what is
shown of one is worked out once a process (the answers are shared: read them, do not change them).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from uuid import UUID

import polars as pl
from django.utils.translation import gettext as _

from dafeng.domains.inventory import library, storage
from dafeng.domains.inventory.models import InventoryRun
from dafeng.kernel.pages import charts, maps
from dafeng.kernel.quantities import places

SECTOR_ORDER = ("1", "2", "3", "4", "5")
GASES = ("CO2", "CH4", "N2O")
CAUSES = ("boundary", "activity", "factor", "method", "gwp")
LARGEST = 7  # fuels that get a colour of their own


def _name(entry: tuple[str, str], english: bool) -> str:
    return entry[1] if english else entry[0]


def _sums(cells: pl.DataFrame, *by: str) -> list[dict[str, Any]]:
    known = pl.col("co2e").is_not_null()
    return (
        cells.group_by(*by)
        .agg(
            pl.when(known.any()).then(pl.col("co2e").sum()).alias("co2e"),
            pl.col("co2e").filter(pl.col("basis").is_in(["estimated", "assumed"])).sum().alias("estimated"),
            pl.col("emission").sum(),
            pl.col("missing").sum(),
            pl.col("status").max(),
        )
        .sort(*by)
        .to_dicts()
    )


def direct(run: InventoryRun, year: int | None = None) -> pl.DataFrame:
    cells = storage.read(run, "cells").filter(pl.col("kind") == "direct")
    return cells if year is None else cells.filter(pl.col("year") == year)


def figures(run: InventoryRun, year: int) -> dict[str, Any]:
    """The headline numbers of a year, as the run's summary keeps them, and the change on the year before.

    `before` compares only what both years know: a category that was first reported this year is no growth.
    """
    row = dict(run.summary["years"].get(str(year), {}))
    pair = comparable(run, years=(year - 1, year))
    row["before"] = (pair[year] - pair[year - 1]) / pair[year - 1] if pair.get(year - 1) else None
    return row


@lru_cache(maxsize=64)
def comparable(run: InventoryRun, *, years: tuple[int, ...] = ()) -> dict[int, float]:
    """Emissions without land use of the categories and gases that have a number in every one of the years (t CO2e).

    Empty where the years have nothing in common. Without `years`: all years of the run.
    """
    cells = direct(run).filter((pl.col("sector") != "4") & pl.col("co2e").is_not_null())
    if years:
        cells = cells.filter(pl.col("year").is_in(list(years)))
    wanted = len(years) or cells["year"].n_unique()
    shared = cells.filter(pl.col("year").n_unique().over("category", "gas") == wanted)
    return dict(shared.group_by("year").agg(pl.col("co2e").sum()).sort("year").iter_rows())


@lru_cache(maxsize=64)
def tree(run: InventoryRun, year: int, english: bool, *, depth: int) -> list[dict[str, Any]]:
    """Sectors and the categories below them, down to `depth` levels; what is expected but has no number is NE.

    Each row: code, name, level, leaf, co2e and its part of each gas (t CO2e), estimated, status, notation.
    """
    cells = direct(run, year)
    known = library.categories()
    sums: dict[str, dict[str, Any]] = {}

    def above(code: str) -> Iterable[str]:
        while code:
            yield code
            found = known.get(code)
            code = found.parent if found else ""

    for row in _sums(cells, "category", "gas"):
        gas = row["gas"] if row["gas"] in GASES else "F"
        for code in above(row["category"]):
            node = sums.setdefault(code, {"co2e": None, "estimated": 0.0, "status": 0, "gases": {}})
            node["status"] = max(node["status"], row["status"] or 0)
            if row["co2e"] is not None:
                node["co2e"] = (node["co2e"] or 0.0) + row["co2e"]
                node["estimated"] += row["estimated"]
                node["gases"][gas] = node["gases"].get(gas, 0.0) + row["co2e"]
    matrix = storage.read(run, "completeness").filter((pl.col("year") == year) & pl.col("expected"))
    states: dict[str, set[str]] = {}
    for category, state, notation in matrix.select("category", "state", "notation").iter_rows():
        for code in above(category):
            states.setdefault(code, set()).add("NE" if state == "missing" else notation or state)
    rows = []
    for code, category in known.items():
        level = len(list(above(code))) - 1
        if level >= depth or code[0] not in SECTOR_ORDER or (code not in sums and code not in states):
            continue
        node = sums.get(code, {"co2e": None, "estimated": None, "status": 1, "gases": {}})
        below = states.get(code, set())
        notation = next((key for key in ("NE", "IE", "NO", "NA") if below == {key}), "NE")
        rows.append(
            node
            | {
                "code": code,
                "name": category.name_en if english else category.name,
                "level": level,
                "status": max(node["status"], 1 if "NE" in below else 0),
                "notation": "" if node["co2e"] is not None else notation,
                "cells": [node["gases"].get(gas) for gas in (*GASES, "F")],
            }
        )
    return rows


@lru_cache(maxsize=64)
def coverage(run: InventoryRun, year: int, english: bool) -> list[dict[str, Any]]:
    """One bar a sector: which part of what is expected has data, is estimated, is marked, is missing."""
    matrix = storage.read(run, "completeness").filter((pl.col("year") == year) & pl.col("expected"))
    found = []
    for code in SECTOR_ORDER:
        states = dict(matrix.filter(pl.col("category").str.starts_with(code)).group_by("state").len().rows())
        total = sum(states.values())
        bar, left = [], 0.0
        for state in ("reported", "estimated", "notation", "missing"):
            share = states.get(state, 0) / total * 100 if total else 0.0
            bar.append({"state": state, "count": states.get(state, 0), "x": round(left, 2), "width": round(share, 2)})
            left += share
        found.append({"code": code, "name": _name(library.SECTORS[code], english), "bar": bar, "cells": total})
    return found


@lru_cache(maxsize=64)
def sectors(run: InventoryRun, year: int, english: bool) -> list[dict[str, Any]]:
    """Direct emissions by sector; a sector without any number is not estimated."""
    by_sector = {row["sector"]: row for row in _sums(direct(run, year), "sector")}
    bars = {row["code"]: row for row in coverage(run, year, english)}
    empty = {"co2e": None, "estimated": None, "status": 1}
    rows = [{**empty, **bars[code], **by_sector.get(code, {})} for code in SECTOR_ORDER]
    return charts.shares(rows, "co2e")


@lru_cache(maxsize=64)
def simple(run: InventoryRun, year: int, column: str, english: bool) -> list[dict[str, Any]]:
    """Direct emissions of a year by gas or by fuel, largest first."""
    cells = direct(run, year)
    if column == "item":
        cells = cells.filter(pl.col("category").str.starts_with("1A"))
    rows = [row for row in _sums(cells, column) if row["co2e"] is not None]
    names = library.item_names_en() if english else library.item_names()
    for row in rows:
        row["name"] = names.get(row[column], row[column])
    return sorted(charts.shares(rows, "co2e"), key=lambda row: -abs(row["co2e"]))


@lru_cache(maxsize=64)
def memo(run: InventoryRun, year: int) -> list[dict[str, Any]]:
    """What stands beside the total: indirect, biogenic, bunkers, stored carbon."""
    cells = storage.read(run, "cells").filter((pl.col("year") == year) & (pl.col("kind") != "direct"))
    return [row for row in _sums(cells, "kind") if row["co2e"] is not None]


def trend(run: InventoryRun, english: bool, *, by: str, chosen: int) -> charts.Chart | None:
    """A stacked column a year by sector, gas or fuel, in 万吨, or kt in English."""
    cells = direct(run)
    if by == "item":
        cells = cells.filter(pl.col("category").str.starts_with("1A"))
    rows = _sums(cells, "year", by)
    unit = 1e3 if english else 1e4
    years = sorted({row["year"] for row in rows})
    values: dict[str, dict[int, float]] = {}
    for row in rows:
        if row["co2e"] is not None:
            values.setdefault(row[by], {})[row["year"]] = row["co2e"] / unit
    order = (
        list(SECTOR_ORDER) if by == "sector" else sorted(values, key=lambda key: -sum(map(abs, values[key].values())))
    )
    names = _names(by, english)
    series = [
        charts.Series(names.get(key, key), values[key], tone)
        for tone, key in enumerate([key for key in order if key in values][:LARGEST], 1)
    ]
    if rest := [key for key in order if key in values][LARGEST:]:
        summed = {year: sum(values[key].get(year, 0.0) for key in rest) for year in years}
        series.append(charts.Series(_("其他"), summed, 8))
    title = {"sector": _("历年排放，按领域"), "gas": _("历年排放，按气体"), "item": _("化石燃料燃烧历年排放，按品种")}[
        by
    ]
    return charts.stacked(title, _unit(english), years, series, chosen=chosen, name=f"trend-{by}")


def _names(by: str, english: bool) -> dict[str, str]:
    if by == "sector":
        return {code: _name(pair, english) for code, pair in library.SECTORS.items()}
    if by == "item":
        return dict(library.item_names_en() if english else library.item_names())
    return {}


def _unit(english: bool) -> str:
    return "kt CO₂e" if english else "万吨 CO₂e"


def counties(run: InventoryRun, year: int) -> dict[str, dict[str, Any]]:
    """Direct emissions by county code, where activity is known by county."""
    cells = direct(run, year).with_columns(pl.col("place").str.split("/").list.first().alias("county"))
    return {
        row["county"]: row
        for row in _sums(cells, "county")
        if places.level(row["county"]) == "county" and row["co2e"] is not None
    }


def county_map(run: InventoryRun, year: int, names: dict[str, str], address: str) -> dict[str, Any] | None:
    """The map of direct emissions; `address` is the lineage page, to which place and year are added."""
    found = counties(run, year)
    more = {
        code: {
            "status": found[code]["status"] if code in found else 1,
            "address": f"{address}?place={code}&kind=direct&year={year}" if code in found else "",
        }
        for code in run.city.counties
    }
    return maps.choropleth(run.city.boundary, {code: row["co2e"] for code, row in found.items()}, names, more=more)


@lru_cache(maxsize=16)
def _explained(before: UUID, after: UUID) -> pl.DataFrame:
    """Why two runs differ, all years. Runs never change, so this is worked out once."""
    # Only this page needs the recalculation; the others do not pay for it.
    from dafeng.domains.inventory.methods.recalculation import explain

    runs = InventoryRun.objects.in_bulk([before, after])
    return explain(storage.restore(runs[before]), storage.restore(runs[after]))


def difference(a: InventoryRun, b: InventoryRun, year: int, english: bool) -> dict[str, Any]:
    """What changed from run a to run b in a year, by category and gas, largest first, split into its causes.

    Causes as in `methods.recalculation`: boundary, activity, factor, method, GWP; they add up to the difference.
    """
    found = _explained(a.pk, b.pk).filter(pl.col("year") == year)
    moved = found.filter(pl.col("difference").abs() > 1e-6).sort(
        pl.col("difference").abs(), "category", "gas", descending=[True, False, False]
    )
    names = library.categories()
    rows = []
    for row in moved.iter_rows(named=True):
        category = names.get(row["category"])
        name = (category.name_en if english else category.name) if category else row["category"]
        rows.append(row | {"name": name, "causes": [row[cause] for cause in CAUSES]})
    options = [
        (label, getattr(a, field), getattr(b, field))
        for label, field in (
            (_("编制依据"), "edition"),
            (_("GWP 版本"), "gwp"),
            (_("因子集"), "sets"),
            (_("方法层级"), "tiers"),
        )
        if getattr(a, field) != getattr(b, field)
    ]
    return {
        "rows": rows,
        "options": options,
        "total": found["difference"].sum(),
        "causes": [found[cause].sum() for cause in CAUSES],
    }
