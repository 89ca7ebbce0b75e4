"""Fluorinated gases in industry: their production (2B9), electronics (2E) and electrical equipment (2G1).

Source: 省级温室气体清单编制指南 (industrial processes), the enterprise guidelines of fluorochemicals, electronics and
power grids, IPCC 2006 volume 3 chapters 3, 6 and 8. Each stage of a gas's life (making, filling, using, scrapping) is
a method and an activity of its own. The unit says which family a gas belongs to; which HFC or PFC it is, the recipe
says.
"""

from dafeng.kernel.accounting import constant, method

CHEMICALS = "IPCC 2006 Vol.3 Ch.3"
ELECTRONICS = "IPCC 2006 Vol.3 Ch.6"
EQUIPMENT = "IPCC 2006 Vol.3 Ch.8"
GUIDELINE = "省级温室气体清单编制指南(试行) 2011 工业生产过程"
FLUOROCHEMICAL = "氟化工企业温室气体排放核算方法与报告指南(试行)"
GRID = "中国电网企业温室气体排放核算方法与报告指南(试行)"


# Production


@method(
    "industry.hcfc22.hfc23",
    category="2B9",
    gas="HFC-23",
    title="HCFC-22 生产副产 HFC-23（扣除销毁）",
    source=f"{GUIDELINE} 一氯二氟甲烷; {CHEMICALS} eq. 3.30; {FLUOROCHEMICAL}",
    activity=("hcfc22", "hfc23_destroyed"),
    optional={"hfc23_destroyed": 0.0},
)
def hcfc22_hfc23(hcfc22: "t", hfc23_destroyed: "t HFC", hfc23_rate: "t HFC/t") -> "t HFC":
    """HFC-23 that comes with HCFC-22, less what is destroyed."""
    return hcfc22 * hfc23_rate - hfc23_destroyed


@method(
    "industry.hcfc22.hfc23.released",
    category="2B9",
    gas="HFC-23",
    title="HCFC-22 生产副产 HFC-23（IPCC 方法 2，未处理时间比例）",
    source=f"{CHEMICALS} eq. 3.31",
    activity=("hcfc22", "released_fraction"),
)
def hcfc22_hfc23_released(hcfc22: "t", released_fraction: "1", hfc23_rate: "t HFC/t") -> "t HFC":
    """HFC-23 of a plant whose stream goes untreated for a part of the year."""
    return hcfc22 * hfc23_rate * released_fraction


@method(
    "industry.hcfc22.hfc23_rate.carbon",
    category="2B9",
    title="HFC-23 生成率（碳平衡效率）",
    source=f"{CHEMICALS} eq. 3.32",
    activity=(),
)
def hfc23_rate_carbon(
    carbon_balance_efficiency: "1", efficiency_loss_fraction: "1", carbon_content_factor: "t HFC/t"
) -> "t HFC/t":
    """HFC-23 rate from the carbon that is missing in HCFC-22 (content factor 0.81)."""
    return (1 - carbon_balance_efficiency) * efficiency_loss_fraction * carbon_content_factor


@method(
    "industry.hcfc22.hfc23_rate.fluorine",
    category="2B9",
    title="HFC-23 生成率（氟平衡效率）",
    source=f"{CHEMICALS} eq. 3.33",
    activity=(),
)
def hfc23_rate_fluorine(
    fluorine_balance_efficiency: "1", efficiency_loss_fraction: "1", fluorine_content_factor: "t HFC/t"
) -> "t HFC/t":
    """HFC-23 rate from the fluorine that is missing in HCFC-22 (content factor 0.54)."""
    return (1 - fluorine_balance_efficiency) * efficiency_loss_fraction * fluorine_content_factor


@method(
    "industry.hfc_production.hfc",
    category="2B9",
    gas="HFC",
    title="HFCs 生产逸散",
    source=f"{GUIDELINE} 氢氟烃; {CHEMICALS} eq. 3.41; {FLUOROCHEMICAL}",
)
def hfc_production(hfc_output: "t HFC", production_loss: "1") -> "t HFC":
    """HFC lost in making it: output times loss."""
    return hfc_output * production_loss


@method(
    "industry.pfc_production.pfc",
    category="2B9",
    gas="PFC",
    title="PFCs 生产逸散",
    source=f"{CHEMICALS} eq. 3.41; {FLUOROCHEMICAL}",
)
def pfc_production(pfc_output: "t PFC", production_loss: "1") -> "t PFC":
    """PFC lost in making it: output times loss."""
    return pfc_output * production_loss


