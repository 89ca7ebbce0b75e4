"""From which lots units are taken, and whether the asset's policy lets them go where they are asked to."""

from __future__ import annotations

from typing import Any

from dafeng.kernel.ledger.book import Account, Asset, Balance, Book, Lot
from dafeng.kernel.ledger.encoding import MOVE_CODES
from dafeng.kernel.ledger.reasons import Refused
from dafeng.kernel.ledger.verbs import Body

Part = tuple[int, int]  # lot, amount
SWEEP_LIMIT = 10_000  # entries of one sweeping command

_NAMED_CODES = frozenset(MOVE_CODES) - {
    "issue",
    "move",
    "retire",
    "cancel",
    "expire",
    "carry_out",
    "carry_in",
    "reverse",
}


def checked_amount(asset: Asset, amount: int) -> int:
    if amount <= 0:
        raise Refused("bad_amount", str(amount)[:40])
    if amount > asset.policy.max_amount:
        raise Refused("absurd_amount", str(amount)[:40])
    return amount


def code_of(body: Body, default: str) -> int:
    name = body.get("code", default)
    if name != default and name not in _NAMED_CODES:
        raise Refused("bad_body", "code")
    return MOVE_CODES[name]


def _order(asset: Asset, lot: Lot) -> tuple[int, int, int]:
    """Oldest vintage first, or what ends first; then by number."""
    if asset.policy.lot_order == "expiry":
        return (lot.usable_until or 1 << 62, lot.vintage, lot.id)
    return (0, lot.vintage, lot.id)


def candidates(book: Book, account: Account, names: list[Any] | None) -> list[Balance]:
    """Balances in the order in which units are taken."""
    lots = book.lots_of(account)
    if names:
        if not all(type(name) is str for name in names) or len(set(names)) < len(names):
            raise Refused("bad_body", "lots")
        chosen = [book.lot_named(account.asset, name) for name in names]
        return [lots[lot.id] for lot in chosen if lot.id in lots]
    if account.asset.policy.lot_order == "strict":
        raise Refused("lot_required")
    rules = account.asset.policy
    if account.order is None or account.ordered is not rules:
        account.order = sorted(lots.values(), key=lambda b: _order(account.asset, book.lots[b.lot]))
        account.ordered = rules
    return account.order


def pick(book: Book, account: Account, amount: int, names: list[Any] | None) -> list[Part]:
    """Lots and amounts that make up `amount`, all of them usable now. Refuses by the nearest reason."""
    parts: list[Part] = []
    balances = candidates(book, account, names)
    lacking, clock = amount, book.clock
    for b in balances:
        free = b.credits - b.debits - b.held - b.frozen
        if free <= 0:
            continue
        ends = book.lots[b.lot].usable_until
        if ends and clock >= ends:
            continue
        part = free if free < lacking else lacking
        parts.append((b.lot, part))
        lacking -= part
        if not lacking:
            return parts
    raise _shortage(book, balances, amount, amount - lacking)


def _shortage(book: Book, balances: list[Balance], amount: int, found: int) -> Refused:
    total = sum(b.total for b in balances)
    usable = sum(b.total for b in balances if book.lots[b.lot].usable(book.clock))
    if total < amount:
        return Refused("insufficient", f"{found}<{amount}")
    if usable < amount:
        return Refused("lot_expired", f"{found}<{amount}")
    if usable - sum(b.frozen for b in balances if book.lots[b.lot].usable(book.clock)) < amount:
        return Refused("frozen", f"{found}<{amount}")
    return Refused("held", f"{found}<{amount}")


def check_path(source: Account, target: Account) -> str:
    """Whether the policy lets units pass from one account to the other; returns what such a passing is called."""
    rules = source.asset.policy
    if source is target:
        raise Refused("same_account", target.ref)
    if source.asset is not target.asset:
        raise Refused("unknown_account", target.ref)
    if source.holder == target.holder:
        if not rules.moves:
            raise Refused("not_transferable", target.ref)
        return "move"
    if source.bucket not in rules.transfer or target.bucket not in rules.transfer:
        raise Refused("not_transferable", source.ref if source.bucket not in rules.transfer else target.ref)
    return "transfer"
