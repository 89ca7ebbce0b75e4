"""What is public: certificates with their check, the register of neutral events, the yearly report."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.market import (
    certificates,
    neutrality,
    paperwork,
    report_words,
    reporting,
    rules,
)
from dafeng.domains.inclusion.market.views.firm import _events, event_of
from dafeng.domains.inclusion.market.views.market_page import attachment, new_key, programme_here, squares
from dafeng.domains.inclusion.models import Certificate, MarketReport, NeutralEvent
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import NotFound
from dafeng.kernel.pages.asked import year as asked_year
from dafeng.kernel.pages.kept import MINUTE, kept
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records import services as records


@require_safe
@asks(permissions.SEE)
def register(request: HttpRequest) -> HttpResponse:
    """All certificates; a number typed in the box finds its own."""
    purposes = {code: report_words.purpose(code) for code in (certificates.VOLUNTARY, certificates.EVENT)}
    table = Table(
        request,
        Certificate.objects.filter(programme=programme_here()),
        [
            Column(
                "number", _("证书编号"), link=lambda c: reverse("inclusion:certificate", kwargs={"number": c.number})
            ),
            Column("beneficiary", _("受益人"), wide=True),
            Column("purpose", _("用途"), show=lambda c: purposes.get(c.purpose, c.purpose)),
            Column("grams", _("吨 CO₂e"), numeric=True, show=lambda c: report_words.tonnes(c.grams)),
            Column("issued_at", _("注销日期"), show=lambda c: timezone.localtime(c.issued_at).strftime("%Y-%m-%d")),
        ],
        _("注销证书"),
        search=("number", "beneficiary"),
        choices=(Choice("purpose", _("用途"), purposes),),
        order="-issued_at",
        empty=_("还没有注销证书。"),
        file="certificates",
    )
    return table.download() or render(request, "inclusion/market/certificates.html", {"table": table})


def _certificate(number: str) -> Certificate:
    found = Certificate.objects.filter(number=number).select_related("firm", "event", "programme").first()
    if found is None:
        raise NotFound(_("没有编号为“%(number)s”的证书") % {"number": number[:40]}, mend=_("请核对编号；本平台签发的证书都在证书登记里"))  # fmt: skip
    return found


@require_safe
@asks(permissions.SEE)
def certificate(request: HttpRequest, number: str) -> HttpResponse:
    """Whether a paper is what was issued: facts, hash, the ledger's own record."""
    found = _certificate(number)
    checks = certificates.checks(found)
    context = {
        "certificate": found, "rows": paperwork.certificate_rows(found), "checks": checks, "sound": all(checks.values()),
        "address": certificates.address_of(found), "drawn": squares(certificates.address_of(found)),
    }  # fmt: skip
    return render(request, "inclusion/market/certificate.html", context)


@require_safe
@asks(permissions.SEE)
def certificate_paper(request: HttpRequest, number: str) -> HttpResponse:
    found = _certificate(number)
    return attachment(paperwork.certificate_pdf(found), f"{found.number}.pdf", paperwork.PDF)


@require_safe
@asks(permissions.SEE)
def neutral(request: HttpRequest) -> HttpResponse:
    """The public register of carbon-neutral events, with the rule."""
    states = {"registered": _("已登记，待中和"), "neutral": _("已中和")}
    table = Table(
        request,
        NeutralEvent.objects.filter(programme=programme_here(), record__state__in=states).select_related("record"),
        [
            Column("title", _("活动"), link=lambda e: reverse("inclusion:neutral-event", kwargs={"id": e.record_id}), wide=True),
            Column("organiser", _("主办单位")),
            Column("people", _("人数"), numeric=True),
            Column("grams", _("吨 CO₂e"), numeric=True, show=lambda e: report_words.tonnes(e.grams)),
            Column("ends_on", _("结束日期"), show=lambda e: str(e.ends_on)),
            Column("record.state", _("状态"), show=lambda e: _standing(e)),
        ],
        _("碳中和活动登记"),
        search=("title", "organiser"),
        choices=(Choice("state", _("状态"), states, column="record__state"),),
        order="-ends_on",
        empty=_("还没有登记的活动。"),
        file="neutral-events",
    )  # fmt: skip
    context = {"table": table, "rule": rules.all_rules()["neutral_event"]}
    return table.download() or render(request, "inclusion/market/neutral.html", context)


