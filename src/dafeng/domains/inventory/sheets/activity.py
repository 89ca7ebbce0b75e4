"""Read a filled activity template (or any table with its headings) into activity rows, row by row, with every fault named.

A row without a value and without a notation key is *not reported*: it is counted, not read as zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from dafeng.domains.inventory.sheets.marks import RESERVED, check_mark
from dafeng.domains.inventory.sheets.preview import Findings, ImportPreview, Severity, counted
from dafeng.domains.inventory.sheets.rows import RowReader
from dafeng.domains.inventory.sheets.words import (
    COLUMNS,
    Vocabulary,
    heading_field,
    heading_of,
)
from dafeng.kernel.sheets.files import Limits, Upload, open_upload
from dafeng.kernel.sheets.xlsx import Sheet

SCHEMA: dict[str, Any] = {
    "category": pl.String,
    "item": pl.String,
    "technology": pl.String,
    "variable": pl.String,
    "place": pl.String,
    "year": pl.Int16,
    "value": pl.Float64,
    "unit": pl.String,
    "basis": pl.String,
    "source": pl.String,
    "notation": pl.String,
    "uncertainty": pl.Float64,
    "sheet_row": pl.String,
}
_HEADING_ROWS = 20  # a heading stands in the first rows, or it is not one
_REQUIRED = tuple(column.field for column in COLUMNS if column.required)


def read_activity(
    file: Path | BinaryIO,
    *,
    name: str = "",
    known_places: Mapping[str, str] | Iterable[str],
    limits: Limits | None = None,
    existing: Iterable[tuple[Any, ...]] = (),
    vocabulary: Vocabulary | None = None,
) -> ImportPreview:
    """Preview an upload. `known_places` maps codes to names; `existing` holds the `KEY` tuples already stored.

    Raises `UploadError` when the file cannot be read at all; whatever can be pointed at in a cell is a `Problem`.
    """
    limits = limits or Limits()
    upload = open_upload(file, name=name, limits=limits)
    findings = Findings(upload.name, limits.problems)
    named = dict(known_places) if isinstance(known_places, Mapping) else {code: code for code in known_places}
    reader = RowReader(vocabulary or Vocabulary.of_library(), named, limits, findings, set(existing))
    check_mark(upload, findings)
    _read_sheets(upload, reader, findings)
    frame = pl.DataFrame(reader.rows, schema=SCHEMA, orient="row")
    tally = counted(
        findings,
        rows=len(reader.rows),
        blank=reader.blank,
        noted=sum(row["notation"] is not None for row in reader.rows),
        replaces=reader.replaces,
    )
    return ImportPreview(upload.name, upload.digest, frame, tuple(findings.sorted()), tally)


def _read_sheets(upload: Upload, reader: RowReader, findings: Findings) -> None:
    tables = 0
    for sheet in upload.sheets:
        if sheet.name in RESERVED:
            continue
        if not sheet.rows:
            findings.add(Severity.NOTICE, "empty_sheet", "工作表没有内容，已跳过", sheet=sheet.name)
            continue
        if not sheet.visible:
            findings.add(
                Severity.WARNING,
                "hidden_sheet",
                "工作表是隐藏的，未读取",
                mend="若其中有要上报的数据，请取消隐藏后重新上传",
                sheet=sheet.name,
            )
            continue
        heading = find_heading(sheet)
        if heading is None:
            findings.add(
                Severity.WARNING,
                "no_heading",
                "前 20 行中没有认得的表头，整张工作表未读取",
                expected="表头含 " + "、".join(heading_of(field) for field in _REQUIRED),
                mend="若其中有要上报的数据，请复制到模板中再上传",
                sheet=sheet.name,
            )
            continue
        tables += 1
        row, columns, doubled = heading
        if _heading_fits(sheet, row, columns, doubled, findings):
            reader.read(sheet, row, columns)
    if not tables and not any(problem.code == "no_heading" for problem in findings.problems):
        findings.add(
            Severity.ERROR, "no_rows", "没有可读的数据表", mend="请使用下载的模板，勿改表头", expected="带表头的工作表"
        )
    elif not tables:
        findings.add(
            Severity.ERROR,
            "no_table",
            "没有一张工作表有认得的表头",
            expected="表头含 " + "、".join(heading_of(field) for field in _REQUIRED),
            mend="请下载最新模板，把数据填入后上传",
        )
    elif not reader.rows and not findings.counts[Severity.ERROR]:
        findings.add(
            Severity.ERROR,
            "no_rows",
            "没有填写任何数据",
            expected="至少一行有数值或标记符号",
            mend="请确认上传的是填好并已保存的文件",
        )


Heading = tuple[int, dict[str, int], list[str]]


def find_heading(sheet: Sheet) -> Heading | None:
    """The row with the most known headings (at least three), its fields' columns, and headings that stand twice."""
    best: Heading | None = None
    for row in sorted(sheet.rows)[: _HEADING_ROWS * 2]:
        if row >= _HEADING_ROWS:
            break
        columns: dict[str, int] = {}
        doubled: list[str] = []
        for column, cell in sorted(sheet.rows[row].items()):
            known = heading_field(cell.shown) if cell.is_text else None
            if known and known in columns:
                doubled.append(cell.shown)
            elif known:
                columns[known] = column
        if len(columns) >= 3 and (best is None or len(columns) > len(best[1])):
            best = (row, columns, doubled)
    return best


def _heading_fits(sheet: Sheet, row: int, columns: Mapping[str, int], doubled: list[str], findings: Findings) -> bool:
    present = "、".join(cell.shown for _, cell in sorted(sheet.rows[row].items()))
    missing = [heading_of(field) for field in _REQUIRED if field not in columns]
    for name in missing:
        findings.add(
            Severity.ERROR,
            "missing_heading",
            f"表头缺少“{name}”",
            expected=f"有一列的表头为“{name}”（各列先后不限）",
            mend="请照模板补上该列，或改正表头的文字",
            sheet=sheet.name,
            row=row + 1,
            column=name,
            original=present,
        )
    for name in doubled:
        findings.add(
            Severity.ERROR, "double_heading", f"表头“{name}”出现了两次", expected="每列表头只出现一次", mend="请删去或改名其中一列",
            sheet=sheet.name, row=row + 1, column=name, original=present,
        )  # fmt: skip
    return not missing and not doubled
