"""Small hydro over HTTP: stations and their state, compliance, warnings, forecasts, notices. Readings come in through `series`."""

from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema, Status
from pydantic import Field

from dafeng.domains.energy.city_page import city_here
from dafeng.domains.energy.hydro import board, compliance, generation, notices, permissions, rules, store, warnings
from dafeng.domains.energy.models import EcoWarning, HydroGauge, HydroNotice, HydroStation, River, hydro_full
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.api import words
from dafeng.kernel.api.moments import Moment
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.errors import NotFound
from dafeng.kernel.series.points import one_look

router = Router(tags=["energy"])

for schema in ("HydroStationOut", "HydroStateOut"):
    words.describe(
        within=schema, code=_("编号"), name=_("名称"), place=_("县区代码"), kind=_("small 小水电，pumped 抽水蓄能"), stage=_("unknown、planned、building、running、stopped、retired"),
        river=_("河流编号"), km=_("距河口，km"), capacity=_("装机容量，kW；空为待录入"), head=_("额定水头，m"), design_flow=_("设计引用流量，m3/s"), demo=_("是否演示数据"),
    )  # fmt: skip
words.describe(
    within="HydroStateOut", now=_("met 达标，short 低于核定值，late 遥测中断，none 没有测点，unset 未核定，idle 未运行"), threshold=_("核定生态流量，m3/s"),
    level=_("上游水位，m"), inflow=_("入库流量，m3/s"), eco=_("泄放的生态流量，m3/s"), power=_("出力，kW；未共享为空"), full=_("是否能看到全部，否则只有共享的水情"),
    read_at=_("生态流量最近一次读数的时间"),
)  # fmt: skip
words.describe(
    within="EcoMonthOut", station=_("电站编号"), first=_("第一天"), last=_("最后一天"), verdict=_("met、short、unknown 数据不足、unset 未核定"), rule=_("规则编号"),
    rule_standing=_("规则的依据：ours 为平台起草、待确认"), met=_("达标小时"), short=_("不足小时"), missing=_("缺测小时；不算达标"), share=_("有数小时中达标的占比，0 到 1"), days=_("逐日判定"),
)  # fmt: skip
words.describe(
    within="EcoWarningOut", id=_("编号"), station=_("电站编号"), kind=_("short 生态流量不足，gap 遥测中断"), level=_("1 提示，2 警告，3 严重"), first=_("起"), last=_("止"),
    hours=_("小时"), lowest=_("最低流量，m3/s"), threshold=_("核定流量，m3/s"), going_on=_("是否仍在持续"), stands=_("补报后是否仍成立"),
    state=_("new、confirmed、explained、solved"), rule=_("规则编号"), what_to_do=_("怎么办"),
)  # fmt: skip
words.describe(within="EcoStepIn", action=_("confirm 属实，explain 作出说明，solve 办结，reopen 重新打开"), note=_("说明；除属实外必填"))  # fmt: skip
words.describe(
    within="HydroForecastOut", station=_("电站编号"), made_on=_("起报日"), made_at=_("预测时间"), rung=_("rain、recession、climatology、persistence、none"),
    days=_("每天的来水 m3/s 与发电 kWh，带 80% 区间"), score=_("滚动试算的误差：本方法、照搬最近一天、往年同期"),
)  # fmt: skip
words.describe(
    within="HydroNoticeOut", id=_("编号"), station=_("电站编号"), kind=_("release 计划放水，maintenance 检修，flood 洪水预警，other 其他"), starts=_("开始"), ends=_("结束"),
    flow=_("下泄流量，m3/s"), text=_("内容"), at=_("发布时间"), withdrawn_at=_("撤回时间"),
)  # fmt: skip
words.describe(
    within="HydroNoticeIn", station=_("电站编号"), kind=_("release、maintenance、flood 或 other"), starts=_("开始，带时区"), ends=_("结束，带时区"), flow=_("下泄流量，m3/s；计划放水必填"), text=_("内容"),
)  # fmt: skip
words.describe(
    within="HydroGaugeOut", code=_("编号"), name=_("名称"), place=_("县区代码"), river=_("河流编号"), km=_("距河口，km"), alert_level=_("警戒水位，m"), level=_("水位，m"),
    flow=_("流量，m3/s"), rain=_("最近时段雨量，mm"), alert=_("是否超过警戒水位"), demo=_("是否演示数据"),
)  # fmt: skip
words.describe(
    within="HydroRiverOut", code=_("编号"), name=_("名称"), basin=_("流域"), length=_("河长，km；空为待录入"), downstream=_("汇入的河流编号；空为不汇入登记的河流"),
    joins=_("汇入处距下游河河口，km"), demo=_("是否演示数据"),
)  # fmt: skip
words.describe(
    hydro_station=_("电站编号"), eco_month=_("月份，如 2026-10；空为昨天所在的月"), eco_state=_("预警状态；空为全部")
)


