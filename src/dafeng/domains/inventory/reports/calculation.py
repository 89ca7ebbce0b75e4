"""The sheets on which a number is worked out: activity, factors, potentials, and the lines of a sector with their formulas.

Every sheet notes where its cells stand, so that the next can point at them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import polars as pl
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from dafeng.domains.inventory import library
from dafeng.domains.inventory.reports import labels
from dafeng.domains.inventory.reports.labels import pick, text
from dafeng.domains.inventory.reports.material import Material
from dafeng.domains.inventory.reports.tables import standing_text
from dafeng.kernel.accounting.recipes import SeriesMethod
from dafeng.kernel.accounting.registry import Method, find_method
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import GasError
from dafeng.kernel.quantities import gases, places, units

TOP = 3  # first line of data: title, blank, headings above it
LINE_COLUMNS = (
    "category", "item", "technology", "place", "year", "gas", "family", "kind", "basis", "activity", "unit", "scale",
    "method_value", "method_unit", "method", "formula", "emission", "notation", "gwp", "co2e", "status", "factors",
)  # fmt: skip
_AT = {name: position for position, name in enumerate(LINE_COLUMNS)}
LETTERS = {name: str(xl_col_to_name(position)) for name, position in _AT.items()}
_HEADINGS = {
    "family": ("气体类", "Gas family"),
    "scale": ("换算系数", "Conversion"),
    "method_value": ("方法单位的活动水平", "Activity in the method's unit"),
    "method_unit": ("方法单位", "Method's unit"),
    "emission": ("排放量（t 气体）", "Emission (t of gas)"),
    "gwp": ("GWP", "GWP"),
    "co2e": ("排放量（t CO₂e）", "Emission (t CO₂e)"),
    "factors": ("所用因子", "Factors used"),
    "activity": ("活动水平", "Activity"),
}
_WIDTHS = {
    "category": 30,
    "item": 18,
    "place": 14,
    "method": 34,
    "formula": 46,
    "factors": 40,
    "emission": 18,
    "co2e": 18,
    "method_value": 18,
    "activity": 16,
}


@dataclass
class Book:
    """The workbook while it grows: formats, and where each activity, factor and GWP stands."""

    book: xlsxwriter.Workbook
    material: Material
    language: str
    activity_at: dict[int, int] = field(default_factory=dict)
    factor_at: dict[tuple[str, str], int] = field(default_factory=dict)
    gwp_at: dict[tuple[str, str], int] = field(default_factory=dict)
    lines_of: dict[str, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        base = {"font_name": "宋体" if self.language == "zh" else "Arial", "font_size": 10, "valign": "vcenter"}
        edge = {"border": 1, "border_color": "#C4CAD0"}
        make = self.book.add_format
        self.styles = {
            "title": make({**base, "font_size": 15, "bold": True}),
            "hint": make({**base, "font_color": "#5A6570"}),
            "stop": make({**base, "bold": True, "font_color": "#B00020", "text_wrap": True, "valign": "top"}),
            "heading": make({**base, **edge, "bold": True, "bg_color": "#DCE6EF", "text_wrap": True, "align": "center"}),
            "text": make({**base, **edge}),
            "wrap": make({**base, **edge, "text_wrap": True}),
            "number": make({**base, **edge, "num_format": "#,##0.######", "align": "right"}),
            "tonnes": make({**base, **edge, "num_format": "#,##0.00", "align": "right"}),
            "formula": make({**base, **edge, "num_format": "#,##0.00", "align": "right", "font_color": "#1F4E79"}),
            "sum": make({**base, **edge, "num_format": "#,##0.00", "align": "right", "bold": True, "bg_color": "#F0F2F4", "font_color": "#1F4E79"}),
            "strong": make({**base, **edge, "bold": True, "bg_color": "#F0F2F4"}),
            "year": make({**base, **edge, "num_format": "0", "align": "center"}),
            "key": make({**base, **edge, "align": "center", "font_color": "#5A6570"}),
            "guess": make({**base, **edge, "num_format": "#,##0.00", "align": "right", "font_color": "#1F4E79", "italic": True, "bg_color": "#FFF6E0"}),
        }  # fmt: skip

    def text(self, key: str) -> str:
        return text(key, self.language)

    def heading(self, column: str) -> str:
        return pick(_HEADINGS[column], self.language) if column in _HEADINGS else self.text(column)

    def sheet(self, name: str, title: str, headings: Sequence[str], widths: Sequence[float]) -> Worksheet:
        sheet = self.book.add_worksheet(name[:31])
        sheet.write_string(0, 0, title, self.styles["title"])
        for column, (heading, width) in enumerate(zip(headings, widths, strict=True)):
            sheet.write_string(TOP - 1, column, heading, self.styles["heading"])
            sheet.set_column(column, column, width)
        sheet.set_row(0, 24)
        sheet.set_row(TOP - 1, 30)
        sheet.freeze_panes(TOP, min(2, len(headings)))
        sheet.repeat_rows(TOP - 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        return sheet

    def write(self, sheet: Worksheet, row: int, column: int, value: Any, style: str = "text") -> None:
        if value is None or value == "":
            sheet.write_blank(row, column, None, self.styles[style])
        elif isinstance(value, str):
            sheet.write_string(row, column, value, self.styles[style])
        else:
            sheet.write_number(row, column, value, self.styles[style])


def activity_sheet(made: Book) -> None:
    frame = made.material.inventory.emissions.activities
    inside = [code for code in frame["place"].unique().cast(pl.String) if made.material.place in places.ancestors(code)]
    columns = (
        "category",
        "item",
        "technology",
        "variable",
        "place",
        "year",
        "value",
        "unit",
        "notation",
        "basis",
        "mark",
        "uncertainty",
        "source",
        "evidence",
    )
    widths = (30, 18, 16, 14, 16, 8, 16, 12, 10, 10, 12, 12, 40, 30)
    sheet = made.sheet(made.text("activity"), made.text("activity"), [made.text(name) for name in columns], widths)
    at = TOP
    for row in (
        frame.with_columns(pl.col("place").cast(pl.String)).filter(pl.col("place").is_in(inside)).iter_rows(named=True)
    ):
        made.activity_at[row["row"]] = at
        shown = row | {
            "category": labels.category_name(row["category"], made.language),
            "item": labels.item_name(row["item"], made.language),
            "place": made.material.place_name(row["place"]),
            "basis": pick(labels.BASIS[row["basis"]], made.language) if row["basis"] in labels.BASIS else row["basis"],
        }
        styles = {"value": "number", "uncertainty": "number", "year": "year"}
        for column, name in enumerate(columns):
            made.write(sheet, at, column, shown[name], styles.get(name, "text"))
        at += 1
    sheet.autofilter(TOP - 1, 0, max(at - 1, TOP), len(columns) - 1)


_ACTIVITY_VALUE = "G"


def factor_sheet(made: Book, lines: pl.DataFrame) -> None:
    emissions = made.material.inventory.emissions
    used = (
        emissions.terms.join(lines.select("resolution").unique(), on="resolution", how="semi")
        .select("factor_id", "unit")
        .unique()
        .rename({"unit": "method_unit"})
        .join(emissions.factors, on="factor_id")
        .sort("parameter", "set", "item", "technology", "factor_id", "method_unit")
    )
    columns = (
        "factor_id",
        "set",
        "parameter",
        "category",
        "item",
        "technology",
        "place",
        "year",
        "value",
        "unit",
        "scale",
        "method_value",
        "method_unit",
        "lower",
        "upper",
        "standing",
        "source",
        "note",
    )
    names = {
        "factor_id": made.text("factor"), "method_value": pick(("方法单位的数值", "Value in the method's unit"), made.language),
        "lower": pick(("下限（95%）", "Lower (95 %)"), made.language), "upper": pick(("上限（95%）", "Upper (95 %)"), made.language),
    }  # fmt: skip
    headings = [names.get(name) or (made.heading(name) if name in _HEADINGS else made.text(name)) for name in columns]
    sheet = made.sheet(
        made.text("factors"),
        made.text("factors"),
        headings,
        (32, 12, 22, 12, 16, 16, 12, 8, 14, 14, 12, 18, 14, 12, 12, 12, 50, 40),
    )
    at_column = {name: xl_col_to_name(position) for position, name in enumerate(columns)}
    for at, row in enumerate(used.iter_rows(named=True), start=TOP):
        made.factor_at[row["factor_id"], row["method_unit"]] = at
        scale = units.conversion(row["unit"], row["method_unit"])
        shown = row | {"scale": scale, "standing": standing_text(row["standing"], made.language)}
        for column, name in enumerate(columns):
            if name == "method_value":
                printed, factor = f"{at_column['value']}{at + 1}", f"{at_column['scale']}{at + 1}"
                sheet.write_formula(at, column, f"={printed}*{factor}", made.styles["formula"], row["value"] * scale)
            else:
                style = (
                    "year" if name == "year" else "number" if name in {"value", "scale", "lower", "upper"} else "text"
                )
                made.write(sheet, at, column, shown[name], style)


_FACTOR_VALUE = "L"


def gwp_sheet(made: Book, lines: pl.DataFrame) -> None:
    material = made.material
    headings = [made.text("gas"), pick(("来源类型", "Origin"), made.language), "GWP", made.text("set")]
    sheet = made.sheet(
        made.text("gwp"), f"{made.text('gwp')}　{material.inventory.gwp_set}", headings, (16, 16, 14, 20)
    )
    at = TOP
    for gas, origin in lines.select("gas", "origin").unique().sort("gas", "origin").iter_rows():
        try:
            value = gases.gwp(gas, material.inventory.gwp_set, origin)
        except GasError:
            continue
        made.gwp_at[gas, origin] = at
        for column, cell in enumerate((gas, origin, value, material.inventory.gwp_set)):
            made.write(sheet, at, column, cell, "number" if column == 2 else "text")
        at += 1


def sector_sheet(made: Book, sheet: Worksheet, sector: str, lines: pl.DataFrame) -> None:
    language = made.language
    sheet.write_string(0, 0, labels.sector_name(sector, language), made.styles["title"])
    hint = (
        "蓝色为公式；斜体浅黄为估算或假定的数据；标记符号表示没有数值，不等于 0",
        "Blue: formulas. Italic on yellow: estimated or assumed. A notation key is not zero.",
    )
    sheet.write_string(1, 0, pick(hint, language), made.styles["hint"])
    for column, name in enumerate(LINE_COLUMNS):
        sheet.write_string(TOP - 1, column, made.heading(name), made.styles["heading"])
        sheet.set_column(column, column, _WIDTHS.get(name, 11))
    sheet.set_row(0, 24)
    sheet.set_row(TOP - 1, 30)
    sheet.freeze_panes(TOP, 2)
    terms = _terms(made, lines)
    others = _other_inputs(made, lines)
    for at, row in enumerate(lines.iter_rows(named=True), start=TOP):
        _line(made, sheet, at, row, terms.get(row["resolution"], {}), others.get((row["row"], row["resolution"]), {}))
    last = TOP + lines.height - 1
    made.lines_of[sector] = (TOP + 1, last + 1)
    sheet.autofilter(TOP - 1, 0, last, len(LINE_COLUMNS) - 1)
    _sector_sums(made, sheet, last + 2, lines)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _terms(made: Book, lines: pl.DataFrame) -> dict[int, dict[str, str]]:
    """Resolution → parameter → the factor's cell."""
    sheet = made.text("factors")
    found: dict[int, dict[str, str]] = {}
    terms = made.material.inventory.emissions.terms.join(
        lines.select("resolution").unique(), on="resolution", how="semi"
    )
    for row in terms.select("resolution", "parameter", "factor_id", "unit").iter_rows(named=True):
        at = made.factor_at[row["factor_id"], row["unit"]]
        found.setdefault(row["resolution"], {})[row["parameter"]] = f"'{sheet}'!${_FACTOR_VALUE}${at + 1}"
    return found


