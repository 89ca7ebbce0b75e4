"""Single events that come at once share one durable transaction: one fsync for all who wait, an answer of their own for each.

There is no timer and no thread of its own: whoever finds the door free does the work of all who stand in the line; whoever
finds it taken waits, and mostly is served when it opens. One line a process; processes queue for the database's lock.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import transaction

from dafeng.kernel.ledger import services as ledger

MOST = 200  # in one transaction
T = TypeVar("T")


class _Call:
    def __init__(self, do: Callable[[], Any]) -> None:
        self.do, self.done, self.answer, self.error = do, False, None, None  # type: ignore[var-annotated]

    def run(self) -> None:
        try:
            with transaction.atomic():
                self.answer = self.do()
        except Exception as error:
            self.error = error


class Line:
    """Callers who wait together."""

    def __init__(self) -> None:
        self._door, self._waiting = threading.Lock(), deque[_Call]()

    def through(self, do: Callable[[], T]) -> T:
        """What `do` returns or raises; durable when it returns. An error of one rolls back that one alone."""
        mine = _Call(do)
        self._waiting.append(mine)
        with self._door:
            while not mine.done:
                self._serve()
        if mine.error is not None:
            raise mine.error
        return mine.answer  # type: ignore[return-value]

    def _serve(self) -> None:
        calls = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
        try:
            with ledger.durable(prompt=True):
                for each in calls:
                    each.run()
        except BaseException as error:  # nothing was written: all who took part must know
            for each in calls:
                each.answer, each.error = None, error if isinstance(error, Exception) else RuntimeError("cut off")
            if not isinstance(error, Exception):
                raise
        finally:
            for each in calls:
                each.done = True


line = Line()
