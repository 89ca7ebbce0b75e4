"""Keeping points, their facts, and devices."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query, Status

from dafeng.kernel.actions import asks
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.errors import NotFound
from dafeng.kernel.series import permissions, services
from dafeng.kernel.series.api import schemas
from dafeng.kernel.series.api.reading import seen
from dafeng.kernel.series.api.routing import router
from dafeng.kernel.series.errors import SeriesError
from dafeng.kernel.series.models import Device, Point


@router.post("/series/points", response={201: schemas.SeriesPointOut}, summary="登记计量点")
@asks(permissions.KEEP)
def add_point(request: HttpRequest, told: schemas.SeriesPointIn) -> Any:
    if Point.objects.filter(code=told.code).exists():
        raise SeriesError(str(_("这个代码已有计量点")))
    given = told.dict()
    device = given.pop("device")
    found = Device.objects.filter(code=device).first() if device else None
    if device and found is None:
        raise SeriesError(str(_("没有这个设备")))
    return Status(201, schemas.point_of(services.ensure_point(**given, device=found)))


@router.post(
    "/series/points/{point_code}/facts",
    response={201: schemas.SeriesPointWithFacts},
    summary="登记计量点从何时起的变更",
)
@asks(permissions.KEEP)
def state_point_fact(request: HttpRequest, point_code: str, told: schemas.SeriesFactIn) -> Any:
    point = seen(request, point_code)
    services.state_fact(
        point, told.name, told.value, told.since, by=request.user, now=timezone.now(), note=told.note
    )  # fmt: skip
    return Status(201, schemas.with_facts(point))


@router.get("/series/devices", response=Page[schemas.SeriesDeviceOut], summary="采集设备")
@asks(permissions.KEEP)
def list_devices(request: HttpRequest, asked: Query[Paging]) -> Any:
    return page(request, Device.objects.all(), asked, _device)


def _device(device: Device) -> dict[str, Any]:
    return {name: getattr(device, name) for name in schemas.SeriesDeviceOut.model_fields}


@router.post("/series/devices", response={201: schemas.SeriesDeviceMade}, summary="登记采集设备")
@asks(permissions.KEEP)
def add_device(request: HttpRequest, told: schemas.SeriesDeviceIn) -> Any:
    device, secret = services.make_device(**told.dict(), by=request.user, now=timezone.now())
    return Status(201, _device(device) | {"secret": secret})


@router.post("/series/devices/{code}/revoke", response=schemas.SeriesDeviceOut, summary="停用采集设备")
@asks(permissions.KEEP)
def revoke_device(request: HttpRequest, code: str) -> Any:
    device = Device.objects.filter(code=code).first()
    if device is None:
        raise NotFound(str(_("没有这个设备")))
    services.revoke_device(device, by=request.user, now=timezone.now())
    return _device(device)
