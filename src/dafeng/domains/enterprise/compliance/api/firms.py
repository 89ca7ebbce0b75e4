"""Where firms stand: positions, exposure by month, the credit record, and a plan."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema
from pydantic import Field

from dafeng.domains.enterprise.compliance import (
    credit,
    exposures,
    holdings,
    library,
    permissions,
    positions,
    scenarios,
    words,
)
from dafeng.domains.enterprise.compliance.api.words import FirmsAsked
from dafeng.domains.enterprise.compliance.methods import planner
from dafeng.domains.enterprise.compliance.positions import Position
from dafeng.domains.enterprise.compliance.views.duty_page import firm_of
from dafeng.domains.enterprise.compliance.views.firm import listed
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import (
    Covered,
)
from dafeng.kernel.actions import asks
from dafeng.kernel.api import words as described
from dafeng.kernel.api.paging import Page, page
from dafeng.kernel.enterprises.models import Enterprise

router = Router(tags=["enterprise"])

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
described.describe(within="CompliancePlanIn", year=_("年度"), price=_("配额价格（元/吨）"), ccer_price=_("核证自愿减排量价格（元/吨）"), next_value=_("结转后每吨的预计价值（元）"), group=_("是否与同一组织的企业一起"))  # fmt: skip
described.describe(within="CompliancePlanOut", cost=_("净支出（元），负数为净得"), firms=_("各企业"), reasons=_("理由"))
described.describe(
    within="FirmPlanOut", firm=_("企业代码"), duty=_("待清缴（吨）"), surrender=_("按年份清缴的自有配额（吨）"), ccer=_("抵销（吨）"), ccer_bought=_("其中新买（吨）"),
    bought=_("买入（吨）"), from_group=_("集团内转入（吨）"), sold=_("按年份卖出（吨）"), carried=_("按年份结转（吨）"), left=_("留存（吨）"), shortfall=_("欠缴（吨）"),
)  # fmt: skip


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


def _position(each: Position) -> dict[str, Any]:
    return {
        "firm": each.enterprise.code, "name": each.enterprise.called(english=words.english()), "year": each.covered.year, "sector": each.covered.sector,
        "state": each.state, "emissions": each.emissions, "free": each.free, "owed": each.owed, "surrendered": each.surrendered, "offset": each.offset,
        "applied": each.applied, "usable": each.usable, "ccer": each.ccer, "lack": each.lack, "cost": each.cost, "due": each.due,
    }  # fmt: skip


@router.get(
    "/enterprise/compliance/firms", response=Page[FirmPosition], summary=_("一个年度的履约情况，只含您可以看的企业")
)
@asks(permissions.SEE)
def list_firm_positions(request: HttpRequest, asked: Query[FirmsAsked]) -> Any:
    today = timezone.localdate()
    year = asked.compliance_year or positions.current_year(today)
    return page(request, listed(request, year, today), asked, _position)


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
