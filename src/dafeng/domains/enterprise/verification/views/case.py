"""A verification's page: what runs, the checklist, samples, numbers side by side, findings, the history; and its steps."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.enterprise.models import Body, BodyPerson, CheckAnswer, Nonconformity, Report, Verification
from dafeng.domains.enterprise.verification import (
    assigning,
    concluding,
    documents,
    findings,
    known,
    objecting,
    permissions,
    shown,
    words,
    working,
)
from dafeng.domains.enterprise.verification.methods import rules
from dafeng.domains.enterprise.verification.naming import Names
from dafeng.domains.enterprise.verification.views import (
    day_of,
    demand_seen,
    done,
    number_of,
    numbers_of,
    papers,
    reasons_in_words,
    text_of,
)
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import NotFound
from dafeng.kernel.pages.asked import tabs
from dafeng.kernel.pages.steps import timeline

TABS = {
    "overview": gettext_lazy("概况与办理"),
    "checks": gettext_lazy("核查清单"),
    "samples": gettext_lazy("抽样"),
    "numbers": gettext_lazy("数字并列"),
    "findings": gettext_lazy("不符合项"),
    "history": gettext_lazy("经过"),
}


@require_safe
@never_cache
@asks(permissions.SEE)
def case(request: HttpRequest, id: UUID) -> HttpResponse:
    now = timezone.now()
    found = working.found_for(request.user, id, now=now)
    options = tabs(request, "tab", TABS)
    tab = next(each["value"] for each in options if each["current"])
    context = {
        "case": found, "report": found.report, "firm": found.report.enterprise.called(english=words.english()),
        "body": found.body.called(english=words.english()), "tabs": options, "tab": tab,
        "steps": shown.open_to(request.user, found), "party": shown.party(request.user, found), "rules": shown.rule_words(found),
        "rules_title": words.titled(shown.rule_words(found)),
    }  # fmt: skip
    return render(request, "enterprise/verification/case.html", context | PARTS[tab](request, found, now))


def _overview(request: HttpRequest, found: Verification, now: Any) -> dict[str, Any]:
    team = found.content.get("team") or {}
    people = list(found.body.people.all())
    declared = set(found.declarations.values_list("person", flat=True))
    draw = found.content.get("draw") or {}
    drawn = {*(draw.get("order") or ()), *(draw.get("kept_out") or ())}
    called = {each.code: each.called(english=words.english()) for each in Body.objects.filter(code__in=drawn)}
    return {
        "clocks": shown.clocks(found, now=now),
        "people": [{"it": each, "declared": each.pk in declared, "sectors": words.sectors_in_words(each.sectors)} for each in people],
        "team": [
            {"name": each.name, "leader": each.pk == team.get("leader"), "technical": each.pk in team.get("technical", ()), "site": each.pk in team.get("site", ())}
            for each in people if each.pk in {*team.get("technical", ()), *team.get("site", ())}
        ],
        "site": found.content.get("site") or {},
        "draw": draw,
        "order": [called.get(code, code) for code in draw.get("order") or ()],
        "kept_out": [{"code": called.get(code, code), "why": reasons_in_words(codes)} for code, codes in (draw.get("kept_out") or {}).items()],
        "conclusion": found.content.get("conclusion") or {},
        "objections": list(found.objections.select_related("record")),
        "conclusions": Verification.Conclusion.choices,
    }  # fmt: skip


def _checks(request: HttpRequest, found: Verification, now: Any) -> dict[str, Any]:
    waived = bool((found.content.get("site") or {}).get("waived"))
    return {"stages": shown.checklist(found, waived=waived), "verdicts": CheckAnswer.Verdict.choices}


def _samples(request: HttpRequest, found: Verification, now: Any) -> dict[str, Any]:
    items = {name.split("/")[2] for name in working.population(found, "*")}
    house = known.rules_of(found.report)["house"]
    named = Names(found.report.content)

    def drawn(name: str, *, certain: bool) -> dict[str, Any]:
        facility, month, item, stream = name.split("/", 3)
        return named.cell(facility, month, item, stream) | {"certain": certain}

    plans = [
        {
            "it": each, "size": len(each.population), "title": _("全部填报数值") if each.item == "*" else named.items([each.item])[0][1],
            "chosen": [*(drawn(name, certain=True) for name in each.certain), *(drawn(name, certain=False) for name in each.drawn)][:100],
        }
        for each in found.samples.select_related("by")
    ]  # fmt: skip
    return {
        "plans": plans,
        "items": named.items(items),
        "percent": {name: f"{100 * float(house[name]):g}" for name in ("confidence", "tolerable")},
    }


def _numbers(request: HttpRequest, found: Verification, now: Any) -> dict[str, Any]:
    return {"numbers": shown.numbers(found)}


def _findings(request: HttpRequest, found: Verification, now: Any) -> dict[str, Any]:
    who = shown.party(request.user, found)
    named = Names(found.report.content)
    rows = [
        {"it": each, "title": shown.item_title(each.item), "where": shown.where(each, named), "basis": words.BASES.get(each.estimate.get("basis", ""), "")}
        for each in shown.finding_rows(found, drafts=who != "unit")
    ]  # fmt: skip
    return {
        "rows": rows,
        "items": [(line["code"], words.titled(line)) for line in working.items_of(found)],
        "places": named.places(),
        "bases": words.BASES.items(),
        "defaults": [each for each in (found.report.content or {}).get("parameters", ()) if each.get("standing") in findings.USABLE][:60],
        "clock": findings.clock_of(found, "answer", now=now),
    }  # fmt: skip


def _history(request: HttpRequest, found: Verification, now: Any) -> dict[str, Any]:
    told = (found.content.get("happened") or {}).items()
    return {
        "events": timeline(found.record),
        "dates": sorted(((day, words.FACTS.get(event, event)) for event, day in told), key=lambda each: each[0]),
        "versions": found.content.get("versions") or [],
    }


PARTS = {
    "overview": _overview, "checks": _checks, "samples": _samples, "numbers": _numbers, "findings": _findings, "history": _history,
}  # fmt: skip


def _finding(found: Verification, request: HttpRequest) -> Nonconformity:
    number = text_of(request, "finding", 6)
    one = found.findings.filter(number=int(number)).first() if number.isascii() and number.isdigit() else None
    if one is None:
        raise NotFound(_("没有这个不符合项"))
    return one


def _save_checks(request: HttpRequest, found: Verification, **who: Any) -> None:
    """Every line of the form that says something new."""
    answered = {each.item: each for each in found.checks.all()}
    for line in working.items_of(found):
        slug = str(line["code"]).replace(".", "-")
        verdict, note = text_of(request, f"verdict-{slug}", 12), text_of(request, f"note-{slug}", 1000)
        ways = [way for way in rules.WAYS if way in request.POST.getlist(f"ways-{slug}")]
        if verdict not in CheckAnswer.Verdict.values:
            continue
        old = answered.get(str(line["code"]))
        if old is None or (old.verdict, old.note, old.ways) != (verdict, note, ways):
            working.check(found, str(line["code"]), verdict=verdict, ways=ways, note=note, **who)


@require_POST
@asks(permissions.WORK)
def work(request: HttpRequest, id: UUID) -> HttpResponse:
    """What a body's people do."""
    now = timezone.now()
    found = working.found_for(request.user, id, now=now)
    who: dict[str, Any] = {"by": request.user, "now": now}
    do = text_of(request, "do", 20)

    def declare() -> None:
        person = BodyPerson.objects.filter(pk__in=numbers_of(request, "person")[:1]).first()
        if person is None:
            raise NotFound(_("没有这个人"))
        working.declare(found, person, text=text_of(request, "text", 500), **who)

    def begin() -> None:
        leader = numbers_of(request, "leader") or [0]
        working.begin(
            found, technical=numbers_of(request, "technical"), site=numbers_of(request, "site"), leader=leader[0], **who
        )

    def plan() -> None:
        working.plan_site(
            found, first=day_of(request, "first"), last=day_of(request, "last"), places=text_of(request, "places", 500),
            topics=text_of(request, "topics", 1000), **who,
        )  # fmt: skip

    def finding() -> None:
        where = {name: text_of(request, name, 60) for name in ("facility", "month", "stream", "parameter")}
        findings.record_finding(
            found, item=text_of(request, "item", 60), facts=text_of(request, "facts", 2000), asks=text_of(request, "asks", 1000),
            **where, **who,
        )  # fmt: skip

    def estimate() -> None:
        findings.estimate(
            _finding(found, request), basis=text_of(request, "basis", 10), value=number_of(request, "value"),
            parameter=text_of(request, "default", 120), source=text_of(request, "source", 200), **who,
        )  # fmt: skip

    def settle() -> None:
        closed = text_of(request, "closed", 3) == "yes"
        findings.settle(_finding(found, request), closed=closed, verdict=text_of(request, "verdict", 1000), **who)

    def conclude() -> None:
        demand_seen(request, found.record)
        conclusion = text_of(request, "conclusion", 12)
        if conclusion not in Verification.Conclusion.values:
            raise NotFound(_("没有这种结论"))
        concluding.conclude(found, conclusion=conclusion, text=text_of(request, "text"), **who)

    acts: dict[str, tuple[Any, str]] = {
        "declare": (declare, "overview"),
        "begin": (begin, "overview"),
        "plan": (plan, "overview"),
        "visit": (lambda: working.visit(found, **who), "overview"),
        "decline": (lambda: assigning.revoke(found, reason=text_of(request, "reason", 300), **who), "overview"),
        "checks": (lambda: _save_checks(request, found, **who), "checks"),
        "sample": (
            lambda: working.draw_sample(
                found, text_of(request, "item", 60), reason=text_of(request, "reason", 200), **who
            ),
            "samples",
        ),
        "recompute": (lambda: working.compare(found, **who), "numbers"),
        "finding": (finding, "findings"),
        "list": (lambda: findings.send_list(found, **who), "findings"),
        "settle": (settle, "findings"),
        "estimate": (estimate, "findings"),
        "conclude": (conclude, "overview"),
    }
    if do not in acts:
        raise NotFound(_("没有这个步骤"))
    act, tab = acts[do]
    return done(request, act, _("已办理"), back="enterprise:verification", tab=tab, id=id)


