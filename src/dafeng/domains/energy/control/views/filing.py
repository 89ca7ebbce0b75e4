"""Telling what was used: one month by hand with its paper, or many from a spreadsheet."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.energy.city_page import amount, city_here, evidence_of, own_firms, own_places, unit_of
from dafeng.domains.energy.control import city as cities
from dafeng.domains.energy.control import permissions, readings, rules, sheet, warnings
from dafeng.domains.energy.control.forms import MonthForm
from dafeng.domains.energy.control.views.board import visible
from dafeng.domains.energy.models.control import TOLD
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.pages import import_pages
from dafeng.kernel.pages.steps import record_of
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record


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
                warnings.assess(city.code, by=request.user, now=now, quantities=[rules.judged(made.quantity)])
        except DafengError as error:
            return render(request, "energy/control/file.html", context | {"error": error.as_dict()}, status=422)
        messages.success(
            request, _("已填报 %(month)s，第 %(revision)s 版") % {"month": made.month, "revision": made.revision}
        )
        query = f"?quantity={rules.judged(made.quantity)}&year={made.month[:4]}" + (
            f"&sector={made.sector}" if made.sector else ""
        )
        return redirect(reverse("energy:control-subject", kwargs={"subject": made.subject}) + query)
    return render(request, "energy/control/file.html", context, status=422 if request.method == "POST" else 200)


@require_safe
@asks(permissions.FILE)
def template(request: HttpRequest) -> FileResponse:
    return import_pages.template_file(sheet.template(city_here()), "月度用量")


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.FILE)
def upload(request: HttpRequest) -> HttpResponse:
    """A spreadsheet: its faults by row, or a preview that waits to be committed."""
    return import_pages.upload_page(
        request, "energy/control/upload.html",
        lambda file, name: sheet.open_import(city_here(), file, name=name, by=request.user, now=timezone.now()),
        lambda made: redirect("energy:control-import", id=made.pk),
    )  # fmt: skip


def _import(request: HttpRequest, id: UUID) -> Record:
    return record_of(request, id, sheet.KIND, mend=_("请从导入页重新进入"))


@require_safe
@asks(permissions.FILE)
def import_page(request: HttpRequest, id: UUID) -> HttpResponse:
    """What an import holds, before it is committed or given up."""
    record, city, names = _import(request, id), city_here(), dict(TOLD)
    firms = cities.enterprises_of(f"enterprise:{row['firm']}" for row in record.payload["rows"] if row["firm"])

    def show(row: dict[str, Any]) -> dict[str, Any]:
        subject = f"enterprise:{row['firm']}" if row["firm"] else cities.place_subject(row["place"])
        return {
            "name": cities.name_of(subject, row["sector"], city=city, firms=firms), "what": names[row["quantity"]],
            "shown": f"{amount(row['value'], 1)} {unit_of(row['quantity'])}",
        }  # fmt: skip

    address = reverse("energy:control-import-step", kwargs={"id": id})
    return render(
        request, "energy/control/import.html", import_pages.waiting(request, record, show=show, address=address)
    )


@require_POST
@asks(permissions.FILE)
def import_step(request: HttpRequest, id: UUID) -> HttpResponse:
    record, now = _import(request, id), timezone.now()

    def commit() -> None:
        sheet.commit(record, by=request.user, now=now)
        quantities = sorted({rules.judged(row["quantity"]) for row in record.payload["rows"]})
        warnings.assess(record.payload["city"], by=request.user, now=now, quantities=quantities)

    done = _("已入库 %(count)s 行，预警已重新判定") % {"count": len(record.payload["rows"])}
    import_pages.take_step(request, record, commit=(commit, done))
    return redirect("energy:control-import", id=id)


@require_safe
@asks(permissions.SEE_SUBJECT)
def month(request: HttpRequest, subject: str, quantity: str, month: str) -> HttpResponse:
    """Every revision of one month of a subject: who told it, from which paper, when."""
    firm = visible(request.user, subject)
    sector = request.GET.get("sector", "")
    if quantity not in dict(TOLD) or (sector and sector not in rules.sectors()):
        raise NotFound(_("没有这种指标"))
    rows = readings.history(subject, sector, quantity, month)
    if not rows:
        raise NotFound(_("没有填报过这个月"))
    context = {
        "rows": [{"row": each, "value": amount(each.value, 1)} for each in rows], "month": month, "unit": unit_of(quantity),
        "name": cities.name_of(subject, sector, firms={subject: firm} if firm else {}), "what": dict(TOLD)[quantity],
        "back": reverse("energy:control-subject", kwargs={"subject": subject}) + f"?quantity={rules.judged(quantity)}",
    }  # fmt: skip
    return render(request, "energy/control/month.html", context)
