"""Readings that could not be taken: what waits, by reason and point; what came of it; release or drop all that are alike.

What may be seen and decided is the series' own rule: offices all, a county its own, a firm what was told of its points or by its device.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.energy.monitoring import permissions
from dafeng.domains.energy.monitoring.views import point_register
from dafeng.domains.energy.monitoring.views.firm_page import clock
from dafeng.kernel.actions import asks, demand, may
from dafeng.kernel.errors import NotFound
from dafeng.kernel.jobs.models import Job
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.series import permissions as series
from dafeng.kernel.series import quarantine, reasons, releasing
from dafeng.kernel.series.errors import SeriesError
from dafeng.kernel.series.models import Quarantine
from dafeng.kernel.series.reasons import REASONS
from dafeng.kernel.series.sources import Source

HELD = Quarantine.State.HELD


def _span(row: Any) -> str:
    """From the earliest to the latest moment that was told."""
    if row.earliest is None:
        return "–"
    first, last = timezone.localtime(row.earliest), timezone.localtime(row.latest)
    if first == last:
        return f"{first:%Y-%m-%d %H:%M}"
    return f"{first:%Y-%m-%d %H:%M} – {last:%Y-%m-%d %H:%M}"


def _whose(row: Any) -> str:
    """The point, or how many."""
    if row.code:
        return str(row.code)
    if not row.points:
        return "–"
    return ngettext("%(n)s 个计量点", "%(n)s 个计量点", row.points) % {"n": row.points}


@require_safe
@asks(permissions.SEE)
def quarantined(request: HttpRequest) -> HttpResponse:
    """What waits or was decided, one row for all that is alike: a million readings of one stranger are one row."""
    state = request.GET.get("state", HELD)
    state = state if state in Quarantine.State.values else HELD
    seen = Quarantine.objects.for_user(request.user)
    rows = quarantine.alike(seen.filter(state=state).select_related("device"))
    table = Table(
        request,
        rows,
        [
            Column("reason", _("原因"), show=lambda row: reasons.sentence(row.reason), link=lambda row: reverse("energy:monitoring-quarantine-one", kwargs={"id": row.pk}), wide=True),
            Column("code", _("计量点"), show=_whose),
            Column("device.code", _("采集设备"), show=lambda row: row.device.name if row.device else Source(row.source).name.lower()),
            Column("readings", _("条数"), numeric=True, show=lambda row: f"{row.readings:,}"),
            Column("batches", _("批数"), numeric=True, show=lambda row: f"{row.batches:,}"),
            Column("earliest", _("读数时间"), show=_span),
            Column("received_at", _("最近收到"), show=lambda row: f"{timezone.localtime(row.received_at):%Y-%m-%d %H:%M}"),
        ],
        _("隔离的读数"),
        search=("code", "device__code", "device__name"),
        choices=(Choice("reason", _("原因"), {code: sentence for code, (sentence, _mend) in REASONS.items()}),),
        order="-readings",
        empty=_("没有隔离的读数。"),
        file="series-quarantine",
        kept=("state",),
    )  # fmt: skip
    if answer := table.download():
        return answer
    tabs = [
        {"title": title, "address": f"?state={value}", "current": value == state}
        for value, title in Quarantine.State.choices
    ]
    return render(request, "energy/monitoring/quarantine.html", {"table": table, "tabs": tabs})


def _one(request: HttpRequest, id: int) -> Quarantine:
    found = Quarantine.objects.for_user(request.user).select_related("device", "settled_by").filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这份隔离的读数"), mend=_("请从隔离的读数清单进入"))
    return found


@require_safe
@asks(permissions.SEE)
def one(request: HttpRequest, id: int) -> HttpResponse:
    """All that is like this: why it waits, what to mend, the first readings, its batches, and the decision."""
    found = _one(request, id)
    fellows = quarantine.fellows(found, request.user)
    whole = quarantine.alike(fellows.order_by()).get()
    try:
        sample = quarantine.sample(found) if quarantine.readable(found) else None
        damaged = ""
    except SeriesError as error:
        sample, damaged = None, f"{error.what} {error.mend}"
    batches = Table(
        request,
        fellows.order_by("-pk"),
        [
            Column("received_at", _("收到时间"), show=lambda row: f"{timezone.localtime(row.received_at):%Y-%m-%d %H:%M:%S}"),
            Column("count", _("条数"), numeric=True, show=lambda row: f"{row.count:,}"),
            Column("state", _("状态"), show=lambda row: row.get_state_display()),
            Column("note", _("说明")),
        ],
        _("各批"),
        order="-received_at",
        size=10,
        file="series-quarantine-batches",
    )  # fmt: skip
    if answer := batches.download():
        return answer
    held = found.state == HELD
    job = releasing.job_of(found, request.user)
    context = {
        "held": found, "whole": whole, "what": reasons.sentence(found.reason), "mend": reasons.mend(found.reason), "span": _span(whole), "whose": _whose(whole),
        "from": found.device.name if found.device else Source(found.source).name.lower(), "table": batches, "damaged": damaged,
        "sample": None if sample is None else list(sample.iter_rows(named=True)), "most": quarantine.SAMPLE, "at_once": quarantine.AT_ONCE,
        "decides": held and may(request.user, series.DECIDE, found), "releases": quarantine.readable(found), "waiting": held, "job": job, "busy": job is not None and job.active,
        "door": point_register.mending(found, request.user, unit=_unit(sample)) if held else None,
    }  # fmt: skip
    return render(request, "energy/monitoring/quarantine_one.html", context)


def _unit(sample: Any) -> str:
    """The unit that the readings were told in, where they name one."""
    told = [] if sample is None else sample["unit"].drop_nulls().unique().to_list()
    return str(told[0]) if len(told) == 1 else ""


@require_POST
@asks(series.DECIDE)
def decide(request: HttpRequest, id: int) -> HttpResponse:
    """Release or drop what is alike; what is released and refused again waits anew, with its new reason."""
    found = _one(request, id)
    demand(request.user, series.DECIDE, found)
    how, note = request.POST.get("how", ""), request.POST.get("note", "").replace("\0", "")
    try:
        if how == "release":
            done = releasing.release_alike(found, by=request.user, now=clock()[0], note=note)
        else:
            done = quarantine.decide(found, how=how, by=request.user, now=clock()[0], note=note)
    except SeriesError as error:
        messages.error(request, " ".join(filter(None, (error.what, error.mend))))
        return redirect("energy:monitoring-quarantine-one", id=id)
    if isinstance(done, Job):
        messages.success(request, _("读数较多，已开始在后台放行，进度见下"))
        return redirect("energy:monitoring-quarantine-one", id=id)
    messages.success(request, releasing.sentence(done) if how == "release" else _dropped(done))
    return redirect("energy:monitoring-quarantine")


def _dropped(done: quarantine.Decided) -> str:
    text = _("已废弃 %(batches)s 批；原文件保留。") % {"batches": done.batches}
    return text + (_("还有 %(left)s 批同类的待处理。") % {"left": done.left} if done.left else "")
