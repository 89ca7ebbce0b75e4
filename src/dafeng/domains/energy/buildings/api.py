"""Buildings over HTTP: the register with intensity and standing, retrofits, the target; and telling a building's use."""

from datetime import date
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema, Status
from pydantic import Field

from dafeng.domains.energy.buildings import permissions, reading, rules, store
from dafeng.domains.energy.city_page import city_here
from dafeng.domains.energy.models import Building, Retrofit
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.api import words
from dafeng.kernel.api.paging import Page, Paging, page

router = Router(tags=["energy"])

for schema in ("BuildingOut", "BuildingCardOut"):
    words.describe(
        within=schema, code=_("编号"), name=_("名称"), place=_("县区代码"), type=_("类型：office、school、hospital、hotel、mall、culture、housing、other"),
        zone=_("气候区：hscw 夏热冬冷，cold 寒冷"), area=_("建筑面积，m2"), built=_("建成年份"), public=_("是否公共机构"), demo=_("是否演示数据"),
    )  # fmt: skip
words.describe(
    within="BuildingCardOut", year=_("用能年份"), intensity=_("单位面积能耗，kWh/m2（当量值）；没有数据为空"), by_end_use=_("分用途的单位面积能耗，kWh/m2"),
    better_than=_("同类型同气候区的其他建筑中，比它高的占比，0 到 1；同类不足为空"), peers=_("同类建筑数"), median=_("同类的中位数，kWh/m2"),
    tce=_("年综合能耗，tce"), energy_quota=_("能源定额，tce"), water=_("年用水，m3"), water_quota=_("用水定额，m3"), rating=_("近零碳评价（平台起草）：near_zero、low、ordinary、pending"),
    estimated=_("是否含估算"),
)  # fmt: skip
words.describe(
    within="RetrofitOut", building=_("建筑编号"), title=_("改造内容"), part=_("改造部位；空为整栋"), area=_("改造面积，m2"), finished_on=_("竣工日期"),
    saving=_("年节能量，kWh"), state=_("filed 待验收，accepted 已验收计入，refused 不予计入"), demo=_("是否演示数据"),
)  # fmt: skip
words.describe(within="RetrofitTargetOut", counted=_("已计入的面积，m2；每处只计一次"), waiting=_("待验收的面积，m2"), target=_("目标面积，m2"), year=_("目标年份"), source=_("目标来源"))  # fmt: skip
words.describe(
    within="BuildingUseIn", year=_("年份"), carrier=_("品种代码：electricity、natural_gas、heat、raw_coal、lpg、diesel、photovoltaic、water"), value=_("数量，用该品种的单位"),
    end_use=_("用途：total 合计，lighting 照明与插座，hvac 空调采暖，power 动力，special 特殊用能，hot_water 热水与炊事"), basis=_("依据"), source=_("数据来源"),
)  # fmt: skip
words.describe(
    within="BuildingUseOut",
    year=_("年份"),
    carrier=_("品种代码"),
    end_use=_("用途"),
    value=_("数量"),
    revision=_("第几版"),
)
words.describe(
    building_code=_("建筑编号"),
    building_type=_("类型；空为全部"),
    county_code=_("县区代码；空为全部"),
    year_of_use=_("用能年份；空为最新的一年"),
)


class BuildingsAsked(Paging):
    building_type: Literal["", "office", "school", "hospital", "hotel", "mall", "culture", "housing", "other"] = ""
    county_code: str = Field("", max_length=6)


class BuildingOut(Schema):
    code: str
    name: str
    place: str
    type: str
    zone: str
    area: float
    built: int | None
    public: bool
    demo: bool


class CardAsked(Schema):
    year_of_use: Annotated[int | None, Field(ge=2000, le=2100)] = None


class BuildingCardOut(BuildingOut):
    year: int
    intensity: float | None
    by_end_use: dict[str, float]
    better_than: float | None
    peers: int
    median: float | None
    tce: float | None
    energy_quota: float | None
    water: float | None
    water_quota: float | None
    rating: str
    estimated: bool


