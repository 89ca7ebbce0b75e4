"""The yearly screening of who must enter the market, and the list that follows from it."""

from __future__ import annotations

from typing import Any

import polars as pl
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.enterprise.compliance import library, permissions, positions, screening, words
from dafeng.domains.enterprise.compliance.methods.screening import LISTED, VERDICTS
from dafeng.domains.enterprise.compliance.views.duty_page import called, clock, firm_of
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import DafengError
from dafeng.kernel.pages import asked
from dafeng.kernel.pages.tables import Choice, Column, Table


@require_safe
@asks(permissions.SEE_CITY)
def screen(request: HttpRequest) -> HttpResponse:
    """Every firm with its verdict and the reason; those that must enter and are not on the list come first."""
    _now, today = clock()
    known = positions.known_years(today)
    year = asked.year(request, known, default=today.year)
    found = screening.screen(year)
    rows = [
        {
            "code": each.enterprise.code, "name": called(each.enterprise), "verdict": words.verdict(each.verdict.code),
            "sector": words.sector(each.verdict.market) if each.verdict.market else "–", "why": screening.reason(each),
            "listed": _("已列入") if each.listed else _("待列入") if each.verdict.code in LISTED else "–",
        }
        for each in found
    ]  # fmt: skip
    schema = dict.fromkeys(("code", "name", "verdict", "sector", "why", "listed"), pl.String)
    table = Table(
        request, pl.DataFrame(rows, schema=schema),
        [
            Column("name", _("企业")),
            Column("verdict", _("判定"), wide=True, show=lambda row: " · ".join(each for each in (row["verdict"], row["sector"], row["listed"]) if each != "–")),
            Column("why", _("理由"), sort=None, wide=True),
        ],
        _("筛查结果"), search=("name", "code"), choices=(Choice("verdict", _("判定"), {words.verdict(code): words.verdict(code) for code in VERDICTS}),),
        empty=_("还没有企业。"), file=f"screening-{year}",
    )  # fmt: skip
    if (answer := table.download()) is not None:
        return answer
    due = [each for each in found if each.verdict.code in LISTED and not each.listed]
    counts = {code: sum(each.verdict.code == code for each in found) for code in VERDICTS}
    rules = library.cycle_rules()
    context: dict[str, Any] = {
        "table": table, "year": year, "due": [{"code": each.enterprise.code, "name": called(each.enterprise), "why": screening.reason(each)} for each in due],
        "years": [{"year": each, "address": asked.address(request, year=each), "current": each == year} for each in known[-6:]],
        "figures": [
            {"title": words.verdict(code), "value": counts[code], "unit": _("家"), "note": "", "status": None}
            for code in ("enter", "keep", "leave")
        ]
        + [{"title": _("须先核查或报告"), "value": counts["verify"] + counts["report"], "unit": _("家"), "note": "", "status": None}],
        "decides": may(request.user, permissions.DECIDE), "threshold": rules["threshold"], "energy": rules["energy_threshold"],
        "scopes": [{"title": words.sector(each["market"]), "since": each["since"], "standing": words.standing(each["standing"]), "source": each["source"]} for each in rules["scope"]],
    }  # fmt: skip
    return render(request, "enterprise/compliance/screening.html", context)


@require_POST
@asks(permissions.DECIDE)
def enlist(request: HttpRequest, code: str, year: int) -> HttpResponse:
    """Put a firm on the list of the year, by the screening's own reason."""
    enterprise, (now, _today) = firm_of(request, code), clock()
    try:
        screening.enlist(enterprise, year, by=request.user, now=now)
    except DafengError as error:
        messages.error(request, " ".join(str(part) for part in (error.what, error.mend) if part))
    else:
        messages.success(request, _("已列入 %(year)s 年度名录") % {"year": year})
    return redirect(f"{reverse('enterprise:compliance-screening')}?year={year}")


urlpatterns = [
    path("compliance/screening/", screen, name="compliance-screening"),
    path("compliance/screening/<slug:code>/<year:year>/enlist/", enlist, name="compliance-enlist"),
]
