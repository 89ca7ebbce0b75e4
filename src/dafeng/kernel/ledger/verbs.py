"""The verbs of the ledger: what a command may ask for, its fields, and a function that builds it.

A command is data: key, actor, name and a body of texts, integers and lists. The key is the sender's: made once, kept
before sending, repeated on a retry (`bus:trip-81`, best beginning with the time). An account is written
`kind:id/bucket`; the holder `kind:id` is opaque to the ledger, so that persons stay pseudonymous.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from dafeng.kernel.errors import LedgerError
from dafeng.kernel.ledger import encoding

Body = dict[str, Any]
Claim = tuple[str, str, str, int, int]  # kind, device or project, period, from, to (half-open)

RESERVED = "auto:"  # keys of commands that the ledger writes itself
_HOLDER = re.compile(r"[a-z][a-z0-9_]*:[^\s/]+")
_TEXT_LIMIT, _BODY_LIMIT = 200, 1_000_000


class Command(NamedTuple):
    key: str
    actor: str
    name: str
    body: Body


class Shape(NamedTuple):
    required: tuple[tuple[str, type], ...]
    optional: dict[str, type]
    values: Callable[[Mapping[str, Any]], tuple[Any, ...]]  # of the required fields
    types: tuple[type, ...]


def _shape(required: str, optional: str = "") -> Shape:
    """Fields in words: `amount:int`; a bare name is a text."""
    types = {"": str, "int": int, "list": list, "map": dict}

    def read(words: str) -> list[tuple[str, type]]:
        return [(name, types[kind]) for name, _, kind in (word.partition(":") for word in words.split())]

    fields = tuple(read(required))
    names = [name for name, _ in fields]
    values = itemgetter(*names) if len(names) > 1 else lambda body: (body[names[0]],)
    return Shape(fields, dict(read(optional)), values, tuple(kind for _, kind in fields))


SHAPES: dict[str, Shape] = {
    "tick": _shape("to:int"),
    "asset": _shape("asset unit scale:int title policy:map", "title_en"),
    "open": _shape("asset account"),
    "close": _shape("asset account", "note"),
    "lot": _shape("asset lot vintage:int source serial_from:int amount:int", "usable_until:int labels:list parent"),
    "issue": _shape("asset lot to amount:int", "claims:list hold kind expires:int signer code note"),
    "transfer": _shape("asset from to amount:int", "lots:list code note"),
    "hold": _shape("asset account amount:int kind hold", "to signer expires:int lots:list note"),
    "settle": _shape("hold", "to amount:int code note"),
    "release": _shape("hold", "note"),
    "retire": _shape("purpose beneficiary period", "asset from hold amount:int lots:list certificate claims:list note"),
    "expire": _shape("asset lot limit:int"),
    "expire_holds": _shape("limit:int"),
    "carry_over": _shape("asset from lots:list amount:int to_lot cap:int basis"),
    "duty": _shape("asset holder period amount:int basis"),
    "linked": _shape("steps:list", "note"),
    "propose": _shape("do body:map"),
    "approve": _shape("proposal"),
    "decline": _shape("proposal note"),
    "reverse": _shape("command note"),
}
LINKABLE = frozenset({"issue", "transfer", "hold", "settle", "release", "retire"})
PROPOSABLE = frozenset(SHAPES) - {"propose", "approve", "decline", "linked"}


def fits(name: str, body: Mapping[str, Any]) -> str:
    """Empty, or the first field that is missing, unknown or of a wrong type."""
    required, optional, values, types = SHAPES[name]
    found = len(required)
    try:
        given = values(body)
    except KeyError:
        given = ()
    if tuple(map(type, given)) != types or "" in given:
        wrong = (field for field, kind in required if type(body.get(field)) is not kind or body[field] == "")
        return next(wrong)
    if len(body) == found:
        return ""
    for field, kind in optional.items():
        if field in body:
            found += 1
            if type(body[field]) is not kind:
                return field
    if found == len(body):
        return ""
    return next((str(field) for field in body if field not in optional and field not in dict(required)), "")


def holder_of(account: str) -> str:
    return account.rpartition("/")[0]


def is_account(text: str) -> bool:
    holder, slash, bucket = text.rpartition("/")
    return bool(slash and bucket and bucket.isprintable() and _HOLDER.fullmatch(holder)) and len(text) <= _TEXT_LIMIT


def is_holder(text: str) -> bool:
    return bool(_HOLDER.fullmatch(text)) and len(text) <= _TEXT_LIMIT


def written(command: Command) -> str:
    """The canonical text of the body. Raises `LedgerError` for what no log can hold: it is no command at all."""
    key, actor, name, body = command
    longest = max(len(key), len(actor), len(name))
    if not (key and actor and name and longest <= _TEXT_LIMIT and (key + actor + name).isprintable()):
        raise LedgerError(
            f"指令的编号、发送人或名称不可用：{[word[:40] for word in (key, actor, name)]}",
            expected=f"1 至 {_TEXT_LIMIT} 个可见字符",
        )
    if key.startswith(RESERVED):
        raise LedgerError(f"指令编号“{key}”以保留的 {RESERVED} 开头", mend="请换一个编号")
    try:
        text = encoding.body_text(body)
        if not text.isascii():
            text.encode()  # half a character cannot be written
    except (TypeError, ValueError, RecursionError) as error:
        raise LedgerError("指令内容无法写成规范文本", expected="文字、整数、列表和字典", mend=str(error)) from error
    if "\\u00" in text or len(text) > _BODY_LIMIT:
        raise LedgerError("指令内容含有控制字符或过长", expected=f"不超过 {_BODY_LIMIT} 个字符，没有控制字符")
    return text


def _command(key: str, actor: str, name: str, /, **fields: Any) -> Command:
    return Command(key, actor, name, {field.rstrip("_"): value for field, value in fields.items() if value is not None})


def define_asset(
    *, key: str, actor: str, asset: str, unit: str, scale: int, title: str, policy: Body, title_en: str | None = None
) -> Command:
    """Define an asset, or give it a new policy. Amounts are integers in units of 10^-scale."""
    return _command(
        key, actor, "asset", asset=asset, unit=unit, scale=scale, title=title, policy=policy, title_en=title_en
    )


def open_account(*, key: str, actor: str, asset: str, account: str) -> Command:
    return _command(key, actor, "open", asset=asset, account=account)


def close_account(*, key: str, actor: str, asset: str, account: str, note: str | None = None) -> Command:
    return _command(key, actor, "close", asset=asset, account=account, note=note)


def create_lot(
    *,
    key: str,
    actor: str,
    asset: str,
    lot: str,
    vintage: int,
    source: str,
    serial_from: int,
    amount: int,
    usable_until: int | None = None,
    labels: Sequence[str] | None = None,
    parent: str | None = None,
) -> Command:
    """A lot with the serials [serial_from, serial_from + amount). `usable_until`: seconds since 1970, the first unusable."""
    return _command(
        key, actor, "lot", asset=asset, lot=lot, vintage=vintage, source=source, serial_from=serial_from, amount=amount,
        usable_until=usable_until, labels=list(labels) if labels else None, parent=parent,
    )  # fmt: skip


def issue(
    *,
    key: str,
    actor: str,
    asset: str,
    lot: str,
    to: str,
    amount: int,
    claims: Sequence[Claim] | None = None,
    hold: str | None = None,
    kind: str | None = None,
    expires: int | None = None,
    signer: str | None = None,
    code: str | None = None,
    note: str | None = None,
) -> Command:
    """Bring units of a lot to an account; with `hold` and `kind` they arrive held (quarantine)."""
    return _command(
        key, actor, "issue", asset=asset, lot=lot, to=to, amount=amount, claims=_lists(claims), hold=hold, kind=kind,
        expires=expires, signer=signer, code=code, note=note,
    )  # fmt: skip


def transfer(
    *,
    key: str,
    actor: str,
    asset: str,
    source: str,
    to: str,
    amount: int,
    lots: Sequence[str] | None = None,
    code: str | None = None,
    note: str | None = None,
) -> Command:
    """From account to account; between buckets of one holder it is a move. `lots` in the order to be taken."""
    return _command(
        key, actor, "transfer", asset=asset, from_=source, to=to, amount=amount, lots=list(lots) if lots else None,
        code=code, note=note,
    )  # fmt: skip


def hold(
    *,
    key: str,
    actor: str,
    asset: str,
    account: str,
    amount: int,
    kind: str,
    hold: str,
    to: str | None = None,
    signer: str | None = None,
    expires: int | None = None,
    lots: Sequence[str] | None = None,
    note: str | None = None,
) -> Command:
    """Keep units for one purpose under a name of the sender's. A pledge or freeze names who alone may resolve it."""
    return _command(
        key, actor, "hold", asset=asset, account=account, amount=amount, kind=kind, hold=hold, to=to, signer=signer,
        expires=expires, lots=list(lots) if lots else None, note=note,
    )  # fmt: skip


