"""The city and the desks of the control room's tests, and a building."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.domains.energy.control.conftest import (  # noqa: F401
    CITY,
    NOW,
    SHIHE,
    city,
    clock,
    decide,
    ecology,
    firm,
    ndrc,
    person,
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in Path(item.fspath).parents and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db)


@pytest.fixture
def build(city: Any) -> Any:  # noqa: F811
    """A building of the register."""
    from dafeng.domains.energy.buildings import store

    def make(code: str, *, area: float = 1000.0, place: str = SHIHE, **more: Any) -> Any:
        given = {
            "name": f"楼 {code}",
            "place": place,
            "type": "office",
            "zone": "hscw",
            "area": area,
            "public": True,
        } | more
        return store.keep(CITY, code=code, given=given, by=None, now=NOW)

    return make


@pytest.fixture
def use() -> Any:
    from dafeng.domains.energy.buildings import store

    def make(
        building: Any, carrier: str, value: float, *, end_use: str = "total", year: int = 2025, **more: Any
    ) -> Any:
        return store.file_use(building, year=year, carrier=carrier, value=value, end_use=end_use, basis="reported", source="账单", by=None, now=NOW, **more)  # fmt: skip

    return make
