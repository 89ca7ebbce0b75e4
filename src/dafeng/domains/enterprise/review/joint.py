"""The joint review (会商联审, H1): offices are asked, each answers once a round; nobody's silence counts as consent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import JointOpinion, Project
from dafeng.domains.enterprise.review.projects import address
from dafeng.kernel.desk import services as desk
from dafeng.kernel.errors import PermissionDenied, TransitionError
from dafeng.kernel.records import services as records

Verdict = JointOpinion.Verdict
ROLES = ("department", "ecology", "county")


def offices(project: Project) -> dict[str, str]:
    """Code → name of the offices that may be asked: the city's departments and ecology, and the project's own county."""
    rows = (
        get_user_model()
        .objects.filter(is_active=True)
        .filter(
            Q(memberships__role__in=("department", "ecology"))
            | Q(memberships__role="county", memberships__place=project.place)
        )
        .order_by("memberships__organisation__code")
        .values_list(
            "memberships__organisation__code",
            "memberships__organisation__name",
            "memberships__role",
            "memberships__place",
        )
    )
    return {code: name for code, name, role, place in rows if role in ROLES and (role != "county" or place == project.place)}  # fmt: skip


def ask(
    project: Project, wanted: Sequence[str], *, matter: str, due: date, by: Any, now: datetime
) -> list[JointOpinion]:
    """Send a project to offices. Raises `Refused` for an office that cannot be asked, or that has not answered yet."""
    known = offices(project)
    if not wanted or set(wanted) - set(known):
        raise Refused("office_unknown", _("请选择会审单位"))
    if not matter.strip():
        raise Refused("text_missing", _("请写会审事项"))
    if due < timezone.localdate(now):
        raise Refused("due_past", _("答复期限已过"))
    with records.serial():
        if project.record.state not in ("accepted", "in_review"):
            raise TransitionError(_("项目现为“%(state)s”，不能送会审") % {"state": project.record.state_title})
        if project.joint_opinions.filter(office__in=wanted, verdict=Verdict.WAITING).exists():
            raise Refused("office_waiting", _("所选单位还有没答复的会审"))
        made = JointOpinion.objects.bulk_create(
            JointOpinion(
                project=project, round=project.round, office=code, office_name=known[code], matter=matter.strip()[:200], asked_at=now, due=due
            )
            for code in wanted
        )  # fmt: skip
        records.audit(by, "enterprise.project.joint", "record", str(project.record_id), {"offices": list(wanted), "due": due.isoformat()}, now=now)  # fmt: skip
        desk.notify(
            records.people_of(wanted),
            kind="enterprise.project",
            title=_("请会审：%(name)s") % {"name": project.name},
            text=matter,
            href=address(project),
            now=now,
        )
    return made


def answer(opinion: JointOpinion, *, verdict: str, text: str, by: Any, now: datetime) -> JointOpinion:
    """One office's answer, by its own people. Conditions and refusals say why."""
    with records.serial():
        fresh = JointOpinion.objects.select_for_update().select_related("project__record").get(pk=opinion.pk)
        if fresh.office not in records.organisations_of(by):
            raise PermissionDenied(_("这份会审由“%(name)s”答复") % {"name": fresh.office_name})
        if fresh.verdict != Verdict.WAITING:
            raise Refused("answered_already", _("已经答复，不能修改"))
        if verdict not in (Verdict.AGREE, Verdict.CONDITIONS, Verdict.AGAINST):
            raise Refused("verdict_unknown", _("请选择意见"))
        if verdict != Verdict.AGREE and not text.strip():
            raise Refused("text_missing", _("附条件或不同意要写明理由"))
        fresh.verdict, fresh.text, fresh.by, fresh.at = verdict, text.strip(), by, now
        fresh.save(update_fields=["verdict", "text", "by", "at"])
        records.audit(by, "enterprise.project.joined", "record", str(fresh.project.record_id), {"office": fresh.office, "verdict": verdict}, now=now)  # fmt: skip
    return fresh


def waiting_for(user: Any) -> list[JointOpinion]:
    """What a person's offices have not answered."""
    mine = records.organisations_of(user) - {""}
    found = JointOpinion.objects.filter(office__in=mine, verdict=Verdict.WAITING).select_related("project")
    return list(found.order_by("due"))
