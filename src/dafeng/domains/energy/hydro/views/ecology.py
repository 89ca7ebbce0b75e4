"""Ecological flow by month with its rule, the desk of warnings, one warning, its steps; and the room's jobs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.energy.city_page import amount, city_here, percent
from dafeng.domains.energy.control.rules import english
from dafeng.domains.energy.hydro import compliance, generation, permissions, reading, rules, warnings, words
from dafeng.domains.energy.models import EcoWarning, HydroStation, hydro_full
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import NotFound, StaleError
from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.pages import asked
from dafeng.kernel.pages.steps import told
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.series.points import one_look

JOBS = ("energy.hydro.warn", "energy.hydro.forecast", "energy.hydro.publish")
MONTHS = 13


def _months(today: date) -> list[date]:
    found = [(today - timedelta(days=1)).replace(day=1)]
    while len(found) < MONTHS:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found


@require_safe
@asks(permissions.SEE)
@one_look()
def compliance_page(request: HttpRequest) -> HttpResponse:
    """A month of every station that this person may see: hours and days met, short, missing; and the rule."""
    now = timezone.now()
    today = timezone.localdate(now)
    months = _months(today)
    chosen = asked.one_of(request, "month", [f"{each:%Y-%m}" for each in months], default=f"{months[0]:%Y-%m}")
    first, last = generation.month_span(date.fromisoformat(f"{chosen}-01"))
    last = min(last, today - timedelta(days=1))
    stations = list(HydroStation.objects.for_user(request.user).filter(city=city_here().code, kind="small", stage="running").select_related("river"))  # fmt: skip
    found = compliance.judge(stations, first, last, now=now)
    rows = []
    for each in found.values():
        hours = each.hours
        rows.append(
            {
                "station": each.station, "name": each.station.called(english=english()), "river": each.station.river.called(english=english()) if each.station.river else "–",
                "met": hours.met, "short": hours.short, "missing": hours.missing, "share": percent(hours.share * 100) if hours.share is not None else "–",
                "days": each.count("met"), "bad": each.count("short"), "unknown": each.count("unknown"), "light": words.light(words.VERDICTS, each.verdict),
                "judged": each.verdict != "unset",
            }
        )  # fmt: skip
    verdicts = [each.verdict for each in found.values()]
    judged = verdicts.count("met") + verdicts.count("short")
    context = {
        "rows": rows, "rule": rules.rule_of(last), "first": first, "last": last,
        "months": [{"title": f"{each:%Y-%m}", "address": asked.address(request, month=f"{each:%Y-%m}"), "current": f"{each:%Y-%m}" == chosen} for each in months],
        "figures": [
            {"title": _("达标电站"), "value": f"{verdicts.count('met')} / {judged}", "unit": _("座"), "note": _("能判定的电站中")},
            {"title": _("数据不足"), "value": str(verdicts.count("unknown")), "unit": _("座"), "note": _("不算达标，也不算不达标")},
            {"title": _("未核定"), "value": str(verdicts.count("unset")), "unit": _("座"), "note": _("没有签发的核定值")},
        ],
    }  # fmt: skip
    return render(request, "energy/hydro/ecology.html", context)


def _seen(request: HttpRequest) -> Any:
    """Warnings of stations that this person sees in full: what others on the river share is the flow, not its story."""
    rows = EcoWarning.objects.filter(hydro_full(request.user, at="station"), station__city=city_here().code)
    return rows.select_related("station__river")


@require_safe
@asks(permissions.SEE)
def desk(request: HttpRequest) -> HttpResponse:
    city = city_here()
    table = Table(
        request, _seen(request),
        [
            Column("kind", _("预警"), show=lambda row: row.get_kind_display(), link=lambda row: reverse("energy:hydro-warning", kwargs={"id": row.pk})),
            Column("level", _("级别"), show=lambda row: words.LEVELS[row.level]),
            Column("station.name", _("电站"), show=lambda row: row.station.called(english=english()), wide=True),
            Column("station.place", _("县区"), show=lambda row: city.place_name(row.station.place, english=english())),
            Column("first", _("起"), show=lambda row: f"{timezone.localtime(row.first):%Y-%m-%d %H:%M}"),
            Column("last", _("止"), show=lambda row: _("仍在持续") if row.going_on else f"{timezone.localtime(row.last):%Y-%m-%d %H:%M}"),
            Column("hours", _("小时"), numeric=True),
            Column("lowest", _("最低 / 核定（m³/s）"), numeric=True, show=lambda row: "–" if row.lowest is None else f"{row.lowest:.3f} / {row.threshold:.3f}"),
            Column("state", _("状态"), show=lambda row: row.get_state_display() if row.stands else _("补报后不成立")),
            Column("station.demo", _("备注"), sort=None, show=lambda row: _("演示") if row.station.demo else ""),
        ],
        _("生态流量预警"), search=("station__name", "station__code"),
        choices=(
            Choice("state", _("状态"), dict(EcoWarning.State.choices)), Choice("kind", _("类型"), dict(EcoWarning.Kind.choices)),
            Choice("level", _("级别"), {str(level): title for level, title in words.LEVELS.items()}),
        ),
        order="-first", empty=_("没有预警。每小时识别一次。"), file="eco-warnings",
    )  # fmt: skip
    return table.download() or render(
        request,
        "energy/hydro/warnings.html",
        {"table": table, "rule": rules.rule_of(timezone.localdate()), "runs": may(request.user, permissions.RUN)},
    )


def _one(request: HttpRequest, id: int) -> EcoWarning:
    found = _seen(request).filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这条预警"), mend=_("请从预警清单进入"))
    return found  # type: ignore[no-any-return]


@require_safe
@asks(permissions.SEE)
def warning(request: HttpRequest, id: int) -> HttpResponse:
    """Where, from when to when, how bad, what to do, and what people made of it."""
    found = _one(request, id)
    judges, settles = may(request.user, permissions.JUDGE, found), may(request.user, permissions.SETTLE, found)
    titles = {"confirm": _("属实"), "explain": _("作出说明"), "solve": _("已解决"), "reopen": _("重新打开")}
    context = {
        "warning": found, "name": found.station.called(english=english()), "level": words.LEVELS[found.level], "tag": words.LEVEL_TAGS[found.level],
        "place": city_here().place_name(found.station.place, english=english()), "todo": warnings.what_to_do(found), "rule": rules.rule_of(timezone.localtime(found.last).date()),
        "point": next((each.point for each in reading.points_of(stations=[found.station], roles=("eco",))), None),
        "lowest": amount(found.lowest, 3), "threshold": amount(found.threshold, 3),
        "steps": [
            {"code": code, "title": titles[code]}
            for code, (before, _after, judged, _noted) in warnings.STEPS.items()
            if found.state in before and (judges if judged else settles)
        ],
        "events": [
            {"title": dict(EcoWarning.State.choices)[each.after], "at": each.at, "by": each.by or _("系统"), "text": each.note, "bad": each.after == "new"}
            for each in found.moves.select_related("by")
        ],
    }  # fmt: skip
    return render(request, "energy/hydro/warning.html", context)


@require_POST
@asks(permissions.SETTLE)
def step(request: HttpRequest, id: int) -> HttpResponse:
    found = _one(request, id)
    if request.POST.get("state") != found.state:
        raise StaleError(_("已被他人办理，现为“%(state)s”") % {"state": found.get_state_display()}, mend=_("请返回看最新情况"))  # fmt: skip
    action, note = request.POST.get("action", ""), request.POST.get("note", "")
    told(
        request,
        lambda: warnings.settle(found, action, by=request.user, now=timezone.now(), note=note),
        _("已办理"),
    )
    return redirect("energy:hydro-warning", id=id)


@require_POST
@asks(permissions.RUN)
def run(request: HttpRequest) -> HttpResponse:
    """Start one of the room's jobs now."""
    kind = request.POST.get("kind", "")
    if kind not in JOBS:
        raise NotFound(_("没有这种后台任务"), expected="、".join(JOBS))
    jobs.start(kind, by=request.user, now=timezone.now(), key=kind)
    messages.success(request, _("已开始，可在“后台任务”看进度"))
    return redirect("energy:hydro")
