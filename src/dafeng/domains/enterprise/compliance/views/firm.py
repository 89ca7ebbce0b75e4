"""A firm's compliance: the list of firms, the board of one, its allocations, and what it and the bureau do there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import polars as pl
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.enterprise.compliance import (
    carrying,
    deadlines,
    forms,
    holdings,
    library,
    missing,
    owing,
    permissions,
    positions,
    story,
    surrendering,
    trading,
    verified,
    words,
)
from dafeng.domains.enterprise.compliance.methods import duty as duties
from dafeng.domains.enterprise.compliance.positions import Position
from dafeng.domains.enterprise.compliance.views.duty_page import called, clock, firm_of
from dafeng.domains.enterprise.models import Allocation, CarbonDuty, CarbonTrade, Covered, Report, Surrender
from dafeng.domains.enterprise.reporting import permissions as reporting
from dafeng.kernel.actions import asks, may
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.pages import asked
from dafeng.kernel.pages.charts import Series, lines
from dafeng.kernel.pages.tables import Choice, Column, Table


def listed(request: HttpRequest, year: int, today: Any) -> list[Position]:
    """Positions of the year's firms that this person may see."""
    seen = Enterprise.objects.for_user(request.user)
    entries = Covered.objects.filter(year=year, enterprise__in=seen).select_related("enterprise").order_by("enterprise__code")  # fmt: skip
    return positions.positions(entries, today=today)


@require_safe
@asks(permissions.SEE)
def home(request: HttpRequest) -> HttpResponse:
    """The firms of a year: state, what is owed and what is lacking."""
    _now, today = clock()
    year = asked.year(request, positions.known_years(today), default=positions.current_year(today))
    found = listed(request, year, today)
    rows = [
        {
            "code": each.enterprise.code, "name": called(each.enterprise), "sector": words.sector(each.covered.sector), "owed": each.owed,
            "surrendered": each.surrendered + each.offset, "lack": each.lack, "state": words.position_state(each.state), "days": each.days,
        }
        for each in found
    ]  # fmt: skip
    schema = {"code": pl.String, "name": pl.String, "sector": pl.String, "owed": pl.Int64, "surrendered": pl.Int64, "lack": pl.Int64, "state": pl.String, "days": pl.Int64}  # fmt: skip
    table = Table(
        request, pl.DataFrame(rows, schema=schema),
        [
            Column("name", _("企业"), link=lambda row: f"{reverse('enterprise:compliance-board', kwargs={'code': row['code']})}?year={year}"),
            Column("sector", _("行业")), Column("state", _("状态")),
            Column("owed", _("应清缴（吨）"), numeric=True, show=lambda row: words.tonnes(row["owed"])),
            Column("surrendered", _("已清缴（吨）"), numeric=True, show=lambda row: words.tonnes(row["surrendered"])),
            Column("lack", _("还须购入（吨）"), numeric=True, show=lambda row: words.tonnes(row["lack"])),
        ],
        _("纳入碳市场的企业"), search=("name",), choices=(Choice("state", _("状态"), {each: each for each in sorted({row["state"] for row in rows})}),),
        empty=_("这一年度的名录里没有您可以查看的企业。"), file="compliance",
    )  # fmt: skip
    if (answer := table.download()) is not None:
        return answer
    context = {"table": table, "year": year, "years": _years(request, positions.known_years(today), year), "city": may(request.user, permissions.SEE_CITY)}  # fmt: skip
    return render(request, "enterprise/compliance/home.html", context)


def _years(request: HttpRequest, known: list[int], chosen: int) -> list[dict[str, Any]]:
    return [{"year": each, "address": asked.address(request, year=each), "current": each == chosen} for each in known]


