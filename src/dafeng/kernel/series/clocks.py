"""Clocks that have jumped, found in what a device tells of moments that are known already. A declared, conservative rule; pure.

A clock that is fast tells of the future, which is refused as such (`judging`). A clock that was set back tells moments anew that it had
told before. What is late or backfilled tells moments that nobody knows, or the same values again, and is never held here:

- *stand*: a register that at an earlier moment stands above its newest stand, between two stored stands that rise: it counts on, and
  only the time can be wrong. No declared reset may lie between;
- *again*: a moment that a machine had told is told anew with another value, less than a day later, while the newer reading that is due
  has been missing for half a period and is not in the delivery either. The first reading after the jump may pass as a correction.

Once a point waits for the one or the other, what else its device tells anew of it waits too, and so does what it tells of new moments if
it is a register (else that is flagged `OFF_GRID`), until somebody decides or states the fact `clock`. Released after that, all comes right.

A jump by less than a period shows in the *phase*: a register that was read on its period (within 2 %) and from one reading on beside it
(by more than 10 %), at equal steps, is flagged `OFF_GRID`. Intervals are judged alone (`judging`), moments have no grid.
A jump *forward* that is delivered late leaves a gap like any other, but the register gives it away: across hours it counted what it
counts in one period. The first reading behind such a gap is flagged `OFF_GRID`, and taken: a cut of power, in which nothing is used, can
look the same. Where the register went on by what was used, or its neighbouring periods count nothing, the gap is a gap. When the clock
is put right, the stands contradict one another and wait (*stand*).
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from dafeng.kernel.series.flags import OFF_GRID
from dafeng.kernel.series.points import Table
from dafeng.kernel.series.rolling import with_factor
from dafeng.kernel.series.sources import Source

CLOCKED = (Source.HTTP, Source.MQTT)
"""Doors at which the sender's clock counts: a Modbus meter is asked by ours, tables and simulations have none."""
REASON = "clock_back"
NEAR = timedelta(days=1)  # as far as a clock is thought to be set back, and as stored stands are looked for
OVERDUE = 1.5  # periods after the newest reading from which on the next one is missing
STEADY, BESIDE = 0.02, 0.1  # parts of a period
AHEAD = 4  # periods from which on a gap is long enough to show how little was counted in it
AROUND = 4  # periods on either side that say what is usual, and how many of these must be there at least
LIKE_ONE, TOO_LITTLE = (
    1.25,
    0.5,
)  # how much one period may differ from those around; the part of the usual that is too little


