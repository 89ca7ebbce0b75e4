"""Fugitive methane of oil and gas: leaks and vents by facility, by throughput, and flares.

Source: 省级温室气体清单编制指南(试行) 2011 石油和天然气系统逃逸; 中国石油和天然气生产企业温室气体核算指南; IPCC 2006
Vol.2 Ch.4.2 (eq. 4.2.1 to 4.2.5). A facility has a leak factor, a vent factor or both; which of them the source lists
decides the recipe. A city without fields has transmission stations and its gas consumption.
"""

from dafeng.domains.inventory.methods.constants import CH4_PER_C, CO2_PER_C
from dafeng.kernel.accounting import constant, method

GUIDELINE = "省级温室气体清单编制指南(试行) 2011 石油和天然气系统逃逸"
ENTERPRISE = "中国石油和天然气生产企业温室气体排放核算方法与报告指南"
CHAPTER = "IPCC 2006 Vol.2 Ch.4"
# The density of CO2 at 0 ℃, as the guideline prints it for the CO2 that is already in flared gas.
CO2_DENSITY = constant("19.7", 19.7, "t CO2/1e4Nm3")
CH4_DENSITY = constant("7.17", 7.17, "t CH4/1e4Nm3")


@method(
    "fugitive.facility.leak.ch4",
    category="1B2",
    gas="CH4",
    title="设施泄漏 CH4",
    source=f"{GUIDELINE}; {ENTERPRISE}; {CHAPTER} eq. 4.2.1",
)
def leak_ch4(facilities: "facility", facility_leak_ef: "t CH4/facility") -> "t CH4":
    """Methane leaking from facilities of one type: number times factor."""
    return facilities * facility_leak_ef


@method(
    "fugitive.facility.vent.ch4",
    category="1B2",
    gas="CH4",
    title="设施工艺放空 CH4",
    source=f"{GUIDELINE}; {ENTERPRISE}; {CHAPTER} eq. 4.2.1",
)
def vent_ch4(facilities: "facility", facility_vent_ef: "t CH4/facility") -> "t CH4":
    """Methane vented on purpose by facilities of one type."""
    return facilities * facility_vent_ef


@method(
    "fugitive.facility.ch4",
    category="1B2",
    gas="CH4",
    title="设施泄漏与放空 CH4",
    source=f"{GUIDELINE}; {ENTERPRISE}; {CHAPTER} eq. 4.2.1",
)
def facility_ch4(
    facilities: "facility", facility_leak_ef: "t CH4/facility", facility_vent_ef: "t CH4/facility"
) -> "t CH4":
    """Methane of facilities of one type: leaks and vents."""
    return leak_ch4(facilities, facility_leak_ef) + vent_ch4(facilities, facility_vent_ef)


@method(
    "fugitive.throughput.mass.ch4",
    category="1B2",
    gas="CH4",
    title="按原油量计算的 CH4 逃逸",
    source=f"{GUIDELINE}; {CHAPTER} eq. 4.2.1",
)
def throughput_mass_ch4(throughput: "t", throughput_ch4_ef_mass: "t CH4/t") -> "t CH4":
    """Methane by oil carried or refined."""
    return throughput * throughput_ch4_ef_mass


@method(
    "fugitive.throughput.volume_20c.ch4",
    category="1B2",
    gas="CH4",
    title="按天然气量计算的 CH4 逃逸（统计体积）",
    source=f"{GUIDELINE}; {CHAPTER} eq. 4.2.1",
)
def throughput_volume_ch4(throughput_20c: "m3", throughput_ch4_ef_volume: "t CH4/m3") -> "t CH4":
    """Methane by gas produced, carried or consumed, in statistical volume (20 ℃)."""
    return throughput_20c * throughput_ch4_ef_volume


@method(
    "fugitive.throughput.volume.ch4",
    category="1B2",
    gas="CH4",
    title="按天然气处理量计算的 CH4 泄漏与放空（标准状态）",
    source=f"{ENTERPRISE}; {CHAPTER} eq. 4.2.1",
)
def throughput_normal_ch4(
    throughput_normal: "Nm3", throughput_leak_ef_normal: "t CH4/Nm3", throughput_vent_ef_normal: "t CH4/Nm3"
) -> "t CH4":
    """Methane of gas processing, by volume handled at 0 ℃: leaks and vents."""
    return throughput_normal * (throughput_leak_ef_normal + throughput_vent_ef_normal)


@method(
    "fugitive.flare.co2",
    category="1B2",
    gas="CO2",
    title="油气火炬燃烧 CO2",
    source=f"{ENTERPRISE}（火炬系统）; {CHAPTER} eq. 4.2.5",
    activity=("flare_gas", "flare_gas_carbon", "flare_gas_co2_share"),
)
def flare_co2(
    flare_gas: "Nm3", flare_gas_carbon: "t C/Nm3", flare_gas_co2_share: "1", oil_gas_flare_efficiency: "1"
) -> "t CO2":
    """CO2 of a flare: carbon of the burnt gas (without its CO2), and the CO2 that was in the gas."""
    burnt = flare_gas * flare_gas_carbon * oil_gas_flare_efficiency * CO2_PER_C
    return burnt + flare_gas * flare_gas_co2_share * CO2_DENSITY * constant("10⁻⁴", 1e-4, "1e4Nm3/Nm3")


@method(
    "fugitive.flare.ch4",
    category="1B2",
    gas="CH4",
    title="油气火炬未燃尽 CH4",
    source=f"{ENTERPRISE}（火炬系统）; {CHAPTER} eq. 4.2.4",
    activity=("flare_gas", "flare_gas_ch4_share"),
)
def flare_ch4(flare_gas: "Nm3", flare_gas_ch4_share: "1", oil_gas_flare_efficiency: "1") -> "t CH4":
    """Methane that passes a flare unburnt: gas × share of methane × (1 − efficiency) × 7.17 t/1e4 Nm3."""
    methane = flare_gas * flare_gas_ch4_share * CH4_DENSITY * constant("10⁻⁴", 1e-4, "1e4Nm3/Nm3")
    return methane * (1 - oil_gas_flare_efficiency)


@method(
    "fugitive.flare.ch4.carbon",
    category="1B2",
    gas="CH4",
    title="由含碳量求火炬气中甲烷质量",
    source="CH4/C = 16/12",
    activity=("methane_carbon",),
)
def methane_of_carbon(methane_carbon: "t C") -> "t CH4":
    """Methane that holds this carbon: times 16/12."""
    return methane_carbon * CH4_PER_C


@method(
    "fugitive.vent.gas_composition.ch4",
    category="1B2",
    gas="CH4",
    title="放空气量与组成计算的 CH4（直接放空）",
    source=f"{ENTERPRISE}（工艺放空）; {CHAPTER} eq. 4.2.3",
    activity=("vented_gas", "vented_gas_ch4_share"),
)
def vented_ch4(vented_gas: "Nm3", vented_gas_ch4_share: "1", methane_density_0c: "t CH4/Nm3") -> "t CH4":
    """Methane of gas vented in a measured amount: volume × share of methane × density at 0 ℃."""
    return vented_gas * vented_gas_ch4_share * methane_density_0c
