"""Readings from a table that a person uploads: one time column and a column a point, or the three columns point, time, value.

Times without a zone are on the city's clock. Every cell that is no number is told with its row and column; then nothing is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import polars as pl
from django.conf import settings
from django.utils.translation import gettext as _

from dafeng.kernel.errors import NotFound, Place, UploadError
from dafeng.kernel.series import ingest, points
from dafeng.kernel.series.errors import SeriesError
from dafeng.kernel.series.ingest import Receipt
from dafeng.kernel.series.models import Point
from dafeng.kernel.series.reasons import mend, sentence
from dafeng.kernel.series.sources import Source
from dafeng.kernel.series.store import parquet
from dafeng.kernel.sheets import Cell, Limits, Sheet, Upload, narrow, number_of, open_upload

TIMES = ("时间", "日期时间", "time", "at", "timestamp", "datetime")
POINTS = ("计量点", "计量点代码", "point", "code")
VALUES = ("数值", "读数", "value")
FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")
SERIAL = re.compile(r"(?:3[6-9]|[4-6]\d|7[0-2])\d{3}(?:\.\d+)?")
"""Days of Excel between 1998 and 2099: no other way to write a time is a number of five figures."""
EXCEL_BEGINS = datetime(1899, 12, 30)
WRITTEN = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日\s*(?:(\d{1,2})[时点:](?:(\d{1,2})(?:分|:)?(?:(\d{1,2})秒?)?)?)?")
MIDNIGHT = re.compile(r"(.*\d)[ T]24:00(?::00)?")
LIMITS = Limits()
FOLDER = "uploads"
NAME = re.compile(r"[0-9a-f]{40}")
WAITS = timedelta(days=2)
"""How long a table waits to be looked at."""


def opened(file: Path | BinaryIO, *, name: str = "") -> tuple[str, pl.DataFrame]:
    """The file's hash and its readings: `point at value`. Raises `UploadError`, which names file, sheet, row and column."""
    upload = open_upload(file, name=name, limits=LIMITS)
    frames = [_readings(upload, sheet) for sheet in upload.sheets if sheet.visible and sheet.rows]
    if not frames:
        raise UploadError(_("表格里没有内容"), where=Place(file=upload.name))
    return upload.digest, pl.concat(frames)


def taken(frame: pl.DataFrame, *, digest: str, by: Any, now: datetime) -> Receipt:
    """Take them in a person's name: points that the person may not see do not exist, for them too."""
    codes = set(Point.objects.for_user(by).values_list("code", flat=True))
    foreign = frame.filter(~pl.col("point").is_in(list(codes)))["point"].unique().sort().to_list()
    if foreign:
        raise SeriesError(
            _("没有计量点“%(code)s”") % {"code": str(foreign[0])[:80]}, mend=_("请核对列名；列名须是计量点代码")
        )
    return ingest.receive(frame, source=Source.FILE, key=digest[:40], now=now, owner=f"person:{by.pk}")


def kept(frame: pl.DataFrame, *, digest: str, by: Any) -> str:
    """Lay the readings aside until the person has looked at them; the name under which they wait for this person and no other."""
    store, name = points.the_store(), digest[:40]
    store.disk.put(_path(name, by), parquet(frame))
    return name


def waiting(name: str, *, by: Any) -> pl.DataFrame:
    """What was laid aside. Raises `NotFound`."""
    path = _path(name, by)
    if not NAME.fullmatch(name) or not path.exists():
        raise NotFound(_("没有这份上传的表格，或已过期"), mend=_("请重新上传"))
    return pl.read_parquet(path)


def _path(name: str, by: Any) -> Path:
    return points.the_store().home / FOLDER / f"{by.pk}-{name}.parquet"


def sweep(*, now: datetime) -> None:
    """Forget what was laid aside long ago."""
    store = points.the_store()
    for path in (store.home / FOLDER).glob("*.parquet*"):
        if now.timestamp() - path.stat().st_mtime > WAITS.total_seconds():
            store.disk.remove(path)


def previewed(frame: pl.DataFrame, *, by: Any, now: datetime) -> pl.DataFrame:
    """`code known count first last low high reasons` of each point: what a person looks at before it is taken.

    `known`: the person may see the point. `reasons`: how many would wait in quarantine, by reason, each judged by itself.
    """
    codes = set(Point.objects.for_user(by).values_list("code", flat=True))
    rows = ingest.tried(frame, now=now)
    bad = pl.col("reason").drop_nulls().value_counts(sort=True)
    found = rows.group_by("code", maintain_order=True).agg(
        count=pl.len(), first=pl.col("at").min(), last=pl.col("at").max(), low=pl.col("value").min(), high=pl.col("value").max(),
        reasons=bad,
    )  # fmt: skip
    return found.with_columns(known=pl.col("code").is_in(list(codes))).sort("known", "code")


