"""The words a clerk may use: headings, categories, items, technologies, units, places. Names or codes; near misses are suggested.

Everything is looked up in `library`'s tables; nothing is guessed. Where one name means several things the answer is a
fault that lists them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from dafeng.domains.inventory import library
from dafeng.domains.inventory.library import Category, Item
from dafeng.domains.inventory.sheets.inputs import input_name
from dafeng.kernel.errors import UnitError
from dafeng.kernel.quantities import units
from dafeng.kernel.sheets.numbers import half_width


class Column(NamedTuple):
    """A column of the activity sheet: field, heading, other headings it is known by, width, whether it must be there."""

    field: str
    heading: str
    aliases: tuple[str, ...]
    width: float
    required: bool


COLUMNS = (
    Column("category", "类别", ("排放源类别", "类别代码", "排放源", "category"), 30, True),
    Column("item", "项目", ("品种", "燃料", "燃料品种", "活动水平", "项目代码", "item"), 30, True),
    Column("variable", "数据项", ("数据项代码", "变量", "variable"), 24, False),
    Column("technology", "技术或方式", ("技术", "方式", "technology"), 18, False),
    Column("place", "地区", ("县区", "地区代码", "地区名称", "place"), 16, True),
    Column("year", "年份", ("年度", "数据年份", "year"), 8, True),
    Column("value", "数值", ("活动水平数据", "数据", "value"), 16, True),
    Column("unit", "单位", ("计量单位", "unit"), 14, True),
    Column("notation", "标记符号", ("符号", "notation"), 16, False),
    Column("basis", "数据依据", ("依据", "basis"), 12, False),
    Column("uncertainty", "不确定性", ("不确定度", "uncertainty"), 12, False),
    Column("source", "数据来源", ("来源", "出处", "source"), 30, False),
    Column("official_table", "官方统计表", (), 36, False),
    Column("note", "备注", ("说明", "note"), 40, False),
)
BASES = {
    "statistic": "统计",
    "reported": "填报",
    "metered": "计量",
    "estimated": "估算",
    "assumed": "假定",
}
_BASIS_ALIASES = {"统计数据": "statistic", "统计资料": "statistic", "报告": "reported", "上报": "reported", "实测": "metered", "推算": "estimated", "假设": "assumed"}  # fmt: skip


class Found(NamedTuple):
    """A code, or the nearest candidates when there is none; several codes make it ambiguous."""

    code: str | None
    near: tuple[str, ...] = ()
    ambiguous: bool = False


@lru_cache(maxsize=1 << 16)
def plain(text: str) -> str:
    """The form in which texts are compared: half-width, no blanks, lower case."""
    return re.sub(r"\s+", "", half_width(text)).casefold()


# What may be a unit at all: a word, perhaps after a power of ten. A bare number beside a number is not one.
_UNIT = re.compile(r"1|%|(?:1e[0-9]|10[⁰¹²³⁴⁵⁶⁷⁸⁹])?\s*(?:[^\W\d_]|℃)[\w\s/·*³²℃%()]{0,30}")


@lru_cache(maxsize=1)
def _headings() -> dict[str, str]:
    return {plain(name): column.field for column in COLUMNS for name in (column.heading, *column.aliases)}


def heading_field(text: str) -> str | None:
    """The field that a heading names; remarks in brackets and marks of obligation do not matter."""
    bare = re.sub(r"[(\[].*$", "", plain(text)).strip("*:")
    return _headings().get(bare)


def heading_of(field: str) -> str:
    return next(column.heading for column in COLUMNS if column.field == field)


def near(text: str, known: Iterable[str]) -> tuple[str, ...]:
    """Up to three known words that look like this one."""
    return tuple(difflib.get_close_matches(half_width(text)[:60], list(known), n=3, cutoff=0.5))


def basis_of(text: str) -> Found:
    key = plain(text)
    known = {plain(word): code for code, word in BASES.items()} | {code: code for code in BASES} | _BASIS_ALIASES
    return Found(known[key]) if key in known else Found(None, tuple(BASES.values()))


def place_code(text: str, known: Mapping[str, str]) -> str | None:
    """The code among `known` (code → name) that a text means: code, name, both, or a name without 市区县 where that is unique."""
    text = half_width(text)
    if text in known:
        return text
    if re.fullmatch(r"[0-9]{12}", text) and text.endswith("000000") and text[:6] in known:
        return text[:6]
    words = text.split()
    if len(words) == 2 and words[0] in known:
        return words[0]
    key = plain(text)
    exact = [code for code, name in known.items() if plain(name) == key]
    if len(exact) == 1:
        return exact[0]
    short = [
        code for code, name in known.items() if len(key) >= 2 and plain(name).rstrip("市区县") == key.rstrip("市区县")
    ]
    return short[0] if len(short) == 1 and not exact else None


@dataclass(frozen=True)
class Vocabulary:
    """Categories and items as the clerk sees them, and the units in which each item may be reported."""

    categories: Mapping[str, Category]
    items: tuple[Item, ...]
    accepted: Callable[[str, Item], tuple[str, ...]]

    @classmethod
    def of_library(cls) -> Vocabulary:
        return cls(library.categories(), library.items(), _accepted_units)

    # categories

    @cached_property
    def _category_names(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for code, category in self.categories.items():
            for name in {plain(category.name), plain(self.category_label(code))}:
                found.setdefault(name, []).append(code)
        return found

    @cached_property
    def _category_codes(self) -> dict[str, str]:
        return {plain(code): code for code in self.categories}

    @cached_property
    def _leaves(self) -> frozenset[str]:
        """Categories below which there are none, with items of their own: some report what has no gas, such as stored carbon."""
        above = {category.parent for category in self.categories.values()}
        return frozenset(code for code in self._items_by_category if code not in above)

    @cached_property
    def used_categories(self) -> tuple[str, ...]:
        """Categories that are reported (not headings) and for which an item is listed, in the order of the tables."""
        return tuple(
            code
            for code, category in self.categories.items()
            if (category.gases and self.items_of(code)) or code in self._leaves
        )

    def category_label(self, code: str) -> str:
        return f"{code} {self.categories[code].name}" if code in self.categories else code

    def category(self, text: str) -> Found:
        """By code, by `code name` or by name."""
        words = half_width(text).split()
        for key in (plain(text), plain(words[0]) if words else ""):
            if key in self._category_codes:
                return Found(self._category_codes[key])
        codes = self._category_names.get(plain(text), [])
        if len(codes) == 1:
            return Found(codes[0])
        if codes:
            return Found(None, tuple(map(self.category_label, codes)), ambiguous=True)
        labels = {self.category_label(code): code for code in self.used_categories}
        names = {self.categories[code].name: self.category_label(code) for code in self.used_categories}
        return Found(None, near(text, labels) or tuple(names[name] for name in near(text, names)))

    # items

    @cached_property
    def _items_by_category(self) -> dict[str, tuple[Item, ...]]:
        found: dict[str, list[Item]] = {}
        for item in self.items:
            found.setdefault(item.category, []).append(item)
        return {category: tuple(items) for category, items in found.items()}

    def items_of(self, category: str) -> tuple[Item, ...]:
        """The category's own items, then those of the categories above it: `1A3b` lists vehicles and all fuels of `1A`."""
        found: dict[tuple[str, str], Item] = {}
        for length in range(len(category), 0, -1):
            for item in self._items_by_category.get(category[:length], ()):
                found.setdefault((item.item, item.variable), item)
        return tuple(found.values())

    def item_label(self, item: Item) -> str:
        return item.name

    def variable_label(self, item: Item) -> str:
        """`body_weight 平均体重`: which input of the item's method a row reports; empty for an item that has only one."""
        return f"{item.variable} {input_name(item.variable)}" if item.variable else ""

    def item(self, category: str, text: str, variable: str = "") -> tuple[Found, Item | None]:
        """By name or code among the items of the category; `variable` (code, name or both) settles which input is meant.

        Without it, the row that names no input is meant, else the item's first row: its own activity.
        """
        offered = self.items_of(category)
        key = plain(text)
        fitting = [item for item in offered if plain(item.name) == key] or [
            item for item in offered if plain(item.item) == key
        ]
        codes = {item.item for item in fitting}
        if len(codes) > 1:
            return Found(None, tuple(f"{item.item} {item.name}" for item in fitting), ambiguous=True), None
        if not fitting:
            names = list(dict.fromkeys(item.name for item in offered))
            return Found(None, near(text, names) or (tuple(names) if len(names) <= 3 else ())), None
        if variable:
            wanted = {plain(variable), plain(half_width(variable).split()[0])}
            fitting = [item for item in fitting if {plain(item.variable), plain(input_name(item.variable))} & wanted]
        else:
            fitting = [item for item in fitting if not item.variable] or fitting
        return (Found(fitting[0].item), fitting[0]) if fitting else (Found(None), None)

    def variables(self, category: str, item: str) -> tuple[str, ...]:
        """The inputs listed for an item in a category."""
        return tuple(self.variable_label(entry) or "（空）" for entry in self.items_of(category) if entry.item == item)

    def technology(self, item: Item, text: str) -> Found:
        key = plain(text)
        for code, name in item.technologies:
            if key in {plain(code), plain(name)}:
                return Found(code)
        return Found(None, tuple(name for _, name in item.technologies))

    # units

    def unit(self, item: Item, category: str, text: str) -> Found:
        """The spelling that the registry knows, when it can be turned into a unit that a method of the item asks for."""
        for spelling in dict.fromkeys((text.strip(), half_width(text))):
            try:
                if not _UNIT.fullmatch(spelling):
                    raise UnitError(spelling)
                units.parse(spelling)
            except UnitError:
                continue
            if any(fits(spelling, accepted) for accepted in self.units_of(item, category)):
                return Found(spelling)
            return Found(None, self.offered_units(item, category), ambiguous=True)
        return Found(None, self.offered_units(item, category))

    def units_of(self, item: Item, category: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys((item.unit, *self.accepted(category, item))))

    def offered_units(self, item: Item, category: str) -> tuple[str, ...]:
        """The item's own unit first, then the usual ones of the same kind: what the drop-down shows."""
        return _offered(self.units_of(item, category))


