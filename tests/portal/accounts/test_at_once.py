"""Two processes at once, on SQLite and on PostgreSQL: an invitation is used once, one administrator stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import copy_of, program

from .rival import ROUNDS


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_an_invitation_is_used_once_and_one_administrator_stays(
    engine: str, tmp_path: Path, migrated: Callable[[str], str]
) -> None:
    with copy_of(migrated(engine), tmp_path) as url, program("tests.portal.accounts.rival", url, tmp_path) as rival:
        rival.run("prepare")
        rivals = [rival.ready(name) for name in ("one", "two")]
        for each in rivals:
            each.go()
        assert sum(int(each.end()) for each in rivals) == ROUNDS
        assert rival.run("report").split() == [str(ROUNDS), str(ROUNDS), "1", "True"]
