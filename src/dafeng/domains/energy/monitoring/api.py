"""Key energy users over HTTP: the firms, their energy and flows, findings and their steps, forecasts, output, coal equivalents."""

from datetime import date, datetime
from typing import Annotated, Any

from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema
from pydantic import Field

from dafeng.domains.energy.models import Anomaly, DayForecast, FlowLink, FlowNode, MonitoredFirm, Product
from dafeng.domains.energy.monitoring import (
    balance,
    baseline_api,
    detecting,
    forecasting,
    model_api,
    permissions,
    register,
    words,
)
from dafeng.domains.energy.monitoring.methods import conversion
from dafeng.domains.energy.monitoring.views.firm_page import clock
from dafeng.kernel.actions import PUBLIC, action, asks
from dafeng.kernel.api import words as api_words
from dafeng.kernel.api.moments import Moment
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.errors import NotFound
from dafeng.kernel.series.points import one_look

router = Router(tags=["energy"])
router.add_router("", model_api.router)
router.add_router("", baseline_api.router)
READ_COEFFICIENTS = action("energy.coefficients", "查看折标准煤系数", {PUBLIC})

api_words.describe(within="EnergyUserOut", code=_("单位代码"), name=_("单位名称"), place=_("所在地，GB/T 2260"), industry=_("行业代码，GB/T 4754-2017"), waiting=_("待确认的异常数"), demo=_("是否演示"))  # fmt: skip
api_words.describe(
    within="EnergyUserDetail",
    first=_("起始日"), last=_("截止日"), equivalent=_("综合能耗，当量值，tce；算不出为空"), equal=_("综合能耗，等价值，tce；算不出为空"), co2=_("二氧化碳，t；算不出为空"),
    status=_("可信程度：0 完整，1 不完整，2 待确认"), coverage=_("计量覆盖率，0–1；没有表计为空"), items=_("按能源品种"),
)  # fmt: skip
api_words.describe(
    within="EnergyItemOut",
    item=_("能源品种代码"), name=_("能源品种"), amount=_("数量"), unit=_("单位"), equivalent=_("当量值，tce"), equal=_("等价值，tce"), equal_year=_("等价系数的年份"),
    co2=_("二氧化碳，t"), set=_("系数所属标准"), standing=_("系数的核定程度"),
)  # fmt: skip
api_words.describe(
    within="EnergyAnomalyOut",
    id=_("编号"), enterprise=_("单位代码"), point=_("计量点代码"), node=_("环节代码"), kind=_("类型代码"), title=_("类型"), family=_("层次：point 单表，group 表间，pattern 用能习惯"),
    first=_("起"), last=_("止"), amount=_("涉及用量；没有用量的为空"), unit=_("用量的单位"), yuan=_("涉及金额，元；算不出为空"), money_to_confirm=_("金额所依据的电价是否待确认"),
    co2=_("涉及排放，t；算不出为空"), cause=_("可能原因"), check=_("该查什么"), state=_("状态：new 待确认，confirmed 属实，false 误报，solved 已解决"),
)  # fmt: skip
api_words.describe(within="EnergyFlowOut", source=_("起点环节"), target=_("终点环节"), item=_("能源品种代码"), tce=_("数量，tce 当量值；没有读数为空"), measured=_("是否由表计得出；否则为差额"))  # fmt: skip
api_words.describe(within="EnergyClosureOut", node=_("环节代码"), inflow=_("进，tce"), outflow=_("出，tce"), gap=_("差，tce"), state=_("closed 平衡，loss 转换损失，open 有缺口，gain 出大于进，unknown 缺数"))  # fmt: skip
api_words.describe(within="EnergyFlowsOut", month=_("月份"), links=_("流向"), closures=_("各环节收支"))
api_words.describe(
    within="EnergyForecastOut",
    point=_("计量点代码"), day=_("日期"), lead=_("最后已知的一天在预测日之前几天"), made_at=_("作出时间"), rung=_("方法：model 模型，seasonal 同类日平均，median 近期中位数"),
    value=_("24 个小时的预测，kWh"), low=_("80% 区间下沿"), high=_("80% 区间上沿"), mape=_("误差；没有到期为空"), mape_yesterday=_("照搬前一天的误差；没有到期为空"),
)  # fmt: skip
api_words.describe(
    within="EnergySettleIn",
    action=_("confirm 属实，dismiss 误报，solve 已解决，reopen 重新打开"),
    note=_("说明；误报和已解决必填"),
)
api_words.describe(
    within="EnergyOutputIn", product=_("产品代码"), month=_("月份，如 2026-10"), amount=_("产量"), source=_("数据来源")
)
api_words.describe(within="EnergyOutputOut", product=_("产品代码"), month=_("月份"), amount=_("产量"), unit=_("单位"))
api_words.describe(
    within="CoalEquivalentOut",
    item=_("能源品种代码"), name=_("能源品种"), unit=_("实物单位"), tce=_("每单位折标准煤，tce，当量值"), low=_("区间下限；没有区间为空"), high=_("区间上限；没有区间为空"),
    set=_("标准"), source=_("出处"), standing=_("核定程度"), note=_("说明"),
)  # fmt: skip
# Parameters of a question have one meaning all over the API, hence names of their own.
api_words.describe(
    energy_user=_("只要这家单位的（代码）"),
    anomaly_kind=_("只要这种类型的（代码）"),
    lead_days=_("最后已知的一天在预测日之前几天：1 当天，2 明天（日前），8 其后一周"),
    flow_month=_("月份，如 2026-10；不填为本月"),
)


