"""The board of the basin, one station, gauges, forecasts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dafeng.domains.energy.city_page import amount, city_here, percent
from dafeng.domains.energy.control.rules import english
from dafeng.domains.energy.hydro import board, compliance, generation, permissions, reading, rules, store, words
from dafeng.domains.energy.hydro.board import State
from dafeng.domains.energy.models import (
    EcoDecision,
    EcoWarning,
    HydroGauge,
    HydroPoint,
    HydroStation,
    InflowForecast,
    River,
)
from dafeng.kernel.actions import asks, may
from dafeng.kernel.pages import charts
from dafeng.kernel.series.points import one_look

HEIGHT = 64
"""Of one place in the drawing of a river."""
DAYS, HOURS_BACK = 30, 7


def _reading(state: State, role: str, digits: int = 2) -> str:
    return amount(state.value(role), digits)


def _row(state: State, place: str) -> dict[str, Any]:
    station = state.station
    power = _reading(state, "power", 0) if state.open else ""
    return {
        "station": station, "name": station.called(english=english()), "place": place, "light": words.light(words.NOW, state.now), "full": state.full,
        "open": state.open, "level": _reading(state, "level"), "inflow": _reading(state, "inflow"), "eco": _reading(state, "eco", 3),
        "threshold": amount(state.threshold, 3), "power": power,
    }  # fmt: skip


def _drawing(river: River, states: Sequence[State], gauges: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A river from above to below: stations and gauges in the order of their km, as a drawing 420 wide."""
    places: list[dict[str, Any]] = [
        {"km": state.station.km, "name": state.station.called(english=english()), "kind": "station", "light": words.light(words.NOW, state.now), "text": f"{_reading(state, 'eco', 2)} / {amount(state.threshold, 2)} m³/s", "address": reverse("energy:hydro-station", kwargs={"station": state.station.code})}
        for state in states
        if state.station.km is not None
    ]  # fmt: skip
    for each in gauges:
        told = each["readings"].get("flow") or each["readings"].get("level")
        places.append({"km": each["gauge"].km, "name": each["gauge"].called(english=english()), "kind": "gauge", "light": None, "text": f"{amount(told.value, 2)} {'m³/s' if 'flow' in each['readings'] else 'm'}" if told else "–", "address": reverse("energy:hydro-gauges")})  # fmt: skip
    places.sort(key=lambda each: -each["km"])
    for number, each in enumerate(places):
        y = 34 + number * HEIGHT
        each |= {"y": y, "label": y - 4, "under": y + 14, "square": y - 7, "km_text": f"{each['km']:g} km"}
    return {"river": river, "name": river.called(english=english()), "places": places, "height": 60 + HEIGHT * len(places), "end": 20 + HEIGHT * len(places)}  # fmt: skip


@require_safe
@asks(permissions.SEE)
@one_look()
def basin(request: HttpRequest) -> HttpResponse:
    """The rivers with their stations in order, levels, flows against what was decided, and what waits."""
    city, now = city_here(), timezone.now()
    stations = list(HydroStation.objects.for_user(request.user).filter(city=city.code, kind="small").select_related("river"))  # fmt: skip
    measuring = list(HydroGauge.objects.for_user(request.user).filter(city=city.code).select_related("river"))
    points = reading.points_of(stations=stations, gauges=measuring)
    states = board.states(stations, request.user, today=timezone.localdate(now), now=now, points=points)
    gauges = board.gauges(measuring, now=now, points=points)
    of_river: dict[int, River] = {each.river.pk: each.river for each in stations if each.river}
    of_river |= {each["gauge"].river.pk: each["gauge"].river for each in gauges}
    drawings = [
        _drawing(river, [each for each in states if each.station.river_id == key], [each for each in gauges if each["gauge"].river_id == key])
        for key, river in sorted(of_river.items(), key=lambda each: each[1].code)
    ]  # fmt: skip
    waiting = list(
        EcoWarning.objects.filter(station__in=[each.station.pk for each in states if each.full], stands=True)
        .exclude(state="solved").select_related("station").order_by("-level", "-first")[:5]
    )  # fmt: skip
    powers = [each.value("power") or 0.0 for each in states if each.open]
    bad = [each for each in states if each.now == "short"]
    context = {
        "drawings": drawings, "rows": [_row(each, city.place_name(each.station.place, english=english())) for each in states],
        "bad": [{"state": each, "row": _row(each, ""), "share": percent((each.share or 0) * 100)} for each in bad], "alerts": [each for each in gauges if each["alert"]],
        "warnings": [{"row": each, "level": words.LEVELS[each.level], "tag": words.LEVEL_TAGS[each.level]} for each in waiting],
        "figures": [
            {"title": _("小水电站"), "value": str(len(states)), "unit": _("座"), "note": _("您能看到的")},
            {"title": _("此刻低于核定流量"), "value": str(len(bad)), "unit": _("座"), "note": ""},
            {"title": _("遥测中断或没有测点"), "value": str(sum(each.now in ("late", "none") for each in states)), "unit": _("座"), "note": _("不算达标")},
            {"title": _("此刻出力"), "value": amount(sum(powers) / 1000, 2), "unit": "MW", "note": _("只含可见出力的电站")},
        ],
        "keeps": may(request.user, permissions.KEEP), "runs": may(request.user, permissions.RUN), "tells": may(request.user, permissions.TELL),
    }  # fmt: skip
    return render(request, "energy/hydro/basin.html", context)


