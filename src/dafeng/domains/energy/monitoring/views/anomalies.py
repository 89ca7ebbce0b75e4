"""The anomaly desk, one anomaly, its steps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.energy.models import Anomaly, Meter
from dafeng.domains.energy.monitoring import detecting, permissions, reading, words
from dafeng.domains.energy.monitoring.forms import MeasureForm
from dafeng.domains.energy.monitoring.methods import conversion
from dafeng.domains.energy.monitoring.methods.anomalies import DATA_RULES
from dafeng.domains.energy.monitoring.views.firm_page import clock
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import NotFound, StaleError
from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.pages import charts
from dafeng.kernel.pages.steps import told
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.quantities.units import printed
from dafeng.kernel.series.points import one_look

JOBS = ("energy.monitoring.detect", "energy.monitoring.forecast", "energy.monitoring.publish")


def _seen(request: HttpRequest) -> Any:
    return Anomaly.objects.for_user(request.user).select_related("enterprise", "meter__point", "meter__node")


def amount(anomaly: Anomaly) -> str:
    return "–" if anomaly.amount is None else f"{anomaly.amount:,.0f} {printed(anomaly.meter.point.unit)}"


def where(anomaly: Anomaly) -> str:
    """The link of the process and the point, in the reader's language."""
    english = words.english()
    node, point = anomaly.meter.node.called(english=english), anomaly.meter.point.called(english=english)
    return node if node == point else f"{node} · {point}"


def _when(anomaly: Anomaly) -> str:
    first, last = timezone.localtime(anomaly.first), timezone.localtime(anomaly.last) - timedelta(minutes=1)
    return f"{first:%Y-%m-%d}" if first.date() == last.date() else f"{first:%Y-%m-%d} – {last:%m-%d}"


@require_safe
@asks(permissions.SEE)
@one_look()
def desk(request: HttpRequest) -> HttpResponse:
    """All findings that this person may see, and how often each rule was right."""
    english = words.english()
    table = Table(
        request,
        _seen(request),
        [
            Column("kind", _("异常"), show=lambda row: words.RULES[row.kind].title, link=lambda row: reverse("energy:monitoring-anomaly", kwargs={"id": row.pk})),
            Column("enterprise.name", _("单位"), show=lambda row: row.enterprise.called(english=english), wide=True),
            Column("meter.node.name", _("环节"), show=where, wide=True),
            Column("first", _("时间"), show=_when),
            Column("amount", _("涉及用量"), numeric=True, show=amount),
            Column("yuan", _("涉及金额（元）"), numeric=True, show=lambda row: "–" if row.yuan is None else f"{row.yuan:,.0f}{'*' if row.money_standing in conversion.TO_CONFIRM else ''}"),
            Column("co2", _("涉及排放（吨）"), numeric=True, show=lambda row: "–" if row.co2 is None else f"{row.co2:,.1f}"),
            Column("state", _("状态"), show=lambda row: row.get_state_display()),
        ],
        _("用能异常"),
        search=("enterprise__name", "meter__point__name", "meter__node__name"),
        choices=(
            Choice("state", _("状态"), dict(Anomaly.State.choices)),
            Choice("family", _("层次"), words.FAMILIES),
            Choice("kind", _("类型"), {code: rule.title for code, rule in words.RULES.items()}),
        ),
        order="-first",
        empty=_("没有用能异常。每天夜里自动识别一次。"),
        file="energy-anomalies",
    )  # fmt: skip
    if answer := table.download():
        return answer
    found = [
        {"title": words.RULES[each.kind].title, "row": each, "share": None if each.share is None else 100 * each.share}
        for each in detecting.precision(Anomaly.objects.for_user(request.user))
    ]
    return render(
        request,
        "energy/monitoring/anomalies.html",
        {"table": table, "precision": found, "runs": may(request.user, permissions.RUN)},
    )


def _one(request: HttpRequest, id: int) -> Anomaly:
    found = _seen(request).filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这条用能异常"), mend=_("请从异常清单进入"))
    return found  # type: ignore[no-any-return]


