"""An enterprise's own pages: home, facilities with their boundaries, control plan."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import Count, Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.enterprise.models import ControlPlan, Facility
from dafeng.domains.enterprise.reporting import boundaries, permissions, plans, reports, sectoral, sources, summary
from dafeng.domains.enterprise.reporting.views.places import clock, firm_of, keeps, year_of
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import DafengError
from dafeng.kernel.pages.tables import Column, Table
from dafeng.kernel.records import services as records


@require_safe
@asks(permissions.SEE)
def home(request: HttpRequest) -> HttpResponse:
    """The enterprises that a person may see; one's own enterprise at once where there is only one."""
    own = records.organisations_of(request.user) - {""}
    told = Q(facilities__isnull=False) | Q(organisation__in=own)  # a firm's own people begin with none
    seen = Enterprise.objects.filter(permissions.firms_seen(request.user)).filter(told)
    firms = Enterprise.objects.filter(pk__in=seen.values("pk")).annotate(
        units=Count("facilities", filter=Q(facilities__units__isnull=True), distinct=True),
        last=Max("carbon_reports__year"),
    )
    if "enterprise" in records.roles_of(request.user) and firms.count() == 1:
        return redirect("enterprise:reporting-firm", firm=firms[0].code)
    table = Table(
        request,
        firms.order_by("code"),
        [
            Column(
                "name",
                _("企业"),
                show=lambda row: row.called(english=sectoral.english()),
                link=lambda row: reverse("enterprise:reporting-firm", kwargs={"firm": row.code}),
                wide=True,
            ),
            Column("credit_code", _("统一社会信用代码")),
            Column("units", _("核算单元"), numeric=True),
            Column("last", _("最近报告年度"), show=lambda row: str(row.last or "–")),
        ],
        _("企业碳报告"),
        search=("name", "name_en", "code"),
        order="code",
        file="enterprises",
        empty=_("还没有登记核算单元的企业"),
    )
    return table.download() or render(request, "enterprise/reporting/home.html", {"table": table})


@require_safe
@asks(permissions.SEE)
def firm(request: HttpRequest, firm: str) -> HttpResponse:
    """What is due, what is wrong, what it costs."""
    # One question for the firm and its facilities; a firm without any is asked for by itself.
    own = (
        Facility.objects.units()
        .for_user(request.user)
        .filter(enterprise__code=firm)
        .select_related("enterprise")
        .distinct()
    )
    units = list(own.order_by("code"))
    enterprise = units[0].enterprise if units else firm_of(request.user, firm, what="home")
    _now, today = clock()
    year, years = year_of(request, today)
    facilities = [each for each in units if each.since.year <= year and (each.until is None or each.until.year >= year)]
    changes = boundaries.changes_of(units)
    # With the year that is reported comes what runs now: the months of this one.
    asked_for = (year, today.year) if year == today.year - 1 else (year,)
    states = summary.month_states(units, *asked_for, today=today, changes=changes)
    report = reports.newest(enterprise, year)
    returned = report is not None and report.record.state == "returned"
    last_step = (
        report.record.moves.filter(to_state="returned").order_by("-seq").first() if report and returned else None
    )
    numbers = list(
        ControlPlan.objects.filter(enterprise=enterprise, year=year).select_related("record").order_by("-number")
    )
    found = summary.findings_of(enterprise, year)
    context = {
        "firm": enterprise,
        "year": year,
        "years": years,
        "keeps": keeps(request.user, enterprise),
        "facilities": [{"facility": each, "months": states[each.pk][:12], "sector": sectoral.sector_title(each.sector)} for each in facilities],
        "tasks": summary.tasks(
            enterprise,
            year,
            states,
            report=report,
            filed=any(each.record.state == "filed" for each in numbers),
            today=today,
            lacks=summary.lacking(facilities, year, changes),
        ),
        "report": report,
        "returned": last_step,
        "findings": [each for each in found if each.state == "open"][:8],
        "open_findings": sum(each.state == "open" for each in found),
        "cost": summary.cost(enterprise, report, year),
        "plan": numbers[0] if numbers else None,
        "can_open": (report is None or report.record.state == "locked") and year < today.year,
    }  # fmt: skip
    return render(request, "enterprise/reporting/firm.html", context)


PLAN_TITLES = {
    "source": gettext_lazy("数据来源"),
    "how": gettext_lazy("取得方式"),
    "meter": gettext_lazy("计量器具或检测机构"),
    "frequency": gettext_lazy("频次"),
    "accuracy": gettext_lazy("准确度"),
    "calibration": gettext_lazy("检定周期"),
    "missing": gettext_lazy("缺失时的处理"),
}
GENERAL_TITLES = {
    "unit_data": gettext_lazy("设施信息和边界说明"),
    "quality": gettext_lazy("内部质量控制和质量保证"),
    "people": gettext_lazy("负责部门和人员"),
}


