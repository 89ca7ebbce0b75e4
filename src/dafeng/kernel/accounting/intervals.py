"""The tables in which both approaches report: intervals about totals and trends, and who owes how much of them."""

from __future__ import annotations

from typing import Any

import polars as pl

from dafeng.kernel.accounting.inputs import Case

Z95 = 1.959963984540054  # a 95 % interval of a normal distribution is ± this many standard deviations
PART = {"input": pl.Int64, "group": pl.Int64, "slot": pl.Int64, "amount": pl.Float64}
_CENTRAL = ("group", "emission", "base_emission", "parts", "missing", "status")


def parts_frame(inputs: Any = (), group: Any = (), slot: Any = (), amount: Any = ()) -> pl.DataFrame:
    """What inputs owe: input, group, slot and the signed half width of the emission, in t × weight."""
    columns = {"input": inputs, "group": group, "slot": slot, "amount": amount}
    return pl.DataFrame(columns, schema=PART)


def by_input(parts: pl.DataFrame) -> pl.DataFrame:
    """One row for each input and group: `now` and `base`, what it owes of the year and of the base year."""
    return parts.group_by("input", "group").agg(
        pl.col("amount").filter(pl.col("slot") == 0).sum().alias("now"),
        pl.col("amount").filter(pl.col("slot") == 1).sum().alias("base"),
    )


def trend() -> pl.Expr:
    """(emission − base) / |base|; null without a base."""
    base = pl.col("base_emission")
    return pl.when(base != 0).then((pl.col("emission") - base) / base.abs())


def trend_change(now: pl.Expr, base: pl.Expr) -> pl.Expr:
    """First-order change of the trend when the emission moves by `now` and its base by `base`.

    Table 3.2 has two cases of this: type A, where an input moves both years, and type B, where it moves one.
    """
    level, start = pl.col("emission"), pl.col("base_emission")
    return pl.when(start != 0).then(start.sign() * (now / start - level * base / (start * start)))


def interval_columns(levels: pl.DataFrame) -> list[Any]:
    """The columns of `Uncertainty.total` and `groups`, after `group`."""
    asked = [name for name in levels.columns if name not in _CENTRAL]
    relative = pl.when(pl.col("emission") != 0).then(pl.col("half_width") / pl.col("emission").abs())
    known, trended = pl.col("emission").is_not_null(), pl.col("trend").is_not_null()
    about = [pl.when(known).then(pl.col(name)).alias(name) for name in ("mean", "lower", "upper", "half_width")]
    about_trend = [pl.when(trended).then(pl.col(name)).alias(name) for name in ("trend_lower", "trend_upper")]
    central = ["emission", *about, relative.alias("relative"), "parts", "missing", "status"]
    return ["group", *asked, *central, "base_emission", "trend", *about_trend]


def ranked(
    parts: pl.DataFrame, total: pl.DataFrame, case: Case, variance: tuple[float, float] | None = None
) -> pl.DataFrame:
    """Inputs by what they owe of the total. `variance`: total and trend, in squared half widths; the sum when None."""
    central = (pl.lit(total[name][0], dtype=pl.Float64).alias(name) for name in ("emission", "base_emission"))
    frame = (
        by_input(parts)
        .with_columns(*central)
        .select(
            "input",
            pl.col("now").abs().alias("half_width"),
            trend_change(pl.col("now"), pl.col("base")).abs().alias("trend_half_width"),
        )
    )
    widths = ("half_width", "trend_half_width")
    whole = variance or tuple(float((frame[name] ** 2).sum()) for name in widths)
    shares = {
        name: pl.col(width) ** 2 / pl.lit(squared or None, dtype=pl.Float64)
        for name, width, squared in zip(("share", "trend_share"), widths, whole, strict=True)
    }
    return (
        case.describe(frame)
        .with_columns(**shares)
        .select("input", "id", "row", "parameter", "category", "item", "relative", "basis",
                "half_width", "share", "trend_half_width", "trend_share")
        .sort("half_width", "input", "id", "row", descending=[True, False, False, False])
    )  # fmt: skip
