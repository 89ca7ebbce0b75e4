"""A report as a list of blocks, set by Word and by Typst alike: what it says, not how it looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dafeng.kernel.accounting.expression import Node


@dataclass(frozen=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    text: str
    small: bool = False


@dataclass(frozen=True)
class Notice:
    """A box that must be seen: `stop` forbids, `note` explains."""

    title: str
    lines: tuple[str, ...]
    stop: bool = True


@dataclass(frozen=True)
class Table:
    """Printed cells. `align` has one of l, c, r a column; `widths` are shares; rows in `strong` are totals."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str
    widths: tuple[float, ...]
    strong: frozenset[int] = frozenset()
    note: str = ""


@dataclass(frozen=True)
class Chart:
    caption: str
    svg: str
    alt: str


@dataclass(frozen=True)
class Formula:
    """A method; `result` is the gas. `tree` is None for one without a closed formula."""

    title: str
    result: str
    tree: Node | None
    names: Mapping[str, str]
    where: tuple[tuple[str, str, str], ...]
    source: str
    code: str


@dataclass(frozen=True)
class Cover:
    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]


Block = Cover | Heading | Paragraph | Notice | Table | Chart | Formula