class HydroStationOut(Schema):
    code: str
    name: str
    place: str
    kind: str
    stage: str
    river: str
    km: float | None
    capacity: float | None
    head: float | None
    design_flow: float | None
    demo: bool


class HydroStateOut(HydroStationOut):
    now: str
    threshold: float | None
    level: float | None
    inflow: float | None
    eco: float | None
    power: float | None
    full: bool
    read_at: datetime | None


class EcoMonthAsked(Schema):
    eco_month: str = Field("", pattern=r"^((19|20)\d{2}-(0[1-9]|1[0-2]))?$")


class EcoMonthOut(Schema):
    station: str
    first: date
    last: date
    verdict: str
    rule: str
    rule_standing: str
    met: int
    short: int
    missing: int
    share: float | None
    days: dict[str, str]


class EcoWarningsAsked(Paging):
    eco_state: Literal["", "new", "confirmed", "explained", "solved"] = ""


class EcoWarningOut(Schema):
    id: int
    station: str
    kind: str
    level: int
    first: datetime
    last: datetime
    hours: int
    lowest: float | None
    threshold: float | None
    going_on: bool
    stands: bool
    state: str
    rule: str
    what_to_do: str


class EcoStepIn(Schema):
    action: Literal["confirm", "explain", "solve", "reopen"]
    note: str = Field("", max_length=300)


class HydroForecastOut(Schema):
    station: str
    made_on: date
    made_at: datetime
    rung: str
    days: list[dict[str, Any]]
    score: dict[str, Any]


class HydroNoticeOut(Schema):
    id: int
    station: str
    kind: str
    starts: datetime
    ends: datetime
    flow: float | None
    text: str
    at: datetime
    withdrawn_at: datetime | None


class HydroNoticeIn(Schema):
    station: str = Field(max_length=60)
    kind: Literal["release", "maintenance", "flood", "other"]
    starts: Moment
    ends: Moment
    text: str = Field(max_length=400)
    flow: float | None = None


class HydroRiverOut(Schema):
    code: str
    name: str
    basin: str
    length: float | None
    downstream: str
    joins: float | None
    demo: bool


class HydroGaugeOut(Schema):
    code: str
    name: str
    place: str
    river: str
    km: float
    alert_level: float | None
    level: float | None
    flow: float | None
    rain: float | None
    alert: bool
    demo: bool


def _station(row: HydroStation) -> dict[str, Any]:
    names = ("code", "name", "place", "kind", "stage", "km", "capacity", "head", "design_flow", "demo")
    return {name: getattr(row, name) for name in names} | {"river": row.river.code if row.river else ""}


def _warning(row: EcoWarning) -> dict[str, Any]:
    names = ("kind", "level", "first", "last", "hours", "lowest", "threshold", "going_on", "stands", "state", "rule")
    told = {name: getattr(row, name) for name in names}
    return told | {"id": row.pk, "station": row.station.code, "what_to_do": warnings.what_to_do(row)}


def _notice(row: HydroNotice) -> dict[str, Any]:
    names = ("kind", "starts", "ends", "flow", "text", "at", "withdrawn_at")
    return {name: getattr(row, name) for name in names} | {"id": row.pk, "station": row.station.code}


@router.get("/energy/hydro/stations", response=Page[HydroStationOut], summary=_("水电站名录"))
@asks(permissions.SEE)
def list_hydro_stations(request: HttpRequest, asked: Query[Paging]) -> Any:
    rows = HydroStation.objects.for_user(request.user).filter(city=city_here().code).select_related("river")
    return page(request, rows.order_by("code"), asked, _station)


@router.get(
    "/energy/hydro/stations/{hydro_station}",
    response=HydroStateOut,
    summary=_("一座水电站此刻的水情，与生态流量核定值"),
)
@asks(permissions.SEE)
@one_look()
def show_hydro_station(request: HttpRequest, hydro_station: str) -> Any:
    found, now = store.station_for(request.user, hydro_station), timezone.now()
    state = board.states([found], request.user, today=timezone.localdate(now), now=now)[0]
    eco = state.readings.get("eco")
    return _station(found) | {
        "now": state.now, "threshold": state.threshold, "level": state.value("level"), "inflow": state.value("inflow"), "eco": state.value("eco"),
        "power": state.value("power"), "full": state.full, "read_at": eco.at if eco else None,
    }  # fmt: skip


