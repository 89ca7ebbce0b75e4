"""Points and readings for programs: devices send signed batches, people and programs read what they may see."""

from datetime import datetime
from typing import Annotated, Any, BinaryIO, Literal, cast

import polars as pl
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import File, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field

from dafeng.kernel.actions import asks
from dafeng.kernel.api import words as meanings
from dafeng.kernel.api.limits import allows
from dafeng.kernel.api.moments import Moment
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.api.signatures import HEADERS
from dafeng.kernel.errors import NotFound
from dafeng.kernel.series import (
    delivery,
    exports,
    flags,
    ingest,
    permissions,
    quarantine,
    queries,
    reasons,
    services,
    uploads,
)
from dafeng.kernel.series.access import points_seen
from dafeng.kernel.series.errors import SeriesError
from dafeng.kernel.series.models import Device, Point, Quarantine
from dafeng.kernel.series.signing import device_of
from dafeng.kernel.series.sources import Source

router = Router(tags=["series"])
RATE, BYTES = "100/s", 8 * 1024 * 1024
MOST = 1_000_000  # rows of one export

meanings.describe(
    point_code=_("计量点代码"),
    from_at=_("从这个时间起（含），带时区"),
    to_at=_("到这个时间止（不含），带时区"),
    known_at=_("只看当时已经收到的读数；空为现在"),
    step_of=_("步长：15m、1h、1d、1mo"),
    file_form=_("arrow、parquet 或 csv"),
    subject_is=_("只看这个对象的，如 enterprise:代码"),
    quantity_is=_("只看这种计量内容"),
    most_points=_("每个计量点至多返回几个"),
    held_only=_("只看待处理的"),
)
meanings.describe(
    within="SeriesPointOut",
    subject=_("对象，如 enterprise:代码"), quantity=_("计量内容"), unit=_("单位"), kind=_("register 累计表底，interval 区间用量，instant 瞬时值"),
    period=_("周期，秒"), multiplier=_("倍率"), rated=_("额定：每小时用量，或瞬时值"), computed=_("是否由公式计算"),
    since=_("投用时间"), until=_("停用时间"), place=_("所在地代码"), organisation=_("组织"), demo=_("是否示例"),
)  # fmt: skip
meanings.describe(
    within="SeriesFactOut", name=_("名称"), value=_("值"), since=_("从何时起"), stated_at=_("登记时间"), note=_("说明")
)
meanings.describe(
    within="SeriesPointWithFacts", facts=_("从某时起的单位、倍率、公式等"), formula=_("公式"), digits=_("表底整数位数")
)
meanings.describe(
    within="SeriesReadingOut",
    at=_("时间（区间的终点）"), value=_("报送的数值"), arrived=_("收到时间"), revision=_("修订号，0 为首次"), source=_("来源"), flags=_("质量标志"),
)  # fmt: skip
meanings.describe(
    within="SeriesStepOut",
    at=_("步的起点"), value=_("用量；瞬时值为平均"), low=_("瞬时值的最低"), high=_("瞬时值的最高"), coverage=_("实测部分，0 至 1；其余按规则补足"), flags=_("质量标志"),
)  # fmt: skip
meanings.describe(within="SeriesShownOut", at=_("时间"), value=_("数值，按计量点单位"), flags=_("质量标志"))
meanings.describe(
    within="SeriesLatestOut", at=_("时间"), value=_("数值"), age_seconds=_("距现在几秒"), flags=_("质量标志")
)
meanings.describe(
    within="SeriesReceiptOut",
    key=_("批次号"), count=_("共几条"), accepted=_("新收下几条"), again=_("以前已收下几条"), revised=_("作为更正收下几条"),
    refused=_("隔离几条"), repeated=_("这一批以前已收到，照当时的回答"), reasons=_("隔离的原因与条数"),
)  # fmt: skip
meanings.describe(
    within="SeriesQuarantineOut",
    reason=_("原因代码"), what=_("原因"), mend=_("怎么办"), source=_("来源"), device=_("设备代码"), received_at=_("收到时间"), count=_("条数"),
    example=_("其中第一条"), state=_("held 待处理，released 已放行，dropped 已废弃"), note=_("说明"),
)  # fmt: skip
meanings.describe(
    within="SeriesPointIn",
    subject=_("对象，如 enterprise:代码"), quantity=_("计量内容"), unit=_("单位"), kind=_("register、interval 或 instant"), period=_("周期，秒"),
    multiplier=_("倍率"), rated=_("额定：每小时用量，或瞬时值"), digits=_("表底整数位数"), place=_("所在地代码"), organisation=_("组织"),
    formula=_("公式；空为实测"), device=_("设备代码"),
)  # fmt: skip
meanings.describe(
    within="SeriesFactIn",
    name=_("unit、multiplier、rated、digits、formula、reset、clock 或 fill"),
    value=_("值"),
    since=_("从何时起"),
    note=_("说明"),
)
meanings.describe(within="SeriesDecisionIn", note=_("说明；废弃时必填"))
meanings.describe(
    within="SeriesDeviceOut",
    organisation=_("组织"), place=_("所在地代码"), key_id=_("密钥编号"), topic=_("MQTT 主题"), made_at=_("登记时间"),
    revoked_at=_("停用时间"), last_seen_at=_("最近报送"),
)  # fmt: skip
meanings.describe(within="SeriesDeviceMade", secret=_("密钥；只在此时给出一次"))
meanings.describe(
    within="SeriesDeviceIn", organisation=_("组织"), place=_("所在地代码"), address=_("Modbus 地址：主机:端口/单元")
)


