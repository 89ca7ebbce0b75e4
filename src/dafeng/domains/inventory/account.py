"""What the account page shows of a stored run, as plain values: figures, tables, and the geometry of its pictures.

Reads the run's tables once and computes nothing that a compile has not: only sums of cells.
"""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from dafeng.domains.inventory import library, storage
from dafeng.domains.inventory.models import InventoryRun
from dafeng.kernel.quantities import places

SECTOR_ORDER = ("1", "2", "3", "4", "5")


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


def figures(run: InventoryRun, year: int) -> dict[str, Any]:
    """The headline numbers of a year, as the run's summary keeps them."""
    return run.summary["years"].get(str(year), {})


def sectors(run: InventoryRun, year: int, english: bool) -> list[dict[str, Any]]:
    """One row per sector with its categories below it; a sector without any number is shown as not estimated."""
    cells = storage.read(run, "cells").filter((pl.col("year") == year) & (pl.col("kind") == "direct"))
    matrix = storage.read(run, "completeness").filter((pl.col("year") == year) & pl.col("expected"))
    by_sector = {row["sector"]: row for row in _sums(cells, "sector")}
    by_category: dict[str, list[dict[str, Any]]] = {}
    for row in _sums(cells, "sector", "category", "gas"):
        known = library.categories().get(row["category"])
        label = (known.name_en if english else known.name) if known else row["category"]
        by_category.setdefault(row["sector"], []).append(row | {"name": label})
    largest = max((abs(row["co2e"] or 0) for row in by_sector.values()), default=0) or 1
    found = []
    for code in SECTOR_ORDER:
        row = by_sector.get(code, {"co2e": None, "estimated": None, "status": 1})
        mine = matrix.filter(pl.col("category").str.starts_with(code))
        states = dict(mine.group_by("state").len().rows())
        total = max(mine.height, 1)
        bar, left = [], 0.0
        for state in ("reported", "estimated", "notation", "missing"):
            share = states.get(state, 0) / total * 100
            bar.append({"state": state, "count": states.get(state, 0), "x": round(left, 2), "width": round(share, 2)})
            left += share
        found.append(
            row
            | {
                "code": code,
                "name": _name(library.SECTORS[code], english),
                "width": round(abs(row["co2e"] or 0) / largest * 100, 1),
                "categories": sorted(by_category.get(code, []), key=lambda r: -abs(r["co2e"] or 0)),
                "bar": bar,
                "cells": mine.height,
            }
        )
    return found


def simple(run: InventoryRun, year: int, column: str, english: bool) -> list[dict[str, Any]]:
    """Direct emissions of a year by gas or by item, largest first."""
    cells = storage.read(run, "cells").filter((pl.col("year") == year) & (pl.col("kind") == "direct"))
    if column == "item":
        cells = cells.filter(pl.col("category").str.starts_with("1A"))
    rows = [row for row in _sums(cells, column) if row["co2e"] is not None]
    names = library.item_names_en() if english else library.item_names()
    largest = max((abs(row["co2e"]) for row in rows), default=0) or 1
    for row in rows:
        row["name"] = names.get(row[column], row[column])
        row["width"] = round(abs(row["co2e"]) / largest * 100, 1)
    return sorted(rows, key=lambda row: -abs(row["co2e"]))


def memo(run: InventoryRun, year: int) -> list[dict[str, Any]]:
    """What stands beside the total: indirect, biogenic, bunkers, stored carbon."""
    cells = storage.read(run, "cells").filter((pl.col("year") == year) & (pl.col("kind") != "direct"))
    return [row for row in _sums(cells, "kind") if row["co2e"] is not None]


