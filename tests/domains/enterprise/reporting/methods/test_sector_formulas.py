"""One line of hand arithmetic for every process formula. Factors: facts/mrv/sector_factors.csv, formulas: sector_methods.md."""

import pytest

from tests.domains.enterprise.reporting.methods.told import account, emitted

M = "2025-01"
CASES = [
    ("cement", "clinker", [("clinker_output", "portland", 1000)], 1000 * 0.535),
    ("cement", "substitute", [("substitute_use", "carbide_slag", 100)], -100 * 0.48),
    ("iron_steel", "flux", [("flux_use", "limestone", 100), ("purity", "limestone", 90)], 100 * 0.9 * 0.44),
    ("iron_steel", "electrode", [("electrode_use", "", 10)], 36.63),
    ("iron_steel", "material", [("material_use", "pig_iron", 100), ("material_use", "coke_reductant", 10)], 17.2 + 28.62),
    (
        "iron_steel", "carburiser",
        [("carburiser_use", "carburiser", 10), ("carburiser_ncv", "carburiser", 26.344), ("carburiser_carbon", "carburiser", 0.0254)],
        10 * 26.344 * 0.0254 * 44 / 12,
    ),
    ("iron_steel", "fixed", [("product_output", "crude_steel", 1000)], -15.4),
    ("aluminium", "anode_by_output", [("aluminium_output", "", 1000)], 1000 * 0.411 * 44 / 12),
    ("aluminium", "anode", [("anode_use", "", 500)], 500 * (1 - 0.1518) * (1 - 0.02 - 0.004) * 44 / 12),
    ("aluminium", "anode_effect_cf4", [("aluminium_output", "", 1000)], 1000 * 0.02e-3 * 6630),
    ("aluminium", "anode_effect_c2f6", [("aluminium_output", "", 1000)], 1000 * 0.0011e-3 * 11100),
    (
        "lime", "carbonate", [("carbonate_use", "caco3", 1000), ("purity", "caco3", 95), ("decomposition", "caco3", 98)],
        1000 * 0.95 * 0.98 * 0.4397,
    ),
    ("ceramics", "carbonate", [("carbonate_use", "caco3", 10), ("purity", "caco3", 97)], 10 * 0.97 * 0.4397),
    ("flat_glass", "carbon_powder", [("powder_use", "", 10)], 10 * 44 / 12),
    (
        "flat_glass", "carbonate", [("carbonate_use", "na2co3", 100), ("purity", "na2co3", 99), ("decomposition", "na2co3", 100)],
        100 * 0.99 * 0.4149,
    ),
    ("chemicals", "feedstock", [("feedstock_use", "methane", 100)], 100 * 0.749 * 44 / 12),
    ("chemicals", "carbon_product", [("carbon_product_output", "methanol", 100)], -100 * 0.375 * 44 / 12),
    (
        "chemicals", "nitric", [("nitric_output", "medium_pressure/nscr", 1000), ("nitric_abatement_use", "medium_pressure/nscr", 100)],
        1000 * 11.77e-3 * (1 - 0.85) * 310,
    ),
    ("chemicals", "nitric", [("nitric_output", "atmospheric", 1000)], 1000 * 9.72e-3 * 310),
    (
        "chemicals", "adipic", [("adipic_output", "nitric_oxidation/thermal", 100), ("adipic_abatement_use", "nitric_oxidation/thermal", 90)],
        100 * 0.3 * (1 - 0.985 * 0.9) * 310,
    ),
    ("chemicals", "sold_gas", [("gas_sold", "co2", 10), ("gas_purity", "co2", 99)], -10 * 0.99 * 19.77),
    ("fluorine_chemicals", "hfc23", [("hcfc22_output", "", 1000), ("hfc23_rate", "", 2)], 1000 * 0.02 * 11700),
    ("fluorine_chemicals", "hfc23_destroyed", [("hfc23_destroyed", "", 70)], 44),
    ("fluorine_chemicals", "fugitive", [("fluorinated_output", "hfc134a", 100)], 100 * 0.005 * 1300),
    ("fluorine_chemicals", "fugitive", [("fluorinated_output", "sf6", 10)], 10 * 0.002 * 23900),
    ("paper", "wastewater", [("cod_removed", "paper", 100), ("cod_sludge", "paper", 20)], 80 * 0.25 * 0.5 * 21),
    ("food", "wastewater", [("cod_removed", "beverage_tea", 10), ("ch4_recovered", "beverage_tea", 1)], (10 * 0.25 * 0.5 - 1) * 21),
    ("food", "wastewater", [("cod_removed", "tobacco", 10)], 10 * 0.25 * 0.3 * 21),
    ("food", "co2_loss", [("co2_bought", "", 10)], 5),
    ("food", "heat", [("steam_mass", "steam", 10), ("steam_enthalpy", "steam", 2777)], 10 * (2777 - 83.74) * 1e-3 * 0.11),
    ("food", "heat", [("water_mass", "hot_water", 100), ("water_temperature", "hot_water", 70)], 100 * 50 * 4.1868e-3 * 0.11),
    (
        "machinery", "shielding", [("shielding_use", "", 10), ("co2_volume_share", "", 20), ("mean_molar_mass", "", 40.8)],
        10 * 0.2 * 44 / 40.8,
    ),
    (
        "machinery", "gas_balance",
        [("gas_opening", "hfc134a", 2), ("gas_closing", "hfc134a", 1), ("gas_bought", "hfc134a", 3), ("gas_sold_on", "hfc134a", 2.5)],
        1.5 * 1300,
    ),
    ("machinery", "gis", [("gis_connections", "", 100)], 100 * 0.342 * 146.05e-6 * 23900),
    ("electronics", "process_gas", [("gas_use", "cf4", 100)], 0.9 * 100 * 0.9 * (1 - 0.81) * 7390e-3),
    ("electronics", "process_gas", [("gas_use", "nf3", 100)], 0.9 * 100 * 0.2 * (1 - 0.9 * 0.95) * 17200e-3),
    ("electronics", "byproduct_cf4", [("gas_use", "nf3", 100)], 0.9 * 100 * 0.09 * (1 - 0.9 * 0.95) * 7390e-3),
    ("magnesium", "ferrosilicon", [("ferrosilicon_output", "", 10)], 27.9),
    ("magnesium", "carbonate", [("carbonate_use", "camgco3", 100), ("purity", "camgco3", 98)], 100 * 0.98 * 0.4773),
    ("nonferrous", "reductant", [("reductant_use", "coke", 10)], 28.62),
    ("nonferrous", "reductant_gas", [("reductant_use", "natural_gas", 2)], 43.244),
    ("nonferrous", "oxalic", [("oxalic_use", "", 10)], 10 * 0.996 * 0.349),
    ("coal_mine", "ventilation", [("ventilation_ch4", "", 10)], 10 * 7.17 * 21),
    ("coal_mine", "used", [("used_ch4", "", 4)], -4 * 7.17 * 21),
    ("coal_mine", "open_pit", [("raw_coal", "open_pit", 1000)], 1.34 * 21),
    ("coal_mine", "post_mining", [("raw_coal", "high_gas", 1000)], 2.01 * 21),
    ("grid", "line_loss", [("line_loss", "", 1000)], 530.6),
    ("grid", "sf6", [("sf6_capacity", "retired", 10), ("sf6_recovered", "retired", 8)], 0.002 * 23900),
    ("road_transport", "vehicle_ch4", [("distance", "car_gasoline_4", 1e6)], 57e-3 * 21),
    ("road_transport", "vehicle_n2o", [("distance", "car_gasoline_4", 1e6)], 6e-3 * 310),
    ("road_transport", "urea", [("urea_use", "", 1000), ("urea_purity", "", 98)], 0.98 * 12 / 60 * 44 / 12),
    ("textile", "wastewater", [("cod_removed", "anaerobic_reactor", 10)], 10 * 0.25 * 0.8 * 21),
    ("public_building", "combustion", [("fuel_use", "diesel", 10)], 10 * 43.33 * 0.0202 * 0.98 * 44 / 12),
    ("public_building", "combustion_gas", [("fuel_use", "natural_gas", 10)], 10 * 389.31 * 0.0153 * 0.99 * 44 / 12),
]  # fmt: skip


