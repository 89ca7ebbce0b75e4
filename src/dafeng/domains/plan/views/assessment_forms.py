"""What is written into an assessment: self-assessment, review, objections and their answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from dafeng.domains.plan import permissions
from dafeng.domains.plan.models import Assessment, Objection
from dafeng.domains.plan.services import assessments as services
from dafeng.domains.plan.services import marking
from dafeng.domains.plan.services.assessments import REVIEW, SELF, Said
from dafeng.domains.plan.views.assessment_words import named, sources, until
from dafeng.kernel import scoring
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.errors import DafengError, NotFound, PlanError, StaleError
from dafeng.kernel.sheets import number_of


def _typed(request: HttpRequest, names: Sequence[str], field: str) -> tuple[dict[str, Said], dict[str, str]]:
    """indicator → what was typed, and indicator → what is wrong with it."""
    said, faults = {}, {}
    for name in names:
        text = request.POST.get(f"{field}.{name}", "").strip()
        note = request.POST.get(f"note.{name}", "").strip()[:2000]
        value = number_of(text)
        if text and (value is None or not abs(value) <= 1e12):
            faults[name] = _("“%(text)s”不是数字") % {"text": text[:20]}
        said[name] = Said(value, note)
    return said, faults


def _form(
    request: HttpRequest, found: Assessment, told: Mapping[str, str], *, field: str, error: DafengError | None = None,
    faults: Mapping[str, str] | None = None,
) -> HttpResponse:  # fmt: skip
    mine = list(found.marks.filter(subject=told["code"]).prefetch_related("evidence"))
    posted = request.method == "POST"
    rows = sources(found, mine)
    for row in rows:
        mark, name = row["mark"], row["line"].indicator
        value, note = (mark.own, mark.own_note) if field == "own" else (mark.settled, mark.settled_note)
        stored = "" if value is None else f"{value:g}" if float(f"{value:g}") == value else repr(value)
        row["typed"] = request.POST.get(f"{field}.{name}", "") if posted else stored
        row["note"] = request.POST.get(f"note.{name}", "") if posted else note
        row["fault"] = (faults or {}).get(name, "")
    context = {
        "assessment": found,
        "subject": told,
        "name": named(told),
        "rows": rows,
        "token": request.POST.get("seen", "") if posted else marking.token(mine),
        "held_by": request.POST.get("held_by", "") if posted else next((m.held_by for m in mine if m.held_by), ""),
        "until": until(found),
        "files": services.KINDS_OF_FILE,
        "error": error.as_dict() if error else None,
        "faults": len(faults or {}),
    }
    status = 409 if isinstance(error, StaleError) else 422 if error or faults else 200
    return render(request, f"plan/assessments/{field}.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.SELF_ASSESS)
def self_assess(request: HttpRequest, id: int, subject: str) -> HttpResponse:
    """A subject's own figures, notes and evidence, in one form. What was typed stays when something is wrong with it."""
    found = services.assessment_of(request.user, id)
    told = services.subject_of(request.user, found, subject)
    demand(request.user, permissions.SELF_ASSESS, subject)
    if request.method != "POST":
        if found.record.state != SELF:
            return redirect("plan:assessed", id=id, subject=subject)
        return _form(request, found, told, field="own")
    names = [line.indicator for line in marking.lines_of(scoring.Rubric.from_dict(found.rubric.content))]
    said, faults = _typed(request, names, "own")
    if faults:
        return _form(request, found, told, field="own", faults=faults)
    files = {name: each for name in names if (each := request.FILES.getlist(f"file.{name}"))}
    try:
        services.self_assess(
            found, subject, said, files, seen=request.POST.get("seen", ""), by=request.user, now=timezone.now()
        )
    except DafengError as error:
        return _form(request, found, told, field="own", error=error)
    messages.success(request, _("自评已保存；自评期内可以再改"))
    return redirect("plan:assessed", id=id, subject=subject)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.ASSESS)
def review(request: HttpRequest, id: int, subject: str) -> HttpResponse:
    """The office settles a subject's figures."""
    found = services.assessment_of(request.user, id)
    told = services.subject_of(request.user, found, subject)
    if request.method != "POST":
        if found.record.state != REVIEW:
            return redirect("plan:assessed", id=id, subject=subject)
        return _form(request, found, told, field="settled")
    names = [line.indicator for line in marking.lines_of(scoring.Rubric.from_dict(found.rubric.content))]
    settled, faults = _typed(request, names, "settled")
    if faults:
        return _form(request, found, told, field="settled", faults=faults)
    try:
        services.review(
            found, subject, settled, held_by=request.POST.get("held_by", ""), seen=request.POST.get("seen", ""),
            by=request.user, now=timezone.now(),
        )  # fmt: skip
    except DafengError as error:
        return _form(request, found, told, field="settled", error=error)
    messages.success(request, _("审定已保存"))
    return redirect("plan:assessed", id=id, subject=subject)


@require_POST
@asks(permissions.SELF_ASSESS)
def object_to(request: HttpRequest, id: int, subject: str) -> HttpResponse:
    """Raise an objection."""
    found = services.assessment_of(request.user, id)
    demand(request.user, permissions.SELF_ASSESS, subject)
    services.object_to(
        found, subject, indicator=request.POST.get("indicator", ""), text=request.POST.get("text", ""),
        by=request.user, now=timezone.now(),
    )  # fmt: skip
    messages.success(request, _("异议已提出，将由另一人答复"))
    return redirect("plan:assessed", id=id, subject=subject)


def _objection(request: HttpRequest, id: int, number: int) -> Objection:
    found = services.assessment_of(request.user, id)
    chosen = found.objections.select_related("record").filter(pk=number).first()
    if chosen is None:
        raise NotFound(_("没有这件异议"))
    chosen.assessment = found
    return chosen


@require_POST
@asks(permissions.ASSESS)
def answer(request: HttpRequest, id: int, number: int) -> HttpResponse:
    """Uphold or reject an objection."""
    objection = _objection(request, id, number)
    said, faults = _typed(request, [""], "value")
    if faults:
        raise PlanError(faults[""], mend=_("请填数字"))
    services.answer(
        objection, request.POST.get("action", ""), text=request.POST.get("text", ""), value=said[""].value,
        by=request.user, now=timezone.now(),
    )  # fmt: skip
    messages.success(request, _("异议已答复"))
    return redirect("plan:assessed", id=id, subject=objection.subject)


@require_POST
@asks(permissions.SELF_ASSESS)
def withdraw(request: HttpRequest, id: int, number: int) -> HttpResponse:
    """Take one's own objection back."""
    objection = _objection(request, id, number)
    services.withdraw(objection, by=request.user, now=timezone.now())
    messages.success(request, _("异议已撤回"))
    return redirect("plan:assessed", id=id, subject=objection.subject)


urlpatterns = [
    path("assessments/<int:id>/objections/<int:number>/answer/", answer, name="objection-answer"),
    path("assessments/<int:id>/objections/<int:number>/withdraw/", withdraw, name="objection-withdraw"),
    path("assessments/<int:id>/<str:subject>/self/", self_assess, name="self-assess"),
    path("assessments/<int:id>/<str:subject>/review/", review, name="assessment-review"),
    path("assessments/<int:id>/<str:subject>/object/", object_to, name="object"),
]
