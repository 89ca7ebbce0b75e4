"""Uncertainty: the equations of IPCC 2006, volume 1, chapter 3, worked by hand, and two approaches that must meet.

Statistical tolerances: with n draws of a normal figure, half the width between its 2.5 % and 97.5 % quantiles has a relative
standard error of about 0.95/√n: 0.7 % at 20 000 draws. Tests allow five of them, so that a fixed seed is no lucky one.
"""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from dafeng.kernel.accounting import propagate, simulate
from dafeng.kernel.accounting.simulation import draw_factor
from dafeng.kernel.errors import MethodError, PeriodError
from tests.kernel.uncertain_rows import DRAWS, TOLERANCE, carbon, factor, same, told


class TestEquations:
    def test_a_product_by_equation_3_1(self, world: SimpleNamespace) -> None:
        # U = √(5² + 10²) % = 11.1803 %
        found = carbon(world, [world.activity(uncertainty=0.05)], [factor("f", 2.0, 10)])
        total = told(propagate(found))
        assert total["emission"] == total["mean"] == 200
        assert total["relative"] == pytest.approx(math.sqrt(0.05**2 + 0.10**2), rel=1e-12)
        assert (total["lower"], total["upper"]) == pytest.approx((200 - 22.36068, 200 + 22.36068), abs=1e-5)

    def test_a_product_of_four_factors(self, world: SimpleNamespace) -> None:
        spreads = {"ncv": 2, "carbon_content": 3, "oxidation": 1}
        measured = {"ncv": "GJ/t", "carbon_content": "t C/GJ", "oxidation": "1"}
        table = [factor(name, 0.9, percent, parameter=name, unit=measured[name]) for name, percent in spreads.items()]
        found = world.compile([world.activity("1A", "coal", 7.0, uncertainty=0.05)], table)
        assert told(propagate(found))["relative"] == pytest.approx(math.sqrt(5**2 + 2**2 + 3**2 + 1) / 100, rel=1e-12)

    def test_a_sum_by_equation_3_2(self, world: SimpleNamespace) -> None:
        # 120 ± 10 % and 80 ± 25 %: √(12² + 20²) / 200 = 11.662 %
        rows = [world.activity(value=120, uncertainty=0.10), world.activity(item="y", value=80, uncertainty=0.25)]
        total = told(propagate(carbon(world, rows, [factor("f", 1.0, 0)])))
        assert total["relative"] == pytest.approx(math.sqrt(12**2 + 20**2) / 200, rel=1e-12)

    def test_a_sum_with_a_sink_divides_by_the_size_of_the_sum(self, world: SimpleNamespace) -> None:
        # 100 ± 10 % less 150 ± 20 %: √(10² + 30²) / |−50| = 63.2 %
        rows = [world.activity(value=100, uncertainty=0.10), world.activity(item="y", value=-150, uncertainty=0.20)]
        total = told(propagate(carbon(world, rows, [factor("f", 1.0, 0)])))
        assert total["emission"] == -50
        assert total["relative"] == pytest.approx(math.sqrt(10**2 + 30**2) / 50, rel=1e-12)

    def test_two_sources_that_share_a_factor_are_added_before_squaring(self, world: SimpleNamespace) -> None:
        rows = [world.activity(value=100, uncertainty=0), world.activity(item="y", value=50, uncertainty=0)]
        shared = told(propagate(carbon(world, rows, [factor("f", 2.0, 10)])))
        apart = told(propagate(carbon(world, rows, [factor("f", 2.0, 10, item="x"), factor("g", 2.0, 10, item="y")])))
        assert shared["half_width"] == pytest.approx(0.10 * (200 + 100), rel=1e-12)
        assert apart["half_width"] == pytest.approx(0.10 * math.hypot(200, 100), rel=1e-12)

    def test_a_factor_shared_by_two_methods_is_still_one(self, world: SimpleNamespace) -> None:
        # Coal by mass and by heat rest on one carbon content: 1 t × 20 GJ/t and 20 GJ emit alike and err alike.
        rows = [
            world.activity("1A", "coal", 1, uncertainty=0),
            world.activity("1A", "coal", 20, unit="GJ", uncertainty=0),
        ]
        table = [
            factor("n", 20, 0, parameter="ncv", unit="GJ/t"), factor("o", 1, 0, parameter="oxidation", unit="1"),
            factor("c", 26, 4, parameter="carbon_content", unit="t C/TJ"),
        ]  # fmt: skip
        total = told(propagate(world.compile(rows, table)))
        assert total["emission"] == pytest.approx(2 * 20 * 0.026 * 44 / 12)
        assert total["relative"] == pytest.approx(0.04, rel=1e-12)

    def test_gases_of_one_activity_row_err_together(self, world: SimpleNamespace) -> None:
        table = [factor("f", 1.0, 0), factor("m", 1000, 0, parameter="simple_ch4_ef", unit="kg CH4/t")]
        found = world.compile([world.activity(value=10, uncertainty=0.2)], table)
        weighted = propagate(found, weights={("CO2", ""): 1, ("CH4", ""): 28})
        assert told(weighted)["emission"] == pytest.approx(10 + 280)
        assert told(weighted)["relative"] == pytest.approx(0.2, rel=1e-12)

    def test_a_further_input_counts_with_its_own_slope(self, world: SimpleNamespace) -> None:
        # E = (organic − sludge) · ef − recovered
        rows = [
            world.activity("5D", "d", value, unit=unit, variable=name, uncertainty=spread)
            for name, value, unit, spread in (
                ("organic", 1000, "t BOD", 0.1), ("sludge", 200_000, "kg BOD", 0.3), ("recovered", 40, "t CH4", 0.5),
            )
        ]  # fmt: skip
        found = world.compile(rows, [factor("w", 0.3, 20, parameter="water_ef", unit="t CH4/t BOD")])
        parts = {"w": 800 * 0.3 * 0.2, "0": 1000 * 0.3 * 0.1, "1": 200 * 0.3 * 0.3, "2": 40 * 0.5}
        owed = propagate(found).contributions
        assert dict(owed.select("id", "half_width").rows()) == pytest.approx(parts, rel=1e-12)
        assert told(propagate(found))["half_width"] == pytest.approx(math.hypot(*parts.values()), rel=1e-12)

    def test_what_a_source_prescribes_for_an_absent_input_is_certain(self, world: SimpleNamespace) -> None:
        rows = [
            world.activity("5D", "d", 10, unit="t BOD", variable=name, uncertainty=0.1)
            for name in ("organic", "sludge")
        ]
        found = propagate(world.compile(rows, [factor("w", 0.3, 20, parameter="water_ef", unit="t CH4/t BOD")]))
        assert set(found.contributions["id"]) == {"0", "1"}  # 10 − 10 = 0: the factor owes nothing
        assert not found.unstated.height

    def test_a_formula_that_bends_is_taken_by_its_exact_derivative(self, world: SimpleNamespace) -> None:
        # E = A·e·(1 − exp(−r·max(r, ½))) at r = 0.7: ∂E/∂r = A·e·2r·exp(−r²)
        table = [
            factor("e", 2.0, 0, parameter="bent_ef"), factor("r", 0.7, 10, parameter="bent_rate", unit="1")
        ]  # fmt: skip
        found = world.compile([world.activity("2B", "x", 10, uncertainty=0)], table)
        expected = 10 * 2 * 2 * 0.7 * math.exp(-0.49) * 0.07
        assert told(propagate(found))["half_width"] == pytest.approx(expected, rel=1e-9)


