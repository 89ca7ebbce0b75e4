"""Why: lines that add up, with sentences; what would raise a score; what changed from one year to the next."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from dafeng.kernel.errors import ScoringError
from dafeng.kernel.scoring import Rubric, advice, compare, score

Make = Callable[..., Rubric]
Values = Callable[..., pl.DataFrame]
FULL = {"A": 20.0, "B": 5.0, "C": 0.0}
CAP = {
    "code": "V",
    "title": "事故",
    "title_en": "accident",
    "when": "accident >= 1",
    "effect": "cap_score",
    "score": 40,
    "lifting": "整改",
}
EVENT = {"code": "accident", "title": "事故数", "when_absent": 0}


def test_the_lines_say_what_was_measured_and_what_it_brought(rubric: Make, values: Values) -> None:
    lines = score(rubric(), values(甲={"A": 10, "B": None, "C": 1})).explain(["甲"])
    assert lines["reason"].to_list() == [
        "数值 10 %，基准 0、引领 20：得分率 50%，71.43 分中得 35.71 分",
        "没有数据：不计分，权重按比例分给其他项",
        "数值 1 次，达到 1：得分率 60%，28.57 分中得 17.14 分",
        "得分 52.86，按分数为“丙”",
    ]
    assert lines["reason_en"][0] == "value 10 %, base 0, lead 20: mark 50%, 35.71 of 71.43 points"
    assert lines["state"].to_list() == ["scored", "missing", "scored", "scored"]
    assert lines["value"].to_list() == [10, None, 1, 52.86]


def test_the_points_of_all_lines_make_the_score(rubric: Make, values: Values) -> None:
    one = rubric(
        inputs=[EVENT], vetoes=[CAP, {**CAP, "code": "W", "score": 30}],
        bonuses=[{"code": "P", "title": "加分", "points": 3, "cap": 3}], deductions=[{"code": "D", "title": "扣分", "points": 1, "cap": 2}],
    )  # fmt: skip
    scores = score(one, values(甲=FULL | {"accident": 2}, 乙={"A": 10, "C": 1}))
    sums = (
        scores.explain()
        .filter(pl.col("kind") != "grade")
        .group_by("subject", maintain_order=True)
        .agg(pl.col("points").sum())
    )
    assert sums["points"].to_list() == pytest.approx([30, 52.857142857 + 2])
    vetoes = scores.explain(["甲"]).filter(pl.col("kind") == "veto")
    assert vetoes["points"].to_list() == [-62, -10]  # 102 → 40 → 30
    assert vetoes["reason"][0] == "触发否决“事故”：得分最高 40 分；解除：整改"


def test_a_subject_that_was_not_scored_is_refused(rubric: Make, values: Values) -> None:
    with pytest.raises(ScoringError, match="没有对象“乙”"):
        score(rubric(), values(甲=FULL)).explain(["乙"])


def test_advice_tells_the_points_to_be_won(rubric: Make, values: Values) -> None:
    found = advice(score(rubric(), values(甲={"A": 10, "B": 8, "C": 1})))
    # A 50 % of 50 to be won; B 60 % of 30; C 40 % of 20
    assert found.select("code", "gain", "value").rows() == [("A", 25, 10), ("B", 18, 8), ("C", 8, 1)]
    assert found["reason"].to_list() == [
        "提高到引领水平“下降率”（10 → 20 %）：可提高 25 分",
        "提高到引领水平“单耗”（8 → 5）：可提高 18 分",
        "提高到引领水平“处罚”（1 → 低于 1 次）：可提高 8 分",
    ]
    assert found["grade_after"].to_list() == ["b", "b", "c"]  # 49 + 25, 49 + 18, 49 + 8


def test_a_missing_value_at_its_lead_takes_its_weight_back(rubric: Make, values: Values) -> None:
    found = advice(score(rubric(), values(甲={"A": 10, "C": 1})), ["甲"], limit=1)
    # now 37 ÷ 70 = 52.86; with A full 62 ÷ 70 = 88.57; with B full 67 of 100
    assert found.select("code", "gain").rows() == [("A", 35.71)]
    last = advice(score(rubric(), values(甲={"A": 10, "C": 1}))).row(1, named=True)
    # 25 + 30 + 12 − 52.86
    assert last["reason"] == "补充数据并达到引领水平“单耗”（— → 5）：可提高 14.14 分"


def test_the_veto_comes_first_and_what_lies_under_it_is_worth_nothing_yet(rubric: Make, values: Values) -> None:
    scores = score(rubric(inputs=[EVENT], vetoes=[CAP]), values(甲={"A": 10, "B": 5, "C": 0, "accident": 1}))
    found = advice(scores)
    # without the veto 75; it gives 40
    assert found.select("kind", "code", "gain", "gain_lifted").rows() == [("veto", "V", 35, 35), ("item", "A", 0, 25)]
    assert found["reason"][0] == "先解除否决“事故”（得分最高 40 分）：整改"
    assert found["grade_after"].to_list() == ["b", "a"]


def test_bonuses_not_earned_and_deductions_are_advice_too(rubric: Make, values: Values) -> None:
    one = rubric(
        inputs=[{"code": "praise", "title": "表彰", "when_absent": 0}],
        bonuses=[{"code": "P", "title": "表彰", "points": "praise", "cap": 3}],
        deductions=[{"code": "D", "title": "批评", "points": 2, "cap": 2}],
    )
    found = advice(score(one, values(甲=FULL | {"praise": 1})))
    assert found.select("kind", "gain").rows() == [("bonus", 2), ("deduction", 2)]


def test_year_on_year_is_told_line_by_line(rubric: Make, values: Values) -> None:
    one = rubric()
    before, after = score(one, values(甲={"A": 10, "B": 8, "C": 1})), score(one, values(甲={"A": 12, "B": 9, "C": 1}))
    found = compare(before, after)
    # A +2 of 20 → +5; B (9−10)/(5−10) = 20 %: 12 → 6
    assert found.lines.select("code", "difference", "by_values", "by_rubric").rows() == [
        ("A", pytest.approx(5), pytest.approx(5), 0), ("B", pytest.approx(-6), pytest.approx(-6), 0), ("C", 0, 0, 0),
    ]  # fmt: skip
    assert found.lines["reason"].to_list() == [
        "10 → 12，得分 25 → 30（数值 5，规则 0）", "8 → 9，得分 12 → 6（数值 -6，规则 0）", "得分未变",
    ]  # fmt: skip
    assert found.subjects.select("score_before", "score_after", "difference").row(0) == (49, 48, -1)


def test_a_new_rubric_is_told_apart_from_new_values(rubric: Make, values: Values, plain: dict[str, Any]) -> None:
    old = rubric()
    plain["items"][0]["weight"], plain["items"][1] = (
        70,
        plain["items"][1] | {"code": "N", "title": "新项", "weight": 10},
    )
    new = rubric(version="2", items=plain["items"])
    before = score(old, values(甲={"A": 10, "B": 8, "C": 1}))
    after = score(new, values(甲={"A": 12, "B": 8, "N": 5, "C": 1}))
    found = compare(before, after)
    lines = {row["code"]: row for row in found.lines.to_dicts()}
    # A: 25 → 30 by its value (old weight 50), then 30 → 42 by its new weight 70
    assert (lines["A"]["by_values"], lines["A"]["by_rubric"]) == (pytest.approx(5), pytest.approx(12))
    assert (lines["N"]["difference"], lines["N"]["reason"]) == (10, "新增：得 10 分")
    assert (lines["B"]["difference"], lines["B"]["reason"]) == (-12, "不再计分：原得 12 分")
    whole = found.subjects.row(0, named=True)
    # 49 → 54 (values) → 42 + 10 + 12 = 64 (rubric)
    assert (whole["score_before"], whole["score_after"], whole["by_values"], whole["by_rubric"]) == (49, 64, 5, 10)


def test_subjects_that_come_and_go_are_not_lost(rubric: Make, values: Values) -> None:
    found = compare(score(rubric(), values(甲=FULL)), score(rubric(), values(乙=FULL)))
    assert found.subjects.select("subject", "score_before", "score_after", "difference").rows() == [
        ("乙", None, 100, None), ("甲", 100, None, None),
    ]  # fmt: skip


def test_words_that_look_like_formats_are_left_alone(rubric: Make, values: Values, plain: dict[str, Any]) -> None:
    plain["items"][0] |= {"title": "甲{}%s{0}", "unit": "{}"}
    scores = score(rubric(items=plain["items"]), values(甲={"A": 10, "B": 8, "C": 1}))
    assert scores.explain()["reason"][0].startswith("数值 10 {}，")
    assert "“甲{}%s{0}”" in advice(scores)["reason"][0]


def test_a_derived_value_that_is_missing_names_what_it_lacks(
    rubric: Make, values: Values, plain: dict[str, Any]
) -> None:
    plain["items"][0]["value"] = "done / due * 100"
    inputs = [{"code": "done", "title": "完成数"}, {"code": "due", "title": "到期数"}]
    scores = score(
        rubric(items=plain["items"], inputs=inputs),
        values(甲={"due": 4, "B": 5, "C": 0}, 乙={"due": 0, "done": 0, "B": 5}),
    )
    reasons = scores.explain().filter(pl.col("code") == "A")["reason"].to_list()
    assert reasons == ["没有数据（缺 完成数）：不计分，权重按比例分给其他项", "没有数据：不计分，权重按比例分给其他项"]
