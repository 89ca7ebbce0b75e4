"""Tables that workbook, Word and PDF share: facts of the cover, reasons not to publish, and the analyses as plain grids."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from dafeng.domains.inventory import library
from dafeng.domains.inventory.reports import labels
from dafeng.domains.inventory.reports.labels import pick, text
from dafeng.domains.inventory.reports.material import Material
from dafeng.kernel.accounting.status import Status

Value = str | float | int | None


@dataclass(frozen=True)
class Grid:
    """A table of plain values; numbers stay numbers until they are printed. `empty` is what stands there without rows."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    widths: tuple[float, ...]
    empty: str = ""


def number(value: float | None, digits: int = 2) -> str:
    """`12,345.60`; a dash where there is no number; a figure too small for its digits shows its first two."""
    if value is None:
        return "—"
    if value and abs(value) < 0.5 * 10**-digits:
        return f"{value:.2g}"
    shown = f"{value:,.{digits}f}"
    return shown.replace("-", "−")


def share(value: float | None, digits: int = 1) -> str:
    return "—" if value is None else f"{value * 100:.{digits}f}%".replace("-", "−")


def facts(material: Material, language: str) -> list[tuple[str, str]]:
    """What the cover says: place, year, guideline, potentials, factor sets, day, run, status."""
    inventory = material.inventory
    sets = library.factor_sets()
    named = [sets.get(name, {}).get("title" if language == "zh" else "title_en") or name for name in inventory.sets]
    title = inventory.edition.title if language == "zh" else inventory.edition.title_en
    found = [
        ("place", f"{material.name if language == 'zh' else material.name_en}（{material.place}）"),
        ("years", "、".join(map(str, material.years)) if language == "zh" else ", ".join(map(str, material.years))),
        ("edition", title),
        ("gwp_set", f"IPCC {inventory.gwp_set}"),
        ("factor_sets", " > ".join(named)),
        ("made_on", material.made_on.isoformat()),
        ("run", material.run),
        ("status", pick(labels.STATUS[material.status], language)),
    ]
    return [(text(key, language), value) for key, value in found if value]


def stop_reasons(material: Material, language: str) -> list[str]:
    """Why the inventory may not be published, in sentences; empty when nothing stands against it."""
    if material.status is Status.OK:
        return []
    found: list[tuple[str, str]] = []
    if material.completeness is None:
        found.append(("未作完整性检查。", "Completeness has not been checked."))
    elif material.lacking.height:
        count = material.lacking.height
        found.append(
            (
                f"有 {count} 个类别（气体）尚未估算，总量为下限。",
                f"{count} categories (by gas) are not estimated; totals are lower bounds.",
            )
        )
    cells = material.cells.filter((pl.col("year") == material.year) & (pl.col("kind") == "direct"))
    missing = int(cells["missing"].sum() or 0)
    if missing:
        found.append((f"有 {missing} 行活动水平数据未能算出排放量。", f"{missing} activity rows have no emission."))
    unsigned = material.unsigned.height
    if unsigned:
        found.append(
            (
                f"有 {unsigned} 个所用因子凭记忆录入或来源有矛盾，未经签认，结果可能有误。",
                f"{unsigned} factors in use are from memory or in conflict and not signed; results may be wrong.",
            )
        )
    if not found:
        found.append(("所用数据中有状态不是“完整”的结果。", "Some results are not complete."))
    return [pick(pair, language) for pair in found]


def standing_text(standing: str, language: str) -> str:
    return pick(labels.STANDING[standing], language) if standing in labels.STANDING else standing


def analysis_tables(material: Material, language: str) -> list[tuple[str, Grid]]:
    """Sheet name and grid of each analysis, in the order of the report."""
    made = [
        ("key_categories", key_grid(material, language)),
        ("uncertainty", uncertainty_grid(material, language)),
        ("completeness", completeness_grid(material, language)),
        ("checks", checks_grid(material, language)),
        ("unsigned", unsigned_grid(material, language)),
        ("issues", issues_grid(material, language)),
    ]
    return [(text(key, language), grid) for key, grid in made]


