"""What a figure rests on: its rows in groups, and the random variables (*inputs*) behind each of them.

An input is a factor, by its id, or an activity row; both approaches of `uncertainty` read the same `Case`. Inputs are
numbered, factors first (in the order of their ids), then activity rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from dafeng.kernel.accounting.activity import KEY
from dafeng.kernel.accounting.engine import Emissions
from dafeng.kernel.accounting.formula import history
from dafeng.kernel.accounting.recipes import SeriesMethod
from dafeng.kernel.accounting.registry import Method, find_method
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import ActivityError, FactorError, PeriodError
from dafeng.kernel.quantities import units

Array = np.ndarray
Arrays = dict[str, Array]
Columns = tuple[Array, Array, Array, Array]  # value, half width, input, term (-1 for an activity)
Weights = Mapping[tuple[str, str], float | None]

_BY_ACTIVITY = ("place", "year", "basis", "mark")
_BY_RESOLUTION = ("gas", "kind", "origin", "method", "tier", *(name for name in KEY if name != "place"))
_PREFIX = "activity:"


@dataclass(frozen=True)
class Batch:
    """Rows of one method; for every input of its formula an array of values, half widths, inputs and terms."""

    method: Method
    values: Arrays
    halves: Arrays
    inputs: Arrays
    terms: Arrays
    weight: Array
    group: Array
    slot: Array

    def __len__(self) -> int:
        return int(self.weight.size)

    def slice(self, begin: int, end: int) -> Batch:
        part = slice(begin, end)

        def cut(arrays: Arrays) -> Arrays:
            return {name: array[part] for name, array in arrays.items()}

        four = (cut(self.values), cut(self.halves), cut(self.inputs), cut(self.terms))
        return Batch(self.method, *four, self.weight[part], self.group[part], self.slot[part])


@dataclass(frozen=True)
class History:
    """One source of a method over a history: arrays over its years, and which years count (`at`), with what weight."""

    method: SeriesMethod
    years: Array
    values: Arrays
    halves: Arrays
    inputs: Arrays
    terms: Arrays
    at: Array
    weight: Array
    group: Array
    slot: Array

    def constant(self, name: str) -> bool:
        """Whether one number serves all years: it is then passed as one, as the compile does."""
        if name not in self.method.parameters:
            return False
        inputs, values = self.inputs[name], self.values[name]
        return bool(np.all(inputs == inputs[0]) and np.all(values == values[0]))


class Case:
    """The rows that count, in groups, and the inputs on which each rests.

    `left_out`: gas, origin, reason, rows: what lacks a number (NE, C) or a weight. `terms`: the chosen factors in use, with
    `half` and `basis`. Slot 0 is the year asked for (or everything), slot 1 the base year.
    """

    def __init__(
        self,
        emissions: Emissions,
        *,
        weights: Weights | None,
        kinds: tuple[str, ...],
        by: tuple[str, ...],
        year: int | None,
        base_year: int | None,
        defaults: Mapping[str, float],
    ) -> None:
        allowed = (*_BY_ACTIVITY, *_BY_RESOLUTION)
        stray = [name for name in by if name not in allowed]
        if stray:
            raise ActivityError(f"不能按 {'、'.join(stray)} 分组", expected="、".join(allowed))
        if base_year is not None and (year is None or year == base_year or "year" in by):
            raise PeriodError("趋势需要基准年和另一个年份，且不按年份分组", expected="不同的 year 与 base_year")
        self.emissions, self.kinds, self.by, self.year, self.base_year = emissions, kinds, by, year, base_year
        self.defaults = defaults
        self.all_cells = self._all_cells(weights)
        counted = pl.col("emission").is_not_null() & pl.col("weight").is_not_null()
        self.cells = self.all_cells.filter(counted)
        self.left_out = _reasons(self.all_cells.filter(~counted))
        used = self.cells["resolution"].unique()
        terms = spread_of_factors(emissions.terms.filter(pl.col("resolution").is_in(used.implode())), defaults)
        self.factor_ids = terms["factor_id"].unique().sort()
        number = pl.DataFrame({"factor_id": self.factor_ids, "input": np.arange(self.factor_ids.len())})
        self.terms = terms.join(number, on="factor_id", maintain_order="left")

    def _all_cells(self, weights: Weights | None) -> pl.DataFrame:
        """Every result of the kinds and years asked for, with its weight, group and slot."""
        emissions = self.emissions
        resolutions = emissions.resolutions.filter(pl.col("kind").is_in(list(self.kinds)))
        told = ["gas", "origin", "method", "scale", "category", "item"]
        told += [name for name in self.by if name in _BY_RESOLUTION and name not in told]
        own = [pl.col(name).cast(pl.String) for name in self.by if name in _BY_ACTIVITY and name != "year"]
        cells = emissions.results.join(
            resolutions.select("resolution", *told), on="resolution", maintain_order="left"
        ).join(
            emissions.activities.select("row", "value", "uncertainty", "year", *own), on="row", maintain_order="left"
        )
        based = pl.lit(False) if self.base_year is None else pl.col("year") == self.base_year
        cells = cells.with_columns(based.cast(pl.Int64).alias("slot"))
        if self.year is not None:
            cells = cells.filter((pl.col("year") == self.year) | (pl.col("slot") == 1))
        return self._weigh(self._group(cells), weights)

    def _group(self, cells: pl.DataFrame) -> pl.DataFrame:
        names = list(self.by)
        if not names:
            self.group_names = pl.DataFrame({"group": [0]})
            return cells.with_columns(pl.lit(0, dtype=pl.Int64).alias("group"))
        found = cells.select(names).unique().sort(names).with_row_index("group")
        self.group_names = found.with_columns(pl.col("group").cast(pl.Int64))
        return cells.join(self.group_names, on=names, nulls_equal=True, maintain_order="left")

    def _weigh(self, cells: pl.DataFrame, weights: Weights | None) -> pl.DataFrame:
        pairs = cells.select("gas", "origin").unique().rows()
        rows = [(gas, origin, 1.0 if weights is None else weights.get((gas, origin))) for gas, origin in pairs]
        schema = {"gas": pl.String, "origin": pl.String, "weight": pl.Float64}
        return cells.join(pl.DataFrame(rows, schema=schema, orient="row"), on=["gas", "origin"], maintain_order="left")

    def levels(self) -> pl.DataFrame:
        """Central values: group, the columns asked for, emission, base_emission, parts, missing, status."""
        return self.all_cells.group_by("group").agg(*self._central()).join(self.group_names, on="group").sort("group")

    def overall(self) -> pl.DataFrame:
        """As `levels`, for everything together: always one row."""
        return self.all_cells.select(pl.lit(0, dtype=pl.Int64).alias("group"), *self._central())

    def _central(self) -> list[pl.Expr]:
        now, amount = pl.col("slot") == 0, pl.col("emission") * pl.col("weight")
        unweighted = pl.col("weight").is_null() & pl.col("emission").is_not_null()
        incomplete = pl.max_horizontal("status", pl.lit(int(Status.INCOMPLETE), dtype=pl.UInt8))

        def level(which: pl.Expr) -> pl.Expr:
            known = amount.filter(which)
            return pl.when(known.is_not_null().any()).then(known.sum())

        return [
            level(now).alias("emission"),
            level(~now).alias("base_emission"),
            now.sum().alias("parts"),
            (now & (pl.col("notation") == "NE").fill_null(False)).sum().alias("missing"),
            pl.when(unweighted).then(incomplete).otherwise(pl.col("status")).max().alias("status"),
        ]

    def batches(self) -> Iterator[Batch]:
        """The rows of each method in turn."""
        for (name,), rows in self.cells.sort("method", "resolution", "row").group_by("method", maintain_order=True):
            if str(name) not in self.emissions.series:
                yield self._batch(find_method(str(name)), rows)

    def _batch(self, method: Method, rows: pl.DataFrame) -> Batch:
        columns: dict[str, Columns] = {}
        for position, name in enumerate(method.activity):
            own = rows.with_columns(pl.col("value") * pl.col("scale"))
            columns[name] = self._activity(self._linked(rows, name, method) if position else own)
        for name in method.parameters:
            columns[name] = self._parameter(name, rows["resolution"].to_numpy())
        return Batch(method, *_split({name: columns[name] for name in method.inputs}), *_labels(rows))

    def _activity(self, found: pl.DataFrame) -> Columns:
        value = found["value"].to_numpy().astype(float)
        half = np.abs(value) * found.select(self.spread_of_activity().fill_null(0.0))["uncertainty"].to_numpy()
        return value, half, found["row"].to_numpy().astype(np.int64) + self.factor_ids.len(), np.full(value.size, -1)

    def _linked(self, rows: pl.DataFrame, name: str, method: Method) -> pl.DataFrame:
        """A further activity input of each row, in the method's unit, or what the source prescribes for its absence."""
        links = self.emissions.links.filter(pl.col("input") == name).select("row", "other_row").unique()
        others = self.emissions.activities.select(
            pl.col("row").alias("other_row"), "value", "uncertainty", pl.col("category", "unit").cast(pl.String)
        ).join(links, on="other_row")
        scales = [(unit, units.conversion(unit, method.inputs[name])) for unit in others["unit"].unique()]
        table = pl.DataFrame(scales, schema={"unit": pl.String, "factor": pl.Float64}, orient="row")
        others = others.join(table, on="unit").with_columns(pl.col("value") * pl.col("factor"))
        found = rows.select("row").join(others, on="row", how="left", maintain_order="left")
        absent = pl.col("other_row").is_null() | pl.col("value").is_null()
        return found.select(
            pl.col("value").fill_null(pl.lit(method.optional.get(name), dtype=pl.Float64)),
            pl.when(absent)
            .then(0.0)
            .otherwise(pl.col("uncertainty"))
            .alias("uncertainty"),  # a prescription is certain
            pl.col("other_row").cast(pl.Int64).fill_null(-1).alias("row"),
            pl.col("category").fill_null(""),
        )

    def spread_of_activity(self) -> pl.Expr:
        """Relative half width of an activity row: its own, else the default of the longest fitting category."""
        prefixes = [name.removeprefix(_PREFIX) for name in self.defaults if name.startswith(_PREFIX)]
        chosen: pl.Expr = pl.lit(None, dtype=pl.Float64)
        for prefix in sorted(prefixes, key=len):  # the longest last, so that it wins
            fits = pl.col("category").cast(pl.String).str.starts_with(prefix)
            chosen = pl.when(fits).then(pl.lit(float(self.defaults[_PREFIX + prefix]))).otherwise(chosen)
        return pl.coalesce(pl.col("uncertainty"), chosen).alias("uncertainty")

    @cached_property
    def _by_parameter(self) -> dict[str, pl.DataFrame]:
        numbered = self.terms.with_row_index("term").with_columns(pl.col("term").cast(pl.Int64))
        return {str(name): part for (name,), part in numbered.group_by("parameter")}

    def _parameter(self, name: str, resolutions: Array) -> Columns:
        table = self._by_parameter[name]
        size = int(max(resolutions.max(initial=0), table["resolution"].to_numpy().max(initial=0))) + 1

        def spread(column: str, empty: float) -> Array:
            by_resolution = np.full(size, empty)
            by_resolution[table["resolution"].to_numpy()] = table[column].to_numpy()
            return np.take(by_resolution, resolutions)

        number, term = spread("input", -1).astype(np.int64), spread("term", -1).astype(np.int64)
        return spread("value", np.nan), spread("half", 0.0), number, term

    def histories(self) -> Iterator[History]:
        """The sources of methods over a whole history: all their years are computed, those asked for are counted."""
        for name, method in self.emissions.series.items():
            if self.cells.filter(pl.col("method") == name).is_empty():
                continue
            chosen = self.emissions.resolutions.filter((pl.col("method") == name) & pl.col("by_formula"))
            rows = (
                self.emissions.results.select("row", "resolution")
                .join(chosen.select("resolution", "scale"), on="resolution", maintain_order="left")
                .join(self.emissions.activities, on="row", maintain_order="left")
                .filter(pl.col("value").is_not_null())
                .with_columns(pl.col("value") * pl.col("scale"))
            )
            for _, source in rows.group_by("category", "item", "technology", "place", maintain_order=True):
                yield self._history(method, source)

    def _history(self, method: SeriesMethod, source: pl.DataFrame) -> History:
        told = history(self.emissions.activities, source, method)
        rows: pl.DataFrame = told["rows"]
        columns: dict[str, Columns] = {}
        for name, value in told["arrays"].items():
            numbers = pl.DataFrame({"row": told["rows_of"][name], "value": value}).cast({"row": pl.Int64})
            known = self.emissions.activities.select(pl.col("row").cast(pl.Int64), "uncertainty", "category")
            found = numbers.join(known, on="row", how="left", maintain_order="left")
            certain = pl.when(pl.col("row") < 0).then(0.0).otherwise(pl.col("uncertainty")).alias("uncertainty")
            columns[name] = self._activity(found.with_columns(certain))
        for name in method.parameters:
            columns[name] = self._parameter(name, rows["resolution"].to_numpy())
        year_of = {number: at for at, number in enumerate(rows["row"].to_list())}
        counted = self.cells.filter((pl.col("method") == method.id) & pl.col("row").is_in(rows["row"].implode()))
        at = np.array([year_of[number] for number in counted["row"].to_list()], dtype=np.int64)
        return History(method, told["years"], *_split(columns), at, *_labels(counted))

    def unstated(self) -> pl.DataFrame:
        """Inputs without an uncertainty: input, id, row, parameter, category, item, rows (results on it), emission."""
        amount = (pl.col("emission") * pl.col("weight")).abs().alias("emission")
        rest = self.cells.select("row", "resolution", "category", "item", amount)
        factors = (
            rest.join(self.terms.filter(pl.col("basis").is_null()), on="resolution")
            .group_by("factor_id", "parameter")
            .agg(pl.col("category", "item").min(), pl.len().cast(pl.Int64).alias("rows"), pl.col("emission").sum())
            .with_columns(pl.lit("factor").alias("input"), pl.lit(None, dtype=pl.Int64).alias("row"))
            .rename({"factor_id": "id"})
        )
        links = self.emissions.links.select("row", "other_row").unique()
        linked = rest.join(links, on="row").with_columns(pl.col("other_row").alias("row")).drop("other_row")
        silent = self.emissions.activities.filter(self.spread_of_activity().is_null() & pl.col("value").is_not_null())
        activities = (
            pl.concat([rest, linked])
            .group_by("row")
            .agg(pl.len().cast(pl.Int64).alias("rows"), pl.col("emission").sum())
            .join(silent.select("row", _activity_name(), *_ACTIVITY_LABELS), on="row")
            .with_columns(pl.lit("activity").alias("input"), pl.col("row").cast(pl.Int64))
        )
        order = ["input", "id", "row", "parameter", "category", "item", "rows", "emission"]
        found = pl.concat([factors.select(order), activities.select(order)])
        return found.sort("emission", "input", "id", "row", descending=[True, False, False, False])

    def describe(self, contributions: pl.DataFrame) -> pl.DataFrame:
        """`contributions`, whose inputs are numbers, named: input, id, row, parameter, category, item …"""
        where = self.cells.select("resolution", "category", "item").unique("resolution")
        factors = (
            self.terms.join(where, on="resolution")
            .sort("input", "category", "item")
            .unique("input", keep="first", maintain_order=True)
            .with_columns(
                pl.lit("factor").alias("kind"),
                pl.lit(None, dtype=pl.Int64).alias("row"),
                (pl.col("half") / pl.col("value").abs()).alias("relative"),
            )
            .rename({"factor_id": "id"})
        )
        shift = self.factor_ids.len()
        given = pl.when(pl.col("uncertainty").is_not_null()).then(pl.lit("given")).otherwise(pl.lit("default"))
        activities = self.emissions.activities.select(
            (pl.col("row").cast(pl.Int64) + shift).alias("input"),
            pl.lit("activity").alias("kind"),
            _activity_name(),
            pl.col("row").cast(pl.Int64),
            *_ACTIVITY_LABELS,
            self.spread_of_activity().alias("relative"),
            given.alias("basis"),
        ).filter(pl.col("input").is_in(contributions["input"].implode()))
        known = pl.concat([factors.select(activities.columns), activities])
        return contributions.join(known, on="input").drop("input").rename({"kind": "input"})


