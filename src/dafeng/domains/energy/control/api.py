"""Dual control over HTTP: quotas, where a subject stands, lights, projects, coal; and telling a month's use."""

from datetime import date
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema, Status
from pydantic import Field

from dafeng.domains.energy.city_page import city_here
from dafeng.domains.energy.control import (
    balance,
    binding,
    coming,
    limits,
    permissions,
    projects,
    quotas,
    readings,
    rules,
    warnings,
)
from dafeng.domains.energy.control import city as cities
from dafeng.domains.energy.control.methods.coming import Added
from dafeng.domains.energy.control.views.board import visible, why
from dafeng.domains.energy.models import ControlLight, EnergyCity, HighProject, Quota
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.api import words
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import NotFound

router = Router(tags=["energy"])

QuantityName = Literal["energy", "co2", "coal", "water"]
ToldName = Literal["energy", "co2", "coal", "water", "feedstock", "renewable"]
MONTH = r"^(20\d{2}-(0[1-9]|1[0-2]))?$"
SUBJECT = _("对象：place:地区代码、enterprise:企业代码、building:建筑编号或 project:两高项目编号")
QUANTITY = _("种类：energy 能源（tce），co2 二氧化碳（t），coal 煤炭（t），water 用水（m3）")
SECTOR = _("行业代码（GB/T 4754 大类）；空为全部")
for schema in (
    "QuotaOut",
    "ControlStateOut",
    "ControlLightOut",
    "EnergyMonthIn",
    "EnergyMonthOut",
    "QuotasAsked",
    "StateAsked",
    "LightsAsked",
):
    words.describe(within=schema, subject=SUBJECT, quantity=QUANTITY, sector=SECTOR)
words.describe(within="HighProjectOut", sector=SECTOR)
for schema in (
    "QuotaOut",
    "ControlStateOut",
    "ControlLightOut",
    "HighProjectOut",
    "CoalCutOut",
    "ComingCoalOut",
    "FirmIndexOut",
):
    words.describe(within=schema, name=_("名称"), place=_("县区代码"), demo=_("是否演示数据"))
for schema in ("ControlStateOut", "ControlLightOut"):
    words.describe(
        within=schema,
        ratio=_("累计用量占累计预算，百分比"),
        year_ratio=_("预计全年占全年指标，百分比"),
        light=_("red 红灯，yellow 黄灯，green 绿灯，unknown 缺数"),
        streak=_("连续几个月是这盏灯"),
        measure=_("后果：remind 提醒，limit 限批，suspend 暂停审查；空为没有"),
    )
