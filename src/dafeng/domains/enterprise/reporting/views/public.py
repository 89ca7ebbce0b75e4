"""企业排放信息公开: what everybody may see of a locked report: units, how the values came about, emissions of both boundaries."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dafeng.domains.enterprise.models import Report
from dafeng.domains.enterprise.reporting import disclosing, permissions, sectoral
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import NotFound
from dafeng.kernel.pages import asked
from dafeng.kernel.pages.tables import Column, Table


@require_safe
@asks(permissions.PUBLIC_SEE)
def public(request: HttpRequest) -> HttpResponse:
    """Every locked report."""
    table = Table(
        request,
        disclosing.disclosed().select_related("enterprise"),
        [
            Column("year", _("年度"), show=lambda row: str(row.year)),
            Column(
                "enterprise.name",
                _("企业"),
                show=lambda row: row.enterprise.called(english=sectoral.english()),
                link=lambda row: _address(row),
                wide=True,
            ),
            Column("emissions", _("报告边界排放量 (t)"), numeric=True, show=lambda row: f"{row.emissions:,.0f}"),
            Column("locked_at", _("核定日期"), show=lambda row: row.locked_at.strftime("%Y-%m-%d")),
        ],
        _("企业排放公开"),
        search=("enterprise__name", "enterprise__name_en"),
        order="-year",
        file="disclosure",
        empty=_("还没有核定的报告"),
    )
    return table.download() or render(request, "enterprise/reporting/public.html", {"table": table})


def _address(report: Report) -> str:
    return reverse("enterprise:reporting-public-firm", kwargs={"firm": report.enterprise.code}) + f"?year={report.year}"


@require_safe
@asks(permissions.PUBLIC_SEE)
def public_firm(request: HttpRequest, firm: str) -> HttpResponse:
    """The public part of one enterprise's locked report."""
    found = {
        each.year: each for each in disclosing.disclosed().filter(enterprise__code=firm).select_related("enterprise")
    }
    if not found:
        raise NotFound(_("这家企业还没有公开的排放信息"))
    year = asked.year(request, list(found), default=max(found))
    report = found[year]
    context = {
        "report": report,
        "firm": report.enterprise,
        "year": year,
        "years": sorted(found),
        **disclosing.public_part(report),
    }
    return render(request, "enterprise/reporting/public_firm.html", context)


urlpatterns = [
    path("reporting/public/", public, name="reporting-public"),
    path("reporting/public/<slug:firm>/", public_firm, name="reporting-public-firm"),
]