_NOT_MADE = ("本次没有作这项分析。", "This analysis was not made.")
_NONE = ("没有。", "None.")


CHECK_STATES = {"failed": ("发现问题", "Failed"), "not_run": ("未能检查", "Not run"), "passed": ("通过", "Passed")}


def checks_grid(material: Material, language: str) -> Grid:
    """The quality checks, as `methods.quality.check` found them."""
    title = text("checks", language)
    head = tuple(text(name, language) for name in ("result", "rule", "category", "year", "finding"))
    widths = (12.0, 34.0, 30.0, 8.0, 80.0)
    if material.checks is None:
        return Grid(title, head, (), widths, pick(_NOT_MADE, language))
    rows = tuple(
        (
            pick(CHECK_STATES[row["state"]], language),
            row["title" if language == "zh" else "title_en"],
            labels.category_name(row["category"], language) if row["category"] else "",
            str(row["year"] or ""),
            row["message_zh" if language == "zh" else "message_en"],
        )
        for row in material.checks.iter_rows(named=True)
    )
    return Grid(title, head, rows, widths, pick(_NONE, language))


def _group_name(column: str, value: str, language: str) -> str:
    """A group of an analysis by its name."""
    names = {"category": labels.category_name, "item": labels.item_name, "sector": labels.sector_name}
    return names[column](value, language) if column in names else str(value)


STATES = {
    "reported": ("已报告", "Reported"),
    "estimated": ("估算", "Estimated"),
    "notation": ("标记符号", "Notation key"),
    "missing": ("未估算", "Missing"),
}


def completeness_grid(material: Material, language: str, year: int | None = None) -> Grid:
    """Category × gas: state, key, share of estimates, reason; of one year, or of all."""
    title = text("completeness", language)
    head = tuple(
        text(name, language) for name in ("category", "gas", "year", "state", "notation", "co2e", "estimated", "reason")
    )
    widths = (34.0, 8.0, 8.0, 12.0, 10.0, 18.0, 12.0, 44.0)
    if material.completeness is None:
        return Grid(title, head, (), widths, pick(_NOT_MADE, language))
    frame = material.completeness if year is None else material.completeness.filter(pl.col("year") == year)
    rows = tuple(
        (
            labels.category_name(row["category"], language),
            labels.gas_text(row["gas"]),
            row["year"],
            pick(STATES[row["state"]], language)
            + (pick(("（部分）", " (in part)"), language) if row["partial"] else ""),
            row["notation"] or "",
            row["co2e"],
            share(row["estimated_share"]) if row["estimated_share"] else "",
            row["reason" if language == "zh" else "reason_en"] or "",
        )
        for row in frame.iter_rows(named=True)
    )
    return Grid(title, head, rows, widths, pick(_NONE, language))


def key_grid(material: Material, language: str) -> Grid:
    """The key categories only, with land use and without it."""
    title = text("key_categories", language)
    head = tuple(
        text(name, language)
        for name in ("land_use", "category", "gas", "co2e", "level", "level_cumulative", "trend_share", "criteria")
    )
    widths = (14.0, 34.0, 8.0, 18.0, 12.0, 12.0, 12.0, 12.0)
    if material.key_categories is None:
        return Grid(title, head, (), widths, pick(_NOT_MADE, language))
    rows = tuple(
        (
            pick(("含", "with"), language) if row["land_use"] else pick(("不含", "without"), language),
            labels.category_name(row["category"], language),
            labels.gas_text(row["gas"]) if "gas" in row else "",
            row["current"],
            share(row["level"]),
            share(row["level_cumulative"]),
            share(row["trend_share"]),
            row["criteria"],
        )
        for row in material.key_categories.filter("key").iter_rows(named=True)
    )
    return Grid(title, head, rows, widths, pick(_NONE, language))