words.describe(
    within="ControlStateOut",
    used_month=_("当月用量；没有填报为空"),
    used=_("本年累计，计入考核的；有缺月为空"),
    gross=_("本年累计总量；有缺月为空"),
    deducted=_("从总量里扣减的原料用能和新增可再生能源电力"),
    whole=_("没有扣减数据、按总量比的月份"),
    budget=_("本年累计预算"),
    year_budget=_("全年指标"),
    year_forecast=_("预计全年用量，含已批未投产项目"),
    coming=_("预计全年用量中已批未投产项目的部分"),
)
words.describe(
    resource=QUANTITY,
    as_of_month=_("月份，如 2026-10；空为最新的一月，列表中为全部"),
    sector_code=SECTOR,
    signal=_("red 红灯，yellow 黄灯，green 绿灯，unknown 缺数；空为全部"),
)
words.describe(
    within="QuotaOut", kind=_("quota 指标，budget 用能预算"), period=_("年份或月份"), amount=_("原定数量"), total=_("连同调整的数量"), unit=_("单位"),
    document=_("依据文件"), decided_on=_("决定日期"), adjustments=_("已签发的调整"),
)  # fmt: skip
words.describe(
    within="AdjustmentOut",
    amount=_("调整量，调减为负"),
    reason=_("调整理由"),
    document=_("依据文件"),
    decided_on=_("决定日期"),
)
words.describe(
    within="ControlStateOut", month=_("月份"), missing=_("还没有填报的月份"), forecast_way=_("预测办法：seasonal 季节法，mean 月均，none 不预测"),
    share_way=_("月预算分解办法：pattern 按上年同月，days 按天数"), why=_("判定的理由，一句话"), unit=_("单位"), rule=_("规则及版本的摘要"),
)  # fmt: skip
words.describe(within="ControlLightOut", month=_("月份"), rule=_("规则及版本"), why=_("判定的理由，一句话"))
words.describe(
    within="EnergyMonthIn", month=_("月份，如 2026-10"), value=_("数量，用该种类的单位"), basis=_("依据：statistic 统计，reported 填报，metered 计量，estimated 估算"),
    source=_("数据来源：台账、账单或统计表"),
)  # fmt: skip
words.describe(within="EnergyMonthOut", month=_("月份"), value=_("数量"), revision=_("第几版"))
words.describe(
    within="HighProjectOut", id=_("编号"), measured=_("今年是否按项目自己的计量算；否则取企业的全部用能"), owner=_("建设单位"), stage=_("proposed 拟建，building 在建，running 存量，stopped 停建或关停"), energy=_("核定年综合能耗，tce"),
    coal=_("核定年用煤，t"), owed=_("须替代的用煤，t"), replaced=_("已替代的用煤，t"),
)  # fmt: skip
words.describe(within="CoalCutOut", title=_("削减来源"), year=_("削减年份"), tonnes=_("削减量，t"), free=_("剩余可用，t"), state=_("claimed 待核定，confirmed 已核定，refused 不予核定"))  # fmt: skip
words.describe(
    within="FirmIndexOut", enterprise=_("企业代码"), product=_("产品代码"), product_name=_("产品名称"), unit=_("单位"), year=_("年份"),
    value=_("单位产品能耗"), stands=_("限额中的位置：over 超限额，within 以内，access 达到准入值，advanced 达到先进值，unknown 限额待确认"),
    level=_("国家能效水平：benchmark 标杆，between 基准与标杆之间，below 低于基准；空为没有"),
)  # fmt: skip


class QuotasAsked(Paging):
    resource: QuantityName | None = None
    year: Annotated[int | None, Field(ge=2000, le=2100)] = None


class AdjustmentOut(Schema):
    amount: float
    reason: str
    document: str
    decided_on: date


class QuotaOut(Schema):
    subject: str
    sector: str
    name: str
    place: str
    quantity: str
    kind: str
    period: str
    amount: float
    total: float
    unit: str
    document: str
    decided_on: date
    adjustments: list[AdjustmentOut]
    demo: bool


class StateAsked(Schema):
    as_of_month: str = Field("", pattern=MONTH)
    resource: QuantityName = "energy"
    sector_code: str = Field("", max_length=12)


class ControlStateOut(Schema):
    subject: str
    sector: str
    name: str
    quantity: str
    month: str
    unit: str
    used_month: float | None
    used: float | None
    budget: float | None
    year_budget: float | None
    year_forecast: float | None
    coming: float
    gross: float | None
    deducted: float
    whole: list[str]
    ratio: float | None
    year_ratio: float | None
    missing: list[str]
    share_way: str
    forecast_way: str
    light: str
    streak: int
    measure: str
    why: str
    rule: str


class LightsAsked(Paging):
    resource: QuantityName | None = None
    as_of_month: str = Field("", pattern=MONTH)
    signal: Literal["", "red", "yellow", "green", "unknown"] = ""


class ControlLightOut(Schema):
    subject: str
    sector: str
    name: str
    place: str
    quantity: str
    month: str
    light: str
    streak: int
    measure: str
    ratio: float | None
    year_ratio: float | None
    rule: str


class EnergyMonthIn(Schema):
    subject: str = Field(max_length=120)
    quantity: ToldName
    month: str = Field(max_length=7)
    value: float
    source: str = Field(max_length=200)
    basis: Literal["statistic", "reported", "metered", "estimated"] = "reported"
    sector: str = Field("", max_length=12)


class EnergyMonthOut(Schema):
    subject: str
    sector: str
    quantity: str
    month: str
    value: float
    revision: int


class HighProjectOut(Schema):
    id: int
    measured: bool
    name: str
    owner: str
    place: str
    sector: str
    stage: str
    energy: float | None
    coal: float | None
    owed: float | None
    replaced: float
    demo: bool


class CoalCutOut(Schema):
    title: str
    place: str
    year: int
    tonnes: float
    free: float
    state: str
    demo: bool


