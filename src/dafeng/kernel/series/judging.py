"""Which told readings can be taken: checks of columns, each with a reason code. Pure but for what is known of the points.

`judge` looks at each row by itself. `follow` looks at rows of registers after what stood there before, in the order of time: only
a meter that seems to run backwards, or to leap a thousandfold, is gone through row by row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from dafeng.kernel.series.flags import NEGATIVE, OFF_GRID, OVER_RATED, RESET, ROLLED
from dafeng.kernel.series.frames import UTC_TIME
from dafeng.kernel.series.points import Table
from dafeng.kernel.series.rolling import with_factor

AHEAD = timedelta(minutes=5)  # a clock may be so much fast
OLDEST = datetime(2000, 1, 1)
MOST = 1e15  # what no register shows and a float still counts one by one; sums of more would be infinite
ABOVE = 1.2  # times the rated value: what a meter may show for a moment
LEAPS = ((900.0, 1_100.0), (9_000.0, 11_000.0))
NEAR_ZERO = 0.05  # of what stood there: a register that fell so far was set back, not read wrongly


def judge(told: pl.DataFrame, table: Table, *, device: int | None, now: datetime) -> pl.DataFrame:
    """`told` (`row point code at value revision arrived unit`) with `reason` (null: may be taken), `flag`, and facts of its point.

    Rows of a point whose clock is known to be wrong are set right first.
    """
    known = table.frame.select("point", "kind", "period", "digits", "rated", "computed", "device", "since", "until")
    rows = _on_time(told, table).join(known, on="point", how="left", maintain_order="left")
    rows = table.in_force(rows, "rated", "digits", "period")
    at, value = pl.col("at"), pl.col("value")
    latest = pl.lit(now + AHEAD).cast(UTC_TIME)
    oldest = pl.lit(OLDEST).dt.replace_time_zone("UTC").cast(UTC_TIME)
    foreign = pl.lit(False) if device is None else (pl.col("device") != device).fill_null(True)
    unit_wrong = _unit_wrong(rows, table)
    reason = (
        pl.when(pl.col("kind").is_null()).then(pl.lit("unknown_point"))
        .when(pl.col("computed")).then(pl.lit("computed_point"))
        .when(foreign).then(pl.lit("foreign_point"))
        .when(value.is_null() | ~value.is_finite()).then(pl.lit("not_a_number"))
        .when(value.abs() > MOST).then(pl.lit("too_large"))
        .when(at.is_null() | (at < oldest)).then(pl.lit("no_time"))
        .when(at > latest).then(pl.lit("future"))
        .when((at < pl.col("since")) | (at > pl.col("until"))).then(pl.lit("not_in_service"))
        .when(unit_wrong).then(pl.lit("unit_changed"))
        .when(pl.col("revision") < 0).then(pl.lit("no_revision"))
    )  # fmt: skip
    return _flagged(rows.with_columns(reason=reason), table)


def _on_time(told: pl.DataFrame, table: Table) -> pl.DataFrame:
    clocks = table.dated("clock")
    if not clocks.height or not told["point"].is_in(clocks["point"].implode()).any():
        return told
    return (
        told.sort("at", maintain_order=True)
        .join_asof(clocks, left_on="at", right_on="since", by="point", strategy="backward", check_sortedness=False)
        .with_columns(at=pl.col("at") - pl.duration(microseconds=(pl.col("fact").fill_null(0.0) * 1e6).cast(pl.Int64)))
        .select(told.columns)
        .sort("row")
    )


def _unit_wrong(rows: pl.DataFrame, table: Table) -> pl.Expr:
    """Rows that name a unit which is not the one in force."""
    if rows["unit"].null_count() == rows.height:
        return pl.lit(False)
    return pl.lit((rows["unit"] != table.units_at(rows)).fill_null(False))


def _flagged(rows: pl.DataFrame, table: Table) -> pl.DataFrame:
    rows = with_factor(rows, table.factors)
    kind, value = pl.col("kind"), pl.col("value") * pl.col("factor")
    hours = pl.when(kind == "interval").then(pl.col("period") / 3600.0).otherwise(1.0)
    off = pl.col("at").dt.epoch("s") % pl.col("period")
    apart = pl.min_horizontal(off, pl.col("period") - off) * 10 > pl.col("period")
    flag = (
        pl.when((pl.col("value") < 0) & (kind != "instant")).then(NEGATIVE).otherwise(0)
        + pl.when((value.abs() > ABOVE * pl.col("rated") * hours) & (kind != "register")).then(OVER_RATED).otherwise(0)
        + pl.when(apart & (kind == "interval")).then(OFF_GRID).otherwise(0)
    )
    return rows.with_columns(flag=flag.fill_null(0).cast(pl.UInt16))


def _over_rated(head: pl.DataFrame, rows: pl.DataFrame, table: Table) -> pl.DataFrame:
    """`head` with `OVER_RATED` on registers that counted on faster than can be since the reading before.

    A register of whole numbers may have turned its last figure just before or after: one of it is not held against it.
    """
    same = pl.col("point") == pl.col("point").shift(1)
    was = pl.when(same).then(pl.col("value").shift(1)).otherwise("was")
    was_at = pl.when(same).then(pl.col("at").shift(1)).otherwise("was_at")
    factor, hours = pl.col("factor") / pl.col("size"), (pl.col("at") - was_at).dt.total_microseconds() / 3.6e9
    whole = (pl.col("value") / pl.col("size") % 1 == 0) & (was / pl.col("size") % 1 == 0)
    figure = pl.when(whole).then(pl.col("factor")).otherwise(0.0)
    over = (pl.col("value") - was) * factor > ABOVE * pl.col("rated") * hours + figure
    found = rows.filter((pl.col("kind") == "register") & (hours > 0) & over).select("row", "point", "at", since=was_at)
    if not found.height:
        return head
    resets = found.join(table.dated("reset").select("point", reset_at="since"), on="point")
    declared = resets.filter(pl.col("reset_at").is_between("since", "at"))["row"]
    some = found.filter(~pl.col("row").is_in(declared.implode()))["row"]
    flag = pl.when(pl.col("row").is_in(some.implode())).then(pl.lit(OVER_RATED, pl.UInt16)).otherwise(0)
    return head.with_columns(flag=(pl.col("flag") | flag).cast(pl.UInt16))


@dataclass
class _Before:
    """What stood on a register."""

    at: datetime
    value: float


def follow(head: pl.DataFrame, marks: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Rows newer than all before (sorted by point and time), with a reason where a register cannot have come to stand there."""
    before = with_factor(
        marks.join(table.frame.select("point", "kind"), on="point", maintain_order="left"), table.factors
    )
    before = before.select("point", pl.col("at").alias("was_at"), (pl.col("value") * pl.col("size")).alias("was"))
    rows = head.join(before, on="point", how="left", maintain_order="left")
    # A meter that is told in another unit goes on where it stood.
    rows = rows.with_columns(value=pl.col("value") * pl.col("size"))
    last = pl.when(pl.col("point") == pl.col("point").shift(1)).then(pl.col("value").shift(1))
    head = _over_rated(head, rows, table)
    strange = (pl.col("kind") == "register") & (
        (pl.col("value") < last.fill_null(pl.col("was")))
        | ((last.fill_null(pl.col("was")) > 0) & (pl.col("value") / last.fill_null(pl.col("was")) >= LEAPS[0][0]))
    )
    points = rows.filter(strange.fill_null(False))["point"].unique().sort()
    if not points.len():
        return head
    resets = table.dated("reset")
    verdicts = {}
    for (point,), part in (
        rows.filter(pl.col("point").is_in(points.implode())).partition_by("point", as_dict=True, maintain_order=True).items()
    ):  # fmt: skip
        mine = resets.filter(pl.col("point") == point).select("since", "fact").rows()
        verdicts.update(_walk(part, mine))
    found = pl.DataFrame(
        [(row, *verdict) for row, verdict in verdicts.items()],
        schema={"row": head.schema["row"], "told_reason": pl.String, "told_flag": pl.UInt16},
        orient="row",
    )
    return (
        head.join(found, on="row", how="left", maintain_order="left")
        .with_columns(
            reason=pl.coalesce("reason", "told_reason"), flag=pl.col("flag") | pl.col("told_flag").fill_null(0)
        )
        .select(head.columns)
    )


