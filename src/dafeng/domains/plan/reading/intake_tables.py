"""Tables of indicators in text that has lost their columns: from a PDF, or typed with blanks.

Where a header (指标, 单位, 2025年) is found, the lines below are cut into cells and joined by tabs, as Word's own tables
are; `tables` reads them later. A name that was broken over lines is joined. A line whose cells cannot be told apart
(one blank between them and fewer cells than the header) is left as it is: nothing is guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations

from dafeng.domains.plan.reading.marks import heading_mark
from dafeng.domains.plan.reading.tables import NAME_CELL, VALUE_CELL, YEAR_CELL

WIDE = re.compile(r"[ \u3000\t]{2,}|\t")
NARROW = re.compile(r"[ \u3000\t]+")
EMPTY_VALUE = re.compile(r"[—\-–/]+")
MAX_COLUMNS = 12
SUSPECT = re.compile(r"(?m)(?:^|\s)20\d\d年?(?:目标值?)?(?=\s|$)")


@dataclass(frozen=True)
class Cell:
    text: str
    at: int  # column of its first character in the line


def may_hold_table(page: str) -> bool:
    """Whether a page is worth a second extraction that keeps its columns."""
    return "指标" in page and bool(SUSPECT.search(page))


def restore_columns(text: str) -> str:
    """The text with the rows of its indicator tables joined by tabs; everything else unchanged."""
    made, lines, at = [], text.split("\n"), 0
    while at < len(lines):
        header = _header(lines[at])
        if not header:
            made.append(lines[at])
            at += 1
            continue
        rows, after = _rows(lines, at + 1, header)
        if rows:
            made.append("\t".join(cell.text for cell in header))
            made += ["\t".join(row) for row in rows]
        else:
            made += lines[at:after]
        at = after
    return "\n".join(made)


def page_with_columns(plain: str, laid_out: str) -> str:
    """A page's plain text, its table taken from the extraction that keeps columns."""
    lines = laid_out.split("\n")
    at = next((n for n, line in enumerate(lines) if _header(line)), None)
    if at is None:
        return plain
    rows, after = _rows(lines, at + 1, _header(lines[at]) or [])
    squeezed = NARROW.sub("", lines[at])
    plain_lines = plain.split("\n")
    begin = next((n for n, line in enumerate(plain_lines) if NARROW.sub("", line) == squeezed), None)
    if not rows:
        return plain
    table = restore_columns("\n".join(lines[at:after]))
    if begin is None:
        return "\n".join(["\n".join(lines[:at]), table, "\n".join(lines[after:])])
    follows = next((NARROW.sub("", line) for line in lines[after:] if line.strip()), None)
    rest = (n for n, line in enumerate(plain_lines) if n > begin and follows and NARROW.sub("", line) == follows)
    end = next(rest, None)
    tail = plain_lines[end:] if end is not None else lines[after:]
    return "\n".join([*plain_lines[:begin], table, *tail])


def _cells(line: str) -> list[Cell]:
    """The cells of a line: parted by wide gaps where it has any, else by single blanks."""
    gap = WIDE if WIDE.search(line.strip(" \u3000\t")) else NARROW
    found, at = [], 0
    for blank in [*gap.finditer(line), None]:
        end = blank.start() if blank else len(line)
        if text := NARROW.sub("", line[at:end]):
            found.append(Cell(text, at + len(line[at:end]) - len(line[at:end].lstrip())))
        at = blank.end() if blank else end
    return found


def _header(line: str) -> list[Cell] | None:
    if "指标" not in line or "20" not in line:
        return None
    cells = _cells(line)
    named = any(NAME_CELL.fullmatch(cell.text) for cell in cells)
    dated = any(YEAR_CELL.fullmatch(cell.text) for cell in cells)
    return cells if named and dated and 2 < len(cells) <= MAX_COLUMNS else None


def _rows(lines: list[str], at: int, header: list[Cell]) -> tuple[list[list[str]], int]:
    """The rows under a header and the number of the line after them."""
    name = next(n for n, cell in enumerate(header) if NAME_CELL.fullmatch(cell.text))
    years = [n for n, cell in enumerate(header) if YEAR_CELL.fullmatch(cell.text)]
    rows: list[list[str]] = []
    above = ""  # the first part of a name whose numbers stand one line lower
    while at < len(lines):
        line = lines[at]
        cells = _cells(line)
        placed = _placed(cells, header, wide=bool(WIDE.search(line.strip(" \u3000\t"))) or len(cells) == 1)
        if not cells:
            at += 1
            continue
        if placed is None or (len(cells) == 1 and heading_mark(line.strip())):
            break
        if any(_is_value(placed[column]) for column in years):
            placed[name] = above + placed[name]
            above = ""
            rows.append(placed)
        elif placed[name] and len(cells) == 1 and _near(cells[0], header[name]) and (rows or _values_follow(lines, at)):
            if _values_follow(lines, at, header, name):
                above = placed[name]
            else:
                rows[-1][name] += placed[name]
        else:
            break
        at += 1
    return rows, at


def _is_value(cell: str) -> bool:
    return bool(VALUE_CELL.fullmatch(cell))


def _near(cell: Cell, column: Cell) -> bool:
    return abs(cell.at - column.at) <= 3 and len(cell.text) <= 20 and not cell.text.endswith(("。", "；"))


def _values_follow(lines: list[str], at: int, header: list[Cell] | None = None, name: int = 0) -> bool:
    """Whether the next line holds the numbers of a row but no name: then this line begins that row's name."""
    following = next((line for line in lines[at + 1 : at + 3] if line.strip()), "")
    cells = _cells(following)
    if header is None:
        return any(_is_value(cell.text) for cell in cells)
    placed = _placed(cells, header, wide=bool(WIDE.search(following.strip(" \u3000\t"))))
    return placed is not None and len(cells) > 1 and not placed[name] and any(map(_is_value, placed))


def _placed(cells: list[Cell], header: list[Cell], *, wide: bool) -> list[str] | None:
    """The cells of a line under their columns, empty ones included; None where the line is no row."""
    count, columns = len(cells), len(header)
    if not cells or count > columns or (count < columns and not wide):
        return None
    best = min(
        combinations(range(columns), count),
        key=lambda places: sum(abs(header[p].at - cell.at) for p, cell in zip(places, cells, strict=True)),
    )
    placed = [""] * columns
    for place, cell in zip(best, cells, strict=True):
        placed[place] = "" if EMPTY_VALUE.fullmatch(cell.text) else cell.text
    return placed
