"""Points: grams over the rate of the day, rounded down; and fixed points of an act whose methodology says so."""

from __future__ import annotations

import polars as pl

from dafeng.domains.inclusion.models import MethodologyVersion, Programme
from dafeng.domains.inclusion.standards import inforce

# Reasons with which a good act may still carry its methodology's fixed points (draft rule of the city).
FIXED = ("factor_missing", "activity_only")
MOST = 2**32 - 1


def points_of(grams: int, reason: str, grams_per_point: int | None, fixed: int) -> int:
    """Points of one act."""
    if reason in FIXED:
        return fixed
    return grams // grams_per_point if grams_per_point and not reason else 0


def points(programme: Programme, frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` (as `compute` gives it: `day`, `grams`, `version`, `reason`) with `points` (UInt32).

    A row with grams on a day without a rate gets none and the reason `rate_missing`.
    """
    rates = inforce.rates_of(programme)
    days = frame["day"].unique().to_list()
    held = {day: rate.grams_per_point for day in days if day and (rate := inforce.rate_on(rates, day))}
    fixed = _fixed(frame["version"].unique().drop_nulls().to_list())
    per_point = pl.col("day").replace_strict(list(held), list(held.values()), default=None, return_dtype=pl.Int64)
    own = pl.col("version").replace_strict(list(fixed), list(fixed.values()), default=0, return_dtype=pl.Int64)
    lacking = (pl.col("reason") == "") & (pl.col("grams") > 0) & per_point.is_null()
    reason = pl.when(lacking).then(pl.lit("rate_missing")).otherwise(pl.col("reason"))
    made = (
        pl.when(pl.col("reason").is_in(FIXED)).then(own)
        .when(pl.col("reason") == "").then(pl.col("grams") // per_point)
        .otherwise(0)
    )  # fmt: skip
    return frame.with_columns(made.fill_null(0).clip(0, MOST).cast(pl.UInt32).alias("points"), reason.alias("reason"))


def _fixed(versions: list[int]) -> dict[int, int]:
    """Version → points of one act; those without are left out."""
    rows = MethodologyVersion.objects.filter(pk__in=versions).values_list("pk", "content__points_fixed")
    return {pk: int(fixed) for pk, fixed in rows if fixed}
