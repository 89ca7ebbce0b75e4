"""Light metals: aluminium (PFC of the anode effect, CO2 of the anodes) and magnesium (SF6, CO2 of the dolomite).

Source: 省级温室气体清单编制指南 (industrial processes), the enterprise guidelines of aluminium and magnesium
smelting, IPCC 2006 volume 3 chapter 4 sections 4.4 and 4.5. PFC is output times a factor of the cell technology, or
built from the measured anode effects (slope, overvoltage); anode carbon is what is neither sulphur nor ash.
"""

from dafeng.domains.inventory.methods.constants import CO2_PER_C, T_PER_KG
from dafeng.kernel.accounting import constant, method

CHAPTER = "IPCC 2006 Vol.3 Ch.4"
GUIDELINE = "省级温室气体清单编制指南(试行) 2011 工业生产过程"
ALUMINIUM = "企业温室气体排放核算与报告指南 铝冶炼行业"

# What is neither sulphur nor ash in an anode is carbon.
ANODE_CARBON = constant("1 t C/t", 1.0, "t C/t")


# Aluminium


@method(
    "industry.aluminium.cf4",
    category="2C3",
    gas="CF4",
    title="电解铝阳极效应 CF4（产量 × 因子）",
    source=f"{GUIDELINE} 铝; {CHAPTER} eq. 4.25; {ALUMINIUM}",
)
def aluminium_cf4(aluminium: "t", aluminium_cf4_ef: "kg CF4/t") -> "t CF4":
    """CF4 of the anode effect, by cell technology."""
    return aluminium * aluminium_cf4_ef * T_PER_KG


@method(
    "industry.aluminium.c2f6",
    category="2C3",
    gas="C2F6",
    title="电解铝阳极效应 C2F6（产量 × 因子）",
    source=f"{GUIDELINE} 铝; {CHAPTER} eq. 4.25; {ALUMINIUM}",
)
def aluminium_c2f6(aluminium: "t", aluminium_c2f6_ef: "kg C2F6/t") -> "t C2F6":
    """C2F6 of the anode effect, by cell technology."""
    return aluminium * aluminium_c2f6_ef * T_PER_KG


@method(
    "industry.aluminium.cf4.slope",
    category="2C3",
    gas="CF4",
    title="电解铝 CF4（斜率法，阳极效应每槽日分钟数）",
    source=f"{CHAPTER} eq. 4.26",
    activity=("aluminium", "anode_effect_minutes"),
)
def cf4_slope(aluminium: "t", anode_effect_minutes: "1", slope_cf4: "kg CF4/t") -> "t CF4":
    """CF4 by the slope method; minutes are per cell and day, the slope is kg CF4 per t Al and per such minute."""
    return slope_cf4 * anode_effect_minutes * aluminium * T_PER_KG


@method(
    "industry.aluminium.c2f6.slope",
    category="2C3",
    gas="C2F6",
    title="电解铝 C2F6（斜率法，与 CF4 的质量比）",
    source=f"{CHAPTER} eq. 4.26",
    activity=("aluminium", "anode_effect_minutes"),
)
def c2f6_slope(
    aluminium: "t", anode_effect_minutes: "1", slope_cf4: "kg CF4/t", c2f6_per_cf4: "t C2F6/t CF4"
) -> "t C2F6":
    """C2F6 by the slope method: CF4 times the weight ratio."""
    return cf4_slope(aluminium, anode_effect_minutes, slope_cf4) * c2f6_per_cf4


@method(
    "industry.aluminium.cf4.overvoltage",
    category="2C3",
    gas="CF4",
    title="电解铝 CF4（过电压法）",
    source=f"{CHAPTER} eq. 4.27",
    activity=("aluminium", "anode_effect_overvoltage", "current_efficiency"),
)
def cf4_overvoltage(
    aluminium: "t",
    anode_effect_overvoltage: "1",
    current_efficiency: "1",
    overvoltage_coefficient: "kg CF4/t",
) -> "t CF4":
    """CF4 by the overvoltage method; overvoltage in mV, current efficiency as a fraction, coefficient per mV."""
    return overvoltage_coefficient * anode_effect_overvoltage / current_efficiency * aluminium * T_PER_KG


@method(
    "industry.aluminium.c2f6.overvoltage",
    category="2C3",
    gas="C2F6",
    title="电解铝 C2F6（过电压法，与 CF4 的质量比）",
    source=f"{CHAPTER} eq. 4.27",
    activity=("aluminium", "anode_effect_overvoltage", "current_efficiency"),
)
def c2f6_overvoltage(
    aluminium: "t",
    anode_effect_overvoltage: "1",
    current_efficiency: "1",
    overvoltage_coefficient: "kg CF4/t",
    c2f6_per_cf4: "t C2F6/t CF4",
) -> "t C2F6":
    """C2F6 by the overvoltage method: CF4 times the weight ratio."""
    cf4 = cf4_overvoltage(aluminium, anode_effect_overvoltage, current_efficiency, overvoltage_coefficient)
    return cf4 * c2f6_per_cf4


@method(
    "industry.aluminium.co2",
    category="2C3",
    gas="CO2",
    title="电解铝炭阳极消耗 CO2（产量 × 因子）",
    source=f"{CHAPTER} eq. 4.20",
)
def aluminium_co2(aluminium: "t", aluminium_co2_ef: "t CO2/t") -> "t CO2":
    """CO2 of anode consumption by output and anode type."""
    return aluminium * aluminium_co2_ef


