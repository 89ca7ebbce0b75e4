"""Cropland methods against published values and against arithmetic that is shown.

Published: products that ClimateView (github ClimateView/transition-element-framework) derived from the IPCC 2019
tables and printed with their GWP (CH4 27.0, N2O 273), and factor values of the fact files. Nothing here was obtained by
running the methods.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from dafeng.domains.inventory import methods
from dafeng.domains.inventory.methods import cropland, livestock  # noqa: F401 (registers the methods)
from dafeng.kernel.accounting import all_methods, compile_emissions, find_method, read_factors, read_recipes
from dafeng.kernel.quantities import units

HOME = Path(methods.__file__).parents[1]
SETS = ["municipal", "gl2011", "gbt32151", "ipcc2006", "ipcc2019"]


def run(name: str, **values: float) -> float:
    return find_method(name).run(values)["result"]


# Rice


def test_rice_methane_by_the_regional_factor():
    # 100 000 ha of single rice at 236.7 kg (fact file rice.中南华南.single): 23 670 t
    assert run("agriculture.rice.ch4", harvested_area=100_000, rice_ch4_ef=236.7) == pytest.approx(23_670)


def test_rice_methane_by_days_meets_the_published_product():
    # ClimateView, IPCC 2019 Tables 5.11 and 5.11A, World: 3 630 690 g CO2e per ha = 1.19 × 113 × 27.0 kg
    methane = run("agriculture.rice.ch4.by_days", harvested_area=1, rice_daily_ef=1.19, cultivation_days=113)
    assert methane * 27.0 * 1e6 == pytest.approx(3_630_690)


def test_rice_scaling_for_organic_amendments():
    # (1 + 5·1 + 7·0.05)^0.59 = 6.35^0.59: 0.59 · ln 6.35 = 0.59 · 1.8484548 = 1.0905883; e^1.0905883 = 2.9760
    several = run(
        "agriculture.rice.organic_scaling",
        straw_rate_short=5,
        compost_rate=7,
        cfoa_straw_short=1,
        cfoa_straw_long=0.29,
        cfoa_compost=0.05,
        cfoa_farmyard_manure=0.14,
        cfoa_green_manure=0.5,
    )
    assert several == pytest.approx(2.9760, abs=1e-4)
    # (1 + 3·1)^0.59 = 4^0.59 = 2^1.18 = 2.2657678
    one = run("agriculture.rice.organic_scaling.one_amendment", application_rate=3, cfoa=1)
    assert one == pytest.approx(2.2657678)


def test_rice_methane_of_the_ipcc_step_by_step():
    scales = {"rice_sfw": 0.55, "rice_sfp": 1.22, "rice_sfr": 1}
    # 1.32 × 0.55 × 1.22 × 2.2657678 = 2.0068359 kg/ha/d
    daily = run("agriculture.rice.daily_factor", rice_baseline_ef=1.32, rice_sfo=2.2657678, **scales)
    assert daily == pytest.approx(2.0068359, rel=1e-6)
    # × 112 d × 1000 ha = 224 765.6 kg
    total = run(
        "agriculture.rice.ch4.ipcc",
        harvested_area=1000,
        straw_rate_short=3,
        rice_baseline_ef=1.32,
        cultivation_days=112,
        cfoa_straw_short=1,
        cfoa_straw_long=0.19,
        cfoa_compost=0.17,
        cfoa_farmyard_manure=0.21,
        cfoa_green_manure=0.45,
        **scales,
    )
    assert total == pytest.approx(224.76562, rel=1e-6)


# Straw, lime, urea


def test_burning_meets_the_published_product():
    # ClimateView, IPCC 2019 Tables 2.5 and 2.6: 1 365 958.5 g CO2e per t = (1515 + 2.7·27.0 + 0.07·273) × 0.85 kg
    straw = {
        "crop_output": 1,
        "burnt_share": 1,
        "straw_ratio": 1,
        "dry_matter_fraction": 1,
        "combustion_factor": 0.85,
    }
    carbon_dioxide = run("agriculture.burning.biogenic_co2", **straw, fire_co2_ef=1515)
    methane = run("agriculture.burning.ch4", **straw, fire_ch4_ef=2.7)
    nitrous_oxide = run("agriculture.burning.n2o", **straw, fire_n2o_ef=0.07)
    assert (carbon_dioxide + methane * 27.0 + nitrous_oxide * 273) * 1e6 == pytest.approx(1_365_958.5)


def test_straw_burnt_from_output_ratio_share_and_dry_matter():
    # (1 − 0.489)/0.489 = 0.511/0.489
    assert run("agriculture.burning.straw_from_harvest_index", harvest_index=0.489) == pytest.approx(1.0449898)
    # 4 000 000 × 1.045 × 0.01 × 0.855 = 35 739 t
    burnt = run(
        "agriculture.burning.straw_burnt",
        crop_output=4_000_000,
        burnt_share=0.01,
        straw_ratio=1.045,
        dry_matter_fraction=0.855,
    )
    assert burnt == pytest.approx(35_739)


def test_lime_and_urea():
    # ClimateView, IPCC 2019 below eq. 11.12: 440 000 g CO2 per t of limestone = 0.12 × 44/12
    assert run("agriculture.liming.co2", lime=1, lime_carbon=0.12) * 1e6 == pytest.approx(440_000)
    # 1000 × 0.12 + 500 × 0.13 = 185 t C; × 44/12
    both = {"limestone": 1000, "dolomite": 500, "limestone_carbon": 0.12, "dolomite_carbon": 0.13}
    assert run("agriculture.liming.carbon", **both) == pytest.approx(185)
    assert run("agriculture.liming.total_co2", **both) == pytest.approx(678.3333333)
    # 10 000 × 0.20 = 2000 t C; × 44/12
    assert run("agriculture.urea.carbon", urea=10_000, urea_carbon=0.20) == pytest.approx(2000)
    assert run("agriculture.urea.co2", urea=10_000, urea_carbon=0.20) == pytest.approx(7333.3333333)


# Nitrogen inputs of the guideline


def test_nitrogen_of_fertiliser_and_manure():
    assert run(
        "agriculture.soil.compound_nitrogen", compound_fertiliser=300, compound_nitrogen_share=1 / 3
    ) == pytest.approx(100)
    assert run(
        "agriculture.soil.fertiliser_nitrogen",
        nitrogen_fertiliser=500,
        compound_fertiliser=300,
        compound_nitrogen_share=1 / 3,
    ) == pytest.approx(600)
    # (1000 − 100 − 50 + 150) × (1 − 0.15 − 0.20) − 5 = 1000 × 0.65 − 5
    manure = run(
        "agriculture.soil.manure_nitrogen",
        livestock_nitrogen=1000,
        grazing_nitrogen=100,
        fuel_nitrogen=50,
        rural_nitrogen=150,
        manure_n2o_nitrogen=5,
        manure_leach_loss=0.15,
        manure_gas_loss=0.20,
    )
    assert manure == pytest.approx(645)


def test_straw_nitrogen_chain_of_rice():
    # 48 900 t of rice at an economic coefficient of 0.489: plant 100 000 t, straw 51 100 t
    assert run("agriculture.soil.straw_mass", crop_output=48_900, harvest_index=0.489) == pytest.approx(51_100)
    rice = {"harvest_index": 0.489, "dry_matter_fraction": 0.855, "straw_nitrogen": 0.00753}
    # 51 100 × 0.855 × 0.00753 × 0.6 = 197.393679 t N
    above = run("agriculture.soil.straw_nitrogen_above", crop_output=48_900, straw_return_share=0.6, **rice)
    assert above == pytest.approx(197.393679)
    # 100 000 × 0.125 × 0.855 × 0.00753 = 80.476875 t N
    root = run("agriculture.soil.straw_nitrogen_root", crop_output=48_900, root_shoot_ratio_crop=0.125, **rice)
    assert root == pytest.approx(80.476875)
    whole = {"crop_output": 48_900, "straw_return_share": 0.6, "root_shoot_ratio_crop": 0.125, **rice}
    assert run("agriculture.soil.straw_nitrogen", **whole) == pytest.approx(277.870554)
    # × 0.0057 × 44/28 = 2.488927 t N2O
    direct = run("agriculture.soil.direct_n2o.straw", **whole, soil_ef1=0.0057)
    assert direct == pytest.approx(277.870554 * 0.0057 * 11 / 7)
    # × (0.1·0.01 + 0.2·0.0075) × 44/28
    indirect = run(
        "agriculture.soil.indirect_n2o.straw",
        **whole,
        frac_gas_soil=0.1,
        soil_ef4=0.01,
        frac_leach_soil=0.2,
        soil_ef5=0.0075,
    )
    assert indirect == pytest.approx(277.870554 * 0.0025 * 11 / 7)


# Emissions of soils


def test_direct_emissions_meet_the_published_products():
    # ClimateView, IPCC 2019 Table 11.1: 4 290 000 g CO2e per t N of residues = 0.01 × 44/28 × 273;
    # of nitrogen on flooded rice 1 716 000 = 0.004 × 44/28 × 273
    residues = run("agriculture.soil.direct_n2o", nitrogen=1, soil_ef1=0.01)
    flooded = run("agriculture.soil.direct_n2o", nitrogen=1, soil_ef1=0.004)
    assert residues * 273e6 == pytest.approx(4_290_000)
    assert flooded * 273e6 == pytest.approx(1_716_000)


def test_direct_emissions_of_other_inputs():
    # 7000 t N × 0.0057 × 44/28 = 62.7 t
    three = run(
        "agriculture.soil.direct_n2o.three_inputs",
        fertiliser_nitrogen=5000,
        manure_nitrogen=1500,
        straw_nitrogen_input=500,
        soil_ef1=0.0057,
    )
    assert three == pytest.approx(62.7)
    # 300 × 1/3 × 0.0057 × 44/28 = 0.8957143
    compound = run(
        "agriculture.soil.direct_n2o.compound",
        compound_fertiliser=300,
        compound_nitrogen_share=1 / 3,
        soil_ef1=0.0057,
    )
    assert compound == pytest.approx(0.8957142857)
    # 100 ha × 13 kg × 44/28 = 2042.857 kg; 28 t N × 0.02 × 44/28 = 0.88 t; 28 kg N = 44 kg N2O
    assert run("agriculture.soil.direct_n2o.organic_soils", organic_soil_area=100, soil_ef2=13) == pytest.approx(
        2.042857143
    )
    assert run(
        "agriculture.soil.direct_n2o.grazing", grazing_nitrogen_deposited=28, soil_ef3_prp=0.02
    ) == pytest.approx(0.88)
    assert run("agriculture.soil.n2o_from_nitrogen", n2o_nitrogen=28) == pytest.approx(0.044)
    # (1000 + 500 + 300 + 200) × 0.01 = 20 kg N2O-N
    assert run(
        "agriculture.soil.direct_n2o.ipcc_inputs",
        synthetic_nitrogen=1000,
        organic_nitrogen=500,
        residue_nitrogen=300,
        mineralised_nitrogen=200,
        soil_ef1=0.01,
    ) == pytest.approx(20)


def test_indirect_emissions():
    # 28 000 t N × 0.1 × 0.01 × 44/28 = 44 t; × 0.2 × 0.0075 × 44/28 = 66 t
    air = run("agriculture.soil.indirect_n2o.deposition", nitrogen=28_000, frac_gas_soil=0.1, soil_ef4=0.01)
    water = run("agriculture.soil.indirect_n2o.leaching", nitrogen=28_000, frac_leach_soil=0.2, soil_ef5=0.0075)
    assert air == pytest.approx(44)
    assert water == pytest.approx(66)
    fractions = {"frac_gas_soil": 0.1, "soil_ef4": 0.01, "frac_leach_soil": 0.2, "soil_ef5": 0.0075}
    assert run("agriculture.soil.indirect_n2o", nitrogen=28_000, **fractions) == pytest.approx(110)
    assert run(
        "agriculture.soil.indirect_n2o.compound",
        compound_fertiliser=84_000,
        compound_nitrogen_share=1 / 3,
        **fractions,
    ) == pytest.approx(110)
    # 2800 t N × 0.01 × 44/28
    assert run("agriculture.soil.indirect_n2o.deposited", deposited_nitrogen=2800, soil_ef4=0.01) == pytest.approx(44)
    # (1000·0.11 + (500 + 100)·0.21) × 0.01 × 44/28 = 236 × 0.0157142857 = 3.7085714 kg
    assert run(
        "agriculture.soil.indirect_n2o.deposition_ipcc",
        synthetic_nitrogen=1000,
        organic_nitrogen=500,
        grazing_nitrogen_input=100,
        frac_gasf=0.11,
        frac_gasm=0.21,
        soil_ef4=0.01,
    ) == pytest.approx(0.0037085714)
    # 2100 × 0.24 × 0.011 × 44/28 = 8.712 kg
    assert run(
        "agriculture.soil.indirect_n2o.leaching_ipcc",
        synthetic_nitrogen=1000,
        organic_nitrogen=500,
        grazing_nitrogen_input=100,
        residue_nitrogen=300,
        mineralised_nitrogen=200,
        frac_leach_soil=0.24,
        soil_ef5=0.011,
    ) == pytest.approx(0.008712)


# Nitrogen inputs of the IPCC


def test_organic_nitrogen_inputs():
    assert run("agriculture.soil.organic_nitrogen", manure_applied=800, compost_nitrogen=50) == pytest.approx(850)
    # 1000 × (1 − 0.1 − 0.05 − 0.02)
    assert run(
        "agriculture.soil.manure_applied", managed_nitrogen=1000, frac_feed=0.1, frac_fuel=0.05, frac_construction=0.02
    ) == pytest.approx(830)
    assert run("agriculture.soil.grazing_nitrogen", head=100, system_share=0.3, nitrogen_excretion=40) == pytest.approx(
        1200
    )
    # 150 t C / 15 = 10 t N
    assert run(
        "agriculture.soil.mineralised_nitrogen", soil_carbon_loss=150, carbon_nitrogen_ratio=15
    ) == pytest.approx(10_000)


def test_crop_residue_nitrogen_in_its_three_forms():
    # 5000 kg/ha × 0.89 = 4450 kg dm/ha
    assert run("agriculture.soil.crop_dry_yield", fresh_yield=5000, dry_matter_fraction=0.89) == pytest.approx(4450)
    # 4.45 × 1.51 + 0.52 = 7.2395 t/ha (slope and intercept of wheat, Table 11.2)
    residue = run("agriculture.soil.above_ground_residue", crop_yield=4450, residue_slope=1.51, residue_intercept=0.52)
    assert residue == pytest.approx(7.2395)
    # 7239.5/4450; 0.24 × (7239.5 + 4450)/4450
    ratio = run("agriculture.soil.residue_ratio", residue_dry_matter=7.2395, crop_yield=4450)
    root = run("agriculture.soil.root_ratio", root_biomass_ratio=0.24, residue_dry_matter=7.2395, crop_yield=4450)
    assert ratio == pytest.approx(1.6268539)
    assert root == pytest.approx(0.6304449)
    land = {"crop_area": 100, "burnt_area": 10, "crop_yield": 4450, "combustion_factor": 0.9, "renewal_share": 1}
    nitrogen = {"residue_nitrogen_content": 0.006, "removed_share": 0.2, "root_nitrogen_content": 0.009}
    # above: (100 − 9) × 7239.5 × 0.006 × 0.8 = 3162.2136; root: 100 × 11689.5 × 0.24 × 0.009 = 2524.932
    by_ratio = run(
        "agriculture.soil.residue_nitrogen", **land, **nitrogen, residue_ratio=1.62685393258, root_ratio=0.63044494382
    )
    by_mass = run(
        "agriculture.soil.residue_nitrogen.by_dry_matter",
        **land,
        **nitrogen,
        residue_dry_matter=7.2395,
        root_biomass_ratio=0.24,
    )
    assert by_ratio == pytest.approx(5687.1456, rel=1e-8)
    assert by_mass == pytest.approx(5687.1456)
    # 2019: above 4450·1.3·100 = 578 500 × 0.006 × (1 − 0.2 − 0.1·0.9) = 2464.41;
    # below (4450 + 5785)·0.23·100 = 235 405 × 0.009 = 2118.645
    refined = run(
        "agriculture.soil.residue_nitrogen_2019",
        crop_area=100,
        crop_yield=4450,
        residue_ratio=1.3,
        burnt_fraction=0.1,
        combustion_factor=0.9,
        root_shoot_ratio_ipcc=0.23,
        renewal_share=1,
        **nitrogen,
    )
    assert refined == pytest.approx(4583.055)


# Tables


def compiled(*rows: tuple[str, str, str, float, str, str]) -> dict[tuple[str, str], float]:
    """Emissions in t by category and gas of rows at Xinyang in 2020, with the package's tables."""
    columns = ("category", "item", "variable", "value", "unit", "technology")
    activities = [dict(zip(columns, row, strict=True)) | {"place": "411500", "year": 2020} for row in rows]
    emissions = compile_emissions(
        activities,
        read_factors([HOME / "factors" / "cropland.csv"]),
        [one for one in read_recipes([HOME / "recipes" / "agriculture.csv"]) if one.category.startswith("3C")],
        sets=SETS,
    )
    found = emissions.results.join(emissions.resolutions, on="resolution", suffix="_right")
    return {(row["category"], row["gas"]): row["emission"] for row in found.iter_rows(named=True)}


def test_a_row_at_xinyang_finds_the_factors_of_its_regions():
    # Xinyang lies in rice region 中南华南 (single 236.7 kg/ha) and in soil region III (EF1 0.0057): fact file.
    found = compiled(
        ("3C7", "rice", "harvested_area", 100, "千公顷", "single"),
        ("3C4", "nitrogen_fertiliser", "nitrogen", 10, "万吨 N", ""),
        ("3C5", "nitrogen_fertiliser", "nitrogen", 10, "万吨 N", ""),
    )
    assert found["3C7", "CH4"] == pytest.approx(23_670)
    # 100 000 × 0.0057 × 44/28; 100 000 × (0.1·0.01 + 0.2·0.0075) × 44/28
    assert found["3C4", "N2O"] == pytest.approx(895.7142857)
    assert found["3C5", "N2O"] == pytest.approx(392.8571429)


def test_every_cropland_factor_converts_to_the_unit_of_its_input():
    wanted = {name: unit for one in all_methods().values() for name, unit in one.inputs.items()}
    for row in read_factors([HOME / "factors" / "cropland.csv"]).iter_rows(named=True):
        if row["parameter"] in wanted:
            assert units.convertible(row["unit"], wanted[row["parameter"]]), row["factor_id"]