def settle(
    *,
    key: str,
    actor: str,
    hold: str,
    to: str | None = None,
    amount: int | None = None,
    code: str | None = None,
    note: str | None = None,
) -> Command:
    """Move held units to their receiver. A part settles the hold too: the rest is free at once."""
    return _command(key, actor, "settle", hold=hold, to=to, amount=amount, code=code, note=note)


def release(*, key: str, actor: str, hold: str, note: str | None = None) -> Command:
    return _command(key, actor, "release", hold=hold, note=note)


def retire(
    *,
    key: str,
    actor: str,
    purpose: str,
    beneficiary: str,
    period: str,
    asset: str | None = None,
    source: str | None = None,
    hold: str | None = None,
    amount: int | None = None,
    lots: Sequence[str] | None = None,
    certificate: str | None = None,
    claims: Sequence[Claim] | None = None,
    note: str | None = None,
) -> Command:
    """Take units out of use for a purpose of the asset's policy: from an account, or from a hold on one."""
    return _command(
        key, actor, "retire", purpose=purpose, beneficiary=beneficiary, period=period, asset=asset, from_=source,
        hold=hold, amount=amount, lots=list(lots) if lots else None, certificate=certificate, claims=_lists(claims),
        note=note,
    )  # fmt: skip


def expire_lot(*, key: str, actor: str, asset: str, lot: str, limit: int = 10_000) -> Command:
    """Sweep up to `limit` accounts of a lot that is past its use; repeat until `nothing_due`."""
    return _command(key, actor, "expire", asset=asset, lot=lot, limit=limit)


