"""Every registered method, read in every way, gives one and the same number.

The pint reading is the unit proof, SymPy prints and differentiates, Polars and NumPy compute, the spreadsheet formula is
what a reviewer recalculates: if any of them drifted from the others, an official figure would depend on who asks.
"""

import math
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import polars as pl
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from dafeng.domains.inventory.methods import MODULES
from dafeng.kernel.accounting import Method, all_methods, readings
from dafeng.kernel.quantities import units

PRESENT = [module for module in MODULES if find_spec(module)]
METHODS = {name: found for name, found in all_methods(*PRESENT).items() if not name.startswith("test.")}
FUNCTIONS = {
    "EXP": math.exp,
    "LN": math.log,
    "MIN": min,
    "MAX": max,
    "IF": lambda condition, yes, no: yes if condition else no,
}
VALUES = st.floats(0.2, 5, allow_subnormal=False)


def _points(found: Method) -> list[dict[str, float]]:
    """Seeded inputs, positive and of the order of one; small ones too, where a share must lie below one."""
    random = np.random.default_rng(len(found.inputs))
    drawn = [random.uniform(low, high, len(found.inputs)) for low, high in ((0.2, 3), (0.02, 0.9), (0.5, 40), (1, 1.5))]
    return [dict(zip(found.inputs, map(float, values), strict=True)) for values in drawn]


def _spreadsheet(found: Method, values: dict[str, float]) -> float:
    cells = {name: f"C{number}" for number, name in enumerate(found.inputs, start=1)}
    text = found.spreadsheet(cells).replace("^", "**")
    named = {cells[name]: value for name, value in values.items()}
    return float(eval(text, {"__builtins__": {}}, {**FUNCTIONS, **named}))


def _all_readings(found: Method, values: dict[str, float]) -> dict[str, float]:
    with_units = {name: values[name] * units.parse(unit) for name, unit in found.inputs.items()}
    proof = readings.read_pint(found.tree, with_units) / units.parse(found.unit)
    symbols = {sp.Symbol(name, real=True): value for name, value in {**found.constants, **values}.items()}
    return {
        "plain": float(found(**values)),
        "pint": float(proof.to("").magnitude),
        "sympy": float(sp.sympify(found.symbolic).subs(symbols).evalf(17)),
        "polars": float(pl.DataFrame({name: [value] for name, value in values.items()}).select(found.columns()).item()),
        "spreadsheet": _spreadsheet(found, values),
    }


def test_at_least_one_module_of_methods_is_present() -> None:
    assert PRESENT
    assert METHODS


@pytest.mark.parametrize("name", METHODS)
def test_all_readings_of_a_method_agree(name: str) -> None:
    found = METHODS[name]
    for values in _points(found):
        expected = float(found.draws(values))
        assert math.isfinite(expected)
        for reading, value in _all_readings(found, values).items():
            assert value == pytest.approx(expected, rel=1e-9, abs=1e-12), f"{reading} of {found.formula} at {values}"


@pytest.mark.parametrize("name", METHODS)
def test_a_derivative_is_the_slope_of_the_method(name: str) -> None:
    found = METHODS[name]
    for values in _points(found)[:2]:
        for moved in found.inputs:
            step = 1e-6 * values[moved]
            up, down = ({**values, moved: values[moved] + sign * step} for sign in (1, -1))
            slope = (float(found.draws(up)) - float(found.draws(down))) / (2 * step)
            exact = float(found.derivative(moved)(*(values[name] for name in found.inputs)))
            scale = max(abs(float(found.draws(values))) / abs(values[moved]), 1e-9)
            assert exact == pytest.approx(slope, rel=1e-5, abs=1e-5 * scale), f"∂/∂{moved} of {found.formula}"


@pytest.mark.parametrize("name", METHODS)
def test_a_method_says_what_it_is_and_where_it_comes_from(name: str) -> None:
    found = METHODS[name]
    assert found.title.strip()
    assert found.description.strip()
    assert found.source.strip()
    assert found.formula
    assert set(found.activity) <= set(found.inputs)


@pytest.mark.parametrize(
    "name", [name for name, found in METHODS.items() if found.activity and found.gas and found.category != "inclusion"]
)
def test_a_method_that_compiles_gives_tonnes(name: str) -> None:
    """A compile adds up results as tonnes of a gas: a method in kg would be counted a thousandfold."""
    measured = METHODS[name].unit
    assert measured.split()[0] in {"t", "1"} or units.convertible(measured, "1"), measured


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_columns_and_draws_agree_row_by_row(data: st.DataObject) -> None:
    found = METHODS[data.draw(st.sampled_from(sorted(METHODS)))]
    rows = data.draw(st.integers(1, 4))
    table: dict[str, Any] = {name: data.draw(st.lists(VALUES, min_size=rows, max_size=rows)) for name in found.inputs}
    with np.errstate(all="ignore"):
        drawn = np.broadcast_to(found.draws({name: np.array(column) for name, column in table.items()}), rows)
    computed = pl.DataFrame(table).select(found.columns().alias("result"))["result"].to_numpy()
    assert computed == pytest.approx(drawn, rel=1e-9, abs=1e-12, nan_ok=True)


def test_every_module_named_is_importable_and_registers_something() -> None:
    """Named modules that are not there yet are listed by the inventory itself; those that are must work."""
    for module in PRESENT:
        import_module(module)
    by_module = {found.function.__module__ for found in METHODS.values()}
    assert by_module
