"""What the quality page shows of a stored run: how complete it is, what the checks say, how good its data are.

Everything is read from the run's own tables; the words on how to mend a finding are this page's.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import polars as pl
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.inventory import factor_words, factors_shown, library, storage
from dafeng.domains.inventory.methods.completeness import STATES, shares
from dafeng.domains.inventory.methods.key_categories import estimates, key_categories, key_summary
from dafeng.domains.inventory.methods.quality_rules import marks, rules
from dafeng.domains.inventory.methods.quality_score import PART_NAMES, improvements, quality_scores
from dafeng.domains.inventory.models import InventoryRun
from dafeng.domains.inventory.runs import english, place_names
from dafeng.domains.inventory.sheets.preview import spans
from dafeng.kernel.pages.charts import Chart, Series, lines

# What can be seen of a cell without its number: shape, word.
CELL_STATES = {
    "reported": ("●", gettext_lazy("有数据")),
    "estimated": ("◐", gettext_lazy("估算")),
    "notation": ("", gettext_lazy("有标记")),
    "missing": ("✕", gettext_lazy("未估算")),
}
NOTATIONS = {
    "NO": gettext_lazy("不发生"),
    "NE": gettext_lazy("未估算"),
    "NA": gettext_lazy("不适用"),
    "IE": gettext_lazy("列于别处"),
    "C": gettext_lazy("保密"),
}
CHECK_STATES = {
    "failed": ("▲", 2, gettext_lazy("未通过")),
    "not_run": ("◌", 1, gettext_lazy("未能检查")),
    "passed": ("●", 0, gettext_lazy("通过")),
}
SEVERITIES = {
    "error": gettext_lazy("错误：必须改正"),
    "warning": gettext_lazy("提醒：需要说明"),
    "note": gettext_lazy("提示"),
}
# kind of check → how to mend it, and the room in which one does
MEND: dict[str, tuple[Any, str]] = {
    "sum_parts": (gettext_lazy("程序内部不一致，请把这一版的编号告诉系统管理员。"), ""),
    "year_on_year": (gettext_lazy("核对相邻两年的活动水平数据和口径；确是实际变化的，在数据的来源里写明原因。"), "data"),
    "reference_approach": (gettext_lazy("核对能源平衡表的调入、调出、库存变化与各行业终端消费。"), "data"),
    "energy_balance": (gettext_lazy("核对平衡表中标出的行，改正后重新上传。"), "data"),
    "nested_places": (gettext_lazy("同一数据只按一种口径填报：撤销市级合计，或撤销县区、企业的分项。"), "data"),
    "same_source": (gettext_lazy("找出重复填报的批次，撤销其中一批；确是不同来源的，用“技术”或“设施”加以区分。"), "data"),
    "exclusive": (gettext_lazy("两种口径只保留一种，撤销另一种的数据。"), "data"),
    "biogenic": (gettext_lazy("检查核算规则中生物质燃烧的计入方式。"), ""),
    "memo": (gettext_lazy("检查核算规则中信息项的计入方式。"), ""),
    "negative": (gettext_lazy("核对活动水平数据的正负号和扣减项（回收、出口）。"), "data"),
    "unused": (gettext_lazy("换用模板中列出的单位和品种重新填报，或录入缺少的本市因子。"), "data"),
    "one_set": (gettext_lazy("热值、含碳量、氧化率要取自同一因子集：补齐本市因子，或调整因子集的次序。"), "factors"),
    "parameter_bounds": (gettext_lazy("核对因子的单位，多半差了一个数量级。"), "factors"),
    "implied_factor": (gettext_lazy("核对活动水平数据的单位和数量级，再核对所用因子。"), "data"),
    "printed_factor": (gettext_lazy("因子表抄录有误，请核对原文并报告。"), "factors"),
    "score_rises": (gettext_lazy("用统计或计量数据替换估算数据，换用本地因子，采用更高层级的方法。"), "score"),
}  # fmt: skip


def _heading(code: str, row: dict[str, Any]) -> str:
    return str(row["name_en"] if english() else row["name"]) or code


def figures(run: InventoryRun, year: int) -> dict[str, Any]:
    """The year's share of filled cells, findings, factors in doubt, and score."""
    told = run.summary["years"][str(year)]
    cells, missing = told["cells"], told["missing"]
    checks = storage.read(run, "checks")
    return {
        "filled": cells - missing,
        "cells": cells,
        "missing": missing,
        "failed": checks.filter(pl.col("state") == "failed")["rule"].n_unique(),
        "rules": len(rules()),
        "unsigned": run.summary["unsigned"],
        "quality": told.get("quality"),
    }


