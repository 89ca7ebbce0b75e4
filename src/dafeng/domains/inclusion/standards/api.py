"""The standards over HTTP: methodologies with all parts, one behaviour computed with its steps, the rates."""

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema
from pydantic import Field, FiniteFloat

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.models import MethodologyVersion
from dafeng.domains.inclusion.standards import content as contents
from dafeng.domains.inclusion.standards import explanation, inforce, rate_steps, shown, versions
from dafeng.domains.inclusion.standards.views.standards_page import programme
from dafeng.kernel.actions import asks
from dafeng.kernel.api import words
from dafeng.kernel.api.paging import Page, Paging, page

router = Router(tags=["inclusion"])

for each in ("MethodologyOut", "MethodologyBrief"):
    words.describe(
        within=each,
        code=_("代码，场景报送时用它"),
        title=_("名称"),
        title_en=_("英文名称"),
        group=_("领域：travel、energy、consumption、recycling、tourism、sink"),
        version=_("版本"),
        state=_("状态：filed 已备案，trial 试行，comment 公开征求意见，review 评审中，retired 已停用，draft 草稿"),
        standing=_("来源等级：cited 引用外地备案文本，draft 城市草案，city 本市备案"),
        valid_from=_("生效日期"),
        valid_to=_("失效日期：从这一天起不再适用"),
        digest=_("全文的 SHA-256"),
    )
words.describe(
    within="MethodologyOut",
    boundary=_("核算边界"),
    baseline=_("基准线"),
    monitoring=_("监测方法"),
    source=_("来源"),
    exclusions=_("不适用情形"),
    method=_("算式的编号；没有算式的为空"),
    formula=_("算式"),
    fields=_("监测数据"),
    factors=_("因子"),
    discount=_("不确定性扣减，0 到 1"),
    points_fixed=_("没有可引用因子时按次计的活动积分；0 为不计"),
    survey=_("按两次调查计量的碳汇类别；不是碳汇的为空"),
)
words.describe(
    within="FieldOut",
    name=_("报送时的名称"),
    title=_("名称"),
    title_en=_("英文名称"),
    kind=_("number 数值，choice 选项"),
    unit=_("单位；选项没有单位"),
    least=_("最小值"),
    most=_("最大值"),
    required=_("是否必填"),
    options=_("选项代码与名称"),
)
words.describe(
    within="FactorOfMethodology",
    id=_("因子编号"),
    parameter=_("算式里的名称"),
    item=_("对应的选项；不分选项的为空"),
    value=_("数值；没有可引用的来源为空"),
    unit=_("单位"),
    year=_("数据年份"),
    set=_("出自哪一套"),
    standing=_("来源等级：confirmed、one_copy、municipal、gap（缺）"),
    source=_("来源"),
)
words.describe(within="BehaviourIn", data=_("监测数据，名称见方法学"), day=_("行为发生的日子；不给为今天"))
words.describe(
    within="BehaviourOut",
    methodology=_("方法学代码"),
    version=_("适用的版本；那一天没有生效的为空"),
    day=_("行为发生的日子"),
    formula=_("算式"),
    filled=_("代入数值的算式"),
    factors=_("用到的因子"),
    discount=_("不确定性扣减，0 到 1"),
    grams=_("减排量，克二氧化碳当量"),
    reason=_("没有减排量或积分的原因代码；正常为空"),
    reason_text=_("原因"),
    grams_per_point=_("每积分克数；那一天没有兑换率为空"),
    points=_("积分"),
)
words.describe(
    within="RateOut",
    grams_per_point=_("每积分克数"),
    valid_from=_("生效日期"),
    state=_("状态：filed 已发布，trial 试行，comment 公开征求意见，review 评审中，draft 草稿"),
    basis=_("依据"),
)


class MethodologyBrief(Schema):
    code: str
    title: str
    title_en: str
    group: str
    version: int
    state: str
    standing: str
    valid_from: date | None
    valid_to: date | None
    digest: str


class FieldOut(Schema):
    name: str
    title: str
    title_en: str
    kind: str
    unit: str
    least: float | None
    most: float | None
    required: bool
    options: dict[str, list[str]]


class FactorOfMethodology(Schema):
    id: str
    parameter: str
    item: str
    value: float | None
    unit: str
    year: int | None
    set: str
    standing: str
    source: str


class MethodologyOut(MethodologyBrief):
    boundary: str
    baseline: str
    monitoring: str
    source: str
    exclusions: list[str]
    method: str
    formula: str
    fields: list[FieldOut]
    factors: list[FactorOfMethodology]
    discount: float
    points_fixed: int
    survey: str


