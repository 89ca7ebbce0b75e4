"""The methods of a city's inventory for whoever has activity of its own.

Domains never import each other, and a tonne of coal burnt in a park is computed as the inventory computes it all the same: the domain
that keeps methods, factors and the city's choice of them offers a compile here, and any other asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dafeng.kernel.errors import MethodError

if TYPE_CHECKING:
    import polars as pl

    from dafeng.kernel.accounting.engine import Emissions


@dataclass(frozen=True)
class Computed:
    """Emissions of some rows by the methods in force in a city.

    `edition`: the guideline's title; `gwp`: set of the potentials; `categories` and `parameters`: code → name of what the rows rest on,
    in Chinese and English; `pages`: factor → address of its page.
    """

    emissions: Emissions
    edition: tuple[str, str]
    gwp: str
    categories: Mapping[str, tuple[str, str]]
    parameters: Mapping[str, tuple[str, str]]
    pages: Mapping[str, str]


Compute = Callable[[str, "pl.DataFrame"], Computed]
_offered: Compute | None = None


def offer(compute: Compute) -> None:
    """Tell how rows of activity become emissions in a city (its code). Called once, by the domain that keeps the methods."""
    global _offered
    _offered = compute


def compute(city: str, activities: pl.DataFrame) -> Computed:
    """Emissions of activity rows (`activity_frame`) by the methods, factors and options of the city's inventory.

    Raises `MethodError` where nobody keeps an inventory.
    """
    if _offered is None:
        raise MethodError("没有清单方法可用", mend="请启用温室气体清单模块")
    return _offered(city, activities)
