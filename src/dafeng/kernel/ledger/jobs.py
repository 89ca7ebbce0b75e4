"""What the ledger does by the clock: release what ran out, and once a day sign the head and write the public file.

And what it does all the time: write SQLite's log back, so that nobody who waits for an answer has to.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Daily, Minutes, schedule
from dafeng.kernel.jobs.steady import steady
from dafeng.kernel.ledger import permissions, services
from dafeng.kernel.ledger.upkeep import Swept


@job("ledger.sweep", "账本：清理到期的占用和批次", action=permissions.KEEP)
def sweep(running: Running) -> Result:
    """Holds and lots that ran out. Beginning again is harmless: what is swept is not due any more."""
    return Result(_told(services.sweep(now=running.clock())))


@job("ledger.daily", "账本日结：签署链头，生成公开文件", action=permissions.KEEP)
def daily(running: Running) -> Result:
    """In this order, so that the head of the day covers what ran out, and the file holds the head of the day."""
    now = running.clock()
    swept = services.sweep(now=now)
    running.step(_("正在签署链头"))
    signed = services.sign_head(now=now)
    running.step(_("正在生成公开文件"))
    made = services.publish(now=now)
    text = _("%(day)s 链头为第 %(n)s 块；公开文件 %(lines)s 行，%(size).1f MB") % {
        "day": signed.day, "n": signed.n, "lines": made.lines, "size": made.size / 1e6,
    }  # fmt: skip
    return Result(f"{_told(swept)}；{text}")


def _told(swept: Swept) -> str:
    text = _("释放或过期 %(entries)s 笔") % {"entries": swept.entries}
    if swept.refused:
        text += _("，%(refused)s 项未能办理") % {"refused": len(swept.refused)}
    return text


@steady("ledger.write_back", every=1.0)
def keep_writing_back() -> bool:
    services.write_back()
    return False


schedule("ledger.sweep", "账本：清理到期的占用和批次", kind="ledger.sweep", every=Minutes(15))
schedule("ledger.daily", "账本日结", kind="ledger.daily", every=Daily(0, 20))
