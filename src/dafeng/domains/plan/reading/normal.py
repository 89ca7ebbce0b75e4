"""One plain form of a printed text for the grammar to read, every character of which knows where it was printed.

Printed plans differ in width (％, ２０２５), script (萬噸), blanks inside numbers (到 2025 年), page numbers and running
heads, and lines that break inside a paragraph. The grammar sees none of this: it reads `Normal.text`. What it finds is
reported in the printed text, through `Normal.span`, so that a quote is always verbatim.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from functools import cache, lru_cache

from dafeng.domains.plan.reading.marks import heading_mark

BLANKS = frozenset(" \t\u3000\xa0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u202f\ufeff\u00ad")
FINAL = frozenset("。！？；：:;!?")
# Printed variants of one sign. ASCII punctuation becomes Chinese only beside Chinese (see `_sign`).
SIGNS = {
    "％": "%", "﹪": "%", "～": "~", "〜": "~", "∼": "~", "˜": "~", "﹣": "-", "－": "-", "–": "—", "―": "—", "─": "—",
    "．": ".", "﹒": ".", "／": "/", "＋": "+", "＝": "=", "＞": ">", "＜": "<", "≧": "≥", "≦": "≤", "⩾": "≥", "⩽": "≤",
    "²": "2", "³": "3", "₂": "2", "₃": "3", "₄": "4", "₅": "5", "｢": "“", "｣": "”", "「": "“", "」": "”",
    "『": "‘", "』": "’", "[": "［", "]": "］", "＊": "*", "﹐": "，", "﹔": "；", "﹕": "：", "∶": "：", "︰": "：",
    "○": "〇",
}  # fmt: skip
ASCII_SIGNS = {",": "，", ";": "；", ":": "：", "(": "（", ")": "）", "!": "！", "?": "？"}
PAGE_NUMBER = re.compile(
    r"^[\s\-—–―－·.•~|]*(?:第\s*)?[\dⅠⅡⅢⅣⅤivxIVX０-９]{1,4}(?:\s*页)?(?:\s*[/，,共]\s*(?:共\s*)?\d{1,4}\s*页?)?[\s\-—–―－·.•~|]*$"
)
CONTENTS_LINE = re.compile(r"(?:\.{4,}|…{2,}|·{4,}|(?:\. ){4,})\s*\d{1,4}\s*$")


# A page number that has run into its line, — 12 —.
INLINE_PAGE = re.compile(r"(?<![\d—])[—–]\s*\d{1,3}\s*[—–](?![\d—])")


# A year in Chinese digits, 二〇二五年: one sign a digit, so that offsets stay as they are.
WRITTEN_YEAR = re.compile(r"(?<![〇零一二三四五六七八九十百千万亿])[一二][〇零○九][〇零○一二三四五六七八九]{2}(?=年)")
DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")


@dataclass(frozen=True)
class Normal:
    """`text` is the plain form; `origin[i]` is the offset in the printed text of its i-th character."""

    text: str
    origin: list[int]
    printed: str

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The printed span of the plain span [start, end), which must not be empty."""
        return self.origin[start], self.origin[end - 1] + 1

    def at(self, printed_offset: int) -> int:
        """The plain offset of the first character printed at or after an offset."""
        return bisect_left(self.origin, printed_offset)

    def has_gap(self, index: int) -> bool:
        """Whether a blank was printed just before the plain character at `index`."""
        before, here = self.origin[index - 1] + 1, self.origin[index]
        return any(sign in BLANKS for sign in self.printed[before:here])


@lru_cache(maxsize=20_000)
def simplify(sign: str) -> str:
    """One character in simplified script. OpenCC works on phrases; here length must not change."""
    if not "\u3400" <= sign <= "\u9fff":
        return sign
    simple: str = _converter().convert(sign)
    return simple if len(simple) == 1 else sign


@cache
def _converter():  # type: ignore[no-untyped-def]
    from opencc import OpenCC

    return OpenCC("t2s")


def is_traditional(text: str) -> bool:
    """Traditional script changes every fourth character or so; in simplified texts only a name here and there."""
    chinese = [sign for sign in text[:20_000] if "\u3400" <= sign <= "\u9fff"]
    changed = sum(simplify(sign) != sign for sign in chinese)
    return changed > 0.05 * len(chinese)


def _years_in_digits(text: str) -> str:
    return WRITTEN_YEAR.sub(lambda match: match[0].translate(DIGITS), text)


def normalise(printed: str) -> Normal:
    """Read a printed text into its plain form. Any text is accepted; an empty one gives an empty form."""
    traditional = is_traditional(printed)
    chars: list[str] = []
    origin: list[int] = []
    lines = [line for line in _lines(printed) if line[1].strip()]
    noise = _noise(lines)
    width = _usual_width([text for _, text in lines])
    before: str | None = None
    for number, (offset, line) in enumerate(lines):
        if number in noise:
            continue
        plain, places = _plain_line(line, offset, traditional=traditional)
        if not plain:
            continue
        if before is not None and not _runs_on(before, plain, width):
            chars.append("\n")
            origin.append(_newline_before(printed, places[0]))
        chars.extend(plain)
        origin.extend(places)
        before = plain
    return Normal(_years_in_digits("".join(chars)), origin, printed)


