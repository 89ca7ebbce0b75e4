"""Processes that are ended (SIGKILL) and processes that work at the same time, on both databases."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.processes import Program, copy_of, program

EVENTS = "1500"
PLAYER = "tests.domains.inclusion.scenes.player"


def kill(player: Program, rng: random.Random, *words: str) -> None:
    """End a process at some moment after its first line, as a machine ends one."""
    process = player.start(*words)
    process.stdout.readline()
    time.sleep(rng.uniform(0, 0.4))
    process.kill()


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def built(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, migrated: Callable[[str], str]
) -> Iterator[str]:
    """A city with its members, to be copied."""
    folder = tmp_path_factory.mktemp("built")
    with copy_of(migrated(request.param), folder) as url:
        with program(PLAYER, url, folder) as player:
            player.run("build", EVENTS)
        yield url


@pytest.fixture
def player(built: str, tmp_path) -> Iterator[Program]:
    with copy_of(built, tmp_path) as url, program(PLAYER, url, tmp_path) as made:
        yield made


def agree(player: Program, sent: int) -> None:
    told: dict[str, Any] = json.loads(player.run("told").splitlines()[-1])
    assert (told["events"], told["waiting"]) == (sent, 0)
    assert told["points"] == told["ledger"] > 0
    assert told["paid"] == told["keys"]
    assert told["audit"]


def test_ended_at_any_moment_nothing_is_lost_and_nothing_paid_twice(player: Program) -> None:
    rng, sent = random.Random(3), len(_day())
    for _ in range(3):
        kill(player, rng, "deliver", EVENTS)
    player.run("deliver", EVENTS)
    for _ in range(4):
        kill(player, rng, "process", "150")
    player.run("process", "150")
    agree(player, sent)


def test_two_processors_and_a_delivery_at_once_give_what_one_gives(player: Program) -> None:
    sent = len(_day())
    delivery = player.start("deliver", EVENTS)
    first, second = player.start("process", "100"), player.start("process", "130")
    delivery.end()
    first.end()
    second.end()
    player.run("process", "1000")
    agree(player, sent)


def _day() -> list[Any]:
    from datetime import datetime

    from django.utils import timezone

    from dafeng.domains.inclusion.scenes import simulator

    return simulator.day(seed=5, start=timezone.make_aware(datetime(2026, 11, 19)), events=int(EVENTS), cheats=4)