def trend(run: InventoryRun, english: bool, chosen: int) -> dict[str, Any]:
    """A stacked column a year, as rectangles in a 720 × 260 box; sinks hang below the axis. In 万吨, or kt in English."""
    cells = storage.read(run, "cells").filter(pl.col("kind") == "direct")
    rows = _sums(cells, "year", "sector")
    years = sorted({row["year"] for row in rows})
    if not years:
        return {"years": [], "bars": [], "ticks": []}
    value = {(row["year"], row["sector"]): (row["co2e"] or 0.0) / (1e3 if english else 1e4) for row in rows}
    up = max(sum(max(value.get((y, s), 0), 0) for s in SECTOR_ORDER) for y in years)
    down = min(sum(min(value.get((y, s), 0), 0) for s in SECTOR_ORDER) for y in years)
    step = _round_step(max(up, -down, 1e-9))
    top, bottom = step * -(-up // step), step * (down // step)
    left, width, height, head = 56.0, 660.0, 210.0, 12.0
    scale = height / ((top - bottom) or 1)
    slot = width / len(years)
    bars = []
    for index, year in enumerate(years):
        positive, negative = 0.0, 0.0
        x = left + index * slot + slot * 0.15
        for sector in SECTOR_ORDER:
            amount = value.get((year, sector), 0.0)
            if not amount:
                continue
            low = positive if amount > 0 else negative + amount
            positive, negative = (positive + amount, negative) if amount > 0 else (positive, negative + amount)
            bars.append(
                {
                    "x": round(x, 1),
                    "y": round(head + (top - low - abs(amount)) * scale, 1),
                    "width": round(slot * 0.7, 1),
                    "height": round(abs(amount) * scale, 1),
                    "sector": sector,
                    "name": _name(library.SECTORS[sector], english),
                    "year": year,
                    "amount": amount,
                    "chosen": year == chosen,
                }
            )
    count = round((top - bottom) / step)
    ticks = [{"y": round(head + i * step * scale, 1), "label": f"{top - i * step:g}"} for i in range(count + 1)]
    every = -(-len(years) // 12)
    labels = [
        {"x": round(left + (i + 0.5) * slot, 1), "year": year, "chosen": year == chosen}
        for i, year in enumerate(years)
        if i % every == 0 or year == chosen
    ]
    table = [
        {
            "year": y,
            "cells": [value.get((y, s)) for s in SECTOR_ORDER],
            "sum": sum(value.get((y, s), 0) for s in SECTOR_ORDER),
        }
        for y in years
    ]
    legend = [
        {"sector": s, "name": _name(library.SECTORS[s], english)}
        for s in SECTOR_ORDER
        if any(value.get((y, s)) for y in years)
    ]
    zero = round(head + top * scale, 1)
    return {
        "bars": bars,
        "ticks": ticks,
        "labels": labels,
        "table": table,
        "legend": legend,
        "zero": zero,
        "years": years,
    }


def _round_step(largest: float) -> float:
    """A step of 1, 2 or 5 × 10ⁿ that gives three to six ticks."""
    from math import floor, log10

    power = 10.0 ** floor(log10(largest))
    for factor in (0.2, 0.5, 1.0, 2.0, 5.0):
        if largest / (power * factor) <= 6:
            return power * factor
    return power * 10


def county_map(run: InventoryRun, year: int, geojson: str, names: dict[str, str]) -> dict[str, Any] | None:
    """Counties as SVG paths in a 420 × 320 box, shaded in five steps by direct emissions; None without county rows."""
    cells = storage.read(run, "cells").filter((pl.col("year") == year) & (pl.col("kind") == "direct"))
    counties = cells.with_columns(pl.col("place").str.split("/").list.first().alias("county"))
    found = {
        row["county"]: row
        for row in _sums(counties, "county")
        if places.level(row["county"]) == "county" and row["co2e"] is not None
    }
    if not found or not geojson:
        return None
    shapes = json.loads(geojson)["features"]
    rings = {
        shape["properties"]["adcode"]: [
            ring
            for polygon in (
                [shape["geometry"]["coordinates"]]
                if shape["geometry"]["type"] == "Polygon"
                else shape["geometry"]["coordinates"]
            )
            for ring in polygon
        ]
        for shape in shapes
    }
    points = [point for all_rings in rings.values() for ring in all_rings for point in ring]
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    # Equirectangular at the middle latitude: true enough for one city.
    squeeze = 0.848  # cos 32°
    scale = min(412 / ((east - west) * squeeze), 300 / (north - south))

    def path(all_rings: list[list[list[float]]]) -> str:
        parts = []
        for ring in all_rings:
            coordinates = [f"{(x - west) * squeeze * scale + 4:.1f} {(north - y) * scale + 4:.1f}" for x, y, *_ in ring]
            parts.append("M" + "L".join(coordinates) + "Z")
        return "".join(parts)

    ranked = sorted(row["co2e"] for row in found.values())
    out = []
    for shape in shapes:
        code = shape["properties"]["adcode"]
        row = found.get(code)
        step = 0 if row is None else 1 + min(4, ranked.index(row["co2e"]) * 5 // len(ranked))
        x, y = shape["properties"]["cp"]
        out.append(
            {
                "code": code,
                "name": names.get(code, shape["properties"]["name"]),
                # The kind of county is in the table; on the map its name alone must fit.
                "label": names.get(code, shape["properties"]["name"]).removesuffix(" County").removesuffix(" District"),
                "path": path(rings[code]),
                "step": step,
                "co2e": row["co2e"] if row else None,
                "status": row["status"] if row else 1,
                "x": round((x - west) * squeeze * scale + 4, 1),
                "y": round((north - y) * scale + 4, 1),
            }
        )
    height = round((north - south) * scale + 8)
    return {"counties": out, "height": height, "table": sorted(out, key=lambda row: -(row["co2e"] or 0))}
