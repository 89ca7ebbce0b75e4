"""Units kept for one purpose: order, pledge, judicial freeze, surrender, quarantine …

A hold reserves at once and is resolved once, wholly or in part; what is not settled is free again in the same instant.
A freeze outranks the rest: it may lie over units that are held otherwise, and while it lasts they do not leave.
"""

from __future__ import annotations

from dafeng.kernel.ledger.book import FREEZE, OPEN, RELEASED, SETTLED, Account, Asset, Book, Hold
from dafeng.kernel.ledger.encoding import HOLD, HOLD_CODES, RELEASE, SETTLE
from dafeng.kernel.ledger.picking import SWEEP_LIMIT, Part, candidates, check_path, checked_amount, code_of, pick
from dafeng.kernel.ledger.reasons import Refused
from dafeng.kernel.ledger.verbs import Body

SIGNED = frozenset({HOLD_CODES["pledge"], FREEZE})  # kinds that must name who may resolve them


def hold(book: Book, actor: str, body: Body) -> None:
    asset = book.asset(body["asset"])
    amount = checked_amount(asset, body["amount"])
    account = book.account(asset, body["account"])
    kind = checked_kind(book, asset, body)
    names = body.get("lots")
    parts = _to_freeze(book, account, amount, names) if kind == FREEZE else pick(book, account, amount, names)
    place(book, account, kind, body, parts, to=body.get("to", ""))


def checked_kind(book: Book, asset: Asset, body: Body) -> int:
    name = body.get("kind", "")
    if name not in HOLD_CODES:
        raise Refused("bad_body", "kind")
    if name not in asset.policy.holds:
        raise Refused("hold_not_allowed", name)
    kind = HOLD_CODES[name]
    if kind in SIGNED and not body.get("signer"):
        raise Refused("signer_required")
    if body.get("expires", book.clock + 1) <= book.clock:
        raise Refused("hold_expired", str(body["expires"]))
    if not body.get("hold"):
        raise Refused("bad_body", "hold")
    if book.has_hold(body["hold"]):
        raise Refused("hold_exists", body["hold"])
    return kind


def _to_freeze(book: Book, account: Account, amount: int, names: list[str] | None) -> list[Part]:
    """Free units first, then units that others hold; also of lots past their use."""
    balances = candidates(book, account, names)
    taken: dict[int, int] = {}
    lacking = amount
    for others_too in (False, True):
        for b in balances:
            limit = b.total - b.frozen if others_too else b.available
            part = min(max(limit - taken.get(b.lot, 0), 0), lacking)
            taken[b.lot] = taken.get(b.lot, 0) + part
            lacking -= part
    if lacking:
        raise Refused("insufficient", f"{amount - lacking}<{amount}")
    return [(lot, part) for lot, part in taken.items() if part]


def place(book: Book, account: Account, kind: int, body: Body, parts: list[Part], to: str = "") -> None:
    target = book.account(account.asset, to) if to else None
    if target is not None:
        check_path(account, target)
    entries = [(book.keep(kind, account, lot, part, HOLD), lot, part) for lot, part in parts]
    name, signer, expires = body["hold"], body.get("signer", ""), body.get("expires", 0)
    made = Hold(entries[0][0], name, kind, account, target, signer, expires, OPEN, entries)
    book.hold_names[name] = made
    book.undo(lambda: book.hold_names.pop(name))
    goal = target.id if target else 0
    book.note("hold", made.id, name, len(entries), kind, account.id, goal, signer, expires, OPEN)


def check_open(book: Book, held: Hold, actor: str) -> None:
    if held.state != OPEN:
        raise Refused("hold_closed", held.name)
    if held.signer and actor != held.signer:
        raise Refused("wrong_signer", held.signer)


def check_settling(book: Book, held: Hold, actor: str, amount: int) -> list[Part]:
    """The lots and amounts that a settlement of `amount` takes from the hold, in its own order."""
    check_open(book, held, actor)
    if held.account.closed:
        raise Refused("account_closed", held.account.ref)
    if held.expires and book.clock >= held.expires:
        raise Refused("hold_expired", held.name)
    if not 0 < amount <= held.amount:
        raise Refused("insufficient", f"{held.amount}<{amount}")
    parts: list[Part] = []
    lacking = amount
    lots = book.lots_of(held.account)
    for _, lot, kept in held.parts:
        part = min(kept, lacking)
        lacking -= part
        b = lots[lot]
        free = b.total - (b.held if held.kind == FREEZE else b.frozen)
        if part > free:
            raise Refused("held" if held.kind == FREEZE else "frozen", f"{free}<{part}")
        parts.append((lot, part))
    return [part for part in parts if part[1]]


def settle(book: Book, actor: str, body: Body) -> None:
    held = book.hold(body["hold"])
    asset = held.account.asset
    amount = checked_amount(asset, body.get("amount", held.amount))
    if "to" in body:
        if held.target is not None and held.target.ref != body["to"]:
            raise Refused("wrong_signer" if held.signer else "not_transferable", held.target.ref)
        target = book.account(asset, body["to"], actor=actor)
    elif held.target is not None:
        target = held.target
    else:
        raise Refused("bad_body", "to")
    if target.closed:
        raise Refused("account_closed", target.ref)
    default = check_path(held.account, target)
    parts = check_settling(book, held, actor, amount)
    resolve(book, held, target, parts, code_of(body, default))


def resolve(book: Book, held: Hold, target: Account, parts: list[Part], code: int) -> None:
    """Settle what `parts` say, lot by lot, and free the rest."""
    taken = dict(parts)
    for entry, lot, kept in held.parts:
        part = taken.get(lot, 0)
        if part:
            book.free(held.kind, held.account, lot, kept)
            book.post(code, held.account, target, lot, part, SETTLE, entry)
        else:
            book.keep(held.kind, held.account, lot, kept, RELEASE, entry)
    _finish(book, held, SETTLED)


def release(book: Book, actor: str, body: Body) -> None:
    held = book.hold(body["hold"])
    check_open(book, held, actor)
    let_go(book, held)


def let_go(book: Book, held: Hold) -> None:
    for entry, lot, kept in held.parts:
        book.keep(held.kind, held.account, lot, kept, RELEASE, entry)
    _finish(book, held, RELEASED)


def _finish(book: Book, held: Hold, state: int) -> None:
    held.state = state
    book.undo(lambda: setattr(held, "state", OPEN))
    book.note("hold_state", state, held.id)


def expire_holds(book: Book, actor: str, body: Body) -> None:
    """Let go of holds that have run out. Needs nobody's signature: the end was agreed when the hold was placed."""
    if not 0 < body["limit"] <= SWEEP_LIMIT:
        raise Refused("bad_body", "limit")
    book.flush()
    names = book.store.due_holds(book.clock, body["limit"])
    if not names:
        raise Refused("nothing_due")
    for name in names:
        let_go(book, book.hold(name))
