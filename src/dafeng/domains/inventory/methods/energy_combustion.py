"""Combustion of fuels outside transport: CO2, CH4, N2O; biomass; non-energy use and the carbon that stays in products.

Source: 省级温室气体清单编制指南(试行) 2011; GB/T 32151.22-2024 annex C; IPCC 2006 Vol.2 Ch.2 and Ch.6. One equation,
E = AD × NCV × CC × OF × 44/12, read for mass, volume and heat; `energy_factor` forms take a factor per heat with full
oxidation (国家温室气体排放因子数据库, IPCC), `mass_factor` forms one per tonne or m3. Technology is chosen by the
factor row (IPCC eq. 2.3), not by another formula.
"""

from dafeng.domains.inventory.methods.constants import CO2_PER_C, T_PER_G, T_PER_KG, TJ_PER_GJ
from dafeng.domains.inventory.methods.energy_fuels import (
    GUIDELINE,
    STANDARD,
    carbon_of_energy,
    carbon_of_mass,
    carbon_of_volume,
    carbon_of_volume_20c,
    heat_of_mass,
    heat_of_volume,
    heat_of_volume_20c,
)
from dafeng.kernel.accounting import constant, method

STATIONARY = "IPCC 2006 Vol.2 eq. 2.1"
DATABASE = "国家温室气体排放因子数据库（2025 第一版、2026 第二版）"
KG_PER_T = constant("10³ kg/t", 1e3, "kg/t")


@method(
    "energy.combustion.fuel_by_technology",
    category="1A",
    title="按技术拆分的燃料消费量",
    source="IPCC 2006 Vol.2 eq. 2.4",
)
def fuel_by_technology(fuel: "t", technology_share: "1") -> "t":
    """The part of a fuel burnt in one technology: fuel times the technology's share."""
    return fuel * technology_share


# --- CO2 --------------------------------------------------------------------------------------------------------------


@method(
    "energy.combustion.co2.mass",
    category="1A",
    gas="CO2",
    title="化石燃料燃烧 CO2（按质量）",
    source=f"{GUIDELINE}; {STANDARD}; IPCC 2006 Vol.2 eq. 2.1, 2.3",
)
def co2_of_mass(fuel: "t", ncv: "GJ/t", carbon_content: "t C/GJ", oxidation: "1") -> "t CO2":
    """CO2 of burning a fuel given by mass: its heat, its carbon, the part that oxidises."""
    return carbon_of_mass(fuel, ncv, carbon_content) * oxidation * CO2_PER_C


@method(
    "energy.combustion.co2.volume",
    category="1A",
    gas="CO2",
    title="化石燃料燃烧 CO2（按标准状态体积）",
    source=f"{GUIDELINE}; {STANDARD}; IPCC 2006 Vol.2 eq. 2.1, 2.3",
)
def co2_of_volume(fuel_volume: "Nm3", ncv_gas: "GJ/Nm3", carbon_content: "t C/GJ", oxidation: "1") -> "t CO2":
    """CO2 of burning a gas given by volume at 0 ℃."""
    return carbon_of_volume(fuel_volume, ncv_gas, carbon_content) * oxidation * CO2_PER_C


@method(
    "energy.combustion.co2.volume_20c",
    category="1A",
    gas="CO2",
    title="化石燃料燃烧 CO2（按统计体积，20 ℃）",
    source=f"{GUIDELINE}; IPCC 2006 Vol.2 eq. 2.1, 2.3",
)
def co2_of_volume_20c(fuel_volume_20c: "m3", ncv_gas_20c: "GJ/m3", carbon_content: "t C/GJ", oxidation: "1") -> "t CO2":
    """CO2 of burning a gas given by its statistical volume (20 ℃)."""
    return carbon_of_volume_20c(fuel_volume_20c, ncv_gas_20c, carbon_content) * oxidation * CO2_PER_C


@method(
    "energy.combustion.co2.energy",
    category="1A",
    gas="CO2",
    title="化石燃料燃烧 CO2（按热量）",
    source=f"{GUIDELINE}; {STANDARD}; IPCC 2006 Vol.2 eq. 2.1, 2.3",
)
def co2_of_energy(fuel_energy: "GJ", carbon_content: "t C/GJ", oxidation: "1") -> "t CO2":
    """CO2 of burning a fuel given by heat; no calorific value is needed."""
    return carbon_of_energy(fuel_energy, carbon_content) * oxidation * CO2_PER_C


@method(
    "energy.combustion.co2.energy_factor.energy",
    category="1A",
    gas="CO2",
    title="燃料燃烧 CO2（热量 × 单位热量排放因子）",
    source=f"{DATABASE}; {STATIONARY}",
)
def co2_by_energy_factor(fuel_energy: "GJ", co2_per_energy: "t CO2/GJ") -> "t CO2":
    """CO2 from heat and a factor per heat, with full oxidation."""
    return fuel_energy * co2_per_energy


