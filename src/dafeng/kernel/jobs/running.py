"""What the work sees of the job that it does: say where it is, and learn whether it should stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import OperationalError, close_old_connections, connection

from dafeng.kernel.jobs.models import Job, JobLine

Clock = Callable[[], datetime]
BEAT_SECONDS = 15.0


class CancelledError(Exception):
    """The person who started the job has asked it to stop."""


class Running:
    """A job in the hands of its work."""

    def __init__(self, job: Job, clock: Clock) -> None:
        self.job, self.clock = job, clock

    @property
    def by(self) -> Any:
        return self.job.by

    def step(self, message: str, done: int = 0, total: int = 0) -> None:
        """Report progress; the signature fits the `progress` argument of services. Raises `CancelledError`."""
        self.job.message, self.job.done, self.job.total = message[:300], done, total
        self.job.beat_at = self.clock()
        self.job.save(update_fields=["message", "done", "total", "beat_at"])
        self.stop_if_asked()

    def say(self, text: str) -> None:
        """Add a line to the log."""
        JobLine.objects.create(job=self.job, at=self.clock(), text=text[:500])

    def stop_if_asked(self) -> None:
        """Raises `CancelledError` when the job was asked to stop: call it where stopping leaves nothing half-done."""
        if Job.objects.filter(pk=self.job.pk, cancel_asked=True).exists():
            raise CancelledError


@contextmanager
def heartbeat(job: Job, clock: Clock, *, every: float = BEAT_SECONDS) -> Iterator[None]:
    """Signs of life from a thread of its own, so that a long silent step is not taken for a dead process."""
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(every):
            try:
                Job.objects.filter(pk=job.pk).update(beat_at=clock())
            except OperationalError:
                # The work holds the database; the next beat will get through.
                close_old_connections()
        connection.close()

    # A transaction that is open here (tests) would not let the thread see the job.
    if connection.in_atomic_block:
        yield
        return
    thread = threading.Thread(target=beat, name=f"heartbeat-{job.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
