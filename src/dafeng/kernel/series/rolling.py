"""How readings become steps: what was used between two readings is spread over the quarter hours between them. Pure.

Every reading is first a *segment* of time with an amount (or a level, for moments):

- a register: from the reading before to this one, with the difference. Roll-over and reset are recognised. Between readings that lie
  more than 1.5 periods apart the total is measured and its distribution is not: it is spread evenly, flagged `ESTIMATED | MISSING`;
- an interval: the period that ends with it. A gap of at most `fill` seconds (a fact of the point, else four hours) is filled with
  the mean of both neighbours' rates, flagged; a longer one stays empty. Where the rule of the point (`fill_by`) is `last_week`, a gap of
  up to a week (or `fill`) is filled with what was measured in the same quarter hours seven days before, flagged so; where nothing was
  measured then, nothing is filled;
- a moment: its level holds until the next. Gaps as for intervals.

`measured` are the seconds of a step that a meter vouches for, `known` those with any value. A difference that cannot be (a register that
ran backwards) has no amount: the step is empty there and flagged `NEGATIVE`.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from dafeng.kernel.series.flags import ESTIMATED, FROZEN, LAST_WEEK, MISSING, NEGATIVE, RESET, ROLLED, SPIKE
from dafeng.kernel.series.frames import STEP, UTC_TIME, start_of
from dafeng.kernel.series.points import Table

QUARTER = 900_000_000  # microseconds
FILL = 4 * 3600.0
WEEK = timedelta(days=7)
QUARTERS_A_WEEK = 7 * 96
BRIDGED = timedelta(days=40)
LATE = 1.5  # periods after which a reading is missed
SPIKES = 10.0  # times the day's median
FROZEN_FOR = 24  # equal readings in a row
ENOUGH = 8  # readings of a day from which on its median says something
NEAR_ZERO = 0.05


def with_factor(rows: pl.DataFrame, factors: pl.DataFrame) -> pl.DataFrame:
    """Adds `factor`: what brings a row's value (`point kind at`) into the unit of its point; `size`: what its unit does of that.

    A reading at the end of an interval was counted before a change at that very moment.
    """
    if factors["point"].n_unique() == factors.height:  # nothing has ever changed
        return rows.join(factors.select("point", "factor", "size"), on="point", how="left", maintain_order="left")
    before = pl.col("at") - pl.duration(microseconds=(pl.col("kind") != "instant").cast(pl.Int64))
    return (
        rows.with_row_index("_row")
        .with_columns(_before=before)
        .sort("_before")
        .join_asof(
            factors.rename({"since": "_since"}), left_on="_before", right_on="_since", by="point", strategy="backward",
            check_sortedness=False,
        )
        .sort("_row")
        .select(*rows.columns, "factor", "size")
    )  # fmt: skip


def converted(rows: pl.DataFrame, factors: pl.DataFrame) -> pl.DataFrame:
    """`value` in the unit of the point."""
    return with_factor(rows, factors).with_columns(value=pl.col("value") * pl.col("factor")).drop("factor", "size")


def quarter_hours(
    readings: pl.DataFrame, table: Table, clock: str, *, before: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Steps of 15 minutes (`STEP`) from settled readings of measured points, sorted by point and time.

    Give whole days of the city's clock and a reading before and behind; steps at the edges are only as good as what was given.
    `before`: the readings of seven days earlier of the points that are filled by them (`table.by_week`).
    """
    known = table.frame.select("point", "kind", "period", "digits")
    rows = readings.join(known, on="point", how="inner", maintain_order="left").sort("point", "at")
    rows = table.in_force(rows, "digits", "period")
    rows = _judged(_dated(with_factor(rows, table.factors), table), clock)
    by_mean = rows.with_columns(fill=pl.when("by_week").then(0.0).otherwise("fill"))
    cut = _cut(pl.concat([_of_registers(rows), *_of_intervals(by_mean), *_of_moments(by_mean)]))
    if before is not None and before.height:
        cut = pl.concat([cut, _of_last_week(rows, quarter_hours(before, table, clock)).select(cut.columns)])
    return _gathered(cut, rows)


