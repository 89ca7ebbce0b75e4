"""What the checks look at: the long frame once, and the wide frames that several rules share, made at first use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from dafeng.kernel.errors import ActivityError

SERIES = ("facility", "item", "stream")
CELL = ("facility", "month", "stream")
# Median absolute deviation to standard deviation of a normal distribution.
MAD_TO_SIGMA = 1.4826


@dataclass
class Checked:
    """`frame`: every row; `monthly`: those of months, with `at` (months since year 0), sorted by series and month."""

    frame: pl.DataFrame
    monthly: pl.DataFrame
    _wide: dict[tuple[str, ...], pl.DataFrame] = field(default_factory=dict)

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Checked:
        if lacking := {"facility", "month", "item", "value"} - set(frame.columns):
            raise ActivityError(f"检查的数据缺少列 {'、'.join(sorted(lacking))}")
        stream = pl.col("stream").cast(pl.String).fill_null("") if "stream" in frame.columns else pl.lit("")
        way = pl.col("way").cast(pl.String) if "way" in frame.columns else pl.lit("measured")
        whole = frame.with_columns(
            stream.alias("stream"),
            way.alias("way"),
            pl.col("value").cast(pl.Float64),
            pl.col("item", "month").cast(pl.String),
        )
        months = whole.filter((pl.col("month").str.len_chars() == 7) & pl.col("value").is_not_null())
        year = pl.col("month").str.slice(0, 4).cast(pl.Int32)
        at = (year * 12 + pl.col("month").str.slice(5, 2).cast(pl.Int32)).alias("at")
        return cls(whole, months.with_columns(at).sort(*SERIES, "at"))

    def items(self, codes: Any) -> pl.DataFrame:
        """The monthly rows of these items."""
        return self.monthly.filter(pl.col("item").is_in(list(codes)))

    def wide(self, *codes: str) -> pl.DataFrame:
        """facility, month, at, stream and a column an item; every column is there."""
        if codes not in self._wide:
            part = self.items(codes)
            self._wide[codes] = part.group_by(*CELL, "at", maintain_order=True).agg(
                pl.col("value").filter(pl.col("item") == code).first().alias(code) for code in codes
            )
        return self._wide[codes]

    def by_facility(self, code: str) -> pl.DataFrame:
        """facility, month, at, `value`: an item summed over its streams; `fuel_heat` is the heat of all fuels."""
        if code == "fuel_heat":
            fuels = self.wide("fuel_use", "ncv").with_columns((pl.col("fuel_use") * pl.col("ncv")).alias("value"))
        else:
            fuels = self.items([code])
        return fuels.group_by("facility", "month", "at", maintain_order=True).agg(
            # A stream without its calorific value leaves the sum unknown, not smaller.
            pl.when(pl.col("value").is_not_null().all()).then(pl.col("value").sum()).alias("value")
        )


def robust(value: str, over: list[str]) -> tuple[pl.Expr, pl.Expr]:
    """Median of a column within groups, and its spread as a standard deviation (from the median absolute deviation)."""
    median = pl.col(value).median().over(over)
    return median, (pl.col(value) - median).abs().median().over(over) * MAD_TO_SIGMA
