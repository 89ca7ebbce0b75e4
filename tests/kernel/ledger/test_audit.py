"""Whoever has the database can change it; the audit says where. And the triggers make it hard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dafeng.kernel.ledger import audit, schema, verbs
from dafeng.kernel.ledger.ledger import Ledger
from tests.kernel.ledger.conftest import Desk


@pytest.fixture
def busy(sqlite_desk: Desk) -> Desk:
    """Some of everything, then without triggers."""
    desk = sqlite_desk
    desk.asset("pt", ("x", 2025), ("y", 2026), policy=POLICY)
    for lot in ("x", "y"):
        desk.do(verbs.issue, asset="pt", lot=lot, to="person:a/main", amount=50, claims=[("MWh", lot, "2026", 0, 9)])
    desk.do(verbs.transfer, asset="pt", source="person:a/main", to="person:b/main", amount=60)
    held = {"asset": "pt", "account": "person:a/main"}
    desk.do(verbs.hold, amount=10, kind="pledge", hold="h1", signer="bank", **held)
    desk.do(verbs.hold, amount=10, kind="order", hold="h2", **held)
    desk.do(verbs.settle, hold="h1", to="person:b/main", amount=5, actor="bank")
    gone = {"purpose": "redeem", "beneficiary": "person:b", "period": "2026"}
    desk.do(verbs.retire, asset="pt", source="person:b/main", amount=20, **gone)
    assert (
        desk.do(verbs.transfer, asset="pt", source="person:a/main", to="person:b/main", amount=999).answer
        == "insufficient"
    )
    desk.wait(days=1)
    desk.do(verbs.transfer, asset="pt", source="person:b/main", to="person:a/main", amount=1)
    assert desk.audit().ok
    for (name,) in desk.database.raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        desk.database.raw.execute(f"DROP TRIGGER {name}")
    desk.database.raw.execute("PRAGMA ignore_check_constraints=ON")
    return desk


POLICY: dict[str, Any] = {
    "transfer": ["main"], "auto_open": True, "holds": ["order", "pledge"],
    "purposes": {"redeem": {"not_after_period": True}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "invariant"),
    [
        ("UPDATE ledger_balance SET credits = credits + 1 WHERE account > 0", "I1"),
        ("UPDATE ledger_balance SET held = 1000 WHERE account > 0", "I2"),
        ("UPDATE ledger_entry SET amount = amount + 1 WHERE seq = 3", "I3"),
        ("UPDATE ledger_command SET body = replace(body, '60', '61')", "I3"),
        ("UPDATE ledger_command SET actor = 'somebody'", "I3"),
        ("UPDATE ledger_command SET answer = 'ok' WHERE answer <> 'ok'", "I3"),
        ("UPDATE ledger_block SET hash = 'ff' WHERE n = 3", "I3"),
        ("UPDATE ledger_entry SET hold = 1 WHERE kind = 3", "I4"),
        ("UPDATE ledger_hold SET state = 0", "I4"),
        ("UPDATE ledger_lot SET serial_from = 0 WHERE name = 'y'", "I5"),
        ("UPDATE ledger_lot SET serial_to = serial_from + 10", "I6"),
        ("UPDATE ledger_balance SET debits = 1, credits = credits + 1 WHERE account < 0", "I7"),
        ("UPDATE ledger_balance SET lot = lot + 900 WHERE account < 0", "I6"),
        ("DELETE FROM ledger_retirement", "I8"),
        ("UPDATE ledger_retirement SET amount = 19", "I8"),
        ("UPDATE ledger_claim SET subject = 'x', kind = 'MWh'", "I9"),
        ("UPDATE ledger_retirement SET period = '2020'", "I10"),
        ("UPDATE ledger_hold SET signer = 'court'", "I11"),
        ("DELETE FROM ledger_block WHERE n = 2", "I12"),
        ("DELETE FROM ledger_command WHERE seq = 4", "I12"),
        ("DELETE FROM ledger_entry WHERE seq = (SELECT max(seq) FROM ledger_entry)", "I12"),
        ("UPDATE ledger_head SET n = n - 1", "I12"),
        ("UPDATE ledger_command SET ts = 1 WHERE seq = 9", "I12"),
        ("UPDATE ledger_command SET original = 1, answer = 'conflict' WHERE answer <> 'ok'", "I13"),
        ("UPDATE ledger_balance SET debits = debits + 1, credits = credits + 1 WHERE account > 0", "I14"),
        ("DELETE FROM ledger_balance WHERE account > 0", "I14"),
        ("UPDATE ledger_entry SET command = command - 1 WHERE seq = 4", "I3"),
    ],
)
def test_an_altered_table_is_found_by_its_invariant(busy: Desk, statement: str, invariant: str) -> None:
    busy.database.raw.execute(statement)
    found = busy.audit()
    assert invariant in {finding.invariant for finding in found.findings}, found.findings


def test_a_log_rewritten_with_fitting_hashes_fails_the_replay(busy: Desk) -> None:
    """Somebody lets a refused transfer of 999 points stand as done and re-hashes the chain: arithmetic alone may hold."""
    from dafeng.kernel.ledger import encoding

    raw = busy.database.raw
    raw.execute("UPDATE ledger_command SET answer = 'unknown_asset' WHERE answer = 'insufficient'")
    previous = encoding.GENESIS
    for n, first, last, begun, ended in raw.execute(
        "SELECT n, first_command, last_command, first_entry, last_entry FROM ledger_block ORDER BY n"
    ).fetchall():
        fields = ", ".join(encoding.COMMAND_FIELDS), ", ".join(encoding.ENTRY_FIELDS)
        told = raw.execute(
            f"SELECT {fields[0]} FROM ledger_command WHERE seq BETWEEN ? AND ?", (first, last)
        ).fetchall()
        moved = raw.execute(
            f"SELECT {fields[1]} FROM ledger_entry WHERE seq BETWEEN ? AND ?", (begun, ended)
        ).fetchall()
        digest = encoding.block_hash(n, previous, told, moved)
        raw.execute("UPDATE ledger_block SET previous = ?, hash = ? WHERE n = ?", (previous, digest, n))
        previous = digest
    raw.execute("UPDATE ledger_head SET hash = ?", (previous,))
    assert busy.audit().ok
    with busy.database.reading() as store, pytest.raises(Exception, match="重放与记录不符"):
        audit.replay(store)


def test_a_replay_gives_the_same_hash_and_state(desk: Desk) -> None:
    desk.asset("pt", ("x", 2025))
    desk.give("pt", "x", "person:a/main", 50)
    desk.do(verbs.transfer, asset="pt", source="person:a/main", to="person:b/main", amount=60)
    with desk.database.reading() as store:
        assert audit.replay(store) == (store.head().hash, audit.state_digest(store))


TABLES = [name.removeprefix("ledger_") for name in schema._ALL]


@pytest.mark.parametrize("table", TABLES)
def test_rows_are_neither_deleted_nor_rewritten(unaudited_desk: Desk, table: str) -> None:
    """The database itself refuses, whoever asks. The head and the balances move on, but only the ledger's numbers do."""
    desk = unaudited_desk
    desk.asset("pt", ("x", 2025))
    desk.give("pt", "x", "person:a/main", 50)
    raw, name = desk.database.raw, f"ledger_{table}"
    if not raw.execute(f"SELECT 1 FROM {name}").fetchone():
        _fill(desk, table)
    with pytest.raises(Exception, match="append-only"):
        raw.execute(f"DELETE FROM {name}")
    for column in schema._frozen(name) or schema._columns(name):
        value = f"{column} + 1000" if (name, column) in _numbers() else f"{column} || 'x'"
        with pytest.raises(Exception, match="append-only"):
            raw.execute(f"UPDATE {name} SET {column} = {value}")


