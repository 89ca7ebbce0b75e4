"""The inventory as a workbook in which every emission is a formula: activity cell × factor cells, then × GWP, then summed.

A reviewer can follow any number with Excel alone. The formulas are written from the methods themselves
(`Method.spreadsheet`), and each cell also keeps the compiled value, so that it shows without recalculation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from dafeng.domains.inventory import library
from dafeng.domains.inventory.reports import labels
from dafeng.domains.inventory.reports.labels import ReportError, pick, text
from dafeng.domains.inventory.reports.material import GROSS, SECTORS, Material
from dafeng.domains.inventory.reports.tables import Grid, analysis_tables, facts, standing_text, stop_reasons
from dafeng.kernel.accounting.recipes import SeriesMethod
from dafeng.kernel.accounting.registry import Method, find_method
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import GasError
from dafeng.kernel.quantities import gases, places, units

_TOP = 3  # first line of data: title, blank, headings above it
_MOST = 200_000
_LINE_COLUMNS = (
    "category", "item", "technology", "place", "year", "gas", "family", "kind", "basis", "activity", "unit", "scale",
    "method_value", "method_unit", "method", "formula", "emission", "notation", "gwp", "co2e", "status", "factors",
)  # fmt: skip
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
class _Book:
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
            sheet.write_string(_TOP - 1, column, heading, self.styles["heading"])
            sheet.set_column(column, column, width)
        sheet.set_row(0, 24)
        sheet.set_row(_TOP - 1, 30)
        sheet.freeze_panes(_TOP, min(2, len(headings)))
        sheet.repeat_rows(_TOP - 1)
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


def write_workbook(target: Path | BytesIO, material: Material, *, language: str = "zh") -> None:
    """Write the workbook of an inventory: all its years, one place.

    Raises `ReportError` when there are more emission rows than a spreadsheet can be expected to hold.
    """
    lines = _lines(material)
    if lines.height > _MOST:
        raise ReportError(
            f"排放计算行有 {lines.height} 行，工作簿放不下",
            expected=f"不超过 {_MOST} 行",
            mend="请按县区分别导出，或导出 CSV",
        )
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(target if isinstance(target, BytesIO) else str(target), options)
    day = material.made_on
    title = (
        f"{material.name}{text('workbook', language)}"
        if language == "zh"
        else f"{material.name_en}: {text('workbook', language)}"
    )
    book.set_properties({"title": title, "created": datetime(day.year, day.month, day.day)})
    made = _Book(book, material, language)
    cover = book.add_worksheet(made.text("cover"))
    summary = book.add_worksheet(made.text("totals_sheet"))
    sector_sheets = {
        code: book.add_worksheet(labels.sector_name(code, language)[:31])
        for code in (*SECTORS, "ID")
        if _of(lines, code).height
    }
    _activity_sheet(made)
    _factor_sheet(made, lines)
    _gwp_sheet(made, lines)
    for code, sheet in sector_sheets.items():
        _sector_sheet(made, sheet, code, _of(lines, code))
    _summary_sheet(made, summary, lines)
    _cover_sheet(made, cover, title)
    for name, table in analysis_tables(material, language):
        _grid_sheet(made, name, table)
    book.close()


# ---------------------------------------------------------------- what is written


def _lines(material: Material) -> pl.DataFrame:
    """Every result of the place with its activity, resolution and the order of the sheets."""
    emissions = material.inventory.emissions
    inside = [
        code
        for code in emissions.activities["place"].unique().cast(pl.String)
        if material.place in places.ancestors(code)
    ]
    return (
        emissions.rows()
        .filter(pl.col("place").is_in(inside) & (pl.col("gas") != ""))
        .join(emissions.resolutions.select("resolution", "scale"), on="resolution", maintain_order="left")
        .with_columns(
            pl.when(pl.col("category").str.starts_with("ID"))
            .then(pl.lit("ID"))
            .otherwise(pl.col("category").str.head(1))
            .alias("sector"),
            pl.col("gas").map_elements(labels.family, return_dtype=pl.String).alias("family"),
        )
        .sort("sector", "category", "item", "technology", "place", "year", "gas", "row", "resolution")
    )


def _of(lines: pl.DataFrame, sector: str) -> pl.DataFrame:
    return lines.filter(pl.col("sector") == sector)


def _activity_sheet(made: _Book) -> None:
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
    at = _TOP
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
    sheet.autofilter(_TOP - 1, 0, max(at - 1, _TOP), len(columns) - 1)


_ACTIVITY_VALUE = "G"


def _factor_sheet(made: _Book, lines: pl.DataFrame) -> None:
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
    for at, row in enumerate(used.iter_rows(named=True), start=_TOP):
        made.factor_at[row["factor_id"], row["method_unit"]] = at
        scale = units.conversion(row["unit"], row["method_unit"])
        shown = row | {"scale": scale, "standing": standing_text(row["standing"], made.language)}
        for column, name in enumerate(columns):
            if name == "method_value":
                printed, factor = f"{_letter(columns, 'value')}{at + 1}", f"{_letter(columns, 'scale')}{at + 1}"
                sheet.write_formula(at, column, f"={printed}*{factor}", made.styles["formula"], row["value"] * scale)
            else:
                style = (
                    "year" if name == "year" else "number" if name in {"value", "scale", "lower", "upper"} else "text"
                )
                made.write(sheet, at, column, shown[name], style)


_FACTOR_VALUE = "L"


def _gwp_sheet(made: _Book, lines: pl.DataFrame) -> None:
    material = made.material
    headings = [made.text("gas"), pick(("来源类型", "Origin"), made.language), "GWP", made.text("set")]
    sheet = made.sheet(
        made.text("gwp"), f"{made.text('gwp')}　{material.inventory.gwp_set}", headings, (16, 16, 14, 20)
    )
    at = _TOP
    for gas, origin in lines.select("gas", "origin").unique().sort("gas", "origin").iter_rows():
        try:
            value = gases.gwp(gas, material.inventory.gwp_set, origin)
        except GasError:
            continue
        made.gwp_at[gas, origin] = at
        for column, cell in enumerate((gas, origin, value, material.inventory.gwp_set)):
            made.write(sheet, at, column, cell, "number" if column == 2 else "text")
        at += 1


def _letter(columns: Sequence[str], name: str) -> str:
    return str(xl_col_to_name(columns.index(name)))


def _sector_sheet(made: _Book, sheet: Worksheet, sector: str, lines: pl.DataFrame) -> None:
    language = made.language
    sheet.write_string(0, 0, labels.sector_name(sector, language), made.styles["title"])
    hint = (
        "蓝色为公式；斜体浅黄为估算或假定的数据；标记符号表示没有数值，不等于 0",
        "Blue: formulas. Italic on yellow: estimated or assumed. A notation key is not zero.",
    )
    sheet.write_string(1, 0, pick(hint, language), made.styles["hint"])
    for column, name in enumerate(_LINE_COLUMNS):
        sheet.write_string(_TOP - 1, column, made.heading(name), made.styles["heading"])
        sheet.set_column(column, column, _WIDTHS.get(name, 11))
    sheet.set_row(0, 24)
    sheet.set_row(_TOP - 1, 30)
    sheet.freeze_panes(_TOP, 2)
    terms = _terms(made, lines)
    others = _other_inputs(made, lines)
    for at, row in enumerate(lines.iter_rows(named=True), start=_TOP):
        _line(made, sheet, at, row, terms.get(row["resolution"], {}), others.get((row["row"], row["resolution"]), {}))
    last = _TOP + lines.height - 1
    made.lines_of[sector] = (_TOP + 1, last + 1)
    sheet.autofilter(_TOP - 1, 0, last, len(_LINE_COLUMNS) - 1)
    _sector_sums(made, sheet, last + 2, lines)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _terms(made: _Book, lines: pl.DataFrame) -> dict[int, dict[str, str]]:
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


def _other_inputs(made: _Book, lines: pl.DataFrame) -> dict[tuple[int, int], dict[str, str]]:
    """Result → name of a further input → its activity cell, in the method's unit."""
    emissions = made.material.inventory.emissions
    if not emissions.links.height:
        return {}
    sheet = made.text("activity")
    methods = {row: method for row, method in emissions.resolutions.select("resolution", "method").iter_rows()}
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


