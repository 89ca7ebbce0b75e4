"""Wastewater: methane of domestic (5D1) and industrial (5D2) wastewater, nitrous oxide of plants and effluent.

Source: 省级温室气体清单编制指南 (waste), IPCC 2006 volume 5 chapter 6 and the 2019 Refinement. Methane is organic
load (BOD or COD), less what leaves with the sludge, times what it can give (B0) and the airless part (MCF), less what
is recovered. Nitrous oxide is nitrogen of eaten and discarded protein times a factor. Loads are tonnes of BOD or COD:
each is a dimension of its own, so that one is never taken for the other. Recovered methane is reported as mass, plain
tonnes.
"""

from dafeng.domains.inventory.methods.constants import DAYS_PER_YEAR, N2O_PER_N, T_PER_G, T_PER_KG
from dafeng.domains.inventory.methods.waste_treatment import METHANE
from dafeng.kernel.accounting import constant, method

CHAPTER = "IPCC 2006 Vol.5 Ch.6"
REFINED = "IPCC 2019 Refinement Vol.5 Ch.6"
GUIDELINE = "省级温室气体清单编制指南(试行) 2011 废弃物处理"

SEPTIC_HALF = constant("0.5", 0.5, "1")


# Organic load of domestic wastewater


@method(
    "wastewater.domestic.bod.population",
    category="5D1",
    title="生活污水有机物总量 TOW（人口 × 人均 BOD）",
    source=f"{CHAPTER} eq. 6.3",
)
def bod_of_population(
    population: "person", bod_per_person: "g BOD/person/d", industrial_bod_correction: "1"
) -> "t BOD":
    """Organic load of a year: people, BOD of a person and day, correction for industry on the sewer."""
    return population * bod_per_person * T_PER_G * industrial_bod_correction * DAYS_PER_YEAR


@method(
    "wastewater.domestic.bod.cod",
    category="5D1",
    title="生活污水 BOD（由 COD 与 BOD/COD 比值）",
    source=f"{GUIDELINE} (各区域平均 BOD/COD)",
)
def bod_of_cod(cod: "t COD", bod_cod_ratio: "t BOD/t COD") -> "t BOD":
    """BOD where only COD is reported: COD times the regional ratio."""
    return cod * bod_cod_ratio


@method(
    "wastewater.domestic.bod.pathway",
    category="5D1",
    title="某处理途径的有机物量 TOWj（人口份额 × 利用程度）",
    source=f"{CHAPTER} eq. 6.1 (U × T); {REFINED} eq. 6.3a",
    activity=("bod", "population_share", "treatment_share"),
)
def bod_of_pathway(
    bod: "t BOD", population_share: "1", treatment_share: "1", industrial_bod_correction: "1"
) -> "t BOD":
    """Load that goes to one system: share of an income group, its use of the system, correction for industry."""
    return bod * population_share * treatment_share * industrial_bod_correction


@method(
    "wastewater.domestic.sludge_bod.aerobic",
    category="5D1",
    title="好氧处理随污泥去除的 BOD",
    source=f"{REFINED} eq. 6.3b",
)
def sludge_bod_aerobic(sludge_dry_mass: "t", sludge_bod_factor: "t BOD/t") -> "t BOD":
    """BOD that leaves an aerobic plant with its sludge."""
    return sludge_dry_mass * sludge_bod_factor


@method(
    "wastewater.domestic.sludge_bod.septic",
    category="5D1",
    title="化粪池随污泥清掏去除的 BOD",
    source=f"{REFINED} eq. 6.3c",
)
def sludge_bod_septic(bod_septic: "t BOD", septic_managed_fraction: "1") -> "t BOD":
    """BOD that leaves septic tanks with their sludge: half of it where tanks are emptied as told."""
    return bod_septic * septic_managed_fraction * SEPTIC_HALF


