"""Units on the move: issue, transfer, retire, expire, carry over; and what may not be claimed twice."""

from __future__ import annotations

from typing import Any

from dafeng.kernel.ledger import holds
from dafeng.kernel.ledger.book import Account, Asset, Book, Lot
from dafeng.kernel.ledger.encoding import MOVE_CODES, Row
from dafeng.kernel.ledger.picking import SWEEP_LIMIT, check_path, checked_amount, code_of, pick
from dafeng.kernel.ledger.policy import Purpose
from dafeng.kernel.ledger.reasons import Refused
from dafeng.kernel.ledger.verbs import Body, is_holder


def transfer(book: Book, actor: str, body: Body) -> None:
    asset = book.asset(body["asset"])
    amount = checked_amount(asset, body["amount"])
    source, target = book.account(asset, body["from"]), book.account(asset, body["to"], actor=actor)
    default = check_path(source, target)
    code = code_of(body, default) if "code" in body else MOVE_CODES[default]
    for lot, part in pick(book, source, amount, body.get("lots")):
        book.post(code, source, target, lot, part)


def issue(book: Book, actor: str, body: Body) -> None:
    asset = book.asset(body["asset"])
    amount = checked_amount(asset, body["amount"])
    target = book.account(asset, body["to"], actor=actor)
    lot = book.lot_named(asset, body["lot"])
    if not lot.usable(book.clock):
        raise Refused("lot_expired", lot.name)
    if amount > lot.serial_to - lot.serial_from - lot.issued:
        raise Refused("lot_full", f"{lot.serial_to - lot.serial_from - lot.issued}<{amount}")
    if asset.policy.claim_required and not body.get("claims"):
        raise Refused("claim_required")
    code, claims = code_of(body, "issue"), body.get("claims", [])
    kind = holds.checked_kind(book, asset, body) if "hold" in body or "kind" in body else 0
    load_claims(book, claims)
    claim(book, claims)
    give(book, asset, lot, target, amount, code)
    if kind:
        holds.place(book, target, kind, body, [(lot.id, amount)])


def give(book: Book, asset: Asset, lot: Lot, target: Account, amount: int, code: int) -> None:
    """Issue units of a lot."""
    book.post(code, book.sink(asset, "issue"), target, lot.id, amount)
    former = lot.issued
    lot.issued = former + amount
    book.undo(lambda: setattr(lot, "issued", former))


def load_claims(book: Book, claims: list[Any]) -> None:
    """Read what is claimed already, before the command changes anything."""
    for item in claims:
        if type(item) is not list or [type(part) for part in item] != [str, str, str, int, int]:
            raise Refused("bad_body", "claims")
        kind, subject, period, lower, upper = item
        if not (kind and subject and period and 0 <= lower < upper < 1 << 62):
            raise Refused("bad_body", "claims")
        if (kind, subject, period) not in book.ranges:
            book.flush()
            book.ranges[kind, subject, period] = [(row[0], row[1]) for row in book.store.claims(kind, subject, period)]


def claim(book: Book, claims: list[Any]) -> None:
    """One environmental attribute, one claim: ranges of a kind, subject and period never overlap, whatever claims them."""
    for kind, subject, period, lower, upper in claims:
        taken = book.ranges[kind, subject, period]
        if any(lower < above and below < upper for below, above in taken):
            raise Refused("claimed", f"{kind} {subject} {period} {lower}-{upper}"[:200])
        taken.append((lower, upper))
        book.undo(taken.pop)
        book.note("claim", book.seq, kind, subject, period, lower, upper, 0)


def retire(book: Book, actor: str, body: Body) -> None:
    """Out of use for a purpose. From a hold, the settled part goes and the rest is free."""
    held = book.hold(body["hold"]) if "hold" in body else None
    if held is None and not {"asset", "from", "amount"} <= set(body):
        raise Refused("bad_body", "from")
    if held is not None and ({"asset", "from", "lots"} & set(body)):
        raise Refused("bad_body", "hold")
    source = held.account if held else book.account(book.asset(body["asset"]), body["from"])
    asset = source.asset
    rule = asset.policy.purpose(body["purpose"])
    if rule is None:
        raise Refused("unknown_purpose", body["purpose"])
    if rule.buckets and source.bucket not in rule.buckets:
        raise Refused("not_transferable", source.ref)
    amount = checked_amount(asset, body.get("amount", held.amount if held else 0))
    claims = body.get("claims", [])
    load_claims(book, claims)
    share = _check_share(book, asset, rule, body, amount)
    code = MOVE_CODES["cancel" if rule.sink == "cancelled" else "retire"]
    if held is None:
        parts = pick(book, source, amount, body.get("lots"))
    else:
        parts = holds.check_settling(book, held, actor, amount)
    for number, _ in parts:
        _check_lot(book.lots[number], rule, body["period"])
    claim(book, claims)
    book.add_to_total(share, amount)
    first, sink = book.next_entry, book.sink(asset, rule.sink)
    if held is None:
        for number, part in parts:
            book.post(code, source, sink, number, part)
    else:
        holds.resolve(book, held, sink, parts, code)
    book.note(
        "retirement", first, book.next_entry - first, book.seq, asset.id, body["purpose"], body["beneficiary"],
        body["period"], body.get("certificate", ""), amount,
    )  # fmt: skip


