"""Numbers and brackets: what stands left of a number where its clause holds brackets.

A number may fill a bracket alone, 光伏（60万千瓦）: then its subject stands before the bracket. It may have words of its
own inside, （其中光伏60万千瓦）: then these alone count. And a bracket may stand between subject and verb,
装机（光伏60万千瓦）达到80万千瓦: then it is stepped over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dafeng.domains.plan.reading import naming

REACH = 300  # characters looked back for a bracket, so that a long list costs no more than a short one
ALONE = re.compile(r"(?:约|近|达|共)?$")
LISTED = re.compile(r"[、，和及与/+]|以及")
ITEM = re.compile(r"）(?:[、，和及与+]|以及)(?=[^）]*$)")


@dataclass(frozen=True)
class Left:
    """`start` is where the left side begins, `spans` the pieces of text it is made of."""

    start: int
    spans: tuple[tuple[int, int], ...]
    fills: bool = False  # the number fills a bracket alone


def left_of(text: str, sentence: int, start: int, at: int) -> Left:
    """The left side of the number at `at`, whose clause begins at `start` in the sentence at `sentence`."""
    pairs, opened = _pairs(text, max(sentence, at - REACH), at)
    if opened is not None and opened >= start:
        if ALONE.fullmatch(text[opened + 1 : at]):
            begin = _after_closed(text, start, opened, pairs)
            items = list(ITEM.finditer(text, begin, opened))
            begin = items[-1].end() if items else begin
            return Left(begin, ((begin, opened),), fills=True)
        return Left(opened + 1, ((opened + 1, at),))
    crossed = [(p, q) for p, q in pairs if p < start <= q]
    if not crossed:
        return Left(start, ((start, at),))
    p, q = crossed[-1]
    after = text[q + 1 : at]
    if LISTED.match(after) or "分别" in after or naming.read_left(after).name:
        return Left(q + 1, ((q + 1, at),))
    begin = max(sentence, *(text.rfind(sign, sentence, p) + 1 for sign in "，；：。\t\n"))
    return Left(begin, ((begin, p), (q + 1, at)))


def _pairs(text: str, start: int, end: int) -> tuple[list[tuple[int, int]], int | None]:
    """Outer brackets closed inside [start, end), and the one still open at its end."""
    found, stack = [], []
    if text.find("（", start, end) < 0 and text.find("）", start, end) < 0:
        return [], None
    for index in range(start, end):
        if text[index] == "（":
            stack.append(index)
        elif text[index] == "）" and stack:
            begin = stack.pop()
            found.append((begin, index))
    return found, stack[-1] if stack else None


def _after_closed(text: str, start: int, opened: int, pairs: list[tuple[int, int]]) -> int:
    """The start, moved behind a bracket that was open there."""
    inside = [q for p, q in pairs if p < start <= q < opened]
    begin = max(inside, default=start - 1) + 1
    while begin < opened and text[begin] in "、，和及与/+ ":
        begin += 1
    return begin
