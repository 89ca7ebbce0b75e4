"""Methods of industrial processes and product use, against printed values and arithmetic shown in each test.

"Facts" are the values of the project's fact files (ippu.csv) with their source; equation numbers are of IPCC 2006 volume 3.
"""

import csv
from importlib.resources import files

import pytest

from dafeng.domains.inventory.methods import industry_chemicals as chemicals
from dafeng.domains.inventory.methods import industry_fluorinated as fluorinated
from dafeng.domains.inventory.methods import industry_light_metals as light_metals
from dafeng.domains.inventory.methods import industry_metals as metals
from dafeng.domains.inventory.methods import industry_minerals as minerals
from dafeng.domains.inventory.methods import industry_product_use as product_use
from dafeng.kernel.accounting import find_method
from dafeng.kernel.errors import UnitError

C_TO_CO2 = 44 / 12


def close(value, digits=1e-9):
    return pytest.approx(value, rel=digits)


# Minerals


def test_clinker_of_carbide_slag_is_deducted():
    # Fact ippu.clinker.2011: 0.538 t/t. (1 000 000 - 100 000) × 0.538
    assert minerals.clinker_co2(1_000_000, 100_000, 0.538) == close(484_200)


def test_clinker_without_carbide_slag_needs_no_second_input():
    assert find_method("industry.cement.clinker.co2").run({"clinker": 1000, "clinker_ef": 0.538})["result"] == close(
        538
    )


def test_ipcc_clinker_factor_is_the_printed_one():
    # IPCC 2006 Vol.3 eq. 2.4 prints 0.51 without and 0.52 with kiln dust, for 65 % CaO and CKD 1.02.
    assert minerals.clinker_ef_cao(0.65, 0.0) == pytest.approx(0.51, abs=0.0005)
    assert minerals.clinker_ef_ckd(0.65, 1.02) == pytest.approx(0.52, abs=0.0005)
    assert minerals.clinker_ipcc_co2(1000, 0.65, 1.02) == close(1000 * 0.65 * 0.785 * 1.02)


def test_enterprise_clinker_factor_counts_lime_and_magnesia_from_carbonate():
    # (0.66 - 0.01) × 44/56 + (0.02 - 0.005) × 44/40 = 0.510714… + 0.0165
    assert minerals.clinker_ef_oxides(0.66, 0.01, 0.02, 0.005) == close(0.65 * 44 / 56 + 0.0165)


def test_cement_tier_1_corrects_for_clinker_trade():
    # (1000 × 0.8 - 100 + 50) × 0.52 = 750 × 0.52
    assert minerals.cement_output_co2(1000, 100, 50, 0.8, 0.52) == close(390)


def test_kiln_dust_correction():
    # 1 + (2000/100000) × 0.9 × 0.5 × (0.44/0.51) = 1 + 0.009 × 0.8627450980
    assert minerals.ckd_correction(2000, 100_000, 0.9, 0.5, 0.44, 0.51) == close(1 + 0.009 * 44 / 51)
    assert minerals.kiln_dust_co2(2000, 0.9, 0.5, 0.44) == close(396)


def test_cement_tier_3_is_carbonate_less_dust_plus_organic_carbon():
    # 1500 × 0.44 × 1 - 20 × 0.9 × (1 - 0.5) × 0.44 + 100 × 0.01 × 2 = 660 - 3.96 + 2
    assert minerals.carbonate_input_co2(1500, 20, 100, 0.44, 1, 0.9, 0.5, 0.01, 2) == close(658.04)
    assert minerals.raw_meal_carbon_co2(3000, 0.001) == close(11)


def test_lime_factors_are_the_printed_ones():
    # IPCC 2006 Vol.3 Table 2.4 prints 0.75 for high-calcium and 0.59 for hydraulic lime.
    assert minerals.lime_ef(0.785, 0.95) == pytest.approx(0.75, abs=0.005)
    assert minerals.lime_ef(0.785, 0.75) == pytest.approx(0.59, abs=0.005)
    # Fact ippu.lime.2011: 0.683.
    assert minerals.lime_co2(1000, 0.683) == close(683)
    # 1 - 0.10 × 0.28 = 0.972, printed 0.97.
    assert minerals.hydrated_correction(0.10, 0.28) == close(0.972)
    # 100 × 0.785 × 0.95 × 1.02 × 0.97
    assert minerals.lime_tier2_co2(100, 0.785, 0.95, 1.02, 0.97) == close(73.784505)


