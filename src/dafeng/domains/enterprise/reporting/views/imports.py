"""A year's values from a workbook: template, faults by row, preview, commit, undo."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.enterprise.models import ValueImport
from dafeng.domains.enterprise.reporting import permissions, sheet
from dafeng.domains.enterprise.reporting.refusing import SeenOld, refuse_other
from dafeng.domains.enterprise.reporting.views.places import clock, facility_of, year_of
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("填好的表格"), widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}), max_length=120
    )


@require_safe
@asks(permissions.SEE)
def template(request: HttpRequest, pk: int) -> FileResponse:
    """The workbook of a facility's year, with what is told so far."""
    found, (_now, today) = facility_of(request.user, pk, what="template"), clock()
    year, _years = year_of(request, today)
    return FileResponse(
        io.BytesIO(sheet.template(found, year)),
        as_attachment=True,
        filename=f"{found.code}-{year}.xlsx",
        content_type=XLSX,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Upload a workbook: either its faults by row, or a preview that waits to be committed."""
    found, (now, today) = facility_of(request.user, pk, what="import"), clock()
    demand(request.user, permissions.KEEP, found)
    year, years = year_of(request, today)
    form = UploadForm(request.POST or None, request.FILES or None)
    imports = ValueImport.objects.filter(facility=found).select_related("record").order_by("-record__seq")[:8]
    context: dict[str, Any] = {
        "facility": found, "firm": found.enterprise, "form": form, "year": year, "years": years, "imports": imports,
    }  # fmt: skip
    if request.method != "POST":
        return render(request, "enterprise/reporting/upload.html", context)
    if not form.is_valid():
        return render(request, "enterprise/reporting/upload.html", context, status=422)
    given = form.cleaned_data["file"]
    try:
        made, staged = sheet.stage(found, given.file, name=given.name, by=request.user, now=now)
    except DafengError as error:
        return render(request, "enterprise/reporting/upload.html", context | {"error": error.as_dict()}, status=422)
    if made is not None:
        return redirect("enterprise:reporting-import", id=made.record_id)
    problems = [each.as_dict() for each in staged.problems[:500]]
    more = context | {"problems": problems, "count": len(staged.problems), "good": len(staged.rows)}
    return render(request, "enterprise/reporting/upload.html", more, status=422)


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
    if request.POST.get("state") != record.state:
        raise SeenOld("stale_import", f"这次导入现为“{record.state_title}”", mend="请返回看最新情况")
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
