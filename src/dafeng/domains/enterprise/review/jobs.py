"""What the review does by the clock: terms of the measures, once a day."""

from __future__ import annotations

from django.utils.translation import gettext as _

from dafeng.domains.enterprise.models import ReviewCity
from dafeng.domains.enterprise.review import permissions, projects, statistics
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Daily, schedule

declared = True


@job("review.daily", "节能审查：视为受理、意见失效、验收提醒", action=permissions.RUN_DAILY)
def daily(running: Running) -> Result:
    now = running.clock()
    sums = {"deemed": 0, "lapsed": 0, "reminded": 0}
    for city in ReviewCity.objects.values_list("code", flat=True):
        for name, count in projects.keep_terms(city, now=now).items():
            sums[name] += count
        statistics.publish(city, by=None, now=now)
    return Result(_("视为受理 %(deemed)s 项，意见失效 %(lapsed)s 项，提醒验收 %(reminded)s 项") % sums)


schedule("review.daily", "节能审查：视为受理、意见失效、验收提醒", kind="review.daily", every=Daily(6))
