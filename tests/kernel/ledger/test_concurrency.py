"""Several processes post through Django at once, on both databases: no fork, no unit lost, no key counted twice; and a
process that is killed with SIGKILL loses nothing that it had acknowledged.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.processes import Program, copy_of, program

PROCESSES, BATCHES, SIZE = 3, 15, 8


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def poster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, migrated: Callable[[str], str]
) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("installation")
    with copy_of(migrated(request.param), folder) as url, program("tests.kernel.ledger.poster", url, folder) as made:
        made.run("found")
        yield made


def report(poster: Program) -> Any:
    return json.loads(poster.run("report"))


def test_three_processes_post_at_once_and_the_chain_never_forks(poster: Program) -> None:
    posters = [poster.ready("post", str(number), str(BATCHES), str(SIZE)) for number in range(PROCESSES)]
    for each in posters:
        each.go()
    for each in posters:
        each.end()
    found = report(poster)
    assert found["findings"] == []
    assert found["replays"]
    assert found["forks"] == 0
    assert found["in_accounts"] == 20_000
    # One tick, an asset, a lot, 20 issues that open 20 accounts; then own transfers, and each shared key once.
    assert sum(found["answers"].values()) == 1 + 2 + 40 + PROCESSES * BATCHES * SIZE + BATCHES
    assert found["shared"] == BATCHES
    assert found["n"] == 1 + PROCESSES * BATCHES


def test_a_killed_process_loses_nothing_it_acknowledged_and_does_nothing_by_halves(poster: Program) -> None:
    told: set[str] = set()
    for lines in (3, 11):
        process = poster.ready("endless")
        process.go()
        for _ in range(lines):
            told |= set(process.stdout.readline().split())
        told |= {key for line in process.kill().split("\n")[:-1] for key in line.split()}
    found = report(poster)
    assert found["findings"] == []
    assert told <= set(found["keys"])
    assert len(found["keys"]) == len(set(found["keys"]))
    assert len(found["keys"]) % 5 == 0  # batches of five, whole or not at all
    assert len(found["keys"]) <= len(told) + 5
