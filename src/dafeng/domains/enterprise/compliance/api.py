"""Compliance over HTTP: rule sets and trial allocation for everybody; positions, plans and surrender for those who may."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import File, Form, Query, Router, Schema, UploadedFile
from pydantic import Field

from dafeng.domains.enterprise.compliance import (
    credit,
    cutting,
    exposures,
    holdings,
    library,
    listing,
    papers,
    permissions,
    positions,
    scenarios,
    services,
    words,
)
from dafeng.domains.enterprise.compliance.methods import duty as duties
from dafeng.domains.enterprise.compliance.methods import planner
from dafeng.domains.enterprise.compliance.methods.rulesets import tightened
from dafeng.domains.enterprise.compliance.positions import Position
from dafeng.domains.enterprise.compliance.views.duty_page import firm_of
from dafeng.domains.enterprise.compliance.views.firm import listed
from dafeng.domains.enterprise.compliance.views.rules import set_of
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import (
    Allocation,
    AllocationCut,
    CarbonDuty,
    CarbonTrade,
    CcerBatch,
    Covered,
    Surrender,
)
from dafeng.kernel.actions import asks, may
from dafeng.kernel.api import words as described
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import NotFound

router = Router(tags=["enterprise"])

described.describe(
    firm=_("企业代码"), rule_set=_("规则代码，如 power-2024"), compliance_year=_("配额所属的年度")
)  # fmt: skip
described.describe(
    within="RuleSetOut", code=_("规则代码"), title=_("名称"), year=_("年度"), market=_("national 全国，regional 地方"), sector=_("行业"),
    state=_("ended 已结束，in_force 现行，draft 征求意见稿，simulation 只供模拟"), standing=_("可信程度 A–D"), source=_("出处"),
    open=_("还没有签认的待确认值"), gaps=_("没有数值的基准"), usable=_("是否可用来发放配额"),
)  # fmt: skip
described.describe(
    within="RuleSetDetail", benchmarks=_("基准值"),
)  # fmt: skip
described.describe(
    within="BenchmarkOut", unit_class=_("类别代码"), title=_("类别"), kind=_("power 供电，heat 供热，product 产品"), value=_("数值；空为没有取得"),
    unit=_("单位"), standing=_("可信程度 A–D"), source=_("出处"),
)  # fmt: skip
UNIT_WORDS = {
    "unit": _("机组或产线代码"), "unit_class": _("类别代码，见规则"), "cooling": _("冷却方式：water 或 air"), "output": _("供电量（兆瓦时）或产量"),
    "heat": _("供热量（吉焦）"), "heat_ratio": _("供热比，0–1"), "load_factor": _("负荷系数，0–1"), "emissions": _("核查排放量（吨）"),
    "barred": _("不发配额的情形，空为无"), "capacity": _("设计产能"), "reduction": _("减排系数"), "history": _("历史强度或历史排放；给出各年的数组时取平均，只有一年偏离 20% 以上的去掉这一年"),
    "choice": _("规则列出的系数中选用的一个，空为不用"), "balance": _("行业平衡值"),
}  # fmt: skip
described.describe(within="UnitIn", **UNIT_WORDS)
described.describe(within="AllocateIn", units=_("机组或产线"), pre=_("是否按预分配计算"), tighter=_("所有基准值降低的百分比；0 为原样"))  # fmt: skip
described.describe(
    within="StepsOut", unit=_("机组或产线代码"), unit_class=_("类别代码"), status=_("ok 可用，to_confirm 待确认，missing 缺数据"), open=_("用到的待确认值"),
    missing=_("缺的数据"), quota=_("配额，精确小数（文本）"), tonnes=_("整吨配额，舍去小数"), pre=_("预分配的整吨数"), steps=_("各步的数，精确小数（文本）"),
)  # fmt: skip
described.describe(
    within="FirmPosition", firm=_("企业代码"), name=_("企业名称"), year=_("年度"), sector=_("行业"), state=_("履约状态"), emissions=_("核查排放量（吨）；空为未锁定"),
    free=_("核定配额（吨）；空为未核定"), owed=_("应清缴量（吨）；空为未登记"), surrendered=_("已清缴的配额（吨）"), offset=_("已用于抵销（吨）"), applied=_("已申请未办理（吨）"),
    usable=_("可用配额（吨）"), ccer=_("可用的核证自愿减排量（吨）"), lack=_("还须购入（吨）"), cost=_("按演示价格折合（元）"), due=_("清缴期限"),
)  # fmt: skip
described.describe(
    within="CreditRecordOut", firm=_("企业代码"), name=_("企业名称"), credit_code=_("统一社会信用代码；没有为空"), on=_("出具日期"), years=_("各年度"),
    digest=_("内容的 SHA-256"), chain=_("出具时审计链的链头"), demo=_("是否演示数据"),
)  # fmt: skip
described.describe(
    within="CreditYearOut", year=_("年度"), due=_("清缴期限"), owed=_("应清缴量（吨）；空为未登记"), surrendered=_("已清缴的配额（吨）"), offset=_("已用于抵销（吨）"),
    outstanding=_("还欠（吨）"), fulfilled_on=_("清缴完成日期；没有完成为空"), in_time=_("是否按期完成；期限未到且未完成为空"),
    basis=_("排放量的依据：passed 核查通过，conservative 保守测算，spot 市级抽查调整，unverified 未核查，told 书面依据，estimated 逾期未报由生态环境局测算，open 没有有效结论"),
)  # fmt: skip
described.describe(
    within="MonthEndOut", month=_("月份"), emitted=_("至今排放（吨，履约边界）；空为没有填报"), expected=_("预计全年排放（吨）；核查后为核查排放量"), verified=_("是否核查排放量"),
    held=_("月末持有、能用于这一年度的配额（吨）"), surrendered=_("至月末已清缴（吨，含抵销）"), net=_("富余（吨），负数为缺口"), price=_("月末收盘价（元/吨，演示）；空为没有"),
    cost=_("缺口折合（元）"), missing=_("还没有填报的月份"),
)  # fmt: skip
described.describe(
    within="AllocationOut", id=_("编号"), year=_("年度"), stage=_("pre 预分配，final 核定"), number=_("版次"), rule_set=_("规则代码"), signed=_("凭签认使用的值"),
    tonnes=_("配额（吨）"), issued=_("本次发放（吨），负数为收回"), rows=_("各机组的步骤"), at=_("核定时间"),
)  # fmt: skip
described.describe(within="AllocationOut", cuts=_("从这一版扣除的核减：编号对吨数"))
described.describe(
    within="PaperOut", id=_("编号"), document=_("文件名称、文号"), dated=_("文件日期"), sha256=_("文件的 SHA-256")
)
described.describe(within="PaperIn", document=_("文件名称、文号"), dated=_("文件日期"))
described.describe(within="ListedFirm", firm=_("企业代码"), sector=_("power 发电，industry 钢铁、水泥、铝冶炼"))
described.describe(
    within="OfficialListIn",
    year=_("名录年度"),
    paper=_("依据文件编号"),
    entries=_("名录里的企业；有一家不对就都不登记"),
)
described.describe(
    within="CoveredOut", firm=_("企业代码"), name=_("企业名称"), year=_("年度"), sector=_("行业"), source=_("依据"),
    paper=_("公布文件编号；空为筛查列入、还没有公布文件"),
)  # fmt: skip
described.describe(
    within="IssueIn",
    year=_("年度"),
    stage=_("pre 预分配，final 核定"),
    units=_("企业的全部机组或产线；不写则取锁定的报告"),
)
described.describe(
    within="CarbonDutyIn", year=_("年度"), told=_("没有报告的年度的排放量（吨）；不写则按锁定的报告"), reason=_("逾期没有报送时，保守测算的理由"),
    paper=_("依据文件编号；写排放量时必填"),
)  # fmt: skip
described.describe(
    within="CarbonDutyOut", year=_("年度"), number=_("版次"), emissions=_("排放量（吨）"), free=_("核定配额（吨）；空为未核定"), tonnes=_("应清缴量（吨）"), due=_("清缴期限"),
    steps=_("计算步骤"), paper=_("依据文件编号；按报告的为空"),
)  # fmt: skip
BATCH_WORDS = {
    "code": _("批次代码"), "project": _("减排项目"), "started": _("项目开工日"), "reduced_from": _("减排量起始日"), "reduced_to": _("减排量截止日"),
    "covered": _("是否来自配额管理范围"),
}  # fmt: skip
described.describe(
    within="CcerBatchIn",
    **BATCH_WORDS,
    owner=_("持有企业代码；空为市外"),
    tonnes=_("数量（吨）"),
    paper=_("依据文件编号"),
)
described.describe(
    within="CcerBatchOut", **BATCH_WORDS, eligible=_("是否可以抵销"), reasons=_("不能抵销的理由"), source=_("依据")
)
TRADE_WORDS = {
    "seller": _("卖方企业代码；空为市外"), "buyer": _("买方企业代码；空为市外"), "vintage": _("配额年份"), "batch": _("核证自愿减排量批次代码；空为配额"),
    "tonnes": _("数量（吨）"), "price": _("价格（元/吨）"), "way": _("listing 挂牌协议，block 大宗协议，bidding 单向竞价"), "day": _("成交日"),
}  # fmt: skip
described.describe(within="CarbonTradeIn", **TRADE_WORDS, number=_("交易机构的成交编号；同一编号只登记一次"))
described.describe(within="CarbonTradeOut", **TRADE_WORDS, id=_("编号"), asset=_("CEA 配额，CCER 核证自愿减排量"))
CUT_WORDS = {
    "kind": _("arrears 欠缴，false_data 清缴后查明的虚报"), "year": _("违规所在年度"), "tonnes": _("核减（吨）；欠缴的由平台算出"), "reason": _("查明的事实"),
    "paper": _("依据文件编号"),
}  # fmt: skip
described.describe(within="CutIn", **CUT_WORDS)
described.describe(
    within="CutOut",
    **CUT_WORDS,
    id=_("编号"),
    from_year=_("核减年度"),
    standing=_("规则的可信程度 A–D"),
    source=_("规则的出处"),
)
described.describe(within="CompliancePlanIn", year=_("年度"), price=_("配额价格（元/吨）"), ccer_price=_("核证自愿减排量价格（元/吨）"), next_value=_("结转后每吨的预计价值（元）"), group=_("是否与同一组织的企业一起"))  # fmt: skip
described.describe(within="CompliancePlanOut", cost=_("净支出（元），负数为净得"), firms=_("各企业"), reasons=_("理由"))
described.describe(
    within="FirmPlanOut", firm=_("企业代码"), duty=_("待清缴（吨）"), surrender=_("按年份清缴的自有配额（吨）"), ccer=_("抵销（吨）"), ccer_bought=_("其中新买（吨）"),
    bought=_("买入（吨）"), from_group=_("集团内转入（吨）"), sold=_("按年份卖出（吨）"), carried=_("按年份结转（吨）"), left=_("留存（吨）"), shortfall=_("欠缴（吨）"),
)  # fmt: skip
described.describe(
    within="SurrenderIn",
    year=_("年度"),
    tonnes=_("配额（吨）"),
    ccer=_("抵销（吨）"),
    key=_("由您取的编号；同一编号只办一次"),
)
described.describe(
    within="SurrenderOut", id=_("编号"), year=_("年度"), tonnes=_("配额（吨）"), ccer=_("抵销（吨）"), vintages=_("各年份的数量（吨）"), state=_("applied 已申请，done 已清缴，refused 已驳回"),
    reason=_("驳回的理由"),
)  # fmt: skip
described.describe(within="DecideIn", grant=_("true 确认，false 驳回"), reason=_("理由，驳回时必填"))
described.describe(within="CloseOut", day=_("日期"), price=_("收盘价（元/吨）"))


class RuleSetOut(Schema):
    code: str
    title: str
    year: int
    market: str
    sector: str
    state: str
    standing: str
    source: str
    open: list[str]
    gaps: list[str]
    usable: bool


class BenchmarkOut(Schema):
    unit_class: str
    title: str
    kind: str
    value: str | None
    unit: str
    standing: str
    source: str


class RuleSetDetail(RuleSetOut):
    benchmarks: list[BenchmarkOut]


class UnitIn(Schema):
    unit: str = Field(max_length=60)
    unit_class: str = Field(max_length=60)
    cooling: str = Field("", max_length=10)
    output: float | None = None
    heat: float | None = None
    heat_ratio: float | None = None
    load_factor: float | None = None
    emissions: float | None = None
    barred: str = Field("", max_length=40)
    capacity: float | None = None
    reduction: float | None = None
    history: float | Annotated[list[float], Field(min_length=1, max_length=10)] | None = None
    choice: str = Field("", max_length=10)
    balance: float | None = None


class AllocateIn(Schema):
    units: list[UnitIn] = Field(min_length=1, max_length=5000)
    pre: bool = False
    tighter: Decimal = Field(Decimal(0), ge=0, lt=100, decimal_places=2)


class PaperOut(Schema):
    id: UUID
    document: str
    dated: date
    sha256: str


class ListedFirm(Schema):
    firm: str = Field(max_length=60)
    sector: str = Field(max_length=40)


class OfficialListIn(Schema):
    year: int = Field(ge=2000, le=2200)
    paper: UUID
    entries: list[ListedFirm] = Field(min_length=1, max_length=2000)


class CoveredOut(Schema):
    firm: str
    name: str
    year: int
    sector: str
    source: str
    paper: UUID | None


class IssueIn(Schema):
    year: int = Field(ge=2000, le=2200)
    stage: Literal["pre", "final"]
    units: list[UnitIn] | None = Field(None, min_length=1, max_length=200)


class CarbonDutyIn(Schema):
    year: int = Field(ge=2000, le=2200)
    told: Decimal | None = Field(None, gt=0, le=10**9, decimal_places=3)
    reason: str = Field("", max_length=300)
    paper: UUID | None = None


class CarbonDutyOut(Schema):
    year: int
    number: int
    emissions: int
    free: int | None
    tonnes: int
    due: date
    steps: list[str]
    paper: UUID | None


class CcerBatchIn(Schema):
    code: str = Field(min_length=1, max_length=60, pattern=r"^[-a-zA-Z0-9_]+$")
    project: str = Field(min_length=1, max_length=160)
    owner: str | None = Field(None, max_length=60)
    tonnes: int = Field(gt=0, le=10**9)
    started: date
    reduced_from: date
    reduced_to: date
    covered: bool = False
    paper: UUID


class CcerBatchOut(Schema):
    code: str
    project: str
    started: date
    reduced_from: date
    reduced_to: date
    covered: bool
    eligible: bool
    reasons: list[str]
    source: str


class CarbonTradeIn(Schema):
    seller: str | None = Field(None, max_length=60)
    buyer: str | None = Field(None, max_length=60)
    vintage: int | None = Field(None, ge=2019, le=2100)
    batch: str | None = Field(None, max_length=60)
    tonnes: int = Field(gt=0, le=10**9)
    price: Decimal = Field(gt=0, le=10**6, decimal_places=2)
    way: Literal["listing", "block", "bidding"]
    day: date
    number: str = Field(min_length=1, max_length=60, pattern=r"^[-a-zA-Z0-9_]+$")


class CarbonTradeOut(Schema):
    id: UUID
    seller: str | None
    buyer: str | None
    asset: str
    vintage: int
    batch: str | None
    tonnes: int
    price: Decimal
    way: str
    day: date


class CutIn(Schema):
    kind: Literal["arrears", "false_data"]
    year: int = Field(ge=2000, le=2200)
    tonnes: int | None = Field(None, gt=0, le=10**9)
    reason: str = Field("", max_length=300)
    paper: UUID


class CutOut(Schema):
    id: UUID
    kind: str
    year: int
    from_year: int
    tonnes: int
    reason: str
    standing: str
    source: str
    paper: UUID


class StepsOut(Schema):
    unit: str
    unit_class: str
    status: str
    open: str
    missing: str
    quota: str | None
    tonnes: int | None
    pre: int | None
    steps: dict[str, str]


class FirmPosition(Schema):
    firm: str
    name: str
    year: int
    sector: str
    state: str
    emissions: int | None
    free: int | None
    owed: int | None
    surrendered: int
    offset: int
    applied: int
    usable: int
    ccer: int
    lack: int | None
    cost: Decimal | None
    due: date


class CreditYearOut(Schema):
    year: int
    due: date
    owed: int | None
    surrendered: int
    offset: int
    outstanding: int | None
    fulfilled_on: date | None
    in_time: bool | None
    basis: str


class CreditRecordOut(Schema):
    firm: str
    name: str
    credit_code: str
    on: date
    years: list[CreditYearOut]
    digest: str
    chain: str
    demo: bool


class MonthEndOut(Schema):
    month: str
    emitted: float | None
    expected: float | None
    verified: bool
    held: int
    surrendered: int
    net: float | None
    price: Decimal | None
    cost: Decimal | None
    missing: list[str]


class AllocationOut(Schema):
    id: UUID
    year: int
    stage: str
    number: int
    rule_set: str
    signed: list[str]
    tonnes: int
    cuts: dict[str, int]
    issued: int
    rows: list[dict[str, Any]]
    at: Any


class CompliancePlanIn(Schema):
    year: int
    price: Decimal = Field(gt=0, le=100_000, decimal_places=2)
    ccer_price: Decimal = Field(gt=0, le=100_000, decimal_places=2)
    next_value: Decimal | None = Field(None, ge=0, le=100_000, decimal_places=2)
    group: bool = False


class FirmPlanOut(Schema):
    firm: str
    duty: int
    surrender: dict[str, int]
    ccer: int
    ccer_bought: int
    bought: int
    from_group: int
    sold: dict[str, int]
    carried: dict[str, int]
    left: int
    shortfall: int


class CompliancePlanOut(Schema):
    cost: Decimal
    firms: list[FirmPlanOut]
    reasons: list[str]


class SurrenderIn(Schema):
    year: int
    tonnes: int = Field(ge=0, le=10**9)
    ccer: int = Field(0, ge=0, le=10**9)
    key: str = Field(min_length=1, max_length=40)


class SurrenderOut(Schema):
    id: UUID
    year: int
    tonnes: int
    ccer: int
    vintages: dict[str, int]
    state: str
    reason: str


class DecideIn(Schema):
    grant: bool
    reason: str = Field("", max_length=300)


class CloseOut(Schema):
    day: date
    price: Decimal


class PaperIn(Schema):
    document: str = Field(min_length=1, max_length=200)
    dated: date


class FirmsAsked(Paging):
    compliance_year: Annotated[int | None, Field(ge=2000, le=2200)] = None


def _set(found: Any) -> dict[str, Any]:
    signed = services.signed_items(found.code)
    return {
        "code": found.code, "title": words.title(found), "year": found.year, "market": found.market, "sector": found.sector, "state": found.state,
        "standing": found.standing, "source": found.source, "open": [each for each in found.items() if each not in signed],
        "gaps": [each.code for each in found.gaps()], "usable": found.usable,
    }  # fmt: skip


def _position(each: Position) -> dict[str, Any]:
    return {
        "firm": each.enterprise.code, "name": each.enterprise.called(english=words.english()), "year": each.covered.year, "sector": each.covered.sector,
        "state": each.state, "emissions": each.emissions, "free": each.free, "owed": each.owed, "surrendered": each.surrendered, "offset": each.offset,
        "applied": each.applied, "usable": each.usable, "ccer": each.ccer, "lack": each.lack, "cost": each.cost, "due": each.due,
    }  # fmt: skip


@router.get("/enterprise/allocation-rules", response=Page[RuleSetOut], summary=_("配额规则"))
@asks(permissions.SEE_RULES)
def list_allocation_rules(request: HttpRequest, asked: Query[Paging]) -> Any:
    return page(request, list(library.rule_sets().values()), asked, _set)


@router.get("/enterprise/allocation-rules/{rule_set}", response=RuleSetDetail, summary=_("一套配额规则，含各基准值"))
@asks(permissions.SEE_RULES)
def show_allocation_rules(request: HttpRequest, rule_set: str) -> Any:
    found = set_of(rule_set)
    benchmarks = [
        {"unit_class": each.class_, "title": words.class_title(found, each.class_), "kind": each.kind, "value": None if each.value is None else str(each.value), "unit": each.unit, "standing": each.standing, "source": each.source}
        for each in found.benchmarks.values()
    ]  # fmt: skip
    return _set(found) | {"benchmarks": benchmarks}


def _units(given: list[UnitIn]) -> list[dict[str, Any]]:
    return [{"class" if name == "unit_class" else name: value for name, value in each.dict().items()} for each in given]


STEPS = (
    "output", "output_counted", "benchmark_power", "cooling_factor", "heat_factor", "load_factor_value", "share", "quota_power", "heat",
    "benchmark_heat", "quota_heat", "history", "reduction",
)  # fmt: skip


@router.post(
    "/enterprise/allocation-rules/{rule_set}/trial", response=list[StepsOut], summary=_("试算配额，不写任何数据")
)
@asks(permissions.PLAN)
def try_allocation(request: HttpRequest, rule_set: str, given: AllocateIn) -> Any:
    set_of(rule_set)
    rules = services.signed_set(rule_set)
    if given.tighter:
        rules = tightened(rules, given.tighter)
    rows = services.simulate(_units(given.units), rules, pre=given.pre)
    return [
        {
            "unit": row["unit"], "unit_class": row["class"], "status": row["status"], "open": row["open"], "missing": row["missing"], "quota": row["quota"],
            "tonnes": row["tonnes"], "pre": row.get("pre"), "steps": {name: str(row[name]) for name in STEPS if row.get(name) is not None},
        }
        for row in rows
    ]  # fmt: skip


@router.get("/enterprise/cea-prices", response=Page[CloseOut], summary=_("配额收盘价（2025 年，演示）"))
@asks(permissions.SEE_RULES)
def list_cea_prices(request: HttpRequest, asked: Query[Paging]) -> Any:
    return page(request, library.closes(), asked, lambda each: {"day": each.day, "price": each.price})


@router.get(
    "/enterprise/compliance/firms", response=Page[FirmPosition], summary=_("一个年度的履约情况，只含您可以看的企业")
)
@asks(permissions.SEE)
def list_firm_positions(request: HttpRequest, asked: Query[FirmsAsked]) -> Any:
    today = timezone.localdate()
    year = asked.compliance_year or positions.current_year(today)
    return page(request, listed(request, year, today) if _has_rules(year) else [], asked, _position)


def _has_rules(year: int) -> bool:
    return any(year in each["years"] for each in library.cycle_rules()["cycle"])


@router.get("/enterprise/compliance/firms/{firm}", response=list[FirmPosition], summary=_("一家企业历年的履约情况"))
@asks(permissions.SEE)
def show_firm_positions(request: HttpRequest, firm: str) -> Any:
    enterprise = firm_of(request, firm)
    return [_position(each) for each in positions.history(enterprise, today=timezone.localdate(), held=holdings.of(enterprise))]  # fmt: skip


@router.get("/enterprise/compliance/firms/{firm}/exposure", response=list[MonthEndOut], summary=_("一家企业逐月的头寸与敞口"))  # fmt: skip
@asks(permissions.SEE)
def show_firm_exposure(request: HttpRequest, firm: str, compliance_year: int | None = None) -> Any:
    now = timezone.now()
    year = positions.current_year(timezone.localdate(now)) if compliance_year is None else compliance_year
    return [_month_end(each) for each in exposures.of(firm_of(request, firm), year, now=now)]


@router.get("/enterprise/compliance/firms/{firm}/credit-record", response=CreditRecordOut, summary=_("一家企业的履约信用记录"))  # fmt: skip
@asks(permissions.SEE)
def show_credit_record(request: HttpRequest, firm: str) -> Any:
    return credit.record(firm_of(request, firm), now=timezone.now())


def _month_end(each: Any) -> dict[str, Any]:
    names = ("month", "emitted", "expected", "verified", "held", "surrendered", "net", "price", "cost")
    return {name: getattr(each, name) for name in names} | {"missing": list(each.missing)}


@router.get("/enterprise/compliance/firms/{firm}/allocations", response=Page[AllocationOut], summary=_("一家企业的配额分配，含每一步"))  # fmt: skip
@asks(permissions.SEE)
def list_firm_allocations(request: HttpRequest, firm: str, asked: Query[Paging]) -> Any:
    found = Allocation.objects.filter(enterprise=firm_of(request, firm)).order_by("-year", "-at")
    return page(request, found, asked)


@router.post(
    "/enterprise/compliance/firms/{firm}/plan", response=CompliancePlanOut, summary=_("编制履约方案，不写任何数据")
)
@asks(permissions.PLAN)
def plan_firm(request: HttpRequest, firm: str, given: CompliancePlanIn) -> Any:
    enterprise, today = firm_of(request, firm), timezone.localdate()
    wanted = Covered.objects.filter(year=given.year, enterprise__in=Enterprise.objects.for_user(request.user)).select_related("enterprise")  # fmt: skip
    wanted = wanted.filter(enterprise__organisation=enterprise.organisation) if given.group and enterprise.organisation else wanted.filter(enterprise=enterprise)  # fmt: skip
    found = [each for each in positions.positions(wanted, today=today) if each.outstanding is not None]
    if not found:
        raise Refused("no_duty", str(_("这一年度还没有登记应清缴量")))
    held = holdings.of_all()
    firms = [scenarios.firm_of(each, held.get(each.enterprise.code, []), net_sold=scenarios.net_sold(each)) for each in found]  # fmt: skip
    value = given.price if given.next_value is None else given.next_value
    scenario = planner.Scenario("api", given.price, given.ccer_price, value)
    carry = today <= library.cycle_rules()["carry_over"]["apply_by"]
    made = planner.plan(firms, scenario, year=given.year, rules=library.cycle_rules(), carry=carry)
    return {
        "cost": made.cost, "reasons": [words.reason(code, numbers) for code, numbers in made.reasons],
        "firms": [
            {
                "firm": each.code, "duty": each.duty, "surrender": _texts(each.surrender), "ccer": each.ccer, "ccer_bought": each.ccer_bought, "bought": each.bought,
                "from_group": each.from_group, "sold": _texts(each.sold), "carried": _texts(each.carried), "left": each.left, "shortfall": each.shortfall,
            }
            for each in made.firms
        ],
    }  # fmt: skip


def _texts(by_vintage: Any) -> dict[str, int]:
    return {str(vintage): n for vintage, n in by_vintage.items()}


@router.post("/enterprise/compliance/firms/{firm}/surrenders", response={201: SurrenderOut}, summary=_("申请清缴；所用配额随即占用"))  # fmt: skip
@asks(permissions.ACT)
def apply_to_surrender(request: HttpRequest, firm: str, given: SurrenderIn) -> Any:
    enterprise = firm_of(request, firm)
    if not may(request.user, permissions.ACT, enterprise):
        raise NotFound(str(_("没有这家企业")))
    made = services.apply_surrender(enterprise, given.year, given.tonnes, given.ccer, key=given.key, by=request.user, now=timezone.now())  # fmt: skip
    return 201, made


@router.post("/enterprise/compliance/surrenders/{uuid:id}/decision", response=SurrenderOut, summary=_("办理清缴申请"))  # fmt: skip
@asks(permissions.DECIDE)
def decide_surrender(request: HttpRequest, id: UUID, given: DecideIn) -> Any:
    applied = Surrender.objects.filter(pk=id, enterprise__in=Enterprise.objects.for_user(request.user)).select_related("enterprise").first()  # fmt: skip
    if applied is None:
        raise NotFound(str(_("没有这份清缴申请")))
    return services.decide_surrender(applied, grant=given.grant, reason=given.reason, by=request.user, now=timezone.now())  # fmt: skip


# ---------------------------------------------------------------- what the bureau enters


@router.post("/enterprise/compliance/papers", response={201: PaperOut}, summary=_("登记一份依据文件，供名录、应清缴量、批次和核减引用"))  # fmt: skip
@asks(permissions.DECIDE)
def file_compliance_paper(request: HttpRequest, given: Form[PaperIn], file: File[UploadedFile]) -> Any:
    made = papers.keep(file, document=given.document, dated=given.dated, by=request.user, now=timezone.now())
    return 201, {"id": made.pk, "document": made.document, "dated": made.dated, "sha256": made.evidence.sha256}


@router.get("/enterprise/compliance/lists", response=Page[CoveredOut], summary=_("一个年度的重点排放单位名录"))
@asks(permissions.SEE_CITY)
def list_covered_firms(request: HttpRequest, asked: Query[FirmsAsked]) -> Any:
    year = asked.compliance_year or positions.current_year(timezone.localdate())
    found = Covered.objects.filter(year=year).select_related("enterprise").order_by("enterprise__code")
    return page(request, found, asked, _covered)


def _covered(each: Covered) -> dict[str, Any]:
    return {"firm": each.enterprise.code, "name": each.enterprise.called(english=words.english()), "year": each.year, "sector": each.sector, "source": each.source, "paper": each.paper_id}  # fmt: skip


@router.post("/enterprise/compliance/lists", response={201: list[CoveredOut]}, summary=_("登记公布的名录：有一家不对就都不登记"))  # fmt: skip
@asks(permissions.DECIDE)
def enter_official_list(request: HttpRequest, given: OfficialListIn) -> Any:
    entries = [(each.firm, each.sector) for each in given.entries]
    made = listing.enter(given.year, entries, paper=papers.found(given.paper), by=request.user, now=timezone.now())
    return 201, [_covered(each) for each in made]


@router.post("/enterprise/compliance/firms/{firm}/allocations", response={201: AllocationOut}, summary=_("核定一家企业的配额并发放：全部机组，或取锁定的报告"))  # fmt: skip
@asks(permissions.DECIDE)
def issue_allocation(request: HttpRequest, firm: str, given: IssueIn) -> Any:
    enterprise = firm_of(request, firm)
    report, units = services.units_of_report(enterprise, given.year, given.stage) if given.units is None else (None, _units(given.units))  # fmt: skip
    return 201, services.allocate_firm(enterprise, given.year, given.stage, units, report=report, by=request.user, now=timezone.now())  # fmt: skip


@router.post("/enterprise/compliance/firms/{firm}/duties", response={201: CarbonDutyOut}, summary=_("登记应清缴量：按锁定的报告，或没有报告的年度按依据文件"))  # fmt: skip
@asks(permissions.DECIDE)
def record_carbon_duty(request: HttpRequest, firm: str, given: CarbonDutyIn) -> Any:
    enterprise = firm_of(request, firm)
    made = services.register_duty(enterprise, given.year, told=given.told, reason=given.reason, paper=papers.found(given.paper), by=request.user, now=timezone.now())  # fmt: skip
    return 201, _duty(made)


def _duty(made: CarbonDuty) -> dict[str, Any]:
    return {
        "year": made.year, "number": made.number, "emissions": made.emissions, "free": made.free, "tonnes": made.tonnes, "due": made.due,
        "steps": [words.step(each) for each in made.steps], "paper": made.paper_id,
    }  # fmt: skip


@router.get("/enterprise/compliance/ccer-batches", response=Page[CcerBatchOut], summary=_("登记的核证自愿减排量批次"))
@asks(permissions.SEE_CITY)
def list_ccer_batches(request: HttpRequest, asked: Query[Paging]) -> Any:
    return page(request, CcerBatch.objects.order_by("-reduced_to", "code"), asked, _batch)


def _batch(each: CcerBatch) -> dict[str, Any]:
    reasons = duties.ineligible(services.project_of(each), library.cycle_rules())
    return {
        "code": each.code, "project": each.project, "started": each.started, "reduced_from": each.reduced_from, "reduced_to": each.reduced_to,
        "covered": each.covered, "eligible": not reasons, "reasons": [words.ineligible(code) for code in reasons], "source": each.source,
    }  # fmt: skip


@router.post(
    "/enterprise/compliance/ccer-batches", response={201: CcerBatchOut}, summary=_("登记一个核证自愿减排量批次")
)
@asks(permissions.DECIDE)
def add_ccer_batch(request: HttpRequest, given: CcerBatchIn) -> Any:
    paper = papers.demanded(papers.found(given.paper))
    owner = firm_of(request, given.owner) if given.owner else None
    told = given.dict(exclude={"owner", "tonnes", "paper"})
    batch = CcerBatch(**told, source=str(paper)[:200], paper=paper)
    return 201, _batch(services.add_ccer(batch, given.tonnes, to=owner, by=request.user, now=timezone.now()))


@router.post("/enterprise/compliance/trades", response={201: CarbonTradeOut}, summary=_("登记一笔成交：配额或核证自愿减排量，与市外或在本市两家企业之间"))  # fmt: skip
@asks(permissions.DECIDE)
def register_carbon_trade(request: HttpRequest, given: CarbonTradeIn) -> Any:
    seller, buyer = (firm_of(request, code) if code else None for code in (given.seller, given.buyer))
    batch = CcerBatch.objects.filter(code=given.batch).first() if given.batch else None
    if given.batch and batch is None:
        raise NotFound(str(_("没有这个批次")))
    made = services.register_trade(
        seller=seller, buyer=buyer, vintage=given.vintage, batch=batch, tonnes=given.tonnes, price=given.price, way=given.way, day=given.day,
        key=given.number, by=request.user, now=timezone.now(),
    )  # fmt: skip
    return 201, _trade(made)


def _trade(made: CarbonTrade) -> dict[str, Any]:
    return {
        "id": made.pk, "seller": made.seller.code if made.seller else None, "buyer": made.buyer.code if made.buyer else None, "asset": made.asset,
        "vintage": made.vintage, "batch": made.lot.removeprefix("CCER/") if made.asset == holdings.CCER else None, "tonnes": made.tonnes,
        "price": made.price, "way": made.way, "day": made.day,
    }  # fmt: skip


@router.get("/enterprise/compliance/firms/{firm}/cuts", response=Page[CutOut], summary=_("一家企业的配额核减"))
@asks(permissions.SEE)
def list_allocation_cuts(request: HttpRequest, firm: str, asked: Query[Paging]) -> Any:
    return page(request, AllocationCut.objects.filter(enterprise=firm_of(request, firm)), asked, _cut)


def _cut(each: AllocationCut) -> dict[str, Any]:
    names = ("kind", "year", "from_year", "tonnes", "reason", "standing", "source")
    return {"id": each.pk, "paper": each.paper_id} | {name: getattr(each, name) for name in names}


@router.post("/enterprise/compliance/firms/{firm}/cuts", response={201: CutOut}, summary=_("登记一项配额核减：欠缴，或清缴后查明的虚报"))  # fmt: skip
@asks(permissions.DECIDE)
def cut_allocation(request: HttpRequest, firm: str, given: CutIn) -> Any:
    enterprise, paper, now = firm_of(request, firm), papers.found(given.paper), timezone.now()
    if given.kind == "arrears":
        if given.tonnes is not None:
            raise Refused("amount_told", str(_("欠缴的核减数量由平台算出，不填")))
        return 201, _cut(cutting.for_arrears(enterprise, given.year, paper=paper, by=request.user, now=now))
    return 201, _cut(cutting.for_false_data(enterprise, given.year, given.tonnes or 0, reason=given.reason, paper=paper, by=request.user, now=now))  # fmt: skip