def _of_last_week(rows: pl.DataFrame, week: pl.DataFrame) -> pl.DataFrame:
    """The gaps of points that are filled so, in quarter hours, with what was measured in them a week earlier."""
    holes = pl.concat([_holes(rows, "interval"), _holes(rows, "instant")])
    none = pl.lit(None, pl.Float64)
    pieces = _piece(holes, pl.col("start"), pl.col("end"), none, measured=pl.lit(False), flag=pl.lit(0))
    cut = _cut(pieces).join(holes.select("point", "kind").unique(), on="point", how="left", maintain_order="left")
    rate = (
        pl.when(pl.col("kind") == "instant").then(pl.col("value")).otherwise(pl.col("value") / pl.col("measured_then"))
    )
    then = week.filter(pl.col("measured") > 0).select(
        "point", "value", quarter=pl.col("at").dt.epoch("us") // QUARTER + QUARTERS_A_WEEK, measured_then="measured"
    )
    found = cut.join(then, on=["point", "quarter"], how="inner", maintain_order="left")
    flag = pl.lit(ESTIMATED | MISSING | LAST_WEEK).cast(pl.UInt16)
    return found.with_columns(amount=rate * pl.col("seconds"), flag=flag)


def _holes(rows: pl.DataFrame, kind: str) -> pl.DataFrame:
    """`point kind start end` of the gaps, not longer than may be filled, of points that are filled with the week before."""
    rows = rows.filter((pl.col("kind") == kind) & pl.col("by_week"))
    period = pl.duration(seconds=pl.col("period"))
    if kind == "interval":
        edges = rows.select("point", "kind", "fill", start="was_at", end=pl.col("at") - period)
    else:
        late = (pl.col("next_at") - pl.col("at")).dt.total_seconds() > LATE * pl.col("period")
        edges = rows.filter(late).select("point", "kind", "fill", start=pl.col("at") + period, end="next_at")
    return edges.filter(
        (pl.col("end") > pl.col("start")) & ((pl.col("end") - pl.col("start")).dt.total_seconds() <= pl.col("fill"))
    )


