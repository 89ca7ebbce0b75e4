"""Each way to earn a mark, by hand."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from dafeng.kernel.scoring import Rubric, score

NONE = None


def marks(item: dict[str, Any], figures: list[float | None], groups: list[str] | None = None) -> list[float | None]:
    rubric = Rubric.from_dict(
        {"id": "t", "title": "t", "version": "1", "valid_from": "2026-01-01", "standing": "t",
         "items": [{"code": "X", "title": "x", "weight": 100, **item}]}
    )  # fmt: skip
    names = [f"s{number}" for number in range(len(figures))]
    values = pl.DataFrame({"subject": names, "indicator": "X", "value": pl.Series(figures, dtype=pl.Float64)})
    subjects = pl.DataFrame({"subject": names, "group": groups or [""] * len(names)})
    lines = score(rubric, values, subjects=subjects).explain().filter(pl.col("kind") == "item")
    return lines["mark"].to_list()


def test_linear_runs_straight_from_base_to_lead_and_is_cut_at_both_ends() -> None:
    # (5 − 0) ÷ (20 − 0) = 25 %
    item = {"scoring": "linear", "base": 0, "lead": 20}
    assert marks(item, [-3, 0, 5, 20, 90, None]) == [0, 0, 25, 100, 100, None]


def test_inverse_is_full_at_and_below_its_lead() -> None:
    # (9 − 10) ÷ (5 − 10) = 20 %
    item = {"scoring": "inverse", "base": 10, "lead": 5}
    assert marks(item, [12, 10, 9, 5, 1]) == pytest.approx([0, 0, 20, 100, 100])


def test_a_step_holds_from_its_value_on() -> None:
    item = {"scoring": "step", "below": 100, "steps": [{"at": 1, "mark": 60}, {"at": 3, "mark": 0}]}
    assert marks(item, [0, 0.99, 1, 2.9, 3, 50]) == [100, 100, 60, 60, 0, 0]


def test_a_band_is_full_inside_and_falls_to_its_limits() -> None:
    # below: (15 − 10) ÷ (20 − 10) = 50 %; above: (60 − 50) ÷ (60 − 40) = 50 %
    item = {"scoring": "band", "band": [20, 40], "limits": [10, 60]}
    assert marks(item, [5, 10, 15, 20, 30, 40, 50, 60, 99]) == pytest.approx([0, 0, 50, 100, 100, 100, 50, 0, 0])


def test_rank_is_the_share_of_the_other_peers_that_are_worse_and_equals_count_half() -> None:
    # four others each; 1: none worse → 0; 2 and 2: one worse and half of one equal → 1.5 ÷ 4; 3: 3 ÷ 4; 9: 4 ÷ 4
    assert marks({"scoring": "rank", "better": "higher"}, [1, 2, 2, 3, 9]) == [0, 37.5, 37.5, 75, 100]
    assert marks({"scoring": "rank", "better": "lower"}, [1, 2, 2, 3, 9]) == [100, 62.5, 62.5, 25, 0]


def test_peers_are_those_of_the_same_group_that_have_a_value() -> None:
    found = marks({"scoring": "rank", "better": "higher"}, [1, 2, 5, 6, NONE], ["p", "p", "q", "q", "q"])
    assert found == [0, 100, 0, 100, None]
    assert marks({"scoring": "rank", "better": "higher", "minimum_peers": 3}, [1, 2]) == [None, None]


def test_a_free_rule_gives_a_mark_within_0_and_100() -> None:
    assert marks({"scoring": "rule", "rule": "X * 2"}, [-1, 10, 70, None]) == [0, 20, 100, None]


def test_base_and_lead_may_differ_between_subjects(
    rubric: Callable[..., Rubric], values: Callable[..., pl.DataFrame], plain: dict[str, Any]
) -> None:
    items = plain["items"]
    items[0] |= {"base": 0, "lead": "target"}
    one = rubric(items=items, inputs=[{"code": "target", "title": "目标"}])
    given = values(
        甲={"A": 5, "target": 10, "B": 5, "C": 0},
        乙={"A": 5, "target": 20, "B": 5, "C": 0},
        丙={"A": 5, "B": 5, "C": 0},
        丁={"A": 5, "target": 0, "B": 5, "C": 0},
    )
    scores = score(one, given)
    # 甲 5/10 → 25 of 50; 乙 5/20 → 12.5 of 50; with B and C full: + 30 + 20
    assert scores.frame["score"].to_list() == [75, 62.5, 100, 100]
    # no target, or one that is no target: no mark, and that is said
    assert scores.frame["coverage"].to_list() == [1, 1, 0.5, 0.5]
    reason = scores.explain(["丁"]).filter(pl.col("code") == "A")["reason"].item()
    assert "基准值或引领值缺失，或方向不对" in reason
