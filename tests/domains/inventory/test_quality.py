"""Every quality check: one inventory that fails it, one that passes, and what happens when it cannot be run."""

from __future__ import annotations

import dataclasses

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dafeng.domains.inventory import library
from dafeng.domains.inventory.methods import quality_totals
from dafeng.domains.inventory.methods.inventory import Inventory
from dafeng.domains.inventory.methods.quality import KINDS, SCHEMA, check
from dafeng.domains.inventory.methods.quality_rules import read_rules, rules
from dafeng.kernel.errors import MethodError
from dafeng.kernel.quantities import units
from tests.domains.inventory import small_inventory as small


def run(rule: str, inventory: Inventory, **extra: pl.DataFrame) -> pl.DataFrame:
    found = check(inventory, extra=extra, only=[rule])
    assert found.columns == list(SCHEMA)
    assert found["state"].n_unique() == 1
    return found


def state(rule: str, inventory: Inventory, **extra: pl.DataFrame) -> str:
    return run(rule, inventory, **extra)["state"][0]


def rows(*more: dict) -> Inventory:
    return small.compile_rows([small.fuel(10.0), *more])


# --- the list as a whole -------------------------------------------------------------------------------------------------


def test_every_rule_of_the_package_is_run_and_gives_at_least_one_line():
    found = check(rows())
    assert set(found["rule"]) == {rule.id for rule in rules()}
    assert set(found["severity"]) <= {"error", "warning", "note"}
    assert all(rule.kind in KINDS for rule in rules())


def test_a_check_that_could_not_be_run_has_not_passed_and_says_why():
    line = run("reference.approach", rows()).row(0, named=True)
    assert (line["state"], line["passed"]) == ("not_run", None)
    assert line["message_zh"] == "未能检查：没有参考方法的结果"
    assert line["message_en"] == "not run: no result of the reference approach was given"


def test_failures_come_first():
    states = check(small.compile_rows([small.fuel(-10.0)]))["state"].to_list()
    assert states == sorted(states, key=("failed", "not_run", "passed").index)
    assert states[0] == "failed"


def test_a_check_that_passes_says_how_much_it_looked_at():
    line = run("sign.negative", rows()).row(0, named=True)
    assert line["passed"]
    assert line["message_zh"] == "已检查 1 项，未发现问题"


def test_messages_are_in_both_languages():
    found = check(small.compile_rows([small.fuel(-10.0), small.fuel(5.0), small.fuel(50.0, year=2021)]))
    assert (found["message_zh"].str.len_chars() > 0).all()
    assert found["message_en"].str.contains(r"^[\x20-\x7e·²₂–×÷≤≥±（）、；：]+$").all()


def test_unknown_rules_kinds_and_tables_are_refused():
    with pytest.raises(MethodError, match=r"no\.such"):
        check(rows(), only=["no.such"])
    with pytest.raises(MethodError, match="weather"):
        check(rows(), extra={"weather": pl.DataFrame()})
    odd = dataclasses.replace(rules()[0], kind="astrology")
    with pytest.raises(MethodError, match="astrology"):
        check(rows(), table=[odd])


def test_a_rule_without_its_source_or_with_an_odd_severity_is_refused():
    good = {"id": "x", "kind": "negative", "title": "x", "title_en": "x", "severity": "error", "source": "x"}
    assert read_rules([good])[0].parameters == {}
    with pytest.raises(MethodError, match="source"):
        read_rules([good | {"source": ""}])
    with pytest.raises(MethodError, match="fatal"):
        read_rules([good | {"severity": "fatal"}])
    with pytest.raises(MethodError, match="重复"):
        read_rules([good, good])


def test_every_number_and_unit_of_the_rules_can_be_used():
    known = set(library.categories())
    for rule in rules():
        for bound in rule.parameters.get("bounds", ()):
            assert bound["lower"] < bound["upper"], rule.id
            units.parse(bound["unit"])
            assert bound["source"], rule.id
            if category := bound.get("category"):
                assert any(code.startswith(category) for code in known), category
        for pair in rule.parameters.get("pairs", ()):
            assert {pair["whole"], *pair["parts"]} <= known


# --- sums and years ------------------------------------------------------------------------------------------------------


def test_totals_agree_with_their_parts():
    assert state("sum.parts", rows(small.cattle(5.0), small.electricity(1e4))) == "passed"


