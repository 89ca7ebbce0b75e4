"""The city's view: who is covered, what is owed and fulfilled, what it costs, and what tighter benchmarks would do."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dafeng.domains.enterprise.compliance import city_view, holdings, missing, permissions, positions, story, words
from dafeng.domains.enterprise.compliance.demo import CYCLE
from dafeng.domains.enterprise.compliance.views.duty_page import called, clock
from dafeng.domains.enterprise.compliance.views.firm import listed
from dafeng.kernel.actions import asks
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.jobs.models import Job
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.pages import asked


@require_safe
@asks(permissions.SEE_CITY)
def city(request: HttpRequest) -> HttpResponse:
    """All firms of a year side by side."""
    _now, today = clock()
    year = asked.year(request, positions.known_years(today), default=positions.current_year(today))
    percent = int(asked.one_of(request, "tighter", ("1", "2", "3", "5", "10"), default="2"))
    found = listed(request, year, today)
    tighter = city_view.tightened(found, year, Decimal(percent))
    context: dict[str, Any] = {
        "year": year, "years": [{"year": each, "address": asked.address(request, year=each), "current": each == year} for each in positions.known_years(today)],
        "figures": _figures(found), "percent": percent, "tighter": tighter,
        "steps": [{"n": each, "address": asked.address(request, tighter=each), "current": each == percent} for each in (1, 2, 3, 5, 10)],
        "rows": [
            {
                "name": called(each.enterprise), "address": f"{reverse('enterprise:compliance-board', kwargs={'code': each.enterprise.code})}?year={year}",
                "sector": words.sector(each.covered.sector), "emissions": words.tonnes(each.emissions), "free": words.tonnes(each.free),
                "owed": words.tonnes(each.owed), "done": words.tonnes(each.surrendered + each.offset), "held": words.tonnes(each.usable + each.applied),
                "lack": words.tonnes(each.lack), "cost": _ten_thousands(each.cost), "state": words.position_state(each.state), "late": each.state == "late", "demo": each.enterprise.demo,
            }
            for each in found
        ],
        "missing": [{"name": called(each.enterprise), "it": each} for each in missing.of([each.enterprise for each in found if each.free is None], year)],
        "total": _total() if found else None,
        "outside": [
            {"name": called(firm), "address": f"{reverse('enterprise:compliance-board', kwargs={'code': firm.code})}?year={year}", "tonnes": words.tonnes(tonnes), "demo": firm.demo}
            for firm, tonnes in story.outside(year, Enterprise.objects.for_user(request.user))
        ],
        "laying": Job.objects.for_user(request.user).active().filter(kind=CYCLE).first() if settings.DEMO else None,
    }  # fmt: skip
    return render(request, "enterprise/compliance/city.html", context)


def _ten_thousands(yuan: Decimal | None) -> str:
    """万元, so that the table fits the page; the board of the firm has the yuan."""
    return words.money(None if yuan is None else yuan / 10_000)


def _total() -> dict[str, str]:
    found = ledger.city_total(holdings.CEA)
    return {"title": words.asset(holdings.CEA), "accounts": words.tonnes(found.in_accounts), "retired": words.tonnes(found.retired), "cancelled": words.tonnes(found.cancelled), "expired": words.tonnes(found.expired)}  # fmt: skip


def _figures(found: list[positions.Position]) -> list[dict[str, Any]]:
    owed = sum(each.owed or 0 for each in found)
    done = sum(each.surrendered + each.offset for each in found)
    unknown = sum(each.owed is None for each in found)
    lack = [each.lack for each in found if each.lack is not None]
    cost = sum((each.cost or Decimal(0) for each in found), Decimal(0))
    return [
        {"title": _("纳入企业"), "value": len(found), "unit": _("家"), "note": _("其中 %(n)s 家应清缴量还不知道") % {"n": unknown} if unknown else "", "status": None},
        {"title": _("应清缴量"), "value": words.tonnes(owed) if unknown < len(found) else "–", "unit": "t", "note": "", "status": 1 if unknown else None},
        {"title": _("已清缴"), "value": words.tonnes(done), "unit": "t", "note": _("完成 %(share)s") % {"share": f"{done / owed:.1%}"} if owed else "", "status": None},
        {"title": _("还须购入"), "value": words.tonnes(sum(lack)) if lack else "–", "unit": "t", "note": _("应清缴 − 已清缴 − 可用持有；折合 %(cost)s 万元（演示价格）") % {"cost": _ten_thousands(cost)} if lack else "", "status": None},
    ]  # fmt: skip


urlpatterns = [path("compliance/city/", city, name="compliance-city")]