def test_lime_tier_3_is_carbonate_less_dust():
    # 2000 × 0.44 × 0.98 - 50 × 0.9 × 0.4 × 0.44 = 862.4 - 7.92
    assert minerals.lime_carbonate_input_co2(2000, 50, 0.44, 0.98, 0.9, 0.6) == close(854.48)


def test_glass_cullet_has_no_carbonate():
    # eq. 2.10 with the tier 1 values 0.20 and 50 %: 1000 × 0.2 × 0.5
    assert minerals.glass_co2(1000, 0.20, 0.5) == close(100)
    assert minerals.carbon_powder_co2(12, 1.0) == close(44)


def test_carbonate_is_mass_times_purity_times_factor_times_conversion():
    # Fact ippu.carbonate.calcite: 0.4397. 1000 × 0.9 × 0.4397 × 0.95
    assert minerals.carbonate_co2(1000, 0.9, 0.4397, 0.95) == close(375.9435)


def test_carbonate_factors_are_stoichiometric():
    # Molar masses: CO2 44.01, CaCO3 100.09, MgCO3 84.31, CaMg(CO3)2 184.40 (facts: ippu.carbonate.*)
    for printed, ratio in ((0.4397, 44.01 / 100.09), (0.522, 44.01 / 84.31), (0.4773, 88.02 / 184.40)):
        assert printed == pytest.approx(ratio, abs=0.0001)


def test_mixed_carbonate_is_85_to_15():
    # 100 × (0.85 × 0.43971 + 0.15 × 0.47732) = 37.37535 + 7.1598
    assert minerals.mixed_carbonate_co2(100, 0.43971, 0.47732) == close(44.53515)
    assert minerals.limestone_dolomite_co2(100, 10, 0.43971, 0.47732) == close(48.7442)
    # 1000 × 1.1 × 0.1 × 0.43971
    assert minerals.clay_co2(1000, 1.1, 0.1, 0.43971) == close(48.3681)


# Chemicals


def test_ammonia_factor_is_the_printed_one():
    # IPCC 2006 Vol.3 Table 3.1 (fact ippu.nh3.ng, S43): 37.5 GJ/t and 15.3 kg/GJ give 2.104 t CO2/t.
    assert chemicals.ammonia_fuel_requirement_co2(1, 0, 37.5, 15.3, 1) == pytest.approx(2.104, abs=0.0005)
    # Fact ippu.nh3.coal: 42.5 × 21.0 × 44/12 ÷ 1000 = 3.2725, printed 3.273.
    assert chemicals.ammonia_fuel_requirement_co2(1, 0, 42.5, 21.0, 1) == close(3.2725)


def test_ammonia_deducts_the_co2_in_urea():
    # 1000 t × 20 GJ/t × 0.025 t C/GJ = 500 t C → 1833.33 t CO2; 1000 t urea take 733.33.
    urea = chemicals.urea_co2(1000)
    assert urea == close(1000 * 44 / 60)
    assert chemicals.ammonia_feedstock_co2(1000, urea, 20, 0.025, 1) == close(1100)
    assert chemicals.ammonia_feedstock_energy_co2(20_000, urea, 0.025, 1) == close(1100)
    # 500 000 Nm3 × 0.04 GJ/Nm3 = 20 000 GJ
    assert chemicals.ammonia_feedstock_gas_co2(500_000, urea, 0.04, 0.025, 1) == close(1100)
    assert chemicals.ammonia_output_co2(1000, 100, 2.104) == close(2004)
    assert chemicals.urea_credit_co2(60) == close(-44)


