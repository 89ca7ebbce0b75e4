"""The verifier's (and the enterprise's) desk, the bureau's desk with progress and ranking, and the page on which a body is drawn."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.enterprise.models import Body, Report, Verification
from dafeng.domains.enterprise.verification import assigning, findings, known, permissions, rating, words
from dafeng.domains.enterprise.verification.refusing import KIND
from dafeng.domains.enterprise.verification.views import done, reasons_in_words, text_of
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import NotFound
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records.workflows import get


def _next(case: Verification) -> str:
    """The clock that runs out first, in words."""
    running = [each for each in findings.clocks_of(case, now=timezone.now()) if each.runs]
    if not running:
        return ""
    first = min(running, key=lambda each: each.due.day)
    told = f"{words.CLOCKS[first.code]} {first.due.day.isoformat()}"
    return f"{told} {_('逾期')}" if first.late else told


def cases_table(request: HttpRequest, *, name: str = "") -> Table:
    english = words.english()
    states = {code: state.title for code, state in get(KIND).states.items()}
    rows = Verification.objects.for_user(request.user).select_related("record", "body", "report__enterprise")
    return Table(
        request, rows,
        [
            Column("report.enterprise.name", _("企业"), show=lambda row: row.report.enterprise.called(english=english) + (f"（{_('演示')}）" if row.demo else ""), link=lambda row: reverse("enterprise:verification", kwargs={"id": row.pk})),
            Column("report.year", _("年度"), numeric=True),
            Column("body.name", _("核查机构"), show=lambda row: row.body.called(english=english)),
            Column("record.state", _("状态"), show=lambda row: row.record.state_title),
            Column("next", _("下一期限"), sort=None, show=_next),
            Column("conclusion", _("结论"), show=lambda row: row.get_conclusion_display() or "–"),
        ],
        _("核查"), search=("report__enterprise__name", "body__name"),
        choices=(Choice("state", _("状态"), states, column="record__state"),), order="-opened_at",
        empty=_("还没有核查。委派后会出现在这里。"), file="verifications", name=name,
    )  # fmt: skip


@require_safe
@never_cache
@asks(permissions.SEE)
def desk(request: HttpRequest) -> HttpResponse:
    """What a person's body was given, or an enterprise's own; the offices all."""
    table = cases_table(request)
    context = {"table": table, "supervises": may(request.user, permissions.SUPERVISE)}
    return table.download() or render(request, "enterprise/verification/desk.html", context)


@require_safe
@never_cache
@asks(permissions.SUPERVISE)
def bureau(request: HttpRequest) -> HttpResponse:
    """Reports that wait for a body, what runs, and how the bodies stand."""
    seen = Report.objects.for_user(request.user).select_related("record", "enterprise")
    later = Report.objects.filter(enterprise=OuterRef("enterprise"), year=OuterRef("year"), version__gt=OuterRef("version"))  # fmt: skip
    over = Q(verifications__record__state__in=known.OVER)
    waiting = list(
        seen.filter(record__state__in=("submitted", "in_verification", "locked"))
        .annotate(given=Count("verifications", filter=~over), fallen=Count("verifications", filter=over))
        .filter(Q(record__state="submitted") | Q(given=0, fallen__gt=0))
        .exclude(Q(record__state="locked") & Exists(later))
        .order_by("submitted_at")[:100]
    )
    progress = dict(
        Verification.objects.for_user(request.user)
        .values_list("record__state")
        .annotate(n=Count("pk"))
        .order_by("record__state")
    )
    states = get(KIND).states
    ratings = rating.published()
    ranked = sorted(
        Body.objects.filter(kinds__icontains="verification")
        .exclude(record__state__in=("applied", "declined"))
        .select_related("record"),
        key=lambda body: (-(ratings[body.pk].score or 0) if body.pk in ratings else 1, body.code),
    )
    english = words.english()
    context = {
        "waiting": waiting, "may_assign": may(request.user, permissions.ASSIGN),
        "progress": [(states[code].title, count) for code, count in progress.items() if code in states],
        "table": cases_table(request, name="cases"),
        "ranked": [{"it": body, "name": body.called(english=english), "rating": ratings.get(body.pk)} for body in ranked],
        "standing": rating.rubric().standing,
    }  # fmt: skip
    return context["table"].download() or render(request, "enterprise/verification/bureau.html", context)


def _report(request: HttpRequest, id: UUID) -> Report:
    found = Report.objects.for_user(request.user).select_related("record", "enterprise").filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这份报告"))
    return found


@require_safe
@never_cache
@asks(permissions.ASSIGN)
def choose(request: HttpRequest, id: UUID) -> HttpResponse:
    """Who could verify the report, who could not and why; the draw is one button."""
    report, english = _report(request, id), words.english()
    unit = known.unit_of(report)
    rows = [
        {"name": body.called(english=english), "why": reasons_in_words(reason.code for reason in reasons), "facts": [r.fact for r in reasons if r.fact]}
        for body, reasons in assigning.candidates(report, now=timezone.now())
        if body.record.state not in ("applied", "declined")
    ]  # fmt: skip
    context = {
        "report": report, "firm": report.enterprise.called(english=english), "rows": rows, "able": sum(not row["why"] for row in rows),
        "sectors": words.sectors_in_words(sorted(unit.sectors)),
    }  # fmt: skip
    return render(request, "enterprise/verification/choose.html", context)


@require_POST
@asks(permissions.ASSIGN)
def draw(request: HttpRequest, id: UUID) -> HttpResponse:
    report = _report(request, id)
    if text_of(request, "seen", 20) != report.record.state:
        raise NotFound(_("报告的状态已变"), mend=_("请从委派页重新进入"))
    act = lambda: assigning.assign(report, by=request.user, now=timezone.now())  # noqa: E731
    return done(request, act, _("已抽取机构并委派"), back="enterprise:verification-bureau")


urlpatterns = [
    path("verification/", desk, name="verification-desk"),
    path("verification/bureau/", bureau, name="verification-bureau"),
    path("verification/assign/<uuid:id>/", choose, name="verification-assign"),
    path("verification/assign/<uuid:id>/draw/", draw, name="verification-draw"),
]
