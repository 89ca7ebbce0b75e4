"""Uncertainty: what holds for any inventory."""

import math
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafeng.kernel.accounting import propagate, simulate
from tests.kernel.uncertain_rows import QUICK, factor, same, told


@st.composite
def inventories(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows over items, places and two years; factors some of which serve several items."""
    rows = [
        {
            "category": draw(st.sampled_from(["1B1", "1B2"])), "item": draw(st.sampled_from("xyz")), "unit": "t",
            "place": draw(st.sampled_from(["411502", "411503"])), "year": draw(st.sampled_from([2010, 2023])),
            "value": draw(st.floats(0.1, 1e4)), "uncertainty": draw(st.sampled_from([None, 0.0, 0.02, 0.3])),
        }
        for _ in range(draw(st.integers(1, 10)))
    ]  # fmt: skip
    table = [
        factor(name, draw(st.floats(0.1, 10)), draw(st.sampled_from([None, 0.0, 5.0, 40.0])), item=item)
        for name, item in (("all", ""), ("x", "x"))
    ]
    methane = factor("m", draw(st.floats(0.1, 10)), 50.0, parameter="simple_ch4_ef", unit="kg CH4/t")
    return rows, [*table, methane]


WEIGHTS = {("CO2", ""): 1.0, ("CH4", ""): 28.0}


@QUICK
@given(inventories())
def test_contributions_make_up_the_whole(world: SimpleNamespace, case: Any) -> None:
    found = propagate(world.compile(*case), weights=WEIGHTS)
    owed, total = found.contributions, told(found)
    assert math.fsum(owed["half_width"] ** 2) == pytest.approx(total["half_width"] ** 2, rel=1e-9)
    if total["half_width"]:
        assert math.fsum(owed["share"]) == pytest.approx(1, rel=1e-9)
    assert owed["half_width"].to_list() == sorted(owed["half_width"], reverse=True)


@QUICK
@given(inventories(), st.floats(0.01, 100))
def test_the_relative_uncertainty_does_not_depend_on_the_scale(world: SimpleNamespace, case: Any, scale: float) -> None:
    rows, table = case
    one = told(propagate(world.compile(rows, table), weights=WEIGHTS))
    scaled = [{**row, "value": row["value"] * scale} for row in rows]
    assert told(propagate(world.compile(scaled, table), weights=WEIGHTS))["relative"] == pytest.approx(
        one["relative"], rel=1e-9
    )
    kilograms = [{**row, "value": row["value"] * 1000, "unit": "kg"} for row in rows]
    assert same(told(propagate(world.compile(kilograms, table), weights=WEIGHTS)), one)


@QUICK
@given(inventories())
def test_groups_sum_to_the_total_and_are_never_more_certain_together_than_independence_allows(
    world: SimpleNamespace, case: Any
) -> None:
    found = propagate(world.compile(*case), weights=WEIGHTS, by=("gas", "place"))
    total = told(found)
    assert math.fsum(found.groups["emission"]) == pytest.approx(total["emission"], rel=1e-9)
    assert found.groups["parts"].sum() == total["parts"]
    # All sources are positive, so sharing inputs can only add: between independence and full correlation.
    assert math.hypot(*found.groups["half_width"]) * (1 - 1e-9) <= total["half_width"]
    assert total["half_width"] <= math.fsum(found.groups["half_width"]) * (1 + 1e-9)


@QUICK
@given(inventories(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_interval(world: SimpleNamespace, case: Any, random: Any) -> None:
    rows, table = case
    shuffled = random.sample(rows, len(rows))
    for options in ({}, {"year": 2023, "base_year": 2010}):
        one, other = (
            propagate(world.compile(order, table), weights=WEIGHTS, by=("item",), **options)
            for order in (rows, shuffled)
        )
        assert same(told(one), told(other))
        for first, second in zip(one.groups.rows(named=True), other.groups.rows(named=True), strict=True):
            assert same(first, second)


@QUICK
@given(inventories())
def test_a_simulation_of_certain_inputs_is_the_inventory_itself(world: SimpleNamespace, case: Any) -> None:
    rows, table = case
    certain = [{name: value for name, value in row.items() if name not in ("lower", "upper")} for row in table]
    found = world.compile([{**row, "uncertainty": None} for row in rows], certain)
    total = told(simulate(found, seed=1, draws=100, weights=WEIGHTS))
    assert [total[name] for name in ("mean", "lower", "upper")] == pytest.approx([total["emission"]] * 3, rel=1e-9)
