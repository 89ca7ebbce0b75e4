"""Experts: the register, the invitation under the rules of conflict, the declaration, the view on the five points of art. 16."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Project, ProjectExpert, ProjectInvitation
from dafeng.domains.enterprise.review.methods import Expertise, Interest, conflicts
from dafeng.domains.enterprise.review.projects import address
from dafeng.kernel.desk import services as desk
from dafeng.kernel.errors import PermissionDenied
from dafeng.kernel.records import services as records

State = ProjectInvitation.State
POINTS: dict[str, Any] = {
    "law": gettext_lazy("符合节能降碳法规、标准、政策和管理要求"),
    "limits": gettext_lazy("主要产品能效符合强制性限额，主要设备能效符合强制性标准"),
    "measures": gettext_lazy("节能降碳措施有力有效、合理可行，能源管理体系完备"),
    "data": gettext_lazy("能耗和碳排放数据核算、分析论证客观精准"),
    "carbon": gettext_lazy("碳排放：形势与强度目标影响、单位碳排放符合标准、先进适用技术"),
}
MARKS: dict[str, Any] = {
    "yes": gettext_lazy("符合"),
    "mend": gettext_lazy("需修改"),
    "no": gettext_lazy("不符合"),
    "na": gettext_lazy("不适用"),
}
CONFLICTS: dict[str, Any] = {
    "inactive": gettext_lazy("已不在专家库"),
    "owner": gettext_lazy("在建设单位任职或为其办事"),
    "compiler": gettext_lazy("在报告编制单位任职或为其办事"),
    "advised": gettext_lazy("近三年为建设单位提供过咨询"),
    "same_employer": gettext_lazy("与本项目另一位专家同单位"),
}


@transaction.atomic
def enrol(
    person: Any, *, name: str, organisation: str, employer: str, fields: str, advised: Sequence[str], by: Any, now: datetime, demo: bool = False
) -> ProjectExpert:  # fmt: skip
    """Put a person on the register of experts."""
    if "verifier" not in records.roles_of(person):
        raise Refused("expert_role", _("这个账户没有核查机构（专家）角色"), mend=_("请系统管理员先分派角色"))
    if ProjectExpert.objects.filter(person=person).exists():
        raise Refused("expert_again", _("“%(name)s”已在专家库") % {"name": name})
    made = ProjectExpert.objects.create(
        person=person, name=name, organisation=organisation, employer=employer, fields=fields, advised=list(advised), demo=demo
    )  # fmt: skip
    records.audit(by, "enterprise.expert", "review-expert", str(made.pk), {"employer": employer, "advised": list(advised)}, now=now)  # fmt: skip
    return made


def _expertise(expert: ProjectExpert) -> Expertise:
    return Expertise(str(expert.pk), expert.organisation, expert.employer, tuple(expert.advised), expert.active)


def conflicts_of(expert: ProjectExpert, project: Project, invited: Sequence[ProjectExpert]) -> list[str]:
    """Why this expert may not judge this project."""
    basics = project.content.get("basics", {})
    owner = project.enterprise
    return conflicts(
        _expertise(expert),
        Interest(owner.organisation, owner.name, basics.get("compiler_organisation", ""), basics.get("compiler", "")),
        [_expertise(each) for each in invited],
    )


def invitations(project: Project) -> QuerySet[ProjectInvitation]:
    """Those of the review that runs now; earlier rounds stay on record and count for nothing."""
    return project.invitations.filter(round=project.round)


def choices(project: Project) -> list[dict[str, Any]]:
    """Every expert of the register with what stands against them here."""
    standing = invitations(project).exclude(state=State.RECUSED).select_related("expert")
    invited = [each.expert for each in standing]
    asked = set(invitations(project).values_list("expert_id", flat=True))
    return [
        {"expert": each, "conflicts": [CONFLICTS[code] for code in conflicts_of(each, project, invited)]}
        for each in ProjectExpert.objects.all()
        if each.pk not in asked
    ]


def invite(project: Project, expert: ProjectExpert, *, by: Any, now: datetime) -> ProjectInvitation:
    """Raises `Refused` `conflict` with every rule that the expert meets, and outside the review."""
    if project.record.state != "in_review":
        raise Refused("not_in_review", _("项目现为“%(state)s”，不能邀请专家") % {"state": project.record.state_title})
    with records.serial():
        if invitations(project).filter(expert=expert).exists():
            raise Refused("invited_again", _("这位专家已受邀或已回避"))
        others = [each.expert for each in invitations(project).exclude(state=State.RECUSED).select_related("expert")]
        found = conflicts_of(expert, project, others)
        if found:
            why = "；".join(str(CONFLICTS[code]) for code in found)
            raise Refused("conflict", _("%(name)s 应当回避：%(why)s") % {"name": expert.name, "why": why})
        made = ProjectInvitation.objects.create(project=project, expert=expert, round=project.round, asked_at=now)
        records.audit(by, "enterprise.project.invite", "record", str(project.record_id), {"expert": expert.pk}, now=now)  # fmt: skip
        desk.notify(
            [expert.person],
            kind="enterprise.project",
            title=_("请评审：%(name)s") % {"name": project.name},
            href=address(project),
            now=now,
        )
    return made


def _own(invitation: ProjectInvitation, by: Any) -> ProjectInvitation:
    fresh = ProjectInvitation.objects.select_for_update().select_related("expert", "project__record").get(pk=invitation.pk)  # fmt: skip
    if fresh.expert.person_id != by.pk:
        raise PermissionDenied(_("这是另一位专家的评审"))
    if fresh.project.record.state != "in_review":
        raise Refused("not_in_review", _("项目已不在评审中"))
    return fresh


def declare(invitation: ProjectInvitation, *, clear: bool, text: str, by: Any, now: datetime) -> ProjectInvitation:
    """The expert's own word on interests; whoever has one recuses and sees the project no more."""
    with records.serial():
        fresh = _own(invitation, by)
        if fresh.state != State.INVITED:
            raise Refused("declared_already", _("已经声明过"))
        if not clear and not text.strip():
            raise Refused("text_missing", _("回避要写明原因"))
        fresh.state = State.DECLARED if clear else State.RECUSED
        fresh.declaration, fresh.answered_at = text.strip()[:300], now
        fresh.save(update_fields=["state", "declaration", "answered_at"])
        records.audit(by, "enterprise.project.declare", "record", str(fresh.project.record_id), {"clear": clear}, now=now)  # fmt: skip
    return fresh


def give(
    invitation: ProjectInvitation, *, points: dict[str, str], view: str, text: str, by: Any, now: datetime
) -> ProjectInvitation:
    """The view, once: a mark for each of the five points, a recommendation that does not contradict them, and reasons."""
    with records.serial():
        fresh = _own(invitation, by)
        if fresh.state != State.DECLARED:
            raise Refused("declare_first", _("请先作利益声明；提交后不能修改"))
        if set(points) != set(POINTS) or not set(points.values()) <= set(MARKS):
            raise Refused("points_missing", _("五项审查要点都要评"))
        if view not in ProjectInvitation.View.values or not text.strip():
            raise Refused("text_missing", _("请选择建议并写明意见"))
        if view == ProjectInvitation.View.PASS and "no" in points.values():
            raise Refused("points_against", _("有要点“不符合”，不能建议通过"))
        fresh.points, fresh.view, fresh.text = points, view, text.strip()
        fresh.state, fresh.answered_at = State.GIVEN, now
        fresh.save(update_fields=["points", "view", "text", "state", "answered_at"])
        records.audit(by, "enterprise.project.view", "record", str(fresh.project.record_id), {"view": view, "points": points}, now=now)  # fmt: skip
    return fresh
