"""The register with the all-of targets, one park's board, its flows, and the progress of the circular retrofit."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dafeng.domains.energy.city_page import amount, city_here, percent
from dafeng.domains.energy.control import balance as control
from dafeng.domains.energy.control import city as cities
from dafeng.domains.energy.control import permissions as control_permissions
from dafeng.domains.energy.control.rules import english
from dafeng.domains.energy.models import (
    Anomaly,
    Meter,
    MonitoredFirm,
    Park,
    ParkFirm,
    ParkService,
    ParkStage,
    Qualification,
)
from dafeng.domains.energy.monitoring import forecasting, words
from dafeng.domains.energy.monitoring import permissions as monitoring_permissions
from dafeng.domains.energy.monitoring.views.anomalies import where
from dafeng.domains.energy.monitoring.views.plans import band
from dafeng.domains.energy.parks import permissions, reading, rules, store
from dafeng.domains.energy.parks.emissions import Emitted
from dafeng.domains.energy.parks.methods.progress import Standing
from dafeng.domains.energy.parks.views.park_page import months, names_of, own_codes, shell, verdict
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.actions import asks, may
from dafeng.kernel.enterprises.access import OFFICES
from dafeng.kernel.pages import charts
from dafeng.kernel.pages.kept import MINUTE, kept
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.quantities.units import printed
from dafeng.kernel.records import services as records
from dafeng.kernel.records.access import is_superuser, roles_of
from dafeng.kernel.series import queries
from dafeng.kernel.series.points import one_look


def stage_words() -> dict[str, str]:
    return {"none": _("未启动"), "doing": _("进行中"), "done": _("已完成")}


@require_safe
@asks(permissions.SEE)
def parks(request: HttpRequest) -> HttpResponse:
    """Every park that this person may see; which ones stand between the city and its targets."""
    city = city_here()
    today = timezone.localdate()
    mine = (
        Park.objects.for_user(request.user)
        .filter(city=city.code)
        .annotate(inside=Count("firms", filter=Q(firms__until=None)))
    )
    shown = list(mine)
    standing = {each.code: each for each in reading.standings(shown, on=today)}
    said = stage_words()
    table = Table(
        request, mine,
        [
            Column("name", _("园区"), show=lambda row: row.called(english=english()), link=lambda row: reverse("energy:parks-board", kwargs={"park": row.code}), wide=True),
            Column("place", _("县区"), show=lambda row: city.place_name(row.place, english=english())),
            Column("level", _("级别"), show=lambda row: row.get_level_display()),
            Column("operator", _("运营单位"), wide=True),
            Column("inside", _("入园企业"), numeric=True),
            Column("qualified", _("具备条件"), sort=None, show=lambda row: {True: _("具备"), False: _("不具备"), None: _("未评定")}[standing[row.code].qualified]),
            Column("stage", _("循环化改造"), sort=None, show=lambda row: said[standing[row.code].stage]),
            Column("demo", _("备注"), sort=None, show=lambda row: _("演示") if row.demo else ""),
        ],
        _("园区名录"), search=("name", "name_en", "code", "operator"),
        choices=(Choice("level", _("级别"), dict(Park.Level.choices)), Choice("place", _("县区"), cities.counties(city))),
        order="place", empty=_("名录里还没有您能看到的园区。"), file="parks",
    )  # fmt: skip
    if download := table.download():
        return download
    context = {
        "table": table, "targets": _targets(shown, today, list(standing.values())), "keeps": may(request.user, permissions.KEEP), "publishes": may(request.user, permissions.PUBLISH), "partial": not _everything(request),
    }  # fmt: skip
    return render(request, "energy/parks/parks.html", context)


def _everything(request: HttpRequest) -> bool:
    return is_superuser(request.user) or bool(OFFICES & roles_of(request.user))


def _targets(shown: list[Park], today: date, standing: list[Standing]) -> list[dict[str, Any]]:
    names = {each.code: each for each in shown}
    found = []
    for target, done in reading.progress(shown, on=today, found=standing):
        look, said = verdict(done.verdict)
        found.append(
            {
                "target": target, "done": done, "look": look, "verdict": said, "share": percent(done.share),
                "count": len(done.done) + len(done.late), "must": len(done.must), "bar": round((done.share or 0.0) * 10, 1),
                "missing": [names[code] for code in done.missing], "late": [names[code] for code in done.late],
                "unjudged": [names[code] for code in done.unjudged],
            }
        )  # fmt: skip
    return found


@require_safe
@asks(permissions.SEE)
def progress(request: HttpRequest) -> HttpResponse:
    """The test of 具备条件 and the stages of every park, against 2025 and 2030."""
    city = city_here()
    shown = list(
        Park.objects.for_user(request.user).filter(city=city.code)
        .prefetch_related(
            Prefetch("qualifications", Qualification.objects.select_related("record")), Prefetch("stages", ParkStage.objects.select_related("record"))
        )
    )  # fmt: skip
    said, standing = stage_words(), {each.code: each for each in reading.standings(shown, on=timezone.localdate())}
    criteria = {each.code: each.name for each in rules.criteria()}
    rows = []
    for park in shown:
        tests = [each for each in park.qualifications.all() if each.record.state != "refused"]
        test = max(tests, key=lambda each: (each.judged_on, each.pk), default=None)
        stages = sorted(
            (each for each in park.stages.all() if each.record.state != "refused"), key=lambda each: (each.on, each.pk)
        )
        rows.append(
            {
                "park": park, "name": park.called(english=english()), "place": city.place_name(park.place, english=english()), "test": test,
                "unmet": [criteria.get(each["code"], each["code"]) for each in test.criteria if not each["met"]] if test else [],
                "stages": stages, "stage": said[standing[park.code].stage], "done": standing[park.code].stage == "done",
            }
        )  # fmt: skip
    context = {"rows": rows, "targets": _targets(shown, timezone.localdate(), list(standing.values())), "criteria": rules.criteria(), "note": rules.criteria_note(), "version": rules.criteria_version()}  # fmt: skip
    return render(request, "energy/parks/progress.html", context)


@dataclass(frozen=True)
class Look:
    """What a board shows to everybody who may see it; a minute old at most."""

    month: reading.Month
    budgets: list[dict[str, Any]]
    chart: charts.Chart | None
    ahead: charts.Chart | None
    services: list[ParkService]
    stage: str


def _look(park: Park, first: date, last: date, *, operator: bool) -> Look:
    seats = list(reading.members(park, last))
    meters = reading.meters_of(seats)
    month = reading.month_of(park, first, last, seats=seats, meters=meters)
    stage = reading.standings([park], on=last)[0].stage
    # The operating company sees the firms that did not agree as one.
    alone = {
        seat.enterprise_id
        for seat in seats
        if operator and not seat.shares and seat.enterprise.organisation != park.organisation
    }
    return Look(
        month, _budgets(park, last), _day(meters, seats, alone, timezone.now()), _ahead(meters, last), list(park.services.all()), stage,
    )  # fmt: skip


@require_safe
@asks(permissions.SEE)
@one_look()
def board(request: HttpRequest, park: str) -> HttpResponse:
    """A park now: this month's energy and CO2 against its budget, its firms, what is wrong at them."""
    found = store.park_for(request.user, park)
    context = shell(request, found, "board")
    last = timezone.localdate() - timedelta(days=1)
    first = last.replace(day=1)
    operator = permissions.operates(request.user, found)
    look = kept(
        "energy.parks.board", records.head().digest, found.code, str(last), operator, make=lambda: _look(found, first, last, operator=operator), seconds=MINUTE
    )  # fmt: skip
    month, mine = look.month, own_codes(request)
    chart, ahead = (look.chart, look.ahead) if context["whole"] else (None, None)
    for each in filter(None, (chart, ahead)):
        if answer := each.download(request):
            return answer
    if context["whole"]:
        context |= {"figures": _figures(month), "budgets": look.budgets, "month": month}
    visible = {firm.enterprise.pk: firm for firm in month.firms if _shown(request, context["whole"], firm.seat, mine)}
    waiting = _waiting(request, list(visible))
    monitored = set(MonitoredFirm.objects.for_user(request.user).filter(enterprise__in=visible).values_list("enterprise_id", flat=True))  # fmt: skip
    rows = [
        {
            "name": firm.enterprise.called(english=english()), "firm": firm, "visible": firm.enterprise.pk in visible,
            "tce": amount(firm.sum("equivalent"), 1), "co2": amount(firm.sum("co2"), 1), "metered": firm.total is not None,
            "waiting": len(waiting[firm.enterprise.pk]), "linked": firm.enterprise.pk in monitored and may(request.user, monitoring_permissions.SEE),
        }
        for firm in month.firms if context["whole"] or firm.enterprise.pk in visible
    ]  # fmt: skip
    anomalies = [each for rows_of in waiting.values() for each in rows_of][:8]
    context |= {
        "rows": rows, "chart": chart, "ahead": ahead, "first": first, "last": last, "services": look.services,
        "anomalies": [{"row": each, "rule": words.RULES[each.kind], "where": where(each), "firm": each.enterprise.called(english=english())} for each in anomalies],
        "stage": stage_words()[look.stage], "place": city_here().place_name(found.place, english=english()),
        "decides": may(request.user, control_permissions.DECIDE) and context["files"],
    }  # fmt: skip
    return render(request, "energy/parks/board.html", context)


