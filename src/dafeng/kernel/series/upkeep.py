"""Behind the doors: the log becomes files, revisions are settled, steps are made, what nobody reads any more is removed.

`settle` may be cut off anywhere: a file that no manifest names is nothing, and the log it was made of is still there. One settles
at a time; writers and readers go on meanwhile, held up only for the moments of sealing the log and replacing the manifest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from dafeng.kernel.series import log, points, queries, rolling
from dafeng.kernel.series.frames import COARSER, READING, SHARDS, STEP, STEPS, UTC_TIME, empty, months_between
from dafeng.kernel.series.manifest import READINGS, SUPERSEDED, File, Manifest
from dafeng.kernel.series.store import Snapshot, Store, merged_marks, ranked

MANY = 8  # files of a partition from which on they become one
GRACE = timedelta(minutes=15)  # a reader is done with a file after that
ARCHIVED = timedelta(days=30)
AT_ONCE = 64  # points whose steps are made together
EVER = 253_402_300_799_000_000  # the end of the year 9999, in microseconds


@dataclass(frozen=True)
class Settled:
    """What was done: rows brought from the log into files, files made one, steps made anew (point-days)."""

    rows: int = 0
    merged: int = 0
    days: int = 0


def settle(*, now: datetime, store: Store | None = None) -> Settled:
    """Bring everything up to date. Does nothing when another does it at this moment."""
    store = store or points.the_store()
    with store.locked("upkeep.lock", wait=False) as free:
        if not free:
            return Settled()
        _sweep(store, now)
        rows = _compact(store, now)
        days = _roll(store, now)
        merged = _merge(store, now)
    return Settled(rows, merged, days)


def touch(point: int, since: datetime) -> None:
    """A fact changed: the steps of a point from a moment on are made anew at the next occasion."""
    store = points.the_store()
    span = (point, int(since.timestamp() * 1e6), EVER)
    with store.writing() as pen:
        pen.commit(lambda old: replace(old, number=old.number + 1, touched=(*old.touched, span)))


# ---------- the log into files ----------


def _compact(store: Store, now: datetime) -> int:
    with store.writing() as pen:
        if not pen.snapshot.waiting:
            return 0
        sealed = [log.number_of(path) for path in store.segments()]
        following = pen.seal()
        rows = pen.snapshot.tail
    files = store.put_readings(rows, competing=pl.col("revision") > 0, rolled=False)
    with store.writing() as pen:
        marks = store.put_marks(merged_marks(pen.snapshot.stored_marks, rows))
        pen.commit(lambda old: old.with_files(files, now=now, marks=marks, segment=following))
    for number in sealed:
        name = log.name_of(number)
        store.disk.move(store.home / "log" / name, store.home / "archive" / name)
    return rows.height


def _merge(store: Store, now: datetime) -> int:
    """Partitions with competing revisions, or with many files, become one settled file each."""
    merged = 0
    partitions: dict[tuple[str, int], list[File]] = {}
    for file in store.snapshot().manifest.of(READINGS):
        partitions.setdefault((file.month, file.shard), []).append(file)
    for (part, shard), files in sorted(partitions.items()):
        if len(files) < MANY and not any(file.competing for file in files):
            continue
        rows = pl.concat([store.read(file.path) for file in files])
        current, superseded = settled(rows)
        rolled = all(file.rolled for file in files)
        made = [store.put_frame(current, READINGS, part, shard, rolled=rolled)]
        if superseded.height:
            made.append(store.put_frame(superseded, SUPERSEDED, part, shard))
        with store.writing() as pen:
            pen.commit(lambda old, made=made, files=files: old.with_files(made, files, now=now))  # type: ignore[misc]
        merged += len(files)
    return merged


def settled(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The revision that counts of each moment, and the others."""
    order = ["point", "at", "rank", "arrived", "revision"]
    rows = rows.with_columns(rank=ranked()).sort(order)
    last = (pl.col("point") != pl.col("point").shift(-1)) | (pl.col("at") != pl.col("at").shift(-1))
    rows = rows.with_columns(counts=last.fill_null(True))
    columns = list(READING)
    return rows.filter("counts").select(columns), rows.filter(~pl.col("counts")).select(columns)


# ---------- steps ----------


def _roll(store: Store, now: datetime) -> int:
    """Make the steps of all days that have news. The news are those of the manifest at the beginning; later ones stay news."""
    before = store.snapshot()
    fresh = [file.path for file in before.manifest.files if not file.rolled]
    touched = before.manifest.touched
    seen = Snapshot(before.home, before.manifest, (), before.stored_marks, before.marks)
    dirty = queries.unknown_readings(seen)
    days = 0
    numbers = dirty["point"].to_list()
    for first in range(0, len(numbers), AT_ONCE):
        part = dirty.filter(pl.col("point").is_in(numbers[first : first + AT_ONCE]))
        near = queries.around(part["point"].to_list(), part["low"].min(), part["high"].max())  # type: ignore[arg-type]
        spans = rolling.reach(part, near, points.table(), store.clock)
        del near
        days += _roll_spans(store, spans, now)
    if fresh or touched:
        with store.writing() as pen:
            pen.commit(lambda old: _known(old, set(fresh), touched))
    return days