def _dated(rows: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Adds `fill` (seconds), `by_week` and, where a register was set back by decision, `reset_at` and `reset_to`."""
    facts = {"fill": table.dated("fill"), "by_week": table.dated("fill_by"), "reset_to": table.dated("reset")}
    if not any(each.height for each in facts.values()):
        return rows.with_columns(
            fill=pl.lit(FILL), by_week=pl.lit(False), reset_at=pl.lit(None, UTC_TIME), reset_to=pl.lit(None, pl.Float64)
        )
    found = rows.sort("at")
    for name, dated in facts.items():
        since = {"reset_to": "reset_at"}.get(name, f"_{name}_since")
        found = found.join_asof(
            dated.rename({"since": since, "fact": name}), left_on="at", right_on=since, by="point", strategy="backward",
            check_sortedness=False,
        )  # fmt: skip
    by_week = (pl.col("by_week") == 1.0).fill_null(False)
    usual = pl.when(by_week).then(WEEK.total_seconds()).otherwise(FILL)
    found = found.with_columns(fill=pl.col("fill").fill_null(usual), by_week=by_week)
    return found.drop("_fill_since", "_by_week_since").sort("point", "at")


def _judged(rows: pl.DataFrame, clock: str) -> pl.DataFrame:
    """Adds what the row before and behind tell, the rate, and the flags that only a day of readings can tell."""
    same, next_same = pl.col("point") == pl.col("point").shift(1), pl.col("point") == pl.col("point").shift(-1)
    rows = rows.with_columns(
        was_at=pl.when(same).then(pl.col("at").shift(1)), was=pl.when(same).then(pl.col("value").shift(1)),
        was_factor=pl.when(same).then(pl.col("factor").shift(1)), was_size=pl.when(same).then(pl.col("size").shift(1)),
        next_at=pl.when(next_same).then(pl.col("at").shift(-1)), next=pl.when(next_same).then(pl.col("value").shift(-1)),
        next_factor=pl.when(next_same).then(pl.col("factor").shift(-1)), was_period=pl.when(same).then(pl.col("period").shift(1)),
    )  # fmt: skip
    hours = (pl.col("at") - pl.col("was_at")).dt.total_seconds() / 3600
    rate = (
        pl.when(pl.col("kind") == "register")
        .then((pl.col("value") * pl.col("size") - pl.col("was") * pl.col("was_size")) / hours)
        .otherwise(pl.col("value"))
    )
    rows = rows.with_columns(rate=rate.abs(), day=start_of("1d", clock))
    of_day = ["point", "day"]
    median, count = pl.col("rate").median().over(of_day), pl.len().over(of_day)
    spike = (pl.col("rate") > SPIKES * median) & (median > 0) & (count >= ENOUGH)
    run = (~same | (pl.col("value") != pl.col("value").shift(1))).fill_null(True).cum_sum()
    frozen = (pl.len().over(run) >= FROZEN_FOR) & (pl.col("value") != 0) & (pl.col("kind") != "register")
    told = pl.when(spike.fill_null(False)).then(SPIKE).otherwise(0) | pl.when(frozen).then(FROZEN).otherwise(0)
    return rows.with_columns(flag=(pl.col("flag").cast(pl.Int32) | told).cast(pl.UInt16))


def _piece(
    rows: pl.DataFrame, start: pl.Expr, end: pl.Expr, amount: pl.Expr, *, measured: pl.Expr, flag: pl.Expr
) -> pl.DataFrame:
    """Segments: `point start end` (microseconds), `amount` of the whole, whether measured, flags."""
    made = rows.select(
        "point", start=start.dt.epoch("us"), end=end.dt.epoch("us"), amount=amount.cast(pl.Float64), measured=measured,
        flag=flag.cast(pl.UInt16),
    )  # fmt: skip
    return made.filter(pl.col("end") > pl.col("start"))


def _of_registers(rows: pl.DataFrame) -> pl.DataFrame:
    rows = rows.filter((pl.col("kind") == "register") & pl.col("was_at").is_not_null())
    rows = rows.filter(pl.col("at") - pl.col("was_at") <= BRIDGED)
    value, was = pl.col("value") * pl.col("size"), pl.col("was") * pl.col("was_size")
    top = pl.lit(10.0) ** pl.col("digits").cast(pl.Float64) * pl.col("size")
    # Of two meters at the very moment of the exchange the reading is of the one to whose stand it is nearer.
    begins = pl.col("reset_to") * pl.col("size")
    last = ((pl.col("at") == pl.col("reset_at")) & ((value - begins).abs() > (value - was).abs())).fill_null(False)
    after_last = (last & (pl.col("point") == pl.col("point").shift(-1))).shift(1).fill_null(False)
    declared = (pl.col("reset_at") > pl.col("was_at")).fill_null(False) & ~last | after_last
    rolled = ~declared & ((value < was) & (was > 0.9 * top) & (value < 0.1 * top)).fill_null(False)
    back = ~declared & ~rolled & (value < was)
    reset = back & (value <= NEAR_ZERO * was) & (value >= 0)
    amount = (
        pl.when(declared).then(value - begins)
        .when(rolled).then(value - was + top)
        .when(reset).then(value)
        .when(back).then(None)
        .otherwise(value - was)
    )  # fmt: skip
    apart = (pl.col("at") - pl.col("was_at")).dt.total_seconds() > LATE * pl.col("period")
    flag = (
        pl.col("flag").cast(pl.Int32)
        | pl.when(apart).then(ESTIMATED | MISSING).otherwise(0)
        | pl.when(rolled).then(ROLLED).otherwise(0)
        | pl.when(declared).then(RESET).when(reset).then(RESET | ESTIMATED).otherwise(0)
        | pl.when(back & ~reset).then(NEGATIVE | MISSING).otherwise(0)
    )
    sure = ~apart & ~(back | declared)
    return _piece(
        rows, pl.col("was_at"), pl.col("at"), amount * pl.col("factor") / pl.col("size"), measured=sure, flag=flag
    )


def _of_intervals(rows: pl.DataFrame) -> list[pl.DataFrame]:
    rows = rows.filter(pl.col("kind") == "interval")
    begun = pl.col("at") - pl.duration(seconds=pl.col("period"))
    start = pl.max_horizontal(begun, pl.col("was_at"))
    value, flag = pl.col("value") * pl.col("factor"), pl.col("flag").cast(pl.Int32)
    own = _piece(rows, start, pl.col("at"), value, measured=pl.lit(True), flag=flag)
    gap = (begun - pl.col("was_at")).dt.total_seconds()
    holes = rows.filter((gap > 0) & (gap <= pl.col("fill")))
    rate, was_rate = value / pl.col("period"), pl.col("was") * pl.col("was_factor") / pl.col("was_period")
    both = (rate + was_rate) / 2 * gap
    filled = _piece(holes, pl.col("was_at"), begun, both, measured=pl.lit(False), flag=pl.lit(ESTIMATED | MISSING))
    return [own, filled]


def _of_moments(rows: pl.DataFrame) -> list[pl.DataFrame]:
    """The amount of a level is level × seconds, so that sums over time divide back into a mean."""
    rows = rows.filter(pl.col("kind") == "instant")
    period = pl.duration(seconds=pl.col("period"))
    level, flag = pl.col("value") * pl.col("factor"), pl.col("flag").cast(pl.Int32)
    apart = ((pl.col("next_at") - pl.col("at")).dt.total_seconds() > LATE * pl.col("period")).fill_null(True)
    end = pl.when(apart).then(pl.col("at") + period).otherwise(pl.col("next_at"))
    seconds = (end - pl.col("at")).dt.total_microseconds() / 1e6
    own = _piece(rows, pl.col("at"), end, level * seconds, measured=pl.lit(True), flag=flag)
    start = pl.col("at") + period
    gap = (pl.col("next_at") - start).dt.total_microseconds() / 1e6
    holes = rows.filter(apart & (gap > 0) & (gap <= pl.col("fill")))
    both = (level + pl.col("next") * pl.col("next_factor")) / 2 * gap
    filled = _piece(holes, start, pl.col("next_at"), both, measured=pl.lit(False), flag=pl.lit(ESTIMATED | MISSING))
    return [own, filled]


def _cut(pieces: pl.DataFrame) -> pl.DataFrame:
    """The same, cut at the quarter hours, with `quarter` (number since 1970) and `seconds`."""
    first, last = pl.col("start") // QUARTER, (pl.col("end") - 1) // QUARTER
    whole = pieces.filter(first == last).with_columns(quarter=pl.col("start") // QUARTER, share=pl.lit(1.0))
    long = pieces.filter(first != last)
    cut = long.with_columns(quarter=pl.int_ranges(first, last + 1)).explode("quarter", empty_as_null=False)
    low = pl.max_horizontal("start", pl.col("quarter") * QUARTER)
    high = pl.min_horizontal("end", (pl.col("quarter") + 1) * QUARTER)
    cut = cut.with_columns(share=(high - low) / (pl.col("end") - pl.col("start")))
    both = pl.concat([whole, cut.select(whole.columns)])
    return both.with_columns(
        seconds=pl.col("share") * (pl.col("end") - pl.col("start")) / 1e6, amount=pl.col("amount") * pl.col("share")
    )


def _gathered(cut: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    known = pl.col("amount").is_not_null()
    found = cut.group_by("point", "quarter").agg(
        amount=pl.col("amount").sum(), known=pl.col("seconds").filter(known).sum(),
        measured=pl.col("seconds").filter(pl.col("measured") & known).sum(), flag=pl.col("flag").bitwise_or(),
        low=(pl.col("amount") / pl.col("seconds")).min(), high=(pl.col("amount") / pl.col("seconds")).max(),
    )  # fmt: skip
    kinds = rows.select("point", "kind").unique()
    moment = pl.col("kind") == "instant"
    found = found.join(kinds, on="point").with_columns(
        at=(pl.col("quarter") * QUARTER).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        value=pl.when(pl.col("known") <= 0).then(None).when(moment).then(pl.col("amount") / pl.col("known")).otherwise(pl.col("amount")),
        low=pl.when(moment).then("low"), high=pl.when(moment).then("high"),
    )  # fmt: skip
    return found.select(pl.col(name).cast(kind) for name, kind in STEP.items()).sort("point", "at")


def coarser(steps: pl.DataFrame, step: str, table: Table, clock: str) -> pl.DataFrame:
    """Longer steps from shorter ones: sums of what was used, means over time of moments, all flags."""
    known = pl.col("known").sum()
    found = (
        steps.join(table.frame.select("point", "kind"), on="point", how="inner")
        .with_columns(at=start_of(step, clock))
        .group_by("point", "at")
        .agg(
            pl.when(known <= 0).then(None)
            .when(pl.col("kind").first() == "instant").then((pl.col("value") * pl.col("known")).sum() / known)
            .otherwise(pl.col("value").sum()).alias("value"),
            pl.col("low").min(), pl.col("high").max(), pl.col("measured").sum(), pl.col("known").sum(),
            pl.col("flag").bitwise_or(),
        )
    )  # fmt: skip
    return found.select(pl.col(name).cast(kind) for name, kind in STEP.items()).sort("point", "at")


def reach(dirty: pl.DataFrame, near: pl.DataFrame, table: Table, clock: str) -> pl.DataFrame:
    """`point start end`: the whole days of which the steps depend on readings between `low` and `high` of a point.

    `near`: the readings around, with those before and behind.
    """
    joined = near.select("point", "at").join(dirty, on="point", how="inner")
    found = joined.group_by("point").agg(
        before=pl.col("at").filter(pl.col("at") < pl.col("low")).max(),
        behind=pl.col("at").filter(pl.col("at") > pl.col("high")).min(),
    )
    rows = dirty.join(found, on="point", how="left").join(table.longest, on="point", how="inner")
    period = pl.duration(seconds=pl.col("period"))
    rows = rows.with_columns(
        start=pl.min_horizontal(pl.col("before"), pl.col("low") - period),
        end=pl.max_horizontal(pl.col("behind"), pl.col("high") + period),
    )
    # A gap may have been filled with these days in the week behind them.
    rows = rows.with_columns(
        end=pl.when(pl.col("point").is_in(table.by_week)).then(pl.col("end") + WEEK).otherwise(pl.col("end"))
    )
    day = pl.col("end").dt.convert_time_zone(clock).dt.truncate("1d").dt.offset_by("1d").dt.convert_time_zone("UTC")
    return rows.select("point", start=start_of("1d", clock, "start"), end=day).sort("point")


def inside(frame: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """Rows that lie in their point's span."""
    return (
        frame.join(spans, on="point", how="inner", maintain_order="left")
        .filter((pl.col("at") >= pl.col("start")) & (pl.col("at") < pl.col("end")))
        .select(frame.columns)
    )


def outside(frame: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """Rows that do not."""
    return (
        frame.join(spans, on="point", how="left", maintain_order="left")
        .filter(pl.col("start").is_null() | (pl.col("at") < pl.col("start")) | (pl.col("at") >= pl.col("end")))
        .select(frame.columns)
    )
