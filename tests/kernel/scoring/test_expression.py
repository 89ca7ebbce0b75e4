"""Rules: what they compute, what they refuse, how they read."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafeng.kernel.errors import RubricError
from dafeng.kernel.scoring.expression import parse

NAN = float("nan")


def value(text: str, kind: str = "number", **columns: float) -> float:
    rule = parse(text, kind=kind)  # type: ignore[arg-type]
    return float(rule({name: np.array([number]) for name, number in columns.items()}, 1)[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("done / planned * 100", 75.0),  # 3 / 4 × 100
        ("min(done, planned) - max(done, planned, 9)", -6.0),  # 3 − 9
        ("abs(done - planned)", 1.0),
        ("-done + 1", -2.0),
        ("10 if done >= 3 else 20", 10.0),
        ("done × 2 ÷ 3", 2.0),
    ],
)
def test_arithmetic_is_what_it_says(text: str, expected: float) -> None:
    assert value(text, done=3.0, planned=4.0) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x >= 1 and y >= 1", NAN),  # true and unknown
        ("x >= 5 and y >= 1", 0.0),  # false and unknown: false whatever y is
        ("x >= 1 or y >= 1", 1.0),
        ("x >= 5 or y >= 1", NAN),
        ("not y >= 1", NAN),
        ("known(x) and not known(y)", 1.0),
        ("0 < x <= 2", 1.0),
        ("5 < x < y", 0.0),
        ("x ≥ 2", 1.0),
    ],
)
def test_unknown_is_neither_yes_nor_no(text: str, expected: float) -> None:
    assert value(text, "truth", x=2.0, y=NAN) == pytest.approx(expected, nan_ok=True)


def test_a_missing_value_makes_a_number_missing_and_so_does_division_by_zero() -> None:
    assert np.isnan(value("x + y", x=1.0, y=NAN))
    assert np.isnan(value("x / y", x=1.0, y=0.0))


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')", "A.real", "A[0]", "lambda: 1", "[A]", "'x'", "f(A)", "A ** 2", "A // 2", "A @ B", "(A := 1)",
        "A if B else C", "A and B", "A + (B > 1)", "known(1)", "mark(A + 1)", "abs(A, B)", "min(A)", "min(a=1)", "True",
        "1e999", "9" * 30, "A >", "", "-" * 500 + "A", "(" * 250 + "A" + ")" * 250, "A + " * 200 + "A", "A in B", "~A", "A\x00",
    ],
)  # fmt: skip
def test_anything_else_is_refused_in_words(text: str) -> None:
    with pytest.raises(RubricError) as caught:
        parse(text, kind="number")
    assert "表达式" in caught.value.what


def test_a_condition_where_a_number_is_wanted_is_refused() -> None:
    with pytest.raises(RubricError, match="条件"):
        parse("A > 1", kind="number")
    with pytest.raises(RubricError, match="是数"):
        parse("A + 1", kind="truth")


@given(st.text(max_size=40))
def test_any_text_is_a_rule_or_a_rubric_error(text: str) -> None:
    for kind in ("number", "truth"):
        try:
            found = parse(text, kind=kind)  # type: ignore[arg-type]
        except RubricError:
            continue
        assert found.kind == kind


def test_a_rule_reads_as_a_sentence() -> None:
    rule = parse("A01 >= 50 or mark(A02) == 100 and not known(x)", kind="truth")
    titles = {"A01": "绿色收入", "A02": "目录", "x": "处罚"}
    assert rule.in_words(titles) == "“绿色收入” ≥ 50 或 （“目录”得分率 = 100 且 非（“处罚”有数据））"
    assert "“绿色收入” ≥ 50 or" in rule.in_words(titles, "en")