def _other_inputs(made: Book, lines: pl.DataFrame) -> dict[tuple[int, int], dict[str, str]]:
    """Result → name of a further input → its activity cell, in the method's unit."""
    emissions = made.material.inventory.emissions
    if not emissions.links.height:
        return {}
    sheet = made.text("activity")
    methods = dict(emissions.resolutions.select("resolution", "method").iter_rows())
    joined = (
        lines.select("row", "resolution")
        .join(emissions.links, on="row")
        .join(
            emissions.activities.select(pl.col("row").alias("other_row"), pl.col("unit").cast(pl.String), "value"),
            on="other_row",
        )
    )
    found: dict[tuple[int, int], dict[str, str]] = {}
    for row in joined.iter_rows(named=True):
        method = _method(methods[row["resolution"]])
        if not isinstance(method, Method) or row["input"] not in method.activity[1:] or row["value"] is None:
            continue
        scale = units.conversion(row["unit"], method.inputs[row["input"]])
        cell = f"'{sheet}'!${_ACTIVITY_VALUE}${made.activity_at[row['other_row']] + 1}"
        found.setdefault((row["row"], row["resolution"]), {})[row["input"]] = (
            cell if scale == 1 else f"({cell}*{scale!r})"
        )
    return found


@lru_cache(maxsize=1024)
def _formula_text(name: str) -> str:
    return _method(name).formula