@router.get(
    "/energy/hydro/stations/{hydro_station}/ecoflow",
    response=EcoMonthOut,
    summary=_("一座电站一个月的生态流量达标情况"),
)
@asks(permissions.SEE)
@one_look()
def show_ecological_flow(request: HttpRequest, hydro_station: str, asked: Query[EcoMonthAsked]) -> Any:
    found, now = store.station_for(request.user, hydro_station), timezone.now()
    yesterday = timezone.localdate(now) - timedelta(days=1)
    month = date.fromisoformat(f"{asked.eco_month}-01") if asked.eco_month else yesterday
    first, last = generation.month_span(month)
    if first > yesterday:
        raise NotFound(_now("%(month)s 还没有到") % {"month": f"{month:%Y-%m}"})
    last = min(last, yesterday)
    judged = compliance.judge([found], first, last, now=now).get(found.pk)
    if judged is None:
        raise NotFound(_now("抽水蓄能电站没有生态流量考核"))
    hours, rule = judged.hours, rules.rule_of(last)
    return {
        "station": found.code, "first": first, "last": last, "verdict": judged.verdict, "rule": rule.id, "rule_standing": rule.standing, "met": hours.met,
        "short": hours.short, "missing": hours.missing, "share": hours.share, "days": {str(day.day): day.verdict for day in judged.days},
    }  # fmt: skip


@router.get(
    "/energy/hydro/stations/{hydro_station}/forecast",
    response=HydroForecastOut,
    summary=_("一座电站最近一次来水与发电预测及其评分"),
)
@asks(permissions.SEE)
def show_hydro_forecast(request: HttpRequest, hydro_station: str) -> Any:
    found = store.station_in_full(request.user, hydro_station)
    row = found.forecasts.first()
    if row is None:
        raise NotFound(_now("这座电站还没有预测"), mend=_now("请先绑定入库流量测点"))
    names = ("made_on", "made_at", "rung", "days", "score")
    return {name: getattr(row, name) for name in names} | {"station": found.code}


@router.get("/energy/hydro/warnings", response=Page[EcoWarningOut], summary=_("生态流量预警，新的在前"))
@asks(permissions.SEE)
def list_ecological_flow_warnings(request: HttpRequest, asked: Query[EcoWarningsAsked]) -> Any:
    rows = EcoWarning.objects.filter(hydro_full(request.user, at="station"), station__city=city_here().code)
    if asked.eco_state:
        rows = rows.filter(state=asked.eco_state)
    return page(request, rows.select_related("station").order_by("-first", "-pk"), asked, _warning)


@router.post("/energy/hydro/warnings/{int:id}/steps", response=EcoWarningOut, summary=_("办理一条生态流量预警"))
@asks(permissions.SETTLE)
def settle_ecological_flow_warning(request: HttpRequest, id: int, body: EcoStepIn) -> Any:
    rows = EcoWarning.objects.filter(hydro_full(request.user, at="station")).select_related("station")
    found = rows.filter(pk=id).first()
    if found is None:
        raise NotFound(_now("没有这条预警"))
    found.state = warnings.settle(found, body.action, by=request.user, now=timezone.now(), note=body.note).state
    return _warning(found)


@router.get("/energy/hydro/notices", response=Page[HydroNoticeOut], summary=_("您能看到的水情通告，新的在前"))
@asks(permissions.SEE)
def list_hydro_notices(request: HttpRequest, asked: Query[Paging]) -> Any:
    rows = notices.seen_by(request.user).filter(station__city=city_here().code)
    return page(request, rows.order_by("-starts", "-pk"), asked, _notice)


@router.post("/energy/hydro/notices", response={201: HydroNoticeOut}, summary=_("向下游发一条水情通告"))
@asks(permissions.TELL)
def post_hydro_notice(request: HttpRequest, body: HydroNoticeIn) -> Any:
    given = body.dict()
    station = store.station_for(request.user, given.pop("station"))
    demand(request.user, permissions.TELL, station)
    return Status(201, _notice(notices.post(station, **given, by=request.user, now=timezone.now())))


def _river(row: River) -> dict[str, Any]:
    names = ("code", "name", "basin", "length", "joins", "demo")
    return {name: getattr(row, name) for name in names} | {"downstream": row.downstream.code if row.downstream else ""}


@router.get("/energy/hydro/rivers", response=Page[HydroRiverOut], summary=_("河流名录"))
@asks(permissions.SEE)
def list_hydro_rivers(request: HttpRequest, asked: Query[Paging]) -> Any:
    rows = River.objects.filter(city=city_here().code).select_related("downstream")
    return page(request, rows.order_by("code"), asked, _river)


@router.get("/energy/hydro/gauges", response=list[HydroGaugeOut], summary=_("水文测站与最新水情"))
@asks(permissions.SEE)
@one_look()
def list_hydro_gauges(request: HttpRequest) -> Any:
    rows = HydroGauge.objects.for_user(request.user).filter(city=city_here().code).select_related("river")
    told = []
    for each in board.gauges(list(rows), now=timezone.now()):
        gauge, readings = each["gauge"], each["readings"]
        own = {name: getattr(gauge, name) for name in ("code", "name", "place", "km", "alert_level", "demo")}
        values = {role: readings[role].value if role in readings else None for role in ("level", "flow", "rain")}
        told.append(own | values | {"river": gauge.river.code, "alert": each["alert"]})
    return told
