"""The verifier's own formulas: written from the guideline, not from the reporting code, and chosen by what a result row names.

Plain numbers in the units that the row tells (t, GJ/t, t C/GJ …); the result is t CO2e. Sources: facts/mrv/power_guideline.md (1)-(3),
(A.1)-(A.3); facts/mrv/sector_methods.md. A row that no formula here fits is not recomputed, and the comparison says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

C_TO_CO2 = (12.0 + 2 * 16.0) / 12.0
Arithmetic = Callable[[Mapping[str, float]], float]
# Inputs that the form knows under another name.
ITEMS = {"gas_use": "fuel_use", "ncv_by_volume": "ncv"}


def _burning(fuel: str, heat: str) -> Arithmetic:
    """(1), (A.1)-(A.3): heat of the fuel, its carbon, the part that oxidises."""

    def arithmetic(given: Mapping[str, float]) -> float:
        heat_of_fuel = given[fuel] * given[heat]
        carbon = heat_of_fuel * given["carbon_content"]
        return carbon * given["oxidation"] * C_TO_CO2

    return arithmetic


def _times(*names: str) -> Arithmetic:
    return lambda given: prod(given[name] for name in names)


def _as_carbon(*names: str) -> Arithmetic:
    """Everything multiplied is a mass of carbon; as CO2."""
    return lambda given: prod(given[name] for name in names) * C_TO_CO2


def _clinker_oxides(given: Mapping[str, float]) -> float:
    """CaO and MgO of the clinker that came from carbonates: 44/56 and 44/40 of their mass is CO2."""
    lime = (given["cao"] - given["cao_not_carbonate"]) * 44 / 56
    magnesia = (given["mgo"] - given["mgo_not_carbonate"]) * 44 / 40
    return given["clinker_output"] * (lime + magnesia)


def _wastewater(given: Mapping[str, float]) -> float:
    """Methane of anaerobic treatment, less what is recovered, by its warming potential."""
    made = (given["cod_removed"] - given["cod_sludge"]) * given["wastewater_b0"] * given["wastewater_mcf"]
    return (made - given["ch4_recovered"]) * given["gwp_ch4"]


def _anode(given: Mapping[str, float]) -> float:
    burnt = given["anode_use"] * (1 - given["anode_loss"])
    return burnt * (1 - given["anode_sulphur"] - given["anode_ash"]) * C_TO_CO2


def _anode_effect(gas: str) -> Arithmetic:
    """Aluminium times kg of the gas a ton, by its warming potential; 1000 kg are a ton."""
    return lambda given: given["aluminium_output"] * given[f"{gas}_factor"] / 1000 * given[f"gwp_{gas}"]


def _process_gas(given: Mapping[str, float]) -> float:
    """kg of gas that leave the cylinder, are not used up and not destroyed; by its warming potential."""
    kg = given["process_gas_use"] * (1 - given["gas_residual"]) * (1 - given["gas_use_rate"])
    return kg / 1000 * (1 - given["gas_collection"] * given["gas_destruction"]) * given["gwp_gas"]


def _byproduct(given: Mapping[str, float]) -> float:
    kg = given["process_gas_use"] * (1 - given["gas_residual"]) * given["byproduct_share"]
    return kg / 1000 * (1 - given["gas_collection"] * given["gas_destruction"]) * given["gwp_gas"]


def _gas_balance(given: Mapping[str, float]) -> float:
    gone = given["gas_opening"] + given["gas_bought"] - given["gas_closing"] - given["gas_sold_on"]
    return gone * given["gwp_gas"]


def _acid_n2o(given: Mapping[str, float]) -> float:
    """kg N2O a ton of acid, less what the abatement takes while it runs."""
    kg = given["acid_output"] * given["acid_n2o"] * (1 - given["abatement"] * given["abatement_use"])
    return kg / 1000 * given["gwp_n2o"]


def _sf6_equipment(given: Mapping[str, float]) -> float:
    return (given["sf6_capacity"] - given["sf6_recovered"]) / 1000 * given["gwp_sf6"]


def _urea(given: Mapping[str, float]) -> float:
    """Urea CO(NH2)2 has 12 of its 60 as carbon, so 44 of CO2 to each 60."""
    return given["urea_use"] / 1000 * given["urea_purity"] * 44 / 60


_FORMULAS: tuple[tuple[tuple[str, ...], Arithmetic], ...] = (
    (("fuel_use", "ncv", "carbon_content", "oxidation"), _burning("fuel_use", "ncv")),
    (("gas_use", "ncv_by_volume", "carbon_content", "oxidation"), _burning("gas_use", "ncv_by_volume")),
    (("carburiser_use", "ncv", "carbon_content"), _as_carbon("carburiser_use", "ncv", "carbon_content")),
    (("aluminium_output", "anode_net_carbon"), _as_carbon("aluminium_output", "anode_net_carbon")),
    (("powder_use", "powder_carbon"), _as_carbon("powder_use", "powder_carbon")),
    (("clinker_output", "cao", "cao_not_carbonate", "mgo", "mgo_not_carbonate"), _clinker_oxides),
    (
        ("cod_removed", "cod_sludge", "wastewater_b0", "wastewater_mcf", "ch4_recovered", "gwp_ch4"),
        _wastewater,
    ),
    (("anode_use", "anode_loss", "anode_sulphur", "anode_ash"), _anode),
    (("carbon_mass", "carbon_share"), _as_carbon("carbon_mass", "carbon_share")),
    (("acid_output", "abatement", "abatement_use", "acid_n2o", "gwp_n2o"), _acid_n2o),
    (("hfc23_destroyed",), lambda given: given["hfc23_destroyed"] * 44 / 70),
    (
        ("raw_coal", "ch4_per_coal", "gwp_ch4"),
        lambda given: given["raw_coal"] * given["ch4_per_coal"] / 1e3 * given["gwp_ch4"],
    ),
    (("sf6_capacity", "sf6_recovered", "gwp_sf6"), _sf6_equipment),
    (
        ("distance", "vehicle_ch4", "gwp_ch4"),
        lambda given: given["distance"] * given["vehicle_ch4"] / 1e9 * given["gwp_ch4"],
    ),
    (
        ("distance", "vehicle_n2o", "gwp_n2o"),
        lambda given: given["distance"] * given["vehicle_n2o"] / 1e9 * given["gwp_n2o"],
    ),
    (("urea_use", "urea_purity"), _urea),
    (
        ("shielding_use", "co2_volume_share", "mean_molar_mass"),
        lambda given: given["shielding_use"] * given["co2_volume_share"] * 44 / given["mean_molar_mass"],
    ),
    (("gas_opening", "gas_closing", "gas_bought", "gas_sold_on", "gwp_gas"), _gas_balance),
    (
        ("process_gas_use", "gas_use_rate", "gas_collection", "gas_destruction", "gas_residual", "gwp_gas"),
        _process_gas,
    ),
    (
        ("process_gas_use", "gas_collection", "gas_destruction", "gas_residual", "byproduct_share", "gwp_gas"),
        _byproduct,
    ),
    (
        ("gis_connections", "gis_leak", "gwp_sf6"),
        # S 32.06 and six F of 18.998 g/mol; a gram is 1e-6 t.
        lambda given: given["gis_connections"] * given["gis_leak"] * 146.05e-6 * given["gwp_sf6"],
    ),
    (("aluminium_output", "cf4_factor", "gwp_cf4"), _anode_effect("cf4")),
    (("aluminium_output", "c2f6_factor", "gwp_c2f6"), _anode_effect("c2f6")),
    *(
        (names, _times(*names))
        for names in (
            ("electricity_bought", "grid_factor"),
            ("heat_bought", "heat_factor"),
            ("clinker_output", "clinker_factor"),
            ("substitute_use", "substitute_deduction"),
            ("carbonate_use", "purity", "carbonate_factor"),
            ("carbonate_use", "purity", "decomposition", "carbonate_factor"),
            ("flux_use", "purity", "flux_factor"),
            ("electrode_use", "electrode_factor"),
            ("material_use", "material_factor"),
            ("product_output", "fixed_factor"),
            ("ferrosilicon_output", "ferrosilicon_factor"),
            ("reductant_use", "reductant_factor"),
            ("reductant_gas_use", "reductant_gas_factor"),
            ("oxalic_use", "oxalic_concentration", "oxalic_factor"),
            ("co2_bought", "co2_loss"),
            ("gas_sold", "gas_purity", "gas_density", "gwp_gas"),
            ("hcfc22_output", "hfc23_share", "gwp_hfc23"),
            ("fluorinated_output", "fugitive_share", "gwp_gas"),
            ("ch4_volume", "ch4_density", "gwp_ch4"),
        )
    ),
)
OWN: Mapping[frozenset[str], Arithmetic] = {frozenset(names): arithmetic for names, arithmetic in _FORMULAS}


def own_value(inputs: Mapping[str, float]) -> float | None:
    """The verifier's result of a row in t CO2e, before its sign; None where no own formula has just these inputs."""
    arithmetic = OWN.get(frozenset(inputs))
    return None if arithmetic is None else arithmetic(inputs)
