"""What has to be done by the clock: holds and lots that ran out, and the public file of the day.

Time only enters by commands, so what ran out is ended by commands too; none is written while nothing is due. The public file
is the whole export, kept in a folder of the data beside a small description that names it: readers never see a half of it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from dafeng.kernel.errors import LedgerError
from dafeng.kernel.ledger import export, verbs
from dafeng.kernel.ledger.database import Database
from dafeng.kernel.ledger.engine import Reply
from dafeng.kernel.ledger.ledger import Ledger
from dafeng.kernel.ledger.store import SqlStore
from dafeng.kernel.ledger.verbs import Command

CLERK = "system"
ROUNDS = 1_000  # of 10,000 entries for each lot; what is still due then waits for the next run
_DESCRIPTION = "published.json"
_DUE_LOTS = (
    "SELECT s.key, l.name FROM ledger_lot l JOIN ledger_asset s ON s.id = l.asset WHERE l.usable_until <> 0 AND "
    "l.usable_until <= ? AND EXISTS (SELECT 1 FROM ledger_balance b WHERE b.lot = l.id AND b.account > 0 AND "
    "b.credits - b.debits > b.held + b.frozen) ORDER BY l.id"
)
# A person's number or name where a pseudonym should stand: a mobile number, an identity number, an address, a word that
# is not ASCII. Only whole identifiers count: a random one may well contain eleven digits.
_PERSONAL = re.compile(r"1[3-9]\d{9}|\d{17}[\dXx]|.*[@\u0080-\U0010ffff].*")


class Swept(NamedTuple):
    """How many entries a sweep made, and what was refused to it (a lot whose policy wants two persons)."""

    entries: int
    refused: tuple[Reply, ...]


class Published(NamedTuple):
    """The public file: its day, name, number of lines, bytes, SHA-256, and the block at which it ends."""

    day: str
    name: str
    lines: int
    size: int
    sha256: str
    n: int


def sweep(ledger: Ledger, *, now: datetime) -> Swept:
    """End what ran out up to `now`."""
    made, refused = 0, dict[tuple[str, str], Reply]()
    for number in range(ROUNDS):
        with ledger.database.reading() as store:
            commands = _due(store, now, number, refused)
        if not commands:
            break
        for command, reply in zip(commands, ledger.post(commands, now=now, clerk=CLERK), strict=True):
            made += reply.entries
            if not reply.ok:
                refused[command.body.get("asset", ""), command.body.get("lot", "")] = reply
    return Swept(made, tuple(refused.values()))


def _due(store: SqlStore, now: datetime, number: int, refused: dict[tuple[str, str], Reply]) -> list[Command]:
    """Holds first: what they free of an old lot is swept with the lot."""
    clock, key = int(now.timestamp()), f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}:expire:{number}"
    made = []
    if ("", "") not in refused and store.due_holds(clock, 1):
        made.append(verbs.expire_holds(key=f"{key}:holds", actor=CLERK))
    for place, (asset, lot) in enumerate(store.rows(_DUE_LOTS, (clock,))):
        if (asset, lot) not in refused:
            made.append(verbs.expire_lot(key=f"{key}:{place}", actor=CLERK, asset=asset, lot=lot))
    return made


def publish(database: Database, folder: Path, *, day: str) -> Published:
    """Write the export of now as the public file. Raises `LedgerError` when a holder or sender is no pseudonym."""
    folder.mkdir(parents=True, exist_ok=True)
    part, name, digest = folder / "ledger.part", f"ledger-{day}.jsonl", hashlib.sha256()
    try:
        with database.reading() as store, part.open("wb") as stream:
            _check_pseudonyms(store)
            n = store.head().n
            lines = 0
            for line in export.lines(store):
                data = f"{line}\n".encode()
                digest.update(data)
                stream.write(data)
                lines += 1
        made = Published(day, name, lines, part.stat().st_size, digest.hexdigest(), n)
        part.replace(folder / name)
        part.write_text(json.dumps(made._asdict()), encoding="utf-8")
        part.replace(folder / _DESCRIPTION)
    except OSError as error:
        raise LedgerError(f"写不了账本的公开文件：{error.strerror}", mend="请检查数据文件夹和磁盘空间") from error
    finally:
        part.unlink(missing_ok=True)
    for path in folder.glob("ledger-*.jsonl"):
        if path.name != name:
            path.unlink()
    return made


def published(folder: Path) -> Published | None:
    try:
        return Published(**json.loads((folder / _DESCRIPTION).read_text("utf-8")))
    except FileNotFoundError:
        return None


def _check_pseudonyms(store: SqlStore) -> None:
    wrong = sum(1 for word in _names(store) if _PERSONAL.fullmatch(word))
    if wrong:
        raise LedgerError(
            f"账本中有 {wrong} 个持有人或发送人不是代号（手机号、身份证号、邮箱或姓名），没有生成公开文件",
            expected="个人只用代号，姓名和号码另存",
        )


def _names(store: SqlStore) -> Iterator[str]:
    """What stands for persons: holders of their kind, and senders, without the kind before the colon."""
    for (ref,) in store.stream("SELECT DISTINCT ref FROM ledger_account WHERE ref >= 'person:' AND ref < 'person;'"):
        yield verbs.holder_of(ref).partition(":")[2]
    for (actor,) in store.stream("SELECT DISTINCT actor FROM ledger_command"):
        yield actor.rpartition(":")[2]
