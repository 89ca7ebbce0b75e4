"""Power generation: supplied electricity and heat, heat ratio, consumption and intensity, in the numbering of the 2021 text.

Source: 企业温室气体排放核算与报告指南 发电设施 (环办气候〔2021〕9号 附件2) annex A, read in full (standing A). Burning and purchased electricity are
in `combustion`; units reported together (A.23), (A.24) are a fill that gathers (`sectors/power.toml`). Later texts are dated parameter
sets, not other formulas, as far as they
were found (facts/mrv/power_guideline.md).
"""

from dafeng.domains.enterprise.reporting.methods.constants import GJ_PER_TCE
from dafeng.kernel.accounting import constant, method

GUIDELINE = "环办气候〔2021〕9号 附件2"
# Power is a dimension of its own in the registry: an hour of one MW is one MWh.
MWH_PER_MW_H = constant("1 MWh/(MW·h)", 1.0, "MWh/(MW h)")


@method(
    "enterprise.power.supply.condensing", category="enterprise", title="供电量（纯凝机组）", source=f"{GUIDELINE} (A.4)",
    activity=("generation", "auxiliary_power"),
)  # fmt: skip
def supply_condensing(generation: "MWh", auxiliary_power: "MWh") -> "MWh":
    """Electricity supplied by a condensing unit: generated less auxiliary use."""
    return generation - auxiliary_power


@method(
    "enterprise.power.auxiliary.chp", category="enterprise", title="供电耗用的厂用电量", source=f"{GUIDELINE} (A.6)",
    activity=("auxiliary_for_power", "auxiliary_common", "heat_ratio"),
)  # fmt: skip
def auxiliary_chp(auxiliary_for_power: "MWh", auxiliary_common: "MWh", heat_ratio: "1") -> "MWh":
    """Auxiliary electricity of power: what serves only power, and its share of what serves power and heat."""
    return auxiliary_for_power + auxiliary_common * (1 - heat_ratio)


@method(
    "enterprise.power.supply.chp", category="enterprise", title="供电量（热电联产机组）", source=f"{GUIDELINE} (A.5)",
    activity=("generation", "auxiliary_of_power"),
)  # fmt: skip
def supply_chp(generation: "MWh", auxiliary_of_power: "MWh") -> "MWh":
    """Electricity supplied by a unit that also gives heat."""
    return generation - auxiliary_of_power


@method(
    "enterprise.power.heat.turbine", category="enterprise", title="汽轮机供热量", source=f"{GUIDELINE} (A.8)",
    activity=("direct_heat", "indirect_heat"),
)  # fmt: skip
def turbine_heat(direct_heat: "GJ", indirect_heat: "GJ") -> "GJ":
    """Heat supplied from the turbine, directly and through exchangers."""
    return direct_heat + indirect_heat


@method(
    "enterprise.power.heat.supply", category="enterprise", title="供热量", source=f"{GUIDELINE} (A.7)",
    activity=("boiler_heat", "turbine_heat"),
)  # fmt: skip
def heat_supply(boiler_heat: "GJ", turbine_heat: "GJ") -> "GJ":
    """Heat supplied from the boiler directly and from the turbine."""
    return boiler_heat + turbine_heat


@method(
    "enterprise.power.heat_ratio.turbine", category="enterprise", title="供热比（锅炉无直供）", source=f"{GUIDELINE} (A.11)",
    activity=("turbine_heat", "turbine_intake"),
)  # fmt: skip
def heat_ratio_turbine(turbine_heat: "GJ", turbine_intake: "GJ") -> "1":
    """Heat ratio without direct steam of the boiler: turbine heat by the heat that the turbine takes."""
    return turbine_heat / turbine_intake


@method(
    "enterprise.power.heat_ratio.boiler", category="enterprise", title="供热比（锅炉有直供）", source=f"{GUIDELINE} (A.12)",
    activity=("heat_supplied", "boiler_output"),
)  # fmt: skip
def heat_ratio_boiler(heat_supplied: "GJ", boiler_output: "GJ") -> "1":
    """Heat ratio with direct steam of the boiler: heat supplied by the heat that the boiler makes."""
    return heat_supplied / boiler_output


@method(
    "enterprise.power.boiler_output", category="enterprise", title="锅炉总产出热量（简化）", source=f"{GUIDELINE} (A.13)",
    activity=("main_steam", "main_steam_enthalpy", "feed_water", "feed_water_enthalpy"),
)  # fmt: skip
def boiler_output(main_steam: "t", main_steam_enthalpy: "GJ/t", feed_water: "t", feed_water_enthalpy: "GJ/t") -> "GJ":
    """Heat that a boiler makes, from main steam and feed water: for missing data and for units without reheat."""
    return main_steam * main_steam_enthalpy - feed_water * feed_water_enthalpy


