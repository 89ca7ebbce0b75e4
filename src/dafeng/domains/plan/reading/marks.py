"""The marks that open a heading: 第一章, 一、, （一）, 1., （1）, ①, and decimal numbers, with their rank.

A rank orders the marks from the outside in; missing levels do no harm, because only the order matters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CN = "一二三四五六七八九十百〇零"
BLANK = "[ \t\u3000]*"


@dataclass(frozen=True)
class Mark:
    rank: int
    label: str  # as it stands in a path: 第一章, 一, （一）, 1
    ordinal: int
    length: int  # characters of the line that the mark takes, blanks after it included


PATTERNS: list[tuple[int, re.Pattern[str], str]] = [
    (0, re.compile(rf"第([{CN}]+|\d+)[编篇](?={BLANK}\S)"), "第{}篇"),
    (1, re.compile(rf"第([{CN}]+|\d+)(?:章|部分)(?={BLANK}\S)[：:、]?"), "第{}章"),
    (2, re.compile(rf"第([{CN}]+|\d+)节(?={BLANK}\S)"), "第{}节"),
    (3, re.compile(rf"([{CN}]+){BLANK}[、．.，](?!{BLANK}[{CN}][、产])"), "{}"),
    (4, re.compile(rf"[（(]{BLANK}([{CN}]+){BLANK}[）)]{BLANK}[、.]?(?!{BLANK}[，。；、])"), "（{}）"),
    (5, re.compile(rf"(\d{{1,2}}){BLANK}(?:(?:[．、]|\.(?!\d)){BLANK}(?=[^\d%％])|[．.、]{BLANK}(?=20\d\d{BLANK}年))"), "{}"),
    (6, re.compile(rf"[（(]{BLANK}(\d{{1,2}}){BLANK}[）)][、.]?(?!{BLANK}[，。；、])"), "（{}）"),
    (7, re.compile(r"([①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳])"), "{}"),
]  # fmt: skip
# 1 总体要求, 1.1 指导思想: a bare number needs a blank, and a short line without stops, so as not to take 20 个社区.
DECIMAL = re.compile(
    rf"(\d{{1,2}}(?:\.\d{{1,2}}){{0,3}})(?:(?<=\.\d)[．.、]{BLANK}|(?<=\.\d\d)[．.、]{BLANK}|[ \t\u3000]+)(?=[\u4e00-\u9fff“])"
)
COUNTED = frozenset("个家座条台辆艘项款种处所套户人名年月日天万亿千百吨米亩公平立元倍度克成级号次周小分瓦兆余多左")


def chinese_number(text: str) -> int:
    """The value of a small Chinese or Arabic ordinal: 十二 → 12."""
    if text.isdigit():
        return int(text)
    digits = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
    total, current = 0, 0
    for sign in text:
        if sign == "十":
            total, current = total + (current or 1) * 10, 0
        elif sign == "百":
            total, current = total + (current or 1) * 100, 0
        else:
            current = digits.get(sign, 0)
    return total + current


def _is_heading(line: str, at: int, label: str) -> bool:
    rest = line[at:].split("\n", 1)[0]
    if "\t" in rest:
        return False  # a row of a table: 1, 森林覆盖率, %, 40
    return rest[0] not in COUNTED and ("." in label or (len(rest) <= 25 and not set(rest) & set("，。；")))


def heading_mark(line: str, start: int = 0) -> Mark | None:
    """The mark with which a line opens, or None for running text."""
    lead = len(line[start:]) - len(line[start:].lstrip(" \t\u3000"))
    at = start + lead
    if (found := DECIMAL.match(line, at)) and _is_heading(line, found.end(), found[1]):
        label = found[1]
        return Mark(4 + label.count("."), label, int(label.rsplit(".", 1)[-1]), found.end() - start)
    for rank, pattern, form in PATTERNS:
        if found := pattern.match(line, at):
            if rank == 3 and len(found[1]) > 3:
                continue
            ordinal = ord(found[1]) - ord("①") + 1 if rank == 7 else chinese_number(found[1])
            return Mark(rank, form.format(found[1]), ordinal, found.end() - start)
    return None
