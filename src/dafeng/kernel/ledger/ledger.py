"""Posting: a batch of commands becomes one block in one durable transaction.

The book of the last post is kept and used again when the head of the chain is still the one it ended with; another process
may have posted in between, and then a new book is begun. So any number of processes may post.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from dafeng.kernel.errors import LedgerError
from dafeng.kernel.ledger import encoding, engine, verbs
from dafeng.kernel.ledger.book import Book, Head
from dafeng.kernel.ledger.database import Database, uncollected
from dafeng.kernel.ledger.encoding import Row
from dafeng.kernel.ledger.engine import Reply, reply_of
from dafeng.kernel.ledger.store import SqlStore
from dafeng.kernel.ledger.verbs import Command

BATCH_LIMIT = 10_000


class Ledger:
    """The ledger of one database. Safe to share between threads and processes; keeps no connection."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._books: list[Book] = []  # at most one; a list because pop and append are atomic

    def post(self, commands: Sequence[Command], *, now: datetime, clerk: str = "system") -> list[Reply]:
        """Decide commands in their order; one reply each. `clerk` signs the tick of the clock that may precede them.

        A refused command is a reply like any other. Raises `LedgerError`, and writes none of them, for what is no
        command at all and for a clock that is more than 400 days ahead.
        """
        if now.tzinfo is None:
            raise ValueError("`now` must carry its time zone")
        if len(commands) > BATCH_LIMIT:
            raise LedgerError(
                f"一次提交了 {len(commands)} 条指令", expected=f"不超过 {BATCH_LIMIT} 条", mend="请分批提交"
            )
        texts = [verbs.written(command) for command in commands]
        if not commands:
            return []
        with uncollected(), self.database.transaction() as store:
            batch = _Batch(store, self._take(store), int(now.timestamp()), clerk)
            replies = batch.run(commands, texts)
            batch.finish()
        if not batch.book.full:
            self._books[:] = [batch.book]
        if batch.stopped:
            raise LedgerError(
                f"时间 {now.isoformat()} 比账本的时钟超前太多", expected="400 天以内",
                mend="请校准服务器时间；确需跳跃时由两人办理 tick",
            )  # fmt: skip
        return replies

    def replay(self, blocks: Iterable[Sequence[Row]]) -> None:
        """Decide the blocks of another ledger's log again, one block a transaction. Raises when an answer differs."""
        for rows in blocks:
            with self.database.transaction() as store:
                book = self._take(store)
                for row in rows:
                    _decide_again(book, row)
                batch = _Batch(store, book, book.clock, "")
                batch.finish()
            self._books[:] = [book]

    def _take(self, store: SqlStore) -> Book:
        head = store.lock_head()
        try:
            book = self._books.pop()
        except IndexError:
            return Book(head, store)
        if (book.head.n, book.head.hash) != (head.n, head.hash):
            return Book(head, store)
        book.store = store
        book.start(head)
        return book


def _decide_again(book: Book, row: Row) -> None:
    if row[1].startswith(f"{verbs.RESERVED}open:"):
        return  # the command that opened the account by itself comes next, and will do so again
    command = Command(row[1], row[2], row[3], json.loads(row[10]))
    original = row[7]
    made = engine.conflict(book, command, row[10], original) if original else engine.decide(book, command, row[10])
    if made != row:
        raise LedgerError(f"重放与记录不符：第 {row[0]} 条指令", expected=str(row[:10]), mend=str(made[:10]))


class _Batch:
    """One block in the making."""

    def __init__(self, store: SqlStore, book: Book, now: int, clerk: str) -> None:
        self.store, self.book, self.now, self.clerk = store, book, now, clerk
        self.stopped = False

    def run(self, commands: Sequence[Command], texts: Sequence[str]) -> list[Reply]:
        book, known = self.book, {row[1]: row for row in self.store.commands([command.key for command in commands])}
        book.prefetch(commands)
        replies: list[Reply] = []
        for command, body in zip(commands, texts, strict=True):
            row = known.get(command.key)
            if row is None:
                if not book.commands and not self._tick():
                    return []
                row = known[command.key] = engine.decide(book, command, body)
                replies.append(reply_of(row))
            elif (row[2], row[3], row[10]) == (command.actor, command.name, body):
                replies.append(reply_of(row, again=True))
            else:
                reply = self._conflict(command, body, row[0])
                if reply is None:
                    return []
                replies.append(reply)
        return replies

    def _tick(self) -> bool:
        """Before the first new command of the block: the clock moves on. False when it may not move so far."""
        if self.now > self.book.clock:
            row = engine.decide_tick(self.book, self.now, self.clerk)
            self.stopped = row[5] != "ok"
        return not self.stopped

    def _conflict(self, command: Command, body: str, original: int) -> Reply | None:
        same = (command.actor, command.name, body)
        earlier = [row for row in self.book.commands if row[7] == original]
        for row in (*earlier, *self.store.conflicts(original)):
            if (row[2], row[3], row[10]) == same:
                return reply_of(row, again=True)
        if not self.book.commands and not self._tick():
            return None
        return reply_of(engine.conflict(self.book, command, body, original))

    def finish(self) -> None:
        book = self.book
        if not book.commands:
            return
        book.flush()
        former = book.head
        commands, entries = book.commands, book.entries
        digest = encoding.block_hash(former.n + 1, former.hash, commands, entries)
        head = Head(former.n + 1, digest, former.command + len(commands), former.entry + len(entries), book.clock)
        assert (head.command, head.entry) == (book.seq - 1, book.next_entry - 1), "numbers have a gap"
        self.store.write_block(head, former.hash, commands, len(entries))
        book.head = head
