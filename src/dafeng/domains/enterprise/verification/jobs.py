"""What verification does by the clock: reminders of running terms, once a day before people come to work."""

from __future__ import annotations

from django.utils.translation import gettext as _

from dafeng.domains.enterprise.verification import permissions, reminding
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Daily, schedule

declared = True


@job("enterprise.verification-terms", "核查期限提醒", action=permissions.REMIND)
def remind(running: Running) -> Result:
    count = reminding.remind(now=running.clock())
    return Result(_("提醒了 %(count)s 项期限") % {"count": count})


schedule("enterprise.verification-terms", "核查期限提醒", kind="enterprise.verification-terms", every=Daily(6))
