"""A Gantt chart as plain geometry: one bar a task from its beginning to its date, diamonds for milestones, today as a line.

The server draws it as SVG (`templates/plan/tasks/gantt.html`) with its table beside it, as with every chart. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

WIDTH, LABEL, TOP, ROW = 960.0, 250.0, 30.0, 22.0
SHOWN = 60
_LETTERS = 17  # as many wide characters as fit before the bars


@dataclass(frozen=True)
class Bar:
    """`state` is the task's state; `steps` are (title, due, done or None); `after` names rows by their key."""

    key: Any
    title: str
    begins: date
    ends: date
    state: str
    address: str = ""
    owner: str = ""
    steps: Sequence[tuple[str, date, date | None]] = ()
    after: Sequence[Any] = ()


@dataclass(frozen=True)
class Gantt:
    rows: list[dict[str, Any]]
    years: list[dict[str, Any]]
    links: list[str]
    today: float | None
    height: float
    table: list[Bar] = field(default_factory=list)
    width: float = WIDTH


def draw(bars: Iterable[Bar], *, today: date) -> Gantt | None:
    """None without any bar. Rows beyond `SHOWN` stand in the table only."""
    every = list(bars)
    shown = every[:SHOWN]
    if not shown:
        return None
    first = min(min(each.begins for each in shown).year, today.year)
    last = max(max(each.ends for each in shown).year, today.year)
    start, days = date(first, 1, 1), (date(last, 12, 31) - date(first, 1, 1)).days + 1

    def x(day: date) -> float:
        return round(LABEL + (day - start).days / days * (WIDTH - LABEL - 8), 1)

    rows, at = [], {each.key: number for number, each in enumerate(shown)}
    for number, each in enumerate(shown):
        y = TOP + number * ROW
        left, right = x(each.begins), x(each.ends)
        steps = [
            {"x": x(due), "points": _diamond(x(due), y + 9), "title": title, "due": due, "done": done}
            for title, due, done in each.steps
        ]
        label = each.title if len(each.title) <= _LETTERS else f"{each.title[: _LETTERS - 1]}…"
        rows.append(
            {"bar": each, "label": label, "y": y, "text": y + 13, "x": left, "width": max(3.0, round(right - left, 1)), "steps": steps}
        )  # fmt: skip
    links = []
    for number, each in enumerate(shown):
        for key in each.after:
            if key in at:
                x1, y1 = x(shown[at[key]].ends), TOP + at[key] * ROW + 9
                x2, y2 = x(each.begins), TOP + number * ROW + 9
                links.append(f"M{x1} {y1}V{(y1 + y2) / 2}H{x2}V{y2}")
    height = TOP + len(shown) * ROW + 8
    years = [{"year": year, "x": x(date(year, 1, 1))} for year in range(first, last + 1)]
    return Gantt(rows, years, links, x(today), height, every)


def _diamond(x: float, y: float) -> str:
    return f"{x},{y - 5} {x + 5},{y} {x},{y + 5} {x - 5},{y}"
