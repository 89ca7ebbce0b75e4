"""Long work of the room: a member's own export, and the end of old ones. A job knows its person and nothing of the account."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.members import exports, words
from dafeng.domains.inclusion.members.accounts import member_of
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Daily, schedule

declared = True  # importing this module is what declares them


@job("inclusion.me.export", "导出我的碳账户数据", action=permissions.KEEP_OWN)
def export(running: Running) -> Result:
    member = member_of(running.by)
    if member is None:
        raise words.refused("account_closed")
    made = exports.make(member, now=running.clock())
    return Result(_("文件已生成，保留 %(days)s 天") % {"days": words.rule("export", "kept_days")}, reverse("inclusion:export", args=(made.pk,)))  # fmt: skip


@job("inclusion.exports.clear", "清理过期的数据文件", action=permissions.CLEAR_EXPORTS)
def clear(running: Running) -> Result:
    return Result(_("删除 %(count)s 个") % {"count": exports.clear(now=running.clock())})


schedule("inclusion.exports.clear", "清理过期的数据文件", kind="inclusion.exports.clear", every=Daily(3))
