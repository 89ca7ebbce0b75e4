"""The open specification of scenes: signed events one by one and in batches, receipts, and what was refused."""

import json
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema
from pydantic import Field

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.models import Batch, Event, Scene, SceneKey
from dafeng.domains.inclusion.scenes import desk_facts, intake, refusals, scenery, signing, together, words
from dafeng.domains.inclusion.scenes.intake import Receipt
from dafeng.domains.inclusion.scenes.signing import Signed
from dafeng.kernel.actions import asks
from dafeng.kernel.api import signatures
from dafeng.kernel.api import words as meanings
from dafeng.kernel.api.freshness import answer_headers
from dafeng.kernel.api.limits import allows
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.errors import NotFound

router = Router(tags=["inclusion"])
API = Scene.Channel.API
EVENT_RATE, BATCH_RATE = "500/s", "20/s"
EVENT_BYTES, BATCH_BYTES = 8 * 1024, 5 * 1024 * 1024 - 1024

meanings.describe(
    within="SceneAnswerOut", id=_("场景自己的编号"), answer=_("accepted 已收下；again 以前已收下同样的内容")
)
meanings.describe(
    within="FaultOut",
    index=_("第几条，从 0 起"),
    id=_("场景自己的编号"),
    reason=_("原因代码"),
    field=_("哪一项"),
    what=_("哪里不对"),
    mend=_("怎么改"),
)
meanings.describe(
    within="ReceiptOut",
    key=_("批次号"),
    batch=_("平台的批次编号"),
    count=_("共几条"),
    accepted=_("收下几条"),
    again=_("以前已收下几条"),
    refused=_("未采信几条"),
    repeated=_("这一批以前已收到，照当时的回答"),
    answers=_("逐条的回答，按报送顺序：accepted、again，或未采信的原因代码"),
    faults=_("未采信的条目"),
    states=_(
        "收下的行为现在各有几条：received 待处理，posted 已入账，held 审核中，nothing 不计积分，refused 未采信，reversed 已更正"
    ),
)
meanings.describe(
    within="RefusedOut",
    scene=_("场景代码"),
    id=_("场景自己的编号"),
    reason=_("原因代码"),
    what=_("哪里不对"),
    at=_("收到的时间"),
)
meanings.describe(
    within="MonitoringOut",
    title=_("名称"),
    unit=_("单位"),
    least=_("最小值；空为不限"),
    most=_("最大值；空为不限"),
    required=_("是否必填"),
    options=_("可选的值；空为数字"),
)
meanings.describe(
    within="SceneOut",
    partner=_("合作方"),
    methodology=_("方法学代码"),
    channels=_("接入方式：api 接口、csv 表格、self 市民打卡"),
    event_cap=_("每次积分上限，0 为不设"),
    daily_cap=_("每人每日积分上限，0 为不设"),
    monthly_cap=_("每人每月积分上限，0 为不设"),
    fields=_("监测数据项"),
)
meanings.describe(within="SceneOut", code=_("场景代码"))
meanings.describe(refused_for=_("只看这个原因代码的"))


class SceneAnswerOut(Schema):
    id: str
    answer: str


class FaultOut(Schema):
    index: int
    id: str
    reason: str
    field: str
    what: str
    mend: str


class ReceiptOut(Schema):
    key: str
    batch: str
    count: int
    accepted: int
    again: int
    refused: int
    repeated: bool
    answers: list[str]
    faults: list[FaultOut]
    states: dict[str, int]


class RefusedOut(Schema):
    scene: str
    id: str
    reason: str
    what: str
    at: datetime


class MonitoringOut(Schema):
    name: str
    title: str
    unit: str
    least: float | None
    most: float | None
    required: bool
    options: list[str]


class SceneOut(Schema):
    code: str
    name: str
    partner: str
    methodology: str
    channels: list[str]
    event_cap: int
    daily_cap: int
    monthly_cap: int
    fields: list[MonitoringOut]


class RefusedAsked(Paging):
    refused_for: Annotated[str, Field(max_length=40)] = ""


