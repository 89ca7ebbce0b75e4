"""The audit chain in the database: append under the lock of the one-row head, verify, export.

"Lock the last row, then append" forks on PostgreSQL under READ COMMITTED (measured: 94 forks in 450 appends), because
the waiter goes on with the row it had seen. A head row that is updated has no such gap. On SQLite the lock is the
IMMEDIATE transaction itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TextIO

from django.db import transaction
from django.utils import timezone

from dafeng.kernel.records import chain
from dafeng.kernel.records.chain import ChainCheck, Head
from dafeng.kernel.records.errors import AuditError
from dafeng.kernel.records.models import AuditEntry, AuditHead
from dafeng.kernel.records.payloads import dump, plain

SYSTEM = "system"


@contextmanager
def serial() -> Iterator[AuditHead]:
    """A transaction that holds the head of the chain. Enter it before locking rows of your own: one order, no deadlock."""
    with transaction.atomic():
        head = AuditHead.objects.select_for_update().filter(pk=1).first()
        if head is None:
            AuditHead.objects.get_or_create(pk=1)
            head = AuditHead.objects.select_for_update().get(pk=1)
        if head.seq == 0 and AuditEntry.objects.exists():
            raise AuditError("审计链的链头丢失", mend="请立即联系系统管理员，并用最近一次导出核对")
        yield head


def actor_of(person: Any) -> str:
    """The name under which a person is audited; None is the system. A text is taken as it is."""
    if person is None:
        return SYSTEM
    if isinstance(person, str):
        return person
    name: str = person.get_username()
    if name == SYSTEM:
        raise AuditError("用户名 system 保留给系统本身", mend="请为此账户换一个用户名")
    return name


def audit(
    actor: Any, action: str, subject_kind: str, subject_id: str, detail: dict[str, Any], *, now: datetime
) -> AuditEntry:
    """Append one entry, in the caller's transaction if there is one. `actor`: a user, a username, or None (system)."""
    if timezone.is_naive(now):
        raise ValueError("`now` must carry its time zone")
    with serial() as head:
        entry = AuditEntry(
            seq=head.seq + 1,
            at=now.astimezone(UTC),
            actor=actor_of(actor),
            action=action,
            subject_kind=subject_kind,
            subject_id=str(subject_id),
            detail_text=dump(plain(detail)),
            previous=head.digest,
        )
        entry.digest = chain.digest(entry.as_dict())
        entry.save()
        AuditHead.objects.filter(pk=1).update(seq=entry.seq, digest=entry.digest)
    return entry


def head() -> Head:
    """Sequence number and digest of the newest entry: write it down elsewhere, and no one can rewrite the past."""
    row = AuditHead.objects.filter(pk=1).first()
    return Head(row.seq, row.digest) if row else Head(0, chain.GENESIS)


def _entries() -> Iterator[dict[str, Any]]:
    for entry in AuditEntry.objects.order_by("seq").iterator(chunk_size=2000):
        try:
            yield entry.as_dict()
        except ValueError:  # the detail is no longer JSON
            yield {}


def verify_chain(anchor: Head | None = None) -> ChainCheck:
    """Walk the whole chain: `(ok, first_bad_seq, length)`. `anchor` is a head that was written down earlier.

    The head row shows a cut tail; only an anchor shows a chain that was rewritten from some entry on, head and all.
    """
    newest = head()
    check = chain.verify(_entries(), newest if newest.seq else None)
    if check.ok and not newest.seq and check.length and not head().seq:
        return ChainCheck(False, check.length + 1, check.length)  # entries without a head
    if check.ok and anchor:
        return chain.verify(_entries(), anchor)
    return check


def export_chain(stream: TextIO) -> int:
    """Write the chain as JSON lines that `chain.py` verifies without Django or database; returns their number."""
    count = 0
    for entry in AuditEntry.objects.order_by("seq").iterator(chunk_size=2000):
        stream.write(chain.line(entry.as_dict()) + "\n")
        count += 1
    return count


def history(subject_kind: str, subject_id: Any) -> list[AuditEntry]:
    """Everything that the chain says of one subject, oldest first."""
    return list(AuditEntry.objects.filter(subject_kind=subject_kind, subject_id=str(subject_id)).order_by("seq"))
