"""The slower road: methods that are not proportional to one activity, and methods over a whole history.

Inputs of one source lie in several activity rows (same category, item, technology, place and year, the input's name as
`variable`); they are joined here. What is missing is said, not assumed, unless the source prescribes a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from dafeng.kernel.accounting.activity import NOTATIONS
from dafeng.kernel.accounting.linear import terms_wide
from dafeng.kernel.accounting.recipes import SeriesMethod
from dafeng.kernel.accounting.registry import Method, find_method
from dafeng.kernel.accounting.resolution import Resolution
from dafeng.kernel.accounting.status import Notation, Status
from dafeng.kernel.errors import ActivityError, UnitError
from dafeng.kernel.quantities import units

_SOURCE = ["category", "item", "technology", "place", "year"]
RESULTS: dict[str, Any] = {
    "row": pl.UInt32,
    "resolution": pl.UInt32,
    "emission": pl.Float64,
    "status": pl.UInt8,
    "notation": NOTATIONS,
}
_LINKS: dict[str, Any] = {"row": pl.UInt32, "input": pl.String, "other_row": pl.UInt32}


def compute_by_formula(
    frame: pl.DataFrame, key: np.ndarray, resolution: Resolution, series: Mapping[str, SeriesMethod]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Results and links of every resolution marked `by_formula`."""
    wanted = resolution.resolutions.filter("by_formula")
    results = [pl.DataFrame(schema=RESULTS)]
    links = [pl.DataFrame(schema=_LINKS)]
    if wanted.height:
        keyed = frame.with_columns(pl.Series("key", key).cast(wanted.schema["key"]))
        for (name,), group in wanted.group_by("method", maintain_order=True):
            method = series.get(str(name)) or find_method(str(name))
            primary = keyed.join(group.select("key", "resolution", "scale", "status"), on="key", maintain_order="left")
            primary = primary.with_columns((pl.col("value") * pl.col("scale")).alias("value"))
            if isinstance(method, SeriesMethod):
                untold = resolution.resolutions.filter((pl.col("method") == name) & ~pl.col("by_formula"))
                lost = keyed.join(untold.select("key"), on="key", how="semi")
                result, link = _over_history(frame, primary, lost, method, resolution.terms)
            else:
                result, link = _over_inputs(frame, primary, method, resolution.terms)
            results.append(result)
            links.append(link)
    return pl.concat(results), pl.concat(links)


def _inputs_of(frame: pl.DataFrame, name: str, unit: str) -> pl.DataFrame:
    """All rows that report this input, in its unit. Raises `ActivityError` when a source reports it twice."""
    rows = frame.filter(pl.col("variable").cast(pl.String) == name)
    scales = []
    for given in rows["unit"].unique().cast(pl.String):
        try:
            scales.append((given, units.conversion(given, unit)))
        except UnitError as error:
            raise ActivityError(f"输入 {name} 的{error.what}", expected=f"与 {unit} 同类的单位") from error
    table = pl.DataFrame(scales, schema={"unit": pl.String, "factor": pl.Float64}, orient="row")
    found = rows.with_columns(pl.col("unit").cast(pl.String)).join(table, on="unit", maintain_order="left")
    found = found.select(
        *_SOURCE,
        (pl.col("value") * pl.col("factor")).alias(name),
        pl.col("row").alias(f"{name}_row"),
        (pl.col("value").is_null() & ~pl.col("notation").is_in(["NO", "NA"])).fill_null(False).alias(f"{name}_unknown"),
    )
    doubled = found.filter(pl.struct(_SOURCE).is_duplicated())
    if doubled.height:
        first = doubled.row(0, named=True)
        raise ActivityError(
            f"{first['place']} {first['year']} 年 {first['category']} {first['item']} 的输入 {name} 报了多次",
            expected="每个来源每年一个值",
        )
    return found


def _or_default(name: str, default: float) -> pl.Expr:
    """What the source prescribes where nothing was reported or nothing occurs; NE, IE and C are never read as a number."""
    return (
        pl.when(pl.col(f"{name}_unknown").fill_null(False))
        .then(None)
        .otherwise(pl.col(name).fill_null(default))
        .alias(name)
    )


def _finish(table: pl.DataFrame) -> pl.DataFrame:
    """Emission null or not finite → NE and INCOMPLETE; a notation key of the primary row stays and never betters the status."""
    known = pl.col("emission").is_finite().fill_null(False)
    estimated = (pl.col("notation") != "NE").fill_null(True)
    not_estimated = pl.lit(str(Notation.NE), dtype=NOTATIONS)
    noted = pl.col("notation").is_not_null() & estimated
    return table.select(
        pl.col("row").cast(pl.UInt32),
        pl.col("resolution").cast(pl.UInt32),
        pl.when(known).then(pl.col("emission")).alias("emission"),
        pl.when(known & estimated)
        .then(pl.col("status"))
        .when(known)
        .then(pl.max_horizontal("status", pl.lit(int(Status.INCOMPLETE), dtype=pl.UInt8)))
        .when(noted)
        .then(int(Status.OK))
        .otherwise(int(Status.INCOMPLETE))
        .cast(pl.UInt8)
        .alias("status"),
        pl.when(known)
        .then(pl.col("notation"))
        .otherwise(pl.col("notation").fill_null(not_estimated))
        .alias("notation"),
    )


