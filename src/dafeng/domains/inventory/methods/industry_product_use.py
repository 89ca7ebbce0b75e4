"""Product use: HFC in refrigeration, foam, fire protection, aerosols and solvents (2F); lubricants and waxes (2D).

Source: IPCC 2006 volume 3 chapters 5 and 7; in scope of the 2025 edition of 省级温室气体清单编制指南. HFC leaves when
equipment is filled, from the bank in use, and from what is scrapped and not recovered: each is a method and an
activity of its own, one row per gas. A blend is entered as its component gases.
"""

from dafeng.domains.inventory.methods.constants import CO2_PER_C, TJ_PER_GJ
from dafeng.kernel.accounting import method

SUBSTITUTES = "IPCC 2006 Vol.3 Ch.7"
NON_ENERGY = "IPCC 2006 Vol.3 Ch.5"


# Refrigeration and air conditioning


@method(
    "industry.hfc_use.container.hfc",
    category="2F1",
    gas="HFC",
    title="制冷剂容器管理损失 HFC",
    source=f"{SUBSTITUTES} eq. 7.11",
)
def container_hfc(refrigerant_market: "t HFC", container_loss: "1") -> "t HFC":
    """HFC left in or lost from containers: refrigerant sold times loss."""
    return refrigerant_market * container_loss


@method(
    "industry.hfc_use.charge.hfc",
    category="2F1",
    gas="HFC",
    title="制冷设备充注环节 HFC（充注量 × 初始排放率）",
    source=f"{SUBSTITUTES} eq. 7.12",
)
def charge_hfc(hfc_charged: "t HFC", assembly_loss: "1") -> "t HFC":
    """HFC lost while new equipment is filled."""
    return hfc_charged * assembly_loss


@method(
    "industry.hfc_use.bank.hfc",
    category="2F1",
    gas="HFC",
    title="制冷设备使用环节 HFC（在用量 × 年泄漏率）",
    source=f"{SUBSTITUTES} eq. 7.13",
)
def bank_hfc(hfc_bank: "t HFC", leak_rate: "1") -> "t HFC":
    """HFC leaking from equipment in use, servicing included: bank times yearly rate."""
    return hfc_bank * leak_rate


@method(
    "industry.hfc_use.disposal.hfc",
    category="2F1",
    gas="HFC",
    title="制冷设备报废环节 HFC（扣除回收）",
    source=f"{SUBSTITUTES} eq. 7.14",
)
def disposal_hfc(hfc_retired: "t HFC", charge_remaining: "1", recovery_efficiency: "1") -> "t HFC":
    """HFC of scrapped equipment: its first charge, the part still there, the part not recovered."""
    return hfc_retired * charge_remaining * (1 - recovery_efficiency)


@method(
    "industry.hfc_use.refrigeration.hfc",
    category="2F1",
    gas="HFC",
    title="制冷空调 HFC 合计（容器、充注、使用、报废）",
    source=f"{SUBSTITUTES} eq. 7.10 (tier 2a)",
    activity=("hfc_bank", "hfc_charged", "hfc_retired", "refrigerant_market"),
)
def refrigeration_hfc(
    hfc_bank: "t HFC",
    hfc_charged: "t HFC",
    hfc_retired: "t HFC",
    refrigerant_market: "t HFC",
    leak_rate: "1",
    assembly_loss: "1",
    charge_remaining: "1",
    recovery_efficiency: "1",
    container_loss: "1",
) -> "t HFC":
    """HFC of refrigeration and air conditioning in one year, all stages."""
    return (
        container_hfc(refrigerant_market, container_loss)
        + charge_hfc(hfc_charged, assembly_loss)
        + bank_hfc(hfc_bank, leak_rate)
        + disposal_hfc(hfc_retired, charge_remaining, recovery_efficiency)
    )


@method(
    "industry.hfc_use.mass_balance.hfc",
    category="2F1",
    gas="HFC",
    title="制冷空调 HFC 质量平衡（方法 2b）",
    source=f"{SUBSTITUTES} eq. 7.9",
    activity=("hfc_sales", "new_equipment_charge", "retiring_equipment_charge", "hfc_destroyed"),
)
def mass_balance_hfc(
    hfc_sales: "t HFC", new_equipment_charge: "t HFC", retiring_equipment_charge: "t HFC", hfc_destroyed: "t HFC"
) -> "t HFC":
    """HFC that was sold and neither went into new equipment nor was destroyed, plus the charge of retired equipment."""
    return hfc_sales - new_equipment_charge + retiring_equipment_charge - hfc_destroyed


# Any application, tier 1


@method(
    "industry.hfc_use.net_consumption",
    category="2F",
    title="HFC 净消费量",
    source=f"{SUBSTITUTES} eq. 7.1",
    activity=("hfc_produced", "hfc_imported", "hfc_exported", "hfc_destroyed"),
)
def net_consumption(
    hfc_produced: "t HFC", hfc_imported: "t HFC", hfc_exported: "t HFC", hfc_destroyed: "t HFC"
) -> "t HFC":
    """HFC that a territory consumes in a year: made plus brought in, less sent out and destroyed."""
    return hfc_produced + hfc_imported - hfc_exported - hfc_destroyed


