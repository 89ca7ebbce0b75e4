"""The audit chain in the database: sealed in the caller's transaction, never changed, tampering seen."""

from __future__ import annotations

import io
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import connection, transaction

from dafeng.kernel.records import chain, services
from dafeng.kernel.records.chain import GENESIS, Head
from dafeng.kernel.records.errors import AuditError, RecordError
from dafeng.kernel.records.models import AuditEntry, AuditHead

pytestmark = pytest.mark.django_db


@pytest.fixture
def five(now: datetime) -> list[AuditEntry]:
    return [
        services.audit("li", "factor.sign", "factor", f"f{row}", {"value": 0.1 * row, "why": "核对"}, now=now)
        for row in range(1, 6)
    ]


def tamper(sql: str, *values: Any) -> None:
    """What a person with the database password can do."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_entries_are_numbered_without_gaps_and_each_seals_the_one_before(five: list[AuditEntry]) -> None:
    assert [entry.seq for entry in five] == [1, 2, 3, 4, 5]
    assert [entry.previous for entry in five] == [GENESIS, *(entry.digest for entry in five[:-1])]
    assert services.verify_chain() == (True, None, 5)
    assert services.head() == Head(5, five[-1].digest)


def test_an_empty_chain_is_intact() -> None:
    assert services.verify_chain() == (True, None, 0)


def test_a_transaction_that_fails_leaves_no_entry_and_no_gap(five: list[AuditEntry], now: datetime) -> None:
    with transaction.atomic():
        services.audit("li", "factor.sign", "factor", "f6", {}, now=now)
        transaction.set_rollback(True)
    services.audit("li", "factor.sign", "factor", "f7", {}, now=now)
    assert services.verify_chain() == (True, None, 6)


def test_the_time_is_kept_to_the_microsecond_whatever_its_zone(now: datetime) -> None:
    local = (now + timedelta(microseconds=123456)).astimezone(timezone(timedelta(hours=8)))
    services.audit(None, "tick", "clock", "1", {}, now=local)
    stored = AuditEntry.objects.get(seq=1)
    assert stored.as_dict()["at"] == "2026-11-21T08:00:00.123456+00:00"
    assert services.verify_chain().ok


def test_a_clock_without_a_zone_is_refused(now: datetime) -> None:
    with pytest.raises(ValueError, match="time zone"):
        services.audit("li", "x", "y", "z", {}, now=now.replace(tzinfo=None))


@pytest.mark.parametrize("number", [1e22, -0.0, 1e-7, 5e-324, 1.7976931348623157e308, 2**70, 0.1 + 0.2, 100.0])
def test_numbers_keep_their_digest_through_the_database(number: float, now: datetime) -> None:
    services.audit("li", "x", "y", "z", {"n": number}, now=now)
    assert services.verify_chain().ok
    assert AuditEntry.objects.get(seq=1).detail["n"] == number


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), "a\x00b", "\ud800", object(), {1: 2}])
def test_a_detail_that_a_database_could_not_keep_is_refused(bad: Any, now: datetime) -> None:
    with pytest.raises(RecordError):
        services.audit("li", "x", "y", "z", {"n": bad}, now=now)
    assert services.verify_chain() == (True, None, 0)


def test_a_text_too_long_for_its_column_is_refused_on_every_engine(now: datetime) -> None:
    with pytest.raises(RecordError, match="不超过 200 个字"):
        services.audit("li", "x", "y", "z" * 201, {}, now=now)


def test_persons_are_named_and_nobody_can_pose_as_the_system(person: Any, now: datetime) -> None:
    assert services.audit(person("li"), "x", "y", "z", {}, now=now).actor == "li"
    assert services.audit(None, "x", "y", "z", {}, now=now).actor == "system"
    with pytest.raises(AuditError, match="system"):
        services.audit(person("system"), "x", "y", "z", {}, now=now)


def test_an_entry_can_be_neither_changed_nor_deleted_by_code(five: list[AuditEntry], now: datetime) -> None:
    entry = AuditEntry.objects.get(seq=2)
    entry.actor = "someone else"
    attempts = [
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(actor="someone else"),
        lambda: AuditEntry.objects.bulk_update([entry], ["actor"]),
        lambda: AuditEntry.objects.update_or_create(seq=2, defaults={"actor": "someone else"}),
        lambda: AuditEntry.objects.bulk_create([entry], ignore_conflicts=True),
        lambda: AuditEntry.objects.bulk_create(
            [entry], update_conflicts=True, update_fields=["actor"], unique_fields=["seq"]
        ),
    ]
    for attempt in attempts:
        with pytest.raises(AuditError, match="只能追加"):
            attempt()
    assert services.verify_chain() == (True, None, 5)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor", "someone else"),
        ("action", "factor.unsign"),
        ("subject_kind", "record"),
        ("subject_id", "f9"),
        ("detail_text", '{"value":0.4,"why":"核对"}'),
        ("detail_text", "no longer JSON"),
        ("at", "2026-11-21 08:00:00.000001+00:00"),
        ("previous", GENESIS),
        ("digest", GENESIS),
    ],
)
def test_a_change_behind_the_programs_back_is_found_at_its_entry(
    column: str, value: str, five: list[AuditEntry]
) -> None:
    tamper(f"UPDATE records_auditentry SET {column} = %s WHERE seq = 3", value)
    assert services.verify_chain() == (False, 3, 2)


def test_an_entry_deleted_from_the_middle_is_found(five: list[AuditEntry]) -> None:
    tamper("DELETE FROM records_auditentry WHERE seq = 3")
    assert services.verify_chain() == (False, 3, 2)


def test_a_cut_tail_is_found_by_the_head(five: list[AuditEntry]) -> None:
    tamper("DELETE FROM records_auditentry WHERE seq >= 4")
    assert services.verify_chain() == (False, 4, 3)


def test_an_entry_that_someone_wrote_by_hand_is_found(five: list[AuditEntry]) -> None:
    tamper(
        "INSERT INTO records_auditentry (seq, at, actor, action, subject_kind, subject_id, detail_text, previous, digest) "
        "SELECT 6, at, 'li', action, subject_kind, subject_id, detail_text, previous, digest "
        "FROM records_auditentry WHERE seq = 5"
    )
    assert services.verify_chain() == (False, 6, 5)


def test_a_lost_head_is_found_and_stops_new_entries(five: list[AuditEntry], now: datetime) -> None:
    AuditHead.objects.all().delete()
    assert services.verify_chain() == (False, 6, 5)
    with pytest.raises(AuditError, match="链头丢失"):
        services.audit("li", "x", "y", "z", {}, now=now)


def test_a_chain_cut_together_with_its_head_is_found_by_an_anchor_from_elsewhere(five: list[AuditEntry]) -> None:
    anchor = services.head()
    tamper("DELETE FROM records_auditentry WHERE seq >= 4")
    tamper("UPDATE records_audithead SET seq = 3, digest = %s", five[2].digest)
    assert services.verify_chain() == (True, None, 3)
    assert services.verify_chain(anchor) == (False, 4, 3)


def test_an_export_verifies_outside_and_shows_its_own_tampering(five: list[AuditEntry]) -> None:
    stream = io.StringIO()
    assert services.export_chain(stream) == 5
    lines = stream.getvalue().splitlines()
    assert chain.verify_lines(lines, services.head()) == (True, None, 5)
    lines[3] = lines[3].replace('"li"', '"lu"')
    assert chain.verify_lines(lines) == (False, 4, 3)


def test_the_history_of_a_subject_comes_oldest_first(five: list[AuditEntry], now: datetime) -> None:
    again = services.audit("wu", "factor.unsign", "factor", "f2", {}, now=now)
    assert services.history("factor", "f2") == [five[1], again]
