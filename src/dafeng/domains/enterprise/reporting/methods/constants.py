"""Ratios of molar masses as the guidelines write them, and plain scales."""

from dafeng.kernel.accounting import constant

CO2_PER_C = constant("44/12", 44 / 12, "t CO2/t C")
T_PER_KG = constant("10⁻³ t/kg", 1e-3, "t/kg")
KG_PER_T = constant("10³ kg/t", 1e3, "kg/t")
GJ_PER_KJ = constant("10⁻⁶ GJ/kJ", 1e-6, "GJ/kJ")
T_PER_MG = constant("10⁻⁹ t/mg", 1e-9, "t/mg")
GJ_PER_TCE = constant("29.3076", 29.3076, "GJ/tce")
CO2E_OF_CO2 = constant("GWP(CO2)", 1.0, "t CO2e/t CO2")
CO2E_OF_CH4 = constant("t CO2e/t CH4", 1.0, "t CO2e/t CH4")
CO2E_OF_N2O = constant("t CO2e/t N2O", 1.0, "t CO2e/t N2O")
CO2E_OF_GAS = constant("t CO2e/t", 1.0, "t CO2e/t")