def _walk(part: pl.DataFrame, resets: list[tuple[datetime, float]]) -> dict[int, tuple[str | None, int]]:
    """Row → (reason, flags) of one register."""
    first = part.row(0, named=True)
    before = None if first["was"] is None else _Before(first["was_at"], first["was"])
    found: dict[int, tuple[str | None, int]] = {}
    for row in part.iter_rows(named=True):
        reason, flag = (None, 0) if before is None else _after(before, row, resets)
        if reason or flag:
            found[row["row"]] = (reason, flag)
        if reason is None:
            before = _Before(row["at"], row["value"])
    return found


def _after(before: _Before, row: dict[str, object], resets: list[tuple[datetime, float]]) -> tuple[str | None, int]:
    at, value, rated, digits = row["at"], float(str(row["value"])), row["rated"], row["digits"]
    assert isinstance(at, datetime)
    factor, size = float(str(row["factor"])), float(str(row["size"]))
    for moment, begins in resets:
        # What stands there at the very moment may be the last of the old meter; the next is then the first of the new one.
        old = at == moment and abs(value - begins * size) > abs(value - before.value)
        new = before.at == moment and begins * size <= value < before.value
        if (before.at < moment <= at and not old) or new:
            return None, RESET
    hours = (at - before.at).total_seconds() / 3600
    most = None if rated is None else 2 * float(str(rated)) * hours

    def plausible(amount: float) -> bool:
        return most is None or amount * factor / size <= most

    low, high = sorted((before.value, value))
    leap = low > 0 and any(least <= high / low <= greatest for least, greatest in LEAPS)
    if value >= before.value:
        return ("unit_jump", 0) if leap and (most is None or not plausible(value - before.value)) else (None, 0)
    if digits is not None:
        top = 10.0 ** int(str(digits)) * size
        if before.value > 0.9 * top and value < 0.1 * top and plausible(value + top - before.value):
            return None, ROLLED
    if leap:
        return "unit_jump", 0
    if 0 <= value <= NEAR_ZERO * before.value and plausible(value):
        return None, RESET
    return "backwards", 0
