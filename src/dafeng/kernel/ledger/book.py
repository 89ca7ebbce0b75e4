"""The ledger in memory: what is needed to decide commands, and what they wrote that is not stored yet.

Rows are loaded when first asked for and then kept, so a process that goes on posting reads almost nothing. Everything a
command changes is noted in an undo list: a refused command leaves no trace but its own row.
"""

from __future__ import annotations

import json
from bisect import bisect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from dafeng.kernel.ledger import encoding, policy
from dafeng.kernel.ledger.encoding import POST, RELEASE, Row
from dafeng.kernel.ledger.policy import Policy
from dafeng.kernel.ledger.reasons import Refused
from dafeng.kernel.ledger.verbs import RESERVED, Command, holder_of, is_account

OPEN, SETTLED, RELEASED = 0, 1, 2  # states of a hold; a proposal is open, approved, declined
FREEZE = encoding.HOLD_CODES["freeze"]
_REFERENCES = {"transfer": ("from", "to"), "issue": ("to",)}  # where a body names accounts
_ANY_REFERENCE = ("from", "to", "account")
CACHE_LIMIT = 1_000_000  # references, accounts and holds in memory, above which a book starts afresh


class Head:
    """Where the chain stands: the newest block, the last numbers given and the clock."""

    __slots__ = ("clock", "command", "entry", "hash", "n")

    def __init__(self, n: int, hash: str, command: int, entry: int, clock: int) -> None:
        self.n, self.hash, self.command, self.entry, self.clock = n, hash or encoding.GENESIS, command, entry, clock


class Balance:
    __slots__ = ("account", "credits", "debits", "frozen", "held", "lot")

    def __init__(
        self, account: int, lot: int, debits: int = 0, credits: int = 0, held: int = 0, frozen: int = 0
    ) -> None:
        self.account, self.lot, self.debits, self.credits = account, lot, debits, credits
        self.held, self.frozen = held, frozen

    @property
    def total(self) -> int:
        return self.credits - self.debits

    @property
    def available(self) -> int:
        """A freeze may lie over units that are held otherwise, so both together can exceed the total."""
        return max(0, self.credits - self.debits - self.held - self.frozen)


@dataclass(eq=False, slots=True)
class Asset:
    id: int
    key: str
    unit: str
    scale: int
    policy: Policy


@dataclass(eq=False, slots=True)
class Account:
    id: int
    asset: Asset
    ref: str
    holder: str
    bucket: str
    closed: bool
    lots: dict[int, Balance] | None = None
    order: list[Balance] | None = None  # of `lots`, as units are taken by the policy `ordered`
    ordered: Policy | None = None


@dataclass(eq=False, slots=True)
class Lot:
    id: int
    asset: int
    name: str
    vintage: int
    source: str
    serial_from: int
    serial_to: int
    usable_until: int
    labels: tuple[str, ...]
    issued: int

    def usable(self, clock: int) -> bool:
        return not self.usable_until or clock < self.usable_until


@dataclass(eq=False, slots=True)
class Hold:
    id: int
    name: str
    kind: int
    account: Account
    target: Account | None
    signer: str
    expires: int
    state: int
    parts: list[tuple[int, int, int]]  # entry, lot, amount

    @property
    def amount(self) -> int:
        return sum(part[2] for part in self.parts)


class Store(Protocol):
    """What the book reads and writes; the same for both databases. Rows come in the order of the tables' columns."""

    def asset(self, key: str) -> Row | None: ...
    def asset_key(self, asset: int) -> str: ...
    def accounts(self, refs: Sequence[str]) -> list[Row]: ...
    def accounts_by_id(self, ids: Sequence[int]) -> list[Row]: ...
    def balances(self, accounts: Sequence[int]) -> list[Row]: ...
    def lot(self, asset: int, name: str) -> Row | None: ...
    def lots(self, ids: Sequence[int]) -> list[Row]: ...
    def overlapping(self, asset: int, source: str, lower: int, upper: int) -> str | None: ...
    def holds(self, names: Sequence[str]) -> list[Row]: ...
    def hold_name(self, first: int) -> str | None: ...
    def hold_parts(self, first: int, count: int) -> list[Row]: ...
    def due_holds(self, clock: int, limit: int) -> list[str]: ...
    def holders_of_lot(self, lot: int, limit: int) -> list[int]: ...
    def claims(self, kind: str, subject: str, period: str) -> list[Row]: ...
    def retired(self, beneficiary: str, period: str, purpose: str, assets: Sequence[int]) -> int: ...
    def duty(self, holder: str, period: str, asset: int) -> int: ...  # -1: none
    def carried(self, account: int, lot: int) -> int: ...
    def command(self, key: str) -> Row | None: ...
    def entries(self, first: int, count: int) -> list[Row]: ...
    def proposal_state(self, key: str) -> int | None: ...
    def reversed_by(self, target: int) -> int | None: ...
    def sharing_assets(self, purpose: str, duty_asset: str) -> list[int]: ...
    def write(self, commands: Sequence[Row], entries: Sequence[Row], sides: Sequence[tuple[str, Row]]) -> None: ...
    def write_balances(self, balances: Sequence[Row], sinks: Sequence[Row]) -> None: ...


