"""Examples of an outside examiner for the sector methods: facts/mrv/power_guideline.md, sector_methods.md, sector_factors.csv.

One line an example, its arithmetic beside it. Boundaries first: nothing produced, stock that grows, biomass beside coal, the year's factor.
"""

from __future__ import annotations

import polars as pl
import pytest

from tests.domains.enterprise.reporting.methods.told import account, emitted, indicator

COAL = "bituminous"
C = 44 / 12

CASES = [
    # Power. Untested coal by the 2021 text; a tested month; heat of steam and water are with the other sectors.
    ("power", "combustion", [("2021-06", "fuel_use", COAL, 100)], 100 * 26.7 * 0.03356 * 0.99 * C),  # 325.266876
    ("power", "combustion", [("2022-03", "fuel_use", COAL, 100)], 100 * 26.7 * 0.03356 * 0.99 * C),  # the last month of the 2021 text
    ("power", "combustion", [("2021-06", "fuel_use", "gangue", 100)], 100 * 26.7 * 0.03356 * 0.99 * C),  # whatever the rank
    (
        "power", "combustion",  # 1000 t at 20 and 2000 t at 23 GJ/t, 0.025 and 0.027 tC/GJ told as elemental carbon 0.5 and 0.621
        [
            ("2021-01", "fuel_use", COAL, 1000), ("2021-01", "ncv", COAL, 20), ("2021-01", "elemental_carbon", COAL, 0.5),
            ("2021-02", "fuel_use", COAL, 2000), ("2021-02", "ncv", COAL, 23), ("2021-02", "elemental_carbon", COAL, 0.621),
        ],
        6323.46,  # (500 + 1242) × 0.99 × 44/12
    ),
    ("power", "electricity", [("2020-01", "electricity_bought", "", 1000)], 610.1),
    ("power", "electricity", [("2021-12", "electricity_bought", "", 1000)], 581.0),
    ("power", "combustion", [("2021-01", "fuel_use", COAL, 0)], 0),
    # 100 t bought, the stock grew by 30, 5 t for other use, 10 t sold: 55 t burnt
    (
        "food", "combustion",
        [("2025-01", "fuel_bought", COAL, 100), ("2025-01", "opening_stock", COAL, 20), ("2025-01", "closing_stock", COAL, 50), ("2025-01", "other_use", COAL, 5), ("2025-01", "fuel_sold", COAL, 10)],
        (100 - 30 - 5 - 10) * 23.204 * 0.02618 * 0.93 * C,
    ),
    ("cement", "clinker", [("2025-01", "clinker_output", "portland", 1_000_000)], 535_000),
    ("cement", "clinker", [("2025-01", "clinker_output", "white", 1000)], 550),
    ("cement", "clinker", [("2025-01", "clinker_output", "aluminate", 1000)], 292),
    ("cement", "clinker_oxides", [("2023-01", "clinker_output", "portland", 1000), ("2023-01", "cao", "portland", 65), ("2023-01", "cao_not_carbonate", "portland", 0), ("2023-01", "mgo", "portland", 2), ("2023-01", "mgo_not_carbonate", "portland", 0)], 1000 * (0.65 * 44 / 56 + 0.02 * 44 / 40)),
    ("iron_steel", "flux", [("2025-01", "flux_use", "dolomite", 100), ("2025-01", "purity", "dolomite", 100)], 47.1),
    ("iron_steel", "electrode", [("2025-01", "electrode_use", "", 100)], 366.3),
    ("iron_steel", "fixed", [("2025-01", "product_output", "crude_steel", 1_000_000)], -15_400),
    ("aluminium", "anode_by_output", [("2025-01", "aluminium_output", "", 100_000)], 150_700),  # 41,100 tC × 44/12
    ("aluminium", "anode_effect_cf4", [("2025-01", "aluminium_output", "", 100_000)], 13_260),
    ("aluminium", "anode_effect_c2f6", [("2025-01", "aluminium_output", "", 100_000)], 1221),
    ("chemicals", "nitric", [("2025-01", "nitric_output", "high_pressure/nscr", 1000), ("2025-01", "nitric_abatement_use", "high_pressure/nscr", 100)], 646.35),  # 13.9 × 0.15 × 310
    ("chemicals", "adipic", [("2025-01", "adipic_output", "nitric_oxidation/catalytic", 1000), ("2025-01", "adipic_abatement_use", "nitric_oxidation/catalytic", 100)], 6975),  # 300 × 0.075 × 310
    ("chemicals", "nitric", [("2025-01", "nitric_output", "high_pressure/nscr", 1000), ("2025-01", "nitric_abatement_use", "high_pressure/nscr", 0)], 4309),  # it never ran
    ("fluorine_chemicals", "fugitive", [("2025-01", "fluorinated_output", "hfc32", 10_000)], 32_500),
    ("fluorine_chemicals", "fugitive", [("2025-01", "fluorinated_output", "sf6/pure", 1000)], 1_912_000),
    ("food", "wastewater", [("2025-01", "cod_removed", "food", 1000), ("2025-01", "cod_sludge", "food", 200)], 2940),  # 800 × 0.25 × 0.7 × 21
    ("food", "co2_loss", [("2025-01", "co2_bought", "", 100)], 50),
    ("machinery", "gas_balance", [("2025-01", "gas_opening", "sf6", 1), ("2025-01", "gas_closing", "sf6", 1.5), ("2025-01", "gas_bought", "sf6", 0.5), ("2025-01", "gas_sold_on", "sf6", 0)], 0),
    ("electronics", "process_gas", [("2025-01", "gas_use", "nf3", 1000)], 448.92),  # 900 × 0.2 × 0.145 kg × 17,200
    ("magnesium", "ferrosilicon", [("2025-01", "ferrosilicon_output", "", 1000)], 2790),
    ("nonferrous", "oxalic", [("2025-01", "oxalic_use", "", 1000)], 347.604),
    ("nonferrous", "oxalic", [("2025-01", "oxalic_use", "", 1000), ("2025-01", "oxalic_concentration", "", 100)], 349),
    ("coal_mine", "open_pit", [("2025-01", "raw_coal", "open_pit", 1_000_000)], 28_140),
    ("coal_mine", "drained", [("2025-01", "drained_ch4", "", 100)], 15_057),
    ("grid", "sf6", [("2025-01", "sf6_capacity", "retired", 100), ("2025-01", "sf6_recovered", "retired", 98)], 47.8),
    ("paper", "wastewater", [("2025-01", "cod_removed", "paper", 0)], 0),
]  # fmt: skip


