"""What the store does by the clock."""

from __future__ import annotations

from django.utils.translation import gettext as _

from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Minutes, schedule
from dafeng.kernel.series import permissions, upkeep


@job("series.settle", "计量数据：整理文件，更新各级汇总", action=permissions.KEEP)
def settle(running: Running) -> Result:
    """Beginning again is harmless: what is settled has no news."""
    done = upkeep.settle(now=running.clock())
    return Result(
        _("写入文件 %(rows)s 条，合并文件 %(merged)s 个，更新汇总 %(days)s 点日")
        % {"rows": done.rows, "merged": done.merged, "days": done.days}
    )


schedule("series.settle", "计量数据整理", kind="series.settle", every=Minutes(5))
