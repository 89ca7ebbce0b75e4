"""Payloads: JSON that means the same in every database, checked against the schema that its kind declares.

`plain` brings a value into JSON that survives SQLite's text and PostgreSQL's jsonb alike (jsonb turns 1e22 into an
integer, loses the sign of -0.0 and refuses NUL); so a digest taken before storage equals one taken after.
Schemas are JSON Schema 2020-12, of which exactly the keywords in `KEYWORDS` are understood; others are refused when the
schema is registered, so that no rule is ever ignored in silence.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from django.utils.functional import Promise

from dafeng.kernel.records.errors import RecordError, WorkflowError

MAX_DEPTH = 32
KEYWORDS = frozenset(
    {"title", "description", "type", "required", "properties", "additionalProperties", "items", "enum"}
    | {"minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"}
)
_TYPES: dict[str, tuple[str, tuple[type, ...]]] = {
    "string": ("文字", (str,)),
    "number": ("数字", (int, float)),
    "integer": ("整数", (int,)),
    "boolean": ("是或否", (bool,)),
    "array": ("列表", (list,)),
    "object": ("对象", (dict,)),
    "null": ("空", (type(None),)),
}


def plain(value: Any, *, path: str = "", depth: int = 0) -> Any:
    """`value` as portable JSON: decimals, dates and ids become text. Raises `RecordError` naming the path of a fault."""
    if depth > MAX_DEPTH:
        raise RecordError(f"数据嵌套超过 {MAX_DEPTH} 层", mend="请检查提交的内容")
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return _plain_float(value, path)
    if isinstance(value, str | Promise):
        return _plain_text(str(value), path)
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        if bad := [key for key in value if not isinstance(key, str)]:
            raise RecordError(f"“{path or '数据'}”的键 {bad[0]!r} 不是文字")
        return {
            _plain_text(key, path): plain(item, path=f"{path}.{key}".lstrip("."), depth=depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [plain(item, path=f"{path}[{row}]", depth=depth + 1) for row, item in enumerate(value, 1)]
    raise RecordError(
        f"“{path or '数据'}”的值无法保存（{type(value).__name__}）", expected="文字、数字、日期、列表或对象"
    )


def _plain_float(value: float, path: str) -> float | int:
    if not math.isfinite(value):
        raise RecordError(f"“{path or '数据'}”不是有限的数", expected="数字，或留空")
    if abs(value) >= 1e16:  # from here on Python writes an exponent, and jsonb gives back an integer
        return int(value)
    return value + 0.0  # -0.0 becomes 0.0


def _plain_text(value: str, path: str) -> str:
    if "\x00" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
        raise RecordError(f"“{path or '数据'}”含有无法保存的字符", mend="请重新输入这一项")
    return value


def dump(value: Any) -> str:
    """The canonical text of a plain value: keys sorted, no spaces."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(value: Any) -> str:
    """SHA-256 of the canonical text of a plain value."""
    return hashlib.sha256(dump(value).encode()).hexdigest()


def check_schema(schema: Any, *, path: str = "schema") -> None:
    """Refuse a schema that this module would not enforce to the letter. Raises `WorkflowError`."""
    if not isinstance(schema, Mapping):
        raise WorkflowError(f"{path} 应为表", expected="JSON Schema 对象")
    if unknown := sorted(set(schema) - KEYWORDS):
        raise WorkflowError(f"{path} 用了不支持的关键字 {'、'.join(unknown)}", expected="、".join(sorted(KEYWORDS)))
    if unknown := [name for name in _type_names(schema) if name not in _TYPES]:
        raise WorkflowError(f"{path} 的类型“{unknown[0]}”不认识", expected="、".join(_TYPES))
    if not isinstance(schema.get("additionalProperties", True), bool):
        raise WorkflowError(f"{path}.additionalProperties 应为 true 或 false")
    if missing := [name for name in schema.get("required", ()) if name not in schema.get("properties", {})]:
        raise WorkflowError(f"{path} 要求“{missing[0]}”，但没有说明它是什么", mend="请在 properties 中写明")
    for name, inner in schema.get("properties", {}).items():
        check_schema(inner, path=f"{path}.{name}")
    if "items" in schema:
        check_schema(schema["items"], path=f"{path}[]")


def validate(schema: Mapping[str, Any], payload: Any) -> None:
    """Raises `RecordError` with all `problems` when a plain payload breaks its schema."""
    problems = tuple(_problems(schema, payload, schema.get("title", "")))
    if problems:
        more = f"另有 {len(problems) - 1} 处" if len(problems) > 1 else ""
        raise RecordError(problems[0], mend=more, problems=problems)


def _type_names(schema: Mapping[str, Any]) -> list[str]:
    declared = schema.get("type", [])
    return [declared] if isinstance(declared, str) else list(declared)


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[name][1])


def _problems(schema: Mapping[str, Any], value: Any, label: str) -> Iterator[str]:
    here = f"“{label or '数据'}”"
    names = _type_names(schema)
    if names and not any(_is(value, name) for name in names):
        yield f"{here}应为{'或'.join(_TYPES[name][0] for name in names)}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{here}应为 {'、'.join(map(str, schema['enum']))} 之一"
    if isinstance(value, int | float) and not isinstance(value, bool):
        if "minimum" in schema and value < schema["minimum"]:
            yield f"{here}不应小于 {schema['minimum']}"
        if "maximum" in schema and value > schema["maximum"]:
            yield f"{here}不应大于 {schema['maximum']}"
    if isinstance(value, str):
        yield from _size_problems(here, len(value), schema, "Length", "个字")
    if isinstance(value, list):
        yield from _size_problems(here, len(value), schema, "Items", "项")
        for row, item in enumerate(value, 1):
            yield from _problems(schema.get("items", {}), item, f"{label}第 {row} 项")
    if isinstance(value, dict):
        yield from _object_problems(schema, value, label)


def _size_problems(here: str, size: int, schema: Mapping[str, Any], what: str, unit: str) -> Iterator[str]:
    if size < schema.get(f"min{what}", 0):
        yield f"{here}至少要 {schema[f'min{what}']} {unit}"
    if size > schema.get(f"max{what}", size):
        yield f"{here}最多 {schema[f'max{what}']} {unit}"


def _object_problems(schema: Mapping[str, Any], value: dict[str, Any], label: str) -> Iterator[str]:
    properties = schema.get("properties", {})

    def name_of(name: str) -> str:
        return f"{label} {properties.get(name, {}).get('title', name)}".strip()

    for name in schema.get("required", ()):
        if name not in value:
            yield f"缺少“{name_of(name)}”"
    for name, item in value.items():
        if name in properties:
            yield from _problems(properties[name], item, name_of(name))
        elif schema.get("additionalProperties", True) is False:
            yield f"多出了“{name_of(name)}”"
