"""What owners and counties share: notices to those below, consent; and the operation of pumped storage."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.energy.city_page import amount, city_here, percent
from dafeng.domains.energy.control.rules import english
from dafeng.domains.energy.hydro import notices, permissions, pumping, reading, store
from dafeng.domains.energy.hydro.forms import LogForm, NoticeForm
from dafeng.domains.energy.hydro.methods import pumped
from dafeng.domains.energy.hydro.views.register import unknown
from dafeng.domains.energy.models import HydroNotice, HydroStation
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.pages import charts
from dafeng.kernel.pages.steps import told
from dafeng.kernel.series.points import one_look

DAYS = 14
MOST = 100


def own_stations(user: Any, city: str) -> list[HydroStation]:
    """Those for which a person may speak."""
    rows = HydroStation.objects.in_full(user).filter(city=city).exclude(river=None)
    return [each for each in rows if may(user, permissions.TELL, each)]


def _called(row: HydroNotice) -> str:
    return row.station.called(english=english())


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.SEE)
def notices_page(request: HttpRequest) -> HttpResponse:
    """What was told to this person, and telling those below."""
    now, city = timezone.now(), city_here()
    mine = {each.code: each for each in own_stations(request.user, city.code)} if may(request.user, permissions.TELL) else {}  # fmt: skip
    form = NoticeForm(request.POST or None, stations=mine.values()) if mine else None
    error = None
    if request.method == "POST" and form is not None and form.is_valid():
        given = dict(form.cleaned_data)
        try:
            station = mine[given.pop("station")]
            notices.post(station, **given, by=request.user, now=now)
            count = len(notices.readers_of(station))
            messages.success(request, _("已发布，下游 %(count)s 座电站的业主和所在县区能看到") % {"count": count})
            return redirect("energy:hydro-notices")
        except DafengError as refused:
            error = refused.as_dict()
    rows = [
        {"row": each, "name": _called(each), "now": each.withdrawn_at is None and each.starts <= now < each.ends, "over": each.ends <= now, "flow": amount(each.flow, 2), "mine": each.station.code in mine}
        for each in notices.seen_by(request.user).filter(station__city=city.code)[:MOST]
    ]  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "energy/hydro/notices.html", {"rows": rows, "form": form, "error": error}, status=status)


@require_POST
@asks(permissions.TELL)
def withdraw(request: HttpRequest, id: int) -> HttpResponse:
    found = notices.seen_by(request.user).filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这条通告"), mend=_("请从水情通告进入"))
    told(request, lambda: notices.withdraw(found, by=request.user, now=timezone.now()), _("已撤回"))
    return redirect("energy:hydro-notices")


@require_POST
@asks(permissions.CONSENT)
def consent(request: HttpRequest, station: str) -> HttpResponse:
    """The owner agrees, or no longer, to share power and generation."""
    found = store.station_in_full(request.user, station)
    shares = request.POST.get("shares") == "yes"
    told(request, lambda: store.consent(found, shares=shares, by=request.user, now=timezone.now()), _("已登记"))
    return redirect("energy:hydro-station", station=station)


STATES = {
    "generating": ("green", "▲"),
    "pumping": ("yellow", "▼"),
    "standby": ("unknown", "■"),
    "unknown": ("red", "?"),
}


def _titles() -> dict[str, str]:
    return {"generating": _("发电"), "pumping": _("抽水"), "standby": _("备用"), "unknown": _("没有读数")}


def _units(station: HydroStation, found: list[Any], *, now: Any) -> tuple[list[dict[str, Any]], Any]:
    """What each machine does now, and the newest level."""
    newest = reading.latest(found, now=now)
    of_machine = pumping.machines(station, found)
    each_kw = (station.capacity or 0.0) / max(len(of_machine), 1)
    units = []
    for each in of_machine:
        told_ = newest.get(each.pk)
        value = None if told_ is None or told_.late else told_.value
        code = pumped.state_of(value, each_kw)
        units.append({"unit": each.unit, "state": {"light": STATES[code][0], "sign": STATES[code][1], "words": _titles()[code]}, "power": amount(value)})  # fmt: skip
    levels = [newest[each.pk] for each in found if each.role == "level" and each.pk in newest]
    return units, levels[0] if levels else None


@require_safe
@asks(permissions.SEE)
@one_look()
def pumped_list(request: HttpRequest) -> HttpResponse:
    """The pumped-storage stations that one sees in full; what is not registered says so."""
    city, now = city_here(), timezone.now()
    rows = list(HydroStation.objects.in_full(request.user).filter(city=city.code, kind="pumped").order_by("demo", "place"))  # fmt: skip
    bound = reading.points_of(stations=rows)
    told_ = []
    for each in rows:
        units, level = _units(each, [point for point in bound if point.station_id == each.pk], now=now)
        told_.append({"station": each, "name": each.called(english=english()), "place": city.place_name(each.place, english=english()), "capacity": unknown(each.capacity), "units": units, "count": each.units or _("待录入"), "level": amount(level.value, 2) if level else "–"})  # fmt: skip
    return render(request, "energy/hydro/pumped.html", {"rows": told_})


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.SEE)
@one_look()
def pumped_station(request: HttpRequest, station: str) -> HttpResponse:
    """Two weeks of operation: hours, kWh both ways, round-trip efficiency, level; the log where nothing is measured."""
    city, now = city_here(), timezone.now()
    found = store.station_in_full(request.user, station)
    if found.kind != HydroStation.Kind.PUMPED:
        raise NotFound(_("这不是抽水蓄能电站"), mend=_("请从流域看板进入"))
    today = timezone.localdate(now)
    last = today - timedelta(days=1)
    logs = may(request.user, permissions.LOG, found)
    form, error = LogForm(request.POST or None) if logs else None, None
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            pumping.file_log(found, **form.cleaned_data, by=request.user, now=now, today=today)
            messages.success(request, _("已登记"))
            return redirect("energy:hydro-pumped-station", station=found.code)
        except DafengError as refused:
            error = refused.as_dict()
    bound = reading.points_of(stations=[found])
    days = pumping.days(found, last - timedelta(days=DAYS - 1), last, bound=bound)
    chart = _chart(days)
    if chart and (answer := chart.download(request)):
        return answer
    units, level = _units(found, bound, now=now)
    whole = pumping.whole(days)
    known = any(
        each.operation is not None for each in days
    )  # where nothing was measured or told, nothing is known: not zero
    sources = {"points": _("测点"), "log": _("日志"), "": _("没有数据")}
    context = {
        "station": found, "name": found.called(english=english()), "place": city.place_name(found.place, english=english()), "units": units, "level": level,
        "level_text": amount(level.value, 2) if level else "–", "chart": chart, "form": form, "error": error, "capacity": unknown(found.capacity), "count": found.units or _("待录入"),
        "days": [
            {"day": each.day, "source": sources[each.source], "cells": [amount(getattr(each.operation, name), 1) for name in ("pumping", "generating", "standby", "unknown")] + [amount(each.operation.pumped), amount(each.operation.generated)] if each.operation else ["–"] * 6}
            for each in reversed(days)
        ] if known else [],
        "figures": [
            {"title": _("抽水电量"), "value": amount(whole.pumped / 1000) if known else "–", "unit": "MWh", "note": _("近两周")}, {"title": _("发电量"), "value": amount(whole.generated / 1000) if known else "–", "unit": "MWh", "note": _("近两周")},
            {"title": _("往返效率"), "value": percent(whole.efficiency * 100) if whole.efficiency is not None else "–", "unit": "", "note": _("发电量 ÷ 抽水电量；两周首尾库水位不同时有偏差")},
            {"title": _("没有读数"), "value": amount(whole.unknown, 1) if known else "–", "unit": _("机组小时"), "note": _("不算备用")},
        ],
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "energy/hydro/pumped_station.html", context, status=status)


def _chart(days: list[pumping.Day]) -> charts.Chart | None:
    known = {f"{each.day:%m-%d}": each.operation for each in days if each.operation is not None}
    if not known:
        return None
    xs = [f"{each.day:%m-%d}" for each in days]
    series = [
        charts.Series(_("发电"), {x: each.generated / 1000 for x, each in known.items()}, tone=3),
        charts.Series(_("抽水"), {x: -each.pumped / 1000 for x, each in known.items()}, tone=2),
    ]
    return charts.stacked(_("每日发电与抽水"), "MWh", xs, series, decimals=1, name="days")
