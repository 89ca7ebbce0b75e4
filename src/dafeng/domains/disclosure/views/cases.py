"""Negative cases: the public list, and their way to it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.disclosure import exposures, permissions, rules
from dafeng.domains.disclosure.errors import DisclosureError
from dafeng.domains.disclosure.forms import CaseForm, ReasonForm
from dafeng.domains.disclosure.models import Exposure
from dafeng.domains.disclosure.views.place_and_time import city_name, city_of, clock, places
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import NotFound, StaleError
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records import services as records

PUBLIC_FIELDS = ("subject", "category", "place", "facts", "measures", "basis", "authority", "decided_on", "until")


@require_safe
@asks(permissions.SEE)
def cases(request: HttpRequest, code: str) -> HttpResponse:
    """What is public today."""
    city = city_of(code)
    _now, today = clock()
    named, where = rules.categories(), places(city)
    rows = [
        row | {"category": named.get(row["category"], ""), "place": where.get(row["place"], "")}
        for row in Exposure.objects.filter(city=city).public(today).order_by("-decided_on").values("demo", *PUBLIC_FIELDS)
    ]  # fmt: skip
    return render(request, "disclosure/cases.html", {"city": city, "name": city_name(city), "rows": rows})


@require_safe
@asks(permissions.SEE_CASES)
def desk_cases(request: HttpRequest, code: str) -> HttpResponse:
    city = city_of(code)
    named = rules.categories()
    states = {name: state.title for name, state in records.workflows.get(exposures.KIND).states.items()}
    table = Table(
        request,
        exposures.cases_for(request.user).filter(city=city),
        [
            Column("subject", _("当事单位"), link=lambda c: exposures.page_of(c.record), wide=True),
            Column("category", _("事项"), show=lambda c: named.get(c.category, c.category)),
            Column("authority", _("作出机关")),
            Column("decided_on", _("作出日期"), show=lambda c: str(c.decided_on)),
            Column("record.state", _("状态"), show=lambda c: c.record.state_title),
            Column("until", _("公开至"), show=lambda c: str(c.until)),
        ],
        _("负面典型"),
        search=("subject", "facts", "basis"),
        choices=(Choice("state", _("状态"), states, column="record__state"), Choice("category", _("事项"), named)),
        order="-decided_on",
        empty=_("还没有案例。"),
        file="cases",
    )
    context = {"city": city, "table": table, "keeps": may(request.user, permissions.KEEP_CASES)}
    return table.download() or render(request, "disclosure/desk_cases.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_CASES)
def new_case(request: HttpRequest, code: str) -> HttpResponse:
    city = city_of(code)
    form = CaseForm(request.POST or None, places=places(city))
    context: dict[str, Any] = {"city": city, "form": form}
    if request.method == "POST" and form.is_valid():
        now, _today = clock()
        try:
            made = exposures.draft(city, form.cleaned_data, by=request.user, now=now)
        except DisclosureError as error:
            return render(request, "disclosure/case_form.html", context | {"error": error.as_dict()}, status=422)
        messages.success(request, _("草稿已保存，送法制审核后由另一位同事审核"))
        return redirect("disclosure:case", id=made.record_id)
    return render(request, "disclosure/case_form.html", context, status=422 if request.method == "POST" else 200)


def _case(request: HttpRequest, id: UUID) -> Exposure:
    found = exposures.cases_for(request.user).filter(record_id=id).first()
    if found is None:
        raise NotFound(_("没有这个案例"))
    return found


@require_safe
@asks(permissions.SEE_CASES)
def case(request: HttpRequest, id: UUID) -> HttpResponse:
    found = _case(request, id)
    workflow = found.record.workflow
    context = {
        "case": found,
        "city": found.city,
        "category": rules.categories().get(found.category, ""),
        "place": places(found.city).get(found.place, ""),
        "steps": records.actions(found.record, request.user),
        "edits": found.record.state == "draft" and may(request.user, permissions.KEEP_CASES),
        "waits": found.record.state == "legal" and not any(each.action == "approve" for each in records.actions(found.record, request.user)),
        "reason": ReasonForm(),
        "events": [
            {"title": _("拟稿") if move.action == "open" else _("修改") if move.action == "amend" else workflow.title_of(move.action), "at": move.at, "by": move.by or _("系统"), "text": move.reason, "bad": move.action == "return"}
            for move in found.record.moves.select_related("by")
        ],
    }  # fmt: skip
    return render(request, "disclosure/case.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_CASES)
def edit_case(request: HttpRequest, id: UUID) -> HttpResponse:
    found = _case(request, id)
    initial = {name: getattr(found, name) for name in PUBLIC_FIELDS}
    form = CaseForm(request.POST or None, initial=initial, places=places(found.city))
    context: dict[str, Any] = {"city": found.city, "form": form, "case": found}
    if request.method == "POST" and form.is_valid():
        now, _today = clock()
        try:
            exposures.amend(found, form.cleaned_data, by=request.user, now=now)
        except DisclosureError as error:
            return render(request, "disclosure/case_form.html", context | {"error": error.as_dict()}, status=422)
        messages.success(request, _("已保存"))
        return redirect("disclosure:case", id=id)
    return render(request, "disclosure/case_form.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@asks(permissions.KEEP_CASES)
def case_step(request: HttpRequest, id: UUID) -> HttpResponse:
    found, (now, today) = _case(request, id), clock()
    if request.POST.get("state") != found.record.state:
        raise StaleError(
            _("这个案例已被他人办理，现为“%(state)s”") % {"state": found.record.state_title}, mend=_("请返回看最新情况")
        )
    exposures.step(
        found, request.POST.get("action", ""), by=request.user, now=now, today=today, reason=request.POST.get("reason", "")
    )  # fmt: skip
    messages.success(request, _("已办理：%(state)s") % {"state": found.record.state_title})
    return redirect(reverse("disclosure:case", kwargs={"id": id}))


city_urls = [
    path("<str:code>/cases/", cases, name="cases"),
    path("<str:code>/desk/cases/", desk_cases, name="desk-cases"),
    path("<str:code>/desk/cases/new/", new_case, name="new-case"),
]
urlpatterns = [
    path("cases/<uuid:id>/", case, name="case"),
    path("cases/<uuid:id>/edit/", edit_case, name="case-edit"),
    path("cases/<uuid:id>/step/", case_step, name="case-step"),
]
