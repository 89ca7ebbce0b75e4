"""The city and the desks of the control room's tests, plants, and their accepted capacity."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.domains.energy.control.conftest import CITY, GUSHI, NOW, SHIHE, XIN, city, clock, ndrc, person  # noqa: F401

TODAY = date(2026, 11, 21)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent not in Path(item.fspath).parents or item.get_closest_marker("django_db"):
            continue
        if "test_methods" not in item.nodeid:
            item.add_marker(pytest.mark.django_db)


@pytest.fixture
def clerk(person: Any) -> Any:  # noqa: F811
    return person("department")


@pytest.fixture
def keep(city: Any) -> Any:  # noqa: F811
    """A plant of the register."""
    from dafeng.domains.energy.plants import store

    def make(code: str, kind: str = "wind", *, place: str = SHIHE, part_of: str = "", **more: Any) -> Any:
        given = {"name": f"电站 {code}", "place": place, "kind": kind} | more
        return store.keep(CITY, code=code, given=given, by=None, now=NOW, part_of=part_of)

    return make


@pytest.fixture
def proof(clerk: Any) -> list[Any]:
    from dafeng.kernel.records import services as records

    return [records.store_evidence(b"proof", name="acceptance.pdf", media_type="application/pdf", by=clerk, now=NOW)]


@pytest.fixture
def stand(clerk: Any, ndrc: Any, proof: list[Any]) -> Any:  # noqa: F811
    """A change of capacity that another person accepted (unless told otherwise)."""
    from dafeng.domains.energy.plants import steps, store

    def make(plant: Any, mw: float, on: date, *, stage: str = "connected", accept: bool = True, **more: Any) -> Any:
        given = {"document": "验收 1 号"} | more
        made = store.file_change(
            plant, stage=stage, on=on, mw=mw, by=clerk, now=NOW, today=TODAY, evidence=proof, **given
        )
        if accept:
            steps.step(made.record, "accept", by=ndrc, now=NOW)
        return made

    return make


@pytest.fixture
def tell() -> Any:
    from dafeng.domains.energy.plants import months

    def make(plant: Any, month: str, **values: float) -> Any:
        return months.file_month(
            plant, month=month, values=values, basis="reported", source="结算单", by=None, now=NOW, today=TODAY
        )

    return make
