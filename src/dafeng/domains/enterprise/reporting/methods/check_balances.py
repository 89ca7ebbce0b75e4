"""Checks of one thing against another: stock and use, heat and carbon and ash, fuel and output, carbon burnt and supplied."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl

from dafeng.domains.enterprise.reporting.methods.checked import MAD_TO_SIGMA, Checked, robust

WHERE = ("facility", "month", "item", "stream")
_LEDGER = ("fuel_use", "opening_stock", "closing_stock", "fuel_bought", "other_use", "fuel_sold")
_AT_LEAST = 6
_FEW_ROWS = 20


def _as(item: str) -> pl.Expr:
    return pl.lit(item).alias("item")


def stock(checked: Checked, rule: Any) -> pl.DataFrame:
    """Opening + bought − closing − other use − sold against the consumption told."""
    rows = checked.wide(*_LEDGER).drop_nulls(["fuel_use", "opening_stock", "closing_stock", "fuel_bought"])
    other = pl.col("other_use").fill_null(0.0) + pl.col("fuel_sold").fill_null(0.0)
    balance = pl.col("opening_stock") + pl.col("fuel_bought") - pl.col("closing_stock") - other
    rows = rows.with_columns(balance.alias("reference"), other.alias("other"))
    scale = pl.max_horizontal(pl.col("fuel_use").abs(), pl.col("reference").abs())
    apart = (pl.col("fuel_use") - pl.col("reference")).abs()
    found = rows.filter((apart > rule["tolerance"] * scale) & (scale > 0))
    return found.select(
        "facility", "month", _as("fuel_use"), "stream", pl.col("fuel_use").alias("value"), "reference",
        pl.col("opening_stock").alias("opening"), pl.col("fuel_bought").alias("bought"),
        pl.col("closing_stock").alias("closing"), "other", (apart / scale * 100).alias("ratio"),
    )  # fmt: skip


def carried(checked: Checked, rule: Any) -> pl.DataFrame:
    """A month's opening stock against the closing stock of the month before."""
    rows = checked.wide(*_LEDGER)
    before = rows.select(
        "facility", "stream", (pl.col("at") + 1).alias("at"), pl.col("closing_stock").alias("previous")
    )
    rows = rows.join(before, on=["facility", "stream", "at"], how="inner", maintain_order="left").drop_nulls(
        ["opening_stock", "previous"]
    )
    scale = pl.max_horizontal("opening_stock", "previous")
    found = rows.filter((pl.col("opening_stock") - pl.col("previous")).abs() > rule["tolerance"] * scale)
    return found.select(
        "facility", "month", _as("opening_stock"), "stream", pl.col("opening_stock").alias("value"), "previous"
    )


def regression(checked: Checked, rule: Any) -> pl.DataFrame:
    """A property against others of the same sample, by the slopes that all sources of a fuel share around their own medians."""
    target, causes = rule["y"], list(rule["x"])
    series = ["facility", "stream"]
    rows = checked.wide(target, *causes).drop_nulls([target, *causes])
    rows = rows.filter(pl.len().over(series) >= _AT_LEAST)
    if rows.height < _FEW_ROWS:
        return rows.clear()
    centred = rows.select((pl.col(name) - pl.col(name).median().over(series)).alias(name) for name in (target, *causes))
    x, y = centred.select(causes).to_numpy(), centred[target].to_numpy()
    slopes = _slopes(x, y)
    residual = y - x @ slopes
    spread = float(np.median(np.abs(residual - np.median(residual)))) * MAD_TO_SIGMA
    told = rows[target].to_numpy()
    far = (np.abs(residual) > rule["deviations"] * spread) & (np.abs(residual) > rule["relative"] * np.abs(told))
    expected = told - residual
    return rows.with_columns(
        pl.Series("reference", expected), pl.Series("ratio", np.abs(residual) / np.abs(expected) * 100), pl.Series("far", far)
    ).filter("far").select("facility", "month", _as(target), "stream", pl.col(target).alias("value"), "reference", "ratio")  # fmt: skip


