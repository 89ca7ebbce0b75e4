"""Lights: the first condition that holds; unknown is not green; periods in a row are counted."""

import polars as pl
import pytest

from dafeng.kernel.errors import ScoringError
from dafeng.kernel.scoring import LightRules, lights
from dafeng.kernel.scoring.reading import light_rules_from_dict


@pytest.fixture
def rules() -> LightRules:
    return light_rules_from_dict(
        {
            "id": "l", "title": "灯", "version": "1", "valid_from": "2026-01-01", "standing": "试验",
            "inputs": [{"code": "gap", "title": "差距", "unit": "%"}, {"code": "late", "title": "逾期"}],
            "lights": [
                {"light": "red", "title": "严重滞后", "when": "gap > 10"},
                {"light": "yellow", "title": "滞后", "when": "gap > 0 or late > 0"},
                {"light": "green", "title": "正常"},
            ],
            "escalations": [{"light": "red", "periods": 2, "title": "提醒"}, {"light": "red", "periods": 3, "title": "限批"}],
        }
    )  # fmt: skip


def values(rows: list[tuple[str, str, float | None]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"subject": pl.String, "indicator": pl.String, "value": pl.Float64}, orient="row")


def test_the_first_light_whose_condition_holds_is_shown_with_its_rule(rules: LightRules) -> None:
    found = lights(
        rules,
        values(
            [
                ("甲", "gap", 12),
                ("甲", "late", 0),
                ("乙", "gap", 0),
                ("乙", "late", 1),
                ("丙", "gap", -1),
                ("丙", "late", 0),
            ]
        ),
    )
    assert found["light"].to_list() == ["red", "yellow", "green"]
    assert found["rule"].to_list() == ["红灯：“差距” > 10", "黄灯：“差距” > 0 或 “逾期” > 0", "绿灯：其余情形"]


def test_a_light_that_cannot_be_told_is_unknown_and_incomplete(rules: LightRules) -> None:
    # 甲: no gap, so red cannot be excluded; 乙: gap says yellow whatever late is; 丙: late missing, green not certain
    found = lights(rules, values([("甲", "late", 1), ("乙", "gap", 5), ("丙", "gap", -1)]))
    assert found["light"].to_list() == ["unknown", "yellow", "unknown"]
    assert found["status"].to_list() == [1, 1, 1]


def test_red_months_in_a_row_are_counted_and_escalate(rules: LightRules) -> None:
    gaps = {"2026-01": 11, "2026-02": 12, "2026-03": 13, "2026-04": 1, "2026-05": 20, "2026-07": 20}
    rows = [("甲", "gap", gap, month) for month, gap in gaps.items()] + [("甲", "late", 0, month) for month in gaps]
    frame = pl.DataFrame(rows, schema=["subject", "indicator", "value", "period"], orient="row").sample(
        fraction=1, shuffle=True, seed=3
    )
    found = lights(rules, frame)
    assert found["period"].to_list() == list(gaps)
    assert found["streak"].to_list() == [1, 2, 3, 1, 1, 1]  # June is missing, so July begins anew
    assert found["escalation"].to_list() == [None, "提醒", "限批", None, None, None]


def test_a_new_year_does_not_break_a_row(rules: LightRules) -> None:
    rows = [
        ("甲", code, 11.0 if code == "gap" else 0.0, month)
        for month in ("2025-12", "2026-01")
        for code in ("gap", "late")
    ]
    found = lights(rules, pl.DataFrame(rows, schema=["subject", "indicator", "value", "period"], orient="row"))
    assert found["streak"].to_list() == [1, 2]


def test_a_value_without_period_among_others_is_refused(rules: LightRules) -> None:
    frame = pl.DataFrame(
        {"subject": ["甲"], "indicator": ["gap"], "value": [1.0], "period": pl.Series([None], dtype=pl.String)}
    )
    with pytest.raises(ScoringError, match="没有时期"):
        lights(rules, frame)
