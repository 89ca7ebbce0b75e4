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

from dafeng.domains.enterprise.register import permissions, sheet
from dafeng.domains.enterprise.reporting.refusing import SeenOld
from dafeng.domains.enterprise.reporting.views.imports import XLSX, UploadForm
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

SHOWN = 500


@require_safe
@asks(permissions.KEEP)
def template(request: HttpRequest) -> FileResponse:
    """The empty workbook."""
    book = io.BytesIO(sheet.template())
    return FileResponse(book, as_attachment=True, filename="register.xlsx", content_type=XLSX)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def upload(request: HttpRequest) -> HttpResponse:
    """Upload a workbook: either its faults by row, or a preview that waits to be committed."""
    form = UploadForm(request.POST or None, request.FILES or None)
    imports = Record.objects.for_user(request.user).of_kind(sheet.KIND).order_by("-seq")[:8]
    context: dict[str, Any] = {"form": form, "imports": imports}
    if request.method != "POST":
        return render(request, "enterprise/register/upload.html", context)
    if not form.is_valid():
        return render(request, "enterprise/register/upload.html", context, status=422)
    given = form.cleaned_data["file"]
    try:
        made, staged = sheet.stage(given.file, name=given.name, by=request.user, now=timezone.now())
    except DafengError as error:
        return render(request, "enterprise/register/upload.html", context | {"error": error.as_dict()}, status=422)
    if made is not None:
        return redirect("enterprise:register-import", id=made.pk)
    problems = [each.as_dict() for each in staged.problems[:SHOWN]]
    more = context | {"problems": problems, "count": len(staged.problems)}
    return render(request, "enterprise/register/upload.html", more, status=422)


def _import(request: HttpRequest, id: UUID) -> Record:
    found = Record.objects.for_user(request.user).of_kind(sheet.KIND).filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这次导入"))
    return found


@require_safe
@asks(permissions.KEEP)
def import_page(request: HttpRequest, id: UUID) -> HttpResponse:
    """What an import enters and changes; committing, discarding or undoing it."""
    record = _import(request, id)
    rows = sheet.shown_rows(record)
    context = {
        "record": record,
        "rows": rows[:SHOWN],
        "count": len(rows),
        "new": sum(each["new"] for each in rows),
        "steps": {each.action for each in records.actions(record, request.user)},
        "evidence": record.evidence.first(),
    }
    return render(request, "enterprise/register/import.html", context)


@require_POST
@asks(permissions.KEEP)
def import_step(request: HttpRequest, id: UUID) -> HttpResponse:
    record, now, action = _import(request, id), timezone.now(), request.POST.get("action", "")
    if request.POST.get("state") != record.state:
        raise SeenOld("stale_import", f"这次导入现为“{record.state_title}”", mend="请返回看最新情况")
    if action == "commit":
        count = sheet.commit(record, by=request.user, now=now)
        messages.success(request, _("已入库 %(count)s 家企业") % {"count": count})
    elif action == "undo":
        count = sheet.undo(record, by=request.user, now=now, reason=request.POST.get("reason", ""))
        messages.success(request, _("已撤销，%(count)s 家企业恢复原样") % {"count": count})
    else:
        records.move(record, action, by=request.user, now=now)
        messages.success(request, _("已放弃，数据没有改动"))
    return redirect("enterprise:register-import", id=id)


urlpatterns = [
    path("register/template/", template, name="register-template"),
    path("register/import/", upload, name="register-upload"),
    path("register/imports/<uuid:id>/", import_page, name="register-import"),
    path("register/imports/<uuid:id>/step/", import_step, name="register-import-step"),
]
