"""What domains ask of readings: every question is an Ibis expression over the files that the manifest names and the log's tail.

All frames are Polars; times are UTC; steps start on the city's clock. A question reads only files whose month, points and times
fit. Where a file holds revisions that compete, the rule of `sources` picks one in the query; once settled (`upkeep`) nothing is
left to pick. Steps that have not been made yet are made on the way from the readings, so an answer is never behind.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import ibis  # type: ignore[import-untyped]
import polars as pl
from ibis import _ as row
from ibis.expr.types import Table as Expression  # type: ignore[import-untyped]

from dafeng.kernel.series import formulas, points, rolling, thinning
from dafeng.kernel.series.engine import connection, microseconds, parquet_files, rows_in_memory
from dafeng.kernel.series.errors import DamagedError, SeriesError
from dafeng.kernel.series.frames import (
    COARSER,
    READING,
    SHARDS,
    STEP,
    STEPS,
    UTC_TIME,
    empty,
    length_of,
    month,
    start_of,
)
from dafeng.kernel.series.manifest import READINGS, SUPERSEDED, File
from dafeng.kernel.series.models import Point
from dafeng.kernel.series.points import Table
from dafeng.kernel.series.sources import MEASURED, RANK
from dafeng.kernel.series.store import Snapshot

Points = Iterable[Point | int | str]
FAR = timedelta(days=40)  # as far as a reading before or after is looked for
NEAR = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


def utc(told: datetime) -> datetime:
    """Raises `SeriesError` for a moment without a time zone."""
    if told.tzinfo is None:
        raise SeriesError("时间须带时区")
    return told.astimezone(UTC)


@dataclass(frozen=True)
class _Span:
    """What is asked for: points (None: all) and `start <= at < end`."""

    numbers: Sequence[int] | None
    start: datetime
    end: datetime


# ---------- readings ----------


def readings(points_: Points, start: datetime, end: datetime, *, known_at: datetime | None = None) -> pl.DataFrame:
    """`point at value arrived revision source flag` of `start <= at < end`, one row a point and moment, values as told.

    `known_at`: only what had arrived by then, and of that what counted then.
    """
    span = _Span(points.numbers_of(points_), utc(start), utc(end))
    known = None if known_at is None else utc(known_at)
    return _answer(lambda seen: _picked(seen, span, known).order_by("point", "at"), READING)


def as_known(points_: Points, start: datetime, end: datetime, moment: datetime) -> pl.DataFrame:
    """The readings as they were known at a moment."""
    return readings(points_, start, end, known_at=moment)


def revisions(points_: Points, start: datetime, end: datetime) -> pl.DataFrame:
    """Every revision there is, also those that do not count."""
    span = _Span(points.numbers_of(points_), utc(start), utc(end))

    def all_of(seen: Snapshot) -> Expression:
        files, tail = _scope(seen, (READINGS, SUPERSEDED), span), _tail(seen, span)
        return _rows(seen, files, tail, span, READING).order_by("point", "at", "revision")

    return _answer(all_of, READING)


def totals(points_: Points | None, start: datetime, end: datetime, seconds: int) -> pl.DataFrame:
    """`point at count mean low high` of the told values in steps of so many seconds, straight from the readings; None: all points."""
    span = _Span(None if points_ is None else points.numbers_of(points_), utc(start), utc(end))
    schema = {
        "point": pl.Int64, "at": pl.Int64, "count": pl.Int64, "mean": pl.Float64, "low": pl.Float64, "high": pl.Float64,
    }  # fmt: skip

    def expression(seen: Snapshot) -> Expression:
        told = microseconds(row.at)
        return (
            _picked(seen, span)
            .group_by(row.point, at=told - told % (seconds * 1_000_000))
            .agg(count=row.count(), mean=row.value.mean(), low=row.value.min(), high=row.value.max())
            .order_by("point", "at")
        )

    return _answer(expression, schema).with_columns(pl.col("at").cast(UTC_TIME))


def latest(points_: Points, *, now: datetime) -> pl.DataFrame:
    """`point at value flag age_seconds` of the newest reading of each point that has one, in the unit of the point."""
    numbers = points.numbers_of(points_)
    found = points.the_store().snapshot().marks.filter(pl.col("point").is_in(numbers))
    table = points.table()
    found = found.join(table.frame.select("point", "kind"), on="point", how="inner", maintain_order="left")
    found = rolling.converted(found, table.factors)
    age = (pl.lit(now).cast(UTC_TIME) - pl.col("at")).dt.total_seconds()
    return found.select("point", "at", "value", "flag", age_seconds=age).sort("point")


# ---------- steps ----------


def used(
    points_: Points, start: datetime, end: datetime, step: str = "1h", *, known_at: datetime | None = None
) -> pl.DataFrame:
    """`point at value coverage flag`: what was used in each step, in the unit of the point; computed points too.

    `coverage` is the part of the step that was measured; the rest of `value` was filled by the declared rule, and what the rule
    does not reach is not in it. `known_at`: as it was told then, from the readings that had arrived and the facts that had been
    stated. Raises `SeriesError` for moments (`instant`), which have a mean and no sum.
    """
    return _steps(points_, start, end, step, known_at, instant=False).select("point", "at", "value", "coverage", "flag")


def mean(
    points_: Points, start: datetime, end: datetime, step: str = "1h", *, known_at: datetime | None = None
) -> pl.DataFrame:
    """`point at value low high coverage flag` of moments (power, temperature, level): the mean over time. `known_at`: as of `used`."""
    found = _steps(points_, start, end, step, known_at, instant=True)
    return found.select("point", "at", "value", "low", "high", "coverage", "flag")


def steps(
    point: Point | str, start: datetime, end: datetime, step: str = "1h", *, known_at: datetime | None = None
) -> pl.DataFrame:
    """`point at value low high coverage flag` of one point: what was used, or the mean of moments with its extremes (else null)."""
    kinds = dict(points.table().frame.select("point", "kind").iter_rows())
    number = points.numbers_of(point)
    if kinds.get(number[0]) == Point.Kind.INSTANT:
        return mean(number, start, end, step, known_at=known_at)
    none = pl.lit(None, pl.Float64)
    return used(number, start, end, step, known_at=known_at).select(
        "point", "at", "value", low=none, high=none, coverage="coverage", flag="flag"
    )


def _steps(
    points_: Points, start: datetime, end: datetime, step: str, known_at: datetime | None, *, instant: bool
) -> pl.DataFrame:
    if step not in STEPS:
        raise SeriesError(f"没有“{step}”这种步长", expected="、".join(STEPS))
    numbers, start, end = points.numbers_of(points_), utc(start), utc(end)
    table = points.table() if known_at is None else points.table_known(known_at)
    kinds = dict(table.frame.select("point", "kind").iter_rows())
    wrong = [number for number in numbers if (kinds.get(number) == "instant") != instant]
    if wrong:
        code = next((code for code, number in table.numbers.items() if number == wrong[0]), wrong[0])
        raise SeriesError(
            f"计量点“{code}”是{'用量，请用 used' if instant else '瞬时值，请用 mean'}",
            expected="瞬时值" if instant else "用量",
        )
    plan = formulas.plan(table, numbers)

    def ask(first: datetime, last: datetime, each: str) -> pl.DataFrame:
        if known_at is None:
            return _measured_steps(plan.measured, first, last, each)
        return _replayed(plan.measured, first, last, each, table, utc(known_at))

    found = _with_computed(plan, table, start, end, step, ask)
    return found.filter(pl.col("point").is_in(numbers)).sort("point", "at")


def _with_computed(
    plan: formulas.Plan, table: Table, start: datetime, end: datetime, step: str,
    ask: Callable[[datetime, datetime, str], pl.DataFrame],
) -> pl.DataFrame:  # fmt: skip
    """Measured steps and beside them the computed ones.

    A step of which a part is known for some of the time, or in which the formula changes, is made of its shorter steps: the whole of
    one part less half of another is no difference, and a year is the sum of its quarter hours.
    """
    found = formulas.computed(plan, ask(start, end, step), numbers=table.numbers)
    if not plan.computed or step == STEPS[0]:
        return found
    clock = points.the_store().clock
    ours = pl.col("point").is_in([number for number, _eras in plan.computed])
    torn = _torn(plan, found, ours, step, clock)
    if not torn.height:
        return found
    first, last = torn.select(pl.col("at").min(), pl.col("behind").max()).row(0)
    finer = _with_computed(plan, table, first, last, COARSER[step], ask).filter(ours)
    made = rolling.coarser(finer, step, table, clock).join(torn, on="at", how="semi")
    whole = found.join(torn.select("at", torn=pl.lit(True)), on="at", how="left", maintain_order="left")
    whole = whole.filter(~ours | pl.col("torn").is_null()).drop("torn")
    return pl.concat([whole, _covered(made, step, clock).select(whole.columns)])


def _torn(plan: formulas.Plan, found: pl.DataFrame, ours: pl.Expr, step: str, clock: str) -> pl.DataFrame:
    """`at behind` of the steps whose computed values do not follow from the sums of their parts."""
    local = pl.col("at").dt.convert_time_zone(clock)
    rows = found.with_columns(behind=local.dt.offset_by(step).dt.convert_time_zone("UTC"))
    partly = ~ours & (pl.col("known") > 0) & (pl.col("known") < length_of(step, clock) - 1e-3)
    for edge in {since for _number, eras in plan.computed for since, _end, _parts in eras if since is not None}:
        moment = pl.lit(edge).cast(UTC_TIME)
        partly |= (pl.col("at") < moment) & (moment < pl.col("behind"))
    return rows.filter(partly).select("at", "behind").unique()


def _covered(made: pl.DataFrame, step: str, clock: str) -> pl.DataFrame:
    """`made` with `coverage`, the part of each step that a meter vouches for."""
    return made.with_columns(coverage=(pl.col("measured") / length_of(step, clock)).clip(0.0, 1.0))


def _measured_steps(numbers: Sequence[int], start: datetime, end: datetime, step: str) -> pl.DataFrame:
    """Steps of measured points with `coverage`: stored ones, and those of days that have readings which no step knows yet."""
    store, table = points.the_store(), points.table()
    clock = store.clock
    # What is unknown to the steps is asked for first: were it settled in between, it would be made twice, never missed.
    spans = unrolled(numbers, start, end)
    edge = pl.DataFrame({"at": [start]}, schema={"at": UTC_TIME}).select(start_of(step, clock)).item()
    if step == "1mo" and spans.height:
        last = pl.DataFrame({"at": [end - MOMENT]}, schema={"at": UTC_TIME}).select(start_of(step, clock))
        behind = utc(last["at"].dt.convert_time_zone(clock).dt.offset_by(step).item())
        found = rolling.coarser(_measured_steps(numbers, edge, behind, "1d"), step, table, clock)
    else:
        span = _Span(numbers, edge, end)
        found = _answer(lambda seen: _rows(seen, _scope(seen, (step,), span), None, span, STEP), STEP)
        if spans.height:
            made = remade(spans)
            for each in STEPS[1 : STEPS.index(step) + 1]:
                made = rolling.coarser(made, each, table, clock)
            found = pl.concat(
                [rolling.outside(found, spans), made.filter(pl.col("at").is_between(edge, end, closed="left"))]
            )
    return _covered(found.sort("point", "at"), step, clock)


def _replayed(
    numbers: Sequence[int], start: datetime, end: datetime, step: str, table: Table, known_at: datetime
) -> pl.DataFrame:
    """The steps as they would have been made at a moment: from readings and facts known by then, whatever is stored."""
    clock = points.the_store().clock
    whole = "1mo" if step == "1mo" else "1d"
    ends = pl.DataFrame({"at": [start, end - MOMENT]}, schema={"at": UTC_TIME}).select(start_of(whole, clock))["at"]
    behind = utc(ends.dt.convert_time_zone(clock).dt.offset_by(whole)[1])
    spans = pl.DataFrame({"point": numbers, "start": ends[0], "end": behind}, schema_overrides={"point": pl.Int64})
    made = remade(spans, table, known_at)
    for each in STEPS[1 : STEPS.index(step) + 1]:
        made = rolling.coarser(made, each, table, clock)
    edge = pl.DataFrame({"at": [start]}, schema={"at": UTC_TIME}).select(start_of(step, clock)).item()
    found = made.filter(pl.col("at").is_between(edge, end, closed="left"))
    return _covered(found, step, clock)


def unrolled(numbers: Sequence[int], start: datetime, end: datetime) -> pl.DataFrame:
    """`point start end`: days between two moments whose steps do not know all their readings yet."""
    dirty = unknown_readings(points.the_store().snapshot()).filter(pl.col("point").is_in(list(numbers)))
    dirty = dirty.filter((pl.col("low") < end + FAR) & (pl.col("high") > start - FAR))
    if not dirty.height:
        return pl.DataFrame(schema={"point": pl.Int64, "start": UTC_TIME, "end": UTC_TIME})
    near = around(dirty["point"].to_list(), dirty["low"].min(), dirty["high"].max())  # type: ignore[arg-type]
    spans = rolling.reach(dirty, near, points.table(), points.the_store().clock)
    return spans.filter((pl.col("start") < end) & (pl.col("end") > start))


def unknown_readings(seen: Snapshot) -> pl.DataFrame:
    """`point low high`: between which moments each point has readings, or changed facts, that the steps do not know."""
    columns: dict[str, Any] = {"point": pl.Int64, "low": UTC_TIME, "high": UTC_TIME}
    parts = [_extent_of(seen.path(file)) for file in seen.manifest.files if not file.rolled]
    if seen.waiting:
        parts.append(_extent(seen.tail.lazy()))
    if seen.manifest.touched:
        numbers = pl.DataFrame(seen.manifest.touched, schema=dict.fromkeys(columns, pl.Int64), orient="row")
        parts.append(numbers.select(pl.col(name).cast(kind) for name, kind in columns.items()))
    found = pl.concat(parts) if parts else empty(columns)
    found = found.group_by("point").agg(pl.col("low").min(), pl.col("high").max())
    known = points.table().frame.select("point").join(seen.marks.select("point", newest="at"), on="point")
    found = found.join(known, on="point", how="inner").with_columns(high=pl.min_horizontal("high", "newest"))
    return found.filter(pl.col("low") <= pl.col("high")).drop("newest").sort("point")


def _extent(rows: pl.LazyFrame) -> pl.DataFrame:
    return rows.group_by("point").agg(low=pl.col("at").min(), high=pl.col("at").max()).collect()


@lru_cache(maxsize=1024)
def _extent_of(path: str) -> pl.DataFrame:
    return _extent(pl.scan_parquet(path))


def remade(spans: pl.DataFrame, table: Table | None = None, known_at: datetime | None = None) -> pl.DataFrame:
    """Quarter hours of the spans, from the readings; with `table` and `known_at` as they were known at a moment."""
    table, clock = table or points.table(), points.the_store().clock
    first, last = spans["start"].min(), spans["end"].max()
    assert isinstance(first, datetime)
    assert isinstance(last, datetime)
    rows = around(spans["point"].to_list(), first, last, known_at)
    by_week = sorted(set(table.by_week) & set(spans["point"]))
    before = around(by_week, first - rolling.WEEK, last - rolling.WEEK, known_at) if by_week else None
    return rolling.inside(rolling.quarter_hours(rows, table, clock, before=before), spans)


def around(numbers: Sequence[int], start: datetime, end: datetime, known_at: datetime | None = None) -> pl.DataFrame:
    """Readings of `[start, end]` and of each point the nearest before and behind, if they are not too far away."""

    def between(chosen: Sequence[int], low: datetime, high: datetime) -> pl.DataFrame:
        return readings(chosen, low, high, known_at=known_at)

    near = between(numbers, start - NEAR, end + NEAR)
    found = [near]
    before = set(near.filter(pl.col("at") <= start)["point"].unique())
    if lacking := [number for number in numbers if number not in before]:
        found.append(between(lacking, start - FAR, start - NEAR).group_by("point", maintain_order=True).last())
    behind = set(near.filter(pl.col("at") >= end)["point"].unique())
    if lacking := [number for number in numbers if number not in behind]:
        found.append(between(lacking, end + NEAR, end + FAR).group_by("point", maintain_order=True).first())
    return pl.concat([each.select(list(READING)) for each in found]).sort("point", "at")


# ---------- charts ----------


def shown(points_: Points, start: datetime, end: datetime, *, most: int = 2000, how: str = "lttb") -> pl.DataFrame:
    """`point at value flag` for a chart: at most `most` of a point, chosen so that the picture keeps its shape.

    Values are in the unit of the point. Months of a point are first brought to their extremes in the engine, so that years can be
    asked for. `how`: `lttb` (largest triangles) or `minmax` (the lowest and highest of each bucket).
    """
    numbers, table, start, end = points.numbers_of(points_), points.table(), utc(start), utc(end)
    length = max(1.0, (end - start).total_seconds())
    periods = table.frame.filter(pl.col("point").is_in(numbers))["period"].to_list()
    expected = max((length / period for period in periods), default=0)
    if expected > 20 * most:
        span = _Span(numbers, start, end)
        found = _answer(lambda seen: _extremes(seen, span, int(length / (2 * most)) + 1), {
            "point": pl.Int64, "at": UTC_TIME, "value": pl.Float64, "flag": pl.UInt16,
        }).unique().sort("point", "at")  # fmt: skip
    else:
        found = readings(numbers, start, end)
    found = found.join(table.frame.select("point", "kind"), on="point", how="inner", maintain_order="left")
    found = rolling.converted(found, table.factors).select("point", "at", "value", "flag")
    return thinning.thinned(found, most=most, how=how)


def _extremes(seen: Snapshot, span: _Span, seconds: int) -> Expression:
    """The lowest and the highest reading of each bucket; of equal ones the first lowest and the last highest."""
    rows, told = _picked(seen, span), microseconds(row.at)
    grouped = rows.group_by(row.point, bucket=told - told % (seconds * 1_000_000))
    place = ibis.struct({"value": row.value, "at": row.at})
    low = grouped.agg(at=row.at.argmin(place), value=row.value.min(), flag=row.flag.argmin(place))
    high = grouped.agg(at=row.at.argmax(place), value=row.value.max(), flag=row.flag.argmax(place))
    return low.union(high).select("point", "at", "value", "flag")


# ---------- how an expression is made and asked ----------


def _answer(expression: Callable[[Snapshot], Expression], schema: dict[str, Any]) -> pl.DataFrame:
    """Ask; once more where a file had been settled away between the look at the manifest and the reading."""
    store = points.the_store()
    for attempt in (1, 2, 3):
        seen = store.snapshot()
        try:
            found = pl.from_arrow(connection().to_pyarrow(expression(seen)))
            break
        except Exception as error:  # each engine has errors of its own; which file it was says `check`
            if "duckdb" not in type(error).__module__ and "pyspark" not in type(error).__module__:
                raise
            if attempt == 3 or store.snapshot().manifest.number == seen.manifest.number:
                raise DamagedError(
                    f"读数文件读不出来：{str(error).splitlines()[0][:200]}", mend="请运行 dafeng series check --repair"
                ) from error
    assert isinstance(found, pl.DataFrame)
    return found.select(pl.col(name).cast(kind) for name, kind in schema.items())


def _scope(seen: Snapshot, kinds: Sequence[str], span: _Span) -> list[File]:
    """The files that may hold something of the span."""
    first, last = (int(each.astimezone(UTC).timestamp() * 1e6) for each in (span.start, span.end))
    wanted = None if span.numbers is None else sorted(span.numbers)
    found = []
    for file in seen.manifest.files:
        if file.kind not in kinds or file.first >= last or file.last < first:
            continue
        if wanted is None or _any_between(wanted, file.low, file.high):
            found.append(file)
    return found


def _any_between(wanted: Sequence[int], low: int, high: int) -> bool:
    at = bisect_left(wanted, low)
    return at < len(wanted) and wanted[at] <= high


def _tail(seen: Snapshot, span: _Span) -> pl.DataFrame:
    """The readings of the span that are in no file yet."""
    if not seen.waiting:
        return empty(READING)
    inside = pl.col("at").is_between(span.start, span.end, closed="left")
    if span.numbers is not None:
        inside &= pl.col("point").is_in(list(span.numbers))
    return seen.tail.filter(inside).select(list(READING))


def _rows(
    seen: Snapshot, files: Sequence[File], tail: pl.DataFrame | None, span: _Span, schema: dict[str, Any], name: str = "rows"
) -> Expression:  # fmt: skip
    """What files and tail hold of the span, as one table. `name` tells apart the views of one expression."""
    parts: list[Expression] = []
    if files:
        paths = [seen.path(file) for file in files]
        parts.append(parquet_files(paths, f"series_{name}").select(*schema))
    if (tail is not None and tail.height) or not files:
        parts.append(rows_in_memory(empty(schema) if tail is None else tail))
    found = parts[0] if len(parts) == 1 else ibis.union(*parts)
    condition = (found.at >= ibis.literal(span.start)) & (found.at < ibis.literal(span.end))
    if span.numbers is not None:
        condition &= found.point.isin(list(span.numbers))
    return found.filter(condition)


def _picked(seen: Snapshot, span: _Span, known_at: datetime | None = None) -> Expression:
    """One row a point and moment.

    A partition that is settled holds each moment once, and is read as it lies; so is an unsettled one outside the times that its
    revisions lie between. Only there is something to pick, and there only among the moments that have a revision above 0:
    everything else is alone in its moment.
    """
    kinds = (READINGS,) if known_at is None else (READINGS, SUPERSEDED)
    files, tail = _scope(seen, kinds, span), _tail(seen, span)
    competing = [file for file in files if file.competing or file.kind == SUPERSEDED]
    revised = tail.filter(pl.col("revision") > 0)
    partitions = {(file.month, file.shard) for file in competing} | _partitions(revised)
    clear = [file for file in files if (file.month, file.shard) not in partitions]
    disputed = [file for file in files if (file.month, file.shard) in partitions]
    parts = []
    if clear or not partitions:
        parts.append(_known(_rows(seen, clear, None if partitions else tail, span, READING, "clear"), known_at))
    if partitions:
        spans = _spans(competing, revised)

        def rows(name: str) -> Expression:
            # Under a name of its own each time: what an expression uses twice, DuckDB would copy whole before it filters.
            return _known(_rows(seen, disputed, tail, span, READING, name), known_at)

        outside, alone, again, revisions_ = (rows(name) for name in ("outside", "alone", "again", "revised"))
        moments = (
            revisions_.filter(_within(revisions_, spans), revisions_.revision > 0).select("point", "at").distinct()
        )
        parts += [
            outside.filter(~_within(outside, spans)),
            alone.filter(_within(alone, spans)).anti_join(moments, ["point", "at"]),
            _counting(again.filter(_within(again, spans)).semi_join(moments, ["point", "at"])),
        ]
    return parts[0] if len(parts) == 1 else ibis.union(*parts)


def _spans(competing: Sequence[File], revised: pl.DataFrame) -> list[tuple[datetime, datetime]]:
    """Between which moments something competes: one span a month of files, and that of the log's tail."""
    found: dict[str, tuple[int, int]] = {}
    told = [(file.month, file.first, file.last) for file in competing]
    if revised.height:
        first, last = revised.select(low=pl.col("at").min(), high=pl.col("at").max()).cast(pl.Int64).row(0)
        told.append(("", first, last))
    for part, first, last in told:
        low, high = found.get(part, (first, last))
        found[part] = min(low, first), max(high, last)
    begin = datetime.fromtimestamp(0, UTC)
    return [(begin + low * MOMENT, begin + high * MOMENT) for low, high in found.values()]


def _within(rows: Expression, spans: Sequence[tuple[datetime, datetime]]) -> Expression:
    return ibis.or_(*(rows.at.between(ibis.literal(first), ibis.literal(last)) for first, last in spans))


def _partitions(rows: pl.DataFrame) -> set[tuple[str, int]]:
    if not rows.height:
        return set()
    found = rows.select(month(points.the_store().clock), shard=pl.col("point") % SHARDS).unique()
    return set(found.iter_rows())


def _known(rows: Expression, known_at: datetime | None) -> Expression:
    return rows if known_at is None else rows.filter(rows.arrived <= ibis.literal(known_at))


def _counting(rows: Expression) -> Expression:
    """Of the revisions of a moment the one that counts (`sources`)."""
    rank = rows.source.cases(*[(int(source), rank) for source, rank in sorted(RANK.items())], else_=MEASURED)
    window = ibis.window(
        group_by=[rows.point, rows.at],
        order_by=[ibis.desc(rank), ibis.desc(rows.arrived), ibis.desc(rows.revision)],
    )
    return rows.mutate(place=ibis.row_number().over(window)).filter(row.place == 0).drop("place")