def _check_lot(lot: Lot, rule: Purpose, period: str) -> None:
    if rule.not_after_period:
        year = period[:4]
        if not year.isdigit():
            raise Refused("bad_body", "period")
        if lot.vintage > int(year):
            raise Refused("vintage_too_new", f"{lot.name}: {lot.vintage}>{year}")
    for label in rule.forbidden:
        if label in lot.labels:
            raise Refused("label_forbidden", f"{lot.name}: {label}")


def _check_share(book: Book, asset: Asset, rule: Purpose, body: Body, amount: int) -> Row:
    """Offsets of all assets that share the duty, together, stay within the share (CCER: 5 %). Returns the sum's key."""
    if not rule.max_share_bp:
        return ()
    duty_asset = book.asset(rule.duty_asset)
    who, period, purpose = body["beneficiary"], body["period"], body["purpose"]
    if not is_holder(who):
        raise Refused("bad_body", "beneficiary")
    duty = book.total(("duty", who, period, duty_asset.id), lambda: book.store.duty(who, period, duty_asset.id))
    if duty < 0:
        raise Refused("no_duty", f"{who} {period}")
    key = ("retired", who, period, purpose, duty_asset.id)
    sharing = book.sharing(purpose, duty_asset.key)
    used = book.total(key, lambda: book.store.retired(who, period, purpose, sharing))
    allowed = duty * rule.max_share_bp // 10_000
    if used + amount > allowed:
        raise Refused("over_share", f"{used}+{amount}>{allowed}")
    return key


def expire(book: Book, actor: str, body: Body) -> None:
    """Sweep what is left of a lot into `expired`; held units wait until their hold is resolved."""
    asset = book.asset(body["asset"])
    lot = book.lot_named(asset, body["lot"])
    if not 0 < body["limit"] <= SWEEP_LIMIT:
        raise Refused("bad_body", "limit")
    if lot.usable(book.clock):
        raise Refused("lot_not_expired", lot.name)
    book.flush()
    sink, found = book.sink(asset, "expired"), False
    for number in book.store.holders_of_lot(lot.id, body["limit"]):
        account = book.account_by_id(number)
        b = book.lots_of(account)[lot.id]
        book.post(MOVE_CODES["expire"], account, sink, lot.id, b.available)
        found = True
    if not found:
        raise Refused("nothing_due", lot.name)


def carry_over(book: Book, actor: str, body: Body) -> None:
    """Old units expire and as many of a new lot are issued; I6 holds for both lots."""
    asset = book.asset(body["asset"])
    amount = checked_amount(asset, body["amount"])
    account, new = book.account(asset, body["from"]), book.lot_named(asset, body["to_lot"])
    if not body["lots"] or body["to_lot"] in body["lots"]:
        raise Refused("bad_body", "lots")
    if body["cap"] < 0:
        raise Refused("bad_amount", "cap")
    key = ("carried", account.id, new.id)
    before = book.total(key, lambda: book.store.carried(account.id, new.id))
    if before + amount > body["cap"]:
        raise Refused("over_cap", f"{before}+{amount}>{body['cap']}")
    if not new.usable(book.clock):
        raise Refused("lot_expired", new.name)
    if amount > new.serial_to - new.serial_from - new.issued:
        raise Refused("lot_full", f"{new.serial_to - new.serial_from - new.issued}<{amount}")
    for number, part in pick(book, account, amount, body["lots"]):
        old = book.lots[number]
        if old.vintage >= new.vintage:
            raise Refused("vintage_too_new", f"{old.name}: {old.vintage}>={new.vintage}")
        book.post(MOVE_CODES["carry_out"], account, book.sink(asset, "expired"), number, part)
    give(book, asset, new, account, amount, MOVE_CODES["carry_in"])
    book.add_to_total(key, amount)
    book.note("carry", book.seq, account.id, new.id, amount)
