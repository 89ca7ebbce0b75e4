"""Targets in a table of indicators (专栏, 主要指标): one row an indicator, one column a year.

The cells stand apart by tabs: Word and web documents keep them so, and `intake_tables` restores them in text from a PDF. A
number in 〔〕 is a cumulative value over the five years, as such tables say in their notes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dafeng.domains.plan.reading.drafts import Draft
from dafeng.domains.plan.reading.quantities import NUMBER
from dafeng.domains.plan.reading.targets import Walk

YEAR_CELL = re.compile(r"(20\d\d)年?(?:目标(?:值)?|底|末)?")
NAME_CELL = re.compile(r"(?:主要|具体|核心|约束性)?(?:指标|指标名称|指标内容|目标|名称)")
VALUE_CELL = re.compile(
    rf"[〔［（\[]?(?P<op>≥|≤|>|<|大于|小于|不低于|不高于|不超过)?[〔［（\[]?(?P<number>{NUMBER})(?P<percent>%)?[〕］）\]]?(?P<after>以上|以下|左右|以内)?"
)
UNIT_IN_NAME = re.compile(r"（(?P<unit>%|[^（）]*(?:吨|千瓦|平方米|亩|公里|元|个|立方米|天)[^（）]*)）$")
OPERATORS = {
    "≥": ">=",
    "不低于": ">=",
    "以上": ">=",
    "≤": "<=",
    "不高于": "<=",
    "不超过": "<=",
    "以下": "<=",
    "以内": "<=",
    ">": ">",
    "大于": ">",
    "<": "<",
    "小于": "<",
    "左右": "~",
}
DOWN = re.compile(r"(?:下降|降低|减少|降幅|累计下降)(?:率|幅度|比例)?")


@dataclass(frozen=True)
class Header:
    name: int
    unit: int | None
    years: dict[int, int]  # column → year


def table_targets(walk: Walk) -> list[Draft]:
    """Drafts from all tables of a text."""
    found: list[Draft] = []
    header: Header | None = None
    offset = 0
    for line in walk.text.split("\n"):
        cells = line.split("\t")
        if len(cells) < 3:
            header = None
        elif made := _header(cells, walk.plan_year):
            header = made
        elif header:
            found += _row(walk, cells, offset, header)
        offset += len(line) + 1
    return found


def _header(cells: list[str], plan_year: int) -> Header | None:
    names = [n for n, cell in enumerate(cells) if NAME_CELL.fullmatch(cell)]
    years = {
        n: int(found[1])
        for n, cell in enumerate(cells)
        if (found := YEAR_CELL.fullmatch(cell)) and int(found[1]) >= plan_year
    }
    units = [n for n, cell in enumerate(cells) if re.fullmatch(r"(?:计量)?单位", cell)]
    return Header(names[0], units[0] if units else None, years) if names and years else None


def _row(walk: Walk, cells: list[str], offset: int, header: Header) -> list[Draft]:
    if header.name >= len(cells):
        return []
    name = cells[header.name]
    unit = cells[header.unit] if header.unit is not None and header.unit < len(cells) else None
    if inside := UNIT_IN_NAME.search(name):
        unit, name = unit or inside["unit"], name[: inside.start()]
    if not re.search(r"[\u4e00-\u9fff]{2}", name):
        return []
    drafts = []
    for column, year in header.years.items():
        value = VALUE_CELL.fullmatch(cells[column]) if column < len(cells) else None
        if value is None:
            continue
        number = float(value["number"].replace(",", ""))
        number = int(number) if number.is_integer() else number
        falls = bool(DOWN.search(name))
        kind = "relative_change" if falls and (unit or value["percent"]) == "%" else "level"
        end = offset + len("\t".join(cells[: column + 1]))
        drafts.append(
            Draft(
                DOWN.sub("", name) if falls else name, kind, "decrease" if kind == "relative_change" else None,
                OPERATORS.get(value["op"] or value["after"] or "", "="), number, unit or ("%" if value["percent"] else None), year, None,
                2020 if kind == "relative_change" and year <= 2025 else None, kind == "relative_change" and year <= 2025,
                "must", None, False, walk.node_at(offset), offset, end,
            )
        )  # fmt: skip
    return drafts
