"""Intensities and the yearly account, on numbers worked out by hand."""

from __future__ import annotations

import polars as pl
import pytest

from dafeng.domains.inventory.methods.completeness import completeness
from dafeng.domains.inventory.methods.intensity import denominators, intensity, yearly_account
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import ActivityError
from tests.domains.inventory import small_inventory as small


def statistics(*rows: tuple) -> pl.DataFrame:
    names = ("indicator", "place", "year", "value", "unit", "series")
    return pl.DataFrame(
        [dict(zip(names, (*row, "")[:6], strict=True)) for row in rows],
        schema_overrides={"year": pl.Int16, "value": pl.Float64},
    )


GDP = ("gdp", small.CITY, 2020, 2.0, "亿元")
PEOPLE = ("population", small.CITY, 2020, 0.5, "万人")


def value(frame: pl.DataFrame, measure: str, scope: str, **more) -> dict:
    found = frame.filter((pl.col("measure") == measure) & (pl.col("scope") == scope))
    for name, wanted in more.items():
        found = found.filter(pl.col(name) == wanted)
    assert found.height == 1
    return found.row(0, named=True)


def test_emissions_per_gdp_and_per_person_are_in_the_units_that_offices_use():
    inventory = small.compile_rows([small.cattle(1000.0), small.electricity(2e6)])  # 50 t CH4 = 1400 t CO2e; 1000 t CO2
    found = intensity(inventory, statistics(GDP, PEOPLE), places=[small.CITY])
    per_gdp = value(found, "gdp", "direct")
    assert (per_gdp["value"], per_gdp["unit"]) == (pytest.approx(1400 / 20000), "t CO2e/万元")
    per_person = value(found, "population", "direct")
    assert (per_person["value"], per_person["unit"]) == (pytest.approx(1400 / 5000), "t CO2e/人")


def test_direct_and_indirect_stay_apart_and_are_added_only_by_name():
    inventory = small.compile_rows([small.cattle(1000.0), small.electricity(2e6)])
    found = intensity(inventory, statistics(GDP), places=[small.CITY], per=["gdp"])
    values = {row["scope"]: row["value"] for row in found.iter_rows(named=True)}
    assert values["indirect"] == pytest.approx(1000 / 20000)
    assert values["direct_and_indirect"] == pytest.approx(2400 / 20000)


def test_end_use_stands_in_for_net_import_but_is_never_added_to_direct_emissions():
    used = small.electricity(2e6, category="ID3", variable="electricity")
    recipes = (*small.RECIPES, small.Recipe("ID3", "CO2", "energy.electricity.co2", kind="indirect"))
    inventory = small.compile_rows([small.cattle(1000.0), used], recipes=recipes)
    found = intensity(inventory, statistics(GDP), places=[small.CITY], per=["gdp"])
    assert value(found, "gdp", "indirect")["value"] == pytest.approx(1000 / 20000)
    assert value(found, "gdp", "direct_and_indirect")["notation"] == "NE"
    assert inventory.indirect()["co2e"].to_list() == [pytest.approx(1000.0)]


def test_without_land_use_data_the_net_intensity_is_not_estimated():
    found = intensity(small.compile_rows([small.cattle(1000.0)]), statistics(GDP), places=[small.CITY], per=["gdp"])
    net = value(found, "gdp", "net")
    assert (net["value"], net["notation"], net["status"]) == (None, "NE", int(Status.INCOMPLETE))


def test_a_missing_statistic_is_ne_with_the_reason_in_both_languages():
    found = intensity(small.compile_rows([small.cattle(1.0)]), statistics(GDP), places=[small.CITY])
    row = value(found, "population", "direct")
    assert (row["value"], row["notation"]) == (None, "NE")
    assert "population" in row["reason"]
    assert "no population statistic" in row["reason_en"]


def test_a_missing_year_of_emissions_is_ne():
    rows = statistics(GDP, ("gdp", small.CITY, 2021, 2.1, "亿元"))
    found = intensity(small.compile_rows([small.cattle(1.0)]), rows, places=[small.CITY], years=[2021], per=["gdp"])
    assert value(found, "gdp", "direct")["reason"] == "没有直接排放量"


def test_zero_denominators_give_no_number():
    rows = statistics(("gdp", small.CITY, 2020, 0.0, "亿元"))
    found = intensity(small.compile_rows([small.cattle(1.0)]), rows, places=[small.CITY], per=["gdp"])
    row = value(found, "gdp", "direct")
    assert (row["value"], row["notation"], row["status"]) == (None, "NE", int(Status.INCOMPLETE))


def test_constant_and_current_prices_are_series_of_their_own():
    rows = statistics(GDP, ("gdp.constant.2015", small.CITY, 2020, 1.6, "亿元"))
    found = intensity(small.compile_rows([small.cattle(1000.0)]), rows, places=[small.CITY], per=["gdp"])
    current, constant = value(found, "gdp", "direct", price="current"), value(found, "gdp", "direct", price="constant")
    assert (current["price_year"], current["value"]) == (None, pytest.approx(0.07))
    assert (constant["price_year"], constant["value"]) == (2015, pytest.approx(1400 / 16000))


