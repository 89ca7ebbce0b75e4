"""A facility by program: registered, with its dated facts and its sources."""

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema
from pydantic import Field

from dafeng.domains.enterprise.models import Facility
from dafeng.domains.enterprise.reporting import boundaries, permissions, sectoral
from dafeng.domains.enterprise.reporting.views.places import clock, facility_of, firm_of, own_facility
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.api import words

router = Router(tags=["enterprise"])
words.describe(
    within="FacilityDetail",
    id=_("编号"),
    name=_("名称"),
    sector=_("行业方法代码"),
    since=_("投产"),
    until=_("关停；在产为空"),
    installation=_("所属装置的代码；自成一个装置为空"),
    facts=_("设施信息：机组类别、冷却方式、装机容量等，按起始日期"),
    sources=_("源流：燃料、物料，分设备或分处的另列"),
)
words.describe(within="FacilityFactOut", fact=_("信息代码"), title=_("名称"), since=_("自何日起"), value=_("值"), shown=_("值的名称或带单位的数"))  # fmt: skip
words.describe(within="FacilitySourceOut", stream=_("源流类别代码，如 fuel"), name=_("源流，如 bituminous/cement_kiln/2号窑：种类、设备、名称"), title=_("名称"))  # fmt: skip
words.describe(
    within="FacilityIn",
    name=_("名称"),
    sector=_("行业方法代码"),
    since=_("投产"),
    until=_("关停；在产为空"),
    compliance=_("是否计入履约边界"),
    parent=_("所属装置的代码；自成一个装置为空"),
)
words.describe(
    within="FacilityFactsIn",
    since=_("自何日起"),
    facts=_("信息代码到值；空值移除这一天登记的值。可选的代码见行业方法"),
)


class FacilityFactOut(Schema):
    fact: str
    title: str
    since: date
    value: str | float
    shown: str


class FacilitySourceOut(Schema):
    stream: str
    name: str
    title: str


class FacilityDetail(Schema):
    id: int
    enterprise_code: str
    facility_code: str
    name: str
    sector: str
    since: date
    until: date | None
    compliance_inside: bool
    installation: str
    facts: list[FacilityFactOut]
    sources: list[FacilitySourceOut]


class FacilityIn(Schema):
    name: str = Field(max_length=120)
    sector: str = Field(max_length=40)
    since: date
    until: date | None = None
    compliance: bool = True
    parent: str = Field("", max_length=60)


class FacilityFactsIn(Schema):
    since: date
    facts: Annotated[dict[str, str | float | None], Field(max_length=20)]


class FacilitySourceIn(Schema):
    stream: str = Field(max_length=40, description=str(_("源流类别代码，如 fuel")))
    name: str = Field(max_length=60, description=str(_("源流：种类，或加设备、名称，以斜线分开")))


def _detail(facility: Facility) -> dict[str, Any]:
    titles = sectoral.fact_titles(facility.sector)
    return {
        "id": facility.pk,
        "enterprise_code": facility.enterprise.code,
        "facility_code": facility.code,
        "name": facility.name,
        "sector": facility.sector,
        "since": facility.since,
        "until": facility.until,
        "compliance_inside": facility.compliance,
        "installation": facility.parent.code if facility.parent else "",
        "facts": [
            {"fact": name, "title": titles[name], "since": since, "value": value, "shown": sectoral.fact_shown(facility.sector, name, value)}
            for name, lines in sectoral.facts_of(facility).items()
            for since, value in lines
        ],
        "sources": [
            {"stream": code, "name": name, "title": sectoral.source_title(facility.sector, code, name)}
            for code, names in sectoral.streams_of(facility).items()
            for name in names
        ],
    }  # fmt: skip


@router.get(
    "/enterprise/reporting/facilities/{int:facility}", response=FacilityDetail, summary=_("核算单元、设施信息和源流")
)
@asks(permissions.SEE)
def show_reporting_facility(request: HttpRequest, facility: int) -> Any:
    return _detail(facility_of(request.user, facility, what="api-facility"))


@router.put(
    "/enterprise/reporting/firms/{slug:firm}/facilities/{slug:code}",
    response=FacilityDetail,
    summary=_("登记核算单元，或改动它的登记"),
)
@asks(permissions.KEEP)
def put_reporting_facility(request: HttpRequest, firm: str, code: str, given: FacilityIn) -> Any:
    enterprise, (now, _today) = firm_of(request.user, firm, what="api-facility"), clock()
    demand(request.user, permissions.KEEP, enterprise)
    held = Facility.objects.filter(enterprise=enterprise, code=code).first()
    facts = held.facts if held else {}
    return _detail(boundaries.ensure_facility(enterprise, code, **given.dict(), facts=facts, by=request.user, now=now))


@router.put(
    "/enterprise/reporting/facilities/{int:facility}/facts",
    response=FacilityDetail,
    summary=_("登记自某日起的设施信息"),
)
@asks(permissions.KEEP)
def put_facility_facts(request: HttpRequest, facility: int, given: FacilityFactsIn) -> Any:
    found, (now, _today) = own_facility(request.user, facility, what="api-facts"), clock()
    return _detail(boundaries.set_facts(found, given.since, given.facts, by=request.user, now=now))


@router.post(
    "/enterprise/reporting/facilities/{int:facility}/sources", response=FacilityDetail, summary=_("增加一个源流")
)
@asks(permissions.KEEP)
def add_facility_source(request: HttpRequest, facility: int, given: FacilitySourceIn) -> Any:
    found, (now, _today) = own_facility(request.user, facility, what="api-source"), clock()
    return _detail(boundaries.add_stream(found, given.stream, given.name, by=request.user, now=now))


@router.delete(
    "/enterprise/reporting/facilities/{int:facility}/sources",
    response=FacilityDetail,
    summary=_("移除一个源流；已有数据的不能移除"),
)
@asks(permissions.KEEP)
def remove_facility_source(request: HttpRequest, facility: int, given: Query[FacilitySourceIn]) -> Any:
    found, (now, _today) = own_facility(request.user, facility, what="api-source"), clock()
    return _detail(boundaries.remove_stream(found, given.stream, given.name, by=request.user, now=now))
