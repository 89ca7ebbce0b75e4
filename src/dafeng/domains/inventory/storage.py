"""A run's tables as Parquet files in a folder of its own: written once, read by column, checked by hash.

`cells` is what pages read; `results`, `resolutions`, `terms`, `links`, `activities` and `factors` are the lineage below it.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import polars as pl
from django.conf import settings

from dafeng.domains.inventory import library
from dafeng.domains.inventory.methods.inventory import Inventory
from dafeng.kernel.accounting import Emissions
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import DafengError

TABLES = (
    "cells", "intensity", "scores", "results", "resolutions", "terms", "links", "activities", "factors", "unsigned", "issues", "completeness", "checks",
)  # fmt: skip


def folder(run_id: UUID) -> Path:
    return Path(settings.DATA) / "runs" / str(run_id)


def write(run_id: UUID, tables: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    """Write the tables; returns name → SHA-256."""
    target = folder(run_id)
    target.mkdir(parents=True, exist_ok=False)
    hashes = {}
    for name, table in tables.items():
        buffer = io.BytesIO()
        table.write_parquet(buffer)
        content = buffer.getvalue()
        (target / f"{name}.parquet").write_bytes(content)
        hashes[name] = hashlib.sha256(content).hexdigest()
    return hashes


@lru_cache(maxsize=64)
def _read(path: str, digest: str) -> pl.DataFrame:
    content = Path(path).read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise DafengError(f"清单结果文件 {Path(path).name} 与登记的校验值不符", mend="文件可能被改动，请重新编制")
    return pl.read_parquet(io.BytesIO(content))


def read(run: Any, name: str) -> pl.DataFrame:
    """A table of a stored run. Raises `DafengError` when the file is not what the run wrote."""
    return _read(str(folder(run.id) / f"{name}.parquet"), run.artefacts[name])


def tables_of(
    inventory: Inventory, place: str, statistics: pl.DataFrame | None, balance: pl.DataFrame
) -> tuple[dict[str, pl.DataFrame], dict[str, Any]]:
    """Everything that a run keeps, and the short summary that lists and front pages show."""
    # Only a compile needs these; a page that reads a stored run does not pay for them.
    from dafeng.domains.inventory.methods.balance_energy import coefficients_of, reference_approach
    from dafeng.domains.inventory.methods.completeness import completeness
    from dafeng.domains.inventory.methods.intensity import intensity
    from dafeng.domains.inventory.methods.quality import check
    from dafeng.domains.inventory.methods.quality_score import city_scores

    emissions = inventory.emissions
    years = sorted(inventory.cells["year"].unique().to_list())
    matrix = completeness(inventory, place=place, years=years)
    extra: dict[str, Any] = {"completeness": matrix}
    if balance.height:
        extra["balance"] = balance
        extra["reference_approach"] = reference_approach(balance, coefficients_of(library.factors()))
    checks = check(inventory, extra=extra)
    used = emissions.factors.filter(pl.col("factor_id").is_in(emissions.terms["factor_id"].unique().to_list()))
    scores = city_scores(inventory, matrix=matrix)
    per = intensity(inventory, statistics, places=[place], matrix=matrix) if statistics is not None else pl.DataFrame()
    tables = {
        "intensity": per,
        "scores": scores,
        "cells": inventory.cells,
        "results": emissions.results,
        "resolutions": emissions.resolutions,
        "terms": emissions.terms,
        "links": emissions.links,
        "activities": emissions.activities,
        "factors": used,
        "unsigned": inventory.unsigned,
        "issues": inventory.issues,
        "completeness": matrix,
        "checks": checks,
    }
    summary = _summary(inventory, years, matrix, checks)
    _add_ratios(summary, per, scores)
    return tables, summary


def _summary(inventory: Inventory, years: list[int], matrix: pl.DataFrame, checks: pl.DataFrame) -> dict[str, Any]:
    def by_year(frame: pl.DataFrame) -> dict[int, dict[str, Any]]:
        return {row["year"]: row for row in frame.iter_rows(named=True)}

    net = by_year(inventory.totals("year"))
    gross = by_year(inventory.totals("year", sectors=("1", "2", "3", "5")))
    indirect = by_year(inventory.indirect())
    expected = matrix.filter("expected")
    missing = by_year(expected.filter(pl.col("state") == "missing").group_by("year").len("cells"))
    summary: dict[str, Any] = {"years": {}}
    for year in years:
        row = net.get(year, {})
        lacking = missing.get(year, {}).get("cells", 0)
        # A category that nobody has looked at leaves the total incomplete, however good its other parts are.
        status = max(int(row.get("status") or 0), int(Status.INCOMPLETE) if lacking else 0)
        summary["years"][str(year)] = {
            "net": row.get("co2e"),
            "gross": gross.get(year, {}).get("co2e"),
            "indirect": indirect.get(year, {}).get("co2e"),
            "estimated": row.get("estimated"),
            "missing": lacking,
            "cells": expected.filter(pl.col("year") == year).height,
            "status": status,
        }
    summary["status"] = max((entry["status"] for entry in summary["years"].values()), default=int(Status.INCOMPLETE))
    summary["unsigned"] = inventory.unsigned.height
    summary["issues"] = inventory.issues.height
    summary["failed_checks"] = checks.filter(~pl.col("passed").fill_null(True)).height
    summary["edition"] = library.edition(inventory.edition.id).title
    return summary


def _add_ratios(summary: dict[str, Any], per: pl.DataFrame, scores: pl.DataFrame) -> None:
    """Direct emissions per GDP (current prices) and per person, and the quality score of each year."""
    for row in scores.iter_rows(named=True):
        summary["years"][str(row["year"])]["quality"] = row["score"]
    if per.height:
        shown = per.filter((pl.col("scope") == "direct") & (pl.col("price").fill_null("") != "constant"))
        for row in shown.iter_rows(named=True):
            if (year := summary["years"].get(str(row["year"]))) is not None:
                year[f"per_{row['measure']}"] = row["value"]


def passed() -> pl.Expr:
    """Checks that passed; one that could not be run has not."""
    return pl.col("passed").fill_null(False)


def restore(run: Any) -> Inventory:
    """The inventory as it was compiled, from the run's own tables: for reports and for comparing two runs."""
    emissions = Emissions(
        activities=read(run, "activities"),
        results=read(run, "results"),
        resolutions=read(run, "resolutions"),
        terms=read(run, "terms"),
        factors=read(run, "factors"),
        links=read(run, "links"),
        recipes=library.recipes(),
        series=library.series(),
    )
    library.methods()
    return Inventory(emissions, library.editions()[run.edition], run.gwp, tuple(run.sets), dict(run.tiers))
