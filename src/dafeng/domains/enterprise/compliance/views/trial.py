"""配额试算: any rule set, drafts and simulations too, on units typed in or taken from a report. It writes nothing."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from dafeng.domains.enterprise.compliance import allocations, forms, library, permissions, signing, verified, words
from dafeng.domains.enterprise.compliance.views.duty_page import shown_rows
from dafeng.domains.enterprise.compliance.views.rules import set_of
from dafeng.domains.enterprise.models import Report
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import DafengError
from dafeng.kernel.pages import asked

MOST_REPORTS = 200


@require_safe
@asks(permissions.PLAN)
def trial(request: HttpRequest) -> HttpResponse:
    """`set`: the rule set; `report`: whose units fill the form; then the rows of the form with `do` more | show."""
    codes = list(library.rule_sets())
    code = asked.one_of(request, "set", codes, default=codes[-1])
    set_of(code)
    rules = signing.signed_set(code)
    reports = Report.objects.for_user(request.user).filter(record__state="locked").select_related("enterprise").order_by("-year", "enterprise__name")  # fmt: skip
    named = request.GET.get("report", "")
    choose = forms.TrialForm({"set": code, "report": named}, sets=_sets(), reports=[(str(each.pk), f"{each.year} {each.enterprise}") for each in reports[:MOST_REPORTS]])  # fmt: skip
    sent, do, pre = "form-TOTAL_FORMS" in request.GET, request.GET.get("do", ""), request.GET.get("pre") == "on"
    context: dict[str, Any] = {"rules": rules, "title": words.title(rules), "state": words.state(rules), "choose": choose, "has_pre": rules.pre is not None, "pre": pre}  # fmt: skip
    if rules.empty or not choose.is_valid():
        context |= {"units": forms.units_from([{}], rules)} if not rules.empty else {}
        return render(request, "enterprise/compliance/trial.html", context, status=200 if choose.is_valid() else 422)
    if not sent:
        told = next((verified.allocation_units(each) for each in reports.filter(pk=named)), []) if named else []
        context["units"] = forms.units_from(told or [{}], rules)
        return render(request, "enterprise/compliance/trial.html", context)
    if do == "more":
        return render(request, "enterprise/compliance/trial.html", context | {"units": forms.one_more(request.GET, rules)})  # fmt: skip
    context["units"] = units = forms.units_of(request.GET, rules)
    if not units.is_valid():
        return render(request, "enterprise/compliance/trial.html", context, status=422)
    try:
        rows = allocations.simulate([each.row() for each in units if each.has_changed()], rules, pre=pre)
    except DafengError as error:
        return render(request, "enterprise/compliance/trial.html", context | {"error": error.as_dict()}, status=422)
    whole = [row["pre" if pre else "tonnes"] for row in rows]
    context |= {"rows": shown_rows(rows, rules), "total": None if None in whole else words.tonnes(sum(whole))}
    return render(request, "enterprise/compliance/trial.html", context)


def _sets() -> list[tuple[str, str]]:
    """All sets, each with what it is: nobody takes a draft for a rule."""
    return [(each.code, f"{words.title(each)} · {each.year} · {words.state(each)}") for each in library.rule_sets().values()]  # fmt: skip


urlpatterns = [path("compliance/trial/", trial, name="compliance-trial")]