def _numbers() -> set[tuple[str, str]]:
    return {
        (name, words[0])
        for name in schema._ALL
        for part in schema._TABLES.split(f"CREATE TABLE {name}(")[1].split(");")[0].replace("\n", " ").split(",")
        if len(words := part.split()) > 1 and words[1] == "BIGINT"
    }


def _fill(desk: Desk, table: str) -> None:
    """A row where the simple history has none."""
    texts = {"TEXT": "'x'", "BIGINT": "1"}
    columns = [
        texts["BIGINT" if (f"ledger_{table}", column) in _numbers() else "TEXT"]
        for column in schema._columns(f"ledger_{table}")
    ]
    if table == "claim":
        columns[5] = "2"
    with desk.database.transaction() as store:
        store.execute(f"INSERT INTO ledger_{table} VALUES ({', '.join(columns)})")
    request = {"claim", "retirement", "duty", "carry", "proposal", "reversal", "signature", "hold"}
    assert table in request


def test_both_databases_take_the_same_log_to_the_same_head(desk: Desk, tmp_path: Path) -> None:
    """The desk's own database against a file: same commands, same hash, same digest of all balances."""
    from dafeng.kernel.ledger.database import SqliteFile

    desk.asset("pt", ("x", 2025), ("y", 2026))
    desk.give("pt", "y", "person:浉河/main", 50)
    desk.do(
        verbs.transfer, asset="pt", source="person:浉河/main", to='person:"quoted\\/main', amount=7, note='“引号” " \\'
    )
    other = SqliteFile(tmp_path / "other.sqlite3")
    with desk.database.reading() as store:
        Ledger(other).replay(audit.log(store))
        with other.reading() as copy:
            assert copy.head().hash == store.head().hash
            assert audit.state_digest(copy) == audit.state_digest(store)
    other.close()
