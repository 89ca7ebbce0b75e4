"""A stored run as a file: the official workbook, the report in Word and PDF, and the open formats."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from dafeng.domains.inventory import storage
from dafeng.domains.inventory.models import City, InventoryRun
from dafeng.kernel.errors import UploadError

# format → file suffix, name on the page, media type
FORMATS = {
    "xlsx": (".xlsx", "Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "docx": (".docx", "Word", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "pdf": (".pdf", "PDF", "application/pdf"),
    "csv": (".csv", "CSV", "text/csv; charset=utf-8"),
    "iamc": (".iamc.csv", "IAMC", "text/csv; charset=utf-8"),
    "primap2": (".primap2.zip", "primap2", "application/zip"),
}


def current_run(city: City) -> InventoryRun:
    """The city's newest run. Raises `UploadError` when nothing has been compiled."""
    run = city.runs.select_related("city").filter(current=True).first()
    if run is None:
        raise UploadError(f"{city.name}还没有编制过清单", mend="请先运行 dafeng compile")
    return run


def export_run(
    run: InventoryRun, target: Path, *, format: str = "", year: int | None = None, language: str = "zh", now: datetime
) -> None:
    """Write the run to `target` in a format of `FORMATS` (by the file's ending when not named)."""
    from dafeng.domains.inventory import reports

    chosen = format or target.suffix.lower().removeprefix(".")
    if chosen not in FORMATS:
        raise UploadError(f"不认识的导出格式“{chosen}”", expected="、".join(FORMATS))
    reports.write(
        storage.restore(run), target, format=chosen, place=run.city.code, place_name=run.city.name,
        place_name_en=run.city.name_en, year=year, language=language, date=run.created_at, number=run.number,
        tables={name: storage.read(run, name) for name in ("completeness", "checks")},
    )  # fmt: skip
