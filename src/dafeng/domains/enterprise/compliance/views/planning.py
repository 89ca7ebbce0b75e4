"""The planner under price scenarios, for a firm or its group, and the what-if of coal quality, testing and output."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dafeng.domains.enterprise.compliance import (
    forms,
    holdings,
    library,
    permissions,
    positions,
    scenarios,
    signing,
    words,
)
from dafeng.domains.enterprise.compliance.methods import planner, whatif
from dafeng.domains.enterprise.compliance.views.duty_page import called, clock, firm_of
from dafeng.domains.enterprise.models import Covered
from dafeng.kernel.actions import asks
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import DafengError
from dafeng.kernel.pages import asked

# What the form is filled with before anybody has said anything: assumptions, and named so on the page.
CCER_PRICE = Decimal("70.00")


@require_safe
@asks(permissions.PLAN)
def plan(request: HttpRequest, code: str) -> HttpResponse:
    """What to surrender, buy, sell and carry over, scenario by scenario, and why."""
    enterprise, (_now, today) = firm_of(request, code), clock()
    known = positions.years_of(enterprise)
    context: dict[str, Any] = {"enterprise": enterprise, "name": called(enterprise), "years": known}
    if not known:
        return render(request, "enterprise/compliance/plan.html", context)
    current = positions.current_year(today)
    year = asked.year(request, known, default=current if current in known else known[-1])
    form = forms.PlanForm(request.GET if "ccer_price" in request.GET else None, initial={"ccer_price": CCER_PRICE})
    context |= {"year": year, "form": form}
    if form.is_bound and not form.is_valid():
        return render(request, "enterprise/compliance/plan.html", context, status=422)
    given = form.cleaned_data if form.is_bound else {"ccer_price": CCER_PRICE, "next_value": None, "group": False}
    found = _positions(request, enterprise, year, today, group=given["group"])
    context["unknown"] = [called(each.enterprise) for each in found if each.outstanding is None]
    held = holdings.of_all()
    firms = [scenarios.firm_of(each, held.get(each.enterprise.code, []), net_sold=scenarios.net_sold(each)) for each in found if each.outstanding is not None]  # fmt: skip
    names = {each.enterprise.code: called(each.enterprise) for each in found}
    carry = today <= library.cycle_rules()["carry_over"]["apply_by"]
    try:
        if firms:
            named = scenarios.scenarios(ccer_price=given["ccer_price"], next_value=given["next_value"])
            context["plans"] = [_shown(planner.plan(firms, each, year=year, rules=library.cycle_rules(), carry=carry), names) for each in named]  # fmt: skip
    except DafengError as error:
        return render(request, "enterprise/compliance/plan.html", context | {"error": error.as_dict()}, status=422)
    return render(request, "enterprise/compliance/plan.html", context | {"carry": carry})


def _positions(request: HttpRequest, enterprise: Enterprise, year: int, today: Any, *, group: bool) -> list[positions.Position]:  # fmt: skip
    """The firm first, then its sisters: firms of the same organisation that this person may see."""
    wanted = Covered.objects.filter(year=year, enterprise__in=Enterprise.objects.for_user(request.user)).select_related("enterprise")  # fmt: skip
    wanted = wanted.filter(enterprise__organisation=enterprise.organisation).exclude(enterprise__organisation="") if group else wanted.filter(enterprise=enterprise)  # fmt: skip
    found = positions.positions(wanted, today=today)
    return sorted(found, key=lambda each: (each.enterprise != enterprise, each.enterprise.code))[: planner.LIMIT]


def _shown(made: planner.Plan, names: dict[str, str]) -> dict[str, Any]:
    rows = [
        {
            "name": names[each.code], "duty": words.tonnes(each.duty), "own": words.tonnes(sum(each.surrender.values())), "ccer": words.tonnes(each.ccer),
            "ccer_bought": words.tonnes(each.ccer_bought), "bought": words.tonnes(each.bought), "sister": words.tonnes(each.from_group),
            "sold": words.tonnes(sum(each.sold.values())), "carried": words.tonnes(sum(each.carried.values())), "left": words.tonnes(each.left),
        }
        for each in made.firms
    ]  # fmt: skip
    reasons = [(names[given["firm"]], words.reason(code, given)) for code, given in made.reasons]
    return {
        "scenario": made.scenario, "rows": rows, "cost": words.money(abs(made.cost)), "earns": made.cost < 0,
        "reasons": [f"{name}：{text}" for name, text in reasons] if len(made.firms) > 1 else [text for _name, text in reasons],
    }  # fmt: skip


# ---------------------------------------------------------------- what-if

DEFAULTS: dict[str, Any] = {"rule_set": "power-2024", "class_": "coal_large", "cooling": "water", "output": 3_000_000, "heat": 0, "heat_ratio": 0, "load_factor": 0.75, "fuel": 1_400_000, "ncv": 21.0, "carbon": 0.0262}  # fmt: skip


@require_safe
@asks(permissions.PLAN)
def what_if(request: HttpRequest, code: str) -> HttpResponse:
    """A unit before and after a change; the numbers to start with are an example until the reader gives their own."""
    enterprise, (_now, today) = firm_of(request, code), clock()
    fuel = library.cycle_rules()["fuel"]
    # Every set with classes of coal units; a draft says so. The others are on the page 配额试算.
    sets = [each for each in library.rule_sets().values() if each.method == "power"]
    classes = [(each.code, words.class_title(sets[-1], each.code)) for each in sets[-1].classes.values() if each.fuel == "coal"]  # fmt: skip
    options = [("default", f"{fuel['carbon_default']}（{_('2021 年文本，用到 2022-03')}）"), ("later", f"{fuel['carbon_later']}（{_('待确认')}）")]  # fmt: skip
    form = forms.WhatIfForm(request.GET if "fuel" in request.GET else None, initial=DEFAULTS, rule_sets=[(each.code, f"{words.title(each)} · {each.year} · {words.state(each)}") for each in sets], classes=classes, defaults=options)  # fmt: skip
    context: dict[str, Any] = {"enterprise": enterprise, "name": called(enterprise), "form": form, "example": not form.is_bound}  # fmt: skip
    if form.is_bound and not form.is_valid():
        return render(request, "enterprise/compliance/whatif.html", context, status=422)
    given = form.cleaned_data if form.is_bound else DEFAULTS | {"new_ncv": None, "new_carbon": None, "untested": True, "new_output": None, "new_load": None, "default_carbon": "default"}  # fmt: skip
    try:
        context |= _compared(given, fuel, library.close_on(today).price)
    except DafengError as error:
        return render(request, "enterprise/compliance/whatif.html", context | {"error": error.as_dict()}, status=422)
    return render(request, "enterprise/compliance/whatif.html", context)


def _compared(given: dict[str, Any], fuel: dict[str, Any], price: Decimal) -> dict[str, Any]:
    unit = whatif.Unit("u", given["class_"], given["cooling"], given["output"], given["heat"], given["heat_ratio"], given["load_factor"], given["fuel"], given["ncv"], given["carbon"], float(fuel["oxidation"]))  # fmt: skip
    change = whatif.Change(ncv=given["new_ncv"], carbon=given["new_carbon"], tested=not given["untested"], output=given["new_output"] or 1.0, load_factor=given["new_load"])  # fmt: skip
    later = given["default_carbon"] == "later"
    rules = signing.signed_set(given["rule_set"])
    made = whatif.compare(unit, change, rules, price=price, default_carbon=float(fuel["carbon_later" if later else "carbon_default"]))  # fmt: skip
    shown = {"cost": words.money, "intensity": lambda v: "–" if v is None else f"{v:.4f}".replace("-", "−")}
    lines = [{"title": words.line_title(name), "values": [shown.get(name, words.tonnes)(each) for each in row]} for name, row in made["lines"].items()]  # fmt: skip
    open_values = made["after"].status == "to_confirm" or (later and given["untested"])
    return {"lines": lines, "price": price, "open": open_values, "carbon": made["after"].carbon}


urlpatterns = [
    path("compliance/firms/<slug:code>/plan/", plan, name="compliance-plan"),
    path("compliance/firms/<slug:code>/what-if/", what_if, name="compliance-what-if"),
]
