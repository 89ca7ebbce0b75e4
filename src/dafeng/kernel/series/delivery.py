"""A delivery as devices write it, in columns: the same JSON by HTTP and by MQTT.

    {"key": "2026-11-21T08:15", "readings": [
        {"point": "steel-main", "at": ["2026-11-21T08:00:00+08:00", …], "value": [1.5, …]},
        {"point": "steel-gas", "start": "2026-11-21T00:15:00+08:00", "step": 900, "value": [3, …], "unit": "Nm3"}]}

A time is a text with its zone, or a number of seconds since 1970. `value` may hold null for a reading that is not there.
"""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from dafeng.kernel.series.frames import UTC_TIME
from dafeng.kernel.series.reasons import refused

MOST = 200_000
COLUMNS: dict[str, Any] = {"point": pl.String, "at": UTC_TIME, "value": pl.Float64, "unit": pl.String}


def parsed(body: bytes) -> tuple[str, pl.DataFrame]:
    """Key (or "") and readings. Raises `Refused`."""
    try:
        told = json.loads(body)
        key, parts = told.get("key", ""), told["readings"]
        if not isinstance(key, str) or len(key) > 80 or not (key.isascii() and key.isprintable()):
            raise ValueError("key")
        frames = [_part(part) for part in parts]
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, pl.exceptions.PolarsError):
        raise refused(
            "batch_malformed", expected='{"key": "…", "readings": [{"point": "…", "at": […], "value": […]}]}'
        ) from None
    if sum(frame.height for frame in frames) > MOST:
        raise refused("batch_large")
    return key, pl.concat(frames) if frames else pl.DataFrame(schema=COLUMNS)


def _part(part: dict[str, Any]) -> pl.DataFrame:
    code, values, unit = part["point"], part["value"], part.get("unit")
    if not isinstance(code, str) or not isinstance(values, list) or not (unit is None or isinstance(unit, str)):
        raise ValueError("point, value or unit")
    if any(isinstance(value, (bool, str)) for value in values):
        raise ValueError("value")
    value = pl.Series("value", values, dtype=pl.Float64, strict=False)
    at = _times(part, len(values))
    found = pl.DataFrame({"at": at, "value": value}).filter(pl.col("value").is_not_null())
    return found.select(pl.lit(code).alias("point"), "at", "value", pl.lit(unit, pl.String).alias("unit"))


def _times(part: dict[str, Any], count: int) -> pl.Series:
    if "at" in part:
        told = part["at"]
        if len(told) != count or isinstance(told, str):
            raise ValueError("at")
        return _moments(pl.Series("at", told))
    step = part["step"]
    if isinstance(step, bool) or not isinstance(step, int) or not 0 < step <= 31 * 86_400:
        raise ValueError("step")
    start = _moments(pl.Series("at", [part["start"]])).to_physical()
    micros = pl.Series("at", range(count), dtype=pl.Int64) * (step * 1_000_000) + start.item()
    found: pl.Series = micros.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return found


def _moments(told: pl.Series) -> pl.Series:
    if told.dtype == pl.String:
        if not told.str.contains(r"(?:Z|[+-]\d{2}:?\d{2})$").all():
            raise ValueError("a time without its zone")
        return told.str.to_datetime(time_unit="us", time_zone="UTC")
    if not told.dtype.is_numeric():
        raise ValueError("at")
    return (told.cast(pl.Float64) * 1e6).round().cast(pl.Int64).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def encoded(frame: pl.DataFrame, *, key: str = "") -> bytes:
    """`point at value` (codes) as a delivery: what our own clients send."""
    parts = [
        {"point": code, "at": (part["at"].dt.epoch("us") / 1e6).to_list(), "value": part["value"].to_list()}
        for (code,), part in frame.partition_by("point", as_dict=True, maintain_order=True).items()
    ]
    return json.dumps({"key": key, "readings": parts}, separators=(",", ":")).encode()