def _known(old: Manifest, fresh: set[str], touched: Iterable[Any]) -> Manifest:
    files = tuple(replace(file, rolled=True) if file.path in fresh else file for file in old.files)
    left = list(old.touched)
    for span in touched:
        left.remove(span)
    return replace(old, number=old.number + 1, files=files, touched=tuple(left))


def _roll_spans(store: Store, spans: pl.DataFrame, now: datetime) -> int:
    """Month by month, so that memory holds a month of some points and not years of them."""
    start, end = spans["start"].min(), spans["end"].max()
    assert isinstance(start, datetime)
    assert isinstance(end, datetime)
    days = 0
    for part in months_between(start, end, store.clock):
        edges = pl.DataFrame({"month": [part]}).select(
            low=pl.col("month").str.to_datetime("%Y-%m", time_unit="us").dt.replace_time_zone(store.clock)
        )
        low = edges["low"].dt.convert_time_zone("UTC").item()
        high = edges.select(pl.col("low").dt.offset_by("1mo").dt.convert_time_zone("UTC")).item()
        inside = spans.with_columns(
            start=pl.max_horizontal("start", pl.lit(low).cast(UTC_TIME)), end=pl.min_horizontal("end", pl.lit(high).cast(UTC_TIME))
        ).filter(pl.col("start") < pl.col("end"))  # fmt: skip
        if inside.height:
            days += int(inside.select((pl.col("end") - pl.col("start")).dt.total_days().sum()).item())
            _put_month(store, part, queries.remade(inside), inside, now)
    return days


def _put_month(store: Store, part: str, made: pl.DataFrame, spans: pl.DataFrame, now: datetime) -> None:
    """Replace the steps of the spans in one month, in all four lengths, in one manifest."""
    table, clock = points.table(), store.clock
    old_files = [file for file in store.snapshot().manifest.files if file.kind in STEPS and file.month == part]
    added: list[File] = []
    removed: list[File] = []
    daily = empty(STEP)
    for step in STEPS:
        if step == "1mo":
            whole = rolling.coarser(daily, step, table, clock)
            made = whole.join(spans.select("point").unique(), on="point", how="semi")
            spans = spans.with_columns(start=made["at"].min() if made.height else pl.col("start"))
        elif step in COARSER:
            made = rolling.coarser(made, step, table, clock)
        shards = sorted({number % SHARDS for number in spans["point"]}) if step == "15m" else [0]
        for shard in shards:
            files = [file for file in old_files if file.kind == step and file.shard == shard]
            rows = made.filter(pl.col("point") % SHARDS == shard) if step == "15m" else made
            stored = pl.concat([store.read(file.path) for file in files]) if files else empty(STEP)
            rows = pl.concat([rolling.outside(stored, spans), rows]).sort("point", "at")
            if step == "1d":
                daily = rows
            removed += files
            if rows.height:
                added.append(store.put_frame(rows, step, part, shard))
    with store.writing() as pen:
        pen.commit(lambda old: old.with_files(added, removed, now=now))


# ---------- the broom ----------


def _sweep(store: Store, now: datetime) -> None:
    """Remove what no manifest names: leavings of a crash at once, files that were replaced after a while, old archives.

    Nobody else writes files while both locks are held, so a file that has no name then never gets one.
    """
    with store.writing() as pen:
        manifest = pen.snapshot.manifest
        kept = tuple(entry for entry in manifest.trash if now.timestamp() - entry[1] < GRACE.total_seconds())
        if kept != manifest.trash:
            manifest = pen.commit(lambda old: replace(old, number=old.number + 1, trash=kept))
        named = {file.path for file in manifest.files} | {path for path, _at in kept} | {manifest.marks}
        for folder in (READINGS, SUPERSEDED, *STEPS, "marks"):
            for path in (store.home / folder).rglob("*.parquet*"):
                if str(path.relative_to(store.home)) not in named:
                    store.disk.remove(path)
    for path in (store.home / "log").glob("*.log"):
        if log.number_of(path) < manifest.segment:
            store.disk.move(path, store.home / "archive" / path.name)
    for path in (store.home / "archive").glob("*.log"):
        if now.timestamp() - path.stat().st_mtime >= ARCHIVED.total_seconds():
            store.disk.remove(path)
