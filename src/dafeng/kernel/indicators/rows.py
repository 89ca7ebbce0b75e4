"""Rows on their way to the blackboard: every figure is checked by itself, and all faults are told at once.

Columns of a row: indicator, subject, period, unit, status; value or notation; optional key or dimensions, estimated
(share of the value that rests on estimates, 0 to 1; `basis_share_estimated` in full), lineage.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeVar

import polars as pl

from dafeng.kernel.accounting.status import Notation, Status
from dafeng.kernel.errors import DafengError, Place
from dafeng.kernel.indicators.errors import IndicatorError
from dafeng.kernel.indicators.keys import key_of
from dafeng.kernel.indicators.models import Indicator, Run, Value
from dafeng.kernel.quantities import units
from dafeng.kernel.quantities.periods import Period
from dafeng.kernel.records.payloads import plain

REQUIRED = ("indicator", "subject", "period", "unit", "status")
OPTIONAL = ("value", "notation", "key", "dimensions", "estimated", "basis_share_estimated", "lineage")
MAX_PROBLEMS = 50
_NOTATIONS = frozenset(str(each) for each in Notation)
_SUBJECT_LENGTH, _KEY_LENGTH = 160, 200
_Read = TypeVar("_Read")


def values_of(run: Run, rows: pl.DataFrame | Iterable[Mapping[str, Any]]) -> list[Value]:
    """Unsaved values of all rows, each in its indicator's unit. Raises `IndicatorError` with all `problems`."""
    known = {each.code: each for each in Indicator.objects.all()}
    found: list[Value] = []
    problems: list[IndicatorError] = []
    seen: dict[tuple[int, str, str, str], int] = {}
    for number, row in enumerate(_dicts(rows), 1):
        try:
            value = _value(run, row, known)
            cell = (value.indicator_id, value.subject, value.period, value.key)
            if cell in seen:
                raise IndicatorError(f"与第 {seen[cell]} 行是同一个指标、对象、时期和维度", mend="请合并这两行")
            seen[cell] = number
            found.append(value)
        except DafengError as error:
            where = Place(row=number, column=error.where.column)
            problems.append(IndicatorError(error.what, expected=error.expected, mend=error.mend, where=where))
            if len(problems) == MAX_PROBLEMS:
                break
    if problems:
        first, more = problems[0], len(problems) - 1
        mend = "；".join(filter(None, [first.mend, f"另有 {more} 行有误" if more else "", "没有写入任何数据"]))
        raise IndicatorError(
            first.what, expected=first.expected, mend=mend, where=first.where, problems=tuple(problems)
        )
    return found


def _dicts(rows: pl.DataFrame | Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    return iter(rows.iter_rows(named=True)) if isinstance(rows, pl.DataFrame) else iter(rows)


@lru_cache(maxsize=4096)
def _period(text: str) -> str:
    return str(Period.parse(text))


@lru_cache(maxsize=65536)
def _canonical(key: str) -> str:
    return key_of(key)


def _fail(column: str, what: str, expected: str = "", mend: str = "") -> IndicatorError:
    return IndicatorError(what, expected=expected, mend=mend, where=Place(column=column))


def _at(column: str, read: Callable[..., _Read], *given: Any) -> _Read:
    """Read a cell of a column; whatever is wrong with it is told with the column's name."""
    try:
        return read(*given)
    except DafengError as error:
        raise _fail(column, error.what, error.expected, error.mend) from error


def _value(run: Run, row: Mapping[str, Any], known: Mapping[str, Indicator]) -> Value:
    if missing := [name for name in REQUIRED if row.get(name) is None or row[name] == ""]:
        raise _fail(missing[0], "没有填写", mend="每个数都要有指标、对象、时期、单位和可信程度")
    if unknown := [name for name in row if name not in REQUIRED and name not in OPTIONAL]:
        raise _fail(str(unknown[0]), "不认识的列", expected="、".join((*REQUIRED, *OPTIONAL)))
    indicator = known.get(row["indicator"])
    if indicator is None:
        raise _fail("indicator", f"没有指标“{row['indicator']}”", mend="请先登记指标")
    value = _converted(row, indicator)
    return Value(
        run=run,
        indicator=indicator,
        subject=_subject(row["subject"]),
        period=_at("period", _period, str(row["period"])),
        key=_key(row),
        value=value,
        unit=indicator.unit,
        status=_status(row["status"]),
        notation=_notation(row.get("notation") or "", value),
        basis_share_estimated=_share(row),
        lineage=_at("lineage", _lineage, row.get("lineage")),
    )


def _subject(subject: Any) -> str:
    text = str(subject).strip()
    if not text or len(text) > _SUBJECT_LENGTH or not text.isprintable():
        raise _fail("subject", f"对象“{text[:40]}”写法不对", expected=f"1 到 {_SUBJECT_LENGTH} 个可见字符")
    return text


def _key(row: Mapping[str, Any]) -> str:
    key, dimensions = row.get("key"), row.get("dimensions")
    if key and dimensions:
        raise _fail("key", "key 和 dimensions 只能写一个")
    found = _at("dimensions", key_of, dimensions) if dimensions else _at("key", _canonical, key or "")
    if len(found) > _KEY_LENGTH:
        raise _fail("key", f"维度有 {len(found)} 个字符", expected=f"不超过 {_KEY_LENGTH} 个")
    return found


def _number(value: Any, column: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool | str):
        raise _fail(column, f"“{value}”不是数字")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise _fail(column, f"“{value}”不是数字") from None
    if not math.isfinite(number):
        raise _fail(column, "不是有限的数（NaN 或无穷）", mend="没有数值请留空并填写符号 NO、NE、NA、IE 或 C")
    return number


def _converted(row: Mapping[str, Any], indicator: Indicator) -> float | None:
    """The value in the indicator's unit. A unit is checked even where the value is missing."""
    number, unit = _number(row.get("value"), "value"), str(row["unit"])
    if unit == indicator.unit:
        return number
    factor = _at("unit", units.conversion, unit, indicator.unit)
    return None if number is None else _number(number * factor, "value")


def _status(given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given not in (0, 1, 2):
        expected = "、".join(f"{int(each)}（{each.label}）" for each in Status)
        raise _fail("status", f"可信程度“{given}”不认识", expected=expected)
    return int(given)


def _notation(given: Any, value: float | None) -> str:
    notation = str(given)
    if notation and notation not in _NOTATIONS:
        raise _fail("notation", f"符号“{notation}”不认识", expected="、".join(sorted(_NOTATIONS)))
    if value is None and not notation:
        raise _fail("notation", "没有数值，也没有符号", expected="NO、NE、NA、IE 或 C", mend="缺数不能当作 0")
    if value is not None and notation:
        raise _fail("notation", f"既有数值又有符号“{notation}”", mend="请只留一个")
    return notation


def _share(row: Mapping[str, Any]) -> float | None:
    column = "estimated" if row.get("estimated") is not None else "basis_share_estimated"
    share = _number(row.get(column), column)
    if share is not None and not -1e-9 <= share <= 1 + 1e-9:
        raise _fail(column, f"估算部分占比为 {share:g}", expected="0 到 1；有正有负的合计没有占比，请留空")
    return None if share is None else min(1.0, max(0.0, share))


def _lineage(given: Any) -> Any:
    if isinstance(given, str) and given:
        try:
            given = json.loads(given)
        except ValueError:
            raise _fail("lineage", "来历不是合法的 JSON") from None
    return plain(given or {})
