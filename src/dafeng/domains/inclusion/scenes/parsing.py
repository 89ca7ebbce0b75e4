"""One event as a scene sends it: what it must look like, and what is wrong with one that does not.

    {"scene": "bus-ride", "id": "20261120-000123", "member": "7Q2M…", "at": "2026-11-20T08:12:00+08:00",
     "until": "2026-11-20T08:31:00+08:00", "from": [114.07, 32.13], "to": [114.11, 32.15], "device": "5f0c…",
     "data": {"distance": 5.2}}

`until`, `from`, `to` and `device` may be left out. `data` holds what the scene's methodology monitors. Pure: nothing is read here.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

KNOWN = frozenset({"scene", "id", "member", "at", "until", "from", "to", "device", "data"})
_NUMBER = re.compile(r"[\x21-\x7e]{1,64}")
_DEVICE = re.compile(r"[\x21-\x7e]{8,200}")
_HUGE = 1e15


@dataclass(frozen=True)
class FieldSpec:
    name: str
    required: bool
    options: tuple[str, ...]
    least: float | None
    most: float | None


@dataclass(frozen=True)
class SceneSpec:
    """What parsing needs to know of a scene: `taken` is whether it takes events on this channel."""

    id: int
    code: str
    taken: bool
    fields: Mapping[str, FieldSpec]
    required: tuple[str, ...]


class Fault(NamedTuple):
    """Why an event is not taken, and which field says so."""

    reason: str
    field: str = ""


class Named(NamedTuple):
    """The name of an event: enough to find out whether it is there already. `text` is its canonical form."""

    scene: SceneSpec
    source_id: str
    digest: str


class Row(NamedTuple):
    """An event that reads well, as it is stored. Places are in hundredths of a degree, times in UTC."""

    token: str
    happened_at: datetime
    ended_at: datetime | None
    device: str
    from_x: int | None
    from_y: int | None
    to_x: int | None
    to_y: int | None
    data: str


@dataclass(frozen=True)
class Limits:
    """Times between which an event may lie, and how long its text may be."""

    earliest: datetime
    latest: datetime
    longest: int


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def digest(event: Any) -> str:
    """32 hexadecimal digits (BLAKE2b, 128 bits) of the content, whatever the order and spacing in which it was sent."""
    return sized_digest(event)[0]


def sized_digest(event: Any) -> tuple[str, int]:
    """The digest, and the length of the content's canonical text."""
    content = _canonical(event).encode()
    return hashlib.blake2b(content, digest_size=16).hexdigest(), len(content)


def name(event: Any, scenes: Mapping[str, SceneSpec], sized: tuple[str, int], longest: int) -> Named | Fault:
    """Which event it is: scene, number, digest."""
    if type(event) is not dict:
        return Fault("event_malformed")
    code = event.get("scene")
    scene = scenes.get(code) if type(code) is str else None
    if scene is None:
        return Fault("field_missing" if code is None else "scene_unknown", "scene")
    number = event.get("id")
    if type(number) is not str or not _NUMBER.fullmatch(number):
        return Fault("field_missing" if number is None else "field_malformed", "id")
    if sized[1] > longest:
        return Fault("event_malformed")
    return Named(scene, number, sized[0])


def read(event: dict[str, Any], scene: SceneSpec, limits: Limits) -> Row | Fault:
    """The event as a row, or the first fault in it."""
    if not scene.taken:
        return Fault("scene_inactive", "scene")
    if not event.keys() <= KNOWN:
        return Fault("field_unknown", min(event.keys() - KNOWN)[:60])
    token = event.get("member")
    if type(token) is not str or not token:
        return Fault("field_missing", "member")
    if len(token) > 64 or not token.isascii() or not token.isprintable():
        return Fault("member_unknown", "member")
    at = _moment(event.get("at"))
    if at is None:
        return Fault("field_missing" if event.get("at") is None else "field_malformed", "at")
    if at > limits.latest:
        return Fault("clock_ahead", "at")
    if at < limits.earliest:
        return Fault("too_old", "at")
    until = None
    if event.get("until") is not None:
        until = _moment(event["until"])
        if until is None:
            return Fault("field_malformed", "until")
        if until > limits.latest:
            return Fault("clock_ahead", "until")
        if until < at:
            return Fault("field_out_of_range", "until")
    device = event.get("device") or ""
    if device != "" and (type(device) is not str or not _DEVICE.fullmatch(device)):
        return Fault("field_malformed", "device")
    start, end = _place(event.get("from")), _place(event.get("to"))
    if start is _WRONG or end is _WRONG:
        return Fault("field_malformed", "from" if start is _WRONG else "to")
    wrong = check_data(event.get("data"), scene)
    if wrong is not None:
        return wrong
    if device:
        device = hashlib.blake2b(device.encode(), digest_size=16, person=b"dafeng-device").hexdigest()
    return Row(token, at, until, device, *(start or _NOWHERE), *(end or _NOWHERE), stored(event.get("data") or {}))


def check_data(data: Any, scene: SceneSpec) -> Fault | None:
    """The first fault of the monitoring data."""
    if data is None:
        data = {}
    if type(data) is not dict:
        return Fault("field_malformed", "data")
    for field in scene.required:
        if data.get(field) is None:
            return Fault("field_missing", field)
    fields = scene.fields
    for field, value in data.items():
        spec = fields.get(field)
        if spec is None:
            return Fault("field_unknown", field[:60])
        if value is None:
            continue
        if spec.options:
            if type(value) is not str:
                return Fault("field_malformed", field)
            if value not in spec.options:
                return Fault("field_out_of_range", field)
            continue
        kind = type(value)
        if (kind is not float and kind is not int) or not -_HUGE < value < _HUGE:  # a NaN compares with nothing
            return Fault("field_malformed", field)
        if value < 0 and (spec.least is None or spec.least >= 0):
            return Fault("quantity_negative", field)
        if (spec.least is not None and value < spec.least) or (spec.most is not None and value > spec.most):
            return Fault("field_out_of_range", field)
    return None


def stored(data: dict[str, Any]) -> str:
    """Monitoring data as the database keeps them; numbers as floats, so that a column has one kind."""
    return _plain({key: float(value) if type(value) is int else value for key, value in data.items()})


_plain = json.JSONEncoder().encode


def kept_of_refused(event: Any, longest: int) -> tuple[datetime | None, str]:
    """What is kept of an event that was not taken: its time, where it has one, and its data, where a database can hold them."""
    at, data = _moment(event.get("at")), event.get("data")
    text = json.dumps(data) if type(data) is dict else "{}"
    if len(text) > longest or "\\u0000" in text or "\\ud" in text or "NaN" in text or "Infinity" in text:
        text = "{}"
    return at, text


_NOWHERE = (None, None)
_WRONG = (99_999, 99_999)


def _place(given: Any) -> tuple[int, int] | None:
    """Hundredths of a degree, rounded down: [east, north]."""
    if given is None:
        return None
    if type(given) is not list or len(given) != 2 or any(type(each) not in (int, float) for each in given):
        return _WRONG
    east, north = given
    if not (-180 <= east <= 180 and -90 <= north <= 90):
        return _WRONG
    return math.floor(east * 100), math.floor(north * 100)


def _moment(given: Any) -> datetime | None:
    """A time with its zone (RFC 3339), in UTC; None for anything else."""
    if type(given) is not str or not 20 <= len(given) <= 35:
        return None
    try:
        read = datetime.fromisoformat(given)
        return read.astimezone(UTC) if read.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
