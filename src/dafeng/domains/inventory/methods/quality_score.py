"""A quality score for every cell and for the city: how good are the methods, the activity data and the factors?

Source: 信阳市碳达峰方案 (不断优化清单编制方法、活动水平数据获取的准确性和排放因子的本地化水平): each of the three is a part of the
score, and the score must rise every year. Marks and weights are data (quality_rules.toml) and the platform's own.
The score of a sum is that of its parts, weighted by the size of their emissions; what is not estimated has no score and
lowers the `coverage` instead, so that dropping a poor source never raises the result.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from dafeng.domains.inventory.methods.completeness import shares
from dafeng.domains.inventory.methods.inventory import Inventory
from dafeng.domains.inventory.methods.key_categories import potentials
from dafeng.domains.inventory.methods.quality_rules import PARTS, Marks, marks
from dafeng.kernel.accounting.status import Status, status_of_factor
from dafeng.kernel.quantities import places

CELL = ("sector", "category", "item", "gas", "kind", "place", "year")
PART_NAMES = {
    "tier": ("方法层级", "Tier of the method"),
    "basis": ("活动水平来源", "Basis of the activity data"),
    "place": ("因子本地化", "How local the factors are"),
    "standing": ("因子依据", "How well the factors are documented"),
}


def quality_scores(
    inventory: Inventory, *, kinds: Iterable[str] = ("direct",), within: str | None = None, scale: Marks | None = None
) -> pl.DataFrame:
    """One row for each cell with a number: what it scores and why.

    Columns: sector, category, item, gas, kind, place, year, co2e (t; the weight is its size), tier, basis, factor_place,
    factor_standing (the four parts, 0 to 1), score (0 to 100), gap (the part that costs the cell most), worst_factor (id
    of the factor of lowest standing, then of widest place, empty without factors), status.
    A cell without factors, such as a measured emission, has full marks for them: it needs none.
    """
    told = marks() if scale is None else scale
    rows = _marked(inventory, list(kinds), within, told)
    size = pl.col("co2e").abs()
    parts = [_mean(name, size) for name in ("tier", "basis", "factor_place", "factor_standing")]
    cells = rows.group_by(CELL).agg(
        pl.col("co2e").sum(),
        *parts,
        pl.col("worst_factor").sort_by("factor_standing", "factor_place", "worst_factor").first(),
        pl.col("status").max(),
    )
    return _scored(cells, told).sort(CELL)


def city_scores(
    inventory: Inventory,
    *,
    matrix: pl.DataFrame | None = None,
    within: str | None = None,
    by: Iterable[str] = ("year",),
    scale: Marks | None = None,
) -> pl.DataFrame:
    """Scores of sums by `by` (year unless told; any of sector, category, gas, place, year), weighted by |CO2e|.

    `matrix` is that of `completeness`; with it `coverage` is the share of its cells that is complete, and `overall` =
    score × coverage; without it both are null. Columns: those of `by`, cells, size (sum of |CO2e|), tier, basis,
    factor_place, factor_standing, score, coverage, overall, status.
    """
    told = marks() if scale is None else scale
    names = list(by)
    cells = quality_scores(inventory, within=within, scale=told)
    size = pl.col("co2e").abs()
    summed = cells.group_by(names).agg(
        pl.len().cast(pl.Int64).alias("cells"),
        *(_mean(name, size) for name in ("tier", "basis", "factor_place", "factor_standing")),
        size.sum().alias("size"),
        pl.col("status").max(),
    )
    scored = _scored(summed.rename({"size": "co2e"}), told).rename({"co2e": "size"}).drop("gap")
    if matrix is None:
        covered = scored.with_columns(pl.lit(None, dtype=pl.Float64).alias("coverage"))
    else:
        own = [name for name in names if name in matrix.columns]
        complete = shares(matrix.cast({"year": pl.Int16}), *own).select(*own, pl.col("complete").alias("coverage"))
        covered = scored.join(complete, on=own, how="left")
    return covered.with_columns((pl.col("score") * pl.col("coverage")).alias("overall")).select(
        *names, "cells", "size", "tier", "basis", "factor_place", "factor_standing", "score", "coverage", "overall",
        "status",
    ).sort(names)  # fmt: skip


def rises(scores: pl.DataFrame) -> pl.DataFrame:
    """Whether each year scores above the year before it; of `city_scores` by year.

    `overall` is compared where both years have it, else `score`. Columns: year, previous_year, previous, value, change,
    passed. A score that is full in both years passes. One year alone gives no row.
    """
    ordered = scores.sort("year").with_columns(pl.col("year", "score", "overall").shift(1).name.suffix("_before"))
    both = pl.col("overall").is_not_null() & pl.col("overall_before").is_not_null()
    now = pl.when(both).then("overall").otherwise("score")
    then = pl.when(both).then("overall_before").otherwise("score_before")
    return (
        ordered.filter(pl.col("year_before").is_not_null())
        .select(
            "year",
            pl.col("year_before").alias("previous_year"),
            then.alias("previous"),
            now.alias("value"),
            (now - then).alias("change"),
        )
        .with_columns(
            ((pl.col("change") > 1e-9) | ((pl.col("value") > 100 - 1e-9) & (pl.col("change") > -1e-9))).alias("passed")
        )
    )


def improvements(scores: pl.DataFrame, *, year: int, scale: Marks | None = None) -> pl.DataFrame:
    """What would raise the city's score of a year most; from `quality_scores`, largest gain first.

    One row for each category and part. Columns: category, part, part_zh, part_en, mark (now, 0 to 1), points (what the
    city's score would gain if the part were full), share (of the year's |CO2e|), worst_factor.
    """
    told = marks() if scale is None else scale
    chosen = scores.filter(pl.col("year") == year)
    whole = chosen["co2e"].abs().sum()
    size = pl.col("co2e").abs()
    found = [pl.DataFrame(schema=_IMPROVEMENT)]
    for part in PARTS:
        column = _COLUMN_OF[part]
        gap = ((1 - pl.col(column)) * size).sum() / whole if whole else pl.lit(0.0)
        summed = chosen.group_by("category").agg(
            pl.lit(part).alias("part"),
            pl.lit(PART_NAMES[part][0]).alias("part_zh"),
            pl.lit(PART_NAMES[part][1]).alias("part_en"),
            _mean(column, size).alias("mark"),
            (100 * told.weights[part] * gap).alias("points"),
            (size.sum() / whole if whole else pl.lit(0.0)).alias("share"),
            pl.col("worst_factor").sort_by(size, descending=True).first(),
        )
        found.append(summed.select(pl.col(name).cast(dtype) for name, dtype in _IMPROVEMENT.items()))
    ranked = pl.concat(found).filter(pl.col("points") > 1e-9)
    return ranked.sort("points", "category", "part", descending=[True, False, False])


_COLUMN_OF = {"tier": "tier", "basis": "basis", "place": "factor_place", "standing": "factor_standing"}
_IMPROVEMENT: dict[str, Any] = {
    "category": pl.String,
    "part": pl.String,
    "part_zh": pl.String,
    "part_en": pl.String,
    "mark": pl.Float64,
    "points": pl.Float64,
    "share": pl.Float64,
    "worst_factor": pl.String,
}


def _mean(name: str, size: pl.Expr) -> pl.Expr:
    """Mean weighted by size; a plain mean where everything is zero."""
    return (
        pl.when(size.sum() > 0)
        .then((pl.col(name) * size).sum() / size.sum())
        .otherwise(pl.col(name).mean())
        .alias(name)
    )


def _scored(frame: pl.DataFrame, told: Marks) -> pl.DataFrame:
    loss = {part: (1 - pl.col(_COLUMN_OF[part])) * told.weights[part] for part in PARTS}
    worst = pl.max_horizontal(*loss.values())
    gap: pl.Expr = pl.lit("")
    for part in reversed(PARTS):
        gap = pl.when((loss[part] == worst) & (worst > 0)).then(pl.lit(part)).otherwise(gap)
    total = sum(loss.values(), pl.lit(0.0))
    return frame.with_columns((100 * (1 - total)).alias("score"), gap.alias("gap"))


def _marked(inventory: Inventory, kinds: list[str], within: str | None, told: Marks) -> pl.DataFrame:
    """Emissions by resolution, place, year, basis and mark, each with its four marks."""
    emissions = inventory.emissions
    activities = emissions.activities.select(
        "row",
        "year",
        pl.col("basis").cast(pl.String).fill_null("reported"),
        pl.col("mark", "place").cast(pl.String).fill_null(""),
    )
    if within is not None:
        inside = [place for place in activities["place"].unique() if within in places.ancestors(place)]
        activities = activities.filter(pl.col("place").is_in(inside))
    weights = [(gas, origin, weight) for (gas, origin), weight in potentials(inventory).items()]
    schema = {"gas": pl.String, "origin": pl.String, "weight": pl.Float64}
    resolutions = (
        emissions.resolutions.filter(pl.col("kind").is_in(kinds))
        .select("resolution", "category", "item", "gas", "kind", "origin", "tier")
        .join(pl.DataFrame(weights, schema=schema, orient="row"), on=["gas", "origin"])
        .join(_factor_marks(inventory, told), on="resolution", how="left")
    )
    rows = (
        emissions.results.filter(pl.col("emission").is_not_null())
        .join(activities, on="row")
        .group_by("resolution", "place", "year", "basis", "mark")
        .agg(pl.col("emission").abs().sum().alias("size"), pl.col("emission").sum(), pl.col("status").max())
        .join(resolutions.filter(pl.col("weight").is_not_null()), on="resolution")
    )
    tier = {name: told.of_tier(name) for name in rows["tier"].unique()}
    basis = {name: told.basis.get(name, 0.0) for name in rows["basis"].unique()}
    mark = {name: told.mark.get(name, told.mark["other"]) if name else 1.0 for name in rows["mark"].unique()}
    sector = (
        pl.when(pl.col("category").str.starts_with("ID")).then(pl.lit("ID")).otherwise(pl.col("category").str.head(1))
    )
    return rows.with_columns(
        sector.alias("sector"),
        (pl.col("emission") * pl.col("weight")).alias("co2e"),
        _look_up("tier", tier).alias("tier"),
        (_look_up("basis", basis) * _look_up("mark", mark)).alias("basis"),
        pl.col("factor_place", "factor_standing").fill_null(1.0),
        pl.col("worst_factor").fill_null(""),
    )


def _look_up(name: str, values: dict[str, float]) -> pl.Expr:
    return pl.col(name).replace_strict(values or {"": 0.0}, return_dtype=pl.Float64)


def _factor_marks(inventory: Inventory, told: Marks) -> pl.DataFrame:
    """resolution, factor_place, factor_standing (means over its factors), worst_factor."""
    emissions = inventory.emissions
    known = emissions.factors.select("factor_id", "place", "owner")
    terms = emissions.terms.select("resolution", "factor_id", "standing").join(known, on="factor_id", how="left")
    of_place = {code: told.place[places.level(code)] for code in terms["place"].unique().drop_nulls()}
    of_standing = {word: told.standing.get(word, _standing(word)) for word in terms["standing"].unique()}
    own = pl.when(pl.col("owner") == "municipal").then(told.place["city"]).otherwise(0.0)
    marked = terms.with_columns(
        pl.max_horizontal(_look_up("place", of_place).fill_null(0.0), own).alias("factor_place"),
        _look_up("standing", of_standing).alias("factor_standing"),
    )
    return marked.group_by("resolution").agg(
        pl.col("factor_place", "factor_standing").mean(),
        pl.col("factor_id").sort_by("factor_standing", "factor_place", "factor_id").first().alias("worst_factor"),
    )


def _standing(word: str) -> float:
    """A standing that the table does not list: full marks if it is sound, none otherwise."""
    return 1.0 if status_of_factor(word) == Status.OK else 0.0
