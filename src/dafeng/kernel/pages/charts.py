"""Charts as plain geometry in a fixed box: the server draws them as SVG, so that they print, scale, and need no script.

Every chart carries its table (`table`, `heads`): the twin for those who cannot see it, and the source of its download.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10
from typing import Any
from unicodedata import east_asian_width

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

WIDTH, LEFT, RIGHT, TOP, PLOT_HEIGHT = 720.0, 56.0, 716.0, 12.0, 210.0
"""The box is 720 × 250; the plot ends at RIGHT and begins at LEFT, or further in where the ticks are long words."""
DESK, PHONE = 11.0, 19.0
"""Height of a letter on the axes (`dafeng.css`): on a phone the whole box is 358 px wide, so its letters are larger in the box."""
DOTTED = 48
"""The most values of a line that each show a dot: beyond, dots run into one another and hide the line, and show when pointed at."""
EVERY = (1, 2, 3, 4, 5, 6, 8, 10, 12, 24, 48, 72, 168)
"""Steps between labels that fall on the same hour, month or weekday again."""


@dataclass(frozen=True)
class Series:
    """One line or one colour of the stack. `values` by x; None is a gap. `tone` 1–8 picks the colour; 0 is the accent.

    `low`/`high`: a band around a line (uncertainty, forecast). `dashed`: a target or a projection, not a measurement.
    """

    name: Any
    values: Mapping[Any, float | None]
    tone: int = 1
    dashed: bool = False
    low: Mapping[Any, float] = field(default_factory=dict)
    high: Mapping[Any, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Chart:
    """What `parts/chart.html` draws."""

    title: Any
    unit: Any
    xs: Sequence[Any]
    series: Sequence[Series]
    ticks: Sequence[dict[str, Any]]
    labels: Sequence[dict[str, Any]]
    bars: Sequence[dict[str, Any]] = ()
    lines: Sequence[dict[str, Any]] = ()
    left: float = LEFT
    zero: float = TOP + PLOT_HEIGHT
    decimals: int = 1
    note: Any = ""
    name: str = "chart"

    def download(self, request: HttpRequest) -> HttpResponse | None:
        """The chart's numbers as CSV when the address asks (`?chart=<name>&export=csv`); a view returns it."""
        if request.GET.get("export") != "csv" or request.GET.get("chart") != self.name:
            return None
        target = io.StringIO()
        target.write("\ufeff")
        writer = csv.writer(target)
        writer.writerow(["", *(f"{each} ({self.unit})" for each in self.heads)])
        writer.writerows([row["x"], *("" if v is None else v for v in row["cells"])] for row in self.table)
        answer = HttpResponse(target.getvalue(), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{self.name}.csv"'
        return answer

    @property
    def edge(self) -> float:
        """Where the ticks' words end and the grid is about to begin."""
        return self.left - 10

    @property
    def heads(self) -> list[Any]:
        return [each.name for each in self.series]

    @property
    def table(self) -> list[dict[str, Any]]:
        return [{"x": x, "cells": [each.values.get(x) for each in self.series]} for x in self.xs]


def step_of(largest: float) -> float:
    """A step of 1, 2 or 5 × 10ⁿ that gives three to six ticks."""
    power = 10.0 ** floor(log10(largest))
    for factor in (0.2, 0.5, 1.0, 2.0, 5.0):
        if largest / (power * factor) <= 6:
            return power * factor
    return power * 10


def tick_of(value: float) -> str:
    """A number on an axis: grouped in thousands; from ten millions on in 万 and 亿, in English in M and G, since it must stay short."""
    if abs(value) < 1e7:
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"
    sizes = ((1e9, "G"), (1e6, "M")) if (get_language() or "").startswith("en") else ((1e8, "亿"), (1e4, "万"))
    size, word = next(each for each in sizes if abs(value) >= each[0])
    return f"{value / size:,g}{word}" if abs(value / size) < 1e6 else f"{value:g}"


def _scale(low: float, high: float) -> tuple[float, float, float, list[dict[str, Any]]]:
    """Bottom, top, units to pixels, and ticks; zero is always on the axis."""
    step = step_of(max(high, -low, 1e-9))
    top, bottom = step * ceil(round(high / step, 9)), step * floor(round(low / step, 9))
    if top == bottom:
        top = bottom + step
    factor = PLOT_HEIGHT / (top - bottom)
    count = round((top - bottom) / step)
    ticks = [
        {"y": round(TOP + i * step * factor, 1), "label": tick_of(round(top / step - i) * step)}
        for i in range(count + 1)
    ]
    return bottom, top, factor, ticks


def width_of(text: Any, letter: float) -> float:
    """How wide a word on an axis is at most: a Chinese letter is as wide as high, others less."""
    return letter * sum(1.0 if east_asian_width(each) in "WF" else 0.64 for each in str(text))


def _left(ticks: Sequence[dict[str, Any]]) -> float:
    return max(LEFT, 14 + max(width_of(tick["label"], PHONE) for tick in ticks))


def _placed(xs: Sequence[Any], at: int | None, left: float, letter: float) -> dict[int, float]:
    """Where labels stand whose letters are so high: as many as have room beside one another, at most twelve, and `at` in any case."""
    slot, room = (RIGHT - left) / len(xs), max(width_of(x, letter) for x in xs) + letter / 2
    least = max(room / slot, len(xs) / 12)

    def place(i: int) -> float:
        return min(left + (i + 0.5) * slot, WIDTH - width_of(xs[i], letter) / 2)

    placed = {} if at is None else {at: place(at)}
    for i in range(0, len(xs), next((each for each in EVERY if each >= least), ceil(least))):
        if all(abs(place(i) - other) >= room for other in placed.values()):
            placed[i] = place(i)
    return placed


def _labels(xs: Sequence[Any], chosen: Any, left: float) -> list[dict[str, Any]]:
    """The labels of a desk and of a phone; `only` names the one on which a label stands so, empty where both agree."""
    at = list(xs).index(chosen) if chosen in xs else None
    desk, phone = (set(_placed(xs, at, left, letter).items()) for letter in (DESK, PHONE))
    return [
        {"x": round(x, 1), "text": xs[i], "chosen": i == at, "only": only}
        for only, placed in (("", desk & phone), ("desk", desk - phone), ("phone", phone - desk))
        for i, x in sorted(placed)
    ]


def stacked(
    title: Any,
    unit: Any,
    xs: Sequence[Any],
    series: Sequence[Series],
    *,
    chosen: Any = None,
    decimals: int = 1,
    note: Any = "",
    name: str = "chart",
) -> Chart | None:
    """Columns stacked by series; what is negative hangs below the axis. None without any value."""
    if not any(v is not None for each in series for v in each.values.values()) or not xs:
        return None

    def total(x: Any, sign: int) -> float:
        return sum(max(sign * (each.values.get(x) or 0.0), 0.0) for each in series)

    _bottom, top, factor, ticks = _scale(-max(total(x, -1) for x in xs), max(total(x, 1) for x in xs))
    left = _left(ticks)
    slot, bars = (RIGHT - left) / len(xs), []
    for index, x in enumerate(xs):
        above, below = 0.0, 0.0
        for each in series:
            amount = each.values.get(x) or 0.0
            if not amount:
                continue
            high = above + amount if amount > 0 else below
            above, below = (above + amount, below) if amount > 0 else (above, below + amount)
            bars.append(
                {
                    "x": round(left + (index + 0.15) * slot, 1),
                    "y": round(TOP + (top - high) * factor, 1),
                    "width": round(slot * 0.7, 1),
                    "height": round(abs(amount) * factor, 1),
                    "tone": each.tone,
                    "name": each.name,
                    "at": x,
                    "amount": amount,
                    "chosen": x == chosen,
                }
            )
    return Chart(
        title, unit, xs, series, ticks, _labels(xs, chosen, left), bars=bars, left=left, zero=round(TOP + top * factor, 1), decimals=decimals, note=note, name=name
    )  # fmt: skip


def lines(
    title: Any,
    unit: Any,
    xs: Sequence[Any],
    series: Sequence[Series],
    *,
    chosen: Any = None,
    decimals: int = 1,
    note: Any = "",
    name: str = "chart",
) -> Chart | None:
    """Lines with optional bands; a gap in the values is a gap in the line, unless it is dashed. None without any value."""
    known = [v for s in series for v in (*s.values.values(), *s.low.values(), *s.high.values()) if v is not None]
    if not known or not xs:
        return None
    _bottom, top, factor, ticks = _scale(min(0.0, *known), max(0.0, *known))
    left = _left(ticks)
    slot = (RIGHT - left) / len(xs)

    def at(index: int, value: float) -> tuple[float, float]:
        return round(left + (index + 0.5) * slot, 1), round(TOP + (top - value) * factor, 1)

    drawn = []
    for each in series:
        runs: list[list[tuple[float, float]]] = [[]]
        dots: list[dict[str, Any]] = []
        for index, x in enumerate(xs):
            value = each.values.get(x)
            if value is None:
                if not each.dashed:  # a target leads from one year to the next that is named
                    runs.append([])
                continue
            runs[-1].append(at(index, value))
            dots.append({"x": at(index, value)[0], "y": at(index, value)[1], "at": x, "amount": value})
        band = [(i, x) for i, x in enumerate(xs) if x in each.low and x in each.high]
        alone = {run[0] for run in runs if len(run) == 1}  # a value between two gaps has nothing but its dot
        for dot in dots:
            dot["faint"] = len(dots) > DOTTED and (dot["x"], dot["y"]) not in alone
        edge = [at(i, each.high[x]) for i, x in band] + [at(i, each.low[x]) for i, x in reversed(band)]
        drawn.append(
            {
                "name": each.name,
                "tone": each.tone,
                "dashed": each.dashed,
                "paths": [" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1],
                "dots": dots,
                "band": " ".join(f"{x},{y}" for x, y in edge),
            }
        )
    return Chart(
        title, unit, xs, series, ticks, _labels(xs, chosen, left), lines=drawn, left=left, zero=round(TOP + top * factor, 1), decimals=decimals, note=note, name=name
    )  # fmt: skip


def shares(rows: Sequence[dict[str, Any]], value: str) -> list[dict[str, Any]]:
    """Rows with `width`, the bar of each in percent of the largest."""
    largest = max((abs(row[value] or 0.0) for row in rows), default=0.0) or 1.0
    return [row | {"width": round(abs(row[value] or 0.0) / largest * 100, 1)} for row in rows]
