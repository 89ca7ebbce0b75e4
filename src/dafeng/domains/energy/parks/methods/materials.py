"""By-products to those who can use them: the most tonnes placed, and of those answers the fewest tonne-kilometres.

A pair can be when the code is the same, the quality is good enough, and what is hazardous goes to somebody with a permit number.
Quantities in t a year, distances in km.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dafeng.domains.energy.parks.methods.matching import distance
from dafeng.domains.energy.parks.methods.programme import Limit, solve

NIL = 1e-6


@dataclass(frozen=True)
class Lot:
    """On either side. `quality` in percent of the main part: what it has, or the least that is taken; None: not told."""

    code: str
    firm: str
    material: str
    tonnes: float
    quality: float | None = None
    hazardous: bool = False
    permit: str = ""
    at: tuple[float, float] | None = None


@dataclass
class Pair:
    """`verdict`: matched, or why not: quality, no_permit, placed (its tonnes go to, or come from, others)."""

    offer: Lot
    need: Lot
    verdict: str
    km: float | None
    tonnes: float = 0.0


def match(offers: Sequence[Lot], needs: Sequence[Lot], *, detour: float) -> list[Pair]:
    """Every pair of two firms with the same material, those matched first. An unknown distance counts as the farthest known."""
    pairs = [
        Pair(o, n, _verdict(o, n), distance(o.at, n.at, detour=detour))
        for o in offers for n in needs if o.firm != n.firm and o.material == n.material
    ]  # fmt: skip
    open_ = [pair for pair in pairs if pair.verdict == "matched"]
    far = max((pair.km for pair in open_ if pair.km is not None), default=0.0)
    limits = []
    for side in ("offer", "need"):
        for lot in {getattr(pair, side).code: getattr(pair, side) for pair in open_}.values():
            limits.append(
                Limit([(at, 1.0) for at, pair in enumerate(open_) if getattr(pair, side).code == lot.code], lot.tonnes)
            )
    found = solve([1.0] * len(open_), [far if pair.km is None else pair.km for pair in open_], limits)
    for pair, tonnes in zip(open_, found, strict=True):
        pair.tonnes = float(tonnes) if tonnes > NIL else 0.0
        pair.verdict = "matched" if pair.tonnes else "placed"
    return sorted(pairs, key=lambda pair: (pair.verdict != "matched", -pair.tonnes, pair.offer.code, pair.need.code))


def _verdict(offer: Lot, need: Lot) -> str:
    if (offer.hazardous or need.hazardous) and not need.permit.strip():
        return "no_permit"
    if need.quality is not None and (offer.quality is None or offer.quality < need.quality):
        return "quality"
    return "matched"
