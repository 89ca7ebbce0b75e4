"""Bring a clerk's file in: preview it row by row, keep the file as evidence, commit it whole or not at all."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl
from django.db import transaction

from dafeng.domains.inventory import services
from dafeng.domains.inventory.methods.balance_activity import activity_rows
from dafeng.domains.inventory.models import ActivityRow, Batch, City
from dafeng.domains.inventory.sheets import Limits, Problem, Severity, read_activity, read_balance
from dafeng.kernel.errors import UploadError
from dafeng.kernel.records import services as records

_KEY = ("category", "item", "technology", "variable", "place", "year")
_MEDIA_TYPES = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".csv": "text/csv",
}


def known_places(city: City) -> dict[str, str]:
    """The codes that a file of this city may name: the city and its counties."""
    return {city.code: city.name, **{code: names[0] for code, names in city.counties.items()}}


@dataclass(frozen=True)
class Preview:
    """What a file would bring in: activity rows, and the energy balance behind some of them, if it holds one."""

    file: str
    digest: str
    rows: pl.DataFrame
    cells: pl.DataFrame | None
    problems: tuple[Problem, ...]
    counts: dict[str, int]

    @property
    def ok(self) -> bool:
        return self.counts["errors"] == 0


def preview(
    city: City,
    file: Path | BinaryIO,
    *,
    name: str = "",
    limits: Limits | None = None,
    place: str | None = None,
    year: int | None = None,
    existing: Iterable[tuple[Any, ...]] | None = None,
) -> Preview:
    """What the file would bring in and everything wrong with it; nothing is stored.

    A file may hold activity sheets, an energy balance, or both; `place` and `year` are for a balance that does not say them.
    A row whose source is among `existing` is warned of; by default those are the sources uploaded before.
    Raises `UploadError` when the file cannot be read at all.
    """
    if existing is None:
        stored = ActivityRow.objects.filter(batch__city=city, batch__active=True, batch__source="upload")
        existing = stored.values_list(*_KEY)
    places = known_places(city)
    # One byte more than allowed is enough to be refused; a huge upload is not read to its end first.
    allowed = (limits or Limits()).file_bytes
    content = file if isinstance(file, Path) else io.BytesIO(file.read(allowed + 1))
    table = read_activity(content, name=name, known_places=places, limits=limits, existing=existing)
    if not isinstance(content, Path):
        content.seek(0)
    balance = read_balance(content, name=name, known_places=places, limits=limits, place=place or city.code, year=year)
    absent = {"no_table", "no_rows"}
    missing = {problem.code for problem in balance.problems if problem.severity is Severity.ERROR}
    if missing and missing <= absent:
        return Preview(table.file, table.digest, table.rows, None, table.problems, table.counts)
    # The balance is the file's content: that it holds no activity sheet as well is no fault.
    spared = {*absent, "no_mark"}
    others = tuple(problem for problem in table.problems if problem.code not in spared)
    counts = {name: table.counts.get(name, 0) + balance.counts.get(name, 0) for name in table.counts}
    for problem in table.problems:
        if problem.code in spared:
            counts[f"{problem.severity}s"] -= 1
    rows = table.rows
    if balance.ok:
        derived = activity_rows(balance.rows).with_columns(pl.lit("能源平衡表").alias("sheet_row"))
        rows = pl.concat(
            [rows, derived.select(name for name in rows.columns if name in derived.columns)], how="diagonal"
        )
        counts["rows"] = rows.height
    return Preview(table.file, table.digest, rows, balance.rows, (*others, *balance.problems), counts)


def import_file(
    city: City, file: Path, *, commit: bool, by: Any, now: datetime, year: int | None = None
) -> tuple[Preview, Batch | None]:
    """Preview a file, and commit it when asked and free of errors; the file itself becomes evidence."""
    if not file.is_file():
        raise UploadError(f"找不到文件“{file}”")
    found = preview(city, file, name=file.name, year=year)
    if not commit or not found.ok:
        return found, None
    return found, commit_preview(city, found, file.read_bytes(), by=by, now=now, year=year)


@transaction.atomic
def commit_preview(
    city: City, found: Preview, content: bytes, *, by: Any, now: datetime, year: int | None = None
) -> Batch:
    """Store the previewed rows as one batch with the file as evidence. Refused when the file has changed since.

    A row that was uploaded before for the same source is superseded: the older batch keeps it, the newer one counts.
    """
    again = preview(city, io.BytesIO(content), name=found.file, year=year)
    if again.digest != found.digest:
        raise UploadError("文件在预览之后又改动了", mend="请重新预览再提交")
    if not again.ok:
        first = next(str(problem) for problem in again.problems if problem.severity is Severity.ERROR)
        raise UploadError(f"还有 {again.counts['errors']} 处错误，整个文件未导入", mend=f"第一处：{first}")
    return store(city, again, content, by=by, now=now)


def store(city: City, found: Preview, content: bytes, *, by: Any, now: datetime) -> Batch:
    """Store what was read from a file as one batch, with the file as evidence."""
    if not found.rows.height:
        raise UploadError("文件里没有可以导入的行", mend="请在“数值”列填数，或填标记符号")
    evidence = records.store_evidence(
        content, name=found.file, media_type=_MEDIA_TYPES.get(Path(found.file).suffix.lower(), ""), by=by, now=now
    )
    return services.load_batch(
        city, found.rows, title=found.file, source="upload", by=by, now=now, evidence=evidence, cells=found.cells
    )
