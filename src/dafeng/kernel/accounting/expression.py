"""The formula of a method as a small tree, so that one function can be read in many ways.

A method's function is called once with `Input` nodes; Python's own operators build the tree. Each reading then walks
the tree with its own algebra: pint proves the units, SymPy prints and differentiates, Polars computes columns, NumPy
computes draws, and a spreadsheet shows the formula. Nothing is written twice, so nothing can drift apart.

Called with plain numbers, the same function simply computes: a `constant` is a float there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dafeng.kernel.quantities import units

Number = int | float


class Node:
    """A formula or a part of one; supports `+ - * / **` and comparison for `where`."""

    __slots__ = ()
    __array_ufunc__ = None  # keep NumPy from looping over a node

    def __add__(self, other: Any) -> Node:
        return Operation("+", (self, node(other)))

    def __radd__(self, other: Any) -> Node:
        return Operation("+", (node(other), self))

    def __sub__(self, other: Any) -> Node:
        return Operation("-", (self, node(other)))

    def __rsub__(self, other: Any) -> Node:
        return Operation("-", (node(other), self))

    def __mul__(self, other: Any) -> Node:
        return Operation("*", (self, node(other)))

    def __rmul__(self, other: Any) -> Node:
        return Operation("*", (node(other), self))

    def __truediv__(self, other: Any) -> Node:
        return Operation("/", (self, node(other)))

    def __rtruediv__(self, other: Any) -> Node:
        return Operation("/", (node(other), self))

    def __pow__(self, other: Any) -> Node:
        return Operation("**", (self, node(other)))

    def __neg__(self) -> Node:
        return Operation("neg", (self,))

    def __gt__(self, other: Any) -> Node:
        return Operation(">", (self, node(other)))

    def __lt__(self, other: Any) -> Node:
        return Operation("<", (self, node(other)))

    def __bool__(self) -> bool:
        raise TypeError("a formula has no truth value: write where(condition, a, b) instead of `if`")


@dataclass(frozen=True, slots=True)
class Input(Node):
    """A named input with its unit."""

    name: str
    unit: str


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A bare number in a formula: dimensionless."""

    value: float


@dataclass(frozen=True, slots=True)
class Named(Node):
    """A constant with a name and a unit, such as CO2 per C."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Operation(Node):
    """An operator or a function applied to nodes."""

    operator: str
    operands: tuple[Node, ...]


class Constant(float):
    """A number with a name and a unit. Plain arithmetic sees the number, a formula sees the name and the unit."""

    name: str
    unit: str

    def __new__(cls, name: str, value: float, unit: str) -> Constant:
        self = super().__new__(cls, value)
        self.name, self.unit = name, unit
        return self

    def __mul__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, Node) else float(self) * other

    def __truediv__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, Node) else float(self) / other


def constant(name: str, value: float, unit: str) -> Constant:
    """Declare a constant; raises `UnitError` at once when the unit is unknown."""
    units.parse(unit)
    return Constant(name, value, unit)


def node(value: Any) -> Node:
    """Anything that may stand in a formula, as a node."""
    if isinstance(value, Node):
        return value
    if isinstance(value, Constant):
        return Named(value.name, float(value), value.unit)
    if isinstance(value, int | float):
        return Literal(float(value))
    raise TypeError(f"{value!r} cannot stand in a formula")


def _dispatch(name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
    def apply(*operands: Any) -> Any:
        if any(isinstance(operand, Node) for operand in operands):
            return Operation(name, tuple(node(operand) for operand in operands))
        return plain(*operands)

    apply.__name__ = name
    apply.__doc__ = f"`{name}` of a formula or of numbers, whichever it meets."
    return apply


exp = _dispatch("exp", math.exp)
log = _dispatch("log", math.log)
power = _dispatch("**", lambda base, exponent: base**exponent)
minimum = _dispatch("min", min)
maximum = _dispatch("max", max)
where = _dispatch("where", lambda condition, yes, no: yes if condition else no)


def walk(tree: Node) -> Iterator[Node]:
    """Every node, parents before children."""
    yield tree
    if isinstance(tree, Operation):
        for operand in tree.operands:
            yield from walk(operand)


def evaluate(tree: Node, algebra: Mapping[str, Callable[..., Any]], leaf: Callable[[Node], Any]) -> Any:
    """Compute the tree with the operations of one algebra; `leaf` gives the value of inputs and constants."""
    if isinstance(tree, Operation):
        return algebra[tree.operator](*(evaluate(operand, algebra, leaf) for operand in tree.operands))
    return leaf(tree)
