"""The ledger beside the raw insert of equal rows: durable transfers in batches, group commit, audit, statement.

Random transfers and holds between 10 000 accounts that hold two lots each, time-ordered keys, `synchronous=FULL`. The raw
insert writes the very same command and entry rows, with the same indexes and as many commits, and decides nothing.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from benchmarks.figures import Figure, apart, quickest, seconds
from dafeng.kernel.ledger import audit, queries, verbs
from dafeng.kernel.ledger.database import PostgresServer, SqliteFile, uncollected
from dafeng.kernel.ledger.group import GroupWriter
from dafeng.kernel.ledger.ledger import Ledger
from dafeng.kernel.ledger.store import COMMAND, ENTRY
from dafeng.kernel.ledger.verbs import Command

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNTS, BATCH, PERSONS = 10_000, 1_000, 300_000
POLICY = {"transfer": ["main"], "holds": ["order"], "auto_open": True}


def measure(*, quick: bool = False) -> Iterator[Figure]:
    transfers = 20_000 if quick else 100_000
    with tempfile.TemporaryDirectory(prefix="dafeng-bench-") as folder:
        yield from _sqlite(Path(folder), transfers, quick=quick)
    yield from _points(100_000 if quick else 1_000_000)
    yield _postgres(transfers)


def founding() -> list[Command]:
    """An asset, two lots, and 10 000 accounts that hold of both."""
    made = [verbs.define_asset(key="a", actor="x", asset="pt", unit="pt", scale=0, title="pt", policy=POLICY)]
    for lot in (0, 1):
        serials = {"serial_from": lot * 10**9, "amount": 10**9, "vintage": 2025 + lot}
        made.append(verbs.create_lot(key=f"l{lot}", actor="x", asset="pt", lot=f"L{lot}", source="s", **serials))
    return made + [
        verbs.issue(key=f"i{n}-{lot}", actor="x", asset="pt", lot=f"L{lot}", to=f"person:{n}/main", amount=10_000)
        for n in range(ACCOUNTS)
        for lot in (0, 1)
    ]


def traffic(count: int) -> list[Command]:
    """Nine transfers, then one unit held and settled."""
    rng, made = random.Random(7), []
    for n in range(count):
        one, other = rng.sample(range(ACCOUNTS), 2)
        key, source, to = f"2026-{n:012d}", f"person:{one}/main", f"person:{other}/main"
        if n % 20 == 18:
            held = {"asset": "pt", "account": source, "amount": 1, "kind": "order", "hold": key}
            made.append(verbs.hold(key=key, actor="user:1", **held))
        elif n % 20 == 19:
            made.append(verbs.settle(key=key, actor="user:1", hold=f"2026-{n - 1:012d}", to="person:0/main"))
        else:
            amount = rng.randint(1, 50)
            made.append(verbs.transfer(key=key, actor="user:1", asset="pt", source=source, to=to, amount=amount))
    return made


def post_all(ledger: Ledger, commands: Sequence[Command]) -> None:
    for first in range(0, len(commands), BATCH):
        ledger.post(commands[first : first + BATCH], now=NOW)


def _points(count: int) -> Iterator[Figure]:
    """A city's day of points, in a process of its own: a million events of 300 000 persons, whose accounts open with them."""
    found = apart("ledger", "points", count)
    note = f"{count / found['seconds']:.0f}/s with {found['accounts']} accounts opened; {found['core_us']:.1f} µs of a core each"
    yield Figure(f"{count} single issues to {PERSONS} persons", found["seconds"], "s", count * 60e-6, None, note)
    yield Figure("their process's memory", found["peak_gib"], "GiB", 1.0)


def points(count: int) -> dict[str, Any]:
    """One `issue` for each event, in batches of 10 000."""
    rng, taken, busy = random.Random(1), 0.0, 0.0
    with tempfile.TemporaryDirectory(prefix="dafeng-bench-") as folder:
        database = SqliteFile(Path(folder) / "ledger.sqlite3")
        ledger = Ledger(database)
        lot = {"lot": "2026-01", "vintage": 2026, "source": "s", "serial_from": 0, "amount": 10**12}
        policy = POLICY | {"lot_order": "expiry"}
        ledger.post(
            [
                verbs.define_asset(key="a", actor="x", asset="pt", unit="pt", scale=0, title="pt", policy=policy),
                verbs.create_lot(key="l", actor="x", asset="pt", **lot),
            ],
            now=NOW,
        )
        for first in range(0, count, 10_000):
            commands = [
                verbs.issue(
                    key=f"2026-{n:09d}", actor="scene:bus", asset="pt", lot="2026-01", amount=rng.randint(1, 60),
                    to=f"person:{rng.randrange(PERSONS):06x}/main", code="reward",
                )
                for n in range(first, min(first + 10_000, count))
            ]  # fmt: skip
            begun = time.process_time()
            taken += seconds(lambda batch=commands: ledger.post(batch, now=NOW))
            busy += time.process_time() - begun
        (accounts,) = database.raw.execute("SELECT count(*) FROM ledger_account").fetchone()
        database.close()
    return {"seconds": taken, "accounts": accounts, "core_us": busy / count * 1e6}