def _shown(request: HttpRequest, whole: bool, seat: ParkFirm, mine: frozenset[str]) -> bool:
    """A firm's own numbers: its people and the offices see them; the operating company where the firm agreed."""
    if seat.enterprise.organisation in mine:
        return True
    return whole and (seat.shares or not permissions.operates(request.user, seat.park))


def _waiting(request: HttpRequest, firms: list[int]) -> dict[int, list[Anomaly]]:
    found: dict[int, list[Anomaly]] = defaultdict(list)
    rows = Anomaly.objects.filter(enterprise__in=firms, state=Anomaly.State.NEW)
    for each in rows.select_related("meter__point", "meter__node", "enterprise")[:200]:
        found[each.enterprise_id].append(each)
    return found


def _figures(month: reading.Month) -> list[dict[str, Any]]:
    total, status = month.total, int(month.status)
    made, exchanged = month.tce(month.balance.made), month.tce(month.balance.exchanged)

    def figure(title: str, value: float | None, unit: str, note: str, *, told: bool = False) -> dict[str, Any]:
        return {
            "title": title,
            "value": "NE" if value is None else amount(value, 1),
            "unit": unit,
            "note": note,
            "status": status if told else None,
        }

    return [
        figure(_("本月综合能耗（当量值）"), total.sum("equivalent"), "tce", _("园区从外面买的加园内自产的"), told=True),
        figure(_("本月二氧化碳排放"), total.sum("co2"), "t CO₂", _gases(month.emitted), told=True),
        figure(_("企业间交换"), exchanged, "tce", _("不再加进综合能耗；不含冷量和水")),
        figure(_("园内自产"), made, "tce", _("太阳能、风能等，不含余热")),
    ]  # fmt: skip


