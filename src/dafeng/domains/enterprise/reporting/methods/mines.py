"""Coal mines, grid operators and road transport.

Sources: coal, grid and road transport guides as transcribed in open code (felix CoalActivityEmission.jsx, TransmissionDistributionEmission.jsx,
transportConstants.js: B). Methane density 7.17 t/10⁴Nm³ is that of the coal guide. 12/60 is the carbon of urea.
"""

from dafeng.domains.enterprise.reporting.methods.constants import (
    CO2_PER_C,
    CO2E_OF_CH4,
    CO2E_OF_GAS,
    CO2E_OF_N2O,
    T_PER_KG,
    T_PER_MG,
)
from dafeng.kernel.accounting import constant, method

COAL = "煤炭生产企业核算指南；felix CoalActivityEmission.jsx"
GRID = "电网企业核算指南；felix TransmissionDistributionEmission.jsx"
ROAD = "陆上交通运输企业核算指南；felix transportConstants.js"
C_PER_UREA = constant("12/60", 12 / 60, "t C/t")


@method("enterprise.coal.ch4_volume", category="enterprise", gas="CH4", title="井工开采甲烷", source=COAL)
def ch4_of_volume(ch4_volume: "1e4Nm3", ch4_density: "t CH4/1e4Nm3", gwp_ch4: "1") -> "t CO2e":
    """Methane by its volume at 0 ℃: of the ventilation, drained, flared or used."""
    return ch4_volume * ch4_density * gwp_ch4 * CO2E_OF_CH4


@method("enterprise.coal.ch4_output", category="enterprise", gas="CH4", title="露天开采与矿后活动甲烷", source=COAL)
def ch4_of_output(raw_coal: "t", ch4_per_coal: "kg CH4/t", gwp_ch4: "1") -> "t CO2e":
    """Methane by raw coal: open pits, and after mining."""
    return raw_coal * ch4_per_coal * T_PER_KG * gwp_ch4 * CO2E_OF_CH4


@method(
    "enterprise.grid.sf6", category="enterprise", gas="SF6", title="SF6 设备修理与退役", source=GRID, activity=("sf6_capacity", "sf6_recovered"),
)  # fmt: skip
def equipment_sf6(sf6_capacity: "kg", sf6_recovered: "kg", gwp_sf6: "1") -> "t CO2e":
    """SF6 of equipment that is repaired or retired, less what was recovered."""
    return (sf6_capacity - sf6_recovered) * T_PER_KG * gwp_sf6 * CO2E_OF_GAS


@method("enterprise.road.ch4", category="enterprise", gas="CH4", title="车辆行驶 CH4", source=ROAD)
def vehicle_ch4(distance: "km", vehicle_ch4: "mg CH4/km", gwp_ch4: "1") -> "t CO2e":
    """Methane of a fleet by distance and emission standard."""
    return distance * vehicle_ch4 * T_PER_MG * gwp_ch4 * CO2E_OF_CH4


@method("enterprise.road.n2o", category="enterprise", gas="N2O", title="车辆行驶 N2O", source=ROAD)
def vehicle_n2o(distance: "km", vehicle_n2o: "mg N2O/km", gwp_n2o: "1") -> "t CO2e":
    """Nitrous oxide of a fleet by distance and emission standard."""
    return distance * vehicle_n2o * T_PER_MG * gwp_n2o * CO2E_OF_N2O


@method(
    "enterprise.road.urea",
    category="enterprise",
    gas="CO2",
    title="尾气净化剂（尿素）",
    source=ROAD,
    activity=("urea_use", "urea_purity"),
)
def urea(urea_use: "kg", urea_purity: "1") -> "t CO2":
    """CO2 of urea that cleans exhaust gas: its carbon."""
    return urea_use * urea_purity * T_PER_KG * C_PER_UREA * CO2_PER_C
