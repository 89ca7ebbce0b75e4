"""What domains ask of readings: every question is an Ibis expression over the files that the manifest names and the log's tail.

All frames are Polars; times are UTC; steps start on the city's clock. A question reads only files whose month, points and times
fit. Where a file holds revisions that compete, the rule of `sources` picks one in the query; once settled (`upkeep`) nothing is
left to pick. Steps that have not been made yet are made on the way from the readings, so an answer is never behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import ibis  # type: ignore[import-untyped]
import polars as pl
from ibis import _ as row
from ibis.expr.types import Table as Expression  # type: ignore[import-untyped]

from dafeng.kernel.series import formulas, points, rolling, thinning
from dafeng.kernel.series.engine import connection
from dafeng.kernel.series.errors import DamagedError, SeriesError
from dafeng.kernel.series.frames import READING, STEP, STEPS, UTC_TIME, empty, length_of, start_of
from dafeng.kernel.series.manifest import READINGS, SUPERSEDED, File
from dafeng.kernel.series.models import Point
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


# ---------- readings ----------


def readings(points_: Points, start: datetime, end: datetime, *, known_at: datetime | None = None) -> pl.DataFrame:
    """`point at value arrived revision source flag` of `start <= at < end`, one row a point and moment, values as told.

    `known_at`: only what had arrived by then, and of that what counted then.
    """
    numbers, start, end = points.numbers_of(points_), utc(start), utc(end)
    known = None if known_at is None else utc(known_at)
    return _answer(lambda seen: _picked(seen, numbers, start, end, known).order_by("point", "at"), READING)


def as_known(points_: Points, start: datetime, end: datetime, moment: datetime) -> pl.DataFrame:
    """The readings as they were known at a moment."""
    return readings(points_, start, end, known_at=moment)


def revisions(points_: Points, start: datetime, end: datetime) -> pl.DataFrame:
    """Every revision there is, also those that do not count."""
    numbers, start, end = points.numbers_of(points_), utc(start), utc(end)
    wanted = (READINGS, SUPERSEDED)

    def all_of(seen: Snapshot) -> Expression:
        return _union(seen, wanted, numbers, start, end)[0].order_by("point", "at", "revision")

    return _answer(all_of, READING)


def totals(points_: Points | None, start: datetime, end: datetime, seconds: int) -> pl.DataFrame:
    """`point at count mean low high` of the told values in steps of so many seconds, straight from the readings; None: all points."""
    numbers = None if points_ is None else points.numbers_of(points_)
    start, end = utc(start), utc(end)

    def expression(seen: Snapshot) -> Expression:
        step = row.at.epoch_seconds() // seconds * seconds
        return (
            _picked(seen, numbers, start, end, None)
            .group_by(row.point, at=step)
            .agg(count=row.count(), mean=row.value.mean(), low=row.value.min(), high=row.value.max())
        )

    schema = {
        "point": pl.Int64,
        "at": pl.Int64,
        "count": pl.Int64,
        "mean": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
    }
    found = _answer(expression, schema)
    return found.with_columns(pl.from_epoch("at", "s").dt.replace_time_zone("UTC").cast(UTC_TIME)).sort("point", "at")


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


def used(points_: Points, start: datetime, end: datetime, step: str = "1h") -> pl.DataFrame:
    """`point at value coverage flag`: what was used in each step, in the unit of the point; computed points too.

    `coverage` is the part of the step that was measured; the rest of `value` was filled by the declared rule, and what the rule
    does not reach is not in it. Raises `SeriesError` for moments (`instant`), which have a mean and no sum.
    """
    return _steps(points_, start, end, step, instant=False).select("point", "at", "value", "coverage", "flag")


def mean(points_: Points, start: datetime, end: datetime, step: str = "1h") -> pl.DataFrame:
    """`point at value low high coverage flag` of moments (power, temperature, level): the mean over time."""
    found = _steps(points_, start, end, step, instant=True)
    return found.select("point", "at", "value", "low", "high", "coverage", "flag")


def _steps(points_: Points, start: datetime, end: datetime, step: str, *, instant: bool) -> pl.DataFrame:
    if step not in STEPS:
        raise SeriesError(f"没有“{step}”这种步长", expected="、".join(STEPS))
    numbers, table, start, end = points.numbers_of(points_), points.table(), utc(start), utc(end)
    kinds = dict(table.frame.select("point", "kind").iter_rows())
    wrong = [number for number in numbers if (kinds.get(number) == "instant") != instant]
    if wrong:
        code = next((code for code, number in table.numbers.items() if number == wrong[0]), wrong[0])
        raise SeriesError(
            f"计量点“{code}”是{'用量，请用 used' if instant else '瞬时值，请用 mean'}",
            expected="瞬时值" if instant else "用量",
        )
    plan = formulas.plan(table, numbers)
    measured = _measured_steps(plan.measured, start, end, step)
    found = formulas.computed(plan, measured, numbers=table.numbers)
    return found.filter(pl.col("point").is_in(numbers)).sort("point", "at")


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
        found = _answer(lambda seen: _union(seen, (step,), numbers, edge, end)[0], STEP)
        if spans.height:
            made = remade(spans)
            for each in STEPS[1 : STEPS.index(step) + 1]:
                made = rolling.coarser(made, each, table, clock)
            found = pl.concat(
                [rolling.outside(found, spans), made.filter(pl.col("at").is_between(edge, end, closed="left"))]
            )
    coverage = (pl.col("measured") / length_of(step, clock)).clip(0.0, 1.0)
    return found.sort("point", "at").with_columns(coverage=coverage)


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


def remade(spans: pl.DataFrame) -> pl.DataFrame:
    """Quarter hours of the spans, from the readings."""
    table, clock = points.table(), points.the_store().clock
    rows = around(spans["point"].to_list(), spans["start"].min(), spans["end"].max())  # type: ignore[arg-type]
    return rolling.inside(rolling.quarter_hours(rows, table, clock), spans)


def around(numbers: Sequence[int], start: datetime, end: datetime) -> pl.DataFrame:
    """Readings of `[start, end]` and of each point the nearest before and behind, if they are not too far away."""
    near = readings(numbers, start - NEAR, end + NEAR)
    found = [near]
    before = set(near.filter(pl.col("at") <= start)["point"].unique())
    if lacking := [number for number in numbers if number not in before]:
        found.append(readings(lacking, start - FAR, start - NEAR).group_by("point", maintain_order=True).last())
    behind = set(near.filter(pl.col("at") >= end)["point"].unique())
    if lacking := [number for number in numbers if number not in behind]:
        found.append(readings(lacking, end + NEAR, end + FAR).group_by("point", maintain_order=True).first())
    return pl.concat([each.select(list(READING)) for each in found]).sort("point", "at")


# ---------- charts ----------


def shown(points_: Points, start: datetime, end: datetime, *, most: int = 2000, how: str = "lttb") -> pl.DataFrame:
    """`point at value flag` for a chart: at most `most` of a point, chosen so that the picture keeps its shape.

    Values are in the unit of the point. Months of a point are first brought to their extremes in the engine, so that years can be
    asked for. `how`: `lttb` (largest triangles) or `minmax` (the lowest and highest of each bucket).
    """
    numbers, table, start, end = points.numbers_of(points_), points.table(), utc(start), utc(end)
    span = max(1.0, (end - start).total_seconds())
    periods = table.frame.filter(pl.col("point").is_in(numbers))["period"].to_list()
    expected = max((span / period for period in periods), default=0)
    if expected > 20 * most:
        found = _answer(lambda seen: _extremes(seen, numbers, start, end, int(span / (2 * most)) + 1), {
            "point": pl.Int64, "at": UTC_TIME, "value": pl.Float64, "flag": pl.UInt16,
        }).unique().sort("point", "at")  # fmt: skip
    else:
        found = readings(numbers, start, end)
    found = found.join(table.frame.select("point", "kind"), on="point", how="inner", maintain_order="left")
    found = rolling.converted(found, table.factors).select("point", "at", "value", "flag")
    return thinning.thinned(found, most=most, how=how)


def _extremes(seen: Snapshot, numbers: Sequence[int], start: datetime, end: datetime, seconds: int) -> Expression:
    """The lowest and the highest reading of each bucket."""
    rows = _picked(seen, numbers, start, end, None)
    bucket = (row.at.epoch_seconds() // seconds).name("bucket")
    grouped = rows.group_by(row.point, bucket)
    low = grouped.agg(at=row.at.argmin(row.value), value=row.value.min(), flag=row.flag.argmin(row.value))
    high = grouped.agg(at=row.at.argmax(row.value), value=row.value.max(), flag=row.flag.argmax(row.value))
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


def _scope(
    seen: Snapshot, kinds: Sequence[str], numbers: Sequence[int] | None, start: datetime, end: datetime
) -> list[File]:
    first, last = (int(each.astimezone(UTC).timestamp() * 1e6) for each in (start, end))
    wanted = None if numbers is None else sorted(numbers)
    found = []
    for file in seen.manifest.files:
        if file.kind not in kinds or file.first >= last or file.last < first:
            continue
        if wanted is None or _any_between(wanted, file.low, file.high):
            found.append(file)
    return found


def _any_between(wanted: Sequence[int], low: int, high: int) -> bool:
    from bisect import bisect_left

    at = bisect_left(wanted, low)
    return at < len(wanted) and wanted[at] <= high


def _union(
    seen: Snapshot, kinds: Sequence[str], numbers: Sequence[int] | None, start: datetime, end: datetime
) -> tuple[Expression, bool]:
    """Files and tail of the scope as one table, and whether revisions compete in it."""
    made = connection()
    files = _scope(seen, kinds, numbers, start, end)
    schema = READING if READINGS in kinds else STEP
    parts: list[Expression] = []
    if files:
        name = f"series_{kinds[0]}".replace("-", "_")
        table = made.read_parquet([seen.path(file) for file in files], table_name=name)
        parts.append(table.select(*schema))
    competing = any(file.competing for file in files) or any(file.kind == SUPERSEDED for file in files)
    if READINGS in kinds and seen.waiting:
        inside = pl.col("at").is_between(start, end, closed="left")
        if numbers is not None:
            inside &= pl.col("point").is_in(list(numbers))
        tail = seen.tail.filter(inside)
        if tail.height:
            competing = competing or bool((tail["revision"] > 0).any())
            parts.append(ibis.memtable(tail.select(list(schema)).to_arrow()))
    if not parts:
        return ibis.memtable(empty(schema).to_arrow()), False
    found = parts[0] if len(parts) == 1 else ibis.union(*parts)
    condition = (found.at >= ibis.literal(start)) & (found.at < ibis.literal(end))
    if numbers is not None:
        condition &= found.point.isin(list(numbers))
    return found.filter(condition), competing


def _picked(
    seen: Snapshot, numbers: Sequence[int] | None, start: datetime, end: datetime, known_at: datetime | None
) -> Expression:
    """One row a point and moment."""
    kinds = (READINGS,) if known_at is None else (READINGS, SUPERSEDED)
    found, competing = _union(seen, kinds, numbers, start, end)
    if known_at is not None:
        found = found.filter(found.arrived <= ibis.literal(known_at))
    if not competing:
        return found
    rank = found.source.cases(*[(int(source), rank) for source, rank in sorted(RANK.items())], else_=MEASURED)
    window = ibis.window(
        group_by=[found.point, found.at],
        order_by=[ibis.desc(rank), ibis.desc(found.arrived), ibis.desc(found.revision)],
    )
    return found.mutate(place=ibis.row_number().over(window)).filter(row.place == 0).drop("place")
