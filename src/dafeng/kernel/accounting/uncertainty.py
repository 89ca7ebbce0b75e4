"""Uncertainty of totals and trends: error propagation (approach 1) and Monte Carlo (approach 2).

Source: IPCC 2006, volume 1, chapter 3: equations 3.1 and 3.2, table 3.2 (sensitivities of the trend), section 3.2.3.2.
The one idea: an *input* is a factor (by its id) or an activity row, and each is ONE random variable, however many rows,
gases and years rest on it. A factor that rows share is added up before it is squared; a factor used in both years of a
trend is fully correlated between them, while different activity rows are independent. The rules for products, sums and
correlated sources are then cases of one: U² = Σ over inputs (Σ over rows ∂E/∂x · U_x)².

Bounds are the 2.5 % and 97.5 % quantiles. Approach 1 sees half their width. Approach 2 draws `normal` (each side with
its own spread, so that uneven bounds hold; drawn again where a value ≥ 0 would fall below zero, unless its own bounds
do), `lognormal` (through both bounds), `triangular` (the value is the mode) or `uniform`. Activities are `normal`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from dafeng.kernel.accounting.engine import Emissions
from dafeng.kernel.accounting.inputs import Array, Batch, Case, History, Weights
from dafeng.kernel.accounting.intervals import by_input, interval_columns, parts_frame, ranked, trend, trend_change
from dafeng.kernel.accounting.simulation import Simulation
from dafeng.kernel.errors import MethodError

_STEP = 1e-3  # of the half width: central differences of methods over a history


@dataclass(frozen=True)
class Uncertainty:
    """Intervals of 95 % about a total, its groups and its trend, and what they rest on.

    `total` (one row) and `groups` (one for each value of the columns asked for): emission (as compiled, t × weight),
    mean, lower, upper, half_width, relative (half_width / |emission|), parts, missing, status; and with a base year
    base_emission, trend ((emission − base) / |base|), trend_lower, trend_upper.
    `contributions`, the most important first: input (`factor` or `activity`), id, row, parameter, category, item,
    relative (its half width / |value|), basis (`bounds`, `given` or `default`), half_width (of the total, owed to it),
    share (of the variance), trend_half_width, trend_share. Shares of approach 1 sum to 1; those of approach 2 are
    squared correlations, which leave out what inputs do only together.
    `unstated`: inputs for which nobody gave an uncertainty, with the results on them: they count as certain.
    `left_out`: rows that lack a number (NE, C) or a weight, by gas, origin and reason.
    """

    approach: int
    total: pl.DataFrame
    groups: pl.DataFrame
    contributions: pl.DataFrame
    unstated: pl.DataFrame
    left_out: pl.DataFrame
    kinds: tuple[str, ...]
    year: int | None
    base_year: int | None
    draws: int | None = None
    seed: int | None = None

    @property
    def complete(self) -> bool:
        """Whether every input had an uncertainty and every row a number."""
        return not self.unstated.height and not self.left_out.height


def propagate(
    emissions: Emissions,
    *,
    weights: Weights | None = None,
    kinds: Iterable[str] = ("direct",),
    by: Iterable[str] = (),
    year: int | None = None,
    base_year: int | None = None,
    default_uncertainty: Mapping[str, float] | None = None,
) -> Uncertainty:
    """Approach 1: first-order propagation through the exact derivatives of the methods.

    `weights` maps (gas, origin) to what a tonne counts (a GWP), 1 for all when None; a gas that it lacks is left out
    and said. `by` names columns to group by: category, item, technology, variable, unit, gas, kind, origin, method,
    tier, place, year, basis, mark. `year` restricts to one year; with `base_year` the trend is given too.
    `default_uncertainty` gives relative half widths (0.05 is 5 %) for inputs without their own: by a parameter's name,
    or by `activity:` and the beginning of a category, of which the longest fits. Raises `FactorError` for bounds that
    cannot be, `PeriodError` for a trend without its year, `MethodError` where a derivative does not exist.
    """
    case = Case(
        emissions, weights=weights, kinds=tuple(kinds), by=tuple(by), year=year, base_year=base_year,
        defaults=default_uncertainty or {},
    )  # fmt: skip
    found = [part for batch in case.batches() for part in _slopes(batch)]
    found += [part for source in case.histories() for part in _differences(source)]
    parts = pl.concat([parts_frame(), *found]).filter(pl.col("amount") != 0)
    fine = parts.group_by("input", "group", "slot").agg(pl.col("amount").sum())
    whole = fine.with_columns(pl.lit(0, dtype=pl.Int64).alias("group"))
    total = _propagated(whole, case.overall())
    return Uncertainty(
        approach=1,
        total=total.drop("group"),
        groups=_propagated(fine, case.levels()).drop("group"),
        contributions=ranked(whole, total, case),
        unstated=case.unstated(),
        left_out=case.left_out,
        kinds=case.kinds,
        year=year,
        base_year=base_year,
    )


def simulate(
    emissions: Emissions,
    *,
    seed: int,
    draws: int = 10_000,
    weights: Weights | None = None,
    kinds: Iterable[str] = ("direct",),
    by: Iterable[str] = (),
    year: int | None = None,
    base_year: int | None = None,
    default_uncertainty: Mapping[str, float] | None = None,
) -> Uncertainty:
    """Approach 2: Monte Carlo. Arguments as in `propagate`; the same seed gives the same result.

    Each input has a stream of its own, named by the seed and the factor's id or the row's number, so that two runs differ
    only by what differs in them. Memory: 8 bytes × draws for each group and year, 4 bytes × draws for each uncertain factor. Raises
    `MethodError` for fewer than 100 draws or a draw without a finite result.
    """
    if draws < 100:
        raise MethodError(f"抽样次数 {draws} 太少", expected="至少 100 次，通常 10000 次")
    case = Case(
        emissions, weights=weights, kinds=tuple(kinds), by=tuple(by), year=year, base_year=base_year,
        defaults=default_uncertainty or {},
    )  # fmt: skip
    simulation = Simulation(case, draws, seed)
    for batch in case.batches():
        simulation.add_batch(batch)
    for source in case.histories():
        simulation.add_history(source)
    total, groups, contributions = simulation.finish()
    return Uncertainty(
        approach=2,
        total=total.drop("group"),
        groups=groups.drop("group"),
        contributions=contributions,
        unstated=case.unstated(),
        left_out=case.left_out,
        kinds=case.kinds,
        year=year,
        base_year=base_year,
        draws=draws,
        seed=seed,
    )


def _slopes(batch: Batch) -> Iterator[pl.DataFrame]:
    """weight · ∂E/∂x · half width of x, for every row and every uncertain input x of the formula."""
    for name, half in batch.halves.items():
        uncertain = np.flatnonzero(half)
        if not uncertain.size:
            continue
        point = [values[uncertain] for values in batch.values.values()]
        with np.errstate(all="ignore"):
            slope = np.broadcast_to(np.asarray(batch.method.derivative(name)(*point), dtype=float), uncertain.shape)
        if not np.isfinite(slope).all():
            raise MethodError(
                f"方法 {batch.method.id} 对输入 {name} 的导数在某些行不存在",
                mend="请检查为零的输入，或改用蒙特卡罗方法（simulate）",
            )
        amount = batch.weight[uncertain] * slope * half[uncertain]
        yield parts_frame(batch.inputs[name][uncertain], batch.group[uncertain], batch.slot[uncertain], amount)


def _differences(source: History) -> Iterator[pl.DataFrame]:
    """The same for a method over a history: one call, in which each input moves up and down in columns of its own."""
    moved = np.unique(np.concatenate([source.inputs[name][half != 0] for name, half in source.halves.items()]))
    if not moved.size:
        return
    columns, sign = np.tile(moved, 2), np.repeat([_STEP, -_STEP], moved.size)
    arguments: dict[str, Array] = {}
    for name, value in source.values.items():
        moves = source.halves[name][:, None] * np.where(source.inputs[name][:, None] == columns, sign, 0.0)
        arguments[name] = (value[:, None] + moves)[0] if source.constant(name) else value[:, None] + moves
    emission = np.asarray(source.method.function(source.years, **arguments), dtype=float)
    slope = (emission[:, : moved.size] - emission[:, moved.size :]) / (2 * _STEP)
    for at, weight, group, slot in zip(source.at, source.weight, source.group, source.slot, strict=True):
        yield parts_frame(moved, np.full(moved.size, group), np.full(moved.size, slot), weight * slope[at])


def _propagated(parts: pl.DataFrame, levels: pl.DataFrame) -> pl.DataFrame:
    wide = by_input(parts).join(levels.select("group", "emission", "base_emission"), on="group")
    spread = wide.group_by("group").agg(
        (pl.col("now") ** 2).sum().sqrt().alias("half_width"),
        (trend_change(pl.col("now"), pl.col("base")) ** 2).sum().sqrt().alias("trend_half"),
    )
    frame = levels.join(spread, on="group", how="left", maintain_order="left").with_columns(
        pl.col("half_width", "trend_half").fill_null(0.0), trend().alias("trend"), pl.col("emission").alias("mean")
    )
    return frame.with_columns(
        (pl.col("emission") - pl.col("half_width")).alias("lower"),
        (pl.col("emission") + pl.col("half_width")).alias("upper"),
        (pl.col("trend") - pl.col("trend_half")).alias("trend_lower"),
        (pl.col("trend") + pl.col("trend_half")).alias("trend_upper"),
    ).select(interval_columns(levels))
