"""Livestock: methane of enteric fermentation and of manure; nitrous oxide of manure from `livestock_nitrogen`.

Source: 省级温室气体清单编制指南 (agriculture), GB/T 32151.22-2024, IPCC 2006 and 2019 volume 4 chapter 10. Tier 1 is
animals times a factor; Tier 2 builds the factor from feed energy (`livestock_energy`), volatile solids (here) and
nitrogen excretion (`livestock_nitrogen`). A sum over manure systems is a sum over activity rows: one row per system,
with the share of the manure that goes there.
"""

from typing import Any

from dafeng.domains.inventory.methods import livestock_energy as energy
from dafeng.domains.inventory.methods.constants import T_PER_KG
from dafeng.domains.inventory.methods.livestock_energy import (
    CHAPTER,
    DAYS_PER_HEAD,
    GROSS_ENERGY_OF_DRY_MATTER,
    HUNDRED,
    KG_PER_G,
    REFINED,
)
from dafeng.domains.inventory.methods.livestock_nitrogen import manure_n2o
from dafeng.kernel.accounting import constant, method

METHANE_ENERGY = constant("55.65", 55.65, "MJ/kg CH4")
METHANE_DENSITY_20C = constant("0.67", 0.67, "kg/m3")
SOLIDS_PER_DRY_MATTER = constant("1 kg VS/kg dm", 1.0, "VS/dm")
NO_WORK = constant("0 h/d", 0.0, "h/d")


# Enteric fermentation


@method(
    "agriculture.enteric.ch4",
    category="3A1",
    gas="CH4",
    title="动物肠道发酵 CH4（排放因子法）",
    source=f"省级温室气体清单编制指南(试行) 2011 农业; GB/T 32151.22-2024 公式 (5); {CHAPTER} eq. 10.19",
)
def enteric_ch4(head: "head", enteric_ch4_ef: "kg CH4/head") -> "t CH4":
    """Methane of enteric fermentation: animals times the factor of one animal and year."""
    return head * enteric_ch4_ef * T_PER_KG


@method(
    "agriculture.enteric.emission_factor",
    category="3A1",
    title="肠道发酵 CH4 排放因子（由总能与 Ym）",
    source=f"{CHAPTER} eq. 10.21; GB/T 32151.22-2024 公式 (7)",
    activity=(),
)
def enteric_emission_factor(gross_energy: "MJ/d", ym: "%") -> "kg CH4/head":
    """Factor of one animal and year: the part Ym of its gross energy that leaves as methane."""
    return gross_energy * (ym / HUNDRED) * DAYS_PER_HEAD / METHANE_ENERGY


@method(
    "agriculture.enteric.emission_factor.from_dry_matter",
    category="3A1",
    title="肠道发酵 CH4 排放因子（由干物质采食量与 Ym）",
    source="GB/T 32151.22-2024 公式 (7)、(8)",
    activity=(),
)
def enteric_emission_factor_from_dry_matter(dry_matter_intake: "kg dm/d", ym: "%") -> "kg CH4/head":
    """Factor of one animal and year from the dry matter it eats."""
    return enteric_emission_factor(energy.gross_energy_from_dry_matter(dry_matter_intake), ym)


@method(
    "agriculture.enteric.emission_factor.from_methane_yield",
    category="3A1",
    title="肠道发酵 CH4 排放因子（由采食量与甲烷产率 MY）",
    source=f"{REFINED} eq. 10.21A",
    activity=(),
)
def enteric_emission_factor_from_yield(dry_matter_intake: "kg dm/d", methane_yield: "g CH4/kg dm") -> "kg CH4/head":
    """Simplified Tier 2: dry matter eaten times the methane yield of the diet."""
    return dry_matter_intake * methane_yield * KG_PER_G * DAYS_PER_HEAD


