"""What the store does by the clock."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Minutes, schedule
from dafeng.kernel.series import permissions, releasing, upkeep


@job("series.settle", "计量数据：整理文件，更新各级汇总", action=permissions.KEEP)
def settle(running: Running) -> Result:
    """Beginning again is harmless: what is settled has no news."""
    done = upkeep.settle(now=running.clock())
    return Result(
        _("写入文件 %(rows)s 条，合并文件 %(merged)s 个，更新汇总 %(days)s 点日")
        % {"rows": done.rows, "merged": done.merged, "days": done.days}
    )


@job(releasing.KIND, "计量数据：放行隔离的读数", action=permissions.DECIDE, attempts=5)
def release(running: Running, **told: Any) -> Result:
    """Begun again it goes on with what still waits."""
    return Result(releasing.sentence(releasing.work(running, **told)))


schedule("series.settle", "计量数据整理", kind="series.settle", every=Minutes(5))
