"""Values as they come from the blackboard, laid out as one column per value of the rubric.

In: one row per figure with `subject`, `indicator`, `value`, and where known `unit`, `status`, `notation`, `estimated`
(share that rests on estimates, 0–1). Out: a `Board`. A value that is not there stays missing (NaN); the notation keys NA
and NO say that the line does not concern this subject, which is something else. A rubric's own unit holds where a row
names none. A figure given twice, or not finite, is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from dafeng.kernel.accounting.status import Notation, Status
from dafeng.kernel.errors import DafengError, ScoringError
from dafeng.kernel.quantities import units
from dafeng.kernel.scoring.expression import Column, parse
from dafeng.kernel.scoring.rubric import Input, Item, in_order, reads

Marks = npt.NDArray[np.bool_]
Statuses = npt.NDArray[np.uint8]
REQUIRED = ("subject", "indicator", "value")
OPTIONAL = {"unit": pl.String, "status": pl.UInt8, "notation": pl.String, "estimated": pl.Float64}
NOT_CONCERNED = (str(Notation.NA), str(Notation.NO))


@dataclass(frozen=True)
class Board:
    """Columns by code of the value: float64 with NaN for missing; `na` where the value does not concern the subject."""

    subjects: pl.Series
    values: Mapping[str, Column]
    status: Mapping[str, Statuses]
    estimated: Mapping[str, Column]
    na: Mapping[str, Marks]

    @property
    def size(self) -> int:
        return len(self.subjects)

    def worst_status(self, entries: Sequence[Input | Item]) -> Statuses:
        """The worst status of these values; a missing one is INCOMPLETE."""
        worst = np.zeros(self.size, dtype=np.uint8)
        for each in entries:
            lacking = np.isnan(self.values[each.code]) & ~self.na[each.code]
            worst = np.maximum(worst, np.where(lacking, np.uint8(Status.INCOMPLETE), self.status[each.code]))
        return worst

    def take(self, rows: npt.NDArray[np.int64]) -> Board:
        def part(columns: Mapping[str, Any]) -> dict[str, Any]:
            return {code: column[rows] for code, column in columns.items()}

        return replace(
            self, subjects=self.subjects.gather(rows), values=part(self.values), status=part(self.status),
            estimated=part(self.estimated), na=part(self.na),
        )  # fmt: skip


def subject_frame(values: pl.DataFrame, subjects: pl.DataFrame | Sequence[str] | None) -> pl.DataFrame:
    """Columns subject, name, group. Without `subjects`, those that have values, in the order in which they come."""
    if subjects is None:
        subjects = values.select(pl.col("subject").unique(maintain_order=True))
    elif not isinstance(subjects, pl.DataFrame):
        subjects = pl.DataFrame({"subject": list(subjects)}, schema={"subject": pl.String})
    if "subject" not in subjects.columns:
        raise ScoringError("评分对象表没有 subject 列", expected="subject，可有 name、group")
    frame = subjects.with_columns(pl.col("subject").cast(pl.String))
    if frame["subject"].null_count():
        raise ScoringError("评分对象表有空行", expected="每行一个对象")
    if (twice := frame.filter(pl.col("subject").is_duplicated())).height:
        raise ScoringError(f"对象“{twice['subject'][0]}”出现两次", expected="每个对象一行")
    for name, default in (("name", pl.col("subject")), ("group", pl.lit(""))):
        given = pl.col(name).cast(pl.String) if name in frame.columns else pl.lit(None, dtype=pl.String)
        frame = frame.with_columns(pl.coalesce(given, default).alias(name))
    return frame.select("subject", "name", "group")


def board_of(entries: Sequence[Input | Item], values: pl.DataFrame, subjects: pl.Series | None = None) -> Board:
    """Every value of `entries` for every subject, those derived by rule included. Other indicators and subjects are passed over."""
    if lacking := [name for name in REQUIRED if name not in values.columns]:
        raise ScoringError(f"数值表缺少 {'、'.join(lacking)} 列", expected="、".join((*REQUIRED, *OPTIONAL)))
    for name in ("subject", "indicator"):
        if values[name].null_count():
            raise ScoringError(f"数值表有 {values[name].null_count()} 行没有 {name}", expected="每行一个对象的一个指标")
    if subjects is None:
        subjects = values["subject"].cast(pl.String).unique(maintain_order=True)
    bound = [each for each in entries if each.binding]
    rows = _placed(bound, values, subjects)
    size, width = len(subjects), len(bound)
    row, column = rows["_row"].to_numpy(), rows["_column"].to_numpy()
    if (counts := np.bincount(row * width + column, minlength=1)).max(initial=0) > 1:
        at = int(counts.argmax())
        raise ScoringError(
            f"对象“{subjects[at // width]}”的“{bound[at % width].binding}”给了 {counts.max()} 次",
            expected="每个对象每个指标一个数",
        )

    def grid(name: str, start: Any, kind: Any) -> Any:
        table = np.full((size, width), start, dtype=kind, order="F")
        table[row, column] = rows[name].to_numpy()
        return table

    value, status = grid("value", np.nan, np.float64), grid("status", 0, np.uint8)
    estimated, na = grid("estimated", 0.0, np.float64), grid("na", False, np.bool_)
    place = {each.code: number for number, each in enumerate(bound)}
    board = Board(
        subjects,
        {code: value[:, number] for code, number in place.items()},
        {code: status[:, number] for code, number in place.items()},
        {code: estimated[:, number] for code, number in place.items()},
        {code: na[:, number] for code, number in place.items()},
    )
    return _derived(board, entries)


def _placed(bound: Sequence[Input | Item], values: pl.DataFrame, subjects: pl.Series) -> pl.DataFrame:
    """The rows that are asked for, with the number of their subject and value, in the rubric's units."""
    missing = [pl.lit(None, dtype=kind).alias(name) for name, kind in OPTIONAL.items() if name not in values.columns]
    codes = pl.DataFrame(
        {"indicator": [each.binding for each in bound], "_column": range(len(bound))},
        schema={"indicator": pl.String, "_column": pl.Int64},
    )
    index = pl.DataFrame({"subject": subjects.cast(pl.String)}).with_row_index("_row").cast({"_row": pl.Int64})
    try:
        frame = values.with_columns(*missing).select(
            pl.col("subject", "indicator").cast(pl.String), pl.col("value").cast(pl.Float64),
            pl.col("unit", "notation").cast(pl.String), _status(values), pl.col("estimated").cast(pl.Float64),
        )  # fmt: skip
    except pl.exceptions.InvalidOperationError as error:
        raise ScoringError(
            f"数值表的类型不对：{error}", expected="value、estimated 为数，status 为 OK、INCOMPLETE、DEGRADED"
        ) from error
    frame = frame.join(codes, on="indicator").join(index, on="subject")
    _refuse(frame, pl.col("value").is_finite().not_(), "不是有限的数", "一个数；没有数据就留空")
    _refuse(frame, pl.col("status") > 2, "的状态不认识", "OK、INCOMPLETE、DEGRADED")
    _refuse(frame, ~pl.col("estimated").is_between(0, 1), "的估算占比超出范围", "0 至 1")
    _refuse(frame, ~pl.col("notation").is_in([*map(str, Notation), ""]), "的标记符号不认识", "、".join(Notation))
    return _in_units(frame, bound).select(
        "_row", "_column", pl.col("value").fill_null(np.nan), pl.col("status").fill_null(0),
        pl.col("estimated").fill_null(0.0),
        (pl.col("notation").is_in(NOT_CONCERNED).fill_null(False) & pl.col("value").is_null()).alias("na"),
    )  # fmt: skip


