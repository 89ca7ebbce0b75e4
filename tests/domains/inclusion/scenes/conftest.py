from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.domains.inclusion.scenes.world import City


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in Path(item.fspath).parents and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db)


@pytest.fixture
def city() -> City:
    return City()


@pytest.fixture
def fresh_ledger(transactional_db) -> Iterator[None]:
    """Django's flush leaves the ledger alone, so a test that commits builds it anew, and brings back what migrations wrote."""
    _rebuild()
    yield
    _rebuild()


def _rebuild() -> None:
    from importlib import import_module

    from django.apps import apps
    from django.db import connection

    from dafeng.domains.inclusion import bookkeeping

    bookkeeping._made_lots.cache_clear()
    migration = import_module("dafeng.kernel.ledger.migrations.0001_initial")
    with connection.schema_editor() as editor:
        migration.drop(apps, editor)
        migration.build(apps, editor)
