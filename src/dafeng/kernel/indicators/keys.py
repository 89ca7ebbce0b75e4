"""Keys: the one text form of a figure's further dimensions, `gas=CH4;sector=1`, names sorted; empty for the total."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dafeng.kernel.indicators.errors import IndicatorError

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def key_of(dimensions: Mapping[str, object] | str | None) -> str:
    """Canonical key of a mapping, or of a text in any order. Raises `IndicatorError`."""
    if isinstance(dimensions, str):
        dimensions = dimensions_of(dimensions)
    parts = []
    for name, value in sorted((dimensions or {}).items()):
        text = str(value)
        if not _NAME.fullmatch(name):
            raise IndicatorError(f"维度名“{name}”写法不对", expected="小写字母开头的 a-z、0-9、_")
        if value is None or not text or text != text.strip() or not text.isprintable() or set(text) & set(";="):
            raise IndicatorError(f"维度“{name}”的值“{text}”写法不对", expected="非空，不含分号、等号和首尾空格")
        parts.append(f"{name}={text}")
    return ";".join(parts)


def dimensions_of(key: str) -> dict[str, str]:
    """The dimensions in a key. Raises `IndicatorError`."""
    found: dict[str, str] = {}
    for part in key.split(";") if key else ():
        name, sign, value = part.partition("=")
        if not sign or name in found:
            raise IndicatorError(f"维度“{key}”写法不对", expected="name=value;name=value，名称不重复")
        found[name] = value
    return found
