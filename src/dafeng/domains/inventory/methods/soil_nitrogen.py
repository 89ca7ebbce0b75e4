"""Nitrous oxide of agricultural soils: the guideline's nitrogen inputs, direct and indirect emissions.

Source: 省级温室气体清单编制指南 (agriculture: 农用地), which sums fertiliser, manure and straw nitrogen; IPCC 2006
volume 4 chapter 11 (equations 11.1, 11.9, 11.10; nitrogen inputs 11.3 to 11.8 are in `soil_inputs`). Emission factors
are kg N of N2O per kg N. The straw chain starts from the statistics that exist: crop output over 经济系数 (harvest
index) is the plant, its straw is returned in part, its root stays in the soil.
"""

from dafeng.domains.inventory.methods.constants import N2O_PER_N, T_PER_KG
from dafeng.kernel.accounting import method

GUIDELINE = "省级温室气体清单编制指南(试行) 2011 农业 农用地"
SOILS = "IPCC 2006 Vol.4 Ch.11"


# Nitrogen that reaches the soil, by the guideline


@method(
    "agriculture.soil.compound_nitrogen",
    category="3C4",
    title="复合肥含氮量",
    source=GUIDELINE,
)
def compound_nitrogen(compound_fertiliser: "t", compound_nitrogen_share: "t N/t") -> "t N":
    """Nitrogen of compound fertiliser from its nutrient mass and the share of nitrogen."""
    return compound_fertiliser * compound_nitrogen_share


@method(
    "agriculture.soil.fertiliser_nitrogen",
    category="3C4",
    title="化肥氮量（氮肥与复合肥）",
    source=GUIDELINE,
    activity=("nitrogen_fertiliser", "compound_fertiliser"),
    optional={"compound_fertiliser": 0.0},
)
def fertiliser_nitrogen(
    nitrogen_fertiliser: "t N", compound_fertiliser: "t", compound_nitrogen_share: "t N/t"
) -> "t N":
    """Nitrogen of mineral fertiliser: straight nitrogen plus that in compounds."""
    return nitrogen_fertiliser + compound_nitrogen(compound_fertiliser, compound_nitrogen_share)


@method(
    "agriculture.soil.manure_nitrogen",
    category="3C4",
    title="粪肥氮量",
    source=f"{GUIDELINE}, 粪肥氮量公式",
    activity=("livestock_nitrogen", "grazing_nitrogen", "fuel_nitrogen", "rural_nitrogen", "manure_n2o_nitrogen"),
)
def manure_nitrogen(
    livestock_nitrogen: "t N",
    grazing_nitrogen: "t N",
    fuel_nitrogen: "t N",
    rural_nitrogen: "t N",
    manure_n2o_nitrogen: "t N",
    manure_leach_loss: "1",
    manure_gas_loss: "1",
) -> "t N":
    """Excreted nitrogen of animals (less grazing and fuel) and rural people, after losses and the N2O of housing."""
    collected = livestock_nitrogen - grazing_nitrogen - fuel_nitrogen + rural_nitrogen
    return collected * (1 - manure_leach_loss - manure_gas_loss) - manure_n2o_nitrogen


@method(
    "agriculture.soil.straw_mass",
    category="3C4",
    title="秸秆产量（由经济系数）",
    source=GUIDELINE,
)
def straw_mass(crop_output: "t", harvest_index: "1") -> "t":
    """Straw above the ground: the plant less the product."""
    return crop_output / harvest_index - crop_output


@method(
    "agriculture.soil.straw_nitrogen_above",
    category="3C4",
    title="地上秸秆还田氮量",
    source=GUIDELINE,
    activity=("crop_output", "straw_return_share"),
)
def straw_nitrogen_above(
    crop_output: "t",
    straw_return_share: "1",
    harvest_index: "1",
    dry_matter_fraction: "kg dm/kg",
    straw_nitrogen: "kg N/kg dm",
) -> "t N":
    """Nitrogen of the straw that is returned to the field."""
    return straw_mass(crop_output, harvest_index) * dry_matter_fraction * straw_nitrogen * straw_return_share


@method(
    "agriculture.soil.straw_nitrogen_root",
    category="3C4",
    title="地下根氮量",
    source=GUIDELINE,
)
def straw_nitrogen_root(
    crop_output: "t",
    harvest_index: "1",
    root_shoot_ratio_crop: "1",
    dry_matter_fraction: "kg dm/kg",
    straw_nitrogen: "kg N/kg dm",
) -> "t N":
    """Nitrogen of the roots, which stay: the plant times the root ratio, at the nitrogen content of straw."""
    return crop_output / harvest_index * root_shoot_ratio_crop * dry_matter_fraction * straw_nitrogen


