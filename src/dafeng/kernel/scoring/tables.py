"""Tables of a TOML file (or of JSON) into dataclasses, each fault with its line, all faults told at once.

The fields of a dataclass are the keys that its table may have; a field's annotation says what must stand there.
`tomllib` forgets line numbers, so `Source` finds a table again by its header and a key by its name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from datetime import date, datetime
from typing import Any, TypeVar

from dafeng.kernel.errors import Place, RubricError
from dafeng.kernel.scoring.rubric import KEYS

_T = TypeVar("_T")
_HEADER = re.compile(r"\s*\[\[?\s*([\w.-]+)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"\s*([\w-]+)\s*=")
MAX_PROBLEMS = 50


class Source:
    """Where things stand in the text that was read; knows nothing when there was none (a rubric from JSON)."""

    def __init__(self, file: str = "", text: str = "") -> None:
        self.file = file
        self._lines: dict[tuple[str, int, str], int] = {}
        table, counts = "", {"": 0}
        for number, line in enumerate(text.splitlines(), 1):
            if header := _HEADER.fullmatch(line):
                table = header[1]
                counts[table] = counts.get(table, -1) + 1
                self._lines.setdefault((table, counts[table], ""), number)
            elif key := _KEY.match(line):
                self._lines.setdefault((table, counts[table], key[1]), number)

    def place(self, table: str = "", index: int = 0, key: str = "") -> Place:
        """The line of a key, else of its table, else of the key that holds the whole list. Without a text: the path."""
        if not self.file:
            return Place(column=f"{table}[{index}].{key}".rstrip(".") if table else key)
        wanted = ((table, index, key), (table, index, ""), ("", 0, table))
        row = next((self._lines[each] for each in wanted if each in self._lines), None)
        return Place(file=self.file, row=row)


class Faults:
    """Everything that is wrong, gathered, so that a clerk mends a file once and not fault by fault."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.found: list[RubricError] = []

    def add(
        self, what: str, expected: str = "", mend: str = "", *, table: str = "", index: int = 0, key: str = ""
    ) -> None:
        where = self.source.place(table, index, key)
        self.found.append(RubricError(what, expected=expected, mend=mend, where=where))

    def take(self, error: RubricError, *, table: str = "", index: int = 0, key: str = "", lead: str = "") -> None:
        self.add(f"{lead}{error.what}", error.expected, error.mend, table=table, index=index, key=key)

    def stop(self) -> None:
        """Raise the first fault, with all of them as `problems`; nothing happens where none was found."""
        if not self.found:
            return
        first, more = self.found[0], len(self.found) - 1
        mend = "；".join(filter(None, [first.mend, f"另有 {more} 处问题" if more else ""]))
        raise RubricError(
            first.what, expected=first.expected, mend=mend, where=first.where, problems=tuple(self.found[:MAX_PROBLEMS])
        )


def read_table(
    shape: type[_T], data: Any, faults: Faults, *, table: str = "", index: int = 0, nested: Mapping[str, type[Any]]
) -> _T | None:
    """One dataclass of one table; None after a fault. `nested` gives the class of fields that hold tables."""
    name = _name_of(table, index, data)
    if not isinstance(data, dict):
        faults.add(f"{name}应为一个表", expected="键 = 值", table=table, index=index)
        return None
    known: dict[str, Field[Any]] = {KEYS.get(field.name, field.name): field for field in fields(shape)}  # type: ignore[arg-type]
    before = len(faults.found)
    for key in sorted(set(data) - set(known)):
        faults.add(f"{name}有不认识的键“{key}”", expected="、".join(known), table=table, index=index, key=key)
    given: dict[str, Any] = {}
    for key, field in known.items():
        if key not in data:
            if field.default is MISSING:
                faults.add(f"{name}缺少“{key}”", table=table, index=index)
            continue
        if field.name in nested:
            given[field.name] = _nested(field, nested[field.name], data[key], faults, table or key, index, key, name)
            continue
        wanted, convert = _WANTED[str(field.type)]
        try:
            given[field.name] = convert(data[key])
        except (TypeError, ValueError):
            faults.add(f"{name}的“{key}”是 {data[key]!r}", expected=wanted, table=table, index=index, key=key)
    return shape(**given) if len(faults.found) == before else None


def _nested(
    field: Field[Any], shape: type[Any], data: Any, faults: Faults, table: str, index: int, key: str, name: str
) -> Any:
    """A table or a list of tables inside a table. At the top of the file each has a header of its own."""
    top = table == key
    if not str(field.type).startswith("tuple"):
        return read_table(shape, data, faults, table=key if top else table, index=0 if top else index, nested={})
    if not isinstance(data, list):
        faults.add(f"{name}的“{key}”应为若干个表", expected=f"[[{key}]]", table=table, index=index, key=key)
        return ()
    inner = NESTED.get(shape.__name__, {})
    found = [
        read_table(shape, each, faults, table=table, index=number if top else index, nested=inner)
        for number, each in enumerate(data)
    ]
    return tuple(each for each in found if each is not None)


NESTED: dict[str, dict[str, type[Any]]] = {}  # filled by reading.py: classes whose fields hold tables of their own


def _name_of(table: str, index: int, data: Any) -> str:
    code = data.get("code") if isinstance(data, dict) else None
    if not table:
        return ""
    return f"“{code}”" if isinstance(code, str) and code else f"第 {index + 1} 个 {table} "


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise TypeError
    return given.strip()


def _some_text(given: Any) -> str:
    if not (found := _text(given)):
        raise ValueError
    return found


def _number(given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise TypeError
    try:
        found = float(given)
    except OverflowError as error:
        raise ValueError from error
    if not math.isfinite(found):
        raise ValueError
    return found


def _whole(given: Any) -> int:
    found = _number(given)
    if found != int(found) or abs(found) > 10**9:
        raise ValueError
    return int(found)


def _truth(given: Any) -> bool:
    if not isinstance(given, bool):
        raise TypeError
    return given


def _numbers(given: Any) -> tuple[float, ...]:
    if not isinstance(given, list | tuple):
        raise TypeError
    return tuple(_number(each) for each in given)


def _date(given: Any) -> date:
    if isinstance(given, str):
        return date.fromisoformat(given)
    if isinstance(given, datetime) or not isinstance(given, date):
        raise TypeError
    return given


_NUMBER = "一个有限的数，如 12.5"
_WANTED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "str": ("文字（用引号）", _text),
    "float": (_NUMBER, _number),
    "float | None": (_NUMBER, _number),
    "int": ("整数", _whole),
    "bool": ("true 或 false", _truth),
    "date": ("日期，如 2026-01-01", _date),
    "date | None": ("日期，如 2026-01-01", _date),
    "tuple[float, ...]": ("一列数，如 [40, 60]", _numbers),
    "Formula": (
        "一个数，或带引号的表达式",
        lambda given: _some_text(given) if isinstance(given, str) else _number(given),
    ),
}