class BehaviourIn(Schema):
    """Monitoring values by name: numbers, or the code of an option."""

    data: dict[str, FiniteFloat | Annotated[str, Field(max_length=60)]] = Field(
        examples=[{"distance": 5}], max_length=20
    )
    day: date | None = None


class BehaviourOut(Schema):
    methodology: str
    version: int | None
    day: date
    formula: str
    filled: str
    factors: list[FactorOfMethodology]
    discount: float
    grams: int
    reason: str
    reason_text: str
    grams_per_point: int | None
    points: int


class RateOut(Schema):
    grams_per_point: int
    valid_from: date
    state: str
    basis: str


class MethodologiesAsked(Paging):
    group: str = Field("", max_length=20)


class VersionAsked(Schema):
    version: Annotated[int | None, Field(ge=1, le=32_000)] = None


words.describe(within="VersionAsked", version=_("版本；不给为今天生效的"))
words.describe(group=_("领域"))


def _brief(version: MethodologyVersion) -> dict[str, Any]:
    return {
        "code": version.methodology_id,
        "title": version.methodology.title,
        "title_en": version.methodology.title_en,
        "group": version.methodology.group,
        "version": version.number,
        "state": version.record.state,
        "standing": version.standing,
        "valid_from": version.valid_from,
        "valid_to": version.valid_to,
        "digest": version.digest,
    }


def _whole(version: MethodologyVersion) -> dict[str, Any]:
    found = contents.read(version.content)
    return {
        **_brief(version),
        **{key: found.texts[key] for key in contents.TEXTS},
        "exclusions": list(found.exclusions),
        "method": found.method.reference if found.method else "",
        "formula": explanation.formula(found),
        "fields": [
            contents.plain(each) | {"options": {code: list(said) for code, said in each.options.items()}}
            for each in found.fields
        ],
        "factors": [contents.plain(each) for each in found.factors],
        "discount": found.discount,
        "points_fixed": found.points_fixed,
        "survey": found.survey,
    }


@router.get("/inclusion/methodologies", response=Page[MethodologyBrief], summary=_("碳普惠方法学的现行版本"))
@asks(permissions.SEE_STANDARDS)
def list_methodologies(request: HttpRequest, asked: Query[MethodologiesAsked]) -> Any:
    today = timezone.localdate()
    lines: dict[str, list[MethodologyVersion]] = {}
    for version in versions.visible(request.user).order_by("methodology_id", "-number"):
        lines.setdefault(version.methodology_id, []).append(version)
    found = [shown.chosen(line, today) for line in lines.values()]
    rows = [each for each in found if asked.group in ("", each.methodology.group)]
    return page(request, rows, asked, _brief)


@router.get("/inclusion/methodologies/{code}", response=MethodologyOut, summary=_("一个方法学的全文"))
@asks(permissions.SEE_STANDARDS)
def show_methodology(request: HttpRequest, code: str, asked: Query[VersionAsked]) -> Any:
    number = "" if asked.version is None else str(asked.version)
    return _whole(shown.find(request.user, code, number, timezone.localdate())[0])


@router.post("/inclusion/methodologies/{code}/compute", response=BehaviourOut, summary=_("试算一次行为的减排量和积分"))
@asks(permissions.SEE_STANDARDS)
def compute_behaviour(request: HttpRequest, code: str, given: BehaviourIn) -> Any:
    """Nothing is kept. The same arithmetic as for events that count."""
    today = timezone.localdate()
    shown.find(request.user, code, "", today)  # 404 for a code that this caller may not see
    day = given.day or today
    told = explanation.of_values(code, inforce.version_on(code, day), given.data, day=day, programme=programme())
    names_of = ("methodology", "day", "formula", "filled", "discount", "grams", "reason", "reason_text", "grams_per_point", "points")  # fmt: skip
    return {name: getattr(told, name) for name in names_of} | {
        "version": told.number,
        "factors": [contents.plain(each) for each in told.factors],
    }


@router.get("/inclusion/rates", response=Page[RateOut], summary=_("积分兑换率，新的在前"))
@asks(permissions.SEE_STANDARDS)
def list_point_rates(request: HttpRequest, asked: Query[Paging]) -> Any:
    rows = rate_steps.visible(request.user)
    return page(
        request, rows, asked,
        lambda each: {"grams_per_point": each.grams_per_point, "valid_from": each.valid_from, "state": each.record.state, "basis": each.basis},
    )  # fmt: skip
