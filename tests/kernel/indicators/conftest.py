"""Two indicators and a way to publish a run in one line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@pytest.fixture
def board(db: None) -> None:
    from dafeng.kernel.indicators import services

    services.ensure_indicator("test.co2e", name="排放量", name_en="Emissions", unit="t CO2e", decimals=0)
    services.ensure_indicator("test.share", name="非化石占比", unit="%", decimals=1)


def figure(**change: Any) -> dict[str, Any]:
    """A sound row, with changes."""
    row = {"indicator": "test.co2e", "subject": "411500", "period": "2020", "value": 1.5, "unit": "t CO2e", "status": 0}
    return row | change


@pytest.fixture
def cell() -> Callable[..., dict[str, Any]]:
    return figure


@pytest.fixture
def start(board: None, now: datetime) -> Callable[..., Any]:
    from dafeng.kernel.indicators import services

    def start(subject: str = "411500", kind: str = "compile", **parameters: Any) -> Any:
        return services.start_run(domain="test", kind=kind, subject=subject, parameters=parameters, now=now)

    return start


@pytest.fixture
def publish(start: Callable[..., Any], now: datetime) -> Callable[..., Any]:
    """`publish([rows], variant=…)` starts, publishes and finishes a run."""
    from dafeng.kernel.indicators import services

    count = iter(range(1000))

    def publish(rows: Any, **which: Any) -> Any:
        run = start(**which)
        services.publish(run, rows)
        return services.finish_run(run, now + timedelta(minutes=next(count)))

    return publish