class TestTrend:
    @staticmethod
    def two_years(world: SimpleNamespace, **spread: float) -> Any:
        rows = [
            world.activity(item=item, value=value, year=year, uncertainty=spread.get("activity", 0.0))
            for item, values in (("x", (100, 160)), ("y", (300, 240)))
            for year, value in zip((2010, 2023), values, strict=True)
        ]
        percent = 100 * spread.get("factor", 0.0)
        return carbon(world, rows, [factor("f", 2.0, percent, item="x"), factor("g", 0.5, percent, item="y")])

    def test_a_factor_of_both_years_by_the_type_a_sensitivity_of_table_3_2(self, world: SimpleNamespace) -> None:
        base, year = (200.0, 150.0), (320.0, 120.0)  # x and y, t CO2

        def type_a(which: int) -> float:
            """As the table defines it: move the category by a little in both years, see how the trend moves (per unit)."""
            step = 1e-7
            moved_base, moved_year = sum(base) + step * base[which], sum(year) + step * year[which]
            return (moved_year / moved_base - sum(year) / sum(base)) / step

        expected = math.hypot(type_a(0) * 0.10, type_a(1) * 0.10)
        found = told(propagate(self.two_years(world, factor=0.10), year=2023, base_year=2010))
        assert found["trend"] == pytest.approx((440 - 350) / 350)
        assert found["trend_upper"] - found["trend"] == pytest.approx(expected, rel=1e-5)

    def test_activities_by_the_type_b_sensitivity_of_table_3_2(self, world: SimpleNamespace) -> None:
        """√2 · D/ΣC · U where a year is like its base; in general each year with its own weight."""
        rows = [world.activity(item=item, value=value, year=year, uncertainty=0.05) for item, value in (("x", 100), ("y", 300)) for year in (2010, 2023)]  # fmt: skip
        still = told(propagate(carbon(world, rows, [factor("f", 1.0, 0)]), year=2023, base_year=2010))
        expected = math.hypot(*(0.05 * math.sqrt(2) * value / 400 for value in (100, 300)))
        assert (still["trend"], still["trend_upper"]) == pytest.approx((0, expected), rel=1e-9)
        moving = told(propagate(self.two_years(world, activity=0.05), year=2023, base_year=2010))
        parts = [0.05 * value / 350 for value in (320, 120)] + [0.05 * value * 440 / 350**2 for value in (200, 150)]
        assert moving["trend_upper"] - moving["trend"] == pytest.approx(math.hypot(*parts), rel=1e-12)

    def test_the_trend_of_one_source_with_one_factor_does_not_depend_on_the_factor(
        self, world: SimpleNamespace
    ) -> None:
        rows = [world.activity(value=value, year=year, uncertainty=0) for value, year in ((100, 2010), (130, 2023))]
        found = carbon(world, rows, [factor("f", 2.0, 50)])
        first = told(propagate(found, year=2023, base_year=2010))
        second = told(simulate(found, seed=1, year=2023, base_year=2010))
        for total in (first, second):
            assert [total[name] for name in ("trend", "trend_lower", "trend_upper")] == pytest.approx(
                [0.3] * 3, abs=1e-9
            )
        assert first["relative"] == pytest.approx(0.5)

    def test_dated_factors_are_different_inputs(self, world: SimpleNamespace) -> None:
        rows = [world.activity(value=100, year=year, uncertainty=0) for year in (2010, 2023)]
        found = carbon(world, rows, [factor("old", 2.0, 10), factor("new", 2.0, 10, year=2020)])
        total = told(propagate(found, year=2023, base_year=2010))
        assert total["trend_upper"] == pytest.approx(0.10 * math.sqrt(2), rel=1e-12)

    def test_no_trend_is_invented_where_there_was_nothing_before(self, world: SimpleNamespace) -> None:
        rows = [world.activity(value=0, year=2010, uncertainty=0.1), world.activity(value=10, uncertainty=0.1)]
        found = carbon(world, rows, [factor("f", 2.0, 10)])
        for total in (
            told(propagate(found, year=2023, base_year=2010)),
            told(simulate(found, seed=1, year=2023, base_year=2010)),
        ):
            assert [total[name] for name in ("trend", "trend_lower", "trend_upper")] == [None] * 3

    def test_a_net_sink_has_a_trend_relative_to_its_size(self, world: SimpleNamespace) -> None:
        rows = [world.activity(value=value, year=year, uncertainty=0.1) for value, year in ((-100, 2010), (-80, 2023))]
        total = told(propagate(carbon(world, rows, [factor("f", 1.0, 0)]), year=2023, base_year=2010))
        assert total["trend"] == pytest.approx(0.2)  # a smaller sink is an increase
        assert total["trend_upper"] - 0.2 == pytest.approx(math.hypot(0.1 * 0.8, 0.1 * 0.8), rel=1e-12)

    @pytest.mark.parametrize(
        "asked",
        [{"base_year": 2010}, {"base_year": 2023, "year": 2023}, {"base_year": 2010, "year": 2023, "by": ("year",)}],
    )
    def test_a_trend_needs_two_years(self, world: SimpleNamespace, asked: dict[str, Any]) -> None:
        with pytest.raises(PeriodError):
            propagate(self.two_years(world), **asked)

    def test_both_approaches_give_the_same_trend(self, world: SimpleNamespace) -> None:
        found = self.two_years(world, activity=0.03, factor=0.05)
        one = told(propagate(found, year=2023, base_year=2010))
        two = told(simulate(found, seed=11, draws=DRAWS, year=2023, base_year=2010))
        first, second = (total["trend_upper"] - total["trend_lower"] for total in (one, two))
        assert second == pytest.approx(first, rel=TOLERANCE + 0.005)  # and half a percent for what is not first order


