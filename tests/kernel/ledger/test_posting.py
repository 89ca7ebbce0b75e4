"""Posting through Django and in groups: transactions of the caller, many threads, failures that reach who waits."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from dafeng.kernel.errors import LedgerError
from dafeng.kernel.ledger import services, verbs
from dafeng.kernel.ledger.database import SqliteFile
from dafeng.kernel.ledger.engine import Reply
from dafeng.kernel.ledger.group import GroupWriter
from dafeng.kernel.ledger.ledger import Ledger
from tests.kernel.ledger.conftest import NOW, OPEN_POLICY, Desk


def founded() -> list[verbs.Command]:
    lot = {"asset": "pt", "lot": "a", "vintage": 2026, "source": "s", "serial_from": 0, "amount": 10**6}
    return [
        verbs.define_asset(key="f1", actor="x", asset="pt", unit="分", scale=0, title="碳积分", policy=OPEN_POLICY),
        verbs.create_lot(key="f2", actor="x", **lot),
        verbs.issue(key="f3", actor="x", asset="pt", lot="a", to="person:a/main", amount=1000),
    ]


def send(key: str, amount: int = 1) -> verbs.Command:
    return verbs.transfer(key=key, actor="x", asset="pt", source="person:a/main", to="person:b/main", amount=amount)


@pytest.mark.django_db
def test_the_portals_database_holds_a_ledger_that_services_post_to_and_ask() -> None:
    assert all(reply.ok for reply in services.post([*founded(), send("t", 30)], now=NOW))
    assert services.balance("person:a/main", "pt").total == 970
    assert services.balance("person:b/main", "pt", at=NOW.date()).total == 30
    assert [line.code for line in services.statement("person:b/main", "pt").lines] == ["transfer"]
    assert services.city_total("pt").issued == 1000
    assert services.accounts_of("person:b") == [("person:b/main", "pt", False)]
    assert services.open_holds("person:b/main", "pt") == []
    assert services.find_command("t") is not None
    assert services.refused("x") == []
    assert services.serials("pt", "a")[0] == (0, 30, "person:b/main")
    assert services.serials_moved("t") == {"a": [(0, 30)]}
    assert services.serial_life("pt", "s", 5)[0] == "a"
    assert services.lineage("pt", "a").issued == 1000
    assert services.reconcile("pt", {"person:a/main": 970, "person:b/main": 30}) == []
    assert services.audit().ok
    assert services.replays()


@pytest.mark.django_db
def test_a_post_inside_the_callers_transaction_is_undone_with_it() -> None:
    """The memory of the undone post must not be believed afterwards."""

    class Undo(Exception):
        pass

    def fail() -> None:
        with services.durable():
            services.post([send("t1", 900)], now=NOW)
            assert services.balance("person:a/main", "pt").total == 100
            raise Undo

    services.post(founded(), now=NOW)
    with pytest.raises(Undo):
        fail()
    assert services.find_command("t1") is None
    assert services.post([send("t2", 900)], now=NOW)[0].ok
    assert services.balance("person:a/main", "pt").total == 100
    assert services.audit().ok


@pytest.mark.django_db(transaction=True)
def test_a_post_of_its_own_is_made_with_full_synchronisation(
    fresh_ledger: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL is durable by default")
    seen: list[int] = []
    connection.ensure_connection()
    # The tests' database is in memory, where nothing is made durable; a city's is a file.
    monkeypatch.setattr(connection, "is_in_memory_db", lambda: False)
    (usual,) = connection.connection.execute("PRAGMA synchronous").fetchone()

    class Watched(Ledger):
        def _take(self, store: Any) -> Any:
            seen.append(store.row("PRAGMA synchronous")[0])
            return super()._take(store)

    assert Watched(services.ledger().database).post(founded(), now=NOW)[0].ok
    assert seen == [2]
    assert connection.connection.execute("PRAGMA synchronous").fetchone() == (usual,)
    with transaction.atomic():  # inside a transaction the level cannot change, and the post still works
        assert services.post([send("t")], now=NOW)[0].ok


@pytest.fixture
def fresh_ledger() -> Any:
    """Django's flush leaves the ledger alone, so a test that commits builds it anew."""
    from importlib import import_module

    from django.apps import apps

    migration = import_module("dafeng.kernel.ledger.migrations.0001_initial")
    with connection.schema_editor() as editor:
        migration.drop(apps, editor)
        migration.build(apps, editor)
    yield
    with connection.schema_editor() as editor:
        migration.drop(apps, editor)
        migration.build(apps, editor)


def test_sixty_four_callers_share_commits_and_no_unit_is_lost(desk: Desk) -> None:
    assert all(reply.ok for reply in desk.post(*founded()))
    with GroupWriter(desk.ledger, lambda: NOW) as writer, ThreadPoolExecutor(64) as pool:
        replies = list(pool.map(lambda number: writer.post(send(f"t{number}")), range(640)))
    assert all(reply.ok for reply in replies)
    assert [reply.key for reply in replies] == [f"t{number}" for number in range(640)]
    assert desk.units("person:b/main", "pt") == (640, 640)
    with desk.database.reading() as store:
        assert store.head().n < 320, "callers did not share their commits"


def test_threads_that_spend_the_same_units_spend_them_once(desk: Desk) -> None:
    assert all(reply.ok for reply in desk.post(*founded()))
    with GroupWriter(desk.ledger, lambda: NOW) as writer, ThreadPoolExecutor(32) as pool:
        replies = list(pool.map(lambda number: writer.post(send(f"t{number}", 300)), range(64)))
    assert sorted(reply.answer for reply in replies) == ["insufficient"] * 61 + ["ok"] * 3
    assert desk.units("person:a/main", "pt") == (100, 100)


def test_a_failure_reaches_every_caller_and_the_writer_goes_on(tmp_path: Path) -> None:
    database = SqliteFile(tmp_path / "ledger.sqlite3")

    class Broken(Ledger):
        broken = True

        def post(self, commands: Any, *, now: datetime, clerk: str = "system") -> list[Reply]:
            if self.broken:
                raise OSError("the disk is gone")
            return super().post(commands, now=now, clerk=clerk)

    ledger = Broken(database)
    with GroupWriter(ledger, lambda: NOW) as writer:
        waiting = [writer.submit(command) for command in founded()]
        for answer in waiting:
            with pytest.raises(OSError, match="the disk is gone"):
                answer.result(30)
        ledger.broken = False
        assert writer.post(founded()[0]).ok
        with pytest.raises(LedgerError):
            writer.submit(send(""))
    with pytest.raises(LedgerError, match="已关闭"):
        writer.submit(send("late"))
    assert threading.active_count() < 64
    database.close()
