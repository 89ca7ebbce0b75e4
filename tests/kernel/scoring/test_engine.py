"""From marks to score, grade, coverage and rank. A: 50 points, 0→20; B: 30 points, 10→5; C: 20 points by steps."""

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import RubricError, ScoringError
from dafeng.kernel.scoring import Rubric, score
from dafeng.kernel.scoring.engine import round_half_up

Make = Callable[..., Rubric]
Values = Callable[..., pl.DataFrame]
FULL = {"A": 20.0, "B": 5.0, "C": 0.0}


def row(scores: Any, subject: str = "甲") -> dict[str, Any]:
    return scores.frame.row(by_predicate=pl.col("subject") == subject, named=True)


def test_points_are_mark_times_weight(rubric: Make, values: Values) -> None:
    # A 10/20 = 50 % of 50 = 25; B (8−10)/(5−10) = 40 % of 30 = 12; C 1 fine = 60 % of 20 = 12
    found = row(score(rubric(), values(甲={"A": 10, "B": 8, "C": 1})))
    assert found["score"] == 49
    assert (found["grade"], found["coverage"], found["confidence"], found["status"]) == ("c", 1, 1, Status.OK)


def test_a_missing_value_is_left_out_and_its_weight_shared(rubric: Make, values: Values) -> None:
    # B missing: (25 + 12) × 100 ÷ (50 + 20) = 52.857…
    found = row(score(rubric(), values(甲={"A": 10, "B": None, "C": 1})))
    assert found["score"] == 52.86
    assert found["coverage"] == pytest.approx(0.7)
    assert found["status"] == Status.INCOMPLETE


@pytest.mark.parametrize(("policy", "expected"), [("exclude", 52.86), ("neutral", 25 + 15 + 12), ("worst", 25 + 12)])
def test_what_missing_means_is_the_rubrics_choice(rubric: Make, values: Values, policy: str, expected: float) -> None:
    given = values(甲={"A": 10, "C": 1})
    assert row(score(rubric(missing=policy), given))["score"] == expected
    assert row(score(rubric(missing=policy), given))["coverage"] == pytest.approx(0.7)


def test_a_policy_of_an_item_stands_before_that_of_the_rubric(
    rubric: Make, values: Values, plain: dict[str, Any]
) -> None:
    plain["items"][1]["missing"] = "worst"
    assert row(score(rubric(items=plain["items"]), values(甲={"A": 10, "C": 1})))["score"] == 37


def test_what_does_not_concern_a_subject_costs_neither_points_nor_coverage(rubric: Make, values: Values) -> None:
    for notation in ("NA", "NO"):
        found = row(score(rubric(missing="worst"), values(甲={"A": 10, "B": notation, "C": 1})))
        assert (found["score"], found["coverage"], found["status"]) == (52.86, 1, Status.OK)
    found = row(score(rubric(missing="worst"), values(甲={"A": 10, "B": "NE", "C": 1})))
    assert (found["score"], found["status"]) == (37, Status.INCOMPLETE)


def test_an_item_may_apply_only_on_a_condition(rubric: Make, values: Values, plain: dict[str, Any]) -> None:
    plain["items"][1]["applies"] = "big >= 1"
    one = rubric(items=plain["items"], inputs=[{"code": "big", "title": "规上"}], missing="worst")
    scores = score(one, values(甲={"A": 10, "C": 1, "big": 0}, 乙={"A": 10, "C": 1, "big": 1}, 丙={"A": 10, "C": 1}))
    # of 丙 nobody knows: it counts as concerned
    assert scores.frame["score"].to_list() == [52.86, 37, 37]


def test_a_condition_that_nobody_can_tell_is_not_ok(rubric: Make, values: Values, plain: dict[str, Any]) -> None:
    plain["items"][1]["applies"] = "big >= 1"
    one = rubric(items=plain["items"], inputs=[{"code": "big", "title": "规上"}])
    scores = score(one, values(甲=FULL, 乙=FULL | {"big": 1}, 丙={"A": 20, "C": 0, "big": "NA"}))
    assert scores.frame["status"].to_list() == [Status.INCOMPLETE, Status.OK, Status.OK]
    assert scores.frame["coverage"].to_list() == [1, 1, 1]


def test_no_value_at_all_is_no_score_and_not_zero(rubric: Make, values: Values) -> None:
    for policy in ("exclude", "neutral", "worst"):
        scores = score(rubric(missing=policy), values(甲=FULL), subjects=["甲", "乙"])
        found = row(scores, "乙")
        assert (found["score"], found["grade"], found["rank"], found["coverage"]) == (None, None, None, 0)
        assert found["status"] == Status.INCOMPLETE
        assert found["ranked"] == 1


