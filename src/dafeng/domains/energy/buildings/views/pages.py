"""The register with its ranking and map, one building's card, retrofits against the target, and what is filed for a building."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import polars as pl
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.energy.buildings import metering, permissions, publication, reading, rules, store
from dafeng.domains.energy.buildings.forms import AuditForm, BuildingForm, RetrofitForm, UseForm
from dafeng.domains.energy.buildings.reading import Card
from dafeng.domains.energy.city_page import amount, city_here, evidence_of, own_places, percent
from dafeng.domains.energy.control import city as cities
from dafeng.domains.energy.control.rules import english
from dafeng.domains.energy.models import Building, BuildingUse, EnergyCity
from dafeng.kernel.actions import asks, demand, may
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.pages import asked
from dafeng.kernel.pages.kept import MINUTE, kept
from dafeng.kernel.pages.maps import choropleth
from dafeng.kernel.pages.steps import record_of, timeline, told, unchanged
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.quantities.units import printed
from dafeng.kernel.records import services as records
from dafeng.kernel.records import workflows
from dafeng.kernel.records.models import Record
from dafeng.kernel.series.points import one_look

KINDS = (store.RETROFIT, store.AUDIT)


def _year(request: HttpRequest, city: EnergyCity) -> int:
    known = reading.years(city.code) or [timezone.localdate().year - 1]
    return asked.year(request, known, default=known[0])


def cards_of(city: EnergyCity, year: int) -> dict[int, Card]:
    """Kept until something is written, a minute at most."""
    return kept(
        "energy.buildings",
        records.head().digest,
        city.code,
        year,
        make=lambda: reading.cards(city.code, year),
        seconds=MINUTE,
    )


@require_safe
@asks(permissions.SEE)
def buildings(request: HttpRequest) -> HttpResponse:
    """Which buildings use most per square metre among their like; which public ones are over quota; the map."""
    city = city_here()
    year = _year(request, city)
    found = cards_of(city, year)
    seen = set(Building.objects.for_user(request.user).filter(city=city.code).values_list("pk", flat=True))
    shown = [card for pk, card in found.items() if pk in seen]
    types, zones = dict(Building.Type.choices), dict(Building.Zone.choices)
    table = Table(
        request, _ranking(shown),
        [
            Column("name", _("建筑"), link=lambda row: reverse("energy:buildings-card", kwargs={"building": row["code"]}) + f"?year={year}", wide=True),
            Column("place", _("县区"), show=lambda row: city.place_name(row["place"], english=english())),
            Column("type", _("类型"), show=lambda row: types[row["type"]]),
            Column("area", _("面积（m²）"), numeric=True, show=lambda row: amount(row["area"])),
            Column("intensity", _("单位面积能耗（kWh/m²）"), numeric=True, show=lambda row: amount(row["intensity"], 1) if row["intensity"] is not None else "–"),
            Column("better", _("优于同类"), numeric=True, show=lambda row: percent(row["better"]) if row["better"] is not None else _("同类不足")),
            Column("quota", _("占定额"), numeric=True, show=lambda row: percent(row["quota"]) if row["quota"] is not None else "–"),
            Column("rating", _("评价（草案）"), sort="score", show=lambda row: row["rating"] or "–"),
            Column("demo", _("备注"), sort=None, show=lambda row: _("演示") if row["demo"] else ""),
        ],
        _("建筑名录与排名"), search=("name", "code"),
        choices=(
            Choice("type", _("类型"), types), Choice("zone", _("气候区"), zones), Choice("place", _("县区"), cities.counties(city)),
            Choice("public", _("公共机构"), {"True": _("是"), "False": _("否")}),
        ),
        order="place", empty=_("名录里还没有您能看到的建筑。"), file="buildings",
    )  # fmt: skip
    if download := table.download():
        return download
    ranked = sorted(
        (card for card in shown if card.standing and card.standing.better_than < 0.5),
        key=lambda card: card.standing.better_than if card.standing else 1.0,
    )
    progress = reading.progress(city.code)
    by_county = reading.by_county(shown)
    context = {
        "table": table, "year": year, "over": [card for card in shown if card.over], "worst": [_worst(card) for card in ranked[:5]],
        "map": choropleth(city.boundary, dict(by_county), cities.counties(city)), "progress": _progress(progress),
        "figures": [
            {"title": _("登记建筑"), "value": amount(len(shown)), "unit": _("座")}, {"title": _("有用能数据"), "value": amount(sum(card.intensity is not None for card in shown)), "unit": _("座")},
            {"title": _("公共机构超定额"), "value": amount(sum(card.over for card in shown)), "unit": _("座")},
            {"title": _("承诺率先达峰"), "value": amount(sum(card.building.pledge_year is not None for card in shown)), "unit": _("座")},
        ],
        "rankings": [
            {"title": _("按单位面积能耗从高到低"), "address": table.address(sort="-intensity")}, {"title": _("按与同类相比从差到好"), "address": table.address(sort="better")},
        ],
        "keeps": may(request.user, permissions.KEEP), "rating": rules.rubric().standing, "least": rules.least_peers(),
        "year_tabs": [{"value": each, "address": asked.address(request, year=each), "current": each == year} for each in reading.years(city.code)],
    }  # fmt: skip
    return render(request, "energy/buildings/buildings.html", context)


RANKED = {
    "code": pl.String, "name": pl.String, "place": pl.String, "type": pl.String, "zone": pl.String, "public": pl.String, "area": pl.Float64,
    "intensity": pl.Float64, "better": pl.Float64, "quota": pl.Float64, "rating": pl.String, "score": pl.Float64, "demo": pl.Boolean,
}  # fmt: skip


def _ranking(cards: list[Card]) -> pl.DataFrame:
    """A row a building, so that the list sorts by what is calculated: kWh/m²; `better` (of its peers) and `quota` (used of it) in percent."""
    rows = []
    for card in sorted(cards, key=lambda each: each.building.code):
        own = card.building
        rows.append(
            (
                own.code, own.name, own.place, own.type, own.zone, str(own.public), own.area,
                card.intensity.whole if card.intensity else None, card.standing.better_than * 100 if card.standing else None,
                card.energy_share, card.rating.get("title"), card.rating.get("score"), own.demo,
            )
        )  # fmt: skip
    return pl.DataFrame(rows, schema=RANKED, orient="row")


def _worst(card: Card) -> dict[str, Any]:
    assert card.standing is not None
    assert card.intensity is not None
    return {
        "card": card, "whole": amount(card.intensity.whole, 1), "median": amount(card.standing.median, 1), "worse": percent((1 - card.standing.better_than) * 100),
        "peers": card.standing.peers,
    }  # fmt: skip


def _progress(found: reading.Progress) -> dict[str, Any]:
    """The target's bar in units of 1000 wide."""
    target = rules.target()
    done = min(found.counted / found.target, 1.0) * 1000
    return {
        "counted": amount(found.counted / 1e4, 2), "waiting": amount(found.waiting / 1e4, 2), "target": amount(found.target / 1e4), "share": percent(found.share),
        "buildings": found.buildings, "done": round(done, 1), "wait": round(min(found.waiting / found.target * 1000, 1000 - done), 1), "source": target.source,
        "year": target.year,
    }  # fmt: skip


