"""Meters of a facility over HTTP: which points stand for which item, and a month filled from them."""

from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema
from pydantic import Field

from dafeng.domains.enterprise.models import Facility
from dafeng.domains.enterprise.reporting import entry, metering, permissions, sectoral
from dafeng.domains.enterprise.reporting.views.places import clock as now_and_today
from dafeng.domains.enterprise.reporting.views.places import facility_of
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.api import words
from dafeng.kernel.api.paging import Page, Paging, page

router = Router(tags=["enterprise"])

_CELL = {"item": _("项目代码"), "stream": _("源流；不分源流为空"), "title": _("项目"), "unit": _("单位")}
words.describe(within="MeterAssignmentOut", points=_("计量点代码，用量合计为这一项；已取消为空"), **_CELL)
words.describe(
    within="MeterAssignmentIn",
    item=_("项目代码；须是本单元的月度项目"),
    stream=_("源流；不分源流为空"),
    points=_("计量点代码，须属于本企业；空则取消"),
)
words.describe(
    within="MonthMetered",
    seen=_("这个月的新令牌"),
    filled=_("由计量填入的项目"),
    unchanged=_("已由计量填入、这次没有变化的项目"),
    left=_("没有填的项目和原因"),
)
words.describe(
    within="MeteredOut",
    value=_("填入的数值"),
    coverage=_("当月实测的比例，0 至 1"),
    source=_("来源：计量点和实测比例"),
    **_CELL,
)
words.describe(
    within="MeterLeftOut",
    coverage=_("当月实测的比例，0 至 1；没有读数为空"),
    reason=_("原因代码：told_otherwise 已由人填报，nothing_read 没有读数，little_read 实测不足"),
    what=_("原因"),
    mend=_("怎么办"),
    **_CELL,
)


class MeterAssignmentOut(Schema):
    item: str
    stream: str
    title: str
    unit: str
    points: list[str]


class MeterAssignmentIn(Schema):
    item: str = Field(max_length=60)
    stream: str = Field("", max_length=60)
    points: Annotated[list[Annotated[str, Field(min_length=1, max_length=80)]], Field(max_length=metering.MOST_POINTS)]


class MeteredOut(Schema):
    item: str
    stream: str
    title: str
    unit: str
    value: float
    coverage: float
    source: str


class MeterLeftOut(Schema):
    item: str
    stream: str
    title: str
    unit: str
    coverage: float | None
    reason: str
    what: str
    mend: str


class MonthMetered(Schema):
    seen: str
    filled: list[MeteredOut]
    unchanged: list[MeteredOut]
    left: list[MeterLeftOut]


def _cell(facility: Facility, each: metering.Assignment) -> dict[str, Any]:
    return {
        "item": each.item,
        "stream": each.stream,
        "title": sectoral.title_of(facility.sector, each.item, each.stream),
        "unit": sectoral.unit_of(facility.sector, each.item, each.stream),
    }


def _assignment(facility: Facility, each: metering.Assignment) -> dict[str, Any]:
    return _cell(facility, each) | {"points": list(each.points)}


@router.get(
    "/enterprise/reporting/facilities/{int:facility}/meters",
    response=Page[MeterAssignmentOut],
    summary=_("核算单元的计量点：哪些点填哪一项"),
)
@asks(permissions.SEE)
def list_facility_meters(request: HttpRequest, facility: int, asked: Query[Paging]) -> Any:
    held_by = facility_of(request.user, facility, what="api-meters")
    return page(request, metering.assigned(held_by), asked, lambda each: _assignment(held_by, each))


@router.put(
    "/enterprise/reporting/facilities/{int:facility}/meters",
    response=MeterAssignmentOut,
    summary=_("登记或取消一个项目的计量点"),
)
@asks(permissions.KEEP)
def put_facility_meters(request: HttpRequest, facility: int, given: MeterAssignmentIn) -> Any:
    held_by = facility_of(request.user, facility, what="api-meters")
    demand(request.user, permissions.KEEP, held_by)
    now, _today = now_and_today()
    metering.assign(held_by, given.item, given.stream, given.points, by=request.user, now=now)
    none = metering.Assignment(given.item, given.stream, ())
    kept = (each for each in metering.assigned(held_by) if (each.item, each.stream) == (given.item, given.stream))
    return _assignment(held_by, next(kept, none))


@router.post(
    "/enterprise/reporting/facilities/{int:facility}/months/{month}/metered",
    response=MonthMetered,
    summary=_("由计量填入一个月；人已填报的数不改"),
)
@asks(permissions.KEEP)
def fill_facility_month(request: HttpRequest, facility: int, month: str) -> Any:
    held_by = facility_of(request.user, facility, what="api-metered")
    demand(request.user, permissions.KEEP, held_by)
    now, _today = now_and_today()
    outcomes = metering.fill(held_by, month, by=request.user, now=now)
    held = {(each.item, each.stream): each for each in entry.current(held_by, month)}

    def metered(each: metering.Outcome) -> dict[str, Any]:
        value = held[each.assignment.item, each.assignment.stream]
        told = {"value": value.value, "coverage": each.coverage, "source": value.source}
        return _cell(held_by, each.assignment) | told

    return {
        "seen": entry.seen_of(held.values()),
        "filled": [metered(each) for each in outcomes if each.value],
        "unchanged": [metered(each) for each in outcomes if not each.value and not each.left],
        "left": [
            _cell(held_by, each.assignment)
            | {
                "coverage": each.coverage,
                "reason": each.left.code,
                "what": each.left.what,
                "mend": each.left.mend,
            }
            for each in outcomes
            if each.left
        ],
    }
