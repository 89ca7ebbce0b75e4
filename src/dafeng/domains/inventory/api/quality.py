"""What was checked, what is missing."""

from typing import Any, Literal
from uuid import UUID

import polars as pl
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema

from dafeng.domains.inventory import permissions, storage
from dafeng.domains.inventory.api.inventories import Year
from dafeng.domains.inventory.api.words import run_of, written_once
from dafeng.kernel.actions import asks
from dafeng.kernel.api.paging import Page, Paging, page

router = Router(tags=["quality"])


class CheckOut(Schema):
    rule: str
    title: str
    title_en: str
    severity: str
    state: Literal["failed", "not_run", "passed"]
    category: str | None
    place: str | None
    year: int | None
    found: float | None
    expected: str | None
    message_zh: str | None
    message_en: str | None


class CheckQuery(Paging):
    state: Literal["", "failed", "not_run", "passed"] = ""
    severity: str = ""
    year: Year | None = None


class CompletenessOut(Schema):
    sector: str
    category: str
    name: str | None
    name_en: str | None
    gas: str
    place: str
    year: int
    expected: bool
    memo: bool | None
    state: Literal["reported", "estimated", "notation", "missing"]
    notation: str | None
    emission: float | None
    co2e: float | None
    estimated_share: float | None
    partial: bool | None
    status: int
    reason: str | None
    reason_en: str | None


class CompletenessQuery(Paging):
    state: Literal["", "reported", "estimated", "notation", "missing"] = ""
    sector: str = ""
    category: str = ""
    gas: str = ""
    year: Year | None = None


def _narrowed(frame: pl.DataFrame, query: Paging, *names: str) -> pl.DataFrame:
    for name in names:
        if (wanted := getattr(query, name)) not in ("", None):
            frame = frame.filter(pl.col(name) == wanted)
    return frame


@router.get("/inventories/{uuid:id}/checks", response=Page[CheckOut], summary=_("质量检查的结果，未通过的在前"))
@asks(permissions.SEE_QUALITY)
def list_checks(request: HttpRequest, id: UUID, query: Query[CheckQuery]) -> Any:
    run = run_of(request, id)
    written_once(request, run, "checks")
    return page(request, _narrowed(storage.read(run, "checks"), query, "state", "severity", "year"), query)


@router.get(
    "/inventories/{uuid:id}/completeness",
    response=Page[CompletenessOut],
    summary=_("完整性：类别 × 气体 × 年，有数、有符号还是缺"),
)
@asks(permissions.SEE_QUALITY)
def list_completeness(request: HttpRequest, id: UUID, query: Query[CompletenessQuery]) -> Any:
    run = run_of(request, id)
    written_once(request, run, "completeness")
    found = _narrowed(storage.read(run, "completeness"), query, "state", "sector", "gas", "year")
    if query.category:
        found = found.filter(pl.col("category").str.starts_with(query.category))
    return page(request, found, query)