def _cattle_factor(
    body_weight: Any,
    weight_gain: Any,
    milk: Any,
    milk_fat: Any,
    work_hours: Any,
    pregnant_share: Any,
    mature_weight: Any,
    maintenance_coefficient: Any,
    activity_coefficient: Any,
    growth_coefficient: Any,
    pregnancy_coefficient: Any,
    digestibility: Any,
    ym: Any,
) -> Any:
    """Enteric factor of the average animal of a herd, through equations 10.3 to 10.16 and 10.21."""
    maintenance = energy.net_energy_maintenance(maintenance_coefficient, body_weight)
    intake = energy.gross_energy_cattle(
        maintenance,
        energy.net_energy_activity_cattle(activity_coefficient, maintenance),
        energy.net_energy_lactation_cattle(milk, milk_fat),
        energy.net_energy_work(maintenance, work_hours),
        energy.net_energy_pregnancy(pregnancy_coefficient, maintenance) * pregnant_share,
        energy.net_energy_growth_cattle(body_weight, growth_coefficient, mature_weight, weight_gain),
        energy.maintenance_energy_ratio(digestibility),
        energy.growth_energy_ratio(digestibility),
        digestibility,
    )
    return enteric_emission_factor(intake, ym)


@method(
    "agriculture.enteric.ch4.tier2_dairy",
    category="3A1",
    gas="CH4",
    title="奶牛肠道发酵 CH4（方法二，由体重、产奶推算）",
    source=f"{CHAPTER} eq. 10.3–10.16, 10.21, 10.19",
    activity=("head", "body_weight", "weight_gain", "milk", "milk_fat", "pregnant_share"),
)
def enteric_ch4_dairy(
    head: "head",
    body_weight: "kg",
    weight_gain: "kg/d",
    milk: "kg/d",
    milk_fat: "%",
    pregnant_share: "1",
    mature_weight: "kg",
    maintenance_coefficient: "MJ/d kg",
    activity_coefficient: "1",
    growth_coefficient: "1",
    pregnancy_coefficient: "1",
    digestibility: "%",
    ym: "%",
) -> "t CH4":
    """Methane of dairy cows; milk, fat and share in calf must be reported, and nothing is assumed for them."""
    factor = _cattle_factor(
        body_weight, weight_gain, milk, milk_fat, NO_WORK, pregnant_share, mature_weight, maintenance_coefficient,
        activity_coefficient, growth_coefficient, pregnancy_coefficient, digestibility, ym,
    )  # fmt: skip
    return enteric_ch4(head, factor)


@method(
    "agriculture.enteric.ch4.tier2_cattle",
    category="3A1",
    gas="CH4",
    title="肉牛、水牛肠道发酵 CH4（方法二，由体重、增重推算）",
    source=f"{CHAPTER} eq. 10.3–10.16, 10.21, 10.19",
    activity=("head", "body_weight", "weight_gain", "milk", "milk_fat", "work_hours", "pregnant_share"),
    # Equations 10.8, 10.11 and 10.13 apply only to animals in milk, at work and in calf: not reported means none.
    optional={"milk": 0.0, "milk_fat": 0.0, "work_hours": 0.0, "pregnant_share": 0.0},
)
def enteric_ch4_cattle(
    head: "head",
    body_weight: "kg",
    weight_gain: "kg/d",
    milk: "kg/d",
    milk_fat: "%",
    work_hours: "h/d",
    pregnant_share: "1",
    mature_weight: "kg",
    maintenance_coefficient: "MJ/d kg",
    activity_coefficient: "1",
    growth_coefficient: "1",
    pregnancy_coefficient: "1",
    digestibility: "%",
    ym: "%",
) -> "t CH4":
    """Methane of beef cattle or buffalo, from their average animal through net and gross energy."""
    factor = _cattle_factor(
        body_weight, weight_gain, milk, milk_fat, work_hours, pregnant_share, mature_weight, maintenance_coefficient,
        activity_coefficient, growth_coefficient, pregnancy_coefficient, digestibility, ym,
    )  # fmt: skip
    return enteric_ch4(head, factor)


