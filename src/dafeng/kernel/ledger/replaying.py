"""Checks an export by deciding every command of it again, in a database in memory: the strongest check there is.

`tools/verify_ledger.py` checks the arithmetic with Python alone and knows no rules; this one proves the rules as well. What
the replayed ledger exports must be the file, line for line; only the signed heads are the operator's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dafeng.kernel.errors import LedgerError
from dafeng.kernel.ledger import encoding, export
from dafeng.kernel.ledger.database import SqliteFile
from dafeng.kernel.ledger.heads import SignedHead
from dafeng.kernel.ledger.ledger import Ledger


def verify(path: Path, *, public_key: str = "") -> tuple[int, int]:
    """Blocks and signatures that hold; raises `LedgerError` at the first line that does not."""
    fresh, heads = SqliteFile(":memory:"), []
    try:
        ledger, blocks = Ledger(fresh), {0: encoding.GENESIS}
        for number, line in _lines(path):
            if number == 1 and line[:3] != ["header", export.FORMAT, encoding.VERSION]:
                raise LedgerError("不是账本导出文件", expected=f"{export.FORMAT} 第 {encoding.VERSION} 版")
            if line[0] == "block":
                if len(line) != 6 or not line[4] or line[1] in blocks:
                    raise LedgerError(f"第 {number} 行不是完整的一块")
                ledger.replay([[tuple(row) for row in line[4]]])
                blocks[line[1]] = line[3]
            elif line[0] == "head":
                heads.append(SignedHead(*line[1:]))
        _compare(path, fresh)
        for head in heads:
            if not head.verifies() or blocks.get(head.n) != head.hash or public_key not in ("", head.public_key):
                raise LedgerError(f"{head.day} 的签名无效", mend="请向运营方索取当日公布的链头比对")
    finally:
        fresh.close()
    return len(blocks) - 1, len(heads)


def _compare(path: Path, fresh: SqliteFile) -> None:
    """Hashes, entries, accounts, lots, balances and holds: as the replay has them, in the same order, and no others."""
    told = ((number, line) for number, line in _lines(path) if line[0] != "head")
    with fresh.reading() as store:
        for text in export.lines(store):
            number, line = next(told, (0, []))
            if line != json.loads(text):
                where = f"第 {number} 行" if number else "文件末尾"
                raise LedgerError(f"{where}与重放的结果不符", mend="文件已被改动或不完整，请重新导出并与公布的链头比对")
    if extra := next(told, None):
        raise LedgerError(f"第 {extra[0]} 行是多出来的", mend="文件已被改动，请重新导出")


def _lines(path: Path) -> Iterator[tuple[int, list[Any]]]:
    number = 0
    try:
        with path.open(encoding="utf-8") as stream:
            for number, text in enumerate(stream, start=1):
                line = json.loads(text)
                if not (isinstance(line, list) and line):
                    raise LedgerError(f"第 {number} 行不是账本的一行")
                yield number, line
    except OSError as error:
        raise LedgerError(f"读不了文件 {path}：{error.strerror}") from error
    except ValueError as error:
        raise LedgerError(f"{path} 不是 JSON 行文件", mend=str(error)) from error
    if not number:
        raise LedgerError(f"{path} 是空文件", expected="账本的导出文件")
