"""What the pages share: the city, whom a person may report for, files as evidence, refusals told in their own words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.energy.control import city as cities
from dafeng.domains.energy.control import permissions, rules
from dafeng.domains.energy.models import EnergyCity
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import DafengError, NotFound, UploadError
from dafeng.kernel.quantities.units import printed
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence

FILE_BYTES = 20 * 2**20


def city_here() -> EnergyCity:
    """Raises `NotFound` before a city was loaded."""
    found = cities.only_city()
    if found is None:
        raise NotFound(_("还没有载入城市"), mend=_("请系统管理员先载入城市数据包"))
    return found


def own_places(
    user: Any, city: EnergyCity, own_place: Callable[[Any, str], bool] = permissions.own_place
) -> dict[str, str]:
    """The counties that a person may report for, by name; `own_place` is the rule of the room."""
    return {code: name for code, name in cities.counties(city).items() if own_place(user, code)}


def own_firms(user: Any, city: EnergyCity) -> list[Enterprise]:
    return list(Enterprise.objects.for_user(user).filter(city=city.code).order_by("place", "code"))


def evidence_of(request: HttpRequest, given: Any, source: str) -> list[Evidence]:
    """An uploaded file as evidence; none was given: an empty list. Raises `UploadError`."""
    if not given:
        return []
    if given.size > FILE_BYTES:
        raise UploadError(_("文件太大"), expected=_("不超过 20 MB"))
    kept = records.store_evidence(
        given.file, name=given.name, media_type="application/octet-stream", by=request.user, now=timezone.now(), source=source
    )  # fmt: skip
    return [kept]


def form_page(
    request: HttpRequest, form: forms.Form, do: Callable[[dict[str, Any]], HttpResponse], *, title: str, lead: str, button: str, back: str, back_title: str
) -> HttpResponse:  # fmt: skip
    """A form: shown, checked, done; what was refused is told above it."""
    page = "energy/control/form.html"
    context = {"form": form, "title": title, "lead": lead, "button": button, "back": back, "back_title": back_title}
    if request.method == "POST" and form.is_valid():
        try:
            with records.serial():
                return do(dict(form.cleaned_data))
        except DafengError as error:
            return render(request, page, context | {"error": error.as_dict()}, status=422)
    return render(request, page, context, status=422 if request.method == "POST" else 200)


def amount(value: float | None, digits: int = 0) -> str:
    """A number in full, grouped; a dash for none."""
    return "–" if value is None else f"{value:,.{digits}f}".replace("-", "−")


def percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}%"


def unit_of(quantity: str) -> str:
    return printed(rules.told_unit(quantity))
