"""Values from a CSV that a clerk made: one figure a row, or one subject a row with a column per indicator.

UTF-8 or GB18030. Header names in English or Chinese. A cell that is not a number is refused with its row and column;
an empty cell is a missing value, and NE, NA, NO, IE, C are notation keys.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from dafeng.kernel.accounting.status import Notation, Status
from dafeng.kernel.errors import Place, ScoringError
from dafeng.kernel.scoring.rubric import Rubric
from dafeng.kernel.scoring.values import OPTIONAL
from dafeng.kernel.sheets import number_of

_NAMES = {
    "对象": "subject", "评分对象": "subject", "名称": "name", "组": "group", "分组": "group", "指标": "indicator", "数值": "value",
    "值": "value", "单位": "unit", "状态": "status", "标记": "notation", "估算占比": "estimated",
}  # fmt: skip
_SUBJECT = ("subject", "name", "group")
_SCHEMA = {"subject": pl.String, "indicator": pl.String, "value": pl.Float64, **OPTIONAL}
_STATUS = {status.name: int(status) for status in Status} | {status.label: int(status) for status in Status} | {"": 0}


def read_values(path: Path, rubric: Rubric) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Values and subjects. Raises `ScoringError` naming row and column."""
    header, rows = _table(path)
    wide = "indicator" not in header
    if "subject" not in header:
        raise ScoringError("没有 subject（对象）列", expected="、".join(_SCHEMA), where=Place(file=path.name, row=1))
    columns = _columns(rubric) if wide else {}
    if wide and not (set(header) & set(columns)):
        expected = "indicator、value 两列，或以指标编号为列名"
        raise ScoringError("没有指标列", expected=expected, where=Place(file=path.name, row=1))
    values: list[dict[str, Any]] = []
    subjects: dict[str, dict[str, str]] = {}
    for line, row in rows:
        name = row["subject"]
        if not name:
            raise ScoringError("对象是空的", where=Place(file=path.name, row=line, column="subject"))
        about = {key: row[key] for key in _SUBJECT if row.get(key)}
        if subjects.setdefault(name, about) != about:
            raise ScoringError(f"“{name}”的名称或分组前后不一", where=Place(file=path.name, row=line))
        if wide:
            values += [
                {"subject": name, "indicator": columns[key], **_number(text, path, line, key)}
                for key, text in row.items()
                if key in columns
            ]
        else:
            values.append(_long(row, path, line))
    schema = {"subject": pl.String, "name": pl.String, "group": pl.String}
    return pl.DataFrame(values, schema=_SCHEMA), pl.DataFrame(list(subjects.values()), schema=schema)


def _table(path: Path) -> tuple[Sequence[str], list[tuple[int, dict[str, str]]]]:
    """Header and rows with the number of their line, names of columns in English."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ScoringError(f"读不了文件：{error.strerror}", where=Place(file=str(path))) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError as error:
            expected = "UTF-8 或 GB18030 编码的 CSV"
            raise ScoringError("认不出文件的编码", expected=expected, where=Place(file=path.name)) from error
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = [_NAMES.get(name.strip(), name.strip()) for name in next(reader, [])]
        lines = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise ScoringError(f"不是合法的 CSV：{error}", where=Place(file=path.name)) from error
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise ScoringError(f"“{twice[0]}”列有两个", where=Place(file=path.name, row=1))
    for line, cells in lines:
        if len(cells) != len(header):
            raise ScoringError(
                f"有 {len(cells)} 格", expected=f"{len(header)} 格", where=Place(file=path.name, row=line)
            )
    return header, [
        (line, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}) for line, cells in lines
    ]


def _columns(rubric: Rubric) -> dict[str, str]:
    """Names that a column of a wide table may have: the indicator, the code of the value, its title."""
    found: dict[str, str] = {}
    for each in rubric.entries:
        if each.binding:
            found |= {each.binding: each.binding, each.code: each.binding, each.title: each.binding}
    return found


def _number(text: str, path: Path, line: int, column: str) -> dict[str, Any]:
    if text == "":
        return {"value": None}
    if text in set(map(str, Notation)):
        return {"value": None, "notation": text}
    number = number_of(text)
    if number is None or not math.isfinite(number):
        where = Place(file=path.name, row=line, column=column)
        raise ScoringError(f"“{text}”不是数", expected="数，或空，或 NE、NA、NO、IE、C", where=where)
    return {"value": number}


def _long(row: Mapping[str, str], path: Path, line: int) -> dict[str, Any]:
    found = {
        "subject": row["subject"],
        "indicator": row["indicator"],
        **_number(row.get("value", ""), path, line, "value"),
    }
    if row.get("unit"):
        found["unit"] = row["unit"]
    if row.get("notation"):
        found["notation"] = row["notation"]
    if row.get("status", "") not in _STATUS:
        where = Place(file=path.name, row=line, column="status")
        raise ScoringError(f"不认识的状态“{row['status']}”", expected="OK、INCOMPLETE、DEGRADED", where=where)
    found["status"] = _STATUS[row.get("status", "")]
    if row.get("estimated"):
        found["estimated"] = _number(row["estimated"], path, line, "estimated")["value"]
    return found
