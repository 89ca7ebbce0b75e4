"""Waste treatment: composting and digestion (5B), incineration (5C1), open burning (5C2).

Source: 省级温室气体清单编制指南 (waste), IPCC 2006 volume 5 chapters 4 and 5. Only the fossil carbon of burnt waste
counts; the rest is a memo item with a method of its own. A plant that sells power reports its fossil CO2 in energy,
not here. Recovered methane is reported as mass, plain tonnes.
"""

from dafeng.domains.inventory.methods.constants import CO2_PER_C, DAYS_PER_YEAR, T_PER_G, T_PER_KG, T_PER_MG
from dafeng.kernel.accounting import constant, method

BIOLOGICAL = "IPCC 2006 Vol.5 Ch.4"
BURNING = "IPCC 2006 Vol.5 Ch.5"
GUIDELINE = "省级温室气体清单编制指南(试行) 2011 废弃物处理"

# Recovered gas is metered as mass of methane.
METHANE = constant("1 t CH4/t", 1.0, "t CH4/t")


# Composting and anaerobic digestion


@method(
    "waste.biological.ch4",
    category="5B",
    gas="CH4",
    title="堆肥、厌氧消化 CH4（扣除回收）",
    source=f"{BIOLOGICAL} eq. 4.1",
    activity=("treated", "recovered"),
    optional={"recovered": 0.0},
)
def biological_ch4(treated: "t", recovered: "t", biological_ch4_ef: "kg CH4/t") -> "t CH4":
    """Methane of composting or digestion: waste treated times factor, less methane recovered."""
    return treated * biological_ch4_ef * T_PER_KG - recovered * METHANE


@method(
    "waste.biological.n2o",
    category="5B",
    gas="N2O",
    title="堆肥、厌氧消化 N2O",
    source=f"{BIOLOGICAL} eq. 4.2",
)
def biological_n2o(treated: "t", biological_n2o_ef: "kg N2O/t") -> "t N2O":
    """Nitrous oxide of composting or digestion: waste treated times factor."""
    return treated * biological_n2o_ef * T_PER_KG


# Incineration


@method(
    "waste.incineration.co2",
    category="5C1",
    gas="CO2",
    title="废弃物焚烧 CO2（矿物碳部分）",
    source=f"{GUIDELINE} (E = IW × CCW × FCF × EF × 44/12)",
)
def incineration_co2(burnt: "t", waste_carbon: "t C/t", fossil_fraction: "1", combustion_efficiency: "1") -> "t CO2":
    """Fossil CO2 of burnt waste: its carbon, the fossil part, the part that burns."""
    return burnt * waste_carbon * fossil_fraction * combustion_efficiency * CO2_PER_C


@method(
    "waste.incineration.biogenic_co2",
    category="5C1",
    gas="CO2",
    title="废弃物焚烧 CO2（生物碳部分，信息项）",
    source=f"{GUIDELINE}; {BURNING} section 5.2 (biogenic CO2 is an information item)",
)
def incineration_biogenic_co2(
    burnt: "t", waste_carbon: "t C/t", fossil_fraction: "1", combustion_efficiency: "1"
) -> "t CO2":
    """Biogenic CO2 of burnt waste, a memo item: the part of its carbon that is not fossil."""
    return burnt * waste_carbon * (1 - fossil_fraction) * combustion_efficiency * CO2_PER_C


@method(
    "waste.incineration.dry_matter.co2",
    category="5C1",
    gas="CO2",
    title="废弃物焚烧 CO2（干物质含量、碳含量、化石碳比例、氧化因子）",
    source=f"{BURNING} eq. 5.1, 5.2",
)
def incineration_dry_matter_co2(
    burnt: "t", dry_matter: "t dm/t", dry_carbon: "t C/t dm", dry_fossil_fraction: "1", waste_oxidation: "1"
) -> "t CO2":
    """Fossil CO2 of one kind of waste, wet mass: dry matter, carbon in it, fossil part, part oxidised."""
    return burnt * dry_matter * dry_carbon * dry_fossil_fraction * waste_oxidation * CO2_PER_C


@method(
    "waste.incineration.dry_matter.biogenic_co2",
    category="5C1",
    gas="CO2",
    title="废弃物焚烧 CO2（干物质法，生物碳部分，信息项）",
    source=f"{BURNING} eq. 5.1, section 5.2",
)
def incineration_dry_matter_biogenic_co2(
    burnt: "t", dry_matter: "t dm/t", dry_carbon: "t C/t dm", dry_fossil_fraction: "1", waste_oxidation: "1"
) -> "t CO2":
    """Biogenic CO2 of one kind of waste, a memo item."""
    return burnt * dry_matter * dry_carbon * (1 - dry_fossil_fraction) * waste_oxidation * CO2_PER_C


