"""Several processes post through Django at once, on both databases: no fork, no unit lost, no key counted twice; and a
process that is killed with SIGKILL loses nothing that it had acknowledged.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kernel.ledger.conftest import own_postgres

POSTER = Path(__file__).with_name("poster.py")
PROCESSES, BATCHES, SIZE = 3, 15, 8


class Installation:
    """A database and a data folder of the test's own, used by processes of the test's own."""

    def __init__(self, url: str, folder: Path) -> None:
        self.environment = {**os.environ, "DATABASE_URL": url, "DAFENG_DATA": str(folder)}
        self.run("migrate")

    def run(self, *arguments: str) -> str:
        command = [sys.executable, str(POSTER), *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, str(POSTER), *arguments], env=self.environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    def report(self) -> Any:
        return json.loads(self.run("report"))


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("installation")
    if request.param == "sqlite":
        yield Installation(f"sqlite:///{folder / 'test.sqlite3'}", folder)
        return
    with own_postgres() as url:
        yield Installation(url, folder)


def test_three_processes_post_at_once_and_the_chain_never_forks(installation: Installation) -> None:
    posters = [installation.start("post", str(number), str(BATCHES), str(SIZE)) for number in range(PROCESSES)]
    for poster in posters:
        go(poster)
    for poster in posters:
        _, errors = poster.communicate(timeout=300)
        assert poster.returncode == 0, errors
    found = installation.report()
    assert found["findings"] == []
    assert found["replays"]
    assert found["forks"] == 0
    assert found["in_accounts"] == 20_000
    # One tick, an asset, a lot, 20 issues that open 20 accounts; then own transfers, and each shared key once.
    assert sum(found["answers"].values()) == 1 + 2 + 40 + PROCESSES * BATCHES * SIZE + BATCHES
    assert found["shared"] == BATCHES
    assert found["n"] == 1 + PROCESSES * BATCHES


def test_a_killed_process_loses_nothing_it_acknowledged_and_does_nothing_by_halves(installation: Installation) -> None:
    told: set[str] = set()
    for lines in (3, 11):
        process = installation.start("endless")
        go(process)
        assert process.stdout is not None
        for _ in range(lines):
            told |= set(process.stdout.readline().split())
        process.kill()
        rest, _ = process.communicate(timeout=60)
        told |= {key for line in rest.split("\n")[:-1] for key in line.split()}
    found = installation.report()
    assert found["findings"] == []
    assert told <= set(found["keys"])
    assert len(found["keys"]) == len(set(found["keys"]))
    assert len(found["keys"]) % 5 == 0  # batches of five, whole or not at all
    assert len(found["keys"]) <= len(told) + 5
