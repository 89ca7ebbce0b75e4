"""Ledgers of a test's own, in a file and on PostgreSQL, and a few short words to post with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dafeng.kernel.ledger import queries, verbs
from dafeng.kernel.ledger.audit import Audit, audit
from dafeng.kernel.ledger.database import PostgresServer, SqliteFile
from dafeng.kernel.ledger.engine import Reply
from dafeng.kernel.ledger.ledger import Ledger
from tests.processes import own_postgres

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OPEN_POLICY: dict[str, Any] = {
    "transfer": ["main"], "auto_open": True, "holds": ["order", "pledge", "freeze", "quarantine"],
    "purposes": {"redeem": {}, "voluntary": {"sink": "cancelled"}},
}  # fmt: skip


class Desk:
    """A ledger with a clock that a test moves, and commands in short."""

    def __init__(self, database: Any) -> None:
        self.database, self.ledger, self.now, self.count = database, Ledger(database), NOW, 0

    def post(self, *commands: verbs.Command) -> list[Reply]:
        return self.ledger.post(commands, now=self.now)

    def do(self, verb: Any, *arguments: Any, actor: str = "clerk", key: str = "", **fields: Any) -> Reply:
        self.count += 1
        return self.post(verb(*arguments, key=key or f"key{self.count}", actor=actor, **fields))[0]

    def wait(self, **step: int) -> None:
        self.now += timedelta(**step)

    def asset(self, asset: str, *lots: tuple[str, int], policy: dict[str, Any] | None = None) -> None:
        """An asset with lots of 1000 serials, named with their vintages."""
        made = self.do(verbs.define_asset, asset=asset, unit="t", scale=0, title=asset, policy=policy or OPEN_POLICY)
        assert made.ok, made
        for place, (lot, vintage) in enumerate(lots):
            reply = self.do(
                verbs.create_lot,
                asset=asset,
                lot=lot,
                vintage=vintage,
                source="s",
                serial_from=place * 1000,
                amount=1000,
            )
            assert reply.ok, reply

    def give(self, asset: str, lot: str, to: str, amount: int) -> Reply:
        reply = self.do(verbs.issue, asset=asset, lot=lot, to=to, amount=amount)
        assert reply.ok, reply
        return reply

    def balance(self, account: str, asset: str) -> queries.BalanceView:
        with self.database.reading() as store:
            return queries.balance(store, account, asset)

    def units(self, account: str, asset: str) -> tuple[int, int]:
        """Total and available."""
        found = self.balance(account, asset)
        return found.total, found.available

    def ask(self, question: Any, *arguments: Any, **options: Any) -> Any:
        with self.database.reading() as store:
            return question(store, *arguments, **options)

    def audit(self) -> Audit:
        with self.database.reading() as store:
            return audit(store)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def unaudited_desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """On both databases, for tests that put rows of their own into the tables."""
    if request.param == "sqlite":
        database: Any = SqliteFile(tmp_path / "ledger.sqlite3")
        yield Desk(database)
        database.close()
        return
    with own_postgres() as url:
        database = PostgresServer(url)
        yield Desk(database)
        database.close()


@pytest.fixture
def desk(unaudited_desk: Desk) -> Iterator[Desk]:
    """On both databases; whatever a test did, the audit finds nothing afterwards."""
    yield unaudited_desk
    found = unaudited_desk.audit()
    assert found.ok, found.findings


@pytest.fixture
def sqlite_desk(tmp_path: Path) -> Iterator[Desk]:
    """On SQLite alone, and not audited: for tests that spoil it."""
    database = SqliteFile(tmp_path / "ledger.sqlite3")
    yield Desk(database)
    database.close()
