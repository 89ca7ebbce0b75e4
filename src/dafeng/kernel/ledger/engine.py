"""Decides commands one after another. The same commands behind the same head give the same rows, whatever the database.

Nothing here reads a clock, a random number or the order of a set. A refused command is a row like any other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

from dafeng.kernel.ledger import encoding, holds, keeping, moves, verbs
from dafeng.kernel.ledger.book import OPEN, RELEASED, SETTLED, Book
from dafeng.kernel.ledger.encoding import HOLD, MOVE_CODES, RELEASE, Row
from dafeng.kernel.ledger.reasons import Refused, text
from dafeng.kernel.ledger.verbs import RESERVED, Body, Command

STEPS_LIMIT = 100  # of one linked command


class Reply(NamedTuple):
    """What became of a command. `again`: the key and body were there before, and this is the first answer."""

    key: str
    seq: int
    answer: str  # "ok" or a reason's code
    detail: str
    ts: int
    first: int  # number of its first entry; 0 when there is none
    entries: int
    again: bool

    @property
    def ok(self) -> bool:
        return self.answer == "ok"

    def text(self, language: str = "zh") -> str:
        return text(self.answer, self.detail, language=language)


def reply_of(row: Row, *, again: bool = False) -> Reply:
    return Reply(row[1], row[0], row[5], row[6], row[4], row[8], row[9], again)


Rule = Callable[[Book, str, Body], None]
RULES: dict[str, Rule] = {
    "tick": keeping.tick,
    "asset": keeping.define_asset,
    "open": keeping.open_account,
    "close": keeping.close_account,
    "lot": keeping.create_lot,
    "duty": keeping.record_duty,
    "issue": moves.issue,
    "transfer": moves.transfer,
    "retire": moves.retire,
    "expire": moves.expire,
    "carry_over": moves.carry_over,
    "hold": holds.hold,
    "settle": holds.settle,
    "release": holds.release,
    "expire_holds": holds.expire_holds,
}


def decide(book: Book, command: Command, body: str) -> Row:
    """Decide one new command and write its row. `body` is its canonical text."""
    book.begin()
    try:
        _apply(book, command)
    except Refused as refusal:
        book.rollback()
        return book.close(command, body, refusal.reason, refusal.detail)
    return book.close(command, body, "ok")


def conflict(book: Book, command: Command, body: str, original: int) -> Row:
    """The key was used for something else: written as refused beside the first."""
    book.begin()
    return book.close(command, body, "conflict", "", original)


def decide_tick(book: Book, now: int, actor: str) -> Row:
    """The clock of a block, as the first command of it."""
    body = {"to": now}
    return decide(book, Command(f"{RESERVED}tick:{book.seq}", actor, "tick", body), encoding.body_text(body))


def _apply(book: Book, command: Command) -> None:
    name, body, actor = command.name, command.body, command.actor
    rule = RULES.get(name)
    if rule is not None:
        _check_shape(name, body)
        asset = book.assets.get(body.get("asset", ""))
        if asset is None or asset.policy.two_person:
            _check_persons(book, name, body)
        rule(book, actor, body)
    elif name == "linked":
        _check_shape(name, body)
        _linked(book, actor, body["steps"])
    elif name in _TWO_PERSONS:
        _check_shape(name, body)
        _TWO_PERSONS[name](book, command)
    elif name == "reverse":
        raise Refused("needs_two")
    else:
        raise Refused("unknown_command", name)


def _check_shape(name: str, body: Body) -> None:
    if field := verbs.fits(name, body):
        if name == "retire" and field in ("purpose", "beneficiary", "period"):
            raise Refused("retirement_incomplete", field)
        raise Refused("bad_body", field)


def _check_persons(book: Book, name: str, body: Body) -> None:
    """Commands that the asset's policy gives to two persons are refused when one person sends them alone."""
    if "asset" in body:
        try:
            asset = book.asset(body["asset"])
        except Refused:
            return  # the rule itself will say so, or define the asset
    elif "hold" in body:
        asset = book.hold(body["hold"]).account.asset
    else:
        return
    if name in asset.policy.two_person:
        raise Refused("needs_two", name)


# ---------------------------------------------------------------- all or none


def _linked(book: Book, actor: str, steps: list[object]) -> None:
    if not 0 < len(steps) <= STEPS_LIMIT:
        raise Refused("bad_body", "steps")
    read: list[tuple[str, Body]] = []
    for step in steps:
        if not (type(step) is list and len(step) == 2 and type(step[0]) is str and type(step[1]) is dict):
            raise Refused("bad_body", "steps")
        if step[0] not in verbs.LINKABLE:
            raise Refused("not_linkable", step[0])
        _check_shape(step[0], step[1])
        read.append((step[0], step[1]))
    for name, body in read:
        _check_persons(book, name, body)
    _open_targets(book, actor, read)
    book.flush()
    book.in_link = True
    try:
        for name, body in read:
            RULES[name](book, actor, body)
    finally:
        book.in_link = False


