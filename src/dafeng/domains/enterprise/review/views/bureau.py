"""What the bureau, the leader and the county do to a project: each a form on its page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from dafeng.domains.enterprise.models import CapacitySource, ProjectAcceptance, ProjectChange, ProjectExpert
from dafeng.domains.enterprise.review import acceptances, changes, experts, joint, permissions, projects, swaps
from dafeng.domains.enterprise.review.forms.following import AcceptForm, SwapForm
from dafeng.domains.enterprise.review.forms.judging import ConclusionForm, JointForm, JudgeForm, OpinionForm
from dafeng.domains.enterprise.review.views import clock, demand_seen, done, faults, form_page, project_of
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.errors import DafengError, NotFound


def _back(request: HttpRequest, id: UUID, form: Any, tab: str) -> HttpResponse:
    faults(request, form)
    return redirect(f"{reverse('enterprise:review-project', kwargs={'id': id})}?tab={tab}")


@require_POST
@asks(permissions.HANDLE)
def handle(request: HttpRequest, id: UUID) -> HttpResponse:
    """Supplement, accept, file, review, forward, revoke."""
    project = project_of(request, id)
    demand_seen(request, project)
    now, _today = clock()
    action, reason = request.POST.get("action", ""), request.POST.get("reason", "")
    return done(
        request, project, lambda: projects.handle(project, action, by=request.user, now=now, reason=reason), _("已办理")
    )


@require_POST
@asks(permissions.HANDLE)
def judge(request: HttpRequest, id: UUID) -> HttpResponse:
    project, form = project_of(request, id), JudgeForm(request.POST)
    if not form.is_valid():
        return _back(request, id, form, "")
    now, _today = clock()
    return done(
        request, project, lambda: projects.judge(project, **form.cleaned_data, by=request.user, now=now), _("已认定")
    )


@require_POST
@asks(permissions.HANDLE)
def ask_offices(request: HttpRequest, id: UUID) -> HttpResponse:
    project = project_of(request, id)
    form = JointForm(request.POST, offices=joint.offices(project))
    if not form.is_valid():
        return _back(request, id, form, "review")
    now, _today = clock()
    given = form.cleaned_data
    return done(
        request, project,
        lambda: joint.ask(project, given["offices"], matter=given["matter"], due=given["due"], by=request.user, now=now),
        _("已送会审"), tab="review",
    )  # fmt: skip


@require_POST
@asks(permissions.HANDLE)
def invite(request: HttpRequest, id: UUID, expert: int) -> HttpResponse:
    project = project_of(request, id)
    found = ProjectExpert.objects.filter(pk=expert).select_related("person").first()
    if found is None:
        raise NotFound(_("没有这位专家"))
    now, _today = clock()
    return done(
        request, project, lambda: experts.invite(project, found, by=request.user, now=now), _("已邀请"), tab="review"
    )


@require_POST
@asks(permissions.HANDLE)
def conclude(request: HttpRequest, id: UUID) -> HttpResponse:
    project, form = project_of(request, id), ConclusionForm(request.POST)
    if not form.is_valid():
        return _back(request, id, form, "review")
    now, _today = clock()
    return done(
        request, project, lambda: projects.conclude(project, text=form.cleaned_data["text"], by=request.user, now=now),
        _("已形成评审意见，由另一人出具审查意见"), tab="review",
    )  # fmt: skip


@require_POST
@asks(permissions.HANDLE)
def swap(request: HttpRequest, id: UUID) -> HttpResponse:
    project = project_of(request, id)
    form = SwapForm(request.POST, sources=swaps.sources())
    if not form.is_valid():
        return _back(request, id, form, "")
    now, _today = clock()
    source = CapacitySource.objects.get(pk=form.cleaned_data["source"])
    return done(
        request, project,
        lambda: swaps.use(source, project, form.cleaned_data["capacity"], by=request.user, now=now), _("已登记置换"),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.DECIDE)
def decide(request: HttpRequest, id: UUID) -> HttpResponse:
    """The opinion: passed with conditions, or refused with reasons; by another person than who concluded."""
    project = project_of(request, id)
    form = OpinionForm(request.POST or None, initial={"opinion": project.conclusion})
    back = (reverse("enterprise:review-project", kwargs={"id": id}), project.name)
    lead = _("审查意见由评审经办以外的另一人出具；由上级审查的项目，登记上级机关的意见和文号。")
    if request.method == "POST" and form.is_valid():
        now, _today = clock()
        given = form.cleaned_data
        try:
            if given["outcome"] == "approve":
                projects.approve(
                    project, opinion=given["opinion"], reference=given["reference"],
                    conditions=given["conditions"].splitlines(), by=request.user, now=now,
                )  # fmt: skip
            else:
                projects.refuse(project, reason=given["opinion"], by=request.user, now=now)
        except DafengError as error:
            return form_page(request, form, _("出具审查意见"), lead, back=back, error=error)
        return redirect(f"{back[0]}?tab=review")
    return form_page(request, form, _("出具审查意见"), lead, back=back)


@require_POST
@asks(permissions.HANDLE)
def decide_change(request: HttpRequest, change: int) -> HttpResponse:
    found = ProjectChange.objects.select_related("record", "project").filter(pk=change).first()
    if found is None:
        raise NotFound(_("没有这项变更"))
    project = project_of(request, found.project_id)
    now, _today = clock()
    action, reason = request.POST.get("action", ""), request.POST.get("reason", "")
    return done(
        request, project, lambda: changes.decide(found, action, by=request.user, now=now, reason=reason), _("已办理"), tab="after"
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.ACCEPT)
def accept(request: HttpRequest, acceptance: int) -> HttpResponse:
    """The acceptance of an own check."""
    found = ProjectAcceptance.objects.filter(pk=acceptance).first()
    if found is None:
        raise NotFound(_("没有这份自查报告"))
    project = project_of(request, found.project_id)
    demand(request.user, permissions.ACCEPT, project)
    conditions = list(project.conditions.all())
    form = AcceptForm(request.POST or None, conditions=conditions)
    back = (f"{reverse('enterprise:review-project', kwargs={'id': project.pk})}?tab=after", project.name)
    lead = _("%(since)s 至 %(until)s 的自查报告。高于批复水平 10%% 以上或条件未落实的，责令限期整改。") % {"since": found.since, "until": found.until}  # fmt: skip
    if request.method == "POST" and form.is_valid():
        now, _today = clock()
        given = form.cleaned_data
        chosen = set(given.get("met", []))
        try:
            acceptances.decide(
                found, passed=given["outcome"] == "pass", met={each.number: str(each.number) in chosen for each in conditions},
                text=given["text"], mend_by=given["mend_by"], by=request.user, now=now,
            )  # fmt: skip
        except DafengError as error:
            return form_page(request, form, _("节能验收"), lead, back=back, error=error)
        return redirect(back[0])
    return form_page(request, form, _("节能验收"), lead, back=back)


urlpatterns = [
    path("review/projects/<uuid:id>/handle/", handle, name="review-handle"),
    path("review/projects/<uuid:id>/judge/", judge, name="review-judge"),
    path("review/projects/<uuid:id>/joint/", ask_offices, name="review-joint"),
    path("review/projects/<uuid:id>/invite/<int:expert>/", invite, name="review-invite"),
    path("review/projects/<uuid:id>/conclude/", conclude, name="review-conclude"),
    path("review/projects/<uuid:id>/swap/", swap, name="review-swap"),
    path("review/projects/<uuid:id>/decide/", decide, name="review-decide"),
    path("review/changes/<int:change>/decide/", decide_change, name="review-change-decide"),
    path("review/acceptances/<int:acceptance>/", accept, name="review-accept"),
]
