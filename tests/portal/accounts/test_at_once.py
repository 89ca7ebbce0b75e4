"""Two processes at once, on SQLite and on PostgreSQL: an invitation is used once, one administrator stays."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from .rival import ROUNDS

RIVAL = Path(__file__).with_name("rival.py")


@contextmanager
def database(engine: str, folder: Path) -> Iterator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'test.sqlite3'}"
        return
    import psycopg

    server, name = os.environ["DAFENG_TEST_POSTGRES"], f"dafeng_people_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_an_invitation_is_used_once_and_one_administrator_stays(engine: str, tmp_path: Path) -> None:
    with database(engine, tmp_path) as url:
        environment = {**os.environ, "DATABASE_URL": url, "DAFENG_DATA": str(tmp_path)}

        def run(word: str) -> subprocess.Popen:
            return subprocess.Popen(
                [sys.executable, str(RIVAL), word], env=environment, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip

        made = run("prepare")
        assert made.wait(120) == 0, made.stderr.read()
        rivals = [run(name) for name in ("one", "two")]
        for rival in rivals:
            assert rival.stdout.readline() == "ready\n", rival.stderr.read()
        for rival in rivals:
            rival.stdin.write("go\n")
            rival.stdin.flush()
        won = [int(rival.communicate(timeout=120)[0]) for rival in rivals]
        assert [rival.returncode for rival in rivals] == [0, 0]
        assert sum(won) == ROUNDS
        report, _errors = run("report").communicate(timeout=60)
        assert report.split() == [str(ROUNDS), str(ROUNDS), "1", "True"]
