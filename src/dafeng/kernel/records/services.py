"""The use-cases of records: open, move, amend, find; and, by name, those of evidence, audit and access.

Every write takes the chain's head first and seals what it did, in one transaction. `by` None is the system; a person
who is shut out or not signed in is refused. A move by the system needs `system=True`, and no system can take a step
that asks for a second person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from dafeng.kernel.errors import PermissionDenied, TransitionError
from dafeng.kernel.quantities import places
from dafeng.kernel.records import access, payloads, workflows
from dafeng.kernel.records.access import (
    is_person,
    organisations,
    organisations_of,
    people_of,
    places_of,
    register_affiliations,
    register_organisations,
    register_people,
    register_roles,
    register_visibility,
    roles_of,
)
from dafeng.kernel.records.audit import audit, export_chain, head, history, serial, verify_chain
from dafeng.kernel.records.errors import RecordError
from dafeng.kernel.records.evidence import store_evidence, store_upload, uploaded, verify_evidence
from dafeng.kernel.records.models import Evidence, Move, Record
from dafeng.kernel.records.workflows import Transition, Workflow

__all__ = [
    "actions",
    "amend",
    "audit",
    "export_chain",
    "head",
    "history",
    "is_person",
    "latest",
    "move",
    "open_record",
    "organisations",
    "organisations_of",
    "people_of",
    "places_of",
    "register_affiliations",
    "register_organisations",
    "register_people",
    "register_roles",
    "register_visibility",
    "roles_of",
    "serial",
    "store_evidence",
    "store_upload",
    "uploaded",
    "verify_chain",
    "verify_evidence",
    "verify_record",
]


def open_record(
    kind: str,
    *,
    title: str,
    payload: Mapping[str, Any],
    by: Any,
    now: datetime,
    place: str = "",
    key: str = "",
    evidence: Iterable[Evidence] = (),
) -> Record:
    """Open a record in its workflow's first state. `key` says what it is about; `latest` finds it by that.

    Raises `WorkflowError` (unknown kind), `RecordError` (payload or text), `PlaceError`, `PermissionDenied`.
    """
    workflow = workflows.get(kind)
    if by is not None and not access.holds(by, roles_of(by), workflow.open_roles, created=False):
        raise PermissionDenied(f"您的角色不能新建“{workflow.title}”")
    content = _checked(workflow, payload)
    _check_place(place)
    attached = list(evidence)
    record = Record(
        kind=kind,
        key=key,
        title=_titled(title),
        state=workflow.initial,
        payload=content,
        schema_version=workflow.schema_version,
        place=place,
        created_by=by,
        created_at=now,
        changed_at=now,
    )
    sealed = _sealed(record, attached) | {"kind": kind, "key": key, "schema_version": workflow.schema_version}
    with serial():
        record.seq = audit(by, f"{kind}.{workflows.OPEN}", "record", str(record.pk), sealed, now=now).seq
        record.save()
        record.evidence.set(attached)
        _log(record, workflows.OPEN, "", seq=record.seq, by=by, now=now, reason="")
    return record


def move(record: Record, action: str, *, by: Any, now: datetime, reason: str = "", system: bool = False) -> Record:
    """Take one step of the workflow; `record` is brought up to date and returned.

    Raises `TransitionError` (no such step from the state that the record is in now, or the reason is missing) and
    `PermissionDenied` (role, sight, or the rule of two persons).
    """
    workflow = record.workflow
    with serial():
        fresh = Record.objects.select_for_update().get(pk=record.pk)
        transition = workflow.transition(action, fresh.state)
        if transition is None:
            possible = "、".join(each.title for each in workflow.leaving(fresh.state))
            raise TransitionError(
                f"“{fresh.title}”现为“{fresh.state_title}”，不能“{workflow.title_of(action)}”",
                expected=f"{possible}之一" if possible else "",
                mend="请刷新页面，看看是否已有人办理" if possible else "流程已经结束",
            )
        _check_mover(transition, workflow, fresh, by, system=system)
        if transition.reason_required and not reason.strip():
            raise TransitionError(f"“{transition.title}”要写明理由", mend="请填写理由后再提交")
        before, fresh.state, fresh.changed_at = fresh.state, transition.target, now
        detail = {"from": before, "state": fresh.state, "reason": reason.strip()}
        seq = audit(by, f"{record.kind}.{action}", "record", str(record.pk), detail, now=now).seq
        Record.objects.filter(pk=record.pk).update(state=fresh.state, changed_at=now)
        _log(fresh, action, before, seq=seq, by=by, now=now, reason=reason.strip())
    record.refresh_from_db()
    return record


def amend(
    record: Record,
    *,
    by: Any,
    now: datetime,
    payload: Mapping[str, Any] | None = None,
    title: str | None = None,
    place: str | None = None,
    evidence: Iterable[Evidence] | None = None,
    reason: str = "",
    system: bool = False,
) -> Record:
    """Change what a record says, in a state that is `editable`; what is None stays. `evidence` replaces the list.

    Raises as `move` does, and `RecordError` or `PlaceError` for what is wrong with the content.
    """
    workflow = record.workflow
    content = None if payload is None else _checked(workflow, payload)
    if place is not None:
        _check_place(place)
    with serial():
        fresh = Record.objects.select_for_update().get(pk=record.pk)
        state = workflow.states.get(fresh.state)
        if state is None or not state.editable:
            raise TransitionError(
                f"“{fresh.title}”现为“{fresh.state_title}”，不能修改", mend="如需更正，请先按流程退回"
            )
        editing = Transition(workflows.AMEND, "修改", (fresh.state,), fresh.state, workflow.edit_roles)
        _check_mover(editing, workflow, fresh, by, system=system)
        if content is not None:
            fresh.payload, fresh.schema_version = content, workflow.schema_version
        fresh.title = fresh.title if title is None else _titled(title)
        fresh.place = fresh.place if place is None else place
        attached = list(fresh.evidence.all() if evidence is None else evidence)
        detail = _sealed(fresh, attached) | {"schema_version": fresh.schema_version, "reason": reason.strip()}
        seq = audit(by, f"{record.kind}.{workflows.AMEND}", "record", str(record.pk), detail, now=now).seq
        changed = {name: getattr(fresh, name) for name in ("payload", "schema_version", "title", "place")}
        Record.objects.filter(pk=record.pk).update(changed_at=now, **changed)
        fresh.evidence.set(attached)
        _log(fresh, workflows.AMEND, fresh.state, seq=seq, by=by, now=now, reason=reason.strip())
    record.refresh_from_db()
    return record


def actions(record: Record, user: Any) -> list[Transition]:
    """The steps that a person could take now: the buttons of the page."""
    workflow = record.workflow
    return [each for each in workflow.leaving(record.state) if not access.refusal(each, workflow, record, user)]


def latest(kind: str, key: str, *states: str) -> Record | None:
    """The record of a kind about `key` that was opened last, of those in one of `states` when any are given."""
    found = Record.objects.filter(kind=kind, key=key)
    return (found.in_state(*states) if states else found).newest_first().first()


def verify_record(record: Record) -> bool:
    """Whether the record, as stored, is what the chain says it should be: state, title, place, payload, evidence."""
    stored = Record.objects.get(pk=record.pk)
    expected: dict[str, Any] = {}
    for entry in history("record", record.pk):
        expected |= entry.detail
    actual = _sealed(stored, list(stored.evidence.all()))
    return all(expected.get(name) == value for name, value in actual.items())


def _sealed(record: Record, evidence: list[Evidence]) -> dict[str, Any]:
    """What the chain keeps of a record: not the payload, which may be private, but its digest."""
    return {
        "state": record.state,
        "title": record.title,
        "place": record.place,
        "payload": payloads.digest(payloads.plain(record.payload)),
        "evidence": sorted(each.sha256 for each in evidence),
    }


def _log(record: Record, action: str, before: str, *, seq: int, by: Any, now: datetime, reason: str) -> None:
    Move(
        record=record, seq=seq, action=action, from_state=before, to_state=record.state, by=by, at=now, reason=reason
    ).save()


def _checked(workflow: Workflow, payload: Mapping[str, Any]) -> dict[str, Any]:
    content = payloads.plain(payload)
    if not isinstance(content, dict):
        raise RecordError("记录的内容应为一组键和值")
    payloads.validate(workflow.schema, content)
    return content


def _titled(title: str) -> str:
    if not title.strip():
        raise RecordError("记录没有标题", mend="请填写标题")
    return title.strip()


def _check_place(place: str) -> None:
    if place:
        places.level(place)


def _check_mover(transition: Transition, workflow: Workflow, record: Record, by: Any, *, system: bool) -> None:
    if by is None:
        if not system:
            raise PermissionDenied(f"“{transition.title}”须先登录")
        if transition.not_same_person_as:
            raise PermissionDenied(f"“{transition.title}”须由人办理，系统不能代办")
        return
    if system:
        raise PermissionDenied("办理人不能同时是系统")
    if refused := access.refusal(transition, workflow, record, by):
        raise PermissionDenied(refused, mend="请联系有权办理的同事")