def _open_targets(book: Book, actor: str, steps: list[tuple[str, Body]]) -> None:
    """Accounts that open by themselves do so before the first step moves anything."""
    for name, body in steps:
        if "to" in body and name in ("issue", "transfer"):
            book.account(book.asset(body["asset"]), body["to"], actor=actor)
        elif "to" in body and name == "settle" and body["hold"] in book.hold_names:
            book.account(book.hold(body["hold"]).account.asset, body["to"], actor=actor)


# ---------------------------------------------------------------- two persons


def _propose(book: Book, command: Command) -> None:
    name, inner = command.body["do"], command.body["body"]
    if name not in verbs.PROPOSABLE:
        raise Refused("unknown_command", name)
    _check_shape(name, inner)
    book.note("proposal", book.seq, command.key, OPEN)


def _open_proposal(book: Book, command: Command) -> Row:
    book.flush()
    key = command.body["proposal"]
    state, row = book.store.proposal_state(key), book.store.command(key)
    if state is None or row is None:
        raise Refused("unknown_proposal", key)
    if state != OPEN:
        raise Refused("proposal_closed", key)
    return row


def _approve(book: Book, command: Command) -> None:
    """The proposal happens now, decided as of now, in the name of who proposed it."""
    row = _open_proposal(book, command)
    proposer, body = row[2], json.loads(row[10])
    if proposer == command.actor:
        raise Refused("same_person", proposer)
    name, inner = body["do"], body["body"]
    if name == "reverse":
        _reverse(book, inner)
    elif name == "tick":
        keeping.tick(book, proposer, inner, approved=True)
    else:
        RULES[name](book, proposer, inner)
    book.note("proposal_state", SETTLED, row[0])


def _decline(book: Book, command: Command) -> None:
    row = _open_proposal(book, command)
    book.note("proposal_state", RELEASED, row[0])


_TWO_PERSONS: dict[str, Callable[[Book, Command], None]] = {
    "propose": _propose,
    "approve": _approve,
    "decline": _decline,
}


# ---------------------------------------------------------------- undoing


def _reverse(book: Book, body: Body) -> None:
    """Opposite entries, last first. What was issued goes to `cancelled`; what left through a sink does not come back."""
    target = book.store.command(body["command"])
    if target is None or target[5] != "ok" or not target[9]:
        raise Refused("unknown_target" if target is None or target[5] != "ok" else "not_reversible", body["command"])
    if book.store.reversed_by(target[0]) is not None:
        raise Refused("already_reversed", body["command"])
    entries = book.store.entries(target[8], target[9])
    if all(row[2] in (HOLD, RELEASE) for row in entries) or any(row[3] == MOVE_CODES["reverse"] for row in entries):
        raise Refused("not_reversible", body["command"])
    _free_own_holds(book, entries)
    for row in reversed(entries):
        if row[2] in (HOLD, RELEASE):
            continue
        _send_back(book, row)
    book.ranges.clear()
    book.note("claim_released", book.seq, target[0])
    book.note("reversal", target[0], book.seq)


def _free_own_holds(book: Book, entries: Sequence[Row]) -> None:
    """Units that arrived held are freed first, unless their hold names somebody who must sign."""
    for row in entries:
        if row[2] != HOLD:
            continue
        name = book.store.hold_name(row[0])
        if name is None:
            continue  # a later entry of the same hold
        held = book.hold(name)
        if held.state == OPEN:
            if held.signer:
                raise Refused("wrong_signer", held.signer)
            holds.let_go(book, held)


def _send_back(book: Book, row: Row) -> None:
    _, _, _, code, debit, credit, lot, amount, _ = row
    if credit < 0 or code == MOVE_CODES["carry_in"]:
        raise Refused("terminal", encoding.CODE_NAMES[code])
    holder = book.account_by_id(credit)
    receiver = book.account_by_id(debit)
    if debit < 0:
        receiver = book.sink(holder.asset, "cancelled")
    for account in (holder, receiver):
        if account.closed:
            raise Refused("account_closed", account.ref)
    balance = book.lots_of(holder).get(lot)
    free = balance.available if balance else 0
    if free < amount:
        total = balance.total if balance else 0
        raise Refused("held" if total >= amount else "insufficient", f"{free}<{amount}")
    book.post(MOVE_CODES["reverse"], holder, receiver, lot, amount)