def above(late: pl.DataFrame, marks: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Late rows of registers that stand above the newest stand: those for which the stored stands around must be looked at."""
    newest = _sized(marks, table).select("point", newest_stand="stand")
    rows = _sized(late.filter(pl.col("kind") == "register").drop("kind"), table)
    rows = rows.join(newest, on="point", how="left", maintain_order="left")
    return rows.filter(pl.col("stand") > pl.col("newest_stand")).select("row", "point", "at", "stand")


def stands(rows: pl.DataFrame, stored: pl.DataFrame, table: Table) -> set[int]:
    """Of the rows from `above` those that stand between two stored stands that rise and above the later one. `stored`: `point at value revision`."""
    if not rows.height or not stored.height:
        return set()
    known = stored.sort("point", "at", "revision").unique(["point", "at"], keep="last", maintain_order=True)
    known = _sized(known, table).select("point", "at", "stand").sort("at")
    rows = rows.sort("at")
    before = known.rename({"at": "before_at", "stand": "before"})
    behind = known.rename({"at": "behind_at", "stand": "behind"})
    rows = rows.join_asof(
        before, left_on="at", right_on="before_at", by="point", strategy="backward", check_sortedness=False
    ).join_asof(
        behind, left_on="at", right_on="behind_at", by="point", strategy="forward", check_sortedness=False,
        allow_exact_matches=False,
    )  # fmt: skip
    found = rows.filter((pl.col("before") <= pl.col("behind")) & (pl.col("stand") > pl.col("behind")))
    resets = table.dated("reset").rename({"since": "reset_at"})
    declared = found.join(resets, on="point").filter(pl.col("reset_at").is_between("at", "behind_at"))
    return set(found["row"]) - set(declared["row"])


def held(
    late: pl.DataFrame, head: pl.DataFrame, marks: pl.DataFrame, existing: pl.DataFrame, high: set[int], suspects: set[int]
) -> pl.DataFrame:  # fmt: skip
    """`late` with the reason where a clock was set back.

    `existing`: what is stored of the same moments; `high`: rows found by `stands`; `suspects`: points that wait for it already.
    """
    told = existing.group_by("point", "at").agg(
        values=pl.col("value"), since=pl.col("arrived").min(), machine=pl.col("source").is_in(CLOCKED).any()
    )
    newest = marks.select("point", newest_at="at", newest_arrived="arrived")
    rows = late.select("row", "point", "at", "value", "arrived", "period").join(told, on=["point", "at"], how="inner")
    rows = rows.filter(~pl.col("value").is_in("values")).join(newest, on="point", how="left")
    due = pl.duration(microseconds=(pl.col("period") * OVERDUE * 1e6).cast(pl.Int64))
    again = (
        pl.col("machine")
        & ~pl.col("point").is_in(head["point"].unique().implode())
        & (pl.col("arrived") - pl.max_horizontal("newest_at", "newest_arrived") >= due)
        & (pl.col("arrived") - pl.col("at") <= NEAR)
        & (pl.col("since") - pl.col("at") <= due)
    )
    found = high | set(rows.filter(again)["row"])
    suspects = suspects | set(late.filter(pl.col("row").is_in(list(found)))["point"])
    found |= set(rows.filter(pl.col("point").is_in(list(suspects)))["row"])
    return late.with_columns(reason=pl.when(pl.col("row").is_in(list(found))).then(pl.lit(REASON)).otherwise("reason"))


def beside(head: pl.DataFrame, marks: pl.DataFrame) -> pl.DataFrame:
    """`head` (sorted by point and time) with `OFF_GRID` on registers from the reading on with which their phase has jumped."""
    if not (head["kind"] == "register").any():
        return head  # most deliveries, at the door through which most come
    rows = head.join(
        marks.select("point", mark_at="at", mark_flag="flag"), on="point", how="left", maintain_order="left"
    )
    first = (pl.col("point") != pl.col("point").shift(1)).fill_null(True)
    period = pl.col("period") * 1_000_000
    was_at = pl.when(first).then(pl.col("mark_at")).otherwise(pl.col("at").shift(1))
    off, was_off = pl.col("at").dt.epoch("us") % period, was_at.dt.epoch("us") % period
    apart = (off - was_off).abs()
    apart = pl.min_horizontal(apart, period - apart)
    jumped = (pl.min_horizontal(off, period - off) > BESIDE * period) & (
        pl.min_horizontal(was_off, period - was_off) <= STEADY * period
    )
    other = (apart > STEADY * period).fill_null(True)
    went_on = first & ~other & (pl.col("mark_flag") & OFF_GRID != 0).fill_null(False)
    rows = rows.with_columns(begins=(jumped & other).fill_null(False) | went_on, run=(first | other).cum_sum())
    of_run = ["run"]
    steady = (pl.len().over(of_run) > 1) | (pl.col("run") == pl.col("run").max().over("point"))
    flagged = (pl.col("kind") == "register") & pl.col("begins").first().over(of_run) & steady
    return rows.with_columns(
        flag=pl.col("flag") | pl.when(flagged.fill_null(False)).then(pl.lit(OFF_GRID, pl.UInt16)).otherwise(0)
    ).select(pl.col(name).cast(kind) for name, kind in head.schema.items())


def ahead(head: pl.DataFrame, marks: pl.DataFrame, table: Table) -> pl.DataFrame:
    """`head` (sorted by point and time) with `OFF_GRID` on the first reading of a register behind a forward jump of its clock.

    A reading must follow it in the delivery, and of the eight periods around at least four be there, none without use.
    """
    if not (head["kind"] == "register").any():
        return head
    gap = pl.col("at") - pl.col("at").shift(1) > pl.duration(seconds=pl.col("period") * AHEAD)
    later = pl.col("point") == pl.col("point").shift(-1)
    begins = pl.col("point") != pl.col("point").shift(1).fill_null(-1)
    maybe = head.filter((pl.col("kind") == "register") & later & (begins | gap)).select(
        "point", "at", "period", first=begins
    )
    maybe = maybe.join(marks.select("point", mark_at="at"), on="point", how="left")
    silent = pl.col("at") - pl.col("mark_at") > pl.duration(seconds=pl.col("period") * AHEAD)
    some = maybe.filter(~pl.col("first") | silent.fill_null(False))["point"].unique()
    if not some.len():
        return head
    of = pl.col("point").is_in(some.implode())
    known = pl.concat([
        marks.filter(of).select("point", "at", "value", row=pl.lit(None, pl.UInt32), period=pl.lit(None, pl.UInt32)),
        head.filter(of).select("point", "at", "value", pl.col("row").cast(pl.UInt32), pl.col("period").cast(pl.UInt32)),
    ]).sort("point", "at", maintain_order=True)  # fmt: skip
    rows = _sized(known, table).with_columns(
        used=(pl.col("stand") - pl.col("stand").shift(1)).over("point"),
        periods=((pl.col("at") - pl.col("at").shift(1)).dt.total_microseconds() / 1e6).over("point") / pl.col("period"),
        followed=pl.col("point") == pl.col("point").shift(-1),
    )
    single = pl.when((pl.col("periods") - 1).abs() <= STEADY).then(pl.col("used"))
    near = [single.shift(n).over("point") for n in range(-AROUND, AROUND + 1) if n]
    around = pl.concat_list(near).list.drop_nulls()
    rows = rows.with_columns(least=around.list.min(), most=around.list.max(), told=around.list.len())
    jumped = (
        (pl.col("periods") > AHEAD) & pl.col("followed").fill_null(False) & (pl.col("told") >= AROUND) & (pl.col("least") > 0)
        & pl.col("used").is_between(pl.col("least") / LIKE_ONE, pl.col("most") * LIKE_ONE)
        & (pl.col("used") < TOO_LITTLE * pl.col("periods") * pl.col("least"))
    )  # fmt: skip
    found = rows.filter(jumped & pl.col("row").is_not_null() & (pl.col("kind") == "register"))["row"]
    flag = pl.when(pl.col("row").is_in(found.implode())).then(pl.lit(OFF_GRID, pl.UInt16)).otherwise(0)
    return head.with_columns(flag=(pl.col("flag") | flag).cast(pl.UInt16))


def doubted(head: pl.DataFrame, suspects: set[int]) -> pl.DataFrame:
    """New moments of points whose clock is not to be trusted: registers wait, of which one stand at a wrong time refuses the right ones
    behind it; the others are flagged."""
    if not suspects:
        return head
    doubt = pl.col("point").is_in(list(suspects))
    flag = pl.when(doubt).then(pl.lit(OFF_GRID, pl.UInt16)).otherwise(0)
    waits = doubt & (pl.col("kind") == "register")
    return head.with_columns(
        flag=(pl.col("flag") | flag).cast(pl.UInt16),
        reason=pl.coalesce("reason", pl.when(waits).then(pl.lit(REASON))),
    )


def _sized(rows: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Adds `stand`: the value in the size of the point's unit, so that a change of unit is no jump."""
    rows = rows.drop("factor", "size", strict=False)
    rows = rows.join(table.frame.select("point", "kind"), on="point", how="left", maintain_order="left")
    return with_factor(rows, table.factors).with_columns(stand=pl.col("value") * pl.col("size"))
