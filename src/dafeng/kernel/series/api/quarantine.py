"""What waits in quarantine, one batch at a time or all that are alike."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query, Status

from dafeng.kernel.actions import asks, demand
from dafeng.kernel.api.freshness import answer_headers
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.errors import NotFound
from dafeng.kernel.jobs.models import Job
from dafeng.kernel.series import permissions, quarantine, reasons, releasing
from dafeng.kernel.series.api import schemas
from dafeng.kernel.series.api.routing import router
from dafeng.kernel.series.models import Quarantine
from dafeng.kernel.series.sources import Source


@router.get("/series/quarantine", response=Page[schemas.SeriesQuarantineOut], summary="隔离的读数")
@asks(permissions.SEE)
def list_quarantine(request: HttpRequest, asked: Query[schemas.QuarantineAsked]) -> Any:
    rows = Quarantine.objects.for_user(request.user).select_related("device")
    if asked.held_only:
        rows = rows.filter(state=Quarantine.State.HELD)
    return page(request, rows, asked, _held)


@router.get("/series/quarantine/alike", response=Page[schemas.SeriesAlikeOut], summary="隔离的读数，按原因和计量点")
@asks(permissions.SEE)
def list_quarantine_alike(request: HttpRequest, asked: Query[Paging]) -> Any:
    rows = Quarantine.objects.for_user(request.user).filter(state=Quarantine.State.HELD).select_related("device")
    return page(request, quarantine.alike(rows).order_by("-readings", "pk"), asked, _alike)


def _held(held: Quarantine) -> dict[str, Any]:
    return {
        "id": held.pk, "reason": held.reason, "what": reasons.sentence(held.reason), "mend": reasons.mend(held.reason),
        "source": Source(held.source).name.lower(), "device": held.device.code if held.device else "",
        "received_at": held.received_at, "count": held.count, "example": held.example, "state": held.state, "note": held.note,
        "code": held.code, "points": held.points, "first_at": held.first_at, "last_at": held.last_at,
    }  # fmt: skip


def _alike(newest: Any) -> dict[str, Any]:
    told = _held(newest)
    names = ("id", "reason", "what", "mend", "device", "code")
    counts = {name: getattr(newest, name) for name in ("batches", "readings", "earliest", "latest")}
    return {name: told[name] for name in names} | counts | {"newest_at": newest.received_at}


def _quarantined(request: HttpRequest, number: int) -> Quarantine:
    found = Quarantine.objects.for_user(request.user).filter(pk=number).select_related("device").first()
    if found is None:
        raise NotFound(str(_("没有这份隔离的读数")))
    demand(request.user, permissions.DECIDE, found)
    return found


@router.post(
    "/series/quarantine/{int:held}/release",
    response={200: schemas.SeriesReceiptOut, 202: schemas.SeriesReleaseStarted},
    summary="放行隔离的读数",
    description="这一批超过 10 万条时由后台任务放行，答 202 和任务；再要一次得到同一项任务。",
)
@asks(permissions.DECIDE)
def release_quarantine(request: HttpRequest, held: int, told: schemas.SeriesDecisionIn) -> Any:
    found = _quarantined(request, held)
    done = releasing.release_one(found, by=request.user, now=timezone.now(), note=told.note)
    if isinstance(done, Job):
        href = f"/api/jobs/{done.pk}"
        answer_headers(request)["Location"] = href
        return Status(202, {"job": done.pk, "state": done.state, "href": href})
    return schemas.receipt_of("", done)


@router.post("/series/quarantine/{int:held}/drop", response=schemas.SeriesQuarantineOut, summary="废弃隔离的读数")
@asks(permissions.DECIDE)
def drop_quarantine(request: HttpRequest, held: int, told: schemas.SeriesDecisionIn) -> Any:
    found = _quarantined(request, held)
    quarantine.drop(found, by=request.user, now=timezone.now(), note=told.note)
    return _held(found)
