"""Heat in no park from a spreadsheet: template, faults by row or a preview, commit, drop, undo."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.energy.city_page import amount, city_here
from dafeng.domains.energy.control.rules import english
from dafeng.domains.energy.models import HeatOffer
from dafeng.domains.energy.monitoring.words import item_name
from dafeng.domains.energy.parks import outside_sheet, permissions
from dafeng.domains.energy.parks.views.desks import when
from dafeng.kernel.actions import asks
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.pages import import_pages
from dafeng.kernel.pages.steps import record_of


@require_safe
@asks(permissions.OFFER)
def template(request: HttpRequest) -> FileResponse:
    return import_pages.template_file(outside_sheet.template(request.user, city_here()), "园区外余热")


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.OFFER)
def upload(request: HttpRequest) -> HttpResponse:
    """A spreadsheet: its faults by row, or a preview that waits to be committed."""
    return import_pages.upload_page(
        request, "energy/parks/outside_upload.html",
        lambda file, name: outside_sheet.open_import(city_here(), file, name=name, by=request.user, now=timezone.now()),
        lambda made: redirect("energy:parks-outside-import", id=made.pk),
    )  # fmt: skip


@require_safe
@asks(permissions.OFFER)
def page(request: HttpRequest, id: UUID) -> HttpResponse:
    found = record_of(request, id, outside_sheet.KIND, mend=_("请从园区外的余热重新进入"))
    firms = {
        firm.code: firm for firm in Enterprise.objects.filter(code__in={row["firm"] for row in found.payload["rows"]})
    }
    media = dict(HeatOffer.Medium.choices)

    def show(row: dict[str, Any]) -> dict[str, Any]:
        return {
            "firm": firms[row["firm"]].called(english=english()), "side": _("供给") if row["kind"] == "offer" else _("需求"),
            "temperature": f"{row['temperature']:g}", "power": amount(row["power"], 2), "when": when(row["months"], row["from_hour"], row["until_hour"]),
            "what": media[row["medium"]] if row["kind"] == "offer" else item_name(row["item"]),
            "at": f"{row['longitude']:.4f}, {row['latitude']:.4f}",
        }  # fmt: skip

    address = reverse("energy:parks-outside-import-step", kwargs={"id": id})
    context = import_pages.waiting(request, found, show=show, address=address)
    return render(request, "energy/parks/outside_import.html", context)


@require_POST
@asks(permissions.OFFER)
def step(request: HttpRequest, id: UUID) -> HttpResponse:
    found = record_of(request, id, outside_sheet.KIND, mend=_("请从园区外的余热重新进入"))
    who: dict[str, Any] = {"by": request.user, "now": timezone.now()}
    reason = request.POST.get("reason", "")[:300]
    import_pages.take_step(
        request, found,
        commit=(lambda: outside_sheet.commit(found, **who), _("已登记 %(count)s 项供需") % {"count": len(found.payload["rows"])}),
        undo=(lambda: outside_sheet.undo(found, **who, reason=reason), _("已撤销，这次导入的供需都已撤回")),
    )  # fmt: skip
    return redirect("energy:parks-outside-import", id=id)
