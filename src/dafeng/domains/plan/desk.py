"""What the plan lays on people's desks: its places in the navigation; each room adds its pages of records and searches."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dafeng.domains.plan import permissions
from dafeng.kernel.actions import Action
from dafeng.kernel.desk.registry import Entry, register_entry

ROOMS: tuple[tuple[str, object, Action], ...] = (
    ("outline", _("方案"), permissions.SEE),
    ("questions", _("疑问"), permissions.SEE_WORK),
    ("targets", _("目标"), permissions.SEE),
    ("dual-control", _("双控"), permissions.SEE),
    ("tasks", _("任务"), permissions.SEE),
    ("projects", _("重大项目"), permissions.SEE),
    ("assessments", _("考核"), permissions.SEE),
    ("bulletins", _("通报"), permissions.SEE_WORK),
    ("warnings", _("预警"), permissions.SEE_WORK),
)


def register() -> None:
    from dafeng.domains.plan import assessment_desk, outline_desk, target_desk, task_desk

    outline_desk.register()
    target_desk.register()
    task_desk.register()
    assessment_desk.register()
    for order, (room, title, wanted) in enumerate(ROOMS):
        register_entry(Entry("plan", title, lambda room=room: reverse(f"plan:{room}"), wanted, 20 + order))