def _status(values: pl.DataFrame) -> pl.Expr:
    if "status" in values.columns and values.schema["status"] == pl.String:
        names = {status.name: int(status) for status in Status}
        return pl.col("status").replace_strict(names, return_dtype=pl.UInt8)
    return pl.col("status").cast(pl.UInt8)


def _refuse(frame: pl.DataFrame, wrong: pl.Expr, what: str, expected: str) -> None:
    found = frame.filter(wrong.fill_null(False)).head(1)
    for row in found.iter_rows(named=True):
        raise ScoringError(f"对象“{row['subject']}”的“{row['indicator']}”{what}", expected=expected)


def _in_units(frame: pl.DataFrame, bound: Sequence[Input | Item]) -> pl.DataFrame:
    """Values in the units of the rubric. Raises `ScoringError` where one cannot become the other."""
    if frame["unit"].null_count() == frame.height:
        return frame
    pairs = frame.select("_column", "unit", "subject").unique(["_column", "unit"], keep="any").drop_nulls("unit")
    factors = []
    for row in pairs.iter_rows(named=True):
        each = bound[row["_column"]]
        if row["unit"] in ("", each.unit):
            continue
        try:
            factor = units.conversion(row["unit"], each.unit)
        except DafengError as error:
            raise ScoringError(
                f"对象“{row['subject']}”的“{each.binding}”单位是“{row['unit']}”，不能换算：{error.what}",
                expected=each.unit or "无单位",
            ) from error
        factors.append({"_column": row["_column"], "unit": row["unit"], "_factor": factor})
    if not factors:
        return frame
    table = pl.DataFrame(factors, schema={"_column": pl.Int64, "unit": pl.String, "_factor": pl.Float64})
    frame = frame.join(table, on=["_column", "unit"], how="left")
    return frame.with_columns(pl.col("value") * pl.col("_factor").fill_null(1.0))


def _derived(board: Board, entries: Sequence[Input | Item]) -> Board:
    """The board with derived values added and absent register entries filled as the rubric says."""
    values, status = dict(board.values), dict(board.status)
    estimated, na = dict(board.estimated), dict(board.na)
    for code, each in in_order(entries).items():
        if each.value:
            names = sorted(reads(each.value))
            values[code] = parse(each.value, kind="number")(values, board.size)
            status[code] = np.max([status[name] for name in names], axis=0) if names else np.zeros(board.size, np.uint8)
            estimated[code] = np.max([estimated[name] for name in names], axis=0) if names else np.zeros(board.size)
            concerned = np.any([na[name] for name in names], axis=0) if names else np.zeros(board.size, bool)
            na[code] = concerned & np.isnan(values[code])
        elif isinstance(each, Input) and each.when_absent is not None:
            absent = np.isnan(values[code]) & ~na[code]
            values[code] = np.where(absent, each.when_absent, values[code])
    return replace(board, values=values, status=status, estimated=estimated, na=na)
