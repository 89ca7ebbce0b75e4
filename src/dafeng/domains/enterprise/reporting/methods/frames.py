"""From what was told, a row each, to one wide frame a stream: facility, month and stream down, items across.

A month that a source skipped gets an empty row, so that what is missing is found by the same formula that would have used it. An item
told by the year stands in the row of the year; a property told for the year stands for its months too.

The cost of one report is the number of frames that are made, not their rows: so all streams are laid out in one pivot, an item
that nobody told has no column, and a window is opened only where something is missing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from dafeng.kernel.errors import ActivityError, UnitError
from dafeng.kernel.quantities import units

if TYPE_CHECKING:
    from dafeng.domains.enterprise.reporting.methods.sectors import Formula, Item, Sector

KEYS = ("facility", "month", "item", "stream")
_PERIOD = r"^\d{4}(-(0[1-9]|1[0-2]))?$"
_OCCURS_NOT = ("NO", "NA")
_PROPERTIES = ("mass", "heat", "mean", "last")
# Where a row stands: `of` is the stream's code, empty for the facility's own items; `cell` numbers (stream, month) within it.
_ROW = ("of", "facility", "month", "stream")
_CELL = ("of", "stream", "month")
_PLACE = ("facility", "month", "stream", "year", "yearly", "cell", "kind", "group")


def told_frame(sector: Sector, values: pl.DataFrame) -> pl.DataFrame:
    """`facility, month, item, stream, value, way` in the schema's units, checked, with `year`, `yearly` and `of` (the stream's code).

    Raises `ActivityError` naming the first fault.
    """
    lacking = {"facility", "month", "item", "value", "way"} - set(values.columns)
    if lacking:
        raise ActivityError(f"数据缺少列 {'、'.join(sorted(lacking))}")
    frame = values.with_columns(
        pl.col("month", "item", "way").cast(pl.String),
        (pl.col("stream").cast(pl.String).fill_null("") if "stream" in values.columns else pl.lit("")).alias("stream"),
        _number(values),
    )
    frame = _in_schema_units(sector, frame)
    if "notation" in frame.columns:
        nothing = pl.col("value").is_null() & pl.col("notation").is_in(_OCCURS_NOT)
        frame = frame.with_columns(
            pl.when(nothing).then(0.0).otherwise(pl.col("value")).alias("value"),
            pl.when(nothing).then(pl.col("notation").cast(pl.String)).otherwise(pl.col("way")).alias("way"),
        )
    _refuse(
        frame.filter(~pl.col("month").str.contains(_PERIOD).fill_null(False)),
        "的月份不对",
        "2025-03，按年填报的为 2025",
    )
    _refuse(frame.filter(pl.struct(KEYS).is_duplicated()), "填了两次", "每个项目每月一个值")
    # A row without a value stays: it says that the month and the source exist.
    frame = frame.select(
        *KEYS,
        "value",
        "way",
        pl.col("month").str.slice(0, 4).alias("year"),
        (pl.col("month").str.len_chars() == 4).alias("yearly"),
        pl.col("item").replace_strict({code: item.stream for code, item in sector.items.items()}).alias("of"),
    )
    _not_twice(frame)
    return frame


def _number(values: pl.DataFrame) -> pl.Expr:
    if values.schema["value"] == pl.String:
        raise ActivityError("数值列是文字", expected="数")
    value = pl.col("value").cast(pl.Float64)
    return pl.when(value.is_finite()).then(value).alias("value")


def _refuse(frame: pl.DataFrame, what: str, expected: str) -> None:
    if frame.height:
        row = frame.row(0, named=True)
        where = " ".join(str(row[name]) for name in KEYS if row[name])
        raise ActivityError(f"{where} {what}", expected=expected)


def _in_schema_units(sector: Sector, frame: pl.DataFrame) -> pl.DataFrame:
    """Refuse what the schema does not know, and turn units that rows name into the schema's."""
    named = "unit" in frame.columns
    kinds = frame.select("item", "stream", *(["unit"] if named else [])).unique(maintain_order=True)
    scales = []
    for row in kinds.iter_rows():
        item, stream = row[0], row[1]
        known = sector.items.get(item)
        if known is None:
            raise ActivityError(f"{sector.title}没有项目“{item}”", expected="、".join(list(sector.items)[:12]))
        if bool(known.stream) != bool(stream):
            raise ActivityError(
                f"项目“{item}”{'要' if known.stream else '不'}按源流填报", expected=known.stream or "空的源流"
            )
        if known.stream and sector.streams[known.stream].kind(stream) is None:
            raise ActivityError(
                f"项目“{item}”没有源流“{stream}”", expected="、".join(sector.streams[known.stream].kinds)
            )
        scale = 1.0
        if named and row[2]:
            try:
                scale = units.conversion(row[2], sector.unit(item, stream))
            except UnitError as error:
                raise ActivityError(f"项目“{item}”的{error.what}", expected=sector.unit(item, stream)) from error
        scales.append((*row, scale))
    if not named or all(each[-1] == 1.0 for each in scales):
        return frame
    schema: dict[str, Any] = {"item": pl.String, "stream": pl.String, "unit": frame.schema["unit"], "scale": pl.Float64}
    table = pl.DataFrame(scales, schema=schema, orient="row")
    frame = frame.join(table, on=["item", "stream", "unit"], how="left", maintain_order="left", nulls_equal=True)
    return frame.with_columns(pl.col("value") * pl.col("scale")).drop("scale")


