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

from dafeng.domains.energy.city_page import amount, city_here
from dafeng.domains.energy.control.rules import english
from dafeng.domains.energy.models import HeatNeed, HeatOffer, ParkFirm
from dafeng.domains.energy.monitoring.words import item_name
from dafeng.domains.energy.parks import heat, permissions, rules
from dafeng.domains.energy.parks.forms import OUTSIDE
from dafeng.domains.energy.parks.views.desks import by_offer, listed, why
from dafeng.kernel.actions import asks, demand, may
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.pages.steps import told
from dafeng.kernel.records.access import is_superuser

DO = {"offer": heat.offer, "need": heat.need}
MODELS: dict[str, type[HeatOffer] | type[HeatNeed]] = {"offer": HeatOffer, "need": HeatNeed}
TITLES = {"offer": gettext_lazy("登记园区外的余热供给"), "need": gettext_lazy("登记园区外的用热需求")}


def fileable(user: Any, city: str) -> list[Enterprise]:
    """Firms in no park for which the person may tell: the carbon office and the departments any, a county its own, a firm itself."""
    if not may(user, permissions.OFFER):
        return []
    seated = ParkFirm.objects.filter(until=None).values("enterprise_id")
    firms = Enterprise.objects.for_user(user).filter(city=city, until=None).exclude(pk__in=seated)
    return [each for each in firms if is_superuser(user) or permissions.own_side(user, (None, each))]


@require_safe
@asks(permissions.SEE)
def desk(request: HttpRequest) -> HttpResponse:
    """Pairs of which at least one side lies outside every park; the city's heat is assigned as one."""
    city, today = city_here(), timezone.localdate()
    offers, needs, at = heat.around(city.code, on=today)
    rows = {f"o{row.pk}": row for row in offers} | {f"n{row.pk}": row for row in needs}
    seen = {f"o{pk}" for pk in HeatOffer.objects.for_user(request.user).values_list("pk", flat=True)}
    seen |= {f"n{pk}" for pk in HeatNeed.objects.for_user(request.user).values_list("pk", flat=True)}
    titles = {code: f"{row.enterprise.called(english=english())} · {row.name}" for code, row in rows.items()}
    pairs = [
        pair for pair in heat.solve(offers, needs, at)
        if (rows[pair.offer.code].park_id is None or rows[pair.need.code].park_id is None) and {pair.offer.code, pair.need.code} & seen
    ]  # fmt: skip
    known = {code: title if code in seen else _("其他企业") for code, title in titles.items()}
    for pair in pairs:
        if pair.verdict == "matched":
            known |= {code: titles[code] for code in (pair.offer.code, pair.need.code)}
    worths = heat.worths(city.code, city.code, pairs, needs, today.year)
    shown = [
        {
            "pair": pair, "offer": known[pair.offer.code], "need": known[pair.need.code], "why": why(pair, known), "power": amount(pair.power, 2),
            "delivered": amount(pair.delivered), "lost": amount(pair.lost), "fuel": item_name(rows[pair.need.code].item),
            "tce": amount(worth["tce"], 1) if (worth := worths.get((pair.offer.code, pair.need.code))) else "",
            "co2": amount(worth["co2"], 1) if worth else "",
        }
        for pair in pairs
    ]  # fmt: skip
    mine = {each.pk for each in fileable(request.user, city.code)}
    own = {code: listed(row, mine) for code, row in rows.items() if row.park_id is None and code in seen}
    context = {
        "matched": [row for row in shown if row["pair"].verdict == "matched"],
        "unmatched": by_offer(row for row in shown if row["pair"].verdict != "matched"),
        "offers_listed": [each for code, each in own.items() if code[0] == "o"],
        "needs_listed": [each for code, each in own.items() if code[0] == "n"],
        "offers": bool(mine), "note": rules.heat_note(),
    }  # fmt: skip
    return render(request, "energy/parks/outside.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.OFFER)
def file(request: HttpRequest, what: str) -> HttpResponse:
    """Offer heat, or tell a need, of a firm that sits in no park."""
    if what not in OUTSIDE:
        raise NotFound(_("没有这种填报"), mend=_("请从园区外余热的页面进入"))
    firms = fileable(request.user, city_here().code)
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
