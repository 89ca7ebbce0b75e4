"""Waste heat offered and needed: what firms tell, the matching of a park, and pairs that two firms agree to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import HeatMatch, HeatNeed, HeatOffer, Park, ParkFirm
from dafeng.domains.energy.models.parks import firms_seen
from dafeng.domains.energy.monitoring.methods import conversion
from dafeng.domains.energy.parks import emissions, rules, store
from dafeng.domains.energy.parks.methods import matching
from dafeng.domains.energy.parks.methods.balance import Used
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

MATCH = "park.match"
LOWEST, HIGHEST = -50.0, 1800.0
"""°C between which a temperature can be meant."""
Heat = HeatOffer | HeatNeed


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """What offers and needs share. Raises `Refused`: `name`, `temperature`, `power`, `calendar`, `hours`."""
    name = str(given["name"]).strip()
    if not name:
        raise Refused("name", _("没有写名称"))
    if not LOWEST <= given["temperature"] <= HIGHEST:
        raise Refused("temperature", _("温度 %(value)s ℃ 不对") % {"value": given["temperature"]}, expected="−50–1800")
    if not (math.isfinite(given["power"]) and 0 < given["power"] < 1e5):
        raise Refused("power", _("功率 %(value)s 不对") % {"value": given["power"]}, expected=_("大于 0 的 MW 数"))
    months = sorted(set(given["months"]))
    if not months or months[0] < 1 or months[-1] > 12:
        raise Refused("calendar", _("没有选月份，或月份不对"), expected="1–12")
    if not (0 <= given["from_hour"] <= 23 and 1 <= given["until_hour"] <= 24):
        raise Refused("calendar", _("每日起止时间不对"), expected=_("起 0–23，止 1–24"))
    calendar = matching.Calendar(frozenset(months), given["from_hour"], given["until_hour"], 0.0)
    hours = given.get("hours") or calendar.open_hours
    if not 0 < hours <= calendar.open_hours:
        raise Refused(
            "hours", _("年运行 %(hours)s 小时，多于所选月份和时段的 %(most)s 小时") % {"hours": f"{hours:g}", "most": f"{calendar.open_hours:g}"},
            mend=_("请核对月份、每日起止和年运行小时"),
        )  # fmt: skip
    words = ("temperature", "power", "from_hour", "until_hour", "since")
    return {each: given[each] for each in words} | {"name": name, "months": months, "hours": float(hours)}


def offer_words(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of an offer, wherever it lies. Raises `Refused`: as `_checked`, and `medium`, `outlet`."""
    words = _checked(given)
    if given["medium"] not in rules.media():
        raise Refused(
            "medium", _("没有“%(medium)s”这种介质") % {"medium": given["medium"]}, expected="、".join(rules.media())
        )
    outlet = given.get("outlet")
    if outlet is not None and not LOWEST <= outlet < words["temperature"]:
        raise Refused("outlet", _("可冷却到的温度要低于供给温度"))
    return words | {"medium": given["medium"], "outlet": outlet}