def _method(name: str) -> Method | SeriesMethod:
    return library.series().get(name) or find_method(name)


def _line(
    made: _Book, sheet: Worksheet, at: int, row: Mapping[str, Any], terms: Mapping[str, str], others: Mapping[str, str]
) -> None:
    language, line = made.language, at + 1
    method = _method(row["method"])
    guess = row["basis"] in ("estimated", "assumed")
    number = "guess" if guess else "formula"
    column = {name: position for position, name in enumerate(_LINE_COLUMNS)}
    letter = {name: _letter(_LINE_COLUMNS, name) for name in _LINE_COLUMNS}
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
        "formula": method.formula,
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


def _weigh(made: _Book, sheet: Worksheet, at: int, row: Mapping[str, Any], style: str) -> None:
    """CO2e = emission × the GWP cell; a gas that the set lacks has none."""
    gwp_column, co2e_column = _LINE_COLUMNS.index("gwp"), _LINE_COLUMNS.index("co2e")
    place = made.gwp_at.get((row["gas"], row["origin"]))
    if place is None:
        made.write(sheet, at, gwp_column, "—", "key")
        made.write(sheet, at, co2e_column, "NE", "key")
        return
    weight = gases.gwp(row["gas"], made.material.inventory.gwp_set, row["origin"])
    sheet.write_formula(at, gwp_column, f"='{made.text('gwp')}'!$C${place + 1}", made.styles["formula"], weight)
    formula = f"={_letter(_LINE_COLUMNS, 'emission')}{at + 1}*{_letter(_LINE_COLUMNS, 'gwp')}{at + 1}"
    sheet.write_formula(at, co2e_column, formula, made.styles[style], row["emission"] * weight)


