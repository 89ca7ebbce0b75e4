"""A month filled from the meters of a facility."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from dafeng.domains.enterprise.reporting import metering, permissions
from dafeng.domains.enterprise.reporting.views.places import clock, facility_of
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.errors import DafengError


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
    path("reporting/facilities/<int:pk>/months/<slug:month>/metered/", fill_month, name="reporting-metered"),
]
