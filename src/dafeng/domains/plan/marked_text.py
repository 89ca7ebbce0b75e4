"""The text of a version with every found item marked in it: by a letter and a line as well as by colour, each a link to its item.

Items overlap (a platform inside a target inside a task): the text is cut at every boundary, each piece belongs to its
shortest item, and an item that begins under another shows its letter there. A long text is shown in parts, by chapter.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.plan.services.items import DEFECT, ENTERPRISE, PLATFORM, PROJECT, SECTION, TARGET, TASK, Item

PART = 40_000  # characters; a text up to this length is one part
KIND_NAMES = {
    SECTION: gettext_lazy("章节"), TASK: gettext_lazy("任务"), TARGET: gettext_lazy("目标"), PROJECT: gettext_lazy("项目"),
    ENTERPRISE: gettext_lazy("企业"), PLATFORM: gettext_lazy("平台"), DEFECT: gettext_lazy("疑问"),
}  # fmt: skip
LETTERS = {
    SECTION: gettext_lazy("章"), TASK: gettext_lazy("任"), TARGET: gettext_lazy("目"), PROJECT: gettext_lazy("项"),
    ENTERPRISE: gettext_lazy("企"), PLATFORM: gettext_lazy("台"), DEFECT: gettext_lazy("问"),
}  # fmt: skip
STATE_NAMES = {
    "read": gettext_lazy("读出"), "changed": gettext_lazy("已更正"), "added": gettext_lazy("人工补充"), "dropped": gettext_lazy("已剔除"),
}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A stretch of the text that one page shows."""

    number: int
    title: str
    start: int
    end: int


def parts_of(text: str, items: Iterable[Item]) -> list[Part]:
    """The text cut at chapters (and, where one is too long, at lines) so that no part is much longer than `PART`."""
    if len(text) <= PART:
        return [Part(1, "", 0, len(text))]
    chapters = [
        (each.start or 0, each.name) for each in items if each.kind == SECTION and each.values.get("level") == 1
    ]
    cuts: list[tuple[int, str]] = [(0, "")]
    for start, title in [*chapters, (len(text), "")]:
        while start - cuts[-1][0] > PART:
            line = text.rfind("\n", cuts[-1][0] + 1, cuts[-1][0] + PART)
            cuts.append((line + 1 if line > cuts[-1][0] else cuts[-1][0] + PART, cuts[-1][1]))
        if title and start > cuts[-1][0]:
            cuts.append((start, title))
    bounds = [start for start, _title in cuts[1:]] + [len(text)]
    return [
        Part(number, title or _("第 %(number)s 部分") % {"number": number}, start, end)
        for number, ((start, title), end) in enumerate(zip(cuts, bounds, strict=True), 1)
    ]


def marked(text: str, items: Iterable[Item], part: Part, address: Callable[[Item], str]) -> SafeString:
    """The part as paragraphs of HTML."""
    shown = [
        each for each in items
        if each.start is not None and each.end is not None and each.start < part.end and each.end > part.start and each.start < each.end
    ]  # fmt: skip
    # A heading that is a task's is shown as the task alone; a passage that is none, as a heading.
    shown = [each for each in shown if each.kind != TASK or each.values.get("is_task", True)]
    tasks = {each.start for each in shown if each.kind == TASK}
    shown = [each for each in shown if each.kind != SECTION or each.start not in tasks]
    cuts = sorted({part.start, part.end, *(_inside(at, part) for each in shown for at in (each.start or 0, each.end or 0))})  # fmt: skip
    pieces: list[str] = []
    for start, end in itertools.pairwise(cuts):
        covering = [each for each in shown if (each.start or 0) <= start and (each.end or 0) >= end]
        if not covering:
            pieces.append(_plain(text[start:end]))
            continue
        covering.sort(key=lambda each: (each.end or 0) - (each.start or 0))
        for each in covering[1:]:
            if each.start == start:
                pieces.append(_letter(each, address))
        pieces.append(_mark(text[start:end], covering[0], start, address))
    return mark_safe(re.sub(r"^(?:<br>)+", "", "".join(pieces)))


def _inside(at: int, part: Part) -> int:
    return min(max(at, part.start), part.end)


def _plain(text: str) -> str:
    return re.sub(r"\s*\n\s*", "<br>", escape(text))


def _letter(item: Item, address: Callable[[Item], str]) -> SafeString:
    return format_html(
        '<a class="m m-{} alone" id="i-{}" href="{}" hx-get="{}" hx-target="#panel" title="{}">{}<span class="hidden">{}</span></a>',
        _class(item), item.ref, address(item), address(item), _title(item), LETTERS[item.kind], item.name,
    )  # fmt: skip


def _mark(text: str, item: Item, start: int, address: Callable[[Item], str]) -> SafeString:
    first = item.start == start
    letter = format_html("<b>{}</b>", LETTERS[item.kind]) if first else ""
    return format_html(
        '<mark class="m m-{}"{}><a href="{}" hx-get="{}" hx-target="#panel" title="{}">{}{}</a></mark>',
        _class(item), format_html(' id="i-{}"', item.ref) if first else "", address(item), address(item), _title(item), letter, mark_safe(_plain(text)),
    )  # fmt: skip


def _class(item: Item) -> str:
    return f"{item.kind} {item.state}"


def _title(item: Item) -> str:
    state = "" if item.state == "read" else f"（{STATE_NAMES[item.state]}）"
    return f"{KIND_NAMES[item.kind]}{state}：{item.name}"


def legend(counts: dict[str, int]) -> SafeString:
    """What the letters mean, with how many of each."""
    return format_html_join(
        "", '<li><mark class="m m-{}"><b>{}</b></mark> {} {}</li>', ((kind, LETTERS[kind], name, counts.get(kind, 0)) for kind, name in KIND_NAMES.items())
    )  # fmt: skip