def _readings(upload: Upload, sheet: Sheet) -> pl.DataFrame:
    first = min(sheet.rows)
    heads = {column: cell.shown.strip() for column, cell in sheet.rows[first].items()}
    place = Place(file=upload.name, sheet=sheet.name, row=first + 1)
    time = column_of(heads, TIMES)
    point, value = column_of(heads, POINTS), column_of(heads, VALUES)
    if time is None or (point is None) != (value is None) or len(heads) < 2:
        raise UploadError(sentence("file_malformed"), mend=mend("file_malformed"), where=place)
    codes: list[str] = []
    times: list[datetime] = []
    values: list[float] = []
    for number in sorted(sheet.rows):
        if number == first:
            continue
        where = Place(file=upload.name, sheet=sheet.name, row=number + 1)
        if nameless := sorted(set(sheet.rows[number]) - set(heads)):
            # More often than not a comma between thousands that has cut a number in two.
            raise UploadError(
                _("“%(text)s”所在的列没有列名") % {"text": sheet.rows[number][nameless[0]].shown[:40]},
                mend=_("请补上列名，或删去多余的内容；数里的千分位逗号请去掉"), where=where,
            )  # fmt: skip
        for code, cell in _told(sheet.rows[number], heads, time, point, value):
            codes.append(code)
            times.append(_moment(sheet.rows[number].get(time), where, heads[time]))
            values.append(_number(cell, where, code))
    schema: dict[str, Any] = {"point": pl.String, "at": pl.Datetime("us", "UTC"), "value": pl.Float64}
    return pl.DataFrame({"point": codes, "at": times, "value": values}, schema=schema)


def column_of(heads: dict[int, str], names: tuple[str, ...]) -> int | None:
    """The column whose head is one of these names."""
    return next((column for column, head in heads.items() if head.lower() in names), None)


def _told(
    row: dict[int, Cell], heads: dict[int, str], time: int, point: int | None, value: int | None
) -> Iterator[tuple[str, Cell]]:
    if point is not None and value is not None:
        if point in row and value in row:
            yield row[point].shown.strip(), row[value]
        return
    for column, code in heads.items():
        if column != time and code and column in row:
            yield code, row[column]


def _moment(cell: Cell | None, where: Place, head: str) -> datetime:
    clock = ZoneInfo(settings.TIME_ZONE)
    if cell is not None and isinstance(cell.value, datetime):
        return cell.value.replace(tzinfo=cell.value.tzinfo or clock)
    text = "" if cell is None else cell.shown
    found = moment_of(text)
    if found is None:
        where = Place(file=where.file, sheet=where.sheet, row=where.row, column=head)
        raise UploadError(
            _("读不懂时间“%(text)s”") % {"text": text.strip()[:40]}, expected="2026-11-21 08:15", where=where
        )
    return found


def moment_of(text: str) -> datetime | None:
    """A time as people and Excel write it, on the city's clock where it names no zone; None for what is none.

    Also `2026年1月1日 8时`, figures of full width, `24:00`, and the bare number of days since 1900 that Excel shows when a cell has lost
    its format.
    """
    clock = ZoneInfo(settings.TIME_ZONE)
    text = narrow(text)
    if SERIAL.fullmatch(text):
        return (EXCEL_BEGINS + timedelta(seconds=round(float(text) * 86_400))).replace(tzinfo=clock)
    if written := WRITTEN.fullmatch(text):
        year, month, day, hour, minute, second = (int(part or 0) for part in written.groups())
        text = f"{year:04d}-{month:02d}-{day:02d} {hour:02d}:{minute:02d}:{second:02d}"
    days = timedelta(0)
    if midnight := MIDNIGHT.fullmatch(text):
        text, days = midnight[1], timedelta(days=1)
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=clock)) + days
    except (ValueError, OverflowError):
        for form in FORMS:
            try:
                return datetime.strptime(text, form).replace(tzinfo=clock) + days
            except (ValueError, OverflowError):
                continue
    return None


def _number(cell: Cell, where: Place, code: str) -> float:
    if isinstance(cell.value, float):
        return cell.value
    found = number_of(cell.shown)
    if found is None:
        raise UploadError(
            _("“%(text)s”不是数") % {"text": cell.shown[:40]}, expected=_("数值；没有读数就留空"),
            where=Place(file=where.file, sheet=where.sheet, row=where.row, column=code),
        )  # fmt: skip
    return found