@method(
    "energy.combustion.co2.energy_factor.mass",
    category="1A",
    gas="CO2",
    title="燃料燃烧 CO2（质量 × 热值 × 单位热量排放因子）",
    source=f"{DATABASE}; {STATIONARY}",
)
def co2_by_energy_factor_of_mass(fuel: "t", ncv: "GJ/t", co2_per_energy: "t CO2/GJ") -> "t CO2":
    """CO2 of a fuel given by mass, from a factor per heat."""
    return co2_by_energy_factor(heat_of_mass(fuel, ncv), co2_per_energy)


@method(
    "energy.combustion.co2.energy_factor.volume",
    category="1A",
    gas="CO2",
    title="燃料燃烧 CO2（标准状态体积 × 热值 × 单位热量排放因子）",
    source=f"{DATABASE}; {STATIONARY}",
)
def co2_by_energy_factor_of_volume(fuel_volume: "Nm3", ncv_gas: "GJ/Nm3", co2_per_energy: "t CO2/GJ") -> "t CO2":
    """CO2 of a gas given by volume at 0 ℃, from a factor per heat."""
    return co2_by_energy_factor(heat_of_volume(fuel_volume, ncv_gas), co2_per_energy)


@method(
    "energy.combustion.co2.energy_factor.volume_20c",
    category="1A",
    gas="CO2",
    title="燃料燃烧 CO2（统计体积 × 热值 × 单位热量排放因子）",
    source=f"{DATABASE}; {STATIONARY}",
)
def co2_by_energy_factor_of_volume_20c(
    fuel_volume_20c: "m3", ncv_gas_20c: "GJ/m3", co2_per_energy: "t CO2/GJ"
) -> "t CO2":
    """CO2 of a gas given by statistical volume, from a factor per heat."""
    return co2_by_energy_factor(heat_of_volume_20c(fuel_volume_20c, ncv_gas_20c), co2_per_energy)


@method(
    "energy.combustion.co2.mass_factor.mass",
    category="1A",
    gas="CO2",
    title="燃料燃烧 CO2（质量 × 单位质量排放因子）",
    source="CEADs (Shan et al. 2018); 企业碳核算指南的折算系数形式",
)
def co2_by_mass_factor(fuel: "t", co2_per_mass: "t CO2/t") -> "t CO2":
    """CO2 from mass and a factor per tonne of fuel."""
    return fuel * co2_per_mass


@method(
    "energy.combustion.co2.mass_factor.volume_20c",
    category="1A",
    gas="CO2",
    title="燃料燃烧 CO2（统计体积 × 单位体积排放因子）",
    source="CEADs (Shan et al. 2018); 企业碳核算指南的折算系数形式",
)
def co2_by_volume_factor(fuel_volume_20c: "m3", co2_per_volume: "t CO2/m3") -> "t CO2":
    """CO2 from statistical volume and a factor per m3 of gas."""
    return fuel_volume_20c * co2_per_volume


@method(
    "energy.combustion.co2.mass_factor.volume",
    category="1A",
    gas="CO2",
    title="燃料燃烧 CO2（标准状态体积 × 单位体积排放因子）",
    source="企业碳核算指南的折算系数形式（t CO2/1e4 Nm3）",
)
def co2_by_normal_volume_factor(fuel_volume: "Nm3", co2_per_normal_volume: "t CO2/Nm3") -> "t CO2":
    """CO2 from volume at 0 ℃ and a factor per Nm3 of gas."""
    return fuel_volume * co2_per_normal_volume


# --- CH4 and N2O ------------------------------------------------------------------------------------------------------


@method(
    "energy.combustion.ch4.energy",
    category="1A",
    gas="CH4",
    title="燃料燃烧 CH4（按热量）",
    source=f"{STATIONARY}; mobile: eq. 3.2.3, 3.3.1, 3.4.1, 3.5.1, 3.6.1",
)
def ch4_of_energy(fuel_energy: "GJ", ch4_per_energy: "kg CH4/TJ") -> "t CH4":
    """Methane of burning a fuel given by heat: TJ times kg/TJ."""
    return fuel_energy * TJ_PER_GJ * ch4_per_energy * T_PER_KG


@method("energy.combustion.ch4.mass", category="1A", gas="CH4", title="燃料燃烧 CH4（按质量）", source=STATIONARY)
def ch4_of_mass(fuel: "t", ncv: "GJ/t", ch4_per_energy: "kg CH4/TJ") -> "t CH4":
    """Methane of burning a fuel given by mass."""
    return ch4_of_energy(heat_of_mass(fuel, ncv), ch4_per_energy)


