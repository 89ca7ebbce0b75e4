"""The board: which county is red and why, in the first screen; then the map, every month, and one subject in full."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.energy.city_page import amount, city_here, evidence_of, percent, unit_of
from dafeng.domains.energy.control import balance, limits, overruns, permissions, readings, rules, warnings
from dafeng.domains.energy.control import city as cities
from dafeng.domains.energy.control import coming as expected
from dafeng.domains.energy.control.balance import Board, State
from dafeng.domains.energy.control.forms import FollowForm
from dafeng.domains.energy.control.methods.coming import Added, Why, added
from dafeng.domains.energy.models import EnergyCity, Park
from dafeng.domains.energy.models.control import Quantity
from dafeng.domains.energy.models.parks import whole_parks
from dafeng.kernel.actions import asks, demand, may
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import NotFound
from dafeng.kernel.pages import asked
from dafeng.kernel.pages.charts import Series, lines
from dafeng.kernel.pages.kept import MINUTE, kept
from dafeng.kernel.pages.maps import choropleth
from dafeng.kernel.pages.steps import told
from dafeng.kernel.records import services as records

ORDER = {"red": 0, "unknown": 1, "yellow": 2, "green": 3}
SIGNS = {"red": "■", "yellow": "▲", "green": "●", "unknown": "○"}


def words_of(light: str) -> str:
    return {"red": _("红灯"), "yellow": _("黄灯"), "green": _("绿灯"), "unknown": _("缺数")}[light]


def why(state: State) -> str:
    """The reason of a light in one sentence with its numbers."""
    unit = unit_of(state.quantity)
    if state.year_budget is None:
        return _("没有签发指标")
    if state.missing:
        return _("缺 %(months)s 的用量，不能判断") % {
            "months": "、".join(state.missing[:3]) + ("…" if len(state.missing) > 3 else "")
        }
    said = _("累计 %(used)s %(unit)s，预算 %(budget)s，占 %(ratio)s") % {
        "used": amount(state.used), "unit": unit, "budget": amount(state.budget), "ratio": percent(state.ratio),
    }  # fmt: skip
    if state.deducted:
        said += _("（总量 %(gross)s，扣减 %(deducted)s）") % {
            "gross": amount(state.gross),
            "deducted": amount(state.deducted),
        }
        if state.whole:
            said += _("，其中 %(n)s 个月没有扣减数据") % {"n": len(state.whole)}
    if state.light == "red":
        said += _("，超 %(over)s") % {"over": amount(state.over)}
    if state.year_ratio is not None and state.year_ratio > 100:
        said += _("；预计全年超指标 %(over)s") % {"over": percent(state.year_ratio - 100)}
    if state.coming:
        said += _("；预测含已批未投产项目 %(coming)s %(unit)s") % {"coming": amount(state.coming), "unit": unit}
    return said


def shown(state: State, name: str, **more: Any) -> dict[str, Any]:
    """A state as the templates show it."""
    return {
        "state": state, "name": name, "light": state.light, "sign": SIGNS[state.light], "words": words_of(state.light),
        "why": why(state), "measure": rules.measure_title(state.measure), "streak": state.streak if state.light == "red" else 0,
        "deducts": rules.deducts(state.quantity, state.subject, int(state.month[:4])),
        "used": amount(state.used), "gross": amount(state.gross), "deducted": amount(state.deducted), "budget": amount(state.budget), "year_budget": amount(state.year_budget),
        "forecast": amount(state.year_forecast), "ratio": percent(state.ratio), "year_ratio": percent(state.year_ratio),
        "address": _address(state.subject, state.quantity, state.sector), **more,
    }  # fmt: skip


def _address(subject: str, quantity: str, sector: str = "") -> str:
    query = f"?quantity={quantity}" + (f"&sector={sector}" if sector else "")
    return reverse("energy:control-subject", kwargs={"subject": subject}) + query


def board_of(city: EnergyCity, quantity: str, year: int, last: int) -> Board:
    """Kept until something is written (and a minute at most, for what meters publish)."""
    return kept(
        "energy.control.board", records.head().digest, city.code, quantity, year, last,
        make=lambda: balance.states(city.code, quantity, year, last_month=last), seconds=MINUTE,
    )  # fmt: skip


def _asked(request: HttpRequest) -> tuple[str, int, int]:
    """Quantity, year, month of the address; the newest month that is over by default."""
    quantity = asked.one_of(request, "quantity", Quantity.values, default="energy")
    this, last = warnings.last_month(timezone.now())
    year = asked.year(request, range(this - 2, this + 1), default=this)
    months = [f"{each:02d}" for each in range(1, (last if year == this else 12) + 1)]
    return quantity, year, int(asked.one_of(request, "month", months, default=months[-1]))


@require_safe
@asks(permissions.SEE)
def board(request: HttpRequest) -> HttpResponse:
    """Counties of a month by light, worst first; then the map, the grid of months, and the firms that this person sees."""
    city = city_here()
    quantity, year, month = _asked(request)
    this, last = warnings.last_month(timezone.now())
    until = last if year == this else 12
    found = board_of(city, quantity, year, until)
    name = f"{year}-{month:02d}"
    names = cities.counties(city) | {city.code: city.place_name(city.code, english=rules.english())}
    rows, grid = [], []
    for (subject, sector), months in found.items():
        kind, code = cities.subject_parts(subject)
        if kind != "place" or sector or code not in names or name not in months:
            continue
        rows.append(shown(months[name], names[code], code=code, whole=code == city.code))
        cells = [_cell(months.get(f"{year}-{each:02d}")) for each in range(1, until + 1)]
        grid.append({"name": names[code], "cells": cells, "address": rows[-1]["address"]})
    rows.sort(key=lambda each: (ORDER[each["light"]], -(each["state"].ratio or 0)))
    counties = [each for each in rows if not each["whole"]]
    told_ = {each["code"] for each in counties}
    context = {
        "city": city, "quantity": quantity, "year": year, "month": name, "unit": unit_of(quantity), "rows": counties, "grid": grid,
        "whole": next((each for each in rows if each["whole"]), None),
        "red": [each for each in counties if each["light"] == "red"],
        "yellow": [each for each in counties if each["light"] == "yellow"],
        "unknown": [each for each in counties if each["light"] == "unknown"],
        "undeducted": [each["name"] for each in rows if each["deducts"] and each["state"].used is not None and not each["state"].deducted],
        "silent": [name_ for code, name_ in cities.counties(city).items() if code not in told_],
        "months": [f"{each:02d}" for each in range(1, until + 1)],
        "month_tabs": [{"title": f"{each}", "address": asked.address(request, month=f"{each:02d}"), "current": each == month, "value": each} for each in range(1, until + 1)],
        "year_tabs": [{"title": each, "address": asked.address(request, year=each, month=""), "current": each == year, "value": each} for each in range(this - 2, this + 1)],
        "tabs": asked.tabs(request, "quantity", dict(Quantity.choices)),
        "map": _map(city, counties), "legend": legend(),
        "rules": [rules.rules()[each] for each in ("light", "streak", "deduction", "deduction_on", "budget", "forecast", "coming", "precedence")],
        "files": may(request.user, permissions.FILE), "decides": may(request.user, permissions.DECIDE),
    }  # fmt: skip
    return render(request, "energy/control/board.html", context)


def legend() -> list[dict[str, str]]:
    """Every light with its rule in words."""
    sentences = rules.light_rules().in_words("en" if rules.english() else "zh")
    titles = rules.light_titles()
    rows = [
        {"light": each.light, "sign": SIGNS[each.light], "title": titles[each.light], "rule": sentence}
        for each, sentence in zip(rules.light_rules().lights, sentences, strict=True)
    ]
    return [*rows, {"light": "unknown", "sign": SIGNS["unknown"], "title": titles["unknown"], "rule": ""}]


def _cell(state: State | None) -> dict[str, str]:
    light = state.light if state else "unknown"
    return {
        "light": light,
        "sign": SIGNS[light],
        "words": words_of(light),
        "ratio": percent(state.ratio) if state else "–",
    }


def _map(city: EnergyCity, counties: list[dict[str, Any]]) -> dict[str, Any] | None:
    values = {each["code"]: each["state"].ratio for each in counties}
    more = {each["code"]: {"light": each["light"], "words": each["words"], "sign": each["sign"]} for each in counties}
    return choropleth(city.boundary, values, cities.counties(city), more=more)


def visible(user: Any, subject: str, city: EnergyCity | None = None) -> Enterprise | None:
    """The firm of a subject that this person may see; None for a county or park. Raises `NotFound`."""
    city = city or city_here()
    kind, code = cities.subject_parts(subject)
    if kind == "place" and (code == city.code or code in city.counties):
        if permissions.OFFICES & records.roles_of(user) or getattr(user, "is_superuser", False):
            return None
    elif kind == "enterprise":
        found = Enterprise.objects.for_user(user).filter(code=code).first()
        if found is not None:
            return found
    elif kind == "park" and Park.objects.filter(whole_parks(user), code=code).exists():
        return None
    raise NotFound(_("没有这个县区、园区或企业"), mend=_("请从双控总览进入"))


@require_safe
@asks(permissions.SEE_SUBJECT)
def subject(request: HttpRequest, subject: str) -> HttpResponse:
    """One county or firm: the light and its reason, the year by month, decisions, what was done after warnings."""
    city = city_here()
    firm = visible(request.user, subject, city)
    quantity, year, month = _asked(request)
    sector = asked.one_of(request, "sector", rules.sectors())
    this, last = warnings.last_month(timezone.now())
    until = last if year == this else 12
    found, told_months, given = balance.account(city.code, quantity, year, subjects=[subject], last_month=until)
    months, told_ = found.get((subject, sector), {}), told_months.get((subject, sector), {})
    state = months.get(f"{year}-{month:02d}")
    name = cities.name_of(subject, sector, city=city, firms={subject: firm} if firm else {})
    decisions = {
        period: each for period, each in given.get((subject, sector), {}).items() if period.startswith(str(year))
    }
    light = warnings.lights_for(request.user, city.code).filter(subject=subject, sector=sector, quantity=quantity, month=f"{year}-{month:02d}").first()  # fmt: skip
    chart = _chart(months, year, until, unit_of(quantity), name)
    if download := chart and chart.download(request):
        return download
    context = {
        "subject": subject, "sector": sector, "name": name, "firm": firm, "quantity": quantity, "year": year, "month": f"{year}-{month:02d}",
        "unit": unit_of(quantity), "shown": shown(state, name) if state else None, "chart": chart, "light": light,
        "legend": legend(), "tabs": asked.tabs(request, "quantity", dict(Quantity.choices)),
        "year_tabs": [{"title": each, "address": asked.address(request, year=each, month=""), "current": each == year, "value": each} for each in range(this - 2, this + 1)],
        "rows": [_month_row(months.get(m), told_.get(m), m) for m in (f"{year}-{each:02d}" for each in range(1, until + 1))],
        "decisions": sorted(decisions.items()), "follow_ups": list(warnings.follow_ups_of(light)) if light else [],
        "sectors": [
            {"name": cities.name_of(subject, each, city=city, firms={}), "address": _address(subject, quantity, each)}
            for (_s, each) in found if each
        ],
        "form": FollowForm() if light and light.light in warnings.WARNS and may(request.user, permissions.FOLLOW, light.place) else None,
        "share": state.share_way if state else "", "way": state.forecast_way if state else "none",
        "board": permissions.OFFICES & records.roles_of(request.user),
        **_projects(city, subject, sector, quantity, year, month, state),
    }  # fmt: skip
    return render(request, "energy/control/subject.html", context)


def _why(why: Why, first: int) -> str:
    """What a project adds to the forecast, or why nothing."""
    return {
        Why.COMING: _("自 %(month)s 月起计入") % {"month": first},
        Why.LATE: _("已过投产月、仍在建设，自 %(month)s 月起计入") % {"month": first},
        Why.RUNS: _("已投产或已有计量读数，用量在月度用量里，不再加"),
        Why.IDLE: _("已过投产月、没有开工，不计入"),
        Why.UNPLACED: _("没有投产月，不计入；请建设单位在节能审查登记"),
        Why.AFTER: _("以后年度投产，本年不计入"),
    }[why]


def project_row(each: Added) -> dict[str, Any]:
    """A coming project as tables show it."""
    part = each.part
    return {
        "name": part.name or part.number or _("项目名称未公布"), "number": part.number, "year_amount": amount(part.year_amount), "gross": amount(part.gross),
        "begins": part.since or part.planned or str(part.year), "amount": amount(each.amount), "why": _why(each.why, each.first),
    }  # fmt: skip


def _projects(
    city: EnergyCity, subject: str, sector: str, quantity: str, year: int, month: int, state: State | None
) -> dict[str, Any]:
    """Approved projects of a county, the city or a firm, and what each adds to the forecast of the month shown."""
    if sector or not subject.startswith(("place:", "enterprise:")) or not rules.quantities()[quantity].coming:
        return {}
    parts = expected.parts_of(city.code, quantity, subjects=[subject]).get(subject, ())
    found = [each for part in parts if (each := added(part, year, month)) is not None]
    rows = [project_row(each) for each in sorted(found, key=lambda each: (-each.amount, each.part.number))]
    return {
        "projects": rows,
        "tells_projects": True,
        "coming": amount(state.coming) if state and state.year_forecast is not None else "",
    }


def _month_row(state: State | None, reading: readings.Reading | None, month: str) -> dict[str, Any]:
    light = state.light if state else "unknown"
    return {
        "month": month, "value": amount(reading.value) if reading else "", "basis": reading.basis if reading else "",
        "source": reading.source if reading else "", "evidence": reading.evidence if reading else None, "told": reading.told if reading else "",
        "used": amount(state.used) if state else "–", "budget": amount(state.budget) if state else "–", "ratio": percent(state.ratio) if state else "–",
        "light": light, "sign": SIGNS[light], "words": words_of(light),
    }  # fmt: skip


def _chart(months: dict[str, State], year: int, until: int, unit: str, name: str) -> Any:
    """Use and budget to date, the forecast and the quota; large numbers in tens of thousands, as the axis has little room."""
    xs = list(range(1, 13))
    states = {each: state for each in range(1, until + 1) if (state := months.get(f"{year}-{each:02d}"))}
    known = [value for state in states.values() for value in (state.used, state.year_budget) if value is not None]
    scale = 1e4 if max(known, default=0.0) >= 1e5 else 1.0
    last = states.get(until)
    points: dict[str, dict[int, float | None]] = {
        "used": {each: state.used for each, state in states.items()},
        "budget": {each: state.budget for each, state in states.items()},
        "ahead": {}, "quota": {},
    }  # fmt: skip
    if last and last.year_forecast is not None and until < 12:
        points["ahead"] = {until: last.used, 12: last.year_forecast}
    if last and last.year_budget is not None:
        points["quota"] = {until: last.budget, 12: last.year_budget}
    drawn = {
        which: {x: None if value is None else value / scale for x, value in values.items()} for which, values in points.items()
    }  # fmt: skip
    return lines(
        _("%(name)s 累计用量与预算") % {"name": name}, _("万 %(unit)s") % {"unit": unit} if scale > 1 else unit, xs,
        [
            Series(_("累计用量"), drawn["used"], tone=0), Series(_("累计预算"), drawn["budget"], tone=1),
            Series(_("预测到年底"), drawn["ahead"], tone=2, dashed=True), Series(_("全年指标"), drawn["quota"], tone=7, dashed=True),
        ],
        decimals=2 if scale > 1 else 0, name="months", note=_("横轴为月份"),
    )  # fmt: skip


@require_POST
@asks(permissions.FOLLOW)
def follow(request: HttpRequest, id: int) -> HttpResponse:
    """Log what was done after a warning."""
    light = warnings.light_for(request.user, id)
    demand(request.user, permissions.FOLLOW, light.place)
    form = FollowForm(request.POST, request.FILES)
    if form.is_valid():
        given = dict(form.cleaned_data)
        file = given.pop("file")

        def keep() -> None:
            proof = evidence_of(request, file, _("预警处置"))
            warnings.follow_up(
                light, **given, evidence=proof[0] if proof else None, by=request.user, now=timezone.now()
            )

        told(request, keep, _("已登记处置"))
    else:
        messages.error(request, _("没有写处置情况"))
    if (project := overruns.project_of(light)) is not None:
        return redirect("energy:control-project", id=project)
    year, month = light.month.split("-")
    return redirect(f"{_address(light.subject, light.quantity, light.sector)}&year={year}&month={month}")


@require_POST
@asks(permissions.ASSESS)
def assess(request: HttpRequest) -> HttpResponse:
    """Judge and publish now."""
    city, now = city_here(), timezone.now()
    changed = warnings.assess(city.code, by=request.user, now=now)
    count = warnings.publish(city.code, by=request.user, now=now)
    messages.success(
        request, _("已判定：%(changed)s 盏灯有变化，发布 %(count)s 个数") % {"changed": changed, "count": count}
    )
    return redirect("energy:control-board")


@require_safe
@asks(permissions.SEE)
def over(request: HttpRequest) -> HttpResponse:
    """The list of firms over their quota, and of those over the limit of a standard."""
    city = city_here()
    quantity, year, month = _asked(request)
    this, last = warnings.last_month(timezone.now())
    found = board_of(city, quantity, year, last if year == this else 12)
    firms = {each.subject: each for each in Enterprise.objects.for_user(request.user).filter(city=city.code)}
    rows = [
        shown(months[name], firms[subject].called(english=rules.english()), firm=firms[subject], place=city.place_name(firms[subject].place, english=rules.english()))
        for (subject, sector), months in found.items()
        if subject in firms and not sector and (name := f"{year}-{month:02d}") in months and months[name].year_budget is not None
    ]  # fmt: skip
    rows.sort(key=lambda each: (ORDER[each["light"]], -(each["state"].ratio or 0)))
    lines_ = [
        each for each in limits.lines_for(request.user, city.code, on=timezone.localdate()) if each.place == "over"
    ]
    context = {
        "rows": rows, "over": [each for each in rows if each["light"] == "red"], "limits": lines_, "month": f"{year}-{month:02d}",
        "unit": unit_of(quantity), "tabs": asked.tabs(request, "quantity", dict(Quantity.choices)), "quantity": quantity,
    }  # fmt: skip
    return render(request, "energy/control/over.html", context)


@require_safe
@asks(permissions.OWN)
def own(request: HttpRequest) -> HttpResponse:
    """A firm's people see their firms; with one, straight to its page."""
    firms = list(Enterprise.objects.for_user(request.user))
    if len(firms) == 1:
        return redirect("energy:control-subject", subject=firms[0].subject)
    rows = [
        {"name": each.called(english=rules.english()), "address": _address(each.subject, "energy")} for each in firms
    ]
    return render(request, "energy/control/own.html", {"rows": rows})