def test_a_total_that_lost_a_part_is_found():
    inventory = rows(small.cattle(5.0))
    short = inventory.cells.with_columns(
        pl.when(pl.col("category") == "3A1").then(0.0).otherwise(pl.col("co2e")).alias("co2e")
    )
    inventory.__dict__["cells"] = short  # as if the cells had been altered after the compile
    line = run("sum.parts", inventory).row(0, named=True)
    assert line["state"] == "failed"
    assert line["found"] == pytest.approx(10 * small.CO2_PER_TONNE + 7)


def test_a_jump_beyond_the_sectors_threshold_is_asked_about():
    line = run("trend.jump", rows(small.fuel(12.5, year=2021))).row(0, named=True)
    assert (line["category"], line["year"], line["severity"]) == ("1A1", 2021, "warning")
    assert line["found"] == pytest.approx(0.25)
    assert line["expected"] == "±20%"


def test_a_change_within_the_threshold_passes():
    assert state("trend.jump", rows(small.fuel(11.9, year=2021))) == "passed"


def test_small_categories_may_jump():
    inventory = rows(small.fuel(10.0, year=2021), small.cattle(0.01), small.cattle(0.02, year=2021))
    assert state("trend.jump", inventory) == "passed"


def test_a_gap_between_years_leaves_nothing_to_compare():
    assert state("trend.jump", rows(small.fuel(99.0, year=2022))) == "not_run"


def test_a_quality_score_that_does_not_rise_is_a_warning():
    inventory = rows(small.fuel(10.0, year=2021, basis="assumed"))
    assert state("score.rises", inventory) == "failed"
    assert state("score.rises", rows(small.fuel(10.0, year=2021, basis="metered"))) == "passed"
    assert state("score.rises", rows()) == "not_run"


# --- other accounts --------------------------------------------------------------------------------------------------------


def reference(co2: float) -> pl.DataFrame:
    return pl.DataFrame({"place": [small.CITY], "year": [2020], "co2": [co2]})


def test_the_reference_approach_may_differ_by_five_percent():
    sectoral = 10 * small.CO2_PER_TONNE
    assert state("reference.approach", rows(), reference_approach=reference(sectoral * 1.049)) == "passed"
    line = run("reference.approach", rows(), reference_approach=reference(sectoral * 1.06)).row(0, named=True)
    assert (line["state"], line["found"]) == ("failed", pytest.approx(0.06))


def test_the_result_of_the_balance_module_is_taken_as_it_is():
    table = pl.DataFrame(
        {"place": [small.CITY], "year": [2020], "name": ["煤炭"], "reference": [108.0], "sectoral": [100.0]}
    )
    line = run("reference.approach", rows(), reference_approach=table).row(0, named=True)
    assert line["found"] == pytest.approx(0.08)
    assert "煤炭" in line["message_zh"]


def test_a_reference_for_another_year_cannot_be_compared():
    table = reference(1.0).with_columns(pl.lit(1999).alias("year"))
    assert state("reference.approach", rows(), reference_approach=table) == "not_run"


def balance(final: float) -> pl.DataFrame:
    numbers = {"supply": 100.0, "transformation": -40.0, "loss": 2.0, "final": final, "difference": 0.0}
    cells = [{"row": row, "fuel": "raw_coal", "value": value} for row, value in numbers.items()]
    common = {"place": small.CITY, "year": 2020, "unit": "万吨", "basis": "statistic", "mark": "", "source": "test"}
    return pl.DataFrame([cell | common for cell in cells])


def test_an_energy_balance_that_does_not_close_is_found():
    assert state("balance.closure", rows(), balance=balance(58.0)) == "passed"
    found = run("balance.closure", rows(), balance=balance(55.0))
    assert found["state"][0] == "failed"
    assert found["year"][0] == 2020


# --- counted twice -----------------------------------------------------------------------------------------------------------


def test_the_same_fuel_for_the_city_and_its_counties_is_counted_twice():
    inventory = rows(small.fuel(6.0, place=small.EAST), small.fuel(0.0004, place=small.WEST, unit="万吨"))
    line = run("double.city_county", inventory).row(0, named=True)
    assert (line["state"], line["place"], line["found"]) == ("failed", small.CITY, pytest.approx(10.0))
    assert "确为重复" in line["message_zh"]
    assert "counted twice" in line["message_en"]


