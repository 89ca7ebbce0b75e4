"""What must hold of every rubric and every value."""

import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dafeng.kernel.scoring import Rubric, advice, publish, score, verify

number = st.floats(-100, 100).map(lambda x: round(x, 3))
codes = "ABCDE"


@st.composite
def items(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Two to five items whose weights make 100, each with a scale that rises or falls."""
    size = draw(st.integers(2, 5))
    raw = draw(st.lists(st.integers(1, 50), min_size=size, max_size=size))
    found = []
    for code, weight in zip(codes, raw, strict=False):
        kind = draw(st.sampled_from(["linear", "inverse", "step"]))
        low, width = draw(number), draw(st.floats(0.1, 50))
        scale: dict[str, Any] = {"base": low, "lead": low + width}
        if kind == "inverse":
            scale = {"base": low + width, "lead": low}
        if kind == "step":
            marks = sorted(draw(st.lists(st.integers(0, 100), min_size=3, max_size=3)))
            scale = {"below": marks[0], "steps": [{"at": low, "mark": marks[1]}, {"at": low + width, "mark": marks[2]}]}
        policy = draw(st.sampled_from(["exclude", "neutral", "worst"]))
        found.append(
            {
                "code": code,
                "title": code,
                "weight": weight * 100 / sum(raw),
                "scoring": kind,
                "missing": policy,
                **scale,
            }
        )
    return found


def rubric(lines: list[dict[str, Any]]) -> Rubric:
    levels = [{"code": "a", "title": "甲", "from": 60}, {"code": "b", "title": "乙", "to": 60}]
    return Rubric.from_dict(
        {
            "id": "t",
            "title": "t",
            "version": "1",
            "valid_from": "2026-01-01",
            "standing": "t",
            "items": lines,
            "levels": levels,
        }
    )


def frame(figures: dict[str, dict[str, float | None]]) -> pl.DataFrame:
    rows = [(name, code, value) for name, given_ in figures.items() for code, value in given_.items()]
    return pl.DataFrame(rows, schema={"subject": pl.String, "indicator": pl.String, "value": pl.Float64}, orient="row")


figures = st.fixed_dictionaries({code: st.one_of(st.none(), number) for code in codes})


@given(items(), st.fixed_dictionaries(dict.fromkeys(codes, number)), st.floats(0, 1), st.integers(0, 4))
@settings(max_examples=60, deadline=None)
def test_a_value_nearer_to_its_lead_never_lowers_the_score(
    lines: list[dict[str, Any]], one: dict[str, float], share: float, which: int
) -> None:
    line = lines[which % len(lines)]
    lead = line["lead"] if line["scoring"] != "step" else line["steps"][-1]["at"]
    value = one[line["code"]]
    towards = value + share * (lead - value)
    if line["scoring"] == "step":
        towards = max(value, towards)  # a step is no better for being passed, and never worse
    by = rubric(lines)
    found = score(by, frame({"before": one, "after": one | {line["code"]: towards}})).settled.exact
    assert found[1] >= found[0] - 1e-9


@given(items(), figures)
@settings(max_examples=60, deadline=None)
def test_weights_are_renormalised_and_coverage_is_the_weight_with_values(
    lines: list[dict[str, Any]], one: dict[str, float | None]
) -> None:
    scores = score(rubric(lines), frame({"x": one}), subjects=["x"])
    present = sum(line["weight"] for line in lines if one[line["code"]] is not None)
    assert scores.settled.coverage[0] == pytest.approx(present / 100, abs=1e-6)
    assert scores.settled.confidence[0] <= scores.settled.coverage[0] + 1e-12
    counted = [line for line in lines if one[line["code"]] is not None or line["missing"] != "exclude"]
    assert scores.settled.effective.sum() == pytest.approx(100 if counted else 0)
    if present:
        assert -1e-9 <= scores.settled.exact[0] <= 100 + 1e-9
        total = scores.explain().filter(pl.col("kind") == "item")["points"].sum()
        assert total == pytest.approx(scores.settled.exact[0])
    else:
        assert np.isnan(scores.settled.score[0])


@given(items(), st.lists(figures, min_size=2, max_size=6), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_of_rows_subjects_and_items_changes_nothing(
    lines: list[dict[str, Any]], many: list[dict[str, float | None]], random: Any
) -> None:
    given_ = {f"s{number}": each for number, each in enumerate(many)}
    straight = score(rubric(lines), frame(given_), subjects=list(given_))
    rows, names, mixed = frame(given_), list(given_), list(lines)
    random.shuffle(names)
    random.shuffle(mixed)
    other = score(rubric(mixed), rows.sample(fraction=1, shuffle=True, seed=random.randrange(1000)), subjects=names)
    shown = ("subject", "score", "grade", "rank", "status")
    assert straight.frame.select(shown).sort("subject").equals(other.frame.select(shown).sort("subject"))


@given(items(), st.lists(figures, min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_what_is_published_is_computed_again_alike(
    lines: list[dict[str, Any]], many: list[dict[str, float | None]]
) -> None:
    given_ = {f"s{number}": each for number, each in enumerate(many)}
    scores = score(rubric(lines), frame(given_), subjects=list(given_))
    assert verify(json.loads(json.dumps(publish(scores)))) == []


@given(items(), st.fixed_dictionaries(dict.fromkeys(codes, number)))
@settings(max_examples=40, deadline=None)
def test_following_the_advice_brings_what_it_promises(lines: list[dict[str, Any]], one: dict[str, float]) -> None:
    by = rubric(lines)
    scores = score(by, frame({"x": one}))
    for row in advice(scores).filter(pl.col("lead").is_not_null()).to_dicts():
        after = score(by, frame({"x": one | {row["code"]: row["lead"]}}))
        line = next(each for each in lines if each["code"] == row["code"])
        if line["scoring"] != "step" or line["steps"][-1]["mark"] == 100:
            assert after.settled.score[0] - scores.settled.score[0] == pytest.approx(row["gain"], abs=0.011)
