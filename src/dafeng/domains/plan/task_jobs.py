"""What the tasks do by the clock: each morning the owners are told what comes near, and the numbers of the assessment are renewed."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.plan import permissions
from dafeng.domains.plan.models import Plan
from dafeng.domains.plan.services import reminders, supervision, work_scores
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Daily, schedule


@job("plan.remind", "提醒任务期限和填报", action=permissions.REMIND)
def remind(running: Running) -> Result:
    """Bears to be begun again: what was said today is not said twice."""
    now = running.clock()
    year, told, rows = supervision.day_of(now).year, 0, 0
    for city in Plan.objects.order_by().values_list("city", flat=True).distinct():
        running.step(_("提醒 %(city)s") % {"city": city})
        told += reminders.remind(city, now=now)
        rows += work_scores.publish(city, year, by=None, now=now)
    return Result(
        _("发出 %(told)s 条提醒，更新 %(rows)s 个考核数") % {"told": told, "rows": rows}, reverse("plan:tasks")
    )


schedule("plan.remind", "提醒任务期限和填报", kind="plan.remind", every=Daily(7))