@method(
    "energy.combustion.ch4.volume", category="1A", gas="CH4", title="燃料燃烧 CH4（按标准状态体积）", source=STATIONARY
)
def ch4_of_volume(fuel_volume: "Nm3", ncv_gas: "GJ/Nm3", ch4_per_energy: "kg CH4/TJ") -> "t CH4":
    """Methane of burning a gas given by volume at 0 ℃."""
    return ch4_of_energy(heat_of_volume(fuel_volume, ncv_gas), ch4_per_energy)


@method(
    "energy.combustion.ch4.volume_20c",
    category="1A",
    gas="CH4",
    title="燃料燃烧 CH4（按统计体积，20 ℃）",
    source=STATIONARY,
)
def ch4_of_volume_20c(fuel_volume_20c: "m3", ncv_gas_20c: "GJ/m3", ch4_per_energy: "kg CH4/TJ") -> "t CH4":
    """Methane of burning a gas given by statistical volume."""
    return ch4_of_energy(heat_of_volume_20c(fuel_volume_20c, ncv_gas_20c), ch4_per_energy)


@method(
    "energy.combustion.n2o.energy",
    category="1A",
    gas="N2O",
    title="燃料燃烧 N2O（按热量）",
    source=f"{STATIONARY}; mobile: eq. 3.2.3, 3.3.1, 3.4.1, 3.5.1, 3.6.1",
)
def n2o_of_energy(fuel_energy: "GJ", n2o_per_energy: "kg N2O/TJ") -> "t N2O":
    """Nitrous oxide of burning a fuel given by heat: TJ times kg/TJ."""
    return fuel_energy * TJ_PER_GJ * n2o_per_energy * T_PER_KG


@method("energy.combustion.n2o.mass", category="1A", gas="N2O", title="燃料燃烧 N2O（按质量）", source=STATIONARY)
def n2o_of_mass(fuel: "t", ncv: "GJ/t", n2o_per_energy: "kg N2O/TJ") -> "t N2O":
    """Nitrous oxide of burning a fuel given by mass."""
    return n2o_of_energy(heat_of_mass(fuel, ncv), n2o_per_energy)


@method(
    "energy.combustion.n2o.volume", category="1A", gas="N2O", title="燃料燃烧 N2O（按标准状态体积）", source=STATIONARY
)
def n2o_of_volume(fuel_volume: "Nm3", ncv_gas: "GJ/Nm3", n2o_per_energy: "kg N2O/TJ") -> "t N2O":
    """Nitrous oxide of burning a gas given by volume at 0 ℃."""
    return n2o_of_energy(heat_of_volume(fuel_volume, ncv_gas), n2o_per_energy)


@method(
    "energy.combustion.n2o.volume_20c",
    category="1A",
    gas="N2O",
    title="燃料燃烧 N2O（按统计体积，20 ℃）",
    source=STATIONARY,
)
def n2o_of_volume_20c(fuel_volume_20c: "m3", ncv_gas_20c: "GJ/m3", n2o_per_energy: "kg N2O/TJ") -> "t N2O":
    """Nitrous oxide of burning a gas given by statistical volume."""
    return n2o_of_energy(heat_of_volume_20c(fuel_volume_20c, ncv_gas_20c), n2o_per_energy)


# --- Biomass: factors per mass of fuel, by stove; CO2 is a memo item through the `energy_factor` forms ---------------


@method("energy.biomass.ch4", category="1A", gas="CH4", title="生物质燃料燃烧 CH4", source=f"{GUIDELINE} 生物质燃烧")
def biomass_ch4(fuel: "t", biomass_ch4_ef: "g CH4/kg") -> "t CH4":
    """Methane of burning straw, wood, charcoal or dung: mass times g/kg of the stove."""
    return fuel * KG_PER_T * biomass_ch4_ef * T_PER_G


@method("energy.biomass.n2o", category="1A", gas="N2O", title="生物质燃料燃烧 N2O", source=f"{GUIDELINE} 生物质燃烧")
def biomass_n2o(fuel: "t", biomass_n2o_ef: "g N2O/kg") -> "t N2O":
    """Nitrous oxide of burning straw, wood, charcoal or dung."""
    return fuel * KG_PER_T * biomass_n2o_ef * T_PER_G


# --- Non-energy use ---------------------------------------------------------------------------------------------------


@method(
    "energy.nonenergy.stored_carbon",
    category="1AD",
    title="非能源利用固定碳量",
    source=f"{GUIDELINE}; IPCC 1996 Reference Manual Table 1-1",
)
def stored_carbon(fuel_energy: "GJ", carbon_content: "t C/GJ", stored_fraction: "1") -> "t C":
    """Carbon that stays in products: carbon of the feedstock times the fraction stored."""
    return carbon_of_energy(fuel_energy, carbon_content) * stored_fraction