def test_counties_without_a_row_of_the_city_are_not_counted_twice():
    inventory = small.compile_rows([small.fuel(6.0, place=small.EAST), small.cattle(1.0)])
    assert state("double.city_county", inventory) == "passed"


def test_without_counties_there_is_nothing_to_look_at():
    assert state("double.city_county", rows()) == "not_run"


def test_other_years_items_and_inputs_are_not_the_same_activity():
    inventory = rows(small.fuel(6.0, place=small.EAST, year=2021), small.fuel(6.0, place=small.EAST, item="anthracite"))
    assert state("double.city_county", inventory) == "passed"


def test_a_facility_beside_its_place_is_asked_about():
    line = run("double.facility", rows(small.fuel(4.0, place=f"{small.EAST}/plant"))).row(0, named=True)
    assert (line["state"], line["severity"], line["found"]) == ("failed", "warning", pytest.approx(4.0))


def test_a_source_in_two_rows_is_asked_about_once():
    inventory = rows(small.fuel(10.0), small.fuel(3.0, year=2021), small.fuel(4.0, year=2021))
    found = run("double.same_source", inventory)
    assert found.height == 1
    assert "2 cases" not in found["message_en"][0]
    assert "2 such cases" in found["message_en"][0]
    assert state("double.same_source", rows()) == "passed"


def test_undivided_industry_beside_its_branches_is_counted_twice():
    recipes = (small.Recipe("1A2", "CO2", "energy.combustion.co2.mass"),)
    both = [small.fuel(5.0, category="1A2x"), small.fuel(3.0, category="1A2c")]
    assert state("double.undivided", small.compile_rows(both, recipes=recipes)) == "failed"
    assert state("double.undivided", small.compile_rows(both[:1], recipes=recipes)) == "passed"


def test_neighbouring_counties_may_divide_differently():
    recipes = (small.Recipe("1A2", "CO2", "energy.combustion.co2.mass"),)
    apart = [small.fuel(5.0, category="1A2x", place=small.EAST), small.fuel(3.0, category="1A2c", place=small.WEST)]
    assert state("double.undivided", small.compile_rows(apart, recipes=recipes)) == "passed"


def test_net_import_beside_end_use_of_electricity_is_asked_about():
    used = small.electricity(5e4, category="ID3", variable="electricity")
    recipes = (*small.RECIPES, small.Recipe("ID3", "CO2", "energy.electricity.co2", kind="indirect"))
    inventory = small.compile_rows([small.electricity(2e4), used], recipes=recipes)
    assert state("double.indirect", inventory) == "failed"


# --- on the right side of the line --------------------------------------------------------------------------------------------


def test_biogenic_co2_counted_as_direct_is_an_error():
    straw = small.fuel(10.0, item="straw")
    table = small.factors(*({"factor_id": f"s.{p}", "parameter": p, "value": v, "unit": u, "item": "straw"}
                            for p, v, u in (("ncv", 15.0, "GJ/t"), ("carbon_content", 30.0, "t C/TJ"), ("oxidation", 1.0, "1"))))  # fmt: skip
    wrong = small.compile_rows([straw], table, recipes=[small.Recipe("1A", "CO2", "energy.combustion.co2.mass")])
    line = run("biogenic.total", wrong).row(0, named=True)
    assert (line["state"], line["severity"], line["found"]) == ("failed", "error", pytest.approx(16.5))
    right = small.compile_rows(
        [straw], table, recipes=[small.Recipe("1A", "CO2", "energy.combustion.co2.mass", kind="biogenic")]
    )
    assert state("biogenic.total", right) == "passed"


def test_methane_of_biomass_belongs_in_the_total():
    wood = {"category": "1A4b2", "item": "firewood", "unit": "t", "place": small.CITY, "year": 2020, "value": 5.0}
    table = small.factors({"factor_id": "stove", "parameter": "biomass_ch4_ef", "value": 2.7, "unit": "g CH4/kg"})
    inventory = small.compile_rows([wood], table, recipes=[small.Recipe("1A", "CH4", "energy.biomass.ch4")])
    assert state("biogenic.total", inventory) == "passed"


def test_bunkers_counted_as_direct_are_an_error():
    jet = small.fuel(10.0, category="1M1")
    wrong = small.compile_rows([jet], recipes=[small.Recipe("1M1", "CO2", "energy.combustion.co2.mass")])
    assert state("memo.excluded", wrong) == "failed"
    right = small.compile_rows([jet], recipes=[small.Recipe("1M1", "CO2", "energy.combustion.co2.mass", kind="bunker")])
    assert state("memo.excluded", right) == "passed"


