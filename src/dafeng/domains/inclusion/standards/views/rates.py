"""How many grams make a point: the rates with their days, a new one, and its way to being published."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.models import Rate
from dafeng.domains.inclusion.standards import comments, inforce, rate_steps, shown
from dafeng.domains.inclusion.standards.forms import CommentForm, RateForm
from dafeng.domains.inclusion.standards.views.keep import demand_state
from dafeng.domains.inclusion.standards.views.standards_page import clock, day_of, programme
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import NotFound


def _rate(request: HttpRequest, id: UUID) -> Rate:
    found = rate_steps.visible(request.user).filter(record_id=id).first()
    if found is None:
        raise NotFound(_("没有这个兑换率"), mend=_("请从积分规则进入"))
    return found


@require_safe
@asks(permissions.SEE_STANDARDS)
def rates(request: HttpRequest) -> HttpResponse:
    _now, today = clock()
    own = programme()
    context = {
        "current": inforce.rate_on(inforce.rates_of(own), today),
        "rows": [
            {"rate": each, "mark": shown.MARKS.get(each.record.state, "")}
            for each in rate_steps.visible(request.user).filter(programme=own)
        ],
        "keeps": may(request.user, permissions.KEEP_STANDARDS),
    }
    return render(request, "inclusion/standards/rates.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_STANDARDS)
def new_rate(request: HttpRequest) -> HttpResponse:
    form = RateForm(request.POST or None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        now, today = clock()
        try:
            made = rate_steps.draft(programme(), **form.cleaned_data, by=request.user, now=now, today=today)
        except InclusionError as error:
            return render(
                request, "inclusion/standards/new_rate.html", context | {"error": error.as_dict()}, status=422
            )
        messages.success(request, _("草稿已保存"))
        return redirect("inclusion:rate", id=made.record_id)
    return render(
        request, "inclusion/standards/new_rate.html", context, status=422 if request.method == "POST" else 200
    )


@require_safe
@asks(permissions.SEE_STANDARDS)
def rate(request: HttpRequest, id: UUID) -> HttpResponse:
    found = _rate(request, id)
    _now, today = clock()
    context = {
        "rate": found,
        "mark": shown.MARKS.get(found.record.state, ""),
        "comments": shown.comments_of(found.record),
        "open": comments.is_open(found.record, found.comment_until, today),
        "comment_form": CommentForm(),
        "keeps": may(request.user, permissions.KEEP_STANDARDS),
        "events": shown.events_of(found.record),
        **shown.steps_of(found.record, request.user),
    }
    return render(request, "inclusion/standards/rate.html", context)


@require_POST
@asks(permissions.MOVE_STANDARDS)
def rate_step(request: HttpRequest, id: UUID) -> HttpResponse:
    found, (now, today) = _rate(request, id), clock()
    demand_state(request, found.record)
    rate_steps.step(
        found, request.POST.get("action", ""), by=request.user, now=now, today=today,
        reason=request.POST.get("reason", "")[:1000], until=day_of(request, "until"),
    )  # fmt: skip
    messages.success(request, _("已办理：%(state)s") % {"state": found.record.state_title})
    return redirect("inclusion:rate", id=id)