def _method(name: str) -> Method | SeriesMethod:
    return library.series().get(name) or find_method(name)


def _line(
    made: Book, sheet: Worksheet, at: int, row: Mapping[str, Any], terms: Mapping[str, str], others: Mapping[str, str]
) -> None:
    language, line = made.language, at + 1
    method = _method(row["method"])
    guess = row["basis"] in ("estimated", "assumed")
    number = "guess" if guess else "formula"
    column = _AT
    letter = LETTERS
    plain = {
        "category": labels.category_name(row["category"], language),
        "item": labels.item_name(row["item"], language),
        "technology": row["technology"],
        "place": made.material.place_name(row["place"]),
        "gas": row["gas"],
        "family": row["family"],
        "kind": pick(labels.KINDS[row["kind"]], language),
        "basis": pick(labels.BASIS[row["basis"]], language) if row["basis"] in labels.BASIS else row["basis"],
        "unit": row["unit"],
        "method_unit": method.activity_unit if isinstance(method, SeriesMethod) else method.inputs[method.activity[0]],
        "method": f"{method.title}（{row['reference']}）",
        "formula": _formula_text(row["method"]),
        "notation": row["notation"] or "",
        "status": pick(labels.STATUS[Status(row["status"])], language),
        "factors": "、".join(row["factor_ids"]),
    }
    for name, value in plain.items():
        made.write(sheet, at, column[name], value, "key" if name == "notation" else "text")
    made.write(sheet, at, column["year"], row["year"], "year")
    made.write(sheet, at, column["scale"], row["scale"], "number")
    if row["value"] is None:
        for name in ("activity", "method_value", "emission", "co2e"):
            made.write(sheet, at, column[name], row["notation"] if name in {"emission", "co2e"} else "", "key")
        made.write(sheet, at, column["gwp"], "", "text")
        return
    source = f"'{made.text('activity')}'!${_ACTIVITY_VALUE}${made.activity_at[row['row']] + 1}"
    sheet.write_formula(at, column["activity"], f"={source}", made.styles[number], row["value"])
    product = f"={letter['activity']}{line}*{letter['scale']}{line}"
    sheet.write_formula(at, column["method_value"], product, made.styles[number], row["value"] * row["scale"])
    if row["emission"] is None:
        made.write(sheet, at, column["emission"], row["notation"] or "NE", "key")
        made.write(sheet, at, column["co2e"], row["notation"] or "NE", "key")
        made.write(sheet, at, column["gwp"], "", "text")
        return
    if isinstance(method, SeriesMethod):
        # A history has no one-cell formula: the compiled value stands here, and the method's name says why.
        made.write(sheet, at, column["emission"], row["emission"], "tonnes")
    else:
        cells = {name: f"({value!r})" for name, value in method.optional.items()} | dict(terms) | dict(others)
        cells[method.activity[0]] = f"{letter['method_value']}{line}"
        sheet.write_formula(
            at, column["emission"], _formula(method.spreadsheet(cells)), made.styles[number], row["emission"]
        )
    _weigh(made, sheet, at, row, number)