def test_nitric_acid_in_kg_per_t_and_in_t_per_t_is_the_same_number():
    # Conflict C17: 省级指南 prints 13.9 kg/t, the enterprise guideline 0.0139 t/t.
    method = find_method("industry.nitric_acid.n2o")
    in_kg = method.run({"nitric_acid": 1000, "nitric_acid_ef": 13.9})
    in_t = method.run({"nitric_acid": 1000, "nitric_acid_ef": 0.0139}, {"nitric_acid_ef": "t N2O/t"})
    assert in_kg["result"] == close(13.9)
    assert in_t["result"] == close(13.9)


def test_a_factor_of_another_gas_is_refused():
    with pytest.raises(UnitError):
        find_method("industry.nitric_acid.n2o").run(
            {"nitric_acid": 1, "nitric_acid_ef": 1}, {"nitric_acid_ef": "t CO2/t"}
        )


def test_abatement_counts_destruction_times_utilisation():
    # 1000 × 9 kg × (1 - 0.8 × 0.9) = 9 × 0.28
    assert chemicals.nitric_acid_abated_n2o(1000, 9, 0.8, 0.9) == close(2.52)
    # Fact ippu.adipic: 0.293 t/t. With abatement: 300 × (1 - 0.925 × 0.89) = 300 × 0.17675
    assert chemicals.adipic_acid_n2o(1000, 293) == close(293)
    assert chemicals.adipic_acid_abated_n2o(1000, 300, 0.925, 0.89) == close(53.025)
    # 100 × 9 kg × (1 - 0)
    assert chemicals.other_n2o_chemical(100, 9, 0, 1) == close(0.9)


def test_carbide():
    # Fact ippu.carbide: 1.154.
    assert chemicals.carbide_co2(1000, 1.154) == close(1154)
    assert chemicals.carbide_raw_material_co2(100, 1.70) == close(170)
    # (700 × 0.85 - 1000 × 0.314) × 44/12 = 281 × 44/12 (fact chem.cc.carbide)
    assert chemicals.carbide_balance_co2(700, 1000, 0.85, 0.314) == close(281 * C_TO_CO2)
    assert chemicals.carbide_ch4(1000, 11.6) == close(11.6)
    assert chemicals.acetylene_use_co2(10, 1.1) == close(11)


def test_soda_ash_and_titanium():
    assert chemicals.trona_co2(1000, 0.097) == close(97)
    assert chemicals.soda_ash_co2(1000, 0.138) == close(138)
    assert chemicals.titanium_dioxide_co2(100, 1.34) == close(134)


def test_petrochemicals():
    # Ethylene from naphtha in Asia: 1000 × 1.73 × 1.3 (Tables 3.14, 3.15); methanol methane 2.3 kg/t.
    assert chemicals.petrochemical_co2(1000, 1.73, 1.3) == close(2249)
    assert chemicals.petrochemical_ch4(1000, 2.3) == close(2.3)
    assert chemicals.primary_product(3000, 3) == close(1000)
    assert chemicals.secondary_product(1000, 0.02) == close(20)


def test_carbon_that_leaves_in_no_product_leaves_as_co2():
    # (1000 × 0.75 - 800 × 0.375 - 100 × 0.5) × 44/12 = 400 × 44/12
    whole = chemicals.carbon_balance_co2(1000, 800, 100, 0.75, 0.375, 0.5)
    parts = (
        chemicals.carbon_input_co2(1000, 0.75)
        + chemicals.carbon_output_co2(800, 0.375)
        + chemicals.carbon_output_co2(100, 0.5)
    )
    assert whole == close(400 * C_TO_CO2)
    assert parts == close(whole)


# Metals


def test_steel_decarburisation_and_flux():
    # Facts ippu.steel.*: 4.1 %, 0.248 %, 0.430, 0.474. 1000 × 0.041 - 950 × 0.00248 = 38.644 t C
    carbon = metals.steel_decarburisation_co2(1000, 950, 0.041, 0.00248)
    assert carbon == close(38.644 * C_TO_CO2)
    assert metals.steel_flux_co2(100, 0.430) == close(43)
    assert metals.steel_co2(100, 50, 1000, 950, 0.430, 0.474, 0.041, 0.00248) == close(43 + 23.7 + 38.644 * C_TO_CO2)


