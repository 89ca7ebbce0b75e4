"""The register from a spreadsheet: template, faults by row or a preview, commit, drop, undo."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.energy.buildings import permissions, rules, sheet
from dafeng.domains.energy.buildings.forms import UploadForm
from dafeng.domains.energy.buildings.views.pages import record_of
from dafeng.domains.energy.city_page import amount, city_here, timeline, told, unchanged
from dafeng.domains.energy.control.rules import english
from dafeng.domains.energy.models import Building
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import UploadError
from dafeng.kernel.records import services as records

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
@asks(permissions.KEEP)
def template(request: HttpRequest) -> FileResponse:
    return FileResponse(
        io.BytesIO(sheet.template(city_here())), as_attachment=True, filename="建筑名录.xlsx", content_type=XLSX
    )


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def upload(request: HttpRequest) -> HttpResponse:
    """A spreadsheet: its faults by row, or a preview that waits to be committed."""
    city = city_here()
    form = UploadForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form}
    if request.method != "POST":
        return render(request, "energy/buildings/upload.html", context)
    if not form.is_valid():
        return render(request, "energy/buildings/upload.html", context, status=422)
    given = form.cleaned_data["file"]
    try:
        made, preview = sheet.open_import(city, given.file, name=given.name, by=request.user, now=timezone.now())
    except UploadError as error:
        return render(request, "energy/buildings/upload.html", context | {"error": error.as_dict()}, status=422)
    if made is not None:
        return redirect("energy:buildings-import", id=made.pk)
    problems = [each.as_dict() for each in preview.problems[:500]]
    return render(
        request,
        "energy/buildings/upload.html",
        context | {"problems": problems, "count": len(preview.problems)},
        status=422,
    )


@require_safe
@asks(permissions.KEEP)
def import_page(request: HttpRequest, id: UUID) -> HttpResponse:
    found = record_of(request, id, sheet.KIND)
    city, types, carriers = city_here(), dict(Building.Type.choices), rules.carriers()
    rows = [
        row | {
            "place": city.place_name(row["place"], english=english()), "type": types[row["type"]], "area": amount(row["area"]),
            "told": "、".join(f"{carriers[each].name} {amount(value)} {carriers[each].unit}" for each, value in row["uses"].items()),
        }
        for row in found.payload["rows"][:200]
    ]  # fmt: skip
    context = {
        "record": found, "rows": rows, "count": len(found.payload["rows"]), "events": timeline(found), "evidence": found.evidence.first(),
        "steps": {each.action for each in records.actions(found, request.user)}, "commit": _("提交入库"),
        "address": reverse("energy:buildings-import-step", kwargs={"id": found.pk}),
    }  # fmt: skip
    return render(request, "energy/buildings/import.html", context)


@require_POST
@asks(permissions.KEEP)
def import_step(request: HttpRequest, id: UUID) -> HttpResponse:
    found, now = record_of(request, id, sheet.KIND), timezone.now()
    unchanged(request, found)
    if request.POST.get("action") == "commit":
        told(
            request,
            lambda: sheet.commit(found, by=request.user, now=now),
            _("已入库 %(count)s 座建筑") % {"count": len(found.payload["rows"])},
        )
    elif request.POST.get("action") == "undo":
        reason = request.POST.get("reason", "")[:300]
        told(
            request,
            lambda: sheet.undo(found, by=request.user, now=now, reason=reason),
            _("已撤销，名录和用量回到导入之前"),
        )
    else:
        told(request, lambda: records.move(found, "drop", by=request.user, now=now), _("已放弃，没有改动"))
    return redirect("energy:buildings-import", id=id)
