"""What every sector shares: burning of fuels, purchased electricity and heat, heat of steam and of hot water, stock.

Source: 企业温室气体排放核算与报告指南 发电设施 (环办气候〔2021〕9号) annex A (A.1)–(A.3), (A.9), (A.10); DCP#493 式1, 式4; sector guides of
2013–2015 and 2024. 44/12 is exact. Fuels told by mass are in t, gases in 10⁴ Nm³.
"""

from dafeng.domains.enterprise.reporting.methods.constants import CO2_PER_C, GJ_PER_KJ, KG_PER_T
from dafeng.kernel.accounting import constant, method

GUIDELINE = "环办气候〔2021〕9号 附件2"
GENERAL = "DCP#493 式1；行业核算指南"
REFERENCE_WATER = constant("20", 20.0, "degC")
WATER_HEAT = constant("4.1868", 4.1868, "kJ/(kg degC)")
NO_FUEL = {"opening_stock": 0.0, "closing_stock": 0.0, "other_use": 0.0, "sold": 0.0}


@method(
    "enterprise.combustion.mass", category="enterprise", gas="CO2", title="化石燃料燃烧（按质量）",
    source=f"{GUIDELINE} (1)、(A.1)、(A.2)", activity=("fuel_use", "ncv", "carbon_content"),
)  # fmt: skip
def combustion_mass(fuel_use: "t", ncv: "GJ/t", carbon_content: "t C/GJ", oxidation: "1") -> "t CO2":
    """CO2 of a fuel by mass: its heat, its carbon, the part that oxidises."""
    return fuel_use * ncv * carbon_content * oxidation * CO2_PER_C


@method(
    "enterprise.combustion.volume", category="enterprise", gas="CO2", title="化石燃料燃烧（按体积）",
    source=f"{GUIDELINE} (1)、(A.1)、(A.2)", activity=("gas_use", "ncv_by_volume", "carbon_content"),
)  # fmt: skip
def combustion_volume(
    gas_use: "1e4Nm3", ncv_by_volume: "GJ/1e4Nm3", carbon_content: "t C/GJ", oxidation: "1"
) -> "t CO2":
    """CO2 of a gas by volume at 0 ℃: its heat, its carbon, the part that oxidises."""
    return gas_use * ncv_by_volume * carbon_content * oxidation * CO2_PER_C


@method(
    "enterprise.fuel.carbon_content", category="enterprise", title="单位热值含碳量", source=f"{GUIDELINE} (A.3)",
    activity=("elemental_carbon", "ncv"),
)  # fmt: skip
def carbon_of_element(elemental_carbon: "t C/t", ncv: "GJ/t") -> "t C/GJ":
    """Carbon per GJ of a coal from its elemental carbon as received."""
    return elemental_carbon / ncv


@method(
    "enterprise.fuel.consumption", category="enterprise", title="消耗量（购入加库存减少，减其他用途与外销）",
    source="DCP#493 式4", activity=("bought", "opening_stock", "closing_stock", "other_use", "sold"), optional=NO_FUEL,
)  # fmt: skip
def consumption(bought: "t", opening_stock: "t", closing_stock: "t", other_use: "t", sold: "t") -> "t":
    """What was used, from the purchase, the stocks at both ends, other use and sales."""
    return bought + (opening_stock - closing_stock) - other_use - sold


@method(
    "enterprise.electricity", category="enterprise", gas="CO2", title="购入使用电力", source=f"{GUIDELINE} (2)；{GENERAL}",
)  # fmt: skip
def electricity(electricity_bought: "MWh", grid_factor: "t CO2/MWh") -> "t CO2":
    """Emissions of purchased electricity."""
    return electricity_bought * grid_factor


@method("enterprise.heat", category="enterprise", gas="CO2", title="购入使用热力", source=GENERAL)
def heat(heat_bought: "GJ", heat_factor: "t CO2/GJ") -> "t CO2":
    """Emissions of purchased heat."""
    return heat_bought * heat_factor


@method(
    "enterprise.heat.steam", category="enterprise", title="蒸汽热量", source=f"{GUIDELINE} (A.9)",
    activity=("steam_mass", "steam_enthalpy"),
)  # fmt: skip
def steam_heat(steam_mass: "t", steam_enthalpy: "kJ/kg", reference_enthalpy: "kJ/kg") -> "GJ":
    """Heat of steam above feed water of 20 ℃."""
    return steam_mass * KG_PER_T * (steam_enthalpy - reference_enthalpy) * GJ_PER_KJ


@method(
    "enterprise.heat.water", category="enterprise", title="热水热量", source=f"{GUIDELINE} (A.10)",
    activity=("water_mass", "water_temperature"),
)  # fmt: skip
def water_heat(water_mass: "t", water_temperature: "degC") -> "GJ":
    """Heat of hot water above 20 ℃."""
    return water_mass * KG_PER_T * (water_temperature - REFERENCE_WATER) * WATER_HEAT * GJ_PER_KJ
