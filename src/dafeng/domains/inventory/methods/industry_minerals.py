"""Mineral products: CO2 that carbonates give off in cement, lime, glass, ceramics and other uses (2A).

Source: 省级温室气体清单编制指南 (industrial processes), enterprise guidelines of cement, flat glass and ceramics,
IPCC 2006 volume 3 chapter 2. Tier 1 is product times factor; tier 2 builds the factor from the oxides of the product;
tier 3 follows each carbonate: mass, purity, stoichiometric factor, part calcined. A sum over carbonates is a sum over
activity rows.
"""

from dafeng.domains.inventory.methods.constants import CO2_PER_C
from dafeng.kernel.accounting import constant, method

CHAPTER = "IPCC 2006 Vol.3 Ch.2"
GUIDELINE = "省级温室气体清单编制指南(试行) 2011 工业生产过程"
ENTERPRISE = "企业温室气体排放核算方法与报告指南"

# The IPCC prints 0.785; the enterprise guidelines write the ratio of molar masses.
IPCC_CO2_PER_CAO = constant("0.785", 0.785, "t CO2/t")
CO2_PER_CAO = constant("44/56", 44 / 56, "t CO2/t")
CO2_PER_MGO = constant("44/40", 44 / 40, "t CO2/t")


# Cement


@method(
    "industry.cement.clinker.co2",
    category="2A1",
    gas="CO2",
    title="水泥熟料生产过程 CO2（扣除电石渣生产的熟料）",
    source=f"{GUIDELINE} 水泥; IPCC 2006 Vol.3 eq. 2.2 (CKD inside the factor)",
    activity=("clinker", "carbide_slag_clinker"),
    optional={"carbide_slag_clinker": 0.0},
)
def clinker_co2(clinker: "t", carbide_slag_clinker: "t", clinker_ef: "t CO2/t") -> "t CO2":
    """CO2 of calcining clinker; clinker made from carbide slag brings its lime without carbonate."""
    return (clinker - carbide_slag_clinker) * clinker_ef


@method(
    "industry.cement.clinker_ef.cao",
    category="2A1",
    title="熟料排放因子（由 CaO 含量，不含 CKD）",
    source=f"{CHAPTER} eq. 2.4 (EFcl = 0.785 × CaO)",
    activity=(),
)
def clinker_ef_cao(clinker_cao: "1", noncarbonate_cao: "1") -> "t CO2/t":
    """Clinker factor from the lime of the clinker that came from carbonate."""
    return (clinker_cao - noncarbonate_cao) * IPCC_CO2_PER_CAO


@method(
    "industry.cement.clinker_ef.ckd",
    category="2A1",
    title="熟料排放因子（CaO × 0.785 × CKD 修正）",
    source=f"{CHAPTER} eq. 2.4 (EFclc)",
    activity=(),
)
def clinker_ef_ckd(clinker_cao: "1", ckd_correction: "1") -> "t CO2/t":
    """Tier 1 clinker factor: lime content, CO2 per lime, correction for cement kiln dust not recycled."""
    return clinker_cao * IPCC_CO2_PER_CAO * ckd_correction


@method(
    "industry.cement.clinker_ef.oxides",
    category="2A1",
    title="熟料排放因子（由 CaO、MgO 含量）",
    source=f"{ENTERPRISE} 水泥 (过程排放，非碳酸盐 CaO、MgO 扣除)",
    activity=(),
)
def clinker_ef_oxides(clinker_cao: "1", noncarbonate_cao: "1", clinker_mgo: "1", noncarbonate_mgo: "1") -> "t CO2/t":
    """Clinker factor from lime and magnesia, without what did not come from carbonate."""
    return (clinker_cao - noncarbonate_cao) * CO2_PER_CAO + (clinker_mgo - noncarbonate_mgo) * CO2_PER_MGO


@method(
    "industry.cement.clinker.ipcc.co2",
    category="2A1",
    gas="CO2",
    title="水泥熟料生产过程 CO2（IPCC CaO 含量 × CKD）",
    source=f"{CHAPTER} eq. 2.2 with eq. 2.4",
)
def clinker_ipcc_co2(clinker: "t", clinker_cao: "1", ckd_correction: "1") -> "t CO2":
    """CO2 of clinker from its lime content and the correction for kiln dust."""
    return clinker * clinker_ef_ckd(clinker_cao, ckd_correction)


@method(
    "industry.cement.cement_output.co2",
    category="2A1",
    gas="CO2",
    title="水泥产量推算熟料的过程 CO2（IPCC 方法 1）",
    source=f"{CHAPTER} eq. 2.1",
    activity=("cement", "clinker_imported", "clinker_exported"),
)
def cement_output_co2(
    cement: "t", clinker_imported: "t", clinker_exported: "t", clinker_fraction: "1", clinker_ef: "t CO2/t"
) -> "t CO2":
    """CO2 where only cement is known: its clinker, less clinker brought in, plus clinker sent out."""
    return (cement * clinker_fraction - clinker_imported + clinker_exported) * clinker_ef


