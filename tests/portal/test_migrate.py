"""An initial migration made whole comes to the same tables as one made step by step."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connections
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.migrations import Migration, RunPython
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from dafeng.portal.management.commands import migrate

TARGET = [("energy", "0001_initial")]


def _tables() -> dict[str, Any]:
    """Every table that `TARGET` needs, in a database of its own: columns, indexes, keys and conditions by name."""
    database = DatabaseWrapper({**connections["default"].settings_dict, "ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "OPTIONS": {}}, "aside")  # fmt: skip
    connections["aside"] = database
    MigrationExecutor(database).migrate(TARGET)
    with database.cursor() as cursor:

        def ask(question: str) -> list[tuple[Any, ...]]:
            return list(cursor.execute(question).fetchall())

        found = {}
        for name, text in ask("select name, sql from sqlite_master where type = 'table'"):
            indexes = [(row[2], [part[2] for part in ask(f'pragma index_info("{row[1]}")')]) for row in ask(f'pragma index_list("{name}")')]  # fmt: skip
            found[name] = (
                sorted((row[1], row[2], row[3], row[5]) for row in ask(f'pragma table_info("{name}")')), sorted(indexes),
                sorted(row[2:5] for row in ask(f'pragma foreign_key_list("{name}")')),
                sorted(re.findall(r'CONSTRAINT "(\w+)" (?:UNIQUE|CHECK)', text)),
            )  # fmt: skip
        others = ask("select type, name, tbl_name from sqlite_master where type != 'table' and name not like 'sqlite%'")
    database.close()
    del connections["aside"]
    return {"tables": found, "others": sorted(others)}


@pytest.mark.django_db
def test_whole_and_step_by_step_are_the_same_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    by_steps = _tables()
    monkeypatch.setattr(Migration, "apply", migrate.apply)
    assert _tables() == by_steps
    assert len(by_steps["tables"]) > 30


def test_only_migrations_that_create_tables_are_made_whole() -> None:
    known = MigrationLoader(None).disk_migrations
    whole = {key for key, each in known.items() if migrate.makes_tables_only(each)}
    assert {("energy", "0001_initial"), ("inclusion", "0001_initial"), ("enterprise", "0001_initial")} <= whole
    assert not any(isinstance(step, RunPython) for key in whole for step in known[key].operations)
    assert ("ledger", "0001_initial") not in whole, "its tables and triggers are its own text"