def _gases(emitted: Emitted) -> str:
    whole = emitted.total()
    if whole is None:
        return _("按本市清单的方法和因子；含外购电力、热力的间接排放")
    told = {"whole": amount(whole, 1), "indirect": amount(emitted.total(kind="indirect") or 0.0, 1)}
    return _("按本市清单的方法和因子；连同甲烷、氧化亚氮 %(whole)s t CO₂e，其中外购电力、热力 %(indirect)s") % told


def _budgets(park: Park, last: date) -> list[dict[str, Any]]:
    """Energy and CO2 against the park's signed budget, with the lights of dual control."""
    found = []
    for quantity, title, unit in (("energy", _("能源消费"), "tce"), ("co2", _("二氧化碳排放"), "t CO₂")):
        states = control.states(park.city, quantity, last.year, subjects=[park.subject], last_month=last.month)
        state = states.get((park.subject, ""), {}).get(f"{last:%Y-%m}")
        if state is None or state.year_budget is None:
            continue
        found.append(
            {
                "title": title, "unit": unit, "state": state, "budget": amount(state.budget), "used": amount(state.used), "ratio": percent(state.ratio),
                "year": amount(state.year_budget), "missing": state.missing,
            }
        )  # fmt: skip
    return found


def _day(meters: list[Meter], seats: list[ParkFirm], alone: set[int], now: datetime) -> charts.Chart | None:
    """Electricity of the last 24 hours that are over, by firm."""
    mains = [
        meter for meter in meters
        if meter.item == "electricity" and meter.parent_id is None and meter.role == Meter.Role.LOAD
    ]  # fmt: skip
    if not mains:
        return None
    end = now.replace(minute=0, second=0, microsecond=0)
    frame = queries.used([meter.point_id for meter in mains], end - timedelta(hours=24), end, "1h")
    names = {
        seat.enterprise_id: _("未共享的企业")
        if seat.enterprise_id in alone
        else seat.enterprise.called(english=english())
        for seat in seats
    }
    owner = {meter.point_id: meter.enterprise_id for meter in mains}
    hours = [f"{timezone.localtime(end - timedelta(hours=24 - number)):%H:00}" for number in range(24)]
    by_firm: dict[str, dict[str, float]] = defaultdict(dict)
    for row in frame.iter_rows(named=True):
        if row["coverage"] > 0:
            hour, firm = f"{timezone.localtime(row['at']):%H:00}", names[owner[row["point"]]]
            by_firm[firm][hour] = by_firm[firm].get(hour, 0.0) + row["value"]
    series = [charts.Series(firm, dict(values)) for firm, values in sorted(by_firm.items())]
    return charts.stacked(_("近 24 小时用电"), "kWh", hours, series, decimals=0, name="day") if series else None


