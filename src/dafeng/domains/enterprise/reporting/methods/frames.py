"""From what was told, a row each, to one wide frame a stream: facility, month and stream down, items across.

A month that a source skipped gets an empty row, so that what is missing is found by the same formula that would have used it. An item
told by the year stands in the row of the year; a property told for the year stands for its months too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from dafeng.kernel.errors import ActivityError, UnitError
from dafeng.kernel.quantities import units

if TYPE_CHECKING:
    from dafeng.domains.enterprise.reporting.methods.sectors import Formula, Sector

KEYS = ("facility", "month", "item", "stream")
INDEX = ("facility", "month", "stream")
TRAITS = ("kind", "group", "label")
_PERIOD = r"^\d{4}(-(0[1-9]|1[0-2]))?$"
_OCCURS_NOT = ("NO", "NA")
_PROPERTIES = ("mass", "heat", "mean", "last")


def told_frame(sector: Sector, values: pl.DataFrame) -> pl.DataFrame:
    """`facility, month, item, stream, value, way` in the schema's units, checked. Raises `ActivityError` naming the first fault."""
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
    return frame.select(*KEYS, "value", "way")


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


@dataclass
class Wide:
    """One stream's frame (the facility's own items under the empty stream) and the items that may stand in it."""

    frame: pl.DataFrame
    items: frozenset[str]

    def has(self, item: str) -> bool:
        return item in self.frame.columns

    def ensure(self, item: str) -> None:
        """Columns for an item that nobody told."""
        if not self.has(item):
            nothing = pl.lit(None, dtype=pl.String)
            self.frame = self.frame.with_columns(
                pl.lit(None, dtype=pl.Float64).alias(item),
                *(nothing.alias(f"{item}.{each}") for each in ("way", "source", "standing")),
            )

    def put(
        self, frame: pl.DataFrame, item: str, *, way: str, source: pl.Expr, standing: pl.Expr | None = None
    ) -> None:
        """Take `made` where the item is empty, with how it was obtained."""
        new = pl.col(item).is_null() & pl.col("made").is_not_null()
        told = {
            "way": pl.lit(way),
            "source": source,
            "standing": standing if standing is not None else pl.lit(None, dtype=pl.String),
        }
        filled = frame.with_columns(
            pl.when(new).then(pl.col("made")).otherwise(pl.col(item)).alias(item),
            *(
                pl.when(new).then(value).otherwise(pl.col(f"{item}.{name}")).alias(f"{item}.{name}")
                for name, value in told.items()
            ),
        )
        self.frame = filled.select(self.frame.columns)

    def confirm(self, item: str, found: pl.DataFrame) -> None:
        """Beside an item, the parameter that would fill it: where it may not be used, it is told as open."""
        renamed = found.select(
            "stream",
            "month",
            *(
                pl.col(f"p.{each}").alias(f"{item}.c.{each}")
                for each in ("id", "standing", "candidate", "shown", "note")
            ),
        )
        before = self.frame.drop([name for name in self.frame.columns if name.startswith(f"{item}.c.")])
        self.frame = before.join(renamed, on=["stream", "month"], how="left", maintain_order="left")

    def asked(self, formula: Formula, sector: Sector, trigger: str, items: Iterable[str]) -> pl.DataFrame:
        """The rows in which the formula is due: its trigger was told, or is missing where it should have been."""
        for item in (trigger, *items):
            if item in self.items:
                self.ensure(item)
        known = sector.items[trigger]
        yearly = pl.col("month").str.len_chars() == 4
        there = pl.col(trigger).is_not_null()
        own_period = yearly if known.period == "annual" else ~yearly
        apart = ["facility", "stream", "year"]
        due = pl.lit(True) if known.required else pl.col(f"{trigger}.way").is_not_null().any().over(apart)
        other_told = (there & ~own_period).any().over(apart)
        # A firm that tells everything by the year lacks what is lacking in the year's row.
        no_own_period = ~own_period.any().over(apart)
        rows = there | (own_period & due & ~other_told) | (no_own_period & due)
        if formula.groups:
            rows &= pl.col("group").is_in(formula.groups)
        if formula.kinds:
            rows &= pl.col("kind").is_in(formula.kinds)
        if formula.unless:
            self.ensure(formula.unless)
            rows &= pl.col(formula.unless).is_null()
        year = pl.col("year").cast(pl.Int32)
        if formula.since:
            rows &= year >= formula.since.year
        if formula.until:
            rows &= year <= formula.until.year
        return self.frame.filter(rows)


