"""The worker: does queued jobs, and meanwhile rescues cut-off ones, fires schedules, and does what never ends.

The loop that takes work is django-tasks-db's; the clock and each piece of steady work run in threads beside it.
"""

from __future__ import annotations

import logging
import threading

from django.core.management import call_command
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from dafeng.kernel.jobs import schedules, services, steady

log = logging.getLogger("dafeng.jobs")


def _mind_the_clock(stop: threading.Event, every: float) -> None:
    while not stop.is_set():
        close_old_connections()
        try:
            services.rescue(now=timezone.now())
            schedules.tick(now=timezone.now())
        except DatabaseError:
            log.exception("the schedule could not be read; trying again in %s s", every)
        stop.wait(every)


def work(*, every: float = 20.0, interval: float = 0.5) -> None:
    """Run until told to stop (SIGTERM, Ctrl+C); a job in hand is finished first."""
    stop = threading.Event()
    thread = threading.Thread(target=_mind_the_clock, args=(stop, every), name="schedules", daemon=True)
    thread.start()
    steady.start_all(stop)
    try:
        call_command("db_worker", interval=interval, verbosity=0)
    finally:
        stop.set()
