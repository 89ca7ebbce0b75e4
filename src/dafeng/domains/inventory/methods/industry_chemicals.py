"""Chemical industry: ammonia, nitric and adipic acid, carbide, soda ash, petrochemicals (2B1 to 2B8).

Source: 省级温室气体清单编制指南 (industrial processes), the enterprise guideline of chemical production, IPCC 2006
volume 3 chapter 3. Carbon that goes in and does not leave in a product leaves as CO2; nitrous oxide is product times
factor, less what is destroyed while the abatement runs. Units guard the trap between kg/t and t/t factors of nitric
acid.
"""

from dafeng.domains.inventory.methods.constants import CO2_PER_C, T_PER_KG
from dafeng.kernel.accounting import constant, method

CHAPTER = "IPCC 2006 Vol.3 Ch.3"
GUIDELINE = "省级温室气体清单编制指南(试行) 2011 工业生产过程"
ENTERPRISE = "中国化工生产企业温室气体排放核算方法与报告指南"

CO2_PER_UREA = constant("44/60", 44 / 60, "t CO2/t")


# Ammonia


@method(
    "industry.ammonia.feedstock.co2",
    category="2B1",
    gas="CO2",
    title="合成氨原料（燃料与原料）CO2（质量计，扣除尿素回收）",
    source=f"{CHAPTER} eq. 3.3",
    activity=("feedstock", "co2_recovered"),
    optional={"co2_recovered": 0.0},
)
def ammonia_feedstock_co2(
    feedstock: "t", co2_recovered: "t CO2", ncv: "GJ/t", carbon_content: "t C/GJ", oxidation: "1"
) -> "t CO2":
    """CO2 of all the fuel that an ammonia plant takes, by mass, less CO2 recovered for urea."""
    return feedstock * ncv * carbon_content * oxidation * CO2_PER_C - co2_recovered


@method(
    "industry.ammonia.feedstock_energy.co2",
    category="2B1",
    gas="CO2",
    title="合成氨原料（燃料与原料）CO2（热量计，扣除尿素回收）",
    source=f"{CHAPTER} eq. 3.2, 3.3",
    activity=("feedstock", "co2_recovered"),
    optional={"co2_recovered": 0.0},
)
def ammonia_feedstock_energy_co2(
    feedstock: "GJ", co2_recovered: "t CO2", carbon_content: "t C/GJ", oxidation: "1"
) -> "t CO2":
    """CO2 of all the fuel that an ammonia plant takes, by heat, less CO2 recovered for urea."""
    return feedstock * carbon_content * oxidation * CO2_PER_C - co2_recovered


@method(
    "industry.ammonia.feedstock_gas.co2",
    category="2B1",
    gas="CO2",
    title="合成氨原料（燃料与原料）CO2（气体体积计，扣除尿素回收）",
    source=f"{CHAPTER} eq. 3.3",
    activity=("feedstock", "co2_recovered"),
    optional={"co2_recovered": 0.0},
)
def ammonia_feedstock_gas_co2(
    feedstock: "Nm3", co2_recovered: "t CO2", ncv_gas: "GJ/Nm3", carbon_content: "t C/GJ", oxidation: "1"
) -> "t CO2":
    """CO2 of all the gas that an ammonia plant takes, by volume at 0 °C, less CO2 recovered for urea."""
    return feedstock * ncv_gas * carbon_content * oxidation * CO2_PER_C - co2_recovered


@method(
    "industry.ammonia.fuel_requirement.co2",
    category="2B1",
    gas="CO2",
    title="合成氨 CO2（产量 × 单位能耗，扣除尿素回收）",
    source=f"{CHAPTER} eq. 3.1",
    activity=("ammonia", "co2_recovered"),
    optional={"co2_recovered": 0.0},
)
def ammonia_fuel_requirement_co2(
    ammonia: "t",
    co2_recovered: "t CO2",
    ammonia_fuel_requirement: "GJ/t",
    ammonia_fuel_carbon: "kg C/GJ",
    ammonia_oxidation: "1",
) -> "t CO2":
    """CO2 from ammonia output: fuel per tonne, carbon of the fuel, part oxidised, less CO2 recovered for urea."""
    carbon = ammonia * ammonia_fuel_requirement * ammonia_fuel_carbon * ammonia_oxidation * T_PER_KG
    return carbon * CO2_PER_C - co2_recovered


