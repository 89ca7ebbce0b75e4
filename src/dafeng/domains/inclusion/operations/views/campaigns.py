"""Campaigns and the recognition of other platforms: public pages, and their making."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.inclusion import bookkeeping, permissions
from dafeng.domains.inclusion.models import Campaign, Challenge, Partner, Recognition, Scene
from dafeng.domains.inclusion.operations import campaigns as services
from dafeng.domains.inclusion.operations import recognition as recognising
from dafeng.domains.inclusion.operations.forms import CampaignForm, RecognitionForm
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
from dafeng.kernel.pages.kept import MINUTE, kept
from dafeng.kernel.records.models import Record


def _campaigns(request: HttpRequest) -> QuerySet[Campaign]:
    seen = Record.objects.for_user(request.user).of_kind(services.KIND)
    return Campaign.objects.filter(programme=city(), record__in=seen).select_related("record")


@require_safe
@asks(permissions.SEE)
def campaigns(request: HttpRequest) -> HttpResponse:
    """What is on, what is over; drafts for those who keep them."""
    rows = list(_campaigns(request).order_by("-ends_on", "-pk")[:100])
    today = timezone.localdate()
    context = {
        "now": [each for each in rows if each.record.state == "running" and each.ends_on >= today],
        "rest": [each for each in rows if not (each.record.state == "running" and each.ends_on >= today)],
        "keeps": may(request.user, permissions.KEEP_CAMPAIGNS),
    }  # fmt: skip
    return render(request, "inclusion/operations/campaigns.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_CAMPAIGNS)
def campaign_new(request: HttpRequest) -> HttpResponse:
    """Write a campaign; another person publishes it."""
    scenes = Scene.objects.filter(partner__programme=city(), active=True).order_by("title")
    form = CampaignForm(request.POST or None, scenes=scenes, challenges=Challenge.objects.filter(programme=city()))
    error = None
    if request.method == "POST" and form.is_valid():
        try:
            made = services.draft(city(), **form.cleaned_data, by=request.user, now=timezone.now())
        except DafengError as refused:
            error = refused
        else:
            return redirect("inclusion:campaign", code=made.code)
    lead = _("活动不改变积分规则（积分＝减排量×折算率）。需要鼓励时，从资金池向达标者赠送同样多的积分，预算先行预留。")
    return form_page(request, form, _("新建活动"), lead, back=(reverse("inclusion:campaigns"), _("活动")), error=error, status=422 if request.method == "POST" else 200)  # fmt: skip


def _campaign(request: HttpRequest, code: str) -> Campaign:
    found = _campaigns(request).select_related("challenge", "sponsor").filter(code=code).first()
    if found is None:
        raise missing(_("没有这个活动"))
    return found


@require_safe
@asks(permissions.SEE)
def campaign(request: HttpRequest, code: str) -> HttpResponse:
    """A campaign; for those who keep it also what may be done."""
    found = _campaign(request, code)
    keeps = may(request.user, permissions.DECIDE_CAMPAIGNS)
    given = found.gifts.count() if found.record.state == "settled" else None
    context = {
        "campaign": found, "scenes": list(found.scenes.select_related("partner").order_by("title")), "keeps": keeps,
        "buttons": buttons(found.record, request.user) if keeps else [], "events": timeline(found.record) if keeps else [],
        "given": given if given is None or keeps or given >= rule("open", "least") else -1,
        "pool": bookkeeping.points_of(found.account).available if keeps and found.record.state == "draft" else None,
        "challenge": _challenge(found),
    }  # fmt: skip
    return render(request, "inclusion/operations/campaign.html", context)


def _challenge(found: Campaign) -> str:
    """The address of the team contest, where the members' room has one."""
    if found.challenge_id is None:
        return ""
    try:
        return reverse("inclusion:challenge", args=[found.challenge_id])
    except NoReverseMatch:
        return ""