def sector_bars(run: InventoryRun) -> dict[str, Any]:
    """A small bar for each sector and year: its expected cells by state."""
    counted = shares(storage.read(run, "completeness"))
    by_cell = {(row["sector"], row["year"]): row for row in counted.iter_rows(named=True)}
    years = sorted(counted["year"].unique())
    rows = []
    for code in library.SECTORS:
        cells = [_bar(by_cell[code, year]) for year in years if (code, year) in by_cell]
        if cells:
            rows.append({"code": code, "name": library.SECTORS[code][int(english())], "cells": cells})
    return {"years": years, "rows": rows}


def _bar(row: dict[str, Any]) -> dict[str, Any]:
    parts, left = [], 0.0
    for state in STATES:
        parts.append({"state": state, "x": round(left, 1), "width": round(row[state] * 100, 1), "word": CELL_STATES[state][1], "count": round(row[state] * row["cells"])})  # fmt: skip
        left += row[state] * 100
    return {"year": row["year"], "parts": parts, "filled": round((1 - row["missing"]) * 100)}


def matrix(run: InventoryRun, sector: str) -> dict[str, Any]:
    """Category × gas × year of one sector: `years`, and `rows` with their cells, and the cells as HTML."""
    return _matrix(run, sector, english())


# Up to 1,500 cells, the same for every reader of a language: written once.
@lru_cache(maxsize=48)
def _matrix(run: InventoryRun, sector: str, in_english: bool) -> dict[str, Any]:
    chosen = storage.read(run, "completeness").filter(pl.col("expected") & (pl.col("sector") == sector))
    years = sorted(chosen["year"].unique())
    lineage = f"{reverse('inventory:lineage', args=[run.city_id])}?run={run.number}"
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for row in chosen.iter_rows(named=True):
        entry = rows.setdefault(
            (row["category"], row["gas"]),
            {"category": row["category"], "name": _heading(row["category"], row), "gas": row["gas"], "by_year": {}},
        )
        entry["by_year"][row["year"]] = _cell(row, lineage, in_english)
    found = [row | {"cells": [row["by_year"][year] for year in years]} for row in rows.values()]
    return {"years": years, "rows": [row | {"html": SafeString("".join(map(_drawn, row["cells"])))} for row in found]}


def _cell(row: dict[str, Any], lineage: str, in_english: bool) -> dict[str, Any]:
    sign, word = CELL_STATES[row["state"]]
    number = row["state"] in ("reported", "estimated")
    cell = {"category": row["category"], "gas": row["gas"], "year": row["year"]}
    return {
        "state": row["state"],
        "sign": f"{sign}−" if row["partial"] else sign,
        "word": f"{word} {_('部分缺')}" if row["partial"] else str(word),
        "notation": row["notation"],
        "reason": (row["reason_en"] if in_english else row["reason"]) or "",
        "address": f"{lineage}&{urlencode(cell)}" if number else "",
    }


def _drawn(cell: dict[str, Any]) -> SafeString:
    """One cell: a sign that leads to the lineage, a notation key with its meaning, or the sign for what is missing."""
    if cell["address"]:
        return format_html(
            '<td><a href="{0}" hx-get="{0}" hx-target="#panel"><span aria-hidden="true">{1}</span><span class="hidden">{2}</span></a></td>',
            cell["address"], cell["sign"], cell["word"],
        )  # fmt: skip
    if cell["state"] == "notation":
        meaning = NOTATIONS.get(cell["notation"], cell["notation"])
        return format_html('<td><abbr class="notation" title="{}">{}</abbr></td>', meaning, cell["notation"])
    return format_html(
        '<td class="missing"><span title="{}" aria-hidden="true">{}</span><span class="hidden">{}</span></td>',
        cell["reason"], cell["sign"], cell["word"],
    )  # fmt: skip


