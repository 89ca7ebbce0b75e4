"""Sectors, facilities, and a month's values: read with a token, saved whole, filed."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema
from pydantic import Field

from dafeng.domains.enterprise.models import Facility, MonthlyValue
from dafeng.domains.enterprise.reporting import (
    clock,
    entry,
    permissions,
    sectoral,
)
from dafeng.domains.enterprise.reporting.views.places import clock as now_and_today
from dafeng.domains.enterprise.reporting.views.places import facility_of
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.api import words
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.errors import NotFound
from dafeng.kernel.records.models import Evidence

router = Router(tags=["enterprise"])

words.describe(
    within="ReportingSectorOut", code=_("行业方法代码"), title=_("名称"), source=_("依据"), standing=_("依据的等级")
)
words.describe(
    within="FacilityOut",
    id=_("编号"),
    name=_("名称"),
    sector=_("行业方法代码"),
    since=_("投产"),
    until=_("关停；在产为空"),
)
words.describe(
    within="MonthCell",
    item=_("项目代码"),
    stream=_("源流；不分源流为空"),
    title=_("项目"),
    value=_("数值；没有为空"),
    notation=_("符号：NO、NE、NA、IE；没有为空"),
    unit=_("单位"),
    way=_("取得方式：measured 实测，invoice 结算凭证，meter 在线计量，default 缺省值"),
    source=_("来源"),
    tested=_("检测日期；没有为空"),
    revision=_("第几次修订；没有填过为 0"),
    required=_("是否必填"),
)
words.describe(
    within="MonthOut",
    month=_("月份，如 2025-03；年度项目为 2025"),
    seen=_("这个月的令牌，保存时原样带回"),
    cells=_("各项"),
)
words.describe(
    within="MonthIn",
    seen=_("读取时得到的令牌；其间有人改过就拒绝"),
    reason=_("修改理由；存证之后必填"),
    cells=_("要保存的各项；没有列出的不变"),
)
words.describe(
    within="CellIn",
    item=_("项目代码"),
    stream=_("源流；不分源流为空"),
    value=_("数值；清空为空"),
    notation=_("符号：NO、NE、NA、IE"),
    unit=_("单位；须与行业方法一致，可不填"),
    way=_("取得方式"),
    source=_("来源"),
    tested=_("检测日期，只用于由检测报告证明的项目；没有为空"),
    evidence=_("凭证编号，由 POST /evidence 得到；不写则凭证不变"),
)
words.describe(within="MonthSaved", saved=_("改动了几项"), seen=_("新的令牌"))
words.describe(within="MonthFiledOut", digest=_("存证内容的 SHA-256"), late=_("是否逾期"))


class ReportingSectorOut(Schema):
    code: str
    title: str
    source: str
    standing: str


class FacilityOut(Schema):
    id: int
    enterprise_code: str
    enterprise_name: str
    facility_code: str
    name: str
    sector: str
    sector_title: str
    since: date
    until: date | None
    compliance_inside: bool
    installation: str


class MonthCell(Schema):
    item: str
    stream: str
    title: str
    value: float | None
    notation: str
    unit: str
    way: str
    source: str
    tested: date | None
    revision: int
    required: bool
    evidence_sha256: list[str]


class MonthOut(Schema):
    month: str
    seen: str
    month_due: date
    month_filed: datetime | None
    cells: list[MonthCell]


class CellIn(Schema):
    item: str = Field(max_length=60)
    stream: str = Field("", max_length=60)
    value: float | None = None
    notation: str = Field("", max_length=4)
    unit: str = Field("", max_length=30)
    way: Literal["measured", "invoice", "default"] = "measured"
    source: str = Field("", max_length=160)
    tested: date | None = None
    evidence: Annotated[list[UUID] | None, Field(max_length=50)] = None


class MonthIn(Schema):
    seen: str = Field(max_length=64)
    reason: str = Field("", max_length=300)
    cells: list[CellIn] = Field(max_length=500)


class MonthSaved(Schema):
    saved: int
    seen: str


class MonthFiledOut(Schema):
    digest: str
    month_due: date
    late: bool


class MonthFilingIn(Schema):
    seen: str = Field(max_length=64)


words.describe(within="MonthFilingIn", seen=_("读取时得到的令牌"))


@router.get("/enterprise/reporting/sectors", response=Page[ReportingSectorOut], summary=_("行业方法"))
@asks(permissions.PUBLIC_SEE)
def list_reporting_sectors(request: HttpRequest, asked: Query[Paging]) -> Any:
    rows = [
        {"code": code, "title": sectoral.sector_title(code), "source": each.source, "standing": each.standing}
        for code in sectoral.sector_titles()
        for each in [sectoral.sector_of(code)]
    ]
    return page(request, rows, asked)


@router.get("/enterprise/reporting/facilities", response=Page[FacilityOut], summary=_("可以查看的核算单元"))
@asks(permissions.SEE)
def list_reporting_facilities(request: HttpRequest, asked: Query[Paging]) -> Any:
    seen = Facility.objects.for_user(request.user).select_related("enterprise", "parent").distinct()
    return page(request, seen.order_by("enterprise__code", "code"), asked, _facility)


def _facility(row: Facility) -> dict[str, Any]:
    return {
        "id": row.pk,
        "enterprise_code": row.enterprise.code,
        "enterprise_name": row.enterprise.name,
        "facility_code": row.code,
        "name": row.name,
        "sector": row.sector,
        "sector_title": sectoral.sector_title(row.sector),
        "since": row.since,
        "until": row.until,
        "compliance_inside": row.compliance,
        "installation": row.parent.code if row.parent else "",
    }


def _month(month: str) -> str:
    if not clock.is_month(month):
        raise NotFound("没有这个月份", expected="2025-03")
    return month


@router.get(
    "/enterprise/reporting/facilities/{int:facility}/months/{month}",
    response=MonthOut,
    summary=_("一个月的全部项目与令牌"),
)
@asks(permissions.SEE)
def show_facility_month(request: HttpRequest, facility: int, month: str) -> Any:
    held_by = facility_of(request.user, facility, what="api-month")
    values = entry.current(held_by, _month(month))
    held = {(each.item, each.stream): each for each in values}
    filing = held_by.filings.filter(month=month).first()
    return {
        "month": month,
        "seen": entry.seen_of(values),
        "month_due": clock.month_due(month),
        "month_filed": filing.at if filing else None,
        "cells": [_cell(each, held.get(each.key)) for each in sectoral.fields(held_by, month)],
    }


def _cell(cell: sectoral.Wanted, held: MonthlyValue | None) -> dict[str, Any]:
    return {
        "item": cell.item,
        "stream": cell.stream,
        "title": cell.title,
        "value": held.value if held else None,
        "notation": held.notation if held else "",
        "unit": cell.unit,
        "way": held.way if held else "",
        "source": held.source if held else "",
        "tested": held.tested if held else None,
        "revision": held.revision if held else 0,
        "required": cell.required,
        "evidence_sha256": [each.sha256 for each in held.evidence.all()] if held else [],
    }


@router.put(
    "/enterprise/reporting/facilities/{int:facility}/months/{month}",
    response=MonthSaved,
    summary=_("保存一个月的数：整体保存或整体拒绝"),
)
@asks(permissions.KEEP)
def put_facility_month(request: HttpRequest, facility: int, month: str, given: MonthIn) -> Any:
    held_by = facility_of(request.user, facility, what="api-values")
    demand(request.user, permissions.KEEP, held_by)
    now, _today = now_and_today()
    mine = {
        each.pk: each
        for each in Evidence.objects.for_user(request.user).filter(
            pk__in=[pk for cell in given.cells for pk in cell.evidence or ()]
        )
    }
    cells = []
    for cell in given.cells:
        if cell.evidence is not None and any(pk not in mine for pk in cell.evidence):
            raise NotFound("没有这份凭证")
        files = None if cell.evidence is None else tuple(mine[pk] for pk in cell.evidence)
        cells.append(
            entry.Cell(
                cell.item, cell.stream, cell.value, cell.notation, cell.unit, cell.way, cell.source, files, cell.tested
            )
        )
    made = entry.save_month(held_by, month, cells, seen=given.seen, by=request.user, now=now, reason=given.reason)
    return {"saved": len(made), "seen": entry.seen(held_by, month)}


@router.post(
    "/enterprise/reporting/facilities/{int:facility}/months/{month}/filing",
    response={201: MonthFiledOut},
    summary=_("月度存证"),
)
@asks(permissions.KEEP)
def file_facility_month(request: HttpRequest, facility: int, month: str, given: MonthFilingIn) -> Any:
    held_by = facility_of(request.user, facility, what="api-filing")
    demand(request.user, permissions.KEEP, held_by)
    now, today = now_and_today()
    made = entry.file_month(held_by, month, seen=given.seen, by=request.user, now=now)
    return 201, {"digest": made.digest, "month_due": made.due, "late": today > made.due}