@method(
    "industry.ammonia.output.co2",
    category="2B1",
    gas="CO2",
    title="合成氨 CO2（产量 × 因子，扣除尿素回收）",
    source=f"{CHAPTER} Table 3.1 with eq. 3.1",
    activity=("ammonia", "co2_recovered"),
    optional={"co2_recovered": 0.0},
)
def ammonia_output_co2(ammonia: "t", co2_recovered: "t CO2", ammonia_ef: "t CO2/t") -> "t CO2":
    """CO2 from ammonia output times factor, less CO2 recovered for urea."""
    return ammonia * ammonia_ef - co2_recovered


@method(
    "industry.ammonia.urea_co2",
    category="2B1",
    gas="CO2",
    title="尿素生产回收的 CO2",
    source=f"{CHAPTER} section 3.2.2 (44/60 of the urea)",
)
def urea_co2(urea: "t") -> "t CO2":
    """CO2 that urea takes up: one CO2 to one urea."""
    return urea * CO2_PER_UREA


@method(
    "industry.ammonia.urea_credit.co2",
    category="2B1",
    gas="CO2",
    title="合成氨 CO2 用于尿素的扣减（负值）",
    source=f"{CHAPTER} eq. 3.1, 3.3 (− R_CO2)",
)
def urea_credit_co2(urea: "t") -> "t CO2":
    """What urea takes off the CO2 of an ammonia plant, where it is reported by urea output; hence negative."""
    return -urea_co2(urea)


# Nitrous oxide of acids


@method(
    "industry.nitric_acid.n2o",
    category="2B2",
    gas="N2O",
    title="硝酸生产过程 N2O",
    source=f"{GUIDELINE} 硝酸; {CHAPTER} eq. 3.5",
)
def nitric_acid_n2o(nitric_acid: "t", nitric_acid_ef: "kg N2O/t") -> "t N2O":
    """Nitrous oxide of nitric acid, by the pressure of the process; the factor is of 100 % acid."""
    return nitric_acid * nitric_acid_ef * T_PER_KG


@method(
    "industry.nitric_acid.abated.n2o",
    category="2B2",
    gas="N2O",
    title="硝酸生产过程 N2O（计减排装置）",
    source=f"{CHAPTER} eq. 3.6; {ENTERPRISE}",
)
def nitric_acid_abated_n2o(
    nitric_acid: "t", nitric_acid_ef: "kg N2O/t", n2o_destruction: "1", abatement_utilisation: "1"
) -> "t N2O":
    """Nitrous oxide of nitric acid, less what is destroyed while the abatement runs."""
    return nitric_acid_n2o(nitric_acid, nitric_acid_ef) * (1 - n2o_destruction * abatement_utilisation)


@method(
    "industry.adipic_acid.n2o",
    category="2B3",
    gas="N2O",
    title="己二酸生产过程 N2O",
    source=f"{GUIDELINE} 己二酸; {CHAPTER} eq. 3.7",
)
def adipic_acid_n2o(adipic_acid: "t", adipic_acid_ef: "kg N2O/t") -> "t N2O":
    """Nitrous oxide of adipic acid without abatement."""
    return adipic_acid * adipic_acid_ef * T_PER_KG


@method(
    "industry.adipic_acid.abated.n2o",
    category="2B3",
    gas="N2O",
    title="己二酸生产过程 N2O（减排率 × 使用率）",
    source=f"{CHAPTER} eq. 3.8; {ENTERPRISE}",
)
def adipic_acid_abated_n2o(
    adipic_acid: "t", adipic_acid_ef: "kg N2O/t", n2o_destruction: "1", abatement_utilisation: "1"
) -> "t N2O":
    """Nitrous oxide of adipic acid, less what is destroyed while the abatement runs."""
    return adipic_acid_n2o(adipic_acid, adipic_acid_ef) * (1 - n2o_destruction * abatement_utilisation)


