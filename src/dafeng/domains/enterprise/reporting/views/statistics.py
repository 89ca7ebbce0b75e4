"""碳排放基础统计报表: the calendar of the forms and the yearly table by industry, to look at and to take away."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dafeng.domains.enterprise.models import Facility
from dafeng.domains.enterprise.reporting import feed, permissions, sectoral, statistics, summary
from dafeng.domains.enterprise.reporting.views.desk import city_of
from dafeng.domains.enterprise.reporting.views.places import clock
from dafeng.kernel.actions import asks
from dafeng.kernel.enterprises import divisions
from dafeng.kernel.pages import asked
from dafeng.kernel.pages.tables import Column, Table


def _division(row: dict[str, Any]) -> str:
    """The division's code and name; a code that the standard does not have stands alone."""
    code = row["industry"]
    return f"{code} {divisions.title(code, english=sectoral.english())}".rstrip() or _("没有登记")


@require_safe
@asks(permissions.DESK)
def statistics_page(request: HttpRequest) -> HttpResponse:
    """What is owed to statistics by when, what came in, and the sums of the year by industry."""
    _now, today = clock()
    year = asked.year(request, summary.years_of(today), default=today.year - 1)
    city = city_of(request.user)
    facilities = Facility.objects.units().for_user(request.user).filter(enterprise__city=city, since__year__lte=year)
    living = list(facilities.filter(Q(until=None) | Q(until__year__gte=year)).distinct())
    counting = [each for each in feed.counting(city, year) if each.enterprise_id in {f.enterprise_id for f in living}]
    table = Table(
        request,
        statistics.table(counting),
        [
            Column("industry", _("行业大类"), show=_division),
            *(
                Column(
                    each["code"],
                    f"{each['title']} ({each['unit']})" if each["unit"] else each["title"],
                    numeric=True,
                    show=lambda row, code=each["code"]: f"{row[code]:,.0f}",
                )
                for each in statistics.columns()
            ),
        ],
        _("%(year)s 年碳排放基础统计表") % {"year": year},
        order="industry",
        file=f"statistics-{year}",
        kept=("year",),
        empty=_("这一年还没有报送的报告"),
    )
    context = {
        "year": year,
        "years": summary.years_of(today),
        "entries": statistics.calendar(living, counting, year, today=today),
        "forms": statistics.forms(year),
        "table": table,
    }
    return table.download() or render(request, "enterprise/reporting/statistics.html", context)


urlpatterns = [path("reporting/statistics/", statistics_page, name="reporting-statistics")]
