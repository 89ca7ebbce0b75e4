"""Evidence files: content-addressed, hashed twice (SHA-256 and SM3), stored once."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any, NamedTuple

from django.core.files import File
from django.utils.translation import gettext as _

from dafeng.kernel.errors import UploadError
from dafeng.kernel.records import audit
from dafeng.kernel.records.models import AuditEntry, Evidence

_CHUNK = 1 << 20
_IN_MEMORY = 8 << 20
UPLOAD_BYTES = 20 * 2**20
_KINDS = {
    b"%PDF-": "application/pdf",
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"PK\x03\x04": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Digests(NamedTuple):
    size: int
    sha256: str
    sm3: str


def digests(stream: Any, copy: IO[bytes] | None = None) -> Digests:
    """Size and both hashes of a binary stream, read once; `copy` receives the bytes."""
    size, sha256, sm3 = 0, hashlib.sha256(), hashlib.new("sm3")
    for chunk in _chunks(stream):
        size += len(chunk)
        sha256.update(chunk)
        sm3.update(chunk)
        if copy is not None:
            copy.write(chunk)
    return Digests(size, sha256.hexdigest(), sm3.hexdigest())


def _chunks(stream: Any) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk


def path_of(sha256: str) -> str:
    return f"evidence/{sha256[:2]}/{sha256}"


def store_evidence(
    content: bytes | IO[bytes] | File[bytes], *, name: str, media_type: str, by: Any, now: datetime, source: str = ""
) -> Evidence:
    """Keep a file as evidence. `by` None is the system. The content of a stream is read from where it stands.

    Handing in the same content again makes a new row (who, when, under what name) over the same stored file.
    Raises `UploadError` for an empty file or a file without a name.
    """
    title = re.sub(r"[\x00-\x1f\x7f]", "", name.replace("\\", "/").rsplit("/", 1)[-1]).strip()
    if not title:
        raise UploadError("文件没有名字", mend="请重新选择文件")
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
        if isinstance(content, bytes):
            spool.write(content)
            spool.seek(0)
            found = digests(spool)
        else:
            found = digests(content, spool)
        if not found.size:
            raise UploadError(f"文件“{title}”是空的", mend="请检查文件后重新上传")
        with audit.serial():
            restored = _keep(path_of(found.sha256), spool, found)
            evidence = Evidence(
                name=title,
                media_type=media_type,
                size=found.size,
                sha256=found.sha256,
                sm3=found.sm3,
                file=path_of(found.sha256),
                source=source,
                uploaded_by=by,
                uploaded_at=now,
            )
            evidence.save()
            detail = {"name": title, "sha256": found.sha256, "sm3": found.sm3, "size": found.size, "source": source}
            audit.audit(by, "evidence.store", "evidence", str(evidence.pk), detail | restored, now=now)
    return evidence


def store_upload(given: File[bytes], *, by: Any, now: datetime, source: str = "") -> Evidence:
    """Keep a paper that a person uploaded. Raises `UploadError` for one that is too large, or no PDF, picture or table by its first bytes."""
    name = given.name or ""
    if given.size > UPLOAD_BYTES:
        raise UploadError(_("文件太大"), expected=_("不超过 20 MB"))
    head = given.read(8)
    given.seek(0)
    media = next((kind for mark, kind in _KINDS.items() if head.startswith(mark)), "")
    if not media and name.lower().endswith(".csv"):
        media = "text/csv"
    if not media:
        raise UploadError(
            _("文件“%(name)s”不是 PDF、图片或表格") % {"name": name[:60]}, expected=_("pdf、png、jpg、xlsx、csv")
        )
    return store_evidence(given, name=name, media_type=media, by=by, now=now, source=source)


def uploaded(given: File[bytes], *, by: Any) -> Evidence | None:
    """The same content as this person handed it in before; `given` is read, and stands at its beginning again."""
    sha256 = digests(given).sha256
    given.seek(0)
    return Evidence.objects.filter(uploaded_by=by, sha256=sha256).order_by("uploaded_at").first()


def _keep(path: str, content: Any, expected: Digests) -> dict[str, bool]:
    """Write the content unless it is there; content that was torn or altered on disk is put right, and that is said."""
    storage = Evidence._meta.get_field("file").storage
    restored = False
    if storage.exists(path):
        with storage.open(path) as stream:
            if digests(stream) == expected:
                return {}
        storage.delete(path)
        restored = True
    content.seek(0)
    saved = storage.save(path, File(content))
    if saved != path:  # a writer outside this program took the name in between
        storage.delete(saved)
        raise UploadError("文件未能保存", mend="请稍后重试")
    return {"restored": True} if restored else {}


def verify_evidence(evidence: Evidence) -> bool:
    """Hash the stored file again and compare with the row and with what the audit chain says of it."""
    try:
        with evidence.file.storage.open(evidence.file.name or "") as stream:
            found = digests(stream)
    except FileNotFoundError:
        return False
    entry = AuditEntry.objects.filter(subject_kind="evidence", subject_id=str(evidence.pk)).order_by("seq").first()
    sealed = entry.detail if entry else {}
    return (
        found == (evidence.size, evidence.sha256, evidence.sm3)
        and sealed.get("sha256") == found.sha256
        and sealed.get("sm3") == found.sm3
    )
