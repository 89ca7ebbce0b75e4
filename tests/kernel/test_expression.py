"""The formula as a tree: what Python's operators build, and that no reading of any tree differs from another."""

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
import sympy as sp
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dafeng.kernel.accounting import constant, exp, log, maximum, minimum, power, readings, where
from dafeng.kernel.accounting.expression import Constant, Input, Literal, Named, Node, Operation, node, walk

X, Y = Input("x", "1"), Input("y", "1")
RATIO = constant("44/12", 44 / 12, "t CO2/t C")


def test_operators_build_the_tree_that_python_itself_would_compute() -> None:
    built = 2 * X - Y / (X + 1) ** 2
    assert readings.read_numpy(built, {"x": 3.0, "y": 8.0}) == 2 * 3 - 8 / (3 + 1) ** 2


def test_a_constant_is_a_number_for_numbers_and_a_name_in_a_formula() -> None:
    assert RATIO * 3 == 11.0
    assert 3 * RATIO == 11.0
    assert RATIO / 2 == 44 / 24
    tree = X * RATIO
    assert tree == Operation("*", (X, Named("44/12", 44 / 12, "t CO2/t C")))
    turned = RATIO * X
    assert turned == Operation("*", (Named("44/12", 44 / 12, "t CO2/t C"), X))
    assert isinstance(RATIO, Constant)


def test_a_formula_has_no_truth_value_so_that_an_if_cannot_slip_in() -> None:
    with pytest.raises(TypeError, match="where"):
        _ = 1 if X > 1 else 0  # type: ignore[truthy-bool]


def test_what_is_not_a_number_cannot_stand_in_a_formula() -> None:
    with pytest.raises(TypeError, match="cannot stand"):
        node("3")
    with pytest.raises(TypeError):
        _ = X + "1"


def test_numpy_does_not_loop_over_a_node() -> None:
    with pytest.raises(TypeError):
        _ = np.ones(2) * X


def test_functions_compute_with_numbers_and_build_with_nodes() -> None:
    assert (exp(0.0), log(1.0), minimum(1, 2), maximum(1, 2), power(2, 3), where(True, 5, 6)) == (1, 0, 1, 2, 8, 5)
    assert minimum(X, 2) == Operation("min", (X, Literal(2.0)))
    assert {type(part) for part in walk(exp(X) + RATIO)} == {Operation, Input, Named}


def test_a_missing_value_in_a_column_is_never_overlooked() -> None:
    frame = pl.DataFrame({"x": [1.0, None, 3.0], "y": [2.0, 2.0, None]})
    columns = {"x": pl.col("x"), "y": pl.col("y")}
    for tree in (minimum(X, Y), maximum(X, Y), where(X > Y, 1.0, 2.0), X + Y, where(X < Y, X, Y)):
        found = frame.select(readings.read_polars(tree, columns).alias("z"))["z"]
        assert found.is_null().to_list() == [False, True, True], tree


def test_the_printed_formula_needs_no_rule_that_readers_disagree_on() -> None:
    assert readings.read_text((X**2) ** 3) == "(x^2)^3"
    assert readings.read_text(X - (Y - 1)) == "x − (y − 1)"
    assert readings.read_text(X / (Y * 2)) == "x ÷ (y × 2)"
    assert readings.read_text((X + Y) * RATIO) == "(x + y) × 44/12"


# --- any tree, every reading -------------------------------------------------------------------------------------------

LEAVES = st.one_of(st.sampled_from([X, Y]), st.floats(0.5, 4).map(lambda value: Literal(round(value, 2))))


def _grow(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    pair = st.tuples(children, children)
    return st.one_of(
        st.tuples(st.sampled_from(["+", "-", "*", "/", "min", "max"]), pair).map(lambda told: Operation(*told)),
        children.map(lambda one: Operation("neg", (one,))),
        children.map(lambda one: Operation("exp", (Operation("neg", (Operation("*", (one, one)),)),))),
        st.tuples(children, st.sampled_from([2.0, 3.0])).map(lambda told: Operation("**", (told[0], Literal(told[1])))),
        st.tuples(children, children, children, children).map(
            lambda four: Operation("where", (Operation(">", four[:2]), *four[2:]))
        ),
    )


TREES = st.recursive(LEAVES, _grow, max_leaves=8)
VALUES = st.fixed_dictionaries({"x": st.floats(0.3, 3), "y": st.floats(0.3, 3)})


def _spreadsheet_value(text: str, values: dict[str, float]) -> float:
    functions = {
        "EXP": math.exp,
        "LN": math.log,
        "MIN": min,
        "MAX": max,
        "IF": lambda condition, yes, no: yes if condition else no,
    }
    return float(eval(text.replace("^", "**"), {"__builtins__": {}}, {**functions, **values}))


def _printed_value(text: str, values: dict[str, float]) -> float:
    spoken = text.replace(" × ", "*").replace(" ÷ ", "/").replace("−", "-").replace("^", "**")
    functions = {"exp": math.exp, "min": min, "max": max, "where": lambda condition, yes, no: yes if condition else no}
    return float(eval(spoken, {"__builtins__": {}}, {**functions, **values}))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TREES, VALUES)
def test_all_readings_of_any_formula_agree(tree: Node, values: dict[str, float]) -> None:
    with np.errstate(all="ignore"):
        expected = float(readings.read_numpy(tree, values))
    assume(math.isfinite(expected) and abs(expected) < 1e12)
    columns = {name: pl.lit(value) for name, value in values.items()}
    try:
        told: dict[str, Any] = {
            "polars": pl.select(readings.read_polars(tree, columns)).item(),
            "spreadsheet": _spreadsheet_value(readings.read_spreadsheet(tree, {"x": "x", "y": "y"}), values),
            # `:g` prints six digits, so literals here have at most two decimals.
            "printed": _printed_value(readings.read_text(tree), values),
        }
    except ZeroDivisionError:  # plain Python refuses what NumPy passes over in a branch that is not taken
        assume(False)
    for name, found in told.items():
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9), f"{name}: {readings.read_text(tree)}"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TREES, VALUES)
def test_the_symbolic_reading_of_any_formula_agrees(tree: Node, values: dict[str, float]) -> None:
    with np.errstate(all="ignore"):
        expected = float(readings.read_numpy(tree, values))
    assume(math.isfinite(expected) and abs(expected) < 1e9)
    found = readings.read_sympy(tree)
    point = {sp.Symbol(name, real=True): value for name, value in values.items()}
    value = sp.sympify(found).subs(point).evalf()
    assume(value.is_finite)
    assert float(value) == pytest.approx(expected, rel=1e-8, abs=1e-8), readings.read_text(tree)