def _formula(text: str) -> str:
    """With the exponents of small numbers as a spreadsheet file spells them."""
    return "=" + re.sub(r"(?<=[0-9])e(?=[+-]?[0-9])", "E", text)


def _weigh(made: Book, sheet: Worksheet, at: int, row: Mapping[str, Any], style: str) -> None:
    """CO2e = emission × the GWP cell; a gas that the set lacks has none."""
    gwp_column, co2e_column = LINE_COLUMNS.index("gwp"), LINE_COLUMNS.index("co2e")
    place = made.gwp_at.get((row["gas"], row["origin"]))
    if place is None:
        made.write(sheet, at, gwp_column, "—", "key")
        made.write(sheet, at, co2e_column, "NE", "key")
        return
    weight = gases.gwp(row["gas"], made.material.inventory.gwp_set, row["origin"])
    sheet.write_formula(at, gwp_column, f"='{made.text('gwp')}'!$C${place + 1}", made.styles["formula"], weight)
    formula = f"={LETTERS['emission']}{at + 1}*{LETTERS['gwp']}{at + 1}"
    sheet.write_formula(at, co2e_column, formula, made.styles[style], row["emission"] * weight)


def in_co2e(made: Book, lines: pl.DataFrame) -> pl.DataFrame:
    set_name = made.material.inventory.gwp_set
    weights = {key: gases.gwp(key[0], set_name, key[1]) for key in made.gwp_at}
    return lines.with_columns(
        pl.struct("emission", "gas", "origin")
        .map_elements(
            lambda cell: (
                None
                if cell["emission"] is None
                else cell["emission"] * weights.get((cell["gas"], cell["origin"]), float("nan"))
            ),
            return_dtype=pl.Float64,
        )
        .fill_nan(None)
        .alias("co2e")
    )


def _sector_sums(made: Book, sheet: Worksheet, at: int, lines: pl.DataFrame) -> None:
    """One SUMIFS a kind and year below the table."""
    first, last = TOP + 1, TOP + lines.height
    weighted = in_co2e(made, lines)

    def area(name: str) -> str:
        letter = LETTERS[name]
        return f"${letter}${first}:${letter}${last}"

    order = {kind: number for number, kind in enumerate(labels.KINDS)}
    groups = weighted.group_by("kind", "year").agg(
        pl.col("co2e").sum(), pl.col("co2e").is_not_null().any().alias("known")
    )
    for kind, year, total, known in sorted(groups.iter_rows(), key=lambda row: (order[row[0]], row[1])):
        if not known:
            continue
        name = pick(labels.KINDS[kind], made.language)
        sheet.write_string(at, 0, f"{made.text('total')}　{name}", made.styles["strong"])
        made.write(sheet, at, LINE_COLUMNS.index("year"), year, "year")
        formula = f'=SUMIFS({area("co2e")},{area("kind")},"{name}",{area("year")},{year})'
        sheet.write_formula(at, LINE_COLUMNS.index("co2e"), formula, made.styles["sum"], total)
        at += 1