@require_safe
@asks(permissions.SEE)
def board(request: HttpRequest, code: str) -> HttpResponse:
    """One firm's board: position, duty with its steps, holdings, what it does next and what was done."""
    enterprise = firm_of(request, code)
    now, today = clock()
    held = holdings.of(enterprise)
    history = positions.history(enterprise, today=today, held=held)
    context: dict[str, Any] = {"enterprise": enterprise, "name": called(enterprise), "history": history}
    if not history:
        context |= _outside(request, enterprise)
        return render(request, "enterprise/compliance/board.html", context)
    known = [each.covered.year for each in history]
    current = positions.current_year(today)
    year = asked.year(request, known, default=current if current in known else known[-1])
    position = next(each for each in history if each.covered.year == year)
    chart = _chart(history)
    monthly = _holding_chart(positions.over_time(enterprise, now=now))
    for each in (chart, monthly):
        if each is not None and (answer := each.download(request)) is not None:
            return answer
    acts, decides = may(request.user, permissions.ACT, enterprise), may(request.user, permissions.DECIDE)
    context |= {
        "position": position, "year": year, "years": _years(request, known, year), "chart": chart, "monthly": monthly,
        "state": words.position_state(position.state), "figures": _figures(position), "penalty": _penalty(position, today),
        "held": [{"holding": each, "asset": words.asset(each.asset), "bucket": words.bucket(each.bucket)} for each in held],
        "duty": _duty(position.duty), "acts": acts, "decides": decides,
        "surrenders": position.surrenders,
        "allocations": [made for each in reversed(history) for made in reversed(each.allocations)][:10],
        "trades": _trades(enterprise), "missing": _missing(request, position),
    }  # fmt: skip
    if acts:
        context["forms"] = _forms(position)
    if decides:
        context["orders"] = [
            {"do": "freeze", "title": _("司法冻结"), "form": forms.FreezeForm(auto_id="f-%s"), "button": _("冻结")},
            {"do": "thaw", "title": _("解冻"), "form": forms.OrderForm(auto_id="t-%s"), "button": _("解冻")},
            {"do": "lapse", "title": _("未结转的旧配额失效"), "form": None, "button": _("办理失效")},
        ]
    return render(request, "enterprise/compliance/board.html", context)


@require_safe
@asks(permissions.SEE)
def year_story(request: HttpRequest, code: str) -> HttpResponse:
    """A year step by step, from the report to the carry-over, each with the page where it can be read."""
    enterprise = firm_of(request, code)
    _now, today = clock()
    history = positions.history(enterprise, today=today, held=holdings.of(enterprise))
    known = sorted({each.covered.year for each in history} | _reported_years(enterprise))
    context: dict[str, Any] = {"enterprise": enterprise, "name": called(enterprise), "history": history}
    if known:
        current = positions.current_year(today)
        year = asked.year(request, known, default=current if current in known else known[-1])
        position = next((each for each in history if each.covered.year == year), None)
        told = story.of(enterprise, year, position, user=request.user)
        context |= {"year": year, "years": _years(request, known, year), "story": told, "covered": position}
    return render(request, "enterprise/compliance/year.html", context)


def _reported_years(enterprise: Enterprise) -> set[int]:
    return set(Report.objects.filter(enterprise=enterprise).values_list("year", flat=True))


def _outside(request: HttpRequest, enterprise: Enterprise) -> dict[str, Any]:
    """What there is of a firm that was never on a list: its reports and their verification."""
    known = sorted(_reported_years(enterprise))
    if not known:
        return {}
    year = asked.year(request, known, default=known[-1])
    figure = verified.figures(enterprise=enterprise, year=year).get((enterprise.pk, year))
    tonnes = None if figure is None or figure.whole is None else words.tonnes(figure.whole)
    return {
        "year": year, "years": _years(request, known, year), "story": story.of(enterprise, year, None, user=request.user),
        "emitted": tonnes, "threshold": words.tonnes(library.cycle_rules()["threshold"]["tonnes"]),
    }  # fmt: skip


def _figures(each: Position) -> list[dict[str, Any]]:
    due = _("%(due)s 截止，还有 %(days)s 天") if each.days >= 0 else _("%(due)s 已截止")
    told = due % {"due": each.due, "days": each.days}
    offset = _("另有可用于抵销 %(t)s 吨") % {"t": words.tonnes(each.ccer)}
    cost = _("按 %(price)s 元/吨折合 %(cost)s 元（演示价格）") % {"price": each.price, "cost": words.money(each.cost)}
    first, short = deadlines.early(each.covered.year), deadlines.early_lack(each)
    if first and short is not None:
        share = {"share": f"{first[1]:.0%}", "day": first[0], "t": words.tonnes(short)}
        told += _("；到 %(day)s 须先清缴 %(share)s，还差 %(t)s 吨") % share if short else _("；已先清缴 %(share)s（%(day)s）") % share  # fmt: skip
    return [
        {"title": _("应清缴量"), "value": words.tonnes(each.owed), "unit": "t", "note": told, "status": None},
        {"title": _("已清缴"), "value": words.tonnes(each.surrendered + each.offset), "unit": "t", "note": _("其中抵销 %(t)s 吨") % {"t": words.tonnes(each.offset)}, "status": None},
        {"title": _("可用配额"), "value": words.tonnes(each.usable), "unit": "t", "note": offset, "status": None},
        {"title": _("还须购入"), "value": words.tonnes(each.lack), "unit": "t", "note": cost if each.lack else "", "status": None},
    ]  # fmt: skip


