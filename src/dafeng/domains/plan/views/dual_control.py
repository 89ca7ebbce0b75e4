"""双控: the yearly split of the intensity targets, and the counties' lights month by month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dafeng.domains.plan import bindings, permissions
from dafeng.domains.plan.methods.dual_control import rules
from dafeng.domains.plan.models import Target, said
from dafeng.domains.plan.services import county_months, five_years, reported
from dafeng.domains.plan.services.city import city_of, first_city
from dafeng.domains.plan.services.names import department_name
from dafeng.domains.plan.views.targets import LIGHTS, SIGNS, light, number
from dafeng.kernel.accounting import all_methods
from dafeng.kernel.actions import asks, may
from dafeng.kernel.pages import asked
from dafeng.kernel.pages.charts import Chart, Series, lines
from dafeng.kernel.pages.tables import Column, Table


def place_names(code: str) -> dict[str, str]:
    """The city and its counties in the reader's language."""
    city = city_of(code)
    return {city.code: said(city.name, city.name_en)} | {each: said(*both) for each, both in city.counties.items()}


@require_safe
@asks(permissions.SEE)
def five(request: HttpRequest) -> HttpResponse:
    """One intensity target over its years; what is missing, and who supplies it."""
    code = first_city()
    found = five_years.tested(code) if code else []
    if not found:
        return render(request, "plan/dual/five_years.html", {"target": None})
    places = place_names(code)
    options = {str(each.pk): f"{_short_name(each)} {each.baseline_year}–{each.year} {places.get(each.place, each.place)}" for each in found}  # fmt: skip
    chosen = asked.one_of(request, "target", options, default=str(found[0].pk))
    target = next(each for each in found if str(each.pk) == chosen)
    rows = five_years.table(target)
    chart = chart_of(target, rows)
    if chart and (answer := chart.download(request)):
        return answer
    used = [each for each in rules().values() if each.id in {id for row in rows for id in row["lineage"]["rules"]}]
    context = {
        "target": target, "tabs": asked.tabs(request, "target", options), "rows": [_shown(row) for row in rows], "chart": chart,
        "place": places.get(target.place, target.place), "energy": five_years.MEASURES[target.binding] == "energy",
        "unit": five_years.UNITS[five_years.MEASURES[target.binding]], "split": target.settled.get("split", ""),
        "lacks": _lacks(request, target, rows), "rules": [(each, said(*each.text), said(*each.standing)) for each in used],
        "may_bind": may(request.user, permissions.BIND), "works": may(request.user, permissions.SEE_WORK),
    }  # fmt: skip
    return render(request, "plan/dual/five_years.html", context)


def _short_name(target: Target) -> str:
    return _("能耗强度") if five_years.MEASURES[target.binding] == "energy" else _("碳排放强度")


def chart_of(target: Target, rows: Sequence[Mapping[str, Any]]) -> Chart | None:
    """The fall since the base year, beside what the split asks of each year."""
    base = {int(target.baseline_year or 0): 0.0}
    fallen = {row["year"]: row.get("fall") for row in rows}
    due = {row["year"]: row.get("required") for row in rows}
    series = []
    if any(value is not None for value in fallen.values()):
        series.append(Series(_("累计降低率"), base | fallen, tone=1))
    if any(value is not None for value in due.values()):
        series.append(Series(_("按分解应降低"), base | due, tone=7, dashed=True))
    if not series:
        return None
    return lines(_("比基年累计降低率"), "%", [*base, *fallen], series, decimals=2, name="fall")


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A year for the page: verdict in words, formula and inputs with their names."""
    lineage = row["lineage"]
    formulas = all_methods()
    words = {each.code: said(each.name, each.name_en) for each in bindings.register().inputs}
    words |= {each.indicator: said(each.name, each.name_en) for each in bindings.register().bindings if each.indicator}
    inputs = []
    for cell, value in lineage["inputs"].items():
        code, _blank, year = cell.rpartition(" ")
        inputs.append(f"{words.get(code.partition('|')[0], code)} {year} = {number(value)}")
    method = formulas.get(lineage["method"])
    return {
        **row, "inputs": inputs, "formula": method.formula if method else "", "source": method.source if method else "", "runs": lineage["runs"],
        "missing": [said(*each) for each in lineage["missing"]],
    }  # fmt: skip


def _lacks(request: HttpRequest, target: Target, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Missing inputs, one line each with all its years, its department, and the form to hand it in."""
    merged: dict[str, dict[str, Any]] = {}
    for each in five_years.lacking(target, rows, timezone.localdate(timezone.now()).year - 1):
        line = merged.setdefault(each.code, {"name": each.name, "owner": department_name(each.owner) or "–", "years": [], "code": each.code})  # fmt: skip
        line["years"].append(each.year)
    for code, line in merged.items():
        item = reported.items().get(code)
        if item and reported.may_report(request.user, item, target.place):
            line["href"] = f"{reverse('plan:value-new')}?{urlencode({'indicator': code, 'subject': target.place, 'period': line['years'][0]})}"  # fmt: skip
    return list(merged.values())


