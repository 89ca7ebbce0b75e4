"""The bureau's desk: progress of all enterprises, returned reports, reminders, leave to come late; statistics feed; parameters."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import polars as pl
from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.enterprise.models import CheckFinding, Facility, LateLeave, Report
from dafeng.domains.enterprise.reporting import (
    clock,
    feed,
    lineage,
    permissions,
    reminding,
    reports,
    sectoral,
    signatures,
    summary,
)
from dafeng.domains.enterprise.reporting.views.places import clock as now_and_today
from dafeng.domains.enterprise.reporting.views.places import firm_of
from dafeng.kernel.actions import asks, may
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.indicators.keys import key_of
from dafeng.kernel.pages import asked
from dafeng.kernel.records.models import Move

SHOWN = 5  # firms of a sum that the page names; its lineage names all


class LeaveForm(forms.Form):
    firm = forms.ChoiceField(label=gettext_lazy("企业"))
    until = forms.DateField(label=gettext_lazy("准予补报至"), widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(label=gettext_lazy("理由"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, firms: list[Enterprise], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["firm"].choices = [(each.code, each.name) for each in firms]  # type: ignore[attr-defined]


@require_safe
@asks(permissions.DESK)
def desk(request: HttpRequest) -> HttpResponse:
    """Every enterprise of the person's sight: months filed, late months, report, open findings."""
    _now, today = now_and_today()
    year = asked.year(request, summary.years_of(today), default=today.year - 1)
    return _desk_page(request, year, today)


def _desk_page(
    request: HttpRequest, year: int, today: Any, *, form: forms.Form | None = None, error: DafengError | None = None
) -> HttpResponse:
    seen = Enterprise.objects.filter(permissions.firms_seen(request.user))
    facilities = list(
        Facility.objects.units()
        .filter(enterprise__in=seen, since__year__lte=year)
        .filter(Q(until=None) | Q(until__year__gte=year))
        .select_related("enterprise")
        .order_by("enterprise__code", "code")
    )
    states = summary.month_states(facilities, year, today=today)
    firms = {each.enterprise_id: each.enterprise for each in facilities}
    newest: dict[int, Report] = {}
    for report in (
        Report.objects.filter(enterprise__in=firms, year=year)
        .select_related("record")
        .defer("content")
        .order_by("version")
    ):
        newest[report.enterprise_id] = report
    counts = dict(
        CheckFinding.objects.filter(facility__enterprise__in=firms, month__startswith=str(year), state="open")
        .values_list("facility__enterprise")
        .annotate(count=Count("pk"))
    )
    sent_back = [each.pk for each in newest.values() if each.record.state == "returned"]
    moves = Move.objects.filter(record__enterprise_report__in=sent_back, to_state="returned").order_by("seq")
    returned = dict(moves.values_list("record_id", "reason")) if sent_back else {}
    by_firm: dict[int, list[summary.MonthState]] = defaultdict(list)
    for facility in facilities:
        by_firm[facility.enterprise_id] += [
            each for each in states[facility.pk] if each.state not in (summary.AHEAD, summary.OUT)
        ]
    rows = [
        {
            "firm": firm,
            "filed": sum(each.filed is not None for each in by_firm[pk]),
            "ended": len(by_firm[pk]),
            "late": [each for each in by_firm[pk] if each.state == summary.LATE],
            "report": newest.get(pk),
            "reason": returned.get(newest[pk].record_id, "")
            if pk in newest and newest[pk].record.state == "returned"
            else "",
            "findings": counts.get(pk, 0),
        }
        for pk, firm in firms.items()
    ]
    handed = [each for each in newest.values() if each.record.state not in reports.OPEN]
    context = {
        "year": year,
        "years": summary.years_of(today),
        "rows": rows,
        "due": clock.report_due(year),
        "handed": len(handed),
        "locked": sum(each.record.state == "locked" for each in handed),
        "late": sum(len(row["late"]) for row in rows),
        "returned": [row for row in rows if row["report"] and row["report"].record.state == "returned"],
        "directs": may(request.user, permissions.DIRECT),
        "leaves": LateLeave.objects.filter(enterprise__in=firms, year=year).select_related("enterprise", "by"),
        "form": form or LeaveForm(firms=list(firms.values())),
        "error": error.as_dict() if error else None,
    }
    return render(request, "enterprise/reporting/desk.html", context, status=422 if error else 200)


@require_POST
@asks(permissions.DIRECT)
def remind(request: HttpRequest) -> HttpResponse:
    """Press one enterprise, or all, for what is due."""
    now, today = now_and_today()
    code = request.POST.get("firm", "")
    only = firm_of(request.user, code, what="remind") if code else None
    count = reminding.remind(now=now, today=today, only=only, by_hand=True)
    messages.success(request, _("已催报 %(count)s 项") % {"count": count})
    return redirect("enterprise:reporting-desk")