@method(
    "agriculture.soil.straw_nitrogen",
    category="3C4",
    title="秸秆还田氮量（地上秸秆与地下根）",
    source=GUIDELINE,
    activity=("crop_output", "straw_return_share"),
)
def straw_nitrogen_total(
    crop_output: "t",
    straw_return_share: "1",
    harvest_index: "1",
    root_shoot_ratio_crop: "1",
    dry_matter_fraction: "kg dm/kg",
    straw_nitrogen: "kg N/kg dm",
) -> "t N":
    """Nitrogen of returned straw and of roots."""
    above = straw_nitrogen_above(crop_output, straw_return_share, harvest_index, dry_matter_fraction, straw_nitrogen)
    root = straw_nitrogen_root(crop_output, harvest_index, root_shoot_ratio_crop, dry_matter_fraction, straw_nitrogen)
    return above + root


# Direct emissions


@method(
    "agriculture.soil.direct_n2o",
    category="3C4",
    gas="N2O",
    title="农用地直接 N2O（由氮输入量）",
    source=f"{GUIDELINE}; {SOILS} eq. 11.1",
)
def soil_direct_n2o(nitrogen: "t N", soil_ef1: "kg N/kg N") -> "t N2O":
    """Direct nitrous oxide of nitrogen put on soils, whatever its source."""
    return nitrogen * soil_ef1 * N2O_PER_N


@method(
    "agriculture.soil.direct_n2o.three_inputs",
    category="3C4",
    gas="N2O",
    title="农用地直接 N2O（化肥、粪肥、秸秆氮合计）",
    source=GUIDELINE,
    activity=("fertiliser_nitrogen", "manure_nitrogen", "straw_nitrogen_input"),
)
def soil_direct_n2o_three(
    fertiliser_nitrogen: "t N", manure_nitrogen: "t N", straw_nitrogen_input: "t N", soil_ef1: "kg N/kg N"
) -> "t N2O":
    """Direct nitrous oxide of the guideline's three nitrogen inputs together."""
    return soil_direct_n2o(fertiliser_nitrogen + manure_nitrogen + straw_nitrogen_input, soil_ef1)


@method(
    "agriculture.soil.direct_n2o.compound",
    category="3C4",
    gas="N2O",
    title="农用地直接 N2O（复合肥）",
    source=f"{GUIDELINE}; {SOILS} eq. 11.1",
)
def soil_direct_n2o_compound(
    compound_fertiliser: "t", compound_nitrogen_share: "t N/t", soil_ef1: "kg N/kg N"
) -> "t N2O":
    """Direct nitrous oxide of compound fertiliser."""
    return soil_direct_n2o(compound_nitrogen(compound_fertiliser, compound_nitrogen_share), soil_ef1)


@method(
    "agriculture.soil.direct_n2o.straw",
    category="3C4",
    gas="N2O",
    title="农用地直接 N2O（秸秆还田与根）",
    source=f"{GUIDELINE}; {SOILS} eq. 11.1",
    activity=("crop_output", "straw_return_share"),
)
def soil_direct_n2o_straw(
    crop_output: "t",
    straw_return_share: "1",
    harvest_index: "1",
    root_shoot_ratio_crop: "1",
    dry_matter_fraction: "kg dm/kg",
    straw_nitrogen: "kg N/kg dm",
    soil_ef1: "kg N/kg N",
) -> "t N2O":
    """Direct nitrous oxide of a crop's returned straw and roots."""
    nitrogen = straw_nitrogen_total(
        crop_output, straw_return_share, harvest_index, root_shoot_ratio_crop, dry_matter_fraction, straw_nitrogen
    )
    return soil_direct_n2o(nitrogen, soil_ef1)


@method(
    "agriculture.soil.direct_n2o.ipcc_inputs",
    category="3C4",
    title="农用地直接 N2O-N（氮输入部分，IPCC）",
    source=f"{SOILS} eq. 11.1, N2O-N of inputs; EF1FR for flooded rice",
    activity=("synthetic_nitrogen", "organic_nitrogen", "residue_nitrogen", "mineralised_nitrogen"),
)
def direct_nitrogen_of_inputs(
    synthetic_nitrogen: "kg N",
    organic_nitrogen: "kg N",
    residue_nitrogen: "kg N",
    mineralised_nitrogen: "kg N",
    soil_ef1: "kg N/kg N",
) -> "kg N":
    """N2O-N of F_SN, F_ON, F_CR and F_SOM."""
    return (synthetic_nitrogen + organic_nitrogen + residue_nitrogen + mineralised_nitrogen) * soil_ef1


@method(
    "agriculture.soil.direct_n2o.organic_soils",
    category="3C4",
    gas="N2O",
    title="有机土壤排水耕作 N2O",
    source=f"{SOILS} eq. 11.1, N2O-N of organic soils",
)
def organic_soil_n2o(organic_soil_area: "ha", soil_ef2: "kg N/ha") -> "t N2O":
    """Nitrous oxide of drained organic soils, by area."""
    return organic_soil_area * soil_ef2 * T_PER_KG * N2O_PER_N


@method(
    "agriculture.soil.direct_n2o.grazing",
    category="3C4",
    gas="N2O",
    title="放牧粪尿 N2O",
    source=f"{SOILS} eq. 11.1, N2O-N of pasture, range and paddock",
)
def grazing_n2o(grazing_nitrogen_deposited: "t N", soil_ef3_prp: "kg N/kg N") -> "t N2O":
    """Nitrous oxide of urine and dung that grazing animals drop."""
    return grazing_nitrogen_deposited * soil_ef3_prp * N2O_PER_N