@method(
    "wastewater.domestic.bod.effluent",
    category="5D1",
    title="处理后出水中的有机物量",
    source=f"{REFINED} eq. 6.3d",
    activity=("bod", "treatment_share"),
)
def bod_effluent(bod: "t BOD", treatment_share: "1", bod_removed_fraction: "1") -> "t BOD":
    """Load still in the effluent of a treatment system."""
    return bod * treatment_share * (1 - bod_removed_fraction)


# Methane of domestic wastewater


@method(
    "wastewater.domestic.ch4_ef",
    category="5D1",
    title="生活污水 CH4 排放因子（B0 × MCF）",
    source=f"{CHAPTER} eq. 6.2",
    activity=(),
)
def domestic_ch4_ef(b0_bod: "t CH4/t BOD", mcf_wastewater: "1") -> "t CH4/t BOD":
    """Methane per BOD of one treatment or discharge pathway."""
    return b0_bod * mcf_wastewater


@method(
    "wastewater.domestic.ch4",
    category="5D1",
    gas="CH4",
    title="生活污水处理 CH4（BOD 计，扣除污泥与回收）",
    source=f"{GUIDELINE} (E = TOW × B0 × MCF − R); {CHAPTER} eq. 6.1",
    activity=("bod", "sludge_bod", "recovered"),
    optional={"sludge_bod": 0.0, "recovered": 0.0},
)
def domestic_ch4(
    bod: "t BOD", sludge_bod: "t BOD", recovered: "t", b0_bod: "t CH4/t BOD", mcf_wastewater: "1"
) -> "t CH4":
    """Methane of domestic wastewater: load less sludge, times B0 and MCF, less what is recovered."""
    return (bod - sludge_bod) * domestic_ch4_ef(b0_bod, mcf_wastewater) - recovered * METHANE


@method(
    "wastewater.domestic.cod.ch4",
    category="5D1",
    gas="CH4",
    title="生活污水处理 CH4（COD 计，按 BOD/COD 折算）",
    source=f"{GUIDELINE} (BOD = COD × BOD/COD; E = TOW × B0 × MCF − R)",
    activity=("cod", "recovered"),
    optional={"recovered": 0.0},
)
def domestic_cod_ch4(
    cod: "t COD", recovered: "t", bod_cod_ratio: "t BOD/t COD", b0_bod: "t CH4/t BOD", mcf_wastewater: "1"
) -> "t CH4":
    """Methane of domestic wastewater where the plant reports COD."""
    return bod_of_cod(cod, bod_cod_ratio) * domestic_ch4_ef(b0_bod, mcf_wastewater) - recovered * METHANE


@method(
    "wastewater.domestic.population.ch4",
    category="5D1",
    gas="CH4",
    title="生活污水处理 CH4（人口计）",
    source=f"{CHAPTER} eq. 6.1 with eq. 6.2, 6.3",
    activity=("population", "sludge_bod", "recovered"),
    optional={"sludge_bod": 0.0, "recovered": 0.0},
)
def domestic_population_ch4(
    population: "person",
    sludge_bod: "t BOD",
    recovered: "t",
    bod_per_person: "g BOD/person/d",
    industrial_bod_correction: "1",
    b0_bod: "t CH4/t BOD",
    mcf_wastewater: "1",
) -> "t CH4":
    """Methane of domestic wastewater where only the population on the system is known."""
    load = bod_of_population(population, bod_per_person, industrial_bod_correction)
    return (load - sludge_bod) * domestic_ch4_ef(b0_bod, mcf_wastewater) - recovered * METHANE


@method(
    "wastewater.domestic.pathway.ch4",
    category="5D1",
    gas="CH4",
    title="生活污水某处理途径 CH4（U × T × B0 × MCF）",
    source=f"{CHAPTER} eq. 6.1 (one pathway); {REFINED} eq. 6.1",
    activity=("bod", "population_share", "treatment_share", "sludge_bod", "recovered"),
    optional={"sludge_bod": 0.0, "recovered": 0.0},
)
def domestic_pathway_ch4(
    bod: "t BOD",
    population_share: "1",
    treatment_share: "1",
    sludge_bod: "t BOD",
    recovered: "t",
    industrial_bod_correction: "1",
    b0_bod: "t CH4/t BOD",
    mcf_wastewater: "1",
) -> "t CH4":
    """Methane of one income group and pathway."""
    load = bod_of_pathway(bod, population_share, treatment_share, industrial_bod_correction)
    return (load - sludge_bod) * domestic_ch4_ef(b0_bod, mcf_wastewater) - recovered * METHANE


