"""The operator's market desk: what waits, what is in the pool, and what starts by a button."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.bookkeeping import OFFSET, POINTS
from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.market import findings, giving, products, purchases, sales, settlement, sinks
from dafeng.domains.inclusion.market.forms import CauseForm, NewsForm, SinkForm, StandRows
from dafeng.domains.inclusion.market.views.market_page import programme_here
from dafeng.domains.inclusion.models import Aggregate, Cause, MerchantFinding, SinkMeasurement
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import NotFound
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


def last_month() -> str:
    today = timezone.localdate()
    year, month = divmod(today.year * 12 + today.month - 2, 12)
    return f"{year}-{month + 1:02d}"


@require_safe
@asks(permissions.SEE_MARKET)
def desk(request: HttpRequest) -> HttpResponse:
    """Everything that waits on the market, in one page."""
    programme = programme_here()
    points, offset = ledger.city_total(POINTS), ledger.city_total(OFFSET)
    context = {
        "points": points, "offset": offset, "for_sale": sales.for_sale(programme), "month": last_month(),
        "keeps": may(request.user, permissions.KEEP_MARKET),
        **_waiting(),
        "aggregates": list(Aggregate.objects.filter(programme=programme).select_related("methodology").order_by("-pk")[:12]),
        "causes": list(Cause.objects.filter(programme=programme, closed_at=None).order_by("pk")[:10]),
    }  # fmt: skip
    return render(request, "inclusion/market/desk.html", context)


# kind → where it is listed, the relation from its record, the states in which somebody has to do something
WAITING = {
    "inclusion.merchant-finding": ("findings", "inclusion_finding", "inclusion_finding__partner", ("open",)),
    "inclusion.product": ("products", "inclusion_product", "inclusion_product__partner", ("submitted",)),
    "inclusion.sponsorship": ("sponsorships", "inclusion_sponsorship", "inclusion_sponsorship__product", ("proposed",)),
    "inclusion.statement": ("statements", "inclusion_statement", "inclusion_statement__partner", ("prepared", "agreed", "objected", "confirmed")),
    "inclusion.purchase": ("purchases", "inclusion_purchase", "inclusion_purchase", ("requested", "offered", "accepted", "paid")),
    "inclusion.neutral-event": ("events", "inclusion_neutral_event", "inclusion_neutral_event", ("submitted", "registered")),
    "inclusion.sink-measurement": ("sinks", "inclusion_sink", "inclusion_sink", ("measured",)),
}  # fmt: skip


def _waiting() -> dict[str, list[Any]]:
    """All that waits, in one question: records with what they are about."""
    wanted = Q(pk__in=[])
    for kind, (_list, _relation, _deeper, states) in WAITING.items():
        wanted |= Q(kind=kind, state__in=states)
    rows = Record.objects.filter(wanted).select_related(*(each[2] for each in WAITING.values())).order_by("seq")[:200]
    found: dict[str, list[Any]] = {each[0]: [] for each in WAITING.values()}
    for record in rows:
        name, relation, *_rest = WAITING[record.kind]
        about = getattr(record, relation)
        about.record = record
        found[name].append(about)
    return found


def _month(request: HttpRequest) -> str:
    asked = request.POST.get("month", "").strip()
    if not MONTH.fullmatch(asked):
        raise InclusionError(_("月份不对"), expected="2026-11")
    return asked


@require_POST
@asks(permissions.KEEP_MARKET)
def aggregate(request: HttpRequest) -> HttpResponse:
    """Bring a month's reductions into the pool; pressed twice it does nothing more."""
    made = purchases.aggregate(programme_here(), _month(request), now=timezone.now())
    issued, corrected = sum(each.issued for each in made), sum(each.corrected for each in made)
    messages.success(request, _("签发 %(issued)s 吨，更正扣减 %(corrected)s 吨") % {"issued": f"{issued / 1e6:,.6f}", "corrected": f"{corrected / 1e6:,.6f}"})  # fmt: skip
    return redirect("inclusion:market-desk")


@require_POST
@asks(permissions.KEEP_MARKET)
def prepare(request: HttpRequest) -> HttpResponse:
    made = settlement.prepare(programme_here(), _month(request), by=request.user, now=timezone.now())
    messages.success(request, _("编制 %(count)s 张结算单，已送商户确认") % {"count": len(made)})
    return redirect("inclusion:market-desk")


