"""Judging by the clock: every morning, for every city that has plans; and at once when the carbon office asks."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.plan.models import PlanCity
from dafeng.domains.plan.permissions import JUDGE
from dafeng.domains.plan.services import judging
from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.jobs.models import Job
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Daily, schedule


@job("plan.judge", "研判目标进度并发出预警", action=JUDGE)
def judge(running: Running, *, city: str = "") -> Result:
    """One city, or all. Beginning again is harmless: a warning is raised once for each rule and period."""
    chosen = [city] if city else list(PlanCity.objects.values_list("pk", flat=True))
    texts = []
    for code in chosen:
        done = judging.judge(code, now=running.clock(), by=running.by, step=running.step)
        texts.append(
            _("红 %(red)s、黄 %(yellow)s、绿 %(green)s；新发预警 %(raised)s 条，逾期上报 %(escalated)s 条")
            % {"red": done.lights["red"], "yellow": done.lights["yellow"], "green": done.lights["green"], "raised": done.raised, "escalated": done.escalated}
        )  # fmt: skip
    return Result("；".join(texts), reverse("plan:targets"))


def judge_soon(city: str, *, now: datetime) -> Job:
    """Judge again because a number was taken, so that the lights are today's; joins a judging that has not begun to read.

    The system asks for it: whoever may take a number need not be one who may order a judging.
    """
    key = f"plan.judge:{city}"
    if Job.objects.filter(kind="plan.judge", key=key, state=Job.State.RUNNING).exists():
        key += ":next"  # the running one may have read the number's cell already
    return jobs.start("plan.judge", by=None, now=now, parameters={"city": city}, key=key)


schedule("plan.judge", "每日研判目标进度", kind="plan.judge", every=Daily(6, 30))
