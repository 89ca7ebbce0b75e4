"""Amounts by hand arithmetic, and what holds for every rule."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.rewards.amounts import check, read_data, yuan
from tests.domains.inclusion.rewards.conftest import GOOD, RESULT


def rule(**amount: Any) -> dict[str, Any]:
    yearly = amount.pop("per_member_fen", None)
    made = RESULT | {"amount": RESULT["amount"] | amount}
    return made if yearly is None else made | {"per_member_fen": yearly}


def test_what_lies_above_the_floor_is_paid_by_the_unit() -> None:
    # (110.5 t − 10 t) × 10.00 yuan/t = 1 005.00 yuan
    found = check(RESULT, GOOD)
    assert found.ok
    assert found.fen == 100_500
    assert [step.fen for step in found.steps] == [100_500]
    assert "110.5" in found.steps[0].text
    assert "10.00" in found.steps[0].text


def test_a_measure_below_the_floor_is_paid_nothing() -> None:
    assert check(RESULT, GOOD | {"mass": "10"}).fen == 0
    assert check(RESULT, GOOD | {"mass": "0"}).fen == 0


def test_a_livelihood_project_gets_ten_percent_more() -> None:
    # 1 005.00 × 1.10 = 1 105.50 yuan
    found = check(RESULT, GOOD | {"livelihood": "是"})
    assert found.fen == 110_550
    assert "上浮 10%" in found.steps[-1].text


def test_parts_of_a_fen_are_dropped() -> None:
    # (10.0019 − 10) t × 10.00 yuan/t = 0.019 yuan → 0.01 yuan; ten percent of 1 fen more is 1.1 fen → 1 fen
    assert check(RESULT, GOOD | {"mass": "10.0019"}).fen == 1
    assert check(RESULT, GOOD | {"mass": "10.0019", "livelihood": "是"}).fen == 1


def test_the_cap_holds_after_the_tilt() -> None:
    # 1 105.50 yuan, but at most 1 100.00 at once
    found = check(rule(cap_fen=110_000), GOOD | {"livelihood": "是"})
    assert found.fen == 110_000
    assert [step.fen for step in found.steps] == [100_500, 110_550, 110_000]


def test_the_year_leaves_only_what_was_not_had_before() -> None:
    # at most 2 000.00 yuan a year, 1 500.00 had: 500.00 left of 1 005.00
    assert check(rule(per_member_fen=200_000), GOOD, paid_before=150_000).fen == 50_000
    assert check(rule(per_member_fen=200_000), GOOD, paid_before=250_000).fen == 0
    assert check(rule(per_member_fen=200_000), GOOD, paid_before=0).fen == 100_500


def test_a_fixed_amount_needs_no_measure() -> None:
    assert check({"fields": [], "amount": {"fixed_fen": 10_000_000}}, {}).fen == 10_000_000


def test_a_condition_that_fails_is_said_and_pays_nothing() -> None:
    found = check(RESULT, GOOD | {"site": "外地"})
    assert not found.ok
    assert found.fen == 0
    assert "项目在本市" in found.lines[0].text
    assert "外地" in found.lines[0].text


def test_a_field_left_empty_fails_its_condition() -> None:
    given_data = {"mass": "20"}
    assert not check(RESULT, given_data).ok


@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [
        ("mass", "-1", "field_out_of_range"), ("mass", "NaN", "field_out_of_range"), ("mass", "Infinity", "field_out_of_range"),
        ("mass", "1e13", "field_out_of_range"), ("mass", "twelve", "field_out_of_range"), ("mass", "", "field_missing"),
        ("site", "火星", "field_out_of_range"),
    ],
)  # fmt: skip
def test_absurd_values_are_refused_with_a_reason(field: str, text: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        read_data(RESULT, GOOD | {field: text})
    assert refused.value.code == reason


def test_numbers_are_kept_in_one_form() -> None:
    assert read_data(RESULT, GOOD | {"mass": "0110.500"})["mass"] == "110.5"
    assert read_data(RESULT, GOOD | {"mass": "1E3"})["mass"] == "1000"


def test_fen_read_as_yuan() -> None:
    assert [yuan(fen) for fen in (0, 5, 100_500, -1, 123_456_789)] == [
        "0.00",
        "0.05",
        "1,005.00",
        "-0.01",
        "1,234,567.89",
    ]


MASS = st.decimals(0, 10**9, places=3, allow_nan=False).map(lambda number: f"{number:f}")
AMOUNT = st.fixed_dictionaries(
    {"fen_per_unit": st.integers(1, 10**7), "floor": st.decimals(0, 10**4, places=2).map(str)},
    optional={"cap_fen": st.integers(1, 10**9), "per_member_fen": st.integers(0, 10**9)},
)


@given(AMOUNT, MASS, MASS, st.integers(0, 10**9), st.sampled_from(["是", "否"]))
def test_no_rule_pays_less_than_nothing_more_than_its_caps_or_less_for_more(
    amount: dict[str, Any], one: str, other: str, before: int, tilt: str
) -> None:
    content = rule(**amount)
    less, more = sorted((one, other), key=Decimal)
    low, high = (
        check(content, GOOD | {"mass": mass, "livelihood": tilt}, paid_before=before).fen for mass in (less, more)
    )
    assert 0 <= low <= high
    assert high <= content["amount"].get("cap_fen", high)
    if "per_member_fen" in content:
        assert high + before <= max(content["per_member_fen"], before)
