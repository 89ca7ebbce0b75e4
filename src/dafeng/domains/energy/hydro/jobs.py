"""What the room does by the clock: warnings every hour, forecasts in the morning, the month's figures at night."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.energy.control.city import only_city
from dafeng.domains.energy.hydro import forecasting, permissions, publication, warnings
from dafeng.domains.energy.models import HydroStation
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Daily, Minutes, schedule

declared = True  # importing this module is what declares them


@job("energy.hydro.warn", "识别生态流量预警", action=permissions.RUN)
def warn(running: Running) -> Result:
    found = warnings.detect(list(HydroStation.objects.all()), now=running.clock())
    return Result(_("新发现 %(count)s 条预警") % {"count": found}, reverse("energy:hydro-warnings"))


@job("energy.hydro.forecast", "预测水电站来水和发电", action=permissions.RUN)
def forecast(running: Running) -> Result:
    made = forecasting.run(list(HydroStation.objects.all()), now=running.clock())
    return Result(_("已预测 %(count)s 座电站") % {"count": made}, reverse("energy:hydro-forecasts"))


@job("energy.hydro.publish", "发布小水电发电量与生态流量指标", action=permissions.RUN)
def publish(running: Running) -> Result:
    """This month so far, and the last month, whose late readings have come since."""
    city = only_city()
    if city is None:
        return Result(_("还没有载入城市"))
    month = timezone.localdate(running.clock()).replace(day=1)
    count = 0
    for each in ((month - timedelta(days=1)).replace(day=1), month):
        count += publication.publish_month(city.code, each, now=running.clock(), by=running.by)
    return Result(_("已发布 %(count)s 个数") % {"count": count}, reverse("energy:hydro"))


schedule("energy.hydro.warn", "识别生态流量预警", kind="energy.hydro.warn", every=Minutes(60))
schedule("energy.hydro.forecast", "预测水电站来水和发电", kind="energy.hydro.forecast", every=Daily(6, 30))
schedule("energy.hydro.publish", "发布小水电发电量与生态流量指标", kind="energy.hydro.publish", every=Daily(4, 35))