def test_people_have_no_price():
    found = intensity(
        small.compile_rows([small.cattle(1.0)]), statistics(PEOPLE), places=[small.CITY], per=["population"]
    )
    assert set(found["price"]) == {""}


def test_the_status_is_the_worse_of_both_halves():
    doubtful = small.factors({"factor_id": "cattle", "standing": "memory", "owner": "methodology"})
    found = intensity(
        small.compile_rows([small.cattle(1.0)], doubtful), statistics(GDP), places=[small.CITY], per=["gdp"]
    )
    assert value(found, "gdp", "direct")["status"] == int(Status.DEGRADED)


def test_series_that_disagree_take_the_first_and_are_degraded():
    rows = statistics((*GDP, ""), ("gdp", small.CITY, 2020, 2.1, "亿元", "panel"))
    found = denominators(rows).row(0, named=True)
    assert (found["value"], found["status"]) == (pytest.approx(20000), int(Status.DEGRADED))
    agreeing = statistics((*GDP, ""), ("gdp", small.CITY, 2020, 2.001, "亿元", "panel"))
    assert denominators(agreeing)["status"].to_list() == [int(Status.OK)]


def test_a_year_with_missing_cells_is_incomplete_when_the_matrix_says_so():
    inventory = small.compile_rows([small.cattle(1000.0)])
    matrix = completeness(inventory, place=small.CITY, years=[2020], categories=small.CATEGORIES)
    without = intensity(inventory, statistics(GDP), places=[small.CITY], per=["gdp"])
    found = intensity(inventory, statistics(GDP), places=[small.CITY], per=["gdp"], matrix=matrix)
    assert value(without, "gdp", "direct")["status"] == int(Status.OK)
    assert value(found, "gdp", "direct")["status"] == int(Status.INCOMPLETE)


def test_counties_are_divided_by_their_own_statistics():
    rows = [small.cattle(1000.0, place=small.EAST), small.cattle(3000.0, place=small.WEST)]
    told = statistics(GDP, ("gdp", small.EAST, 2020, 1.0, "亿元"))
    found = intensity(small.compile_rows(rows), told, places=[small.CITY, small.EAST], per=["gdp"])
    assert value(found, "gdp", "direct", place=small.CITY)["value"] == pytest.approx(5600 / 20000)
    assert value(found, "gdp", "direct", place=small.EAST)["value"] == pytest.approx(1400 / 10000)


def test_a_unit_that_measures_something_else_is_refused_with_its_place():
    with pytest.raises(ActivityError, match="2020"):
        denominators(statistics(("gdp", small.CITY, 2020, 1.0, "万吨")))


def test_an_unknown_measure_is_refused():
    with pytest.raises(ActivityError, match="per_cow"):
        intensity(small.compile_rows([small.cattle(1.0)]), statistics(GDP), places=[small.CITY], per=["per_cow"])


def test_statistics_of_other_things_and_part_years_are_passed_over():
    other = statistics(("income", small.CITY, 2020, 1.0, "元"), GDP)
    assert denominators(other)["measure"].to_list() == ["gdp"]


def account(rows, **options) -> dict[str, dict]:
    found = yearly_account(small.compile_rows(rows, **options), within=small.CITY)
    return {row["line"]: row for row in found.iter_rows(named=True)}


LIME = {"category": "2A2", "item": "lime", "unit": "t", "place": small.CITY, "year": 2020, "value": 100.0}


def lime_options() -> dict:
    lime = {"factor_id": "lime", "parameter": "lime_ef", "value": 0.7, "unit": "t CO2/t"}
    return {
        "table": small.factors(lime),
        "recipes": (*small.RECIPES, small.Recipe("2A2", "CO2", "industry.lime.co2")),
    }


def test_the_yearly_account_is_the_co2_of_energy_and_processes_with_indirect_beside_it():
    lines = account([small.fuel(10.0), LIME, small.electricity(2e4), small.cattle(5.0)], **lime_options())
    energy = 10 * small.CO2_PER_TONNE
    assert lines["energy"]["co2e"] == pytest.approx(energy)
    assert lines["process"]["co2e"] == pytest.approx(70.0)
    assert lines["electricity_and_heat"]["co2e"] == pytest.approx(10.0)
    assert lines["core"]["co2e"] == pytest.approx(energy + 70)  # methane of cattle is not in it
    assert lines["core_with_indirect"]["co2e"] == pytest.approx(energy + 80)


def test_an_account_without_one_of_its_lines_is_not_summed():
    lines = account([small.fuel(10.0)])
    assert (lines["process"]["co2e"], lines["core"]["co2e"]) == (None, None)
    assert lines["core"]["status"] == int(Status.INCOMPLETE)


def test_end_use_of_electricity_is_not_added_to_net_import():
    used = small.electricity(5e4, category="ID3", variable="electricity")
    recipes = (*small.RECIPES, small.Recipe("ID3", "CO2", "energy.electricity.co2", kind="indirect"))
    lines = account([small.electricity(2e4), used], recipes=recipes)
    assert lines["electricity_and_heat"]["co2e"] == pytest.approx(10.0)
