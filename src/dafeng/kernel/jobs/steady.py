"""Work that never ends: what must happen within seconds, again and again, as long as a worker runs.

A domain declares it in its `jobs.py`; each piece gets a thread of the worker. Any number of workers may run: the work itself
must bear to be done by two at once, and to be cut off at any point.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from django.db import DatabaseError, close_old_connections, connection

log = logging.getLogger("dafeng.jobs")
Work = Callable[[], bool]


@dataclass(frozen=True)
class Steady:
    """`work()` does a piece and says whether there may be more at once; else it rests for `every` seconds."""

    code: str
    work: Work
    every: float


_steady: dict[str, Steady] = {}


def steady(code: str, *, every: float) -> Callable[[Work], Work]:
    """Declare steady work."""

    def declare(work: Work) -> Work:
        _steady[code] = Steady(code, work, every)
        return work

    return declare


def registered() -> list[Steady]:
    return sorted(_steady.values(), key=lambda each: each.code)


def keep_doing(each: Steady, stop: threading.Event) -> None:
    """Until told to stop. What fails is logged and tried again: nothing else could."""
    while not stop.is_set():
        close_old_connections()
        try:
            more = each.work()
        except DatabaseError:
            log.exception("%s was cut off; trying again", each.code)
            more = False
        except Exception:
            log.exception("%s failed; trying again", each.code)
            more = False
        if not more:
            stop.wait(each.every)
    connection.close()


def start_all(stop: threading.Event) -> list[threading.Thread]:
    threads = [
        threading.Thread(target=keep_doing, args=(each, stop), name=f"steady-{each.code}", daemon=True)
        for each in registered()
    ]
    for thread in threads:
        thread.start()
    return threads
