"""Which run of a city a person sees, and which of its years."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.utils import translation
from django.utils.translation import gettext as _

from dafeng.domains.inventory import permissions
from dafeng.domains.inventory.models import City, InventoryRun
from dafeng.kernel.actions import may
from dafeng.kernel.errors import NotFound
from dafeng.kernel.pages import asked


def city_of(code: str) -> City:
    """Raises `NotFound` for a city that is not loaded."""
    city = City.objects.filter(pk=code).first()
    if city is None:
        raise NotFound(_("没有代码为“%(code)s”的城市") % {"code": code[:12]}, mend=_("请从导航重新进入"))
    return city


def visible_run(user: Any, code: str) -> InventoryRun | None:
    """The current run where the person may see it, else the newest published one, else none."""
    runs = InventoryRun.objects.filter(city=code).select_related("city")
    current = runs.filter(current=True).first()
    if current is not None and may(user, permissions.SEE, current):
        return current
    return runs.exclude(published_at=None).first()


def run_of(request: HttpRequest, code: str) -> InventoryRun:
    """The run that a page shows: the one the address names (`run=3`), else the visible one. Raises `NotFound`."""
    number = request.GET.get("run", "").strip()
    if number:
        found = (
            InventoryRun.objects.filter(city=code, number=int(number)).select_related("city").first()
            if number.isascii() and number.isdigit() and len(number) < 9
            else None
        )
        if found is None or not may(request.user, permissions.SEE, found):
            raise NotFound(_("没有第 %(number)s 版清单") % {"number": number[:12]}, mend=_("请从“编制与报告”里选一版"))
        return found
    run = visible_run(request.user, code)
    if run is None:
        city = city_of(code)
        raise NotFound(
            _("%(city)s还没有可以查看的清单") % {"city": city.name}, mend=_("草稿要登录后查看；尚未编制的请先编制")
        )
    return run  # fmt: skip


def years_of(run: InventoryRun) -> list[int]:
    return [int(year) for year in run.summary["years"]]


def year_of(request: HttpRequest, run: InventoryRun) -> int:
    """The year in the address, else the latest that has a number. Raises `NotFound` for a year that the run lacks."""
    known = [int(year) for year, row in run.summary["years"].items() if row["net"] is not None]
    years = years_of(run)
    if not years:
        raise Http404
    return asked.year(request, years, default=max(known or years))


def english() -> bool:
    return (translation.get_language() or "").startswith("en")


def named(run: InventoryRun) -> str:
    """The city's name in the reader's language."""
    return run.city.name_en if english() else run.city.name


def place_names(city: City) -> dict[str, str]:
    """Code → name of the city and its counties in the reader's language."""
    return {
        city.code: city.name_en if english() else city.name,
        **{code: names[int(english())] for code, names in city.counties.items()},
    }