@pytest.mark.parametrize(("sector", "formula", "rows", "expected"), CASES)
def test_a_process_formula_gives_what_the_hand_gives(sector, formula, rows, expected):
    result = account(sector, *((M, *row) for row in rows))
    assert emitted(result, formula) == pytest.approx(expected, rel=1e-9)


def test_clinker_before_2024_is_counted_by_its_oxides():
    # 1000 × ((0.65 − 0.02) × 44/56 + (0.015 − 0.005) × 44/40) = 495 + 11; dust 10 t: 5.06
    rows = [
        ("clinker_output", 1000),
        ("cao", 65),
        ("cao_not_carbonate", 2),
        ("mgo", 1.5),
        ("mgo_not_carbonate", 0.5),
        ("kiln_dust", 10),
    ]
    result = account("cement", *(("2022-01", item, "portland", value) for item, value in rows))
    assert emitted(result, "clinker_oxides") == pytest.approx(506)
    assert emitted(result, "kiln_dust") == pytest.approx(5.06)
    assert emitted(result, "clinker") == 0


def test_substitutes_never_make_clinker_negative():
    # 535 − 960 = −425: the floor is a row of 425
    result = account("cement", (M, "clinker_output", "portland", 1000), (M, "substitute_use", "carbide_slag", 2000))
    assert emitted(result, "clinker_floor") == pytest.approx(425)
    assert float(result.rows["t_co2e"].sum()) == pytest.approx(0)


