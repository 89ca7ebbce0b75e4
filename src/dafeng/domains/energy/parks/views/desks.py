"""The matching desks of heat and of materials, and the heat map with the boilers that central heat replaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dafeng.domains.energy.city_page import amount, city_here, percent
from dafeng.domains.energy.control import city as cities
from dafeng.domains.energy.control.rules import english
from dafeng.domains.energy.models import Boiler, BoilerReplacement, HeatMatch, HeatNeed, HeatOffer, Park
from dafeng.domains.energy.monitoring.words import item_name
from dafeng.domains.energy.parks import exchange, heat, heatmap, permissions, reading, rules, store
from dafeng.domains.energy.parks.methods import matching
from dafeng.domains.energy.parks.methods import materials as swaps
from dafeng.domains.energy.parks.views.park_page import exchanges_for, matches_for, own_codes, shell
from dafeng.kernel.actions import asks, may
from dafeng.kernel.pages.kept import MINUTE, kept
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records import services as records


def why(pair: matching.Pair, names: Mapping[str, str]) -> str:
    """Why a pair was matched, or why not, in the reader's words."""
    approach = rules.media()[pair.offer.medium].approach
    rivals = "、".join(names[each] for each in pair.rivals)
    facts = {
        "have": f"{pair.offer.temperature:g}", "want": f"{pair.need.temperature:g}", "approach": f"{approach:g}",
        "km": "–" if pair.km is None else f"{pair.km:.1f}", "limit": f"{rules.media()[pair.offer.medium].limit:g}", "rivals": rivals,
        "hours": amount(pair.hours), "drop": percent(pair.exergy * 100),
    }  # fmt: skip
    said = {
        "matched": _("%(have)s ℃ 供 %(want)s ℃，管线 %(km)s km，全年共同时段 %(hours)s 小时；降级损失的做功能力占热量的 %(drop)s"),
        "temperature": _("温度不够：%(have)s ℃ 不到 %(want)s ℃ 加最小温差 %(approach)s ℃"),
        "distance": _("太远：%(km)s km，这种介质最远 %(limit)s km"),
        "unplaced": _("不知道位置：请登记企业在园内的坐标"),
        "time": _("没有共同的运行时段"),
        "grade": _("可冷却的余热里没有高过 %(want)s ℃ 加最小温差 %(approach)s ℃ 的部分"),
        "loss": _("管线散热多于替代的燃料"),
        "offer_used": _("可以，但这份余热给“%(rivals)s”替代的燃料更多或降级更少") if rivals else _("可以，但不如其他安排替代的燃料多"),
        "need_met": _("可以，但这个需求已由“%(rivals)s”满足"),
    }[pair.verdict]  # fmt: skip
    return said % facts


@require_safe
@asks(permissions.SEE)
def heat_desk(request: HttpRequest, park: str) -> HttpResponse:
    """Offers and needs, what goes to whom and why, what two firms have agreed."""
    found = store.park_for(request.user, park)
    context = shell(request, found, "heat")
    offers, needs = heat.listed(found, on=timezone.localdate())
    pairs = heat.solve(offers, needs, heat.places(found))
    mine = own_codes(request)
    owners = {f"o{row.pk}": row.enterprise for row in offers} | {f"n{row.pk}": row.enterprise for row in needs}
    titles = {f"o{row.pk}": f"{row.enterprise.called(english=english())} · {row.name}" for row in (*offers,)}
    titles |= {f"n{row.pk}": f"{row.enterprise.called(english=english())} · {row.name}" for row in needs}

    def own(code: str) -> bool:
        return context["whole"] or owners[code].organisation in mine

    # A firm sees pairs that it is part of, and of those not matched no rival's name.
    shown = [pair for pair in pairs if own(pair.offer.code) or own(pair.need.code)]
    known = {code: title if own(code) else _("其他企业") for code, title in titles.items()}
    for pair in shown:
        if pair.verdict == "matched":
            known |= {code: titles[code] for code in (pair.offer.code, pair.need.code)}
    agreed = list(matches_for(request.user, found))
    worths = heat.worths(found.city, found.place, shown, needs, timezone.localdate().year)
    rows = [row | {"may": context["offers"]} for row in pair_rows(shown, known, needs, worths, agreed)]
    matched = [row for row in rows if row["pair"].verdict == "matched"]
    mine_may = {each.pk for each in context["fileable"]}
    context |= {
        "offers_listed": [listed(row, mine_may) for row in offers if own(f"o{row.pk}")], "needs_listed": [listed(row, mine_may) for row in needs if own(f"n{row.pk}")],
        "matched": matched, "unmatched": by_offer(row for row in rows if row["pair"].verdict != "matched"), "note": rules.heat_note(),
        "agreed": agreed_rows(agreed), "propose": reverse("energy:parks-propose", kwargs={"park": found.code}),
        "figures": [
            {"title": _("匹配上的余热"), "value": amount(sum(row["pair"].sent for row in matched)), "unit": "GJ"},
            {"title": _("替代燃料"), "value": amount(sum(row["worth"]["tce"] for row in matched), 1), "unit": "tce"},
            {"title": _("减排"), "value": amount(sum(row["worth"]["co2"] or 0.0 for row in matched), 1), "unit": "t CO₂", "note": _("按本市清单中被替代燃料的因子")},
        ],
    }  # fmt: skip
    return render(request, "energy/parks/heat.html", context)


