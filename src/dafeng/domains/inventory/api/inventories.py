"""Cities and their runs: figures, cells, lineage, what changed between two runs, files, compiling and publishing."""

from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Literal
from uuid import UUID

import polars as pl
from django.http import FileResponse, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import Query, Router, Schema, Status
from pydantic import Field

from dafeng.domains.inventory import documents, library, lineage, permissions, services, storage
from dafeng.domains.inventory.api.words import city_of, run_of, written_once
from dafeng.domains.inventory.methods import recalculation
from dafeng.domains.inventory.models import City, InventoryRun
from dafeng.kernel.actions import asks, demand, may
from dafeng.kernel.api.freshness import answer_headers, unchanging
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.errors import NotFound, SignInRequired, StaleError
from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.quantities import gases
from dafeng.kernel.records.services import is_person

router = Router(tags=["inventory"])
Year = Annotated[int, Field(ge=1900, le=2200)]
Format = Literal["xlsx", "docx", "pdf", "csv", "iamc", "primap2"]


class CityOut(Schema):
    code: str
    name: str
    name_en: str


class CityDetail(CityOut):
    counties: dict[str, list[str]]
    current: UUID | None


class InventoryOut(Schema):
    id: UUID
    number: int
    city: str
    edition: str
    gwp: str
    sets: list[str]
    created_at: datetime
    created_by: str
    status: int
    current: bool
    published: bool
    published_at: datetime | None


class YearOut(Schema):
    year: int
    net: float | None
    gross: float | None
    indirect: float | None
    estimated: float | None
    unit: str = "t CO2e"
    missing: int
    cells: int
    status: int
    quality: float | None = None


class InventoryDetail(InventoryOut):
    digest: str
    tiers: dict[str, str]
    years: list[YearOut]
    unsigned: int
    failed_checks: int
    stale: list[str]


class FigureOut(Schema):
    measure: str
    scope: str
    place: str
    year: int
    value: float | None
    unit: str
    status: int
    notation: str | None


class CellOut(Schema):
    sector: str
    category: str
    item: str
    gas: str
    kind: str
    origin: str
    place: str
    year: int
    basis: str | None
    mark: str | None
    emission: float | None
    co2e: float | None
    parts: int
    missing: int
    status: int
    notation: str | None


class CellQuery(Paging):
    sector: str = ""
    category: str = ""
    item: str = ""
    gas: str = ""
    kind: str = ""
    place: str = ""
    year: Year | None = None


class YearQuery(Paging):
    year: Year | None = None


class LineageQuery(Schema):
    category: str = ""
    item: str = ""
    gas: str = ""
    kind: str = ""
    place: str = ""
    year: Year | None = None
    limit: int = Field(50, ge=1, le=200)


class FactorUsed(Schema):
    factor_id: str
    parameter: str
    value: float | None
    unit: str
    standing: str
    source: str = ""
    printed: str = ""


class ActivityUsed(Schema):
    value: float | None
    unit: str
    basis: str | None
    mark: str | None
    source: str | None
    year: int
    entered_by: str | None = None
    entered_at: datetime | None = None
    batch: str | None = None
    sheet_row: str | None = None
    evidence: dict[str, str] | None = None


class PartOut(Schema):
    emission: float | None
    unit: str
    notation: str | None
    status: int
    reason: str | None
    category: str
    item: str
    place: str
    year: int
    method: str | None
    title: str
    formula: str
    method_source: str
    factors: list[FactorUsed]
    activity: list[ActivityUsed]


class LineageOut(Schema):
    rows: int
    emission: float | None
    gas: list[str]
    parts: list[PartOut]


class DifferenceOut(Schema):
    category: str
    gas: str
    year: int
    before: float
    after: float
    difference: float
    boundary: float
    activity: float
    factor: float
    method: float
    gwp: float
    recomputed: bool
    status: int


class CompileIn(Schema):
    edition: str = ""
    gwp: str = ""


class FileIn(Schema):
    format: Format
    year: Year | None = None
    language: Literal["zh", "en"] = "zh"


class StartedOut(Schema):
    job: UUID
    state: str
    href: str


class FileOut(Schema):
    href: str
    bytes: int


class PublishIn(Schema):
    digest: str


def _shown(run: InventoryRun) -> dict[str, Any]:
    names = (
        "id", "number", "edition", "gwp", "sets", "created_at", "created_by", "status", "current", "published_at",
    )  # fmt: skip
    return {name: getattr(run, name) for name in names} | {
        "city": run.city_id,
        "published": run.published_at is not None,
    }


def _detail(run: InventoryRun) -> dict[str, Any]:
    years = [{"year": int(year), **row} for year, row in run.summary["years"].items()]
    return _shown(run) | {
        "digest": run.digest,
        "tiers": run.tiers,
        "years": years,
        "unsigned": run.summary["unsigned"],
        "failed_checks": run.summary["failed_checks"],
        "stale": services.stale_since(run),
    }