@method(
    "agriculture.enteric.ch4.tier2_sheep",
    category="3A1",
    gas="CH4",
    title="绵羊、山羊肠道发酵 CH4（方法二，由体重、产毛、产奶推算）",
    source=f"{CHAPTER} eq. 10.3, 10.5, 10.7, 10.9, 10.12–10.16, 10.21, 10.19",
    activity=("head", "body_weight", "weaning_weight", "yearling_weight", "milk", "wool", "pregnant_share"),
    # Equations 10.9, 10.12 and 10.13 apply only to animals in milk, shorn and in lamb: not reported means none.
    optional={"milk": 0.0, "wool": 0.0, "pregnant_share": 0.0},
)
def enteric_ch4_sheep(
    head: "head",
    body_weight: "kg",
    weaning_weight: "kg",
    yearling_weight: "kg",
    milk: "kg/d",
    wool: "kg",
    pregnant_share: "1",
    maintenance_coefficient: "MJ/d kg",
    activity_coefficient_sheep: "MJ/d kg",
    growth_energy_a: "MJ/kg",
    growth_energy_b: "MJ/kg**2",
    milk_energy: "MJ/kg",
    wool_energy: "MJ/kg",
    pregnancy_coefficient: "1",
    digestibility: "%",
    ym: "%",
) -> "t CH4":
    """Methane of sheep or goats; for grown animals the weaning weight equals the yearling weight (no growth)."""
    maintenance = energy.net_energy_maintenance(maintenance_coefficient, body_weight)
    intake = energy.gross_energy_sheep(
        maintenance,
        energy.net_energy_activity_sheep(activity_coefficient_sheep, body_weight),
        energy.net_energy_lactation_sheep(milk, milk_energy),
        energy.net_energy_pregnancy(pregnancy_coefficient, maintenance) * pregnant_share,
        energy.net_energy_growth_sheep(weaning_weight, yearling_weight, growth_energy_a, growth_energy_b),
        energy.net_energy_wool(wool_energy, wool),
        energy.maintenance_energy_ratio(digestibility),
        energy.growth_energy_ratio(digestibility),
        digestibility,
    )
    return enteric_ch4(head, enteric_emission_factor(intake, ym))


@method(
    "agriculture.enteric.ch4.tier2_dry_matter",
    category="3A1",
    gas="CH4",
    title="肠道发酵 CH4（方法二，由干物质采食量推算）",
    source="GB/T 32151.22-2024 公式 (5)、(7)、(8)",
    activity=("head", "dry_matter_intake"),
)
def enteric_ch4_dry_matter(head: "head", dry_matter_intake: "kg dm/d", ym: "%") -> "t CH4":
    """Methane of a herd from the dry matter that its average animal eats in a day."""
    return enteric_ch4(head, enteric_emission_factor_from_dry_matter(dry_matter_intake, ym))


# Manure, methane


@method(
    "agriculture.manure.ch4",
    category="3A2",
    gas="CH4",
    title="动物粪便管理 CH4（排放因子法）",
    source=f"省级温室气体清单编制指南(试行) 2011 农业; GB/T 32151.22-2024 公式 (9); {CHAPTER} eq. 10.22",
)
def manure_ch4(head: "head", manure_ch4_ef: "kg CH4/head") -> "t CH4":
    """Methane of manure: animals times the regional factor of one animal and year."""
    return head * manure_ch4_ef * T_PER_KG


@method(
    "agriculture.manure.ch4.by_volatile_solids",
    category="3A2",
    gas="CH4",
    title="动物粪便管理 CH4（2019 修订，方法一）",
    source=f"{REFINED} eq. 10.22",
    activity=("head", "system_share"),
)
def manure_ch4_by_solids(
    head: "head", system_share: "1", volatile_solids_annual: "kg VS/head", manure_ch4_per_vs: "g CH4/kg VS"
) -> "t CH4":
    """Methane of one manure system: volatile solids times a factor per kg of them."""
    return head * volatile_solids_annual * system_share * manure_ch4_per_vs * KG_PER_G * T_PER_KG


