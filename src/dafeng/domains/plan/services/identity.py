"""Which task or target of a new version is the one that the plan had before: the key that joins them.

Two are the same when their names are alike and nothing that makes them another quantity differs: a target keeps its kind (a
stock is not an addition) and, unless its name is all but equal, its year; a task under the same number may be worded anew. The likeliest pair is joined first. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from dafeng.domains.plan.reading.scorer import likeness
from dafeng.domains.plan.services.items import squeeze

ALIKE = 0.6
IN_PLACE = 0.25  # enough for a task under the same number
NEARLY = 0.85  # enough for a target whose year was moved
Row = dict[str, Any]


def with_keys(plan_key: str, rows: Sequence[Row], former: Sequence[Row], kind: str) -> list[Row]:
    """`rows` (tasks or targets of a version) each with `key`: that of the former row it continues, or a new one.

    A row that brings its own key (`fact`) keeps it.
    """
    fit = _task_fit if kind == "task" else _target_fit
    keys = {number: str(row["fact"]) for number, row in enumerate(rows) if row.get("fact")}
    taken = set(keys.values())
    keys |= _unchanged(rows, [row for row in former if row["key"] not in taken], kind, set(keys))
    taken = set(keys.values())
    open_rows = [number for number in range(len(rows)) if number not in keys]
    left = [row for row in former if row["key"] not in taken]
    for number, key in _joined(open_rows, rows, left, fit):
        keys[number] = key
    used = {row["key"] for row in former} | set(keys.values())
    for number in open_rows:
        if number not in keys:
            keys[number] = _fresh(plan_key, _name(rows[number], kind), used)
            used.add(keys[number])
    return [row | {"key": keys[number]} for number, row in enumerate(rows)]


def _unchanged(rows: Sequence[Row], former: Sequence[Row], kind: str, done: set[int]) -> dict[int, str]:
    """Rows that say what exactly one former row says: in a long plan most of them, and found without comparing all with all."""
    said = ("path", "title") if kind == "task" else ("indicator", "kind", "year", "unit", "baseline_year")

    def sort(row: Row) -> tuple[str, ...]:
        return tuple(squeeze(str(row.get(name))) for name in said)

    old: dict[tuple[str, ...], list[str]] = {}
    new: dict[tuple[str, ...], list[int]] = {}
    for row in former:
        old.setdefault(sort(row), []).append(row["key"])
    for number, row in enumerate(rows):
        if number not in done:
            new.setdefault(sort(row), []).append(number)
    return {
        numbers[0]: old[same][0] for same, numbers in new.items() if len(numbers) == 1 and len(old.get(same, ())) == 1
    }


def _joined(
    numbers: Iterable[int], rows: Sequence[Row], former: Sequence[Row], fit: Callable[[Row, Row], float]
) -> Iterable[tuple[int, str]]:
    pairs = [
        (score, -abs(number - place), number, place)
        for number in numbers
        for place, row in enumerate(former)
        if (score := fit(rows[number], row))
    ]
    seen: set[int] = set()
    done: set[int] = set()
    for _score, _near, number, place in sorted(pairs, reverse=True):
        if number not in seen and place not in done:
            seen.add(number)
            done.add(place)
            yield number, former[place]["key"]


def _task_fit(new: Row, old: Row) -> float:
    title_new, title_old = squeeze(new["title"]), squeeze(old["title"])
    same_path = 0.2 if new["path"] == old["path"] else 0.0
    if title_new == title_old:
        return 1 + same_path
    alike = likeness(title_new, title_old)
    return alike * 0.9 + same_path if alike >= (IN_PLACE if same_path else ALIKE) else 0.0


def _target_fit(new: Row, old: Row) -> float:
    if new["kind"] != old["kind"]:
        return 0.0
    names = squeeze(new["indicator"]), squeeze(old["indicator"])
    alike = 1.0 if names[0] == names[1] else likeness(*names) * 0.95
    if alike < (ALIKE if new["year"] == old["year"] else NEARLY):
        return 0.0
    same = sum(0.2 for name in ("year", "unit", "baseline_year", "value") if new.get(name) == old.get(name))
    return alike + same + (0.3 if new["year"] == old["year"] else 0.0)


def _name(row: Row, kind: str) -> str:
    if kind == "task":
        return f"{row['path']}|{squeeze(row['title'])}"
    return "|".join(str(row.get(name)) for name in ("indicator", "kind", "year", "task_path"))


def _fresh(plan_key: str, text: str, used: set[str]) -> str:
    """A key from what the row says, so that the same document gives the same keys in every installation."""
    base = f"{plan_key[:40]}:{hashlib.sha256(text.encode()).hexdigest()[:10]}"
    number, key = 1, base
    while key in used:
        number += 1
        key = f"{base}-{number}"
    return key
