"""Meters of a facility: which points fill which item, and a month filled from them."""

from __future__ import annotations

import re

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from dafeng.domains.enterprise.reporting import metering, permissions
from dafeng.domains.enterprise.reporting.views.places import clock, facility_of
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.errors import DafengError


@require_POST
@asks(permissions.KEEP)
def set_meters(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which points stand for one item; an empty list takes them away."""
    facility, (now, _today) = facility_of(request.user, pk, what="meters"), clock()
    demand(request.user, permissions.KEEP, facility)
    item, _sep, stream = request.POST.get("item", "").partition(":")
    codes = re.split(r"[\s,，、;；]+", request.POST.get("points", "").strip())
    try:
        metering.assign(facility, item, stream, codes, by=request.user, now=now)
        messages.success(request, _("已保存计量点"))
    except DafengError as error:
        messages.error(request, str(error))
    return redirect("enterprise:reporting-facilities", firm=facility.enterprise.code)


@require_POST
@asks(permissions.KEEP)
def fill_month(request: HttpRequest, pk: int, month: str) -> HttpResponse:
    """Fill the month's metered items; what is left says why."""
    facility, (now, _today) = facility_of(request.user, pk, what="metered"), clock()
    demand(request.user, permissions.KEEP, facility)
    try:
        outcomes = metering.fill(facility, month, by=request.user, now=now)
    except DafengError as error:
        messages.error(request, str(error))
    else:
        count = sum(each.value is not None for each in outcomes)
        messages.success(
            request, ngettext("由计量填入 %(count)s 项", "由计量填入 %(count)s 项", count) % {"count": count}
        )
        for each in outcomes:
            if each.left:
                messages.warning(request, str(each.left))
    return redirect("enterprise:reporting-month", pk=facility.pk, month=month)


urlpatterns = [
    path("reporting/facilities/<int:pk>/meters/", set_meters, name="reporting-meters"),
    path("reporting/facilities/<int:pk>/months/<slug:month>/metered/", fill_month, name="reporting-metered"),
]