@method(
    "industry.sf6_production.sf6",
    category="2B9",
    gas="SF6",
    title="SF6 生产逸散",
    source=f"{CHEMICALS} eq. 3.41; {FLUOROCHEMICAL}",
)
def sf6_production(sf6_output: "t SF6", production_loss: "1") -> "t SF6":
    """SF6 lost in making it: output times loss."""
    return sf6_output * production_loss


@method(
    "industry.nf3_production.nf3",
    category="2B9",
    gas="NF3",
    title="NF3 生产逸散",
    source=f"{CHEMICALS} eq. 3.41",
)
def nf3_production(nf3_output: "t NF3", production_loss: "1") -> "t NF3":
    """NF3 lost in making it: output times loss."""
    return nf3_output * production_loss


# Electronics. One formula for every gas: the families differ in the unit only, so each formula is declared in a loop.

FAMILIES = {"cf4": "CF4", "c2f6": "C2F6", "hfc": "HFC", "pfc": "PFC", "sf6": "SF6", "nf3": "NF3"}


def _declare_rate(family: str, gas: str) -> None:
    def emission_rate(gas_used, gas_emission_rate):
        """The guideline's form: gas used in etching and cleaning times the rate at which it leaves."""
        return gas_used * gas_emission_rate

    emission_rate.__annotations__ = {"gas_used": f"t {gas}", "gas_emission_rate": "1", "return": f"t {gas}"}
    method(
        f"industry.electronics.{family}",
        category="2E",
        gas=gas,
        title=f"半导体生产 {gas}（用量 × 排放率）",
        source=f"{GUIDELINE} 半导体",
    )(emission_rate)


def _declare_utilisation(family: str, gas: str) -> None:
    def unreacted(gas_used, abated_fraction, heel_fraction, gas_utilisation, abatement_destruction):
        """Gas fed, without the heel left in the cylinder, not consumed, and not destroyed in the abatement."""
        fed = gas_used * (1 - heel_fraction)
        return fed * (1 - gas_utilisation) * (1 - abated_fraction * abatement_destruction)

    unreacted.__annotations__ = {
        "gas_used": f"t {gas}",
        "abated_fraction": "1",
        "heel_fraction": "1",
        "gas_utilisation": "1",
        "abatement_destruction": "1",
        "return": f"t {gas}",
    }
    method(
        f"industry.electronics.{family}.utilisation",
        category="2E",
        gas=gas,
        title=f"电子工业 {gas}（残余、利用率与尾气处理）",
        source=f"{ELECTRONICS} eq. 6.2; 电子设备制造企业温室气体排放核算方法与报告指南(试行)",
        activity=("gas_used", "abated_fraction"),
        optional={"abated_fraction": 0.0},
    )(unreacted)


def _declare_byproduct(family: str, gas: str) -> None:
    per_gas = constant(f"1 t CF4/t {gas}", 1.0, f"t CF4/t {gas}")

    def byproduct(gas_used, abated_fraction, heel_fraction, byproduct_cf4, byproduct_destruction):
        """CF4 that forms from the gas in the chamber, less what the abatement destroys."""
        fed = gas_used * (1 - heel_fraction)
        return fed * byproduct_cf4 * (1 - abated_fraction * byproduct_destruction) * per_gas

    byproduct.__annotations__ = {
        "gas_used": f"t {gas}",
        "abated_fraction": "1",
        "heel_fraction": "1",
        "byproduct_cf4": "1",
        "byproduct_destruction": "1",
        "return": "t CF4",
    }
    method(
        f"industry.electronics.{family}.byproduct_cf4",
        category="2E",
        gas="CF4",
        title=f"电子工业使用 {gas} 产生的副产物 CF4",
        source=f"{ELECTRONICS} eq. 6.3",
        activity=("gas_used", "abated_fraction"),
        optional={"abated_fraction": 0.0},
    )(byproduct)


def _declare_area(family: str, gas: str) -> None:
    per_mass = constant(f"1 t {gas}/t", 1.0, f"t {gas}/t")

    def by_area(substrate, capacity_utilisation, substrate_ef):
        """Tier 1: the substrate area that could be processed, the share of capacity used, gas per area."""
        return substrate * capacity_utilisation * substrate_ef * per_mass

    by_area.__annotations__ = {
        "substrate": "m2",
        "capacity_utilisation": "1",
        "substrate_ef": "t/m2",
        "return": f"t {gas}",
    }
    method(
        f"industry.electronics.{family}.area",
        category="2E",
        gas=gas,
        title=f"电子工业 {gas}（基板面积法，IPCC 方法 1）",
        source=f"{ELECTRONICS} eq. 6.1",
        activity=("substrate", "capacity_utilisation"),
    )(by_area)


for _family, _gas in FAMILIES.items():
    _declare_rate(_family, _gas)
    _declare_utilisation(_family, _gas)
    _declare_area(_family, _gas)
    if _gas != "CF4":
        _declare_byproduct(_family, _gas)


