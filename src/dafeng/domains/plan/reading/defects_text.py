"""Rules of the defect queue that read the text: missing units, redacted values, lists that do not add up, missing owners,
sentences without an end, terms without a definition."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from dafeng.domains.plan.reading.model import Reading
from dafeng.domains.plan.reading.normal import Normal
from dafeng.domains.plan.reading.outline import Node
from dafeng.domains.plan.reading.register import departments
from dafeng.domains.plan.reading.targets import SENTENCE, Walk

Raised = tuple[str, int, int, list[str], dict[str, Any]]
REDACTED = re.compile(
    r"[^，；。！？\n]{0,12}(?:[XxＸ×]{2,4}|[□＿_]{2,6})(?=[多余]?(?:亿|万|千|百|%|个|家|座|吨|元|亩|公里|辆|户|台|项|条|处))[^，；。\n]{0,8}"
)
NO_UNIT = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<magnitude>万|亿)(?=[\u4e00-\u9fff])")
CLAUSE = re.compile(r"[^，；：。\n\t]+")
INFORMAL = re.compile(r"由(?P<name>[^，。；、]{2,8}?)牵头")


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("defects.toml").read_text("utf-8"))


def find(normal: Normal, walk: Walk, reading: Reading, nodes: list[Node]) -> Iterator[Raised]:
    text = normal.text
    yield from _matches(normal, REDACTED, "redacted")
    yield from _without_unit(normal, walk)
    yield from _counts(normal, walk, reading)
    yield from _without_owner(normal, reading, nodes)
    yield from _unfinished(normal)
    yield from _terms(normal)
    yield from _same_thing(normal)
    short = {form for department in departments() for form in department.short}
    for found in INFORMAL.finditer(text):
        if found["name"] in short:
            yield ("informal-owner", *normal.span(*found.span()), [], {})


def _matches(normal: Normal, pattern: re.Pattern[str], code: str) -> Iterator[Raised]:
    for found in pattern.finditer(normal.text):
        yield (code, *normal.span(*found.span()), [], {})


def _without_unit(normal: Normal, walk: Walk) -> Iterator[Raised]:
    """20万风电场: a magnitude where a unit should follow."""
    for one in walk.quantities:
        if one.unit or not one.arabic:
            continue
        found = NO_UNIT.match(normal.text, one.number_start)
        if found and not re.match(r"(?:以上|人|元|级|亿级|众|家|户|用|名)", normal.text[found.end() :]):
            begin = max(normal.text.rfind(sign, 0, one.start) for sign in "，；。：、\n") + 1
            stop = re.compile(r"[，；。、\n]").search(normal.text, found.end())
            end = min(stop.start() if stop else len(normal.text), found.end() + 12)
            yield ("no-unit", *normal.span(begin, end), [], {})


def _counts(normal: Normal, walk: Walk, reading: Reading) -> Iterator[Raised]:
    """A total and its parts in one sentence, in one unit, that do not agree."""
    for sentence in SENTENCE.finditer(normal.text):
        inside = walk.quantities_in(*sentence.span())
        for index, total in enumerate(inside):
            after = normal.text[total.tail : sentence.end()]
            lead = re.match(r"[^；：]{0,30}?[，（：；]?(?:其中|分别为|包括)", after)
            if not lead or total.group != "count" or isinstance(total.value, list):
                continue
            parts = [one for one in inside[index + 1 :] if one.unit == total.unit and not isinstance(one.value, list)]
            added = sum(float(one.value) for one in parts if not isinstance(one.value, list))
            if len(parts) >= 2 and added != total.value and _is_partition(normal.text, total.tail, parts):
                start, end = normal.span(total.start, parts[-1].tail)
                ids = [target.id for target in reading.targets if start <= target.start < end]
                fill = {
                    "sum": f"{added:g}", "total": f"{total.value:g}", "unit": total.unit,
                    "parts": "＋".join(f"{one.value:g}" for one in parts if not isinstance(one.value, list)),
                }  # fmt: skip
                yield "counts", start, end, ids, fill
            break


def _is_partition(text: str, start: int, parts: list[Any]) -> bool:
    """Whether the list means to name all parts: it is closed by 分别/包括, or has at least three members."""
    lead = text[start : parts[0].start]
    return "分别" in lead or "包括" in lead or len(parts) >= 3


def _without_owner(normal: Normal, reading: Reading, nodes: list[Node]) -> Iterator[Raised]:
    tasks = [task for task in reading.tasks if task.is_task]
    named = {task.path for task in tasks if any(owner.role != "all-counties" for owner in task.owners)}
    if len(named) < 2 or len(named) < 0.3 * len(tasks):
        return
    by_path = {node.path: node for node in nodes}
    for task in tasks:
        if task.path not in named:
            node = by_path[task.path]
            end = max(min(node.mark_end + len(task.title), node.end), node.start + 1)
            yield ("no-owner", *normal.span(node.start, end), [], {"title": task.title})


def _unfinished(normal: Normal) -> Iterator[Raised]:
    """尝试将旧衣回收、骑行等环保活动。 — an object, and no verb behind it."""
    data = _data()["unfinished"]
    verbs, ends = "|".join(data["verbs"]), "|".join(data["ends"])
    pattern = re.compile(
        rf"(?:^|[，；。])(?P<all>[^，；。]{{0,6}}将(?P<object>[^，；。]{{4,60}}(?:{ends})))(?=。|$)", re.MULTILINE
    )
    for found in pattern.finditer(normal.text):
        last = re.split("、", found["object"])[-1]
        if not re.search(verbs, re.sub(rf"(?:{ends})$", "", last)) and "将" not in found["object"]:
            yield ("unfinished", *normal.span(found.start("all"), found.end("all")), [], {})


def _terms(normal: Normal) -> Iterator[Raised]:
    data = _data()["terms"]
    words = "|".join(sorted(data["words"], key=len, reverse=True))
    for thing in data["things"]:
        found = list(
            re.finditer(rf"(?<![\u4e00-\u9fff]近)({words})(?:产业|工业|发展|排放|试点|示范)?{thing}", normal.text)
        )
        used = list(dict.fromkeys(one[1] for one in found))
        defined = re.search(rf"{thing}[^。]{{0,12}}(?:认定标准|评价标准|建设标准|评价办法|认定办法)", normal.text)
        if len(used) >= 3 and not defined:
            terms = "、".join(f"“{word}{thing}”" for word in used)
            yield ("terms", *normal.span(*found[0].span()), [], {"terms": terms})


def _same_thing(normal: Normal) -> Iterator[Raised]:
    """Two different claims about all of one thing."""
    data = _data()["same-thing"]
    whole = "|".join(data["whole"])
    for thing in data["words"]:
        said = re.compile(rf"(?:{whole})[^，；。\n]{{0,12}}{thing}|{thing}[^，；。\n]{{0,6}}(?:{whole})")
        found = [clause for clause in CLAUSE.finditer(normal.text) if thing in clause[0] and said.search(clause[0])]
        standards = {bool(re.search(r"星级|等级|标准", one[0])) for one in found}
        if len(found) >= 2 and len(standards) == 2:
            quotes = "；".join(f"“{one[0]}”" for one in found[:3])
            yield ("same-thing", *normal.span(*found[-1].span()), [], {"thing": thing, "quotes": quotes})
