"""Is every file what the manifest says? And what can be made good when one is not.

A damaged file of steps is made anew from the readings. A damaged file of readings is laid aside, and what the archived log of the last
30 days holds of its partition is brought in again; what was older, or came in one large batch, must come from a backup and is named.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from dafeng.kernel.series import log, points, upkeep
from dafeng.kernel.series.frames import READING, SHARDS, STEPS, empty, month
from dafeng.kernel.series.manifest import READINGS, File, Manifest
from dafeng.kernel.series.store import Store


@dataclass(frozen=True)
class Check:
    """`damaged`: paths. `restored`: readings brought back. `lost`: at least so many readings must come from a backup."""

    files: int
    rows: int
    damaged: tuple[str, ...] = ()
    restored: int = 0
    lost: int = 0


def check(*, store: Store | None = None) -> Check:
    """Read every file and compare size, checksum and number of rows."""
    store = store or points.the_store()
    files = store.snapshot().manifest.files
    damaged = tuple(file.path for file in files if not _sound(store, file))
    return Check(len(files), sum(file.rows for file in files if file.kind == READINGS), damaged)


def _sound(store: Store, file: File) -> bool:
    try:
        content = (store.home / file.path).read_bytes()
    except OSError:
        return False
    return len(content) == file.size and zlib.crc32(content) == file.crc


def repair(*, now: datetime, store: Store | None = None) -> Check:
    """Lay damaged files aside and make good what can be."""
    store = store or points.the_store()
    found = check(store=store)
    if not found.damaged:
        return found
    with store.locked("upkeep.lock"):
        bad = [file for file in store.snapshot().manifest.files if file.path in found.damaged]
        for file in bad:
            store.disk.move(store.home / file.path, store.home / "damaged" / file.path.replace("/", "_"))
        steps = [file for file in bad if file.kind in STEPS]
        readings = [file for file in bad if file.kind not in STEPS]
        back = _from_archive(store, readings)
        files = store.put_readings(back, competing=pl.lit(True), rolled=False) if back.height else []
        # The steps of a partition are made of its readings: whatever lost a file is made anew as far as its readings go.
        again = {(file.month, file.shard) for file in readings} | {
            (file.month, number) for file in steps for number in _shards(file)
        }
        gone = {file.path for file in bad}

        def change(old: Manifest) -> Manifest:
            left = tuple(
                replace(file, rolled=False) if file.kind == READINGS and (file.month, file.shard) in again else file
                for file in old.files
                if file.path not in gone
            )
            base = replace(old, files=left, damaged=tuple(sorted({*old.damaged, *gone})))
            return base.with_files(files, now=now)

        with store.writing() as pen:
            pen.commit(change)
    upkeep.settle(now=now, store=store)
    lost = max(0, sum(file.rows for file in readings) - back.height)
    return replace(found, restored=back.height, lost=lost)


def _shards(file: File) -> range | tuple[int]:
    return (file.shard,) if file.kind == "15m" else range(SHARDS)


def _from_archive(store: Store, damaged: list[File]) -> pl.DataFrame:
    """What the archived log holds of these partitions and the files that are left do not, each revision once."""
    if not damaged:
        return empty(READING)
    wanted = {(file.month, file.shard) for file in damaged}
    parts = [empty(READING)]
    for path in sorted((store.home / "archive").glob("*.log")):
        parts += log.read(path, 0)[0]
    rows = pl.concat(parts).with_columns(month=month(store.clock), shard=pl.col("point") % SHARDS)
    keys = pl.DataFrame(sorted(wanted), schema={"month": pl.String, "shard": pl.Int64}, orient="row")
    rows = rows.join(keys, on=["month", "shard"], how="semi").select(list(READING)).unique(maintain_order=True)
    gone = {file.path for file in damaged}
    left = [
        pl.read_parquet(io.BytesIO((store.home / file.path).read_bytes()))
        for file in store.snapshot().manifest.files
        if file.kind not in STEPS and (file.month, file.shard) in wanted and file.path not in gone
    ]
    if left:
        rows = rows.join(pl.concat(left), on=["point", "at", "revision"], how="anti")
    return rows.sort("point", "at", "revision")
