"""A product's energy against the limits of its standard and against its peers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


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
    """`verdict`: over_limit, over_access, between, advanced; empty where there is nothing to compare with."""

    verdict: str
    value: float | None
    level: Level | None
    over_access: float | None


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


def quantile_of(value: float, peers: Sequence[float]) -> float | None:
    """Share of peers that use more for the same product; equals count half. None where there are fewer than three."""
    if len(peers) < 3:
        return None
    return sum(1.0 if peer > value else 0.5 if peer == value else 0.0 for peer in peers) / len(peers)