@method(
    "industry.hfc_use.composite.hfc",
    category="2F",
    gas="HFC",
    title="HFC 使用（净消费量 × 综合因子，方法 1a）",
    source=f"{SUBSTITUTES} eq. 7.2a",
)
def composite_hfc(hfc_consumption: "t HFC", application_ef: "1") -> "t HFC":
    """HFC of one application where only consumption is known: consumption times a composite factor."""
    return hfc_consumption * application_ef


@method(
    "industry.hfc_use.first_year_and_bank.hfc",
    category="2F",
    gas="HFC",
    title="HFC 使用（首年排放 + 存量排放）",
    source=f"{SUBSTITUTES} eq. 7.2b",
    activity=("hfc_consumption", "hfc_bank"),
)
def first_year_and_bank_hfc(
    hfc_consumption: "t HFC", hfc_bank: "t HFC", first_year_loss: "1", leak_rate: "1"
) -> "t HFC":
    """HFC of one application: what is consumed this year at the first-year rate, the bank at its own."""
    return hfc_consumption * first_year_loss + hfc_bank * leak_rate


# Foam, fire protection, aerosols, solvents


@method(
    "industry.hfc_use.foam.hfc",
    category="2F2",
    gas="HFC",
    title="闭孔泡沫 HFC（首年、在用、拆除损失 − 回收）",
    source=f"{SUBSTITUTES} eq. 7.7",
    activity=("hfc_blown", "hfc_bank", "decommissioning_loss", "hfc_destroyed"),
    optional={"decommissioning_loss": 0.0, "hfc_destroyed": 0.0},
)
def foam_hfc(
    hfc_blown: "t HFC",
    hfc_bank: "t HFC",
    decommissioning_loss: "t HFC",
    hfc_destroyed: "t HFC",
    first_year_loss: "1",
    leak_rate: "1",
) -> "t HFC":
    """HFC of closed-cell foam: first-year loss, yearly loss of the bank, loss at dismantling less what is destroyed."""
    return hfc_blown * first_year_loss + hfc_bank * leak_rate + decommissioning_loss - hfc_destroyed


@method(
    "industry.hfc_use.open_foam.hfc",
    category="2F2",
    gas="HFC",
    title="开孔泡沫 HFC（当年全部排放）",
    source=f"{SUBSTITUTES} eq. 7.8",
)
def open_foam_hfc(hfc_blown_open: "t HFC") -> "t HFC":
    """HFC of open-cell foam: all of it leaves in the year of blowing."""
    return hfc_blown_open


@method(
    "industry.hfc_use.fire.hfc",
    category="2F3",
    gas="HFC",
    title="消防设备 HFC（在用量 × 排放率 + 回收损失）",
    source=f"{SUBSTITUTES} eq. 7.17",
    activity=("hfc_bank", "recycling_loss"),
    optional={"recycling_loss": 0.0},
)
def fire_hfc(hfc_bank: "t HFC", recycling_loss: "t HFC", leak_rate: "1") -> "t HFC":
    """HFC of fire protection: bank times rate, plus what escapes in recovery and disposal."""
    return hfc_bank * leak_rate + recycling_loss


@method(
    "industry.hfc_use.aerosol.hfc",
    category="2F4",
    gas="HFC",
    title="气雾剂、溶剂 HFC（当年与上年用量）",
    source=f"{SUBSTITUTES} eq. 7.5, 7.6",
    activity=("hfc_sold", "hfc_sold_previous_year"),
)
def aerosol_hfc(hfc_sold: "t HFC", hfc_sold_previous_year: "t HFC", first_year_loss: "1") -> "t HFC":
    """HFC of aerosols: a part leaves in the year of sale, the rest in the next."""
    return hfc_sold * first_year_loss + hfc_sold_previous_year * (1 - first_year_loss)


# Lubricants and waxes


@method(
    "industry.non_energy_product.co2",
    category="2D",
    gas="CO2",
    title="润滑油、石蜡非能源使用 CO2（使用中氧化）",
    source=f"{NON_ENERGY} eq. 5.2, 5.4",
)
def non_energy_product_co2(
    product_used: "t", non_energy_ncv: "GJ/t", non_energy_carbon: "t C/TJ", oxidised_during_use: "1"
) -> "t CO2":
    """CO2 of lubricant or wax: its heat, its carbon, the part that oxidises in use."""
    return product_used * non_energy_ncv * TJ_PER_GJ * non_energy_carbon * oxidised_during_use * CO2_PER_C


@method(
    "industry.non_energy_product.energy.co2",
    category="2D",
    gas="CO2",
    title="润滑油、石蜡非能源使用 CO2（热量计）",
    source=f"{NON_ENERGY} eq. 5.2, 5.4",
)
def non_energy_product_energy_co2(
    product_energy: "TJ", non_energy_carbon: "t C/TJ", oxidised_during_use: "1"
) -> "t CO2":
    """CO2 of lubricant or wax known by its heat: carbon, the part that oxidises in use."""
    return product_energy * non_energy_carbon * oxidised_during_use * CO2_PER_C