def test_too_little_data_is_said_instead_of_a_grade(rubric: Make, values: Values) -> None:
    one = rubric(insufficient={"code": "pending", "title": "待补充数据", "below_coverage": 0.6})
    scores = score(one, values(甲={"A": 20}, 乙=FULL))
    assert (row(scores)["score"], row(scores)["grade"], row(scores)["rank"]) == (100, "pending", None)
    assert "覆盖率 50%，低于 60%" in scores.explain(["甲"]).filter(pl.col("kind") == "grade")["reason"].item()


def test_a_level_asks_for_coverage_and_says_so(rubric: Make, values: Values) -> None:
    scores = score(rubric(), values(甲={"A": 20, "B": None, "C": 0}))
    assert (row(scores)["score"], row(scores)["grade"]) == (100, "b")
    reason = scores.explain().filter(pl.col("kind") == "grade")["reason"].item()
    assert "覆盖率 70% 低于“甲”要求的 80%" in reason


def test_a_level_may_ask_for_a_condition(rubric: Make, values: Values, plain: dict[str, Any]) -> None:
    plain["levels"][0]["when"] = "A >= 15 or mark(B) == 100"
    scores = score(rubric(levels=plain["levels"]), values(甲={"A": 14, "B": 6, "C": 0}, 乙={"A": 14, "B": 5, "C": 0}))
    # 甲 70 % of 50 + 80 % of 30 + 20 = 79; 乙 35 + 30 + 20 = 85
    assert scores.frame["score"].to_list() == [79, 85]
    scores = score(rubric(levels=plain["levels"]), values(甲={"A": 14.8, "B": 5.1, "C": 0}))
    assert (row(scores)["score"], row(scores)["grade"]) == (86.4, "b")  # 37 + 0.98 × 30 + 20


def test_the_grade_is_that_of_the_printed_score(rubric: Make, values: Values) -> None:
    # A = 11.9999 → 29.99975; with B and C full 79.99975 is printed as 80.00 and is therefore 甲
    assert row(score(rubric(), values(甲=FULL | {"A": 11.9999})))["grade"] == "a"
    assert row(score(rubric(), values(甲=FULL | {"A": 11.99})))["grade"] == "b"  # 79.975 → 79.98


def test_halves_are_rounded_up(rubric: Make, values: Values) -> None:
    # 1.005 and 2.675 lie a little below the half in binary
    assert round_half_up(np.array([1.005, 2.675, 1.00499, -0.001]), 2).tolist() == [1.01, 2.68, 1.0, 0.0]
    assert row(score(rubric(decimals=0), values(甲=FULL | {"A": 0.2})))["score"] == 51  # 50.5
    assert row(score(rubric(), values(甲=FULL | {"A": 0.006})))["score"] == 50.02  # 50.015


VETOES = [
    {"code": "V1", "title": "造假", "when": "fraud >= 1", "effect": "cap_grade", "grade": "c", "lifting": "更正"},
    {"code": "V2", "title": "事故", "when": "accident >= 1", "effect": "cap_score", "score": 59},
    {"code": "V3", "title": "停业", "when": "closed >= 1", "effect": "zero"},
]
EVENTS = [{"code": code, "title": code, "when_absent": 0} for code in ("fraud", "accident", "closed")]


@pytest.mark.parametrize(
    ("event", "expected"),
    [("fraud", (100, "c", ["V1"])), ("accident", (59, "c", ["V2"])), ("closed", (0, "c", ["V3"]))],
)
def test_each_veto_does_what_it_says(rubric: Make, values: Values, event: str, expected: Any) -> None:
    scores = score(rubric(vetoes=VETOES, inputs=EVENTS), values(甲=FULL | {event: 1}, 乙=FULL))
    found = row(scores)
    assert (found["score"], found["grade"], found["vetoes"]) == expected
    assert (row(scores, "乙")["score"], row(scores, "乙")["grade"], row(scores, "乙")["vetoes"]) == (100, "a", [])


def test_a_cap_never_raises_a_score(rubric: Make, values: Values) -> None:
    low = {"A": 0.0, "B": 10.0, "C": 0.0, "accident": 1.0}
    assert row(score(rubric(vetoes=VETOES, inputs=EVENTS), values(甲=low)))["score"] == 20


