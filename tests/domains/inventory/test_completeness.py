"""The completeness matrix, on an inventory small enough to count by hand."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dafeng.domains.inventory.methods.completeness import SCHEMA, completeness, expected_cells, shares
from tests.domains.inventory import small_inventory as small


def cell(matrix: pl.DataFrame, category: str, gas: str, year: int = 2020) -> dict:
    found = matrix.filter((pl.col("category") == category) & (pl.col("gas") == gas) & (pl.col("year") == year))
    assert found.height == 1
    return found.row(0, named=True)


def matrix_of(activities, years=(2020,), **options) -> pl.DataFrame:
    inventory = small.compile_rows(activities, **options)
    return completeness(inventory, place=small.CITY, years=years, categories=small.CATEGORIES)


def test_only_leaf_categories_are_expected():
    assert expected_cells(small.CATEGORIES).select("category", "gas").rows() == [
        ("1A1", "CO2"), ("1M", "CO2"), ("2F", "HFC"), ("3A1", "CH4"),
        ("4A1", "CO2"), ("5D1", "CH4"), ("5D1", "N2O"), ("ID1", "CO2"),
    ]  # fmt: skip


def test_a_heading_with_gases_is_no_leaf_when_something_below_asks_for_gases():
    table = {c.code: c for c in (small.category("3A", ["CH4"]), small.category("3A1", ["CH4"], "3A"))}
    assert expected_cells(table)["category"].to_list() == ["3A1"]


def test_the_matrix_has_one_row_for_each_expected_cell_and_year():
    matrix = matrix_of([small.fuel(10.0)], years=(2019, 2020))
    assert matrix.height == 8 * 2
    assert matrix.columns == list(SCHEMA)


def test_a_number_is_reported_and_keeps_its_value():
    found = cell(matrix_of([small.fuel(10.0)]), "1A1", "CO2")
    assert (found["state"], found["notation"], found["reason"], found["estimated_share"]) == (
        "reported",
        None,
        None,
        0.0,
    )
    assert found["emission"] == pytest.approx(10 * small.CO2_PER_TONNE, rel=1e-12)


@pytest.mark.parametrize("more", [{"basis": "assumed"}, {"basis": "estimated"}, {"mark": "interpolated"}])
def test_a_number_on_estimated_activity_is_estimated_and_says_how_much(more):
    rows = [small.fuel(30.0, place=small.EAST), small.fuel(10.0, place=small.WEST, **more)]
    found = cell(matrix_of(rows), "1A1", "CO2")
    assert found["state"] == "estimated"
    assert found["estimated_share"] == pytest.approx(0.25)


def test_what_nobody_reported_is_missing_with_the_reason():
    found = cell(matrix_of([small.fuel(10.0)]), "3A1", "CH4")
    assert (found["state"], found["notation"], found["status"]) == ("missing", "NE", 1)
    assert found["reason"].startswith("没有填报")
    assert found["reason_en"].startswith("nothing was reported")


@pytest.mark.parametrize("key", ["NO", "NA", "IE", "C"])
def test_a_notation_key_fills_a_cell(key):
    found = cell(matrix_of([small.cattle(None, notation=key)]), "3A1", "CH4")
    assert (found["state"], found["notation"], found["status"]) == ("notation", key, 0)


def test_a_cell_said_to_be_not_estimated_is_missing():
    found = cell(matrix_of([small.cattle(None, notation="NE")]), "3A1", "CH4")
    assert (found["state"], found["notation"]) == ("missing", "NE")
    assert "NE" in found["reason"]


def test_a_number_from_one_county_outweighs_the_key_of_another():
    rows = [small.cattle(4.0, place=small.EAST), small.cattle(None, place=small.WEST, notation="NO")]
    found = cell(matrix_of(rows), "3A1", "CH4")
    assert (found["state"], found["partial"], found["emission"]) == ("reported", False, pytest.approx(0.2))


def test_a_number_beside_a_part_that_is_not_estimated_is_partial():
    rows = [small.cattle(4.0, place=small.EAST), small.cattle(None, place=small.WEST, notation="NE")]
    matrix = matrix_of(rows)
    found = cell(matrix, "3A1", "CH4")
    assert (found["state"], found["partial"], found["missing"], found["status"]) == ("reported", True, 1, 1)
    bar = shares(matrix).filter(pl.col("sector") == "3").row(0, named=True)
    assert (bar["reported"], bar["complete"]) == (1.0, 0.0)


def test_a_missing_factor_is_named_in_both_languages():
    matrix = matrix_of([small.cattle(10.0)], table=small.factors(without=["cattle"]))
    found = cell(matrix, "3A1", "CH4")
    assert found["state"] == "missing"
    assert found["reason"] == "缺少因子 enteric_ch4_ef"
    assert found["reason_en"] == "no factor for enteric_ch4_ef"


def test_a_key_for_a_whole_category_speaks_for_all_its_gases():
    row = {
        "category": "5D1",
        "item": "",
        "unit": "t BOD",
        "place": small.CITY,
        "year": 2020,
        "value": None,
        "notation": "NO",
    }
    matrix = matrix_of([row])
    assert [cell(matrix, "5D1", gas)["notation"] for gas in ("CH4", "N2O")] == ["NO", "NO"]


def test_activity_that_no_method_answers_for_leaves_all_gases_of_its_category_missing():
    row = {"category": "5D1", "item": "sludge", "unit": "t BOD", "place": small.CITY, "year": 2020, "value": 1.0}
    matrix = matrix_of([row], recipes=[small.Recipe("5D1", "CH4", "wastewater.domestic.cod.ch4", item="x")])
    assert [cell(matrix, "5D1", gas)["reason"] for gas in ("CH4", "N2O")] == ["没有适用于该类别与品种的方法"] * 2


def test_a_family_of_gases_is_answered_by_its_members():
    row = {
        "category": "2F",
        "item": "HFC-134a",
        "variable": "hfc_bank",
        "unit": "t HFC",
        "place": small.CITY,
        "year": 2020,
    }
    recipe = small.Recipe("2F", "HFC-134a", "industry.hfc_use.fire.hfc")
    leak = {"factor_id": "leak", "parameter": "leak_rate", "value": 0.04, "unit": "1"}
    matrix = matrix_of([row | {"value": 5.0}], recipes=[recipe], table=small.factors(leak))
    assert cell(matrix, "2F", "HFC")["state"] == "reported"


def test_biogenic_co2_does_not_fill_the_cell_of_the_boiler():
    recipe = small.Recipe("1A1", "CO2", "energy.combustion.co2.mass", kind="biogenic")
    matrix = matrix_of([small.fuel(10.0)], recipes=[recipe])
    assert cell(matrix, "1A1", "CO2")["state"] == "missing"


def test_a_gas_that_the_table_does_not_ask_for_comes_last_and_is_not_counted():
    recipe = small.Recipe("3A1", "N2O", "agriculture.enteric.ch4")
    matrix = matrix_of([small.cattle(1.0)], recipes=[recipe])
    last = matrix.row(-1, named=True)
    assert (last["category"], last["gas"], last["expected"]) == ("3A1", "N2O", False)
    assert shares(matrix, "year")["cells"].to_list() == [8]


def test_places_outside_are_not_counted():
    inventory = small.compile_rows([small.fuel(10.0, place="410100")])
    matrix = completeness(inventory, place=small.CITY, years=[2020], categories=small.CATEGORIES)
    assert set(matrix["state"]) == {"missing"}


def test_the_bar_of_a_sector_counts_its_cells():
    rows = [small.sewage(100.0)[0], {**small.cattle(None), "notation": "NO"}]
    bars = shares(matrix_of(rows))
    waste = bars.filter(pl.col("sector") == "5").row(0, named=True)
    assert (waste["cells"], waste["reported"], waste["missing"], waste["complete"]) == (2, 0.5, 0.5, 0.5)
    assert bars.filter(pl.col("sector") == "3")["notation"].to_list() == [1.0]


def test_without_categories_the_matrix_is_empty():
    inventory = small.compile_rows([small.fuel(10.0)])
    assert completeness(inventory, place=small.CITY, years=[], categories={}).height == 0


@settings(max_examples=25, deadline=None)
@given(
    keys=st.lists(st.sampled_from(["number", "assumed", "NO", "NE", "IE", "absent"]), min_size=4, max_size=4),
)
def test_shares_sum_to_one(keys):
    makers = {
        ("1A1", small.EAST): small.fuel, ("1A1", small.WEST): small.fuel,
        ("3A1", small.EAST): small.cattle, ("3A1", small.WEST): small.cattle,
    }  # fmt: skip
    rows = [small.fuel(1.0, year=2010)]
    for ((_, place), make), key in zip(makers.items(), keys, strict=True):
        if key in {"number", "assumed"}:
            rows.append(make(3.0, place=place, basis="assumed" if key == "assumed" else "reported"))
        elif key != "absent":
            rows.append(make(None, place=place, notation=key))
    matrix = matrix_of(rows)
    bars = shares(matrix, "sector")
    for bar in bars.iter_rows(named=True):
        assert sum(bar[state] for state in ("reported", "estimated", "notation", "missing")) == pytest.approx(
            1, abs=1e-12
        )
        assert bar["complete"] <= 1 - bar["missing"] + 1e-12
    assert bars["cells"].sum() == matrix.filter("expected").height


INDUSTRY = {
    each.code: each
    for each in (
        small.category("1A2"),
        small.category("1A2c", ["CO2", "CH4"], "1A2"),
        small.category("1A2x", ["CO2", "CH4"], "1A2"),
        small.category("ID3", ["CO2"]),
    )
}
BURNT = (small.Recipe("1A2", "CO2", "energy.combustion.co2.mass"),)


def industry(*rows: dict) -> pl.DataFrame:
    inventory = small.compile_rows(rows, recipes=BURNT)
    return completeness(inventory, place=small.CITY, years=[2020], categories=INDUSTRY)


def test_branches_are_included_in_the_undivided_category_that_has_a_number():
    matrix = industry(small.fuel(5.0, category="1A2x"))
    held = cell(matrix, "1A2c", "CO2")
    assert (held["state"], held["notation"], held["status"]) == ("notation", "IE", 0)
    assert (held["reason"], held["reason_en"]) == ("列于 1A2x", "included in 1A2x")
    assert cell(matrix, "1A2c", "CH4")["state"] == "missing"  # nobody has its methane


def test_the_undivided_category_is_included_in_its_branches():
    assert cell(industry(small.fuel(5.0, category="1A2c")), "1A2x", "CO2")["reason"] == "列于 1A2c"


def test_what_someone_wrote_is_not_turned_into_included_elsewhere():
    matrix = industry(small.fuel(5.0, category="1A2x"), small.fuel(None, category="1A2c", notation="NE"))
    assert cell(matrix, "1A2c", "CO2")["notation"] == "NE"


def test_categories_for_information_are_shown_but_not_expected():
    assert "ID3" not in expected_cells(INDUSTRY)["category"].to_list()
    recipes = (small.Recipe("ID3", "CO2", "energy.electricity.co2", kind="indirect"),)
    used = small.electricity(5e4, category="ID3", variable="electricity")
    matrix = completeness(
        small.compile_rows([used], recipes=recipes), place=small.CITY, years=[2020], categories=INDUSTRY
    )
    assert not cell(matrix, "ID3", "CO2")["expected"]