class SeriesPointOut(Schema):
    code: str
    name: str
    name_en: str
    subject: str
    organisation: str
    place: str
    quantity: str
    unit: str
    kind: str
    period: int
    multiplier: float
    rated: float | None
    computed: bool
    since: datetime | None
    until: datetime | None
    demo: bool


class SeriesFactOut(Schema):
    name: str
    value: Any
    since: datetime
    stated_at: datetime
    note: str


class SeriesPointWithFacts(SeriesPointOut):
    digits: int | None
    formula: dict[str, Any]
    facts: list[SeriesFactOut]


class SeriesReadingOut(Schema):
    at: datetime
    value: float
    arrived: datetime
    revision: int
    source: str
    flags: list[str]


class SeriesStepOut(Schema):
    at: datetime
    value: float | None
    low: float | None
    high: float | None
    coverage: float
    flags: list[str]


class SeriesShownOut(Schema):
    at: datetime
    value: float
    flags: list[str]


class SeriesLatestOut(Schema):
    code: str
    at: datetime
    value: float
    age_seconds: int
    flags: list[str]


class SeriesReceiptOut(Schema):
    key: str
    count: int
    accepted: int
    again: int
    revised: int
    refused: int
    repeated: bool
    reasons: dict[str, int]


class SeriesQuarantineOut(Schema):
    id: int
    reason: str
    what: str
    mend: str
    source: str
    device: str
    received_at: datetime
    count: int
    example: dict[str, Any]
    state: str
    note: str


Text = Annotated[str, Field(max_length=160)]


class SeriesPointIn(Schema):
    code: Annotated[str, Field(pattern=r"^[-a-zA-Z0-9_]{1,80}$")]
    name: Annotated[str, Field(min_length=1, max_length=120)]
    subject: Annotated[str, Field(min_length=3, max_length=160, pattern=r"^[a-z]+:\S+$")]
    quantity: Annotated[str, Field(min_length=1, max_length=20)]
    unit: Annotated[str, Field(min_length=1, max_length=40)]
    kind: Literal["register", "interval", "instant"]
    period: Annotated[int, Field(ge=1, le=31 * 86_400)] = 900
    multiplier: Annotated[float, Field(gt=0, le=1e9)] = 1.0
    rated: Annotated[float, Field(gt=0, le=1e12)] | None = None
    digits: Annotated[int, Field(ge=1, le=15)] | None = None
    place: Annotated[str, Field(max_length=6)] = ""
    organisation: Annotated[str, Field(max_length=60)] = ""
    formula: dict[str, Any] = Field(default_factory=dict)
    device: Annotated[str, Field(max_length=60)] = ""


