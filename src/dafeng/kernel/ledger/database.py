"""Where a ledger lives: Django's database, or a file or server of its own; and one durable transaction on it.

The portal's SQLite runs with `synchronous=NORMAL`, which may lose the last commits when the power fails. A ledger may not,
so its own transactions are made with FULL. A post inside a larger transaction of the caller is as durable as that one;
`durable()` opens such a one.
"""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from dafeng.kernel.errors import LedgerError
from dafeng.kernel.ledger import schema
from dafeng.kernel.ledger.store import PostgresStore, SqliteStore, SqlStore

_FULL = 2  # PRAGMA synchronous
# Batches touch pages all over the indexes: keep them in memory, and write them back to the file not at every batch.
_ROOM = ("cache_size=-65536", "wal_autocheckpoint=8000")
_PROMPT = ("cache_size=-65536", "wal_autocheckpoint=64000")
LONG_LOG, _PATIENCE = 16_000, 50  # pages; ms


class Database(Protocol):
    def transaction(self) -> AbstractContextManager[SqlStore]: ...
    def reading(self) -> AbstractContextManager[SqlStore]: ...
    def release(self) -> None: ...


class DjangoDatabase:
    """A database of Django's settings."""

    def __init__(self, using: str = DEFAULT_DB_ALIAS) -> None:
        self.using = using

    def _store(self) -> SqlStore:
        connection = connections[self.using]
        connection.ensure_connection()
        if connection.vendor == "sqlite":
            return SqliteStore(connection.connection)
        if connection.vendor == "postgresql":
            return PostgresStore(connection.connection)
        raise LedgerError(f"账本不支持数据库 {connection.vendor}", expected="SQLite 或 PostgreSQL")

    @contextmanager
    def transaction(self) -> Iterator[SqlStore]:
        with durable(self.using), connections[self.using].wrap_database_errors:
            yield self._store()

    @contextmanager
    def reading(self) -> Iterator[SqlStore]:
        """One unmoving state for all statements inside; writers are not kept waiting."""
        store, connection = self._store(), connections[self.using]
        with connection.wrap_database_errors:
            if connection.in_atomic_block:
                yield store
            elif store.vendor == "sqlite":
                store.execute("BEGIN")
                try:
                    yield store
                finally:
                    store.execute("ROLLBACK")
            else:
                with transaction.atomic(self.using):
                    store.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                    yield store

    def release(self) -> None:
        """Give up this thread's connection."""
        connections[self.using].close()


@contextmanager
def durable(using: str = DEFAULT_DB_ALIAS, *, prompt: bool = False) -> Iterator[None]:
    """A transaction that survives a loss of power once it is committed. Write your own rows and post in one of these.

    `prompt`: somebody waits for the answer, so the log is left for a worker to write back (`write_back`), unless none does.
    """
    connection: Any = connections[using]  # SQLite's own knows whether it is in memory
    connection.ensure_connection()
    raw: Any = connection.connection
    # A book in memory has nothing to keep, and its connection may be shared by threads that are amid a transaction.
    if connection.vendor != "sqlite" or connection.in_atomic_block or connection.is_in_memory_db():
        with transaction.atomic(using):
            yield
        return
    (former,) = raw.execute("PRAGMA synchronous").fetchone()
    for pragma in (f"synchronous={max(former, _FULL)}", *(_PROMPT if prompt else _ROOM)):
        raw.execute(f"PRAGMA {pragma}")
    try:
        with transaction.atomic(using):
            yield
    finally:
        if connection.connection is raw:
            raw.execute(f"PRAGMA synchronous={former}")


def write_back(using: str = DEFAULT_DB_ALIAS) -> None:
    """Write SQLite's log back into its file, for those who commit and cannot wait. Does nothing on other databases.

    The long part keeps nobody waiting. Only when the log has grown long does the short rest take the writers' turn: without
    that the log of a book that is never at rest would never begin anew.
    """
    connection: Any = connections[using]
    if connection.vendor != "sqlite" or connection.is_in_memory_db():
        return
    connection.ensure_connection()
    raw: Any = connection.connection
    _busy, pages, _written = raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    if pages <= LONG_LOG:
        return
    (patience,) = raw.execute("PRAGMA busy_timeout").fetchone()
    raw.execute(f"PRAGMA busy_timeout={_PATIENCE}")  # a long reader would hold up the writers with it: then next time
    try:
        raw.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
    finally:
        raw.execute(f"PRAGMA busy_timeout={patience}")


@contextmanager
def uncollected() -> Iterator[None]:
    """Python's collector of cycles rests. A batch or an audit makes many rows and no cycles: the collector would walk a book
    of 300 000 accounts again and again in vain, for a fifth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class SqliteFile:
    """A ledger in a file of its own: for simulation, measurement and replay."""

    def __init__(self, path: Path | str) -> None:
        self.raw: Any = sqlite3.connect(path, isolation_level=None, timeout=20, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", *_ROOM):
            self.raw.execute(f"PRAGMA {pragma}")
        if not self.raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'ledger_head'").fetchone():
            with self.transaction() as store:
                for statement in schema.sqlite():
                    store.execute(statement)

    @contextmanager
    def transaction(self) -> Iterator[SqlStore]:
        self.raw.execute("BEGIN IMMEDIATE")
        try:
            yield SqliteStore(self.raw)
            self.raw.execute("COMMIT")
        except BaseException:
            if self.raw.in_transaction:
                self.raw.execute("ROLLBACK")
            raise

    @contextmanager
    def reading(self) -> Iterator[SqlStore]:
        """One unmoving state for all statements inside."""
        self.raw.execute("BEGIN")
        try:
            yield SqliteStore(self.raw)
        finally:
            self.raw.execute("ROLLBACK")

    def release(self) -> None:
        """The file is shared by all threads; `close` ends it."""

    def close(self) -> None:
        self.raw.close()


class PostgresServer:
    """A ledger in a PostgreSQL database of its own, over one connection: for simulation, measurement and replay."""

    def __init__(self, url: str) -> None:
        import psycopg

        self.raw: Any = psycopg.connect(url, autocommit=True)
        if not self.raw.execute("SELECT 1 FROM information_schema.tables WHERE table_name = 'ledger_head'").fetchone():
            with self.transaction() as store:
                for statement in schema.postgresql():
                    self.raw.execute(statement)
                assert store.head().n == 0

    @contextmanager
    def transaction(self) -> Iterator[SqlStore]:
        with self.raw.transaction():
            yield PostgresStore(self.raw)

    @contextmanager
    def reading(self) -> Iterator[SqlStore]:
        with self.raw.transaction(force_rollback=True):
            self.raw.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield PostgresStore(self.raw)

    def release(self) -> None:
        """The connection is shared by all threads; `close` ends it."""

    def close(self) -> None:
        self.raw.close()
