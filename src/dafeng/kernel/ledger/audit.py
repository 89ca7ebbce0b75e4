"""The invariants I1 to I16 as questions to the database, and the walk along the chain of hashes.

The walk builds each block's bytes anew from the tables. Everything else is a statement that finds offending rows: an audit
without findings means that no statement found one. `replay` decides the whole log again and compares every hash.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from dafeng.kernel.ledger import encoding
from dafeng.kernel.ledger.encoding import HOLD, HOLD_CODES, MOVE_CODES, POST, SETTLE, Row
from dafeng.kernel.ledger.store import COMMAND, ENTRY, SqlStore

_SHOWN = 5
_TOGETHER = 100_000  # entries that are added up at once
_RETIRE, _CANCEL = MOVE_CODES["retire"], MOVE_CODES["cancel"]
_SIGNED = f"({HOLD_CODES['pledge']}, {HOLD_CODES['freeze']})"
_FREEZE = HOLD_CODES["freeze"]


@dataclass
class Finding:
    invariant: str
    message: str
    rows: list[Row] = field(default_factory=list)


@dataclass
class Audit:
    findings: list[Finding]
    blocks: int
    commands: int
    entries: int
    hash: str

    @property
    def ok(self) -> bool:
        return not self.findings


# Each statement returns rows that break the invariant.
CHECKS: tuple[tuple[str, str, str], ...] = (
    (
        "I1", "每个批次的借方合计不等于贷方合计 (debits ≠ credits of a lot)",
        "SELECT lot, SUM(debits), SUM(credits) FROM ledger_balance GROUP BY lot HAVING SUM(debits) <> SUM(credits)",
    ),
    (
        "I2", "余额低于被占用或冻结的数量 (balance below its holds)",
        "SELECT account, lot FROM ledger_balance WHERE account > 0 AND "
        "(credits - debits < held OR credits - debits < frozen)",
    ),
    (
        "I4", "占用被多次了结，或了结的不是同一占用 (a hold resolved wrongly)",
        "SELECT r.seq FROM ledger_entry r LEFT JOIN ledger_entry h ON h.seq = r.hold WHERE r.hold <> 0 AND "
        "(h.seq IS NULL OR h.kind <> 2 OR h.debit <> r.debit OR h.lot <> r.lot OR r.amount > h.amount OR "
        "h.seq >= r.seq OR (r.kind = 4 AND (r.amount <> h.amount OR r.code <> h.code)))",
    ),
    (
        "I4", "占用的状态与流水不符 (a hold's state differs from the log)",
        "SELECT h.id, h.state FROM ledger_hold h LEFT JOIN ledger_entry r ON r.hold = h.id AND r.hold <> 0 "
        "WHERE (h.state = 0) <> (r.seq IS NULL)",
    ),
    (
        "I5", "同一来源的编号段重叠 (serial blocks overlap)",
        "SELECT asset, source, serial_from FROM (SELECT asset, source, serial_from, "
        "LAG(serial_to) OVER (PARTITION BY asset, source ORDER BY serial_from) AS before FROM ledger_lot) t "
        "WHERE before > serial_from",
    ),
    (
        "I6", "批次发放量不等于持有与终结之和，或超过编号段 (issued ≠ held + ended, or beyond the block)",
        "SELECT l.id, l.name FROM ledger_lot l LEFT JOIN (SELECT lot, "
        "SUM(CASE WHEN account = -4 * asset THEN debits - credits ELSE 0 END) AS issued, "
        "SUM(CASE WHEN account = -4 * asset THEN 0 ELSE credits - debits END) AS kept FROM ledger_balance "
        "JOIN (SELECT id, asset FROM ledger_lot) x ON x.id = lot GROUP BY lot) b ON b.lot = l.id "
        "WHERE COALESCE(issued, 0) <> COALESCE(kept, 0) OR COALESCE(issued, 0) > l.serial_to - l.serial_from "
        "OR COALESCE(issued, 0) < 0",
    ),
    (
        "I7", "系统账户被反向使用 (a sink gave, or the issue account received)",
        "SELECT account, lot FROM ledger_balance WHERE account < 0 AND "
        "((-account % 4 = 0 AND credits <> 0) OR (-account % 4 <> 0 AND debits <> 0))",
    ),
    (
        "I7", "批次进入了别的资产的账户 (a lot in an account of another asset)",
        "SELECT b.account, b.lot FROM ledger_balance b JOIN ledger_lot l ON l.id = b.lot "
        "LEFT JOIN ledger_account a ON a.id = b.account "
        "WHERE (b.account > 0 AND (a.id IS NULL OR a.asset <> l.asset)) OR (b.account < 0 AND -b.account / 4 <> l.asset)",
    ),
    (
        "I8", "注销分录没有完整的注销记录 (units retired without a record)",
        f"SELECT t.kept, t.told FROM (SELECT (SELECT COALESCE(SUM(credits), 0) FROM ledger_balance WHERE account < 0 "
        f"AND -account % 4 IN (1, 2)) - (SELECT COALESCE(SUM(amount), 0) FROM ledger_entry WHERE credit < 0 AND "
        f"code = {MOVE_CODES['reverse']}) AS kept, "
        f"(SELECT COALESCE(SUM(amount), 0) FROM ledger_retirement) AS told) t WHERE t.kept <> t.told",
    ),
    (
        "I8", "注销记录与其分录不符 (a retirement differs from its entries)",
        "SELECT r.first FROM ledger_retirement r LEFT JOIN ledger_entry e ON e.seq >= r.first AND "
        f"e.seq < r.first + r.entries AND e.command = r.command AND e.code IN ({_RETIRE}, {_CANCEL}) "
        "GROUP BY r.first, r.amount HAVING COALESCE(SUM(e.amount), 0) <> r.amount",
    ),
    (
        "I9", "同一环境权益被重复申领 (one attribute claimed twice)",
        "SELECT kind, subject, period, lower FROM (SELECT kind, subject, period, lower, "
        "MAX(upper) OVER (PARTITION BY kind, subject, period ORDER BY lower, command "
        "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM ledger_claim WHERE released = 0) t "
        "WHERE before > lower",
    ),
    (
        "I11", "质押或冻结的份额未经解除人处理 (a signed hold resolved by somebody else)",
        "SELECT h.id, c.seq FROM ledger_hold h JOIN ledger_entry r ON r.hold = h.id AND r.hold <> 0 JOIN ledger_command c "
        f"ON c.seq = r.command WHERE h.kind IN {_SIGNED} AND c.actor <> h.signer AND c.name NOT IN "
        "('expire_holds', 'approve')",
    ),
    (
        "I13", "冲突的指令没有对应的原指令 (a conflict without its original)",
        "SELECT c.seq FROM ledger_command c LEFT JOIN ledger_command o ON o.seq = c.original AND o.key = c.key AND "
        "o.original = 0 WHERE c.original <> 0 AND (o.seq IS NULL OR c.answer <> 'conflict')",
    ),
)  # fmt: skip


def audit(store: SqlStore) -> Audit:
    """Every check, over the whole ledger. Run it inside `database.reading()`, so that it sees one state."""
    findings = [
        Finding(invariant, message, found)
        for invariant, message, statement in CHECKS
        if (found := store.rows(f"{statement} LIMIT {_SHOWN}"))
    ]
    findings += _check_rules(store)
    walk = _Walk(store)
    findings += walk.findings()
    findings.sort(key=lambda each: int(each.invariant[1:]))
    return Audit(findings, walk.n, walk.command, walk.entry, walk.previous)


def _check_rules(store: SqlStore) -> Iterator[Finding]:
    """I10: vintages and shares, by the policy in force now and the highest duty that was ever recorded."""
    newest = "SELECT max(command) FROM ledger_policy GROUP BY asset"
    policies = store.rows(f"SELECT asset, policy FROM ledger_policy WHERE command IN ({newest}) ORDER BY asset")
    shares: dict[tuple[str, str, int], list[int]] = {}
    for asset, text in policies:
        for purpose, rule in json.loads(text).get("purposes", {}).items():
            if rule.get("not_after_period"):
                found = store.rows(
                    "SELECT r.first, l.name FROM ledger_retirement r JOIN ledger_entry e ON e.seq >= r.first AND "
                    "e.seq < r.first + r.entries AND e.kind IN (1, 3) JOIN ledger_lot l ON l.id = e.lot "
                    "WHERE r.asset = ? AND r.purpose = ? AND "
                    f"l.vintage > CAST(substr(r.period, 1, 4) AS INTEGER) LIMIT {_SHOWN}",
                    (asset, purpose),
                )
                if found:
                    yield Finding("I10", "批次年份晚于履约年份 (vintage after the compliance period)", found)
            if rule.get("max_share_bp"):
                shares.setdefault((purpose, rule["duty_asset"], rule["max_share_bp"]), []).append(asset)
    for (purpose, duty_asset, share), assets in shares.items():
        found = store.rows(
            "SELECT r.beneficiary, r.period, SUM(r.amount) FROM ledger_retirement r WHERE r.purpose = ? AND r.asset "
            f"{store.listed} GROUP BY r.beneficiary, r.period HAVING SUM(r.amount) > ? * (SELECT COALESCE(MAX(d.amount), 0) "
            "FROM ledger_duty d JOIN ledger_asset a ON a.id = d.asset WHERE a.key = ? AND d.holder = r.beneficiary AND "
            f"d.period = r.period) / 10000 LIMIT {_SHOWN}",
            (purpose, store.array(assets), share, duty_asset),
        )
        if found:
            yield Finding("I10", "抵销超过比例上限 (offsets beyond their share)", found)


class _Walk:
    """One pass over the log: hashes, numbers and time; then the sums that the balances must equal."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.n, self.previous, self.command, self.entry, self.clock = 0, encoding.GENESIS, 0, 0, 0
        self.columns = [array("q") for _ in range(4)]  # debit, credit, lot and amount of what is not in the sums yet
        self.debits: defaultdict[tuple[int, int], int] = defaultdict(int)  # account and lot -> units
        self.credits: defaultdict[tuple[int, int], int] = defaultdict(int)
        self.open: dict[int, tuple[tuple[int, int], int, int]] = {}  # entry of a hold -> account and lot, code, amount

    def findings(self) -> Iterator[Finding]:
        commands = self.store.cursor(f"SELECT {COMMAND} FROM ledger_command ORDER BY seq")
        entries = self.store.cursor(f"SELECT {ENTRY} FROM ledger_entry ORDER BY seq")
        for row in self.store.rows(_BLOCKS):
            told = commands.fetchmany(row[4] - row[3] + 1)
            moved = entries.fetchmany(row[6] - row[5] + 1) if row[6] >= row[5] else []
            if problem := self._block(row, told, moved):
                yield problem
                return
            self._gather(moved)
            self.n, self.previous, self.command, self.entry, self.clock = row[0], row[8], row[4], row[6], row[2]
        if commands.fetchmany(1) or entries.fetchmany(1):
            yield Finding("I12", "有指令或分录不在任何块中 (rows outside every block)")
        head = self.store.head()
        if (head.n, head.hash, head.command, head.entry, head.clock) != (
            self.n, self.previous, self.command, self.entry, self.clock
        ):  # fmt: skip
            yield Finding("I12", "链头与最后一块不符 (the head differs from the last block)")
        yield from self._balances()

    def _block(self, row: Row, told: list[Row], moved: list[Row]) -> Finding | None:
        n = row[0]
        if (n, row[3], row[5], row[7]) != (self.n + 1, self.command + 1, self.entry + 1, self.previous):
            return Finding("I12", f"第 {n} 块与上一块不相接 (the block does not follow)", [row])
        if not _gapless(told, row[3], row[4]):
            return Finding("I12", f"第 {n} 块的指令编号不连续 (a gap in the commands)", [row])
        if not _gapless(moved, row[5], row[6]):
            return Finding("I12", f"第 {n} 块的分录编号不连续 (a gap in the entries)", [row])
        times = [line[4] for line in told]
        if times[0] < self.clock or (times[0], times[-1]) != (row[1], row[2]) or times != sorted(times):
            return Finding("I12", f"第 {n} 块的时间倒退 (time goes back)", [row])
        if encoding.block_hash(n, self.previous, told, moved) != row[8]:
            return Finding("I3", f"第 {n} 块的哈希不符 (the block was altered)", [row])
        owners: list[int] = []
        following = self.entry + 1
        for line in told:
            if count := line[9]:
                if line[8] != following:
                    return Finding("I15", f"第 {line[0]} 条指令的分录不符 (a command's entries are not its own)", [row])
                following += count
                owners += (line[0],) * count
        if [line[1] for line in moved] != owners:
            return Finding("I15", f"第 {n} 块有分录不属于其指令 (an entry outside its command)", [row])
        return None

    def _gather(self, entries: list[Row]) -> None:
        """Keep what moved, as columns, and add it up now and then: adding row by row took most of an audit's time."""
        moved = entries
        if any(row[2] != POST for row in entries):
            moved = [row for row in entries if row[2] in (POST, SETTLE)]
            for seq, _, kind, code, debit, _, lot, amount, hold in entries:
                if kind == HOLD:
                    self.open[seq] = ((debit, lot), code, amount)
                elif kind != POST:
                    self.open.pop(hold, None)
        if moved:
            for column, values in zip(self.columns, tuple(zip(*moved, strict=True))[4:8], strict=True):
                column.extend(values)
            if len(self.columns[0]) >= _TOGETHER:
                self._fold()

    def _fold(self) -> None:
        debit, credit, lots, amounts = (np.array(column, dtype=np.int64) for column in self.columns)
        for column in self.columns:
            del column[:]
        if not len(amounts):
            return
        if int(amounts.max()) * len(amounts) >= 1 << 63:
            amounts = amounts.astype(object)  # sums that 64 bits may not hold
        lot, lot_at = np.unique(lots, return_inverse=True)
        for sums, side in ((self.debits, debit), (self.credits, credit)):
            account, at = np.unique(side, return_inverse=True)
            places, place_at = np.unique(at * len(lot) + lot_at, return_inverse=True)
            added = np.zeros(len(places), dtype=amounts.dtype)
            np.add.at(added, place_at, amounts)
            names = zip(account[places // len(lot)].tolist(), lot[places % len(lot)].tolist(), strict=True)
            for place, amount in zip(names, added.tolist(), strict=True):
                sums[place] += amount

    def _balances(self) -> Iterator[Finding]:
        self._fold()
        debits, credits = self.debits, self.credits
        kept: dict[tuple[int, int], list[int]] = {}
        for place, code, amount in self.open.values():
            kept.setdefault(place, [0, 0])[code == _FREEZE] += amount
        wrong: list[Row] = []
        for account, lot, debit, credit, held, frozen in self.store.stream(_BALANCES):
            place = (account, lot)
            found = (debits.pop(place, 0), credits.pop(place, 0), *kept.pop(place, (0, 0)))
            if found != (debit, credit, held, frozen):
                wrong.append((account, lot, *found))
        wrong += [(*place, "no balance") for place in (*debits, *credits, *kept)]
        if wrong:
            yield Finding("I14", "余额不等于流水合计 (balances differ from the log)", wrong[:_SHOWN])


def _gapless(rows: list[Row], first: int, last: int) -> bool:
    """Rows come in the order of their unique numbers, so the ends and the count tell."""
    if len(rows) != last - first + 1:
        return False
    return not rows or (rows[0][0], rows[-1][0]) == (first, last)


_BLOCKS = (
    "SELECT n, ts_first, ts_last, first_command, last_command, first_entry, last_entry, previous, hash "
    "FROM ledger_block ORDER BY n"
)
_BALANCES = "SELECT account, lot, debits, credits, held, frozen FROM ledger_balance"


def state_digest(store: SqlStore) -> str:
    """SHA-256 over accounts, lots, balances and open holds: equal wherever the same log was replayed (I14)."""
    digest = hashlib.sha256()
    for statement in STATE:
        for row in store.stream(statement):
            digest.update(encoding.array(row).encode() + b"\n")
    return digest.hexdigest()


STATE = (
    "SELECT 'account', a.id, s.key, a.ref, a.closed FROM ledger_account a JOIN ledger_asset s ON s.id = a.asset ORDER BY a.id",
    "SELECT 'lot', l.id, s.key, l.name, l.vintage, l.source, l.serial_from, l.serial_to, l.usable_until "
    "FROM ledger_lot l JOIN ledger_asset s ON s.id = l.asset ORDER BY l.id",
    "SELECT 'balance', account, lot, debits, credits, held, frozen FROM ledger_balance "
    "WHERE debits <> 0 OR credits <> 0 ORDER BY account, lot",
    "SELECT 'hold', id, name, kind, account, target, signer, expires FROM ledger_hold WHERE state = 0 ORDER BY id",
)  # fmt: skip


def replay(store: SqlStore) -> tuple[str, str]:
    """Decide the whole log again in a fresh database; returns its last hash and its state digest."""
    from dafeng.kernel.ledger.database import SqliteFile
    from dafeng.kernel.ledger.ledger import Ledger

    fresh = SqliteFile(":memory:")
    try:
        Ledger(fresh).replay(log(store))
        with fresh.reading() as copy:
            return copy.head().hash, state_digest(copy)
    finally:
        fresh.close()


def log(store: SqlStore) -> Iterator[list[Row]]:
    """The commands of each block, as rows."""
    rows = store.stream(f"SELECT {COMMAND} FROM ledger_command ORDER BY seq")
    for (last,) in store.rows("SELECT last_command FROM ledger_block ORDER BY n"):
        block: list[Row] = []
        while not block or block[-1][0] < last:
            block.append(next(rows))
        yield block
