"""What is looked at: the register with what contradicts itself, a plant's card, the board of capacity, the board of storage."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dafeng.domains.energy.city_page import amount, city_here, own_places, percent
from dafeng.domains.energy.control import city as cities
from dafeng.domains.energy.models import CapacityChange, EnergyCity, Plant
from dafeng.domains.energy.plants import findings, permissions, reading, rules, store
from dafeng.domains.energy.plants.methods.capacity import movement
from dafeng.domains.energy.plants.reading import Output, Register
from dafeng.domains.energy.plants.views.drawn import located, output_chart, stock_chart
from dafeng.kernel.actions import asks, may
from dafeng.kernel.pages import asked
from dafeng.kernel.pages.maps import choropleth, outline
from dafeng.kernel.pages.tables import Choice, Column, Table

STATES = dict(CapacityChange.Stage.choices) | {"": "–"}
FRAME = {
    "code": pl.String, "name": pl.String, "place": pl.String, "county": pl.String, "kind": pl.String, "kind_name": pl.String, "state": pl.String,
    "mw": pl.Float64, "mwp": pl.Float64, "mwh": pl.Float64, "voltage": pl.Float64, "owner": pl.String, "demo": pl.Boolean,
}  # fmt: skip


def _seen(request: HttpRequest, city: EnergyCity) -> set[int]:
    return set(Plant.objects.for_user(request.user).filter(city=city.code).values_list("pk", flat=True))


def years_of(request: HttpRequest, found: Register) -> tuple[int, list[dict[str, Any]]]:
    """The year asked for, and the tabs."""
    known = found.years(timezone.localdate())[::-1]
    year = asked.year(request, known, default=known[0])
    tabs = [{"value": each, "address": asked.address(request, year=each), "current": each == year} for each in known]
    return year, tabs


def _frame(found: Register, seen: set[int], city: EnergyCity, today: date) -> pl.DataFrame:
    names = cities.counties(city)
    rows = []
    for pk in seen:
        if (plant := found.plants.get(pk)) is None:
            continue  # registered within the last minute
        stands = found.stock_of(plant, today)
        rows.append({
            "code": plant.code, "name": plant.name, "place": plant.place, "county": names.get(plant.place, plant.place), "kind": plant.kind,
            "kind_name": plant.get_kind_display(), "state": found.state_of(plant, today), "mw": stands.mw,
            "mwp": stands.mwp if stands.mwp else None, "mwh": stands.mwh if plant.stores else None, "voltage": plant.voltage,
            "owner": plant.owner, "demo": plant.demo,
        })  # fmt: skip
    return pl.DataFrame(rows, schema=FRAME, orient="row")


@require_safe
@asks(permissions.SEE)
def plants(request: HttpRequest) -> HttpResponse:
    """Every plant that this person sees; what contradicts itself stands first."""
    city, today = city_here(), timezone.localdate()
    found, seen = reading.register_kept(city), _seen(request, city)
    names = cities.counties(city)
    table = Table(
        request, _frame(found, seen, city, today),
        [
            Column("name", _("电站"), link=lambda row: reverse("energy:plants-card", kwargs={"plant": row["code"]}), wide=True),
            Column("county", _("县区"), sort="place"), Column("kind_name", _("类型"), sort="kind"),
            Column("state", _("状态"), show=lambda row: STATES[row["state"]]),
            Column("mw", _("并网（MW）"), numeric=True, show=lambda row: amount(row["mw"], 1)),
            Column("mwp", _("直流（MWp）"), numeric=True, show=lambda row: amount(row["mwp"], 1)),
            Column("mwh", _("储能（MWh）"), numeric=True, show=lambda row: amount(row["mwh"], 1)),
            Column("voltage", _("电压（kV）"), numeric=True, show=lambda row: "–" if row["voltage"] is None else f"{row['voltage']:g}"),
            Column("owner", _("业主")), Column("demo", _("备注"), sort=None, show=lambda row: _("演示") if row["demo"] else ""),
        ],
        _("电站"), search=("name", "code", "owner"),
        choices=(
            Choice("kind", _("类型"), dict(Plant.Kind.choices)), Choice("place", _("县区"), names),
            Choice("state", _("状态"), dict(CapacityChange.Stage.choices)),
        ),
        order="place", empty=_("台账里还没有您能看到的电站。"), file="plants",
    )  # fmt: skip
    if download := table.download():
        return download
    year, by_code = today.year, {each.code: each for each in found.plants.values()}
    told = findings.all_of(found, reading.outputs_kept(found, year), year, names, today)
    mine = findings.seen(told, seen, set(own_places(request.user, city, permissions.own_place)))
    totals = found.totals(("wind", "pv", "storage"), today)
    context = {
        "table": table, "impossible": [each for each in mine if each.impossible][:12], "doubtful": [each for each in mine if not each.impossible][:12],
        "count": len(mine), "waiting": found.waiting, "undeclared": [names[each] for each in found.undeclared], "year": year,
        "figures": [
            {"title": _("风电并网"), "value": amount(totals["wind"].mw, 1), "unit": "MW"},
            {"title": _("光伏并网（交流）"), "value": amount(totals["pv"].mw, 1), "unit": "MW", "note": direct(totals["pv"])},
            {"title": _("新型储能"), "value": amount(totals["storage"].mw, 1), "unit": "MW", "note": f"{amount(totals['storage'].mwh, 1)} MWh"},
            {"title": _("待核的容量变动"), "value": amount(found.waiting), "unit": _("份")},
        ],
        "keeps": may(request.user, permissions.KEEP), "totals": may(request.user, permissions.TOTAL),
        "map": located(city, ((by_code[code], mw) for code, mw in table.chosen.select("code", "mw").iter_rows())), "ground": outline(city.boundary, names),
    }  # fmt: skip
    return render(request, "energy/plants/plants.html", context)


def direct(of: Any) -> str:
    """DC beside AC, and how much AC has no DC: never one number."""
    told = _("直流 %(mwp)s MWp") % {"mwp": amount(of.mwp, 1)}
    return told + (_("，另有 %(mw)s MW 没有直流容量数据") % {"mw": amount(of.bare, 1)} if of.bare > 1e-9 else "")


@require_safe
@asks(permissions.SEE)
def card(request: HttpRequest, plant: str) -> HttpResponse:
    """One plant: capacity by date with its proof, output by month, curtailment, duty, what contradicts itself."""
    city, today = city_here(), timezone.localdate()
    one = store.plant_for(request.user, plant)
    found = reading.register_kept(city)
    year, tabs = years_of(request, found)
    output = reading.outputs(found, year, [one]).get(one.pk)
    changes = found.changes.get(one.pk, [])
    chart = output_chart(one, output, year)
    if chart and (download := chart.download(request)):
        return download
    told = findings.of_output(output, year) if output else []
    told += findings.of_night(found, one, *findings.last_nights(today))
    told += [each for each in findings.of_register(found, cities.counties(city), today) if each.plant and each.plant.pk == one.pk]  # fmt: skip
    standing = next((each for each in reading.standings(found, today) if each.plant.pk == one.pk), None)
    known = found.stages.get(one.pk, {})
    history = one.changes.select_related("record").prefetch_related("record__evidence").order_by("-on", "-pk")
    contracts = [each for each in found.leases if one.pk in (each.plant_id, each.station_id)]
    context = {
        "plant": one, "place": cities.counties(city).get(one.place, one.place), "state": STATES[found.state_of(one, today)], "findings": told, "year": year, "year_tabs": tabs,
        "stock": _amounts(found.stock_of(one, today)), "stages": [{"name": STATES[each], "mw": amount(known[each], 1)} for each in CapacityChange.Stage.values if each in known],
        "movement": _moved(movement(changes, date(year, 1, 1), min(date(year, 12, 31), today))), "history": [_told(row) for row in history], "chart": chart,
        "output": _output(output) if output else None, "months": _months(output) if output else [], "standing": standing and _standing(standing),
        "storages": [{"plant": each, "amount": _amounts(found.stock_of(each, today))} for each in found.plants.values() if each.part_of_id == one.pk],
        "leases": [{"row": each, "mw": amount(each.mw, 1), "mwh": amount(each.mwh, 1)} for each in contracts],
        "direct": direct(found.stock_of(one, today)) if one.kind in rules.kinds_of("pv") else "",
        "meters": sorted({code for codes in one.meters.values() for code in codes}),
        "files": may(request.user, permissions.FILE, one), "keeps": may(request.user, permissions.KEEP, one.place), "owes": one.kind in rules.duty_kinds(),
        "duty_rule": rules.duty_rule(),
    }  # fmt: skip
    return render(request, "energy/plants/card.html", context)


def _amounts(of: Any) -> dict[str, str]:
    return {name: amount(getattr(of, name), 1) for name in ("mw", "mwp", "mwh")}


def _moved(of: Any) -> dict[str, str]:
    return {name: amount(getattr(of, name).mw, 1) for name in ("start", "added", "retired", "end")}


def _told(row: CapacityChange) -> dict[str, Any]:
    return {
        "row": row, "mw": amount(row.mw, 2), "mwp": amount(row.mwp, 2), "mwh": amount(row.mwh, 2),
        "evidence": list(row.record.evidence.all()),
    }  # fmt: skip


def _output(output: Output) -> dict[str, Any]:
    of = output.totals
    return {
        "months": of.months, "generation": amount(of.generation), "hours": amount(of.utilisation), "mw": amount(of.mw, 1),
        "factor": percent(None if of.capacity_factor is None else of.capacity_factor * 100), "lost": amount(of.lost),
        "rate": percent(None if of.curtailment is None else of.curtailment * 100), "charged": amount(of.charged), "discharged": amount(of.discharged),
        "efficiency": percent(None if of.efficiency is None else of.efficiency * 100), "cycles": amount(of.cycles, 1), "storage_hours": amount(of.storage_hours),
    }  # fmt: skip


def _months(output: Output) -> list[dict[str, Any]]:
    rows = []
    for row in output.rows:
        told, one = output.told[row.month], reading.totals([row])
        values = {name: amount(getattr(row, name)) for name in (*rules.TOLD, "lost")}
        rows.append(values | {
            "month": row.month, "mw": amount(row.mw, 1), "hours": amount(one.utilisation, 1), "rate": percent(None if one.curtailment is None else one.curtailment * 100),
            "efficiency": percent(None if one.efficiency is None else one.efficiency * 100), "told": told, "wrong": row.month in output.wrong,
        })  # fmt: skip
    return rows


@require_safe
@asks(permissions.SEE)
def board(request: HttpRequest) -> HttpResponse:
    """Stock and additions by kind, county and year; the targets of the plans beside what the register says."""
    city, today = city_here(), timezone.localdate()
    found = reading.register_kept(city)
    year, tabs = years_of(request, found)
    groups = rules.groups()
    group = asked.one_of(request, "group", groups, default="wind")
    chart = stock_chart(found, group, groups[group], today, year)
    if chart and (download := chart.download(request)):
        return download
    last = min(date(year, 12, 31), today)
    told = reading.outputs_kept(found, year)
    names = cities.counties(city)
    stocks = {place: found.stock(group, last, place).mw for place in names}
    seen, kinds = _seen(request, city), rules.kinds_of(group)
    standing = (
        (each, found.stock_of(each, last).mw)
        for each in found.plants.values()
        if each.pk in seen and each.kind in kinds
    )
    context = {
        "group": group, "title": groups[group], "year": year, "year_tabs": tabs, "last": last, "chart": chart,
        "tabs": [{"value": each, "title": title, "address": asked.address(request, group=each), "current": each == group} for each, title in groups.items() if found.of(each)],
        "kinds": [_kind(found, told, each, title, year, last) for each, title in groups.items() if found.of(each)],
        "counties": [{"name": name, **_moved(found.movement(group, year, today, place))} for place, name in names.items()],
        "ground": choropleth(city.boundary, {place: mw or None for place, mw in stocks.items()}, names, more={place: {"words": f"{amount(mw, 1)} MW" if mw else _("无数据")} for place, mw in stocks.items()}),
        "map": located(city, ((each, mw) for each, mw in standing if mw)), "targets": [_target(each) for each in reading.progress(found, today)],
        "undeclared": [names[each] for each in found.undeclared], "rules": [rules.rules()[each] for each in ("stock", "once", "hours", "curtailment")],
        "publishes": may(request.user, permissions.PUBLISH), "demo": any(each.demo for each in found.plants.values()),
    }  # fmt: skip
    return render(request, "energy/plants/board.html", context)


def _kind(found: Register, told: Any, group: str, title: str, year: int, last: date) -> dict[str, Any]:
    of, output = found.movement(group, year, last), reading.of_group(told, group)
    return {
        "title": title, **_moved(of), "mwp": amount(of.end.mwp, 1) if group in ("pv", "pv_central", "pv_distributed") else "–",
        "mwh": amount(of.end.mwh, 1) if group in ("storage", "pumped") else "–", "generation": amount(output.generation),
        "hours": amount(output.utilisation), "rate": percent(None if output.curtailment is None else output.curtailment * 100),
    }  # fmt: skip


def _target(of: reading.Progress) -> dict[str, Any]:
    words = {
        "stock": _("存量"),
        "added": _("新增"),
        "rise": _("存量比 %(year)s 年底") % {"year": of.target.base_year or ""},
    }
    over = of.last < timezone.localdate()
    met = {True: _("已达到"), False: _("未达到") if over else _("进行中"), None: _("缺数，无法判断")}[of.met]
    return {
        "target": of.target, "measure": words[of.target.measure], "value": amount(of.value, 1), "wanted": amount(of.wanted, 1), "share": percent(of.share),
        "met": met, "last": of.last, "tone": {True: "ok", False: "bad" if over else "", None: "warn"}[of.met], "base": amount(of.base, 1) if of.base is not None else "",
    }  # fmt: skip


ADVICE = {"short": "bad", "unruled": "warn", "met": "ok"}


def _standing(of: reading.Standing) -> dict[str, Any]:
    titles = {"short": _("不足"), "unruled": _("待录入规定"), "met": _("已满足")}
    ruled = bool(of.duty.lines)  # where no rule speaks of any part, it is unknown what is owed: not zero
    return {
        "plant": of.plant, "duty": {"mw": amount(of.duty.mw if ruled else None, 1), "mwh": amount(of.duty.mwh if ruled else None, 1)}, "own": _amounts(of.own), "leased": _amounts(of.leased), "short": _amounts(of.short) if ruled else {"mw": "–", "mwh": "–"}, "state": of.state,
        "title": titles[of.state], "tone": ADVICE[of.state], "unruled": amount(of.duty.unruled, 1) if of.duty.unruled else "", "ends": of.ends,
        "lines": [{"rule": rule, "mw": amount(mw, 1)} for rule, mw in of.duty.lines],
    }  # fmt: skip


@require_safe
@asks(permissions.SEE)
def storage(request: HttpRequest) -> HttpResponse:
    """Who owes storage and is short, which shared stations have room, the contracts, the rules, how storages run."""
    city, today = city_here(), timezone.localdate()
    found, seen = reading.register_kept(city), _seen(request, city)
    year, tabs = years_of(request, found)
    standings = [each for each in reading.standings(found, today) if each.plant.pk in seen]
    order = {"short": 0, "unruled": 1, "met": 2}
    standings.sort(key=lambda each: (order[each.state], -each.short.mw, each.plant.code))
    told = reading.outputs_kept(found, year)
    running = [told[pk] for pk in told if pk in seen and found.plants[pk].stores]
    stations = reading.stations(found, today)
    contracts = [each for each in found.leases if seen & {each.plant_id, each.station_id}][:200]
    context = {
        "standings": [_standing(each) for each in standings], "short": sum(each.state == "short" for each in standings), "unruled": sum(each.state == "unruled" for each in standings),
        "stations": [{"plant": each.plant, "visible": each.plant.pk in seen, **{name: _amounts(getattr(each, name)) for name in ("connected", "leased", "free")}} for each in stations],
        "room": amount(sum(each.free.mw for each in stations), 1), "room_mwh": amount(sum(each.free.mwh for each in stations), 1),
        "broken": findings.of_leases(found), "leases": [{"row": each, "mw": amount(each.mw, 1), "mwh": amount(each.mwh, 1)} for each in contracts],
        "duties": found.duties, "duty_rule": rules.duty_rule(), "operation": [_output(each) | {"plant": each.plant} for each in running],
        "storage_rule": rules.rules()["storage"], "year": year, "year_tabs": tabs, "writes": may(request.user, permissions.RULE),
    }  # fmt: skip
    return render(request, "energy/plants/storage.html", context)
