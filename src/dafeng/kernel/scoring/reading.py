"""Rubrics and light rules from TOML or JSON: read, checked whole, and chosen by date.

A file with faults is refused with every fault (`RubricError.problems`), each with its line; nothing half-read is used.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Protocol, TypeVar

from dafeng.kernel.errors import Place, RubricError
from dafeng.kernel.scoring import rubric as shapes
from dafeng.kernel.scoring import tables
from dafeng.kernel.scoring.checks import check_lights, check_rubric
from dafeng.kernel.scoring.lighting import Escalation, Light, LightRules
from dafeng.kernel.scoring.rubric import Rubric

_RUBRIC: dict[str, type[Any]] = {
    "items": shapes.Item,
    "inputs": shapes.Input,
    "groups": shapes.Group,
    "bonuses": shapes.Adjustment,
    "deductions": shapes.Adjustment,
    "vetoes": shapes.Veto,
    "levels": shapes.Level,
    "insufficient": shapes.Insufficient,
}
_LIGHTS: dict[str, type[Any]] = {"inputs": shapes.Input, "lights": Light, "escalations": Escalation}
tables.NESTED["Item"] = {"steps": shapes.Step}


class _Dated(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def valid_from(self) -> date: ...
    @property
    def valid_until(self) -> date | None: ...


_D = TypeVar("_D", bound=_Dated)


def read_rubric(path: Path | str) -> Rubric:
    """A rubric file. Raises `RubricError` naming file, line, what was expected and how to mend it."""
    data, source = _open(Path(path))
    return rubric_from_dict(data, source=source)


def rubric_from_dict(data: Mapping[str, Any], *, source: tables.Source | None = None) -> Rubric:
    faults = tables.Faults(source or tables.Source())
    found = tables.read_table(Rubric, data, faults, nested=_RUBRIC)
    faults.stop()
    assert found is not None
    check_rubric(found, faults)
    faults.stop()
    return found


def read_light_rules(path: Path | str) -> LightRules:
    data, source = _open(Path(path))
    return light_rules_from_dict(data, source=source)


def light_rules_from_dict(data: Mapping[str, Any], *, source: tables.Source | None = None) -> LightRules:
    faults = tables.Faults(source or tables.Source())
    found = tables.read_table(LightRules, data, faults, nested=_LIGHTS)
    faults.stop()
    assert found is not None
    check_lights(found, faults)
    faults.stop()
    return found


def in_force(rules: Iterable[_D], *, on: date) -> _D:
    """Of the versions of one rubric, the one in force on a day: the latest that has begun and not ended."""
    known = list(rules)
    begun = [each for each in known if each.valid_from <= on and (each.valid_until is None or on <= each.valid_until)]
    if not begun:
        spans = "、".join(f"{each.version}（{each.valid_from} 起）" for each in known) or "无"
        raise RubricError(f"{on} 没有有效的评分规则", expected=f"现有版本：{spans}")
    latest = max(each.valid_from for each in begun)
    chosen = [each for each in begun if each.valid_from == latest]
    if len(chosen) > 1:
        names = "、".join(f"{each.id}@{each.version}" for each in chosen)
        raise RubricError(f"{names} 从同一天（{latest}）起有效", mend="请改其中一个的 valid_from，或结束旧版本")
    return chosen[0]


def _open(path: Path) -> tuple[dict[str, Any], tables.Source]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise RubricError("没有这个文件", where=Place(file=str(path))) from error
    except (OSError, UnicodeDecodeError) as error:
        raise RubricError(
            f"读不了文件：{error}", expected="UTF-8 编码的 TOML 文本", where=Place(file=path.name)
        ) from error
    try:
        return tomllib.loads(text), tables.Source(path.name, text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RubricError(
            f"不是合法的 TOML：{error}", mend="请检查引号、方括号和等号是否成对", where=Place(file=path.name)
        ) from error