@router.get("/cities", response=Page[CityOut], summary=gettext_lazy("城市"))
@asks(permissions.SEE)
def list_cities(request: HttpRequest, query: Query[Paging]) -> Any:
    return page(request, City.objects.order_by("code").values("code", "name", "name_en"), query)


@router.get("/cities/{code}", response=CityDetail, summary=gettext_lazy("一个城市：县区，现行清单"))
@asks(permissions.SEE)
def show_city(request: HttpRequest, code: str) -> Any:
    city = city_of(code)
    seen = (run for run in city.runs.order_by("-current", "-number") if may(request.user, permissions.SEE, run))
    newest = next(seen, None)
    names = ("code", "name", "name_en", "counties")
    return {name: getattr(city, name) for name in names} | {"current": newest.pk if newest else None}


@router.get(
    "/cities/{code}/inventories", response=Page[InventoryOut], summary=gettext_lazy("一个城市的各版清单，新的在前")
)
@asks(permissions.SEE)
def list_inventories(request: HttpRequest, code: str, query: Query[Paging]) -> Any:
    runs = [run for run in city_of(code).runs.all() if may(request.user, permissions.SEE, run)]
    return page(request, runs, query, _shown)


@router.post(
    "/cities/{code}/inventories",
    response={202: StartedOut},
    summary=gettext_lazy("编制新的一版清单（后台任务）"),
    description=gettext_lazy("不给的项用城市数据包的设定。该城市已在编制时，给出那一项任务，不另开一项。"),
)
@asks(permissions.COMPILE)
def compile_inventory(request: HttpRequest, code: str, given: CompileIn) -> Any:
    """Starts a job, or joins the one that is already compiling this city."""
    city = city_of(code)
    if given.edition:
        library.edition(given.edition)
    if given.gwp and given.gwp not in gases.SETS:
        raise NotFound(_("没有 GWP 版本“%(gwp)s”") % {"gwp": given.gwp[:20]}, expected="、".join(gases.SETS))
    job = jobs.start(
        "inventory.compile",
        by=request.user,
        now=timezone.now(),
        title=_("编制%(city)s清单") % {"city": city.name},
        parameters={"city": code, "edition": given.edition, "gwp": given.gwp},
        key=code,
    )
    return Status(202, _started(request, job))


def _started(request: HttpRequest, job: Any) -> dict[str, Any]:
    href = f"/api/jobs/{job.pk}"
    answer_headers(request)["Location"] = href
    return {"job": job.pk, "state": job.state, "href": href}


@router.get("/inventories/{uuid:id}", response=InventoryDetail, summary=gettext_lazy("一版清单的摘要"))
@asks(permissions.SEE)
def show_inventory(request: HttpRequest, id: UUID) -> Any:
    return _detail(run_of(request, id))


@router.post(
    "/inventories/{uuid:id}/publish",
    response=InventoryDetail,
    summary=gettext_lazy("发布一版清单"),
    description=gettext_lazy("digest 为决定发布时看到的那一版的 digest；不是同一版回答 409。"),
)
@asks(permissions.PUBLISH)
def publish_inventory(request: HttpRequest, id: UUID, given: PublishIn) -> Any:
    """`digest` is the run's, as it was shown to whoever decided."""
    run = run_of(request, id)
    demand(request.user, permissions.PUBLISH, run)
    if given.digest != run.digest:
        raise StaleError(_("要发布的不是您看过的这一版"), mend=_("请重新读取这一版清单再决定"))
    return _detail(services.publish_run(run, by=request.user, now=timezone.now()))


@router.get(
    "/inventories/{uuid:id}/figures", response=Page[FigureOut], summary=gettext_lazy("关键数字：总量与强度，逐年")
)
@asks(permissions.SEE)
def list_figures(request: HttpRequest, id: UUID, query: Query[YearQuery]) -> Any:
    run = run_of(request, id)
    written_once(request, run, "intensity", "scores")
    rows = [
        {
            "measure": "co2e", "scope": name, "place": run.city_id, "year": int(year), "value": row[name], "unit": "t CO2e",
            "status": row["status"], "notation": None if row[name] is not None else "NE",
        }
        for year, row in run.summary["years"].items()
        for name in ("net", "gross", "indirect")
    ]  # fmt: skip
    intensity = storage.read(run, "intensity")
    rows += intensity.to_dicts()
    return page(request, [row for row in rows if query.year in (None, row["year"])], query)


@router.get(
    "/inventories/{uuid:id}/cells",
    response=Page[CellOut],
    summary=gettext_lazy("清单数据：类别 × 品种 × 气体 × 地区 × 年"),
)
@asks(permissions.SEE)
def list_cells(request: HttpRequest, id: UUID, query: Query[CellQuery]) -> Any:
    run = run_of(request, id)
    written_once(request, run, "cells")
    cells = storage.read(run, "cells")
    if query.category:
        cells = cells.filter(pl.col("category").str.starts_with(query.category))
    for name in ("sector", "item", "gas", "kind", "place", "year"):
        if (wanted := getattr(query, name)) not in ("", None):
            cells = cells.filter(pl.col(name) == wanted)
    return page(request, cells, query)