def pair_rows(
    pairs: Iterable[matching.Pair], known: Mapping[str, str], needs: Iterable[HeatNeed], worths: Mapping[tuple[str, str], Any], agreed: Iterable[HeatMatch]
) -> list[dict[str, Any]]:  # fmt: skip
    """What a desk shows of each pair: its sides as `known`, what it brings, whether it was put to the two firms (`agreed`: all that were)."""
    proposed = {(f"o{each.offer_id}", f"n{each.need_id}") for each in agreed if each.record.state != "declined"}
    items = {f"n{row.pk}": row.item for row in needs}
    rows: list[dict[str, Any]] = []
    for pair in pairs:
        codes = (pair.offer.code, pair.need.code)
        worth = worths.get(codes)
        rows.append(
            {
                "pair": pair, "offer": known[pair.offer.code], "need": known[pair.need.code], "why": why(pair, known), "power": amount(pair.power, 2),
                "delivered": amount(pair.delivered), "lost": amount(pair.lost), "tce": amount(worth["tce"], 1) if worth else "", "worth": worth,
                "co2": amount(worth["co2"], 1) if worth else "", "proposed": codes in proposed,
                "offer_id": pair.offer.code[1:], "need_id": pair.need.code[1:], "fuel": item_name(items[pair.need.code]),
            }
        )  # fmt: skip
    return rows


def agreed_rows(matches: Iterable[HeatMatch]) -> list[dict[str, Any]]:
    return [
        {"row": each, "title": each.record.title, "delivered": amount(each.delivered), "tce": amount(each.tce, 1), "co2": amount(each.co2, 1)}
        for each in matches
    ]  # fmt: skip


