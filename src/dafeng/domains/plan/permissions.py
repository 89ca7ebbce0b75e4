"""Who may see and do what with the plan: the one place that decides.

The carbon office (ndrc) keeps plans and assesses; departments and counties see all and report their own; the public sees
what is published: accepted plans, the targets' lights, final assessments.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from dafeng.kernel.actions import PUBLIC, action
from dafeng.kernel.records.services import organisations_of, places_of, roles_of

OFFICES = frozenset({"leader", "ndrc", "ecology", "statistics", "department", "county", "admin"})
REPORTERS = frozenset({"ndrc", "ecology", "statistics", "department", "county"})
# Organisations whose code is not the department's id in the register.
DEPARTMENTS = {"ecology": "environment"}


def departments_of(user: Any) -> frozenset[str]:
    """Ids (in the register of departments) of the departments that a person acts for."""
    return frozenset(DEPARTMENTS.get(code, code) for code in organisations_of(user))


def subjects_of(user: Any) -> frozenset[str]:
    """Under which names a person reports and is assessed: department ids, and the places of a county officer."""
    places = places_of(user) if "county" in roles_of(user) else frozenset()
    return departments_of(user) | places


def own_task(user: Any, task: Any) -> bool:
    """The carbon office for all; a department for the tasks that it owns; a county for its part and for what all owe."""
    if "ndrc" in roles_of(user):
        return True
    if "county" in roles_of(user) and task.place in places_of(user):
        return True
    owners = [owner for owner in task.owners.all() if owner.until is None]
    if "county" in roles_of(user) and any(owner.role == "all-counties" for owner in owners):
        return True
    return any(owner.department in departments_of(user) for owner in owners if owner.department)


def own_project(user: Any, project: Any) -> bool:
    return (
        "ndrc" in roles_of(user)
        or project.owner in departments_of(user)
        or ("county" in roles_of(user) and project.place in places_of(user))
    )


def own_subject(user: Any, subject: Any) -> bool:
    """`subject`: a department id or place code."""
    return "ndrc" in roles_of(user) or str(subject) in subjects_of(user)


def records_of(user: Any, roles: frozenset[str]) -> Q:
    """Records of the plan that a person sees: the offices see all of them, nobody else any."""
    return Q() if OFFICES & roles else Q(pk__in=[])


SEE = action("plan.see", "查看方案、任务与目标", {PUBLIC})
SEE_WORK = action("plan.work", "查看进展、预警与考核过程", OFFICES)
KEEP = action("plan.keep", "上传、校核和采纳方案", {"ndrc"}, writes=True)
ANSWER = action("plan.answer", "回答对方案的疑问", REPORTERS, writes=True, rule=own_subject)
ASSIGN = action("plan.assign", "分派任务、节点和移交责任单位", {"ndrc"}, writes=True)
REPORT = action("plan.report", "填报任务进展", REPORTERS, writes=True, rule=own_task)
COMMENT = action("plan.comment", "在任务下留言", OFFICES, writes=True)
ESCALATE = action("plan.escalate", "把重大事项报领导小组", REPORTERS, writes=True, rule=own_task)
DECIDE = action("plan.decide", "批示和办结重大事项", {"leader", "ndrc"}, writes=True)
CHECK = action("plan.check", "审核填报的进展", {"ndrc"}, writes=True)
BIND = action("plan.bind", "把目标绑定到指标", {"ndrc"}, writes=True)
REPORT_VALUE = action("plan.value", "填报指标数值", REPORTERS, writes=True, rule=own_subject)
PROJECTS = action("plan.projects", "导入和修改重大项目", {"ndrc"}, writes=True)
REPORT_PROJECT = action("plan.project-month", "填报项目月度进展", REPORTERS, writes=True, rule=own_project)
SEE_SHEET = action("plan.sheet", "导入任务进展的表格", REPORTERS, writes=True)
REMIND = action("plan.remind", "提醒填报任务进展", {"ndrc"}, writes=True)
WARN = action("plan.warn", "办理预警", REPORTERS, writes=True, rule=own_subject)
JUDGE = action("plan.judge", "重算预警与进度", {"ndrc"}, writes=True)
RUBRIC = action("plan.rubric", "修改考核规则", {"ndrc"}, writes=True)
ASSESS = action("plan.assess", "组织考核、审定与发布", {"ndrc"}, writes=True)
SELF_ASSESS = action("plan.self", "自评与提出异议", REPORTERS, writes=True, rule=own_subject)
BULLETIN = action("plan.bulletin", "编发调度通报", {"ndrc"}, writes=True)
