"""The audit chain as mathematics: how an entry becomes bytes, its digest, and the check of a whole export.

Standard library only and no import of dafeng: hand this file and an export to anyone, and they can verify it:
`python chain.py audit.jsonl` or, against a head that was written down earlier, `python chain.py audit.jsonl 812 9f3c…`.
An entry's digest is SHA-256 over its canonical JSON, which holds the digest of the entry before it. The encoding is
frozen: version 1, keys sorted, no spaces, UTF-8, time in UTC with six decimals. A change would be a version 2.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

VERSION = 1
GENESIS = "0" * 64
FIELDS = ("seq", "at", "actor", "action", "subject_kind", "subject_id", "detail", "previous")


class ChainCheck(NamedTuple):
    """`length` counts the entries that hold; `first_bad_seq` is the first that is altered, missing or out of place."""

    ok: bool
    first_bad_seq: int | None
    length: int


class Head(NamedTuple):
    """An entry that the chain must contain: the newest one of the database, or one that was published earlier."""

    seq: int
    digest: str


def canonical(entry: Mapping[str, Any]) -> bytes:
    """The bytes that are hashed. Raises `KeyError` for a missing field and `ValueError` for NaN."""
    body = {"v": VERSION, **{name: entry[name] for name in FIELDS}}
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest(entry: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(entry)).hexdigest()


def line(entry: Mapping[str, Any]) -> str:
    """One line of an export: the canonical fields and the digest, as JSON."""
    body = {"v": VERSION, **{name: entry[name] for name in FIELDS}, "digest": entry["digest"]}
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def verify(entries: Iterable[Mapping[str, Any]], head: Head | None = None) -> ChainCheck:
    """Walk the chain from its first entry. A cut tail can only be seen against a `head` known from elsewhere."""
    previous, seq = GENESIS, 0
    for entry in entries:
        try:
            holds = entry["seq"] == seq + 1 and entry["previous"] == previous and entry["digest"] == digest(entry)
        except (KeyError, TypeError, ValueError):
            holds = False
        if not holds or (head and head.seq == seq + 1 and head.digest != entry["digest"]):
            return ChainCheck(False, seq + 1, seq)
        previous, seq = entry["digest"], seq + 1
    if head and head.seq > seq:
        return ChainCheck(False, seq + 1, seq)
    return ChainCheck(True, None, seq)


def _parse(lines: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    for text in lines:
        if not text.strip():
            continue
        try:
            entry = json.loads(text)
        except ValueError:
            entry = {}
        yield entry if isinstance(entry, dict) and entry.get("v") == VERSION else {}


def verify_lines(lines: Iterable[str], head: Head | None = None) -> ChainCheck:
    """Verify an export (JSON lines); a line that is not an entry counts as altered."""
    return verify(_parse(lines), head)


def main(arguments: list[str]) -> int:
    head = Head(int(arguments[1]), arguments[2]) if len(arguments) == 3 else None
    with open(arguments[0], encoding="utf-8") as stream:
        ok, bad, length = verify_lines(stream, head)
    print(f"审计链完好 intact: {length}" if ok else f"第 {bad} 条有误 broken at entry {bad}; {length} before it hold")
    return 0 if ok else 1


if __name__ == "__main__":
    if len(sys.argv) not in (2, 4):
        sys.exit("usage: python chain.py EXPORT.jsonl [HEAD_SEQ HEAD_DIGEST]")
    sys.exit(main(sys.argv[1:]))
