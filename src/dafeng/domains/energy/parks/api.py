"""Parks over HTTP: the register and the all-of targets, a park's month, heat offered, needed and matched, materials; and telling them."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema, Status
from pydantic import Field

from dafeng.domains.energy.city_page import city_here
from dafeng.domains.energy.models import HeatNeed, HeatOffer, Park
from dafeng.domains.energy.monitoring import baselining
from dafeng.domains.energy.monitoring.baseline_api import (
    BaselineAsked,
    BaselineOut,
    BaselineSavingOut,
    told,
    told_with_saving,
)
from dafeng.domains.energy.parks import exchange, heat, permissions, reading, steps, store
from dafeng.domains.energy.parks.methods.matching import Pair
from dafeng.domains.energy.parks.views.park_page import matches_for
from dafeng.kernel.actions import asks, demand, may
from dafeng.kernel.api import words
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import NotFound
from dafeng.kernel.records.services import organisations_of
from dafeng.kernel.series.points import one_look

router = Router(tags=["energy"])

for schema in ("ParkOut", "ParkCardOut"):
    words.describe(
        within=schema, code=_("编号"), name=_("名称"), place=_("县区代码"), level=_("级别：national 国家级，provincial 省级，other 其他"), area=_("面积，公顷"),
        operator=_("运营单位"), qualified=_("是否具备循环化改造条件（已审核的评定）；没有评定为空"), stage=_("循环化改造：none 未启动，doing 进行中，done 已完成"),
        done_on=_("完成日期"), demo=_("是否演示数据"),
    )  # fmt: skip
words.describe(
    within="ParkCardOut", month=_("月份"), equivalent=_("综合能耗，tce，当量值；有缺为空"), equal=_("综合能耗，tce，等价值"), co2=_("二氧化碳，t，含外购电力热力，按本市清单的方法和因子"), co2e=_("温室气体，t CO2e"), direct=_("其中直接排放，t CO2e"), indirect=_("其中外购电力、热力的间接排放，t CO2e"), guideline=_("所用清单指南"), gwp=_("所用全球变暖潜势"),
    exchanged=_("企业间交换，tce，不计入综合能耗"), made=_("园内自产，tce"), lost=_("输送损失，tce"), status=_("0 完整，1 不完整，2 存疑"), firms=_("入园企业数"),
)  # fmt: skip
words.describe(
    within="ParkTargetOut", code=_("provincial 具备条件的省级及以上，all 所有园区"), year=_("目标年份"), title=_("目标"), verdict=_("met 已全部完成，open 尚未全部完成，missed 到期未全部完成，unknown 无法判定"),
    share=_("完成比例，%；没有应完成的为空"), must=_("应完成的园区编号"), done=_("已完成的园区编号"), missing=_("还缺的园区编号"), unjudged=_("没有评定条件的园区编号"), source=_("目标来源"),
)  # fmt: skip
HEAT_WORDS: dict[str, Any] = {
    "firm": _("企业代码"), "name": _("名称"), "temperature": _("温度，℃"), "power": _("功率，MW"), "months": _("月份 1–12"), "from_hour": _("每日起，时 0–23"),
    "until_hour": _("每日止，时 1–24；不晚于起时即跨过零点"), "hours": _("年运行小时；不填即所选时段全部运行"), "since": _("可用起始日"),
    "longitude": _("经度；园区外的必填，园区里的以企业在园内的位置为准"), "latitude": _("纬度；同经度"),
}  # fmt: skip
OFFER_WORDS: dict[str, Any] = {"medium": _("介质：steam、hot_water、flue_gas、air"), "outlet": _("可冷却到，℃；空为全部热量都在供给温度")}  # fmt: skip
NEED_WORDS: dict[str, Any] = {"item": _("现用燃料：raw_coal、natural_gas、diesel、fuel_oil、lpg"), "efficiency": _("现有锅炉效率，如 0.9")}  # fmt: skip
words.describe(within="HeatOfferIn", **HEAT_WORDS, **OFFER_WORDS)
words.describe(within="HeatNeedIn", **HEAT_WORDS, **NEED_WORDS)
words.describe(within="HeatOfferOut", id=_("编号"), demo=_("是否演示数据"), **HEAT_WORDS, **OFFER_WORDS)
words.describe(within="HeatNeedOut", id=_("编号"), demo=_("是否演示数据"), **HEAT_WORDS, **NEED_WORDS)
words.describe(within="ParkHeatOut", offers=_("余热供给"), needs=_("用热需求"))
words.describe(
    within="HeatPairOut", offer=_("供给编号"), need=_("需求编号"), verdict=_("matched 匹配，或原因：temperature、distance、unplaced、time、grade、loss、offer_used、need_met"),
    km=_("管线长，km"), hours=_("全年共同时段，小时"), power=_("最大送热，MW"), delivered=_("年供热，GJ"), lost=_("年散热，GJ"), tce=_("年替代燃料，tce"), co2=_("年减排，t CO2；没有因子为空"),
)  # fmt: skip
words.describe(within="HeatProposalIn", offer=_("供给编号"), need=_("需求编号"))
words.describe(
    within="HeatMatchOut", record=_("记录编号"), offer=_("供给编号"), need=_("需求编号"), state=_("proposed 待双方同意，offered 供热方已同意，needed 用热方已同意，agreed 双方同意，running 已供热，declined 未达成"),
    power=_("最大送热，MW"), delivered=_("年供热，GJ"), tce=_("年替代燃料，tce"), co2=_("年减排，t CO2"), demo=_("是否演示数据"),
)  # fmt: skip
MATERIAL_WORDS: dict[str, Any] = {
    "firm": _("企业代码"), "side": _("offer 供给，need 需求"), "code": _("物料代码"), "name": _("物料"), "tonnes": _("数量，t/年"), "quality": _("主成分含量，%；需求为最低要求"),
    "hazardous": _("是否危险废物"), "permit": _("危险废物经营许可证编号"), "since": _("起始日"),
}  # fmt: skip
words.describe(within="MaterialIn", **MATERIAL_WORDS)
words.describe(within="MaterialOut", id=_("编号"), demo=_("是否演示数据"), **MATERIAL_WORDS)
words.describe(within="MaterialPairOut", offer=_("供给编号"), need=_("需求编号"), verdict=_("matched 匹配，或原因：quality、no_permit、placed"), tonnes=_("数量，t/年"), km=_("距离，km"))  # fmt: skip
words.describe(within="ParkMaterialsOut", listed=_("登记的供需"), pairs=_("物料匹配"))
words.describe(park_code=_("园区编号"), park_level=_("级别；空为全部"), month_of_park=_("月份 2026-05；空为本月"))


class ParksAsked(Paging):
    park_level: Literal["", "national", "provincial", "other"] = ""


class ParkOut(Schema):
    code: str
    name: str
    place: str
    level: str
    area: float | None
    operator: str
    qualified: bool | None
    stage: str
    done_on: date | None
    demo: bool


class ParkMonthAsked(Schema):
    month_of_park: Annotated[str, Field(pattern=r"^$|^20\d\d-(0[1-9]|1[0-2])$")] = ""


class ParkCardOut(ParkOut):
    month: str
    equivalent: float | None
    equal: float | None
    co2: float | None
    co2e: float | None
    direct: float | None
    indirect: float | None
    guideline: str
    gwp: str
    exchanged: float | None
    made: float | None
    lost: float | None
    status: int
    firms: int


class ParkTargetOut(Schema):
    code: str
    year: int
    title: str
    verdict: str
    share: float | None
    must: list[str]
    done: list[str]
    missing: list[str]
    unjudged: list[str]
    source: str


class HeatIn(Schema):
    firm: str = Field(max_length=60)
    name: str = Field(max_length=80)
    temperature: float
    power: float
    months: list[int] = Field(max_length=12)
    from_hour: int = 0
    until_hour: int = 24
    hours: float | None = None
    since: date
    longitude: float | None = None
    latitude: float | None = None


class HeatOfferIn(HeatIn):
    medium: Literal["steam", "hot_water", "flue_gas", "air"]
    outlet: float | None = None


class HeatNeedIn(HeatIn):
    item: str = Field(max_length=20)
    efficiency: float


class HeatOfferOut(HeatOfferIn):
    id: int
    demo: bool


class HeatNeedOut(HeatNeedIn):
    id: int
    demo: bool


class ParkHeatOut(Schema):
    offers: list[HeatOfferOut]
    needs: list[HeatNeedOut]


class HeatPairOut(Schema):
    offer: int
    need: int
    verdict: str
    km: float | None
    hours: float
    power: float
    delivered: float
    lost: float
    tce: float | None
    co2: float | None


class HeatProposalIn(Schema):
    offer: int = Field(ge=1, le=2**31)
    need: int = Field(ge=1, le=2**31)


class HeatMatchOut(Schema):
    record: str
    offer: int
    need: int
    state: str
    power: float
    delivered: float
    tce: float
    co2: float | None
    demo: bool


class MaterialIn(Schema):
    firm: str = Field(max_length=60)
    side: Literal["offer", "need"]
    code: str = Field(max_length=40)
    name: str = Field(max_length=80)
    tonnes: float
    quality: float | None = None
    hazardous: bool = False
    permit: str = Field("", max_length=60)
    since: date


class MaterialOut(MaterialIn):
    id: int
    demo: bool


class MaterialPairOut(Schema):
    offer: int
    need: int
    verdict: str
    tonnes: float
    km: float | None


class ParkMaterialsOut(Schema):
    listed: list[MaterialOut]
    pairs: list[MaterialPairOut]


def _park(row: Park, standing: Any) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in ("code", "name", "place", "level", "area", "operator", "demo")}
    return told | {"qualified": standing.qualified, "stage": standing.stage, "done_on": standing.done_on}


@router.get("/energy/parks", response=Page[ParkOut], summary=_("园区名录"))
@asks(permissions.SEE)
def list_parks(request: HttpRequest, asked: Query[ParksAsked]) -> Any:
    rows = Park.objects.for_user(request.user).filter(city=city_here().code)
    if asked.park_level:
        rows = rows.filter(level=asked.park_level)
    standing = {each.code: each for each in reading.standings(list(rows), on=timezone.localdate())}
    return page(request, rows.order_by("place", "code"), asked, lambda row: _park(row, standing[row.code]))


@router.get("/energy/parks/progress", response=list[ParkTargetOut], summary=_("园区循环化改造与方案目标"))
@asks(permissions.SEE)
def show_park_progress(request: HttpRequest) -> Any:
    rows = list(Park.objects.for_user(request.user).filter(city=city_here().code))
    return [
        {
            "code": target.code, "year": target.year, "title": target.title, "verdict": found.verdict, "share": found.share, "must": list(found.must),
            "done": [*found.done, *found.late], "missing": list(found.missing), "unjudged": list(found.unjudged), "source": target.source,
        }
        for target, found in reading.progress(rows, on=timezone.localdate())
    ]  # fmt: skip


def _whole(request: HttpRequest, code: str) -> Park:
    """A park whose sums this person may see. Raises `NotFound`: a firm of the park sees its own rows, no sums."""
    found = store.park_for(request.user, code)
    if not permissions.sees_whole(request.user, found):
        raise NotFound("没有这个园区的合计", mend="企业只能看本企业的数据")
    return found


@router.get("/energy/parks/cards/{park_code}", response=ParkCardOut, summary=_("一个园区一个月的用能与排放"))
@asks(permissions.SEE)
def show_park(request: HttpRequest, park_code: str, asked: Query[ParkMonthAsked]) -> Any:
    found = _whole(request, park_code)
    yesterday = timezone.localdate() - timedelta(days=1)
    first = date.fromisoformat(f"{asked.month_of_park}-01") if asked.month_of_park else yesterday.replace(day=1)
    last = min(yesterday, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))
    if first > last:
        raise NotFound(f"{first:%Y-%m} 还没有到", mend="请查已经过去的月份")
    month = reading.month_of(found, first, last)
    sums = {name: month.total.sum(name) for name in ("equivalent", "equal", "co2")}
    parts = {name: month.tce(getattr(month.balance, name)) for name in ("exchanged", "made", "lost")}
    standing = reading.standings([found], on=timezone.localdate())[0]
    emitted = month.emitted
    gases = {"co2e": emitted.total(), "direct": emitted.total(kind="direct"), "indirect": emitted.total(kind="indirect"), "guideline": emitted.guideline, "gwp": emitted.gwp}  # fmt: skip
    return _park(found, standing) | sums | gases | parts | {"month": f"{first:%Y-%m}", "status": int(month.status), "firms": len(month.firms)}  # fmt: skip


@router.get(
    "/energy/parks/cards/{park_code}/baselines", response=Page[BaselineOut], summary=_("一个园区历次用电基线，新的在前")
)
@asks(permissions.SEE)
def list_park_baselines(request: HttpRequest, park_code: str, asked: Query[Paging]) -> Any:
    return page(request, baselining.kept(_whole(request, park_code).subject), asked, told)


@router.get(
    "/energy/parks/cards/{park_code}/baselines/{int:id}",
    response=BaselineSavingOut,
    summary=_("一个园区的一次用电基线，和对它少用了多少"),
)
@asks(permissions.SEE)
@one_look()
def show_park_baseline(request: HttpRequest, park_code: str, id: int, asked: Query[BaselineAsked]) -> Any:
    return told_with_saving(_whole(request, park_code).subject, id, asked)


def _own(request: HttpRequest, park: Park, firm: Enterprise) -> bool:
    return permissions.sees_whole(request.user, park) or firm.organisation in organisations_of(request.user) - {""}


def _heat(row: Any) -> dict[str, Any]:
    names = (
        "id",
        "name",
        "temperature",
        "power",
        "months",
        "from_hour",
        "until_hour",
        "hours",
        "since",
        "longitude",
        "latitude",
        "demo",
    )
    more = ("medium", "outlet") if hasattr(row, "medium") else ("item", "efficiency")
    return {"firm": row.enterprise.code} | {name: getattr(row, name) for name in (*names, *more)}


@router.get("/energy/parks/cards/{park_code}/heat", response=ParkHeatOut, summary=_("园区的余热供给与用热需求"))
@asks(permissions.SEE)
def list_park_heat(request: HttpRequest, park_code: str) -> Any:
    found = store.park_for(request.user, park_code)
    offers, needs = heat.listed(found, on=timezone.localdate())
    return {
        "offers": [_heat(row) for row in offers if _own(request, found, row.enterprise)],
        "needs": [_heat(row) for row in needs if _own(request, found, row.enterprise)],
    }


@router.get(
    "/energy/parks/cards/{park_code}/pairs", response=list[HeatPairOut], summary=_("余热匹配：每一对的结论和原因")
)
@asks(permissions.SEE)
def match_park_heat(request: HttpRequest, park_code: str) -> Any:
    found = store.park_for(request.user, park_code)
    offers, needs = heat.listed(found, on=timezone.localdate())
    firms = {f"o{row.pk}": row.enterprise for row in offers} | {f"n{row.pk}": row.enterprise for row in needs}
    pairs = heat.solve(offers, needs, heat.places(found))
    worths = heat.worths(found.city, found.place, pairs, needs, timezone.localdate().year)
    return [
        _pair(pair, worths)
        for pair in pairs
        if any(_own(request, found, firms[code]) for code in (pair.offer.code, pair.need.code))
    ]


def _pair(pair: Pair, worths: Mapping[tuple[str, str], dict[str, Any]]) -> dict[str, Any]:
    worth = worths.get((pair.offer.code, pair.need.code), {})
    return {
        "offer": int(pair.offer.code[1:]), "need": int(pair.need.code[1:]), "verdict": pair.verdict, "km": pair.km, "hours": pair.hours,
        "power": pair.power, "delivered": pair.delivered, "lost": pair.lost, "tce": worth.get("tce"), "co2": worth.get("co2"),
    }  # fmt: skip


def _seat(request: HttpRequest, park_code: str, firm_code: str) -> tuple[Park, Enterprise]:
    """The park and the firm that somebody tells of. Raises `NotFound`, `PermissionDenied`."""
    found = store.park_for(request.user, park_code)
    firm = Enterprise.objects.filter(code=firm_code, city=found.city).first()
    if firm is None or not (may(request.user, permissions.OFFER, (found, firm)) or _own(request, found, firm)):
        raise NotFound("没有这家企业", mend="请填写您的企业在名录里的代码")
    demand(request.user, permissions.OFFER, (found, firm))
    return found, firm


@router.post("/energy/parks/cards/{park_code}/offers", response={201: HeatOfferOut}, summary=_("登记余热供给"))
@asks(permissions.OFFER)
def offer_park_heat(request: HttpRequest, park_code: str, given: HeatOfferIn) -> Any:
    found, firm = _seat(request, park_code, given.firm)
    return Status(201, _heat(heat.offer(found, firm, given=given.dict(), by=request.user, now=timezone.now())))


@router.post("/energy/parks/cards/{park_code}/needs", response={201: HeatNeedOut}, summary=_("登记用热需求"))
@asks(permissions.OFFER)
def need_park_heat(request: HttpRequest, park_code: str, given: HeatNeedIn) -> Any:
    found, firm = _seat(request, park_code, given.firm)
    return Status(201, _heat(heat.need(found, firm, given=given.dict(), by=request.user, now=timezone.now())))


def _outside(request: HttpRequest, firm_code: str) -> Enterprise:
    """The firm in no park that somebody tells of. Raises `NotFound`, `PermissionDenied`."""
    firm = Enterprise.objects.for_user(request.user).filter(code=firm_code, city=city_here().code).first()
    if firm is None:
        raise NotFound("没有这家企业", mend="请填写企业在名录里的代码")
    demand(request.user, permissions.OFFER, (None, firm))
    return firm


@router.get("/energy/parks/heat", response=ParkHeatOut, summary=_("园区外的余热供给与用热需求"))
@asks(permissions.SEE)
def list_outside_heat(request: HttpRequest) -> Any:
    def rows(model: Any) -> list[dict[str, Any]]:
        seen = model.objects.for_user(request.user).filter(
            park=None, enterprise__city=city_here().code, withdrawn_on=None
        )
        return [_heat(row) for row in seen.select_related("enterprise")]

    return {"offers": rows(HeatOffer), "needs": rows(HeatNeed)}


@router.post("/energy/parks/heat/offers", response={201: HeatOfferOut}, summary=_("登记园区外的余热供给"))
@asks(permissions.OFFER)
def offer_outside_heat(request: HttpRequest, given: HeatOfferIn) -> Any:
    firm = _outside(request, given.firm)
    return Status(201, _heat(heat.offer(None, firm, given=given.dict(), by=request.user, now=timezone.now())))


@router.post("/energy/parks/heat/needs", response={201: HeatNeedOut}, summary=_("登记园区外的用热需求"))
@asks(permissions.OFFER)
def need_outside_heat(request: HttpRequest, given: HeatNeedIn) -> Any:
    firm = _outside(request, given.firm)
    return Status(201, _heat(heat.need(None, firm, given=given.dict(), by=request.user, now=timezone.now())))


@router.get(
    "/energy/parks/heat/pairs",
    response=list[HeatPairOut],
    summary=_("园区外余热的匹配：至少一方在园区外的每一对和原因"),
)
@asks(permissions.SEE)
def match_outside_heat(request: HttpRequest) -> Any:
    city, today = city_here().code, timezone.localdate()
    pairs, rows, _seen = heat.seen_outside(request.user, city, on=today)
    worths = heat.worths(city, city, pairs, [row for row in rows.values() if isinstance(row, HeatNeed)], today.year)
    return [_pair(pair, worths) for pair in pairs]


@router.get("/energy/parks/heat/matches", response=Page[HeatMatchOut], summary=_("提出和达成的园区外余热匹配"))
@asks(permissions.SEE)
def list_outside_heat_matches(request: HttpRequest, asked: Query[Paging]) -> Any:
    return page(request, matches_for(request.user, None), asked, _match)


@router.post("/energy/parks/heat/matches", response={201: HeatMatchOut}, summary=_("向双方企业提出一对园区外的匹配"))
@asks(permissions.OFFER)
def propose_outside_heat_match(request: HttpRequest, given: HeatProposalIn) -> Any:
    city = city_here().code
    made = steps.propose_outside(city, f"o{given.offer}", f"n{given.need}", by=request.user, now=timezone.now())
    return Status(201, _match(made))


def _match(row: Any) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in ("power", "delivered", "tce", "co2", "demo")}
    return told | {"record": str(row.record_id), "offer": row.offer_id, "need": row.need_id, "state": row.record.state}


@router.get("/energy/parks/cards/{park_code}/matches", response=Page[HeatMatchOut], summary=_("提出和达成的余热匹配"))
@asks(permissions.SEE)
def list_heat_matches(request: HttpRequest, park_code: str, asked: Query[Paging]) -> Any:
    found = store.park_for(request.user, park_code)
    return page(request, matches_for(request.user, found), asked, _match)


@router.post(
    "/energy/parks/cards/{park_code}/matches", response={201: HeatMatchOut}, summary=_("向双方企业提出一对匹配")
)
@asks(permissions.OFFER)
def propose_heat_match(request: HttpRequest, park_code: str, given: HeatProposalIn) -> Any:
    found = store.park_for(request.user, park_code)
    made = steps.propose(found, f"o{given.offer}", f"n{given.need}", by=request.user, now=timezone.now())
    return Status(201, _match(made))


def _material(row: Any) -> dict[str, Any]:
    names = ("id", "side", "code", "name", "tonnes", "quality", "hazardous", "permit", "since", "demo")
    return {"firm": row.enterprise.code} | {name: getattr(row, name) for name in names}


@router.get("/energy/parks/cards/{park_code}/materials", response=ParkMaterialsOut, summary=_("园区的副产物供需与匹配"))
@asks(permissions.SEE)
def list_park_materials(request: HttpRequest, park_code: str) -> Any:
    found = store.park_for(request.user, park_code)
    rows = exchange.listed(found, on=timezone.localdate())
    own = {str(row.pk) for row in rows if _own(request, found, row.enterprise)}
    pairs = exchange.solve(rows, heat.places(found))
    return {
        "listed": [_material(row) for row in rows if str(row.pk) in own],
        "pairs": [
            {"offer": int(pair.offer.code), "need": int(pair.need.code), "verdict": pair.verdict, "tonnes": pair.tonnes, "km": pair.km}
            for pair in pairs if own & {pair.offer.code, pair.need.code}
        ],
    }  # fmt: skip


@router.post("/energy/parks/cards/{park_code}/materials", response={201: MaterialOut}, summary=_("登记副产物供需"))
@asks(permissions.OFFER)
def enter_park_material(request: HttpRequest, park_code: str, given: MaterialIn) -> Any:
    found, firm = _seat(request, park_code, given.firm)
    return Status(201, _material(exchange.enter(found, firm, given=given.dict(), by=request.user, now=timezone.now())))
