"""Metals with a reducer: iron and steel, coke, ferroalloys, lead, zinc and others (2C1, 2C2, 2C5 to 2C7).

Source: 省级温室气体清单编制指南 (industrial processes), the enterprise guidelines of steel and of other non-ferrous
metals, IPCC 2006/2019 volume 3 chapter 4. The carbon of a reducer is booked once: the guideline's steel method counts
flux, electrodes and decarburisation only, because coke is burnt in 1A. The IPCC tier 1 and 2 forms of steel hold the
coke too; their recipes carry tiers named `…-combustion-inclusive` and are never the default.
"""

from dafeng.domains.inventory.methods.constants import CO2_PER_C, T_PER_KG
from dafeng.kernel.accounting import method

CHAPTER = "IPCC 2006 Vol.3 Ch.4"
REFINED = "IPCC 2019 Refinement Vol.3 Ch.4"
GUIDELINE = "省级温室气体清单编制指南(试行) 2011 工业生产过程"
STEEL = "中国钢铁生产企业温室气体排放核算方法与报告指南"


# Iron and steel: the guideline's and the enterprise form


@method(
    "industry.steel.flux.co2",
    category="2C1",
    gas="CO2",
    title="钢铁生产熔剂（石灰石、白云石）消耗 CO2",
    source=f"{GUIDELINE} 钢铁; {STEEL} (熔剂)",
)
def steel_flux_co2(flux: "t", steel_flux_ef: "t CO2/t") -> "t CO2":
    """CO2 of limestone or dolomite used as flux."""
    return flux * steel_flux_ef


@method(
    "industry.steel.electrode.co2",
    category="2C1",
    gas="CO2",
    title="电炉电极消耗 CO2",
    source=f"{STEEL} (电极)",
)
def steel_electrode_co2(electrode: "t", electrode_ef: "t CO2/t") -> "t CO2":
    """CO2 of electrodes burnt off in electric and refining furnaces."""
    return electrode * electrode_ef


@method(
    "industry.steel.decarburisation.co2",
    category="2C1",
    gas="CO2",
    title="炼钢降碳过程 CO2（生铁与钢材碳平衡）",
    source=f"{GUIDELINE} 钢铁",
    activity=("pig_iron", "steel"),
)
def steel_decarburisation_co2(pig_iron: "t", steel: "t", pig_iron_carbon: "t C/t", steel_carbon: "t C/t") -> "t CO2":
    """CO2 of blowing carbon out of pig iron: carbon of the iron less carbon left in the steel."""
    return (pig_iron * pig_iron_carbon - steel * steel_carbon) * CO2_PER_C


@method(
    "industry.steel.co2",
    category="2C1",
    gas="CO2",
    title="钢铁生产过程 CO2 合计（省级指南）",
    source=f"{GUIDELINE} 钢铁",
    activity=("limestone", "dolomite", "pig_iron", "steel"),
)
def steel_co2(
    limestone: "t",
    dolomite: "t",
    pig_iron: "t",
    steel: "t",
    steel_limestone_ef: "t CO2/t",
    steel_dolomite_ef: "t CO2/t",
    pig_iron_carbon: "t C/t",
    steel_carbon: "t C/t",
) -> "t CO2":
    """The guideline's whole formula: both fluxes and the decarburisation of pig iron."""
    return (
        steel_flux_co2(limestone, steel_limestone_ef)
        + steel_flux_co2(dolomite, steel_dolomite_ef)
        + steel_decarburisation_co2(pig_iron, steel, pig_iron_carbon, steel_carbon)
    )


@method(
    "industry.steel.purchased_material.co2",
    category="2C1",
    gas="CO2",
    title="外购含碳原料（生铁、直接还原铁、废钢）消耗 CO2",
    source=f"{STEEL} (原料)",
)
def steel_purchased_material_co2(purchased_material: "t", steel_material_ef: "t CO2/t") -> "t CO2":
    """CO2 of the carbon in bought pig iron, direct reduced iron or scrap."""
    return purchased_material * steel_material_ef


@method(
    "industry.steel.fixed_carbon.co2",
    category="2C1",
    gas="CO2",
    title="固碳产品（粗钢、焦油、粗苯等）隐含 CO2（扣减项）",
    source=f"{STEEL} (固碳产品隐含的排放)",
)
def steel_fixed_carbon_co2(fixing_product: "t", fixed_carbon_ef: "t CO2/t") -> "t CO2":
    """CO2 that stays bound in products sold with their carbon; the works deducts it."""
    return fixing_product * fixed_carbon_ef


