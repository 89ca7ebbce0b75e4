"""The city and the desks of the control room's tests, two parks and firms in one of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dafeng.kernel.records import services as records
from tests.domains.energy.control.conftest import (  # noqa: F401
    CITY,
    GUSHI,
    NOW,
    SHIHE,
    city,
    clock,
    decide,
    ecology,
    ndrc,
    person,
)

SINCE = date(2026, 1, 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in Path(item.fspath).parents and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db)


def proof(by: Any, name: str = "证明.pdf") -> list[Any]:
    return [records.store_evidence(b"proof", name=name, media_type="application/pdf", by=by, now=NOW)]


@pytest.fixture
def firms(city: Any) -> Any:  # noqa: F811
    """Five firms of the county by code; the people of `a` are of the organisation `a-office`."""
    from dafeng.kernel.enterprises.models import Enterprise

    return {
        code: Enterprise.objects.create(
            code=code, name=f"企业{code}", place=GUSHI, city=CITY, organisation=f"{code}-office"
        )
        for code in "abcde"
    }


@pytest.fixture
def make(city: Any) -> Any:  # noqa: F811
    """A park of the register."""
    from dafeng.domains.energy.parks import store

    def made(code: str, *, place: str = GUSHI, level: str = "provincial", **more: Any) -> Any:
        given = {"name": f"园 {code}", "place": place, "level": level} | more
        return store.keep(CITY, code=code, given=given, by=None, now=NOW)

    return made


@pytest.fixture
def park(make: Any, firms: Any) -> Any:
    """A park run by `runner-office`, with firms a, b and c half a kilometre apart from west to east."""
    from dafeng.domains.energy.parks import store

    found = make("east", organisation="runner-office", longitude=115.0, latitude=32.0)
    for number, code in enumerate("abc"):
        # At 32° north a degree of longitude is 111.195 km × cos 32° = 94.30 km: half a kilometre is 0.0053.
        store.join(found, firms[code], since=SINCE, by=None, now=NOW, longitude=115.0 + 0.0053 * number, latitude=32.0, shares=code != "c")  # fmt: skip
    return found
