"""Project review over HTTP: the projects that the caller may see, their decisions, the statistics, a trial of the thresholds."""

from datetime import date
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema
from pydantic import Field

from dafeng.domains.enterprise.models import Project, ProjectOrder
from dafeng.domains.enterprise.review import assessments, cities, orders, permissions, projects, statistics, words
from dafeng.domains.enterprise.review.methods import Amount, Proposal, consumption, rules, threshold
from dafeng.domains.enterprise.review.methods.thresholds import Decision
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.api import words as described
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.errors import NotFound

router = Router(tags=["enterprise"])
Code = Literal[
    "bituminous", "anthracite", "coke", "natural_gas", "lng", "lpg", "diesel", "gasoline", "fuel_oil", "electricity", "heat"
]  # fmt: skip
BureauStep = Literal["supplement", "accept", "file", "review", "forward", "revoke"]

described.describe(
    within="ReviewProjectOut",
    id=_("项目的编号（UUID）"),
    number=_("项目编号"),
    name=_("项目名称"),
    enterprise=_("建设单位"),
    place=_("县区代码"),
    place_name=_("县区"),
    state=_("状态代码"),
    state_title=_("状态"),
    level=_("审查机关：nation 国家，province 省，local 市县，none 备案，open 待确认"),
    two_high=_("是否“两高”项目；空为待认定"),
    tce=_("年综合能源消费量，当量值，吨标准煤"),
    coal=_("年煤炭消费量，吨"),
    co2=_("年碳排放量，吨 CO2"),
    operation_year=_("计划投产年"),
    approved_on=_("批复日期"),
    demo=_("是否示例"),
)
described.describe(
    within="ReviewReasonOut",
    code=_("理由代码"),
    article=_("条"),
    paragraph=_("款"),
    text=_("理由"),
    figures=_("理由提到的数：tce 吨标准煤，coal 吨煤"),
)
described.describe(
    within="ReviewDecisionOut",
    level=_("审查机关：nation 国家，province 省，local 市县，none 备案，open 待确认"),
    report=_("是否须单独编制节能报告；空为待确认"),
    carbon=_("是否同步开展碳排放评价；空为待确认"),
    committed=_("是否告知承诺"),
    reasons=_("依据的条款"),
    open=_("待确认的事项，代码"),
    equivalent=_("年综合能源消费量，当量值，吨标准煤"),
    equal=_("等价值，吨标准煤；系数未知时为空"),
    coal=_("年煤炭消费量，吨"),
    co2=_("年碳排放量，吨 CO2"),
    rules=_("规则"),
)
described.describe(
    within="ReviewProjectDetail",
    decision=_("判定"),
    barred=_("限制条件，代码"),
    m=_("占能源消费增量控制数的比例，%；待确认为空"),
    n=_("对单位地区生产总值能耗的影响，%；待确认为空"),
    comparison=_("与登记限额的比较：over_limit、over_access、between、advanced，incomparable 不可比，空为没有限额"),
    carbon_comparison=_("与登记的碳排放限额的比较，代码同上；空为没有限额，待确认"),
    carbon_m=_("占碳排放增量控制数的比例，%；待确认为空"),
    carbon_n=_("对单位地区生产总值二氧化碳排放的影响，%；待确认为空"),
    rights_tce=_("须购买的用能权，吨标准煤；待确认为空"),
    reference=_("审查意见文号"),
    conditions=_("批复条件"),
)
described.describe(
    within="ReviewCountyOut",
    place=_("县区代码"),
    place_name=_("县区"),
    projects=_("报送的项目数"),
    in_force=_("意见有效的项目数"),
    fallen=_("不通过、失效、撤销的项目数"),
    two_high=_("“两高”项目数"),
    tce=_("意见有效的项目新增能耗，吨标准煤"),
    counted=_("其中计入能耗双控的，吨标准煤"),
    coal=_("新增煤炭，吨"),
    co2=_("新增碳排放，吨 CO2"),
)
described.describe(
    within="ReviewAmountIn",
    energy=_("能源代码"),
    after=_("建成后年消费量，单位同申报表"),
    before=_("改造前年消费量"),
    feedstock=_("其中原料用能"),
    ncv=_("实测低位发热量，GJ/单位"),
)
described.describe(
    within="ReviewProposalIn",
    energies=_("各种能源"),
    renewable=_("其中可再生能源电力，MWh"),
    equal_electricity=_("电力等价值折标系数，tce/MWh；不知道就不填"),
    rebuilt=_("是否按增量计算的改建、技术改造"),
    key_field=_("是否国家重点领域"),
    two_high=_("是否“两高”；不填为待认定"),
    large_carbon=_("是否认定须作碳排放评价；不填为待认定"),
)
described.describe(
    within="ReviewOrderOut",
    id=_("整改的编号"),
    project=_("项目的编号（UUID）"),
    project_name=_("项目名称"),
    document=_("责令整改的文号"),
    reason=_("存在问题和整改要求"),
    stop=_("是否停工（停产）整改"),
    due=_("整改期限"),
    outcome=_("进展：open 整改中，told 已报待核查，done 合格"),
    told=_("整改情况"),
    checked=_("核查意见"),
)
described.describe(
    within="ReviewOrderIn",
    document=_("责令整改的文号"),
    reason=_("存在问题和整改要求"),
    stop=_("是否停工（停产）整改"),
    due=_("整改期限"),
)
described.describe(
    within="ReviewOrderCheckIn", passed=_("是否整改合格"), text=_("核查意见"), due=_("新的整改期限，继续整改的必填")
)
described.describe(within="ReviewAsked", state=_("状态代码，空为全部"), place=_("县区代码，空为全部"))
described.describe(within="ReviewStepIn", action=_("办理：补正、受理、备案、交付评审、转报、撤销"), reason=_("理由"))


