"""A year's values from a workbook: template, faults by row, preview, commit, undo."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.enterprise.models import ValueImport
from dafeng.domains.enterprise.reporting import permissions, sheet
from dafeng.domains.enterprise.reporting.refusing import refuse_other
from dafeng.domains.enterprise.reporting.views.places import clock, facility_of, year_of
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.errors import NotFound
from dafeng.kernel.pages.import_pages import template_file, upload_page
from dafeng.kernel.pages.steps import unchanged
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record


@require_safe
@asks(permissions.SEE)
def template(request: HttpRequest, pk: int) -> FileResponse:
    """The workbook of a facility's year, with what is told so far."""
    found, (_now, today) = facility_of(request.user, pk, what="template"), clock()
    year, _years = year_of(request, today)
    return template_file(sheet.template(found, year), f"{found.code}-{year}")


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Upload a workbook: either its faults by row, or a preview that waits to be committed."""
    found, (now, today) = facility_of(request.user, pk, what="import"), clock()
    demand(request.user, permissions.KEEP, found)
    year, years = year_of(request, today)
    imports = ValueImport.objects.filter(facility=found).select_related("record").order_by("-record__seq")[:8]
    return upload_page(
        request,
        "enterprise/reporting/upload.html",
        lambda file, name: sheet.stage(found, file, name=name, by=request.user, now=now),
        lambda made: redirect("enterprise:reporting-import", id=made.record_id),
        {"facility": found, "firm": found.enterprise, "year": year, "years": years, "imports": imports},
    )


def _import(request: HttpRequest, id: UUID) -> ValueImport:
    seen = Record.objects.for_user(request.user).of_kind(sheet.KIND).filter(pk=id).first()
    if seen is None:
        now, _today = clock()
        if Record.objects.of_kind(sheet.KIND).filter(pk=id).exists():
            raise refuse_other(request.user, "record", id, now=now, what="import")
        raise NotFound(_("没有这次导入"))
    return ValueImport.objects.select_related("facility__enterprise", "record__created_by").get(record=seen)


@require_safe
@asks(permissions.SEE)
def import_page(request: HttpRequest, id: UUID) -> HttpResponse:
    """What an import holds beside what stands now, and committing, discarding or undoing it."""
    found = _import(request, id)
    rows = list(sheet.shown_rows(found))
    context = {
        "imported": found,
        "record": found.record,
        "facility": found.facility,
        "rows": rows[:500],
        "count": len(rows),
        "steps": {each.action for each in records.actions(found.record, request.user)},
        "evidence": found.record.evidence.first(),
    }
    return render(request, "enterprise/reporting/import.html", context)


@require_POST
@asks(permissions.KEEP)
def import_step(request: HttpRequest, id: UUID) -> HttpResponse:
    found, (now, _today) = _import(request, id), clock()
    demand(request.user, permissions.KEEP, found.facility)
    action, record = request.POST.get("action", ""), found.record
    unchanged(request, record)
    if action == "commit":
        count = sheet.commit(found, by=request.user, now=now)
        messages.success(request, _("已入库，改动 %(count)s 个数") % {"count": count})
    elif action == "undo":
        count = sheet.undo(found, by=request.user, now=now, reason=request.POST.get("reason", ""))
        messages.success(request, _("已撤销，恢复 %(count)s 个数") % {"count": count})
    else:
        records.move(record, action, by=request.user, now=now)
        messages.success(request, _("已放弃，数据没有改动"))
    return redirect("enterprise:reporting-import", id=id)


urlpatterns = [
    path("reporting/facilities/<int:pk>/template/", template, name="reporting-template"),
    path("reporting/facilities/<int:pk>/import/", upload, name="reporting-upload"),
    path("reporting/imports/<uuid:id>/", import_page, name="reporting-import"),
    path("reporting/imports/<uuid:id>/step/", import_step, name="reporting-import-step"),
]
