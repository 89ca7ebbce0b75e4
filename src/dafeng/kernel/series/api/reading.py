"""What people and programs read of the points they may see."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query

from dafeng.kernel.actions import asks
from dafeng.kernel.api.paging import Page, page
from dafeng.kernel.errors import NotFound
from dafeng.kernel.series import exports, flags, permissions, queries
from dafeng.kernel.series.api import schemas
from dafeng.kernel.series.api.routing import router
from dafeng.kernel.series.errors import SeriesError
from dafeng.kernel.series.models import Point
from dafeng.kernel.series.sources import Source

MOST = 1_000_000  # rows of one export


def seen(request: HttpRequest, code: str) -> Point:
    found = Point.objects.for_user(request.user).select_related("device").filter(code=code).first()
    if found is None:
        raise NotFound(str(_("没有这个计量点")))
    return found


@router.get("/series/points", response=Page[schemas.SeriesPointOut], summary="计量点")
@asks(permissions.SEE)
def list_points(request: HttpRequest, asked: Query[schemas.PointsAsked]) -> Any:
    rows = Point.objects.for_user(request.user).select_related("device")
    if asked.subject_is:
        rows = rows.filter(subject=asked.subject_is)
    if asked.quantity_is:
        rows = rows.filter(quantity=asked.quantity_is)
    return page(request, rows, asked, schemas.point_of)


@router.get("/series/points/{point_code}", response=schemas.SeriesPointWithFacts, summary="一个计量点和它的事实")
@asks(permissions.SEE)
def show_point(request: HttpRequest, point_code: str) -> Any:
    point = seen(request, point_code)
    return schemas.with_facts(point)


@router.get("/series/points/{point_code}/readings", response=Page[schemas.SeriesReadingOut], summary="读数")
@asks(permissions.SEE)
def list_readings(request: HttpRequest, point_code: str, asked: Query[schemas.ReadingsAsked]) -> Any:
    point = seen(request, point_code)
    found = queries.readings([point], asked.from_at, asked.to_at, known_at=asked.known_at)
    return page(request, found, asked, _reading)


def _reading(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"source": Source(row["source"]).name.lower(), "flags": flags.names(row["flag"])}


@router.get("/series/points/{point_code}/steps", response=Page[schemas.SeriesStepOut], summary="各步用量或平均")
@asks(permissions.SEE)
def list_steps(request: HttpRequest, point_code: str, asked: Query[schemas.StepsAsked]) -> Any:
    point = seen(request, point_code)
    return page(request, queries.steps(point, asked.from_at, asked.to_at, asked.step_of, known_at=asked.known_at), asked, schemas.flagged)  # fmt: skip


@router.get("/series/points/{point_code}/shown", response=list[schemas.SeriesShownOut], summary="供作图的读数（抽稀）")
@asks(permissions.SEE)
def list_shown_readings(request: HttpRequest, point_code: str, asked: Query[schemas.ShownAsked]) -> Any:
    found = queries.shown([seen(request, point_code)], asked.from_at, asked.to_at, most=asked.most_points)
    return [schemas.flagged(row) for row in found.iter_rows(named=True)]


@router.get("/series/points/{point_code}/file", summary="读数或各步用量的文件")
@asks(permissions.SEE)
def export_readings(request: HttpRequest, point_code: str, asked: Query[schemas.FileAsked]) -> HttpResponse:
    point = seen(request, point_code)
    if asked.step_of:
        found = queries.steps(point, asked.from_at, asked.to_at, asked.step_of, known_at=asked.known_at)
    else:
        found = queries.readings([point], asked.from_at, asked.to_at, known_at=asked.known_at)
    if found.height > MOST:
        raise SeriesError(str(_("一次至多导出一百万行")), mend=str(_("请缩短时间")))
    answer = HttpResponse(exports.encoded(found, asked.file_form), content_type=exports.FORMS[asked.file_form])
    answer["Content-Disposition"] = f'attachment; filename="{point.code}.{asked.file_form}"'
    return answer


@router.get("/series/latest", response=Page[schemas.SeriesLatestOut], summary="最新读数")
@asks(permissions.SEE)
def list_latest_readings(request: HttpRequest, asked: Query[schemas.PointsAsked]) -> Any:
    rows = Point.objects.for_user(request.user)
    if asked.subject_is:
        rows = rows.filter(subject=asked.subject_is)
    if asked.quantity_is:
        rows = rows.filter(quantity=asked.quantity_is)
    codes = dict(rows.values_list("pk", "code"))
    found = queries.latest(list(codes), now=timezone.now())
    return page(request, found, asked, lambda row: schemas.flagged(row) | {"code": codes[row["point"]]})
