"""The daily head: the newest hash and the digest of all balances, signed with Ed25519 (RFC 8032) for the public page.

Who keeps yesterday's head can show that the past was rewritten, whoever holds the database. The key is 32 bytes, in
`DAFENG_LEDGER_KEY` (64 hexadecimal digits) or in the file `ledger_key` of the data folder, readable by its owner alone.
"""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from dafeng.kernel.errors import LedgerError
from dafeng.kernel.ledger import encoding
from dafeng.kernel.ledger.audit import state_digest
from dafeng.kernel.ledger.database import Database
from dafeng.kernel.ledger.store import SqlStore

KEY_FILE = "ledger_key"
_COLUMNS = "day, n, hash, commands, entries, digest, public_key, signature"


class SignedHead(NamedTuple):
    day: str
    n: int
    hash: str
    commands: int
    entries: int
    digest: str
    public_key: str
    signature: str

    def verifies(self) -> bool:
        message = encoding.head_bytes(self.day, self.n, self.hash, self.commands, self.entries, self.digest)
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.public_key))
            key.verify(bytes.fromhex(self.signature), message)
        except (InvalidSignature, ValueError):
            return False
        return True


def private_key(folder: Path) -> Ed25519PrivateKey:
    """From the environment, else from the data folder, where it is made at first use."""
    if given := os.environ.get("DAFENG_LEDGER_KEY"):
        return _read(given, "环境变量 DAFENG_LEDGER_KEY")
    path = folder / KEY_FILE
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise LedgerError(
                f"签名密钥 {path.name} 可被他人读取",
                expected="仅所有者可读（600）",
                mend=f"请运行 chmod 600 {path.name}",
            ) from None
        return _read(path.read_text(), f"文件 {path.name}")
    with os.fdopen(descriptor, "w") as stream:
        stream.write(os.urandom(32).hex() + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    return _read(path.read_text(), f"文件 {path.name}")


def _read(text: str, where: str) -> Ed25519PrivateKey:
    try:
        seed = bytes.fromhex(text.strip())
    except ValueError:
        seed = b""
    if len(seed) != 32:
        raise LedgerError(f"{where} 不是签名密钥", expected="64 位十六进制数字")
    return Ed25519PrivateKey.from_private_bytes(seed)


def sign(database: Database, key: Ed25519PrivateKey, *, now: datetime, zone: tzinfo = UTC) -> SignedHead:
    """Sign the head for the day of `now`; the day's head is signed once and then stays."""
    day = now.astimezone(zone).date().isoformat()
    with database.transaction() as store:
        store.lock_head()
        if earlier := of_day(store, day):
            return earlier
        head, digest = store.head(), state_digest(store)
        message = encoding.head_bytes(day, head.n, head.hash, head.command, head.entry, digest)
        public = key.public_key().public_bytes_raw().hex()
        signed = SignedHead(
            day, head.n, head.hash, head.command, head.entry, digest, public, key.sign(message).hex()
        )  # fmt: skip
        assert signed.verifies()
        store.execute("INSERT INTO ledger_signature VALUES (?, ?, ?, ?, ?, ?, ?, ?)", signed)
    return signed


def of_day(store: SqlStore, day: str) -> SignedHead | None:
    row = store.row(f"SELECT {_COLUMNS} FROM ledger_signature WHERE day = ?", (day,))
    return SignedHead(*row) if row else None


def newest_signed(store: SqlStore, count: int) -> list[SignedHead]:
    rows = store.rows(f"SELECT {_COLUMNS} FROM ledger_signature ORDER BY day DESC LIMIT ?", (count,))
    return [SignedHead(*row) for row in rows]


def all_signed(store: SqlStore) -> list[SignedHead]:
    return [SignedHead(*row) for row in store.rows(f"SELECT {_COLUMNS} FROM ledger_signature ORDER BY day")]
