"""Rule sets, trial allocation and prices: for everybody."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema
from pydantic import Field

from dafeng.domains.enterprise.compliance import (
    allocations,
    library,
    permissions,
    signing,
    words,
)
from dafeng.domains.enterprise.compliance.api.words import UnitIn, rows_of
from dafeng.domains.enterprise.compliance.methods.rulesets import tightened
from dafeng.domains.enterprise.compliance.views.rules import set_of
from dafeng.kernel.actions import asks
from dafeng.kernel.api import words as described
from dafeng.kernel.api.paging import Page, Paging, page

router = Router(tags=["enterprise"])

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
described.describe(within="AllocateIn", units=_("机组或产线"), pre=_("是否按预分配计算"), tighter=_("所有基准值降低的百分比；0 为原样"))  # fmt: skip
described.describe(
    within="StepsOut", unit=_("机组或产线代码"), unit_class=_("类别代码"), status=_("ok 可用，to_confirm 待确认，missing 缺数据"), open=_("用到的待确认值"),
    missing=_("缺的数据"), quota=_("配额，精确小数（文本）"), tonnes=_("整吨配额，舍去小数"), pre=_("预分配的整吨数"), steps=_("各步的数，精确小数（文本）"),
)  # fmt: skip
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


class AllocateIn(Schema):
    units: list[UnitIn] = Field(min_length=1, max_length=5000)
    pre: bool = False
    tighter: Decimal = Field(Decimal(0), ge=0, lt=100, decimal_places=2)


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


class CloseOut(Schema):
    day: date
    price: Decimal


def _set(found: Any) -> dict[str, Any]:
    signed = signing.signed_items(found.code)
    return {
        "code": found.code, "title": words.title(found), "year": found.year, "market": found.market, "sector": found.sector, "state": found.state,
        "standing": found.standing, "source": found.source, "open": [each for each in found.items() if each not in signed],
        "gaps": [each.code for each in found.gaps()], "usable": found.usable,
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
    rules = signing.signed_set(rule_set)
    if given.tighter:
        rules = tightened(rules, given.tighter)
    rows = allocations.simulate(rows_of(given.units), rules, pre=given.pre)
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