def gaps(run: InventoryRun) -> pl.DataFrame:
    """What is missing: sector, category, heading, gases, years (in words), count (of years), reason; in table order."""
    lacking = storage.read(run, "completeness").filter(pl.col("expected") & (pl.col("state") == "missing"))
    heading, reason = ("name_en", "reason_en") if english() else ("name", "reason")
    about = ["sector", "category", pl.col(heading).alias("heading"), pl.col(reason).alias("reason")]
    by_gas = lacking.group_by(*about, "gas").agg(pl.col("year").sort().alias("missing"))
    # The gases of a category are mostly missing together: one line says so once.
    grouped = by_gas.group_by("sector", "category", "heading", "reason", "missing").agg(
        pl.col("gas").sort().str.join("、").alias("gases")
    )
    told = pl.col("missing").map_elements(spans, return_dtype=pl.String).alias("years")
    return grouped.with_columns(told, pl.col("missing").list.len().cast(pl.Int64).alias("count")).sort(
        "category", "gases", "reason"
    )


def checks(run: InventoryRun, state: str) -> dict[str, Any]:
    """Every rule with what it found: the failed first. `state` narrows to one of `CHECK_STATES`."""
    frame = storage.read(run, "checks")
    lineage = f"{reverse('inventory:lineage', args=[run.city_id])}?run={run.number}"
    found: dict[str, list[dict[str, Any]]] = {}
    for row in frame.iter_rows(named=True):
        cell = {name: row[name] for name in ("category", "place", "year") if row[name]}
        told = row["message_en"] if english() else row["message_zh"]
        address = f"{lineage}&{urlencode(cell)}" if row["state"] == "failed" and row["category"] else ""
        found.setdefault(row["rule"], []).append(row | {"message": told, "address": address})
    order = list(CHECK_STATES)
    rows = []
    for rule in rules():
        findings = found.get(rule.id)
        if not findings:  # a rule newer than the run
            continue
        sign, level, word = CHECK_STATES[findings[0]["state"]]
        mend, room = MEND[rule.kind]
        rows.append(
            {
                "id": rule.id,
                "title": rule.title_en if english() else rule.title,
                "severity": SEVERITIES[rule.severity],
                "source": rule.source,
                "state": findings[0]["state"],
                "sign": sign,
                "level": level,
                "word": word,
                "count": len(findings),
                "findings": findings[:30],
                "mend": mend,
                "room": room,
            }
        )
    counts = {name: sum(row["state"] == name for row in rows) for name in order}
    shown = [row for row in rows if not state or row["state"] == state]
    return {"rows": sorted(shown, key=lambda row: order.index(row["state"])), "counts": counts}


def score_chart(run: InventoryRun) -> Chart | None:
    """Score and its four parts by year, each out of 100."""
    frame = storage.read(run, "scores").sort("year")
    columns = {"tier": "tier", "basis": "basis", "place": "factor_place", "standing": "factor_standing"}
    years = frame["year"].to_list()

    def series(name: str, column: str, tone: int, scale: float, *, dashed: bool = False) -> Series:
        values = {y: None if v is None else v * scale for y, v in zip(years, frame[column], strict=True)}
        return Series(name, values, tone, dashed=dashed)

    told = [series(_("质量分"), "score", 0, 1)]
    told += [series(PART_NAMES[part][int(english())], column, tone, 100) for tone, (part, column) in zip((1, 2, 3, 5), columns.items(), strict=True)]  # fmt: skip
    told.append(series(_("完整率"), "coverage", 7, 100, dashed=True))
    return lines(_("历年数据质量分"), _("分（满分 100）"), years, told, name="score")


