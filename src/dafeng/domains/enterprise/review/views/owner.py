"""The owner's pages: a new project, the form in steps, handing in, building and trial run, changes, the own check."""

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

from dafeng.domains.enterprise.models import Project
from dafeng.domains.enterprise.review import (
    acceptances,
    annexes,
    assessments,
    changes,
    cities,
    figures,
    permissions,
    projects,
)
from dafeng.domains.enterprise.review import words as said
from dafeng.domains.enterprise.review.forms.following import ChangeForm, DayForm, SelfCheckForm
from dafeng.domains.enterprise.review.forms.judging import ReasonForm
from dafeng.domains.enterprise.review.forms.telling import (
    AnnexForm,
    BasicsForm,
    ComparisonForm,
    EnergyForm,
    MeasuresForm,
    MonthForm,
    OutputForm,
)
from dafeng.domains.enterprise.review.views import clock, demand_seen, done, faults, form_page, project_of
from dafeng.kernel.actions import asks
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import DafengError, NotFound, TransitionError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.access import organisations_of

ORDER = (*assessments.STEPS, "check")
EDITABLE = ("draft", "supplement")


def _mine(request: HttpRequest) -> list[Enterprise]:
    return list(Enterprise.objects.filter(organisation__in=organisations_of(request.user) - {""}))


def _counties(city: str = "") -> dict[str, str]:
    names = cities.place_names()
    return {code: name for code, name in names.items() if not code.endswith("00")} or ({city: city} if city else {})


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.APPLY)
def new(request: HttpRequest) -> HttpResponse:
    """Open a project: whose, and the first step."""
    mine = _mine(request)
    form = BasicsForm(request.POST or None, places=_counties(mine[0].place if mine else ""), units=figures.control_units(mine[0].city if mine else ""), initial={"stage": "proposed"})  # fmt: skip
    choices = [(each.code, each.name) for each in mine]
    form.fields = {"enterprise": forms.ChoiceField(label=_("建设单位"), choices=choices), **form.fields}
    context: dict[str, Any] = {"form": form, "mine": mine}
    if request.method == "POST" and form.is_valid():
        enterprise = next(each for each in mine if each.code == form.cleaned_data.pop("enterprise"))
        now, _today = clock()
        project = projects.create(enterprise, form.told(), by=request.user, now=now)
        messages.success(request, _("已保存，请继续填写"))
        return redirect("enterprise:review-form", id=project.pk, step="energy")
    return render(request, "enterprise/review/new.html", context, status=422 if form.is_bound else 200)


def _form(project: Project, step: str, data: Any) -> Any:
    given = project.content.get(step, {})
    if step == "basics":
        return BasicsForm(
            data, places=_counties(project.place), units=figures.control_units(project.city), initial=given
        )
    if step == "energy":
        return EnergyForm(data, rebuilt=bool(project.content.get("basics", {}).get("rebuilt")), initial=given)
    if step == "output":
        return OutputForm(data, products=figures.products(), initial=given)
    return {"comparison": ComparisonForm, "measures": MeasuresForm}[step](data, initial=given)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.APPLY)
def form(request: HttpRequest, id: UUID, step: str) -> HttpResponse:
    """One step of the form; the last shows what the rules make of it and what is missing."""
    project = project_of(request, id, permissions.APPLY)
    if step not in ORDER:
        raise NotFound(_("没有这一步"))
    if project.record.state not in EDITABLE:
        raise TransitionError(_("项目现为“%(state)s”，不能修改") % {"state": project.record.state_title})
    now, today = clock()
    index = ORDER.index(step)
    steps = [
        {"title": said.STEPS[code], "address": reverse("enterprise:review-form", kwargs={"id": id, "step": code}), "current": code == step, "done": code in project.content}
        for code in ORDER
    ]  # fmt: skip
    context: dict[str, Any] = {
        "project": project, "steps": steps, "step": step, "title": said.STEPS[step], "number": index + 1, "of": len(ORDER),
        "seen": projects.fingerprint(project), "asked": _asked(project),
    }  # fmt: skip
    if step == "check":
        found = assessments.assess(project, on=today)
        from dafeng.domains.enterprise.review.views.project import shown

        missing = [
            {"step": said.STEPS[where], "what": said.MISSING[name], "address": steps[ORDER.index(where)]["address"]}
            for where, name in found.missing
        ]
        return render(request, "enterprise/review/check.html", context | shown(project, found) | {"missing": missing})
    given = _form(project, step, request.POST or None)
    context["form"] = given
    if request.method == "POST" and given.is_valid():
        try:
            projects.save_step(project, step, given.told(), seen=request.POST.get("seen", ""), by=request.user, now=now)
        except DafengError as error:
            return render(request, "enterprise/review/step.html", context | {"error": error.as_dict()}, status=422)
        messages.success(request, _("已保存"))
        return redirect("enterprise:review-form", id=project.pk, step=ORDER[index + 1])
    return render(request, "enterprise/review/step.html", context, status=422 if given.is_bound else 200)


def _asked(project: Project) -> str:
    """What the bureau asked to be mended."""
    if project.record.state != "supplement":
        return ""
    last = project.record.moves.filter(action="supplement").order_by("-seq").first()
    return last.reason if last else ""


