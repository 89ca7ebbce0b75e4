"""Machinery and electronics: shielding gas, fluorinated gases in equipment, etching and cleaning gases.

Sources: machinery and electronics guides as transcribed in open code (felix MachineryWeldingCO2Emission.jsx, SaleAmountCalculator.jsx,
ElectronicProcessEmission.jsx: B). felix has one indicator with the sign reversed (closing − opening); here it is opening − closing.
"""

from dafeng.domains.enterprise.reporting.methods.constants import CO2E_OF_GAS, T_PER_KG
from dafeng.kernel.accounting import constant, method

MACHINERY = "机械设备制造企业核算指南；felix"
ELECTRONICS = "电子设备制造企业核算指南；felix ElectronicProcessEmission.jsx"
MOLAR_CO2 = constant("44", 44.0, "t CO2/t")
# Molar mass: S 32.06 and six F of 18.998; 10⁻⁶ t in a gram.
SF6_PER_MOL = constant("146.05×10⁻⁶", 146.05e-6, "t")


@method(
    "enterprise.machinery.shielding", category="enterprise", gas="CO2", title="二氧化碳气体保护焊", source=f"{MACHINERY} MachineryWeldingCO2Emission.jsx",
    activity=("shielding_use", "co2_volume_share", "mean_molar_mass"),
)  # fmt: skip
def shielding(shielding_use: "t", co2_volume_share: "1", mean_molar_mass: "1") -> "t CO2":
    """CO2 of shielding gas: the mass share of CO2 from its share of volume and the mixture's mean molar mass."""
    return shielding_use * co2_volume_share * MOLAR_CO2 / mean_molar_mass


@method(
    "enterprise.machinery.gas_balance", category="enterprise", title="含氟气体使用（存量平衡）", source=f"{MACHINERY}（期初 − 期末 + 购入 − 售出）",
    activity=("gas_opening", "gas_closing", "gas_bought", "gas_sold_on"),
)  # fmt: skip
def gas_balance(gas_opening: "t", gas_closing: "t", gas_bought: "t", gas_sold_on: "t", gwp_gas: "1") -> "t CO2e":
    """A fluorinated gas that is no longer there: stocks, purchases, sales in products."""
    return (gas_opening - gas_closing + gas_bought - gas_sold_on) * gwp_gas * CO2E_OF_GAS


@method(
    "enterprise.machinery.gis",
    category="enterprise",
    gas="SF6",
    title="GIS 充装泄漏",
    source=f"{MACHINERY} SaleAmountCalculator.jsx",
)
def gis_leak(gis_connections: "1", gis_leak: "1", gwp_sf6: "1") -> "t CO2e":
    """SF6 lost at each connection while switchgear is filled: moles per connection times the molar mass."""
    return gis_connections * gis_leak * SF6_PER_MOL * gwp_sf6 * CO2E_OF_GAS


@method(
    "enterprise.electronics.gas", category="enterprise", title="刻蚀与清洗气体未反应部分", source=ELECTRONICS,
    activity=("process_gas_use", "gas_use_rate", "gas_collection", "gas_destruction"),
)  # fmt: skip
def process_gas(
    process_gas_use: "kg", gas_use_rate: "1", gas_collection: "1", gas_destruction: "1", gas_residual: "1", gwp_gas: "1"
) -> "t CO2e":
    """What leaves the cylinder, is not used up and not destroyed."""
    emitted = (1 - gas_residual) * process_gas_use * (1 - gas_use_rate) * (1 - gas_collection * gas_destruction)
    return emitted * T_PER_KG * gwp_gas * CO2E_OF_GAS


@method(
    "enterprise.electronics.byproduct", category="enterprise", title="刻蚀与清洗气体副产物", source=ELECTRONICS,
    activity=("process_gas_use", "gas_collection", "gas_destruction"),
)  # fmt: skip
def byproduct(
    process_gas_use: "kg",
    gas_collection: "1",
    gas_destruction: "1",
    gas_residual: "1",
    byproduct_share: "1",
    gwp_gas: "1",
) -> "t CO2e":
    """Another fluorinated gas that forms, less what is destroyed."""
    formed = (1 - gas_residual) * process_gas_use * byproduct_share * (1 - gas_collection * gas_destruction)
    return formed * T_PER_KG * gwp_gas * CO2E_OF_GAS
