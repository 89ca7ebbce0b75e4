"""The register from a spreadsheet: template, faults by row or a preview, commit, drop, undo."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.energy.buildings import permissions, rules, sheet
from dafeng.domains.energy.buildings.views.pages import building_record
from dafeng.domains.energy.city_page import amount, city_here
from dafeng.domains.energy.control.rules import english
from dafeng.domains.energy.models import Building, BuildingUse
from dafeng.kernel.actions import asks
from dafeng.kernel.pages import import_pages


@require_safe
@asks(permissions.KEEP)
def template(request: HttpRequest) -> FileResponse:
    return import_pages.template_file(sheet.template(city_here()), "建筑名录")


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def upload(request: HttpRequest) -> HttpResponse:
    """A spreadsheet: its faults by row, or a preview that waits to be committed."""
    return import_pages.upload_page(
        request, "energy/buildings/upload.html",
        lambda file, name: sheet.open_import(city_here(), file, name=name, by=request.user, now=timezone.now()),
        lambda made: redirect("energy:buildings-import", id=made.pk),
    )  # fmt: skip


@require_safe
@asks(permissions.KEEP)
def import_page(request: HttpRequest, id: UUID) -> HttpResponse:
    city, types, carriers = city_here(), dict(Building.Type.choices), rules.carriers()

    end_uses = dict(BuildingUse.EndUse.choices)

    def show(row: dict[str, Any]) -> dict[str, Any]:
        if "end_use" in row:
            each = carriers[row["carrier"]]
            return {"told": f"{end_uses[row['end_use']]}：{each.name} {amount(row['value'])} {each.unit}"}
        return {
            "place": city.place_name(row["place"], english=english()), "type": types[row["type"]], "area": amount(row["area"]),
            "told": "、".join(f"{carriers[each].name} {amount(value)} {carriers[each].unit}" for each, value in row["uses"].items()),
        }  # fmt: skip

    address = reverse("energy:buildings-import-step", kwargs={"id": id})
    context = import_pages.waiting(request, building_record(request, id, sheet.KIND), show=show, address=address)
    return render(request, "energy/buildings/import.html", context)


@require_POST
@asks(permissions.KEEP)
def import_step(request: HttpRequest, id: UUID) -> HttpResponse:
    found, who = building_record(request, id, sheet.KIND), {"by": request.user, "now": timezone.now()}
    reason = request.POST.get("reason", "")[:300]
    import_pages.take_step(
        request, found,
        commit=(lambda: sheet.commit(found, **who), _("已入库 %(count)s 座建筑") % {"count": len({row["code"] for row in found.payload["rows"]})}),
        undo=(lambda: sheet.undo(found, **who, reason=reason), _("已撤销，名录和用量回到导入之前")),
    )  # fmt: skip
    return redirect("energy:buildings-import", id=id)
