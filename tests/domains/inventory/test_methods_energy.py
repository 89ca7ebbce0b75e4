"""Energy and fugitive methods against printed values and hand arithmetic, and their tables against the methods."""

from __future__ import annotations

import csv
import math

import pytest

from dafeng.domains.inventory import library
from dafeng.kernel.accounting import find_method, read_factors
from dafeng.kernel.quantities import units

FACTORS = ("fuels", "ceads", "combustion_ch4_n2o", "fugitive", "electricity_heat", "standard_coal")


@pytest.fixture(scope="module", autouse=True)
def _methods():
    library.methods()


@pytest.fixture(scope="module")
def factors():
    return read_factors([library.HOME / "factors" / f"{name}.csv" for name in FACTORS])


def value(id_, given_units=None, **inputs):
    return find_method(id_).run(inputs, given_units)["result"]


def rows(folder):
    with (library.HOME / folder / "energy.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


# --- Fuels ------------------------------------------------------------------------------------------------------------

# As S02 (省级温室气体清单编制指南 2025 年版, quoted in a public accounting system) prints them: t CO2/t, and t CO2/1e4 Nm3.
PRINTED = {
    "gasoline": (43.07, 18.9, 98, 2.925056),
    "diesel": (42.652, 20.2, 98, 3.095910),
    "coke": (28.435, 29.5, 93, 2.860419),
}


@pytest.mark.parametrize("fuel", PRINTED)
def test_emission_factor_of_a_fuel_is_the_printed_one(fuel):
    ncv, carbon, oxidation, printed = PRINTED[fuel]
    given = {"carbon_content": "t C/TJ", "oxidation": "%"}
    found = value("energy.emission_factor.mass", given, ncv=ncv, carbon_content=carbon, oxidation=oxidation)
    assert found == pytest.approx(printed, abs=5e-7)


def test_emission_factor_of_natural_gas_is_the_printed_one():
    given = {"ncv_gas": "GJ/1e4Nm3", "carbon_content": "t C/TJ", "oxidation": "%"}
    found = value("energy.emission_factor.volume", given, ncv_gas=389.31, carbon_content=15.3, oxidation=99)
    assert found * 1e4 == pytest.approx(21.621888, abs=5e-7)


@pytest.mark.parametrize(("item", "printed"), [("gasoline", 2.925056), ("diesel", 3.095910), ("coke", 2.860419)])
def test_the_2025_set_gives_the_factors_that_its_quotation_prints(factors, item, printed):
    chosen = {
        row["parameter"]: (row["value"], row["unit"])
        for row in factors.iter_rows(named=True)
        if row["set"] == "gl2025" and row["item"] == item
    }
    values = {name: number for name, (number, _) in chosen.items()}
    given = {name: unit for name, (_, unit) in chosen.items()}
    assert value("energy.emission_factor.mass", given, **values) == pytest.approx(printed, abs=5e-7)


def test_co2_of_a_thousand_tonnes_of_bituminous_coal_by_hand():
    # 1000 t × 19.57 GJ/t × 0.0261 t C/GJ × 0.93 × 44/12: 19570 × 0.0261 = 510.777 t C; × 0.93 = 475.02261; × 44/12 = 1741.74957
    inputs = {"fuel": 1000, "ncv": 19.57, "carbon_content": 0.0261, "oxidation": 0.93}
    assert value("energy.combustion.co2.mass", **inputs) == pytest.approx(1741.74957, rel=1e-9)


def test_mass_volume_and_heat_of_the_same_fuel_give_the_same_co2():
    # 1e4 Nm3 × 0.038931 GJ/Nm3 = 389.31 GJ; × 0.0153 = 5.956443; × 0.99 = 5.89687857; × 44/12 = 21.62188809 t
    by_volume = value(
        "energy.combustion.co2.volume", fuel_volume=1e4, ncv_gas=0.038931, carbon_content=0.0153, oxidation=0.99
    )
    by_heat = value("energy.combustion.co2.energy", fuel_energy=389.31, carbon_content=0.0153, oxidation=0.99)
    by_statistics = value(
        "energy.combustion.co2.volume_20c",
        fuel_volume_20c=1e4,
        ncv_gas_20c=0.038931,
        carbon_content=0.0153,
        oxidation=0.99,
    )
    assert by_volume == pytest.approx(21.62188809, rel=1e-9)
    assert by_volume == pytest.approx(by_heat, rel=1e-12)
    assert by_statistics == pytest.approx(by_heat, rel=1e-12)


def test_gas_at_20_degrees_shrinks_by_the_ratio_of_absolute_temperatures():
    # 273.15 / 293.15 = 0.9317755
    assert value("energy.volume.normal", fuel_volume_20c=1000) == pytest.approx(931.7755, abs=5e-4)


def test_energy_factor_form_takes_heat_and_a_factor_per_heat():
    # 100 t × 20 GJ/t × 0.0969 t CO2/GJ = 193.8 t (电煤, first edition of the database: 96.9 t CO2/TJ)
    given = {"co2_per_energy": "t CO2/TJ"}
    found = value("energy.combustion.co2.energy_factor.mass", given, fuel=100, ncv=20, co2_per_energy=96.9)
    assert found == pytest.approx(193.8, rel=1e-12)


def test_mass_factor_form_is_a_product():
    assert value("energy.combustion.co2.mass_factor.mass", fuel=10, co2_per_mass=2.0) == pytest.approx(20.0)


def test_carbon_of_a_fuel():
    # 100 t × 43.07 GJ/t = 4307 GJ; × 18.9 kg C/GJ = 81402.3 kg C
    found = value("energy.carbon.mass", {"carbon_content": "kg C/GJ"}, fuel=100, ncv=43.07, carbon_content=18.9)
    assert found == pytest.approx(81.4023, rel=1e-12)


def test_methane_and_nitrous_oxide_of_stationary_combustion():
    # 1000 t × 42.652 GJ/t = 42.652 TJ; × 3 kg/TJ = 127.956 kg CH4; × 0.6 kg/TJ = 25.5912 kg N2O
    assert value("energy.combustion.ch4.mass", fuel=1000, ncv=42.652, ch4_per_energy=3) == pytest.approx(0.127956)
    assert value("energy.combustion.n2o.mass", fuel=1000, ncv=42.652, n2o_per_energy=0.6) == pytest.approx(0.0255912)
    # 1 TJ of coal in a household: 300 kg CH4 (IPCC 2006 Vol.2 table 2.5)
    household = value("energy.combustion.ch4.energy", {"fuel_energy": "TJ"}, fuel_energy=1, ch4_per_energy=300)
    assert household == pytest.approx(0.3)


def test_biomass_stoves():
    # 1000 t straw × 5.2 g/kg = 5.2 t CH4; × 0.13 g/kg = 0.13 t N2O
    assert value("energy.biomass.ch4", fuel=1000, biomass_ch4_ef=5.2) == pytest.approx(5.2, rel=1e-12)
    assert value("energy.biomass.n2o", fuel=1000, biomass_n2o_ef=0.13) == pytest.approx(0.13, rel=1e-12)


def test_stored_and_emitted_carbon_of_feedstock_add_to_its_whole_carbon():
    # 100 t naphtha × 44.5 GJ/t × 0.02 t C/GJ = 89 t C; × 44/12 = 326.3333 t CO2; stored 75 % = 244.75; rest 25 % = 81.58333
    inputs = {"fuel": 100, "ncv": 44.5, "carbon_content": 0.02, "stored_fraction": 0.75}
    stored = value("energy.nonenergy.stored.mass", **inputs)
    emitted = value("energy.nonenergy.co2.mass", **inputs, oxidation=1.0)
    assert stored == pytest.approx(244.75, rel=1e-12)
    assert emitted == pytest.approx(81.5833333, rel=1e-8)


def test_net_calorific_value_of_coal_from_the_gross_one():
    # 24 − 0.212×4 − 0.0245×8 − 0.008×7 = 24 − 0.848 − 0.196 − 0.056 = 22.9
    inputs = {"gross_calorific_value": 24, "hydrogen_percent": 4, "moisture_percent": 8, "oxygen_percent": 7}
    assert value("energy.gcv_to_ncv.coal", **inputs) == pytest.approx(22.9, rel=1e-12)


# --- Road -------------------------------------------------------------------------------------------------------------


def test_road_methane_by_distance():
    # 10 000 cars × 12 000 km × 57 mg/km = 6.84e9 mg = 6.84 t; × 6 mg/km = 0.72 t N2O
    fleet = {"vehicles": 10_000, "annual_distance": 12_000}
    assert value("energy.road.ch4.fleet", **fleet, road_ch4_ef=57) == pytest.approx(6.84, rel=1e-12)
    assert value("energy.road.n2o.fleet", **fleet, road_n2o_ef=6) == pytest.approx(0.72, rel=1e-12)
    assert value("energy.road.ch4.distance", vehicle_distance=1.2e8, road_ch4_ef=57) == pytest.approx(6.84, rel=1e-12)
    warm = value("energy.road.ch4.distance", vehicle_distance=1.2e8, cold_start_ch4=0.16, road_ch4_ef=57)
    assert warm == pytest.approx(7.0, rel=1e-12)


def test_co2_of_urea_in_exhaust_treatment():
    # 60 t × 0.325 × 12/60 × 44/12 = 14.3 t
    assert value("energy.road.co2.urea", urea_solution=60, urea_purity=0.325) == pytest.approx(14.3, rel=1e-12)


def test_fuel_that_a_fleet_should_burn():
    # 1000 vehicles × 10 000 km × 0.08 L/km × 0.74 kg/L = 592 000 kg
    inputs = {"vehicles": 1000, "annual_distance": 10_000, "fuel_economy": 0.08, "fuel_density": 0.74}
    assert value("energy.road.fuel", **inputs) == pytest.approx(592.0, rel=1e-12)


# --- Reference approach -----------------------------------------------------------------------------------------------


def test_apparent_consumption_of_henan_crude_oil_2007():
    # China Energy Statistical Yearbook 2008, table 6-16: production 485.08, in 94.62, import 226.00, out 126.48, stocks grew by 22.10;
    # 485.08 + 94.62 + 226.00 − 126.48 − 22.10 = 657.12. (The table prints 697.85 as available: its parts do not add up.)
    flows = {"production": 485.08, "imports": 94.62 + 226.0, "exports": 126.48, "stock_increase": 22.10}
    assert value("energy.reference.apparent_consumption.mass", **flows) == pytest.approx(657.12, rel=1e-12)


def test_production_of_a_secondary_fuel_is_not_counted():
    # Henan diesel 2007: in 280.00, out 50.90, stocks grew by 37.83: 191.27 (production of refineries is left out)
    flows = {"imports": 280.0, "exports": 50.9, "stock_increase": 37.83}
    assert value("energy.reference.apparent_consumption.secondary", **flows) == pytest.approx(191.27, rel=1e-12)


def test_reference_co2_takes_out_excluded_carbon_before_oxidation():
    # 100 t × 42 GJ/t × 0.02 t C/GJ = 84 t C; − 4 = 80; × 0.98 × 44/12 = 287.466667
    inputs = {"apparent_consumption": 100, "excluded_carbon": 4, "ncv": 42, "carbon_content": 0.02, "oxidation": 0.98}
    assert value("energy.reference.co2.mass", **inputs) == pytest.approx(287.4666667, rel=1e-9)


def test_difference_of_the_two_approaches_is_in_percent():
    assert value("energy.reference.difference", reference_co2=105.0, sectoral_co2=100.0) == pytest.approx(5.0)


# --- Electricity and heat ---------------------------------------------------------------------------------------------


def test_indirect_co2_of_electricity_and_net_import():
    # 1e8 kWh × 0.5897 kg/kWh (Henan 2023) = 58 970 t
    assert value("energy.electricity.co2", electricity=1e8, grid_ef=0.5897) == pytest.approx(58_970, rel=1e-12)
    # Henan 2007: 42.09 in, 88.92 out: −46.83e8 kWh; × 0.5257 kg/kWh = −2 461 853.1 t
    inputs = {"imported_electricity": 42.09, "exported_electricity": 88.92, "grid_ef": 0.5257}
    given = {"imported_electricity": "亿千瓦时", "exported_electricity": "亿千瓦时"}
    assert value("energy.electricity.net_import.co2", given, **inputs) == pytest.approx(-2_461_853.1, rel=1e-9)


def test_green_power_is_taken_out_before_the_factor():
    # (100 − 30) MWh × 0.6096 kg/kWh = 42.672 t; with the average 0.5306: 37.142 t
    power = {"electricity": 100e3, "green_electricity": 30e3}
    market = value("energy.electricity.market.co2", **power, grid_ef_excluding_market=0.6096)
    assert market == pytest.approx(42.672, rel=1e-12)
    assert value("energy.electricity.green.co2", **power, grid_ef=0.5306) == pytest.approx(37.142, rel=1e-12)


def test_heat_of_steam_and_hot_water():
    # 1000 t × (2783.74 − 83.74) kJ/kg × 10⁻³ = 2700 GJ; × 0.11 t/GJ = 297 t
    steam = {"steam": 1000, "steam_enthalpy": 2783.74, "feedwater_enthalpy": 83.74}
    assert value("energy.heat.steam", **steam) == pytest.approx(2700, rel=1e-12)
    assert value("energy.heat.steam.co2", **steam, heat_ef=0.11) == pytest.approx(297, rel=1e-12)
    # 1000 t × (95 − 20) × 4.1868 × 10⁻³ = 314.01 GJ
    assert value("energy.heat.hot_water", hot_water=1000, water_temperature=95) == pytest.approx(314.01, rel=1e-12)


def test_standard_coal_of_fuel_electricity_and_heat():
    # GB/T 2589: raw coal 0.7143, gasoline 1.4714 kgce/kg; 0.1229 kgce/kWh; 0.03412 kgce/MJ
    assert value("energy.standard_coal.mass", fuel=10_000, standard_coal_coefficient=0.7143) == pytest.approx(7143)
    # 1e4 kWh × 0.1229 = 1.229 tce by heat; at 305 g/kWh of supply 3.05 tce
    own = value("energy.standard_coal.electricity", electricity=1e4, standard_coal_coefficient_electricity=0.1229)
    spent = value("energy.standard_coal.electricity.equivalent", electricity=1e4, power_coal_rate=0.305)
    assert (own, spent) == (pytest.approx(1.229), pytest.approx(3.05))
    assert value("energy.standard_coal.heat", heat=1, standard_coal_coefficient_heat=0.03412) == pytest.approx(0.03412)
    assert value("energy.standard_coal.energy", fuel_energy=29.3076) == pytest.approx(1.0, rel=1e-12)
    # 42.652 GJ/t ÷ 29.3076 GJ/tce = 1.455322 (the printed 1.4571 divides the 2020 heating value 42.705)
    ratio = value("energy.standard_coal.coefficient", ncv=42.705)
    assert ratio == pytest.approx(1.4571, abs=5e-5)


# --- Fugitive ---------------------------------------------------------------------------------------------------------


def test_methane_of_a_mine_by_hand():
    # 1e5 t × 6.93 m3/t = 693 000 m3; − 100 000 recovered; × 0.67 kg/m3 = 397.31 t
    inputs = {"coal": 1e5, "recovered": 1e5, "underground_ch4_ef": 6.93, "methane_density": 0.67}
    assert value("fugitive.coal.underground.ch4", **inputs) == pytest.approx(397.31, rel=1e-12)
    # open pit 2.0 m3/t is 1.34 kg/t; post-mining of a gassy mine 3.0 m3/t is 2.01 kg/t (as the enterprise guide prints)
    assert value("fugitive.coal.open_pit.ch4", coal=1000, open_pit_ch4_ef=2, methane_density=0.67) == pytest.approx(
        1.34
    )
    found = value("fugitive.coal.post_mining.ch4", coal=1000, post_mining_ch4_ef=3, methane_density=0.67)
    assert found == pytest.approx(2.01)
    both = value("fugitive.coal.mine.ch4", **inputs, post_mining_ch4_ef=3)
    assert both == pytest.approx(397.31 + 201.0, rel=1e-12)


def test_the_two_states_of_methane_have_two_densities():
    # 1e4 m3 at 20 ℃ × 0.67 = 6.7 t; 1e4 Nm3 at 0 ℃ = 7.17 t
    assert value("fugitive.coal.mass", methane_volume=1e4, methane_density=0.67) == pytest.approx(6.7)
    given = {"methane_density_0c": "t CH4/1e4Nm3"}
    found = value("fugitive.coal.mass.normal", given, methane_normal_volume=1e4, methane_density_0c=7.17)
    assert found == pytest.approx(7.17)
    with pytest.raises(Exception, match="不能换算"):
        value("fugitive.coal.mass", {"methane_volume": "Nm3"}, methane_volume=1, methane_density=0.67)


def test_enterprise_form_and_its_flare():
    # (100 + 40 − 10 − 20) × 1e4 Nm3 × 7.17 t/1e4 Nm3 = 788.7 t; flare: 10 × 7.17 × 0.98 × 44/16 = 193.2315 t CO2, unburnt 1.434 t CH4
    given = dict.fromkeys(("ventilation", "drainage", "flared", "utilised"), "1e4Nm3") | {
        "methane_density_0c": "t CH4/1e4Nm3"
    }
    volumes = {"ventilation": 100, "drainage": 40, "flared": 10, "utilised": 20}
    assert value("fugitive.coal.enterprise.ch4", given, **volumes, methane_density_0c=7.17) == pytest.approx(788.7)
    flare = {"flared": 10, "flare_efficiency": 0.98, "methane_density_0c": 7.17}
    shown = {"flared": "1e4Nm3", "methane_density_0c": "t CH4/1e4Nm3"}
    assert value("fugitive.coal.flare.co2", shown, **flare) == pytest.approx(193.2315)
    assert value("fugitive.coal.flare.ch4", shown, **flare) == pytest.approx(1.434)


def test_abandoned_mines_decline():
    # flooded: 100 t × exp(−0.672×2) = 100 × e^−1.344 = 26.07999; dry: (1 + 2.017×0.302×5)^(−1/2.017) = 4.04567^−0.495786 = 0.500107
    found = value("fugitive.abandoned.flooded.ch4", initial_methane=100, years_closed=2, flooded_decline_rate=0.672)
    assert found == pytest.approx(100 * math.exp(-1.344), rel=1e-12)
    decline = value(
        "fugitive.abandoned.dry_decline", years_closed=5, dry_decline_rate=0.302, dry_decline_exponent=2.017
    )
    assert decline == pytest.approx(0.500107, abs=5e-7)
    # hyperbolic with b = 1, D = 0.25: (1 + 0.25×4)^−1 = 1/2
    half = value("fugitive.abandoned.dry_decline", years_closed=4, dry_decline_rate=0.25, dry_decline_exponent=1.0)
    assert half == pytest.approx(0.5)
    # IPCC curve (1 + a·T)^b with a = 3, T = 1, b = −0.5: 1/2
    curve = value("fugitive.abandoned.decline", years_closed=1, decline_coefficient=3, decline_exponent=-0.5)
    assert curve == pytest.approx(0.5)


def test_oil_and_gas_by_facility_and_throughput():
    # 2 compressor stations × (85.05 + 10.05) t = 190.2 t
    inputs = {"facilities": 2, "facility_leak_ef": 85.05, "facility_vent_ef": 10.05}
    assert value("fugitive.facility.ch4", **inputs) == pytest.approx(190.2)
    # 5e8 m3 of city gas × 133 t/1e8 m3 = 665 t
    given = {"throughput_20c": "亿m3", "throughput_ch4_ef_volume": "t CH4/亿m3"}
    found = value("fugitive.throughput.volume_20c.ch4", given, throughput_20c=5, throughput_ch4_ef_volume=133)
    assert found == pytest.approx(665)
    # flare of 1e4 Nm3 with 5 t C and 10 % CO2, 98 %: 5×0.98×44/12 = 17.966667; + 0.1×19.7 = 1.97: 19.936667 t
    flare = {"flare_gas": 1e4, "flare_gas_carbon": 5e-4, "flare_gas_co2_share": 0.1, "oil_gas_flare_efficiency": 0.98}
    assert value("fugitive.flare.co2", **flare) == pytest.approx(19.9366667, rel=1e-8)
    # unburnt: 1e4 Nm3 × 0.8 × 7.17 t/1e4 Nm3 × 0.02 = 0.11472 t
    unburnt = {"flare_gas": 1e4, "flare_gas_ch4_share": 0.8, "oil_gas_flare_efficiency": 0.98}
    assert value("fugitive.flare.ch4", **unburnt) == pytest.approx(0.11472)


# --- The tables -------------------------------------------------------------------------------------------------------


def energy_methods():
    return [method for name, method in library.methods().items() if name.startswith(("energy.", "fugitive."))]


def test_every_factor_fits_every_method_that_asks_for_it(factors):
    asked = {}
    for method in energy_methods():
        for name in method.parameters:
            asked.setdefault(name, set()).add(method.inputs[name])
    for parameter, unit in factors.select("parameter", "unit").unique().rows():
        assert parameter in asked, f"no method asks for {parameter}"
        for wanted in asked[parameter]:
            assert units.convertible(unit, wanted), (parameter, unit, wanted)
    assert all(len(wanted) == 1 for wanted in asked.values()), "one parameter, one dimension"


def test_every_set_and_item_and_category_of_the_tables_is_described(factors):
    known_items = {row["item"] for row in rows("items")}
    codes = {row["code"] for row in rows("categories")}
    assert set(factors["set"]) <= set(library.factor_sets())
    assert set(factors["item"]) - {""} <= known_items
    assert {row["item"] for row in rows("recipes")} - {""} <= known_items
    for used in {
        *factors["category"],
        *(r["category"] for r in rows("recipes")),
        *(r["category"] for r in rows("items")),
    }:
        assert used == "" or used in codes, used
    assert {row["parent"] for row in rows("categories")} - {""} <= codes


def test_no_footprint_factor_is_among_the_electricity_factors(factors):
    grid = factors.filter(factors["parameter"].str.starts_with("grid_ef"))
    assert not any("LCA" in text or "足迹" in text for text in grid["source"])
    assert set(grid["unit"]) == {"kg CO2/kWh", "t CO2/MWh"}


@pytest.mark.parametrize(("year", "published"), [(2021, 0.6369), (2022, 0.6058), (2023, 0.5897)])
def test_henan_electricity_is_the_published_average_of_its_data_year(factors, year, published):
    # 生态环境部、国家统计局 公告 2024 年第 12 号、第 33 号、2025 年第 47 号, table 3
    found = [
        row["value"]
        for row in factors.iter_rows(named=True)
        if (row["set"], row["parameter"], row["place"], row["year"]) == ("grid", "grid_ef", "410000", year)
    ]
    assert found == [published]


def test_every_province_row_of_a_published_year_is_there(factors):
    provinces = factors.filter((factors["set"] == "grid") & factors["place"].str.ends_with("0000"))
    provinces = provinces.filter(provinces["place"] != "100000")
    for year in (2021, 2022, 2023):
        assert provinces.filter(provinces["year"] == year)["place"].n_unique() == 30  # no row for 西藏
