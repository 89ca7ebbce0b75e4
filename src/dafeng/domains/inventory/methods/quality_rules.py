"""quality_rules.toml as objects: the checks, the weights of the quality score, and which category may stand for which.

A table that breaks its own rules is refused with the name of the rule, never half used.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dafeng.domains.inventory import library
from dafeng.kernel.errors import MethodError, Place

FILE = "quality_rules.toml"
SEVERITIES = ("error", "warning", "note")
PARTS = ("tier", "basis", "place", "standing")


@dataclass(frozen=True)
class Rule:
    """One check: `kind` says what is done, `parameters` with what."""

    id: str
    kind: str
    title: str
    title_en: str
    severity: str
    source: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Marks:
    """What each part of the quality score is worth; see the comments in the file."""

    weights: Mapping[str, float]
    tier: Mapping[str, float]
    basis: Mapping[str, float]
    mark: Mapping[str, float]
    place: Mapping[str, float]
    standing: Mapping[str, float]

    def of_tier(self, tier: str) -> float:
        """A tier by its name, else by its first digit, else `other`."""
        return self.tier.get(tier, self.tier.get(tier[:1], self.tier["other"]))


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    return tomllib.loads((library.HOME / FILE).read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """All checks, in the order of the file. Raises `MethodError` naming the rule that cannot be used."""
    return read_rules(_data().get("rule", []))


def read_rules(tables: list[dict[str, Any]]) -> tuple[Rule, ...]:
    found: dict[str, Rule] = {}
    for table in tables:
        told = dict(table)
        name = told.get("id", "（无 id）")
        where = Place(file=FILE)
        lacking = [key for key in ("id", "kind", "title", "title_en", "severity", "source") if not told.get(key)]
        if lacking:
            raise MethodError(f"检查规则 {name} 缺少 {'、'.join(lacking)}", where=where)
        if told["severity"] not in SEVERITIES:
            what = f"检查规则 {name} 的 severity“{told['severity']}”不认识"
            raise MethodError(what, expected="、".join(SEVERITIES), where=where)
        if name in found:
            raise MethodError(f"检查规则 {name} 重复", where=where)
        head = {key: told.pop(key) for key in ("id", "kind", "title", "title_en", "severity", "source")}
        found[name] = Rule(**head, parameters=told)
    return tuple(found.values())


@lru_cache(maxsize=1)
def marks() -> Marks:
    """Weights and marks of the quality score. Raises `MethodError` when the weights do not sum to 1."""
    return read_marks(_data().get("score", {}))


def read_marks(table: Mapping[str, Any]) -> Marks:
    lacking = [name for name in ("weights", "tier", "basis", "mark", "place", "standing") if name not in table]
    if lacking:
        raise MethodError(f"质量评分缺少 {'、'.join(lacking)}", where=Place(file=FILE))
    weights = table["weights"]
    if set(weights) != set(PARTS) or abs(sum(weights.values()) - 1) > 1e-9:
        raise MethodError("质量评分的权重不对", expected=f"{'、'.join(PARTS)} 四项，合计为 1", where=Place(file=FILE))
    for part in ("tier", "basis", "mark", "place", "standing"):
        stray = [name for name, mark in table[part].items() if not 0 <= mark <= 1]
        if stray:
            raise MethodError(f"质量评分 {part} 的 {'、'.join(stray)} 不对", expected="0 到 1", where=Place(file=FILE))
    return Marks(**{name: dict(table[name]) for name in Marks.__dataclass_fields__})


def information() -> tuple[str, ...]:
    """Categories that are shown when they have something to show, and are not expected."""
    return tuple(_data().get("completeness", {}).get("information", ()))


def alternatives() -> dict[str, tuple[str, ...]]:
    """Undivided category → the categories that it stands for."""
    tables = _data().get("completeness", {}).get("alternative", [])
    return {table["whole"]: tuple(table["parts"]) for table in tables}