def _sqlite(folder: Path, transfers: int, *, quick: bool) -> Iterator[Figure]:
    database = SqliteFile(folder / "ledger.sqlite3")
    ledger = Ledger(database)
    post_all(ledger, founding())
    begun = database.raw.execute("SELECT command, entry FROM ledger_head").fetchone()
    commands = traffic(transfers)
    busy = time.process_time()
    taken = seconds(lambda: post_all(ledger, commands))
    busy = time.process_time() - busy
    refused = database.raw.execute("SELECT count(*) FROM ledger_command WHERE answer <> 'ok'").fetchone()[0]
    assert refused < 0.001 * transfers, "the traffic should be done, not refused"
    raw = _raw_insert(database, folder / "raw.sqlite3", begun)
    note = f"{transfers / taken:.0f}/s (wanted ≥ 30 000); raw insert of the same rows {transfers / raw:.0f}/s; "
    note += f"{busy / transfers * 1e6:.1f} µs of a core each"
    yield Figure(f"{transfers} durable transfers in batches of 1 000", taken, "s", 4.0, taken / raw, note)
    yield _group_commit(ledger, 1_500 if quick else 6_000)
    yield from _asking(database, ledger, quick=quick)
    database.close()


def _raw_insert(database: SqliteFile, path: Path, begun: tuple[int, int]) -> float:
    """The rows that the traffic left behind, inserted into empty tables of the same shape."""
    commands = database.raw.execute(f"SELECT {COMMAND} FROM ledger_command WHERE seq > ?", begun[:1]).fetchall()
    entries = database.raw.execute(f"SELECT {ENTRY} FROM ledger_entry WHERE seq > ?", begun[1:]).fetchall()
    raw = SqliteFile(path).raw

    def insert() -> None:
        blocks = max(1, len(commands) // BATCH)
        for block in range(blocks):
            raw.execute("BEGIN IMMEDIATE")
            for table, rows in (("ledger_command", commands), ("ledger_entry", entries)):
                part = rows[block * len(rows) // blocks : (block + 1) * len(rows) // blocks]
                raw.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", part)
            raw.execute("COMMIT")

    taken = seconds(insert)
    raw.close()
    return taken


def _group_commit(ledger: Ledger, count: int) -> Figure:
    waits: list[float] = []

    def call(n: int) -> None:
        begun = time.perf_counter()
        sent = {"source": f"person:{n % ACCOUNTS}/main", "to": f"person:{(n + 1) % ACCOUNTS}/main", "amount": 1}
        assert writer.post(verbs.transfer(key=f"g{n:09d}", actor="user:1", asset="pt", **sent)).ok
        waits.append(time.perf_counter() - begun)

    with GroupWriter(ledger, lambda: NOW) as writer, ThreadPoolExecutor(64) as pool:
        taken = seconds(lambda: list(pool.map(call, range(count))))
    waits.sort()
    note = f"{count / taken:.0f}/s (wanted ≥ 3 000); p99 {waits[int(len(waits) * 0.99)] * 1000:.0f} ms"
    return Figure("group commit, 64 callers: time a command", taken / count * 1e6, "µs", 333, None, note)


def _asking(database: SqliteFile, ledger: Ledger, *, quick: bool) -> Iterator[Figure]:
    wanted = 60_000 if quick else 500_000
    held = database.raw.execute("SELECT entry FROM ledger_head").fetchone()[0]
    more = [command._replace(key="m" + command.key) for command in traffic(wanted - held) if command.name == "transfer"]
    post_all(ledger, more)

    def check() -> None:
        with uncollected(), database.reading() as store:
            assert audit.audit(store).ok

    def read() -> None:
        database.raw.execute("SELECT max(length(body) + seq) FROM ledger_command").fetchone()
        list(database.raw.execute(f"SELECT {ENTRY} FROM ledger_entry"))

    taken, plain = min(seconds(check), seconds(check)), seconds(read)
    entries = database.raw.execute("SELECT entry FROM ledger_head").fetchone()[0]
    note = f"reading the rows alone: {plain:.2f} s"
    yield Figure(f"full audit of {entries} entries", taken, "s", 3.0 if not quick else None, None, note)

    def page(account: str) -> None:
        with database.reading() as store:
            assert queries.statement(store, account, "pt", limit=50).lines

    yield Figure("statement page of 50, busiest account", quickest(lambda: page("person:0/main")) * 1000, "ms", 5.0)
    yield Figure("statement page of 50, any account", quickest(lambda: page("person:77/main")) * 1000, "ms", 5.0)


def _postgres(transfers: int) -> Figure:
    name = f"{transfers} durable transfers on PostgreSQL"
    server = os.environ.get("DAFENG_TEST_POSTGRES")
    if not server:
        return Figure(name, None, "s", skipped="DAFENG_TEST_POSTGRES names no server")
    import psycopg

    made = f"dafeng_bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {made}".encode())
        try:
            return _on_server(name, urlunsplit(urlsplit(server)._replace(path=f"/{made}")), transfers)
        finally:
            connection.execute(f"DROP DATABASE {made} WITH (FORCE)".encode())


def _on_server(name: str, url: str, transfers: int) -> Figure:
    database: Any = PostgresServer(url)
    ledger = Ledger(database)
    post_all(ledger, founding())
    commands = traffic(transfers)
    busy = time.process_time()
    taken = seconds(lambda: post_all(ledger, commands))
    busy = time.process_time() - busy
    database.close()
    note = f"{transfers / taken:.0f}/s (wanted ≥ 15 000); {busy / transfers * 1e6:.1f} µs of a core each, without the server"
    return Figure(name, taken, "s", transfers / 15_000, None, note)