class ReviewAsked(Paging):
    state: str = Field("", max_length=30, description=str(_("状态代码，空为全部")))
    place: str = Field("", max_length=6, description=str(_("县区代码，空为全部")))


class ReviewProjectOut(Schema):
    id: UUID
    number: str
    name: str
    enterprise: str
    place: str
    place_name: str
    state: str
    state_title: str
    level: str
    two_high: bool | None
    tce: float | None
    coal: float | None
    co2: float | None
    operation_year: int
    approved_on: date | None
    demo: bool


class ReviewReasonOut(Schema):
    code: str
    article: int
    paragraph: int
    text: str
    figures: dict[str, float]


class ReviewDecisionOut(Schema):
    level: str
    report: bool | None
    carbon: bool | None
    committed: bool
    reasons: list[ReviewReasonOut]
    open: list[str]
    equivalent: float
    equal: float | None
    coal: float
    co2: float
    rules: str


class ReviewProjectDetail(ReviewProjectOut):
    decision: ReviewDecisionOut
    barred: list[str]
    m: float | None
    n: float | None
    comparison: str
    carbon_comparison: str
    carbon_m: float | None
    carbon_n: float | None
    rights_tce: float | None
    reference: str
    conditions: list[str]


class ReviewCountyOut(Schema):
    place: str
    place_name: str
    projects: int
    in_force: int
    fallen: int
    two_high: int
    tce: float
    counted: float
    coal: float
    co2: float


class ReviewAmountIn(Schema):
    energy: Code
    after: float = Field(ge=0, le=1e12)
    before: float = Field(0, ge=0, le=1e12)
    feedstock: float = Field(0, ge=0, le=1e12)
    ncv: float | None = Field(None, gt=0, le=1e6)


class ReviewProposalIn(Schema):
    energies: list[ReviewAmountIn] = Field(max_length=50)
    renewable: float = Field(0, ge=0, le=1e12)
    equal_electricity: float | None = Field(None, gt=0, le=10)
    rebuilt: bool = False
    key_field: bool = False
    two_high: bool | None = None
    large_carbon: bool | None = None


class ReviewStepIn(Schema):
    action: BureauStep
    reason: str = Field("", max_length=500)


class ReviewOrderOut(Schema):
    id: int
    project: UUID
    project_name: str
    document: str
    reason: str
    stop: bool
    due: date
    outcome: str
    told: str
    checked: str


class ReviewOrderIn(Schema):
    document: str = Field(min_length=1, max_length=80)
    reason: str = Field(min_length=1, max_length=5000)
    stop: bool = True
    due: date


class ReviewOrderCheckIn(Schema):
    passed: bool
    text: str = Field(min_length=1, max_length=5000)
    due: date | None = None


def _project(row: Project, names: dict[str, str]) -> dict[str, Any]:
    fields = ("id", "number", "name", "place", "level", "two_high", "tce", "coal", "co2", "operation_year", "approved_on", "demo")  # fmt: skip
    return {name: getattr(row, name) for name in fields} | {
        "enterprise": row.enterprise.name,
        "place_name": names.get(row.place, row.place),
        "state": row.record.state,
        "state_title": row.record.state_title,
    }


def _decision(decided: Decision, used: Any) -> dict[str, Any]:
    return {
        "level": str(decided.level),
        "report": decided.report,
        "carbon": decided.carbon,
        "committed": decided.committed,
        "reasons": [
            {"code": each.code, "article": each.article, "paragraph": each.paragraph, "text": str(words.REASONS[each.code]), "figures": dict(each.figures)}
            for each in decided.reasons
        ],
        "open": list(decided.open),
        "equivalent": used.equivalent,
        "equal": used.equal,
        "coal": used.coal,
        "co2": used.co2,
        "rules": rules().title,
    }  # fmt: skip