def test_anodes_are_counted_once_where_use_and_output_are_told():
    result = account("aluminium", (M, "anode_use", "", 500), (M, "aluminium_output", "", 1000))
    assert emitted(result, "anode") > 0
    assert emitted(result, "anode_by_output") == 0


def test_the_sulphur_hexafluoride_of_high_purity_takes_eight_percent():
    result = account("fluorine_chemicals", (M, "fluorinated_output", "sf6/pure", 10))
    assert emitted(result, "fugitive") == pytest.approx(10 * 0.08 * 23900)


def test_kiln_coal_takes_the_kilns_oxidation_and_boiler_coal_the_boilers():
    # 22.867 × 0.02749 × 44/12 per tonne of anthracite, × 0.99 and × 0.85
    per_tonne = 22.867 * 0.02749 * 44 / 12
    result = account(
        "cement", (M, "fuel_use", "anthracite/cement_kiln", 100), (M, "fuel_use", "anthracite/industrial_boiler", 100)
    )
    by_stream = dict(result.rows.filter(result.rows["formula"] == "combustion").select("stream", "t_co2e").iter_rows())
    assert by_stream["anthracite/cement_kiln"] == pytest.approx(100 * per_tonne * 0.99)
    assert by_stream["anthracite/industrial_boiler"] == pytest.approx(100 * per_tonne * 0.85)


def test_coal_without_its_equipment_and_a_gas_without_its_rates_are_to_be_confirmed():
    kiln = account("cement", (M, "fuel_use", "anthracite", 100))
    assert set(kiln.open["parameter"].drop_nulls()) == {"ets2024.solid.oxidation"}
    gas = account("electronics", (M, "gas_use", "c4f6", 1))
    assert "electronics.c4f6.gas_use_rate" in set(gas.open["parameter"])
    assert gas.total()[1] == "incomplete"


def test_the_fuels_of_a_tea_works_leave_its_total_whole():
    # coal 100 × 23.204 × 0.02618 × 0.93 × 44/12, electricity 200 × 0.5306
    result = account("food", (M, "fuel_use", "bituminous", 100), (M, "electricity_bought", "", 200))
    expected = 100 * 23.204 * 0.02618 * 0.93 * 44 / 12 + 200 * 0.5306
    assert result.total() == (pytest.approx(expected), "ok")
    assert result.total("compliance") == (None, "none")


def test_a_method_from_memory_is_to_be_confirmed_as_a_whole():
    rows = [(M, "fuel_use", "diesel", 10), (M, "electricity_bought", "", 1)]
    unsigned = account("textile", *rows)
    assert unsigned.total()[1] == "incomplete"
    assert unsigned.open.row(0, named=True)["parameter"] == "method.textile"
    signed = account(
        "textile", *rows, signed={"method.textile": {"by": "王五", "at": "2026-01-01", "reason": "按标准文本核对"}}
    )
    assert signed.total()[1] == "ok"
