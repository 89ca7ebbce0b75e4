"""The one way in: at least once from outside, exactly once on the disk.

A reading is a point's value at a moment. Of one point and moment: the same value again is `again`, wherever it comes from and
however late; another value is a new revision, and the declared rule (`sources`) says which counts. What cannot be taken goes
into quarantine with its reason. When `receive` returns, everything it speaks of is on the disk; when it raises, nothing was
promised and the same may be sent again.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import IO, Any, cast

import polars as pl
from django.db import IntegrityError, transaction

from dafeng.kernel.series import clocks, judging, points, quarantine
from dafeng.kernel.series.errors import Clash, SeriesError
from dafeng.kernel.series.flags import CORRECTED
from dafeng.kernel.series.frames import READING, UTC_TIME, empty, ordered
from dafeng.kernel.series.manifest import READINGS, SUPERSEDED, File
from dafeng.kernel.series.models import Batch, Device
from dafeng.kernel.series.points import Table
from dafeng.kernel.series.reasons import refused
from dafeng.kernel.series.sources import Source, rank, source_of
from dafeng.kernel.series.store import Pen, Snapshot, merged_marks, ranked

BULK = 200_000  # rows from which on a batch goes into files at once
PART = 1_000_000  # rows that are judged together: what is known of each while it is judged takes ten times its own room
TAIL = 4_000_000  # rows of the log beyond which whoever writes next settles it first
TOLD: dict[str, Any] = {
    "row": pl.UInt32, "point": pl.Int64, "code": pl.String, "at": UTC_TIME, "value": pl.Float64, "revision": pl.Int32,
    "arrived": UTC_TIME, "unit": pl.String,
}  # fmt: skip


@dataclass(frozen=True)
class Receipt:
    """What became of a delivery: `accepted` are new, `again` were there, `revised` are other values, `refused` wait in quarantine."""

    count: int
    accepted: int
    again: int
    revised: int
    refused: int
    repeated: bool = False
    reasons: dict[str, int] = field(default_factory=dict)


def receive(
    frame: pl.DataFrame,
    *,
    source: Source | str,
    key: str = "",
    now: datetime,
    device: Device | None = None,
    owner: str = "",
    sender: str = "",
) -> Receipt:
    """Take readings: columns `point` (number, or code), `at` (with a time zone), `value`; optional `revision`, `unit`, `arrived`.

    `key` makes the delivery known again: the same once more gets the same answer, another content under it raises `Clash`.
    `device`: who sent it may only tell of its own points. `sender`: of no device, keeps deliveries of the same content apart. `arrived` (of a backfill) says since when a reading was known.
    Raises `SeriesError` for columns that cannot be readings, `StoreError` when the disk does not take them.
    """
    source = source_of(source)
    owner = owner or (f"device:{device.code}" if device else source.name.lower())
    digest = _digest(frame, device.code if device else sender)
    if key and (found := Batch.objects.filter(owner=owner, key=key).first()) is not None:
        return _repeated(found, digest)
    table = points.table()
    judging_ = _judged(frame, table, device=device, now=now)
    first = next(judging_)
    store = points.the_store()
    if store.snapshot().waiting > TAIL:
        from dafeng.kernel.series import upkeep

        upkeep.settle(now=now)
    with store.writing() as pen:
        taken = _Taken(pen, source, bulk=frame.height > PART)
        for judged in chain([first], judging_):
            taken.add(_settled(judged, table, pen.snapshot, source, device=device))
        quarantine.keep(taken.refused, digest=digest, source=source, device=device, now=now)
        taken.commit(now=now)
    receipt = taken.receipt()
    _note(receipt, owner=owner, key=key, digest=digest, source=source, device=device, now=now)
    return receipt


def tried(frame: pl.DataFrame, *, now: datetime) -> pl.DataFrame:
    """The readings as they would be judged one by one (`code at value reason` and more); nothing is kept."""
    return pl.concat(_judged(frame, points.table(), device=None, now=now))


def _judged(frame: pl.DataFrame, table: Table, *, device: Device | None, now: datetime) -> Iterator[pl.DataFrame]:
    """The delivery judged, a large one in parts of some points each: no point's reading depends on another's.

    The number of parts is a power of two, so that a part holds whole shards and its rows become as few files as they would together.
    """
    lacking = {"point", "at", "value"} - set(frame.columns)
    if lacking:
        raise SeriesError(f"读数缺少列 {'、'.join(sorted(lacking))}", expected="point、at、value")
    whole, parts = frame.with_row_index("row"), 1
    while parts * PART < frame.height:
        parts *= 2
    part_of = _part_of(frame, table, parts) if parts > 1 else None
    for number in range(parts):
        rows = whole if part_of is None else whole.filter(part_of == number)
        if rows.height or not number:
            told = _told(rows, table, now)
            yield judging.judge(told, table, device=device.pk if device else None, now=now)


def _part_of(frame: pl.DataFrame, table: Table, parts: int) -> pl.Series:
    """Of each row its part, by the number of its point. Those of unknown points need not lie together."""
    name = "code" if _by_code(frame) else "point"
    known = table.frame.select(pl.col(name).alias("of"), part=(pl.col("point") % parts).cast(pl.UInt16))
    told = frame.select(of=pl.col("point").cast(known.schema["of"], strict=False)).with_row_index("row")
    found = told.join(known, on="of", how="left", maintain_order="left")
    return found.select(pl.col("part").fill_null((pl.col("row") % parts).cast(pl.UInt16))).to_series()


def _by_code(frame: pl.DataFrame) -> bool:
    return frame.schema.get("point") in (pl.String, pl.Categorical)


class _Taken:
    """What of a delivery is taken and what is refused, part by part; nothing counts before `commit`."""

    def __init__(self, pen: Pen, source: Source, *, bulk: bool) -> None:
        self.pen, self.source, self.bulk = pen, source, bulk
        self._refused: list[pl.DataFrame] = []
        self._verdicts: list[dict[str | None, int]] = []
        self._rows: pl.DataFrame | None = None
        self._files: list[File] = []
        self._marks = pen.snapshot.stored_marks

    @property
    def refused(self) -> pl.DataFrame:
        return pl.concat(self._refused)

    def add(self, judged: pl.DataFrame) -> None:
        self._refused.append(judged.filter(pl.col("verdict").is_null()).select(*quarantine.KEPT, "reason"))
        self._verdicts.append(dict(judged.group_by("verdict").len().iter_rows()))
        rows = judged.filter(pl.col("verdict").is_in(["accepted", "revised"])).select(
            pl.col(name).cast(kind) for name, kind in READING.items()
        )
        if self.bulk or rows.height >= BULK:
            self._files += self.pen.store.put_readings(rows, competing=pl.col("revision") > 0, rolled=False)
            self._marks = merged_marks(self._marks, rows)
        else:
            self._rows = rows

    def commit(self, *, now: datetime) -> None:
        if self._files:
            self.pen.add_files(self._files, self._marks, now=now)
        elif self._rows is not None and self._rows.height:
            self.pen.append(self._rows)

    def receipt(self) -> Receipt:
        def of(verdict: str | None) -> int:
            return sum(each.get(verdict, 0) for each in self._verdicts)

        why = self.refused.group_by("reason").len().sort("reason")
        numbers = of("accepted"), of("again"), of("revised"), of(None)
        return Receipt(sum(numbers), *numbers, reasons=dict(why.iter_rows()))


def _repeated(found: Batch, digest: str) -> Receipt:
    if found.digest != digest:
        raise refused("batch_reused", Clash)
    return Receipt(found.count, found.accepted, found.again, found.revised, found.refused, repeated=True)


class _Hash(io.RawIOBase):
    """Takes what is written into a hash, so that a large delivery is not written out a second time in memory."""

    def __init__(self, start: bytes) -> None:
        self.made = hashlib.sha256(start)

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self.made.update(content)
        return len(content)


def _digest(frame: pl.DataFrame, sender: str) -> str:
    stream = _Hash(sender.encode() + b"\n")
    frame.rechunk().write_ipc_stream(cast("IO[bytes]", stream))
    return stream.made.hexdigest()


def _told(frame: pl.DataFrame, table: Table, now: datetime) -> pl.DataFrame:
    """The delivery, numbered by `row`, in the columns of `TOLD`, points by number (null where unknown)."""
    at = frame.schema["at"]
    if not isinstance(at, pl.Datetime) or (at.time_zone is None and frame.height):
        raise SeriesError("读数的时间须带时区", expected="Datetime，UTC 或带时区")
    known = table.frame.select("point", "code")
    rows = frame.with_columns(
        pl.col("at").dt.convert_time_zone("UTC").cast(UTC_TIME), pl.col("value").cast(pl.Float64, strict=False),
        *([] if "revision" in frame.columns else [pl.lit(None, pl.Int32).alias("revision")]),
        *([] if "unit" in frame.columns else [pl.lit(None, pl.String).alias("unit")]),
        *([] if "arrived" in frame.columns else [pl.lit(now).cast(UTC_TIME).alias("arrived")]),
    )  # fmt: skip
    if _by_code(frame):
        rows = rows.rename({"point": "code"}).with_columns(pl.col("code").cast(pl.String))
        rows = rows.join(known, on="code", how="left", maintain_order="left")
    else:
        rows = rows.with_columns(pl.col("point").cast(pl.Int64)).join(
            known, on="point", how="left", maintain_order="left"
        )
    limit = pl.lit(now).cast(UTC_TIME)
    rows = rows.with_columns(arrived=pl.min_horizontal(pl.col("arrived").cast(UTC_TIME).fill_null(limit), limit))
    return rows.select(pl.col(name).cast(kind) for name, kind in TOLD.items())


def _settled(
    judged: pl.DataFrame, table: Table, snapshot: Snapshot, source: Source, *, device: Device | None
) -> pl.DataFrame:
    """Adds `verdict` (accepted, again, revised; null where refused), the revision, and reasons that only what was there before tells."""
    good = ordered(judged.filter(pl.col("reason").is_null()), "point", "at", "row")
    marks = snapshot.marks
    newest = marks.select("point", pl.col("at").alias("newest"))
    good = good.join(newest, on="point", how="left", maintain_order="left")
    late = (pl.col("at") <= pl.col("newest")).fill_null(False)
    head, behind = judging.follow(good.filter(~late), marks, table), good.filter(late)
    existing = _existing(snapshot, behind)
    if source in clocks.CLOCKED:
        head = clocks.beside(head, marks)
        if device is not None:  # whoever releases vouches for the time
            head = clocks.ahead(head, marks, table)
            suspects = quarantine.clocks_in_doubt(device, table)
            if behind.height:
                high = clocks.above(behind, marks, table)
                stored = _stored(snapshot, high, reach=clocks.NEAR)
                behind = clocks.held(behind, head, marks, existing, clocks.stands(high, stored, table), suspects)
                suspects |= set(behind.filter(pl.col("reason") == clocks.REASON)["point"])
            head = clocks.doubted(head, suspects)
    # Of one moment in one delivery the rows follow one another, like deliveries.
    same = (pl.col("point") == pl.col("point").shift(1)) & (pl.col("at") == pl.col("at").shift(1))
    alone = not good.select(same.any()).item()
    rows = pl.concat([head, behind]).drop("newest")
    taken = rows.filter(pl.col("reason").is_null())
    if alone and not existing.height and taken["revision"].null_count() == taken.height:
        decided = taken.with_columns(revision=pl.lit(0, pl.Int32), verdict=pl.lit("accepted"))
    else:
        decided = _revisions(taken, existing, source)
    left = pl.concat([judged.filter(pl.col("reason").is_not_null()), rows.filter(pl.col("reason").is_not_null())])
    both = pl.concat([decided, left.with_columns(verdict=pl.lit(None, pl.String))])
    flag = pl.col("flag") | pl.when(pl.col("verdict") == "revised").then(pl.lit(CORRECTED, pl.UInt16)).otherwise(0)
    both = both.with_columns(source=pl.lit(int(source), pl.Int8), flag=flag.cast(pl.UInt16))
    return ordered(both, "point", "at", "row")


def _existing(snapshot: Snapshot, late: pl.DataFrame) -> pl.DataFrame:
    """What is stored of the moments of these rows: `point at value revision source arrived`, all revisions."""
    return _stored(snapshot, late).join(late.select("point", "at").unique(), on=["point", "at"], how="semi")


def _stored(snapshot: Snapshot, rows: pl.DataFrame, *, reach: timedelta = timedelta(0)) -> pl.DataFrame:
    """What is stored of the points of these rows from the earliest to the latest of their moments, and `reach` beyond."""
    wanted = ("point", "at", "value", "revision", "source", "arrived")
    if not rows.height:
        return empty(READING).select(wanted)
    first, last = rows.select(first=pl.col("at").min() - reach, last=pl.col("at").max() + reach).row(0)
    low, high = (int(each.timestamp() * 1e6) for each in (first, last))
    numbers = rows["point"].unique()
    inside = pl.col("point").is_in(numbers.implode()) & pl.col("at").is_between(first, last)
    files = [
        snapshot.path(file)
        for file in snapshot.manifest.files
        if file.kind in (READINGS, SUPERSEDED) and file.first <= high and file.last >= low
        and ((numbers >= file.low) & (numbers <= file.high)).any()
    ]  # fmt: skip
    found = [snapshot.tail.filter(inside).select(wanted)]
    if files:
        found.append(pl.scan_parquet(files).filter(inside).select(wanted).collect())
    return pl.concat(found)


def _revisions(taken: pl.DataFrame, existing: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Number the rows after what exists. A row whose value a revision of its rank or a higher one has already is `again`.

    So a redelivery never undoes a correction, and a person may go back to what a machine had told. A row that names its revision: a
    number taken by the same value is `again`, by another it is refused; a higher one counts.
    """
    columns = [*taken.columns, "verdict"]
    key = ["point", "at"]
    touched = taken.filter(taken.select(key).is_duplicated() | pl.lit(taken["revision"].is_not_null()))
    keys = pl.concat([existing.select(key), touched.select(key)]).unique()
    plain = taken.join(keys, on=key, how="anti", maintain_order="left")
    plain = plain.with_columns(revision=pl.lit(0, pl.Int32), verdict=pl.lit("accepted"))
    rest = taken.join(keys, on=key, how="semi", maintain_order="left")
    equals = existing.filter(ranked() >= rank(source))
    same = equals.select(*key, "value").unique().with_columns(there=pl.lit(True))
    highest = existing.group_by(key).agg(top=pl.col("revision").max())
    taken_numbers = existing.group_by(*key, "revision").agg(taken_by=pl.col("value").first())
    rest = (
        rest.join(same, on=[*key, "value"], how="left", maintain_order="left")
        .join(taken_numbers, on=[*key, "revision"], how="left", maintain_order="left")
        .join(highest, on=key, how="left", maintain_order="left")
    )
    told = pl.col("revision").is_not_null()
    repeated = ~pl.struct(*key, "value", "revision").is_first_distinct() | pl.when(told).then(
        (pl.col("taken_by") == pl.col("value")).fill_null(False)
    ).otherwise(pl.col("there").fill_null(False))
    rest = rest.with_columns(
        reason=pl.when(~repeated & told & pl.col("taken_by").is_not_null()).then(pl.lit("revision_taken")),
        again=repeated,
    )
    fresh = rest.filter(~pl.col("again") & pl.col("reason").is_null())
    counted = pl.col("top").fill_null(-1) + pl.int_range(1, pl.len() + 1).over(key)
    fresh = fresh.with_columns(revision=pl.coalesce("revision", counted).cast(pl.Int32))
    verdict = pl.when(pl.col("revision") == 0).then(pl.lit("accepted")).otherwise(pl.lit("revised"))
    fresh = fresh.with_columns(verdict=verdict)
    old = rest.filter(pl.col("again")).with_columns(verdict=pl.lit("again"))
    bad = rest.filter(pl.col("reason").is_not_null()).with_columns(verdict=pl.lit(None, pl.String))
    return pl.concat([each.select(columns) for each in (plain, fresh, old, bad)])


def _note(receipt: Receipt, **named: Any) -> None:
    """The row of the batch. A second writer of the same batch finds all its readings there: the first one's row stands."""
    now, key, device = named["now"], named["key"] or named["digest"], named["device"]
    numbers = {name: getattr(receipt, name) for name in ("count", "accepted", "again", "revised", "refused")}
    try:
        with transaction.atomic():
            Batch.objects.create(
                owner=named["owner"], key=key[:80], digest=named["digest"], source=int(named["source"]), received_at=now,
                device=device, **numbers,
            )  # fmt: skip
    except IntegrityError:
        pass
    if device is not None and (device.last_seen_at is None or (now - device.last_seen_at).total_seconds() >= 60):
        Device.objects.filter(pk=device.pk).update(last_seen_at=now)
