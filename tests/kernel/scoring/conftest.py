"""A small rubric of known arithmetic: one item of weight 50, 30 and 20, a veto of each effect, four levels."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import polars as pl
import pytest

from dafeng.kernel.scoring import Rubric

PLAIN: dict[str, Any] = {
    "id": "test",
    "title": "试验",
    "title_en": "A test",
    "version": "1",
    "valid_from": "2026-01-01",
    "standing": "试验",
    "items": [
        {"code": "A", "title": "下降率", "title_en": "fall", "weight": 50, "unit": "%", "scoring": "linear", "base": 0, "lead": 20},
        {"code": "B", "title": "单耗", "title_en": "use", "weight": 30, "scoring": "inverse", "base": 10, "lead": 5},
        {"code": "C", "title": "处罚", "title_en": "fines", "weight": 20, "unit": "次", "scoring": "step", "below": 100,
         "steps": [{"at": 1, "mark": 60}, {"at": 3, "mark": 0}]},
    ],
    "levels": [
        {"code": "a", "title": "甲", "from": 80, "minimum_coverage": 0.8},
        {"code": "b", "title": "乙", "from": 60, "to": 80},
        {"code": "c", "title": "丙", "to": 60},
    ],
}  # fmt: skip


@pytest.fixture
def plain() -> dict[str, Any]:
    """The rubric as a table that a test may change."""
    return deepcopy(PLAIN)


@pytest.fixture
def rubric() -> Callable[..., Rubric]:
    """The rubric, with top keys replaced."""

    def make(**changes: Any) -> Rubric:
        return Rubric.from_dict({**deepcopy(PLAIN), **changes})

    return make


@pytest.fixture
def values() -> Callable[..., pl.DataFrame]:
    """`values(甲={"A": 10, "B": None})`: one row a figure; a text is a notation key."""

    def make(**subjects: Mapping[str, float | str | None]) -> pl.DataFrame:
        rows = [
            {"subject": name, "indicator": code, "value": None if isinstance(given, str) else given,
             "notation": given if isinstance(given, str) else None}
            for name, figures in subjects.items()
            for code, given in figures.items()
        ]  # fmt: skip
        schema = {"subject": pl.String, "indicator": pl.String, "value": pl.Float64, "notation": pl.String}
        return pl.DataFrame(rows, schema=schema)

    return make
