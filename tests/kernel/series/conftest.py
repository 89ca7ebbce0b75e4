"""What the tests of the series share: a Monday in Xinyang, points of each kind, and readings made in columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from dafeng.kernel.series import ingest, services
from dafeng.kernel.series.ingest import Receipt
from dafeng.kernel.series.models import Point

CITY = ZoneInfo("Asia/Shanghai")
DAY = datetime(2026, 3, 2, tzinfo=CITY)
LATER = datetime(2026, 11, 21, 9, tzinfo=CITY)
MINUTES = timedelta(minutes=15)


@pytest.fixture
def point(db) -> Callable[..., Point]:
    """Makes a point; unless told otherwise a register of electricity that is read every 15 minutes."""

    def made(code: str = "m1", **words: Any) -> Point:
        usual = {
            "subject": "enterprise:steel", "name": "总表", "quantity": "electricity", "unit": "kWh", "kind": "register",
            "period": 900,
        }  # fmt: skip
        return services.ensure_point(code, **{**usual, **words})

    return made


def rows(
    point: Point | str, values: Iterable[float | None], *, start: datetime = DAY, step: timedelta = MINUTES, **more: Any
) -> pl.DataFrame:
    """Readings one after another; None is left out."""
    told = point if isinstance(point, str) else point.code
    found = [(told, start + step * place, value) for place, value in enumerate(values) if value is not None]
    frame = pl.DataFrame(
        found, schema={"point": pl.String, "at": pl.Datetime("us", "UTC"), "value": pl.Float64}, orient="row"
    )
    return frame.with_columns(**{name: pl.lit(value) for name, value in more.items()})


@pytest.fixture
def send(db) -> Callable[..., Receipt]:
    """Gives readings to the one way in."""

    def sent(frame: pl.DataFrame, *, source: str = "http", now: datetime = LATER, **named: Any) -> Receipt:
        return ingest.receive(frame, source=source, now=now, **named)

    return sent