def _schema(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


_TEXT, _TIME = {"type": "string", "maxLength": 64}, {"type": "string", "format": "date-time"}
_PLACE = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
EVENT_SCHEMA = _schema(
    {
        "scene": _TEXT, "id": {**_TEXT, "pattern": "^[\\x21-\\x7e]{1,64}$"}, "member": _TEXT, "at": _TIME, "until": _TIME,
        "from": _PLACE, "to": _PLACE, "device": {"type": "string", "minLength": 8, "maxLength": 200},
        "data": {"type": "object", "additionalProperties": {"type": ["number", "string"]}},
    },
    ["scene", "id", "member", "at", "data"],
)  # fmt: skip
BATCH_SCHEMA = _schema(
    {
        "key": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,80}$"},
        "events": {"type": "array", "items": EVENT_SCHEMA, "maxItems": 10_000},
    },
    ["key", "events"],
)


HEADER_MEANINGS = (
    "密钥编号",
    "发送时间，Unix 秒；与平台时间相差不能太大",
    "一次性的随机串，16 至 64 个字符",
    "对方法、地址、时间、随机串和正文的 HMAC-SHA256 签名",
)


def _described(body: dict[str, Any] | None) -> dict[str, Any]:
    """What ninja cannot know: the four headers of a signature, and the body that the operation reads for itself."""
    headers = [
        {"in": "header", "name": name, "required": True, "schema": {"type": "string"}, "description": meaning}
        for name, meaning in zip(signatures.HEADERS, HEADER_MEANINGS, strict=True)
    ]
    found: dict[str, Any] = {"parameters": headers}
    if body is not None:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return found