@require_safe
@asks(permissions.SEE)
@one_look()
def meters(request: HttpRequest, building: str) -> HttpResponse:
    """Months of a building's own points, beside what was told of the year."""
    found, this = store.building_for(request.user, building), timezone.localdate().year
    known = [this, this - 1, this - 2]
    year = asked.year(request, known, default=this)
    points = metering.points_of(found)
    told_months, carriers = metering.months(points, year), rules.carriers()
    whole: dict[str, float] = {}
    for each in told_months:
        whole[each.carrier] = whole.get(each.carrier, 0.0) + each.value
    stated = {
        row.carrier: row.value
        for row in found.uses.filter(year=year, end_use=BuildingUse.EndUse.TOTAL).order_by("revision")
    }
    context = {
        "building": found, "year": year, "meters": points, "unknown_meters": metering.unknown(found, points),
        "metered": [
            {"month": each.month, "carrier": carriers[each.carrier].name, "value": amount(each.value, 1), "unit": carriers[each.carrier].unit, "coverage": percent(each.coverage * 100)}
            for each in told_months
        ],
        "compared": [
            {"carrier": carriers[code].name, "unit": carriers[code].unit, "metered": amount(value, 1), "told": amount(stated[code], 1), "gap": percent((value / stated[code] - 1) * 100)}
            for code, value in whole.items() if stated.get(code)
        ],
        "files": may(request.user, permissions.FILE, found) and year < this,
        "year_tabs": [{"value": each, "address": asked.address(request, year=each), "current": each == year} for each in known],
    }  # fmt: skip
    return render(request, "energy/buildings/meters.html", context)