class SeriesFactIn(Schema):
    name: Annotated[str, Field(max_length=12)]
    value: Any
    since: Moment
    note: Annotated[str, Field(max_length=200)] = ""


class SeriesDecisionIn(Schema):
    note: Annotated[str, Field(max_length=200)] = ""


class SeriesDeviceIn(Schema):
    code: Annotated[str, Field(pattern=r"^[-a-zA-Z0-9_]{1,60}$")]
    name: Annotated[str, Field(min_length=1, max_length=120)]
    organisation: Annotated[str, Field(max_length=60)] = ""
    place: Annotated[str, Field(max_length=6)] = ""
    address: Annotated[str, Field(max_length=120)] = ""


class SeriesDeviceOut(Schema):
    code: str
    name: str
    organisation: str
    place: str
    key_id: str
    topic: str
    made_at: datetime
    revoked_at: datetime | None
    last_seen_at: datetime | None


class SeriesDeviceMade(SeriesDeviceOut):
    secret: str


class PointsAsked(Paging):
    subject_is: Text = ""
    quantity_is: Annotated[str, Field(max_length=20)] = ""


class SpanAsked(Paging):
    from_at: Moment
    to_at: Moment


class ReadingsAsked(SpanAsked):
    known_at: Moment | None = None


class StepsAsked(SpanAsked):
    step_of: Literal["15m", "1h", "1d", "1mo"] = "1h"


class ShownAsked(Schema):
    from_at: Moment
    to_at: Moment
    most_points: Annotated[int, Field(ge=10, le=5_000)] = 2_000


class FileAsked(Schema):
    from_at: Moment
    to_at: Moment
    file_form: Literal["arrow", "parquet", "csv"] = "parquet"
    step_of: Literal["", "15m", "1h", "1d", "1mo"] = ""


class QuarantineAsked(Paging):
    held_only: bool = False


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


# ---------- devices send ----------


@router.post("/series/batches", response=SeriesReceiptOut, summary="报送一批读数", openapi_extra=_SIGNED)
@allows(rate=RATE, body_bytes=BYTES)
@asks(permissions.SEND)
def send_readings(request: HttpRequest) -> Any:
    now = timezone.now()
    device = device_of(request.method or "", request.get_full_path(), request.headers, request.body, now=now)
    key, frame = delivery.parsed(request.body)
    receipt = ingest.receive(frame, source=Source.HTTP, key=key, now=now, device=device)
    return _receipt(key, receipt)


def _receipt(key: str, receipt: ingest.Receipt) -> dict[str, Any]:
    return {"key": key, **{name: getattr(receipt, name) for name in receipt.__dataclass_fields__}}


# ---------- people and programs read ----------


def _seen(request: HttpRequest, code: str) -> Point:
    found = Point.objects.for_user(request.user).filter(code=code).first()
    if found is None:
        raise NotFound(str(_("没有这个计量点")))
    return found


def _point(point: Point) -> dict[str, Any]:
    names = SeriesPointOut.model_fields.keys() - {"computed"}
    return {name: getattr(point, name) for name in names} | {"computed": bool(point.formula)}


@router.get("/series/points", response=Page[SeriesPointOut], summary="计量点")
@asks(permissions.SEE)
def list_points(request: HttpRequest, asked: Query[PointsAsked]) -> Any:
    rows = Point.objects.for_user(request.user)
    if asked.subject_is:
        rows = rows.filter(subject=asked.subject_is)
    if asked.quantity_is:
        rows = rows.filter(quantity=asked.quantity_is)
    return page(request, rows, asked, _point)


@router.get("/series/points/{point_code}", response=SeriesPointWithFacts, summary="一个计量点和它的事实")
@asks(permissions.SEE)
def show_point(request: HttpRequest, point_code: str) -> Any:
    point = _seen(request, point_code)
    return _with_facts(point)