def _standing(event: NeutralEvent) -> str:
    due = neutrality.deadline(event)
    if event.offset_at:
        late = timezone.localdate(event.offset_at) > due
        return _("已中和（超过期限）") if late else _("已中和")
    return _("逾期未中和") if timezone.localdate() > due else _("应于 %(day)s 前中和") % {"day": due}


@require_safe
@asks(permissions.SEE)
def neutral_event(request: HttpRequest, id: UUID) -> HttpResponse:
    """One event: footprint, plan, standing, certificate; with the steps of whoever may take them."""
    found = event_of(request, id)
    signed_in, own = request.user.is_authenticated, may(request.user, permissions.KEEP_FIRM, found.firm)
    total, gaps = neutrality.footprint(found)
    context = {
        "event": found, "lines": neutrality.lines(found), "total": total, "gaps": gaps, "deadline": neutrality.deadline(found),
        "standing": _standing(found), "assessed": neutrality.needs_assessment(found), "key": new_key(),
        "certificate": Certificate.objects.filter(event=found).first(),
        "steps": records.actions(found.record, request.user) if signed_in else [],
        "events": _events(found.record) if own or may(request.user, permissions.SEE_MARKET) else [],
        "edits": found.record.state == "draft" and own,
        "files": list(found.record.evidence.all()) if signed_in else [],
    }  # fmt: skip
    return render(request, "inclusion/market/neutral_event.html", context)


# ---------------------------------------------------------------- the report


def _report(request: HttpRequest) -> tuple[dict[str, Any] | None, MarketReport | None, int]:
    """(content, publication, year): the publication for everybody, the running year for the offices that ask for it."""
    programme, now = programme_here(), timezone.now()
    years = reporting.years(programme, now=now)
    office = may(request.user, permissions.SEE_MARKET)
    year = asked_year(request, years, default=years[-1] if office or len(years) == 1 else years[-2])
    published = MarketReport.objects.filter(programme=programme, year=year).order_by("-number").first()
    if office and (published is None or request.GET.get("live") == "1"):
        # A minute old at most, and it says of when: a year of the ledger is read for it.
        live = kept("inclusion:report", programme.pk, year, make=lambda: reporting.content_of(programme, year, now=now), seconds=MINUTE)  # fmt: skip
        return live, None, year
    return (published.content if published else None), published, year


@require_safe
@asks(permissions.SEE)
def report(request: HttpRequest) -> HttpResponse:
    content, published, year = _report(request)
    years = reporting.years(programme_here(), now=timezone.now())
    over = timezone.now() >= reporting.span(year)[1]
    context = {
        "content": content, "published": published, "year": year, "years": years,
        "tables": report_words.tables(content) if content else {}, "title": report_words.title(content) if content else "",
        "notes": paperwork.notes_of(content) if content else [], "live": content is not None and published is None,
        "publishes": over and may(request.user, permissions.PUBLISH_MARKET), "office": may(request.user, permissions.SEE_MARKET),
    }  # fmt: skip
    return render(request, "inclusion/market/report.html", context)


@require_safe
@asks(permissions.SEE)
def report_file(request: HttpRequest, kind: str) -> HttpResponse:
    content, _published, _year = _report(request)
    if content is None or kind not in ("pdf", "docx", "xlsx"):
        raise NotFound(_("没有这份报告"))
    made, media = paperwork.report_file(content, kind)
    return attachment(made, f"{report_words.title(content)}.{kind}", media)


@require_POST
@asks(permissions.PUBLISH_MARKET)
def report_publish(request: HttpRequest) -> HttpResponse:
    asked = request.POST.get("year", "")
    known = reporting.years(programme_here(), now=timezone.now())
    if not (asked.isascii() and asked.isdigit() and int(asked[:6]) in known):
        raise NotFound(_("没有这一年"))
    reporting.publish(programme_here(), int(asked), by=request.user, now=timezone.now())
    messages.success(request, _("已公布"))
    return redirect(f"{reverse('inclusion:market-report')}?year={int(asked)}")


urlpatterns = [
    path("certificates/", register, name="certificates"),
    path("certificates/<str:number>/", certificate, name="certificate"),
    path("certificates/<str:number>/paper/", certificate_paper, name="certificate-paper"),
    path("neutral/", neutral, name="neutral"),
    path("neutral/<uuid:id>/", neutral_event, name="neutral-event"),
    path("market/report/", report, name="market-report"),
    path("market/report/publish/", report_publish, name="market-report-publish"),
    path("market/report/<str:kind>/", report_file, name="market-report-file"),
]
