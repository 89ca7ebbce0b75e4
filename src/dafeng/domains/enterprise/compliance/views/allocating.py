"""Allocating a whole firm: its units typed in or taken from the report that the stage rests on; shown with their steps, then issued."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from dafeng.domains.enterprise.compliance import allocations, cutting, forms, library, permissions, signing, words
from dafeng.domains.enterprise.compliance.views.duty_page import called, clock, firm_of, shown_rows
from dafeng.domains.enterprise.models import Allocation, Covered
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import DafengError, NotFound


@require_safe
@asks(permissions.SEE)
def allocation(request: HttpRequest, code: str, id: UUID) -> HttpResponse:
    """One allocation with every step of every unit: the lineage of the number."""
    enterprise = firm_of(request, code)
    found = Allocation.objects.filter(pk=id, enterprise=enterprise).select_related("by", "report").first()
    if found is None:
        raise NotFound(_("没有这份配额分配"))
    rules = library.rule_set(found.rule_set)
    context = {
        "enterprise": enterprise, "name": called(enterprise), "allocation": found, "rules": rules, "title": words.title(rules),
        "rows": shown_rows(found.rows, rules), "signed": [words.item(rules, each) for each in found.signed],
        "pre_base": rules.pre_base_en if words.english() else rules.pre_base, "cuts": cutting.lines(found),
    }  # fmt: skip
    panel = request.headers.get("HX-Request") == "true"
    return render(request, "enterprise/compliance/allocation_panel.html" if panel else "enterprise/compliance/allocation.html", context)  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.DECIDE)
def allocate(request: HttpRequest, code: str, year: int) -> HttpResponse:
    """Allocate: `from=report` takes the units of the stage's report, else those that were typed; `do`: more | show | issue."""
    enterprise, (now, _today) = firm_of(request, code), clock()
    entry = Covered.objects.filter(enterprise=enterprise, year=year).first()
    if entry is None:
        raise NotFound(_("%(year)s 年度名录里没有这家企业") % {"year": year})
    default = library.default_set(entry.sector, year)
    context: dict[str, Any] = {"enterprise": enterprise, "name": called(enterprise), "year": year, "default": words.title(default) if default else ""}  # fmt: skip
    if default is None:
        return render(request, "enterprise/compliance/allocate.html", context)
    rules = signing.signed_set(default.code)
    stage_form = forms.StageForm(request.POST or None, initial={"stage": "final"})
    context |= {"form": stage_form, "units": forms.units_from([{}], rules), "base": rules.pre_base_en if words.english() else rules.pre_base, "bases": _bases(year, rules.pre_year, has_pre=rules.pre is not None)}  # fmt: skip
    if request.method != "POST":
        return render(request, "enterprise/compliance/allocate.html", context)
    from_report = request.POST.get("from") == "report"
    if not from_report and request.POST.get("do") == "more":
        context["units"] = forms.one_more(request.POST, rules)
        return render(request, "enterprise/compliance/allocate.html", context)
    if not from_report:
        context["units"] = forms.units_of(request.POST, rules)
    if not stage_form.is_valid() or not (from_report or context["units"].is_valid()):
        return render(request, "enterprise/compliance/allocate.html", context, status=422)
    stage: str = stage_form.cleaned_data["stage"]
    try:
        report, units = allocations.units_of_report(enterprise, year, stage) if from_report else (None, [each.row() for each in context["units"] if each.has_changed()])  # fmt: skip
        if request.POST.get("do") != "issue":
            rows = allocations.simulate(units, rules, pre=stage == "pre")
            total = [row["pre" if stage == "pre" else "tonnes"] for row in rows]
            context |= {"rows": shown_rows(rows, rules), "stage": stage, "total": None if None in total else words.tonnes(sum(total))}  # fmt: skip
            return render(request, "enterprise/compliance/allocate.html", context)
        made = allocations.allocate_firm(enterprise, year, stage, units, report=report, by=request.user, now=now)
    except DafengError as error:
        return render(request, "enterprise/compliance/allocate.html", context | {"error": error.as_dict()}, status=422)
    messages.success(request, _("已核定 %(t)s 吨，本次发放 %(n)s 吨") % {"t": words.tonnes(made.tonnes), "n": words.tonnes(made.issued)})  # fmt: skip
    return redirect("enterprise:compliance-allocation", code=code, id=made.pk)


def _bases(year: int, pre_year: int | None, *, has_pre: bool) -> list[dict[str, Any]]:
    """Which report each stage takes."""
    found: list[dict[str, Any]] = [{"stage": "final", "title": _("核定"), "year": year}]
    return [{"stage": "pre", "title": _("预分配"), "year": pre_year}, *found] if has_pre and pre_year else found


urlpatterns = [
    path("compliance/firms/<slug:code>/<year:year>/allocate/", allocate, name="compliance-allocate"),
    path("compliance/firms/<slug:code>/allocations/<uuid:id>/", allocation, name="compliance-allocation"),
]
