"""Dual control over HTTP: the years of the intensity targets with what they lack, and the counties' lights by month."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema
from pydantic import Field

from dafeng.domains.plan import permissions
from dafeng.domains.plan.services import county_months, five_years
from dafeng.domains.plan.services.city import first_city
from dafeng.kernel.actions import asks
from dafeng.kernel.api import words
from dafeng.kernel.api.paging import Page, Paging, page

router = Router(tags=["targets"])


class DualLack(Schema):
    year: int
    name: str
    owner: str
    code: str


class DualYear(Schema):
    target: int
    place: str
    measure: str
    base_year: int
    last_year: int
    year: int
    split: str
    intensity: float | None
    unit: str
    fall: float | None
    required: float | None
    yearly_fall: float | None
    yearly_required: float | None
    met: bool | None
    total: float | None
    total_assessed: bool | None
    status: int
    lineage: dict[str, Any]
    lacks: list[DualLack]


class DualQuery(Paging):
    target: int | None = Field(None, ge=1)
    place: str = Field("", max_length=6)


class CountyMonthOut(Schema):
    county: str
    period: str
    fall: float | None
    required: float | None
    light: str
    streak: int
    follows: str


class CountyMonthQuery(Paging):
    county: str = Field("", max_length=6)
    year: int | None = Field(None, ge=1900, le=2200)


words.describe(county=_("县区代码"))
words.describe(
    within="DualYear",
    target=_("强度目标的编号"),
    measure=_("energy 能耗强度，co2 碳排放强度"),
    base_year=_("基年"),
    last_year=_("目标年"),
    split=_("geometric 等比、linear 等差；空为本市还没有选定"),
    intensity=_("强度，可比价"),
    fall=_("比基年累计降低率，%"),
    required=_("按分解应累计降低率，%；没有选定分解办法为空"),
    yearly_fall=_("当年降低率，%"),
    yearly_required=_("按分解当年应降低率，%"),
    met=_("是否达到进度；缺数为空"),
    total=_("计入总量考核的能耗，tce"),
    total_assessed=_("是否考核总量；达到激励目标的不考核"),
    lineage=_("算法、输入、计算批次和所依据的规则"),
    lacks=_("缺哪些数，由谁提供"),
)
words.describe(within="DualLack", name=_("数据名称"), owner=_("提供单位代码"), code=_("指标代码"))
words.describe(
    within="CountyMonthOut",
    county=_("县区代码"),
    fall=_("本年累计降低率，%；上升为负"),
    required=_("到该月应累计降低率，%"),
    streak=_("同一种灯连续几个月"),
    follows=_("remind 提醒、limit 节能审查区域限批；空为没有"),
)


@router.get("/plan-dual-control", response=Page[DualYear], summary=_("双控：强度目标逐年的降低率、应降低率和缺的数"))
@asks(permissions.SEE)
def list_dual_control(request: HttpRequest, query: Query[DualQuery]) -> Any:
    code = first_city()
    found = [
        each for each in (five_years.tested(code) if code else [])
        if query.target in (None, each.pk) and query.place in ("", each.place)
    ]  # fmt: skip
    until = timezone.localdate(timezone.now()).year - 1
    return page(request, [row for each in found for row in _years(each, until)], query)


def _years(target: Any, until: int) -> list[dict[str, Any]]:
    measure = five_years.MEASURES[target.binding]
    rows = five_years.table(target)
    lacks = five_years.lacking(target, rows, until)
    own = {
        "target": target.pk, "place": target.place, "measure": measure, "base_year": target.baseline_year, "last_year": target.year,
        "split": target.settled.get("split", ""), "unit": five_years.UNITS[measure],
    }  # fmt: skip
    names = ("intensity", "fall", "required", "yearly_fall", "yearly_required", "total")
    return [
        own | {"year": row["year"], "status": row["status"], "lineage": row["lineage"]} | {name: row.get(name) for name in names}
        | {name: None if row.get(name) is None else bool(row[name]) for name in ("met", "total_assessed")}
        | {"lacks": [vars(each) for each in lacks if each.year in (row["year"], target.baseline_year)]}
        for row in rows
    ]  # fmt: skip


@router.get("/plan-county-months", response=Page[CountyMonthOut], summary=_("县区能耗强度的月度灯"))
@asks(permissions.SEE_WORK)
def list_county_months(request: HttpRequest, query: Query[CountyMonthQuery]) -> Any:
    code = first_city()
    rows = [
        each for each in (county_months.months(code) if code else [])
        if query.county in ("", each.county) and query.year in (None, int(each.period[:4]))
    ]  # fmt: skip
    return page(request, rows, query, vars)
