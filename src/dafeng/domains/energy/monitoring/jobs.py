"""What the room does by the clock: today's calls every hour, findings and forecasts every night, baselines every month, the month's
figures on the blackboard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.energy.models import MonitoredFirm
from dafeng.domains.energy.monitoring import baselining, detecting, forecasting, permissions, publishing, watching
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Daily, Minutes, Monthly, schedule

declared = True
FORECAST = "energy.monitoring.forecast"
BASELINE = "energy.monitoring.baseline"


@job("energy.monitoring.detect", "识别用能异常", action=permissions.RUN)
def detect(running: Running) -> Result:
    now = running.clock()
    firms = list(MonitoredFirm.objects.select_related("enterprise"))
    found = 0
    for number, firm in enumerate(firms, 1):
        found += detecting.detect(firm, now=now)
        running.step(firm.enterprise.name, number, len(firms))
    return Result(_("新发现 %(count)s 条异常") % {"count": found})


@job("energy.monitoring.watch", "识别当日用能异常", action=permissions.RUN)
def watch(running: Running) -> Result:
    """Today's finished hours, each hour."""
    now = running.clock()
    new = sum(watching.watch(firm, now=now) for firm in MonitoredFirm.objects.select_related("enterprise"))
    return Result(_("新发现 %(count)s 条异常") % {"count": new})


@job(FORECAST, "重新训练并预测负荷", action=permissions.RUN)
def retrain(
    running: Running, rounds: int = forecasting.ROUNDS, back: int = 0, leads: Sequence[int] = forecasting.LEADS
) -> Result:
    """Parameters as of `forecasting.retrain`: the demonstration asks for less, and for the days that are over."""
    firms = MonitoredFirm.objects.select_related("enterprise")
    made = forecasting.retrain(firms, now=running.clock(), rounds=rounds, back=back, leads=leads)
    return Result(_("新增 %(count)s 份负荷预测") % {"count": made})


@job(BASELINE, "重新拟合用电基线", action=permissions.RUN)
def refit(running: Running) -> Result:
    """Each firm's baseline once a month, kept beside the earlier ones."""
    now = running.clock()
    yesterday = timezone.localdate(now) - timedelta(days=1)
    firms = list(MonitoredFirm.objects.select_related("enterprise"))
    fitted = 0
    for number, firm in enumerate(firms, 1):
        enterprise = firm.enterprise
        meters = forecasting.forecast_meters([firm], yesterday)
        fitted += baselining.refit(enterprise.subject, meters, enterprise.place, now=now) is not None
        running.step(enterprise.name, number, len(firms))
    return Result(_("拟合了 %(count)s 家的用电基线") % {"count": fitted})


@job("energy.monitoring.publish", "汇总重点用能单位能耗", action=permissions.RUN)
def publish(running: Running) -> Result:
    """This month so far, and the last month, whose late readings have come since."""
    now = running.clock()
    month = timezone.localdate(now).replace(day=1)
    cities = sorted(set(MonitoredFirm.objects.order_by().values_list("enterprise__city", flat=True)))
    made = 0
    for city in cities:
        for each in ((month - timedelta(days=1)).replace(day=1), month):
            made += publishing.publish_month(city, each, now=now) is not None
    return Result(_("已汇总 %(count)s 个月份") % {"count": made})


schedule("energy.monitoring.detect", "识别用能异常", kind="energy.monitoring.detect", every=Daily(1, 30))
schedule("energy.monitoring.watch", "识别当日用能异常", kind="energy.monitoring.watch", every=Minutes(60))
schedule(FORECAST, "重新训练并预测负荷", kind=FORECAST, every=Daily(2))
schedule(BASELINE, "重新拟合用电基线", kind=BASELINE, every=Monthly(1, 3))
schedule("energy.monitoring.publish", "汇总重点用能单位能耗", kind="energy.monitoring.publish", every=Daily(2, 30))
