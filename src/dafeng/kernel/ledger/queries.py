"""Questions to the ledger: balances now and then, statements, the life of a serial, the whole city's sum.

Every answer about now comes from the balances, every answer about the past from the entries up to a command number; the tests
hold both against a brute-force reading of the log. Pages are cut by entry number, never by offset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from dafeng.kernel.errors import LedgerError
from dafeng.kernel.ledger import encoding
from dafeng.kernel.ledger.encoding import CODE_NAMES, Row
from dafeng.kernel.ledger.engine import Reply, reply_of
from dafeng.kernel.ledger.store import COMMAND, SqlStore

_FREEZE = encoding.HOLD_CODES["freeze"]
KINDS = {1: "post", 2: "hold", 3: "settle", 4: "release"}


class LotBalance(NamedTuple):
    lot: str
    vintage: int
    usable_until: int
    total: int
    held: int
    frozen: int

    @property
    def available(self) -> int:
        return max(0, self.total - self.held - self.frozen)


@dataclass(frozen=True)
class BalanceView:
    """What an account has: pending and available in one reading, with the entry up to which it counts."""

    account: str
    asset: str
    unit: str
    scale: int
    closed: bool
    lots: tuple[LotBalance, ...]
    upto: int

    @property
    def total(self) -> int:
        return sum(lot.total for lot in self.lots)

    @property
    def available(self) -> int:
        return sum(lot.available for lot in self.lots)

    @property
    def pending(self) -> int:
        return self.total - self.available


class Line(NamedTuple):
    """One entry in an account's statement. `change` is what it did to the total, `balance` the total after it."""

    seq: int
    ts: int
    key: str
    command: str
    actor: str
    kind: str
    code: str
    counterpart: str
    lot: str
    amount: int
    change: int
    balance: int


class Page(NamedTuple):
    lines: list[Line]
    next: tuple[int, int] | None  # give it back as `after`


def asset_row(store: SqlStore, key: str) -> Row:
    row = store.asset(key)
    if row is None:
        raise LedgerError(f"账本中没有资产“{key}”", mend="请先用 define_asset 登记")
    return row


def account_row(store: SqlStore, account: str, asset: str) -> Row:
    """(id, asset, ref, closed)"""
    for row in store.accounts([account]):
        if row[1] == asset:
            return row
    raise LedgerError(f"没有账户“{account}”（{asset}）", mend="请核对持有人、子账户和资产")


def entry_at(store: SqlStore, moment: datetime | date, *, zone: tzinfo = UTC) -> int:
    """The last entry up to a moment; a day counts to its end in `zone`."""
    if isinstance(moment, datetime):
        limit = int(moment.timestamp())
    else:
        limit = int(datetime.combine(moment + timedelta(days=1), time(), zone).timestamp()) - 1
    row = store.row(
        "SELECT last_entry, last_command FROM ledger_block WHERE ts_last <= ? ORDER BY ts_last DESC, n DESC LIMIT 1",
        (limit,),
    )
    entry, command = (row[0], row[1]) if row else (0, 0)
    later = store.row("SELECT last_command FROM ledger_block WHERE first_command = ?", (command + 1,))
    if later:  # a block whose clock moved on within it
        inside = store.row(
            "SELECT COALESCE(SUM(entries), 0) FROM ledger_command WHERE seq > ? AND seq <= ? AND ts <= ?",
            (command, later[0], limit),
        )
        assert inside is not None
        entry += int(inside[0])
    return int(entry)


def balance(
    store: SqlStore, account: str, asset: str, *, at: datetime | date | None = None, zone: tzinfo = UTC
) -> BalanceView:
    """What an account has now, or had at a moment or at the end of a past day."""
    head, kind, row = store.head(), asset_row(store, asset), account_row(store, account, asset)
    if at is None:
        upto = head.entry
        found = {b[1]: (b[3] - b[2], b[4], b[5]) for b in store.balances([row[0]])}
    else:
        upto = entry_at(store, at, zone=zone)
        found = _balance_then(store, row[0], upto)
    lots = {lot[0]: lot for lot in store.lots(sorted(found))}
    listed = sorted(
        (LotBalance(lots[lot][2], lots[lot][3], lots[lot][7], *sums) for lot, sums in found.items() if any(sums)),
        key=lambda each: (each.vintage, each.lot),
    )
    return BalanceView(account, asset, kind[2], kind[3], bool(row[3]), tuple(listed), upto)


