"""Load profiles as one block: meter × day × slot. Every method of this room that looks at shapes looks at this block.

A slot is an equal part of a day (24 hours, 96 quarter-hours) on the city's clock, which has no summer time. A value is the quantity
used in the slot; NaN where nothing was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from dafeng.domains.energy.monitoring.methods.calendar import span

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Profiles:
    """`values` has the shape (meters, days, slots). Days are consecutive."""

    meters: tuple[Any, ...]
    days: tuple[date, ...]
    values: Floats

    @property
    def slots(self) -> int:
        return int(self.values.shape[2])

    @property
    def hours(self) -> float:
        """Length of a slot in hours."""
        return 24.0 / self.slots

    def until(self, count: int) -> Profiles:
        """The first `count` days."""
        return replace(self, days=self.days[:count], values=self.values[:, :count])

    def extended(self, days: int) -> Profiles:
        """With so many empty days at the end."""
        more = np.full((len(self.meters), days, self.slots), np.nan)
        last = self.days[-1]
        added = tuple(last + timedelta(days=count + 1) for count in range(days))
        return replace(self, days=self.days + added, values=np.concatenate([self.values, more], axis=1))

    def at(self, day: int, slot: int) -> datetime:
        """The beginning of a slot, without a zone: the city's clock."""
        return datetime.combine(self.days[day], datetime.min.time()) + timedelta(hours=slot * self.hours)


def of_frame(frame: pl.DataFrame, *, slots: int, meters: Sequence[Any] | None = None) -> Profiles:
    """Profiles of `point at value` (`at`: beginning of the slot, naive, the city's clock); later rows win over earlier ones.

    Raises `ValueError` for an empty frame: there are no days to lay out.
    """
    if frame.is_empty():
        raise ValueError("no readings")
    chosen = tuple(meters if meters is not None else sorted(frame["point"].unique().to_list()))
    first, last = frame["at"].min(), frame["at"].max()
    assert isinstance(first, datetime)
    assert isinstance(last, datetime)
    days = span(first.date(), last.date())
    values = np.full((len(chosen), len(days), slots), np.nan)
    rows = {meter: row for row, meter in enumerate(chosen)}
    indexed = frame.filter(pl.col("point").is_in(list(chosen))).select(
        pl.col("point").replace_strict(rows, return_dtype=pl.Int64),
        (pl.col("at").dt.date() - pl.lit(days[0])).dt.total_days().alias("day"),
        ((pl.col("at").dt.hour().cast(pl.Int64) * 60 + pl.col("at").dt.minute()) * slots // 1440).alias("slot"),
        pl.col("value").cast(pl.Float64).fill_null(float("nan")),
    )
    values[indexed["point"].to_numpy(), indexed["day"].to_numpy(), indexed["slot"].to_numpy()] = indexed[
        "value"
    ].to_numpy()
    return Profiles(chosen, tuple(days), values)
