"""A firm's position and exposure, month by month; and its credit record to take along."""

from __future__ import annotations

from typing import Any

import polars as pl
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dafeng.domains.enterprise.compliance import credit, exposures, permissions, positions, words
from dafeng.domains.enterprise.compliance.methods.exposure import MonthEnd
from dafeng.domains.enterprise.compliance.views.duty_page import called, clock, firm_of
from dafeng.domains.enterprise.models import Allocation
from dafeng.kernel.actions import asks
from dafeng.kernel.pages import asked
from dafeng.kernel.pages.charts import Series, lines
from dafeng.kernel.pages.tables import Column, Table


@require_safe
@asks(permissions.SEE)
def exposure(request: HttpRequest, code: str) -> HttpResponse:
    """What was held, what the year is expected to emit, what lacks and what that costs, at each month's end."""
    enterprise, (now, today) = firm_of(request, code), clock()
    known = positions.years_of(enterprise)
    context: dict[str, Any] = {"enterprise": enterprise, "name": called(enterprise), "years": []}
    if not known:
        return render(request, "enterprise/compliance/exposure.html", context)
    current = positions.current_year(today)
    year = asked.year(request, known, default=current if current in known else known[-1])
    context["years"] = [{"year": each, "address": asked.address(request, year=each), "current": each == year} for each in known]  # fmt: skip
    found = exposures.of(enterprise, year, now=now)
    if not found:
        return render(request, "enterprise/compliance/exposure.html", context)
    table, chart, prices = _table(request, found), _chart(found), _prices(found)
    for each in (table, chart, prices):
        answer = None if each is None else each.download() if isinstance(each, Table) else each.download(request)
        if answer is not None:
            return answer
    last = found[-1]
    context |= {
        "rows": found, "last": last, "missing": "、".join(last.missing), "table": table, "chart": chart, "prices": prices, "figures": _figures(last),
        "unissued": not Allocation.objects.filter(enterprise=enterprise, year=year).exists(),
    }  # fmt: skip
    return render(request, "enterprise/compliance/exposure.html", context)


def _figures(last: MonthEnd) -> list[dict[str, Any]]:
    net = last.net
    title = _("富余") if net is not None and net >= 0 else _("缺口")
    worth = (
        _("按 %(price)s 元/吨折合 %(cost)s 元（演示价格）") % {"price": last.price, "cost": words.money(last.cost)}
        if last.cost
        else ""
    )
    return [
        {"title": _("至今排放"), "value": words.tonnes(last.emitted), "unit": "t", "note": _("截至 %(month)s") % {"month": last.month}, "status": None},
        {"title": _("核查排放量") if last.verified else _("预计全年排放"), "value": words.tonnes(last.expected), "unit": "t", "note": "" if last.verified else _("按已填月份外推") if last.missing else _("各月已填，还没有核查"), "status": None if last.verified else 1},
        {"title": _("持有与已清缴"), "value": words.tonnes(last.held + last.surrendered), "unit": "t", "note": _("其中已清缴 %(t)s 吨") % {"t": words.tonnes(last.surrendered)}, "status": None},
        {"title": title, "value": words.tonnes(None if net is None else abs(net)), "unit": "t", "note": worth, "status": None},
    ]  # fmt: skip


def _chart(found: list[MonthEnd]) -> Any:
    def values(read: Any) -> dict[Any, float | None]:
        return {each.month: None if read(each) is None else read(each) / 1e4 for each in found}

    return lines(
        _("持有与预计排放"), _("万吨"), [each.month for each in found],
        [
            Series(_("持有与已清缴"), values(lambda each: each.held + each.surrendered), tone=1),
            Series(_("预计全年排放"), values(lambda each: each.expected), tone=2),
            Series(_("至今排放"), values(lambda each: each.emitted), tone=3),
        ],
        name="position",
    )  # fmt: skip


def _prices(found: list[MonthEnd]) -> Any:
    told: dict[Any, float | None] = {each.month: None if each.price is None else float(each.price) for each in found}
    return lines(
        _("收盘价（演示）"), _("元/吨"), list(told), [Series(_("月末收盘价"), told, tone=4)], name="price", decimals=2
    )


def _table(request: HttpRequest, found: list[MonthEnd]) -> Table:
    rows = [
        {
            "month": each.month, "held": each.held, "surrendered": each.surrendered, "emitted": each.emitted, "expected": each.expected, "net": each.net,
            "price": None if each.price is None else float(each.price), "cost": None if each.cost is None else float(each.cost),
        }
        for each in reversed(found)
    ]  # fmt: skip
    numbers = {"held": pl.Int64, "surrendered": pl.Int64} | dict.fromkeys(("emitted", "expected", "net", "price", "cost"), pl.Float64)  # fmt: skip
    titles = {
        "held": _("持有（吨）"), "surrendered": _("已清缴（吨）"), "emitted": _("至今排放（吨）"), "expected": _("预计全年（吨）"), "net": _("富余或缺口（吨）"),
        "price": _("收盘价（元/吨）"), "cost": _("缺口折合（元）"),
    }  # fmt: skip
    show = {"price": lambda row: words.money(row["price"]), "cost": lambda row: words.money(row["cost"])}
    columns = [Column("month", _("月末"))] + [
        Column(name, title, numeric=True, show=show.get(name, lambda row, name=name: words.tonnes(row[name]))) for name, title in titles.items()
    ]  # fmt: skip
    return Table(
        request, pl.DataFrame(rows, schema={"month": pl.String} | numbers), columns, _("逐月头寸"), file="exposure"
    )


@require_safe
@asks(permissions.SEE)
def credit_record(request: HttpRequest, code: str) -> HttpResponse:
    """The firm's record of performance as JSON, sealed."""
    enterprise, (now, _today) = firm_of(request, code), clock()
    answer = JsonResponse(credit.record(enterprise, now=now), json_dumps_params={"ensure_ascii": False, "indent": 1})
    answer["Content-Disposition"] = f'attachment; filename="credit-{enterprise.code}.json"'
    return answer


urlpatterns = [
    path("compliance/firms/<slug:code>/exposure/", exposure, name="compliance-exposure"),
    path("compliance/firms/<slug:code>/credit.json", credit_record, name="compliance-credit"),
]
