"""The outline: which headings a plan has, how they nest, and which of them are tasks.

The rank of a mark decides nesting: a heading closes every open one of its own or a deeper rank. Levels may be missing,
numbering may run on across chapters, a heading may stand alone on its line or run into its text, and an ordinal may
open a task in the middle of a paragraph where lines were joined.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from dafeng.domains.plan.reading.marks import Mark, heading_mark
from dafeng.domains.plan.reading.normal import Normal

TITLE_LIMIT = 45
# Headings that set the scene and ask nobody for anything.
NO_TASK = re.compile(
    r"^(?:总体要求|总体思路|总体目标|指导思想|基本原则|工作原则|建设思路|发展思路|主要目标|工作目标|发展目标|具体目标|目标指标"
    r"|现状|发展现状|现实基础|发展基础|基础条件|基本情况|面临形势|形势.*|规划背景|编制.*|总则|适用范围|附则|附件.*|名词解释)"
)
GOALS = re.compile(r"目标|指标")
HISTORY = re.compile(
    r"现状|基础条件|发展基础|工作基础|现实基础|基本情况|回顾|取得.*成效|主要成效|形势|背景|成绩|存在.*问题|机遇|挑战|发展环境"
    r"|^(?:资源|区位|发展|比较|产业)?优势(?:条件)?$"
)
INLINE = re.compile(
    r"(?<=[。；）])(?:（[一二三四五六七八九十]{1,3}）|\d{1,2}[.、](?=[^\d])|[一二三四五六七八九十]{1,3}、)"
)
CONTENTS = re.compile(r"(?:^|\n)目录\n")


@dataclass
class Node:
    """One heading in the plain text. `body` is where its own words begin; `end` is where the next equal heading opens."""

    path: str
    title: str
    rank: int
    level: int
    start: int
    mark_end: int  # where the title begins
    body: int
    end: int
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)

    @property
    def own_end(self) -> int:
        """Where the heading's own text ends and its first child opens."""
        return self.children[0].start if self.children else self.end

    def chain(self) -> list[Node]:
        return [self, *(self.parent.chain() if self.parent else [])]


def outline(normal: Normal) -> list[Node]:
    """Every heading in the order of the text. A text without headings gives one node that spans it."""
    text = normal.text
    nodes: list[Node] = []
    open_nodes: list[Node] = []
    seen: Counter[str] = Counter()
    for start, mark in _marks(text):
        while open_nodes and open_nodes[-1].rank >= mark.rank:
            open_nodes.pop().end = start
        title_start = start + mark.length
        title, body = _title(normal, title_start)
        parent = open_nodes[-1] if open_nodes else None
        path = f"{parent.path}/{mark.label}" if parent else mark.label
        seen[path] += 1
        path = path if seen[path] == 1 else f"{path}#{seen[path]}"  # printed twice: keep the two apart
        node = Node(path, title, mark.rank, len(open_nodes) + 1, start, title_start, body, len(text), parent)
        if parent:
            parent.children.append(node)
        nodes.append(node)
        open_nodes.append(node)
    if not nodes and text:
        nodes = [Node("全文", text.split("\n", 1)[0][:TITLE_LIMIT], 0, 1, 0, 0, 0, len(text))]
    return nodes


def is_task(node: Node) -> bool:
    """Whether a heading asks somebody to do something; goals, principles and background are leaves but no tasks."""
    return not any(NO_TASK.match(one.title) for one in node.chain())


def in_goals(node: Node | None) -> bool:
    return node is not None and bool(GOALS.search(node.title))


def in_history(node: Node | None) -> bool:
    return node is not None and any(HISTORY.search(one.title) and not GOALS.search(one.title) for one in node.chain())


def _marks(text: str) -> list[tuple[int, Mark]]:
    """Marks at the start of a line, and marks inside a paragraph that go on with the count of the one before."""
    found: list[tuple[int, Mark]] = []
    last: dict[int, int] = {}
    offset = _after_contents(text)
    for line in text[offset:].split("\n"):
        if mark := heading_mark(line):
            found.append((offset, mark))
            last[mark.rank] = mark.ordinal
            _forget(last, mark.rank)
        for inline in INLINE.finditer(line):
            mark = heading_mark(line, inline.start())
            if mark and (mark.ordinal == last.get(mark.rank, -1) + 1 or _opens(mark, last)):
                found.append((offset + inline.start(), mark))
                last[mark.rank] = mark.ordinal
                _forget(last, mark.rank)
        offset += len(line) + 1
    return found


def _opens(mark: Mark, last: dict[int, int]) -> bool:
    return mark.ordinal == 1 and mark.rank in (4, 5) and bool(last) and max(last) < mark.rank


def _forget(last: dict[int, int], rank: int) -> None:
    for deeper in [other for other in last if other > rank]:
        del last[deeper]


def _after_contents(text: str) -> int:
    """Skip a table of contents: the text begins where its first entry is printed again."""
    contents = CONTENTS.search(text[:3000])
    if not contents:
        return 0
    first = text[contents.end() :].split("\n", 1)[0]
    again = text.find("\n" + first, contents.end() + len(first))
    return again + 1 if first and again > 0 else 0


def _title(normal: Normal, start: int) -> tuple[str, int]:
    """The heading's words and where its own text begins."""
    text = normal.text
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    line = text[start:line_end]
    stop = line.find("。")
    if 0 < stop <= TITLE_LIMIT:
        return line[:stop], start + stop + 1
    gap = next((i for i in range(4, min(len(line), TITLE_LIMIT)) if normal.has_gap(start + i)), 0)
    if len(line) > TITLE_LIMIT and gap and _chinese(line[gap - 1]) and _chinese(line[gap]):
        return line[:gap], start + gap
    colon = line.find("：")
    if 0 < colon <= 25 and len(line) > TITLE_LIMIT:
        return line[:colon], start + colon + 1
    if len(line) <= TITLE_LIMIT:
        return line.rstrip("。；：，"), line_end
    cut = min((i for i in (line.find(sign, 4) for sign in "，；：。") if i > 0), default=TITLE_LIMIT)
    return line[: min(cut, TITLE_LIMIT)], start


def _chinese(sign: str) -> bool:
    return "\u4e00" <= sign <= "\u9fff" or sign in "“”"
