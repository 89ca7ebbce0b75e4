"""What holds for records of every kind: their page, their evidence, the audit trail, and who may do what."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dafeng.kernel import actions
from dafeng.kernel.actions import asks
from dafeng.kernel.desk.registry import page_of
from dafeng.kernel.errors import StaleError
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import AuditEntry, Evidence, Record
from dafeng.portal import permissions
from dafeng.portal.accounts.models import MANAGER, Role


def _record(request: HttpRequest, id: UUID) -> Record:
    return get_object_or_404(Record.objects.for_user(request.user).select_related("created_by"), pk=id)


@require_safe
@asks(permissions.RECORDS)
def record(request: HttpRequest, id: UUID) -> HttpResponse:
    """A record of any kind: what it says, its evidence, what happened to it, and what one may do now."""
    found = _record(request, id)
    if address := page_of(found):
        return redirect(address)
    workflow = found.workflow
    events = [
        {
            "title": _("新建") if step.action == "open" else _("修改") if step.action == "amend" else workflow.title_of(step.action),
            "at": step.at,
            "by": step.by or _("系统"),
            "text": step.reason,
        }
        for step in found.moves.select_related("by")
    ]  # fmt: skip
    return render(
        request,
        "portal/record.html",
        {
            "record": found,
            "events": events,
            "evidence": list(found.evidence.all()),
            "payload": [(name, _readable(value)) for name, value in found.payload.items()],
            "steps": records.actions(found, request.user),
        },
    )  # fmt: skip


def _readable(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@require_POST
@asks(permissions.MOVE)
def move(request: HttpRequest, id: UUID) -> HttpResponse:
    """Take one step; refused when the record has moved since the page was opened."""
    found = _record(request, id)
    if page_of(found):
        # Such a kind has consequences of its own; only its domain's page knows them.
        return redirect(page_of(found))
    if request.POST.get("state") != found.state:
        raise StaleError(
            _("“%(title)s”已被他人办理，现为“%(state)s”") % {"title": found.title, "state": found.state_title},
            mend=_("请返回看最新情况再决定"),
        )
    records.move(
        found,
        request.POST.get("action", ""),
        by=request.user,
        now=timezone.now(),
        reason=request.POST.get("reason", ""),
    )
    return redirect("record", id=id)


@require_safe
@asks(permissions.RECORDS)
def evidence(request: HttpRequest, id: UUID) -> HttpResponse:
    """An evidence file: its hashes, who handed it in, what rests on it, and whether it is still what it was."""
    found = get_object_or_404(Evidence.objects.for_user(request.user).select_related("uploaded_by"), pk=id)
    return render(
        request,
        "portal/evidence.html",
        {
            "evidence": found,
            "intact": records.verify_evidence(found),
            "records": Record.objects.for_user(request.user).filter(evidence=found)[:50],
        },
    )


@require_safe
@asks(permissions.RECORDS)
def evidence_file(request: HttpRequest, id: UUID) -> FileResponse:
    """The file itself: always as a download under a neutral type, so that no browser runs what somebody uploaded."""
    found = get_object_or_404(Evidence.objects.for_user(request.user), pk=id)
    return FileResponse(
        found.file.open("rb"), as_attachment=True, filename=found.name, content_type="application/octet-stream"
    )


@require_safe
@asks(permissions.AUDIT)
def audit(request: HttpRequest) -> HttpResponse:
    """Every write, newest first; the chain's newest digest to write down elsewhere."""
    kinds = AuditEntry.objects.order_by("subject_kind").values_list("subject_kind", flat=True).distinct()
    table = Table(
        request,
        AuditEntry.objects.all(),
        [
            Column("seq", _("序号"), numeric=True),
            Column("at", _("时间"), show=lambda e: timezone.localtime(e.at).strftime("%Y-%m-%d %H:%M:%S")),
            Column("actor", _("人员")),
            Column("action", _("动作")),
            Column("subject_kind", _("对象类别")),
            Column("subject_id", _("对象"), sort=None, wide=True),
            Column("detail_text", _("详情"), sort=None, wide=True, show=lambda e: e.detail_text[:200]),
        ],
        _("审计记录"),
        search=("actor", "action", "subject_id", "detail_text"),
        choices=(Choice("kind", _("对象类别"), {kind: kind for kind in kinds}, column="subject_kind"),),
        order="-seq",
        file="audit",
    )
    return table.download() or render(request, "portal/audit.html", {"table": table, "head": records.head()})


@require_safe
@asks(permissions.READ)
def access(request: HttpRequest) -> HttpResponse:
    """The matrix role × action, read from the same list that guards every page."""
    columns = [*Role.choices, (MANAGER, _("成员管理人"))]
    rows = [
        {
            "action": each,
            "cells": [
                bool({actions.PUBLIC, actions.ANYONE} & each.roles) or role in each.roles for role, _t in columns
            ],
            "public": actions.PUBLIC in each.roles,
            "sign": "○" if each.rule else "●",
        }
        for each in actions.registered()
    ]
    return render(request, "portal/access.html", {"rows": rows, "roles": columns})
