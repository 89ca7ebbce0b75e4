"""What is known of the points, as frames: read once, and again when a point or a fact changes (`Registry.stamp`)."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
from django.db.models import QuerySet

from dafeng.kernel.quantities.units import conversion
from dafeng.kernel.series import store
from dafeng.kernel.series.errors import SeriesError
from dafeng.kernel.series.frames import UTC_TIME
from dafeng.kernel.series.models import Point, PointFact, Registry

POINT: dict[str, Any] = {
    "point": pl.Int64, "code": pl.String, "kind": pl.String, "period": pl.Int64, "unit": pl.String, "multiplier": pl.Float64,
    "digits": pl.Int64, "rated": pl.Float64, "since": UTC_TIME, "until": UTC_TIME, "computed": pl.Boolean,
    "device": pl.Int64, "organisation": pl.String, "place": pl.String,
}  # fmt: skip
FACT: dict[str, Any] = {"point": pl.Int64, "since": UTC_TIME, "fact": pl.Float64}
BEGINNING = datetime(1, 1, 1)
FILLS = ("neighbours", "last_week")
"""How a gap may be filled: with the mean of both neighbours, or with the same slot of the week before."""


@dataclass(frozen=True)
class Table:
    """All points and their dated facts at one stamp."""

    stamp: uuid.UUID
    frame: pl.DataFrame = field(repr=False)
    facts: dict[str, list[tuple[int, datetime, Any]]] = field(repr=False)
    formulas: dict[int, dict[str, Any]] = field(repr=False)

    @cached_property
    def numbers(self) -> dict[str, int]:
        return dict(zip(self.frame["code"], self.frame["point"], strict=True))

    @cached_property
    def factors(self) -> pl.DataFrame:
        """`point since factor size`: by what a told value is multiplied to be in the point's unit, and what of that is its unit's size."""
        base = {row["point"]: row for row in self.frame.iter_rows(named=True)}
        changes: dict[int, list[tuple[datetime, str, Any]]] = {}
        for name in ("unit", "multiplier"):
            for point, since, value in self.facts.get(name, []):
                changes.setdefault(point, []).append((since, name, value))
        rows: list[tuple[int, datetime | None, float, float]] = []
        for point, row in base.items():
            multiplier, size = row["multiplier"], 1.0
            rows.append((point, None, multiplier, 1.0))
            for since, name, value in sorted(changes.get(point, []), key=lambda each: each[0]):
                if name == "unit":
                    size = factor_of(str(value), row["unit"])
                else:
                    multiplier = float(value)
                rows.append((point, since, multiplier * size, size))
        schema: dict[str, Any] = {"point": pl.Int64, "since": UTC_TIME, "factor": pl.Float64, "size": pl.Float64}
        frame = pl.DataFrame(rows, schema=schema, orient="row")
        beginning = pl.lit(BEGINNING).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
        return frame.with_columns(pl.col("since").fill_null(beginning)).sort("since", maintain_order=True)

    def dated(self, name: str) -> pl.DataFrame:
        """`point since fact` of a numeric fact, sorted by time; a rule counts as its place among the rules."""
        number = {rule: float(place) for place, rule in enumerate(FILLS)}
        rows = [(point, since, number.get(value, value)) for point, since, value in self.facts.get(name, [])]
        rows = [(point, since, float(value)) for point, since, value in rows]
        return pl.DataFrame(rows, schema=FACT, orient="row").sort("since", "point", maintain_order=True)

    def in_force(self, rows: pl.DataFrame, *names: str) -> pl.DataFrame:
        """`rows` (`point at kind` and the point's own words) with these words as a fact put them at the row's moment.

        A reading at the end of an interval is of before a change at that very moment, as in `rolling.with_factor`.
        """
        for name in names:
            dated = self.dated(name).rename({"since": "_since", "fact": "_fact"})
            if dated.height:
                before = pl.col("at") - pl.duration(
                    microseconds=(pl.col("kind") != "instant").fill_null(True).cast(pl.Int64)
                )
                found = rows.with_row_index("_row").with_columns(_before=before).sort("_before").join_asof(
                    dated, left_on="_before", right_on="_since", by="point", strategy="backward", check_sortedness=False
                ).sort("_row")  # fmt: skip
                kind = rows.schema[name]
                rows = found.with_columns(pl.coalesce(pl.col("_fact").cast(kind), name).alias(name)).select(
                    rows.columns
                )
        return rows

    @cached_property
    def by_week(self) -> list[int]:
        """The points of which a gap is filled, now or since some time, with the week before."""
        return sorted({point for point, _since, value in self.facts.get("fill_by", []) if value == FILLS[1]})

    @property
    def longest(self) -> pl.DataFrame:
        """`point period` with the longest period that a point has ever had."""
        dated = self.dated("period").select("point", period=pl.col("fact").cast(pl.Int64))
        return pl.concat([self.frame.select("point", "period"), dated]).group_by("point").agg(pl.col("period").max())

    def units_at(self, frame: pl.DataFrame) -> pl.Series:
        """The unit in which each row (`point`, `at`) is told."""
        rows = [(point, since, str(value)) for point, since, value in self.facts.get("unit", [])]
        told = pl.DataFrame(rows, schema=FACT | {"fact": pl.String}, orient="row").sort("since")
        found = (
            frame.select("point", "at")
            .with_row_index("row")
            .join(self.frame.select("point", "unit"), on="point", how="left")
            .with_columns(before=pl.col("at") - pl.duration(microseconds=1))
            .sort("before")
            .join_asof(
                told, left_on="before", right_on="since", by="point", strategy="backward", check_sortedness=False
            )
            .sort("row")
        )
        return found.select(pl.coalesce("fact", "unit")).to_series()


def factor_of(told: str, unit: str) -> float:
    """How many `unit` one `told` is. Raises `UnitError`. A unit that nothing converts needs no registry."""
    return 1.0 if told == unit else conversion(told, unit)


_kept: dict[uuid.UUID, Table] = {}


_looked: ContextVar[list[Registry] | None] = ContextVar("series_looked", default=None)


@contextmanager
def one_look() -> Iterator[None]:
    """Look at the registry once for all that is asked within: what a page shows is of one state of the points, and one query.

    Also a decorator of views (`@one_look()`). A change that is made within is seen.
    """
    token = _looked.set([])
    try:
        yield
    finally:
        _looked.reset(token)


def registry() -> Registry:
    looked = _looked.get()
    if looked:
        return looked[0]
    found = _registry()
    if looked is not None:
        looked.append(found)
    return found


def _registry() -> Registry:
    found = Registry.objects.filter(pk=1).first()
    return found or Registry.objects.get_or_create(pk=1, defaults={"folder": secrets.token_hex(4)})[0]


def changed() -> None:
    """Called by whoever changes a point or a fact: from now on every process reads them anew."""
    registry()
    Registry.objects.filter(pk=1).update(stamp=uuid.uuid4())
    if looked := _looked.get():
        looked.clear()


def table() -> Table:
    """All points as they are now."""
    stamp = registry().stamp
    if stamp not in _kept:
        _kept.clear()
        _kept[stamp] = _read(stamp)
    return _kept[stamp]


def table_known(moment: datetime) -> Table:
    """All points, with the facts alone that had been stated by a moment."""
    return _read(registry().stamp, stated_by=moment)


def the_store() -> store.Store:
    """The store that belongs to this database."""
    return store.store_at(Path(store.root()) / registry().folder)


def _read(stamp: uuid.UUID, *, stated_by: datetime | None = None) -> Table:
    rows = list(
        Point.objects.order_by("pk").values_list(
            "pk", "code", "kind", "period", "unit", "multiplier", "digits", "rated", "since", "until", "device_id",
            "organisation", "place", "formula",
        )
    )  # fmt: skip
    facts: dict[str, list[tuple[int, datetime, Any]]] = {}
    latest: dict[tuple[int, str, datetime], Any] = {}
    told = PointFact.objects.order_by("pk")
    if stated_by is not None:
        told = told.filter(stated_at__lte=stated_by)
    for point, name, value, since in told.values_list("point", "name", "value", "since"):
        latest[point, name, since] = value
    for (point, name, since), value in sorted(latest.items(), key=lambda each: (each[0][2], each[0][0], each[0][1])):
        facts.setdefault(name, []).append((point, since, value))
    formulas = {row[0]: row[13] for row in rows if row[13]}
    later = {point for point, _since, _value in facts.get("formula", [])}
    data = [(*row[:10], row[0] in formulas or row[0] in later, *row[10:13]) for row in rows]
    return Table(stamp, pl.DataFrame(data, schema=POINT, orient="row"), facts, formulas)


def numbers_of(points: QuerySet[Point] | Iterable[Point | int | str] | Point | int | str) -> list[int]:
    """The numbers of points given as objects, numbers or codes, each once, in order. Raises `SeriesError` for an unknown code."""
    if isinstance(points, (Point, int, str)):
        points = [points]
    if isinstance(points, QuerySet):
        return sorted(points.values_list("pk", flat=True))
    found = set()
    for each in points:
        if isinstance(each, str):
            number = table().numbers.get(each)
            if number is None:
                raise SeriesError(f"没有计量点“{each}”")
            found.add(number)
        else:
            found.add(int(each.pk) if isinstance(each, Point) else int(each))
    return sorted(found)
