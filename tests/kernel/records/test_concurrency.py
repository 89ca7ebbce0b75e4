"""Three processes write at once, on SQLite and on PostgreSQL: the chain never forks, a file is stored once, and a
stream of runs has one current run. (Locking the last row instead of a head row forked 94 times in 450 appends on
PostgreSQL.)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.processes import copy_of, program

PROCESSES = 3


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, migrated: Callable[[str], str]
) -> Iterator[SimpleNamespace]:
    """After three processes wrote 50 audit entries, stored 5 files and finished 10 runs each, all at once."""
    folder: Path = tmp_path_factory.mktemp("installation")
    with copy_of(migrated(request.param), folder) as url, program("tests.kernel.records.writer", url, folder) as writer:
        writers = [writer.ready("write") for _ in range(PROCESSES)]
        for each in writers:
            each.go()
        for each in writers:
            each.end()
        outcome = json.loads(writer.run("report"))
        assert outcome["engine"].startswith(request.param)
        yield SimpleNamespace(folder=folder, outcome=outcome)


def test_three_processes_of_fifty_writes_never_fork_the_chain(installation: SimpleNamespace) -> None:
    found = installation.outcome
    length = PROCESSES * (50 + 5)
    assert found["chain"] == [True, None, length]
    assert found["previous"] == length
    assert list(found["writers"].values()) == [50] * PROCESSES


def test_the_same_file_from_three_processes_at_once_is_stored_once(installation: SimpleNamespace) -> None:
    assert installation.outcome["evidence"] == PROCESSES * 5
    assert installation.outcome["sound"]
    stored = [path for path in (installation.folder / "files" / "evidence").rglob("*") if path.is_file()]
    assert len(stored) == 5


def test_three_processes_that_finish_runs_at_once_leave_one_current_run(installation: SimpleNamespace) -> None:
    found = installation.outcome
    assert (found["done"], found["superseded"]) == (1, PROCESSES * 10 - 1)
    assert found["linear"]
    assert found["values"] == 1
