"""A delivery as devices write it, in columns: the same JSON by HTTP and by MQTT.

    {"key": "2026-11-21T08:15", "readings": [
        {"point": "steel-main", "at": ["2026-11-21T08:00:00+08:00", …], "value": [1.5, …]},
        {"point": "steel-gas", "start": "2026-11-21T00:15:00+08:00", "step": 900, "value": [3, …], "unit": "Nm3"}]}

A time is a text with its zone, or a number of seconds since 1970. `value` may hold null for a reading that is not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

import polars as pl

from dafeng.kernel.series.errors import Refused
from dafeng.kernel.series.frames import UTC_TIME
from dafeng.kernel.series.reasons import refused

MOST = 200_000
COLUMNS: dict[str, Any] = {"point": pl.String, "at": UTC_TIME, "value": pl.Float64, "unit": pl.String}


@dataclass
class _Columns:
    """All parts of a delivery, one under the other: a frame a part would cost more than the readings."""

    point: list[str] = field(default_factory=list)
    text: list[str | None] = field(default_factory=list)
    seconds: list[float | None] = field(default_factory=list)
    value: list[float | None] = field(default_factory=list)
    unit: list[str | None] = field(default_factory=list)

    def add(self, part: dict[str, Any]) -> None:
        code, values, unit = part["point"], part["value"], part.get("unit")
        if not isinstance(code, str) or not isinstance(values, list) or not (unit is None or isinstance(unit, str)):
            raise ValueError("point, value or unit")
        if not all(value is None or type(value) in (int, float) for value in values):
            raise ValueError("value")
        count = len(values)
        times: Any = part["at"] if "at" in part else _every(part["start"], part["step"], count)
        if not isinstance(times, list) or len(times) != count:
            raise ValueError("at")
        if all(type(time) in (int, float) for time in times):
            self.seconds += times
            self.text += [None] * count
        elif all(isinstance(time, str) for time in times):
            self.text += times
            self.seconds += [None] * count
        else:
            raise ValueError("at")
        self.point += [code] * count
        self.value += values
        self.unit += [unit] * count

    def extend(self, other: _Columns) -> None:
        for each in fields(self):
            getattr(self, each.name).extend(getattr(other, each.name))

    def frame(self) -> pl.DataFrame:
        text = pl.Series("text", self.text, dtype=pl.String)
        if not text.drop_nulls().str.contains(r"(?:Z|[+-]\d{2}:?\d{2})$").all():
            raise ValueError("a time without its zone")
        seconds = pl.Series("at", self.seconds, dtype=pl.Float64, strict=False)
        at = (seconds * 1e6).round().cast(pl.Int64).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
        if text.null_count() < len(text):
            at = text.str.to_datetime(time_unit="us", time_zone="UTC").fill_null(at).alias("at")
        value = pl.Series("value", self.value, dtype=pl.Float64, strict=False)
        if value.null_count() > self.value.count(None) or seconds.null_count() > self.seconds.count(None):
            raise ValueError("a number that no float holds")  # never to be taken for a reading that is not there
        frame = pl.DataFrame(
            {"point": self.point, "at": at, "value": value, "unit": self.unit}, schema_overrides=COLUMNS
        )
        return frame.filter(pl.col("value").is_not_null())


def _every(start: str | float, step: int, count: int) -> list[float]:
    """Seconds since 1970 of `count` readings, `step` seconds apart."""
    if type(step) is not int or not 0 < step <= 31 * 86_400:
        raise ValueError("step")
    if isinstance(start, str):
        moment = datetime.fromisoformat(start)
        if moment.tzinfo is None:
            raise ValueError("a time without its zone")
        start = moment.timestamp()
    if type(start) not in (int, float):
        raise ValueError("start")
    return [start + step * place for place in range(count)]


def _read(body: bytes) -> tuple[str, _Columns]:
    columns = _Columns()
    with _meant():
        told = json.loads(body, object_pairs_hook=_once)
        key, parts = told.get("key", ""), told["readings"]
        if not isinstance(key, str) or len(key) > 80 or not (key.isascii() and key.isprintable()):
            raise ValueError("key")
        for part in parts:
            columns.add(part)
    if len(columns.value) > MOST:
        raise refused("batch_large")
    return key, columns


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object that names something twice says two things, and nobody knows which was meant."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name twice")
    return found


@contextmanager
def _meant() -> Iterator[None]:
    """Whatever cannot be read is refused with the notation that was expected."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, pl.exceptions.PolarsError):
        raise refused(
            "batch_malformed", expected='{"key": "…", "readings": [{"point": "…", "at": […], "value": […]}]}'
        ) from None


def parsed(body: bytes) -> tuple[str, pl.DataFrame]:
    """Key (or "") and readings. Raises `Refused`."""
    key, columns = _read(body)
    with _meant():
        return key, columns.frame()


def parsed_together(bodies: Sequence[bytes]) -> tuple[pl.DataFrame, list[str | Refused]]:
    """The readings of many deliveries in one frame, and of each delivery its key, or why it was refused.

    A frame for each of many small ones would cost more than all their readings.
    """
    whole, told = _Columns(), list[str | Refused]()
    for body in bodies:
        try:
            key, columns = _read(body)
        except Refused as error:
            told.append(error)
            continue
        whole.extend(columns)
        told.append(key)
    try:
        with _meant():
            return whole.frame(), told
    except Refused:  # a time that cannot be read: only each by itself tells whose it is
        return _parsed_one_by_one(bodies)


def _parsed_one_by_one(bodies: Sequence[bytes]) -> tuple[pl.DataFrame, list[str | Refused]]:
    frames, told = [_Columns().frame()], list[str | Refused]()
    for body in bodies:
        try:
            key, frame = parsed(body)
        except Refused as error:
            told.append(error)
            continue
        frames.append(frame)
        told.append(key)
    return pl.concat(frames), told


def encoded(frame: pl.DataFrame, *, key: str = "") -> bytes:
    """`point at value` (codes) as a delivery: what our own clients send."""
    told = frame.group_by("point", maintain_order=True).agg(pl.col("at").dt.epoch("us") / 1e6, "value")
    parts = [
        {"point": code, "at": at, "value": value} for code, at, value in told.select("point", "at", "value").rows()
    ]
    return json.dumps({"key": key, "readings": parts}, separators=(",", ":")).encode()