def expire_holds(*, key: str, actor: str, limit: int = 10_000) -> Command:
    """Release up to `limit` holds that have run out; repeat until `nothing_due`."""
    return _command(key, actor, "expire_holds", limit=limit)


def carry_over(
    *,
    key: str,
    actor: str,
    asset: str,
    account: str,
    lots: Sequence[str],
    amount: int,
    to_lot: str,
    cap: int,
    basis: str,
) -> Command:
    """Expire units of old lots and issue as many of a new one, up to `cap` for the account and the new lot in all."""
    return _command(
        key, actor, "carry_over", asset=asset, from_=account, lots=list(lots), amount=amount, to_lot=to_lot, cap=cap,
        basis=basis,
    )  # fmt: skip


def record_duty(*, key: str, actor: str, asset: str, holder: str, period: str, amount: int, basis: str) -> Command:
    """What a holder must surrender for a period; recorded again, the last one holds. Shares of offsets rest on it."""
    return _command(key, actor, "duty", asset=asset, holder=holder, period=period, amount=amount, basis=basis)


def linked(steps: Sequence[Command], *, key: str, actor: str, note: str | None = None) -> Command:
    """All steps or none, as one command of one sender. The steps' own keys and senders do not count."""
    return _command(key, actor, "linked", steps=[[step.name, step.body] for step in steps], note=note)


def propose(command: Command, *, key: str, actor: str) -> Command:
    """Ask that another person let this command happen."""
    return _command(key, actor, "propose", do=command.name, body=command.body)


def approve(*, key: str, actor: str, proposal: str) -> Command:
    """Let a proposal (its key) happen now, as a command of who proposed it."""
    return _command(key, actor, "approve", proposal=proposal)


def decline(*, key: str, actor: str, proposal: str, note: str) -> Command:
    return _command(key, actor, "decline", proposal=proposal, note=note)


def reverse(*, key: str, actor: str, command: str, note: str) -> Command:
    """Undo the moves of a command (its key) by opposite entries. Always needs a second person: wrap it in `propose`."""
    return _command(key, actor, "reverse", command=command, note=note)


def tick(*, key: str, actor: str, to: int) -> Command:
    """Move the ledger's clock. `post` does it by itself; a jump of more than 400 days needs a second person."""
    return _command(key, actor, "tick", to=to)


def _lists(claims: Sequence[Claim] | None) -> list[list[str | int]] | None:
    return [list(claim) for claim in claims] if claims else None
