"""Where the questions of `queries` are computed: DuckDB in this process, or a Spark cluster that sees the same files.

`SERIES_ENGINE` (Django setting, else the environment): `duckdb`, or `spark://host:port` (`local[2]` for Spark in this process).
One connection a thread; DuckDB shares the machine with the portal, so it is held to `SERIES_MEMORY` (default 2 GB).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import Any

import ibis  # type: ignore[import-untyped]
import ibis.expr.datatypes as dt  # type: ignore[import-untyped]
import polars as pl
import polars.selectors as cs
from django.conf import settings

from dafeng.kernel.series.errors import SeriesError

MOMENT = dt.Timestamp(timezone="UTC")
_here = threading.local()
_sessions: dict[str, Any] = {}


def engine() -> str:
    return getattr(settings, "SERIES_ENGINE", "") or os.environ.get("SERIES_ENGINE", "") or "duckdb"


def connection() -> Any:
    """The Ibis back end of this thread. Raises `SeriesError` when the engine is not installed."""
    wanted = engine()
    kept: dict[str, Any] = _here.__dict__.setdefault("kept", {})
    if wanted not in kept:
        kept[wanted] = _duckdb() if wanted == "duckdb" else _spark(wanted)
    return kept[wanted]


@ibis.udf.scalar.builtin(name="epoch_us")  # type: ignore[untyped-decorator]
def _epoch_us(moment: MOMENT) -> int:  # type: ignore[empty-body,valid-type]
    """Of DuckDB."""


@ibis.udf.scalar.builtin(name="unix_micros")  # type: ignore[untyped-decorator]
def _unix_micros(moment: dt.Timestamp()) -> int:  # type: ignore[empty-body,valid-type]
    """Of Spark."""


def microseconds(moment: Any) -> Any:
    """A moment as whole microseconds since 1970, as it lies in the files.

    Ibis has seconds only, for which DuckDB takes each moment through the calendar of its zone: twice the time of a whole aggregate.
    """
    return (_epoch_us if engine() == "duckdb" else _unix_micros)(moment)


def parquet_files(paths: Sequence[str], name: str) -> Any:
    """The rows of some files as a table of this thread's connection, under a name that is taken anew each time."""
    made = connection()
    if engine() == "duckdb":
        return made.read_parquet(list(paths), table_name=name)
    # Ibis gives Spark one path only.
    _sessions[engine()].read.parquet(*paths).createOrReplaceTempView(name)
    return made.table(name)


def rows_in_memory(frame: pl.DataFrame) -> Any:
    """A frame as a table beside those of files."""
    if engine() == "duckdb":
        return ibis.memtable(frame.to_arrow())
    # To Spark the times of files have no zone and no precision (its session is on UTC), and no number is unsigned.
    times = frame.select(cs.datetime()).columns
    frame = frame.with_columns(cs.datetime().dt.replace_time_zone(None), cs.unsigned_integer().cast(pl.Int32))
    return ibis.memtable(frame.to_arrow()).cast(dict.fromkeys(times, dt.Timestamp()))


def _duckdb() -> Any:
    made = ibis.duckdb.connect()
    memory = getattr(settings, "SERIES_MEMORY", "2GB")
    for line in ("SET TimeZone='UTC'", f"SET memory_limit='{memory}'", "SET preserve_insertion_order=false"):
        made.raw_sql(line)
    return made


def _spark(master: str) -> Any:
    try:
        from pyspark.sql import SparkSession  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise SeriesError(
            f"SERIES_ENGINE 指向 Spark（{master}），但没有安装 pyspark",
            mend="请安装 ibis-framework[pyspark] 和 Java 17",
        ) from None
    builder = SparkSession.builder.master(master).appName("dafeng-series")
    for name, value in (
        ("spark.sql.session.timeZone", "UTC"), ("spark.ui.enabled", "false"), ("spark.driver.bindAddress", "127.0.0.1"),
        ("spark.driver.host", os.environ.get("SPARK_LOCAL_IP", "127.0.0.1")), ("spark.sql.shuffle.partitions", "8"),
    ):  # fmt: skip
        builder = builder.config(name, value)
    _sessions[master] = builder.getOrCreate()
    return ibis.pyspark.connect(_sessions[master])
