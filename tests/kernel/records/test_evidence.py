"""Evidence: stored once, hashed twice, and a change on disk is seen."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection

from dafeng.kernel.errors import UploadError
from dafeng.kernel.records import services
from dafeng.kernel.records.errors import AuditError
from dafeng.kernel.records.models import Evidence

pytestmark = pytest.mark.django_db
CONTENT = "浉河区能源平衡表".encode()
# GB/T 32905-2016, annex A.1: SM3("abc").
SM3_ABC = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


@pytest.fixture
def store(now: datetime) -> Any:
    def store(content: Any = CONTENT, name: str = "平衡表.xlsx", by: Any = None) -> Evidence:
        return services.store_evidence(content, name=name, media_type="text/plain", by=by, now=now, source="统计局")

    return store


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_lies_under_its_sha256_and_carries_both_hashes(store: Any, own_files: Path) -> None:
    found = store(b"abc", "abc.txt")
    sha256 = hashlib.sha256(b"abc").hexdigest()
    assert (found.size, found.sha256, found.sm3) == (3, sha256, SM3_ABC)
    assert found.file.name == f"evidence/{sha256[:2]}/{sha256}"
    assert (own_files / found.file.name).read_bytes() == b"abc"
    assert services.verify_evidence(Evidence.objects.get(pk=found.pk))


def test_bytes_streams_and_uploads_are_the_same_evidence(store: Any) -> None:
    kinds = [store(CONTENT), store(io.BytesIO(CONTENT)), store(ContentFile(CONTENT))]
    assert len({(each.sha256, each.sm3, each.size, each.file.name) for each in kinds}) == 1


def test_the_same_content_is_stored_once_but_each_hand_in_is_remembered(
    store: Any, own_files: Path, person: Any
) -> None:
    first, second = store(by=person("li")), store(name="again.xlsx", by=person("wu"))
    assert first.pk != second.pk
    assert len(files(own_files)) == 1
    assert [entry.actor for each in (first, second) for entry in services.history("evidence", each.pk)] == ["li", "wu"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [("C:\\报表\\平衡表.xlsx", "平衡表.xlsx"), ("../../etc/passwd", "passwd"), (" a\x00b\n.csv ", "ab.csv")],
)
def test_only_the_last_part_of_a_name_is_kept(given: str, kept: str, store: Any) -> None:
    assert store(name=given).name == kept


def test_an_empty_or_nameless_file_is_refused_and_leaves_nothing(store: Any, own_files: Path) -> None:
    with pytest.raises(UploadError, match="是空的"):
        store(b"")
    with pytest.raises(UploadError, match="没有名字"):
        store(name="folder/")
    assert not Evidence.objects.exists()
    assert not files(own_files)
    assert services.verify_chain() == (True, None, 0)


@pytest.mark.parametrize("content", [b"", CONTENT[:-1], CONTENT + b" ", CONTENT.replace(b"\xb5", b"\xb6")])
def test_a_change_on_disk_is_seen(content: bytes, store: Any, own_files: Path) -> None:
    found = store()
    assert content != CONTENT
    (own_files / found.file.name).write_bytes(content)
    assert not services.verify_evidence(found)


def test_a_lost_file_is_seen(store: Any, own_files: Path) -> None:
    found = store()
    (own_files / found.file.name).unlink()
    assert not services.verify_evidence(found)


def test_a_file_and_row_changed_together_disagree_with_the_chain(store: Any, own_files: Path) -> None:
    found, other = store(), store(b"forged", "other")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE records_evidence SET file = %s, sha256 = %s, sm3 = %s, size = %s WHERE name = %s",
            (other.file.name, other.sha256, other.sm3, other.size, found.name),
        )
    found.refresh_from_db()
    assert found.sha256 == other.sha256
    assert not services.verify_evidence(found)


def test_a_torn_file_is_put_right_by_the_same_content_and_that_is_said(store: Any, own_files: Path) -> None:
    first = store()
    (own_files / first.file.name).write_bytes(CONTENT[:5])
    again = store()
    assert services.verify_evidence(first)
    assert services.verify_evidence(again)
    assert services.history("evidence", again.pk)[0].detail["restored"] is True
    assert "restored" not in services.history("evidence", first.pk)[0].detail


def test_evidence_is_never_changed_or_deleted(store: Any) -> None:
    found = store()
    found.name = "another"
    for attempt in (found.save, found.delete, Evidence.objects.all().delete, lambda: Evidence.objects.update(name="x")):
        with pytest.raises(AuditError):
            attempt()


def test_a_large_stream_is_not_held_in_memory(store: Any, own_files: Path) -> None:
    found = store(io.BytesIO(bytes(9 << 20)), "large.bin")
    assert found.size == 9 << 20
    assert services.verify_evidence(found)
