"""Orders to stop and mend (停工整改, H1): with document and deadline, told back by the owner, checked by an officer.

A project that is being built, in trial run or accepted stands still as `rectifying` until it mended, and then goes on where it was. One
that was swept up without an opinion in force keeps its state, and the order stands beside it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Project, ProjectOrder
from dafeng.domains.enterprise.review import annexes, permissions, projects
from dafeng.kernel.errors import NotFound, TransitionError
from dafeng.kernel.records import services as records

Outcome = ProjectOrder.Outcome
STANDS = ("building", "trial", "completed")  # an order takes these to `rectifying`
NEVER = ("draft", "withdrawn", "entered", "rectifying")


def built(project: Project) -> bool:
    """What is built or being built may be ordered to mend; what is only planned is decided by the review itself."""
    state = project.record.state
    return state in STANDS or (project.stage in (Project.Stage.BUILDING, Project.Stage.STOCK) and state not in NEVER)


def open_of(project: Project) -> QuerySet[ProjectOrder]:
    return project.orders.exclude(outcome=Outcome.DONE)


def order(
    project: Project, *, document: str, reason: str, stop: bool, due: date, by: Any, now: datetime
) -> ProjectOrder:
    """Raises `Refused`: order_open, order_document, reason_missing, mend_by; `TransitionError` for a project that is not built."""
    if open_of(project).exists():
        raise Refused("order_open", _("这个项目还有一项整改没有办结"))
    if not built(project):
        raise TransitionError(_("项目现为“%(state)s”、%(stage)s，不能责令整改") % {"state": project.record.state_title, "stage": project.get_stage_display()})  # fmt: skip
    if not document.strip():
        raise Refused("order_document", _("请写责令整改的文号"))
    if not reason.strip():
        raise Refused("reason_missing", _("请写存在问题和整改要求"))
    if due <= timezone.localdate(now):
        raise Refused("mend_by", _("请写整改期限，晚于今天"))
    with records.serial():
        state = project.record.state
        if state in STANDS:
            records.move(project.record, "rectify", by=by, now=now, reason=reason)
        made = ProjectOrder.objects.create(
            project=project,
            document=document.strip()[:80],
            reason=reason.strip(),
            stop=stop,
            due=due,
            state=state,
            by=by,
            at=now,
        )
        detail = {"document": made.document, "stop": stop, "due": due.isoformat(), "reason": made.reason}
        records.audit(by, "enterprise.project.order", "record", str(project.record_id), detail, now=now)
    projects.tell_owner(
        project, text=_("责令整改（%(document)s），期限 %(due)s") % {"document": made.document, "due": due}, now=now
    )
    return made


def report(found: ProjectOrder, *, text: str, file: Any = None, by: Any, now: datetime) -> ProjectOrder:
    """The owner tells what was done. Raises `Refused` text_missing, order_told, and what `annexes.checked` refuses of the file."""
    if not text.strip():
        raise Refused("text_missing", _("请写整改情况"))
    kind = annexes.checked(file) if file else ""
    with records.serial():
        fresh = _locked(found, Outcome.OPEN)
        fresh.told, fresh.told_by, fresh.told_at, fresh.outcome = text.strip(), by, now, Outcome.TOLD
        if file:
            fresh.evidence = records.store_evidence(file, name=file.name or "", media_type=kind, by=by, now=now)
        fresh.save()
        detail = {"order": fresh.pk, "text": fresh.told, "sha256": fresh.evidence.sha256 if fresh.evidence else ""}
        records.audit(by, "enterprise.project.mended", "record", str(fresh.project.record_id), detail, now=now)
    return fresh


def check(found: ProjectOrder, *, passed: bool, text: str, due: date | None, by: Any, now: datetime) -> ProjectOrder:
    """An officer says whether it mended; if not, until when. Raises `Refused` text_missing, second_person, order_not_told, mend_by."""
    if not text.strip():
        raise Refused("text_missing", _("请写核查意见"))
    if found.told_by_id == by.pk:
        raise Refused("second_person", _("报整改的人不能自己核查"))
    if not passed and (due is None or due <= timezone.localdate(now)):
        raise Refused("mend_by", _("请写整改期限，晚于今天"))
    with records.serial():
        fresh = _locked(found, Outcome.TOLD)
        fresh.checked, fresh.checked_by, fresh.checked_at = text.strip(), by, now
        if passed:
            fresh.outcome = Outcome.DONE
        else:
            fresh.outcome, fresh.due = Outcome.OPEN, due
        fresh.save()
        detail = {"order": fresh.pk, "passed": passed, "text": fresh.checked, "due": fresh.due.isoformat()}
        records.audit(by, "enterprise.project.order-checked", "record", str(fresh.project.record_id), detail, now=now)
        if passed and fresh.state in STANDS:
            records.move(fresh.project.record, f"resume_{fresh.state}", by=by, now=now, reason=text)
    projects.tell_owner(fresh.project, text=text, now=now)
    return fresh


def _locked(found: ProjectOrder, wanted: str) -> ProjectOrder:
    fresh = ProjectOrder.objects.select_for_update().get(pk=found.pk)
    if fresh.outcome != wanted:
        code, said = (
            ("order_told", _("现在不等整改报告"))
            if wanted == Outcome.OPEN
            else ("order_not_told", _("还没有整改报告，或已核查"))
        )
        raise Refused(code, said, expected=str(Outcome(wanted).label))
    return fresh


def orders_for(user: Any) -> QuerySet[ProjectOrder]:
    """The orders of the projects that a person may see."""
    seen = Project.objects.filter(permissions.projects_seen(user)).values("pk")
    return ProjectOrder.objects.filter(project__in=seen).select_related(
        "project__record", "project__enterprise", "evidence"
    )


def order_for(user: Any, id: int) -> ProjectOrder:
    """Raises `NotFound`."""
    found = orders_for(user).filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这项整改"))
    return found