def _weighted(made: _Book, lines: pl.DataFrame) -> pl.DataFrame:
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


def _sector_sums(made: _Book, sheet: Worksheet, at: int, lines: pl.DataFrame) -> None:
    """One SUMIFS a kind and year below the table."""
    first, last = _TOP + 1, _TOP + lines.height
    weighted = _weighted(made, lines)

    def area(name: str) -> str:
        letter = _letter(_LINE_COLUMNS, name)
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
        made.write(sheet, at, _LINE_COLUMNS.index("year"), year, "year")
        formula = f'=SUMIFS({area("co2e")},{area("kind")},"{name}",{area("year")},{year})'
        sheet.write_formula(at, _LINE_COLUMNS.index("co2e"), formula, made.styles["sum"], total)
        at += 1


def _summary_sheet(made: _Book, sheet: Worksheet, lines: pl.DataFrame) -> None:
    """Sector × gas for each year in 10⁴ t CO2e: the official summary, every cell a sum over the sector's sheet."""
    language = made.language
    weighted = _weighted(made, lines)
    families = [name for name in labels.FAMILIES if (weighted["family"] == name).any()]
    families += sorted(set(weighted["family"]) - set(labels.FAMILIES))
    sheet.write_string(
        0,
        0,
        f"{made.text('totals_sheet')}　{made.text('unit_10kt')}　{made.material.inventory.gwp_set}",
        made.styles["title"],
    )
    sheet.set_column(0, 0, 46)
    sheet.set_column(1, len(families) + 2, 15)
    at = 2
    for year in made.material.years:
        at = _summary_of_year(made, sheet, at, year, weighted.filter(pl.col("year") == year), families)
    sheet.write_string(
        at,
        0,
        pick(
            (
                "单元格为公式，合计各领域工作表的对应行；NE 等标记表示没有数值",
                "Cells sum the sector sheets; NE and other keys mean that there is no number",
            ),
            language,
        ),
        made.styles["hint"],
    )
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _summary_of_year(
    made: _Book, sheet: Worksheet, at: int, year: int, lines: pl.DataFrame, families: Sequence[str]
) -> int:
    language = made.language
    names = (
        text("year_of", language).format(year),
        *map(labels.gas_text, families),
        made.text("total"),
        made.text("status"),
    )
    for column, name in enumerate(names):
        sheet.write_string(at, column, name, made.styles["heading"])
    line_of: dict[str, int] = {}
    known: dict[tuple[str, str], float] = {}
    for code, kind in (*((code, "direct") for code in SECTORS), ("ID", "indirect")):
        if code == "ID":
            at = _summary_totals(made, sheet, at, families, line_of, known)
        at += 1
        line_of[code] = at
        label = made.text("indirect_line") if code == "ID" else labels.sector_name(code, language)
        sheet.write_string(at, 0, label, made.styles["text"])
        for column, name in enumerate(families, start=1):
            part = lines.filter((pl.col("sector") == code) & (pl.col("kind") == kind) & (pl.col("family") == name))
            amounts = part["co2e"].drop_nulls()
            if amounts.len():
                known[code, name] = amounts.sum() / 1e4
                sheet.write_formula(
                    at, column, _sum_of(made, code, kind, name, year), made.styles["formula"], known[code, name]
                )
            else:
                made.write(sheet, at, column, made.material.key(code, name, year), "key")
        status = made.material.sector_status(code, year, kind)
        made.write(sheet, at, len(families) + 2, "" if status is None else pick(labels.STATUS[status], language), "key")
        _row_total(made, sheet, at, len(families), [known[code, name] for name in families if (code, name) in known])
    return at + 3