@require_safe
@asks(permissions.SEE)
@one_look()
def anomaly(request: HttpRequest, id: int) -> HttpResponse:
    """Where, how much, why probably, what to check, what was done."""
    found = _one(request, id)
    chart = _around(found)
    if chart and (answer := chart.download(request)):
        return answer
    keeps = may(request.user, permissions.KEEP, found.enterprise)
    titles = {"confirm": _("属实"), "dismiss": _("误报"), "solve": _("已解决"), "reopen": _("重新打开")}
    states = dict(Anomaly.State.choices)
    context = {
        "anomaly": found, "rule": words.RULES[found.kind], "family": words.FAMILIES[found.family], "when": _when(found), "amount": amount(found), "chart": chart,
        "unconfirmed": found.money_standing in conversion.TO_CONFIRM, "keeps": keeps, "name": found.enterprise.called(english=words.english()),
        "point": found.meter.point.called(english=words.english()), "node": found.meter.node.called(english=words.english()),
        "steps": [{"code": code, "title": title} for code, title in titles.items() if keeps and found.state in detecting.STEPS[code][0]],
        "events": [{"title": states.get(each.after, each.after), "at": each.at, "by": each.by, "text": each.note, "bad": each.after == "false"} for each in found.moves.select_related("by")],
        "measures": list(found.measures.all()), "facts": _facts(found),
        "form": MeasureForm(initial={"anomaly": found.pk, "due": timezone.localdate() + timedelta(days=30)}) if keeps else None,
    }  # fmt: skip
    return render(request, "energy/monitoring/anomaly.html", context)


PARTS = {"sum", "night_load", "idle_running", "peak_valley"}
"""Kinds whose limit is a part of the use, told in percent; those of a day's load are told in times of what is usual."""


def _facts(found: Anomaly) -> list[dict[str, Any]]:
    """What the rule saw, each number with its unit. How loud a rule of broken data spoke says nothing to a reader."""
    titles = {
        "expected": _("预期用量"), "actual": _("实际用量"), "measure": _("偏离程度"), "limit": _("报警界限"), "share": _("占比"), "usual": _("平常占比"),
        "best": _("最好的夜晚"), "lately": _("近来的夜晚"), "hours": _("每天同时运行小时"), "factor": _("功率因数"), "surcharge": _("电费增收比例"),
    }  # fmt: skip
    unit = printed(found.meter.point.unit)

    def words_of(name: str, value: float) -> str:
        if name in ("expected", "actual") or (name == "limit" and found.kind == "runaway"):
            return f"{value:,.0f} {unit}"
        if name in ("best", "lately"):
            return f"{value:,.1f} {unit}/h"
        if name in ("share", "usual") or (name == "limit" and found.kind in PARTS):
            return f"{100 * value:.1f}%"
        if name == "hours" or (name == "limit" and found.kind == "both"):
            return f"{value:.1f} h"
        if name == "surcharge":
            return f"{value:.1f}%"
        if name == "factor" or found.kind == "power_factor":
            return f"{value:.2f}"
        return _("平常波动的 %(times)s 倍") % {"times": f"{value:.1f}"}

    silent = {"measure", "limit"} if found.kind in DATA_RULES else set()
    return [
        {"title": titles[name], "value": words_of(name, value)}
        for name, value in found.facts.items()
        if name in titles and name not in silent
    ]


def _around(found: Anomaly) -> charts.Chart | None:
    """The hours around the finding, beside the same hours a week before."""
    first, last = timezone.localtime(found.first).date(), (timezone.localtime(found.last) - timedelta(minutes=1)).date()
    first = max(first - timedelta(days=1), last - timedelta(days=9))
    meter = Meter.objects.select_related("point").get(pk=found.meter_id)
    block = reading.profiles_of([meter], first - timedelta(days=7), last)
    days = (last - first).days + 1
    now = block.values[0, 7 : 7 + days].ravel()
    before = block.values[0, :days].ravel()
    xs = [f"{block.at(7 + number // 24, number % 24):%m-%d %H}" for number in range(days * 24)]
    value = {x: None if each != each else float(each) for x, each in zip(xs, now, strict=True)}
    week = {x: None if each != each else float(each) for x, each in zip(xs, before, strict=True)}
    return charts.lines(_("异常前后"), printed(found.meter.point.unit), xs, [charts.Series(_("实际"), value, tone=0), charts.Series(_("一周前"), week, tone=2, dashed=True)], decimals=0, name="around")  # fmt: skip


@require_POST
@asks(permissions.KEEP)
def step(request: HttpRequest, id: int) -> HttpResponse:
    found = _one(request, id)
    if request.POST.get("state") != found.state:
        raise StaleError(
            _("已被他人办理，现为“%(state)s”") % {"state": found.get_state_display()}, mend=_("请返回看最新情况")
        )
    told(
        request,
        lambda: detecting.settle(
            found,
            request.POST.get("action", ""),
            by=request.user,
            now=timezone.now(),
            note=request.POST.get("note", ""),
        ),
        _("已办理"),
    )
    return redirect("energy:monitoring-anomaly", id=id)


@require_POST
@asks(permissions.RUN)
def run(request: HttpRequest) -> HttpResponse:
    """Start one of the room's jobs now."""
    kind = request.POST.get("kind", "")
    if kind not in JOBS:
        raise NotFound(_("没有这种后台任务"), expected="、".join(JOBS))
    jobs.start(kind, by=request.user, now=clock()[0], key=kind)
    messages.success(request, _("已开始，可在“后台任务”看进度"))
    return redirect("energy:monitoring-firms")
