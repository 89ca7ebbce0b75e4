"""A delivery as a CSV table: read, shown with its faults by row and column, then taken whole.

Columns: 场景 编号 会员凭证 开始时间, and where there is one 结束时间 起点 终点 设备; every other column is a monitoring field by
its name or its Chinese title. Column names in English (`scene`, `id`, `member`, `at` …) are taken too. Times without a zone
are the city's. Places are `经度 纬度`.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from dafeng.domains.inclusion.models import Partner, Scene
from dafeng.domains.inclusion.scenes import intake, scenery
from dafeng.domains.inclusion.scenes.intake import Receipt
from dafeng.domains.inclusion.scenes.words import refused, settings

COLUMNS = {
    "scene": "场景", "id": "编号", "member": "会员凭证", "at": "开始时间", "until": "结束时间", "from": "起点", "to": "终点",
    "device": "设备",
}  # fmt: skip
BYTES = 8 * 2**20


@dataclass(frozen=True)
class RowFault:
    """What is wrong in a row of the sheet (counted as the spreadsheet does, the head is 1)."""

    row: int
    id: str
    column: str
    reason: str


@dataclass(frozen=True)
class Sheet:
    """A table read: its events in order, and the key under which it is taken (its content's digest, so that twice is once)."""

    events: list[dict[str, Any]]
    rows: list[int]
    key: str
    heads: Mapping[str, str]

    def faults_of(self, receipt: Receipt) -> list[RowFault]:
        return [
            RowFault(self.rows[each.index], each.id, self.heads.get(each.field, each.field), each.reason)
            for each in receipt.faults
        ]


def read(partner: Partner, content: bytes) -> Sheet:
    """Read a table. Raises `Refused` (sheet_malformed, batch_too_big)."""
    if len(content) > BYTES:
        raise refused("batch_too_big")
    rows = list(csv.reader(io.StringIO(_text(content), newline="")))
    if len(rows) < 2 or len(rows[0]) < 4:
        raise refused("sheet_malformed")
    fields = _fields(partner)
    names = _names(rows[0], fields)
    if {"scene", "id", "member", "at"} - set(names):
        raise refused("sheet_malformed", expected="、".join(COLUMNS[each] for each in ("scene", "id", "member", "at")))
    numbered = [(number, row) for number, row in enumerate(rows[1:], 2) if any(cell.strip() for cell in row)]
    if len(numbered) > settings()["intake"]["batch_events"]:
        raise refused("batch_too_big")
    heads = {name: title.strip() for name, title in zip(names, rows[0], strict=True)}
    events = [_event(names, row, fields) for _number, row in numbered]
    return Sheet(
        events, [number for number, _row in numbered], f"csv-{hashlib.sha256(content).hexdigest()[:40]}", heads
    )


def preview(partner: Partner, sheet: Sheet, *, now: datetime) -> Receipt:
    return intake.preview(partner, sheet.events, channel=Scene.Channel.CSV, now=now)


def commit(partner: Partner, sheet: Sheet, *, now: datetime) -> Receipt:
    return intake.receive(partner, sheet.events, key=sheet.key, channel=Scene.Channel.CSV, now=now)


def template(partner: Partner) -> str:
    """An empty table with the columns that this partner's scenes need, and one row that shows how they are filled."""
    scenes = list(partner.scenes.filter(active=True).order_by("code"))
    fields = [each for scene in scenes[:1] for each in scenery.fields_of(scene.methodology_id)]
    target = io.StringIO()
    target.write("\ufeff")
    writer = csv.writer(target)
    writer.writerow([*COLUMNS.values(), *(each.title for each in fields)])
    sample = [
        scenes[0].code if scenes else "",
        "20261120-0001",
        "会员凭证",
        "2026-11-20 08:12",
        "2026-11-20 08:31",
        "114.07 32.13",
        "114.11 32.15",
        "",
    ]
    values = [
        next(iter(each.options), "") if each.options else each.least if each.least is not None else ""
        for each in fields
    ]
    writer.writerow([*sample, *values])
    return target.getvalue()


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise refused("sheet_malformed")


def _fields(partner: Partner) -> dict[str, Any]:
    """Monitoring fields of the partner's scenes by name, and by title."""
    found = {}
    for methodology in partner.scenes.values_list("methodology", flat=True).distinct():
        for each in scenery.fields_of(methodology):
            found[each.name] = found[each.title] = each
    return found


def _names(head: Sequence[str], fields: Mapping[str, Any]) -> list[str]:
    """The name of each column; an unknown column keeps what it is called, so that the fault names it."""
    own = {title: name for name, title in COLUMNS.items()} | {name: name for name in COLUMNS}
    names = []
    for cell in head:
        title = cell.strip()
        names.append(own.get(title) or (fields[title].name if title in fields else title))
    return names


def _event(names: Sequence[str], row: Sequence[str], fields: Mapping[str, Any]) -> dict[str, Any]:
    event: dict[str, Any] = {"data": {}}
    for name, cell in zip(names, row, strict=False):
        value = cell.strip()
        if not value or not name:
            continue
        if name in ("at", "until"):
            event[name] = _moment(value)
        elif name in ("from", "to"):
            event[name] = _place(value)
        elif name in COLUMNS:
            event[name] = value
        else:
            event["data"][name] = value if name in fields and fields[name].options else _number(value)
    return event


def _moment(text: str) -> str:
    try:
        read = datetime.fromisoformat(text.replace("/", "-"))
        return (read if read.tzinfo else timezone.make_aware(read)).isoformat()
    except (ValueError, OverflowError):
        return text


def _place(text: str) -> Any:
    try:
        east, north = (float(each) for each in text.replace(",", " ").split())
    except ValueError:
        return text
    return [east, north]


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text