def test_only_sinks_and_net_exports_may_be_negative():
    assert (
        state("sign.negative", small.compile_rows(small.sewage(10.0, 5.0))) == "failed"
    )  # recovers more than it makes
    assert state("sign.negative", rows(small.electricity(-1e4))) == "passed"
    forest = small.compile_rows(
        [small.fuel(-5.0, category="4A1")], recipes=[small.Recipe("4", "CO2", "energy.combustion.co2.mass")]
    )
    assert state("sign.negative", forest) == "not_run"


def test_activity_that_led_to_no_number_is_listed_with_the_reason():
    inventory = small.compile_rows([small.fuel(1.0), small.cattle(5.0)], small.factors(without=["cattle"]))
    line = run("activity.unused", inventory).row(0, named=True)
    assert (line["category"], line["found"]) == ("3A1", 1.0)
    assert "enteric_ch4_ef" in line["message_zh"]


def test_a_notation_key_is_not_an_unused_activity():
    assert state("activity.unused", rows(small.cattle(None, notation="NE"))) == "passed"


# --- factors -----------------------------------------------------------------------------------------------------------------


def test_the_parameters_of_a_fuel_from_two_sets_are_an_error():
    inventory = rows()
    mixed = inventory.emissions.terms.with_columns(
        pl.when(pl.col("parameter") == "ncv").then(pl.lit("other")).otherwise(pl.col("set")).alias("set")
    )
    wrong = dataclasses.replace(inventory, emissions=dataclasses.replace(inventory.emissions, terms=mixed))
    assert state("factor.one_set", wrong) == "failed"
    assert state("factor.one_set", inventory) == "passed"


def test_trap_c11_a_carbon_content_ten_times_too_large_is_found():
    # 25 t C/TJ written as 25e-2 t C/GJ under a wrong column head is 250 t C/TJ
    slipped = small.factors({"factor_id": "coal.cc", "value": 25.0e-2, "unit": "t C/GJ"})
    line = run("trap.C11", small.compile_rows([small.fuel(1.0)], slipped)).row(0, named=True)
    assert (line["state"], line["found"]) == ("failed", pytest.approx(250.0))
    assert state("trap.C11", rows()) == "passed"


def mine(density: float) -> Inventory:
    row = {
        "category": "1B1a",
        "item": "coal",
        "variable": "coal",
        "unit": "t",
        "place": small.CITY,
        "year": 2020,
        "value": 100.0,
    }
    table = small.factors(
        {"factor_id": "mine", "parameter": "underground_ch4_ef", "value": 5.0, "unit": "m3/t"},
        {"factor_id": "density", "parameter": "methane_density", "value": density, "unit": "kg CH4/m3"},
    )
    return small.compile_rows([row], table, recipes=[small.Recipe("1B1a", "CH4", "fugitive.coal.underground.ch4")])


def test_trap_c13_a_density_of_another_reference_state_is_found():
    assert state("trap.C13", mine(0.67)) == "passed"
    assert state("trap.C13", mine(0.717)) == "failed"
    assert state("trap.C13", rows()) == "not_run"


def acid(value: float, unit: str) -> Inventory:
    row = {"category": "2B2", "item": "nitric_acid", "unit": "t", "place": small.CITY, "year": 2020, "value": 1000.0}
    table = small.factors({"factor_id": "acid", "parameter": "nitric_acid_ef", "value": value, "unit": unit})
    return small.compile_rows([row], table, recipes=[small.Recipe("2B2", "N2O", "industry.nitric_acid.n2o")])


def test_trap_c17_kilograms_taken_for_tonnes_are_found():
    assert state("trap.C17", acid(11.77, "kg N2O/t")) == "passed"
    line = run("trap.C17", acid(11.77, "t N2O/t")).row(0, named=True)
    assert (line["state"], line["found"]) == ("failed", pytest.approx(11770))


def gas(ncv: float) -> Inventory:
    row = {"category": "1A4a", "item": "natural_gas", "variable": "fuel_volume", "unit": "万标准立方米"}
    table = small.factors(
        {"factor_id": "g.ncv", "parameter": "ncv_gas", "item": "natural_gas", "value": ncv, "unit": "GJ/1e4Nm3"},
        {"factor_id": "g.cc", "parameter": "carbon_content", "item": "natural_gas", "value": 15.3, "unit": "t C/TJ"},
        {"factor_id": "g.of", "parameter": "oxidation", "item": "natural_gas", "value": 99.0, "unit": "%"},
    )
    rows = [row | {"place": small.CITY, "year": 2020, "value": 3.0}]
    return small.compile_rows(rows, table, recipes=[small.Recipe("1A", "CO2", "energy.combustion.co2.volume")])


