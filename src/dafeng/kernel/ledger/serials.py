"""The life of lots and serials, worked out from the moves of a lot.

Amounts move, serials follow: whoever gives units of a lot gives the lowest serials it has. So no serial is stored, every
answer is the same for everybody who has the log, and two accounts never hold the same serial.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from typing import NamedTuple

from dafeng.kernel.errors import LedgerError
from dafeng.kernel.ledger import encoding
from dafeng.kernel.ledger.encoding import CODE_NAMES, Row
from dafeng.kernel.ledger.queries import asset_row, names_of
from dafeng.kernel.ledger.store import SqlStore


class Block(NamedTuple):
    """Serials [lower, upper) of a lot in an account (or a sink)."""

    lower: int
    upper: int
    account: str


class Event(NamedTuple):
    """One step in a serial's life."""

    seq: int
    ts: int
    key: str
    code: str
    source: str
    target: str


@dataclass(frozen=True)
class Lineage:
    """A lot with where it came from and what came of it."""

    lot: str
    vintage: int
    source: str
    serial_from: int
    serial_to: int
    usable_until: int
    issued: int
    parents: tuple[str, ...]
    children: tuple[str, ...]


class _Shelf:
    """Serials of one lot in one account; taken from the lowest. This is the rule that gives serials to amounts."""

    def __init__(self, blocks: list[tuple[int, int]]) -> None:
        self.blocks = blocks

    def take(self, amount: int) -> list[tuple[int, int]]:
        taken: list[tuple[int, int]] = []
        while amount:
            lower, upper = self.blocks[0]
            part = min(amount, upper - lower)
            taken.append((lower, lower + part))
            amount -= part
            self.blocks[0] = (lower + part, upper)
            if lower + part == upper:
                self.blocks.pop(0)
        return taken

    def put(self, blocks: list[tuple[int, int]]) -> None:
        for lower, upper in blocks:
            place = bisect.bisect(self.blocks, (lower, upper))
            if place < len(self.blocks) and self.blocks[place][0] == upper:
                upper = self.blocks.pop(place)[1]
            if place and self.blocks[place - 1][1] == lower:
                lower = self.blocks.pop(place - 1)[0]
                place -= 1
            self.blocks.insert(place, (lower, upper))


def _lot_row(store: SqlStore, asset: str, lot: str) -> Row:
    row = store.lot(asset_row(store, asset)[0], lot)
    if row is None:
        raise LedgerError(f"资产“{asset}”没有批次“{lot}”")
    return row


def _shelves(store: SqlStore, lot: Row, watch: int | None) -> tuple[dict[int, _Shelf], list[Row]]:
    """The lot's moves played again: serials by account, and the moves that took along the watched serial."""
    shelves, seen = {-4 * lot[1]: _Shelf([(lot[5], lot[6])])}, []
    columns = ", ".join(encoding.ENTRY_FIELDS)
    for row in store.rows(
        f"SELECT {columns} FROM ledger_entry WHERE lot = ? AND kind IN (1, 3) ORDER BY seq", (lot[0],)
    ):
        blocks = shelves[row[4]].take(row[7])
        shelves.setdefault(row[5], _Shelf([])).put(blocks)
        if watch is not None and any(lower <= watch < upper for lower, upper in blocks):
            seen.append(row)
    return shelves, seen


def serials(store: SqlStore, asset: str, lot: str) -> list[Block]:
    """Where each serial of a lot is now."""
    shelves, _ = _shelves(store, _lot_row(store, asset, lot), None)
    names = names_of(store, sorted(shelves))
    return sorted(Block(lower, upper, names[who]) for who, shelf in shelves.items() for lower, upper in shelf.blocks)


def serials_moved(store: SqlStore, key: str) -> dict[str, list[tuple[int, int]]]:
    """The serials that a command moved (a retirement's certificate names them), by lot."""
    row = store.command(key)
    if row is None:
        raise LedgerError(f"没有编号为“{key}”的指令")
    wanted = {entry[0]: entry[6] for entry in store.entries(row[8], row[9])}
    found: dict[str, list[tuple[int, int]]] = {}
    for lot in store.lots(sorted(set(wanted.values()))):
        shelves = {-4 * lot[1]: _Shelf([(lot[5], lot[6])])}
        for entry in store.rows(
            "SELECT seq, debit, credit, amount FROM ledger_entry WHERE lot = ? AND kind IN (1, 3) AND seq < ? ORDER BY seq",
            (lot[0], row[8] + row[9]),
        ):
            blocks = shelves[entry[1]].take(entry[3])
            shelves.setdefault(entry[2], _Shelf([])).put(blocks)
            if entry[0] in wanted:
                found.setdefault(lot[2], []).extend(blocks)
    return found


def serial_life(store: SqlStore, asset: str, source: str, serial: int) -> tuple[str, list[Event]]:
    """The lot of a serial and every move that it went along with."""
    kind = asset_row(store, asset)[0]
    row = store.row(
        "SELECT name FROM ledger_lot WHERE asset = ? AND source = ? AND serial_from <= ? AND serial_to > ?",
        (kind, source, serial, serial),
    )
    if row is None:
        raise LedgerError(f"“{source}”没有编号 {serial}（{asset}）")
    lot = _lot_row(store, asset, row[0])
    _, seen = _shelves(store, lot, serial)
    names = names_of(store, sorted({number for entry in seen for number in entry[4:6]}))
    commands = {
        r[0]: (r[1], r[2])
        for r in store.rows(
            f"SELECT seq, ts, key FROM ledger_command WHERE seq {store.listed}", (store.array([e[1] for e in seen]),)
        )
    }
    return lot[2], [Event(e[0], *commands[e[1]], CODE_NAMES[e[3]], names[e[4]], names[e[5]]) for e in seen]


def lineage(store: SqlStore, asset: str, lot: str) -> Lineage:
    """Parents are what the lot was declared from, and old lots that were carried over into it."""
    row = _lot_row(store, asset, lot)
    out = encoding.MOVE_CODES["carry_out"]
    parents = store.rows(
        "SELECT p.name FROM ledger_lot l JOIN ledger_lot p ON p.id = l.parent WHERE l.id = ? UNION "
        "SELECT p.name FROM ledger_carry c JOIN ledger_command m ON m.seq = c.command JOIN ledger_entry e "
        "ON e.seq >= m.first AND e.seq < m.first + m.entries AND e.code = ? JOIN ledger_lot p ON p.id = e.lot "
        "WHERE c.lot = ? ORDER BY 1",
        (row[0], out, row[0]),
    )
    children = store.rows(
        "SELECT name FROM ledger_lot WHERE parent = ? UNION SELECT l.name FROM ledger_entry e JOIN ledger_carry c "
        "ON c.command = e.command JOIN ledger_lot l ON l.id = c.lot WHERE e.lot = ? AND e.code = ? ORDER BY 1",
        (row[0], row[0], out),
    )
    return Lineage(
        row[2],
        row[3],
        row[4],
        row[5],
        row[6],
        row[7],
        row[9],
        tuple(r[0] for r in parents),
        tuple(r[0] for r in children),
    )
