"""The cells of an .xlsx workbook, with what a values-only reader loses.

A clerk must be told of a formula that failed (`#DIV/0!`), a formula whose result was never stored, a hidden row, a
merged range, `30%` typed as a percentage: python-calamine 0.9.1 gives blanks for the first two and says nothing of the
rest (tests/domains/inventory/sheets compares both readers on plain cells). One pass of expat over each sheet finds all.
Cells are kept sparsely and shared strings by reference, so a small file cannot grow large in memory.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.parsers import expat

from dafeng.kernel.errors import Place, UploadError

if TYPE_CHECKING:
    from dafeng.kernel.sheets.files import Limits

_DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_PERCENT_FORMATS = {9, 10}
_NOT_FORMAT = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_MAX_COLUMN, _MAX_ROW = 16_384, 1_048_576
_MAX_TEXT = 32_767  # what Excel itself allows in a cell


class Cell(NamedTuple):
    """A value and how it was stored.

    Kinds: `text` `number` `bool` `date` `error`, `formula` for one never calculated, `plain` for text of a file that knows
    nothing else (CSV).
    """

    value: str | float | bool | datetime
    kind: str = "text"
    percent: bool = False

    @property
    def is_text(self) -> bool:
        return self.kind in ("text", "plain")

    @property
    def shown(self) -> str:
        if isinstance(self.value, bool):
            return "TRUE" if self.value else "FALSE"
        if isinstance(self.value, float):
            return f"{self.value * 100:.12g}%" if self.percent else f"{self.value:.15g}"
        if isinstance(self.value, datetime):
            return self.value.strftime("%Y-%m-%d")
        return self.value


@dataclass
class Sheet:
    """Cells by row and column, both from 0; `merged` as (first row, first column, last row, last column)."""

    name: str
    rows: dict[int, dict[int, Cell]] = field(default_factory=dict)
    visible: bool = True
    hidden: frozenset[int] = frozenset()
    merged: tuple[tuple[int, int, int, int], ...] = ()


def letters(column: int) -> str:
    """0 → A, 26 → AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def reference(row: int, column: int) -> str:
    """Row and column from 0 as the spreadsheet shows them: (11, 5) → F12."""
    return f"{letters(column)}{row + 1}"


def _position(text: str) -> tuple[int, int] | None:
    match = _REFERENCE.fullmatch(text)
    if not match:
        return None
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    row = int(match[2])
    return (row - 1, column - 1) if column <= _MAX_COLUMN and row <= _MAX_ROW else None


def read_workbook(content: bytes, limits: Limits, where: Place) -> Iterator[Sheet]:
    """The worksheets in their order. Raises `UploadError` for anything that is not a plain, unencrypted .xlsx."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError) as error:
        raise _damaged(where) from error
    parts = _Parts(archive, limits, where)
    parts.refuse_unfit()
    styles = _styles(parts)
    strings = _strings(parts)
    count = [0]
    return iter([_sheet(parts, name, path, visible, styles, strings, count) for name, path, visible in _listing(parts)])


def _damaged(where: Place) -> UploadError:
    return UploadError(
        "工作簿已损坏，读不出来", mend="请在 Excel 或 WPS 中打开，另存为新的 .xlsx 后再上传", where=where
    )


class _Parts:
    """The archive's members, read within a budget of unpacked bytes and parsed without document types."""

    def __init__(self, archive: zipfile.ZipFile, limits: Limits, where: Place) -> None:
        self.archive, self.limits, self.where = archive, limits, where
        self.names = set(archive.namelist())
        self.budget = limits.unpacked_bytes

    def refuse_unfit(self) -> None:
        if sum(info.file_size for info in self.archive.infolist()) > self.limits.unpacked_bytes:
            raise self.too_big()
        if any(info.flag_bits & 1 for info in self.archive.infolist()):
            raise UploadError("文件设有密码，无法读取", mend="请去掉密码后再上传", where=self.where)
        types = self.read("[Content_Types].xml") if "[Content_Types].xml" in self.names else b""
        macros = any(name.lower().endswith("vbaproject.bin") for name in self.names) or b"macroEnabled" in types
        if macros:
            raise UploadError(
                "工作簿含有宏，拒绝读取",
                expected="不含宏的 .xlsx",
                mend="请另存为“Excel 工作簿（*.xlsx）”去掉宏后再上传",
                where=self.where,
            )
        if "xl/workbook.xml" not in self.names:
            kinds = {
                "word/document.xml": "Word 文档",
                "ppt/presentation.xml": "演示文稿",
                "xl/workbook.bin": "二进制工作簿",
                "content.xml": "ODF 表格",
            }
            kind = next((kind for name, kind in kinds.items() if name in self.names), "压缩包")
            raise UploadError(
                f"内容是{kind}，不是 .xlsx 工作簿",
                expected=".xlsx",
                mend="请上传按模板填好的 .xlsx 文件",
                where=self.where,
            )

    def too_big(self) -> UploadError:
        return UploadError(
            f"工作簿解开后超过 {self.limits.unpacked_bytes / 2**20:g} MB，拒绝读取",
            mend="请删去图片、无关工作表和表格下方的空行，或拆成几个文件上传",
            where=self.where,
        )

    def read(self, name: str) -> bytes:
        try:
            with self.archive.open(name) as stream:
                content = stream.read(self.budget + 1)
        except (
            KeyError,
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            RuntimeError,
            NotImplementedError,
            ValueError,
            OverflowError,
        ) as error:
            raise _damaged(self.where) from error
        self.budget -= len(content)
        if self.budget < 0:
            raise self.too_big()
        return content

    def parse(
        self,
        name: str,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
    ) -> None:
        """Walk one part; element names come without their namespace. A document type is never part of a workbook."""

        def refuse(*_: Any) -> None:
            raise _damaged(self.where)

        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = refuse
        parser.StartElementHandler = lambda tag, attributes: start(tag.rpartition(" ")[2], attributes)
        if end is not None:
            parser.EndElementHandler = lambda tag: end(tag.rpartition(" ")[2])
        if text is not None:
            parser.CharacterDataHandler = text
        try:
            parser.Parse(self.read(name), True)
        except (expat.ExpatError, ValueError, LookupError) as error:
            raise _damaged(self.where) from error


