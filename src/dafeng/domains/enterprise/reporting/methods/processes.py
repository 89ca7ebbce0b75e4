"""Waste water and purchased CO2: food, tobacco, beverages and tea, paper, textile and dyeing.

Source: food and paper guides as transcribed in open code (felix FoodProcessEmission.jsx, wastewaterConstants.js: B):
CH4 = (COD removed − COD of sludge) × 0.25 × MCF − recovered.
"""

from dafeng.domains.enterprise.reporting.methods.constants import CO2E_OF_CH4
from dafeng.kernel.accounting import method

FOOD = "食品、烟草及酒、饮料和精制茶企业核算指南；felix FoodProcessEmission.jsx、wastewaterConstants.js"


@method(
    "enterprise.wastewater", category="enterprise", gas="CH4", title="工业废水厌氧处理", source=FOOD,
    activity=("cod_removed", "cod_sludge", "ch4_recovered"), optional={"cod_sludge": 0.0, "ch4_recovered": 0.0},
)  # fmt: skip
def wastewater(
    cod_removed: "t COD",
    cod_sludge: "t COD",
    ch4_recovered: "t CH4",
    wastewater_b0: "t CH4/t COD",
    wastewater_mcf: "1",
    gwp_ch4: "1",
) -> "t CO2e":
    """Methane of waste water that is treated without air, less what is recovered, as CO2e."""
    return ((cod_removed - cod_sludge) * wastewater_b0 * wastewater_mcf - ch4_recovered) * gwp_ch4 * CO2E_OF_CH4


@method(
    "enterprise.co2_loss", category="enterprise", gas="CO2", title="外购工业生产的二氧化碳损耗", source=FOOD, activity=("co2_bought", "co2_loss"),
)  # fmt: skip
def co2_loss(co2_bought: "t CO2", co2_loss: "1") -> "t CO2":
    """The part of purchased CO2 that is lost while drinks are made."""
    return co2_bought * co2_loss
