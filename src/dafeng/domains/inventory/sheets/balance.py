"""The energy balance as a sheet: the yearbook's own rows and columns, written for filling in and read back cell by cell.

Rows and fuels are the trees of `methods/balance.py`. Layout: place and year in the first lines, a line of fuels, a line of
units, then one line a row of the table. Source of the layout: 中国能源统计年鉴, 地区能源平衡表.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl
import xlsxwriter

from dafeng.domains.inventory.methods import balance as tree
from dafeng.domains.inventory.sheets.marks import BALANCE
from dafeng.domains.inventory.sheets.preview import Findings, ImportPreview, Severity, counted, spans
from dafeng.domains.inventory.sheets.words import near, place_code
from dafeng.kernel.errors import ActivityError, UnitError
from dafeng.kernel.quantities import units
from dafeng.kernel.sheets import numbers
from dafeng.kernel.sheets.files import Limits, open_upload
from dafeng.kernel.sheets.xlsx import Cell, Sheet, reference

_UNIT_ROW, _CODE_COLUMN = "计量单位", "行代码"
_STANDARD = "万吨标准煤"
_HEADING_ROWS = 20
_WHOLE = {
    "supply",
    "transformation",
    "loss",
    "final",
}  # a table with all these rows is whole: an empty cell of it is nil
_INDENT = "　"


def write_balance_template(target: Path | BytesIO, *, place: str, name: str, year: int) -> None:
    """Write a workbook that holds nothing but the sheet 能源平衡表."""
    book = xlsxwriter.Workbook(target if isinstance(target, BytesIO) else str(target), {"in_memory": True})
    write_balance_sheet(book, place=place, name=name, year=year)
    book.close()


def write_balance_sheet(book: xlsxwriter.Workbook, *, place: str, name: str, year: int) -> None:
    """Add the sheet 能源平衡表 to a workbook, empty, for one place and year."""
    sheet = book.add_worksheet(BALANCE)
    base = {"font_name": "宋体", "font_size": 10, "valign": "vcenter", "border": 1, "border_color": "#B8C0C8"}
    heading = book.add_format({**base, "bold": True, "bg_color": "#DCE6EF", "text_wrap": True, "align": "center"})
    fixed, strong = (
        book.add_format({**base, "bg_color": "#F0F2F4"}),
        book.add_format({**base, "bg_color": "#F0F2F4", "bold": True}),
    )
    open_cell = book.add_format({**base, "num_format": "#,##0.######", "locked": False})
    choice = book.add_format({**base, "align": "center", "locked": False, "text_wrap": True})
    title, hint = (
        book.add_format({"font_name": "宋体", "font_size": 16, "bold": True}),
        book.add_format({"font_name": "宋体", "font_color": "#5A6570"}),
    )
    sheet.write(0, 0, "地区能源平衡表", title)
    sheet.write(0, 2, "投入、调出、出口、库存增加填负数；没有的留空。单位可整列改为万吨标准煤。", hint)
    sheet.write_row(1, 0, ["地区", f"{place} {name}"], choice)
    sheet.write_row(2, 0, ["年份", year], choice)
    top = 4
    sheet.write(top, 0, "项目", heading)
    sheet.write(top, 1, _CODE_COLUMN, heading)
    sheet.write(top + 1, 0, _UNIT_ROW, heading)
    sheet.write_blank(top + 1, 1, None, heading)
    for column, fuel in enumerate(tree.fuels().values(), start=2):
        sheet.write(top, column, fuel.name, heading)
        sheet.write(top + 1, column, fuel.unit, choice)
        sheet.data_validation(
            top + 1,
            column,
            top + 1,
            column,
            {"validate": "list", "source": list(dict.fromkeys((fuel.unit, _STANDARD)))},
        )
        for line in range(len(tree.rows())):
            sheet.write_blank(top + 2 + line, column, None, open_cell)
    for line, row in enumerate(tree.rows().values(), start=top + 2):
        depth = row.code.count(".")
        of_which = "其中：" if row.relation == "of_which" else ""
        sheet.write(line, 0, f"{_INDENT * depth}{of_which}{row.name}", fixed if depth else strong)
        sheet.write(line, 1, row.code, fixed)
    last = top + 1 + len(tree.rows())
    sheet.data_validation(
        top + 2, 2, last, 1 + len(tree.fuels()), {"validate": "decimal", "criteria": "between", "minimum": -1e12, "maximum": 1e12,
        "error_title": "能源平衡表", "error_message": "请填数；没有的留空"}
    )  # fmt: skip
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 26)
    sheet.set_column(2, 1 + len(tree.fuels()), 12)
    sheet.freeze_panes(top + 2, 2)
    sheet.set_landscape()
    sheet.set_paper(8)
    sheet.fit_to_pages(1, 0)
    sheet.protect("", {"format_columns": True, "format_rows": True})


def read_balance(
    file: Path | BinaryIO,
    *,
    name: str = "",
    known_places: Mapping[str, str] | Iterable[str],
    limits: Limits | None = None,
    place: str | None = None,
    year: int | None = None,
) -> ImportPreview:
    """Preview an energy balance; `rows` has the columns of `methods.balance.COLUMNS` and `sheet_row`.

    Every sheet with a line of fuels is read. `place` and `year` are for a table that does not say them itself; what a table says goes first.
    What does not add up is a warning: cells stay as printed. Raises `UploadError` when the file cannot be read at all.
    """
    limits = limits or Limits()
    upload = open_upload(file, name=name, limits=limits)
    findings = Findings(upload.name, limits.problems)
    named = dict(known_places) if isinstance(known_places, Mapping) else {code: code for code in known_places}
    reader = _Reader(named, limits, findings, place, year)
    tables = [
        (sheet, heading) for sheet in upload.sheets if sheet.visible and (heading := _fuel_line(sheet)) is not None
    ]
    for sheet, heading in tables:
        reader.read(sheet, heading)
    if not tables:
        findings.add(
            Severity.ERROR,
            "no_table",
            "没有找到能源平衡表",
            expected="有一行写着原煤、焦炭、汽油、电力等品种名",
            mend="请使用模板中的“能源平衡表”",
        )
    elif not reader.rows and not findings.counts[Severity.ERROR]:
        findings.add(Severity.ERROR, "no_rows", "能源平衡表里没有数", mend="请确认上传的是填好并已保存的文件")
    frame = pl.DataFrame(reader.rows, schema=tree.SCHEMA | {"sheet_row": pl.String}, orient="row")
    if frame.height and not findings.counts[Severity.ERROR]:
        _warn_of_sums(frame, reader.whole, findings)
    tally = counted(findings, rows=frame.height, blank=reader.blank, noted=0, replaces=0)
    return ImportPreview(upload.name, upload.digest, frame, tuple(findings.sorted()), tally)


def _warn_of_sums(frame: pl.DataFrame, whole: set[tuple[str, int]], findings: Findings) -> None:
    """What does not add up. Of an extract, only what its own cells show."""
    found = []
    for (place, year), table in frame.drop("sheet_row").group_by("place", "year", maintain_order=True):
        try:
            found.append(tree.check_balance(table, blank="nil" if (place, year) in whole else "unknown"))
        except ActivityError as error:
            findings.add(Severity.ERROR, "balance", error.what, expected=error.expected, mend=error.mend)
            return
    checks = pl.concat(found)
    for line in checks.filter(pl.col("verdict") == "fails").iter_rows(named=True):
        findings.add(
            Severity.WARNING,
            "balance",
            line["message"],
            mend="请核对原表；确系原表如此可照常提交",
            column=tree.fuels()[line["fuel"]].name,
        )


def _fuel(text: str) -> str | None:
    try:
        return tree.fuel_code(text.strip())
    except ActivityError:
        return None


def _fuel_line(sheet: Sheet) -> int | None:
    """The first line that names at least three fuels."""
    for row in sorted(sheet.rows)[: _HEADING_ROWS * 2]:
        if (
            row < _HEADING_ROWS
            and sum(_fuel(cell.shown) is not None for cell in sheet.rows[row].values() if cell.is_text) >= 3
        ):
            return row
    return None


@dataclass
class _Reader:
    places: Mapping[str, str]
    limits: Limits
    findings: Findings
    place: str | None
    year: int | None
    rows: list[dict[str, Any]] = field(default_factory=list)
    blank: int = 0
    tables: dict[tuple[str, int], str] = field(default_factory=dict)
    whole: set[tuple[str, int]] = field(default_factory=set)

    def report(
        self,
        sheet: Sheet,
        row: int,
        column: int | None,
        code: str,
        what: str,
        expected: str = "",
        mend: str = "",
        heading: str = "",
    ) -> None:
        cell = sheet.rows.get(row, {}).get(column) if column is not None else None
        self.findings.add(
            Severity.ERROR,
            code,
            what,
            expected=expected,
            mend=mend,
            sheet=sheet.name,
            row=row + 1,
            column=heading,
            cell="" if column is None else reference(row, column),
            original=cell.shown if cell else "",
        )

    def read(self, sheet: Sheet, heading: int) -> None:
        place, year = self._place(sheet, heading), self._year(sheet, heading)
        line = next((row for row in (heading + 1, heading + 2) if self._is_unit_row(sheet, row)), None)
        fuels = self._fuels(sheet, heading, line)
        found = self._units(sheet, heading, line, fuels)
        if place is None or year is None or found is None:
            return
        if (place, year) in self.tables:
            self.report(
                sheet,
                heading,
                None,
                "duplicate",
                f"{place} {year} 年的平衡表与工作表“{self.tables[place, year]}”重复",
                "每个地区每年一张表",
                "请删去其中一张",
            )
            return
        self.tables[place, year] = sheet.name
        names, code_column = self._columns(sheet, heading, fuels)
        seen: dict[str, int] = {}
        above = ""
        for index in sorted(row for row in sheet.rows if row > heading and row != line):
            if self.findings.too_many:
                break
            row = self._row(sheet, index, names, code_column, above)
            cells = {
                c: cell
                for c, cell in sheet.rows[index].items()
                if c in fuels and (cell.shown.strip() or cell.kind == "formula")
            }
            if row is None:
                self._stray_row(sheet, index, names, bool(cells))
            elif row in seen:
                what = f"“{tree.rows()[row].name}”与第 {seen[row] + 1} 行重复"
                self.report(sheet, index, names, "duplicate", what, "每个项目一行", "请合并或改正其中一行", "项目")
            else:
                seen[row], above = index, row
                self.blank += len(fuels) - len(cells)
                for column, cell in sorted(cells.items()):
                    key = {"place": place, "year": year, "row": row, "fuel": fuels[column], "unit": found[column]}
                    self._cell(sheet, index, column, cell, key)
        if seen.keys() >= _WHOLE:
            self.whole.add((place, year))
        self._warn_of_layout(sheet, heading, list(seen.values()), fuels)

    def _stray_row(self, sheet: Sheet, index: int, names: int, numbered: bool) -> None:
        """A row without a known name: an error when numbers stand in it, a remark below the table otherwise."""
        text = sheet.rows[index][names].shown.strip() if names in sheet.rows[index] else ""
        if not numbered or text.startswith(("注", "资料来源", "说明")):
            return
        if text:
            suggested = near(text, [entry.name for entry in tree.rows().values()])
            mend = f"是否指 {'、'.join(suggested)}？" if suggested else ""
            self.report(sheet, index, names, "row", f"行名“{text[:40]}”不认识", "", f"{mend}请用模板中的行名", "项目")
        else:
            self.report(
                sheet, index, names, "row", "这一行没有行名", "地区能源平衡表的行名", "请补填或删去这一行", "项目"
            )

    def _warn_of_layout(self, sheet: Sheet, heading: int, filled: list[int], fuels: Mapping[int, str]) -> None:
        hidden = sheet.hidden & set(filled)
        if hidden:
            lines = spans(index + 1 for index in hidden)
            self.findings.add(
                Severity.WARNING, "hidden_rows", f"第 {lines} 行被隐藏，但有数据，已照常读取", sheet=sheet.name
            )
        for top, left, bottom, right in sheet.merged[:1000]:
            if (
                bottom > heading
                and any(left <= column <= right for column in fuels)
                and any(top <= index <= bottom for index in filled)
            ):
                area = f"{reference(top, left)}:{reference(bottom, right)}"
                self.report(
                    sheet,
                    top,
                    left,
                    "merged",
                    f"单元格区域 {area} 是合并的",
                    "数据区内没有合并单元格",
                    "请取消合并，逐格填写",
                )

    def _above(self, sheet: Sheet, heading: int, label: str) -> Cell | None:
        """The cell to the right of a label in the lines above the table."""
        for row in sorted(row for row in sheet.rows if row < heading):
            cells = sorted(sheet.rows[row].items())
            for (_, cell), following in zip(cells, [*(c for _, c in cells[1:]), None], strict=True):
                text = numbers.half_width(cell.shown).replace(" ", "")
                if text.rstrip(":") == label and following is not None:
                    return following
                if text.startswith(f"{label}:") and len(text) > len(label) + 1:
                    return Cell(text.partition(":")[2])
        return None

    def _place(self, sheet: Sheet, heading: int) -> str | None:
        cell = self._above(sheet, heading, "地区")
        text = cell.shown if cell else self.place or ""
        code = place_code(text, self.places) if text else None
        if code is None:
            what = f"地区“{text[:40]}”不认识" if text else "没有写明地区"
            self.report(sheet, heading, None, "place", what, "本市或所辖县区的名称或代码", "请在表头上方“地区”一格填写")
        return code

    def _year(self, sheet: Sheet, heading: int) -> int | None:
        cell = self._above(sheet, heading, "年份")
        text = numbers.half_width(cell.shown) if cell else str(self.year or "")
        match = re.fullmatch(r"([0-9]{4})(?:\.0*)?年?", text)
        if match and self.limits.first_year <= int(match[1]) <= self.limits.last_year:
            return int(match[1])
        what = f"年份“{text[:20]}”不对" if text else "没有写明年份"
        expected = f"{self.limits.first_year} 到 {self.limits.last_year} 之间的四位年份"
        self.report(sheet, heading, None, "year", what, expected, "请在表头上方“年份”一格填写")
        return None

    def _fuels(self, sheet: Sheet, heading: int, unit_line: int | None) -> dict[int, str]:
        """Column to fuel. An unknown heading over numbers is an error: a fuel must not be dropped in silence."""
        found: dict[int, str] = {}
        for column, cell in sorted(sheet.rows[heading].items()):
            fuel = _fuel(cell.shown) if cell.is_text else None
            below = any(column in sheet.rows[row] for row in sheet.rows if row > heading and row != unit_line)
            if fuel in found.values():
                self.report(
                    sheet,
                    heading,
                    column,
                    "duplicate",
                    f"品种“{cell.shown}”出现了两列",
                    "每个品种一列",
                    "请合并或删去其中一列",
                    cell.shown,
                )
            elif fuel:
                found[column] = fuel
            elif found and below:
                suggested = near(cell.shown, [entry.name for entry in tree.fuels().values()])
                mend = f"是否指 {'、'.join(suggested)}？" if suggested else ""
                self.report(
                    sheet,
                    heading,
                    column,
                    "fuel",
                    f"能源品种“{cell.shown[:40]}”不认识",
                    "",
                    f"{mend}请用模板中的品种名",
                    cell.shown,
                )
        return found

    def _columns(self, sheet: Sheet, heading: int, fuels: Mapping[int, str]) -> tuple[int, int | None]:
        """Where row names stand (the leftmost text left of the fuels), and the row codes, if any."""
        first = min(fuels)
        code = next(
            (column for column, cell in sheet.rows[heading].items() if cell.shown.strip() == _CODE_COLUMN), None
        )
        texts = [
            column
            for row, cells in sheet.rows.items()
            if row > heading
            for column, cell in cells.items()
            if column < first and column != code and cell.is_text
        ]
        return (min(texts) if texts else 0), code

    def _is_unit_row(self, sheet: Sheet, row: int) -> bool:
        return any(re.sub(r"\W", "", cell.shown) in {_UNIT_ROW, "单位"} for cell in sheet.rows.get(row, {}).values())

    def _units(self, sheet: Sheet, heading: int, line: int | None, fuels: Mapping[int, str]) -> dict[int, str] | None:
        """The unit of each column, from the line of units below (or a unit in brackets after the fuel's name)."""
        found: dict[int, str] = {}
        sound = True
        for column, fuel in fuels.items():
            cell = sheet.rows[line].get(column) if line is not None else None
            bracket = re.search(r"[(（]([^()（）]+)[)）]\s*$", sheet.rows[heading][column].shown)
            text = numbers.half_width(cell.shown) if cell else numbers.half_width(bracket[1]) if bracket else ""
            entry = tree.fuels()[fuel]
            try:
                fits = bool(text) and (units.convertible(text, entry.unit) or units.convertible(text, "tce"))
                if not fits:
                    raise UnitError("")
            except UnitError:
                used = any(column in sheet.rows[row] for row in sheet.rows if row > heading and row != line)
                if used:
                    what = f"{entry.name}的单位“{text[:20]}”不对" if text else f"{entry.name}没有写明单位"
                    self.report(
                        sheet,
                        line if line is not None else heading,
                        column,
                        "unit",
                        what,
                        f"{entry.unit}，或 {_STANDARD}",
                        "请在品种名下面一行填写单位",
                        entry.name,
                    )
                    sound = False
                continue
            found[column] = text
        return found if sound else None

    def _row(self, sheet: Sheet, index: int, names: int, code_column: int | None, above: str) -> str | None:
        cells = sheet.rows[index]
        if code_column is not None and code_column in cells and cells[code_column].shown.strip() in tree.rows():
            return cells[code_column].shown.strip()
        if names not in cells or not cells[names].shown.strip():
            return None
        try:
            row = tree.row_code(cells[names].shown.strip())
        except ActivityError:
            return None
        # 回收能 stands under supply in older tables and under transformation in newer ones.
        return "transformation.recovered" if row == "supply.recovered" and above.startswith("transformation") else row

    def _cell(self, sheet: Sheet, index: int, column: int, cell: Cell, key: dict[str, Any]) -> None:
        reading = numbers.read_number(cell)
        entry = tree.fuels()[key["fuel"]]
        if reading.fault:
            self.report(sheet, index, column, "number", *reading.fault, heading=entry.name)
        elif reading.notation or reading.percent or reading.unit:
            self.report(
                sheet,
                index,
                column,
                "number",
                f"“{cell.shown[:30]}”不是数",
                f"以“{key['unit']}”计的数；没有就留空",
                "请只填数字",
                heading=entry.name,
            )
        else:
            for notice in reading.notices:
                self.findings.add(
                    Severity.NOTICE, "number_read", notice, sheet=sheet.name, row=index + 1, column=entry.name,
                    cell=reference(index, column), original=cell.shown,
                )  # fmt: skip
            self.rows.append(
                key | {"value": reading.value, "basis": "statistic", "mark": "", "source": self.findings.file,
                       "sheet_row": f"{sheet.name}!{index + 1}" if sheet.name else str(index + 1)}
            )  # fmt: skip
