"""The activity rows that a city holds, as frames: read once a process, searched and compared without the database.

A batch's rows never change, so a batch is read once and remembered; which batches are active is asked each time. `counts`
tells whether a row is in force (`methods.precedence.in_force`): what a later upload replaces stays, and no longer counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

import polars as pl
from django.db.models import Case, CharField, F, Max, Value, When
from django.db.models.functions import Left

from dafeng.domains.inventory.methods.precedence import SOURCE, TAKEN, in_force
from dafeng.domains.inventory.models import ActivityRow, BalanceCell, Batch, City
from dafeng.kernel.errors import UnitError
from dafeng.kernel.quantities import units

_WORD = pl.Categorical()
SCHEMA: dict[str, Any] = {
    "id": pl.Int64,
    "batch_id": pl.Int64,
    "category": _WORD,
    "item": _WORD,
    "technology": _WORD,
    "variable": _WORD,
    "place": _WORD,
    "year": pl.Int16,
    "value": pl.Float64,
    "unit": _WORD,
    "basis": _WORD,
    "mark": _WORD,
    "source": _WORD,
    "notation": _WORD,
    "uncertainty": pl.Float64,
    "sheet_row": pl.String,
}
# Enough of a source to find and compare it; the estimates of a pack explain themselves at length.
_SOURCE_LENGTH = 200
# A row that says the same as the one it would replace changes nothing.
_SAID = ("value", "unit", "notation", "basis", "uncertainty", "source")
# The record's key of a batch that was taken from enterprises' reports: it is undone like an upload and never beside a statistic.
TAKEN_KEY = "reported:"
CHANGES = ("new", "replaces", "same")
Key = tuple[int, UUID, str]


def origin(prefix: str = "") -> Case:
    """How a batch came, as `in_force` tells them apart: pack, upload, or taken from reports."""
    taken = When(**{f"{prefix}record__key__startswith": TAKEN_KEY}, then=Value(TAKEN))
    return Case(taken, default=F(f"{prefix}source"), output_field=CharField())


@lru_cache(maxsize=256)
def _batch(key: Key) -> pl.DataFrame:
    # The record's id is part of the key: a number can come back (a restored database), an id cannot.
    batch, _record, source = key
    named = [Left(name, _SOURCE_LENGTH) if name == "source" else F(name) for name in SCHEMA]
    found = ActivityRow.objects.filter(batch=batch).order_by("id").values_list(*named)
    frame = pl.DataFrame(list(found.iterator(chunk_size=5000)), schema=SCHEMA, orient="row")
    return frame.with_columns(pl.lit(source, dtype=_WORD).alias("batch_source"))


def batch_rows(batch: Batch) -> pl.DataFrame:
    """All rows of one batch, whatever its state; columns of `SCHEMA` and batch_source."""
    return _batch((batch.pk, batch.record_id, batch.source))


@lru_cache(maxsize=8)
def _city(keys: tuple[Key, ...]) -> pl.DataFrame:
    rows = pl.concat([_batch(key) for key in keys])
    slim = rows.select("id", "batch_id", "value", pl.col(*_TEXTS).cast(pl.String), "year")
    kept = in_force(slim)["id"]
    code = pl.col("category").cast(pl.String)
    sector = pl.when(code.str.starts_with("ID")).then(pl.lit("ID")).otherwise(code.str.slice(0, 1))
    return rows.with_columns(
        pl.col("id").is_in(kept.implode()).alias("counts"),
        sector.cast(_WORD).alias("sector"),
        pl.col("place").cast(pl.String).str.slice(0, 6).cast(_WORD).alias("county"),
    ).sort("category", "item", "place", "year")


_TEXTS = ("category", "item", "technology", "variable", "place", "basis", "notation", "batch_source")
_MADE = {"batch_source": _WORD, "counts": pl.Boolean(), "sector": _WORD, "county": _WORD}


def active(city: City) -> tuple[Key, ...]:
    """The batches that a compile would read now."""
    found = Batch.objects.filter(city=city, active=True).order_by("pk")
    return tuple(found.values_list("pk", "record_id", origin()))


def city_rows(city: City, keys: tuple[Key, ...] | None = None) -> pl.DataFrame:
    """All active rows of the city and whether they count; `keys` where the caller knows the active batches."""
    known = active(city) if keys is None else keys
    if not known:
        return pl.DataFrame(schema=SCHEMA | _MADE)
    return _city(known)


def _numbered(rows: pl.DataFrame) -> pl.DataFrame:
    """Sources as plain text and, where a batch holds several rows of one source, their number among them."""
    texts = [pl.col(name).cast(pl.String).fill_null("") for name in SOURCE if name != "year"]
    return rows.with_columns(*texts, pl.col("year").cast(pl.Int16)).with_columns(
        pl.int_range(pl.len()).over(SOURCE).alias("nth")
    )


def compared(new: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """`new` rows beside those that count now for the same source.

    Adds old_value, old_unit, old_notation, old_batch, old_id, `change` (new, replaces, same) and `share`: by how much the
    number changes (0.1 is ten percent more), null where that has no meaning. What an upload confirms of the pack is a change.
    """
    wanted = [name for name in (*SOURCE, *_SAID) if name not in new.columns]
    given = _numbered(new.with_columns(pl.lit(None, dtype=SCHEMA[name]).alias(name) for name in wanted))
    said = [f"old_{name}" for name in _SAID]
    old = _numbered(held.filter("counts")).select(
        *SOURCE,
        "nth",
        pl.col("value", "uncertainty").name.prefix("old_"),
        pl.col("unit", "notation", "basis", "source").cast(pl.String).fill_null("").name.prefix("old_"),
        pl.col("batch_id").alias("old_batch"),
        pl.col("id").alias("old_id"),
        (pl.col("batch_source") == "upload").alias("uploaded"),
    )
    joined = given.join(old, on=[*SOURCE, "nth"], how="left", maintain_order="left")
    same = pl.col("uploaded").fill_null(False)
    for name, before in zip(_SAID, said, strict=True):
        now = pl.col(name) if name in ("value", "uncertainty") else pl.col(name).cast(pl.String).fill_null("")
        same &= now.eq_missing(pl.col(before))
    change = pl.when(pl.col("old_id").is_null()).then(pl.lit("new")).when(same).then(pl.lit("same"))
    marked = joined.with_columns(change.otherwise(pl.lit("replaces")).alias("change"))
    shares = [_share(*row) for row in marked.select("value", "unit", "old_value", "old_unit").iter_rows()]
    return marked.with_columns(pl.Series("share", shares, dtype=pl.Float64)).drop(
        "nth", "uploaded", "old_basis", "old_source", "old_uncertainty"
    )


def _share(value: float | None, unit: str | None, before: float | None, unit_before: str | None) -> float | None:
    if value is None or not before or not unit or not unit_before:
        return None
    try:
        return value * units.conversion(unit, unit_before) / before - 1
    except UnitError:
        return None


def seen(city: City, shown: pl.DataFrame, cells: pl.DataFrame | None) -> dict[str, Any]:
    """What a preview compared with, to be asked again before the commit: a digest of the stored rows, and their batches."""
    ids = shown["old_id"].drop_nulls().unique().sort()
    batches = set(shown["old_batch"].drop_nulls().to_list())
    balances = _balances(city, cells) if cells is not None else []
    said = repr((ids.to_list(), balances)).encode()
    return {
        "digest": hashlib.sha256(said).hexdigest(),
        "batches": sorted(batches | {batch for _place, _year, batch in balances}),
    }


def _balances(city: City, cells: pl.DataFrame) -> list[tuple[str, int, int]]:
    """The newest batch that holds a balance for each place and year of the cells."""
    asked = cells.select("place", "year").unique()
    held = BalanceCell.objects.filter(
        batch__city=city, batch__active=True, place__in=asked["place"].to_list(), year__in=asked["year"].to_list()
    )
    return sorted(held.values_list("place", "year").annotate(newest=Max("batch_id")))


def hide(shown: pl.DataFrame, visible: Collection[int]) -> pl.DataFrame:
    """Blank the former values that stand in batches which the reader may not see."""
    may = pl.col("old_batch").is_in(list(visible)).fill_null(True)
    return shown.with_columns(
        pl.when(may).then(pl.col(name)).alias(name) for name in ("old_value", "old_unit", "old_notation", "share")
    ).with_columns((~may).alias("hidden"))


def after_undo(batch: Batch, keys: tuple[Key, ...]) -> pl.DataFrame:
    """The rows of an active batch that count now, beside what would count for their sources without the batch."""
    mine = _city(keys).filter((pl.col("batch_id") == batch.pk) & pl.col("counts"))
    others = tuple(key for key in keys if key[0] != batch.pk)
    empty = mine.clear()
    return compared(mine, _city(others) if others else empty)


def balance_of(city: City, visible: Collection[int], names: Mapping[str, str]) -> list[tuple[str, int]]:
    """Places and years of which a balance was reported, the latest year first, places in the order of `names`."""
    order = list(names)
    found = BalanceCell.objects.filter(batch__in=list(visible), batch__active=True).values_list("place", "year")
    return sorted(
        set(found.distinct()), key=lambda at: (-at[1], order.index(at[0]) if at[0] in order else len(order), at[0])
    )


def balance_cells(city: City, visible: Collection[int], place: str, year: int) -> list[dict[str, Any]]:
    """The cells of one balance, from the newest batch that holds it."""
    cells = BalanceCell.objects.filter(batch__in=list(visible), batch__active=True, place=place, year=year)
    newest = cells.order_by("-batch_id").values("batch_id")[:1]
    return list(cells.filter(batch_id=newest).values("row", "fuel", "value", "unit", "batch_id"))
