"""Bring a clerk's file in: preview it row by row, keep the file as evidence, commit it whole or not at all."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.db import transaction

from dafeng.domains.inventory import services
from dafeng.domains.inventory.models import ActivityRow, Batch, City
from dafeng.domains.inventory.sheets import ImportPreview, Limits, read_activity
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


def preview(city: City, file: Path | BinaryIO, *, name: str = "", limits: Limits | None = None) -> ImportPreview:
    """What the file would bring in and everything wrong with it; nothing is stored.

    Raises `UploadError` when the file cannot be read at all.
    """
    stored = ActivityRow.objects.filter(batch__city=city, batch__active=True, batch__source="upload")
    return read_activity(
        file, name=name, known_places=known_places(city), limits=limits, existing=stored.values_list(*_KEY)
    )


def import_file(city: City, file: Path, *, commit: bool, by: Any, now: datetime) -> tuple[ImportPreview, Batch | None]:
    """Preview a file, and commit it when asked and free of errors; the file itself becomes evidence."""
    if not file.is_file():
        raise UploadError(f"找不到文件“{file}”")
    found = preview(city, file, name=file.name)
    if not commit or not found.ok:
        return found, None
    return found, commit_preview(city, found, file.read_bytes(), by=by, now=now)


@transaction.atomic
def commit_preview(city: City, found: ImportPreview, content: bytes, *, by: Any, now: datetime) -> Batch:
    """Store the previewed rows as one batch with the file as evidence. Refused when the file has changed since.

    A row that was uploaded before for the same source is superseded: the older batch keeps it, the newer one counts.
    """
    again = preview(city, io.BytesIO(content), name=found.file)
    if again.digest != found.digest:
        raise UploadError("文件在预览之后又改动了", mend="请重新预览再提交")
    rows = again.accepted()
    if not rows.height:
        raise UploadError("文件里没有可以导入的行", mend="请在“数值”列填数，或填标记符号")
    evidence = records.store_evidence(
        content, name=found.file, media_type=_MEDIA_TYPES.get(Path(found.file).suffix.lower(), ""), by=by, now=now
    )
    return services.load_batch(city, rows, title=found.file, source="upload", by=by, now=now, evidence=evidence)
