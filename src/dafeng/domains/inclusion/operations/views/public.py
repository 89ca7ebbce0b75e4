"""For everybody: the open figures and the four systems; for the operator: the day."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.operations import console as services
from dafeng.domains.inclusion.operations import statistics
from dafeng.domains.inclusion.operations.statistics import ALL, EARLIER, Figure, Statistics
from dafeng.domains.inclusion.operations.views import city
from dafeng.domains.inclusion.operations.words import english
from dafeng.kernel.actions import asks
from dafeng.kernel.pages import charts
from dafeng.kernel.pages.kept import MINUTE, kept

TONES = {"travel": 1, "energy": 2, "recycling": 3, "consumption": 4, "tourism": 5, "sink": 6}


def group_name(code: str) -> str:
    """A group of methodologies in words."""
    from dafeng.domains.inclusion.standards import names

    known = getattr(names, "GROUPS", {})
    return str(known.get(code, code))


@require_safe
@asks(permissions.SEE)
def open_figures(request: HttpRequest) -> HttpResponse:
    """The public dashboard."""
    programme = city()
    found = statistics.latest(programme, today=timezone.localdate())
    months = [month for month in found.months if month != EARLIER]
    by_group = {(each.month, each.part): each for each in found.by_group}
    series = _series(found, months)
    grams = charts.stacked(_("各领域减排量"), _("千克 CO₂e"), months, series, name="grams", note=_("不足 %(least)s 人的领域不分列") % {"least": found.least})  # fmt: skip
    totals = {month: by_group[month, ALL] for month in months}
    flow = charts.lines(
        _("积分产生与使用"), _("分"), months,
        [
            charts.Series(_("产生"), {month: totals[month].points for month in months}, 1),
            charts.Series(_("兑换与捐赠"), {month: found.redeemed[month] for month in months}, 4),
        ],
        name="points", decimals=0,
    )  # fmt: skip
    for chart in (grams, flow):
        if chart and (file := chart.download(request)):
            return file
    counties = [
        {"name": programme.place_name(code, english=english()) if code else _("其他"), "members": found.members_by_county[code], "figure": found.cell(county=code) if code else _county(found, "")}
        for code in found.counties
    ]  # fmt: skip
    context = {"programme": programme, "statistics": found, "all": found.cell(), "grams": grams, "flow": flow, "counties": counties, "groups": [{"name": group_name(group), "figure": by_group[ALL, group]} for group in found.groups], "months": [{"name": _("更早") if month == EARLIER else month, "figure": by_group[month, ALL], "redeemed": found.redeemed[month]} for month in found.months], "redeemed": found.redeemed[ALL]}  # fmt: skip
    return render(request, "inclusion/operations/open.html", context)


def _series(found: Statistics, months: list[str]) -> list[charts.Series]:
    """Kilograms by group; what is hidden in a month whose total is shown is one more colour, so that columns are whole."""
    cells = {(each.month, each.part): each.grams for each in found.by_group}
    rest: dict[str, float | None] = {}
    for month in months:
        total, parts = cells[month, ALL], [cells[month, group] for group in found.groups]
        if total is not None and None in parts:
            rest[month] = (total - sum(part or 0 for part in parts)) / 1000
    series = [
        charts.Series(
            group_name(group), {month: _kilograms(cells[month, group]) for month in months}, TONES.get(group, 7)
        )
        for group in found.groups
        if any(cells[month, group] for month in months)
    ]
    return [*series, charts.Series(_("不分列的领域"), rest, 8)] if rest else series


def _county(found: Statistics, code: str) -> Figure:
    return next(each for each in found.by_county if each.month == ALL and each.part == code)


def _kilograms(grams: int | None) -> float | None:
    return None if grams is None else grams / 1000


@require_safe
@asks(permissions.SEE)
def open_json(request: HttpRequest) -> JsonResponse:
    """The same figures for programs: grams of CO2e, points; null where a cell is left out."""
    return JsonResponse(
        statistics.latest(city(), today=timezone.localdate()).as_dict(), json_dumps_params={"ensure_ascii": False}
    )


@require_safe
@asks(permissions.SEE)
def open_csv(request: HttpRequest) -> HttpResponse:
    """The same figures as a sheet, one cell a row; empty where a cell is left out."""
    found = statistics.latest(city(), today=timezone.localdate())
    target = io.StringIO()
    target.write("\ufeff")
    writer = csv.writer(target)
    writer.writerow(["month", "by", "part", "persons", "events", "grams_co2e", "points"])
    rows: list[tuple[str, Figure]] = [("group", each) for each in found.by_group]
    rows += [("county", each) for each in found.by_county if each.part != ALL]
    for kind, each in rows:
        figures: list[Any] = [
            "" if value is None else value for value in (each.persons, each.events, each.grams, each.points)
        ]
        writer.writerow([each.month, kind, each.part or "other", *figures])
    answer = HttpResponse(target.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="inclusion-{found.day}.csv"'
    return answer


@require_safe
@asks(permissions.SEE)
def systems(request: HttpRequest) -> HttpResponse:
    """The four systems that the plan names."""
    programme = city()
    found = kept("inclusion.systems", programme.code, make=lambda: services.systems(programme), seconds=MINUTE)
    return render(request, "inclusion/operations/systems.html", {"systems": found})


@require_safe
@asks(permissions.OPERATE)
def console(request: HttpRequest) -> HttpResponse:
    """The operator's day."""
    lines = services.day(city(), now=timezone.now())
    return render(
        request, "inclusion/operations/console.html", {"lines": lines, "quiet": not any(each.count for each in lines)}
    )


urlpatterns = [
    path("open/", open_figures, name="open"),
    path("open/data.json", open_json, name="open-json"),
    path("open/data.csv", open_csv, name="open-csv"),
    path("systems/", systems, name="systems"),
    path("console/", console, name="console"),
]
