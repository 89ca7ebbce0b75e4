"""Complaints: one's own on a phone, all on the desk."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.members.pages import new_key
from dafeng.domains.inclusion.models import Complaint, Event, Order, Scene
from dafeng.domains.inclusion.operations import complaints as services
from dafeng.domains.inclusion.operations.forms import AgainForm, AnswerForm, AssignForm, ComplaintForm
from dafeng.domains.inclusion.operations.views import buttons, city, demand_seen, done, form_page, missing, timeline
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import DafengError
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records.workflows import get


@require_safe
@asks(permissions.COMPLAIN)
def own(request: HttpRequest) -> HttpResponse:
    """A person's own complaints."""
    rows = list(services.of(request.user).select_related("record").order_by("-received_at")[:50])
    return render(request, "inclusion/operations/own_complaints.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@asks(permissions.COMPLAIN)
def new(request: HttpRequest) -> HttpResponse:
    """The form. `order` and `event` in the address say what it is about, where they are one's own."""
    scenes = Scene.objects.filter(partner__programme=city(), active=True).order_by("title")
    first = {name: request.GET.get(name, "")[:40] for name in ("about", "scene", "order", "event")} | {"key": new_key()}
    form, error = ComplaintForm(request.POST or None, initial=first, scenes=scenes), None
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            given["order"], given["event"] = _own(request, given["order"], given["event"])
            made = services.receive(city(), **given, by=request.user, now=timezone.now())
        except DafengError as refused:
            error = refused
        else:
            return redirect("inclusion:complaint", id=made.pk)
    return form_page(
        request, form, _("投诉与建议"), _("对场景、商户订单或积分有意见，在这里提出。15 天内答复。"), phone=True, error=error,
        back=(reverse("inclusion:complaints"), _("我的投诉")), status=422 if request.method == "POST" else 200,
    )  # fmt: skip


def _own(request: HttpRequest, order: UUID | None, event: int | None) -> tuple[Order | None, Event | None]:
    """Only one's own orders and acts; what is not is as if it were not there."""
    mine = permissions.members_of(request.user).values("pk")
    found = Order.objects.filter(pk=order, member__in=mine).first() if order else None
    act = Event.objects.filter(pk=event, member__in=mine).first() if event else None
    if (order and found is None) or (event and act is None):
        raise missing(_("没有这笔订单或这次行为"))
    return found, act


def _seen(request: HttpRequest, id: UUID) -> Complaint:
    """One's own, or any for those who handle them."""
    rows: QuerySet[Complaint] = Complaint.objects.filter(programme=city())
    if not may(request.user, permissions.HANDLE_COMPLAINTS):
        rows = rows.filter(pk__in=services.of(request.user).values("pk"))
    found = rows.select_related("record", "scene", "order__product", "event__scene", "user").filter(pk=id).first()
    if found is None:
        raise missing(_("没有这件投诉"))
    return found


@require_safe
@never_cache
@asks(permissions.COMPLAIN)
def complaint(request: HttpRequest, id: UUID) -> HttpResponse:
    """A complaint: for its sender on a phone, for the desk with what may be done."""
    return _page(request, _seen(request, id))


def _page(request: HttpRequest, found: Complaint, status: int = 200, **forms: Any) -> HttpResponse:
    mine = found.user_id == request.user.pk
    handles = may(request.user, permissions.HANDLE_COMPLAINTS) and not mine
    state = found.record.state
    steps = {each["action"] for each in buttons(found.record, request.user)} if handles else set()
    context = {
        "complaint": found, "mine": mine, "late": services.is_late(found, timezone.localdate()),
        "events": timeline(found.record, names=handles), "steps": steps,
        "assign": AssignForm(initial={"desk": found.desk}) if "assign" in steps else None,
        "answer": forms.get("answer") or AnswerForm() if "answer" in steps else None,
        "again": forms.get("again") or AgainForm() if mine and state == "answered" and not found.reopened_at else None,
        "may_accept": mine and state == "answered",
    }  # fmt: skip
    name = "complaint" if handles else "own_complaint"
    return render(request, f"inclusion/operations/{name}.html", context, status=status)


@require_POST
@asks(permissions.HANDLE_COMPLAINTS)
def step(request: HttpRequest, id: UUID) -> HttpResponse:
    """Assign, answer, close."""
    found, now, by = _seen(request, id), timezone.now(), request.user
    action = request.POST.get("action", "")

    def act() -> None:
        demand_seen(request, found.record)
        if action == "assign" and AssignForm(request.POST).is_valid():
            services.assign(found, desk=request.POST["desk"], by=by, now=now)
        elif action == "answer":
            services.answer(found, text=request.POST.get("text", ""), by=by, now=now)
        elif action == "close":
            services.close(found, reason=request.POST.get("reason", "")[:300], by=by, now=now)
        else:
            raise missing(_("没有这个步骤"))

    return done(request, act, _("已办理"), back="inclusion:complaint", id=id)


@require_POST
@asks(permissions.COMPLAIN)
def say(request: HttpRequest, id: UUID) -> HttpResponse:
    """Its sender is content, or raises it again."""
    found, now = services.of(request.user).select_related("record").filter(pk=id).first(), timezone.now()
    if found is None:
        raise missing(_("没有这件投诉"))
    if request.POST.get("action") == "accept":
        return done(request, lambda: services.accept(found, by=request.user, now=now), _("谢谢，已办结"), back="inclusion:complaint", id=id)  # fmt: skip
    why = request.POST.get("text", "")
    return done(request, lambda: services.reopen(found, why=why, by=request.user, now=now), _("已再次提出"), back="inclusion:complaint", id=id)  # fmt: skip


@require_safe
@asks(permissions.HANDLE_COMPLAINTS)
def desk(request: HttpRequest) -> HttpResponse:
    """All complaints, the earliest term first; those that are late are marked."""
    today = timezone.localdate()
    states = {name: state.title for name, state in get(services.KIND).states.items()}
    table = Table(
        request, Complaint.objects.filter(programme=city()).select_related("record"),
        [
            Column("record.title", _("投诉"), link=lambda row: reverse("inclusion:complaint", kwargs={"id": row.pk})),
            Column("record.state", _("状态"), show=lambda row: row.record.state_title),
            Column("desk", _("承办"), show=lambda row: row.get_desk_display() or "–"),
            Column("due", _("答复期限"), show=lambda row: f"{row.due}　{_('逾期')}" if services.is_late(row, today) else str(row.due)),
        ],
        _("投诉"), search=("record__title", "text"),
        choices=(
            Choice("state", _("状态"), states, column="record__state"), Choice("about", _("事项"), dict(Complaint.About.choices)),
            Choice("desk", _("承办"), dict(Complaint.Desk.choices)),
        ),
        order="due", empty=_("没有投诉。市民和商户提交后会出现在这里。"), file="complaints",
    )  # fmt: skip
    context = {
        "title": _("投诉办理"), "table": table, "lead": _("投诉在收到后 15 天内答复；不满意的可以再次提出一次。"), "links": [],
    }  # fmt: skip
    return table.download() or render(request, "inclusion/operations/list.html", context)


urlpatterns = [
    path("complaints/", own, name="complaints"),
    path("complaints/new/", new, name="complaint-new"),
    path("complaints/desk/", desk, name="complaints-desk"),
    path("complaints/<uuid:id>/", complaint, name="complaint"),
    path("complaints/<uuid:id>/step/", step, name="complaint-step"),
    path("complaints/<uuid:id>/say/", say, name="complaint-say"),
]
