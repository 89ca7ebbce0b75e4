"""Tables that go out and come back: a workbook with named columns, and a reader that reports every faulty row.

The first row that holds all required headings is the head; what stands above it is a title. Pure: what the rows mean is
the room's matter.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO

import xlsxwriter

from dafeng.kernel.errors import Place, PlanError, UploadError
from dafeng.kernel.sheets import Cell, Limits, Sheet, Upload, narrow, number_of, open_upload

MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS = 2000
_HEAD_WITHIN = 10


@dataclass(frozen=True)
class Field:
    """A column: `key` in the program, `title` in the sheet; `options` become a drop-down; `hint` stands in the second sheet."""

    key: str
    title: str
    required: bool = False
    width: int = 16
    options: tuple[str, ...] = ()
    hint: str = ""


@dataclass
class Row:
    """A row as it was found; `number` as the spreadsheet shows it."""

    number: int
    sheet: str
    cells: Mapping[str, Cell]
    file: str = ""
    problems: list[PlanError] = field(default_factory=list)

    def fail(self, title: str, what: str, expected: str = "", mend: str = "") -> None:
        where = Place(file=self.file, sheet=self.sheet, row=self.number, column=title)
        self.problems.append(PlanError(what, expected=expected, mend=mend, where=where))

    def text(self, column: Field) -> str:
        cell = self.cells.get(column.key)
        if cell is None:
            if column.required:
                self.fail(column.title, "没有填写")
            return ""
        if cell.kind in ("error", "formula"):
            self.fail(column.title, f"单元格是公式错误或没有算过的公式（{cell.shown}）", mend="请粘贴为数值后再上传")
            return ""
        found = cell.shown.strip()
        if column.required and not found:
            self.fail(column.title, "没有填写")
        return found

    def number_of(self, column: Field) -> Decimal | None:
        text = narrow(self.text(column))
        if not text:
            return None
        cell = self.cells[column.key]
        if isinstance(cell.value, float) and not isinstance(cell.value, bool):
            text = repr(cell.value)
        elif number_of(text) is None:
            self.fail(column.title, f"“{text[:40]}”不是数字", expected="只填数字，单位另列")
            return None
        found = Decimal(text.replace(",", ""))
        if not found.is_finite() or not math.isfinite(float(found)):
            self.fail(column.title, f"“{text[:40]}”不是有限的数")
            return None
        return found

    def date_of(self, column: Field) -> date | None:
        cell = self.cells.get(column.key)
        if cell is not None and isinstance(cell.value, datetime):
            return cell.value.date()
        text = self.text(column).replace("/", "-").replace(".", "-")
        if not text:
            return None
        for shape in ("%Y-%m-%d", "%Y-%m", "%Y"):
            try:
                return datetime.strptime(text, shape).date()
            except ValueError:
                continue
        self.fail(column.title, f"“{text[:40]}”不是日期", expected="如 2026-12-31")
        return None

    def one_of(self, column: Field, known: Mapping[str, str]) -> str:
        """The code of a word; a code itself is taken too. `known`: word → code."""
        text = self.text(column)
        if not text or text in known.values():
            return text
        if text not in known:
            self.fail(column.title, f"不认识“{text[:40]}”", expected="、".join(list(known)[:12]))
            return ""
        return known[text]


def read(file: BinaryIO, name: str, columns: Sequence[Field]) -> list[Row]:
    """The rows under the head. Raises `UploadError` for what is no table, and `PlanError` where the head is missing."""
    upload = open_upload(file, name=name, limits=Limits(rows=ROWS + 50, file_bytes=5 * 2**20))
    for sheet in upload.sheets:
        found = _rows(upload, sheet, columns)
        if found is not None:
            if not found:
                raise UploadError(
                    "表里没有数据行", mend="请在表头下面填写后再上传", where=Place(file=upload.name, sheet=sheet.name)
                )
            return found
    wanted = "、".join(column.title for column in columns if column.required)
    raise UploadError(
        "没有找到表头", expected=wanted, mend="请用本页下载的模板，不要改表头", where=Place(file=upload.name)
    )


def _rows(upload: Upload, sheet: Sheet, columns: Sequence[Field]) -> list[Row] | None:
    required = {column.title for column in columns if column.required}
    for number in sorted(sheet.rows)[:_HEAD_WITHIN]:
        titles = {cell.shown.strip().rstrip("*"): at for at, cell in sheet.rows[number].items()}
        if required <= set(titles):
            return [
                Row(
                    line + 1,
                    sheet.name,
                    {c.key: cells[titles[c.title]] for c in columns if c.title in titles and titles[c.title] in cells},
                    upload.name,
                )
                for line, cells in sorted(sheet.rows.items())
                if line > number and any(cell.shown.strip() for cell in cells.values())
            ]
    return None


def write(
    title: str, columns: Sequence[Field], rows: Iterable[Mapping[str, Any]], *, notes: Sequence[str] = ()
) -> bytes:
    """A workbook: the table with drop-downs, and a sheet that says how to fill it."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(
        target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        head = book.add_format({"bold": True, "bg_color": "#D8EBE4", "border": 1, "text_wrap": True})
        cell, days = (
            book.add_format({"text_wrap": True, "valign": "top"}),
            book.add_format({"num_format": "yyyy-mm-dd"}),
        )
        sheet = book.add_worksheet(title[:31])
        sheet.freeze_panes(1, 0)
        for at, column in enumerate(columns):
            sheet.set_column(at, at, column.width)
            sheet.write_string(0, at, column.title + ("*" if column.required else ""), head)
            if column.options and sum(len(each) + 1 for each in column.options) < 255:
                sheet.data_validation(
                    1, at, ROWS, at, {"validate": "list", "source": list(column.options), "error_type": "warning"}
                )
        for line, row in enumerate(rows, 1):
            for at, column in enumerate(columns):
                value = row.get(column.key)
                if value is None or value == "":
                    continue
                if isinstance(value, date):
                    sheet.write_datetime(line, at, datetime(value.year, value.month, value.day), days)
                elif isinstance(value, int | float | Decimal):
                    sheet.write_number(line, at, float(value))
                else:
                    sheet.write_string(line, at, str(value), cell)
        guide = book.add_worksheet("填表说明")
        guide.set_column(0, 0, 20)
        guide.set_column(1, 1, 80)
        for line, (name, text) in enumerate(
            [("表", title), *[(each.title, each.hint or "、".join(each.options)) for each in columns], *[("说明", note) for note in notes]]
        ):  # fmt: skip
            guide.write_string(line, 0, name, head)
            guide.write_string(line, 1, text, cell)
    return target.getvalue()
