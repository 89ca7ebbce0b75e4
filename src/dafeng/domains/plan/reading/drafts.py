"""What the walk over a text makes of a quantity: the clause around it, then a draft of a target."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dafeng.domains.plan.reading import naming
from dafeng.domains.plan.reading.outline import Node
from dafeng.domains.plan.reading.quantities import Quantity
from dafeng.domains.plan.reading.times import Time

WORKS_UNITS = {"area", "length", "volume", "mass", "power", "energy"}
EACH = re.compile(r"每(\d[\d.]*(?:万)?[亩个人公里平方米]+)[^，。]*$")
ADDS = re.compile(r"新增|新建(?!建筑|公共|厂房|项目)")


@dataclass(frozen=True)
class Draft:
    """A target in offsets of the plain text."""

    indicator: str
    kind: str
    direction: str | None
    operator: str
    value: float | list[float] | None
    unit: str | None
    year: int | None
    period: str | None
    baseline_year: int | None
    baseline_inferred: bool
    strength: str
    scope: str | None
    implicit: bool
    node: Node | None
    start: int
    end: int


@dataclass
class Clause:
    """What surrounds one quantity inside its sentence."""

    quantity: Quantity
    start: int  # where its left side begins
    left: str  # left side without time phrases
    raw_left: str
    right: str
    subject: naming.Subject
    role: str
    closing: int = 0  # 1 where the number alone fills a bracket, which the quote then takes in


def kind_of(text: str, clause: Clause, head: Clause) -> tuple[str, str | None, str | None]:
    """(kind, direction, unit) of one number of a group, `head` being the first, which carries the verb."""
    quantity, subject = clause.quantity, head.subject
    unit = quantity.unit
    if subject.per_year and quantity.unit and "/" not in quantity.unit:
        unit = f"{quantity.unit}/年"
    if each := EACH.search(clause.raw_left):
        unit = f"{quantity.unit}/{each[1]}"
    percent = quantity.group == "percent"
    if quantity.implicit and "番" in text[quantity.start : quantity.end]:
        return "relative_change", "increase", unit
    if subject.means in ("increase", "decrease"):
        relative = (percent and "百分点" not in (quantity.unit or "")) or quantity.group == "ratio"
        return ("relative_change" if relative else "absolute_change"), subject.means, unit
    action = subject.action
    # What has no unit is not counted out: 新建数据中心PUE降至1.3 tells what new ones reach.
    if action and unit and not percent and action.kind != "level" and subject.means in ("", "level"):
        if action.kind == "cumulative" and quantity.group not in WORKS_UNITS and quantity.unit not in ("万户", "户"):
            return "level", None, unit
        return action.kind, action.direction, unit
    if "累计" in clause.raw_left and not percent:
        return "cumulative", None, unit
    if ADDS.match(subject.name) and unit and not percent:
        return "absolute_change", "increase", unit
    return "level", None, unit


def inferred_base(year: int | None, time: Time | None) -> int | None:
    """The base year that a plan period implies: 2020 for years to 2025, 2025 for “十五五”."""
    if year is None:
        return None
    if year <= 2025:
        return 2020
    return 2025 if time and time.period == "2026-2030" else None
