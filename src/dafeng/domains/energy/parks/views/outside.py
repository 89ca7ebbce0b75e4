"""Waste heat that lies in no park: what is offered and needed, matched by distance with all that the city has."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.energy.city_page import city_here
from dafeng.domains.energy.control.rules import english
from dafeng.domains.energy.models import HeatNeed, HeatOffer
from dafeng.domains.energy.parks import heat, permissions, rules, steps
from dafeng.domains.energy.parks.forms import OUTSIDE
from dafeng.domains.energy.parks.views.desks import agreed_rows, by_offer, listed, pair_rows
from dafeng.domains.energy.parks.views.park_page import matches_for
from dafeng.kernel.actions import asks, demand, may
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.pages.steps import told

DO = {"offer": heat.offer, "need": heat.need}
MODELS: dict[str, type[HeatOffer] | type[HeatNeed]] = {"offer": HeatOffer, "need": HeatNeed}
TITLES = {"offer": gettext_lazy("登记园区外的余热供给"), "need": gettext_lazy("登记园区外的用热需求")}


@require_safe
@asks(permissions.SEE)
def desk(request: HttpRequest) -> HttpResponse:
    """Pairs of which at least one side lies outside every park; the city's heat is assigned as one."""
    city, today = city_here(), timezone.localdate()
    pairs, rows, seen = heat.seen_outside(request.user, city.code, on=today)
    needs = [row for row in rows.values() if isinstance(row, HeatNeed)]
    titles = {code: f"{row.enterprise.called(english=english())} · {row.name}" for code, row in rows.items()}
    known = {code: title if code in seen else _("其他企业") for code, title in titles.items()}
    for pair in pairs:
        if pair.verdict == "matched":
            known |= {code: titles[code] for code in (pair.offer.code, pair.need.code)}
    worths = heat.worths(city.code, city.code, pairs, needs, today.year)
    agreed = list(matches_for(request.user, None))
    shown = pair_rows(pairs, known, needs, worths, agreed)
    for row in shown:
        sides = (rows[row["pair"].offer.code], rows[row["pair"].need.code])
        row["may"] = any(may(request.user, permissions.OFFER, (side.park, side.enterprise)) for side in sides)
    lying = {code: row for code, row in rows.items() if row.park_id is None and code in seen}
    mine = {row.enterprise_id for row in lying.values() if may(request.user, permissions.OFFER, (None, row.enterprise))}
    own = {code: listed(row, mine) for code, row in lying.items()}
    context = {
        "matched": [row for row in shown if row["pair"].verdict == "matched"],
        "unmatched": by_offer(row for row in shown if row["pair"].verdict != "matched"),
        "offers_listed": [each for code, each in own.items() if code[0] == "o"],
        "needs_listed": [each for code, each in own.items() if code[0] == "n"],
        "offers": permissions.tells_outside(request.user, city.code), "note": rules.heat_note(), "agreed": agreed_rows(agreed), "propose": reverse("energy:parks-outside-propose"),
    }  # fmt: skip
    return render(request, "energy/parks/outside.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.OFFER)
def file(request: HttpRequest, what: str) -> HttpResponse:
    """Offer heat, or tell a need, of a firm that sits in no park."""
    if what not in OUTSIDE:
        raise NotFound(_("没有这种填报"), mend=_("请从园区外余热的页面进入"))
    firms = permissions.firms_outside(request.user, city_here().code)
    if not firms:
        raise NotFound(_("没有您可以登记的、不在园区里的企业"), mend=_("在园区里的企业，请到园区的余热匹配登记"))
    form = OUTSIDE[what](
        request.POST or None, park=None, firms=firms, english=english(), initial={"since": timezone.localdate()}
    )
    back = reverse("energy:parks-outside")
    lead = _("写明在哪里、多少度、多大、什么时候有；登记后自动和全市的供需按距离匹配。")
    context: dict[str, Any] = {"form": form, "title": TITLES[what], "lead": lead, "button": _("报送"), "back": back, "back_title": _("园区外的余热")}  # fmt: skip
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        try:
            DO[what](None, given.pop("firm"), given=given, by=request.user, now=timezone.now())
        except DafengError as error:
            return render(request, "energy/control/form.html", context | {"error": error.as_dict()}, status=422)
        messages.success(request, _("已报送"))
        return redirect(back)
    return render(request, "energy/control/form.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@asks(permissions.OFFER)
def propose(request: HttpRequest) -> HttpResponse:
    """Put a computed pair before its two firms."""
    wanted = (f"o{request.POST.get('offer', '')}", f"n{request.POST.get('need', '')}")
    told(
        request, lambda: steps.propose_outside(city_here().code, *wanted, by=request.user, now=timezone.now()), _("已提出，等双方企业同意")
    )  # fmt: skip
    return redirect("energy:parks-outside")


@require_POST
@asks(permissions.OFFER)
def withdraw(request: HttpRequest) -> HttpResponse:
    """Take one's offer or need off the desk."""
    what, number = request.POST.get("what", ""), request.POST.get("id", "")
    row = None
    if what in MODELS and number.isdecimal() and len(number) < 18:
        rows = MODELS[what].objects.for_user(request.user).filter(park=None, withdrawn_on=None)  # type: ignore[attr-defined]
        row = rows.select_related("enterprise").filter(pk=int(number)).first()
    if row is None:
        raise NotFound(_("没有这一项"), mend=_("请刷新看最新情况"))
    demand(request.user, permissions.OFFER, (None, row.enterprise))
    told(request, lambda: heat.withdraw(row, on=timezone.localdate(), by=request.user, now=timezone.now()), _("已撤回"))
    return redirect("energy:parks-outside")