# Industrial wastewater


@method(
    "wastewater.industrial.cod.output",
    category="5D2",
    title="工业废水有机物总量 TOW（产量 × 废水量 × COD 浓度）",
    source=f"{CHAPTER} eq. 6.6",
)
def cod_of_output(industrial_output: "t", wastewater_per_output: "m3/t", cod_concentration: "kg COD/m3") -> "t COD":
    """Organic load of an industry: product, wastewater per product, COD per wastewater."""
    return industrial_output * wastewater_per_output * cod_concentration * T_PER_KG


@method(
    "wastewater.industrial.ch4_ef",
    category="5D2",
    title="工业废水 CH4 排放因子（B0 × MCF）",
    source=f"{CHAPTER} eq. 6.5",
    activity=(),
)
def industrial_ch4_ef(b0_cod: "t CH4/t COD", mcf_wastewater: "1") -> "t CH4/t COD":
    """Methane per COD of one industry's treatment."""
    return b0_cod * mcf_wastewater


@method(
    "wastewater.industrial.ch4",
    category="5D2",
    gas="CH4",
    title="工业废水处理 CH4（分行业，扣除污泥与回收）",
    source=f"{GUIDELINE} (E = Σ[(TOW − S) × EF − R]); {CHAPTER} eq. 6.4",
    activity=("cod", "sludge_cod", "recovered"),
    optional={"sludge_cod": 0.0, "recovered": 0.0},
)
def industrial_ch4(
    cod: "t COD", sludge_cod: "t COD", recovered: "t", b0_cod: "t CH4/t COD", mcf_wastewater: "1"
) -> "t CH4":
    """Methane of one industry: COD less sludge, times B0 and MCF, less what is recovered."""
    return (cod - sludge_cod) * industrial_ch4_ef(b0_cod, mcf_wastewater) - recovered * METHANE


@method(
    "wastewater.industrial.output.ch4",
    category="5D2",
    gas="CH4",
    title="工业废水处理 CH4（由产品产量）",
    source=f"{CHAPTER} eq. 6.4 with eq. 6.5, 6.6",
    activity=("industrial_output", "sludge_cod", "recovered"),
    optional={"sludge_cod": 0.0, "recovered": 0.0},
)
def industrial_output_ch4(
    industrial_output: "t",
    sludge_cod: "t COD",
    recovered: "t",
    wastewater_per_output: "m3/t",
    cod_concentration: "kg COD/m3",
    b0_cod: "t CH4/t COD",
    mcf_wastewater: "1",
) -> "t CH4":
    """Methane of one industry where only its output is known."""
    load = cod_of_output(industrial_output, wastewater_per_output, cod_concentration)
    return (load - sludge_cod) * industrial_ch4_ef(b0_cod, mcf_wastewater) - recovered * METHANE


# Nitrous oxide of domestic wastewater, 2006


@method(
    "wastewater.nitrogen.effluent",
    category="5D1",
    title="污水中氮含量 N_E",
    source=f"{GUIDELINE} (N_E); {CHAPTER} eq. 6.8",
    activity=("population", "protein", "sludge_nitrogen"),
    optional={"sludge_nitrogen": 0.0},
)
def nitrogen_effluent(
    population: "person",
    protein: "kg protein/person",
    sludge_nitrogen: "kg N",
    nitrogen_in_protein: "kg N/kg protein",
    non_consumed_protein: "1",
    industrial_protein: "1",
) -> "kg N":
    """Nitrogen in the wastewater: protein eaten, discarded and co-discharged by industry, less nitrogen in sludge."""
    return population * protein * nitrogen_in_protein * non_consumed_protein * industrial_protein - sludge_nitrogen


