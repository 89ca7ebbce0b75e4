"""Forecast, baseline, advice, the saving plan, and the ledger of replaced equipment."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.energy.models import Anomaly, Measure, Meter, Replacement
from dafeng.domains.energy.monitoring import (
    advising,
    baselining,
    detecting,
    forecasting,
    permissions,
    reading,
    register,
    weather,
    words,
)
from dafeng.domains.energy.monitoring.forms import MeasureForm, ReplacementForm
from dafeng.domains.energy.monitoring.jobs import FORECAST
from dafeng.domains.energy.monitoring.methods import advice, baseline, conversion
from dafeng.domains.energy.monitoring.views.firm_page import clock, firm_of, shell
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import NotFound
from dafeng.kernel.jobs.models import Job
from dafeng.kernel.pages import charts
from dafeng.kernel.pages.steps import told
from dafeng.kernel.pages.tables import Column, Table
from dafeng.kernel.series.points import one_look


@require_safe
@asks(permissions.SEE)
@one_look()
def forecast_page(request: HttpRequest, code: str) -> HttpResponse:
    """The days to come with their band, the last days beside what came, and what the forecasts were worth."""
    firm = firm_of(request, code)
    last = clock()[1]
    meters = forecasting.forecast_meters([firm], last)
    first, end = last - timedelta(days=3), last + timedelta(days=forecasting.WEEK)
    kept = forecasting.shown(meters, first, end)
    chart = band(meters, kept, first, last) if kept else None
    if chart and (answer := chart.download(request)):
        return answer
    record = forecasting.record_of(meters)
    rungs = sorted({each.rung for each in kept})
    newest = max((each.made_at for each in kept), default=None)
    context = shell(firm, "forecast") | {
        "chart": chart, "record": record, "rungs": [words.RUNGS[each] for each in rungs], "newest": newest,
        "station": weather.stations([firm.enterprise.place]).get(firm.enterprise.place), "training": Job.objects.active().filter(kind=FORECAST).exists(),
        "figures": [
            {"title": _("日前预测误差"), "value": "NE" if record.mape is None else f"{100 * record.mape:.1f}", "unit": "%", "note": _("每天凌晨报第二天，逐时平均绝对百分比误差"), "status": None},
            {"title": _("照搬最近一天的误差"), "value": "NE" if record.mape_yesterday is None else f"{100 * record.mape_yesterday:.1f}", "unit": "%", "note": _("同样的天，用预测时已知的最近一天同一小时"), "status": None},
            {"title": _("80% 区间实际包含"), "value": "NE" if record.coverage is None else f"{100 * record.coverage:.0f}", "unit": "%", "note": _("应在 80% 上下"), "status": None},
            {"title": _("已评分"), "value": str(record.days), "unit": _("天"), "note": _("预测后等结果出来再评"), "status": None},
        ],
    }  # fmt: skip
    return render(request, "energy/monitoring/forecast.html", context)


def band(meters: list[Meter], kept: list[Any], first: date, last: date) -> charts.Chart | None:
    """All main meters together: measured until yesterday, forecast with its band through the days known. Bands are added, hence wide."""
    block = reading.profiles_of(meters, first, last)
    actual = block.values.sum(axis=0)
    days = sorted({each.day for each in kept})
    complete = [day for day in days if sum(each.day == day for each in kept) == len(meters)]
    xs, value, low, high, measured = [], {}, {}, {}, {}
    for day in complete:
        rows = [each for each in kept if each.day == day]
        for hour in range(reading.SLOTS):
            x = f"{day:%m-%d} {hour:02}"
            xs.append(x)
            value[x] = sum(each.value[hour] for each in rows)
            low[x], high[x] = sum(each.low[hour] for each in rows), sum(each.high[hour] for each in rows)
            if first <= day <= last:
                told_ = actual[(day - first).days, hour]
                measured[x] = None if not np.isfinite(told_) else float(told_)
    series = [
        charts.Series(_("预测与 80% 区间"), value, tone=1, low=low, high=high),
        charts.Series(_("实际"), measured, tone=0),
    ]
    return charts.lines(_("外购电力预测"), "kWh/h", xs, series, decimals=0, name="forecast")


@require_safe
@asks(permissions.SEE)
@one_look()
def baseline_page(request: HttpRequest, code: str) -> HttpResponse:
    """What the electricity bought would have been, by the kind of day: fitted on the earlier part, compared with the last four weeks."""
    firm = firm_of(request, code)
    last = clock()[1]
    found = baselining.compare(forecasting.forecast_meters([firm], last), firm.enterprise.place, last)
    told_ = against(found)
    if (chart := told_.get("chart")) and (answer := chart.download(request)):
        return answer
    told_["fits"] = fits_of(firm.enterprise.subject)
    return render(request, "energy/monitoring/baseline.html", shell(firm, "baseline") | told_)


FITS = 24
"""Kept fits that a page shows: two years of them."""


def fits_of(subject: str) -> list[dict[str, Any]]:
    """The kept fits of a firm or a park as `energy/monitoring/fits.html` shows them."""
    return [
        {"row": each, "cv_rmse": 100 * each.cv_rmse, "nmbe": round(100 * each.nmbe, 1) + 0.0}
        for each in baselining.kept(subject)[:FITS]
    ]


def against(found: baselining.Comparison | baselining.Lack) -> dict[str, Any]:
    """What `energy/monitoring/against.html` needs: the four weeks beside their baseline, or what is lacking for one."""
    context: dict[str, Any] = {"limits": baseline.LIMITS, "least": baseline.LEAST_DAYS}
    if isinstance(found, baselining.Lack):
        meter = found.meter.point.called(english=words.english()) if found.meter else ""
        return context | {"lack": found, "lacking": meter}
    xs = [f"{day:%m-%d}" for day in found.days]

    def drawn(title: str, values: Any, **look: Any) -> charts.Series:
        told_ = {x: float(v) if np.isfinite(v) else None for x, v in zip(xs, values, strict=True)}
        return charts.Series(title, told_, **look)

    series = [drawn(_("实际"), found.actual, tone=0), drawn(_("基线"), found.expected, tone=2, dashed=True)]
    return context | {
        "found": found,
        "fit": found.fit,
        "cv_rmse": 100 * found.fit.cv_rmse,
        "nmbe": round(100 * found.fit.nmbe, 1) + 0.0,  # no minus before a zero
        "chart": charts.lines(_("近四周用电与基线"), baselining.UNIT, xs, series, decimals=0, name="baseline"),
        "station": found.station.called(english=words.english()) if found.station else "",
        "heating": found.fit.coefficients.get("heating"),
        "cooling": found.fit.coefficients.get("cooling"),
    }


@require_safe
@asks(permissions.SEE)
@one_look()
def advice_page(request: HttpRequest, code: str) -> HttpResponse:
    """What would save, on the firm's own curve; and the plan that came of it."""
    firm = firm_of(request, code)
    now, last = clock()
    meters = detecting.meters_of(firm, last)
    load, days, air = advising.curve(firm, meters, now=now)
    found = advising.advise(firm, load, days, air)
    tariff = advising.tariff_in_force(firm, last)
    bill = advice.bill(load, days, tariff, float(firm.flat_price)) if firm.flat_price is not None and days else {}
    keeps = may(request.user, permissions.KEEP, firm.enterprise)
    due = timezone.localdate(now) + timedelta(days=60)
    context = shell(firm, "advice") | {
        "advice": [
            {
                "title": words.ADVICE[each.kind][0], "text": words.ADVICE[each.kind][1], "row": each, "unconfirmed": each.standing in conversion.TO_CONFIRM,
                "form": MeasureForm(initial={"title": words.ADVICE[each.kind][0], "due": due, "kwh": round(each.kwh) or None, "advice": each.kind}, auto_id=f"{each.kind}-%s") if keeps else None,
            }
            for each in found
        ],
        "bill": [{"title": words.PERIODS[period], "kwh": kwh, "yuan": yuan} for period, (kwh, yuan) in bill.items()],
        "tariff": tariff, "tariff_title": (tariff.title_en if words.english() else tariff.title) if tariff else "", "days": len(days), "keeps": keeps,
        "measures": _measures(firm.enterprise), "steps": register.MEASURE_STEPS,
    }  # fmt: skip
    return render(request, "energy/monitoring/advice.html", context)