def _one(request: HttpRequest, id: UUID) -> Project:
    found = Project.objects.for_user(request.user).select_related("record", "enterprise").filter(pk=id).first()
    if found is None:
        raise NotFound(str(_("没有这个项目")))
    return found


@router.get("/review/projects", response=Page[ReviewProjectOut], summary=_("节能审查项目"))
@asks(permissions.SEE)
def list_review_projects(request: HttpRequest, asked: Query[ReviewAsked]) -> Any:
    names = cities.place_names()
    found = Project.objects.for_user(request.user).select_related("record", "enterprise").order_by("-number")
    if asked.state:
        found = found.filter(record__state=asked.state)
    if asked.place:
        found = found.filter(place=asked.place)
    return page(request, found, asked, lambda row: _project(row, names))


@router.get("/review/projects/{id}", response=ReviewProjectDetail, summary=_("一个节能审查项目和它的判定"))
@asks(permissions.SEE)
def show_review_project(request: HttpRequest, id: UUID) -> Any:
    return _shown(_one(request, id))


def _shown(found: Project) -> dict[str, Any]:
    assessed = assessments.assess(found, on=timezone.localdate())
    return _project(found, cities.place_names()) | {
        "decision": _decision(assessed.decision, assessed.used),
        "barred": assessed.barred,
        "m": assessed.impact.m,
        "n": assessed.impact.n,
        "comparison": assessed.standing.verdict,
        "carbon_comparison": assessed.carbon.standing.verdict,
        "carbon_m": assessed.carbon.impact.m,
        "carbon_n": assessed.carbon.impact.n,
        "rights_tce": assessed.rights.tce,
        "reference": found.reference,
        "conditions": [each.text for each in found.conditions.all()],
    }


@router.post("/review/projects/{id}/steps", response=ReviewProjectDetail, summary=_("办理一个项目的一步"))
@asks(permissions.HANDLE)
def step_review_project(request: HttpRequest, id: UUID, given: ReviewStepIn) -> Any:
    found = _one(request, id)
    projects.handle(found, given.action, by=request.user, now=timezone.now(), reason=given.reason)
    return _shown(_one(request, id))


def _order(found: ProjectOrder) -> dict[str, Any]:
    fields = ("document", "reason", "stop", "due", "outcome", "told", "checked")
    return {name: getattr(found, name) for name in fields} | {
        "id": found.pk,
        "project": found.project_id,
        "project_name": found.project.name,
    }


@router.get("/review/orders", response=Page[ReviewOrderOut], summary=_("责令整改"))
@asks(permissions.SEE)
def list_review_orders(request: HttpRequest, asked: Query[Paging]) -> Any:
    return page(request, orders.orders_for(request.user).order_by("-pk"), asked, _order)


@router.post("/review/projects/{id}/orders", response=ReviewOrderOut, summary=_("责令一个项目整改"))
@asks(permissions.ORDER)
def order_review_project(request: HttpRequest, id: UUID, given: ReviewOrderIn) -> Any:
    found = _one(request, id)
    demand(request.user, permissions.ORDER, found)
    return _order(orders.order(found, **given.dict(), by=request.user, now=timezone.now()))


@router.post("/review/orders/{number}/check", response=ReviewOrderOut, summary=_("核查一项整改"))
@asks(permissions.ORDER)
def check_review_order(request: HttpRequest, number: int, given: ReviewOrderCheckIn) -> Any:
    found = orders.order_for(request.user, number)
    demand(request.user, permissions.ORDER, found.project)
    return _order(orders.check(found, **given.dict(), by=request.user, now=timezone.now()))


@router.get("/review/statistics", response=list[ReviewCountyOut], summary=_("节能审查统计，按县区"))
@asks(permissions.STATISTICS)
def list_review_statistics(request: HttpRequest) -> Any:
    city = cities.only_city()
    names = cities.place_names(city)
    frame = statistics.register_frame(city.code if city else "", Project.objects.for_user(request.user))
    return [row | {"place_name": names.get(row["place"], row["place"])} for row in statistics.by_county(frame).to_dicts()]  # fmt: skip


@router.post("/review/threshold", response=ReviewDecisionOut, summary=_("试算一个项目由谁审查、要不要节能报告"))
@asks(permissions.SEE)
def decide_review_threshold(request: HttpRequest, given: ReviewProposalIn) -> Any:
    proposal = Proposal(
        energies={
            each.energy: Amount(after=each.after, before=each.before, feedstock=each.feedstock, ncv=each.ncv)
            for each in given.energies
        },
        renewable=given.renewable,
        equal_electricity=given.equal_electricity,
        rebuilt=given.rebuilt,
        key_field=given.key_field,
        two_high=given.two_high,
        large_carbon=given.large_carbon,
    )
    used = consumption(proposal)
    return _decision(threshold(proposal, used=used), used)