def _with_facts(point: Point) -> dict[str, Any]:
    names = SeriesFactOut.model_fields
    facts = [{name: getattr(fact, name) for name in names} for fact in point.facts.order_by("since", "id")]
    return _point(point) | {"digits": point.digits, "formula": point.formula, "facts": facts}


@router.get("/series/points/{point_code}/readings", response=Page[SeriesReadingOut], summary="读数")
@asks(permissions.SEE)
def list_readings(request: HttpRequest, point_code: str, asked: Query[ReadingsAsked]) -> Any:
    point = _seen(request, point_code)
    found = queries.readings([point], asked.from_at, asked.to_at, known_at=asked.known_at)
    return page(request, found, asked, _reading)


def _reading(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"source": Source(row["source"]).name.lower(), "flags": flags.names(row["flag"])}


@router.get("/series/points/{point_code}/steps", response=Page[SeriesStepOut], summary="各步用量或平均")
@asks(permissions.SEE)
def list_steps(request: HttpRequest, point_code: str, asked: Query[StepsAsked]) -> Any:
    point = _seen(request, point_code)
    return page(request, _steps(point, asked.from_at, asked.to_at, asked.step_of), asked, _flagged)


def _steps(point: Point, start: datetime, end: datetime, step: str) -> pl.DataFrame:
    if point.kind == Point.Kind.INSTANT:
        return queries.mean([point], start, end, step)
    found = queries.used([point], start, end, step)
    return found.with_columns(low=pl.lit(None, pl.Float64), high=pl.lit(None, pl.Float64))


def _flagged(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"flags": flags.names(row["flag"])}


@router.get("/series/points/{point_code}/shown", response=list[SeriesShownOut], summary="供作图的读数（抽稀）")
@asks(permissions.SEE)
def list_shown_readings(request: HttpRequest, point_code: str, asked: Query[ShownAsked]) -> Any:
    found = queries.shown([_seen(request, point_code)], asked.from_at, asked.to_at, most=asked.most_points)
    return [_flagged(row) for row in found.iter_rows(named=True)]


@router.get("/series/points/{point_code}/file", summary="读数或各步用量的文件")
@asks(permissions.SEE)
def export_readings(request: HttpRequest, point_code: str, asked: Query[FileAsked]) -> HttpResponse:
    point = _seen(request, point_code)
    if asked.step_of:
        found = _steps(point, asked.from_at, asked.to_at, asked.step_of)
    else:
        found = queries.readings([point], asked.from_at, asked.to_at)
    if found.height > MOST:
        raise SeriesError(str(_("一次至多导出一百万行")), mend=str(_("请缩短时间")))
    answer = HttpResponse(exports.encoded(found, asked.file_form), content_type=exports.FORMS[asked.file_form])
    answer["Content-Disposition"] = f'attachment; filename="{point.code}.{asked.file_form}"'
    return answer


@router.get("/series/latest", response=Page[SeriesLatestOut], summary="最新读数")
@asks(permissions.SEE)
def list_latest_readings(request: HttpRequest, asked: Query[PointsAsked]) -> Any:
    rows = Point.objects.for_user(request.user)
    if asked.subject_is:
        rows = rows.filter(subject=asked.subject_is)
    if asked.quantity_is:
        rows = rows.filter(quantity=asked.quantity_is)
    codes = dict(rows.values_list("pk", "code"))
    found = queries.latest(list(codes), now=timezone.now())
    return page(request, found, asked, lambda row: _flagged(row) | {"code": codes[row["point"]]})


# ---------- keeping ----------


@router.post("/series/points", response={201: SeriesPointOut}, summary="登记计量点")
@asks(permissions.KEEP)
def add_point(request: HttpRequest, told: SeriesPointIn) -> Any:
    if Point.objects.filter(code=told.code).exists():
        raise SeriesError(str(_("这个代码已有计量点")))
    given = told.dict()
    device = given.pop("device")
    found = Device.objects.filter(code=device).first() if device else None
    if device and found is None:
        raise SeriesError(str(_("没有这个设备")))
    return Status(201, _point(services.ensure_point(**given, device=found)))