class Cell(NamedTuple):
    """A stream in a period: what a parameter is looked up by."""

    stream: str
    month: str
    kind: str
    group: str
    label: str


@dataclass
class Wide:
    """One stream's frame (the facility's own items under the empty stream), and the items that may stand in it.

    An item has a column where anybody told it or it was filled, beside it `.way`, and once it was filled `.source` and `.rank` (of the
    parameter's standing). `cells` are numbered by the column `cell`; `prescribed`: the parameter that would fill an item in each;
    `begun`: the items of which it was to be derived (a ledger of which a part was told, or one that does not come out, is not nothing).
    """

    frame: pl.DataFrame
    items: frozenset[str]
    cells: tuple[Cell, ...]
    prescribed: dict[str, Any] = field(default_factory=dict)
    begun: dict[str, list[str]] = field(default_factory=dict)

    def has(self, item: str) -> bool:
        return item in self.frame.columns

    def value(self, item: str) -> pl.Expr:
        return self._column(item, pl.Float64)

    def way(self, item: str) -> pl.Expr:
        return self._column(f"{item}.way", pl.String)

    def source(self, item: str) -> pl.Expr:
        return self._column(f"{item}.source", pl.String)

    def rank(self, item: str) -> pl.Expr:
        return self._column(f"{item}.rank", pl.UInt8)

    def _column(self, name: str, kind: Any) -> pl.Expr:
        return pl.col(name) if name in self.frame.columns else pl.lit(None, dtype=kind)

    def put(self, item: str, made: pl.Series, *, way: str, source: pl.Expr, rank: pl.Expr) -> None:
        """Take `made`, null where the item is not to be filled, with how it was obtained."""
        new = made.is_not_null()
        if not new.any():
            return
        self.frame = self.frame.with_columns(
            pl.when(new).then(made).otherwise(self.value(item)).alias(item),
            pl.when(new).then(pl.lit(way)).otherwise(self.way(item)).alias(f"{item}.way"),
            pl.when(new).then(source).otherwise(self.source(item)).alias(f"{item}.source"),
            pl.when(new).then(rank).otherwise(self.rank(item)).alias(f"{item}.rank"),
        )

    def asked(self, formula: Formula, trigger: Item) -> pl.DataFrame:
        """The rows in which the formula is due: its trigger was told, or is missing where it should have been."""
        rows = []
        if not self.has(trigger.code):
            if not trigger.required and not self._begun(trigger.code):
                return self.frame.clear()
            rows.append(self._due(trigger, pl.lit(False)))
        elif self.frame[trigger.code].null_count():
            there = pl.col(trigger.code).is_not_null()
            rows.append(there | self._due(trigger, there))
        if formula.groups:
            rows.append(pl.col("group").is_in(formula.groups))
        if formula.kinds:
            rows.append(pl.col("kind").is_in(formula.kinds))
        if formula.unless and self.has(formula.unless):
            rows.append(pl.col(formula.unless).is_null())
        year = pl.col("year").cast(pl.Int32)
        if formula.since:
            rows.append(year >= formula.since.year)
        if formula.until:
            rows.append(year <= formula.until.year)
        return self.frame.filter(pl.all_horizontal(rows)) if rows else self.frame

    def _begun(self, item: str) -> list[str]:
        """Of what an item is derived, as far as anybody told it."""
        return [name for name in self.begun.get(item, ()) if self.has(name)]

    def _due(self, trigger: Item, there: pl.Expr) -> pl.Expr:
        """Where the trigger should have been told: in rows of its own period, of a source that tells it and not by the other one."""
        apart = ("facility", "stream", "year")
        own_period = pl.col("yearly") if trigger.period == "annual" else ~pl.col("yearly")
        due = pl.lit(trigger.required)
        if not trigger.required and self.has(trigger.code):
            due = self.way(trigger.code).is_not_null().any().over(apart)
        if begun := self._begun(trigger.code):
            due |= pl.any_horizontal(pl.col(name).is_not_null() for name in begun)
        other_told = (there & ~own_period).any().over(apart)
        # A firm that tells everything by the year lacks what is lacking in the year's row.
        no_own_period = ~own_period.any().over(apart)
        return due & ((own_period & ~other_told) | no_own_period)