def test_a_veto_to_the_lowest_level_needs_no_more_data(rubric: Make, values: Values) -> None:
    one = rubric(vetoes=VETOES, inputs=EVENTS, insufficient={"code": "p", "title": "待补", "below_coverage": 0.6})
    scores = score(one, values(甲={"A": 20, "fraud": 1}, 乙={"A": 20}))
    assert scores.frame["grade"].to_list() == ["c", "p"]
    assert scores.explain(["甲"]).filter(pl.col("kind") == "grade")["reason"].item() == (
        "得分 100，按分数为“甲”；因覆盖率 50% 低于“甲”要求的 80%、否决“造假”，定为“丙”"
    )


def test_a_veto_that_cannot_be_told_does_not_strike_and_is_not_ok(rubric: Make, values: Values) -> None:
    inputs = [{"code": code, "title": code} for code in ("fraud", "accident", "closed")]
    found = row(score(rubric(vetoes=VETOES, inputs=inputs), values(甲=FULL | {"accident": 0, "closed": "NA"})))
    assert (found["score"], found["vetoes"], found["undecided"], found["status"]) == (
        100,
        [],
        ["V1"],
        Status.INCOMPLETE,
    )


def test_a_veto_gives_its_own_level_whatever_the_data(rubric: Make, values: Values, plain: dict[str, Any]) -> None:
    levels = [*plain["levels"], {"code": "out", "title": "非绿", "by_veto": True}]
    veto = {**VETOES[0], "grade": "out"}
    one = rubric(
        levels=levels, vetoes=[veto], inputs=EVENTS, insufficient={"code": "p", "title": "待补", "below_coverage": 0.6}
    )
    scores = score(one, values(甲=FULL | {"fraud": 1}, 乙={"fraud": 1}, 丙={"A": 1}))
    assert scores.frame["grade"].to_list() == ["out", "out", "p"]
    assert scores.explain(["乙"]).filter(pl.col("kind") == "grade")["reason"].item() == "因否决“造假”定级"


def test_bonuses_and_deductions_keep_within_their_caps(rubric: Make, values: Values) -> None:
    one = rubric(
        inputs=[{"code": "praise", "title": "表彰", "when_absent": 0}, {"code": "blame", "title": "批评", "when_absent": 0}],
        bonus_cap=4,
        bonuses=[{"code": "P", "title": "表彰", "points": "2 * praise", "cap": 3}, {"code": "Q", "title": "满分", "points": 2, "cap": 2, "when": "mark(C) == 100"}],
        deductions=[{"code": "D", "title": "批评", "points": "5 * blame", "cap": 60}],
    )  # fmt: skip
    scores = score(
        one, values(甲={"A": 10, "B": 8, "C": 0, "praise": 9, "blame": 1}, 乙={"A": 0, "B": 10, "C": 1, "blame": 9})
    )
    # 甲: 25 + 12 + 20 = 57; P 18 → 3; Q 2 → 1 is left of 4; D 5
    assert (row(scores)["base_points"], row(scores)["bonus"], row(scores)["deduction"], row(scores)["score"]) == (
        57,
        4,
        5,
        56,
    )
    # 乙: 12 points cannot fall below 0
    assert (row(scores, "乙")["deduction"], row(scores, "乙")["score"]) == (12, 0)


def test_equal_scores_share_a_rank_and_the_next_is_skipped(rubric: Make, values: Values) -> None:
    given = {"甲": 20.0, "乙": 10.0, "丙": 10.000001, "丁": 5.0, "戊": None}
    scores = score(rubric(), values(**{name: {"A": each} for name, each in given.items()}))
    assert scores.frame["rank"].to_list() == [1, 2, 2, 4, None]
    assert scores.frame["ranked"].to_list() == [4] * 5


def test_a_vetoed_subject_stands_behind_those_of_a_better_grade(rubric: Make, values: Values) -> None:
    scores = score(rubric(vetoes=VETOES, inputs=EVENTS), values(甲=FULL | {"fraud": 1}, 乙=FULL | {"A": 8}))
    assert scores.frame.select("score", "rank").rows() == [(100, 2), (70, 1)]


def test_ranks_are_within_the_group(rubric: Make, values: Values) -> None:
    subjects = pl.DataFrame({"subject": ["甲", "乙", "丙"], "group": ["p", "p", "q"]})
    scores = score(rubric(), values(甲={"A": 1}, 乙={"A": 2}, 丙={"A": 0}), subjects=subjects)
    assert scores.frame["rank"].to_list() == [2, 1, 1]


