"""Measuring points of a facility over HTTP: registered, listed, struck; and a month filled from those that stand in the readings store."""

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema, Status
from pydantic import Field

from dafeng.domains.enterprise.models import Facility, MeasuringPoint
from dafeng.domains.enterprise.reporting import entry, metering, permissions, points, sectoral
from dafeng.domains.enterprise.reporting.views.places import clock as now_and_today
from dafeng.domains.enterprise.reporting.views.places import facility_of, own_facility
from dafeng.kernel.actions import asks
from dafeng.kernel.api import words
from dafeng.kernel.api.paging import Page, Paging, page

router = Router(tags=["enterprise"])

_CELL = {"item": _("项目代码"), "stream": _("源流；不分源流为空"), "title": _("项目"), "unit": _("单位")}
_POINT = {
    "instrument": _("器具类型和型号"),
    "accuracy": _("准确度等级"),
    "place": _("安装位置"),
    "calibrated": _("各次检定或校准的日期"),
    "period": _("检定周期（月）；没有规定为空"),
    "reading": _("能源监测的计量点代码，须属于本企业；填了，它的用量填入这一项"),
    "since": _("启用"),
    "until": _("停用；在用为空"),
}
words.describe(within="MeasuringPointOut", code=_("测点代码"), **_CELL, **_POINT)
words.describe(within="MeasuringPointIn", item=_("项目代码"), stream=_("源流；不分源流为空"), **_POINT)
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


class MeasuringPointIn(Schema):
    item: str = Field(max_length=60)
    stream: str = Field("", max_length=60)
    instrument: str = Field(min_length=1, max_length=120)
    accuracy: str = Field("", max_length=40)
    place: str = Field("", max_length=120)
    calibrated: Annotated[list[date], Field(default_factory=list, max_length=60)]
    period: int | None = Field(None, ge=1, le=240)
    reading: str = Field("", max_length=80)
    since: date
    until: date | None = None


class MeasuringPointOut(Schema):
    code: str
    item: str
    stream: str
    title: str
    unit: str
    instrument: str
    accuracy: str
    place: str
    calibrated: list[date]
    period: int | None
    reading: str
    since: date
    until: date | None


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


def _cell(facility: Facility, each: metering.Assignment | MeasuringPoint) -> dict[str, Any]:
    return {
        "item": each.item,
        "stream": each.stream,
        "title": sectoral.title_of(facility.sector, each.item, each.stream),
        "unit": sectoral.unit_of(facility.sector, each.item, each.stream),
    }


def _point(facility: Facility, each: MeasuringPoint) -> dict[str, Any]:
    return points.words_of(each) | _cell(facility, each)


@router.get(
    "/enterprise/reporting/facilities/{int:facility}/points",
    response=Page[MeasuringPointOut],
    summary=_("核算单元的测点"),
)
@asks(permissions.SEE)
def list_facility_points(request: HttpRequest, facility: int, asked: Query[Paging]) -> Any:
    held_by = facility_of(request.user, facility, what="api-points")
    return page(request, held_by.points.order_by("code"), asked, lambda each: _point(held_by, each))


@router.put(
    "/enterprise/reporting/facilities/{int:facility}/points/{code}",
    response=MeasuringPointOut,
    summary=_("登记测点，或改动它的登记"),
)
@asks(permissions.KEEP)
def put_facility_point(request: HttpRequest, facility: int, code: str, given: MeasuringPointIn) -> Any:
    held_by = own_facility(request.user, facility, what="api-points")
    now, _today = now_and_today()
    return _point(held_by, points.put(held_by, code, **given.dict(), by=request.user, now=now))


@router.delete(
    "/enterprise/reporting/facilities/{int:facility}/points/{code}",
    response={204: None},
    summary=_("删除登记错了的测点；换下的器具写停用日期"),
)
@asks(permissions.KEEP)
def drop_facility_point(request: HttpRequest, facility: int, code: str) -> Any:
    held_by = own_facility(request.user, facility, what="api-points")
    now, _today = now_and_today()
    points.drop(held_by, code, by=request.user, now=now)
    return Status(204, None)


@router.post(
    "/enterprise/reporting/facilities/{int:facility}/months/{month}/metered",
    response=MonthMetered,
    summary=_("由计量填入一个月；人已填报的数不改"),
)
@asks(permissions.KEEP)
def fill_facility_month(request: HttpRequest, facility: int, month: str) -> Any:
    held_by, (now, _today) = own_facility(request.user, facility, what="api-metered"), now_and_today()
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