def _over_inputs(
    frame: pl.DataFrame, primary: pl.DataFrame, method: Method, terms: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    table = terms_wide(primary, terms, method.parameters).rename({"value": method.activity[0]})
    links = [pl.DataFrame(schema=_LINKS)]
    for name in method.activity[1:]:
        found = _inputs_of(frame, name, method.inputs[name])
        table = table.join(found, on=_SOURCE, how="left", maintain_order="left")
        links.append(
            table.filter(pl.col(f"{name}_row").is_not_null()).select(
                "row", pl.lit(name).alias("input"), pl.col(f"{name}_row").alias("other_row")
            )
        )
        if name in method.optional:
            table = table.with_columns(_or_default(name, method.optional[name]))
    table = table.with_columns(method.columns().cast(pl.Float64).alias("emission"))
    return _finish(table), pl.concat(links)


def history(frame: pl.DataFrame, rows: pl.DataFrame, method: SeriesMethod) -> dict[str, Any]:
    """One source's years, input arrays and the rows they come from (-1: none), in order.

    Raises `ActivityError` for a gap, which a gap tool must fill first.
    """
    ordered = rows.sort("year")
    years = ordered["year"].to_numpy().astype(int)
    if years.size > 1 and not (np.diff(years) == 1).all():
        lacking = sorted(set(range(int(years[0]), int(years[-1]))) - set(years.tolist()))
        first = ordered.row(0, named=True)
        raise ActivityError(
            f"{first['place']} {first['category']} {first['item']} 的历年数据缺 {'、'.join(map(str, lacking))} 年或有重复",
            expected="逐年一个值",
            mend="请补齐，或先用内插等补缺工具生成带标记的行",
        )
    arrays: dict[str, Any] = {method.activity: ordered["value"].to_numpy()}
    rows_of: dict[str, Any] = {method.activity: ordered["row"].to_numpy()}
    for name, default in method.optional.items():
        found = _inputs_of(frame, name, method.activity_unit)
        joined = ordered.select(*_SOURCE).join(found, on=_SOURCE, how="left", maintain_order="left")
        arrays[name] = joined.select(_or_default(name, default).fill_null(float("nan")))[name].to_numpy()
        rows_of[name] = joined[f"{name}_row"].cast(pl.Int64).fill_null(-1).to_numpy()
    return {"rows": ordered, "years": years, "arrays": arrays, "rows_of": rows_of}


def _begun_late(primary: pl.DataFrame, lost: pl.DataFrame) -> pl.DataFrame:
    """Rows after a year of the same source that was not estimated: the history behind them is not whole."""
    source = [name for name in _SOURCE if name != "year"]
    unknown = primary.filter(pl.col("value").is_null() & ~pl.col("notation").is_in(["NO", "NA"]))
    gone = (
        pl.concat([unknown.select(_SOURCE), lost.select(_SOURCE)])
        .group_by(source)
        .agg(pl.col("year").min().alias("since"))
    )
    late = (pl.col("since") < pl.col("year")).fill_null(False)
    incomplete = pl.max_horizontal("status", pl.lit(int(Status.INCOMPLETE), dtype=pl.UInt8))
    return primary.join(gone, on=source, how="left", maintain_order="left").with_columns(
        pl.when(late).then(incomplete).otherwise(pl.col("status")).alias("status")
    )


def _over_history(
    frame: pl.DataFrame, primary: pl.DataFrame, lost: pl.DataFrame, method: SeriesMethod, terms: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    names = tuple(method.parameters)
    primary = _begun_late(primary, lost)
    table = terms_wide(primary.filter(pl.col("value").is_not_null()), terms, names)
    results, links = [], [pl.DataFrame(schema=_LINKS)]
    for _, group in table.group_by("category", "item", "technology", "place", maintain_order=True):
        told = history(frame, group, method)
        ordered = told["rows"]
        # A parameter that changes from year to year is the parameter of the year of the emission.
        parameters = {name: ordered[name].to_numpy() for name in names}
        constant = {
            name: float(column[-1]) if np.all(column == column[0]) else column for name, column in parameters.items()
        }
        emission = method.function(told["years"], **told["arrays"], **constant)
        results.append(_finish(ordered.with_columns(pl.Series("emission", np.asarray(emission, dtype=float)))))
        rows = ordered["row"].to_numpy()
        later, earlier = np.tril_indices(rows.size, k=-1)
        links.append(
            pl.DataFrame(
                {"row": rows[later], "input": [method.activity] * later.size, "other_row": rows[earlier]}, schema=_LINKS
            )
        )
        for name in method.optional:
            later, earlier = np.tril_indices(rows.size)
            other = told["rows_of"][name][earlier]
            later, other = later[other >= 0], other[other >= 0]
            links.append(
                pl.DataFrame({"row": rows[later], "input": [name] * later.size, "other_row": other}, schema=_LINKS)
            )
    noted = primary.filter(pl.col("value").is_null()).with_columns(pl.lit(None, dtype=pl.Float64).alias("emission"))
    results.append(_finish(noted))
    return pl.concat(results), pl.concat(links)
