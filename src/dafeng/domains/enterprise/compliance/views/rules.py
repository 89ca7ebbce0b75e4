"""The rule sets with their standing and open values, prices, and the calendar: for everybody. Signing: for the bureau."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.enterprise.compliance import deadlines, forms, library, permissions, positions, signing, words
from dafeng.domains.enterprise.compliance.methods.duty import cycle_of
from dafeng.domains.enterprise.compliance.methods.rulesets import RuleSet
from dafeng.domains.enterprise.compliance.views.duty_page import clock
from dafeng.domains.enterprise.models import RuleSignature
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.pages.charts import Series, lines


def set_of(code: str) -> RuleSet:
    found = library.rule_sets().get(code)
    if found is None:
        raise NotFound(_("没有这套规则"), mend=_("请从规则列表进入"))
    return found


@require_safe
@asks(permissions.SEE_RULES)
def rules(request: HttpRequest) -> HttpResponse:
    """All rule sets: which is in force, what is open."""
    signed: dict[str, dict[str, bool]] = {}
    for code, item, stands in RuleSignature.objects.order_by("pk").values_list("rule_set", "item", "stands"):
        signed.setdefault(code, {})[item] = stands
    rows = [
        {
            "rules": each, "title": words.title(each), "state": words.state(each), "standing": words.standing(each.standing),
            "open": sum(not signed.get(each.code, {}).get(item) for item in each.items()), "gaps": len(each.gaps()), "usable": each.usable,
            "empty": each.empty,
        }
        for each in library.rule_sets().values()
    ]  # fmt: skip
    groups = [
        {"title": _("全国碳市场"), "rows": [row for row in rows if row["rules"].market == "national"]},
        {"title": _("地方碳市场（城市模拟用）"), "rows": [row for row in rows if row["rules"].market != "national"]},
    ]
    return render(request, "enterprise/compliance/rules.html", {"groups": groups})


@require_safe
@asks(permissions.SEE_RULES)
def rule(request: HttpRequest, slug: str) -> HttpResponse:
    """One set: benchmarks and factors with source and standing, open values, who signed what."""
    found = set_of(slug)
    signatures = list(RuleSignature.objects.filter(rule_set=slug).select_related("by").order_by("-pk"))
    standing_signed = signing.signed_items(slug)
    return render(request, "enterprise/compliance/rule.html", _context(request, found, signatures, standing_signed))


def _context(request: HttpRequest, found: RuleSet, signatures: list[RuleSignature], signed: Iterable[str]) -> dict[str, Any]:  # fmt: skip
    held = set(signed)
    benchmarks = [
        {
            "class": words.class_title(found, each.class_), "kind": words.kind(each.kind), "value": "" if each.value is None else str(each.value),
            "unit": each.unit, "standing": words.standing(each.standing), "open": found.unsigned(each.code, each.standing) and each.code not in held,
            "signed": each.code in held, "source": each.source, "gap": each.gap,
        }
        for each in found.benchmarks.values()
    ]  # fmt: skip
    questions = [
        {
            "title": words.item(found, each.code),
            "text": each.what_en if words.english() else each.what,
            "signed": each.code in held,
        }
        for each in found.questions
    ]
    keeps = may(request.user, permissions.SIGN)
    items = [(code, words.item(found, code)) for code in found.items()]
    return {
        "rules": found, "title": words.title(found), "state": words.state(found), "standing": words.standing(found.standing), "benchmarks": benchmarks,
        "factors": _factors(found, held), "questions": questions, "keeps": keeps and bool(items),
        "form": forms.SignForm(items=items) if keeps and items else None,
        "signatures": [{"each": each, "title": words.item(found, each.item)} for each in signatures],
    }  # fmt: skip


def _factors(found: RuleSet, held: set[str]) -> list[dict[str, Any]]:
    rows: list[tuple[str, str, str, Any]] = []
    if found.cooling:
        water, air = found.cooling.values["water"], found.cooling.values["air"]
        rows.append(("cooling", words.item(found, "cooling"), _("水冷 %(water)s，空冷 %(air)s；只用于燃煤机组") % {"water": water, "air": air}, found.cooling))  # fmt: skip
    if found.heat:
        coal, gas = found.heat.values["coal"], found.heat.values["gas"]
        rows.append(("heat", words.item(found, "heat"), _("燃煤 1 − %(coal)s × 供热比，燃气 1 − %(gas)s × 供热比") % {"coal": coal, "gas": gas}, found.heat))  # fmt: skip
    if found.load:
        text = "F ≥ 85 %：1；80–85 %：1 + 0.0014 × (85 − 100F)；75–80 %：1.007 + 0.0016 × (80 − 100F)；< 75 %：1.015^(16 − 20F)"
        rows.append(("load", words.item(found, "load"), text, found.load))
    if found.pre:
        base = found.pre_base_en if words.english() else found.pre_base
        rows.append(("pre", words.item(found, "pre"), f"{found.pre.values['share']} × {base}", found.pre))
    return [
        {"title": title, "text": text, "standing": words.standing(part.standing), "source": part.source, "open": found.unsigned(code, part.standing) and code not in held, "signed": code in held}
        for code, title, text, part in rows
    ]  # fmt: skip


@require_POST
@asks(permissions.SIGN)
def sign(request: HttpRequest, slug: str) -> HttpResponse:
    """Vouch for an open value, or withdraw it."""
    found, (now, _today) = set_of(slug), clock()
    form = forms.SignForm(request.POST, items=[(code, words.item(found, code)) for code in found.items()])
    signatures = list(RuleSignature.objects.filter(rule_set=slug).select_related("by").order_by("-pk"))
    context = _context(request, found, signatures, signing.signed_items(slug))
    if not form.is_valid():
        return render(request, "enterprise/compliance/rule.html", context | {"form": form}, status=422)
    given = form.cleaned_data
    try:
        signing.sign(slug, given["item"], source=given["source"], stands=given["stands"] == "yes", by=request.user, now=now)  # fmt: skip
    except DafengError as error:
        return render(request, "enterprise/compliance/rule.html", context | {"form": form, "error": error.as_dict()}, status=422)  # fmt: skip
    messages.success(request, _("已记录"))
    return redirect("enterprise:compliance-rule", slug=slug)


@require_safe
@asks(permissions.SEE_RULES)
def prices(request: HttpRequest) -> HttpResponse:
    """CEA prices as the facts have them: a demo market, no quotation."""
    closes = library.closes()
    months: dict[str, list[Any]] = {}
    for each in closes:
        months.setdefault(f"{each.day:%Y-%m}", []).append(each.price)
    chart = lines(
        _("2025 年各月配额收盘价"), _("元/吨"), list(months),
        [
            Series(_("月内最高"), {m: float(max(p)) for m, p in months.items()}, tone=2),
            Series(_("月均"), {m: float(sum(p) / len(p)) for m, p in months.items()}, tone=1),
            Series(_("月内最低"), {m: float(min(p)) for m, p in months.items()}, tone=3),
        ],
        decimals=2, name="months",
    )  # fmt: skip
    if chart is not None and (answer := chart.download(request)) is not None:
        return answer
    low, high = min(closes, key=lambda each: each.price), max(closes, key=lambda each: each.price)
    context = {"chart": chart, "first": closes[0], "last": closes[-1], "low": low, "high": high, "count": len(closes), "annual": library.annual_prices()}  # fmt: skip
    return render(request, "enterprise/compliance/prices.html", context)


@require_safe
@asks(permissions.SEE_RULES)
def calendar(request: HttpRequest) -> HttpResponse:
    """The year's dates, and the rules of each cycle."""
    _now, today = clock()
    rows = [
        {"each": each, "title": words.date_title(each.row), "who": _("企业") if each.row["who"] == "firm" else _("生态环境局"), "standing": words.standing(each.row["standing"]), "days": (each.day - today).days}
        for each in deadlines.of_year(today.year)
    ]  # fmt: skip
    cycles = [
        {
            "each": each,
            "standing": words.standing(each["due_standing"]),
            "gap": each.get("gap_cap", ""),
            "borrow": each.get("borrow_share", ""),
            "early": first,
            "share": f"{first[1]:.0%}" if first else "",
        }
        for each in _cycles(today)
        for first in [deadlines.early(each["years"][0])]
    ]
    penalties = [{"each": each, "from": each.get("from"), "until": each.get("until"), "standing": words.standing(each["standing"]), "open": each["standing"] in "DX"} for each in library.cycle_rules()["penalty"]]  # fmt: skip
    carry = library.cycle_rules()["carry_over"]
    return render(request, "enterprise/compliance/calendar.html", {"rows": rows, "cycles": cycles, "year": today.year, "penalties": penalties, "carry": carry, "carry_standing": words.standing(carry["standing"])})  # fmt: skip


def _cycles(today: date) -> list[Mapping[str, Any]]:
    """The cycles up to the next year's, each once."""
    found = (cycle_of(year, library.cycle_rules()) for year in positions.known_years(today))
    return list({each["name"]: each for each in found}.values())


urlpatterns = [
    path("compliance/rules/", rules, name="compliance-rules"),
    path("compliance/rules/<slug:slug>/", rule, name="compliance-rule"),
    path("compliance/rules/<slug:slug>/sign/", sign, name="compliance-sign"),
    path("compliance/prices/", prices, name="compliance-prices"),
    path("compliance/calendar/", calendar, name="compliance-calendar"),
]