@router.post(
    "/series/points/{point_code}/facts", response={201: SeriesPointWithFacts}, summary="登记计量点从何时起的变更"
)
@asks(permissions.KEEP)
def state_point_fact(request: HttpRequest, point_code: str, told: SeriesFactIn) -> Any:
    point = _seen(request, point_code)
    services.state_fact(
        point, told.name, told.value, told.since, by=request.user, now=timezone.now(), note=told.note
    )  # fmt: skip
    return Status(201, _with_facts(point))


@router.post("/series/uploads", response=SeriesReceiptOut, summary="上传读数表格")
@asks(permissions.UPLOAD)
def upload_readings(request: HttpRequest, file: File[UploadedFile]) -> Any:
    digest, frame = uploads.opened(cast(BinaryIO, file), name=file.name or "")
    receipt = uploads.taken(frame, digest=digest, by=request.user, now=timezone.now())
    return _receipt(digest[:40], receipt)


@router.get("/series/devices", response=Page[SeriesDeviceOut], summary="采集设备")
@asks(permissions.KEEP)
def list_devices(request: HttpRequest, asked: Query[Paging]) -> Any:
    return page(request, Device.objects.all(), asked, _device)


def _device(device: Device) -> dict[str, Any]:
    return {name: getattr(device, name) for name in SeriesDeviceOut.model_fields}


@router.post("/series/devices", response={201: SeriesDeviceMade}, summary="登记采集设备")
@asks(permissions.KEEP)
def add_device(request: HttpRequest, told: SeriesDeviceIn) -> Any:
    device, secret = services.make_device(**told.dict(), by=request.user, now=timezone.now())
    return Status(201, _device(device) | {"secret": secret})


@router.post("/series/devices/{code}/revoke", response=SeriesDeviceOut, summary="停用采集设备")
@asks(permissions.KEEP)
def revoke_device(request: HttpRequest, code: str) -> Any:
    device = Device.objects.filter(code=code).first()
    if device is None:
        raise NotFound(str(_("没有这个设备")))
    services.revoke_device(device, by=request.user, now=timezone.now())
    return _device(device)


@router.get("/series/quarantine", response=Page[SeriesQuarantineOut], summary="隔离的读数")
@asks(permissions.SEE)
def list_quarantine(request: HttpRequest, asked: Query[QuarantineAsked]) -> Any:
    rows = Quarantine.objects.filter(points_seen(request.user)).select_related("device")
    if asked.held_only:
        rows = rows.filter(Q(state=Quarantine.State.HELD))
    return page(request, rows, asked, _held)


def _held(held: Quarantine) -> dict[str, Any]:
    return {
        "id": held.pk, "reason": held.reason, "what": reasons.sentence(held.reason), "mend": reasons.mend(held.reason),
        "source": Source(held.source).name.lower(), "device": held.device.code if held.device else "",
        "received_at": held.received_at, "count": held.count, "example": held.example, "state": held.state, "note": held.note,
    }  # fmt: skip


def _quarantined(request: HttpRequest, number: int) -> Quarantine:
    found = Quarantine.objects.filter(points_seen(request.user), pk=number).select_related("device").first()
    if found is None:
        raise NotFound(str(_("没有这份隔离的读数")))
    return found


@router.post("/series/quarantine/{int:id}/release", response=SeriesReceiptOut, summary="放行隔离的读数")
@asks(permissions.KEEP)
def release_quarantine(request: HttpRequest, id: int, told: SeriesDecisionIn) -> Any:
    held = _quarantined(request, id)
    return _receipt("", quarantine.release(held, by=request.user, now=timezone.now(), note=told.note))


@router.post("/series/quarantine/{int:id}/drop", response=SeriesQuarantineOut, summary="废弃隔离的读数")
@asks(permissions.KEEP)
def drop_quarantine(request: HttpRequest, id: int, told: SeriesDecisionIn) -> Any:
    held = _quarantined(request, id)
    quarantine.drop(held, by=request.user, now=timezone.now(), note=told.note)
    return _held(held)
