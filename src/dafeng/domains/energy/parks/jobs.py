"""What the room does by the clock: publish parks each night, after the firms' meters were published."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.energy.control.city import only_city
from dafeng.domains.energy.parks import permissions, publication
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Daily, schedule

declared = True  # importing this module is what declares them


@job("energy.parks.publish", "发布园区用能与改造指标", action=permissions.PUBLISH)
def publish(running: Running) -> Result:
    city = only_city()
    if city is None:
        return Result(_("还没有载入城市"))
    now = running.clock()
    count = publication.publish(city.code, on=timezone.localdate(now), by=running.by, now=now)
    return Result(_("已发布 %(count)s 个数") % {"count": count}, reverse("energy:parks"))


schedule("energy.parks.publish", "发布园区用能与改造指标", kind="energy.parks.publish", every=Daily(4, 35))