@dataclass(eq=False)
class Book:
    """One ledger's memory. `seq` is the number of the command being decided."""

    head: Head
    store: Store
    assets: dict[str, Asset] = field(default_factory=dict)
    accounts: dict[tuple[str, str], Account] = field(default_factory=dict)  # (ref, asset)
    accounts_by_id: dict[int, Account] = field(default_factory=dict)
    lots: dict[int, Lot] = field(default_factory=dict)
    lot_names: dict[tuple[int, str], Lot] = field(default_factory=dict)
    hold_names: dict[str, Hold] = field(default_factory=dict)
    totals: dict[Row, int] = field(default_factory=dict)  # what was retired or carried so far
    ranges: dict[tuple[str, str, str], list[tuple[int, int]]] = field(default_factory=dict)  # claims
    sharers: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    clock: int = 0
    seq: int = 1
    next_entry: int = 1
    commands: list[Row] = field(default_factory=list)
    entries: list[Row] = field(default_factory=list)
    in_link: bool = False

    def __post_init__(self) -> None:
        self._sides: list[tuple[str, Row]] = []
        self._undo: list[Any] = []
        self._dirty: dict[Balance, None] = {}
        self._refs: set[str] = set()  # the database was asked for their accounts; what is not in memory is not there
        self._unread: list[int] = []  # those whose balances may not be
        self._free_names: set[str] = set()  # names of holds that the database was asked for in vain
        self._mark = (0, 0)
        self._stored = (0, 0)
        self.start(self.head)

    @property
    def full(self) -> bool:
        return len(self._refs) + len(self.accounts) + len(self.hold_names) > CACHE_LIMIT

    # ------------------------------------------------------------ one block

    def start(self, head: Head) -> None:
        """Begin a block behind `head`."""
        self.head, self.clock = head, head.clock
        self.seq, self.next_entry = head.command + 1, head.entry + 1
        self.commands, self.entries = [], []
        self._sides, self._undo, self._stored = [], [], (0, 0)
        self._dirty.clear()

    def begin(self) -> None:
        """Begin a command."""
        self._mark = (len(self.entries), len(self._sides))
        self._undo.clear()

    def rollback(self) -> None:
        """Take back all that the command did since `begin`."""
        entries, sides = self._mark
        assert entries >= self._stored[1], "entries of an undecided command were stored"
        del self.entries[entries:]
        del self._sides[sides:]
        self.next_entry = self.head.entry + 1 + entries
        for item in reversed(self._undo):
            if type(item) is tuple:
                balance, balance.debits, balance.credits, balance.held, balance.frozen = item
            else:
                item()
        self._undo.clear()

    def close(self, command: Command, body: str, answer: str, detail: str = "", original: int = 0) -> Row:
        """Write the row of the command being decided, with its entries; the next command gets the next number."""
        first = self._mark[0]
        count = len(self.entries) - first
        key, actor, name, _ = command
        row = (
            self.seq, key, actor, name, self.clock, answer, detail, original,
            self.head.entry + 1 + first if count else 0, count, body,
        )  # fmt: skip
        self.commands.append(row)
        self.seq += 1
        self._undo.clear()
        return row

    def note(self, table: str, *values: Any) -> None:
        """A row for another table, written with the block."""
        self._sides.append((table, values))

    def undo(self, action: Callable[[], object]) -> None:
        self._undo.append(action)

    def flush(self) -> None:
        """Store what is decided so far, so that the database can be asked about it. Not inside a linked command."""
        if self.in_link:
            return
        assert not self._undo, "a command may be stored only before it changes anything"
        commands, entries = self._stored
        self.store.write(self.commands[commands:], self.entries[entries:], self._sides)
        self._stored = (len(self.commands), len(self.entries))
        # The table's CHECKs refuse a balance that fell below its holds.
        moved = [
            (b.account, b.lot, b.debits, b.credits, b.held, b.frozen) for b in self._dirty if b.credits or b.debits
        ]
        moved.sort()  # in the order of the table's pages; sinks come first
        sinks = moved[: bisect(moved, (0,))]
        for b in self._dirty:
            if b.account < 0:
                b.debits = b.credits = 0  # the balance of a sink in memory is what came since the last flush
        self.store.write_balances(moved[len(sinks) :], sinks)
        self._dirty.clear()
        self._sides = []
        self._undo.clear()
        self._mark = (len(self.entries), 0)

    # ------------------------------------------------------------ looking up

    def prefetch(self, commands: Iterable[Command]) -> None:
        """Load in a few statements what a batch will ask for."""
        refs: set[str] = set()
        names: set[str] = set()
        known, holds = self._refs, self.hold_names
        for _, _, verb, body in commands:
            for word in _REFERENCES.get(verb, _ANY_REFERENCE):
                ref = body.get(word)
                if type(ref) is str and ref not in known:
                    refs.add(ref)
            name = body.get("hold")
            if type(name) is str and name not in holds:
                names.add(name)
        if refs:
            self._load_accounts(sorted(refs))
        if names:
            self._load_holds(sorted(names))
        self._free_names = names - holds.keys()
        if unread := [number for number in self._unread if self.accounts_by_id[number].lots is None]:
            self._load_balances(unread)
        self._unread = []

    def asset(self, key: str) -> Asset:
        found = self.assets.get(key)
        if found is None:
            row = self.store.asset(key)
            if row is None:
                raise Refused("unknown_asset", key)
            found = Asset(row[0], row[1], row[2], row[3], policy.parse(json.loads(row[4])))
            self.assets[key] = found
        return found

    def find_account(self, asset: Asset, ref: str) -> Account | None:
        if ref not in self._refs:
            self._load_accounts([ref])
        return self.accounts.get((ref, asset.key))

    def account(self, asset: Asset, ref: str, *, actor: str = "") -> Account:
        """An account that may move. With an actor it is opened where the asset's policy opens accounts by itself."""
        found = self.accounts.get((ref, asset.key)) or self.find_account(asset, ref)
        if found is None:
            if not (actor and asset.policy.auto_open):
                raise Refused("unknown_account", ref)
            found = self._open_by_itself(asset, ref, actor)
        if found.closed:
            raise Refused("account_closed", ref)
        return found

    def check_opening(self, asset: Asset, ref: str) -> None:
        holder, _, bucket = ref.rpartition("/")
        if not is_account(ref):
            raise Refused("bad_body", "account")
        if bucket not in asset.policy.buckets:
            raise Refused("bucket_not_allowed", bucket)
        if not asset.policy.may_hold(holder.partition(":")[0]):
            raise Refused("holder_not_allowed", holder)

    def open(self, asset: Asset, ref: str) -> Account:
        """The account's number is the number of the command that opens it."""
        account = Account(self.seq, asset, ref, holder_of(ref), ref.rpartition("/")[2], False, {})
        self.accounts[ref, asset.key] = self.accounts_by_id[account.id] = account
        self.undo(lambda: (self.accounts.pop((ref, asset.key)), self.accounts_by_id.pop(account.id)))
        self.note("account", account.id, asset.id, ref, 0)
        return account

    def _open_by_itself(self, asset: Asset, ref: str, actor: str) -> Account:
        """A command of its own in the log, before the one being decided; it stays even if that one is refused."""
        assert len(self.entries) == self._mark[0], "accounts open before units move"
        self.check_opening(asset, ref)
        body = {"asset": asset.key, "account": ref}
        account = self.open(asset, ref)
        self.close(Command(f"{RESERVED}open:{self.seq}", actor, "open", body), encoding.body_text(body), "ok")
        self.begin()
        return account

    def sink(self, asset: Asset, name: str) -> Account:
        number = encoding.sink_id(asset.id, name)
        found = self.accounts_by_id.get(number)
        if found is None:
            found = self.accounts_by_id[number] = Account(number, asset, name, "", name, False, {})
        return found

    def lots_of(self, account: Account) -> dict[int, Balance]:
        if account.lots is None:
            self._load_balances([account.id])
        assert account.lots is not None
        return account.lots

    def lot_named(self, asset: Asset, name: object) -> Lot:
        if type(name) is not str:
            raise Refused("bad_body", "lots")
        found = self.lot_names.get((asset.id, name))
        if found is None:
            row = self.store.lot(asset.id, name)
            if row is None:
                raise Refused("unknown_lot", name)
            found = self._keep_lot(row)
        return found

    def hold(self, name: str) -> Hold:
        found = self.hold_names.get(name)
        if found is None:
            self._load_holds([name])
            found = self.hold_names.get(name)
        if found is None:
            raise Refused("unknown_hold", name)
        return found

    def has_hold(self, name: str) -> bool:
        return name in self.hold_names or (name not in self._free_names and bool(self.store.holds([name])))

    def total(self, key: Row, load: Callable[[], int]) -> int:
        """A running sum that the database is asked for once."""
        if key not in self.totals:
            self.flush()
            self.totals[key] = load()
        return self.totals[key]

    def sharing(self, purpose: str, duty_asset: str) -> list[int]:
        """Assets whose units may offset the same duty for a purpose."""
        key = (purpose, duty_asset)
        if key not in self.sharers:
            self.flush()
            self.sharers[key] = self.store.sharing_assets(purpose, duty_asset)
        return self.sharers[key]

    def add_to_total(self, key: Row, amount: int) -> None:
        if key in self.totals:
            former = self.totals[key]
            self.totals[key] = former + amount
            self.undo(lambda: self.totals.update({key: former}))

    def _load_accounts(self, refs: Sequence[str]) -> None:
        self._refs.update(refs)
        for number, key, ref, closed in self.store.accounts(refs):
            self._keep_account(number, key, ref, closed)

    def account_by_id(self, number: int) -> Account:
        if number not in self.accounts_by_id:
            if number < 0:
                asset, name = encoding.sink_of(number)
                return self.sink(self.asset(self.store.asset_key(asset)), name)
            for row in self.store.accounts_by_id([number]):
                self._keep_account(*row)
        return self.accounts_by_id[number]

    def _keep_account(self, number: int, key: str, ref: str, closed: int) -> None:
        if (ref, key) not in self.accounts:
            account = Account(number, self.asset(key), ref, holder_of(ref), ref.rpartition("/")[2], bool(closed))
            self.accounts[ref, key] = self.accounts_by_id[number] = account
            self._unread.append(number)

    def _load_balances(self, ids: Sequence[int]) -> None:
        missing: set[int] = set()
        for number in ids:
            self.accounts_by_id[number].lots = {}
        for row in self.store.balances(ids):
            lots = self.accounts_by_id[row[0]].lots
            assert lots is not None
            lots[row[1]] = Balance(*row)
            if row[1] not in self.lots:
                missing.add(row[1])
        if missing:
            for row in self.store.lots(sorted(missing)):
                self._keep_lot(row)

    def _keep_lot(self, row: Row) -> Lot:
        lot = Lot(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], tuple(json.loads(row[8])), row[9])
        self.lots[lot.id] = self.lot_names[lot.asset, lot.name] = lot
        return lot

    def _load_holds(self, names: Sequence[str]) -> None:
        for number, name, parts, kind, account, target, signer, expires, state in self.store.holds(names):
            self.hold_names[name] = Hold(
                number, name, kind, self.account_by_id(account), self.account_by_id(target) if target else None,
                signer, expires, state, [(row[0], row[6], row[7]) for row in self.store.hold_parts(number, parts)],
            )  # fmt: skip

    # ------------------------------------------------------------ moving

    def _touch(self, account: Account, lot: int) -> Balance:
        lots = account.lots
        if lots is None:
            lots = self.lots_of(account)
        b = lots.get(lot)
        if b is None:
            b = lots[lot] = Balance(account.id, lot)
            account.order = None
        self._undo.append((b, b.debits, b.credits, b.held, b.frozen))
        self._dirty[b] = None
        return b

    def post(
        self, code: int, debit: Account, credit: Account, lot: int, amount: int, kind: int = POST, hold: int = 0
    ) -> None:
        """Move units of a lot. The caller has proved that they are there."""
        self._touch(debit, lot).debits += amount
        self._touch(credit, lot).credits += amount
        number = self.next_entry
        self.entries.append((number, self.seq, kind, code, debit.id, credit.id, lot, amount, hold))
        self.next_entry = number + 1

    def keep(self, code: int, account: Account, lot: int, amount: int, kind: int, hold: int = 0) -> int:
        """Hold or release units of a lot; returns the entry's number."""
        b = self._touch(account, lot)
        change = -amount if kind == RELEASE else amount
        if code == FREEZE:
            b.frozen += change
        else:
            b.held += change
        number = self.next_entry
        self.entries.append((number, self.seq, kind, code, account.id, 0, lot, amount, hold))
        self.next_entry = number + 1
        return number

    def free(self, code: int, account: Account, lot: int, amount: int) -> None:
        """Lift the hold of units that are about to move by a `settle`."""
        b = self._touch(account, lot)
        if code == FREEZE:
            b.frozen -= amount
        else:
            b.held -= amount
