"""Energy per square metre, by end use, in kWh at the equivalent value (当量值), and a building's standing among its peers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

TOTAL = "total"
Row = tuple[str, str, float]  # end use, carrier, value in the carrier's unit


@dataclass(frozen=True)
class Intensity:
    """kWh/m² in all and by end use; `electric` is electricity's share of the energy. `unattributed`: no end use was told."""

    whole: float
    by_end_use: Mapping[str, float]
    electric: float
    unattributed: float
    kilowatt_hours: float
    contradictory: tuple[str, ...] = ()


def intensity(rows: Iterable[Row], area: float, kwh_per_unit: Mapping[str, float]) -> Intensity | None:
    """Of one building and year; None without any energy. A carrier's total counts where there is one, else its end uses.

    A carrier whose end uses add up to more than its total is named in `contradictory`; the total still counts.
    Raises `ValueError` for an area that is not positive, `KeyError` for a carrier without a factor.
    """
    if area <= 0:
        raise ValueError("the area must be positive")
    totals: dict[str, float] = {}
    parts: dict[str, dict[str, float]] = {}
    for end_use, carrier, value in rows:
        energy = value * kwh_per_unit[carrier]
        if end_use == TOTAL:
            totals[carrier] = energy
        else:
            parts.setdefault(carrier, {})[end_use] = parts.get(carrier, {}).get(end_use, 0.0) + energy
    if not totals and not parts:
        return None
    carriers = {each: totals.get(each, sum(parts.get(each, {}).values())) for each in {*totals, *parts}}
    whole = sum(carriers.values())
    by_end_use: dict[str, float] = {}
    for found in parts.values():
        for end_use, energy in found.items():
            by_end_use[end_use] = by_end_use.get(end_use, 0.0) + energy / area
    wrong = tuple(sorted(c for c in parts if c in totals and sum(parts[c].values()) > totals[c] * (1 + 1e-9)))
    return Intensity(
        whole / area, by_end_use, carriers.get("electricity", 0.0) / whole if whole else 0.0,
        max(whole / area - sum(by_end_use.values()), 0.0), whole, wrong,
    )  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """Among peers of the same type and climate zone: the share of the others that use more per m² (equals count half)."""

    better_than: float
    peers: int
    median: float


def standing(own: float, others: Sequence[float], *, least: int) -> Standing | None:
    """None with fewer than `least` other buildings: a rank among three says nothing."""
    if len(others) < least:
        return None
    worse = sum(1.0 if each > own else 0.5 if each == own else 0.0 for each in others)
    return Standing(worse / len(others), len(others), median([own, *others]))


def counted_area(area: float, done: Iterable[tuple[str, float]]) -> float:
    """Retrofitted area of one building, each part once: (part, m²); the largest of a part counts, never above the building's area.

    An empty part is the whole building, so that its area already holds what was done to parts.
    """
    largest: dict[str, float] = {}
    for part, square_metres in done:
        largest[part] = max(largest.get(part, 0.0), square_metres)
    whole = largest.pop("", 0.0)
    return min(area, max(whole, sum(largest.values())))
