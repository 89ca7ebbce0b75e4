"""Fill gaps in activity data, each made row marked with its tool and telling from what it was made.

Every tool takes a frame and returns a frame: the rows that came in stay as they were, made rows are added with
`basis="estimated"`, their own `mark`, and a `source` that names rows, tool and proxy. Only a split takes away: the rows of
the parts replace the row of the whole. Tools never overwrite a year that already has a row, whatever it holds.
Source: IPCC 2006 vol. 1 ch. 5 (time-series consistency), with its names for the techniques.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import fsum
from typing import Any, Literal

import numpy as np
import polars as pl

from dafeng.kernel.errors import ActivityError

KEY = ("category", "item", "technology", "variable", "place", "unit")

# mark → (Chinese, the name in IPCC 2006 vol. 1 ch. 5)
MARKS = {
    "interpolated": ("内插", "interpolation"),
    "extrapolated": ("趋势外推", "trend extrapolation"),
    "surrogate": ("替代数据", "surrogate data (eq. 5.2)"),
    "spliced": ("重叠拼接", "overlap (eq. 5.1)"),
    "downscaled": ("分摊", "downscaling by a proxy"),
}

Series = dict[int, dict[str, Any]]


@dataclass(frozen=True)
class Proxy:
    """A series that stands in for the one wanted: what moves, or lies in space, as the activity is thought to.

    `frame` has place, year, value and perhaps unit, source, mark; `note` says what is poor about it, and is quoted in
    every row that rests on it.
    """

    name: str
    frame: pl.DataFrame = field(repr=False)
    note: str = ""

    def table(self) -> dict[tuple[str, int], dict[str, Any]]:
        """(place, year) → row. Raises `ActivityError` when a place and year occur twice."""
        doubled = self.frame.filter(pl.struct("place", "year").is_duplicated())
        for row in doubled.head(1).iter_rows(named=True):
            raise ActivityError(f"代理变量“{self.name}”中 {row['place']} {row['year']} 年出现了两次", mend="请只留一行")
        return {(row["place"], row["year"]): row for row in self.frame.iter_rows(named=True)}

    def quote(self, rows: Iterable[Mapping[str, Any]]) -> str:
        """Where the proxy is from, which of its values were themselves made, and what is poor about it."""
        used = list(rows)
        sources = "；".join(dict.fromkeys(row.get("source") or "" for row in used)).strip("；")
        made = any(row.get("mark") for row in used)
        parts = (sources, "代理变量本身为补缺所得" if made else "", self.note)
        return "；".join(part for part in parts if part)


# ---------------------------------------------------------------- along the years


def interpolate(frame: pl.DataFrame, *, key: Sequence[str] = KEY) -> pl.DataFrame:
    """Fill the years between known years of each series on a straight line. Idempotent."""
    made = []
    for series in _series(frame, key):
        for before, after in pairwise(_known(series)):
            for year in range(before + 1, after):
                if year in series:
                    continue
                share = (year - before) / (after - before)
                low, high = series[before], series[after]
                value = low["value"] * (1 - share) + high["value"] * share
                words = f"{_quote(low)} 与 {_quote(high)} 之间直线内插"
                made.append(_made(low, year, value, "interpolated", words, (low, high)))
    return _with(frame, made)


def extrapolate(
    frame: pl.DataFrame,
    years: Iterable[int],
    *,
    trend: Literal["linear", "held"] = "linear",
    driver: Proxy | None = None,
    key: Sequence[str] = KEY,
) -> pl.DataFrame:
    """Extend each series to `years` that lie outside its known ones. Idempotent with `held` and with a driver.

    `linear` continues the least-squares line through all known years (two at least); `held` repeats the nearest known
    value; a `driver` moves the nearest known value as the driver moves at the same place. Raises `ActivityError` for too
    few years, for a driver without the year, and for a trend that makes a quantity negative that never was.
    """
    wanted = sorted(set(years))
    table = driver.table() if driver else {}
    made = []
    for series in _series(frame, key):
        known = _known(series)
        if not known:
            continue
        for year in wanted:
            if year in series or known[0] < year < known[-1]:
                continue
            near = series[known[0] if year < known[0] else known[-1]]
            if driver:
                value, words, quoted = _by_ratio(driver, table, near, year)
                made.append(_made(near, year, value, "extrapolated", words, (near,), quoted))
            elif trend == "held":
                made.append(_made(near, year, near["value"], "extrapolated", f"沿用 {_quote(near)}", (near,)))
            else:
                value, words = _on_the_line(series, known, year)
                made.append(_made(near, year, value, "extrapolated", words, [series[y] for y in known]))
    return _with(frame, made)


def surrogate(frame: pl.DataFrame, proxy: Proxy, years: Iterable[int], *, key: Sequence[str] = KEY) -> pl.DataFrame:
    """Fill `years` of each series from a proxy at the same place: value = known × proxy(year) ÷ proxy(known year), eq. 5.2.

    Between two known years the ratio of series to proxy is interpolated, as the guideline asks where more than one year
    is known; outside them the nearest year's ratio is kept. Idempotent.
    """
    table = proxy.table()
    made = []
    for series in _series(frame, key):
        known = _known(series)
        for year in sorted(set(years) - set(series)):
            if not known:
                continue
            around = [
                max((y for y in known if y < year), default=None),
                min((y for y in known if y > year), default=None),
            ]
            near = [series[y] for y in around if y is not None]
            found = [_by_ratio(proxy, table, row, year) for row in near]
            if len(near) == 2:
                share = (year - near[0]["year"]) / (near[1]["year"] - near[0]["year"])
                value = found[0][0] * (1 - share) + found[1][0] * share
                words = "；".join(text for _, text, _ in found) + "；两式按年距加权"
            else:
                value, words = found[0][:2]
            made.append(_made(near[0], year, value, "surrogate", words, near, found[0][2]))
    return _with(frame, made)


def splice(
    frame: pl.DataFrame, former: pl.DataFrame, *, name: str, key: Sequence[str] = KEY, overlap: int = 1
) -> pl.DataFrame:
    """Extend each series by one compiled in another way, scaled by their mean ratio in common years, eq. 5.1.

    `former` has the same columns; `name` says what it is. Units may not differ. At least `overlap` common years are
    needed. The source of each made row gives the ratio and its range, for a reader to judge whether the two agree.
    """
    others = {tuple(series[min(series)][k] for k in key): series for series in _series(former, key)}
    made = []
    for series in _series(frame, key):
        identity = tuple(series[min(series)][k] for k in key)
        other = others.get(identity)
        if other is None:
            continue
        common = [year for year in _known(series) if year in _known(other)]
        label = _label(series[min(series)])
        if len(common) < overlap:
            raise ActivityError(f"{label}与“{name}”只有 {len(common)} 个共同年份", expected=f"至少 {overlap} 个")
        if any(other[year]["value"] == 0 for year in common):
            raise ActivityError(f"{label}：“{name}”在共同年份中有零，不能求比值", mend="请改用其他补缺方法")
        ratios = [series[year]["value"] / other[year]["value"] for year in common]
        ratio = fsum(ratios) / len(ratios)
        spread = f"比值 {ratio:.6g}（{common[0]}–{common[-1]} 年 {min(ratios):.6g}–{max(ratios):.6g}）"
        for year in (year for year in _known(other) if year not in series):
            words = f"“{name}”{_quote(other[year])} × {spread}"
            near = series[min(common, key=lambda known: abs(known - year))]
            made.append(_made(near, year, other[year]["value"] * ratio, "spliced", words, (other[year],)))
    return _with(frame, made)


# ---------------------------------------------------------------- from a whole to its parts


def downscale(
    frame: pl.DataFrame, proxy: Proxy, *, parent: str, children: Sequence[str], categories: Sequence[str] = ("",)
) -> pl.DataFrame:
    """Split every row of `parent` among all its `children` by the proxy's value of the same year; the rows replace it.

    The children's values add up to the parent's exactly (`math.fsum`). Rows without a number, and categories that start
    with none of `categories`, stay with the parent. Raises `ActivityError` naming a child whose proxy is missing or not
    positive: a county is never left out silently, nor given a share out of nothing.
    """
    if len(set(children)) != len(children) or parent in children:
        raise ActivityError("分摊的下级地区有重复，或包含了上级地区自己")
    chosen = (pl.col("place").cast(pl.String) == parent) & pl.col("value").is_not_null() & _starts(categories)
    table, made = proxy.table(), []
    shares: dict[int, tuple[dict[str, float], str]] = {}
    for row in frame.filter(chosen).iter_rows(named=True):
        if row["year"] not in shares:
            shares[row["year"]] = _shares(proxy, table, children, row["year"])
        weights, quoted = shares[row["year"]]
        for child, value in _exact_parts(row["value"], weights).items():
            words = f"{parent} 的 {_quote(row)} 按“{proxy.name}”分给 {child}，占 {100 * weights[child]:.4g}%"
            made.append(_made({**row, "place": child}, row["year"], value, "downscaled", words, (row,), quoted))
    return _with(frame.filter(~chosen), made)


def downscale_part(
    frame: pl.DataFrame, proxy: Proxy, *, parent: str, child: str, categories: Sequence[str] = ("",)
) -> pl.DataFrame:
    """Add, for every row of `parent`, the share of one `child`: value × proxy(child) ÷ proxy(parent) in the same year.

    From province to city: the province keeps its rows, since the rest of it is not named. Raises `ActivityError` when the
    proxy of either is missing or not positive.
    """
    chosen = (pl.col("place").cast(pl.String) == parent) & pl.col("value").is_not_null() & _starts(categories)
    table, made = proxy.table(), []
    for row in frame.filter(chosen).iter_rows(named=True):
        whole, part = (_proxy_row(proxy, table, place, row["year"]) for place in (parent, child))
        share = part["value"] / whole["value"]
        words = (
            f"{parent} 的 {_quote(row)} × “{proxy.name}”之比 {part['value']:g}÷{whole['value']:g}（{child}÷{parent}）"
        )
        quoted = proxy.quote((part, whole))
        made.append(
            _made({**row, "place": child}, row["year"], row["value"] * share, "downscaled", words, (row,), quoted)
        )
    return _with(frame, made)


def _shares(
    proxy: Proxy, table: Mapping[tuple[str, int], dict[str, Any]], children: Sequence[str], year: int
) -> tuple[dict[str, float], str]:
    used = {child: _proxy_row(proxy, table, child, year) for child in children}
    total = fsum(row["value"] for row in used.values())
    return {child: row["value"] / total for child, row in used.items()}, proxy.quote(used.values())


def _proxy_row(proxy: Proxy, table: Mapping[tuple[str, int], dict[str, Any]], place: str, year: int) -> dict[str, Any]:
    row = table.get((place, year))
    if row is None or row["value"] is None:
        raise ActivityError(
            f"代理变量“{proxy.name}”没有 {place} {year} 年的值",
            expected="每个地区每年一个正数",
            mend="请补充，或先对代理变量补缺",
        )
    if not row["value"] > 0:
        raise ActivityError(
            f"代理变量“{proxy.name}”在 {place} {year} 年为 {row['value']:g}",
            expected="一个正数",
            mend="请核实，或换用其他代理变量",
        )
    return row


def _exact_parts(value: float, weights: Mapping[str, float]) -> dict[str, float]:
    """value × weight for each, the largest part taking up the last bits so that the sum is the value itself."""
    parts = {name: value * weight for name, weight in weights.items()}
    largest = max(weights, key=lambda name: (weights[name], name))
    for _ in range(4):
        rest = fsum([value, *(-part for part in parts.values())])
        if rest == 0:
            break
        parts[largest] += rest
    return parts


# ---------------------------------------------------------------- shared


def _series(frame: pl.DataFrame, key: Sequence[str]) -> list[Series]:
    """The rows of each series by year. Raises `ActivityError` for two rows of one year: which one is known?"""
    _need(frame, key)
    found: dict[tuple[Any, ...], Series] = {}
    for row in frame.iter_rows(named=True):
        series = found.setdefault(tuple(row[k] for k in key), {})
        if row["year"] in series:
            raise ActivityError(f"{_label(row)} {row['year']} 年有两行", mend="补缺前请合并，或加列区分")
        series[row["year"]] = row
    return list(found.values())


def _need(frame: pl.DataFrame, key: Sequence[str]) -> None:
    missing = [name for name in (*key, "year", "value") if name not in frame.columns]
    if missing:
        raise ActivityError(f"补缺的数据缺少列 {'、'.join(missing)}")


def _known(series: Series) -> list[int]:
    return sorted(year for year, row in series.items() if row["value"] is not None)


def _label(row: Mapping[str, Any]) -> str:
    return "/".join(str(row[name]) for name in ("place", "category", "item", "variable") if row.get(name))


def _quote(row: Mapping[str, Any]) -> str:
    return f"{row['year']} 年 {row['value']:g} {row.get('unit') or ''}".rstrip()


def _starts(categories: Sequence[str]) -> pl.Expr:
    if "" in categories:
        return pl.lit(True)
    return pl.any_horizontal(pl.col("category").cast(pl.String).str.starts_with(prefix) for prefix in categories)


def _by_ratio(
    proxy: Proxy, table: Mapping[tuple[str, int], dict[str, Any]], near: Mapping[str, Any], year: int
) -> tuple[float, str, str]:
    then, now = (_proxy_row(proxy, table, near["place"], y) for y in (near["year"], year))
    words = f"{_quote(near)} × “{proxy.name}”之比 {now['value']:g}÷{then['value']:g}（{year}÷{near['year']} 年）"
    return near["value"] * now["value"] / then["value"], words, proxy.quote((then, now))


def _on_the_line(series: Series, known: list[int], year: int) -> tuple[float, str]:
    if len(known) < 2:
        raise ActivityError(f"{_label(series[known[0]])}只有一个已知年份，不能外推趋势", mend="请改用 held 或驱动因子")
    values = [series[y]["value"] for y in known]
    middle = fsum(known) / len(known)
    slope, level = np.polyfit([y - middle for y in known], values, 1)
    value = float(level + slope * (year - middle))
    if value < 0 <= min(values):
        raise ActivityError(
            f"{_label(series[known[0]])} {year} 年外推得负值 {value:g}",
            expected="不小于零",
            mend="请改用 held 或驱动因子",
        )
    return value, f"{known[0]}–{known[-1]} 年 {len(known)} 个已知年份的最小二乘直线，每年 {slope:+.6g}"


def _made(
    like: Mapping[str, Any],
    year: int,
    value: float,
    mark: str,
    words: str,
    parents: Iterable[Mapping[str, Any]],
    quoted: str = "",
) -> dict[str, Any]:
    """A row like its parent but made: what it says about itself is new, evidence and notes are not inherited."""
    origin = "；".join(dict.fromkeys(row.get("source") or "" for row in parents)).strip("；")
    source = f"{MARKS[mark][0]}：{words}"
    source += f"；代理变量：{quoted}" if quoted else ""
    source += f"；原始数据：{origin}" if origin else ""
    own = {"row", "activity_id", "evidence", "notation", "uncertainty"}
    kept = {name: cell for name, cell in like.items() if name not in own}
    return {**kept, "year": year, "value": value, "basis": "estimated", "mark": mark, "source": source}


def _with(frame: pl.DataFrame, made: list[dict[str, Any]]) -> pl.DataFrame:
    """The frame and the made rows below it, with the columns that say what a row is."""
    wanted = ("basis", "mark", "source")
    lacking = [pl.lit(None, dtype=pl.String).alias(name) for name in wanted if name not in frame.columns]
    base = frame.with_columns(lacking)
    if not made:
        return base
    enums = [name for name, dtype in base.schema.items() if isinstance(dtype, pl.Enum)]
    base = base.with_columns(pl.col(name).cast(pl.String) for name in enums)
    rows = pl.DataFrame(made, schema={name: base.schema[name] for name in base.columns}, orient="row")
    return pl.concat([base, rows.select(base.columns)])
