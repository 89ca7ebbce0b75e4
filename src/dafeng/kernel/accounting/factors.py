"""Factors as columns: dated, sourced values with a standing, kept as printed.

A table is read from CSV with errors that name file and line. Three owners are kept apart: `methodology` (official
text, immutable), `provider` (a package or database, immutable snapshot), `municipal` (the city's own, versioned).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from dafeng.kernel.accounting.status import ABSENT, SOUND, UNSIGNED
from dafeng.kernel.errors import FactorError, Place, PlaceError, UnitError
from dafeng.kernel.quantities import places, units

OWNERS = ("methodology", "provider", "municipal")
DISTRIBUTIONS = ("normal", "lognormal", "triangular", "uniform")
SCHEMA = {
    "factor_id": pl.String,
    "set": pl.String,
    "parameter": pl.String,
    "category": pl.String,
    "item": pl.String,
    "technology": pl.String,
    "place": pl.String,
    "year": pl.Int16,
    "value": pl.Float64,
    "unit": pl.String,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "distribution": pl.String,
    "owner": pl.String,
    "standing": pl.String,
    "source": pl.String,
    "note": pl.String,
}


def read_factors(paths: Iterable[Path]) -> pl.DataFrame:
    """All factor tables as one frame. Raises `FactorError` naming file, line and column of the first fault."""
    frames = []
    for path in sorted(paths):
        frame = pl.read_csv(path, infer_schema=False).fill_null("")
        if list(frame.columns) != list(SCHEMA):
            raise FactorError("因子表的表头不对", expected=",".join(SCHEMA), where=Place(file=path.name, row=1))
        frames.append(_typed(frame, path.name))
    return factor_frame(pl.concat(frames))


def factor_frame(data: pl.DataFrame | list[dict[str, Any]]) -> pl.DataFrame:
    """Bring factor rows into the shape that a compile reads. Raises `FactorError` for a doubled id."""
    if not isinstance(data, pl.DataFrame):
        data = pl.DataFrame([{name: row.get(name) for name in SCHEMA} for row in data], schema=SCHEMA)
    missing = [name for name in ("factor_id", "set", "parameter", "value", "unit") if name not in data.columns]
    if missing:
        raise FactorError(f"因子表缺少列 {'、'.join(missing)}")
    defaults = {"distribution": "normal", "owner": "municipal", "standing": "municipal", "place": places.WORLD}
    frame = data.with_columns(
        *(pl.lit(None, dtype=dtype).alias(name) for name, dtype in SCHEMA.items() if name not in data.columns)
    ).select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())
    frame = frame.with_columns(
        pl.when(pl.col(name).is_null() | (pl.col(name) == ""))
        .then(pl.lit(defaults.get(name, "")))
        .otherwise(pl.col(name))
        .alias(name)
        for name, dtype in SCHEMA.items()
        if dtype == pl.String
    )
    doubled = frame.filter(pl.col("factor_id").is_duplicated())["factor_id"].unique()
    if doubled.len():
        raise FactorError(f"因子编号重复：{'、'.join(doubled.sort().head(5))}")
    finite = pl.all_horizontal(pl.col("value", "lower", "upper").is_finite().fill_null(True))
    odd = frame.filter(~finite)["factor_id"]
    if odd.len():
        raise FactorError(f"因子 {'、'.join(odd.sort().head(5))} 的数值或界限不是有限的数")
    return frame


def _typed(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Parse numbers and check words line by line, so that a fault can be pointed at."""

    def fault(line: int, column: str, what: str, expected: str = "") -> FactorError:
        return FactorError(what, expected=expected, where=Place(file=name, row=line, column=column))

    allowed: Mapping[str, Iterable[str]] = {
        "owner": OWNERS,
        "distribution": ("", *DISTRIBUTIONS),
        "standing": sorted(SOUND | UNSIGNED | ABSENT),
    }
    for line, row in enumerate(frame.iter_rows(named=True), start=2):
        for column in ("factor_id", "set", "parameter", "unit", "source"):
            if not row[column]:
                raise fault(line, column, "不能为空")
        for column, words in allowed.items():
            if row[column] not in words:
                raise fault(line, column, f"不认识的“{row[column]}”", "、".join(words))
        try:
            units.parse(row["unit"])
            if row["place"]:
                places.level(row["place"])
        except (UnitError, PlaceError) as error:
            raise fault(
                line, "unit" if isinstance(error, UnitError) else "place", error.what, error.expected
            ) from error
        if bool(row["value"]) == (row["standing"] in ABSENT):
            raise fault(line, "value", "数值与 standing 不一致", "gap 行没有数值，其他行都有")
        for column in ("value", "lower", "upper", "year"):
            try:
                finite = math.isfinite(float(row[column] or 0))
            except ValueError as error:
                raise fault(line, column, f"不是数：“{row[column]}”", "一个数") from error
            if not finite:
                raise fault(line, column, f"不是有限的数：“{row[column]}”", "一个数")
    return frame.with_columns(
        pl.when(pl.col(column) == "").then(None).otherwise(pl.col(column)).cast(SCHEMA[column]).alias(column)
        for column in ("value", "lower", "upper", "year")
    )


def sign(factors: pl.DataFrame, signed: Iterable[str]) -> pl.DataFrame:
    """The table with the standing of the named factors raised to `signed`: a reviewer has vouched for them."""
    return factors.with_columns(
        pl.when(pl.col("factor_id").is_in(list(signed)) & pl.col("value").is_not_null())
        .then(pl.lit("signed"))
        .otherwise(pl.col("standing"))
        .alias("standing")
    )
