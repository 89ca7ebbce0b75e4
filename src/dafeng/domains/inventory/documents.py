"""A stored run as a file: the official workbook, the report in Word and PDF, and the open formats."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils import timezone

from dafeng import __version__
from dafeng.domains.inventory import storage
from dafeng.domains.inventory.models import City, InventoryRun
from dafeng.kernel.errors import UploadError

if TYPE_CHECKING:
    from dafeng.domains.inventory.reports import Material

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


def export_path(run: InventoryRun, *, format: str, year: int, language: str) -> Path:
    """Where an export lies once it has been made. Raises `UploadError` for an unknown format."""
    if format not in FORMATS:
        raise UploadError(f"不认识的导出格式“{format}”", expected="、".join(FORMATS))
    name = f"{run.city_id}-{run.number}-{year}-{language}-{__version__}{FORMATS[format][0]}"
    return storage.folder(run.id) / "exports" / name


def cached_export(run: InventoryRun, *, format: str, year: int, language: str) -> Path:
    """The export as a file that is made once: a run never changes, so its export changes only with the program."""
    target = export_path(run, format=format, year=year, language=language)
    if not target.exists():
        target.parent.mkdir(exist_ok=True)
        # Made under another name first: a second reader must never see half a file.
        with tempfile.NamedTemporaryFile(dir=target.parent, suffix=FORMATS[format][0], delete=False) as draft:
            made = Path(draft.name)
        export_run(run, made, format=format, year=year, language=language)
        made.replace(target)
    return target


def export_run(
    run: InventoryRun, target: Path, *, format: str = "", year: int | None = None, language: str = "zh"
) -> None:
    """Write the run to `target` in a format of `FORMATS` (by the file's ending when not named).

    Raises `UploadError` for an unknown format, a year that the run does not have, or a folder that is not there.
    """
    # Only an export needs these; a page that lists the formats does not pay for them.
    from dafeng.domains.inventory import reports

    chosen = format or target.suffix.lower().removeprefix(".")
    if chosen not in FORMATS:
        raise UploadError(f"不认识的导出格式“{chosen}”", expected="、".join(FORMATS))
    if not target.parent.is_dir():
        raise UploadError(f"没有文件夹“{target.parent}”", mend="请先建立，或换一个位置")
    found = material(run, year)
    if chosen == "primap2":
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in reports.primap2_files(found, stem=target.name.split(".")[0]).items():
                archive.writestr(name, content)
    elif chosen == "iamc":
        reports.write_iamc(target, found)
    else:
        write = {
            "xlsx": reports.write_workbook,
            "docx": reports.write_word,
            "pdf": reports.write_pdf,
            "csv": reports.write_csv,
        }
        write[chosen](target, found, language=language)


def material(run: InventoryRun, year: int | None) -> Material:
    """A stored run with its analyses, about one year (the latest with a number when not named)."""
    from dafeng.domains.inventory.methods.assessment import assess
    from dafeng.domains.inventory.reports import Material

    years = sorted(int(y) for y, row in run.summary["years"].items() if row["net"] is not None)
    if not years or (year is not None and year not in years):
        raise UploadError(f"这一版清单没有 {year or ''} 年的数", expected="、".join(map(str, years)) or "有数的年份")
    about = year or years[-1]
    inventory = storage.restore(run)
    assessed = assess(inventory, year=about, base_year=years[0], draws=2000)
    return Material(
        inventory=inventory,
        place=run.city.code,
        name=run.city.name,
        name_en=run.city.name_en,
        year=about,
        made_on=timezone.localdate(run.created_at),
        run=str(run.number),
        completeness=storage.read(run, "completeness"),
        key_categories=assessed.key_categories,
        uncertainty=assessed.propagated,
        checks=storage.read(run, "checks"),
        places={run.city.code: run.city.name, **{code: names[0] for code, names in run.city.counties.items()}},
    )
