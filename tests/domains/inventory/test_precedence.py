"""What an office reports replaces what was estimated for the same thing, and nothing else."""

from __future__ import annotations

import polars as pl
import pytest

from dafeng.domains.inventory.methods.precedence import covers, without_replaced


def frame(*rows: tuple) -> pl.DataFrame:
    return pl.DataFrame(
        rows,
        schema={"category": pl.String, "place": pl.String, "year": pl.Int16, "value": pl.Float64, "basis": pl.String},
        orient="row",
    )


ESTIMATES = frame(
    ("1A2x", "411502", 2020, 1.0, "estimated"),
    ("1A2x", "411503", 2020, 2.0, "estimated"),
    ("1A2x", "411502", 2019, 3.0, "estimated"),
    ("1A4b1", "411502", 2020, 4.0, "estimated"),
    ("1A2x", "411502", 2020, 5.0, "statistic"),
)


@pytest.mark.parametrize(
    ("report", "left"),
    [
        (("1A2x", "411500", 2020, 9.0, "reported"), [3.0, 4.0, 5.0]),
        (("1A2x", "411502", 2020, 9.0, "reported"), [2.0, 3.0, 4.0, 5.0]),
        (("1A2a", "411500", 2020, 9.0, "reported"), [3.0, 4.0, 5.0]),
        (("1A2k", "411500", 2020, 9.0, "reported"), [1.0, 2.0, 3.0, 4.0, 5.0]),
        (("1A4b", "411500", 2020, 9.0, "reported"), [1.0, 2.0, 3.0, 5.0]),
        (("1A2x", "411500", 2020, None, "reported"), [1.0, 2.0, 3.0, 4.0, 5.0]),
        (("1A2x", "410000", 2018, 9.0, "reported"), [1.0, 2.0, 3.0, 4.0, 5.0]),
    ],
)
def test_a_report_replaces_the_estimates_that_it_covers(report: tuple, left: list[float]) -> None:
    assert without_replaced(ESTIMATES, frame(report))["value"].to_list() == left


def test_a_divided_report_speaks_for_the_undivided_estimate_but_not_the_reverse() -> None:
    assert covers("1A3b", "1A3e")
    assert not covers("1A3e", "1A3b")
