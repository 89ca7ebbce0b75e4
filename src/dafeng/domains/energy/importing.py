"""The steps that every spreadsheet of this domain takes: template, faults by row and column, preview, one record that waits for its commit.

A room brings a `Table` (its columns), or several, and a function that reads one row; what is refused, and how it is said, is the same everywhere.
Nothing is written before a file is free of faults; the file is kept as evidence.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.errors import EnergyError
from dafeng.domains.energy.models import EnergyCity
from dafeng.kernel.errors import DafengError, Place, UploadError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record
from dafeng.kernel.sheets import Limits, Sheet, number_of, open_upload

Row = dict[str, Any]
HEADS_WITHIN = 20
"""Rows in which the heads are looked for: a title or a note may stand above them."""
LIMITS = Limits(file_bytes=5 * 2**20, unpacked_bytes=50 * 2**20, sheets=8, rows=5000, cells=200_000)


@dataclass
class Preview:
    """`rows` are ready to be committed when there are no `problems`."""

    rows: list[Row] = field(default_factory=list)
    problems: list[DafengError] = field(default_factory=list)


@dataclass(frozen=True)
class Table:
    """A room's spreadsheet: `title` names the sheet, `columns` its heads in order, of which some are `required`.

    `closed`: a column that is none of its own is a fault, not a note.
    """

    title: str
    columns: tuple[str, ...]
    required: tuple[str, ...]
    wide: tuple[str, ...] = ()
    closed: bool = False

    def template(self, lists: Mapping[str, Sequence[str]], rows: Sequence[Mapping[str, Any]] = ()) -> bytes:
        return workbook([self], lists, rows)

    def read(
        self, file: BinaryIO, *, name: str, row: Callable[[Said], Row], key: Callable[[Row], Hashable], key_column: str = ""
    ) -> Preview:  # fmt: skip
        """As `read`, of the first sheet that has this table. Raises what `find` and `read` raise."""
        return read(find([self], file, name=name)[:1], row=row, key=key, key_column=key_column)


class Said:
    """One row as it was written, by title; what is wrong with it is collected, so that one look tells all."""

    def __init__(self, table: Table, texts: Mapping[str, str]) -> None:
        self.table, self._texts = table, texts
        self.faults: list[tuple[str, DafengError]] = []

    def __getitem__(self, title: str) -> str:
        return self._texts.get(title, "")

    def at(self, title: str, reading: Callable[[str], Any]) -> Any:
        """What `reading` makes of a cell; None, and a fault, when it refuses."""
        try:
            return reading(self[title])
        except DafengError as error:
            self.refuse(title, error)
            return None

    def check(self, title: str, do: Callable[[], Any], *, at: Mapping[str, str]) -> None:
        """A check of the whole row: its refusal is a fault of the column that `at` names for its code, else of `title`."""
        try:
            do()
        except DafengError as error:
            self.refuse(at.get(error.code, title), error)

    def refuse(self, title: str, error: DafengError) -> None:
        self.faults.append((title, error))


@dataclass(frozen=True)
class Found:
    """A table where it stands in a file: its sheet, the row of its heads, the column of each title."""

    table: Table
    file: str
    sheet: Sheet
    start: int
    titles: Mapping[str, int]

    def rows(self) -> Iterator[tuple[int, Said]]:
        """Each row that says anything, with its number as the spreadsheet shows it."""
        for number in sorted(each for each in self.sheet.rows if each > self.start):
            cells = {
                title: self.sheet.rows[number].get(self.titles[title])
                for title in self.table.columns
                if title in self.titles
            }
            said = Said(self.table, {title: " ".join(cell.shown.split()) for title, cell in cells.items() if cell})
            if any(said[title] for title in cells):
                yield number + 1, said

    def fault(self, row: int, column: str, error: DafengError) -> DafengError:
        where = Place(file=self.file, sheet=self.sheet.name, row=row, column=column)
        return EnergyError(error.what, expected=error.expected, mend=error.mend, where=where)


def workbook(
    tables: Sequence[Table], lists: Mapping[str, Sequence[str]], rows: Sequence[Mapping[str, Any]] = ()
) -> bytes:
    """A workbook with a sheet a table and, by title, lists to choose from; `rows` are what is there already."""
    import xlsxwriter

    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    head = book.add_format({"bold": True, "bg_color": "#d8ebe4", "border": 1})
    for table in tables:
        sheet = book.add_worksheet(table.title)
        for column, title in enumerate(table.columns):
            sheet.write(0, column, title, head)
            sheet.set_column(column, column, 28 if title in table.wide else 14)
            for number, row in enumerate(rows, 1):
                sheet.write(number, column, row.get(title, ""))
            if options := lists.get(title):
                sheet.data_validation(1, column, 2000, column, {"validate": "list", "source": list(options)})
        sheet.freeze_panes(1, 0)
    book.close()
    return target.getvalue()


def find(tables: Sequence[Table], file: BinaryIO, *, name: str) -> list[Found]:
    """Which sheet of a file is which table, in the order of `tables`. Raises `UploadError` for a file without any."""
    found = []
    for sheet in open_upload(file, name=name, limits=LIMITS).sheets:
        for number in sorted(sheet.rows)[:HEADS_WITHIN]:
            titles = {cell.shown.strip(): column for column, cell in sheet.rows[number].items()}
            table = next((each for each in tables if set(each.required) <= set(titles)), None)
            if table:
                found.append(Found(table, name, sheet, number, titles))
                break
    if not found:
        raise UploadError(
            _("没有找到表头"), expected="；".join("、".join(each.required) for each in tables), mend=_("请用下载的模板填写"), where=Place(file=name)
        )  # fmt: skip
    return sorted(found, key=lambda each: tables.index(each.table))


def read(
    found: Sequence[Found], *, row: Callable[[Said], Row], key: Callable[[Row], Hashable], key_column: str = ""
) -> Preview:
    """Read tables that `find` found; `row` reads one row, and rows of a table are told once by their `key`.

    Faults of rows are in the answer; a row told twice is one in `key_column`, else in the first column. Raises `UploadError` where no row says anything.
    """
    preview = Preview()
    for each in found:
        if each.table.closed and (unknown := [title for title in each.titles if title and title not in each.table.columns]):  # fmt: skip
            error = EnergyError(_("不认识的列“%(name)s”") % {"name": unknown[0][:20]}, expected="、".join(each.table.columns), mend=_("请删去这一列，或改成模板里的列名"))  # fmt: skip
            preview.problems.append(each.fault(each.start + 1, unknown[0], error))
            continue
        seen: dict[Hashable, int] = {}
        for number, said in each.rows():
            made = row(said)
            if not said.faults and (before := seen.setdefault(key(made), number)) != number:
                said.refuse(
                    key_column or each.table.columns[0],
                    EnergyError(_("与第 %(row)s 行重复") % {"row": before}, mend=_("请删去一行")),
                )
            preview.problems += [each.fault(number, column, error) for column, error in said.faults]
            if not said.faults:
                preview.rows.append(made | {"row": number})
    if not preview.rows and not preview.problems:
        raise UploadError(_("表里没有数据行"), mend=_("请从表头下一行开始填写"), where=Place(file=found[0].file))
    return preview


def stage(
    kind: str, preview: Preview, file: BinaryIO, *, name: str, title: str, source: str, payload: Mapping[str, Any], place: str,
    by: Any, now: datetime, key: str = "",
) -> Record | None:  # fmt: skip
    """The rows of a file without faults in a record, with the file as evidence; None when it has any."""
    if preview.problems:
        return None
    file.seek(0)
    with records.serial():
        kept = records.store_evidence(
            file, name=name, media_type="application/octet-stream", by=by, now=now, source=source
        )
        return records.open_record(
            kind, title=title, payload={**payload, "rows": preview.rows}, by=by, now=now, place=place,
            key=key, evidence=[kept],
        )  # fmt: skip


def counties(user: Any, city: EnergyCity, own_place: Callable[[Any, str], bool]) -> dict[str, str]:
    """Name → code of the counties for which a person may report: to them another's is an unknown word."""
    return {names[0]: code for code, names in city.counties.items() if own_place(user, code)}