def _series(name: Any, xs: Sequence[str], values: Any, tone: int, *, dashed: bool = False) -> charts.Series:
    known = {x: float(v) if np.isfinite(v) else None for x, v in zip(xs, values, strict=True)}
    return charts.Series(name, known, tone=tone, dashed=dashed)


@require_safe
@asks(permissions.SEE)
@one_look()
def station(request: HttpRequest, station: str) -> HttpResponse:
    """One station: the register, now, flow against what was decided, inflow, generation; what is not shared is not there."""
    city, now = city_here(), timezone.now()
    found = store.station_for(request.user, station)
    points, decisions = reading.points_of(stations=[found]), compliance.decisions_of([found])
    state = board.states([found], request.user, today=timezone.localdate(now), now=now, points=points, decisions=decisions)[0]  # fmt: skip
    last = timezone.localdate(now) - timedelta(days=1)
    drawn = _charts(points, decisions.get(found.pk, []), last, now=now)
    for chart in drawn.values():
        if chart and (answer := chart.download(request)):
            return answer
    judged = compliance.judge([found], last - timedelta(days=DAYS - 1), last, now=now, points=points, decisions=decisions).get(found.pk)  # fmt: skip
    context = {
        "station": found, "name": found.called(english=english()), "state": state, "row": _row(state, city.place_name(found.place, english=english())),
        "charts": drawn, "judged": judged, "verdict": words.light(words.VERDICTS, judged.verdict) if judged else None,
        "hours": judged.hours if judged else None, "share": percent(judged.hours.share * 100) if judged and judged.hours.share is not None else "–",
        "rule": rules.rule_of(last), "readings": _readings(state), "days": DAYS,
        "keeps": may(request.user, permissions.KEEP, found.place), "consents": may(request.user, permissions.CONSENT, found),
        "decisions": list(found.decisions.select_related("record").order_by("-since", "-pk")) if state.full else [],
        "warnings": list(found.warnings.filter(stands=True)[:5]) if state.full else [],
    }  # fmt: skip
    if state.open:
        context["made"] = _generation(found, points, drawn, last, full=state.full)
    return render(request, "energy/hydro/station.html", context)


def _readings(state: State) -> list[dict[str, Any]]:
    titles = {"level": (_("上游水位"), "m", 2), "inflow": (_("入库流量"), "m³/s", 2), "eco": (_("生态流量"), "m³/s", 3), "power": (_("出力"), "kW", 0)}  # fmt: skip
    return [
        {"title": titles[role][0], "value": amount(each.value, titles[role][2]), "unit": titles[role][1], "at": timezone.localtime(each.at), "late": each.late}
        for role, each in state.readings.items()
    ]  # fmt: skip


