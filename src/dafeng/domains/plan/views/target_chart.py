"""The chart of a target: what was observed, the path that it implies, its own number, and the forecast with its band."""

from __future__ import annotations

import math
from typing import Any

from django.utils.translation import gettext as _

from dafeng.domains.plan.models import Standing, Target
from dafeng.kernel.pages.charts import Chart, Series, lines


def chart_of(target: Target, standing: Standing | None) -> Chart | None:
    """None where nothing was observed and no path is known. Moments inside a year are drawn at that year's end."""
    data: dict[str, Any] = standing.data if standing else {}
    if not standing or not (data.get("history") or data.get("path")) or target.kind == "milestone":
        return None
    observed: dict[int, float] = {}
    for _period, at, value, _status, _estimated in data["history"]:
        observed[math.ceil(at - 1e-9)] = value  # the last of a year stands
    path = {round(year): value for year, value in data["path"]}
    series = [Series(_("实际"), dict(observed), tone=1)]
    if path:
        series.append(Series(_("应走的轨迹"), dict(path), tone=7, dashed=True))
    if standing.goal is not None and target.year:
        series.append(Series(_("目标"), {target.year: standing.goal}, tone=2, dashed=True))
    combined = data["forecasts"][-1] if data.get("forecasts") else None
    if combined and combined["point"] is not None:
        series.append(_forecast(data, combined, observed))
    years = [year for each in series for year in each.values]
    xs = list(range(min(years), max(years) + 1))
    note = _("带：%(level).0f%% 预测区间") % {"level": 100 * combined["level"]} if combined and combined["low"] is not None else ""  # fmt: skip
    return lines(target.indicator, standing.unit, xs, series, chosen=target.year, decimals=_decimals(standing), note=note, name="target")  # fmt: skip


def _forecast(data: dict[str, Any], combined: dict[str, Any], observed: dict[int, float]) -> Series:
    """The combined answer at the target's year; between now and then the path of the way that weighs most."""
    ways = [each for each in data["forecasts"] if each["path"]]
    values: dict[int, float | None] = {}
    low: dict[int, float] = {}
    high: dict[int, float] = {}
    if ways:
        for at, point, lower, upper in ways[0]["path"]:
            year = math.ceil(at - 1e-9)
            values[year], low[year], high[year] = point, lower, upper
    values[combined["year"]] = combined["point"]
    if combined["low"] is not None:
        low[combined["year"]], high[combined["year"]] = combined["low"], combined["high"]
    if observed:
        last = max(observed)
        values[last] = low[last] = high[last] = observed[last]
    return Series(_("预测"), values, tone=3, dashed=True, low=low, high=high)


def _decimals(standing: Standing) -> int:
    largest = max((abs(row[2]) for row in standing.data["history"]), default=abs(standing.goal or 1.0))
    return 0 if largest >= 1000 else 1 if largest >= 10 else 3
