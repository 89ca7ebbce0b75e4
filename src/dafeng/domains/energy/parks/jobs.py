"""What the room does by the clock: publish parks each night, after the firms' meters were published; fit their baselines each month."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.energy.control.city import only_city
from dafeng.domains.energy.models import Park
from dafeng.domains.energy.monitoring import baselining, forecasting
from dafeng.domains.energy.parks import permissions, publication, reading
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Daily, Monthly, schedule

declared = True  # importing this module is what declares them
BASELINE = "energy.parks.baseline"


@job("energy.parks.publish", "发布园区用能与改造指标", action=permissions.PUBLISH)
def publish(running: Running) -> Result:
    city = only_city()
    if city is None:
        return Result(_("还没有载入城市"))
    now = running.clock()
    count = publication.publish(city.code, on=timezone.localdate(now), by=running.by, now=now)
    return Result(_("已发布 %(count)s 个数") % {"count": count}, reverse("energy:parks"))


@job(BASELINE, "重新拟合园区用电基线", action=permissions.PUBLISH)
def refit(running: Running) -> Result:
    """Each park's baseline once a month, of the firms that are in it now, kept beside the earlier ones."""
    now = running.clock()
    yesterday = timezone.localdate(now) - timedelta(days=1)
    parks = list(Park.objects.order_by("code"))
    fitted = 0
    for number, park in enumerate(parks, 1):
        meters = forecasting.forecast_meters(reading.members(park, yesterday), yesterday)
        fitted += baselining.refit(park.subject, meters, park.place, now=now) is not None
        running.step(park.name, number, len(parks))
    return Result(_("拟合了 %(count)s 个园区的用电基线") % {"count": fitted}, reverse("energy:parks"))


schedule(BASELINE, "重新拟合园区用电基线", kind=BASELINE, every=Monthly(1, 4))
schedule("energy.parks.publish", "发布园区用能与改造指标", kind="energy.parks.publish", every=Daily(4, 35))