def by_offer(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The pairs that were not matched, under the offer of each."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["offer"], []).append(row)
    return [{"offer": offer, "rows": each} for offer, each in found.items()]


def when(months: Sequence[int], from_hour: int, until_hour: int) -> str:
    """The calendar of an offer or a need in words."""
    told = _("全年") if len(months) == 12 else _("%(months)s 月") % {"months": "、".join(map(str, months))}
    times = _("全天") if (from_hour, until_hour) == (0, 24) else f"{from_hour}:00–{until_hour}:00"
    return f"{told} {times}"


def listed(row: HeatOffer | HeatNeed, fileable: set[int]) -> dict[str, Any]:
    return {
        "row": row, "firm": row.enterprise.called(english=english()), "temperature": f"{row.temperature:g}", "power": amount(row.power, 2),
        "hours": amount(row.hours), "when": when(row.months, row.from_hour, row.until_hour), "mine": row.enterprise_id in fileable,
        "medium": row.get_medium_display() if isinstance(row, HeatOffer) else item_name(row.item), "offer": isinstance(row, HeatOffer),
        "outlet": f"{row.outlet:g}" if isinstance(row, HeatOffer) and row.outlet is not None else "",
    }  # fmt: skip


@require_safe
@asks(permissions.SEE)
def materials_desk(request: HttpRequest, park: str) -> HttpResponse:
    """By-products offered and needed, what could go where, what went, and the park's two rates."""
    found = store.park_for(request.user, park)
    context = shell(request, found, "materials")
    rows = exchange.listed(found, on=timezone.localdate())
    by_pk = {str(row.pk): row for row in rows}
    pairs = exchange.solve(rows, heat.places(found))
    mine = own_codes(request)

    def own(row: Any) -> bool:
        return context["whole"] or row.enterprise.organisation in mine

    def title(row: Any, pair: swaps.Pair) -> str:
        return row.enterprise.called(english=english()) if own(row) or pair.verdict == "matched" else _("其他企业")

    said = {
        "matched": _("代码相同，质量够"), "quality": _("主成分含量低于接收方的要求"), "no_permit": _("危险废物：接收方没有许可证编号，不匹配"),
        "placed": _("可以，但数量已由更近或其他的企业用完"),
    }  # fmt: skip
    matched = [
        {
            "from": title(by_pk[pair.offer.code], pair), "to": title(by_pk[pair.need.code], pair), "name": by_pk[pair.offer.code].name, "code": pair.offer.material,
            "tonnes": amount(pair.tonnes, 1) if pair.tonnes else "–", "km": "–" if pair.km is None else amount(pair.km, 1), "why": said[pair.verdict],
            "ok": pair.verdict == "matched", "hazardous": pair.offer.hazardous or pair.need.hazardous,
        }
        for pair in pairs if own(by_pk[pair.offer.code]) or own(by_pk[pair.need.code])
    ]  # fmt: skip
    year = timezone.localdate().year - 1
    told = reading.figures(found, year)
    mine_may = {each.pk for each in context["fileable"]}
    context |= {
        "listed": [{"row": row, "firm": row.enterprise.called(english=english()), "tonnes": amount(row.tonnes, 1), "mine": row.enterprise_id in mine_may} for row in rows if own(row)],
        "pairs": matched, "year": year, "exchanges": [{"row": each, "tonnes": amount(each.tonnes, 1)} for each in exchanges_for(request.user, found).order_by("-month", "-pk")[:50]],
        "ratios": [{"rule": rule, "value": None if value is None else amount(value, 1)} for rule, value in reading.ratios(told, year)] if context["whole"] else [],
        "years": [{"word": word, "row": told.get(key), "value": amount(told[key].value) if key in told else "–"} for key, word in rules.figures().items()] if context["whole"] else [],
        "realised": amount(exchange.realised(found, year + 1), 1) if context["whole"] else "",
    }  # fmt: skip
    return render(request, "energy/parks/materials.html", context)


@require_safe
@asks(permissions.SEE)
def heat_map(request: HttpRequest) -> HttpResponse:
    """Sources, sinks and boilers on the map of the city; which boilers central heat has replaced, each counted once."""
    city = city_here()
    boilers = Boiler.objects.for_user(request.user).filter(city=city.code).select_related("enterprise", "park")
    latest = {
        each.boiler_id: each
        for each in BoilerReplacement.objects.filter(boiler__in=boilers).exclude(record__state="refused").select_related("record")
    }  # fmt: skip
    table = Table(
        request, boilers,
        [
            Column("name", _("锅炉"), wide=True), Column("number", _("使用登记证编号")),
            Column("place", _("县区"), show=lambda row: city.place_name(row.place, english=english())),
            Column("enterprise.name", _("企业"), show=lambda row: row.enterprise.called(english=english()) if row.enterprise else "–"),
            Column("capacity", "t/h", numeric=True, show=lambda row: f"{row.capacity:g}"),
            Column("item", _("燃料"), show=lambda row: item_name(row.item)),
            Column("year", _("投用年份"), show=lambda row: str(row.year or "–")),
            Column("replaced", _("由谁供热"), sort=None, show=lambda row: each.heat_from if (each := latest.get(row.pk)) else "–", wide=True),
            Column("state", _("状态"), sort=None, show=lambda row: each.record.state_title if (each := latest.get(row.pk)) else _("在用")),
            Column("demo", _("备注"), sort=None, show=lambda row: _("演示") if row.demo else ""),
        ],
        _("锅炉"), search=("name", "number", "enterprise__name"), choices=(Choice("place", _("县区"), cities.counties(city)),), order="place",
        empty=_("还没有您能看到的锅炉。"), file="boilers",
    )  # fmt: skip
    if download := table.download():
        return download
    shown = list(boilers)
    gone = {pk for pk, each in latest.items() if each.record.state == "accepted"}
    parks = list(Park.objects.for_user(request.user).filter(city=city.code))
    picture = kept(
        "energy.parks.map", records.head().digest, request.user.pk, make=lambda: heatmap.picture(city, request.user, parks, shown, gone), seconds=MINUTE
    )  # fmt: skip
    coal = [each for each in shown if each.item == "raw_coal"]
    context = {
        "table": table, "map": picture, "points": picture["rows"] if picture else [],
        "figures": [
            {"title": _("登记锅炉"), "value": amount(len(shown)), "unit": _("台"), "note": f"{amount(sum(each.capacity for each in shown), 1)} t/h"},
            {"title": _("已由集中供热替代"), "value": amount(len(gone)), "unit": _("台"), "note": f"{amount(sum(each.capacity for each in shown if each.pk in gone), 1)} t/h"},
            {"title": _("还在用的燃煤锅炉"), "value": amount(sum(each.pk not in gone for each in coal)), "unit": _("台")},
        ],
        "parks": [{"park": each, "address": reverse("energy:parks-heat", kwargs={"park": each.code}), "name": each.called(english=english())} for each in parks],
        "keeps": may(request.user, permissions.KEEP),
    }  # fmt: skip
    return render(request, "energy/parks/heat_map.html", context)
