"""The divisions of GB/T 4754-2017: 97 of them, 01 to 97 without a gap, each with its name in both languages."""

from __future__ import annotations

import csv

import pytest

from dafeng.kernel.enterprises import divisions


def test_every_division_is_there_once_and_named_in_both_languages() -> None:
    """The standard's twenty sections end with 97, international organisations; none of the numbers is left out."""
    with divisions.PATH.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["code"] for row in rows] == [f"{number:02d}" for number in range(1, 98)]
    assert all(row["title"] and row["title_en"].isascii() for row in rows)
    assert len({row["title"] for row in rows}) == len({row["title_en"] for row in rows}) == 97


@pytest.mark.parametrize(
    ("code", "title"), [("3011", "非金属矿物制品业"), ("44", "电力、热力生产和供应业"), ("00", ""), ("", ""), ("9", "")]
)
def test_a_code_of_any_depth_is_named_by_its_division(code: str, title: str) -> None:
    assert divisions.title(code) == title
