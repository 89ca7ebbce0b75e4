"""Two clerks at once, on SQLite and on PostgreSQL: one is first, the other is told; nothing is stored twice or by halves."""

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

WRITER = Path(__file__).with_name("data_writer.py")


class Office:
    """A database and a data folder of the test's own, used by processes of the test's own."""

    def __init__(self, url: str, folder: Path) -> None:
        self.environment = {
            **os.environ, "DATABASE_URL": url, "DAFENG_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "dafeng.portal.settings",
        }  # fmt: skip
        self.ids = self.ask("prepare")

    def ask(self, *arguments: str) -> Any:
        command = [sys.executable, str(WRITER), *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def together(self, *calls: tuple[str, str, str]) -> list[str]:
        """Do all of them at the same moment; what each answered, sorted."""
        started = [
            subprocess.Popen(
                [sys.executable, str(WRITER), *call],
                env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )
            for call in calls
        ]  # fmt: skip
        for each in started:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        for each in started:
            assert each.stdin is not None
            each.stdin.write("go\n")
            each.stdin.flush()
        answers = []
        for each in started:
            said, errors = each.communicate(timeout=120)
            assert each.returncode == 0, errors
            answers.append(said.strip())
        return sorted(answers)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    if request.param == "sqlite":
        yield Office(f"sqlite:///{folder / 'test.sqlite3'}", folder)
        return
    import psycopg

    server, name = os.environ["DAFENG_TEST_POSTGRES"], f"dafeng_data_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield Office(urlunsplit(urlsplit(server)._replace(path=f"/{name}")), folder)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_of_two_clerks_with_the_same_source_one_commits_and_the_other_is_told(office: Office) -> None:
    said = office.together(("commit", office.ids["first"], "甲"), ("commit", office.ids["second"], "乙"))
    assert [word.split()[0] for word in said] == ["batch", "stale"]
    assert len([row for row in office.ask("report")["rows"] if row[0] == "natural_gas"]) == 1


def test_one_file_committed_twice_at_once_is_one_batch(office: Office) -> None:
    first, second = office.together(*[("commit", office.ids["double"], "甲")] * 2)
    assert first == second
    assert first.startswith("batch ")
    assert [row for row in office.ask("report")["rows"] if row[0] == "lpg"] == [["lpg", 5.0]]


def test_a_batch_undone_twice_at_once_is_undone_once(office: Office) -> None:
    said = office.together(("undo", office.ids["batch"], "甲"), ("undo", office.ids["batch"], "乙"))
    assert said == ["transition", "undone"]


def test_the_audit_chain_holds_and_the_counts_are_right_afterwards(office: Office) -> None:
    found = office.ask("report")
    assert found["chain"]
    assert found["active"] == 2  # the winner's gas and the liquefied gas; the kerosene was undone
