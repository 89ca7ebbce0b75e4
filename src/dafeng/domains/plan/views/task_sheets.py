"""Tables in and out: the month's workbook of tasks, and the preview of every table that is handed in (tasks and projects)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.plan import permissions
from dafeng.domains.plan.models import Owner
from dafeng.domains.plan.services import project_sheets, sheets, supervision, task_sheets
from dafeng.domains.plan.table_sheets import MEDIA
from dafeng.kernel.actions import Action, asks, demand
from dafeng.kernel.errors import DafengError, StaleError, UploadError
from dafeng.kernel.records.models import Record
from dafeng.kernel.records.services import roles_of

ROOMS: dict[str, tuple[sheets.Room, Action, str]] = {
    "progress": (task_sheets.ROOM, permissions.SEE_SHEET, "plan:tasks"),
    "projects": (project_sheets.ROOM, permissions.PROJECTS, "plan:projects"),
}
SHOWN = 500


def workbook_answer(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=MEDIA)
    answer["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return answer


@require_safe
@asks(permissions.SEE_SHEET)
def template(request: HttpRequest) -> HttpResponse:
    """The month's workbook: every open task that this person may report on."""
    subjects, now = permissions.subjects_of(request.user), timezone.now()
    rows = supervision.in_force().filter(done_on=None).select_related("plan").prefetch_related("owners")
    if "ndrc" not in roles_of(request.user):
        owner = Owner.objects.filter(task=OuterRef("pk"), until=None)
        own = Exists(owner.filter(department__in=subjects)) | Q(place__in=subjects)
        if "county" in roles_of(request.user):
            own |= Exists(owner.filter(role=Owner.Role.COUNTIES)) & Q(parent=None)
        rows = rows.filter(own)
    return workbook_answer(task_sheets.workbook(rows, by=request.user, now=now), "progress")


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.SEE_SHEET)
def handed_in(request: HttpRequest) -> HttpResponse:
    """Download the month's table, hand it in."""
    now, error = timezone.now(), None
    if request.method == "POST":
        try:
            record = receive(request, task_sheets.ROOM, key=str(request.user.pk))
            return redirect("plan:sheet", record=record.pk)
        except DafengError as refused:
            error = refused
    day = supervision.day_of(now)
    context = {
        "error": error.as_dict() if error else None,
        "closing": [(str(each), supervision.rule_at(day).closes_on(each)) for each in supervision.open_periods(day)],
        "earlier": Record.objects.filter(kind=sheets.KIND, created_by=request.user.pk, key__startswith="progress:").newest_first()[:10],
    }  # fmt: skip
    return render(request, "plan/tasks/sheet.html", context, status=422 if error else 200)


def receive(request: HttpRequest, room: sheets.Room, *, key: str) -> Record:
    file = request.FILES.get("file")
    if file is None:
        raise UploadError(_("没有选择文件"), mend=_("请选择填好的 .xlsx 文件，再点“上传并检查”"))
    return sheets.receive(room, file, (file.name or "table.xlsx")[-120:], key=key, by=request.user, now=timezone.now())


def _found(request: HttpRequest, record: UUID) -> tuple[Record, sheets.Room, str]:
    """One's own table, or for the office anybody's of its room; 404 otherwise."""
    found = get_object_or_404(Record.objects.for_user(request.user).of_kind(sheets.KIND), pk=record)
    room, wanted, back = ROOMS[found.payload["room"]]
    demand(request.user, wanted)
    if found.created_by_id != request.user.pk and "ndrc" not in roles_of(request.user):
        raise Http404
    return found, room, back


@require_safe
@asks(permissions.SEE_SHEET)
def sheet(request: HttpRequest, record: UUID) -> HttpResponse:
    found, room, back = _found(request, record)
    return _shown(request, found, room, back)


def _shown(
    request: HttpRequest, found: Record, room: sheets.Room, back: str, *, error: DafengError | None = None
) -> HttpResponse:
    preview = None
    if found.state == "read":
        try:
            preview = sheets.preview(room, found, by=request.user, now=timezone.now())
        except DafengError as unreadable:
            error = error or unreadable
    changes = {"new": _("新增"), "changed": _("更正"), "same": _("不变"), "wrong": _("有误")}
    context: dict[str, Any] = {
        "record": found, "room": room, "back": reverse(back), "preview": preview, "error": error.as_dict() if error else None,
        "lines": preview.lines[:SHOWN] if preview else [], "titles": changes,
        "counts": [(title, preview.count(change)) for change, title in changes.items()] if preview else [],
        "problems": [each.as_dict() for each in preview.problems[:SHOWN]] if preview else [],
        "undoes": found.state == "imported" and room.undo is not None, "evidence": found.evidence.first(),
    }  # fmt: skip
    status = 409 if isinstance(error, StaleError) else 422 if error else 200
    return render(request, "plan/tasks/preview.html", context, status=status)


@require_POST
@asks(permissions.SEE_SHEET)
def act(request: HttpRequest, record: UUID) -> HttpResponse:
    """Import, discard or undo."""
    found, room, back = _found(request, record)
    now, wanted = timezone.now(), request.POST.get("action", "")
    try:
        if wanted == "import":
            done = sheets.commit(room, found, seen=request.POST.get("seen", ""), by=request.user, now=now)
        elif wanted == "undo":
            done = sheets.undo(room, found, reason=request.POST.get("reason", ""), by=request.user, now=now)
        else:
            done = sheets.discard(found, by=request.user, now=now)
    except DafengError as error:
        found.refresh_from_db()
        return _shown(request, found, room, back, error=error)
    messages.success(request, _("“%(title)s”：%(state)s") % {"title": done.title, "state": done.state_title})
    return redirect("plan:sheet", record=record)


urlpatterns = [
    path("tasks/sheet/", handed_in, name="tasks-sheet"),
    path("tasks/sheet/template/", template, name="tasks-template"),
    path("sheets/<uuid:record>/", sheet, name="sheet"),
    path("sheets/<uuid:record>/act/", act, name="sheet-act"),
]
