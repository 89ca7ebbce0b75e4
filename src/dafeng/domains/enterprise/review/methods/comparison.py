"""A product's energy, electricity or carbon against the limits of its standard, in the standard's own unit, and against its peers.

Electricity is compared with electricity: a level in kWh never with kgce. Where the units cannot be brought together the answer is
"not comparable" with the reason, never silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Numerator of a level's unit → what of the project it speaks of, and how many of it make one kgce, kWh or t CO2 of the project.
NUMERATORS: dict[str, tuple[str, float]] = {
    "kgce": ("energy", 1.0), "gce": ("energy", 1e3), "tce": ("energy", 1e-3),
    "kWh": ("electricity", 1.0), "MWh": ("electricity", 1e-3),
    "tCO2": ("carbon", 1.0), "kgCO2": ("carbon", 1e3), "gCO2": ("carbon", 1e6),
}  # fmt: skip
# A unit of output → its base and how many of the base it is. What is not here is a base of its own.
DENOMINATORS: dict[str, tuple[str, float]] = {
    "吨": ("t", 1.0), "kt": ("t", 1e3), "千吨": ("t", 1e3), "万吨": ("t", 1e4), "10⁴ t": ("t", 1e4), "万t": ("t", 1e4), "kg": ("t", 1e-3),
    "千克": ("t", 1e-3), "重量箱": ("weight-case", 1.0), "万重量箱": ("weight-case", 1e4), "m³": ("m3", 1.0), "立方米": ("m3", 1.0),
    "兆瓦时": ("MWh", 1.0), "kWh": ("MWh", 1e-3), "千瓦时": ("MWh", 1e-3),
}  # fmt: skip


@dataclass(frozen=True)
class PerProduct:
    """What a unit of product takes in all of the plant: kgce, kWh, t CO2; None without output. `unit`: of the output, as told."""

    energy: float | None
    electricity: float | None
    carbon: float | None
    unit: str = ""


@dataclass(frozen=True)
class Level:
    """Limits of a product: `limit` (限定值, may not be exceeded), `access` (准入值, for new projects), `lead` (advanced, benchmark)."""

    unit: str
    limit: float | None = None
    access: float | None = None
    lead: float | None = None
    source: str = ""
    name: str = ""


@dataclass(frozen=True)
class Standing:
    """`verdict`: over_limit, over_access, between, advanced; incomparable (`why`: unit, denominator, output); empty without a level.

    `value` is in the level's unit.
    """

    verdict: str
    value: float | None
    level: Level | None
    over_access: float | None
    why: str = ""


def compare(value: float | None, level: Level | None) -> Standing:
    """Lower is better. A new project has to meet the access value; where the standard has none, the limit."""
    if value is None or level is None:
        return Standing("", value, level, None)
    access = level.access if level.access is not None else level.limit
    over = value - access if access is not None else None
    if level.limit is not None and value > level.limit:
        return Standing("over_limit", value, level, over)
    if access is not None and value > access:
        return Standing("over_access", value, level, over)
    if level.lead is not None and value <= level.lead:
        return Standing("advanced", value, level, over)
    return Standing("between", value, level, over)


def in_unit_of(level: Level, per: PerProduct) -> tuple[float | None, str]:
    """What a unit of product takes in the level's unit, or None and why not: `unit`, `denominator`, `output`."""
    numerator, _sign, denominator = level.unit.replace(" ", "").replace("₂", "2").partition("/")
    if numerator not in NUMERATORS:
        return None, "unit"
    what, factor = NUMERATORS[numerator]
    value: float | None = getattr(per, what)
    if value is None:
        return None, "output"
    scale = 1.0
    if denominator and per.unit.strip():
        (base, of_level), (own, of_output) = _base(denominator), _base(per.unit)
        if base != own:
            return None, "denominator"
        scale = of_level / of_output
    return value * factor * scale, ""


def _base(unit: str) -> tuple[str, float]:
    return DENOMINATORS.get(unit.strip(), DENOMINATORS.get(unit.replace(" ", ""), (unit.replace(" ", ""), 1.0)))


def stand(per: PerProduct, level: Level | None) -> Standing:
    """A project against a level in the level's own unit."""
    if level is None:
        return Standing("", None, None, None)
    value, why = in_unit_of(level, per)
    return Standing("incomparable", None, level, None, why) if value is None else compare(value, level)


def quantile_of(value: float, peers: Sequence[float]) -> float | None:
    """Share of peers that use more for the same product; equals count half. None where there are fewer than three."""
    if len(peers) < 3:
        return None
    return sum(1.0 if peer > value else 0.5 if peer == value else 0.0 for peer in peers) / len(peers)
