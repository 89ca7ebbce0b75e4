"""Partners: the list, the partner's page with its agreements, the application."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.models import Agreement, Event, Partner
from dafeng.domains.inclusion.operations import partners as services
from dafeng.domains.inclusion.operations.forms import AgreementForm, ApplyForm
from dafeng.domains.inclusion.operations.views import (
    buttons,
    city,
    demand_seen,
    done,
    form_page,
    missing,
    papers,
    timeline,
)
from dafeng.domains.inclusion.operations.words import rule
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import DafengError
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records import services as records


@require_safe
@asks(permissions.OPERATE)
def listing(request: HttpRequest) -> HttpResponse:
    """All partners, with until when they are bound."""
    rows = city().partners.annotate(
        until=Max("agreements__valid_until", filter=Q(agreements__record__state__in=services.LIVE))
    )
    table = Table(
        request, rows,
        [
            Column("name", _("名称"), link=lambda row: reverse("inclusion:partner", kwargs={"code": row.code}), wide=True),
            Column("kind", _("类别"), show=lambda row: row.get_kind_display()),
            Column("state", _("状态"), show=lambda row: row.get_state_display()),
            Column("until", _("协议截止")),
            Column("code", _("代码")),
        ],
        _("合作方"), search=("name", "code", "credit_code"),
        choices=(Choice("kind", _("类别"), dict(Partner.Kind.choices)), Choice("state", _("状态"), dict(Partner.State.choices))),
        order="name", empty=_("还没有合作方。单位申请或由运营方登记后会出现在这里。"), file="partners",
    )  # fmt: skip
    context = {
        "title": _("合作方与协议"), "table": table,
        "lead": _("场景方、商户和其他城市平台。暂停协议的同时，该单位的行为不再接收，商品不能兑换。"),
        "links": [(reverse("inclusion:recognitions"), _("平台互认"))],
    }  # fmt: skip
    return table.download() or render(request, "inclusion/operations/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.APPLY_PARTNER)
def apply(request: HttpRequest) -> HttpResponse:
    """An organisation asks to take part."""
    own = records.organisations_of(request.user) - {""}
    form = ApplyForm(request.POST or None, organisations=own)
    error = None
    if request.method == "POST" and form.is_valid():
        try:
            made = services.apply(city(), **form.cleaned_data, by=request.user, now=timezone.now())
        except DafengError as refused:
            error = refused
        else:
            return redirect("inclusion:partner", code=made.partner.code)
    status = 422 if request.method == "POST" else 200
    lead = _("提交后由运营方联系您，签订协议后即可接入场景或上架商品。")
    return form_page(request, form, _("申请成为合作方"), lead, back=(reverse("inclusion:systems"), _("四大体系")), error=error, status=status)  # fmt: skip


def _partner(request: HttpRequest, code: str) -> Partner:
    """One that this person may see: the offices any, a partner's people their own."""
    found = city().partners.filter(code=code).first()
    if found is None or not (
        may(request.user, permissions.OPERATE) or may(request.user, permissions.OWN_PARTNER, found)
    ):
        raise missing(_("没有这个合作方"))
    return found


@require_safe
@asks(permissions.OWN_PARTNER)
def partner(request: HttpRequest, code: str) -> HttpResponse:
    """A partner with its scenes, goods and agreements, and what may be done."""
    return render(request, "inclusion/operations/partner.html", _context(request, _partner(request, code)))


def _context(request: HttpRequest, found: Partner, form: AgreementForm | None = None) -> dict[str, Any]:
    keeps = may(request.user, permissions.KEEP_PARTNERS)
    agreements = list(found.agreements.select_related("record", "document").order_by("-pk"))
    rows = []
    for each in agreements:
        editable = keeps and each.record.state == "draft"
        first = AgreementForm(initial={name: getattr(each, name) for name in ("number", "valid_from", "valid_until", "contact", "asks")}) if editable else None  # fmt: skip
        rows.append({"agreement": each, "form": (form or first) if editable else None, "buttons": buttons(each.record, request.user) if keeps else [], "events": timeline(each.record, names=keeps)})  # fmt: skip
    soon = timezone.localdate() + timedelta(days=rule("days", "agreement_ending"))
    return {
        "partner": found, "agreements": rows, "soon": soon, "keeps": keeps,
        "scenes": list(found.scenes.order_by("title")),
        "products": list(found.products.select_related("record").order_by("title")[:50]),
        "may_draft": keeps and not any(each.record.state == "draft" for each in agreements),
        "waiting": Event.objects.filter(scene__partner=found, state=Event.State.HELD).count(),
    }  # fmt: skip


@require_POST
@asks(permissions.KEEP_PARTNERS)
def new(request: HttpRequest, code: str) -> HttpResponse:
    """Prepare an agreement, the first or a renewal."""
    found = _partner(request, code)
    return done(request, lambda: services.draft(found, by=request.user, now=timezone.now()), _("请填写协议内容"), back="inclusion:partner", code=code)  # fmt: skip


def _agreement(request: HttpRequest, pk: int) -> Agreement:
    found = Agreement.objects.select_related("partner", "record").filter(pk=pk, partner__programme=city()).first()
    if found is None:
        raise missing(_("没有这份协议"))
    return found


@require_POST
@asks(permissions.KEEP_PARTNERS)
def fill(request: HttpRequest, pk: int) -> HttpResponse:
    """What the signed paper says."""
    found = _agreement(request, pk)
    form = AgreementForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "inclusion/operations/partner.html", _context(request, found.partner, form), status=422)
    given = form.cleaned_data
    paper = given.pop("document")

    def act() -> None:
        services.fill(found, **given, documents=papers(paper, request.user), by=request.user, now=timezone.now())

    return done(request, act, _("协议内容已保存"), back="inclusion:partner", code=found.partner.code)


@require_POST
@asks(permissions.KEEP_PARTNERS)
def step(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign, suspend, resume, end."""
    found = _agreement(request, pk)

    def act() -> None:
        demand_seen(request, found.record)
        action, reason = request.POST.get("action", ""), request.POST.get("reason", "")
        services.step(found, action, by=request.user, now=timezone.now(), reason=reason[:300])

    return done(request, act, _("已办理"), back="inclusion:partner", code=found.partner.code)


urlpatterns = [
    path("partners/", listing, name="partners"),
    path("partners/apply/", apply, name="partner-apply"),
    path("partners/<slug:code>/", partner, name="partner"),
    path("partners/<slug:code>/agreement/", new, name="agreement-new"),
    path("agreements/<int:pk>/fill/", fill, name="agreement-fill"),
    path("agreements/<int:pk>/step/", step, name="agreement-step"),
]
