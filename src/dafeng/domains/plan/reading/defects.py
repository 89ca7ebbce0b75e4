"""The defect queue: what is printed but cannot be right, or is unclear, as a question to the owner of its task.

Each rule has a code; its question is a sentence in `defects.toml`. Rules look at targets (this module) or at the text
(`defects_text`). A defect keeps the printed quote; nothing is repaired, nothing dropped.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import combinations
from typing import Any

from dafeng.domains.plan.reading import defects_text
from dafeng.domains.plan.reading.model import Defect, Reading, Target
from dafeng.domains.plan.reading.normal import Normal
from dafeng.domains.plan.reading.outline import Node
from dafeng.domains.plan.reading.scorer import level_name, likeness
from dafeng.domains.plan.reading.targets import Walk

Raised = tuple[str, int, int, list[str], dict[str, Any]]  # code, printed start and end, ids of targets, fillings
TITLE_PERIOD = re.compile(r"[（(](20\d\d)年?(?:-|—{1,2}|~|至)(20\d\d)年?[）)]")
STANDARD_COAL = re.compile(r"吨标准?煤$")


@cache
def _questions() -> dict[str, str]:
    questions: dict[str, str] = tomllib.loads(files(__package__).joinpath("defects.toml").read_text("utf-8"))[
        "question"
    ]
    return questions


@cache
def _national() -> list[dict[str, str]]:
    with files(__package__).joinpath("national.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def find_defects(normal: Normal, walk: Walk, reading: Reading, nodes: list[Node]) -> list[Defect]:
    """All questions about a reading, in the order of the text."""
    raised: list[Raised] = [
        *_same_indicator(reading.targets),
        *_singly(reading),
        *_bases(reading.targets, walk.plan_year),
        *_undated(reading.targets),
        *_horizon(normal, reading.targets),
        *_platforms(reading),
        *_parts_over_target(reading),
        *defects_text.find(normal, walk, reading, nodes),
    ]
    owners = {
        task.path: [owner.name for owner in task.owners if owner.role != "all-counties"] for task in reading.tasks
    }
    found = []
    for code, start, end, targets, fill in raised:
        path = _path_at(reading, start)
        quote = reading.text[start:end]
        question = _questions()[code].format(**{"quote": re.sub(r"\s", "", quote), **fill})
        found.append(Defect(code, question, owners.get(path, []), targets, path, quote, start, end))
    return sorted(found, key=lambda one: (one.start, one.code))


def _path_at(reading: Reading, start: int) -> str:
    inside = [section for section in reading.sections if section.start <= start < section.end]
    return inside[-1].path if inside else ""


def _number(value: Any) -> str:
    return "~".join(f"{one:g}" for one in value) if isinstance(value, list) else f"{value:g}"


def _key(target: Target) -> tuple[str, str, str | None, str | None]:
    return level_name(target.indicator), target.kind, target.direction, target.unit


def _same_indicator(targets: list[Target]) -> Iterator[Raised]:
    """The same indicator at two years without progress, or at one year with two numbers."""
    groups: dict[Any, list[Target]] = defaultdict(list)
    for target in targets:
        if target.year is not None and target.kind != "milestone" and not target.implicit_number:
            groups[_key(target)].append(target)
    for group in groups.values():
        yield from _no_progress(group)
        by_year: dict[int, list[Target]] = defaultdict(list)
        for target in group:
            by_year[target.year or 0].append(target)
        for year, same in by_year.items():
            values = {_number(one.value) for one in same}
            if (
                len(values) > 1
                and {one.strength for one in same} == {same[0].strength}
                and len({one.start for one in same}) > 1
            ):
                printed = "、".join(f"{_number(one.value)}{one.unit or ''}（“{_short(one.quote)}”）" for one in same)
                last = same[-1]
                ids = [one.id for one in same]
                yield (
                    "conflict",
                    last.start,
                    last.end,
                    ids,
                    {"indicator": last.indicator, "year": year, "values": printed},
                )


def _no_progress(group: list[Target]) -> Iterator[Raised]:
    for one, other in combinations(sorted(group, key=lambda target: target.year or 0), 2):
        full = one.unit == "%" and one.value in (0, 100)
        if (
            one.kind == "level"
            and one.year != other.year
            and one.value == other.value
            and one.start != other.start
            and not full
        ):
            fill = {
                "indicator": other.indicator,
                "first": one.year,
                "last": other.year,
                "value": _number(one.value),
                "unit": one.unit or "",
            }
            yield "no-progress", other.start, other.end, [one.id, other.id], fill


def _short(quote: str) -> str:
    squeezed = re.sub(r"\s", "", quote)
    return squeezed if len(squeezed) <= 30 else squeezed[:28] + "……"


def _singly(reading: Reading) -> Iterator[Raised]:
    """Rules that look at one target: national figures, shares over 100 %, more than the city's whole energy."""
    totals = [
        one
        for one in reading.targets
        if "能源消费总量" in one.indicator and STANDARD_COAL.search(one.unit or "") and "占" not in one.indicator
    ]
    for one in reading.targets:
        if isinstance(one.value, list) or one.value is None or one.kind == "milestone":
            continue
        fill: dict[str, Any] = {"indicator": one.indicator, "value": _number(one.value), "unit": one.unit or ""}
        for row in _national():
            if (
                level_name(row["word"]) in level_name(one.indicator)
                and row["unit"] == one.unit
                and float(row["value"]) == one.value
            ):
                yield "national", one.start, one.end, [one.id], {**fill, "year": row["year"], "source": row["source"]}
        if one.unit == "%" and one.kind == "level" and one.value > 100:
            yield "over-100", one.start, one.end, [one.id], fill
        total = next(
            (t for t in totals if t is not one and t.unit == one.unit and isinstance(t.value, int | float)), None
        )
        if (
            total
            and isinstance(total.value, int | float)
            and one.value > total.value
            and "能源消费总量" not in one.indicator
        ):
            energy = {**fill, "total": _number(total.value), "total_unit": total.unit}
            yield "energy-balance", one.start, one.end, [one.id, total.id], energy