OFFERED = (
    "t", "万吨", "kg", "万立方米", "亿立方米", "m3", "万标准立方米", "亿标准立方米", "Nm3", "tce", "万吨标准煤", "GJ", "TJ", "kWh", "MWh",
    "万千瓦时", "亿千瓦时", "头", "万头", "只", "万只", "公顷", "千公顷", "亩", "万亩", "人", "万人", "辆", "万辆", "km", "个", "%", "1",
)  # fmt: skip


@lru_cache(maxsize=1024)
def _offered(kinds: tuple[str, ...]) -> tuple[str, ...]:
    others = [unit for unit in OFFERED if any(fits(unit, kind) for kind in kinds)]
    return tuple(dict.fromkeys((kinds[0], *(unit for unit in others if fits(unit, kinds[0])), *others)))


@lru_cache(maxsize=4096)
def fits(unit: str, kind: str) -> bool:
    """`units.convertible`, remembered: it is asked for every row of a sheet, and a refusal is slow to work out."""
    return units.convertible(unit, kind)


@lru_cache(maxsize=16384)
def _accepted_units(category: str, item: Item) -> tuple[str, ...]:
    """Units in which the item can be reported as well as in its own: by mass or heat, by volume or heat.

    A unit is offered when every gas that is answered for in the item's own unit is answered for in it too: coal by volume
    would leave its CO2 without a method.
    """
    by_gas: dict[str, list[str]] = {}
    for recipe in library.recipes():
        if not category.startswith(recipe.category) or recipe.item not in {"", item.item}:
            continue
        asked = by_gas.setdefault(recipe.gas, [])
        series = library.series().get(recipe.method)
        if series is not None:
            asked.append(series.activity_unit)
            continue
        method = library.methods()[recipe.method]
        asked += [
            method.inputs[name]
            for position, name in enumerate(method.activity)
            if item.variable == name or (position == 0 and not item.variable)
        ]
    own = [asked for asked in by_gas.values() if any(fits(item.unit, unit) for unit in asked)]
    offered = dict.fromkeys(unit for asked in own for unit in asked)
    return tuple(unit for unit in offered if all(any(fits(unit, other) for other in asked) for asked in own))
