"""Approach 2: draw every input, compute every row with its draws, add up. See `uncertainty` for what is drawn.

Rows are taken in steps that fit the processor's cache. Factors are drawn once and kept; an activity row is drawn when
its result is computed, from a stream of its own, and drawn again alike where another gas of the same row needs it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl

from dafeng.kernel.accounting.inputs import Array, Batch, Case, History
from dafeng.kernel.accounting.intervals import Z95, interval_columns, parts_frame, ranked, trend
from dafeng.kernel.errors import MethodError

_TAIL = 0.025
_CELLS_AT_ONCE = 1 << 18  # rows × draws in one step
_MASK = 2**64 - 1


def stream(seed: int, name: str) -> np.random.Generator:
    """The random numbers of one input: they depend on the seed and its name, on nothing else."""
    digest = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence([seed & _MASK, digest])))


def draw_normal(
    value: float, lower: float, upper: float, source: np.random.Generator, draws: int, *, least: float = -np.inf
) -> Array:
    """Median `value`, 95 % between the bounds, each side with its own spread; drawn again where it is below `least`."""
    below, above = (value - lower) / Z95, (upper - value) / Z95
    away = source.standard_normal(draws, dtype=np.float32)
    floor = (least - value) / below if below > 0 else -np.inf
    while (low := away < floor).any():
        away[low] = source.standard_normal(int(low.sum()), dtype=np.float32)
    return value + away * (np.float32(below) if below == above else np.where(away < 0, below, above))


def draw_lognormal(value: float, lower: float, upper: float, source: np.random.Generator, draws: int) -> Array:
    """95 % between the bounds; the median is their geometric mean, whatever the value."""
    middle, spread = (np.log(lower) + np.log(upper)) / 2, (np.log(upper) - np.log(lower)) / (2 * Z95)
    return np.asarray(np.exp(middle + spread * source.standard_normal(draws)))


def draw_uniform(value: float, lower: float, upper: float, source: np.random.Generator, draws: int) -> Array:
    """95 % between the bounds: the ends lie 2.5 % of the width outside them."""
    width = (upper - lower) / (1 - 2 * _TAIL)
    return (lower + upper) / 2 + width * (source.random(draws) - 0.5)


def draw_triangular(value: float, lower: float, upper: float, source: np.random.Generator, draws: int) -> Array:
    """Mode `value`; 2.5 % fall outside each bound, so for the end a (as for b): (l − a)² = 0.025 (b − a)(c − a)."""
    below, above = value - lower, upper - value
    left, right = below, above
    for _ in range(100):  # a contraction: each round divides the error by four or so
        wide = left + right
        left, right = below + np.sqrt(_TAIL * wide * left), above + np.sqrt(_TAIL * wide * right)
    if left + right == 0:
        return np.full(draws, value)
    return source.triangular(value - left, value, value + right, draws)


_DRAWN: dict[str, Callable[..., Array]] = {
    "lognormal": draw_lognormal,
    "uniform": draw_uniform,
    "triangular": draw_triangular,
}


def draw_factor(term: Mapping[str, Any], seed: int, draws: int) -> Array:
    """Draws of one chosen factor, in the unit of the term."""
    source = stream(seed, f"factor:{term['factor_id']}")
    value, lower, upper = term["value"], term["lower"], term["upper"]
    if term["basis"] == "default":
        lower, upper, floor = value - term["half"], value + term["half"], 0.0
    elif term["distribution"] in _DRAWN:
        return _DRAWN[term["distribution"]](value, lower, upper, source, draws)
    else:
        floor = 0.0 if lower >= 0 else -np.inf
    if value < 0:  # a removal keeps its sign as a source does
        return -draw_factor({**term, "value": -value, "lower": -upper, "upper": -lower}, seed, draws)
    return draw_normal(value, lower, upper, source, draws, least=floor)


class Simulation:
    """Sums of draws by slot and group, and what every activity row owes of them, gathered batch by batch."""

    def __init__(self, case: Case, draws: int, seed: int) -> None:
        self.case, self.draws, self.seed = case, draws, seed
        self.slots = 1 if case.base_year is None else 2
        self.sums = np.zeros((self.slots, case.group_names.height, draws))
        self.term_draws, self.term_row = self._draw_terms()
        self.owed: dict[tuple[int, int], float] = {}  # (input, slot) → half width

    def _draw_terms(self) -> tuple[Array, Array]:
        """Draws of each uncertain factor in each of its units, and for every term the row among them (-1: certain)."""
        rows = np.full(self.case.terms.height, -1)
        found: dict[tuple[str, str], int] = {}
        drawn: list[Array] = []
        for number, term in enumerate(self.case.terms.iter_rows(named=True)):
            name = term["factor_id"], term["unit"]
            if term["half"] > 0 and name not in found:
                found[name] = len(drawn)
                drawn.append(draw_factor(term, self.seed, self.draws).astype(np.float32))
            rows[number] = found.get(name, -1)
        return np.array(drawn, dtype=np.float32).reshape(len(drawn), self.draws), rows

    def _draw_activity(self, number: int, value: float, half: float) -> Array:
        source = stream(self.seed, f"activity:{number - self.case.factor_ids.len()}")
        size = abs(value)
        found = draw_normal(size, size - half, size + half, source, self.draws, least=0.0)
        return -found if value < 0 else found

    def _argument(self, name: str, part: Batch | History) -> Array:
        """Draws of one input: (rows, draws); (1, draws) where all rows share them, (rows, 1) where all are certain."""
        values, halves, terms = part.values[name], part.halves[name], part.terms[name]
        if not halves.any():
            return values[:, None]
        at = np.where(terms >= 0, self.term_row[terms], -1) if self.term_row.size else np.full(values.size, -1)
        if (at >= 0).all():
            return self.term_draws[at[:1]] if (at == at[0]).all() else self.term_draws[at]
        found = np.repeat(values[:, None], self.draws, axis=1)
        for row in np.flatnonzero(halves):
            if at[row] >= 0:
                found[row] = self.term_draws[at[row]]
            else:
                found[row] = self._draw_activity(int(part.inputs[name][row]), values[row], halves[row])
        return found

    def add_batch(self, batch: Batch) -> None:
        step = max(1, _CELLS_AT_ONCE // self.draws)
        for begin in range(0, len(batch), step):
            part = batch.slice(begin, begin + step)
            drawn = {name: self._argument(name, part) for name in batch.method.inputs}
            with np.errstate(all="ignore"):
                emission = np.broadcast_to(batch.method.draws(drawn), (len(part), self.draws)) * part.weight[:, None]
            self._add(emission, part.group, part.slot, batch.method.id)
            for name in batch.method.activity:
                for row in np.flatnonzero(part.halves[name]):
                    self._owe(int(part.inputs[name][row]), int(part.slot[row]), drawn[name][row], emission[row])

    def add_history(self, source: History) -> None:
        if not source.at.size:
            return
        shape = (source.years.size, self.draws)
        drawn = {name: np.broadcast_to(self._argument(name, source), shape) for name in source.values}
        arguments = {name: array[0] if source.constant(name) else array for name, array in drawn.items()}
        with np.errstate(all="ignore"):
            emission = np.asarray(source.method.function(source.years, **arguments), dtype=float)
        emission = np.broadcast_to(emission, shape)[source.at] * source.weight[:, None]
        self._add(emission, source.group, source.slot, source.method.id)
        by_slot = [emission[source.slot == slot].sum(axis=0) for slot in range(self.slots)]
        for name in source.values:
            if name not in source.method.parameters:
                for row in np.flatnonzero(source.halves[name]):
                    for slot in range(self.slots):
                        self._owe(int(source.inputs[name][row]), slot, drawn[name][row], by_slot[slot])

    def _add(self, emission: Array, group: Array, slot: Array, method: str) -> None:
        if not np.isfinite(emission).all():
            raise MethodError(f"方法 {method} 的某些抽样结果不是有限的数", mend="请检查接近零的除数及其不确定性")
        where = slot * self.sums.shape[1] + group
        order = np.argsort(where, kind="stable")
        places, starts = np.unique(where[order], return_index=True)
        self.sums.reshape(-1, self.draws)[places] += np.add.reduceat(emission[order], starts, axis=0)

    def _owe(self, number: int, slot: int, drawn: Array, emission: Array) -> None:
        # An activity row is independent of all else, so its covariance with the total is that with its own emission.
        owed = self.owed.get((number, slot), 0.0)
        self.owed[number, slot] = owed + Z95 * _covariance(drawn, emission)

    def finish(self) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Total, groups and contributions, as `Uncertainty` describes them."""
        whole = self.sums.sum(axis=1, keepdims=True)
        total, groups = self._intervals(whole, self.case.overall()), self._intervals(self.sums, self.case.levels())
        return total, groups, ranked(self._owed(whole[:, 0]), total, self.case, self._variance(whole[:, 0]))

    def _intervals(self, sums: Array, levels: pl.DataFrame) -> pl.DataFrame:
        at = levels["group"].to_numpy()
        now = sums[0][at]
        unknown = np.full(at.size, np.nan)
        found = {"mean": now.mean(axis=1), "trend_lower": unknown, "trend_upper": unknown}
        found["lower"], found["upper"] = np.quantile(now, [_TAIL, 1 - _TAIL], axis=1)
        if self.slots == 2:
            with np.errstate(all="ignore"):
                change = (now - sums[1][at]) / np.abs(sums[1][at])
            found["trend_lower"], found["trend_upper"] = np.quantile(change, [_TAIL, 1 - _TAIL], axis=1)
        half = (pl.col("upper") - pl.col("lower")) / 2
        frame = levels.with_columns(pl.Series(name, values).fill_nan(None) for name, values in found.items())
        return frame.with_columns(half.alias("half_width"), trend().alias("trend")).select(interval_columns(levels))

    def _variance(self, whole: Array) -> tuple[float, float]:
        """Of total and trend, in squared half widths."""
        change = 0.0
        if self.slots == 2 and np.all(whole[1] != 0):
            change = float(np.var((whole[0] - whole[1]) / np.abs(whole[1])))
        return Z95**2 * float(np.var(whole[0])), Z95**2 * change

    def _owed(self, whole: Array) -> pl.DataFrame:
        parts = [(number, 0, slot, amount) for (number, slot), amount in self.owed.items()]
        drawn = self.case.terms.select("input").with_columns(pl.Series("row", self.term_row)).filter(pl.col("row") >= 0)
        for number, row in drawn.unique("input", keep="first", maintain_order=True).rows():
            for slot in range(self.slots):
                owed = Z95 * _covariance(self.term_draws[row], whole[slot])
                chance = Z95 * float(np.std(whole[slot])) / np.sqrt(self.draws)  # what unrelated draws would show
                parts.append((number, 0, slot, float(np.sign(owed) * np.sqrt(max(0.0, owed**2 - chance**2)))))
        return parts_frame(*zip(*parts, strict=True)) if parts else parts_frame()


def _covariance(drawn: Array, emission: Array) -> float:
    """Covariance of the emission with an input, for one standard deviation of the input."""
    away = drawn - drawn.mean(dtype=float)
    spread = float(np.sqrt(np.dot(away, away) / away.size))
    return float(np.dot(away, emission)) / away.size / spread if spread else 0.0