class TestHistory:
    RATE, POTENTIAL = 0.1, 0.06

    def compiled(
        self, world: SimpleNamespace, *, spread: float | None = 0.0, rate: float = 10, potential: float = 5
    ) -> Any:
        rows = [
            world.activity("5A", "msw", 1000 if year == 2000 else 0, year=year, variable="waste", uncertainty=spread)
            for year in range(2000, 2011)
        ]
        table = [
            factor("k", self.RATE, rate, parameter="decay_rate", unit="1"),
            factor("l", self.POTENTIAL, potential, parameter="decay_potential", unit="t CH4/t"),
        ]
        return world.compile(rows, table)

    def test_the_slope_of_first_order_decay_is_that_of_its_formula(self, world: SimpleNamespace) -> None:
        # One deposit M: E(n) = M·e^(−k(n−1))·(1 − e^−k), so ∂E/∂k = M·(n·e^(−kn) − (n−1)·e^(−k(n−1))).
        found = propagate(self.compiled(world), year=2005)
        n, k, mass = 5, self.RATE, 1000 * self.POTENTIAL
        slope = mass * (n * math.exp(-k * n) - (n - 1) * math.exp(-k * (n - 1)))
        owed = dict(found.contributions.select("id", "half_width").rows())
        assert owed["k"] == pytest.approx(abs(slope) * 0.1 * k, rel=1e-6)
        assert owed["l"] == pytest.approx(0.05 * told(found)["emission"], rel=1e-9)

    def test_the_deposit_of_an_early_year_is_uncertain_in_all_later_years(self, world: SimpleNamespace) -> None:
        found = propagate(self.compiled(world, spread=0.2, rate=0, potential=0), by=("year",))
        relative = dict(found.groups.select("year", "relative").rows())
        assert relative[2000] is None  # nothing is emitted yet
        assert list(relative.values())[1:] == pytest.approx([0.2] * 10, rel=1e-9)

    def test_both_approaches_agree_on_a_history(self, world: SimpleNamespace) -> None:
        rows = [
            world.activity("5A", "msw", 100 + year - 2000, year=year, variable="waste", uncertainty=0.1)
            for year in range(2000, 2024)
        ]
        rows.append(world.activity("5A", "msw", 0.5, year=2023, variable="recovered", uncertainty=0.2))
        table = [
            factor("k", 0.1, 5, parameter="decay_rate", unit="1"), factor("late", 0.11, 5, parameter="decay_rate", unit="1", year=2015),
            factor("l", 0.06, 5, parameter="decay_potential", unit="t CH4/t"),
        ]  # fmt: skip
        found = world.compile(rows, table)
        one, two = (
            propagate(found, year=2023, base_year=2010),
            simulate(found, seed=3, draws=DRAWS, year=2023, base_year=2010),
        )
        assert told(two)["mean"] == pytest.approx(told(one)["emission"], rel=0.01)
        for name in ("half_width",):
            assert told(two)[name] == pytest.approx(told(one)[name], rel=TOLERANCE + 0.01)
        spans = [told(total)["trend_upper"] - told(total)["trend_lower"] for total in (one, two)]
        assert spans[1] == pytest.approx(spans[0], rel=TOLERANCE + 0.02)
        assert set(one.contributions.head(2)["id"]) == set(two.contributions.head(2)["id"])


