"""Computed points: sums, differences and shares of others, by the formula in force at each step. Pure but for the table of points.

    {"kind": "sum", "of": ["a", "b"]}    {"kind": "difference", "of": ["whole", "a", "b"]}    {"kind": "share", "of": ["a"], "share": 0.4}

A step in which a part is not known has no value: a sum that lacks a part would look right and be wrong. Parts are brought into the unit of
the computed point: a MWh and a kWh are 1001 kWh.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from dafeng.kernel.errors import UnitError
from dafeng.kernel.series.errors import SeriesError
from dafeng.kernel.series.flags import MISSING
from dafeng.kernel.series.frames import UTC_TIME
from dafeng.kernel.series.points import Table, factor_of

DEEPEST = 8
ERA = tuple[datetime | None, datetime | None, dict[str, float]]


@dataclass(frozen=True)
class Plan:
    """Which measured points are needed, and which are computed of them, parts first."""

    measured: list[int]
    computed: list[tuple[int, list[ERA]]]


def weights(formula: dict[str, Any]) -> dict[str, float]:
    """Code → factor. Raises `SeriesError` for what is no formula."""
    if not isinstance(formula, dict):
        raise SeriesError("读不懂公式", expected='{"kind": "sum|difference|share", "of": [计量点代码…]}')
    kind, of = formula.get("kind"), formula.get("of")
    codes = [of] if isinstance(of, str) else of
    if kind not in ("sum", "difference", "share") or not isinstance(codes, list) or not codes:
        raise SeriesError("读不懂公式", expected='{"kind": "sum|difference|share", "of": [计量点代码…]}')
    if not all(isinstance(code, str) for code in codes) or len(set(codes)) < len(codes):
        raise SeriesError("公式里的计量点须是各不相同的代码")
    if kind == "share":
        share = formula.get("share")
        if len(codes) != 1 or not isinstance(share, (int, float)) or isinstance(share, bool):
            raise SeriesError(
                "按比例分摊的公式须有一个计量点和比例", expected='{"kind": "share", "of": ["a"], "share": 0.4}'
            )
        return {codes[0]: float(share)}
    return {code: -1.0 if kind == "difference" and place else 1.0 for place, code in enumerate(codes)}


def fitting(code: str, unit: str, kind: str, whole_unit: str, whole_kind: str) -> float:
    """How many of the computed point's unit one of a part's is. Raises `SeriesError` where one cannot be made of the other.

    A level has a mean and an amount has a sum: neither is a part of the other.
    """
    if (kind == "instant") != (whole_kind == "instant"):
        raise SeriesError(
            f"公式里的计量点“{code}”不是同一类：瞬时值和用量不能相加减", mend="请用同为瞬时值、或同为用量的计量点"
        )
    try:
        return factor_of(unit, whole_unit)
    except UnitError as error:
        raise SeriesError(
            f"公式里的计量点“{code}”的单位 {unit} 不能换算成 {whole_unit}", mend="请改用单位可以换算的计量点"
        ) from error


def eras(table: Table, point: int) -> list[ERA]:
    """From when to when which formula holds."""
    dated: list[tuple[datetime | None, dict[str, Any]]] = []
    if point in table.formulas:
        dated.append((None, table.formulas[point]))
    dated += [(since, value) for number, since, value in table.facts.get("formula", []) if number == point]
    ends = [since for since, _value in dated[1:]] + [None]
    return [(since, end, weights(value)) for (since, value), end in zip(dated, ends, strict=True)]


def plan(table: Table, wanted: list[int]) -> Plan:
    """Raises `SeriesError` for a part that is not there or does not fit, a circle, or a tower of more than eight."""
    computed_points = set(table.frame.filter(pl.col("computed"))["point"])
    words = {point: (unit, kind) for point, unit, kind in table.frame.select("point", "unit", "kind").iter_rows()}
    measured: set[int] = set()
    order: dict[int, list[ERA]] = {}

    def visit(number: int, depth: int) -> None:
        if number in order:
            return
        if number not in computed_points:
            measured.add(number)
            return
        if depth > DEEPEST:
            raise SeriesError("公式绕成了圈，或套得太深", expected=f"至多 {DEEPEST} 层")
        found = eras(table, number)
        for _since, _end, parts in found:
            for code in parts:
                if code not in table.numbers:
                    raise SeriesError(f"公式里的计量点“{code}”没有登记")
                part = table.numbers[code]
                parts[code] *= fitting(code, *words[part], *words[number])
                visit(part, depth + 1)
        order[number] = found

    for each in wanted:
        visit(each, 0)
    return Plan(sorted(measured), list(order.items()))


def computed(plan: Plan, steps: pl.DataFrame, *, numbers: dict[str, int]) -> pl.DataFrame:
    """`steps` (with `coverage`) and beside them those of the computed points."""
    for number, dated in plan.computed:
        for since, end, parts in dated:
            factors = pl.DataFrame(
                [(numbers[code], weight) for code, weight in parts.items()],
                schema={"point": pl.Int64, "weight": pl.Float64}, orient="row",
            )  # fmt: skip
            rows = steps.join(factors, on="point", how="inner")
            if since is not None:
                rows = rows.filter(pl.col("at") >= pl.lit(since).cast(UTC_TIME))
            if end is not None:
                rows = rows.filter(pl.col("at") < pl.lit(end).cast(UTC_TIME))
            whole = (pl.len() == len(parts)) & pl.col("value").is_not_null().all()
            lacking = pl.when(whole).then(0).otherwise(MISSING)
            made = rows.group_by("at").agg(
                value=pl.when(whole).then((pl.col("value") * pl.col("weight")).sum()),
                measured=pl.when(whole).then(pl.col("measured").min()).otherwise(0.0),
                known=pl.when(whole).then(pl.col("known").min()).otherwise(0.0),
                flag=(pl.col("flag").bitwise_or() | lacking).cast(pl.UInt16),
                coverage=pl.when(whole).then(pl.col("coverage").min()).otherwise(0.0),
            )  # fmt: skip
            made = made.with_columns(
                point=pl.lit(number, pl.Int64), low=pl.lit(None, pl.Float64), high=pl.lit(None, pl.Float64)
            )
            steps = pl.concat([steps, made.select(steps.columns)])
    return steps