@method(
    "industry.steel.fixed_carbon_credit.co2",
    category="2C1",
    gas="CO2",
    title="固碳产品隐含 CO2 的扣减（负值）",
    source=f"{STEEL} (− R_固碳)",
)
def steel_fixed_carbon_credit_co2(fixing_product: "t", fixed_carbon_ef: "t CO2/t") -> "t CO2":
    """What products sold with their carbon take off the works' total; hence negative."""
    return -steel_fixed_carbon_co2(fixing_product, fixed_carbon_ef)


# Coke, iron and steel: the IPCC forms, which hold the coke


@method(
    "industry.steel.tier1.co2",
    category="2C1",
    gas="CO2",
    title="焦炭、烧结、球团、生铁、直接还原铁、粗钢 CO2（IPCC 方法 1，含燃烧）",
    source=f"{CHAPTER} eq. 4.1, 4.4, 4.5, 4.6, 4.7, 4.8; {REFINED}",
)
def steel_tier1_co2(metal_product: "t", steel_tier1_ef: "t CO2/t") -> "t CO2":
    """CO2 of coke, sinter, pellets, iron or steel by output; holds the carbon that 1A also burns."""
    return metal_product * steel_tier1_ef


@method(
    "industry.steel.tier1.ch4",
    category="2C1",
    gas="CH4",
    title="焦炭、烧结、生铁、直接还原铁 CH4（IPCC 方法 1）",
    source=f"{CHAPTER} eq. 4.12, 4.13, 4.14; {REFINED} eq. 4.1a",
)
def steel_tier1_ch4(metal_product: "t", steel_ch4_ef: "kg CH4/t") -> "t CH4":
    """Methane of coke ovens, sinter plants and furnaces by output."""
    return metal_product * steel_ch4_ef * T_PER_KG


@method(
    "industry.coke.carbon_balance.co2",
    category="2C1",
    gas="CO2",
    title="炼焦碳平衡 CO2（炼焦煤与焦炭，含燃烧）",
    source=f"{REFINED} eq. 4.1b",
    activity=("coking_coal", "coke"),
)
def coke_balance_co2(coking_coal: "t", coke: "t", coking_coal_carbon: "t C/t", coke_carbon: "t C/t") -> "t CO2":
    """CO2 of coking: the carbon of the coal that is not in the coke."""
    return (coking_coal * coking_coal_carbon - coke * coke_carbon) * CO2_PER_C


@method(
    "industry.steel.carbon_balance.co2",
    category="2C1",
    gas="CO2",
    title="钢铁联合企业碳平衡 CO2（IPCC 方法 2，含燃烧）",
    source=f"{CHAPTER} eq. 4.9",
    activity=(
        "coke", "coal", "limestone", "dolomite", "electrode", "other_carbon", "steel", "iron_sold", "furnace_gas",
    ),
)  # fmt: skip
def steel_balance_co2(
    coke: "t",
    coal: "t",
    limestone: "t",
    dolomite: "t",
    electrode: "t",
    other_carbon: "t",
    steel: "t",
    iron_sold: "t",
    furnace_gas: "t",
    coke_carbon: "t C/t",
    coal_carbon: "t C/t",
    flux_limestone_carbon: "t C/t",
    flux_dolomite_carbon: "t C/t",
    electrode_carbon: "t C/t",
    other_carbon_content: "t C/t",
    steel_carbon: "t C/t",
    pig_iron_carbon: "t C/t",
    furnace_gas_carbon: "t C/t",
) -> "t CO2":
    """CO2 of an integrated works: carbon of all inputs less carbon in steel, iron and gas sent off."""
    carbon_in = (
        coke * coke_carbon
        + coal * coal_carbon
        + limestone * flux_limestone_carbon
        + dolomite * flux_dolomite_carbon
        + electrode * electrode_carbon
        + other_carbon * other_carbon_content
    )
    carbon_out = steel * steel_carbon + iron_sold * pig_iron_carbon + furnace_gas * furnace_gas_carbon
    return (carbon_in - carbon_out) * CO2_PER_C


@method(
    "industry.sinter.carbon_balance.co2",
    category="2C1",
    gas="CO2",
    title="烧结碳平衡 CO2（IPCC 方法 2，含燃烧）",
    source=f"{CHAPTER} eq. 4.10",
    activity=("coke_breeze", "coke_oven_gas", "furnace_gas", "other_carbon", "sinter_gas"),
)
def sinter_balance_co2(
    coke_breeze: "t",
    coke_oven_gas: "t",
    furnace_gas: "t",
    other_carbon: "t",
    sinter_gas: "t",
    coke_carbon: "t C/t",
    coke_oven_gas_carbon: "t C/t",
    furnace_gas_carbon: "t C/t",
    other_carbon_content: "t C/t",
    sinter_gas_carbon: "t C/t",
) -> "t CO2":
    """CO2 of sintering: breeze, gases and other carbon put in, less gas sent off."""
    carbon_in = (
        coke_breeze * coke_carbon
        + coke_oven_gas * coke_oven_gas_carbon
        + furnace_gas * furnace_gas_carbon
        + other_carbon * other_carbon_content
    )
    return (carbon_in - sinter_gas * sinter_gas_carbon) * CO2_PER_C


