"""Nitrogen of manure: excretion, direct and indirect nitrous oxide, and what is left for the soil.

Source: 省级温室气体清单编制指南 (agriculture), GB/T 32151.22-2024 formulas (11) to (13), IPCC 2006 and 2019 volume 4
chapter 10 (equations 10.25 to 10.34). Emission factors are kg N of N2O per kg N, so every result in N2O carries 44/28.
Pig and poultry retention (10.33A to 10.33E) is of the 2019 Refinement, as transcribed in bonsai-ipcc 0.5.3.
"""

from dafeng.domains.inventory.methods.constants import N2O_PER_N, T_PER_KG
from dafeng.domains.inventory.methods.livestock_energy import (
    CHAPTER,
    DAYS_PER_HEAD,
    GROSS_ENERGY_OF_DRY_MATTER,
    HUNDRED,
    KG_PER_G,
    REFINED,
)
from dafeng.kernel.accounting import constant, method

PROTEIN_PER_N = constant("6.25", 6.25, "protein/N")
MILK_PROTEIN_PER_N = constant("6.38", 6.38, "protein/N")
GAIN_PROTEIN = constant("268", 268.0, "g protein/kg")
ENERGY_PROTEIN = constant("7.03", 7.03, "g protein/MJ")
PIG_NITROGEN = constant("0.025", 0.025, "kg N/kg")
SOW_GAIN_SHARE = constant("0.806", 0.806, "1")
PIGLET_DIGESTION = constant("0.98", 0.98, "1")


# Nitrous oxide by factor per head


@method(
    "agriculture.manure.n2o",
    category="3A2",
    gas="N2O",
    title="动物粪便管理 N2O（排放因子法）",
    source="省级温室气体清单编制指南(试行) 2011 农业; GB/T 32151.22-2024 公式 (11)",
)
def manure_n2o(head: "head", manure_n2o_ef: "kg N2O/head") -> "t N2O":
    """Direct nitrous oxide of manure: animals times the regional factor of one animal and year."""
    return head * manure_n2o_ef * T_PER_KG


# Nitrogen excretion


@method(
    "agriculture.manure.nitrogen_excretion.tier1",
    category="3A2",
    title="年氮排泄量 Nex（方法一）",
    source=f"{CHAPTER} eq. 10.30",
    activity=(),
)
def nitrogen_excretion_tier1(n_rate: "kg N/t d", animal_mass: "kg") -> "kg N/head":
    """Yearly nitrogen of one animal, from a rate per 1000 kg of animal and its typical mass."""
    return n_rate * animal_mass * T_PER_KG * DAYS_PER_HEAD


@method(
    "agriculture.manure.nitrogen_excretion.tier2",
    category="3A2",
    title="年氮排泄量 Nex（方法二，由氮摄入量与留存比例）",
    source=f"{CHAPTER} eq. 10.31; {REFINED} eq. 10.31A",
    activity=(),
)
def nitrogen_excretion(nitrogen_intake: "kg N/d", retention_fraction: "1") -> "kg N/head":
    """Yearly nitrogen that is eaten and not retained, the retained part being a fraction of intake."""
    return nitrogen_intake * (1 - retention_fraction) * DAYS_PER_HEAD


@method(
    "agriculture.manure.nitrogen_excretion.by_retention",
    category="3A2",
    title="年氮排泄量 Nex（方法二，由氮摄入量与留存量）",
    source=f"{REFINED} eq. 10.31A, second form",
    activity=(),
)
def nitrogen_excretion_by_retention(nitrogen_intake: "kg N/d", nitrogen_retention: "kg N/d") -> "kg N/head":
    """Yearly nitrogen that is eaten and not retained, both in kg a day."""
    return (nitrogen_intake - nitrogen_retention) * DAYS_PER_HEAD


@method(
    "agriculture.manure.nitrogen_intake",
    category="3A2",
    title="日氮摄入量（由总能与粗蛋白）",
    source=f"{CHAPTER} eq. 10.32",
    activity=(),
)
def nitrogen_intake(gross_energy: "MJ/d", crude_protein: "% protein/dm") -> "kg N/d":
    """Nitrogen eaten in a day by cattle, sheep or goats; crude protein in percent of dry matter."""
    return gross_energy / GROSS_ENERGY_OF_DRY_MATTER * (crude_protein / HUNDRED / PROTEIN_PER_N)


@method(
    "agriculture.manure.nitrogen_intake.pigs_poultry",
    category="3A2",
    title="日氮摄入量（猪、家禽，由采食量与粗蛋白）",
    source=f"{REFINED} eq. 10.32A",
    activity=(),
)
def nitrogen_intake_pigs_poultry(dry_matter_intake: "kg dm/d", crude_protein: "% protein/dm") -> "kg N/d":
    """Nitrogen eaten in a day by pigs or poultry."""
    return dry_matter_intake * (crude_protein / HUNDRED / PROTEIN_PER_N)


