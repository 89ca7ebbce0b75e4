"""Recalculation: why an inventory differs from an earlier one, split without remainder into five causes.

Source: IPCC 2006, volume 1, chapter 5 (time-series consistency and recalculations) asks for the reasons of every change.
The causes are taken up in this order, each on top of those before it, so that they add up to the whole difference:
`boundary` (sources that only one inventory estimates), `activity` (new activity, old factors, old formula), `factor`
(new factors, old formula), `method` (new formula, tier or version), `gwp` (new potentials on the new emission).
Another order would share out the same difference a little differently where two things changed at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from dafeng.domains.inventory.methods.inventory import Inventory
from dafeng.domains.inventory.methods.key_categories import potentials
from dafeng.domains.inventory.methods.recomputation import recompute

EFFECTS = ("boundary", "activity", "factor", "method", "gwp")
IDENTITY = ("category", "item", "technology", "place", "year", "gas", "kind")
BY = (*IDENTITY, "sector")
_ROUNDING = 1e-12
_SIDE = (
    "row", "resolution", "emission", "value", "variable", "unit", "method", "reference", "factor_ids", "weight",
    "ordinal", "status",
)  # fmt: skip


def explain(
    before: Inventory,
    after: Inventory,
    *,
    by: Iterable[str] = ("category", "gas", "year"),
    kinds: Iterable[str] = ("direct",),
) -> pl.DataFrame:
    """The difference in t CO2e by `by` (any of category, item, technology, place, year, gas, kind, sector).

    Columns: the asked ones, before, after, difference, boundary, activity, factor, method, gwp (sum: difference),
    recomputed (whether every part could be computed again by its old formula), status (the worst of both).
    What has no number counts as nothing, on both sides: a source newly estimated is `boundary`.
    """
    names = list(by)
    found = sources(before, after, kinds=kinds)
    sums = [pl.col(name).sum() for name in ("before", "after", "difference", *EFFECTS)]
    ends = [pl.col("recomputed").all(), pl.col("status").max()]
    if not names:
        return found.select(*sums, *ends)
    return found.group_by(names).agg(*sums, *ends).sort(names)


def sources(before: Inventory, after: Inventory, *, kinds: Iterable[str] = ("direct",)) -> pl.DataFrame:
    """As `explain`, one row for each source (`IDENTITY`), with what changed in it.

    Further columns: sector, method_before, method_after (references), factors_before, factors_after (ids in use on one
    side only).
    """
    wanted = list(kinds)
    old, new = _rows(before, wanted), _rows(after, wanted)
    both = old.select(IDENTITY).unique().join(new.select(IDENTITY).unique(), on=IDENTITY)
    pairs = _pairs(old.join(both, on=IDENTITY, how="semi"), new.join(both, on=IDENTITY, how="semi"))
    parts = [
        _effects(recompute(pairs, before.emissions, after.emissions)),
        _gone(old.join(both, on=IDENTITY, how="semi").join(pairs, left_on="row_id", right_on="row_id_old", how="anti")),
        _on_one_side(old.join(both, on=IDENTITY, how="anti"), "before"),
        _on_one_side(new.join(both, on=IDENTITY, how="anti"), "after"),
    ]
    summed = (
        pl.concat(parts)
        .group_by(IDENTITY)
        .agg(
            *(pl.col(name).sum() for name in ("before", "after", *EFFECTS)),
            pl.col("recomputed").all(),
            pl.col("status").max(),
            *(pl.col(name).drop_nulls().unique().sort().str.join("、") for name in ("method_before", "method_after")),
            *(pl.col(name).explode().drop_nulls().unique().sort() for name in ("factors_before", "factors_after")),
        )
        .sort(IDENTITY)
    )
    only = {
        "factors_before": pl.col("factors_before").list.set_difference("factors_after").list.sort(),
        "factors_after": pl.col("factors_after").list.set_difference("factors_before").list.sort(),
    }
    sector = (
        pl.when(pl.col("category").str.starts_with("ID")).then(pl.lit("ID")).otherwise(pl.col("category").str.head(1))
    )
    return summed.with_columns(
        (pl.col("after") - pl.col("before")).alias("difference"), sector.alias("sector"), **only
    ).select(
        "sector", *IDENTITY, "before", "after", "difference", *EFFECTS, "recomputed", "status",
        "method_before", "method_after", "factors_before", "factors_after",
    )  # fmt: skip


def _rows(inventory: Inventory, kinds: list[str]) -> pl.DataFrame:
    """Every result with a number: its identity, what it rests on, and the weight of its gas (0 for a gas without one)."""
    emissions = inventory.emissions
    weights = [(gas, origin, weight or 0.0) for (gas, origin), weight in potentials(inventory).items()]
    schema = {"gas": pl.String, "origin": pl.String, "weight": pl.Float64}
    resolutions = emissions.resolutions.filter(pl.col("kind").is_in(kinds)).select(
        "resolution", "gas", "kind", "origin", "method", "reference", "factor_ids"
    )
    text = ["category", "item", "technology", "place", "variable", "unit"]
    return (
        emissions.results.filter(pl.col("emission").is_not_null())
        .select("row", "resolution", "emission", "status")
        .join(resolutions.cast({"resolution": pl.UInt32}), on="resolution", maintain_order="left")
        .join(emissions.activities.select("row", pl.col(text).cast(pl.String), "year", "value"), on="row")
        .join(pl.DataFrame(weights, schema=schema, orient="row"), on=["gas", "origin"], maintain_order="left")
        .sort(*IDENTITY, "row", "method")
        .with_columns(pl.int_range(pl.len()).over(*IDENTITY, "variable", "method").alias("ordinal"))
        .with_row_index("row_id")
    )


def _pairs(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """For each new row of a source the old row that it is compared with: the same input by the same method if there is
    one. Several new rows may share an old one (a year's row split in quarters): `sharers` counts them."""
    sides = [
        frame.select(*IDENTITY, pl.col("row_id", *_SIDE).name.suffix(f"_{side}"))
        for side, frame in (("old", old), ("new", new))
    ]
    likeness = [(pl.col(f"{name}_old") == pl.col(f"{name}_new")) for name in ("variable", "method", "unit", "ordinal")]
    ranked = sides[1].join(sides[0], on=IDENTITY).with_columns(
        sum((like.cast(pl.Int8) * weight for like, weight in zip(likeness, (8, 4, 2, 1), strict=True)), pl.lit(0))
        .alias("likeness")
    )  # fmt: skip
    chosen = ranked.sort("row_id_new", "likeness", "row_id_old", descending=[False, True, False])
    return (
        chosen.unique("row_id_new", keep="first", maintain_order=True)
        .drop("likeness")
        .with_columns(pl.len().over("row_id_old").alias("sharers"))
    )


def _effects(pairs: pl.DataFrame) -> pl.DataFrame:
    """From the old number to the new in four steps, in t CO2e; a step that changes nothing but the last bits is none."""
    start = pl.col("emission_old") / pl.col("sharers") * pl.col("weight_old")
    steps = pairs.with_columns(
        start.alias("before"),
        (pl.col("with_activity") * pl.col("weight_old")).alias("active"),
        (pl.col("with_factors") * pl.col("weight_old")).alias("factored"),
        (pl.col("emission_new") * pl.col("weight_old")).alias("renewed"),
        (pl.col("emission_new") * pl.col("weight_new")).alias("after"),
    )
    steps = steps.with_columns(_snap("factored", "renewed", "before"))
    steps = steps.with_columns(_snap("active", "factored", "before"))
    return steps.select(
        *IDENTITY,
        "before",
        "after",
        pl.lit(0.0).alias("boundary"),
        (pl.col("active") - pl.col("before")).alias("activity"),
        (pl.col("factored") - pl.col("active")).alias("factor"),
        (pl.col("renewed") - pl.col("factored")).alias("method"),
        (pl.col("after") - pl.col("renewed")).alias("gwp"),
        "recomputed",
        pl.max_horizontal("status_old", "status_new").alias("status"),
        pl.col("reference_old").alias("method_before"),
        pl.col("reference_new").alias("method_after"),
        pl.col("factor_ids_old").alias("factors_before"),
        pl.col("factor_ids_new").alias("factors_after"),
    )


def _snap(name: str, *others: str) -> pl.Expr:
    """The number itself, or the first of the others that differs from it in the last bits only."""
    number, found = pl.col(name), pl.col(name)
    for other in reversed(others):
        near = (number - pl.col(other)).abs() <= _ROUNDING * pl.max_horizontal(number.abs(), pl.col(other).abs())
        found = pl.when(near).then(pl.col(other)).otherwise(found)
    return found.alias(name)


def _gone(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows that fell away while their source stayed: less activity of the source."""
    return _alone(rows, "before", "activity", -1)


def _on_one_side(rows: pl.DataFrame, side: str) -> pl.DataFrame:
    return _alone(rows, side, "boundary", 1 if side == "after" else -1)


def _alone(rows: pl.DataFrame, side: str, effect: str, sign: int) -> pl.DataFrame:
    amount = pl.col("emission") * pl.col("weight")
    told = {"before": ("method_before", "factors_before"), "after": ("method_after", "factors_after")}
    method, factors = told[side]
    empty: dict[str, Any] = {"method": pl.lit(None, dtype=pl.String), "factors": pl.lit([], dtype=pl.List(pl.String))}
    return rows.select(
        *IDENTITY,
        *((amount if name == side else pl.lit(0.0)).alias(name) for name in ("before", "after")),
        *((amount * sign if name == effect else pl.lit(0.0)).alias(name) for name in EFFECTS),
        pl.lit(True).alias("recomputed"),
        "status",
        *(
            (pl.col("reference") if name == method else empty["method"]).alias(name)
            for name in ("method_before", "method_after")
        ),
        *(
            (pl.col("factor_ids") if name == factors else empty["factors"]).alias(name)
            for name in ("factors_before", "factors_after")
        ),
    )