@method(
    "enterprise.power.heat_ratio.consumption", category="enterprise", title="供热比（按供热煤耗）", source=f"{GUIDELINE} (A.14)",
    activity=("heat_coal_told", "heat_supplied", "standard_coal"),
)  # fmt: skip
def heat_ratio_consumption(heat_coal_told: "tce/GJ", heat_supplied: "GJ", standard_coal: "tce") -> "1":
    """Heat ratio from the accounted coal consumption of heat: the last resort, not together with (A.17) and (A.18)."""
    return heat_coal_told * heat_supplied / standard_coal


@method(
    "enterprise.power.heat_ratio.ccpp", category="enterprise", title="供热比（燃气蒸汽联合循环）",
    source=f"{GUIDELINE} (A.15)、(A.16)", activity=("heat_supplied", "fuel_heat"),
)  # fmt: skip
def heat_ratio_ccpp(heat_supplied: "GJ", fuel_heat: "GJ") -> "1":
    """Heat ratio of a combined cycle: heat supplied by the heat of the fuel."""
    return heat_supplied / fuel_heat


@method("enterprise.power.standard_coal", category="enterprise", title="折标准煤", source="GB/T 2589：29.3076 GJ/tce")
def standard_coal(fuel_heat: "GJ") -> "tce":
    """Fuel in tonnes of standard coal."""
    return fuel_heat / GJ_PER_TCE


@method(
    "enterprise.power.heat_coal", category="enterprise", title="供热煤耗", source=f"{GUIDELINE} (A.17)",
    activity=("standard_coal", "heat_ratio", "heat_supplied"),
)  # fmt: skip
def heat_coal(standard_coal: "tce", heat_ratio: "1", heat_supplied: "GJ") -> "tce/GJ":
    """Standard coal per GJ of heat."""
    return heat_ratio * standard_coal / heat_supplied


@method(
    "enterprise.power.power_coal", category="enterprise", title="供电煤耗", source=f"{GUIDELINE} (A.18)",
    activity=("standard_coal", "heat_ratio", "power_supplied"),
)  # fmt: skip
def power_coal(standard_coal: "tce", heat_ratio: "1", power_supplied: "MWh") -> "tce/MWh":
    """Standard coal per MWh supplied."""
    return (1 - heat_ratio) * standard_coal / power_supplied


@method(
    "enterprise.power.power_coal.condensing", category="enterprise", title="供电煤耗（纯凝机组）", source=f"{GUIDELINE} (A.18)，a = 0",
    activity=("standard_coal", "power_supplied"),
)  # fmt: skip
def power_coal_condensing(standard_coal: "tce", power_supplied: "MWh") -> "tce/MWh":
    """Standard coal per MWh supplied of a unit that gives no heat."""
    return standard_coal / power_supplied


@method(
    "enterprise.power.intensity.condensing", category="enterprise", title="供电碳排放强度（纯凝机组）",
    source=f"{GUIDELINE} (A.19)，a = 0", activity=("emissions", "power_supplied"),
)  # fmt: skip
def power_intensity_condensing(emissions: "t CO2e", power_supplied: "MWh") -> "t CO2e/MWh":
    """Emissions per MWh supplied of a unit that gives no heat."""
    return emissions / power_supplied


@method(
    "enterprise.power.intensity.power", category="enterprise", title="供电碳排放强度",
    source=f"{GUIDELINE} (A.19)、(A.21)", activity=("emissions", "heat_ratio", "power_supplied"),
)  # fmt: skip
def power_intensity(emissions: "t CO2e", heat_ratio: "1", power_supplied: "MWh") -> "t CO2e/MWh":
    """Emissions of power per MWh supplied."""
    return (1 - heat_ratio) * emissions / power_supplied


@method(
    "enterprise.power.intensity.heat", category="enterprise", title="供热碳排放强度",
    source=f"{GUIDELINE} (A.20)、(A.22)", activity=("emissions", "heat_ratio", "heat_supplied"),
)  # fmt: skip
def heat_intensity(emissions: "t CO2e", heat_ratio: "1", heat_supplied: "GJ") -> "t CO2e/GJ":
    """Emissions of heat per GJ supplied."""
    return heat_ratio * emissions / heat_supplied


@method(
    "enterprise.power.load_factor", category="enterprise", title="负荷（出力）系数", source=f"{GUIDELINE} (A.24)",
    activity=("generation", "capacity", "running_hours"),
)  # fmt: skip
def load_factor(generation: "MWh", capacity: "MW", running_hours: "h") -> "1":
    """Load factor of one unit: generated by what its capacity would have generated in the hours that it ran."""
    return generation / (capacity * running_hours * MWH_PER_MW_H)