@require_POST
@asks(permissions.APPLY)
def step(request: HttpRequest, id: UUID, action: str) -> HttpResponse:
    """Submit, withdraw, expect, start, trial: the owner's own steps."""
    project = project_of(request, id, permissions.APPLY)
    demand_seen(request, project)
    now, _today = clock()
    if action == "submit":
        return done(request, project, lambda: projects.submit(project, by=request.user, now=now), _("已报送，审查机关 5 个工作日内答复"))  # fmt: skip
    if action == "withdraw":
        why = ReasonForm(request.POST)
        reason = why.cleaned_data["reason"] if why.is_valid() else ""
        return done(request, project, lambda: projects.withdraw(project, reason=reason, by=request.user, now=now), _("已撤回"))  # fmt: skip
    if action == "expect":
        month = MonthForm(request.POST)
        if not month.is_valid():
            faults(request, month)
            return redirect("enterprise:review-project", id=id)
        return done(request, project, lambda: projects.expect(project, month=month.cleaned_data["month"], by=request.user, now=now), _("已登记预计投产月，县区预测随之更新"))  # fmt: skip
    if action not in ("start", "trial"):
        raise NotFound(_("没有这一步"))
    day = DayForm(request.POST)
    if not day.is_valid():
        faults(request, day)
        return redirect("enterprise:review-project", id=id)
    act = projects.start if action == "start" else projects.trial
    return done(request, project, lambda: act(project, day=day.cleaned_data["day"], by=request.user, now=now), _("已登记"))  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.APPLY)
def change(request: HttpRequest, id: UUID) -> HttpResponse:
    """Ask for a major change: the cases of art. 18, and energy and output as they would be."""
    project = project_of(request, id, permissions.APPLY)
    if project.record.state not in changes.OPEN:
        raise TransitionError(_("项目现为“%(state)s”，不能申请变更") % {"state": project.record.state_title})
    data = request.POST or None
    why, energy, output = ChangeForm(data), _form(project, "energy", data), _form(project, "output", data)
    context: dict[str, Any] = {"project": project, "why": why, "form": energy, "output": output}
    if request.method == "POST" and all([why.is_valid(), energy.is_valid(), output.is_valid()]):
        now, _today = clock()
        try:
            changes.ask(
                project, cases=why.cleaned_data["cases"], reason=why.cleaned_data["reason"],
                steps={"energy": energy.told(), "output": output.told()}, by=request.user, now=now,
            )  # fmt: skip
        except DafengError as error:
            return render(request, "enterprise/review/change.html", context | {"error": error.as_dict()}, status=422)
        messages.success(request, _("已提交变更申请"))
        return redirect(f"{reverse('enterprise:review-project', kwargs={'id': id})}?tab=after")
    return render(request, "enterprise/review/change.html", context, status=422 if why.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.APPLY)
def self_check(request: HttpRequest, id: UUID) -> HttpResponse:
    """The owner's own check after trial run."""
    project = project_of(request, id, permissions.APPLY)
    if project.record.state not in acceptances.OPEN:
        raise TransitionError(_("项目现为“%(state)s”，还不到验收") % {"state": project.record.state_title})
    energies = project.content.get("energy", {}).get("energies", {})
    given = SelfCheckForm(request.POST or None, energies=energies)
    back = (reverse("enterprise:review-project", kwargs={"id": id}), project.name)
    lead = _("按实际计量填写自查期内的能源消费和产量；与批复水平和计量读数比对后报送验收。")
    if request.method == "POST" and given.is_valid():
        now, _today = clock()
        try:
            acceptances.tell(
                project, since=given.cleaned_data["since"], until=given.cleaned_data["until"], told=given.told,
                explanation=given.cleaned_data["explanation"], by=request.user, now=now,
            )  # fmt: skip
        except DafengError as error:
            return form_page(request, given, _("节能验收自查"), lead, back=back, error=error)
        messages.success(request, _("已报送自查报告"))
        return redirect(f"{back[0]}?tab=after")
    return form_page(request, given, _("节能验收自查"), lead, back=back)


def owned(user: Any, project: Project) -> bool:
    return permissions.owns(user, project) and "enterprise" in records.roles_of(user)


@require_POST
@asks(permissions.APPLY)
def annex(request: HttpRequest, id: UUID) -> HttpResponse:
    """Add a paper, or take one back (`remove`)."""
    project = project_of(request, id, permissions.APPLY)
    now, _today = clock()
    if (number := request.POST.get("remove", "")).isascii() and number.isdigit() and len(number) < 12:
        return done(request, project, lambda: annexes.remove(project, int(number), by=request.user, now=now), _("已撤下附件"), tab="content")  # fmt: skip
    form = AnnexForm(request.POST, request.FILES)
    if not form.is_valid():
        faults(request, form)
        return redirect(f"{reverse('enterprise:review-project', kwargs={'id': id})}?tab=content")
    given = form.cleaned_data
    return done(request, project, lambda: annexes.add(project, given["file"], title=given["title"], matter=given["matter"], by=request.user, now=now), _("已上传附件"), tab="content")  # fmt: skip


urlpatterns = [
    path("review/projects/<uuid:id>/annexes/", annex, name="review-annex"),
    path("review/new/", new, name="review-new"),
    path("review/projects/<uuid:id>/form/<str:step>/", form, name="review-form"),
    path("review/projects/<uuid:id>/own/<str:action>/", step, name="review-step"),
    path("review/projects/<uuid:id>/change/", change, name="review-change"),
    path("review/projects/<uuid:id>/self-check/", self_check, name="review-self-check"),
]
