"""Forests and tea gardens, measured between two surveys: what they took up, less fire, less a cut for uncertainty.

Source: 毕节市林业碳票计量方法 (facts: carbon_inclusion.md, forest_parameters.csv). Nothing is stored here: whoever issues
reductions on a measurement keeps it with its evidence and calls `measure` for the grams. Pure: no Django.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dafeng.domains.inclusion.errors import InclusionError, Refused
from dafeng.domains.inclusion.standards import library
from dafeng.domains.inclusion.standards.content import Factor, methods

# Sampling uncertainty up to → share that is taken off; above the last the survey has to be completed.
CUTS = ((0.10, 0.0), (0.20, 0.06), (0.30, 0.11))
GRAMS = 1_000_000
MOST_VOLUME, MOST_DENSITY, MOST_AREA = 2_000.0, 1_000.0, 2_000_000.0  # m³/ha, t/ha, ha (Xinyang has 1.9 million)
FIRE = ("bijie.combustion", "bijie.fire.ch4", "bijie.fire.n2o", "bijie.gwp.ch4", "bijie.gwp.n2o")


@dataclass(frozen=True)
class Stand:
    """One piece of land at two surveys. `before` and `now`: wood in m³/ha of a species group, or biomass in t/ha of tea.

    `burnt` hectares had burnt between the surveys, with the biomass of the first one on them. For tea `carbon_fraction`
    (t C/t) with its source must be given: none was found that could be shipped.
    """

    area: float
    before: float
    now: float
    species: str = ""
    burnt: float = 0.0
    carbon_fraction: float | None = None
    carbon_fraction_source: str = ""


@dataclass(frozen=True)
class Line:
    """What one stand holds: tonnes of CO2 at both surveys, fire in t CO2e, and the factors of its kind."""

    stand: Stand
    stock_before: float
    stock_now: float
    fire: float
    factors: tuple[Factor, ...]


@dataclass(frozen=True)
class Measured:
    """`tonnes` may be negative, where the land lost carbon; `grams` are what may be issued, and then none."""

    kind: str
    lines: tuple[Line, ...]
    stock_before: float
    stock_now: float
    fire: float
    uncertainty: float
    cut: float
    tonnes: float
    grams: int


def cut_of(uncertainty: float) -> float:
    """The share taken off for a sampling uncertainty (0.15 is 15 %). Raises `Refused` uncertainty_too_high above 30 %."""
    if not math.isfinite(uncertainty) or uncertainty < 0:
        raise InclusionError("抽样不确定性不是 0 以上的百分数", expected="例如 12.5（%）")
    for upper, cut in CUTS:
        if uncertainty <= upper:
            return cut
    raise Refused("uncertainty_too_high", "抽样不确定性超过 30%，不能计量", mend="请补充样地或重新调查")


def measure(kind: str, stands: Iterable[Stand], *, uncertainty: float) -> Measured:
    """Grams of CO2e between two surveys of a project. `kind`: `forest` or `tea`.

    Raises `InclusionError` naming the stand for numbers that cannot be, `Refused` factor_missing for a species group
    with a gap, `Refused` uncertainty_too_high.
    """
    if kind not in ("forest", "tea"):
        raise InclusionError("碳汇只有森林和茶园两类", expected="forest 或 tea")
    cut = cut_of(uncertainty)
    lines = tuple(_line(kind, stand, number) for number, stand in enumerate(stands, 1))
    if not lines:
        raise InclusionError("没有地块", mend="请至少填写一个地块")
    before, now, fire = (
        math.fsum(getattr(each, name) for each in lines) for name in ("stock_before", "stock_now", "fire")
    )
    tonnes = methods()["inclusion.sink.net"](before, now, fire, cut)
    grams = max(0, math.floor(tonnes * GRAMS + 1e-3))
    return Measured(kind, lines, before, now, fire, uncertainty, cut, tonnes, grams)


def _line(kind: str, stand: Stand, number: int) -> Line:
    most = MOST_VOLUME if kind == "forest" else MOST_DENSITY
    for title, value, limit in (
        ("面积", stand.area, MOST_AREA), ("前次调查", stand.before, most), ("本次调查", stand.now, most), ("过火面积", stand.burnt, stand.area),
    ):  # fmt: skip
        if not math.isfinite(value) or not 0 <= value <= limit:
            raise InclusionError(f"第 {number} 个地块的“{title}”不成立", expected=f"0 到 {limit:g}")
    if not stand.area:
        raise InclusionError(f"第 {number} 个地块没有面积")
    factors, carbon, dry = (_forest if kind == "forest" else _tea)(stand, number)
    fire_factors = tuple(library.factors()[id] for id in FIRE) if stand.burnt else ()
    fire = methods()["inclusion.sink.fire"]
    burnt = (
        fire(dry(stand.before, stand.burnt), *(_value(each, number) for each in fire_factors)) if stand.burnt else 0.0
    )
    stock = methods()["inclusion.sink.stock"]
    return Line(
        stand,
        stock(dry(stand.before, stand.area), carbon),
        stock(dry(stand.now, stand.area), carbon),
        burnt,
        (*factors, *fire_factors),
    )


def _value(factor: Factor, number: int) -> float:
    if factor.value is None:
        what = f"第 {number} 个地块：{factor.item or factor.parameter} 的参数在表中为空，不能计量"
        raise Refused("factor_missing", what, mend="请选择参数齐全的树种组，或补充有来源的参数")
    return factor.value


def _forest(stand: Stand, number: int) -> tuple[tuple[Factor, ...], float, Any]:
    """Factors, carbon fraction, and biomass as a function of (m³/ha, ha)."""
    found: Mapping[str, Factor] | None = library.species().get(stand.species)
    if found is None:
        raise InclusionError(
            f"第 {number} 个地块的树种组“{stand.species}”不在表中", expected="、".join(library.species())
        )
    values = {name: _value(each, number) for name, each in found.items()}
    biomass = methods()["inclusion.sink.biomass"]
    equation = [values[name] for name in ("volume_biomass_a", "volume_biomass_b", "root_shoot_ratio")]
    return tuple(found.values()), values["carbon_fraction"], lambda volume, area: biomass(volume, area, *equation)


def _tea(stand: Stand, number: int) -> tuple[tuple[Factor, ...], float, Any]:
    given, source = stand.carbon_fraction, stand.carbon_fraction_source.strip()
    if given is None or not source:
        raise Refused("factor_missing", f"第 {number} 个地块：茶树含碳率没有可引用的数值", mend="请填写含碳率及其来源")
    if not 0 < given <= 1:
        raise InclusionError(f"第 {number} 个地块的含碳率不成立", expected="0 到 1")
    factor = Factor(
        "own.carbon_fraction", "carbon_fraction", "tea", given, "t C/t dm", None, "项目填写", "municipal", source, ""
    )
    return (factor,), given, methods()["inclusion.sink.biomass_sampled"]