def test_trap_c24_natural_gas_at_a_tenth_is_found():
    assert state("trap.C24", gas(389.31)) == "passed"
    line = run("trap.C24", gas(38.931)).row(0, named=True)
    assert (line["state"], line["found"]) == ("failed", pytest.approx(2.1621888, rel=1e-6))


def test_an_implied_factor_out_of_bounds_is_told_once_with_the_worst_case():
    heavy = small.factors({"factor_id": "coal.ncv", "value": 40.0})
    inventory = small.compile_rows([small.fuel(1.0), small.fuel(2.0, place=small.EAST, year=2021)], heavy)
    found = run("factor.implied", inventory)
    assert found.height == 1
    assert found["found"][0] == pytest.approx(2 * small.CO2_PER_TONNE)
    assert "2 cases" in found["message_en"][0]
    assert state("factor.implied", rows()) == "passed"


def test_the_implied_factor_of_animals_is_per_head():
    table = small.factors(
        {"factor_id": "c", "parameter": "enteric_ch4_ef", "item": "pig", "value": 15.0, "unit": "kg CH4/head"}
    )
    inventory = small.compile_rows([small.cattle(3.0, item="pig")], table)
    assert run("factor.implied", inventory)["found"][0] == pytest.approx(15.0)


def printed(item: str, ncv: float) -> Inventory:
    set_ = {"set": "gbt32151", "item": item}
    table = small.factors(
        {"factor_id": "d.ncv", "parameter": "ncv", "value": ncv, "unit": "GJ/t", **set_},
        {"factor_id": "d.cc", "parameter": "carbon_content", "value": 20.2, "unit": "t C/TJ", **set_},
        {"factor_id": "d.of", "parameter": "oxidation", "value": 98.0, "unit": "%", **set_},
    )
    return small.compile_rows([small.fuel(1.0, item=item)], table)


def test_a_factor_recomputed_from_its_parts_agrees_with_the_printed_one():
    # GB/T 32151.22-2024 table C.1: diesel 42.652 GJ/t × 20.2 t C/TJ × 98 % × 44/12 = 3.095910 t CO2/t
    assert state("factor.printed", printed("diesel", 42.652)) == "passed"
    line = run("factor.printed", printed("diesel", 42.625)).row(0, named=True)
    assert (line["state"], line["expected"]) == ("failed", "3.095910")
    assert state("factor.printed", rows()) == "not_run"


def test_the_printed_factors_of_the_package_agree_with_its_own_tables():
    rule = next(rule for rule in rules() if rule.id == "factor.printed")
    factors = library.factors().filter(
        pl.col("value").is_not_null() & (pl.col("technology") == "") & (pl.col("category") == "")
    )

    def of(told: dict, parameter: str, unit: str) -> float:
        row = factors.filter(
            (pl.col("set") == told["set"]) & (pl.col("item") == told["item"]) & (pl.col("parameter") == parameter)
        ).row(0, named=True)
        return row["value"] * units.conversion(row["unit"], unit)

    for told in rule.parameters["printed"]:
        heat = of(told, "ncv", "GJ/t") if told["unit"].endswith("/t") else of(told, "ncv_gas", "GJ/1e4Nm3")
        computed = heat * of(told, "carbon_content", "t C/GJ") * of(told, "oxidation", "1") * 44 / 12
        assert computed == pytest.approx(told["value"], abs=1e-6), told["item"]


# --- invariants --------------------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(
    amounts=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6),
    split=st.sampled_from([small.CITY, small.EAST, small.WEST]),
)
def test_sums_agree_whatever_the_activity(amounts, split):
    data = [small.fuel(value, year=2000 + number, place=split) for number, value in enumerate(amounts)]
    found = check(small.compile_rows([*data, small.cattle(1.0)]), only=["sum.parts"])
    assert found["passed"].all()


def test_every_kind_is_used_by_a_rule():
    assert {rule.kind for rule in rules()} == set(KINDS)
    assert quality_totals.KINDS.keys() < KINDS.keys()
