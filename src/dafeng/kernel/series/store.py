"""The files of readings: one writer at a time, any number of readers, none of whom waits for another.

    <data>/series/<database>/manifest.json                                  replaced whole
                             log/0000000007.log                             append file; what is acknowledged is flushed here
                             readings/month=2026-11/shard=03/….parquet      what counts, one row a point and moment (once settled)
                             superseded/…                                   earlier and outranked revisions
                             15m/ 1h/ 1d/ 1mo/                              steps
                             quarantine/ archive/ damaged/

A writer holds the lock of `lock` (flock), brings its memory up to date from manifest and log, decides, writes, lets go. Readers
take a snapshot: a manifest and the part of the log behind it. See `upkeep` for how the log becomes files.
"""

from __future__ import annotations

import fcntl
import io
import threading
import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

import polars as pl
from django.conf import settings

from dafeng.kernel.series import log
from dafeng.kernel.series.disk import Disk
from dafeng.kernel.series.errors import DamagedError
from dafeng.kernel.series.frames import MARK, READING, SHARDS, by_month, empty, ordered
from dafeng.kernel.series.manifest import NAME, READINGS, File, Manifest
from dafeng.kernel.series.sources import MEASURED, RANK

SEGMENT_BYTES = 64 * 2**20
ROW_GROUP = 131_072


@dataclass(frozen=True)
class Snapshot:
    """What a reader sees: files, and the readings of the log that are in no file yet."""

    home: Path
    manifest: Manifest
    parts: tuple[pl.DataFrame, ...] = field(repr=False)
    stored_marks: pl.DataFrame = field(repr=False)
    marks: pl.DataFrame = field(repr=False)  # the newest reading of each point that has one

    @cached_property
    def tail(self) -> pl.DataFrame:
        return pl.concat(self.parts, rechunk=False) if self.parts else empty(READING)

    @property
    def waiting(self) -> int:
        return sum(part.height for part in self.parts)

    def path(self, file: File) -> str:
        return str(self.home / file.path)


def ranked(name: str = "source") -> pl.Expr:
    """The rank of a row's source (`sources`), larger counts."""
    made = {int(source): rank for source, rank in RANK.items()}
    return pl.col(name).replace_strict(made, default=MEASURED, return_dtype=pl.Int8)


