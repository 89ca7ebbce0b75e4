"""What the ledger keeps about its own subjects: assets and their policies, accounts, lots, duties, the clock."""

from __future__ import annotations

from dafeng.kernel.ledger import encoding, policy
from dafeng.kernel.ledger.book import Asset, Book, Lot
from dafeng.kernel.ledger.picking import checked_amount
from dafeng.kernel.ledger.reasons import Refused
from dafeng.kernel.ledger.verbs import Body, is_holder

MAX_STEP = 400 * 86_400  # seconds that one person may move the clock
_SERIAL_LIMIT = 1 << 62


def define_asset(book: Book, actor: str, body: Body) -> None:
    rules = policy.parse(body["policy"])
    key, scale = body["asset"], body["scale"]
    if not 0 <= scale <= 12 or "/" in key:
        raise Refused("bad_body", "asset" if "/" in key else "scale")
    try:
        known: Asset | None = book.asset(key)
    except Refused:
        known = None
    if known is None:
        made = Asset(book.seq, key, body["unit"], scale, rules)
        book.assets[key] = made
        book.undo(lambda: book.assets.pop(key))
        book.note("asset", made.id, key, made.unit, scale)
    else:
        if (known.unit, known.scale) != (body["unit"], scale):
            raise Refused("asset_changed", f"{known.unit} {known.scale}")
        former = known.policy
        known.policy = rules
        book.undo(lambda: setattr(known, "policy", former))
    book.sharers.clear()
    book.note(
        "policy", book.seq, book.assets[key].id, body["title"], body.get("title_en", ""),
        encoding.body_text(body["policy"]),
    )  # fmt: skip


def open_account(book: Book, actor: str, body: Body) -> None:
    asset, ref = book.asset(body["asset"]), body["account"]
    if book.find_account(asset, ref) is not None:
        raise Refused("account_exists", ref)
    book.check_opening(asset, ref)
    book.open(asset, ref)


def close_account(book: Book, actor: str, body: Body) -> None:
    account = book.account(book.asset(body["asset"]), body["account"])
    if any(b.total or b.held or b.frozen for b in book.lots_of(account).values()):
        raise Refused("account_not_empty", account.ref)
    account.closed = True
    book.undo(lambda: setattr(account, "closed", False))
    book.note("account_closed", 1, account.id)


def create_lot(book: Book, actor: str, body: Body) -> None:
    """Blocks of serials of one asset and source never overlap (I5)."""
    asset, name = book.asset(body["asset"]), body["lot"]
    lower, amount, until = body["serial_from"], body["amount"], body.get("usable_until", 0)
    if amount <= 0:
        raise Refused("bad_amount", str(amount)[:40])
    if lower < 0 or lower + amount > _SERIAL_LIMIT:
        raise Refused("absurd_amount", "serial_from")
    if not 0 <= body["vintage"] <= 9999 or not 0 <= until < _SERIAL_LIMIT:
        raise Refused("bad_body", "vintage" if not 0 <= body["vintage"] <= 9999 else "usable_until")
    if until and until <= book.clock:
        raise Refused("lot_expired", name)
    labels = body.get("labels", [])
    if not all(type(label) is str and label for label in labels):
        raise Refused("bad_body", "labels")
    try:
        book.lot_named(asset, name)
    except Refused:
        parent = book.lot_named(asset, body["parent"]).id if "parent" in body else 0
    else:
        raise Refused("lot_exists", name)
    book.flush()
    if other := book.store.overlapping(asset.id, body["source"], lower, lower + amount):
        raise Refused("serials_overlap", other)
    made = Lot(
        book.seq, asset.id, name, body["vintage"], body["source"], lower, lower + amount, until, tuple(labels), 0
    )
    book.lots[made.id] = book.lot_names[asset.id, name] = made
    book.undo(lambda: (book.lots.pop(made.id), book.lot_names.pop((asset.id, name))))
    book.note(
        "lot", made.id, asset.id, name, made.vintage, made.source, lower, made.serial_to, until,
        encoding.array(labels), parent,
    )  # fmt: skip


def record_duty(book: Book, actor: str, body: Body) -> None:
    asset = book.asset(body["asset"])
    if body["amount"]:
        checked_amount(asset, body["amount"])
    if not is_holder(body["holder"]):
        raise Refused("bad_body", "holder")
    book.totals.pop(("duty", body["holder"], body["period"], asset.id), None)
    book.note("duty", book.seq, asset.id, body["holder"], body["period"], body["amount"])


def tick(book: Book, actor: str, body: Body, *, approved: bool = False) -> None:
    to, former = body["to"], book.clock
    if to <= former:
        raise Refused("clock_back", f"{to}<={former}"[:60])
    if (former and to - former > MAX_STEP and not approved) or to > 253_402_300_799:  # the end of the year 9999
        raise Refused("clock_ahead", f"{to}>{former}"[:60])
    book.clock = to
    book.undo(lambda: setattr(book, "clock", former))
