"""The tables of a pack: their columns, and a reader that says where a cell is wrong instead of guessing."""

from __future__ import annotations

import csv
import io
import math
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from dafeng.kernel.errors import PackError, PeriodError, Place
from dafeng.kernel.quantities.periods import Period

HOME = Path(__file__).parent

_STATISTICS = ("indicator", "series", "name", "place", "period", "value", "unit", "source", "confidence", "note")
COLUMNS: dict[str, tuple[str, ...]] = {
    "statistics": _STATISTICS,
    "reference": _STATISTICS,
    "activity": (
        "category", "item", "technology", "variable", "place", "year", "value", "unit", "basis", "source",
        "uncertainty", "note",
    ),
    "notation": ("category", "item", "notation", "first_year", "last_year", "reason", "source"),
    "enterprises": ("name", "industry", "place", "place_printed", "source", "task_path", "note"),
    "projects": (
        "name", "type", "place", "place_printed", "capacity", "capacity_unit", "source", "task_path", "note",
    ),
    "balance": ("row", "fuel", "value", "unit"),
}  # fmt: skip
REQUIRED: dict[str, tuple[str, ...]] = {
    "statistics": ("indicator", "name", "place", "period", "value", "unit", "source", "confidence"),
    "reference": ("indicator", "name", "place", "period", "value", "unit", "source", "confidence"),
    "activity": ("category", "item", "place", "year", "value", "unit", "basis", "source"),
    "notation": ("category", "notation", "reason"),
    "enterprises": ("name", "source"),
    "projects": ("name", "type", "source"),
    "balance": ("row", "fuel", "value", "unit"),
}
NUMBERS = {"value": pl.Float64, "uncertainty": pl.Float64, "capacity": pl.Float64}
YEARS = {"year": pl.Int16, "first_year": pl.Int16, "last_year": pl.Int16}
_FIRST, _LAST = 1949, 2100


@dataclass(frozen=True)
class Problem:
    """What is wrong with a pack, as `file:line: message`; line 0 is the file as a whole."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"

    def error(self) -> PackError:
        return PackError(self.message, where=Place(file=self.file, row=self.line or None))


@dataclass
class Table:
    """A table as read: rows with their line, and what could not be read."""

    kind: str
    file: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def fault(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.file, line, message))

    def frame(self) -> pl.DataFrame:
        schema: dict[str, Any] = dict.fromkeys(COLUMNS[self.kind], pl.String)
        schema |= {name: dtype for name, dtype in (NUMBERS | YEARS).items() if name in schema}
        return pl.DataFrame([{n: row[n] for n in schema} for row in self.rows], schema=schema, orient="row")


def read_table(path: Path, kind: str) -> Table:
    """Read a CSV of the given kind. Rows that cannot be read are left out and reported."""
    table = Table(kind, path.name)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        table.fault(0, "文件不是 UTF-8 编码；请另存为 UTF-8")
        return table
    except OSError:
        table.fault(0, "找不到文件")
        return table
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = tuple(cell.strip() for cell in next(reader, []))
        if header != COLUMNS[kind]:
            table.fault(1, f"表头不对；应为 {','.join(COLUMNS[kind])}")
            return table
        for cells in _lines(reader):
            _read_row(table, reader.line_num, cells)
    except csv.Error as error:
        table.fault(reader.line_num, f"CSV 格式有误（{error}）；多半是引号没有成对")
    return table


def _lines(reader: Any) -> Iterator[list[str]]:
    for cells in reader:
        if any(cell.strip() for cell in cells) and not cells[0].lstrip().startswith("#"):
            yield cells


def _read_row(table: Table, line: int, cells: list[str]) -> None:
    names = COLUMNS[table.kind]
    if len(cells) != len(names):
        table.fault(line, f"有 {len(cells)} 列，应为 {len(names)} 列；文字中有逗号时请用双引号括起")
        return
    row: dict[str, Any] = {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
    before = len(table.problems)
    for name in REQUIRED[table.kind]:
        if not row[name]:
            table.fault(line, f"缺少 {name}" + ("：每一行都要有出处" if name == "source" else ""))
    for name in names:
        if name in NUMBERS:
            row[name] = _number(table, line, name, row[name])
        elif name in YEARS:
            row[name] = _year(table, line, name, row[name])
    if len(table.problems) == before:
        table.rows.append({**row, "line": line})


def _number(table: Table, line: int, name: str, text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        hint = "；百分数请去掉 %，单位列写 %" if text.endswith(("%", "％")) else "；请去掉千分位逗号和单位"
        table.fault(line, f"{name} 不是数：“{text}”{hint}")
        return None
    if not math.isfinite(value):
        table.fault(line, f"{name} 不是有限的数：“{text}”")
        return None
    return value


def _year(table: Table, line: int, name: str, text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{4}", text) or not _FIRST <= int(text) <= _LAST:
        table.fault(line, f"{name} 不是年份：“{text}”；应为四位数字")
        return None
    return int(text)


def read_toml(path: Path) -> tuple[dict[str, Any], list[Problem]]:
    """A TOML file, and what is wrong with it."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, [Problem(path.name, 0, "找不到文件")]
    except UnicodeDecodeError:
        return {}, [Problem(path.name, 0, "文件不是 UTF-8 编码；请另存为 UTF-8")]
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        return {}, [Problem(path.name, int(found[1]) if found else 0, f"TOML 格式有误（{error}）")]
    problems = shape_problems(path, content)
    return ({} if problems else content), problems


