"""A small world for the tests of the ground floor: a few methods, factors and recipes of known arithmetic.

The methods are registered in a registry of the test's own, so that the product's list of methods stays as it is.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dafeng.kernel.accounting import (
    Recipe,
    compile_emissions,
    constant,
    exp,
    factor_frame,
    maximum,
    method,
    minimum,
    registry,
    where,
)
from dafeng.kernel.accounting.recipes import SeriesMethod

CO2_PER_C = constant("44/12", 44 / 12, "t CO2/t C")
T_PER_KG = constant("10⁻³ t/kg", 1e-3, "t/kg")
SOURCE = "a test"


@pytest.fixture
def own_registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """An empty registry for one test."""
    methods: dict[str, Any] = {}
    monkeypatch.setattr(registry, "_REGISTRY", methods)
    return methods


@pytest.fixture
def world(own_registry: dict[str, Any]) -> SimpleNamespace:
    """Methods by short names, their recipes, and `compile(activities, factors, …)` with all of them."""
    methods = _methods()
    recipes = [
        Recipe("1A", "CO2", "test.fuel.mass"),
        Recipe("1A", "CO2", "test.fuel.volume"),
        Recipe("1A", "CO2", "test.fuel.energy"),
        Recipe("3A", "CH4", "test.animal"),
        Recipe("3A1", "CH4", "test.animal.dairy", item="dairy"),
        Recipe("5A", "CH4", "test.decay"),
        Recipe("5D", "CH4", "test.water"),
        Recipe("2A", "CO2", "test.excess"),
        Recipe("2B", "CO2", "test.bent"),
        Recipe("1B", "CO2", "test.simple"),
        Recipe("1B", "CH4", "test.simple.ch4"),
    ]
    series = {"test.decay": _decay()}

    def compile_all(activities: Any, factors: Any, **options: Any) -> Any:
        table = factor_frame([{"set": "one", "standing": "confirmed", **row} for row in factors])
        return compile_emissions(activities, table, options.pop("recipes", recipes), series=series, **options)

    return SimpleNamespace(compile=compile_all, recipes=recipes, series=series, activity=_activity, **methods)


def _activity(category: str = "1B", item: str = "x", value: float | None = 100.0, **more: Any) -> dict[str, Any]:
    """One activity row, in tonnes, of 信阳 in 2023 unless told otherwise."""
    row = {"category": category, "item": item, "place": "411500", "year": 2023, "value": value, "unit": "t"}
    return {**row, **more}


def _methods() -> dict[str, Callable[..., Any]]:
    def register(name: str, gas: str, **options: Any) -> Callable[..., Any]:
        return method(name, category="", gas=gas, source=SOURCE, **options)

    @register("test.fuel.mass", "CO2")
    def mass(fuel: "t", ncv: "GJ/t", carbon_content: "t C/GJ", oxidation: "1") -> "t CO2":
        """Burning a fuel known by its mass."""
        return fuel * ncv * carbon_content * oxidation * CO2_PER_C

    @register("test.fuel.volume", "CO2")
    def volume(fuel: "1e4 Nm3", ncv_gas: "GJ/(1e4 Nm3)", carbon_content: "t C/GJ", oxidation: "1") -> "t CO2":
        """Burning a fuel known by its volume."""
        return fuel * ncv_gas * carbon_content * oxidation * CO2_PER_C

    @register("test.fuel.energy", "CO2")
    def energy(fuel: "GJ", carbon_content: "t C/GJ", oxidation: "1") -> "t CO2":
        """Burning a fuel known by its heat."""
        return fuel * carbon_content * oxidation * CO2_PER_C

    @register("test.animal", "CH4")
    def animal(head: "head", animal_ef: "kg CH4/head") -> "t CH4":
        """Methane of animals."""
        return head * animal_ef * T_PER_KG

    @register("test.animal.dairy", "CH4")
    def dairy(head: "head", dairy_ef: "kg CH4/head") -> "t CH4":
        """Methane of dairy cows, by a method of their own."""
        return head * dairy_ef * T_PER_KG

    @register("test.water", "CH4", activity=("organic", "sludge", "recovered"), optional={"recovered": 0.0})
    def water(organic: "t BOD", water_ef: "t CH4/t BOD", sludge: "t BOD", recovered: "t CH4") -> "t CH4":
        """Methane of waste water: what is not taken out as sludge, less what is recovered."""
        return (organic - sludge) * water_ef - recovered

    @register("test.excess", "CO2", activity=("made", "limit"))
    def excess(made: "t", limit: "t", excess_ef: "t CO2/t") -> "t CO2":
        """What is made, at most the limit."""
        return minimum(made, limit) * excess_ef

    @register("test.bent", "CO2")
    def bent(amount: "t", bent_ef: "t CO2/t", bent_rate: "1") -> "t CO2":
        """A formula with every operation: not proportional to its activity."""
        share = 1 - exp(-1 * bent_rate * maximum(bent_rate, 0.5))
        return where(bent_rate > 0.1, amount * bent_ef * share, amount * bent_ef * bent_rate**2)

    @register("test.simple", "CO2")
    def simple(amount: "t", simple_ef: "t CO2/t") -> "t CO2":
        """One activity, one factor."""
        return amount * simple_ef

    @register("test.simple.ch4", "CH4")
    def simple_ch4(amount: "t", simple_ch4_ef: "kg CH4/t") -> "t CH4":
        """The same activity, another gas."""
        return amount * simple_ch4_ef * T_PER_KG

    found = (mass, volume, energy, animal, dairy, water, excess, bent, simple, simple_ch4)
    return {one.function.__name__: one for one in found}


def _decay() -> SeriesMethod:
    """First-order decay: each year's deposit begins to decay in the year after (IPCC 2006 Vol.5 eq. 3.4 and 3.5)."""

    def decay(years: Any, waste: Any, recovered: Any, decay_rate: Any, decay_potential: Any) -> Any:
        deposits = waste * decay_potential
        rates = np.broadcast_to(decay_rate, deposits.shape)
        emission, stock = np.zeros(deposits.shape), np.zeros(deposits.shape[1:])
        for at in range(len(years)):
            emission[at] = stock * (1 - np.exp(-rates[at]))
            stock = stock * np.exp(-rates[at]) + deposits[at]
        return emission - recovered

    return SeriesMethod(
        id="test.decay",
        function=decay,
        activity="waste",
        activity_unit="t",
        parameters={"decay_rate": "1", "decay_potential": "t CH4/t"},
        gas="CH4",
        unit="t CH4",
        category="5A",
        title="decay",
        source=SOURCE,
        optional={"recovered": 0.0},
    )
