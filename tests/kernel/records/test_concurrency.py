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
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

WRITER = Path(__file__).with_name("writer.py")
PROCESSES = 3


class Installation:
    """A database and a data folder of the test's own, used by processes of the test's own."""

    def __init__(self, url: str, folder: Path) -> None:
        self.folder, self.outcome = folder, dict[str, Any]()
        self.environment = {**os.environ, "DATABASE_URL": url, "DAFENG_DATA": str(folder)}
        self.run("migrate")

    def run(self, *arguments: str) -> str:
        command = [sys.executable, str(WRITER), *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def write_together(self) -> None:
        """Start the writers, let them go when all are ready, and ask that none failed."""
        writers = [
            subprocess.Popen(
                [sys.executable, str(WRITER), "write"],
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


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """After three processes wrote 50 audit entries, stored 5 files and finished 10 runs each, all at once."""
    folder = tmp_path_factory.mktemp("installation")
    with _database(request.param, folder) as url:
        made = Installation(url, folder)
        made.write_together()
        made.outcome = json.loads(made.run("report"))
        assert made.outcome["engine"].startswith(request.param)
        yield made


@contextmanager
def _database(engine: str, folder: Path) -> Iterator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'test.sqlite3'}"
        return
    import psycopg

    server, name = os.environ["DAFENG_TEST_POSTGRES"], f"dafeng_chain_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_three_processes_of_fifty_writes_never_fork_the_chain(installation: Installation) -> None:
    found = installation.outcome
    length = PROCESSES * (50 + 5)
    assert found["chain"] == [True, None, length]
    assert found["previous"] == length
    assert list(found["writers"].values()) == [50] * PROCESSES


def test_the_same_file_from_three_processes_at_once_is_stored_once(installation: Installation) -> None:
    assert installation.outcome["evidence"] == PROCESSES * 5
    assert installation.outcome["sound"]
    stored = [path for path in (installation.folder / "files" / "evidence").rglob("*") if path.is_file()]
    assert len(stored) == 5


def test_three_processes_that_finish_runs_at_once_leave_one_current_run(installation: Installation) -> None:
    found = installation.outcome
    assert (found["done"], found["superseded"]) == (1, PROCESSES * 10 - 1)
    assert found["linear"]
    assert found["values"] == 1