@require_safe
@asks(permissions.SEE)
def card(request: HttpRequest, building: str) -> HttpResponse:
    """One building: intensity by end use, standing, quotas, rating with its lines, retrofits, audits, what was filed."""
    city = city_here()
    found = store.building_for(request.user, building)
    year = _year(request, city)
    own = cards_of(city, year).get(found.pk) or Card(found, year, None)
    labels = dict(BuildingUse.EndUse.choices)
    parts = []
    if own.intensity:
        whole = own.intensity.whole
        rows = [
            *own.intensity.by_end_use.items(),
            *([("", own.intensity.unattributed)] if own.intensity.unattributed else []),
        ]
        parts = [
            {"name": labels.get(name) or _("未分项"), "value": amount(value, 1), "share": percent(value / whole * 100 if whole else None), "width": round(value / whole * 100, 1) if whole else 0}
            for name, value in rows
        ]  # fmt: skip
    lines = []
    if own.intensity:
        frame = reading.scores({found.subject: own}).explain([found.subject])
        lines = [row for row in frame.iter_rows(named=True) if row["kind"] == "item"]
    carriers = rules.carriers()
    uses = [
        {
            "row": row,
            "carrier": carriers[row.carrier].name,
            "unit": carriers[row.carrier].unit,
            "value": amount(row.value, 0 if (row.value or 0) >= 1000 else 1),
        }
        for row in found.uses.filter(year=year).select_related("by").order_by("carrier", "end_use", "-revision")
    ]
    context = {
        "building": found, "card": own, "year": year, "place": city.place_name(found.place, english=english()), "parts": parts, "lines": lines, "uses": uses,
        "whole": amount(own.intensity.whole, 1) if own.intensity else "", "tce": amount(own.tce, 1), "water": amount(own.water),
        "water_area": amount(own.water / found.area, 2) if own.water is not None else "", "energy_quota": amount(own.energy_quota, 1), "water_quota": amount(own.water_quota),
        "energy_share": percent(own.energy_share), "water_share": percent(own.water_share),
        "made_of": _made_of([each["row"] for each in uses]), "kwh": rules.carriers()["electricity"].kgce,
        "median": amount(own.standing.median, 1) if own.standing else "", "better": percent(own.standing.better_than * 100) if own.standing else "",
        "score": amount(own.rating.get("score"), 1), "coverage": percent((own.rating.get("coverage") or 0) * 100),
        "retrofits": list(found.retrofits.select_related("record").order_by("-finished_on")), "audits": list(found.audits.select_related("record").order_by("-year")),
        "files": may(request.user, permissions.FILE, found), "keeps": may(request.user, permissions.KEEP, found.place), "rubric": rules.rubric(), "english": english(), "least": rules.least_peers(),
        "year_tabs": [{"value": each, "address": asked.address(request, year=each), "current": each == year} for each in reading.years(city.code)],
    }  # fmt: skip
    return render(request, "energy/buildings/card.html", context)


def _made_of(rows: list[BuildingUse]) -> list[dict[str, Any]]:
    """What the year's tce is the sum of, a carrier a line: its total where one was told, else its end uses, the newest revision of each."""
    newest: dict[tuple[str, str], float] = {}
    for row in sorted(rows, key=lambda each: each.revision):
        newest.pop((row.carrier, row.end_use), None)
        if row.value is not None:
            newest[row.carrier, row.end_use] = row.value
    found = []
    for code, carrier in rules.carriers().items():
        told_ = {end_use: value for (each, end_use), value in newest.items() if each == code}
        if carrier.kgce is None or not told_:
            continue
        value = told_.get(BuildingUse.EndUse.TOTAL, sum(told_.values()))
        unit = printed(carrier.unit)
        found.append(
            {
                "line": f"{carrier.name}：{amount(value)} {unit} × {carrier.kgce:g} kgce/{unit} = {amount(value * carrier.kgce / 1000, 1)} tce",
                "standing": carrier.standing,
            }
        )  # fmt: skip
    return found