def need_words(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a need, wherever it lies. Raises `Refused`: as `_checked`, and `fuel`, `efficiency`."""
    words = _checked(given)
    if given["item"] not in rules.fuels():
        raise Refused("fuel", _("没有“%(item)s”这种燃料") % {"item": given["item"]}, expected="、".join(rules.fuels()))
    if not 0.2 <= given["efficiency"] <= 1.1:
        raise Refused(
            "efficiency", _("锅炉效率 %(value)s 不对") % {"value": given["efficiency"]}, expected=_("0.2–1.1，如 0.9")
        )
    return words | {"item": given["item"], "efficiency": given["efficiency"]}


def offer(
    park: Park | None, firm: Enterprise, *, given: Mapping[str, Any], by: Any, now: datetime, imported: Record | None = None, demo: bool = False
) -> HeatOffer:  # fmt: skip
    """Offer waste heat, in a park or (`park` None, with `longitude` and `latitude`) outside all. Raises `Refused`: as `offer_words`
    and `_seat`."""
    words = offer_words(given) | _seat(park, firm, given) | {"imported": imported}
    return _kept(HeatOffer, park, firm, words, by=by, now=now, demo=demo)  # type: ignore[return-value]


def need(
    park: Park | None, firm: Enterprise, *, given: Mapping[str, Any], by: Any, now: datetime, imported: Record | None = None, demo: bool = False
) -> HeatNeed:  # fmt: skip
    """Tell a need for heat, in a park or outside all, as `offer`. Raises `Refused`: as `need_words` and `_seat`."""
    words = need_words(given) | _seat(park, firm, given) | {"imported": imported}
    return _kept(HeatNeed, park, firm, words, by=by, now=now, demo=demo)  # type: ignore[return-value]


def _seat(park: Park | None, firm: Enterprise, given: Mapping[str, Any]) -> dict[str, float]:
    """Where it lies: in a park the firm's seat tells. Raises `Refused`: `not_member`, `in_park`, `position`."""
    if park is not None:
        store.member(park, firm)
        return {}
    seat = ParkFirm.objects.filter(enterprise=firm, until=None).select_related("park").first()
    if seat is not None:
        raise Refused(
            "in_park", _("它在“%(park)s”里") % {"park": seat.park.name}, mend=_("请到这个园区的余热匹配里登记")
        )
    return position(given)


def position(given: Mapping[str, Any]) -> dict[str, float]:
    """Where heat in no park lies. Raises `Refused`: `position`."""
    east, north = given.get("longitude"), given.get("latitude")
    if east is None or north is None or not (73 <= east <= 136 and 3 <= north <= 54):
        raise Refused("position", _("园区外的余热要写经纬度"), expected=_("东经 73–136，北纬 3–54"))
    return {"longitude": float(east), "latitude": float(north)}


def _kept(
    model: type[Heat], park: Park | None, firm: Enterprise, words: dict[str, Any], *, by: Any, now: datetime, demo: bool
) -> Heat:
    with records.serial():
        made = model.objects.create(park=park, enterprise=firm, by=by, demo=demo, **words)
        detail = {
            "firm": firm.code,
            "name": words["name"],
            "temperature": words["temperature"],
            "power": words["power"],
        }
        records.audit(by, f"energy.park.{model.__name__.lower()}", "park", park.code if park else "", detail, now=now)
    return made


def withdraw(row: Any, *, on: date, by: Any, now: datetime) -> None:
    """Take an offer or a need (of heat or material) off the desk; what was agreed stays."""
    with records.serial():
        row.withdrawn_on = on
        row.save(update_fields=["withdrawn_on"])
        detail = {"what": type(row).__name__, "id": row.pk, "on": on}
        records.audit(by, "energy.park.withdraw", "park", row.park.code if row.park else "", detail, now=now)


def places(*parks: Park) -> dict[int, tuple[float, float]]:
    """Firm of these parks → longitude and latitude: its own, else the park's."""
    own = {park.pk: (park.longitude, park.latitude) for park in parks}
    found = {}
    for seat in ParkFirm.objects.filter(park__in=parks, until=None):
        at = (seat.longitude, seat.latitude) if seat.longitude is not None else own[seat.park_id]
        if at[0] is not None and at[1] is not None:
            found[seat.enterprise_id] = (at[0], at[1])
    return found


def calendar(row: Heat) -> matching.Calendar:
    return matching.Calendar(frozenset(row.months), row.from_hour, row.until_hour, row.hours)


def listed(park: Park, *, on: date) -> tuple[list[HeatOffer], list[HeatNeed]]:
    """What is on the desk on a day."""
    found = []
    for model in (HeatOffer, HeatNeed):
        rows = model.objects.filter(park=park, since__lte=on, withdrawn_on=None).select_related("enterprise")
        found.append(list(rows))
    return found[0], found[1]


def around(city: str, *, on: date) -> tuple[list[HeatOffer], list[HeatNeed], dict[int, tuple[float, float]]]:
    """What is on any desk of the city on a day, in parks and outside, and where the firms of parks sit."""
    found = []
    for model in (HeatOffer, HeatNeed):
        rows = model.objects.filter(enterprise__city=city, since__lte=on, withdrawn_on=None)
        found.append(list(rows.select_related("enterprise", "park")))
    return found[0], found[1], places(*{row.park for rows in found for row in rows if row.park})


def _at(row: Heat, at: Mapping[int, tuple[float, float]]) -> tuple[float, float] | None:
    """Its own place, else that of its firm."""
    if row.longitude is not None and row.latitude is not None:
        return row.longitude, row.latitude
    return at.get(row.enterprise_id)


def solve(
    offers: Iterable[HeatOffer], needs: Iterable[HeatNeed], at: Mapping[int, tuple[float, float]]
) -> list[matching.Pair]:
    """The matching of these; codes are `o<id>` and `n<id>`."""
    return matching.match(
        [
            matching.Offer(f"o{row.pk}", row.enterprise.code, row.temperature, row.power, row.medium, calendar(row), row.outlet, _at(row, at))
            for row in offers
        ],
        [
            matching.Need(f"n{row.pk}", row.enterprise.code, row.temperature, row.power, row.efficiency, calendar(row), _at(row, at))
            for row in needs
        ],
        rules.media(), detour=rules.detour(),
    )  # fmt: skip


def seen_outside(user: Any, city: str, *, on: date) -> tuple[list[matching.Pair], dict[str, Heat], set[str]]:
    """The city's heat assigned as one: pairs with a side in no park of which the person sees a side; all rows by code; codes of those seen."""
    offers, needs, at = around(city, on=on)
    rows: dict[str, Heat] = {f"o{row.pk}": row for row in offers} | {f"n{row.pk}": row for row in needs}  # type: ignore[dict-item]
    seen = set(rows)
    if firms_seen(user):  # nothing to ask for who sees all
        seen = {f"o{pk}" for pk in HeatOffer.objects.for_user(user).values_list("pk", flat=True)}
        seen |= {f"n{pk}" for pk in HeatNeed.objects.for_user(user).values_list("pk", flat=True)}
    outside = {code for code, row in rows.items() if row.park_id is None}
    pairs = []
    for pair in solve(offers, needs, at):
        sides = {pair.offer.code, pair.need.code}
        if sides & outside and sides & seen:
            pairs.append(pair)
    return pairs, rows, seen


def saved(city: str, place: str, replaced: Sequence[tuple[HeatNeed, float]], year: int) -> list[dict[str, Any]]:
    """What is not burnt any more for so much heat (GJ) at each need: `tce`, `co2` (t, None where no factor is known), and `sources` of CO2.

    A fuel's heat over 29.3076 GJ is its tce; its CO2 is the inventory's for that heat of that fuel in the firm's industry.
    """
    keys = [str(number) for number, _each in enumerate(replaced)]
    used = [Used(key, need.item, "GJ", heat, heat) for key, (need, heat) in zip(keys, replaced, strict=True)]
    industries = {key: need.enterprise.industry for key, (need, _heat) in zip(keys, replaced, strict=True)}
    emitted = emissions.compute(city, place, year, used, industries)
    return [
        {"tce": heat / conversion.GJ_PER_TCE, "co2": emitted.carbon(key), "sources": emitted.told(key)}
        for key, (_need, heat) in zip(keys, replaced, strict=True)
    ]


def worths(
    city: str, place: str, pairs: Iterable[matching.Pair], needs: Iterable[HeatNeed], year: int
) -> dict[tuple[str, str], dict[str, Any]]:
    """What `saved` tells of each pair that is matched, by the codes of its offer and need."""
    by_code = {f"n{row.pk}": row for row in needs}
    matched = [pair for pair in pairs if pair.verdict == "matched"]
    found = saved(city, place, [(by_code[pair.need.code], pair.replaced) for pair in matched], year)
    return {(pair.offer.code, pair.need.code): worth for pair, worth in zip(matched, found, strict=True)}


def propose(park: Park | None, pair: matching.Pair, *, by: Any, now: datetime, demo: bool = False) -> HeatMatch:
    """Put a computed pair before its two firms; `park` None where a side lies outside. Raises `Refused`: `not_matched`, `proposed`."""
    if pair.verdict != "matched":
        raise Refused("not_matched", _("这一对没有匹配上"))
    source, sink = (
        HeatOffer.objects.select_related("enterprise").get(pk=int(pair.offer.code[1:])),
        HeatNeed.objects.select_related("enterprise").get(pk=int(pair.need.code[1:])),
    )
    # Where the fuel is burnt: outside parks the city's factors, as on the page that showed the pair.
    city, place = (park.city, park.place) if park else (sink.enterprise.city, sink.enterprise.city)
    worth = saved(city, place, [(sink, pair.replaced)], now.year)[0]
    facts = {
        "km": pair.km, "hours": pair.hours, "sent": pair.sent, "lost": pair.lost, "replaced": pair.replaced, "rules": rules.data()["heat"]["version"],
        "sources": worth["sources"],
    }  # fmt: skip
    with records.serial():
        if HeatMatch.objects.filter(offer=source, need=sink).exclude(record__state="declined").exists():
            raise Refused("proposed", _("这一对已经提出过"), mend=_("请到已提出的匹配里办理"))
        record = records.open_record(
            MATCH, title=_("%(offer)s 供 %(need)s") % {"offer": source.enterprise.name, "need": sink.enterprise.name},
            payload={"park": park.code if park else "", "offer": source.pk, "need": sink.pk, "power": pair.power, "delivered": pair.delivered, **facts},
            by=by, now=now, place=park.place if park else sink.enterprise.place, key=park.code if park else "",
        )  # fmt: skip
        return HeatMatch.objects.create(
            record=record, park=park, offer=source, need=sink, power=pair.power, delivered=pair.delivered, tce=worth["tce"], co2=worth["co2"],
            facts=facts, demo=demo,
        )  # fmt: skip