@method(
    "industry.other_n2o_chemical.n2o",
    category="2B4",
    gas="N2O",
    title="己内酰胺、乙二醛、乙醛酸生产过程 N2O",
    source=f"{CHAPTER} eq. 3.9, 3.10",
)
def other_n2o_chemical(
    chemical: "t", chemical_n2o_ef: "kg N2O/t", n2o_destruction: "1", abatement_utilisation: "1"
) -> "t N2O":
    """Nitrous oxide of caprolactam, glyoxal or glyoxylic acid, less what is destroyed while the abatement runs."""
    return chemical * chemical_n2o_ef * T_PER_KG * (1 - n2o_destruction * abatement_utilisation)


# Carbide, soda ash, titanium dioxide


@method(
    "industry.carbide.co2",
    category="2B5",
    gas="CO2",
    title="电石（碳化物）生产过程 CO2",
    source=f"{GUIDELINE} 电石; {CHAPTER} eq. 3.11",
)
def carbide_co2(carbide: "t", carbide_ef: "t CO2/t") -> "t CO2":
    """CO2 of carbide: output times factor."""
    return carbide * carbide_ef


@method(
    "industry.carbide.raw_material.co2",
    category="2B5",
    gas="CO2",
    title="碳化物生产 CO2（按石油焦等原料用量）",
    source=f"{CHAPTER} eq. 3.11 (raw material)",
)
def carbide_raw_material_co2(petroleum_coke: "t", carbide_raw_material_ef: "t CO2/t") -> "t CO2":
    """CO2 of carbide from the petroleum coke that goes in."""
    return petroleum_coke * carbide_raw_material_ef


@method(
    "industry.carbide.carbon_balance.co2",
    category="2B5",
    gas="CO2",
    title="电石生产过程 CO2（碳平衡）",
    source=f"{ENTERPRISE} (原料与产品碳平衡)",
    activity=("feedstock", "carbide"),
)
def carbide_balance_co2(feedstock: "t", carbide: "t", feedstock_carbon: "t C/t", carbide_carbon: "t C/t") -> "t CO2":
    """CO2 of carbide: the carbon of reducers and electrodes that is not in the product."""
    return (feedstock * feedstock_carbon - carbide * carbide_carbon) * CO2_PER_C


@method(
    "industry.carbide.ch4",
    category="2B5",
    gas="CH4",
    title="碳化硅生产过程 CH4",
    source=f"{CHAPTER} Table 3.7 with eq. 3.11",
)
def carbide_ch4(carbide: "t", carbide_ch4_ef: "kg CH4/t") -> "t CH4":
    """Methane of silicon carbide: output times factor."""
    return carbide * carbide_ch4_ef * T_PER_KG


@method(
    "industry.carbide.acetylene_use.co2",
    category="2B5",
    gas="CO2",
    title="电石用于制乙炔的 CO2",
    source=f"{CHAPTER} Table 3.8 (use of product)",
)
def acetylene_use_co2(carbide_used: "t", carbide_use_ef: "t CO2/t") -> "t CO2":
    """CO2 of burning the acetylene that carbide gives."""
    return carbide_used * carbide_use_ef


@method(
    "industry.soda_ash.trona.co2",
    category="2B7",
    gas="CO2",
    title="天然碱法纯碱 CO2（按天然碱用量）",
    source=f"{CHAPTER} eq. 3.14",
)
def trona_co2(trona: "t", trona_ef: "t CO2/t") -> "t CO2":
    """CO2 of natural soda ash from the trona used."""
    return trona * trona_ef


@method(
    "industry.soda_ash.output.co2",
    category="2B7",
    gas="CO2",
    title="天然碱法纯碱 CO2（按纯碱产量）",
    source=f"{CHAPTER} eq. 3.14 (by output)",
)
def soda_ash_co2(soda_ash: "t", soda_ash_ef: "t CO2/t") -> "t CO2":
    """CO2 of natural soda ash from the output."""
    return soda_ash * soda_ash_ef


