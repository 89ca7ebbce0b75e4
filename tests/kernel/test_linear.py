"""Which methods may be computed by one coefficient: only those for which that is exact, read off the formula."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dafeng.kernel.accounting import exp, minimum, readings, where
from dafeng.kernel.accounting.expression import Input, Literal, Node, Operation
from dafeng.kernel.accounting.linear import mentions, proportional

X, A = Input("x", "1"), Input("a", "1")


@pytest.mark.parametrize("tree", [X, X * A, A * X * 3, X / A, -X, X * A - X / A, (X + X) * exp(A)])
def test_a_formula_proportional_to_its_activity_is_seen_as_such(tree: Node) -> None:
    assert proportional(tree, "x")


@pytest.mark.parametrize(
    "tree",
    [A / X, X * X, X + A, X - 1, X**2, minimum(X, A), minimum(X * A, X), exp(X), where(X > A, X, X * 2), A, A * A],
)
def test_any_other_formula_is_left_to_the_full_road(tree: Node) -> None:
    assert not proportional(tree, "x")


def test_a_formula_mentions_what_stands_in_it() -> None:
    assert mentions(X * A, "x")
    assert not mentions(A + 1, "x")


def _grow(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    pair = st.tuples(children, children)
    operators = st.sampled_from(["+", "-", "*", "/", "min", "max"])
    return st.one_of(
        st.tuples(operators, pair).map(lambda told: Operation(*told)),
        children.map(lambda one: Operation("neg", (one,))),
        children.map(lambda one: Operation("**", (one, Literal(2.0)))),
    )


TREES = st.recursive(st.sampled_from([X, X, A, Literal(2.0)]), _grow, max_leaves=6)


# Few trees are proportional: 300 that are get judged, however many others had to be drawn.
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(TREES, st.floats(0.5, 3), st.floats(0.5, 3), st.sampled_from([-2.0, 0.5, 3.0]))
def test_what_is_called_proportional_is(tree: Node, x: float, a: float, times: float) -> None:
    assume(proportional(tree, "x"))
    with np.errstate(all="ignore"):
        one = float(readings.read_numpy(tree, {"x": x, "a": a}))
        other = float(readings.read_numpy(tree, {"x": times * x, "a": a}))
    assume(math.isfinite(one) and math.isfinite(other))
    assert other == pytest.approx(times * one, rel=1e-9, abs=1e-9), readings.read_text(tree)
