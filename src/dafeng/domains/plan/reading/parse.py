"""The reading of one plan, step after step."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from dafeng.domains.plan.reading import entities
from dafeng.domains.plan.reading.defects import find_defects
from dafeng.domains.plan.reading.drafts import Draft
from dafeng.domains.plan.reading.intake import read_document
from dafeng.domains.plan.reading.model import Reading, Section, Target, Task
from dafeng.domains.plan.reading.normal import Normal, normalise
from dafeng.domains.plan.reading.outline import Node, is_task, outline
from dafeng.domains.plan.reading.owners import assign, owner_lists
from dafeng.domains.plan.reading.quantities import quantities
from dafeng.domains.plan.reading.spans import cover, is_in
from dafeng.domains.plan.reading.tables import table_targets
from dafeng.domains.plan.reading.targets import Walk
from dafeng.domains.plan.reading.times import Time, times
from dafeng.domains.plan.reading.words import worded_targets

TITLES = re.compile(
    r"《[^》\n]{0,80}》|〔[^〕\n]{0,30}〕\d*号?|[（(][^（）()\n]{0,20}[〔\[］〕][^（）()\n]{0,20}[）)]|https?://\S+"
)
ISSUED = re.compile(r"(20\d\d)年\d{1,2}月\d{1,2}日")
NUMBERED = re.compile(r"[〔\[［](20\d\d)[〕\]］]\d+号")


def read_plan(path: Path) -> Reading:
    """Read a plan from a file of any supported kind. Raises `PlanError` where the file holds no readable text."""
    return parse_text(read_document(path).text)


def parse_text(printed: str) -> Reading:
    """Read a plan from its text. Any text gives a reading; what is not found is not there."""
    normal = normalise(printed)
    nodes = outline(normal)
    lists = owner_lists(normal.text)
    owners = assign(nodes, lists)
    found_times = times(normal.text)
    skip = [match.span() for match in TITLES.finditer(normal.text)] + [(one.start, one.end) for one in lists]
    found_times = _outside(found_times, skip)
    numbers = quantities(normal.text, skip + [(t.start, t.end) for t in found_times])
    walk = Walk(normal.text, found_times, numbers, nodes, plan_year(normal.text))
    drafts = walk.run()
    drafts = sorted([*drafts, *worded_targets(walk), *table_targets(walk)], key=lambda draft: (draft.start, draft.end))
    drafts = [draft for draft in drafts if is_sound(draft.indicator)]
    reading = Reading(printed)
    reading.sections = [_section(node, normal) for node in nodes]

    def printed_for(node: Node) -> bool:
        """Whether a heading with children has a list of owners of its own: then it is a task as a whole."""
        return any(owner.role != "all-counties" for owner in owners[node.path])

    reading.tasks = [
        Task(
            node.path,
            node.title,
            [one.name for one in owners[node.path]],
            owners[node.path],
            _span(node, normal),
            is_task(node),
        )
        for node in nodes
        if not node.children or printed_for(node)
    ]
    reading.targets = [_target(number, draft, normal) for number, draft in enumerate(drafts, 1)]
    reading.projects, reading.enterprises, reading.platforms = entities.find(normal, walk, lists)
    reading.defects = find_defects(normal, walk, reading, nodes)
    return reading


def is_sound(indicator: str) -> bool:
    """Whether a name can be one: what begins in the middle of a bracket is a misreading, and is better left out."""
    depth = 0
    for sign in indicator:
        depth += {"（": 1, "(": 1, "）": -1, ")": -1}.get(sign, 0)
        if depth < 0:
            return False
    return depth == 0 and not indicator.startswith(("、", "，", "。", "；"))


def plan_year(text: str) -> int:
    """The first year that a plan can promise anything for: the year of its issue."""
    issued = [int(year) for part in (text[:1500], text[-600:]) for year in ISSUED.findall(part)]
    if issued:
        return max(issued)
    numbered = [int(year) for year in NUMBERED.findall(text[:1500])]
    return max(numbered, default=2021)


def _outside(found: Iterable[Time], skip: list[tuple[int, int]]) -> list[Time]:
    covered = cover(skip)
    return [time for time in found if not is_in(covered, time.start)]


def _span(node: Node, normal: Normal) -> list[int]:
    start = min(node.body, max(node.end - 1, 0))
    return list(normal.span(start, node.end)) if node.end > start else list(normal.span(node.start, node.start + 1))


def _section(node: Node, normal: Normal) -> Section:
    start, end = normal.span(node.start, max(node.end, node.start + 1))
    return Section(node.path, node.level, node.title, start, end)


def _target(number: int, draft: Draft, normal: Normal) -> Target:
    start, end = normal.span(draft.start, draft.end)
    return Target(
        id=f"t{number:03}",
        indicator=draft.indicator,
        kind=draft.kind,
        direction=draft.direction,
        operator=draft.operator,
        value=draft.value,
        unit=draft.unit,
        year=draft.year,
        period=draft.period,
        baseline_year=draft.baseline_year,
        baseline_inferred=draft.baseline_inferred,
        strength=draft.strength,
        scope=draft.scope,
        implicit_number=draft.implicit,
        task_path=draft.node.path if draft.node else "",
        quote=normal.printed[start:end],
        start=start,
        end=end,
    )