@method(
    "industry.titanium_dioxide.co2",
    category="2B6",
    gas="CO2",
    title="钛白粉（氯化法、富钛渣、合成金红石）CO2",
    source=f"{CHAPTER} eq. 3.12",
)
def titanium_dioxide_co2(titanium_product: "t", titanium_ef: "t CO2/t") -> "t CO2":
    """CO2 of titanium slag, synthetic rutile or chloride-route pigment: output times factor."""
    return titanium_product * titanium_ef


# Petrochemicals and carbon black


@method(
    "industry.petrochemical.co2",
    category="2B8",
    gas="CO2",
    title="石化产品与炭黑过程 CO2（产量 × 因子 × 区域修正）",
    source=f"{CHAPTER} eq. 3.15",
)
def petrochemical_co2(petrochemical: "t", petrochemical_co2_ef: "t CO2/t", geographic_adjustment: "1") -> "t CO2":
    """CO2 of methanol, ethylene, carbon black and the like: output, factor, regional adjustment (ethylene)."""
    return petrochemical * petrochemical_co2_ef * geographic_adjustment


@method(
    "industry.petrochemical.ch4",
    category="2B8",
    gas="CH4",
    title="石化产品与炭黑过程 CH4（逸散与工艺排气）",
    source=f"{CHAPTER} eq. 3.23, 3.24, 3.25",
)
def petrochemical_ch4(petrochemical: "t", petrochemical_ch4_ef: "kg CH4/t") -> "t CH4":
    """Methane of petrochemicals: output times factor, fugitive and vented."""
    return petrochemical * petrochemical_ch4_ef * T_PER_KG


@method(
    "industry.petrochemical.primary_product",
    category="2B8",
    title="由原料用量推算主产品产量",
    source=f"{CHAPTER} eq. 3.16",
    activity=(),
)
def primary_product(feedstock: "t", feedstock_per_product: "1") -> "t":
    """Output where only the feedstock is known: feedstock over its specific consumption."""
    return feedstock / feedstock_per_product


@method(
    "industry.petrochemical.secondary_product",
    category="2B8",
    title="由原料用量推算副产品产量",
    source=f"{CHAPTER} eq. 3.18",
    activity=(),
)
def secondary_product(feedstock: "t", product_yield: "1") -> "t":
    """Output of a secondary product from the feedstock and its yield."""
    return feedstock * product_yield


@method(
    "industry.chemical.carbon_balance.co2",
    category="2B8",
    gas="CO2",
    title="化工原料与产品碳平衡 CO2",
    source=f"{CHAPTER} eq. 3.17; {ENTERPRISE} (原材料消耗，碳质量平衡)",
    activity=("feedstock", "product", "secondary_product"),
    optional={"secondary_product": 0.0},
)
def carbon_balance_co2(
    feedstock: "t",
    product: "t",
    secondary_product: "t",
    feedstock_carbon: "t C/t",
    product_carbon: "t C/t",
    secondary_carbon: "t C/t",
) -> "t CO2":
    """CO2 of a chemical process: carbon of the feedstock in neither product nor by-product."""
    carbon = feedstock * feedstock_carbon - product * product_carbon - secondary_product * secondary_carbon
    return carbon * CO2_PER_C


@method(
    "industry.chemical.carbon_input.co2",
    category="2B8",
    gas="CO2",
    title="化工含碳原料投入的 CO2 当量碳（碳平衡输入项）",
    source=f"{ENTERPRISE} (碳质量平衡，输入项)",
)
def carbon_input_co2(carbon_input: "t", material_carbon: "t C/t") -> "t CO2":
    """One input of a carbon balance, as if all its carbon left as CO2."""
    return carbon_input * material_carbon * CO2_PER_C


@method(
    "industry.chemical.carbon_output.co2",
    category="2B8",
    gas="CO2",
    title="化工含碳产品、废物带走的碳（碳平衡输出项，负值）",
    source=f"{ENTERPRISE} (碳质量平衡，输出项)",
)
def carbon_output_co2(carbon_output: "t", material_carbon: "t C/t") -> "t CO2":
    """One output of a carbon balance: carbon that leaves in a product or waste is not emitted, hence negative."""
    return -(carbon_output * material_carbon * CO2_PER_C)
