"""Resolution: which method and which factor answer, by the rules of docs/dev/accounting.md and nothing else."""

from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dafeng.kernel.accounting import Recipe, factor_frame, resolve
from dafeng.kernel.errors import FactorError
from dafeng.kernel.quantities import places

KEY = {"category": "1B", "item": "x", "technology": "", "variable": "", "unit": "t", "place": "411500", "year": 2023}
REGION = places.regions()["410000"][0]
QUICK = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def factor(name: str, value: float = 1.0, **more: Any) -> dict[str, Any]:
    told = {"factor_id": name, "set": "one", "parameter": "simple_ef", "value": value, "unit": "t CO2/t"}
    return {**told, "standing": "confirmed", **more}


def chosen(factors: list[dict[str, Any]], key: dict[str, Any] | None = None, **options: Any) -> str | None:
    """The id of the factor that one key of the simple method gets."""
    keys = pl.DataFrame([{"key": 0, **KEY, **(key or {})}]).cast({"key": pl.UInt32, "year": pl.Int16})
    recipes = [Recipe("", "CO2", "test.simple")]
    found = resolve(keys, factor_frame(factors), recipes, **options).terms["factor_id"].to_list()
    return found[0] if found else None


pytestmark = pytest.mark.usefixtures("world")


class TestPlace:
    ORDER = ("411500/plant", "411500", "410000", REGION, "100000", "world")

    def test_the_most_specific_place_wins_all_the_way_up(self) -> None:
        table = [factor(place, place=place) for place in self.ORDER]
        for wanted in self.ORDER:
            assert chosen(table, {"place": "411500/plant"}) == wanted
            table = [row for row in table if row["factor_id"] != wanted]
        assert chosen(table, {"place": "411500/plant"}) is None

    def test_a_county_comes_before_its_city(self) -> None:
        table = [factor("city", place="411500"), factor("county", place="411502")]
        assert chosen(table, {"place": "411502"}) == "county"
        assert chosen(table, {"place": "411503"}) == "city"

    def test_a_neighbours_factor_is_never_taken(self) -> None:
        assert chosen([factor("wuhan", place="420100")]) is None
        assert chosen([factor("county", place="411502")]) is None

    def test_place_comes_before_year(self) -> None:
        table = [factor("old_city", place="411500", year=2005), factor("new_nation", place="100000", year=2023)]
        assert chosen(table) == "old_city"


class TestYear:
    def test_the_nearest_earlier_year_wins_and_the_same_year_is_nearest(self) -> None:
        table = [factor(str(year), year=year) for year in (2005, 2012, 2020, 2023)]
        assert [chosen(table, {"year": year}) for year in (2023, 2022, 2019, 2011)] == ["2023", "2020", "2012", "2005"]

    def test_a_later_year_is_never_taken(self) -> None:
        assert chosen([factor("later", year=2024)]) is None

    def test_a_dated_row_comes_before_an_undated_one_and_an_undated_one_before_none(self) -> None:
        table = [factor("undated"), factor("2010", year=2010)]
        assert chosen(table) == "2010"
        assert chosen(table, {"year": 2009}) == "undated"


class TestOrderOfTheRest:
    def test_a_matching_technology_before_none_and_another_never(self) -> None:
        table = [factor("any"), factor("grazing", technology="grazing")]
        assert chosen(table, {"technology": "grazing"}) == "grazing"
        assert chosen(table, {"technology": "intensive"}) == "any"
        assert chosen(table[1:], {"technology": ""}) is None

    def test_the_longer_category_wins(self) -> None:
        table = [factor("all"), factor("sector", category="1"), factor("sub", category="1B2")]
        assert chosen(table, {"category": "1B2a"}) == "sub"
        assert chosen(table, {"category": "1B1"}) == "sector"
        assert chosen(table, {"category": "2A"}) == "all"

    def test_a_matching_item_before_none_and_another_never(self) -> None:
        table = [factor("any"), factor("coal", item="coal")]
        assert chosen(table, {"item": "coal"}) == "coal"
        assert chosen(table, {"item": "oil"}) == "any"
        assert chosen(table[1:], {"item": "oil"}) is None

    def test_the_order_of_the_sets_asked_for_decides_and_others_are_not_used(self) -> None:
        table = [factor("a", set="one"), factor("b", set="two")]
        assert chosen(table, sets=["two", "one"]) == "b"
        assert chosen(table, sets=["one", "two"]) == "a"
        assert chosen(table, sets=["three"]) is None

    def test_equals_are_told_apart_by_their_id(self) -> None:
        assert chosen([factor("b"), factor("a"), factor("c")]) == "a"

    def test_the_preference_is_lexical_in_the_documented_order(self) -> None:
        """Of two factors that differ in two rules, the earlier rule decides."""
        better = [
            {"place": "411500"}, {"year": 2020}, {"technology": "t"}, {"category": "1B"}, {"item": "x"}, {"set": "one"},
        ]  # fmt: skip
        plain = {"place": "world", "year": None, "technology": "", "category": "", "item": "", "set": "two"}
        for first in range(len(better)):
            for second in range(first + 1, len(better)):
                table = [factor("z", **{**plain, **better[first]}), factor("a", **{**plain, **better[second]})]
                assert chosen(table, {"technology": "t"}, sets=["one", "two"]) == "z", (first, second)


