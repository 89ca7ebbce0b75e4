"""What the store does by the clock."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Minutes, schedule
from dafeng.kernel.series import permissions, releasing, upkeep, uploads


@job("series.settle", "计量数据：整理文件，更新各级汇总", action=permissions.UPKEEP)
def settle(running: Running) -> Result:
    """Beginning again is harmless: what is settled has no news."""
    uploads.sweep(now=running.clock())
    done = upkeep.settle(now=running.clock())
    return Result(
        _("写入文件 %(rows)s 条，合并文件 %(merged)s 个，更新汇总 %(days)s 点日")
        % {"rows": done.rows, "merged": done.merged, "days": done.days}
    )


@job(releasing.KIND, "计量数据：放行隔离的读数", action=permissions.DECIDE, attempts=5)
def release(running: Running, **told: Any) -> Result:
    """Begun again it goes on with what still waits."""
    return Result(releasing.sentence(releasing.work(running, **told)))


@job("series.upload", "上传读数表格", action=permissions.UPLOAD)
def take_upload(running: Running, name: str) -> Result:
    """Take a table that its person has looked at. Begun again, it gets the answer that it got before."""
    frame = uploads.waiting(name, by=running.by)
    receipt = uploads.taken(frame, digest=name, by=running.by, now=running.clock())
    return Result(
        _("共 %(count)s 条：收下 %(accepted)s，以前已收下 %(again)s，更正 %(revised)s，隔离 %(refused)s")
        % {name: getattr(receipt, name) for name in ("count", "accepted", "again", "revised", "refused")}
    )


schedule("series.settle", "计量数据整理", kind="series.settle", every=Minutes(5))