class TestApproach2:
    def test_both_approaches_agree_for_small_uncertainties(self, world: SimpleNamespace) -> None:
        random = np.random.default_rng(5)
        rows = [
            world.activity("1A", f"f{number % 5}", float(random.uniform(1, 9)), place=place, uncertainty=0.04)
            for number in range(30) for place in ("411502", "411503")
        ]  # fmt: skip
        measured = {"ncv": "GJ/t", "carbon_content": "t C/GJ", "oxidation": "1"}
        table = [
            factor(f"{name}{number}", 0.9, 3, parameter=name, unit=unit, item=f"f{number}")
            for number in range(5) for name, unit in measured.items()
        ]  # fmt: skip
        found = world.compile(rows, table)
        one, two = propagate(found, by=("item",)), simulate(found, seed=7, draws=DRAWS, by=("item",))
        assert told(two)["mean"] == pytest.approx(told(one)["mean"], rel=2e-3)
        assert told(two)["half_width"] == pytest.approx(told(one)["half_width"], rel=TOLERANCE)
        for first, second in zip(one.groups.rows(named=True), two.groups.rows(named=True), strict=True):
            assert first["item"] == second["item"]
            assert second["relative"] == pytest.approx(first["relative"], rel=TOLERANCE)
        shares = [dict(total.contributions.select("id", "share").rows()) for total in (one, two)]
        assert all(shares[1][name] == pytest.approx(share, abs=0.03) for name, share in shares[0].items())

    def test_a_shared_factor_is_drawn_once(self, world: SimpleNamespace) -> None:
        rows = [world.activity(value=100, uncertainty=0), world.activity(item="y", value=50, uncertainty=0)]
        shared = carbon(world, rows, [factor("f", 2.0, 10)])
        apart = carbon(world, rows, [factor("f", 2.0, 10, item="x"), factor("g", 2.0, 10, item="y")])
        assert told(simulate(shared, seed=1, draws=DRAWS))["half_width"] == pytest.approx(30, rel=TOLERANCE)
        assert told(simulate(apart, seed=1, draws=DRAWS))["half_width"] == pytest.approx(
            10 * math.hypot(2, 1), rel=TOLERANCE
        )

    def test_an_activity_row_is_drawn_once_for_all_its_gases(self, world: SimpleNamespace) -> None:
        table = [factor("f", 1.0, 0), factor("m", 1000, 0, parameter="simple_ch4_ef", unit="kg CH4/t")]
        found = world.compile([world.activity(value=10, uncertainty=0.2)], table)
        total = simulate(found, seed=1, draws=DRAWS)
        assert told(total)["relative"] == pytest.approx(0.2, rel=TOLERANCE)
        assert total.contributions["share"].to_list() == pytest.approx([1.0], rel=1e-6)

    def test_the_same_seed_gives_the_same_figures_and_another_seed_others(self, world: SimpleNamespace) -> None:
        found = carbon(world, [world.activity(uncertainty=0.1)], [factor("f", 2.0, 10)])
        one, same, other = (simulate(found, seed=seed, draws=500) for seed in (42, 42, 43))
        assert one.total.equals(same.total)
        assert one.contributions.equals(same.contributions)
        assert not one.total.equals(other.total)
        assert (one.seed, one.draws, one.approach) == (42, 500, 2)

    def test_what_is_drawn_for_one_source_does_not_depend_on_the_others(self, world: SimpleNamespace) -> None:
        rows = [world.activity(item=item, uncertainty=0.1) for item in ("x", "y", "z")]
        table = [factor("g", 3.0, 20, item="y"), factor("f", 2.0, 10, item="x"), factor("h", 3.0, 20, item="z")]
        whole = simulate(carbon(world, rows, table), seed=1, draws=500, by=("item",)).groups
        alone = simulate(carbon(world, rows[:1], table[1:2]), seed=1, draws=500, by=("item",)).groups
        assert whole.filter(pl.col("item") == "x").equals(alone)

    def test_the_steps_in_which_rows_are_taken_change_nothing(self, world: SimpleNamespace, monkeypatch: Any) -> None:
        rows = [world.activity(item=f"i{number}", value=1.0 + number, uncertainty=0.1) for number in range(17)]
        found = carbon(world, rows, [factor("f", 2.0, 10)])
        one = simulate(found, seed=1, draws=200)
        monkeypatch.setattr("dafeng.kernel.accounting.simulation._CELLS_AT_ONCE", 600)
        other = simulate(found, seed=1, draws=200)
        assert same(told(one), told(other))

    def test_too_few_draws_are_refused(self, world: SimpleNamespace) -> None:
        with pytest.raises(MethodError, match="99"):
            simulate(carbon(world, [world.activity()], [factor("f")]), seed=1, draws=99)

    def test_a_divisor_that_reaches_zero_is_refused_rather_than_reported(
        self, world: SimpleNamespace, own_registry: Any
    ) -> None:
        from dafeng.kernel.accounting import Recipe, method

        def logged(amount: "t", log_ef: "t CO2/t", log_share: "1") -> "t CO2":
            """A logarithm of what may be drawn below zero."""
            from dafeng.kernel.accounting import log

            return amount * log_ef * log(log_share)

        method("test.log", category="", gas="CO2", source="a test")(logged)
        table = [
            factor("e", 1.0, 0, parameter="log_ef"), factor("s", 1.0, parameter="log_share", unit="1", lower=-2.0, upper=4.0),
        ]  # fmt: skip
        found = world.compile([world.activity()], table, recipes=[Recipe("1B", "CO2", "test.log")])
        with pytest.raises(MethodError, match=r"test\.log"):
            simulate(found, seed=1)