@method(
    "energy.nonenergy.stored.mass",
    category="1AD",
    gas="CO2",
    title="非能源利用固碳（按质量，折 CO2）",
    source=GUIDELINE,
)
def stored_of_mass(fuel: "t", ncv: "GJ/t", carbon_content: "t C/GJ", stored_fraction: "1") -> "t CO2":
    """Carbon stored in products, as CO2, of a feedstock given by mass."""
    return stored_carbon(heat_of_mass(fuel, ncv), carbon_content, stored_fraction) * CO2_PER_C


@method(
    "energy.nonenergy.stored.volume",
    category="1AD",
    gas="CO2",
    title="非能源利用固碳（按标准状态体积，折 CO2）",
    source=GUIDELINE,
)
def stored_of_volume(fuel_volume: "Nm3", ncv_gas: "GJ/Nm3", carbon_content: "t C/GJ", stored_fraction: "1") -> "t CO2":
    """Carbon stored in products, as CO2, of a gas given by volume at 0 ℃."""
    return stored_carbon(heat_of_volume(fuel_volume, ncv_gas), carbon_content, stored_fraction) * CO2_PER_C


@method(
    "energy.nonenergy.stored.volume_20c",
    category="1AD",
    gas="CO2",
    title="非能源利用固碳（按统计体积，折 CO2）",
    source=GUIDELINE,
)
def stored_of_volume_20c(
    fuel_volume_20c: "m3", ncv_gas_20c: "GJ/m3", carbon_content: "t C/GJ", stored_fraction: "1"
) -> "t CO2":
    """Carbon stored in products, as CO2, of a gas given by statistical volume."""
    return stored_carbon(heat_of_volume_20c(fuel_volume_20c, ncv_gas_20c), carbon_content, stored_fraction) * CO2_PER_C


@method(
    "energy.nonenergy.stored.energy",
    category="1AD",
    gas="CO2",
    title="非能源利用固碳（按热量，折 CO2）",
    source=GUIDELINE,
)
def stored_of_energy(fuel_energy: "GJ", carbon_content: "t C/GJ", stored_fraction: "1") -> "t CO2":
    """Carbon stored in products, as CO2, of a feedstock given by heat."""
    return stored_carbon(fuel_energy, carbon_content, stored_fraction) * CO2_PER_C


@method("energy.nonenergy.co2.energy", category="1AD", gas="CO2", title="非能源利用 CO2（按热量）", source=GUIDELINE)
def nonenergy_co2_of_energy(
    fuel_energy: "GJ", carbon_content: "t C/GJ", stored_fraction: "1", oxidation: "1"
) -> "t CO2":
    """CO2 of the carbon that is not stored in products, of a feedstock given by heat."""
    return carbon_of_energy(fuel_energy, carbon_content) * (1 - stored_fraction) * oxidation * CO2_PER_C


@method("energy.nonenergy.co2.mass", category="1AD", gas="CO2", title="非能源利用 CO2（按质量）", source=GUIDELINE)
def nonenergy_co2_of_mass(
    fuel: "t", ncv: "GJ/t", carbon_content: "t C/GJ", stored_fraction: "1", oxidation: "1"
) -> "t CO2":
    """CO2 of the carbon that is not stored in products, of a feedstock given by mass."""
    return nonenergy_co2_of_energy(heat_of_mass(fuel, ncv), carbon_content, stored_fraction, oxidation)


@method(
    "energy.nonenergy.co2.volume", category="1AD", gas="CO2", title="非能源利用 CO2（按标准状态体积）", source=GUIDELINE
)
def nonenergy_co2_of_volume(
    fuel_volume: "Nm3", ncv_gas: "GJ/Nm3", carbon_content: "t C/GJ", stored_fraction: "1", oxidation: "1"
) -> "t CO2":
    """CO2 of the carbon that is not stored in products, of a gas given by volume at 0 ℃."""
    return nonenergy_co2_of_energy(heat_of_volume(fuel_volume, ncv_gas), carbon_content, stored_fraction, oxidation)


@method(
    "energy.nonenergy.co2.volume_20c", category="1AD", gas="CO2", title="非能源利用 CO2（按统计体积）", source=GUIDELINE
)
def nonenergy_co2_of_volume_20c(
    fuel_volume_20c: "m3", ncv_gas_20c: "GJ/m3", carbon_content: "t C/GJ", stored_fraction: "1", oxidation: "1"
) -> "t CO2":
    """CO2 of the carbon not stored in products, of a gas given by statistical volume."""
    heat = heat_of_volume_20c(fuel_volume_20c, ncv_gas_20c)
    return nonenergy_co2_of_energy(heat, carbon_content, stored_fraction, oxidation)
