"""Between upload and commit: a file that was handed in lies on the server until its owner commits it or a day has passed.

Handing in reads the file once and keeps what was read, so that the preview, its pages and the commit all speak of the
same. A commit stores exactly what was previewed, whole or not at all, and only while the stored rows that it was compared
with are still those in force.
"""

from __future__ import annotations

import hashlib
import io
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.inventory import holdings, permissions, uploads
from dafeng.domains.inventory.models import Batch, City, StagedUpload
from dafeng.domains.inventory.sheets import Limits, Problem, Severity
from dafeng.domains.inventory.uploads import Preview
from dafeng.kernel.desk import services as desk
from dafeng.kernel.errors import NotFound, StaleError, UploadError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Move

KEPT = timedelta(hours=24)
_READ = ("rows", "cells", "problems", "counts", "seen", "read_at")
WAITING = 10  # files that one person may have waiting; the oldest makes room for the eleventh


def find(user: Any, city: City, id: uuid.UUID, *, now: datetime) -> StagedUpload:
    """A person's own staged file. Raises `NotFound` for another's, one that has expired, or none."""
    mine = StagedUpload.objects.for_user(user).filter(city=city, pk=id, created_at__gt=now - KEPT)
    staged = mine.select_related("batch__record__created_by").first()
    if staged is None:
        raise NotFound(_("没有找到这次上传"), mend=_("上传的文件只保留 24 小时，且只有上传人自己能看到；请重新上传"))
    return staged


def stage(
    city: City,
    content: bytes,
    *,
    name: str,
    by: Any,
    now: datetime,
    place: str = "",
    year: int | None = None,
    limits: Limits | None = None,
) -> StagedUpload:
    """Read a file and keep it with what was read. The same file handed in again is the same staged upload, read anew.

    Raises `UploadError` when the file cannot be read at all; then nothing is kept.
    """
    digest = hashlib.sha256(content).hexdigest()
    given: dict[str, Any] = {"place": place, "year": year}
    known = StagedUpload.objects.for_user(by).filter(city=city, batch=None, sha256=digest, name=name, **given)
    before = known.filter(created_at__gt=now - KEPT).first()
    found = _read(city, content, name=name, by=by, limits=limits, **given)
    staged = before or StagedUpload(
        city=city, by=by, name=name, size=len(content), sha256=digest, created_at=now, **given
    )
    _compare(staged, found, now=now)
    if before:
        staged.save(update_fields=_READ)
        return staged
    staged.file.save(staged.id.hex, ContentFile(content), save=False)
    try:
        staged.save(force_insert=True)
    except BaseException:
        staged.file.delete(save=False)
        raise
    waiting = StagedUpload.objects.for_user(by).filter(batch=None).order_by("-created_at")
    for old in waiting[WAITING:]:
        discard(old)
    return staged


def again(staged: StagedUpload, *, now: datetime) -> StagedUpload:
    """Preview the same file anew, against what is stored by now. Raises `UploadError` when it has been committed."""
    if staged.batch_id:
        raise UploadError(_("这个文件已经导入"), mend=_("如需更正，请撤销那一批，或上传改正后的文件"))
    found = _read(staged.city, _content(staged), name=staged.name, by=staged.by, place=staged.place, year=staged.year)
    _compare(staged, found, now=now)
    staged.save(update_fields=_READ)
    return staged


def discard(staged: StagedUpload) -> None:
    """Forget a staged file; one that was committed lives on as evidence."""
    stored = staged.file
    staged.delete()
    transaction.on_commit(lambda: stored.delete(save=False))


def clear(*, now: datetime) -> int:
    """Forget all staged files that are older than a day, and files that no row speaks of; returns their number."""
    count = 0
    for old in StagedUpload.objects.filter(created_at__lte=now - KEPT).defer("rows", "cells", "problems"):
        discard(old)
        count += 1
    storage = StagedUpload._meta.get_field("file").storage
    if not storage.exists("staged"):
        return count
    known = set(StagedUpload.objects.values_list("file", flat=True))
    for name in storage.listdir("staged")[1]:
        path = f"staged/{name}"
        if path not in known and storage.get_modified_time(path) <= now - KEPT:
            storage.delete(path)
            count += 1
    return count