_ACTIVITY_LABELS = (
    pl.col("variable").cast(pl.String).alias("parameter"),
    pl.col("category").cast(pl.String),
    pl.col("item").cast(pl.String),
)


def _activity_name() -> pl.Expr:
    name = pl.col("activity_id")
    return pl.when(name.fill_null("") != "").then(name).otherwise(pl.col("row").cast(pl.String)).alias("id")


def _split(columns: Mapping[str, Columns]) -> tuple[Arrays, Arrays, Arrays, Arrays]:
    values, halves, inputs, terms = ({name: four[place] for name, four in columns.items()} for place in range(4))
    return values, halves, inputs, terms


def _labels(rows: pl.DataFrame) -> tuple[Array, Array, Array]:
    return rows["weight"].to_numpy(), rows["group"].to_numpy(), rows["slot"].to_numpy()


def _reasons(cells: pl.DataFrame) -> pl.DataFrame:
    """Why rows are not in the total. What does not occur, or is counted elsewhere, is no gap."""
    key = pl.col("notation").cast(pl.String).fill_null("NE")
    cells = cells.filter(pl.col("emission").is_not_null() | ~key.is_in(["NO", "NA", "IE"]))
    unnumbered = pl.format("没有数值（{}）", key)
    reason = pl.when(pl.col("emission").is_null()).then(unnumbered).otherwise(pl.lit("没有该气体的权重"))
    counted = cells.with_columns(reason.alias("reason")).group_by("gas", "origin", "reason").len("rows")
    return counted.sort("gas", "origin", "reason")


