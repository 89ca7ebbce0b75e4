"""Transport: methane and nitrous oxide by distance, urea in exhaust treatment, fuel use from the vehicle fleet.

Source: IPCC 2006 Vol.2 Ch.3; 陆上交通运输企业温室气体核算指南. CO2 of transport fuels, and CH4 and N2O by fuel (eq.
3.2.1, 3.2.3, 3.4.1, 3.5.1, 3.6.1), are the combustion methods with the factors of category 1A3; here is only what
depends on vehicles. Distance and fuel are two estimates of the same emission: enter one (tier 2 or tier 1).
"""

from dafeng.domains.inventory.methods.constants import CO2_PER_C, T_PER_KG, T_PER_MG
from dafeng.kernel.accounting import constant, method

ROAD = "IPCC 2006 Vol.2 Ch.3"
ENTERPRISE = "陆上交通运输企业温室气体排放核算方法与报告指南"
CARBON_PER_UREA = constant("12/60", 12 / 60, "t C/t")


@method(
    "energy.road.distance",
    category="1A3b",
    title="机动车行驶里程",
    source=f"{ROAD} eq. 3.2.5; {ENTERPRISE}",
    activity=("vehicles", "annual_distance"),
)
def road_distance(vehicles: "vehicle", annual_distance: "km/vehicle") -> "km":
    """Distance of a class of vehicles: their number times the distance of one in the year."""
    return vehicles * annual_distance


@method(
    "energy.road.ch4.distance",
    category="1A3b",
    gas="CH4",
    title="道路运输 CH4（按行驶里程）",
    source=f"{ROAD} eq. 3.2.5; {ENTERPRISE}",
    activity=("vehicle_distance", "cold_start_ch4"),
    optional={"cold_start_ch4": 0.0},
)
def road_ch4(vehicle_distance: "km", cold_start_ch4: "t CH4", road_ch4_ef: "mg CH4/km") -> "t CH4":
    """Methane of road vehicles: distance times factor, plus the warm-up phase where it is estimated apart."""
    return vehicle_distance * road_ch4_ef * T_PER_MG + cold_start_ch4


@method(
    "energy.road.n2o.distance",
    category="1A3b",
    gas="N2O",
    title="道路运输 N2O（按行驶里程）",
    source=f"{ROAD} eq. 3.2.5; {ENTERPRISE}",
    activity=("vehicle_distance", "cold_start_n2o"),
    optional={"cold_start_n2o": 0.0},
)
def road_n2o(vehicle_distance: "km", cold_start_n2o: "t N2O", road_n2o_ef: "mg N2O/km") -> "t N2O":
    """Nitrous oxide of road vehicles: distance times factor, plus the warm-up phase where it is estimated apart."""
    return vehicle_distance * road_n2o_ef * T_PER_MG + cold_start_n2o


@method(
    "energy.road.ch4.fleet",
    category="1A3b",
    gas="CH4",
    title="道路运输 CH4（按保有量与年均里程）",
    source=f"{ROAD} eq. 3.2.5; {ENTERPRISE}",
    activity=("vehicles", "annual_distance"),
)
def road_ch4_of_fleet(vehicles: "vehicle", annual_distance: "km/vehicle", road_ch4_ef: "mg CH4/km") -> "t CH4":
    """Methane of a class of vehicles from their number and mean distance."""
    return road_distance(vehicles, annual_distance) * road_ch4_ef * T_PER_MG


@method(
    "energy.road.n2o.fleet",
    category="1A3b",
    gas="N2O",
    title="道路运输 N2O（按保有量与年均里程）",
    source=f"{ROAD} eq. 3.2.5; {ENTERPRISE}",
    activity=("vehicles", "annual_distance"),
)
def road_n2o_of_fleet(vehicles: "vehicle", annual_distance: "km/vehicle", road_n2o_ef: "mg N2O/km") -> "t N2O":
    """Nitrous oxide of a class of vehicles from their number and mean distance."""
    return road_distance(vehicles, annual_distance) * road_n2o_ef * T_PER_MG


@method(
    "energy.road.fuel",
    category="1A3b",
    title="由保有量推算的道路燃料消费量",
    source=f"{ROAD} eq. 3.2.6",
    activity=("vehicles", "annual_distance", "fuel_economy", "fuel_density"),
)
def road_fuel(vehicles: "vehicle", annual_distance: "km/vehicle", fuel_economy: "L/km", fuel_density: "kg/L") -> "t":
    """Fuel that a fleet should burn, to check fuel sold: vehicles, distance, litres per km, density."""
    return road_distance(vehicles, annual_distance) * fuel_economy * fuel_density * T_PER_KG


@method(
    "energy.road.co2.urea",
    category="1A3b",
    gas="CO2",
    title="车用尿素（SCR）CO2",
    source=f"{ROAD} eq. 3.2.2",
)
def urea_co2(urea_solution: "t", urea_purity: "1") -> "t CO2":
    """CO2 of urea in catalytic converters: solution times share of urea times 12/60 times 44/12."""
    return urea_solution * urea_purity * CARBON_PER_UREA * CO2_PER_C


@method(
    "energy.aviation.cruise_fuel",
    category="1A3a",
    title="巡航阶段燃料消费量",
    source=f"{ROAD} eq. 3.6.4, 3.6.5",
    activity=("fuel", "landing_takeoff_cycles"),
)
def cruise_fuel(fuel: "t", landing_takeoff_cycles: "1", fuel_per_cycle: "t") -> "t":
    """Fuel burnt in cruise: all fuel less that of landing and take-off cycles."""
    return fuel - landing_takeoff_cycles * fuel_per_cycle
