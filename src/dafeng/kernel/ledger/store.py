"""The ledger's tables as the engine reads and writes them: one set of statements, two databases.

A store works on a bare DB-API connection inside a transaction that somebody else began; it holds no state. On PostgreSQL
the one-row head is locked `FOR UPDATE` before anything is read: writers queue there and the chain cannot fork. On SQLite
the IMMEDIATE transaction is that lock.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from dafeng.kernel.ledger import encoding
from dafeng.kernel.ledger.book import Head
from dafeng.kernel.ledger.encoding import Row

COMMAND = ", ".join(encoding.COMMAND_FIELDS)
ENTRY = ", ".join(encoding.ENTRY_FIELDS)
_LOT = (
    "SELECT l.id, l.asset, l.name, l.vintage, l.source, l.serial_from, l.serial_to, l.usable_until, l.labels, "
    "COALESCE(b.debits, 0) FROM ledger_lot l LEFT JOIN ledger_balance b ON b.account = -4 * l.asset AND b.lot = l.id "
)
_ACCOUNT = "SELECT a.id, s.key, a.ref, a.closed FROM ledger_account a JOIN ledger_asset s ON s.id = a.asset "
_HOLD = "SELECT id, name, parts, kind, account, target, signer, expires, state FROM ledger_hold "

# Rows beside the log, by the name under which the book notes them, in the order in which they may be written.
_SIDES = {
    "asset": "INSERT INTO ledger_asset VALUES (?, ?, ?, ?)",
    "policy": "INSERT INTO ledger_policy VALUES (?, ?, ?, ?, ?)",
    "account": "INSERT INTO ledger_account VALUES (?, ?, ?, ?)",
    "account_closed": "UPDATE ledger_account SET closed = ? WHERE id = ?",
    "lot": "INSERT INTO ledger_lot VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "hold": "INSERT INTO ledger_hold VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "hold_state": "UPDATE ledger_hold SET state = ? WHERE id = ?",
    "claim": "INSERT INTO ledger_claim VALUES (?, ?, ?, ?, ?, ?, ?)",
    "claim_released": "UPDATE ledger_claim SET released = ? WHERE command = ?",
    "retirement": "INSERT INTO ledger_retirement VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "duty": "INSERT INTO ledger_duty VALUES (?, ?, ?, ?, ?)",
    "carry": "INSERT INTO ledger_carry VALUES (?, ?, ?, ?)",
    "proposal": "INSERT INTO ledger_proposal VALUES (?, ?, ?)",
    "proposal_state": "UPDATE ledger_proposal SET state = ? WHERE command = ?",
    "reversal": "INSERT INTO ledger_reversal VALUES (?, ?)",
}
_ABSOLUTE = (
    "ON CONFLICT (account, lot) DO UPDATE SET debits = excluded.debits, credits = excluded.credits, "
    "held = excluded.held, frozen = excluded.frozen"
)
_ADDED = (
    "ON CONFLICT (account, lot) DO UPDATE SET debits = ledger_balance.debits + excluded.debits, "
    "credits = ledger_balance.credits + excluded.credits"
)


class SqlStore:
    """Everything both databases share."""

    vendor = ""
    listed = ""  # how `column IN (a list given as one parameter)` ends

    def __init__(self, connection: Any) -> None:
        self.raw = connection

    # ------------------------------------------------------------ the database's own way

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Any:
        raise NotImplementedError

    def many(self, statement: str, rows: Sequence[Row]) -> None:
        raise NotImplementedError

    def array(self, values: Sequence[Any]) -> Any:
        raise NotImplementedError

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[Row]:
        found: list[Row] = self.execute(statement, parameters).fetchall()
        return found

    def row(self, statement: str, parameters: Sequence[Any] = ()) -> Row | None:
        found: Row | None = self.execute(statement, parameters).fetchone()
        return found

    def cursor(self, statement: str) -> Any:
        """A cursor for a large result, to be read by `fetchmany`."""
        raise NotImplementedError

    def stream(self, statement: str) -> Iterator[Row]:
        """Rows one after another, without all of them in memory."""
        cursor = self.cursor(statement)
        while rows := cursor.fetchmany(5000):
            yield from rows

    # ------------------------------------------------------------ head and blocks

    def head(self) -> Head:
        row = self.row("SELECT n, hash, command, entry, clock FROM ledger_head WHERE id = 1")
        assert row is not None
        return Head(*row)

    def lock_head(self) -> Head:
        return self.head()

    def write_block(self, head: Head, previous: str, commands: Sequence[Row], entries: int) -> None:
        first = head.command - len(commands) + 1
        self.execute(
            "INSERT INTO ledger_block VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                head.n, commands[0][4], commands[-1][4], first, head.command, head.entry - entries + 1, head.entry,
                previous, head.hash,
            ),
        )  # fmt: skip
        self.execute(
            "UPDATE ledger_head SET n = ?, hash = ?, command = ?, entry = ?, clock = ? WHERE id = 1",
            (head.n, head.hash, head.command, head.entry, head.clock),
        )

    def write(self, commands: Sequence[Row], entries: Sequence[Row], sides: Sequence[tuple[str, Row]]) -> None:
        if commands:
            self.append("ledger_command", commands)
        if entries:
            self.append("ledger_entry", entries)
        if sides:
            grouped: dict[str, list[Row]] = {}
            for table, values in sides:
                grouped.setdefault(table, []).append(values)
            for table, statement in _SIDES.items():
                if table in grouped:
                    self.many(statement, grouped[table])

    def append(self, table: str, rows: Sequence[Row]) -> None:
        self.many(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)

    def write_balances(self, balances: Sequence[Row], sinks: Sequence[Row]) -> None:
        if balances:
            self.many(f"INSERT INTO ledger_balance VALUES (?, ?, ?, ?, ?, ?) {_ABSOLUTE}", balances)
        if sinks:
            self.many(f"INSERT INTO ledger_balance VALUES (?, ?, ?, ?, ?, ?) {_ADDED}", sinks)

    # ------------------------------------------------------------ what the engine asks

    def commands(self, keys: Sequence[str]) -> list[Row]:
        """Those of the keys that were used. Keys that begin with the time mostly lie behind all others: one look tells."""
        between = "SELECT seq FROM ledger_command WHERE original = 0 AND key >= ? AND key <= ? LIMIT 1"
        if self.row(between, (min(keys), max(keys))) is None:
            return []
        return self.rows(
            f"SELECT {COMMAND} FROM ledger_command WHERE original = 0 AND key {self.listed}", (self.array(keys),)
        )

    def command(self, key: str) -> Row | None:
        return self.row(f"SELECT {COMMAND} FROM ledger_command WHERE original = 0 AND key = ?", (key,))

    def conflicts(self, original: int) -> list[Row]:
        return self.rows(
            f"SELECT {COMMAND} FROM ledger_command WHERE original <> 0 AND original = ? ORDER BY seq", (original,)
        )

    def entries(self, first: int, count: int) -> list[Row]:
        return self.rows(
            f"SELECT {ENTRY} FROM ledger_entry WHERE seq >= ? AND seq < ? ORDER BY seq", (first, first + count)
        )

    def asset(self, key: str) -> Row | None:
        return self.row(
            "SELECT a.id, a.key, a.unit, a.scale, p.policy FROM ledger_asset a JOIN ledger_policy p ON p.asset = a.id "
            "WHERE a.key = ? ORDER BY p.command DESC LIMIT 1",
            (key,),
        )

    def asset_key(self, asset: int) -> str:
        row = self.row("SELECT key FROM ledger_asset WHERE id = ?", (asset,))
        assert row is not None
        return str(row[0])

    def sharing_assets(self, purpose: str, duty_asset: str) -> list[int]:
        newest = "SELECT max(command) FROM ledger_policy GROUP BY asset"
        found = self.rows(f"SELECT asset, policy FROM ledger_policy WHERE command IN ({newest}) ORDER BY asset")
        rules = [(asset, json.loads(text).get("purposes", {}).get(purpose, {})) for asset, text in found]
        return [asset for asset, rule in rules if rule.get("duty_asset") == duty_asset]

    def accounts(self, refs: Sequence[str]) -> list[Row]:
        return self.rows(f"{_ACCOUNT} WHERE a.ref {self.listed} ORDER BY a.id", (self.array(refs),))

    def accounts_by_id(self, ids: Sequence[int]) -> list[Row]:
        return self.rows(f"{_ACCOUNT} WHERE a.id {self.listed} ORDER BY a.id", (self.array(ids),))

    def balances(self, accounts: Sequence[int]) -> list[Row]:
        return self.rows(
            "SELECT account, lot, debits, credits, held, frozen FROM ledger_balance "
            f"WHERE account {self.listed} ORDER BY account, lot",
            (self.array(accounts),),
        )

    def lot(self, asset: int, name: str) -> Row | None:
        return self.row(f"{_LOT} WHERE l.asset = ? AND l.name = ?", (asset, name))

    def lots(self, ids: Sequence[int]) -> list[Row]:
        return self.rows(f"{_LOT} WHERE l.id {self.listed} ORDER BY l.id", (self.array(ids),))

    def overlapping(self, asset: int, source: str, lower: int, upper: int) -> str | None:
        row = self.row(
            "SELECT name FROM ledger_lot WHERE asset = ? AND source = ? AND serial_from < ? AND serial_to > ? "
            "ORDER BY serial_from LIMIT 1",
            (asset, source, upper, lower),
        )
        return str(row[0]) if row else None

    def holders_of_lot(self, lot: int, limit: int) -> list[int]:
        found = self.rows(
            "SELECT account FROM ledger_balance WHERE lot = ? AND account > 0 AND credits - debits > held + frozen "
            "ORDER BY account LIMIT ?",
            (lot, limit),
        )
        return [row[0] for row in found]

    def holds(self, names: Sequence[str]) -> list[Row]:
        return self.rows(f"{_HOLD} WHERE name {self.listed} ORDER BY id", (self.array(names),))

    def hold_name(self, first: int) -> str | None:
        row = self.row("SELECT name FROM ledger_hold WHERE id = ?", (first,))
        return str(row[0]) if row else None

    def hold_parts(self, first: int, count: int) -> list[Row]:
        return self.entries(first, count)

    def due_holds(self, clock: int, limit: int) -> list[str]:
        found = self.rows(
            "SELECT name FROM ledger_hold WHERE state = 0 AND expires <> 0 AND expires <= ? ORDER BY expires, id LIMIT ?",
            (clock, limit),
        )
        return [row[0] for row in found]

    def claims(self, kind: str, subject: str, period: str) -> list[Row]:
        return self.rows(
            "SELECT lower, upper FROM ledger_claim WHERE kind = ? AND subject = ? AND period = ? AND released = 0 "
            "ORDER BY lower",
            (kind, subject, period),
        )

    def retired(self, beneficiary: str, period: str, purpose: str, assets: Sequence[int]) -> int:
        row = self.row(
            "SELECT COALESCE(SUM(amount), 0) FROM ledger_retirement WHERE beneficiary = ? AND period = ? "
            f"AND purpose = ? AND asset {self.listed}",
            (beneficiary, period, purpose, self.array(assets)),
        )
        assert row is not None
        return int(row[0])

    def duty(self, holder: str, period: str, asset: int) -> int:
        row = self.row(
            "SELECT amount FROM ledger_duty WHERE holder = ? AND period = ? AND asset = ? ORDER BY command DESC LIMIT 1",
            (holder, period, asset),
        )
        return int(row[0]) if row else -1

    def carried(self, account: int, lot: int) -> int:
        row = self.row(
            "SELECT COALESCE(SUM(amount), 0) FROM ledger_carry WHERE account = ? AND lot = ?", (account, lot)
        )
        assert row is not None
        return int(row[0])

    def proposal_state(self, key: str) -> int | None:
        row = self.row("SELECT state FROM ledger_proposal WHERE key = ?", (key,))
        return int(row[0]) if row else None

    def reversed_by(self, target: int) -> int | None:
        row = self.row("SELECT command FROM ledger_reversal WHERE target = ?", (target,))
        return int(row[0]) if row else None


class SqliteStore(SqlStore):
    vendor = "sqlite"
    listed = "IN (SELECT value FROM json_each(?))"

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Any:
        return self.raw.execute(statement, parameters)

    def many(self, statement: str, rows: Sequence[Row]) -> None:
        self.raw.executemany(statement, rows)

    def array(self, values: Sequence[Any]) -> Any:
        return json.dumps(values)

    def cursor(self, statement: str) -> Any:
        return self.raw.execute(statement)


class PostgresStore(SqlStore):
    vendor = "postgresql"
    listed = "= ANY(?)"

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Any:
        return self.raw.cursor().execute(statement.replace("%", "%%").replace("?", "%s"), parameters)

    def many(self, statement: str, rows: Sequence[Row]) -> None:
        self.raw.cursor().executemany(statement.replace("%", "%%").replace("?", "%s"), rows)

    def array(self, values: Sequence[Any]) -> Any:
        return [*values]

    def cursor(self, statement: str) -> Any:
        cursor = self.raw.cursor(name=f"ledger_{uuid.uuid4().hex}")
        cursor.execute(statement)
        return cursor

    def lock_head(self) -> Head:
        row = self.row("SELECT n, hash, command, entry, clock FROM ledger_head WHERE id = 1 FOR UPDATE")
        assert row is not None
        return Head(*row)

    def append(self, table: str, rows: Sequence[Row]) -> None:
        """COPY: the fastest way in."""
        text = table == "ledger_command"
        lines = [_copy_line(row) if text else "\t".join(map(str, row)) + "\n" for row in rows]
        with self.raw.cursor().copy(f"COPY {table} FROM STDIN") as copy:
            copy.write("".join(lines))

    def write_balances(self, balances: Sequence[Row], sinks: Sequence[Row]) -> None:
        unnest = ", ".join(["?::bigint[]"] * 6)
        for rows, then in ((balances, _ABSOLUTE), (sinks, _ADDED)):
            if rows:
                # An array written as text costs a third of a list that the driver has to adapt.
                columns = ["{" + ",".join(map(str, column)) + "}" for column in zip(*rows, strict=True)]
                self.execute(f"INSERT INTO ledger_balance SELECT * FROM unnest({unnest}) {then}", columns)


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _copy_line(row: Row) -> str:
    cells = (cell.translate(_ESCAPES) if type(cell) is str and "\\" in cell else str(cell) for cell in row)
    return "\t".join(cells) + "\n"
