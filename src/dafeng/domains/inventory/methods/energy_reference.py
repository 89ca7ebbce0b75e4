"""The reference approach: CO2 from the supply of fuels, beside the sectoral approach, and the difference of the two.

Source: IPCC 2006 Vol.2 Ch.6 (eq. 6.1 to 6.4); 省级温室气体清单编制指南(试行) 2011 参考方法. Apparent consumption of a
primary fuel counts production; a secondary fuel is made from a primary one, so its production is not counted again.
For a city, `imports` and `exports` include what comes from and goes to other places in the country. `stock_increase`
is positive when stocks grow. Nothing here enters a total: the approach is a check.
"""

from dafeng.domains.inventory.methods.constants import CO2_PER_C
from dafeng.domains.inventory.methods.energy_fuels import (
    carbon_of_energy,
    carbon_of_mass,
    carbon_of_volume,
    carbon_of_volume_20c,
)
from dafeng.kernel.accounting import constant, method

CHAPTER = "IPCC 2006 Vol.2 Ch.6"
GUIDELINE = "省级温室气体清单编制指南(试行) 2011 参考方法"
HUNDRED = constant("100%", 100.0, "%")
NONE = {"imports": 0.0, "exports": 0.0, "international_bunkers": 0.0, "stock_increase": 0.0}
FLOWS = ("production", "imports", "exports", "international_bunkers", "stock_increase")


@method(
    "energy.reference.apparent_consumption.mass",
    category="1A",
    title="表观消费量（一次燃料，按质量）",
    source=f"{CHAPTER} eq. 6.2; {GUIDELINE}",
    activity=FLOWS,
    optional=NONE,
)
def apparent_of_mass(
    production: "t", imports: "t", exports: "t", international_bunkers: "t", stock_increase: "t"
) -> "t":
    """Apparent consumption of a primary fuel: production + imports − exports − bunkers − increase of stocks."""
    return production + imports - exports - international_bunkers - stock_increase


@method(
    "energy.reference.apparent_consumption.volume_20c",
    category="1A",
    title="表观消费量（一次燃料，按统计体积）",
    source=f"{CHAPTER} eq. 6.2; {GUIDELINE}",
    activity=FLOWS,
    optional=NONE,
)
def apparent_of_volume(
    production: "m3", imports: "m3", exports: "m3", international_bunkers: "m3", stock_increase: "m3"
) -> "m3":
    """Apparent consumption of a primary gas by statistical volume."""
    return production + imports - exports - international_bunkers - stock_increase


@method(
    "energy.reference.apparent_consumption.energy",
    category="1A",
    title="表观消费量（一次燃料，按热量）",
    source=f"{CHAPTER} eq. 6.2; {GUIDELINE}",
    activity=FLOWS,
    optional=NONE,
)
def apparent_of_energy(
    production: "GJ", imports: "GJ", exports: "GJ", international_bunkers: "GJ", stock_increase: "GJ"
) -> "GJ":
    """Apparent consumption of a primary fuel by heat."""
    return production + imports - exports - international_bunkers - stock_increase


@method(
    "energy.reference.apparent_consumption.secondary",
    category="1A",
    title="表观消费量（二次燃料）",
    source=f"{CHAPTER} eq. 6.3; {GUIDELINE}",
    activity=FLOWS[1:],
    optional=NONE,
)
def apparent_of_secondary(imports: "t", exports: "t", international_bunkers: "t", stock_increase: "t") -> "t":
    """Apparent consumption of a secondary fuel: its production is not counted, and the result may be negative."""
    return imports - exports - international_bunkers - stock_increase


@method(
    "energy.reference.total_carbon.mass",
    category="1A",
    title="参考方法 总碳量（按质量）",
    source=f"{CHAPTER} eq. 6.1",
)
def total_carbon_of_mass(apparent_consumption: "t", ncv: "GJ/t", carbon_content: "t C/GJ") -> "t C":
    """Carbon in the fuel supplied."""
    return carbon_of_mass(apparent_consumption, ncv, carbon_content)


@method(
    "energy.reference.excluded_carbon",
    category="1A",
    title="参考方法 扣除碳量（原料、还原剂、非能源产品）",
    source=f"{CHAPTER} eq. 6.4",
)
def excluded_carbon(fuel: "t", ncv: "GJ/t", carbon_content: "t C/GJ") -> "t C":
    """Carbon of feedstock, reductant and non-energy use that does not lead to combustion emissions."""
    return carbon_of_mass(fuel, ncv, carbon_content)


