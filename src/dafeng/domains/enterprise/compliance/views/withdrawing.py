"""The bureau withdraws what it entered wrongly: a row of a year's list, a cut of the next allocation."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dafeng.domains.enterprise.compliance import forms, permissions, withdrawing, words
from dafeng.domains.enterprise.compliance.views.duty_page import called, clock, firm_of
from dafeng.domains.enterprise.models import AllocationCut, Covered
from dafeng.kernel.actions import asks
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import DafengError, NotFound

PAGE = "enterprise/compliance/withdraw.html"


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.DECIDE)
def withdraw_entry(request: HttpRequest, code: str, year: int) -> HttpResponse:
    """A row of a year's list: which, by what paper, and why it goes."""
    enterprise, (now, _today) = firm_of(request, code), clock()
    entry = Covered.objects.filter(enterprise=enterprise, year=year).select_related("paper").first()
    if entry is None:
        raise NotFound(_("%(year)s 年度名录里没有这家企业") % {"year": year})
    back = f"{reverse('enterprise:compliance-lists')}?year={year}"
    form = forms.WithdrawForm(request.POST or None)
    context = {
        "form": form, "back": back, "back_title": _("重点排放单位名录"), "title": _("撤回名录登记"),
        "facts": [
            (_("企业"), called(enterprise)), (_("名录年度"), year), (_("行业"), words.sector(entry.sector)), (_("依据"), entry.source),
        ],
        "what": _("这一行留在页面上，标明已撤回；只由它而来的应清缴量随之取消。已发放配额或已清缴的，先按提示办理。"),
    }  # fmt: skip
    if request.method != "POST" or not form.is_valid():
        return render(request, PAGE, context, status=422 if request.method == "POST" else 200)
    try:
        withdrawing.entry(enterprise, year, reason=form.cleaned_data["reason"], by=request.user, now=now)
    except DafengError as error:
        return render(request, PAGE, context | {"error": error.as_dict()}, status=422)
    messages.success(request, _("名录登记已撤回"))
    return redirect(back)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.DECIDE)
def withdraw_cut(request: HttpRequest, id: UUID) -> HttpResponse:
    """A cut of the next allocation: which, by what decision, whether an allocation has used it, and why it goes."""
    cut, (now, _today) = cut_of(request, id), clock()
    back = reverse("enterprise:compliance-cuts", kwargs={"code": cut.enterprise.code, "year": cut.year})
    used = withdrawing.used_by(cut)
    form = forms.WithdrawForm(request.POST or None, used=used is not None)
    context = {
        "form": form, "back": back, "back_title": _("配额核减"), "title": _("撤回配额核减"),
        "facts": [
            (_("企业"), called(cut.enterprise)), (_("类别"), cut.get_kind_display()), (_("违规所在年度"), cut.year), (_("核减年度"), cut.from_year),
            (_("核减（吨）"), words.tonnes(cut.tonnes)), (_("已扣除（吨）"), words.tonnes(used[1] if used else 0)), (_("依据"), cut.paper),
        ],
        "what": _("这一行留在页面上，标明已撤回；以后核定不再扣除。"),
    }  # fmt: skip
    if request.method != "POST" or not form.is_valid():
        return render(request, PAGE, context, status=422 if request.method == "POST" else 200)
    try:
        given = form.cleaned_data
        withdrawing.cut(cut, reason=given["reason"], reissue=given.get("reissue", False), by=request.user, now=now)
    except DafengError as error:
        return render(request, PAGE, context | {"error": error.as_dict()}, status=422)
    messages.success(request, _("配额核减已撤回"))
    return redirect(back)


def cut_of(request: HttpRequest, id: UUID) -> AllocationCut:
    """A cut that stands, of a firm that this person may see. Raises `NotFound`."""
    seen = Enterprise.objects.for_user(request.user)
    found: AllocationCut | None = AllocationCut.objects.filter(pk=id, enterprise__in=seen).select_related("enterprise", "paper").first()  # fmt: skip
    if found is None:
        raise NotFound(_("没有这项核减，或已经撤回"))
    return found


urlpatterns = [
    path("compliance/firms/<slug:code>/<year:year>/listed/withdraw/", withdraw_entry, name="compliance-list-withdraw"),
    path("compliance/cuts/<uuid:id>/withdraw/", withdraw_cut, name="compliance-cut-withdraw"),
]