def _charts(
    points: Sequence[HydroPoint], decisions: Sequence[EcoDecision], last: date, *, now: datetime
) -> dict[str, charts.Chart | None]:
    """Hours of the ecological flow beside what was decided; days of the inflow and the level."""
    shared = [each for each in points if each.role in board.SHARED]
    bound = {each.role: each for each in shared}
    hours = reading.hours(shared, last - timedelta(days=HOURS_BACK - 1), last + timedelta(days=1), now=now)
    days = reading.days(shared, last - timedelta(days=DAYS - 1), last)
    xs = reading.hour_labels(hours)
    limit = [
        compliance.threshold_on(decisions, timezone.localtime(hours.start + timedelta(hours=number)).date())
        for number in range(hours.count)
    ]
    of_day = [f"{last - timedelta(days=DAYS - 1 - number):%m-%d}" for number in range(DAYS)]
    return {
        "eco": charts.lines(
            _("近一周生态流量"), "m³/s", xs,
            [_series(_("泄放"), xs, hours.of(bound.get("eco")), 0), _series(_("核定值"), xs, [np.nan if each is None else each for each in limit], 2, dashed=True)],
            decimals=3, name="eco",
        ),
        "inflow": charts.lines(_("近三十天入库流量"), "m³/s", of_day, [_series(_("入库流量"), of_day, days.of(bound.get("inflow")), 1)], decimals=2, name="inflow"),
    }  # fmt: skip


def _generation(
    found: HydroStation, points: Sequence[HydroPoint], drawn: dict[str, Any], last: date, *, full: bool
) -> dict[str, Any]:
    """Generation of the last thirty days; income only for those who see the station in full."""
    made = generation.generated([found], last - timedelta(days=DAYS - 1), last, points=points)[found.pk]
    xs = [f"{made.first + timedelta(days=number):%m-%d}" for number in range(len(made.kwh))]
    bars = {x: float(v) for x, v in zip(xs, made.kwh, strict=True) if np.isfinite(v)}
    drawn["kwh"] = charts.stacked(_("近三十天发电量"), "kWh", xs, [charts.Series(_("发电量"), bars, tone=3)], decimals=0, name="kwh") if bars else None  # fmt: skip
    income = None
    if full and found.price is not None and made.total is not None:
        income = float(found.price) * made.total
    return {
        "total": amount(made.total), "known": made.known_days, "hours": amount(made.hours, 1), "water": amount(made.water_per_kwh, 1),
        "efficiency": amount(made.efficiency, 3), "doubtful": made.doubtful, "rated_head": made.rated_head, "estimated": percent(made.estimated * 100),
        "metered": made.metered, "income": amount(income) if income is not None else "", "shows_income": full,
    }  # fmt: skip


@require_safe
@asks(permissions.SEE)
@one_look()
def gauges(request: HttpRequest) -> HttpResponse:
    """Automatic hydrological measuring: rain, level and flow of each gauge."""
    city, now = city_here(), timezone.now()
    rows = list(HydroGauge.objects.for_user(request.user).filter(city=city.code).select_related("river"))
    found, keeps = board.gauges(rows, now=now), may(request.user, permissions.KEEP)
    last = timezone.localdate(now) - timedelta(days=1)
    bound = reading.points_of(gauges=rows, roles=("rain", "flow"))
    block = reading.days(bound, last - timedelta(days=DAYS - 1), last)
    xs = [f"{last - timedelta(days=DAYS - 1 - number):%m-%d}" for number in range(DAYS)]
    for each in found:
        own = {point.role: point for point in bound if point.gauge_id == each["gauge"].pk}
        rain = _series(_("雨量"), xs, block.of(own.get("rain")), 1)
        each["rain"] = charts.stacked(_("近三十天雨量"), "mm", xs, [rain], name=f"rain-{each['gauge'].pk}")
        each["flow"] = charts.lines(_("近三十天流量"), "m³/s", xs, [_series(_("流量"), xs, block.of(own.get("flow")), 0)], decimals=2, name=f"flow-{each['gauge'].pk}")  # fmt: skip
        for chart in (each["rain"], each["flow"]):
            if chart and (answer := chart.download(request)):
                return answer
        each["name"] = each["gauge"].called(english=english())
        each["keeps"] = keeps and permissions.own_place(request.user, each["gauge"].place)
        each["now"] = [
            {"title": title, "value": amount(own_.value, 2), "unit": unit, "at": timezone.localtime(own_.at), "late": own_.late}
            for role, title, unit in (("level", _("水位"), "m"), ("flow", _("流量"), "m³/s"), ("rain", _("时段雨量"), "mm"))
            if (own_ := each["readings"].get(role))
        ]  # fmt: skip
    return render(request, "energy/hydro/gauges.html", {"gauges": found, "keeps": keeps})


