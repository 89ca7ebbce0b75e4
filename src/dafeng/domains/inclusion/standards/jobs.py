"""What the room does by the clock: versions whose last day has passed are shown as retired."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.standards import versions
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Daily, schedule

declared = True  # importing this module is what declares them


@job("inclusion.standards.lapse", "停用到期的方法学版本", action=permissions.MOVE_STANDARDS)
def lapse(running: Running) -> Result:
    now = running.clock()
    return Result(_("停用 %(count)s 版") % {"count": versions.lapse(now=now, today=timezone.localdate(now))})


schedule("inclusion.standards.lapse", "停用到期的方法学版本", kind="inclusion.standards.lapse", every=Daily(1))
