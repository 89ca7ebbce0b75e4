"""What the bureau enters from papers: the published list, batches of CCER, trades, duties without a report, cuts of allowances."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.enterprise.compliance import (
    cutting,
    forms,
    library,
    listing,
    owing,
    papers,
    permissions,
    positions,
    trading,
    words,
)
from dafeng.domains.enterprise.compliance.methods import duty as duties
from dafeng.domains.enterprise.compliance.views.duty_page import called, clock, firm_of
from dafeng.domains.enterprise.models import AllocationCut, CcerBatch, Covered
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.pages import asked


@require_safe
@asks(permissions.SEE)
def paper(request: HttpRequest, id: UUID) -> FileResponse:
    """The file of a paper: always as a download under a neutral type, so that no browser runs what somebody uploaded."""
    kept = papers.seen(request.user, id).evidence
    return FileResponse(kept.file.open("rb"), as_attachment=True, filename=kept.name, content_type="application/octet-stream")  # fmt: skip


# ---------------------------------------------------------------- the list of a year


@require_safe
@asks(permissions.SEE_CITY)
def lists(request: HttpRequest) -> HttpResponse:
    """The list of a year: whom the published paper names, and whom the screening put in before it."""
    _now, today = clock()
    known = positions.known_years(today)
    year = asked.year(request, known, default=today.year)
    return render(request, "enterprise/compliance/lists.html", _list_context(request, year, known))


def _list_context(request: HttpRequest, year: int, known: list[int]) -> dict[str, Any]:
    entries = list(Covered.every.filter(year=year).select_related("enterprise", "paper", "withdrawn_by").order_by("enterprise__code", "pk"))  # fmt: skip
    rows = [{"entry": each, "name": called(each.enterprise), "sector": words.sector(each.sector)} for each in entries]
    here = reverse("enterprise:compliance-lists")
    found: dict[str, Any] = {
        "year": year, "years": [{"year": each, "address": f"{here}?year={each}", "current": each == year} for each in known[-8:]],
        "official": [row for row in rows if row["entry"].paper and not row["entry"].withdrawn_at],
        "proposed": [row for row in rows if not row["entry"].paper and not row["entry"].withdrawn_at],
        "withdrawn": [row for row in rows if row["entry"].withdrawn_at],
    }  # fmt: skip
    if may(request.user, permissions.DECIDE):
        found["form"] = forms.ListForm(years=known, initial={"year": year})
    return found


@require_POST
@asks(permissions.DECIDE)
def enter_list(request: HttpRequest) -> HttpResponse:
    """Enter the published list, one firm or a table of them: all or none."""
    now, today = clock()
    known = positions.known_years(today)
    form = forms.ListForm(request.POST, request.FILES, years=known)
    valid = form.is_valid()
    year = form.cleaned_data.get("year") or today.year
    context = _list_context(request, year, known) | {"form": form}
    if not valid:
        return render(request, "enterprise/compliance/lists.html", context, status=422)
    try:
        table = form.cleaned_data["table"]
        entries = listing.read(table, table.name) if table else [(form.cleaned_data["firm"].code, form.cleaned_data["sector"])]  # fmt: skip
        made = listing.enter(year, entries, paper=form.paper(by=request.user, now=now), by=request.user, now=now)
    except DafengError as error:
        return render(request, "enterprise/compliance/lists.html", context | {"error": error.as_dict()}, status=422)
    messages.success(request, _("%(year)s 年度名录已登记 %(n)s 家") % {"year": year, "n": len(made)})
    return redirect(f"{reverse('enterprise:compliance-lists')}?year={year}")


# ---------------------------------------------------------------- CCER and trades


@require_safe
@asks(permissions.SEE_CITY)
def ccer(request: HttpRequest) -> HttpResponse:
    """The batches of CCER and whether they may offset."""
    return render(request, "enterprise/compliance/ccer.html", _ccer_context(request))


def _ccer_context(request: HttpRequest) -> dict[str, Any]:
    rules = library.cycle_rules()
    rows = [{"batch": each, "reasons": [words.ineligible(code) for code in duties.ineligible(trading.project_of(each), rules)]} for each in CcerBatch.objects.select_related("paper").order_by("-reduced_to", "code")]  # fmt: skip
    found: dict[str, Any] = {"rows": rows, "offset": rules["offset"], "standing": words.standing(rules["offset"]["eligible_standing"])}  # fmt: skip
    if may(request.user, permissions.DECIDE):
        found["form"] = forms.CcerForm()
    return found


@require_POST
@asks(permissions.DECIDE)
def add_ccer(request: HttpRequest) -> HttpResponse:
    """Register a batch of CCER with what decides whether it may offset."""
    now, _today = clock()
    form = forms.CcerForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "enterprise/compliance/ccer.html", _ccer_context(request) | {"form": form}, status=422)
    given = form.cleaned_data
    try:
        kept = form.paper(by=request.user, now=now)
        batch = CcerBatch(**{name: given[name] for name in ("code", "project", "started", "reduced_from", "reduced_to", "covered")}, source=str(kept)[:200], paper=kept)  # fmt: skip
        trading.add_ccer(batch, given["tonnes"], to=given["owner"], by=request.user, now=now)
    except DafengError as error:
        return render(request, "enterprise/compliance/ccer.html", _ccer_context(request) | {"form": form, "error": error.as_dict()}, status=422)  # fmt: skip
    messages.success(request, _("批次已登记"))
    return redirect("enterprise:compliance-ccer")


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.DECIDE)
def trade(request: HttpRequest, code: str, year: int) -> HttpResponse:
    """Record a trade of a firm with another of the city or with the market outside: allowances of a vintage or a batch of CCER."""
    enterprise, (now, _today) = firm_of(request, code), clock()
    form = forms.TradeForm(request.POST or None, firm=enterprise)
    context: dict[str, Any] = {"enterprise": enterprise, "name": called(enterprise), "year": year, "form": form}
    if request.method != "POST" or not form.is_valid():
        return render(request, "enterprise/compliance/trade.html", context, status=422 if request.method == "POST" else 200)  # fmt: skip
    given = form.cleaned_data
    other, batch = given["other"], given["batch"]
    sides = {"seller": enterprise, "buyer": other} if given["side"] == "sell" else {"seller": other, "buyer": enterprise}  # fmt: skip
    try:
        trading.register_trade(**sides, vintage=given["vintage"], batch=batch, tonnes=given["tonnes"], price=given["price"], way=given["way"], day=given["day"], key=given["number"], by=request.user, now=now)  # fmt: skip
    except DafengError as error:
        return render(request, "enterprise/compliance/trade.html", context | {"error": error.as_dict()}, status=422)
    messages.success(request, _("成交已登记"))
    return _board(code, year)


def _board(code: str, year: int) -> HttpResponse:
    return redirect(f"{reverse('enterprise:compliance-board', kwargs={'code': code})}?year={year}")


# ---------------------------------------------------------------- duties without a report, cuts


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.DECIDE)
def told_duty(request: HttpRequest, code: str, year: int) -> HttpResponse:
    """The duty of a year of which no report was handed in here: by another's verification, or by the bureau's estimate."""
    enterprise, (now, _today) = firm_of(request, code), clock()
    form = forms.DutyForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"enterprise": enterprise, "name": called(enterprise), "year": year, "form": form, "until": owing.report_until(enterprise, year)}  # fmt: skip
    if request.method != "POST" or not form.is_valid():
        return render(request, "enterprise/compliance/told_duty.html", context, status=422 if request.method == "POST" else 200)  # fmt: skip
    given = form.cleaned_data
    try:
        kept = form.paper(by=request.user, now=now)
        made = owing.register_duty(enterprise, year, told=given["told"], reason=given["reason"], paper=kept, by=request.user, now=now)  # fmt: skip
    except DafengError as error:
        return render(request, "enterprise/compliance/told_duty.html", context | {"error": error.as_dict()}, status=422)
    messages.success(request, _("应清缴量 %(t)s 吨已登记") % {"t": words.tonnes(made.tonnes)})
    return _board(code, year)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.DECIDE)
def cuts(request: HttpRequest, code: str, year: int) -> HttpResponse:
    """What is cut from the firm's next allocation for this year: arrears, false data."""
    enterprise, (now, _today) = firm_of(request, code), clock()
    do = request.POST.get("do", "")
    if request.method == "POST" and do not in ("arrears", "false_data"):
        raise NotFound(_("没有这种办理"))
    arrears = forms.PaperForm(request.POST if do == "arrears" else None, request.FILES if do == "arrears" else None, auto_id="a-%s")  # fmt: skip
    false_data = forms.FalseDataForm(request.POST if do == "false_data" else None, request.FILES if do == "false_data" else None, auto_id="f-%s")  # fmt: skip
    context: dict[str, Any] = {
        "enterprise": enterprise, "name": called(enterprise), "year": year, "owed": words.tonnes(cutting.outstanding(enterprise, year)),
        "rows": AllocationCut.every.filter(enterprise=enterprise).select_related("paper", "withdrawn_by"),
        "forms": [
            {"do": "arrears", "title": _("欠缴等量核减"), "form": arrears, "what": _("数量是清缴期限过后仍欠的吨数，由平台算出。")},
            {"do": "false_data", "title": _("虚报等量核减"), "form": false_data, "what": _("清缴以后查明虚报、瞒报的，按处理决定的数量。")},
        ],
    }  # fmt: skip
    form = arrears if do == "arrears" else false_data
    if request.method != "POST" or not form.is_valid():
        return render(request, "enterprise/compliance/cuts.html", context, status=422 if request.method == "POST" else 200)  # fmt: skip
    try:
        kept = form.paper(by=request.user, now=now)
        if do == "arrears":
            made = cutting.for_arrears(enterprise, year, paper=kept, by=request.user, now=now)
        else:
            made = cutting.for_false_data(enterprise, year, form.cleaned_data["tonnes"], reason=form.cleaned_data["reason"], paper=kept, by=request.user, now=now)  # fmt: skip
    except DafengError as error:
        return render(request, "enterprise/compliance/cuts.html", context | {"error": error.as_dict()}, status=422)
    messages.success(request, _("已登记：%(year)s 年度配额核减 %(t)s 吨") % {"year": made.from_year, "t": words.tonnes(made.tonnes)})  # fmt: skip
    return redirect("enterprise:compliance-cuts", code=code, year=year)


urlpatterns = [
    path("compliance/papers/<uuid:id>/", paper, name="compliance-paper"),
    path("compliance/lists/", lists, name="compliance-lists"),
    path("compliance/lists/enter/", enter_list, name="compliance-list-enter"),
    path("compliance/ccer/", ccer, name="compliance-ccer"),
    path("compliance/ccer/add/", add_ccer, name="compliance-ccer-add"),
    path("compliance/firms/<slug:code>/<year:year>/trade/", trade, name="compliance-trade"),
    path("compliance/firms/<slug:code>/<year:year>/duty/paper/", told_duty, name="compliance-duty-paper"),
    path("compliance/firms/<slug:code>/<year:year>/cuts/", cuts, name="compliance-cuts"),
]
