"""From a figure down to its ground: formula, factors with their standing, activity rows, evidence, and who entered it.

Reads a stored run only; what it shows is what that run used, whatever has changed since.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from dafeng.domains.inventory import library, storage
from dafeng.domains.inventory.models import ActivityRow, InventoryRun
from dafeng.kernel.accounting import find_method
from dafeng.kernel.errors import DafengError

_FILTERS = ("category", "item", "gas", "kind", "place", "year")


def trace(run: InventoryRun, *, limit: int = 50, people: bool = False, **cell: Any) -> dict[str, Any]:
    """Everything below one cell of a run, largest contribution first.

    `cell` narrows by category (and all below it), item, gas, kind, place (and all in it) and year. `people`: also say who
    entered a row and which file it came from, for those who may see the data behind the inventory. Returns total rows and the first
    `limit` of them, each with method, terms, activity and evidence.
    """
    stray = set(cell) - set(_FILTERS)
    if stray:
        raise DafengError(f"不认识的筛选条件 {'、'.join(sorted(stray))}", expected="、".join(_FILTERS))
    resolutions = storage.read(run, "resolutions")
    rows = (
        storage.read(run, "results")
        .join(resolutions.drop("status", "notation", "key", "scale", "coefficient"), on="resolution")
        .join(
            storage.read(run, "activities").select(
                "row", "activity_id", "place", "year", "value", "basis", "mark", "source"
            ),
            on="row",
        )
        .with_columns(pl.col("place").cast(pl.String))
    )
    for name, wanted in cell.items():
        if wanted in (None, ""):
            continue
        if name == "category":
            rows = rows.filter(pl.col(name).str.starts_with(str(wanted)))
        elif name == "place":
            rows = rows.filter((pl.col(name) == wanted) | pl.col(name).str.starts_with(f"{wanted}/"))
        else:
            rows = rows.filter(pl.col(name) == wanted)
    ordered = rows.sort(pl.col("emission").abs(), "row", descending=[True, False], nulls_last=True)
    shown = ordered.head(limit)
    return {
        "rows": ordered.height,
        "emission": ordered["emission"].sum() if ordered["emission"].is_not_null().any() else None,
        "gas": ordered["gas"].unique().to_list(),
        "parts": _parts(run, shown, people=people),
    }


def _parts(run: InventoryRun, shown: pl.DataFrame, *, people: bool) -> list[dict[str, Any]]:
    links = storage.read(run, "links").filter(pl.col("row").is_in(shown["row"].to_list()))
    activities = storage.read(run, "activities")
    others = links.join(activities.rename({"row": "other_row"}), on="other_row")
    terms = storage.read(run, "terms").filter(pl.col("resolution").is_in(shown["resolution"].unique().to_list()))
    details = {row["factor_id"]: row for row in storage.read(run, "factors").iter_rows(named=True)}
    wanted = {*shown["activity_id"].drop_nulls(), *others["activity_id"].drop_nulls()}
    entered = _entered(wanted) if people else {}
    series = library.series()
    library.methods()
    parts = []
    for row in shown.iter_rows(named=True):
        method = (series.get(row["method"]) or find_method(row["method"])) if row["method"] else None
        mine = terms.filter(pl.col("resolution") == row["resolution"])
        further = others.filter(pl.col("row") == row["row"])
        parts.append(
            {
                "emission": row["emission"],
                "unit": f"t {row['gas']}" if row["gas"] else "",
                "notation": row["notation"],
                "status": row["status"],
                "reason": row["reason"],
                "category": row["category"],
                "item": row["item"],
                "place": row["place"],
                "year": row["year"],
                "method": row["reference"],
                "title": method.title if method else "",
                "formula": method.formula if method else "",
                "method_source": method.source if method else "",
                "factors": [
                    term
                    | {
                        name: details[term["factor_id"]][name]
                        for name in ("source", "note", "place", "year", "owner")
                        if term["factor_id"] in details
                    }
                    | {
                        "printed": f"{details[term['factor_id']]['value']:g} {details[term['factor_id']]['unit']}"
                        if term["factor_id"] in details
                        else ""
                    }
                    for term in mine.iter_rows(named=True)
                ],
                "activity": [
                    _activity(row, row["unit"], entered),
                    *(_activity(other, str(other["unit"]), entered) for other in further.iter_rows(named=True)),
                ],
            }
        )
    return parts


def _activity(row: dict[str, Any], unit: str, entered: dict[str, dict[str, Any]]) -> dict[str, Any]:
    names = ("value", "basis", "mark", "source", "year")
    return {name: row[name] for name in names} | {"unit": unit} | entered.get(row["activity_id"] or "", {})


def _entered(ids: set[str]) -> dict[str, dict[str, Any]]:
    """Who brought an activity row, when, in which batch, with which evidence file."""
    found = ActivityRow.objects.filter(pk__in=[int(i) for i in ids if i.isdigit()]).select_related(
        "batch__record__created_by", "evidence"
    )
    return {
        str(row.pk): {
            "entered_by": str(row.batch.record.created_by or "系统"),
            "entered_at": row.batch.record.created_at.isoformat(),
            "batch": row.batch.record.title,
            "sheet_row": row.sheet_row,
            "batch_id": row.batch_id,
            "evidence": {
                "id": str(row.evidence.pk),
                "name": row.evidence.name,
                "sha256": row.evidence.sha256,
                "sm3": row.evidence.sm3,
            }
            if row.evidence
            else None,
        }
        for row in found
    }
