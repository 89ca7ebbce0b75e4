"""Two clerks at once, on SQLite and on PostgreSQL: one is first, the other is told; nothing is stored twice or by halves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.processes import Program, copy_of, program


class Office:
    """A database with two clerks' files, and the processes of the clerks."""

    def __init__(self, writer: Program) -> None:
        self.writer = writer
        self.ids = self.ask("prepare")

    def ask(self, word: str) -> Any:
        return json.loads(self.writer.run(word).splitlines()[-1])

    def together(self, *calls: tuple[str, str, str]) -> list[str]:
        """Do all of them at the same moment; what each answered, sorted."""
        started = [self.writer.ready(*call) for call in calls]
        for each in started:
            each.go()
        return sorted(each.end().strip() for each in started)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def office(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, migrated: Callable[[str], str]
) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    with copy_of(migrated(request.param), folder) as url, program("tests.portal.data_writer", url, folder) as writer:
        yield Office(writer)


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