@method(
    "industry.dri.energy.co2",
    category="2C1",
    gas="CO2",
    title="直接还原铁 CO2（IPCC 方法 2，按还原剂热量，含燃烧）",
    source=f"{CHAPTER} eq. 4.11",
    activity=("natural_gas_energy", "coke_breeze_energy", "coke_energy"),
)
def dri_energy_co2(
    natural_gas_energy: "GJ",
    coke_breeze_energy: "GJ",
    coke_energy: "GJ",
    natural_gas_carbon_per_energy: "t C/GJ",
    coke_carbon_per_energy: "t C/GJ",
) -> "t CO2":
    """CO2 of direct reduction: natural gas, coke breeze and metallurgical coke by heat."""
    carbon = (
        natural_gas_energy * natural_gas_carbon_per_energy + (coke_breeze_energy + coke_energy) * coke_carbon_per_energy
    )
    return carbon * CO2_PER_C


# Ferroalloys and other metals with a reducer


@method(
    "industry.ferroalloy.co2",
    category="2C2",
    gas="CO2",
    title="铁合金生产 CO2（产量 × 因子）",
    source=f"{CHAPTER} eq. 4.15",
)
def ferroalloy_co2(ferroalloy: "t", ferroalloy_ef: "t CO2/t") -> "t CO2":
    """CO2 of a ferroalloy: output times factor."""
    return ferroalloy * ferroalloy_ef


@method(
    "industry.ferroalloy.carbon_balance.co2",
    category="2C2",
    gas="CO2",
    title="铁合金生产 CO2（还原剂、矿石、熔剂与产品碳平衡）",
    source=f"{CHAPTER} eq. 4.16",
    activity=("reductant", "ore", "slag_material", "ferroalloy", "nonproduct"),
)
def ferroalloy_balance_co2(
    reductant: "t",
    ore: "t",
    slag_material: "t",
    ferroalloy: "t",
    nonproduct: "t",
    reductant_ef: "t CO2/t",
    ore_carbon: "t C/t",
    slag_material_carbon: "t C/t",
    ferroalloy_carbon: "t C/t",
    nonproduct_carbon: "t C/t",
) -> "t CO2":
    """CO2 of a ferroalloy: reducer by factor, carbon of ore and slag formers, less that of products."""
    carbon = (
        ore * ore_carbon
        + slag_material * slag_material_carbon
        - ferroalloy * ferroalloy_carbon
        - nonproduct * nonproduct_carbon
    )
    return reductant * reductant_ef + carbon * CO2_PER_C


@method(
    "industry.ferroalloy.reductant_carbon",
    category="2C2",
    title="还原剂含碳量（固定碳与挥发分）",
    source=f"{CHAPTER} eq. 4.19",
    activity=(),
)
def reductant_carbon(fixed_carbon: "t C/t", volatile_fraction: "1", volatile_carbon: "t C/t") -> "t C/t":
    """Carbon of a reducer: fixed carbon plus carbon of its volatiles."""
    return fixed_carbon + volatile_fraction * volatile_carbon


@method(
    "industry.ferroalloy.ch4",
    category="2C2",
    gas="CH4",
    title="铁合金生产 CH4",
    source=f"{CHAPTER} eq. 4.18",
)
def ferroalloy_ch4(ferroalloy: "t", ferroalloy_ch4_ef: "kg CH4/t") -> "t CH4":
    """Methane of silicon alloys: output times factor."""
    return ferroalloy * ferroalloy_ch4_ef * T_PER_KG


@method(
    "industry.reductant.co2",
    category="2C7",
    gas="CO2",
    title="有色金属冶炼还原剂 CO2",
    source="其他有色金属冶炼和压延加工业企业温室气体排放核算方法与报告指南 (能源作为原材料用途)",
)
def reductant_co2(reductant: "t", reductant_ef: "t CO2/t") -> "t CO2":
    """CO2 of a fuel used as a reducer; the same fuel is then not reported as burnt."""
    return reductant * reductant_ef


@method(
    "industry.lead_zinc.co2",
    category="2C",
    gas="CO2",
    title="铅、锌冶炼 CO2（IPCC 方法 1）",
    source=f"{CHAPTER} eq. 4.32, 4.33",
)
def lead_zinc_co2(metal: "t", metal_ef: "t CO2/t") -> "t CO2":
    """CO2 of lead or zinc by output; holds the reducer, so it must not also be burnt in 1A."""
    return metal * metal_ef