def rows_of(staged: StagedUpload) -> pl.DataFrame:
    """The rows that would come in, beside those that they would replace (`holdings.compared`)."""
    return pl.read_parquet(io.BytesIO(staged.rows))


def moved(staged: StagedUpload) -> StaleError | None:
    """Why the preview no longer holds, in words, or None: who has committed or undone what since."""
    keys = holdings.active(staged.city)
    if [list(map(str, key)) for key in keys] == staged.seen["active"]:
        return None
    shown = holdings.compared(_given(rows_of(staged)), holdings.city_rows(staged.city, keys))
    now = holdings.seen(staged.city, shown, _cells(staged))
    if now["digest"] == staged.seen["digest"]:
        return None
    came = set(now["batches"]) - set(staged.seen["batches"])
    changed = came | (set(staged.seen["batches"]) - set(now["batches"]))
    last = (
        Move.objects.filter(record__activity_batch__in=changed).select_related("by", "record").order_by("-seq").first()
    )
    if last is None:
        return StaleError(_("系统中的数据在预览之后有变动"), mend=_("请重新预览，再决定是否导入"))
    said = (
        _("%(who)s 于 %(when)s 提交了“%(title)s”")
        if last.action == "commit"
        else _("%(who)s 于 %(when)s 撤销了“%(title)s”")
    )
    told = {
        "who": last.by or _("系统"),
        "when": timezone.localtime(last.at).strftime("%Y-%m-%d %H:%M:%S"),
        "title": last.record.title,
    }
    return StaleError(
        _("预览之后，%(what)s，其中有与本文件相同的数据") % {"what": said % told},
        mend=_("没有导入任何内容。请重新预览（不必重新上传），核对后再确认"),
    )


def commit(id: uuid.UUID, *, seen: str, by: Any, now: datetime) -> Batch:
    """Store what was previewed, as one batch. Sent twice it is stored once. `seen` is the digest that the person's page showed.

    Raises `StaleError` when that is not the newest preview, or what it compared with has changed; `UploadError` when there
    are errors, or nothing would change. In each case nothing is stored.
    """
    with records.serial():  # the chain's head first: of two clerks one waits here, and then sees the other's rows
        staged = StagedUpload.objects.select_for_update(of=("self",)).filter(pk=id, by=by).first()
        if staged is None:
            raise NotFound(_("没有找到这次上传"), mend=_("请重新上传"))
        if staged.batch is not None:
            return staged.batch
        if seen != staged.seen["digest"]:
            raise StaleError(
                _("这个文件在另一个页面里又预览过一次，本页显示的不是最新的结果"), mend=_("请看过最新的预览再确认")
            )
        if (stale := moved(staged)) is not None:
            raise stale
        if staged.counts["errors"]:
            raise UploadError(
                _("还有 %(count)s 处错误，整个文件未导入") % {"count": staged.counts["errors"]},
                mend=_("请按下表改正后重新上传"),
            )
        if not staged.counts["new"] + staged.counts["replaces"]:
            raise UploadError(
                _("文件里的数据与系统中的完全相同，没有可以导入的内容"), mend=_("如需更正，请先修改文件中的数")
            )
        shown = rows_of(staged)
        found = Preview(staged.name, staged.sha256, _given(shown), _cells(staged), (), dict(staged.counts))
        staged.batch = uploads.store(staged.city, found, _content(staged), by=by, now=now)
        staged.save(update_fields=["batch"])
        _tell(staged.batch, shown, by=by, now=now)
    return staged.batch