def _ahead(meters: list[Meter], last: date) -> charts.Chart | None:
    """Electricity that the firms will buy from today on, by their forecasts together; and the last days beside what came."""
    mains = [meter for meter in meters if meter.item == "electricity" and meter.parent_id is None and meter.role == Meter.Role.LOAD]  # fmt: skip
    first = last - timedelta(days=2)
    kept = forecasting.shown(mains, first, last + timedelta(days=forecasting.WEEK))
    told = {each.meter_id for each in kept}
    return band([meter for meter in mains if meter.pk in told], kept, first, last) if kept else None


@require_safe
@asks(permissions.SEE)
@one_look()
def flows(request: HttpRequest, park: str) -> HttpResponse:
    """Who supplies whom in a month: Sankey, balance by item, every link with how it was known."""
    found = store.park_for(request.user, park)
    context = shell(request, found, "flows")
    first, last, known = months(request)
    month = reading.month_of(found, first, last)
    mine = own_codes(request)
    names = names_of([firm.enterprise for firm in month.firms])
    for row, _link, _way in month.links:  # a firm that has left in the meantime
        for firm in filter(None, (row.source, row.target)):
            names.setdefault(firm.code, firm.called(english=english()))
    links = [
        _link_row(row, link, way, names) for row, link, way in month.links
        if context["whole"] or mine & {row.target.organisation, row.source.organisation if row.source else ""}
    ]  # fmt: skip
    context |= {"months": known, "month": f"{first:%Y-%m}", "first": first, "last": last, "links": links}
    if context["whole"]:
        merged = {firm.enterprise.code for firm in month.firms if not _shown(request, True, firm.seat, mine)}
        drawn = names | dict.fromkeys(merged, _("未共享的企业"))
        context |= {
            "sankey": reading.drawing(month, drawn, {"made": _("园内自产"), "loss": _("输送损失")}, merged=merged), "rows": _items(month),
            "status": int(month.status), "total": month.total, "emitted": month.emitted, "sources": _sources(month), "factors": [row | {"name": words.item_name(row["item"])} for row in month.total.rows.iter_rows(named=True)],
            "unmetered": [names[firm.enterprise.code] for firm in month.firms if firm.total is None],
            "contradictions": month.balance.contradictions, "unmeasured": month.balance.unmeasured, "incomplete": month.status != Status.OK,
        }  # fmt: skip
    return render(request, "energy/parks/flows.html", context)


def _sources(month: reading.Month) -> list[dict[str, Any]]:
    """Each source of greenhouse gases with its formula, factors and what was assumed."""
    return [
        row | {
            "name": words.item_name(row["item"]), "note": rules.item_note(row["item"]), "shown_unit": printed(row["unit"]),
            "amount": amount(row["amount"], 1), "emission": amount(row["emission"], 2 if abs(row["emission"]) >= 1 else 4) if row["known"] else None,
            "co2e": amount(row["co2e"], 1) if row["known"] else None,
        }
        for row in month.emitted.lineage()
    ]  # fmt: skip


def _link_row(row: Any, link: Any, way: str, names: dict[str, str]) -> dict[str, Any]:
    carrier = rules.carriers()[row.carrier]
    return {
        "row": row, "source": names[row.source.code] if row.source else row.get_kind_display(), "target": names[row.target.code], "carrier": carrier.name,
        "unit": carrier.shown_unit, "sent": amount(link.sent, 1), "received": amount(link.received, 1), "lost": amount(link.lost, 1),
        "loss": percent(link.lost / link.sent * 100) if link.lost is not None and link.sent else "–",
        "way": {"point": _("计量"), "month": _("月报"), "": _("没有数")}[way], "known": bool(way), "booked": link.booked,
    }  # fmt: skip


def _items(month: reading.Month) -> list[dict[str, Any]]:
    """Bought, made, exchanged and lost of each item in its own unit."""
    found = month.balance
    keys = sorted({*found.bought, *found.made, *found.exchanged, *found.lost})
    carriers = rules.carriers()
    return [
        {
            "name": carriers[item].name if item in carriers and not carriers[item].item else words.item_name(item), "unit": printed(unit),
            **{part: amount(sums[key], 1) if (key := (item, unit)) in (sums := getattr(found, part)) else "–" for part in ("bought", "made", "exchanged", "lost")},
        }
        for item, unit in keys
    ]  # fmt: skip
