"""What a fuel is: its heat, its carbon, its emission factor, its standard coal. One method each, no emission booked.

Source: 省级温室气体清单编制指南(试行) 2011 energy chapter; GB/T 32151.22-2024 annex C; IPCC 2006 Vol.2 Ch.1; GB/T
2589-2020. Gas volumes: `ncv_gas` is per Nm3 (0 ℃, as national standards print it), `ncv_gas_20c` per m3 at 20 ℃ (as
the energy yearbook prints it for statistical volumes); the two differ by 7 % and are never exchanged without
`energy.volume.normal`.
"""

from dafeng.domains.inventory.methods.constants import CO2_PER_C
from dafeng.kernel.accounting import constant, method

GUIDELINE = "省级温室气体清单编制指南(试行) 2011 能源活动"
STANDARD = "GB/T 32151.22-2024 附录 C"
COAL_EQUIVALENT = "GB/T 2589-2020 综合能耗计算通则"

NORMAL_VOLUME = constant("273.15/293.15", 273.15 / 293.15, "Nm3/m3")
GJ_PER_KWH = constant("0.0036 GJ/kWh", 0.0036, "GJ/kWh")
TCE_PER_KGCE = constant("10⁻³ tce/kgce", 1e-3, "tce/kgce")
KG_PER_T = constant("10³ kg/t", 1e3, "kg/t")
MJ_PER_GJ = constant("10³ MJ/GJ", 1e3, "MJ/GJ")


@method(
    "energy.volume.normal", category="1A", title="20 ℃ 气体体积折算为 0 ℃ 体积", source="理想气体定律；GB/T 21446 附录"
)
def normal_volume(fuel_volume_20c: "m3") -> "Nm3":
    """Volume at 0 ℃ of a gas measured at 20 ℃ and the same pressure."""
    return fuel_volume_20c * NORMAL_VOLUME


@method(
    "energy.heat.mass", category="1A", title="燃料热量（按质量）", source=f"{GUIDELINE}; IPCC 2006 Vol.2 Ch.1 §1.4.1.2"
)
def heat_of_mass(fuel: "t", ncv: "GJ/t") -> "GJ":
    """Heat of a fuel given by mass: mass times net calorific value."""
    return fuel * ncv


@method("energy.heat.volume", category="1A", title="燃料热量（按标准状态体积）", source=f"{GUIDELINE}; {STANDARD}")
def heat_of_volume(fuel_volume: "Nm3", ncv_gas: "GJ/Nm3") -> "GJ":
    """Heat of a gas given by volume at 0 ℃."""
    return fuel_volume * ncv_gas


@method(
    "energy.heat.volume_20c",
    category="1A",
    title="燃料热量（按统计体积，20 ℃）",
    source=f"{GUIDELINE}; 中国能源统计年鉴附录",
)
def heat_of_volume_20c(fuel_volume_20c: "m3", ncv_gas_20c: "GJ/m3") -> "GJ":
    """Heat of a gas given by volume at 20 ℃, as energy statistics do."""
    return fuel_volume_20c * ncv_gas_20c


@method(
    "energy.carbon.energy", category="1A", title="燃料含碳量（按热量）", source=f"{GUIDELINE}; IPCC 2006 Vol.2 eq. 6.1"
)
def carbon_of_energy(fuel_energy: "GJ", carbon_content: "t C/GJ") -> "t C":
    """Carbon in a fuel given by heat."""
    return fuel_energy * carbon_content


@method(
    "energy.carbon.mass", category="1A", title="燃料含碳量（按质量）", source=f"{GUIDELINE}; IPCC 2006 Vol.2 eq. 6.1"
)
def carbon_of_mass(fuel: "t", ncv: "GJ/t", carbon_content: "t C/GJ") -> "t C":
    """Carbon in a fuel given by mass."""
    return carbon_of_energy(heat_of_mass(fuel, ncv), carbon_content)


@method(
    "energy.carbon.volume",
    category="1A",
    title="燃料含碳量（按标准状态体积）",
    source=f"{GUIDELINE}; IPCC 2006 Vol.2 eq. 6.1",
)
def carbon_of_volume(fuel_volume: "Nm3", ncv_gas: "GJ/Nm3", carbon_content: "t C/GJ") -> "t C":
    """Carbon in a gas given by volume at 0 ℃."""
    return carbon_of_energy(heat_of_volume(fuel_volume, ncv_gas), carbon_content)


@method(
    "energy.carbon.volume_20c",
    category="1A",
    title="燃料含碳量（按统计体积，20 ℃）",
    source=f"{GUIDELINE}; IPCC 2006 Vol.2 eq. 6.1",
)
def carbon_of_volume_20c(fuel_volume_20c: "m3", ncv_gas_20c: "GJ/m3", carbon_content: "t C/GJ") -> "t C":
    """Carbon in a gas given by volume at 20 ℃."""
    return carbon_of_energy(heat_of_volume_20c(fuel_volume_20c, ncv_gas_20c), carbon_content)


@method(
    "energy.emission_factor.energy",
    category="1A",
    gas="CO2",
    title="单位热量 CO2 排放因子",
    source=f"{GUIDELINE}; IPCC 2006 Vol.2 Table 1.4",
    activity=(),
)
def emission_factor_of_energy(carbon_content: "t C/GJ", oxidation: "1") -> "t CO2/GJ":
    """CO2 per heat of a fuel: its carbon, the part that oxidises, 44/12."""
    return carbon_content * oxidation * CO2_PER_C