@router.get(
    "/inventories/{uuid:id}/lineage",
    response=LineageOut,
    summary=gettext_lazy("一个数字的来历：方法、因子、活动数据、凭证"),
)
@asks(permissions.SEE)
def show_lineage(request: HttpRequest, id: UUID, query: Query[LineageQuery]) -> Any:
    wanted = query.dict()
    limit = wanted.pop("limit")
    people = may(request.user, permissions.SEE_DATA)
    return lineage.trace(run_of(request, id), limit=limit, people=people, **wanted)


@lru_cache(maxsize=8)
def _differences(before: UUID, after: UUID) -> pl.DataFrame:
    runs = [InventoryRun.objects.get(pk=pk) for pk in (before, after)]
    found = recalculation.explain(*(storage.restore(run) for run in runs))
    return found.filter(pl.col("difference").abs() > 0).sort(pl.col("difference").abs(), "category", "gas", "year", descending=[True, False, False, False])  # fmt: skip


class DifferenceQuery(Paging):
    category: str = ""
    gas: str = ""
    year: Year | None = None


@router.get(
    "/inventories/{uuid:id}/differences/{uuid:other}",
    response=Page[DifferenceOut],
    summary=gettext_lazy("与另一版清单比较：变了多少，因为什么"),
    description=gettext_lazy("从 id（前）到 other（后），变化大的在前；没有变化的不列。"),
)
@asks(permissions.SEE)
def list_differences(request: HttpRequest, id: UUID, other: UUID, query: Query[DifferenceQuery]) -> Any:
    """From run `id` (before) to run `other` (after), largest change first; what did not change is left out."""
    before, after = run_of(request, id), run_of(request, other)
    public = before.published_at is not None and after.published_at is not None
    unchanging(request, before.pk, before.artefacts, after.pk, after.artefacts, public=public)
    found = _differences(before.pk, after.pk)
    if query.category:
        found = found.filter(pl.col("category").str.starts_with(query.category))
    for name in ("gas", "year"):
        if (wanted := getattr(query, name)) not in ("", None):
            found = found.filter(pl.col(name) == wanted)
    return page(request, found, query)


def _year(run: InventoryRun, asked: int | None) -> int:
    known = [int(year) for year, row in run.summary["years"].items() if row["net"] is not None]
    if not known or (asked is not None and asked not in known):
        raise NotFound(_("这一版清单没有 %(year)s 年的数") % {"year": asked or ""}, expected="、".join(map(str, known)))
    return asked or max(known)


@router.get(
    "/inventories/{uuid:id}/files/{format}",
    summary=gettext_lazy("下载一版清单的文件；还没有生成的先用 POST 生成"),
    response={200: None},
    openapi_extra={"responses": {200: {"content": {media: {} for _end, _title, media in documents.FORMATS.values()}}}},
)
@asks(permissions.REPORT)
def download_file(
    request: HttpRequest, id: UUID, format: Format, year: Year | None = None, language: Literal["zh", "en"] = "zh"
) -> Any:
    run = run_of(request, id)
    about = _year(run, year)
    target = documents.export_path(run, format=format, year=about, language=language)
    if not target.exists():
        raise NotFound(_("这个文件还没有生成"), mend=_("请先 POST /api/inventories/…/files 生成"))
    unchanging(request, run.pk, run.artefacts, public=run.published_at is not None)
    suffix, _title, media_type = documents.FORMATS[format]
    name = f"{run.city_id}-{run.number}-{about}{suffix}"
    return FileResponse(target.open("rb"), as_attachment=True, filename=name, content_type=media_type)


@router.post(
    "/inventories/{uuid:id}/files",
    response={200: FileOut, 202: StartedOut},
    summary=gettext_lazy("生成一版清单的文件；已有的直接给出地址，没有的开始后台任务"),
)
@asks(permissions.REPORT)
def make_file(request: HttpRequest, id: UUID, given: FileIn) -> Any:
    run = run_of(request, id)
    year = _year(run, given.year)
    target = documents.export_path(run, format=given.format, year=year, language=given.language)
    if target.exists():
        href = f"/api/inventories/{run.pk}/files/{given.format}?year={year}&language={given.language}"
        answer_headers(request)["Location"] = href
        return Status(200, {"href": href, "bytes": target.stat().st_size})
    if not is_person(request.user):
        raise SignInRequired(_("生成文件需要先登录"), mend=_("已经生成的文件可以直接下载"))
    title = documents.FORMATS[given.format][1]
    job = jobs.start(
        "inventory.export",
        by=request.user,
        now=timezone.now(),
        title=_("%(city)s %(year)s 年清单 %(format)s") % {"city": run.city.name, "year": year, "format": title},
        parameters={"city": run.city_id, "number": run.number, "year": year, "format": given.format, "language": given.language},
        key=f"{run.city_id}-{run.number}-{year}-{given.format}-{given.language}",
    )  # fmt: skip
    return Status(202, _started(request, job))
