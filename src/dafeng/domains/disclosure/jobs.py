"""What the domain does by the clock: once a day, before people come to work."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.disclosure import permissions, services
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Daily, schedule


@job("disclosure.daily", "披露提醒与到期撤下", action=permissions.REMIND)
def daily(running: Running) -> Result:
    now = running.clock()
    told, removed = services.daily(now=now, today=timezone.localdate(now))
    return Result(_("提醒 %(told)s 项披露义务，撤下 %(removed)s 个到期案例") % {"told": told, "removed": removed})


schedule("disclosure.daily", "披露提醒与到期撤下", kind="disclosure.daily", every=Daily(6))