@method(
    "energy.emission_factor.mass",
    category="1A",
    gas="CO2",
    title="单位质量燃料 CO2 排放因子",
    source=f"{GUIDELINE}; {STANDARD}",
    activity=(),
)
def emission_factor_of_mass(ncv: "GJ/t", carbon_content: "t C/GJ", oxidation: "1") -> "t CO2/t":
    """CO2 per tonne of a fuel: NCV × CC × OF × 44/12."""
    return ncv * emission_factor_of_energy(carbon_content, oxidation)


@method(
    "energy.emission_factor.volume",
    category="1A",
    gas="CO2",
    title="单位体积燃料 CO2 排放因子（标准状态）",
    source=f"{GUIDELINE}; {STANDARD}",
    activity=(),
)
def emission_factor_of_volume(ncv_gas: "GJ/Nm3", carbon_content: "t C/GJ", oxidation: "1") -> "t CO2/Nm3":
    """CO2 per Nm3 of a gas."""
    return ncv_gas * emission_factor_of_energy(carbon_content, oxidation)


@method(
    "energy.emission_factor.volume_20c",
    category="1A",
    gas="CO2",
    title="单位体积燃料 CO2 排放因子（统计体积，20 ℃）",
    source=f"{GUIDELINE}; 中国能源统计年鉴附录",
    activity=(),
)
def emission_factor_of_volume_20c(ncv_gas_20c: "GJ/m3", carbon_content: "t C/GJ", oxidation: "1") -> "t CO2/m3":
    """CO2 per m3 (20 ℃) of a gas."""
    return ncv_gas_20c * emission_factor_of_energy(carbon_content, oxidation)


@method(
    "energy.gcv_to_ncv.coal",
    category="1A",
    title="煤炭高位发热量换算低位发热量",
    source="IPCC 2006 Vol.2 Ch.1 Box 1.1 (NCV = GCV − 0.212H − 0.0245M − 0.008O)",
    activity=(),
)
def coal_net_calorific_value(
    gross_calorific_value: "GJ/t", hydrogen_percent: "%", moisture_percent: "%", oxygen_percent: "%"
) -> "GJ/t":
    """Net calorific value of coal from the gross one; hydrogen, moisture and oxygen as received, in percent."""
    return (
        gross_calorific_value
        - constant("0.212", 0.212, "GJ/t %") * hydrogen_percent
        - constant("0.0245", 0.0245, "GJ/t %") * moisture_percent
        - constant("0.008", 0.008, "GJ/t %") * oxygen_percent
    )


@method("energy.standard_coal.mass", category="1A", title="折标准煤（按质量）", source=COAL_EQUIVALENT)
def standard_coal_of_mass(fuel: "t", standard_coal_coefficient: "kgce/kg") -> "tce":
    """Standard coal of a fuel given by mass."""
    return fuel * KG_PER_T * standard_coal_coefficient * TCE_PER_KGCE


@method("energy.standard_coal.volume", category="1A", title="折标准煤（按体积）", source=COAL_EQUIVALENT)
def standard_coal_of_volume(fuel_volume_20c: "m3", standard_coal_coefficient_gas: "kgce/m3") -> "tce":
    """Standard coal of a gas given by its statistical volume."""
    return fuel_volume_20c * standard_coal_coefficient_gas * TCE_PER_KGCE


@method("energy.standard_coal.heat", category="1A", title="折标准煤（热力，当量值）", source=COAL_EQUIVALENT)
def standard_coal_of_heat(heat: "GJ", standard_coal_coefficient_heat: "kgce/MJ") -> "tce":
    """Standard coal of heat: 0.03412 kgce/MJ."""
    return heat * MJ_PER_GJ * standard_coal_coefficient_heat * TCE_PER_KGCE


@method("energy.standard_coal.electricity", category="1A", title="折标准煤（电力，当量值）", source=COAL_EQUIVALENT)
def standard_coal_of_electricity(electricity: "kWh", standard_coal_coefficient_electricity: "kgce/kWh") -> "tce":
    """Standard coal of electricity by its own heat: 0.1229 kgce/kWh."""
    return electricity * standard_coal_coefficient_electricity * TCE_PER_KGCE


@method(
    "energy.standard_coal.electricity.equivalent",
    category="1A",
    title="折标准煤（电力，等价值）",
    source=f"{COAL_EQUIVALENT}; 中国能源统计年鉴指标解释",
)
def standard_coal_of_electricity_equivalent(electricity: "kWh", power_coal_rate: "kgce/kWh") -> "tce":
    """Standard coal of electricity by the coal that it took: the coal rate of power supply of the year."""
    return electricity * power_coal_rate * TCE_PER_KGCE


@method(
    "energy.standard_coal.energy", category="1A", title="热量折标准煤", source=f"{COAL_EQUIVALENT}: 1 tce = 29.3076 GJ"
)
def standard_coal_of_energy(fuel_energy: "GJ") -> "tce":
    """Standard coal of a measured heat: heat over 29.3076 GJ/tce."""
    return fuel_energy * constant("1 tce/29.3076 GJ", 1 / 29.3076, "tce/GJ")


@method(
    "energy.standard_coal.coefficient",
    category="1A",
    title="由低位发热量求折标准煤系数",
    source=f"{COAL_EQUIVALENT}: 燃料低位发热量 ÷ 29307.6 kJ/kgce",
    activity=(),
)
def coefficient_of_ncv(ncv: "GJ/t") -> "kgce/kg":
    """Coal equivalent of a fuel from its net calorific value (kgce is energy here, so the unit carries the ratio)."""
    return ncv * constant("1 kgce/29.3076 MJ", 1 / 29.3076, "kgce/MJ")


@method("energy.electricity.heat", category="1A", title="电力热当量", source="1 kWh = 3.6 MJ")
def heat_of_electricity(electricity: "kWh") -> "GJ":
    """Heat equivalent of electricity."""
    return electricity * GJ_PER_KWH