def _slopes(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Least squares, and again without what is far off, so that the faults do not teach the line."""
    slopes = np.linalg.lstsq(x, y, rcond=None)[0]
    for _ in range(3):
        residual = np.abs(y - x @ slopes)
        kept = residual <= 3 * MAD_TO_SIGMA * np.median(residual) + 1e-12
        slopes = np.linalg.lstsq(x[kept], y[kept], rcond=None)[0]
    return np.asarray(slopes)


def carbon_fraction(checked: Checked, rule: Any) -> pl.DataFrame:
    """More than a tonne of carbon in a tonne of fuel. Gases are told by volume and left out by their size."""
    rows = checked.wide("ncv", "carbon_content", "elemental_carbon").drop_nulls(["ncv", "carbon_content"])
    solid = pl.col("elemental_carbon").is_not_null().any().over("facility", "stream") | (pl.col("ncv") < _SOLID_NCV)
    found = rows.with_columns((pl.col("ncv") * pl.col("carbon_content")).alias("value")).filter(
        solid & (pl.col("value") > 1)
    )
    return found.select(
        "facility", "month", _as("carbon_content"), "stream", "value", "ncv", pl.col("carbon_content").alias("carbon")
    )


# No solid or liquid fuel has more GJ in a tonne; blast furnace gas has less per 10⁴ Nm³ but never 1 t C per 60 GJ.
_SOLID_NCV = 60.0


def carbon_supplied(checked: Checked, rule: Any) -> pl.DataFrame:
    """A year's carbon burnt against the fuel supplied at the highest carbon of any month of that year."""
    rows = checked.wide(*_LEDGER, "ncv", "carbon_content", "elemental_carbon")
    per_tonne = pl.coalesce("elemental_carbon", pl.col("ncv") * pl.col("carbon_content"))
    rows = rows.with_columns(pl.col("month").str.slice(0, 4).alias("year"), per_tonne.alias("carbon")).sort("at")
    known = ["fuel_use", "carbon", "opening_stock", "closing_stock", "fuel_bought"]
    yearly = rows.group_by("facility", "stream", "year", maintain_order=True).agg(
        (pl.col("fuel_use") * pl.col("carbon")).sum().alias("value"), pl.col("carbon").max().alias("highest"),
        (pl.col("opening_stock").first() + pl.col("fuel_bought").sum() - pl.col("closing_stock").last()).alias("in"),
        (pl.col("other_use").sum() + pl.col("fuel_sold").sum()).alias("out"),
        pl.all_horizontal(pl.col(name).is_not_null().all() for name in known).alias("whole"),
    )  # fmt: skip
    supply = (pl.col("in") - pl.col("out")) * pl.col("highest")
    found = yearly.with_columns(supply.alias("reference")).filter(
        pl.col("whole") & (pl.col("value") > pl.col("reference") * (1 + rule["tolerance"]))
    )
    return found.select("facility", pl.col("year").alias("month"), _as("fuel_use"), "stream", "value", "reference")


def _ratios(checked: Checked, rule: Any, *, signed: bool = False) -> pl.DataFrame:
    top = checked.by_facility(rule["numerator"]).rename({"value": "top"})
    below = checked.by_facility(rule["denominator"]).rename({"value": "below"}).select("facility", "month", "below")
    rows = top.join(below, on=["facility", "month"], how="inner", maintain_order="left").drop_nulls(["top", "below"])
    return rows.filter((pl.col("below") > 0) & (signed | (pl.col("top") > 0)))


def ratio(checked: Checked, rule: Any) -> pl.DataFrame:
    """A month's ratio of two items against the facility's own median."""
    rows = _ratios(checked, rule).with_columns((pl.col("top") / pl.col("below")).log().alias("log"))
    rows = rows.filter(pl.len().over("facility") >= _AT_LEAST)
    median, spread = robust("log", ["facility"])
    rows = rows.with_columns(median.alias("median"), spread.alias("spread"))
    apart = (pl.col("log") - pl.col("median")).abs()
    limit = pl.max_horizontal(pl.lit(math.log(rule["factor"])), rule["deviations"] * pl.col("spread"))
    return rows.filter(apart > limit).select(
        "facility", "month", _as(_item(rule)), pl.lit("").alias("stream"), pl.col("log").exp().alias("value"),
        pl.col("median").exp().alias("reference"), (pl.col("log") - pl.col("median")).exp().alias("ratio"),
    )  # fmt: skip


def peers(checked: Checked, rule: Any) -> pl.DataFrame:
    """A year's ratio of two items against the median of the other firms in the frame (`firm`, where one has several facilities).

    Each is compared with all others and never with itself, so that in a small group a fault does not excuse itself. What is told of
    the others is their number and their median to two digits: no firm's own figure can be read from it.
    """
    rows = _ratios(checked, rule).with_columns(pl.col("month").str.slice(0, 4).alias("year"))
    yearly = rows.group_by("facility", "year", maintain_order=True).agg(
        (pl.col("top").sum() / pl.col("below").sum()).log().alias("log")
    )
    if "firm" in checked.frame.columns:
        # What the calculation added (emissions, prescribed values) names no firm.
        firms = checked.frame.select("facility", "firm").drop_nulls("firm").unique()
        yearly = yearly.join(firms, on="facility", how="left", maintain_order="left")
    else:
        yearly = yearly.with_columns(pl.col("facility").alias("firm"))
    yearly = yearly.with_columns((pl.col("firm").n_unique().over("year") - 1).alias("count"))
    yearly = yearly.filter(pl.col("count") >= rule["at_least"])
    if yearly.is_empty():
        return yearly
    yearly = pl.concat(_beside_others(part) for part in yearly.partition_by("year", maintain_order=True))
    apart = (pl.col("log") - pl.col("median")).abs()
    limit = pl.max_horizontal(pl.lit(math.log(rule["factor"])), rule["deviations"] * pl.col("spread"))
    reference = pl.col("median").exp().round_sig_figs(2)
    return yearly.filter(apart > limit).select(
        "facility", pl.col("year").alias("month"), _as(_item(rule)), pl.lit("").alias("stream"),
        pl.col("log").exp().alias("value"), reference.alias("reference"),
        (pl.col("log").exp() / reference).round_sig_figs(2).alias("ratio"), "count",
    )  # fmt: skip


_ROWS_AT_ONCE = 512


def _beside_others(part: pl.DataFrame) -> pl.DataFrame:
    """`median` and `spread` of `log` over the rows of other firms, for each row of one year."""
    told = part["log"].to_numpy()
    firm = part["firm"].rank("dense").to_numpy()
    medians, spreads = [], []
    for begin in range(0, len(told), _ROWS_AT_ONCE):
        other = firm[begin : begin + _ROWS_AT_ONCE, None] != firm[None, :]
        median = _median(np.broadcast_to(told, other.shape), other)
        medians.append(median)
        spreads.append(_median(np.abs(told[None, :] - median[:, None]), other) * MAD_TO_SIGMA)
    return part.with_columns(pl.Series("median", np.concatenate(medians)), pl.Series("spread", np.concatenate(spreads)))


def _median(values: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The median of each row over what is kept; every row keeps something."""
    ordered = np.sort(np.where(kept, values, np.inf), axis=1)
    count = kept.sum(axis=1)[:, None]
    middle = [np.take_along_axis(ordered, place, axis=1)[:, 0] for place in ((count - 1) // 2, count // 2)]
    return np.asarray((middle[0] + middle[1]) / 2)


def norm(checked: Checked, rule: Any) -> pl.DataFrame:
    """A year's ratio of two items against a published range; `scale` turns it into the unit of the text (kWh, kgce).

    Without a `low` there is only a level not to be passed, and the ratio may be negative (a converter gives energy).
    """
    low = rule.get("low")
    rows = _ratios(checked, rule, signed=low is None).with_columns(pl.col("month").str.slice(0, 4).alias("year"))
    yearly = rows.group_by("facility", "year", maintain_order=True).agg(
        (pl.col("top").sum() / pl.col("below").sum() * float(rule.get("scale", 1.0))).alias("value")
    )
    found = yearly.filter((pl.col("value") > rule["high"]) | (False if low is None else pl.col("value") < low))
    return found.select(
        "facility", pl.col("year").alias("month"), _as(_item(rule)), pl.lit("").alias("stream"), "value",
        pl.lit(low, dtype=pl.Float64).alias("low"), pl.lit(float(rule["high"])).alias("high"),
    )  # fmt: skip


def _item(rule: Any) -> str:
    return "fuel_use" if rule["numerator"] == "fuel_heat" else str(rule["numerator"])


KINDS = {
    "stock": stock,
    "carried": carried,
    "regression": regression,
    "carbon_fraction": carbon_fraction,
    "carbon_supplied": carbon_supplied,
    "ratio": ratio,
    "peers": peers,
    "norm": norm,
}
