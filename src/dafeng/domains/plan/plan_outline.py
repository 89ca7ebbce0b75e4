"""The outline of a version for the reader: headings, tasks with owners, targets and questions, in the text's order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from dafeng.domains.plan.models import Question
from dafeng.domains.plan.services.corrections import OPERATORS

Row = dict[str, Any]


@dataclass
class Block:
    """A heading (`task` None) or a task, with the targets and questions that stand there. `key` "" for a heading."""

    path: str
    title: str
    level: int
    task: Row | None = None
    targets: list[Row] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    @property
    def key(self) -> str:
        return str(self.task["key"]) if self.task else ""


def blocks(content: Mapping[str, Any], questions: Iterable[Question] = ()) -> list[Block]:
    """All of a version's content. A pack's facts have no headings of their own: the path stands for them."""
    found = _with_text(content) if content.get("sections") else _without_text(content)
    asked = list(questions)
    keys: dict[str, list[Question]] = {}
    for question in asked:
        for key in question.record.payload.get("targets", []):
            keys.setdefault(key, []).append(question)
    seen: set[int] = set()
    for block in found:
        own = [each for each in asked if each.path and each.path == block.path]
        own += [each for row in block.targets for each in keys.get(row["key"], []) if each not in own]
        block.questions = [each for each in own if each.pk not in seen]
        seen |= {each.pk for each in block.questions}
    return found


def _with_text(content: Mapping[str, Any]) -> list[Block]:
    tasks = {row["path"]: row for row in content["tasks"]}
    rows = [(row["start"] or 0, Block(row["path"], row["title"], row["level"])) for row in content["sections"] if row["path"] not in tasks]  # fmt: skip
    level = {row["path"]: row["level"] for row in content["sections"]}
    rows += [(row["start"] or 0, Block(path, row["title"], level.get(path, 2), row)) for path, row in tasks.items()]
    made = [block for _start, block in sorted(rows, key=lambda pair: pair[0])]
    home = {block.path: block for block in made}
    loose = Block("", "", 1)
    for row in content["targets"]:
        home.get(row["task_path"], loose).targets.append(row)
    return [loose, *made] if loose.targets else made


def _without_text(content: Mapping[str, Any]) -> list[Block]:
    """Tasks and targets both stand in the text's order, so that they can be merged where a target has no task."""
    tasks = list(content["tasks"])
    paths = [row["path"] for row in tasks]
    made: list[Block] = []
    home: dict[str, Block] = {}

    def put(block: Block) -> Block:
        made.append(block)
        return home.setdefault(block.path, block)

    def tasks_up_to(count: int) -> None:
        for row in tasks[len([each for each in made if each.task]) : count]:
            parent = row["path"].rpartition("/")[0]
            if parent not in home:
                put(Block(parent, "", parent.count("/") + 1))
            put(Block(row["path"], row["title"], row["path"].count("/") + 1, row))

    for row in content["targets"]:
        path = row["task_path"]
        if path in paths:
            tasks_up_to(paths.index(path) + 1)
        elif path not in home:
            before = [number for number, each in enumerate(paths) if _chapter(each) == _chapter(path)]
            tasks_up_to(before[0] if before and not any(block.task for block in made) else 0)
            put(Block(path, "", path.count("/") + 1))
        home[path].targets.append(row)
    tasks_up_to(len(tasks))
    return made


def _chapter(path: str) -> str:
    return path.partition("/")[0]


def departments_in(content: Mapping[str, Any]) -> dict[str, str]:
    """Owners that a version names: id in the register (or the name where it has none) → name, in the order of the text."""
    found: dict[str, str] = {}
    for task in content["tasks"]:
        for owner in task["owners"]:
            found.setdefault(owner["id"] or owner["name"], owner["name"])
    return found


def chosen(found: list[Block], *, department: str = "", text: str = "") -> list[Block]:
    """The blocks that fit, with the headings above them."""
    if not department and not text:
        return found
    wanted = text.lower()
    fitting = {id(block) for block in found if _fits(block, department, wanted)}
    kept: list[Block] = []
    for number, block in enumerate(found):
        below = (each for each in found[number + 1 :] if block.path and each.path.startswith(f"{block.path}/"))
        if id(block) in fitting or (block.task is None and any(id(each) in fitting for each in below)):
            kept.append(block)
    return kept


def _fits(block: Block, department: str, text: str) -> bool:
    owners = block.task["owners"] if block.task else []
    if department and not any(department in (each["id"], each["name"]) for each in owners):
        return False
    said = " ".join(
        [block.title, block.path, *(each["name"] for each in owners), *(f"{row['indicator']} {row['quote']}" for row in block.targets)]
    )  # fmt: skip
    return text in said.lower()


def printed(row: Mapping[str, Any]) -> str:
    """A target as one reads it: 2025 年 下降 ＝14 %."""
    value = row.get("value")
    if value is None:
        number = ""
    elif isinstance(value, list):
        number = f"{value[0]:g}～{value[1]:g}"
    else:
        sign = OPERATORS.get(row.get("operator") or "", "")
        number = f"{'' if sign == '＝' else sign + ' '}{value:g}"
    verb = {"decrease": _("下降"), "increase": _("增加")}.get(row.get("direction") or "", "")
    base = (
        _("比 %(year)s 年") % {"year": row["baseline_year"]}
        if row.get("baseline_year") and row.get("kind") != "level"
        else ""
    )
    if row.get("kind") == "milestone" and row.get("unit") == "年":
        number, unit = "", ""
    else:
        unit = row.get("unit") or ""
    return " ".join(part for part in (base, verb, f"{number} {unit}".strip()) if part)
