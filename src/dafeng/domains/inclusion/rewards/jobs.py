"""What the room does by the clock: once a night, accounts that are no longer needed are deleted."""

from __future__ import annotations

from django.utils.translation import gettext as _

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.rewards import retention
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Daily, schedule

declared = True  # importing this module is what declares them


@job("reward.payees.clear", "删除到期的收款信息", action=permissions.CLEAR_PAYEES)
def clear(running: Running) -> Result:
    return Result(_("删除 %(count)s 条") % {"count": retention.clear(now=running.clock())})


schedule("reward.payees.clear", "删除到期的收款信息", kind="reward.payees.clear", every=Daily(3, 20))
