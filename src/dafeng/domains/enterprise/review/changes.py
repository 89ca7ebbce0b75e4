"""Major changes after the opinion (art. 18): asked by the owner, agreed, or sent back to a new review."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Project, ProjectChange
from dafeng.domains.enterprise.review import assessments, projects, statistics
from dafeng.kernel.errors import TransitionError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.payloads import plain

KIND = "enterprise.project-change"
CASES: dict[str, Any] = {
    "owner": gettext_lazy("建设单位、建设地点、建设规模发生变化"),
    "plant": gettext_lazy("主要生产装置、用能设备、工艺技术路线等发生变化"),
    "product": gettext_lazy("主要产品品种发生变化"),
    "other": gettext_lazy("其他方面较节能报告、审查意见发生重大变化"),
}
OPEN = ("approved", "building", "trial", "rectifying", "completed")


def ask(
    project: Project, *, cases: Sequence[str], reason: str, steps: dict[str, Any], by: Any, now: datetime
) -> ProjectChange:
    """Ask for a change of what was approved; its effect on the decision is told at once."""
    if project.record.state not in OPEN:
        raise TransitionError(_("项目现为“%(state)s”，不能申请变更") % {"state": project.record.state_title})
    if not cases or set(cases) - set(CASES) or not reason.strip():
        raise Refused("case_missing", _("请选择变动情形并写明理由"), expected=_("第十八条所列四种情形"))
    content = {**project.content, **plain(steps)}
    if content == project.content:
        raise Refused("nothing_changed", _("内容没有变化"))
    on = timezone.localdate(now)
    before, after = project.decided, assessments.summary(assessments.assess(project, on=on, content=content), on=on)
    names = ("equivalent", "coal", "co2", "per_product", "level", "report", "carbon")
    effect = {name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)}
    with records.serial():
        if project.changes.filter(record__state="asked").exists():
            raise Refused("change_waiting", _("还有一项变更申请没有办结"))
        record = records.open_record(
            KIND, title=_("%(name)s 变更") % {"name": project.name}, payload={"number": project.number, "cases": list(cases)},
            by=by, now=now, place=project.place, key=project.number,
        )  # fmt: skip
        return ProjectChange.objects.create(
            project=project, record=record, cases=list(cases), reason=reason.strip(), content=content, former=project.content, effect=plain(effect)
        )  # fmt: skip


def decide(change: ProjectChange, action: str, *, by: Any, now: datetime, reason: str = "") -> ProjectChange:
    """`agree` puts the changed content in force; `anew` sends the project to a new review; `refuse` leaves all as it was.

    Raises `Refused` `level_changed` where the changed project belongs to another authority (art. 18: it asks the one with the right).
    """
    project = Project.objects.select_related("record", "enterprise").get(pk=change.project_id)
    on = timezone.localdate(now)
    found = assessments.assess(project, on=on, content=change.content)
    if action == "agree" and str(found.decision.level) != project.level:
        raise Refused(
            "level_changed",
            _("变更后审查权限变化，不能直接同意"),
            mend=_("请重新进行节能审查，由有权机关办理（第十八条）"),
        )
    if action == "agree" and (found.barred or found.open):
        raise Refused("barred", _("变更后不符合强制性要求或还有待确认的事项"))
    with records.serial():
        records.move(change.record, action, by=by, now=now, reason=reason)
        if action == "anew":
            records.move(project.record, "anew", by=by, now=now, reason=reason)
            # A new round: earlier views and opinions stay on record, the former opinion is out of force.
            project.round += 1
            project.approved_on = project.started_on = project.trial_on = None
            project.submitted_at = now
            project.save(update_fields=["round", "approved_on", "started_on", "trial_on", "submitted_at"])
        if action in ("agree", "anew"):
            _take_over(project, change, on=on)
            statistics.publish(project.city, by=by, now=now)
    projects.tell_owner(project, text=change.record.state_title, now=now)
    return change


def _take_over(project: Project, change: ProjectChange, *, on: Any) -> None:
    project.content = change.content
    project.save(update_fields=["content"])
    projects.freeze(project, assessments.assess(project, on=on), on=on)