@method(
    "agriculture.soil.n2o_from_nitrogen",
    category="3C4",
    gas="N2O",
    title="N2O-N 换算为 N2O",
    source=f"{SOILS} below eq. 11.1",
    activity=("n2o_nitrogen",),
)
def n2o_from_nitrogen(n2o_nitrogen: "kg N") -> "t N2O":
    """Nitrous oxide that holds this much nitrogen: 44/28."""
    return n2o_nitrogen * T_PER_KG * N2O_PER_N


# Indirect emissions


@method(
    "agriculture.soil.indirect_n2o.deposition",
    category="3C5",
    gas="N2O",
    title="农用地间接 N2O（大气氮沉降）",
    source=f"{GUIDELINE}; {SOILS} eq. 11.9, one kind of input",
)
def deposition_n2o(nitrogen: "t N", frac_gas_soil: "1", soil_ef4: "kg N/kg N") -> "t N2O":
    """Nitrous oxide where the NH3 and NOx lost from nitrogen inputs come down (10 %; 20 % of animals' nitrogen)."""
    return nitrogen * frac_gas_soil * soil_ef4 * N2O_PER_N


@method(
    "agriculture.soil.indirect_n2o.deposited",
    category="3C5",
    gas="N2O",
    title="农用地间接 N2O（已知大气氮沉降量）",
    source=f"{GUIDELINE}, N2O沉降 = 大气氮沉降 × EF",
)
def deposited_n2o(deposited_nitrogen: "t N", soil_ef4: "kg N/kg N") -> "t N2O":
    """Nitrous oxide of measured nitrogen deposition."""
    return deposited_nitrogen * soil_ef4 * N2O_PER_N


@method(
    "agriculture.soil.indirect_n2o.leaching",
    category="3C5",
    gas="N2O",
    title="农用地间接 N2O（淋溶径流）",
    source=f"{GUIDELINE}; {SOILS} eq. 11.10",
)
def leaching_n2o(nitrogen: "t N", frac_leach_soil: "1", soil_ef5: "kg N/kg N") -> "t N2O":
    """Nitrous oxide where the leached part of nitrogen inputs goes."""
    return nitrogen * frac_leach_soil * soil_ef5 * N2O_PER_N


@method(
    "agriculture.soil.indirect_n2o",
    category="3C5",
    gas="N2O",
    title="农用地间接 N2O（大气沉降与淋溶径流合计，由氮输入量）",
    source=f"{GUIDELINE}; {SOILS} eq. 11.9, 11.10",
)
def soil_indirect_n2o(
    nitrogen: "t N",
    frac_gas_soil: "1",
    soil_ef4: "kg N/kg N",
    frac_leach_soil: "1",
    soil_ef5: "kg N/kg N",
) -> "t N2O":
    """Nitrous oxide of the nitrogen that soils lose to air and water."""
    return deposition_n2o(nitrogen, frac_gas_soil, soil_ef4) + leaching_n2o(nitrogen, frac_leach_soil, soil_ef5)


@method(
    "agriculture.soil.indirect_n2o.compound",
    category="3C5",
    gas="N2O",
    title="农用地间接 N2O（复合肥）",
    source=f"{GUIDELINE}; {SOILS} eq. 11.9, 11.10",
)
def soil_indirect_n2o_compound(
    compound_fertiliser: "t",
    compound_nitrogen_share: "t N/t",
    frac_gas_soil: "1",
    soil_ef4: "kg N/kg N",
    frac_leach_soil: "1",
    soil_ef5: "kg N/kg N",
) -> "t N2O":
    """Indirect nitrous oxide of compound fertiliser."""
    nitrogen = compound_nitrogen(compound_fertiliser, compound_nitrogen_share)
    return soil_indirect_n2o(nitrogen, frac_gas_soil, soil_ef4, frac_leach_soil, soil_ef5)


@method(
    "agriculture.soil.indirect_n2o.straw",
    category="3C5",
    gas="N2O",
    title="农用地间接 N2O（秸秆还田与根）",
    source=f"{GUIDELINE}; {SOILS} eq. 11.9, 11.10",
    activity=("crop_output", "straw_return_share"),
)
def soil_indirect_n2o_straw(
    crop_output: "t",
    straw_return_share: "1",
    harvest_index: "1",
    root_shoot_ratio_crop: "1",
    dry_matter_fraction: "kg dm/kg",
    straw_nitrogen: "kg N/kg dm",
    frac_gas_soil: "1",
    soil_ef4: "kg N/kg N",
    frac_leach_soil: "1",
    soil_ef5: "kg N/kg N",
) -> "t N2O":
    """Indirect nitrous oxide of a crop's returned straw and roots."""
    nitrogen = straw_nitrogen_total(
        crop_output, straw_return_share, harvest_index, root_shoot_ratio_crop, dry_matter_fraction, straw_nitrogen
    )
    return soil_indirect_n2o(nitrogen, frac_gas_soil, soil_ef4, frac_leach_soil, soil_ef5)
