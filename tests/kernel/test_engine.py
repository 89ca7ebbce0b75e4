"""The compile: figures worked by hand, an independent slow loop over rows, and what holds for any activity."""

import math
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from dafeng.kernel.accounting import Notation, Status, activity_frame
from dafeng.kernel.errors import ActivityError
from tests.kernel.factor_rows import CH4, COAL, COHERENT, EF, GAS, emission, factor


class TestWorkedByHand:
    def test_raw_coal(self, world: SimpleNamespace) -> None:
        # 1 万吨 × 20.908 GJ/t × 26.37 t C/TJ × 93 % × 44/12: 0.55134396 × 0.93 = 0.512749883 t C/t → 1.88008290 t CO2/t
        found = world.compile([world.activity("1A", "coal", 1.0, unit="万吨")], COAL, coherent=COHERENT)
        assert emission(found) == pytest.approx(18800.829, abs=5e-4)

    def test_natural_gas_by_its_volume(self, world: SimpleNamespace) -> None:
        # 1 亿 Nm3 × 389.31 GJ/万Nm3 × 15.3 t C/TJ × 99 % × 44/12: 3 893 100 GJ × 0.0153 = 59 564.43 t C → 216 218.9 t CO2
        table = [GAS, factor("c", "carbon_content", 15.3, "t C/TJ"), factor("o", "oxidation", 99, "%")]
        found = world.compile([world.activity("1A", "gas", 1.0, unit="亿Nm3")], table, coherent=COHERENT)
        assert emission(found) == pytest.approx(59564.43 * 0.99 * 44 / 12, rel=1e-12)
        assert emission(found) == pytest.approx(216218.88, abs=0.005)

    def test_one_row_gives_a_result_for_each_gas(self, world: SimpleNamespace) -> None:
        found = world.compile([world.activity(value=50)], [EF, CH4])
        assert (emission(found, "CO2"), emission(found, "CH4")) == (100.0, 1.0)

    def test_waste_water_takes_its_inputs_from_several_rows(self, world: SimpleNamespace) -> None:
        rows = [
            world.activity("5D", "domestic", 1000, variable="organic"),
            world.activity("5D", "domestic", 100_000, variable="sludge", unit="kg"),
            world.activity("5D", "domestic", 20, variable="recovered"),
        ]
        rows[0]["unit"] = rows[2]["unit"] = "t"
        rows = [{**row, "unit": unit} for row, unit in zip(rows, ("t BOD", "kg BOD", "t CH4"), strict=True)]
        found = world.compile(rows, [factor("w", "water_ef", 0.3, "t CH4/t BOD")])
        assert emission(found) == pytest.approx((1000 - 100) * 0.3 - 20, rel=1e-12)
        links = found.links.sort("input").rows()
        assert links == [(0, "recovered", 2), (0, "sludge", 1)]

    def test_first_order_decay_of_one_deposit(self, world: SimpleNamespace) -> None:
        # 1000 t × 0.06 = 60 t CH4 laid down in 2000; with k = 0.1 the years after emit 60·e^(−0.1·(n−1))·(1 − e^−0.1).
        rows = [
            world.activity("5A", "msw", 1000 if year == 2000 else 0, year=year, variable="waste")
            for year in range(2000, 2006)
        ]
        table = [factor("k", "decay_rate", 0.1, "1"), factor("l", "decay_potential", 0.06, "t CH4/t")]
        found = world.compile(rows, table).totals("year")["emission"].to_list()
        expected = [0.0] + [60 * math.exp(-0.1 * n) * (1 - math.exp(-0.1)) for n in range(5)]
        assert found == pytest.approx(expected, rel=1e-12)