# Electrical equipment


@method(
    "industry.electrical_equipment.manufacture.sf6",
    category="2G1",
    gas="SF6",
    title="电力设备制造环节 SF6",
    source=f"{GUIDELINE} 电力设备; {EQUIPMENT} eq. 8.1 (manufacturing)",
)
def equipment_manufacture_sf6(sf6_used: "t SF6", equipment_manufacture_loss: "1") -> "t SF6":
    """SF6 lost while equipment is made and tested: gas used times loss."""
    return sf6_used * equipment_manufacture_loss


@method(
    "industry.electrical_equipment.installation.sf6",
    category="2G1",
    gas="SF6",
    title="电力设备安装环节 SF6",
    source=f"{GUIDELINE} 电力设备; {EQUIPMENT} eq. 8.1 (installation)",
)
def equipment_installation_sf6(sf6_installed: "t SF6", equipment_installation_loss: "1") -> "t SF6":
    """SF6 lost while equipment is filled on site."""
    return sf6_installed * equipment_installation_loss


@method(
    "industry.electrical_equipment.use.sf6",
    category="2G1",
    gas="SF6",
    title="电力设备使用环节 SF6（在用量 × 年泄漏率）",
    source=f"{EQUIPMENT} eq. 8.1 (use)",
)
def equipment_use_sf6(sf6_bank: "t SF6", sf6_leak_rate: "1") -> "t SF6":
    """SF6 leaking from equipment in use: nameplate capacity in service times yearly leak rate."""
    return sf6_bank * sf6_leak_rate


@method(
    "industry.electrical_equipment.disposal.sf6",
    category="2G1",
    gas="SF6",
    title="电力设备报废环节 SF6（扣除回收）",
    source=f"{EQUIPMENT} eq. 8.1 (disposal)",
)
def equipment_disposal_sf6(sf6_retired: "t SF6", sf6_remaining: "1", sf6_recovery_efficiency: "1") -> "t SF6":
    """SF6 of scrapped equipment: what is left of the nameplate charge and not recovered."""
    return sf6_retired * sf6_remaining * (1 - sf6_recovery_efficiency)


@method(
    "industry.electrical_equipment.sf6",
    category="2G1",
    gas="SF6",
    title="电力设备 SF6 合计（制造、安装、使用、报废）",
    source=f"{EQUIPMENT} eq. 8.1",
    activity=("sf6_used", "sf6_installed", "sf6_bank", "sf6_retired"),
)
def equipment_sf6(
    sf6_used: "t SF6",
    sf6_installed: "t SF6",
    sf6_bank: "t SF6",
    sf6_retired: "t SF6",
    equipment_manufacture_loss: "1",
    equipment_installation_loss: "1",
    sf6_leak_rate: "1",
    sf6_remaining: "1",
    sf6_recovery_efficiency: "1",
) -> "t SF6":
    """SF6 of electrical equipment over its whole life in one year."""
    return (
        equipment_manufacture_sf6(sf6_used, equipment_manufacture_loss)
        + equipment_installation_sf6(sf6_installed, equipment_installation_loss)
        + equipment_use_sf6(sf6_bank, sf6_leak_rate)
        + equipment_disposal_sf6(sf6_retired, sf6_remaining, sf6_recovery_efficiency)
    )


@method(
    "industry.electrical_equipment.service.sf6",
    category="2G1",
    gas="SF6",
    title="电网设备修理与退役 SF6（容量 − 实际回收）",
    source=f"{GRID} (修理与退役过程)",
    activity=("sf6_capacity", "sf6_recovered"),
)
def equipment_service_sf6(sf6_capacity: "t SF6", sf6_recovered: "t SF6") -> "t SF6":
    """SF6 of repaired and retired grid equipment: its capacity less what was really recovered."""
    return sf6_capacity - sf6_recovered


@method(
    "industry.electrical_equipment.mass_balance.sf6",
    category="2G1",
    gas="SF6",
    title="SF6 质量平衡（库存减少 + 购入 − 售出 − 设备容量净增）",
    source=f"{EQUIPMENT} section 8.2.1 (tier 3, mass balance)",
    activity=("sf6_stock_decrease", "sf6_acquired", "sf6_disbursed", "sf6_capacity_increase"),
)
def equipment_mass_balance_sf6(
    sf6_stock_decrease: "t SF6", sf6_acquired: "t SF6", sf6_disbursed: "t SF6", sf6_capacity_increase: "t SF6"
) -> "t SF6":
    """SF6 that the books cannot find: stock decrease plus purchases, less disbursements and net new capacity."""
    return sf6_stock_decrease + sf6_acquired - sf6_disbursed - sf6_capacity_increase