class TestDistributions:
    """100 000 draws: a quantile at 2.5 % of a normal has a standard error of 0.0085 standard deviations."""

    DRAWS = 100_000

    def drawn(self, value: float, lower: float, upper: float, distribution: str = "normal", **more: Any) -> np.ndarray:
        term = {"factor_id": "f", "value": value, "lower": lower, "upper": upper, "distribution": distribution,
                "basis": "bounds", "half": (upper - lower) / 2, **more}  # fmt: skip
        return draw_factor(term, 2023, self.DRAWS)

    @pytest.mark.parametrize("distribution", ["normal", "lognormal", "triangular", "uniform"])
    @pytest.mark.parametrize("scale", [1.0, 1e-6, 1e6])
    def test_the_bounds_are_the_95_percent_bounds(self, distribution: str, scale: float) -> None:
        # The geometric mean, so that a lognormal has its median at the value too.
        lower, upper = 0.5 * scale, 2.0 * scale
        found = self.drawn(1.0 * scale, lower, upper, distribution)
        below, above = np.mean(found < lower), np.mean(found > upper)
        error = 5 * math.sqrt(0.025 * 0.975 / self.DRAWS)
        assert (below, above) == pytest.approx((0.025, 0.025), abs=error)

    def test_an_uneven_normal_keeps_its_value_as_median(self) -> None:
        # Rice of 省级指南 2011: −28 % / +35 %
        found = self.drawn(234.0, 234 * 0.72, 234 * 1.35)
        assert np.median(found) == pytest.approx(234, rel=0.004)

    @pytest.mark.parametrize(
        ("distribution", "reference"),
        [
            ("lognormal", stats.lognorm(math.log(4) / (2 * 1.959964))),
            ("uniform", stats.uniform(0.5 - 0.025 * 1.5 / 0.95, 1.5 / 0.95)),
        ],
    )
    def test_the_shape_is_that_of_the_textbook(self, distribution: str, reference: Any) -> None:
        # Kolmogorov–Smirnov: at 100 000 draws the distance of the right shape exceeds 0.0065 once in 2 000 seeds.
        found = self.drawn(1.0, 0.5, 2.0, distribution)
        assert stats.kstest(found, reference.cdf).statistic < 0.0065

    def test_a_triangular_one_has_its_mode_at_the_value(self) -> None:
        found = self.drawn(1.0, 0.5, 2.0, "triangular")
        low, high = found.min(), found.max()
        shape = stats.triang((1.0 - low) / (high - low), low, high - low)
        assert stats.kstest(found, shape.cdf).statistic < 0.01
        assert low < 0.5 < 2.0 < high

    def test_an_even_triangular_one_has_the_ends_worked_by_hand(self) -> None:
        # (w − h)² / (2w²) = 0.025, so w = h / (1 − √0.05)
        found = self.drawn(1.0, 0.9, 1.1, "triangular")
        end = 0.1 / (1 - math.sqrt(0.05))
        assert (found.min(), found.max()) == pytest.approx((1 - end, 1 + end), abs=0.002)

    def test_a_normal_of_a_positive_value_is_never_drawn_below_zero(self) -> None:
        found = self.drawn(1.0, 0.0, 2.5)
        assert found.min() >= 0

    def test_unless_its_bounds_themselves_reach_below_zero(self) -> None:
        found = self.drawn(0.2, -0.5, 0.9)
        assert np.mean(found < -0.5) == pytest.approx(0.025, abs=0.0025)

    def test_a_removal_is_the_mirror_of_a_source(self) -> None:
        assert np.array_equal(self.drawn(-2.0, -2.6, -1.8), -self.drawn(2.0, 1.8, 2.6))
        assert self.drawn(-1.0, -2.5, 0.0).max() <= 0

    def test_an_activity_is_never_drawn_across_zero(self, world: SimpleNamespace) -> None:
        for value in (10, -10):
            found = simulate(
                carbon(world, [world.activity(value=value, uncertainty=1.5)], [factor("f", 1.0, 0)]), seed=1
            )
            total = told(found)
            assert total["lower"] * total["upper"] >= 0
            assert abs(total["mean"]) > 10  # what is cut off below shifts the mean: approach 1 cannot show that
