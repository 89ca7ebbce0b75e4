"""Plants over HTTP: the register, a card, capacity at a date, duties; and telling a plant's month."""

from datetime import date
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema, Status
from pydantic import Field

from dafeng.domains.energy.city_page import city_here
from dafeng.domains.energy.models import Plant
from dafeng.domains.energy.plants import months, permissions, reading, rules, store
from dafeng.domains.energy.plants.methods.capacity import Amount
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.api import words
from dafeng.kernel.api.paging import Page, Paging, page

router = Router(tags=["energy"])

KINDS = Literal["", "wind", "pv_central", "pv_distributed", "biomass", "waste", "hydro", "gas", "storage", "pumped", "hydrogen"]  # fmt: skip

for schema in ("PlantOut", "PlantCardOut"):
    words.describe(
        within=schema, code=_("编号"), name=_("名称"), place=_("县区代码"), kind=_("类型：wind、pv_central、pv_distributed、biomass、waste、hydro、gas、storage、pumped、hydrogen"),
        owner=_("业主"), filing=_("备案或核准文号"), state=_("approved 已备案，started 在建，connected 并网，retired 退役；空为没有核准的变动"),
        voltage=_("并网电压，kV"), mw=_("今天的并网容量，MW；光伏为交流，储能为功率"), mwp=_("光伏直流容量，MWp；不与交流相加"), mwh=_("储能容量，MWh"),
        part_of=_("储能属于哪座电站的编号；空为没有"), shared=_("是否共享储能"), demo=_("是否演示数据"),
    )  # fmt: skip
words.describe(
    within="PlantCardOut", year=_("年份"), start=_("年初存量，MW"), added=_("本年新增，MW"), retired=_("本年退役，MW"), end=_("年底或今天的存量，MW"),
    months=_("逐月电量"), utilisation=_("利用小时：发电量÷按天加权的并网容量，h；没有数据为空"), curtailment=_("弃电率，0 到 1；弃电量未知为空"),
    efficiency=_("储能往返效率，0 到 1"), cycles=_("储能等效循环次数"),
)  # fmt: skip
MONTH_WORDS = {
    "month": _("月份，如 2026-10"), "generation": _("发电量，MWh；没有报的为空，不是零"), "on_grid": _("上网电量，MWh"), "own_use": _("自用电量，MWh"),
    "available": _("可发电量，MWh"), "curtailed": _("弃电量，MWh；不填的用可发电量减发电量"), "charged": _("充电量，MWh"), "discharged": _("放电量，MWh"),
}  # fmt: skip
words.describe(
    within="PlantMonthOut",
    mw=_("按天加权的并网容量，MW"),
    basis=_("依据"),
    revision=_("第几版；0 为计量"),
    **MONTH_WORDS,
)
words.describe(within="PlantMonthIn", basis=_("依据"), source=_("数据来源"), **MONTH_WORDS)
words.describe(within="PlantMonthFiled", month=_("月份"), revision=_("第几版"))
words.describe(
    within="PlantCapacityOut", day=_("日期"), group=_("类型或合计：pv 为两种光伏之和，renewable 为可再生能源"), place=_("县区代码；全市为城市代码"), mw=_("并网容量（存量），MW"),
    mwp=_("光伏直流容量，MWp"), bare=_("其中没有直流容量数据的交流容量，MW"), mwh=_("储能容量，MWh"), added=_("年初以来新增，MW"), retired=_("年初以来退役，MW"),
    complete=_("是否完整；有县区没有申报分布式总量时光伏不完整"),
)  # fmt: skip
words.describe(
    within="PlantDutyOut", plant=_("电站编号"), state=_("short 不足，unruled 有容量没有适用的规定，met 已满足"), duty_mw=_("应配，MW"), duty_mwh=_("应配，MWh"),
    own_mw=_("自建，MW"), own_mwh=_("自建，MWh"), leased_mw=_("租赁，MW"), leased_mwh=_("租赁，MWh"), short_mw=_("还差，MW"), short_mwh=_("还差，MWh"),
    unruled_mw=_("没有适用规定的并网容量，MW；不当作零"),
)  # fmt: skip
words.describe(
    plant_code=_("电站编号"),
    plant_kind=_("类型；空为全部"),
    plant_year=_("年份；空为今年"),
    capacity_day=_("日期；空为今天"),
)


class PlantsAsked(Paging):
    plant_kind: KINDS = ""
    county_code: str = Field("", max_length=6)


class PlantOut(Schema):
    code: str
    name: str
    place: str
    kind: str
    owner: str
    filing: str
    state: str
    voltage: float | None
    mw: float
    mwp: float
    mwh: float
    part_of: str
    shared: bool
    demo: bool


class PlantMonthOut(Schema):
    month: str
    mw: float
    generation: float | None
    on_grid: float | None
    own_use: float | None
    available: float | None
    curtailed: float | None
    charged: float | None
    discharged: float | None
    basis: str
    revision: int


class PlantCardOut(PlantOut):
    year: int
    start: float
    added: float
    retired: float
    end: float
    months: list[PlantMonthOut]
    utilisation: float | None
    curtailment: float | None
    efficiency: float | None
    cycles: float | None


class PlantYearAsked(Schema):
    plant_year: Annotated[int | None, Field(ge=1950, le=2100)] = None


class PlantMonthIn(Schema):
    month: str = Field(max_length=7)
    generation: float | None = None
    on_grid: float | None = None
    own_use: float | None = None
    available: float | None = None
    curtailed: float | None = None
    charged: float | None = None
    discharged: float | None = None
    basis: Literal["statistic", "reported", "metered", "estimated"] = "reported"
    source: str = Field(max_length=200)