class ComingCoalOut(Schema):
    number: str = Field(description=_("项目编号；未公布为空"))
    name: str
    place: str
    year_amount: float = Field(description=_("投产后全年用煤，t"))
    begins: str = Field(description=_("投产月；只知道年份的为年份"))
    this_year: float = Field(description=_("计入今年预测的用煤，t"))
    why: str = Field(
        description=_("coming 待投产，late 逾期在建，idle 逾期未开工，unplaced 没有投产月，after 以后年度")
    )


class FirmIndexOut(Schema):
    enterprise: str
    name: str
    place: str
    product: str
    product_name: str
    unit: str
    year: int
    value: float
    stands: str
    level: str
    demo: bool


def _named(city: EnergyCity, row: Any) -> str:
    firms = {row.subject: row.enterprise} if row.enterprise else {}
    return cities.name_of(row.subject, row.sector, city=city, firms=firms)


@router.get("/energy/control/quotas", response=Page[QuotaOut], summary=_("已签发的指标与预算，连同调整"))
@asks(permissions.SEE)
def list_energy_quotas(request: HttpRequest, asked: Query[QuotasAsked]) -> Any:
    city = city_here()
    seen = Quota.objects.for_user(request.user).filter(city=city.code, record__state=quotas.SIGNED, adjusts=None)
    if asked.resource:
        seen = seen.filter(quantity=asked.resource)
    if asked.year:
        seen = seen.filter(period__startswith=str(asked.year))

    def show(row: Any) -> dict[str, Any]:
        budget = quotas.Budget(row, tuple(each for each in row.adjustments.all() if each.record.state == quotas.SIGNED))
        return {
            "subject": row.subject, "sector": row.sector, "name": _named(city, row), "place": row.place, "quantity": row.quantity,
            "kind": row.kind, "period": row.period, "amount": row.amount, "total": budget.amount, "unit": budget.unit, "document": row.document,
            "decided_on": row.decided_on, "demo": row.demo,
            "adjustments": [{"amount": each.amount, "reason": each.reason, "document": each.document, "decided_on": each.decided_on} for each in budget.adjustments],
        }  # fmt: skip

    rows = seen.select_related("enterprise").prefetch_related("adjustments__record").order_by("-decided_on", "pk")
    return page(request, rows, asked, show)


@router.get(
    "/energy/control/states/{subject}",
    response=ControlStateOut,
    summary=_("一个县区或企业到某月的用量、预算、预测与灯"),
)
@asks(permissions.SEE_SUBJECT)
def show_energy_state(request: HttpRequest, subject: str, asked: Query[StateAsked]) -> Any:
    firm = visible(request.user, subject)
    year, month = map(int, asked.as_of_month.split("-")) if asked.as_of_month else warnings.last_month(timezone.now())
    found = balance.state(subject, year, month, quantity=asked.resource, sector=asked.sector_code)
    if found is None:
        raise NotFound(_now("这个对象还没有指标和用量"))
    rule = rules.light_rules()
    return found.facts | {
        "subject": subject, "sector": found.sector, "quantity": found.quantity, "month": found.month, "light": found.light, "streak": found.streak,
        "measure": found.measure, "name": cities.name_of(subject, found.sector, firms={subject: firm} if firm else {}),
        "unit": rules.quantities()[found.quantity].unit, "why": why(found), "rule": f"{rule.id} {rule.version} {rule.digest[:12]}",
    }  # fmt: skip


@router.get(
    "/energy/control/lights", response=Page[ControlLightOut], summary=_("双控预警：县区、行业与企业的灯，新的月份在前")
)
@asks(permissions.SEE)
def list_energy_lights(request: HttpRequest, asked: Query[LightsAsked]) -> Any:
    city = city_here()
    rows = warnings.lights_for(request.user, city.code)
    if asked.resource:
        rows = rows.filter(quantity=asked.resource)
    if asked.as_of_month:
        rows = rows.filter(month=asked.as_of_month)
    if asked.signal:
        rows = rows.filter(light=asked.signal)

    def show(row: ControlLight) -> dict[str, Any]:
        return {
            "subject": row.subject, "sector": row.sector, "name": _named(city, row), "place": row.place, "quantity": row.quantity, "month": row.month,
            "light": row.light, "streak": row.streak, "measure": row.measure, "ratio": row.facts.get("ratio"), "year_ratio": row.facts.get("year_ratio"),
            "rule": row.rule,
        }  # fmt: skip

    return page(
        request, rows.select_related("enterprise").order_by("-month", "subject", "quantity", "sector"), asked, show
    )