def _balance_then(store: SqlStore, account: int, upto: int) -> dict[int, tuple[int, int, int]]:
    rows = store.rows(
        "SELECT lot, SUM(total), SUM(held), SUM(frozen) FROM ("
        "SELECT lot, amount AS total, 0 AS held, 0 AS frozen FROM ledger_entry "
        "WHERE credit = ? AND seq <= ? AND kind IN (1, 3) UNION ALL "
        "SELECT lot, -amount, 0, 0 FROM ledger_entry WHERE debit = ? AND seq <= ? AND kind IN (1, 3) UNION ALL "
        f"SELECT h.lot, 0, CASE WHEN h.code <> {_FREEZE} THEN h.amount ELSE 0 END, "
        f"CASE WHEN h.code = {_FREEZE} THEN h.amount ELSE 0 END FROM ledger_entry h "
        "WHERE h.debit = ? AND h.seq <= ? AND h.kind = 2 AND NOT EXISTS "
        "(SELECT 1 FROM ledger_entry r WHERE r.hold = h.seq AND r.hold <> 0 AND r.seq <= ?)) t GROUP BY lot",
        (account, upto, account, upto, account, upto, upto),
    )
    return {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in rows}


def statement(
    store: SqlStore, account: str, asset: str, *, limit: int = 50, after: tuple[int, int] | None = None
) -> Page:
    """An account's entries, newest first, each with the total after it. Give `next` back as `after` for the next page."""
    number = account_row(store, account, asset)[0]
    if after is None:
        row = store.row("SELECT COALESCE(SUM(credits - debits), 0) FROM ledger_balance WHERE account = ?", (number,))
        assert row is not None
        after = (store.head().entry + 1, int(row[0]))
    before, total = after
    side = f"SELECT {', '.join(encoding.ENTRY_FIELDS)} FROM ledger_entry WHERE %s = ? AND seq < ? ORDER BY seq DESC LIMIT ?"
    rows = store.rows(
        f"SELECT * FROM ({side % 'debit'}) d UNION ALL SELECT * FROM ({side % 'credit'}) c ORDER BY 1 DESC LIMIT ?",
        (number, before, limit + 1, number, before, limit + 1, limit + 1),
    )
    lines = []
    for row, told in zip(rows[:limit], _told(store, rows[:limit], number), strict=True):
        change = 0 if row[2] in (encoding.HOLD, encoding.RELEASE) else row[7] if row[5] == number else -row[7]
        lines.append(Line(*told, row[7], change, total))
        total -= change
    return Page(lines, (lines[-1].seq, total) if len(rows) > limit else None)


def _told(
    store: SqlStore, rows: Sequence[Row], account: int
) -> list[tuple[int, int, str, str, str, str, str, str, str]]:
    """Seq, time, key, command, sender, kind, code, counterpart and lot of entries, seen from an account."""
    numbers = sorted({row[1] for row in rows})
    commands = {
        row[0]: row[1:]
        for row in store.rows(
            f"SELECT seq, ts, key, name, actor FROM ledger_command WHERE seq {store.listed}", (store.array(numbers),)
        )
    }
    lots = {lot[0]: lot[2] for lot in store.lots(sorted({row[6] for row in rows}))}
    others = {row[5] if row[4] == account else row[4] for row in rows}
    names = names_of(store, sorted(others - {0}))
    told = []
    for row in rows:
        ts, key, name, actor = commands[row[1]]
        other = row[5] if row[4] == account else row[4]
        told.append(
            (row[0], ts, key, name, actor, KINDS[row[2]], CODE_NAMES[row[3]], names.get(other, ""), lots[row[6]])
        )
    return told


def names_of(store: SqlStore, accounts: Sequence[int]) -> dict[int, str]:
    """References of accounts by number; a system account has the name of its sink."""
    found = {number: encoding.sink_of(number)[1] for number in accounts if number < 0}
    own = [number for number in accounts if number > 0]
    return found | {row[0]: row[2] for row in store.accounts_by_id(own)} if own else found


def accounts_of(store: SqlStore, holder: str) -> list[tuple[str, str, bool]]:
    """(account, asset, closed) of a holder."""
    rows = store.rows(
        "SELECT a.ref, s.key, a.closed FROM ledger_account a JOIN ledger_asset s ON s.id = a.asset "
        "WHERE a.ref >= ? AND a.ref < ? ORDER BY a.ref, s.key",
        (f"{holder}/", f"{holder}0"),
    )
    return [(row[0], row[1], bool(row[2])) for row in rows]


def find_command(store: SqlStore, key: str) -> Reply | None:
    row = store.command(key)
    return reply_of(row, again=True) if row else None


