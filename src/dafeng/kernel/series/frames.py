"""The columns of readings and of steps, and the city's calendar. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

UTC_TIME = pl.Datetime("us", "UTC")
READING: dict[str, Any] = {
    "point": pl.Int64, "at": UTC_TIME, "value": pl.Float64, "arrived": UTC_TIME, "revision": pl.Int32, "source": pl.Int8,
    "flag": pl.UInt16,
}  # fmt: skip
# A step: what was used in it (`value`, filled parts with it) or its mean, seconds measured and seconds known at all.
STEP: dict[str, Any] = {
    "point": pl.Int64, "at": UTC_TIME, "value": pl.Float64, "low": pl.Float64, "high": pl.Float64,
    "measured": pl.Float64, "known": pl.Float64, "flag": pl.UInt16,
}  # fmt: skip
MARK: dict[str, Any] = {
    "point": pl.Int64, "at": UTC_TIME, "value": pl.Float64, "arrived": UTC_TIME, "source": pl.Int8, "flag": pl.UInt16,
}  # fmt: skip
STEPS = ("15m", "1h", "1d", "1mo")
COARSER = {"1h": "15m", "1d": "1h", "1mo": "1d"}
SHARDS = 8


def empty(schema: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(schema=schema)


def month(clock: str, name: str = "at") -> pl.Expr:
    """`YYYY-MM` on the city's clock: the partition that a row lies in."""
    return pl.col(name).dt.convert_time_zone(clock).dt.strftime("%Y-%m")


def ordered(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    """Sorted by columns without nulls; looked at first, since what comes in mostly is, and looking costs a tenth of sorting."""
    beyond, equal = pl.lit(False), pl.lit(True)
    for name in names:
        beyond |= equal & (pl.col(name) < pl.col(name).shift(1))
        equal &= pl.col(name) == pl.col(name).shift(1)
    return frame.sort(names) if frame.select(beyond.fill_null(False).any()).item() else frame


def start_of(step: str, clock: str, name: str = "at") -> pl.Expr:
    """The start of the step that a moment lies in, on the city's clock, in UTC."""
    local = pl.col(name).dt.convert_time_zone(clock)
    return local.dt.truncate(step).dt.convert_time_zone("UTC")


def length_of(step: str, clock: str, name: str = "at") -> pl.Expr:
    """Seconds of the step that starts at `name`: months differ."""
    local = pl.col(name).dt.convert_time_zone(clock)
    return (local.dt.offset_by(step).dt.convert_time_zone("UTC") - pl.col(name)).dt.total_seconds().cast(pl.Float64)


def by_month(frame: pl.DataFrame, clock: str) -> dict[str, pl.DataFrame]:
    """The rows of each month (`YYYY-MM` on the city's clock), in their order."""
    if not frame.height:
        return {}
    first, last = frame["at"].min(), frame["at"].max()
    assert isinstance(first, datetime)
    assert isinstance(last, datetime)
    names = months_between(first, last, clock)
    if len(names) == 1:
        return {names[0]: frame}
    starts = pl.Series("start", names[1:]).str.to_datetime("%Y-%m", time_unit="us").dt.replace_time_zone(clock)
    place = starts.to_physical() if clock == "UTC" else starts.dt.convert_time_zone("UTC").to_physical()
    parts = frame.with_columns(
        _month=pl.lit(place).search_sorted(pl.col("at").to_physical(), side="right").cast(pl.UInt16)
    ).partition_by("_month", as_dict=True, maintain_order=True, include_key=False)
    return {names[int(str(number))]: rows for (number,), rows in sorted(parts.items())}


def months_between(start: datetime, end: datetime, clock: str) -> list[str]:
    """The partitions that hold `[start, end]`."""
    span = pl.DataFrame({"at": [start, end]}, schema={"at": UTC_TIME})
    first, last = span.select(month(clock))["at"].to_list()
    found = []
    year, number = int(first[:4]), int(first[5:])
    while (text := f"{year:04d}-{number:02d}") <= last:
        found.append(text)
        year, number = (year, number + 1) if number < 12 else (year + 1, 1)
    return found