@method(
    "agriculture.manure.volatile_solids.tier1",
    category="3A2",
    title="年挥发性固体排泄量 VS（方法一）",
    source=f"{REFINED} eq. 10.22A",
    activity=(),
)
def volatile_solids_tier1(vs_rate: "kg VS/t d", animal_mass: "kg") -> "kg VS/head":
    """Yearly volatile solids of one animal, from a rate per 1000 kg of animal."""
    return vs_rate * animal_mass * T_PER_KG * DAYS_PER_HEAD


@method(
    "agriculture.manure.volatile_solids",
    category="3A2",
    title="日挥发性固体排泄量 VS（由总能）",
    source=f"{CHAPTER} eq. 10.24",
    activity=(),
)
def volatile_solids_from_energy(gross_energy: "MJ/d", digestibility: "%", urinary_energy: "1", ash: "1") -> "kg VS/d":
    """Organic matter excreted in a day: feed not digested plus urine, less ash."""
    undigested = gross_energy * ((HUNDRED - digestibility) / HUNDRED) + urinary_energy * gross_energy
    return undigested * ((1 - ash) / GROSS_ENERGY_OF_DRY_MATTER) * SOLIDS_PER_DRY_MATTER


@method(
    "agriculture.manure.weighted_mcf",
    category="3A2",
    title="各粪便管理方式加权甲烷转化系数 ΣMCF·MS",
    source=f"{CHAPTER} eq. 10.23, the sum over systems",
    activity=("mcf_1", "share_1", "mcf_2", "share_2", "mcf_3", "share_3", "mcf_4", "share_4"),
    optional=dict.fromkeys(("mcf_2", "share_2", "mcf_3", "share_3", "mcf_4", "share_4"), 0.0),
)
def weighted_mcf(
    mcf_1: "%",
    share_1: "1",
    mcf_2: "%",
    share_2: "1",
    mcf_3: "%",
    share_3: "1",
    mcf_4: "%",
    share_4: "1",
) -> "%":
    """Methane conversion factor of up to four systems, weighted by the share of manure in each."""
    return mcf_1 * share_1 + mcf_2 * share_2 + mcf_3 * share_3 + mcf_4 * share_4


@method(
    "agriculture.manure.ch4_emission_factor",
    category="3A2",
    title="粪便管理 CH4 排放因子（由 VS、B0、MCF）",
    source=f"{CHAPTER} eq. 10.23; GB/T 32151.22-2024 公式 (10)",
    activity=(),
)
def manure_ch4_factor(
    volatile_solids: "kg VS/d", methane_capacity: "m3 CH4/kg VS", mcf: "%", system_share: "1"
) -> "kg CH4/head":
    """Factor of one animal and year for one manure system; with the weighted MCF and share 1, for all systems."""
    per_solids = methane_capacity * METHANE_DENSITY_20C * (mcf / HUNDRED) * system_share
    return volatile_solids * DAYS_PER_HEAD * per_solids


@method(
    "agriculture.manure.ch4.tier2",
    category="3A2",
    gas="CH4",
    title="动物粪便管理 CH4（方法二，按管理方式和气温）",
    source=f"{CHAPTER} eq. 10.23; GB/T 32151.22-2024 公式 (9)、(10)",
    activity=("head", "system_share"),
)
def manure_ch4_tier2(
    head: "head",
    system_share: "1",
    volatile_solids: "kg VS/d",
    methane_capacity: "m3 CH4/kg VS",
    mcf: "%",
) -> "t CH4":
    """Methane of one manure system: the row's technology is the system and temperature, its share that of the herd."""
    return manure_ch4(head, manure_ch4_factor(volatile_solids, methane_capacity, mcf, system_share))


__all__ = ["enteric_ch4", "manure_ch4", "manure_n2o"]  # importing this module registers all of livestock
