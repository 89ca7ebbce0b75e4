"""What the domain does in the background: the demonstration's whole year, which would make the first start wait."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise import cycle
from dafeng.domains.enterprise.compliance import permissions
from dafeng.domains.enterprise.compliance.demo import CYCLE
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running


@job(CYCLE, "演示：办理五家企业 2024 年度的报告、核查与履约", action=permissions.DECIDE, attempts=5)
def lay_cycle(running: Running, city: str) -> Result:
    count = cycle.run(city, today=timezone.localdate(running.clock()), progress=running.step)
    return Result(_("办理 %(count)s 步") % {"count": count}, f"{reverse('enterprise:compliance-city')}?year={cycle.told()['year']}")  # fmt: skip
