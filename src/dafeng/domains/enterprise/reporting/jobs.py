"""What reporting does by the clock: reminders each morning before work."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.reporting import permissions, reminding
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Daily, schedule

declared = True


@job("enterprise.remind", "企业碳报告到期提醒", action=permissions.DIRECT)
def remind(running: Running) -> Result:
    now = running.clock()
    count = reminding.remind(now=now, today=timezone.localdate(now))
    return Result(_("提醒 %(count)s 项") % {"count": count})


schedule("enterprise.remind", "企业碳报告到期提醒", kind="enterprise.remind", every=Daily(7))