@require_POST
@asks(permissions.DECIDE_CAMPAIGNS)
def campaign_step(request: HttpRequest, code: str) -> HttpResponse:
    """Publish, stop, give the gifts."""
    found, now, by = _campaign(request, code), timezone.now(), request.user
    action = request.POST.get("action", "")

    def act() -> None:
        demand_seen(request, found.record)
        if action == "publish":
            services.publish(found, by=by, now=now)
        elif action == "stop":
            services.stop(found, reason=request.POST.get("reason", "")[:300], by=by, now=now)
        elif action == "settle":
            told = services.settle(found, by=by, now=now)
            messages.info(request, _("%(members)s 人达标，共赠送 %(points)s 积分；预算外 %(left)s 人") % {"members": told.members, "points": told.points, "left": told.left_out})  # fmt: skip
        else:
            raise missing(_("没有这个步骤"))

    return done(request, act, _("已办理"), back="inclusion:campaign", code=code)


def _recognitions(request: HttpRequest) -> QuerySet[Recognition]:
    seen = Record.objects.for_user(request.user).of_kind(recognising.KIND)
    return Recognition.objects.filter(partner__programme=city(), record__in=seen).select_related("record", "partner")


def _came() -> list[dict[str, Any]]:
    """The statement, kept for a minute: it counts all acts of the platforms."""
    programme = city()
    return kept("inclusion.came", programme.code, make=lambda: list(recognising.statement(programme)), seconds=MINUTE)


@require_safe
@asks(permissions.SEE)
def recognitions(request: HttpRequest) -> HttpResponse:
    """What of other cities' platforms counts here, and what came from where."""
    decides = may(request.user, permissions.DECIDE_CAMPAIGNS)
    rows = [
        {"recognition": each, "buttons": buttons(each.record, request.user) if decides else []}
        for each in _recognitions(request).order_by("partner__name", "-pk")
    ]
    least, offices = rule("open", "least"), may(request.user, permissions.OPERATE)
    came: list[dict[str, Any]] = [
        row | {"shown": offices or not row["persons"] or row["persons"] >= least} for row in _came()
    ]
    context = {
        "rows": rows,
        "came": came,
        "least": least,
        "why": recognising.WHY,
        "keeps": may(request.user, permissions.KEEP_CAMPAIGNS),
    }
    return render(request, "inclusion/operations/recognitions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_CAMPAIGNS)
def recognition_new(request: HttpRequest) -> HttpResponse:
    """Write down what of a platform is recognised; an office adopts it."""
    platforms = city().partners.filter(kind=Partner.Kind.PLATFORM).order_by("name")
    form, error = RecognitionForm(request.POST or None, request.FILES or None, partners=platforms), None
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        paper = given.pop("document")
        try:
            recognising.draft(**given, documents=papers(paper, request.user), by=request.user, now=timezone.now())
        except DafengError as refused:
            error = refused
        else:
            return redirect("inclusion:recognitions")
    return form_page(request, form, _("新建平台互认"), recognising.WHY, back=(reverse("inclusion:recognitions"), _("平台互认")), error=error, status=422 if request.method == "POST" else 200)  # fmt: skip


@require_POST
@asks(permissions.DECIDE_CAMPAIGNS)
def recognition_step(request: HttpRequest, pk: int) -> HttpResponse:
    """Adopt or end."""
    found = _recognitions(request).filter(pk=pk).first()
    if found is None:
        raise missing()

    def act() -> None:
        demand_seen(request, found.record)
        action, reason = request.POST.get("action", ""), request.POST.get("reason", "")[:300]
        recognising.move(found, action, by=request.user, now=timezone.now(), reason=reason)

    return done(request, act, _("已办理"), back="inclusion:recognitions")


urlpatterns = [
    path("campaigns/", campaigns, name="campaigns"),
    path("campaigns/new/", campaign_new, name="campaign-new"),
    path("campaigns/<slug:code>/", campaign, name="campaign"),
    path("campaigns/<slug:code>/step/", campaign_step, name="campaign-step"),
    path("recognition/", recognitions, name="recognitions"),
    path("recognition/new/", recognition_new, name="recognition-new"),
    path("recognition/<int:pk>/step/", recognition_step, name="recognition-step"),
]
