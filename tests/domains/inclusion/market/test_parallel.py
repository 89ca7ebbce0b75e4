"""Two at once: the last points, the last piece, one coupon, one form, one tonne; on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.processes import ROOT, copy_of, environment

WORLD = "tests.domains.inclusion.market.parallel_world"


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, migrated: Callable[[str], str]
) -> Any:
    """What the program saw, in a database that is gone afterwards."""
    folder = tmp_path_factory.mktemp("market")
    with copy_of(migrated(request.param), folder) as url:
        call = [sys.executable, "-m", WORLD]
        done = subprocess.run(
            call, cwd=ROOT, env=environment(url, folder), capture_output=True, text=True, timeout=300, check=False
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_last_points_are_spent_once(world) -> None:
    assert world["last_points"] == {"answers": {"ok": 1, "points_short": 5}, "points": [0, 100], "stock": 9, "told": 5}


def test_the_last_piece_is_sold_once(world) -> None:
    assert world["last_piece"] == {"answers": {"ok": 1, "stock_short": 5}, "stock": 0, "held": 100}


def test_nobody_has_more_than_a_person_may(world) -> None:
    assert world["limit_a_person"] == {"answers": {"ok": 2, "person_limit": 4}}


def test_one_form_sent_twice_is_one_order_and_one_gift(world) -> None:
    assert world["one_form"] == {"orders": 1, "gifts": 1, "points": [850, 100]}


def test_one_coupon_at_two_counters_is_used_once(world) -> None:
    assert world["one_coupon"] == {"answers": {"ok": 1, "coupon_used": 3}, "taken": 100}


def test_use_and_cancel_at_once_leave_one_winner(world) -> None:
    found = world["use_and_cancel"]
    assert (found["winners"], found["kept"]) == (1, 100)
    assert found["state"] in ("used", "cancelled")


def test_one_tonne_is_retired_once_and_the_ledger_is_sound(world) -> None:
    assert world["one_tonne"] == {"answers": {"ok": 1, "reductions_short": 3}}
    assert world["audit"] is True
