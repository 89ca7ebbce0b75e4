"""What is said of an uncertainty, and what is refused."""

import math
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from dafeng.kernel.accounting import propagate, simulate
from dafeng.kernel.errors import ActivityError, FactorError
from tests.kernel.uncertain_rows import carbon, factor, told


class TestWhatIsSaid:
    def test_inputs_without_an_uncertainty_are_listed_with_what_rests_on_them(self, world: SimpleNamespace) -> None:
        rows = [
            world.activity(value=10, activity_id="a"),
            world.activity(item="y", value=90, uncertainty=0.1, activity_id="b"),
        ]
        found = propagate(carbon(world, rows, [factor("f", 1.0)]))
        assert found.unstated.select("input", "id", "rows", "emission").rows() == [
            ("factor", "f", 2, 100.0),
            ("activity", "a", 1, 10.0),
        ]
        assert not found.complete
        assert told(found)["half_width"] == pytest.approx(9.0)

    def test_a_default_fills_in_and_is_marked_as_one(self, world: SimpleNamespace) -> None:
        rows = [world.activity("1B2a", value=10), world.activity("1B1", value=90, uncertainty=0.1)]
        defaults = {"simple_ef": 0.5, "activity:1": 0.2, "activity:1B2": 0.3, "activity:2": 0.9, "other": 9.0}
        found = propagate(carbon(world, rows, [factor("f", 1.0)]), default_uncertainty=defaults)
        assert found.complete
        by_id = {one["id"]: one for one in found.contributions.rows(named=True)}
        assert {name: (one["basis"], one["relative"]) for name, one in by_id.items()} == {
            "f": ("default", 0.5), "0": ("default", 0.3), "1": ("given", 0.1),
        }  # fmt: skip
        assert told(found)["half_width"] == pytest.approx(math.hypot(50, 3, 9), rel=1e-12)

    def test_printed_bounds_come_before_a_default(self, world: SimpleNamespace) -> None:
        found = carbon(world, [world.activity(uncertainty=0)], [factor("f", 1.0, 10)])
        assert told(propagate(found, default_uncertainty={"simple_ef": 0.9}))["relative"] == pytest.approx(0.1)

    def test_one_bound_alone_is_no_interval(self, world: SimpleNamespace) -> None:
        found = propagate(carbon(world, [world.activity(uncertainty=0)], [factor("f", 1.0, lower=0.5)]))
        assert found.unstated["id"].to_list() == ["f"]

    def test_rows_without_a_number_or_weight_are_left_out_and_said(self, world: SimpleNamespace) -> None:
        rows = [
            world.activity(uncertainty=0.1),
            world.activity(item="y", value=None, notation="NE"),
            world.activity(item="z", value=None, notation="NO"),
        ]
        table = [factor("f", 1.0, 10), factor("m", 1.0, 10, parameter="simple_ch4_ef", unit="kg CH4/t")]
        found = propagate(world.compile(rows, table), weights={("CO2", ""): 1.0, ("CH4", ""): None})
        assert found.left_out.rows() == [
            ("CH4", "", "没有数值（NE）", 1), ("CH4", "", "没有该气体的权重", 1), ("CO2", "", "没有数值（NE）", 1),
        ]  # fmt: skip
        assert (told(found)["emission"], told(found)["missing"], told(found)["status"]) == (100.0, 2, 1)

    def test_memo_kinds_are_not_counted_unless_asked_for(self, world: SimpleNamespace) -> None:
        from dafeng.kernel.accounting import Recipe

        recipes = [Recipe("1B", "CO2", "test.simple"), Recipe("1B", "CO2", "test.simple", kind="biogenic")]
        found = world.compile([world.activity(uncertainty=0.1)], [factor("f", 1.0, 0)], recipes=recipes)
        assert told(propagate(found))["emission"] == 100
        assert told(propagate(found, kinds=("direct", "biogenic")))["emission"] == 200
        assert told(propagate(found, kinds=("direct", "biogenic")))["relative"] == pytest.approx(0.1)

    @pytest.mark.parametrize(
        "bounds",
        [
            {"lower": 1.1, "upper": 1.2},
            {"lower": 0.5, "upper": 0.9},
            {"lower": 0.0, "upper": 2.0, "distribution": "lognormal"},
        ],
    )
    def test_bounds_that_cannot_be_name_their_factor(self, world: SimpleNamespace, bounds: dict[str, Any]) -> None:
        with pytest.raises(FactorError, match="因子 odd"):
            propagate(carbon(world, [world.activity()], [factor("odd", 1.0, **bounds)]))

    def test_an_unknown_grouping_is_refused_with_what_is_allowed(self, world: SimpleNamespace) -> None:
        with pytest.raises(ActivityError, match="category"):
            propagate(carbon(world, [world.activity()], [factor("f")]), by=("colour",))

    def test_nothing_to_count_is_no_failure(self, world: SimpleNamespace) -> None:
        found = carbon(world, [world.activity()], [factor("f", 1.0, 10)])
        for empty in (
            propagate(found, year=1999),
            simulate(found, seed=1, year=1999),
            propagate(found, kinds=("stored",)),
        ):
            total = told(empty)
            assert [total[name] for name in ("emission", "mean", "lower", "upper", "trend")] == [None] * 5
            assert (total["parts"], empty.contributions.height) == (0, 0)

    def test_a_group_in_which_nothing_was_estimated_has_no_interval_about_zero(self, world: SimpleNamespace) -> None:
        rows = [world.activity(uncertainty=0.1), world.activity(item="y", value=None, notation="NE")]
        found = carbon(world, rows, [factor("f", 1.0, 10)])
        for total in (propagate(found, by=("item",)), simulate(found, seed=1, draws=100, by=("item",))):
            silent = total.groups.filter(pl.col("item") == "y").row(0, named=True)
            assert [silent[name] for name in ("emission", "mean", "lower", "upper", "half_width")] == [None] * 5
            assert (silent["missing"], silent["status"]) == (1, 1)

    def test_a_total_of_one_year_leaves_the_others_alone(self, world: SimpleNamespace) -> None:
        rows = [world.activity(value=value, year=year, uncertainty=0.1) for value, year in ((1, 2010), (7, 2023))]
        found = carbon(world, rows, [factor("f", 1.0, 0)])
        assert told(propagate(found, year=2010))["emission"] == 1
        assert propagate(found, by=("year",)).groups.select("year", "emission").rows() == [(2010, 1.0), (2023, 7.0)]
