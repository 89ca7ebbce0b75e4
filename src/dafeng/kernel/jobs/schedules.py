"""What starts by the clock: a schedule names a kind of job and when it is due; each due time fires once.

Times are those of the city's clock (`TIME_ZONE`). After a stop only the latest due time is made up, not every missed one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.db import IntegrityError, transaction
from django.utils import timezone

from dafeng.kernel.jobs.models import Firing, Job
from dafeng.kernel.jobs.services import start


class Every(Protocol):
    def latest(self, now: datetime) -> datetime:
        """The newest due time that is not after `now` (aware, local)."""


@dataclass(frozen=True)
class Minutes:
    """Every so many minutes from midnight."""

    count: int

    def latest(self, now: datetime) -> datetime:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        passed = int((now - midnight).total_seconds() // 60) // self.count * self.count
        return midnight + timedelta(minutes=passed)


@dataclass(frozen=True)
class Daily:
    hour: int
    minute: int = 0

    def latest(self, now: datetime) -> datetime:
        due = now.replace(hour=self.hour, minute=self.minute, second=0, microsecond=0)
        return due if due <= now else due - timedelta(days=1)


@dataclass(frozen=True)
class Monthly:
    """On one day of the month, 1 to 28."""

    day: int
    hour: int = 0

    def latest(self, now: datetime) -> datetime:
        due = now.replace(day=self.day, hour=self.hour, minute=0, second=0, microsecond=0)
        if due <= now:
            return due
        return (due.replace(day=1) - timedelta(days=1)).replace(day=self.day)


@dataclass(frozen=True)
class Schedule:
    code: str
    title: str
    kind: str
    every: Every


_schedules: dict[str, Schedule] = {}


def schedule(code: str, title: str, *, kind: str, every: Every) -> None:
    """Declare that jobs of `kind` (without parameters) start at the due times of `every`."""
    _schedules[code] = Schedule(code, title, kind, every)


def registered() -> list[Schedule]:
    return sorted(_schedules.values(), key=lambda each: each.code)


def tick(*, now: datetime) -> list[Job]:
    """Fire what is due and was not fired. The first tick ever only notes where the clock stands."""
    local = timezone.localtime(now)
    started = []
    for each in registered():
        due = each.every.latest(local)
        last = Firing.objects.filter(schedule=each.code).first()
        if last and last.due_at >= due:
            continue
        try:
            with transaction.atomic():
                firing = Firing.objects.create(schedule=each.code, due_at=due)
                if last:
                    firing.job = start(each.kind, by=None, now=now, title=each.title, key=f"schedule:{each.code}")
                    firing.save(update_fields=["job"])
                    started.append(firing.job)
        except IntegrityError:
            continue  # another scheduler was first
    return started