# ---------------------------------------------------------------- counties by month


@require_safe
@asks(permissions.SEE_WORK)
def counties(request: HttpRequest) -> HttpResponse:
    """Every county's light in every month of a year, and what follows from months in a row."""
    code = first_city()
    if not code:
        return render(request, "plan/targets/none.html", {"title": _("县区晴雨表")})
    places = place_names(code)
    found = county_months.months(code)
    years = sorted({each.period[:4] for each in found}, reverse=True)
    year = asked.one_of(request, "year", dict.fromkeys(years, ""), default=years[0]) if years else ""
    own = [each for each in found if each.period[:4] == year]
    table = Table(
        request,
        county_months.frame(own, places),
        [
            Column("county", _("县区")),
            Column("period", _("月份")),
            Column("fall", _("累计降低率 %"), numeric=True, show=lambda r: number(r["fall"])),
            Column("required", _("进度要求 %"), numeric=True, show=lambda r: number(r["required"])),
            Column("light", _("亮灯"), show=lambda r: light(r["light"])),
            Column("streak", _("连续月数"), numeric=True),
            Column("follows", _("后果"), show=lambda r: FOLLOWS[r["follows"]]() if r["follows"] else "–"),
        ],
        _("各月数值"),
        search=("county", "period"),
        order="-period",
        empty=_("这一年还没有各县区的月度数。"),
        file="county-months",
    )  # fmt: skip
    if answer := table.download():
        return answer
    by_cell = {(each.county, each.period): each for each in own}
    lines_ = [
        {"name": name, "months": [_cell(by_cell.get((county, f"{year}-{month:02d}")), month) for month in range(1, 13)]}
        for county, name in places.items() if county != code
    ]  # fmt: skip
    context = {
        "lines": lines_, "months": range(1, 13), "year": year, "tabs": asked.tabs(request, "year", {each: each for each in years}) if years else [],
        "table": table, "legend": [light(name) for name in ("red", "yellow", "green", "unknown")], "rules": county_months.rule_words(),
        "suppliers": [(item.name, department_name(item.owner)) for item in map(reported.item_of, (reported.FALL, reported.REQUIRED))],
    }  # fmt: skip
    return render(request, "plan/dual/counties.html", context)


FOLLOWS = {"remind": lambda: _("提醒"), "limit": lambda: _("节能审查区域限批")}


def _cell(found: county_months.Month | None, month: int) -> dict[str, Any]:
    """A month of a county: sign and word, and how many red months in a row."""
    if found is None:
        return {"month": month, "sign": "·", "tone": "", "word": _("没有数"), "streak": 0}
    tone, sign = SIGNS[found.light]
    return {"month": month, "sign": sign, "tone": tone, "word": LIGHTS[found.light], "streak": found.streak if found.light == "red" and found.streak > 1 else 0}  # fmt: skip


urlpatterns = [
    path("dual-control/", five, name="dual-control"),
    path("warnings/counties/", counties, name="warnings-counties"),
]