class EnergyUserOut(Schema):
    code: str
    name: str
    place: str
    industry: str
    waiting: int
    demo: bool


class EnergyItemOut(Schema):
    item: str
    name: str
    amount: float
    unit: str
    equivalent: float | None
    equal: float | None
    equal_year: int | None
    co2: float | None
    set: str
    standing: str


class EnergyUserDetail(EnergyUserOut):
    first: date
    last: date
    equivalent: float | None
    equal: float | None
    co2: float | None
    status: int
    coverage: float | None
    items: list[EnergyItemOut]


class EnergyAnomalyOut(Schema):
    id: int
    enterprise: str
    point: str
    node: str
    kind: str
    title: str
    family: str
    first: datetime
    last: datetime
    amount: float | None
    unit: str
    yuan: float | None
    money_to_confirm: bool
    co2: float | None
    cause: str
    check: str
    state: str


class EnergyFlowOut(Schema):
    source: str
    target: str
    item: str
    tce: float | None
    measured: bool


class EnergyClosureOut(Schema):
    node: str
    inflow: float | None
    outflow: float | None
    gap: float | None
    state: str


class EnergyFlowsOut(Schema):
    month: str
    links: list[EnergyFlowOut]
    closures: list[EnergyClosureOut]


class EnergyForecastOut(Schema):
    point: str
    day: date
    lead: int
    made_at: datetime
    rung: str
    value: list[float]
    low: list[float]
    high: list[float]
    mape: float | None
    mape_yesterday: float | None


class EnergySettleIn(Schema):
    action: str = Field("", max_length=20)
    note: str = Field("", max_length=300)


class EnergyOutputIn(Schema):
    product: str = Field("", max_length=40)
    month: str = Field("", max_length=7)
    amount: float = Field(0.0, ge=0)
    source: str = Field("", max_length=120)


class EnergyOutputOut(Schema):
    product: str
    month: str
    amount: float
    unit: str


class CoalEquivalentOut(Schema):
    item: str
    name: str
    unit: str
    tce: float
    low: float | None
    high: float | None
    set: str
    source: str
    standing: str
    note: str


class EnergyAnomaliesAsked(Paging):
    energy_user: str = Field("", max_length=60)
    state: str = Field("", max_length=10)
    anomaly_kind: str = Field("", max_length=20)


class EnergyForecastsAsked(Paging):
    lead_days: int = Field(2, ge=1, le=8)