def wide_frames(sector: Sector, told: pl.DataFrame) -> dict[str, Wide]:
    """Stream code → its wide frame, on a grid of every month that the facility told anything for."""
    present = set(told["item"].unique())
    codes = [code for code in sector.items if code in present]
    items = told.pivot("item", on_columns=codes, index=list(_ROW), values=["value", "way"])
    items.columns = [*_ROW, *codes, *(f"{code}.way" for code in codes)]
    rows = _grid(told)
    cells, numbered = _cells(sector, rows)
    whole = rows.join(numbered, on=_CELL, how="left", maintain_order="left").join(
        items, on=_ROW, how="left", maintain_order="left"
    )
    parts = whole.partition_by("of", as_dict=True, maintain_order=True)
    found = {}
    for code, own in sector.items_of.items():
        names = [item.code for item in own if item.code in present]
        part = parts.get((code,), whole.clear())[[*_PLACE, *names, *(f"{name}.way" for name in names)]]
        lent = [item.code for item in own if item.code in present and item.annual in _PROPERTIES]
        found[code] = Wide(
            _with_properties_of_the_year(part, lent), frozenset(item.code for item in own), tuple(cells.get(code, ()))
        )
    return found


def _grid(told: pl.DataFrame) -> pl.DataFrame:
    """`of, facility, month, stream, year, yearly`: every month of a facility for itself and for each of its streams, and what was told beside."""
    monthly = told.filter(~pl.col("yearly"))
    months = monthly.select("facility", "year", "month").unique(maintain_order=True)
    years = told.select("facility", "year", pl.col("year").alias("month")).unique(maintain_order=True)
    seen = monthly.filter(pl.col("of") != "").select("of", "facility", "stream", "year").unique(maintain_order=True)
    own = pl.concat([months, years]).select(pl.lit("").alias("of"), "facility", "month", pl.lit("").alias("stream"))
    streams = seen.join(months, on=["facility", "year"], how="inner", maintain_order="left").select(_ROW)
    rows = pl.concat([own, streams, told.select(_ROW)]).unique(maintain_order=True)
    return rows.with_columns(
        pl.col("month").str.slice(0, 4).alias("year"), (pl.col("month").str.len_chars() == 4).alias("yearly")
    )


def _cells(sector: Sector, rows: pl.DataFrame) -> tuple[dict[str, list[Cell]], pl.DataFrame]:
    """The cells of each stream, and `of, stream, month, cell, kind, group` for the rows to know theirs."""
    cells: dict[str, list[Cell]] = {}
    numbered = []
    for of, stream, month in rows.select(_CELL).unique(maintain_order=True).iter_rows():
        kind, *label = stream.split("/")
        group = sector.streams[of].kinds[kind].group if of else ""
        own = cells.setdefault(of, [])
        numbered.append((of, stream, month, len(own), kind, group))
        own.append(Cell(stream, month, kind, group, label[0] if label else ""))
    schema = dict.fromkeys(_CELL, pl.String) | {"cell": pl.UInt32, "kind": pl.String, "group": pl.String}
    return cells, pl.DataFrame(numbered, schema=schema, orient="row")


def _with_properties_of_the_year(frame: pl.DataFrame, items: list[str]) -> pl.DataFrame:
    """A purity or a calorific value that was told for the year stands for its months; a quantity never does."""
    yearly = pl.col("yearly")
    if not items or not frame["yearly"].any():
        return frame
    if frame.filter(yearly & pl.any_horizontal(pl.col(name).is_not_null() for name in items)).is_empty():
        return frame
    names = [each for name in items for each in (name, f"{name}.way")]
    return frame.with_columns(
        pl.col(name).fill_null(pl.when(yearly).then(pl.col(name)).max().over("facility", "stream", "year"))
        for name in names
    )


def _not_twice(told: pl.DataFrame) -> None:
    """The same item may not be told for the months and for the year: it would be counted twice."""
    if not told["yearly"].any() or told["yearly"].all():
        return
    both = (
        told.filter(pl.col("value").is_not_null())
        .group_by("facility", "year", "item", "stream", maintain_order=True)
        .agg(pl.col("yearly").n_unique().alias("kinds"), pl.col("month").first())
    )
    _refuse(both.filter(pl.col("kinds") > 1), "既按月又按年填报", "只用一种周期，否则会重复计算")
