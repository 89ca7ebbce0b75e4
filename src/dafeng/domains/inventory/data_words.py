"""How activity rows are written on pages: names for codes, numbers in full, and a table that is searched by names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import polars as pl
from django.utils.html import format_html
from django.utils.translation import gettext as _

from dafeng.domains.inventory import library
from dafeng.domains.inventory.models import City
from dafeng.domains.inventory.runs import english, place_names
from dafeng.domains.inventory.sheets.inputs import input_name
from dafeng.domains.inventory.sheets.words import BASES
from dafeng.kernel.pages.tables import Column, Table

Label = Callable[[str], str]


def category_name(code: str) -> str:
    found = library.categories().get(code)
    return f"{code} {(found.name_en if english() else found.name) if found else ''}".strip()


@lru_cache(maxsize=1)
def _technologies() -> dict[str, str]:
    return {code: name for item in library.items() for code, name in item.technologies}


def item_name(code: str) -> str:
    names = library.item_names_en() if english() else library.item_names()
    return names.get(code, code)


def item_label(row: Mapping[str, Any]) -> str:
    """The item with the input that is meant and the technology, where there are any."""
    parts = [item_name(str(row["item"]))] if row["item"] else []
    if row["variable"]:
        parts.append(input_name(row["variable"], "en" if english() else "zh"))
    if row["technology"]:
        code = str(row["technology"])
        parts.append(code.replace("_", " ") if english() else _technologies().get(code, code))
    return " · ".join(parts) or "–"


def place_label(names: Mapping[str, str]) -> Label:
    def label(code: str) -> str:
        county, _slash, facility = code.partition("/")
        return " ".join(filter(None, (names.get(county, county), facility)))

    return label


def exact(value: float | None) -> str:
    """A number as it was entered, grouped: a clerk compares it with the sheet."""
    if value is None:
        return ""
    text = f"{value:,.12g}"
    if "e" in text:
        text = f"{value:,.0f}" if abs(value) >= 1 else f"{value:.6g}"
    return text.replace("-", "−")


def amount(value: float | None, unit: str | None, notation: str | None) -> str:
    """Number and unit, or the notation key in their place; the unit 1 goes without saying."""
    if value is None:
        return str(notation or "–")
    if unit == "1":
        return exact(value)
    return f"{exact(value)} {unit or ''}".strip()


def short(text: str, length: int = 60) -> str:
    return text if len(text) <= length else f"{text[:length]}…"


def percent(share: float | None) -> str:
    """A change in percent with its sign."""
    if share is None:
        return ""
    text = f"{share * 100:+,.1f}%" if abs(share) < 10 else _("%(times)s 倍") % {"times": f"{share + 1:,.0f}"}
    return text.replace("-", "−")


def share_tag(share: float | None, *, beyond: float) -> Any:
    """The change in percent; one that is larger than `beyond` stands out."""
    text = percent(share)
    if share is None or abs(share) <= beyond:
        return text
    return format_html('<span class="tag warn">{}</span>', text)


def basis_name(code: str) -> str:
    return code if english() else BASES.get(code, code)


def change_tag(word: str) -> Any:
    tone, name = {"new": ("ok", _("新增")), "replaces": ("warn", _("替换")), "same": ("", _("不变"))}[word]
    return format_html('<span class="tag {}">{}</span>', tone, name)


def severity_tag(word: str) -> Any:
    tone, name = {"error": ("bad", _("错误")), "warning": ("warn", _("警告")), "notice": ("", _("提示"))}[word]
    return format_html('<span class="tag {}">{}</span>', tone, name)


def searches(city: City) -> dict[str, Label]:
    """Columns that the box 查找 looks in, each with how its codes read."""
    return {
        "category": category_name,
        "item": lambda code: f"{code} {item_name(code)}",
        "variable": lambda code: f"{code} {input_name(code)}" if code else "",
        "place": place_label(place_names(city)),
        "basis": lambda code: f"{code} {basis_name(code)}",
        "source": str,
        "year": str,
    }


class RowTable(Table):
    """A table of activity rows: what is looked for is found in the names of codes, not in the codes alone.

    Each distinct code is read once, however many rows hold it. Make it with `search=FOUND`.
    """

    labels: Mapping[str, Label]

    def _of_frame(self, rows: pl.DataFrame) -> pl.DataFrame:
        if self.query:
            wanted = self.query.lower()
            found = pl.lit(False)
            for name, label in self.labels.items():
                values = rows[name].unique().drop_nulls()
                fitting = [value for value in values if wanted in label(str(value)).lower()]
                found |= pl.col(name).is_in(pl.Series(fitting, dtype=rows.schema[name]).implode())
            # The table's own search then finds every row that is left.
            rows = rows.filter(found).with_columns(pl.lit(self.query).alias(*FOUND))
        return super()._of_frame(rows)


FOUND = ("found",)


def whole(text: Any) -> Any:
    """A short text that is not broken into lines."""
    return format_html('<span class="nowrap">{}</span>', text)


def _source(row: Mapping[str, Any]) -> Any:
    name = category_name(str(row["category"]))
    return format_html("{}<br><small>{}</small>", name, item_label(row)) if row["item"] or row["variable"] else name


def source_columns(city: City, *, link: Callable[[Any], str] | None = None) -> list[Column]:
    """What a row is about, in few columns for the eye: category with item, year, place."""
    named = place_label(place_names(city))
    return [
        Column("category", _("类别和项目"), show=_source, link=link, wide=True),
        Column("year", _("年份"), show=lambda r: str(r["year"])),
        Column("place", _("地区"), show=lambda r: whole(named(str(r["place"])))),
    ]


def row_columns(city: City, *, link: Callable[[Any], str] | None = None) -> list[Column]:
    """The same with the number next to the name, where a phone still shows it."""
    category, *others = source_columns(city, link=link)
    value = Column("value", _("数值"), numeric=True, show=lambda r: amount(r["value"], r["unit"], r["notation"]))
    return [category, value, *others]


def exported_columns(city: City) -> list[Column]:
    """All that is known of a row, codes beside names: what goes into a file. Columns that are made have keys of their own."""
    named = place_label(place_names(city))
    return [
        Column("category", _("类别代码")),
        Column("category_name", _("类别"), show=lambda r: category_name(str(r["category"])).partition(" ")[2]),
        Column("item", _("项目代码")),
        Column("item_name", _("项目"), show=lambda r: item_name(str(r["item"])) if r["item"] else ""),
        Column("variable", _("数据项代码")),
        Column("technology", _("技术或方式")),
        Column("place", _("地区代码")),
        Column("place_name", _("地区"), show=lambda r: named(str(r["place"]))),
        Column("year", _("年份")),
        Column("value", _("数值")),
        Column("unit", _("单位")),
        Column("notation", _("标记符号")),
        Column("basis", _("数据依据")),
        Column("uncertainty", _("不确定性")),
        Column("source", _("数据来源")),
        Column("sheet_row", _("文件中的位置")),
        Column("batch_id", _("批次")),
    ]
