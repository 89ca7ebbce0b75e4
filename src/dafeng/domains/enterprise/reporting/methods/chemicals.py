"""Chemicals and fluorine chemicals: carbon balance, nitrous oxide of acids, fluorinated gases, gas that is sold.

Source: DCP#493 化工 式5–21 and tables 2-2 to 2-11 (A). The printed 式13 multiplies destroyed HFC-23 by its potential although the result is
CO2: a slip, which is not followed (mass × 44/70). Densities are as printed (式21).
"""

from dafeng.domains.enterprise.reporting.methods.constants import CO2_PER_C, CO2E_OF_GAS, CO2E_OF_N2O, T_PER_KG
from dafeng.kernel.accounting import constant, method

GUIDE = "DCP#493 化工"
CO2_PER_HFC23 = constant("44/70", 44 / 70, "t CO2/t")


@method(
    "enterprise.chemicals.carbon", category="enterprise", gas="CO2", title="碳质量平衡", source=f"{GUIDE} 式5",
    activity=("carbon_mass", "carbon_share"),
)  # fmt: skip
def carbon_flow(carbon_mass: "t", carbon_share: "t C/t") -> "t CO2":
    """Carbon of a feedstock, a product or a waste, as CO2."""
    return carbon_mass * carbon_share * CO2_PER_C


@method(
    "enterprise.chemicals.n2o", category="enterprise", gas="N2O", title="硝酸、己二酸生产 N2O", source=f"{GUIDE} 式7、式8",
    activity=("acid_output", "abatement", "abatement_use"), optional={"abatement": 0.0, "abatement_use": 0.0},
)  # fmt: skip
def acid_n2o(acid_output: "t", abatement: "1", abatement_use: "1", acid_n2o: "kg N2O/t", gwp_n2o: "1") -> "t CO2e":
    """N2O of nitric or adipic acid: output, factor of the technology, less what the abatement takes while it runs."""
    return acid_output * acid_n2o * (1 - abatement * abatement_use) * T_PER_KG * gwp_n2o * CO2E_OF_N2O


@method(
    "enterprise.chemicals.sold_gas", category="enterprise", title="外供气体", source=f"{GUIDE} 式21",
    activity=("gas_sold", "gas_purity"),
)  # fmt: skip
def sold_gas(gas_sold: "1e4Nm3", gas_purity: "1", gas_density: "t/1e4Nm3", gwp_gas: "1") -> "t CO2e":
    """CO2, N2O or CH4 that is sold as a product and therefore not emitted here."""
    return gas_sold * gas_purity * gas_density * gwp_gas * CO2E_OF_GAS


@method(
    "enterprise.fluorine.hfc23", category="enterprise", gas="HFC-23", title="HCFC-22 生产副产 HFC-23", source=f"{GUIDE} 式12",
    activity=("hcfc22_output", "hfc23_share"),
)  # fmt: skip
def hfc23(hcfc22_output: "t", hfc23_share: "1", gwp_hfc23: "1") -> "t CO2e":
    """HFC-23 that escapes while HCFC-22 is made."""
    return hcfc22_output * hfc23_share * gwp_hfc23 * CO2E_OF_GAS


@method(
    "enterprise.fluorine.destroyed",
    category="enterprise",
    gas="CO2",
    title="HFC-23 销毁转化的 CO2",
    source=f"{GUIDE} 式13（更正）",
)
def hfc23_destroyed(hfc23_destroyed: "t") -> "t CO2":
    """CO2 of HFC-23 that is burnt: 44 t from 70 t."""
    return hfc23_destroyed * CO2_PER_HFC23


@method(
    "enterprise.fluorine.fugitive",
    category="enterprise",
    title="含氟气体生产的副产与逃逸",
    source=f"{GUIDE} 式14、表2-8",
)
def fugitive(fluorinated_output: "t", fugitive_share: "1", gwp_gas: "1") -> "t CO2e":
    """By-products and leaks of a fluorinated gas, as a share of its output."""
    return fluorinated_output * fugitive_share * gwp_gas * CO2E_OF_GAS
