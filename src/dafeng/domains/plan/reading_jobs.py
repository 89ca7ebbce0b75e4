"""Reading a long document in the background."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.plan import permissions
from dafeng.domains.plan.models import Plan
from dafeng.domains.plan.services import plans
from dafeng.domains.plan.services.city import city_of
from dafeng.kernel.errors import NotFound
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.records.models import Evidence


@job("plan.read", "读取方案", action=permissions.KEEP)
def read(running: Running, *, city: str, document: str, plan: str, title: str) -> Result:
    """Read a document that is kept as evidence into a version that waits for review."""
    kept = Evidence.objects.filter(pk=document).first()
    if kept is None:
        raise NotFound(_("没有这份文件"))
    running.step(_("正在读取 %(name)s") % {"name": kept.name})
    chosen = Plan.objects.filter(key=plan, city=city).first() if plan else None
    version = plans.read_stored(city_of(city), kept, plan=chosen, title=title, by=running.by, now=running.clock())
    told = version.record.payload
    text = _("读出任务 %(tasks)s 项、目标 %(targets)s 个，待校核") % {
        "tasks": told.get("tasks", 0),
        "targets": told.get("targets", 0),
    }
    return Result(text, reverse("plan:version", kwargs={"key": version.plan.key, "number": version.number}))