class EnergyFlowsAsked(Schema):
    flow_month: str = Field("", pattern=r"^((19|20)\d{2}-(0[1-9]|1[0-2]))?$")
    known_at: Moment | None = None


def _user(firm: Any, waiting: int) -> dict[str, Any]:
    enterprise = firm.enterprise
    return {"code": enterprise.code, "name": enterprise.called(english=words.english()), "place": enterprise.place, "industry": enterprise.industry, "waiting": waiting, "demo": firm.demo}  # fmt: skip


@router.get("/energy/users", response=Page[EnergyUserOut], summary=_("重点用能单位"))
@asks(permissions.SEE)
def list_energy_users(request: HttpRequest, paging: Annotated[Paging, Query()]) -> dict[str, Any]:
    open_ = Count("enterprise__energy_anomalies", filter=Q(enterprise__energy_anomalies__state=Anomaly.State.NEW))
    rows = (
        MonitoredFirm.objects.for_user(request.user)
        .select_related("enterprise")
        .annotate(waiting=open_)
        .order_by("enterprise__code")
    )
    return page(request, rows, paging, lambda firm: _user(firm, firm.waiting))


@router.get("/energy/users/{code}", response=EnergyUserDetail, summary=_("一家重点用能单位近四周的能耗"))
@asks(permissions.SEE)
@one_look()
def show_energy_user(request: HttpRequest, code: str) -> dict[str, Any]:
    firm = register.monitored_for(request.user, code)
    last = clock()[1]
    first = last.fromordinal(last.toordinal() - 27)
    meters = detecting.meters_of(firm, first, last)
    total = balance.bought(firm.enterprise, meters, balance.amounts(meters, first, last), last.year)
    waiting = Anomaly.objects.filter(enterprise=firm.enterprise, state=Anomaly.State.NEW).count()
    return _user(firm, waiting) | {
        "first": first, "last": last, "equivalent": total.sum("equivalent"), "equal": total.sum("equal"), "co2": total.sum("co2"), "status": int(total.status),
        "coverage": total.coverage, "items": [row | {"name": words.item_name(row["item"])} for row in total.rows.iter_rows(named=True)],
    }  # fmt: skip


@router.get("/energy/users/{code}/flows", response=EnergyFlowsOut, summary=_("一家单位一个月的能流和各环节收支"))
@asks(permissions.SEE)
@one_look()
def show_energy_flows(request: HttpRequest, code: str, asked: Annotated[EnergyFlowsAsked, Query()]) -> dict[str, Any]:
    firm = register.monitored_for(request.user, code)
    last = clock()[1]
    month = date.fromisoformat(f"{asked.flow_month}-01") if asked.flow_month else last.replace(day=1)
    if month > last:
        raise NotFound(_now("%(month)s 还没有到") % {"month": f"{month:%Y-%m}"})
    following = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
    end = min(last, following.fromordinal(following.toordinal() - 1))
    meters = detecting.meters_of(firm, month, end)
    nodes, links = (
        list(FlowNode.objects.filter(enterprise=firm.enterprise).holding(month, end)),
        list(FlowLink.objects.filter(enterprise=firm.enterprise).holding(month, end)),
    )
    model = balance.flows_of(
        nodes, links, meters, balance.amounts(meters, month, end, known_at=asked.known_at), month.year
    )
    return {
        "month": f"{month:%Y-%m}",
        "links": [
            {
                "source": each.source,
                "target": each.target,
                "item": each.item,
                "tce": each.amount,
                "measured": each.measured,
            }
            for each in model.links
        ],
        "closures": [
            {
                "node": each.node.code,
                "inflow": each.inflow,
                "outflow": each.outflow,
                "gap": each.gap,
                "state": each.state,
            }
            for each in model.closures
        ],
    }


