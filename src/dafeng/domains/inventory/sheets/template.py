"""Write the workbook that a bureau fills in: one sheet a sector, every item of the library listed, drop-downs everywhere.

A row left without value and key means "not reported". The official statistics table that holds a number stands beside
its row, so that a clerk knows which shelf to go to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from dafeng.domains.inventory import library
from dafeng.domains.inventory.library import Item
from dafeng.domains.inventory.sheets import balance
from dafeng.domains.inventory.sheets.marks import GUIDE, WORDS, mark
from dafeng.domains.inventory.sheets.words import BASES, COLUMNS, Vocabulary
from dafeng.kernel.accounting.status import Notation
from dafeng.kernel.errors import ActivityError
from dafeng.kernel.sheets.xlsx import letters

HEADING_ROW = 2
_FUELS = (
    "raw_coal", "cleaned_coal", "other_washed", "briquette", "coke", "coke_oven_gas", "bfg", "other_gas", "gasoline", "kerosene",
    "diesel", "fuel_oil", "petcoke", "lpg", "refinery_gas", "natural_gas", "lng",
)  # fmt: skip
_HOUSEHOLD = (
    "raw_coal",
    "briquette",
    "coke_oven_gas",
    "other_gas",
    "lpg",
    "natural_gas",
    "straw",
    "firewood",
    "biogas",
)
# Which fuels a template lists for a category, longest prefix first; the energy balance's own columns elsewhere.
_USUAL = {
    "1A3a": ("jet_kerosene", "aviation_gasoline"),
    "1A3b": ("gasoline", "diesel", "natural_gas", "lng", "lpg"),
    "1A3c": ("diesel",),
    "1A3d": ("diesel", "fuel_oil"),
    "1A4b": _HOUSEHOLD,
    "1A": _FUELS,
}
_FIELDS = [column.field for column in COLUMNS]
_AT = {field: number for number, field in enumerate(_FIELDS)}
_LOCKED = {"category", "item", "official_table", "variable"}
_EPOCH = datetime(2000, 1, 1)  # the template does not depend on the day it is made
_INLINE = 255  # Excel's limit of a list that is written into the rule itself
_INPUT = {
    "place": "填地区名称或六位代码；企业（设施）写成“411502/企业名称”",
    "value": "只填数字。没有这种活动填 NO；没有统计留空",
    "uncertainty": "95% 区间的半宽，填 5 表示 ±5%；不知道就留空",
    "source": "例如：信阳统计年鉴 2024 表 7-3",
}
GUIDE_TEXT = (
    ("怎样填", ""),
    ("1", "每个领域一张工作表。每行是一个来源一年的一个数，已按品种列好；灰色格是固定的，请勿改动，白色格可填。"),
    ("2", "在“数值”列填数，在“单位”列选单位。数值与单位要对应：以“万吨”计就填以万吨计的数。"),
    (
        "3",
        "没有数时：确认本地没有这种活动，标记符号选 NO；有活动但没有统计，选 NE 或留空。留空等于“未报告”，系统不会当作 0。",
    ),
    ("4", "要按县区或企业填报时，用表下方的空白行，每行写明地区。县区数与全市数不要同时填同一来源：系统按各行相加。"),
    ("5", "“官方统计表”列写明数据通常在哪张统计报表里；“数据来源”列请写明实际取自何处，审核人据此核对。"),
    (
        "6",
        "“数据依据”：统计（官方统计）、填报（部门或企业报送）、计量（仪表）、估算、假定。估算和假定的数会在报告中标明。",
    ),
    ("7", "表头文字请勿改动。列好的行用不着就留空，不必删除。不要合并单元格，不要用公式引用其他文件。"),
    ("8", "保存为 .xlsx 后上传。系统逐行检查，列出每处问题的工作表、行、列和改法；有一处错误，整个文件都不会导入。"),
    ("标记符号", ""),
    *((str(key), key.label) for key in Notation),
)


def write_template(
    target: Path | BytesIO,
    *,
    place: str,
    years: Sequence[int],
    places: Mapping[str, str],
    sectors: Iterable[str] | None = None,
    prefill: pl.DataFrame | None = None,
    blank_rows: int = 30,
    every: bool = False,
    vocabulary: Vocabulary | None = None,
) -> None:
    """Write the template of a city for one or more years.

    `places` maps the codes of the city and its counties to names. `sectors` limits the sheets (codes of `library.SECTORS`). `prefill` holds activity rows
    to show as already filled in. A fuel can be burnt in any category of 1A: its usual ones are listed and the others
    are in the drop-down, unless `every` asks for all. Raises `ActivityError` for an unknown sector or no year.
    """
    chosen = tuple(sectors) if sectors is not None else tuple(library.SECTORS)
    unknown = [sector for sector in chosen if sector not in library.SECTORS]
    if unknown or not years:
        raise ActivityError("模板要指明至少一个年份和已有的领域", expected="、".join(library.SECTORS))
    words = vocabulary or Vocabulary.of_library()
    name = places.get(place, place)
    book = xlsxwriter.Workbook(target if isinstance(target, BytesIO) else str(target), {"in_memory": True})
    book.set_properties({"title": f"{name}温室气体清单活动水平数据填报表", "created": _EPOCH, "comments": mark(place)})
    writer = _Writer(book, words, place, {place: name, **places}, tuple(years), prefill, blank_rows, every)
    writer.guide(chosen)
    for sector in chosen:
        writer.sector(sector)
    if "1" in chosen:
        balance.write_balance_sheet(book, place=place, name=name, year=max(years))
    writer.word_lists()
    book.close()


def template_rows(*, place: str, year: int) -> dict[str, tuple[str, int, int]]:
    """Where an empty template of one year lists each category: sheet, first and last row as the spreadsheet counts them."""
    book = xlsxwriter.Workbook(BytesIO())  # never closed, so nothing is written
    writer = _Writer(book, Vocabulary.of_library(), place, {place: place}, (year,), None, 0, False)
    found: dict[str, tuple[str, int, int]] = {}
    for sector, (title, _english) in library.SECTORS.items():
        for row, (category, _item, _known) in enumerate(writer.lines(sector), start=HEADING_ROW + 2):
            found[category] = (title, found.get(category, ("", row, row))[1], row)
    return found


class _Writer:
    """Formats and word lists that the sheets share."""

    def __init__(
        self,
        book: xlsxwriter.Workbook,
        words: Vocabulary,
        place: str,
        places: Mapping[str, str],
        years: tuple[int, ...],
        prefill: pl.DataFrame | None,
        blank_rows: int,
        every: bool,
    ) -> None:
        self.book, self.words, self.place, self.places, self.years = book, words, place, places, years
        self.blank_rows, self.every = blank_rows, every
        self.filled = _by_source(prefill)
        self.lists: dict[str, list[str]] = {}
        base = {"font_name": "宋体", "font_size": 10.5, "valign": "vcenter"}
        edge = {"border": 1, "border_color": "#B8C0C8"}
        self.formats = {
            "title": book.add_format({**base, "font_size": 16, "bold": True}),
            "hint": book.add_format({**base, "font_color": "#5A6570"}),
            "heading": book.add_format({**base, **edge, "bold": True, "bg_color": "#DCE6EF", "text_wrap": True, "align": "center", "locked": True}),
            "fixed": book.add_format({**base, **edge, "bg_color": "#F0F2F4", "text_wrap": True, "locked": True}),
            "text": book.add_format({**base, **edge, "text_wrap": True, "locked": False}),
            "number": book.add_format({**base, **edge, "num_format": "#,##0.######", "align": "right", "locked": False}),
            "year": book.add_format({**base, **edge, "num_format": "0", "align": "center", "locked": False}),
            "plain": book.add_format({**base, "text_wrap": True}),
            "strong": book.add_format({**base, "bold": True}),
            "mark": book.add_format({**base, "font_color": "#9AA3AB", "font_size": 8}),
        }  # fmt: skip

    def guide(self, sectors: Sequence[str]) -> None:
        sheet = self.book.add_worksheet(GUIDE)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_column(0, 0, 14)
        sheet.set_column(1, 1, 100)
        years = "、".join(map(str, self.years))
        sheet.write(0, 0, f"{self.places[self.place]}温室气体清单活动水平数据填报表", self.formats["title"])
        sheet.set_row(0, 28)
        sheet.write(
            1,
            0,
            f"数据年份：{years}　领域：{'、'.join(library.SECTORS[sector][0] for sector in sectors)}",
            self.formats["hint"],
        )
        for row, (key, text) in enumerate(GUIDE_TEXT, start=3):
            sheet.write(row, 0, key, self.formats["plain"] if text else self.formats["strong"])
            sheet.write(row, 1, text, self.formats["plain"])
            sheet.set_row(row, 32 if len(text) > 55 else 18)
        sheet.write(len(GUIDE_TEXT) + 4, 0, f"模板版本 {mark(self.place)}", self.formats["mark"])
        sheet.protect()

    def sector(self, sector: str) -> None:
        title = library.SECTORS[sector][0]
        sheet = self.book.add_worksheet(title[:31])
        sheet.write(0, 0, f"{title}　活动水平数据", self.formats["title"])
        sheet.write(
            1, 0, "白色格填写；没有数就留空（表示未报告）或填标记符号。同一来源每年一行。", self.formats["hint"]
        )
        for number, column in enumerate(COLUMNS):
            star = "*" if column.required else ""
            suffix = "（±%）" if column.field == "uncertainty" else ""
            sheet.write(HEADING_ROW, number, f"{column.heading}{suffix}{star}", self.formats["heading"])
            sheet.set_column(number, number, column.width)
        sheet.set_row(0, 26)
        sheet.set_row(HEADING_ROW, 24)
        row = HEADING_ROW + 1
        for category, item, known in self.lines(sector):
            self._item_row(sheet, row, category, item, known)
            row += 1
        first_blank = row
        for row in range(first_blank, first_blank + self.blank_rows):
            self._blank_row(sheet, row)
        self._choices_of_blank_rows(sheet, sector, first_blank, first_blank + self.blank_rows - 1)
        self._common_choices(sheet, HEADING_ROW + 1, first_blank + self.blank_rows - 1)
        sheet.freeze_panes(HEADING_ROW + 1, 2)
        sheet.autofilter(HEADING_ROW, 0, first_blank + self.blank_rows - 1, len(COLUMNS) - 1)
        sheet.repeat_rows(HEADING_ROW)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        allowed = (
            "insert_rows",
            "delete_rows",
            "format_columns",
            "format_rows",
            "sort",
            "autofilter",
            "select_locked_cells",
        )
        sheet.protect("", dict.fromkeys(allowed, True))

    def lines(self, sector: str) -> Iterator[tuple[str, Item, dict[str, Any]]]:
        """What the sheet lists, line by line: category, item, and what is known of it."""
        for category, item in self._listed(sector):
            for year in self.years:
                for known in self._known_rows(category, item, year):
                    yield category, item, known
        yield from self._unlisted(sector)

    def _listed(self, sector: str) -> Iterator[tuple[str, Item]]:
        """Every item of the sector's categories; of the fuels that all of `1A` may burn, the usual ones of each category."""
        for code in self._categories(sector):
            usual = _usual_fuels(code)
            for item in self.words.items_of(code):
                if self.every or item.category == code or item.item in usual:
                    yield code, item

    def _categories(self, sector: str) -> Iterator[str]:
        return (code for code in self.words.used_categories if self.words.categories[code].sector == sector)

    def _known_rows(self, category: str, item: Item, year: int) -> list[dict[str, Any]]:
        """What is known of the item already, or one row to be filled for the city."""
        return self.filled.pop((category, item.item, item.variable, year), None) or [
            {"place": self.place, "year": year}
        ]

    def _unlisted(self, sector: str) -> Iterator[tuple[str, Item, dict[str, Any]]]:
        """What is known of items, or years, that the template does not list: nothing that was filled in is left out."""
        for key in [key for key in self.filled if _sector(key[0]) == sector]:
            category, code, variable, _ = key
            found = [item for item in self.words.items_of(category) if (item.item, item.variable) == (code, variable)]
            for known in self.filled.pop(key):
                item = found[0] if found else Item(code, code, code, category, variable, str(known["unit"]), (), "")
                yield category, item, known

    def _item_row(self, sheet: Worksheet, row: int, category: str, item: Item, known: Mapping[str, Any]) -> None:
        code, slash, facility = str(known["place"]).partition("/")
        place = f"{code}/{facility}" if slash else self.places.get(code, code)
        technologies = dict(item.technologies)
        notation = known.get("notation")
        shown: dict[str, Any] = {
            "category": self.words.category_label(category),
            "item": self.words.item_label(item),
            "technology": technologies.get(known.get("technology") or "", known.get("technology") or ""),
            "place": place,
            "year": known["year"],
            "value": known.get("value"),
            "unit": known.get("unit") or item.unit,
            "notation": f"{notation} {Notation(notation).label}" if notation else "",
            "basis": BASES.get(known.get("basis") or "", ""),
            "uncertainty": None if known.get("uncertainty") is None else known["uncertainty"] * 100,
            "source": known.get("source") or "",
            "official_table": self.words.categories[category].official_table
            if category in self.words.categories
            else "",
            "variable": self.words.variable_label(item),
            "note": item.note,
        }
        for field, value in shown.items():
            self._write(sheet, row, field, value, fixed=field in _LOCKED)
        # Not every program grows a row by itself when its text is wrapped.
        sheet.set_row(row, 15 * max(_lines(shown[column.field], column.width) for column in COLUMNS))
        self._choose(sheet, row, row, "unit", self.words.offered_units(item, category))
        if item.technologies:
            self._choose(sheet, row, row, "technology", tuple(name for _, name in item.technologies))

    def _write(self, sheet: Worksheet, row: int, field: str, value: Any, *, fixed: bool = False) -> None:
        style = "fixed" if fixed else {"value": "number", "uncertainty": "number", "year": "year"}.get(field, "text")
        if value is None or value == "":
            sheet.write_blank(row, _AT[field], None, self.formats[style])
        elif isinstance(value, str):
            sheet.write_string(row, _AT[field], value, self.formats[style])
        else:
            sheet.write_number(row, _AT[field], value, self.formats[style])

    def _blank_row(self, sheet: Worksheet, row: int) -> None:
        for field in _FIELDS:
            self._write(sheet, row, field, None)

    def _choices_of_blank_rows(self, sheet: Worksheet, sector: str, first: int, last: int) -> None:
        listed = [(code, item) for code in self._categories(sector) for item in self.words.items_of(code)]
        if not listed or last < first:
            return
        self._choose(
            sheet, first, last, "category", dict.fromkeys(self.words.category_label(code) for code, _ in listed)
        )
        self._choose(sheet, first, last, "item", dict.fromkeys(self.words.item_label(item) for _, item in listed))
        self._choose(
            sheet,
            first,
            last,
            "unit",
            dict.fromkeys(u for code, item in listed for u in self.words.offered_units(item, code)),
        )
        names = dict.fromkeys(name for _, item in listed for _, name in item.technologies)
        if names:
            self._choose(sheet, first, last, "technology", names, strict=False)

    def _common_choices(self, sheet: Worksheet, first: int, last: int) -> None:
        # A facility is typed, so places are offered but not enforced.
        self._choose(sheet, first, last, "place", self.places.values(), strict=False)
        self._choose(sheet, first, last, "basis", BASES.values())
        self._choose(sheet, first, last, "notation", [f"{key} {key.label}" for key in Notation])
        for field in ("value", "uncertainty", "source"):
            at = _AT[field]
            rule = {"validate": "any", "input_title": COLUMNS[at].heading, "input_message": _INPUT[field]}
            sheet.data_validation(first, at, last, at, rule)
        rule = {
            "validate": "integer", "criteria": "between", "minimum": 1950, "maximum": 2100,
            "error_title": "年份", "error_message": "请填四位年份，例如 2023",
        }  # fmt: skip
        sheet.data_validation(first, _AT["year"], last, _AT["year"], rule)

    def _choose(
        self, sheet: Worksheet, first: int, last: int, field: str, options: Iterable[str], *, strict: bool = True
    ) -> None:
        """A drop-down; short lists stand in the rule, long ones on the sheet of words."""
        listed = [option for option in dict.fromkeys(options) if option]
        rule: dict[str, Any] = {"validate": "list", "error_type": "stop" if strict else "information"}
        rule |= {"error_title": COLUMNS[_AT[field]].heading, "error_message": "请从下拉框中选择"}
        if field in _INPUT:
            rule |= {"input_title": COLUMNS[_AT[field]].heading, "input_message": _INPUT[field]}
        inline = len(",".join(listed)) <= _INLINE and not any("," in option for option in listed)
        rule["source"] = listed if inline else self._range_of(listed)
        sheet.data_validation(first, _AT[field], last, _AT[field], rule)

    def _range_of(self, options: Sequence[str]) -> str:
        key = "\n".join(options)
        self.lists.setdefault(key, list(options))
        column = letters(list(self.lists).index(key))
        return f"='{WORDS}'!${column}$1:${column}${len(options)}"

    def word_lists(self) -> None:
        sheet = self.book.add_worksheet(WORDS)
        for column, options in enumerate(self.lists.values()):
            sheet.write_column(0, column, options)
        sheet.hide()


def _lines(value: Any, width: float) -> int:
    """How many lines a text takes in a column; a Chinese sign is two wide."""
    if not isinstance(value, str):
        return 1
    return -(-sum(2 if ord(sign) > 0x2E7F else 1 for sign in value) // int(width - 1)) or 1


def _sector(category: str) -> str:
    return "ID" if category.startswith("ID") else category[:1]


def _usual_fuels(category: str) -> tuple[str, ...]:
    """The fuels to list for a category that takes its items from a heading; all of them where nothing is said."""
    return next(
        (_USUAL[category[:length]] for length in range(len(category), 0, -1) if category[:length] in _USUAL), ()
    )


def _by_source(prefill: pl.DataFrame | None) -> dict[tuple[str, str, str, int], list[dict[str, Any]]]:
    found: dict[tuple[str, str, str, int], list[dict[str, Any]]] = {}
    if prefill is not None:
        for row in prefill.iter_rows(named=True):
            key = (row["category"], row["item"], row.get("variable") or "", int(row["year"]))
            found.setdefault(key, []).append(row)
    return found