@require_POST
@asks(permissions.ASSIGN)
def bureau_step(request: HttpRequest, id: UUID) -> HttpResponse:
    """What the bureau does with a case."""
    now = timezone.now()
    found = working.found_for(request.user, id, now=now)
    who: dict[str, Any] = {"by": request.user, "now": now}
    reason = text_of(request, "reason", 500)

    def relink() -> None:
        rows = Report.objects.filter(
            enterprise=found.report.enterprise, year=found.report.year, record__state="submitted"
        )
        report = rows.order_by("-version").first()
        if report is None:
            raise NotFound(_("没有重新报送的报告"))
        assigning.relink(found, report, **who)

    acts = {
        "confirm": lambda: concluding.confirm(found, reason=reason, **who),
        "send_back": lambda: concluding.send_back(found, reason=reason, **who),
        "revoke": lambda: assigning.revoke(found, reason=reason, **who),
        "waive": lambda: working.waive_site(found, consent=reason, **who),
        "return": lambda: assigning.send_report_back(found, reason=reason, **who),
        "relink": relink,
    }
    do = text_of(request, "do", 20)
    if do not in acts:
        raise NotFound(_("没有这个步骤"))
    demand_seen(request, found.record)
    return done(request, acts[do], _("已办理"), back="enterprise:verification", id=id)