def _measures(enterprise: Any) -> list[dict[str, Any]]:
    titles = dict(Measure.State.choices)
    rows = Measure.objects.filter(enterprise=enterprise).select_related("anomaly")
    return [
        {"row": each, "steps": [(code, titles[code]) for code in register.MEASURE_STEPS[each.state]]} for each in rows
    ]


@require_POST
@asks(permissions.KEEP)
def plan(request: HttpRequest, code: str) -> HttpResponse:
    """Add a measure to the plan."""
    firm = firm_of(request, code)
    form = MeasureForm(request.POST)
    if not form.is_valid():
        told(request, lambda: _refuse(form), "")
        return redirect("energy:monitoring-advice", code=code)
    given = form.cleaned_data
    anomaly = Anomaly.objects.for_user(request.user).filter(pk=given["anomaly"]).first() if given["anomaly"] else None
    told(
        request,
        lambda: register.plan_measure(
            firm.enterprise,
            title=given["title"],
            due=given["due"],
            kwh=given["kwh"],
            advice=given["advice"],
            anomaly=anomaly,
            by=request.user,
            now=timezone.now(),
        ),
        _("已列入节能计划"),
    )
    return redirect("energy:monitoring-advice", code=code)


def _refuse(form: MeasureForm) -> None:
    raise NotFound("；".join(f"{form[name].label}：{errors[0]}" for name, errors in form.errors.items()))