@method(
    "wastewater.n2o.effluent",
    category="5D1",
    gas="N2O",
    title="污水排放 N2O（由 N_E）",
    source=f"{GUIDELINE} (E = N_E × EF × 44/28); {CHAPTER} eq. 6.7; {REFINED} eq. 6.7",
)
def n2o_effluent(nitrogen_discharged: "kg N", effluent_n2o_ef: "kg N/kg N") -> "t N2O":
    """Nitrous oxide of nitrogen discharged to water."""
    return nitrogen_discharged * effluent_n2o_ef * N2O_PER_N * T_PER_KG


@method(
    "wastewater.n2o",
    category="5D1",
    gas="N2O",
    title="废水处理 N2O（人口与蛋白质）",
    source=f"{GUIDELINE} (E = N_E × EF × 44/28); {CHAPTER} eq. 6.7 with eq. 6.8",
    activity=("population", "protein", "sludge_nitrogen"),
    optional={"sludge_nitrogen": 0.0},
)
def wastewater_n2o(
    population: "person",
    protein: "kg protein/person",
    sludge_nitrogen: "kg N",
    nitrogen_in_protein: "kg N/kg protein",
    non_consumed_protein: "1",
    industrial_protein: "1",
    effluent_n2o_ef: "kg N/kg N",
) -> "t N2O":
    """Nitrous oxide of domestic wastewater from population and protein supply."""
    nitrogen = nitrogen_effluent(
        population, protein, sludge_nitrogen, nitrogen_in_protein, non_consumed_protein, industrial_protein
    )
    return n2o_effluent(nitrogen, effluent_n2o_ef)


@method(
    "wastewater.n2o.plant.population",
    category="5D1",
    gas="N2O",
    title="污水处理厂 N2O（人口计，IPCC 2006）",
    source=f"{CHAPTER} eq. 6.9 (Box 6.1)",
    activity=("population", "plant_share"),
)
def plant_n2o_population(
    population: "person", plant_share: "1", industrial_protein: "1", plant_n2o_per_person: "kg N2O/person"
) -> "t N2O":
    """Nitrous oxide of advanced plants: people on them, industry on the sewer, gas per person."""
    return population * plant_share * industrial_protein * plant_n2o_per_person * T_PER_KG


@method(
    "wastewater.nitrogen.plant",
    category="5D1",
    title="污水厂 N2O 中的氮（从 N_E 扣减）",
    source=f"{CHAPTER} Box 6.1 (N_WWT = N2O_plants × 28/44)",
    activity=(),
)
def nitrogen_of_plant(plant_n2o: "t N2O") -> "t N":
    """Nitrogen that left as nitrous oxide in plants, to be taken from the effluent's nitrogen."""
    return plant_n2o / N2O_PER_N


# Nitrous oxide, 2019


@method(
    "wastewater.protein_consumed",
    category="5D1",
    title="人均蛋白质消费量（由供应量）",
    source=f"{REFINED} eq. 6.10a",
    activity=(),
)
def protein_consumed(protein_supply: "kg protein/person", protein_consumed_fraction: "1") -> "kg protein/person":
    """Protein eaten of the protein supplied."""
    return protein_supply * protein_consumed_fraction


@method(
    "wastewater.nitrogen.domestic",
    category="5D1",
    title="生活污水总氮 TN（IPCC 2019）",
    source=f"{REFINED} eq. 6.10",
    activity=("population", "protein"),
)
def nitrogen_domestic(
    population: "person",
    protein: "kg protein/person",
    nitrogen_in_protein: "kg N/kg protein",
    household_nitrogen: "1",
    non_consumed_protein: "1",
    industrial_protein: "1",
) -> "kg N":
    """Nitrogen in the wastewater of a pathway, household products included."""
    return population * protein * nitrogen_in_protein * household_nitrogen * non_consumed_protein * industrial_protein