@require_safe
@asks(permissions.SEE)
def forecasts(request: HttpRequest) -> HttpResponse:
    """The newest forecast of each station that one sees in full, with what such forecasts were worth."""
    rows = []
    newest: dict[int, InflowForecast] = {}
    mine = HydroStation.objects.in_full(request.user).filter(city=city_here().code, kind="small").select_related("river")  # fmt: skip
    for each in InflowForecast.objects.filter(station__in=mine).order_by("made_on").select_related("station__river"):
        newest[each.station_id] = each
    for each in newest.values():
        kwh = [day["kwh"] for day in each.days]
        score = each.score
        rows.append(
            {
                "row": each, "name": each.station.called(english=english()), "rung": words.RUNGS[each.rung], "tomorrow": amount(each.days[0]["inflow"], 2),
                "week": amount(sum(kwh)) if None not in kwh else "–", "error": amount((score.get("error") or [None])[0], 2),
                "plain": amount((score.get("persistence") or [None])[0], 2), "usual": amount((score.get("climatology") or [None])[0], 2),
                "inside": percent(score["inside"][0] * 100) if score.get("inside") and score["inside"][0] is not None else "–",
            }
        )  # fmt: skip
    return render(request, "energy/hydro/forecasts.html", {"rows": rows, "runs": may(request.user, permissions.RUN)})


@require_safe
@asks(permissions.SEE)
def forecast(request: HttpRequest, station: str) -> HttpResponse:
    """The week to come of one station: inflow and kWh with their bands; method, score, and what was passed over."""
    found = store.station_in_full(request.user, station)
    row = found.forecasts.first()
    context: dict[str, Any] = {"station": found, "name": found.called(english=english()), "row": row}
    if row is not None:
        context |= _forecast(row, found)
        for chart in (context["inflow"], context["kwh"]):
            if chart and (answer := chart.download(request)):
                return answer
    return render(request, "energy/hydro/forecast.html", context)


def _forecast(row: InflowForecast, station: HydroStation) -> dict[str, Any]:
    xs = [day["day"][5:] for day in row.days]

    def line(value: str, low: str, high: str, tone: int) -> charts.Series:
        known = {x: day[value] for x, day in zip(xs, row.days, strict=True)}
        return charts.Series(
            _("预测与 80% 区间"), known, tone=tone,
            low={x: day[low] for x, day in zip(xs, row.days, strict=True) if day[low] is not None},
            high={x: day[high] for x, day in zip(xs, row.days, strict=True) if day[high] is not None},
        )  # fmt: skip

    score = row.score
    lines = []
    for number in range(len(row.days)):
        cells = [(score.get(name) or [None] * 7)[number] for name in ("error", "persistence", "climatology")]
        energy = [(score.get("kwh", {}).get(name) or [None] * 7)[number] for name in ("error", "persistence", "climatology")]  # fmt: skip
        inside = (score.get("inside") or [None] * 7)[number]
        lines.append({"lead": number + 1, "cells": [amount(each, 2) for each in cells], "energy": [amount(each) for each in energy], "inside": percent(inside * 100) if inside is not None else "–"})  # fmt: skip
    return {
        "inflow": charts.lines(_("未来一周入库流量"), "m³/s", xs, [line("inflow", "low", "high", 1)], decimals=2, name="inflow"),
        "kwh": charts.lines(_("未来一周发电量"), "kWh", xs, [line("kwh", "kwh_low", "kwh_high", 3)], decimals=0, name="kwh"),
        "rung": words.RUNGS[row.rung], "lines": lines if score.get("origins") else [], "origins": score.get("origins", 0), "rain": score.get("rain", ""),
        "passed": [{"title": words.RUNGS[name], "why": words.WHY[why]} for name, why in score.get("why", {}).items()],
        "stand_in": f"{rules.stand_in_efficiency():g}" if score.get("stand_in") else "",
    }  # fmt: skip
