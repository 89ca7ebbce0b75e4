"""Checks whether data were measured at all: evidence used twice, copied reports, holidays, first and last digits.

Public holidays are those of `kernel.quantities.workdays` (State Council notices); years that it does not know are left out.
"""

from __future__ import annotations

import math
from datetime import date
from functools import lru_cache
from typing import Any

import polars as pl

from dafeng.domains.enterprise.reporting.methods.checked import CELL, SERIES, Checked
from dafeng.kernel.quantities import workdays

WHERE = ("facility", "month", "item", "stream")
_DIGEST_SHOWN = 12
_OTHERS_SHOWN = 3


def evidence(checked: Checked, rule: Any) -> pl.DataFrame:
    """One file behind the data of two facilities or two months."""
    if "evidence" not in checked.frame.columns:
        return checked.frame.clear()
    rows = checked.frame.select(*WHERE, "evidence")
    if isinstance(rows.schema["evidence"], pl.List):
        rows = rows.explode("evidence")
    rows = rows.filter(pl.col("evidence").is_not_null() & (pl.col("evidence") != ""))
    cells = rows.select("evidence", "facility", "month").unique(maintain_order=True)
    shared = cells.group_by("evidence", maintain_order=True).agg(pl.len().alias("count")).filter(pl.col("count") > 1)
    place = pl.format("{} {}", "facility", "month")
    cells = cells.join(shared, on="evidence", how="inner", maintain_order="left").with_columns(place.alias("place"))
    lists = cells.group_by("evidence", maintain_order=True).agg("place")
    found = rows.join(lists, on="evidence", how="inner", maintain_order="left").with_columns(place.alias("own"))
    others = (
        pl.col("place").list.set_difference(pl.concat_list("own")).list.sort().list.head(_OTHERS_SHOWN).list.join("、")
    )
    return found.select(
        *WHERE, pl.col("evidence").str.slice(0, _DIGEST_SHOWN).alias("digest"), others.alias("others"),
        (pl.col("place").list.len() - 1).alias("count"),
    ).unique(WHERE, maintain_order=True)  # fmt: skip


def identical(checked: Checked, rule: Any) -> pl.DataFrame:
    """Results of one cell that agree to the digit with those of another month, or, more of them, with another facility's.

    All of them where fewer than `together` were told: two results of one coal can agree by chance, three do not. With `elsewhere` only
    other firms are looked at (column `firm`), as far as the frame holds any.
    """
    if rule.get("elsewhere") and "firm" not in checked.frame.columns:
        return checked.frame.clear()
    codes = list(rule["items"])
    rows = checked.items(codes).filter((pl.col("way") != "default") & (pl.col("value") != 0))
    rows = rows.with_columns(pl.col("value").round(9).alias("value"))
    digits = pl.col("value").cast(pl.String).str.replace(r"^-?0*\.?0*", "").str.replace(r"\.", "").str.len_chars()
    rows = rows.filter(digits >= rule["digits"])
    cells = (
        rows.group_by(*CELL, maintain_order=True).agg(pl.col("item").n_unique().alias("told")).with_row_index("cell")
    )
    values = rows.join(cells.select(*CELL, "cell"), on=list(CELL), how="inner", maintain_order="left").select(
        "cell", "item", "value"
    )
    common = values.filter(pl.len().over("item", "value").is_between(2, _MOST_EQUAL))
    pairs = common.join(common.rename({"cell": "other"}), on=["item", "value"], how="inner").filter(
        pl.col("cell") != pl.col("other")
    )
    agreeing = pairs.group_by("cell", "other").agg(pl.col("item").n_unique().alias("count"))
    others = cells.select(
        pl.col("cell").alias("other"), pl.col("facility").alias("firm"), pl.col("month").alias("then")
    )
    agreeing = agreeing.join(cells, on="cell", how="inner").join(others, on="other", how="inner")
    if rule.get("elsewhere"):
        owner = dict(checked.frame.select("facility", "firm").unique().iter_rows())
        agreeing = agreeing.filter(pl.col("facility").replace_strict(owner) != pl.col("firm").replace_strict(owner))
    own = pl.col("facility") == pl.col("firm")
    needed = pl.when(own).then(pl.min_horizontal("told", pl.lit(rule["together"])).clip(2)).otherwise(rule["together"])
    agreeing = agreeing.filter(pl.col("count") >= needed).with_columns(
        pl.format("{} {}", "firm", "then").alias("place")
    )
    told = agreeing.group_by(*CELL).agg(
        pl.col("count").max(), pl.col("place").sort().head(_OTHERS_SHOWN).str.join("、").alias("others")
    )
    return told.select("facility", "month", pl.lit(codes[0]).alias("item"), "stream", "count", "others")