@method(
    "wastewater.n2o.plant",
    category="5D1",
    gas="N2O",
    title="污水处理厂 N2O（总氮计，IPCC 2019）",
    source=f"{REFINED} eq. 6.9",
    activity=("total_nitrogen", "population_share", "treatment_share"),
)
def plant_n2o(
    total_nitrogen: "kg N", population_share: "1", treatment_share: "1", plant_n2o_ef: "kg N/kg N"
) -> "t N2O":
    """Nitrous oxide of a treatment system from the nitrogen that enters it."""
    return total_nitrogen * population_share * treatment_share * plant_n2o_ef * N2O_PER_N * T_PER_KG


@method(
    "wastewater.n2o.plant.protein",
    category="5D1",
    gas="N2O",
    title="污水处理厂 N2O（人口与蛋白质，IPCC 2019）",
    source=f"{REFINED} eq. 6.9 with eq. 6.10",
    activity=("population", "protein"),
)
def plant_n2o_protein(
    population: "person",
    protein: "kg protein/person",
    nitrogen_in_protein: "kg N/kg protein",
    household_nitrogen: "1",
    non_consumed_protein: "1",
    industrial_protein: "1",
    plant_n2o_ef: "kg N/kg N",
) -> "t N2O":
    """Nitrous oxide of the system that serves a population."""
    nitrogen = nitrogen_domestic(
        population, protein, nitrogen_in_protein, household_nitrogen, non_consumed_protein, industrial_protein
    )
    return nitrogen * plant_n2o_ef * N2O_PER_N * T_PER_KG


@method(
    "wastewater.nitrogen.discharged",
    category="5D1",
    title="处理后排入水体的氮（IPCC 2019）",
    source=f"{REFINED} eq. 6.8, 6.14",
    activity=("total_nitrogen", "treatment_share"),
)
def nitrogen_discharged(total_nitrogen: "kg N", treatment_share: "1", nitrogen_removed: "1") -> "kg N":
    """Nitrogen in the effluent of a system: what it gets, less what it takes out."""
    return total_nitrogen * treatment_share * (1 - nitrogen_removed)


@method(
    "wastewater.nitrogen.industrial",
    category="5D2",
    title="工业废水总氮 TN（产量 × 废水量 × 氮浓度）",
    source=f"{REFINED} eq. 6.13",
)
def nitrogen_industrial(
    industrial_output: "t", wastewater_per_output: "m3/t", nitrogen_concentration: "kg N/m3"
) -> "kg N":
    """Nitrogen in the wastewater of an industry."""
    return industrial_output * wastewater_per_output * nitrogen_concentration


@method(
    "wastewater.n2o.industrial.plant",
    category="5D2",
    gas="N2O",
    title="工业废水处理 N2O（IPCC 2019）",
    source=f"{REFINED} eq. 6.11",
    activity=("total_nitrogen", "treatment_share"),
)
def industrial_plant_n2o(total_nitrogen: "kg N", treatment_share: "1", plant_n2o_ef: "kg N/kg N") -> "t N2O":
    """Nitrous oxide of an industry's own treatment."""
    return total_nitrogen * treatment_share * plant_n2o_ef * N2O_PER_N * T_PER_KG


@method(
    "wastewater.n2o.industrial.output",
    category="5D2",
    gas="N2O",
    title="工业废水处理 N2O（由产品产量，IPCC 2019）",
    source=f"{REFINED} eq. 6.11 with eq. 6.13",
)
def industrial_output_n2o(
    industrial_output: "t",
    wastewater_per_output: "m3/t",
    nitrogen_concentration: "kg N/m3",
    plant_n2o_ef: "kg N/kg N",
) -> "t N2O":
    """Nitrous oxide of an industry's treatment from its output."""
    nitrogen = nitrogen_industrial(industrial_output, wastewater_per_output, nitrogen_concentration)
    return nitrogen * plant_n2o_ef * N2O_PER_N * T_PER_KG