@method(
    "industry.cement.ckd_correction",
    category="2A1",
    title="水泥窑灰（CKD）修正系数",
    source=f"{CHAPTER} eq. 2.5",
    activity=(),
)
def ckd_correction(
    kiln_dust: "t",
    clinker: "t",
    dust_carbonate_fraction: "1",
    dust_calcination: "1",
    carbonate_ef: "t CO2/t",
    clinker_ef: "t CO2/t",
) -> "1":
    """Correction for kiln dust not recycled: calcined dust that left without becoming clinker."""
    return 1 + (kiln_dust / clinker) * dust_carbonate_fraction * dust_calcination * (carbonate_ef / clinker_ef)


@method(
    "industry.cement.kiln_dust.co2",
    category="2A1",
    gas="CO2",
    title="水泥窑灰未分解碳酸盐的 CO2（扣减项）",
    source=f"{CHAPTER} eq. 2.3, second term",
)
def kiln_dust_co2(
    kiln_dust: "t", dust_carbonate_fraction: "1", dust_calcination: "1", carbonate_ef: "t CO2/t"
) -> "t CO2":
    """CO2 still bound in the uncalcined carbonate of lost kiln dust, to be deducted."""
    return kiln_dust * dust_carbonate_fraction * (1 - dust_calcination) * carbonate_ef


@method(
    "industry.cement.organic_material.co2",
    category="2A1",
    gas="CO2",
    title="水泥原料中有机碳的 CO2（IPCC 方法 3）",
    source=f"{CHAPTER} eq. 2.3, third term",
)
def organic_material_co2(raw_material: "t", organic_fraction: "1", organic_ef: "t CO2/t") -> "t CO2":
    """CO2 of kerogen or other carbon in non-fuel raw materials."""
    return raw_material * organic_fraction * organic_ef


@method(
    "industry.cement.raw_meal_carbon.co2",
    category="2A1",
    gas="CO2",
    title="水泥生料中非燃料碳煅烧 CO2",
    source=f"{ENTERPRISE} 水泥 (生料中非燃料碳)",
)
def raw_meal_carbon_co2(raw_meal: "t", raw_meal_carbon: "t C/t") -> "t CO2":
    """CO2 of the non-fuel carbon in the raw meal (coal gangue, high-carbon ash)."""
    return raw_meal * raw_meal_carbon * CO2_PER_C


@method(
    "industry.cement.carbonate_input.co2",
    category="2A1",
    gas="CO2",
    title="水泥原料碳酸盐投入的 CO2（IPCC 方法 3）",
    source=f"{CHAPTER} eq. 2.3",
    activity=("carbonate", "kiln_dust", "raw_material"),
)
def carbonate_input_co2(
    carbonate: "t",
    kiln_dust: "t",
    raw_material: "t",
    carbonate_ef: "t CO2/t",
    calcination_fraction: "1",
    dust_carbonate_fraction: "1",
    dust_calcination: "1",
    organic_fraction: "1",
    organic_ef: "t CO2/t",
) -> "t CO2":
    """CO2 from the carbonates fed to the kiln, less what lost dust keeps, plus organic carbon of raw materials."""
    return (
        carbonate * carbonate_ef * calcination_fraction
        - kiln_dust_co2(kiln_dust, dust_carbonate_fraction, dust_calcination, carbonate_ef)
        + organic_material_co2(raw_material, organic_fraction, organic_ef)
    )


# Lime


@method(
    "industry.lime.co2",
    category="2A2",
    gas="CO2",
    title="石灰生产过程 CO2",
    source=f"{GUIDELINE} 石灰; {CHAPTER} eq. 2.8",
)
def lime_co2(lime: "t", lime_ef: "t CO2/t") -> "t CO2":
    """CO2 of burning lime: product times factor."""
    return lime * lime_ef


@method(
    "industry.lime.ef",
    category="2A2",
    title="石灰排放因子（由 CaO 或 CaO·MgO 含量）",
    source=f"{CHAPTER} eq. 2.9",
    activity=(),
)
def lime_ef(lime_stoichiometric_ratio: "t CO2/t", lime_oxide_content: "1") -> "t CO2/t":
    """Factor of one lime type: CO2 per oxide (0.785 high-calcium, 0.913 dolomitic) times oxide content."""
    return lime_stoichiometric_ratio * lime_oxide_content


@method(
    "industry.lime.hydrated_correction",
    category="2A2",
    title="熟石灰含水修正系数",
    source=f"{CHAPTER} eq. 2.8 text (1 − x·y)",
    activity=(),
)
def hydrated_correction(hydrated_share: "1", hydrated_water: "1") -> "1":
    """Correction of a lime output that includes hydrated lime: its share times the water in it."""
    return 1 - hydrated_share * hydrated_water