def _sum_of(made: _Book, sector: str, kind: str, name: str, year: int) -> str:
    first, last = made.lines_of[sector]
    sheet = labels.sector_name(sector, made.language)[:31]

    def area(column: str) -> str:
        letter = _letter(_LINE_COLUMNS, column)
        return f"'{sheet}'!${letter}${first}:${letter}${last}"

    label = pick(labels.KINDS[kind], made.language)
    return f'=SUMIFS({area("co2e")},{area("kind")},"{label}",{area("family")},"{name}",{area("year")},{year})/10000'


def _row_total(made: _Book, sheet: Worksheet, at: int, width: int, values: Sequence[float]) -> None:
    if values:
        formula = f"=SUM(B{at + 1}:{xl_col_to_name(width)}{at + 1})"
        sheet.write_formula(at, width + 1, formula, made.styles["sum"], sum(values))
    else:
        made.write(sheet, at, width + 1, "", "key")


def _summary_totals(
    made: _Book,
    sheet: Worksheet,
    at: int,
    families: Sequence[str],
    line_of: Mapping[str, int],
    known: Mapping[tuple[str, str], float],
) -> int:
    for key, sectors in (("gross", GROSS), ("net", SECTORS)):
        at += 1
        sheet.write_string(at, 0, made.text(key), made.styles["strong"])
        row: list[float] = []
        for column, name in enumerate(families, start=1):
            values = [known[code, name] for code in sectors if (code, name) in known]
            if values:
                letter = xl_col_to_name(column)
                cells = ",".join(f"{letter}{line_of[code] + 1}" for code in sectors)
                sheet.write_formula(at, column, f"=SUM({cells})", made.styles["sum"], sum(values))
                row += values
            else:
                made.write(sheet, at, column, "", "key")
        _row_total(made, sheet, at, len(families), row)
    return at


def _cover_sheet(made: _Book, sheet: Worksheet, title: str) -> None:
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 90)
    sheet.write_string(0, 0, title, made.styles["title"])
    sheet.set_row(0, 28)
    at = 2
    for name, value in facts(made.material, made.language):
        sheet.write_string(at, 0, name, made.styles["strong"])
        sheet.write_string(at, 1, value, made.styles["wrap"])
        sheet.set_row(at, 16 * (1 + len(value) // 50))
        at += 1
    reasons = stop_reasons(made.material, made.language)
    if reasons:
        sheet.write_string(at + 1, 0, made.text("stop"), made.styles["stop"])
        sheet.write_string(at + 1, 1, "\n".join(reasons), made.styles["stop"])
        sheet.set_row(at + 1, 18 * len(reasons) + 4)


def _grid_sheet(made: _Book, name: str, table: Grid) -> None:
    sheet = made.sheet(name, table.title, table.head, table.widths)
    for at, row in enumerate(table.rows, start=_TOP):
        for column, cell in enumerate(row):
            made.write(sheet, at, column, cell, "number" if isinstance(cell, int | float) else "text")
    if not table.rows:
        sheet.write_string(_TOP, 0, table.empty, made.styles["hint"])
