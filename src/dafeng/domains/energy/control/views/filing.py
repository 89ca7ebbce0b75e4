"""Telling what was used: one month by hand with its paper, or many from a spreadsheet."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.energy.city_page import (
    amount,
    city_here,
    evidence_of,
    own_firms,
    own_places,
    timeline,
    told,
    unchanged,
    unit_of,
)
from dafeng.domains.energy.control import city as cities
from dafeng.domains.energy.control import permissions, readings, rules, sheet, warnings
from dafeng.domains.energy.control.forms import MonthForm, UploadForm
from dafeng.domains.energy.control.views.board import visible
from dafeng.domains.energy.models.control import Quantity
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import DafengError, NotFound, UploadError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.FILE)
def file(request: HttpRequest) -> HttpResponse:
    """One month of a county, a sector of it, or a firm in it; telling it again corrects it."""
    city = city_here()
    year, month = warnings.last_month(timezone.now())
    places = own_places(request.user, city)
    if permissions.own_place(request.user, city.code):
        places = places | {city.code: city.place_name(city.code, english=rules.english())}
    form = MonthForm(
        request.POST or None, request.FILES or None, places=places, firms=own_firms(request.user, city),
        initial={"month": f"{year}-{month:02d}"},
    )  # fmt: skip
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        given, now = dict(form.cleaned_data), timezone.now()
        try:
            with records.serial():
                found = evidence_of(request, given.pop("file"), _("月度用量凭证"))
                made = readings.file(city.code, **given, evidence=found[0] if found else None, by=request.user, now=now)
                warnings.assess(city.code, by=request.user, now=now, quantities=[made.quantity])
        except DafengError as error:
            return render(request, "energy/control/file.html", context | {"error": error.as_dict()}, status=422)
        messages.success(
            request, _("已填报 %(month)s，第 %(revision)s 版") % {"month": made.month, "revision": made.revision}
        )
        query = f"?quantity={made.quantity}&year={made.month[:4]}" + (f"&sector={made.sector}" if made.sector else "")
        return redirect(reverse("energy:control-subject", kwargs={"subject": made.subject}) + query)
    return render(request, "energy/control/file.html", context, status=422 if request.method == "POST" else 200)


@require_safe
@asks(permissions.FILE)
def template(request: HttpRequest) -> FileResponse:
    content = sheet.template(city_here())
    return FileResponse(io.BytesIO(content), as_attachment=True, filename="月度用量.xlsx", content_type=XLSX)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.FILE)
def upload(request: HttpRequest) -> HttpResponse:
    """A spreadsheet: its faults by row, or a preview that waits to be committed."""
    city = city_here()
    form = UploadForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form}
    if request.method != "POST":
        return render(request, "energy/control/upload.html", context)
    if not form.is_valid():
        return render(request, "energy/control/upload.html", context, status=422)
    given = form.cleaned_data["file"]
    try:
        record, preview = sheet.open_import(city, given.file, name=given.name, by=request.user, now=timezone.now())
    except UploadError as error:
        return render(request, "energy/control/upload.html", context | {"error": error.as_dict()}, status=422)
    if record is not None:
        return redirect("energy:control-import", id=record.pk)
    problems = [each.as_dict() for each in preview.problems[:500]]
    more = {"problems": problems, "count": len(preview.problems), "good": len(preview.rows)}
    return render(request, "energy/control/upload.html", context | more, status=422)


def _import(request: HttpRequest, id: UUID) -> Record:
    found = Record.objects.for_user(request.user).of_kind(sheet.KIND).filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这次导入"))
    return found


@require_safe
@asks(permissions.FILE)
def import_page(request: HttpRequest, id: UUID) -> HttpResponse:
    """What an import holds, before it is committed or given up."""
    record = _import(request, id)
    city = city_here()
    names = dict(Quantity.choices)
    firms = cities.enterprises_of(f"enterprise:{row['firm']}" for row in record.payload["rows"] if row["firm"])
    rows = [
        row | {
            "name": cities.name_of(f"enterprise:{row['firm']}" if row["firm"] else cities.place_subject(row["place"]), row["sector"], city=city, firms=firms),
            "what": names[row["quantity"]], "shown": f"{amount(row['value'], 1)} {unit_of(row['quantity'])}",
        }
        for row in record.payload["rows"][:200]
    ]  # fmt: skip
    context = {
        "record": record, "rows": rows, "count": len(record.payload["rows"]), "events": timeline(record),
        "steps": {each.action for each in records.actions(record, request.user)}, "evidence": record.evidence.first(),
        "commit": _("提交入库"), "address": reverse("energy:control-import-step", kwargs={"id": record.pk}),
        "back": reverse("energy:control-upload"),
    }  # fmt: skip
    return render(request, "energy/control/import.html", context)


@require_POST
@asks(permissions.FILE)
def import_step(request: HttpRequest, id: UUID) -> HttpResponse:
    record, now = _import(request, id), timezone.now()
    unchanged(request, record)

    def commit() -> None:
        sheet.commit(record, by=request.user, now=now)
        quantities = sorted({row["quantity"] for row in record.payload["rows"]})
        warnings.assess(record.payload["city"], by=request.user, now=now, quantities=quantities)

    if request.POST.get("action") == "commit":
        told(request, commit, _("已入库 %(count)s 行，预警已重新判定") % {"count": len(record.payload["rows"])})
    else:
        told(request, lambda: records.move(record, "drop", by=request.user, now=now), _("已放弃，没有改动"))
    return redirect("energy:control-import", id=id)


@require_safe
@asks(permissions.SEE_SUBJECT)
def month(request: HttpRequest, subject: str, quantity: str, month: str) -> HttpResponse:
    """Every revision of one month of a subject: who told it, from which paper, when."""
    firm = visible(request.user, subject)
    sector = request.GET.get("sector", "")
    if quantity not in rules.quantities() or (sector and sector not in rules.sectors()):
        raise NotFound(_("没有这种指标"))
    rows = readings.history(subject, sector, quantity, month)
    if not rows:
        raise NotFound(_("没有填报过这个月"))
    context = {
        "rows": [{"row": each, "value": amount(each.value, 1)} for each in rows], "month": month, "unit": unit_of(quantity),
        "name": cities.name_of(subject, sector, firms={subject: firm} if firm else {}), "what": Quantity(quantity).label,
        "back": reverse("energy:control-subject", kwargs={"subject": subject}) + f"?quantity={quantity}",
    }  # fmt: skip
    return render(request, "energy/control/month.html", context)
