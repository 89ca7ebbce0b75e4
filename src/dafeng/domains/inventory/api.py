"""The inventory over HTTP: methods as a calculator, runs, cells, lineage, and the preview of an upload."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from ninja import File, Query, Router, Schema
from ninja.files import UploadedFile
from ninja.security import django_auth
from pydantic import Field

from dafeng.domains.inventory import library, lineage, permissions, storage, uploads
from dafeng.domains.inventory.models import City, InventoryRun
from dafeng.kernel.accounting import find_method
from dafeng.kernel.errors import PermissionDenied

router = Router(tags=["inventory"])
PAGE = 1000


class MethodOut(Schema):
    id: str
    category: str
    gas: str
    title: str
    formula: str
    unit: str
    inputs: dict[str, str]
    activity: list[str]
    source: str


class RunIn(Schema):
    """Inputs by name; `units` may give a unit for an input, otherwise the method's own is meant."""

    inputs: dict[str, float]
    units: dict[str, str] = Field(default_factory=dict)


class RunOut(Schema):
    method: str
    title: str
    result: float
    unit: str
    formula: str
    constants: dict[str, float]
    inputs: list[dict[str, Any]]
    source: str


class CityOut(Schema):
    code: str
    name: str
    name_en: str


class InventoryOut(Schema):
    id: UUID
    number: int
    city: str
    edition: str
    gwp: str
    sets: list[str]
    created_at: str
    status: int
    published: bool
    summary: dict[str, Any]


class CellsOut(Schema):
    total: int
    cells: list[dict[str, Any]]


class LineageOut(Schema):
    rows: int
    emission: float | None
    gas: list[str]
    parts: list[dict[str, Any]]


class PreviewOut(Schema):
    counts: dict[str, int]
    problems: list[dict[str, Any]]


def _method(method: Any) -> dict[str, Any]:
    names = ("id", "category", "gas", "title", "formula", "unit", "inputs", "activity", "source")
    return {name: getattr(method, name) for name in names} | {
        "inputs": dict(method.inputs),
        "activity": list(method.activity),
    }


def _run(request: HttpRequest, id: UUID) -> InventoryRun:
    run = get_object_or_404(InventoryRun.objects.select_related("city"), pk=id)
    if not permissions.may_see(request.user, run):
        raise Http404
    return run


def _described(run: InventoryRun) -> dict[str, Any]:
    names = ("id", "number", "edition", "gwp", "sets", "status", "summary")
    return {name: getattr(run, name) for name in names} | {
        "city": run.city_id,
        "created_at": run.created_at.isoformat(),
        "published": run.published_at is not None,
    }


@router.get("/methods", response=list[MethodOut], summary="全部核算方法")
def list_methods(request: HttpRequest, category: str = "") -> Any:
    return [_method(method) for method in library.methods().values() if method.category.startswith(category)]


@router.get("/methods/{id}", response=MethodOut, summary="一个方法的公式、单位与来源")
def show_method(request: HttpRequest, id: str) -> Any:
    library.methods()
    return _method(find_method(id))


@router.post("/methods/{id}/run", response=RunOut, summary="代入数值计算一次")
def run_method(request: HttpRequest, id: str, given: RunIn) -> Any:
    library.methods()
    return find_method(id).run(given.inputs, given.units)


@router.get("/cities", response=list[CityOut], summary="城市")
def list_cities(request: HttpRequest) -> Any:
    return list(City.objects.order_by("code").values("code", "name", "name_en"))


@router.get("/cities/{code}/inventories", response=list[InventoryOut], summary="一个城市的各版清单")
def list_inventories(request: HttpRequest, code: str) -> Any:
    city = get_object_or_404(City, pk=code)
    return [_described(run) for run in city.runs.all()[:PAGE] if permissions.may_see(request.user, run)]


@router.get("/inventories/{id}", response=InventoryOut, summary="一版清单的摘要")
def show_inventory(request: HttpRequest, id: UUID) -> Any:
    return _described(_run(request, id))


@router.get("/inventories/{id}/cells", response=CellsOut, summary="清单数据（类别 × 品种 × 气体 × 地区 × 年）")
def list_cells(
    request: HttpRequest,
    id: UUID,
    category: str = "",
    gas: str = "",
    year: Annotated[int | None, Query(ge=1900, le=2200)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = 100,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Any:
    import polars as pl

    cells = storage.read(_run(request, id), "cells")
    if category:
        cells = cells.filter(pl.col("category").str.starts_with(category))
    if gas:
        cells = cells.filter(pl.col("gas") == gas)
    if year is not None:
        cells = cells.filter(pl.col("year") == year)
    return {"total": cells.height, "cells": cells.slice(offset, limit).to_dicts()}


class LineageQuery(Schema):
    category: str = ""
    item: str = ""
    gas: str = ""
    kind: str = ""
    place: str = ""
    year: Annotated[int | None, Field(ge=1900, le=2200)] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


@router.get("/inventories/{id}/lineage", response=LineageOut, summary="一个数字的来历：方法、因子、活动数据、凭证")
def show_lineage(request: HttpRequest, id: UUID, query: Query[LineageQuery]) -> Any:
    wanted = query.dict()
    limit = wanted.pop("limit")
    return lineage.trace(_run(request, id), limit=limit, **wanted)


@router.post("/cities/{code}/imports/preview", response=PreviewOut, auth=django_auth, summary="预览上传的活动水平数据")
def preview_import(request: HttpRequest, code: str, file: File[UploadedFile]) -> Any:
    if not permissions.may_enter_data(request.user):
        raise PermissionDenied("您的角色不能填报数据")
    city = get_object_or_404(City, pk=code)
    preview = uploads.preview(city, file.file, name=file.name or "")
    return {
        "counts": preview.counts,
        "problems": [problem.as_dict() for problem in preview.problems[:PAGE]],
    }
