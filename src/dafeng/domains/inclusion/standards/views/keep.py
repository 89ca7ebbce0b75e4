"""For the operator and the offices: propose, draft, move on; for whoever is signed in: comment."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.models import MethodologyVersion, StandardComment
from dafeng.domains.inclusion.standards import comments, rate_steps, shown, versions
from dafeng.domains.inclusion.standards.forms import CommentForm, DraftForm, ProposalForm
from dafeng.domains.inclusion.standards.views.standards_page import clock, day_of
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import NotFound, StaleError


def _version(request: HttpRequest, code: str, number: int) -> MethodologyVersion:
    _now, today = clock()
    return shown.find(request.user, code, str(number), today)[0]


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_STANDARDS)
def propose(request: HttpRequest) -> HttpResponse:
    """A methodology of the city's own."""
    form = ProposalForm(request.POST or None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        now, _today = clock()
        try:
            made = versions.propose(**form.cleaned_data, by=request.user, now=now)
        except InclusionError as error:
            return render(request, "inclusion/standards/propose.html", context | {"error": error.as_dict()}, status=422)
        messages.success(request, _("已建立草稿，请填写边界、因子和来源"))
        return redirect("inclusion:methodology-edit", code=made.methodology_id, number=made.number)
    return render(request, "inclusion/standards/propose.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@asks(permissions.KEEP_STANDARDS)
def begin(request: HttpRequest, code: str) -> HttpResponse:
    """A new version, as a copy of the one in force."""
    now, today = clock()
    former, _line = shown.find(request.user, code, "", today)
    made = versions.begin(former.methodology, by=request.user, now=now)
    messages.success(request, _("已建立第 %(number)s 版草稿") % {"number": made.number})
    return redirect("inclusion:methodology-edit", code=code, number=made.number)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_STANDARDS)
def edit(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Change a draft; what others changed meanwhile is not overwritten."""
    version = _version(request, code, number)
    form = DraftForm(request.POST or None, content=version.content, digest=version.digest)
    context: dict[str, Any] = {"form": form, "version": version, "title": shown.title_of(version)}
    if request.method == "POST" and form.is_valid():
        now, _today = clock()
        try:
            versions.amend(version, form.changed_content(), seen=form.cleaned_data["seen"], by=request.user, now=now)
        except InclusionError as error:
            return render(request, "inclusion/standards/edit.html", context | {"error": error.as_dict()}, status=422)
        messages.success(request, _("草稿已保存"))
        return redirect(shown.address(version))
    return render(request, "inclusion/standards/edit.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@asks(permissions.MOVE_STANDARDS)
def step(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """One step of the workflow, from the state that the page showed."""
    version, (now, today) = _version(request, code, number), clock()
    demand_state(request, version.record)
    versions.step(
        version, request.POST.get("action", ""), by=request.user, now=now, today=today,
        reason=request.POST.get("reason", "")[:1000], until=day_of(request, "until"), valid_from=day_of(request, "valid_from"),
    )  # fmt: skip
    messages.success(request, _("已办理：%(state)s") % {"state": version.record.state_title})
    return redirect(shown.address(version))


def demand_state(request: HttpRequest, record: Any) -> None:
    """Raises `StaleError` where somebody has moved it since the page was shown."""
    if request.POST.get("state") != record.state:
        raise StaleError(_("已被他人办理，现为“%(state)s”") % {"state": record.state_title}, mend=_("请返回看最新情况"))


@require_POST
@asks(permissions.COMMENT)
def comment(request: HttpRequest, code: str, number: int) -> HttpResponse:
    version, (now, today) = _version(request, code, number), clock()
    return _said(request, version.record, version.comment_until, shown.address(version), now, today)


def _said(request: HttpRequest, record: Any, until: Any, back: str, now: Any, today: Any) -> HttpResponse:
    form = CommentForm(request.POST)
    if not form.is_valid():
        raise InclusionError(str(next(iter(form.errors.values()))[0]), expected=_("5 到 2000 字"))
    comments.say(record, until, form.cleaned_data["text"], name=form.cleaned_data["name"], by=request.user, now=now, today=today)  # fmt: skip
    messages.success(request, _("意见已收到并公开，运营方答复后会显示在下面"))
    return redirect(f"{back}#comments")


@require_POST
@asks(permissions.COMMENT)
def rate_comment(request: HttpRequest, id: Any) -> HttpResponse:
    found = rate_steps.visible(request.user).filter(record_id=id).first()
    if found is None:
        raise NotFound(_("没有这个兑换率"))
    now, today = clock()
    return _said(request, found.record, found.comment_until, shown.page_of(found.record), now, today)


@require_POST
@asks(permissions.KEEP_STANDARDS)
def answer(request: HttpRequest, id: int) -> HttpResponse:
    """The operator's answer to a comment."""
    found = StandardComment.objects.select_related("record").filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这条意见"))
    now, _today = clock()
    comments.answer(found, request.POST.get("reply", ""), by=request.user, now=now)
    messages.success(request, _("答复已公开"))
    return redirect(f"{shown.page_of(found.record)}#comments")
