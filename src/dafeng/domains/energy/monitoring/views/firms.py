"""The list of key users, a firm's live board, its flows, its output, and the rating by industry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from dafeng.domains.energy.models import Anomaly, FlowLink, FlowNode, Measure, Meter, MonitoredFirm, Product
from dafeng.domains.energy.monitoring import balance, detecting, permissions, rating, reading, register, words
from dafeng.domains.energy.monitoring.forms import OutputForm
from dafeng.domains.energy.monitoring.methods import flows
from dafeng.domains.energy.monitoring.views.anomalies import where
from dafeng.domains.energy.monitoring.views.firm_page import called, clock, firm_of, shell
from dafeng.domains.energy.monitoring.views.live import happening
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.actions import asks, may
from dafeng.kernel.pages import asked, charts
from dafeng.kernel.pages.steps import told
from dafeng.kernel.pages.tables import Column, Table
from dafeng.kernel.quantities.units import printed
from dafeng.kernel.series import queries
from dafeng.kernel.series.points import one_look

DAYS = 28


@require_safe
@asks(permissions.SEE)
@one_look()
def firms(request: HttpRequest) -> HttpResponse:
    """Every key user that this person may see, with what waits."""
    open_ = Count(
        "enterprise__energy_anomalies", filter=Q(enterprise__energy_anomalies__state=Anomaly.State.NEW), distinct=True
    )
    meters = Count("enterprise__energy_meters", distinct=True)
    going = Q(enterprise__energy_measures__state__in=(Measure.State.PLANNED, Measure.State.DOING))
    today = timezone.localdate(clock()[0])
    planned = Count("enterprise__energy_measures", filter=going, distinct=True)
    late = Count(
        "enterprise__energy_measures", filter=going & Q(enterprise__energy_measures__due__lt=today), distinct=True
    )
    rows = (
        MonitoredFirm.objects.for_user(request.user)
        .select_related("enterprise")
        .annotate(waiting=open_, meters=meters, planned=planned, late=late)
    )
    table = Table(
        request,
        rows,
        [
            Column("enterprise.name", _("单位"), show=called, link=lambda firm: reverse("energy:monitoring-board", kwargs={"code": firm.enterprise.code}), wide=True),
            Column("enterprise.industry", _("行业"), sort=None, show=lambda firm: rating.industry_title(rating.industry_of(firm.enterprise.industry))),
            Column("meters", _("计量点"), numeric=True),
            Column("waiting", _("待确认异常"), numeric=True),
            Column("planned", _("节能计划"), numeric=True, show=lambda firm: firm.planned or _("没有计划")),
            Column("late", _("逾期措施"), numeric=True),
            Column("demo", _("说明"), sort=None, show=lambda firm: _("演示") if firm.demo else ""),
        ],
        _("重点用能单位"),
        search=("enterprise__name", "enterprise__name_en", "enterprise__code"),
        order="enterprise__name",
        empty=_("还没有重点用能单位。登记表计后会出现在这里。"),
        file="energy-users",
    )  # fmt: skip
    return table.download() or render(
        request,
        "energy/monitoring/firms.html",
        {
            "table": table,
            "runs": may(request.user, permissions.RUN),
            "enrols": may(request.user, permissions.ENROL),
        },
    )


def _bought(
    firm: MonitoredFirm, meters: Sequence[Meter], first: date, last: date, *, known_at: datetime | None = None
) -> tuple[balance.Total, dict[int, tuple[float, float]]]:
    found = balance.amounts(meters, first, last, known_at=known_at)
    return balance.bought(firm.enterprise, meters, found, last.year), found


@require_safe
@asks(permissions.SEE)
@one_look()
def board(request: HttpRequest, code: str) -> HttpResponse:
    """What the firm uses now, what it used lately, what it will use, and what is wrong."""
    firm = firm_of(request, code)
    now, last = clock()
    first = last - timedelta(days=DAYS - 1)
    meters = detecting.meters_of(firm, first, last)
    total = _bought(firm, meters, first, last)[0]
    chart = _days(firm, meters, first, last)
    if chart and (answer := chart.download(request)):
        return answer
    waiting = Anomaly.objects.filter(enterprise=firm.enterprise, state=Anomaly.State.NEW).select_related(
        "meter__point", "meter__node"
    )[:5]
    context = shell(firm, "board") | happening(firm, now=now) | {
        "figures": _figures(total), "chart": chart, "first": first, "last": last, "total": total,
        "unconfirmed": total.status == Status.DEGRADED, "anomalies": [{"row": each, "rule": words.RULES[each.kind], "where": where(each)} for each in waiting],
        "items": [row | {"name": words.item_name(row["item"]), "sums": _sums(row)} for row in total.rows.iter_rows(named=True)],
    }  # fmt: skip
    return render(request, "energy/monitoring/board.html", context)


def _sums(row: dict[str, Any]) -> list[dict[str, str]]:
    """Each figure of an item as its product, amount × coefficient = result, with where the coefficient is from; what is not known is left out."""
    unit = printed(row["unit"])
    parts = (
        (_("当量值"), "coefficient", "equivalent", "tce", "source"), (_("等价值"), "equal_coefficient", "equal", "tce", "equal_source"),
        (_("排放"), "carbon_factor", "co2", "t CO₂", "carbon_source"),
    )  # fmt: skip
    return [
        {
            "line": f"{title}：{row['amount']:,.0f} {unit} × {row[factor]:.6g} {told}/{unit} = {row[result]:,.1f} {told}",
            "source": row[source],
        }
        for title, factor, result, told, source in parts
        if row[result] is not None
    ]


def _figures(total: balance.Total) -> list[dict[str, Any]]:
    def figure(title: str, column: str, unit: str, note: str) -> dict[str, Any]:
        value = total.sum(column)
        return {
            "title": title,
            "value": "NE" if value is None else f"{value:,.1f}",
            "unit": unit,
            "note": note,
            "status": int(total.status),
        }

    return [
        figure(_("综合能耗（当量值）"), "equivalent", "tce", _("电力按 0.1229 kgce/kWh")),
        figure(_("综合能耗（等价值）"), "equal", "tce", _("电力按供电煤耗")),
        figure(_("二氧化碳排放"), "co2", "t CO₂", _("含外购电力、热力的间接排放")),
    ]


def _days(firm: MonitoredFirm, meters: Sequence[Meter], first: date, last: date) -> charts.Chart | None:
    """Electricity bought by day, bars."""
    mains = [
        meter
        for meter in meters
        if meter.item == "electricity" and meter.parent_id is None and meter.role == Meter.Role.LOAD
    ]
    if not mains:
        return None
    frame = queries.used(
        [meter.point_id for meter in mains], reading.midnight(first), reading.midnight(last + timedelta(days=1)), "1d"
    )
    by_day: dict[str, float] = defaultdict(float)
    for row in frame.iter_rows(named=True):
        if row["coverage"] > 0:
            by_day[f"{timezone.localtime(row['at']):%m-%d}"] += row["value"]
    xs = [f"{first + timedelta(days=number):%m-%d}" for number in range((last - first).days + 1)]
    return (
        charts.stacked(
            _("近四周每日用电"), "kWh", xs, [charts.Series(_("外购电力"), dict(by_day))], decimals=0, name="days"
        )
        if by_day
        else None
    )


@require_safe
@asks(permissions.SEE)
@one_look()
def flows_page(request: HttpRequest, code: str) -> HttpResponse:
    """Where the energy went in a month; as it was known at the end of an earlier day, where the address names one."""
    firm = firm_of(request, code)
    last = clock()[1]
    known = asked.day(request, "known", latest=last)
    months = [last.replace(day=1)]
    while len(months) < 13:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    chosen = asked.one_of(request, "month", [f"{each:%Y-%m}" for each in months], default=f"{months[0]:%Y-%m}")
    month = next(each for each in months if f"{each:%Y-%m}" == chosen)
    end = min(last, (month + timedelta(days=31)).replace(day=1) - timedelta(days=1))
    meters = detecting.meters_of(firm, month, end)
    then = reading.midnight(known + timedelta(days=1)) if known else None
    total, found = _bought(firm, meters, month, end, known_at=then)
    nodes, links = (
        list(FlowNode.objects.filter(enterprise=firm.enterprise).holding(month, end)),
        list(FlowLink.objects.filter(enterprise=firm.enterprise).holding(month, end)),
    )
    model = balance.flows_of(nodes, links, meters, found, month.year)
    names = {node.code: node.name for node in model.nodes}
    products = []
    for product in (
        Product.objects.filter(enterprise=firm.enterprise).select_related("node").prefetch_related("outputs")
    ):
        output = register.outputs_of(product).get(chosen)
        taken = balance.made_with(model, total, product)
        unit = flows.unit_consumption(taken, output.amount if output else None)
        products.append(
            {
                "name": product.called(english=words.english()),
                "unit": product.unit,
                "output": output,
                "node": product.node,
                "kgce": unit * 1000 if unit is not None else None,
            }
        )
    context = shell(firm, "flows") | {
        "months": [{"value": f"{each:%Y-%m}", "current": each == month} for each in months], "sankey": model.drawing, "month": chosen,
        "closures": [{"row": each, "state": words.CLOSURE[each.state], "bad": each.state in ("open", "gain")} for each in model.closures],
        "links": [{"link": each, "source": names[each.source], "target": names[each.target], "item": words.item_name(each.item)} for each in model.links],
        "stages": [{"tone": number % 8 + 1, "title": dict(FlowNode.Stage.choices)[stage]} for number, stage in enumerate(flows.STAGES) if any(node.stage == stage for node in nodes)],
        "products": products, "total": total, "first": month, "last": end,
        "known": known, "latest": last,
    }  # fmt: skip
    return render(request, "energy/monitoring/flows.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.SEE)
@one_look()
def output(request: HttpRequest, code: str) -> HttpResponse:
    """Output by month: what unit consumption is measured by."""
    firm = firm_of(request, code)
    keeps = may(request.user, permissions.KEEP, firm.enterprise)
    form = OutputForm(request.POST or None, enterprise=firm.enterprise)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            given = form.cleaned_data
            done = told(
                request,
                lambda: register.state_output(
                    given["product"],
                    given["month"],
                    given["amount"],
                    source=given["source"],
                    by=request.user,
                    now=timezone.now(),
                ),
                _("已登记产量"),
            )
            if done:
                return redirect("energy:monitoring-output", code=code)
        status = 422
    rows = []
    for product in Product.objects.filter(enterprise=firm.enterprise).prefetch_related("outputs"):
        for month, each in sorted(register.outputs_of(product).items(), reverse=True):
            rows.append(
                {
                    "product": product.called(english=words.english()),
                    "month": month,
                    "amount": each.amount,
                    "unit": product.unit,
                    "source": each.source,
                }
            )
    return render(
        request,
        "energy/monitoring/output.html",
        shell(firm, "output") | {"rows": rows, "form": form, "keeps": keeps},
        status=status,
    )


@require_safe
@asks(permissions.SEE)
@one_look()
def rating_page(request: HttpRequest) -> HttpResponse:
    """Green use of energy, by industry and firm."""
    now = clock()[0]
    found = rating.rate(list(MonitoredFirm.objects.for_user(request.user).select_related("enterprise")), now=now)
    levels = {each.code: each.title_en if words.english() else each.title for each in rating.rubric().levels}
    items = [
        {"code": each.code, "title": each.title_en if words.english() else each.title, "weight": each.weight}
        for each in rating.rubric().items
    ]
    groups: dict[str, list[rating.Rated]] = defaultdict(list)
    for each in found:
        groups[rating.industry_of(each.firm.enterprise.industry)].append(each)
    industries = []
    for name in (*rating.INDUSTRIES, "other"):
        rated = groups.get(name, [])
        known = [each.value for each in rated if each.value is not None]
        if rated:
            industries.append(
                {
                    "title": rating.industry_title(name),
                    "count": len(rated),
                    "mean": sum(known) / len(known) if known else None,
                    "firms": sorted(
                        (_line(each, levels, items) for each in rated), key=lambda line: -(line["value"] or 0)
                    ),
                }
            )
    return render(
        request,
        "energy/monitoring/rating.html",
        {"industries": industries, "items": items, "rubric": rating.rubric(), "days": rating.DAYS},
    )


def _line(each: rating.Rated, levels: dict[str, str], items: list[dict[str, Any]]) -> dict[str, Any]:
    titles = {item["code"]: item["title"] for item in items}
    cells = [(each.values.get(item["code"]), each.points.get(item["code"])) for item in items]
    return {
        "name": called(each.firm), "code": each.firm.enterprise.code, "value": each.value, "grade": levels.get(each.grade, ""),
        "cells": [{"value": None if value is None else 100 * value, "points": points} for value, points in cells],
        "first": titles.get(each.weakest, ""),
    }  # fmt: skip
