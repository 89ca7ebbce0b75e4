"""核算单元与边界: a firm's installations with their units in one table, what each lacks, and the dated changes of both boundaries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import partial
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.enterprise.models import BoundaryChange, ControlPlan, Facility, MeasuringPoint
from dafeng.domains.enterprise.reporting import boundaries, lacking, permissions, plans, points, sectoral
from dafeng.domains.enterprise.reporting.views.places import clock, firm_of, keeps, taken
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import DafengError


def boundary_titles() -> dict[str, str]:
    return {boundaries.REPORTING: _("报告边界"), boundaries.COMPLIANCE: _("履约边界")}


class FacilityForm(forms.Form):
    code = forms.SlugField(label=gettext_lazy("代码"), max_length=60, help_text=gettext_lazy("小写字母、数字和连字符"))
    name = forms.CharField(label=gettext_lazy("名称"), max_length=120)
    sector = forms.ChoiceField(label=gettext_lazy("行业方法"))
    since = forms.DateField(
        label=gettext_lazy("投产"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    until = forms.DateField(
        label=gettext_lazy("关停"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    parent = forms.ChoiceField(
        label=gettext_lazy("所属装置"), required=False,
        help_text=gettext_lazy("机组、生产线归入的电厂、装置；自成一个装置的留空。有机组的装置自己不填数"),
    )  # fmt: skip
    compliance = forms.BooleanField(label=gettext_lazy("计入履约边界"), required=False)

    def __init__(self, *args: Any, facilities: list[Facility], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        above = [(each.code, each.name) for each in facilities if not each.parent_id]
        self.fields["parent"].choices = [("", _("没有")), *above]  # type: ignore[attr-defined]
        self.fields["sector"].choices = list(sectoral.sector_titles().items())  # type: ignore[attr-defined]


class ChangeForm(forms.Form):
    facility = forms.ChoiceField(label=gettext_lazy("核算单元"))
    day = forms.DateField(label=gettext_lazy("日期"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
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
    """The units with what each lacks, and the dated changes of both boundaries."""
    return _overview(request, firm_of(request.user, firm, what="facilities"))


def _overview(
    request: HttpRequest,
    enterprise: Enterprise,
    *,
    form: forms.Form | None = None,
    changing: forms.Form | None = None,
    error: DafengError | None = None,
) -> HttpResponse:
    found = list(Facility.objects.filter(enterprise=enterprise).select_related("parent"))
    changes, plan = boundaries.changes_of(found), plans.newest(enterprise)
    listed = [each for installation, below in boundaries.grouped(found) for each in (installation, *below)]
    context = {
        "firm": enterprise,
        "keeps": keeps(request.user, enterprise),
        "rows": unit_rows(listed, changes, points.of(found), plan, today=clock()[1]),
        "plan": plan,
        "changes": [change_row(row, each) for each in listed for row in changes.get(each.pk, ())],
        "form": form or FacilityForm(initial={"compliance": True}, facilities=found),
        "changing": changing or ChangeForm(facilities=listed),
        "error": error.as_dict() if error else None,
    }
    wrong = error or any(each and each.errors for each in (form, changing))
    return render(request, "enterprise/reporting/facilities.html", context, status=422 if wrong else 200)


def unit_rows(
    listed: list[Facility],
    changes: dict[int, list[BoundaryChange]],
    known: dict[int, list[MeasuringPoint]],
    plan: ControlPlan | None,
    *,
    today: date,
) -> list[dict[str, Any]]:
    """The rows of `units.html`: installations as heads, units with what is told of them today and what they lack."""
    heads = {each.parent_id for each in listed}
    lines = lines_by_unit([each for each in listed if each.pk not in heads], known, plan)
    facts = {each.pk: sectoral.facts_on(each, today) for each in listed}
    return [
        {"facility": each, "installation": True}
        if each.pk in heads
        else {
            "facility": each,
            "sector": sectoral.sector_title(each.sector),
            "capacity": facts[each.pk].pop("capacity", ""),
            "facts": facts[each.pk].values(),
            "inside": boundaries.inside(each, changes.get(each.pk, ()), f"{today:%Y-%m}", boundaries.COMPLIANCE),
            "points": sum(points.in_use(point, today, today) for point in known.get(each.pk, ())),
            "lacks": lacking.of(
                each, changes=changes.get(each.pk, ()), held=known.get(each.pk, ()), lines=lines.get(each.pk, ()), today=today
            ),
        }
        for each in listed
    ]  # fmt: skip


def lines_by_unit(
    units: Iterable[Facility], known: dict[int, list[MeasuringPoint]], plan: ControlPlan | None
) -> dict[int, list[dict[str, Any]]]:
    """Unit → its lines of the control plan; nothing where there is no plan, or the unit does not run in its year."""
    found: dict[int, list[dict[str, Any]]] = {}
    if plan:
        living = [each for each in units if boundaries.lives(each, str(plan.year))]
        for line in plans.lines_of(living, known, plan.content, plan.year):
            found.setdefault(line["facility"].pk, []).append(line)
    return found


def change_row(row: BoundaryChange, facility: Facility) -> dict[str, Any]:
    """A row of `changes.html`."""
    return {"change": row, "boundary": boundary_titles()[row.boundary], "facility": facility}


def overview_of(enterprise: Enterprise) -> str:
    return reverse("enterprise:reporting-facilities", kwargs={"firm": enterprise.code})


@require_POST
@asks(permissions.KEEP)
def add_facility(request: HttpRequest, firm: str) -> HttpResponse:
    """Register a unit or an installation, or bring its words up to date."""
    enterprise, (now, _today) = firm_of(request.user, firm, what="add-facility"), clock()
    demand(request.user, permissions.KEEP, enterprise)
    known = {each.code: each for each in Facility.objects.filter(enterprise=enterprise)}
    form = FacilityForm(request.POST, facilities=list(known.values()))

    def keep() -> None:
        held = known.get(form.cleaned_data["code"])
        facts = held.facts if held else {}
        boundaries.ensure_facility(enterprise, **form.cleaned_data, facts=facts, by=request.user, now=now)

    return taken(
        request, keep, _("已登记核算单元，请接着选定它的燃料和物料"),
        onward=overview_of(enterprise), again=partial(_overview, request, enterprise, form=form), form=form,
    )  # fmt: skip


@require_POST
@asks(permissions.KEEP)
def add_change(request: HttpRequest, firm: str) -> HttpResponse:
    """A dated change of one of the two boundaries."""
    enterprise, (now, _today) = firm_of(request.user, firm, what="boundary"), clock()
    demand(request.user, permissions.KEEP, enterprise)
    found = {str(each.pk): each for each in Facility.objects.filter(enterprise=enterprise)}
    form = ChangeForm(request.POST, facilities=list(found.values()))

    def keep() -> None:
        given = form.cleaned_data
        told = given | {"facility": found[given["facility"]], "inside": given["inside"] == "1"}
        boundaries.change(**told, by=request.user, now=now)

    return taken(
        request, keep, _("已登记边界变化"),
        onward=overview_of(enterprise), again=partial(_overview, request, enterprise, changing=form), form=form,
    )  # fmt: skip


urlpatterns = [
    path("reporting/firms/<slug:firm>/facilities/", facilities, name="reporting-facilities"),
    path("reporting/firms/<slug:firm>/facilities/add/", add_facility, name="reporting-facility-add"),
    path("reporting/firms/<slug:firm>/boundary/", add_change, name="reporting-boundary"),
]