@pytest.mark.parametrize(("sector", "formula", "rows", "expected"), CASES)
def test_a_formula_gives_what_the_hand_gives(sector, formula, rows, expected):
    assert emitted(account(sector, *rows), formula) == pytest.approx(expected, rel=1e-9)


LEDGERS = [
    ({"fuel_bought": 100}, "the stocks are unknown"),
    ({"fuel_bought": 100, "opening_stock": 0}, "the closing stock is unknown"),
    ({"opening_stock": 20, "closing_stock": 10}, "what was bought is unknown"),
    ({"fuel_bought": 100, "opening_stock": 20, "closing_stock": 150}, "100 − 130 = −30: no use is negative"),
]


@pytest.mark.parametrize(("ledger", "why"), LEDGERS, ids=[why for _told, why in LEDGERS])
def test_a_ledger_that_does_not_come_out_is_no_zero_that_looks_whole(ledger, why):
    rows = [("2025-01", item, COAL, value) for item, value in ledger.items()]
    made = account("food", *rows, ("2025-01", "electricity_bought", "", 0))
    assert made.total()[1] == "incomplete"
    assert made.open.select("month", "stream", "item", "kind").rows() == [("2025-01", COAL, "fuel_use", "missing")]


def test_a_stock_that_only_changed_hands_is_a_use_of_nothing():
    """0.1 + (0.2 − 0.3) is −2.8e-17 in binary: nothing was used, and nothing is missing."""
    rows = [("2025-01", item, COAL, value) for item, value in (("fuel_bought", 0.1), ("opening_stock", 0.2), ("closing_stock", 0.3))]  # fmt: skip
    made = account("food", *rows, ("2025-01", "electricity_bought", "", 0))
    assert made.total() == (pytest.approx(0, abs=1e-12), "ok")