@method(
    "waste.incineration.liquid.co2",
    category="5C1",
    gas="CO2",
    title="化石液体废弃物焚烧 CO2",
    source=f"{BURNING} eq. 5.3",
)
def liquid_waste_co2(liquid_waste: "t", liquid_waste_carbon: "t C/t", waste_oxidation: "1") -> "t CO2":
    """CO2 of burning fossil liquid waste (waste oil, solvents)."""
    return liquid_waste * liquid_waste_carbon * waste_oxidation * CO2_PER_C


@method(
    "waste.incineration.ch4",
    category="5C1",
    gas="CH4",
    title="废弃物焚烧 CH4（按炉型）",
    source=f"{BURNING} eq. 5.4",
)
def incineration_ch4(burnt: "t", burning_ch4_ef: "g CH4/t") -> "t CH4":
    """Methane of burnt waste (wet) by furnace type; the IPCC prints kg/Gg, which is g/t."""
    return burnt * burning_ch4_ef * T_PER_G


@method(
    "waste.incineration.n2o",
    category="5C1",
    gas="N2O",
    title="废弃物焚烧 N2O（按炉型与废弃物）",
    source=f"{BURNING} eq. 5.5",
)
def incineration_n2o(burnt: "t", burning_n2o_ef: "g N2O/t") -> "t N2O":
    """Nitrous oxide of burnt waste (wet) by furnace type and kind of waste."""
    return burnt * burning_n2o_ef * T_PER_G


@method(
    "waste.incineration.flue_gas.n2o",
    category="5C1",
    gas="N2O",
    title="废弃物焚烧 N2O（烟气浓度 × 烟气量）",
    source=f"{BURNING} eq. 5.6",
    activity=("burnt", "n2o_concentration", "flue_gas_per_waste"),
)
def flue_gas_n2o(burnt: "t", n2o_concentration: "mg N2O/m3", flue_gas_per_waste: "m3/t") -> "t N2O":
    """Nitrous oxide from its measured concentration in the flue gas."""
    return burnt * n2o_concentration * flue_gas_per_waste * T_PER_MG


# Open burning


@method(
    "waste.open_burning.amount",
    category="5C2",
    title="生活垃圾露天焚烧量",
    source=f"{BURNING} eq. 5.7",
    activity=("population", "burning_population_share"),
)
def open_burnt(
    population: "person", burning_population_share: "1", msw_per_person: "kg/person/d", burnt_share: "1"
) -> "t":
    """Waste burnt in the open: population that burns, its daily waste, the share burnt, days of a year."""
    return population * burning_population_share * msw_per_person * burnt_share * DAYS_PER_YEAR * T_PER_KG


@method(
    "waste.open_burning.co2",
    category="5C2",
    gas="CO2",
    title="废弃物露天焚烧 CO2（化石碳部分）",
    source=f"{BURNING} eq. 5.1 (open burning)",
)
def open_burning_co2(
    burnt: "t", dry_matter: "t dm/t", dry_carbon: "t C/t dm", dry_fossil_fraction: "1", waste_oxidation: "1"
) -> "t CO2":
    """Fossil CO2 of waste burnt in the open; less of it oxidises than in a furnace."""
    return incineration_dry_matter_co2(burnt, dry_matter, dry_carbon, dry_fossil_fraction, waste_oxidation)


@method(
    "waste.open_burning.ch4",
    category="5C2",
    gas="CH4",
    title="废弃物露天焚烧 CH4",
    source=f"{BURNING} eq. 5.4 (open burning)",
)
def open_burning_ch4(burnt: "t", burning_ch4_ef: "g CH4/t") -> "t CH4":
    """Methane of waste (wet) burnt in the open."""
    return burnt * burning_ch4_ef * T_PER_G


@method(
    "waste.open_burning.n2o",
    category="5C2",
    gas="N2O",
    title="废弃物露天焚烧 N2O",
    source=f"{BURNING} eq. 5.5 (open burning, factor of dry matter)",
)
def open_burning_n2o(burnt: "t", dry_matter: "t dm/t", open_burning_n2o_ef: "g N2O/t dm") -> "t N2O":
    """Nitrous oxide of waste burnt in the open, from its dry matter."""
    return burnt * dry_matter * open_burning_n2o_ef * T_PER_G
