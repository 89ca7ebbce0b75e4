"""Jobs over HTTP: one's own, with progress and log; cancel and retry."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema, Status

from dafeng.kernel.actions import asks
from dafeng.kernel.api import words
from dafeng.kernel.api.freshness import answer_headers
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.jobs import services
from dafeng.kernel.jobs.models import Job
from dafeng.portal import permissions

router = Router(tags=["jobs"])
words.describe(
    kind=_("种类"),
    state=_("状态"),
    percent=_("完成的百分比；不知道总量时为空"),
    result=_("结果"),
    error=_("失败的原因"),
    attempt=_("第几次尝试"),
    cancel_asked=_("已要求取消，正在停下"),
    by=_("提交人的用户名"),
    at=_("时间"),
    text=_("内容"),
    message=_("正在做什么"),
    started_at=_("开始时间"),
    finished_at=_("结束时间"),
    log=_("日志，最多 500 行"),
)


class JobOut(Schema):
    id: UUID
    kind: str
    title: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    done: int
    total: int
    percent: int | None
    message: str
    result: dict[str, Any]
    error: dict[str, Any]
    attempt: int
    cancel_asked: bool
    by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class LogLine(Schema):
    at: datetime
    text: str


class JobWithLog(JobOut):
    log: list[LogLine]


class JobQuery(Paging):
    state: Literal["", "queued", "running", "done", "failed", "cancelled"] = ""
    kind: str = ""


def shown(job: Job) -> dict[str, Any]:
    names = (
        "id", "kind", "title", "state", "done", "total", "percent", "message", "result", "error", "attempt", "cancel_asked",
        "created_at", "started_at", "finished_at",
    )  # fmt: skip
    return {name: getattr(job, name) for name in names} | {"by": job.by.get_username() if job.by else "system"}


def _job(request: HttpRequest, id: UUID) -> Job:
    return get_object_or_404(Job.objects.for_user(request.user).select_related("by"), pk=id)


@router.get("/jobs", response=Page[JobOut], summary=_("我的后台任务"))
@asks(permissions.WORK)
def list_jobs(request: HttpRequest, query: Query[JobQuery]) -> Any:
    chosen = {name: value for name, value in (("state", query.state), ("kind", query.kind)) if value}
    jobs = Job.objects.for_user(request.user).filter(**chosen).select_related("by").order_by("-created_at", "pk")
    return page(request, jobs, query, shown)


@router.get("/jobs/{uuid:id}", response=JobWithLog, summary=_("一项后台任务的进度、日志和结果"))
@asks(permissions.WORK)
def show_job(request: HttpRequest, id: UUID) -> Any:
    job = _job(request, id)
    return shown(job) | {"log": [{"at": line.at, "text": line.text} for line in job.lines.all()[:500]]}


@router.post("/jobs/{uuid:id}/cancel", response=JobOut, summary=_("取消一项后台任务"))
@asks(permissions.ACT_ON_JOBS)
def cancel_job(request: HttpRequest, id: UUID) -> Any:
    return shown(services.cancel(_job(request, id), by=request.user, now=timezone.now()))


@router.post("/jobs/{uuid:id}/retry", response={202: JobOut}, summary=_("把失败或已取消的任务重做一次"))
@asks(permissions.ACT_ON_JOBS)
def retry_job(request: HttpRequest, id: UUID) -> Any:
    job = services.retry(_job(request, id), by=request.user, now=timezone.now())
    answer_headers(request)["Location"] = f"/api/jobs/{job.pk}"
    return Status(202, shown(job))