def refused(store: SqlStore, actor: str, *, before: int | None = None, limit: int = 50) -> list[Reply]:
    """What was refused to a sender, newest first; before a command number for the next page."""
    rows = store.rows(
        f"SELECT {COMMAND} FROM ledger_command WHERE actor = ? AND answer <> 'ok' AND seq < ? ORDER BY seq DESC LIMIT ?",
        (actor, before or store.head().command + 1, limit),
    )
    return [reply_of(row, again=True) for row in rows]


class HoldView(NamedTuple):
    hold: str
    kind: str
    amount: int
    to: str
    signer: str
    expires: int


def open_holds(store: SqlStore, account: str, asset: str) -> list[HoldView]:
    number = account_row(store, account, asset)[0]
    rows = store.rows(
        "SELECT h.name, h.kind, SUM(e.amount), h.target, h.signer, h.expires FROM ledger_hold h "
        "JOIN ledger_entry e ON e.seq >= h.id AND e.seq < h.id + h.parts "
        "WHERE h.account = ? AND h.state = 0 GROUP BY h.id, h.name, h.kind, h.target, h.signer, h.expires ORDER BY h.id",
        (number,),
    )
    names = names_of(store, sorted({row[3] for row in rows if row[3]}))
    return [HoldView(r[0], CODE_NAMES[r[1]], int(r[2]), names.get(r[3], ""), r[4], r[5]) for r in rows]


# ---------------------------------------------------------------- the city


@dataclass(frozen=True)
class CityTotal:
    """Issued = in accounts + retired + cancelled + expired, for one asset."""

    asset: str
    unit: str
    scale: int
    issued: int
    retired: int
    cancelled: int
    expired: int
    held: int
    frozen: int
    buckets: tuple[tuple[str, int], ...]

    @property
    def in_accounts(self) -> int:
        return sum(units for _, units in self.buckets)


def city_total(store: SqlStore, asset: str) -> CityTotal:
    kind = asset_row(store, asset)
    sinks = {name: encoding.sink_id(kind[0], name) for name in encoding.SINKS}
    sums = {
        row[0]: int(row[1])
        for row in store.rows(
            f"SELECT account, SUM(credits - debits) FROM ledger_balance WHERE account {store.listed} GROUP BY account",
            (store.array(sorted(sinks.values())),),
        )
    }
    buckets: dict[str, int] = {}
    held = frozen = 0
    for ref, total, kept, ice in store.rows(
        "SELECT a.ref, SUM(b.credits - b.debits), SUM(b.held), SUM(b.frozen) FROM ledger_account a "
        "JOIN ledger_balance b ON b.account = a.id WHERE a.asset = ? GROUP BY a.ref ORDER BY a.ref",
        (kind[0],),
    ):
        bucket = ref.rpartition("/")[2]
        buckets[bucket] = buckets.get(bucket, 0) + int(total)
        held, frozen = held + int(kept), frozen + int(ice)
    issued, retired, cancelled, expired = (sums.get(sinks[name], 0) for name in encoding.SINKS)
    listed = tuple(sorted(buckets.items()))
    return CityTotal(asset, kind[2], kind[3], -issued, retired, cancelled, expired, held, frozen, listed)


class Difference(NamedTuple):
    account: str
    ledger: int
    statement: int

    @property
    def difference(self) -> int:
        return self.ledger - self.statement


def reconcile(
    store: SqlStore, asset: str, outside: Mapping[str, int], *, at: date | None = None, zone: tzinfo = UTC
) -> list[Difference]:
    """Our totals by account beside a registry's statement (I16). Differences are told, never mended here."""
    kind = asset_row(store, asset)[0]
    if at is None:
        rows = store.rows(
            "SELECT a.ref, SUM(b.credits - b.debits) FROM ledger_account a JOIN ledger_balance b ON b.account = a.id "
            "WHERE a.asset = ? GROUP BY a.ref ORDER BY a.ref",
            (kind,),
        )
    else:
        upto = entry_at(store, at, zone=zone)
        rows = store.rows(
            "SELECT a.ref, SUM(t.units) FROM ledger_account a JOIN (SELECT credit AS account, amount AS units FROM "
            "ledger_entry WHERE kind IN (1, 3) AND seq <= ? UNION ALL SELECT debit, -amount FROM ledger_entry "
            "WHERE kind IN (1, 3) AND seq <= ?) t ON t.account = a.id WHERE a.asset = ? GROUP BY a.ref ORDER BY a.ref",
            (upto, upto, kind),
        )
    ours = {row[0]: int(row[1]) for row in rows}
    accounts = sorted({*ours, *outside})
    found = [Difference(account, ours.get(account, 0), outside.get(account, 0)) for account in accounts]
    return [each for each in found if each.difference]
