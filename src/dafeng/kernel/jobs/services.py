"""Start, do, stop, repeat and rescue jobs. Time and person are arguments; the worker alone reads the clock."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from dafeng.kernel.actions import demand
from dafeng.kernel.desk import services as desk
from dafeng.kernel.errors import DafengError, PermissionDenied, TransitionError
from dafeng.kernel.jobs.models import Job
from dafeng.kernel.jobs.registry import kind_of, work_of
from dafeng.kernel.jobs.running import CancelledError, Clock, Running, heartbeat
from dafeng.kernel.records import services as records

log = logging.getLogger("dafeng.jobs")
SILENCE = timedelta(minutes=3)


def start(
    kind: str,
    *,
    by: Any,
    now: datetime,
    title: str = "",
    parameters: Mapping[str, Any] | None = None,
    key: str = "",
) -> Job:
    """Queue a job; with a `key`, the active job of that kind and key is returned instead of a second one.

    `parameters` must be JSON. `by` None is the system. Raises `PermissionDenied` as the kind's action does.
    """
    declared = kind_of(kind)
    if by is not None:
        demand(by, declared.action)
    try:
        with transaction.atomic():
            if key and (running := Job.objects.active().filter(kind=kind, key=key).first()):
                return running
            job = Job.objects.create(
                kind=kind,
                title=title or declared.title,
                key=key,
                parameters=dict(parameters or {}),
                by=by,
                created_at=now,
            )
            records.audit(by, "job.start", "job", str(job.pk), {"kind": kind, "key": key}, now=now)
    except IntegrityError:
        # Two asked in the same moment; the other was first.
        return Job.objects.active().get(kind=kind, key=key)
    _enqueue(job)
    return job


@task()
def perform(job_id: str) -> None:
    """Entry point of the worker."""
    run(UUID(job_id), clock=timezone.now)


def _enqueue(job: Job) -> None:
    # After the commit: a worker must never look for a job that is not there yet.
    transaction.on_commit(lambda: perform.enqueue(str(job.pk)))


def run(job_id: UUID, *, clock: Clock) -> Job:
    """Do a queued job to its end, whatever that is. A job that is not queued (any more) is left alone."""
    taken = Job.objects.filter(pk=job_id, state=Job.State.QUEUED).update(
        state=Job.State.RUNNING, started_at=clock(), beat_at=clock()
    )
    job = Job.objects.select_related("by").get(pk=job_id)
    if not taken:
        return job
    running = Running(job, clock)
    try:
        with heartbeat(job, clock):
            running.stop_if_asked()
            result = work_of(running, job.parameters)
    except CancelledError:
        _finish(job, Job.State.CANCELLED, clock())
    except DafengError as error:
        job.error = error.as_dict()
        _finish(job, Job.State.FAILED, clock())
    except Exception:
        log.exception("job %s (%s) failed", job.pk, job.kind)
        job.error = {
            "what": _("程序出错，任务没有完成"),
            "mend": _("请重试；仍不成功时把任务编号告诉系统管理员"),
        }
        _finish(job, Job.State.FAILED, clock())
    else:
        job.result = {"text": result.text, "href": result.href} if result else {}
        _finish(job, Job.State.DONE, clock())
    return job


def _finish(job: Job, state: Job.State, now: datetime) -> None:
    job.state, job.finished_at, job.cancel_asked = state, now, False
    if state == Job.State.DONE and job.total:
        job.done = job.total
    job.save(update_fields=["state", "finished_at", "cancel_asked", "result", "error", "done"])
    if job.by is not None and state != Job.State.CANCELLED:
        done = state == Job.State.DONE
        desk.notify(
            [job.by],
            kind="job",
            title=_("%(job)s：完成") % {"job": job.title} if done else _("%(job)s：没有完成") % {"job": job.title},
            text=str(job.result.get("text", "") if done else job.error.get("what", "")),
            href=page_of(job),
            now=now,
        )


def page_of(job: Job) -> str:
    """The job's page, where the portal has one."""
    try:
        return reverse("job", kwargs={"id": job.pk})
    except NoReverseMatch:
        return ""


def _guard(job: Job, by: Any) -> None:
    if not Job.objects.for_user(by).filter(pk=job.pk).exists():
        raise PermissionDenied("这项后台任务不是您提交的")


def cancel(job: Job, *, by: Any, now: datetime) -> Job:
    """Stop a job: at once while it waits, at its next safe point while it runs."""
    _guard(job, by)
    with records.serial():
        waiting = Job.objects.filter(pk=job.pk, state=Job.State.QUEUED)
        if waiting.update(state=Job.State.CANCELLED, finished_at=now) or Job.objects.filter(
            pk=job.pk, state=Job.State.RUNNING
        ).update(cancel_asked=True):
            records.audit(by, "job.cancel", "job", str(job.pk), {}, now=now)
        else:
            raise TransitionError("这项任务已经结束，不能再取消")
    job.refresh_from_db()
    return job


def retry(job: Job, *, by: Any, now: datetime) -> Job:
    """Start a failed or cancelled job anew, as a new job that names the old one."""
    _guard(job, by)
    if not job.repeatable:
        raise TransitionError("只有失败或已取消的任务可以重试")
    again = start(job.kind, by=by, now=now, title=job.title, parameters=job.parameters, key=job.key)
    Job.objects.filter(pk=again.pk, retry_of=None).update(retry_of=job)
    return again


def rescue(*, now: datetime) -> int:
    """Jobs whose process has fallen silent: begun again while attempts remain, else failed. Returns their number."""
    found = 0
    for job in Job.objects.filter(state=Job.State.RUNNING, beat_at__lt=now - SILENCE).select_related("by"):
        mine = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, beat_at=job.beat_at)
        if job.attempt < kind_of(job.kind).attempts and not job.cancel_asked:
            if mine.update(state=Job.State.QUEUED, attempt=job.attempt + 1, message=_("上次中断，重新开始")):
                _enqueue(job)
                found += 1
        elif mine.update(beat_at=now):
            job.error = {"what": _("处理任务的进程中断了"), "mend": _("没有写入一半的数据，可以放心重试")}
            _finish(job, Job.State.FAILED, now)
            found += 1
    return found
