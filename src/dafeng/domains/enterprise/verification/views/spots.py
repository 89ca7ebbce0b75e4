"""The city's spot checks: the list with the draw, and the page of one check with its steps."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.enterprise.models import Report, SpotCheck, SpotDraw
from dafeng.domains.enterprise.verification import concluding, permissions, spots, words
from dafeng.domains.enterprise.verification.views import day_of, demand_seen, done, number_of, papers, text_of
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import NotFound
from dafeng.kernel.pages import asked
from dafeng.kernel.pages.steps import timeline
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records.workflows import get

UNIT = "unit:"  # what the names of the units' fields begin with


@require_safe
@never_cache
@asks(permissions.SEE)
def checks(request: HttpRequest) -> HttpResponse:
    """The spot checks that a person may see; the offices see the draws, the bureau draws."""
    english = words.english()
    states = {code: state.title for code, state in get(spots.KIND).states.items()}
    rows = SpotCheck.objects.for_user(request.user).select_related("record", "report__enterprise", "verification__body", "draw")  # fmt: skip
    table = Table(
        request, rows,
        [
            Column("report.enterprise.name", _("企业"), wide=True, show=lambda row: row.report.enterprise.called(english=english), link=spots.address),
            Column("report.year", _("年度"), numeric=True, show=lambda row: str(row.report.year)),
            Column("verification.body.name", _("核查机构"), wide=True, show=lambda row: row.verification.body.called(english=english)),
            Column("record.state", _("状态"), show=lambda row: row.record.state_title),
            Column("outcome", _("结论"), show=lambda row: row.get_outcome_display() or "–"),
        ],
        _("核查数据抽查"), search=("report__enterprise__name",), choices=(Choice("state", _("状态"), states, column="record__state"),),
        order="-draw__at", empty=_("还没有抽查。"), file="spot-checks",
    )  # fmt: skip
    if (answer := table.download()) is not None:
        return answer
    context: dict[str, Any] = {"table": table}
    if may(request.user, permissions.SUPERVISE):
        context["draws"] = [{"it": each, "same": spots.redraw(each) == each.order} for each in SpotDraw.objects.select_related("by")[:12]]  # fmt: skip
    if may(request.user, permissions.SPOT):
        years = list(Report.objects.filter(record__state="locked").order_by("-year").values_list("year", flat=True).distinct())  # fmt: skip
        year = asked.year(request, years, default=years[0]) if years else None
        ready = list(spots.pool(year)) if year else []
        context |= {
            "draws_here": True, "year": year, "years": [{"year": each, "address": asked.address(request, year=each), "current": each == year} for each in years],
            "ready": [{"code": each.report.enterprise.code, "name": each.report.enterprise.called(english=english)} for each in ready],
            "least": spots.size_of(len(ready), year) if year and ready else 0,
        }  # fmt: skip
    return render(request, "enterprise/verification/spots.html", context)


@require_POST
@asks(permissions.SPOT)
def draw(request: HttpRequest) -> HttpResponse:
    year, size = text_of(request, "year", 4), text_of(request, "size", 4)
    if not (year.isascii() and year.isdigit()):
        raise NotFound(_("没有这个年度"), mend=_("请从抽查页办理"))
    count = (
        int(size) if size.isascii() and size.isdigit() else 0
    )  # what is no number is outside the range, and is told so
    act = lambda: spots.draw(int(year), size=count, certain=request.POST.getlist("certain")[:50], reason=text_of(request, "reason", 300), by=request.user, now=timezone.now())  # noqa: E731  # fmt: skip
    return done(request, act, _("已抽取，种子和次序已留存"), back="enterprise:verification-spots")


def _check(request: HttpRequest, id: UUID) -> SpotCheck:
    rows = SpotCheck.objects.for_user(request.user).select_related("record", "report__enterprise", "verification__body", "verification__record", "draw")  # fmt: skip
    found = rows.filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这件抽查"), mend=_("请从抽查列表进入"))
    return found


@require_safe
@never_cache
@asks(permissions.SEE)
def check(request: HttpRequest, id: UUID) -> HttpResponse:
    """One spot check: the report's numbers, what was found, the outcome and its steps."""
    found, english = _check(request, id), words.english()
    state = found.record.state
    counts = concluding.counted(found.report)
    names = {each["code"]: each.get("name") or each["code"] for each in (found.report.content or {}).get("boundary", {}).get("facilities", ())}  # fmt: skip
    inside = (found.report.content or {}).get("totals", {}).get("facilities", {})
    before = concluding.compliance_of(found.report)
    units = [{"code": code, "name": names.get(code, code), "field": f"{UNIT}{code}", "reported": inside.get(code, {}).get("compliance"), "counts": t, "adjusted": found.facilities.get(code)} for code, t in sorted(before.items())]  # fmt: skip
    context = {"units": units} | {
        "it": found, "name": found.report.enterprise.called(english=english), "body": found.verification.body.called(english=english),
        "findings": list(found.findings.select_related("by")), "files": list(found.record.evidence.all()), "events": timeline(found.record),
        "verified": found.verification.emissions_compliance, "counts": counts.compliance if counts else None,
        "inspects": may(request.user, permissions.SPOT), "state": state, "open": state in ("inspecting", "returned"), "today": timezone.localdate(),
        "outcomes": SpotCheck.Outcome.choices, "offices": may(request.user, permissions.SUPERVISE),
    }  # fmt: skip
    return render(request, "enterprise/verification/spot.html", context)


@require_POST
@asks(permissions.SPOT)
def step(request: HttpRequest, id: UUID) -> HttpResponse:
    """Begin, write down, conclude, confirm, send back; the workflow says who may."""
    found, now, do = _check(request, id), timezone.now(), text_of(request, "do", 10)
    demand_seen(request, found.record)
    who = {"by": request.user, "now": now}
    acts = {
        "begin": lambda: spots.begin(found, inspectors=text_of(request, "inspectors", 200), day=day_of(request, "day"), **who),
        "find": lambda: spots.find(found, facts=text_of(request, "facts", 2000), missed=request.POST.get("missed") == "on", evidence=papers(request, "files", now=now), **who),
        "conclude": lambda: spots.conclude(found, outcome=_outcome(request), tonnes=number_of(request, "tonnes"), facilities=_facilities(request), text=text_of(request, "text"), **who),
        "confirm": lambda: spots.confirm(found, **who),
        "return": lambda: spots.send_back(found, reason=text_of(request, "text", 300), **who),
    }  # fmt: skip
    if do not in acts:
        raise NotFound(_("没有这个步骤"))
    return done(request, acts[do], _("已办理"), back="enterprise:verification-spot", id=id)


def _facilities(request: HttpRequest) -> dict[str, float | None]:
    """What was typed of the units. Units left empty are not adjusted. Raises `Refused` (not_number)."""
    typed = [name for name in request.POST if name.startswith(UNIT) and text_of(request, name, 40)]
    return {name.removeprefix(UNIT)[:60]: number_of(request, name) for name in typed[:200]}


def _outcome(request: HttpRequest) -> str:
    chosen = text_of(request, "outcome", 10)
    if chosen not in SpotCheck.Outcome.values:
        raise NotFound(_("没有这种结论"))
    return chosen


urlpatterns = [
    path("verification/spots/", checks, name="verification-spots"),
    path("verification/spots/draw/", draw, name="verification-spot-draw"),
    path("verification/spots/<uuid:id>/", check, name="verification-spot"),
    path("verification/spots/<uuid:id>/step/", step, name="verification-spot-step"),
]