@require_POST
@asks(permissions.KEEP)
def measure_step(request: HttpRequest, id: int) -> HttpResponse:
    found = Measure.objects.for_user(request.user).select_related("enterprise").filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这项措施"))
    told(
        request,
        lambda: register.move_measure(found, request.POST.get("state", ""), by=request.user, now=timezone.now()),
        _("已更新"),
    )
    return redirect("energy:monitoring-advice", code=found.enterprise.code)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.SEE)
@one_look()
def equipment(request: HttpRequest, code: str) -> HttpResponse:
    """Old equipment retired for new: each nameplate once."""
    firm = firm_of(request, code)
    keeps = may(request.user, permissions.KEEP, firm.enterprise)
    form = ReplacementForm(request.POST or None)
    status = 200
    if request.method == "POST":
        done = form.is_valid() and told(
            request,
            lambda: register.replace_equipment(
                firm.enterprise, by=request.user, now=timezone.now(), **form.cleaned_data
            ),
            _("已登记设备更新"),
        )
        if done:
            return redirect("energy:monitoring-equipment", code=code)
        status = 422
    table = Table(
        request,
        Replacement.objects.filter(enterprise=firm.enterprise),
        [
            Column("retired", _("淘汰设备"), wide=True),
            Column("nameplate", _("出厂编号")),
            Column("installed", _("新设备"), wide=True),
            Column("kwh", _("年节电量（千瓦时）"), numeric=True, show=lambda row: f"{row.kwh:,.0f}"),
            Column("on", _("更换日期"), show=lambda row: str(row.on)),
            Column("proof", _("凭证"), wide=True),
        ],
        _("设备更新"),
        order="-on",
        empty=_("还没有登记设备更新。"),
        file="replacements",
    )
    if answer := table.download():
        return answer
    return render(
        request,
        "energy/monitoring/equipment.html",
        shell(firm, "equipment") | {"table": table, "form": form, "keeps": keeps},
        status=status,
    )
