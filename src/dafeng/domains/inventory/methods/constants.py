"""Constants that many methods share: ratios of molar masses as the guidelines write them, and plain scales."""

from dafeng.kernel.accounting import constant

CO2_PER_C = constant("44/12", 44 / 12, "t CO2/t C")
CH4_PER_C = constant("16/12", 16 / 12, "t CH4/t C")
N2O_PER_N = constant("44/28", 44 / 28, "t N2O/t N")

T_PER_KG = constant("10⁻³ t/kg", 1e-3, "t/kg")
T_PER_G = constant("10⁻⁶ t/g", 1e-6, "t/g")
T_PER_MG = constant("10⁻⁹ t/mg", 1e-9, "t/mg")
TJ_PER_GJ = constant("10⁻³ TJ/GJ", 1e-3, "TJ/GJ")
DAYS_PER_YEAR = constant("365", 365.0, "d")