class _Signing:
    """A signed request: who sent it. A refusal inside is written down where its sender sees it."""

    def __init__(self, request: HttpRequest) -> None:
        self.request, self.now, self.number = request, timezone.now(), ""
        self.signed = Signed(request.method or "", request.get_full_path(), request.headers, request.body)
        self.key: SceneKey | None = None

    def __enter__(self) -> "_Signing":
        try:
            self.key = signing.verify(self.signed, now=self.now)
        except Refused as error:
            self._note(error, getattr(error, "key", None))
            raise
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, Refused) and not getattr(error, "noted", False):
            self._note(error, self.key)

    def _note(self, error: Refused, key: SceneKey | None) -> None:
        if key is not None:
            refusals.note(key.partner, error.code, now=self.now, key_id=key.key_id, source_id=self.number)

    @property
    def nonce(self) -> tuple[SceneKey, str]:
        assert self.key is not None
        return self.key, self.signed.header("X-Dafeng-Nonce")

    def body(self) -> Any:
        try:
            return json.loads(self.signed.body, parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise words.refused("event_malformed") from None


def _refuse(word: str) -> None:
    raise ValueError(word)


@router.post(
    "/inclusion/events", response=SceneAnswerOut, summary="报送一次减碳行为", openapi_extra=_described(EVENT_SCHEMA)
)
@allows(rate=EVENT_RATE, body_bytes=EVENT_BYTES)
@asks(permissions.SEND)
def send_event(request: HttpRequest) -> Any:
    with _Signing(request) as sender:
        assert sender.key is not None
        event = sender.body()
        take = partial(
            intake.receive, sender.key.partner, [event], key="", channel=API, now=sender.now, signed=sender.nonce
        )
        receipt = together.line.through(take)
        number = event.get("id", "") if isinstance(event, dict) else ""
        if receipt.faults:
            fault = receipt.faults[0]
            error = words.refused(fault.reason, words.Clash if fault.reason == "number_reused" else Refused)
            error.noted = True  # type: ignore[attr-defined]  # by intake, with the event's number
            error.where = type(error.where)(column=fault.field)
            raise error
    return {"id": str(number), "answer": receipt.answers[0]}


@router.post(
    "/inclusion/batches", response=ReceiptOut, summary="报送一批减碳行为", openapi_extra=_described(BATCH_SCHEMA)
)
@allows(rate=BATCH_RATE, body_bytes=BATCH_BYTES)
@asks(permissions.SEND)
def send_batch(request: HttpRequest) -> Any:
    with _Signing(request) as sender:
        assert sender.key is not None
        body = sender.body()
        key, events = (body.get("key"), body.get("events")) if isinstance(body, dict) else (None, None)
        if not isinstance(key, str) or not key:
            raise words.refused("batch_key_malformed")
        sender.number = key[:80] if key.isascii() and key.isprintable() else ""
        if not isinstance(events, list) or set(body) != {"key", "events"}:
            raise words.refused("event_malformed")
        receipt = intake.receive(sender.key.partner, events, key=key, channel=API, now=sender.now, signed=sender.nonce)
    return _receipt(receipt)


@router.get("/inclusion/batches/{key}", response=ReceiptOut, summary="一批的回执与现状", openapi_extra=_described(None))
@allows(rate=BATCH_RATE, body_bytes=EVENT_BYTES)
@asks(permissions.SEND)
def show_scene_batch(request: HttpRequest, key: str) -> Any:
    with _Signing(request) as sender:
        assert sender.key is not None
        signing.spend(*sender.nonce, now=sender.now)
        found = Batch.objects.filter(partner=sender.key.partner, key=key).first()
        if found is None:
            raise NotFound(str(_("没有这个批次")))
        answer_headers(request)["Cache-Control"] = "no-store"
        return _receipt(intake.receipt_of(found, repeated=True))


@router.get(
    "/inclusion/refused", response=Page[RefusedOut], summary="本单位未采信的行为", openapi_extra=_described(None)
)
@allows(rate=BATCH_RATE, body_bytes=EVENT_BYTES)
@asks(permissions.SEND)
def list_refused(request: HttpRequest, asked: Query[RefusedAsked]) -> Any:
    with _Signing(request) as sender:
        assert sender.key is not None
        signing.spend(*sender.nonce, now=sender.now)
        rows = Event.objects.filter(scene__partner=sender.key.partner, state=Event.State.REFUSED).select_related(
            "scene"
        )
        if asked.refused_for:
            rows = rows.filter(reason=asked.refused_for)
        answer_headers(request)["Cache-Control"] = "no-store"
        return page(request, rows.order_by("-id"), asked, _refused)


@router.get("/inclusion/scenes", response=Page[SceneOut], summary="启用的场景")
@asks(permissions.SEE_SCENES)
def list_scenes(request: HttpRequest, asked: Query[Paging]) -> Any:
    rows = Scene.objects.filter(active=True, partner__state="active").select_related("partner").order_by("code")
    return page(request, rows, asked, _scene)


def _scene(scene: Scene) -> dict[str, Any]:
    fields = [
        {
            "name": each.name, "title": words.title_of(each), "unit": each.unit, "least": each.least, "most": each.most,
            "required": each.required, "options": list(each.options),
        }
        for each in scenery.fields_of(scene.methodology_id)
    ]  # fmt: skip
    return {
        "code": scene.code, "name": words.title_of(scene), "partner": words.title_of(scene.partner, "name"),
        "methodology": scene.methodology_id, "channels": scene.channels, "event_cap": scene.event_cap,
        "daily_cap": scene.daily_cap, "monthly_cap": scene.monthly_cap, "fields": fields,
    }  # fmt: skip


def _refused(event: Event) -> dict[str, Any]:
    return {
        "scene": event.scene.code, "id": event.source_id, "reason": event.reason, "what": words.sentence(event.reason),
        "at": event.received_at,
    }  # fmt: skip


def _receipt(receipt: Receipt) -> dict[str, Any]:
    faults = [
        {
            "index": each.index, "id": each.id, "reason": each.reason, "field": each.field,
            "what": words.sentence(each.reason), "mend": words.mend(each.reason),
        }
        for each in receipt.faults
    ]  # fmt: skip
    return {
        "key": receipt.key, "batch": str(receipt.batch or ""), "count": receipt.count, "accepted": receipt.accepted,
        "again": len(receipt.again), "refused": len(faults), "repeated": receipt.repeated, "answers": receipt.answers,
        "faults": faults, "states": desk_facts.states_of(receipt.batch) if receipt.repeated else {},
    }  # fmt: skip