# More equal values than this are a habit of rounding, and their pairs would be endless.
_MOST_EQUAL = 60


@lru_cache(maxsize=4096)
def holiday(day: date) -> str | None:
    """The name of the statutory holiday of a day; None on others, and in years that the calendar does not know."""
    name = "" if workdays.is_working(day) else workdays.holiday(day)
    return _HOLIDAYS.get(name, name) or None


_HOLIDAYS = {
    "New Year's Day": "元旦", "Spring Festival": "春节", "Tomb-sweeping Day": "清明节", "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节", "Mid-autumn Festival": "中秋节", "National Day": "国庆节",
}  # fmt: skip


def _named(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """Days with the name of their holiday; null on others."""
    days = rows[column].unique().drop_nulls()
    names = [(day, holiday(date.fromisoformat(day[:10]))) for day in days]
    table = pl.DataFrame(names, schema={column: pl.String, "holiday": pl.String}, orient="row")
    return rows.join(table, on=column, how="left", maintain_order="left")


def holiday_production(checked: Checked, rule: Any) -> pl.DataFrame:
    """Daily production on statutory holidays as high as on ordinary days, where the days are told."""
    rows = checked.frame.filter((pl.col("month").str.len_chars() == 10) & pl.col("item").is_in(list(rule["items"])))
    if rows.is_empty():
        return rows
    rows = _named(rows, "month")
    ordinary = pl.col("value").filter(pl.col("holiday").is_null())
    rows = rows.with_columns(
        ordinary.median().over(SERIES).alias("reference"), ordinary.count().over(SERIES).alias("count")
    )
    ratio = pl.col("value") / pl.col("reference")
    usual = pl.col("holiday").is_not_null() & (pl.col("count") >= rule["at_least"]) & (ratio >= rule["share"])
    return rows.filter(usual & (pl.col("value") > 0)).select(
        *WHERE, "value", "reference", ratio.alias("ratio"), "holiday"
    )


def holiday_report(checked: Checked, rule: Any) -> pl.DataFrame:
    """Laboratory results dated on a statutory holiday."""
    if "on" not in checked.frame.columns:
        return checked.frame.clear()
    rows = checked.frame.filter(pl.col("on").is_not_null() & pl.col("item").is_in(list(rule["items"])))
    rows = _named(rows.with_columns(pl.col("on").cast(pl.String).str.slice(0, 10)), "on")
    return rows.filter(pl.col("holiday").is_not_null()).select(*WHERE, "on", "holiday")


@lru_cache(maxsize=16)
def _limit(significance: float, degrees: int) -> float:
    from scipy.stats import chi2

    return float(chi2.isf(significance, degrees))


def _chi_square(rows: pl.DataFrame, digit: pl.Expr, expected: dict[int, float], by: list[str]) -> pl.DataFrame:
    """`by`, count, value (χ²), digit (the most frequent) and ratio (its share in percent)."""
    counted = rows.with_columns(digit.alias("digit")).filter(pl.col("digit").is_in(list(expected)))
    counted = counted.group_by(*by, "digit", maintain_order=True).agg(pl.len().alias("seen"))
    shares = pl.DataFrame(
        {"digit": list(expected), "share": list(expected.values())}, schema_overrides={"digit": pl.Int64}
    )
    groups = counted.select(by).unique(maintain_order=True).join(shares, how="cross", maintain_order="left")
    whole = groups.join(
        counted.with_columns(pl.col("digit").cast(pl.Int64)), on=[*by, "digit"], how="left", maintain_order="left"
    )
    whole = whole.with_columns(pl.col("seen").fill_null(0), pl.col("seen").fill_null(0).sum().over(by).alias("count"))
    due = pl.col("count") * pl.col("share")
    return whole.group_by(by, maintain_order=True).agg(
        pl.col("count").first(), ((pl.col("seen") - due) ** 2 / due).sum().alias("value"),
        pl.col("digit").sort_by("seen").last(), (pl.col("seen").max() / pl.col("count").first() * 100).alias("ratio"),
    )  # fmt: skip


def benford(checked: Checked, rule: Any) -> pl.DataFrame:
    """First digits of long series over orders of magnitude (`span`); a short or a narrow series is not tested.

    Days and months are different series: a month beside its days would widen the span that they have.
    """
    rows = checked.frame.filter(pl.col("item").is_in(list(rule["items"])) & (pl.col("value") > 0))
    rows = rows.with_columns(pl.col("month").str.len_chars().alias("period"))
    series = [*SERIES, "period"]
    low, high = pl.col("value").quantile(0.01).over(series), pl.col("value").quantile(0.99).over(series)
    rows = rows.filter((pl.len().over(series) >= rule["at_least"]) & (high >= low * rule["span"]))
    if rows.is_empty():
        return rows
    power = pl.col("value").log10().floor()
    first = (pl.col("value") / pl.lit(10.0).pow(power) + 1e-9).floor().clip(1, 9).cast(pl.Int64)
    law = {digit: math.log10(1 + 1 / digit) for digit in range(1, 10)}
    return _beyond(rows, _chi_square(rows, first, law, series), _limit(rule["significance"], 8))


_DECIMALS = 6


def last_digit(checked: Checked, rule: Any) -> pl.DataFrame:
    """Last digits of what a facility's people told, at the decimals that each series is told with."""
    rows = checked.frame.filter(
        pl.col("item").is_in(list(rule["items"])) & (pl.col("value") > 0) & ~pl.col("way").is_in(["default", "meter"])
    )
    # The first number of decimals at which rounding changes nothing; text would say the same, four times slower.
    exact = pl.col("value").round(_DECIMALS)
    decimals = pl.coalesce(
        *(pl.when(pl.col("value").round(count) == exact).then(count) for count in range(_DECIMALS)), pl.lit(_DECIMALS)
    )
    rows = rows.with_columns(decimals.max().over(SERIES).alias("decimals"))
    whole = (pl.col("value") * pl.lit(10.0).pow(pl.col("decimals"))).round(0).cast(pl.Int64)
    # A value of two digits has no free last digit.
    rows = rows.with_columns(whole.alias("whole")).filter(pl.col("whole") >= 100)
    rows = rows.filter(pl.len().over("facility") >= rule["at_least"])
    if rows.is_empty():
        return rows
    found = _chi_square(rows, pl.col("whole") % 10, dict.fromkeys(range(10), 0.1), ["facility"])
    told = found.with_columns(pl.lit("").alias("item"), pl.lit("").alias("stream"))
    return _beyond(rows, told, _limit(rule["significance"], 9))


def _beyond(rows: pl.DataFrame, found: pl.DataFrame, limit: float) -> pl.DataFrame:
    """Findings beyond the limit, at the last period of the series."""
    last = rows.group_by("facility", maintain_order=True).agg(pl.col("month").max())
    found = found.filter(pl.col("value") > limit).join(last, on="facility", how="left", maintain_order="left")
    facts = ["count", "value", "digit", "ratio"]
    return found.select(*WHERE, *facts, pl.lit(limit).alias("reference"))


KINDS = {
    "evidence": evidence,
    "identical": identical,
    "holiday": holiday_production,
    "holiday_report": holiday_report,
    "benford": benford,
    "last_digit": last_digit,
}
