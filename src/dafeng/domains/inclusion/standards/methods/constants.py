"""Constants that the formulas of carbon inclusion share."""

from dafeng.kernel.accounting import constant

# The global warming potential of CO2 is 1 by definition; written, because CO2 and CO2e are different dimensions here.
CO2E_PER_CO2 = constant("GWP(CO2)", 1.0, "kg CO2e/kg CO2")
G_PER_KG = constant("1000", 1e3, "g/kg")
CO2_PER_C = constant("44/12", 44 / 12, "t CO2/t C")
