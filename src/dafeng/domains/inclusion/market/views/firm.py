"""A firm on the market: what it holds, purchases, retirement, carbon-neutral events, sponsoring."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.market import certificates, neutrality, products, refusals, rules, sales, sponsoring
from dafeng.domains.inclusion.market.forms import EventForm, PriceForm, RequestForm, RetireForm, Rows, SponsorForm
from dafeng.domains.inclusion.market.views.mall import available
from dafeng.domains.inclusion.market.views.market_page import firm_of, key_of, new_key, programme_here
from dafeng.domains.inclusion.models import Certificate, Member, NeutralEvent, Purchase, Sponsorship
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import NotFound, StaleError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence, Record


def grams(tonnes: Decimal) -> int:
    return int(tonnes * 1_000_000)


def _firm(request: HttpRequest) -> Member:
    """Raises `InclusionError` for who acts for no firm with an account."""
    firm = firm_of(request)
    if firm is None:
        raise InclusionError(_("您的企业还没有开通碳账户"), mend=_("请先在“企业碳账户”开通"))
    return firm


@require_safe
@never_cache
@asks(permissions.BUY_REDUCTIONS)
def firm_market(request: HttpRequest) -> HttpResponse:
    """Holdings, what is under way, and the forms to begin something."""
    firm, programme = firm_of(request), programme_here()
    context: dict[str, Any] = {"firm": firm, "for_sale": sales.for_sale(programme)}
    if firm is not None:
        context |= {
            "held": sales.held(firm),
            "points": available(firm),
            "purchases": list(Purchase.objects.filter(firm=firm).select_related("record").order_by("-pk")[:20]),
            "events": list(NeutralEvent.objects.filter(firm=firm).select_related("record").order_by("-pk")[:20]),
            "certificates": list(Certificate.objects.filter(firm=firm).order_by("-pk")[:20]),
            "sponsorships": list(Sponsorship.objects.filter(firm=firm).select_related("record", "product").order_by("-pk")[:20]),
            "failed": list(refusals.of(firm.holder, limit=5)),
        }  # fmt: skip
    return render(request, "inclusion/market/firm.html", context)


def _form_page(
    request: HttpRequest, form: Any, title: str, error: InclusionError | None = None, **more: Any
) -> HttpResponse:
    context = {"form": form, "title": title, "error": error.as_dict() if error else None, "key": new_key(), **more}
    return render(request, "inclusion/market/firm_form.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.BUY_REDUCTIONS)
def purchase_new(request: HttpRequest) -> HttpResponse:
    form, error = RequestForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            made = sales.request(
                _firm(request), grams(form.cleaned_data["tonnes"]), form.cleaned_data["purpose"], by=request.user, now=timezone.now()
            )  # fmt: skip
        except InclusionError as fault:
            error = fault
        else:
            messages.success(request, _("已提交，等待运营方报价"))
            return redirect("inclusion:purchase", id=made.record_id)
    return _form_page(request, form, _("购买减排量"), error, note=_("可售 %(tonnes)s 吨") % {"tonnes": f"{sales.for_sale(programme_here()) / 1e6:,.3f}"})  # fmt: skip


def _purchase(request: HttpRequest, id: UUID) -> Purchase:
    seen = Record.objects.for_user(request.user).filter(pk=id)
    found = Purchase.objects.filter(record__in=seen).select_related("record", "firm", "programme").first()
    if found is None:
        raise NotFound(_("没有这笔购买"))
    return found


def _events(record: Record) -> list[dict[str, Any]]:
    workflow = record.workflow
    return [
        {"title": _("提出") if move.action == "open" else _("修改") if move.action == "amend" else workflow.title_of(move.action),
         "at": move.at, "by": move.by or _("系统"), "text": move.reason, "bad": move.action in ("end", "refuse", "return", "stop")}
        for move in record.moves.select_related("by")
    ]  # fmt: skip


@require_safe
@never_cache
@asks(permissions.SEE_TRADES)
def purchase(request: HttpRequest, id: UUID) -> HttpResponse:
    found = _purchase(request, id)
    steps = {each.action: each for each in records.actions(found.record, request.user)}
    context = {
        "purchase": found, "steps": steps, "events": _events(found.record), "price_form": PriceForm(),
        "own": may(request.user, permissions.KEEP_FIRM, found.firm),
    }  # fmt: skip
    return render(request, "inclusion/market/purchase.html", context)


def _fresh(request: HttpRequest, record: Record) -> None:
    if request.POST.get("state") != record.state:
        raise StaleError(_("“%(title)s”已被他人办理，现为“%(state)s”") % {"title": record.title, "state": record.state_title}, mend=_("请返回看最新情况"))  # fmt: skip


@require_POST
@asks(permissions.STEP_TRADES)
def purchase_step(request: HttpRequest, id: UUID) -> HttpResponse:
    found, now, by = _purchase(request, id), timezone.now(), request.user
    _fresh(request, found.record)
    action, reason = request.POST.get("action", ""), request.POST.get("reason", "")
    if action == "offer":
        form = PriceForm(request.POST)
        if not form.is_valid():
            raise InclusionError(_("请填写单价和有效期"))
        ends = timezone.make_aware(datetime.combine(form.cleaned_data["valid_until"], time.max.replace(microsecond=0)))
        sales.offer(found, price=int(form.cleaned_data["yuan"] * 100), valid_until=ends, by=by, now=now)
    elif action == "accept":
        sales.accept(found, by=by, now=now)
    elif action == "pay":
        sales.pay(found, reference=reason, by=by, now=now)
    elif action == "deliver":
        sales.deliver(found, by=by, now=now)
    else:
        sales.end(found, action, by=by, now=now, reason=reason)
    found.record.refresh_from_db()
    messages.success(request, _("已办理：%(state)s") % {"state": found.record.state_title})
    return redirect("inclusion:purchase", id=id)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@asks(permissions.BUY_REDUCTIONS)
def retire(request: HttpRequest) -> HttpResponse:
    """Retire voluntarily: for good."""
    form, error, firm = RetireForm(request.POST or None), None, firm_of(request)
    if request.method == "POST" and form.is_valid():
        try:
            made = certificates.retire(
                _firm(request), grams(form.cleaned_data["tonnes"]), beneficiary=form.cleaned_data["beneficiary"],
                period=form.cleaned_data["period"], key=key_of(request), by=request.user, now=timezone.now(),
            )  # fmt: skip
        except InclusionError as fault:
            error = fault
        else:
            messages.success(request, _("已注销，证书如下"))
            return redirect("inclusion:certificate", number=made.number)
    held = sales.held(firm) if firm else 0
    note = _("现持有 %(tonnes)s 吨。注销后不能撤回，也不能再转让。") % {"tonnes": f"{held / 1e6:,.3f}"}
    return _form_page(request, form, _("自愿注销"), error, note=note)


# ---------------------------------------------------------------- events


def _rows(formset: Any) -> list[dict[str, Any]]:
    names = ("factor", "amount", "note", "own_factor", "own_source")
    return [{name: form.cleaned_data[name] for name in names} for form in formset if form.cleaned_data.get("factor")]


def _event_form(request: HttpRequest, found: NeutralEvent | None) -> HttpResponse:
    initial: dict[str, Any] | None = None
    rows: list[dict[str, Any]] = [{} for _blank in range(5)]
    if found is not None:
        initial = {name: getattr(found, name) for name in neutrality.FIELDS}
        kept = found.rows.order_by("pk").values("factor", "amount", "note", "own_factor", "own_source")
        rows = [*(dict(row) for row in kept), *rows[:3]]
    form = EventForm(request.POST or None, request.FILES or None, initial=initial)
    formset = Rows(request.POST or None, initial=rows, prefix="rows")
    error = None
    if request.method == "POST" and form.is_valid() and formset.is_valid():
        try:
            id = _keep(request, found, form, _rows(formset))
        except InclusionError as fault:
            error = fault.as_dict()
        else:
            messages.success(request, _("已保存，核对排放量后提交"))
            return redirect("inclusion:neutral-event", id=id)
    context = {"form": form, "formset": formset, "event": found, "error": error, "rule": rules.all_rules()["neutral_event"]}  # fmt: skip
    return render(
        request, "inclusion/market/neutral_form.html", context, status=422 if request.method == "POST" else 200
    )


def _keep(request: HttpRequest, found: NeutralEvent | None, form: EventForm, rows: list[dict[str, Any]]) -> UUID:
    now = timezone.now()
    files: list[Evidence] = [
        records.store_evidence(each, name=each.name, media_type=each.content_type or "application/octet-stream", by=request.user, now=now, source=_("活动评价报告"))
        for each in form.cleaned_data["report"]
    ]  # fmt: skip
    if found is None:
        made = neutrality.draft(_firm(request), form.cleaned_data, rows, by=request.user, now=now, evidence=files)
        return UUID(str(made.record_id))
    neutrality.amend(found, form.cleaned_data, rows, by=request.user, now=now, evidence=files or None)
    return UUID(str(found.record_id))


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.BUY_REDUCTIONS)
def neutral_new(request: HttpRequest) -> HttpResponse:
    return _event_form(request, None)


def event_of(request: HttpRequest, id: UUID) -> NeutralEvent:
    seen = Record.objects.for_user(request.user).filter(pk=id)
    found = NeutralEvent.objects.filter(record__in=seen).select_related("record", "firm", "programme").first()
    if found is None:
        raise NotFound(_("没有这个活动"))
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.BUY_REDUCTIONS)
def neutral_edit(request: HttpRequest, id: UUID) -> HttpResponse:
    return _event_form(request, event_of(request, id))


@require_POST
@asks(permissions.STEP_TRADES)
def neutral_step(request: HttpRequest, id: UUID) -> HttpResponse:
    found, now, by = event_of(request, id), timezone.now(), request.user
    _fresh(request, found.record)
    action = request.POST.get("action", "")
    if action == "submit":
        neutrality.submit(found, by=by, now=now)
    elif action == "offset":
        made = neutrality.offset(found, key=key_of(request), by=by, now=now)
        messages.success(request, _("活动已碳中和，证书如下"))
        return redirect("inclusion:certificate", number=made.number)
    else:
        neutrality.decide(found, action, by=by, now=now, reason=request.POST.get("reason", ""))
    found.record.refresh_from_db()
    messages.success(request, _("已办理：%(state)s") % {"state": found.record.state_title})
    return redirect("inclusion:neutral-event", id=id)


# ---------------------------------------------------------------- sponsoring


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.BUY_REDUCTIONS)
def sponsorship_new(request: HttpRequest) -> HttpResponse:
    form, error, firm = SponsorForm(request.POST or None), None, firm_of(request)
    form.fields["product"].queryset = products.on_sale(programme_here(), timezone.localdate()).order_by("title")  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        try:
            sponsoring.propose(_firm(request), **form.cleaned_data, by=request.user, now=timezone.now())
        except InclusionError as fault:
            error = fault
        else:
            messages.success(request, _("已提交，运营方确认后开始"))
            return redirect("inclusion:firm-market")
    note = _("企业账户现有 %(points)s 积分，每笔订单按每件赞助积分扣减，用完为止。") % {"points": available(firm) or 0}
    return _form_page(request, form, _("赞助市民兑换"), error, note=note)


@require_POST
@asks(permissions.STEP_TRADES)
def sponsorship_step(request: HttpRequest, id: UUID) -> HttpResponse:
    seen = Record.objects.for_user(request.user).filter(pk=id)
    found = Sponsorship.objects.filter(record__in=seen).select_related("record").first()
    if found is None:
        raise NotFound(_("没有这项赞助"))
    _fresh(request, found.record)
    sponsoring.step(found, request.POST.get("action", ""), by=request.user, now=timezone.now(), reason=request.POST.get("reason", ""))  # fmt: skip
    messages.success(request, _("已办理：%(state)s") % {"state": found.record.state_title})
    back = "inclusion:firm-market" if may(request.user, permissions.KEEP_FIRM, found.firm) else "inclusion:market-desk"
    return redirect(back)


urlpatterns = [
    path("firm/market/", firm_market, name="firm-market"),
    path("firm/market/purchases/new/", purchase_new, name="purchase-new"),
    path("firm/market/purchases/<uuid:id>/", purchase, name="purchase"),
    path("firm/market/purchases/<uuid:id>/step/", purchase_step, name="purchase-step"),
    path("firm/market/retire/", retire, name="retire"),
    path("firm/market/sponsorships/new/", sponsorship_new, name="sponsorship-new"),
    path("firm/market/sponsorships/<uuid:id>/step/", sponsorship_step, name="sponsorship-step"),
    path("neutral/new/", neutral_new, name="neutral-new"),
    path("neutral/<uuid:id>/edit/", neutral_edit, name="neutral-edit"),
    path("neutral/<uuid:id>/step/", neutral_step, name="neutral-step"),
]