def test_a_gap_is_never_used_and_is_named_as_missing(world: SimpleNamespace) -> None:
    found = world.compile([world.activity()], [factor("gap", None, standing="gap")])  # type: ignore[arg-type]
    told = found.results.row(0, named=True)
    assert (told["emission"], told["notation"]) == (None, "NE")
    assert found.issues["reason"].to_list() == ["缺少因子 simple_ch4_ef", "缺少因子 simple_ef"]


def test_a_factor_in_a_unit_that_does_not_fit_names_itself(world: SimpleNamespace) -> None:
    with pytest.raises(FactorError, match="wrong"):
        world.compile([world.activity()], [factor("wrong", unit="GJ/t")])


def test_a_factor_is_converted_with_its_bounds(world: SimpleNamespace) -> None:
    found = world.compile([world.activity()], [factor("kg", 2000, unit="kg CO2/t", lower=1900, upper=2200)])
    told = found.terms.filter(pl.col("factor_id") == "kg").row(0, named=True)
    assert (told["value"], told["lower"], told["upper"]) == pytest.approx((2.0, 1.9, 2.2), rel=1e-12)
    assert told["unit"] == "t CO2/t"


class TestCoherentParameters:
    """NCV, carbon and oxidation of one fuel come from one set together, or not at all."""

    COHERENT = ("ncv", "carbon_content", "oxidation")

    @staticmethod
    def fuel(name: str, *parameters: str, **more: Any) -> list[dict[str, Any]]:
        units = {"ncv": "GJ/t", "carbon_content": "t C/GJ", "oxidation": "1"}
        return [
            factor(f"{name}.{one}", parameter=one, unit=units[one], set=name, **more) for one in (parameters or units)
        ]

    def used(self, world: SimpleNamespace, table: list[dict[str, Any]], **options: Any) -> list[str]:
        found = world.compile([world.activity("1A", "coal")], table, coherent=self.COHERENT, **options)
        return [str(one) for one in found.terms.sort("parameter")["factor_id"]]

    def test_the_first_set_that_holds_all_is_taken_whole(self, world: SimpleNamespace) -> None:
        table = self.fuel("two") + self.fuel("three")
        assert self.used(world, table, sets=["two", "three"]) == ["two.carbon_content", "two.ncv", "two.oxidation"]

    def test_a_set_that_lacks_one_is_passed_over_whole(self, world: SimpleNamespace) -> None:
        table = self.fuel("two", "ncv", "carbon_content") + self.fuel("three")
        used = self.used(world, table, sets=["two", "three"])
        assert {one.split(".")[0] for one in used} == {"three"}

    def test_sets_are_not_mixed_even_if_together_they_would_do(self, world: SimpleNamespace) -> None:
        table = self.fuel("two", "ncv") + self.fuel("three", "carbon_content", "oxidation")
        found = world.compile([world.activity("1A", "coal")], table, coherent=self.COHERENT, sets=["two", "three"])
        assert found.results["notation"].to_list() == ["NE"]
        assert found.results["emission"].to_list() == [None]
        assert "carbon_content" in found.issues["reason"][0]

    def test_what_is_not_coherent_may_come_from_anywhere(self, world: SimpleNamespace) -> None:
        table = self.fuel("two", "ncv") + self.fuel("three", "carbon_content", "oxidation")
        found = world.compile([world.activity("1A", "coal")], table, sets=["two", "three"])
        assert found.results["emission"].to_list() == pytest.approx([100 * 44 / 12])


