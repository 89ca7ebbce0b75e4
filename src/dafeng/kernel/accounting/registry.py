"""Methods: official formulas, declared with their units and their source, registered by id.

    @method("energy.stationary.co2", category="1A", gas="CO2", source="GB/T 32151.22-2024, C.1")
    def combustion_co2(fuel: "t", ncv: "GJ/t", carbon: "t C/GJ", oxidation: "1") -> "t CO2":
        '''CO2 of burning a fuel: its heat, its carbon, the part that oxidises.'''
        return fuel * ncv * carbon * oxidation * CO2_PER_C

Registering proves the units: the formula is computed once with quantities and once with bare numbers, and both must
agree in the declared unit. A method whose units are wrong cannot be imported.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from dafeng.kernel.accounting import readings
from dafeng.kernel.accounting.expression import Input, Node, node
from dafeng.kernel.errors import MethodError, UnitError
from dafeng.kernel.quantities import units

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    import sympy as sp

_REGISTRY: dict[str, Method] = {}


@dataclass(frozen=True)
class Method:
    """One formula and everything that a reader asks of it.

    `inputs` maps names to units in the order of the formula; `unit` is that of the result. `activity` names the inputs
    that come from activity data, all others are factors. `optional` gives the value that the source itself prescribes
    when an activity input is not reported (recovered methane: none), never a default for a factor.
    """

    id: str
    function: Callable[..., Any] = field(repr=False)
    inputs: Mapping[str, str]
    unit: str
    category: str
    gas: str
    source: str
    title: str
    version: str
    activity: tuple[str, ...]
    optional: Mapping[str, float]
    tree: Node = field(repr=False)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The inputs that are factors."""
        return tuple(name for name in self.inputs if name not in self.activity)

    @property
    def reference(self) -> str:
        """`id@version`, as lineage names it."""
        return f"{self.id}@{self.version}"

    @property
    def formula(self) -> str:
        """The formula as a person writes it."""
        return readings.read_text(self.tree)

    @property
    def description(self) -> str:
        return inspect.getdoc(self.function) or ""

    def __call__(self, *arguments: Any, **values: Any) -> Any:
        """The formula itself: with numbers it computes, inside another method's formula it becomes a part of it."""
        return self.function(*arguments, **values)

    def columns(self, columns: Mapping[str, pl.Expr] | None = None) -> pl.Expr:
        """The formula over columns; by default each input is the column of its name."""
        import polars as pl

        return readings.read_polars(self.tree, columns or {name: pl.col(name) for name in self.inputs})

    def draws(self, values: Mapping[str, np.ndarray | float]) -> np.ndarray:
        """The formula over arrays, any shapes that broadcast."""
        return readings.read_numpy(self.tree, values)

    @cached_property
    def symbolic(self) -> sp.Expr:
        """The formula with symbols, for printing and for derivatives."""
        return readings.read_sympy(self.tree)

    @cached_property
    def constants(self) -> dict[str, float]:
        """The named constants of the formula."""
        from dafeng.kernel.accounting.expression import Named, walk

        return {part.name: part.value for part in walk(self.tree) if isinstance(part, Named)}

    def derivative(self, name: str) -> Callable[..., np.ndarray]:
        """∂ result / ∂ `name` as a NumPy function of the inputs, in the order of `inputs`; exact, through SymPy."""
        return self._derivatives[name]

    @cached_property
    def _derivatives(self) -> dict[str, Callable[..., np.ndarray]]:
        import sympy as sp

        symbols = [sp.Symbol(name, real=True) for name in self.inputs]
        values = {sp.Symbol(name, real=True): value for name, value in self.constants.items()}
        return {
            symbol.name: sp.lambdify(symbols, sp.diff(self.symbolic, symbol).subs(values), "numpy")
            for symbol in symbols
        }

    def spreadsheet(self, cells: Mapping[str, str]) -> str:
        """The formula for a spreadsheet cell, without `=`."""
        return readings.read_spreadsheet(self.tree, cells)

    def run(self, values: Mapping[str, float], given_units: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Compute once for named inputs and say how: result, unit, trace.

        `given_units` may give a unit for an input; without one the method's own is meant. Raises `MethodError` for
        missing, unknown or non-numeric inputs and `UnitError` for a unit that does not fit.
        """
        import math

        missing = [name for name in self.inputs if name not in values and name not in self.optional]
        unknown = [name for name in values if name not in self.inputs]
        expected = "、".join(f"{name}（{unit}）" for name, unit in self.inputs.items())
        if missing or unknown:
            what = f"缺少输入 {'、'.join(missing)}" if missing else f"多出不认识的输入 {'、'.join(unknown)}"
            raise MethodError(f"方法 {self.id} {what}", expected=expected)
        scaled, trace = dict(self.optional), []
        for name, unit in self.inputs.items():
            given = (given_units or {}).get(name) or unit
            if name in values:
                scaled[name] = float(values[name]) * units.conversion(given, unit)
            trace.append(
                {"input": name, "given": values.get(name), "given_unit": given, "value": scaled[name], "unit": unit}
            )
            if not math.isfinite(scaled[name]):
                raise MethodError(f"方法 {self.id} 的输入 {name} 不是有限的数", expected="一个有限的数")
        try:
            result = float(self.draws(scaled))
        except (ZeroDivisionError, FloatingPointError, OverflowError) as error:
            raise MethodError(f"方法 {self.id} 算不出结果：{error}", mend="请检查为零或过大的输入") from error
        if not math.isfinite(result):
            raise MethodError(f"方法 {self.id} 的结果不是有限的数", mend="请检查为零或过大的输入")
        return {
            "method": self.reference,
            "title": self.title,
            "result": result,
            "unit": self.unit,
            "formula": self.formula,
            "constants": self.constants,
            "inputs": trace,
            "source": self.source,
        }


def method(
    id: str,
    *,
    category: str,
    source: str,
    gas: str = "",
    title: str = "",
    version: str = "1",
    activity: Iterable[str] | None = None,
    optional: Mapping[str, float] | None = None,
) -> Callable[[Callable[..., Any]], Method]:
    """Register a function of arithmetic as a method; see the module's text.

    Without `activity`, the first input is the activity and the rest are factors; name all activity inputs otherwise
    (an empty tuple for a formula that only derives a parameter). Raises `MethodError` at import when the declaration
    is wrong, with the formula shown.
    """

    def register(function: Callable[..., Any]) -> Method:
        notes = dict(inspect.get_annotations(function))
        if id in _REGISTRY:
            raise MethodError(f"方法 {id} 登记了两次")
        unit = notes.pop("return", None)
        names = list(inspect.signature(function).parameters)
        if not isinstance(unit, str) or list(notes) != names or not all(isinstance(n, str) for n in notes.values()):
            raise MethodError(f"方法 {id} 的每个输入和结果都要写明单位", expected='形如 fuel: "t" 的注解')
        if not (inspect.getdoc(function) or "").strip() or not source.strip():
            raise MethodError(f"方法 {id} 缺少说明或来源")
        chosen = tuple(activity) if activity is not None else tuple(names[:1])
        stray = [name for name in (*chosen, *(optional or {})) if name not in notes]
        if stray or any(name not in chosen for name in optional or {}):
            raise MethodError(f"方法 {id} 的 activity 或 optional 与输入不符", expected="、".join(names))
        tree = node(function(**{name: Input(name, text) for name, text in notes.items()}))
        declared = Method(
            id=id,
            function=function,
            inputs=notes,
            unit=unit,
            category=category,
            gas=gas,
            source=source,
            title=title or (inspect.getdoc(function) or "").splitlines()[0],
            version=version,
            activity=chosen,
            optional=dict(optional or {}),
            tree=tree,
        )
        _prove_units(declared)
        _REGISTRY[id] = declared
        return declared

    return register


def _prove_units(declared: Method) -> None:
    """Compute with quantities and with numbers; refuse the method unless both agree in the declared unit."""
    import math

    import pint

    # Distinct magnitudes near one, so that a wrong power or a lost constant changes the result.
    values = {name: 1.0 + 0.1 * (index + 1) for index, name in enumerate(declared.inputs)}
    shown = f"{declared.id}: {declared.formula} → {declared.unit}"
    try:
        quantities = {name: values[name] * units.parse(unit) for name, unit in declared.inputs.items()}
        # The inputs' own scale (1e4 Nm3) is part of the unit, not of the number.
        result = readings.read_pint(declared.tree, quantities) / units.parse(declared.unit)
        proven = float(result.to("").magnitude)
    except pint.errors.DimensionalityError as error:
        raise MethodError(f"方法的单位不成立：{shown}（{error}）") from error
    except UnitError as error:
        raise MethodError(f"方法的单位不成立：{shown}（{error.what}）") from error
    plain = float(readings.read_numpy(declared.tree, values))
    if not math.isclose(proven, plain, rel_tol=1e-9, abs_tol=1e-12):
        raise MethodError(
            f"方法的单位差一个系数 {proven / plain if plain else proven:g}：{shown}", mend="请在公式中写出换算常数"
        )


def find_method(id: str) -> Method:
    """The method of this id. Raises `MethodError`, with the nearest ids, when there is none."""
    import difflib

    name = id.split("@")[0]
    if name not in _REGISTRY:
        near = difflib.get_close_matches(name, _REGISTRY, n=3, cutoff=0.4)
        raise MethodError(
            f"没有方法“{id}”", mend=f"是否指 {'、'.join(near)}？" if near else "可用 dafeng method list 查看全部"
        )
    return _REGISTRY[name]


def all_methods(*modules: str) -> dict[str, Method]:
    """Every registered method by id, after importing the given modules."""
    for module in modules:
        import_module(module)
    return dict(sorted(_REGISTRY.items()))