class TestMissing:
    def test_a_missing_factor_never_becomes_a_number(self, world: SimpleNamespace) -> None:
        for left_out in range(3):
            table = [row for number, row in enumerate(COAL) if number != left_out]
            found = world.compile([world.activity("1A", "coal")], table, coherent=COHERENT)
            told = found.results.row(0, named=True)
            assert (told["emission"], told["notation"], told["status"]) == (None, "NE", Status.INCOMPLETE)
            assert COAL[left_out]["parameter"] in found.issues["reason"][0]

    @pytest.mark.parametrize("key", list(Notation))
    def test_a_notation_key_survives_and_is_never_zero(self, world: SimpleNamespace, key: str) -> None:
        found = world.compile([world.activity(value=None, notation=key)], [EF, CH4])
        told = found.results.row(0, named=True)
        expected = Status.INCOMPLETE if key == "NE" else Status.OK
        assert (told["emission"], told["notation"], told["status"]) == (None, key, expected)
        total = found.totals().row(0, named=True)
        assert (total["emission"], total["notation"], total["status"]) == (None, key, expected)

    def test_keys_survive_beside_rows_with_numbers_and_without_factors(self, world: SimpleNamespace) -> None:
        rows = [
            world.activity(),
            world.activity(item="y", value=None, notation="IE"),
            world.activity("9Z", value=None, notation="NO"),
        ]
        found = world.compile(rows, [{**EF, "item": "x"}, CH4]).rows().filter(pl.col("gas") != "CH4")
        assert found.select("emission", "notation").rows() == [(200.0, None), (None, "IE"), (None, "NO")]

    def test_a_sum_with_a_part_that_is_not_estimated_is_incomplete_and_says_how_many(
        self, world: SimpleNamespace
    ) -> None:
        rows = [
            world.activity(),
            world.activity(item="y", value=None, notation="NE"),
            world.activity(item="z", value=None, notation="NO"),
        ]
        told = world.compile(rows, [EF, CH4]).totals("gas").filter(pl.col("gas") == "CO2").row(0, named=True)
        assert (told["emission"], told["parts"], told["missing"], told["status"]) == (200.0, 3, 1, Status.INCOMPLETE)

    def test_a_cell_of_ne_and_no_is_ne_whatever_the_order_and_number(self, world: SimpleNamespace) -> None:
        keys = ["NO", "NO", "NE", "NO"]
        rows = [world.activity(item=f"i{number}", value=None, notation=key) for number, key in enumerate(keys)]
        for order in (rows, rows[::-1]):
            assert world.compile(order, [EF, CH4]).totals("gas")["notation"].to_list() == ["NE", "NE"]

    def test_a_cell_of_no_and_ie_has_one_key_whatever_the_order(self, world: SimpleNamespace) -> None:
        rows = [world.activity(item=key, value=None, notation=key) for key in ("C", "IE", "NO", "NA")]
        for order in (rows, rows[::-1]):
            assert world.compile(order, [EF, CH4]).totals()["notation"].to_list() == ["NO"]

    def test_a_factor_that_divides_by_zero_gives_no_number(self, own_registry: Any, world: SimpleNamespace) -> None:
        from dafeng.kernel.accounting import Recipe, method

        def ratio(amount: "t", ratio_ef: "t CO2/t", ratio_share: "1") -> "t CO2":
            """A factor in the denominator."""
            return amount * ratio_ef / ratio_share

        method("test.ratio", category="", gas="CO2", source="a test")(ratio)
        table = [factor("e", "ratio_ef", 1, "t CO2/t"), factor("s", "ratio_share", 0, "1")]
        found = world.compile([world.activity()], table, recipes=[Recipe("1B", "CO2", "test.ratio")])
        told = found.results.row(0, named=True)
        assert (told["emission"], told["notation"], told["status"]) == (None, "NE", Status.INCOMPLETE)
        assert "有限的数" in found.issues["reason"][0]

    def test_an_input_that_nobody_reported_is_not_overlooked_by_a_minimum(self, world: SimpleNamespace) -> None:
        rows = [world.activity("2A", "x", 10, variable="made")]
        found = world.compile(rows, [factor("x", "excess_ef", 1, "t CO2/t")]).results.row(0, named=True)
        assert (found["emission"], found["notation"], found["status"]) == (None, "NE", Status.INCOMPLETE)


class TestStatus:
    def test_a_factor_from_memory_degrades_the_row_and_every_sum_with_it(self, world: SimpleNamespace) -> None:
        rows = [world.activity(), world.activity(item="y")]
        table = [EF, CH4, {**EF, "factor_id": "shaky", "item": "y", "standing": "memory"}]
        found = world.compile(rows, table)
        told = found.rows().filter(pl.col("gas") == "CO2").sort("row")
        assert told["status"].to_list() == [Status.OK, Status.DEGRADED]
        assert found.totals("gas").select("gas", "status").rows() == [("CH4", 0), ("CO2", 2)]

    @pytest.mark.parametrize("key", ["NO", "C", "IE", "NE"])
    def test_a_key_beside_a_number_never_betters_the_status(self, world: SimpleNamespace, key: str) -> None:
        rows = [world.activity(notation=key), world.activity("5D", "d", 10, unit="t BOD", variable="organic", notation=key),
                world.activity("5D", "d", 1, unit="t BOD", variable="sludge")]  # fmt: skip
        table = [{**EF, "standing": "memory"}, CH4, factor("w", "water_ef", 0.3, "t CH4/t BOD", standing="conflict")]
        found = world.compile(rows, table).rows().filter(pl.col("method").is_in(["test.simple", "test.water"]))
        assert found["status"].to_list() == [Status.DEGRADED, Status.DEGRADED]
        assert found["notation"].to_list() == [key, key]

    def test_a_key_beside_a_number_that_says_not_estimated_is_incomplete(self, world: SimpleNamespace) -> None:
        found = world.compile([world.activity(notation="NE")], [EF, CH4])
        assert found.results["status"].to_list() == [Status.INCOMPLETE] * 2

    def test_a_recovery_that_is_not_estimated_is_not_taken_for_none(self, world: SimpleNamespace) -> None:
        def net(**recovered: Any) -> tuple[float | None, str | None]:
            rows = [
                world.activity("5D", "d", 10, unit="t BOD", variable="organic"),
                world.activity("5D", "d", 1, unit="t BOD", variable="sludge"),
            ]
            if recovered:
                rows.append(world.activity("5D", "d", unit="t CH4", variable="recovered", **recovered))
            told = world.compile(rows, [factor("w", "water_ef", 0.5, "t CH4/t BOD")]).results.row(0, named=True)
            return told["emission"], told["notation"]

        assert net() == (4.5, None)  # the source prescribes none where nothing is reported
        assert net(value=None, notation="NO") == (4.5, None)
        assert net(value=1.5) == (3.0, None)
        assert net(value=None, notation="NE") == (None, "NE")


