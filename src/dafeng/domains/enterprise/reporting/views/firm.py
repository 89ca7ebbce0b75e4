"""An enterprise's own pages: home, facilities with their boundaries, control plan."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import ControlPlan, Facility
from dafeng.domains.enterprise.reporting import boundaries, metering, permissions, plans, reports, sectoral, summary
from dafeng.domains.enterprise.reporting.views.places import clock, facility_of, firm_of, keeps, year_of
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import DafengError
from dafeng.kernel.pages.tables import Column, Table
from dafeng.kernel.records import services as records


def boundary_titles() -> dict[str, str]:
    return {boundaries.REPORTING: _("报告边界"), boundaries.COMPLIANCE: _("履约边界")}


@require_safe
@asks(permissions.SEE)
def home(request: HttpRequest) -> HttpResponse:
    """The enterprises that a person may see; one's own enterprise at once where there is only one."""
    own = records.organisations_of(request.user) - {""}
    told = Q(facilities__isnull=False) | Q(organisation__in=own)  # a firm's own people begin with none
    seen = Enterprise.objects.filter(permissions.firms_seen(request.user)).filter(told)
    firms = Enterprise.objects.filter(pk__in=seen.values("pk")).annotate(
        units=Count("facilities", distinct=True), last=Max("carbon_reports__year")
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
    own = Facility.objects.for_user(request.user).filter(enterprise__code=firm).select_related("enterprise").distinct()
    units = list(own.order_by("code"))
    enterprise = units[0].enterprise if units else firm_of(request.user, firm, what="home")
    _now, today = clock()
    year, years = year_of(request, today)
    facilities = [each for each in units if each.since.year <= year and (each.until is None or each.until.year >= year)]
    states = summary.month_states(facilities, year, today=today)
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
        "facilities": [{"facility": each, "months": states[each.pk], "sector": sectoral.sector_title(each.sector)} for each in facilities],
        "tasks": summary.tasks(
            enterprise,
            year,
            states,
            report=report,
            filed=any(each.record.state == "filed" for each in numbers),
            today=today,
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


class FacilityForm(forms.Form):
    code = forms.SlugField(label=gettext_lazy("代码"), max_length=60, help_text=gettext_lazy("小写字母、数字和连字符"))
    name = forms.CharField(label=gettext_lazy("名称"), max_length=120)
    sector = forms.ChoiceField(label=gettext_lazy("行业方法"))
    since = forms.DateField(label=gettext_lazy("投产"), widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=gettext_lazy("关停"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    compliance = forms.BooleanField(label=gettext_lazy("计入履约边界"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sector"].choices = list(sectoral.sector_titles().items())  # type: ignore[attr-defined]


class ChangeForm(forms.Form):
    facility = forms.ChoiceField(label=gettext_lazy("核算单元"))
    day = forms.DateField(label=gettext_lazy("日期"), widget=forms.DateInput(attrs={"type": "date"}))
    boundary = forms.ChoiceField(label=gettext_lazy("边界"))
    inside = forms.ChoiceField(
        label=gettext_lazy("变化"), choices=[("1", gettext_lazy("计入")), ("0", gettext_lazy("移出"))]
    )
    reason = forms.CharField(label=gettext_lazy("理由"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, facilities: list[Facility], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["facility"].choices = [(each.pk, each.name) for each in facilities]  # type: ignore[attr-defined]
        self.fields["boundary"].choices = list(boundary_titles().items())  # type: ignore[attr-defined]


@require_safe
@asks(permissions.SEE)
def facilities(request: HttpRequest, firm: str) -> HttpResponse:
    """Facilities, their streams, and the dated changes of both boundaries."""
    enterprise = firm_of(request.user, firm, what="facilities")
    return _facilities_page(request, enterprise)


def _facilities_page(
    request: HttpRequest,
    enterprise: Enterprise,
    *,
    form: forms.Form | None = None,
    changing: forms.Form | None = None,
    error: DafengError | None = None,
) -> HttpResponse:
    found = list(Facility.objects.filter(enterprise=enterprise))
    changes = boundaries.changes_of(found)
    titles = boundary_titles()
    context = {
        "firm": enterprise,
        "keeps": keeps(request.user, enterprise),
        "rows": [
            {
                "facility": each,
                "sector": sectoral.sector_title(each.sector),
                "streams": _streams(each),
                "facts": _facts(each),
                "meters": meters_of(each),
            }
            for each in found
        ],
        "changes": [
            {"change": row, "facility": each, "boundary": titles[row.boundary]}
            for each in found
            for row in changes.get(each.pk, ())
        ],
        "form": form or FacilityForm(initial={"compliance": True}),
        "changing": changing or ChangeForm(facilities=found),
        "error": error.as_dict() if error else None,
    }
    status = 422 if error or (form and form.errors) or (changing and changing.errors) else 200
    return render(request, "enterprise/reporting/facilities.html", context, status=status)


def meters_of(facility: Facility) -> list[dict[str, Any]]:
    """The monthly items that a meter can fill, with the points that do."""
    held = {(each.item, each.stream): each.points for each in metering.assigned(facility)}
    return [
        {"name": f"{cell.item}:{cell.stream}", "title": cell.title, "unit": cell.unit, "points": held.get(cell.key, ())}
        for cell in sectoral.fields(facility, "2000-01")
    ]


def _streams(facility: Facility) -> list[dict[str, Any]]:
    """The kinds that the sector knows, each marked where the facility has it."""
    held, labels = sectoral.streams_of(facility), sectoral.label_choices(facility.sector)
    return [
        {
            "code": code,
            "title": sectoral.stream_title(facility.sector, code),
            "kinds": [
                {"value": f"{code}:{kind}", "title": title, "held": kind in held.get(code, ())}
                for kind, title in kinds.items()
            ],
            "labels": labels[code],
            "named": [
                {"value": f"{code}:{name}", "title": sectoral.source_title(facility.sector, code, name)}
                for name in held.get(code, ())
                if "/" in name
            ],
        }
        for code, kinds in sectoral.stream_choices(facility.sector).items()
    ]


def _facts(facility: Facility) -> list[dict[str, Any]]:
    """The sector's facts, each with what was told by day."""
    sector, told = sectoral.sector_of(facility.sector), sectoral.facts_of(facility)
    titles = sectoral.fact_titles(facility.sector)
    return [
        {
            "name": name,
            "title": titles[name],
            "unit": fact.unit,
            "required": fact.required,
            "help": fact.help_en if sectoral.english() else fact.help,
            "kinds": {code: sectoral.fact_shown(facility.sector, name, code) for code in fact.kinds},
            "told": [(since, sectoral.fact_shown(facility.sector, name, value)) for since, value in told[name]],
        }
        for name, fact in sector.facts.items()
    ]


@require_POST
@asks(permissions.KEEP)
def set_facts(request: HttpRequest, pk: int) -> HttpResponse:
    """What holds of a facility from a day on; a field left empty says nothing, `remove` takes a line away."""
    facility, (now, _today) = facility_of(request.user, pk, what="facts"), clock()
    demand(request.user, permissions.KEEP, facility)
    name, _sep, day = request.POST.get("remove", "").partition(":")
    told: dict[str, Any] = {name: None} if name else {}
    if not told:
        day = request.POST.get("since", "")
        told = {each: text for each in sectoral.facts_of(facility) if (text := request.POST.get(each, "").strip())}
    try:
        since = parse_date(day)
    except ValueError:
        since = None
    try:
        if since is None:
            raise Refused("day", _("没有填起始日期，或日期不对"), expected="2026-05-01")
        boundaries.set_facts(facility, since, told, by=request.user, now=now)
    except DafengError as error:
        return _facilities_page(request, facility.enterprise, error=error)
    messages.success(request, _("已保存设施信息"))
    return redirect("enterprise:reporting-facilities", firm=facility.enterprise.code)


@require_POST
@asks(permissions.KEEP)
def change_source(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a source with its equipment or own name, or take one away."""
    facility, (now, _today) = facility_of(request.user, pk, what="source"), clock()
    demand(request.user, permissions.KEEP, facility)
    given = {"by": request.user, "now": now}
    try:
        if remove := request.POST.get("remove"):
            code, _sep, name = remove.partition(":")
            boundaries.remove_stream(facility, code, name, **given)
            messages.success(request, _("已移除源流"))
        else:
            code, _sep, kind = request.POST.get("kind", "").partition(":")
            words = [" ".join(request.POST.get(each, "").split()) for each in ("label", "own")]
            if not any(words):
                raise Refused("label", _("没有写设备或名称"), mend=_("不分设备的，在上面勾选即可"))
            boundaries.add_stream(facility, code, "/".join([kind, *filter(None, words)]), **given)
            messages.success(request, _("已增加源流，月度页面将列出它的项目"))
    except DafengError as error:
        return _facilities_page(request, facility.enterprise, error=error)
    return redirect("enterprise:reporting-facilities", firm=facility.enterprise.code)


@require_POST
@asks(permissions.KEEP)
def add_facility(request: HttpRequest, firm: str) -> HttpResponse:
    enterprise = firm_of(request.user, firm, what="add-facility")
    demand(request.user, permissions.KEEP, enterprise)
    form, (now, _today) = FacilityForm(request.POST), clock()
    if not form.is_valid():
        return _facilities_page(request, enterprise, form=form)
    given = form.cleaned_data
    held = Facility.objects.filter(enterprise=enterprise, code=given["code"]).first()
    try:
        boundaries.ensure_facility(
            enterprise, given.pop("code"), **given, facts=held.facts if held else {}, by=request.user, now=now
        )
    except DafengError as error:
        return _facilities_page(request, enterprise, form=form, error=error)
    messages.success(request, _("已登记核算单元，请接着选定它的燃料和物料"))
    return redirect("enterprise:reporting-facilities", firm=enterprise.code)


@require_POST
@asks(permissions.KEEP)
def set_streams(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which fuels and materials a facility has; what labels it had stay."""
    facility, (now, _today) = facility_of(request.user, pk, what="streams"), clock()
    demand(request.user, permissions.KEEP, facility)
    chosen: dict[str, list[str]] = {}
    known = sectoral.stream_choices(facility.sector)
    for text in request.POST.getlist("stream"):
        code, _sep, kind = text.partition(":")
        if kind in known.get(code, {}):
            chosen.setdefault(code, []).append(kind)
    for code, names in sectoral.streams_of(facility).items():
        chosen.setdefault(code, []).extend(name for name in names if "/" in name)
    boundaries.set_streams(facility, chosen, by=request.user, now=now)
    messages.success(request, _("已保存，月度页面将按这些燃料和物料列出项目"))
    return redirect("enterprise:reporting-facilities", firm=facility.enterprise.code)


@require_POST
@asks(permissions.KEEP)
def add_change(request: HttpRequest, firm: str) -> HttpResponse:
    """A dated change of one of the two boundaries."""
    enterprise, (now, _today) = firm_of(request.user, firm, what="boundary"), clock()
    demand(request.user, permissions.KEEP, enterprise)
    found = list(Facility.objects.filter(enterprise=enterprise))
    form = ChangeForm(request.POST, facilities=found)
    if not form.is_valid():
        return _facilities_page(request, enterprise, changing=form)
    given = form.cleaned_data
    facility = next(each for each in found if str(each.pk) == given.pop("facility"))
    inside = given.pop("inside") == "1"
    try:
        boundaries.change(facility, **given, inside=inside, by=request.user, now=now)
    except DafengError as error:
        return _facilities_page(request, enterprise, changing=form, error=error)
    messages.success(request, _("已登记边界变化"))
    return redirect("enterprise:reporting-facilities", firm=enterprise.code)


PLAN_TITLES = {
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
    lines = [
        {
            **line,
            "cells": [
                {"name": f"{number}-{name}", "title": title, "value": line["said"].get(name, "")}
                for name, title in PLAN_TITLES.items()
            ],
        }
        for number, line in enumerate(plans.lines(enterprise, content, year))
    ]
    context = {
        "firm": enterprise,
        "year": year,
        "plan": found,
        "lines": lines,
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
    path("reporting/firms/<slug:firm>/facilities/", facilities, name="reporting-facilities"),
    path("reporting/firms/<slug:firm>/facilities/add/", add_facility, name="reporting-facility-add"),
    path("reporting/facilities/<int:pk>/streams/", set_streams, name="reporting-streams"),
    path("reporting/facilities/<int:pk>/source/", change_source, name="reporting-source-change"),
    path("reporting/facilities/<int:pk>/facts/", set_facts, name="reporting-facts"),
    path("reporting/firms/<slug:firm>/boundary/", add_change, name="reporting-boundary"),
    path("reporting/firms/<slug:firm>/plan/<year:year>/", plan, name="reporting-plan"),
    path("reporting/firms/<slug:firm>/plan/<year:year>/step/", plan_step, name="reporting-plan-step"),
    path("reporting/firms/<slug:firm>/reports/", open_report, name="reporting-open-report"),
]
