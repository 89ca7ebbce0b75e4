"""Analyses of a stored run that take too long for a page: uncertainty, key categories, and why a run differs from the one before.

A run never changes, so an analysis is made once, by a job, and kept beside the run as JSON under the program's version.
Seed and draws are fixed: made again, it says the same.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from dafeng import __version__
from dafeng.domains.inventory import library, storage
from dafeng.domains.inventory.methods.inventory import Inventory
from dafeng.domains.inventory.models import InventoryRun
from dafeng.kernel.accounting.uncertainty import Uncertainty

DRAWS, SEED = 10_000, 2026
SHOWN = 25
Progress = Callable[[str, int, int], None]


def _file(run: InventoryRun, name: str) -> Path:
    return storage.folder(run.id) / "analyses" / f"{name}-{__version__}.json"


def read(run: InventoryRun, name: str) -> dict[str, Any] | None:
    """An analysis that was kept; None while nobody has made it."""
    path = _file(run, name)
    return _read(str(path), path.stat().st_mtime_ns) if path.is_file() else None


@lru_cache(maxsize=16)
def _read(path: str, written: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return found


def keep(run: InventoryRun, name: str, content: dict[str, Any]) -> None:
    """Written under another name first: a reader must never see half a file."""
    target = _file(run, name)
    target.parent.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=target.parent, suffix=".json", delete=False, encoding="utf-8") as draft:
        json.dump(content, draft, ensure_ascii=False, allow_nan=False)
    Path(draft.name).replace(target)


def assessed(year: int) -> str:
    return f"assess-{year}"


def recalculated(before: InventoryRun) -> str:
    return f"recalculation-{before.number}"


def years_of(run: InventoryRun) -> list[int]:
    """The years that have a number."""
    return sorted(int(year) for year, row in run.summary["years"].items() if row["net"] is not None)


def assess_run(run: InventoryRun, year: int, *, draws: int, progress: Progress) -> dict[str, Any]:
    """Intervals of the total (both approaches), of its trend and of each sector; what they rest on; the key categories."""
    from dafeng.domains.inventory.methods.assessment import assess
    from dafeng.domains.inventory.methods.key_categories import key_summary

    progress("读取清单", 0, 4)
    inventory, base = storage.restore(run), years_of(run)[0]
    progress("不确定性：误差传递与蒙特卡罗", 1, 4)
    found = assess(inventory, year=year, base_year=base, draws=draws, seed=SEED)
    progress("分领域的不确定性", 2, 4)
    sectors = [_sector(inventory, code, year) for code in library.SECTORS if code != "ID"]
    keys = found.key_categories
    whole = keys.filter("land_use").select("category", "gas", "level", "level_cumulative", "trend_share", "relative")
    content = {
        "year": year,
        "base_year": base,
        "draws": draws,
        "total": _plain(found.propagated.total),
        "simulated": _plain(found.simulated.total),
        "sectors": [each for each in sectors if each],
        "contributions": _plain(_placed(found.propagated.contributions, inventory)),
        "unstated": found.propagated.unstated.height,
        "left_out": int(found.propagated.left_out["rows"].sum() or 0),
        "keys": _plain(key_summary(keys).join(whole, on=["category", "gas"], how="left", maintain_order="left")),
    }
    keep(run, assessed(year), content)
    return content


def _placed(contributions: pl.DataFrame, inventory: Inventory) -> pl.DataFrame:
    """The inputs that matter most; an activity row with its place."""
    rows = inventory.emissions.activities.select(pl.col("row").cast(pl.Int64), pl.col("place").cast(pl.String))
    shown = contributions.filter(pl.col("share") > 0).head(SHOWN)
    return shown.join(rows, on="row", how="left", maintain_order="left")


def _sector(inventory: Inventory, code: str, year: int) -> dict[str, Any] | None:
    """Approach 1 over the results of one sector; None where it has no number in the year."""
    emissions = inventory.emissions
    mine = emissions.resolutions.filter(pl.col("category").str.starts_with(code))["resolution"].cast(pl.UInt32)
    part = replace(emissions, results=emissions.results.filter(pl.col("resolution").is_in(mine.to_list())))
    total = _propagated(replace(inventory, emissions=part), year).total
    if not total.height or total["emission"][0] is None:
        return None
    return {"sector": code, **_plain(total)[0]}


def _propagated(inventory: Inventory, year: int) -> Uncertainty:
    from dafeng.domains.inventory.methods.key_categories import default_uncertainty, potentials
    from dafeng.kernel.accounting import propagate

    weights, defaults = potentials(inventory), default_uncertainty()
    return propagate(inventory.emissions, weights=weights, year=year, default_uncertainty=defaults)


def _plain(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows for JSON, which knows no NaN."""
    decimal = [name for name, dtype in frame.schema.items() if dtype.is_float()]
    return frame.with_columns(pl.col(decimal).fill_nan(None)).to_dicts()


def former_of(run: InventoryRun) -> InventoryRun | None:
    """The run before this one."""
    return InventoryRun.objects.filter(city=run.city_id, number__lt=run.number).order_by("-number").first()


def explain_run(run: InventoryRun, before: InventoryRun, *, progress: Progress) -> dict[str, Any]:
    """The difference to an earlier run, by year and by category, split into its causes."""
    from dafeng.domains.inventory.methods.recalculation import sources

    progress("与上一版比较", 3, 4)
    found = sources(storage.restore(before), storage.restore(run))
    amounts = ["before", "after", "difference", "boundary", "activity", "factor", "method", "gwp"]
    sums = [pl.col(name).sum() for name in amounts]
    ends = [pl.col("recomputed").all(), pl.col("status").max()]
    changed = pl.col("difference").abs() > 1e-6
    content = {
        "before": before.number,
        "years": _plain(found.group_by("year").agg(*sums, *ends).sort("year")),
        "categories": _plain(
            found.filter(changed)
            .group_by("sector", "category", "gas", "year")
            .agg(*sums, *ends)
            .sort(pl.col("difference").abs(), descending=True)
            .head(200)
        ),
    }
    keep(run, recalculated(before), content)
    return content
