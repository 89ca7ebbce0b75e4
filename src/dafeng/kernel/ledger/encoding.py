"""How commands and entries become bytes, and bytes a chain of hashes. Frozen as version 1; golden vectors in the tests.

A block is the JSON array [version, n, previous hash, commands, entries] without spaces, in UTF-8, non-ASCII written as
itself; its SHA-256 is the block's hash. A command is [seq, key, actor, name, ts, answer, detail, original, first entry,
number of entries, body], the body being canonical JSON as a text (keys sorted). An entry is nine integers in the order of
`ENTRY_FIELDS`. There are no floats, no nulls and no control characters but \\t \\n \\r. A change would be a version 2.
"""

from __future__ import annotations

import hashlib
import json.encoder
from collections.abc import Callable, Mapping, Sequence
from typing import Any

VERSION = 1
GENESIS = f"{VERSION:02x}" + "00" * 31  # the hash before the first block opens with the version byte

COMMAND_FIELDS = ("seq", "key", "actor", "name", "ts", "answer", "detail", "original", "first", "entries", "body")
ENTRY_FIELDS = ("seq", "command", "kind", "code", "debit", "credit", "lot", "amount", "hold")

# Kinds of entry.
POST, HOLD, SETTLE, RELEASE = 1, 2, 3, 4

# Why units moved: code of `post` and `settle`. Numbers are never given a second meaning.
MOVE_CODES = {
    "issue": 1, "transfer": 2, "move": 3, "retire": 4, "cancel": 5, "expire": 6, "carry_out": 7, "carry_in": 8,
    "reverse": 9, "allocate": 10, "trade": 11, "enforce": 12, "redeem": 13, "refund": 14, "reward": 15, "clawback": 16,
    "donate": 17, "deliver": 18, "pay": 19,
}  # fmt: skip
# Why units are held: code of `hold` and `release`.
HOLD_CODES = {
    "order": 40, "pledge": 41, "freeze": 42, "surrender": 43, "cancellation": 44, "carry_over": 45, "dispute": 46,
    "quarantine": 47, "transit": 48,
}  # fmt: skip
CODE_NAMES = {number: name for table in (MOVE_CODES, HOLD_CODES) for name, number in table.items()}

# Each asset has four system accounts with negative numbers: 4 × asset + place in this list, negated.
SINKS = ("issue", "retired", "cancelled", "expired")

Row = tuple[Any, ...]


def _writer(*, sort_keys: bool) -> Callable[[Any], str]:
    """Compact JSON of lists and mappings. `JSONEncoder.encode` builds its C encoder anew for every text, which costs more
    than the text of a small body; here it is built once."""
    plain = json.JSONEncoder(
        ensure_ascii=False, allow_nan=False, check_circular=False, sort_keys=sort_keys, separators=(",", ":")
    )
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # a Python without the C module
        return plain.encode
    parts = make(
        None, plain.default, json.encoder.encode_basestring, None, ":", ",", sort_keys, plain.skipkeys, plain.allow_nan
    )
    return lambda values: "".join(parts(values, 0))


_plain = _writer(sort_keys=False)
_sorted = _writer(sort_keys=True)


def sink_id(asset: int, sink: str) -> int:
    return -(4 * asset + SINKS.index(sink))


def sink_of(account: int) -> tuple[int, str]:
    """The asset and the name of a system account."""
    return -account // 4, SINKS[-account % 4]


def body_text(body: Mapping[str, Any]) -> str:
    """The canonical text of a command's body."""
    return _sorted(body)


def array(values: Sequence[Any]) -> str:
    """The canonical text of a list."""
    return _plain(values)


def block_bytes(n: int, previous: str, commands: Sequence[Row], entries: Sequence[Row]) -> bytes:
    return _plain([VERSION, n, previous, commands, entries]).encode()


def block_hash(n: int, previous: str, commands: Sequence[Row], entries: Sequence[Row]) -> str:
    return hashlib.sha256(block_bytes(n, previous, commands, entries)).hexdigest()


def head_bytes(day: str, n: int, block: str, commands: int, entries: int, digest: str) -> bytes:
    """What the daily signature covers: the head of the chain and the digest of all balances."""
    return _plain(["dafeng-ledger-head", VERSION, day, n, block, commands, entries, digest]).encode()
