"""Units and measuring points from a workbook: template, faults by row, preview, commit, undo."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.enterprise.reporting import permissions, structure
from dafeng.domains.enterprise.reporting.refusing import refuse_other
from dafeng.domains.enterprise.reporting.views.places import clock, firm_of
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import NotFound
from dafeng.kernel.pages.import_pages import take_step, template_file, upload_page
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record


@require_safe
@asks(permissions.SEE)
def template(request: HttpRequest, firm: str) -> FileResponse:
    """The workbook with what is registered."""
    enterprise = firm_of(request.user, firm, what="structure-template")
    return template_file(structure.template(enterprise), f"{enterprise.code}-units")


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def upload(request: HttpRequest, firm: str) -> HttpResponse:
    """Upload a workbook: either its faults by row, or a preview that waits to be committed."""
    enterprise, (now, _today) = firm_of(request.user, firm, what="structure-import"), clock()
    demand(request.user, permissions.KEEP, enterprise)
    imports = Record.objects.for_user(request.user).of_kind(structure.KIND).filter(key=enterprise.code)
    return upload_page(
        request,
        "enterprise/reporting/structure_upload.html",
        lambda file, name: structure.stage(enterprise, file, name=name, by=request.user, now=now),
        lambda made: redirect("enterprise:reporting-structure", id=made.pk),
        {"firm": enterprise, "imports": imports.order_by("-seq")[:8]},
    )


def _import(request: HttpRequest, id: UUID) -> tuple[Record, Enterprise]:
    record = Record.objects.for_user(request.user).of_kind(structure.KIND).filter(pk=id).first()
    if record is None:
        if Record.objects.of_kind(structure.KIND).filter(pk=id).exists():
            raise refuse_other(request.user, "record", id, now=clock()[0], what="structure-import")
        raise NotFound(_("没有这次导入"))
    enterprise = firm_of(request.user, record.payload["enterprise"], what="structure-import")
    demand(request.user, permissions.KEEP, enterprise)
    return record, enterprise


@require_safe
@asks(permissions.KEEP)
def import_page(request: HttpRequest, id: UUID) -> HttpResponse:
    """What an import registers and changes; committing, discarding or undoing it."""
    record, enterprise = _import(request, id)
    context = {
        "record": record,
        "firm": enterprise,
        "rows": structure.shown_rows(record),
        "steps": {each.action for each in records.actions(record, request.user)},
        "evidence": record.evidence.first(),
    }
    return render(request, "enterprise/reporting/structure_import.html", context)


@require_POST
@asks(permissions.KEEP)
def import_step(request: HttpRequest, id: UUID) -> HttpResponse:
    record, enterprise = _import(request, id)
    count, who = len(record.payload["rows"]), {"by": request.user, "now": clock()[0]}
    reason = request.POST.get("reason", "")[:300]
    take_step(
        request, record, away="discard",
        commit=(lambda: structure.commit(record, enterprise, **who), _("已登记 %(count)s 行") % {"count": count}),
        undo=(lambda: structure.undo(record, enterprise, **who, reason=reason), _("已撤销，核算单元和测点回到导入之前")),
    )  # fmt: skip
    return redirect("enterprise:reporting-structure", id=id)


urlpatterns = [
    path("reporting/firms/<slug:firm>/structure/template/", template, name="reporting-structure-template"),
    path("reporting/firms/<slug:firm>/structure/import/", upload, name="reporting-structure-upload"),
    path("reporting/structure/<uuid:id>/", import_page, name="reporting-structure"),
    path("reporting/structure/<uuid:id>/step/", import_step, name="reporting-structure-step"),
]