def _undated(targets: list[Target]) -> Iterator[Raised]:
    """Works and changes without a year, one question for each task."""
    by_task: dict[str, list[Target]] = defaultdict(list)
    for one in targets:
        if one.year is None and one.kind != "level":
            by_task[one.task_path].append(one)
    for group in by_task.values():
        printed = "、".join(f"“{one.indicator}”{_number(one.value)}{one.unit or ''}" for one in group)
        yield "no-year", group[0].start, group[-1].end, [one.id for one in group], {"indicators": printed}


def _bases(targets: list[Target], plan_year: int) -> Iterator[Raised]:
    for one in targets:
        fill = {"indicator": one.indicator, "value": _number(one.value), "unit": one.unit or ""}
        if one.baseline_year is not None and not one.baseline_inferred and one.baseline_year >= plan_year and one.year:
            yield "on-target", one.start, one.end, [one.id], {**fill, "base": one.baseline_year}
        yearly = (one.unit or "").endswith("/年")
        if one.kind == "relative_change" and not yearly and (one.baseline_inferred or one.baseline_year is None):
            base = f"{one.baseline_year}年" if one.baseline_year else "未定"
            yield "no-base", one.start, one.end, [one.id], {**fill, "base": base}


def _horizon(normal: Normal, targets: list[Target]) -> Iterator[Raised]:
    """A plan that runs to a year for which most indicators have no target."""
    period = TITLE_PERIOD.search(normal.text[:800])
    if not period:
        return
    last = int(period[2])
    final = {level_name(one.indicator) for one in targets if one.year and one.year >= last}
    early = [
        one
        for one in targets
        if one.year and one.year < last and level_name(one.indicator) not in final and one.kind != "milestone"
    ]
    if early:
        start, end = normal.span(*period.span())
        years = sorted({one.year for one in early if one.year})
        fill = {"last": last, "count": len(early), "early": "、".join(str(year) for year in years)}
        yield "horizon", start, end, [one.id for one in early], fill


def _platforms(reading: Reading) -> Iterator[Raised]:
    """Two platforms whose names differ in one word only."""
    platforms = [one for one in reading.platforms if one.name.endswith("平台")]
    for one, other in combinations(platforms, 2):
        a, b = one.name, other.name
        if a not in b and b not in a and likeness(a, b) >= 0.5 and _stem(a) == _stem(b):
            yield "platform-names", other.start, other.end, [], {"one": a, "other": b}


def _stem(name: str) -> str:
    found = re.search(r"(绿色金融|碳普惠|碳排放|能耗|充电|物流|固废|环境|电力|交通|废旧物资|绿色建材)", name)
    return found[0] if found else name


def _parts_over_target(reading: Reading) -> Iterator[Raised]:
    """Named projects of one kind whose capacities add up to more than the target of their task."""
    by_task: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for project in reading.projects:
        if project.capacity is not None:
            by_task[project.task_path, project.kind].append(project)
    words = {"风电": ("风",), "光伏": ("光伏", "太阳能"), "储能": ("储能",), "抽水蓄能": ("抽水蓄能",)}
    for (path, kind), projects in by_task.items():
        fitting = [
            one
            for one in reading.targets
            if one.task_path == path
            and any(word in one.indicator for word in words.get(kind, ()))
            and one.unit == "万千瓦"
            and not isinstance(one.value, list)
        ]
        units = {project.capacity_unit for project in projects}
        if len(projects) < 2 or not fitting or not units <= {None, "万千瓦"}:
            continue
        total, target = sum(project.capacity for project in projects), fitting[0]
        if isinstance(target.value, int | float) and total > target.value:
            fill = {
                "what": "、".join(project.name for project in projects),
                "sum": _number(total),
                "unit": "万" if None in units else "万千瓦",
                "target": _number(target.value),
                "target_unit": target.unit,
                "year": f"（{target.year}年）" if target.year else "",
            }
            yield "parts-over-target", projects[0].start, projects[-1].end, [target.id], fill