def test_one_bad_month_of_a_ledger_leaves_the_others_and_the_year_incomplete():
    """January 100 t, February nothing told of the stocks."""
    told = [("2025-01", "fuel_bought", 100), ("2025-01", "opening_stock", 0), ("2025-01", "closing_stock", 0), ("2025-02", "fuel_bought", 80)]  # fmt: skip
    made = account("food", *((month, item, COAL, value) for month, item, value in told), *((f"2025-{m:02d}", "electricity_bought", "", 0) for m in (1, 2)))  # fmt: skip
    assert emitted(made, "combustion") == pytest.approx(100 * 23.204 * 0.02618 * 0.93 * C)
    assert made.open.select("month", "item").rows() == [("2025-02", "fuel_use")]


def test_an_amount_beyond_every_number_is_not_left_out_of_a_sum_that_looks_whole():
    made = account("food", ("2025-01", "fuel_use", COAL, 1e308), ("2025-01", "electricity_bought", "", 1))
    assert made.total()[1] == "incomplete"


def test_the_weighted_means_of_the_years_coal():
    """NCV (1000 × 20 + 2000 × 23) ÷ 3000 = 22; carbon (500 + 1242) ÷ 66,000 GJ = 0.0263939…"""
    rows = CASES[3][2]
    means = dict(account("power", *rows).means.select("item", "value").iter_rows())
    assert (means["ncv"], means["carbon_content"]) == (pytest.approx(22), pytest.approx(1742 / 66_000))


def test_the_default_of_untested_coal_is_open_from_april_2022():
    """facts: 0.03356 until 2022-03; 0.03085 is of standing D and may not be used unsigned."""
    after = account("power", ("2022-04", "fuel_use", COAL, 100), ("2022-04", "ncv", COAL, 20))
    assert after.rows.filter(pl.col("formula") == "combustion")["t_co2e"].to_list() == [None]
    assert after.total()[1] == "incomplete"


def test_a_unit_that_stands_still_all_month_has_no_intensity_and_no_zero_division():
    rows = [("2021-01", item, stream, 0) for item, stream in (("fuel_use", COAL), ("generation", ""), ("auxiliary_power", ""), ("running_hours", ""), ("electricity_bought", ""))]  # fmt: skip
    made = account("power", *rows, ("2021-01", "capacity", "", 300))
    assert made.total() == (0.0, "ok")
    assert indicator(made, "power_supplied", "2021-01") == 0
    assert made.indicators.filter(
        pl.col("indicator").is_in(["power_intensity", "power_coal", "load_factor"])
    ).is_empty()


def test_heat_share_of_one_leaves_power_without_the_shared_auxiliaries():
    """a = 100,000 ÷ 100,000 = 1: W_d = 8000 + 2000 × 0; supplied 20,000 − 8000; power has no emissions, heat all of them."""
    told = {"electricity_bought": 0, "generation": 20_000, "auxiliary_for_power": 8000, "auxiliary_common": 2000, "boiler_heat": 0, "direct_heat": 100_000, "indirect_heat": 0, "turbine_intake": 100_000}  # fmt: skip
    rows = [
        ("2021-01", "fuel_use", COAL, 1000),
        ("2021-01", "ncv", COAL, 20),
        ("2021-01", "elemental_carbon", COAL, 0.55),
    ]
    made = account("power", *rows, *(("2021-01", item, "", value) for item, value in told.items()))
    assert indicator(made, "power_supplied", "2021-01") == pytest.approx(12_000)
    assert indicator(made, "power_intensity", "2021-01") == 0
    assert indicator(made, "heat_intensity", "2021-01") == pytest.approx(1000 * 0.55 * 0.99 * C / 100_000)


def test_biomass_beside_coal_is_no_fuel_of_the_method():
    """Of co-fired biomass only the fossil part counts: there is no stream to tell it in, and telling it is refused, not counted as 0."""
    from dafeng.kernel.errors import ActivityError

    with pytest.raises(ActivityError, match="没有源流"):
        account("power", ("2021-01", "fuel_use", COAL, 1), ("2021-01", "fuel_use", "biomass", 1))


def test_substitutes_beyond_the_clinker_leave_zero_in_each_month_by_itself():
    """January 535 − 960 is 0, February 535: the surplus of January is not taken from February."""
    made = account("cement", ("2025-01", "clinker_output", "portland", 1000), ("2025-01", "substitute_use", "carbide_slag", 2000), ("2025-02", "clinker_output", "portland", 1000))  # fmt: skip
    process = made.rows.filter(pl.col("formula").is_in(["clinker", "substitute", "clinker_floor"]))
    assert process["t_co2e"].sum() == pytest.approx(535)