def spread_of_factors(terms: pl.DataFrame, defaults: Mapping[str, float]) -> pl.DataFrame:
    """Terms with `half` (half width of 95 %, zero where nobody gave one) and `basis` (`bounds`, `default` or null).

    Raises `FactorError` for bounds that do not hold the value, or that a lognormal distribution cannot have.
    """
    stated = pl.col("lower").is_not_null() & pl.col("upper").is_not_null()
    outside = (pl.col("lower") > pl.col("value")) | (pl.col("upper") < pl.col("value"))
    unfit = (pl.col("distribution") == "lognormal") & (pl.col("lower") <= 0)
    wrong = terms.filter(stated & (outside | unfit))
    if wrong.height:
        first = wrong.row(0, named=True)
        bounds = f"{first['lower']:g}–{first['upper']:g}"
        raise FactorError(
            f"因子 {first['factor_id']} 的 95 % 界限 {bounds} 与数值 {first['value']:g}（{first['distribution']}）不符",
            expected="下限 ≤ 数值 ≤ 上限；lognormal 的下限大于 0",
            mend="请核对因子表的 lower、upper 两列",
        )
    named: dict[Any, float] = {name: float(value) for name, value in defaults.items() if not name.startswith(_PREFIX)}
    default = pl.col("parameter").replace_strict(named or {"": 0.0}, default=None, return_dtype=pl.Float64)
    width = pl.when(stated).then((pl.col("upper") - pl.col("lower")) / 2).otherwise(default * pl.col("value").abs())
    basis = pl.when(stated).then(pl.lit("bounds")).when(default.is_not_null()).then(pl.lit("default"))
    return terms.with_columns(width.fill_null(0.0).alias("half"), basis.alias("basis"))
