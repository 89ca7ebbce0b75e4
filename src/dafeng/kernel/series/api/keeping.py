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
from dafeng.kernel.series.models import Device


@router.post("/series/points", response={201: schemas.SeriesPointOut}, summary="登记计量点")
@asks(permissions.KEEP)
def add_point(request: HttpRequest, told: schemas.SeriesPointIn) -> Any:
    given = told.dict()
    given["device"] = _device_of(request, told.device) if told.device else None
    return Status(201, schemas.point_of(services.add_point(**given, by=request.user, now=timezone.now())))


@router.patch("/series/points/{point_code}", response=schemas.SeriesPointWithFacts, summary="修改计量点")
@asks(permissions.KEEP)
def change_point(request: HttpRequest, point_code: str, told: schemas.SeriesPointChange) -> Any:
    point = seen(request, point_code)
    given = told.dict(exclude_unset=True)
    if "device" in given:
        given["device"] = _device_of(request, told.device) if told.device else None
    services.change_point(point, by=request.user, now=timezone.now(), **given)
    return schemas.with_facts(point)


def _device_of(request: HttpRequest, code: str) -> Device:
    """The device, if this person may see it. Raises `NotFound` as for one that does not exist."""
    found = Device.objects.for_user(request.user).filter(code=code).first()
    if found is None:
        raise NotFound(str(_("没有这个设备")))
    return found


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
    return page(request, Device.objects.for_user(request.user), asked, _device)


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
    device = _device_of(request, code)
    services.revoke_device(device, by=request.user, now=timezone.now())
    return _device(device)


@router.post("/series/devices/{code}/renew", response=schemas.SeriesDeviceMade, summary="更换采集设备的密钥")
@asks(permissions.KEEP)
def renew_device(request: HttpRequest, code: str) -> Any:
    device = _device_of(request, code)
    secret = services.renew_device(device, by=request.user, now=timezone.now())
    return _device(device) | {"secret": secret}