def test_steel_carbon_content_is_read_in_percent():
    result = find_method("industry.steel.decarburisation.co2").run(
        {"pig_iron": 1000, "steel": 950, "pig_iron_carbon": 4.1, "steel_carbon": 0.248},
        {"pig_iron_carbon": "% t C/t", "steel_carbon": "% t C/t"},
    )
    assert result["result"] == close(38.644 * C_TO_CO2)


def test_steel_enterprise_form():
    # Facts ippu.steel.ets.*: 3.663, 0.172, 2.699.
    assert metals.steel_electrode_co2(10, 3.663) == close(36.63)
    assert metals.steel_purchased_material_co2(1000, 0.172) == close(172)
    assert metals.steel_fixed_carbon_co2(100, 2.699) == close(269.9)
    assert metals.steel_fixed_carbon_credit_co2(100, 2.699) == close(-269.9)


def test_steel_ipcc_forms():
    assert metals.steel_tier1_co2(1000, 1.58) == close(1580)
    assert metals.steel_tier1_ch4(1000, 0.03) == close(0.03)
    # (1000 × 0.73 - 700 × 0.83) × 44/12 = 149 × 44/12
    assert metals.coke_balance_co2(1000, 700, 0.73, 0.83) == close(149 * C_TO_CO2)
    # in: 400×0.83 + 100×0.8 + 50×0.12 + 20×0.13 + 1×1 + 2×0.5 = 422.6; out: 1000×0.01 + 10×0.04 + 100×0.17 = 27.4
    balance = metals.steel_balance_co2(
        400, 100, 50, 20, 1, 2, 1000, 10, 100, 0.83, 0.8, 0.12, 0.13, 1, 0.5, 0.01, 0.04, 0.17
    )
    assert balance == close(395.2 * C_TO_CO2)
    # 50×0.83 + 10×0.47 + 20×0.17 + 5×0.5 - 10×0.1 = 51.1
    assert metals.sinter_balance_co2(50, 10, 20, 5, 10, 0.83, 0.47, 0.17, 0.5, 0.1) == close(51.1 * C_TO_CO2)
    # 1000×0.0153 + (50 + 50)×0.0292 = 18.22
    assert metals.dri_energy_co2(1000, 50, 50, 0.0153, 0.0292) == close(18.22 * C_TO_CO2)


def test_ferroalloys():
    assert metals.ferroalloy_co2(100, 4.0) == close(400)
    # 100 × 3.3 + (1000×0.002 + 100×0.12 - 300×0.07 - 10×0.1) × 44/12 = 330 - 8 × 44/12
    assert metals.ferroalloy_balance_co2(100, 1000, 100, 300, 10, 3.3, 0.002, 0.12, 0.07, 0.1) == close(
        330 - 8 * C_TO_CO2
    )
    assert metals.reductant_carbon(0.85, 0.1, 0.65) == close(0.915)
    assert metals.ferroalloy_ch4(1000, 1.0) == close(1)
    # Fact ippu.reductant.coke: 2.862.
    assert metals.reductant_co2(100, 2.862) == close(286.2)
    assert metals.lead_zinc_co2(100, 0.52) == close(52)


def test_aluminium_pfc_by_technology():
    # Facts ippu.al.CF4.pfpb, ippu.al.C2F6.pfpb: 0.0888 and 0.0114 kg/t.
    assert light_metals.aluminium_cf4(1000, 0.0888) == close(0.0888)
    assert light_metals.aluminium_c2f6(1000, 0.0114) == close(0.0114)


def test_aluminium_pfc_by_slope_and_overvoltage():
    # eq. 4.26, Table 4.16 (CWPB): 0.143 × 0.5 min × 1000 t = 71.5 kg; × 0.121
    assert light_metals.cf4_slope(1000, 0.5, 0.143) == close(0.0715)
    assert light_metals.c2f6_slope(1000, 0.5, 0.143, 0.121) == close(0.0086515)
    # eq. 4.27: 1.16 × 2 mV ÷ 0.95 × 1000 t = 2442.105 kg
    assert light_metals.cf4_overvoltage(1000, 2, 0.95, 1.16) == close(2.32 / 0.95)
    assert light_metals.c2f6_overvoltage(1000, 2, 0.95, 1.16, 0.121) == close(2.32 / 0.95 * 0.121)


