"""Electricity and heat from elsewhere: indirect CO2, a line of its own that never enters the territorial total.

Source: 省级温室气体清单编制指南(试行) 2011 (电力调入调出); GB/T 32150-2025; 企业温室气体核算报告指南 发电设施 (steam
and hot water); 电力二氧化碳排放因子公告 2021–2023. Three national figures have three uses: the average (table 1, with
the regional and provincial ones) for totals, the average without market-traded non-fossil power (table 4) where green
power is claimed apart, the fossil average (table 5) for generation avoided. Net import is signed: a place that
exports more than it imports is negative.
"""

from dafeng.domains.inventory.methods.constants import T_PER_KG
from dafeng.kernel.accounting import constant, method

GUIDELINE = "省级温室气体清单编制指南(试行) 2011 电力调入调出"
NOTICE = "生态环境部、国家统计局 电力二氧化碳排放因子公告"
POWER = "企业温室气体排放核算与报告指南 发电设施"
GENERAL = "GB/T 32150-2025 工业企业温室气体排放核算和报告通则"

GJ_PER_MJ = constant("10⁻³ GJ/MJ", 1e-3, "GJ/MJ")
MJ_PER_T = constant("1 MJ/t per kJ/kg", 1.0, "MJ kg/t kJ")
WATER_HEAT = constant("4.1868", 4.1868, "MJ/t degC")
TWENTY_DEGREES = constant("20 ℃", 20.0, "degC")


@method(
    "energy.electricity.co2",
    category="ID3",
    gas="CO2",
    title="用电间接 CO2（区域或省级平均因子）",
    source=f"{GENERAL}; {NOTICE} 表 1–3",
)
def electricity_co2(electricity: "kWh", grid_ef: "kg CO2/kWh") -> "t CO2":
    """Indirect CO2 of electricity used: kWh times the average factor of the grid and year."""
    return electricity * grid_ef * T_PER_KG


@method(
    "energy.electricity.net_import",
    category="ID1",
    title="净调入电量",
    source=GUIDELINE,
    activity=("imported_electricity", "exported_electricity"),
    optional={"exported_electricity": 0.0},
)
def net_import(imported_electricity: "kWh", exported_electricity: "kWh") -> "kWh":
    """Electricity imported less exported; negative for a net exporter."""
    return imported_electricity - exported_electricity


@method(
    "energy.electricity.net_import.co2",
    category="ID1",
    gas="CO2",
    title="净调入电力间接 CO2",
    source=f"{GUIDELINE}; {NOTICE}",
    activity=("imported_electricity", "exported_electricity"),
    optional={"exported_electricity": 0.0},
)
def net_import_co2(imported_electricity: "kWh", exported_electricity: "kWh", grid_ef: "kg CO2/kWh") -> "t CO2":
    """Indirect CO2 of net imported electricity, with the factor of the grid that supplies."""
    return electricity_co2(net_import(imported_electricity, exported_electricity), grid_ef)


@method(
    "energy.electricity.green.co2",
    category="ID3",
    gas="CO2",
    title="扣除绿电后的用电间接 CO2（平均因子）",
    source=f"{GENERAL}; {NOTICE} 表 1–3",
    activity=("electricity", "green_electricity"),
    optional={"green_electricity": 0.0},
)
def green_deducted_co2(electricity: "kWh", green_electricity: "kWh", grid_ef: "kg CO2/kWh") -> "t CO2":
    """Indirect CO2 after taking out green power that is proved by certificate, with the average factor."""
    return electricity_co2(electricity - green_electricity, grid_ef)


@method(
    "energy.electricity.market.co2",
    category="ID3",
    gas="CO2",
    title="扣除绿电后的用电间接 CO2（不含市场化交易非化石电量的因子）",
    source=f"{GENERAL}; {NOTICE} 表 4",
    activity=("electricity", "green_electricity"),
    optional={"green_electricity": 0.0},
)
def market_based_co2(electricity: "kWh", green_electricity: "kWh", grid_ef_excluding_market: "kg CO2/kWh") -> "t CO2":
    """Indirect CO2 after taking out green power, with a factor that excludes traded non-fossil power too."""
    return electricity_co2(electricity - green_electricity, grid_ef_excluding_market)


@method(
    "energy.electricity.avoided.co2",
    category="ID",
    gas="CO2",
    title="替代化石电力的减排量",
    source=f"{NOTICE} 表 5",
)
def avoided_co2(generation: "kWh", grid_ef_fossil: "kg CO2/kWh") -> "t CO2":
    """CO2 that fossil power would have emitted for this generation."""
    return electricity_co2(generation, grid_ef_fossil)


@method("energy.heat.co2", category="ID4", gas="CO2", title="用热间接 CO2", source=f"{GENERAL}; {POWER}")
def heat_co2(heat: "GJ", heat_ef: "t CO2/GJ") -> "t CO2":
    """Indirect CO2 of heat used."""
    return heat * heat_ef


@method(
    "energy.heat.net_import.co2",
    category="ID2",
    gas="CO2",
    title="净调入热力间接 CO2",
    source=GUIDELINE,
    activity=("imported_heat", "exported_heat"),
    optional={"exported_heat": 0.0},
)
def net_heat_co2(imported_heat: "GJ", exported_heat: "GJ", heat_ef: "t CO2/GJ") -> "t CO2":
    """Indirect CO2 of net imported heat; negative for a net exporter."""
    return heat_co2(imported_heat - exported_heat, heat_ef)


@method(
    "energy.heat.steam",
    category="ID4",
    title="蒸汽热量",
    source=f"{POWER} (A.9)",
    activity=("steam", "steam_enthalpy"),
)
def heat_of_steam(steam: "t", steam_enthalpy: "kJ/kg", feedwater_enthalpy: "kJ/kg") -> "GJ":
    """Heat of steam: mass times enthalpy above feed water of 20 ℃ (83.74 kJ/kg)."""
    return steam * (steam_enthalpy - feedwater_enthalpy) * MJ_PER_T * GJ_PER_MJ


@method(
    "energy.heat.hot_water",
    category="ID4",
    title="热水热量",
    source=f"{POWER} (A.10)",
    activity=("hot_water", "water_temperature"),
)
def heat_of_hot_water(hot_water: "t", water_temperature: "degC") -> "GJ":
    """Heat of hot water above 20 ℃: mass × (T − 20) × 4.1868 × 10⁻³."""
    return hot_water * (water_temperature - TWENTY_DEGREES) * WATER_HEAT * GJ_PER_MJ


@method(
    "energy.heat.steam.co2",
    category="ID4",
    gas="CO2",
    title="外购蒸汽间接 CO2",
    source=f"{POWER} (A.9); {GENERAL}",
    activity=("steam", "steam_enthalpy"),
)
def steam_co2(steam: "t", steam_enthalpy: "kJ/kg", feedwater_enthalpy: "kJ/kg", heat_ef: "t CO2/GJ") -> "t CO2":
    """Indirect CO2 of bought steam, from its mass and enthalpy."""
    return heat_co2(heat_of_steam(steam, steam_enthalpy, feedwater_enthalpy), heat_ef)


@method(
    "energy.heat.hot_water.co2",
    category="ID4",
    gas="CO2",
    title="外购热水间接 CO2",
    source=f"{POWER} (A.10); {GENERAL}",
    activity=("hot_water", "water_temperature"),
)
def hot_water_co2(hot_water: "t", water_temperature: "degC", heat_ef: "t CO2/GJ") -> "t CO2":
    """Indirect CO2 of bought hot water."""
    return heat_co2(heat_of_hot_water(hot_water, water_temperature), heat_ef)