def _penalty(position: Position, today: Any) -> dict[str, Any] | None:
    """What missing the deadline costs by the rule of the day after it."""
    rule = duties.penalty(position.lack or 0, position.due + timedelta(days=1), library.cycle_rules(), average_price=position.price)  # fmt: skip
    if rule is None:
        return None
    return {"low": words.money(rule.low), "high": words.money(rule.high), "cut": words.tonnes(rule.cut), "open": rule.open, "standing": words.standing(rule.standing), "source": rule.source}  # fmt: skip


def _duty(found: CarbonDuty | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "duty": found,
        "steps": [{"text": words.step(each), "standing": words.standing(each["standing"]), "open": each["standing"] in "DX", "source": each["source"]} for each in found.steps],
    }  # fmt: skip


def _missing(request: HttpRequest, position: Position) -> list[dict[str, Any]]:
    """Units of which no allowances can be worked out, each with the page that mends it where this person may write there."""
    if any(each.stage == Allocation.Stage.FINAL for each in position.allocations):
        return []
    found = missing.of([position.enterprise], position.covered.year)
    tells, decides = may(request.user, reporting.KEEP, position.enterprise), may(request.user, permissions.DECIDE)
    return [{"it": each, "opens": decides if each.locked else tells or decides} for each in found]


def _trades(enterprise: Enterprise) -> list[dict[str, Any]]:
    mine = CarbonTrade.objects.filter(Q(seller=enterprise) | Q(buyer=enterprise)).order_by("-day", "-at")[:10]
    return [{"trade": each, "bought": each.buyer_id == enterprise.pk, "asset": words.asset(each.asset), "yuan": words.money(each.price * each.tonnes)} for each in mine]  # fmt: skip


def _chart(history: list[Position]) -> Any:
    def values(name: str) -> dict[Any, float | None]:
        found = {each.covered.year: getattr(each, name) for each in history}
        return {year: None if value is None else value / 1e4 for year, value in found.items()}

    done = {each.covered.year: (each.surrendered + each.offset) / 1e4 or None for each in history}
    return lines(
        _("历年排放、配额与清缴"), _("万吨"), [each.covered.year for each in history],
        [Series(_("核查排放量"), values("emissions"), tone=2), Series(_("核定配额"), values("free"), tone=1), Series(_("已清缴"), done, tone=3)], name="years",
    )  # fmt: skip


def _holding_chart(monthly: dict[str, int]) -> Any:
    values: dict[Any, float | None] = {month: n / 1e4 for month, n in monthly.items()}
    if not any(monthly.values()):
        return None
    return lines(
        _("各月末持有的配额"), _("万吨"), list(monthly), [Series(_("持有配额"), values, tone=1)], name="months"
    )


def _forms(position: Position) -> list[dict[str, Any]]:
    rest = max(0, (position.outstanding or 0) - position.applied)
    return [
        {"do": "surrender", "title": _("申请清缴"), "form": forms.SurrenderForm(initial={"tonnes": min(rest, position.usable)}, auto_id="s-%s"), "button": _("申请")},
        {"do": "move", "title": _("账户间划转"), "form": forms.MoveForm(auto_id="m-%s"), "button": _("划转")},
        {"do": "carry", "title": _("申请结转"), "form": forms.CarryForm(auto_id="c-%s"), "button": _("结转")},
        {"do": "cancel", "title": _("自愿注销"), "form": forms.CancelForm(auto_id="x-%s"), "button": _("注销")},
    ]  # fmt: skip


_ACTS = {"surrender": forms.SurrenderForm, "move": forms.MoveForm, "carry": forms.CarryForm, "cancel": forms.CancelForm}


def _back(code: str, year: int) -> HttpResponse:
    return redirect(f"{reverse('enterprise:compliance-board', kwargs={'code': code})}?year={year}")