class TestHistory:
    TABLE = (factor("k", "decay_rate", 0.1, "1"), factor("l", "decay_potential", 0.06, "t CH4/t"))

    def rows(self, world: SimpleNamespace, years: Any, **more: Any) -> list[dict[str, Any]]:
        return [world.activity("5A", "msw", 100.0, year=year, variable="waste", **more) for year in years]

    def test_a_gap_in_the_years_is_refused_and_named(self, world: SimpleNamespace) -> None:
        with pytest.raises(ActivityError, match="2003"):
            world.compile(self.rows(world, [2000, 2001, 2002, 2004]), self.TABLE)

    def test_a_year_reported_twice_is_refused(self, world: SimpleNamespace) -> None:
        with pytest.raises(ActivityError, match="重复"):
            world.compile(self.rows(world, [2000, 2001, 2001, 2002]), self.TABLE)

    def test_a_history_whose_beginning_is_not_estimated_is_incomplete_ever_after(self, world: SimpleNamespace) -> None:
        rows = self.rows(world, [2001, 2002])
        rows.append(world.activity("5A", "msw", None, year=2000, variable="waste", notation="NE"))
        told = world.compile(rows, self.TABLE).totals("year")
        assert told["status"].to_list() == [Status.INCOMPLETE] * 3
        rows[-1]["notation"] = "NO"
        assert world.compile(rows, self.TABLE).totals("year")["status"].to_list() == [Status.OK] * 3

    def test_a_history_whose_early_years_lack_a_factor_is_incomplete_ever_after(self, world: SimpleNamespace) -> None:
        table = [{**self.TABLE[0], "year": 2002}, self.TABLE[1]]
        told = world.compile(self.rows(world, range(2000, 2004)), table).totals("year")
        assert told["emission"].is_null().to_list() == [True, True, False, False]
        assert told["status"].to_list() == [Status.INCOMPLETE] * 4

    def test_sources_do_not_mix(self, world: SimpleNamespace) -> None:
        one = world.compile(self.rows(world, range(2000, 2005)), self.TABLE).totals("year")["emission"]
        both = self.rows(world, range(2000, 2005)) + self.rows(world, range(2000, 2005), technology="other")
        assert world.compile(both, self.TABLE).totals("year")["emission"].to_list() == pytest.approx(
            (2 * one).to_list()
        )

    def test_lineage_names_every_year_and_input_behind_a_year(self, world: SimpleNamespace) -> None:
        rows = [*self.rows(world, range(2000, 2003)), world.activity("5A", "msw", 0.5, year=2001, variable="recovered")]
        links = world.compile(rows, self.TABLE).links
        assert sorted(links.filter(pl.col("row") == 2).select("input", "other_row").rows()) == [
            ("recovered", 3), ("waste", 0), ("waste", 1),
        ]  # fmt: skip

    def test_recovery_is_subtracted_in_its_year_and_not_assumed(self, world: SimpleNamespace) -> None:
        plain = world.compile(self.rows(world, range(2000, 2003)), self.TABLE).totals("year")["emission"].to_list()
        recovery = world.activity("5A", "msw", 0.5, year=2001, variable="recovered")
        found = world.compile([*self.rows(world, range(2000, 2003)), recovery], self.TABLE)
        told = found.totals("year")["emission"].to_list()
        assert told == pytest.approx([plain[0], plain[1] - 0.5, plain[2]])
        silent = world.compile(
            [*self.rows(world, range(2000, 2003)), {**recovery, "value": None, "notation": "NE"}], self.TABLE
        )
        assert silent.totals("year")["emission"].to_list() == pytest.approx([plain[0], None, plain[2]])