@method(
    "industry.lime.tier2.co2",
    category="2A2",
    gas="CO2",
    title="石灰生产过程 CO2（IPCC 方法 2，LKD 与熟石灰修正）",
    source=f"{CHAPTER} eq. 2.6 with eq. 2.9",
)
def lime_tier2_co2(
    lime: "t",
    lime_stoichiometric_ratio: "t CO2/t",
    lime_oxide_content: "1",
    lkd_correction: "1",
    lime_hydrated_correction: "1",
) -> "t CO2":
    """CO2 of one lime type, corrected for lime kiln dust and for hydrated lime."""
    return lime * lime_ef(lime_stoichiometric_ratio, lime_oxide_content) * lkd_correction * lime_hydrated_correction


@method(
    "industry.lime.carbonate_input.co2",
    category="2A2",
    gas="CO2",
    title="石灰原料碳酸盐投入的 CO2（IPCC 方法 3）",
    source=f"{CHAPTER} eq. 2.7",
    activity=("carbonate", "kiln_dust"),
)
def lime_carbonate_input_co2(
    carbonate: "t",
    kiln_dust: "t",
    carbonate_ef: "t CO2/t",
    calcination_fraction: "1",
    dust_carbonate_fraction: "1",
    dust_calcination: "1",
) -> "t CO2":
    """CO2 from the carbonate fed to the lime kiln, less the uncalcined carbonate in lost dust."""
    return carbonate * carbonate_ef * calcination_fraction - kiln_dust_co2(
        kiln_dust, dust_carbonate_fraction, dust_calcination, carbonate_ef
    )


# Glass, ceramics and other carbonates


@method(
    "industry.glass.co2",
    category="2A3",
    gas="CO2",
    title="玻璃生产过程 CO2（产量 × 因子 × (1 − 碎玻璃率)）",
    source=f"{CHAPTER} eq. 2.10, 2.11",
)
def glass_co2(glass: "t", glass_ef: "t CO2/t", cullet_ratio: "1") -> "t CO2":
    """CO2 of melting glass; cullet has no carbonate left."""
    return glass * glass_ef * (1 - cullet_ratio)


@method(
    "industry.glass.carbon_powder.co2",
    category="2A3",
    gas="CO2",
    title="玻璃原料配料中碳粉氧化 CO2",
    source=f"{ENTERPRISE} 平板玻璃 (碳粉氧化)",
)
def carbon_powder_co2(carbon_powder: "t", carbon_powder_carbon: "t C/t") -> "t CO2":
    """CO2 of the carbon powder put into the glass batch as a reducer."""
    return carbon_powder * carbon_powder_carbon * CO2_PER_C


@method(
    "industry.carbonate.co2",
    category="2A4",
    gas="CO2",
    title="碳酸盐分解 CO2（用量 × 纯度 × 因子 × 转化率）",
    source=f"{ENTERPRISE} (碳酸盐使用); {CHAPTER} eq. 2.12, 2.16",
)
def carbonate_co2(carbonate: "t", purity: "1", carbonate_ef: "t CO2/t", calcination_fraction: "1") -> "t CO2":
    """CO2 of one carbonate: its mass, the part that is carbonate, CO2 per carbonate, the part that decomposes."""
    return carbonate * purity * carbonate_ef * calcination_fraction


@method(
    "industry.carbonate.mixed.co2",
    category="2A4",
    gas="CO2",
    title="未分种类碳酸盐 CO2（85 % 石灰石、15 % 白云石）",
    source=f"{CHAPTER} eq. 2.14",
)
def mixed_carbonate_co2(carbonate: "t", limestone_ef: "t CO2/t", dolomite_ef: "t CO2/t") -> "t CO2":
    """CO2 where only total carbonate is known: the IPCC shares of limestone and dolomite."""
    return carbonate * (0.85 * limestone_ef + 0.15 * dolomite_ef)


@method(
    "industry.carbonate.limestone_dolomite.co2",
    category="2A4",
    gas="CO2",
    title="石灰石与白云石使用 CO2（IPCC 方法 2）",
    source=f"{CHAPTER} eq. 2.15",
    activity=("limestone", "dolomite"),
)
def limestone_dolomite_co2(limestone: "t", dolomite: "t", limestone_ef: "t CO2/t", dolomite_ef: "t CO2/t") -> "t CO2":
    """CO2 of limestone and dolomite, each with its factor."""
    return limestone * limestone_ef + dolomite * dolomite_ef


@method(
    "industry.ceramics.clay.co2",
    category="2A4",
    gas="CO2",
    title="砖瓦陶瓷黏土中碳酸盐 CO2",
    source=f"{CHAPTER} section 2.5.1.3 (clay from product, carbonate content of clay)",
)
def clay_co2(ceramics: "t", clay_per_product: "1", clay_carbonate: "1", limestone_ef: "t CO2/t") -> "t CO2":
    """CO2 of fired clay ware: the clay behind the product, the carbonate in it, CO2 per carbonate."""
    return ceramics * clay_per_product * clay_carbonate * limestone_ef