@router.post("/energy/control/months", response={201: EnergyMonthOut}, summary=_("填报一个月的用量；再填一次即为更正"))
@asks(permissions.FILE)
def file_energy_month(request: HttpRequest, given: EnergyMonthIn) -> Any:
    city, now = city_here(), timezone.now()
    kind, code = cities.subject_parts(given.subject)
    firm = (
        Enterprise.objects.for_user(request.user).filter(code=code, city=city.code).first()
        if kind == "enterprise"
        else None
    )
    if firm is None and not (kind == "place" and (code == city.code or code in city.counties)):
        raise NotFound(_now("没有这个县区或企业"))
    place = firm.place if firm else code
    demand(request.user, permissions.FILE, place)
    made = readings.file(
        city.code, place=place, firm=firm, sector="" if firm else given.sector, quantity=given.quantity, month=given.month, value=given.value,
        basis=given.basis, source=given.source, by=request.user, now=now,
    )  # fmt: skip
    warnings.assess(city.code, by=request.user, now=now, quantities=[rules.judged(given.quantity)])
    return Status(
        201, {name: getattr(made, name) for name in ("subject", "sector", "quantity", "month", "value", "revision")}
    )


@router.get("/energy/control/projects", response=Page[HighProjectOut], summary=_("两高项目及其煤炭替代"))
@asks(permissions.SEE)
def list_high_projects(request: HttpRequest, asked: Query[Paging]) -> Any:
    seen = projects.with_replaced(HighProject.objects.for_user(request.user).filter(city=city_here().code))
    seen = binding.with_measured(seen, on=timezone.localdate())

    def show(row: Any) -> dict[str, Any]:
        told = {
            name: getattr(row, name) for name in ("name", "owner", "place", "sector", "stage", "energy", "coal", "demo")
        }
        return told | {
            "id": row.pk,
            "owed": projects.owed(row),
            "replaced": row.replaced or 0.0,
            "measured": row.measured,
        }

    return page(request, seen.order_by("name"), asked, show)


@router.get("/energy/control/coal", response=Page[CoalCutOut], summary=_("煤炭削减量及剩余"))
@asks(permissions.SEE)
def list_coal_cuts(request: HttpRequest, asked: Query[Paging]) -> Any:
    def show(row: Any) -> dict[str, Any]:
        told = {name: getattr(row, name) for name in ("title", "place", "year", "tonnes", "demo")}
        return told | {"free": row.tonnes - (row.used or 0.0), "state": row.record.state}

    return page(request, projects.cuts_for(request.user, city_here().code).order_by("-year", "pk"), asked, show)


@router.get("/energy/control/coal/projects", response=Page[ComingCoalOut], summary=_("已批未投产项目将新增的煤炭"))
@asks(permissions.SEE)
def list_coming_coal(request: HttpRequest, asked: Query[Paging]) -> Any:
    def show(row: tuple[str, Added]) -> dict[str, Any]:
        place, each = row
        part = each.part
        return {
            "number": part.number, "name": part.name, "place": place, "year_amount": part.year_amount, "this_year": each.amount,
            "begins": part.since or part.planned or str(part.year), "why": each.why.value,
        }  # fmt: skip

    return page(request, coming.coal_ahead(city_here().code, *warnings.last_month(timezone.now())), asked, show)


@router.get("/energy/control/indexes", response=Page[FirmIndexOut], summary=_("企业单位产品能耗及其在限额中的位置"))
@asks(permissions.SEE_SUBJECT)
def list_firm_indexes(request: HttpRequest, asked: Query[Paging]) -> Any:
    def show(line: limits.Line) -> dict[str, Any]:
        row = line.index
        return {
            "enterprise": row.enterprise.code, "name": row.enterprise.name, "place": row.place, "product": row.product,
            "product_name": line.product.name, "unit": line.product.unit, "year": row.year, "value": row.value, "stands": line.place,
            "level": line.level, "demo": row.demo,
        }  # fmt: skip

    return page(request, limits.lines_for(request.user, city_here().code, on=timezone.localdate()), asked, show)