# ---------------------------------------------------------------- how cells are read; each raises `Refused`


def unless_empty(reading: Callable[[str], Any], empty: Any = None) -> Callable[[str], Any]:
    """A reading of a cell that may be left empty, which then says `empty`."""
    return lambda text: reading(text) if text else empty


def one_of(text: str, known: Mapping[str, Any]) -> Any:
    """The value of a word that is known."""
    if text in known:
        return known[text]
    raise Refused("unknown_word", _("不认识“%(text)s”") % {"text": text[:20]}, expected="、".join(known))


def number(text: str, *, least: float = 0.0, most: float = 1e12, expected: str = "") -> float:
    """A number from `least` to `most`; thousands may be parted by commas. `expected` says so where more than "not negative" is asked."""
    expected = expected or _("不小于 0 的数")
    value = number_of(text)
    if value is None:
        raise Refused("number", _("“%(text)s”不是数") % {"text": text[:20]}, expected=expected)
    if not least <= value <= most:
        raise Refused("negative", _("数量 %(value)s 不对") % {"value": text[:20]}, expected=expected)
    return value


def named(text: str, most: int = 120) -> str:
    if not text or len(text) > most:
        raise Refused("name", _("名称没有填，或太长"), expected=_("不超过 %(count)s 个字") % {"count": most})
    return text


def year(text: str, latest: int) -> int:
    """A year from 1900 to the latest."""
    digits = text.removesuffix("年")
    if not (digits.isascii() and digits.isdigit() and 1900 <= int(digits[:6]) <= latest):
        raise Refused("year", _("年份 %(year)s 不对") % {"year": text[:12]})
    return int(digits)


def day(text: str) -> str:
    """A day as `2026-05-01`."""
    told = (
        text.replace("/", "-").replace(".", "-").replace("年", "-").replace("月", "-").removesuffix("日").split(" ")[0]
    )
    try:
        parts = [int(part) for part in told.split("-")]
        return date(*parts).isoformat()
    except (TypeError, ValueError):
        raise Refused("day", _("日期“%(text)s”不对") % {"text": text[:20]}, expected="2026-05-01") from None
