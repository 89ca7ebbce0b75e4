"""Key categories, IPCC 2006 vol. 1 ch. 4. The chapter's own example (Finland, tables 4.4 and 4.5) was not at hand; the
numbers here are worked out by hand from its equations, and the working is shown."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dafeng.domains.inventory import library
from dafeng.domains.inventory.methods.key_categories import (
    default_uncertainty,
    default_uncertainty_table,
    estimates,
    key_categories,
    key_summary,
    relative_uncertainty,
)
from dafeng.kernel.errors import PeriodError
from tests.domains.inventory import small_inventory as small

# Six categories in kt CO2e: base year, current year.
#   Σ|E₀| = 100+50+20+10+0+40 = 220, ΣE₀ = 140;  Σ|E| = 120+30+20+15+5+60 = 250, ΣE = 130.
NUMBERS = {
    ("1", "1A1", "CO2"): (100.0, 120.0),
    ("1", "1A2", "CO2"): (50.0, 30.0),
    ("2", "2A1", "CO2"): (20.0, 20.0),
    ("3", "3A1", "CH4"): (10.0, 15.0),
    ("2", "2F", "HFC-134a"): (0.0, 5.0),
    ("4", "4A1", "CO2"): (-40.0, -60.0),
}


def table(numbers=NUMBERS) -> pl.DataFrame:
    rows = [
        {"sector": s, "category": c, "gas": g, "year": year, "co2e": value, "status": 0}
        for (s, c, g), pair in numbers.items()
        for year, value in zip((2010, 2020), pair, strict=True)
    ]
    return pl.DataFrame(rows).with_columns(pl.col("status").cast(pl.UInt8), pl.col("year").cast(pl.Int16))


def of(analysis: pl.DataFrame, column: str, *, land_use: bool) -> dict[str, float]:
    return dict(analysis.filter(pl.col("land_use") == land_use).select("category", column).iter_rows())


def test_the_level_is_the_share_of_absolute_values():
    level = of(key_categories(table(), year=2020), "level", land_use=True)
    # equation 4.1: 120/250, 60/250, 30/250, 20/250, 15/250, 5/250
    assert level == pytest.approx(
        {"1A1": 0.48, "4A1": 0.24, "1A2": 0.12, "2A1": 0.08, "3A1": 0.06, "2F": 0.02}, rel=1e-12
    )


def test_the_level_without_land_use_leaves_the_sink_out_of_the_sum():
    level = of(key_categories(table(), year=2020), "level", land_use=False)
    # Σ = 190
    assert level == pytest.approx(
        {"1A1": 120 / 190, "1A2": 30 / 190, "2A1": 20 / 190, "3A1": 15 / 190, "2F": 5 / 190}, rel=1e-12
    )


def test_the_trend_follows_equation_4_2_with_absolute_values():
    trend = of(key_categories(table(), year=2020, base_year=2010), "trend", land_use=True)
    total = (130 - 140) / 140  # −1/14
    expected = {
        "1A1": 100 / 220 * abs(20 / 100 - total),  # 0.454545 × 0.271429 = 0.123377
        "1A2": 50 / 220 * abs(-20 / 50 - total),  # 0.227273 × 0.328571 = 0.074675
        "2A1": 20 / 220 * abs(0 - total),  # 0.090909 × 0.071429 = 0.006494
        "3A1": 10 / 220 * abs(5 / 10 - total),  # 0.045455 × 0.571429 = 0.025974
        "2F": 5 / 220,  # equation 4.3: 0.022727
        "4A1": 40 / 220 * abs(-20 / 40 - total),  # 0.181818 × 0.428571 = 0.077922
    }
    assert trend == pytest.approx(expected, rel=1e-12)
    assert trend["1A1"] == pytest.approx(0.123377, abs=5e-7)
    assert trend["4A1"] == pytest.approx(0.077922, abs=5e-7)


def test_the_category_that_reaches_the_threshold_is_key_and_the_next_is_not():
    analysis = key_categories(table(), year=2020, base_year=2010)
    cumulative = of(analysis, "level_cumulative", land_use=True)
    # 0.48, 0.72, 0.84, 0.92, 0.98: 3A1 reaches 95 %, 2F is beyond
    assert cumulative["3A1"] == pytest.approx(0.98)
    criteria = of(analysis, "criteria", land_use=True)
    assert "L1" in criteria["3A1"]
    assert "L1" not in criteria["2F"]
    # trend: Σ = 0.331169; 1A1 .373, 4A1 .608, 1A2 .833, 3A1 .912, 2F .980: 2F is key by its trend only
    assert criteria["2F"] == "T1"
    assert of(analysis, "trend_cumulative", land_use=True)["2F"] == pytest.approx(0.980392, abs=5e-7)
    assert criteria["2A1"] == "L1"


def test_a_sum_that_meets_the_threshold_exactly_ends_the_list():
    numbers = {("1", "a", "CO2"): (1.0, 95.0), ("1", "b", "CO2"): (1.0, 5.0)}
    keys = of(key_categories(table(numbers), year=2020), "key", land_use=True)
    assert keys == {"a": True, "b": False}


def test_approach_2_weighs_level_and_trend_by_uncertainty():
    relative = {"1A1": 0.05, "1A2": 0.05, "2A1": 0.10, "3A1": 0.50, "2F": 1.00, "4A1": 0.40}
    spread = pl.DataFrame(
        {"category": list(relative), "gas": [g for _, _, g in NUMBERS], "relative": list(relative.values())}
    ).with_columns(pl.Series("gas", ["CO2", "CO2", "CO2", "CH4", "HFC-134a", "CO2"]))
    analysis = key_categories(table(), year=2020, base_year=2010, uncertainty=spread)
    # equation 4.4: L·U = .024, .006, .008, .030, .020, .096; Σ = .184
    weighted = of(analysis, "level_weighted", land_use=True)
    assert weighted == pytest.approx(
        {"1A1": 0.024 / 0.184, "1A2": 0.006 / 0.184, "2A1": 0.008 / 0.184, "3A1": 0.030 / 0.184, "2F": 0.020 / 0.184,
         "4A1": 0.096 / 0.184}, rel=1e-12
    )  # fmt: skip
    # cumulative 4A1 .522, 3A1 .685, 1A1 .815, 2F .924: four are key at 90 %
    criteria = of(analysis, "criteria", land_use=True)
    assert {name for name, text in criteria.items() if "L2" in text} == {"4A1", "3A1", "1A1", "2F"}
    # equation 4.5: T·U over its sum
    trend = of(analysis, "trend", land_use=True)
    whole = sum(trend[name] * relative[name] for name in relative)
    assert of(analysis, "trend_weighted", land_use=True)["2F"] == pytest.approx(trend["2F"] / whole, rel=1e-12)


def test_a_category_without_a_base_year_number_has_no_trend_and_is_not_taken_for_zero():
    numbers = NUMBERS | {("5", "5A", "CH4"): (None, 50.0)}
    analysis = key_categories(table(numbers), year=2020, base_year=2010)
    row = analysis.filter((pl.col("category") == "5A") & pl.col("land_use")).row(0, named=True)
    assert (row["trend"], row["status"], row["criteria"]) == (None, 1, "L1")
    assert of(analysis, "trend", land_use=True)["1A1"] == pytest.approx(100 / 220 * abs(0.2 + 1 / 14), rel=1e-12)


def test_a_base_year_that_sums_to_zero_leaves_the_trend_unassessed():
    numbers = {("1", "1A1", "CO2"): (10.0, 12.0), ("4", "4A1", "CO2"): (-10.0, -9.0)}
    trend = of(key_categories(table(numbers), year=2020, base_year=2010), "trend", land_use=True)
    assert trend == {"1A1": None, "4A1": None}


def test_a_year_without_data_is_an_error():
    with pytest.raises(PeriodError, match="1999"):
        key_categories(table(), year=2020, base_year=1999)


def test_the_summary_names_each_key_category_once():
    summary = key_summary(key_categories(table(), year=2020, base_year=2010))
    rows = {row["category"]: row for row in summary.iter_rows(named=True)}
    assert rows["4A1"]["land_use"]
    assert not rows["1A1"]["land_use"]
    assert rows["1A1"]["criteria"] == "L1 T1"
    assert summary["category"][0] == "1A1"
    assert summary["category"].is_unique().all()


def test_what_does_not_occur_is_zero_and_what_is_not_estimated_is_null():
    inventory = small.compile_rows(
        [small.fuel(10.0), small.cattle(None, notation="NO"), *small.sewage(None, notation="NE")]
    )
    found = estimates(inventory, years=[2020])
    amounts = dict(found.select("category", "co2e").iter_rows())
    assert amounts == {"1A1": pytest.approx(10 * small.CO2_PER_TONNE), "3A1": 0.0, "5D1": None}


def test_fuels_can_be_told_apart():
    found = estimates(small.compile_rows([small.fuel(10.0)]), years=[2020], by=("category", "item", "gas"))
    assert found.columns == ["sector", "category", "item", "gas", "year", "co2e", "status"]
    assert key_categories(found, year=2020).filter("land_use")["item"].to_list() == ["bituminous"]


def test_uncertainty_comes_from_propagation_with_the_package_defaults():
    inventory = small.compile_rows([small.fuel(10.0, uncertainty=0.03), small.cattle(2.0, uncertainty=0.04)])
    found = relative_uncertainty(inventory, year=2020, defaults={"ncv": 0.04, "enteric_ch4_ef": 0.3})
    # √(0.03² + 0.04²) = 0.05; √(0.04² + 0.3²) = 0.302655
    rows = {category: relative for category, _, relative in found.iter_rows()}
    assert rows == pytest.approx({"1A1": 0.05, "3A1": 0.3026549190084311}, rel=1e-9)


def test_the_table_of_default_uncertainties_names_a_standing_and_a_source_for_every_row():
    frame = default_uncertainty_table()
    assert frame["key"].is_unique().all()
    assert (frame["source"] != "").all()
    assert set(frame["standing"]) <= {"confirmed", "one_copy", "package_default", "derived", "memory"}
    assert all(0 < value < 10 for value in default_uncertainty().values())


def test_every_key_of_the_default_table_is_a_parameter_or_a_category():
    parameters = {name for method in library.methods().values() for name in method.parameters}
    for key in default_uncertainty():
        if key.startswith("activity:"):
            assert any(code.startswith(key.removeprefix("activity:")) for code in library.categories()), key
        else:
            assert key in parameters, key


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(-1e6, 1e6).filter(lambda x: abs(x) > 1e-3), st.floats(-1e6, 1e6).filter(lambda x: abs(x) > 1e-3)
        ),
        min_size=1,
        max_size=12,
    )
)
def test_shares_sum_to_one_and_the_largest_category_is_always_key(pairs):
    numbers = {("1", f"c{n}", "CO2"): pair for n, pair in enumerate(pairs)}
    analysis = key_categories(table(numbers), year=2020, base_year=2010).filter("land_use")
    assert analysis["level"].sum() == pytest.approx(1, abs=1e-9)
    assert analysis["key"][0]
    shares = analysis["trend_share"].drop_nulls()
    if shares.len() and not shares.is_nan().any():
        assert shares.sum() == pytest.approx(1, abs=1e-9)
    ordered = analysis.sort("level_cumulative")
    chosen = ordered.filter(pl.col("criteria").str.contains("L1"))
    assert chosen["level"].sum() >= 0.95 - 1e-9
