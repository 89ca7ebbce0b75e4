"""A person's own desk: inbox, notices, search, jobs."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dafeng.kernel.actions import asks
from dafeng.kernel.desk import services as desk
from dafeng.kernel.desk.models import Notice
from dafeng.kernel.desk.registry import Task, tasks_of
from dafeng.kernel.desk.registry import search as find
from dafeng.kernel.jobs import schedules
from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.jobs.models import SEES_ALL, Job
from dafeng.kernel.pages.kept import MINUTE, kept
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records.access import organisations_of, places_of, roles_of, standing
from dafeng.kernel.records.audit import head
from dafeng.portal import permissions

AT_A_GLANCE = 5


@require_safe
@asks(permissions.WORK)
def tasks(request: HttpRequest) -> HttpResponse:
    """What waits for this person, overdue first."""
    now = timezone.now()
    found = [(task, task.overdue(now)) for task in _inbox(request.user, now)]
    if request.headers.get("HX-Target") == "inbox":
        context = {"tasks": found[:AT_A_GLANCE], "count": len(found), "more": len(found) > AT_A_GLANCE}
        return render(request, "portal/tasks_part.html", context)
    return render(request, "portal/tasks.html", {"tasks": found})


def _inbox(user: Any, now: datetime) -> list[Task]:
    """The person's tasks. What is done anywhere is sealed in the audit chain: a new head, a new inbox; what time brings and jobs
    that failed (the worker's, no person's deed) are seen within half a minute."""
    mine = user.pk, standing(user), sorted(organisations_of(user)), sorted(places_of(user))
    return kept("inbox", *mine, head().digest, make=lambda: tasks_of(user, now=now), seconds=MINUTE / 2)


@require_safe
@asks(permissions.WORK)
def notices(request: HttpRequest) -> HttpResponse:
    table = Table(
        request,
        Notice.objects.for_user(request.user),
        [
            Column("title", _("通知"), link=lambda n: n.href, wide=True, sort=None),
            Column("text", _("内容"), wide=True, sort=None),
            Column("created_at", _("时间"), show=lambda n: timezone.localtime(n.created_at).strftime("%Y-%m-%d %H:%M")),
            Column("read_at", _("状态"), show=lambda n: _("已读") if n.read_at else _("未读"), sort=None),
        ],
        _("通知"),
        search=("title", "text"),
        order="-created_at",
        empty=_("还没有通知。任务完成、数据被退回、期限将到时会在这里告诉您。"),
    )
    return table.download() or render(request, "portal/notices.html", {"table": table})


@require_POST
@asks(permissions.MARK_NOTICES)
def notices_read(request: HttpRequest) -> HttpResponse:
    desk.read(request.user, now=timezone.now())
    return redirect("notices")


@require_safe
@asks(permissions.READ)
def search(request: HttpRequest) -> HttpResponse:
    """What all domains find, grouped by kind."""
    text = request.GET.get("q", "").replace("\0", "").strip()[:80]
    hits = sorted(find(request.user, text), key=lambda hit: hit.kind) if text else []
    groups = [(kind, list(found)) for kind, found in groupby(hits, key=lambda hit: hit.kind)]
    return render(request, "portal/search.html", {"text": text, "groups": groups, "count": len(hits)})


@require_safe
@asks(permissions.WORK)
def job_list(request: HttpRequest) -> HttpResponse:
    table = Table(
        request,
        Job.objects.for_user(request.user).select_related("by"),
        [
            Column("title", _("任务"), link=jobs.page_of, wide=True),
            Column("state", _("状态"), show=lambda j: j.get_state_display()),
            Column("by.username", _("提交人"), show=lambda j: j.by or _("系统"), sort="by__username"),
            Column("created_at", _("提交时间"), show=lambda j: timezone.localtime(j.created_at).strftime("%Y-%m-%d %H:%M")),
            Column("finished_at", _("用时"), show=_took, numeric=True, sort=None),
        ],
        _("后台任务"),
        search=("title",),
        choices=(Choice("state", _("状态"), dict(Job.State.choices)),),
        order="-created_at",
        empty=_("还没有后台任务。编制清单、生成报告等费时的工作会列在这里。"),
        file="jobs",
    )  # fmt: skip
    shown = schedules.registered() if SEES_ALL & roles_of(request.user) else []
    return table.download() or render(request, "portal/jobs.html", {"table": table, "schedules": shown})


def _took(job: Job) -> str:
    if not job.started_at or not job.finished_at:
        return ""
    return _("%(seconds).1f 秒") % {"seconds": (job.finished_at - job.started_at).total_seconds()}


def _job(request: HttpRequest, id: UUID) -> Job:
    return get_object_or_404(Job.objects.for_user(request.user).select_related("by"), pk=id)


@require_safe
@asks(permissions.WORK)
def job(request: HttpRequest, id: UUID) -> HttpResponse:
    found = _job(request, id)
    return render(request, "portal/job.html", {"job": found, "lines": found.lines.all()[:500]})


@require_safe
@asks(permissions.WORK)
def job_progress(request: HttpRequest, id: UUID) -> HttpResponse:
    """The part of the page that renews itself; when the job is over the whole page is asked for once more."""
    found = _job(request, id)
    answer = render(request, "parts/progress.html", {"job": found})
    if not found.active:
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
@asks(permissions.ACT_ON_JOBS)
def job_cancel(request: HttpRequest, id: UUID) -> HttpResponse:
    jobs.cancel(_job(request, id), by=request.user, now=timezone.now())
    return redirect("job", id=id)


@require_POST
@asks(permissions.ACT_ON_JOBS)
def job_retry(request: HttpRequest, id: UUID) -> HttpResponse:
    again = jobs.retry(_job(request, id), by=request.user, now=timezone.now())
    return redirect("job", id=again.pk)
