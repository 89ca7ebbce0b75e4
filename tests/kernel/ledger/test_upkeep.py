"""What the clock brings: holds and lots that ran out end by commands, and the public file can be checked by anybody."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dafeng.kernel.errors import LedgerError
from dafeng.kernel.jobs import registry, schedules
from dafeng.kernel.ledger import upkeep, verbs
from tests.kernel.ledger.conftest import NOW, OPEN_POLICY, Desk

TOOL = Path(__file__).parents[3] / "tools" / "verify_ledger.py"
DAY = 86_400
NEW_YEAR = int(NOW.timestamp())


def monthly(desk: Desk, asset: str = "pt", **policy: Any) -> None:
    """An asset with one lot that can be used for a day."""
    desk.asset(asset, policy={**OPEN_POLICY, **policy})
    lot = {"vintage": 2026, "source": asset, "serial_from": 0, "amount": 1000, "usable_until": NEW_YEAR + DAY}
    assert desk.do(verbs.create_lot, asset=asset, lot="jan", **lot).ok
    desk.give(asset, "jan", "person:a/main", 10)
    desk.give(asset, "jan", "person:b/main", 5)


def commands(desk: Desk) -> int:
    return int(desk.ask(lambda store: store.head().command))


def test_nothing_is_written_while_nothing_is_due(desk: Desk) -> None:
    monthly(desk)
    before = commands(desk)
    assert upkeep.sweep(desk.ledger, now=NOW + timedelta(hours=23)) == (0, ())
    assert commands(desk) == before


def test_units_of_a_hold_that_ran_out_expire_with_their_lot_in_one_sweep(desk: Desk) -> None:
    monthly(desk)
    held = {"account": "person:a/main", "amount": 4, "kind": "order", "hold": "h", "expires": NEW_YEAR + DAY}
    assert desk.do(verbs.hold, asset="pt", **held).ok
    later = NOW + timedelta(days=1)
    # One release of the hold; one expiry for each of the two holders.
    assert upkeep.sweep(desk.ledger, now=later) == (3, ())
    assert desk.units("person:a/main", "pt") == desk.units("person:b/main", "pt") == (0, 0)
    assert upkeep.sweep(desk.ledger, now=later + timedelta(minutes=15)) == (0, ())


def test_units_that_are_still_held_wait_for_the_next_sweep(desk: Desk) -> None:
    monthly(desk)
    held = {"account": "person:a/main", "amount": 4, "kind": "order", "hold": "h"}
    assert desk.do(verbs.hold, asset="pt", **held).ok
    assert upkeep.sweep(desk.ledger, now=NOW + timedelta(days=1)).entries == 2
    assert desk.units("person:a/main", "pt") == (4, 0)
    desk.wait(days=2)
    assert desk.do(verbs.release, hold="h").ok
    assert upkeep.sweep(desk.ledger, now=desk.now).entries == 1


def test_a_lot_that_two_persons_must_expire_is_told_and_the_others_are_swept(desk: Desk) -> None:
    monthly(desk, "guarded", two_person=["expire"])
    monthly(desk, "pt")
    swept = upkeep.sweep(desk.ledger, now=NOW + timedelta(days=1))
    assert swept.entries == 2
    assert [reply.answer for reply in swept.refused] == ["needs_two"]


def test_the_public_file_is_described_replaced_and_passes_the_verifier(sqlite_desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "public"
    assert upkeep.published(folder) is None
    monthly(sqlite_desk)
    upkeep.publish(sqlite_desk.database, folder, day="2026-01-01")
    sqlite_desk.give("pt", "jan", "person:c/main", 1)
    made = upkeep.publish(sqlite_desk.database, folder, day="2026-01-02")
    assert upkeep.published(folder) == made
    assert sorted(path.name for path in folder.iterdir()) == ["ledger-2026-01-02.jsonl", "published.json"]
    data = (folder / made.name).read_bytes()
    assert (made.size, made.lines) == (len(data), data.count(b"\n"))
    assert made.sha256 == hashlib.sha256(data).hexdigest()
    assert made.n == sqlite_desk.ask(lambda store: store.head().n)
    checked = subprocess.run([sys.executable, TOOL, folder / made.name], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("name", ["13812345678", "411500199001011234", "41150019900101123X", "张三", "a@b.cn"])
def test_a_ledger_with_a_person_under_a_real_name_or_number_is_not_published(
    sqlite_desk: Desk, tmp_path: Path, name: str
) -> None:
    monthly(sqlite_desk)
    sqlite_desk.give("pt", "jan", f"person:{name}/main", 1)
    with pytest.raises(LedgerError, match="1 个"):
        upkeep.publish(sqlite_desk.database, tmp_path / "public", day="2026-01-01")
    assert list((tmp_path / "public").iterdir()) == []


def test_a_random_pseudonym_with_eleven_digits_inside_is_published(sqlite_desk: Desk, tmp_path: Path) -> None:
    monthly(sqlite_desk)
    sqlite_desk.give("pt", "jan", "person:7f13812345678abc/main", 1)
    assert upkeep.publish(sqlite_desk.database, tmp_path / "public", day="2026-01-01").n


def test_the_jobs_are_due_every_quarter_of_an_hour_and_every_night() -> None:
    due = {each.code: each.every for each in schedules.registered() if each.code.startswith("ledger.")}
    assert due == {"ledger.sweep": schedules.Minutes(15), "ledger.daily": schedules.Daily(0, 20)}
    assert {"ledger.sweep", "ledger.daily"} <= {kind.code for kind in registry.registered()}