def test_estimated_and_doubtful_values_lower_the_confidence_and_not_the_score(rubric: Make) -> None:
    values = pl.DataFrame(
        {
            "subject": "甲",
            "indicator": ["A", "B", "C"],
            "value": [20.0, 5, 0],
            "status": [0, 2, 0],
            "estimated": [0.5, 0, 0],
        }
    )
    found = row(score(rubric(), values))
    # A counts half of 50, B is DEGRADED and counts nothing, C 20
    assert (found["score"], found["coverage"], found["confidence"], found["status"]) == (100, 1, 0.45, Status.DEGRADED)


def test_a_value_that_a_base_rests_on_passes_its_status_on(rubric: Make, plain: dict[str, Any]) -> None:
    plain["items"][0]["lead"] = "target"
    one = rubric(items=plain["items"], inputs=[{"code": "target", "title": "目标"}])
    values = pl.DataFrame(
        {
            "subject": "甲",
            "indicator": ["A", "target", "B", "C"],
            "value": [5.0, 20, 5, 0],
            "status": ["OK", "DEGRADED", "OK", "OK"],
        }
    )
    assert row(score(one, values))["status"] == Status.DEGRADED


def test_derived_values_are_reckoned_from_inputs(rubric: Make, values: Values, plain: dict[str, Any]) -> None:
    plain["items"][0] |= {"value": "share * 20"}
    inputs = [
        {"code": "share", "title": "比例", "value": "done / due"},
        {"code": "done", "title": "完成"},
        {"code": "due", "title": "到期"},
    ]
    one = rubric(items=plain["items"], inputs=inputs)
    scores = score(one, values(甲={"done": 1, "due": 2, "B": 5, "C": 0}, 乙={"done": 0, "due": 0, "B": 5, "C": 0}))
    assert scores.frame["score"].to_list() == [75, 100]  # 10 of 20; nothing due: no value
    assert scores.frame["coverage"].to_list() == [1, 0.5]


def test_units_are_converted_to_those_of_the_rubric(rubric: Make) -> None:
    values = pl.DataFrame(
        {"subject": "甲", "indicator": ["A", "B", "C"], "value": [0.1, 5, 0], "unit": ["1", "", "次"]}
    )
    assert row(score(rubric(), values))["score"] == 75  # 0.1 = 10 %


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"unit": ["t", "", "次"]}, "单位是“t”"),
        ({"value": [float("inf"), 5, 0]}, "不是有限的数"),
        ({"indicator": ["A", "A", "C"]}, "给了 2 次"),
        ({"status": [3, 0, 0]}, "状态不认识"),
        ({"status": ["fine", "OK", "OK"]}, "类型不对"),
        ({"estimated": [1.5, 0, 0]}, "估算占比"),
        ({"notation": ["XX", None, None]}, "标记符号"),
        ({"value": ["x", "1", "2"]}, "类型不对"),
    ],
)
def test_values_that_cannot_be_used_are_refused_by_name(rubric: Make, changes: dict[str, Any], words: str) -> None:
    frame = pl.DataFrame({"subject": "甲", "indicator": ["A", "B", "C"], "value": [10.0, 5, 0]} | changes, strict=False)
    with pytest.raises(ScoringError, match=words):
        score(rubric(), frame)


def test_a_table_without_its_columns_and_a_subject_named_twice_are_refused(rubric: Make, values: Values) -> None:
    with pytest.raises(ScoringError, match="indicator"):
        score(rubric(), pl.DataFrame({"subject": ["甲"], "value": [1.0]}))
    with pytest.raises(ScoringError, match="出现两次"):
        score(rubric(), values(甲=FULL), subjects=["甲", "甲"])


def test_nobody_to_score_is_an_empty_frame(rubric: Make, values: Values) -> None:
    scores = score(rubric(vetoes=VETOES, inputs=EVENTS), values())
    assert scores.frame.height == 0
    assert scores.explain().height == 0


def test_a_rubric_out_of_force_is_refused(rubric: Make, values: Values) -> None:
    with pytest.raises(RubricError, match="无效"):
        score(rubric(), values(甲=FULL), on=date(2025, 12, 31))
    assert row(score(rubric(), values(甲=FULL), on=date(2026, 1, 1)))["score"] == 100


def test_groups_add_up(rubric: Make, values: Values, plain: dict[str, Any]) -> None:
    groups = [
        {"code": "all", "title": "全部", "weight": 80},
        {"code": "energy", "title": "能源", "weight": 50, "parent": "all"},
    ]
    plain["items"][0]["group"], plain["items"][1]["group"] = "energy", "all"
    scores = score(rubric(items=plain["items"], groups=groups), values(甲={"A": 10, "B": 8, "C": 1}))
    assert scores.groups().select("code", "points", "full", "coverage").rows() == [
        ("all", 37, 80, 1),
        ("energy", 25, 50, 1),
    ]
