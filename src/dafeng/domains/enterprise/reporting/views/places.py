"""What an address names: the enterprise, the facility, the report; and today. What a person may not see is not there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.models import Facility, Report
from dafeng.domains.enterprise.reporting import permissions, plans, summary
from dafeng.domains.enterprise.reporting.refusing import refuse_other
from dafeng.kernel.actions import demand, may
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.pages import asked


def clock() -> tuple[datetime, date]:
    """Now, and today on the city's calendar: read here and handed down."""
    now = timezone.now()
    return now, timezone.localdate(now)


def firm_of(user: Any, code: str, *, what: str) -> Enterprise:
    """Raises `NotFound`; asking for another enterprise's is sealed in the audit chain."""
    seen = Enterprise.objects.filter(permissions.firms_seen(user)).filter(code=code).distinct().first()
    if seen is None:
        if Enterprise.objects.filter(code=code).exists():
            raise refuse_other(user, "enterprise", code, now=timezone.now(), what=what)
        raise NotFound(_("没有这家企业"))
    return seen


def facility_of(user: Any, pk: int, *, what: str, year: int = 0) -> Facility:
    """As `firm_of`. With a year it carries the year's newest report as `report_id` and `report_state`, and the content of the plan in force
    as `plan_content`, in the same question."""
    newest = Report.objects.filter(enterprise=OuterRef("enterprise"), year=year).order_by("-version")
    found = Facility.objects.for_user(user).filter(pk=pk).select_related("enterprise", "parent").distinct()
    seen = found.annotate(
        report_id=Subquery(newest.values("pk")[:1]), report_state=Subquery(newest.values("record__state")[:1]),
        plan_content=Subquery(plans.in_force(enterprise=OuterRef("enterprise"), year=year).values("content")[:1]),
    ).first()  # fmt: skip
    if seen is None:
        if Facility.objects.filter(pk=pk).exists():
            raise refuse_other(user, "facility", pk, now=timezone.now(), what=what)
        raise NotFound(_("没有这个核算单元"))
    return seen


def own_facility(user: Any, pk: int, *, what: str) -> Facility:
    """As `facility_of`, for whoever tells its data. Raises `PermissionDenied`."""
    found = facility_of(user, pk, what=what)
    demand(user, permissions.KEEP, found)
    return found


def report_of(user: Any, id: UUID, *, what: str) -> Report:
    """As `firm_of`."""
    seen = Report.objects.for_user(user).filter(pk=id).select_related("record", "enterprise").distinct().first()
    if seen is None:
        if Report.objects.filter(pk=id).exists():
            raise refuse_other(user, "report", id, now=timezone.now(), what=what)
        raise NotFound(_("没有这份报告"))
    return seen


def taken(
    request: HttpRequest,
    do: Callable[[], Any],
    done: str,
    *,
    onward: str,
    again: Callable[..., HttpResponse],
    form: forms.Form | None = None,
) -> HttpResponse:
    """Do it, say so and go `onward`; a form with faults, or what was refused (`error`), stands on the page `again`."""
    if form is not None and not form.is_valid():
        return again()
    try:
        do()
    except DafengError as error:
        return again(error=error)
    messages.success(request, done)
    return redirect(onward)


def year_of(request: HttpRequest, today: date) -> tuple[int, list[int]]:
    """The year of the address and those there are; at first the last whole year."""
    known = summary.years_of(today)
    return asked.year(request, known, default=today.year - 1), known


def keeps(user: Any, enterprise: Enterprise) -> bool:
    """Whether a person may change what this enterprise tells."""
    return may(user, permissions.KEEP, enterprise)
