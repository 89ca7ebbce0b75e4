"""The steps that every spreadsheet of this domain takes: template, faults by row and column, preview, one record that waits for its commit.

A room brings a `Table` (its columns) and a function that reads one row; what is refused, and how it is said, is the same everywhere.
Nothing is written before a file is free of faults; the file is kept as evidence.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.errors import EnergyError
from dafeng.kernel.errors import DafengError, Place, UploadError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record
from dafeng.kernel.sheets import Limits, Sheet, open_upload

Row = dict[str, Any]
HEADS_WITHIN = 20
"""Rows in which the heads are looked for: a title or a note may stand above them."""


@dataclass
class Preview:
    """`rows` are ready to be committed when there are no `problems`."""

    rows: list[Row] = field(default_factory=list)
    problems: list[DafengError] = field(default_factory=list)


class Said:
    """One row as it was written, by title; what is wrong with it is collected, so that one look tells all."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
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

    def refuse(self, title: str, error: DafengError) -> None:
        self.faults.append((title, error))


@dataclass(frozen=True)
class Table:
    """A room's spreadsheet: `title` names the sheet, `columns` its heads in order, of which some are `required`."""

    title: str
    columns: tuple[str, ...]
    required: tuple[str, ...]
    wide: tuple[str, ...] = ()
    limits: Limits = field(default_factory=lambda: Limits(file_bytes=5 * 2**20, unpacked_bytes=50 * 2**20, sheets=8, rows=5000, cells=200_000))  # fmt: skip

    def template(self, lists: Mapping[str, Sequence[str]], rows: Sequence[Mapping[str, Any]] = ()) -> bytes:
        """A workbook with lists to choose from; `rows` are what is there already."""
        import xlsxwriter

        target = io.BytesIO()
        book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
        head = book.add_format({"bold": True, "bg_color": "#d8ebe4", "border": 1})
        sheet = book.add_worksheet(self.title)
        for column, title in enumerate(self.columns):
            sheet.write(0, column, title, head)
            sheet.set_column(column, column, 28 if title in self.wide else 14)
            for number, row in enumerate(rows, 1):
                sheet.write(number, column, row.get(title, ""))
        sheet.freeze_panes(1, 0)
        for title, options in lists.items():
            if options:
                column = self.columns.index(title)
                sheet.data_validation(1, column, 2000, column, {"validate": "list", "source": list(options)})
        book.close()
        return target.getvalue()

    def read(
        self, file: BinaryIO, *, name: str, row: Callable[[Said], Row], key: Callable[[Row], Hashable], key_column: str
    ) -> Preview:
        """Raises `UploadError` for a file that is no such table; faults of rows, and rows told twice (`key`), are in the answer."""
        for sheet in open_upload(file, name=name, limits=self.limits).sheets:
            for number in sorted(sheet.rows)[:HEADS_WITHIN]:
                titles = {cell.shown.strip(): column for column, cell in sheet.rows[number].items()}
                if set(self.required) <= set(titles):
                    return self._rows(sheet, number, titles, name, row, key, key_column)
        raise UploadError(
            _("没有找到表头"), expected="、".join(self.required), mend=_("请用下载的模板填写"), where=Place(file=name)
        )

    def _rows(
        self, sheet: Sheet, start: int, titles: Mapping[str, int], file: str, row: Callable[[Said], Row],
        key: Callable[[Row], Hashable], key_column: str,
    ) -> Preview:  # fmt: skip
        found = Preview()
        seen: dict[Hashable, int] = {}
        for number in sorted(each for each in sheet.rows if each > start):
            cells = {title: sheet.rows[number].get(titles[title]) for title in self.columns if title in titles}
            said = Said({title: " ".join(cell.shown.split()) for title, cell in cells.items() if cell})
            if not any(said[title] for title in cells):
                continue
            read = row(said)
            if not said.faults and (same := key(read)) in seen:
                said.refuse(
                    key_column, EnergyError(_("与第 %(row)s 行重复") % {"row": seen[same]}, mend=_("请删去一行"))
                )
            elif not said.faults:
                seen[same] = number + 1
            for column, error in said.faults:
                where = Place(file=file, sheet=sheet.name, row=number + 1, column=column)
                found.problems.append(EnergyError(error.what, expected=error.expected, mend=error.mend, where=where))
            if not said.faults:
                found.rows.append(read | {"row": number + 1})
        if not found.rows and not found.problems:
            raise UploadError(_("表里没有数据行"), mend=_("请从表头下一行开始填写"), where=Place(file=file))
        return found


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


# ---------------------------------------------------------------- how cells are read; each raises `Refused`


def one_of(text: str, known: Mapping[str, Any]) -> Any:
    """The value of a word that is known."""
    if text in known:
        return known[text]
    raise Refused("unknown_word", _("不认识“%(text)s”") % {"text": text[:20]}, expected="、".join(known))


def number(text: str, *, least: float = 0.0, most: float = 1e12) -> float:
    """A number that is not negative; thousands may be parted by commas."""
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        raise Refused("number", _("“%(text)s”不是数") % {"text": text[:20]}, expected=_("不小于 0 的数")) from None
    if not least <= value < most:
        raise Refused("negative", _("数量 %(value)s 不对") % {"value": text[:20]}, expected=_("不小于 0 的数"))
    return value


def named(text: str, most: int = 120) -> str:
    if not text or len(text) > most:
        raise Refused("name", _("名称没有填，或太长"), expected=_("不超过 %(count)s 个字") % {"count": most})
    return text


def year(text: str, latest: int) -> int | None:
    """A year from 1900 to the latest; None for an empty cell."""
    if not text:
        return None
    digits = text.removesuffix("年")
    if not (digits.isascii() and digits.isdigit() and 1900 <= int(digits[:6]) <= latest):
        raise Refused("year", _("年份 %(year)s 不对") % {"year": text[:12]})
    return int(digits)


def day(text: str) -> str | None:
    """A day as `2026-05-01`; None for an empty cell."""
    if not text:
        return None
    told = (
        text.replace("/", "-").replace(".", "-").replace("年", "-").replace("月", "-").removesuffix("日").split(" ")[0]
    )
    try:
        parts = [int(part) for part in told.split("-")]
        return date(*parts).isoformat()
    except (TypeError, ValueError):
        raise Refused("day", _("日期“%(text)s”不对") % {"text": text[:20]}, expected="2026-05-01") from None
