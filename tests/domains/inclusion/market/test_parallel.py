"""Two at once: the last points, the last piece, one coupon, one form, one tonne; on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

WORLD = Path(__file__).with_name("parallel_world.py")


def told(url: str, folder: Path) -> dict[str, Any]:
    environment = {**os.environ, "DATABASE_URL": url, "DAFENG_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "dafeng.portal.settings"}  # fmt: skip
    done = subprocess.run([sys.executable, str(WORLD)], env=environment, capture_output=True, text=True, timeout=300, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the program saw, in a database that is gone afterwards."""
    folder = tmp_path_factory.mktemp("market")
    if request.param == "sqlite":
        yield told(f"sqlite:///{folder / 'test.sqlite3'}", folder)
        return
    import psycopg

    server, name = os.environ["DAFENG_TEST_POSTGRES"], f"dafeng_market_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield told(urlunsplit(urlsplit(server)._replace(path=f"/{name}")), folder)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


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
