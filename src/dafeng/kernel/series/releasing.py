"""Releasing all that is alike: at once what is judged within a second or two, as a job what takes longer.

The job goes batch by batch, and each is settled when its readings are stored: a process that was cut off goes on with the first that
still waits. Readings that had come in before are then told again, which stores none of them twice.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.db.models import Max, Sum
from django.utils.translation import gettext as _

from dafeng.kernel.actions import demand
from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.jobs.models import Job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.series import permissions, quarantine
from dafeng.kernel.series.models import Batch, Quarantine, QuarantineQuerySet
from dafeng.kernel.series.quarantine import Decided

KIND = "series.release"
READINGS_AT_ONCE = 100_000
RESTS = 100  # batches whose numbers are asked for together


def is_long(waiting: QuarantineQuerySet) -> bool:
    """Whether to release them would keep somebody waiting."""
    readings: int = waiting.aggregate(all=Sum("count"))["all"] or 0
    return readings > READINGS_AT_ONCE or waiting.count() > quarantine.AT_ONCE


def release_alike(held: Quarantine, *, by: Any, now: datetime, note: str = "") -> Decided | Job:
    """Release this and all that is like it, or start the job that does. Raises `SeriesError` as `quarantine.decide` does."""
    waiting = quarantine.fellows(held, by)
    if not is_long(waiting):
        return quarantine.decide(held, how="release", by=by, now=now, note=note)
    quarantine.demand_releasable(held, by)
    last = waiting.aggregate(last=Max("pk"))["last"]
    return _start(held, {"held": held.pk, "last": last, "note": note}, _key(held, by), by=by, now=now)


def release_one(held: Quarantine, *, by: Any, now: datetime, note: str = "") -> Any:
    """Release this batch alone: its receipt, or the job that releases it."""
    if held.count <= READINGS_AT_ONCE:
        return quarantine.release(held, by=by, now=now, note=note)
    quarantine.demand_releasable(held, by)
    told = {"held": held.pk, "last": held.pk, "note": note, "alone": True}
    return _start(held, told, f"{held.pk}-{by.pk}", by=by, now=now)


def _start(held: Quarantine, told: dict[str, Any], key: str, *, by: Any, now: datetime) -> Job:
    title = _("放行隔离的读数：%(code)s") % {"code": held.code} if held.code else _("放行隔离的读数")
    return jobs.start(KIND, by=by, now=now, title=title[:200], parameters=told, key=key)


def _key(held: Quarantine, by: Any) -> str:
    """The same for all that is alike; another person's job has another, for they may see other batches of it."""
    same = f"{held.reason}\n{held.code}\n{held.device_id or ''}"
    return f"{hashlib.sha256(same.encode()).hexdigest()[:24]}-{by.pk}"


def job_of(held: Quarantine, user: Any) -> Job | None:
    """The newest job of this person that releases this one or what is like it."""
    keys = (_key(held, user), f"{held.pk}-{user.pk}")
    return Job.objects.filter(kind=KIND, key__in=keys, by=user).order_by("-created_at").first()


def work(running: Running, held: int, last: int, note: str, *, alone: bool = False) -> Decided:
    """Release what still waits up to the number `last`: what is refused again gets a higher one, and is not asked a second time."""
    first, by = Quarantine.objects.get(pk=held), running.by
    demand(by, permissions.DECIDE, first)
    alike = quarantine.alike_seen(first, by).filter(pk__lte=last)
    if alone:
        alike = alike.filter(pk=held)
    waiting = alike.filter(state=Quarantine.State.HELD)
    numbers = list(waiting.values_list("pk", flat=True))
    done = _settled(alike, running).count()
    total = done + len(numbers)
    for number in numbers:
        running.step(_("放行，批"), done, total)
        each = waiting.filter(pk=number).first()
        if each is not None:  # nobody else has settled it meanwhile
            demand(by, permissions.DECIDE, each)
            quarantine.release(each, by=by, now=running.clock(), note=note)
        done += 1
    return _told(_settled(alike, running))


def _settled(alike: QuarantineQuerySet, running: Running) -> QuarantineQuerySet:
    """Those that this job has released, before it was cut off and after."""
    job = running.job
    return alike.filter(state=Quarantine.State.RELEASED, settled_by=job.by, settled_at__gte=job.created_at)


def _told(released: QuarantineQuerySet) -> Decided:
    """What became of them, by the rows of their deliveries."""
    numbers = list(released.values_list("pk", flat=True))
    taken = again = refused = 0
    for at in range(0, len(numbers), RESTS):
        owners = [quarantine.owner_of(number) for number in numbers[at : at + RESTS]]
        found = Batch.objects.filter(owner__in=owners).aggregate(
            taken=Sum("accepted", default=0) + Sum("revised", default=0),
            known=Sum("again", default=0), out=Sum("refused", default=0),
        )  # fmt: skip
        taken, again, refused = taken + found["taken"], again + found["known"], refused + found["out"]
    return Decided(len(numbers), taken, again, refused, left=0)


def sentence(done: Decided) -> str:
    """What became of it, in words."""
    return _("已放行 %(batches)s 批：收下 %(taken)s 条，以前已收下 %(again)s 条，又被隔离 %(refused)s 条。") % {
        "batches": done.batches, "taken": done.taken, "again": done.again, "refused": done.refused,
    }  # fmt: skip