def _tell(batch: Batch, shown: pl.DataFrame, *, by: Any, now: datetime) -> None:
    """Whose rows were replaced by another learns of it."""
    touched = shown.filter(pl.col("change") == "replaces")["old_batch"].drop_nulls().unique().to_list()
    replaced = Batch.objects.filter(pk__in=touched, source="upload").exclude(record__created_by=by)
    for old in replaced.select_related("record__created_by"):
        if old.record.created_by is not None:
            desk.notify(
                [old.record.created_by],
                kind="data",
                title=_("您填报的部分数据被新的一批取代"),
                text=_("%(who)s 导入了“%(title)s”，与您的“%(old)s”有相同的来源和年份") % {"who": by, "title": batch.record.title, "old": old.record.title},
                href=permissions.page_of(batch),
                now=now,
            )  # fmt: skip


def _read(
    city: City, content: bytes, *, name: str, by: Any, place: str, year: int | None, limits: Limits | None = None
) -> Preview:
    """The file read, with an error for each row of a place that the person does not answer for."""
    found = uploads.preview(
        city, io.BytesIO(content), name=name, limits=limits, place=place or None, year=year, existing=()
    )
    allowed = permissions.places_of(by, city)
    if allowed is None:
        return found
    known, problems = uploads.known_places(city), list(found.problems)
    foreign = found.rows.filter(~pl.col("place").str.slice(0, 6).is_in(sorted(allowed)))
    for row in foreign.iter_rows(named=True):
        sheet, _sign, number = (row["sheet_row"] or "").rpartition("!")
        problems.append(
            Problem(
                Severity.ERROR,
                "not_yours",
                f"“{known.get(row['place'][:6], row['place'])}”不在您负责的地区内",
                expected="、".join(known[code] for code in sorted(allowed) if code in known),
                mend="请删去此行，或请负责该地区的单位填报",
                file=found.file,
                sheet=sheet or ("" if number.isdigit() else number),
                row=int(number) if number.isdigit() else None,
                column="地区",
                original=row["place"],
            )
        )
    order = list(Severity)
    problems.sort(key=lambda problem: order.index(problem.severity))
    counts = found.counts | {"errors": found.counts["errors"] + foreign.height}
    return replace(found, problems=tuple(problems), counts=counts)


def _compare(staged: StagedUpload, found: Preview, *, now: datetime) -> None:
    keys = holdings.active(staged.city)
    shown = holdings.compared(found.rows, holdings.city_rows(staged.city, keys))
    changes: Mapping[str, int] = dict(shown["change"].value_counts().iter_rows())
    staged.rows, staged.read_at = _parquet(shown), now
    staged.cells = None if found.cells is None else _parquet(found.cells)
    staged.problems = [problem.as_dict() for problem in found.problems]
    staged.counts = found.counts | {name: changes.get(name, 0) for name in holdings.CHANGES}
    staged.seen = holdings.seen(staged.city, shown, found.cells) | {"active": [list(map(str, key)) for key in keys]}


def _parquet(frame: pl.DataFrame) -> bytes:
    target = io.BytesIO()
    frame.write_parquet(target)
    return target.getvalue()


def _cells(staged: StagedUpload) -> pl.DataFrame | None:
    return None if staged.cells is None else pl.read_parquet(io.BytesIO(staged.cells))


def _given(shown: pl.DataFrame) -> pl.DataFrame:
    """The rows as they were read, without what they were compared with."""
    return shown.drop("old_value", "old_unit", "old_notation", "old_batch", "old_id", "change", "share")


def _content(staged: StagedUpload) -> bytes:
    """The file as handed in. Raises `UploadError` when it is not what was handed in."""
    try:
        with staged.file.open("rb") as stream:
            content: bytes = stream.read()
    except FileNotFoundError:
        content = b""
    if hashlib.sha256(content).hexdigest() != staged.sha256:
        raise UploadError(_("服务器上的文件不完整"), mend=_("没有导入任何内容，请重新上传"))
    return content
