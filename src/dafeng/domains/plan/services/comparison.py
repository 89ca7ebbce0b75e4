"""Two versions of a plan, task by task and target by target: added, dropped, changed with the old beside the new, moved. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ADDED, DROPPED, CHANGED, MOVED = "added", "dropped", "changed", "moved"
FIELDS = {
    "task": ("title", "owners"),
    "target": ("indicator", "kind", "direction", "operator", "value", "unit", "year", "baseline_year", "strength", "scope"),
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """`fields`: name → (old, new). A moved item stands under another heading and says the same."""

    kind: str
    state: str
    key: str
    name: str
    old_path: str
    new_path: str
    fields: dict[str, tuple[Any, Any]]


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """What differs between two contents with keys (`Version.accepted`), in the newer one's order; then what was dropped."""
    found: list[Change] = []
    for kind in FIELDS:
        before = {row["key"]: row for row in old.get(f"{kind}s", []) if row.get("key")}
        after = {row["key"]: row for row in new.get(f"{kind}s", []) if row.get("key")}
        found += [change for key, row in after.items() if (change := _change(kind, key, before.get(key), row))]
        found += [_gone(kind, key, row) for key, row in before.items() if key not in after]
    return found


def _change(kind: str, key: str, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> Change | None:
    name = _name(kind, new)
    if old is None:
        return Change(kind, ADDED, key, name, "", _path(new), {})
    fields = {field: pair for field in FIELDS[kind] if (pair := (_value(old, field), _value(new, field)))[0] != pair[1]}
    if fields:
        return Change(kind, CHANGED, key, name, _path(old), _path(new), fields)
    return Change(kind, MOVED, key, name, _path(old), _path(new), {}) if _path(old) != _path(new) else None


def _gone(kind: str, key: str, row: Mapping[str, Any]) -> Change:
    return Change(kind, DROPPED, key, _name(kind, row), _path(row), "", {})


def _name(kind: str, row: Mapping[str, Any]) -> str:
    return str(row["title" if kind == "task" else "indicator"])


def _path(row: Mapping[str, Any]) -> str:
    return str(row.get("path") or row.get("task_path") or "")


def _value(row: Mapping[str, Any], field: str) -> Any:
    if field == "owners":
        return [f"{each['name']}" + ("（配合）" if each["role"] == "support" else "") for each in row.get("owners", [])]
    found = row.get(field)
    return "".join(found.split()) if isinstance(found, str) else None if found == "" else found
