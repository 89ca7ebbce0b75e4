"""The register from a spreadsheet: template, faults by row, preview, commit, undo."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.disclosure import permissions, sheet
from dafeng.domains.disclosure.views.place_and_time import city_of, clock
from dafeng.kernel.actions import asks
from dafeng.kernel.pages.import_pages import template_file, upload_page
from dafeng.kernel.pages.steps import record_of, unchanged
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record


@require_safe
@asks(permissions.KEEP_REGISTER)
def import_template(request: HttpRequest, code: str) -> FileResponse:
    return template_file(sheet.template(city_of(code)), f"披露名录-{code}")


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_REGISTER)
def upload(request: HttpRequest, code: str) -> HttpResponse:
    """Upload a sheet: either its faults by row, or a preview that waits to be committed."""
    city = city_of(code)
    return upload_page(
        request,
        "disclosure/upload.html",
        lambda file, name: sheet.open_import(city, file, name=name, by=request.user, now=timezone.now()),
        lambda record: redirect("disclosure:import", id=record.pk),
        {"city": city},
    )


def _import(request: HttpRequest, id: UUID) -> Record:
    return record_of(request, id, sheet.KIND, mend=_("请从披露台账重新进入"))


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
    unchanged(request, record)
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
