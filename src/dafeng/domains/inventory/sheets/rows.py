"""One row of the activity sheet: each cell read for what it must be, every fault named in the clerk's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dafeng.domains.inventory.library import Item
from dafeng.domains.inventory.sheets.preview import Findings, Severity, spans
from dafeng.domains.inventory.sheets.row import Row, short
from dafeng.domains.inventory.sheets.words import (
    Found,
    Vocabulary,
    basis_of,
    fits,
    heading_of,
    near,
    place_code,
    plain,
)
from dafeng.kernel.quantities import units
from dafeng.kernel.sheets import numbers
from dafeng.kernel.sheets.files import Limits
from dafeng.kernel.sheets.xlsx import Cell, Sheet, reference

KEY = ("category", "item", "technology", "variable", "place", "year")
# Where a negative number has a meaning: changes, and net flows that may go either way.
SIGNED = frozenset(
    {"area_change", "imported_electricity", "imported_heat", "sf6_stock_decrease", "sf6_capacity_increase"}
)


@dataclass
class RowReader:
    """Turns the rows of one or more sheets into activity rows; remembers keys to find duplicates."""

    words: Vocabulary
    places: Mapping[str, str]
    limits: Limits
    findings: Findings
    existing: set[tuple[Any, ...]]
    rows: list[dict[str, Any]] = field(default_factory=list)
    seen: dict[tuple[Any, ...], str] = field(default_factory=dict)
    blank: int = 0
    replaces: int = 0

    def read(self, sheet: Sheet, heading: int, columns: Mapping[str, int]) -> None:
        filled: list[int] = []
        for index in sorted(sheet.rows):
            if index <= heading:
                continue
            if self.findings.too_many:
                break
            cells = {name: sheet.rows[index][column] for name, column in columns.items() if column in sheet.rows[index]}
            row = Row(sheet, index, cells, columns, self.findings)
            if not _says_something(cells):
                self.blank += bool(cells)
                continue
            filled.append(index)
            self.row(row)
        self._merged(sheet, heading, columns, set(filled))
        hidden = sheet.hidden & set(filled)
        if hidden:
            self.findings.add(
                Severity.WARNING,
                "hidden_rows",
                f"第 {spans(index + 1 for index in hidden)} 行被隐藏或筛选掉了，但有数据，已照常读取",
                mend="若不应上报，请删去这些行",
                sheet=sheet.name,
            )

    def _merged(self, sheet: Sheet, heading: int, columns: Mapping[str, int], filled: set[int]) -> None:
        """A merged range holds one value for many cells; which cells it was meant for is not ours to guess."""
        named = {column: name for name, column in columns.items() if name not in {"official_table", "note"}}
        for top, left, bottom, right in sheet.merged[:1000]:
            touched = [column for column in named if left <= column <= right]
            lines = [index for index in filled if top <= index <= bottom]
            if bottom <= heading or not touched or not lines or (top, left) == (bottom, right):
                continue
            area = f"{reference(top, left)}:{reference(bottom, right)}"
            self.findings.add(
                Severity.ERROR,
                "merged",
                f"单元格区域 {area} 是合并的，合并后只有左上角一格有内容",
                expected="数据区内没有合并单元格",
                mend="请取消合并，在每一行填写各自的内容",
                sheet=sheet.name,
                row=max(top, heading + 1) + 1,
                column=heading_of(named[touched[0]]),
                cell=area,
            )

    def row(self, row: Row) -> None:
        for name, cell in row.cells.items():
            fault = numbers.stored_fault(cell)
            if fault and name not in {"value", "official_table", "note"}:
                row.fault("formula", name, *fault)
        if not row.sound:
            return
        category = self._category(row)
        item = self._item(row, category) if category else None
        place, year = self._place(row), self._year(row)
        unit = self._unit(row, category or "", item) if item else None
        value, notation, unit = self._value(row, category or "", item, unit)
        technology = self._technology(row, item) if item else ""
        basis, uncertainty = self._basis(row), self._uncertainty(row)
        if not row.sound or category is None or item is None:
            return
        key = (category, item.item, technology, item.variable, place, year)
        if not self._new(row, key):
            return
        self.rows.append(
            {
                **dict(zip(KEY, key, strict=True)),
                "value": value,
                "unit": unit,
                "basis": basis,
                "source": row.text("source"),
                "notation": notation,
                "uncertainty": uncertainty,
                "sheet_row": f"{row.sheet.name}!{row.index + 1}" if row.sheet.name else str(row.index + 1),
            }
        )

    def _new(self, row: Row, key: tuple[Any, ...]) -> bool:
        here = f"{f'工作表“{row.sheet.name}”' if row.sheet.name else ''}第 {row.index + 1} 行"
        if key in self.seen:
            row.fault(
                "duplicate",
                "item",
                f"与{self.seen[key]}重复：类别、项目、技术、地区、年份都相同",
                "每个来源每年一行",
                "请合并为一行，或改正其中一行",
            )
            return False
        self.seen[key] = here
        if key in self.existing:
            self.replaces += 1
            row.report(
                Severity.WARNING,
                "replaces",
                "item",
                "系统中已有同一来源同一年份的数据，提交后以本次为准",
                "",
                "若不应替换，请删去此行",
            )
        return True

    def _category(self, row: Row) -> str | None:
        if not row.text("category"):
            row.fault("category", "category", "没有填类别", "模板下拉框中的一项", "请补填")
            return None
        found = self.words.category(row.text("category"))
        if found.code is None:
            row.unknown("category", "category", "类别", found, "请从模板下拉框中选择")
        elif found.code not in self.words.used_categories:
            row.fault(
                "category",
                "category",
                f"类别“{self.words.category_label(found.code)}”不直接填报",
                "它下面的具体类别",
                "请改选下级类别",
            )
            return None
        return found.code

    def _item(self, row: Row, category: str) -> Item | None:
        if not row.text("item"):
            row.fault("item", "item", "没有填项目", "模板下拉框中的一项", "请补填")
            return None
        label = self.words.category_label(category)
        plain_found, plain_item = self.words.item(category, row.text("item"))
        if plain_item is None:
            row.unknown("item", "item", f"类别“{label}”下的项目", plain_found, "请从模板下拉框中选择")
            return None
        if not row.text("variable"):
            offered = self.words.variables(category, plain_item.item)
            if plain_item.variable and len(offered) > 1:
                shown = self.words.variable_label(plain_item)
                others = "、".join(label for label in offered if label != shown)
                row.report(
                    Severity.NOTICE,
                    "variable",
                    "variable",
                    f"没有填数据项，按“{shown}”读取",
                    "",
                    f"另可填 {short(others)}",
                )
            return plain_item
        _, item = self.words.item(category, row.text("item"), row.text("variable"))
        if item is None:
            offered = self.words.variables(category, plain_item.item)
            row.fault(
                "variable",
                "variable",
                f"项目“{plain_item.name}”没有数据项“{short(row.text('variable'))}”",
                "、".join(offered[:8]),
                "请照模板填写",
            )
        return item

    def _technology(self, row: Row, item: Item) -> str:
        text = row.text("technology")
        if not text:
            return ""
        found = self.words.technology(item, text)
        if found.code is None:
            if not item.technologies:
                row.fault(
                    "technology",
                    "technology",
                    f"项目“{item.name}”不分技术或方式，却填了“{short(text)}”",
                    "空白",
                    "请清空该格",
                )
            else:
                row.unknown("technology", "technology", "技术或方式", found, "请从模板下拉框中选择")
        return found.code or ""

    def _place(self, row: Row) -> str:
        text = numbers.half_width(row.text("place"))
        if not text:
            row.fault("place", "place", "没有填地区", "地区名称或六位代码", "请补填")
            return ""
        head, slash, facility = text.partition("/")
        code = place_code(head, self.places)
        if code:
            return f"{code}/{facility.strip()}" if slash and facility.strip() else code
        suggested = near(head, [*self.places.values(), *self.places])
        if suggested:
            row.unknown(
                "place",
                "place",
                "地区",
                Found(None, tuple(self._place_shown(word) for word in suggested)),
                "请填名称或六位代码",
            )
        else:
            listed = "、".join(list(self.places.values())[:15])
            row.fault("place", "place", f"地区“{short(text)}”不认识", f"名称或六位代码：{listed}", "请从下拉框中选择")
        return ""

    def _place_shown(self, word: str) -> str:
        return f"{self.places[word]} {word}" if word in self.places else word

    def _year(self, row: Row) -> int:
        cell = row.cells.get("year")
        first, last = self.limits.first_year, self.limits.last_year
        expected = f"{first} 到 {last} 之间的四位年份"
        if cell is None or not row.text("year"):
            row.fault("year", "year", "没有填年份", expected, "请补填")
            return 0
        if cell.kind == "date":
            row.fault(
                "year", "year", f"年份是日期“{cell.shown}”", expected, "请把单元格格式改为“常规”，只填年份，例如 2023"
            )
            return 0
        match = re.fullmatch(r"([0-9]{4})(?:\.0*)?年?度?", numbers.half_width(row.text("year")))
        if not match:
            row.fault("year", "year", f"“{short(row.text('year'))}”不是年份", expected, "请只填四位年份，例如 2023")
            return 0
        if not first <= int(match[1]) <= last:
            row.fault("year", "year", f"年份 {match[1]} 超出范围", expected, "请核对年份")
        return int(match[1])

    def _unit(self, row: Row, category: str, item: Item) -> str | None:
        text = row.text("unit")
        if not text:
            return None
        found = self.words.unit(item, category, text)
        if found.code is None:
            what = f"单位“{short(text)}”" + (f"与项目“{item.name}”不合" if found.ambiguous else "不认识")
            row.fault("unit", "unit", what, "、".join(found.near[:6]), "请改用下拉框中的单位，并相应换算数值")
            return None
        if plain(found.code) != plain(text) or found.code != text:
            row.report(Severity.NOTICE, "unit_read", "unit", f"单位“{short(text)}”已读作“{found.code}”")
        return found.code

    def _value(
        self, row: Row, category: str, item: Item | None, unit: str | None
    ) -> tuple[float | None, str | None, str | None]:
        noted = self._notation(row)
        cell = row.cells.get("value")
        if cell is None or (cell.is_text and not cell.shown.strip()):
            return None, noted, unit or (item.unit if item else None)
        reading = numbers.read_number(cell)
        if reading.fault:
            row.fault("number", "value", *reading.fault)
            return None, noted, unit
        for notice in reading.notices:
            row.report(Severity.NOTICE, "number_read", "value", notice)
        if reading.notation:
            if noted and noted != reading.notation:
                row.fault(
                    "notation",
                    "notation",
                    f"标记符号 {noted} 与数值列的 {reading.notation} 不一致",
                    "只填一处",
                    "请清空其中一格",
                )
            return None, reading.notation, unit or (item.unit if item else None)
        if noted:
            row.fault(
                "notation",
                "notation",
                f"既有数值又有标记符号 {noted}",
                "数值或标记符号，二者填其一",
                "有数就清空标记符号；没有数就清空数值",
            )
            return None, noted, unit
        if item is None:
            return None, None, unit
        return self._checked(row, category, item, unit, reading)

    def _checked(
        self, row: Row, category: str, item: Item, unit: str | None, reading: numbers.Reading
    ) -> tuple[float | None, str | None, str | None]:
        """Unit inside the cell, percentages, sign: where a number would be plausible and wrong."""
        value = reading.value
        assert value is not None
        if value < 0 and item.variable not in SIGNED:
            row.fault(
                "negative",
                "value",
                f"数值为负（{value:.15g}）",
                "大于或等于 0 的数",
                "请核对；回收、调出等扣减量有单独的项目",
            )
        if (
            unit is None
            and not row.text("unit")
            and not (reading.unit and self.words.unit(item, category, reading.unit).code)
        ):
            row.fault(
                "unit",
                "unit",
                "没有填单位",
                "、".join(self.words.offered_units(item, category)[:6]),
                "请从下拉框中选择单位",
            )
            return None, None, None
        if reading.unit:
            unit = self._unit_in_cell(row, category, item, unit, reading)
        if unit is None:
            return None, None, None
        if reading.percent and not fits(unit, "1"):
            row.fault("percent", "value", f"数值是百分数，单位却是“{unit}”", f"以“{unit}”计的数", "请填实际数量")
            return None, None, None
        if fits(unit, "1"):
            value = self._ratio(row, unit, value, reading.percent, is_share=item.unit == "%")
        return value, None, unit

    def _unit_in_cell(
        self, row: Row, category: str, item: Item, unit: str | None, reading: numbers.Reading
    ) -> str | None:
        shown, value = short(row.text("value")), reading.value
        if reading.unit in numbers.SCALES:
            # 12万 beside 万吨: twelve, or twelve times ten thousand times ten thousand?
            if unit is None or unit[:1] in "万亿千百":
                row.fault(
                    "unit_in_cell",
                    "value",
                    f"“{shown}”与单位“{unit or '空'}”放在一起意思不清",
                    "只填数字",
                    "请把“万”“亿”写进单位列，或写全数字",
                )
                return None
            row.report(Severity.NOTICE, "unit_in_cell", "value", f"“{shown}”已读作 {value:.15g} {unit}")
            return unit
        inside = self.words.unit(item, category, reading.unit).code
        if inside is None or (unit is not None and not _same_unit(inside, unit)):
            row.fault(
                "unit_in_cell",
                "value",
                f"“{shown}”带的单位与单位列“{unit or '空'}”不一致",
                "数值列只填数字，单位列填单位",
                "请核对后只保留一个单位",
            )
            return None
        row.report(Severity.NOTICE, "unit_in_cell", "value", f"“{shown}”已读作 {value:.15g} {inside}")
        return unit or inside

    def _ratio(self, row: Row, unit: str, value: float, typed_as_percent: bool, *, is_share: bool) -> float:
        """30, 0.3 or 30 %: one meaning for each unit, and for a share a question where the other was likely meant."""
        one = units.conversion("1", unit)  # a whole, in the row's unit: 1 or 100
        if typed_as_percent:
            read = value / 100 * one
            row.report(Severity.NOTICE, "percent_read", "value", f"百分数已读作 {read:.12g}（单位“{unit}”）")
            value = read
        if not is_share:
            return value
        if value > one:
            other = f"{value / 100:.12g}" if one == 1 else f"{value:.12g}"
            mend = f"若指 {value:.12g}%，请填 {other}，或把单位改为 %" if one == 1 else "请核对；比例不能超过 100%"
            row.fault("percent", "value", f"比例 {value:.12g} 大于整体", f"0 到 {one:g} 之间的数（单位“{unit}”）", mend)
        elif one > 1 and 0 < value <= 1 and not typed_as_percent:
            row.report(
                Severity.WARNING,
                "percent",
                "value",
                f"单位是“{unit}”，{value:.12g} 读作 {value:.12g}%",
                "",
                f"若本意是 {value * 100:.12g}%，请填 {value * 100:.12g}",
            )
        return value

    def _notation(self, row: Row) -> str | None:
        text = row.text("notation")
        if not text:
            return None
        key = numbers.notation_of(text) or numbers.notation_of(re.split(r"[\s（(]", text)[0])
        if key is None:
            row.fault(
                "notation", "notation", f"标记符号“{short(text)}”不认识", "NO、NE、NA、IE 或 C", "请从下拉框中选择"
            )
        return key

    def _basis(self, row: Row) -> str:
        text = row.text("basis")
        if not text:
            return "reported"
        found = basis_of(text)
        if found.code is None:
            row.fault("basis", "basis", f"数据依据“{short(text)}”不认识", "、".join(found.near), "请从下拉框中选择")
        return found.code or "reported"

    def _uncertainty(self, row: Row) -> float | None:
        cell = row.cells.get("uncertainty")
        if cell is None or not row.text("uncertainty"):
            return None
        text = numbers.half_width(row.text("uncertainty")).lstrip("±")
        reading = numbers.read_number(Cell(text) if cell.is_text else cell)
        if reading.fault or reading.value is None or reading.unit:
            row.fault(
                "uncertainty",
                "uncertainty",
                f"“{short(row.text('uncertainty'))}”不是不确定性",
                "百分数，例如 5 表示 ±5%",
                "请改正或清空",
            )
            return None
        if not 0 <= reading.value <= 1000:
            row.fault(
                "uncertainty", "uncertainty", f"不确定性 {reading.value:.12g}% 超出范围", "0 到 1000 之间", "请核对"
            )
        elif 0 < reading.value < 1 and not reading.percent:
            row.report(
                Severity.WARNING,
                "uncertainty",
                "uncertainty",
                f"不确定性读作 ±{reading.value:.12g}%",
                "",
                f"若本意是 ±{reading.value * 100:.12g}%，请填 {reading.value * 100:.12g}",
            )
        return reading.value / 100


def _says_something(cells: Mapping[str, Cell]) -> bool:
    """Whether the row reports anything: a value, a key, or something that failed to become one."""
    return any(
        name in cells and (cells[name].shown.strip() or cells[name].kind == "formula") for name in ("value", "notation")
    )


def _same_unit(one: str, other: str) -> bool:
    return fits(one, other) and units.conversion(one, other) == 1.0