def _newline_before(printed: str, offset: int) -> int:
    return max(printed.rfind("\n", 0, offset), 0)


def _lines(printed: str) -> list[tuple[int, str]]:
    found, offset = [], 0
    for line in printed.split("\n"):
        found.append((offset, line))
        offset += len(line) + 1
    return found


def _noise(lines: list[tuple[int, str]]) -> set[int]:
    """Page numbers, lines of a table of contents, and short lines that come back on page after page."""
    stripped = [text.strip() for _, text in lines]
    noise = {n for n, text in enumerate(stripped) if PAGE_NUMBER.match(text) or CONTENTS_LINE.search(text)}
    paged = len([n for n, text in enumerate(stripped) if PAGE_NUMBER.match(text)])
    repeats = Counter(text for text in stripped if 4 <= len(text) <= 40 and not set(text) & FINAL)
    heads = {text for text, times in repeats.items() if times >= 3 and times >= paged / 4 and not heading_mark(text)}
    return noise | {n for n, text in enumerate(stripped) if text in heads}


def _usual_width(lines: list[str]) -> int:
    """The width of a full line where the text is broken at a fixed width, else 0."""
    widths = sorted(len(line.strip()) for line in lines if len(line.strip()) > 15)
    if len(widths) < 10:
        return 0
    wide = widths[int(len(widths) * 0.9)]
    return wide if wide <= 60 else 0


def _runs_on(before: str, line: str, width: int) -> bool:
    """Whether a line continues the one before: a paragraph that was broken by the page or the margin."""
    if before[-1] in FINAL or heading_mark(line) or "\t" in before or "\t" in line:
        return False
    if heading_mark(before):
        # A heading that ends at its line stays alone; a run-in heading with text goes on.
        full = bool(width) and len(before) >= width - 3
        return "。" in before or full or before[-1] in "，、"
    return not (before[-1] in "）" and _is_owner_line(before))


def _is_owner_line(line: str) -> bool:
    return line.endswith("负责）") or "责任单位" in line[-200:] or "牵头单位" in line[-200:]


def _plain_line(line: str, offset: int, *, traditional: bool) -> tuple[str, list[int]]:
    chars: list[str] = []
    places: list[int] = []
    line = INLINE_PAGE.sub(lambda found: " " * len(found[0]), line) if "—" in line or "–" in line else line
    size = len(line)
    gap = 0  # blanks since the last character
    tabs: list[int] = []  # among them those that part the cells of a table
    for index in range(size):
        sign = line[index]
        if sign in BLANKS:
            gap += 1
            tabs += [offset + index] if sign == "\t" else []
            continue
        if sign < " " or sign == "\x7f" or sign in "*#\ufffd\ufffe":
            continue
        plain = _sign(sign, line, index, traditional=traditional)
        if tabs and chars:
            chars += "\t" * len(tabs)
            places += tabs
        elif gap and chars and _keeps_blank(chars, plain, gap):
            chars.append(" ")
            places.append(offset + index - 1)
        gap, tabs = 0, []
        chars.append(plain)
        places.append(offset + index)
    return "".join(chars), places


def _keeps_blank(chars: list[str], plain: str, gap: int) -> bool:
    """Blanks separate words of Latin letters, and columns; inside Chinese and inside numbers they mean nothing."""
    last = chars[-1]
    if (
        len(chars) <= 8
        and last.isdigit()
        and chars[0].isdigit()
        and not set(chars) - set("0123456789.")
        and "\u4e00" <= plain <= "\u9fff"
    ):
        return True  # the number of a heading
    if gap >= 2 and (last.isdigit() or last == "%" or plain.isdigit()) and not (last.isdigit() ^ plain.isdigit()):
        return True
    if last.isascii() and last.isalpha() and plain.isascii() and plain.isalpha():
        return True
    if last.isdigit() and plain.isdigit():
        year = "".join(chars[-4:])
        return year.isdigit() and year[:2] in ("19", "20") and (len(chars) < 5 or not chars[-5].isdigit())
    return False


def _sign(sign: str, line: str, index: int, *, traditional: bool) -> str:
    if "\u4e00" <= sign <= "\u9fff":
        return simplify(sign) if traditional else sign
    if "！" <= sign <= "～" and sign not in "，；：（）！？":
        sign = chr(ord(sign) - 0xFEE0) if sign not in SIGNS else SIGNS[sign]
    if sign in SIGNS:
        return SIGNS[sign]
    if sign in ASCII_SIGNS:
        left = line[index - 1] if index else ""
        right = line[index + 1] if index + 1 < len(line) else ""
        if sign in "()" or not (left.isdigit() and right.isdigit()):
            return ASCII_SIGNS[sign]
    return sign