def wide_frames(sector: Sector, told: pl.DataFrame) -> dict[str, Wide]:
    """Stream code → its wide frame, on a grid of every month that the facility told anything for."""
    whole = told.with_columns(pl.col("month").str.slice(0, 4).alias("year"))
    months = (
        whole.filter(pl.col("month").str.len_chars() == 7)
        .select("facility", "year", "month")
        .unique(maintain_order=True)
    )
    years = whole.select("facility", "year", pl.col("year").alias("month")).unique(maintain_order=True)
    _not_twice(whole)
    found = {}
    for code, items in sector.items_of.items():
        names = [item.code for item in items]
        part = whole.filter(pl.col("item").is_in(names))
        if part.is_empty() and code:  # most streams of a sector are not told by a firm
            columns = [*INDEX, "year", *TRAITS]
            found[code] = Wide(
                part.select(pl.lit("").alias(name) if name in TRAITS else name for name in columns),
                frozenset(names),
            )
            continue
        seen = (
            part.filter(pl.col("month").str.len_chars() == 7)
            .select("facility", "year", "stream")
            .unique(maintain_order=True)
        )
        grid = seen.join(months, on=["facility", "year"], how="inner", maintain_order="left")
        if code == "":
            grid = pl.concat([months, years], how="diagonal").with_columns(pl.lit("").alias("stream"))
        index = [*INDEX, "year"]
        cells = part.select(index).unique(maintain_order=True)
        grid = pl.concat([grid.select(index), cells]).unique(maintain_order=True)
        present = set(part["item"].unique())
        wide = part.group_by(*INDEX, maintain_order=True).agg(
            column
            for name in names
            if name in present
            for column in (
                pl.col("value").filter(pl.col("item") == name).first().alias(name),
                pl.col("way").filter(pl.col("item") == name).first().alias(f"{name}.way"),
            )
        )
        frame = grid.join(wide, on=INDEX, how="left", maintain_order="left")
        nothing = pl.lit(None, dtype=pl.String)
        frame = frame.with_columns(
            *_traits(sector, code, frame),
            *(nothing.alias(f"{name}.{each}") for name in names if name in present for each in ("source", "standing")),
        )
        lent = [item.code for item in items if item.code in present and item.annual in _PROPERTIES]
        found[code] = Wide(_with_properties_of_the_year(frame, lent), frozenset(names))
    return found


def _with_properties_of_the_year(frame: pl.DataFrame, items: list[str]) -> pl.DataFrame:
    """A purity or a calorific value that was told for the year stands for its months; a quantity never does."""
    yearly = pl.col("month").str.len_chars() == 4
    if not items or frame.filter(yearly & pl.any_horizontal(pl.col(name).is_not_null() for name in items)).is_empty():
        return frame
    names = [each for name in items for each in (name, f"{name}.way")]
    return frame.with_columns(
        pl.col(name).fill_null(pl.when(yearly).then(pl.col(name)).max().over("facility", "stream", "year"))
        for name in names
    )


def _traits(sector: Sector, code: str, frame: pl.DataFrame) -> list[Any]:
    head = pl.col("stream").str.split_exact("/", 1)
    kind = head.struct.field("field_0")
    groups = {key: choice.group for key, choice in sector.streams[code].kinds.items()} if code else {}
    group = kind.replace_strict(groups, default="", return_dtype=pl.String) if groups else pl.lit("")
    return [kind.alias("kind"), group.alias("group"), head.struct.field("field_1").fill_null("").alias("label")]


def _not_twice(part: pl.DataFrame) -> None:
    """The same item may not be told for the months and for the year: it would be counted twice."""
    both = (
        part.filter(pl.col("value").is_not_null())
        .group_by("facility", "year", "item", "stream", maintain_order=True)
        .agg(pl.col("month").str.len_chars().n_unique().alias("kinds"), pl.col("month").first())
    )
    _refuse(both.filter(pl.col("kinds") > 1), "既按月又按年填报", "只用一种周期，否则会重复计算")