@require_POST
@asks(permissions.DIRECT)
def leave(request: HttpRequest, year: int) -> HttpResponse:
    """Let a report come late."""
    now, today = now_and_today()
    firms = list(Enterprise.objects.filter(permissions.firms_seen(request.user), facilities__isnull=False).distinct())
    form = LeaveForm(request.POST, firms=firms)
    if not form.is_valid():
        return _desk_page(request, year, today, form=form, error=DafengError(_("有几处没有填对")))
    given = form.cleaned_data
    firm = next(each for each in firms if each.code == given["firm"])
    try:
        reports.grant(firm, year, until=given["until"], reason=given["reason"], by=request.user, now=now)
    except DafengError as error:
        return _desk_page(request, year, today, form=form, error=error)
    messages.success(request, _("已准予 %(name)s 补报") % {"name": firm.name})
    return redirect(reverse("enterprise:reporting-desk") + f"?year={year}")


def city_of(user: Any) -> str:
    """The city of what a person sees; the first one where they see several."""
    seen = Enterprise.objects.filter(permissions.firms_seen(user), facilities__isnull=False)
    return seen.order_by("city").values_list("city", flat=True).first() or ""


@require_safe
@asks(permissions.DESK)
def feed_page(request: HttpRequest) -> HttpResponse:
    """Sector totals for the inventory, what was published of them, and the two paths beside each other."""
    _now, today = now_and_today()
    year = asked.year(request, summary.years_of(today), default=today.year - 1)
    city = city_of(request.user)
    counting = feed.counting(city, year)
    run = indicators.current_run("enterprise", "feed", city) if city else None
    published = (
        {
            row["key"]: row["value"]
            for row in indicators.run_values(run).filter(pl.col("period") == str(year)).to_dicts()
        }
        if run
        else {}
    )
    fuels = sectoral.fuel_titles()
    carried, left = feed.told(counting)
    language = 1 if sectoral.english() else 0
    carries = feed.sources_of(carried)
    context = {
        "year": year,
        "years": summary.years_of(today),
        "city": city,
        "heats": [
            {
                "title": feed.title_of(row["category"]),
                "fuel": fuels.get(row["fuel"], row["fuel"]),
                "value": row["value"],
                "published": published.get(f"category={row['category']};fuel={row['fuel']}"),
                "firms": len(row["report"]),
            }
            for row in feed.heat(counting).to_dicts()
        ],
        "activities": [
            {
                **row,
                "title": feed.title_of(row["category"]),
                "carries": carries[tuple(row[name] for name in feed.CELL)][language],
                "published": published.get(key_of({name: row[name] for name in feed.CELL[:-1] if row[name]})),
                "firms": len(row["report"]),
            }
            for row in feed.activities(carried).to_dicts()
        ],
        "left": [
            {name: each[name][language] for name in ("sector", "source", "reason")} | {"firms": each["firms"]}
            for each in feed.left_over(left)
        ],
        "shares": [
            {
                "share": share,
                "more": max(0, len(share.reports) - SHOWN),
                "title": feed.title_of(share.category),
                "published": published.get(f"category={share.category};scope={share.scope}"),
            }
            for share in feed.shares(city, year, counting)
        ],
        "rows": [{**row, "title": feed.sector_title(row["sector"])} for row in feed.reconcile(city, year, counting)],
        "reports": counting,
        "run": run,
        "directs": may(request.user, permissions.DIRECT),
    }
    return render(request, "enterprise/reporting/feed.html", context)


@require_POST
@asks(permissions.DIRECT)
def feed_publish(request: HttpRequest) -> HttpResponse:
    now, today = now_and_today()
    text, known = request.POST.get("year", ""), summary.years_of(today)
    year = int(text) if text.isascii() and text.isdigit() and int(text) in known else today.year - 1
    city = city_of(request.user)
    if not city:
        raise NotFound(_("还没有企业"))
    feed.publish(city, year, by=request.user, now=now)
    messages.success(request, _("统计供数已发布"))
    return redirect(reverse("enterprise:reporting-feed") + f"?year={year}")


@require_safe
@asks(permissions.SEE)
def parameters(request: HttpRequest) -> HttpResponse:
    """Parameters that no text confirms: shown, not used, until the bureau answers for them."""
    context = {
        "rows": [
            {"parameter": each, "standing": lineage.standing_title(each.standing)} for each in signatures.waiting()
        ],
        "signed": signatures.listed(),
        "directs": may(request.user, permissions.DIRECT),
    }
    return render(request, "enterprise/reporting/parameters.html", context)


@require_POST
@asks(permissions.DIRECT)
def sign(request: HttpRequest) -> HttpResponse:
    now, _today = now_and_today()
    text = request.POST.get("value", "").strip()
    try:
        value = float(text) if text else None
    except ValueError:
        raise NotFound(_("“%(text)s”不是数") % {"text": text[:20]}) from None
    parameter = request.POST.get("parameter", "")
    signatures.sign(parameter, value=value, reason=request.POST.get("reason", ""), by=request.user, now=now)
    messages.success(request, _("已签认 %(parameter)s") % {"parameter": parameter})
    return redirect("enterprise:reporting-parameters")


urlpatterns = [
    path("reporting/desk/", desk, name="reporting-desk"),
    path("reporting/desk/remind/", remind, name="reporting-remind"),
    path("reporting/desk/leave/<year:year>/", leave, name="reporting-leave"),
    path("reporting/feed/", feed_page, name="reporting-feed"),
    path("reporting/feed/publish/", feed_publish, name="reporting-feed-publish"),
    path("reporting/parameters/", parameters, name="reporting-parameters"),
    path("reporting/parameters/sign/", sign, name="reporting-sign"),
]
