"""Orders to mend, and paper opinions that are entered: the officer's forms and the owner's answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from dafeng.domains.enterprise.review import cities, figures, imports, orders, permissions
from dafeng.domains.enterprise.review.forms.following import MendedForm, OrderCheckForm, OrderForm, PaperForm
from dafeng.domains.enterprise.review.forms.judging import ReasonForm
from dafeng.domains.enterprise.review.forms.telling import BasicsForm, EnergyForm, OutputForm
from dafeng.domains.enterprise.review.views import clock, demand_seen, done, form_page, project_of
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import DafengError, NotFound


def _after(id: Any) -> str:
    return f"{reverse('enterprise:review-project', kwargs={'id': id})}?tab=after"


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.ORDER)
def order(request: HttpRequest, id: UUID) -> HttpResponse:
    """Order a project to stop and mend."""
    project = project_of(request, id, permissions.ORDER)
    form = OrderForm(request.POST or None)
    back = (_after(id), project.name)
    lead = _(
        "设计能耗不符合准入值要求的，按有关规定停工整改。建设中、试运行、已验收的项目转入“整改中”，办结后恢复原状态；没有有效意见的存量、在建项目状态不变，整改单独跟踪。"
    )
    if request.method == "POST" and form.is_valid():
        now, _today = clock()
        try:
            orders.order(project, **form.cleaned_data, by=request.user, now=now)
        except DafengError as error:
            return form_page(request, form, _("责令整改"), lead, back=back, error=error, button=_("责令整改"))
        messages.success(request, _("已责令整改，已通知建设单位"))
        return redirect(back[0])
    return form_page(request, form, _("责令整改"), lead, back=back, button=_("责令整改"))


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.APPLY)
def mended(request: HttpRequest, order: int) -> HttpResponse:
    """The owner tells what was done."""
    found = orders.order_for(request.user, order)
    demand(request.user, permissions.APPLY, found.project)
    form = MendedForm(request.POST or None, request.FILES or None)
    back = (_after(found.project_id), found.project.name)
    lead = _("%(document)s，期限 %(due)s：%(reason)s") % {
        "document": found.document,
        "due": found.due,
        "reason": found.reason,
    }
    if request.method == "POST" and form.is_valid():
        now, _today = clock()
        try:
            orders.report(
                found, text=form.cleaned_data["text"], file=form.cleaned_data["file"], by=request.user, now=now
            )
        except DafengError as error:
            return form_page(request, form, _("报送整改情况"), lead, back=back, error=error)
        messages.success(request, _("已报送整改情况"))
        return redirect(back[0])
    return form_page(request, form, _("报送整改情况"), lead, back=back)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.ORDER)
def check(request: HttpRequest, order: int) -> HttpResponse:
    """An officer checks what was told."""
    found = orders.order_for(request.user, order)
    demand(request.user, permissions.ORDER, found.project)
    form = OrderCheckForm(request.POST or None)
    back = (_after(found.project_id), found.project.name)
    lead = _("整改情况：%(text)s") % {"text": found.told or _("还没有报送")}
    if request.method == "POST" and form.is_valid():
        now, _today = clock()
        given = form.cleaned_data
        try:
            orders.check(
                found, passed=given["outcome"] == "pass", text=given["text"], due=given["due"], by=request.user, now=now
            )
        except DafengError as error:
            return form_page(request, form, _("核查整改"), lead, back=back, error=error)
        messages.success(request, _("已核查"))
        return redirect(back[0])
    return form_page(request, form, _("核查整改"), lead, back=back)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.HANDLE)
def enter(request: HttpRequest) -> HttpResponse:
    """Enter a paper opinion or an old project; another person confirms it."""
    names = {code: name for code, name in cities.place_names().items() if not code.endswith("00")}
    city = cities.only_city()
    firms = {
        each.code: each
        for each in Enterprise.objects.for_user(request.user).filter(city=city.code if city else "").order_by("name")
    }
    data = request.POST or None
    rebuilt = bool((request.POST if request.method == "POST" else request.GET).get("rebuilt"))
    basics = BasicsForm(
        data,
        places=names,
        units=figures.control_units(city.code if city else ""),
        initial={"stage": "stock", "rebuilt": rebuilt},
    )
    basics.fields = {
        "enterprise": forms.ChoiceField(
            label=_("建设单位"), choices=[(code, each.name) for code, each in firms.items()]
        ),
        **{name: field for name, field in basics.fields.items() if name in PAPER_BASICS},
    }
    energy, output = EnergyForm(data, rebuilt=rebuilt), OutputForm(data, products=figures.products())
    output.fields["added_value"].required = False
    paper = PaperForm(data, request.FILES or None)
    context: dict[str, Any] = {"basics": basics, "form": energy, "output": output, "paper": paper, "rebuilt": rebuilt}
    if request.method == "POST" and all([basics.is_valid(), energy.is_valid(), output.is_valid(), paper.is_valid()]):
        now, _today = clock()
        enterprise = firms[basics.cleaned_data.pop("enterprise")]
        given = dict(paper.cleaned_data)
        given["conditions"] = given["conditions"].splitlines()
        content = {"basics": basics.told(), "energy": energy.told(), "output": output.told()}
        try:
            made = imports.enter(enterprise, content, **given, by=request.user, now=now)
        except DafengError as error:
            return render(request, "enterprise/review/enter.html", context | {"error": error.as_dict()}, status=422)
        messages.success(request, _("已补登，由另一人对照原件核对以后生效"))
        return redirect("enterprise:review-project", id=made.pk)
    return render(request, "enterprise/review/enter.html", context, status=422 if basics.is_bound else 200)


PAPER_BASICS = (
    "name",
    "place",
    "kind",
    "stage",
    "industry",
    "operation_year",
    "operation_month",
    "rebuilt",
    "control_unit",
    "control_grade",
    "control_document",
    "park",
    "longitude",
    "latitude",
)


@require_POST
@asks(permissions.DECIDE)
def confirm(request: HttpRequest, id: UUID) -> HttpResponse:
    """Confirm or discard what another entered."""
    project = project_of(request, id)
    demand_seen(request, project)
    now, _today = clock()
    action = request.POST.get("action", "")
    if action == "confirm":
        return done(request, project, lambda: imports.confirm(project, by=request.user, now=now), _("已核对，意见生效"))
    if action != "discard":
        raise NotFound(_("没有这一步"))
    why = ReasonForm(request.POST)
    reason = why.cleaned_data["reason"] if why.is_valid() else ""
    return done(
        request, project, lambda: imports.discard(project, reason=reason, by=request.user, now=now), _("已退回")
    )


urlpatterns = [
    path("review/enter/", enter, name="review-enter"),
    path("review/projects/<uuid:id>/confirm/", confirm, name="review-confirm"),
    path("review/projects/<uuid:id>/order/", order, name="review-order"),
    path("review/orders/<int:order>/mended/", mended, name="review-mended"),
    path("review/orders/<int:order>/check/", check, name="review-order-check"),
]