def merged_marks(marks: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    if not rows.height:
        return marks
    newest = rows.select(list(MARK)).filter(pl.col("at") == pl.col("at").max().over("point"))
    both = pl.concat([marks, newest])
    return (
        both.with_columns(rank=ranked())
        .sort("point", "at", "rank", "arrived")
        .group_by("point", maintain_order=True)
        .last()
        .drop("rank")
    )


NOTHING = (0, 0, 0)


class Store:
    def __init__(self, home: Path, *, disk: Disk | None = None, clock: str = "") -> None:
        self.home, self.disk, self.clock = home, disk or Disk(), clock or settings.TIME_ZONE
        self._memory, self._turn = threading.RLock(), threading.Lock()
        self._manifest, self._seen = Manifest(), NOTHING
        self._stored_marks = empty(MARK)
        self._segments: dict[int, tuple[int, list[pl.DataFrame]]] = {}
        self._snapshot: Snapshot | None = None
        self._marked = 0  # parts of the log that the snapshot's marks know
        for folder in ("log", "archive"):
            (home / folder).mkdir(parents=True, exist_ok=True)

    # ---------- reading ----------

    def snapshot(self) -> Snapshot:
        """The newest state. Raises `DamagedError` when the manifest or the marks cannot be read."""
        with self._memory:
            while True:
                changed = self._refresh_manifest()
                grown = self._refresh_log()
                if self._stamp() == self._seen:
                    break
            if self._snapshot is None or changed or grown:
                parts = tuple(part for number in sorted(self._segments) for part in self._segments[number][1])
                # What was marked stays marked; only what is new is looked at, so that a writer's work does not grow with the log.
                marked = 0 if changed or self._snapshot is None else self._marked
                known = self._stored_marks if not marked or self._snapshot is None else self._snapshot.marks
                marks = merged_marks(known, pl.concat(parts[marked:])) if parts[marked:] else known
                self._marked = len(parts)
                self._snapshot = Snapshot(self.home, self._manifest, parts, self._stored_marks, marks)
            return self._snapshot

    def _stamp(self) -> tuple[int, int, int]:
        try:
            found = (self.home / NAME).stat()
        except FileNotFoundError:
            return NOTHING
        return (found.st_ino, found.st_mtime_ns, found.st_size)

    def _refresh_manifest(self) -> bool:
        stamp = self._stamp()
        if stamp == NOTHING and any((self.home / READINGS).rglob("*.parquet")):
            # Taken for an empty store, its files would have no name, and be swept away.
            raise DamagedError(f"读数清单不见了（{NAME}），读数文件还在", mend="请从备份恢复这个文件")
        if stamp == self._seen:
            return False
        try:
            manifest = Manifest.decoded((self.home / NAME).read_bytes()) if stamp != NOTHING else Manifest()
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedError(f"读数清单损坏（{NAME}）", mend="请从备份恢复这个文件") from error
        if manifest.marks != self._manifest.marks:
            self._stored_marks = self.read(manifest.marks) if manifest.marks else empty(MARK)
        self._manifest, self._seen = manifest, stamp
        for number in [each for each in self._segments if each < manifest.segment]:
            del self._segments[number]
        return True

    def _refresh_log(self) -> bool:
        grown = False
        for path in self.segments():
            number = log.number_of(path)
            offset, parts = self._segments.get(number, (0, []))
            try:
                size = path.stat().st_size
                if size < offset:  # a frame that could not be flushed was taken back
                    offset, parts, grown, self._marked = 0, [], True, 0
                if size > offset:
                    more, offset = log.read(path, offset)
                    parts, grown = [*parts, *more], grown or bool(more)
            except FileNotFoundError:
                continue  # settled meanwhile: the manifest has changed, and is read again
            self._segments[number] = (offset, parts)
        return grown

    def segments(self) -> list[Path]:
        """The live part of the log, the oldest first."""
        found = sorted((self.home / "log").glob("*.log"))
        return [path for path in found if log.number_of(path) >= self._manifest.segment]

    def read(self, path: str) -> pl.DataFrame:
        """A file of the store by its relative path. Raises `DamagedError`."""
        try:
            return pl.read_parquet(self.home / path, memory_map=False)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise DamagedError(
                f"读数文件损坏或缺失（{path}）", mend="请运行 dafeng series check --repair，仍不行请从备份恢复"
            ) from error

    # ---------- writing ----------

    @contextmanager
    def writing(self) -> Iterator[Pen]:
        """Alone among threads and processes, with everything that others have written."""
        with self._turn, self.locked("lock"):
            self.snapshot()
            if self._stamp() == NOTHING:  # before the first file, so that files without a manifest are always a loss
                self.disk.put(self.home / NAME, Manifest().encoded())
                self.snapshot()
            yield Pen(self)

    @contextmanager
    def locked(self, name: str, *, wait: bool = True) -> Iterator[bool]:
        """Hold a lock of this store; without `wait` tells whether it could be had."""
        with (self.home / name).open("wb") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            yield True

    def put_frame(
        self, frame: pl.DataFrame, kind: str, part: str, shard: int, *, competing: int = 0, rolled: bool = True
    ) -> File:
        """Write a file of a partition; it exists once a manifest names it. `frame` is sorted by point and time."""
        path = f"{kind}/month={part}/shard={shard:02d}/{uuid.uuid4().hex}.parquet"
        content = parquet(frame)
        self.disk.put(self.home / path, content)
        at = frame["at"].to_physical()
        return File(
            path, kind, part, shard, frame.height, len(content), zlib.crc32(content),
            int(frame["point"].min()), int(frame["point"].max()), int(at.min()), int(at.max()), competing, rolled,  # type: ignore[arg-type]
        )  # fmt: skip

    def put_marks(self, marks: pl.DataFrame) -> str:
        path = f"marks/{uuid.uuid4().hex}.parquet"
        self.disk.put(self.home / path, parquet(marks))
        return path

    def put_readings(self, frame: pl.DataFrame, *, competing: pl.Expr, rolled: bool) -> list[File]:
        """New files of readings, one a partition. `competing` marks rows whose moment other rows tell too."""
        files = []
        for part, of_month in by_month(frame, self.clock).items():
            shards = of_month.with_columns(_shard=pl.col("point") % SHARDS, _competing=competing).partition_by(
                "_shard", as_dict=True, maintain_order=True, include_key=False
            )
            for (shard,), rows in sorted(shards.items()):
                count = int(rows["_competing"].sum())
                rows = ordered(rows.select(list(READING)), "point", "at", "revision")
                files.append(self.put_frame(rows, READINGS, part, int(str(shard)), competing=count, rolled=rolled))
        return files


@dataclass
class Pen:
    """What may be done while the lock is held."""

    store: Store

    @property
    def snapshot(self) -> Snapshot:
        return self.store.snapshot()

    def append(self, frame: pl.DataFrame) -> None:
        """Readings into the log; when it returns they are on the disk. Raises `StoreError`."""
        store = self.store
        path = self._active()
        offset = store._segments.get(log.number_of(path), (0, []))[0]
        store.disk.append(path, log.encoded(frame), at=offset)
        store.snapshot()

    def _active(self) -> Path:
        live = self.store.segments()
        if not live:
            return self.store.home / "log" / log.name_of(self.store._manifest.segment)
        newest = live[-1]
        if newest.stat().st_size < SEGMENT_BYTES:
            return newest
        return newest.with_name(log.name_of(log.number_of(newest) + 1))

    def seal(self) -> int:
        """Close what the log holds now: everybody writes into a new segment, whose number is returned."""
        live = self.store.segments()
        number = log.number_of(live[-1]) + 1 if live else self.store._manifest.segment
        self.store.disk.put(self.store.home / "log" / log.name_of(number), b"")
        return number

    def commit(self, change: Callable[[Manifest], Manifest]) -> Manifest:
        """Replace the manifest by what `change` makes of the newest one."""
        manifest = change(self.snapshot.manifest)
        self.store.disk.put(self.store.home / NAME, manifest.encoded())
        self.store.snapshot()
        return manifest

    def add_files(self, files: list[File], marks: pl.DataFrame, *, now: datetime) -> None:
        """A large batch has gone into files at once, not through the log; `marks` are those stored, with its own."""
        path = self.store.put_marks(marks)
        self.commit(lambda old: old.with_files(files, now=now, marks=path))


def parquet(frame: pl.DataFrame) -> bytes:
    stream = io.BytesIO()
    frame.write_parquet(stream, compression="zstd", compression_level=1, row_group_size=ROW_GROUP, statistics=True)
    return stream.getvalue()


_stores: dict[Path, Store] = {}


def root() -> Path:
    return Path(settings.DATA) / "series"


def store_at(home: Path) -> Store:
    """One object a process, so that it reads the log once."""
    if home not in _stores:
        _stores[home] = Store(home)
    return _stores[home]
