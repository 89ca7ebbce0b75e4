"""Files of readings read in columns: Parquet and Arrow in batches, CSV at a stretch, Excel cell by cell (`uploads`).

A file may be larger than memory: it is taken batch by batch, each under a key of its own, so that a file whose reading was cut off is
read again from the beginning and nothing counts twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
from django.conf import settings
from django.utils.translation import gettext as _

from dafeng.kernel.errors import Place, UploadError
from dafeng.kernel.series import ingest, uploads
from dafeng.kernel.series.errors import SeriesError
from dafeng.kernel.series.frames import UTC_TIME
from dafeng.kernel.series.ingest import Receipt
from dafeng.kernel.sheets import number_of

BATCH = 4_000_000  # readings of a file that are taken at once
ZONED = r"(?:Z|[+-]\d{2}:?\d{2})$"
FORMS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", *uploads.FORMS)


def taken(file: Path, *, source: str = "backfill", now: datetime) -> Receipt:
    """Take a file of readings. Raises `SeriesError`, for a table `UploadError` with the row and column."""
    receipts = []
    try:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()[:40]
        for number, frame in enumerate(_batches(file)):
            key = f"{digest}-{number}" if number else digest
            receipts.append(ingest.receive(frame, source=source, key=key, now=now, owner="import"))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise SeriesError(f"文件读不出来（{error}）", mend="请确认文件完整") from None
    return _together(receipts)


def _together(receipts: list[Receipt]) -> Receipt:
    reasons: dict[str, int] = {}
    for each in receipts:
        for reason, count in each.reasons.items():
            reasons[reason] = reasons.get(reason, 0) + count
    names = ("count", "accepted", "again", "revised", "refused")
    totals = {name: sum(getattr(each, name) for each in receipts) for name in names}
    return Receipt(**totals, repeated=all(each.repeated for each in receipts), reasons=reasons)


def _batches(file: Path) -> Iterator[pl.DataFrame]:
    kind = file.suffix.lower()
    if kind == ".parquet":
        rows = pl.scan_parquet(file)
    elif kind in (".arrow", ".ipc"):
        rows = pl.scan_ipc(file)
    else:
        frame = _table(file) if kind == ".csv" else None
        yield uploads.opened(file)[1] if frame is None else frame
        return
    height = int(rows.select(pl.len()).collect().item())
    for first in range(0, max(height, 1), BATCH):
        yield rows.slice(first, BATCH).collect()


def _table(file: Path) -> pl.DataFrame | None:
    """A CSV in UTF-8 whose header says what is what; None for any other, which `uploads` reads or refuses."""
    try:
        told = pl.read_csv(file, infer_schema=False, raise_if_empty=False)
    except (pl.exceptions.ComputeError, pl.exceptions.DuplicateError):
        return None
    heads = dict(enumerate(name.strip() for name in told.columns))
    time, point, value = (uploads.column_of(heads, names) for names in (uploads.TIMES, uploads.POINTS, uploads.VALUES))
    if time is None or (point is None) != (value is None) or len(heads) < 2:
        return None
    columns = told.columns
    if point is not None and value is not None:
        rows = told.select(row=pl.int_range(pl.len()) + 2, at=columns[time], point=columns[point], value=columns[value])
    else:
        rows = told.with_columns(row=pl.int_range(pl.len()) + 2).rename({columns[time]: "at"})
        rows = rows.unpivot(index=["row", "at"], variable_name="point", value_name="value")
    rows = rows.filter(pl.col("value").str.strip_chars() != "")
    # Meters are read together: a time is written for each of them, and understood once.
    times = rows.select(pl.col("at").unique())
    times = times.with_columns(moment=_moments(times["at"]))
    found = rows.join(times, on="at", how="left", nulls_equal=True, maintain_order="left")
    found = found.with_columns(number=_numbers(found["value"]))
    _refuse(found.filter(pl.col("moment").is_null()), file, heads[time], "at")
    _refuse(found.filter(pl.col("number").is_null()), file, "", "value")
    return found.select(pl.col("point").str.strip_chars(), at="moment", value="number")


def _numbers(told: pl.Series) -> pl.Series:
    """As they are written (`number_of`); null where that is no number."""
    found = told.cast(pl.Float64, strict=False)
    if found.null_count() == told.null_count():
        return found
    return found.fill_null(_one_by_one(told, found, number_of, pl.Float64()))


def _one_by_one(told: pl.Series, found: pl.Series, meant: Callable[[str], Any], kind: pl.DataType) -> pl.Series:
    """Each different text that is not understood yet, as it is in a small table."""
    left = told.set(found.is_not_null(), None).drop_nulls().unique()
    known = pl.DataFrame({"told": left, "meant": pl.Series([meant(text) for text in left], dtype=kind)})
    return told.to_frame("told").join(known, on="told", how="left", maintain_order="left")["meant"]


def _moments(told: pl.Series) -> pl.Series:
    """UTC; a time without a zone is on the city's clock, null where nothing fits."""
    text = told.str.strip_chars()
    zoned = text.str.contains(ZONED)
    found = pl.Series("at", [None] * len(text), dtype=UTC_TIME)
    if zoned.any():
        found = text.set(~zoned.fill_null(False), None).str.to_datetime(time_unit="us", time_zone="UTC", strict=False)
    for form in FORMS:
        left = found.is_null() & text.is_not_null()
        if not left.any():
            break
        local = text.set(~left, None).str.to_datetime(form, time_unit="us", strict=False)
        aware = local.dt.replace_time_zone(settings.TIME_ZONE, ambiguous="earliest", non_existent="null")
        found = found.fill_null(aware.dt.convert_time_zone("UTC"))
    return found.fill_null(_one_by_one(told, found, uploads.moment_of, UTC_TIME))


def _refuse(wrong: pl.DataFrame, file: Path, column: str, name: str) -> None:
    """Names the first row that cannot be read. Raises `UploadError`."""
    if not wrong.height:
        return
    first: dict[str, Any] = wrong.sort("row").row(0, named=True)
    text = str(first[name] or "")[:40]
    where = Place(file=file.name, row=first["row"], column=column or str(first["point"]))
    if name == "at":
        raise UploadError(_("读不懂时间“%(text)s”") % {"text": text}, expected="2026-11-21 08:15", where=where)
    raise UploadError(_("“%(text)s”不是数") % {"text": text}, expected=_("数值；没有读数就留空"), where=where)