@method(
    "industry.aluminium.anode_carbon.co2",
    category="2C3",
    gas="CO2",
    title="电解铝炭阳极消耗 CO2（吨铝炭耗）",
    source=f"{ALUMINIUM} (炭阳极消耗)",
)
def anode_carbon_co2(aluminium: "t", anode_carbon_per_aluminium: "t C/t") -> "t CO2":
    """CO2 of anode consumption from the net carbon burnt per tonne of aluminium."""
    return aluminium * anode_carbon_per_aluminium * CO2_PER_C


@method(
    "industry.aluminium.anode.co2",
    category="2C3",
    gas="CO2",
    title="预焙阳极净耗 CO2（扣除硫分与灰分）",
    source=f"{CHAPTER} eq. 4.21; 中国电解铝生产企业温室气体排放核算方法与报告指南",
)
def anode_co2(aluminium: "t", anode_consumption: "t/t", anode_sulphur: "1", anode_ash: "1") -> "t CO2":
    """CO2 of prebaked anodes: net consumption less sulphur and ash, all carbon to CO2."""
    return aluminium * anode_consumption * (1 - anode_sulphur - anode_ash) * ANODE_CARBON * CO2_PER_C


@method(
    "industry.aluminium.pitch.co2",
    category="2C3",
    gas="CO2",
    title="阳极焙烧沥青挥发分燃烧 CO2",
    source=f"{CHAPTER} eq. 4.22",
    activity=("green_anode", "baked_anode", "waste_tar"),
)
def pitch_co2(green_anode: "t", baked_anode: "t", waste_tar: "t", pitch_hydrogen: "1") -> "t CO2":
    """CO2 of pitch volatiles burnt in baking: what green anodes lose, less hydrogen (a share of the anodes) and tar."""
    volatiles = green_anode - green_anode * pitch_hydrogen - baked_anode - waste_tar
    return volatiles * ANODE_CARBON * CO2_PER_C


@method(
    "industry.aluminium.packing_coke.co2",
    category="2C3",
    gas="CO2",
    title="阳极焙烧填充焦 CO2",
    source=f"{CHAPTER} eq. 4.23",
)
def packing_coke_co2(
    baked_anode: "t", packing_coke_consumption: "t/t", packing_coke_sulphur: "1", packing_coke_ash: "1"
) -> "t CO2":
    """CO2 of packing coke burnt in baking anodes."""
    burnt = baked_anode * packing_coke_consumption * (1 - packing_coke_sulphur - packing_coke_ash)
    return burnt * ANODE_CARBON * CO2_PER_C


@method(
    "industry.aluminium.soderberg.co2",
    category="2C3",
    gas="CO2",
    title="自焙槽阳极糊消耗 CO2",
    source=f"{CHAPTER} eq. 4.24",
)
def soderberg_co2(
    aluminium: "t",
    paste_consumption: "t/t",
    cyclohexane_soluble: "kg/t",
    paste_binder: "1",
    pitch_sulphur: "1",
    pitch_ash: "1",
    binder_hydrogen: "1",
    coke_sulphur: "1",
    coke_ash: "1",
    skimmed_carbon: "t/t",
) -> "t CO2":
    """CO2 of Söderberg paste: consumption less soluble matter, impurities of binder and coke, and skimmed dust."""
    carbon_per_aluminium = (
        paste_consumption
        - cyclohexane_soluble * T_PER_KG
        - paste_binder * paste_consumption * (pitch_sulphur + pitch_ash + binder_hydrogen)
        - (1 - paste_binder) * paste_consumption * (coke_sulphur + coke_ash)
        - skimmed_carbon
    )
    return aluminium * carbon_per_aluminium * ANODE_CARBON * CO2_PER_C


# Magnesium


@method(
    "industry.magnesium.sf6",
    category="2C4",
    gas="SF6",
    title="镁生产、加工 SF6 保护气",
    source=f"{GUIDELINE} 镁; {CHAPTER} eq. 4.30",
)
def magnesium_sf6(magnesium: "t", magnesium_sf6_ef: "kg SF6/t") -> "t SF6":
    """SF6 of primary magnesium or casting under SF6: output times factor."""
    return magnesium * magnesium_sf6_ef * T_PER_KG


@method(
    "industry.magnesium.sf6_consumption",
    category="2C4",
    gas="SF6",
    title="镁生产、加工 SF6（用量全部排放）",
    source=f"{CHAPTER} eq. 4.31",
)
def magnesium_sf6_consumption(cover_gas: "t SF6") -> "t SF6":
    """SF6 of magnesium where the consumption is known: all of it leaves."""
    return cover_gas


@method(
    "industry.magnesium.co2",
    category="2C4",
    gas="CO2",
    title="原镁冶炼 CO2（白云石、菱镁矿）",
    source=f"{CHAPTER} eq. 4.28",
)
def magnesium_co2(magnesium: "t", magnesium_co2_ef: "t CO2/t") -> "t CO2":
    """CO2 of the carbonate in primary magnesium, by raw material."""
    return magnesium * magnesium_co2_ef


@method(
    "industry.magnesium.dolomite.co2",
    category="2C4",
    gas="CO2",
    title="原镁冶炼白云石煅烧 CO2",
    source="中国镁冶炼企业温室气体排放核算方法与报告指南 (白云石煅烧分解)",
)
def magnesium_dolomite_co2(dolomite: "t", purity: "1", carbonate_ef: "t CO2/t", calcination_fraction: "1") -> "t CO2":
    """CO2 of the dolomite calcined for magnesium."""
    return dolomite * purity * carbonate_ef * calcination_fraction
