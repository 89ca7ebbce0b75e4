"""Activity data: the rows in force, files handed in and previewed, batches committed and undone."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import polars as pl
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from ninja import File, Form, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field

from dafeng.domains.inventory import holdings, permissions, reported, services, staging
from dafeng.domains.inventory.api.inventories import Year
from dafeng.domains.inventory.api.words import city_of
from dafeng.domains.inventory.models import Batch, City, StagedUpload
from dafeng.domains.inventory.sheets import Limits
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.api.freshness import answer_headers
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.errors import NotFound
from dafeng.kernel.records.models import Record

router = Router(tags=["activity"])
_TEXTS = (
    "category", "item", "technology", "variable", "place", "unit", "basis", "mark", "source", "notation",
)  # fmt: skip


class RowOut(Schema):
    id: int
    batch: int
    category: str
    item: str
    technology: str
    variable: str
    place: str
    year: int
    value: float | None
    unit: str
    basis: str
    mark: str
    source: str
    notation: str
    uncertainty: float | None
    in_force: bool


class RowQuery(Paging):
    category: str = ""
    item: str = ""
    place: str = ""
    year: Year | None = None
    batch: int | None = Field(None, ge=1, le=2**62)
    all: bool = False


class BatchOut(Schema):
    id: int
    title: str
    source: Literal["pack", "upload"]
    active: bool
    state: str
    created_by: str
    created_at: datetime
    rows: int | None
    evidence: list[UUID]


class ReportedRowOut(Schema):
    category: str
    fuel: str
    item: str
    heat: float
    firms: int
    status: int
    state: Literal["unmapped", "held", "estimated", "nothing"]
    inventory_heat: float | None
    inventory_bases: list[str]
    difference: float | None
    taken: bool


class ReportedActivityOut(Schema):
    """Output, material or bought energy in `unit`; `tiers` of the inventory's methods that count it, `share` of the inventory's number."""

    category: str
    item: str
    variable: str
    technologies: dict[str, float]
    value: float
    unit: str
    firms: int
    status: int
    state: Literal["unmapped", "held", "estimated", "nothing"]
    tiers: list[str]
    inventory: float | None
    inventory_bases: list[str]
    difference: float | None
    share: float | None
    taken: bool


class LeftOut(Schema):
    """What reports told and the feed does not carry over; Chinese and English."""

    sector: list[str]
    source: list[str]
    reason: list[str]
    firms: int


class ReportedOut(Schema):
    """What enterprises reported and what the inventory holds without it: `rows` the heat of fuels (GJ, net calorific), `activities` the rest."""

    city: str
    year: int
    years: list[int]
    feed: UUID
    published_at: datetime
    firms: int
    batch: int | None
    rows: list[ReportedRowOut]
    activities: list[ReportedActivityOut]
    left: list[LeftOut]
    withdrawn: list[str]


class UploadForm(Schema):
    place: str = Field("", max_length=80)
    year: Year | None = None


class FindingOut(Schema):
    severity: str
    code: str
    what: str
    expected: str
    mend: str
    sheet: str
    row: int | None
    column: str


class UploadOut(Schema):
    id: UUID
    name: str
    sha256: str
    digest: str
    counts: dict[str, int]
    problems: list[FindingOut]
    expires_at: datetime


class CommitIn(Schema):
    upload: UUID
    digest: str


class UndoIn(Schema):
    reason: str = Field(min_length=1, max_length=1000)


def _visible(request: HttpRequest, city: City | None = None) -> Any:
    seen = Batch.objects.filter(record__in=Record.objects.for_user(request.user)).select_related("record__created_by")
    return seen if city is None else seen.filter(city=city)


def _batch(batch: Batch) -> dict[str, Any]:
    record = batch.record
    return {
        "id": batch.pk,
        "title": record.title,
        "source": batch.source,
        "active": batch.active,
        "state": record.state,
        "created_by": record.created_by.get_username() if record.created_by else "system",
        "created_at": record.created_at,
        "rows": record.payload.get("rows"),
        "evidence": [each.pk for each in record.evidence.all()],
    }


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return row | {name: row[name] or "" for name in _TEXTS} | {"batch": row["batch_id"], "in_force": row["counts"]}


@router.get(
    "/cities/{code}/activity",
    response=Page[RowOut],
    summary=_("现行的活动水平数据"),
    description=_("只含您可以看到的批次；all=true 连同已被后来的上传取代的行。"),
)
@asks(permissions.SEE_DATA)
def list_activity(request: HttpRequest, code: str, query: Query[RowQuery]) -> Any:
    """The rows of active batches that the caller may see; `all` adds those that a later upload has replaced."""
    city = city_of(code)
    rows = holdings.city_rows(city)
    seen = list(_visible(request, city).values_list("pk", flat=True))
    rows = rows.filter(pl.col("batch_id").is_in(seen))
    if not query.all:
        rows = rows.filter("counts")
    if query.category:
        rows = rows.filter(pl.col("category").cast(pl.String).str.starts_with(query.category))
    for name, column in (("item", "item"), ("place", "place"), ("year", "year"), ("batch", "batch_id")):
        if (wanted := getattr(query, name)) not in ("", None):
            left = pl.col(column) if isinstance(wanted, int) else pl.col(column).cast(pl.String)
            rows = rows.filter(left == wanted)
    return page(request, rows.sort("id"), query, _row)


@router.get(
    "/cities/{code}/reported",
    response=ReportedOut,
    summary=_("企业报告的活动水平与清单活动水平的对账"),
    description=_("取最近一次发布的统计供数；两条路径的数并列，不相加。state 为 held 的已有统计等数，不取。"),
)
@asks(permissions.SEE_REPORTED)
def show_reported(request: HttpRequest, code: str, year: Year | None = None) -> Any:
    found = reported.reconcile(city_of(code), year)
    if found is None:
        raise NotFound(gettext("还没有发布企业报告的统计供数"), mend=gettext("请在企业报告的“统计供数”中发布"))
    taken = found.taken.record.payload["cells"] if found.taken else ()
    return {
        "city": code,
        "year": found.year,
        "years": found.years,
        "feed": found.run.pk,
        "published_at": found.run.finished_at,
        "firms": found.firms,
        "batch": found.taken.pk if found.taken else None,
        "rows": [
            {
                "category": row.fed.category,
                "fuel": row.fed.name,
                "item": row.item,
                "heat": row.fed.value,
                "firms": len(row.fed.reports),
                "status": row.fed.status,
                "state": row.state,
                "inventory_heat": row.own if row.rows else None,
                "inventory_bases": sorted({each["basis"] for each in row.rows}),
                "difference": row.difference,
                "taken": row.fed.key in taken,
            }
            for row in found.rows
            if row.fed.burnt
        ],
        "activities": [
            {
                "category": row.fed.category,
                "item": row.fed.name,
                "variable": row.fed.variable,
                "technologies": dict(row.fed.technologies),
                "value": row.fed.value,
                "unit": row.fed.unit,
                "firms": len(row.fed.reports),
                "status": row.fed.status,
                "state": row.state,
                "tiers": list(row.tiers),
                "inventory": row.own if row.rows else None,
                "inventory_bases": sorted({each["basis"] for each in row.rows}),
                "difference": row.difference,
                "share": row.share,
                "taken": row.fed.key in taken,
            }
            for row in found.rows
            if not row.fed.burnt
        ],
        "left": found.left,
        "withdrawn": list(found.withdrawn),
    }


@router.post(
    "/cities/{code}/uploads",
    response={201: UploadOut},
    summary=_("交一个文件并预览：会带来什么，错在哪里；不写入数据"),
    description=_("文件为您保留一天；提交时附上这里给出的 id 和 digest。"),
)
@asks(permissions.IMPORT)
def upload_file(request: HttpRequest, code: str, file: File[UploadedFile], given: Form[UploadForm]) -> Any:
    """The file is kept for a day for whoever sent it; commit it with the `digest` of this answer."""
    city = city_of(code)
    staged = staging.stage(
        city,
        # One byte more than allowed is enough to be refused.
        file.read(Limits().file_bytes + 1),
        name=file.name or "",
        by=request.user,
        now=timezone.now(),
        place=given.place,
        year=given.year,
    )
    answer_headers(request)["Location"] = f"/api/cities/{code}/uploads/{staged.pk}"
    return Status(201, _upload(staged))


def _upload(staged: StagedUpload) -> dict[str, Any]:
    return {
        "id": staged.pk,
        "name": staged.name,
        "sha256": staged.sha256,
        "digest": staged.seen["digest"],
        "counts": staged.counts,
        "problems": staged.problems[:1000],
        "expires_at": staged.created_at + staging.KEPT,
    }


@router.get("/cities/{code}/uploads/{uuid:id}", response=UploadOut, summary=_("自己交的文件的预览"))
@asks(permissions.IMPORT)
def show_upload(request: HttpRequest, code: str, id: UUID) -> Any:
    return _upload(staging.find(request.user, city_of(code), id, now=timezone.now()))


@router.get("/cities/{code}/batches", response=Page[BatchOut], summary=_("各批数据，新的在前"))
@asks(permissions.SEE_DATA)
def list_batches(request: HttpRequest, code: str, query: Query[Paging]) -> Any:
    batches = _visible(request, city_of(code)).prefetch_related("record__evidence").order_by("-pk")
    return page(request, batches, query, _batch)


@router.post(
    "/cities/{code}/batches",
    response={201: BatchOut},
    summary=_("提交预览过的文件，成为一批数据"),
    description=_("要么全部导入，要么一行不进；预览之后有人动过相同的数据，回答 409。重复提交只成一批。"),
)
@asks(permissions.IMPORT)
def commit_batch(request: HttpRequest, code: str, given: CommitIn) -> Any:
    """Whole or not at all; 409 when the preview is no longer true. Sent twice it is stored once."""
    now = timezone.now()
    staged = staging.find(request.user, city_of(code), given.upload, now=now)
    batch = staging.commit(staged.pk, seen=given.digest, by=request.user, now=now)
    answer_headers(request)["Location"] = f"/api/batches/{batch.pk}"
    return Status(201, _batch(batch))


@router.get("/batches/{int:id}", response=BatchOut, summary=_("一批数据"))
@asks(permissions.SEE_DATA)
def show_batch(request: HttpRequest, id: int) -> Any:
    return _batch(get_object_or_404(_visible(request), pk=id))


@router.post("/batches/{int:id}/undo", response=BatchOut, summary=_("撤销一批数据，原来的数据恢复"))
@asks(permissions.UNDO)
def undo_batch(request: HttpRequest, id: int, given: UndoIn) -> Any:
    batch = get_object_or_404(_visible(request), pk=id)
    demand(request.user, permissions.UNDO, batch)
    undone = services.undo_batch(batch, by=request.user, now=timezone.now(), reason=given.reason)
    return _batch(undone)
