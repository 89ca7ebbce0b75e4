"""What the room does by the clock: publish capacity and output each night."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.energy.control.city import only_city
from dafeng.domains.energy.plants import permissions, publication
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Daily, schedule

declared = True  # importing this module is what declares them


@job("energy.plants.publish", "发布电源装机与发电指标", action=permissions.PUBLISH)
def publish(running: Running) -> Result:
    city = only_city()
    if city is None:
        return Result(_("还没有载入城市"))
    count = publication.publish(city, by=running.by, now=running.clock())
    return Result(_("已发布 %(count)s 个数") % {"count": count}, reverse("energy:plants-board"))


schedule("energy.plants.publish", "发布电源装机与发电指标", kind="energy.plants.publish", every=Daily(4, 35))