@require_safe
@asks(permissions.SEE)
def retrofits(request: HttpRequest) -> HttpResponse:
    """Every retrofit that this person sees, and the area against the plan's target."""
    city = city_here()
    states = {name: state.title for name, state in workflows.get(store.RETROFIT).states.items()}
    table = Table(
        request, reading.retrofits_for(request.user, city.code),
        [
            Column("building.name", _("建筑"), link=lambda row: reverse("energy:buildings-record", kwargs={"id": row.record_id}), wide=True),
            Column("building.place", _("县区"), show=lambda row: city.place_name(row.building.place, english=english())),
            Column("title", _("改造内容"), wide=True), Column("part", _("改造部位")),
            Column("area", _("面积（m²）"), numeric=True, show=lambda row: amount(row.area)),
            Column("finished_on", _("竣工日期"), show=lambda row: str(row.finished_on)),
            Column("saving", _("年节能量（kWh）"), numeric=True, show=lambda row: amount(row.saving)),
            Column("record.state", _("状态"), show=lambda row: row.record.state_title),
            Column("demo", _("备注"), sort=None, show=lambda row: _("演示") if row.demo else ""),
        ],
        _("节能改造"), search=("title", "building__name"), choices=(Choice("state", _("状态"), states, column="record__state"),),
        order="-finished_on", empty=_("还没有报改造项目。"), file="retrofits",
    )  # fmt: skip
    found = reading.progress(city.code)
    by_place = [
        {"name": city.place_name(code, english=english()), "area": amount(area)}
        for code, area in sorted(found.by_place.items(), key=lambda each: -each[1])
    ]
    context = {"table": table, "progress": _progress(found), "by_place": by_place}
    return table.download() or render(request, "energy/buildings/retrofits.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def edit(request: HttpRequest, building: str = "") -> HttpResponse:
    """Put a building on the register, or bring it up to date."""
    city = city_here()
    found = store.building_for(request.user, building) if building else None
    if found:
        demand(request.user, permissions.KEEP, found.place)
    initial = (
        {name: getattr(found, name) for name in store.WORDS} | {"code": found.code, "meters": "，".join(found.meters)}
        if found
        else {"zone": "hscw"}
    )
    form = BuildingForm(
        request.POST or None, places=own_places(request.user, city, permissions.own_place), initial=initial
    )
    context: dict[str, Any] = {"form": form, "title": found.name if found else _("登记建筑"), "lead": _("同编号的建筑会更新。"), "button": _("保存"), "back": reverse("energy:buildings"), "back_title": _("建筑名录")}  # fmt: skip
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        try:
            made = store.keep(
                city.code,
                code=found.code if found else given.pop("code"),
                given=given,
                by=request.user,
                now=timezone.now(),
                demo=bool(found and found.demo),
            )
        except DafengError as error:
            return render(request, "energy/control/form.html", context | {"error": error.as_dict()}, status=422)
        return redirect("energy:buildings-card", building=made.code)
    return render(request, "energy/control/form.html", context, status=422 if request.method == "POST" else 200)


def _filing(
    request: HttpRequest, building: str, make: Callable[..., Any], do: Callable[[Building, dict[str, Any], Any], Any], *, title: str, lead: str, source: str
) -> HttpResponse:  # fmt: skip
    """A form about one building with a file: shown, checked, done."""
    found = store.building_for(request.user, building)
    if not may(request.user, permissions.FILE, found):
        raise NotFound(_("没有这座建筑"), mend=_("请从建筑名录进入"))
    form = make(request.POST or None, request.FILES or None, initial={"year": timezone.localdate().year - 1})
    back = reverse("energy:buildings-card", kwargs={"building": found.code})
    context: dict[str, Any] = {
        "form": form,
        "title": title,
        "lead": lead,
        "button": _("报送"),
        "back": back,
        "back_title": found.name,
    }
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        try:
            with records.serial():
                do(found, given, evidence_of(request, given.pop("file"), source))
        except DafengError as error:
            return render(request, "energy/control/form.html", context | {"error": error.as_dict()}, status=422)
        messages.success(request, _("已报送"))
        return redirect(back)
    return render(request, "energy/control/form.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.FILE)
def use(request: HttpRequest, building: str) -> HttpResponse:
    """Tell what a building used."""

    def do(found: Building, given: dict[str, Any], evidence: Any) -> None:
        store.file_use(found, **given, evidence=evidence[0] if evidence else None, by=request.user, now=timezone.now())

    return _filing(
        request,
        building,
        UseForm,
        do,
        title=_("填报建筑用能"),
        lead=_("同一年、品种、用途再填一次即为更正，原数保留。"),
        source=_("建筑用能凭证"),
    )


@require_POST
@asks(permissions.FILE)
def use_metered(request: HttpRequest, building: str) -> HttpResponse:
    """File what the meters say of a finished year."""
    found = store.building_for(request.user, building)
    demand(request.user, permissions.FILE, found)
    year = request.POST.get("year", "")
    made: list[Any] = []
    if (
        told(
            request,
            lambda: made.extend(
                metering.file_year(found, int(year) if year.isdigit() else 0, by=request.user, now=timezone.now())
            ),
            _("已按计量汇总，见“填报的用能”"),
        )
        and not made
    ):
        messages.warning(request, _("没有新的可入账：这一年还没有过完、计量不足 98%，或已有人填报。"))
    back = reverse("energy:buildings-meters", kwargs={"building": found.code})
    return redirect(back + (f"?year={year}" if year.isdigit() else ""))


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.FILE)
def retrofit(request: HttpRequest, building: str) -> HttpResponse:
    """File a finished retrofit."""

    def do(found: Building, given: dict[str, Any], evidence: Any) -> None:
        store.file_retrofit(
            found, **given, evidence=evidence, by=request.user, now=timezone.now(), today=timezone.localdate()
        )

    return _filing(
        request,
        building,
        RetrofitForm,
        do,
        title=_("报送节能改造"),
        lead=_("附竣工或验收证明，由另一人验收后计入目标。"),
        source=_("改造证明"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.FILE)
def audit(request: HttpRequest, building: str) -> HttpResponse:
    """File a carbon audit."""

    def do(found: Building, given: dict[str, Any], evidence: Any) -> None:
        store.file_audit(found, **given, evidence=evidence, by=request.user, now=timezone.now())

    return _filing(
        request,
        building,
        AuditForm,
        do,
        title=_("报送碳审计"),
        lead=_("公共机构的建筑；附审计报告，由另一人审核。"),
        source=_("碳审计报告"),
    )


def building_record(request: HttpRequest, id: UUID, *kinds: str) -> Record:
    return record_of(request, id, *kinds, mend=_("请从建筑名录重新进入"))


@require_safe
@asks(permissions.SEE)
def record(request: HttpRequest, id: UUID) -> HttpResponse:
    """A retrofit or an audit: what it says, its proof, its steps."""
    found = building_record(request, id, *KINDS)
    if found.kind == store.RETROFIT:
        row = found.energy_retrofit
        facts = [
            (_("改造内容"), row.title), (_("改造部位"), row.part or _("整栋")), (_("改造面积"), f"{amount(row.area)} m²"), (_("竣工日期"), row.finished_on),
            (_("年节能量"), f"{amount(row.saving)} kWh"),
        ]  # fmt: skip
    else:
        row = found.energy_building_audit
        facts = [
            (_("年份"), row.year),
            (
                _("审计机构"),
                row.auditor
                if found.payload.get("body")
                else _("%(name)s（不在第三方机构名录）") % {"name": row.auditor},
            ),
            (_("委托名录以外机构的理由"), found.payload.get("note") or "–"),
            (_("碳排放"), f"{amount(row.tonnes, 1)} t CO₂"),
            (_("发现与整改"), row.findings),
        ]
    steps = records.actions(found, request.user)
    context = {
        "record": found, "facts": facts, "building": row.building, "steps": steps, "evidence": list(found.evidence.all()), "events": timeline(found),
        "demo": row.demo, "waits": found.state == "filed" and not steps,
    }  # fmt: skip
    return render(request, "energy/buildings/record.html", context)


@require_POST
@asks(permissions.CHECK)
def record_step(request: HttpRequest, id: UUID) -> HttpResponse:
    """Accept or refuse; the workflow says who may."""
    found = building_record(request, id, *KINDS)
    unchanged(request, found)
    action, reason = request.POST.get("action", ""), request.POST.get("reason", "")[:300]
    told(request, lambda: records.move(found, action, by=request.user, now=timezone.now(), reason=reason), _("已办理"))
    return redirect("energy:buildings-record", id=id)


@require_POST
@asks(permissions.PUBLISH)
def publish(request: HttpRequest) -> HttpResponse:
    count = publication.publish(city_here().code, by=request.user, now=timezone.now())
    messages.success(request, _("已发布 %(count)s 个数") % {"count": count})
    return redirect("energy:buildings")
