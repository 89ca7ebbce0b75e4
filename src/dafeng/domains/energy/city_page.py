"""What the pages share: the city, whom a person may report for, files as evidence, refusals told in their own words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.energy.control import city as cities
from dafeng.domains.energy.control import permissions, rules
from dafeng.domains.energy.models import EnergyCity
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import DafengError, NotFound, StaleError, UploadError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence, Record

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


def told(request: HttpRequest, do: Callable[[], Any], done: str) -> bool:
    """Do it and say so; what was refused is said in its own words."""
    try:
        do()
    except DafengError as error:
        messages.error(request, " ".join(filter(None, (error.what, error.expected, error.mend))))
        return False
    messages.success(request, done)
    return True


def unchanged(request: HttpRequest, record: Any) -> None:
    if request.POST.get("state") != record.state:
        raise StaleError(_("已被他人办理，现为“%(state)s”") % {"state": record.state_title}, mend=_("请返回看最新情况"))


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


def record_of(request: HttpRequest, id: UUID, *kinds: str, mend: str, **more: Any) -> Record:
    """A record of these kinds that this person may see. Raises `NotFound`; `mend` says where to come in again."""
    found = Record.objects.for_user(request.user).of_kind(*kinds).filter(pk=id, **more).first()
    if found is None:
        raise NotFound(_("没有这份记录"), mend=mend)
    return found


def timeline(record: Any) -> list[dict[str, Any]]:
    """What `parts/timeline.html` shows of a record."""
    workflow = record.workflow
    bad = ("drop", "refuse", "revoke")
    return [
        {
            "title": _("新建") if move.action == "open" else workflow.title_of(move.action), "at": move.at, "by": move.by or _("系统"),
            "text": move.reason, "bad": move.action in bad,
        }
        for move in record.moves.select_related("by")
    ]  # fmt: skip


def amount(value: float | None, digits: int = 0) -> str:
    """A number in full, grouped; a dash for none."""
    return "–" if value is None else f"{value:,.{digits}f}".replace("-", "−")


def percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}%"


def unit_of(quantity: str) -> str:
    return rules.quantities()[quantity].unit.replace("CO2", "CO₂").replace("m3", "m³")
