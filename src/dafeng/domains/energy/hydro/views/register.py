"""The register: list, edit, points, decisions on ecological flow, import."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.energy.city_page import amount, city_here, evidence_of, form_page, own_places
from dafeng.domains.energy.control import city as cities
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.control.rules import english
from dafeng.domains.energy.hydro import permissions, reading, sheet, store
from dafeng.domains.energy.hydro.forms import BindForm, DecisionForm, GaugeForm, RiverForm, StationForm
from dafeng.domains.energy.models import HydroGauge, HydroPoint, HydroStation, River
from dafeng.kernel.actions import asks, demand, may
from dafeng.kernel.errors import DafengError
from dafeng.kernel.pages import import_pages
from dafeng.kernel.pages.steps import record_of, timeline, told, unchanged
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record


def unknown(value: float | None, digits: int = 0) -> str:
    """A number of the register, or that it still has to be entered."""
    return str(_("待录入")) if value is None else amount(value, digits)


@require_safe
@asks(permissions.SEE)
def register(request: HttpRequest) -> HttpResponse:
    """Every station that this person may see; what is not known says so."""
    city = city_here()

    def address(row: HydroStation) -> str:
        name = "hydro-station" if row.kind == HydroStation.Kind.SMALL else "hydro-pumped-station"
        return reverse(f"energy:{name}", kwargs={"station": row.code})

    table = Table(
        request, HydroStation.objects.for_user(request.user).filter(city=city.code).select_related("river", "enterprise"),
        [
            Column("name", _("电站"), show=lambda row: row.called(english=english()), link=address, wide=True),
            Column("kind", _("类型"), show=lambda row: row.get_kind_display()), Column("stage", _("状态"), show=lambda row: row.get_stage_display()),
            Column("place", _("县区"), show=lambda row: city.place_name(row.place, english=english())),
            Column("river.name", _("河流"), show=lambda row: row.river.called(english=english()) if row.river else _("待录入")),
            Column("km", _("距河口（km）"), numeric=True, show=lambda row: unknown(row.km, 1)),
            Column("enterprise.name", _("业主"), show=lambda row: row.enterprise.called(english=english()) if row.enterprise else row.organisation or _("待录入"), wide=True),
            Column("capacity", _("装机（kW）"), numeric=True, show=lambda row: unknown(row.capacity)),
            Column("head", _("水头（m）"), numeric=True, show=lambda row: unknown(row.head, 1)),
            Column("design_flow", _("设计流量（m³/s）"), numeric=True, show=lambda row: unknown(row.design_flow, 2)),
            Column("demo", _("备注"), sort=None, show=lambda row: _("演示") if row.demo else ""),
        ],
        _("水电站名录"), search=("name", "code"),
        choices=(Choice("kind", _("类型"), dict(HydroStation.Kind.choices)), Choice("stage", _("状态"), dict(HydroStation.Stage.choices)), Choice("place", _("县区"), cities.counties(city))),
        order="place", empty=_("名录里还没有您能看到的电站。"), file="hydro",
    )  # fmt: skip
    return table.download() or render(
        request, "energy/hydro/register.html", {"table": table, "keeps": may(request.user, permissions.KEEP)}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def edit(request: HttpRequest, station: str = "") -> HttpResponse:
    """Put a station on the register, or bring it up to date."""
    city = city_here()
    found = store.station_in_full(request.user, station) if station else None
    if found:
        demand(request.user, permissions.KEEP, found.place)
    initial = {name: getattr(found, name) for name in store.STATION} | {"code": found.code} if found else {"kind": "small", "stage": "running"}  # fmt: skip
    places = own_places(request.user, city, permissions.own_place)
    form = StationForm(request.POST or None, places=places, city=city.code, initial=initial)

    def do(given: dict[str, Any]) -> HttpResponse:
        code = given.pop("code")
        made = store.keep(city.code, code=found.code if found else code, given=given, by=request.user, now=timezone.now(), demo=bool(found and found.demo))  # fmt: skip
        return redirect("energy:hydro-register") if made.kind != "small" else redirect("energy:hydro-station", station=made.code)  # fmt: skip

    return form_page(
        request, form, do, title=found.name if found else _("登记水电站"), lead=_("同编号的电站会更新；不知道的留空，不要填 0。"), button=_("保存"),
        back=reverse("energy:hydro-register"), back_title=_("水电站名录"),
    )  # fmt: skip


@require_safe
@asks(permissions.SEE)
def rivers(request: HttpRequest) -> HttpResponse:
    """Every river, what it flows into, and which of them this person may change."""
    keeps = may(request.user, permissions.KEEP_RIVERS)
    kept = set(permissions.rivers_kept(request.user).values_list("pk", flat=True)) if keeps else set()

    def address(row: River) -> str:
        return reverse("energy:hydro-river-edit", kwargs={"river": row.code}) if row.pk in kept else ""

    table = Table(
        request, River.objects.filter(city=city_here().code).select_related("downstream"),
        [
            Column("name", _("河流"), show=lambda row: row.called(english=english()), link=address, wide=True), Column("code", _("编号")),
            Column("basin", _("流域")), Column("length", _("河长（km）"), numeric=True, show=lambda row: unknown(row.length, 1)),
            Column("downstream.name", _("汇入的河流"), show=lambda row: row.downstream.called(english=english()) if row.downstream else "–"),
            Column("joins", _("汇入处距河口（km）"), numeric=True, show=lambda row: amount(row.joins, 1)),
            Column("demo", _("备注"), sort=None, show=lambda row: _("演示") if row.demo else ""),
        ],
        _("河流名录"), search=("name", "code"), order="code", empty=_("还没有登记河流。"), file="rivers",
    )  # fmt: skip
    return table.download() or render(request, "energy/hydro/rivers.html", {"table": table, "keeps": keeps})


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_RIVERS)
def edit_river(request: HttpRequest, river: str = "") -> HttpResponse:
    """Put a river on the register, or bring it up to date."""
    city = city_here()
    found = store.river_for(river) if river else None
    if found:
        demand(request.user, permissions.KEEP_RIVERS, found)

    def do(given: dict[str, Any]) -> HttpResponse:
        code = given.pop("code")
        if not found:
            _free(River, code)
        store.ensure_river(code, city=city.code, **given, by=request.user, now=timezone.now())
        return redirect("energy:hydro-rivers")

    return form_page(
        request, RiverForm(request.POST or None, city=city.code, known=found), do, title=found.name if found else _("登记河流"),
        lead=_("编号登记后不再变；不知道的留空，不要填 0。"), button=_("保存"), back=reverse("energy:hydro-rivers"), back_title=_("河流名录"),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def edit_gauge(request: HttpRequest, gauge: str = "") -> HttpResponse:
    """Put a measuring station on the register, or bring it up to date."""
    city = city_here()
    found = store.gauge_for(request.user, gauge) if gauge else None
    if found:
        demand(request.user, permissions.KEEP, found.place)

    def do(given: dict[str, Any]) -> HttpResponse:
        code = given.pop("code")
        if not found:
            _free(HydroGauge, code)
        store.keep_gauge(city.code, code=code, given=given, by=request.user, now=timezone.now(), demo=bool(found and found.demo))  # fmt: skip
        return redirect("energy:hydro-gauges")

    places = own_places(request.user, city, permissions.own_place)
    form = GaugeForm(request.POST or None, places=places, city=city.code, known=found)
    return form_page(
        request, form, do, title=found.name if found else _("登记水文测站"), lead=_("编号和县区登记后不再变；登记后再绑定测点，才有读数。"),
        button=_("保存"), back=reverse("energy:hydro-gauges"), back_title=_("水文测报"),
    )  # fmt: skip


def _free(model: type[River | HydroGauge], code: str) -> None:
    """A form for a new row writes over none that is there. Raises `Refused` (`taken`)."""
    if model.objects.filter(code=code).exists():
        raise Refused("taken", _("编号“%(code)s”已经登记") % {"code": code}, mend=_("请换一个编号，或从名录里修改"))


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def bind(request: HttpRequest, station: str) -> HttpResponse:
    """Which points of the series store measure the station."""
    found = store.station_in_full(request.user, station)
    back = reverse("energy:hydro-station", kwargs={"station": found.code})
    return _bind(request, found, reading.points_of(stations=[found]), roles=tuple(store.ROLES), back=back)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def bind_gauge(request: HttpRequest, gauge: str) -> HttpResponse:
    """Which points of the series store the measuring station has."""
    found = store.gauge_for(request.user, gauge)
    return _bind(request, found, reading.points_of(gauges=[found]), roles=store.OF_GAUGES, back=reverse("energy:hydro-gauges"))  # fmt: skip


def _bind(
    request: HttpRequest, found: HydroStation | HydroGauge, points: Sequence[HydroPoint], *, roles: Collection[str], back: str
) -> HttpResponse:  # fmt: skip
    demand(request.user, permissions.KEEP, found.place)
    form, error = BindForm(request.POST or None, roles=roles), None
    if request.method == "POST" and form.is_valid():
        try:
            store.bind(found, **form.cleaned_data, by=request.user, now=timezone.now())
            return redirect(request.path)
        except DafengError as refused:
            error = refused.as_dict()
    context = {"name": found.called(english=english()), "form": form, "error": error, "points": points, "back": back}
    return render(request, "energy/hydro/points.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def decide(request: HttpRequest, station: str) -> HttpResponse:
    """Draft a decision on ecological flow."""
    found = store.station_in_full(request.user, station)
    demand(request.user, permissions.KEEP, found.place)
    form = DecisionForm(request.POST or None, request.FILES or None)

    def do(given: dict[str, Any]) -> HttpResponse:
        evidence = evidence_of(request, given["file"], _("生态流量核定文件"))
        made = store.draft_decision(
            found, flows=form.flows, since=given["since"], document=given["document"], by=request.user, now=timezone.now(), evidence=evidence
        )  # fmt: skip
        return redirect("energy:hydro-decision", id=made.record_id)

    return form_page(
        request, form, do, title=_("起草生态流量核定"), lead=_("由另一人签发后，从起始日期起生效。以前的核定保留。"), button=_("报送签发"),
        back=reverse("energy:hydro-station", kwargs={"station": found.code}), back_title=found.name,
    )  # fmt: skip


def _record(request: HttpRequest, id: UUID, kind: str) -> Record:
    return record_of(request, id, kind, mend=_("请从水电站名录重新进入"))


@require_safe
@asks(permissions.SEE)
def decision(request: HttpRequest, id: UUID) -> HttpResponse:
    """A decision on ecological flow: its months, its document, its steps."""
    found = _record(request, id, store.THRESHOLD)
    row = found.energy_eco_decision
    steps = records.actions(found, request.user)
    months = [{"month": number, "flow": amount(value, 3) if value is not None else _("未核定")} for number, value in enumerate(row.flows, 1)]  # fmt: skip
    context = {
        "record": found, "row": row, "station": row.station, "months": months, "steps": steps, "evidence": list(found.evidence.all()), "events": timeline(found),
        "waits": found.state == "draft" and not steps,
    }  # fmt: skip
    return render(request, "energy/hydro/decision.html", context)


@require_POST
@asks(permissions.DECIDE)
def decision_step(request: HttpRequest, id: UUID) -> HttpResponse:
    """Sign, drop or revoke; the workflow says who may."""
    found = _record(request, id, store.THRESHOLD)
    unchanged(request, found)
    action, reason = request.POST.get("action", ""), request.POST.get("reason", "")[:300]
    told(request, lambda: records.move(found, action, by=request.user, now=timezone.now(), reason=reason), _("已办理"))
    return redirect("energy:hydro-decision", id=id)


@require_safe
@asks(permissions.KEEP)
def template(request: HttpRequest) -> FileResponse:
    return import_pages.template_file(sheet.template(city_here()), "水电名录")


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def upload(request: HttpRequest) -> HttpResponse:
    """A spreadsheet: its faults by row, or a preview that waits to be committed."""
    return import_pages.upload_page(
        request, "energy/hydro/upload.html",
        lambda file, name: sheet.open_import(city_here(), file, name=name, by=request.user, now=timezone.now()),
        lambda made: redirect("energy:hydro-import", id=made.pk),
    )  # fmt: skip


@require_safe
@asks(permissions.KEEP)
def import_page(request: HttpRequest, id: UUID) -> HttpResponse:
    def show(row: dict[str, Any]) -> dict[str, Any]:
        return {
            "table": sheet.TABLES[row["table"]].title, "river": row.get("river") or row.get("downstream") or "", "eco": amount(row.get("eco"), 3),
            "capacity": unknown(row.get("capacity")) if row["table"] == "station" else "",
        }  # fmt: skip

    address = reverse("energy:hydro-import-step", kwargs={"id": id})
    context = import_pages.waiting(request, _record(request, id, sheet.KIND), show=show, address=address)
    return render(request, "energy/hydro/import.html", context)


@require_POST
@asks(permissions.KEEP)
def import_step(request: HttpRequest, id: UUID) -> HttpResponse:
    found = _record(request, id, sheet.KIND)
    done = _("已入库 %(count)s 行") % {"count": len(found.payload["rows"])}
    import_pages.take_step(
        request, found, commit=(lambda: sheet.commit(found, by=request.user, now=timezone.now()), done)
    )
    return redirect("energy:hydro-import", id=id)
