"""What the room does by the clock: file what the meters say of the finished year, publish intensity and retrofitted area each night."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.energy.buildings import metering, permissions, publication
from dafeng.domains.energy.control.city import only_city
from dafeng.domains.energy.models import Building
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Daily, schedule

declared = True  # importing this module is what declares them


@job("energy.buildings.publish", "发布建筑能耗与改造面积指标", action=permissions.PUBLISH)
def publish(running: Running) -> Result:
    city = only_city()
    if city is None:
        return Result(_("还没有载入城市"))
    last = timezone.localdate(running.clock()).year - 1
    for building in Building.objects.filter(city=city.code, withdrawn=False).exclude(meters=[]):
        metering.file_year(building, last, by=None, now=running.clock())
    count = publication.publish(city.code, by=running.by, now=running.clock())
    return Result(_("已发布 %(count)s 个数") % {"count": count}, reverse("energy:buildings"))


schedule("energy.buildings.publish", "发布建筑能耗与改造面积指标", kind="energy.buildings.publish", every=Daily(4, 25))
