"""The corrections desk: propose, approve, and what to do when the points are spent."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.inclusion import bookkeeping, permissions
from dafeng.domains.inclusion.models import Correction, Event
from dafeng.domains.inclusion.operations import corrections as services
from dafeng.domains.inclusion.operations.forms import CorrectionForm
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
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import DafengError
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records.workflows import get


def _corrections() -> QuerySet[Correction]:
    rows = Correction.objects.filter(event__scene__partner__programme=city())
    return rows.select_related("record", "event__scene", "event__member")


@require_safe
@asks(permissions.SEE_RISK)
def desk(request: HttpRequest) -> HttpResponse:
    """All corrections."""
    states = {name: state.title for name, state in get(services.KIND).states.items()}
    table = Table(
        request, _corrections(),
        [
            Column("record.title", _("更正"), link=lambda row: reverse("inclusion:correction", kwargs={"pk": row.pk}), wide=True),
            Column("record.state", _("状态"), show=lambda row: row.record.state_title),
            Column("event.scene.title", _("场景")),
            Column("recovered", _("收回积分"), numeric=True),
            Column("record.created_at", _("提出"), show=lambda row: f"{timezone.localtime(row.record.created_at):%Y-%m-%d}"),
        ],
        _("积分更正"), choices=(Choice("state", _("状态"), states, column="record__state"),), order="-record__created_at",
        empty=_("没有更正。发错的积分在这里用冲正分录收回。"), file="corrections",
    )  # fmt: skip
    links = [(reverse("inclusion:correction-new"), _("提出更正"))] if may(request.user, permissions.REVIEW_RISK) else []
    context = {
        "title": _("积分更正"), "table": table, "links": links,
        "lead": _("发错的积分不改旧账，用相反的分录冲正：运营方提出，发改委或生态环境局批准。"),
    }  # fmt: skip
    return table.download() or render(request, "inclusion/operations/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.REVIEW_RISK)
def new(request: HttpRequest) -> HttpResponse:
    """Propose to take the points of an event back."""
    form = CorrectionForm(
        request.POST or None, request.FILES or None, initial={"event": request.GET.get("event", "")[:18]}
    )
    error = None
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        event = Event.objects.filter(pk=given["event"], scene__partner__programme=city()).first()
        try:
            if event is None:
                raise missing(_("没有编号为 %(number)s 的行为") % {"number": given["event"]})
            evidence = papers(given["document"], request.user)
            made = services.propose(
                event, reason=given["reason"], by=request.user, now=timezone.now(), evidence=evidence
            )
        except DafengError as refused:
            error = refused
        else:
            return redirect("inclusion:correction", pk=made.pk)
    lead = _("写明错在哪里并附证据。批准前积分不动；批准后从会员账户收回，并通知本人。")
    return form_page(
        request, form, _("提出更正"), lead, back=(reverse("inclusion:corrections"), _("积分更正")), error=error,
        status=422 if request.method == "POST" else 200,
    )  # fmt: skip


def _correction(pk: int) -> Correction:
    found = _corrections().filter(pk=pk).first()
    if found is None:
        raise missing(_("没有这件更正"))
    return found


@require_safe
@asks(permissions.SEE_RISK)
def correction(request: HttpRequest, pk: int) -> HttpResponse:
    """One correction, what the ledger said, and what may be done."""
    found = _correction(pk)
    member = found.event.member
    context = {
        "correction": found, "event": found.event, "events": timeline(found.record),
        "buttons": buttons(found.record, request.user), "papers": list(found.record.evidence.all()),
        "balance": bookkeeping.points_of(member.account) if member else None,
    }  # fmt: skip
    return render(request, "inclusion/operations/correction.html", context)


@require_POST
@asks(permissions.SEE_RISK)
def step(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve, hold what is left, recover it, decline: the record's workflow says who may."""
    found, now = _correction(pk), timezone.now()
    action, reason = request.POST.get("action", ""), request.POST.get("reason", "")[:300]

    def act() -> None:
        demand_seen(request, found.record)
        if action == "approve":
            services.approve(found, by=request.user, now=now)
        elif action in ("dispute", "recover", "decline"):
            getattr(services, action)(found, reason=reason, by=request.user, now=now)
        else:
            raise missing(_("没有这个步骤"))

    return done(request, act, _("已办理，请看下面的结果"), back="inclusion:correction", pk=pk)


urlpatterns = [
    path("corrections/", desk, name="corrections"),
    path("corrections/new/", new, name="correction-new"),
    path("corrections/<int:pk>/", correction, name="correction"),
    path("corrections/<int:pk>/step/", step, name="correction-step"),
]
