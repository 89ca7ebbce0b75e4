"""What can be done in the portal itself; domains list theirs in their own `permissions.py`."""

from dafeng.kernel.actions import ANYONE, PUBLIC, action

READ = action("portal.read", "浏览公开页面", {PUBLIC})
WORK = action("portal.work", "使用自己的待办、通知与后台任务", {ANYONE})
ACT_ON_JOBS = action("portal.jobs", "取消或重试自己的后台任务", {ANYONE}, writes=True)
MARK_NOTICES = action("portal.notices", "把通知标为已读", {ANYONE}, writes=True)
MAIL = action("portal.mail", "发送通知邮件", {"admin"}, writes=True)
RECORDS = action("portal.records", "查看与自己有关的记录和证据", {PUBLIC})
UPLOAD = action(
    "portal.evidence",
    "上传凭证文件",
    {"ndrc", "ecology", "statistics", "department", "county", "admin", "enterprise", "verifier"},
    writes=True,
)
MOVE = action("portal.move", "办理记录", {ANYONE}, writes=True)
AUDIT = action("portal.audit", "查阅审计记录", {"admin", "leader", "ndrc", "ecology"})
