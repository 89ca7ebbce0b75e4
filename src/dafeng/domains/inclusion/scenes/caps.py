"""Caps: how many points a member may have of a scene for one event, in one day, in one month.

The event's cap first, then what is left of the day, then of the month, event by event in the order of their numbers. What is
over a cap is left out, not kept for later; the reduction itself (grams) is not capped. Pure: frames in, frame out.
"""

from __future__ import annotations

import polars as pl

DAY, MONTH = ("member", "scene", "day"), ("member", "scene", "month")


def capped(events: pl.DataFrame, day_use: pl.DataFrame, month_use: pl.DataFrame) -> pl.DataFrame:
    """Points after caps, and which cap it was.

    `events`, sorted by number: member, scene, day, month, points (Int64), event_cap, daily_cap, monthly_cap (0: none).
    `day_use`: member, scene, day, used; `month_use`: member, scene, month, used. Adds `cap` ("", cap_event, cap_day, cap_month).
    """
    given = events["points"]
    first = events.with_columns(points=_under("points", "event_cap"))
    second = _within(first, day_use, DAY, "daily_cap")
    third = _within(second, month_use, MONTH, "monthly_cap")
    reason = (
        pl.when(pl.lit(third["points"]) < pl.lit(second["points"]))
        .then(pl.lit("cap_month"))
        .when(pl.lit(second["points"]) < pl.lit(first["points"]))
        .then(pl.lit("cap_day"))
        .when(pl.lit(first["points"]) < pl.lit(given))
        .then(pl.lit("cap_event"))
        .otherwise(pl.lit(""))
    )
    return third.with_columns(cap=reason)


def _under(points: str, cap: str) -> pl.Expr:
    return pl.when(pl.col(cap) > 0).then(pl.min_horizontal(points, cap)).otherwise(pl.col(points)).cast(pl.Int64)


def _within(events: pl.DataFrame, use: pl.DataFrame, keys: tuple[str, ...], cap: str) -> pl.DataFrame:
    """Grant events in their order as long as something is left: what all so far may have, less what those before had."""
    joined = events.join(use, on=list(keys), how="left", maintain_order="left").with_columns(
        pl.col("used").fill_null(0)
    )
    left = (pl.col(cap).cast(pl.Int64) - pl.col("used")).clip(0)
    wanted = pl.col("points").cum_sum().over(*keys)
    granted = pl.min_horizontal(wanted, left) - pl.min_horizontal(wanted - pl.col("points"), left)
    return joined.with_columns(points=pl.when(pl.col(cap) > 0).then(granted).otherwise(pl.col("points"))).drop("used")