@method(
    "energy.reference.co2.mass",
    category="1A",
    gas="CO2",
    title="参考方法 CO2（按质量）",
    source=f"{CHAPTER} eq. 6.1; {GUIDELINE}",
    activity=("apparent_consumption", "excluded_carbon"),
    optional={"excluded_carbon": 0.0},
)
def reference_co2_of_mass(
    apparent_consumption: "t", excluded_carbon: "t C", ncv: "GJ/t", carbon_content: "t C/GJ", oxidation: "1"
) -> "t CO2":
    """CO2 by the reference approach: (carbon supplied − carbon excluded) × oxidation × 44/12."""
    carbon = carbon_of_mass(apparent_consumption, ncv, carbon_content)
    return (carbon - excluded_carbon) * oxidation * CO2_PER_C


@method(
    "energy.reference.co2.volume",
    category="1A",
    gas="CO2",
    title="参考方法 CO2（按标准状态体积）",
    source=f"{CHAPTER} eq. 6.1; {GUIDELINE}",
    activity=("apparent_consumption", "excluded_carbon"),
    optional={"excluded_carbon": 0.0},
)
def reference_co2_of_volume(
    apparent_consumption: "Nm3", excluded_carbon: "t C", ncv_gas: "GJ/Nm3", carbon_content: "t C/GJ", oxidation: "1"
) -> "t CO2":
    """CO2 of a gas by the reference approach, volume at 0 ℃."""
    carbon = carbon_of_volume(apparent_consumption, ncv_gas, carbon_content)
    return (carbon - excluded_carbon) * oxidation * CO2_PER_C


@method(
    "energy.reference.co2.volume_20c",
    category="1A",
    gas="CO2",
    title="参考方法 CO2（按统计体积，20 ℃）",
    source=f"{CHAPTER} eq. 6.1; {GUIDELINE}",
    activity=("apparent_consumption", "excluded_carbon"),
    optional={"excluded_carbon": 0.0},
)
def reference_co2_of_volume_20c(
    apparent_consumption: "m3", excluded_carbon: "t C", ncv_gas_20c: "GJ/m3", carbon_content: "t C/GJ", oxidation: "1"
) -> "t CO2":
    """CO2 of a gas by the reference approach, statistical volume."""
    carbon = carbon_of_volume_20c(apparent_consumption, ncv_gas_20c, carbon_content)
    return (carbon - excluded_carbon) * oxidation * CO2_PER_C


@method(
    "energy.reference.co2.energy",
    category="1A",
    gas="CO2",
    title="参考方法 CO2（按热量）",
    source=f"{CHAPTER} eq. 6.1; {GUIDELINE}",
    activity=("apparent_consumption", "excluded_carbon"),
    optional={"excluded_carbon": 0.0},
)
def reference_co2_of_energy(
    apparent_consumption: "GJ", excluded_carbon: "t C", carbon_content: "t C/GJ", oxidation: "1"
) -> "t CO2":
    """CO2 by the reference approach from apparent consumption in heat."""
    return (carbon_of_energy(apparent_consumption, carbon_content) - excluded_carbon) * oxidation * CO2_PER_C


@method(
    "energy.reference.difference",
    category="1A",
    title="参考方法与部门方法的相对差异",
    source=f"{CHAPTER} §6.8; {GUIDELINE}",
    activity=("reference_co2", "sectoral_co2"),
)
def difference(reference_co2: "t CO2", sectoral_co2: "t CO2") -> "%":
    """(Reference − sectoral) over sectoral, in percent; more than 5 % asks for an explanation."""
    return (reference_co2 - sectoral_co2) / sectoral_co2 * HUNDRED


@method(
    "energy.reference.energy_difference",
    category="1A",
    title="参考方法与部门方法的能源消费差异",
    source=f"{CHAPTER} §6.8",
    activity=("reference_energy", "excluded_energy", "sectoral_energy"),
    optional={"excluded_energy": 0.0},
)
def energy_difference(reference_energy: "GJ", excluded_energy: "GJ", sectoral_energy: "GJ") -> "%":
    """The same difference in energy terms, after taking out feedstock and non-energy use."""
    return (reference_energy - excluded_energy - sectoral_energy) / sectoral_energy * HUNDRED