class PlantMonthFiled(Schema):
    month: str
    revision: int


class CapacityAsked(Schema):
    capacity_day: date | None = None
    county_code: str = Field("", max_length=6)


class PlantCapacityOut(Schema):
    day: date
    group: str
    place: str
    mw: float
    mwp: float
    bare: float
    mwh: float
    added: float
    retired: float
    complete: bool


class PlantDutyOut(Schema):
    plant: str
    state: str
    duty_mw: float
    duty_mwh: float
    own_mw: float
    own_mwh: float
    leased_mw: float
    leased_mwh: float
    short_mw: float
    short_mwh: float
    unruled_mw: float


def _plant(found: reading.Register, row: Plant, day: date) -> dict[str, Any]:
    stands = found.stock_of(row, day)
    told = {
        name: getattr(row, name)
        for name in ("code", "name", "place", "kind", "owner", "filing", "voltage", "shared", "demo")
    }
    return told | {
        "state": found.state_of(row, day), "mw": stands.mw, "mwp": stands.mwp, "mwh": stands.mwh, "part_of": row.part_of.code if row.part_of else "",
    }  # fmt: skip


@router.get("/energy/plants", response=Page[PlantOut], summary=_("电源台账"))
@asks(permissions.SEE)
def list_plants(request: HttpRequest, asked: Query[PlantsAsked]) -> Any:
    city, today = city_here(), timezone.localdate()
    found = reading.register(city)
    rows = Plant.objects.for_user(request.user).filter(city=city.code).select_related("part_of")
    if asked.plant_kind:
        rows = rows.filter(kind=asked.plant_kind)
    if asked.county_code:
        rows = rows.filter(place=asked.county_code)
    return page(request, rows.order_by("place", "code"), asked, lambda row: _plant(found, row, today))


@router.get("/energy/plants/capacity", response=list[PlantCapacityOut], summary=_("某日各类电源的存量与当年新增"))
@asks(permissions.SEE)
def list_plant_capacity(request: HttpRequest, asked: Query[CapacityAsked]) -> Any:
    city, day = city_here(), asked.capacity_day or timezone.localdate()
    found = reading.register(city)
    told = []
    for group in rules.groups():
        if not found.of(group, asked.county_code):
            continue
        of = found.movement(group, day.year, day, asked.county_code)
        open_ = bool(set(rules.kinds_of(group)) & set(rules.declared_kinds())) and bool(found.undeclared)
        told.append({
            "day": day, "group": group, "place": asked.county_code or city.code, "mw": of.end.mw, "mwp": of.end.mwp, "bare": of.end.bare, "mwh": of.end.mwh,
            "added": of.added.mw, "retired": of.retired.mw, "complete": not open_,
        })  # fmt: skip
    return told


@router.get("/energy/plants/duties", response=list[PlantDutyOut], summary=_("各电站应配、已配和还差的储能"))
@asks(permissions.SEE)
def list_plant_duties(request: HttpRequest) -> Any:
    city = city_here()
    seen = set(Plant.objects.for_user(request.user).filter(city=city.code).values_list("pk", flat=True))
    return [
        {"plant": each.plant.code, "state": each.state, "unruled_mw": each.duty.unruled, **_both("duty", Amount(mw=each.duty.mw, mwh=each.duty.mwh)), **_both("own", each.own), **_both("leased", each.leased), **_both("short", each.short)}
        for each in reading.standings(reading.register(city), timezone.localdate()) if each.plant.pk in seen
    ]  # fmt: skip


def _both(name: str, of: Amount) -> dict[str, float]:
    return {f"{name}_mw": of.mw, f"{name}_mwh": of.mwh}


@router.get("/energy/plants/cards/{plant_code}", response=PlantCardOut, summary=_("一座电站的容量、逐月电量与运行指标"))
@asks(permissions.SEE)
def show_plant(request: HttpRequest, plant_code: str, asked: Query[PlantYearAsked]) -> Any:
    one, today = store.plant_for(request.user, plant_code), timezone.localdate()
    found, year = reading.register(city_here()), asked.plant_year or timezone.localdate().year
    output = reading.outputs(found, year, [one]).get(one.pk)
    moved = reading.movement(found.changes.get(one.pk, []), date(year, 1, 1), min(date(year, 12, 31), max(today, date(year, 1, 1))))  # fmt: skip
    rows = [
        {name: getattr(row, name) for name in ("month", "mw", *rules.TOLD)} | {"basis": output.told[row.month].basis, "revision": output.told[row.month].revision}
        for row in output.rows
    ] if output else []  # fmt: skip
    of = output.totals if output else None
    return _plant(found, one, today) | {
        "year": year, "start": moved.start.mw, "added": moved.added.mw, "retired": moved.retired.mw, "end": moved.end.mw, "months": rows,
        "utilisation": of and of.utilisation, "curtailment": of and of.curtailment, "efficiency": of and of.efficiency, "cycles": of and of.cycles,
    }  # fmt: skip


@router.post(
    "/energy/plants/cards/{plant_code}/months",
    response={201: PlantMonthFiled},
    summary=_("填报一座电站一个月的电量；再填一次即为更正"),
)
@asks(permissions.FILE)
def file_plant_month(request: HttpRequest, plant_code: str, given: PlantMonthIn) -> Any:
    found = store.plant_for(request.user, plant_code)
    demand(request.user, permissions.FILE, found)
    values = {name: getattr(given, name) for name in rules.TOLD}
    made = months.file_month(
        found, month=given.month, values=values, basis=given.basis, source=given.source, by=request.user, now=timezone.now(), today=timezone.localdate()
    )  # fmt: skip
    return Status(201, {"month": made.month, "revision": made.revision})
