"""What is published can be computed again by anyone, and a changed number does not pass."""

import json
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from dafeng.kernel.errors import RubricError, ScoringError
from dafeng.kernel.scoring import Rubric, publish, recompute, render, score, verify


@pytest.fixture
def published(rubric: Callable[..., Rubric], values: Callable[..., pl.DataFrame]) -> dict[str, Any]:
    one = rubric(vetoes=[{"code": "V", "title": "v", "when": "C >= 3", "effect": "cap_grade", "grade": "c"}])
    frame = values(甲={"A": 10.1, "B": 8, "C": 1, "other": 5}, 乙={"A": 20, "C": 4}, 丙={"A": "NA"})
    frame = frame.with_columns(pl.lit("OK").alias("status"), pl.lit(0.25).alias("estimated"))
    return json.loads(json.dumps(publish(score(one, frame)), ensure_ascii=False))


def test_scores_computed_again_from_json_are_equal(published: dict[str, Any]) -> None:
    again = recompute(published)
    assert verify(published) == []
    # 甲: 25.25 + 12 + 12 = 49.25
    assert again.frame["score"].to_list() == [49.25, 71.43, None]
    assert again.rubric.digest == published["digest"]
    assert all(row["indicator"] != "other" for row in published["values"])
    assert json.loads(json.dumps(publish(again)))["values_digest"] == published["values_digest"]


def test_a_changed_score_value_or_rubric_does_not_pass(published: dict[str, Any]) -> None:
    published["scores"][0]["score"] = 99
    assert verify(published) == ["“甲”的 score 公布为 99，重算为 49.25"]
    published["values"][0]["value"] = 20
    with pytest.raises(ScoringError, match="数值与其摘要不符"):
        recompute(published)
    published["rubric"]["items"][0]["title"] = "别的"
    with pytest.raises(RubricError, match="评分规则与其摘要不符"):
        recompute(published)


def test_a_subject_left_out_of_the_publication_is_missed(published: dict[str, Any]) -> None:
    published["scores"].pop()
    assert verify(published) == ["“丙”没有公布得分"]


def test_something_else_is_not_a_result() -> None:
    with pytest.raises(ScoringError, match="不是评分结果"):
        recompute({"scores": []})
    with pytest.raises(ScoringError, match="不完整"):
        recompute({"format": "dafeng.scores/1"})


def test_a_clerk_reads_every_weight_cut_and_rule(rubric: Callable[..., Rubric], plain: dict[str, Any]) -> None:
    plain["items"][1]["missing"] = "worst"
    one = rubric(
        items=plain["items"], inputs=[{"code": "x", "title": "事故", "when_absent": 0}], bonus_cap=2,
        bonuses=[{"code": "P", "title": "加分", "title_en": "bonus", "points": "2 * A", "cap": 3, "when": "A > 1"}],
        vetoes=[{"code": "V", "title": "否决", "when": "x >= 1", "effect": "cap_score", "score": 59, "lifting": "整改"}],
        insufficient={"code": "p", "title": "待补", "below_coverage": 0.6},
    )  # fmt: skip
    text = render(one)
    for words in (
        "| A | 下降率（%） | 50 | `A` | 不高于 0 得 0，达到 20 得满分，其间按直线 |",
        "不低于 10 得 0，降到 5 得满分，其间按直线；缺数时按 0 分计；覆盖率降低",
        "低于 1 得 100%；达到 1 得 60%；达到 3 得 0%",
        "没有记录按 0 计",
        "P 加分: 2 × “下降率” 分，最多 3 分，当 “下降率” > 1",
        "V 否决: 当 “事故” ≥ 1，得分最高 59 分；解除：整改",
        "- 甲: 80 分及以上，覆盖率不低于 80%",
        "- 待补: 覆盖率低于 60%，不评等级，不排名",
        one.digest,
    ):
        assert words in text
    english = render(one, language="en")
    assert "0 up to 0, full from 20, straight between" in english
    with pytest.raises(RubricError, match="没有“fr”这种语言"):
        render(one, language="fr")
