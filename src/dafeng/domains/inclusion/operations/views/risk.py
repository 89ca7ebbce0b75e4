"""The risk desk: cases, their events with the findings in plain sentences, decisions, and the member's appeal."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Max, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.models import Case, Event
from dafeng.domains.inclusion.operations import cases as services
from dafeng.domains.inclusion.operations.forms import AppealForm
from dafeng.domains.inclusion.operations.views import buttons, city, demand_seen, done, missing, timeline
from dafeng.domains.inclusion.operations.words import sentence, title_of
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import DafengError
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records.workflows import get


def _cases() -> QuerySet[Case]:
    return Case.objects.filter(member__programme=city()).select_related("record", "member")


@require_safe
@asks(permissions.SEE_RISK)
def desk(request: HttpRequest) -> HttpResponse:
    """The cases, those that wait first."""
    rows = _cases().annotate(
        events=Count("places"), points=Sum("places__event__points"), score=Max("places__event__score")
    )
    states = {name: state.title for name, state in get(services.KIND).states.items()}
    table = Table(
        request, rows,
        [
            Column("record.title", _("案件"), link=lambda row: reverse("inclusion:case", kwargs={"pk": row.pk})),
            Column("record.state", _("状态"), show=lambda row: row.record.state_title),
            Column("events", _("行为"), numeric=True),
            Column("points", _("积分"), numeric=True),
            Column("score", _("最高可疑分"), numeric=True),
            Column("record.created_at", _("立案"), show=lambda row: f"{timezone.localtime(row.record.created_at):%Y-%m-%d %H:%M}"),
        ],
        _("案件"), choices=(Choice("state", _("状态"), states, column="record__state"),), order="-record__created_at",
        empty=_("没有案件。可疑的行为会先暂扣积分，再按会员整理成案件。"), file="cases",
    )  # fmt: skip
    loose = Event.objects.filter(state=Event.State.HELD, case_place=None, scene__partner__programme=city()).count()
    context = {"table": table, "loose": loose, "may_review": may(request.user, permissions.REVIEW_RISK)}
    return table.download() or render(request, "inclusion/operations/risk.html", context)


@require_POST
@asks(permissions.REVIEW_RISK)
def gather(request: HttpRequest) -> HttpResponse:
    """Make cases of the held events that are in none."""
    count = services.gather(now=timezone.now())
    messages.success(request, _("已把 %(count)s 次行为整理成案件") % {"count": count})
    return redirect("inclusion:risk")


def _case(pk: int) -> Case:
    found = _cases().filter(pk=pk).first()
    if found is None:
        raise missing(_("没有这个案件"))
    return found


@require_safe
@asks(permissions.SEE_RISK)
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """One case: what was seen, why it is suspicious, and what may be decided."""
    return render(request, "inclusion/operations/case.html", _context(request, _case(pk)))


def _context(request: HttpRequest, found: Case) -> dict[str, Any]:
    from dafeng.domains.inclusion.scenes import screening

    places = list(found.places.select_related("event__scene", "event").order_by("event__happened_at", "event_id"))
    may_do = {each["action"] for each in buttons(found.record, request.user)}
    return {
        "case": found, "events": timeline(found.record), "until": services.appeal_until(found),
        "rows": [{"place": each, "event": each.event, "findings": screening.judge(each.event)} for each in places],
        "decides": "clear" in may_do, "answers": "uphold" in may_do, "points": sum(each.event.points for each in places),
    }  # fmt: skip


@require_POST
@asks(permissions.REVIEW_RISK)
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """What is ticked is rejected, the rest cleared."""
    found = _case(pk)

    def act() -> None:
        demand_seen(request, found.record)
        seen, bad = (_numbers(request, name) for name in ("seen", "rejected"))
        reason = request.POST.get("reason", "")[:300]
        services.decide(found, seen=seen, rejected=bad, reason=reason, by=request.user, now=timezone.now())

    return done(request, act, _("已决定，会员已收到通知"), back="inclusion:case", pk=pk)


def _numbers(request: HttpRequest, name: str) -> list[int]:
    return [int(each) for each in request.POST.getlist(name) if each.isascii() and each.isdigit() and len(each) < 19]


@require_POST
@asks(permissions.DECIDE_RISK)
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """The appeal is decided by another person than the reviewer."""
    found = _case(pk)

    def act() -> None:
        demand_seen(request, found.record)
        right = request.POST.get("action") == "overturn"
        reason = request.POST.get("reason", "")[:300]
        services.answer(found, overturn=right, reason=reason, by=request.user, now=timezone.now())

    return done(request, act, _("申诉已决定，会员已收到通知"), back="inclusion:case", pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.COMPLAIN)
def appeal(request: HttpRequest, event: int) -> HttpResponse:
    """For the member: why an event is under review, was rejected or corrected; the appeal, and what came of it."""
    mine = permissions.members_of(request.user).values("pk")
    found = (
        Event.objects.select_related("scene", "member", "case_place__case__record")
        .filter(pk=event, member__in=mine)
        .first()
    )
    if found is None:
        raise missing(_("没有这次行为"))
    place = getattr(found, "case_place", None)
    case = place.case if place else None
    form, error = AppealForm(request.POST or None), None
    if request.method == "POST" and case is not None and form.is_valid():
        try:
            services.appeal(case, found.member, form.cleaned_data["text"], now=timezone.now())
        except DafengError as refused:
            error = refused
        else:
            messages.success(request, _("申诉已提交，将由另一位工作人员裁决"))
            return redirect("inclusion:appeal", event=event)
    until = services.appeal_until(case) if case else None
    context = {
        "event": found, "number": str(found.pk), "scene": title_of(found.scene), "case": case, "form": form, "until": until, "why": sentence(found.reason) if found.reason else "",
        "open": bool(case and place.rejected and case.record.state == "rejected" and until and timezone.now() <= until),
        "error": error.as_dict() if error else None, "correction": found.corrections.select_related("record").order_by("-pk").first(),
    }  # fmt: skip
    return render(request, "inclusion/operations/appeal.html", context, status=422 if request.method == "POST" else 200)


urlpatterns = [
    path("risk/", desk, name="risk"),
    path("risk/gather/", gather, name="risk-gather"),
    path("risk/<int:pk>/", case, name="case"),
    path("risk/<int:pk>/decide/", decide, name="case-decide"),
    path("risk/<int:pk>/answer/", answer, name="case-answer"),
    path("acts/<int:event>/appeal/", appeal, name="appeal"),
]