@method(
    "agriculture.manure.nitrogen_retention.cattle",
    category="3A2",
    title="日氮留存量（牛）",
    source=f"{CHAPTER} eq. 10.33",
    activity=(),
)
def nitrogen_retention_cattle(
    milk: "kg/d", milk_protein: "% protein", weight_gain: "kg/d", net_energy_growth: "MJ/d"
) -> "kg N/d":
    """Nitrogen kept in milk and gain. WG·(268 − 7.03·NEg/WG) is written out, so that no gain needs no division."""
    in_milk = milk * (milk_protein / HUNDRED) / MILK_PROTEIN_PER_N
    in_gain = (GAIN_PROTEIN * weight_gain - ENERGY_PROTEIN * net_energy_growth) * KG_PER_G / PROTEIN_PER_N
    return in_milk + in_gain


@method(
    "agriculture.manure.nitrogen_retention.sows",
    category="3A2",
    title="年氮留存量（繁殖母猪）",
    source=f"{REFINED} eq. 10.33A",
    activity=(),
)
def nitrogen_retention_sows(litters: "1", litter_size: "1", birth_weight: "kg", weaned_nitrogen: "kg N") -> "kg N":
    """Nitrogen that a sow keeps in a year: her own gain with each litter and the piglets weaned."""
    return PIG_NITROGEN * litters * litter_size * birth_weight / SOW_GAIN_SHARE + weaned_nitrogen


@method(
    "agriculture.manure.nitrogen_retention.weaned_piglets",
    category="3A2",
    title="断奶仔猪含氮量",
    source=f"{REFINED} eq. 10.33B",
    activity=(),
)
def nitrogen_retention_piglets(litters: "1", litter_size: "1", weaning_weight: "kg", birth_weight: "kg") -> "kg N":
    """Nitrogen in the gain of a sow's piglets from birth to weaning, in a year."""
    return PIG_NITROGEN * litter_size * litters * (weaning_weight - birth_weight) / PIGLET_DIGESTION


@method(
    "agriculture.manure.nitrogen_retention.growing_pigs",
    category="3A2",
    title="氮留存量（生长猪，一个生长阶段）",
    source=f"{REFINED} eq. 10.33C",
    activity=(),
)
def nitrogen_retention_growing_pigs(final_weight: "kg", initial_weight: "kg", gain_nitrogen: "kg N/kg") -> "kg N":
    """Nitrogen that a growing pig keeps over one stage of growth."""
    return (final_weight - initial_weight) * gain_nitrogen


@method(
    "agriculture.manure.nitrogen_retention.laying_hens",
    category="3A2",
    title="日氮留存量（蛋鸡）",
    source=f"{REFINED} eq. 10.33D",
    activity=(),
)
def nitrogen_retention_hens(
    body_nitrogen: "kg N/kg", weight_gain: "kg/d", egg_nitrogen: "kg N/kg", egg_mass: "g/d"
) -> "kg N/d":
    """Nitrogen that a hen keeps in a day: in her gain and in her eggs (egg mass in g)."""
    return body_nitrogen * weight_gain + egg_nitrogen * egg_mass * KG_PER_G


@method(
    "agriculture.manure.nitrogen_retention.pullets_broilers",
    category="3A2",
    title="日氮留存量（育成鸡、肉鸡）",
    source=f"{REFINED} eq. 10.33E",
    activity=(),
)
def nitrogen_retention_pullets(
    final_weight: "kg", initial_weight: "kg", gain_nitrogen: "kg N/kg", production_period: "d"
) -> "kg N/d":
    """Nitrogen that a pullet or broiler keeps in a day of its production period."""
    return (final_weight - initial_weight) * gain_nitrogen / production_period


# Losses and emissions by manure system


@method(
    "agriculture.manure.direct_n2o",
    category="3A2",
    gas="N2O",
    title="粪便管理直接 N2O（方法二，按管理方式）",
    source=f"{CHAPTER} eq. 10.25; GB/T 32151.22-2024 公式 (12)",
    activity=("head", "system_share"),
)
def direct_n2o(head: "head", system_share: "1", nitrogen_excretion: "kg N/head", manure_ef3: "kg N/kg N") -> "t N2O":
    """Direct nitrous oxide of the manure that goes to one system."""
    return head * nitrogen_excretion * system_share * manure_ef3 * T_PER_KG * N2O_PER_N


@method(
    "agriculture.manure.nitrogen_volatilised",
    category="3C6",
    title="粪便管理挥发损失氮量",
    source=f"{CHAPTER} eq. 10.26",
    activity=("head", "system_share"),
)
def nitrogen_volatilised(
    head: "head", system_share: "1", nitrogen_excretion: "kg N/head", frac_gas_manure: "%"
) -> "kg N":
    """Nitrogen lost as NH3 and NOx from one manure system."""
    return head * nitrogen_excretion * system_share * (frac_gas_manure / HUNDRED)


@method(
    "agriculture.manure.indirect_n2o.volatilisation",
    category="3C6",
    gas="N2O",
    title="粪便管理间接 N2O（大气沉降）",
    source=f"{CHAPTER} eq. 10.27 (2006) / 10.28 (2019)",
    activity=("nitrogen_volatilised",),
)
def indirect_n2o_volatilisation(nitrogen_volatilised: "kg N", manure_ef4: "kg N/kg N") -> "t N2O":
    """Nitrous oxide where the volatilised nitrogen comes down again."""
    return nitrogen_volatilised * manure_ef4 * T_PER_KG * N2O_PER_N


