"""项目: the register against what the plan prints, a project's card, its months, its place on the map, its name in the text."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.plan import permissions
from dafeng.domains.plan.methods import reductions
from dafeng.domains.plan.models import Plan, PlanCity, Project, ProjectMonth, Version
from dafeng.domains.plan.project_forms import MonthForm, ProjectForm
from dafeng.domains.plan.reading import register
from dafeng.domains.plan.services import project_sheets, projects, sheets, supervision
from dafeng.domains.plan.task_forms import EVIDENCE_KINDS, kept_evidence
from dafeng.domains.plan.views import task_words as words
from dafeng.domains.plan.views.task_sheets import receive, workbook_answer
from dafeng.kernel.actions import asks, demand, may
from dafeng.kernel.errors import DafengError, StaleError
from dafeng.kernel.pages import asked, charts, maps
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records.models import Record

_TONES = {"planned": "", "approved": "", "building": "warn", "done": "ok", "stopped": "bad"}


def _plans(request: HttpRequest) -> list[Plan]:
    """Plans with projects that this person may see; the public those that are accepted."""
    found = Plan.objects.order_by("-last_year", "-issued_on", "key")
    if not may(request.user, permissions.SEE_WORK):
        found = found.filter(pk__in=Version.objects.filter(current=True).values("plan"))
    return list(found)


def _plan(request: HttpRequest) -> tuple[Plan | None, list[dict[str, Any]]]:
    plans = _plans(request)
    if not plans:
        return None, []
    tabs = asked.tabs(request, "plan", {plan.key: plan.title for plan in plans})
    chosen = next(tab["value"] for tab in tabs if tab["current"])
    return next(plan for plan in plans if plan.key == chosen), tabs


def stage_tag(stage: str) -> Any:
    return format_html('<span class="tag {}">{}</span>', _TONES.get(stage, ""), projects.STAGES.get(stage, stage))


def yi(money: Decimal | None) -> str:
    """万元 as 亿元, exact to two places."""
    return "–" if money is None else f"{money / projects.WAN_PER_YI:,.2f}"


# ---------------------------------------------------------------- the register


@require_safe
@asks(permissions.SEE)
def project_list(request: HttpRequest) -> HttpResponse:
    plan, plans = _plan(request)
    if plan is None:
        return render(request, "plan/projects/list.html", {"plan": None})
    office, categories, names = (
        may(request.user, permissions.SEE_WORK),
        projects.category_names(plan),
        words.place_names(),
    )
    rows = Project.objects.filter(plan=plan)
    if request.GET.get("mine") and office:
        rows = rows.filter(owner__in=permissions.departments_of(request.user)) | rows.filter(place__in=permissions.subjects_of(request.user))  # fmt: skip
    table = Table(
        request,
        rows,
        _columns(categories, names, office=office),
        _("重大项目"),
        search=("name", "key", "enterprise", "named"),
        choices=(
            Choice("category", _("类别"), categories),
            Choice("place", _("县区"), names),
            Choice("stage", _("阶段"), projects.STAGES),
            *((Choice("priority", _("优先申报"), {"True": _("是")}),) if office else ()),
        ),
        order="category",
        size=50,
        empty=_("还没有登记项目。双碳办可以上传项目表，或逐个登记。"),
        file="projects",
    )
    if answer := table.download():
        return answer
    lines = projects.check(plan)
    context = {
        "plan": plan, "plans": plans, "table": table, "office": office, "keeps": may(request.user, permissions.PROJECTS),
        "lines": [_line(line, plan, office=office) for line in lines], "differences": projects.differences(lines), "mine": bool(request.GET.get("mine")),
        "reports": may(request.user, permissions.REPORT_PROJECT),
    }  # fmt: skip
    return render(request, "plan/projects/list.html", context)


def _columns(categories: Mapping[str, str], names: Mapping[str, str], *, office: bool) -> list[Column]:
    found = [
        Column("name", _("项目"), link=lambda p: reverse("plan:project", args=[p.pk]), wide=True),
        Column("category", _("类别"), show=lambda p: words.whole(categories.get(p.category, p.category))),
        Column("place", _("县区"), show=lambda p: words.whole(names.get(p.place, p.place))),
        Column("stage", _("阶段"), show=lambda p: stage_tag(p.stage)),
        Column("capacity", _("规模"), numeric=True, show=lambda p: "–" if p.capacity is None else f"{p.capacity:g} {p.capacity_unit}"),
        Column("investment", _("总投资（亿元）"), numeric=True, show=lambda p: yi(p.investment)),
        Column("reduction", _("预计年减排（吨）"), numeric=True, show=lambda p: "–" if p.reduction is None else f"{p.reduction:,.0f}"),
    ]  # fmt: skip
    if office:
        found.append(Column("priority", _("优先申报"), show=lambda p: _("是") if p.priority else "–"))
    return found


def _line(line: projects.Category, plan: Plan, *, office: bool) -> dict[str, Any]:
    total = line.code == "total"
    return {
        "line": line, "total": total, "printed_money": yi(line.printed_money), "money": yi(line.money),
        "address": "" if total else f"?plan={plan.key}&category={line.code}",
        "agrees": line.difference == 0,
    }  # fmt: skip


# ---------------------------------------------------------------- card


def _project(request: HttpRequest, pk: int) -> Project:
    found = Project.objects.select_related("plan", "task").filter(pk=pk).first()
    if found is None or (
        not may(request.user, permissions.SEE_WORK) and not found.plan.versions.filter(current=True).exists()
    ):
        raise Http404
    return found


@require_safe
@asks(permissions.SEE)
def project_card(request: HttpRequest, pk: int) -> HttpResponse:
    project = _project(request, pk)
    drawn, months = _money_chart(project)
    if drawn and (answer := drawn.download(request)):
        return answer
    return _card(request, project, drawn=drawn, months=months)


def _card(
    request: HttpRequest, project: Project, *, drawn: charts.Chart | None = None, months: list[ProjectMonth] | None = None,
    error: DafengError | None = None,
) -> HttpResponse:  # fmt: skip
    names = words.place_names()
    office = may(request.user, permissions.SEE_WORK)
    if months is None:
        drawn, months = _money_chart(project)
    accepted = [each for each in months if each.record.state == "accepted" and each.invested is not None]
    made = sum((each.invested for each in accepted), Decimal(0)) if accepted else None
    context = {
        "project": project, "office": office, "stage": stage_tag(project.stage), "place": names.get(project.place, project.place),
        "category": projects.category_names(project.plan).get(project.category, project.category),
        "owner": next((each.name for each in register.departments() if each.id == project.owner), project.owner),
        "money": yi(project.investment), "made": yi(made), "share": round(made / project.investment * 100) if made is not None and project.investment else None,
        "planned": [(year, yi(Decimal(money))) for year, money in sorted(project.planned.items())],
        "lineage": project.inputs.get("lineage") or None, "missing": project.inputs.get("missing", []),
        "method": reductions.WAYS.get(project.method), "chart": drawn if office else None,
        "months": [_month(each, request) for each in reversed(months)] if office else [],
        "keeps": may(request.user, permissions.PROJECTS), "reports": may(request.user, permissions.REPORT_PROJECT, project),
        "error": error.as_dict() if error else None,
    }  # fmt: skip
    status = 409 if isinstance(error, StaleError) else 422 if error else 200
    return render(request, "plan/projects/card.html", context, status=status)


def _money_chart(project: Project) -> tuple[charts.Chart | None, list[ProjectMonth]]:
    """Investment made month by month, of accepted reports."""
    months = list(
        project.months.select_related("record", "record__created_by")
        .prefetch_related("record__evidence")
        .order_by("period")
    )
    values = {
        each.period: float(each.invested)
        for each in months
        if each.invested is not None and each.record.state == "accepted"
    }
    series = [charts.Series(_("完成投资"), values, tone=1)]
    return charts.stacked(_("每月完成投资"), _("万元"), sorted(values), series, name="invested"), months


def _month(month: ProjectMonth, request: HttpRequest) -> dict[str, Any]:
    state = month.record.state
    return {
        "month": month, "state": month.record.state_title, "kind": {"accepted": "ok", "returned": "bad"}.get(state, "warn"),
        "stage": stage_tag(month.stage), "checks": state == "submitted" and may(request.user, permissions.CHECK),
        "again": state == "returned", "evidence": list(month.record.evidence.all()),
    }  # fmt: skip


# ---------------------------------------------------------------- keeping


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.PROJECTS)
def add(request: HttpRequest) -> HttpResponse:
    plan, _tabs = _plan(request)
    if plan is None:
        raise Http404
    return _keep(request, plan, None)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.PROJECTS)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    project = _project(request, pk)
    return _keep(request, project.plan, project)


def _keep(request: HttpRequest, plan: Plan, project: Project | None) -> HttpResponse:
    error, given = None, request.POST if request.method == "POST" else None
    initial: dict[str, Any] = {"place": plan.city, "category": projects.OTHER}
    if project:
        initial = {name: getattr(project, name) for name in ProjectForm.base_fields if hasattr(project, name)}
        initial |= {
            "hours": project.inputs.get("given", {}).get("hours"),
            "hours_source": project.inputs.get("source", ""),
        }
        year = max(project.planned, default="")
        initial |= {"planned_year": year or None, "planned_money": project.planned.get(year)}
    city = PlanCity.objects.defer("boundary").filter(pk=plan.city).first()
    places = {plan.city: _("全市"), **{code: names[int(words.english())] for code, names in sorted((city.counties if city else {}).items())}}  # fmt: skip
    form = ProjectForm(
        given, initial=initial, categories=projects.category_names(plan), places=places, tasks=projects.tasks_of(plan),
        departments=[(each.id, each.name) for each in register.departments()],
    )  # fmt: skip
    if project:
        form.fields["key"].disabled = True
    if given is not None and form.is_valid():
        seen = given.get("version", "")
        try:
            made = projects.keep(
                plan, form.values(project.planned if project else {}), version=int(seen) if project and seen.isdigit() else None,
                by=request.user, now=timezone.now(),
            )  # fmt: skip
        except DafengError as refused:
            error = refused
        else:
            messages.success(request, _("已保存“%(name)s”") % {"name": made.name})
            return redirect("plan:project", pk=made.pk)
    stale = isinstance(error, StaleError)
    if stale and project:
        project.refresh_from_db()
    version = given.get("version", "") if given is not None and not stale else project.version if project else ""
    context = {"plan": plan, "project": project, "form": form, "version": version, "error": error.as_dict() if error else None, "stale": stale}  # fmt: skip
    return render(
        request, "plan/projects/edit.html", context, status=409 if stale else 422 if error or form.errors else 200
    )


# ---------------------------------------------------------------- months


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.REPORT_PROJECT)
def month(request: HttpRequest, pk: int) -> HttpResponse:
    project, now, error = _project(request, pk), timezone.now(), None
    demand(request.user, permissions.REPORT_PROJECT, project)
    periods = [str(each) for each in supervision.open_periods(supervision.day_of(now))]
    wanted = request.POST.get("period") or request.GET.get("period") or periods[0]
    found = ProjectMonth.objects.filter(project=project, period=wanted).select_related("record").first()
    seen = found.record.changed_at.isoformat() if found else ""
    initial = {"period": wanted, "stage": found.stage if found else project.stage}
    if found:
        initial |= {"invested": found.invested, "text": found.text}
    form = MonthForm(request.POST if request.method == "POST" else None, initial=initial)
    form.fields["period"].choices = [(each, each) for each in dict.fromkeys([*periods, wanted])]  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        try:
            projects.report_month(
                project, **form.cleaned_data, seen=request.POST.get("seen", ""), by=request.user, now=now,
                evidence=kept_evidence(request, now=now),
            )  # fmt: skip
        except DafengError as refused:
            error = refused
        else:
            messages.success(request, _("%(period)s 的进展已报送") % {"period": wanted})
            return redirect("plan:project", pk=pk)
    stale = isinstance(error, StaleError)
    locked = found is not None and found.record.state != "returned" and error is None
    context = {"project": project, "form": form, "seen": seen, "found": found, "locked": locked, "error": error.as_dict() if error else None, "accept": ",".join(EVIDENCE_KINDS)}  # fmt: skip
    return render(
        request, "plan/projects/month.html", context, status=409 if stale else 422 if error or form.errors else 200
    )


@require_POST
@asks(permissions.CHECK)
def month_move(request: HttpRequest, record: UUID) -> HttpResponse:
    found = get_object_or_404(ProjectMonth.objects.select_related("project", "record"), record=record)
    moved = projects.move_month(found, request.POST.get("action", ""), state=request.POST.get("state", ""), by=request.user, now=timezone.now(), reason=request.POST.get("reason", ""))  # fmt: skip
    messages.success(request, _("已办理：%(state)s") % {"state": moved.state_title})
    return redirect("plan:project", pk=found.project_id)


@require_safe
@asks(permissions.SEE_WORK)
def month_page(request: HttpRequest, record: UUID) -> HttpResponse:
    found = get_object_or_404(ProjectMonth, record=record)
    return redirect("plan:project", pk=found.project_id)


# ---------------------------------------------------------------- import, export


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.PROJECTS)
def handed_in(request: HttpRequest) -> HttpResponse:
    plan, plans = _plan(request)
    if plan is None:
        raise Http404
    error = None
    if request.method == "POST":
        try:
            record = receive(request, project_sheets.ROOM, key=str(plan.pk))
            return redirect("plan:sheet", record=record.pk)
        except DafengError as refused:
            error = refused
    earlier = (
        Record.objects.filter(kind=sheets.KIND, key=f"projects:{plan.pk}")
        .select_related("created_by")
        .newest_first()[:20]
    )
    context = {"plan": plan, "plans": plans, "error": error.as_dict() if error else None, "earlier": earlier}
    return render(request, "plan/projects/sheet.html", context, status=422 if error else 200)


@require_safe
@asks(permissions.SEE_WORK)
def export(request: HttpRequest) -> HttpResponse:
    """The register as the workbook that can be brought back, or its empty template."""
    plan, _tabs = _plan(request)
    if plan is None:
        raise Http404
    rows = Project.objects.filter(plan=plan)
    return workbook_answer(project_sheets.workbook(plan, rows, template=bool(request.GET.get("template"))), "projects")


# ---------------------------------------------------------------- map, names


@require_safe
@asks(permissions.SEE)
def project_map(request: HttpRequest) -> HttpResponse:
    """Counties shaded by the number of projects, and a point where a project has coordinates."""
    plan, plans = _plan(request)
    if plan is None:
        return render(request, "plan/projects/map.html", {"plan": None})
    city = PlanCity.objects.filter(pk=plan.city).first()
    rows = list(
        Project.objects.filter(plan=plan).only("pk", "name", "place", "longitude", "latitude", "investment", "stage")
    )
    names = city_names(city)
    counted: dict[str, int] = dict.fromkeys(names, 0)
    for row in rows:
        if row.place in counted:
            counted[row.place] += 1
    drawn = maps.choropleth(city.boundary, dict(counted), names) if city and city.boundary else None
    points = _points(city, rows) if drawn and city else []
    lines = [
        {"code": code, "name": name, "count": counted[code], "money": yi(sum((p.investment for p in rows if p.place == code and p.investment is not None), Decimal(0)) or None)}
        for code, name in names.items()
    ]  # fmt: skip
    elsewhere = [row for row in rows if row.place not in counted]
    context = {"plan": plan, "plans": plans, "map": drawn, "points": points, "lines": lines, "elsewhere": len(elsewhere), "note": city.map_note if city else ""}  # fmt: skip
    return render(request, "plan/projects/map.html", context)


def city_names(city: PlanCity | None) -> dict[str, str]:
    return {code: names[int(words.english())] for code, names in sorted((city.counties if city else {}).items())}


def _points(city: PlanCity, rows: list[Project]) -> list[dict[str, Any]]:
    known = [(row.longitude, row.latitude) for row in rows if row.longitude is not None and row.latitude is not None]
    placed = maps.points(city.boundary, known)
    shown = [row for row in rows if row.longitude is not None and row.latitude is not None]
    return [{"x": at[0], "y": at[1], "project": row} for row, at in zip(shown, placed, strict=True) if at]


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.PROJECTS)
def names(request: HttpRequest) -> HttpResponse:
    """Projects that the text names, with the registered ones that are called alike; the office decides."""
    plan, plans = _plan(request)
    if plan is None:
        raise Http404
    if request.method == "POST":
        wanted = request.POST.get("project", "")
        chosen = get_object_or_404(Project, plan=plan, pk=int(wanted)) if wanted.isdigit() else None
        projects.match(plan, name=request.POST.get("name", ""), project=chosen, by=request.user, now=timezone.now())
        return redirect(f"{reverse('plan:projects-names')}?plan={plan.key}")
    found = projects.matches(plan)
    context = {"plan": plan, "plans": plans, "matches": found, "open": sum(each.project is None for each in found), "projects": Project.objects.filter(plan=plan, named="").only("pk", "name")}  # fmt: skip
    return render(request, "plan/projects/names.html", context)


urlpatterns = [
    path("projects/", project_list, name="projects"),
    path("projects/add/", add, name="project-add"),
    path("projects/sheet/", handed_in, name="projects-sheet"),
    path("projects/export/", export, name="projects-export"),
    path("projects/map/", project_map, name="projects-map"),
    path("projects/names/", names, name="projects-names"),
    path("projects/<int:pk>/", project_card, name="project"),
    path("projects/<int:pk>/edit/", edit, name="project-edit"),
    path("projects/<int:pk>/month/", month, name="project-month"),
    path("projects/months/<uuid:record>/", month_page, name="project-month-page"),
    path("projects/months/<uuid:record>/move/", month_move, name="project-month-move"),
]
