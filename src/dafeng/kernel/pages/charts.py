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

from django.http import HttpRequest, HttpResponse

WIDTH, HEIGHT, LEFT, TOP, PLOT_WIDTH, PLOT_HEIGHT = 720.0, 250.0, 56.0, 12.0, 660.0, 210.0


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


def _scale(low: float, high: float) -> tuple[float, float, float, list[dict[str, Any]]]:
    """Bottom, top, units to pixels, and ticks; zero is always on the axis."""
    step = step_of(max(high, -low, 1e-9))
    top, bottom = step * ceil(round(high / step, 9)), step * floor(round(low / step, 9))
    if top == bottom:
        top = bottom + step
    factor = PLOT_HEIGHT / (top - bottom)
    count = round((top - bottom) / step)
    ticks = [{"y": round(TOP + i * step * factor, 1), "label": f"{top - i * step:g}"} for i in range(count + 1)]
    return bottom, top, factor, ticks


def _labels(xs: Sequence[Any], chosen: Any) -> list[dict[str, Any]]:
    slot, every = PLOT_WIDTH / len(xs), -(-len(xs) // 12)
    return [
        {"x": round(LEFT + (i + 0.5) * slot, 1), "text": x, "chosen": x == chosen}
        for i, x in enumerate(xs)
        if i % every == 0 or x == chosen
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
    slot, bars = PLOT_WIDTH / len(xs), []
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
                    "x": round(LEFT + (index + 0.15) * slot, 1),
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
        title, unit, xs, series, ticks, _labels(xs, chosen), bars=bars, zero=round(TOP + top * factor, 1), decimals=decimals, note=note, name=name
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
    slot = PLOT_WIDTH / len(xs)

    def at(index: int, value: float) -> tuple[float, float]:
        return round(LEFT + (index + 0.5) * slot, 1), round(TOP + (top - value) * factor, 1)

    drawn = []
    for each in series:
        runs: list[list[tuple[float, float]]] = [[]]
        dots = []
        for index, x in enumerate(xs):
            value = each.values.get(x)
            if value is None:
                if not each.dashed:  # a target leads from one year to the next that is named
                    runs.append([])
                continue
            runs[-1].append(at(index, value))
            dots.append({"x": at(index, value)[0], "y": at(index, value)[1], "at": x, "amount": value})
        band = [(i, x) for i, x in enumerate(xs) if x in each.low and x in each.high]
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
        title, unit, xs, series, ticks, _labels(xs, chosen), lines=drawn, zero=round(TOP + top * factor, 1), decimals=decimals, note=note, name=name
    )  # fmt: skip


def shares(rows: Sequence[dict[str, Any]], value: str) -> list[dict[str, Any]]:
    """Rows with `width`, the bar of each in percent of the largest."""
    largest = max((abs(row[value] or 0.0) for row in rows), default=0.0) or 1.0
    return [row | {"width": round(abs(row[value] or 0.0) / largest * 100, 1)} for row in rows]
