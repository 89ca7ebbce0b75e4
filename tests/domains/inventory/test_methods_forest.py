"""Land-use methods against arithmetic that is shown, and the signs: growth negative, consumption positive.

Values of the steps come from the printed equations (guideline 2011, IPCC 2006 volume 4 chapter 2) with round numbers or
with the species values of the fact files; nothing here was obtained by running the methods.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from dafeng.domains.inventory import methods
from dafeng.domains.inventory.methods import forest  # noqa: F401 (registers the methods)
from dafeng.kernel.accounting import all_methods, compile_emissions, find_method, read_factors, read_recipes
from dafeng.kernel.quantities import units

HOME = Path(methods.__file__).parents[1]
SETS = ["municipal", "gl2011", "forest_cn", "ipcc2006", "ipcc2019"]
WOOD = {"wood_density": 0.462, "bef_total": 1.787, "carbon_fraction_wood": 0.5}
PINE = {"wood_density": 0.38, "bef": 1.472, "root_shoot_ratio": 0.187, "carbon_fraction_wood": 0.46}


def run(name: str, **values: float) -> float:
    return find_method(name).run(values)["result"]


# The guideline


def test_weights_over_species_by_volume():
    # Masson pine 600 m3 at 0.380, oaks 400 m3 at 0.676: (228 + 270.4)/1000; BEF (600·1.472 + 400·1.355)/1000
    density = run("lulucf.wood.weighted_density", volume_1=600, density_1=0.380, volume_2=400, density_2=0.676)
    expansion = run("lulucf.wood.weighted_bef", volume_1=600, bef_1=1.472, volume_2=400, bef_2=1.355)
    assert density == pytest.approx(0.4984)
    assert expansion == pytest.approx(1.4252)


def test_carbon_of_standing_wood():
    # 1 000 000 × 0.462 × 1.787 × 0.5 = 412 797 t C
    assert run("lulucf.forest.stock_carbon", stock_volume=1_000_000, **WOOD) == pytest.approx(412_797)
    # 1 000 000 × 0.38 × 1.472 × 1.187 × 0.46 = 305 421.4... : 559 360 × 1.187 = 663 960.32; × 0.46 = 305 421.7472
    with_roots = run("lulucf.forest.stock_carbon.with_roots", stock_volume=1_000_000, **PINE)
    assert with_roots == pytest.approx(305_421.7472)


def test_growth_is_a_removal_and_consumption_an_emission():
    growth = {"stock_volume": 1_000_000, "growth_rate": 0.08, **WOOD}
    consumption = {"stock_volume": 1_000_000, "consumption_rate": 0.05, **WOOD}
    # 412 797 × 0.08 = 33 023.76 t C; × 44/12 = 121 087.12 t CO2
    assert run("lulucf.forest.growth_carbon", **growth) == pytest.approx(33_023.76)
    assert run("lulucf.forest.growth_co2", **growth) == pytest.approx(-121_087.12)
    # 412 797 × 0.05 = 20 639.85 t C; × 44/12 = 75 679.45 t CO2
    assert run("lulucf.forest.consumption_carbon", **consumption) == pytest.approx(20_639.85)
    assert run("lulucf.forest.consumption_co2", **consumption) == pytest.approx(75_679.45)
    assert run("lulucf.forest.net_co2", **growth, consumption_rate=0.05) == pytest.approx(-121_087.12 + 75_679.45)
    # 412 797 × 0.01 × 44/12 = 15 135.89
    assert run("lulucf.forest.mortality_co2", stock_volume=1_000_000, mortality_rate=0.01, **WOOD) == pytest.approx(
        15_135.89
    )


def test_growth_by_species_counts_the_root():
    # 305 421.7472 × 0.08 × 44/12 = 89 590.3792 t CO2
    removed = run("lulucf.forest.growth_co2.species", stock_volume=1_000_000, growth_rate=0.08, **PINE)
    assert removed == pytest.approx(-89_590.37917867)


def test_new_tea_gardens_remove_and_lost_bamboo_emits():
    # 1000 ha × 35.21 t × 0.5 × 44/12 = 64 551.6667; −10 ha × 68.48 × 0.5 × 44/12 = 1255.4667
    tea = run("lulucf.forest.area_change_co2", area_change=1000, biomass_per_area=35.21, carbon_fraction_wood=0.5)
    bamboo = run("lulucf.forest.area_change_co2", area_change=-10, biomass_per_area=68.48, carbon_fraction_wood=0.5)
    assert tea == pytest.approx(-64_551.6666667)
    assert bamboo == pytest.approx(1255.4666667)


def test_conversion_of_forest_burns_on_site_off_site_and_decays():
    land = {"biomass_before": 60, "carbon_fraction_wood": 0.5}
    # 100 ha × 60 × 0.5 = 3000 t C
    assert run("lulucf.conversion.carbon_exposed", converted_area=100, **land) == pytest.approx(3000)
    onsite = {"converted_area": 100, "onsite_burnt_share": 0.15, "burning_oxidation": 0.9, **land}
    # 3000 × 0.15 × 0.9 = 405 t C; × 44/12 = 1485; × 0.012 × 16/12 = 6.48; × 0.01 × 0.007 × 44/28 = 0.04455
    assert run("lulucf.conversion.onsite_carbon", **onsite) == pytest.approx(405)
    assert run("lulucf.conversion.onsite_co2", **onsite) == pytest.approx(1485)
    assert run("lulucf.conversion.onsite_ch4", **onsite, burning_ch4_ratio=0.012) == pytest.approx(6.48)
    assert run(
        "lulucf.conversion.onsite_n2o", **onsite, nitrogen_carbon_ratio=0.01, burning_n2o_ratio=0.007
    ) == pytest.approx(0.04455)
    # 3000 × 0.20 × 0.9 × 44/12
    offsite = run(
        "lulucf.conversion.offsite_co2", converted_area=100, offsite_burnt_share=0.20, burning_oxidation=0.9, **land
    )
    assert offsite == pytest.approx(1980)
    # ten years 800 ha: 80 ha a year; 80 × (60 − 5) × 0.5 × 0.15 × 44/12 = 1210
    assert run("lulucf.conversion.mean_area", area_of_ten_years=800) == pytest.approx(80)
    decay = run("lulucf.conversion.decay_co2", mean_converted_area=80, biomass_after=5, decay_share=0.15, **land)
    assert decay == pytest.approx(1210)


def test_fire_by_equation_2_27():
    fire = {"burnt_land_area": 10, "fuel_mass": 20, "combustion_factor": 0.45}
    # 10 × 20 × 0.45 = 90 t dm; × 4.7, 0.26, 1569 g/kg
    assert run("lulucf.fire.ch4", **fire, fire_ch4_ef=4.7) == pytest.approx(0.423)
    assert run("lulucf.fire.n2o", **fire, fire_n2o_ef=0.26) == pytest.approx(0.0234)
    assert run("lulucf.fire.co2", **fire, fire_co2_ef=1569) == pytest.approx(141.21)


# The IPCC


def test_gains_and_losses_of_biomass():
    # 4.0 × 1.29; 3 m3/ha × 0.75 × 1.29; 1.3 × 0.5
    assert run("lulucf.ipcc.total_growth", above_ground_growth=4.0, root_shoot_ratio=0.29) == pytest.approx(5.16)
    assert run(
        "lulucf.ipcc.total_growth.by_increment", volume_increment=3, bcef_i=0.75, root_shoot_ratio=0.29
    ) == pytest.approx(2.9025)
    assert run("lulucf.ipcc.bcef", bef=1.3, wood_density=0.5) == pytest.approx(0.65)
    # 1000 ha × 5.16 × 0.47
    gain = run("lulucf.ipcc.biomass_gain", forest_area=1000, total_growth=5.16, carbon_fraction_wood=0.47)
    assert gain == pytest.approx(2425.2)
    # 500 m3 × 1.11 × 1.29 × 0.47 = 336.49650
    tree = {"bcef_r": 1.11, "root_shoot_ratio": 0.29, "carbon_fraction_wood": 0.47}
    wood = run("lulucf.ipcc.wood_removal_loss", wood_removal=500, **tree)
    assert wood == pytest.approx(336.4965)
    # (100 × 1.11 × 1.29 + 50 × 0.5) × 0.47 = (143.19 + 25) × 0.47
    fuel = run("lulucf.ipcc.fuelwood_loss", fuelwood_trees=100, fuelwood_parts=50, wood_density=0.5, **tree)
    assert fuel == pytest.approx(79.0493)
    # 20 ha × 80 × 1.29 × 0.47 × 0.3 = 291.024
    disturbed = run(
        "lulucf.ipcc.disturbance_loss",
        disturbed_area=20,
        above_ground_biomass=80,
        root_shoot_ratio=0.29,
        carbon_fraction_wood=0.47,
        biomass_lost_fraction=0.3,
    )
    assert disturbed == pytest.approx(291.024)
    loss = run("lulucf.ipcc.biomass_loss", loss_wood_removals=336.4965, loss_fuelwood=79.0493, loss_disturbance=291.024)
    assert loss == pytest.approx(706.5698)
    change = run("lulucf.ipcc.gain_loss", gain=2425.2, loss=706.5698)
    assert change == pytest.approx(1718.6302)
    # a gain of carbon is a removal: × −44/12
    assert run("lulucf.carbon_change_co2", carbon_change=1718.6302) == pytest.approx(-6301.6440667)
    # the inventory's forms of the same parts
    assert run(
        "lulucf.forest.gain_co2",
        forest_area=1000,
        above_ground_growth=4.0,
        root_shoot_ratio=0.29,
        carbon_fraction_wood=0.47,
    ) == pytest.approx(-2425.2 * 44 / 12)
    assert run("lulucf.forest.wood_removal_co2", wood_removal=500, **tree) == pytest.approx(336.4965 * 44 / 12)
    assert run(
        "lulucf.forest.fuelwood_co2", fuelwood_trees=100, fuelwood_parts=50, wood_density=0.5, **tree
    ) == pytest.approx(79.0493 * 44 / 12)
    assert run(
        "lulucf.forest.disturbance_co2",
        disturbed_area=20,
        above_ground_biomass=80,
        root_shoot_ratio=0.29,
        carbon_fraction_wood=0.47,
        biomass_lost_fraction=0.3,
    ) == pytest.approx(291.024 * 44 / 12)


def test_stock_difference():
    # 1000 ha × 60 m3/ha × 1.0 × 1.29 × 0.47 = 36 378 t C
    stock = run(
        "lulucf.ipcc.stock_from_volume",
        forest_area=1000,
        volume_per_area=60,
        bcef_s=1.0,
        root_shoot_ratio=0.29,
        carbon_fraction_wood=0.47,
    )
    assert stock == pytest.approx(36_378)
    # (36 378 − 31 378)/5
    assert run(
        "lulucf.ipcc.stock_difference", stock_later=36_378, stock_earlier=31_378, years_between=5
    ) == pytest.approx(1000)
    # 100 000 m3 more in five years: 20 000 × 0.38 × 1.472 × 1.187 × 0.46 = 6108.434944 t C; × −44/12
    removed = run(
        "lulucf.forest.stock_difference_co2",
        stock_volume_later=1_100_000,
        stock_volume_earlier=1_000_000,
        years_between=5,
        **PINE,
    )
    assert removed == pytest.approx(-22_397.5947947)


def test_converted_land_and_dead_matter():
    # (10 − 60) × 100 × 0.5
    conversion = run(
        "lulucf.ipcc.conversion_change",
        converted_area=100,
        biomass_after=10,
        biomass_before=60,
        carbon_fraction_wood=0.5,
    )
    assert conversion == pytest.approx(-2500)
    assert run("lulucf.ipcc.converted_land_change", gain=300, conversion=-2500, loss=50) == pytest.approx(-2250)
    # 1000 × (2.0 − 1.5) × 0.4; 1000 × (12 − 10)/5 × 0.4; (5 − 20) × 100/20
    assert run(
        "lulucf.ipcc.dead_matter.gain_loss",
        forest_area=1000,
        dead_matter_in=2.0,
        dead_matter_out=1.5,
        carbon_fraction_dead=0.4,
    ) == pytest.approx(200)
    assert run(
        "lulucf.ipcc.dead_matter.stock_difference",
        forest_area=1000,
        dead_matter_later=12,
        dead_matter_earlier=10,
        years_between=5,
        carbon_fraction_dead=0.4,
    ) == pytest.approx(160)
    assert run(
        "lulucf.ipcc.dead_matter.conversion",
        converted_area=100,
        dead_carbon_new=5,
        dead_carbon_old=20,
        transition_years=20,
    ) == pytest.approx(-75)


def test_mineral_soils_of_the_ipcc_worked_example():
    # IPCC 2006 Vol.4 Ch.5 section 5.2.3.4: Mollisols, warm temperate moist, SOCref 88 t C/ha, annual crops (FLU 0.69).
    # Before: 400 000 ha full tillage, low input (FI 0.92), 600 000 ha full tillage, medium input: 58.78 million t C.
    # Now: 200 000 ha full and low, 700 000 ha reduced (FMG 1.08), 100 000 ha no tillage (1.15): 64.06 million t C.
    # Printed change over 20 years: 264 000 t C a year.
    def stock(*areas: tuple[float, float, float]) -> float:
        return sum(
            run("lulucf.soil.carbon_stock", land_area=area, soc_ref=88, soil_flu=0.69, soil_fmg=tillage, soil_fi=inputs)
            for area, tillage, inputs in areas
        )

    before = stock((400_000, 1.0, 0.92), (600_000, 1.0, 1.0))
    now = stock((200_000, 1.0, 0.92), (700_000, 1.08, 1.0), (100_000, 1.15, 1.0))
    assert before == pytest.approx(58.78e6, abs=0.005e6)
    assert now == pytest.approx(64.06e6, abs=0.005e6)
    change = run("lulucf.soil.mineral_change", soc_now=now, soc_before=before, dependence_years=20)
    assert change == pytest.approx(264_000, abs=500)


def test_mineral_soils_of_the_inventory_turn_the_sign():
    # 88 × 0.69 = 60.72; × 1.08 = 65.5776; 1000 ha × 4.8576 t C over 20 years = 242.88; × −44/12 = −890.56 t CO2
    assert run("lulucf.soil.carbon_density", soc_ref=88, soil_flu=0.69, soil_fmg=1, soil_fi=1) == pytest.approx(60.72)
    by_density = run("lulucf.soil.mineral_co2", land_area=1000, soc_density_now=65.5776, soc_density_before=60.72)
    by_factors = run(
        "lulucf.soil.mineral_co2.by_factors",
        managed_area=1000,
        flu_now=0.69,
        fmg_now=1.08,
        fi_now=1,
        flu_before=0.69,
        fmg_before=1,
        fi_before=1,
        soc_ref=88,
    )
    assert by_density == pytest.approx(-890.56)
    assert by_factors == pytest.approx(-890.56)


def test_organic_soils():
    # 10 ha × 10 t C; × 44/12
    assert run("lulucf.soil.organic_carbon_loss", organic_soil_area=10, organic_soil_carbon_ef=10) == pytest.approx(100)
    assert run("lulucf.soil.organic_co2", organic_soil_area=10, organic_soil_carbon_ef=10) == pytest.approx(366.6666667)


def test_wood_products_decay_by_half_in_a_half_life():
    # k = ln 2 (a half-life of one year): 100 × 0.5 + 10 × 0.5/0.69314718 = 50 + 7.2134752
    stock = run("lulucf.wood_products.stock_next_year", product_stock=100, product_inflow=10, decay_rate=0.69314718056)
    assert stock == pytest.approx(57.2134752)
    # change −42.7865248 t C; × −44/12
    assert run(
        "lulucf.wood_products.co2", product_stock=100, product_inflow=10, decay_rate=0.69314718056
    ) == pytest.approx(156.8839243)


# Tables


def test_the_rates_of_henan_are_asked_for_and_never_assumed():
    # The guideline's provincial table is not at hand: the row is NE and names what to type in.
    columns = ("category", "item", "variable", "value", "unit")
    rows = [
        ("4A1", "arbor_forest", "stock_volume", 1, "万立方米"),
        ("4A1", "standing_wood", "stock_volume", 1, "万立方米"),
    ]
    emissions = compile_emissions(
        [dict(zip(columns, row, strict=True)) | {"place": "411500", "year": 2020} for row in rows],
        read_factors([HOME / "factors" / "forest.csv"]),
        read_recipes([HOME / "recipes" / "lulucf.csv"]),
        sets=SETS,
    )
    assert emissions.results["emission"].to_list() == [None, None]
    reasons = " ".join(emissions.resolutions["reason"].drop_nulls())
    assert "growth_rate" in reasons
    assert "consumption_rate" in reasons


def test_every_forest_factor_converts_to_the_unit_of_its_input():
    wanted = {name: unit for one in all_methods().values() for name, unit in one.inputs.items()}
    for row in read_factors([HOME / "factors" / "forest.csv"]).iter_rows(named=True):
        if row["parameter"] in wanted:
            assert units.convertible(row["unit"], wanted[row["parameter"]]), row["factor_id"]
