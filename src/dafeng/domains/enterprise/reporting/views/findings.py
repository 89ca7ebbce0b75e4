"""What the checks found in an enterprise's year, and what was answered."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.enterprise.models import CheckFinding
from dafeng.domains.enterprise.reporting import findings as services
from dafeng.domains.enterprise.reporting import permissions, summary
from dafeng.domains.enterprise.reporting.findings_words import words_of
from dafeng.domains.enterprise.reporting.views.places import clock, firm_of, keeps, year_of
from dafeng.kernel.actions import asks, demand, may
from dafeng.kernel.errors import NotFound, PermissionDenied
from dafeng.kernel.pages.asked import one_of

STEPS = {"answer": services.answer, "dismiss": services.dismiss, "reopen": services.reopen}


@require_safe
@asks(permissions.SEE)
def findings(request: HttpRequest, firm: str) -> HttpResponse:
    """Every finding of a year with its state; the enterprise answers, the bureau judges."""
    enterprise, (_now, today) = firm_of(request.user, firm, what="findings"), clock()
    year, years = year_of(request, today)
    state = one_of(request, "state", ["all", *CheckFinding.State.values], default="all")
    found = summary.findings_of(enterprise, year)
    context = {
        "firm": enterprise,
        "year": year,
        "years": years,
        "state": state,
        "states": [("all", _("全部")), *CheckFinding.State.choices],
        "rows": [{"finding": each, **words_of(each)} for each in found if state in ("all", each.state)],
        "total": len(found),
        "open": sum(each.state == "open" for each in found),
        "keeps": keeps(request.user, enterprise),
        "judges": may(request.user, permissions.JUDGE),
    }
    return render(request, "enterprise/reporting/findings.html", context)


@require_POST
@asks(permissions.SETTLE)
def refresh(request: HttpRequest, firm: str) -> HttpResponse:
    """Run the checks now."""
    enterprise, (now, today) = firm_of(request.user, firm, what="refresh"), clock()
    if not keeps(request.user, enterprise) and not may(request.user, permissions.JUDGE):
        raise PermissionDenied(_("只有企业自己和生态环境局可以重新检查"))
    text = request.POST.get("year", "")
    year = int(text) if text.isascii() and text.isdigit() and int(text) in summary.years_of(today) else today.year - 1
    count = len(services.refresh(enterprise, year, now=now))
    messages.success(request, _("已检查 %(year)s 年，共 %(count)s 条发现") % {"year": year, "count": count})
    return redirect(reverse("enterprise:reporting-findings", kwargs={"firm": enterprise.code}) + f"?year={year}")  # fmt: skip


@require_POST
@asks(permissions.SETTLE)
def step(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer, dismiss or reopen a finding."""
    found = CheckFinding.objects.select_related("facility__enterprise").filter(pk=pk).first()
    if found is None:
        raise NotFound(_("没有这条发现"))
    enterprise, (now, _today) = firm_of(request.user, found.facility.enterprise.code, what="finding"), clock()
    action = request.POST.get("action", "")
    if action == "answer":
        demand(request.user, permissions.ANSWER, enterprise)
    else:
        demand(request.user, permissions.JUDGE)
    if action not in STEPS:
        raise NotFound(_("没有这一步"))
    STEPS[action](found, request.POST.get("text", ""), seen=request.POST.get("seen", ""), by=request.user, now=now)
    messages.success(request, _("已办理：%(state)s") % {"state": found.get_state_display()})
    address = reverse("enterprise:reporting-findings", kwargs={"firm": enterprise.code})
    return redirect(f"{address}?year={found.month[:4]}#finding-{found.pk}")


urlpatterns = [
    path("reporting/firms/<slug:firm>/findings/", findings, name="reporting-findings"),
    path("reporting/firms/<slug:firm>/findings/refresh/", refresh, name="reporting-refresh"),
    path("reporting/findings/<int:pk>/step/", step, name="reporting-finding-step"),
]