class TestInputsOfOneSource:
    def test_an_input_reported_twice_is_refused_and_named(self, world: SimpleNamespace) -> None:
        rows = [
            world.activity("5D", "d", value, unit="t BOD", variable=name)
            for name, value in (("organic", 9), ("sludge", 1), ("sludge", 2))
        ]
        with pytest.raises(ActivityError, match="sludge 报了多次"):
            world.compile(rows, [factor("w", "water_ef", 0.3, "t CH4/t BOD")])

    def test_an_input_in_a_unit_that_does_not_fit_is_refused_and_named(self, world: SimpleNamespace) -> None:
        rows = [
            world.activity("5D", "d", 9, unit="t BOD", variable="organic"),
            world.activity("5D", "d", 1, unit="GJ", variable="sludge"),
        ]
        with pytest.raises(ActivityError, match="sludge"):
            world.compile(rows, [factor("w", "water_ef", 0.3, "t CH4/t BOD")])

    def test_inputs_are_joined_within_one_place_and_year_only(self, world: SimpleNamespace) -> None:
        rows = [
            world.activity("5D", "d", 9, unit="t BOD", variable="organic"),
            world.activity("5D", "d", 1, unit="t BOD", variable="sludge", year=2022),
            world.activity("5D", "d", 1, unit="t BOD", variable="sludge", place="411502"),
        ]
        found = world.compile(rows, [factor("w", "water_ef", 0.3, "t CH4/t BOD")])
        assert found.results["emission"].to_list() == [None]
        assert found.results["notation"].to_list() == ["NE"]

    def test_a_further_input_is_not_a_source_of_its_own(self, world: SimpleNamespace) -> None:
        rows = [
            world.activity("5D", "d", 9, unit="t BOD", variable="organic"),
            world.activity("5D", "d", 1, unit="t BOD", variable="sludge"),
        ]
        found = world.compile(rows, [factor("w", "water_ef", 0.3, "t CH4/t BOD")])
        assert found.results["row"].to_list() == [0]


class TestNotProportional:
    def test_the_full_formula_is_used_where_no_coefficient_exists(self, world: SimpleNamespace) -> None:
        table = [factor("e", "bent_ef", 2, "t CO2/t"), factor("r", "bent_rate", 0.7, "1")]
        found = world.compile([world.activity("2B", "x", 10)], table)
        assert emission(found) == pytest.approx(10 * 2 * (1 - math.exp(-0.7 * 0.7)), rel=1e-12)
        assert found.resolutions["method"].to_list() == ["test.bent"]

    def test_doubling_one_activity_beyond_its_limit_changes_nothing(self, world: SimpleNamespace) -> None:
        def at(made: float) -> float:
            rows = [world.activity("2A", "x", made, variable="made"), world.activity("2A", "x", 5, variable="limit")]
            return emission(world.compile(rows, [factor("x", "excess_ef", 3, "t CO2/t")]))

        assert (at(2), at(5), at(10), at(20)) == (6, 15, 15, 15)


def test_a_compile_of_part_of_a_frame_is_about_that_part(world: SimpleNamespace) -> None:
    whole = activity_frame(
        [world.activity(item=item, value=value) for item, value in (("a", 1), ("b", 10), ("c", 100))]
    )
    part = world.compile(whole.filter(pl.col("item").cast(pl.String) != "a"), [EF, CH4])
    told = part.totals("item", "gas").filter(pl.col("gas") == "CO2")
    assert told.select("item", "emission").rows() == [("b", 20.0), ("c", 200.0)]


def test_nothing_in_nothing_out(world: SimpleNamespace) -> None:
    empty = pl.DataFrame([world.activity()]).clear()
    found = world.compile(empty, [EF])
    assert (found.results.height, found.totals("gas").height, found.issues.height) == (0, 0, 0)


def test_totals_may_be_asked_by_every_column(world: SimpleNamespace) -> None:
    found = world.compile([world.activity(basis="estimated", mark="interpolated")], [EF, CH4])
    by = (
        "category",
        "item",
        "technology",
        "variable",
        "unit",
        "place",
        "year",
        "basis",
        "mark",
        "gas",
        "kind",
        "origin",
        "method",
    )
    told = found.totals(*by).filter(pl.col("gas") == "CO2").row(0, named=True)
    assert (told["place"], told["year"], told["basis"], told["mark"], told["emission"]) == (
        "411500",
        2023,
        "estimated",
        "interpolated",
        200.0,
    )