@require_POST
@asks(permissions.KEEP_MARKET)
def finding_decide(request: HttpRequest, id: UUID) -> HttpResponse:
    found = MerchantFinding.objects.filter(record_id=id).select_related("record").first()
    if found is None:
        raise NotFound(_("没有这条异常"))
    findings.decide(found, request.POST.get("action", ""), by=request.user, now=timezone.now(), reason=request.POST.get("reason", ""))  # fmt: skip
    messages.success(request, _("已办理：%(state)s") % {"state": found.record.state_title})
    return redirect("inclusion:market-desk")


# ---------------------------------------------------------------- causes


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_MARKET)
def cause_new(request: HttpRequest) -> HttpResponse:
    form = CauseForm(request.POST or None, initial={"opens_on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        if Cause.objects.filter(code=form.cleaned_data["code"]).exists():
            form.add_error("code", _("这个代码已经用过"))
        else:
            made = giving.open_cause(programme_here(), form.cleaned_data, by=request.user, now=timezone.now())
            messages.success(request, _("公益项目已开放"))
            return redirect("inclusion:cause", code=made.code)
    context = {"form": form, "title": _("新建公益项目")}
    return render(request, "inclusion/market/desk_form.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_MARKET)
def cause_news(request: HttpRequest, code: str) -> HttpResponse:
    """Tell how far a cause is, or close it."""
    found, now = Cause.objects.filter(code=code).first(), timezone.now()
    if found is None:
        raise NotFound(_("没有这个公益项目"))
    form = NewsForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and "close" in request.POST:
        giving.close_cause(found, by=request.user, now=now)
        messages.success(request, _("项目已结束，不再接受捐赠"))
        return redirect("inclusion:cause", code=code)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data["picture"]
        kept = products.store_picture(given.read(3 << 20), name=given.name, by=request.user, now=now) if given else None
        giving.tell(found, text=form.cleaned_data["text"], units=form.cleaned_data["units"], by=request.user, now=now, evidence=kept)  # fmt: skip
        messages.success(request, _("进展已公布"))
        return redirect("inclusion:cause", code=code)
    context = {"form": form, "title": found.title, "cause": found}
    return render(request, "inclusion/market/desk_form.html", context, status=422 if request.method == "POST" else 200)


# ---------------------------------------------------------------- sinks


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_MARKET)
def sink_new(request: HttpRequest) -> HttpResponse:
    """Hand in the two surveys of a forest or tea garden."""
    form = SinkForm(request.POST or None, request.FILES or None)
    formset = StandRows(request.POST or None, initial=[{} for _blank in range(3)], prefix="stands")
    error = None
    if request.method == "POST" and form.is_valid() and formset.is_valid():
        stands = [row.cleaned_data for row in formset if row.cleaned_data.get("area")]
        try:
            made = sinks.propose(programme_here(), form.cleaned_data, stands, by=request.user, now=timezone.now())
        except InclusionError as fault:
            error = fault.as_dict()
        else:
            messages.success(request, _("已计量，须由另一人批准后签发"))
            return redirect("inclusion:market-sink", id=made.record_id)
    context = {"form": form, "formset": formset, "error": error}
    return render(request, "inclusion/market/sink_form.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.DECIDE_MARKET)
def sink(request: HttpRequest, id: UUID) -> HttpResponse:
    """A measurement, and its approval by a second person."""
    found = SinkMeasurement.objects.filter(record_id=id).select_related("record", "programme", "methodology").first()
    if found is None:
        raise NotFound(_("没有这次计量"))
    if request.method == "POST":
        sinks.decide(found, request.POST.get("action", ""), by=request.user, now=timezone.now(), reason=request.POST.get("reason", ""))  # fmt: skip
        messages.success(request, _("已办理：%(state)s") % {"state": found.record.state_title})
        return redirect("inclusion:market-sink", id=id)
    context = {"sink": found, "steps": records.actions(found.record, request.user), "files": list(found.record.evidence.all())}  # fmt: skip
    return render(request, "inclusion/market/sink.html", context)


urlpatterns = [
    path("desk/market/", desk, name="market-desk"),
    path("desk/market/aggregate/", aggregate, name="market-aggregate"),
    path("desk/market/statements/", prepare, name="statements-prepare"),
    path("desk/market/findings/<uuid:id>/", finding_decide, name="finding-decide"),
    path("desk/market/causes/new/", cause_new, name="cause-new"),
    path("desk/market/causes/<slug:code>/", cause_news, name="cause-news"),
    path("desk/market/sinks/new/", sink_new, name="sink-new"),
    path("desk/market/sinks/<uuid:id>/", sink, name="market-sink"),
]