def line_of(path: Path, text: str) -> int:
    """The first line of a file that has `text`; 1 when none has. TOML keeps no line numbers."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return 1
    return next((number for number, line in enumerate(lines, 1) if text in line), 1)


def periods_of(text: str) -> tuple[Period, Period]:
    """A period, or a span `2018..2020` of two periods of one kind. Raises `PeriodError`."""
    first, dots, last = text.partition("..")
    begin = Period.parse(first)
    end = Period.parse(last) if dots else begin
    if end.start < begin.start or len(str(begin)) != len(str(end)):
        raise PeriodError(f"时期“{text}”的起止不对", expected="2018..2020 这样的写法")
    return begin, end


def year_of(text: str) -> int | None:
    """The year that a period is, or None for a quarter, a month or a span."""
    return int(text) if re.fullmatch(r"[0-9]{4}", text) else None


@lru_cache(maxsize=1)
def indicators() -> dict[str, dict[str, Any]]:
    """Code to name, name_en and the units that it may be printed in."""
    with (HOME / "indicators.csv").open(encoding="utf-8", newline="") as stream:
        return {row["code"]: {**row, "units": tuple(row["unit"].split(";"))} for row in csv.DictReader(stream)}


# What a pack's TOML files hold: where → the type that it must have.
_SHAPES: dict[str, dict[str, type]] = {
    "pack.toml": {"counties": dict, "map": dict, "balances": dict, "years": list},
    "estimates.toml": {"rule": list},
    "organisations.toml": {"organisation": list},
    "demo_users.toml": {"user": list},
}


def shape_problems(path: Path, content: dict[str, Any]) -> list[Problem]:
    """Tables and lists that are something else, such as `[rule]` for `[[rule]]`; everything else may rely on them."""
    found = []
    for name, wanted in _SHAPES.get(path.name, {}).items():
        value = content.get(name, wanted())
        inner = value.values() if name == "balances" and isinstance(value, dict) else value if wanted is list else ()
        sound = isinstance(value, wanted) and (name == "years" or all(isinstance(entry, dict) for entry in inner))
        if not sound:
            expected = (
                f"[[{name}]] 段落"
                if wanted is list and name != "years"
                else f"[{name}] 段落"
                if wanted is dict
                else "[起始年, 终止年]"
            )
            found.append(Problem(path.name, line_of(path, name), f"{name} 应为 {expected}"))
    return found