@require_POST
@asks(permissions.ANSWER)
def answer(request: HttpRequest, id: UUID) -> HttpResponse:
    """What the unit does: answer, send the answer, object."""
    now = timezone.now()
    found = working.found_for(request.user, id, now=now)
    who: dict[str, Any] = {"by": request.user, "now": now}

    def one() -> None:
        files = papers(request, "evidence", now=now)
        findings.answer(_finding(found, request), text=text_of(request, "text", 2000), evidence=files, **who)

    acts: dict[str, tuple[Any, str]] = {
        "answer": (one, "findings"),
        "send": (lambda: findings.send_answer(found, **who), "findings"),
        "object": (lambda: objecting.object_to(found, text=text_of(request, "text"), **who), "overview"),
    }
    do = text_of(request, "do", 20)
    if do not in acts:
        raise NotFound(_("没有这个步骤"))
    act, tab = acts[do]
    return done(request, act, _("已办理"), back="enterprise:verification", tab=tab, id=id)


@require_safe
@never_cache
@asks(permissions.SEE)
def paper(request: HttpRequest, id: UUID, form: str) -> HttpResponse:
    """The verification report as Word or PDF: from the conclusion on."""
    found = working.found_for(request.user, id, now=timezone.now())
    if form not in documents.FORMS or not found.content.get("conclusion"):
        raise NotFound(_("还没有核查报告"), mend=_("作出结论后可以下载"))
    made = documents.FORMS[form].make(documents.document_of(found))
    reply = HttpResponse(made, content_type=documents.FORMS[form].media_type)
    reply["Content-Disposition"] = f'attachment; filename="verification-{found.report.year}-{found.pk.hex[:8]}.{form}"'
    return reply


def page_of(record: Any) -> str:
    return reverse("enterprise:verification", kwargs={"id": record.enterprise_verification.pk})


urlpatterns = [
    path("verification/<uuid:id>/", case, name="verification"),
    path("verification/<uuid:id>/work/", work, name="verification-work"),
    path("verification/<uuid:id>/bureau/", bureau_step, name="verification-bureau-step"),
    path("verification/<uuid:id>/answer/", answer, name="verification-answer"),
    path("verification/<uuid:id>/report.<slug:form>", paper, name="verification-report"),
]
