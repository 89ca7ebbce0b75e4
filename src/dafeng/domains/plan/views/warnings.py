"""预警: what was raised, for whom and until when; signing, measures, closing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.plan import permissions
from dafeng.domains.plan.models import Warning
from dafeng.domains.plan.services import warnings
from dafeng.domains.plan.services.city import counties_of, first_city
from dafeng.domains.plan.services.names import department_name
from dafeng.domains.plan.views.targets import LIGHTS, light
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.pages import asked
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records import services as records

TABS = {
    "open": gettext_lazy("未解除"),
    "mine": gettext_lazy("我单位的"),
    "overdue": gettext_lazy("逾期"),
    "all": gettext_lazy("全部"),
}


def _due(warning: Warning, today: Any) -> SafeString | str:
    if warnings.is_overdue(warning, today):
        return format_html('<span class="nowrap">{}</span> <span class="tag bad">{}</span>', warning.due_on, _("逾期"))
    return format_html('<span class="nowrap">{}</span>', warning.due_on)


@require_safe
@asks(permissions.SEE_WORK)
def desk(request: HttpRequest) -> HttpResponse:
    """The warnings of the city; the tab is part of the address."""
    code, today = first_city(), timezone.localdate(timezone.now())
    if not code:
        return render(request, "plan/targets/none.html", {"title": _("预警")})
    tab = asked.one_of(request, "tab", TABS, default="open")
    rows = warnings.of_city(code).select_related("target__standing").defer("target__standing__data")
    if tab == "mine":
        rows = warnings.mine(rows, request.user)
    if tab in ("open", "overdue"):
        rows = rows.filter(record__state__in=warnings.OPEN)
    if tab == "overdue":
        rows = rows.filter(due_on__lt=today)
    counties = counties_of(code)
    states = {name: state.title for name, state in _workflow_states().items()}
    table = Table(
        request,
        rows,
        [
            Column("record.title", _("预警"), show=lambda w: warnings.in_words(w.record.title), link=lambda w: reverse("plan:warning", args=[w.pk]), wide=True, sort="record__title"),
            Column("shown", _("亮灯"), show=lambda w: light(w.light), sort="light"),
            Column("period", _("时期")),
            Column("who", _("责任单位"), show=lambda w: department_name(w.owner, counties) or "–", sort="owner"),
            Column("due_on", _("期限"), show=lambda w: _due(w, today)),
            Column("record.state", _("状态"), show=lambda w: format_html('<span class="nowrap">{}</span>', w.record.state_title), sort="record__state"),
            Column("now", _("现在"), show=lambda w: _light_now(w) or "–", sort=None),
            Column("measures", _("措施"), sort=None, wide=True, show=lambda w: w.measures[:60] or "–"),
        ],
        _("预警"),
        search=("record__title", "why", "measures"),
        choices=(
            Choice("light", _("亮灯"), {name: LIGHTS[name] for name in warnings.RAISES}),
            Choice("state", _("状态"), states, column="record__state"),
        ),
        order="due_on",
        empty=_("没有预警。目标亮红灯或黄灯时，系统自动发出并通知责任单位。"),
        file="warnings",
    )  # fmt: skip
    if answer := table.download():
        return answer
    tabs = asked.tabs(request, "tab", TABS)
    return render(request, "plan/warnings/desk.html", {"table": table, "tabs": tabs, "rule": warnings.rule_on(today)})


def _workflow_states() -> dict[str, Any]:
    from dafeng.kernel.records import workflows

    return dict(workflows.get(warnings.KIND).states)


@require_safe
@asks(permissions.SEE_WORK)
def card(request: HttpRequest, id: int) -> HttpResponse:
    """One warning: why, whose, until when, what was done."""
    return _card(request, warnings.warning_of(id))


def _card(request: HttpRequest, found: Warning, error: DafengError | None = None, text: str = "") -> HttpResponse:
    today = timezone.localdate(timezone.now())
    city = found.target.plan.city if found.target else first_city()
    moves = list(found.record.moves.select_related("by"))
    events = [
        {"title": _("发出") if m.action == "open" else found.record.workflow.title_of(m.action), "by": m.by, "at": m.at, "text": m.reason, "bad": False}
        for m in moves
    ]  # fmt: skip
    own = may(request.user, permissions.WARN, found.owner)
    steps = {each.action for each in records.actions(found.record, request.user)}
    context = {
        "warning": found, "record": found.record, "title": warnings.in_words(found.record.title), "light": light(found.light), "owner": department_name(found.owner, counties_of(city)),
        "overdue": warnings.is_overdue(found, today), "events": events, "rule": warnings.rule_on(timezone.localdate(found.record.created_at)),
        "may_acknowledge": own and "acknowledge" in steps, "may_measure": own and "measure" in steps, "may_close": "close" in steps,
        "now_light": _light_now(found), "error": error.as_dict() if error else None, "text": text,
    }  # fmt: skip
    status = 200 if error is None else 409 if error.code in ("stale", "transition") else 422
    return render(request, "plan/warnings/card.html", context, status=status)


def _light_now(found: Warning) -> SafeString | None:
    """The light that the target has now: a green one says that it can be closed."""
    standing = getattr(found.target, "standing", None) if found.target else None
    return light(standing.light) if standing else None


@require_POST
@asks(permissions.WARN)
def step(request: HttpRequest, id: int) -> HttpResponse:
    """Sign, say what is done, or close."""
    found, now = warnings.warning_of(id), timezone.now()
    action, seen, text = (request.POST.get(name, "") for name in ("action", "state", "text"))
    try:
        if action == "acknowledge":
            warnings.acknowledge(found, seen=seen, by=request.user, now=now)
        elif action == "measure":
            warnings.measure(found, text[:4000], seen=seen, by=request.user, now=now)
        elif action == "close":
            warnings.close(found, text[:4000], seen=seen, by=request.user, now=now)
        else:
            raise NotFound(_("没有这一步"))
    except NotFound:
        raise
    except DafengError as error:
        return _card(request, warnings.warning_of(id), error, text)
    messages.success(request, _("已办理"))
    return redirect("plan:warning", id=found.pk)


urlpatterns = [
    path("warnings/", desk, name="warnings"),
    path("warnings/<int:id>/", card, name="warning"),
    path("warnings/<int:id>/step/", step, name="warning-step"),
]
