"""Nitrogen inputs to soils as the IPCC builds them, and indirect emissions with separate loss fractions.

Source: IPCC 2006 volume 4 chapter 11, equations 11.3 to 11.10, and the 2019 Refinement (11.6 with RS, Table 11.1a).
Equations 11.6 and 11.7A follow the corrected text of 2006: fire takes the residue above the ground, not the root.
"""

from dafeng.domains.inventory.methods.constants import N2O_PER_N, T_PER_KG
from dafeng.kernel.accounting import constant, method

SOILS = "IPCC 2006 Vol.4 Ch.11"
SOILS_2019 = "IPCC 2019 Refinement Vol.4 Ch.11"
KG_PER_T = constant("1000 kg/t", 1000.0, "kg/t")


@method(
    "agriculture.soil.organic_nitrogen",
    category="3C4",
    title="有机氮输入量 F_ON",
    source=f"{SOILS} eq. 11.3",
    activity=("manure_applied", "sewage_nitrogen", "compost_nitrogen", "other_organic_nitrogen"),
    optional={"sewage_nitrogen": 0.0, "compost_nitrogen": 0.0, "other_organic_nitrogen": 0.0},
)
def organic_nitrogen(
    manure_applied: "kg N", sewage_nitrogen: "kg N", compost_nitrogen: "kg N", other_organic_nitrogen: "kg N"
) -> "kg N":
    """Nitrogen of manure, sewage sludge, compost and other organic amendments."""
    return manure_applied + sewage_nitrogen + compost_nitrogen + other_organic_nitrogen


@method(
    "agriculture.soil.manure_applied",
    category="3C4",
    title="施入土壤的动物粪肥氮 F_AM",
    source=f"{SOILS} eq. 11.4",
)
def manure_applied(managed_nitrogen: "kg N", frac_feed: "1", frac_fuel: "1", frac_construction: "1") -> "kg N":
    """Managed manure nitrogen less what goes to feed, fuel and construction."""
    return managed_nitrogen * (1 - (frac_feed + frac_fuel + frac_construction))


@method(
    "agriculture.soil.grazing_nitrogen",
    category="3C4",
    title="放牧沉积粪尿氮 F_PRP",
    source=f"{SOILS} eq. 11.5",
    activity=("head", "system_share"),
)
def grazing_nitrogen(head: "head", system_share: "1", nitrogen_excretion: "kg N/head") -> "kg N":
    """Nitrogen dropped on pasture, range and paddock."""
    return head * nitrogen_excretion * system_share


@method(
    "agriculture.soil.crop_dry_yield",
    category="3C4",
    title="作物干物质单产 Crop",
    source=f"{SOILS} eq. 11.7",
    activity=(),
)
def crop_dry_yield(fresh_yield: "kg/ha", dry_matter_fraction: "kg dm/kg") -> "kg dm/ha":
    """Dry yield from the fresh yield of the statistics."""
    return fresh_yield * dry_matter_fraction


@method(
    "agriculture.soil.above_ground_residue",
    category="3C4",
    title="地上残茬干物质量 AG_DM（斜率截距法）",
    source=f"{SOILS} Table 11.2: AG_DM = Crop/1000 · slope + intercept",
    activity=(),
)
def above_ground_residue(crop_yield: "kg dm/ha", residue_slope: "1", residue_intercept: "t dm/ha") -> "t dm/ha":
    """Residue above the ground per hectare, from the dry yield."""
    return crop_yield * T_PER_KG * residue_slope + residue_intercept


@method(
    "agriculture.soil.residue_ratio",
    category="3C4",
    title="地上残茬与产量比 R_AG",
    source=f"{SOILS} below eq. 11.6: R_AG = AG_DM · 1000 / Crop",
    activity=(),
)
def residue_ratio_of(residue_dry_matter: "t dm/ha", crop_yield: "kg dm/ha") -> "1":
    """Residue above the ground over the dry yield."""
    return residue_dry_matter * KG_PER_T / crop_yield


@method(
    "agriculture.soil.root_ratio",
    category="3C4",
    title="地下残茬与产量比 R_BG",
    source=f"{SOILS} below eq. 11.6: R_BG = R_BG-BIO · (AG_DM · 1000 + Crop) / Crop",
    activity=(),
)
def root_ratio_of(root_biomass_ratio: "1", residue_dry_matter: "t dm/ha", crop_yield: "kg dm/ha") -> "1":
    """Roots over the dry yield, from their ratio to all biomass above the ground."""
    return root_biomass_ratio * (residue_dry_matter * KG_PER_T + crop_yield) / crop_yield


@method(
    "agriculture.soil.residue_nitrogen",
    category="3C4",
    title="作物残茬氮量 F_CR（2006）",
    source=f"{SOILS} eq. 11.6 (corrected text)",
    activity=("crop_area", "burnt_area"),
    optional={"burnt_area": 0.0},
)
def residue_nitrogen_2006(
    crop_area: "ha",
    burnt_area: "ha",
    crop_yield: "kg dm/ha",
    combustion_factor: "1",
    renewal_share: "1",
    residue_ratio: "1",
    residue_nitrogen_content: "kg N/kg dm",
    removed_share: "1",
    root_ratio: "1",
    root_nitrogen_content: "kg N/kg dm",
) -> "kg N":
    """Nitrogen of residues above the ground, less removals and fire, and of roots, which do not burn."""
    unburnt = crop_area - burnt_area * combustion_factor
    above = unburnt * residue_ratio * residue_nitrogen_content * (1 - removed_share)
    return crop_yield * renewal_share * (above + crop_area * root_ratio * root_nitrogen_content)


