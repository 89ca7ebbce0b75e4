"""Forests and tea gardens: carbon of the standing biomass at two surveys, less what fire gave off.

Source: 毕节市林业碳票计量方法 (read in full; DCP#162, #163): B = a·V^b·(1+R)·area, carbon = B·CF, 44/12, ΔC between two
surveys; fire with combustion 0.45, CH4 4.7 and N2O 0.26 g per kg of dry matter, GWP 25 and 298. V is the volume of wood
on one hectare at a survey, a and b are the species group's. The CO2 of a fire is in ΔC already.
For tea no parameters were found: biomass per hectare is what the survey's own samples give.
"""

from dafeng.domains.inclusion.standards.methods.constants import CO2_PER_C
from dafeng.kernel.accounting import constant, method, power

BIJIE = "毕节市林业碳票计量方法"
TEA = "城市草案：样地实测生物量，算式沿用毕节市林业碳票计量方法的碳储量变化法"
ONE_VOLUME = constant("1 m³/ha", 1.0, "m3/ha")
KG_PER_G = constant("10⁻³ kg/g", 1e-3, "kg/g")
CO2E_PER_T_CO2 = constant("GWP(CO2)", 1.0, "t CO2e/t CO2")


@method(
    "inclusion.sink.biomass", category="inclusion", title="林分生物量（蓄积量—生物量方程）", source=BIJIE,
    activity=("volume", "area"),
)  # fmt: skip
def biomass(
    volume: "m3/ha", area: "ha", volume_biomass_a: "t dm/ha", volume_biomass_b: "1", root_shoot_ratio: "1"
) -> "t dm":
    """Biomass of a stand, root included, from its volume of wood per hectare."""
    return volume_biomass_a * power(volume / ONE_VOLUME, volume_biomass_b) * (1 + root_shoot_ratio) * area


@method(
    "inclusion.sink.biomass_sampled",
    category="inclusion",
    title="生物量（样地实测）",
    source=TEA,
    activity=("density", "area"),
)
def biomass_sampled(density: "t dm/ha", area: "ha") -> "t dm":
    """Biomass of a tea garden from samples, root included."""
    return density * area


@method("inclusion.sink.stock", category="inclusion", gas="CO2", title="碳储量（折二氧化碳）", source=BIJIE)
def stock(dry_matter: "t dm", carbon_fraction: "t C/t dm") -> "t CO2":
    """Carbon that the biomass holds, as CO2."""
    return dry_matter * carbon_fraction * CO2_PER_C


@method(
    "inclusion.sink.fire", category="inclusion", gas="CO2e", title="森林火灾非二氧化碳排放", source=BIJIE,
    activity=("burnt_dry_matter",),
)  # fmt: skip
def fire(
    burnt_dry_matter: "t dm",
    combustion_factor: "1",
    fire_ch4_ef: "g CH4/kg dm",
    fire_n2o_ef: "g N2O/kg dm",
    gwp_ch4: "t CO2e/t CH4",
    gwp_n2o: "t CO2e/t N2O",
) -> "t CO2e":
    """Methane and nitrous oxide of the biomass that stood on burnt land."""
    burnt = burnt_dry_matter * combustion_factor
    return burnt * fire_ch4_ef * KG_PER_G * gwp_ch4 + burnt * fire_n2o_ef * KG_PER_G * gwp_n2o


@method(
    "inclusion.sink.net", category="inclusion", gas="CO2e", title="两次调查间的净碳汇量（扣减后）", source=BIJIE,
    activity=("stock_before", "stock_now", "fire_emissions"),
)  # fmt: skip
def net(stock_before: "t CO2", stock_now: "t CO2", fire_emissions: "t CO2e", uncertainty_cut: "1") -> "t CO2e":
    """What the land took up between two surveys, less fire, less the cut for uncertainty; negative where it lost."""
    return ((stock_now - stock_before) * CO2E_PER_T_CO2 - fire_emissions) * (1 - uncertainty_cut)
