"""The inventory as a workbook in which every emission is a formula: activity cell × factor cells, then × GWP, then summed.

A reviewer can follow any number with Excel alone. The formulas are written from the methods themselves
(`Method.spreadsheet`), and each cell also keeps the compiled value, so that it shows without recalculation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path

import polars as pl
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from dafeng.domains.inventory.reports import labels
from dafeng.domains.inventory.reports.calculation import (
    LETTERS,
    TOP,
    Book,
    activity_sheet,
    factor_sheet,
    gwp_sheet,
    in_co2e,
    sector_sheet,
)
from dafeng.domains.inventory.reports.labels import ReportError, pick, text
from dafeng.domains.inventory.reports.material import GROSS, SECTORS, Material
from dafeng.domains.inventory.reports.tables import Grid, analysis_tables, facts, stop_reasons
from dafeng.kernel.quantities import places

_MOST = 200_000


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
    made = Book(book, material, language)
    cover = book.add_worksheet(made.text("cover"))
    summary = book.add_worksheet(made.text("totals_sheet"))
    sector_sheets = {
        code: book.add_worksheet(labels.sector_name(code, language)[:31])
        for code in (*SECTORS, "ID")
        if _of(lines, code).height
    }
    activity_sheet(made)
    factor_sheet(made, lines)
    gwp_sheet(made, lines)
    for code, sheet in sector_sheets.items():
        sector_sheet(made, sheet, code, _of(lines, code))
    _summary_sheet(made, summary, lines)
    _cover_sheet(made, cover, title)
    for name, table in analysis_tables(material, language):
        _grid_sheet(made, name, table)
    book.close()


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


def _summary_sheet(made: Book, sheet: Worksheet, lines: pl.DataFrame) -> None:
    """Sector × gas for each year in 10⁴ t CO2e: the official summary, every cell a sum over the sector's sheet."""
    language = made.language
    weighted = in_co2e(made, lines)
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
    made: Book, sheet: Worksheet, at: int, year: int, lines: pl.DataFrame, families: Sequence[str]
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


def _sum_of(made: Book, sector: str, kind: str, name: str, year: int) -> str:
    first, last = made.lines_of[sector]
    sheet = labels.sector_name(sector, made.language)[:31]

    def area(column: str) -> str:
        letter = LETTERS[column]
        return f"'{sheet}'!${letter}${first}:${letter}${last}"

    label = pick(labels.KINDS[kind], made.language)
    return f'=SUMIFS({area("co2e")},{area("kind")},"{label}",{area("family")},"{name}",{area("year")},{year})/10000'


def _row_total(made: Book, sheet: Worksheet, at: int, width: int, values: Sequence[float]) -> None:
    if values:
        formula = f"=SUM(B{at + 1}:{xl_col_to_name(width)}{at + 1})"
        sheet.write_formula(at, width + 1, formula, made.styles["sum"], sum(values))
    else:
        made.write(sheet, at, width + 1, "", "key")


def _summary_totals(
    made: Book,
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


def _cover_sheet(made: Book, sheet: Worksheet, title: str) -> None:
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


def _grid_sheet(made: Book, name: str, table: Grid) -> None:
    sheet = made.sheet(name, table.title, table.head, table.widths)
    for at, row in enumerate(table.rows, start=TOP):
        for column, cell in enumerate(row):
            made.write(sheet, at, column, cell, "number" if isinstance(cell, int | float) else "text")
    if not table.rows:
        sheet.write_string(TOP, 0, table.empty, made.styles["hint"])