@method(
    "agriculture.soil.residue_nitrogen.by_dry_matter",
    category="3C4",
    title="作物残茬氮量 F_CR（2006，由 AG_DM）",
    source=f"{SOILS} eq. 11.7A (corrected text)",
    activity=("crop_area", "burnt_area"),
    optional={"burnt_area": 0.0},
)
def residue_nitrogen_by_dry_matter(
    crop_area: "ha",
    burnt_area: "ha",
    crop_yield: "kg dm/ha",
    residue_dry_matter: "t dm/ha",
    combustion_factor: "1",
    renewal_share: "1",
    residue_nitrogen_content: "kg N/kg dm",
    removed_share: "1",
    root_biomass_ratio: "1",
    root_nitrogen_content: "kg N/kg dm",
) -> "kg N":
    """As equation 11.6, from the residue dry matter of Table 11.2; roots by their ratio to residue plus yield."""
    unburnt = crop_area - burnt_area * combustion_factor
    residue = residue_dry_matter * KG_PER_T
    above = unburnt * residue * residue_nitrogen_content * (1 - removed_share)
    root = crop_area * (residue + crop_yield) * root_biomass_ratio * root_nitrogen_content
    return renewal_share * (above + root)


@method(
    "agriculture.soil.residue_nitrogen_2019",
    category="3C4",
    title="作物残茬氮量 F_CR（2019 修订）",
    source=f"{SOILS_2019} eq. 11.6",
    activity=("crop_area",),
)
def residue_nitrogen_2019(
    crop_area: "ha",
    crop_yield: "kg dm/ha",
    residue_ratio: "1",
    residue_nitrogen_content: "kg N/kg dm",
    removed_share: "1",
    burnt_fraction: "1",
    combustion_factor: "1",
    root_shoot_ratio_ipcc: "1",
    renewal_share: "1",
    root_nitrogen_content: "kg N/kg dm",
) -> "kg N":
    """Nitrogen of residues: above the ground less removed and burnt, below the ground by the root to shoot ratio."""
    above_mass = crop_yield * residue_ratio * crop_area
    below_mass = (crop_yield + crop_yield * residue_ratio) * root_shoot_ratio_ipcc * crop_area * renewal_share
    kept = 1 - removed_share - burnt_fraction * combustion_factor
    return above_mass * residue_nitrogen_content * kept + below_mass * root_nitrogen_content


@method(
    "agriculture.soil.mineralised_nitrogen",
    category="3C4",
    title="土壤有机质矿化氮量 F_SOM",
    source=f"{SOILS} eq. 11.8",
    activity=("soil_carbon_loss",),
)
def mineralised_nitrogen(soil_carbon_loss: "t C", carbon_nitrogen_ratio: "C/N") -> "kg N":
    """Nitrogen set free where land use or management loses soil carbon (C:N 15, or 10 on cropland kept as such)."""
    return soil_carbon_loss / carbon_nitrogen_ratio * KG_PER_T


@method(
    "agriculture.soil.indirect_n2o.deposition_ipcc",
    category="3C5",
    gas="N2O",
    title="农用地间接 N2O（大气沉降，IPCC）",
    source=f"{SOILS} eq. 11.9 with 44/28",
    activity=("synthetic_nitrogen", "organic_nitrogen", "grazing_nitrogen_input"),
    optional={"organic_nitrogen": 0.0, "grazing_nitrogen_input": 0.0},
)
def deposition_n2o_ipcc(
    synthetic_nitrogen: "kg N",
    organic_nitrogen: "kg N",
    grazing_nitrogen_input: "kg N",
    frac_gasf: "1",
    frac_gasm: "1",
    soil_ef4: "kg N/kg N",
) -> "t N2O":
    """Nitrous oxide of nitrogen volatilised from mineral fertiliser, and from organic and grazing nitrogen."""
    volatilised = synthetic_nitrogen * frac_gasf + (organic_nitrogen + grazing_nitrogen_input) * frac_gasm
    return volatilised * soil_ef4 * T_PER_KG * N2O_PER_N


@method(
    "agriculture.soil.indirect_n2o.leaching_ipcc",
    category="3C5",
    gas="N2O",
    title="农用地间接 N2O（淋溶径流，IPCC）",
    source=f"{SOILS} eq. 11.10 with 44/28",
    activity=(
        "synthetic_nitrogen",
        "organic_nitrogen",
        "grazing_nitrogen_input",
        "residue_nitrogen",
        "mineralised_nitrogen",
    ),
    optional=dict.fromkeys(
        ("organic_nitrogen", "grazing_nitrogen_input", "residue_nitrogen", "mineralised_nitrogen"), 0.0
    ),
)
def leaching_n2o_ipcc(
    synthetic_nitrogen: "kg N",
    organic_nitrogen: "kg N",
    grazing_nitrogen_input: "kg N",
    residue_nitrogen: "kg N",
    mineralised_nitrogen: "kg N",
    frac_leach_soil: "1",
    soil_ef5: "kg N/kg N",
) -> "t N2O":
    """Nitrous oxide of nitrogen leached from all inputs."""
    inputs = synthetic_nitrogen + organic_nitrogen + grazing_nitrogen_input + residue_nitrogen + mineralised_nitrogen
    return inputs * frac_leach_soil * soil_ef5 * T_PER_KG * N2O_PER_N
