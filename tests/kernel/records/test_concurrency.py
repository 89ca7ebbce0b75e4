"""Three processes write at once, on SQLite and on PostgreSQL: the chain never forks, a file is stored once, and a
stream of runs has one current run. (Locking the last row instead of a head row forked 94 times in 450 appends on
PostgreSQL.)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

WRITER = Path(__file__).with_name("writer.py")
PROCESSES = 3


class Installation:
    """A database and a data folder of the test's own, used by processes of the test's own."""

    def __init__(self, url: str, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "DATABASE_URL": url, "DAFENG_DATA": str(folder)}
        self.run("migrate")

    def run(self, *arguments: str) -> str:
        command = [sys.executable, str(WRITER), *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("report"))
        return found

    def together(self, *arguments: str) -> None:
        """Start the writers, let them go when all are ready, and ask that none failed."""
        writers = [
            subprocess.Popen(
                [sys.executable, str(WRITER), *arguments],
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(PROCESSES)
        ]
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("go\n")
            writer.stdin.flush()
        for writer in writers:
            _output, errors = writer.communicate(timeout=300)
            assert writer.returncode == 0, errors


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("installation")
    if request.param == "sqlite":
        yield Installation(f"sqlite:///{folder / 'test.sqlite3'}", folder)
        return
    import psycopg

    server = os.environ["DAFENG_TEST_POSTGRES"]
    name = f"dafeng_chain_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield Installation(urlunsplit(urlsplit(server)._replace(path=f"/{name}")), folder)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_three_processes_of_fifty_writes_never_fork_the_chain(installation: Installation) -> None:
    installation.together("audit", "50")
    found = installation.report()
    assert found["chain"] == [True, None, PROCESSES * 50]
    assert found["previous"] == PROCESSES * 50
    assert len(set(found["actors"])) == PROCESSES
    assert all(found["actors"].count(actor) == 50 for actor in found["actors"])
    assert found["engine"] == ("sqlite3" if "sqlite" in installation.environment["DATABASE_URL"] else "postgresql")


def test_the_same_file_from_three_processes_at_once_is_stored_once(installation: Installation) -> None:
    installation.together("evidence", "5")
    found = installation.report()
    assert found["evidence"] == PROCESSES * 5
    assert found["sound"]
    stored = [path for path in (installation.folder / "files" / "evidence").rglob("*") if path.is_file()]
    assert len(stored) == 5


def test_three_processes_that_finish_runs_at_once_leave_one_current_run(installation: Installation) -> None:
    installation.together("finish", "10")
    found = installation.report()
    assert (found["done"], found["superseded"]) == (1, PROCESSES * 10 - 1)
    assert found["linear"]
    assert found["values"] == 1