def weights() -> list[tuple[str, float]]:
    return [(PART_NAMES[part][int(english())], weight * 100) for part, weight in marks().weights.items()]


# A run is known by its id and never changes, so it can itself be the key.
@lru_cache(maxsize=4)
def _scores(run: InventoryRun) -> pl.DataFrame:
    return quality_scores(storage.restore(run))


@lru_cache(maxsize=16)
def _gains(run: InventoryRun, year: int) -> pl.DataFrame:
    return improvements(_scores(run), year=year).head(15)


def gains(run: InventoryRun, year: int) -> list[dict[str, Any]]:
    """What would raise the year's score most."""
    known = library.categories()
    rows = []
    for row in _gains(run, year).iter_rows(named=True):
        category = known.get(row["category"])
        name = (category.name_en if english() else category.name) if category else ""
        rows.append(row | {"name": name, "part_name": row["part_en"] if english() else row["part_zh"]})
    return rows


@lru_cache(maxsize=16)
def _keys(run: InventoryRun, year: int, base_year: int) -> pl.DataFrame:
    since = None if base_year == year else base_year
    table = estimates(storage.restore(run), years={year, base_year})
    analysis = key_categories(table, year=year, base_year=since)
    whole = analysis.filter("land_use").select("category", "gas", "level", "level_cumulative", "trend_share")
    return key_summary(analysis).join(whole, on=["category", "gas"], how="left", maintain_order="left")


def keys_without_uncertainty(run: InventoryRun, year: int, base_year: int) -> list[dict[str, Any]]:
    """Key categories by approach 1, which needs no uncertainty: for a year that nobody has had analysed yet."""
    return _keys(run, year, base_year).to_dicts()


def named_keys(rows: list[dict[str, Any]], run: InventoryRun, year: int) -> list[dict[str, Any]]:
    """Key categories with their names and the lineage of their number."""
    known = library.categories()
    lineage = f"{reverse('inventory:lineage', args=[run.city_id])}?run={run.number}"
    found = []
    for row in rows:
        category = known.get(row["category"])
        cell = {"category": row["category"], "gas": row["gas"], "kind": "direct", "year": year}
        found.append(
            row
            | {
                "name": (category.name_en if english() else category.name) if category else "",
                "address": f"{lineage}&{urlencode(cell)}",
                "percent": row["level"] and row["level"] * 100,
                "cumulative": row["level_cumulative"] and row["level_cumulative"] * 100,
                "range": row.get("relative") and row["relative"] * 100,
            }
        )
    return found


def named_changes(rows: list[dict[str, Any]], run: InventoryRun, year: int) -> list[dict[str, Any]]:
    """What changed most in one year, category by category."""
    known = library.categories()
    found = []
    for row in rows:
        if row["year"] != year:
            continue
        category = known.get(row["category"])
        name = (category.name_en if english() else category.name) if category else ""
        cell = {"category": row["category"], "gas": row["gas"], "kind": "direct", "year": year}
        address = f"{reverse('inventory:lineage', args=[run.city_id])}?{urlencode({'run': run.number, **cell})}"
        found.append(row | {"name": name, "address": address})
    return found[:30]


def named_contributions(rows: list[dict[str, Any]], run: InventoryRun) -> list[dict[str, Any]]:
    """The inputs on which the uncertainty rests most: factors with their page, activity with its category and place."""
    items = library.item_names_en() if english() else library.item_names()
    areas = place_names(run.city)
    found = []
    for row in rows[:15]:
        factor = factors_shown.by_id(row["id"]) if row["input"] == "factor" else None
        about = (row["category"], items.get(row["item"] or "", row["item"]), areas.get(row.get("place") or "", row.get("place")))  # fmt: skip
        if row["input"] == "factor":
            name = factor_words.name(factor) if factor else row["id"]
        else:
            name = " ".join(filter(None, about))
        found.append(
            row
            | {
                "name": name,
                "address": factor_words.address(run.city, row["id"]) if row["input"] == "factor" else "",
                "percent": row["share"] * 100,
                "range": row["relative"] and row["relative"] * 100,
            }
        )
    return found