@require_POST
@asks(permissions.ACT)
def act(request: HttpRequest, code: str, year: int) -> HttpResponse:
    """What a firm does with its holdings: apply to surrender, move, carry over, cancel."""
    enterprise, (now, _today) = firm_of(request, code), clock()
    if not may(request.user, permissions.ACT, enterprise):
        raise NotFound(_("没有这家企业"))
    do = request.POST.get("do", "")
    if do not in _ACTS:
        raise NotFound(_("没有这种办理"))
    form = _ACTS[do](request.POST)
    if not form.is_valid():
        return _faulty(request, enterprise, year, form)
    given = form.cleaned_data
    key: str = given["key"]
    try:
        if do == "surrender":
            surrendering.apply_surrender(enterprise, year, given["tonnes"], given["ccer"], key=key, by=request.user, now=now)  # fmt: skip
            messages.success(request, _("已申请清缴，等待生态环境局办理；这些配额已被占用"))
        elif do == "move":
            trading.move(enterprise, given["asset"], given["to"], given["tonnes"], key=key, by=request.user, now=now)
            messages.success(request, _("已划转"))
        elif do == "carry":
            carrying.carry_over(enterprise, given["tonnes"], key=key, by=request.user, now=now)
            messages.success(request, _("已结转"))
        else:
            trading.cancel(enterprise, given["vintage"], given["tonnes"], key=key, by=request.user, now=now)
            messages.success(request, _("已自愿注销"))
    except DafengError as error:
        return _faulty(request, enterprise, year, form, error)
    return _back(code, year)


def _faulty(request: HttpRequest, enterprise: Enterprise, year: int, form: Any, error: DafengError | None = None) -> HttpResponse:  # fmt: skip
    """The form again with what is wrong; nothing was done."""
    context = {"enterprise": enterprise, "name": called(enterprise), "year": year, "form": form, "error": error.as_dict() if error else None, "hidden": request.POST.get("do", "")}  # fmt: skip
    return render(request, "enterprise/compliance/form.html", context, status=422)


@require_POST
@asks(permissions.DECIDE)
def decide(request: HttpRequest, id: UUID) -> HttpResponse:
    """The bureau takes or sends back an application to surrender."""
    applied = Surrender.objects.filter(pk=id, enterprise__in=Enterprise.objects.for_user(request.user)).select_related("enterprise").first()  # fmt: skip
    if applied is None:
        raise NotFound(_("没有这份清缴申请"))
    now, _today = clock()
    form = forms.DecideForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        surrendering.decide_surrender(applied, grant=request.POST.get("do") == "grant", reason=reason, by=request.user, now=now)  # fmt: skip
    except DafengError as error:
        return _faulty(request, applied.enterprise, applied.year, form, error)
    messages.success(request, _("已办理"))
    return _back(applied.enterprise.code, applied.year)


@require_POST
@asks(permissions.DECIDE)
def duty(request: HttpRequest, code: str, year: int) -> HttpResponse:
    """Record the duty from the locked report."""
    enterprise, (now, _today) = firm_of(request, code), clock()
    try:
        made = owing.register_duty(enterprise, year, by=request.user, now=now)
    except DafengError as error:
        return _faulty(request, enterprise, year, None, error)
    messages.success(request, _("应清缴量 %(t)s 吨已登记") % {"t": words.tonnes(made.tonnes)})
    return _back(code, year)


@require_POST
@asks(permissions.DECIDE)
def office(request: HttpRequest, code: str, year: int) -> HttpResponse:
    """What only the bureau does: a court's freeze and its end, and old allowances that were not carried over."""
    enterprise, (now, _today), do = firm_of(request, code), clock(), request.POST.get("do", "")
    if do not in ("freeze", "thaw", "lapse"):
        raise NotFound(_("没有这种办理"))
    form = forms.FreezeForm(request.POST) if do == "freeze" else forms.OrderForm(request.POST)
    if do != "lapse" and not form.is_valid():
        return _faulty(request, enterprise, year, form)
    given = form.cleaned_data if do != "lapse" else {}
    try:
        if do == "freeze":
            trading.freeze(enterprise, given["tonnes"], bucket=given["bucket"], order=given["order"], signer=f"court:{given['court']}", by=request.user, now=now)  # fmt: skip
        elif do == "thaw":
            trading.thaw(enterprise, order=given["order"], signer=f"court:{given['court']}", by=request.user, now=now)
        else:
            carrying.lapse(enterprise, by=request.user, now=now)
    except DafengError as error:
        return _faulty(request, enterprise, year, None if do == "lapse" else form, error)
    messages.success(request, _("已办理"))
    return _back(code, year)


urlpatterns = [
    path("compliance/", home, name="compliance-home"),
    path("compliance/surrenders/<uuid:id>/", decide, name="compliance-decide"),
    path("compliance/firms/<slug:code>/", board, name="compliance-board"),
    path("compliance/firms/<slug:code>/year/", year_story, name="compliance-year"),
    path("compliance/firms/<slug:code>/<year:year>/act/", act, name="compliance-act"),
    path("compliance/firms/<slug:code>/<year:year>/duty/", duty, name="compliance-duty"),
    path("compliance/firms/<slug:code>/<year:year>/office/", office, name="compliance-office"),
]
