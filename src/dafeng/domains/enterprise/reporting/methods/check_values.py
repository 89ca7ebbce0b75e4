"""Checks of single series: ranges, wrong units, jumps, fuels far from their defaults, tests given up."""

from __future__ import annotations

import math
from typing import Any

import polars as pl

from dafeng.domains.enterprise.reporting.methods.checked import SERIES, Checked, robust

WHERE = ("facility", "month", "item", "stream")
_DAY = len("2025-10-01")


def limits(checked: Checked, rule: Any) -> pl.DataFrame:
    """Values beyond hard or usual limits, of months and years: the limits are not those of a day."""
    if not rule["limits"]:
        return checked.frame.clear()
    table = pl.DataFrame(
        [(code, low, high, rule["units"][code]) for code, (low, high) in rule["limits"].items()],
        schema={"item": pl.String, "low": pl.Float64, "high": pl.Float64, "unit": pl.String}, orient="row",
    )  # fmt: skip
    told = checked.frame.filter(pl.col("month").str.len_chars() < _DAY)
    rows = told.select(*WHERE, "value").join(table, on="item", how="inner", maintain_order="left")
    return rows.filter((pl.col("value") < pl.col("low")) | (pl.col("value") > pl.col("high")))


def magnitude(checked: Checked, rule: Any) -> pl.DataFrame:
    """Values tens of times away from the series' own median."""
    rows = checked.monthly.filter(pl.col("value") > 0)
    rows = rows.with_columns(
        pl.col("value").median().over(SERIES).alias("reference"), pl.len().over(SERIES).alias("count")
    ).with_columns((pl.col("value") / pl.col("reference")).alias("ratio"))
    far = (pl.col("ratio") >= rule["factor"]) | (pl.col("ratio") <= 1 / rule["factor"])
    return rows.filter(far & (pl.col("count") >= rule["at_least"])).select(*WHERE, "value", "reference", "ratio")


def reference(checked: Checked, rule: Any) -> pl.DataFrame:
    """A fuel's tested property against the default of its kind."""
    table = pl.DataFrame(
        [
            (item, kind, value, rule["tolerance"][item])
            for item, kinds in rule["references"].items()
            for kind, value in kinds.items()
        ],
        schema={"item": pl.String, "kind": pl.String, "reference": pl.Float64, "tolerance": pl.Float64}, orient="row",
    )  # fmt: skip
    rows = checked.items(rule["items"]).filter(pl.col("value") > 0)
    rows = rows.with_columns(pl.col("stream").str.split("/").list.first().alias("kind"))
    rows = rows.join(table, on=["item", "kind"], how="inner", maintain_order="left")
    apart = (pl.col("value") / pl.col("reference") - 1).abs()
    return rows.filter(apart > pl.col("tolerance")).select(*WHERE, "value", "reference", (apart * 100).alias("ratio"))


def step(checked: Checked, rule: Any) -> pl.DataFrame:
    """Jumps against the month before, beyond a factor and beyond the series' own spread; the way back is not told again."""
    rows = checked.items(rule["items"]).filter(pl.col("value") > 0)
    previous = {name: pl.col(name).shift(1).over(SERIES) for name in ("value", "month", "at")}
    rows = rows.with_columns(
        previous["value"].alias("previous"), previous["month"].alias("previous_month"), previous["at"].alias("before")
    )
    next_month = pl.col("before") == pl.col("at") - 1
    rows = rows.with_columns(pl.when(next_month).then((pl.col("value") / pl.col("previous")).log()).alias("change"))
    _, spread = robust("change", list(SERIES))
    limit = pl.max_horizontal(pl.lit(math.log(rule["factor"])), rule["deviations"] * spread)
    jump = pl.col("change").abs() > limit
    rows = rows.with_columns(jump.fill_null(False).alias("jump"))
    back = pl.col("jump").shift(1).over(SERIES) & (pl.col("change") * pl.col("change").shift(1).over(SERIES) < 0)
    found = rows.filter(pl.col("jump") & ~back.fill_null(False))
    return found.select(*WHERE, "value", "previous", "previous_month", pl.col("change").exp().alias("ratio"))


def year(checked: Checked, rule: Any) -> pl.DataFrame:
    """Jumps against the same month of the year before, apart from the change that all months share."""
    rows = checked.items(rule["items"]).filter(pl.col("value") > 0)
    before = rows.select(*SERIES, (pl.col("at") + 12).alias("at"), pl.col("value").alias("previous"))
    rows = rows.join(before, on=[*SERIES, "at"], how="inner", maintain_order="left")
    rows = rows.with_columns((pl.col("value") / pl.col("previous")).log().alias("change"))
    median, spread = robust("change", list(SERIES))
    limit = pl.max_horizontal(pl.lit(math.log(rule["factor"])), rule["deviations"] * spread)
    found = rows.filter(
        ((pl.col("change") - median).abs() > limit) & (pl.col("change").abs() > math.log(rule["factor"]))
    )
    return found.select(*WHERE, "value", "previous", pl.col("change").exp().alias("ratio"))


def back_to_default(checked: Checked, rule: Any) -> pl.DataFrame:
    """Months with fuel and without a test, after a month with one."""
    fuel = checked.items(["fuel_use"]).filter(pl.col("value") > 0).select("facility", "stream", "month", "at")
    tested = checked.items(rule["items"]).filter(pl.col("way") != "default")
    # Carbon is tested as elemental carbon or told per heat: either will do.
    name = pl.when(pl.col("item") == "ncv").then(pl.lit("ncv")).otherwise(pl.lit("elemental_carbon"))
    tested = tested.with_columns(name.alias("item")).select(*SERIES, "at", "month").unique(maintain_order=True)
    since = (
        tested.sort("at")
        .group_by(*SERIES, maintain_order=True)
        .agg(pl.col("at").first().alias("since"), pl.col("month").first().alias("previous_month"))
    )
    due = fuel.join(since, on=["facility", "stream"], how="inner", maintain_order="left").filter(
        pl.col("at") > pl.col("since")
    )
    lacking = due.join(tested.select(*SERIES, "at"), on=[*SERIES, "at"], how="anti", maintain_order="left")
    return lacking.select(*WHERE, "previous_month")


KINDS = {
    "range": limits,
    "usual": limits,
    "magnitude": magnitude,
    "reference": reference,
    "step": step,
    "year": year,
    "back_to_default": back_to_default,
}
