"""Rows with half widths, and what the tests of uncertainty compare."""

import math
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

DRAWS = 20_000
TOLERANCE = 5 * 0.95 / math.sqrt(DRAWS)
QUICK = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def factor(name: str, value: float = 1.0, percent: float | None = None, **more: Any) -> dict[str, Any]:
    """A factor of the simple method, with a half width in percent."""
    told = {"factor_id": name, "parameter": "simple_ef", "unit": "t CO2/t", "value": value, **more}
    if percent is not None:
        told |= {"lower": value - abs(value) * percent / 100, "upper": value + abs(value) * percent / 100}
    return told


def carbon(world: SimpleNamespace, rows: list[dict[str, Any]], table: list[dict[str, Any]]) -> Any:
    """A compile in which the simple method for CO2 is the only one."""
    return world.compile(rows, table, recipes=[one for one in world.recipes if one.method == "test.simple"])


def told(found: Any) -> dict[str, Any]:
    return dict(found.total.row(0, named=True))


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two rows hold the same words and, but for rounding, the same numbers."""
    numbers = [[value if isinstance(value, float) else math.nan for value in row.values()] for row in (one, other)]
    words = [{name: value for name, value in row.items() if not isinstance(value, float)} for row in (one, other)]
    return words[0] == words[1] and numbers[0] == pytest.approx(numbers[1], rel=1e-9, abs=1e-12, nan_ok=True)
