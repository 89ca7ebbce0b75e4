"""Group commit: many callers, one writer, one fsync for all who wait.

A single command costs a whole transaction; sixty-four callers who come at once share it. The writer takes what has gathered
while it was busy with the batch before, so nobody waits for a timer. One such writer in a process; processes queue for the
database's lock.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime

from dafeng.kernel.errors import LedgerError
from dafeng.kernel.ledger import verbs
from dafeng.kernel.ledger.engine import Reply
from dafeng.kernel.ledger.ledger import Ledger
from dafeng.kernel.ledger.verbs import Command

QUEUE_LIMIT = 20_000
GATHER = 1_000  # commands in one transaction


class GroupWriter:
    """Posts single commands in groups. `now` is asked once for each group. Use it as a context manager, or `close` it."""

    def __init__(self, ledger: Ledger, now: Callable[[], datetime]) -> None:
        self._ledger, self._now = ledger, now
        self._waiting: queue.Queue[tuple[Command, Future[Reply]] | None] = queue.Queue(QUEUE_LIMIT)
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    def submit(self, command: Command) -> Future[Reply]:
        """Durable when the future is done. Raises `LedgerError` for what is no command, and when the queue is full."""
        verbs.written(command)
        if self._closed:
            raise LedgerError("账本写入已关闭", mend="请重试；已受理的指令不受影响")
        answer: Future[Reply] = Future()
        try:
            self._waiting.put_nowait((command, answer))
        except queue.Full:
            raise LedgerError("账本繁忙，等待写入的指令过多", mend="请稍后用同一编号重试") from None
        return answer

    def post(self, command: Command, *, timeout: float = 30.0) -> Reply:
        return self.submit(command).result(timeout)

    def close(self) -> None:
        """Write what is waiting, then end."""
        self._closed = True
        self._waiting.put(None)
        self._thread.join()

    def __enter__(self) -> GroupWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        ended = False
        while not ended:
            first = self._waiting.get()
            group = [] if first is None else [first]
            ended = first is None
            while len(group) < GATHER:
                try:
                    item = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if item is None:
                    ended = True
                else:
                    group.append(item)
            if group:
                self._post(group)
        self._ledger.database.release()

    def _post(self, group: list[tuple[Command, Future[Reply]]]) -> None:
        try:
            replies = self._ledger.post([command for command, _ in group], now=self._now())
        except Exception as error:  # every caller learns of it, whatever it is
            self._ledger.database.release()  # a broken connection is not used again
            for _, answer in group:
                answer.set_exception(error)
            return
        for (_, answer), reply in zip(group, replies, strict=True):
            answer.set_result(reply)
