"""What comes in: signed batches of devices, tables of people."""

from typing import Any, BinaryIO, cast

from django.http import HttpRequest
from django.utils import timezone
from ninja import File
from ninja.files import UploadedFile

from dafeng.kernel.actions import asks
from dafeng.kernel.api.limits import allows
from dafeng.kernel.api.signatures import HEADERS
from dafeng.kernel.series import delivery, ingest, permissions, uploads
from dafeng.kernel.series.api.routing import router
from dafeng.kernel.series.api.schemas import SeriesReceiptOut, receipt_of
from dafeng.kernel.series.signing import device_of
from dafeng.kernel.series.sources import Source

RATE, BYTES = "100/s", 8 * 1024 * 1024

_BODY = {
    "type": "object", "required": ["key", "readings"],
    "properties": {
        "key": {"type": "string", "maxLength": 80, "pattern": "^[\\x20-\\x7e]*$"},
        "readings": {
            "type": "array",
            "items": {
                "type": "object", "required": ["point", "value"],
                "properties": {
                    "point": {"type": "string"}, "unit": {"type": "string"},
                    "value": {"type": "array", "items": {"type": ["number", "null"]}},
                    "at": {"type": "array", "items": {"type": ["string", "number"]}},
                    "start": {"type": ["string", "number"]}, "step": {"type": "integer", "minimum": 1},
                },
            },
        },
    },
}  # fmt: skip
HEADER_MEANINGS = (
    "密钥编号",
    "发送时间，Unix 秒；与平台时间相差不能太大",
    "随机串，16 至 64 个字符",
    "对方法、地址、时间、随机串和正文的 HMAC-SHA256 签名",
)
_SIGNED = {
    "parameters": [
        {"in": "header", "name": name, "required": True, "schema": {"type": "string"}, "description": meaning}
        for name, meaning in zip(HEADERS, HEADER_MEANINGS, strict=True)
    ],
    "requestBody": {"required": True, "content": {"application/json": {"schema": _BODY}}},
}


@router.post("/series/batches", response=SeriesReceiptOut, summary="报送一批读数", openapi_extra=_SIGNED)
@allows(rate=RATE, body_bytes=BYTES)
@asks(permissions.SEND)
def send_readings(request: HttpRequest) -> Any:
    now = timezone.now()
    device = device_of(request.method or "", request.get_full_path(), request.headers, request.body, now=now)
    key, frame = delivery.parsed(request.body)
    receipt = ingest.receive(frame, source=Source.HTTP, key=key, now=now, device=device)
    return receipt_of(key, receipt)


@router.post("/series/uploads", response=SeriesReceiptOut, summary="上传读数表格")
@asks(permissions.UPLOAD)
def upload_readings(request: HttpRequest, file: File[UploadedFile]) -> Any:
    digest, frame = uploads.opened(cast(BinaryIO, file), name=file.name or "")
    receipt = uploads.taken(frame, digest=digest, by=request.user, now=timezone.now())
    return receipt_of(digest[:40], receipt)