def test_aluminium_anodes():
    assert light_metals.aluminium_co2(1000, 1.6) == close(1600)
    # Fact ippu.al.ets.anode: 0.411 t C/t → 1.507 t CO2/t.
    assert light_metals.anode_carbon_co2(1000, 0.411) == close(1507)
    # 1000 × 0.42 × (1 - 0.02 - 0.004) = 409.92 t C
    assert light_metals.anode_co2(1000, 0.42, 0.02, 0.004) == close(409.92 * C_TO_CO2)
    # 1000 - 5 - 950 - 5 = 40 t
    assert light_metals.pitch_co2(1000, 950, 5, 0.005) == close(40 * C_TO_CO2)
    # 950 × 0.015 × (1 - 0.02 - 0.025) = 13.60875 t
    assert light_metals.packing_coke_co2(950, 0.015, 0.02, 0.025) == close(13.60875 * C_TO_CO2)
    # 0.5 - 0.004 - 0.24×0.5×0.041 - 0.76×0.5×0.021 - 0.0001 = 0.483 t C/t
    assert light_metals.soderberg_co2(1000, 0.5, 4, 0.24, 0.006, 0.002, 0.033, 0.019, 0.002, 0.0001) == close(
        483 * C_TO_CO2
    )


def test_magnesium():
    # Facts ippu.mg.primary 0.490 kg/t, ippu.mg.co2.dolomite 5.13 t/t.
    assert light_metals.magnesium_sf6(1000, 0.490) == close(0.49)
    assert light_metals.magnesium_sf6_consumption(0.2) == close(0.2)
    assert light_metals.magnesium_co2(1000, 5.13) == close(5130)
    assert light_metals.magnesium_dolomite_co2(1000, 0.98, 0.4773, 1) == close(467.754)


# Fluorinated gases


def test_hfc23_of_hcfc22_less_destroyed():
    # Fact ippu.hfc23: 0.0292. 1000 × 0.0292 - 5
    assert fluorinated.hcfc22_hfc23(1000, 5, 0.0292) == close(24.2)
    assert fluorinated.hcfc22_hfc23_released(1000, 0.1, 0.03) == close(3)
    # (1 - 0.99) × 1 × 0.81 and (1 - 0.985) × 1 × 0.54
    assert fluorinated.hfc23_rate_carbon(0.99, 1, 0.81) == close(0.0081)
    assert fluorinated.hfc23_rate_fluorine(0.985, 1, 0.54) == close(0.0081)


def test_production_loses_half_a_percent():
    # Fact ippu.hfc.prod: 0.5 %.
    for name in ("hfc_production.hfc", "pfc_production.pfc", "sf6_production.sf6", "nf3_production.nf3"):
        method = find_method(f"industry.{name}")
        output = method.activity[0]
        assert method.run({output: 1000, "production_loss": 0.5}, {"production_loss": "%"})["result"] == close(5)


def test_electronics_by_the_guideline_rate():
    # Fact ippu.semi.CF4: 43.56 % of the gas used.
    result = find_method("industry.electronics.cf4").run(
        {"gas_used": 1000, "gas_emission_rate": 43.56}, {"gas_used": "kg CF4", "gas_emission_rate": "%"}
    )
    assert result["result"] == close(0.4356)


def test_electronics_by_utilisation_heel_and_abatement():
    # eq. 6.2: 1 × (1 - 0.1) × (1 - 0.1) × (1 - 0.5 × 0.9) = 0.81 × 0.55
    values = {"gas_used": 1, "heel_fraction": 0.1, "gas_utilisation": 0.1, "abatement_destruction": 0.9}
    method = find_method("industry.electronics.sf6.utilisation")
    assert method.run(values | {"abated_fraction": 0.5})["result"] == close(0.4455)
    assert method.run(values)["result"] == close(0.81)
    # eq. 6.3: 1 × (1 - 0.1) × 0.2
    byproduct = find_method("industry.electronics.c2f6.byproduct_cf4")
    assert byproduct.run({"gas_used": 1, "heel_fraction": 0.1, "byproduct_cf4": 0.2, "byproduct_destruction": 0.9})[
        "result"
    ] == close(0.18)
    # eq. 6.1: 1000 m2 × 0.8 × 0.9 kg/m2 = 720 kg
    area = find_method("industry.electronics.cf4.area")
    assert area.run({"substrate": 1000, "capacity_utilisation": 0.8, "substrate_ef": 0.9}, {"substrate_ef": "kg/m2"})[
        "result"
    ] == close(0.72)


