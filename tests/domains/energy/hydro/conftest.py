"""The city and the desks of the control room's tests, rivers, stations, points with readings, and the demonstration."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.domains.energy.control.conftest import (  # noqa: F401
    CITY,
    GUSHI,
    NOW,
    SHIHE,
    XIN,
    city,
    clock,
    ecology,
    ndrc,
    person,
)

TODAY = date(2026, 11, 21)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in Path(item.fspath).parents and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db)


@pytest.fixture
def river(city: Any) -> Any:  # noqa: F811
    """Makes a river, perhaps one that flows into another."""
    from dafeng.domains.energy.hydro import store

    def make(code: str = "main", *, into: Any = None, joins: float | None = None) -> Any:
        return store.ensure_river(code, name=f"河 {code}", city=CITY, by=None, now=NOW, downstream=into, joins=joins)

    return make


@pytest.fixture
def station(river: Any) -> Any:
    """Makes a station: 500 kW, 20 m, 3 m³/s, η 0.8 on the river `main`."""
    from dafeng.domains.energy.hydro import store
    from dafeng.domains.energy.models import River

    def make(
        code: str, *, km: float = 10.0, place: str = SHIHE, owner: str = "one", on: Any = None, **more: Any
    ) -> Any:
        stream = on or River.objects.filter(code="main").first() or river()
        given = {
            "name": f"站 {code}", "place": place, "river": stream, "km": km, "organisation": owner, "capacity": 500.0, "units": 2, "head": 20.0,
            "design_flow": 3.0, "efficiency": 0.8,
        } | more  # fmt: skip
        return store.keep(CITY, code=code, given=given, by=None, now=NOW)

    return make


@pytest.fixture
def decide(ecology: Any, ndrc: Any) -> Any:  # noqa: F811
    """A signed decision of ecological flow."""
    from dafeng.domains.energy.hydro import store
    from dafeng.kernel.records import services as records

    def make(of: Any, flow: float | list[float | None], *, since: date = date(2026, 1, 1), sign: bool = True) -> Any:
        flows = flow if isinstance(flow, list) else [flow] * 12
        made = store.draft_decision(of, flows=flows, since=since, document="核定文件", by=ecology, now=NOW)
        if sign:
            records.move(made.record, "sign", by=ndrc, now=NOW)
        return made

    return make


@pytest.fixture
def measure() -> Any:
    """A point bound to a station or gauge, with readings from a moment of the city's clock on, a period apart (None: none came)."""
    from dafeng.domains.energy.hydro import store
    from dafeng.kernel.series import ingest
    from dafeng.kernel.series import services as series

    def make(
        of: Any,
        role: str,
        values: list[float | None],
        *,
        start: datetime,
        period: int = 3600,
        unit: int = 0,
        told: str = "",
    ) -> Any:
        kind = {"rain": "interval", "energy": "interval"}.get(role, "instant")
        code = f"{of.code}-{role}-{unit}"
        point = series.ensure_point(
            code, subject=f"hydro:{of.code}", organisation=getattr(of, "organisation", ""), place=of.place, name=role, quantity=role,
            unit=told or store.ROLES[role][0], kind=kind, period=period, since=start - timedelta(days=1),
        )  # fmt: skip
        bound = store.bind(of, role=role, point=code, unit=unit, by=None, now=NOW)
        shift = 0 if kind == "instant" else 1
        at = [start.astimezone(UTC) + timedelta(seconds=period * (number + shift)) for number in range(len(values))]
        frame = pl.DataFrame(
            {"point": [point.pk] * len(values), "at": at, "value": values},
            schema_overrides={"at": pl.Datetime("us", "UTC"), "value": pl.Float64},
        )
        ingest.receive(frame.drop_nulls(), source="simulated", key=code, now=NOW, owner="test")
        return bound

    return make


@pytest.fixture
def demo(city: Any, person: Any) -> Any:  # noqa: F811
    from dafeng.domains.energy.hydro.demo import ensure_demo

    people = {name: person(name, username=name) for name in ("ndrc", "ecology")}
    type(people["ndrc"]).objects.filter(username__in=people).update(demo=True)
    ensure_demo(CITY, now=NOW)
    return people
