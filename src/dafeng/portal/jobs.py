"""What the portal itself does by the clock."""

from __future__ import annotations

from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Minutes, schedule
from dafeng.portal import permissions
from dafeng.portal.mail import mail_waiting


@job("portal.mail", "发送通知邮件", action=permissions.MAIL)
def send_mail(running: Running) -> Result:
    return Result(f"{mail_waiting(now=running.clock())}")


schedule("portal.mail", "发送通知邮件", kind="portal.mail", every=Minutes(5))
