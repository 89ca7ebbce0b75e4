"""Two plain charts as SVG text: stacked columns over years, and bars of the largest categories. No scripts, no fonts inside."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

# Told apart in print without colour as well: the lightness differs from one to the next.
COLOURS = {"1": "#1f4e79", "2": "#c55a11", "3": "#a9c47f", "4": "#2e7d4f", "5": "#8e7cc3", "ID": "#7f7f7f"}
_FONT = 'font-family="Noto Sans CJK SC, Noto Sans SC, Source Han Sans SC, Microsoft YaHei, sans-serif"'
_INK, _PALE = "#333333", "#d5d9dd"


def nice_step(span: float, wanted: int = 5) -> float:
    """A step of 1, 2 or 5 times a power of ten that divides the span into about `wanted` parts."""
    if span <= 0 or not math.isfinite(span):
        return 1.0
    power = 10.0 ** math.floor(math.log10(span / wanted))
    return next((step * power for step in (1, 2, 5) if step * power >= span / wanted), 10 * power)


def _text(x: float, y: float, text: str, anchor: str = "start", size: float = 11, colour: str = _INK) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'


def _box(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def _svg(width: float, height: float, parts: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" {_FONT}>'
    return head + "".join(parts) + "</svg>"


def stacked_columns(
    years: Sequence[int], series: Mapping[str, Sequence[float | None]], names: Mapping[str, str], unit: str, net: str
) -> str:
    """One column a year, sinks below the axis, a diamond at the net sum where there are sinks.

    `series` maps a sector code to one value per year; `names` gives the legend; `net` names the diamond.
    """
    values = {key: [value or 0.0 for value in row] for key, row in series.items()}
    count = range(len(years))
    top = max((sum(max(row[i], 0) for row in values.values()) for i in count), default=0.0)
    low = min((sum(min(row[i], 0) for row in values.values()) for i in count), default=0.0)
    step = nice_step(top - low)
    top, low = math.ceil(top / step) * step or step, math.floor(low / step) * step
    left, right, head, foot, width, height = 64.0, 12.0, 46.0, 28.0, 640.0, 330.0
    scale = (height - head - foot) / (top - low)

    def y(value: float) -> float:
        return head + (top - value) * scale

    parts = _legend(values, names, net if low < 0 else "", left)
    parts.append(_text(8, head - 12, unit, size=10))
    for number in range(round((top - low) / step) + 1):
        level = low + number * step
        parts.append(
            f'<line x1="{left}" x2="{width - right}" y1="{y(level):.1f}" y2="{y(level):.1f}" stroke="{_PALE}" stroke-width="0.8"/>'
        )
        parts.append(_text(left - 6, y(level) + 4, f"{round(level, 10):,.10g}", "end", 10))
    slot = (width - left - right) / max(len(years), 1)
    every = math.ceil(len(years) / 16) or 1
    for i, year in enumerate(years):
        middle, wide = left + slot * (i + 0.5), min(slot * 0.64, 56)
        up, down = 0.0, 0.0
        for key, row in values.items():
            value = row[i]
            if value > 0:
                parts.append(_box(middle - wide / 2, y(up + value), wide, value * scale, COLOURS.get(key, _INK)))
                up += value
            elif value < 0:
                parts.append(_box(middle - wide / 2, y(down), wide, -value * scale, COLOURS.get(key, _INK)))
                down += value
        if low < 0:
            parts.append(_diamond(middle, y(up + down)))
        if i % every == 0:
            parts.append(_text(middle, height - 8, str(year), "middle", 10))
    parts.append(
        f'<line x1="{left}" x2="{width - right}" y1="{y(0):.1f}" y2="{y(0):.1f}" stroke="{_INK}" stroke-width="1"/>'
    )
    return _svg(width, height, parts)


def _diamond(x: float, y: float) -> str:
    return f'<path d="M{x:.1f} {y - 4:.1f}l4 4l-4 4l-4 -4z" fill="#ffffff" stroke="{_INK}" stroke-width="1.2"/>'


def _legend(values: Mapping[str, Sequence[float]], names: Mapping[str, str], net: str, left: float) -> list[str]:
    parts: list[str] = []
    x = left
    for key in values:
        name = names.get(key, key)
        parts += [_box(x, 9, 11, 11, COLOURS.get(key, _INK)), _text(x + 15, 19, name, size=10.5)]
        x += 28 + _width(name)
    if net:
        parts += [_diamond(x + 5, 14.5), _text(x + 15, 19, net, size=10.5)]
    return parts


def _width(text: str) -> float:
    """About how wide a text of size 10.5 is."""
    return sum(10.5 if ord(sign) > 0x2E7F else 5.8 for sign in text)


def bars(rows: Sequence[tuple[str, float, str]], unit: str) -> str:
    """Horizontal bars, one for each (label, value, sector); a sink goes to the left of the axis."""
    top = max((value for _, value, _ in rows), default=0.0)
    low = min((value for _, value, _ in rows), default=0.0)
    top, low = max(top, 0.0), min(low, 0.0)
    span = (top - low) or 1.0
    left, right, line, head, width = 212.0, 78.0, 22.0, 24.0, 640.0
    room = width - left - right
    negative = 62.0 if low < 0 else 0.0
    scale = (room - negative) / span
    axis = left + negative - low * scale
    parts = [_text(width - 8, 14, unit, "end", 10)]
    for number, (label, value, sector) in enumerate(rows):
        y = head + number * line
        at = axis if value >= 0 else axis + value * scale
        parts.append(_box(at, y + 3, abs(value) * scale, line - 7, COLOURS.get(sector, _INK)))
        parts.append(_text(left - 8, y + 15, _fit(label, left - 16), "end", 10.5))
        shown = f"{value:,.2f}"
        parts.append(
            _text(at + value * scale + 5 if value >= 0 else at - 5, y + 15, shown, "start" if value >= 0 else "end", 10)
        )
    bottom = head + len(rows) * line
    parts.append(f'<line x1="{axis:.1f}" x2="{axis:.1f}" y1="{head}" y2="{bottom}" stroke="{_INK}" stroke-width="1"/>')
    return _svg(width, bottom + 8, parts)


def _fit(text: str, room: float) -> str:
    if _width(text) <= room:
        return text
    while text and _width(text + "…") > room:
        text = text[:-1]
    return text + "…"
