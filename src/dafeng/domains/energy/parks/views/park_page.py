"""What the pages of a park share: the park, its tabs, which firms a person may file for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.energy.control.rules import english
from dafeng.domains.energy.models import HeatMatch, MaterialExchange, Park, ParkFirm
from dafeng.domains.energy.models.parks import firms_seen, matches_seen
from dafeng.domains.energy.parks import permissions
from dafeng.kernel.actions import may
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.pages import asked
from dafeng.kernel.records.access import is_superuser, organisations_of


def verdict(code: str) -> tuple[str, str]:
    """The look and the words of an all-of target's verdict."""
    return {
        "met": ("ok", _("已全部完成")), "missed": ("bad", _("到期未全部完成")), "open": ("warn", _("尚未全部完成")), "unknown": ("", _("无法判定")),
    }[code]  # fmt: skip


def shell(request: HttpRequest, park: Park, current: str) -> dict[str, Any]:
    """What `energy/parks/park.html` needs."""
    whole = sees_whole(request, park)
    # A baseline is of sums: it is no page of those who see their own rows alone.
    titles = {"board": _("看板"), "flows": _("供能")} | ({"baseline": _("基线")} if whole else {}) | {"heat": _("余热匹配"), "materials": _("物料循环")}  # fmt: skip
    tabs = [
        {"title": title, "address": reverse(f"energy:parks-{name}", kwargs={"park": park.code}), "current": name == current}
        for name, title in titles.items()
    ]  # fmt: skip
    return {
        "park": park, "name": park.called(english=english()), "tabs": tabs, "whole": whole,
        "files": may(request.user, permissions.FILE, park), "keeps": may(request.user, permissions.KEEP, park.place), "fileable": (mine := fileable(request, park)), "offers": bool(mine), "today": timezone.localdate(),
    }  # fmt: skip


def sees_whole(request: HttpRequest, park: Park) -> bool:
    return permissions.sees_whole(request.user, park)


def fileable(request: HttpRequest, park: Park) -> list[Enterprise]:
    """Firms of the park for which the person may tell offers and needs: all for its keepers, else their own."""
    if not may(request.user, permissions.OFFER):
        return []
    seats = ParkFirm.objects.filter(park=park, until=None).select_related("enterprise")
    if not (is_superuser(request.user) or permissions.own_park(request.user, park)):
        seats = seats.filter(enterprise__organisation__in=organisations_of(request.user) - {""})
    return [seat.enterprise for seat in seats]


def own_codes(request: HttpRequest) -> frozenset[str]:
    return organisations_of(request.user) - {""}


def matches_for(user: Any, park: Park | None) -> QuerySet[HeatMatch]:
    """Of a park, or (None) those that reach outside."""
    found = HeatMatch.objects.filter(matches_seen(user), park=park)
    return found.select_related("record", "offer__enterprise", "need__enterprise").order_by("-pk")


def exchanges_for(user: Any, park: Park) -> QuerySet[MaterialExchange]:
    seen = firms_seen(user, firms=("offer__enterprise", "need__enterprise"))
    return MaterialExchange.objects.filter(seen, park=park).select_related(
        "record", "offer__enterprise", "need__enterprise"
    )


def months(request: HttpRequest) -> tuple[date, date, list[dict[str, Any]]]:
    """The month asked for, from its first day to its last finished one, and the thirteen to choose from."""
    last = timezone.localdate() - timedelta(days=1)
    known = [last.replace(day=1)]
    while len(known) < 13:
        known.append((known[-1] - timedelta(days=1)).replace(day=1))
    chosen = asked.one_of(request, "month", [f"{each:%Y-%m}" for each in known], default=f"{known[0]:%Y-%m}")
    first = next(each for each in known if f"{each:%Y-%m}" == chosen)
    end = min(last, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))
    return first, end, [{"value": f"{each:%Y-%m}", "current": each == first} for each in known]


def names_of(firms: Sequence[Enterprise]) -> dict[str, str]:
    return {each.code: each.called(english=english()) for each in firms}
