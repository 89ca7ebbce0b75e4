"""What dual control does by the clock: judge the lights and publish, each night, so that the first of a month has its lights."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.energy.control import permissions, warnings
from dafeng.domains.energy.control.city import only_city
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Daily, schedule

declared = True  # importing this module is what declares them


@job("energy.control.assess", "判定双控预警并发布指标", action=permissions.ASSESS)
def assess(running: Running) -> Result:
    city = only_city()
    if city is None:
        return Result(_("还没有载入城市"))
    changed = warnings.assess(city.code, by=running.by, now=running.clock())
    count = warnings.publish(city.code, by=running.by, now=running.clock())
    said = _("%(changed)s 盏灯有变化，发布 %(count)s 个数") % {"changed": changed, "count": count}
    return Result(said, reverse("energy:control-board"))


schedule("energy.control.assess", "判定双控预警并发布指标", kind="energy.control.assess", every=Daily(4, 10))
