"""What compliance does by the clock: each morning it reminds firms that still owe."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.compliance import deadlines, permissions
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Daily, schedule

declared = True


@job("enterprise.compliance.remind", "履约提醒", action=permissions.REMIND)
def remind(running: Running) -> Result:
    now = running.clock()
    told = deadlines.remind(today=timezone.localdate(now), now=now)
    return Result(_("提醒 %(told)s 人") % {"told": told})


schedule("enterprise.compliance.remind", "履约提醒", kind="enterprise.compliance.remind", every=Daily(7))