@method(
    "agriculture.manure.nitrogen_leached",
    category="3C6",
    title="粪便管理淋溶径流损失氮量",
    source=f"{CHAPTER} eq. 10.28 (2006) / 10.27 (2019)",
    activity=("head", "system_share"),
)
def nitrogen_leached(
    head: "head", system_share: "1", nitrogen_excretion: "kg N/head", frac_leach_manure: "%"
) -> "kg N":
    """Nitrogen lost by leaching and runoff from one manure system."""
    return head * nitrogen_excretion * system_share * (frac_leach_manure / HUNDRED)


@method(
    "agriculture.manure.indirect_n2o.leaching",
    category="3C6",
    gas="N2O",
    title="粪便管理间接 N2O（淋溶径流）",
    source=f"{CHAPTER} eq. 10.29",
    activity=("nitrogen_leached",),
)
def indirect_n2o_leaching(nitrogen_leached: "kg N", manure_ef5: "kg N/kg N") -> "t N2O":
    """Nitrous oxide where the leached nitrogen goes."""
    return nitrogen_leached * manure_ef5 * T_PER_KG * N2O_PER_N


@method(
    "agriculture.manure.indirect_n2o",
    category="3C6",
    gas="N2O",
    title="粪便管理间接 N2O（大气沉降与淋溶径流合计）",
    source=f"{CHAPTER} eq. 10.26–10.29; GB/T 32151.22-2024 公式 (13)",
    activity=("head", "system_share"),
)
def indirect_n2o(
    head: "head",
    system_share: "1",
    nitrogen_excretion: "kg N/head",
    frac_gas_manure: "%",
    manure_ef4: "kg N/kg N",
    frac_leach_manure: "%",
    manure_ef5: "kg N/kg N",
) -> "t N2O":
    """Nitrous oxide of the nitrogen that one manure system loses to air and water."""
    to_air = nitrogen_volatilised(head, system_share, nitrogen_excretion, frac_gas_manure)
    to_water = nitrogen_leached(head, system_share, nitrogen_excretion, frac_leach_manure)
    return indirect_n2o_volatilisation(to_air, manure_ef4) + indirect_n2o_leaching(to_water, manure_ef5)


# What is left for the soil


@method(
    "agriculture.manure.nitrogen_available",
    category="3C4",
    title="可施入土壤的粪肥氮量",
    source=f"{CHAPTER} eq. 10.34 (2006)",
    activity=("head", "system_share"),
)
def nitrogen_available(
    head: "head",
    system_share: "1",
    nitrogen_excretion: "kg N/head",
    frac_loss_manure: "%",
    bedding_nitrogen: "kg N/head",
) -> "kg N":
    """Managed manure nitrogen of one system that is left for soil, feed, fuel or construction, with its bedding."""
    kept = head * nitrogen_excretion * system_share * ((HUNDRED - frac_loss_manure) / HUNDRED)
    return kept + head * system_share * bedding_nitrogen


@method(
    "agriculture.manure.nitrogen_available_2019",
    category="3C4",
    title="可施入土壤的粪肥氮量（2019 修订，含沼气池共消化物）",
    source=f"{REFINED} eq. 10.34",
    activity=("head", "system_share", "codigestate_nitrogen"),
)
def nitrogen_available_2019(
    head: "head",
    system_share: "1",
    codigestate_nitrogen: "kg N",
    nitrogen_excretion: "kg N/head",
    frac_loss_manure: "%",
    bedding_nitrogen: "kg N/head",
) -> "kg N":
    """As the 2006 form, with nitrogen of co-digestates added before the losses."""
    treated = head * nitrogen_excretion * system_share + codigestate_nitrogen
    return treated * ((HUNDRED - frac_loss_manure) / HUNDRED) + head * system_share * bedding_nitrogen


@method(
    "agriculture.manure.frac_n2",
    category="3C4",
    title="粪便管理以 N2 损失的氮比例",
    source=f"{REFINED} eq. 10.34B",
    activity=(),
)
def frac_n2(n2_per_n2o: "1", manure_ef3: "kg N/kg N") -> "1":
    """Part of managed nitrogen lost as N2: three times (1 to 10) what leaves as N2O."""
    return n2_per_n2o * manure_ef3


@method(
    "agriculture.manure.frac_loss",
    category="3C4",
    title="粪便管理总氮损失比例",
    source=f"{REFINED} eq. 10.34A",
    activity=(),
)
def frac_loss(frac_gas_manure: "%", frac_leach_manure: "%", frac_n2: "1", manure_ef3: "kg N/kg N") -> "1":
    """Part of managed nitrogen lost before it reaches the soil: to air, to water, as N2 and as N2O."""
    return frac_gas_manure / HUNDRED + frac_leach_manure / HUNDRED + frac_n2 + manure_ef3
