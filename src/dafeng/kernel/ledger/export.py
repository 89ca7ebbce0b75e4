"""The ledger as a file of JSON lines that anybody can check with `tools/verify_ledger.py` and Python alone.

First a header, then one line for each block, then the state (accounts, lots, balances, open holds), then the signed heads.
A block's line holds exactly what was hashed; the state can be worked out from the blocks and is there to be compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from dafeng.kernel.ledger import encoding
from dafeng.kernel.ledger.audit import STATE, state_digest
from dafeng.kernel.ledger.heads import all_signed
from dafeng.kernel.ledger.store import COMMAND, ENTRY, SqlStore

FORMAT = "dafeng-ledger"


def lines(store: SqlStore) -> Iterator[str]:
    """Run it inside `database.reading()`."""
    head = store.head()
    yield encoding.array(
        ["header", FORMAT, encoding.VERSION, head.n, head.hash, head.command, head.entry, state_digest(store)]
    )
    commands = store.cursor(f"SELECT {COMMAND} FROM ledger_command ORDER BY seq")
    entries = store.cursor(f"SELECT {ENTRY} FROM ledger_entry ORDER BY seq")
    for n, previous, digest, first, last, begun, ended in store.rows(
        "SELECT n, previous, hash, first_command, last_command, first_entry, last_entry FROM ledger_block ORDER BY n"
    ):
        told = commands.fetchmany(last - first + 1)
        moved = entries.fetchmany(ended - begun + 1) if ended >= begun else []
        yield encoding.array(["block", n, previous, digest, told, moved])
    for statement in STATE:
        for row in store.stream(statement):
            yield encoding.array(row)
    for signed in all_signed(store):
        yield encoding.array(["head", *signed])


def export(store: SqlStore, stream: IO[str]) -> int:
    """Write all lines; returns their number."""
    count = 0
    for line in lines(store):
        stream.write(line + "\n")
        count += 1
    return count
