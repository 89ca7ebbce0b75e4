"""Metals: iron and steel, aluminium, magnesium, other non-ferrous metals.

Sources: GB/T 32151.5—2015 line (DCP#493, #477, #180: A); 2024 aluminium guideline, magnesium and non-ferrous guides as transcribed in open code
(felix: B). Burning of fuels is in `combustion`; carbon that stays in products is taken away with sign −1.
"""

from dafeng.domains.enterprise.reporting.methods.constants import CO2_PER_C, T_PER_KG
from dafeng.kernel.accounting import constant, method

STEEL = "GB/T 32151.5—2015；DCP#493、#477、#180"
ALUMINIUM = "铝冶炼行业指南（2024）；felix AluminumCarbonAnodeEmission.jsx、AluminumAnodeEffectEmission.jsx"
# What is neither sulphur nor ash in an anode is carbon.
ANODE_CARBON = constant("1 t C/t", 1.0, "t C/t")
CO2E_OF_CF4 = constant("t CO2e/t CF4", 1.0, "t CO2e/t CF4")
CO2E_OF_C2F6 = constant("t CO2e/t C2F6", 1.0, "t CO2e/t C2F6")


@method(
    "enterprise.steel.flux", category="enterprise", gas="CO2", title="熔剂消耗", source=f"{STEEL} 表2-4", activity=("flux_use", "purity"),
)  # fmt: skip
def flux(flux_use: "t", purity: "1", flux_factor: "t CO2/t") -> "t CO2":
    """CO2 of limestone and dolomite as flux."""
    return flux_use * purity * flux_factor


@method("enterprise.steel.electrode", category="enterprise", gas="CO2", title="电极消耗", source=f"{STEEL} 表2-4")
def electrode(electrode_use: "t", electrode_factor: "t CO2/t") -> "t CO2":
    """CO2 of graphite electrodes."""
    return electrode_use * electrode_factor


@method("enterprise.steel.material", category="enterprise", gas="CO2", title="外购含碳原料", source=f"{STEEL} 表2-4")
def material(material_use: "t", material_factor: "t CO2/t") -> "t CO2":
    """CO2 of purchased pig iron, ferro-alloys, scrap and of coke as a reductant."""
    return material_use * material_factor


@method(
    "enterprise.steel.carburiser", category="enterprise", gas="CO2", title="增碳剂等含碳原料（按热值）", source="felix SteelProcessEmission.jsx",
    activity=("carburiser_use", "ncv", "carbon_content"),
)  # fmt: skip
def carburiser(carburiser_use: "t", ncv: "GJ/t", carbon_content: "t C/GJ") -> "t CO2":
    """CO2 of washed coal or carburiser as a raw material: all of its carbon."""
    return carburiser_use * ncv * carbon_content * CO2_PER_C


@method("enterprise.steel.fixed", category="enterprise", gas="CO2", title="固碳产品隐含", source=f"{STEEL} 表2-5")
def fixed(product_output: "t", fixed_factor: "t CO2/t") -> "t CO2":
    """Carbon that leaves in steel, pig iron, tar and benzol, as CO2."""
    return product_output * fixed_factor


@method(
    "enterprise.aluminium.anode", category="enterprise", gas="CO2", title="炭阳极消耗（按净耗与成分）", source=ALUMINIUM,
    activity=("anode_use", "anode_loss", "anode_sulphur", "anode_ash"),
)  # fmt: skip
def anode(anode_use: "t", anode_loss: "1", anode_sulphur: "1", anode_ash: "1") -> "t CO2":
    """CO2 of prebaked anodes: use less what is returned, less sulphur and ash."""
    return anode_use * (1 - anode_loss) * (1 - anode_sulphur - anode_ash) * ANODE_CARBON * CO2_PER_C


@method(
    "enterprise.aluminium.anode_by_output",
    category="enterprise",
    gas="CO2",
    title="炭阳极消耗（按吨铝净耗）",
    source=ALUMINIUM,
)
def anode_by_output(aluminium_output: "t", anode_net_carbon: "t C/t") -> "t CO2":
    """CO2 of anodes from the net carbon per tonne of aluminium."""
    return aluminium_output * anode_net_carbon * CO2_PER_C


@method("enterprise.aluminium.cf4", category="enterprise", gas="CF4", title="阳极效应 CF4", source=ALUMINIUM)
def anode_effect_cf4(aluminium_output: "t", cf4_factor: "kg CF4/t", gwp_cf4: "1") -> "t CO2e":
    """CF4 of the anode effect as CO2e."""
    return aluminium_output * cf4_factor * T_PER_KG * gwp_cf4 * CO2E_OF_CF4


@method("enterprise.aluminium.c2f6", category="enterprise", gas="C2F6", title="阳极效应 C2F6", source=ALUMINIUM)
def anode_effect_c2f6(aluminium_output: "t", c2f6_factor: "kg C2F6/t", gwp_c2f6: "1") -> "t CO2e":
    """C2F6 of the anode effect as CO2e."""
    return aluminium_output * c2f6_factor * T_PER_KG * gwp_c2f6 * CO2E_OF_C2F6


@method(
    "enterprise.magnesium.ferrosilicon",
    category="enterprise",
    gas="CO2",
    title="硅铁生产",
    source="felix ManganeseProcessEmission.jsx",
)
def ferrosilicon(ferrosilicon_output: "t", ferrosilicon_factor: "t CO2/t") -> "t CO2":
    """CO2 of ferrosilicon made in the works."""
    return ferrosilicon_output * ferrosilicon_factor


@method(
    "enterprise.nonferrous.reductant",
    category="enterprise",
    gas="CO2",
    title="还原剂（固体）",
    source="felix NoneFerrousMetalsEnergyEmission.jsx",
)
def reductant(reductant_use: "t", reductant_factor: "t CO2/t") -> "t CO2":
    """CO2 of a solid reductant."""
    return reductant_use * reductant_factor


@method(
    "enterprise.nonferrous.reductant_gas",
    category="enterprise",
    gas="CO2",
    title="还原剂（气体）",
    source="felix NoneFerrousMetalsEnergyEmission.jsx",
)
def reductant_gas(reductant_gas_use: "1e4Nm3", reductant_gas_factor: "t CO2/1e4Nm3") -> "t CO2":
    """CO2 of natural gas as a reductant."""
    return reductant_gas_use * reductant_gas_factor


@method(
    "enterprise.nonferrous.oxalic", category="enterprise", gas="CO2", title="草酸消耗", source="felix NoneFerrousMetalsProcessEmission.jsx",
    activity=("oxalic_use",),
)  # fmt: skip
def oxalic(oxalic_use: "t", oxalic_concentration: "1", oxalic_factor: "t CO2/t") -> "t CO2":
    """CO2 of oxalic acid by its concentration."""
    return oxalic_use * oxalic_concentration * oxalic_factor
