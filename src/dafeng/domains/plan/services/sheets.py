"""An uploaded table on its way in: kept as evidence, previewed, imported whole or not at all, undone where the room can.

Each upload is a record (`plan.sheet`): read → imported → undone, or discarded. What the rows mean is told by the room
(`Room`), which reads the stored file again at every step, so that a preview is never older than what is imported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from dafeng.domains.plan.table_sheets import MEDIA
from dafeng.kernel.errors import DafengError, PlanError, StaleError, UploadError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

KIND = "plan.sheet"
BYTES = 5 * 2**20


@dataclass(frozen=True)
class Line:
    """A row as the preview shows it: what it would do, and every fault."""

    number: int
    title: str
    change: str  # new, changed, same, wrong
    details: tuple[tuple[str, str, str], ...] = ()  # (column, old, new)
    problems: tuple[DafengError, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Preview:
    lines: tuple[Line, ...]
    seen: str  # digest of the rows and of what they would change

    @property
    def problems(self) -> list[DafengError]:
        return [each for line in self.lines for each in line.problems]

    def count(self, change: str) -> int:
        return sum(line.change == change for line in self.lines)


@dataclass(frozen=True)
class Room:
    """What a room does with a table. `commit` returns what an undo needs; `undo` None: an import cannot be undone."""

    code: str
    title: str
    preview: Callable[[BinaryIO, str, Record, Any, datetime], Preview]
    commit: Callable[[Preview, Record, Any, datetime], dict[str, Any]]
    undo: Callable[[Record, Any, datetime], None] | None = None


def receive(room: Room, content: Any, name: str, *, key: str, by: Any, now: datetime) -> Record:
    """Keep an uploaded table and open its record. Raises `UploadError` for what is no table of this room."""
    if (getattr(content, "size", 0) or 0) > BYTES:
        raise UploadError(_("文件太大"), expected=_("不超过 5 MB"), mend=_("请删去图片和无关工作表"))
    with transaction.atomic():
        evidence = records.store_evidence(content, name=name, media_type=MEDIA, by=by, now=now, source=room.title)
        record = records.open_record(
            KIND, title=f"{room.title} {name}"[:200], payload={"room": room.code, "key": key}, by=by, now=now,
            key=f"{room.code}:{key}", evidence=[evidence],
        )  # fmt: skip
        preview(room, record, by=by, now=now)  # refused whole, before anything is kept
    return record


def preview(room: Room, record: Record, *, by: Any, now: datetime) -> Preview:
    evidence = record.evidence.get()
    with evidence.file.open("rb") as stream:
        return room.preview(stream, evidence.name, record, by, now)


@transaction.atomic
def commit(room: Room, record: Record, *, seen: str, by: Any, now: datetime) -> Record:
    """Import all rows. Raises `PlanError` while a row is faulty, `StaleError` when the preview is no longer true."""
    locked = Record.objects.select_for_update().get(pk=record.pk)
    if locked.state != "read":
        raise StaleError(
            _("“%(title)s”%(state)s") % {"title": locked.title, "state": locked.state_title}, mend=_("请刷新页面")
        )
    found = preview(room, locked, by=by, now=now)
    if found.seen != seen:
        raise StaleError(_("预览之后有人改过这些内容"), mend=_("没有导入；请看新的预览再确认"))
    if problems := found.problems:
        raise PlanError(_("还有 %(count)s 处错误，没有导入") % {"count": len(problems)}, mend=_("请改好文件后重新上传"))
    before = room.commit(found, locked, by, now)
    records.amend(locked, by=by, now=now, payload={**locked.payload, "before": before})
    return records.move(locked, "import", by=by, now=now)


@transaction.atomic
def undo(room: Room, record: Record, *, reason: str, by: Any, now: datetime) -> Record:
    """Bring back what was before. Raises `StaleError` when a row has been changed since, `PlanError` where a room cannot."""
    if room.undo is None:
        raise PlanError(_("这种导入不能撤销"), mend=_("请逐条更正"))
    locked = Record.objects.select_for_update().get(pk=record.pk)
    moved = records.move(locked, "undo", by=by, now=now, reason=reason)
    room.undo(moved, by, now)
    return moved


def discard(record: Record, *, by: Any, now: datetime) -> Record:
    with transaction.atomic():
        return records.move(record, "discard", by=by, now=now)