def uncertainty_grid(material: Material, language: str) -> Grid:
    """The total's interval and the groups'."""
    title = text("uncertainty", language)
    head = (
        pick(("范围", "Scope"), language),
        f"{text('co2e', language)}（t）",
        pick(("下限（2.5%）", "Lower (2.5 %)"), language),
        pick(("上限（97.5%）", "Upper (97.5 %)"), language),
        pick(("相对不确定性（±）", "Relative (±)"), language),
    )
    widths = (40.0, 18.0, 18.0, 18.0, 16.0)
    if material.uncertainty is None:
        return Grid(title, head, (), widths, pick(_NOT_MADE, language))
    found = material.uncertainty
    rows: list[tuple[Value, ...]] = []
    for row in found.total.iter_rows(named=True):
        rows.append((text("total", language), row["emission"], row["lower"], row["upper"], row["relative"]))
    plain = {
        "emission",
        "mean",
        "lower",
        "upper",
        "half_width",
        "relative",
        "parts",
        "missing",
        "status",
        "base_emission",
        "trend",
        "trend_lower",
        "trend_upper",
    }
    by = [name for name in found.groups.columns if name not in plain]
    for row in found.groups.iter_rows(named=True):
        label = " ".join(_group_name(name, row[name], language) for name in by)
        rows.append((label, row["emission"], row["lower"], row["upper"], row["relative"]))
    return Grid(title, head, tuple(rows), widths)


_BREAK = "\u200b"  # where a long code may go over to the next line
_REASONS = {"没有适用于该类别与品种的方法": "no method for this category and item", "单位不能换算为方法所需的 ": "unit cannot be converted to ", "缺少因子 ": "no factor for ", "、": ", "}  # fmt: skip


def breakable(code: str) -> str:
    """A code that may be broken after its dots and underscores."""
    return re.sub(r"(?<=[._])(?=.)", _BREAK, code)


def reason_text(reason: str, language: str) -> str:
    """The reason with parameters by their names."""
    if language == "en":
        for chinese, english in _REASONS.items():
            reason = reason.replace(chinese, english)
    return re.sub(
        r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b|\bncv\b|\boxidation\b",
        lambda code: labels.input_name(code[0], language),
        reason,
    )


def unsigned_grid(material: Material, language: str) -> Grid:
    head = tuple(
        text(name, language) for name in ("factor", "parameter", "item", "value", "unit", "standing", "source", "rows")
    )
    rows = tuple(
        (
            row["factor_id"],
            row["parameter"],
            labels.item_name(row["item"], language),
            row["value"],
            row["unit"],
            standing_text(row["standing"], language),
            row["source"] + (f"；{row['note']}" if row["note"] else ""),
            row["rows"],
        )
        for row in material.unsigned.iter_rows(named=True)
    )
    widths = (34.0, 22.0, 18.0, 12.0, 14.0, 14.0, 60.0, 10.0)
    return Grid(text("unsigned", language), head, rows, widths, pick(_NONE, language))


def issues_grid(material: Material, language: str) -> Grid:
    head = tuple(text(name, language) for name in ("category", "item", "gas", "unit", "reason", "rows"))
    rows = tuple(
        (
            labels.category_name(row["category"], language),
            labels.item_name(row["item"], language),
            row["gas"],
            row["unit"],
            reason_text(row["reason"], language),
            row["rows"],
        )
        for row in material.inventory.issues.iter_rows(named=True)
    )
    return Grid(text("issues", language), head, rows, (32.0, 20.0, 10.0, 12.0, 50.0, 10.0), pick(_NONE, language))


def printed(rows: Sequence[Sequence[Value]], digits: int = 2) -> list[list[str]]:
    """Cells as text for a page."""
    return [
        [
            ""
            if cell is None
            else cell
            if isinstance(cell, str)
            else f"{cell:,}"
            if isinstance(cell, int)
            else number(cell, digits)
            for cell in row
        ]
        for row in rows
    ]