def test_electrical_equipment_over_its_life():
    # Fact ippu.sf6.equipment: 8.6 %. 1 × 0.086 + 2 × 0.01 + 10 × 0.026 + 0.5 × 0.95 × (1 - 0.6)
    parts = (
        fluorinated.equipment_manufacture_sf6(1, 0.086),
        fluorinated.equipment_installation_sf6(2, 0.01),
        fluorinated.equipment_use_sf6(10, 0.026),
        fluorinated.equipment_disposal_sf6(0.5, 0.95, 0.6),
    )
    assert parts == (close(0.086), close(0.02), close(0.26), close(0.19))
    assert fluorinated.equipment_sf6(1, 2, 10, 0.5, 0.086, 0.01, 0.026, 0.95, 0.6) == close(0.556)
    assert fluorinated.equipment_service_sf6(0.8, 0.6) == close(0.2)
    assert fluorinated.equipment_mass_balance_sf6(0.5, 2, 1, 1.2) == close(0.3)


# Product use


def test_refrigeration_is_the_sum_of_its_stages():
    # 20×0.06 + 10×0.0035 + 100×0.15 + 10×0.5×(1-0.25) = 1.2 + 0.035 + 15 + 3.75
    assert product_use.container_hfc(20, 0.06) == close(1.2)
    assert product_use.charge_hfc(10, 0.0035) == close(0.035)
    assert product_use.bank_hfc(100, 0.15) == close(15)
    assert product_use.disposal_hfc(10, 0.5, 0.25) == close(3.75)
    assert product_use.refrigeration_hfc(100, 10, 10, 20, 0.15, 0.0035, 0.5, 0.25, 0.06) == close(19.985)


def test_hfc_balances():
    assert product_use.mass_balance_hfc(100, 80, 10, 2) == close(28)
    assert product_use.net_consumption(100, 20, 30, 5) == close(85)
    assert product_use.composite_hfc(85, 0.1) == close(8.5)
    # 85 × 0.1 + 200 × 0.045
    assert product_use.first_year_and_bank_hfc(85, 200, 0.1, 0.045) == close(17.5)


def test_foam_fire_and_aerosols():
    # 10×0.1 + 200×0.045 + 1 - 0.5; 50 × 0.04 + 0.1; 40 × 0.5 + 30 × 0.5
    assert product_use.foam_hfc(10, 200, 1, 0.5, 0.1, 0.045) == close(10.5)
    assert product_use.open_foam_hfc(7) == close(7)
    assert product_use.fire_hfc(50, 0.1, 0.04) == close(2.1)
    assert product_use.aerosol_hfc(40, 30, 0.5) == close(35)


def test_lubricants_oxidise_by_a_fifth():
    # eq. 5.2: 1000 t × 40.2 GJ/t = 40.2 TJ; × 20 t C/TJ × 0.2 = 160.8 t C
    assert product_use.non_energy_product_co2(1000, 40.2, 20, 0.2) == close(160.8 * C_TO_CO2)
    assert product_use.non_energy_product_energy_co2(40.2, 20, 0.2) == close(160.8 * C_TO_CO2)


# Reducer carbon is booked once


def test_no_default_recipe_books_coke_that_combustion_also_books():
    inclusive = {
        "industry.steel.tier1.co2",
        "industry.steel.carbon_balance.co2",
        "industry.coke.carbon_balance.co2",
        "industry.sinter.carbon_balance.co2",
        "industry.dri.energy.co2",
    }
    path = files("dafeng.domains.inventory").joinpath("recipes/industry.csv")
    with path.open(encoding="utf-8") as stream:
        tiers = {row["tier"] for row in csv.DictReader(stream) if row["method"] in inclusive}
    assert tiers
    assert all(tier.endswith("combustion-inclusive") for tier in tiers)
