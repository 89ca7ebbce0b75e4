"""How a value earns its mark, 0 to 100, for a whole column of subjects at once.

Linear and inverse follow GB/T 36132-2025 (基准值 0, 引领值 100, straight between, cut at both ends); step, band, rank in
the peer group and a free rule are the other five lines that official rubrics use.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from dafeng.kernel.scoring import rubric as shapes
from dafeng.kernel.scoring.expression import Column, parse
from dafeng.kernel.scoring.rubric import Item, formula, formula_column
from dafeng.kernel.scoring.values import Board


@dataclass(frozen=True)
class Marked:
    """Mark, and the base and lead it was measured against; NaN where there is none."""

    mark: Column
    base: Column
    lead: Column


def mark_item(item: Item, board: Board, groups: pl.Series) -> Marked:
    """The marks of one item. A value without usable base and lead has no mark: it is missing, and says so."""
    x = np.where(board.na[item.code], np.nan, board.values[item.code])
    match item.scoring:
        case shapes.LINEAR | shapes.INVERSE:
            return _straight(item, x, board)
        case shapes.STEP:
            return _stepped(item, x)
        case shapes.BAND:
            return _banded(item, x)
        case shapes.RANK:
            return _ranked(item, x, groups)
        case shapes.RULE:
            found = np.clip(parse(item.rule, kind="number")(board.values, board.size), 0, 100)
            return Marked(found, _empty(x), _empty(x))
    raise AssertionError(f"a scoring that the checks let through: {item.scoring!r}")


def evidence(item: Item) -> frozenset[str]:
    """The values on which the points of an item rest: its own, and what its base, lead, rule and condition read."""
    names = {item.code}
    for given in (item.base, item.lead, item.rule or None):
        if found := formula(given):
            names |= found.names
    if item.applies:
        names |= parse(item.applies, kind="truth").names
    return frozenset(names)


def _empty(x: Column) -> Column:
    return np.full(x.size, np.nan)


def _straight(item: Item, x: Column, board: Board) -> Marked:
    base = formula_column(item.base, board.values, board.size)
    lead = formula_column(item.lead, board.values, board.size)
    upward = item.scoring == shapes.LINEAR
    usable = (lead > base) if upward else (lead < base)
    with np.errstate(all="ignore"):
        mark = np.clip((x - base) / (lead - base), 0, 1) * 100
    return Marked(np.where(usable, mark, np.nan), base, lead)


def _stepped(item: Item, x: Column) -> Marked:
    at = np.array([step.at for step in item.steps])
    marks = np.array([item.below, *(step.mark for step in item.steps)], dtype=np.float64)
    reached = np.searchsorted(at, x, side="right")
    best = int(marks.argmax())
    lead = np.full(x.size, at[best - 1] if best else np.nextafter(at[0], -np.inf))
    return Marked(np.where(np.isnan(x), np.nan, marks[reached]), _empty(x), lead)


def _banded(item: Item, x: Column) -> Marked:
    (low, high), (floor, ceiling) = item.band, item.limits
    mark = np.interp(x, [floor, low, high, ceiling], [0.0, 100.0, 100.0, 0.0])
    below = x < (low + high) / 2
    return Marked(np.where(np.isnan(x), np.nan, mark), np.where(below, floor, ceiling), np.where(below, low, high))


def _ranked(item: Item, x: Column, groups: pl.Series) -> Marked:
    """Of the other peers with a value, the share that is worse; equals count half."""
    sign = 1.0 if item.better == "higher" else -1.0
    frame = pl.DataFrame({"x": x * sign, "group": groups}).with_columns(pl.col("x").fill_nan(None))
    found = frame.select(
        pl.col("x").rank("average").over("group").alias("rank"), pl.col("x").count().over("group").alias("n"),
        pl.col("x").min().over("group").alias("worst"), pl.col("x").max().over("group").alias("best"),
    )  # fmt: skip
    enough = pl.col("n") >= item.minimum_peers
    mark = pl.when(enough).then((pl.col("rank") - 1) / (pl.col("n") - 1) * 100)
    found = found.with_columns(mark.alias("mark")).cast(pl.Float64).fill_null(np.nan)
    return Marked(found["mark"].to_numpy(), found["worst"].to_numpy() * sign, found["best"].to_numpy() * sign)