@router.get(
    "/energy/users/{code}/forecasts",
    response=Page[EnergyForecastOut],
    summary=_("一家单位的负荷预测及其评分，新的在前"),
)
@asks(permissions.SEE)
def list_energy_forecasts(
    request: HttpRequest, code: str, asked: Annotated[EnergyForecastsAsked, Query()]
) -> dict[str, Any]:
    firm = register.monitored_for(request.user, code)
    meters = {meter.pk: meter.point.code for meter in forecasting.forecast_meters([firm], clock()[1])}
    rows = DayForecast.objects.filter(meter__in=list(meters), lead=asked.lead_days).order_by("-day", "meter")

    def shown(each: DayForecast) -> dict[str, Any]:
        names = ("day", "lead", "made_at", "rung", "value", "low", "high", "mape", "mape_yesterday")
        return {"point": meters[each.meter_id]} | {name: getattr(each, name) for name in names}

    return page(request, rows, asked, shown)


def _anomaly(each: Anomaly) -> dict[str, Any]:
    rule = words.RULES[each.kind]
    return {
        "id": each.pk, "enterprise": each.enterprise.code, "point": each.meter.point.code, "node": each.meter.node.code, "kind": each.kind, "title": str(rule.title),
        "family": each.family, "first": each.first, "last": each.last, "amount": each.amount, "unit": each.meter.point.unit,
        "yuan": None if each.yuan is None else float(each.yuan), "money_to_confirm": each.money_standing in conversion.TO_CONFIRM, "co2": each.co2,
        "cause": str(rule.cause), "check": str(rule.check), "state": each.state,
    }  # fmt: skip


@router.get("/energy/anomalies", response=Page[EnergyAnomalyOut], summary=_("用能异常，新的在前"))
@asks(permissions.SEE)
def list_energy_anomalies(request: HttpRequest, asked: Annotated[EnergyAnomaliesAsked, Query()]) -> dict[str, Any]:
    rows = Anomaly.objects.for_user(request.user).select_related("enterprise", "meter__point", "meter__node")
    for name, value in (("enterprise__code", asked.energy_user), ("state", asked.state), ("kind", asked.anomaly_kind)):
        if value:
            rows = rows.filter(**{name: value})
    return page(request, rows, asked, _anomaly)


@router.post("/energy/anomalies/{int:id}/steps", response=EnergyAnomalyOut, summary=_("登记一条异常属实、误报或已解决"))
@asks(permissions.KEEP)
def settle_energy_anomaly(request: HttpRequest, id: int, body: EnergySettleIn) -> dict[str, Any]:
    found = (
        Anomaly.objects.for_user(request.user)
        .select_related("enterprise", "meter__point", "meter__node")
        .filter(pk=id)
        .first()
    )
    if found is None:
        raise NotFound(_now("没有这条用能异常"))
    found.state = detecting.settle(found, body.action, by=request.user, now=timezone.now(), note=body.note).state
    return _anomaly(found)


@router.post("/energy/users/{code}/output", response={201: EnergyOutputOut}, summary=_("登记一个月的产量"))
@asks(permissions.KEEP)
def state_energy_output(request: HttpRequest, code: str, body: EnergyOutputIn) -> tuple[int, dict[str, Any]]:
    firm = register.monitored_for(request.user, code)
    product = Product.objects.filter(enterprise=firm.enterprise, code=body.product).select_related("enterprise").first()
    if product is None:
        raise NotFound(_now("没有这个产品"))
    made = register.state_output(
        product, body.month, body.amount, source=body.source, by=request.user, now=timezone.now()
    )
    return 201, {"product": product.code, "month": made.month, "amount": made.amount, "unit": product.unit}


@router.get("/energy/coal-equivalents", response=list[CoalEquivalentOut], summary=_("各种能源折标准煤的系数（当量值）"))
@asks(READ_COEFFICIENTS)
def list_coal_equivalents(request: HttpRequest) -> list[dict[str, Any]]:
    name = "name_en" if words.english() else "name"
    return [
        row | {"name": row[name], "note": row["note"] or ""} for row in conversion.coefficients().iter_rows(named=True)
    ]