@require_safe
@asks(permissions.SEE)
def plan(request: HttpRequest, firm: str, year: int) -> HttpResponse:
    """The control plan of a year: how each parameter is obtained."""
    enterprise = firm_of(request.user, firm, what="plan")
    return _plan_page(request, enterprise, year, plans.current(enterprise, year))


def _plan_page(
    request: HttpRequest,
    enterprise: Enterprise,
    year: int,
    found: ControlPlan | None,
    *,
    error: DafengError | None = None,
    typed: dict[str, Any] | None = None,
) -> HttpResponse:
    content = typed or (found.content if found else {})
    former = sources.before(found) if found else {}
    lines = [
        {
            **line,
            "sources": sectoral.source_titles(line["order"]) if line["order"] else {},
            "former": sources.lowered(line, former),
            "cells": [
                {
                    "name": f"{number}-{name}",
                    "title": title,
                    "value": line["said"].get(name, ""),
                    "measured": bool(line["points"]) and name in plans.DEVICE,
                }
                for name, title in PLAN_TITLES.items()
            ],
        }
        for number, line in enumerate(plans.lines(enterprise, content, year))
    ]
    several = len({each["installation"].pk for each in lines}) > 1
    for number, line in enumerate(lines):
        line["heads"] = several and (number == 0 or lines[number - 1]["installation"].pk != line["installation"].pk)
    context = {
        "firm": enterprise,
        "year": year,
        "plan": found,
        "lines": lines,
        "devices": plans.devices(found, lines),
        "general": [{"name": n, "title": t, "value": content.get(n, "")} for n, t in GENERAL_TITLES.items()],
        "seen": request.POST.get("seen") or (plans.seen_of(found) if found else ""),
        "keeps": keeps(request.user, enterprise),
        "draft": bool(found and found.record.state == "draft"),
        "versions": ControlPlan.objects.filter(enterprise=enterprise, year=year)
        .select_related("record")
        .order_by("-number"),
        "error": error.as_dict() if error else None,
    }
    return render(request, "enterprise/reporting/plan.html", context, status=422 if error else 200)


@require_POST
@asks(permissions.KEEP)
def plan_step(request: HttpRequest, firm: str, year: int) -> HttpResponse:
    """Open a plan, save its draft, or file it."""
    enterprise, (now, _today) = firm_of(request.user, firm, what="plan"), clock()
    demand(request.user, permissions.KEEP, enterprise)
    action, found = request.POST.get("action", ""), plans.current(enterprise, year)
    typed: dict[str, Any] | None = None
    try:
        if action == "open":
            plans.open_plan(enterprise, year, by=request.user, now=now, reason=request.POST.get("reason", ""))
            messages.success(request, _("已开始编制，请逐项写明"))
        elif found and action in ("save", "file"):
            typed = {name: request.POST.get(name, "") for name in plans.GENERAL}
            typed["items"] = {
                line["key"]: {name: request.POST.get(f"{number}-{name}", "") for name in plans.FIELDS}
                for number, line in enumerate(plans.lines(enterprise, {}, year))
            }
            plans.save(found, typed, seen=request.POST.get("seen", ""), by=request.user, now=now)
            messages.success(request, _("已保存"))
            if action == "file":
                plans.file(found, by=request.user, now=now)
                messages.success(request, _("控制方案已备案"))
    except DafengError as error:
        return _plan_page(request, enterprise, year, found, error=error, typed=typed)
    return redirect("enterprise:reporting-plan", firm=enterprise.code, year=year)


@require_POST
@asks(permissions.OPEN)
def open_report(request: HttpRequest, firm: str) -> HttpResponse:
    """Begin the year's report, or a new version of a locked one."""
    enterprise, (now, _today) = firm_of(request.user, firm, what="open-report"), clock()
    demand(request.user, permissions.OPEN, enterprise)
    text = request.POST.get("year", "")
    year = int(text) if text.isascii() and text.isdigit() and len(text) == 4 else date.min.year
    made = reports.open_draft(enterprise, year, by=request.user, now=now, reason=request.POST.get("reason", ""))
    messages.success(request, _("已建立报告草稿"))
    return redirect("enterprise:reporting-report", id=made.pk)


urlpatterns = [
    path("reporting/", home, name="reporting-home"),
    path("reporting/firms/<slug:firm>/", firm, name="reporting-firm"),
    path("reporting/firms/<slug:firm>/plan/<year:year>/", plan, name="reporting-plan"),
    path("reporting/firms/<slug:firm>/plan/<year:year>/step/", plan_step, name="reporting-plan-step"),
    path("reporting/firms/<slug:firm>/reports/", open_report, name="reporting-open-report"),
]
