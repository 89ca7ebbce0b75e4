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

from dafeng.domains.enterprise.register import permissions, sheet
from dafeng.kernel.actions import asks
from dafeng.kernel.pages.import_pages import template_file, upload_page
from dafeng.kernel.pages.steps import record_of, unchanged
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

SHOWN = 500


@require_safe
@asks(permissions.KEEP)
def template(request: HttpRequest) -> FileResponse:
    """The empty workbook."""
    return template_file(sheet.template(), "register")


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def upload(request: HttpRequest) -> HttpResponse:
    """Upload a workbook: either its faults by row, or a preview that waits to be committed."""
    return upload_page(
        request,
        "enterprise/register/upload.html",
        lambda file, name: sheet.stage(file, name=name, by=request.user, now=timezone.now()),
        lambda made: redirect("enterprise:register-import", id=made.pk),
        {"imports": Record.objects.for_user(request.user).of_kind(sheet.KIND).order_by("-seq")[:8]},
    )


def _import(request: HttpRequest, id: UUID) -> Record:
    return record_of(request, id, sheet.KIND, mend=_("请从企业名录重新进入"))


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
    unchanged(request, record)
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