class TestRecipes:
    def methods(self, world: SimpleNamespace, recipes: list[Recipe], **activity: Any) -> list[str]:
        found = world.compile([world.activity(**activity)], [], recipes=recipes)
        return sorted(found.resolutions["method"].to_list())

    def test_the_longest_category_shadows_the_shorter_for_the_same_gas(self, world: SimpleNamespace) -> None:
        recipes = [Recipe("1", "CO2", "test.simple"), Recipe("1B2", "CO2", "test.fuel.mass")]
        assert self.methods(world, recipes, category="1B2a") == ["test.fuel.mass"]
        assert self.methods(world, recipes, category="1B1") == ["test.simple"]

    def test_a_recipe_for_the_item_shadows_the_one_for_all(self, world: SimpleNamespace) -> None:
        herd = {"category": "3A1", "unit": "head"}
        recipes = [Recipe("3A1", "CH4", "test.animal"), Recipe("3A1", "CH4", "test.animal.dairy", item="dairy")]
        assert self.methods(world, recipes, item="dairy", **herd) == ["test.animal.dairy"]
        assert self.methods(world, recipes, item="goat", **herd) == ["test.animal"]

    def test_gases_do_not_shadow_each_other(self, world: SimpleNamespace) -> None:
        recipes = [Recipe("1", "CO2", "test.simple"), Recipe("1B2", "CH4", "test.simple.ch4")]
        assert self.methods(world, recipes, category="1B2") == ["test.simple", "test.simple.ch4"]

    def test_kinds_do_not_shadow_each_other(self, world: SimpleNamespace) -> None:
        recipes = [
            Recipe("1", "CO2", "test.simple", kind="direct"),
            Recipe("1B", "CO2", "test.simple", kind="biogenic"),
        ]
        assert self.methods(world, recipes, category="1B") == ["test.simple", "test.simple"]

    @pytest.mark.parametrize(
        ("unit", "expected"),
        [
            ("万吨", "test.fuel.mass"),
            ("万标准立方米", "test.fuel.volume"),
            ("tce", "test.fuel.energy"),
            ("亿千瓦时", "test.fuel.energy"),
        ],
    )
    def test_mass_volume_and_heat_of_a_fuel_find_their_method_by_the_unit(
        self, world: SimpleNamespace, unit: str, expected: str
    ) -> None:
        assert self.methods(world, world.recipes, category="1A", unit=unit) == [expected]

    def test_a_unit_that_fits_no_method_is_said_with_what_was_expected(self, world: SimpleNamespace) -> None:
        found = world.compile([world.activity("1A", "gas", unit="m3")], [])
        reason = found.issues["reason"][0]
        assert "单位" in reason
        assert all(unit in reason for unit in ("t", "1e4 Nm3", "GJ"))

    def test_a_gas_whose_method_cannot_take_the_unit_is_not_lost_beside_one_that_can(
        self, world: SimpleNamespace
    ) -> None:
        # CO2 has methods for mass and heat, CH4 for mass only: 10 GJ of `fuel` give CO2, and CH4 is not estimated.
        recipes = [*world.recipes, Recipe("1A", "CH4", "test.fuel.mass")]
        found = world.compile([world.activity("1A", "coal", 10, unit="GJ", variable="fuel")], [], recipes=recipes)
        told = found.rows().select("gas", "notation", "reason").sort("gas").rows()
        assert [row[:2] for row in told] == [("CH4", "NE"), ("CO2", "NE")]
        assert "单位不能换算为方法所需的 t" in told[0][2]

    def test_a_row_that_does_not_say_which_input_it_is_counts_as_none(self, world: SimpleNamespace) -> None:
        recipes = [
            Recipe("1B", "CO2", "test.simple"),
            Recipe("1B", "CO2", "test.fuel.mass"),
        ]  # `amount` and `fuel`, both in t
        found = world.compile([world.activity()], [], recipes=recipes)
        assert found.results["notation"].to_list() == ["NE"]
        assert found.issues["reason"].to_list() == ["须填写变量，可为 amount、fuel"]
        named = world.compile([world.activity(variable="fuel")], [], recipes=recipes)
        assert named.resolutions["method"].to_list() == ["test.fuel.mass"]

    def test_an_activity_without_a_method_is_said(self, world: SimpleNamespace) -> None:
        found = world.compile([world.activity("9Z", "x")], [])
        assert found.results["notation"].to_list() == ["NE"]
        assert found.issues["reason"].to_list() == ["没有适用于该类别与品种的方法"]

    def test_a_tier_is_taken_only_where_it_is_asked_for(self, world: SimpleNamespace) -> None:
        recipes = [Recipe("1", "CO2", "test.simple"), Recipe("1", "CO2", "test.fuel.mass", tier="2")]
        for tiers, expected in (
            ({}, "test.simple"), ({"1": "2"}, "test.fuel.mass"), ({"1": "2", "1B": "1"}, "test.simple"),
        ):  # fmt: skip
            found = world.compile([world.activity()], [], recipes=recipes, tiers=tiers)
            assert found.resolutions["method"].to_list() == [expected]


@QUICK
@given(st.data())
def test_the_choice_does_not_depend_on_the_order_of_any_table(world: SimpleNamespace, data: st.DataObject) -> None:
    pick = data.draw
    table = [
        factor(
            f"f{number}",
            float(number + 1),
            place=pick(st.sampled_from(["411500", "410000", REGION, "100000", "world"])),
            year=pick(st.sampled_from([None, 2010, 2020])),
            technology=pick(st.sampled_from(["", "t"])),
            category=pick(st.sampled_from(["", "1", "1B"])),
            item=pick(st.sampled_from(["", "x", "y"])),
            set=pick(st.sampled_from(["one", "two"])),
        )
        for number in range(pick(st.integers(1, 8)))
    ]
    rows = [
        world.activity(item=item, technology=technology, year=year, place=place, activity_id=f"{item}{technology}{year}{place}")
        for item in ("x", "y", "z") for technology in ("", "t") for year in (2009, 2015, 2023) for place in ("411500", "420100")
    ]  # fmt: skip

    def told(rows: list[Any], table: list[Any]) -> dict[str, Any]:
        found = world.compile(rows, table, sets=["two", "one"])
        frame = found.rows().filter(pl.col("gas") == "CO2")
        return dict(
            zip(frame["activity_id"], zip(frame["emission"], frame["factor_ids"].to_list(), strict=True), strict=True)
        )

    assert told(rows, table) == told(pick(st.permutations(rows)), pick(st.permutations(table)))
