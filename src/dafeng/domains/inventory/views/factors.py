"""The factor library and one factor: value, source, standing, what rests on it, who vouches for it."""

from __future__ import annotations

from typing import Any

import polars as pl
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.inventory import factor_page, factor_tables, library, permissions, services
from dafeng.domains.inventory import factor_words as words
from dafeng.domains.inventory import factors_shown as shown
from dafeng.domains.inventory.models import FactorSignature
from dafeng.domains.inventory.runs import city_of, english, visible_run
from dafeng.domains.inventory.sheets.inputs import input_name
from dafeng.domains.inventory.views import methods, own_factors
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import FactorError, NotFound
from dafeng.kernel.pages import asked

TABS = {
    "all": gettext_lazy("全部"),
    "unsigned": gettext_lazy("待签认"),
    "conflicts": gettext_lazy("出处矛盾"),
    "own": gettext_lazy("本市因子"),
    "sets": gettext_lazy("因子集"),
}


class ReasonForm(forms.Form):
    """What a reviewer has checked, or why a signature is taken back."""

    reason = forms.CharField(
        label=gettext_lazy("理由"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("写明核对了什么、依据何处（文件名称、页码或表号）。理由会永久保存。"),
        error_messages={"required": gettext_lazy("请写明理由：核对了什么、依据何处")},
    )


@require_safe
@asks(permissions.SEE_FACTORS)
def factors(request: HttpRequest, code: str) -> HttpResponse:
    """All factors in five tabs; the state of each is in the address."""
    run = visible_run(request.user, code)
    city = run.city if run else city_of(code)
    tab = asked.one_of(request, "tab", TABS, default="all")
    signed = shown.signatures_in_force()
    frame = shown.shelf(city, run, signed)
    if not may(request.user, permissions.SEE_DATA):  # what a single plant has measured is not for the public
        frame = frame.filter(pl.col("level") != "facility")
    parameter = asked.one_of(request, "parameter", sorted(set(frame["parameter"])))
    if parameter:
        frame = frame.filter(pl.col("parameter") == parameter)
    signs = may(request.user, permissions.SIGN_FACTOR)
    table = {
        "all": lambda: factor_tables.every(request, city, frame),
        "unsigned": lambda: factor_tables.waiting(request, city, frame, signs=signs),
        "conflicts": lambda: factor_tables.differing(request, city, run),
        "own": lambda: factor_tables.own(request, city, frame),
        "sets": lambda: factor_tables.sets(request, shown.sets_shown(run, frame)),
    }[tab]()
    if (answer := table.download()) is not None:
        return answer
    context = {
        "city": city,
        "run": run,
        "tab": tab,
        "tabs": _tabs(code, tab),
        "table": table,
        "parameter": parameter and input_name(parameter, "en" if english() else "zh"),
        "count": frame.height,
        "sets": len(library.factor_sets()),
        "blocking": frame.filter(pl.col("state") == "blocks").height,
        "signed": _signed(city, frame, signed) if tab == "unsigned" else [],
        "inside": may(request.user, permissions.SEE_DATA),
        "sets_factor": may(request.user, permissions.SET_FACTOR),
    }
    return render(request, "inventory/factors/library.html", context)


def _tabs(code: str, chosen: str) -> list[dict[str, Any]]:
    """A tab begins anew: the filters of one table mean nothing in another."""
    address = reverse("inventory:factors", args=[code])
    return [
        {"title": title, "address": f"{address}?tab={tab}", "current": tab == chosen} for tab, title in TABS.items()
    ]


def _signed(city: Any, frame: pl.DataFrame, signed: dict[str, FactorSignature]) -> list[dict[str, Any]]:
    rows = frame.filter(pl.col("factor_id").is_in(list(signed)) & (pl.col("rows") > 0))
    return [
        {
            "name": words.name(row),
            "id": row["factor_id"],
            "address": words.address(city, row["factor_id"]),
            "signature": signed[row["factor_id"]],
        }
        for row in rows.iter_rows(named=True)
    ]


def _page(request: HttpRequest, code: str, factor_id: str, *, status: int = 200, **more: Any) -> HttpResponse:
    run = visible_run(request.user, code)
    city = run.city if run else city_of(code)
    context = factor_page.context(request.user, city, run, factor_id)
    context |= {
        "sign_form": ReasonForm(auto_id="sign_%s", initial={}),
        "withdraw_form": ReasonForm(auto_id="withdraw_%s"),
        **more,
    }
    chart = context["chart"]
    if chart is not None and (answer := chart.download(request)) is not None:
        return answer
    return render(request, "inventory/factors/factor.html", context, status=status)


def _asked_id(given: str) -> str:
    return given.replace("\0", "").strip()[:200]


@require_safe
@asks(permissions.SEE_FACTORS)
def factor(request: HttpRequest, code: str) -> HttpResponse:
    """One factor, named by `?id=`: ids may hold any sign."""
    return _page(request, code, _asked_id(request.GET.get("id", "")))


@require_POST
@asks(permissions.SIGN_FACTOR)
def sign(request: HttpRequest, code: str) -> HttpResponse:
    """Sign the very row that was shown: its fingerprint comes back with the form."""
    factor_id = _asked_id(request.POST.get("id", ""))
    city = city_of(code)
    fingerprint = request.POST.get("fingerprint", "").strip()
    if not fingerprint:
        raise FactorError(_("没有说明签认的是哪个数值"), mend=_("请从因子页面上签认"))
    form = ReasonForm(request.POST, auto_id="sign_%s")
    if not form.is_valid():
        return _page(request, code, factor_id, status=422, sign_form=form)
    if shown.by_id(factor_id) is None:
        raise NotFound(_("因子库里没有“%(id)s”") % {"id": factor_id[:80]}, mend=_("请在因子库中查找"))
    services.sign_factor(
        factor_id, by=request.user, reason=form.cleaned_data["reason"], now=timezone.now(), shown=fingerprint
    )
    messages.success(request, _("已签认。重新编制清单后生效。"))
    return redirect(words.address(city, factor_id))


@require_POST
@asks(permissions.SIGN_FACTOR)
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """Take a signature back, with a reason."""
    city = city_of(code)
    number = request.POST.get("signature", "")
    signature = FactorSignature.objects.filter(pk=int(number)).first() if number.isascii() and number.isdigit() and len(number) < 12 else None  # fmt: skip
    if signature is None:
        raise NotFound(_("没有这次签认"), mend=_("请从因子页面上撤回"))
    form = ReasonForm(request.POST, auto_id="withdraw_%s")
    if not form.is_valid():
        return _page(request, code, signature.factor_id, status=422, withdraw_form=form)
    services.withdraw_signature(signature, by=request.user, reason=form.cleaned_data["reason"], now=timezone.now())
    messages.success(request, _("签认已撤回。重新编制清单后，用到它的结果会回到“待确认”。"))
    return redirect(words.address(city, signature.factor_id))


urlpatterns = [
    path("<str:code>/factors/", factors, name="factors"),
    path("<str:code>/factors/one/", factor, name="factor"),
    path("<str:code>/factors/sign/", sign, name="factor-sign"),
    path("<str:code>/factors/withdraw/", withdraw, name="factor-withdraw"),
    path("<str:code>/factors/own/", own_factors.enter, name="factor-own"),
    path("<str:code>/factors/methods/", methods.methods, name="methods"),
    path("<str:code>/factors/methods/<str:id>/", methods.method, name="method"),
]