def _attribute(attributes: dict[str, str], name: str) -> str:
    """An attribute by its local name, whatever its namespace."""
    return next((value for key, value in attributes.items() if key.rpartition(" ")[2] == name), "")


def _listing(parts: _Parts) -> list[tuple[str, str, bool]]:
    """Name, part and visibility of each worksheet; charts and dialogs are no tables."""
    found: list[tuple[str, str, bool]] = []

    def sheet(tag: str, attributes: dict[str, str]) -> None:
        if tag == "sheet":
            visible = _attribute(attributes, "state") not in {"hidden", "veryHidden"}
            identity = next((v for k, v in attributes.items() if k.endswith("relationships id")), "")
            found.append((_attribute(attributes, "name"), identity, visible))

    parts.parse("xl/workbook.xml", sheet)
    if len(found) > parts.limits.sheets:
        raise UploadError(f"工作表超过 {parts.limits.sheets} 张的上限", mend="请拆成几个文件上传", where=parts.where)
    targets: dict[str, str] = {}

    def relation(tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship" and attributes.get("Type", "").endswith("/worksheet"):
            target = attributes.get("Target", "")
            path = target[1:] if target.startswith("/") else posixpath.normpath(f"xl/{target}")
            targets[attributes.get("Id", "")] = path

    parts.parse("xl/_rels/workbook.xml.rels", relation)
    return [(name, targets[identity], visible) for name, identity, visible in found if identity in targets]


def _styles(parts: _Parts) -> list[str]:
    """`date`, `percent` or nothing for each cell style."""
    if "xl/styles.xml" not in parts.names:
        return []
    formats: dict[str, str] = {}
    kinds: list[str] = []
    inside = [False]

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "numFmt":
            formats[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif tag == "cellXfs":
            inside[0] = True
        elif tag == "xf" and inside[0]:
            kinds.append(_kind_of_format(attributes.get("numFmtId", "0"), formats))

    def end(tag: str) -> None:
        if tag == "cellXfs":
            inside[0] = False

    parts.parse("xl/styles.xml", start, end)
    return kinds


def _kind_of_format(number: str, formats: dict[str, str]) -> str:
    if number in formats:
        code = _NOT_FORMAT.sub("", formats[number].split(";")[0]).lower()
        if "%" in code:
            return "percent"
        return "date" if code != "general" and re.search(r"[ymdhs年月日]", code) else ""
    if number.isdigit():
        return "date" if int(number) in _DATE_FORMATS else "percent" if int(number) in _PERCENT_FORMATS else ""
    return ""


def _strings(parts: _Parts) -> list[str]:
    """The shared strings; phonetic hints are not part of the text."""
    if "xl/sharedStrings.xml" not in parts.names:
        return []
    found: list[str] = []
    pieces: list[str] = []
    state = {"t": False, "phonetic": False}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "si":
            pieces.clear()
        elif tag == "rPh":
            state["phonetic"] = True
        elif tag == "t":
            state["t"] = True

    def end(tag: str) -> None:
        if tag == "si":
            found.append("".join(pieces)[:_MAX_TEXT])
        elif tag == "rPh":
            state["phonetic"] = False
        elif tag == "t":
            state["t"] = False

    def text(data: str) -> None:
        if state["t"] and not state["phonetic"]:
            pieces.append(data)

    parts.parse("xl/sharedStrings.xml", start, end, text)
    return found


class _SheetWalk:
    """State of one walk through a worksheet part."""

    def __init__(
        self, sheet: Sheet, styles: list[str], strings: list[str], limits: Limits, where: Place, count: list[int]
    ) -> None:
        self.sheet, self.styles, self.strings, self.limits, self.where, self.count = (
            sheet,
            styles,
            strings,
            limits,
            where,
            count,
        )
        self.hidden: set[int] = set()
        self.merged: list[tuple[int, int, int, int]] = []
        self.row, self.column = -1, -1
        self.kind, self.style = "", ""
        self.formula = False
        self.pieces: list[str] = []
        self.listening = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "c":
            at = _position(attributes.get("r", ""))
            self.row, self.column = at if at else (self.row, self.column + 1)
            self.kind, self.formula = attributes.get("t", "n"), False
            number = attributes.get("s", "")
            self.style = self.styles[int(number)] if number.isdigit() and int(number) < len(self.styles) else ""
            self.pieces.clear()
        elif tag in {"v", "t"}:
            self.listening = True
        elif tag == "f":
            self.formula = True
        elif tag == "row":
            number = attributes.get("r", "")
            self.row = int(number) - 1 if number.isdigit() and 0 < int(number) <= _MAX_ROW else self.row + 1
            self.column = -1
            if attributes.get("hidden") in {"1", "true"}:
                self.hidden.add(self.row)
        elif tag == "mergeCell":
            first, _, last = attributes.get("ref", "").partition(":")
            a, b = _position(first), _position(last or first)
            if a and b:
                self.merged.append((*a, *b))

    def text(self, data: str) -> None:
        if self.listening:
            self.pieces.append(data)

    def end(self, tag: str) -> None:
        if tag in {"v", "t"}:
            self.listening = False
        elif tag == "c":
            cell = self.cell("".join(self.pieces))
            if cell is not None:
                self.keep(cell)

    def cell(self, text: str) -> Cell | None:
        if self.kind == "e":
            return Cell(text or "#VALUE!", "error")
        if text == "":
            return Cell("", "formula") if self.formula else None
        if self.kind == "s":
            index = int(text) if text.strip().isdigit() and len(text) < 10 else -1
            if not 0 <= index < len(self.strings):
                raise _damaged(self.where)
            return Cell(self.strings[index]) if self.strings[index] else None
        if self.kind == "b":
            return Cell(text.strip() == "1", "bool")
        if self.kind in {"str", "inlineStr"}:
            return Cell(text[:_MAX_TEXT])
        if self.kind == "d":
            return Cell(text[:_MAX_TEXT], "date")
        try:
            number = float(text)
        except ValueError as error:
            raise _damaged(self.where) from error
        if self.style == "date" and 0 <= number < 2_958_466:
            # Days kept with 15 figures are a microsecond off at most quarter hours; Excel itself knows milliseconds.
            return Cell(datetime(1899, 12, 30) + timedelta(milliseconds=round(number * 86_400_000)), "date")
        return Cell(number, "number", self.style == "percent")

    def keep(self, cell: Cell) -> None:
        self.count[0] += 1
        rows = self.sheet.rows
        if self.count[0] > self.limits.cells or (self.row not in rows and len(rows) >= self.limits.rows):
            raise UploadError(
                f"表格太大：超过 {self.limits.rows} 行或 {self.limits.cells} 个单元格",
                mend="请拆成几个文件上传",
                where=self.where,
            )
        rows.setdefault(self.row, {})[self.column] = cell


def _sheet(
    parts: _Parts, name: str, path: str, visible: bool, styles: list[str], strings: list[str], count: list[int]
) -> Sheet:
    sheet = Sheet(name=name, visible=visible)
    walk = _SheetWalk(sheet, styles, strings, parts.limits, Place(file=parts.where.file, sheet=name), count)
    parts.parse(path, walk.start, walk.end, walk.text)
    sheet.hidden, sheet.merged = frozenset(walk.hidden), tuple(walk.merged)
    return sheet
