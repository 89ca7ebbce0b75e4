"""The register from a spreadsheet: template, faults by row, preview, commit, undo."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.disclosure import permissions, sheet
from dafeng.domains.disclosure.forms import UploadForm
from dafeng.domains.disclosure.views.place_and_time import city_of, clock
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import NotFound, StaleError, UploadError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record


@require_safe
@asks(permissions.KEEP_REGISTER)
def import_template(request: HttpRequest, code: str) -> FileResponse:
    content = sheet.template(city_of(code))
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return FileResponse(io.BytesIO(content), as_attachment=True, filename=f"披露名录-{code}.xlsx", content_type=kind)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_REGISTER)
def upload(request: HttpRequest, code: str) -> HttpResponse:
    """Upload a sheet: either its faults by row, or a preview that waits to be committed."""
    city = city_of(code)
    form = UploadForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"city": city, "form": form}
    if request.method != "POST":
        return render(request, "disclosure/upload.html", context)
    if not form.is_valid():
        return render(request, "disclosure/upload.html", context, status=422)
    given = form.cleaned_data["file"]
    try:
        record, preview = sheet.open_import(city, given.file, name=given.name, by=request.user, now=timezone.now())
    except UploadError as error:
        return render(request, "disclosure/upload.html", context | {"error": error.as_dict()}, status=422)
    if record is not None:
        return redirect("disclosure:import", id=record.pk)
    problems = [each.as_dict() for each in preview.problems[:500]]
    more = context | {
        "problems": problems,
        "good": len(preview.rows),
        "known": preview.known,
        "count": len(preview.problems),
    }
    return render(request, "disclosure/upload.html", more, status=422 if problems else 200)


def _import(request: HttpRequest, id: UUID) -> Record:
    found = Record.objects.for_user(request.user).of_kind(sheet.KIND).filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这次导入"))
    return found


@require_safe
@asks(permissions.KEEP_REGISTER)
def import_page(request: HttpRequest, id: UUID) -> HttpResponse:
    """What an import holds, and committing, discarding or undoing it."""
    record = _import(request, id)
    city = city_of(record.payload["city"])
    rows = list(sheet.shown_rows(record, city))
    context = {
        "record": record,
        "city": city,
        "rows": rows[:200],
        "count": len(rows),
        "steps": {each.action for each in records.actions(record, request.user)},
        "evidence": record.evidence.first(),
    }
    return render(request, "disclosure/import.html", context)


@require_POST
@asks(permissions.KEEP_REGISTER)
def import_step(request: HttpRequest, id: UUID) -> HttpResponse:
    record, (now, today) = _import(request, id), clock()
    action = request.POST.get("action", "")
    if request.POST.get("state") != record.state:
        raise StaleError(
            _("这次导入已被他人办理，现为“%(state)s”") % {"state": record.state_title}, mend=_("请返回看最新情况")
        )
    if action == "commit":
        count = sheet.commit(record, by=request.user, now=now, today=today)
        messages.success(request, _("已列入名录 %(count)s 项") % {"count": count})
    elif action == "undo":
        count = sheet.undo(record, by=request.user, now=now, today=today, reason=request.POST.get("reason", ""))
        messages.success(request, _("已撤销，移出名录 %(count)s 项") % {"count": count})
    else:
        records.move(record, action, by=request.user, now=now)
        messages.success(request, _("已放弃，名录没有改动"))
    return redirect("disclosure:import", id=id)


city_urls = [
    path("<str:code>/desk/register/import/", upload, name="upload"),
    path("<str:code>/desk/register/template/", import_template, name="import-template"),
]
urlpatterns = [
    path("imports/<uuid:id>/", import_page, name="import"),
    path("imports/<uuid:id>/step/", import_step, name="import-step"),
]