class RetrofitOut(Schema):
    building: str
    title: str
    part: str
    area: float
    finished_on: date
    saving: float | None
    state: str
    demo: bool


class RetrofitTargetOut(Schema):
    counted: float
    waiting: float
    target: float
    year: int
    source: str


class BuildingUseIn(Schema):
    year: int = Field(ge=2000, le=2100)
    carrier: str = Field(max_length=20)
    value: float
    source: str = Field(max_length=200)
    end_use: Literal["total", "lighting", "hvac", "power", "special", "hot_water"] = "total"
    basis: Literal["statistic", "reported", "metered", "estimated"] = "reported"


class BuildingUseOut(Schema):
    year: int
    carrier: str
    end_use: str
    value: float
    revision: int


def _building(row: Building) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in ("code", "name", "place", "type", "zone", "area", "public", "demo")}
    return told | {"built": row.year}


@router.get("/energy/buildings", response=Page[BuildingOut], summary=_("建筑名录"))
@asks(permissions.SEE)
def list_buildings(request: HttpRequest, asked: Query[BuildingsAsked]) -> Any:
    rows = Building.objects.for_user(request.user).filter(city=city_here().code)
    if asked.building_type:
        rows = rows.filter(type=asked.building_type)
    if asked.county_code:
        rows = rows.filter(place=asked.county_code)
    return page(request, rows.order_by("place", "code"), asked, _building)


@router.get("/energy/buildings/retrofits", response=Page[RetrofitOut], summary=_("节能改造项目"))
@asks(permissions.SEE)
def list_retrofits(request: HttpRequest, asked: Query[Paging]) -> Any:
    def show(row: Retrofit) -> dict[str, Any]:
        told = {name: getattr(row, name) for name in ("title", "part", "area", "finished_on", "saving", "demo")}
        return told | {"building": row.building.code, "state": row.record.state}

    return page(
        request, reading.retrofits_for(request.user, city_here().code).order_by("-finished_on", "pk"), asked, show
    )


@router.get("/energy/buildings/target", response=RetrofitTargetOut, summary=_("节能改造面积与方案目标"))
@asks(permissions.SEE)
def show_retrofit_target(request: HttpRequest) -> Any:
    found, target = reading.progress(city_here().code), rules.target()
    return {
        "counted": found.counted,
        "waiting": found.waiting,
        "target": target.square_metres,
        "year": target.year,
        "source": target.source,
    }


@router.get(
    "/energy/buildings/cards/{building_code}",
    response=BuildingCardOut,
    summary=_("一座建筑的能耗、同类排位、定额与评价"),
)
@asks(permissions.SEE)
def show_building(request: HttpRequest, building_code: str, asked: Query[CardAsked]) -> Any:
    found = store.building_for(request.user, building_code)
    known = reading.years(found.city)
    year = asked.year_of_use or (known[0] if known else timezone.localdate().year - 1)
    card = reading.cards(found.city, year)[found.pk]
    own = card.intensity
    return _building(found) | {
        "year": year, "intensity": own.whole if own else None, "by_end_use": dict(own.by_end_use) if own else {}, "tce": card.tce,
        "better_than": card.standing.better_than if card.standing else None, "peers": card.standing.peers if card.standing else 0,
        "median": card.standing.median if card.standing else None, "energy_quota": card.energy_quota, "water": card.water, "water_quota": card.water_quota,
        "rating": card.rating.get("grade") or "", "estimated": card.estimated,
    }  # fmt: skip


@router.post(
    "/energy/buildings/cards/{building_code}/use",
    response={201: BuildingUseOut},
    summary=_("填报一座建筑一年的用能；再填一次即为更正"),
)
@asks(permissions.FILE)
def file_building_use(request: HttpRequest, building_code: str, given: BuildingUseIn) -> Any:
    found = store.building_for(request.user, building_code)
    demand(request.user, permissions.FILE, found)
    made = store.file_use(found, **given.dict(), by=request.user, now=timezone.now())
    return Status(201, {name: getattr(made, name) for name in ("year", "carrier", "end_use", "value", "revision")})
