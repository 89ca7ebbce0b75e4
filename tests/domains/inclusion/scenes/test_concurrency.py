"""Processes that are ended (SIGKILL) and processes that work at the same time, on both databases."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.kernel.ledger.conftest import own_postgres

EVENTS = "1500"
ROOT = Path(__file__).resolve().parents[4]


class Place:
    """A database of its own, and players on it."""

    def __init__(self, url: str, data: Path) -> None:
        path = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
        self.environment = {
            **os.environ, "DATABASE_URL": url, "DAFENG_DATA": str(data), "DJANGO_SETTINGS_MODULE": "dafeng.portal.settings",
            "DAFENG_SECRET_KEY": "for tests", "PYTHONPATH": path,
        }  # fmt: skip

    def start(self, *words: str) -> subprocess.Popen[str]:
        call = [sys.executable, "-m", "tests.domains.inclusion.scenes.player", *words]
        return subprocess.Popen(
            call, env=self.environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def play(self, *words: str) -> dict[str, Any]:
        return self.end(self.start(*words))

    @staticmethod
    def end(player: subprocess.Popen[str]) -> dict[str, Any]:
        out, error = player.communicate(timeout=300)
        assert player.returncode == 0, error[-3000:]
        found: dict[str, Any] = json.loads(out.splitlines()[-1])
        return found

    def kill(self, rng: random.Random, *words: str) -> None:
        """End a player at some moment after its first line, as a machine ends one."""
        with self.start(*words) as player:
            assert player.stdout is not None
            player.stdout.readline()
            time.sleep(rng.uniform(0, 0.4))
            player.kill()


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A migrated city in a file, to be copied."""
    folder = tmp_path_factory.mktemp("built")
    Place(f"sqlite:///{folder}/city.sqlite3", folder).play("build", EVENTS)
    return folder / "city.sqlite3"


@pytest.fixture(scope="module")
def built_postgres(tmp_path_factory) -> Iterator[str]:
    """The same on PostgreSQL."""
    with own_postgres() as url:
        Place(url, tmp_path_factory.mktemp("built")).play("build", EVENTS)
        yield url


@contextmanager
def copy_of(url: str) -> Iterator[str]:
    import psycopg

    name = f"dafeng_scenes_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(os.environ["DAFENG_TEST_POSTGRES"], autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {urlsplit(url).path[1:]}".encode())
        try:
            yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def place(request, tmp_path) -> Iterator[Place]:
    if request.param == "sqlite":
        source = request.getfixturevalue("built")
        shutil.copy(source, tmp_path / "city.sqlite3")
        yield Place(f"sqlite:///{tmp_path}/city.sqlite3", tmp_path)
        return
    with copy_of(request.getfixturevalue("built_postgres")) as url:
        yield Place(url, tmp_path)


def agree(place: Place, sent: int) -> dict[str, Any]:
    told = place.play("told")
    assert (told["events"], told["waiting"]) == (sent, 0)
    assert told["points"] == told["ledger"] > 0
    assert told["paid"] == told["keys"]
    assert told["audit"]
    return told


def test_ended_at_any_moment_nothing_is_lost_and_nothing_paid_twice(place: Place) -> None:
    rng, sent = random.Random(3), len(_day())
    for _ in range(3):
        place.kill(rng, "deliver", EVENTS)
    place.play("deliver", EVENTS)
    for _ in range(4):
        place.kill(rng, "process", "150")
    place.play("process", "150")
    agree(place, sent)


def test_two_processors_and_a_delivery_at_once_give_what_one_gives(place: Place) -> None:
    sent = len(_day())
    delivery = place.start("deliver", EVENTS)
    first, second = place.start("process", "100"), place.start("process", "130")
    place.end(delivery)
    place.end(first)
    place.end(second)
    place.play("process", "1000")
    agree(place, sent)


def _day() -> list[Any]:
    from datetime import datetime

    from django.utils import timezone

    from dafeng.domains.inclusion.scenes import simulator

    return simulator.day(seed=5, start=timezone.make_aware(datetime(2026, 11, 19)), events=int(EVENTS), cheats=4)
