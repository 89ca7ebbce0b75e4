"""The readings of a formula: pint, SymPy, Polars, NumPy, spreadsheet text and plain text.

Each is an algebra (operator → function) for `expression.evaluate`. Heavy packages are imported inside, because a web
page that prints a formula should not pay for NumPy.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dafeng.kernel.accounting.expression import Input, Literal, Named, Node, Operation, evaluate
from dafeng.kernel.quantities import units

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    import sympy as sp

_ARITHMETIC: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "neg": operator.neg,
    ">": operator.gt,
    "<": operator.lt,
}


def _value_of(tree: Node, values: Mapping[str, Any]) -> Any:
    if isinstance(tree, Input):
        return values[tree.name]
    assert isinstance(tree, Named | Literal)
    return tree.value


def read_pint(tree: Node, values: Mapping[str, Any]) -> Any:
    """The tree with quantities. Raises pint's DimensionalityError where units do not fit."""
    import math

    def quantity(leaf: Node) -> Any:
        if isinstance(leaf, Named):
            return leaf.value * units.parse(leaf.unit)
        if isinstance(leaf, Literal):
            return units.registry().Quantity(leaf.value)
        return _value_of(leaf, values)

    def pure(function: Callable[[float], float]) -> Callable[[Any], Any]:
        return lambda argument: units.registry().Quantity(function(float(argument.to("").magnitude)))

    def power(base: Any, exponent: Any) -> Any:
        return base ** float(exponent.to("").magnitude)

    def choose(condition: bool, yes: Any, no: Any) -> Any:
        # Both branches must measure the same thing, whichever is taken.
        return yes.to(no.units) if condition else no.to(yes.units)

    algebra = _ARITHMETIC | {
        "**": power,
        "exp": pure(math.exp),
        "log": pure(math.log),
        "min": lambda a, b: min(a, b.to(a.units)),
        "max": lambda a, b: max(a, b.to(a.units)),
        "where": choose,
    }
    return evaluate(tree, algebra, quantity)


def read_sympy(tree: Node) -> sp.Expr:
    """The tree with symbols: inputs and named constants are positive real symbols."""
    import sympy as sp

    def symbol(leaf: Node) -> Any:
        if isinstance(leaf, Input | Named):
            return sp.Symbol(leaf.name, real=True)
        assert isinstance(leaf, Literal)
        return sp.Integer(int(leaf.value)) if leaf.value.is_integer() else sp.Float(leaf.value)

    algebra = _ARITHMETIC | {
        "exp": sp.exp,
        "log": sp.log,
        "min": sp.Min,
        "max": sp.Max,
        "where": lambda condition, yes, no: sp.Piecewise((yes, condition), (no, True)),
    }
    return evaluate(tree, algebra, symbol)


def read_polars(tree: Node, columns: Mapping[str, pl.Expr]) -> pl.Expr:
    """The tree with columns: one expression, computed at column speed."""
    import polars as pl

    def known(a: pl.Expr, b: pl.Expr, result: pl.Expr) -> pl.Expr:
        # Polars' own minimum of a number and a null is the number: a missing input would vanish.
        return pl.when(a.is_not_null() & b.is_not_null()).then(result)

    algebra = _ARITHMETIC | {
        "exp": lambda x: x.exp(),
        "log": lambda x: x.log(),
        "min": lambda a, b: known(a, b, pl.min_horizontal(a, b)),
        "max": lambda a, b: known(a, b, pl.max_horizontal(a, b)),
        "where": lambda condition, yes, no: pl.when(condition).then(yes).when(~condition).then(no),
    }

    def column(leaf: Node) -> pl.Expr:
        return columns[leaf.name] if isinstance(leaf, Input) else pl.lit(_value_of(leaf, {}))

    result: pl.Expr = evaluate(tree, algebra, column)
    return result


def read_numpy(tree: Node, values: Mapping[str, np.ndarray | float]) -> np.ndarray:
    """The tree with arrays of any shapes that broadcast."""
    import numpy as np

    algebra = _ARITHMETIC | {"exp": np.exp, "log": np.log, "min": np.minimum, "max": np.maximum, "where": np.where}
    return np.asarray(evaluate(tree, algebra, lambda leaf: _value_of(leaf, values)), dtype=float)


def read_spreadsheet(tree: Node, cells: Mapping[str, str]) -> str:
    """The tree as a spreadsheet formula without the leading `=`; `cells` maps input names to cell references."""

    def text(leaf: Node) -> str:
        if isinstance(leaf, Input):
            return cells[leaf.name]
        assert isinstance(leaf, Named | Literal)
        return repr(leaf.value).removesuffix(".0")

    def binary(sign: str) -> Callable[[str, str], str]:
        return lambda a, b: f"({a}{sign}{b})"

    algebra: dict[str, Callable[..., str]] = {sign: binary(sign) for sign in "+-*/><"}
    algebra |= {
        "**": binary("^"),
        "neg": lambda a: f"(-{a})",
        "exp": lambda a: f"EXP({a})",
        "log": lambda a: f"LN({a})",
        "min": lambda a, b: f"MIN({a},{b})",
        "max": lambda a, b: f"MAX({a},{b})",
        "where": lambda c, a, b: f"IF({c},{a},{b})",
    }
    result: str = evaluate(tree, algebra, text)
    return result


_BINDS = {"+": 1, "-": 1, "neg": 2, "*": 3, "/": 3, "**": 4, ">": 0, "<": 0}
_SIGN = {"*": " × ", "/": " ÷ ", "+": " + ", "-": " − ", "**": "^", ">": " > ", "<": " < "}


def read_text(tree: Node, label: Callable[[Node], str] | None = None) -> str:
    """The tree as a person writes it: `fuel × ncv × carbon × oxidation × CO2/C`."""

    def leaf_text(leaf: Node) -> str:
        if label is not None and (found := label(leaf)):
            return found
        if isinstance(leaf, Input | Named):
            return leaf.name
        assert isinstance(leaf, Literal)
        return f"{leaf.value:g}"

    def write(part: Node, outer: int, right: bool = False) -> str:
        if not isinstance(part, Operation):
            return leaf_text(part)
        binds = _BINDS.get(part.operator)
        if binds is None:
            return f"{part.operator}({', '.join(write(operand, 0) for operand in part.operands)})"
        if part.operator == "neg":
            text = f"−{write(part.operands[0], binds)}"
        else:
            first, second = part.operands
            text = (
                write(first, binds + (part.operator == "**"))
                + _SIGN[part.operator]
                + write(second, binds, part.operator in "-/")
            )
        return f"({text})" if binds < outer or (right and binds == outer) else text

    return write(tree, 0)
