"""SQLite's log is written back by a worker, not by who waits for an answer, and begins anew when it has grown long."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from dafeng.kernel.ledger import database

BLOCK = 3_000  # bytes a row: nearly a page of 4,096 each


@pytest.fixture
def book(tmp_path: Path, django_db_blocker: Any) -> Iterator[str]:
    """A database in a file, as the portal's is; in the settings for this test alone."""
    at = tmp_path / "book.sqlite3"
    connections.settings["apart"] = connections.configure_settings(
        {
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(at),
                "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL"},
            }
        }
    )["default"]
    with django_db_blocker.unblock():
        try:
            with connections["apart"].cursor() as cursor:
                cursor.execute("CREATE TABLE t (x BLOB)")
            yield "apart"
        finally:
            connections["apart"].close()
            del connections["apart"], connections.settings["apart"]


def _write(using: str, rows: int, *, prompt: bool) -> None:
    with database.durable(using, prompt=prompt), connections[using].cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s) INSERT INTO t SELECT zeroblob(%s) FROM n",
            [rows, BLOCK],
        )


def _pages(using: str) -> int:
    """How long the log is."""
    path = Path(connections[using].settings_dict["NAME"])
    return (path.with_name(path.name + "-wal").stat().st_size - 32) // 4_120


def _size(using: str) -> int:
    return Path(connections[using].settings_dict["NAME"]).stat().st_size


def test_a_prompt_commit_leaves_the_writing_back_to_others(book: str) -> None:
    _write(book, 9_000, prompt=True)
    assert _size(book) < 100_000, "nothing was written back by the one who commits"
    database.write_back(book)
    assert _size(book) > 9_000 * BLOCK


def test_others_write_back_as_they_go(book: str) -> None:
    _write(book, 9_000, prompt=False)
    assert _size(book) > 9_000 * BLOCK


def test_a_log_grown_long_begins_anew(book: str) -> None:
    """20,000 pages, written back; the next commit takes the log's first pages again instead of lengthening it."""
    _write(book, 20_000, prompt=True)
    database.write_back(book)
    grown = _pages(book)
    assert grown > database.LONG_LOG
    _write(book, 100, prompt=True)
    assert _pages(book) == grown


def test_a_reader_holds_nobody_up(book: str) -> None:
    """A long reader keeps the log from beginning anew; the writers go on, and what was written is there."""
    _write(book, 20_000, prompt=True)
    reader = sqlite3.connect(connections[book].settings_dict["NAME"], isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM t").fetchone()
    _write(book, 1, prompt=True)
    database.write_back(book)
    _write(book, 1, prompt=True)
    assert reader.execute("SELECT count(*) FROM t").fetchone() == (20_000,)
    reader.close()
    with connections[book].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM t")
        assert cursor.fetchone() == (20_002,)
